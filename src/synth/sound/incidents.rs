//! The sound of each class of incident, fitted to the moments of contact.

use super::crowd::murmur;
use super::draw::Draw;
use super::impacts::{blast, blow, collision, forced_door, glass, kick, skid, spray};
use super::speech::{Person, breath, call, groan, scream};
use super::tones::{Body, db, harmonics, modes, repeat};
use super::{Kind, bells, cry, household, machines, sirens};
use crate::acoustics::{Filter, Oscillator, Track, fade, noise};
use avar_labels::AnomalyClass;

/// Fills `track` with the sound of `class` alone and names its kind. `impacts_s` are moments on the track.
/// A normal clip has no incident: the track stays as it is.
pub(super) fn incident(class: AnomalyClass, track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let mut of = |draw: &mut Draw, kinds: &[Kind]| {
        let kind = *draw.pick(kinds);
        (kind.render)(track, draw);
        kind.name
    };
    match class {
        AnomalyClass::BabyCry => of(draw, &cry::KINDS),
        // The wail is heard most.
        AnomalyClass::PoliceSiren if draw.chance(0.25) => of(draw, &sirens::KINDS[..1]),
        AnomalyClass::PoliceSiren => of(draw, &sirens::KINDS),
        AnomalyClass::Abuse => abuse(track, draw, impacts_s),
        AnomalyClass::Brawling => brawling(track, draw, impacts_s),
        AnomalyClass::Crash => crash(track, draw, impacts_s),
        AnomalyClass::Explosion => explosion(track, draw, impacts_s),
        AnomalyClass::Intruder => intruder(track, draw, impacts_s),
        AnomalyClass::Pain => pain(track, draw, impacts_s),
        AnomalyClass::Vandalism => vandalism(track, draw, impacts_s),
        AnomalyClass::Normal => "quiet",
    }
}

/// Moments of contact for a clip that has only sound.
pub(super) fn draw_impacts_s(class: AnomalyClass, draw: &mut Draw, duration_s: f32) -> Vec<f32> {
    let count = match class {
        AnomalyClass::Crash | AnomalyClass::Explosion => draw.count(1, 2),
        AnomalyClass::Pain => draw.count(0, 1),
        AnomalyClass::Abuse | AnomalyClass::Intruder => draw.count(1, 5),
        AnomalyClass::Brawling | AnomalyClass::Vandalism => draw.count(2, 9),
        AnomalyClass::BabyCry | AnomalyClass::PoliceSiren | AnomalyClass::Normal => 0,
    };
    let mut impacts_s: Vec<f32> = (0..count).map(|_| draw.between(0.12, 0.75) * duration_s).collect();
    impacts_s.sort_by(f32::total_cmp);
    impacts_s
}

/// Angry words without words: short, pressed phrases.
fn rage(track: &mut Track, draw: &mut Draw, person: &Person, pause_s: std::ops::Range<f32>) {
    repeat(track, draw, pause_s, |track, draw, at_s| {
        let gain = draw.between(0.4, 0.9);
        if draw.chance(0.6) {
            let syllables = draw.count(2, 8);
            person.phrase(track, draw, at_s, gain, syllables)
        } else {
            let duration_s = draw.octaves(0.2, 0.8);
            call(track, draw, at_s, duration_s, person, gain)
        }
    });
}

/// One who rages, one who pleads and cries out.
fn abuse(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let aggressor = if draw.chance(0.8) { Person::man(draw) } else { Person::woman(draw) }.shouting(draw, 0.8);
    rage(track, draw, &aggressor, 0.2..1.2);
    let victim = Person::woman(draw);
    repeat(track, draw, 0.4..1.8, |track, draw, at_s| match draw.between(0.0, 1.0) {
        share if share < 0.4 => {
            let syllables = draw.count(2, 6);
            victim.phrase(track, draw, at_s, 0.35, syllables)
        }
        share if share < 0.75 => groan(track, draw, at_s, 0.5, &victim),
        _ => {
            breath(track, draw, at_s, 0.4, 0.25, 1.2);
            0.4
        }
    });
    for &at_s in impacts_s {
        let force = draw.between(0.8, 1.4);
        blow(track, draw, at_s, force);
        if draw.chance(0.7) {
            let gain = draw.between(0.4, 0.8);
            scream(track, draw, at_s + 0.12, gain, &victim);
        }
    }
    "abuse"
}

fn brawling(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    for _ in 0..draw.count(2, 4) {
        let person = Person::adult(draw).shouting(draw, 0.9);
        rage(track, draw, &person, 0.1..1.0);
    }
    if draw.chance(0.6) {
        let mut crowd = Track::silent(track.duration_s(), track.rate_hz);
        murmur(&mut crowd, draw, 0.7);
        track.add(&crowd, 0.0, draw.between(0.2, 0.7) / crowd.peak().max(1e-6));
    }
    let fighter = Person::man(draw);
    for &at_s in impacts_s {
        let force = draw.between(0.7, 1.4);
        if draw.chance(0.75) {
            blow(track, draw, at_s, force)
        } else {
            kick(track, draw, at_s, force)
        }
        if draw.chance(0.5) {
            groan(track, draw, at_s + 0.08, 0.4, &fighter);
        }
    }
    "brawling"
}

fn crash(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let mut kind = "collision";
    if let Some(&first_s) = impacts_s.first()
        && draw.chance(0.7)
    {
        let skid_s = draw.between(0.4, 2.0);
        skid(track, draw, first_s, skid_s);
        kind = "skid_and_collision";
    }
    for &at_s in impacts_s {
        let force = draw.between(0.8, 1.3);
        collision(track, draw, at_s, force);
    }
    let last_s = impacts_s.last().copied().unwrap_or(0.0);
    let rest_s = (track.duration_s() - last_s - 0.5).max(0.1);
    if draw.chance(0.25) {
        let (hz, rate_hz, mut horn) = (draw.trait_in(310.0, 520.0), track.rate_hz, Oscillator::default());
        let levels = super::tones::falling(16, 3.0);
        track.mix(last_s + 0.4, rest_s, |age_s| {
            0.06 * fade(age_s, rest_s, 0.02, 0.1) * harmonics(horn.advance(hz, rate_hz), hz, rate_hz, &levels)
        });
    }
    if draw.chance(0.4) {
        let mut steam = noise(Filter::band_pass(draw.octaves(3000.0, 7000.0), 0.6, track.rate_hz), draw.seed());
        track.mix(last_s + 0.3, rest_s, |age_s| 0.1 * steam() * fade(age_s, rest_s, 0.3, rest_s * 0.5));
    }
    kind
}

fn explosion(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    for &at_s in impacts_s {
        let force = draw.between(0.8, 1.3);
        blast(track, draw, at_s, force);
    }
    let last_s = impacts_s.last().copied().unwrap_or(0.0);
    if draw.chance(0.3) {
        let splinters = draw.count(15, 50);
        glass(track, draw, last_s + 0.1, 0.5, splinters);
    }
    if draw.chance(0.3) {
        let mut alarm = Track::silent((track.duration_s() - last_s - 0.8).max(0.1), track.rate_hz);
        car_alarm(&mut alarm, draw);
        track.add(&alarm, last_s + 0.8, draw.between(0.03, 0.12));
    }
    "explosion"
}

/// Two tones or short sweeps from a small horn under a bonnet, over and over.
fn car_alarm(track: &mut Track, draw: &mut Draw) {
    let (hz, tone_s) = (draw.trait_in(500.0, 1400.0), draw.octaves(0.12, 0.4));
    let (rate_hz, mut horn) = (track.rate_hz, Oscillator::default());
    let (levels, second) = (super::tones::falling(9, 6.0), *draw.pick(&[0.0, 0.8, 1.26]));
    let duration_s = track.duration_s();
    track.mix(0.0, duration_s, |age_s| {
        let is_second = ((age_s / tone_s) as u32) % 2 == 1;
        let hz = if is_second { hz * second } else { hz };
        let gain = if hz > 0.0 { fade(age_s % tone_s, tone_s, 0.005, 0.005) } else { 0.0 };
        gain * harmonics(horn.advance(hz, rate_hz), hz, rate_hz, &levels)
    });
}

/// Careful steps, tools on a lock, wood that gives way, sometimes a pane or a bell.
fn intruder(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let mut steps = Track::silent(track.duration_s(), track.rate_hz);
    household::footsteps(&mut steps, draw);
    track.add(&steps, 0.0, draw.between(0.05, 0.3));
    repeat(track, draw, 0.15..1.2, |track, draw, at_s| {
        let scratch = modes(draw.octaves(1800.0, 5500.0), &[1.0, 1.6, 2.7], draw.octaves(0.004, 0.03), 0.3);
        Body::new(&scratch, track.rate_hz).strike(track, at_s, 0.2, draw.octaves(0.03, 0.2));
        0.02
    });
    let breaks_glass = draw.chance(0.35);
    for &at_s in impacts_s {
        let force = draw.between(0.7, 1.2);
        if breaks_glass {
            let splinters = draw.count(12, 35);
            glass(track, draw, at_s, force, splinters);
        } else {
            forced_door(track, draw, at_s, force);
        }
    }
    if let Some(&last_s) = impacts_s.last()
        && draw.chance(0.25)
    {
        let mut bell = Track::silent((track.duration_s() - last_s - 0.5).max(0.1), track.rate_hz);
        (bells::ALARM_BELL.render)(&mut bell, draw);
        track.add(&bell, last_s + 0.5, draw.between(0.1, 0.4));
    }
    if breaks_glass { "pane_broken" } else { "door_forced" }
}

fn pain(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let person = Person::adult(draw);
    for &at_s in impacts_s {
        let force = draw.between(0.6, 1.1);
        blow(track, draw, at_s, force);
        scream(track, draw, at_s + 0.1, 0.5, &person);
    }
    repeat(track, draw, 0.15..1.1, |track, draw, at_s| match draw.between(0.0, 1.0) {
        share if share < 0.65 => {
            let gain = draw.between(0.4, 0.9);
            groan(track, draw, at_s, gain, &person)
        }
        share if share < 0.85 => {
            let (gasp_s, gain) = (draw.octaves(0.15, 0.6), draw.octaves(0.15, 0.5));
            breath(track, draw, at_s, gasp_s, gain, 1.15);
            gasp_s
        }
        share if share < 0.93 => scream(track, draw, at_s, 0.6, &person),
        _ => {
            let duration_s = draw.octaves(0.2, 0.5);
            call(track, draw, at_s, duration_s, &person, 0.7)
        }
    });
    "pain"
}

fn vandalism(track: &mut Track, draw: &mut Draw, impacts_s: &[f32]) -> &'static str {
    let (sprays, mostly_glass) = (draw.chance(0.4), draw.chance(0.5));
    if sprays {
        let mut can = Track::silent(track.duration_s(), track.rate_hz);
        spray(&mut can, draw);
        track.add(&can, 0.0, db(draw.between(-12.0, 0.0)));
    }
    for &at_s in impacts_s {
        let force = draw.between(0.7, 1.3);
        if draw.chance(if mostly_glass { 0.8 } else { 0.2 }) {
            let splinters = draw.count(15, 50);
            glass(track, draw, at_s, force, splinters);
        } else {
            kick(track, draw, at_s, force);
        }
    }
    if draw.chance(0.3) {
        let mut motor = Track::silent(track.duration_s(), track.rate_hz);
        machines::traffic(&mut motor, draw);
        track.add(&motor, 0.0, 0.1 / motor.peak().max(1e-6));
    }
    match (sprays, mostly_glass) {
        (true, _) => "spraying_and_breaking",
        (false, true) => "glass_smashed",
        (false, false) => "kicks",
    }
}
