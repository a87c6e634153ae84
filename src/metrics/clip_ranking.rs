//! Clips in the order of a score: anomalous against normal, and each class against the rest.

use serde::Serialize;

use avar_labels::AnomalyClass;

use super::classification::serialize_class;
use super::clip::ScoredClip;
use super::metric::{AbsentList, Metric, Undefined};
use super::ranking::{Ranking, RankingScores};

/// How well scores set clips apart, whatever the threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipRanking {
    /// Anomalous against normal by `1 - P(normal)` of the clip.
    pub anomaly: RankingScores,
    /// The same by the highest anomaly score of a step.
    pub peak: RankingScores,
    /// The means of the classes below that are defined.
    pub macro_average_precision: Metric,
    /// Of ROC areas, likewise; a class that no clip is of, or every clip, has none.
    pub macro_roc_auc: Metric,
    /// All ten, in the order of [`AnomalyClass::ALL`].
    pub classes: Vec<OneVersusRest>,
}

/// Clips of one class against all others, by the probability of the class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OneVersusRest {
    /// The class whose clips are the positives.
    #[serde(serialize_with = "serialize_class")]
    pub class: AnomalyClass,
    /// Of all clips, ranked by their probability of the class.
    #[serde(flatten)]
    pub scores: RankingScores,
}

/// Clips by `1 - P(normal)`.
pub fn anomaly_ranking<C: AsRef<ScoredClip>>(clips: &[C]) -> Ranking {
    Ranking::of_clips(clips.iter().map(C::as_ref).map(|clip| (clip.anomaly_score(), clip.truth.is_anomaly())))
}

impl ClipRanking {
    /// `anomaly` is [`anomaly_ranking`] of the same clips.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], anomaly: &Ranking) -> Self {
        let clips = || clips.iter().map(C::as_ref);
        let one_versus_rest = |class: AnomalyClass| {
            let examples = clips().map(|clip| (clip.scores.of(class), clip.truth == class));
            OneVersusRest { class, scores: Ranking::of_clips(examples).scores() }
        };
        let classes = AnomalyClass::ALL.map(one_versus_rest).to_vec();
        let mean = |metric: fn(&RankingScores) -> Metric, reason| {
            Metric::mean(classes.iter().map(|class| metric(&class.scores)), reason)
        };
        Self {
            anomaly: anomaly.scores(),
            peak: Ranking::of_clips(clips().map(|clip| (clip.max_score, clip.truth.is_anomaly()))).scores(),
            macro_average_precision: mean(|scores| scores.average_precision, Undefined::NoPositives),
            macro_roc_auc: mean(|scores| scores.roc_auc, Undefined::NoNegatives),
            classes,
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.within("anomaly", |list| self.anomaly.note_absent(list));
        list.within("peak", |list| self.peak.note_absent(list));
        list.note("macro_average_precision", self.macro_average_precision);
        list.note("macro_roc_auc", self.macro_roc_auc);
        list.within("classes", |list| {
            for class in &self.classes {
                list.within(class.class.name(), |list| class.scores.note_absent(list));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::clip;
    use super::*;
    use AnomalyClass::{Crash, Normal, Pain};

    #[test]
    fn each_class_stands_against_all_others() {
        let clips = [clip(Crash, &[0.9]), clip(Pain, &[0.6]), clip(Normal, &[0.7]), clip(Crash, &[0.65])];
        let ranking = ClipRanking::new(&clips, &anomaly_ranking(&clips));
        // Crash: found, a normal clip, found, a pain clip.
        let crash = ranking.classes[Crash.index()].scores;
        assert_eq!((crash.positives, crash.negatives), (2, 2));
        assert_eq!(crash.average_precision, Metric::new((1.0 + 2.0 / 3.0) / 2.0));
        assert_eq!(crash.roc_auc, Metric::new(0.75));
        assert_eq!(ranking.anomaly.average_precision, Metric::new((1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0));
        assert_eq!(ranking.peak, ranking.anomaly);
    }

    #[test]
    fn classes_that_do_not_occur_are_left_out_of_the_mean() {
        let clips = [clip(Crash, &[0.9]), clip(Normal, &[0.1])];
        let ranking = ClipRanking::new(&clips, &anomaly_ranking(&clips));
        assert_eq!(ranking.macro_average_precision, Metric::new(1.0));
        assert_eq!(ranking.classes[Pain.index()].scores.roc_auc.reason(), Some(Undefined::NoPositives));
    }

    #[test]
    fn one_class_only_has_no_roc_curve() {
        let clips = [clip(Normal, &[0.9]), clip(Normal, &[0.1])];
        let ranking = ClipRanking::new(&clips, &anomaly_ranking(&clips));
        assert_eq!(ranking.anomaly.average_precision.reason(), Some(Undefined::NoPositives));
        assert_eq!(ranking.macro_roc_auc.reason(), Some(Undefined::NoNegatives));
    }
}
