//! What stands in the files that are written, to the letter or to the value.

use avar_base::time::MediaTime;
use avar_interchange::{AnnotatedSpan, Annotations, Format, FormatError, Timeline, write};
use avar_labels::Verdict;
use serde_json::{Value, json};

use crate::samples::{NAME, annotations, named, says, steady};

/// A crash in frames 36 to 59, a shooting in 100 to 124, and a mark.
fn sample() -> Annotations {
    let mut crash = AnnotatedSpan::new(36, 60, "crash");
    crash.score = Some(0.9);
    crash.note = Some("a van".to_owned());
    crash.decision = Some(Verdict::Accepted);
    annotations(vec![crash, AnnotatedSpan::new(100, 125, "shooting")], &[(50, "look here")])
}

fn text(format: Format) -> String {
    write(format, &sample(), &steady()).unwrap().text
}

fn value(format: Format) -> Value {
    serde_json::from_str(&text(format)).unwrap()
}

#[test]
fn xd_violence_counts_frames_from_0_half_open_by_the_codes_of_its_labels() {
    assert_eq!(text(Format::XdViolence), "street_0042 B6 36 60 B2 100 125\n");
}

#[test]
fn ranges_without_a_code_come_before_all_others() {
    let all = annotations(vec![AnnotatedSpan::new(1, 2, "abuse"), AnnotatedSpan::new(3, 4, "violence")], &[]);
    assert_eq!(write(Format::XdViolence, &all, &steady()).unwrap().text, "street_0042 3 4 B5 1 2\n");
}

#[test]
fn ucf_crime_counts_frames_from_1_with_the_last_within_and_two_ranges_a_line() {
    let expected = "street_0042.mp4  RoadAccidents  37  60  -1  -1\nstreet_0042.mp4  shooting  101  125  -1  -1\n";
    assert_eq!(text(Format::UcfCrime), expected);
    let three = annotations(
        vec![AnnotatedSpan::new(0, 1, "abuse"), AnnotatedSpan::new(2, 3, "abuse"), AnnotatedSpan::new(4, 5, "abuse")],
        &[],
    );
    assert_eq!(
        write(Format::UcfCrime, &three, &steady()).unwrap().text,
        "street_0042.mp4  Abuse  1  1  3  3\nstreet_0042.mp4  Abuse  5  5  -1  -1\n"
    );
}

#[test]
fn a_recording_without_events_is_normal_to_ucf_crime() {
    let text = write(Format::UcfCrime, &annotations(vec![], &[]), &steady()).unwrap().text;
    assert_eq!(text, "street_0042.mp4  Normal  -1  -1  -1  -1\n");
}

#[test]
fn audacity_and_losslesscut_count_seconds() {
    assert_eq!(text(Format::Audacity), "1.440\t2.400\tcrash\n2.000\t2.000\tlook here\n4.000\t5.000\tshooting\n");
    assert_eq!(text(Format::LosslessCut), "1.440,2.400,crash\n4.000,5.000,shooting\n2.000,,look here\n");
}

#[test]
fn webvtt_shows_one_caption_an_event_with_nothing_in_it_that_would_end_it() {
    let expected = "WEBVTT\n\n1\n00:00:01.440 --> 00:00:02.400\nCrash 0.90 (accepted)\na van\n\n2\n\
                    00:00:04.000 --> 00:00:05.000\nshooting\n";
    assert_eq!(text(Format::WebVtt), expected);
    let mut hostile = AnnotatedSpan::new(0, 25, "a --> b\n\n00:00:01.000 --> 00:00:02.000\n<i>");
    hostile.note = Some("\n\n&lt;".to_owned());
    let text = write(Format::WebVtt, &annotations(vec![hostile], &[]), &steady()).unwrap().text;
    let caption = "a --&gt; b\n00:00:01.000 --&gt; 00:00:02.000\n&lt;i&gt;\n&amp;lt;\n";
    assert_eq!(text, format!("WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.000\n{caption}"));
}

#[test]
fn activitynet_holds_segments_in_seconds() {
    let video = &value(Format::ActivityNet)["database"]["street_0042"];
    assert_eq!(video["duration"], json!(10.0));
    let expected =
        json!([{"segment": [1.44, 2.4], "label": "crash", "score": 0.9}, {"segment": [4.0, 5.0], "label": "shooting"}]);
    assert_eq!(video["annotations"], expected);
}

#[test]
fn label_studio_and_fiftyone_count_frames_from_1_with_the_last_within() {
    let task = &value(Format::LabelStudio)[0];
    assert_eq!(task["data"]["video"], json!(NAME));
    let region = &task["annotations"][0]["result"][0];
    assert_eq!(region["type"], json!("timelinelabels"));
    let expected = json!({"ranges": [{"start": 37, "end": 60}], "timelinelabels": ["crash"]});
    assert_eq!((&region["value"], &region["score"]), (&expected, &json!(0.9)));
    assert_eq!(region["meta"]["text"], json!(["a van"]));
    let detection = &value(Format::FiftyOne)["labels"]["street_0042"][0];
    assert_eq!((&detection["support"], &detection["confidence"]), (&json!([37, 60]), &json!(0.9)));
    assert_eq!(detection["attributes"], json!({"note": "a van", "decision": "accepted"}));
}

#[test]
fn via_holds_a_segment_of_two_times_whose_values_go_by_attributes() {
    let project = value(Format::Via);
    let segment = &project["metadata"]["1_000001"];
    assert_eq!((&segment["z"], &segment["xy"]), (&json!([1.44, 2.4]), &json!([])));
    assert_eq!((&segment["vid"], &segment["flg"]), (&json!("1"), &json!(0)));
    assert_eq!(project["attribute"]["1"]["aname"], json!("class"));
    assert_eq!(segment["av"], json!({"1": "crash", "2": "a van", "3": "0.9", "4": "accepted"}));
    assert_eq!(project["file"]["1"]["fname"], json!(NAME));
}

#[test]
fn our_own_list_names_frames_and_times() {
    let list = value(Format::Manifest);
    assert_eq!(list["media"], json!({"name": NAME, "frames": 250, "duration_s": 10.0}));
    let expected = json!({"start_frame": 36, "end_frame": 60, "start_s": 1.44, "end_s": 2.4, "label": "crash",
        "score": 0.9, "note": "a van", "decision": "accepted"});
    assert_eq!(list["events"][0], expected);
    assert_eq!(list["markers"], json!([{"frame": 50, "at_s": 2.0, "text": "look here"}]));
}

#[test]
fn a_marker_for_editing_programs_counts_frames_where_there_is_a_rate_and_microseconds_where_not() {
    let marker = &value(Format::OpenTimelineIo)["tracks"]["children"][0]["children"][0]["markers"][0];
    assert_eq!((&marker["OTIO_SCHEMA"], &marker["name"]), (&json!("Marker.2"), &json!("Crash")));
    let range = &marker["marked_range"];
    assert_eq!((&range["start_time"]["value"], &range["start_time"]["rate"]), (&json!(36.0), &json!(25.0)));
    assert_eq!(range["duration"]["value"], json!(24.0));
    let ms = |ms: i64| MediaTime::from_nanoseconds(ms * 1_000_000);
    let timeline = Timeline::new(ms(0), vec![ms(0), ms(40), ms(100)], ms(120)).unwrap();
    let mut all = Annotations::of(&named(NAME, &timeline));
    all.spans.push(AnnotatedSpan::new(1, 2, "crash"));
    let text = write(Format::OpenTimelineIo, &all, &timeline).unwrap().text;
    let whole: Value = serde_json::from_str(&text).unwrap();
    let range = &whole["tracks"]["children"][0]["children"][0]["markers"][0]["marked_range"];
    assert_eq!((&range["start_time"]["value"], &range["start_time"]["rate"]), (&json!(40_000.0), &json!(1e6)));
    assert_eq!(range["duration"]["value"], json!(60_000.0));
}

#[test]
fn what_a_format_has_no_place_for_is_said() {
    let remarks = |format| write(format, &sample(), &steady()).unwrap().remarks;
    assert!(says(&remarks(Format::XdViolence), &["1 score, 1 note, 1 decision and 1 marker"]));
    assert!(says(&remarks(Format::ActivityNet), &["1 note, 1 decision and 1 marker"]));
    assert!(says(&remarks(Format::ScoreTable), &["2 events, 1 score"]));
    assert_eq!(remarks(Format::Manifest), [""; 0]);
    assert_eq!(remarks(Format::Elan), [""; 0]);
    let siren = annotations(vec![AnnotatedSpan::new(0, 5, "police_siren"), AnnotatedSpan::new(5, 9, "two words")], &[]);
    let written = write(Format::XdViolence, &siren, &steady()).unwrap();
    assert_eq!(written.text, "street_0042\n");
    assert!(says(&written.remarks, &["no label for 2 events", "`police_siren` (1)", "`two words` (1)"]));
    let twice = annotations(vec![], &[(3, "a"), (3, "b")]);
    assert!(says(&write(Format::Elan, &twice, &steady()).unwrap().remarks, &["1 marker", "another"]));
}

#[test]
fn annotations_beyond_the_recording_are_not_written() {
    for all in [
        annotations(vec![AnnotatedSpan::new(200, 251, "crash")], &[]),
        annotations(vec![AnnotatedSpan::new(9, 9, "crash")], &[]),
        annotations(vec![], &[(250, "x")]),
    ] {
        for format in Format::ALL {
            assert!(matches!(write(format, &all, &steady()), Err(FormatError::Outside { .. })), "{format}");
        }
    }
}

#[test]
fn a_list_separated_by_spaces_takes_no_name_with_spaces() {
    let timeline = steady();
    let all = Annotations::of(&named("my clip.mp4", &timeline));
    for format in [Format::XdViolence, Format::UcfCrime] {
        let error = write(format, &all, &timeline).unwrap_err().to_string();
        assert!(error.contains("`my clip.mp4`") && error.contains("rename"), "{error}");
    }
}
