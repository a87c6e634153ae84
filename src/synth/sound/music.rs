//! Music: instruments alone, and a small band.

use super::Kind;
use super::draw::Draw;
use super::tones::{Body, Contour, Glide, falling, modes};
use crate::acoustics::{Filter, Track, fade, noise};

pub(super) const KINDS: [Kind; 12] = [
    Kind::new("violin", |track, draw| bowed(track, draw, 196.0, 1200.0)),
    Kind::new("cello", |track, draw| bowed(track, draw, 65.0, 330.0)),
    Kind::new("flute", flute),
    Kind::new("trumpet", |track, draw| blown(track, draw, 180.0, 950.0, 4.0)),
    Kind::new("saxophone_or_clarinet", |track, draw| blown(track, draw, 120.0, 800.0, 7.0)),
    Kind::new("harmonica_or_accordion", |track, draw| chords(track, draw, 5.0)),
    Kind::new("organ_or_synthesizer", |track, draw| chords(track, draw, 11.0)),
    Kind::new("piano", |track, draw| plucked(track, draw, 90.0, 1400.0, 1.2)),
    Kind::new("guitar", |track, draw| plucked(track, draw, 82.0, 700.0, 0.8)),
    Kind::new("theremin_or_slide", slide),
    Kind::new("drums", drums),
    Kind::new("band", band),
];

const MAJOR: [f32; 8] = [1.0, 1.122, 1.26, 1.335, 1.498, 1.682, 1.888, 2.0];
const MINOR: [f32; 8] = [1.0, 1.122, 1.189, 1.335, 1.498, 1.587, 1.782, 2.0];

/// A walk on a scale in a beat: calls `play(track, draw, start_s, duration_s, hz)`.
fn melody(
    track: &mut Track,
    draw: &mut Draw,
    low_hz: f32,
    high_hz: f32,
    mut play: impl FnMut(&mut Track, &mut Draw, f32, f32, f32),
) {
    let scale = if draw.chance(0.5) { MAJOR } else { MINOR };
    let (tonic_hz, beat_s) = (draw.trait_in(low_hz, (high_hz / 2.0).max(low_hz * 1.2)), draw.trait_in(0.16, 0.7));
    let (mut step, mut at_s) = (draw.count(0, 7), 0.0);
    while at_s < track.duration_s() {
        step = (step + draw.count(0, 4)).saturating_sub(2).min(7);
        let note_s = beat_s * draw.pick(&[0.5, 1.0, 1.0, 1.0, 2.0, 3.0]);
        if !draw.chance(0.1) {
            play(track, draw, at_s, note_s, tonic_hz * scale[step]);
        }
        at_s += note_s;
    }
}

fn bowed(track: &mut Track, draw: &mut Draw, low_hz: f32, high_hz: f32) {
    let (slope_db, vibrato, slides) = (draw.between(4.0, 9.0), draw.between(0.0, 0.02), draw.chance(0.4));
    let mut last_hz = 0.0;
    melody(track, draw, low_hz, high_hz, |track, draw, at_s, note_s, hz| {
        let from_hz = if slides && last_hz > 0.0 { last_hz } else { hz * 0.99 };
        last_hz = hz;
        let mut note = Glide::new(note_s, Contour::new([(0.0, from_hz), (draw.between(0.05, 0.3), hz), (1.0, hz)]));
        (note.harmonics, note.vibrato, note.vibrato_hz) = (falling(18, slope_db), vibrato, draw.between(4.5, 6.5));
        note.level = Contour::arch(0.0, 1.0, 0.15, 0.35);
        note.play(track, at_s, 0.35);
    });
    // The body of the instrument and the rosin on the bow.
    let mut body = Filter::band_pass(low_hz * 3.0, 1.0, track.rate_hz);
    track.samples.iter_mut().for_each(|sample| *sample += 0.8 * body.next(*sample));
    let mut rosin = noise(Filter::high_pass(2500.0, 0.7, track.rate_hz), draw.seed());
    track.samples.iter_mut().for_each(|sample| *sample += 0.03 * rosin() * sample.abs());
}

fn flute(track: &mut Track, draw: &mut Draw) {
    let (vibrato, airy) = (draw.between(0.0, 0.012), draw.octaves(0.01, 0.12));
    let harmonics = vec![1.0, draw.octaves(0.05, 0.6), draw.octaves(0.02, 0.25), 0.03];
    melody(track, draw, 260.0, 2300.0, |track, draw, at_s, note_s, hz| {
        let mut note = Glide::new(note_s, Contour::arch(hz * 0.98, hz, hz, 0.08));
        (note.harmonics, note.vibrato, note.tremolo) = (harmonics.clone(), vibrato, draw.between(0.0, 0.3));
        note.play(track, at_s, 0.5);
        let mut air = noise(Filter::band_pass(hz * 2.0, 0.8, track.rate_hz), draw.seed());
        track.mix(at_s, note_s, |age_s| airy * air() * fade(age_s, note_s, 0.03, 0.05));
    });
}

fn blown(track: &mut Track, draw: &mut Draw, low_hz: f32, high_hz: f32, slope_db: f32) {
    let (slope_db, falls) = (slope_db + draw.between(-2.0, 3.0), draw.chance(0.3));
    melody(track, draw, low_hz, high_hz, |track, draw, at_s, note_s, hz| {
        let end_hz = if falls && draw.chance(0.3) { hz * 0.7 } else { hz };
        let mut note = Glide::new(note_s, Contour::new([(0.0, hz * 0.96), (0.08, hz), (0.7, hz), (1.0, end_hz)]));
        (note.harmonics, note.vibrato) = (falling(16, slope_db), draw.between(0.0, 0.012));
        note.level = Contour::new([(0.0, 0.0), (0.06, 1.0), (0.3, 0.75), (0.85, 0.7), (1.0, 0.0)]);
        note.play(track, at_s, 0.35);
    });
}

fn chords(track: &mut Track, draw: &mut Draw, slope_db: f32) {
    let harmonics = falling(12, slope_db);
    let (tremolo, chord) =
        (draw.between(0.0, 0.4), *draw.pick(&[[1.0, 1.26, 1.498], [1.0, 1.189, 1.498], [1.0, 1.335, 2.0]]));
    melody(track, draw, 130.0, 900.0, |track, draw, at_s, note_s, hz| {
        for ratio in chord {
            let mut note = Glide::new(note_s, Contour::flat(hz * ratio * draw.between(0.998, 1.002)));
            (note.harmonics, note.tremolo) = (harmonics.clone(), tremolo);
            note.level = Contour::swell(0.05, 0.08);
            note.play(track, at_s, 0.2);
        }
    });
}

/// A struck or plucked string: partials a little sharp, the higher the shorter.
fn plucked(track: &mut Track, draw: &mut Draw, low_hz: f32, high_hz: f32, decay_s: f32) {
    let (slope, stiffness) = (draw.between(0.6, 1.5), draw.between(0.0, 0.0008));
    melody(track, draw, low_hz, high_hz, |track, draw, at_s, note_s, hz| {
        let voices = if draw.chance(0.3) { 3 } else { 1 };
        for ratio in &[1.0, 1.26, 1.498][..voices] {
            let partials: Vec<f32> = (1..12).map(|n| n as f32 * (1.0 + stiffness * (n * n) as f32)).collect();
            let string = modes(hz * ratio, &partials, decay_s * (200.0 / hz).powf(0.3), slope);
            Body::new(&string, track.rate_hz).strike(track, at_s, note_s * 1.5, 0.4 * draw.between(0.6, 1.0));
        }
    });
}

/// One voice that never stops gliding: a theremin, a musical saw, a slide guitar, a synthesizer lead.
fn slide(track: &mut Track, draw: &mut Draw) {
    let duration_s = track.duration_s();
    let (base_hz, step_s) = (draw.trait_in(220.0, 1000.0), draw.between(0.35, 1.1));
    let (mut points, mut share, mut hz) = (vec![(0.0, base_hz)], 0.0, base_hz);
    while share < 1.0 {
        let hold = step_s / duration_s * draw.between(0.4, 1.0);
        points.push((share + hold, hz));
        hz = base_hz * draw.pick(&MINOR) * draw.pick(&[0.5, 1.0, 1.0]);
        share += hold + step_s / duration_s * draw.between(0.15, 0.7);
        points.push((share, hz));
    }
    let mut voice = Glide::new(duration_s, Contour::new(points));
    (voice.vibrato, voice.vibrato_hz) = (draw.between(0.004, 0.03), draw.between(4.5, 7.5));
    voice.harmonics = falling(8, draw.between(6.0, 26.0));
    voice.level = Contour::swell(0.03, 0.05);
    voice.play(track, 0.0, 0.6);
}

fn drums(track: &mut Track, draw: &mut Draw) {
    let (beat_s, rate_hz) = (draw.trait_in(0.11, 0.3), track.rate_hz);
    let pattern: Vec<usize> = (0..16).map(|beat| if beat % 4 == 0 { 0 } else { draw.count(0, 4) }).collect();
    let (mut at_s, mut beat) = (0.0, 0);
    while at_s < track.duration_s() {
        match pattern[beat % 16] {
            0 => {
                let mut kick = Glide::new(0.3, Contour::new([(0.0, 140.0), (0.15, 60.0), (1.0, 45.0)]));
                kick.level = Contour::new([(0.0, 1.0), (0.3, 0.6), (1.0, 0.0)]);
                kick.play(track, at_s, 0.9);
            }
            1 => {
                let mut snare = noise(Filter::band_pass(2200.0, 0.4, rate_hz), draw.seed());
                track.mix(at_s, 0.25, |age_s| 1.2 * snare() * (-age_s / 0.06).exp());
            }
            2 | 3 => {
                let mut hat = noise(Filter::high_pass(6000.0, 0.7, rate_hz), draw.seed());
                track.mix(at_s, 0.1, |age_s| 0.3 * hat() * (-age_s / 0.025).exp());
            }
            _ => {}
        }
        at_s += beat_s;
        beat += 1;
    }
}

fn band(track: &mut Track, draw: &mut Draw) {
    drums(track, draw);
    track.scale(draw.between(0.2, 1.0));
    let parts: [fn(&mut Track, &mut Draw); 6] = [
        |track, draw| plucked(track, draw, 40.0, 110.0, 0.6),
        |track, draw| chords(track, draw, 9.0),
        |track, draw| plucked(track, draw, 160.0, 800.0, 0.8),
        |track, draw| bowed(track, draw, 196.0, 900.0),
        |track, draw| blown(track, draw, 180.0, 900.0, 6.0),
        slide,
    ];
    for _ in 0..draw.count(2, 3) {
        let mut part = Track::silent(track.duration_s(), track.rate_hz);
        draw.pick(&parts)(&mut part, draw);
        track.add(&part, 0.0, draw.between(0.3, 1.0) / part.peak().max(1e-6));
    }
}
