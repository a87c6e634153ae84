//! Which sound is heard when and how loud, and what the whole sounds like.

use std::ops::Range;

use fastrand::Rng;

use super::RATE_HZ;
use super::effects::{Room, at_speed, from_db, level, low_pass};
use super::material::{Material, Sound};
use avar_labels::AnomalyClass;

/// What scenes are like.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneSpec {
    /// How long a scene lasts.
    pub duration_s: Range<f32>,
    /// Events in an hour, on average.
    pub events_per_hour: f32,
    /// Everyday sounds in an hour, on average, beside what goes on in the background.
    pub everyday_per_hour: f32,
    /// Level of an event over what else is heard meanwhile, in dB.
    pub ratio_db: Range<f32>,
}

impl SceneSpec {
    /// What is wrong with it; `None` where scenes can be made of it.
    pub(crate) fn complaint(&self) -> Option<String> {
        let Range { start, end } = self.duration_s;
        if !(1.0..=7200.0).contains(&start) || !(start..=7200.0).contains(&end) {
            return Some(format!("a recording lasts from one second to two hours, and not {start} to {end} s"));
        }
        let rates = [self.events_per_hour, self.everyday_per_hour];
        if !rates.iter().all(|rate| (0.0..=3600.0).contains(rate)) {
            return Some("at most 3600 sounds fit into an hour".to_owned());
        }
        let Range { start, end } = self.ratio_db;
        if !(-60.0..=60.0).contains(&start) || !(start..=60.0).contains(&end) {
            return Some(format!("events can be laid in at -60 to 60 dB, and not at {start} to {end} dB"));
        }
        None
    }
}

/// A scene as a microphone has recorded it.
pub(crate) struct Scene {
    /// Mono, full scale 1.
    pub samples: Vec<f32>,
    /// By start; they do not overlap.
    pub events: Vec<Event>,
}

/// When which class is heard.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub class: AnomalyClass,
    /// Samples of the scene.
    pub range: Range<usize>,
}

/// Between two events, so that each can be told from the other.
const GAP: usize = RATE_HZ as usize * 3 / 2;
/// How long a background goes on before another one takes its place.
const BED_S: Range<f32> = 15.0..60.0;
/// Levels of what goes on in the background, of full scale.
const BED_DB: Range<f32> = -52.0..-24.0;
/// Levels of everyday sounds in the foreground.
const EVERYDAY_DB: Range<f32> = -36.0..-12.0;
/// An event is laid in over at least this, however quiet it is meanwhile.
const QUIETEST_DB: f32 = -42.0;
/// How long one background takes to become another.
const CROSSFADE: usize = RATE_HZ as usize / 2;

/// One scene of `material`.
pub(crate) fn draw(material: &Material, spec: &SceneSpec, rng: &mut Rng) -> Scene {
    let duration_s = between(&spec.duration_s, rng);
    let mut samples = background(material, (duration_s * RATE_HZ as f32) as usize, rng);
    for _ in 0..count_in(duration_s, spec.everyday_per_hour, rng) {
        if let Some(sound) = any_of(material, AnomalyClass::Normal, rng) {
            let laid = varied(sound, rng);
            let gain = from_db(between(&EVERYDAY_DB, rng)) / level(&laid).max(1e-6);
            let at = rng.usize(0..samples.len());
            samples[at..].iter_mut().zip(&laid).for_each(|(sample, laid)| *sample += gain * laid);
        }
    }
    let events = lay_events(material, spec, duration_s, &mut samples, rng);
    recorded(&mut samples, rng);
    Scene { samples, events }
}

fn lay_events(
    material: &Material,
    spec: &SceneSpec,
    duration_s: f32,
    samples: &mut [f32],
    rng: &mut Rng,
) -> Vec<Event> {
    let classes = material.events();
    let mut events: Vec<Event> = Vec::new();
    if classes.is_empty() {
        return events;
    }
    for _ in 0..count_in(duration_s, spec.events_per_hour, rng) {
        let class = classes[rng.usize(0..classes.len())];
        let Some(sound) = any_of(material, class, rng) else { continue };
        let laid = varied(sound, rng);
        // An event may be cut off by the end of the recording, but not before it can be heard.
        let at = rng.usize(0..samples.len().saturating_sub(RATE_HZ as usize / 2).max(1));
        let range = at..(at + laid.len()).min(samples.len());
        let is_near = |event: &Event| range.start < event.range.end + GAP && event.range.start < range.end + GAP;
        if events.iter().any(is_near) {
            continue;
        }
        let under = level(&samples[range.clone()]).max(from_db(QUIETEST_DB));
        let gain = under * from_db(between(&spec.ratio_db, rng)) / level(&laid[..range.len()]).max(1e-6);
        samples[range.clone()].iter_mut().zip(&laid).for_each(|(sample, laid)| *sample += gain * laid);
        events.push(Event { class, range });
    }
    events.sort_by_key(|event| event.range.start);
    events
}

/// What goes on all the time: one everyday sound after another, over and over, or next to nothing.
fn background(material: &Material, count: usize, rng: &mut Rng) -> Vec<f32> {
    let hiss = from_db(between(&(-78.0..-48.0), rng));
    let mut samples: Vec<f32> = (0..count).map(|_| hiss * (rng.f32() * 2.0 - 1.0)).collect();
    low_pass(&mut samples, between(&(800.0..12_000.0), rng));
    let beds: Vec<&Sound> = material.beds().collect();
    let mut at = 0;
    while at < count {
        let lasts = ((between(&BED_S, rng) * RATE_HZ as f32) as usize + CROSSFADE).min(count - at);
        if rng.f32() < 0.75 {
            let bed = varied(beds[rng.usize(0..beds.len())], rng);
            let gain = from_db(between(&BED_DB, rng)) / level(&bed).max(1e-6);
            for (index, sample) in samples[at..at + lasts].iter_mut().enumerate() {
                let edge = index.min(lasts - 1 - index) as f32 / CROSSFADE as f32;
                *sample += gain * edge.min(1.0) * looped(&bed, index);
            }
        }
        at += lasts;
    }
    samples
}

/// A sound over and over, its end faded into its beginning.
fn looped(samples: &[f32], index: usize) -> f32 {
    let fade = (samples.len() / 4).min(CROSSFADE);
    let period = samples.len() - fade;
    let place = index % period;
    let share = if index >= period && place < fade { place as f32 / fade as f32 } else { 1.0 };
    let ending = if share < 1.0 { samples[period + place] } else { 0.0 };
    share * samples[place] + (1.0 - share) * ending
}

/// A sound as if another one of its kind had made it, near or far.
fn varied(sound: &Sound, rng: &mut Rng) -> Vec<f32> {
    let mut samples = at_speed(&sound.samples(), between(&(0.92..1.09), rng));
    if rng.f32() < 0.4 {
        low_pass(&mut samples, between(&(1200.0..9000.0), rng));
    }
    samples
}

/// What the room and the microphone make of it.
fn recorded(samples: &mut [f32], rng: &mut Rng) {
    if rng.f32() < 0.6 {
        Room::draw(rng).echo(samples);
    }
    if rng.f32() < 0.25 {
        low_pass(samples, between(&(2500.0..9000.0), rng));
    }
    let peak = samples.iter().fold(1e-6f32, |peak, sample| peak.max(sample.abs()));
    // Some recorders are set too loud.
    let gain_db = if rng.f32() < 0.12 { between(&(2.0..9.0), rng) } else { between(&(-24.0..-1.0), rng) };
    let gain = from_db(gain_db) / peak;
    samples.iter_mut().for_each(|sample| *sample = (gain * *sample).clamp(-1.0, 1.0));
}

/// A sound of a class: every group as often as any other.
fn any_of<'a>(material: &'a Material, class: AnomalyClass, rng: &mut Rng) -> Option<&'a Sound> {
    let groups = material.groups(class);
    let group = groups.get(rng.usize(0..groups.len().max(1)))?;
    group.get(rng.usize(0..group.len().max(1)))
}

/// How many fall into a time: the whole ones, and one more as often as the rest says.
fn count_in(duration_s: f32, per_hour: f32, rng: &mut Rng) -> usize {
    let mean = duration_s * per_hour / 3600.0;
    mean as usize + usize::from(rng.f32() < mean.fract())
}

fn between(range: &Range<f32>, rng: &mut Rng) -> f32 {
    range.start + (range.end - range.start) * rng.f32()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_has_no_jump_where_it_begins_again() {
        let ramp: Vec<f32> = (0..4000).map(|n| n as f32 / 4000.0).collect();
        let most = (1..20_000).map(|n| (looped(&ramp, n) - looped(&ramp, n - 1)).abs()).fold(0f32, f32::max);
        assert!(most < 2e-3, "{most}");
    }

    #[test]
    fn sounds_are_as_many_as_an_hour_has_of_them() {
        let mut rng = Rng::with_seed(5);
        let all: usize = (0..1000).map(|_| count_in(90.0, 50.0, &mut rng)).sum();
        assert!((1200..1300).contains(&all), "{all}, where 1250 are expected");
    }
}
