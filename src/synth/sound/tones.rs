//! Pitched sound: contours, gliding tones, struck bodies, and things that repeat.

use std::f32::consts::TAU;
use std::ops::Range;

use super::draw::Draw;
use crate::acoustics::{Mode, Oscillator, Track};

/// A value over the course of a sound, by straight lines between `(share of the duration, value)`.
#[derive(Clone, Debug)]
pub(super) struct Contour(Vec<(f32, f32)>);

impl Contour {
    /// `points` in order of time; at least one.
    pub(super) fn new(points: impl Into<Vec<(f32, f32)>>) -> Self {
        Self(points.into())
    }

    pub(super) fn flat(value: f32) -> Self {
        Self(vec![(0.0, value)])
    }

    /// From `start` to `top` at `top_at`, then to `end`.
    pub(super) fn arch(start: f32, top: f32, end: f32, top_at: f32) -> Self {
        Self(vec![(0.0, start), (top_at, top), (1.0, end)])
    }

    /// A level that rises within `rise`, holds at 1, and falls over the last `fall` of the duration.
    pub(super) fn swell(rise: f32, fall: f32) -> Self {
        Self(vec![(0.0, 0.0), (rise, 1.0), (1.0 - fall, 1.0), (1.0, 0.0)])
    }

    pub(super) fn at(&self, share: f32) -> f32 {
        let next = self.0.partition_point(|point| point.0 <= share);
        match (next.checked_sub(1).map(|last| self.0[last]), self.0.get(next)) {
            (Some((from, low)), Some(&(to, high))) => low + (high - low) * (share - from) / (to - from),
            (Some((_, value)), None) | (None, Some(&(_, value))) => value,
            (None, None) => 0.0,
        }
    }
}

/// A tone with overtones whose pitch and level follow contours.
#[derive(Clone, Debug)]
pub(super) struct Glide {
    pub duration_s: f32,
    pub pitch_hz: Contour,
    pub level: Contour,
    /// Level of each harmonic, the fundamental first.
    pub harmonics: Vec<f32>,
    pub vibrato_hz: f32,
    /// As a share of the pitch.
    pub vibrato: f32,
    /// Of the level, 0 to 1, at the vibrato's rate.
    pub tremolo: f32,
}

impl Glide {
    pub(super) fn new(duration_s: f32, pitch_hz: Contour) -> Self {
        Self {
            duration_s,
            pitch_hz,
            level: Contour::swell(0.08, 0.15),
            harmonics: vec![1.0],
            vibrato_hz: 5.5,
            vibrato: 0.0,
            tremolo: 0.0,
        }
    }

    pub(super) fn play(&self, track: &mut Track, start_s: f32, gain: f32) {
        const CONTROL: u32 = 16;
        let rate_hz = track.rate_hz;
        let (mut tone, mut swing) = (Oscillator::default(), Oscillator::default());
        let (mut hz, mut level, mut level_step, mut sample) = (0.0, 0.0, 0.0, 0);
        track.mix(start_s, self.duration_s, |age_s| {
            if sample % CONTROL == 0 {
                let share = age_s / self.duration_s;
                let wave = swing.advance(self.vibrato_hz * CONTROL as f32, rate_hz).sin();
                hz = self.pitch_hz.at(share) * (1.0 + self.vibrato * wave);
                let goal = gain * self.level.at(share) * (1.0 - self.tremolo * (0.5 + 0.5 * wave));
                level_step = (goal - level) / CONTROL as f32;
            }
            sample += 1;
            level += level_step;
            level * harmonics(tone.advance(hz, rate_hz), hz, rate_hz, &self.harmonics)
        });
    }
}

/// Sum of harmonics below the Nyquist frequency, by the recurrence of Chebyshev: one sine for all of them.
pub(super) fn harmonics(phase: f32, hz: f32, rate_hz: u32, levels: &[f32]) -> f32 {
    let (sin, cos) = phase.sin_cos();
    let (mut before, mut wave, mut sum) = (0.0, sin, 0.0);
    let room = (rate_hz as f32 * 0.46 / hz.max(1.0)) as usize;
    for level in levels.iter().take(room.max(1)) {
        sum += level * wave;
        (before, wave) = (wave, 2.0 * cos * wave - before);
    }
    sum
}

/// Levels of `count` harmonics that fall by `slope_db` an octave.
pub(super) fn falling(count: usize, slope_db: f32) -> Vec<f32> {
    (1..=count).map(|n| 10f32.powf(-slope_db * (n as f32).log2() / 20.0)).collect()
}

pub(super) fn db(decibels: f32) -> f32 {
    10f32.powf(decibels / 20.0)
}

/// A body that rings when it is struck: two-pole resonators side by side.
#[derive(Clone, Debug)]
pub(super) struct Body {
    modes: Vec<Resonator>,
}

#[derive(Clone, Copy, Debug)]
struct Resonator {
    gain: f32,
    back: [f32; 2],
    said: [f32; 2],
}

impl Body {
    pub(super) fn new(modes: &[Mode], rate_hz: u32) -> Self {
        let resonator = |mode: &Mode| {
            let angle = TAU * mode.hz / rate_hz as f32;
            let radius = (-1.0 / (mode.decay_s * rate_hz as f32)).exp();
            let back = [2.0 * radius * angle.cos(), -radius * radius];
            Resonator { gain: mode.level * angle.sin(), back, said: [0.0; 2] }
        };
        let audible = modes.iter().filter(|mode| mode.hz < 0.47 * rate_hz as f32);
        Self { modes: audible.map(resonator).collect() }
    }

    /// A unit impulse rings with the modes' levels.
    pub(super) fn next(&mut self, excitation: f32) -> f32 {
        let mut sum = 0.0;
        for mode in &mut self.modes {
            let output = mode.gain * excitation + mode.back[0] * mode.said[0] + mode.back[1] * mode.said[1];
            mode.said = [output, mode.said[0]];
            sum += output;
        }
        sum
    }

    /// One blow of `force`, rung out for `duration_s`.
    pub(super) fn strike(mut self, track: &mut Track, start_s: f32, duration_s: f32, force: f32) {
        let mut blow = force;
        let fall_s = (duration_s * 0.2).min(0.05);
        track.mix(start_s, duration_s, |age_s| {
            self.next(std::mem::take(&mut blow)) * ((duration_s - age_s) / fall_s).min(1.0)
        });
    }
}

/// Modes at `ratios` of `base_hz`; the higher, the softer and the shorter.
pub(super) fn modes(base_hz: f32, ratios: &[f32], decay_s: f32, slope: f32) -> Vec<Mode> {
    ratios
        .iter()
        .map(|ratio| Mode {
            hz: base_hz * ratio,
            level: ratio.powf(-slope).min(1.5),
            decay_s: decay_s / ratio.max(0.5),
        })
        .collect()
}

/// Calls `voice` at one start after another until the track is full; it returns how long it lasted.
pub(super) fn repeat(
    track: &mut Track,
    draw: &mut Draw,
    pause_s: Range<f32>,
    mut voice: impl FnMut(&mut Track, &mut Draw, f32) -> f32,
) {
    let duration_s = track.duration_s();
    let mut start_s = draw.between(0.0, pause_s.end.min(duration_s * 0.3));
    while start_s < duration_s {
        let lasted_s = voice(track, draw, start_s).max(0.01);
        start_s += lasted_s + draw.octaves(pause_s.start.max(0.002), pause_s.end.max(0.002));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contour_runs_straight_between_its_points_and_holds_beyond_them() {
        let contour = Contour::arch(100.0, 300.0, 200.0, 0.5);
        assert_eq!(
            [-1.0, 0.0, 0.25, 0.5, 0.75, 2.0].map(|share| contour.at(share)),
            [100.0, 100.0, 200.0, 300.0, 250.0, 200.0]
        );
    }

    #[test]
    fn harmonics_agree_with_sines() {
        let sum = harmonics(0.7, 100.0, 32_000, &[1.0, 0.5, 0.25]);
        assert!((sum - (0.7f32.sin() + 0.5 * 1.4f32.sin() + 0.25 * 2.1f32.sin())).abs() < 1e-5);
    }

    #[test]
    fn a_struck_body_rings_at_its_level_and_dies_away() {
        let mut track = Track::silent(1.0, 32_000);
        Body::new(&[Mode { hz: 440.0, level: 0.5, decay_s: 0.1 }], 32_000).strike(&mut track, 0.0, 1.0, 1.0);
        assert!((track.peak() - 0.5).abs() < 0.02);
        assert!(track.samples[16_000..].iter().all(|sample| sample.abs() < 0.01));
    }
}
