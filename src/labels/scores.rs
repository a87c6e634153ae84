//! What is said of a step or of a clip: a score of each class.

use std::ops::AddAssign;

use super::{AnomalyClass, CLASS_COUNT};

/// Softmax over the ten classes, in the order of [`AnomalyClass::ALL`]: of a step as the network gives it, in single
/// precision; of a clip in a table of a run in double. Not calibrated: a score, not a probability of being right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassScores<T = f32>(pub [T; CLASS_COUNT]);

impl<T: Copy + Into<f64>> ClassScores<T> {
    /// The score of one class, within 0 and 1.
    pub fn of(&self, class: AnomalyClass) -> T {
        self.0[class.index()]
    }

    /// The class with the highest score; the first of equals.
    pub fn top(&self) -> AnomalyClass {
        self.top_among(AnomalyClass::ALL.into_iter())
    }

    /// The class with the highest score among the nine that are anomalies; the first of equals.
    pub fn top_anomaly(&self) -> AnomalyClass {
        self.top_among(AnomalyClass::ALL.into_iter().filter(|class| class.is_anomaly()))
    }

    /// Shannon's entropy as a share of the most that ten classes can have: 0 where one class has all, 1 where all have
    /// the same (Shannon 1948).
    pub fn entropy(&self) -> f64 {
        let term = |score: T| match score.into() {
            none if none <= 0.0 => 0.0,
            score => -score * score.ln(),
        };
        (self.0.iter().map(|score| term(*score)).sum::<f64>() / (CLASS_COUNT as f64).ln()).clamp(0.0, 1.0)
    }

    fn top_among(&self, classes: impl DoubleEndedIterator<Item = AnomalyClass>) -> AnomalyClass {
        let score = |class: &AnomalyClass| -> f64 { self.of(*class).into() };
        // The last of equals is what `max_by` returns, and the first what is wanted.
        let top = classes.rev().max_by(|a, b| score(a).total_cmp(&score(b)));
        top.unwrap_or(AnomalyClass::Normal)
    }
}

impl ClassScores<f32> {
    /// `1 - P(normal)`, within 0 and 1.
    pub fn anomaly(&self) -> f32 {
        (1.0 - self.of(AnomalyClass::Normal)).clamp(0.0, 1.0)
    }
}

impl ClassScores<f64> {
    /// `1 - P(normal)`, within 0 and 1.
    pub fn anomaly(&self) -> f64 {
        (1.0 - self.of(AnomalyClass::Normal)).clamp(0.0, 1.0)
    }
}

/// Sums over steps, in double precision.
impl AddAssign<ClassScores<f32>> for ClassScores<f64> {
    fn add_assign(&mut self, scores: ClassScores<f32>) {
        self.0.iter_mut().zip(scores.0).for_each(|(sum, score)| *sum += f64::from(score));
    }
}

impl From<ClassScores<f32>> for ClassScores<f64> {
    fn from(scores: ClassScores<f32>) -> Self {
        Self(scores.0.map(f64::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use AnomalyClass::{Abuse, Crash, Normal, Vandalism};

    fn scores(of: &[(AnomalyClass, f32)]) -> ClassScores {
        let mut scores = ClassScores([0.0; CLASS_COUNT]);
        of.iter().for_each(|(class, score)| scores.0[class.index()] = *score);
        scores
    }

    #[test]
    fn the_anomaly_score_is_what_normal_leaves() {
        let scores = scores(&[(Normal, 0.75), (Crash, 0.25)]);
        assert_eq!(scores.anomaly(), 0.25);
        assert_eq!(ClassScores::<f64>::from(scores).anomaly(), 0.25);
        assert_eq!(ClassScores([1.5f32; CLASS_COUNT]).anomaly(), 0.0, "a softmax that was rounded up");
    }

    #[test]
    fn the_top_is_the_highest_of_all_and_the_top_anomaly_the_highest_without_normal() {
        let scores = scores(&[(Normal, 0.6), (Crash, 0.3), (Vandalism, 0.1)]);
        assert_eq!((scores.top(), scores.top_anomaly()), (Normal, Crash));
        assert_eq!((scores.of(Vandalism), scores.of(Abuse)), (0.1, 0.0));
    }

    #[test]
    fn entropy_is_nothing_where_one_class_has_all_and_whole_where_all_have_the_same() {
        assert_eq!(scores(&[(Crash, 1.0)]).entropy(), 0.0);
        assert!((ClassScores([0.1f64; CLASS_COUNT]).entropy() - 1.0).abs() < 1e-12);
        let of_two = scores(&[(Crash, 0.5), (Normal, 0.5)]).entropy();
        assert!((of_two - 2f64.log10()).abs() < 1e-6, "{of_two}");
    }

    #[test]
    fn of_equal_scores_the_first_class_leads_in_either_precision() {
        assert_eq!(ClassScores([0.1f32; CLASS_COUNT]).top(), Abuse);
        assert_eq!(ClassScores([0.1f64; CLASS_COUNT]).top(), Abuse);
        let tied = scores(&[(Crash, 0.5), (Normal, 0.5), (Vandalism, 0.5)]);
        assert_eq!((tied.top(), tied.top_anomaly()), (Crash, Crash));
    }
}
