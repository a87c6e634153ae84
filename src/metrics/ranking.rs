//! Examples in the order of their scores: average precision, area under the PR curve, area under the ROC curve.
//!
//! One walk from the highest score down counts true and false positives; examples of equal score cross the threshold
//! together, so that their order cannot matter. An example stands for any number of positives and negatives: a step
//! for all its frames, a clip of a bootstrap resample for as often as it was drawn. So nothing is ever repeated in
//! memory, and a resample costs one walk and no sorting.

use serde::Serialize;

use avar_labels::reaches;

use super::metric::{AbsentList, Metric, Undefined};

/// Examples that share one score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Higher means more likely positive; a finite number.
    pub score: f64,
    /// How many positives, and how many negatives, have it: whole numbers, at least zero.
    pub positives: f64,
    /// How many negatives, likewise.
    pub negatives: f64,
    /// Position of the clip they belong to, by which resamples are weighted.
    pub clip: u32,
}

/// Examples in descending order of score.
#[derive(Clone, Debug)]
pub struct Ranking {
    examples: Vec<Scored>,
}

/// The areas under the curves of one ranking.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RankingScores {
    /// How many positives there are; in a resample, each as often as its clip was drawn.
    pub positives: u64,
    /// How many negatives, likewise.
    pub negatives: u64,
    /// Step-wise, equation 15: `sum of (R_n - R_{n-1}) P_n`. That of VadCLIP and of scikit-learn.
    pub average_precision: Metric,
    /// The same curve from `(R, P) = (0, 1)` joined by straight lines, which is optimistic. That of XDVioDet.
    pub pr_area_trapezoid: Metric,
    /// The probability that a positive scores above a negative, ties counting half.
    pub roc_auc: Metric,
}

/// How many examples score at least `threshold`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operating {
    /// A score that occurs, or what was asked for ([`Self::at`]).
    pub threshold: f64,
    /// Positives among them; a whole number.
    pub true_positives: f64,
    /// Negatives among them; a whole number.
    pub false_positives: f64,
}

impl Ranking {
    /// `examples` in any order; those that stand for nothing are dropped.
    pub fn new(mut examples: Vec<Scored>) -> Self {
        examples.retain(|example| example.positives + example.negatives > 0.0);
        examples.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        Self { examples }
    }

    /// One example a clip: its score and whether it is positive.
    pub fn of_clips(examples: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let scored = |(clip, (score, is_positive)): (usize, (f64, bool))| {
            let (positives, negatives) = if is_positive { (1.0, 0.0) } else { (0.0, 1.0) };
            Scored { score, positives, negatives, clip: clip as u32 }
        };
        Self::new(examples.into_iter().enumerate().map(scored).collect())
    }

    /// The areas under its curves, each clip counted once.
    pub fn scores(&self) -> RankingScores {
        self.scores_weighted(|_| 1.0)
    }

    /// As [`Ranking::scores`], each clip counted as often as it was drawn; a clip past the end of `times_drawn` not
    /// at all.
    pub fn scores_of_resample(&self, times_drawn: &[u32]) -> RankingScores {
        self.scores_weighted(weights(times_drawn))
    }

    /// Every threshold at which something crosses, from the highest down.
    pub fn operating_points(&self) -> Vec<Operating> {
        let mut points = Vec::new();
        self.walk(|_| 1.0, |point| points.push(point));
        points
    }

    /// As [`Ranking::operating_points`], of a resample.
    pub fn operating_points_of_resample(&self, times_drawn: &[u32]) -> Vec<Operating> {
        let mut points = Vec::new();
        self.walk(weights(times_drawn), |point| points.push(point));
        points
    }

    fn scores_weighted(&self, weight: impl Fn(u32) -> f64) -> RankingScores {
        let mut last = Operating { threshold: f64::INFINITY, true_positives: 0.0, false_positives: 0.0 };
        let mut last_precision = 1.0;
        let (mut stepwise, mut trapezoid, mut roc) = (0.0, 0.0, 0.0);
        self.walk(weight, |point| {
            let new_positives = point.true_positives - last.true_positives;
            let precision = point.true_positives / (point.true_positives + point.false_positives);
            stepwise += new_positives * precision;
            trapezoid += new_positives * (precision + last_precision) / 2.0;
            roc += (point.false_positives - last.false_positives) * (point.true_positives + last.true_positives) / 2.0;
            (last, last_precision) = (point, precision);
        });
        let (positives, negatives) = (last.true_positives, last.false_positives);
        let no_auc = if positives > 0.0 { Undefined::NoNegatives } else { Undefined::NoPositives };
        RankingScores {
            positives: positives as u64,
            negatives: negatives as u64,
            average_precision: Metric::ratio(stepwise, positives, Undefined::NoPositives),
            pr_area_trapezoid: Metric::ratio(trapezoid, positives, Undefined::NoPositives),
            roc_auc: Metric::ratio(roc, positives * negatives, no_auc),
        }
    }

    /// The clips of the examples that `is_meant` picks, one an example.
    pub(super) fn clips_with(&self, is_meant: fn(&Scored) -> bool) -> impl Iterator<Item = usize> {
        self.examples.iter().filter(move |example| is_meant(example)).map(|example| example.clip as usize)
    }

    /// Visits the count at each distinct score, from the highest down, where anything has crossed.
    fn walk(&self, weight: impl Fn(u32) -> f64, mut visit: impl FnMut(Operating)) {
        let (mut true_positives, mut false_positives) = (0.0, 0.0);
        let mut rest = self.examples.iter().peekable();
        while let Some(example) = rest.next() {
            let weight = weight(example.clip);
            true_positives += weight * example.positives;
            false_positives += weight * example.negatives;
            let is_last_of_ties = rest.peek().is_none_or(|next| next.score != example.score);
            if is_last_of_ties && true_positives + false_positives > 0.0 {
                visit(Operating { threshold: example.score, true_positives, false_positives });
            }
        }
    }
}

fn weights(times_drawn: &[u32]) -> impl Fn(u32) -> f64 {
    |clip| times_drawn.get(clip as usize).copied().map_or(0.0, f64::from)
}

impl Operating {
    /// What calling positive everything that [`reaches`] `threshold` gives, among operating points from the highest down.
    pub fn at(points: &[Self], threshold: f64) -> Self {
        let crossed = points.partition_point(|point| reaches(point.threshold, threshold));
        let none = Self { threshold, true_positives: 0.0, false_positives: 0.0 };
        crossed.checked_sub(1).map_or(none, |last| Self { threshold, ..points[last] })
    }
}

impl RankingScores {
    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.note("average_precision", self.average_precision);
        list.note("pr_area_trapezoid", self.pr_area_trapezoid);
        list.note("roc_auc", self.roc_auc);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f64; 8] = [0.9, 0.8, 0.8, 0.6, 0.5, 0.5, 0.2, 0.1];
    const LABELS: [bool; 8] = [true, false, true, true, false, true, false, false];

    fn scores(score: impl Fn(f64) -> f64) -> RankingScores {
        Ranking::of_clips(SCORES.map(score).into_iter().zip(LABELS)).scores()
    }

    #[test]
    fn the_worked_example_of_average_precision_comes_out() {
        // Three of four positives lead; the fourth comes after one negative: 3/4 + 1/4 x 4/5.
        let labels = [true, true, true, false, true];
        let ranking = Ranking::of_clips([5.0, 4.0, 3.0, 2.0, 1.0].into_iter().zip(labels));
        assert_eq!(ranking.scores().average_precision, Metric::new(0.75 + 0.25 * 0.8));
        assert_eq!(ranking.scores().roc_auc, Metric::new(0.75));
    }

    #[test]
    fn a_monotone_change_of_the_scores_changes_nothing() {
        let plain = scores(|score| score);
        for changed in [scores(|score| 3.0 * score - 7.0), scores(f64::exp), scores(|score| score.powi(3))] {
            assert_eq!(changed, plain);
        }
    }

    #[test]
    fn the_order_of_the_examples_changes_nothing() {
        let mut examples: Vec<_> = SCORES.into_iter().zip(LABELS).collect();
        let plain = Ranking::of_clips(examples.clone()).scores();
        for _ in 0..examples.len() {
            examples.rotate_left(3);
            examples.swap(0, 5);
            assert_eq!(Ranking::of_clips(examples.clone()).scores(), plain);
        }
    }

    #[test]
    fn scores_that_are_all_equal_tell_nothing() {
        let tied = scores(|_| 0.5);
        assert_eq!(tied.average_precision, Metric::new(0.5));
        assert_eq!(tied.roc_auc, Metric::new(0.5));
    }

    #[test]
    fn turning_the_scores_round_turns_the_roc_area_round() {
        let area = |scores: RankingScores| scores.roc_auc.value().unwrap();
        assert!((area(scores(|score| score)) + area(scores(|score| -score)) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_count_is_the_same_as_that_many_copies() {
        let example = |score, positives, negatives, clip| Scored { score, positives, negatives, clip };
        let counted = Ranking::new(vec![example(0.9, 2.0, 1.0, 0), example(0.4, 1.0, 3.0, 1)]);
        let labels = [true, true, false, true, false, false, false];
        let copies = Ranking::of_clips([0.9, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4].into_iter().zip(labels));
        assert_eq!(counted.scores(), copies.scores());
        let resample = counted.scores_of_resample(&[0, 5]);
        assert_eq!((resample.positives, resample.negatives), (5, 15));
        assert_eq!(resample.average_precision, Metric::new(0.25));
    }

    #[test]
    fn one_label_only_leaves_undefined_what_needs_both() {
        let positive = Ranking::of_clips([(0.1, true), (0.2, true)]).scores();
        assert_eq!(positive.average_precision, Metric::new(1.0));
        assert_eq!(positive.roc_auc.reason(), Some(Undefined::NoNegatives));
        let negative = Ranking::of_clips([(0.1, false)]).scores();
        assert_eq!(negative.average_precision.reason(), Some(Undefined::NoPositives));
        assert_eq!(Ranking::of_clips([]).scores().roc_auc.reason(), Some(Undefined::NoPositives));
    }
}
