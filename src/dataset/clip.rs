//! One recording and what is known about it.

use std::path::{Component, Path, PathBuf};

use avar_base::time::{MediaTime, TimeRange};
use avar_labels::{AnomalyClass, Split};

/// One recording of a dataset: its label, its ranges, and the part that it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// As the manifest writes it.
    pub path: PathBuf,
    /// Where it lies: absolute.
    pub file: PathBuf,
    /// The class of the clip: of the whole of it where `ranges` is empty, otherwise the first that its rows name.
    pub label: AnomalyClass,
    /// When an anomaly shows, counted from the start of the recording, by start; empty where `label` holds from start to end. No range is `normal`.
    pub ranges: Vec<LabelledRange>,
    /// When something shows that is not normal and has no class here, counted and ordered as `ranges`.
    pub unclassified: Vec<UnclassifiedRange>,
    /// In which half of the recording its anomalies can be perceived.
    pub shown_in: ShownIn,
    /// `None` where the manifest does not say and none was assigned.
    pub split: Option<Split>,
    /// What the clip shares with others of the same source. A clip of a source of its own is its own group.
    pub group: String,
}

/// Where the anomalies of a clip can be perceived. What shows in the picture alone is not to be learned from the sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShownIn {
    /// In all that the clip has; or nothing is known of it.
    #[default]
    Both,
    /// In the picture alone; the sound tells nothing of them.
    Picture,
    /// In the sound alone; the picture tells nothing of them.
    Sound,
}

impl ShownIn {
    /// Identifier used in files; blank where nothing is said.
    pub fn name(self) -> &'static str {
        match self {
            ShownIn::Both => "",
            ShownIn::Picture => "picture",
            ShownIn::Sound => "sound",
        }
    }

    /// Reads [`ShownIn::name`], and `both`, in any case.
    pub fn from_name(name: &str) -> Option<ShownIn> {
        match name.to_ascii_lowercase().as_str() {
            "" | "both" => Some(ShownIn::Both),
            "picture" => Some(ShownIn::Picture),
            "sound" => Some(ShownIn::Sound),
            _ => None,
        }
    }

    /// Whether someone can know who has the picture, or the sound, or both.
    pub fn is_told_by(self, has_picture: bool, has_sound: bool) -> bool {
        match self {
            ShownIn::Both => has_picture || has_sound,
            ShownIn::Picture => has_picture,
            ShownIn::Sound => has_sound,
        }
    }
}

/// A stretch that shows a class.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledRange {
    /// Never `normal` in the ranges of a [`Clip`].
    pub class: AnomalyClass,
    /// From the start of the recording, as in a manifest; after [`Clip::on_axis`] on the recording's own axis.
    pub range: TimeRange,
}

/// A stretch with a label that is none of the ten classes, such as XD-Violence's shooting: an anomaly for a score
/// of anomaly, but no example of any class and none of `normal`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnclassifiedRange {
    /// As the source writes it.
    pub label: String,
    /// Counted as that of a [`LabelledRange`].
    pub range: TimeRange,
}

impl Clip {
    /// The clip with its ranges on the own axis of a recording that begins at `start`: a segment of a transport stream
    /// or of a recorder begins late, and whoever annotates counts from what they see first.
    pub fn on_axis(&self, start: MediaTime) -> Clip {
        let moved = |range: TimeRange| TimeRange::new(range.start + start, range.end + start);
        let mut clip = self.clone();
        clip.ranges.iter_mut().for_each(|labelled| labelled.range = moved(labelled.range));
        clip.unclassified.iter_mut().for_each(|unclassified| unclassified.range = moved(unclassified.range));
        clip
    }

    /// The true class at a moment, or `None` where something shows that has no class here.
    ///
    /// Where ranges overlap the clip's own label wins, then the range that starts first.
    pub fn class_at(&self, time: MediaTime) -> Option<AnomalyClass> {
        let here =
            || self.ranges.iter().filter(|labelled| labelled.range.contains(time)).map(|labelled| labelled.class);
        let is_unclassified = || self.unclassified.iter().any(|unclassified| unclassified.range.contains(time));
        match here().find(|class| *class == self.label).or_else(|| here().next()) {
            Some(class) => Some(class),
            None if is_unclassified() => None,
            None if self.ranges.is_empty() => Some(self.label),
            None => Some(AnomalyClass::Normal),
        }
    }

    /// As [`Clip::class_at`], of what the picture alone shows.
    pub fn class_seen_at(&self, time: MediaTime) -> Option<AnomalyClass> {
        if self.shown_in.is_told_by(true, false) { self.class_at(time) } else { Some(AnomalyClass::Normal) }
    }

    /// As [`Clip::class_at`], of what the sound alone tells.
    pub fn class_heard_at(&self, time: MediaTime) -> Option<AnomalyClass> {
        if self.shown_in.is_told_by(false, true) { self.class_at(time) } else { Some(AnomalyClass::Normal) }
    }
}

/// The group of a clip that shares its source with no other: its path without detours.
pub(super) fn own_group(path: &Path) -> String {
    let mut parts: Vec<Component> = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(parts.last(), Some(Component::Normal(_))) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    slashed(&parts.iter().collect::<PathBuf>())
}

/// A path as text with `/` between its parts on every system, so that a manifest reads the same everywhere.
pub(super) fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(start_s: f64, end_s: f64) -> TimeRange {
        TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s))
    }

    fn clip(label: AnomalyClass, ranges: &[(AnomalyClass, f64, f64)], unclassified: &[(f64, f64)]) -> Clip {
        Clip {
            path: "a.mp4".into(),
            file: "/a.mp4".into(),
            label,
            ranges: ranges
                .iter()
                .map(|(class, s, e)| LabelledRange { class: *class, range: seconds(*s, *e) })
                .collect(),
            unclassified: unclassified
                .iter()
                .map(|(s, e)| UnclassifiedRange { label: "riot".into(), range: seconds(*s, *e) })
                .collect(),
            shown_in: ShownIn::Both,
            split: None,
            group: "a.mp4".into(),
        }
    }

    fn at(clip: &Clip, time_s: f64) -> Option<AnomalyClass> {
        clip.class_at(MediaTime::from_seconds(time_s))
    }

    #[test]
    fn a_label_without_ranges_holds_for_the_whole_clip() {
        assert_eq!(at(&clip(AnomalyClass::Pain, &[], &[]), 1e6), Some(AnomalyClass::Pain));
    }

    #[test]
    fn outside_of_its_ranges_a_clip_is_normal() {
        let clip = clip(AnomalyClass::Crash, &[(AnomalyClass::Crash, 1.0, 2.0)], &[]);
        assert_eq!(at(&clip, 0.5), Some(AnomalyClass::Normal));
        assert_eq!(at(&clip, 1.0), Some(AnomalyClass::Crash));
        assert_eq!(at(&clip, 2.0), Some(AnomalyClass::Normal));
    }

    #[test]
    fn what_has_no_class_is_not_normal_but_yields_to_what_has_one() {
        let mixed = clip(AnomalyClass::Crash, &[(AnomalyClass::Crash, 1.0, 2.0)], &[(1.5, 3.0)]);
        assert_eq!(at(&mixed, 1.7), Some(AnomalyClass::Crash));
        assert_eq!(at(&mixed, 2.5), None);
        assert_eq!(at(&clip(AnomalyClass::Normal, &[], &[(1.5, 3.0)]), 2.0), None);
        assert_eq!(at(&clip(AnomalyClass::Normal, &[], &[(1.5, 3.0)]), 4.0), Some(AnomalyClass::Normal));
    }

    #[test]
    fn what_one_modality_alone_shows_is_normal_in_the_other() {
        let crash = clip(AnomalyClass::Crash, &[], &[]);
        let of = |shown_in| {
            let clip = Clip { shown_in, ..crash.clone() };
            let time = MediaTime::from_seconds(1.0);
            [clip.class_at(time), clip.class_seen_at(time), clip.class_heard_at(time)].map(Option::unwrap)
        };
        let (crash, normal) = (AnomalyClass::Crash, AnomalyClass::Normal);
        assert_eq!(of(ShownIn::Both), [crash, crash, crash]);
        assert_eq!(of(ShownIn::Picture), [crash, crash, normal]);
        assert_eq!(of(ShownIn::Sound), [crash, normal, crash]);
    }

    #[test]
    fn ranges_count_from_the_start_of_a_recording_that_begins_late() {
        let clip = clip(AnomalyClass::Crash, &[(AnomalyClass::Crash, 1.0, 2.0)], &[(3.0, 4.0)]);
        let placed = clip.on_axis(MediaTime::from_seconds(7200.0));
        assert_eq!((at(&placed, 7201.5), at(&placed, 1.5)), (Some(AnomalyClass::Crash), Some(AnomalyClass::Normal)));
        assert_eq!(at(&placed, 7203.5), None);
        assert_eq!(clip.on_axis(MediaTime::ZERO), clip);
    }

    #[test]
    fn where_ranges_overlap_the_label_of_the_clip_wins() {
        let ranges = [(AnomalyClass::Explosion, 0.0, 9.0), (AnomalyClass::Crash, 1.0, 2.0)];
        assert_eq!(at(&clip(AnomalyClass::Crash, &ranges, &[]), 1.5), Some(AnomalyClass::Crash));
        assert_eq!(at(&clip(AnomalyClass::Explosion, &ranges, &[]), 1.5), Some(AnomalyClass::Explosion));
    }

    #[test]
    fn one_path_spelt_in_two_ways_is_one_group() {
        assert_eq!(own_group(Path::new("./a/../b//c.mp4")), "b/c.mp4");
        assert_eq!(own_group(Path::new("../../c.mp4")), "../../c.mp4");
    }
}
