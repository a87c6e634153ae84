//! From step scores to events, by hysteresis.
//!
//! An event opens at the first step whose anomaly score reaches the onset threshold and closes before the
//! first step that falls below the lower offset threshold; so a score that wavers around one line does not
//! shatter into many events. Runs closer than `min_off_s` are joined first, then runs shorter than
//! `min_on_s` are dropped: the order of the usual binarisation in event detection.

use serde::Serialize;

use super::scores::{StepScore, StepScores};
use crate::classes::{AnomalyClass, CLASS_COUNT};
use crate::time::{FrameIndex, MediaTime, TimeRange};

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Hysteresis {
    /// An event opens at this anomaly score.
    pub onset: f32,
    /// An event closes below this anomaly score; at most `onset`.
    pub offset: f32,
    /// Shorter events are dropped.
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
}

/// A stretch of steps that the network calls anomalous.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The anomaly class with the highest mean score over the event.
    pub class: AnomalyClass,
    pub range: TimeRange,
    /// First and last step, both included.
    pub first_step: usize,
    pub last_step: usize,
    /// The highest anomaly score, and where it stands.
    pub peak: f32,
    pub peak_step: usize,
    pub peak_time: MediaTime,
    pub peak_frame: Option<FrameIndex>,
    pub mean: f32,
}

/// The events of the steps scored so far, in order of time. While the analysis runs, the last one may still grow.
pub fn find_events(scores: &StepScores, hysteresis: Hysteresis) -> Vec<Event> {
    let mut runs = runs_above(&scores.steps, hysteresis);
    let step_s = 1.0 / scores.grid.steps_per_second();
    // A gap or a run of exactly the limit counts as long enough, whatever rounding made of it.
    let tolerance_s = step_s * 1e-6;
    runs.dedup_by(|next, run| {
        let gap_s = (next.0 - run.1 - 1) as f64 * step_s;
        let joined = gap_s + tolerance_s < hysteresis.min_off_s;
        if joined {
            run.1 = next.1;
        }
        joined
    });
    runs.retain(|(first, last)| (last - first + 1) as f64 * step_s + tolerance_s >= hysteresis.min_on_s);
    runs.into_iter().map(|(first, last)| event(scores, first, last)).collect()
}

/// Runs as first and last step, both included.
fn runs_above(steps: &[StepScore], hysteresis: Hysteresis) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut is_open = false;
    for (index, step) in steps.iter().enumerate() {
        let score = step.anomaly();
        match runs.last_mut() {
            Some(run) if is_open && score >= hysteresis.offset => run.1 = index,
            _ if score >= hysteresis.onset => {
                is_open = true;
                runs.push((index, index));
            }
            _ => is_open = false,
        }
    }
    runs
}

fn event(scores: &StepScores, first: usize, last: usize) -> Event {
    let steps = &scores.steps[first..=last];
    let peak = steps.iter().rev().max_by(|a, b| a.anomaly().total_cmp(&b.anomaly())).unwrap_or(&steps[0]);
    let mut sums = [0.0f64; CLASS_COUNT];
    for step in steps {
        sums.iter_mut().zip(step.class_scores).for_each(|(sum, score)| *sum += f64::from(score));
    }
    let anomalies = AnomalyClass::ALL.into_iter().filter(|class| *class != AnomalyClass::Normal);
    let class = anomalies.rev().max_by(|a, b| sums[a.index()].total_cmp(&sums[b.index()]));
    let end = scores.grid.range_of(last).end.min(scores.grid.range().end);
    Event {
        class: class.unwrap_or(AnomalyClass::Normal),
        range: TimeRange::new(scores.grid.start_of(first), end),
        first_step: first,
        last_step: last,
        peak: peak.anomaly(),
        peak_step: peak.step,
        peak_time: peak.start,
        peak_frame: peak.frame.map(|frame| frame.index),
        mean: steps.iter().map(StepScore::anomaly).sum::<f32>() / steps.len() as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::step_grid::StepGrid;
    use crate::classes::Evidence;
    use crate::model::Modalities;

    /// Four steps a second; what is not normal goes to `class`.
    fn scores(anomaly: &[f32], class: AnomalyClass) -> StepScores {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(anomaly.len() as f64 / 4.0));
        let grid = StepGrid::new(range, 4.0).unwrap();
        let steps = anomaly.iter().enumerate().map(|(step, score)| {
            let mut class_scores = [0.0; CLASS_COUNT];
            class_scores[AnomalyClass::Normal.index()] = 1.0 - score;
            class_scores[class.index()] = *score;
            StepScore { step, frame: None, start: grid.start_of(step), class_scores, evidence: Evidence::default() }
        });
        StepScores { grid, modalities: Modalities::PictureAndSound, steps: steps.collect() }
    }

    fn bounds(anomaly: &[f32], hysteresis: Hysteresis) -> Vec<(usize, usize)> {
        let events = find_events(&scores(anomaly, AnomalyClass::Crash), hysteresis);
        events.iter().map(|event| (event.first_step, event.last_step)).collect()
    }

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.3, min_on_s: 0.0, min_off_s: 0.0 };

    #[test]
    fn an_event_stays_open_between_the_two_thresholds() {
        assert_eq!(bounds(&[0.1, 0.6, 0.4, 0.35, 0.2, 0.4], PLAIN), [(1, 3)]);
    }

    #[test]
    fn a_score_that_never_reaches_the_onset_opens_nothing() {
        assert_eq!(bounds(&[0.4, 0.45, 0.49], PLAIN), []);
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
    fn an_event_names_its_class_its_peak_and_its_time() {
        let found = find_events(&scores(&[0.0, 0.6, 0.9, 0.7, 0.0], AnomalyClass::PoliceSiren), PLAIN);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].class, AnomalyClass::PoliceSiren);
        assert_eq!((found[0].peak, found[0].peak_step), (0.9, 2));
        assert_eq!(found[0].range, TimeRange::new(MediaTime::from_seconds(0.25), MediaTime::from_seconds(1.0)));
    }

    #[test]
    fn moving_the_onset_takes_the_offset_along() {
        let moved = Hysteresis { onset: 0.5, offset: 0.4, ..PLAIN }.with_onset(0.8);
        assert!((moved.offset - 0.7).abs() < 1e-6);
        assert_eq!(PLAIN.with_onset(5.0).onset, 0.99);
    }
}
