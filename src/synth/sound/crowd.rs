//! Many people at once: murmur, cheering, applause, a playground.

use super::Kind;
use super::draw::Draw;
use super::speech::{Person, call, scream};
use super::tones::{db, repeat};
use crate::acoustics::{Filter, Track, fade, noise};

pub(super) const KINDS: [Kind; 5] = [
    Kind::new("crowd_murmur", |track, draw| murmur(track, draw, 0.0)),
    Kind::new("crowd_cheering", cheering),
    Kind::new("applause", applause),
    Kind::new("clapping", clapping),
    Kind::new("playground", playground),
];

/// People who talk past each other; `force` 0 is calm, 1 is a brawl.
pub(super) fn murmur(track: &mut Track, draw: &mut Draw, force: f32) {
    let mut few = Track::silent(track.duration_s(), track.rate_hz);
    let people: Vec<Person> = (0..6).map(|_| voice(draw, force)).collect();
    for person in &people {
        repeat(&mut few, draw, 0.05..0.9, |track, draw, at_s| {
            let (gain, syllables) = (draw.octaves(0.2, 1.0), draw.count(2, 10));
            person.phrase(track, draw, at_s, gain, syllables)
        });
    }
    track.add(&few, 0.0, 0.6);
    multiply(track, draw, &few, 8);
}

fn voice(draw: &mut Draw, force: f32) -> Person {
    let person = Person::adult(draw);
    if force > 0.0 { person.shouting(draw, force) } else { person }
}

/// Copies at other times and speeds stand for people farther away: a crowd costs no more than a few voices.
fn multiply(track: &mut Track, draw: &mut Draw, few: &Track, copies: usize) {
    for _ in 0..copies {
        let (speed, gain) = (draw.between(0.82, 1.22), db(draw.between(-14.0, -3.0)));
        let mut at = draw.between(0.0, few.samples.len() as f32);
        let mut dulled = 0.0;
        let share = draw.between(0.15, 0.7);
        for sample in &mut track.samples {
            let index = at as usize;
            let next = if index + 1 < few.samples.len() { index + 1 } else { 0 };
            let heard = few.samples[index] + (few.samples[next] - few.samples[index]) * at.fract();
            dulled += share * (heard - dulled);
            *sample += gain * dulled;
            at += speed;
            if at >= few.samples.len() as f32 {
                at -= few.samples.len() as f32;
            }
        }
    }
}

fn cheering(track: &mut Track, draw: &mut Draw) {
    let mut few = Track::silent(track.duration_s(), track.rate_hz);
    for _ in 0..6 {
        let person = Person::adult(draw).shouting(draw, 0.9);
        repeat(&mut few, draw, 0.05..0.8, |track, draw, at_s| {
            let (duration_s, gain) = (draw.octaves(0.3, 1.6), draw.octaves(0.2, 1.0));
            call(track, draw, at_s, duration_s, &person, gain)
        });
    }
    track.add(&few, 0.0, 0.5);
    multiply(track, draw, &few, 10);
    let mut roar = noise(Filter::band_pass(1100.0, 0.6, track.rate_hz), draw.seed());
    let level = track.loudness() * draw.between(0.5, 2.0);
    track.mix(0.0, track.duration_s(), |_| level * roar());
}

/// One pair of hands.
fn hand_clap(track: &mut Track, draw: &mut Draw, at_s: f32, gain: f32, center_hz: f32) {
    let mut palm = noise(Filter::band_pass(center_hz * draw.between(0.9, 1.1), 1.6, track.rate_hz), draw.seed());
    let decay_s = draw.between(0.006, 0.02);
    track.mix(at_s, 0.09, |age_s| gain * palm() * (-age_s / decay_s).exp() * fade(age_s, 0.09, 0.0005, 0.01));
}

fn clapping(track: &mut Track, draw: &mut Draw) {
    let (period_s, center_hz) = (draw.trait_in(0.18, 0.6), draw.trait_in(700.0, 2200.0));
    let mut at_s = draw.between(0.0, period_s);
    while at_s < track.duration_s() {
        hand_clap(track, draw, at_s, 1.0, center_hz);
        at_s += period_s * draw.between(0.95, 1.05);
    }
}

fn applause(track: &mut Track, draw: &mut Draw) {
    let per_s = draw.octaves(20.0, 140.0);
    let mut at_s = 0.0;
    while at_s < track.duration_s() {
        let (gain, center_hz) = (draw.octaves(0.05, 1.0), draw.octaves(600.0, 2600.0));
        hand_clap(track, draw, at_s, gain, center_hz);
        at_s += -draw.between(1e-4, 1.0).ln() / per_s;
    }
}

fn playground(track: &mut Track, draw: &mut Draw) {
    let mut few = Track::silent(track.duration_s(), track.rate_hz);
    for _ in 0..5 {
        let child = Person::child(draw).shouting(draw, 0.5);
        repeat(&mut few, draw, 0.1..1.2, |track, draw, at_s| match draw.between(0.0, 1.0) {
            share if share < 0.6 => {
                let syllables = draw.count(2, 8);
                child.phrase(track, draw, at_s, 0.6, syllables)
            }
            share if share < 0.9 => {
                let duration_s = draw.octaves(0.2, 0.8);
                call(track, draw, at_s, duration_s, &child, 0.7)
            }
            _ => scream(track, draw, at_s, 0.4, &child) * 0.5,
        });
    }
    track.add(&few, 0.0, 0.6);
    multiply(track, draw, &few, 5);
}
