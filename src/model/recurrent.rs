//! Recurrent temporal heads of the ablation: GRU (Cho et al. 2014) and LSTM (Hochreiter and Schmidhuber 1997), one
//! layer, looking back only or both ways.
//!
//! ```text
//! GRU   r = sigmoid(W_r x + b_r + U_r h + c_r)         z likewise
//!       n = tanh(W_n x + b_n + r * (U_n h + c_n))      h' = (1 - z) * n + z * h
//! LSTM  i, f, o = sigmoid(W x + b + U h + c)           g = tanh(W_g x + b_g + U_g h + c_g)
//!       m' = f * m + i * g                             h' = o * tanh(m')
//! ```
//!
//! Gates, their order (r z n; i f g o) and names are PyTorch's: `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`,
//! `bias_hh_l0`, and the same with `_reverse`; then `output`, the map from states to logits.

use candle_core::{DType, Tensor};
use candle_nn::ops::sigmoid;

use super::error::ModelError;
use super::layers::{Linear, Mode, dropout};
use super::seeded::Init;
use super::weights::Weights;
use avar_kernels::Activation;
use avar_labels::CLASS_COUNT;

/// What is computed at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Gated recurrent unit.
    Gru,
    /// Long short-term memory.
    Lstm,
}

/// Which steps a state rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// The step and those before it.
    Back,
    /// All steps: a second cell runs from the last one to the first, and the states stand side by side.
    BothWays,
}

/// Shape of the head.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Width of the state of one direction.
    pub hidden: usize,
    /// Share of the states' elements that the output map loses in training.
    pub dropout: f32,
}

impl Default for Config {
    /// 128 units: both ways are then as wide as the attention block before them.
    fn default() -> Config {
        Config { hidden: 128, dropout: 0.3 }
    }
}

/// Longest sequence that gradients are taken through: candle walks the chain of states by recursion, and a thread's
/// stack of 2 MiB ends between 1000 and 2000 steps. Inference has no such bound.
pub const LONGEST_TRAINED_STEPS: usize = 512;

/// The head with its weights.
pub struct Recurrent {
    directions: Vec<Direction>,
    output: Linear,
    dropout: f32,
    place: String,
}

impl Recurrent {
    /// `inputs`: width of the features at a step.
    pub fn new(
        cell: Cell,
        sight: Sight,
        inputs: usize,
        config: &Config,
        weights: &Weights,
    ) -> Result<Recurrent, ModelError> {
        if config.hidden == 0 {
            return Err(ModelError::Config("a recurrent head needs at least one hidden unit".to_owned()));
        }
        let ways: &[bool] = match sight {
            Sight::Back => &[false],
            Sight::BothWays => &[false, true],
        };
        let directions = ways
            .iter()
            .map(|&reversed| Direction::new(cell, reversed, inputs, config.hidden, weights))
            .collect::<Result<Vec<_>, _>>()?;
        let states = ways.len() * config.hidden;
        Ok(Recurrent {
            directions,
            output: Linear::new(states, CLASS_COUNT, Init::linear(states), &weights.at("output"))?,
            dropout: config.dropout,
            place: weights.prefix().to_owned(),
        })
    }

    /// `[B, T, inputs]` -> logits `[B, T, 10]`.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let states =
            self.directions.iter().map(|direction| direction.forward(x)).collect::<Result<Vec<_>, ModelError>>()?;
        let states = dropout(&Tensor::cat(&states, 2)?, self.dropout, &self.place, mode)?;
        self.output.forward(&states, Activation::None)
    }
}

/// One cell and the way in which it walks.
struct Direction {
    cell: Cell,
    reversed: bool,
    hidden: usize,
    /// `W x + b` of all gates.
    input: Linear,
    /// `U h + c` of all gates.
    state: Linear,
}

impl Direction {
    fn new(
        cell: Cell,
        reversed: bool,
        inputs: usize,
        hidden: usize,
        weights: &Weights,
    ) -> Result<Direction, ModelError> {
        let gates = match cell {
            Cell::Gru => 3 * hidden,
            Cell::Lstm => 4 * hidden,
        };
        let init = Init::Uniform { bound: 1.0 / (hidden as f32).sqrt() };
        let linear = |inputs: usize, what: &str| {
            let suffix = if reversed { "_l0_reverse" } else { "_l0" };
            let (weight, bias) = (format!("weight_{what}{suffix}"), format!("bias_{what}{suffix}"));
            Linear::named(inputs, gates, [&weight, &bias], init, weights)
        };
        Ok(Direction { cell, reversed, hidden, input: linear(inputs, "ih")?, state: linear(hidden, "hh")? })
    }

    /// `[B, T, inputs]` -> states `[B, T, hidden]`, from a state of zeros.
    fn forward(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        let (batch, steps, _) = x.dims3()?;
        // The inputs' part of all steps at once, time first: a step is then one run of memory.
        let inputs = self.input.forward(x, Activation::None)?.transpose(0, 1)?.contiguous()?;
        if inputs.track_op() && steps > LONGEST_TRAINED_STEPS {
            return Err(ModelError::Input(format!(
                "a recurrent head cannot be trained on {steps} steps at once; cut them into sequences of at most {LONGEST_TRAINED_STEPS}"
            )));
        }
        let zeros = Tensor::zeros((batch, self.hidden), DType::F32, x.device())?;
        let (mut hidden, mut memory) = (zeros.clone(), zeros);
        let mut states = Vec::with_capacity(steps);
        for count in 0..steps {
            let input = inputs.get(if self.reversed { steps - 1 - count } else { count })?;
            let state = self.state.forward(&hidden, Activation::None)?;
            match self.cell {
                Cell::Gru => hidden = self.gru(&input, &state, &hidden)?,
                Cell::Lstm => (hidden, memory) = self.lstm(&input, &state, &memory)?,
            }
            states.push(hidden.clone());
        }
        if self.reversed {
            states.reverse();
        }
        Ok(Tensor::stack(&states, 1)?)
    }

    fn gru(&self, input: &Tensor, state: &Tensor, hidden: &Tensor) -> candle_core::Result<Tensor> {
        let width = self.hidden;
        let both = sigmoid(&(input.narrow(1, 0, 2 * width)? + state.narrow(1, 0, 2 * width)?)?)?;
        let (reset, update) = (both.narrow(1, 0, width)?, both.narrow(1, width, width)?);
        let kept = (reset * state.narrow(1, 2 * width, width)?)?;
        let new = (input.narrow(1, 2 * width, width)? + kept)?.tanh()?;
        &new + (update * (hidden - &new)?)?
    }

    /// The new state and the new memory.
    fn lstm(&self, input: &Tensor, state: &Tensor, memory: &Tensor) -> candle_core::Result<(Tensor, Tensor)> {
        let gates = (input + state)?;
        let gate = |index: usize| gates.narrow(1, index * self.hidden, self.hidden);
        let (admit, forget, output) = (sigmoid(&gate(0)?)?, sigmoid(&gate(1)?)?, sigmoid(&gate(3)?)?);
        let memory = ((forget * memory)? + (admit * gate(2)?.tanh()?)?)?;
        Ok(((output * memory.tanh()?)?, memory))
    }
}
