//! The program's log: what is in it, where it lies, and that nothing depends on it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{Run, avar_with};

/// A clip, and a cache folder of its own.
struct Bench {
    folder: TempDir,
    clip: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clip = folder.path().join("camera 4.mp4");
        avar_testing::write_clip(&clip, 1, true);
        Self { folder, clip }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn probe(&self, level: Option<&str>) -> Run {
        avar_with(&self.cache(), level, ["probe".as_ref(), self.clip.as_os_str()])
    }

    fn log_path(&self) -> PathBuf {
        self.cache().join("avar-desk/log/avar.log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }
}

#[test]
fn what_happens_is_in_the_log_and_nowhere_else() {
    let bench = Bench::new();
    let run = bench.probe(None).expect_status(0);
    assert_eq!((run.stderr.as_str(), run.stdout.contains("INFO")), ("", false), "{}", run.stdout);
    let log = bench.log();
    assert!(log.contains("camera 4.mp4") && log.contains("opened"), "{log}");
    assert!(log.contains("decoder=\"FFmpeg libavcodec"), "{log}");
}

#[test]
fn runs_one_after_another_write_to_one_log() {
    let bench = Bench::new();
    (0..3).for_each(|_| drop(bench.probe(None).expect_status(0)));
    assert_eq!(bench.log().matches(" opened ").count(), 3, "{}", bench.log());
}

#[test]
fn why_a_command_failed_is_in_the_log() {
    let bench = Bench::new();
    let gone = bench.folder.path().join("gone.mp4");
    let run = avar_with(&bench.cache(), None, ["probe".as_ref(), gone.as_os_str()]).expect_status(1);
    assert_eq!(run.stderr_lines().len(), 1, "{}", run.stderr);
    assert!(bench.log().lines().any(|line| line.contains("ERROR") && line.ends_with("gone.mp4")), "{}", bench.log());
}

#[test]
fn what_ffmpeg_says_of_a_damaged_file_is_in_the_log_and_not_on_standard_error() {
    let bench = Bench::new();
    let mut bytes = std::fs::read(&bench.clip).unwrap();
    let end = bytes.len() * 3 / 4;
    let noise = (0..end - 2000).map(|place| (place * 197 % 251) as u8);
    bytes.splice(2000..end, noise);
    std::fs::write(&bench.clip, bytes).unwrap();
    let run = bench.probe(None);
    assert!(run.stderr_lines().len() <= 1, "{}", run.stderr);
    let log = bench.log();
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains(" ffmpeg: ")), "{log}");
}

#[test]
fn a_log_that_is_not_wanted_is_not_begun() {
    let bench = Bench::new();
    let run = bench.probe(Some("off")).expect_status(0);
    assert_eq!((run.stderr.as_str(), bench.log_path().exists()), ("", false));
}

#[test]
fn a_level_that_is_none_is_named_and_passed_over() {
    let bench = Bench::new();
    let run = bench.probe(Some("loud")).expect_status(0);
    assert!(
        run.stderr_lines().len() == 1 && run.stderr.contains("AVAR_LOG") && run.stderr.contains("loud"),
        "{}",
        run.stderr
    );
    assert!(bench.log().contains(" opened "));
}

#[test]
fn a_log_that_cannot_be_written_is_one_sentence_and_stops_nobody() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.cache()).unwrap();
    std::fs::write(bench.cache().join("avar-desk"), "in the way").unwrap();
    let run = bench.probe(None).expect_status(0);
    assert!(run.stderr_lines().len() == 1 && run.stderr.contains("avar.log"), "{}", run.stderr);
    assert!(run.stdout.contains("frames:"), "{}", run.stdout);
}

#[test]
fn help_says_where_the_log_lies_and_begins_none() {
    let bench = Bench::new();
    let help = avar_with(&bench.cache(), None, ["--help"]).expect_status(0).stdout;
    assert!(help.contains(bench.log_path().to_str().unwrap()) && help.contains("AVAR_LOG"), "{help}");
    assert!(!Path::new(&bench.log_path()).exists());
}
