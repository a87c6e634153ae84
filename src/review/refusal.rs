//! Why an operation makes no sense.

use crate::limits;

/// Why an operation is not done. The sentence names no file: what is done is seen in the window.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such event was ever made, or making it was undone, or it was merged into another.
    #[error("the event is no longer there; choose it anew from the list")]
    NoEvent,
    /// The event was deleted.
    #[error("the event is deleted; undo the deletion first")]
    Deleted,
    /// The analyst's layer holds this event of the model already.
    #[error("this event of the model is decided already; choose it anew from the list")]
    Decided,
    /// One event stands twice among those of an operation.
    #[error("an event stands twice among those chosen; choose each once")]
    Twice,
    /// An operation over no event, or a merger of one.
    #[error("please choose at least {least} event{s}", s = if *.least == 1 { "" } else { "s" })]
    TooFew { least: usize },
    /// An operation over more events than are allowed.
    #[error("one operation takes at most {most} events; choose fewer", most = limits::MOST_TARGETS)]
    TooMany,
    /// A merger of more of the model's events than are allowed.
    #[error("one event is merged of at most {most} of the model's; choose fewer", most = limits::MOST_BASES)]
    TooManyMerged,
    /// More events or notes than are allowed.
    #[error("the document is full: it holds {most} events and notes; begin another", most = limits::MOST_EVENTS)]
    Full,
    /// No frame would be within, or a frame would lie outside of the recording.
    #[error("an event has at least one frame and lies within the recording's {frames} frames; choose another place")]
    Edges { frames: usize },
    /// The split is not between two frames of the event.
    #[error("the playhead is not between two frames of the event; move it to where the second part begins")]
    NoSplit,
    /// A number that is none, or a score outside of 0 and 1.
    #[error("a score or a time of the event makes no sense; analyse the recording again")]
    NoNumber,
    /// No note has that number.
    #[error("the note is no longer there")]
    NoNote,
    /// A note without text.
    #[error("the note has no text")]
    NoText,
    /// A text is longer than allowed.
    #[error("the text is longer than {most} bytes; shorten it", most = limits::MOST_TEXT_BYTES)]
    LongText,
    /// Thresholds outside of 0 and 1, an offset above the onset, or a time below zero or above an hour.
    #[error("thresholds lie between 0 and 1, the offset not above the onset, and times between 0 and 3600 s")]
    Rule,
    /// What is said of the recording is not of the document's recording.
    #[error("this is not the recording that was reviewed: its digest or its length is another")]
    OtherMedia,
    /// There is nothing that could be taken back.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// There is nothing that was taken back and not followed by something else.
    #[error("there is nothing to redo")]
    NothingToRedo,
}
