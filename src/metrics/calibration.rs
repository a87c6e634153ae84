//! How good the clips' class probabilities are: Brier score, negative log likelihood, reliability, temperature.

use serde::Serialize;

use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};

use super::clip::ScoredClip;
use super::metric::{AbsentList, Metric, Undefined};
use super::reliability::Reliability;
use super::temperature::Temperature;

/// Whether the clips' class probabilities mean what they say, and what temperature scaling would make of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// As the clips were scored.
    pub raw: ProbabilityScores,
    /// At the temperature of the settings, which was fitted on other clips; null where none was given.
    pub at_temperature: Option<ProbabilityScores>,
    /// The temperature that suits these clips best. To be used on other clips only.
    pub fitted_temperature: Metric,
    /// What that temperature would make of the negative log likelihood: the least that scaling could reach here.
    pub fitted_log_loss: Metric,
}

/// How good some class probabilities are. Every metric is undefined where there is no clip.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProbabilityScores {
    /// Brier (1950): the mean over clips of the squared distance between the ten probabilities and the truth, `0..=2`.
    pub brier: Metric,
    /// The same of "anomalous" against "normal", `0..=1`.
    pub brier_anomaly: Metric,
    /// The mean of `-ln P(true class)`, in nats.
    pub log_loss: Metric,
    /// Of the highest class probability against whether its class is true.
    pub top_class: Reliability,
    /// Of the anomaly score against whether the clip is anomalous.
    pub anomaly: Reliability,
}

/// Class probabilities of a clip and the index of its true class.
pub type Labelled = ([f64; CLASS_COUNT], usize);

impl Calibration {
    /// `temperature` is above zero.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], bin_count: usize, temperature: Option<f64>) -> Self {
        let examples: Vec<Labelled> =
            clips.iter().map(C::as_ref).map(|clip| (clip.scores.0, clip.truth.index())).collect();
        let fitted = Temperature::fit(&examples);
        let of_fit = |value: fn(Temperature) -> f64| match fitted {
            Ok(fitted) => Metric::new(value(fitted)),
            Err(reason) => Metric::undefined(reason),
        };
        let scaled = |temperature: f64| -> Vec<Labelled> {
            examples.iter().map(|(scores, truth)| (Temperature::scale(scores, temperature), *truth)).collect()
        };
        Self {
            raw: ProbabilityScores::new(&examples, bin_count),
            at_temperature: temperature.map(|value| ProbabilityScores::new(&scaled(value), bin_count)),
            fitted_temperature: of_fit(|fitted| fitted.value),
            fitted_log_loss: of_fit(|fitted| fitted.log_loss),
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.within("raw", |list| self.raw.note_absent(list));
        if let Some(scores) = &self.at_temperature {
            list.within("at_temperature", |list| scores.note_absent(list));
        }
        list.note("fitted_temperature", self.fitted_temperature);
        list.note("fitted_log_loss", self.fitted_log_loss);
    }
}

impl ProbabilityScores {
    /// `bin_count` is the number of bins of both reliability diagrams; zero counts as one.
    pub fn new(examples: &[Labelled], bin_count: usize) -> Self {
        let mean = |of: fn(&Labelled) -> f64| {
            Metric::ratio(examples.iter().map(of).sum(), examples.len() as f64, Undefined::NoExamples)
        };
        Self {
            brier: mean(brier),
            brier_anomaly: mean(|example| {
                let (anomaly, is_anomalous) = anomaly(example);
                (anomaly - f64::from(u8::from(is_anomalous))).powi(2)
            }),
            log_loss: mean(|(scores, truth)| -safe_ln(scores[*truth])),
            top_class: Reliability::new(examples.iter().map(top_class), bin_count),
            anomaly: Reliability::new(examples.iter().map(anomaly), bin_count),
        }
    }

    fn note_absent(&self, list: &mut AbsentList) {
        list.note("brier", self.brier);
        list.note("brier_anomaly", self.brier_anomaly);
        list.note("log_loss", self.log_loss);
        list.within("top_class", |list| self.top_class.note_absent(list));
        list.within("anomaly", |list| self.anomaly.note_absent(list));
    }
}

/// The logarithm of a probability that is kept within `f64::EPSILON` of 0 and of 1, as scikit-learn does: a single
/// certain mistake costs 36 nats and not infinity.
pub(super) fn safe_ln(probability: f64) -> f64 {
    probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

fn brier((scores, truth): &Labelled) -> f64 {
    let squared = |(class, score): (usize, &f64)| (score - f64::from(u8::from(class == *truth))).powi(2);
    scores.iter().enumerate().map(squared).sum()
}

/// The highest probability, of the first class that has it, and whether that class is true.
fn top_class((scores, truth): &Labelled) -> (f64, bool) {
    let scores = ClassScores(*scores);
    let top = scores.top();
    (scores.of(top).clamp(0.0, 1.0), top.index() == *truth)
}

fn anomaly((scores, truth): &Labelled) -> (f64, bool) {
    (ClassScores(*scores).anomaly(), *truth != AnomalyClass::Normal.index())
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::clip;
    use super::*;
    use avar_labels::AnomalyClass::{Crash, Normal};

    /// `p` for crash, the rest for normal.
    fn example(p: f64, truth: avar_labels::AnomalyClass) -> Labelled {
        let mut scores = [0.0; CLASS_COUNT];
        (scores[Crash.index()], scores[Normal.index()]) = (p, 1.0 - p);
        (scores, truth.index())
    }

    #[test]
    fn the_scores_are_those_of_their_definitions() {
        let scores = ProbabilityScores::new(&[example(0.75, Crash), example(0.5, Normal)], 10);
        assert_eq!(scores.brier, Metric::new((2.0 * 0.0625 + 2.0 * 0.25) / 2.0));
        assert_eq!(scores.brier_anomaly, Metric::new((0.0625 + 0.25) / 2.0));
        assert!((scores.log_loss.value().unwrap() + (0.75f64.ln() + 0.5f64.ln()) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn certainty_that_is_wrong_costs_much_but_not_infinity() {
        let scores = ProbabilityScores::new(&[example(1.0, Normal)], 10);
        assert_eq!(scores.brier, Metric::new(2.0));
        assert!((scores.log_loss.value().unwrap() - 36.04).abs() < 0.01);
    }

    #[test]
    fn the_given_temperature_changes_confidence_but_not_the_class() {
        let clips = [clip(Crash, &[0.9]), clip(Crash, &[0.2]), clip(Normal, &[0.8]), clip(Normal, &[0.1])];
        let calibration = Calibration::new(&clips, 10, Some(2.0));
        let softer = calibration.at_temperature.unwrap();
        assert!(softer.log_loss.value() < calibration.raw.log_loss.value());
        assert!(calibration.fitted_temperature.value().unwrap() > 2.0);
        assert!(calibration.fitted_log_loss.value() < softer.log_loss.value());
        assert_eq!(Calibration::new(&clips, 10, None).at_temperature, None);
    }

    #[test]
    fn nothing_has_no_scores() {
        let calibration = Calibration::new::<ScoredClip>(&[], 10, None);
        assert_eq!(calibration.raw.brier.reason(), Some(Undefined::NoExamples));
        assert_eq!(calibration.fitted_temperature.reason(), Some(Undefined::NoExamples));
    }
}
