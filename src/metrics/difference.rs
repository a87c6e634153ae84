//! Two sets of scores of the same clips: how far apart they are, with intervals of the difference itself.
//!
//! Both are measured on the same draws of groups, so that what makes a clip hard for both does not widen the interval:
//! a difference whose interval leaves out zero is no accident of these clips. The truth is that of the first.

use avar_base::job::{CancelToken, Cancelled};
use avar_labels::{AnomalyClass, CLASS_COUNT};

use super::bootstrap::{Bootstrap, BootstrapSettings, Interval};
use super::classification::Classification;
use super::clip::ScoredClip;
use super::confusion::ConfusionMatrix;
use super::decision::Decision;
use super::metric::Metric;
use super::ranking::Ranking;

/// One metric of both, and second minus first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// That of the first set of scores.
    pub first: Metric,
    /// That of the second set of scores.
    pub second: Metric,
    /// Undefined where either is.
    pub value: Metric,
    /// Of the difference.
    pub interval: Interval,
}

impl Difference {
    /// Whether the interval leaves out zero.
    pub fn is_clear(&self) -> bool {
        match (self.interval.low.value(), self.interval.high.value()) {
            (Some(low), Some(high)) => low > 0.0 || high < 0.0,
            _ => false,
        }
    }
}

/// How two sets of scores of the same clips differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Differences {
    /// Pairs that were compared.
    pub clips: usize,
    /// Distinct groups among them, which are drawn.
    pub groups: usize,
    /// Equation 11, for ten classes.
    pub accuracy: Difference,
    /// Mean recall of the classes in the truth.
    pub balanced_accuracy: Difference,
    /// Mean F1 of the classes in the truth.
    pub macro_f1: Difference,
    /// In the order of [`AnomalyClass::ALL`].
    pub classes: Vec<ClassDifference>,
}

/// How the two differ on one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassDifference {
    /// The class whose clips are the positives.
    pub class: AnomalyClass,
    /// Equation 13; undefined where no clip is of the class.
    pub recall: Difference,
    /// Equation 14; undefined where, in either set, no clip is of the class and it is never predicted.
    pub f1: Difference,
    /// Of the class against the rest, by its score; no threshold enters it.
    pub average_precision: Difference,
}

/// Metrics that are drawn together.
const COUNT: usize = 3 + 3 * CLASS_COUNT;

impl Differences {
    /// Of pairs of the same clip. Asks before each resample whether it is still wanted.
    pub fn new(
        pairs: &[(&ScoredClip, &ScoredClip)],
        decision: Decision,
        settings: BootstrapSettings,
        cancel: &CancelToken,
    ) -> Result<Self, Cancelled> {
        let bootstrap = Bootstrap::new(pairs.iter().map(|(first, _)| first.group.as_str()), settings);
        let truth: Vec<AnomalyClass> = pairs.iter().map(|(first, _)| first.truth).collect();
        let first = Side::new(&truth, pairs.iter().map(|(first, _)| *first), decision);
        let second = Side::new(&truth, pairs.iter().map(|(_, second)| *second), decision);
        let once = vec![1; pairs.len()];
        let (of_first, of_second) = (first.metrics(&truth, &once), second.metrics(&truth, &once));
        let intervals = bootstrap.try_intervals(|times_drawn| {
            cancel.check()?;
            let (first, second) = (first.metrics(&truth, times_drawn), second.metrics(&truth, times_drawn));
            Ok(std::array::from_fn::<Metric, COUNT, _>(|index| minus(second[index], first[index])))
        })?;
        let difference = |index: usize| Difference {
            first: of_first[index],
            second: of_second[index],
            value: minus(of_second[index], of_first[index]),
            interval: intervals[index],
        };
        let of_class = |class: AnomalyClass| ClassDifference {
            class,
            recall: difference(3 + class.index()),
            f1: difference(3 + CLASS_COUNT + class.index()),
            average_precision: difference(3 + 2 * CLASS_COUNT + class.index()),
        };
        Ok(Self {
            clips: pairs.len(),
            groups: bootstrap.group_count(),
            accuracy: difference(0),
            balanced_accuracy: difference(1),
            macro_f1: difference(2),
            classes: AnomalyClass::ALL.map(of_class).to_vec(),
        })
    }
}

/// What one of the two says, ready to be drawn from.
struct Side {
    predicted: Vec<AnomalyClass>,
    /// Each class against the rest.
    rankings: [Ranking; CLASS_COUNT],
}

impl Side {
    fn new<'a>(
        truth: &[AnomalyClass],
        clips: impl Iterator<Item = &'a ScoredClip> + Clone,
        decision: Decision,
    ) -> Self {
        let ranking = |class: AnomalyClass| {
            Ranking::of_clips(clips.clone().zip(truth).map(|(clip, truth)| (clip.scores.of(class), *truth == class)))
        };
        Self {
            predicted: clips.clone().map(|clip| decision.predicted(clip)).collect(),
            rankings: AnomalyClass::ALL.map(ranking),
        }
    }

    fn metrics(&self, truth: &[AnomalyClass], times_drawn: &[u32]) -> [Metric; COUNT] {
        let mut confusion = ConfusionMatrix::default();
        for ((truth, predicted), times) in truth.iter().zip(&self.predicted).zip(times_drawn) {
            confusion.add(*truth, *predicted, *times);
        }
        let of = Classification::new(confusion);
        let average_precision = |class: usize| self.rankings[class].scores_of_resample(times_drawn).average_precision;
        std::array::from_fn(|index| match index {
            0 => of.accuracy,
            1 => of.balanced_accuracy,
            2 => of.macro_f1,
            _ => match (index - 3) / CLASS_COUNT {
                0 => of.classes[(index - 3) % CLASS_COUNT].recall,
                1 => of.classes[(index - 3) % CLASS_COUNT].f1,
                _ => average_precision((index - 3) % CLASS_COUNT),
            },
        })
    }
}

fn minus(left: Metric, right: Metric) -> Metric {
    match (left.value(), right.value(), left.reason().or(right.reason())) {
        (Some(left), Some(right), _) => Metric::new(left - right),
        (_, _, Some(reason)) => Metric::undefined(reason),
        // A metric without a value has a reason.
        _ => left,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Undefined;
    use crate::clip::tests::clip;

    const SETTINGS: BootstrapSettings = BootstrapSettings { resamples: 400, seed: 5, level: 0.95 };

    /// Crash clips of groups of their own, of which the first `found` are found.
    fn clips(count: usize, found: usize) -> Vec<ScoredClip> {
        let of = |index: usize| {
            let score = if index < found { 0.9 } else { 0.1 };
            ScoredClip { group: index.to_string(), ..clip(AnomalyClass::Crash, &[score]) }
        };
        (0..count).map(of).collect()
    }

    fn differences(pairs: &[(&ScoredClip, &ScoredClip)], decision: Decision) -> Differences {
        Differences::new(pairs, decision, SETTINGS, &CancelToken::default()).unwrap()
    }

    #[test]
    fn a_difference_is_second_minus_first_within_its_interval() {
        let (first, second) = (clips(40, 10), clips(40, 30));
        let pairs: Vec<_> = first.iter().zip(&second).collect();
        let found = differences(&pairs, Decision::TopClass);
        let recall = found.classes[AnomalyClass::Crash.index()].recall;
        assert_eq!(
            (recall.first, recall.second, recall.value),
            (Metric::new(0.25), Metric::new(0.75), Metric::new(0.5))
        );
        let (low, high) = (recall.interval.low.value().unwrap(), recall.interval.high.value().unwrap());
        assert!(0.3 < low && low < 0.5 && 0.5 < high && high < 0.7, "{low} {high}");
        assert!(recall.is_clear());
    }

    #[test]
    fn what_is_hard_for_both_does_not_widen_the_interval() {
        let same = clips(40, 20);
        let pairs: Vec<_> = same.iter().zip(&same).collect();
        let accuracy = differences(&pairs, Decision::TopClass).accuracy;
        assert_eq!((accuracy.interval.low, accuracy.interval.high), (Metric::new(0.0), Metric::new(0.0)));
        assert!(!accuracy.is_clear());
    }

    #[test]
    fn a_class_that_no_clip_has_is_not_compared() {
        let same = clips(10, 5);
        let pairs: Vec<_> = same.iter().zip(&same).collect();
        let found = differences(&pairs, Decision::Threshold(0.05));
        let pain = found.classes[AnomalyClass::Pain.index()];
        assert_eq!(pain.recall.value.reason(), Some(Undefined::ClassNotInTruth));
        assert_eq!(pain.average_precision.value.reason(), Some(Undefined::NoPositives));
        assert_eq!(found.accuracy.first, Metric::new(1.0), "all above so low a threshold");
        assert_eq!(differences(&[], Decision::TopClass).accuracy.value.reason(), Some(Undefined::NoExamples));
    }

    #[test]
    fn a_comparison_that_nobody_waits_for_is_given_up() {
        let same = clips(2, 1);
        let pairs: Vec<_> = same.iter().zip(&same).collect();
        let cancelled = CancelToken::default();
        cancelled.cancel();
        assert_eq!(Differences::new(&pairs, Decision::TopClass, SETTINGS, &cancelled), Err(Cancelled));
    }
}
