//! What each decision does.

use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_review::{DecidedEvent, Document, EventId, Operation, Refusal, ReviewError, Stretch, Target};

use crate::world::{AUTHOR, FRAMES, RULE, edge, folder, frames, header, model, of_model, stretch, time};

struct Desk {
    document: Document,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let (folder, path) = folder();
        Self { document: Document::draft(header(), &path).unwrap(), _folder: folder }
    }

    fn does(&mut self, operation: Operation) {
        self.document.append(operation, time(0), AUTHOR).unwrap();
    }

    fn refuses(&mut self, operation: Operation) -> Refusal {
        match self.document.append(operation, time(0), AUTHOR) {
            Err(ReviewError::Refused(refusal)) => refusal,
            outcome => panic!("{outcome:?}"),
        }
    }

    fn events(&self) -> Vec<&DecidedEvent> {
        self.document.state().events().collect()
    }

    fn edges(&self) -> Vec<(usize, usize)> {
        self.events().iter().map(|event| frames(event.stretch)).collect()
    }

    /// An accepted crash of the model in frames 100 to 200.
    fn with_crash() -> (Self, Target) {
        let mut desk = Self::new();
        desk.does(accept(vec![crash()]));
        (desk, Target::Event(EventId(1, 0)))
    }
}

fn crash() -> Target {
    of_model(&model(AnomalyClass::Crash, 100, 200, 0.8))
}

fn accept(on: Vec<Target>) -> Operation {
    Operation::Judge { on, verdict: Verdict::Accepted }
}

#[test]
fn a_decision_takes_the_models_event_over_as_it_stood() {
    let (desk, _) = Desk::with_crash();
    let event = desk.events()[0];
    assert_eq!((event.class, frames(event.stretch)), (AnomalyClass::Crash, (100, 200)));
    assert_eq!((event.verdict, event.onset), (Some(Verdict::Accepted), 0.5));
    assert_eq!(*event.bases, [model(AnomalyClass::Crash, 100, 200, 0.8)]);
}

#[test]
fn a_later_verdict_replaces_the_earlier_and_a_class_leaves_it() {
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Judge { on: vec![crash.clone()], verdict: Verdict::Unsure });
    desk.does(Operation::SetClass { on: vec![crash], class: AnomalyClass::Vandalism });
    let event = desk.events()[0];
    assert_eq!((event.verdict, event.class), (Some(Verdict::Unsure), AnomalyClass::Vandalism));
    assert_eq!(event.bases[0].class, AnomalyClass::Crash, "what the model said stays");
}

#[test]
fn a_trim_moves_one_edge_and_judges_nothing() {
    let mut desk = Desk::new();
    desk.does(Operation::TrimStart { on: crash(), to: edge(120) });
    let event = Target::Event(EventId(1, 0));
    desk.does(Operation::TrimEnd { on: event.clone(), to: edge(121) });
    assert_eq!((desk.edges(), desk.events()[0].verdict), (vec![(120, 121)], None));
    let edges = Refusal::Edges { frames: FRAMES };
    assert_eq!(desk.refuses(Operation::TrimEnd { on: event.clone(), to: edge(120) }), edges, "no frame left");
    assert_eq!(desk.refuses(Operation::TrimEnd { on: event, to: edge(FRAMES + 1) }), edges, "past the end");
}

#[test]
fn a_body_moves_as_long_as_it_is() {
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Move { on: crash.clone(), to: stretch(150, 250) });
    assert_eq!(desk.edges(), [(150, 250)]);
    let stretched = Operation::Move { on: crash, to: stretch(150, 251) };
    assert_eq!(desk.refuses(stretched), Refusal::Edges { frames: FRAMES });
}

#[test]
fn the_frame_of_a_split_begins_the_second_part() {
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Split { on: crash.clone(), at: edge(130) });
    assert_eq!(desk.edges(), [(100, 130), (130, 200)]);
    assert!(desk.events().iter().all(|event| event.verdict == Some(Verdict::Accepted)));
    for at in [100, 130, 99, 500] {
        assert_eq!(desk.refuses(Operation::Split { on: crash.clone(), at: edge(at) }), Refusal::NoSplit, "at {at}");
    }
}

#[test]
fn a_merger_reaches_from_the_first_start_to_the_last_end_and_takes_the_class_of_the_longest() {
    let mut desk = Desk::new();
    let (short, long) = (model(AnomalyClass::Pain, 100, 130, 0.7), model(AnomalyClass::Brawling, 150, 300, 0.9));
    desk.does(Operation::Note { on: of_model(&short), text: "first".to_owned() });
    desk.does(accept(vec![Target::Event(EventId(1, 0))]));
    desk.does(Operation::Note { on: of_model(&long), text: "second".to_owned() });
    desk.does(Operation::Merge { on: vec![Target::Event(EventId(3, 0)), Target::Event(EventId(1, 0))] });
    let event = desk.events()[0];
    assert_eq!((desk.edges(), event.class), (vec![(100, 300)], AnomalyClass::Brawling));
    assert_eq!((event.verdict, &*event.note), (None, "first\nsecond"), "one was accepted, the other not judged");
    assert_eq!(*event.bases, [short, long]);
    desk.does(Operation::Undo);
    assert_eq!(desk.edges(), [(100, 130), (150, 300)]);
    assert_eq!(desk.refuses(Operation::Merge { on: vec![crash()] }), Refusal::TooFew { least: 2 });
}

#[test]
fn parts_of_a_split_merge_into_the_whole_with_its_verdict() {
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Split { on: crash.clone(), at: edge(130) });
    desk.does(Operation::Merge { on: vec![crash, Target::Event(EventId(2, 0))] });
    let event = desk.events()[0];
    assert_eq!((frames(event.stretch), event.verdict), ((100, 200), Some(Verdict::Accepted)));
    assert_eq!(event.bases.len(), 1);
}

#[test]
fn an_added_event_is_accepted_and_has_nothing_of_the_model_under_it() {
    let mut desk = Desk::new();
    desk.does(Operation::Add { class: AnomalyClass::Explosion, stretch: stretch(0, FRAMES) });
    let event = desk.events()[0];
    assert_eq!((event.verdict, event.bases.len()), (Some(Verdict::Accepted), 0));
    let backwards = Stretch { start: edge(20), end: edge(10) };
    for wrong in [stretch(10, 10), backwards, stretch(10, FRAMES + 1)] {
        let add = Operation::Add { class: AnomalyClass::Explosion, stretch: wrong };
        assert_eq!(desk.refuses(add), Refusal::Edges { frames: FRAMES });
    }
}

#[test]
fn a_deleted_event_is_listed_no_more_and_nothing_can_be_done_to_it() {
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Delete { on: vec![crash.clone()] });
    assert_eq!(desk.events().len(), 0);
    assert_eq!(desk.document.state().events_and_deleted().count(), 1);
    assert_eq!(desk.refuses(accept(vec![crash])), Refusal::Deleted);
}

#[test]
fn notes_are_written_changed_and_taken_away_and_any_letter_survives() {
    let text = "\"van\", 'blue'\\\r\nשלום\u{202e}\u{2028}\u{0}🚓";
    let (mut desk, crash) = Desk::with_crash();
    desk.does(Operation::Note { on: crash.clone(), text: text.to_owned() });
    desk.does(Operation::NoteAt { at: edge(FRAMES - 1), text: text.to_owned() });
    let path = desk.document.path().to_owned();
    let trail = avar_review::verify(&path).unwrap();
    let state = trail.history.state();
    assert_eq!(&*state.events().next().unwrap().note, text);
    let note = state.notes().next().unwrap();
    assert_eq!((&*note.text, note.at), (text, edge(FRAMES - 1)));
    assert_eq!(trail.entries[2].author, AUTHOR);
    desk.does(Operation::EditNote { note: note.id, text: "a bus".to_owned() });
    assert_eq!(&*desk.document.state().notes().next().unwrap().text, "a bus");
    desk.does(Operation::EditNote { note: note.id, text: String::new() });
    desk.does(Operation::Note { on: crash, text: String::new() });
    assert_eq!((desk.document.state().notes().count(), &*desk.events()[0].note), (0, ""));
    assert_eq!(desk.refuses(Operation::EditNote { note: note.id, text: "x".to_owned() }), Refusal::NoNote);
    assert_eq!(desk.refuses(Operation::NoteAt { at: edge(1), text: String::new() }), Refusal::NoText);
    let beyond = Operation::NoteAt { at: edge(FRAMES), text: "x".to_owned() };
    assert_eq!(desk.refuses(beyond), Refusal::Edges { frames: FRAMES });
    assert_eq!(desk.refuses(Operation::NoteAt { at: edge(1), text: "x".repeat(1 << 20) }), Refusal::LongText);
}

#[test]
fn a_rule_is_part_of_the_document_if_it_makes_sense() {
    let (mut desk, _) = Desk::with_crash();
    let rule = Hysteresis { onset: 0.7, offset: 0.123456, min_on_s: 1.0 / 3.0, min_off_s: 0.1 };
    desk.does(Operation::SetRule { rule });
    assert_eq!(desk.document.state().rule.offset, 0.123456);
    assert_eq!(avar_review::verify(desk.document.path()).unwrap().history.state(), desk.document.state());
    let wrong = [
        Hysteresis { offset: 0.8, ..rule },
        Hysteresis { onset: f32::NAN, ..rule },
        Hysteresis { onset: 1.5, ..rule },
        Hysteresis { min_on_s: -1.0, ..rule },
        Hysteresis { min_off_s: f64::INFINITY, ..rule },
    ];
    for rule in wrong {
        assert_eq!(desk.refuses(Operation::SetRule { rule }), Refusal::Rule, "{rule:?}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_and_writes_nothing() {
    let (mut desk, decided) = Desk::with_crash();
    let before = std::fs::read(desk.document.path()).unwrap();
    assert_eq!(desk.refuses(accept(vec![])), Refusal::TooFew { least: 1 });
    assert_eq!(desk.refuses(accept(vec![Target::Event(EventId(9, 0))])), Refusal::NoEvent);
    assert_eq!(desk.refuses(accept(vec![decided.clone(), decided])), Refusal::Twice);
    assert_eq!(desk.refuses(accept(vec![crash()])), Refusal::Decided);
    let other = model(AnomalyClass::Crash, 400, 500, 0.8);
    assert_eq!(desk.refuses(accept(vec![of_model(&other), of_model(&other)])), Refusal::Twice);
    let scores = [f32::NAN, -0.5, 2.0];
    for class_score in scores {
        let wrong = avar_review::ModelEvent { class_score, ..other.clone() };
        assert_eq!(desk.refuses(accept(vec![of_model(&wrong)])), Refusal::NoNumber);
    }
    let wrong = avar_review::ModelEvent { peak_at: edge(500), ..other.clone() };
    assert_eq!(desk.refuses(accept(vec![of_model(&wrong)])), Refusal::NoNumber, "its peak is not within");
    let many = (0..10_001).map(|n| Target::Event(EventId(n, 0))).collect();
    assert_eq!(desk.refuses(accept(many)), Refusal::TooMany);
    assert_eq!(std::fs::read(desk.document.path()).unwrap(), before);
    let rule = Hysteresis { onset: 2.0, ..RULE };
    let header = avar_review::Header { rule, ..header() };
    assert!(Document::draft(header, desk.document.path()).is_err());
}
