//! Beasts: the voices that come closest to an infant's, and the rest of the farm and the pond.

use super::Kind;
use super::draw::Draw;
use super::tones::{Body, Contour, modes, repeat};
use super::voice::{Formants, Timbre, Utterance};
use crate::acoustics::{Filter, Track, fade, noise};

pub(super) const KINDS: [Kind; 15] = [
    Kind::new("dog_bark", dog_bark),
    Kind::new("dog_howl", dog_howl),
    Kind::new("dog_whine", dog_whine),
    Kind::new("dog_growl", dog_growl),
    Kind::new("cat_meow", cat_meow),
    Kind::new("cat_fight", cat_fight),
    Kind::new("cat_purr", cat_purr),
    Kind::new("sheep", |track, draw| bleat(track, draw, 190.0, 420.0)),
    Kind::new("goat", |track, draw| bleat(track, draw, 300.0, 620.0)),
    Kind::new("cow", cow),
    Kind::new("pig", pig),
    Kind::new("horse", horse),
    Kind::new("frog", frog),
    Kind::new("frog_chorus", frog_chorus),
    Kind::new("insects", insects),
];

fn throat(draw: &mut Draw, first_hz: f32, spacing: f32) -> Formants {
    std::array::from_fn(|n| first_hz * (1.0 + spacing * n as f32) * draw.between(0.93, 1.07))
}

fn dog_bark(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(220.0, 1000.0);
    let formants = throat(draw, (hz * 1.7).clamp(450.0, 1400.0), 0.95);
    let timbre = Timbre {
        damping: 0.25,
        brightness: draw.between(0.4, 0.9),
        tilt_hz: draw.octaves(1500.0, 6000.0),
        breath: draw.octaves(0.03, 0.5),
        jitter: draw.octaves(0.01, 0.2),
        shimmer: draw.between(0.1, 0.7),
        ..Timbre::default()
    };
    let bark_s = draw.trait_in(0.09, 0.3);
    repeat(track, draw, 0.2..1.8, |track, draw, start_s| {
        let count = draw.count(1, 4);
        let mut at_s = start_s;
        for _ in 0..count {
            let bark_s = bark_s * draw.between(0.85, 1.15);
            let top_hz = hz * draw.between(0.95, 1.2);
            let mut bark = Utterance::new(
                bark_s,
                Contour::arch(top_hz * 0.5, top_hz, top_hz * 0.45, 0.4),
                [(0.0, formants.map(|f| f * 0.75)), (0.35, formants), (1.0, formants.map(|f| f * 0.7))],
            );
            bark.level = Contour::new([(0.0, 0.0), (0.12, 1.0), (0.5, 0.6), (1.0, 0.0)]);
            bark.speak(track, at_s, draw.between(0.7, 1.0), &timbre, draw);
            at_s += bark_s + draw.between(0.08, 0.35);
        }
        at_s - start_s
    });
}

fn dog_howl(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(260.0, 780.0);
    let formants = throat(draw, hz * 1.4, 1.1);
    let timbre = Timbre {
        brightness: 0.4,
        tilt_hz: 1500.0,
        breath: 0.05,
        vibrato: draw.between(0.0, 0.02),
        ..Timbre::default()
    };
    repeat(track, draw, 0.3..1.5, |track, draw, at_s| {
        let howl_s = draw.octaves(1.2, 4.5);
        let top_hz = hz * draw.between(0.9, 1.2);
        let pitch = Contour::new([
            (0.0, top_hz * 0.6),
            (0.15, top_hz),
            (0.6, top_hz * draw.between(0.93, 1.05)),
            (0.85, top_hz * 0.85),
            (1.0, top_hz * 0.6),
        ]);
        Utterance::new(howl_s, pitch, [(0.0, formants), (0.5, formants.map(|f| f * 0.85)), (1.0, formants)])
            .speak(track, at_s, 0.9, &timbre, draw);
        howl_s
    });
}

fn dog_whine(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(550.0, 2400.0);
    let formants = throat(draw, hz * 1.3, 0.9);
    let timbre = Timbre {
        damping: 0.35,
        brightness: 0.35,
        tilt_hz: 2500.0,
        breath: draw.between(0.02, 0.25),
        ..Timbre::default()
    };
    repeat(track, draw, 0.1..1.2, |track, draw, at_s| {
        let whine_s = draw.octaves(0.12, 1.1);
        let top_hz = hz * draw.octaves(0.75, 1.3);
        let pitch = Contour::arch(
            top_hz * draw.between(0.7, 1.0),
            top_hz,
            top_hz * draw.between(0.6, 1.0),
            draw.between(0.2, 0.7),
        );
        Utterance::new(whine_s, pitch, [(0.0, formants)]).speak(track, at_s, draw.between(0.5, 1.0), &timbre, draw);
        whine_s
    });
}

fn dog_growl(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(45.0, 120.0);
    let formants = throat(draw, 420.0, 1.2);
    let timbre = Timbre { damping: 0.3, jitter: 0.2, shimmer: 0.6, breath: 0.4, tilt_hz: 1800.0, ..Timbre::default() };
    repeat(track, draw, 0.2..0.8, |track, draw, at_s| {
        let growl_s = draw.between(0.8, 2.5);
        Utterance::new(growl_s, Contour::arch(hz * 0.9, hz * 1.15, hz, 0.5), [(0.0, formants)])
            .speak(track, at_s, 0.9, &timbre, draw);
        growl_s
    });
}

fn cat_meow(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(330.0, 900.0);
    let narrow: Formants = throat(draw, 700.0, 1.5);
    let open_hz = draw.between(1100.0, 1600.0);
    let wide: Formants = throat(draw, open_hz, 0.8);
    let timbre = Timbre {
        damping: draw.between(0.12, 0.3),
        brightness: draw.between(0.4, 0.8),
        tilt_hz: draw.octaves(1500.0, 5000.0),
        breath: draw.between(0.02, 0.15),
        jitter: draw.octaves(0.005, 0.06),
        ..Timbre::default()
    };
    repeat(track, draw, 0.4..2.2, |track, draw, at_s| {
        let meow_s = draw.octaves(0.3, 1.4);
        let top_hz = hz * draw.between(0.9, 1.2);
        let pitch = Contour::new([
            (0.0, top_hz * 0.75),
            (draw.between(0.15, 0.45), top_hz),
            (0.75, top_hz * 0.85),
            (1.0, top_hz * draw.between(0.55, 0.75)),
        ]);
        let mut meow = Utterance::new(
            meow_s,
            pitch,
            [(0.0, narrow), (0.2, narrow), (draw.between(0.45, 0.65), wide), (1.0, narrow.map(|f| f * 0.7))],
        );
        meow.level = Contour::new([(0.0, 0.0), (0.2, 0.5), (0.5, 1.0), (1.0, 0.0)]);
        meow.speak(track, at_s, 0.9, &timbre, draw);
        meow_s
    });
}

/// Two toms face to face: long, swelling, rough wails.
fn cat_fight(track: &mut Track, draw: &mut Draw) {
    let formants = throat(draw, 1000.0, 1.1);
    repeat(track, draw, 0.05..0.6, |track, draw, at_s| {
        let wail_s = draw.octaves(0.6, 3.0);
        let hz = draw.trait_in(280.0, 800.0);
        let pitch = Contour::new([(0.0, hz * 0.8), (0.4, hz), (0.7, hz * draw.between(0.8, 1.4)), (1.0, hz * 0.6)]);
        let timbre = Timbre {
            damping: 0.2,
            brightness: 0.8,
            tilt_hz: 5000.0,
            breath: 0.25,
            jitter: draw.octaves(0.01, 0.3),
            shimmer: draw.between(0.1, 0.8),
            subharmonic: draw.between(0.0, 0.6),
            ..Timbre::default()
        };
        Utterance::new(
            wail_s,
            pitch,
            [(0.0, formants.map(|f| f * 0.7)), (0.5, formants), (1.0, formants.map(|f| f * 0.6))],
        )
        .speak(track, at_s, 0.9, &timbre, draw);
        wail_s
    });
}

fn cat_purr(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre { damping: 0.5, jitter: 0.08, shimmer: 0.3, breath: 0.5, tilt_hz: 900.0, ..Timbre::default() };
    let hz = draw.trait_in(21.0, 31.0);
    let formants = throat(draw, 250.0, 2.0);
    repeat(track, draw, 0.02..0.12, |track, draw, at_s| {
        let purr_s = draw.between(0.6, 1.4);
        Utterance::new(purr_s, Contour::flat(hz), [(0.0, formants)]).speak(
            track,
            at_s,
            draw.between(0.6, 1.0),
            &timbre,
            draw,
        );
        purr_s
    });
}

fn bleat(track: &mut Track, draw: &mut Draw, low_hz: f32, high_hz: f32) {
    let hz = draw.trait_in(low_hz, high_hz);
    let first_hz = draw.between(600.0, 950.0);
    let formants = throat(draw, first_hz, 1.1);
    let timbre = Timbre {
        damping: 0.22,
        brightness: draw.between(0.6, 0.95),
        tilt_hz: draw.octaves(2000.0, 6000.0),
        breath: draw.between(0.05, 0.35),
        jitter: draw.between(0.01, 0.08),
        shimmer: 0.2,
        vibrato_hz: draw.trait_in(7.0, 16.0),
        vibrato: draw.between(0.02, 0.08),
        tremolo: draw.between(0.3, 0.9),
        ..Timbre::default()
    };
    repeat(track, draw, 0.3..2.5, |track, draw, at_s| {
        let bleat_s = draw.octaves(0.35, 1.5);
        let top_hz = hz * draw.between(0.85, 1.2);
        let open = formants.map(|f| f * 1.15);
        Utterance::new(
            bleat_s,
            Contour::arch(top_hz * 0.9, top_hz, top_hz * 0.75, 0.3),
            [(0.0, formants.map(|f| f * 0.6)), (0.2, open), (1.0, formants)],
        )
        .speak(track, at_s, draw.between(0.5, 1.0), &timbre, draw);
        bleat_s
    });
}

fn cow(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(75.0, 230.0);
    let first_hz = draw.between(250.0, 420.0);
    let formants = throat(draw, first_hz, 1.3);
    let timbre = Timbre {
        damping: 0.2,
        brightness: 0.6,
        tilt_hz: 2000.0,
        breath: 0.08,
        jitter: 0.02,
        shimmer: 0.15,
        ..Timbre::default()
    };
    repeat(track, draw, 0.6..2.5, |track, draw, at_s| {
        let moo_s = draw.octaves(0.9, 3.0);
        let pitch = Contour::new([(0.0, hz * 0.8), (0.3, hz), (0.7, hz * draw.between(1.0, 1.5)), (1.0, hz * 0.8)]);
        Utterance::new(
            moo_s,
            pitch,
            [(0.0, formants.map(|f| f * 0.7)), (0.4, formants), (0.8, formants.map(|f| f * 1.5)), (1.0, formants)],
        )
        .speak(track, at_s, 0.9, &timbre, draw);
        moo_s
    });
}

/// Grunts, and squeals between them.
fn pig(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(50.0, 140.0);
    let formants = throat(draw, 380.0, 1.5);
    let squeals = draw.chance(0.5);
    repeat(track, draw, 0.08..0.8, |track, draw, at_s| {
        if squeals && draw.chance(0.3) {
            let (squeal_s, squeal_hz) = (draw.octaves(0.2, 1.2), draw.octaves(500.0, 1900.0));
            let timbre = Timbre {
                damping: 0.3,
                brightness: 0.9,
                tilt_hz: 7000.0,
                breath: 0.4,
                jitter: draw.between(0.05, 0.3),
                shimmer: 0.5,
                ..Timbre::default()
            };
            Utterance::new(
                squeal_s,
                Contour::arch(squeal_hz * 0.7, squeal_hz, squeal_hz * 0.7, 0.4),
                [(0.0, formants.map(|f| f * 3.0))],
            )
            .speak(track, at_s, 0.9, &timbre, draw);
            return squeal_s;
        }
        let grunt_s = draw.between(0.1, 0.45);
        let timbre = Timbre {
            damping: 0.35,
            brightness: 0.7,
            tilt_hz: 2500.0,
            breath: 0.9,
            jitter: 0.3,
            shimmer: 0.8,
            ..Timbre::default()
        };
        Utterance::new(
            grunt_s,
            Contour::arch(hz, hz * 1.3, hz * 0.8, 0.4),
            [(0.0, formants), (1.0, formants.map(|f| f * 1.2))],
        )
        .speak(track, at_s, draw.between(0.5, 1.0), &timbre, draw);
        grunt_s
    });
}

/// A neigh: high, shaken, falling.
fn horse(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(500.0, 1500.0);
    let formants = throat(draw, 900.0, 1.1);
    let timbre = Timbre {
        damping: 0.25,
        brightness: 0.8,
        tilt_hz: 5000.0,
        breath: 0.25,
        jitter: 0.05,
        shimmer: 0.3,
        vibrato_hz: draw.between(7.0, 12.0),
        vibrato: draw.between(0.05, 0.15),
        tremolo: 0.6,
        ..Timbre::default()
    };
    repeat(track, draw, 0.8..3.0, |track, draw, at_s| {
        let neigh_s = draw.between(0.9, 2.2);
        Utterance::new(
            neigh_s,
            Contour::new([(0.0, hz * 0.7), (0.15, hz), (1.0, hz * 0.35)]),
            [(0.0, formants), (1.0, formants.map(|f| f * 0.7))],
        )
        .speak(track, at_s, 0.9, &timbre, draw);
        neigh_s
    });
}

/// A pulse train through a vocal sac.
fn croak(track: &mut Track, draw: &mut Draw, at_s: f32, croak_s: f32, pulse_hz: f32, sac_hz: f32, gain: f32) {
    let ratios = [1.0, 1.9, 2.8];
    let mut sac = Body::new(&modes(sac_hz, &ratios, draw.between(0.004, 0.015), 1.0), track.rate_hz);
    let mut phase = 0.0;
    let step = pulse_hz / track.rate_hz as f32;
    track.mix(at_s, croak_s, |age_s| {
        phase += step;
        let pulse = if phase >= 1.0 {
            phase -= 1.0;
            1.0
        } else {
            0.0
        };
        gain * sac.next(pulse) * fade(age_s, croak_s, croak_s * 0.3, croak_s * 0.3)
    });
}

fn frog(track: &mut Track, draw: &mut Draw) {
    let (pulse_hz, sac_hz, croak_s) =
        (draw.trait_in(22.0, 160.0), draw.trait_in(300.0, 2600.0), draw.trait_in(0.08, 0.9));
    repeat(track, draw, 0.1..1.0, |track, draw, at_s| {
        let varied = draw.between(0.94, 1.06);
        croak(track, draw, at_s, croak_s, pulse_hz * varied, sac_hz * varied, 0.8);
        croak_s
    });
}

fn frog_chorus(track: &mut Track, draw: &mut Draw) {
    let (pulse_hz, sac_hz) = (draw.trait_in(30.0, 120.0), draw.trait_in(500.0, 2500.0));
    for _ in 0..draw.count(4, 9) {
        let (pulse_hz, sac_hz) = (pulse_hz * draw.octaves(0.7, 1.4), sac_hz * draw.octaves(0.7, 1.4));
        let (gain, croak_s) = (draw.octaves(0.1, 0.8), draw.between(0.1, 0.5));
        repeat(track, draw, 0.1..0.8, |track, draw, at_s| {
            croak(track, draw, at_s, croak_s, pulse_hz, sac_hz, gain);
            croak_s
        });
    }
}

/// Bees, flies, cicadas: wing beats or noise in fast pulses.
fn insects(track: &mut Track, draw: &mut Draw) {
    let (rate_hz, duration_s) = (track.rate_hz, track.duration_s());
    if draw.chance(0.5) {
        let hz = draw.trait_in(110.0, 620.0);
        let levels = super::tones::falling(14, draw.between(3.0, 8.0));
        let mut wings = crate::acoustics::Oscillator::default();
        let mut flight = noise(Filter::low_pass(3.0, 0.7, rate_hz), draw.seed());
        let mut nearness = noise(Filter::low_pass(1.5, 0.7, rate_hz), draw.seed());
        track.mix(0.0, duration_s, |_| {
            let hz = hz * (1.0 + 6.0 * flight());
            (0.3 + 30.0 * nearness().abs()) * super::tones::harmonics(wings.advance(hz, rate_hz), hz, rate_hz, &levels)
        });
    } else {
        let (center_hz, pulse_hz) = (draw.trait_in(3500.0, 9000.0), draw.trait_in(20.0, 200.0));
        let mut hiss = noise(Filter::band_pass(center_hz, draw.between(3.0, 12.0), rate_hz), draw.seed());
        let swell_hz = draw.between(0.1, 2.0);
        track.mix(0.0, duration_s, |age_s| {
            let pulse = (age_s * pulse_hz).fract();
            (1.0 - pulse) * hiss() * (0.6 + 0.4 * (age_s * swell_hz * std::f32::consts::TAU).sin())
        });
    }
}
