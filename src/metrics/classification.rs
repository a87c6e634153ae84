//! How many clips were put into their class: accuracy, precision, recall, F1 (equations 11 to 14).
//!
//! Averages run over the classes that occur in the truth, and beside them over those that are predicted besides, as
//! scikit-learn does where it is given no `labels`. A class of an average that has no precision or no recall of its own
//! counts zero, as with `zero_division=0` in scikit-learn: finding nothing must not pay.

use serde::{Serialize, Serializer};

use avar_labels::AnomalyClass;

use super::confusion::{ConfusionMatrix, NormalizedMatrix, note_absent_cells};
use super::metric::{AbsentList, Metric, Undefined};

/// What the confusion matrix of the ten classes amounts to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classification {
    /// Equation 11, for ten classes: the share of clips whose class was found.
    pub accuracy: Metric,
    /// The mean recall of the classes in the truth, which is macro recall too.
    pub balanced_accuracy: Metric,
    /// Mean over the classes in the truth; one that is never predicted counts zero.
    pub macro_precision: Metric,
    /// Mean over the classes in the truth of their F1.
    pub macro_f1: Metric,
    /// Over the classes that are predicted and not in the truth too, each of which counts zero.
    pub macro_with_predicted: MacroScores,
    /// All ten, in the order of [`AnomalyClass::ALL`].
    pub classes: Vec<ClassMetrics>,
    /// What the rest is computed from.
    pub confusion: ConfusionMatrix,
    /// [`ConfusionMatrix::by_truth`].
    pub confusion_by_truth: NormalizedMatrix,
    /// [`ConfusionMatrix::by_prediction`].
    pub confusion_by_prediction: NormalizedMatrix,
}

/// Means over classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MacroScores {
    /// How many classes.
    pub classes: usize,
    /// One that is never predicted counts zero.
    pub precision: Metric,
    /// One that is not in the truth counts zero.
    pub recall: Metric,
    /// The mean of the classes' F1, not the F1 of the two means above.
    pub f1: Metric,
}

/// One class against the rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassMetrics {
    /// The class whose clips are the positives.
    #[serde(serialize_with = "serialize_class")]
    pub class: AnomalyClass,
    /// Clips of this class.
    pub support: u64,
    /// Clips taken for this class.
    pub predicted: u64,
    /// Equation 12.
    pub precision: Metric,
    /// Equation 13.
    pub recall: Metric,
    /// Equation 14, as `2 TP / (support + predicted)`, which needs neither of the two above.
    pub f1: Metric,
}

impl Classification {
    /// Of an empty matrix every metric is undefined.
    pub fn new(confusion: ConfusionMatrix) -> Self {
        let classes = AnomalyClass::ALL.map(|class| ClassMetrics::new(&confusion, class));
        let in_truth = MacroScores::new(classes.iter().filter(|scores| scores.support > 0));
        let is_used = |scores: &&ClassMetrics| scores.support + scores.predicted > 0;
        Self {
            accuracy: Metric::ratio(confusion.correct() as f64, confusion.total() as f64, Undefined::NoExamples),
            balanced_accuracy: in_truth.recall,
            macro_precision: in_truth.precision,
            macro_f1: in_truth.f1,
            macro_with_predicted: MacroScores::new(classes.iter().filter(is_used)),
            classes: classes.to_vec(),
            confusion_by_truth: confusion.by_truth(),
            confusion_by_prediction: confusion.by_prediction(),
            confusion,
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.note("accuracy", self.accuracy);
        list.note("balanced_accuracy", self.balanced_accuracy);
        list.note("macro_precision", self.macro_precision);
        list.note("macro_f1", self.macro_f1);
        list.within("macro_with_predicted", |list| {
            list.note("precision", self.macro_with_predicted.precision);
            list.note("recall", self.macro_with_predicted.recall);
            list.note("f1", self.macro_with_predicted.f1);
        });
        list.within("classes", |list| {
            for scores in &self.classes {
                list.within(scores.class.name(), |list| {
                    list.note("precision", scores.precision);
                    list.note("recall", scores.recall);
                    list.note("f1", scores.f1);
                });
            }
        });
        list.within("confusion_by_truth", |list| note_absent_cells(&self.confusion_by_truth, list));
        list.within("confusion_by_prediction", |list| note_absent_cells(&self.confusion_by_prediction, list));
    }
}

impl MacroScores {
    fn new<'a>(classes: impl Iterator<Item = &'a ClassMetrics> + Clone) -> Self {
        let mean = |metric: fn(&ClassMetrics) -> Metric| {
            let value = |scores: &ClassMetrics| Metric::new(metric(scores).value().unwrap_or(0.0));
            Metric::mean(classes.clone().map(value), Undefined::NoExamples)
        };
        Self {
            classes: classes.clone().count(),
            precision: mean(|scores| scores.precision),
            recall: mean(|scores| scores.recall),
            f1: mean(|scores| scores.f1),
        }
    }
}

impl ClassMetrics {
    /// Precision is undefined where the class is never predicted, recall where no clip is of it, F1 where both hold.
    pub fn new(confusion: &ConfusionMatrix, class: AnomalyClass) -> Self {
        let (support, predicted) = (confusion.support(class), confusion.predicted(class));
        let true_positives = confusion.true_positives(class) as f64;
        Self {
            class,
            support,
            predicted,
            precision: Metric::ratio(true_positives, predicted as f64, Undefined::ClassNeverPredicted),
            recall: Metric::ratio(true_positives, support as f64, Undefined::ClassNotInTruth),
            f1: Metric::ratio(2.0 * true_positives, (support + predicted) as f64, Undefined::ClassUnused),
        }
    }
}

/// For serde: a class by its identifier in files.
pub(super) fn serialize_class<S: Serializer>(class: &AnomalyClass, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use AnomalyClass::{Abuse, Crash, Normal, Pain};

    #[test]
    fn precision_recall_and_f1_follow_their_equations() {
        let pairs = [(Crash, Crash), (Crash, Normal), (Crash, Crash), (Normal, Normal), (Normal, Crash)];
        let scores = ClassMetrics::new(&ConfusionMatrix::new(pairs), Crash);
        let (precision, recall) = (2.0 / 3.0, 2.0 / 3.0);
        assert_eq!((scores.precision, scores.recall), (Metric::new(precision), Metric::new(recall)));
        assert_eq!(scores.f1, Metric::new(2.0 * precision * recall / (precision + recall)));
    }

    #[test]
    fn a_class_that_is_never_predicted_has_no_precision_and_lowers_the_average() {
        let scores = Classification::new(ConfusionMatrix::new([(Crash, Normal), (Normal, Normal)]));
        assert_eq!(scores.classes[Crash.index()].precision.reason(), Some(Undefined::ClassNeverPredicted));
        assert_eq!(scores.macro_precision, Metric::new(0.25));
    }

    #[test]
    fn a_class_that_is_predicted_only_is_left_out_of_one_average_and_counts_zero_in_the_other() {
        let scores = Classification::new(ConfusionMatrix::new([(Crash, Crash), (Normal, Abuse)]));
        assert_eq!(scores.balanced_accuracy, Metric::new(0.5));
        assert_eq!((scores.macro_precision, scores.macro_f1), (Metric::new(0.5), Metric::new(0.5)));
        let third = Metric::new(1.0 / 3.0);
        let with_predicted = MacroScores { classes: 3, precision: third, recall: third, f1: third };
        assert_eq!(scores.macro_with_predicted, with_predicted);
        assert_eq!(scores.classes[Abuse.index()].recall.reason(), Some(Undefined::ClassNotInTruth));
        assert_eq!(scores.classes[Abuse.index()].f1, Metric::new(0.0));
        assert_eq!(scores.classes[Pain.index()].f1.reason(), Some(Undefined::ClassUnused));
    }

    #[test]
    fn one_class_that_is_always_found_scores_one() {
        let scores = Classification::new(ConfusionMatrix::new([(Crash, Crash), (Crash, Crash)]));
        for metric in [scores.accuracy, scores.balanced_accuracy, scores.macro_precision, scores.macro_f1] {
            assert_eq!(metric, Metric::new(1.0));
        }
    }

    #[test]
    fn nothing_has_no_accuracy() {
        let scores = Classification::new(ConfusionMatrix::default());
        assert_eq!(scores.accuracy.reason(), Some(Undefined::NoExamples));
        assert_eq!(scores.macro_f1.reason(), Some(Undefined::NoExamples));
    }
}
