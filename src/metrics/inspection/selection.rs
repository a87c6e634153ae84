//! The numbers that all views show. A [`Selection`] is what a filter leaves of a run, with everything sorted; an
//! [`Outcome`] is what a decision makes of it. The first is worked out in the background, the second while a threshold
//! is dragged.

use super::filter::Filter;
use super::notes::Notes;
use super::run_index::{FittedTemperature, RunIndex, labelled};
use crate::alarms::AlarmCurve;
use crate::calibration::{Labelled, ProbabilityScores};
use crate::classification::Classification;
use crate::confusion::ConfusionMatrix;
use crate::curves::{PrPoint, RocPoint, precision_recall_of, roc_of, thinned};
use crate::ranking::{Operating, Ranking, RankingScores};
use crate::temperature::Temperature;
use crate::{BinaryCounts, Decision, Metric, ReportSettings, ScoredClip, Undefined};
use avar_base::job::{CancelToken, Cancelled};
use avar_labels::{AnomalyClass, CLASS_COUNT, Split};

/// The clips of a run that a filter lets through.
pub struct Selection {
    /// Positions in the run.
    pub places: Vec<usize>,
    /// Anomalous against normal, clip by clip.
    pub by_clip: CurvePair,
    /// The same of all frames together.
    pub by_frame: CurvePair,
    /// Of each class against the rest, by the class's score.
    pub average_precision: [Metric; CLASS_COUNT],
    /// False alarms an hour against recall, at every threshold.
    pub alarms: AlarmCurve,
    /// Of the class probabilities of these clips.
    pub calibration: Calibrated,
}

/// PR and ROC of one ranking.
pub struct CurvePair {
    operating: Vec<Operating>,
    /// The areas under both, from all points and not from the thinned curves.
    pub scores: RankingScores,
    /// To draw.
    pub pr: Vec<PrPoint>,
    /// To draw, likewise.
    pub roc: Vec<RocPoint>,
}

/// Where a decision stands on the curves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OperatingPoint {
    /// Undefined where nothing is called positive.
    pub precision: Metric,
    /// Undefined where nothing is positive.
    pub recall: Metric,
    /// Undefined where nothing is negative.
    pub false_positive_rate: Metric,
}

/// Probabilities before and after temperature scaling.
pub struct Calibrated {
    /// As the clips were scored.
    pub raw: ProbabilityScores,
    /// `None` where no temperature could be fitted.
    pub scaled: Option<ProbabilityScores>,
    /// That of the whole run, fitted once and not on what is selected.
    pub temperature: FittedTemperature,
    /// Clips that the temperature was fitted on are among those shown, so that it looks better than it is.
    pub is_optimistic: bool,
}

/// What a decision makes of a selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What the clips were called by.
    pub decision: Decision,
    /// Of the ten classes.
    pub classification: Classification,
    /// Anomalous against normal.
    pub binary: BinaryCounts,
    /// By position in [`Selection::places`].
    pub predicted: Vec<AnomalyClass>,
}

impl Selection {
    /// Asks between its parts whether it is still wanted.
    pub fn new(index: &RunIndex, filter: &Filter, notes: &Notes, cancel: &CancelToken) -> Result<Self, Cancelled> {
        let run = &index.run;
        let passes = |place: &usize| {
            let clip = &run.clips[*place];
            filter.lets_through(clip, notes.of(&clip.scored.path))
        };
        let places: Vec<usize> = (0..run.clips.len()).filter(passes).collect();
        let mut times_drawn = vec![0; run.clips.len()];
        places.iter().for_each(|place| times_drawn[*place] = 1);
        let clips = || places.iter().map(|place| &run.clips[*place].scored);
        cancel.check()?;
        let anomaly = Ranking::of_clips(clips().map(|clip| (clip.anomaly_score(), clip.truth.is_anomaly())));
        let by_clip = CurvePair::new(anomaly.operating_points(), anomaly.scores());
        cancel.check()?;
        let operating = index.frames.operating_points_of_resample(&times_drawn);
        cancel.check()?;
        let by_frame = CurvePair::new(operating, index.frames.scores_of_resample(&times_drawn));
        let mut average_precision = [Metric::undefined(Undefined::NoExamples); CLASS_COUNT];
        for class in AnomalyClass::ALL {
            cancel.check()?;
            let examples = clips().map(|clip| (clip.scores.of(class), clip.truth == class));
            average_precision[class.index()] = Ranking::of_clips(examples).scores().average_precision;
        }
        cancel.check()?;
        let alarms = AlarmCurve::new(places.iter().map(|place| &index.clips[*place].alarms));
        cancel.check()?;
        let calibration = Calibrated::new(clips().collect(), index.temperature);
        Ok(Self { by_clip, by_frame, average_precision, alarms, calibration, places })
    }
}

impl CurvePair {
    fn new(operating: Vec<Operating>, scores: RankingScores) -> Self {
        Self {
            pr: thinned(&precision_recall_of(&operating), |point| (point.recall, point.precision)),
            roc: thinned(&roc_of(&operating), |point| (point.false_positive_rate, point.true_positive_rate)),
            operating,
            scores,
        }
    }

    /// The share of positives, which is the precision of a guess.
    pub fn prevalence(&self) -> Metric {
        let (positives, negatives) = (self.scores.positives as f64, self.scores.negatives as f64);
        Metric::ratio(positives, positives + negatives, Undefined::NoExamples)
    }

    /// What calling positive everything whose score reaches `threshold` gives.
    pub fn at(&self, threshold: f64) -> OperatingPoint {
        let at = Operating::at(&self.operating, threshold);
        let (positives, negatives) = (self.scores.positives as f64, self.scores.negatives as f64);
        let called = at.true_positives + at.false_positives;
        OperatingPoint {
            precision: Metric::ratio(at.true_positives, called, Undefined::ClassNeverPredicted),
            recall: Metric::ratio(at.true_positives, positives, Undefined::NoPositives),
            false_positive_rate: Metric::ratio(at.false_positives, negatives, Undefined::NoNegatives),
        }
    }
}

impl Calibrated {
    fn new(clips: Vec<&ScoredClip>, temperature: FittedTemperature) -> Self {
        let bins = ReportSettings::default().calibration_bins;
        let examples: Vec<Labelled> = clips.iter().map(|clip| labelled(clip)).collect();
        let scaled = temperature.value.ok().map(|value| {
            let scale = |(scores, truth): &Labelled| (Temperature::scale(scores, value), *truth);
            ProbabilityScores::new(&examples.iter().map(scale).collect::<Vec<_>>(), bins)
        });
        let is_optimistic =
            !temperature.is_of_validation || clips.iter().any(|clip| clip.split == Some(Split::Validation));
        Self { raw: ProbabilityScores::new(&examples, bins), scaled, temperature, is_optimistic }
    }
}

impl Outcome {
    /// Calls the clips of `selection`, which was made of `index`.
    pub fn new(index: &RunIndex, selection: &Selection, decision: Decision) -> Self {
        let clips = &index.run.clips;
        let predicted: Vec<AnomalyClass> =
            selection.places.iter().map(|place| decision.predicted(&clips[*place].scored)).collect();
        let pairs = selection.places.iter().zip(&predicted);
        let confusion = ConfusionMatrix::new(pairs.map(|(place, predicted)| (clips[*place].scored.truth, *predicted)));
        Self {
            decision,
            binary: BinaryCounts::new(&confusion),
            classification: Classification::new(confusion),
            predicted,
        }
    }

    /// Positions in the run of the clips whose true and predicted class are wanted, the most wrong first.
    pub fn list(
        &self,
        index: &RunIndex,
        selection: &Selection,
        wanted: impl Fn(AnomalyClass, AnomalyClass) -> bool,
    ) -> Vec<usize> {
        let clips = &index.run.clips;
        let pairs = selection.places.iter().copied().zip(self.predicted.iter().copied());
        let chosen = pairs.filter(|(place, predicted)| wanted(clips[*place].scored.truth, *predicted));
        let mut wrong: Vec<(f64, usize)> =
            chosen.map(|(place, predicted)| (wrongness(&clips[place].scored, predicted), place)).collect();
        // The path decides between equals, so that the order is always the same.
        wrong.sort_unstable_by(|a, b| {
            b.0.total_cmp(&a.0).then_with(|| clips[a.1].scored.path.cmp(&clips[b.1].scored.path))
        });
        wrong.into_iter().map(|(_, place)| place).collect()
    }

    /// Clips of one anomaly that were taken for another.
    pub fn confusions(&self) -> u64 {
        let confusion = &self.classification.confusion;
        let found = confusion.correct() - confusion.true_positives(AnomalyClass::Normal);
        self.binary.true_positives - found
    }

    /// Where the decision stands on the curves over clips.
    pub fn operating_point(&self) -> OperatingPoint {
        OperatingPoint {
            precision: self.binary.precision(),
            recall: self.binary.recall(),
            false_positive_rate: self.binary.false_positive_rate(),
        }
    }
}

/// How much more the score of what a clip was taken for than that of what it is, −1 to 1. Anomalies together where
/// one side is normal, as it is their sum that crosses the threshold.
fn wrongness(clip: &ScoredClip, predicted: AnomalyClass) -> f64 {
    let anomaly = clip.anomaly_score();
    match (clip.truth.is_anomaly(), predicted.is_anomaly()) {
        (false, true) => anomaly,
        (true, false) => 1.0 - anomaly,
        (true, true) if clip.truth != predicted => clip.scores.of(predicted) - clip.scores.of(clip.truth),
        _ => -clip.scores.of(clip.truth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarms::level_of;
    use crate::inspection::demo_run;
    use crate::{Report, TruthRange};
    use avar_base::job::CancelToken;

    fn index(clips: usize) -> RunIndex {
        let run = demo_run::run(&demo_run::Settings { clips, ..demo_run::Settings::default() });
        RunIndex::new(run, &CancelToken::default(), |_| {}).unwrap()
    }

    fn select(index: &RunIndex, filter: &Filter) -> Selection {
        Selection::new(index, filter, &Notes::default(), &CancelToken::default()).unwrap()
    }

    #[test]
    fn at_its_default_every_number_is_that_of_the_report() {
        let index = index(120);
        let selection = select(&index, &Filter::default());
        let outcome = Outcome::new(&index, &selection, Decision::TopClass);
        let report = Report::new(&index.run.clips, &ReportSettings::default()).unwrap();
        assert_eq!(outcome.classification, report.classification);
        assert_eq!(selection.by_clip.scores, report.clip_ranking.anomaly);
        assert_eq!(selection.by_frame.scores, report.frames.anomaly);
        assert_eq!(selection.by_clip.pr, report.curves.clip_pr);
        assert_eq!(selection.by_frame.roc, report.curves.frame_roc);
        assert_eq!(selection.calibration.raw, report.calibration.raw);
        for (ours, theirs) in selection.average_precision.iter().zip(&report.clip_ranking.classes) {
            assert_eq!(*ours, theirs.scores.average_precision);
        }
        let alarms = selection.alarms.at(level_of(0.5));
        assert_eq!(alarms.per_hour, report.events.false_alarms.per_normal_hour);
        assert_eq!(alarms.detected as usize, report.events.delay.detected);
    }

    #[test]
    fn a_filter_leaves_the_report_of_the_clips_that_pass() {
        let index = index(120);
        let mut filter = Filter { split: Some(Split::Test), ..Filter::default() };
        filter.toggle(AnomalyClass::Pain);
        let selection = select(&index, &filter);
        let left: Vec<_> = selection.places.iter().map(|place| index.run.clips[*place].clone()).collect();
        assert!(!left.is_empty() && left.len() < 120);
        let report = Report::new(&left, &ReportSettings::default()).unwrap();
        let outcome = Outcome::new(&index, &selection, Decision::TopClass);
        assert_eq!(outcome.classification, report.classification);
        assert_eq!(selection.by_frame.scores, report.frames.anomaly);
        assert_eq!(selection.alarms.at(500).per_hour, report.events.false_alarms.per_normal_hour);
        assert!(!selection.calibration.is_optimistic, "fitted on validation clips, of which none is shown");
    }

    #[test]
    fn the_matrix_and_the_curves_agree_at_every_threshold() {
        let index = index(120);
        let selection = select(&index, &Filter::default());
        for threshold in [0.0, 0.2, 0.5, 0.77, 1.0] {
            let outcome = Outcome::new(&index, &selection, Decision::Threshold(threshold));
            assert_eq!(outcome.operating_point(), selection.by_clip.at(threshold), "at {threshold}");
        }
    }

    #[test]
    fn every_clip_that_is_wrong_is_in_one_list_with_the_worst_first() {
        let index = index(120);
        let selection = select(&index, &Filter::default());
        let outcome = Outcome::new(&index, &selection, Decision::Threshold(0.6));
        let wrong = outcome.classification.confusion.total() - outcome.classification.confusion.correct();
        let list = |wanted: fn(AnomalyClass, AnomalyClass) -> bool| outcome.list(&index, &selection, wanted);
        let false_alarms = list(|truth, predicted| !truth.is_anomaly() && predicted.is_anomaly());
        let misses = list(|truth, predicted| truth.is_anomaly() && !predicted.is_anomaly());
        assert_eq!(false_alarms.len() as u64, outcome.binary.false_positives);
        assert_eq!(misses.len() as u64, outcome.binary.false_negatives);
        assert_eq!((false_alarms.len() + misses.len()) as u64 + outcome.confusions(), wrong);
        assert_eq!(list(|_, _| true).len(), 120);
        let scores: Vec<f64> = misses.iter().map(|place| index.run.clips[*place].scored.anomaly_score()).collect();
        assert!(scores.is_sorted(), "the miss with the lowest score is the worst: {scores:?}");
    }

    #[test]
    fn a_selection_that_is_not_wanted_any_more_is_given_up() {
        let (index, cancel) = (index(20), CancelToken::default());
        cancel.cancel();
        assert!(Selection::new(&index, &Filter::default(), &Notes::default(), &cancel).is_err());
    }

    #[test]
    fn nothing_left_is_undefined_and_not_zero() {
        let index = index(20);
        let filter = Filter { classes: [false; CLASS_COUNT], ..Filter::default() };
        let selection = select(&index, &filter);
        let outcome = Outcome::new(&index, &selection, Decision::TopClass);
        assert_eq!(outcome.classification.accuracy.value(), None);
        assert_eq!(selection.by_frame.at(0.5).recall.reason(), Some(Undefined::NoPositives));
        assert_eq!(selection.by_clip.prevalence().value(), None);
        assert!(selection.by_clip.pr.is_empty());
    }

    #[test]
    fn clips_without_steps_have_clip_curves_and_no_frame_curves() {
        let mut run = demo_run::run(&demo_run::Settings { clips: 40, ..demo_run::Settings::default() });
        for clip in &mut run.clips {
            clip.scored.steps.clear();
            clip.scored.truth_ranges = Vec::<TruthRange>::new();
        }
        let index = RunIndex::new(run, &CancelToken::default(), |_| {}).unwrap();
        let selection = select(&index, &Filter::default());
        assert!(!selection.by_clip.pr.is_empty() && selection.by_frame.pr.is_empty());
        assert_eq!(selection.alarms.at(500).per_hour.reason(), Some(Undefined::NoNormalTime));
    }
}
