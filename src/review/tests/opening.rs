//! Drafts, places, locks, versions and clocks.

use std::path::Path;

use avar_labels::AnomalyClass;
use avar_review::{Document, Operation, ReadOnly, ReviewError, Saved, verify};

use crate::world::{AUTHOR, RULE, edge, folder, header, time, written};

fn note(text: &str) -> Operation {
    Operation::NoteAt { at: edge(7), text: text.to_owned() }
}

/// Says what is wrong, what to do, and where, on one line.
#[track_caller]
fn assert_sentence(error: &ReviewError, says: &str, path: &Path) {
    let sentence = error.to_string();
    assert!(sentence.contains(says), "{sentence}");
    assert!(sentence.ends_with(&format!(": {}", path.display())), "{sentence}");
    assert_eq!(sentence.lines().count(), 1, "{sentence}");
}

#[test]
fn there_is_no_file_before_the_first_decision_and_thresholds_are_none() {
    let (folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    let rule = RULE.with_onset(0.8);
    assert_eq!(document.append(Operation::SetRule { rule }, time(0), AUTHOR).unwrap(), Saved::Draft);
    assert_eq!((document.is_draft(), document.state().rule), (true, rule));
    assert!(document.append(Operation::Undo, time(0), AUTHOR).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let saved = document.append(note("a van"), time(1), AUTHOR).unwrap();
    assert_eq!(saved, Saved::Line { seq: 1, clock_set_back: false });
    let trail = verify(&path).unwrap();
    assert_eq!((trail.header.rule, trail.begun, trail.begun_by.as_str()), (rule, time(1), AUTHOR));
    assert_eq!(trail.history.state(), document.state());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "and nothing beside it");
}

#[test]
fn a_draft_whose_folder_cannot_be_written_is_begun_elsewhere_and_loses_nothing() {
    let (_folder, path) = folder();
    let nowhere = Path::new("/proc/cam 1.mp4.avar");
    let mut document = Document::draft(header(), nowhere).unwrap();
    let error = document.append(note("a van"), time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "choose a folder that can be written to", nowhere);
    assert!(document.is_draft());
    document.create_at(&path);
    document.append(note("a van"), time(0), AUTHOR).unwrap();
    let trail = verify(&path).unwrap();
    assert_eq!(trail.entries.len(), 1);
    assert!(trail.header.media.path.ends_with("cases/7/cam 1.mp4"), "{}", trail.header.media.path);
    assert_eq!(document.state().media.places(&path)[0].file_name().unwrap(), "cam 1.mp4");
}

#[test]
fn a_review_that_is_there_is_not_replaced() {
    let (_folder, path) = folder();
    drop(written(&path, 3, 1));
    let before = std::fs::read(&path).unwrap();
    let mut document = Document::draft(header(), &path).unwrap();
    let error = document.append(note("a van"), time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "there is a review already; open it", &path);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_second_window_only_reads_until_the_first_is_closed() {
    let (_folder, path) = folder();
    let first = written(&path, 5, 2);
    let mut second = Document::open(&path).unwrap();
    assert!(matches!(second.read_only(), Some(ReadOnly::OpenElsewhere)));
    assert_eq!(second.state(), first.state());
    let error = second.append(note("a van"), time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "open in another window", &path);
    drop(first);
    assert!(Document::open(&path).unwrap().read_only().is_none());
}

#[cfg(unix)]
#[test]
fn a_write_protected_review_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = folder();
    drop(written(&path, 5, 2));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    if std::fs::File::options().write(true).open(&path).is_ok() {
        eprintln!("skipped: this user may write whatever is write-protected");
        return;
    }
    let mut document = Document::open(&path).unwrap();
    assert!(matches!(document.read_only(), Some(ReadOnly::WriteProtected)));
    assert_sentence(&document.append(note("x"), time(0), AUTHOR).unwrap_err(), "write-protected", &path);
}

#[test]
fn a_review_that_was_removed_or_written_to_by_another_program_takes_nothing_more() {
    let (folder, path) = folder();
    let mut document = written(&path, 5, 2);
    let before = document.state().clone();
    let elsewhere = folder.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).unwrap();
    let error = document.append(note("x"), time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "was not saved: the review was moved or removed", &path);
    std::fs::rename(&elsewhere, &path).unwrap();
    document.append(note("x"), time(0), AUTHOR).unwrap();
    document.append(Operation::Undo, time(0), AUTHOR).unwrap();
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"x"))
        .unwrap();
    let error = document.append(note("x"), time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "another program has changed the review", &path);
    assert_eq!(document.state(), &before);
}

#[test]
fn a_clock_that_was_set_back_is_recorded_and_noted_and_changes_no_order() {
    let (_folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    for (seconds, clock_set_back) in [(100, false), (200, false), (50, true), (60, false)] {
        let saved = document.append(note(&seconds.to_string()), time(seconds), AUTHOR).unwrap();
        let Saved::Line { clock_set_back: noted, .. } = saved else { panic!("{saved:?}") };
        assert_eq!(noted, clock_set_back, "{seconds}");
    }
    drop(document);
    let document = Document::open(&path).unwrap();
    assert_eq!(document.notes().len(), 1);
    assert!(document.notes()[0].starts_with("operation 3 is dated before"), "{:?}", document.notes());
    let times: Vec<_> = document.entries().iter().map(|entry| entry.time).collect();
    assert_eq!(times, [100, 200, 50, 60].map(time));
    let texts: Vec<_> = document.state().notes().map(|note| &*note.text).collect();
    assert_eq!(texts, ["100", "200", "50", "60"]);
}

#[test]
fn times_are_written_in_utc_as_rfc_3339_has_them() {
    let (_folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    let moment: avar_review::Timestamp = "2026-11-28T21:04:43.123456789+02:00".parse().unwrap();
    document.append(note("a van"), moment, AUTHOR).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"time\":\"2026-11-28T19:04:43.123456789Z\""), "{text}");
    assert_eq!(verify(&path).unwrap().entries[0].time, moment);
}

#[test]
fn a_newer_format_is_refused_in_words_and_other_files_are_no_reviews() {
    let (folder, path) = folder();
    let newer = "{\"format\":\"avar-review\",\"version\":2,\"anything\":[]}\n";
    std::fs::write(&path, newer).unwrap();
    assert_sentence(&verify(&path).unwrap_err(), "of format 2, and this program knows formats up to 1", &path);
    for other in ["", "\n", "x\n", "{}\n", "{\"format\":\"avar-run\",\"version\":1}\n", "\u{0}\u{0}\n", "[[[[\n"] {
        std::fs::write(&path, other).unwrap();
        assert_sentence(&verify(&path).unwrap_err(), "this is no review", &path);
        assert_sentence(&Document::open(&path).unwrap_err(), "this is no review", &path);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), other, "left as it was");
    }
    assert_sentence(&Document::open(folder.path()).unwrap_err(), "is an ordinary file", folder.path());
    let gone = folder.path().join("gone.avar");
    assert_sentence(&Document::open(&gone).unwrap_err(), "cannot be read", &gone);
    std::fs::File::create(&path).unwrap().set_len(65 << 20).unwrap();
    assert_sentence(&verify(&path).unwrap_err(), "larger than 64 MiB", &path);
}

#[test]
fn a_name_or_an_operation_that_would_not_be_read_back_is_refused() {
    let (_folder, path) = folder();
    let mut document = written(&path, 2, 3);
    let before = std::fs::read(&path).unwrap();
    let error = document.append(note("x"), time(0), &"x".repeat(2000)).unwrap_err();
    assert_sentence(&error, "the author's name is longer", &path);
    let long = crate::world::header().scored_by.settings;
    let settings = std::iter::once(("x".to_owned(), "y".repeat(9 << 20).into())).chain(long).collect();
    let scored_by = avar_review::ScoredBy { settings, ..header().scored_by };
    let error = document.append(Operation::Rescore { scored_by }, time(0), AUTHOR).unwrap_err();
    assert_sentence(&error, "would grow beyond a line of 8 MiB", &path);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let class = AnomalyClass::Crash;
    document.append(Operation::Add { class, stretch: crate::world::stretch(1, 2) }, time(0), AUTHOR).unwrap();
}
