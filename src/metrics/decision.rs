//! What a clip is called: the class with the highest score, or what a threshold on the anomaly score makes of it.

use serde::Serialize;

use avar_labels::{AnomalyClass, reaches};

use super::clip::ScoredClip;
use super::confusion::ConfusionMatrix;
use super::metric::{Metric, Undefined};

/// How a clip gets its class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// As it was scored: the class with the highest score. That of a report.
    TopClass,
    /// Normal until the anomaly score [`reaches`] this; from it on the anomaly with the highest score, however low that is.
    Threshold(f64),
}

impl Decision {
    /// The class that `clip` gets.
    pub fn predicted(self, clip: &ScoredClip) -> AnomalyClass {
        match self {
            Self::TopClass => clip.predicted,
            Self::Threshold(threshold) if !reaches(clip.anomaly_score(), threshold) => AnomalyClass::Normal,
            Self::Threshold(_) => clip.scores.top_anomaly(),
        }
    }
}

/// Anomalous against normal, whichever anomaly it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BinaryCounts {
    /// Anomalous clips that are called an anomaly, be it another one.
    pub true_positives: u64,
    /// Normal clips that are called an anomaly.
    pub false_positives: u64,
    /// Anomalous clips that are called normal.
    pub false_negatives: u64,
    /// Normal clips that are called normal.
    pub true_negatives: u64,
}

impl BinaryCounts {
    /// Of a matrix of the ten classes: the nine anomalies are the positives.
    pub fn new(confusion: &ConfusionMatrix) -> Self {
        let mut counts = Self::default();
        for (truth, row) in AnomalyClass::ALL.into_iter().zip(confusion.counts()) {
            for (predicted, clips) in AnomalyClass::ALL.into_iter().zip(row) {
                *match (truth.is_anomaly(), predicted.is_anomaly()) {
                    (true, true) => &mut counts.true_positives,
                    (false, true) => &mut counts.false_positives,
                    (true, false) => &mut counts.false_negatives,
                    (false, false) => &mut counts.true_negatives,
                } += clips;
            }
        }
        counts
    }

    /// The share of clips called an anomaly that are one; undefined where none is called one.
    pub fn precision(self) -> Metric {
        let alarms = self.true_positives + self.false_positives;
        Metric::ratio(self.true_positives as f64, alarms as f64, Undefined::ClassNeverPredicted)
    }

    /// The true positive rate too.
    pub fn recall(self) -> Metric {
        let anomalous = self.true_positives + self.false_negatives;
        Metric::ratio(self.true_positives as f64, anomalous as f64, Undefined::NoPositives)
    }

    /// The share of normal clips that are called an anomaly; undefined where no clip is normal.
    pub fn false_positive_rate(self) -> Metric {
        let normal = self.false_positives + self.true_negatives;
        Metric::ratio(self.false_positives as f64, normal as f64, Undefined::NoNegatives)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clip::tests::clip;
    use avar_labels::{CLASS_COUNT, ClassScores};

    fn scored(truth: AnomalyClass, scores: &[(AnomalyClass, f64)]) -> ScoredClip {
        let mut clip = clip(truth, &[]);
        clip.scores = ClassScores([0.0; CLASS_COUNT]);
        scores.iter().for_each(|(class, score)| clip.scores.0[class.index()] = *score);
        clip
    }

    #[test]
    fn a_clip_is_normal_below_the_threshold_and_its_top_anomaly_from_it_on() {
        use AnomalyClass::{Crash, Normal, Pain};
        let clip = scored(Crash, &[(Normal, 0.5), (Crash, 0.3), (Pain, 0.2)]);
        assert_eq!(Decision::Threshold(0.5).predicted(&clip), Crash);
        assert_eq!(Decision::Threshold(0.501).predicted(&clip), Normal);
        let tenth = scored(Crash, &[(Normal, 0.9), (Crash, 0.1)]);
        assert_eq!(Decision::Threshold(0.1).predicted(&tenth), Crash, "a score written as 0.100000");
        assert_eq!(Decision::Threshold(0.0).predicted(&clip), Crash);
        assert_eq!(Decision::TopClass.predicted(&clip), clip.predicted);
    }

    #[test]
    fn one_anomaly_taken_for_another_is_an_anomaly_found() {
        use AnomalyClass::{Crash, Normal, Pain};
        let pairs = [(Crash, Pain), (Crash, Crash), (Crash, Normal), (Normal, Pain), (Normal, Normal)];
        let counts = BinaryCounts::new(&ConfusionMatrix::new(pairs));
        let expected = BinaryCounts { true_positives: 2, false_positives: 1, false_negatives: 1, true_negatives: 1 };
        assert_eq!(counts, expected);
        assert_eq!(counts.precision(), Metric::new(2.0 / 3.0));
        assert_eq!(counts.false_positive_rate(), Metric::new(0.5));
        assert_eq!(BinaryCounts::default().recall().reason(), Some(Undefined::NoPositives));
    }
}
