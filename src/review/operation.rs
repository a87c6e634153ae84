//! What an analyst can do, as it stands in the trail.

use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use serde::{Deserialize, Serialize};

use crate::{Edge, Media, ModelEvent, ScoredBy, Stretch};

/// An event of the analyst's layer: the operation that made it, and which of those that it made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(pub u64, pub u32);

/// A note at a frame: the operation that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NoteId(pub u64);

/// The event that something is done to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One that the analyst has touched before.
    Event(EventId),
    /// One of the model's, as it stood on screen: with the first thing done to it the analyst's layer has it.
    Model(Box<ModelEvent>),
}

/// One thing done: one line, and one step of undo.
#[allow(missing_docs, reason = "what is said of an operation names its fields")]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Accept, reject, unsure, reviewed; of one event or of many.
    Judge { on: Vec<Target>, verdict: Verdict },
    /// Another class; of one event or of many.
    SetClass { on: Vec<Target>, class: AnomalyClass },
    /// The event begins here.
    TrimStart { on: Target, to: Edge },
    /// The event ends here.
    TrimEnd { on: Target, to: Edge },
    /// The event, as long as it was, lies here.
    Move { on: Target, to: Stretch },
    /// Two events of one: what is before the edge stays the event, what is after becomes another like it.
    Split { on: Target, at: Edge },
    /// One event of several, from the first start to the last end.
    Merge { on: Vec<Target> },
    /// An event that the model did not find. It is accepted: somebody has seen it.
    Add { class: AnomalyClass, stretch: Stretch },
    /// Takes events out of the list, one or many. The trail keeps them, and the model's events under them stay out.
    Delete { on: Vec<Target> },
    /// The note of an event; an empty text takes it away.
    Note { on: Target, text: String },
    /// A note at a frame.
    NoteAt { at: Edge, text: String },
    /// Another text of a note at a frame; an empty one takes it away.
    EditNote { note: NoteId, text: String },
    /// Another threshold rule.
    SetRule { rule: Hysteresis },
    /// The recording was found at another place.
    Relink { media: Media },
    /// The recording was analysed again.
    Rescore { scored_by: ScoredBy },
    /// Takes back the last operation that stands and can be taken back.
    Undo,
    /// Does again what was last taken back.
    Redo,
}

impl Operation {
    /// What is done, for menus ("Undo accept") and for the trail.
    pub fn label(&self) -> &'static str {
        match self {
            Operation::Judge { verdict: Verdict::Accepted, .. } => "accept",
            Operation::Judge { verdict: Verdict::Rejected, .. } => "reject",
            Operation::Judge { verdict: Verdict::Unsure, .. } => "mark as unsure",
            Operation::Judge { verdict: Verdict::Reviewed, .. } => "mark as reviewed",
            Operation::SetClass { .. } => "change class",
            Operation::TrimStart { .. } => "trim start",
            Operation::TrimEnd { .. } => "trim end",
            Operation::Move { .. } => "move",
            Operation::Split { .. } => "split",
            Operation::Merge { .. } => "merge",
            Operation::Add { .. } => "add event",
            Operation::Delete { .. } => "delete",
            Operation::Note { .. } | Operation::NoteAt { .. } => "note",
            Operation::EditNote { .. } => "edit note",
            Operation::SetRule { .. } => "change thresholds",
            Operation::Relink { .. } => "find the recording again",
            Operation::Rescore { .. } => "analyse again",
            Operation::Undo => "undo",
            Operation::Redo => "redo",
        }
    }
}
