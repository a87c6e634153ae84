//! Infants who cry.
//!
//! Numbers after descriptions of the infant cry (Golub and Corwin, "A physioacoustic model of the infant cry",
//! 1985; LaGasse, Neal and Lester, "Assessment of infant cry", 2005): phonation near 400 Hz that rises and falls
//! within a breath, hyperphonation above 1 kHz, dysphonation, a gasp between breaths, about one cry a second,
//! and a vocal tract half as long as an adult's.

use super::Kind;
use super::draw::Draw;
use super::speech::Person;
use super::tones::Contour;
use super::voice::{Formants, Timbre, Utterance};
use crate::acoustics::Track;

pub(super) const KINDS: [Kind; 8] = [
    Kind::new("cry_hungry", |track, draw| {
        bout(track, draw, Mood { cry_s: 0.45..1.3, pause_s: 0.15..0.8, force: 0.75 })
    }),
    Kind::new("cry_pain", |track, draw| bout(track, draw, Mood { cry_s: 0.8..2.6, pause_s: 0.25..1.1, force: 1.0 })),
    Kind::new("cry_sustained", |track, draw| {
        bout(track, draw, Mood { cry_s: 1.4..3.6, pause_s: 0.3..1.2, force: 0.9 })
    }),
    Kind::new("cry_now_and_then", now_and_then),
    Kind::new("cry_newborn", |track, draw| {
        bout(track, draw, Mood { cry_s: 0.22..0.7, pause_s: 0.1..0.35, force: 0.6 })
    }),
    Kind::new("cry_fussing", |track, draw| {
        bout(track, draw, Mood { cry_s: 0.15..0.9, pause_s: 0.25..1.4, force: 0.35 })
    }),
    Kind::new("cry_whimper", whimper),
    Kind::new("cry_two_infants", two_infants),
];

/// How upset.
struct Mood {
    cry_s: std::ops::Range<f32>,
    pause_s: std::ops::Range<f32>,
    /// 0 to 1: louder, brighter, rougher.
    force: f32,
}

/// One infant's throat.
struct Infant {
    pitch_hz: f32,
    timbre: Timbre,
    /// Mouth nearly closed, and wide open.
    closed: Formants,
    open: Formants,
}

impl Infant {
    fn draw(draw: &mut Draw, force: f32) -> Self {
        let first_hz = draw.trait_in(780.0, 1380.0);
        let second_hz = draw.trait_in(1750.0, 3250.0).max(first_hz * 1.5);
        let third_hz = draw.trait_in(3000.0, 4600.0).max(second_hz * 1.2);
        let open = [first_hz, second_hz, third_hz, third_hz + 1500.0, third_hz + 3000.0];
        let closed = [first_hz * draw.between(0.45, 0.75), second_hz * 0.9, third_hz, open[3], open[4]];
        let timbre = Timbre {
            damping: draw.octaves(0.16, 0.5),
            // Some are all chest, some all nose and teeth.
            brightness: draw.octaves(0.35, 1.05),
            tilt_hz: draw.octaves(800.0, 2600.0) * (0.7 + 1.6 * force),
            breath: draw.octaves(0.01, 0.12),
            jitter: draw.octaves(0.004, 0.03),
            shimmer: draw.between(0.03, 0.2),
            subharmonic: 0.0,
            vibrato_hz: draw.between(4.5, 9.0),
            vibrato: if draw.chance(0.45) { draw.octaves(0.004, 0.035) } else { 0.0 },
            tremolo: draw.between(0.0, 0.3),
            tract: 1.0,
        };
        Self { pitch_hz: draw.trait_in(290.0, 560.0), timbre, closed, open }
    }

    /// One breath out.
    fn cry(&self, draw: &mut Draw, duration_s: f32, force: f32) -> (Utterance, Timbre) {
        let mut timbre = self.timbre.clone();
        let base_hz = self.pitch_hz * draw.between(0.88, 1.14);
        let top_hz = base_hz * draw.octaves(1.04, 1.45);
        let mut pitch = vec![(0.0, base_hz * draw.between(0.65, 1.0)), (draw.between(0.06, 0.2), top_hz * 0.97)];
        let (top_at, late_at) = (draw.between(0.25, 0.6), draw.between(0.7, 0.9));
        pitch.push((top_at, top_hz));
        // A long breath wavers on its way down.
        let waves = (duration_s * (late_at - top_at) / 0.2) as usize;
        for wave in 1..=waves {
            let share = wave as f32 / (waves + 1) as f32;
            let hz = top_hz + (base_hz - top_hz) * share;
            pitch.push((top_at + (late_at - top_at) * share, hz * draw.between(0.94, 1.06)));
        }
        pitch.push((late_at, base_hz * draw.between(0.9, 1.1)));
        pitch.push((1.0, base_hz * draw.between(0.6, 0.95)));
        match draw.between(0.0, 1.0) {
            // Hyperphonation: the voice breaks into a whistle-like register for a while.
            share if share < 0.10 * (0.4 + force) && duration_s < 2.0 => {
                let high_hz = draw.octaves(950.0, 1900.0);
                let (from, to) = (draw.between(0.1, 0.3), draw.between(0.5, 0.85));
                pitch = vec![
                    (0.0, base_hz),
                    (from, top_hz),
                    (from + 0.03, high_hz),
                    (to, high_hz * draw.between(0.9, 1.15)),
                    (to + 0.03, base_hz),
                    (1.0, base_hz * 0.8),
                ];
            }
            // Dysphonation: the folds swing chaotically.
            share if share < 0.10 + 0.22 * force => {
                timbre.jitter = draw.between(0.08, 0.35);
                timbre.shimmer = draw.between(0.3, 0.9);
                timbre.breath *= 4.0;
                timbre.tilt_hz *= 1.5;
            }
            // A long cry wears the voice out.
            share if share > 0.55 && duration_s > 1.3 => {
                timbre.jitter = draw.octaves(0.015, 0.08);
                timbre.shimmer = draw.between(0.15, 0.5);
                timbre.tremolo = draw.between(0.2, 0.6);
            }
            share if share > 0.86 => timbre.subharmonic = draw.between(0.25, 0.8),
            _ => {}
        }
        let mut cry = Utterance::new(
            duration_s,
            Contour::new(pitch),
            [
                (0.0, self.closed),
                (draw.between(0.1, 0.35), self.open),
                (draw.between(0.6, 0.85), self.open),
                (1.0, self.closed),
            ],
        );
        let attack = (0.05 / duration_s).min(0.3);
        cry.level = Contour::new([
            (0.0, 0.0),
            (attack, draw.octaves(0.2, 1.0)),
            (draw.between(0.35, 0.6), 1.0),
            (draw.between(0.75, 0.9), draw.octaves(0.15, 0.9)),
            (1.0, 0.0),
        ]);
        if draw.chance(0.22) {
            cry.level = wavering(draw, duration_s);
        }
        (cry, timbre)
    }

    /// The breath in: a hoarse gasp, now and then voiced and high.
    fn gasp(&self, track: &mut Track, draw: &mut Draw, start_s: f32) -> f32 {
        let duration_s = draw.octaves(0.09, 0.3);
        let is_voiced = draw.chance(0.35);
        let pitch_hz = if is_voiced { self.pitch_hz * draw.between(1.3, 2.2) } else { 0.0 };
        let pitch =
            if is_voiced { Contour::arch(pitch_hz * 0.8, pitch_hz, pitch_hz * 1.1, 0.7) } else { Contour::flat(0.0) };
        let timbre = Timbre { breath: draw.between(0.5, 1.4), jitter: 0.1, ..self.timbre.clone() };
        let mut gasp = Utterance::new(duration_s, pitch, [(0.0, self.closed), (1.0, self.open)]);
        gasp.level = Contour::arch(0.0, 1.0, 0.0, 0.6);
        gasp.speak(track, start_s, draw.between(0.06, 0.3), &timbre, draw);
        duration_s
    }
}

/// "Eh-eh-eh": a breath that is chopped by the glottis.
fn wavering(draw: &mut Draw, duration_s: f32) -> Contour {
    let count = (duration_s * draw.octaves(3.5, 9.0)).round().max(2.0) as usize;
    let width = 1.0 / count as f32;
    let dip = draw.between(0.0, 0.5);
    let points: Vec<(f32, f32)> = (0..count)
        .flat_map(|n| {
            let from = n as f32 * width;
            [(from, dip), (from + 0.2 * width, 1.0), (from + 0.6 * width, 0.9), (from + 0.93 * width, dip)]
        })
        .collect();
    Contour::new(points)
}

fn bout(track: &mut Track, draw: &mut Draw, mood: Mood) {
    let infant = Infant::draw(draw, mood.force);
    let duration_s = track.duration_s();
    let pace = draw.octaves(0.75, 1.3);
    let mut at_s = draw.between(-0.6, 0.7).max(0.0);
    while at_s < duration_s {
        let cry_s = draw.octaves(mood.cry_s.start, mood.cry_s.end) * pace;
        let (cry, timbre) = infant.cry(draw, cry_s, mood.force);
        cry.speak(track, at_s, draw.octaves(0.3, 1.0), &timbre, draw);
        at_s += cry_s;
        let pause_s = draw.octaves(mood.pause_s.start, mood.pause_s.end) * pace;
        if draw.chance(0.65) {
            let delay_s = pause_s * draw.between(0.05, 0.35);
            infant.gasp(track, draw, at_s + delay_s);
        }
        at_s += pause_s;
        // Now and then it holds its breath or has to look.
        if draw.chance(0.06) {
            at_s += draw.between(0.4, 1.5);
        }
    }
}

/// One or two cries, long silences, somebody who speaks: most of an uneasy evening.
fn now_and_then(track: &mut Track, draw: &mut Draw) {
    let mut at_s = draw.between(0.0, 1.5);
    let force = draw.between(0.2, 1.0);
    let infant = Infant::draw(draw, force);
    while at_s < track.duration_s() - 0.4 {
        let cry_s = draw.octaves(0.3, 1.8);
        let (cry, timbre) = infant.cry(draw, cry_s, force);
        cry.speak(track, at_s, draw.between(0.5, 1.0), &timbre, draw);
        at_s += cry_s + draw.octaves(0.7, 3.0);
    }
    if draw.chance(0.35) {
        let (parent, start_s, syllables) =
            (Person::adult(draw), draw.between(0.0, track.duration_s()), draw.count(2, 8));
        let gain = draw.octaves(0.08, 0.6);
        parent.phrase(track, draw, start_s, gain, syllables);
    }
}

/// Nearly closed lips, little breath, a pitch that bends down.
fn whimper(track: &mut Track, draw: &mut Draw) {
    let infant = Infant::draw(draw, 0.1);
    let duration_s = track.duration_s();
    let mut at_s = draw.between(0.0, 0.8);
    while at_s < duration_s {
        let whimper_s = draw.octaves(0.14, 0.9);
        let top_hz = infant.pitch_hz * draw.octaves(0.85, 1.5);
        let pitch = Contour::arch(top_hz * 0.85, top_hz, top_hz * draw.between(0.65, 0.95), draw.between(0.15, 0.6));
        let whimper =
            Utterance::new(whimper_s, pitch, [(0.0, infant.closed), (0.5, infant.open), (1.0, infant.closed)]);
        whimper.speak(track, at_s, draw.between(0.35, 1.0), &infant.timbre, draw);
        at_s += whimper_s + draw.octaves(0.08, 0.9);
        if draw.chance(0.3) {
            at_s += infant.gasp(track, draw, at_s);
        }
    }
}

fn two_infants(track: &mut Track, draw: &mut Draw) {
    bout(track, draw, Mood { cry_s: 0.4..1.4, pause_s: 0.15..0.6, force: 0.8 });
    let mut other = Track::silent(track.duration_s(), track.rate_hz);
    bout(&mut other, draw, Mood { cry_s: 0.3..1.2, pause_s: 0.2..1.0, force: 0.6 });
    track.add(&other, 0.0, draw.between(0.25, 0.9));
}
