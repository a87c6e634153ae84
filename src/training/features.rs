//! Features of every clip, computed once by the same code that analyses recordings, and kept on disk.

use std::path::Path;

use super::cache;
use super::corpus::CorpusClip;
use super::error::TrainingError;
use avar_analysis::{extract, plan};
use avar_base::job::CancelToken;
use avar_dataset::ShownIn;
use avar_labels::{AnomalyClass, Split};
use avar_model::AvarNet;

/// One clip as the temporal head sees it.
#[derive(Clone, Debug)]
pub struct ClipFeatures {
    /// As the manifest writes it.
    pub path: String,
    /// The one part that the clip is in.
    pub split: Split,
    /// Position of the dataset.
    pub source: usize,
    /// Whether its dataset is of real recordings.
    pub is_real: bool,
    /// Clips of one source share it.
    pub group: String,
    /// What the clip as a whole is labelled.
    pub label: AnomalyClass,
    /// Where its anomalies can be perceived.
    pub shown_in: ShownIn,
    /// The class that holds in the middle of each step; `None` where it is none of the ten.
    pub classes: Vec<Option<AnomalyClass>>,
    /// Steps x (Dv + Dm), features and motion; empty without a picture.
    pub picture: Vec<f32>,
    /// Steps x Da; empty without sound.
    pub sound: Vec<f32>,
}

impl ClipFeatures {
    /// How many steps.
    pub fn len(&self) -> usize {
        self.classes.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// Whether nothing but everyday life is seen and heard in it from start to end, and there is something of it.
    pub fn is_everyday(&self) -> bool {
        !self.is_empty() && self.classes.iter().all(|class| *class == Some(AnomalyClass::Normal))
    }

    /// What sets it apart from other clips whatever happens in it: the dataset, and whether it has a picture.
    pub fn footage(&self) -> (usize, bool) {
        (self.source, !self.picture.is_empty())
    }

    /// The class that holds at a step for who has no more than the picture, or the sound, or both: everyday life where
    /// it shows in nothing of that. `None` where it is none of the ten, and after the end.
    pub fn class_told(&self, step: usize, has_picture: bool, has_sound: bool) -> Option<AnomalyClass> {
        let class = self.classes.get(step).copied().flatten()?;
        Some(if self.shown_in.is_told_by(has_picture, has_sound) { class } else { AnomalyClass::Normal })
    }
}

/// The features of `clip`, from `folder` where they were computed before by the network that `made_by` names.
pub fn clip_features(
    clip: &CorpusClip,
    network: &AvarNet,
    made_by: &str,
    steps_per_second: f64,
    folder: &Path,
    cancel: &CancelToken,
) -> Result<ClipFeatures, TrainingError> {
    let file = &clip.clip.file;
    let opened = avar_media::open(file, cancel, |_| {})?;
    let (grid, _) = plan(&opened.info, opened.frames.as_deref(), steps_per_second)?;
    let cached = cache::path(file, format_args!("{made_by} {steps_per_second}"), folder);
    let [picture, sound] = cache::lists(&cached, ["picture", "sound"], || {
        let features = extract(&opened.info, opened.frames.as_ref(), network, grid, cancel)?;
        Ok([features.picture, features.sound])
    })?;
    let middle = |step: usize| {
        let range = grid.range_of(step);
        range.start + avar_base::time::MediaTime::from_seconds(range.duration_s() / 2.0)
    };
    let placed = clip.clip.on_axis(grid.range().start);
    Ok(ClipFeatures {
        path: clip.clip.path.to_string_lossy().into_owned(),
        split: clip.split,
        source: clip.source,
        is_real: clip.is_real,
        group: clip.clip.group.clone(),
        label: clip.clip.label,
        shown_in: clip.clip.shown_in,
        classes: (0..grid.len()).map(|step| placed.class_at(middle(step))).collect(),
        picture,
        sound,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_in_a_modality_that_was_taken_away_is_everyday_life() {
        let clip = |shown_in| ClipFeatures {
            path: "a.mp4".to_owned(),
            split: Split::Train,
            source: 0,
            is_real: false,
            group: "a".to_owned(),
            label: AnomalyClass::Crash,
            shown_in,
            classes: vec![Some(AnomalyClass::Crash), None],
            picture: Vec::new(),
            sound: Vec::new(),
        };
        let told = |shown_in, (picture, sound)| clip(shown_in).class_told(0, picture, sound);
        let (crash, normal) = (Some(AnomalyClass::Crash), Some(AnomalyClass::Normal));
        assert_eq!([(true, false), (false, true)].map(|has| told(ShownIn::Both, has)), [crash, crash]);
        assert_eq!([(true, false), (false, true)].map(|has| told(ShownIn::Picture, has)), [crash, normal]);
        assert_eq!([(true, false), (false, true)].map(|has| told(ShownIn::Sound, has)), [normal, crash]);
        assert_eq!([1, 2].map(|step| clip(ShownIn::Sound).class_told(step, true, false)), [None, None]);
    }
}
