//! `avar convert`: from one program's annotations to another's, to the frame.

use std::path::{Path, PathBuf};

use avar::labels::{AnomalyClass, Hysteresis, Verdict};
use avar::review::{
    Document, Edge, Header, Media, Operation, OrdinalsOf, ScoredBy, Stretch, Target, Timestamp, beside,
};
use avar::time::{FrameIndex, MediaTime};

use crate::program::avar;

/// Three seconds of 25 frames each.
fn clip(folder: &Path) -> PathBuf {
    let path = folder.join("clip.mp4");
    avar_testing::write_clip(&path, 3, true);
    path
}

fn convert(file: &Path, media: &Path, out: &Path, more: &[&str]) -> crate::program::Run {
    let arguments = ["convert".as_ref(), file.as_os_str(), "--media".as_ref(), media.as_os_str(), "--out".as_ref()];
    avar(arguments.into_iter().chain([out.as_os_str()]).chain(more.iter().map(std::ffi::OsStr::new)))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn labels_of_audacity_go_to_elan_and_back_to_the_frame() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let [labels, elan, back] = ["labels.txt", "clip.eaf", "back.txt"].map(|name| folder.path().join(name));
    let text = "0.400\t1.200\tcrash\n1.600\t2.000\tpolice_siren\n";
    std::fs::write(&labels, text).unwrap();
    convert(&labels, &media, &elan, &[]).expect_status(0);
    assert!(read(&elan).contains("<TIME_SLOT TIME_SLOT_ID="));
    convert(&elan, &media, &back, &["--to", "audacity"]).expect_status(0);
    assert_eq!(read(&back), text);
}

fn edge(frame: usize) -> Edge {
    Edge { frame: FrameIndex(frame), time: MediaTime::from_seconds(frame as f64 / 25.0) }
}

/// A review of the clip with two events, of which the second is rejected, and a note.
fn review(media: &Path, sha256: String) -> PathBuf {
    let path = beside(media);
    let of_media = Media {
        path: "clip.mp4".to_owned(),
        absolute_path: media.display().to_string(),
        sha256,
        ordinals_of: OrdinalsOf::Frames,
        frames: 75,
        duration: MediaTime::from_seconds(3.0),
    };
    let scored_by = ScoredBy {
        program: "test".to_owned(),
        weights_sha256: "ab".repeat(32),
        decoder: "test".to_owned(),
        settings: serde_json::Map::new(),
    };
    let header = Header { media: of_media, scored_by, rule: Hysteresis::default() };
    let mut document = Document::draft(header, &path).unwrap();
    let mut done = |operation| document.append(operation, Timestamp::now(), "analyst").unwrap();
    let add = |class, start, end| Operation::Add { class, stretch: Stretch { start: edge(start), end: edge(end) } };
    done(add(AnomalyClass::Crash, 10, 30));
    done(add(AnomalyClass::Pain, 40, 50));
    done(Operation::NoteAt { at: edge(5), text: "a door".to_owned() });
    let second = document.state().events().last().unwrap().id;
    let on = vec![Target::Event(second)];
    document.append(Operation::Judge { on, verdict: Verdict::Rejected }, Timestamp::now(), "analyst").unwrap();
    path
}

#[test]
fn a_review_is_handed_over_and_what_was_rejected_is_no_event_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let sha256 = avar::media::digest(&media, &avar::job::CancelToken::default()).unwrap();
    let document = review(&media, sha256);
    let [cut, whole] = ["clip.csv", "clip.json"].map(|name| folder.path().join(name));
    let run = convert(&document, &media, &cut, &["--to", "losslesscut"]).expect_status(0);
    assert_eq!(read(&cut), "0.400,1.200,crash\n0.200,,a door\n", "{}", run.stderr);
    assert!(run.stderr.contains("1 rejected event left out"), "{}", run.stderr);
    convert(&document, &media, &whole, &["--to", "avar-json"]).expect_status(0);
    assert!(read(&whole).contains("rejected"), "our own format says what was decided");
}

#[test]
fn the_review_of_another_recording_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let document = review(&media, "cd".repeat(32));
    let run = convert(&document, &media, &folder.path().join("a.vtt"), &[]).expect_status(1);
    assert!(run.stderr.contains("this is not the recording that was reviewed"), "{}", run.stderr);
    assert_eq!(run.stderr_lines().len(), 1);
}

#[test]
fn what_cannot_be_converted_is_told_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let media = clip(folder.path());
    let labels = folder.path().join("labels.txt");
    std::fs::write(&labels, "0.4\t1.2\tcrash\n").unwrap();
    let run = convert(&labels, &media, &folder.path().join("a.json"), &[]).expect_status(1);
    assert!(run.stderr.contains("say with --to which of"), "{}", run.stderr);
    convert(&labels, &media, &folder.path().join("a.json"), &["--to", "nothing"]).expect_status(2);
    let sound = folder.path().join("sound.wav");
    avar_testing::write_wav(&sound, &avar_testing::tone(1, 16_000), 16_000);
    let run = convert(&labels, &sound, &folder.path().join("a.vtt"), &[]).expect_status(1);
    assert!(run.stderr.contains("this recording has none"), "{}", run.stderr);
    assert!(run.stderr_lines().iter().all(|line| line.starts_with("avar: ")), "{}", run.stderr);
}
