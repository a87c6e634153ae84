//! The lists of ranges that come with XD-Violence.
//!
//! `annotations.txt`: `name s e s e …`, in frames, half open. Its multi-class form: `name B4 s e B1 s e …`. Some
//! copies write `.mp4` after some of the names. Only violent videos are listed.

use std::collections::HashMap;
use std::path::Path;

use crate::text_file::read_text;
use crate::{DatasetError, Problems};
use avar_base::time::{MediaTime, TimeRange};
use avar_base::wording::quoted;

/// All videos of XD-Violence as it was published.
pub const FRAME_RATE_HZ: f64 = 24.0;

/// The ranges of one video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Without folder and without `.mp4`.
    pub name: String,
    /// As listed: not always in order of time, and some overlap.
    pub ranges: Vec<AnnotatedRange>,
}

/// The frames `start_frame <= n < end_frame`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotatedRange {
    /// Label code as listed; `None` in the plain form.
    pub code: Option<String>,
    /// The first frame within, counted from 0: frame `n` begins `n / rate` seconds after the start.
    pub start_frame: u32,
    /// The first frame after; above `start_frame`.
    pub end_frame: u32,
}

impl AnnotatedRange {
    /// In a video of `rate_hz` frames a second: from the first frame's start to the start of the frame after the last.
    pub fn time_range(&self, rate_hz: f64) -> TimeRange {
        let at = |frame: u32| MediaTime::from_seconds(f64::from(frame) / rate_hz);
        TimeRange::new(at(self.start_frame), at(self.end_frame))
    }
}

/// Reads a list of either form.
pub fn read_annotations(path: &Path) -> Result<Vec<Annotation>, DatasetError> {
    let text = read_text("list of ranges", path)?;
    parse_annotations(&text).map_err(|problems| DatasetError::Invalid { problems, path: path.to_owned() })
}

/// Reads the text of a list of either form; fails with everything that is wrong with it.
pub fn parse_annotations(text: &str) -> Result<Vec<Annotation>, Problems> {
    let mut problems = Problems::default();
    let mut annotations = Vec::new();
    let mut line_of: HashMap<String, u64> = HashMap::new();
    for (line, text) in (1u64..).zip(text.lines()) {
        let mut words = text.split_whitespace();
        let Some(name) = words.next() else { continue };
        let name = video_name(name).to_owned();
        match ranges(words) {
            Ok(ranges) => annotations.push(Annotation { name: name.clone(), ranges }),
            Err(problem) => problems.push(line, problem),
        }
        if let Some(first) = line_of.insert(name.clone(), line) {
            problems.push(line, format!("{} is in line {first} already", quoted(&name)));
        }
    }
    if annotations.is_empty() && problems.is_empty() {
        problems.push(None, "the list of ranges is empty".into());
    }
    if problems.is_empty() { Ok(annotations) } else { Err(problems) }
}

/// The name that lists and files share: without folders and without `.mp4`.
pub(super) fn video_name(text: &str) -> &str {
    let name = text.rsplit(['/', '\\']).next().unwrap_or(text);
    name.strip_suffix(".mp4").unwrap_or(name)
}

fn ranges<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<AnnotatedRange>, String> {
    let mut words = words.peekable();
    let mut ranges = Vec::new();
    while let Some(word) = words.peek().copied() {
        let code = if is_code(word) { words.next().map(str::to_owned) } else { None };
        let (start_frame, end_frame) = (frame(words.next())?, frame(words.next())?);
        if end_frame <= start_frame {
            return Err(format!("a range ends at frame {end_frame}, which is not after its start, {start_frame}"));
        }
        ranges.push(AnnotatedRange { code, start_frame, end_frame });
    }
    if ranges.is_empty() { Err("there is no range after the name".into()) } else { Ok(ranges) }
}

/// A letter and at most a few letters or digits more.
fn is_code(word: &str) -> bool {
    word.len() <= 3
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
}

fn frame(word: Option<&str>) -> Result<u32, String> {
    let Some(word) = word else { return Err("a range lacks its end; frames come in pairs of start and end".into()) };
    word.parse()
        .map_err(|_| format!("{} is no frame number; a line is a name and pairs of start and end", quoted(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_mp4_is_no_part_of_a_name() {
        let list = parse_annotations("a_label_G-0-0 0 24 48 60\n\nb_label_B4-0-0.mp4 B4 12 36 B1 1 2 \r\n").unwrap();
        assert_eq!(list[0].ranges.iter().map(|range| range.start_frame).collect::<Vec<_>>(), [0, 48]);
        assert_eq!(list[1].name, "b_label_B4-0-0");
        assert_eq!(list[1].ranges[1].code.as_deref(), Some("B1"));
    }

    #[test]
    fn frames_become_seconds_at_the_rate_of_their_video() {
        let range = AnnotatedRange { code: None, start_frame: 36, end_frame: 1000 };
        assert_eq!(range.time_range(FRAME_RATE_HZ).start, MediaTime::from_seconds(1.5));
        assert_eq!(range.time_range(FRAME_RATE_HZ).end.nanoseconds(), 41_666_666_667);
        assert_eq!(range.time_range(30.0).start, MediaTime::from_seconds(1.2));
    }

    #[test]
    fn each_line_that_cannot_be_read_is_reported() {
        for line in ["a", "a 1", "a 5 5", "a 9 3", "a -1 3", "a 1 2 B1", "a B1 B2 3", "a 1 2 3.5 4", "a 1 99999999999"]
        {
            let text = format!("good 1 2\n{line}\n");
            let problems = parse_annotations(&text).unwrap_err();
            assert_eq!(problems.first().iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(2)], "{line}");
        }
    }

    #[test]
    fn a_name_twice_and_an_empty_list_are_errors() {
        assert_eq!(
            parse_annotations("a 1 2\na.mp4 3 4\n").unwrap_err().to_string(),
            "line 2: `a` is in line 1 already"
        );
        assert!(parse_annotations("\n \n").is_err());
    }
}
