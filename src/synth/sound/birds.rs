//! Birds, fowl and crickets.

use super::Kind;
use super::draw::Draw;
use super::tones::{Contour, Glide, repeat};
use super::voice::{Formants, Timbre, Utterance};
use crate::acoustics::Track;

pub(super) const KINDS: [Kind; 13] = [
    Kind::new("songbirds", songbirds),
    Kind::new("sparrows", sparrows),
    Kind::new("cuckoo", cuckoo),
    Kind::new("owl", owl),
    Kind::new("pigeon", pigeon),
    Kind::new("gull", gull),
    Kind::new("crow", crow),
    Kind::new("parrot", parrot),
    Kind::new("rooster", rooster),
    Kind::new("hen", hen),
    Kind::new("goose", goose),
    Kind::new("duck", duck),
    Kind::new("crickets", crickets),
];

fn chirp(track: &mut Track, at_s: f32, duration_s: f32, pitch: Contour, gain: f32) {
    let mut chirp = Glide::new(duration_s, pitch);
    chirp.harmonics = vec![1.0, 0.06, 0.02];
    chirp.level = Contour::arch(0.0, 1.0, 0.0, 0.35);
    chirp.play(track, at_s, gain);
}

/// A few syllables that the bird repeats and varies: sweeps, whistles, trills.
fn songbirds(track: &mut Track, draw: &mut Draw) {
    for _ in 0..draw.count(1, 3) {
        let (base_hz, gain) = (draw.trait_in(1300.0, 6500.0), draw.octaves(0.2, 0.9));
        let motifs: Vec<[f32; 4]> = (0..4)
            .map(|_| [draw.octaves(0.03, 0.4), draw.octaves(0.6, 1.7), draw.octaves(0.6, 1.7), draw.octaves(0.6, 1.7)])
            .collect();
        repeat(track, draw, 0.2..1.5, |track, draw, start_s| {
            let mut at_s = start_s;
            for _ in 0..draw.count(2, 7) {
                let [duration_s, from, top, to] = *draw.pick(&motifs);
                let repeats = if duration_s < 0.08 { draw.count(3, 12) } else { draw.count(1, 3) };
                for _ in 0..repeats {
                    let pitch = Contour::arch(base_hz * from, base_hz * top, base_hz * to, 0.5);
                    chirp(track, at_s, duration_s, pitch, gain);
                    at_s += duration_s * 1.25 + 0.01;
                }
                at_s += draw.octaves(0.02, 0.2);
            }
            at_s - start_s
        });
    }
}

fn sparrows(track: &mut Track, draw: &mut Draw) {
    for _ in 0..draw.count(1, 4) {
        let (hz, gain) = (draw.trait_in(2500.0, 6000.0), draw.octaves(0.2, 0.9));
        repeat(track, draw, 0.06..0.7, |track, draw, at_s| {
            let duration_s = draw.octaves(0.03, 0.14);
            let hz = hz * draw.between(0.9, 1.1);
            chirp(track, at_s, duration_s, Contour::arch(hz, hz * draw.between(0.8, 1.3), hz * 0.7, 0.4), gain);
            duration_s
        });
    }
}

fn cuckoo(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(520.0, 760.0);
    let fall = draw.between(0.76, 0.86);
    repeat(track, draw, 0.4..1.2, |track, _, at_s| {
        chirp(track, at_s, 0.16, Contour::arch(hz * 0.95, hz, hz * 0.96, 0.4), 0.9);
        chirp(track, at_s + 0.3, 0.26, Contour::arch(hz * fall * 0.98, hz * fall, hz * fall * 0.96, 0.4), 0.8);
        0.6
    });
}

fn owl(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(240.0, 800.0);
    let shake = draw.between(0.0, 0.06);
    repeat(track, draw, 0.25..2.0, |track, draw, at_s| {
        let hoot_s = draw.octaves(0.15, 1.3);
        let mut hoot = Glide::new(hoot_s, Contour::arch(hz * 0.93, hz, hz * 0.9, 0.4));
        (hoot.harmonics, hoot.vibrato, hoot.vibrato_hz) = (vec![1.0, 0.12, 0.05], shake, draw.between(6.0, 14.0));
        hoot.play(track, at_s, 0.8);
        hoot_s
    });
}

fn pigeon(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(270.0, 560.0);
    repeat(track, draw, 0.15..0.9, |track, draw, at_s| {
        let coo_s = draw.between(0.25, 0.7);
        let mut coo = Glide::new(coo_s, Contour::arch(hz * 0.85, hz, hz * 0.85, 0.4));
        (coo.harmonics, coo.tremolo, coo.vibrato_hz) =
            (vec![1.0, 0.25, 0.06], draw.between(0.0, 0.9), draw.between(15.0, 35.0));
        coo.play(track, at_s, 0.8);
        coo_s
    });
}

/// Calls by a syrinx: as a throat with a rough source.
fn calls(track: &mut Track, draw: &mut Draw, timbre: Timbre, formants: Formants, call: Call) {
    repeat(track, draw, call.pause_s, |track, draw, at_s| {
        let duration_s = draw.octaves(call.duration_s.start, call.duration_s.end);
        let hz = call.pitch_hz * draw.between(0.9, 1.12);
        let [from, top, to] = call.shape;
        let mut utterance = Utterance::new(
            duration_s,
            Contour::arch(hz * from, hz * top, hz * to, call.top_at),
            [(0.0, formants.map(|f| f * 0.8)), (0.3, formants), (1.0, formants.map(|f| f * 0.9))],
        );
        utterance.level = Contour::new([(0.0, 0.0), (0.12, 1.0), (0.75, 0.8), (1.0, 0.0)]);
        utterance.speak(track, at_s, draw.between(0.6, 1.0), &timbre, draw);
        duration_s
    });
}

struct Call {
    pitch_hz: f32,
    /// Pitch at the start, the top and the end, relative to `pitch_hz`.
    shape: [f32; 3],
    top_at: f32,
    duration_s: std::ops::Range<f32>,
    pause_s: std::ops::Range<f32>,
}

fn gull(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.3,
        brightness: 0.8,
        tilt_hz: 5000.0,
        breath: 0.1,
        jitter: 0.03,
        shimmer: 0.2,
        ..Timbre::default()
    };
    let pitch_hz = draw.trait_in(600.0, 1300.0);
    let call = Call { pitch_hz, shape: [0.8, 1.15, 0.75], top_at: 0.25, duration_s: 0.2..1.0, pause_s: 0.08..1.2 };
    calls(track, draw, timbre, [1500.0, 2600.0, 3600.0, 5000.0, 6500.0], call);
}

fn crow(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.3,
        brightness: 0.75,
        tilt_hz: 5000.0,
        breath: draw.between(0.2, 0.7),
        jitter: draw.between(0.08, 0.3),
        shimmer: 0.6,
        subharmonic: draw.between(0.0, 0.6),
        ..Timbre::default()
    };
    let (pitch_hz, first_hz) = (draw.trait_in(280.0, 620.0), draw.trait_in(1000.0, 1800.0));
    let call = Call { pitch_hz, shape: [0.85, 1.1, 0.8], top_at: 0.35, duration_s: 0.2..0.55, pause_s: 0.15..1.2 };
    calls(track, draw, timbre, [first_hz, first_hz * 1.5, first_hz * 2.4, 4800.0, 6500.0], call);
}

fn parrot(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.25,
        brightness: 0.9,
        tilt_hz: 6000.0,
        breath: 0.25,
        jitter: 0.12,
        shimmer: 0.5,
        ..Timbre::default()
    };
    let pitch_hz = draw.trait_in(700.0, 2200.0);
    let call = Call { pitch_hz, shape: [0.7, 1.2, 0.9], top_at: 0.5, duration_s: 0.12..0.6, pause_s: 0.1..1.5 };
    calls(track, draw, timbre, [1800.0, 2900.0, 4200.0, 5500.0, 7000.0], call);
}

/// Cock-a-doodle-doo: three short notes and a long one that falls.
fn rooster(track: &mut Track, draw: &mut Draw) {
    let hz = draw.trait_in(420.0, 950.0);
    let formants: Formants = [1100.0, 1900.0, 2900.0, 4200.0, 5600.0].map(|f| f * draw.between(0.9, 1.15));
    let timbre = Timbre {
        damping: 0.25,
        brightness: 0.8,
        tilt_hz: 5000.0,
        breath: 0.15,
        jitter: draw.between(0.01, 0.08),
        shimmer: 0.3,
        ..Timbre::default()
    };
    repeat(track, draw, 0.8..3.0, |track, draw, start_s| {
        let mut at_s = start_s;
        for (share, height, bend) in [(0.16, 0.75, 1.1), (0.13, 1.0, 1.05), (0.22, 1.1, 0.95), (0.75, 1.15, 0.6)] {
            let note_s = share * draw.between(0.85, 1.3);
            let hz = hz * height;
            let pitch = Contour::new([(0.0, hz * 0.8), (0.2, hz), (0.6, hz * 0.98), (1.0, hz * bend * 0.85)]);
            Utterance::new(note_s, pitch, [(0.0, formants.map(|f| f * 0.8)), (0.4, formants), (1.0, formants)])
                .speak(track, at_s, 0.9, &timbre, draw);
            at_s += note_s + draw.between(0.02, 0.08);
        }
        at_s - start_s
    });
}

fn hen(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.3,
        brightness: 0.7,
        tilt_hz: 3500.0,
        breath: 0.25,
        jitter: 0.06,
        shimmer: 0.4,
        ..Timbre::default()
    };
    let pitch_hz = draw.trait_in(300.0, 700.0);
    let cluck = Call { pitch_hz, shape: [1.1, 1.0, 0.8], top_at: 0.3, duration_s: 0.05..0.14, pause_s: 0.08..0.5 };
    calls(track, draw, timbre.clone(), [900.0, 1700.0, 2800.0, 4000.0, 5500.0], cluck);
    if draw.chance(0.5) {
        let cackle = Call {
            pitch_hz: pitch_hz * 1.4,
            shape: [0.7, 1.2, 0.8],
            top_at: 0.5,
            duration_s: 0.3..0.8,
            pause_s: 1.0..3.0,
        };
        calls(track, draw, timbre, [1100.0, 2000.0, 3000.0, 4200.0, 5600.0], cackle);
    }
}

fn goose(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.2,
        brightness: 0.9,
        tilt_hz: 5000.0,
        breath: 0.1,
        jitter: 0.04,
        shimmer: 0.3,
        ..Timbre::default()
    };
    for _ in 0..draw.count(1, 3) {
        let pitch_hz = draw.trait_in(330.0, 720.0);
        let honk = Call { pitch_hz, shape: [0.7, 1.2, 0.9], top_at: 0.4, duration_s: 0.12..0.5, pause_s: 0.1..1.2 };
        calls(track, draw, timbre.clone(), [1100.0, 1900.0, 2800.0, 4000.0, 5500.0], honk);
    }
}

fn duck(track: &mut Track, draw: &mut Draw) {
    let timbre = Timbre {
        damping: 0.2,
        brightness: 0.9,
        tilt_hz: 4500.0,
        breath: 0.4,
        jitter: 0.1,
        shimmer: 0.5,
        ..Timbre::default()
    };
    let pitch_hz = draw.trait_in(95.0, 220.0);
    let quack = Call { pitch_hz, shape: [1.1, 1.0, 0.75], top_at: 0.2, duration_s: 0.1..0.3, pause_s: 0.06..0.8 };
    calls(track, draw, timbre, [1100.0, 1700.0, 2700.0, 3900.0, 5200.0], quack);
}

/// Wings rubbed together: a few pulses of a pure high tone, over and over.
pub(super) fn crickets(track: &mut Track, draw: &mut Draw) {
    for _ in 0..draw.count(1, 4) {
        let (hz, gain) = (draw.trait_in(2200.0, 7000.0), draw.octaves(0.15, 0.8));
        let (pulses, pulse_s) = (draw.count(1, 6), draw.between(0.012, 0.03));
        let pause_s = draw.octaves(0.08, 0.8);
        repeat(track, draw, pause_s..pause_s * 1.15, |track, _, at_s| {
            for pulse in 0..pulses {
                chirp(
                    track,
                    at_s + 1.6 * pulse as f32 * pulse_s,
                    pulse_s,
                    Contour::arch(hz * 1.02, hz, hz * 0.98, 0.5),
                    gain,
                );
            }
            1.6 * pulses as f32 * pulse_s
        });
    }
}
