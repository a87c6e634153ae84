//! False alarms an hour against the recall of events, at a thousand thresholds: how often somebody is called for
//! nothing, and for how much of what happens.
//!
//! An event opens at the threshold and closes 0.1 below it, as at the default of [`Hysteresis`]; what counts as a
//! false alarm and as a detected event is that of [`super::events`]. Each clip is counted once, after that any choice
//! of clips is a sum.

use super::clip::ScoredClip;
use super::events::{ClipEvents, predicted};
use super::metric::{Metric, Undefined};
use avar_labels::{ClassScores, Hysteresis, reaches};

/// Thresholds: 0, 0.001, 0.002, up to 1.
pub const LEVELS: usize = 1001;

/// How far below its onset an event closes, in levels.
const CLOSING_LEVELS: usize = 100;

/// The threshold of a level.
pub fn threshold_of(level: usize) -> f64 {
    level as f64 / (LEVELS - 1) as f64
}

/// The level nearest to a threshold.
pub fn level_of(threshold: f64) -> usize {
    (threshold.clamp(0.0, 1.0) * (LEVELS - 1) as f64).round() as usize
}

/// The events of one clip at every level.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClipAlarms {
    /// By level, without the high ones at which there is no event any more.
    levels: Vec<LevelCounts>,
    true_events: u32,
    anomalous_s: f64,
    scored_s: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct LevelCounts {
    false_alarms: u32,
    detected: u32,
}

impl ClipAlarms {
    /// Nothing for a clip without step scores. `hysteresis` gives the shortest event and gap.
    pub fn new(clip: &ScoredClip, hysteresis: Hysteresis) -> Self {
        if clip.steps.is_empty() {
            return Self::default();
        }
        let scores: Vec<f32> = clip.steps.iter().map(ClassScores::<f32>::anomaly).collect();
        let mut sorted = scores.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let below = |threshold: f32| sorted.partition_point(|score| !reaches(f64::from(*score), f64::from(threshold)));
        let mut events = ClipEvents::new(clip, hysteresis);
        let mut levels: Vec<LevelCounts> = Vec::new();
        let mut before = None;
        for level in 0..LEVELS {
            let onset = threshold_of(level) as f32;
            let offset = threshold_of(level.saturating_sub(CLOSING_LEVELS)) as f32;
            let crossed = (below(onset), below(offset));
            if crossed.0 == scores.len() {
                break;
            }
            let counts = match levels.last() {
                // Where no score lies between two levels, both make the same events.
                Some(last) if before == Some(crossed) => *last,
                _ => {
                    let hysteresis = Hysteresis { onset, offset, ..hysteresis };
                    events.predicted = predicted(clip, scores.iter().copied(), hysteresis);
                    LevelCounts { false_alarms: events.false_alarms() as u32, detected: events.detected() as u32 }
                }
            };
            levels.push(counts);
            before = Some(crossed);
        }
        Self {
            levels,
            true_events: events.truth.len() as u32,
            anomalous_s: events.truth.iter().map(|span| span.length()).sum(),
            scored_s: events.scored_s,
        }
    }
}

/// The events of some clips together at every level.
#[derive(Clone, Debug, PartialEq)]
pub struct AlarmCurve {
    levels: Vec<LevelCounts>,
    /// Annotated events within the scored time, of all clips.
    pub true_events: u64,
    /// The scored time outside all true events.
    pub normal_hours: f64,
}

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmPoint {
    /// The onset, in `0..=1`; an event closes 0.1 below it.
    pub threshold: f64,
    /// Predicted events that overlap no true one.
    pub false_alarms: u32,
    /// True events that overlap a predicted one.
    pub detected: u32,
    /// False alarms an hour of normal time.
    pub per_hour: Metric,
    /// The share of true events during which an alarm stands at any moment.
    pub recall: Metric,
}

impl AlarmCurve {
    /// Of `clips` together.
    pub fn new<'a>(clips: impl IntoIterator<Item = &'a ClipAlarms>) -> Self {
        let mut levels = vec![LevelCounts::default(); LEVELS];
        let (mut true_events, mut anomalous_s, mut scored_s) = (0, 0.0, 0.0);
        for clip in clips {
            for (sum, counts) in levels.iter_mut().zip(&clip.levels) {
                sum.false_alarms += counts.false_alarms;
                sum.detected += counts.detected;
            }
            true_events += u64::from(clip.true_events);
            anomalous_s += clip.anomalous_s;
            scored_s += clip.scored_s;
        }
        // Clips that are anomalous all through may leave a rounding error of time.
        let normal_s = if scored_s - anomalous_s > scored_s * 1e-9 { scored_s - anomalous_s } else { 0.0 };
        Self { levels, true_events, normal_hours: normal_s / 3600.0 }
    }

    /// The point of a level; past the last one, that of the last.
    pub fn at(&self, level: usize) -> AlarmPoint {
        let level = level.min(LEVELS - 1);
        let LevelCounts { false_alarms, detected } = self.levels[level];
        let no_events = Undefined::NoTrueEvents;
        AlarmPoint {
            threshold: threshold_of(level),
            false_alarms,
            detected,
            per_hour: Metric::ratio(f64::from(false_alarms), self.normal_hours, Undefined::NoNormalTime),
            recall: Metric::ratio(f64::from(detected), self.true_events as f64, no_events),
        }
    }

    /// From the lowest threshold up.
    pub fn points(&self) -> impl Iterator<Item = AlarmPoint> {
        (0..LEVELS).map(|level| self.at(level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::tests::{clip, clip_with};
    use crate::events::EventScores;
    use avar_labels::AnomalyClass;

    fn clips() -> Vec<ScoredClip> {
        vec![
            clip(AnomalyClass::Normal, &[0.1, 0.95, 0.2, 0.5, 0.1, 0.5]),
            clip_with(&[(1.0, 3.0), (6.0, 8.0)], &[0.2, 0.6, 0.55, 0.1, 0.7, 0.1, 0.3, 0.3]),
            ScoredClip { steps: Vec::new(), ..clip(AnomalyClass::Crash, &[0.9]) },
        ]
    }

    #[test]
    fn every_level_counts_what_the_report_counts_at_its_threshold() {
        let clips = clips();
        let per_clip: Vec<_> = clips.iter().map(|clip| ClipAlarms::new(clip, Hysteresis::default())).collect();
        let curve = AlarmCurve::new(&per_clip);
        for level in [0, 50, 300, 500, 501, 600, 700, 950, 1000] {
            let onset = threshold_of(level) as f32;
            let offset = threshold_of(level.saturating_sub(100)) as f32;
            let report = EventScores::new(&clips, Hysteresis { onset, offset, ..Hysteresis::default() }, &[]);
            let point = curve.at(level);
            assert_eq!(point.false_alarms as usize, report.false_alarms.count, "level {level}");
            assert_eq!(point.detected as usize, report.delay.detected, "level {level}");
            assert_eq!(point.per_hour, report.false_alarms.per_normal_hour);
            assert_eq!(curve.true_events as usize, report.true_events);
        }
    }

    #[test]
    fn the_default_of_the_report_is_the_level_of_a_half() {
        let clips = clips();
        let per_clip: Vec<_> = clips.iter().map(|clip| ClipAlarms::new(clip, Hysteresis::default())).collect();
        let report = EventScores::new(&clips, Hysteresis::default(), &[]);
        let point = AlarmCurve::new(&per_clip).at(level_of(0.5));
        assert_eq!((point.false_alarms as usize, point.threshold), (report.false_alarms.count, 0.5));
    }

    #[test]
    fn a_choice_of_clips_is_the_sum_of_them() {
        let clips = clips();
        let one = ClipAlarms::new(&clips[0], Hysteresis::default());
        let alone = AlarmCurve::new([&one]).at(500);
        assert_eq!((alone.false_alarms, alone.recall.reason()), (3, Some(Undefined::NoTrueEvents)));
        let none = AlarmCurve::new([]).at(500);
        assert_eq!(none.per_hour.reason(), Some(Undefined::NoNormalTime));
    }
}
