//! Events of each class: which are noticed, and which are called what they are.
//!
//! A predicted event is called by the anomaly with the highest mean score over its steps, as a reviewer is shown it. A
//! true event is one annotated range of a class; ranges of one class are joined where they overlap or touch.

use serde::Serialize;

use super::classification::serialize_class;
use super::clip::ScoredClip;
use super::metric::{Metric, Undefined};
use super::span::{Span, overlapping};
use avar_labels::{AnomalyClass, ClassScores, Hysteresis};

/// How the true events of one class are met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NamedEvents {
    /// Any class but normal.
    #[serde(serialize_with = "serialize_class")]
    pub class: AnomalyClass,
    /// Annotated events of the class within the scored time; at least one.
    pub true_events: usize,
    /// Those during which an alarm of any name stands at any moment.
    pub detected: usize,
    /// Those during which an alarm of this name stands at any moment.
    pub named: usize,
    /// Detected events over true ones.
    pub recall: Metric,
    /// Named events over true ones.
    pub named_recall: Metric,
}

/// Of every class that has true events, in their order.
pub(super) fn named_events<C: AsRef<ScoredClip>>(clips: &[C], hysteresis: Hysteresis) -> Vec<NamedEvents> {
    let clips = clips.iter().map(C::as_ref).filter(|clip| !clip.steps.is_empty());
    let clips: Vec<(&ScoredClip, Vec<Alarm>)> = clips.map(|clip| (clip, alarms(clip, hysteresis))).collect();
    AnomalyClass::ALL.into_iter().filter_map(|class| of_class(class, &clips)).collect()
}

fn of_class(class: AnomalyClass, clips: &[(&ScoredClip, Vec<Alarm>)]) -> Option<NamedEvents> {
    let (mut true_events, mut detected, mut named) = (0, 0, 0);
    for (clip, alarms) in clips.iter().filter(|_| class.is_anomaly()) {
        let spans: Vec<Span> = alarms.iter().map(|alarm| alarm.span).collect();
        for truth in clip.spans_of(class) {
            let met = &alarms[overlapping(&spans, truth)];
            true_events += 1;
            detected += usize::from(!met.is_empty());
            named += usize::from(met.iter().any(|alarm| alarm.class == class));
        }
    }
    let share = |part: usize| Metric::ratio(part as f64, true_events as f64, Undefined::NoTrueEvents);
    let (recall, named_recall) = (share(detected), share(named));
    (true_events > 0).then_some(NamedEvents { class, true_events, detected, named, recall, named_recall })
}

/// A predicted event.
struct Alarm {
    span: Span,
    class: AnomalyClass,
}

/// Disjoint and in order.
fn alarms(clip: &ScoredClip, hysteresis: Hysteresis) -> Vec<Alarm> {
    let runs = hysteresis.runs(clip.steps.iter().map(ClassScores::<f32>::anomaly), clip.step_s).into_iter();
    let alarms = runs.map(|run| {
        let mut sums = ClassScores::<f64>::default();
        clip.steps[run.clone()].iter().for_each(|scores| sums += *scores);
        let span = Span::new(clip.step_span(run.start).start, clip.step_span(run.end - 1).end);
        Alarm { span, class: sums.top_anomaly() }
    });
    alarms.filter(|alarm| alarm.span.length() > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::super::clip::TruthRange;
    use super::super::clip::tests::clip_with;
    use super::*;
    use AnomalyClass::{BabyCry, Crash, Pain};
    use avar_labels::CLASS_COUNT;

    const PLAIN: Hysteresis = Hysteresis { onset: 0.5, offset: 0.5, min_on_s: 0.0, min_off_s: 0.0 };

    fn steps(of: &[Option<AnomalyClass>]) -> Vec<ClassScores> {
        let scores = |class: &Option<AnomalyClass>| {
            let mut scores = [0.0; CLASS_COUNT];
            scores[class.unwrap_or(AnomalyClass::Normal).index()] = 1.0;
            ClassScores(scores)
        };
        of.iter().map(scores).collect()
    }

    #[test]
    fn an_event_may_be_noticed_and_called_by_another_name() {
        let mut clip = clip_with(&[(0.0, 2.0)], &[0.0; 8]);
        clip.truth = BabyCry;
        let range = |class, start_s, end_s| TruthRange { class, start_s, end_s };
        clip.truth_ranges = vec![range(BabyCry, 0.0, 2.0), range(BabyCry, 4.0, 5.0), range(Crash, 6.0, 7.0)];
        clip.steps = steps(&[None, Some(BabyCry), None, None, Some(Pain), None, None, None]);
        let found = named_events(&[clip], PLAIN);
        let counts = found.iter().map(|row| (row.class, row.true_events, row.detected, row.named));
        assert_eq!(counts.collect::<Vec<_>>(), [(BabyCry, 2, 2, 1), (Crash, 1, 0, 0)]);
        assert_eq!((found[0].recall, found[0].named_recall), (Metric::new(1.0), Metric::new(0.5)));
    }

    #[test]
    fn an_alarm_has_the_name_that_its_steps_say_together() {
        let mut clip = clip_with(&[(0.0, 3.0)], &[0.0; 3]);
        clip.truth_ranges[0].class = Pain;
        clip.steps = steps(&[Some(Crash), Some(Pain), Some(Pain)]);
        let found = named_events(&[clip], PLAIN);
        assert_eq!((found.len(), found[0].class, found[0].named), (1, Pain, 1));
    }
}
