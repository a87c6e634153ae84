//! A list of labelled clips, and how it is read from a CSV file.
//!
//! The columns are `path,label[,split][,group][,start_s,end_s][,shown_in]`. Paths count from the manifest's folder. A row
//! without `start_s` and `end_s` labels the whole clip; several rows of one path label ranges of it, in seconds from
//! the start of the recording, and outside of them it is normal. A `normal` row beside ranges says only that. The first row with an anomaly names the clip's class.
//! `shown_in` is `picture` or `sound` where a clip's anomalies show in nothing else.
//!
//! **Errors** are what would make results wrong: columns or cells that cannot be read, a clip or a group in two
//! splits or two groups, labels of one clip that contradict each other, no clip that can be used. **Notes** are what
//! a person should know: ignored columns, synonyms, absolute paths, rows given twice, classes without a clip. Labels
//! that are no class are neither: they are counted in [`Manifest::unknown_labels`]. Whether the files exist is a
//! question of its own ([`Manifest::check_files`]).

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::{Path, PathBuf};

use super::clip::own_group;
use super::copies;
use super::rows::{Row, Rows, parse_rows};
use super::text_file::{decode, read_text};
use super::{
    Clip, DatasetError, LabelledRange, Misfits, MissingFiles, Problems, Shares, ShownIn, UnclassifiedRange,
    assign_splits,
};
use avar_base::job::{CancelToken, Cancelled, parallel_map, thread_count};
use avar_base::time::{MediaTime, TimeRange};
use avar_base::wording::{counted, listed, quoted, tallied};
use avar_labels::{AnomalyClass, Split, class_of_label, is_synonym};

const WHAT: &str = "manifest";

/// A dataset: its labelled clips, and what a person should know of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The CSV file, or the folder that was read instead of one.
    pub path: PathBuf,
    /// Never empty; each file once, in the order of first mention.
    pub clips: Vec<Clip>,
    /// Labels that are none of the ten classes, as written, and how many rows (of a folder: clips) have them.
    pub unknown_labels: BTreeMap<String, usize>,
    /// What a person should know, a sentence each.
    pub notes: Vec<String>,
}

impl Manifest {
    /// Reads a CSV file of at most 64 MiB.
    pub fn read(path: &Path) -> Result<Self, DatasetError> {
        Self::from_text(path, &read_text(WHAT, path)?)
    }

    /// Reads the bytes of a CSV file as if they lay at `path`.
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, DatasetError> {
        Self::from_text(path, &decode(WHAT, path, bytes.to_vec())?)
    }

    fn from_text(path: &Path, text: &str) -> Result<Self, DatasetError> {
        let Rows { rows, mut problems, ignored_columns } = parse_rows(path, text)?;
        let folder = folder_of(path)?;
        let mut tally = Tally::default();
        let clips: Vec<Clip> = drafts(&rows, &mut tally, &mut problems)
            .into_iter()
            .filter_map(|draft| draft.finish(&folder, &mut tally, &mut problems))
            .collect();
        find_split_groups(&clips, &mut problems);
        if !problems.is_empty() {
            return Err(DatasetError::Invalid { problems, path: path.to_owned() });
        }
        let mut manifest = Self::new(path, clips, tally.unknown_labels.clone())?;
        manifest.notes.splice(0..0, tally.notes(&ignored_columns));
        Ok(manifest)
    }

    /// Notes the classes without a clip; fails where no clip is left.
    pub(super) fn new(
        path: &Path,
        clips: Vec<Clip>,
        unknown_labels: BTreeMap<String, usize>,
    ) -> Result<Self, DatasetError> {
        if clips.is_empty() {
            return Err(DatasetError::NoUsableClip { unknown: tallied(&unknown_labels, 10), path: path.to_owned() });
        }
        let mut manifest = Self { path: path.to_owned(), clips, unknown_labels, notes: Vec::new() };
        let absent = AnomalyClass::ALL.into_iter().filter(|class| !manifest.has_class(*class));
        let absent: Vec<&str> = absent.map(AnomalyClass::name).collect();
        if !absent.is_empty() {
            manifest.notes.push(format!("no clip shows {}", listed(&absent, absent.len())));
        }
        Ok(manifest)
    }

    /// The clips of one part.
    pub fn part(&self, split: Split) -> impl Iterator<Item = &Clip> {
        self.clips.iter().filter(move |clip| clip.split == Some(split))
    }

    /// Fails with the list of clips whose files are not there.
    pub fn check_files(&self) -> Result<(), MissingFiles> {
        let missing = self.clips.iter().filter(|clip| !clip.file.is_file());
        let files: Vec<PathBuf> = missing.map(|clip| clip.path.clone()).collect();
        if files.is_empty() {
            return Ok(());
        }
        Err(MissingFiles { files, clip_count: self.clips.len(), manifest: self.path.clone() })
    }

    /// Leaves out the clips whose files are not there, and notes them; fails where none would be left.
    pub fn keep_files_that_exist(&mut self) -> Result<(), MissingFiles> {
        let Err(missing) = self.check_files() else { return Ok(()) };
        if missing.files.len() == self.clips.len() {
            return Err(missing);
        }
        self.clips.retain(|clip| clip.file.is_file());
        let names: Vec<String> = missing.files.iter().map(|file| quoted(&file.to_string_lossy())).collect();
        self.notes.push(format!("left out, for the files are missing: {}", listed(&names, 3)));
        Ok(())
    }

    /// Notes the ranges that go on after the end of their recordings, and the recordings with ranges that cannot be
    /// opened. `duration_of` knows how long a recording is; this room opens none. Files that are not there are passed
    /// over: [`Manifest::check_files`] names them.
    pub fn check_ranges(&mut self, duration_of: impl Fn(&Path) -> Option<MediaTime> + Sync) {
        let has_ranges = |clip: &&Clip| !(clip.ranges.is_empty() && clip.unclassified.is_empty());
        let clips: Vec<&Clip> = self.clips.iter().filter(has_ranges).filter(|clip| clip.file.is_file()).collect();
        let Ok(durations) = parallel_map(&clips, thread_count(), |clip| Ok::<_, Infallible>(duration_of(&clip.file)));
        let (mut misfits, mut closed) = (Misfits::default(), Vec::new());
        for (clip, duration) in clips.into_iter().zip(durations) {
            match duration {
                Some(duration) => misfits.add(clip, &clip.misfits(duration)),
                None => closed.push(quoted(&clip.path.to_string_lossy())),
            }
        }
        let mut notes = misfits.notes();
        if !closed.is_empty() {
            let clips = counted(closed.len(), "clip");
            notes.push(format!("{clips} with ranges that cannot be opened: {}", listed(&closed, 3)));
        }
        self.notes.extend(notes);
    }

    /// Notes the recordings that are there twice, byte for byte, and whether in one part or in several. Reads the files
    /// of equal length alone.
    pub fn check_copies(&mut self, cancel: &CancelToken) -> Result<(), Cancelled> {
        let notes = copies::notes(&self.clips, cancel)?;
        self.notes.extend(notes);
        Ok(())
    }

    /// Gives a part to the clips that have none: see [`assign_splits`]. Adds to the notes.
    pub fn assign_splits(&mut self, shares: Shares, seed: u64) {
        let notes = assign_splits(&mut self.clips, shares, seed);
        self.notes.extend(notes);
    }

    fn has_class(&self, class: AnomalyClass) -> bool {
        self.clips.iter().any(|clip| clip.label == class || clip.ranges.iter().any(|range| range.class == class))
    }
}

/// What a cell of the column `label` says.
#[derive(Clone, Debug, PartialEq)]
enum Label {
    Class(AnomalyClass),
    Unknown(String),
}

/// All rows of one path.
struct Draft<'a> {
    path: &'a str,
    /// The path without detours: rows that spell it differently are of one clip.
    key: String,
    /// Line and label; the line is that of the first such row.
    whole: Vec<(u64, Label)>,
    ranged: Vec<(Label, TimeRange)>,
    split: Option<Split>,
    group: Option<&'a str>,
    shown_in: ShownIn,
}

/// What is counted over all rows, to be noted.
#[derive(Default)]
struct Tally {
    unknown_labels: BTreeMap<String, usize>,
    synonyms: BTreeMap<String, usize>,
    doubled_rows: usize,
    absolute_paths: usize,
    /// Paths of clips where a `normal` range and an anomalous one overlap.
    contradicted: Vec<String>,
}

impl Tally {
    fn notes(&self, ignored_columns: &[String]) -> Vec<String> {
        let mut notes = Vec::new();
        if !ignored_columns.is_empty() {
            let columns: Vec<String> = ignored_columns.iter().map(|name| quoted(name)).collect();
            notes.push(format!("columns that mean nothing here: {}", listed(&columns, 10)));
        }
        for (label, count) in &self.synonyms {
            let class = class_of_label(label).map_or("", AnomalyClass::name);
            notes.push(format!("{} ({}) was read as {class}", quoted(label), counted(*count, "row")));
        }
        if self.absolute_paths > 0 {
            let clips = counted(self.absolute_paths, "clip");
            notes.push(format!("{clips} with an absolute path: the manifest cannot move to another machine"));
        }
        if self.doubled_rows > 0 {
            notes.push(format!("{} given twice or more", counted(self.doubled_rows, "row")));
        }
        if !self.contradicted.is_empty() {
            let clips = listed(&self.contradicted, 3);
            notes.push(format!("normal and an anomaly overlap, and the anomaly was taken, in {clips}"));
        }
        notes
    }
}

fn drafts<'a>(rows: &'a [Row], tally: &mut Tally, problems: &mut Problems) -> Vec<Draft<'a>> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut index_of: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let label = match class_of_label(&row.label) {
            Some(class) => Label::Class(class),
            None => Label::Unknown(row.label.clone()),
        };
        if label == Label::Unknown(row.label.clone()) {
            *tally.unknown_labels.entry(row.label.clone()).or_default() += 1;
        } else if is_synonym(&row.label) {
            *tally.synonyms.entry(row.label.clone()).or_default() += 1;
        }
        let key = own_group(Path::new(&row.path));
        let index = *index_of.entry(key.clone()).or_insert(drafts.len());
        if index == drafts.len() {
            drafts.push(Draft {
                path: &row.path,
                key,
                whole: vec![],
                ranged: vec![],
                split: None,
                group: None,
                shown_in: ShownIn::Both,
            });
        }
        drafts[index].add(row, label, tally, problems);
    }
    drafts
}

impl<'a> Draft<'a> {
    fn add(&mut self, row: &'a Row, label: Label, tally: &mut Tally, problems: &mut Problems) {
        let is_new = match row.range {
            None if self.whole.iter().any(|(_, known)| *known == label) => false,
            None => {
                self.whole.push((row.line, label));
                true
            }
            Some(range) if self.ranged.contains(&(label.clone(), range)) => false,
            Some(range) => {
                self.ranged.push((label, range));
                true
            }
        };
        tally.doubled_rows += usize::from(!is_new);
        match (self.split, row.split) {
            (Some(known), Some(other)) if known != other => {
                let text = format!("{} is in {} and in {}", quoted(self.path), known.name(), other.name());
                problems.push(row.line, text);
            }
            (known, other) => self.split = known.or(other),
        }
        match (self.group, row.group.as_deref()) {
            (Some(known), Some(other)) if known != other => {
                let text = format!("{} is in the groups {} and {}", quoted(self.path), quoted(known), quoted(other));
                problems.push(row.line, text);
            }
            (known, other) => self.group = known.or(other),
        }
        match (self.shown_in, row.shown_in) {
            (known, ShownIn::Both) => self.shown_in = known,
            (ShownIn::Both, other) => self.shown_in = other,
            (known, other) if known != other => {
                problems
                    .push(row.line, format!("{} shows in the picture alone and in the sound alone", quoted(self.path)));
            }
            _ => {}
        }
    }

    /// `None` where no label of the clip is a class, or where they contradict each other.
    fn finish(self, folder: &Path, tally: &mut Tally, problems: &mut Problems) -> Option<Clip> {
        let path = PathBuf::from(self.path);
        tally.absolute_paths += usize::from(path.is_absolute());
        let is_normal = |label: &Label| *label == Label::Class(AnomalyClass::Normal);
        if let [(first, _), (line, _), ..] = self.whole[..] {
            let text = format!("{} has another label for the whole clip in line {first}", quoted(self.path));
            problems.push(line, format!("{text}; give both a range"));
            return None;
        }
        let whole = self.whole.first().filter(|(_, label)| !is_normal(label));
        if let (Some((line, _)), false) = (whole, self.ranged.is_empty()) {
            let text = format!("{} has a label for the whole clip and others for ranges of it", quoted(self.path));
            problems.push(*line, format!("{text}; give this one a range too"));
            return None;
        }
        let mut ranges = Vec::new();
        let mut unclassified = Vec::new();
        let mut normal_ranges = Vec::new();
        for (label, range) in self.ranged {
            match label {
                Label::Class(AnomalyClass::Normal) => normal_ranges.push(range),
                Label::Class(class) => ranges.push(LabelledRange { class, range }),
                Label::Unknown(label) => unclassified.push(UnclassifiedRange { label, range }),
            }
        }
        let label = match (whole, ranges.first()) {
            (Some((_, Label::Class(class))), _) => *class,
            (Some((_, Label::Unknown(_))), _) => return None,
            (None, Some(first)) => first.class,
            (None, None) if self.whole.is_empty() && normal_ranges.is_empty() => return None,
            (None, None) => AnomalyClass::Normal,
        };
        let overlap = |a: &TimeRange, b: &TimeRange| a.start < b.end && b.start < a.end;
        let is_contradicted = |normal: &TimeRange| ranges.iter().any(|labelled| overlap(normal, &labelled.range));
        if normal_ranges.iter().any(is_contradicted) {
            tally.contradicted.push(quoted(self.path));
        }
        ranges.sort_by_key(|labelled| (labelled.range.start, labelled.range.end, labelled.class));
        unclassified
            .sort_by(|a, b| (a.range.start, a.range.end, &a.label).cmp(&(b.range.start, b.range.end, &b.label)));
        let group = self.group.map_or(self.key, str::to_owned);
        let (file, shown_in, split) = (folder.join(&path), self.shown_in, self.split);
        Some(Clip { file, path, label, ranges, unclassified, shown_in, split, group })
    }
}

/// A group in two splits would let a network be tested on what it was trained on.
fn find_split_groups(clips: &[Clip], problems: &mut Problems) {
    let mut home: HashMap<&str, (Split, &Clip)> = HashMap::new();
    let mut reported = std::collections::HashSet::new();
    for clip in clips {
        let Some(split) = clip.split else { continue };
        let (known, first) = *home.entry(&clip.group).or_insert((split, clip));
        if known != split && reported.insert(&clip.group) {
            let place =
                |split: Split, clip: &Clip| format!("{} ({})", split.name(), quoted(&clip.path.to_string_lossy()));
            let (one, other) = (place(known, first), place(split, clip));
            problems.push(None, format!("group {} is in {one} and in {other}", quoted(&clip.group)));
        }
    }
}

/// The folder that paths count from, absolute.
fn folder_of(path: &Path) -> Result<PathBuf, DatasetError> {
    let absolute = std::path::absolute(path);
    let absolute = absolute.map_err(|reason| DatasetError::Unreadable { what: WHAT, reason, path: path.to_owned() })?;
    Ok(absolute.parent().unwrap_or(&absolute).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Manifest, DatasetError> {
        Manifest::from_bytes(Path::new("/data/m.csv"), text.as_bytes())
    }

    #[test]
    fn paths_count_from_the_folder_of_the_manifest() {
        let manifest = read("path,label\n../x/a.mp4,pain\n/b.wav,pain\n").unwrap();
        assert_eq!(manifest.clips[0].file, Path::new("/data/../x/a.mp4"));
        assert_eq!(manifest.clips[1].file, Path::new("/b.wav"));
    }

    #[test]
    fn every_problem_of_a_file_is_said_on_a_line_of_its_own() {
        let sentence = read("path,label,split\na,pain,dev\nb,,train\nc,pain,train\n").unwrap_err().to_string();
        let lines: Vec<&str> = sentence.lines().collect();
        assert_eq!((lines[0], lines[3]), ("2 problems", "all of it in: /data/m.csv"), "{sentence}");
        assert!(lines[1].starts_with("  line 2: `dev`") && lines[2].starts_with("  line 3: `b`"), "{sentence}");
    }

    #[test]
    fn the_one_problem_of_a_file_is_one_sentence() {
        let sentence = read("path,label\na,\nc,pain\n").unwrap_err().to_string();
        assert_eq!(sentence, "line 2: `a` has no label: /data/m.csv");
    }

    #[test]
    fn a_file_of_noise_does_not_gather_problems_without_bound() {
        let text = format!("path,label\n{}", "a,\n".repeat(5000));
        let DatasetError::Invalid { problems, .. } = read(&text).unwrap_err() else { panic!() };
        assert_eq!((problems.first().len(), problems.count()), (20, 5000));
        let lines: Vec<String> = problems.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 22);
        assert_eq!((lines[0].as_str(), lines[21].trim()), ("5000 problems", "and 4980 more"));
    }

    #[test]
    fn files_that_are_missing_are_counted_and_three_of_them_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        std::fs::write(folder.path().join("here.wav"), "").unwrap();
        std::fs::write(&path, "path,label\na,pain\nb,pain\nc,pain\nd,pain\nhere.wav,crash\n").unwrap();
        let mut manifest = Manifest::read(&path).unwrap();
        let missing = manifest.check_files().unwrap_err();
        assert_eq!(missing.files.len(), 4);
        let sentence = missing.to_string();
        assert!(sentence.starts_with("4 of 5 clips are missing, among them `a`, `b` and `c`;"), "{sentence}");
        manifest.keep_files_that_exist().unwrap();
        assert_eq!(manifest.clips.len(), 1);
        assert!(manifest.notes.iter().any(|note| note.contains("`a`, `b`, `c` and 1 more")), "{:?}", manifest.notes);
    }

    #[test]
    fn ranges_are_held_against_the_recordings_that_are_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        for name in ["a.mp4", "b.mp4", "c.mp4"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let rows = "a.mp4,crash,10,12\nb.mp4,pain,1,2\nc.mp4,normal,,\ngone.mp4,pain,1,2\n";
        std::fs::write(&path, format!("path,label,start_s,end_s\n{rows}")).unwrap();
        let mut manifest = Manifest::read(&path).unwrap();
        let known = manifest.notes.len();
        manifest.check_ranges(|file| file.ends_with("a.mp4").then_some(MediaTime::from_seconds(4.0)));
        let notes = [
            "1 range wholly after the end of the recording, whose clip cannot be evaluated: `a.mp4` (10 to 12 s of 4 s)",
            "1 clip with ranges that cannot be opened: `b.mp4`",
        ];
        assert_eq!(manifest.notes[known..], notes);
    }

    #[test]
    fn a_recording_that_is_there_twice_is_noticed_by_its_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        let files =
            [("a", "crash"), ("b", "crash"), ("c", "siren"), ("d", "glass"), ("e", "glass"), ("f", ""), ("g", "")];
        for (name, bytes) in files.into_iter().chain([("long", "longer")]) {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        let rows = "a,crash,train\nb,crash,test\nc,pain,test\nd,pain,test\ne,pain,test\nf,pain,\ng,pain,\nlong,pain,\ngone,pain,\n";
        std::fs::write(&path, format!("path,label,split\n{rows}")).unwrap();
        let mut manifest = Manifest::read(&path).unwrap();
        let known = manifest.notes.len();
        manifest.check_copies(&CancelToken::default()).unwrap();
        let notes = [
            "1 recording in more than one part, the same byte for byte, so that one part tells what is in the other: \
             `a` (train) and `b` (test)",
            "1 recording more than once, the same byte for byte: `d` (test) and `e` (test)",
        ];
        assert_eq!(manifest.notes[known..], notes);
        let cancel = CancelToken::default();
        cancel.cancel();
        assert_eq!(manifest.check_copies(&cancel), Err(Cancelled));
    }

    #[test]
    fn leaving_out_every_clip_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        std::fs::write(&path, "path,label\na,pain\n").unwrap();
        assert!(Manifest::read(&path).unwrap().keep_files_that_exist().is_err());
    }
}
