//! What air, walls and cheap microphones do to sound.

use std::f32::consts::{FRAC_1_SQRT_2, TAU};

use fastrand::Rng;

use super::RATE_HZ;

/// Mean square.
pub fn power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

/// Root mean square.
pub(crate) fn level(samples: &[f32]) -> f32 {
    power(samples).sqrt()
}

/// As a factor.
pub(crate) fn from_db(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}

/// A second-order Butterworth low-pass.
pub(crate) fn low_pass(samples: &mut [f32], cutoff_hz: f32) {
    low_pass_section(samples, cutoff_hz, RATE_HZ as f32, FRAC_1_SQRT_2);
}

/// A second-order low-pass of quality `q` (Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter
/// coefficients"), of which higher orders are made.
pub fn low_pass_section(samples: &mut [f32], cutoff_hz: f32, rate_hz: f32, q: f32) {
    let (sin, cos) = (TAU * cutoff_hz / rate_hz).sin_cos();
    let alpha = sin / (2.0 * q);
    let scale = 1.0 / (1.0 + alpha);
    let (b0, b1) = ((1.0 - cos) / 2.0 * scale, (1.0 - cos) * scale);
    let (a1, a2) = (-2.0 * cos * scale, (1.0 - alpha) * scale);
    let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
    for sample in samples {
        let x = *sample;
        let y = b0 * x + b1 * x1 + b0 * x2 - a1 * y1 - a2 * y2;
        (x2, x1, y2, y1) = (x1, x, y1, y);
        *sample = y;
    }
}

/// `samples` at `speed` times their rate: pitch and tempo change together.
pub(crate) fn at_speed(samples: &[f32], speed: f32) -> Vec<f32> {
    let count = (samples.len() as f32 / speed) as usize;
    let at = |index: usize| samples.get(index).copied().unwrap_or(0.0);
    let sample = |index: usize| {
        let place = index as f64 * f64::from(speed);
        let (low, share) = (place as usize, place.fract() as f32);
        at(low) * (1.0 - share) + at(low + 1) * share
    };
    (0..count).map(sample).collect()
}

/// The echoes of one room: four combs side by side, then two all-passes (Schroeder, "Natural sounding artificial
/// reverberation", JAES 1962).
#[derive(Clone, Debug)]
pub(crate) struct Room {
    combs: [(usize, f32); 4],
    all_passes: [usize; 2],
    /// Share of the echoes.
    wet: f32,
}

impl Room {
    pub(crate) fn draw(rng: &mut Rng) -> Room {
        let size = 0.6 + 0.9 * rng.f32();
        let decay_s = 0.15 + 0.9 * rng.f32() * rng.f32();
        let delay = |ms: f32| (ms * size * RATE_HZ as f32 / 1000.0) as usize;
        let comb = |ms: f32| {
            let delay = delay(ms);
            // 60 dB down after `decay_s`.
            (delay, 10f32.powf(-3.0 * delay as f32 / RATE_HZ as f32 / decay_s))
        };
        Room {
            combs: [29.7, 37.1, 41.1, 43.7].map(comb),
            all_passes: [5.0, 1.7].map(delay),
            wet: 0.1 + 0.5 * rng.f32(),
        }
    }

    pub(crate) fn echo(&self, samples: &mut [f32]) {
        let mut echoes = vec![0f32; samples.len()];
        for (delay, feedback) in self.combs {
            let mut line = vec![0f32; samples.len()];
            for index in 0..samples.len() {
                let before = index.checked_sub(delay).map_or(0.0, |before| line[before]);
                line[index] = samples[index] + feedback * before;
                echoes[index] += 0.25 * before;
            }
        }
        for delay in self.all_passes {
            let mut line = vec![0f32; samples.len()];
            for index in 0..samples.len() {
                let before = index.checked_sub(delay).map_or(0.0, |before| line[before]);
                let into = echoes[index] + 0.7 * before;
                line[index] = into;
                echoes[index] = before - 0.7 * into;
            }
        }
        let dry = 1.0 - 0.5 * self.wet;
        samples.iter_mut().zip(echoes).for_each(|(sample, echo)| *sample = dry * *sample + self.wet * echo);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32) -> Vec<f32> {
        (0..RATE_HZ as usize).map(|n| (TAU * hz * n as f32 / RATE_HZ as f32).sin()).collect()
    }

    #[test]
    fn a_wall_keeps_low_tones_and_drops_high_ones() {
        let [mut low, mut high] = [300.0, 8000.0].map(tone);
        low_pass(&mut low, 1500.0);
        low_pass(&mut high, 1500.0);
        assert!(level(&low) > 0.65 && level(&high) < 0.05, "{} {}", level(&low), level(&high));
    }

    #[test]
    fn twice_the_speed_is_half_the_time_and_an_octave_up() {
        let (fast, expected) = (at_speed(&tone(440.0), 2.0), tone(880.0));
        assert_eq!(fast.len(), RATE_HZ as usize / 2);
        assert!(fast.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 0.01));
    }

    #[test]
    fn a_room_goes_on_after_the_sound_and_falls_silent() {
        let mut rng = Rng::with_seed(3);
        for _ in 0..20 {
            let room = Room::draw(&mut rng);
            let mut click = vec![0f32; 4 * RATE_HZ as usize];
            click[0] = 1.0;
            room.echo(&mut click);
            let (early, late) = (level(&click[4800..9600]), level(&click[3 * RATE_HZ as usize..]));
            assert!(early > 1e-5 && late < 0.05 * early, "{room:?}: {early} {late}");
            assert!(click.iter().all(|sample| sample.abs() <= 1.0));
        }
    }
}
