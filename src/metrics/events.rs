//! Events as a reviewer meets them: found or missed, how late, and how many false ones an hour.
//!
//! An event is a stretch of anomaly of whatever class, but for the rows by class ([`super::named_events`]). The true ones are the annotated ranges, joined where they
//! overlap or touch; the predicted ones come from [`Hysteresis`].

use serde::Serialize;

use super::clip::ScoredClip;
use super::metric::{AbsentList, Metric, Undefined};
use super::named_events::{NamedEvents, named_events};
use super::span::{Span, overlapping};
use avar_labels::{ClassScores, Hysteresis};

/// How predicted events meet the annotated ones, over all clips that have step scores.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventScores {
    /// Annotated events within the scored time, joined where they overlap or touch.
    pub true_events: usize,
    /// Events that [`Hysteresis`] finds in the anomaly scores.
    pub predicted_events: usize,
    /// One row for each of [`super::ReportSettings::event_ious`], in their order.
    pub matching: Vec<EventMatching>,
    /// How late true events are noticed.
    pub delay: DetectionDelay,
    /// Alarms while nothing happens.
    pub false_alarms: FalseAlarms,
    /// One row for each class that has true events, in their order.
    pub by_class: Vec<NamedEvents>,
}

/// How many events match at a temporal intersection over union, one to one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EventMatching {
    /// The least intersection over union of a pair.
    pub iou: f64,
    /// Pairs of a true and a predicted event.
    pub matched: usize,
    /// Matched events over predicted ones.
    pub precision: Metric,
    /// Matched events over true ones.
    pub recall: Metric,
    /// Equation 14, as `2 matched / (true + predicted)`.
    pub f1: Metric,
}

/// From the start of a true event to the first moment of it at which an alarm stands, on the file's axis; zero where
/// one stands already. What computing takes is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DetectionDelay {
    /// True events during which an alarm stands at any moment.
    pub detected: usize,
    /// The others, which have no delay and are in none of the figures below.
    pub missed: usize,
    /// Over the detected events; undefined where none is detected.
    pub mean_s: Metric,
    /// Of an even number of events, the mean of the two in the middle.
    pub median_s: Metric,
    /// The longest delay.
    pub worst_s: Metric,
}

/// A predicted event that overlaps no true one is a false alarm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FalseAlarms {
    /// Predicted events that overlap no true one.
    pub count: usize,
    /// The scored time outside all true events, normal clips included.
    pub normal_hours: f64,
    /// All time that has step scores.
    pub scored_hours: f64,
    /// False alarms an hour of normal time.
    pub per_normal_hour: Metric,
    /// False alarms an hour of all scored time.
    pub per_scored_hour: Metric,
}

impl EventScores {
    /// Clips without step scores count nothing.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], hysteresis: Hysteresis, ious: &[f64]) -> Self {
        let by_class = named_events(clips, hysteresis);
        let scored = clips.iter().map(C::as_ref).filter(|clip| !clip.steps.is_empty());
        let clips: Vec<ClipEvents> = scored.map(|clip| ClipEvents::new(clip, hysteresis)).collect();
        Self {
            true_events: clips.iter().map(|clip| clip.truth.len()).sum(),
            predicted_events: clips.iter().map(|clip| clip.predicted.len()).sum(),
            matching: ious.iter().map(|iou| EventMatching::new(&clips, *iou)).collect(),
            delay: DetectionDelay::new(&clips),
            false_alarms: FalseAlarms::new(&clips),
            by_class,
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.within("matching", |list| {
            for row in &self.matching {
                list.within(&row.iou.to_string(), |list| {
                    list.note("precision", row.precision);
                    list.note("recall", row.recall);
                    list.note("f1", row.f1);
                });
            }
        });
        list.within("delay", |list| {
            list.note("mean_s", self.delay.mean_s);
            list.note("median_s", self.delay.median_s);
            list.note("worst_s", self.delay.worst_s);
        });
        list.within("false_alarms", |list| {
            list.note("per_normal_hour", self.false_alarms.per_normal_hour);
            list.note("per_scored_hour", self.false_alarms.per_scored_hour);
        });
    }
}

/// The events of one clip in seconds, each list disjoint and in order.
pub(super) struct ClipEvents {
    pub(super) truth: Vec<Span>,
    pub(super) predicted: Vec<Span>,
    pub(super) scored_s: f64,
}

impl ClipEvents {
    pub(super) fn new(clip: &ScoredClip, hysteresis: Hysteresis) -> Self {
        let predicted = predicted(clip, clip.steps.iter().map(ClassScores::<f32>::anomaly), hysteresis);
        Self { truth: clip.anomalous_spans(), predicted, scored_s: clip.scored_span().length() }
    }

    /// Pairs of events that overlap enough, the best overlap first, each event in one pair.
    fn matched(&self, iou: f64) -> usize {
        let pairs = self.predicted.iter().enumerate().flat_map(|(position, predicted)| {
            let overlaps = overlapping(&self.truth, *predicted);
            overlaps.map(move |truth| (position, truth, predicted.iou(self.truth[truth])))
        });
        let mut pairs: Vec<_> = pairs.filter(|(_, _, overlap)| *overlap >= iou).collect();
        pairs.sort_by(|a, b| b.2.total_cmp(&a.2));
        let (mut is_used, mut is_found) = (vec![false; self.predicted.len()], vec![false; self.truth.len()]);
        for (predicted, truth, _) in pairs {
            if !is_used[predicted] && !is_found[truth] {
                (is_used[predicted], is_found[truth]) = (true, true);
            }
        }
        is_found.into_iter().filter(|is_found| *is_found).count()
    }

    /// Of the true events that an alarm meets.
    fn delays_s(&self) -> impl Iterator<Item = f64> {
        self.truth.iter().filter_map(|truth| {
            let first = self.predicted.get(overlapping(&self.predicted, *truth))?.first()?;
            Some((first.start - truth.start).max(0.0))
        })
    }

    /// True events that an alarm meets.
    pub(super) fn detected(&self) -> usize {
        self.truth.iter().filter(|truth| !overlapping(&self.predicted, **truth).is_empty()).count()
    }

    pub(super) fn false_alarms(&self) -> usize {
        self.predicted.iter().filter(|predicted| overlapping(&self.truth, **predicted).is_empty()).count()
    }
}

/// The events that `hysteresis` finds among the anomaly scores of the clip's steps: disjoint and in order, in seconds on
/// the file's axis.
pub(super) fn predicted(clip: &ScoredClip, scores: impl IntoIterator<Item = f32>, hysteresis: Hysteresis) -> Vec<Span> {
    let runs = hysteresis.runs(scores, clip.step_s).into_iter();
    let spans = runs.map(|run| Span::new(clip.step_span(run.start).start, clip.step_span(run.end - 1).end));
    spans.filter(|span| span.length() > 0.0).collect()
}

impl EventMatching {
    fn new(clips: &[ClipEvents], iou: f64) -> Self {
        let matched: usize = clips.iter().map(|clip| clip.matched(iou)).sum();
        let truth: usize = clips.iter().map(|clip| clip.truth.len()).sum();
        let predicted: usize = clips.iter().map(|clip| clip.predicted.len()).sum();
        let share = |part: usize, whole: usize, reason| Metric::ratio(part as f64, whole as f64, reason);
        Self {
            iou,
            matched,
            precision: share(matched, predicted, Undefined::NoPredictedEvents),
            recall: share(matched, truth, Undefined::NoTrueEvents),
            f1: share(2 * matched, truth + predicted, Undefined::NoEvents),
        }
    }
}

impl DetectionDelay {
    fn new(clips: &[ClipEvents]) -> Self {
        let mut delays_s: Vec<f64> = clips.iter().flat_map(ClipEvents::delays_s).collect();
        delays_s.sort_unstable_by(f64::total_cmp);
        let truth: usize = clips.iter().map(|clip| clip.truth.len()).sum();
        let detected = delays_s.len();
        let reason = if truth > 0 { Undefined::NothingDetected } else { Undefined::NoTrueEvents };
        let at =
            |position: usize| delays_s.get(position).map_or(Metric::undefined(reason), |delay| Metric::new(*delay));
        let middle = [at(detected.saturating_sub(1) / 2), at(detected / 2)];
        Self {
            detected,
            missed: truth - detected,
            mean_s: Metric::mean(delays_s.iter().map(|delay| Metric::new(*delay)), reason),
            median_s: Metric::mean(middle, reason),
            worst_s: at(detected.saturating_sub(1)),
        }
    }
}

impl FalseAlarms {
    fn new(clips: &[ClipEvents]) -> Self {
        let count: usize = clips.iter().map(ClipEvents::false_alarms).sum();
        let scored_s: f64 = clips.iter().map(|clip| clip.scored_s).sum();
        let anomalous_s: f64 = clips.iter().flat_map(|clip| &clip.truth).map(|span| span.length()).sum();
        // Clips that are anomalous all through may leave a rounding error of time.
        let normal_s = if scored_s - anomalous_s > scored_s * 1e-9 { scored_s - anomalous_s } else { 0.0 };
        let (normal_hours, scored_hours) = (normal_s / 3600.0, scored_s / 3600.0);
        let per_hour = |hours, reason| Metric::ratio(count as f64, hours, reason);
        Self {
            count,
            normal_hours,
            scored_hours,
            per_normal_hour: per_hour(normal_hours, Undefined::NoNormalTime),
            per_scored_hour: per_hour(scored_hours, Undefined::NoSteps),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::{clip, clip_with};
    use super::*;
    use avar_labels::AnomalyClass::Normal;

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.5, min_on_s: 0.0, min_off_s: 0.0 };

    fn scores(clips: &[ScoredClip], iou: f64) -> EventScores {
        EventScores::new(clips, PLAIN, &[iou])
    }

    #[test]
    fn an_event_is_found_where_it_overlaps_enough() {
        // True 2..5 s, predicted 3..6 s: two seconds of four.
        let clips = [clip_with(&[(2.0, 5.0)], &[0.0, 0.0, 0.0, 0.9, 0.9, 0.9, 0.0, 0.9])];
        let found = scores(&clips, 0.5).matching[0];
        assert_eq!((found.matched, found.precision, found.recall), (1, Metric::new(0.5), Metric::new(1.0)));
        assert_eq!(found.f1, Metric::new(2.0 / 3.0));
        assert_eq!(scores(&clips, 0.6).matching[0].matched, 0);
    }

    #[test]
    fn one_alarm_over_two_events_finds_one_of_them() {
        let clips = [clip_with(&[(0.0, 2.0), (3.0, 5.0)], &[0.9; 5])];
        let scores = scores(&clips, 0.3);
        assert_eq!((scores.true_events, scores.predicted_events, scores.matching[0].matched), (2, 1, 1));
        assert_eq!((scores.delay.detected, scores.delay.missed), (2, 0));
    }

    #[test]
    fn the_delay_runs_from_the_start_of_the_event_to_the_alarm() {
        let late = clip_with(&[(1.0, 6.0)], &[0.0, 0.0, 0.0, 0.9, 0.0, 0.0]);
        let early = clip_with(&[(1.0, 6.0)], &[0.9, 0.9, 0.0, 0.0, 0.0, 0.0]);
        let missed = clip_with(&[(1.0, 6.0)], &[0.9, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let delay = scores(&[late, early, missed], 0.5).delay;
        assert_eq!((delay.detected, delay.missed), (2, 1));
        assert_eq!(
            (delay.mean_s, delay.median_s, delay.worst_s),
            (Metric::new(1.0), Metric::new(1.0), Metric::new(2.0))
        );
    }

    #[test]
    fn an_alarm_outside_every_event_is_false_and_counts_by_the_hour() {
        let mut steps = vec![0.0; 1800];
        steps[10] = 0.9;
        steps[100] = 0.9;
        let normal = clip(Normal, &steps);
        let anomalous = clip_with(&[(0.0, 900.0)], &[vec![0.9; 600], vec![0.0; 1200]].concat());
        let alarms = scores(&[normal, anomalous], 0.5).false_alarms;
        assert_eq!((alarms.count, alarms.normal_hours, alarms.scored_hours), (2, 0.75, 1.0));
        assert_eq!((alarms.per_normal_hour, alarms.per_scored_hour), (Metric::new(2.0 / 0.75), Metric::new(2.0)));
    }

    #[test]
    fn without_events_there_is_no_recall_and_no_delay() {
        let scores = scores(&[clip(Normal, &[0.1, 0.2])], 0.5);
        let matching = scores.matching[0];
        assert_eq!(matching.precision.reason(), Some(Undefined::NoPredictedEvents));
        assert_eq!(matching.recall.reason(), Some(Undefined::NoTrueEvents));
        assert_eq!(matching.f1.reason(), Some(Undefined::NoEvents));
        assert_eq!(scores.delay.mean_s.reason(), Some(Undefined::NoTrueEvents));
        assert_eq!(scores.false_alarms.per_normal_hour, Metric::new(0.0));
    }

    #[test]
    fn without_normal_time_there_is_no_rate_over_it() {
        let alarms = scores(&[clip_with(&[(0.0, 3.0)], &[0.9; 3])], 0.5).false_alarms;
        assert_eq!(alarms.per_normal_hour.reason(), Some(Undefined::NoNormalTime));
        assert_eq!(alarms.per_scored_hour, Metric::new(0.0));
    }

    #[test]
    fn clips_without_steps_count_no_time_and_no_event() {
        let scores = scores(&[clip_with(&[(0.0, 3.0)], &[])], 0.5);
        assert_eq!(scores.true_events, 0);
        assert_eq!(scores.false_alarms.per_scored_hour.reason(), Some(Undefined::NoSteps));
    }
}
