//! Cohen's kappa: agreement beyond what chance brings. Cohen 1960.

use std::collections::BTreeMap;
use std::ops::Range;

use avar_base::time::FrameIndex;
use avar_labels::AnomalyClass;

use crate::state::DecidedEvent;

/// `(p_o - p_e) / (1 - p_e)`, where `p_o` is the share of equal labels and `p_e` what is expected of two who keep their
/// frequencies and do not look. `None` where that is undefined: of nothing, and where both say the same one thing
/// everywhere.
///
/// # Panics
///
/// Where the lists are of different lengths.
pub fn cohen_kappa<T: Ord>(first: &[T], second: &[T]) -> Option<f64> {
    assert_eq!(first.len(), second.len(), "two labels a step");
    let total = first.len() as f64;
    let mut counts: BTreeMap<&T, [f64; 2]> = BTreeMap::new();
    first.iter().for_each(|label| counts.entry(label).or_default()[0] += 1.0);
    second.iter().for_each(|label| counts.entry(label).or_default()[1] += 1.0);
    let equal = first.iter().zip(second).filter(|(one, other)| one == other).count() as f64;
    // In counts rather than shares: whole numbers, so that what is undefined is exactly so.
    let by_chance: f64 = counts.values().map(|[one, other]| one * other).sum();
    let beyond = total * total - by_chance;
    (beyond > 0.0).then(|| (total * equal - by_chance) / beyond)
}

/// The class of each step; of events in order of time.
pub(super) fn class_of_steps(events: &[&DecidedEvent], steps: &[FrameIndex]) -> Vec<AnomalyClass> {
    let mut classes = vec![AnomalyClass::Normal; steps.len()];
    let mut from = 0;
    // What starts first has its steps already: the next has only those behind.
    for event in events {
        let range = steps_of(event, steps);
        let range = range.start.max(from)..range.end;
        if !range.is_empty() {
            from = range.end;
            classes[range].fill(event.class);
        }
    }
    classes
}

/// Whether an event of that class holds the step; of events in order of time.
pub(super) fn steps_of_class(events: &[&DecidedEvent], class: AnomalyClass, steps: &[FrameIndex]) -> Vec<bool> {
    let of_class: Vec<&DecidedEvent> = events.iter().filter(|event| event.class == class).copied().collect();
    let mut is_held = vec![false; steps.len()];
    let mut from = 0;
    for event in of_class {
        let range = steps_of(event, steps);
        let range = range.start.max(from)..range.end;
        if !range.is_empty() {
            from = range.end;
            is_held[range].fill(true);
        }
    }
    is_held
}

fn steps_of(event: &DecidedEvent, steps: &[FrameIndex]) -> Range<usize> {
    let from = |frame: FrameIndex| steps.partition_point(|step| *step < frame);
    from(event.stretch.start.frame)..from(event.stretch.end.frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_of_a_worked_example_is_what_the_textbooks_say() {
        // Fleiss, Levin and Paik's form of table: 20 and 15 equal, 5 and 10 not; p_o = 0.7, p_e = 0.5.
        let pair = |count: usize, one: bool, other: bool| vec![(one, other); count];
        let all = [pair(20, true, true), pair(5, true, false), pair(10, false, true), pair(15, false, false)].concat();
        let (first, second): (Vec<bool>, Vec<bool>) = all.into_iter().unzip();
        assert!((cohen_kappa(&first, &second).unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn agreement_is_one_and_nothing_to_agree_on_is_none() {
        assert_eq!(cohen_kappa(&[1, 2, 1], &[1, 2, 1]), Some(1.0));
        assert_eq!(cohen_kappa(&[1, 1], &[1, 1]), None, "both say the same everywhere");
        assert_eq!(cohen_kappa(&[1, 1], &[2, 2]), Some(0.0), "never equal, and none expected");
        assert_eq!(cohen_kappa::<bool>(&[], &[]), None);
    }
}
