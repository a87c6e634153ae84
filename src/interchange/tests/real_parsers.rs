//! The files that the tools' own parsers were given (`check_with_parsers.py`) are what is written today, and what those
//! tools have written is read.

use std::path::{Path, PathBuf};

use avar_base::time::{FrameIndex, TimeBase};
use avar_interchange::{AnnotatedSpan, Annotations, Format, Marker, Timeline, read, read_file, write};
use avar_labels::Verdict;

use crate::samples::{NAME, markers_of, named, spans_of};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Ten seconds at 30000/1001 frames a second: no frame but the first begins on a whole millisecond.
fn timeline() -> Timeline {
    Timeline::constant_rate(TimeBase::new(1001, 30_000).unwrap(), 300)
}

fn annotations(timeline: &Timeline) -> Annotations {
    let mut annotations = Annotations::of(&named(NAME, timeline));
    let mut crash = AnnotatedSpan::new(43, 72, "crash");
    crash.score = Some(0.93);
    crash.note = Some("a van & <two> \"cars\"".to_owned());
    crash.decision = Some(Verdict::Accepted);
    let mut fight = AnnotatedSpan::new(60, 100, "brawling");
    fight.decision = Some(Verdict::Unsure);
    annotations.spans = vec![crash, fight, AnnotatedSpan::new(200, 300, "shooting")];
    annotations.markers.push(Marker { frame: FrameIndex(99), text: "look here".to_owned() });
    annotations
}

#[test]
fn what_the_tools_have_read_is_what_is_written() {
    let timeline = timeline();
    let all = annotations(&timeline);
    let files = [
        (Format::Elan, "ours.eaf"),
        (Format::OpenTimelineIo, "ours.otio"),
        (Format::WebVtt, "ours.vtt"),
        (Format::LabelStudio, "ours.label-studio.json"),
        (Format::FiftyOne, "ours.fiftyone.json"),
    ];
    for (format, name) in files {
        let text = write(format, &all, &timeline).unwrap().text;
        if std::env::var_os("AVAR_WRITE_CASES").is_some() {
            std::fs::write(fixture(name), &text).unwrap();
        }
        assert_eq!(text, std::fs::read_to_string(fixture(name)).unwrap(), "{name}: check it with the tools again");
        if format.can_read() {
            let found = read(format, &text, &named(NAME, &timeline)).unwrap().annotations.spans;
            assert_eq!(found, all.spans, "{format}");
        }
    }
}

#[test]
fn a_file_of_pympi_is_read() {
    let timeline = timeline();
    let (format, found) = read_file(&fixture("pympi.eaf"), None, &named(NAME, &timeline)).unwrap();
    assert_eq!(format, Format::Elan);
    // Times in milliseconds as the script gives them, rounded to the nearest: frames 10 to 19 and 30 to 44.
    assert_eq!(spans_of(&found), [(10, 20, "crash"), (30, 45, "riot")]);
    assert_eq!(found.annotations.spans[0].note.as_deref(), Some("by pympi"));
    assert_eq!(found.remarks.len(), 1, "{:?}", found.remarks);
}

#[test]
fn captions_and_markers_are_one_an_event() {
    let timeline = timeline();
    let all = annotations(&timeline);
    let captions = write(Format::WebVtt, &all, &timeline).unwrap().text;
    assert_eq!(captions.matches(" --> ").count(), 3);
    let eaf = write(Format::Elan, &all, &timeline).unwrap().text;
    assert_eq!(markers_of(&read(Format::Elan, &eaf, &named(NAME, &timeline)).unwrap()), [(99, "look here")]);
}
