//! How far two reviews of one recording agree: on steps, on events, and where not.
//!
//! What counts as said by a review are its accepted events, those that the analyst added among them. An event that
//! nobody touched is the model's and no decision.

mod difference;
mod kappa;
mod matching;

use avar_base::time::FrameIndex;
use avar_labels::{AnomalyClass, CLASS_COUNT, Verdict};

pub use difference::{Aspect, Difference};
pub use kappa::cohen_kappa;
pub use matching::EventAgreement;

use crate::ReviewState;
use crate::state::DecidedEvent;

/// Two events are one from this temporal IoU on.
pub const LEAST_IOU: f64 = 0.5;

/// How far two reviews agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// How many steps were compared.
    pub steps: usize,
    /// Over the ten classes together: each step has the class of the accepted event that holds its frame, of several the
    /// one that starts first, and is normal where there is none. `None` where it is undefined ([`cohen_kappa`]).
    pub kappa: Option<f64>,
    /// Of each class by itself: whether an accepted event of that class holds the step's frame.
    pub kappa_by_class: [Option<f64>; CLASS_COUNT],
    /// Accepted events of one class that are one at [`LEAST_IOU`].
    pub events: EventAgreement,
    /// In order of time.
    pub differences: Vec<Difference>,
}

/// Why two reviews cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotComparable {
    /// They name other digests or lengths.
    #[error("the two reviews are of different recordings; choose two of one recording")]
    OtherRecording,
    /// Far more events lie over each other than people decide.
    #[error("the two reviews have more than {most} pairs of events that lie over each other; delete what is double", most = matching::MOST_PAIRS)]
    TooManyPairs,
}

/// Compares two reviews on steps that begin at these frames; the first is the one that precision and recall go by.
pub fn agreement(first: &ReviewState, second: &ReviewState, steps: &[FrameIndex]) -> Result<Agreement, NotComparable> {
    let (one, other) = (&first.media, &second.media);
    if one.sha256 != other.sha256 || one.frames != other.frames || one.ordinals_of != other.ordinals_of {
        return Err(NotComparable::OtherRecording);
    }
    let accepted = [accepted(first), accepted(second)];
    let classes = accepted.each_ref().map(|events| kappa::class_of_steps(events, steps));
    let kappa_by_class = AnomalyClass::ALL.map(|class| {
        let [one, other] = accepted.each_ref().map(|events| kappa::steps_of_class(events, class, steps));
        cohen_kappa(&one, &other)
    });
    Ok(Agreement {
        steps: steps.len(),
        kappa: cohen_kappa(&classes[0], &classes[1]),
        kappa_by_class,
        events: EventAgreement::of(&accepted[0], &accepted[1])?,
        differences: difference::differences(first, second)?,
    })
}

/// In order of time.
fn accepted(state: &ReviewState) -> Vec<&DecidedEvent> {
    let mut events = in_order(state);
    events.retain(|event| event.verdict == Some(Verdict::Accepted));
    events
}

fn in_order(state: &ReviewState) -> Vec<&DecidedEvent> {
    let mut events: Vec<&DecidedEvent> = state.events().collect();
    events.sort_by_key(|event| (event.stretch.start.frame, event.class, event.id));
    events
}
