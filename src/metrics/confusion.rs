//! The confusion matrix of the ten classes.

use serde::Serialize;

use avar_labels::{AnomalyClass, CLASS_COUNT};

use super::metric::{AbsentList, Metric, Undefined};

/// Clips by true class (row) and predicted class (column), both in the order of [`AnomalyClass::ALL`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfusionMatrix {
    counts: [[u64; CLASS_COUNT]; CLASS_COUNT],
}

impl ConfusionMatrix {
    /// Of pairs of the true and the predicted class.
    pub fn new(pairs: impl IntoIterator<Item = (AnomalyClass, AnomalyClass)>) -> Self {
        let mut matrix = Self::default();
        pairs.into_iter().for_each(|(truth, predicted)| matrix.add(truth, predicted, 1));
        matrix
    }

    /// Counts `times` more clips of class `truth` that were taken for `predicted`.
    pub fn add(&mut self, truth: AnomalyClass, predicted: AnomalyClass, times: u32) {
        self.counts[truth.index()][predicted.index()] += u64::from(times);
    }

    /// By true class, then by predicted class.
    pub fn counts(&self) -> &[[u64; CLASS_COUNT]; CLASS_COUNT] {
        &self.counts
    }

    /// Clips in all, each as often as it was added.
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Clips whose class was found.
    pub fn correct(&self) -> u64 {
        (0..CLASS_COUNT).map(|class| self.counts[class][class]).sum()
    }

    /// Clips of class `class` that were taken for it.
    pub fn true_positives(&self, class: AnomalyClass) -> u64 {
        self.counts[class.index()][class.index()]
    }

    /// Clips of class `class`: the sum of its row.
    pub fn support(&self, class: AnomalyClass) -> u64 {
        self.counts[class.index()].iter().sum()
    }

    /// Clips taken for `class`: the sum of its column.
    pub fn predicted(&self, class: AnomalyClass) -> u64 {
        self.counts.iter().map(|row| row[class.index()]).sum()
    }

    /// Row-normalised: of the clips of a class, the share taken for each class. Rows sum to 1; the diagonal is recall.
    pub fn by_truth(&self) -> NormalizedMatrix {
        self.normalized(|truth, _| (self.support(truth), Undefined::ClassNotInTruth))
    }

    /// Column-normalised: of the clips taken for a class, the share of each true class. Columns sum to 1; the diagonal
    /// is precision.
    pub fn by_prediction(&self) -> NormalizedMatrix {
        self.normalized(|_, predicted| (self.predicted(predicted), Undefined::ClassNeverPredicted))
    }

    fn normalized(&self, whole: impl Fn(AnomalyClass, AnomalyClass) -> (u64, Undefined)) -> NormalizedMatrix {
        let share = |truth: AnomalyClass, predicted: AnomalyClass| {
            let (whole, reason) = whole(truth, predicted);
            Metric::ratio(self.counts[truth.index()][predicted.index()] as f64, whole as f64, reason)
        };
        AnomalyClass::ALL.map(|truth| AnomalyClass::ALL.map(|predicted| share(truth, predicted)))
    }
}

/// Shares by true class (row) and predicted class (column).
pub type NormalizedMatrix = [[Metric; CLASS_COUNT]; CLASS_COUNT];

/// Every cell that is `null`, under the names of its true and its predicted class.
pub(super) fn note_absent_cells(matrix: &NormalizedMatrix, list: &mut AbsentList) {
    for (truth, row) in AnomalyClass::ALL.into_iter().zip(matrix) {
        list.within(truth.name(), |list| {
            for (predicted, share) in AnomalyClass::ALL.into_iter().zip(row) {
                list.note(predicted.name(), *share);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AnomalyClass::{Abuse, Crash, Normal};

    fn matrix() -> ConfusionMatrix {
        ConfusionMatrix::new([(Crash, Crash), (Crash, Normal), (Crash, Crash), (Normal, Normal), (Normal, Abuse)])
    }

    #[test]
    fn rows_are_the_truth_and_columns_the_prediction() {
        assert_eq!(matrix().counts()[Crash.index()][Normal.index()], 1);
        assert_eq!(matrix().counts()[Normal.index()][Crash.index()], 0);
        assert_eq!((matrix().support(Crash), matrix().predicted(Normal)), (3, 2));
        assert_eq!((matrix().correct(), matrix().total()), (3, 5));
    }

    #[test]
    fn a_normalised_row_sums_to_one_and_an_empty_one_is_absent() {
        let by_truth = matrix().by_truth();
        let sum: f64 = by_truth[Crash.index()].iter().filter_map(|share| share.value()).sum();
        assert_eq!(sum, 1.0);
        assert_eq!(by_truth[Crash.index()][Crash.index()], Metric::new(2.0 / 3.0));
        assert!(by_truth[Abuse.index()].iter().all(|share| share.reason() == Some(Undefined::ClassNotInTruth)));
    }

    #[test]
    fn a_normalised_column_sums_to_one_and_an_empty_one_is_absent() {
        let by_prediction = matrix().by_prediction();
        assert_eq!(by_prediction[Crash.index()][Normal.index()], Metric::new(0.5));
        assert_eq!(by_prediction[Normal.index()][Normal.index()], Metric::new(0.5));
        let unused = AnomalyClass::Pain.index();
        assert!(by_prediction.iter().all(|row| row[unused].reason() == Some(Undefined::ClassNeverPredicted)));
    }
}
