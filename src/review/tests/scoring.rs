//! The model's events under a rule.

use avar_labels::{AnomalyClass, ClassScores, Hysteresis};
use avar_review::{ScoredStep, ScoredSteps, StepsError, rebuild};

use crate::world::{RULE, edge, frames, scored, scored_classes};

const PLAIN: Hysteresis = Hysteresis { min_on_s: 0.0, min_off_s: 0.0, ..RULE };

fn edges(anomaly: &[f32], rule: Hysteresis) -> Vec<(usize, usize)> {
    rebuild(&scored(anomaly), rule).iter().map(|event| frames(event.stretch)).collect()
}

#[test]
fn edges_are_the_frames_of_steps_and_the_end_is_that_of_the_recording() {
    let anomaly = [0.1, 0.6, 0.45, 0.3, 0.1, 0.9, 0.9];
    assert_eq!(edges(&anomaly, PLAIN), [(6, 18), (30, 42)]);
}

#[test]
fn short_gaps_are_bridged_before_short_events_are_dropped() {
    let anomaly = [0.9, 0.0, 0.9, 0.0, 0.0, 0.9, 0.0];
    assert_eq!(edges(&anomaly, PLAIN), [(0, 6), (12, 18), (30, 36)]);
    assert_eq!(edges(&anomaly, Hysteresis { min_off_s: 0.5, ..PLAIN }), [(0, 18), (30, 36)]);
    assert_eq!(edges(&anomaly, RULE), [(0, 18)]);
}

#[test]
fn an_event_has_its_class_with_that_classs_score_and_the_place_of_its_peak() {
    use AnomalyClass::{Brawling, Crash};
    let steps = [(Crash, 0.6), (Crash, 0.8), (Brawling, 0.9), (Crash, 0.9)];
    let events = rebuild(&scored_classes(&steps), PLAIN);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.class, event.peak, event.peak_at), (Crash, 0.9, edge(12)));
    assert!((event.class_score - (0.6 + 0.8 + 0.9) / 4.0).abs() < 1e-6, "{}", event.class_score);
    assert!((event.mean - 0.8).abs() < 1e-6);
    assert_eq!(event.also, [], "one step of another class is no change of class");
}

#[test]
fn an_event_that_changes_its_class_says_so() {
    use AnomalyClass::{Brawling, Crash, Pain};
    let steps = [(Brawling, 0.9), (Brawling, 0.9), (Brawling, 0.9), (Crash, 0.9), (Pain, 0.8), (Pain, 0.8)];
    let events = rebuild(&scored_classes(&steps), RULE);
    assert_eq!((events[0].class, events[0].also.as_slice()), (Brawling, &[Pain][..]));
}

#[test]
fn steps_of_a_slow_recording_share_frames_and_an_event_has_one_at_least() {
    let step = |frame, score: f32| {
        let mut scores = [0.0; 10];
        (scores[AnomalyClass::Normal.index()], scores[AnomalyClass::Crash.index()]) = (1.0 - score, score);
        ScoredStep { start: edge(frame), scores: ClassScores(scores) }
    };
    let steps = vec![step(0, 0.1), step(0, 0.9), step(0, 0.1), step(1, 0.1), step(1, 0.9)];
    let events = rebuild(&ScoredSteps::new(steps, edge(2), 0.25).unwrap(), PLAIN);
    assert_eq!(events.iter().map(|event| frames(event.stretch)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
}

#[test]
fn steps_out_of_order_or_without_numbers_are_refused() {
    let step = |frame, score| ScoredStep { start: edge(frame), scores: ClassScores([score; 10]) };
    let new = |steps: Vec<ScoredStep>, step_s| ScoredSteps::new(steps, edge(10), step_s).unwrap_err();
    assert_eq!(new(vec![step(5, 0.1), step(4, 0.1)], 0.25), StepsError::Order { step: 0 });
    assert_eq!(new(vec![step(5, 0.1), step(10, 0.1)], 0.25), StepsError::Order { step: 1 });
    assert_eq!(new(vec![step(5, f32::NAN)], 0.25), StepsError::Score { step: 0 });
    assert_eq!(new(vec![], 0.0), StepsError::Length(0.0));
}
