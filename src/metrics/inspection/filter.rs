//! Which clips of a run are looked at.

use super::notes::Remark;
use crate::runs::{ClipFacts, RunClip};
use avar_labels::{AnomalyClass, CLASS_COUNT, Split};

/// Conditions, all of which a clip has to meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// True classes that are let through, in the order of [`AnomalyClass::ALL`].
    pub classes: [bool; CLASS_COUNT],
    /// `None`: clips of every split, and of none.
    pub split: Option<Split>,
    /// A part of the group's name, in any case.
    pub source: String,
    /// A part of the path, the note or a tag, in any case.
    pub text: String,
    /// Length of the clip.
    pub duration_s: Bounds,
    /// Root mean square of the sound, in dB of full scale.
    pub loudness_dbfs: Bounds,
    /// 1 − brightness.
    pub darkness: Bounds,
}

/// `low <= x <= high`, where there are any.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// `None`: no lower bound.
    pub low: Option<f64>,
    /// `None`: no upper bound.
    pub high: Option<f64>,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            classes: [true; CLASS_COUNT],
            split: None,
            source: String::new(),
            text: String::new(),
            duration_s: Bounds::default(),
            loudness_dbfs: Bounds::default(),
            darkness: Bounds::default(),
        }
    }
}

impl Filter {
    /// `remark` is what has been noted on the clip, in which [`Self::text`] is looked for too.
    pub fn lets_through(&self, clip: &RunClip, remark: Option<&Remark>) -> bool {
        let RunClip { scored: clip, facts } = clip;
        let has = |whole: &str, part: &str| whole.to_lowercase().contains(part);
        let text = self.text.trim().to_lowercase();
        let source = self.source.trim().to_lowercase();
        let is_named = |remark: &Remark| has(&remark.note, &text) || remark.tags.iter().any(|tag| has(tag, &text));
        self.classes[clip.truth.index()]
            && self.split.is_none_or(|split| clip.split == Some(split))
            && (source.is_empty() || has(&clip.group, &source))
            && (text.is_empty() || has(&clip.path, &text) || remark.is_some_and(is_named))
            && self.duration_s.contain(Some(clip.duration_s))
            && self.loudness_dbfs.contain(facts.loudness_dbfs.map(f64::from))
            && self.darkness.contain(darkness(facts))
    }

    /// Whether no condition is set, so that every clip passes.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Lets clips whose true class is `class` through if they were held back, and holds them back if not.
    pub fn toggle(&mut self, class: AnomalyClass) {
        self.classes[class.index()] ^= true;
    }
}

impl Bounds {
    /// What is not known passes only where there are no bounds.
    pub fn contain(self, value: Option<f64>) -> bool {
        match value {
            Some(value) => self.low.is_none_or(|low| low <= value) && self.high.is_none_or(|high| value <= high),
            None => self == Self::default(),
        }
    }
}

/// 0 white, 1 black; `None` without a picture.
pub fn darkness(facts: &ClipFacts) -> Option<f64> {
    facts.brightness.map(|brightness| 1.0 - f64::from(brightness))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::demo_run;

    fn passing(change: impl FnOnce(&mut Filter)) -> usize {
        let run = demo_run::run(&demo_run::Settings { clips: 60, ..demo_run::Settings::default() });
        let mut filter = Filter::default();
        change(&mut filter);
        run.clips.iter().filter(|clip| filter.lets_through(clip, None)).count()
    }

    #[test]
    fn an_open_filter_lets_every_clip_through() {
        assert_eq!(passing(|_| {}), 60);
        assert!(Filter::default().is_open());
    }

    #[test]
    fn every_part_of_the_filter_narrows() {
        let narrowed: [fn(&mut Filter); 7] = [
            |filter| filter.toggle(AnomalyClass::Normal),
            |filter| filter.split = Some(Split::Test),
            |filter| filter.source = "CAMERA-1".to_owned(),
            |filter| filter.text = "crash".to_owned(),
            |filter| filter.duration_s.high = Some(12.0),
            |filter| filter.loudness_dbfs.low = Some(-30.0),
            |filter| filter.darkness.low = Some(0.6),
        ];
        for (place, change) in narrowed.into_iter().enumerate() {
            let count = passing(change);
            assert!(0 < count && count < 60, "filter {place} lets {count} of 60 through");
        }
    }

    #[test]
    fn what_is_not_known_passes_only_without_bounds() {
        assert!(Bounds::default().contain(None));
        assert!(!Bounds { low: Some(-90.0), high: None }.contain(None));
        assert!(Bounds { low: Some(1.0), high: Some(1.0) }.contain(Some(1.0)));
    }

    #[test]
    fn a_note_is_found_by_its_words_and_tags() {
        let run = demo_run::run(&demo_run::Settings::default());
        let filter = Filter { text: "Glare".to_owned(), ..Filter::default() };
        let noted =
            |note: &str, tag: &str| Remark { note: note.to_owned(), tags: vec![tag.to_owned()], ..Remark::default() };
        let found = |remark: &Remark| filter.lets_through(&run.clips[0], Some(remark));
        assert!(found(&noted("much glare here", "")) && found(&noted("", "glare")) && !found(&noted("dark", "night")));
    }
}
