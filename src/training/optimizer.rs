//! AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) with a state that can be saved.

use std::collections::HashMap;

use candle_core::backprop::GradStore;
use candle_core::{Tensor, Var};
use candle_nn::VarMap;

use super::error::TrainingError;

/// What AdamW depends on beside the learning rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// Share of the mean of the gradients that a step keeps.
    pub beta1: f32,
    /// Share of the mean of their squares that a step keeps.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Taken off matrices and convolutions only: norms and biases keep their size.
    pub weight_decay: f32,
    /// Gradients longer than this, all variables together, are shortened to it.
    pub longest_gradient: f32,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.98, epsilon: 1e-6, weight_decay: 0.02, longest_gradient: 2.0 }
    }
}

/// One variable and its two moments.
struct Slot {
    name: String,
    variable: Var,
    first: Vec<f32>,
    second: Vec<f32>,
}

/// The optimizer, with both moments of every variable.
pub struct AdamW {
    settings: AdamWSettings,
    /// Ordered by name: the same arithmetic in the same order on every run.
    slots: Vec<Slot>,
    steps: u64,
}

impl AdamW {
    /// Of what is registered in `variables` now; the moments begin at zero.
    pub fn new(variables: &VarMap, settings: AdamWSettings) -> AdamW {
        let registered = variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut slots: Vec<Slot> = registered
            .iter()
            .map(|(name, variable)| {
                let count = variable.elem_count();
                let (first, second) = (vec![0.0; count], vec![0.0; count]);
                Slot { name: name.clone(), variable: variable.clone(), first, second }
            })
            .collect();
        slots.sort_by(|a, b| a.name.cmp(&b.name));
        AdamW { settings, slots, steps: 0 }
    }

    /// Moves every variable that has a gradient. Returns the gradient's length before it was shortened; nothing is
    /// moved, and it is an error, where that is no finite number.
    pub fn step(&mut self, gradients: &GradStore, learning_rate: f64) -> Result<f32, TrainingError> {
        let of_slots = self.slots.iter().map(|slot| match gradients.get(&slot.variable) {
            Some(gradient) => Ok(Some(gradient.flatten_all()?.to_vec1::<f32>()?)),
            None => Ok(None),
        });
        let of_slots = of_slots.collect::<Result<Vec<_>, candle_core::Error>>()?;
        let squares = of_slots.iter().flatten().flatten().map(|g| f64::from(*g) * f64::from(*g)).sum::<f64>();
        let length = squares.sqrt() as f32;
        if !length.is_finite() {
            return Err(TrainingError::Diverged { step: self.steps });
        }
        self.steps += 1;
        let AdamWSettings { beta1, beta2, epsilon, weight_decay, longest_gradient } = self.settings;
        let shorten = if length > longest_gradient { longest_gradient / length } else { 1.0 };
        let unbias1 = 1.0 - f64::from(beta1).powi(self.steps as i32);
        let unbias2 = 1.0 - f64::from(beta2).powi(self.steps as i32);
        let rate = (learning_rate / unbias1) as f32;
        let unbias2 = (1.0 / unbias2.sqrt()) as f32;
        for (slot, gradient) in self.slots.iter_mut().zip(of_slots) {
            let Some(gradient) = gradient else { continue };
            let shape = slot.variable.shape().clone();
            let mut values = slot.variable.flatten_all()?.to_vec1::<f32>()?;
            let decay = if shape.rank() > 1 { 1.0 - learning_rate as f32 * weight_decay } else { 1.0 };
            let moments = slot.first.iter_mut().zip(&mut slot.second);
            for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
                let gradient = gradient * shorten;
                *first = beta1 * *first + (1.0 - beta1) * gradient;
                *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
                *value = *value * decay - rate * *first / (second.sqrt() * unbias2 + epsilon);
            }
            slot.variable.set(&Tensor::from_vec(values, shape, slot.variable.device())?)?;
        }
        Ok(length)
    }

    /// Steps that were taken, those before a checkpoint included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The variables and their moments under names of their own, to be saved.
    pub(super) fn tensors(&self) -> Result<HashMap<String, Tensor>, TrainingError> {
        let mut tensors = HashMap::new();
        for slot in &self.slots {
            let shape = slot.variable.shape();
            let moment = |values: &[f32]| Tensor::from_slice(values, shape, &candle_core::Device::Cpu);
            tensors.insert(format!("variable.{}", slot.name), slot.variable.as_tensor().copy()?);
            tensors.insert(format!("first.{}", slot.name), moment(&slot.first)?);
            tensors.insert(format!("second.{}", slot.name), moment(&slot.second)?);
        }
        Ok(tensors)
    }

    /// Puts back what [`Self::tensors`] gave after `steps` steps.
    pub(super) fn restore(&mut self, tensors: &HashMap<String, Tensor>, steps: u64) -> Result<(), TrainingError> {
        for slot in &mut self.slots {
            let find = |kind: &str| {
                let name = format!("{kind}.{}", slot.name);
                tensors.get(&name).cloned().ok_or(TrainingError::CheckpointLacks(name))
            };
            let (value, first, second) = (find("variable")?, find("first")?, find("second")?);
            slot.variable.set(&value.to_device(slot.variable.device())?)?;
            slot.first = first.flatten_all()?.to_vec1()?;
            slot.second = second.flatten_all()?.to_vec1()?;
        }
        self.steps = steps;
        Ok(())
    }
}

/// Learning rate of `step` out of `steps`: rises over the first `warm_up` steps, then falls along half a cosine to zero.
pub fn learning_rate(highest: f64, step: u64, warm_up: u64, steps: u64) -> f64 {
    if step < warm_up {
        return highest * (step + 1) as f64 / warm_up as f64;
    }
    let done = (step - warm_up) as f64 / steps.saturating_sub(warm_up).max(1) as f64;
    highest * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    fn one_variable(values: &[f32]) -> (VarMap, Var) {
        let variables = VarMap::new();
        let variable = Var::from_tensor(&Tensor::new(values, &Device::Cpu).unwrap()).unwrap();
        variables.data().lock().unwrap().insert("x".to_owned(), variable.clone());
        (variables, variable)
    }

    fn loss(variable: &Var) -> Tensor {
        (variable.as_tensor() - 3.0).unwrap().sqr().unwrap().sum_all().unwrap()
    }

    #[test]
    fn it_finds_the_minimum_of_a_parabola() {
        let (variables, x) = one_variable(&[10.0, -4.0]);
        let mut optimizer = AdamW::new(&variables, AdamWSettings::default());
        for _ in 0..400 {
            optimizer.step(&loss(&x).backward().unwrap(), 0.1).unwrap();
        }
        assert!(x.to_vec1::<f32>().unwrap().iter().all(|x| (x - 3.0).abs() < 0.05));
    }

    #[test]
    fn restoring_a_state_goes_on_as_if_nothing_had_happened() {
        let (variables, x) = one_variable(&[10.0, -4.0]);
        let mut optimizer = AdamW::new(&variables, AdamWSettings::default());
        let five_steps = |optimizer: &mut AdamW, x: &Var| {
            for _ in 0..5 {
                optimizer.step(&loss(x).backward().unwrap(), 0.1).unwrap();
            }
        };
        five_steps(&mut optimizer, &x);
        let saved = optimizer.tensors().unwrap();
        five_steps(&mut optimizer, &x);
        let expected = x.to_vec1::<f32>().unwrap();
        let (variables, x) = one_variable(&[0.0, 0.0]);
        let mut optimizer = AdamW::new(&variables, AdamWSettings::default());
        optimizer.restore(&saved, 5).unwrap();
        five_steps(&mut optimizer, &x);
        assert_eq!(x.to_vec1::<f32>().unwrap(), expected);
    }

    #[test]
    fn a_gradient_that_is_no_number_moves_nothing_and_says_so() {
        let (variables, x) = one_variable(&[1.0]);
        let mut optimizer = AdamW::new(&variables, AdamWSettings::default());
        let gradients = (x.as_tensor() * f64::NAN).unwrap().sum_all().unwrap().backward().unwrap();
        assert!(matches!(optimizer.step(&gradients, 0.1), Err(TrainingError::Diverged { step: 0 })));
        assert_eq!(x.to_vec1::<f32>().unwrap(), [1.0]);
    }

    #[test]
    fn the_learning_rate_rises_then_falls_to_zero() {
        let rates: Vec<f64> = (0..=100).map(|step| learning_rate(1.0, step, 10, 100)).collect();
        assert!(rates[0] > 0.0 && rates[9] == 1.0 && rates[100] < 1e-9);
        assert!(rates[10..].windows(2).all(|pair| pair[1] <= pair[0]));
    }
}
