//! Programs that are killed, and disks that are full, while decisions are saved.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use avar_base::files::hexadecimal;
use avar_review::{Document, Operation, ReviewError, Saved, verify};
use sha2::{Digest, Sha256};

use crate::world::{AUTHOR, Analyst, edge, folder_on_disk, header, time};

/// By which the test below is told where to write.
const WRITTEN: &str = "AVAR_REVIEW_WRITTEN";

/// Where the parent says, opened again or begun.
fn document_of_the_parent() -> Document {
    let path = std::env::var_os(WRITTEN).expect("the parent says where");
    let path = Path::new(&path);
    let document = match path.exists() {
        true => Document::open(path).unwrap(),
        false => Document::draft(header(), path).unwrap(),
    };
    assert!(document.read_only().is_none(), "a lock was left behind");
    document
}

/// The child of the test of a full disk: notes without end, each said on stdout once it is saved, until it is killed or three
/// in a row are not saved.
#[test]
#[ignore = "run by the test below in a process of its own"]
fn saves_notes_until_it_is_stopped() {
    let mut document = document_of_the_parent();
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

/// The child of the test of killing: a review of whatever comes to mind, in which every step is said on stdout once it is
/// saved, with the digest of its line, until it is killed.
#[test]
#[ignore = "run by the test below in a process of its own"]
fn reviews_until_it_is_killed() {
    let mut document = document_of_the_parent();
    let mut analyst = Analyst::new(document.entries().len() as u64);
    loop {
        let operation = analyst.operation(document.state());
        match document.append(operation, time(document.entries().len() as i64), AUTHOR) {
            Ok(Saved::Line { seq, .. }) => println!("\nsaved {seq} {}", document.trail().unwrap().last_sha256),
            // Before the first decision a rule is no line.
            Ok(Saved::Draft) | Err(ReviewError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn child(shell: &str, test: &str, path: &Path) -> std::process::Child {
    Command::new("bash")
        .args(["-c", &format!("{shell} exec \"$@\""), "bash"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", &format!("interrupted::{test}"), "--nocapture"])
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

/// The steps that were said to be saved, each with the digest of its line; the last may have been said in part.
fn saved_steps(output: &str) -> BTreeMap<usize, String> {
    let said = output.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')?.strip_prefix("saved "));
    let step = |said: &str| Some((said.split_once(' ')?.0.parse().ok()?, said.split_once(' ')?.1.to_owned()));
    said.filter_map(step).collect()
}

/// Rounds of the test of killing: `AVAR_KILLS`, or so many that it takes seconds.
fn kills() -> usize {
    std::env::var("AVAR_KILLS").map_or(100, |kills| kills.parse().expect("AVAR_KILLS is a number"))
}

/// After so many a review is left as it is and another one begun.
const KILLS_A_REVIEW: usize = 50;

#[test]
fn a_program_that_is_killed_at_any_moment_has_every_decision_that_it_said_was_saved() {
    let mut random = fastrand::Rng::with_seed(1);
    let mut all_saved = 0;
    for review in 0..kills().div_ceil(KILLS_A_REVIEW) {
        let (_folder, path) = folder_on_disk();
        let mut saved = BTreeMap::new();
        for round in 0..KILLS_A_REVIEW.min(kills() - review * KILLS_A_REVIEW) {
            let said = killed(&path, round % 2 == 0, &mut random);
            assert!(round % 2 == 1 || !said.is_empty(), "review {review}, round {round}");
            saved.extend(said);
            if path.exists() {
                check(&path, &saved);
            } else {
                assert!(saved.is_empty(), "review {review}, round {round}: {saved:?}");
            }
        }
        all_saved += saved.len();
    }
    eprintln!("{} kills, {all_saved} decisions said to be saved, all of them kept", kills());
}

/// What a program said was saved until it was killed: while it was saving, or while it started as well.
fn killed(path: &Path, while_saving: bool, random: &mut fastrand::Rng) -> BTreeMap<usize, String> {
    let mut child = child("", "reviews_until_it_is_killed", path);
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut output = String::new();
    while while_saving && saved_steps(&output).is_empty() {
        assert!(stdout.read_line(&mut output).unwrap() > 0, "nothing was saved: {output}");
    }
    std::thread::sleep(Duration::from_micros(random.u64(0..30_000)));
    child.kill().unwrap();
    stdout.read_to_string(&mut output).unwrap();
    child.wait().unwrap();
    saved_steps(&output)
}

/// Every step that was said to be saved is the line that it was, and the review goes on.
fn check(path: &Path, saved: &BTreeMap<usize, String>) {
    let document = Document::open(path).unwrap();
    assert!(document.read_only().is_none(), "the lock of a program that is gone");
    let kept = document.entries().len();
    drop(document);
    assert_eq!(verify(path).unwrap().entries.len(), kept);
    let bytes = std::fs::read(path).unwrap();
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    for (seq, sha256) in saved {
        assert!(*seq <= kept, "{kept} are kept of {}", saved.len());
        assert_eq!(&hexadecimal(Sha256::digest(lines[*seq])), sha256, "operation {seq}");
    }
}

/// The system's own limit on the size of a file: what fits of a line is written, the rest is not.
#[test]
fn a_full_disk_costs_the_decision_that_does_not_fit_and_no_other() {
    let (_folder, path) = folder_on_disk();
    let output =
        child("trap '' XFSZ; ulimit -f 16;", "saves_notes_until_it_is_stopped", &path).wait_with_output().unwrap();
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
