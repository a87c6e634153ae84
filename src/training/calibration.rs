//! How sure a trained head is, set right on the validation clips: classes are drawn more evenly in training than they
//! come in life, and a network that has seen its examples often is surer than it should be. One factor for all logits
//! (temperature scaling: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017) and one offset for each
//! class, both folded into the weights of the last layer: nothing is done to scores afterwards.
//!
//! A head of pretrained encoders is for untrimmed recordings, in which next to nothing happens. There every class but
//! normal is then made less likely, by one further offset, until the rule by which events are found by default raises few
//! false alarms in the everyday hours of the validation clips.

use std::collections::HashMap;

use candle_core::{Device, Tensor};

use super::error::TrainingError;
use avar_analysis::scores::clip_scores;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Hysteresis};

/// A validation clip.
#[derive(Clone, Debug)]
pub struct ScoredSteps {
    /// What it is labelled.
    pub class: AnomalyClass,
    /// How much it counts among those of its class.
    pub weight: f32,
    /// The class probabilities of its steps.
    pub steps: Vec<ClassScores>,
    /// The steps at which nothing happens, as [`super::features::ClipFeatures::classes`] has it.
    pub is_everyday: Vec<bool>,
}

/// Every logit is multiplied by `factor`, then its class's offset is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// Above zero; below 1 the head becomes less sure. It is one over a temperature.
    pub factor: f32,
    /// That of normal is zero: only differences count.
    pub offsets: [f32; CLASS_COUNT],
}

/// Keeps classes of which there are few clips from being moved far.
const OFFSET_COST: f32 = 0.02;
const FIRST_STEP: f32 = 0.4;
const LAST_STEP: f32 = 0.04;
/// How far all events are made less likely at most, as an offset of their logits.
const MOST_CAUTION: f32 = 10.0;
const CAUTION_STEP: f32 = 0.05;

impl Calibration {
    const NONE: Calibration = Calibration { factor: 1.0, offsets: [0.0; CLASS_COUNT] };

    /// The one with the smallest [`Self::validation_loss`]: parameter after parameter is moved for as long as that helps,
    /// in ever smaller steps.
    pub fn fit(clips: &[ScoredSteps]) -> Calibration {
        let cost = |found: &Calibration| {
            let size: f32 = found.offsets.iter().map(|offset| offset * offset).sum();
            found.validation_loss(clips) + OFFSET_COST * (size + found.factor.ln().powi(2))
        };
        let moved = |from: &Calibration, parameter: usize, step: f32| {
            let mut to = *from;
            match parameter {
                0 => to.factor *= step.exp(),
                class => to.offsets[class - 1] += step,
            }
            to
        };
        let parameters: Vec<usize> =
            (0..=CLASS_COUNT).filter(|parameter| *parameter != AnomalyClass::Normal.index() + 1).collect();
        let mut best = Calibration::NONE;
        let mut least = cost(&best);
        let mut step = FIRST_STEP;
        while step >= LAST_STEP {
            let before = least;
            for (parameter, sign) in parameters.iter().flat_map(|parameter| [(*parameter, 1.0), (*parameter, -1.0)]) {
                loop {
                    let tried = moved(&best, parameter, sign * step);
                    let tried_cost = cost(&tried);
                    if tried_cost >= least {
                        break;
                    }
                    (best, least) = (tried, tried_cost);
                }
            }
            if least >= before {
                step /= 2.0;
            }
        }
        best
    }

    /// Mean over the classes of `-log` of the clips' scores of what they are.
    pub fn validation_loss(&self, clips: &[ScoredSteps]) -> f32 {
        let mut of_class = [(0f32, 0f32); CLASS_COUNT];
        for ScoredSteps { class, weight, steps, .. } in clips {
            let steps: Vec<_> = steps.iter().map(|step| self.apply(step)).collect();
            let (loss, sum) = &mut of_class[class.index()];
            *loss -= weight * clip_scores(&steps).of(*class).max(1e-6).ln();
            *sum += weight;
        }
        let present: Vec<f32> =
            of_class.iter().filter(|(_, weight)| *weight > 0.0).map(|(loss, weight)| loss / weight).collect();
        present.iter().sum::<f32>() / present.len().max(1) as f32
    }

    /// The same with every class but normal made less likely, by no more than it takes for `rule` to raise at most
    /// `per_hour` false alarms in an hour of everyday life, with steps of `step_s`.
    pub fn with_caution(&self, clips: &[ScoredSteps], rule: Hysteresis, step_s: f64, per_hour: f64) -> Calibration {
        let cautious = |caution: u16| {
            let mut offsets = self.offsets;
            for class in AnomalyClass::ALL.into_iter().filter(|class| class.is_anomaly()) {
                offsets[class.index()] -= f32::from(caution) * CAUTION_STEP;
            }
            Calibration { factor: self.factor, offsets }
        };
        let most = (MOST_CAUTION / CAUTION_STEP) as u16;
        let is_quiet = |found: &Calibration| found.false_alarms_per_hour(clips, rule, step_s) <= per_hour;
        (0..most).map(cautious).find(is_quiet).unwrap_or_else(|| cautious(most))
    }

    /// Runs of steps that `rule` calls an event though nothing happens at any of them, in an hour of such steps; none
    /// where there is no such step.
    pub fn false_alarms_per_hour(&self, clips: &[ScoredSteps], rule: Hysteresis, step_s: f64) -> f64 {
        let (mut alarms, mut everyday_steps) = (0usize, 0usize);
        for clip in clips {
            let runs = rule.runs(clip.steps.iter().map(|step| self.apply(step).anomaly()), step_s);
            alarms += runs.into_iter().filter(|run| clip.is_everyday[run.clone()].iter().all(|is| *is)).count();
            everyday_steps += clip.is_everyday.iter().filter(|is| **is).count();
        }
        if everyday_steps == 0 { 0.0 } else { alarms as f64 / (everyday_steps as f64 * step_s / 3600.0) }
    }

    /// What the probabilities of a step become.
    fn apply(&self, step: &ClassScores) -> ClassScores {
        let odds: [f32; CLASS_COUNT] =
            std::array::from_fn(|class| step.0[class].max(1e-9).powf(self.factor) * self.offsets[class].exp());
        let sum: f32 = odds.iter().sum();
        ClassScores(odds.map(|odds| odds / sum))
    }

    /// Changes the layers `names`, whose outputs, added up, are the logits, in the tensors of a head.
    pub fn fold_into(&self, tensors: &mut HashMap<String, Tensor>, names: &[String]) -> Result<(), TrainingError> {
        let offsets = Tensor::from_slice(&self.offsets, CLASS_COUNT, &Device::Cpu)?;
        for (place, layer) in names.iter().enumerate() {
            for part in ["weight", "bias"] {
                let name = format!("{layer}.{part}");
                let tensor = tensors.get_mut(&name).ok_or_else(|| TrainingError::CheckpointLacks(name.clone()))?;
                *tensor = (&*tensor * f64::from(self.factor))?;
                if (place, part) == (0, "bias") {
                    *tensor = (&*tensor + &offsets)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clips of two classes whose steps give their own class `share` and the other the rest, `right` of ten.
    fn clips(class: AnomalyClass, other: AnomalyClass, share: f32, right: usize) -> Vec<ScoredSteps> {
        let step = |of: AnomalyClass, not: AnomalyClass| {
            let mut step = [0.0; CLASS_COUNT];
            (step[of.index()], step[not.index()]) = (share, 1.0 - share);
            vec![ClassScores(step); 8]
        };
        let steps = |n: usize| if n < right { step(class, other) } else { step(other, class) };
        let is_everyday = vec![class == AnomalyClass::Normal; 8];
        (0..10).map(|n| ScoredSteps { class, weight: 1.0, steps: steps(n), is_everyday: is_everyday.clone() }).collect()
    }

    #[test]
    fn a_head_that_is_too_sure_is_made_less_sure() {
        let both = [
            clips(AnomalyClass::Crash, AnomalyClass::Normal, 0.999, 8),
            clips(AnomalyClass::Normal, AnomalyClass::Crash, 0.999, 8),
        ]
        .concat();
        let found = Calibration::fit(&both);
        assert!(found.factor < 0.6, "{found:?}");
        assert!(found.validation_loss(&both) < Calibration::NONE.validation_loss(&both) * 0.7);
    }

    #[test]
    fn a_class_that_is_found_too_seldom_is_lifted() {
        let both = [
            clips(AnomalyClass::BabyCry, AnomalyClass::Normal, 0.4, 10),
            clips(AnomalyClass::Normal, AnomalyClass::BabyCry, 0.9, 10),
        ]
        .concat();
        let found = Calibration::fit(&both);
        assert!(found.offsets[AnomalyClass::BabyCry.index()] > 0.2, "{found:?}");
        assert_eq!(found.offsets[AnomalyClass::Normal.index()], 0.0);
    }

    #[test]
    fn a_clip_counts_by_its_weight() {
        let mut both = clips(AnomalyClass::Crash, AnomalyClass::Normal, 0.9, 5);
        let loss = |clips: &[ScoredSteps]| Calibration::NONE.validation_loss(clips);
        let (wrong, right) = (loss(&both[5..]), loss(&both[..5]));
        assert!((loss(&both) - (wrong + right) / 2.0).abs() < 1e-5);
        both[5..].iter_mut().for_each(|clip| clip.weight = 3.0);
        assert!((loss(&both) - (3.0 * wrong + right) / 4.0).abs() < 1e-5);
    }

    #[test]
    fn no_more_false_alarms_are_raised_than_are_wanted_and_no_more_caution_is_taken() {
        let both = [
            clips(AnomalyClass::Normal, AnomalyClass::Crash, 0.8, 8),
            clips(AnomalyClass::Crash, AnomalyClass::Normal, 0.95, 10),
        ]
        .concat();
        let rule = Hysteresis::default();
        // Ten everyday clips of two seconds, two of which are taken for a crash.
        let hours = 20.0 / 3600.0;
        assert!((Calibration::NONE.false_alarms_per_hour(&both, rule, 0.25) - 2.0 / hours).abs() < 1e-6);
        let is_same = |per_hour| Calibration::NONE.with_caution(&both, rule, 0.25, per_hour) == Calibration::NONE;
        assert!(is_same(2.0 / hours + 1e-6) && !is_same(1.0 / hours));
        let cautious = Calibration::NONE.with_caution(&both, rule, 0.25, 1.0 / hours);
        assert_eq!(cautious.false_alarms_per_hour(&both, rule, 0.25), 0.0);
        let crash = cautious.apply(&both[10].steps[0]);
        assert!(crash.anomaly() > 0.5, "an event that is surer than the false alarms is still one: {crash:?}");
        assert_eq!(Calibration::NONE.false_alarms_per_hour(&both[10..], rule, 0.25), 0.0, "no everyday step");
    }

    #[test]
    fn folding_does_to_logits_what_applying_does_to_probabilities() {
        let mut offsets = [0.0; CLASS_COUNT];
        (offsets[0], offsets[3]) = (0.7, -0.4);
        let calibration = Calibration { factor: 0.5, offsets };
        let logits: [f32; CLASS_COUNT] = std::array::from_fn(|class| (class as f32 * 1.7).sin() * 3.0);
        let softmax = |logits: &[f32]| {
            let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
            std::array::from_fn::<f32, CLASS_COUNT, _>(|class| logits[class].exp() / sum)
        };
        // Layers without inputs to speak of: their biases are their outputs, of which there are two to be added up.
        let (third, rest) = (logits.map(|logit| logit / 3.0), logits.map(|logit| logit * 2.0 / 3.0));
        let tensor = |values: &[f32]| Tensor::from_slice(values, values.len(), &Device::Cpu).unwrap();
        let layer = |name: &str, bias: &[f32]| {
            [(format!("{name}.weight"), tensor(&[2.0])), (format!("{name}.bias"), tensor(bias))]
        };
        let mut tensors = HashMap::from_iter([layer("out", &third), layer("past", &rest)].concat());
        let names = ["out".to_owned(), "past".to_owned()];
        calibration.fold_into(&mut tensors, &names).unwrap();
        let sum = (&tensors["out.bias"] + &tensors["past.bias"]).unwrap();
        let folded = softmax(&sum.to_vec1::<f32>().unwrap());
        let applied = calibration.apply(&ClassScores(softmax(&logits))).0;
        assert!(folded.iter().zip(applied).all(|(a, b)| (a - b).abs() < 1e-5), "{folded:?} {applied:?}");
        assert_eq!(tensors["past.weight"].to_vec1::<f32>().unwrap(), [1.0]);
        assert!(calibration.fold_into(&mut HashMap::new(), &names).is_err());
    }
}
