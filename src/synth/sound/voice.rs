//! Throats: a source at the glottis, filtered by the resonances of a vocal tract (Fant, "Acoustic Theory of
//! Speech Production", 1960). People, infants and most animals differ only in numbers.

use super::draw::Draw;
use super::tones::Contour;
use crate::acoustics::{Filter, Oscillator, Track};

/// Resonances of a tract, in Hz, lowest first.
pub(super) type Formants = [f32; 5];

/// Vowels of a man's voice (Peterson and Barney, "Control methods used in a study of the vowels", 1952).
pub(super) const I: Formants = [270.0, 2290.0, 3010.0, 3500.0, 4500.0];
pub(super) const E: Formants = [530.0, 1840.0, 2480.0, 3500.0, 4500.0];
pub(super) const AE: Formants = [660.0, 1720.0, 2410.0, 3500.0, 4500.0];
pub(super) const A: Formants = [730.0, 1090.0, 2440.0, 3400.0, 4500.0];
pub(super) const O: Formants = [570.0, 840.0, 2410.0, 3300.0, 4300.0];
pub(super) const U: Formants = [300.0, 870.0, 2240.0, 3300.0, 4300.0];
pub(super) const SCHWA: Formants = [500.0, 1500.0, 2500.0, 3500.0, 4500.0];
pub(super) const VOWELS: [Formants; 7] = [I, E, AE, A, O, U, SCHWA];

/// How a throat sounds, whatever it utters.
#[derive(Clone, Debug)]
pub(super) struct Timbre {
    /// Factor on every formant: above 1 for a tract shorter than a man's.
    pub tract: f32,
    /// Width of a formant relative to its frequency; 0.1 rings, 0.4 is dull.
    pub damping: f32,
    /// Level of each formant relative to the one below it.
    pub brightness: f32,
    /// Above it the source falls by 6 dB an octave more: low when relaxed, high when pressed.
    pub tilt_hz: f32,
    /// Noise of the breath relative to the tone.
    pub breath: f32,
    /// Change of the period from cycle to cycle, as a share of it.
    pub jitter: f32,
    /// Change of the level from cycle to cycle.
    pub shimmer: f32,
    /// How much weaker every second cycle is: an octave below shows through.
    pub subharmonic: f32,
    pub vibrato_hz: f32,
    /// As a share of the pitch.
    pub vibrato: f32,
    /// Of the level, 0 to 1, at the vibrato's rate.
    pub tremolo: f32,
}

impl Default for Timbre {
    fn default() -> Self {
        Self {
            tract: 1.0,
            damping: 0.12,
            brightness: 0.6,
            tilt_hz: 2500.0,
            breath: 0.05,
            jitter: 0.01,
            shimmer: 0.05,
            subharmonic: 0.0,
            vibrato_hz: 5.5,
            vibrato: 0.0,
            tremolo: 0.0,
        }
    }
}

/// One breath: pitch, level and articulation over its course.
#[derive(Clone, Debug)]
pub(super) struct Utterance {
    pub duration_s: f32,
    /// Zero is a whisper: breath alone.
    pub pitch_hz: Contour,
    pub level: Contour,
    /// `(share of the duration, formants)`, in order; at least one.
    pub vowels: Vec<(f32, Formants)>,
}

impl Utterance {
    pub(super) fn new(duration_s: f32, pitch_hz: Contour, vowels: impl Into<Vec<(f32, Formants)>>) -> Self {
        Self { duration_s, pitch_hz, level: Contour::swell(0.1, 0.2), vowels: vowels.into() }
    }

    fn formants(&self, share: f32) -> Formants {
        let next = self.vowels.partition_point(|vowel| vowel.0 <= share);
        let last = self.vowels[next.saturating_sub(1)];
        let Some(following) = self.vowels.get(next) else { return last.1 };
        let span = following.0 - last.0;
        let mixed = if span > 0.0 { ((share - last.0) / span).clamp(0.0, 1.0) } else { 0.0 };
        std::array::from_fn(|n| last.1[n] + (following.1[n] - last.1[n]) * mixed)
    }

    /// Adds the utterance to `track`, its loudest part near `gain`.
    pub(super) fn speak(&self, track: &mut Track, start_s: f32, gain: f32, timbre: &Timbre, draw: &mut Draw) {
        const CONTROL: u32 = 32;
        let rate_hz = track.rate_hz;
        let mut random = draw.random();
        let mut tract: [Filter; 5] = std::array::from_fn(|_| Filter::band_pass(1000.0, 1.0, rate_hz));
        let mut source = Glottis::new(timbre.tilt_hz, rate_hz);
        let mut swing = Oscillator::default();
        let (mut hz, mut level, mut level_step, mut sample) = (0.0, 0.0, 0.0, 0);
        let strengths: [f32; 5] = std::array::from_fn(|n| timbre.brightness.powi(n as i32));
        track.mix(start_s, self.duration_s, |age_s| {
            if sample % CONTROL == 0 {
                let share = age_s / self.duration_s;
                let wave = swing.advance(timbre.vibrato_hz * CONTROL as f32, rate_hz).sin();
                hz = self.pitch_hz.at(share) * (1.0 + timbre.vibrato * wave);
                let goal = gain * self.level.at(share) * (1.0 - timbre.tremolo * (0.5 + 0.5 * wave));
                level_step = (goal - level) / CONTROL as f32;
                for (filter, formant_hz) in tract.iter_mut().zip(self.formants(share)) {
                    let center_hz = (formant_hz * timbre.tract).min(0.45 * rate_hz as f32);
                    // Bandwidths of a tract grow slower than its formants.
                    let width_hz = timbre.damping * (center_hz * 1000.0).sqrt();
                    filter.tune_band_pass(center_hz, center_hz / width_hz, rate_hz);
                }
            }
            sample += 1;
            level += level_step;
            let tone = if hz > 0.0 { source.next(hz, timbre, || random.signed()) } else { 0.0 };
            let breath = timbre.breath * random.signed() * if hz > 0.0 { source.opening } else { 1.0 };
            let excitation = tone + breath;
            let mouth: f32 =
                tract.iter_mut().zip(strengths).map(|(filter, strength)| strength * filter.next(excitation)).sum();
            level * (mouth + 0.06 * excitation)
        });
    }
}

/// The derivative of the flow through the vocal folds: one smooth opening and one abrupt closure a cycle.
struct Glottis {
    phase: f32,
    /// Of this cycle, from jitter and shimmer.
    pace: f32,
    force: f32,
    is_odd: bool,
    /// How open the folds are, 0 to 1: what lets the breath through.
    opening: f32,
    tilt: f32,
    dulled: f32,
    rate_hz: f32,
}

impl Glottis {
    /// Share of the cycle in which the folds are apart.
    const OPEN: f32 = 0.62;

    fn new(tilt_hz: f32, rate_hz: u32) -> Self {
        let tilt = 1.0 - (-std::f32::consts::TAU * tilt_hz / rate_hz as f32).exp();
        let rate_hz = rate_hz as f32;
        Self { phase: 0.0, pace: 1.0, force: 1.0, is_odd: false, opening: 0.0, tilt, dulled: 0.0, rate_hz }
    }

    fn next(&mut self, hz: f32, timbre: &Timbre, mut signed: impl FnMut() -> f32) -> f32 {
        let step = hz * self.pace / self.rate_hz;
        self.phase += step;
        if self.phase >= 1.0 {
            self.phase = self.phase.fract();
            self.is_odd = !self.is_odd;
            let weak = if self.is_odd { timbre.subharmonic } else { 0.0 };
            self.pace = (1.0 + timbre.jitter * signed() - 0.15 * weak * timbre.subharmonic).max(0.2);
            self.force = (1.0 + timbre.shimmer * signed()) * (1.0 - weak);
        }
        let share = self.phase / Self::OPEN;
        let slope = if share < 1.0 { 2.0 * share - 3.0 * share * share } else { 0.0 };
        self.opening = if share < 1.0 { 6.75 * share * share * (1.0 - share) } else { 0.1 };
        // The closure is a step; smoothed over two samples it does not alias (polynomial band-limited step).
        let late = (self.phase - Self::OPEN) / step.max(1e-6);
        let rounding = if (0.0..1.0).contains(&late) {
            0.5 * (2.0 * late - late * late - 1.0)
        } else if (-1.0..0.0).contains(&late) {
            0.5 * (late * late + 2.0 * late + 1.0)
        } else {
            0.0
        };
        self.dulled += self.tilt * (self.force * (slope + rounding) - self.dulled);
        self.dulled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_labels::Split;

    #[test]
    fn a_sung_vowel_repeats_at_its_pitch() {
        let mut draw = Draw::new(Split::Train, 1);
        let mut track = Track::silent(0.5, 32_000);
        let timbre = Timbre { jitter: 0.0, shimmer: 0.0, breath: 0.0, ..Timbre::default() };
        Utterance::new(0.5, Contour::flat(200.0), [(0.0, A)]).speak(&mut track, 0.0, 1.0, &timbre, &mut draw);
        let middle = &track.samples[6000..9200];
        let shifted = |lag: usize| middle.iter().zip(&track.samples[6000 + lag..]).map(|(a, b)| a * b).sum::<f32>();
        let (period, between) = (shifted(160) / shifted(0), shifted(80) / shifted(0));
        assert!(period > 0.98 && between < 0.7, "{period} {between}");
    }

    #[test]
    fn a_whisper_has_breath_and_no_pitch() {
        let mut draw = Draw::new(Split::Train, 1);
        let mut track = Track::silent(0.5, 32_000);
        let whisper = Utterance::new(0.5, Contour::flat(0.0), [(0.0, A)]);
        whisper.speak(&mut track, 0.0, 1.0, &Timbre { breath: 1.0, ..Timbre::default() }, &mut draw);
        assert!(track.loudness() > 0.01);
    }
}
