//! Things made to be heard that are no sirens: bells, alarms, telephones, horns, beepers, chimes.

use super::Kind;
use super::draw::Draw;
use super::sirens::air_horn;
use super::tones::{Body, Contour, Glide, db, falling, harmonics, modes, repeat};
use crate::acoustics::{Filter, Oscillator, Track, fade, noise};

pub(super) const KINDS: [Kind; 19] = [
    Kind::new("church_bell", church_bell),
    Kind::new("carillon", carillon),
    Kind::new("bicycle_bell", bicycle_bell),
    Kind::new("hand_bell", hand_bell),
    Kind::new("cow_bell", cow_bell),
    Kind::new("wind_chime", wind_chime),
    Kind::new("doorbell", doorbell),
    Kind::new("telephone_bell", telephone_bell),
    Kind::new("telephone_ringtone", ringtone),
    Kind::new("telephone_tones", telephone_tones),
    Kind::new("alarm_clock", alarm_clock),
    ALARM_BELL,
    Kind::new("smoke_alarm", smoke_alarm),
    Kind::new("reversing_beeper", reversing_beeper),
    Kind::new("buzzer", buzzer),
    Kind::new("modem", modem),
    Kind::new("car_horn", car_horn),
    Kind::new("ship_or_train_horn", |track, draw| {
        repeat(track, draw, 0.3..2.5, |track, draw, at_s| {
            let duration_s = draw.octaves(0.4, 3.0);
            air_horn(track, draw, at_s, duration_s);
            duration_s
        });
    }),
    Kind::new("ice_cream_chime", ice_cream_chime),
];

/// The bell of a burglar alarm or a school.
pub(super) const ALARM_BELL: Kind = Kind::new("alarm_bell", alarm_bell);

/// Partials of a minor-third bell: hum, prime, tierce, quint, nominal and above (Rossing, "Acoustics of bells", 1984).
const CHURCH_BELL: [f32; 10] = [0.5, 1.0, 1.19, 1.5, 2.0, 2.51, 2.66, 3.01, 4.17, 5.43];
/// A shallow bowl of steel.
const SHELL: [f32; 6] = [1.0, 2.41, 4.2, 6.3, 8.9, 1.012];

fn bell(track: &mut Track, draw: &mut Draw, at_s: f32, hz: f32, ratios: &[f32], decay_s: f32, force: f32) {
    let mut partials = modes(hz, ratios, decay_s, draw.between(0.2, 0.8));
    for partial in &mut partials {
        partial.level *= 0.2 * draw.between(0.5, 1.2);
        partial.hz *= draw.between(0.997, 1.003);
    }
    Body::new(&partials, track.rate_hz).strike(track, at_s, (decay_s * 4.0).min(track.duration_s()), force);
}

fn church_bell(track: &mut Track, draw: &mut Draw) {
    let bells: Vec<f32> = (0..draw.count(1, 4)).map(|_| draw.trait_in(220.0, 1100.0)).collect();
    let decay_s = draw.between(0.8, 3.5);
    let swing_s = draw.octaves(0.35, 2.2);
    repeat(track, draw, swing_s * 0.9..swing_s * 1.1, |track, draw, at_s| {
        let hz = *draw.pick(&bells);
        bell(track, draw, at_s, hz, &CHURCH_BELL, decay_s, 1.0);
        0.01
    });
}

fn carillon(track: &mut Track, draw: &mut Draw) {
    let base_hz = draw.trait_in(350.0, 900.0);
    let beat_s = draw.between(0.18, 0.6);
    let mut at_s = 0.1;
    while at_s < track.duration_s() {
        let hz = base_hz * draw.pick(&[1.0, 1.122, 1.26, 1.335, 1.498, 1.682, 2.0]);
        bell(track, draw, at_s, hz, &CHURCH_BELL, 0.9, 0.8);
        at_s += beat_s * draw.pick(&[1.0, 1.0, 1.0, 2.0, 0.5]);
    }
}

fn bicycle_bell(track: &mut Track, draw: &mut Draw) {
    let (hz, trill_s) = (draw.trait_in(1400.0, 3600.0), draw.between(0.03, 0.09));
    repeat(track, draw, 0.3..1.5, |track, draw, start_s| {
        let strokes = if draw.chance(0.3) { 2 } else { draw.count(5, 14) };
        for stroke in 0..strokes {
            let force = draw.between(0.5, 1.0);
            bell(track, draw, start_s + stroke as f32 * trill_s, hz, &SHELL, 0.35, force);
        }
        strokes as f32 * trill_s
    });
}

fn hand_bell(track: &mut Track, draw: &mut Draw) {
    let (hz, swing_s) = (draw.trait_in(700.0, 3000.0), draw.between(0.12, 0.5));
    let mut at_s = 0.05;
    while at_s < track.duration_s() {
        let force = draw.between(0.5, 1.0);
        bell(track, draw, at_s, hz, &CHURCH_BELL, 0.3, force);
        at_s += swing_s * draw.between(0.85, 1.15);
    }
}

fn cow_bell(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(350.0, 900.0);
    repeat(track, draw, 0.1..1.2, |track, draw, at_s| {
        let force = draw.between(0.3, 1.0);
        bell(track, draw, at_s, hz, &[1.0, 1.48, 2.3, 3.4, 4.6], 0.09, force);
        0.02
    });
}

fn wind_chime(track: &mut Track, draw: &mut Draw) {
    let tubes: Vec<f32> = (0..6).map(|_| draw.trait_in(600.0, 3000.0)).collect();
    repeat(track, draw, 0.05..0.9, |track, draw, at_s| {
        let (hz, force) = (*draw.pick(&tubes), draw.octaves(0.15, 1.0));
        bell(track, draw, at_s, hz, &[1.0, 2.76, 5.4, 8.93], 0.9, force);
        0.02
    });
}

fn doorbell(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(480.0, 1100.0);
    repeat(track, draw, 0.8..2.5, |track, draw, at_s| {
        for (delay_s, ratio) in [(0.0, 1.0), (draw.between(0.35, 0.7), 0.794)] {
            bell(track, draw, at_s + delay_s, hz * ratio, &[1.0, 2.0, 3.01, 4.1], 0.45, 1.0);
        }
        1.0
    });
}

fn telephone_bell(track: &mut Track, draw: &mut Draw) {
    let (first_hz, second_hz) = (draw.trait_in(900.0, 1900.0), draw.trait_in(1100.0, 2300.0));
    let stroke_s = draw.between(0.02, 0.033);
    let ring_s = draw.between(0.8, 2.2);
    repeat(track, draw, 0.6..2.5, |track, draw, at_s| {
        for stroke in 0..(ring_s / stroke_s) as usize {
            let hz = if stroke % 2 == 0 { first_hz } else { second_hz };
            bell(track, draw, at_s + stroke as f32 * stroke_s, hz, &SHELL[..4], 0.12, 0.7);
        }
        ring_s
    });
}

/// An electronic tone of a given wave, switched softly.
fn beep(track: &mut Track, at_s: f32, duration_s: f32, hz: f32, levels: &[f32], gain: f32) {
    let mut tone = Oscillator::default();
    let rate_hz = track.rate_hz;
    track.mix(at_s, duration_s, |age_s| {
        gain * fade(age_s, duration_s, 0.004, 0.006) * harmonics(tone.advance(hz, rate_hz), hz, rate_hz, levels)
    });
}

/// The harmonics of a square wave, a sine, or something between.
fn wave(draw: &mut Draw) -> Vec<f32> {
    let odd = |n: usize| if n.is_multiple_of(2) { 1.0 / (n + 1) as f32 } else { 0.0 };
    match draw.count(0, 2) {
        0 => vec![1.0],
        1 => (0..12).map(odd).collect(),
        _ => falling(10, draw.between(4.0, 18.0)),
    }
}

fn ringtone(track: &mut Track, draw: &mut Draw) {
    let (base_hz, levels) = (draw.trait_in(420.0, 1800.0), wave(draw));
    let (note_s, notes) = (draw.octaves(0.045, 0.22), draw.count(2, 9));
    let melody: Vec<f32> = (0..notes).map(|_| *draw.pick(&[1.0, 1.122, 1.26, 1.335, 1.498, 1.682, 2.0])).collect();
    let times = draw.count(1, 4);
    repeat(track, draw, 0.3..1.6, |track, _, start_s| {
        for index in 0..notes * times {
            beep(track, start_s + index as f32 * note_s, note_s * 0.95, base_hz * melody[index % notes], &levels, 0.6);
        }
        (notes * times) as f32 * note_s
    });
}

/// Dialling in two-tone code, then the exchange's own tones.
fn telephone_tones(track: &mut Track, draw: &mut Draw) {
    let (rows, columns) = ([697.0, 770.0, 852.0, 941.0], [1209.0, 1336.0, 1477.0]);
    let digits = draw.count(0, 8);
    let mut at_s = 0.1;
    for _ in 0..digits {
        let key_s = draw.between(0.08, 0.2);
        for hz in [*draw.pick(&rows), *draw.pick(&columns)] {
            beep(track, at_s, key_s, hz, &[1.0], 0.4);
        }
        at_s += key_s + draw.between(0.06, 0.3);
    }
    let (hz, on_s) = (draw.trait_in(350.0, 480.0), draw.octaves(0.25, 1.2));
    while at_s < track.duration_s() {
        beep(track, at_s, on_s, hz, &[1.0], 0.5);
        beep(track, at_s, on_s, hz * 1.12, &[1.0], 0.3);
        at_s += on_s * 2.0;
    }
}

fn alarm_clock(track: &mut Track, draw: &mut Draw) {
    let (hz, levels) = (draw.trait_in(750.0, 3300.0), wave(draw));
    let (beeps, beep_s) = (draw.count(1, 5), draw.octaves(0.05, 0.35));
    let pause_s = draw.octaves(0.15, 1.0);
    repeat(track, draw, pause_s..pause_s * 1.001, |track, _, at_s| {
        for index in 0..beeps {
            beep(track, at_s + index as f32 * beep_s * 1.9, beep_s, hz, &levels, 0.7);
        }
        beeps as f32 * beep_s * 1.9
    });
}

/// A hammer on a gong, twenty times a second: schools, shops, old clocks.
fn alarm_bell(track: &mut Track, draw: &mut Draw) {
    let (hz, stroke_s) = (draw.trait_in(600.0, 2600.0), draw.octaves(0.035, 0.09));
    let ring_s = draw.between(1.0, 9.0);
    repeat(track, draw, 0.3..1.2, |track, draw, at_s| {
        let strokes = (ring_s.min(track.duration_s() - at_s) / stroke_s) as usize;
        for stroke in 0..strokes {
            bell(track, draw, at_s + stroke as f32 * stroke_s, hz, &SHELL, 0.18, 0.8);
        }
        ring_s
    });
}

fn smoke_alarm(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(2700.0, 3600.0);
    let (beeps, beep_s) = (draw.count(1, 4), draw.between(0.1, 0.6));
    repeat(track, draw, 0.3..1.5, |track, _, at_s| {
        for index in 0..beeps {
            beep(track, at_s + index as f32 * beep_s * 1.6, beep_s, hz, &[1.0, 0.1, 0.15], 0.8);
        }
        beeps as f32 * beep_s * 1.6
    });
}

fn reversing_beeper(track: &mut Track, draw: &mut Draw) {
    let (hz, beep_s) = (draw.trait_in(850.0, 2100.0), draw.trait_in(0.25, 0.7));
    let levels = falling(7, draw.between(6.0, 20.0));
    let mut at_s = draw.between(0.0, beep_s);
    while at_s < track.duration_s() {
        beep(track, at_s, beep_s, hz, &levels, 0.7);
        at_s += beep_s * 2.0;
    }
    let mut motor = noise(Filter::low_pass(300.0, 0.8, track.rate_hz), draw.seed());
    let gain = draw.between(0.0, 1.5);
    track.mix(0.0, track.duration_s(), |_| gain * motor());
}

fn buzzer(track: &mut Track, draw: &mut Draw) {
    let (hz, levels) = (draw.trait_in(80.0, 420.0), falling(30, draw.between(1.0, 6.0)));
    repeat(track, draw, 0.4..1.8, |track, draw, at_s| {
        let buzz_s = draw.octaves(0.2, 1.8);
        beep(track, at_s, buzz_s, hz, &levels, 0.25);
        buzz_s
    });
}

/// Two modems that agree on a rate: steady tones, warbles, then scrambled noise.
fn modem(track: &mut Track, draw: &mut Draw) {
    let mut at_s = 0.0;
    while at_s < track.duration_s() {
        let part_s = draw.octaves(0.2, 1.5);
        let hz = draw.octaves(900.0, 2600.0);
        match draw.count(0, 2) {
            0 => beep(track, at_s, part_s, hz, &[1.0], 0.5),
            1 => {
                let mut warble = Glide::new(part_s, Contour::flat(hz));
                (warble.vibrato, warble.vibrato_hz) = (draw.between(0.02, 0.2), draw.octaves(4.0, 60.0));
                warble.play(track, at_s, 0.5);
            }
            _ => {
                let mut data = noise(Filter::band_pass(1800.0, 0.9, track.rate_hz), draw.seed());
                track.mix(at_s, part_s, |_| 0.9 * data());
            }
        }
        at_s += part_s;
    }
}

/// Two horns a third apart, and a driver who is in a hurry.
fn car_horn(track: &mut Track, draw: &mut Draw) {
    let (low_hz, levels) = (draw.trait_in(310.0, 560.0), falling(18, draw.between(1.0, 6.0)));
    let second = *draw.pick(&[1.0, 1.19, 1.25, 1.26]);
    repeat(track, draw, 0.1..1.6, |track, draw, at_s| {
        let honk_s = draw.octaves(0.1, 2.5);
        beep(track, at_s, honk_s, low_hz, &levels, 0.3);
        beep(track, at_s, honk_s, low_hz * second, &levels, 0.3);
        honk_s
    });
}

/// A music box through a loudspeaker on a van.
fn ice_cream_chime(track: &mut Track, draw: &mut Draw) {
    let (base_hz, beat_s) = (draw.trait_in(500.0, 1300.0), draw.trait_in(0.14, 0.36));
    let scale = [0.75, 0.84, 0.94, 1.0, 1.122, 1.26, 1.335, 1.498, 1.682, 2.0];
    let mut step = 4;
    let mut at_s = 0.0;
    while at_s < track.duration_s() {
        step = (step + draw.count(0, 4)).saturating_sub(2).min(scale.len() - 1);
        let force = draw.between(0.6, 1.0);
        bell(track, draw, at_s, base_hz * scale[step], &[1.0, 2.0, 3.0, 5.4], 0.35, force);
        at_s += beat_s * draw.pick(&[1.0, 1.0, 2.0]);
    }
    let drive = db(draw.between(0.0, 14.0)) / track.peak().max(1e-6);
    track.samples.iter_mut().for_each(|sample| *sample = (*sample * drive).tanh());
}
