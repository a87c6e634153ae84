//! What Present adds to the desk's state.

use crate::state::RecordingId;

/// Lasts until Present is left.
#[derive(Clone, Debug, Default)]
pub struct PresentState {
    /// The recordings whose content warning has been answered; the pictures of the others are veiled.
    pub confirmed: Vec<RecordingId>,
    /// Recordings follow one another for ever, as on a stand.
    pub is_stand: bool,
    /// The screen to fill, as the system counts them; `None`: the one that the window is on.
    pub screen: Option<usize>,
}

impl PresentState {
    /// On a stand the question is asked once, and for the whole queue.
    pub fn is_confirmed(&self, recording: RecordingId) -> bool {
        self.confirmed.contains(&recording) || (self.is_stand && !self.confirmed.is_empty())
    }
}
