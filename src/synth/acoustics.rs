//! Sound from nothing: noise, filters, ringing bodies, and a track to mix them on.

use std::f32::consts::{PI, TAU};

use crate::random::Random;

/// Mono samples; what is mixed beyond its end is dropped.
pub(crate) struct Track {
    pub samples: Vec<f32>,
    pub rate_hz: u32,
}

impl Track {
    pub(crate) fn silent(duration_s: f32, rate_hz: u32) -> Self {
        Self { samples: vec![0.0; (duration_s * rate_hz as f32).round() as usize], rate_hz }
    }

    pub(crate) fn duration_s(&self) -> f32 {
        self.samples.len() as f32 / self.rate_hz as f32
    }

    /// Adds `other` times `gain` from `start_s` on.
    pub(crate) fn add(&mut self, other: &Track, start_s: f32, gain: f32) {
        let first = (start_s * self.rate_hz as f32).round() as usize;
        for (sample, added) in self.samples.iter_mut().skip(first).zip(&other.samples) {
            *sample += added * gain;
        }
    }

    pub(crate) fn scale(&mut self, gain: f32) {
        self.samples.iter_mut().for_each(|sample| *sample *= gain);
    }

    /// Passes the whole track through `filter`.
    pub(crate) fn filter(&mut self, mut filter: Filter) {
        self.samples.iter_mut().for_each(|sample| *sample = filter.next(*sample));
    }

    pub(crate) fn peak(&self) -> f32 {
        self.samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    /// RMS of the loud parts: the 90th percentile over windows of 50 ms, so that pauses do not count.
    pub(crate) fn loudness(&self) -> f32 {
        let window = (self.rate_hz as usize / 20).max(1);
        let mut powers: Vec<f32> = self
            .samples
            .chunks(window)
            .map(|part| part.iter().map(|x| x * x).sum::<f32>() / part.len() as f32)
            .collect();
        powers.sort_by(f32::total_cmp);
        powers.get(powers.len() * 9 / 10).map_or(0.0, |power| power.sqrt())
    }

    /// Adds `voice(age_s)` from `start_s` on for `duration_s`; it is called once for each sample, in order.
    pub(crate) fn mix(&mut self, start_s: f32, duration_s: f32, mut voice: impl FnMut(f32) -> f32) {
        let rate_hz = self.rate_hz as f32;
        let first = (start_s * rate_hz).round() as usize;
        let count = (duration_s * rate_hz).round() as usize;
        for (age, sample) in self.samples.iter_mut().skip(first).take(count).enumerate() {
            *sample += voice(age as f32 / rate_hz);
        }
    }

    /// Bends loud samples so that none exceeds `ceiling`; below `knee` nothing changes.
    pub(crate) fn limit(&mut self, knee: f32, ceiling: f32) {
        let room = ceiling - knee;
        for sample in &mut self.samples {
            let excess = sample.abs() - knee;
            if excess > 0.0 {
                *sample = (knee + room * (excess / room).tanh()).copysign(*sample);
            }
        }
    }
}

/// A second-order filter (Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients").
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    feed: [f32; 3],
    back: [f32; 2],
    heard: [f32; 2],
    said: [f32; 2],
}

impl Filter {
    pub(crate) fn low_pass(cutoff_hz: f32, q: f32, rate_hz: u32) -> Self {
        Self::new(cutoff_hz, q, rate_hz, |cos, _| [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0])
    }

    pub(crate) fn high_pass(cutoff_hz: f32, q: f32, rate_hz: u32) -> Self {
        Self::new(cutoff_hz, q, rate_hz, |cos, _| [(1.0 + cos) / 2.0, -1.0 - cos, (1.0 + cos) / 2.0])
    }

    /// Moves a band-pass to another centre without a click: what it remembers stays.
    pub(crate) fn tune_band_pass(&mut self, center_hz: f32, q: f32, rate_hz: u32) {
        let Self { feed, back, .. } = Self::band_pass(center_hz, q, rate_hz);
        (self.feed, self.back) = (feed, back);
    }

    /// Unit gain at its centre.
    pub(crate) fn band_pass(center_hz: f32, q: f32, rate_hz: u32) -> Self {
        Self::new(center_hz, q, rate_hz, |_, alpha| [alpha, 0.0, -alpha])
    }

    fn new(hz: f32, q: f32, rate_hz: u32, feed: impl Fn(f32, f32) -> [f32; 3]) -> Self {
        let (sin, cos) = (TAU * hz / rate_hz as f32).sin_cos();
        let alpha = sin / (2.0 * q);
        let scale = 1.0 / (1.0 + alpha);
        let feed = feed(cos, alpha).map(|value| value * scale);
        Self { feed, back: [-2.0 * cos * scale, (1.0 - alpha) * scale], heard: [0.0; 2], said: [0.0; 2] }
    }

    pub(crate) fn next(&mut self, sample: f32) -> f32 {
        let [b0, b1, b2] = self.feed;
        let [a1, a2] = self.back;
        let output = b0 * sample + b1 * self.heard[0] + b2 * self.heard[1] - a1 * self.said[0] - a2 * self.said[1];
        self.heard = [sample, self.heard[0]];
        self.said = [output, self.said[0]];
        output
    }
}

/// White noise through a filter.
pub(crate) fn noise(mut filter: Filter, seed: u64) -> impl FnMut() -> f32 {
    let mut random = Random::new(seed);
    move || filter.next(random.signed())
}

/// One way in which a struck body rings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mode {
    pub hz: f32,
    pub level: f32,
    /// Until it has fallen to 1/e.
    pub decay_s: f32,
}

/// A struck body `age_s` after the blow: the sum of its decaying modes.
pub(crate) fn ring(modes: &[Mode], age_s: f32) -> f32 {
    modes.iter().map(|mode| mode.level * (-age_s / mode.decay_s).exp() * (TAU * mode.hz * age_s).sin()).sum()
}

/// A pitch that changes: keeps its phase from sample to sample.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oscillator {
    cycles: f32,
}

impl Oscillator {
    /// Steps one sample on and returns the phase in radians.
    pub(crate) fn advance(&mut self, hz: f32, rate_hz: u32) -> f32 {
        self.cycles = (self.cycles + hz / rate_hz as f32).fract();
        self.cycles * TAU
    }
}

/// Rises over `rise_s`, holds, falls over the last `fall_s` of `duration_s`; half a cosine either way.
pub(crate) fn fade(age_s: f32, duration_s: f32, rise_s: f32, fall_s: f32) -> f32 {
    let share = (age_s / rise_s).min((duration_s - age_s) / fall_s).clamp(0.0, 1.0);
    0.5 - 0.5 * (PI * share).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: u32 = 48_000;

    fn gain_at(hz: f32, mut filter: Filter) -> f32 {
        let mut tone = Oscillator::default();
        let output: Vec<f32> = (0..RATE_HZ).map(|_| filter.next(tone.advance(hz, RATE_HZ).sin())).collect();
        output[RATE_HZ as usize / 2..].iter().fold(0.0, |peak: f32, sample| peak.max(sample.abs()))
    }

    #[test]
    fn a_band_pass_keeps_its_centre_and_drops_the_rest() {
        let filter = Filter::band_pass(1000.0, 2.0, RATE_HZ);
        assert!((gain_at(1000.0, filter.clone()) - 1.0).abs() < 0.01);
        assert!(gain_at(100.0, filter.clone()) < 0.06);
        assert!(gain_at(10_000.0, filter) < 0.06);
    }

    #[test]
    fn a_high_pass_keeps_what_is_above_it() {
        let filter = Filter::high_pass(1000.0, 0.7, RATE_HZ);
        assert!((gain_at(7901.0, filter.clone()) - 1.0).abs() < 0.02);
        assert!(gain_at(100.0, filter) < 0.02);
    }

    #[test]
    fn pauses_do_not_lower_the_loudness() {
        let mut track = Track::silent(1.0, RATE_HZ);
        track.mix(0.2, 0.3, |_| 0.5);
        assert!((track.loudness() - 0.5).abs() < 1e-3);
    }

    #[test]
    fn the_limiter_leaves_quiet_sound_alone_and_never_exceeds_its_ceiling() {
        let mut track = Track { samples: vec![0.2, -0.3, 0.9, -40.0], rate_hz: RATE_HZ };
        track.limit(0.35, 0.63);
        assert_eq!(track.samples[..2], [0.2, -0.3]);
        assert!(track.samples.iter().all(|sample| sample.abs() <= 0.63));
        assert!(track.samples[2] > 0.35 && track.samples[3] < -0.6);
    }

    #[test]
    fn sound_past_the_end_of_a_track_is_dropped() {
        let mut track = Track::silent(1.0, 100);
        track.mix(0.99, 5.0, |_| 1.0);
        assert_eq!((track.samples.len(), track.samples.iter().sum::<f32>()), (100, 1.0));
    }
}
