//! Two reviews of one recording beside each other, against scikit-learn (`make_fixtures.py`).

use avar_base::time::FrameIndex;
use avar_labels::{AnomalyClass, Verdict};
use avar_review::agreement::{Aspect, Difference, NotComparable, agreement};
use avar_review::{Document, EventId, Operation, Target};
use serde_json::Value;

use crate::world::{AUTHOR, RULE, folder, frames, header, model, of_model, stretch, time};

const TOLERANCE: f64 = 1e-12;

struct Analyst {
    document: Document,
    _folder: tempfile::TempDir,
}

impl Analyst {
    fn new(length: usize) -> Self {
        let (folder, path) = folder();
        let mut header = header();
        header.media.frames = length;
        Self { document: Document::draft(header, &path).unwrap(), _folder: folder }
    }

    fn does(&mut self, operation: Operation) {
        self.document.append(operation, time(0), AUTHOR).unwrap();
    }

    fn adds(&mut self, class: AnomalyClass, start: usize, end: usize) -> Target {
        self.does(Operation::Add { class, stretch: stretch(start, end) });
        Target::Event(EventId(self.document.entries().len() as u64, 0))
    }

    fn of(events: &Value, length: usize) -> Self {
        let mut analyst = Self::new(length);
        for event in events.as_array().unwrap() {
            let number = |at: usize| event[at].as_u64().unwrap() as usize;
            analyst.adds(AnomalyClass::from_index(number(0)).unwrap(), number(1), number(2));
        }
        analyst
    }
}

#[track_caller]
fn assert_same(ours: Option<f64>, theirs: &Value, what: &str) {
    match (ours, theirs.as_f64()) {
        (Some(ours), Some(theirs)) => assert!((ours - theirs).abs() <= TOLERANCE, "{what}: {ours} for {theirs}"),
        (None, None) => assert!(theirs.is_null(), "{what}"),
        (ours, _) => panic!("{what}: {ours:?} for {theirs}"),
    }
}

#[test]
fn kappa_and_matched_events_are_those_of_scikit_learn() {
    let fixtures: Value = serde_json::from_str(include_str!("agreement.json")).unwrap();
    let length = fixtures["frames"].as_u64().unwrap() as usize;
    let steps: Vec<FrameIndex> =
        (0..length).step_by(fixtures["frames_a_step"].as_u64().unwrap() as usize).map(FrameIndex).collect();
    let cases = fixtures["cases"].as_array().unwrap();
    assert!(cases.len() >= 18);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let [first, second] = ["first", "second"].map(|which| Analyst::of(&case[which], length));
        let found = agreement(first.document.state(), second.document.state(), &steps).unwrap();
        assert_same(found.kappa, &case["kappa"], name);
        for class in AnomalyClass::ALL {
            let theirs = &case["kappa_by_class"][class.index()];
            assert_same(found.kappa_by_class[class.index()], theirs, &format!("{name}, {}", class.name()));
        }
        assert_eq!(found.events.matched as u64, case["matched"].as_u64().unwrap(), "{name}");
        let ours = [found.events.precision(), found.events.recall(), found.events.f1()];
        for (ours, theirs) in ours.into_iter().zip(case["precision_recall_f1"].as_array().unwrap()) {
            assert_same(ours, theirs, name);
        }
    }
}

#[test]
fn differences_are_listed_in_order_of_time_with_what_differs() {
    use AnomalyClass::{Crash, Explosion, Pain};
    let [mut first, mut second] = [Analyst::new(3000), Analyst::new(3000)];
    for analyst in [&mut first, &mut second] {
        analyst.adds(Crash, 0, 100);
    }
    let only_first = first.adds(Pain, 1000, 1100);
    let rejected = second.adds(Explosion, 210, 300);
    second.does(Operation::Judge { on: vec![rejected.clone()], verdict: Verdict::Rejected });
    second.does(Operation::Note { on: rejected, text: "fireworks".to_owned() });
    first.adds(Crash, 200, 300);
    second.adds(Pain, 2000, 2100);
    second.does(Operation::SetRule { rule: RULE.with_onset(0.7) });
    let found = agreement(first.document.state(), second.document.state(), &[]).unwrap();
    let told: Vec<String> = found
        .differences
        .iter()
        .map(|difference| match difference {
            Difference::Rule { first, second } => format!("rule {} {}", first.onset, second.onset),
            Difference::OnlyFirst(event) => format!("first {:?}", frames(event.stretch)),
            Difference::OnlySecond(event) => format!("second {:?}", frames(event.stretch)),
            Difference::Event { first, second, aspects } => {
                format!("{:?} {:?} {aspects:?}", frames(first.stretch), frames(second.stretch))
            }
        })
        .collect();
    let aspects = [Aspect::Verdict, Aspect::Class, Aspect::Edges, Aspect::Note];
    let expected = [
        "rule 0.5 0.7".to_owned(),
        format!("(200, 300) (210, 300) {aspects:?}"),
        "first (1000, 1100)".to_owned(),
        "second (2000, 2100)".to_owned(),
    ];
    assert_eq!(told, expected);
    assert_eq!((found.events.first, found.events.second, found.events.matched), (3, 2, 1), "accepted ones count");
    first.does(Operation::Delete { on: vec![only_first] });
    let found = agreement(first.document.state(), second.document.state(), &[]).unwrap();
    assert_eq!(found.differences.len(), 3, "what is deleted is said by nobody");
}

#[test]
fn the_same_review_twice_differs_in_nothing() {
    let (_folder, path) = folder();
    let document = crate::world::written(&path, 60, 9);
    let steps: Vec<FrameIndex> = (0..4000).step_by(6).map(FrameIndex).collect();
    let found = agreement(document.state(), document.state(), &steps).unwrap();
    assert_eq!(found.differences, []);
    assert_eq!((found.kappa, found.events.f1()), (Some(1.0), Some(1.0)));
}

#[test]
fn reviews_of_two_recordings_or_of_heaps_of_events_are_not_compared() {
    let [first, longer] = [Analyst::new(3000), Analyst::new(3001)];
    let outcome = agreement(first.document.state(), longer.document.state(), &[]);
    assert_eq!(outcome, Err(NotComparable::OtherRecording));
    let [mut first, mut second] = [Analyst::new(3000), Analyst::new(3000)];
    for analyst in [&mut first, &mut second] {
        // Each a frame longer than the one before.
        let heap = (0..2001).map(|n| of_model(&model(AnomalyClass::Crash, 0, 900 + n, 0.9))).collect();
        analyst.does(Operation::Judge { on: heap, verdict: Verdict::Accepted });
    }
    let outcome = agreement(first.document.state(), second.document.state(), &[]);
    assert_eq!(outcome, Err(NotComparable::TooManyPairs));
}
