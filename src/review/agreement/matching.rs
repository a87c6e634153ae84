//! Which events of two lists are one.

use super::{LEAST_IOU, NotComparable};
use crate::state::DecidedEvent;

/// Pairs that are looked at: far above what events that were decided by people make.
pub(super) const MOST_PAIRS: usize = 4_000_000;

/// Accepted events of two reviews, matched one to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventAgreement {
    /// Events of the first.
    pub first: usize,
    /// Events of the second.
    pub second: usize,
    /// Pairs of one class that are one.
    pub matched: usize,
}

impl EventAgreement {
    /// Both in order of time.
    pub(super) fn of(first: &[&DecidedEvent], second: &[&DecidedEvent]) -> Result<Self, NotComparable> {
        let matched = pairs(first, second, |one, other| one.class == other.class)?.len();
        Ok(Self { first: first.len(), second: second.len(), matched })
    }

    /// Of the second's events those that the first has too; `None` of none.
    pub fn precision(self) -> Option<f64> {
        share(self.matched, self.second)
    }

    /// Of the first's events those that the second has too; `None` of none.
    pub fn recall(self) -> Option<f64> {
        share(self.matched, self.first)
    }

    /// Harmonic mean of both, the same whichever review is the first; `None` where neither has an event.
    pub fn f1(self) -> Option<f64> {
        share(2 * self.matched, self.first + self.second)
    }
}

fn share(count: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

/// Two events that are one, by their places in the lists, and their temporal IoU.
pub(super) type Pair = (usize, usize, f64);

/// One to one, the pair with the highest IoU first; of equals the one that comes first in the first list, then in the
/// second. Both lists are in order of their starts.
pub(super) fn pairs(
    first: &[&DecidedEvent],
    second: &[&DecidedEvent],
    may_be_one: impl Fn(&DecidedEvent, &DecidedEvent) -> bool,
) -> Result<Vec<Pair>, NotComparable> {
    let mut candidates: Vec<Pair> = Vec::new();
    let mut looked_at = 0;
    for (place, one) in first.iter().enumerate() {
        // With an IoU of a half neither is longer than twice the other, so the second starts no earlier than this.
        let earliest = one.stretch.start.frame.0.saturating_sub(one.stretch.frames());
        let from = second.partition_point(|other| other.stretch.start.frame.0 < earliest);
        for (other_place, other) in second.iter().enumerate().skip(from) {
            if other.stretch.start.frame >= one.stretch.end.frame {
                break;
            }
            looked_at += 1;
            if looked_at > MOST_PAIRS {
                return Err(NotComparable::TooManyPairs);
            }
            let iou = one.stretch.iou(other.stretch);
            if iou >= LEAST_IOU && may_be_one(one, other) {
                candidates.push((place, other_place, iou));
            }
        }
    }
    candidates.sort_by(|one, other| other.2.total_cmp(&one.2).then((one.0, one.1).cmp(&(other.0, other.1))));
    let (mut is_taken, mut is_other_taken) = (vec![false; first.len()], vec![false; second.len()]);
    candidates.retain(|(place, other_place, _)| {
        let is_free = !is_taken[*place] && !is_other_taken[*other_place];
        if is_free {
            (is_taken[*place], is_other_taken[*other_place]) = (true, true);
        }
        is_free
    });
    Ok(candidates)
}
