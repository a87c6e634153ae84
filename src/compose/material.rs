//! The sounds of a manifest, as they are laid into scenes.

use std::collections::BTreeMap;

use super::RATE_HZ;
use super::error::ComposeError;
use avar_base::job::{CancelToken, parallel_map, thread_count};
use avar_base::time::TimeRange;
use avar_dataset::{Clip, Manifest};
use avar_labels::{AnomalyClass, Split};
use avar_media::read_mono;

/// One sound, from where it begins to be audible to where it ends.
pub(crate) struct Sound {
    samples: Vec<i16>,
    /// What it is recorded from: sounds of one group stand for one.
    group: String,
    class: AnomalyClass,
}

impl Sound {
    pub(crate) fn samples(&self) -> Vec<f32> {
        self.samples.iter().map(|sample| f32::from(*sample) / f32::from(i16::MAX)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.samples.len()
    }
}

/// What one part of a manifest has: by class, then by group.
pub(crate) struct Material {
    of_class: BTreeMap<&'static str, Vec<Vec<Sound>>>,
}

/// Of a longer recording the first part is enough.
const LONGEST_S: f64 = 30.0;
/// Shorter than this nothing is told apart.
const SHORTEST: usize = RATE_HZ as usize / 20;
/// What goes on in the background must last as long.
const SHORTEST_BED: usize = RATE_HZ as usize;
/// Below the loudest window of a sound by so much it has not begun, or has ended.
const AUDIBLE_DB: f32 = -36.0;

impl Material {
    /// Every clip of the part that has sound. Clips with pictures are not heard: what is filmed at an event is seldom
    /// its sound.
    pub(crate) fn gather(manifest: &Manifest, part: Split, cancel: &CancelToken) -> Result<Material, ComposeError> {
        let clips: Vec<&Clip> = manifest.part(part).collect();
        let sounds = parallel_map(&clips, thread_count(), |clip| sounds_of(clip, cancel))?;
        let mut of_class: BTreeMap<&'static str, BTreeMap<String, Vec<Sound>>> = BTreeMap::new();
        for sound in sounds.into_iter().flatten() {
            let groups = of_class.entry(sound.class.name()).or_default();
            groups.entry(sound.group.clone()).or_default().push(sound);
        }
        let of_class = of_class.into_iter().map(|(class, groups)| (class, groups.into_values().collect())).collect();
        let material = Material { of_class };
        if material.beds().next().is_none() {
            return Err(ComposeError::NoEverydayMaterial { part, manifest: manifest.path.clone() });
        }
        Ok(material)
    }

    /// Sounds of a class, by group.
    pub(crate) fn groups(&self, class: AnomalyClass) -> &[Vec<Sound>] {
        self.of_class.get(class.name()).map_or(&[], Vec::as_slice)
    }

    /// The classes of which there are sounds, everyday life aside.
    pub(crate) fn events(&self) -> Vec<AnomalyClass> {
        let has_sounds = |class: &AnomalyClass| *class != AnomalyClass::Normal && !self.groups(*class).is_empty();
        AnomalyClass::ALL.into_iter().filter(has_sounds).collect()
    }

    /// Everyday sounds that are long enough to go on in the background.
    pub(crate) fn beds(&self) -> impl Iterator<Item = &Sound> {
        self.groups(AnomalyClass::Normal).iter().flatten().filter(|sound| sound.len() >= SHORTEST_BED)
    }
}

/// The labelled ranges of a clip, or the whole of it.
fn sounds_of(clip: &Clip, cancel: &CancelToken) -> Result<Vec<Sound>, ComposeError> {
    let opened = avar_media::open(&clip.file, cancel, |_| {})?;
    let Some(audio) = opened.info.audio.as_ref().filter(|_| opened.frames.is_none()) else { return Ok(Vec::new()) };
    let whole = opened.info.range;
    let ranges: Vec<(AnomalyClass, TimeRange)> = match clip.ranges.is_empty() {
        true => vec![(clip.label, whole)],
        false => clip.on_axis(whole.start).ranges.iter().map(|range| (range.class, range.range)).collect(),
    };
    let mut sounds = Vec::new();
    for (class, range) in ranges {
        let most = range.start + avar_base::time::MediaTime::from_seconds(LONGEST_S);
        let range = TimeRange::new(range.start.max(whole.start), range.end.min(whole.end).min(most));
        if range.duration_s() <= 0.0 {
            continue;
        }
        let samples = read_mono(&clip.file, Some(audio), RATE_HZ, range, cancel)?;
        let audible = audible_part(&samples);
        if audible.len() >= SHORTEST {
            let peak = audible.iter().fold(0f32, |peak, sample| peak.max(sample.abs()));
            let scale = f32::from(i16::MAX) / peak;
            let samples = audible.iter().map(|sample| (sample * scale).round() as i16).collect();
            sounds.push(Sound { samples, group: clip.group.clone(), class });
        }
    }
    Ok(sounds)
}

/// Without what is silent before and after; empty where all is.
fn audible_part(samples: &[f32]) -> &[f32] {
    let window = RATE_HZ as usize / 50;
    let levels: Vec<f32> = samples.chunks(window).map(super::effects::level).collect();
    let loudest = levels.iter().fold(0f32, |loudest, level| loudest.max(*level));
    let least = loudest * super::effects::from_db(AUDIBLE_DB);
    // Below a bit of 16 nothing is recorded.
    if loudest < 1.0 / f32::from(i16::MAX) {
        return &[];
    }
    let is_audible = |level: &f32| *level >= least;
    let first = levels.iter().position(is_audible).unwrap_or(0);
    let last = levels.iter().rposition(is_audible).unwrap_or(0);
    &samples[first * window..((last + 1) * window).min(samples.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_before_and_after_a_sound_is_no_part_of_it() {
        let second = RATE_HZ as usize;
        let mut samples = vec![0f32; 3 * second];
        samples[second..second + second / 2].fill(0.5);
        let audible = audible_part(&samples);
        assert!((audible.len() as f32 / second as f32 - 0.5).abs() < 0.05);
        assert!(audible_part(&vec![0.0; second]).is_empty());
        assert!(audible_part(&[]).is_empty());
    }
}
