//! Files as other programs and people write them, and what they mean.

use avar_base::time::{MediaTime, TimeBase};
use avar_interchange::{Format, FormatError, Timeline, read};

use crate::samples::{NAME, markers_of, named, read_steady, says, spans_of, steady};

#[test]
fn xd_violence_keeps_what_has_no_class_under_its_own_words_and_says_so() {
    let text = "other B1 1 2\nstreet_0042 B2 0 10 B4 10 20 B1 20 30 G 30 31 B5 40 50 B6 60 70 A 80 90 B9 91 92\n";
    let found = read_steady(Format::XdViolence, text).unwrap();
    let expected = [
        (0, 10, "shooting"),
        (10, 20, "riot"),
        (20, 30, "brawling"),
        (30, 31, "explosion"),
        (40, 50, "abuse"),
        (60, 70, "crash"),
        (80, 90, "normal"),
        (91, 92, "B9"),
    ];
    assert_eq!(spans_of(&found), expected);
    assert!(says(&found.remarks, &["3 events", "`shooting` (1)", "`riot` (1)", "`B9` (1)"]), "{:?}", found.remarks);
}

#[test]
fn a_range_without_a_code_is_violence_and_never_normal() {
    let found = read_steady(Format::XdViolence, "street_0042.mp4 5 9 100 120\r\n").unwrap();
    assert_eq!(spans_of(&found), [(5, 9, "violence"), (100, 120, "violence")]);
    assert!(says(&found.remarks, &["2 events", "`violence` (2)"]));
}

#[test]
fn ucf_crime_counts_from_1_with_the_last_within() {
    let text = "Abuse028_x264.mp4  Abuse  165  240  -1  -1  \nstreet_0042.mp4  Burglary  1  1  10  20\n\
                street_0042.mp4  Fighting  0  5  -1  -1\n";
    let found = read_steady(Format::UcfCrime, text).unwrap();
    assert_eq!(spans_of(&found), [(0, 1, "Burglary"), (0, 5, "brawling"), (9, 20, "Burglary")]);
    assert!(says(&found.remarks, &["2 events", "`Burglary` (2)"]));
    let normal = read_steady(Format::UcfCrime, "street_0042.mp4  Normal  -1  -1  -1  -1\n").unwrap();
    assert_eq!((spans_of(&normal).len(), normal.remarks.len()), (0, 0));
}

#[test]
fn activitynet_is_read_as_annotation_and_as_result() {
    let text = r#"{"version": "VERSION 1.3", "taxonomy": [{"nodeId": 1}], "database": {"street_0042":
        {"duration": 10.0, "subset": "training", "resolution": "320x240", "url": "https://x.org", "annotations": [
        {"segment": [1.0, 2.5], "label": "Crash"}, {"segment": [9.9, 10.02], "label": "Long jump"}]}}}"#;
    let found = read_steady(Format::ActivityNet, text).unwrap();
    // 2.5 s is in the middle of frame 62, and 10.02 s after the end.
    assert_eq!(spans_of(&found), [(25, 63, "crash"), (247, 250, "Long jump")]);
    assert!(says(&found.remarks, &["`Long jump` (1)"]) && says(&found.remarks, &["reaching beyond"]));
    let text = r#"{"results": {"street_0042": [{"label": "crash", "score": 0.5, "segment": [0, 1]},
        {"label": "crash", "score": 7.5, "segment": [1, 2]}]}}"#;
    let found = read_steady(Format::ActivityNet, text).unwrap();
    assert_eq!(found.annotations.spans.iter().map(|span| span.score).collect::<Vec<_>>(), [Some(0.5), None]);
    assert!(says(&found.remarks, &["1 score", "not within 0 and 1"]));
}

fn eaf(header: &str, slots: &[(&str, &str)], tiers: &str) -> String {
    let slot = |(id, value): &(&str, &str)| format!("<TIME_SLOT TIME_SLOT_ID=\"{id}\" {value}/>");
    let slots: String = slots.iter().map(slot).collect();
    format!(
        "<?xml version=\"1.0\"?><ANNOTATION_DOCUMENT FORMAT=\"3.0\" VERSION=\"3.0\">{header}\
         <TIME_ORDER>{slots}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>"
    )
}

fn aligned(id: &str, start: &str, end: &str, value: &str) -> String {
    format!(
        "<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID=\"{id}\" TIME_SLOT_REF1=\"{start}\" \
         TIME_SLOT_REF2=\"{end}\"><ANNOTATION_VALUE>{value}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
    )
}

fn tier(name: &str, annotations: &str) -> String {
    format!("<TIER TIER_ID=\"{name}\" LINGUISTIC_TYPE_REF=\"t\">{annotations}</TIER>")
}

fn media(origin: &str) -> String {
    format!(
        "<HEADER MEDIA_FILE=\"\" TIME_UNITS=\"milliseconds\"><MEDIA_DESCRIPTOR MEDIA_URL=\"file:///v/street_0042.wav\" \
         MIME_TYPE=\"audio/x-wav\"/><MEDIA_DESCRIPTOR MEDIA_URL=\"file:///C:/v/{NAME}\" MIME_TYPE=\"video/mp4\" \
         TIME_ORIGIN=\"{origin}\"/></HEADER>"
    )
}

#[test]
fn elan_begins_at_the_origin_of_the_recording() {
    let slots = [("a", "TIME_VALUE=\"0\""), ("b", "TIME_VALUE=\"400\""), ("c", "TIME_VALUE=\"800\"")];
    let annotations = aligned("a1", "a", "b", "crash") + &aligned("a2", "b", "c", "pain");
    let header = media("1000").replace("street_0042.wav", "other.wav");
    let found = read_steady(Format::Elan, &eaf(&header, &slots, &tier("events", &annotations))).unwrap();
    assert_eq!(spans_of(&found), [(25, 35, "crash"), (35, 45, "pain")]);
    let header = media("-600").replace("street_0042.wav", "other.wav");
    let found = read_steady(Format::Elan, &eaf(&header, &slots, &tier("events", &annotations))).unwrap();
    assert_eq!(spans_of(&found), [(0, 5, "pain")]);
    assert!(says(&found.remarks, &["1 annotation", "outside"]) && says(&found.remarks, &["1 event", "cut"]));
}

#[test]
fn elan_takes_the_name_of_a_tier_where_the_value_is_no_class() {
    let slots = [("a", "TIME_VALUE=\"0\""), ("b", "TIME_VALUE=\"400\""), ("c", "")];
    let tiers = tier("Baby cry", &aligned("a1", "a", "b", "loud"))
        + &tier("scene", &aligned("a2", "a", "b", "street"))
        + &tier("later", &aligned("a3", "b", "c", "crash"))
        + "<TIER TIER_ID=\"words\" PARENT_REF=\"scene\"><ANNOTATION><REF_ANNOTATION ANNOTATION_ID=\"a4\" \
           ANNOTATION_REF=\"a2\"><ANNOTATION_VALUE>x</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>";
    let found = read_steady(Format::Elan, &eaf("", &slots, &tiers)).unwrap();
    assert_eq!(spans_of(&found), [(0, 10, "baby_cry"), (0, 10, "street")]);
    assert_eq!(found.annotations.spans[0].note.as_deref(), Some("loud"));
    assert!(says(&found.remarks, &["not aligned"]) && says(&found.remarks, &["refers to another"]));
}

#[test]
fn label_studio_takes_every_range_label_and_prediction() {
    let text = r#"[{"id": 1, "data": {"video": "/data/upload/3/9a0b1c2d-street_0042.mp4"}, "annotations": [
        {"id": 5, "completed_by": 1, "result": [
          {"id": "x", "type": "timelinelabels", "from_name": "l", "to_name": "v", "original_length": 10,
           "value": {"ranges": [{"start": 1, "end": 1}, {"start": 11, "end": 20.0}], "timelinelabels": ["Crash", "fire"]}},
          {"id": "y", "type": "videorectangle", "value": {"sequence": []}},
          {"id": "z", "type": "timelinelabels", "value": {"ranges": [{"start": 5, "end": null}], "timelinelabels": []}}]},
        {"id": 6, "result": []}],
      "predictions": [{"model_version": "m", "score": 0.4, "result": [{"type": "timelinelabels", "score": 0.75,
        "value": {"ranges": [{"start": 30, "end": 40}], "timelinelabels": ["pain"]}}]}]}]"#;
    let found = read_steady(Format::LabelStudio, text).unwrap();
    let expected = [(0, 1, "crash"), (0, 1, "fire"), (10, 20, "crash"), (10, 20, "fire"), (29, 40, "pain")];
    assert_eq!(spans_of(&found), expected);
    assert_eq!(found.annotations.spans[4].score, Some(0.75));
    for part in ["2 annotations", "1 region", "1 range", "`fire` (2)"] {
        assert!(says(&found.remarks, &[part]), "{part}: {:?}", found.remarks);
    }
}

#[test]
fn via_reads_choices_by_their_option_and_times_of_three_digits() {
    let text = r#"{"project": {"pid": "p", "vid_list": ["1", "2"]}, "config": {},
      "attribute": {"1": {"aname": "EVENT", "anchor_id": "FILE1_Z2_XY0", "type": 4, "options": {"0": "crash", "1": "fire"}},
                    "2": {"aname": "who", "anchor_id": "FILE1_Z2_XY0", "type": 1, "options": {}}},
      "file": {"1": {"fid": "1", "fname": "street_0042.mp4", "type": 4, "loc": 1, "src": ""},
               "2": {"fid": 2, "fname": "other.mp4", "type": 4, "loc": 1, "src": ""}},
      "metadata": {"1_aB": {"vid": "1", "flg": 0, "z": [0.033, 0.067], "xy": [], "av": {"1": "0", "2": "me"}},
                   "1_cD": {"vid": "1", "flg": 0, "z": [0.5, 1], "xy": [], "av": {"1": "1"}},
                   "1_eF": {"vid": "1", "flg": 0, "z": [0.5], "xy": [2, 1, 1, 5, 5], "av": {}},
                   "2_gH": {"vid": "2", "flg": 0, "z": [3, 4], "xy": [], "av": {"1": "0"}}},
      "view": {"1": {"fid_list": ["1"]}, "2": {"fid_list": [2]}}}"#;
    let timeline = Timeline::constant_rate(TimeBase::new(1, 30).unwrap(), 300);
    let found = read(Format::Via, text, &named(NAME, &timeline)).unwrap();
    assert_eq!(spans_of(&found), [(1, 2, "crash"), (15, 30, "fire")]);
    assert!(says(&found.remarks, &["1 region"]) && says(&found.remarks, &["1 value"]), "{:?}", found.remarks);
}

#[test]
fn audacity_has_points_and_spectral_labels() {
    let text = "0.040000\t0.120000\tcrash\r\n\\\t100.0\t200.0\r\n1.000000\t1.000000\thorn\r\n2.000000\t3.000000\r\n";
    let found = read_steady(Format::Audacity, text).unwrap();
    assert_eq!(spans_of(&found), [(1, 3, "crash"), (50, 75, "")]);
    assert_eq!(markers_of(&found), [(25, "horn")]);
    assert!(says(&found.remarks, &["1 frequency range"]) && says(&found.remarks, &["1 event without a label"]));
}

#[test]
fn losslesscut_has_empty_starts_empty_ends_and_quoted_labels() {
    let text = ",0.4,crash\n1,,\"a mark, quoted\"\n2.5,3.5,\"baby cry\"\n4,5\n6,7,pain,{}\n";
    let found = read_steady(Format::LosslessCut, text).unwrap();
    assert_eq!(spans_of(&found), [(0, 10, "crash"), (62, 88, "baby_cry"), (100, 125, ""), (150, 175, "pain")]);
    assert_eq!(markers_of(&found), [(25, "a mark, quoted")]);
    assert!(says(&found.remarks, &["1 line with more"]));
}

#[test]
fn fiftyone_has_supports_timestamps_and_classes_by_index() {
    let text = r#"{"classes": ["crash", "fire"], "labels": {"street_0042": [
        {"label": 0, "support": [1, 10], "confidence": 0.5, "attributes": {"note": "n", "weather": "rain"}},
        {"label": "pain", "timestamps": [1.0, 2.0]}, {"label": 7, "support": [250, 260]}], "other": null}}"#;
    let found = read_steady(Format::FiftyOne, text).unwrap();
    assert_eq!(spans_of(&found), [(0, 10, "crash"), (25, 50, "pain"), (249, 250, "7")]);
    assert!(says(&found.remarks, &["1 attribute"]) && says(&found.remarks, &["reaching beyond"]));
}

#[test]
fn times_count_from_the_start_of_the_recording_and_not_from_zero_of_its_clock() {
    let ms = |ms: i64| MediaTime::from_nanoseconds(ms * 1_000_000);
    // The sound begins 200 ms before the picture, both an hour after zero.
    let times = (0..50).map(|frame| ms(3_600_200 + frame * 40)).collect();
    let timeline = Timeline::new(ms(3_600_000), times, ms(3_602_200)).unwrap();
    let found = read(Format::Audacity, "0.1\t0.28\tcrash\n0.05\t0.15\tpain\n", &named(NAME, &timeline)).unwrap();
    assert_eq!(spans_of(&found), [(0, 2, "crash")]);
    assert!(says(&found.remarks, &["1 annotation", "outside"]));
}

#[test]
fn of_many_recordings_the_one_is_read_whose_name_it_is() {
    let text = r#"{"labels": {"a": [{"label": "pain", "support": [1, 2]}], "v/street_0042.avi": [],
        "v/street_0042.mp4": [{"label": "crash", "support": [3, 4]}]}}"#;
    let found = read_steady(Format::FiftyOne, text).unwrap();
    assert_eq!((spans_of(&found), found.remarks.len()), (vec![(2, 4, "crash")], 0));
    let text = "a 1 2\nb 1 2\nc 1 2\nd 1 2\n";
    let error = read_steady(Format::XdViolence, text).unwrap_err();
    assert!(matches!(error, FormatError::NoSuchRecording { count: 4, .. }));
    assert!(error.to_string().contains("4 recordings, among them `a`, `b` and `c`"), "{error}");
    let error = read_steady(Format::UcfCrime, "a Abuse 1 2 -1 -1\nb Abuse 1 2 -1 -1\n").unwrap_err();
    assert!(matches!(error, FormatError::NoSuchRecording { count: 2, .. }));
}

#[test]
fn a_copy_with_another_ending_is_taken_only_where_nothing_is_of_the_recording_itself() {
    for (format, text) in [
        (Format::XdViolence, "street_0042.avi 5 9\nother 1 2\nother 3 4\n"),
        (Format::UcfCrime, "street_0042.avi Abuse 6 9 -1 -1\nother.mp4 Abuse 1 2 -1 -1\n"),
    ] {
        let found = read_steady(format, text).unwrap();
        assert_eq!(found.annotations.spans[0].frames.start.0, 5, "{format}");
        assert!(says(&found.remarks, &["`street_0042.avi`", "taken to be"]), "{format}: {:?}", found.remarks);
        let found = read_steady(format, &text.replace("other", "street_0042")).map(|found| found.annotations.spans);
        match format {
            Format::XdViolence => assert!(matches!(found, Err(FormatError::Twice { .. }))),
            _ => assert_eq!(found.unwrap()[0].frames.start.0, 0),
        }
    }
}

#[test]
fn a_file_of_one_recording_under_another_name_is_taken_and_it_is_said() {
    for (format, text) in [
        (Format::XdViolence, "old_name B1 1 2\n"),
        (Format::UcfCrime, "old_name.mp4 Fighting 2 2 -1 -1\n"),
        (Format::FiftyOne, r#"{"labels": {"old_name": [{"label": "brawling", "support": [2, 2]}]}}"#),
    ] {
        let found = read_steady(format, text).unwrap();
        assert_eq!(spans_of(&found), [(1, 2, "brawling")], "{format}");
        assert!(says(&found.remarks, &["old_name", NAME]), "{format}: {:?}", found.remarks);
    }
}

#[test]
fn events_that_overlap_are_kept_and_counted() {
    let found = read_steady(Format::LosslessCut, "0,4,crash\n1,2,pain\n3,5,abuse\n5,6,pain\n").unwrap();
    assert_eq!(found.annotations.spans.len(), 4);
    assert!(says(&found.remarks, &["2 events beginning before an earlier one has ended"]), "{:?}", found.remarks);
}

#[test]
fn what_lies_outside_of_the_recording_is_counted_and_never_moved_into_it() {
    let found = read_steady(Format::Audacity, "9\t11\tcrash\n20\t30\tpain\n40\t40\tmark\n").unwrap();
    assert_eq!(spans_of(&found), [(225, 250, "crash")]);
    assert!(says(&found.remarks, &["1 event reaching beyond"]) && says(&found.remarks, &["2 annotations", "left out"]));
    assert_eq!(steady().len(), 250);
}
