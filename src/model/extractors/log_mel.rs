//! EfficientAT's front end: samples at 32 kHz to log-mel frames.
//!
//! `y[n] = x[n + 1] - 0.97 x[n]`; frames of 1024 samples around every 320th (10 ms), mirrored at both ends, under a
//! symmetric Hann window of 800 (25 ms) in their middle; power; 128 triangles of Kaldi's, evenly spaced in mel from 0 to
//! 15 kHz and straight in mel; `(ln(mel + 1e-5) + 4.5) / 5`.

use std::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

/// Samples must have this rate.
pub(super) const SAMPLE_RATE_HZ: u32 = 32_000;
/// Mel bands of a frame.
pub(super) const BANDS: usize = 128;
/// From the middle of one frame to the middle of the next: 10 ms.
const HOP_SAMPLES: usize = 320;
const WINDOW_SAMPLES: usize = 800;
const TRANSFORM_POINTS: usize = 1024;
/// How far a frame reaches to either side of its middle.
const REACH: usize = TRANSFORM_POINTS / 2;
const PRE_EMPHASIS: f32 = 0.97;
const HIGHEST_HZ: f64 = 15_000.0;
/// Added before the logarithm, so that silence is finite.
const FLOOR: f32 = 1e-5;

/// Window, transform and triangles.
pub(super) struct LogMel {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
}

/// A triangle over neighbouring bins.
struct Band {
    first_bin: usize,
    shares: Vec<f32>,
}

impl LogMel {
    pub(super) fn new() -> LogMel {
        let last = (WINDOW_SAMPLES - 1) as f64;
        let hann = |n: usize| (0.5 - 0.5 * (TAU * n as f64 / last).cos()) as f32;
        LogMel {
            transform: RealFftPlanner::new().plan_fft_forward(TRANSFORM_POINTS),
            window: (0..WINDOW_SAMPLES).map(hann).collect(),
            bands: (1..=BANDS).map(Band::new).collect(),
        }
    }

    /// [`BANDS`] rows of [`frame_count`] numbers. More than [`REACH`] + 1 samples are needed.
    pub(super) fn bands(&self, samples: &[f32]) -> Vec<f32> {
        let emphasised: Vec<f32> = samples.windows(2).map(|pair| pair[1] - PRE_EMPHASIS * pair[0]).collect();
        let last = emphasised.len() - 1;
        let frames = frame_count(samples.len());
        let mut frame = self.transform.make_input_vec();
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        let mut power = vec![0f32; spectrum.len()];
        let mut bands = vec![0f32; BANDS * frames];
        for index in 0..frames {
            // The transform uses its input as scratch, so that zeros must be put there again.
            frame.fill(0.0);
            let first = (TRANSFORM_POINTS - WINDOW_SAMPLES) / 2;
            for (n, (value, weight)) in frame[first..].iter_mut().zip(&self.window).enumerate() {
                // Mirrored at the first sample, then at the last.
                let place = (index * HOP_SAMPLES + first + n).abs_diff(REACH);
                *value = weight * emphasised[last - place.abs_diff(last)];
            }
            self.transform
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .expect("the buffers are the transform's own");
            power.iter_mut().zip(&spectrum).for_each(|(power, bin)| *power = Complex::norm_sqr(bin));
            for (row, band) in bands.chunks_exact_mut(frames).zip(&self.bands) {
                let sum: f32 =
                    band.shares.iter().zip(&power[band.first_bin..]).map(|(share, power)| share * power).sum();
                row[index] = ((sum + FLOOR).ln() + 4.5) / 5.0;
            }
        }
        bands
    }
}

impl Band {
    /// `number` from 1: a triangle of height 1 whose feet are its neighbours' tops.
    fn new(number: usize) -> Band {
        let spacing = mel(HIGHEST_HZ) / (BANDS + 1) as f64;
        // Kaldi leaves the last bin out.
        let share = |bin: usize| {
            let place = mel(bin as f64 * f64::from(SAMPLE_RATE_HZ) / TRANSFORM_POINTS as f64) / spacing;
            (1.0 - (place - number as f64).abs()).max(0.0)
        };
        let bins: Vec<usize> = (0..TRANSFORM_POINTS / 2).filter(|&bin| share(bin) > 0.0).collect();
        Band {
            first_bin: bins.first().copied().unwrap_or(0),
            shares: bins.iter().map(|&bin| share(bin) as f32).collect(),
        }
    }
}

/// Frames of so many samples: one around every hop that lies within the sound.
pub(super) fn frame_count(samples: usize) -> usize {
    samples.saturating_sub(1) / HOP_SAMPLES + 1
}

/// The mel scale of HTK.
fn mel(frequency_hz: f64) -> f64 {
    1127.0 * (1.0 + frequency_hz / 700.0).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition, in double precision.
    fn by_definition(samples: &[f32]) -> Vec<f64> {
        let y: Vec<f64> = samples.windows(2).map(|pair| f64::from(pair[1]) - 0.97 * f64::from(pair[0])).collect();
        let mirrored = |at: i64| {
            let at = at.abs();
            let last = y.len() as i64 - 1;
            y[if at > last { 2 * last - at } else { at } as usize]
        };
        let frames = y.len() / 320 + 1;
        let mut bands = vec![0.0; 128 * frames];
        for frame in 0..frames {
            let mut power = [0.0; 512];
            for (bin, power) in power.iter_mut().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for n in 0..800 {
                    let window = (std::f64::consts::PI * n as f64 / 799.0).sin().powi(2);
                    let value = window * mirrored(frame as i64 * 320 - 400 + n);
                    let phase = TAU * bin as f64 * n as f64 / 1024.0;
                    re += value * phase.cos();
                    im -= value * phase.sin();
                }
                *power = re * re + im * im;
            }
            for band in 0..128 {
                let edge = |offset: usize| mel(15_000.0) * (band + offset) as f64 / 129.0;
                let sum: f64 = (0..512)
                    .map(|bin| {
                        let place = mel(bin as f64 * 31.25);
                        let rising = (place - edge(0)) / (edge(1) - edge(0));
                        let falling = (edge(2) - place) / (edge(2) - edge(1));
                        rising.min(falling).max(0.0) * power[bin]
                    })
                    .sum();
                bands[band * frames + frame] = ((sum + 1e-5).ln() + 4.5) / 5.0;
            }
        }
        bands
    }

    #[test]
    fn frames_are_those_of_the_definition_to_their_mirrored_ends() {
        let samples: Vec<f32> =
            (0..1300).map(|n| (n as f32 * 0.31).sin() * 0.5 + (n * 7919 % 101) as f32 / 300.0).collect();
        let found = LogMel::new().bands(&samples);
        let expected = by_definition(&samples);
        assert_eq!(found.len(), expected.len());
        for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((f64::from(*found) - expected).abs() < 1e-4, "{index}: {found}, not {expected}");
        }
    }

    #[test]
    fn a_frame_lies_around_every_ten_milliseconds() {
        assert_eq!([514, 640, 641, 32_000, 64_000].map(frame_count), [2, 2, 3, 100, 200]);
    }

    #[test]
    fn silence_is_the_floor() {
        let floor = ((1e-5f32).ln() + 4.5) / 5.0;
        assert!(LogMel::new().bands(&[0.0; 2000]).iter().all(|value| (value - floor).abs() < 1e-6));
    }

    #[test]
    fn the_lowest_triangles_are_narrower_than_a_bin_and_may_hold_none() {
        // 15 kHz in 129 parts of mel: the first tops lie 17 Hz apart, the bins 31.
        let bands: Vec<usize> = (1..=BANDS).map(|number| Band::new(number).shares.len()).collect();
        assert!(bands[..4].iter().all(|&bins| bins <= 2), "{bands:?}");
        assert!(bands[127] > 10, "{bands:?}");
    }
}
