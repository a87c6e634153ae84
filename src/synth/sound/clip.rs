//! Clips of sound alone, with their label.

use super::ambience::{PLACES, ambience};
use super::draw::Draw;
use super::incidents::{draw_impacts_s, incident};
use super::recording::Recorder;
use super::room::Room;
use super::tones::db;
use super::{CEILING, Kind, animals, bells, birds, crowd, household, machines, music, rendered, speech, weather};
use super::{cry, sirens};
use crate::acoustics::Track;
use crate::scenario::Place;
use avar_labels::{AnomalyClass, Split};

/// Four to seven seconds of sound, mono at [`super::RATE_HZ`].
#[derive(Clone, Debug, PartialEq)]
pub struct SoundClip {
    /// Full scale is 1 either way; none is beyond [`CEILING`].
    pub samples: Vec<f32>,
    /// What is heard; [`AnomalyClass::Normal`] of everyday life.
    pub label: AnomalyClass,
    /// The sort of sound, for counts by kind: "siren_yelp", "dog_whine".
    pub kind: &'static str,
    /// Names split, kind and seed: no two clips share a source.
    pub group: String,
}

/// Families of everyday sound and how often each is drawn.
const FAMILIES: [(&[Kind], usize); 10] = [
    (&speech::KINDS, 18),
    (&animals::KINDS, 15),
    (&bells::KINDS, 14),
    (&machines::KINDS, 12),
    (&birds::KINDS, 12),
    (&household::KINDS, 11),
    (&weather::KINDS, 8),
    (&music::KINDS, 8),
    (&crowd::KINDS, 5),
    (&QUIET, 5),
];

const QUIET: [Kind; 2] = [Kind::new("silence", |_, _| {}), Kind::new("quiet_place", quiet_place)];

/// Every kind that [`everyday_clip`] draws from.
pub fn everyday_kinds() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().flat_map(|(kinds, _)| kinds.iter().map(|kind| kind.name))
}

/// Normal life: one of [`everyday_kinds`], often with another, in a place, through a device.
pub fn everyday_clip(split: Split, seed: u64) -> SoundClip {
    let mut draw = Draw::new(split, seed ^ 0x6576_6572_7964_6179);
    let kind = everyday_kind(&mut draw);
    finish(AnomalyClass::Normal, kind.name, split, seed, &mut draw, |track, draw| {
        (kind.render)(track, draw);
        if draw.chance(0.25) {
            let other = everyday_kind(draw);
            add_below(track, draw, other, -12.0..6.0);
        }
    })
}

/// Sirens of police, ambulances and fire engines.
pub fn siren_clip(split: Split, seed: u64) -> SoundClip {
    sound_clip(AnomalyClass::PoliceSiren, split, seed)
}

/// Infants who cry or fuss.
pub fn cry_clip(split: Split, seed: u64) -> SoundClip {
    sound_clip(AnomalyClass::BabyCry, split, seed)
}

/// A clip in which `class` is heard; for [`AnomalyClass::Normal`] an everyday clip.
pub fn sound_clip(class: AnomalyClass, split: Split, seed: u64) -> SoundClip {
    if class == AnomalyClass::Normal {
        return everyday_clip(split, seed);
    }
    let mut draw = Draw::new(split, seed ^ (class.index() as u64 + 1).wrapping_mul(0x9e6c_63d0_876a_3f6b));
    let mut kind = class.name();
    let mut clip = finish(class, kind, split, seed, &mut draw, |track, draw| {
        let impacts_s = draw_impacts_s(class, draw, track.duration_s());
        kind = incident(class, track, draw, &impacts_s);
        if draw.chance(0.2) {
            let other = everyday_kind(draw);
            add_below(track, draw, other, -20.0..-3.0);
        }
    });
    (clip.kind, clip.group) = (kind, group(split, kind, seed));
    clip
}

/// A clip of one everyday, siren or cry kind by name, for looking at kinds one by one; `None`: no such kind.
pub fn clip_of_kind(name: &str, split: Split, seed: u64) -> Option<SoundClip> {
    let everyday = FAMILIES.iter().flat_map(|(kinds, _)| kinds.iter()).map(|kind| (kind, AnomalyClass::Normal));
    let sirens = sirens::KINDS.iter().map(|kind| (kind, AnomalyClass::PoliceSiren));
    let cries = cry::KINDS.iter().map(|kind| (kind, AnomalyClass::BabyCry));
    let (kind, class) = everyday.chain(sirens).chain(cries).find(|(kind, _)| kind.name == name)?;
    let mut draw = Draw::new(split, seed);
    Some(finish(class, kind.name, split, seed, &mut draw, |track, draw| (kind.render)(track, draw)))
}

fn everyday_kind(draw: &mut Draw) -> Kind {
    let total: usize = FAMILIES.iter().map(|(_, weight)| weight).sum();
    let mut lot = draw.count(0, total - 1);
    for (kinds, weight) in FAMILIES {
        if lot < weight {
            return *draw.pick(kinds);
        }
        lot -= weight;
    }
    QUIET[0]
}

/// Mixes `other` in, so many decibels relative to what is there.
fn add_below(track: &mut Track, draw: &mut Draw, other: Kind, range_db: std::ops::Range<f32>) {
    let part = rendered(track.duration_s(), |part| (other.render)(part, draw));
    let gain = db(draw.between(range_db.start, range_db.end));
    track.add(&part, 0.0, gain * track.loudness() / part.loudness().max(1e-6));
}

/// A place where nothing happens.
fn quiet_place(track: &mut Track, draw: &mut Draw) {
    let place = place_of(draw);
    let (is_night, has_rain) = (draw.chance(0.3), draw.chance(0.2));
    ambience(track, draw, place, is_night, has_rain);
}

/// Places that pictures of this split show, too.
fn place_of(draw: &mut Draw) -> Place {
    if draw.split() == Split::Test { *draw.pick(&PLACES[5..]) } else { *draw.pick(&PLACES[..5]) }
}

/// Room, surroundings and device, drawn the same for every class.
fn finish(
    label: AnomalyClass,
    kind: &'static str,
    split: Split,
    seed: u64,
    draw: &mut Draw,
    render: impl FnOnce(&mut Track, &mut Draw),
) -> SoundClip {
    let duration_s = draw.between(4.0, 7.0);
    let mut track = rendered(duration_s, |track| render(track, draw));
    Room::draw(draw).reverberate(&mut track, draw);
    let loudness = track.loudness();
    if draw.chance(0.8) {
        let surroundings = rendered(duration_s, |part| quiet_place(part, draw));
        // 0 to 30 dB, the clearer the more often: who records a sound stands near it.
        let below_db = -30.0 * draw.between(0.0, 1.0).powf(0.55);
        let level = if loudness > 0.0 { loudness } else { 0.1 };
        track.add(&surroundings, 0.0, db(below_db) * level / surroundings.loudness().max(1e-6));
    }
    Recorder::draw(draw).record(&mut track, draw);
    if kind == "silence" || kind == "quiet_place" {
        track.scale(db(-draw.between(0.0, 50.0)));
    }
    track.limit(0.9, CEILING - 1e-3);
    SoundClip { samples: track.samples, label, kind, group: group(split, kind, seed) }
}

fn group(split: Split, kind: &str, seed: u64) -> String {
    format!("synth/{}/{kind}/{seed:016x}", split.name())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::RATE_HZ;
    use super::*;

    fn every_clip(split: Split, seed: u64) -> Vec<SoundClip> {
        AnomalyClass::ALL.iter().map(|class| sound_clip(*class, split, seed)).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_clip_and_another_seed_another() {
        for (first, second) in every_clip(Split::Train, 5).iter().zip(every_clip(Split::Train, 5)) {
            assert_eq!(*first, second);
        }
        assert_ne!(siren_clip(Split::Train, 1).samples, siren_clip(Split::Train, 2).samples);
    }

    #[test]
    fn the_same_seed_sounds_different_in_each_split_and_belongs_to_another_group() {
        let clips = Split::ALL.map(|split| cry_clip(split, 9));
        assert_ne!(clips[0].samples, clips[1].samples);
        assert_ne!(clips[0].samples, clips[2].samples);
        assert_eq!(clips.iter().map(|clip| &clip.group).collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn every_kind_is_finite_audible_and_below_the_ceiling() {
        let names: Vec<&str> = everyday_kinds()
            .chain(sirens::KINDS.map(|kind| kind.name))
            .chain(cry::KINDS.map(|kind| kind.name))
            .collect();
        for name in names {
            for split in [Split::Train, Split::Test] {
                let clip = clip_of_kind(name, split, 11).expect("the name is in the table");
                let peak = clip.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
                assert!(clip.samples.iter().all(|sample| sample.is_finite()), "{name}");
                assert!(
                    peak < CEILING && (peak > 0.003 || matches!(name, "silence" | "quiet_place")),
                    "{name}: {peak}"
                );
                assert!((4 * RATE_HZ..=7 * RATE_HZ).contains(&(clip.samples.len() as u32)), "{name}");
            }
        }
    }

    #[test]
    fn every_class_is_finite_audible_and_below_the_ceiling() {
        for seed in 0..6 {
            for clip in every_clip(Split::Validation, seed) {
                let peak = clip.samples.iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
                assert!(clip.samples.iter().all(|sample| sample.is_finite()), "{}", clip.group);
                assert!(
                    peak < CEILING && (peak > 0.003 || clip.label == AnomalyClass::Normal),
                    "{}: {peak}",
                    clip.group
                );
            }
        }
    }

    #[test]
    fn everyday_life_has_more_than_a_hundred_kinds_each_with_its_own_name() {
        let names: BTreeSet<&str> = everyday_kinds().collect();
        assert!(names.len() > 100);
        assert_eq!(names.len(), everyday_kinds().count());
    }

    #[test]
    fn an_unknown_kind_is_none() {
        assert_eq!(clip_of_kind("unicorn", Split::Train, 0), None);
    }
}
