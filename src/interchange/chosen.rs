//! Which of the recordings that a file annotates is the one that is asked for.

use crate::annotations::Subject;
use crate::error::FormatError;
use avar_base::wording::{listed, quoted};

/// How a file's name for a recording and the recording's own go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Likeness {
    /// But for the ending, as of a copy in another container.
    OtherEnding,
    /// But for folders, and where one of them has no ending.
    Same,
}

/// The part of a file that is about the recording, and a sentence where it goes by another name.
///
/// A file of one recording is taken to be of this one. What is listed of other recordings is not looked at.
pub(crate) fn chosen<T>(
    parts: Vec<(String, T)>,
    recording: &Subject,
) -> Result<Option<(T, Option<String>)>, FormatError> {
    let count = parts.len();
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for (name, part) in parts {
        match likeness(&name, recording.name) {
            Some(likeness) => ours.push((likeness, name, part)),
            None => others.push((name, part)),
        }
    }
    let best = ours.iter().map(|(likeness, ..)| *likeness).max();
    ours.retain(|(likeness, ..)| Some(*likeness) == best);
    match (ours.pop(), ours.is_empty(), others.pop()) {
        (Some(_), false, _) => Err(FormatError::Twice { name: quoted(recording.name) }),
        (Some((Likeness::Same, _, part)), true, _) => Ok(Some((part, None))),
        (Some((Likeness::OtherEnding, name, part)), true, _) => Ok(Some((part, Some(other_name(&name, recording))))),
        (None, _, None) => Ok(None),
        (None, _, Some((name, part))) if others.is_empty() => Ok(Some((part, Some(other_name(&name, recording))))),
        (None, _, Some(_)) => {
            let names: Vec<&str> = others.iter().map(|(name, _)| name.as_str()).collect();
            Err(no_such_recording(count, &names, recording))
        }
    }
}

pub(crate) fn no_such_recording(count: usize, names: &[&str], recording: &Subject) -> FormatError {
    let first: Vec<String> = names.iter().take(3).map(|name| quoted(name)).collect();
    FormatError::NoSuchRecording { count, names: listed(&first, 3), name: quoted(recording.name) }
}

/// That a file names its recording otherwise.
pub(crate) fn other_name(name: &str, recording: &Subject) -> String {
    format!("the file names its recording {}; taken to be {}", quoted(name), quoted(recording.name))
}

/// `None` where a file means another recording.
pub(crate) fn likeness(listed: &str, name: &str) -> Option<Likeness> {
    let (listed, name) = (file_name(listed), file_name(name));
    let is_same = listed == name || listed == stem(name) || stem(listed) == name;
    match is_same {
        true => Some(Likeness::Same),
        false => (stem(listed) == stem(name)).then_some(Likeness::OtherEnding),
    }
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
    fn folders_do_not_matter_and_another_ending_is_not_quite_the_same() {
        for listed in ["a.mp4", "a", "videos/a.mp4", "C:\\videos\\a.mp4"] {
            assert_eq!(likeness(listed, "a.mp4"), Some(Likeness::Same), "{listed}");
        }
        assert_eq!(likeness("a.mp4", "a"), Some(Likeness::Same));
        assert_eq!(likeness("a.avi", "a.mp4"), Some(Likeness::OtherEnding));
        assert_eq!((likeness("b.mp4", "a.mp4"), likeness("A.mp4", "a.mp4")), (None, None));
        assert_eq!(stem("Skyfall.2012__#01-20-05_01-20-20_label_B1"), "Skyfall.2012__#01-20-05_01-20-20_label_B1");
    }
}
