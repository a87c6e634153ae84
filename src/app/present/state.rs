//! What Present adds to the desk's state.

/// Lasts until Present is left.
#[derive(Clone, Debug, Default)]
pub struct PresentState {
    /// Whether the content warning has been answered; until then pictures are veiled.
    pub is_confirmed: bool,
    /// Recordings follow one another for ever, as on a stand.
    pub is_stand: bool,
    /// The screen to fill, as the system counts them; `None`: the one that the window is on.
    pub screen: Option<usize>,
}
