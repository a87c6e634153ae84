//! Two runs side by side: what they share, and what only one of them has.

use std::collections::HashMap;

use super::Run;

/// The clips of two runs by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// Positions in the first and in the second run, in the order of the first.
    pub shared: Vec<(usize, usize)>,
    /// How many clips the second run lacks.
    pub only_first: usize,
    /// How many clips the first run lacks.
    pub only_second: usize,
    /// Shared clips whose true classes differ; they stay in `shared`, and the first run's truth is shown.
    pub other_truth: usize,
}

impl Pairing {
    /// A clip is the same in both where both write its path alike.
    pub fn new(first: &Run, second: &Run) -> Self {
        let places: HashMap<&str, usize> =
            second.scored().enumerate().map(|(place, clip)| (clip.path.as_str(), place)).collect();
        let shared: Vec<(usize, usize)> = first
            .scored()
            .enumerate()
            .filter_map(|(place, clip)| Some((place, *places.get(clip.path.as_str())?)))
            .collect();
        let other_truth =
            shared.iter().filter(|(a, b)| first.clips[*a].scored.truth != second.clips[*b].scored.truth).count();
        Self {
            only_first: first.clips.len() - shared.len(),
            only_second: second.clips.len() - shared.len(),
            other_truth,
            shared,
        }
    }

    /// What a reader of a comparison must know; empty where both runs are over the same clips.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.only_first + self.only_second > 0 {
            notes.push(format!(
                "Compared on the {} clips that both runs have; {} only in A, {} only in B.",
                self.shared.len(),
                self.only_first,
                self.only_second
            ));
        }
        if self.other_truth > 0 {
            notes.push(format!("{} clips are labelled differently in B; A's labels are shown.", self.other_truth));
        }
        notes
    }
}
