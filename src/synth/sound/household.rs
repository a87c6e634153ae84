//! Rooms and hands: doors, steps, keys, dishes, toys.

use super::Kind;
use super::draw::Draw;
use super::tones::{Body, Contour, Glide, falling, modes, repeat};
use crate::acoustics::{Filter, Track, fade, noise};

pub(super) const KINDS: [Kind; 24] = [
    Kind::new("footsteps", footsteps),
    Kind::new("door_knock", door_knock),
    Kind::new("door_slam", |track, draw| {
        repeat(track, draw, 1.0..3.0, |track, draw, at_s| {
            let force = draw.between(0.6, 1.0);
            door_slam(track, draw, at_s, force);
            0.5
        });
    }),
    Kind::new("door_squeak", door_squeak),
    Kind::new("keyboard_typing", keyboard_typing),
    Kind::new("mouse_click", mouse_click),
    Kind::new("clock_tick", clock_tick),
    Kind::new("dishes", dishes),
    Kind::new("glass_clink", glass_clink),
    Kind::new("cutlery", |track, draw| metal(track, draw, 1800.0, 5200.0, 0.08)),
    Kind::new("keys_jangling", |track, draw| metal(track, draw, 3000.0, 8000.0, 0.03)),
    Kind::new("coins", |track, draw| metal(track, draw, 4000.0, 9000.0, 0.12)),
    Kind::new("can_opening", can_opening),
    Kind::new("brushing_teeth", |track, draw| strokes(track, draw, 0.09..0.2, 2500.0, 6500.0)),
    Kind::new("sweeping", |track, draw| strokes(track, draw, 0.3..0.9, 900.0, 3500.0)),
    Kind::new("wiping_window", wiping_window),
    Kind::new("squeaky_toy", squeaky_toy),
    Kind::new("shoes_squeaking", shoes_squeaking),
    Kind::new("paper", paper),
    Kind::new("zipper", zipper),
    Kind::new("chair_scraping", chair_scraping),
    Kind::new("ball_bouncing", ball_bouncing),
    Kind::new("spring_and_toys", spring),
    Kind::new("switch_and_click", |track, draw| {
        let hz = draw.trait_in(900.0, 4500.0);
        repeat(track, draw, 0.4..2.0, |track, draw, at_s| tap(track, draw, at_s, hz, 0.004, 0.8));
    }),
];

/// A short blow on something small; returns how long it lasted.
pub(super) fn tap(track: &mut Track, draw: &mut Draw, at_s: f32, hz: f32, decay_s: f32, force: f32) -> f32 {
    let hz = hz * draw.between(0.9, 1.1);
    let body = modes(hz, &[1.0, 1.7, 2.6, 4.1], decay_s, 0.5);
    Body::new(&body, track.rate_hz).strike(track, at_s, decay_s * 8.0, force * 0.5);
    let mut click = noise(Filter::band_pass(hz * 2.0, 0.7, track.rate_hz), draw.seed());
    track.mix(at_s, decay_s * 6.0, |age_s| force * click() * (-age_s / (0.6 * decay_s)).exp());
    decay_s * 3.0
}

pub(super) fn footsteps(track: &mut Track, draw: &mut Draw) {
    let (step_s, heel_hz, sole_hz) =
        (draw.trait_in(0.28, 0.75), draw.trait_in(90.0, 420.0), draw.octaves(1200.0, 5000.0));
    let (gritty, hard) = (draw.octaves(0.03, 0.6), draw.octaves(0.008, 0.03));
    let mut at_s = draw.between(0.0, step_s);
    while at_s < track.duration_s() {
        let force = draw.between(0.5, 1.0);
        tap(track, draw, at_s, heel_hz, hard, force);
        let mut grit = noise(Filter::band_pass(sole_hz, 0.7, track.rate_hz), draw.seed());
        track.mix(at_s + 0.03, 0.16, |age_s| gritty * force * grit() * fade(age_s, 0.16, 0.04, 0.1));
        at_s += step_s * draw.between(0.9, 1.1);
    }
}

fn door_knock(track: &mut Track, draw: &mut Draw) {
    let (hz, gap_s) = (draw.trait_in(110.0, 500.0), draw.between(0.12, 0.32));
    repeat(track, draw, 0.5..1.8, |track, draw, at_s| {
        let knocks = draw.count(2, 6);
        for knock in 0..knocks {
            let force = draw.between(0.6, 1.0);
            tap(track, draw, at_s + knock as f32 * gap_s, hz, 0.022, force);
        }
        knocks as f32 * gap_s
    });
}

/// A leaf of wood that meets its frame, and the latch.
pub(super) fn door_slam(track: &mut Track, draw: &mut Draw, at_s: f32, force: f32) {
    let hz = draw.trait_in(55.0, 160.0);
    let body = modes(hz, &[1.0, 1.9, 2.7, 4.3, 6.6, 9.5], 0.09, 0.6);
    Body::new(&body, track.rate_hz).strike(track, at_s, 0.5, force * 0.5);
    tap(track, draw, at_s, hz * 6.0, 0.03, force);
    tap(track, draw, at_s + 0.02, 2400.0, 0.01, 0.3 * force);
}

/// Stick and slip in a dry hinge: a pulse train that speeds up and slows down, through the wood of the door.
fn door_squeak(track: &mut Track, draw: &mut Draw) {
    let (base_hz, wood_hz) = (draw.trait_in(90.0, 1300.0), draw.octaves(700.0, 1900.0));
    repeat(track, draw, 0.1..1.2, |track, draw, at_s| {
        let squeak_s = draw.octaves(0.2, 2.2);
        let hz = base_hz * draw.octaves(0.6, 1.7);
        let pitch = Contour::new([
            (0.0, hz * draw.between(0.5, 1.0)),
            (0.3, hz),
            (0.6, hz * draw.between(0.7, 1.5)),
            (1.0, hz * draw.between(0.4, 1.2)),
        ]);
        let (mut phase, mut random) = (0.0, draw.random());
        let mut wood = Body::new(&modes(wood_hz, &[1.0, 1.53, 2.4, 3.7], 0.004, 0.3), track.rate_hz);
        let step = 1.0 / track.rate_hz as f32;
        let mut pace = 1.0;
        track.mix(at_s, squeak_s, |age_s| {
            phase += pitch.at(age_s / squeak_s) * pace * step;
            let mut slip = 0.0;
            if phase >= 1.0 {
                phase -= 1.0;
                pace = 1.0 + 0.08 * random.signed();
                slip = 1.0;
            }
            fade(age_s, squeak_s, 0.03, 0.05) * wood.next(slip)
        });
        squeak_s
    });
}

fn keyboard_typing(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(900.0, 3200.0);
    repeat(track, draw, 0.04..0.45, |track, draw, at_s| {
        let (force, held_s) = (draw.octaves(0.3, 1.0), draw.between(0.05, 0.09));
        tap(track, draw, at_s, hz, 0.006, force);
        tap(track, draw, at_s + held_s, hz * 1.3, 0.004, 0.4 * force)
    });
}

fn mouse_click(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(1800.0, 5000.0);
    repeat(track, draw, 0.15..1.5, |track, draw, at_s| {
        tap(track, draw, at_s, hz, 0.0025, 0.9);
        tap(track, draw, at_s + 0.09, hz * 1.2, 0.0025, 0.6)
    });
}

fn clock_tick(track: &mut Track, draw: &mut Draw) {
    let (hz, period_s) = (draw.trait_in(1200.0, 6000.0), *draw.pick(&[0.2, 0.25, 0.5, 0.5, 1.0]));
    let (unequal, mut at_s, mut is_tock) = (draw.between(0.6, 1.0), draw.between(0.0, period_s), false);
    while at_s < track.duration_s() {
        let (ratio, force) = if is_tock { (0.8, unequal) } else { (1.0, 1.0) };
        // The same dice each time: a clockwork does not vary.
        tap(track, &mut draw.clone(), at_s, hz * ratio, 0.005, force);
        at_s += period_s;
        is_tock = !is_tock;
    }
}

fn dishes(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.03..0.7, |track, draw, at_s| {
        let plate = modes(draw.octaves(700.0, 3500.0), &[1.0, 2.3, 3.9, 6.1], draw.octaves(0.02, 0.15), 0.4);
        Body::new(&plate, track.rate_hz).strike(track, at_s, 0.6, draw.octaves(0.1, 0.6));
        0.03
    });
}

fn glass_clink(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(1500.0, 5000.0);
    repeat(track, draw, 0.2..1.6, |track, draw, at_s| {
        let glass = modes(hz * draw.between(0.9, 1.15), &[1.0, 2.32, 4.25, 6.63], draw.octaves(0.05, 0.5), 0.5);
        Body::new(&glass, track.rate_hz).strike(track, at_s, 1.5, draw.octaves(0.2, 0.7));
        0.05
    });
    // Now and then one falls.
    if draw.chance(0.3) {
        let at_s = draw.between(0.2, 0.7) * track.duration_s();
        let force = draw.between(0.4, 1.0);
        super::impacts::glass(track, draw, at_s, force, 18);
    }
}

fn metal(track: &mut Track, draw: &mut Draw, low_hz: f32, high_hz: f32, decay_s: f32) {
    repeat(track, draw, 0.015..0.4, |track, draw, at_s| {
        let piece =
            modes(draw.trait_in(low_hz, high_hz), &[1.0, 1.48, 2.2, 2.9], decay_s * draw.octaves(0.5, 2.0), 0.2);
        Body::new(&piece, track.rate_hz).strike(track, at_s, decay_s * 6.0, draw.octaves(0.1, 0.6));
        0.01
    });
}

fn can_opening(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 1.0..3.0, |track, draw, at_s| {
        let hz = draw.trait_in(1500.0, 4000.0);
        tap(track, draw, at_s, hz, 0.012, 1.0);
        let hiss_s = draw.between(0.15, 0.9);
        let mut gas = noise(Filter::high_pass(draw.octaves(2500.0, 5000.0), 0.7, track.rate_hz), draw.seed());
        let gain = draw.octaves(0.2, 0.9);
        track.mix(at_s + 0.01, hiss_s, |age_s| gain * gas() * (-age_s * 4.0 / hiss_s).exp());
        tap(track, draw, at_s + hiss_s * 0.8, hz * 0.6, 0.02, 0.8);
        hiss_s
    });
}

/// To and fro with bristles.
fn strokes(track: &mut Track, draw: &mut Draw, stroke_s: std::ops::Range<f32>, low_hz: f32, high_hz: f32) {
    let (stroke_s, hz) = (draw.trait_in(stroke_s.start, stroke_s.end), draw.trait_in(low_hz, high_hz));
    let (mut at_s, mut is_back) = (0.0, false);
    while at_s < track.duration_s() {
        let bristles_hz = hz * if is_back { 0.85 } else { 1.0 } * draw.between(0.93, 1.07);
        let mut bristles = noise(Filter::band_pass(bristles_hz, 0.7, track.rate_hz), draw.seed());
        let gain = draw.between(0.6, 1.0);
        track.mix(at_s, stroke_s, |age_s| gain * bristles() * fade(age_s, stroke_s, stroke_s * 0.4, stroke_s * 0.4));
        at_s += stroke_s * draw.between(0.95, 1.1) + if draw.chance(0.04) { 0.4 } else { 0.0 };
        is_back = !is_back;
    }
}

/// A rubber lip on wet glass.
fn wiping_window(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(450.0, 2200.0);
    repeat(track, draw, 0.05..0.6, |track, draw, at_s| {
        let stroke_s = draw.octaves(0.2, 0.9);
        let (from, top, to) = (draw.octaves(0.7, 1.3), draw.octaves(0.9, 1.6), draw.octaves(0.6, 1.3));
        let mut rub = Glide::new(stroke_s, Contour::arch(hz * from, hz * top, hz * to, draw.between(0.2, 0.8)));
        (rub.harmonics, rub.vibrato, rub.vibrato_hz) =
            (falling(10, draw.between(4.0, 14.0)), 0.02, draw.between(15.0, 40.0));
        rub.play(track, at_s, draw.between(0.3, 0.8));
        stroke_s
    });
}

fn squeaky_toy(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(600.0, 2600.0);
    repeat(track, draw, 0.05..0.8, |track, draw, at_s| {
        let squeak_s = draw.octaves(0.07, 0.4);
        let mut squeak = Glide::new(squeak_s, Contour::arch(hz * 0.7, hz * draw.between(0.95, 1.15), hz * 0.6, 0.35));
        squeak.harmonics = falling(9, draw.between(2.0, 10.0));
        squeak.level = Contour::swell(0.1, 0.3);
        squeak.play(track, at_s, 0.5);
        squeak_s
    });
}

fn shoes_squeaking(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.1..0.9, |track, draw, at_s| {
        let (squeak_s, hz) = (draw.octaves(0.05, 0.25), draw.trait_in(900.0, 3500.0));
        let mut squeak = Glide::new(squeak_s, Contour::arch(hz, hz * draw.between(0.9, 1.3), hz * 1.1, 0.6));
        squeak.harmonics = falling(6, 8.0);
        squeak.play(track, at_s, draw.octaves(0.2, 0.8));
        tap(track, draw, at_s + squeak_s, 150.0, 0.02, 0.6);
        squeak_s
    });
}

fn paper(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.05..0.8, |track, draw, at_s| {
        let rustle_s = draw.octaves(0.1, 0.7);
        let mut sheet = noise(Filter::band_pass(draw.trait_in(2200.0, 7000.0), 0.5, track.rate_hz), draw.seed());
        let mut folds = noise(Filter::low_pass(60.0, 0.7, track.rate_hz), draw.seed());
        track.mix(at_s, rustle_s, |age_s| 10.0 * folds().abs() * sheet() * fade(age_s, rustle_s, 0.04, 0.08));
        rustle_s
    });
}

/// Teeth that close ever faster.
fn zipper(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.3..1.5, |track, draw, at_s| {
        let pull_s = draw.octaves(0.25, 1.1);
        let (from_hz, to_hz) = (draw.octaves(60.0, 250.0), draw.octaves(150.0, 600.0));
        let mut zip = Glide::new(pull_s, Contour::arch(from_hz, to_hz, to_hz, 0.9));
        zip.harmonics = vec![0.2; 40];
        zip.play(track, at_s, 0.2);
        let mut teeth = noise(Filter::band_pass(draw.octaves(3000.0, 7000.0), 0.8, track.rate_hz), draw.seed());
        track.mix(at_s, pull_s, |age_s| 0.7 * teeth() * fade(age_s, pull_s, 0.05, 0.05));
        pull_s
    });
}

fn chair_scraping(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.3..1.8, |track, draw, at_s| {
        let (scrape_s, hz) = (draw.octaves(0.2, 1.1), draw.trait_in(110.0, 700.0));
        let mut scrape = Glide::new(scrape_s, Contour::arch(hz, hz * draw.between(0.8, 1.3), hz * 0.9, 0.5));
        (scrape.harmonics, scrape.vibrato, scrape.vibrato_hz) =
            (falling(20, draw.between(1.0, 6.0)), 0.1, draw.between(20.0, 60.0));
        scrape.play(track, at_s, 0.25);
        let mut floor = noise(Filter::band_pass(draw.octaves(500.0, 2500.0), 0.6, track.rate_hz), draw.seed());
        track.mix(at_s, scrape_s, |age_s| 0.8 * floor() * fade(age_s, scrape_s, 0.04, 0.06));
        scrape_s
    });
}

fn ball_bouncing(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(70.0, 420.0);
    repeat(track, draw, 0.3..1.2, |track, draw, start_s| {
        let (mut at_s, mut gap_s) = (start_s, draw.between(0.35, 0.8));
        while gap_s > 0.04 {
            tap(track, draw, at_s, hz, 0.03, gap_s);
            at_s += gap_s;
            gap_s *= draw.between(0.72, 0.88);
        }
        at_s - start_s
    });
}

/// Ratchets, rattles and a spring that twangs down.
fn spring(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.3..1.4, |track, draw, at_s| {
        let (hz, twang_s) = (draw.trait_in(120.0, 900.0), draw.between(0.3, 0.9));
        let mut twang = Glide::new(twang_s, Contour::arch(hz * 2.0, hz * 1.2, hz, 0.3));
        (twang.harmonics, twang.tremolo, twang.vibrato_hz) = (falling(12, 5.0), 0.7, draw.between(9.0, 25.0));
        twang.level = Contour::new([(0.0, 0.0), (0.03, 1.0), (1.0, 0.0)]);
        twang.play(track, at_s, 0.4);
        twang_s
    });
}
