//! From step scores to events, as the desk itself does it: what is measured is what a reviewer would be shown.

use serde::Serialize;

use crate::classes::anomaly_score;

use super::clip::ScoredClip;
use super::span::Span;

/// When an event opens and closes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
    /// The events of a clip, disjoint and in order, in seconds on the file's axis.
    pub fn events(self, clip: &ScoredClip) -> Vec<Span> {
        let scores: Vec<f32> = clip.steps.iter().map(anomaly_score).collect();
        self.events_among(&scores, clip)
    }

    /// As [`Hysteresis::events`], of the anomaly scores of the clip's steps.
    pub(super) fn events_among(self, scores: &[f32], clip: &ScoredClip) -> Vec<Span> {
        let mut runs = self.runs(scores);
        // A gap or a run of exactly the limit counts as long enough, whatever rounding made of it.
        let tolerance_s = clip.step_s * 1e-6;
        runs.dedup_by(|next, run| {
            let gap_s = (next.start - run.end) as f64 * clip.step_s;
            let joined = gap_s + tolerance_s < self.min_off_s;
            if joined {
                run.end = next.end;
            }
            joined
        });
        runs.retain(|run| run.len() as f64 * clip.step_s + tolerance_s >= self.min_on_s);
        let span =
            |run: std::ops::Range<usize>| Span::new(clip.step_span(run.start).start, clip.step_span(run.end - 1).end);
        runs.into_iter().map(span).filter(|span| span.length() > 0.0).collect()
    }

    fn runs(self, scores: &[f32]) -> Vec<std::ops::Range<usize>> {
        let mut runs: Vec<std::ops::Range<usize>> = Vec::new();
        let mut is_open = false;
        for (index, score) in scores.iter().copied().enumerate() {
            match runs.last_mut() {
                Some(run) if is_open && score >= self.offset => run.end = index + 1,
                _ if score >= self.onset => {
                    is_open = true;
                    runs.push(index..index + 1);
                }
                _ => is_open = false,
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::clip;
    use super::*;
    use crate::classes::AnomalyClass::Normal;

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.3, min_on_s: 0.0, min_off_s: 0.0 };

    fn events(anomaly: &[f32], hysteresis: Hysteresis) -> Vec<(f64, f64)> {
        hysteresis.events(&clip(Normal, anomaly)).iter().map(|span| (span.start, span.end)).collect()
    }

    #[test]
    fn an_event_stays_open_between_the_two_thresholds() {
        assert_eq!(events(&[0.1, 0.6, 0.4, 0.35, 0.2, 0.4], PLAIN), [(1.0, 4.0)]);
    }

    #[test]
    fn gaps_shorter_than_the_limit_are_closed_before_short_events_are_dropped() {
        let both = Hysteresis { min_on_s: 3.0, min_off_s: 2.0, ..PLAIN };
        assert_eq!(events(&[0.9, 0.0, 0.9, 0.0, 0.0, 0.9, 0.9], both), [(0.0, 3.0)]);
    }

    #[test]
    fn a_gap_or_an_event_of_exactly_the_limit_is_long_enough() {
        let limits = Hysteresis { min_on_s: 1.0, min_off_s: 1.0, ..PLAIN };
        assert_eq!(events(&[0.9, 0.0, 0.9], limits), [(0.0, 1.0), (2.0, 3.0)]);
    }

    #[test]
    fn nothing_opens_an_event_below_the_onset_or_without_steps() {
        assert_eq!(events(&[0.4, 0.45, 0.49], PLAIN), []);
        assert_eq!(events(&[], PLAIN), []);
    }
}
