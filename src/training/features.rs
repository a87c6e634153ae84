//! Features of every clip, computed once by the same code that analyses recordings, and kept on disk.

use std::path::Path;

use super::cache;
use super::corpus::CorpusClip;
use super::error::TrainingError;
use avar_analysis::{extract, plan};
use avar_base::job::CancelToken;
use avar_base::time::MediaTime;
use avar_dataset::{Clip, ShownIn};
use avar_labels::{AnomalyClass, Split};
use avar_model::{AvarNet, TokenFormat};

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
    /// The class that holds in the middle of each step, or that is heard there though it holds a little before or after;
    /// `None` where it is none of the ten, or where an event is heard in part.
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
    let placed = clip.clip.on_axis(grid.range().start);
    // A picture shows no more than its moment.
    let format = picture.is_empty().then(|| network.token_format());
    let class = |step: usize| {
        let range = grid.range_of(step);
        let middle = range.start + MediaTime::from_seconds(range.duration_s() / 2.0);
        class_heard(&placed, middle, format.map_or(0.0, |format| heard_beyond_s(format, range.duration_s())))
    };
    Ok(ClipFeatures {
        path: clip.clip.path.to_string_lossy().into_owned(),
        split: clip.split,
        source: clip.source,
        is_real: clip.is_real,
        group: clip.clip.group.clone(),
        label: clip.clip.label,
        shown_in: clip.clip.shown_in,
        classes: (0..grid.len()).map(class).collect(),
        picture,
        sound,
    })
}

/// By how much a token reaches out over its step, before it and behind it alike.
fn heard_beyond_s(format: TokenFormat, step_s: f64) -> f64 {
    let field_s = format.field_samples as f64 / f64::from(format.rate_hz);
    ((field_s - step_s) / 2.0).max(0.0)
}

/// The class at `time` for who hears `beyond_s` more on either side: also that of an event which is nearer than half of
/// that, and `None` where one is at the edge of what is heard. An event of a third of a second is in eight tokens of two
/// seconds; were all but one of them called normal, the head would learn not to hear it.
fn class_heard(clip: &Clip, time: MediaTime, beyond_s: f64) -> Option<AnomalyClass> {
    let class = clip.class_at(time)?;
    if class != AnomalyClass::Normal {
        return Some(class);
    }
    let distance_s = |start: MediaTime, end: MediaTime| (start - time).seconds().max((time - end).seconds());
    let events = clip.ranges.iter().map(|event| (distance_s(event.range.start, event.range.end), Some(event.class)));
    let others = clip.unclassified.iter().map(|other| (distance_s(other.range.start, other.range.end), None));
    match events.chain(others).min_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((away_s, class)) if away_s < beyond_s / 2.0 => class,
        Some((away_s, _)) if away_s < beyond_s => None,
        _ => Some(class),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::time::TimeRange;
    use avar_dataset::LabelledRange;

    fn seconds(seconds: f64) -> MediaTime {
        MediaTime::from_seconds(seconds)
    }

    #[test]
    fn a_short_event_is_heard_in_the_tokens_around_it_and_told_of_none_at_their_edges() {
        let clip = Clip {
            path: "a.wav".into(),
            file: "/a.wav".into(),
            label: AnomalyClass::Vandalism,
            ranges: vec![LabelledRange {
                class: AnomalyClass::Vandalism,
                range: TimeRange::new(seconds(5.0), seconds(5.3)),
            }],
            unclassified: Vec::new(),
            shown_in: ShownIn::Both,
            split: None,
            group: "a".to_owned(),
        };
        let (broken, normal) = (Some(AnomalyClass::Vandalism), Some(AnomalyClass::Normal));
        let heard =
            |beyond_s: f64| [3.9, 4.3, 4.7, 5.1, 5.6, 6.0, 6.4].map(|at| class_heard(&clip, seconds(at), beyond_s));
        assert_eq!(heard(0.0), [normal, normal, normal, broken, normal, normal, normal]);
        assert_eq!(heard(1.0), [normal, None, broken, broken, broken, None, normal]);
        let everyday = Clip { label: AnomalyClass::Normal, ranges: Vec::new(), ..clip };
        assert_eq!(class_heard(&everyday, seconds(5.1), 1.0), normal);
    }

    #[test]
    fn a_token_that_is_no_longer_than_its_step_hears_nothing_beyond_it() {
        let format = |field_samples| TokenFormat { rate_hz: 16_000, field_samples, hop_samples: 320 };
        assert_eq!(heard_beyond_s(format(400), 0.25), 0.0);
        assert_eq!(heard_beyond_s(format(32_000), 0.25), 0.875);
    }

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
