//! Damaged and hostile files are refused in one sentence that says what is wrong and where.

use avar_base::time::MediaTime;
use avar_interchange::{Format, FormatError, Timeline, read, write};
use fastrand::Rng;

use crate::samples::{NAME, named, random_annotations, read_steady, steady};

/// The sentence with which a text is refused.
fn refused(format: Format, text: &str) -> String {
    match read_steady(format, text) {
        Ok(found) => panic!("{format} takes {text:?} as {found:?}"),
        Err(error) => error.to_string(),
    }
}

fn is_refused_with(format: Format, cases: &[(&str, &[&str])]) {
    for (text, parts) in cases {
        let sentence = refused(format, text);
        assert!(parts.iter().all(|part| sentence.contains(part)), "{text:?}: {sentence}");
        assert!(!sentence.contains('\n'), "one sentence: {sentence}");
    }
}

#[test]
fn xd_violence() {
    is_refused_with(
        Format::XdViolence,
        &[
            ("street_0042 B1 5", &["line 1", "end of a range is missing"]),
            ("street_0042 B1", &["line 1", "start of a range is missing"]),
            ("a 1 2\nstreet_0042 9 3", &["line 2", "frame 9", "frame 3", "not after"]),
            ("street_0042 5 5", &["not after"]),
            ("street_0042 -4 3", &["`-4` is below zero"]),
            ("street_0042 -1 3", &["`-1` is below zero"]),
            ("street_0042 1 99999999999999999999999", &["beyond the end of any recording"]),
            ("street_0042 1 999999999999999", &["beyond the end of any recording"]),
            ("street_0042 1 NaN", &["`NaN` is no frame number"]),
            ("street_0042 1.5 2", &["`1.5` is no frame number"]),
            ("street_0042 1 2\nstreet_0042 3 4", &["twice"]),
            ("street_0042.mp4 1 2\nstreet_0042.avi 3 4\nstreet_0042.mp4 1 2", &["twice"]),
        ],
    );
}

#[test]
fn ucf_crime() {
    is_refused_with(
        Format::UcfCrime,
        &[
            ("street_0042.mp4", &["line 1", "class is missing"]),
            ("street_0042.mp4 Abuse", &["line 1", "missing"]),
            ("street_0042.mp4 Abuse 1 2 3", &["missing"]),
            ("street_0042.mp4 Abuse 7 -1 -1 -1", &["missing"]),
            ("street_0042.mp4 Abuse 7 3 -1 -1", &["not after"]),
            ("street_0042.mp4 Abuse -2 3 -1 -1", &["below zero"]),
            ("street_0042.mp4 Abuse 1 1e9 -1 -1", &["no frame number"]),
            ("street_0042.mp4 Abuse 1 99999999999999 -1 -1", &["beyond"]),
        ],
    );
}

#[test]
fn activitynet() {
    let with = |segment: &str| {
        format!(r#"{{"database": {{"street_0042": {{"annotations": [{{"segment": {segment}, "label": "crash"}}]}}}}}}"#)
    };
    for (segment, part) in [
        ("[1, 2, 3]", "ActivityNet"),
        ("[1]", "ActivityNet"),
        ("[NaN, 2]", "ActivityNet"),
        ("[1, 1e999]", "number out of range"),
        ("[1, 1e300]", "beyond the end of any recording"),
        ("[-1, 2]", "below zero"),
        ("[2, 1]", "not after"),
        ("[1, 1]", "not after"),
        ("[\"1\", 2]", "ActivityNet"),
        ("null", "ActivityNet"),
    ] {
        let sentence = refused(Format::ActivityNet, &with(segment));
        assert!(sentence.contains(part), "{segment}: {sentence}");
    }
    is_refused_with(
        Format::ActivityNet,
        &[
            ("", &["ActivityNet", "EOF"]),
            ("{}", &["database"]),
            (r#"{"database": {}, "results": {}}"#, &["both"]),
            (r#"{"database": {"street_0042": {}, "street_0042": {}}}"#, &["twice"]),
            (r#"{"results": {"street_0042": [{"segment": [0, 1]}]}}"#, &["label"]),
        ],
    );
}

#[test]
fn label_studio() {
    let with = |value: &str| {
        format!(
            r#"[{{"data": {{"video": "street_0042.mp4"}}, "annotations": [{{"result": [{{"type": "timelinelabels", "value": {value}}}]}}]}}]"#
        )
    };
    for (value, part) in [
        (r#"{"ranges": [{"start": 0, "end": 5}]}"#, "count from 1"),
        (r#"{"ranges": [{"start": -3, "end": 5}]}"#, "count from 1"),
        (r#"{"ranges": [{"start": 9, "end": 5}]}"#, "not after"),
        (r#"{"ranges": [{"start": 1.5, "end": 5}]}"#, "no frame number"),
        (r#"{"ranges": [{"start": 1, "end": 1e300}]}"#, "no frame number"),
        (r#"{"ranges": [{"start": 1, "end": 1e14}]}"#, "beyond"),
        (r#"{"timelinelabels": ["crash"]}"#, "ranges"),
        ("7", "invalid type"),
    ] {
        let sentence = refused(Format::LabelStudio, &with(value));
        assert!(sentence.contains(part), "{value}: {sentence}");
    }
    is_refused_with(Format::LabelStudio, &[("[{}]", &["data"]), ("[", &["EOF"]), ("\"x\"", &["Label Studio"])]);
}

#[test]
fn via() {
    let with = |z: &str| {
        format!(
            r#"{{"file": {{"1": {{"fname": "street_0042.mp4"}}}}, "view": {{"1": {{"fid_list": ["1"]}}}},
            "metadata": {{"a": {{"vid": "1", "flg": 0, "z": {z}, "xy": [], "av": {{}}}}}}}}"#
        )
    };
    for (z, part) in [
        ("[2, 1]", "not after"),
        ("[-1, 1]", "below zero"),
        ("[0, 1e20]", "beyond"),
        ("[0, 1, 2]", "3 times"),
        ("[0, null]", "VIA"),
        ("[0, NaN]", "VIA"),
    ] {
        let sentence = refused(Format::Via, &with(z));
        assert!(sentence.contains(part), "{z}: {sentence}");
    }
    let no_file = r#"{"file": {}, "view": {"1": {"fid_list": ["9"]}}, "metadata": {}}"#;
    is_refused_with(Format::Via, &[("{}", &["missing field"]), (no_file, &["view `1` shows no file"])]);
}

#[test]
fn audacity() {
    is_refused_with(
        Format::Audacity,
        &[
            ("1.0\t2.0\tcrash\nhello", &["line 2", "`hello` is no label"]),
            ("2\t1\tcrash", &["line 1", "not after"]),
            ("-1\t1\tcrash", &["below zero"]),
            ("-0.000001\t1\tcrash", &["below zero"]),
            ("nan\t1\tcrash", &["`nan` is no time in seconds"]),
            ("nan\tnan\tcrash", &["`nan` is no time in seconds"]),
            ("0\tinf\tcrash", &["`inf` is no time in seconds"]),
            ("0\t1e300\tcrash", &["beyond"]),
            ("0\t1e999\tcrash", &["beyond"]),
            ("0,5\t1,5\tcrash", &["`0,5` is no time in seconds"]),
        ],
    );
}

#[test]
fn losslesscut() {
    is_refused_with(
        Format::LosslessCut,
        &[
            ("1,2,crash\n3\n", &["line 2", "missing"]),
            ("start,end,label\n", &["line 1", "`start` is no time"]),
            ("5,4,crash\n", &["not after"]),
            ("-5,4,crash\n", &["below zero"]),
            ("00:00:01.000,4,crash\n", &["no time in seconds"]),
            ("1,1e30,crash\n", &["beyond"]),
            ("1,NaN,crash\n", &["no time in seconds"]),
        ],
    );
}

#[test]
fn fiftyone() {
    let with = |detection: &str| format!(r#"{{"labels": {{"street_0042": [{{"label": "crash", {detection}}}]}}}}"#);
    for (detection, part) in [
        (r#""support": [0, 5]"#, "count from 1"),
        (r#""support": [1, -5]"#, "count from 1"),
        (r#""support": [6, 5]"#, "not after"),
        (r#""support": [1.5, 5]"#, "FiftyOne"),
        (r#""support": [1, 99999999999999]"#, "beyond"),
        (r#""support": [-9223372036854775808, 5]"#, "count from 1"),
        (r#""timestamps": [-1, 5]"#, "below zero"),
        (r#""confidence": 0.5"#, "missing"),
    ] {
        let sentence = refused(Format::FiftyOne, &with(detection));
        assert!(sentence.contains(part), "{detection}: {sentence}");
    }
    is_refused_with(Format::FiftyOne, &[("{}", &["labels"]), ("[]", &["FiftyOne"])]);
}

#[test]
fn our_own_list() {
    let with = |version: &str, frames: &str, event: &str| {
        format!(
            r#"{{"format": "avar-annotations", "version": {version}, "media": {{"name": "street_0042.mp4",
            "frames": {frames}, "duration_s": 10}}, "events": [{event}]}}"#
        )
    };
    let event = r#"{"start_frame": 5, "end_frame": 9, "label": "crash"}"#;
    assert!(read_steady(Format::Manifest, &with("1", "250", event)).is_ok());
    for (text, part) in [
        (with("2", "250", event), "version 2, and 1 can be read"),
        (with("1", "251", event), "251 frames, and this one has 250"),
        (with("1", "250", &event.replace('9', "5")), "not after"),
        (with("1", "250", &event.replace('5', "-5")), "start_frame"),
        (with("1", "250", "{}"), "start_frame"),
        (r#"{"format": "x", "version": 1}"#.to_owned(), "avar-annotations"),
    ] {
        let sentence = match read_steady(Format::Manifest, &text) {
            Ok(_) => panic!("taken: {text}"),
            Err(error) => error.to_string(),
        };
        // A number below zero is told by the place where it stands.
        assert!(sentence.contains(part) || (part == "start_frame" && sentence.contains("u64")), "{sentence}");
    }
}

#[test]
fn our_own_table_of_scores() {
    let timeline = steady();
    let mut all = random_annotations(&mut Rng::with_seed(1), &named(NAME, &timeline));
    all.scores.truncate(2);
    let text = write(Format::ScoreTable, &all, &timeline).unwrap().text;
    let rows: Vec<&str> = text.lines().collect();
    let second: Vec<&str> = rows[2].split(',').collect();
    let changed = |at: usize, cell: &str| {
        let mut cells = second.clone();
        cells[at] = cell;
        format!("{}\n{}\n{}\n", rows[0], rows[1], cells.join(","))
    };
    for (text, part) in [
        (changed(0, "0"), "frame 0 is at"),
        (changed(0, "900"), "ends after 250 frames"),
        (changed(1, "9.99"), "and in the recording at"),
        (changed(1, "nan"), "no time in seconds"),
        (changed(2, "1.5"), "`1.5` is no score within 0 and 1"),
        (changed(2, "-0.1"), "no score"),
        (changed(2, "NaN"), "no score"),
        (changed(2, ""), "no score"),
        (changed(12, "2"), "no score"),
        (format!("{}\n{}\n{}\n", rows[0], rows[1], rows[1]), "does not come after"),
        (format!("{}\n1,2\n", rows[0]), "fields"),
        (rows[0].replace("p_pain", "pain"), "no column `p_pain`"),
        (String::new(), "no column"),
    ] {
        let sentence = refused(Format::ScoreTable, &text);
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    let with_another = text.replace("p_video\n", "p_video,mood\n").replace("\n", ",\n").replacen("mood,", "mood", 1);
    let found = read_steady(Format::ScoreTable, &with_another).unwrap();
    assert!(found.remarks[0].contains("`mood`"), "{:?}", found.remarks);
}

#[test]
fn formats_that_go_out_only_are_not_read() {
    for format in [Format::WebVtt, Format::OpenTimelineIo] {
        assert_eq!(read_steady(format, "WEBVTT\n"), Err(FormatError::WriteOnly { format }));
    }
}

#[test]
fn a_recording_without_a_picture_has_no_frames_to_go_by() {
    let timeline = Timeline::new(MediaTime::ZERO, vec![], MediaTime::from_seconds(5.0)).unwrap();
    for (format, text) in [(Format::Audacity, "1\t2\tpain\n"), (Format::XdViolence, "a 1 2\n")] {
        assert_eq!(read(format, text, &named(NAME, &timeline)), Err(FormatError::NoPicture));
    }
}

#[test]
fn more_events_than_anybody_marks_are_too_many() {
    let lines = "1\t2\tpain\n".repeat(100_001);
    assert!(refused(Format::Audacity, &lines).contains("more than 100000 events"));
    let list = format!("street_0042{}", " 1 2".repeat(100_001));
    assert!(refused(Format::XdViolence, &list).contains("more than 100000 events"));
    let outside = "100\t200\tpain\n".repeat(100_001);
    assert!(refused(Format::Audacity, &outside).contains("more than 100000 annotations outside"));
    let marks = "1,,x\n".repeat(100_001);
    assert!(refused(Format::LosslessCut, &marks).contains("more than 100000 markers"));
}

#[test]
fn one_text_for_many_events_is_not_copied_without_bound() {
    let note = "n".repeat(1 << 20);
    let ranges = |start: usize| vec![format!(r#"{{"start": {start}, "end": {}}}"#, start + 1); 50_000].join(",");
    for start in [1, 9000] {
        let text = format!(
            r#"[{{"data": {{"video": "a"}}, "annotations": [{{"result": [{{"type": "timelinelabels",
            "meta": {{"text": ["{note}"]}}, "value": {{"ranges": [{}], "timelinelabels": ["x"]}}}}]}}]}}]"#,
            ranges(start)
        );
        assert_eq!(read_steady(Format::LabelStudio, &text), Err(FormatError::TooLarge { limit_mib: 64 }));
    }
    let detections = vec![r#"{"label": 0, "support": [1, 2]}"#; 50_000].join(",");
    let text = format!(r#"{{"classes": ["{note}"], "labels": {{"a": [{detections}]}}}}"#);
    assert_eq!(read_steady(Format::FiftyOne, &text), Err(FormatError::TooLarge { limit_mib: 64 }));
}

#[test]
fn text_beyond_the_bound_is_not_looked_at() {
    let text = " ".repeat((64 << 20) + 1);
    assert_eq!(read_steady(Format::Audacity, &text), Err(FormatError::TooLarge { limit_mib: 64 }));
}

#[test]
fn a_zero_byte_is_no_text() {
    for format in Format::ALL {
        assert_eq!(read_steady(format, "a\nb\0c"), Err(FormatError::NotText { line: 2 }), "{format}");
    }
}

#[test]
fn json_that_is_nested_a_million_times_is_refused() {
    let deep = format!("{{\"labels\": {}", "[".repeat(1_000_000));
    for format in [Format::FiftyOne, Format::ActivityNet, Format::LabelStudio, Format::Via, Format::Manifest] {
        assert!(read_steady(format, &deep).is_err());
        assert!(read_steady(format, &"[".repeat(1_000_000)).is_err());
    }
}

/// Whatever is done to a file, it is read or refused: in one line, without a panic, and no event lies outside.
#[test]
fn bytes_changed_at_random_are_read_or_refused_and_never_panic() {
    let timeline = steady();
    let recording = named(NAME, &timeline);
    for format in Format::ALL.into_iter().filter(|format| format.can_read()) {
        for seed in 0..200 {
            let mut rng = Rng::with_seed(seed);
            let all = random_annotations(&mut rng, &recording);
            let mut bytes = write(format, &all, &timeline).unwrap().text.into_bytes();
            for _ in 0..rng.usize(1..6) {
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
                let at = rng.usize(..bytes.len());
                match rng.u8(..4) {
                    0 => bytes[at] = rng.u8(..),
                    1 => bytes[at] = b"0123456789-.eE\"<>&,\t\n"[rng.usize(..21)],
                    2 => drop(bytes.remove(at)),
                    _ => bytes.truncate(at.max(1)),
                }
            }
            match read(format, &String::from_utf8_lossy(&bytes), &recording) {
                Ok(found) => assert!(write(Format::Manifest, &found.annotations, &timeline).is_ok(), "{format} {seed}"),
                Err(error) => assert!(!error.to_string().contains('\n'), "{format} {seed}: {error}"),
            }
        }
    }
}
