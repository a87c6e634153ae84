//! Which format a file is in: by its ending where that says it, or else by what stands in it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::FormatError;
use crate::format::Format;
use crate::json::Entries;
use avar_base::wording::listed;

/// The format of a file with this name and text.
pub fn detect(name: &str, text: &str) -> Result<Format, FormatError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let ending = name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
    let start = text.trim_start();
    let found = match ending.as_str() {
        "eaf" => Some(Format::Elan),
        "vtt" => Some(Format::WebVtt),
        "otio" => Some(Format::OpenTimelineIo),
        _ if start.starts_with("WEBVTT") => Some(Format::WebVtt),
        _ if start.starts_with(['{', '[']) => of_json(start),
        _ if start.starts_with('<') => start.contains("<ANNOTATION_DOCUMENT").then_some(Format::Elan),
        _ => start.lines().find(|line| !line.trim().is_empty()).and_then(of_line),
    };
    found.ok_or_else(|| {
        let readable: Vec<&str> =
            Format::ALL.into_iter().filter(|format| format.can_read()).map(Format::name).collect();
        FormatError::Unrecognised { known: listed(&readable, readable.len()) }
    })
}

/// By the names at the top.
fn of_json(text: &str) -> Option<Format> {
    if text.starts_with('[') {
        return text.contains("\"timelinelabels\"").then_some(Format::LabelStudio);
    }
    #[derive(Deserialize)]
    struct Kind {
        format: String,
    }
    let Entries(entries) = serde_json::from_str::<Entries<IgnoredAny>>(text).ok()?;
    let has = |name: &str| entries.iter().any(|(key, _)| key == name);
    match () {
        () if has("OTIO_SCHEMA") => Some(Format::OpenTimelineIo),
        () if has("format")
            && serde_json::from_str::<Kind>(text).is_ok_and(|kind| kind.format == "avar-annotations") =>
        {
            Some(Format::Manifest)
        }
        () if has("database") || has("results") => Some(Format::ActivityNet),
        () if has("metadata") && has("view") => Some(Format::Via),
        () if has("data") && (has("annotations") || has("predictions")) => Some(Format::LabelStudio),
        () if has("labels") => Some(Format::FiftyOne),
        () => None,
    }
}

/// By the first line of a table or list.
fn of_line(line: &str) -> Option<Format> {
    let is_number = |text: &str| !text.is_empty() && text.parse::<f64>().is_ok();
    let of_tabs: Vec<&str> = line.split('\t').collect();
    if let [start, end, ..] = of_tabs[..]
        && is_number(start)
        && is_number(end)
    {
        return Some(Format::Audacity);
    }
    let cells: Vec<&str> = line.split(',').map(str::trim).collect();
    if cells.contains(&"frame") && cells.contains(&"pts") {
        return Some(Format::ScoreTable);
    }
    if let [start, end, ..] = cells[..]
        && (start.is_empty() || is_number(start))
        && (end.is_empty() || is_number(end))
    {
        return Some(Format::LosslessCut);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_frame = |word: &&str| word.parse::<i64>().is_ok();
    let numbers = words.iter().rev().take_while(|word| is_frame(word)).count();
    match words[..] {
        // The name of a class and two ranges; a code of XD-Violence is shorter, and has no absent range.
        [_, class, ..] if numbers == 4 && words.len() == 6 && !crate::formats::xd_violence::is_code(class) => {
            Some(Format::UcfCrime)
        }
        [_, ..] if numbers >= 2 => Some(Format::XdViolence),
        _ => None,
    }
}
