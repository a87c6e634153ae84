//! Air, water and fire.

use std::f32::consts::TAU;

use super::Kind;
use super::draw::Draw;
use super::tones::{Contour, Glide, repeat};
use crate::acoustics::{Filter, Track, fade, noise};

pub(super) const KINDS: [Kind; 14] = [
    Kind::new("rain", rain),
    Kind::new("wind", wind),
    Kind::new("wind_howling", wind_howling),
    Kind::new("sea", sea),
    Kind::new("thunder", thunder),
    Kind::new("fire", fire),
    Kind::new("fireworks", fireworks),
    Kind::new("stream", stream),
    Kind::new("water_drops", water_drops),
    Kind::new("pouring", pouring),
    Kind::new("toilet_flush", toilet_flush),
    Kind::new("boiling", boiling),
    Kind::new("white_noise", |track, draw| {
        let mut random = draw.random();
        track.mix(0.0, track.duration_s(), |_| 0.5 * random.signed());
    }),
    Kind::new("radio_static", radio_static),
];

/// Clicks of drops, `per_s` of them, each a burst of noise.
fn drops(track: &mut Track, draw: &mut Draw, per_s: f32, center_hz: f32, decay_s: f32) {
    let (rate_hz, mut random) = (track.rate_hz, draw.random());
    let mut drop = noise(Filter::band_pass(center_hz, 0.8, rate_hz), draw.seed());
    let (chance, decay) = (per_s / rate_hz as f32, (-1.0 / (decay_s * rate_hz as f32)).exp());
    let mut level = 0.0f32;
    track.mix(0.0, track.duration_s(), |_| {
        if random.unit() < chance {
            level = level.max(random.unit().powi(3));
        }
        level *= decay;
        level * drop()
    });
}

pub(super) fn rain(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut wash = noise(Filter::band_pass(draw.trait_in(1500.0, 6000.0), 0.4, rate_hz), draw.seed());
    let mut low = noise(Filter::low_pass(draw.octaves(300.0, 1200.0), 0.6, rate_hz), draw.seed());
    let (gain, dull) = (draw.octaves(0.1, 0.6), draw.octaves(0.02, 0.5));
    track.mix(0.0, duration_s, |_| gain * wash() + dull * low());
    for center_hz in [draw.octaves(900.0, 3000.0), draw.octaves(3000.0, 8000.0)] {
        let (per_s, decay_s) = (draw.octaves(20.0, 900.0), draw.octaves(0.002, 0.008));
        drops(track, draw, per_s, center_hz, decay_s);
    }
}

/// Gusts in the microphone and in the leaves.
pub(super) fn wind(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut rumble = noise(Filter::low_pass(draw.trait_in(60.0, 400.0), 0.6, rate_hz), draw.seed());
    let mut leaves = noise(Filter::band_pass(draw.octaves(1200.0, 5000.0), 0.5, rate_hz), draw.seed());
    let (rustle, phase) = (draw.octaves(0.01, 0.4), draw.between(0.0, TAU));
    let gust_hz = draw.between(0.1, 0.9);
    track.mix(0.0, duration_s, |age_s| {
        let gust = 0.5 + 0.5 * (age_s * gust_hz * TAU + phase).sin() * (age_s * gust_hz * 2.3 + phase).cos();
        (0.25 + gust) * (rumble() + rustle * leaves() * gust)
    });
}

/// Wind around a corner: narrow noise whose pitch rises and falls with the gust.
fn wind_howling(track: &mut Track, draw: &mut Draw) {
    let rate_hz = track.rate_hz;
    let (center_hz, q) = (draw.trait_in(280.0, 1100.0), draw.octaves(6.0, 40.0));
    let mut random = draw.random();
    let mut slit = [Filter::band_pass(center_hz, q, rate_hz), Filter::band_pass(center_hz, q, rate_hz)];
    let mut gusts = noise(Filter::low_pass(0.6, 0.7, rate_hz), draw.seed());
    let (mut strength, mut sample) = (1.0f32, 0u32);
    let duration_s = track.duration_s();
    track.mix(0.0, duration_s, |_| {
        let gust = gusts();
        if sample % 64 == 0 {
            strength = (1.0 + 90.0 * gust).clamp(0.3, 2.0);
            slit.iter_mut().zip([1.0, 2.02]).for_each(|(slit, ratio)| {
                slit.tune_band_pass(center_hz * ratio * (0.6 + 0.4 * strength), q, rate_hz);
            });
        }
        sample += 1;
        let air = random.signed();
        strength * strength * (2.0 * slit[0].next(air) + 0.3 * slit[1].next(air) + 0.02 * air)
    });
}

fn sea(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, period_s, phase) = (track.rate_hz, draw.trait_in(3.0, 9.0), draw.between(0.0, 1.0));
    let mut foam = noise(Filter::band_pass(draw.octaves(1000.0, 3500.0), 0.35, rate_hz), draw.seed());
    let mut swell = noise(Filter::low_pass(draw.octaves(120.0, 500.0), 0.6, rate_hz), draw.seed());
    let duration_s = track.duration_s();
    track.mix(0.0, duration_s, |age_s| {
        let wave = (age_s / period_s + phase).fract();
        let height = if wave < 0.3 { (wave / 0.3).powi(2) } else { (-(wave - 0.3) * 3.5).exp() };
        (0.08 + height) * foam() + (0.3 + 0.7 * height) * swell()
    });
}

fn thunder(track: &mut Track, draw: &mut Draw) {
    if draw.chance(0.6) {
        rain(track, draw);
        track.scale(draw.octaves(0.03, 0.4));
    }
    let rate_hz = track.rate_hz;
    repeat(track, draw, 1.0..4.0, |track, draw, at_s| {
        let roll_s = draw.between(2.0, 5.0);
        let mut low = noise(Filter::low_pass(draw.octaves(70.0, 300.0), 0.7, rate_hz), draw.seed());
        let mut crack = noise(Filter::band_pass(draw.octaves(500.0, 2500.0), 0.4, rate_hz), draw.seed());
        let mut rolls = noise(Filter::low_pass(4.0, 0.7, rate_hz), draw.seed());
        let nearness = draw.octaves(0.05, 1.0);
        track.mix(at_s, roll_s, |age_s| {
            let roll = (0.4 + 60.0 * rolls().abs()) * fade(age_s, roll_s, 0.15, roll_s * 0.8);
            2.0 * low() * roll + nearness * crack() * (-age_s / 0.18).exp() * fade(age_s, roll_s, 0.004, 0.1)
        });
        roll_s
    });
}

fn fire(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut roar = noise(Filter::low_pass(draw.octaves(120.0, 500.0), 0.7, rate_hz), draw.seed());
    let mut hiss = noise(Filter::band_pass(draw.octaves(2500.0, 6000.0), 0.4, rate_hz), draw.seed());
    let (low, high) = (draw.octaves(0.02, 0.4), draw.octaves(0.003, 0.06));
    track.mix(0.0, duration_s, |_| low * roar() + high * hiss());
    let per_s = draw.trait_in(6.0, 60.0);
    for (share, center_hz) in [(1.0, 1500.0), (0.6, 4500.0)] {
        drops(track, draw, per_s * share, center_hz, 0.003);
    }
}

/// A rocket's whistle, its bang, and sparks that crackle.
fn fireworks(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.15..1.5, |track, draw, at_s| {
        let rate_hz = track.rate_hz;
        let rise_s = if draw.chance(0.5) { draw.between(0.5, 1.4) } else { 0.0 };
        if rise_s > 0.0 {
            let hz = draw.octaves(900.0, 4000.0);
            let mut whistle = Glide::new(rise_s, Contour::arch(hz * 0.8, hz, hz * 0.6, 0.4));
            (whistle.vibrato, whistle.vibrato_hz) = (0.03, 30.0);
            whistle.play(track, at_s, draw.octaves(0.02, 0.3));
        }
        let mut bang = noise(Filter::low_pass(draw.octaves(400.0, 3500.0), 0.7, rate_hz), draw.seed());
        let decay_s = draw.octaves(0.03, 0.25);
        let force = draw.octaves(0.4, 1.6);
        track.mix(at_s + rise_s, decay_s * 6.0, |age_s| force * bang() * (-age_s / decay_s).exp());
        let crackles = if draw.chance(0.5) { draw.count(10, 50) } else { 0 };
        for _ in 0..crackles {
            let spark_s = at_s + rise_s + draw.between(0.15, 1.5);
            let mut spark = noise(Filter::band_pass(draw.octaves(1500.0, 5000.0), 0.8, rate_hz), draw.seed());
            let gain = draw.octaves(0.1, 0.6);
            track.mix(spark_s, 0.03, |age_s| gain * spark() * (-age_s / 0.005).exp());
        }
        rise_s + 0.3
    });
}

/// Bubbles: short tones that rise as the bubble shrinks (Minnaert, 1933).
fn bubbles(track: &mut Track, draw: &mut Draw, per_s: f32, low_hz: f32, high_hz: f32) {
    let mut at_s = 0.0;
    while at_s < track.duration_s() {
        let (hz, bubble_s) = (draw.octaves(low_hz, high_hz), draw.octaves(0.01, 0.06));
        let mut bubble = Glide::new(bubble_s, Contour::arch(hz, hz * 1.05, hz * draw.between(1.1, 1.6), 0.4));
        bubble.level = Contour::new([(0.0, 0.0), (0.08, 1.0), (0.5, 0.25), (1.0, 0.0)]);
        bubble.play(track, at_s, draw.octaves(0.05, 0.6));
        at_s += -draw.between(1e-4, 1.0).ln() / per_s;
    }
}

fn stream(track: &mut Track, draw: &mut Draw) {
    let mut wash = noise(Filter::band_pass(draw.octaves(800.0, 3000.0), 0.4, track.rate_hz), draw.seed());
    let gain = draw.octaves(0.05, 0.5);
    track.mix(0.0, track.duration_s(), |_| gain * wash());
    let per_s = draw.trait_in(30.0, 160.0);
    bubbles(track, draw, per_s, 350.0, 2500.0);
}

fn water_drops(track: &mut Track, draw: &mut Draw) {
    let (hz, is_slow) = (draw.trait_in(500.0, 2200.0), draw.chance(0.6));
    let pause_s = if is_slow { 0.25..1.3 } else { 0.05..0.4 };
    repeat(track, draw, pause_s, |track, draw, at_s| {
        let hz = hz * draw.between(0.8, 1.25);
        let mut plop = Glide::new(0.07, Contour::arch(hz * 0.8, hz, hz * 1.7, 0.3));
        plop.level = Contour::new([(0.0, 0.0), (0.05, 1.0), (0.4, 0.3), (1.0, 0.0)]);
        plop.play(track, at_s, draw.octaves(0.3, 1.0));
        0.07
    });
}

/// A vessel that fills: the pitch of its resonance climbs.
fn pouring(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let from_hz = draw.trait_in(250.0, 800.0);
    let climb = draw.between(1.2, 4.0);
    let mut column = Filter::band_pass(from_hz, 6.0, rate_hz);
    let mut random = draw.random();
    let mut splash = noise(Filter::band_pass(draw.octaves(2000.0, 5000.0), 0.5, rate_hz), draw.seed());
    let mut sample = 0u32;
    track.mix(0.0, duration_s, |age_s| {
        if sample.is_multiple_of(64) {
            column.tune_band_pass(from_hz * climb.powf(age_s / duration_s), 6.0, rate_hz);
        }
        sample += 1;
        fade(age_s, duration_s, 0.3, 0.5) * (1.2 * column.next(random.signed()) + 0.25 * splash())
    });
    let per_s = draw.between(20.0, 80.0);
    bubbles(track, draw, per_s, 400.0, 1800.0);
}

fn toilet_flush(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut rush = noise(Filter::band_pass(draw.trait_in(500.0, 1600.0), 0.4, rate_hz), draw.seed());
    let mut fill = noise(Filter::band_pass(draw.octaves(2500.0, 6000.0), 0.8, rate_hz), draw.seed());
    let at_s = draw.between(0.1, 0.8);
    track.mix(at_s, duration_s, |age_s| {
        fade(age_s, duration_s, 0.25, 0.1)
            * (rush() * (1.6 * (-age_s / 1.6).exp() + 0.05) + 0.15 * fill() * (age_s / 2.0).min(1.0))
    });
    bubbles(track, draw, 25.0, 150.0, 700.0);
}

fn boiling(track: &mut Track, draw: &mut Draw) {
    let mut rumble = noise(Filter::low_pass(draw.octaves(300.0, 1200.0), 0.7, track.rate_hz), draw.seed());
    track.mix(0.0, track.duration_s(), |_| 0.3 * rumble());
    let per_s = draw.trait_in(40.0, 220.0);
    bubbles(track, draw, per_s, 180.0, 900.0);
}

/// Hiss with stations that drift through.
fn radio_static(track: &mut Track, draw: &mut Draw) {
    let mut hiss = noise(Filter::band_pass(1800.0, 0.4, track.rate_hz), draw.seed());
    track.mix(0.0, track.duration_s(), |_| 0.5 * hiss());
    repeat(track, draw, 0.2..1.5, |track, draw, at_s| {
        let drift_s = draw.octaves(0.15, 1.5);
        let (from_hz, to_hz) = (draw.octaves(200.0, 3500.0), draw.octaves(200.0, 3500.0));
        Glide::new(drift_s, Contour::arch(from_hz, to_hz, from_hz, 0.5)).play(track, at_s, draw.octaves(0.03, 0.3));
        drift_s
    });
}
