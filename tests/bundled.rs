//! The weights that the program comes with, on the recording that it comes with: what a first look at it shows.

use std::path::Path;

use avar::synth::sample::{EVENT, IMPACT};
use avar_testing::read_json;

use crate::program::avar;

/// What these weights gave when they were taken in. Training and use have drifted apart when this fails with the same
/// weights; with other weights the table is made anew by `avar analyze` and read before it is believed.
const SCORES: &str = include_str!("bundled/sample-incident.scores.csv");

#[test]
fn the_bundled_weights_find_the_crash_of_the_sample_with_the_scores_that_they_had() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/sample-incident.mp4");
    let out = tempfile::tempdir().unwrap();
    avar(["analyze".as_ref(), sample.as_os_str(), "--out".as_ref(), out.path().as_os_str()]).expect_status(0);

    let events = read_json(&out.path().join("sample-incident.events.json"))["events"].clone();
    let overlaps = |event: &serde_json::Value| {
        let (start_s, end_s) = (event["start_s"].as_f64().unwrap(), event["end_s"].as_f64().unwrap());
        start_s < EVENT.end.seconds() && EVENT.start.seconds() < end_s
    };
    let classes: Vec<_> = events.as_array().unwrap().iter().filter(|event| overlaps(event)).collect();
    assert!(classes.iter().any(|event| event["class"] == "crash"), "{events}");

    let written = std::fs::read_to_string(out.path().join("sample-incident.scores.csv")).unwrap();
    let (header, rows) = table(&written);
    let (expected_header, expected) = table(SCORES);
    assert_eq!((&header, rows.len()), (&expected_header, expected.len()));
    for (row, expected) in rows.iter().zip(&expected) {
        let apart = row.iter().zip(expected).map(|(value, expected)| (value - expected).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-3, "{row:?} is {apart} from {expected:?}");
    }

    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let classes = column("abuse")..column("vandalism") + 1;
    let at_impact = rows.iter().rfind(|row| row[column("pts_s")] <= IMPACT.seconds()).unwrap();
    let top = classes.max_by(|a, b| at_impact[*a].total_cmp(&at_impact[*b])).unwrap();
    assert_eq!(header[top], "crash");
}

/// Column names, and the rows as numbers; of a sample without damage the last column is empty.
fn table(text: &str) -> (Vec<&str>, Vec<Vec<f64>>) {
    let mut lines = text.lines();
    let header = lines.next().unwrap().split(',').collect();
    let numbers = |line: &str| {
        let cells = line.strip_suffix(',').expect("no damage").split(',');
        cells.map(|cell| cell.parse().unwrap()).collect()
    };
    (header, lines.map(numbers).collect())
}
