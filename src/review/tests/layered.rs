//! The analyst's layer over the model's while the rule moves.

use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_review::layers::{Basis, ListedEvent, listed};
use avar_review::{Document, Operation, ScoredSteps, Target, rebuild};

use crate::world::{AUTHOR, FRAMES_A_STEP, edge, folder, header, scored, stretch, time};

const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.4, min_on_s: 0.0, min_off_s: 0.0 };

struct Desk {
    document: Document,
    scored: ScoredSteps,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn new(anomaly: &[f32]) -> Self {
        let (folder, path) = folder();
        let header = avar_review::Header { rule: PLAIN, ..header() };
        Self { document: Document::draft(header, &path).unwrap(), scored: scored(anomaly), _folder: folder }
    }

    fn list(&self) -> Vec<ListedEvent> {
        let state = self.document.state();
        listed(state, Some(&self.scored), &rebuild(&self.scored, state.rule))
    }

    /// First and last step, verdict and basis of each.
    fn shows(&self) -> Vec<(usize, usize, Option<Verdict>, Basis)> {
        let steps = |event: &ListedEvent| {
            let (start, end) = crate::world::frames(event.stretch);
            (start / FRAMES_A_STEP, end / FRAMES_A_STEP - 1)
        };
        self.list().iter().map(|event| (steps(event).0, steps(event).1, event.verdict, event.basis)).collect()
    }

    fn does(&mut self, operation: Operation) {
        self.document.append(operation, time(0), AUTHOR).unwrap();
    }

    fn judges(&mut self, place: usize, verdict: Verdict) {
        let on = vec![self.target(place)];
        self.does(Operation::Judge { on, verdict });
    }

    fn target(&self, place: usize) -> Target {
        self.list()[place].target.clone()
    }

    fn onset(&mut self, onset: f32) {
        let rule = self.document.state().rule.with_onset(onset);
        self.does(Operation::SetRule { rule });
    }
}

const OPEN: Option<Verdict> = None;
const ACCEPTED: Option<Verdict> = Some(Verdict::Accepted);
const REJECTED: Option<Verdict> = Some(Verdict::Rejected);

#[test]
fn what_nobody_touched_is_the_models_and_unreviewed() {
    let desk = Desk::new(&[0.1, 0.9, 0.8, 0.1, 0.6, 0.1]);
    assert_eq!(desk.shows(), [(1, 2, OPEN, Basis::Model), (4, 4, OPEN, Basis::Model)]);
    let event = &desk.list()[0];
    assert_eq!((event.class, event.peak), (AnomalyClass::Crash, Some(0.9)));
    assert!((event.class_score.unwrap() - 0.85).abs() < 1e-6);
}

#[test]
fn a_decided_event_keeps_its_edges_while_the_others_follow_the_rule() {
    let mut desk = Desk::new(&[0.3, 0.9, 0.8, 0.3, 0.1, 0.1, 0.3, 0.6, 0.3, 0.1]);
    desk.judges(0, Verdict::Accepted);
    desk.onset(0.3);
    assert_eq!(desk.shows(), [(1, 2, ACCEPTED, Basis::Model), (6, 8, OPEN, Basis::Model)]);
    desk.onset(0.85);
    assert_eq!(desk.shows(), [(1, 2, ACCEPTED, Basis::Model)]);
    desk.onset(0.5);
    assert_eq!(desk.shows(), [(1, 2, ACCEPTED, Basis::Model), (7, 7, OPEN, Basis::Model)]);
}

#[test]
fn a_decision_whose_model_event_is_gone_stays_and_says_so() {
    let mut desk = Desk::new(&[0.1, 0.6, 0.7, 0.1, 0.9]);
    desk.judges(0, Verdict::Rejected);
    desk.onset(0.8);
    assert_eq!(desk.shows(), [(1, 2, REJECTED, Basis::Lost), (4, 4, OPEN, Basis::Model)]);
    desk.onset(0.6);
    assert_eq!(desk.shows(), [(1, 2, REJECTED, Basis::Model), (4, 4, OPEN, Basis::Model)]);
}

#[test]
fn a_decision_is_lost_as_well_when_the_least_duration_drops_its_event() {
    let mut desk = Desk::new(&[0.1, 0.6, 0.7, 0.1, 0.9, 0.9, 0.9, 0.9]);
    desk.judges(0, Verdict::Accepted);
    desk.does(Operation::SetRule { rule: Hysteresis { min_on_s: 1.0, ..PLAIN } });
    assert_eq!(desk.shows(), [(1, 2, ACCEPTED, Basis::Lost), (4, 7, OPEN, Basis::Model)]);
}

#[test]
fn a_neighbour_that_reaches_into_the_place_of_a_lost_event_is_not_that_event() {
    let mut desk = Desk::new(&[0.9, 0.9, 0.35, 0.35, 0.6, 0.1, 0.65, 0.1]);
    desk.does(Operation::SetRule { rule: Hysteresis { min_off_s: 0.5, ..PLAIN } });
    assert_eq!(desk.shows(), [(0, 1, OPEN, Basis::Model), (4, 6, OPEN, Basis::Model)], "a gap of one step is bridged");
    desk.judges(1, Verdict::Accepted);
    desk.does(Operation::SetRule { rule: Hysteresis { onset: 0.8, offset: 0.3, ..PLAIN } });
    let state = desk.document.state();
    assert!(rebuild(&desk.scored, state.rule)[0].stretch.overlap(desk.list()[1].stretch) > 0, "it reaches into it");
    assert_eq!(desk.shows(), [(0, 3, OPEN, Basis::Model), (4, 6, ACCEPTED, Basis::Lost)]);
}

#[test]
fn a_decided_event_that_falls_apart_as_thresholds_rise_brings_nothing_back() {
    let mut desk = Desk::new(&[0.1, 0.9, 0.45, 0.45, 0.8, 0.1]);
    desk.judges(0, Verdict::Rejected);
    desk.onset(0.6);
    assert_eq!(rebuild(&desk.scored, desk.document.state().rule).len(), 2, "the model has two now");
    assert_eq!(desk.shows(), [(1, 4, REJECTED, Basis::Model)]);
}

#[test]
fn two_decided_events_that_melt_into_one_stay_two_and_nothing_is_open() {
    let mut desk = Desk::new(&[0.1, 0.9, 0.9, 0.3, 0.8, 0.8, 0.1]);
    desk.judges(0, Verdict::Accepted);
    desk.judges(1, Verdict::Rejected);
    desk.onset(0.3);
    assert_eq!(desk.shows(), [(1, 2, ACCEPTED, Basis::Model), (4, 5, REJECTED, Basis::Model)]);
}

#[test]
fn an_unreviewed_peak_that_melts_into_a_decided_event_stays_listed_with_its_own_edges() {
    let mut desk = Desk::new(&[0.1, 0.9, 0.9, 0.9, 0.9, 0.3, 0.7, 0.3, 0.1]);
    desk.judges(0, Verdict::Accepted);
    assert_eq!(desk.shows(), [(1, 4, ACCEPTED, Basis::Model), (6, 6, OPEN, Basis::Model)]);
    desk.onset(0.35);
    assert_eq!(rebuild(&desk.scored, desk.document.state().rule).len(), 1, "the model has one now");
    assert_eq!(desk.shows(), [(1, 4, ACCEPTED, Basis::Model), (6, 7, OPEN, Basis::Model)]);
}

#[test]
fn the_flanks_that_a_decided_event_grows_are_no_events_until_they_outweigh_it() {
    let mut desk = Desk::new(&[0.1, 0.3, 0.9, 0.9, 0.9, 0.3, 0.1]);
    desk.judges(0, Verdict::Accepted);
    desk.onset(0.3);
    assert_eq!(rebuild(&desk.scored, desk.document.state().rule)[0].stretch.frames(), 30, "five steps of the model");
    assert_eq!(desk.shows(), [(2, 4, ACCEPTED, Basis::Model)]);
    let mut wide = Desk::new(&[0.2, 0.2, 0.2, 0.9, 0.9, 0.2, 0.2, 0.1]);
    wide.judges(0, Verdict::Accepted);
    wide.onset(0.2);
    let open = |first, last| (first, last, OPEN, Basis::Model);
    assert_eq!(wide.shows(), [open(0, 2), (3, 4, ACCEPTED, Basis::Model), open(5, 7)]);
}

#[test]
fn what_was_trimmed_split_merged_or_deleted_answers_all_that_was_on_screen() {
    let anomaly = [0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.1];
    let mut trimmed = Desk::new(&anomaly);
    trimmed.does(Operation::TrimStart { on: trimmed.target(0), to: edge(6 * 5) });
    assert_eq!(trimmed.shows(), [(5, 6, OPEN, Basis::Model)]);
    let mut split = Desk::new(&anomaly);
    split.does(Operation::Split { on: split.target(0), at: edge(6 * 3) });
    assert_eq!(split.shows(), [(1, 2, OPEN, Basis::Model), (3, 6, OPEN, Basis::Model)]);
    split.does(Operation::Delete { on: vec![split.target(1)] });
    assert_eq!(split.shows(), [(1, 2, OPEN, Basis::Model)]);
    split.does(Operation::Delete { on: vec![split.target(0)] });
    assert_eq!(split.shows(), []);
    split.onset(0.85);
    assert_eq!(split.shows(), []);
    split.does(Operation::Undo);
    split.does(Operation::Undo);
    assert_eq!(split.shows(), [(1, 2, OPEN, Basis::Model)]);
}

#[test]
fn an_added_event_answers_what_the_model_finds_there_later() {
    let mut desk = Desk::new(&[0.1, 0.3, 0.3, 0.3, 0.1, 0.3, 0.1]);
    desk.does(Operation::Add { class: AnomalyClass::Pain, stretch: stretch(6, 24) });
    assert_eq!(desk.shows(), [(1, 3, ACCEPTED, Basis::Analyst)]);
    desk.onset(0.3);
    assert_eq!(desk.shows(), [(1, 3, ACCEPTED, Basis::Analyst), (5, 5, OPEN, Basis::Model)]);
    desk.does(Operation::Delete { on: vec![desk.target(0)] });
    let open = |first, last| (first, last, OPEN, Basis::Model);
    assert_eq!(desk.shows(), [open(1, 3), open(5, 5)], "an addition taken back answers nothing");
}

#[test]
fn another_class_is_shown_with_its_own_score() {
    let mut desk = Desk::new(&[0.1, 0.9, 0.9, 0.1]);
    desk.does(Operation::SetClass { on: vec![desk.target(0)], class: AnomalyClass::Pain });
    let event = &desk.list()[0];
    assert_eq!((event.class, event.class_score, event.peak), (AnomalyClass::Pain, Some(0.0), Some(0.9)));
    assert_eq!(event.also, [AnomalyClass::Crash], "and what the model said");
}

#[test]
fn without_scores_decisions_are_listed_by_what_they_were_decided_on_and_none_is_lost() {
    let mut desk = Desk::new(&[0.1, 0.9, 0.9, 0.1]);
    desk.judges(0, Verdict::Accepted);
    let list = listed(desk.document.state(), None, &[]);
    assert_eq!((list.len(), list[0].peak, list[0].basis), (1, Some(0.9), Basis::Model));
    assert!((list[0].class_score.unwrap() - 0.9).abs() < 1e-6);
}

/// By a slow count, step by step: whatever was done and however the rule moved, a step that the model calls anomalous is
/// claimed, or listed as open, or lies in an event of which at least half is claimed and is below the onset that was in
/// force; and no step that is claimed is listed as open.
#[test]
fn no_anomalous_step_is_neither_decided_nor_listed_however_rule_and_decisions_follow_each_other() {
    let mut random = fastrand::Rng::with_seed(42);
    for round in 0..25 {
        let anomaly: Vec<f32> = (0..120).map(|_| random.f32() * random.f32() + random.f32() * 0.3).collect();
        let mut desk = Desk::new(&anomaly.iter().map(|score| score.min(1.0)).collect::<Vec<_>>());
        let mut lowest_onset = f32::MAX;
        for _ in 0..30 {
            desk.onset(random.u8(15..95) as f32 / 100.0);
            let list = desk.list();
            let Some(place) = (!list.is_empty()).then(|| random.usize(0..list.len())) else { continue };
            lowest_onset = lowest_onset.min(desk.document.state().rule.onset);
            match random.u8(0..6) {
                0 => desk.does(Operation::Delete { on: vec![desk.target(place)] }),
                1 => drop(desk.document.append(
                    Operation::Split { on: desk.target(place), at: edge(6 * random.usize(0..120)) },
                    time(0),
                    AUTHOR,
                )),
                _ => desk.judges(place, Verdict::Accepted),
            }
            check(&desk, &format!("round {round}"));
        }
    }
}

fn check(desk: &Desk, what: &str) {
    let state = desk.document.state();
    let model = rebuild(&desk.scored, state.rule);
    let list = listed(state, Some(&desk.scored), &model);
    let claims = |frame| {
        state.events_and_deleted().filter(move |event| {
            let own = !event.is_deleted && event.stretch.contains(frame);
            own || event.bases.iter().any(|basis| basis.stretch.contains(frame))
        })
    };
    let is_open = |frame| list.iter().any(|event| event.id().is_none() && event.stretch.contains(frame));
    for event in &model {
        let steps = || desk.scored.steps().iter().filter(|step| event.stretch.contains(step.start.frame));
        let claimed = steps().filter(|step| claims(step.start.frame).next().is_some()).count();
        let onset = steps().flat_map(|step| claims(step.start.frame)).map(|event| event.onset).fold(1.0, f32::min);
        for step in steps() {
            let (frame, score) = (step.start.frame, step.scores.anomaly());
            let is_claimed = claims(frame).next().is_some();
            assert!(!(is_claimed && is_open(frame)), "{what}: a decided step is listed as open");
            let is_grown = 2 * claimed >= steps().count() && score < onset;
            let stands_out = score >= state.rule.onset;
            assert!(is_claimed || is_open(frame) || is_grown || !stands_out, "{what}: a step of {score} is hidden");
        }
    }
}
