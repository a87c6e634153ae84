//! Which of the recordings that a file annotates is the one that is asked for.

use std::collections::HashSet;

use crate::annotations::Recording;
use crate::error::FormatError;
use crate::text::{listed, quoted};

/// The part of a file that is about the recording, and a sentence where it goes by another name.
///
/// Names count without folders, and with or without the ending. A file of one recording is taken to be of this one.
pub(crate) fn chosen<T>(
    parts: Vec<(String, T)>,
    recording: &Recording,
) -> Result<Option<(T, Option<String>)>, FormatError> {
    let count = parts.len();
    let mut seen = HashSet::new();
    let mut first_names = Vec::new();
    let (mut exact, mut alike, mut other) = (None, None, None);
    for (name, part) in parts {
        if !seen.insert(name.clone()) {
            return Err(FormatError::Twice { name: quoted(&name) });
        }
        if first_names.len() < 3 {
            first_names.push(quoted(&name));
        }
        let place = match () {
            () if file_name(&name) == file_name(recording.name) => &mut exact,
            () if is_named(&name, recording.name) => &mut alike,
            () => {
                other = Some((name, part));
                continue;
            }
        };
        if place.replace(part).is_some() {
            return Err(FormatError::Twice { name: quoted(recording.name) });
        }
    }
    match (exact.or(alike), other) {
        (Some(part), _) => Ok(Some((part, None))),
        (None, None) => Ok(None),
        (None, Some((name, part))) if count == 1 => Ok(Some((part, Some(other_name(&name, recording))))),
        (None, Some(_)) => {
            let names = listed(&first_names, 3);
            Err(FormatError::NoSuchRecording { count, names, name: quoted(recording.name) })
        }
    }
}

/// That a file names its recording otherwise.
pub(crate) fn other_name(name: &str, recording: &Recording) -> String {
    format!("the file names its recording {}; taken to be {}", quoted(name), quoted(recording.name))
}

/// Whether a file means this recording.
pub(crate) fn is_named(listed: &str, name: &str) -> bool {
    let (listed, name) = (file_name(listed), file_name(name));
    listed == name || listed == stem(name) || stem(listed) == name || stem(listed) == stem(name)
}

/// Without folders, of either system.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The file that a URL or a path leads to, `%20` and the like read.
pub(crate) fn file_name_of_url(url: &str) -> String {
    let name = match url.contains("://") {
        true => file_name(url.split(['?', '#']).next().unwrap_or(url)),
        false => file_name(url),
    };
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| name.to_owned())
}

/// A path inside a URL: what is no letter, digit or one of `-._~/` becomes `%20` and the like.
pub(crate) fn in_url(path: &str) -> String {
    let mut url = String::new();
    for byte in path.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'/' => url.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => url.push(char::from(byte)),
            _ => url.push_str(&format!("%{byte:02X}")),
        }
    }
    url
}

/// Without the ending, where it looks like one: at most five letters and digits, some letter among them.
pub(crate) fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && is_ending(ending) => stem,
        _ => name,
    }
}

fn is_ending(text: &str) -> bool {
    text.len() <= 5
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_leads_to_the_name_that_was_made_one() {
        for name in ["a b.mp4", "100 %.mp4", "#1?.mp4", "Straße.mp4", "50%zz.mp4"] {
            assert_eq!(file_name_of_url(&format!("file:///v/{}", in_url(name))), name);
        }
        assert_eq!(file_name_of_url("https://x.org/v/a.mp4?token=1/2"), "a.mp4");
        assert_eq!(file_name_of_url("/data/50%zz.mp4"), "50%zz.mp4");
        assert_eq!(file_name_of_url("%ff.mp4"), "%ff.mp4");
    }

    #[test]
    fn folders_and_endings_do_not_matter() {
        for listed in ["a.mp4", "a", "videos/a.mp4", "C:\\videos\\a.avi"] {
            assert!(is_named(listed, "a.mp4"), "{listed}");
        }
        assert!(!is_named("b.mp4", "a.mp4"));
        assert!(!is_named("A.mp4", "a.mp4"));
        assert_eq!(stem("Skyfall.2012__#01-20-05_01-20-20_label_B1"), "Skyfall.2012__#01-20-05_01-20-20_label_B1");
    }
}
