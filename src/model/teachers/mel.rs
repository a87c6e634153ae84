//! YAMNet's front end: samples at 16 kHz to log-mel frames.
//!
//! Frames of 400 samples (25 ms), 160 (10 ms) apart, under a periodic Hann window; magnitudes of a transform of 512
//! points, the frame filled up with zeros; 64 triangles, evenly spaced in mel from 125 to 7500 Hz and straight in
//! mel, over the bins above DC, not normalised; `ln(mel + 0.001)`.
//!
//! The transform is a product with the cosines and sines of those bins alone that a triangle reaches, the window
//! multiplied into them: frames overlap in memory, so no frame is ever copied, windowed or filled up.

use std::f64::consts::TAU;

use candle_core::{Device, Tensor};

use super::super::error::ModelError;
use avar_kernels::{Activation, Matrix};

/// Samples must have this rate.
pub const SAMPLE_RATE_HZ: u32 = 16_000;
/// Length of a frame: 25 ms.
pub const FRAME_SAMPLES: usize = 400;
/// From the start of one frame to the start of the next: 10 ms.
pub const HOP_SAMPLES: usize = 160;
/// Mel bands of a frame.
pub const BANDS: usize = 64;

const TRANSFORM_POINTS: usize = 512;
const LOWEST_HZ: f64 = 125.0;
const HIGHEST_HZ: f64 = 7500.0;
/// Added before the logarithm, so that silence is finite.
const FLOOR: f64 = 0.001;

/// The matrices of the front end.
pub struct LogMel {
    /// `[FRAME_SAMPLES, bins]` each.
    cosines: Matrix,
    sines: Matrix,
    /// `[bins, BANDS]`
    bands: Matrix,
}

impl LogMel {
    /// Computes the matrices, in double precision, and puts them on `device`.
    pub fn new(device: &Device) -> Result<LogMel, ModelError> {
        let bins: Vec<usize> = (1..=TRANSFORM_POINTS / 2).filter(|&bin| band_shares(bin).any(|s| s > 0.0)).collect();
        let wave = |wave: fn(f64) -> f64| {
            let values = (0..FRAME_SAMPLES).flat_map(|n| {
                let window = 0.5 - 0.5 * (TAU * n as f64 / FRAME_SAMPLES as f64).cos();
                // The phase is reduced as an integer: exact, however high the frequency.
                let phase = move |bin| TAU * (bin * n % TRANSFORM_POINTS) as f64 / TRANSFORM_POINTS as f64;
                bins.iter().map(move |&bin| (window * wave(phase(bin))) as f32)
            });
            Tensor::from_vec(values.collect(), (FRAME_SAMPLES, bins.len()), device)
        };
        let shares = bins.iter().flat_map(|&bin| band_shares(bin)).map(|share| share as f32).collect();
        let bands = Tensor::from_vec(shares, (bins.len(), BANDS), device)?;
        Ok(LogMel {
            cosines: Matrix::constant(&wave(f64::cos)?)?,
            sines: Matrix::constant(&wave(f64::sin)?)?,
            bands: Matrix::constant(&bands)?,
        })
    }

    /// `[B, N]` samples -> `[B, (N - FRAME_SAMPLES) / hop_samples + 1, BANDS]`; at least one whole frame is needed.
    pub fn frames(&self, samples: &Tensor, hop_samples: usize) -> Result<Tensor, ModelError> {
        let samples = samples.unsqueeze(2)?;
        let part = |matrix| avar_kernels::conv1d(&samples, matrix, None, FRAME_SAMPLES, hop_samples, Activation::None);
        let magnitudes = (part(&self.cosines)?.sqr()? + part(&self.sines)?.sqr()?)?.sqrt()?;
        let mel = avar_kernels::linear(&magnitudes, &self.bands, None, Activation::None, None)?;
        Ok((mel + FLOOR)?.log()?)
    }
}

/// Whole frames in so many samples.
pub(super) fn frame_count(samples: usize) -> usize {
    samples.checked_sub(FRAME_SAMPLES).map_or(0, |rest| rest / HOP_SAMPLES + 1)
}

/// The share of each band in the magnitude of `bin`: a triangle of height 1 whose feet are its neighbours' tops.
fn band_shares(bin: usize) -> impl Iterator<Item = f64> {
    let place = mel(bin as f64 * f64::from(SAMPLE_RATE_HZ) / TRANSFORM_POINTS as f64);
    let lowest = mel(LOWEST_HZ);
    let spacing = (mel(HIGHEST_HZ) - lowest) / (BANDS + 1) as f64;
    (1..=BANDS).map(move |band| (1.0 - (place - lowest - band as f64 * spacing).abs() / spacing).max(0.0))
}

/// The mel scale of HTK.
fn mel(frequency_hz: f64) -> f64 {
    1127.0 * (1.0 + frequency_hz / 700.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_mel(samples: &[f32]) -> Vec<Vec<f32>> {
        let samples = Tensor::from_slice(samples, (1, samples.len()), &Device::Cpu).unwrap();
        let frames = LogMel::new(&Device::Cpu).unwrap().frames(&samples, HOP_SAMPLES).unwrap();
        frames.squeeze(0).unwrap().to_vec2().unwrap()
    }

    fn tone(frequency_hz: f64, count: usize) -> Vec<f32> {
        (0..count).map(|n| (TAU * frequency_hz * n as f64 / f64::from(SAMPLE_RATE_HZ)).cos() as f32).collect()
    }

    #[test]
    fn every_bin_between_the_outer_tops_is_shared_out_whole() {
        // The feet are bins 4 and 240; the first and last top lie at 154.7 and 7215 Hz, bins 4.95 and 230.9.
        assert!(band_shares(4).all(|share| share < 1e-9));
        assert!(band_shares(240).all(|share| share < 1e-9));
        for bin in 5..=230 {
            let sum: f64 = band_shares(bin).sum();
            assert!((sum - 1.0).abs() < 1e-9, "bin {bin}: {sum}");
        }
    }

    #[test]
    fn the_bands_are_centred_where_htk_puts_them() {
        let spacing = (mel(7500.0) - mel(125.0)) / 65.0;
        assert!((mel(1000.0) - 999.99).abs() < 0.01);
        assert!((spacing - 39.818).abs() < 0.01, "{spacing}");
        // The strongest band of a tone is the one whose top is nearest.
        for frequency_hz in [300.0, 1000.0, 2500.0, 6000.0] {
            let bands = log_mel(&tone(frequency_hz, FRAME_SAMPLES)).remove(0);
            let strongest = (0..BANDS).max_by(|&a, &b| bands[a].total_cmp(&bands[b])).unwrap();
            let distance = (mel(frequency_hz) - mel(125.0)) / spacing - (strongest + 1) as f64;
            assert!(distance.abs() <= 1.0, "{frequency_hz} Hz in band {strongest}");
        }
    }

    #[test]
    fn magnitudes_are_those_of_the_windowed_transform() {
        let samples = tone(1000.0, FRAME_SAMPLES + HOP_SAMPLES);
        let found = log_mel(&samples);
        assert_eq!(found.len(), 2);
        for (frame, found) in found.iter().enumerate() {
            let samples = &samples[frame * HOP_SAMPLES..][..FRAME_SAMPLES];
            let mut expected = [FLOOR; BANDS];
            for bin in 1..=TRANSFORM_POINTS / 2 {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, &sample) in samples.iter().enumerate() {
                    let window = (std::f64::consts::PI * n as f64 / FRAME_SAMPLES as f64).sin().powi(2);
                    let phase = TAU * bin as f64 * n as f64 / TRANSFORM_POINTS as f64;
                    re += f64::from(sample) * window * phase.cos();
                    im -= f64::from(sample) * window * phase.sin();
                }
                band_shares(bin).zip(&mut expected).for_each(|(share, sum)| *sum += share * re.hypot(im));
            }
            for (found, expected) in found.iter().zip(expected) {
                assert!((f64::from(*found) - expected.ln()).abs() < 1e-3, "{found}, not {}", expected.ln());
            }
        }
    }

    #[test]
    fn silence_is_the_floor_and_a_broken_frame_is_none() {
        assert!(log_mel(&[0.0; FRAME_SAMPLES]).concat().iter().all(|&value| (value - 0.001f32.ln()).abs() < 1e-6));
        assert_eq!([0, 399, 400, 559, 560].map(frame_count), [0, 0, 1, 1, 2]);
    }
}
