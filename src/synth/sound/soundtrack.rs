//! The sound of a scenario, in step with its pictures.

use std::ops::Range;

use super::ambience::{ambience, everyday_of};
use super::crowd::murmur;
use super::draw::Draw;
use super::incidents::incident;
use super::room::{Room, dull};
use super::tones::db;
use super::{CEILING, rendered};
use crate::acoustics::Track;
use crate::scenario::{Scenario, SoundTrack};
use avar_dataset::ShownIn;
use avar_labels::AnomalyClass;

/// Level of the place itself; everything else is relative to it.
const AMBIENCE: f32 = 0.02;

/// Mono at [`super::RATE_HZ`], `duration_s` long, no sample at or above [`CEILING`].
///
/// The class sounds only during `event_s`, and not at all where only the pictures show it; each impact begins
/// within a sample of its time. [`SoundTrack::Missing`] is for the caller to heed: the sound returned for it is
/// that of a clear track.
pub fn soundtrack(scenario: &Scenario) -> Vec<f32> {
    let mut draw = Draw::new(scenario.split, scenario.seed);
    // Apart, so that the rest of the clip is the same whether the event is heard or not.
    let mut event_draw = draw.fork();
    let duration_s = scenario.duration_s;
    let mut track = rendered(duration_s, |track| {
        ambience(track, &mut draw, scenario.place, scenario.is_night, scenario.has_rain);
    });
    track.scale(AMBIENCE / track.loudness().max(1e-6));
    let room = Room::of(scenario.place, &mut draw);
    everyday(&mut track, scenario, &room, &mut draw);
    if let Some(event_s) = audible_event(scenario) {
        let event = event_sound(scenario, &event_s, &room, &mut event_draw);
        track.add(&event, event_s.start, 1.0);
    }
    if scenario.sound == SoundTrack::Muffled {
        let cutoff_hz = draw.octaves(450.0, 1100.0);
        dull(&mut track, cutoff_hz);
        dull(&mut track, cutoff_hz);
        track.scale(db(draw.between(-18.0, -8.0)));
    }
    track.scale(db(draw.between(-9.0, 3.0)));
    track.limit(0.6, CEILING - 1e-3);
    track.samples
}

/// When the class is heard, within the clip.
fn audible_event(scenario: &Scenario) -> Option<Range<f32>> {
    let event_s = scenario.event_s.clone()?;
    let is_heard = scenario.class != AnomalyClass::Normal && scenario.shown_in != ShownIn::Picture;
    let event_s = event_s.start.max(0.0)..event_s.end.min(scenario.duration_s);
    (is_heard && event_s.start < event_s.end).then_some(event_s)
}

/// The incident with its reflections, cut where the event ends.
fn event_sound(scenario: &Scenario, event_s: &Range<f32>, room: &Room, draw: &mut Draw) -> Track {
    let impacts_s: Vec<f32> = scenario
        .impacts_s
        .iter()
        .filter(|time_s| event_s.contains(time_s))
        .map(|time_s| time_s - event_s.start)
        .collect();
    let mut event = rendered(event_s.end - event_s.start, |event| {
        incident(scenario.class, event, draw, &impacts_s);
        if scenario.has_crowd_noise {
            let force = if matches!(scenario.class, AnomalyClass::Brawling | AnomalyClass::Abuse) { 0.7 } else { 0.0 };
            let crowd = rendered(event.duration_s(), |crowd| murmur(crowd, draw, force));
            event.add(&crowd, 0.0, draw.between(0.2, 0.6) * event.loudness() / crowd.loudness().max(1e-6));
        }
    });
    room.reverberate(&mut event, draw);
    let snr_db = draw.between(8.0, 26.0);
    event.scale(AMBIENCE * db(snr_db) / event.loudness().max(1e-6));
    close(&mut event);
    event
}

/// What people and machines do besides; before, during and after the event.
fn everyday(track: &mut Track, scenario: &Scenario, room: &Room, draw: &mut Draw) {
    let duration_s = scenario.duration_s;
    for _ in 0..draw.count(0, (duration_s / 3.0).ceil() as usize) {
        let family = draw.pick(everyday_of(scenario.place));
        let kind = *draw.pick(family);
        let (part_s, start_s) = (draw.between(1.0, 4.0), draw.between(0.0, duration_s - 0.5));
        let mut part = rendered(part_s, |part| (kind.render)(part, draw));
        room.reverberate(&mut part, draw);
        close(&mut part);
        let level = AMBIENCE * db(draw.between(-3.0, 18.0));
        track.add(&part, start_s, level / part.loudness().max(1e-6));
    }
    if scenario.has_crowd_noise && audible_event(scenario).is_none() {
        let crowd = rendered(duration_s, |crowd| murmur(crowd, draw, 0.0));
        track.add(&crowd, 0.0, AMBIENCE * db(draw.between(0.0, 12.0)) / crowd.loudness().max(1e-6));
    }
}

/// Ends on silence, within 30 ms: what was cut leaves no click.
fn close(track: &mut Track) {
    let fall = (track.rate_hz as f32 * 0.03) as usize;
    for (index, sample) in track.samples.iter_mut().rev().take(fall).enumerate() {
        *sample *= index as f32 / fall as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::super::RATE_HZ;
    use super::*;
    use crate::acoustics::Filter;
    use crate::scenario::Place;
    use avar_labels::Split;

    fn scenario(class: AnomalyClass, seed: u64) -> Scenario {
        Scenario {
            seed,
            split: Split::Train,
            class,
            shown_in: ShownIn::Both,
            duration_s: 10.0,
            event_s: Some(3.0..7.0),
            impacts_s: vec![4.0, 5.3],
            place: Place::Street,
            is_night: false,
            has_rain: false,
            has_occlusion: false,
            sound: SoundTrack::Clear,
            has_crowd_noise: false,
        }
    }

    fn rms(samples: &[f32], time_s: Range<f32>) -> f32 {
        let [from, to] = [time_s.start, time_s.end].map(|time_s| (time_s * RATE_HZ as f32) as usize);
        (samples[from..to].iter().map(|x| x * x).sum::<f32>() / (to - from) as f32).sqrt()
    }

    #[test]
    fn the_same_scenario_sounds_the_same_and_is_as_long_as_it_says() {
        let brawl = scenario(AnomalyClass::Brawling, 3);
        let samples = soundtrack(&brawl);
        assert_eq!(samples, soundtrack(&brawl));
        assert_eq!(samples.len(), 10 * RATE_HZ as usize);
        assert_ne!(samples, soundtrack(&Scenario { seed: 4, ..brawl }));
    }

    #[test]
    fn no_scenario_clips_or_breaks_off_in_noise() {
        for class in AnomalyClass::ALL {
            for sound in [SoundTrack::Clear, SoundTrack::Muffled] {
                for place in super::super::ambience::PLACES {
                    let samples = soundtrack(&Scenario { sound, place, duration_s: 8.0, ..scenario(class, 17) });
                    assert!(samples.iter().all(|sample| sample.abs() < CEILING), "{class:?} {place:?}");
                }
            }
        }
    }

    #[test]
    fn an_impact_is_heard_within_five_milliseconds() {
        for class in [AnomalyClass::Crash, AnomalyClass::Explosion, AnomalyClass::Vandalism] {
            for seed in 0..6 {
                let samples = soundtrack(&Scenario { impacts_s: vec![5.0], ..scenario(class, seed) });
                let (before, after) = (rms(&samples, 4.99..5.0), rms(&samples, 5.0..5.005));
                assert!(after > 2.0 * before, "{class:?}, seed {seed}: {before} then {after}");
            }
        }
    }

    #[test]
    fn a_siren_is_heard_during_its_event_alone() {
        for seed in 0..8 {
            let siren = scenario(AnomalyClass::PoliceSiren, seed);
            let seen = Scenario { shown_in: ShownIn::Picture, ..siren.clone() };
            let [heard, seen] = [soundtrack(&siren), soundtrack(&seen)];
            let difference = heard.iter().zip(&seen).map(|(heard, seen)| heard - seen).collect();
            let mut added = Track { samples: difference, rate_hz: RATE_HZ };
            assert!(added.samples[..3 * RATE_HZ as usize].iter().all(|sample| *sample == 0.0));
            assert!(added.samples[7 * RATE_HZ as usize..].iter().all(|sample| *sample == 0.0));
            added.filter(Filter::band_pass(1000.0, 0.7, RATE_HZ));
            let band_rms = rms(&added.samples, 3.2..6.8);
            assert!(band_rms > 0.3 * AMBIENCE, "{seed}: {band_rms}");
        }
    }

    #[test]
    fn where_only_the_pictures_show_it_the_sound_is_that_of_everyday_life() {
        let seen = Scenario { shown_in: ShownIn::Picture, ..scenario(AnomalyClass::Explosion, 2) };
        let normal = Scenario { class: AnomalyClass::Normal, event_s: None, impacts_s: Vec::new(), ..seen.clone() };
        assert_eq!(soundtrack(&seen), soundtrack(&normal));
    }

    #[test]
    fn a_muffled_track_has_less_treble() {
        let treble = |sound: SoundTrack| {
            let mut track = Track {
                samples: soundtrack(&Scenario { sound, ..scenario(AnomalyClass::Crash, 5) }),
                rate_hz: RATE_HZ,
            };
            let all = track.loudness();
            track.filter(Filter::high_pass(4000.0, 0.7, RATE_HZ));
            track.loudness() / all
        };
        assert!(treble(SoundTrack::Muffled) < 0.1 * treble(SoundTrack::Clear));
    }
}
