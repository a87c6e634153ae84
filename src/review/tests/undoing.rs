//! The state is the fold of the file; undo and redo are inverse, and both survive a restart.

use avar_labels::{AnomalyClass, Verdict};
use avar_review::{Document, Operation, Refusal, ReviewError, ReviewState, Saved, verify};

use crate::world::{AUTHOR, Analyst, folder, header, model, of_model, time, written};

/// States that were seen, as an oracle: undo has to bring back the one before, redo the one after.
#[test]
fn undo_brings_back_the_state_before_and_redo_the_state_after_whatever_was_done() {
    for seed in 0..12 {
        let (_folder, path) = folder();
        let mut document = written(&path, 1, 1000 + seed);
        let mut analyst = Analyst::new(seed);
        // The first operation of `written` is one that decides.
        let nothing = avar_review::History::new(&document.trail().unwrap().header).state().clone();
        let (mut before, mut after): (Vec<ReviewState>, Vec<ReviewState>) = (vec![nothing], Vec::new());
        let mut undone = 0;
        for _ in 0..120 {
            let now = document.state().clone();
            let operation = analyst.operation(&now);
            match (&operation, document.append(operation.clone(), time(0), AUTHOR)) {
                (Operation::Undo, Ok(_)) => {
                    assert_eq!(document.state(), &before.pop().unwrap(), "seed {seed}");
                    after.push(now);
                    undone += 1;
                }
                (Operation::Redo, Ok(_)) => {
                    assert_eq!(document.state(), &after.pop().unwrap(), "seed {seed}");
                    before.push(now);
                }
                (_, Ok(_)) => {
                    before.push(now);
                    after.clear();
                }
                (Operation::Undo, Err(_)) => assert!(before.is_empty()),
                (Operation::Redo, Err(_)) => assert!(after.is_empty()),
                (_, Err(ReviewError::Refused(_))) => assert_eq!(document.state(), &now, "seed {seed}"),
                (_, Err(error)) => panic!("{error}"),
            }
        }
        assert!(undone > 5, "seed {seed} undid {undone} times");
    }
}

#[test]
fn the_fold_of_every_prefix_of_a_file_is_the_state_that_was_shown_then() {
    let (folder, path) = folder();
    let mut document = written(&path, 1, 5);
    let mut analyst = Analyst::new(6);
    let mut shown = vec![document.state().clone()];
    while shown.len() < 120 {
        let operation = analyst.operation(document.state());
        if document.append(operation, time(0), AUTHOR).is_ok() {
            shown.push(document.state().clone());
        }
    }
    let bytes = std::fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').map(|at| at + 1).collect();
    assert_eq!(ends.len(), shown.len() + 1, "a line each, below the first");
    for (end, shown) in ends[1..].iter().zip(&shown) {
        let prefix = folder.path().join("prefix.avar");
        std::fs::write(&prefix, &bytes[..*end]).unwrap();
        assert_eq!(verify(&prefix).unwrap().history.state(), shown);
    }
}

#[test]
fn undo_and_redo_go_on_after_a_restart() {
    let (_folder, path) = folder();
    let crash = model(AnomalyClass::Crash, 100, 160, 0.8);
    let judge = |verdict| Operation::Judge { on: vec![of_model(&crash)], verdict };
    let mut document = Document::draft(header(), &path).unwrap();
    document.append(judge(Verdict::Rejected), time(0), AUTHOR).unwrap();
    let rejected = document.state().clone();
    drop(document);
    let mut document = Document::open(&path).unwrap();
    assert_eq!(document.history().next_undo(), Some((1, "reject")));
    document.append(Operation::Undo, time(1), "another").unwrap();
    assert_eq!(document.state().events().count(), 0);
    drop(document);
    let mut document = Document::open(&path).unwrap();
    assert_eq!((document.history().next_undo(), document.history().next_redo()), (None, Some((1, "reject"))));
    assert_eq!(document.append(Operation::Redo, time(2), AUTHOR).unwrap(), line(3));
    assert_eq!(document.state(), &rejected);
    assert_eq!(document.entries().len(), 3, "nothing vanishes from the trail");
}

#[test]
fn what_comes_after_an_undo_leaves_nothing_to_redo() {
    let (_folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    let note = |at| Operation::NoteAt { at: crate::world::edge(at), text: "a van".to_owned() };
    document.append(note(1), time(0), AUTHOR).unwrap();
    document.append(Operation::Undo, time(0), AUTHOR).unwrap();
    document.append(note(2), time(0), AUTHOR).unwrap();
    let refused = document.append(Operation::Redo, time(0), AUTHOR).unwrap_err();
    assert!(matches!(refused, ReviewError::Refused(Refusal::NothingToRedo)));
}

#[test]
fn one_operation_over_many_events_is_one_step_of_undo() {
    let (_folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    let on: Vec<_> = (0..31).map(|n| of_model(&model(AnomalyClass::Pain, 100 * n, 100 * n + 50, 0.9))).collect();
    document.append(Operation::Judge { on, verdict: Verdict::Accepted }, time(0), AUTHOR).unwrap();
    assert_eq!(document.state().events().count(), 31);
    let on = document.state().events().map(|event| avar_review::Target::Event(event.id)).collect();
    document.append(Operation::Delete { on }, time(1), AUTHOR).unwrap();
    assert_eq!(document.state().events().count(), 0);
    document.append(Operation::Undo, time(2), AUTHOR).unwrap();
    assert_eq!(document.state().events().count(), 31);
    document.append(Operation::Undo, time(3), AUTHOR).unwrap();
    assert_eq!(document.state().events_and_deleted().count(), 0);
}

#[test]
fn finding_the_recording_again_is_no_decision_and_undo_passes_over_it() {
    let (_folder, path) = folder();
    let mut document = Document::draft(header(), &path).unwrap();
    let note = Operation::NoteAt { at: crate::world::edge(1), text: "a van".to_owned() };
    document.append(note, time(0), AUTHOR).unwrap();
    let media = document.state().media.moved_to(std::path::Path::new("/new/cam 1.mp4"), &path);
    document.append(Operation::Relink { media: media.clone() }, time(1), AUTHOR).unwrap();
    document.append(Operation::Undo, time(2), AUTHOR).unwrap();
    assert_eq!((document.state().notes().count(), &document.state().media), (0, &media));
    let other = avar_review::Media { sha256: "ef".repeat(32), ..media };
    let refused = document.append(Operation::Relink { media: other }, time(3), AUTHOR).unwrap_err();
    assert!(matches!(refused, ReviewError::Refused(Refusal::OtherMedia)));
}

fn line(seq: u64) -> Saved {
    Saved::Line { seq, clock_set_back: false }
}
