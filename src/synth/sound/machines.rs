//! Engines, rotors, wheels and tools.

use std::f32::consts::TAU;

use super::Kind;
use super::draw::Draw;
use super::tones::{Body, Contour, Glide, falling, harmonics, modes, repeat};
use crate::acoustics::{Filter, Oscillator, Track, fade, noise};

pub(super) const KINDS: [Kind; 23] = [
    Kind::new("engine_idling", |track, draw| engine(track, draw, Throttle::Idle)),
    Kind::new("engine_revving", |track, draw| engine(track, draw, Throttle::Revving)),
    Kind::new("motorcycle", |track, draw| engine(track, draw, Throttle::Away)),
    Kind::new("car_passing", car_passing),
    Kind::new("traffic", traffic),
    Kind::new("train", train),
    Kind::new("wheels_squealing", wheels_squealing),
    Kind::new("steam_whistle", steam_whistle),
    Kind::new("airplane", airplane),
    Kind::new("jet", jet),
    Kind::new("helicopter", helicopter),
    Kind::new("chainsaw", |track, draw| {
        whine(track, draw, Tool { hz: 70.0..190.0, slope_db: 2.0..5.0, noise: 0.6, load: 0.35 })
    }),
    Kind::new("drill", |track, draw| {
        whine(track, draw, Tool { hz: 180.0..900.0, slope_db: 3.0..9.0, noise: 0.5, load: 0.25 })
    }),
    Kind::new("vacuum_cleaner", |track, draw| hum(track, draw, 160.0..700.0, 2.5)),
    Kind::new("hair_dryer", |track, draw| hum(track, draw, 250.0..900.0, 3.0)),
    Kind::new("fan", |track, draw| hum(track, draw, 50.0..180.0, 1.5)),
    Kind::new("electric_razor", |track, draw| {
        whine(track, draw, Tool { hz: 90.0..240.0, slope_db: 2.0..6.0, noise: 0.15, load: 0.1 })
    }),
    Kind::new("washing_machine", washing_machine),
    Kind::new("turbine_run_up", turbine_run_up),
    Kind::new("electric_tram", electric_tram),
    Kind::new("hand_saw", hand_saw),
    Kind::new("hammering", hammering),
    Kind::new("power_hum", power_hum),
];

enum Throttle {
    Idle,
    Revving,
    /// Through the gears and off.
    Away,
}

/// Firing pulses through an exhaust pipe, with the noise of valves and intake.
fn engine(track: &mut Track, draw: &mut Draw, throttle: Throttle) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let idle_hz = draw.trait_in(18.0, 55.0);
    let mut speed = vec![(0.0, 1.0)];
    let mut share = 0.0;
    while share < 1.0 {
        share += draw.between(0.08, 0.3);
        match throttle {
            Throttle::Idle => speed.push((share, draw.between(0.94, 1.06))),
            Throttle::Revving => {
                speed.push((share, draw.between(2.0, 6.0)));
                share += draw.between(0.05, 0.2);
                speed.push((share, 1.05));
            }
            Throttle::Away => {
                speed.push((share, draw.between(4.0, 7.0)));
                share += 0.02;
                speed.push((share, draw.between(2.2, 3.4)));
            }
        }
    }
    let (speed, pipe_hz) = (Contour::new(speed), draw.octaves(60.0, 260.0));
    let ratios = [1.0, 2.1, 3.3, 5.2, 8.1];
    let mut pipe = Body::new(&modes(pipe_hz, &ratios, draw.between(0.006, 0.02), 0.6), rate_hz);
    let mut random = draw.random();
    let mut valves = noise(Filter::band_pass(draw.octaves(1200.0, 4000.0), 0.7, rate_hz), draw.seed());
    let (uneven, rattle) = (draw.between(0.05, 0.5), draw.octaves(0.02, 0.4));
    let (mut phase, mut hz, mut sample, mut force) = (0.0, idle_hz, 0u32, 0.0f32);
    track.mix(0.0, duration_s, |age_s| {
        if sample % 64 == 0 {
            hz = idle_hz * speed.at(age_s / duration_s);
        }
        sample += 1;
        phase += hz / rate_hz as f32;
        let mut blow = 0.0;
        if phase >= 1.0 {
            phase -= 1.0;
            force = 1.0 + uneven * random.signed();
            blow = force;
        }
        pipe.next(blow + 0.03 * random.signed()) + rattle * valves() * (1.0 - phase) * force
    });
}

fn car_passing(track: &mut Track, draw: &mut Draw) {
    let duration_s = track.duration_s();
    let (rate_hz, nearest_s, width_s) = (track.rate_hz, draw.between(0.2, 0.8) * duration_s, draw.octaves(0.4, 2.5));
    let mut tyres = noise(Filter::band_pass(draw.trait_in(500.0, 1500.0), 0.5, rate_hz), draw.seed());
    let mut rumble = noise(Filter::low_pass(180.0, 0.7, rate_hz), draw.seed());
    let (mut motor, levels, hz) = (Oscillator::default(), falling(8, 4.0), draw.trait_in(50.0, 130.0));
    track.mix(0.0, duration_s, |age_s| {
        let away = (age_s - nearest_s) / width_s;
        let shifted_hz = hz * (1.0 - 0.05 * away / (1.0 + away.abs()));
        (tyres() + 1.4 * rumble() + 0.06 * harmonics(motor.advance(shifted_hz, rate_hz), hz, rate_hz, &levels))
            / (1.0 + away * away)
    });
}

/// The wash of many cars, with single ones that pass.
pub(super) fn traffic(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut rumble = noise(Filter::low_pass(draw.octaves(90.0, 260.0), 0.7, rate_hz), draw.seed());
    let mut wash = noise(Filter::band_pass(draw.octaves(400.0, 1100.0), 0.5, rate_hz), draw.seed());
    let (gain, phase) = (draw.octaves(0.1, 0.7), draw.between(0.0, TAU));
    track.mix(0.0, duration_s, |age_s| rumble() + gain * wash() * (1.0 + 0.4 * (age_s * 0.9 + phase).sin()));
    for _ in 0..draw.count(0, 2) {
        let mut car = Track::silent(duration_s, rate_hz);
        car_passing(&mut car, draw);
        track.add(&car, 0.0, draw.octaves(0.2, 1.2) * track.loudness() / car.loudness().max(1e-6));
    }
}

/// Two axles over each joint, on top of rolling noise.
fn train(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut roll = noise(Filter::low_pass(draw.octaves(200.0, 900.0), 0.7, rate_hz), draw.seed());
    let mut steel = noise(Filter::band_pass(draw.octaves(1500.0, 4000.0), 0.8, rate_hz), draw.seed());
    let bright = draw.octaves(0.05, 0.5);
    track.mix(0.0, duration_s, |_| 0.6 * roll() + bright * steel());
    let period_s = draw.trait_in(0.35, 1.4);
    let mut at_s = 0.0;
    while at_s < duration_s {
        for delay_s in [0.0, 0.11 * period_s, 0.4 * period_s, 0.51 * period_s] {
            let clack = modes(draw.between(110.0, 160.0), &[1.0, 3.1, 7.7, 14.0], 0.05, 0.4);
            Body::new(&clack, rate_hz).strike(track, at_s + delay_s, 0.2, draw.between(0.1, 0.3));
        }
        at_s += period_s;
    }
}

/// Flanges in a curve: sustained, beating, high.
fn wheels_squealing(track: &mut Track, draw: &mut Draw) {
    train(track, draw);
    track.scale(0.3);
    let hz = draw.trait_in(900.0, 4200.0);
    repeat(track, draw, 0.1..1.2, |track, draw, at_s| {
        let squeal_s = draw.octaves(0.3, 2.5);
        for ratio in [1.0, draw.between(1.01, 1.6)] {
            let from_hz = hz * ratio * draw.between(0.95, 1.05);
            let mut squeal =
                Glide::new(squeal_s, Contour::arch(from_hz, from_hz * draw.between(0.97, 1.08), from_hz * 0.97, 0.6));
            squeal.harmonics = vec![1.0, 0.2, 0.1];
            squeal.vibrato = 0.004;
            squeal.play(track, at_s, 0.15);
        }
        squeal_s
    });
}

/// A chord of organ pipes blown with steam; also the kettle on the stove, alone and rising.
fn steam_whistle(track: &mut Track, draw: &mut Draw) {
    let is_kettle = draw.chance(0.5);
    let hz = if is_kettle { draw.trait_in(900.0, 3400.0) } else { draw.trait_in(280.0, 900.0) };
    let pipes: &[f32] = if is_kettle { &[1.0, 1.0] } else { &[1.0, 1.2, 1.5] };
    let mut steam = noise(Filter::band_pass(hz * 2.0, 0.6, track.rate_hz), draw.seed());
    let hiss = draw.between(0.05, 0.4);
    repeat(track, draw, 0.3..1.0, |track, draw, at_s| {
        let blow_s = if is_kettle { draw.between(3.0, 7.0) } else { draw.octaves(0.5, 3.0) };
        for ratio in pipes {
            let top_hz = hz * ratio * draw.between(0.99, 1.01);
            let mut pipe = Glide::new(
                blow_s,
                Contour::new([(0.0, top_hz * 0.85), (0.2, top_hz), (1.0, top_hz * draw.between(0.97, 1.12))]),
            );
            pipe.harmonics = vec![1.0, 0.15, 0.1];
            (pipe.vibrato, pipe.vibrato_hz) = (0.006, draw.between(8.0, 25.0));
            pipe.level = if is_kettle { Contour::arch(0.0, 1.0, 0.9, 0.5) } else { Contour::swell(0.06, 0.1) };
            pipe.play(track, at_s, 0.3);
        }
        track.mix(at_s, blow_s, |age_s| hiss * steam() * fade(age_s, blow_s, 0.3, 0.2));
        blow_s
    });
}

/// A propeller that drones past.
fn airplane(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s, hz) = (track.rate_hz, track.duration_s(), draw.trait_in(55.0, 160.0));
    let levels = falling(16, draw.between(2.0, 6.0));
    let (mut blade, mut other) = (Oscillator::default(), Oscillator::default());
    let mut air = noise(Filter::low_pass(draw.octaves(300.0, 1500.0), 0.7, rate_hz), draw.seed());
    let (beat, drift) = (draw.between(1.002, 1.02), draw.between(-0.12, 0.05));
    track.mix(0.0, duration_s, |age_s| {
        let hz = hz * (1.0 + drift * age_s / duration_s);
        let drone = harmonics(blade.advance(hz, rate_hz), hz, rate_hz, &levels)
            + harmonics(other.advance(hz * beat, rate_hz), hz, rate_hz, &levels);
        0.25 * drone + 0.8 * air()
    });
}

/// Roar, and a whine that falls as it passes.
fn jet(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let mut roar = noise(Filter::low_pass(draw.octaves(250.0, 1200.0), 0.6, rate_hz), draw.seed());
    let mut hiss = noise(Filter::band_pass(draw.octaves(1500.0, 5000.0), 0.5, rate_hz), draw.seed());
    let bright = draw.octaves(0.05, 0.8);
    track.mix(0.0, duration_s, |age_s| {
        fade(age_s, duration_s, duration_s * 0.4, duration_s * 0.4) * (roar() + bright * hiss())
    });
    let hz = draw.trait_in(900.0, 4200.0);
    let mut fan = Glide::new(duration_s, Contour::arch(hz, hz * 0.95, hz * draw.between(0.55, 0.9), 0.4));
    fan.level = Contour::swell(0.4, 0.4);
    fan.play(track, 0.0, draw.between(0.0, 0.15));
}

fn helicopter(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s, blades_hz) = (track.rate_hz, track.duration_s(), draw.trait_in(9.0, 32.0));
    let mut slap = noise(Filter::low_pass(draw.octaves(150.0, 800.0), 0.9, rate_hz), draw.seed());
    let mut wash = noise(Filter::band_pass(draw.octaves(600.0, 2500.0), 0.5, rate_hz), draw.seed());
    let (mut turbine, levels) = (Oscillator::default(), falling(5, 8.0));
    let (hz, whine, sharp) = (draw.trait_in(300.0, 1800.0), draw.between(0.0, 0.12), draw.between(3.0, 14.0));
    track.mix(0.0, duration_s, |age_s| {
        let chop = (-(age_s * blades_hz).fract() * sharp).exp();
        2.0 * chop * slap()
            + (0.15 + 0.5 * chop) * wash()
            + whine * harmonics(turbine.advance(hz, rate_hz), hz, rate_hz, &levels)
    });
}

struct Tool {
    hz: std::ops::Range<f32>,
    slope_db: std::ops::Range<f32>,
    noise: f32,
    /// How far the pitch falls under load.
    load: f32,
}

/// A motor with a trigger: it spins up, bites, labours and idles.
fn whine(track: &mut Track, draw: &mut Draw, tool: Tool) {
    let rate_hz = track.rate_hz;
    let hz = draw.trait_in(tool.hz.start, tool.hz.end);
    let levels = falling(24, draw.between(tool.slope_db.start, tool.slope_db.end));
    let mut bite = noise(Filter::band_pass(draw.octaves(1200.0, 5000.0), 0.5, rate_hz), draw.seed());
    let mut unsteady = noise(Filter::low_pass(40.0, 0.7, rate_hz), draw.seed());
    repeat(track, draw, 0.1..0.8, |track, draw, at_s| {
        let run_s = draw.octaves(0.6, 5.0);
        let (low, mut motor) = (1.0 - tool.load * draw.between(0.3, 1.0), Oscillator::default());
        let speed = Contour::new([(0.0, 0.45), (0.12, 1.0), (0.3, low), (0.75, draw.between(low, 1.0)), (1.0, 0.5)]);
        track.mix(at_s, run_s, |age_s| {
            let hz = hz * speed.at(age_s / run_s) * (1.0 + 0.6 * unsteady());
            let tone = harmonics(motor.advance(hz, rate_hz), hz, rate_hz, &levels);
            fade(age_s, run_s, 0.1, 0.15) * (0.3 * tone + tool.noise * bite())
        });
        run_s
    });
}

/// Air through a motor at a steady speed.
fn hum(track: &mut Track, draw: &mut Draw, hz: std::ops::Range<f32>, run_up_s: f32) {
    let (rate_hz, duration_s, hz) = (track.rate_hz, track.duration_s(), draw.trait_in(hz.start, hz.end));
    let levels = falling(12, draw.between(4.0, 12.0));
    let mut air = noise(Filter::band_pass(draw.octaves(500.0, 2500.0), 0.35, rate_hz), draw.seed());
    let mut body = noise(Filter::low_pass(400.0, 0.7, rate_hz), draw.seed());
    let (mut motor, tone) = (Oscillator::default(), draw.octaves(0.02, 0.3));
    let starts = draw.chance(0.25);
    track.mix(0.0, duration_s, |age_s| {
        let speed = if starts { 1.0 - (-age_s * 3.0 / run_up_s).exp() } else { 1.0 };
        speed * (air() + 0.5 * body() + tone * harmonics(motor.advance(hz * speed, rate_hz), hz, rate_hz, &levels))
    });
}

/// A drum that turns one way and the other, or spins.
fn washing_machine(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    hum(track, draw, 60.0..400.0, 3.0);
    let mut slosh = noise(Filter::band_pass(draw.octaves(300.0, 900.0), 0.8, rate_hz), draw.seed());
    let turn_hz = draw.trait_in(0.7, 12.0);
    let level = track.loudness() * draw.between(1.0, 4.0);
    track.mix(0.0, duration_s, |age_s| level * slosh() * (0.5 + 0.5 * (age_s * turn_hz * TAU).sin()).powi(3));
}

/// A whine that climbs for seconds: turbines, dynamos, a capacitor's flash.
fn turbine_run_up(track: &mut Track, draw: &mut Draw) {
    let duration_s = track.duration_s();
    let (from_hz, to_hz) = (draw.trait_in(120.0, 700.0), draw.trait_in(1200.0, 5000.0));
    let turn = draw.between(0.4, 1.0);
    let pitch = if draw.chance(0.25) {
        Contour::arch(to_hz, to_hz, from_hz, 0.3)
    } else {
        Contour::arch(from_hz, to_hz, to_hz, turn)
    };
    let mut whine = Glide::new(duration_s, pitch);
    whine.harmonics = falling(5, draw.between(8.0, 24.0));
    whine.level = Contour::arch(0.2, 1.0, 0.9, turn);
    whine.play(track, 0.0, draw.between(0.1, 0.5));
    let mut air = noise(Filter::band_pass(draw.octaves(600.0, 3000.0), 0.5, track.rate_hz), draw.seed());
    let gain = draw.octaves(0.1, 1.0);
    track.mix(0.0, duration_s, |age_s| gain * air() * (0.2 + 0.8 * age_s / duration_s));
}

/// A tram or an underground train that leaves: stepped or smooth tones of its inverter.
fn electric_tram(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    let (from_hz, span_hz) = (draw.trait_in(100.0, 500.0), draw.trait_in(200.0, 1100.0));
    let (steps, levels) = (draw.count(1, 8) as f32, falling(8, draw.between(4.0, 10.0)));
    let mut tone = Oscillator::default();
    let mut roll = noise(Filter::low_pass(350.0, 0.7, rate_hz), draw.seed());
    let rumble = draw.octaves(0.1, 1.0);
    track.mix(0.0, duration_s, |age_s| {
        let share = age_s / duration_s;
        let hz = from_hz + span_hz * if steps < 3.0 { share } else { (share * steps).floor() / steps };
        0.3 * harmonics(tone.advance(hz, rate_hz), hz, rate_hz, &levels) + rumble * roll() * (0.3 + share)
    });
}

fn hand_saw(track: &mut Track, draw: &mut Draw) {
    let (stroke_s, teeth_hz, center_hz) =
        (draw.trait_in(0.2, 0.6), draw.trait_in(60.0, 260.0), draw.trait_in(900.0, 4000.0));
    repeat(track, draw, 0.02..0.12, |track, draw, at_s| {
        let mut rasp = noise(Filter::band_pass(center_hz * draw.between(0.85, 1.15), 0.9, track.rate_hz), draw.seed());
        track.mix(at_s, stroke_s, |age_s| {
            let speed = fade(age_s, stroke_s, stroke_s * 0.4, stroke_s * 0.4);
            rasp() * speed * (1.0 - 0.8 * (age_s * teeth_hz * (0.5 + 0.5 * speed)).fract())
        });
        stroke_s
    });
}

fn hammering(track: &mut Track, draw: &mut Draw) {
    let (hz, period_s) = (draw.trait_in(180.0, 1600.0), draw.trait_in(0.25, 0.9));
    let mut at_s = draw.between(0.0, period_s);
    while at_s < track.duration_s() {
        let body = modes(hz * draw.between(0.97, 1.03), &[1.0, 2.76, 5.4, 8.9], draw.between(0.02, 0.12), 0.3);
        Body::new(&body, track.rate_hz).strike(track, at_s, 0.5, draw.between(0.5, 1.0));
        at_s += period_s * draw.between(0.92, 1.1);
    }
}

/// Transformers, refrigerators, lights.
fn power_hum(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s, hz) = (track.rate_hz, track.duration_s(), *draw.pick(&[50.0, 60.0, 100.0, 120.0]));
    let levels: Vec<f32> =
        falling(24, draw.between(2.0, 7.0)).into_iter().map(|level| level * draw.between(0.1, 1.0)).collect();
    let mut mains = Oscillator::default();
    let mut air = noise(Filter::low_pass(1500.0, 0.7, rate_hz), draw.seed());
    let gain = draw.octaves(0.02, 0.4);
    track.mix(0.0, duration_s, |_| 0.3 * harmonics(mains.advance(hz, rate_hz), hz, rate_hz, &levels) + gain * air());
}
