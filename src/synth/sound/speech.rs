//! People: talk without words, laughter, coughs, shouts, groans, and what mouths and noses do besides.

use super::Kind;
use super::draw::Draw;
use super::tones::{Contour, db, repeat};
use super::voice::{A, AE, E, Formants, I, O, SCHWA, Timbre, U, Utterance, VOWELS};
use crate::acoustics::{Filter, Track, fade, noise};

/// A person's pitch and throat.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub pitch_hz: f32,
    pub timbre: Timbre,
}

impl Person {
    pub(super) fn man(draw: &mut Draw) -> Self {
        let (pitch_hz, tract) = (draw.trait_in(80.0, 160.0), draw.trait_in(0.92, 1.06));
        Self::with(draw, pitch_hz, tract)
    }

    pub(super) fn woman(draw: &mut Draw) -> Self {
        let (pitch_hz, tract) = (draw.trait_in(155.0, 270.0), draw.trait_in(1.08, 1.24));
        Self::with(draw, pitch_hz, tract)
    }

    pub(super) fn child(draw: &mut Draw) -> Self {
        let (pitch_hz, tract) = (draw.trait_in(210.0, 360.0), draw.trait_in(1.18, 1.38));
        Self::with(draw, pitch_hz, tract)
    }

    pub(super) fn adult(draw: &mut Draw) -> Self {
        if draw.chance(0.5) { Self::man(draw) } else { Self::woman(draw) }
    }

    fn with(draw: &mut Draw, pitch_hz: f32, tract: f32) -> Self {
        let timbre = Timbre {
            tract,
            damping: draw.between(0.08, 0.2),
            brightness: draw.between(0.45, 0.8),
            tilt_hz: draw.octaves(700.0, 3500.0),
            breath: draw.octaves(0.01, 0.15),
            jitter: draw.octaves(0.004, 0.03),
            shimmer: draw.between(0.02, 0.15),
            ..Timbre::default()
        };
        Self { pitch_hz, timbre }
    }

    /// Louder by pressing: brighter and higher.
    pub(super) fn shouting(mut self, draw: &mut Draw, force: f32) -> Self {
        self.pitch_hz *= 1.0 + force * draw.between(0.5, 1.3);
        self.timbre.tilt_hz = 2500.0 + 3500.0 * force;
        self.timbre.brightness = 0.8;
        self.timbre.jitter += 0.05 * force;
        self.timbre.shimmer += 0.2 * force;
        self.timbre.tract *= 1.05;
        self
    }

    /// Syllables with the melody of a sentence; returns how long it lasted.
    pub(super) fn phrase(&self, track: &mut Track, draw: &mut Draw, start_s: f32, gain: f32, syllables: usize) -> f32 {
        let rate_hz = draw.between(3.6, 6.2);
        let duration_s = syllables as f32 / rate_hz;
        let width = 1.0 / syllables as f32;
        let (mut pitch, mut level, mut vowels) = (Vec::new(), vec![(0.0, 0.0)], Vec::new());
        let is_question = draw.chance(0.2);
        for syllable in 0..syllables {
            let from = syllable as f32 * width;
            let decline = 1.12 - 0.3 * from;
            let accent = if draw.chance(0.3) { draw.between(1.12, 1.45) } else { draw.between(0.93, 1.08) };
            pitch.push((from + 0.45 * width, self.pitch_hz * decline * accent));
            let (dip, width_jitter) = (draw.octaves(0.04, 0.6), draw.between(0.3, 0.5));
            let strength = draw.between(0.55, 1.0);
            level.push((from + 0.12 * width, dip));
            level.push((from + width_jitter * width, strength));
            level.push((from + 0.82 * width, strength * 0.8));
            let vowel = *draw.pick(&VOWELS);
            // Most syllables are only half articulated.
            let vowel: Formants = std::array::from_fn(|n| vowel[n] + 0.25 * (SCHWA[n] - vowel[n]));
            vowels.push((from + 0.3 * width, vowel));
            if draw.chance(0.4) {
                vowels.push((from + 0.8 * width, *draw.pick(&VOWELS)));
            }
            if draw.chance(0.45) {
                consonant(track, draw, start_s + (from + 0.02 * width) * duration_s, gain);
            }
        }
        pitch.push((1.0, self.pitch_hz * if is_question { 1.5 } else { 0.72 }));
        level.push((1.0, 0.0));
        let mut phrase = Utterance::new(duration_s, Contour::new(pitch), vowels);
        phrase.level = Contour::new(level);
        phrase.speak(track, start_s, gain, &self.timbre, draw);
        duration_s
    }
}

/// A hiss or a burst at the lips, teeth or palate.
fn consonant(track: &mut Track, draw: &mut Draw, start_s: f32, gain: f32) {
    let rate_hz = track.rate_hz;
    let center_hz = draw.octaves(1400.0, 7500.0);
    let duration_s = if draw.chance(0.5) { draw.between(0.06, 0.14) } else { draw.between(0.008, 0.03) };
    let mut hiss = noise(Filter::band_pass(center_hz, draw.between(0.7, 2.0), rate_hz), draw.seed());
    let gain = gain * draw.octaves(0.04, 0.25);
    track.mix(start_s, duration_s, |age_s| gain * hiss() * fade(age_s, duration_s, 0.3 * duration_s, 0.4 * duration_s));
}

pub(super) const KINDS: [Kind; 19] = [
    Kind::new("talk", |track, draw| {
        let person = Person::adult(draw);
        talk(track, draw, &[person], 0.15..0.8);
    }),
    Kind::new("conversation", |track, draw| {
        let people = [Person::man(draw), Person::woman(draw), Person::adult(draw)];
        talk(track, draw, &people, 0.02..0.5);
    }),
    Kind::new("child_talking", |track, draw| {
        let child = Person::child(draw);
        talk(track, draw, &[child], 0.1..0.9);
    }),
    Kind::new("child_shouting_in_play", child_shouting),
    Kind::new("radio_voice", radio_voice),
    Kind::new("laughing", |track, draw| laughing(track, draw, false)),
    Kind::new("child_laughing", |track, draw| laughing(track, draw, true)),
    Kind::new("cheer", |track, draw| {
        let mut people = [Person::man(draw), Person::adult(draw), Person::adult(draw)];
        people.iter_mut().for_each(|person| *person = person.clone().shouting(draw, 0.6));
        repeat(track, draw, 0.3..1.8, |track, draw, at_s| {
            let duration_s = draw.octaves(0.3, 1.2);
            for person in &people {
                let delay_s = draw.between(0.0, 0.2);
                call(track, draw, at_s + delay_s, duration_s, person, 0.5);
            }
            duration_s
        });
    }),
    Kind::new("singing", singing),
    Kind::new("humming", humming),
    Kind::new("whistling", whistling),
    Kind::new("coughing", coughing),
    Kind::new("sneezing", sneezing),
    Kind::new("snoring", snoring),
    Kind::new("breathing", breathing),
    Kind::new("whispering", |track, draw| {
        let mut person = Person::adult(draw);
        person.pitch_hz = 0.0;
        person.timbre.breath = 1.0;
        talk(track, draw, &[person], 0.1..0.6);
    }),
    Kind::new("throat_clearing", throat_clearing),
    Kind::new("hiccup", hiccup),
    Kind::new("drinking", drinking),
];

fn talk(track: &mut Track, draw: &mut Draw, people: &[Person], pause_s: std::ops::Range<f32>) {
    repeat(track, draw, pause_s, |track, draw, at_s| {
        let (person, syllables) = (draw.pick(people).clone(), draw.count(2, 13));
        person.phrase(track, draw, at_s, 0.8, syllables)
    });
}

/// A held vowel with force: "hey", "oh"; returns how long it lasted.
pub(super) fn call(track: &mut Track, draw: &mut Draw, at_s: f32, duration_s: f32, person: &Person, gain: f32) -> f32 {
    let (from, to) = (*draw.pick(&[E, I, SCHWA, U]), *draw.pick(&[A, AE, O, E]));
    let pitch_hz = person.pitch_hz * draw.between(0.85, 1.25);
    let pitch = Contour::arch(pitch_hz * 0.8, pitch_hz, pitch_hz * draw.between(0.6, 0.95), draw.between(0.15, 0.5));
    let mut call = Utterance::new(duration_s, pitch, [(0.0, from), (0.2, to), (1.0, to)]);
    call.level = Contour::arch(0.0, 1.0, 0.0, 0.2);
    call.speak(track, at_s, gain, &person.timbre, draw);
    duration_s
}

fn child_shouting(track: &mut Track, draw: &mut Draw) {
    let children: Vec<Person> = (0..draw.count(1, 4)).map(|_| Person::child(draw).shouting(draw, 0.3)).collect();
    repeat(track, draw, 0.05..1.0, |track, draw, at_s| {
        let child = draw.pick(&children).clone();
        let gain = draw.between(0.3, 0.9);
        if draw.chance(0.88) {
            let syllables = draw.count(3, 9);
            child.phrase(track, draw, at_s, gain, syllables)
        } else {
            let duration_s = draw.octaves(0.2, 0.7);
            call(track, draw, at_s, duration_s, &child, gain)
        }
    });
}

fn radio_voice(track: &mut Track, draw: &mut Draw) {
    let person = Person::adult(draw);
    talk(track, draw, &[person], 0.1..0.5);
    track.filter(Filter::high_pass(draw.between(250.0, 500.0), 0.9, track.rate_hz));
    track.filter(Filter::low_pass(draw.between(2300.0, 3600.0), 0.9, track.rate_hz));
    let drive = draw.octaves(1.0, 8.0);
    track.samples.iter_mut().for_each(|sample| *sample = (*sample * drive).tanh());
}

fn laughing(track: &mut Track, draw: &mut Draw, is_child: bool) {
    let mut person = if is_child { Person::child(draw) } else { Person::adult(draw) };
    person.timbre.breath = draw.between(0.1, 0.6);
    let vowel = *draw.pick(&[A, AE, SCHWA, E, I]);
    let per_s = draw.trait_in(3.8, 6.5);
    repeat(track, draw, 0.3..1.4, |track, draw, start_s| {
        let count = draw.count(3, 10);
        let top_hz = person.pitch_hz * draw.between(1.2, 2.2);
        for beat in 0..count {
            let decline = 1.0 - 0.45 * beat as f32 / count as f32;
            let at_s = start_s + beat as f32 / per_s;
            let hz = top_hz * decline * draw.between(0.92, 1.08);
            let gain = decline * draw.between(0.6, 1.0);
            let ha_s = 0.55 / per_s;
            Utterance::new(ha_s, Contour::arch(hz, hz * 1.06, hz * 0.8, 0.3), [(0.0, vowel)]).speak(
                track,
                at_s,
                gain,
                &person.timbre,
                draw,
            );
            breath(track, draw, at_s + ha_s * 0.9, 0.4 / per_s, 0.12 * gain, 1.2);
        }
        if draw.chance(0.6) {
            breath(track, draw, start_s + count as f32 / per_s + 0.1, 0.35, 0.3, 1.3);
        }
        count as f32 / per_s + 0.4
    });
}

/// Noise through an open mouth; the factor is that of the tract.
pub(super) fn breath(track: &mut Track, draw: &mut Draw, start_s: f32, duration_s: f32, gain: f32, tract: f32) {
    let timbre = Timbre { breath: 1.0, tract, damping: 0.3, brightness: 0.8, ..Timbre::default() };
    let mut breath = Utterance::new(duration_s, Contour::flat(0.0), [(0.0, SCHWA), (0.5, A), (1.0, SCHWA)]);
    breath.level = Contour::arch(0.0, 1.0, 0.0, 0.55);
    breath.speak(track, start_s, gain, &timbre, draw);
}

fn singing(track: &mut Track, draw: &mut Draw) {
    let mut person = Person::adult(draw);
    person.timbre = Timbre {
        vibrato: draw.between(0.005, 0.035),
        vibrato_hz: draw.between(4.5, 6.8),
        tilt_hz: 4000.0,
        ..person.timbre
    };
    let octave = draw.between(1.2, 2.6);
    let scale = [1.0, 1.122, 1.26, 1.335, 1.498, 1.682, 1.888, 2.0];
    let mut last_hz = person.pitch_hz * octave;
    repeat(track, draw, 0.01..0.25, |track, draw, at_s| {
        let note_s = draw.octaves(0.25, 2.0);
        let hz = person.pitch_hz * octave * draw.pick(&scale);
        let slide = draw.between(0.05, 0.3);
        let pitch = Contour::new([(0.0, last_hz), (slide, hz), (1.0, hz)]);
        last_hz = hz;
        let (from, to) = (*draw.pick(&VOWELS), *draw.pick(&VOWELS));
        Utterance::new(note_s, pitch, [(0.0, from), (0.5, from), (1.0, to)]).speak(
            track,
            at_s,
            0.8,
            &person.timbre,
            draw,
        );
        note_s
    });
}

fn humming(track: &mut Track, draw: &mut Draw) {
    let mut person = Person::adult(draw);
    person.timbre.tilt_hz = 500.0;
    person.timbre.brightness = 0.25;
    repeat(track, draw, 0.05..0.4, |track, draw, at_s| {
        let (note_s, hz) = (draw.octaves(0.3, 1.4), person.pitch_hz * draw.octaves(1.0, 2.0));
        Utterance::new(note_s, Contour::arch(hz * 0.97, hz, hz, 0.15), [(0.0, U)]).speak(
            track,
            at_s,
            0.8,
            &person.timbre,
            draw,
        );
        note_s
    });
}

fn whistling(track: &mut Track, draw: &mut Draw) {
    let base_hz = draw.trait_in(750.0, 2200.0);
    let is_wolf = draw.chance(0.25);
    repeat(track, draw, 0.04..0.5, |track, draw, at_s| {
        let note_s = draw.octaves(0.12, 0.9);
        let (from, to) = (base_hz * draw.octaves(0.7, 1.5), base_hz * draw.octaves(0.7, 1.6));
        let pitch = if is_wolf {
            Contour::arch(from * 0.7, from * 1.5, from * 0.8, 0.6)
        } else {
            Contour::arch(from, to, to, 0.2)
        };
        let mut note = super::tones::Glide::new(note_s, pitch);
        note.harmonics = vec![1.0, db(-28.0)];
        note.vibrato = draw.between(0.0, 0.015);
        note.play(track, at_s, 0.7);
        breath(track, draw, at_s, note_s, 0.05, 1.6);
        note_s
    });
}

fn coughing(track: &mut Track, draw: &mut Draw) {
    let person = if draw.chance(0.2) { Person::child(draw) } else { Person::adult(draw) };
    repeat(track, draw, 0.12..1.4, |track, draw, at_s| {
        let burst_s = draw.between(0.12, 0.3);
        let mut timbre = person.timbre.clone();
        timbre.breath = draw.between(1.2, 2.5);
        let mut burst = Utterance::new(burst_s, Contour::flat(0.0), [(0.0, SCHWA), (0.3, AE), (1.0, SCHWA)]);
        burst.level = Contour::new([(0.0, 0.0), (0.04, 1.0), (0.3, 0.5), (1.0, 0.0)]);
        burst.speak(track, at_s, 1.0, &timbre, draw);
        timbre.jitter = 0.1;
        let hz = person.pitch_hz * draw.between(1.1, 2.0);
        let mut voiced = Utterance::new(0.13, Contour::arch(hz, hz * 0.9, hz * 0.6, 0.5), [(0.0, AE), (1.0, SCHWA)]);
        voiced.level = Contour::arch(0.0, 1.0, 0.0, 0.2);
        voiced.speak(track, at_s + burst_s * 0.7, draw.between(0.0, 0.5), &timbre, draw);
        burst_s + 0.12
    });
}

fn sneezing(track: &mut Track, draw: &mut Draw) {
    let person = Person::adult(draw);
    repeat(track, draw, 1.0..3.5, |track, draw, at_s| {
        let inhale_s = draw.between(0.25, 0.8);
        breath(track, draw, at_s, inhale_s, 0.25, 1.1);
        let hz = person.pitch_hz * draw.between(1.4, 2.6);
        let mut ah = Utterance::new(0.14, Contour::arch(hz * 0.8, hz, hz, 0.5), [(0.0, A)]);
        ah.level = Contour::arch(0.0, 1.0, 0.2, 0.5);
        ah.speak(track, at_s + inhale_s, draw.between(0.1, 0.6), &person.timbre, draw);
        let rate_hz = track.rate_hz;
        let (spray_s, start_s) = (draw.between(0.18, 0.45), at_s + inhale_s + 0.16);
        let mut spray = noise(Filter::band_pass(draw.octaves(2000.0, 5000.0), 0.6, rate_hz), draw.seed());
        track.mix(start_s, spray_s, |age_s| 1.4 * spray() * fade(age_s, spray_s, 0.008, spray_s * 0.8));
        let tail = Utterance::new(0.25, Contour::arch(hz, hz * 0.7, hz * 0.5, 0.4), [(0.0, I), (1.0, U)]);
        tail.speak(track, start_s + 0.03, draw.between(0.0, 0.5), &person.timbre, draw);
        inhale_s + spray_s + 0.4
    });
}

fn snoring(track: &mut Track, draw: &mut Draw) {
    let flutter_hz = draw.trait_in(28.0, 85.0);
    let timbre = Timbre {
        tract: draw.between(0.6, 1.0),
        damping: 0.3,
        breath: draw.between(0.2, 0.8),
        jitter: 0.15,
        shimmer: 0.6,
        tilt_hz: 1200.0,
        ..Timbre::default()
    };
    repeat(track, draw, 0.5..1.4, |track, draw, at_s| {
        let in_s = draw.between(0.7, 1.6);
        let mut snore = Utterance::new(
            in_s,
            Contour::arch(flutter_hz * 0.8, flutter_hz, flutter_hz * 1.1, 0.6),
            [(0.0, U), (1.0, SCHWA)],
        );
        snore.level = Contour::arch(0.0, 1.0, 0.1, 0.7);
        snore.speak(track, at_s, 1.0, &timbre, draw);
        breath(track, draw, at_s + in_s + 0.3, 0.9, 0.12, 1.0);
        in_s + 1.0
    });
}

fn breathing(track: &mut Track, draw: &mut Draw) {
    let period_s = draw.trait_in(0.6, 3.4);
    repeat(track, draw, 0.02..0.2, |track, draw, at_s| {
        let (inward, outward) = (draw.between(0.5, 0.9), draw.between(0.6, 1.0));
        breath(track, draw, at_s, period_s * 0.42, inward, 1.15);
        breath(track, draw, at_s + period_s * 0.48, period_s * 0.45, outward, 0.9);
        period_s
    });
}

fn throat_clearing(track: &mut Track, draw: &mut Draw) {
    let mut person = Person::adult(draw);
    person.timbre = Timbre { jitter: 0.3, shimmer: 0.7, breath: 0.6, ..person.timbre };
    repeat(track, draw, 0.3..2.0, |track, draw, at_s| {
        let duration_s = draw.between(0.2, 0.6);
        let hz = person.pitch_hz * 0.6;
        Utterance::new(duration_s, Contour::flat(hz), [(0.0, U), (1.0, SCHWA)]).speak(
            track,
            at_s,
            0.8,
            &person.timbre,
            draw,
        );
        duration_s
    });
}

fn hiccup(track: &mut Track, draw: &mut Draw) {
    let person = if draw.chance(0.4) { Person::child(draw) } else { Person::adult(draw) };
    repeat(track, draw, 0.8..2.5, |track, draw, at_s| {
        let hz = person.pitch_hz * draw.between(1.4, 2.4);
        let mut hic = Utterance::new(0.11, Contour::arch(hz * 0.7, hz, hz * 1.4, 0.5), [(0.0, U), (1.0, I)]);
        hic.level = Contour::new([(0.0, 0.0), (0.5, 1.0), (0.8, 0.9), (0.85, 0.0), (1.0, 0.0)]);
        hic.speak(track, at_s, 0.9, &person.timbre, draw);
        0.11
    });
}

/// Sips and gulps: short bubbles in a narrow throat.
fn drinking(track: &mut Track, draw: &mut Draw) {
    repeat(track, draw, 0.25..1.2, |track, draw, at_s| {
        let rate_hz = track.rate_hz;
        let sip_s = draw.between(0.15, 0.6);
        let mut slurp = noise(Filter::band_pass(draw.octaves(1500.0, 4500.0), 1.5, rate_hz), draw.seed());
        let mut flutter = noise(Filter::low_pass(30.0, 0.7, rate_hz), draw.seed());
        track.mix(at_s, sip_s, |age_s| slurp() * (8.0 * flutter()).abs() * fade(age_s, sip_s, 0.05, 0.05));
        let hz = draw.between(180.0, 420.0);
        let mut gulp = super::tones::Glide::new(0.09, Contour::arch(hz, hz * 0.7, hz * 1.8, 0.5));
        gulp.level = Contour::arch(0.0, 1.0, 0.0, 0.4);
        gulp.play(track, at_s + sip_s + 0.08, 0.8);
        sip_s + 0.2
    });
}

/// A groan, a moan or a stifled cry; returns how long it lasted.
pub(super) fn groan(track: &mut Track, draw: &mut Draw, at_s: f32, gain: f32, person: &Person) -> f32 {
    let duration_s = draw.octaves(0.35, 1.8);
    let hz = person.pitch_hz * draw.octaves(0.8, 1.9);
    let pitch = Contour::new([
        (0.0, hz * draw.between(0.8, 1.1)),
        (draw.between(0.15, 0.4), hz * draw.between(1.05, 1.3)),
        (1.0, hz * draw.between(0.55, 0.85)),
    ]);
    let (from, to) = (*draw.pick(&[U, O, SCHWA, A]), *draw.pick(&[A, O, U, SCHWA]));
    let timbre = Timbre {
        jitter: draw.octaves(0.02, 0.2),
        shimmer: draw.between(0.1, 0.6),
        breath: draw.octaves(0.05, 0.5),
        tremolo: draw.between(0.0, 0.5),
        vibrato: draw.between(0.0, 0.03),
        vibrato_hz: draw.between(5.0, 9.0),
        subharmonic: if draw.chance(0.3) { 0.5 } else { 0.0 },
        ..person.timbre.clone()
    };
    let mut groan = Utterance::new(duration_s, pitch, [(0.0, from), (0.5, to), (1.0, from)]);
    groan.level = Contour::new([(0.0, 0.0), (0.15, 1.0), (0.6, 0.7), (1.0, 0.0)]);
    groan.speak(track, at_s, gain, &timbre, draw);
    duration_s
}

/// A scream of an adult: pressed, high and rough; returns how long it lasted.
pub(super) fn scream(track: &mut Track, draw: &mut Draw, at_s: f32, gain: f32, person: &Person) -> f32 {
    let duration_s = draw.octaves(0.4, 1.8);
    let hz = person.pitch_hz * draw.octaves(2.2, 4.5);
    let pitch = Contour::new([(0.0, hz * 0.7), (0.12, hz), (0.6, hz * draw.between(0.9, 1.1)), (1.0, hz * 0.7)]);
    let timbre = Timbre {
        tilt_hz: 7000.0,
        brightness: 0.95,
        jitter: draw.between(0.02, 0.15),
        shimmer: draw.between(0.2, 0.7),
        breath: 0.3,
        ..person.timbre.clone()
    };
    let mut scream = Utterance::new(duration_s, pitch, [(0.0, AE), (0.3, A), (1.0, AE)]);
    scream.level = Contour::new([(0.0, 0.0), (0.08, 0.9), (0.7, 1.0), (1.0, 0.0)]);
    scream.speak(track, at_s, gain, &timbre, draw);
    duration_s
}
