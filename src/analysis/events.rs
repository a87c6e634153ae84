//! From step scores to events: the steps by [`Hysteresis`], then class, time and peak of each.

use super::scores::{StepScore, StepScores};
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_labels::{AnomalyClass, ClassScores, Hysteresis};

/// A stretch of steps that the network calls anomalous.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The anomaly class with the highest mean score over the event.
    pub class: AnomalyClass,
    /// From the start of the first step to the end of the last one, cut at the end of the file.
    pub range: TimeRange,
    /// First and last step, both included.
    pub first_step: usize,
    /// Included.
    pub last_step: usize,
    /// The highest anomaly score, and where it stands.
    pub peak: f32,
    /// The step of the peak, the first of equals.
    pub peak_step: usize,
    /// When that step starts.
    pub peak_time: MediaTime,
    /// The frame by which that step is named; `None` without a picture.
    pub peak_frame: Option<FrameIndex>,
    /// Mean of the steps' anomaly scores, in `0..=1`.
    pub mean: f32,
}

/// The events of the steps scored so far, in order of time. While the analysis runs, the last one may still grow.
pub fn find_events(scores: &StepScores, hysteresis: Hysteresis) -> Vec<Event> {
    let runs = hysteresis.runs(scores.steps.iter().map(StepScore::anomaly), 1.0 / scores.grid.steps_per_second());
    runs.into_iter().map(|run| event(scores, run.start, run.end - 1)).collect()
}

fn event(scores: &StepScores, first: usize, last: usize) -> Event {
    let steps = &scores.steps[first..=last];
    let peak = steps.iter().rev().max_by(|a, b| a.anomaly().total_cmp(&b.anomaly())).unwrap_or(&steps[0]);
    let mut sums = ClassScores::<f64>::default();
    steps.iter().for_each(|step| sums += step.class_scores);
    let end = scores.grid.range_of(last).end.min(scores.grid.range().end);
    Event {
        class: sums.top_anomaly(),
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
    use crate::step_grid::StepGrid;
    use avar_labels::{CLASS_COUNT, Evidence, Modalities};

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.3, min_on_s: 0.0, min_off_s: 0.0 };

    /// Four steps a second; what is not normal goes to `class`.
    fn scores(anomaly: &[f32], class: AnomalyClass) -> StepScores {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(anomaly.len() as f64 / 4.0));
        let grid = StepGrid::new(range, 4.0).unwrap();
        let steps = anomaly.iter().enumerate().map(|(step, score)| {
            let mut class_scores = [0.0; CLASS_COUNT];
            class_scores[AnomalyClass::Normal.index()] = 1.0 - score;
            class_scores[class.index()] = *score;
            let class_scores = ClassScores(class_scores);
            StepScore {
                step,
                frame: None,
                damage: None,
                start: grid.start_of(step),
                class_scores,
                evidence: Evidence::default(),
            }
        });
        StepScores { grid, modalities: Modalities::PictureAndSound, steps: steps.collect() }
    }

    #[test]
    fn limits_in_seconds_hold_on_the_grid_of_the_steps() {
        let bounds = |anomaly: &[f32], hysteresis: Hysteresis| -> Vec<(usize, usize)> {
            let events = find_events(&scores(anomaly, AnomalyClass::Crash), hysteresis);
            events.iter().map(|event| (event.first_step, event.last_step)).collect()
        };
        let joined = Hysteresis { min_off_s: 0.5, ..PLAIN };
        assert_eq!(bounds(&[0.9, 0.0, 0.9], joined), [(0, 2)]);
        assert_eq!(bounds(&[0.9, 0.0, 0.0, 0.9], joined), [(0, 0), (3, 3)]);
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
}
