//! The confidence intervals of a report.

use serde::Serialize;

use avar_labels::{AnomalyClass, CLASS_COUNT};

use super::bootstrap::{Bootstrap, Interval};
use super::classification::Classification;
use super::clip::ScoredClip;
use super::confusion::ConfusionMatrix;
use super::metric::Metric;
use super::ranking::Ranking;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedInterval {
    /// The path to the field: `classification.accuracy`.
    pub metric: String,
    pub value: Metric,
    #[serde(flatten)]
    pub interval: Interval,
}

impl NamedInterval {
    fn new(metric: String, value: Metric, interval: Interval) -> Self {
        let interval = match value.reason() {
            // The reason of the metric says more than that of its interval.
            Some(_) => Interval { low: value, high: value, ..interval },
            None => interval,
        };
        Self { metric, value, interval }
    }
}

const AVERAGES: [&str; 3] = ["accuracy", "balanced_accuracy", "macro_f1"];

/// Accuracy, its kin, and the recall of each class.
pub(super) fn of_classification(
    clips: &[ScoredClip],
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
        for (clip, times) in clips.iter().zip(times_drawn) {
            confusion.add(clip.truth, clip.predicted, *times);
        }
        values(&Classification::new(confusion))
    });
    let averages = AVERAGES.iter().map(|name| format!("classification.{name}"));
    let recalls = AnomalyClass::ALL.iter().map(|class| format!("classification.classes.{}.recall", class.name()));
    let rows = averages.chain(recalls).zip(values(whole)).zip(intervals);
    rows.map(|((metric, value), interval)| NamedInterval::new(metric, value, interval)).collect()
}

/// Average precision and ROC area of the ranking whose scores stand at `path`.
pub(super) fn of_ranking(path: &str, ranking: &Ranking, bootstrap: &Bootstrap) -> Vec<NamedInterval> {
    let names = ["average_precision", "roc_auc"];
    let whole = ranking.scores();
    let intervals = bootstrap.intervals(|times_drawn| {
        let scores = ranking.scores_of_resample(times_drawn);
        [scores.average_precision, scores.roc_auc]
    });
    let rows = names.iter().zip([whole.average_precision, whole.roc_auc]).zip(intervals);
    rows.map(|((name, value), interval)| NamedInterval::new(format!("{path}.{name}"), value, interval)).collect()
}
