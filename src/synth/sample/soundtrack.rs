//! The sound of the incident: a quiet street, an engine, tyres, the collision and what comes after.

use super::timeline::{ALARM_S, BRAKE_S, CAR_SPEED, IMPACT_S, PX_PER_M, car, footfalls};
use super::{DURATION_S, RATE_HZ, WIDTH_PX};
use crate::acoustics::{Filter, Mode, Oscillator, Track, fade, noise, ring};
use crate::drawing::motion::{ease, value_at};
use crate::random::Random;

/// -4 dBFS, so that what the encoder adds stays below -1.
const CEILING: f32 = 0.63;
const KNEE: f32 = 0.35;

/// The whole track, mono at [`RATE_HZ`].
pub(super) fn synthesise() -> Vec<f32> {
    let mut track = Track::silent(DURATION_S as f32, RATE_HZ);
    ambience(&mut track);
    engine(&mut track);
    squeal(&mut track, BRAKE_S, IMPACT_S - BRAKE_S);
    collision(&mut track, IMPACT_S);
    glass(&mut track, IMPACT_S + 0.06, 1.5);
    steam(&mut track, IMPACT_S + 0.35, 4.5);
    alarm(&mut track, ALARM_S.start, ALARM_S.end - ALARM_S.start);
    for (count, (time_s, force)) in footfalls(DURATION_S as f32).into_iter().enumerate() {
        footstep(&mut track, time_s, force, count as u64);
    }
    track.limit(KNEE, CEILING);
    track.samples
}

/// Far traffic, air, and the hum of the mains.
fn ambience(track: &mut Track) {
    let mut rumble = noise(Filter::low_pass(140.0, 0.7, track.rate_hz), 11);
    let mut wash = noise(Filter::band_pass(520.0, 0.5, track.rate_hz), 12);
    let mut air = noise(Filter::band_pass(2600.0, 0.4, track.rate_hz), 13);
    track.mix(0.0, DURATION_S as f32, |age_s| {
        let swell = 1.0 + 0.35 * (age_s * 0.9).sin() + 0.2 * (age_s * 2.3 + 1.0).sin();
        let hum = (age_s * 100.0 * std::f32::consts::TAU).sin() * 0.0016;
        0.11 * rumble() + 0.026 * swell * wash() + 0.006 * air() + hum
    });
}

/// The car's engine and the noise of its tyres, louder the nearer it is; it stalls in the collision.
fn engine(track: &mut Track) {
    let rate_hz = track.rate_hz;
    let (mut firing, mut wobble) = (Oscillator::default(), noise(Filter::low_pass(9.0, 0.7, rate_hz), 21));
    let mut roll = noise(Filter::band_pass(780.0, 0.6, rate_hz), 22);
    let mut intake = noise(Filter::low_pass(320.0, 0.8, rate_hz), 23);
    let mut distance_m = 0.0;
    let mut sample = 0u32;
    track.mix(0.0, IMPACT_S + 0.5, |age_s| {
        // The distance changes slowly: a thousand times a second is often enough.
        if sample.is_multiple_of(rate_hz / 1000) {
            let aside_m = (car(age_s).x_px - WIDTH_PX as f32 / 2.0) / PX_PER_M;
            distance_m = aside_m.hypot(7.0);
        }
        sample += 1;
        let nearness = (8.0 / distance_m).powf(1.7);
        let speed = value_at(&CAR_SPEED, age_s) / CAR_SPEED[0].1;
        let throttle = 1.0 - 0.75 * ease(BRAKE_S - 0.1, BRAKE_S + 0.05, age_s);
        let running = 1.0 - ease(IMPACT_S + 0.02, IMPACT_S + 0.4, age_s);
        let phase = firing.advance(34.0 + 48.0 * speed + 60.0 * wobble(), rate_hz);
        let harmonics: f32 = (1..=9).map(|n| (phase * n as f32 + n as f32).sin() / (n as f32).powf(0.8)).sum();
        let motor = 0.055 * harmonics * throttle + 0.30 * intake() * throttle;
        nearness * (motor * running + 0.20 * roll() * speed)
    });
}

/// Tyres that slide: two hoarse tones that fall, and their rub.
fn squeal(track: &mut Track, start_s: f32, duration_s: f32) {
    let rate_hz = track.rate_hz;
    let (mut low, mut high) = (Oscillator::default(), Oscillator::default());
    let mut rough = noise(Filter::low_pass(70.0, 0.7, rate_hz), 31);
    let mut rub = noise(Filter::band_pass(1900.0, 1.2, rate_hz), 32);
    track.mix(start_s, duration_s + 0.02, |age_s| {
        let level = fade(age_s, duration_s + 0.02, 0.07, 0.02);
        let drift = 1.0 - 0.16 * age_s / duration_s + 0.9 * rough();
        let (low, high) = (low.advance(930.0 * drift, rate_hz), high.advance(1265.0 * drift, rate_hz));
        let tones = low.sin() + 0.45 * (2.0 * low).sin() + 0.7 * high.sin() + 0.25 * (2.0 * high).sin();
        level * (0.055 * tones + 0.16 * rub())
    });
}

/// Sheet metal and a hollow post: a burst, a thump, and both bodies ringing.
fn collision(track: &mut Track, start_s: f32) {
    const BODY: [Mode; 8] = [
        Mode { hz: 92.0, level: 0.50, decay_s: 0.16 },
        Mode { hz: 147.0, level: 0.42, decay_s: 0.13 },
        Mode { hz: 236.0, level: 0.34, decay_s: 0.11 },
        Mode { hz: 391.0, level: 0.30, decay_s: 0.10 },
        Mode { hz: 655.0, level: 0.24, decay_s: 0.08 },
        Mode { hz: 1040.0, level: 0.18, decay_s: 0.06 },
        Mode { hz: 1730.0, level: 0.12, decay_s: 0.045 },
        Mode { hz: 2890.0, level: 0.08, decay_s: 0.03 },
    ];
    // The bending modes of a free tube: 1 : 2.76 : 5.40 : 8.93.
    const POST: [Mode; 4] = [
        Mode { hz: 176.0, level: 0.10, decay_s: 0.95 },
        Mode { hz: 486.0, level: 0.075, decay_s: 0.80 },
        Mode { hz: 950.0, level: 0.05, decay_s: 0.55 },
        Mode { hz: 1572.0, level: 0.03, decay_s: 0.38 },
    ];
    let rate_hz = track.rate_hz;
    let mut thump = Oscillator::default();
    let mut burst = noise(Filter::low_pass(6500.0, 0.6, rate_hz), 41);
    let mut crunch = noise(Filter::band_pass(1100.0, 0.7, rate_hz), 42);
    let mut crackle = Random::new(43);
    let mut grain = 0.0;
    track.mix(start_s, 3.0, |age_s| {
        // The metal folds in jerks that grow rarer.
        if crackle.unit() < 0.010 * (-age_s / 0.22).exp() {
            grain = crackle.between(0.5, 1.0);
        }
        grain *= 0.9985;
        let low = thump.advance(38.0 + 62.0 * (-age_s / 0.07).exp(), rate_hz).sin();
        0.8 * burst() * (-age_s / 0.055).exp()
            + 0.6 * crunch() * grain * (-age_s / 0.30).exp()
            + 0.55 * low * (-age_s / 0.20).exp()
            + 0.5 * ring(&BODY, age_s)
            + ring(&POST, age_s)
    });
}

/// Splinters that fall for `duration_s`, fewer and fewer.
fn glass(track: &mut Track, start_s: f32, duration_s: f32) {
    let mut random = Random::new(51);
    for _ in 0..46 {
        let at_s = start_s + duration_s * random.unit().powi(2);
        let (base_hz, level) = (random.between(2600.0, 7400.0), random.between(0.012, 0.075));
        let modes = [1.0, 1.47, 2.09].map(|ratio| Mode {
            hz: base_hz * ratio,
            level: level / ratio,
            decay_s: random.between(0.012, 0.055) / ratio,
        });
        track.mix(at_s, 0.3, |age_s| ring(&modes, age_s));
    }
}

/// A cooler that leaks.
fn steam(track: &mut Track, start_s: f32, duration_s: f32) {
    let mut hiss = noise(Filter::band_pass(5200.0, 0.6, track.rate_hz), 61);
    track.mix(start_s, duration_s, |age_s| 0.028 * hiss() * fade(age_s, duration_s, 0.3, 3.4));
}

/// Two tones in turn, as soft squares.
fn alarm(track: &mut Track, start_s: f32, duration_s: f32) {
    const TONE_S: f32 = 0.185;
    let rate_hz = track.rate_hz;
    let mut horn = Oscillator::default();
    track.mix(start_s, duration_s, |age_s| {
        let is_high = ((age_s / TONE_S) as u32).is_multiple_of(2);
        let phase = horn.advance(if is_high { 880.0 } else { 698.5 }, rate_hz);
        let square = phase.sin() + (3.0 * phase).sin() / 3.0 + (5.0 * phase).sin() / 6.0;
        0.115 * square * fade(age_s, duration_s, 0.01, 0.05) * fade(age_s % TONE_S, TONE_S, 0.006, 0.006)
    });
}

/// A shoe on stone: a dull heel and a short scrape.
fn footstep(track: &mut Track, start_s: f32, force: f32, seed: u64) {
    let rate_hz = track.rate_hz;
    let mut heel = noise(Filter::low_pass(420.0, 0.9, rate_hz), 71 + seed);
    let mut sole = noise(Filter::band_pass(2300.0, 0.8, rate_hz), 571 + seed);
    track.mix(start_s, 0.16, |age_s| {
        force * (0.26 * heel() * (-age_s / 0.018).exp() + 0.060 * sole() * (-age_s / 0.030).exp())
    });
}
