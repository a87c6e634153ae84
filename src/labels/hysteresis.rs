//! From anomaly scores to the runs of steps that are events: one rule for what a reviewer is shown and what is measured.
//!
//! An event opens at the first step whose anomaly score reaches the onset threshold and closes before the
//! first step that falls below the lower offset threshold; so a score that wavers around one line does not
//! shatter into many events. Runs closer than `min_off_s` are joined first, then runs shorter than
//! `min_on_s` are dropped: the order of the usual binarisation in event detection.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Half of the last of the six decimals with which scores are written.
const HALF_A_DIGIT: f64 = 5e-7;

/// Whether an anomaly score has reached a threshold: it is the threshold or more, as it is written, with six decimals.
///
/// The one rule for steps, clips, events, curves and pictures. Without the decimals 1 − 0.9 would fall short of 0.1 by
/// a hair, and a run would be decided otherwise once it has been written and read.
pub fn reaches(score: f64, threshold: f64) -> bool {
    score + HALF_A_DIGIT >= threshold
}

/// When an event opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hysteresis {
    /// An event opens at this anomaly score.
    pub onset: f32,
    /// An event closes below this anomaly score; at most `onset`.
    pub offset: f32,
    /// Shorter events are dropped, after gaps have been closed.
    pub min_on_s: f64,
    /// Shorter gaps are closed.
    pub min_off_s: f64,
}

impl Default for Hysteresis {
    fn default() -> Self {
        Self { onset: 0.5, offset: 0.4, min_on_s: 0.5, min_off_s: 0.5 }
    }
}

impl Hysteresis {
    /// Moves the onset to `onset` (kept within 0.01..=0.99) and the offset with it, by the same distance.
    pub fn with_onset(self, onset: f32) -> Self {
        let onset = onset.clamp(0.01, 0.99);
        let distance = (self.onset - self.offset).max(0.0);
        Self { onset, offset: (onset - distance).max(0.0), ..self }
    }

    /// The steps of each event, disjoint and in order, among steps of `step_s` with these anomaly scores.
    pub fn runs(self, scores: impl IntoIterator<Item = f32>, step_s: f64) -> Vec<Range<usize>> {
        let mut runs = self.runs_above(scores);
        // A gap or a run of exactly the limit counts as long enough, whatever rounding made of it.
        let tolerance_s = step_s * 1e-6;
        runs.dedup_by(|next, run| {
            let gap_s = (next.start - run.end) as f64 * step_s;
            let joined = gap_s + tolerance_s < self.min_off_s;
            if joined {
                run.end = next.end;
            }
            joined
        });
        runs.retain(|run| run.len() as f64 * step_s + tolerance_s >= self.min_on_s);
        runs
    }

    fn runs_above(self, scores: impl IntoIterator<Item = f32>) -> Vec<Range<usize>> {
        let mut runs: Vec<Range<usize>> = Vec::new();
        let mut is_open = false;
        let (onset, offset) = (f64::from(self.onset), f64::from(self.offset));
        for (step, score) in scores.into_iter().enumerate() {
            let score = f64::from(score);
            match runs.last_mut() {
                Some(run) if is_open && reaches(score, offset) => run.end = step + 1,
                _ if reaches(score, onset) => {
                    is_open = true;
                    runs.push(step..step + 1);
                }
                _ => is_open = false,
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.3, min_on_s: 0.0, min_off_s: 0.0 };

    /// Four steps a second; first and last step of each event.
    fn bounds(anomaly: &[f32], hysteresis: Hysteresis) -> Vec<(usize, usize)> {
        let runs = hysteresis.runs(anomaly.iter().copied(), 0.25);
        runs.into_iter().map(|run| (run.start, run.end - 1)).collect()
    }

    #[test]
    fn an_event_stays_open_between_the_two_thresholds() {
        assert_eq!(bounds(&[0.1, 0.6, 0.4, 0.35, 0.2, 0.4], PLAIN), [(1, 3)]);
    }

    #[test]
    fn nothing_opens_an_event_below_the_onset_or_without_steps() {
        assert_eq!(bounds(&[0.4, 0.45, 0.49], PLAIN), []);
        assert_eq!(bounds(&[], PLAIN), []);
    }

    #[test]
    fn a_score_has_reached_the_threshold_that_it_is_written_as() {
        for (normal, threshold) in [(0.9, 0.1), (0.8, 0.2), (0.3, 0.7), (0.55, 0.45)] {
            assert!(reaches(1.0 - normal, threshold), "1 - {normal} is {threshold}");
            assert!(reaches(f64::from(1.0 - normal as f32), threshold), "and in single precision");
            assert!(!reaches(1.0 - normal, threshold + 1e-6), "one digit short of {threshold}");
        }
        assert!(!reaches(f64::NAN, 0.0));
    }

    #[test]
    fn an_event_opens_at_a_score_that_is_written_as_the_onset() {
        let at_a_fifth = Hysteresis { onset: 0.2, offset: 0.1, ..PLAIN };
        assert_eq!(bounds(&[1.0 - 0.8, 1.0 - 0.9, 0.0999], at_a_fifth), [(0, 1)]);
    }

    #[test]
    fn an_event_may_fill_the_whole_file() {
        assert_eq!(bounds(&[0.9, 0.9, 0.9], PLAIN), [(0, 2)]);
    }

    #[test]
    fn gaps_shorter_than_the_limit_are_closed_and_longer_ones_are_not() {
        let joined = Hysteresis { min_off_s: 0.5, ..PLAIN };
        assert_eq!(bounds(&[0.9, 0.0, 0.9], joined), [(0, 2)]);
        assert_eq!(bounds(&[0.9, 0.0, 0.0, 0.9], joined), [(0, 0), (3, 3)]);
    }

    #[test]
    fn gaps_are_closed_before_short_events_are_dropped() {
        let both = Hysteresis { min_on_s: 0.75, min_off_s: 0.5, ..PLAIN };
        assert_eq!(bounds(&[0.9, 0.0, 0.9, 0.0, 0.0, 0.9, 0.9], both), [(0, 2)]);
    }

    #[test]
    fn a_gap_or_an_event_of_exactly_the_limit_is_long_enough() {
        let limits = Hysteresis { min_on_s: 0.25, min_off_s: 0.25, ..PLAIN };
        assert_eq!(bounds(&[0.9, 0.0, 0.9], limits), [(0, 0), (2, 2)]);
    }

    #[test]
    fn moving_the_onset_takes_the_offset_along() {
        let moved = Hysteresis { onset: 0.5, offset: 0.4, ..PLAIN }.with_onset(0.8);
        assert!((moved.offset - 0.7).abs() < 1e-6);
        assert_eq!(PLAIN.with_onset(5.0).onset, 0.99);
    }
}
