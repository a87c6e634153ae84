//! Where two reviews differ, event by event.

use avar_labels::Hysteresis;

use super::{NotComparable, in_order, matching};
use crate::ReviewState;
use crate::state::DecidedEvent;

/// In what two decisions on one event differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// Accepted here, rejected there.
    Verdict,
    /// Of another class.
    Class,
    /// Not from the same frame to the same frame.
    Edges,
    /// Another note.
    Note,
}

/// Something that two reviews do not say alike.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The model's events are found by another rule.
    Rule {
        /// Of the first review.
        first: Hysteresis,
        /// Of the second.
        second: Hysteresis,
    },
    /// An event that only the first review has decided on.
    OnlyFirst(Box<DecidedEvent>),
    /// An event that only the second review has decided on.
    OnlySecond(Box<DecidedEvent>),
    /// Two decisions on what is one event by its time.
    Event {
        /// Of the first review.
        first: Box<DecidedEvent>,
        /// Of the second.
        second: Box<DecidedEvent>,
        /// Never empty.
        aspects: Vec<Aspect>,
    },
}

/// Of all events that either review has touched, whatever the verdict; in order of time, the rule first.
pub(super) fn differences(first: &ReviewState, second: &ReviewState) -> Result<Vec<Difference>, NotComparable> {
    let (ours, theirs) = (in_order(first), in_order(second));
    let pairs = matching::pairs(&ours, &theirs, |_, _| true)?;
    let boxed = |event: &DecidedEvent| Box::new(event.clone());
    let mut differences = Vec::new();
    let (mut is_paired, mut is_other_paired) = (vec![false; ours.len()], vec![false; theirs.len()]);
    for (place, other_place, _) in pairs {
        (is_paired[place], is_other_paired[other_place]) = (true, true);
        let (one, other) = (ours[place], theirs[other_place]);
        let aspects = aspects(one, other);
        if !aspects.is_empty() {
            differences.push(Difference::Event { first: boxed(one), second: boxed(other), aspects });
        }
    }
    let alone = |events: &[&DecidedEvent], is_paired: &[bool]| -> Vec<Box<DecidedEvent>> {
        events.iter().zip(is_paired).filter(|(_, is_paired)| !**is_paired).map(|(event, _)| boxed(event)).collect()
    };
    differences.extend(alone(&ours, &is_paired).into_iter().map(Difference::OnlyFirst));
    differences.extend(alone(&theirs, &is_other_paired).into_iter().map(Difference::OnlySecond));
    differences.sort_by_key(Difference::start);
    if first.rule != second.rule {
        differences.insert(0, Difference::Rule { first: first.rule, second: second.rule });
    }
    Ok(differences)
}

impl Difference {
    /// The frame that it begins at.
    fn start(&self) -> usize {
        let start = |event: &DecidedEvent| event.stretch.start.frame.0;
        match self {
            Difference::Rule { .. } => 0,
            Difference::OnlyFirst(event) | Difference::OnlySecond(event) => start(event),
            Difference::Event { first, second, .. } => start(first).min(start(second)),
        }
    }
}

fn aspects(one: &DecidedEvent, other: &DecidedEvent) -> Vec<Aspect> {
    let edges = |event: &DecidedEvent| (event.stretch.start.frame, event.stretch.end.frame);
    let differing = [
        (Aspect::Verdict, one.verdict != other.verdict),
        (Aspect::Class, one.class != other.class),
        (Aspect::Edges, edges(one) != edges(other)),
        (Aspect::Note, one.note != other.note),
    ];
    differing.into_iter().filter(|(_, differs)| *differs).map(|(aspect, _)| aspect).collect()
}
