//! Files that cannot be reviewed: one clear sentence with the file's name, on the command line and in the window,
//! no panic, and the desk goes on working.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use avar::analysis::NetworkChoice;
use avar::app::DeskOptions;
use avar::app::command::Command;
use avar::app::state::{OpeningStage, ScoreStatus};
use avar::app::update::Desk;
use avar::job::no_wake;
use avar::model::WeightSource;
use avar::playback::{AudioOutput, PlayerOptions};
use tempfile::TempDir;

/// Longer than any refusal may take, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_missing_file_is_refused_in_one_sentence() {
    let folder = folder();
    let file = folder.path().join("missing.mp4");
    is_refused_everywhere(&file, "no such file");
}

#[test]
fn a_folder_is_refused_in_one_sentence() {
    let folder = folder();
    let file = folder.path().join("recordings.mp4");
    std::fs::create_dir(&file).unwrap();
    is_refused_everywhere(&file, "folder");
}

#[test]
fn an_empty_file_is_refused_in_one_sentence() {
    let folder = folder();
    is_refused_everywhere(&written(&folder, "empty.mp4", b""), "empty");
}

#[test]
fn a_text_named_mp4_is_refused_in_one_sentence() {
    let folder = folder();
    let text = "Dear colleague, here is the recording that you asked for.\n".repeat(40);
    is_refused_everywhere(&written(&folder, "letter.mp4", text.as_bytes()), "not a media file");
}

#[test]
fn noise_named_mp4_is_refused_in_one_sentence() {
    let folder = folder();
    let noise: Vec<u8> =
        (0..50_000u32).map(|i| (i.wrapping_mul(2_654_435_761).rotate_left(i % 31) >> 24) as u8).collect();
    is_refused_everywhere(&written(&folder, "noise.mp4", &noise), "");
}

#[test]
fn a_file_cut_before_its_index_is_refused_in_one_sentence() {
    let folder = folder();
    let bytes = clip_bytes(&folder);
    // What a recorder leaves whose power failed: the media data, and no index after it.
    let interrupted = [box_of(&bytes, b"ftyp"), &box_of(&bytes, b"mdat")[..2000]].concat();
    is_refused_everywhere(&written(&folder, "interrupted.mp4", &interrupted), "moov");
}

#[test]
fn a_file_cut_within_its_index_is_refused_in_one_sentence() {
    let folder = folder();
    let bytes = clip_bytes(&folder);
    is_refused_everywhere(&written(&folder, "cut.mp4", &bytes[..600]), "");
}

#[test]
fn a_file_with_neither_picture_nor_sound_is_refused_in_one_sentence() {
    let folder = folder();
    is_refused_everywhere(&written(&folder, "nothing.mp4", &movie_without_tracks()), "neither picture nor sound");
}

#[test]
fn a_file_cut_behind_its_index_is_analysed_up_to_the_break_and_says_so() {
    let folder = folder();
    let bytes = clip_bytes(&folder);
    let file = written(&folder, "half.mp4", &bytes[..bytes.len() * 6 / 10]);
    let out = folder.path().join("out");
    let run = analyze(&[&file], &out).expect_status(0);
    assert!(run.stdout.contains("ends too early"), "{}", run.stdout);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert!(out.join("half.scores.csv").exists());
}

#[test]
fn bad_files_among_good_ones_get_a_line_each_and_stop_nothing() {
    let folder = folder();
    let good = folder.path().join("good.mp4");
    avar_testing::write_clip(&good, 1, true);
    let bad = [
        folder.path().join("missing.mp4"),
        written(&folder, "empty.mp4", b""),
        written(&folder, "letter.mp4", b"No recording.\n"),
        written(&folder, "nothing.mp4", &movie_without_tracks()),
    ];
    let out = folder.path().join("out");
    let run = analyze(&[&bad[0], &bad[1], &good, &bad[2], &bad[3]], &out).expect_status(1);
    for file in &bad {
        let lines = run.stderr_lines().into_iter().filter(|line| line.contains(file.to_str().unwrap())).count();
        assert_eq!(lines, 1, "{}: {}", file.display(), run.stderr);
    }
    assert_eq!(run.stderr_lines().len(), bad.len() + 1, "a line for each file and one for the whole: {}", run.stderr);
    assert!(out.join("good.scores.csv").exists());
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 3);
}

#[test]
fn a_failed_analysis_with_json_is_still_one_json_document() {
    let folder = folder();
    let file = written(&folder, "empty.mp4", b"");
    let out = folder.path().join("out");
    let run = crate::program::avar([
        "analyze".as_ref(),
        file.as_os_str(),
        "--json".as_ref(),
        "--out".as_ref(),
        out.as_os_str(),
    ]);
    let document = run.expect_status(1).json();
    assert_is_one_sentence(document["files"][0]["error"].as_str().unwrap(), &file);
}

#[cfg(target_os = "linux")]
#[test]
fn a_missing_file_whose_name_is_no_unicode_is_refused_without_a_panic() {
    let folder = folder();
    let file = folder.path().join(not_unicode());
    let out = folder.path().join("out");
    for run in [crate::program::avar(["probe".as_ref(), file.as_os_str()]), analyze(&[&file], &out)] {
        let run = run.expect_status(1);
        assert!(run.stderr.contains("no such file") && !run.stderr.contains("panicked"), "{}", run.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_recording_whose_name_is_no_unicode_is_analysed() {
    let folder = folder();
    let plain = folder.path().join("plain.mp4");
    avar_testing::write_clip(&plain, 1, true);
    let file = folder.path().join(not_unicode());
    std::fs::rename(plain, &file).unwrap();
    let out = folder.path().join("out");
    let run = analyze(&[&file], &out).expect_status(0);
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 3);
}

#[cfg(target_os = "linux")]
fn not_unicode() -> &'static std::ffi::OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(b"cam\xffera.mp4")
}

#[test]
fn weights_that_cannot_be_read_are_named_in_the_window_and_the_picture_stays() {
    let folder = folder();
    let good = folder.path().join("good.mp4");
    avar_testing::write_clip(&good, 1, false);
    let weights = folder.path().join("missing.safetensors");
    let network = NetworkChoice { weights: WeightSource::File(weights.clone()), ..NetworkChoice::default() };
    let mut desk = desk(network);
    desk.apply(Command::OpenPaths(vec![good]));
    wait_until(&mut desk, |desk| {
        !desk.is_busy() && desk.state.player.as_ref().is_some_and(|player| player.frame.is_some())
    });
    let Some(ScoreStatus::Failed(sentence)) = desk.state.recording().map(|recording| &recording.review.status) else {
        panic!("the weights were taken");
    };
    assert_is_one_sentence(sentence, &weights);
}

#[test]
fn every_made_edge_file_is_analysed_or_refused_by_name() {
    let Some(made) = avar_testing::data_folder("edge/made") else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(made).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let folder = folder();
    for (place, file) in files.iter().enumerate() {
        let out = folder.path().join(place.to_string());
        let run = analyze(&[file], &out);
        assert!(!run.stderr.contains("panicked"), "{}: {}", file.display(), run.stderr);
        match run.status {
            Some(0) => assert_eq!(std::fs::read_dir(&out).unwrap().count(), 3, "{}", file.display()),
            Some(1) => assert_is_one_line(&run.stderr, file),
            other => panic!("{} ended with {other:?}: {}", file.display(), run.stderr),
        }
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn clip_bytes(folder: &TempDir) -> Vec<u8> {
    let path = folder.path().join("whole.mp4");
    avar_testing::write_clip(&path, 3, true);
    std::fs::read(path).unwrap()
}

/// A top-level box of an MP4 file, header included.
fn box_of<'a>(mut bytes: &'a [u8], name: &[u8; 4]) -> &'a [u8] {
    while bytes.len() >= 8 {
        let length = u32::from_be_bytes(bytes[..4].try_into().unwrap()) as usize;
        if &bytes[4..8] == name {
            return &bytes[..length];
        }
        bytes = &bytes[length..];
    }
    panic!("the clip has no box {}", String::from_utf8_lossy(name));
}

/// An MP4 file that is whole and in which there is nothing: `ftyp`, and `moov` with a movie header alone.
fn movie_without_tracks() -> Vec<u8> {
    let mut header = vec![0; 100];
    // Time scale 1000, rate 1.0, volume 1.0, the unit matrix, the next track's number.
    header[14] = 0x03;
    header[15] = 0xe8;
    header[21] = 1;
    header[24] = 1;
    header[37] = 1;
    header[53] = 1;
    header[68] = 0x40;
    header[99] = 1;
    let boxed = |name: &[u8; 4], contents: &[u8]| {
        [&(contents.len() as u32 + 8).to_be_bytes(), name.as_slice(), contents].concat()
    };
    let brand = boxed(b"ftyp", b"isom\0\0\x02\0isommp41");
    [brand, boxed(b"moov", &boxed(b"mvhd", &header))].concat()
}

fn analyze(files: &[&Path], out: &Path) -> crate::program::Run {
    let mut arguments: Vec<&std::ffi::OsStr> = vec!["analyze".as_ref()];
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    arguments.extend(["--out".as_ref(), out.as_os_str()]);
    crate::program::avar(arguments)
}

/// By `probe`, `analyze` and `frame`, and by the window. `reason` is a word of the sentence.
#[track_caller]
fn is_refused_everywhere(file: &Path, reason: &str) {
    let out = folder();
    let picture = out.path().join("frame.png");
    let frame =
        ["frame".as_ref(), file.as_os_str(), "--ordinal".as_ref(), "0".as_ref(), "--out".as_ref(), picture.as_os_str()];
    let runs = [
        crate::program::avar(["probe".as_ref(), file.as_os_str()]),
        analyze(&[file], out.path()),
        crate::program::avar(frame),
    ];
    for (run, reason) in runs.into_iter().zip([reason, reason, ""]) {
        let run = run.expect_status(1);
        assert_eq!(run.stdout, "");
        assert_is_one_line(&run.stderr, file);
        assert!(run.stderr.contains(reason), "no \"{reason}\" in: {}", run.stderr);
    }
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0, "something was written for {}", file.display());
    is_refused_by_the_window(file, reason);
}

#[track_caller]
fn is_refused_by_the_window(file: &Path, reason: &str) {
    let mut desk = desk(NetworkChoice::default());
    desk.apply(Command::OpenPaths(vec![file.to_owned()]));
    wait_until(&mut desk, |desk| !desk.is_busy());
    let Some(OpeningStage::Failed(sentence)) = desk.state.recording().map(|recording| &recording.stage) else {
        panic!("{} was opened", file.display());
    };
    assert_is_one_sentence(sentence, file);
    assert!(sentence.contains(reason), "no \"{reason}\" in: {sentence}");

    let folder = folder();
    let good = folder.path().join("good.mp4");
    avar_testing::write_clip(&good, 1, false);
    desk.apply(Command::OpenPaths(vec![good]));
    wait_until(&mut desk, |desk| desk.state.player.as_ref().is_some_and(|player| player.frame.is_some()));
}

fn desk(network: NetworkChoice) -> Desk {
    let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    Desk::new(DeskOptions { network, player, ..DeskOptions::default() }, no_wake())
}

#[track_caller]
fn wait_until(desk: &mut Desk, is_so: impl Fn(&Desk) -> bool) {
    let started = Instant::now();
    while !is_so(desk) {
        assert!(started.elapsed() < PATIENCE, "the desk hangs");
        std::thread::sleep(Duration::from_millis(5));
        desk.tick(Instant::now());
    }
}

#[track_caller]
fn assert_is_one_line(stderr: &str, file: &Path) {
    assert_eq!(stderr.lines().count(), 1, "more or less than one line: {stderr}");
    let sentence = stderr.trim_end().strip_prefix("avar: ");
    assert_is_one_sentence(sentence.unwrap_or_else(|| panic!("not a message of the program: {stderr}")), file);
}

/// One line in which the file is named once, at the end, as every error of the program has it.
#[track_caller]
fn assert_is_one_sentence(sentence: &str, file: &Path) {
    let name = file.to_str().unwrap();
    assert!(!sentence.contains("panicked") && !sentence.contains("internal error"), "{sentence}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
    assert_eq!(sentence.matches(name).count(), 1, "{sentence}");
    assert!(sentence.ends_with(name), "{sentence}");
}
