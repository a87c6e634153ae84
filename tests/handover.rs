//! `avar export`, `avar analyze --bundle` and `avar verify`: a review as one file, and whether it stands up; `avar clip`.

use std::path::{Path, PathBuf};

use avar::job::CancelToken;
use avar::labels::{AnomalyClass, Hysteresis};
use avar::model::{AvarNet, ComputeDevice, Preset, WeightSource};
use avar::review::{Document, Edge, Header, Media, Operation, OrdinalsOf, ScoredBy, Stretch, Timestamp, beside};
use avar::time::{FrameIndex, MediaTime};

use crate::program::{Run, avar};

/// Three seconds of 25 frames each.
fn clip(folder: &Path) -> PathBuf {
    let path = folder.join("clip.mp4");
    avar_testing::write_clip(&path, 3, true);
    path
}

fn edge(frame: usize) -> Edge {
    Edge { frame: FrameIndex(frame), time: MediaTime::from_seconds(frame as f64 / 25.0) }
}

/// A review of the clip, decided on the scores of the weights that come with the program, with one accepted event.
fn review(media: &Path) -> PathBuf {
    let path = beside(media);
    let network = AvarNet::load(Preset::Lite, &WeightSource::Bundled, &ComputeDevice::cpu()).unwrap();
    let of_media = Media {
        path: "clip.mp4".to_owned(),
        absolute_path: media.display().to_string(),
        sha256: avar::media::digest(media, &CancelToken::default()).unwrap(),
        ordinals_of: OrdinalsOf::Frames,
        frames: 75,
        duration: MediaTime::from_seconds(3.0),
    };
    let scored_by = ScoredBy {
        program: "test".to_owned(),
        weights_sha256: network.digest().to_owned(),
        decoder: avar::media::decoder_version(),
        settings: serde_json::Map::new(),
    };
    let header = Header { media: of_media, scored_by, rule: Hysteresis::default() };
    let mut document = Document::draft(header, &path).unwrap();
    let add = Operation::Add { class: AnomalyClass::Crash, stretch: Stretch { start: edge(10), end: edge(30) } };
    document.append(add, Timestamp::now(), "analyst").unwrap();
    path
}

fn run(words: &[&dyn AsRef<std::ffi::OsStr>]) -> Run {
    avar(words.iter().map(|word| word.as_ref()))
}

#[test]
fn a_review_is_exported_and_its_bundle_stands_up_beside_the_recording_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let document = review(&media);
    let [bundle, again, journal] = ["b.zip", "again.zip", "journal"].map(|name| folder.path().join(name));
    let export = |out: &Path| run(&[&"export", &document, &"--out", &out, &"--journal", &journal]).expect_status(0);
    let said = export(&bundle).stdout;
    assert!(
        said.contains("b.zip: of clip.mp4") && said.contains("trail:     1 operation, the last line SHA-256"),
        "{said}"
    );
    // Now from the scores that were kept.
    export(&again);
    assert!(std::fs::read(&bundle).unwrap() == std::fs::read(&again).unwrap(), "the same inputs, other bytes");
    let verified = run(&[&"verify", &bundle]).expect_status(0);
    assert!(verified.stdout.contains("every byte of its"), "{}", verified.stdout);
    let with_media = run(&[&"verify", &bundle, &"--media", &media]).expect_status(0);
    assert!(
        with_media.stdout.contains("3 stills the same to the pixel; 12 steps scored again"),
        "{}",
        with_media.stdout
    );

    let other = folder.path().join("other.mp4");
    avar_testing::write_clip(&other, 2, true);
    let refused = run(&[&"verify", &bundle, &"--media", &other]).expect_status(1);
    assert!(refused.stderr.contains("it is of another recording"), "{}", refused.stderr);
    let mut bytes = std::fs::read(&bundle).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&again, bytes).unwrap();
    let refused = run(&[&"verify", &again]).expect_status(1);
    assert!(
        refused.stderr.contains("is not as it was written") && refused.stderr_lines().len() == 1,
        "{}",
        refused.stderr
    );
}

#[test]
fn what_is_analysed_can_be_handed_over_with_nothing_decided() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let [bundle, out] = ["b.zip", "out"].map(|name| folder.path().join(name));
    run(&[&"analyze", &media, &"--out", &out, &"--bundle", &bundle]).expect_status(0);
    let verified = run(&[&"verify", &bundle, &"--media", &media]).expect_status(0);
    assert!(verified.stdout.contains("trail:     none, nothing was decided"), "{}", verified.stdout);
    let refused = run(&[&"analyze", &media, &media, &"--out", &out, &"--bundle", &bundle]).expect_status(1);
    assert!(refused.stderr.contains("a bundle is of one recording"), "{}", refused.stderr);
}

#[test]
fn a_review_whose_recording_or_weights_are_others_is_not_exported() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let document = review(&media);
    let bundle = folder.path().join("b.zip");
    let refused = run(&[&"export", &document, &"--out", &bundle, &"--untrained"]).expect_status(1);
    assert!(refused.stderr.contains("scores of other weights"), "{}", refused.stderr);
    std::fs::rename(&media, folder.path().join("moved.mp4")).unwrap();
    let refused = run(&[&"export", &document, &"--out", &bundle]).expect_status(1);
    assert!(refused.stderr.contains("no longer where it lay; name it with --media"), "{}", refused.stderr);
    assert!(!bundle.exists());
    let moved = folder.path().join("moved.mp4");
    run(&[&"export", &document, &"--out", &bundle, &"--media", &moved]).expect_status(0);
}

#[test]
fn what_is_no_bundle_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("note.zip");
    std::fs::write(&path, "a note").unwrap();
    for path in [path.as_path(), folder.path(), &folder.path().join("gone.zip")] {
        let refused = run(&[&"verify", &path]).expect_status(1);
        assert_eq!(refused.stderr_lines().len(), 1, "{}", refused.stderr);
        assert!(refused.stderr.trim_end().ends_with(path.to_str().unwrap()), "{}", refused.stderr);
    }
}

/// The upright pictures of all frames.
fn pictures(path: &Path) -> Vec<Vec<u8>> {
    let table = std::sync::Arc::new(avar::media::FrameTable::scan(path, &CancelToken::default(), |_| {}).unwrap());
    let mut reader = avar::media::VideoReader::open(path, table).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).map(|frame| frame.to_rgb8().unwrap().bytes).collect()
}

#[test]
fn a_clip_has_the_frames_that_were_asked_for_by_number_by_time_or_by_event() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let document = review(&media);
    let [by_frame, by_time, by_event] = ["frame.mkv", "time.mkv", "event.mkv"].map(|name| folder.path().join(name));
    let said = run(&[&"clip", &media, &"--from", &"10", &"--to", &"30", &"--out", &by_frame]).expect_status(0).stdout;
    assert!(said.contains("frames 10 to 29"), "{said}");
    run(&[&"clip", &media, &"--from", &"0.4s", &"--to", &"0:01.2", &"--out", &by_time]).expect_status(0);
    let journal = folder.path().join("journal");
    let listed = |number: &str, out: &Path| {
        run(&[&"clip", &media, &"--event", &number, &"--review", &document, &"--journal", &journal, &"--out", &out])
    };
    let said = listed("1", &by_event).expect_status(0).stdout;
    let whole = pictures(&media);
    assert!(pictures(&by_frame) == whole[10..30] && pictures(&by_time) == whole[10..30], "to the pixel");
    assert!(said.contains("frames 10 to 29") && pictures(&by_event) == whole[10..30], "{said}");
    let refused = listed("99", &by_event).expect_status(1);
    assert!(refused.stderr.contains("there is no event 99"), "{}", refused.stderr);
}

#[test]
fn words_are_burnt_into_a_clip_and_what_cannot_be_cut_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let [burnt, other] = ["burnt.mp4", "other.avi"].map(|name| folder.path().join(name));
    let journal = folder.path().join("journal");
    let cut = |out: &Path, to: &str, burn: &str| {
        run(&[&"clip", &media, &"--from", &"0", &"--to", &to, &"--out", &out, &"--burn", &burn, &"--journal", &journal])
    };
    cut(&burnt, "5", "class,score,timecode").expect_status(0);
    let (found, clean) = (&pictures(&burnt)[0], &pictures(&media)[0]);
    let darkest = |picture: &[u8]| picture[picture.len() * 24 / 25..].iter().copied().min();
    assert!(darkest(found) < Some(60) && found != clean, "{:?}", darkest(found));
    let refused = cut(&other, "5", "timecode").expect_status(1);
    assert!(refused.stderr.contains("a clip ends in .mp4"), "{}", refused.stderr);
    let refused = cut(&burnt, "999", "timecode").expect_status(1);
    assert!(refused.stderr.contains("lies within the recording's 75 frames"), "{}", refused.stderr);
    cut(&burnt, "5", "colour").expect_status(2);
}
