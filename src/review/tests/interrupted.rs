//! Programs that are killed, and disks that are full, while decisions are saved.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use avar_review::{Document, Operation, verify};

use crate::world::{AUTHOR, edge, folder_on_disk, header, time};

/// By which the test below is told where to write.
const WRITTEN: &str = "AVAR_REVIEW_WRITTEN";

/// The child of the tests below: notes without end, each said on stdout once it is saved, until it is killed or three
/// in a row are not saved.
#[test]
#[ignore = "run by the tests below in a process of its own"]
fn saves_notes_until_it_is_stopped() {
    let path = std::env::var_os(WRITTEN).expect("the parent says where");
    let path = Path::new(&path);
    let mut document = match path.exists() {
        true => Document::open(path).unwrap(),
        false => Document::draft(header(), path).unwrap(),
    };
    assert!(document.read_only().is_none(), "a lock was left behind");
    let mut failures = 0;
    while failures < 3 {
        let text = format!("note {} \"שלום\"\n{}", document.entries().len() + 1, "x".repeat(300));
        match document.append(Operation::NoteAt { at: edge(3), text }, time(0), AUTHOR) {
            Ok(_) => {
                failures = 0;
                println!("\nsaved {}", document.entries().len());
            }
            Err(error) => {
                failures += 1;
                println!("\nfailed {error}");
            }
        }
    }
}

fn child(shell: &str, path: &Path) -> std::process::Child {
    Command::new("bash")
        .args(["-c", &format!("{shell} exec \"$@\""), "bash"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "interrupted::saves_notes_until_it_is_stopped", "--nocapture"])
        .env(WRITTEN, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The number of the last note that was said to be saved.
fn last_saved(output: &str) -> Option<usize> {
    output.lines().filter_map(|line| line.strip_prefix("saved ")).filter_map(|number| number.parse().ok()).max()
}

#[test]
fn a_program_that_is_killed_at_any_moment_has_every_decision_that_it_said_was_saved() {
    let (_folder, path) = folder_on_disk();
    let mut random = fastrand::Rng::with_seed(1);
    let mut saved = 0;
    for round in 0..100 {
        let mut child = child("", &path);
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut output = String::new();
        // Half of them are killed while they start, half while they save.
        if round % 2 == 0 {
            while last_saved(&output).is_none() {
                assert!(stdout.read_line(&mut output).unwrap() > 0, "round {round} saved nothing: {output}");
            }
        }
        std::thread::sleep(Duration::from_micros(random.u64(0..30_000)));
        child.kill().unwrap();
        stdout.read_to_string(&mut output).unwrap();
        child.wait().unwrap();
        saved = last_saved(&output).unwrap_or(saved).max(saved);
        if !path.exists() {
            assert_eq!(saved, 0, "round {round}");
            continue;
        }
        let document = Document::open(&path).unwrap();
        assert!(document.read_only().is_none(), "the lock of a program that is gone");
        let kept = document.entries().len();
        assert!(kept >= saved, "round {round}: {kept} are kept of {saved}");
        for (number, note) in (1..).zip(document.state().notes()) {
            assert!(note.text.starts_with(&format!("note {number} ")), "round {round}: {}", note.text);
        }
        drop(document);
        assert_eq!(verify(&path).unwrap().entries.len(), kept);
    }
}

/// The system's own limit on the size of a file: what fits of a line is written, the rest is not.
#[test]
fn a_full_disk_costs_the_decision_that_does_not_fit_and_no_other() {
    let (_folder, path) = folder_on_disk();
    let output = child("trap '' XFSZ; ulimit -f 16;", &path).wait_with_output().unwrap();
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    let saved = last_saved(&output).unwrap();
    let failures: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix("failed ")).collect();
    assert_eq!(failures.len(), 3, "{output}");
    for sentence in failures {
        assert!(sentence.starts_with("this was not saved ("), "{sentence}");
        assert!(sentence.ends_with(path.to_str().unwrap()), "{sentence}");
    }
    let len = std::fs::metadata(&path).unwrap().len();
    assert!((8 << 10..16 << 10).contains(&len), "{len} bytes");
    assert_eq!(verify(&path).unwrap().entries.len(), saved);
    let mut document = Document::open(&path).unwrap();
    assert_eq!(document.notes(), [""; 0], "nothing was left behind to be set aside");
    let text = "with room again ".repeat(100);
    document.append(Operation::NoteAt { at: edge(3), text }, time(0), AUTHOR).unwrap();
    assert_eq!(verify(&path).unwrap().entries.len(), saved + 1);
}
