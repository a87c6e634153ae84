//! Sirens of police, ambulances and fire engines.
//!
//! A pattern gives the pitch, a horn gives it its voice, a passing vehicle shifts and dulls it. Ranges follow the
//! products and rules in use (wail and yelp of 500 to 1600 Hz, two-tone horns after DIN 14610, rumblers an
//! octave or two below, rotor sirens that run up and down) and recordings of ambulances.

use std::f32::consts::TAU;

use super::Kind;
use super::draw::Draw;
use super::room::dull;
use super::tones::{db, falling, harmonics};
use crate::acoustics::{Filter, Oscillator, Track, fade, noise};

pub(super) const KINDS: [Kind; 8] = [
    Kind::new("siren_wail", |track, draw| one(track, draw, &[Pattern::wail])),
    Kind::new("siren_yelp", |track, draw| one(track, draw, &[Pattern::yelp])),
    Kind::new("siren_wail_and_yelp", |track, draw| one(track, draw, &[Pattern::wail, Pattern::yelp, Pattern::phaser])),
    Kind::new("siren_phaser", |track, draw| one(track, draw, &[Pattern::phaser])),
    Kind::new("siren_two_tone", |track, draw| one(track, draw, &[Pattern::two_tone])),
    Kind::new("siren_rotor", rotor),
    Kind::new("siren_rumbler", rumbler),
    Kind::new("siren_several", several),
];

/// Pitch over time, as a rule with its own numbers.
#[derive(Clone, Debug)]
struct Pattern {
    low_hz: f32,
    high_hz: f32,
    period_s: f32,
    /// Share of the period in which the pitch rises; `None`: two steady tones.
    rise: Option<f32>,
    /// How strongly the rise slows down towards its top, as a capacitor charges.
    bend: f32,
    /// How slowly the one tone of two becomes the other.
    lag_s: f32,
    /// Share of the low tone of two.
    low_share: f32,
    offset: f32,
}

impl Pattern {
    fn sweep(draw: &mut Draw, period_s: f32, rise: f32) -> Self {
        let low_hz = draw.trait_in(430.0, 1050.0);
        let high_hz = (low_hz * draw.trait_in(1.5, 2.9)).clamp(900.0, 1900.0);
        let (bend, offset) = (draw.between(0.2, 6.0), draw.between(0.0, 1.0));
        Self { low_hz, high_hz, period_s, rise: Some(rise), bend, lag_s: 0.01, low_share: 0.5, offset }
    }

    fn wail(draw: &mut Draw) -> Self {
        let period_s = draw.trait_in(1.8, 8.5);
        let rise = draw.between(0.25, 0.65);
        Self::sweep(draw, period_s, rise)
    }

    fn yelp(draw: &mut Draw) -> Self {
        let period_s = draw.trait_in(0.19, 0.75);
        let rise = draw.between(0.3, 0.85);
        Self::sweep(draw, period_s, rise)
    }

    fn phaser(draw: &mut Draw) -> Self {
        let period_s = draw.trait_in(0.05, 0.14);
        let rise = draw.between(0.2, 0.8);
        Self::sweep(draw, period_s, rise)
    }

    fn two_tone(draw: &mut Draw) -> Self {
        let low_hz = draw.trait_in(330.0, 760.0);
        // From a third (France) over the fourth (Germany) to a fifth and more (Italy, Britain).
        let ratio = *draw.pick(&[1.19, 1.25, 1.29, 1.333, 1.333, 1.4, 1.5, 1.68]);
        let high_hz = low_hz * ratio * draw.between(0.99, 1.01);
        let (period_s, lag_s) = (draw.trait_in(0.7, 2.8), draw.octaves(0.004, 0.05));
        let (low_share, offset) = (draw.between(0.4, 0.6), draw.between(0.0, 1.0));
        Self { low_hz, high_hz, period_s, rise: None, bend: 1.0, lag_s, low_share, offset }
    }

    /// Pitch at `time_s`, and the level that goes with it: two tones dip as one becomes the other.
    fn at(&self, time_s: f32) -> (f32, f32) {
        let share = (time_s / self.period_s + self.offset).fract();
        let Some(rise) = self.rise else {
            let is_low = share < self.low_share;
            let since = if is_low { share } else { share - self.low_share } * self.period_s;
            let (from_hz, to_hz) = if is_low { (self.high_hz, self.low_hz) } else { (self.low_hz, self.high_hz) };
            let settled = 1.0 - (-since / self.lag_s).exp();
            return (from_hz + (to_hz - from_hz) * settled, 0.7 + 0.3 * settled);
        };
        let height = if share < rise {
            (1.0 - (-self.bend * share / rise).exp()) / (1.0 - (-self.bend).exp())
        } else {
            1.0 - (share - rise) / (1.0 - rise)
        };
        (self.low_hz * (self.high_hz / self.low_hz).powf(height), 1.0)
    }
}

/// A driver that is pushed too far, in front of a horn.
struct Horn {
    levels: Vec<f32>,
    drive: f32,
    bass: Filter,
    throat: Filter,
    presence: f32,
}

impl Horn {
    /// Compressed-air horns are brassy; loudspeakers may be anything from a whistle to a rasp.
    fn draw(draw: &mut Draw, rate_hz: u32, is_brassy: bool) -> Self {
        let slope_db = if is_brassy { draw.between(2.0, 13.0) } else { draw.between(6.0, 32.0) };
        let mut levels = falling(14, slope_db);
        if draw.chance(0.4) {
            levels.iter_mut().skip(1).step_by(2).for_each(|even| *even *= 0.25);
        }
        Self {
            levels,
            drive: draw.octaves(0.3, 4.0),
            bass: Filter::high_pass(draw.octaves(150.0, 500.0), 0.8, rate_hz),
            throat: Filter::band_pass(draw.octaves(800.0, 3200.0), draw.between(0.5, 2.5), rate_hz),
            presence: draw.between(0.0, 1.6),
        }
    }

    fn next(&mut self, phase: f32, hz: f32, rate_hz: u32) -> f32 {
        let pressed = (harmonics(phase, hz, rate_hz, &self.levels) * self.drive).tanh();
        let heard = self.bass.next(pressed);
        heard + self.presence * self.throat.next(heard)
    }
}

/// How a vehicle passes, stands or stays far away.
struct Passage {
    speed_m_s: f32,
    aside_m: f32,
    /// When it is nearest.
    nearest_s: f32,
}

impl Passage {
    const SOUND_M_S: f32 = 343.0;

    fn draw(draw: &mut Draw, duration_s: f32) -> Self {
        let speed_m_s = if draw.chance(0.35) { 0.0 } else { draw.between(4.0, 28.0) };
        Self { speed_m_s, aside_m: draw.octaves(4.0, 120.0), nearest_s: draw.between(-0.6, 1.6) * duration_s }
    }

    /// Factor of the pitch and gain relative to the nearest point.
    fn at(&self, time_s: f32) -> (f32, f32) {
        let along_m = self.speed_m_s * (time_s - self.nearest_s);
        let away_m = along_m.hypot(self.aside_m);
        let recession_m_s = self.speed_m_s * along_m / away_m;
        (Self::SOUND_M_S / (Self::SOUND_M_S + recession_m_s), self.aside_m / away_m)
    }
}

/// One vehicle that plays the patterns in turn.
fn one(track: &mut Track, draw: &mut Draw, patterns: &[fn(&mut Draw) -> Pattern]) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let turns: Vec<Pattern> = (0..4).map(|_| draw.pick(patterns)(draw)).collect();
    let is_brassy = turns[0].rise.is_none() && draw.chance(0.8);
    let turn_s = if patterns.len() > 1 { draw.between(1.2, 3.5) } else { f32::INFINITY };
    let (mut horn, passage) = (Horn::draw(draw, rate_hz, is_brassy), Passage::draw(draw, duration_s));
    let mut tone = Oscillator::default();
    let (mut hz, mut level, mut sample) = (0.0, 0.0, 0u32);
    track.mix(0.0, duration_s, |age_s| {
        if sample % 16 == 0 {
            let pattern = &turns[(age_s / turn_s) as usize % turns.len()];
            let ((pitch_hz, force), (shift, gain)) = (pattern.at(age_s), passage.at(age_s));
            (hz, level) = (pitch_hz * shift, force * gain);
        }
        sample += 1;
        level * horn.next(tone.advance(hz, rate_hz), hz, rate_hz)
    });
    distance(track, draw);
}

/// A rotor that chops air: it spins up, holds, and runs down by its own weight; also the sirens on roofs.
fn rotor(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let top_hz = draw.trait_in(330.0, 1250.0);
    let (spin_up_s, run_down_s) = (draw.trait_in(0.7, 4.0), draw.trait_in(2.0, 9.0));
    let (hold_s, floor) = (draw.between(0.3, 6.0), draw.between(0.15, 0.85));
    let second = *draw.pick(&[1.0, 1.2, 1.25, 1.333, 1.5]);
    let levels = falling(12, draw.between(3.0, 10.0));
    let mut air = noise(Filter::band_pass(draw.octaves(600.0, 2500.0), 0.8, rate_hz), draw.seed());
    let (mut first, mut other) = (Oscillator::default(), Oscillator::default());
    let (mut speed, mut is_powered, mut since_s) = (draw.between(floor, 1.0), true, draw.between(0.0, hold_s));
    let step_s = 1.0 / rate_hz as f32;
    let airy = draw.between(0.02, 0.25);
    track.mix(0.0, duration_s, |_| {
        since_s += step_s;
        if is_powered {
            speed += (1.02 - speed) * step_s / spin_up_s * 1.6;
            if speed > 0.99 && since_s > hold_s {
                (is_powered, since_s) = (false, 0.0);
            }
        } else {
            speed -= speed * step_s / run_down_s;
            if speed < floor {
                (is_powered, since_s) = (true, 0.0);
            }
        }
        let hz = top_hz * speed.min(1.0);
        let tone = harmonics(first.advance(hz, rate_hz), hz, rate_hz, &levels);
        let both = tone + 0.8 * harmonics(other.advance(hz * second, rate_hz), hz, rate_hz, &levels);
        speed * speed * (both * 0.5 + airy * air())
    });
    distance(track, draw);
}

/// A wail, the same two octaves below that is felt more than heard, and blasts of an air horn.
fn rumbler(track: &mut Track, draw: &mut Draw) {
    let patterns: [fn(&mut Draw) -> Pattern; 3] = [Pattern::wail, Pattern::yelp, Pattern::two_tone];
    let pattern = *draw.pick(&patterns);
    one(track, draw, &[pattern]);
    track.scale(1.0 / track.peak().max(1e-6));
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    if draw.chance(0.5) {
        let pattern = pattern(draw);
        let (mut low, levels, gain) = (Oscillator::default(), falling(6, 8.0), draw.between(0.2, 0.7));
        track.mix(0.0, duration_s, |age_s| {
            let hz = pattern.at(age_s).0 * 0.25;
            gain * (1.5 * harmonics(low.advance(hz, rate_hz), hz, rate_hz, &levels)).tanh()
        });
    }
    let mut at_s = draw.between(0.0, duration_s * 0.5);
    while at_s < duration_s {
        let blast_s = draw.octaves(0.25, 1.2);
        air_horn(track, draw, at_s, blast_s);
        at_s += blast_s + draw.octaves(0.8, 6.0);
    }
    distance(track, draw);
}

/// Two or three reeds, slightly out of tune.
pub(super) fn air_horn(track: &mut Track, draw: &mut Draw, start_s: f32, duration_s: f32) {
    let rate_hz = track.rate_hz;
    let base_hz = draw.trait_in(170.0, 420.0);
    let gain = draw.between(0.15, 0.5);
    for ratio in [1.0, *draw.pick(&[1.19, 1.26, 1.335]), *draw.pick(&[1.5, 1.6])] {
        let (mut reed, levels, hz) = (Oscillator::default(), falling(16, draw.between(2.0, 6.0)), base_hz * ratio);
        track.mix(start_s, duration_s, |age_s| {
            let bent_hz = hz * (1.0 - 0.06 * (-age_s / 0.03).exp());
            gain * fade(age_s, duration_s, 0.02, 0.06) * harmonics(reed.advance(bent_hz, rate_hz), hz, rate_hz, &levels)
        });
    }
}

/// Two or three vehicles at once.
fn several(track: &mut Track, draw: &mut Draw) {
    let patterns: [fn(&mut Draw) -> Pattern; 4] = [Pattern::wail, Pattern::yelp, Pattern::two_tone, Pattern::wail];
    for number in 0..draw.count(2, 3) {
        let mut vehicle = Track::silent(track.duration_s(), track.rate_hz);
        let pattern = *draw.pick(&patterns);
        one(&mut vehicle, draw, &[pattern]);
        let gain = db(draw.between(-14.0, 0.0) * number.min(1) as f32);
        track.add(&vehicle, 0.0, gain / vehicle.peak().max(1e-6));
    }
}

/// Air takes the treble, the street adds echoes that lag behind the sweep.
fn distance(track: &mut Track, draw: &mut Draw) {
    if draw.chance(0.55) {
        dull(track, draw.octaves(1300.0, 7000.0));
    }
    if draw.chance(0.5) {
        let dry = track.samples.clone();
        for _ in 0..draw.count(1, 4) {
            let lag = (draw.octaves(0.02, 0.4) * track.rate_hz as f32) as usize;
            let gain = db(draw.between(-20.0, -4.0));
            track.samples.iter_mut().skip(lag).zip(&dry).for_each(|(sample, echo)| *sample += gain * echo);
        }
    }
    // The wind carries it unevenly.
    let (depth, rate_hz, phase) = (draw.between(0.0, 0.35), draw.between(0.3, 3.0), draw.between(0.0, TAU));
    let step_s = 1.0 / track.rate_hz as f32;
    for (index, sample) in track.samples.iter_mut().enumerate() {
        *sample *= 1.0 - depth * (0.5 + 0.5 * (index as f32 * step_s * rate_hz * TAU + phase).sin());
    }
}
