//! Untrained weights that are the same numbers on every machine.
//!
//! The value at a position depends only on the seed, the tensor's name and the position, so neither the order in
//! which tensors are asked for nor the number of threads matters. Only integer arithmetic, one square root and
//! exactly rounded products are involved: no transcendental function whose last digit may differ between machines.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

/// How a tensor starts when nothing was trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Uniform with variance `gain^2 / fan_in`.
    Scaled {
        /// How many inputs each output is summed from.
        fan_in: usize,
        /// Deviation of the output over that of the input.
        gain: f32,
    },
    /// Uniform in `-bound..bound`.
    Uniform {
        /// Greatest magnitude.
        bound: f32,
    },
    /// The same number at every position.
    Constant(f32),
}

impl Init {
    /// Keeps the variance of a linear map's output at that of its input.
    pub fn linear(fan_in: usize) -> Init {
        Init::Scaled { fan_in, gain: 1.0 }
    }

    /// Makes up for the variance that SiLU, GELU or ReLU takes away.
    pub fn before_activation(fan_in: usize) -> Init {
        Init::Scaled { fan_in, gain: 1.6 }
    }

    /// Biases: small, not zero, so that an output that ignores them is noticed.
    pub fn bias() -> Init {
        Init::Uniform { bound: 0.02 }
    }
}

/// The values of tensor `name` with `count` elements.
pub fn values(seed: u64, name: &str, count: usize, init: Init) -> Vec<f32> {
    let bound = match init {
        Init::Constant(value) => return vec![value; count],
        Init::Uniform { bound } => bound,
        Init::Scaled { fan_in, gain } => gain * (3.0 / fan_in.max(1) as f32).sqrt(),
    };
    let stream = stream(seed, name);
    let mut values = vec![0f32; count];
    values.par_chunks_mut(1 << 14).enumerate().for_each(|(chunk, values)| {
        for (offset, value) in values.iter_mut().enumerate() {
            *value = bound * unit(stream, ((chunk << 14) + offset) as u64);
        }
    });
    values
}

/// Factors of dropout: 0 with probability `rate`, else `1 / (1 - rate)`.
pub fn dropout_factors(seed: u64, name: &str, count: usize, rate: f32) -> Vec<f32> {
    let stream = stream(seed, name);
    let kept = 1.0 / (1.0 - rate);
    (0..count).map(|index| if (unit(stream, index as u64) + 1.0) * 0.5 < rate { 0.0 } else { kept }).collect()
}

fn stream(seed: u64, name: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(name.as_bytes());
    let digest = hash.finalize();
    digest[..8].iter().fold(0u64, |bits, &byte| bits << 8 | u64::from(byte))
}

/// Uniform in `-1..1`: SplitMix64 (Steele et al. 2014) at a position of the stream, its upper 24 bits.
fn unit(stream: u64, index: u64) -> f32 {
    let mut z = stream.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    let bits = ((z ^ z >> 31) >> 40) as f32;
    (bits + 0.5) / (1 << 23) as f32 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_depend_on_seed_and_name_only() {
        let init = Init::linear(48);
        assert_eq!(values(7, "a.weight", 100, init), values(7, "a.weight", 40_000, init)[..100]);
        assert_ne!(values(7, "a.weight", 100, init), values(8, "a.weight", 100, init));
        assert_ne!(values(7, "a.weight", 100, init), values(7, "b.weight", 100, init));
    }

    #[test]
    fn the_first_values_are_these_on_every_machine() {
        let found = values(1, "weight", 3, Init::Uniform { bound: 1.0 });
        assert_eq!(found, [0.037870407, -0.6308486, -0.50755423]);
    }

    #[test]
    fn the_variance_is_the_one_asked_for() {
        let values = values(3, "weight", 100_000, Init::Scaled { fan_in: 50, gain: 2.0 });
        let variance = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 1e5;
        assert!((variance - 0.08).abs() < 0.002, "{variance}");
    }

    #[test]
    fn dropout_keeps_the_mean() {
        let factors = dropout_factors(5, "layer", 100_000, 0.3);
        let mean = factors.iter().sum::<f32>() / 1e5;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }
}
