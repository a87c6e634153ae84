//! The confidence intervals of a report.

use serde::Serialize;

use avar_labels::{AnomalyClass, CLASS_COUNT};

use super::bootstrap::{Bootstrap, Interval};
use super::classification::Classification;
use super::clip::ScoredClip;
use super::confusion::ConfusionMatrix;
use super::metric::{Metric, Undefined};
use super::ranking::Ranking;

/// A metric of a report and its confidence interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedInterval {
    /// The path to the field: `classification.accuracy`.
    pub metric: String,
    /// Of all clips, each counted once.
    pub value: Metric,
    /// Undefined where the metric is, for its reason.
    #[serde(flatten)]
    pub interval: Interval,
}

impl NamedInterval {
    /// `groups` have the clips that the metric is about: one of them alone, drawn or not, never changes it, and an
    /// interval without width would look like certainty.
    fn new(metric: String, value: Metric, interval: Interval, groups: usize) -> Self {
        let is_refused = matches!(interval.low.reason(), Some(Undefined::NoResamples | Undefined::SingleGroup));
        let interval = match value.reason() {
            // The reason of the metric says more than that of its interval.
            Some(_) => Interval { low: value, high: value, ..interval },
            None if groups < 2 && !is_refused => {
                let absent = Metric::undefined(Undefined::OneGroupOfItsKind);
                Interval { low: absent, high: absent, ..interval }
            }
            None => interval,
        };
        Self { metric, value, interval }
    }
}

const AVERAGES: [&str; 3] = ["accuracy", "balanced_accuracy", "macro_f1"];

/// Accuracy, its kin, and the recall of each class.
pub(super) fn of_classification<C: AsRef<ScoredClip>>(
    clips: &[C],
    whole: &Classification,
    bootstrap: &Bootstrap,
) -> Vec<NamedInterval> {
    let values = |of: &Classification| -> [Metric; AVERAGES.len() + CLASS_COUNT] {
        let averages = [of.accuracy, of.balanced_accuracy, of.macro_f1];
        let recall = |class: usize| of.classes[class].recall;
        std::array::from_fn(|index| averages.get(index).copied().unwrap_or_else(|| recall(index - AVERAGES.len())))
    };
    let intervals = bootstrap.intervals(|times_drawn| {
        let mut confusion = ConfusionMatrix::default();
        for (clip, times) in clips.iter().map(C::as_ref).zip(times_drawn) {
            confusion.add(clip.truth, clip.predicted, *times);
        }
        values(&Classification::new(confusion))
    });
    let averages = AVERAGES.iter().map(|name| (format!("classification.{name}"), bootstrap.group_count()));
    let recalls = AnomalyClass::ALL.iter().map(|class| {
        let of_class = (0..clips.len()).filter(|position| clips[*position].as_ref().truth == *class);
        (format!("classification.classes.{}.recall", class.name()), bootstrap.groups_of(of_class))
    });
    let rows = averages.chain(recalls).zip(values(whole)).zip(intervals);
    rows.map(|(((metric, groups), value), interval)| NamedInterval::new(metric, value, interval, groups)).collect()
}

/// Average precision and ROC area of the ranking whose scores stand at `path`.
pub(super) fn of_ranking(path: &str, ranking: &Ranking, bootstrap: &Bootstrap) -> Vec<NamedInterval> {
    let names = ["average_precision", "roc_auc"];
    let whole = ranking.scores();
    let intervals = bootstrap.intervals(|times_drawn| {
        let scores = ranking.scores_of_resample(times_drawn);
        [scores.average_precision, scores.roc_auc]
    });
    let positives = bootstrap.groups_of(ranking.clips_with(|example| example.positives > 0.0));
    let negatives = bootstrap.groups_of(ranking.clips_with(|example| example.negatives > 0.0));
    // A side that is missing altogether is the metric's own affair.
    let groups = [positives, negatives].into_iter().filter(|groups| *groups > 0).min().unwrap_or(0);
    let rows = names.iter().zip([whole.average_precision, whole.roc_auc]).zip(intervals);
    rows.map(|((name, value), interval)| NamedInterval::new(format!("{path}.{name}"), value, interval, groups))
        .collect()
}
