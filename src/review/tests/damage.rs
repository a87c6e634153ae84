//! Files that are not as they were written.

use std::path::Path;

use avar_review::{Document, Operation, ReviewError, verify};

use crate::world::{AUTHOR, edge, folder, time, written};

/// A review of 40 operations, and its lines with their ends.
fn lines(path: &Path) -> Vec<Vec<u8>> {
    drop(written(path, 40, 11));
    std::fs::read(path).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn says(path: &Path, lines: &[Vec<u8>]) -> String {
    std::fs::write(path, lines.concat()).unwrap();
    let error = verify(path).unwrap_err().to_string();
    assert!(error.ends_with(&path.display().to_string()), "{error}");
    error
}

#[test]
fn every_one_of_a_thousand_changed_bytes_is_found_and_its_line_named() {
    let (_folder, path) = folder();
    let bytes = lines(&path).concat();
    let mut random = fastrand::Rng::with_seed(24);
    for _ in 0..1000 {
        let at = random.usize(0..bytes.len());
        let mut changed = bytes.clone();
        changed[at] ^= random.u8(1..=255);
        std::fs::write(&path, &changed).unwrap();
        let error = verify(&path).expect_err(&format!("byte {at} is {} and was {}", changed[at], bytes[at]));
        let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        let is_named = error.to_string().starts_with(&format!("line {line}"));
        let is_of_first = matches!(error, ReviewError::NotAReview { .. } | ReviewError::TooNew { .. });
        assert!(is_named || line == 1 && is_of_first, "byte {at} of line {line}: {error}");
    }
}

#[test]
fn every_byte_of_the_last_line_counts() {
    let (_folder, path) = folder();
    let bytes = lines(&path).concat();
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    for at in last..bytes.len() {
        for flip in [1, 0x20, 0x80, bytes[at]] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            std::fs::write(&path, &changed).unwrap();
            assert!(verify(&path).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_line_that_is_missing_doubled_or_in_anothers_place_is_named() {
    let (_folder, path) = folder();
    let whole = lines(&path);
    let mut missing = whole.clone();
    missing.drain(6..9);
    let error = says(&path, &missing);
    assert!(error.starts_with("line 7 does not follow the line before it (operations 6 to 8 are missing)"), "{error}");
    let mut doubled = whole.clone();
    doubled.insert(6, whole[5].clone());
    let error = says(&path, &doubled);
    assert!(error.starts_with("line 7 does not follow the line before it (operation 5 stands"), "{error}");
    let mut swapped = whole.clone();
    swapped.swap(6, 7);
    assert!(says(&path, &swapped).starts_with("line 7 "));
    let mut without_first = whole.clone();
    without_first.remove(0);
    assert!(says(&path, &without_first).starts_with("this is no review"));
}

#[test]
fn a_line_of_another_review_with_the_right_number_is_found() {
    let (folder, path) = folder();
    let mut whole = lines(&path);
    let other = folder.path().join("other.avar");
    drop(written(&other, 40, 12));
    let others: Vec<Vec<u8>> =
        std::fs::read(&other).unwrap().split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    whole[6] = others[6].clone();
    let error = says(&path, &whole);
    assert!(error.starts_with("line 7 does not follow the line before it (one of the two"), "{error}");
    assert!(matches!(Document::open(&path).unwrap_err(), ReviewError::OutOfOrder { line: 7, .. }));
}

/// Lines with digests that fit, written by somebody who knows how.
#[test]
fn lines_that_are_closed_well_and_make_no_sense_are_refused_by_their_number() {
    let (_folder, path) = folder();
    let whole = lines(&path);
    let seq = whole.len();
    let previous = sha256(&whole[seq - 1][..whole[seq - 1].len() - 1]);
    let forged = |seq: usize, did: &str| {
        let body = format!(
            "{{\"seq\":{seq},\"time\":\"2026-01-01T00:00:00Z\",\"author\":\"x\",\"did\":{did},\"previous\":\"{previous}\""
        );
        format!("{body},\"sha256\":\"{}\"}}\n", sha256(body.as_bytes())).into_bytes()
    };
    let with = |line: Vec<u8>| whole.iter().cloned().chain([line]).collect::<Vec<_>>();
    let fine = forged(seq, "{\"what\":\"note_at\",\"at\":{\"frame\":5,\"time_s\":0.2},\"text\":\"x\"}");
    std::fs::write(&path, with(fine).concat()).unwrap();
    assert_eq!(verify(&path).unwrap().entries.len(), seq, "as a line that makes sense is read");
    let deep = format!("{{\"what\":\"rescore\",\"scored_by\":{}", "[".repeat(100_000));
    let wrong = [
        "{\"what\":\"note_at\",\"at\":{\"frame\":86400,\"time_s\":0.2},\"text\":\"x\"}",
        "{\"what\":\"note_at\",\"at\":{\"frame\":-1,\"time_s\":0.2},\"text\":\"x\"}",
        "{\"what\":\"note_at\",\"at\":{\"frame\":1e400,\"time_s\":0.2},\"text\":\"x\"}",
        "{\"what\":\"note_at\",\"at\":{\"frame\":5,\"time_s\":null},\"text\":\"x\"}",
        "{\"what\":\"note_at\",\"at\":{\"frame\":5,\"time_s\":0.2,\"more\":1},\"text\":\"x\"}",
        "{\"what\":\"burn\",\"on\":[]}",
        "{\"what\":\"\\u001b[31m\\u202e\"}",
        "{\"what\":\"delete\",\"on\":[]}",
        "{\"what\":\"delete\",\"on\":[{\"event\":[99,0]}]}",
        "{\"what\":\"set_rule\",\"rule\":{\"onset\":0.1,\"offset\":0.9,\"min_on_s\":0,\"min_off_s\":0}}",
        "{\"what\":\"add\",\"class\":\"riot\",\"stretch\":{}}",
        deep.as_str(),
    ];
    for did in wrong {
        let error = says(&path, &with(forged(seq, did)));
        assert!(error.starts_with(&format!("line {} makes no sense (", seq + 1)), "{did:.60}: {error}");
        assert!(!error.chars().any(|c| c.is_control() || c == '\u{202e}'), "{error:?}");
        assert!(error.len() < 600, "{error}");
    }
}

#[test]
fn noise_is_refused_and_never_panics() {
    let (_folder, path) = folder();
    let bytes = lines(&path).concat();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..300 {
        let mut noise = bytes.clone();
        let (from, until) = (random.usize(0..noise.len()), random.usize(0..noise.len()));
        match random.u8(0..3) {
            0 => noise.truncate(from),
            1 => drop(noise.drain(from.min(until)..from.max(until))),
            _ => noise[from.min(until)..from.max(until)].iter_mut().for_each(|byte| *byte = random.u8(..)),
        }
        std::fs::write(&path, &noise).unwrap();
        if let Ok(trail) = verify(&path) {
            assert!(bytes.starts_with(&noise), "only whole lines from the first on are a review");
            assert!(trail.entries.len() <= 40);
        }
    }
}

#[test]
fn a_crash_at_any_byte_of_an_append_loses_no_line_and_keeps_what_was_written() {
    let (folder, path) = folder();
    let mut document = written(&path, 6, 13);
    let (before, state) = (std::fs::read(&path).unwrap().len(), document.state().clone());
    let note = |text: &str| Operation::NoteAt { at: edge(3), text: text.to_owned() };
    document.append(note("a \"van\"\nשלום"), time(9), AUTHOR).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for end in before..bytes.len() {
        let crashed = folder.path().join(format!("{end}.avar"));
        std::fs::write(&crashed, &bytes[..end]).unwrap();
        let mut reopened = Document::open(&crashed).unwrap();
        assert_eq!((reopened.entries().len(), reopened.state()), (6, &state), "cut at {end}");
        let aside = folder.path().join(format!("{end}.avar.cut-off-1"));
        assert_eq!(aside.exists(), end > before);
        if end > before {
            assert_eq!(std::fs::read(&aside).unwrap(), bytes[before..end]);
            let sentence = reopened.notes().last().unwrap();
            assert!(sentence.starts_with("the last line was not written to its end"), "{sentence}");
            assert!(sentence.ends_with(aside.to_str().unwrap()), "{sentence}");
        }
        if end % 8 == 0 {
            reopened.append(note("again"), time(9), AUTHOR).unwrap();
            assert_eq!(verify(&crashed).unwrap().entries.len(), 7);
        }
    }
}

#[test]
fn what_a_power_cut_leaves_of_pages_is_set_aside_and_nothing_set_aside_is_written_over() {
    let (folder, path) = folder();
    let whole = lines(&path).concat();
    let zeros = [vec![0; 100], [vec![0; 100], b"\"}\n".to_vec()].concat(), [b"{\"seq\"".to_vec(), vec![0; 9]].concat()];
    for (number, tail) in (1..).zip(zeros) {
        std::fs::write(&path, [whole.clone(), tail.clone()].concat()).unwrap();
        assert!(matches!(verify(&path), Err(ReviewError::CutOff { line: 42, .. })));
        let document = Document::open(&path).unwrap();
        assert_eq!((document.entries().len(), document.notes().len()), (40, 1));
        let aside = folder.path().join(format!("cam 1.mp4.avar.cut-off-{number}"));
        assert_eq!(std::fs::read(aside).unwrap(), tail);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
}

#[test]
fn a_reader_sees_whole_lines_only_and_leaves_the_rest() {
    let (_folder, path) = folder();
    let writer = written(&path, 6, 13);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, [whole.clone(), b"{\"seq\":7".to_vec()].concat()).unwrap();
    let reader = Document::open(&path).unwrap();
    assert!(reader.read_only().is_some());
    assert_eq!((reader.state(), reader.notes().len()), (writer.state(), 0));
    assert_eq!(std::fs::read(&path).unwrap().len(), whole.len() + 8);
}

/// By the program of that name, not by ours.
fn sha256(bytes: &[u8]) -> String {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let mut child = Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}
