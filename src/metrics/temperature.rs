//! Temperature scaling (Guo et al. 2017, section 4.2): one number by which all logits are divided.
//!
//! Probabilities do as well as logits, for `softmax(ln(softmax(z)) / T) = softmax(z / T)`. The negative log likelihood
//! is convex in `1 / T`, so its one minimum is where the slope crosses zero: Newton's method, kept within a bracket.

use avar_labels::CLASS_COUNT;

use super::calibration::{Labelled, safe_ln};
use super::metric::Undefined;

/// A temperature that was fitted on some examples, and how well it does on them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature {
    /// Above 1 softens, below 1 sharpens.
    pub value: f64,
    /// The mean negative log likelihood at it, in nats.
    pub log_loss: f64,
}

/// What a network could need; beyond, the fit says more about the clips than about the network.
const LIMITS: (f64, f64) = (0.01, 100.0);

impl Temperature {
    /// The temperature of the least negative log likelihood. Undefined without examples, where all probabilities are
    /// equal, and where the minimum lies outside 0.01 to 100: every example is right, or most are wrong.
    pub fn fit(examples: &[Labelled]) -> Result<Self, Undefined> {
        if examples.is_empty() {
            return Err(Undefined::NoExamples);
        }
        let logits: Vec<Labelled> = examples.iter().map(|(scores, truth)| (scores.map(safe_ln), *truth)).collect();
        if logits.iter().all(|(logits, _)| logits.iter().all(|logit| *logit == logits[0])) {
            return Err(Undefined::TemperatureFree);
        }
        let (mut low, mut high) = (1.0 / LIMITS.1, 1.0 / LIMITS.0);
        if slope(&logits, high).0 <= 0.0 {
            return Err(Undefined::TemperatureTooLow);
        }
        if slope(&logits, low).0 >= 0.0 {
            return Err(Undefined::TemperatureTooHigh);
        }
        let mut inverse = 1.0;
        // Bisection alone needs fewer.
        for _ in 0..100 {
            let (slope, curvature) = slope(&logits, inverse);
            if slope > 0.0 {
                high = inverse
            } else {
                low = inverse
            }
            let newton = inverse - slope / curvature;
            // Also where the curvature is zero, which makes the step infinite or not a number.
            let next = if low < newton && newton < high { newton } else { (low + high) / 2.0 };
            let moved = (next - inverse).abs();
            inverse = next;
            if moved <= 1e-14 * inverse {
                break;
            }
        }
        Ok(Self { value: 1.0 / inverse, log_loss: log_loss(&logits, inverse) })
    }

    /// The probabilities at another temperature, `softmax(ln(p) / temperature)`.
    pub fn scale(probabilities: &[f64; CLASS_COUNT], temperature: f64) -> [f64; CLASS_COUNT] {
        softmax(&probabilities.map(safe_ln), 1.0 / temperature)
    }
}

/// First and second derivative of the mean negative log likelihood by the inverse temperature: the mean over examples
/// of `E[z] - z_truth` and of `Var[z]`, under the probabilities at that temperature.
fn slope(logits: &[Labelled], inverse: f64) -> (f64, f64) {
    let (mut first, mut second) = (0.0, 0.0);
    for (logits, truth) in logits {
        let probabilities = softmax(logits, inverse);
        let mean: f64 = probabilities.iter().zip(logits).map(|(p, z)| p * z).sum();
        first += mean - logits[*truth];
        second += probabilities.iter().zip(logits).map(|(p, z)| p * (z - mean).powi(2)).sum::<f64>();
    }
    (first / logits.len() as f64, second / logits.len() as f64)
}

fn log_loss(logits: &[Labelled], inverse: f64) -> f64 {
    let loss = |(logits, truth): &Labelled| -safe_ln(softmax(logits, inverse)[*truth]);
    logits.iter().map(loss).sum::<f64>() / logits.len() as f64
}

fn softmax(logits: &[f64; CLASS_COUNT], inverse: f64) -> [f64; CLASS_COUNT] {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials = logits.map(|logit| ((logit - highest) * inverse).exp());
    let sum: f64 = exponentials.iter().sum();
    exponentials.map(|exponential| exponential / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `count` examples at probability `p` for class 0 and the rest shared evenly, of which `right` are of class 0.
    fn examples(p: f64, right: usize, count: usize) -> Vec<Labelled> {
        let mut scores = [(1.0 - p) / 9.0; CLASS_COUNT];
        scores[0] = p;
        (0..count).map(|index| (scores, usize::from(index >= right))).collect()
    }

    /// How far class 0 leads each of the others.
    fn lead(p: f64) -> f64 {
        (9.0 * p / (1.0 - p)).ln()
    }

    #[test]
    fn the_fitted_confidence_is_the_share_that_is_right() {
        for (p, right) in [(0.95, 7), (0.6, 9), (0.8, 8)] {
            let fitted = Temperature::fit(&examples(p, right, 10)).unwrap();
            let expected = lead(p) / lead(right as f64 / 10.0);
            assert!((fitted.value - expected).abs() < 1e-6 * expected, "{} instead of {expected}", fitted.value);
        }
    }

    #[test]
    fn a_fit_after_a_change_of_temperature_undoes_the_change() {
        let plain = examples(0.9, 7, 10);
        let warmer: Vec<_> = plain.iter().map(|(scores, truth)| (Temperature::scale(scores, 3.0), *truth)).collect();
        let (before, after) = (Temperature::fit(&plain).unwrap(), Temperature::fit(&warmer).unwrap());
        assert!((before.value / after.value - 3.0).abs() < 1e-6);
        assert!((before.log_loss - after.log_loss).abs() < 1e-9);
    }

    #[test]
    fn no_temperature_fits_where_everything_is_right_or_nothing_is() {
        assert_eq!(Temperature::fit(&examples(0.9, 10, 10)), Err(Undefined::TemperatureTooLow));
        assert_eq!(Temperature::fit(&examples(0.9, 0, 10)), Err(Undefined::TemperatureTooHigh));
        assert_eq!(Temperature::fit(&examples(1.0, 10, 10)), Err(Undefined::TemperatureTooLow));
        assert_eq!(Temperature::fit(&[([0.1; CLASS_COUNT], 3)]), Err(Undefined::TemperatureFree));
        assert_eq!(Temperature::fit(&[]), Err(Undefined::NoExamples));
    }

    #[test]
    fn scaling_keeps_a_distribution_and_its_order() {
        let mut scores = [0.05; CLASS_COUNT];
        scores[4] = 0.55;
        for temperature in [0.1, 1.0, 7.0] {
            let scaled = Temperature::scale(&scores, temperature);
            assert!((scaled.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(scaled.iter().enumerate().all(|(class, p)| class == 4 || *p < scaled[4]));
        }
    }
}
