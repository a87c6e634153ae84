//! What is written is read back the same, on the same frames, but for what a format has no place for.

use avar_base::time::{FrameIndex, MediaTime};
use avar_interchange::{AnnotatedSpan, Annotations, Format, Label, Subject, Timeline, read, write};
use avar_labels::AnomalyClass;
use fastrand::Rng;

use crate::samples::{NAME, annotations, named, random_annotations, random_timeline, says, steady};

const ROUNDS: u64 = 150;

/// What a format has a place for: scores, notes, decisions, markers. Written down here, and not asked of the code.
fn places(format: Format) -> [bool; 4] {
    match format {
        Format::XdViolence | Format::UcfCrime => [false, false, false, false],
        Format::ActivityNet => [true, false, false, false],
        Format::LabelStudio | Format::Via | Format::FiftyOne => [true, true, true, false],
        Format::Audacity | Format::LosslessCut => [false, false, false, true],
        Format::Elan | Format::Manifest => [true, true, true, true],
        Format::WebVtt | Format::OpenTimelineIo | Format::ScoreTable => {
            unreachable!("no events are read from {format}")
        }
    }
}

fn has_label(format: Format, label: &Label) -> bool {
    use AnomalyClass::{Abuse, Brawling, Crash, Explosion, Normal};
    match (format, label) {
        (Format::XdViolence, Label::Class(class)) => [Abuse, Brawling, Crash, Explosion, Normal].contains(class),
        (Format::XdViolence, Label::Other(text)) => ["shooting", "riot", "B3"].contains(&text.as_str()),
        (Format::UcfCrime, Label::Other(text)) => !text.contains(' '),
        _ => true,
    }
}

fn expected(format: Format, all: &Annotations) -> Annotations {
    let [scores, notes, decisions, markers] = places(format);
    let mut kept = all.clone();
    kept.scores.clear();
    kept.spans.retain(|span| has_label(format, &span.label));
    for span in &mut kept.spans {
        span.score = span.score.filter(|_| scores);
        span.note = span.note.take().filter(|_| notes);
        span.decision = span.decision.filter(|_| decisions);
    }
    if !markers {
        kept.markers.clear();
    }
    in_order(kept)
}

/// Events that begin and end on the same frames have no order of their own.
fn in_order(mut annotations: Annotations) -> Annotations {
    annotations.spans.sort_by_key(|span| (span.frames.start, span.frames.end, format!("{span:?}")));
    annotations.markers.sort_by_key(|marker| (marker.frame, marker.text.clone()));
    annotations
}

fn comes_back(format: Format) {
    for seed in 0..ROUNDS {
        let mut rng = Rng::with_seed(seed);
        let timeline = random_timeline(&mut rng);
        let recording = named(NAME, &timeline);
        let all = random_annotations(&mut rng, &recording);
        let written = write(format, &all, &timeline).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(!says(&written.remarks, &["too closely"]), "seed {seed}: {:?}", written.remarks);
        let found = read(format, &written.text, &recording)
            .unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", written.text));
        assert_eq!(in_order(found.annotations), expected(format, &all), "seed {seed}\n{}", written.text);
    }
}

#[test]
fn xd_violence_comes_back() {
    comes_back(Format::XdViolence);
}

#[test]
fn ucf_crime_comes_back() {
    comes_back(Format::UcfCrime);
}

#[test]
fn activitynet_comes_back() {
    comes_back(Format::ActivityNet);
}

#[test]
fn elan_comes_back() {
    comes_back(Format::Elan);
}

#[test]
fn label_studio_comes_back() {
    comes_back(Format::LabelStudio);
}

#[test]
fn via_comes_back() {
    comes_back(Format::Via);
}

#[test]
fn audacity_comes_back() {
    comes_back(Format::Audacity);
}

#[test]
fn losslesscut_comes_back() {
    comes_back(Format::LosslessCut);
}

#[test]
fn fiftyone_comes_back() {
    comes_back(Format::FiftyOne);
}

#[test]
fn our_own_list_comes_back_whole() {
    comes_back(Format::Manifest);
}

#[test]
fn our_own_table_of_scores_comes_back_to_the_last_digit() {
    for seed in 0..ROUNDS {
        let mut rng = Rng::with_seed(seed);
        let timeline = random_timeline(&mut rng);
        let recording = named(NAME, &timeline);
        let all = random_annotations(&mut rng, &recording);
        let written = write(Format::ScoreTable, &all, &timeline).unwrap();
        let found = read(Format::ScoreTable, &written.text, &recording).unwrap();
        assert_eq!(found.annotations.scores, all.scores, "seed {seed}");
    }
}

#[test]
fn line_ends_of_windows_and_a_byte_order_mark_change_nothing() {
    let timeline = steady();
    let mut rng = Rng::with_seed(7);
    let mut all = random_annotations(&mut rng, &named(NAME, &timeline));
    // Line breaks within a cell or a value are the cell's own.
    all.spans.iter_mut().for_each(|span| span.note = None);
    for format in Format::ALL.into_iter().filter(|format| format.can_read()) {
        let text = write(format, &all, &timeline).unwrap().text;
        let foreign = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let recording = named(NAME, &timeline);
        assert_eq!(read(format, &foreign, &recording), read(format, &text, &recording), "{format}");
    }
}

#[test]
fn through_every_format_one_after_another_no_edge_moves() {
    let formats = Format::ALL.into_iter().filter(|format| format.can_read() && *format != Format::ScoreTable);
    let formats: Vec<Format> = formats.collect();
    for seed in 0..40 {
        let mut rng = Rng::with_seed(seed);
        let timeline = random_timeline(&mut rng);
        let recording = named(NAME, &timeline);
        let mut all = Annotations::of(&recording);
        for _ in 0..5 {
            let start = rng.usize(..timeline.len());
            all.spans.push(AnnotatedSpan::new(start, rng.usize(start + 1..timeline.len() + 1), "crash"));
        }
        let mut found = all.clone();
        for _ in 0..20 {
            let format = formats[rng.usize(..formats.len())];
            found = read(format, &write(format, &found, &timeline).unwrap().text, &recording).unwrap().annotations;
        }
        assert_eq!(in_order(found), in_order(all), "seed {seed}");
    }
}

#[test]
fn a_recording_of_one_frame_and_an_event_over_all_of_it_come_back() {
    let timeline = Timeline::new(MediaTime::ZERO, vec![MediaTime::ZERO], MediaTime::from_seconds(0.04)).unwrap();
    let recording = Subject { name: NAME, timeline: &timeline };
    let mut all = Annotations::of(&recording);
    all.spans.push(AnnotatedSpan::new(0, 1, "pain"));
    for format in Format::ALL.into_iter().filter(|format| format.can_read() && *format != Format::ScoreTable) {
        let text = write(format, &all, &timeline).unwrap().text;
        let found = read(format, &text, &recording).unwrap().annotations.spans;
        // XD-Violence has no code for it, and says so.
        assert_eq!(found.len(), usize::from(format != Format::XdViolence), "{format}");
    }
}

#[test]
fn frames_closer_than_a_millisecond_are_written_and_the_blur_is_said() {
    let times = (0..100).map(|frame| MediaTime::from_nanoseconds(frame * 200_000)).collect();
    let timeline = Timeline::new(MediaTime::ZERO, times, MediaTime::from_nanoseconds(20_000_000)).unwrap();
    let recording = named(NAME, &timeline);
    let mut all = Annotations::of(&recording);
    all.spans.push(AnnotatedSpan::new(3, 9, "crash"));
    let written = write(Format::Elan, &all, &timeline).unwrap();
    assert!(says(&written.remarks, &["2 edges", "too closely"]), "{:?}", written.remarks);
    let exact = write(Format::Audacity, &all, &timeline).unwrap();
    assert_eq!(exact.remarks, [""; 0]);
    let found = read(Format::Audacity, &exact.text, &recording).unwrap();
    assert_eq!(found.annotations.spans[0].frames, FrameIndex(3)..FrameIndex(9));
}

#[test]
fn texts_that_a_label_track_cannot_hold_are_changed_and_it_is_said() {
    let all = annotations(vec![AnnotatedSpan::new(0, 5, "two\tcolumns")], &[(7, "two\nlines")]);
    let written = write(Format::Audacity, &all, &steady()).unwrap();
    assert!(says(&written.remarks, &["2 texts", "spaces"]), "{:?}", written.remarks);
    let found = read(Format::Audacity, &written.text, &named(NAME, &steady())).unwrap().annotations;
    assert_eq!((found.spans[0].label.text(), found.markers[0].text.as_str()), ("two columns", "two lines"));
}

#[test]
fn names_of_any_kind_come_back_where_a_format_holds_them() {
    let timeline = steady();
    for name in ["a b.mp4", "100 % \"x\" <&>.mkv", "Straße.mov", "Skyfall.2012__#01-20-05_01-20-20_label_B1-0-0.mp4"] {
        let recording = named(name, &timeline);
        let mut all = Annotations::of(&recording);
        all.spans.push(AnnotatedSpan::new(1, 9, "crash"));
        for format in Format::ALL.into_iter().filter(|format| format.can_read() && *format != Format::ScoreTable) {
            let Ok(written) = write(format, &all, &timeline) else {
                assert!(matches!(format, Format::XdViolence | Format::UcfCrime) && name.contains(' '), "{format}");
                continue;
            };
            let found = read(format, &written.text, &recording).unwrap();
            assert_eq!((found.annotations, found.remarks), (all.clone(), vec![]), "{format}: {name}");
        }
    }
}

/// Decimal seconds with fewer digits than are written, rounded to the nearest, as other programs save them again.
fn with_digits(text: &str, digits: usize) -> String {
    format!("{:.digits$}", text.parse::<f64>().unwrap())
}

#[test]
fn times_that_another_program_has_rounded_lead_back_to_the_same_frames() {
    for seed in 0..ROUNDS {
        let mut rng = Rng::with_seed(seed);
        let timeline = random_timeline(&mut rng);
        let recording = named(NAME, &timeline);
        let mut all = random_annotations(&mut rng, &recording);
        all.markers.clear();
        // Six digits, as Audacity.
        let text = write(Format::Audacity, &all, &timeline).unwrap().text;
        let line = |line: &str| {
            let fields: Vec<&str> = line.splitn(3, '\t').collect();
            format!("{}\t{}\t{}\n", with_digits(fields[0], 6), with_digits(fields[1], 6), fields[2])
        };
        let rounded: String = text.lines().map(line).collect();
        let found = read(Format::Audacity, &rounded, &recording).unwrap().annotations;
        assert_eq!(in_order(found), expected(Format::Audacity, &all), "seed {seed}");
        // Three digits, as VIA.
        let mut project: serde_json::Value =
            serde_json::from_str(&write(Format::Via, &all, &timeline).unwrap().text).unwrap();
        for segment in project["metadata"].as_object_mut().unwrap().values_mut() {
            for edge in segment["z"].as_array_mut().unwrap() {
                *edge = with_digits(&edge.to_string(), 3).parse::<f64>().unwrap().into();
            }
        }
        let found = read(Format::Via, &project.to_string(), &recording).unwrap().annotations;
        assert_eq!(in_order(found), expected(Format::Via, &all), "seed {seed}");
        // Whole milliseconds that are cut off and not rounded, as ELAN where its playhead stands.
        let text = write(Format::Elan, &all, &timeline).unwrap().text;
        let mut truncated = String::new();
        for piece in text.split("TIME_VALUE=\"") {
            let offset_ms: Option<i64> = piece.split('"').next().and_then(|number| number.parse().ok());
            match offset_ms {
                Some(ms) => {
                    // Back to the frame's own time, and down.
                    let frame = (0..=timeline.len())
                        .rev()
                        .find(|frame| timeline.offset_of(*frame).nanoseconds() <= ms * 1_000_000);
                    let cut_ms = timeline.offset_of(frame.unwrap()).nanoseconds() / 1_000_000;
                    truncated.push_str(&piece.replacen(&ms.to_string(), &cut_ms.to_string(), 1));
                }
                None => truncated.push_str(piece),
            }
            truncated.push_str("TIME_VALUE=\"");
        }
        let truncated = truncated.strip_suffix("TIME_VALUE=\"").unwrap();
        let found = read(Format::Elan, truncated, &recording).unwrap().annotations;
        assert_eq!(in_order(found), expected(Format::Elan, &all), "seed {seed}");
    }
}

#[test]
fn as_many_events_as_are_taken_are_written_and_read() {
    let timeline = steady();
    let recording = named(NAME, &timeline);
    let mut all = Annotations::of(&recording);
    all.spans =
        (0..100_000).map(|number| AnnotatedSpan::new(number % 200, 250, format!("w{number}").as_str())).collect();
    for format in Format::ALL.into_iter().filter(|format| format.can_read() && *format != Format::ScoreTable) {
        let text = write(format, &all, &timeline).unwrap().text;
        let found = read(format, &text, &recording).unwrap().annotations.spans;
        let count = if format == Format::XdViolence { 0 } else { 100_000 };
        assert_eq!(found.len(), count, "{format}");
    }
}
