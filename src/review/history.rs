//! Undo and redo: what stands, in the order in which it was done, and what was taken back.

use crate::operation::Operation;
use crate::plan::plan;
use crate::state::{Change, ReviewState};
use crate::{Header, Refusal};

/// A state, and what can be taken back of it and done again.
///
/// What an operation replaced is kept beside it, so that undo puts back what stood there and cannot compute anything
/// else. Where the recording lies and what scored it are facts and not decisions: undo passes over them.
#[derive(Clone, Debug)]
pub struct History {
    state: ReviewState,
    done: Vec<Step>,
    undone: Vec<Step>,
}

/// An operation that can be taken back or done again, with what that puts in place.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    seq: u64,
    label: &'static str,
    changes: Vec<Change>,
}

/// What an operation will do: it has been found to make sense.
#[derive(Debug)]
pub(crate) enum Planned {
    Do(Step),
    Note(Vec<Change>),
    Undo,
    Redo,
}

impl History {
    /// Before the first operation.
    pub fn new(header: &Header) -> Self {
        Self { state: ReviewState::new(header), done: Vec::new(), undone: Vec::new() }
    }

    /// What stands.
    pub fn state(&self) -> &ReviewState {
        &self.state
    }

    /// What undo would take back: the number of the operation, and what was done.
    pub fn next_undo(&self) -> Option<(u64, &'static str)> {
        self.done.last().map(|step| (step.seq, step.label))
    }

    /// What redo would do again.
    pub fn next_redo(&self) -> Option<(u64, &'static str)> {
        self.undone.last().map(|step| (step.seq, step.label))
    }

    /// Whether an operation makes sense now; changes nothing.
    pub(crate) fn plan(&self, seq: u64, operation: &Operation) -> Result<Planned, Refusal> {
        match operation {
            Operation::Undo if self.done.is_empty() => Err(Refusal::NothingToUndo),
            Operation::Undo => Ok(Planned::Undo),
            Operation::Redo if self.undone.is_empty() => Err(Refusal::NothingToRedo),
            Operation::Redo => Ok(Planned::Redo),
            Operation::Relink { .. } | Operation::Rescore { .. } => {
                plan(&self.state, seq, operation).map(Planned::Note)
            }
            _ => {
                let changes = plan(&self.state, seq, operation)?;
                Ok(Planned::Do(Step { seq, label: operation.label(), changes }))
            }
        }
    }

    /// Does what [`Self::plan`] found.
    pub(crate) fn commit(&mut self, planned: Planned) {
        match planned {
            Planned::Do(mut step) => {
                step.swap_into(&mut self.state);
                self.done.push(step);
                self.undone.clear();
            }
            Planned::Note(changes) => changes.into_iter().for_each(|change| {
                self.state.swap(change);
            }),
            Planned::Undo => {
                if let Some(mut step) = self.done.pop() {
                    step.swap_into(&mut self.state);
                    self.undone.push(step);
                }
            }
            Planned::Redo => {
                if let Some(mut step) = self.undone.pop() {
                    step.swap_into(&mut self.state);
                    self.done.push(step);
                }
            }
        }
    }
}

impl Step {
    /// Puts the changes in and keeps what stood there, in the order in which it has to be put back.
    fn swap_into(&mut self, state: &mut ReviewState) {
        let changes = std::mem::take(&mut self.changes);
        self.changes = changes.into_iter().map(|change| state.swap(change)).collect();
        self.changes.reverse();
    }
}
