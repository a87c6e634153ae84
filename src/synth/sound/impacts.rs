//! Contact: blows, kicks, broken glass, sheet metal, wood that gives way, and blasts.
//!
//! Each sound begins on its sample: what is struck at `at_s` is heard at `at_s`.

use super::draw::Draw;
use super::tones::{Body, Contour, modes, repeat};
use crate::acoustics::{Filter, Mode, Oscillator, Track, fade, noise};

/// A fist or a fall: flesh, cloth and a dull body.
pub(super) fn blow(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    let rate_hz = track.rate_hz;
    let (hz, decay_s) = (draw.trait_in(60.0, 170.0), draw.between(0.03, 0.09));
    let mut thump = Oscillator::default();
    let mut slap = noise(Filter::band_pass(draw.octaves(500.0, 2600.0), 0.6, rate_hz), draw.seed());
    let sharp = draw.between(0.5, 1.6);
    track.mix(at_s, 0.4, |age_s| {
        let low = (thump.advance(hz * (1.0 + (-age_s / 0.02).exp()), rate_hz)).cos();
        force
            * (0.8 * low * (-age_s / decay_s).exp() + sharp * slap() * (-age_s / 0.014).exp())
            * fade(age_s, 0.4, 0.0004, 0.1)
    });
}

/// A boot against a door, a car, a bin.
pub(super) fn kick(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    let is_metal = draw.chance(0.6);
    let hz = if is_metal { draw.trait_in(90.0, 420.0) } else { draw.trait_in(70.0, 200.0) };
    let ratios: Vec<f32> = (0..9).map(|n| (1.0 + n as f32 * 0.9) * draw.between(0.9, 1.1)).collect();
    let decay_s = if is_metal { draw.octaves(0.12, 0.6) } else { draw.octaves(0.04, 0.1) };
    Body::new(&modes(hz, &ratios, decay_s, 0.4), track.rate_hz).strike(track, at_s, 1.2, 0.35 * force);
    blow(track, draw, at_s, 0.6 * force);
}

/// A pane or a bottle: the crack, then `splinters` that ring and fall.
pub(super) fn glass(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32, splinters: usize) {
    let rate_hz = track.rate_hz;
    let mut crack = noise(Filter::high_pass(draw.octaves(1500.0, 3500.0), 0.7, rate_hz), draw.seed());
    let crack_s = draw.between(0.02, 0.06);
    track.mix(at_s, 0.3, |age_s| force * 0.9 * crack() * (-age_s / crack_s).exp());
    let (fall_s, low_hz) = (draw.between(0.3, 1.4), draw.trait_in(1500.0, 3500.0));
    for _ in 0..splinters {
        let delay_s = fall_s * draw.between(0.0, 1.0).powi(2);
        let hz = low_hz * draw.octaves(1.0, 3.2);
        let level = draw.octaves(0.04, 0.35);
        let piece = [1.0, 1.47, 2.09].map(|ratio| Mode {
            hz: hz * ratio,
            level: level / ratio,
            decay_s: draw.octaves(0.01, 0.08),
        });
        Body::new(&piece, rate_hz).strike(track, at_s + delay_s, 0.3, force);
    }
}

/// A car meets something hard: a burst, a thump, sheet metal that folds in jerks, panes.
pub(super) fn collision(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    let rate_hz = track.rate_hz;
    let mut burst = noise(Filter::low_pass(draw.octaves(3000.0, 8000.0), 0.6, rate_hz), draw.seed());
    let mut crunch = noise(Filter::band_pass(draw.trait_in(600.0, 1800.0), 0.6, rate_hz), draw.seed());
    let (mut random, mut grain, fold_s) = (draw.random(), 0.0f32, draw.between(0.15, 0.45));
    let mut thump = Oscillator::default();
    track.mix(at_s, 2.0, |age_s| {
        if random.unit() < 0.012 * (-age_s / fold_s).exp() {
            grain = random.between(0.5, 1.0);
        }
        grain *= 0.998;
        let low = thump.advance(38.0 + 62.0 * (-age_s / 0.07).exp(), rate_hz).sin();
        force
            * (0.9 * burst() * (-age_s / 0.05).exp() + 0.9 * crunch() * grain + 0.6 * low * (-age_s / 0.2).exp())
            * fade(age_s, 2.0, 0.0003, 0.4)
    });
    let ratios: Vec<f32> = (0..10).map(|n| (1.0 + n as f32 * 0.8) * draw.between(0.9, 1.1)).collect();
    let body = modes(draw.trait_in(80.0, 220.0), &ratios, draw.between(0.15, 0.5), 0.5);
    Body::new(&body, rate_hz).strike(track, at_s, 1.5, 0.3 * force);
    if draw.chance(0.8) {
        let splinters = draw.count(15, 45);
        glass(track, draw, at_s + 0.03, 0.7 * force, splinters);
    }
}

/// Tyres that slide: two hoarse tones that fall, and their rub. Ends at `until_s`.
pub(super) fn skid(track: &mut Track, draw: &mut Draw, until_s: f32, duration_s: f32) {
    let rate_hz = track.rate_hz;
    let (hz, second) = (draw.trait_in(550.0, 1300.0), draw.between(1.2, 1.5));
    let (mut low, mut high) = (Oscillator::default(), Oscillator::default());
    let mut rough = noise(Filter::low_pass(70.0, 0.7, rate_hz), draw.seed());
    let mut rub = noise(Filter::band_pass(hz * 2.0, 1.2, rate_hz), draw.seed());
    let (slide, hoarse) = (draw.between(0.05, 0.25), draw.octaves(0.3, 1.2));
    let duration_s = duration_s.min(until_s);
    track.mix(until_s - duration_s, duration_s, |age_s| {
        let drift = 1.0 - slide * age_s / duration_s + 0.9 * rough();
        let (low, high) = (low.advance(hz * drift, rate_hz), high.advance(hz * second * drift, rate_hz));
        let tones = low.sin() + 0.45 * (2.0 * low).sin() + 0.7 * high.sin() + 0.25 * (2.0 * high).sin();
        fade(age_s, duration_s, 0.08, 0.02) * (0.1 * tones + 0.3 * hoarse * rub())
    });
}

/// A blast: the shock, a boom that falls in pitch, echoes, then debris that rains down.
pub(super) fn blast(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    let rate_hz = track.rate_hz;
    let tail_s = draw.between(1.2, 4.5);
    let mut shock = noise(Filter::low_pass(draw.octaves(1200.0, 8000.0), 0.6, rate_hz), draw.seed());
    let mut rumble = noise(Filter::low_pass(draw.trait_in(60.0, 220.0), 0.8, rate_hz), draw.seed());
    let mut rolls = noise(Filter::low_pass(7.0, 0.7, rate_hz), draw.seed());
    let (mut boom, hz) = (Oscillator::default(), draw.trait_in(28.0, 70.0));
    let (shock_s, roar_s) = (draw.octaves(0.03, 0.12), draw.octaves(0.25, 0.9));
    let mut roar = noise(Filter::low_pass(draw.octaves(350.0, 1600.0), 0.6, rate_hz), draw.seed());
    track.mix(at_s, tail_s, |age_s| {
        let low = boom.advance(hz * (1.0 + 1.5 * (-age_s / 0.06).exp()), rate_hz).cos();
        let roll = 1.0 + 25.0 * rolls();
        let rumbling = 3.0 * rumble() * roll * (-age_s * 3.0 / tail_s).exp();
        force
            * fade(age_s, tail_s, 0.0004, 0.4)
            * (1.6 * shock() * (-age_s / shock_s).exp()
                + 0.9 * low * (-age_s / 0.25).exp()
                + 1.2 * roar() * (-age_s / roar_s).exp()
                + rumbling)
    });
    for _ in 0..draw.count(0, 4) {
        let (lag_s, gain) = (draw.octaves(0.12, 0.9), draw.octaves(0.08, 0.4));
        let mut echo = noise(Filter::low_pass(draw.octaves(300.0, 1500.0), 0.6, rate_hz), draw.seed());
        track
            .mix(at_s + lag_s, 0.5, |age_s| force * gain * echo() * (-age_s / 0.1).exp() * fade(age_s, 0.5, 0.02, 0.1));
    }
    for _ in 0..draw.count(5, 40) {
        let (lag_s, hz) = (draw.octaves(0.25, 3.5), draw.octaves(150.0, 4500.0));
        let gain = draw.octaves(0.02, 0.2);
        super::household::tap(track, draw, at_s + lag_s, hz, 0.015, force * gain);
    }
}

/// A lock torn out of its frame.
pub(super) fn forced_door(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    super::household::door_slam(track, draw, at_s, force);
    for _ in 0..draw.count(4, 12) {
        let (lag_s, hz) = (draw.octaves(0.004, 0.25), draw.octaves(600.0, 3500.0));
        let gain = draw.octaves(0.15, 0.7);
        super::household::tap(track, draw, at_s + lag_s, hz, 0.008, force * gain);
    }
}

/// A spray can: rattle of the ball, then hiss.
pub(super) fn spray(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(3500.0, 8000.0);
    repeat(track, draw, 0.1..0.9, |track, draw, at_s| {
        let rate_hz = track.rate_hz;
        if draw.chance(0.3) {
            for shake in 0..draw.count(4, 9) {
                super::household::tap(track, draw, at_s + shake as f32 * 0.09, 2600.0, 0.012, 0.5);
            }
            return 0.7;
        }
        let hiss_s = draw.octaves(0.3, 1.8);
        let mut jet = noise(Filter::band_pass(hz * draw.between(0.93, 1.07), 0.6, rate_hz), draw.seed());
        let level = Contour::new([(0.0, 0.0), (0.03, 1.0), (0.9, 0.8), (1.0, 0.0)]);
        track.mix(at_s, hiss_s, |age_s| 0.5 * level.at(age_s / hiss_s) * jet());
        hiss_s
    });
}
