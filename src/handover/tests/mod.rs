//! Bundles of a recording that is made on the spot and analysed with untrained weights: written, read, forged, compared.

mod forged;
mod world;

use std::io::Cursor;

use avar_base::job::CancelToken;
use avar_export::Watch;

use crate::archive::Archive;
use crate::bundle::write;
use crate::verify::SCORE_TOLERANCE;
use crate::{Bundle, Handover, HandoverError};
use world::{World, quiet};

fn opened(path: &std::path::Path) -> Result<Bundle, HandoverError> {
    Bundle::open(path, &CancelToken::default())
}

fn sentence(path: &std::path::Path) -> String {
    match opened(path) {
        Ok(_) => panic!("nothing was found to be wrong: {}", path.display()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes_and_they_stand_up() {
    let world = World::get();
    let (one, other) = (world.bundle("one.zip"), world.bundle("other.zip"));
    assert!(std::fs::read(&one).unwrap() == std::fs::read(&other).unwrap());
    let bundle = opened(&one).unwrap();
    let manifest = bundle.manifest();
    assert_eq!(manifest.media.sha256, world.sha256);
    assert_eq!(manifest.media.frames, Some(world::FRAMES));
    assert!(!manifest.weights.is_trained && manifest.weights.warning.is_some());
    assert_eq!(manifest.trail.as_ref().map(|trail| trail.operations), Some(3));
    assert_eq!(bundle.event_count(), 2);
    let names: Vec<&str> = manifest.entries.iter().map(|entry| entry.name.as_str()).collect();
    let pictures = ["stills/event-002-start.png", "stills/event-002-peak.png", "stills/event-002-end.png"];
    assert!(pictures.iter().all(|name| names.contains(name)), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("event-001")), "what was rejected is not shown: {names:?}");
}

#[test]
fn nothing_of_the_machine_is_in_a_bundle_but_what_the_document_says() {
    let world = World::get();
    let bytes = std::fs::read(world.undecided("bare.zip")).unwrap();
    let folder = world.folder.path().to_str().unwrap().as_bytes();
    assert!(!bytes.windows(folder.len()).any(|window| window == folder));
}

#[test]
fn what_nobody_decided_is_told_as_what_the_network_found() {
    let world = World::get();
    let path = world.undecided("undecided.zip");
    let bundle = opened(&path).unwrap();
    assert_eq!(bundle.manifest().trail, None);
    assert_eq!(bundle.event_count(), 1, "untrained scores are about even, so all of it is one event");
    let page = String::from_utf8(content(&path, "report.html")).unwrap();
    assert!(page.contains("Nobody has reviewed these events") && page.contains("Unreviewed"));
    assert!(page.contains("Found: "), "the curve shades what was found");
}

#[test]
fn the_curve_of_an_event_has_its_frame_at_the_step_of_the_peak() {
    let world = World::get();
    let table = String::from_utf8(content(&world.undecided("curve.zip"), "figures/event-001.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let score = |row: &Vec<&str>| row[3].parse::<f64>().unwrap();
    let highest = rows.iter().map(score).fold(0.0, f64::max);
    let peak = rows.iter().find(|row| score(row) == highest).unwrap();
    assert_eq!(peak[6], "true", "{table}");
}

#[test]
fn the_page_says_what_was_decided_and_obeys_no_note() {
    let world = World::get();
    let page = String::from_utf8(content(&world.bundle("page.zip"), "report.html")).unwrap();
    assert!(page.contains("2 of 2 reviewed: 1 accepted, 1 rejected, 0 unsure, 0 reviewed."));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "a note is text");
    assert!(page.contains('\u{fffd}') && !page.contains('\u{202e}'), "and turns nothing around");
}

#[test]
fn a_thousand_changes_of_one_byte_are_all_found() {
    let world = World::get();
    let whole = std::fs::read(world.bundle("flipped.zip")).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..1000 {
        let (at, by) = (random.usize(0..whole.len()), random.u8(1..));
        let mut changed = whole.clone();
        changed[at] ^= by;
        let read = Archive::read(Cursor::new(&changed[..]), &CancelToken::default());
        assert!(read.is_err(), "byte {at} changed by {by}");
    }
}

#[test]
fn what_is_no_bundle_or_no_longer_whole_is_refused_in_a_sentence() {
    let world = World::get();
    let whole = std::fs::read(world.bundle("damaged.zip")).unwrap();
    let path = world.folder.path().join("damaged-too.zip");
    let says = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let sentence = sentence(&path);
        assert!(sentence.ends_with("damaged-too.zip") && !sentence.contains('\n'), "{sentence}");
        sentence
    };
    assert!(says(&whole[..whole.len() / 2]).contains("ends at byte"));
    assert!(says(&[&whole[..], b"more"].concat()).contains("goes on behind its end"));
    assert!(says(b"").contains("no bundle"));
    assert!(says(b"a note, and no zip file at all, which is longer than a header").contains("no bundle"));
    assert!(sentence(world.folder.path()).contains("no file"));
    assert!(sentence(&world.folder.path().join("gone.zip")).contains("cannot be read"));
}

#[test]
fn a_recording_agrees_with_its_bundle() {
    let world = World::get();
    let agreement = compared(&world.bundle("agrees.zip"), world).unwrap();
    assert_eq!((agreement.stills, agreement.steps), (3, world.scores.steps.len()));
    assert!(agreement.largest_difference <= SCORE_TOLERANCE);
}

#[test]
fn a_recording_of_sound_alone_is_handed_over_as_well() {
    let world = World::of_sound();
    let path = world.undecided("sound.zip");
    let agreement = compared(&path, &world).unwrap();
    assert_eq!(agreement.stills, 0);
    let events = String::from_utf8(content(&path, "events.json")).unwrap();
    assert!(events.contains("\"missing\": \"the recording has no picture\""), "{events}");
}

#[test]
fn another_recording_and_other_weights_are_told_apart() {
    let world = World::get();
    let mut bundle = opened(&world.bundle("others.zip")).unwrap();
    let other = world.folder.path().join("other.mp4");
    avar_testing::write_clip(&other, 2, true);
    let says = |error: HandoverError| error.to_string();
    let refused = bundle.compare(&other, &world.choice, &world.shelf, &quiet(&CancelToken::default()));
    assert!(says(refused.unwrap_err()).starts_with("it is of another recording"));
    let weights = avar_model::WeightSource::Untrained { seed: 5 };
    let choice = avar_analysis::NetworkChoice { weights, ..world.choice.clone() };
    let refused = bundle.compare(world.path(), &choice, &world.shelf, &quiet(&CancelToken::default()));
    assert!(says(refused.unwrap_err()).contains("name them with --network and --weights"));
}

#[test]
fn what_does_not_belong_together_is_not_handed_over() {
    let world = World::get();
    let out = world.folder.path().join("refused.zip");
    let says = |handover: Handover| {
        let sentence = write(&handover, &out, &quiet(&CancelToken::default())).unwrap_err().to_string();
        assert!(!out.exists() && !sentence.contains('\n'), "{sentence}");
        sentence
    };
    let mut begun = world.handover();
    begun.scores.steps.pop();
    assert!(says(begun).contains("has not been analysed to its end"));
    let other = Handover { sha256: "ab".repeat(32), ..world.handover() };
    assert!(says(other).contains("not the recording that was reviewed"));
    let mut weights = world.handover();
    weights.scoring.weights_sha256 = "cd".repeat(32);
    assert!(says(weights).contains("scores of other weights"));
    let mut frames = world.handover();
    frames.scores.steps.iter_mut().for_each(|step| step.frame.iter_mut().for_each(|frame| frame.index.0 += 9999));
    assert!(says(frames).contains("do not fit the frames"));
}

#[test]
fn a_bundle_that_was_cancelled_leaves_nothing_behind() {
    let world = World::get();
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancelToken::default();
    cancel.cancel();
    let watch = Watch::new(&cancel, &|_| {}, &|_| {});
    let refused = write(&world.handover(), &folder.path().join("a.zip"), &watch);
    assert!(matches!(refused, Err(HandoverError::Cancelled(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn compared(path: &std::path::Path, world: &World) -> Result<crate::Agreement, HandoverError> {
    opened(path)?.compare(world.path(), &world.choice, &world.shelf, &quiet(&CancelToken::default()))
}

/// Of an entry.
fn content(path: &std::path::Path, name: &str) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap();
    let mut archive = Archive::read(file, &CancelToken::default()).unwrap();
    archive.content(name, u64::MAX).unwrap().unwrap()
}

mod clips;
