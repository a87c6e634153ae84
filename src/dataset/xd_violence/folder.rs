//! A folder of XD-Violence videos, with or without the list of ranges.
//!
//! - **Label.** A name ends in `_label_B1-B2-0`. The clip's class is that of the first label that has a home among the
//!   ten; where ranges say which label they are of, the first that also has a range. The clip's other labels live on
//!   in its ranges; without ranges they are lost, which a note says.
//! - **Ranges.** `annotations_multiclasses.txt` or else `annotations.txt` in the folder. In the plain form a range of
//!   a clip with several labels does not say of which it is, and gets the class of the clip, which a note says too.
//!   Ranges are in frames of the video as published, at 24 a second. A copy at another rate was annotated by its own
//!   frames or was encoded anew since; its own are taken, and a note says of how many clips this is so.
//! - **Split.** A folder named train, val or test above the clip; without one, a listed clip is of the test set.
//! - **Group.** The video or film that the clip was cut from: the name before `__#`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use super::annotations::video_name;
use super::{Annotation, FRAME_RATE_HZ, XdLabel, read_annotations};
use crate::vaar::split_of;
use crate::walk::{Recordings, recordings};
use crate::{Clip, DatasetError, LabelledRange, Manifest, ShownIn, UnclassifiedRange};
use avar_base::time::TimeRange;
use avar_base::wording::{counted, listed, quoted};
use avar_labels::{AnomalyClass, Split};

/// What name and list together say of a clip.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipTruth {
    /// `None` where no label has a home.
    pub label: Option<AnomalyClass>,
    /// By start; empty where the label holds for the whole clip.
    pub ranges: Vec<LabelledRange>,
    /// Ranges whose label has no home, by start.
    pub unclassified: Vec<UnclassifiedRange>,
    /// Classes that the name gives besides `label`, and that no range holds.
    pub lost: Vec<AnomalyClass>,
    /// Whether ranges got the clip's class although they may be of another of its labels.
    pub is_guessed: bool,
}

/// Label codes in the file name `text`, in its order and without the zeros that fill them up to three; `None` where it
/// has no `_label_`.
pub fn labels_in_name(text: &str) -> Option<Vec<&str>> {
    let (_, codes) = text.rsplit_once("_label_")?;
    let codes = codes.split('.').next().unwrap_or(codes);
    Some(codes.split('-').filter(|code| !matches!(*code, "" | "0")).collect())
}

/// Puts the labels of a name and the ranges of a list, in frames at `rate_hz`, together.
pub fn clip_truth(labels: &[&str], annotation: Option<&Annotation>, rate_hz: f64) -> ClipTruth {
    let homes: Vec<AnomalyClass> = labels.iter().filter_map(|code| home(code)).collect();
    let first_home = homes.first().copied();
    let mut truth =
        ClipTruth { label: first_home, ranges: vec![], unclassified: vec![], lost: vec![], is_guessed: false };
    for annotated in annotation.iter().flat_map(|annotation| &annotation.ranges) {
        let range = annotated.time_range(rate_hz);
        let class = match &annotated.code {
            Some(code) => home(code),
            None => first_home,
        };
        truth.is_guessed |= annotated.code.is_none() && first_home.is_some() && labels.len() > 1;
        match class {
            Some(AnomalyClass::Normal) if annotated.code.is_some() => {}
            Some(class) if class.is_anomaly() => truth.ranges.push(LabelledRange { class, range }),
            _ => {
                let homeless = || labels.iter().copied().find(|code| home(code).is_none());
                let label = annotated.code.as_deref().or_else(homeless).map_or("unlabelled".to_owned(), label_name);
                truth.unclassified.push(UnclassifiedRange { label, range });
            }
        }
    }
    let by_time = |range: &TimeRange| (range.start, range.end);
    truth.ranges.sort_by_key(|labelled| (by_time(&labelled.range), labelled.class));
    truth.unclassified.sort_by_key(|unclassified| by_time(&unclassified.range));
    let has_range = |class: &AnomalyClass| truth.ranges.iter().any(|labelled| labelled.class == *class);
    if annotation.is_some() {
        let listed_home = homes.iter().copied().find(|class| has_range(class) || !class.is_anomaly());
        truth.label = listed_home.or_else(|| truth.ranges.first().map(|labelled| labelled.class));
    }
    truth.lost = homes.iter().copied().filter(|class| truth.label != Some(*class) && !has_range(class)).collect();
    truth
}

/// Reads the videos below `folder`. Labels without a home are in [`Manifest::unknown_labels`], counted by the clips
/// that have them, whether those have another label with a home or are left out.
///
/// `rate_of` is asked for the frame rate of each listed video, in Hz: `None` where it cannot be known.
pub fn read_xd_violence(folder: &Path, rate_of: impl Fn(&Path) -> Option<f64>) -> Result<Manifest, DatasetError> {
    let Recordings { files, mut notes } = recordings(folder)?;
    let home =
        std::path::absolute(folder).map_err(|reason| DatasetError::NotAFolder { reason, path: folder.to_owned() })?;
    let lists = ["annotations_multiclasses.txt", "annotations.txt"].map(|name| folder.join(name));
    let annotations = match lists.iter().find(|list| list.exists()) {
        Some(list) => read_annotations(list)?,
        None => Vec::new(),
    };
    let mut listed_clips: HashMap<&str, &Annotation> =
        annotations.iter().map(|annotation| (annotation.name.as_str(), annotation)).collect();
    let mut tally = Tally::default();
    let mut clips = Vec::new();
    for path in files {
        let text = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let annotation = listed_clips.remove(&*stem);
        let Some(labels) = labels_in_name(&text) else {
            tally.nameless.push(quoted(&text));
            continue;
        };
        let file = home.join(&path);
        let rate_hz = annotation.map_or(FRAME_RATE_HZ, |_| tally.rate_hz(&text, rate_of(&file)));
        let truth = clip_truth(&labels, annotation, rate_hz);
        tally.count(&text, &labels, &truth);
        let Some(label) = truth.label else { continue };
        clips.push(Clip {
            file,
            label,
            ranges: truth.ranges,
            unclassified: truth.unclassified,
            shown_in: ShownIn::Both,
            split: split_of(&path).or(annotation.map(|_| Split::Test)),
            group: source(video_name(&stem)).to_owned(),
            path,
        });
    }
    tally.without_file = listed_clips.len();
    separate_shared_sources(&mut clips, &mut notes);
    notes.extend(tally.notes());
    let mut manifest = Manifest::new(folder, clips, tally.unknown_labels)?;
    manifest.notes.splice(0..0, notes);
    Ok(manifest)
}

#[derive(Default)]
struct Tally {
    unknown_labels: BTreeMap<String, usize>,
    /// Files whose names have no label.
    nameless: Vec<String>,
    /// Clips of which no label has a home.
    left_out: usize,
    /// Clips that keep one of several classes.
    reduced: Vec<String>,
    guessed: usize,
    unclassified_ranges: usize,
    /// Listed clips that are not in the folder.
    without_file: usize,
    /// Listed clips at another rate than that of XD-Violence, each with its own.
    other_rate: Vec<String>,
    /// Listed clips whose rate cannot be known.
    unknown_rate: Vec<String>,
}

/// Rates closer than this are one; 23.976 is not 24, and is two frames off within a minute and a half.
const SAME_RATE_HZ: f64 = 0.005;

impl Tally {
    /// The rate by which the frames of a listed clip are counted, which is its own where that is known.
    fn rate_hz(&mut self, name: &str, own_hz: Option<f64>) -> f64 {
        let Some(own_hz) = own_hz else {
            self.unknown_rate.push(quoted(name));
            return FRAME_RATE_HZ;
        };
        if (own_hz - FRAME_RATE_HZ).abs() < SAME_RATE_HZ {
            return FRAME_RATE_HZ;
        }
        self.other_rate.push(format!("{} ({})", quoted(name), shown_rate(own_hz)));
        own_hz
    }

    fn count(&mut self, name: &str, labels: &[&str], truth: &ClipTruth) {
        let in_ranges = truth.unclassified.iter().map(|unclassified| unclassified.label.clone());
        let in_name = labels.iter().filter(|code| home(code).is_none()).map(|code| label_name(code));
        for label in in_name.chain(in_ranges).collect::<BTreeSet<_>>() {
            *self.unknown_labels.entry(label).or_default() += 1;
        }
        if truth.label.is_none() {
            self.left_out += 1;
            return;
        }
        if !truth.lost.is_empty() {
            self.reduced.push(quoted(name));
        }
        self.guessed += usize::from(truth.is_guessed);
        self.unclassified_ranges += truth.unclassified.len();
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.nameless.is_empty() {
            notes.push(format!("left out, for their names have no `_label_`: {}", listed(&self.nameless, 3)));
        }
        if self.left_out > 0 {
            notes
                .push(format!("{} left out, for no label of theirs is one of the ten", counted(self.left_out, "clip")));
        }
        if !self.reduced.is_empty() {
            notes.push(format!("several classes without ranges, the first was taken: {}", listed(&self.reduced, 3)));
        }
        if self.guessed > 0 {
            let clips = counted(self.guessed, "clip");
            notes.push(format!("{clips} with several labels and ranges that do not say of which: taken as the first"));
        }
        if self.unclassified_ranges > 0 {
            let ranges = counted(self.unclassified_ranges, "range");
            notes.push(format!("{ranges} without a class in clips that have one: kept, as neither normal nor a class"));
        }
        if self.without_file > 0 {
            notes.push(format!("{} not in the folder", counted(self.without_file, "listed clip")));
        }
        if !self.other_rate.is_empty() {
            notes.push(format!(
                "{} not at the 24 frames/s of XD-Violence, so that its list was read in the frames of the file itself; \
                 copies that were encoded anew since need a list of their own: {}",
                counted(self.other_rate.len(), "listed clip"),
                listed(&self.other_rate, 3)
            ));
        }
        if !self.unknown_rate.is_empty() {
            notes.push(format!(
                "{} whose frame rate is not known, so that its list was read at 24 frames/s: {}",
                counted(self.unknown_rate.len(), "listed clip"),
                listed(&self.unknown_rate, 3)
            ));
        }
        notes
    }
}

/// XD-Violence's own split may cut one source into both parts. Its split is kept, because results are compared on
/// it; the source then counts as one group in each part, and a note says that they are not independent.
fn separate_shared_sources(clips: &mut [Clip], notes: &mut Vec<String>) {
    let mut parts: HashMap<String, BTreeSet<Option<Split>>> = HashMap::new();
    for clip in clips.iter().filter(|clip| clip.split.is_some()) {
        parts.entry(clip.group.clone()).or_default().insert(clip.split);
    }
    let is_shared = |group: &String| parts.get(group).is_some_and(|splits| splits.len() > 1);
    let shared = parts.keys().filter(|group| is_shared(group)).count();
    for clip in clips.iter_mut().filter(|clip| is_shared(&clip.group)) {
        if let Some(split) = clip.split {
            clip.group = format!("{} ({})", clip.group, split.name());
        }
    }
    if shared > 0 {
        let sources = counted(shared, "source");
        notes
            .push(format!("{sources} in more than one split: XD-Violence's own split is kept, and is not independent"));
    }
}

/// "30/s", "23.976/s".
fn shown_rate(rate_hz: f64) -> String {
    format!("{}/s", (rate_hz * 1000.0).round() / 1000.0)
}

fn home(code: &str) -> Option<AnomalyClass> {
    XdLabel::from_code(code).and_then(XdLabel::class)
}

/// For our files: a word where the code is known, else the code.
fn label_name(code: &str) -> String {
    XdLabel::from_code(code).map(XdLabel::name).unwrap_or(code).to_owned()
}

fn source(name: &str) -> &str {
    name.split_once("__#").map_or(name, |(source, _)| source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xd_violence::parse_annotations;

    fn truth(name: &str, list: Option<&str>) -> ClipTruth {
        let annotation = list.map(|ranges| parse_annotations(&format!("{name} {ranges}")).unwrap().remove(0));
        clip_truth(&labels_in_name(name).unwrap(), annotation.as_ref(), FRAME_RATE_HZ)
    }

    fn classes(truth: &ClipTruth) -> Vec<AnomalyClass> {
        truth.ranges.iter().map(|labelled| labelled.class).collect()
    }

    #[test]
    fn labels_come_from_the_end_of_the_name() {
        let labels = |name| labels_in_name(name).map(|labels| labels.join("+"));
        assert_eq!(labels("v=x__#00-01_label_B1-B2-0.mp4").as_deref(), Some("B1+B2"));
        assert_eq!(labels("Film_label_A_label_G-0-0").as_deref(), Some("G"));
        assert_eq!(labels("x_label_A.mp4").as_deref(), Some("A"));
        assert_eq!(labels("x.mp4"), None);
    }

    #[test]
    fn the_first_label_that_has_a_home_is_the_class_of_the_clip() {
        for (name, class) in [
            ("x_label_B1-0-0", Some(AnomalyClass::Brawling)),
            ("x_label_B2-B6-0", Some(AnomalyClass::Crash)),
            ("x_label_B5-0-0", Some(AnomalyClass::Abuse)),
            ("x_label_G-B6-0", Some(AnomalyClass::Explosion)),
            ("x_label_A", Some(AnomalyClass::Normal)),
            ("x_label_B2-B4-0", None),
            ("x_label_B9-0-0", None),
        ] {
            assert_eq!(truth(name, None).label, class, "{name}");
        }
        assert_eq!(truth("x_label_G-B6-0", None).lost, [AnomalyClass::Crash]);
    }

    #[test]
    fn ranges_with_codes_have_their_own_class_and_those_without_a_home_are_kept() {
        let truth = truth("x_label_G-B2-0", Some("B2 50 84 G 25 92 B2 119 137"));
        assert_eq!(truth.label, Some(AnomalyClass::Explosion));
        assert_eq!(classes(&truth), [AnomalyClass::Explosion]);
        assert_eq!(truth.unclassified.iter().map(|range| range.label.as_str()).collect::<Vec<_>>(), ["shooting"; 2]);
        assert!(!truth.is_guessed && truth.lost.is_empty());
    }

    #[test]
    fn ranges_without_codes_take_the_class_of_the_clip_and_say_so_where_it_has_several_labels() {
        assert!(!truth("x_label_B6-0-0", Some("1 2 5 9")).is_guessed);
        let several = truth("x_label_B2-B6-G", Some("1 2 5 9"));
        assert_eq!(classes(&several), [AnomalyClass::Crash; 2]);
        assert!(several.is_guessed);
        assert_eq!(several.lost, [AnomalyClass::Explosion]);
        let homeless = truth("x_label_B2-B4-0", Some("1 2"));
        assert_eq!((homeless.label, homeless.unclassified.len()), (None, 1));
    }

    #[test]
    fn a_class_that_only_the_ranges_name_is_taken_where_the_name_has_none_that_shows() {
        assert_eq!(truth("x_label_B4-0-0", Some("B4 0 9 B1 20 30")).label, Some(AnomalyClass::Brawling));
        assert_eq!(truth("x_label_B5-B1-0", Some("B1 20 30")).label, Some(AnomalyClass::Brawling));
        assert_eq!(truth("x_label_B1-B2-0", Some("B2 20 30")).label, None);
    }

    #[test]
    fn a_range_in_a_normal_clip_is_of_no_class_and_a_normal_range_says_nothing() {
        let listed = truth("x_label_A", Some("20 30"));
        assert_eq!((listed.label, listed.ranges.len()), (Some(AnomalyClass::Normal), 0));
        assert_eq!(listed.unclassified[0].label, "unlabelled");
        let normal = truth("x_label_G-0-0", Some("A 0 9 G 9 12"));
        assert_eq!((classes(&normal), normal.unclassified.len()), (vec![AnomalyClass::Explosion], 0));
    }

    #[test]
    fn frames_are_those_of_the_file_whatever_its_rate_and_another_rate_is_said() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a_label_G-0-0", "b_label_G-0-0", "c_label_G-0-0"] {
            std::fs::write(folder.path().join(format!("{name}.mp4")), "").unwrap();
        }
        let list = "a_label_G-0-0 60 120\nb_label_G-0-0 60 120\nc_label_G-0-0 60 120\n";
        std::fs::write(folder.path().join("annotations.txt"), list).unwrap();
        let rate_of = |file: &Path| match file.file_name()?.to_str()?.chars().next()? {
            'a' => Some(30.0),
            'b' => Some(24.001),
            _ => None,
        };
        let manifest = read_xd_violence(folder.path(), rate_of).unwrap();
        let bounds_s = |clip: &Clip| [clip.ranges[0].range.start.seconds(), clip.ranges[0].range.end.seconds()];
        assert_eq!(manifest.clips.iter().map(bounds_s).collect::<Vec<_>>(), [[2.0, 4.0], [2.5, 5.0], [2.5, 5.0]]);
        let says = |words: &[&str]| manifest.notes.iter().any(|note| words.iter().all(|word| note.contains(word)));
        assert!(says(&["1 listed clip not at the 24 frames/s", "`a_label_G-0-0.mp4` (30/s)"]), "{:?}", manifest.notes);
        assert!(says(&["1 listed clip whose frame rate is not known", "`c_label_G-0-0.mp4`"]), "{:?}", manifest.notes);
    }

    #[test]
    fn clips_of_one_film_are_one_group() {
        assert_eq!(source("Skyfall.2012__#01-20-05_01-20-20_label_B1-B2-0"), "Skyfall.2012");
        assert_eq!(source("fight_0006_label_B1-0-0"), "fight_0006_label_B1-0-0");
    }
}
