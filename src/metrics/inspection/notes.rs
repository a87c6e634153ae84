//! Tags, notes and corrected labels of a run's clips: `notes.json` in the run's folder.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use avar_base::files::{WriteError, write_whole};
use avar_labels::AnomalyClass;

/// The file in the folder of a run.
pub const NOTES: &str = "notes.json";

/// By the clip's path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notes {
    /// Clips on which nothing was noted are left out.
    pub clips: BTreeMap<String, Remark>,
}

/// What was noted on one clip.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Remark {
    /// Free text of at most [`LONGEST_NOTE`] characters.
    pub note: String,
    /// At most 16, each of 1 to 40 characters.
    pub tags: Vec<String>,
    /// What the clip should be labelled, where its label is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<AnomalyClass>,
}

/// Why the notes of a run cannot be read.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum NotesError {
    /// The file is there and cannot be opened or read.
    #[error("the notes cannot be read ({reason}); mend the file or move it away to begin anew: {path}", path = .path.display())]
    Read { path: PathBuf, reason: std::io::Error },
    /// The file is not JSON of the form that is written here.
    #[error("the notes are not what this program writes ({reason}); mend the file or move it away to begin anew: {path}", path = .path.display())]
    Text { path: PathBuf, reason: serde_json::Error },
    /// The file has more than 16 MiB.
    #[error("the notes are larger than {MOST_MIB} MiB; move the file away to begin anew: {path}", path = .path.display())]
    TooLarge { path: PathBuf },
}

const MOST_MIB: u64 = 16;
/// Longer texts are cut.
pub const LONGEST_NOTE: usize = 4000;
const LONGEST_TAG: usize = 40;
const MOST_TAGS: usize = 16;

impl Notes {
    /// Of a folder without notes: none.
    pub fn read(folder: &Path) -> Result<Self, NotesError> {
        let path = folder.join(NOTES);
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(reason) if reason.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(reason) => return Err(NotesError::Read { path, reason }),
        };
        let mut text = Vec::new();
        match file.take((MOST_MIB << 20) + 1).read_to_end(&mut text) {
            Err(reason) => return Err(NotesError::Read { path, reason }),
            Ok(length) if length as u64 > MOST_MIB << 20 => return Err(NotesError::TooLarge { path }),
            Ok(_) => {}
        }
        let mut notes: Self = serde_json::from_slice(&text).map_err(|reason| NotesError::Text { path, reason })?;
        notes.clips.values_mut().for_each(Remark::bound);
        Ok(notes)
    }

    /// Writes [`NOTES`] in `folder`, whole or not at all; makes the folder where it is missing.
    pub fn write(&self, folder: &Path) -> Result<(), WriteError> {
        write_whole(&folder.join(NOTES), |file| Ok(serde_json::to_writer_pretty(file, self)?))
    }

    /// What was noted on the clip with this path; `None` where nothing was.
    pub fn of(&self, path: &str) -> Option<&Remark> {
        self.clips.get(path)
    }

    /// A remark that says nothing any more is gone.
    pub fn change(&mut self, path: &str, change: impl FnOnce(&mut Remark)) {
        let remark = self.clips.entry(path.to_owned()).or_default();
        change(remark);
        remark.bound();
        if *remark == Remark::default() {
            self.clips.remove(path);
        }
    }

    /// Path and right class of each clip whose label was corrected, in the order of the paths.
    pub fn corrections(&self) -> impl Iterator<Item = (&str, AnomalyClass)> {
        self.clips.iter().filter_map(|(path, remark)| Some((path.as_str(), remark.corrected?)))
    }
}

impl Remark {
    fn bound(&mut self) {
        cut(&mut self.note, LONGEST_NOTE);
        self.tags.iter_mut().for_each(|tag| cut(tag, LONGEST_TAG));
        self.tags.retain(|tag| !tag.is_empty());
        self.tags.truncate(MOST_TAGS);
    }
}

fn cut(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
    }
}

/// For whoever wrote them.
pub fn not_saved(error: &WriteError) -> String {
    format!("The notes are not saved: {error}")
}

/// Tags as they are typed: between commas.
pub fn tags_of(text: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut notes = Notes::read(folder.path()).unwrap();
        assert_eq!(notes, Notes::default());
        notes.change("a.mp4", |remark| {
            remark.note = "glare at 0:04".to_owned();
            remark.tags = tags_of("night, glare,night, ");
            remark.corrected = Some(AnomalyClass::Crash);
        });
        notes.change("b.mp4", |remark| remark.note.clear());
        notes.write(folder.path()).unwrap();
        let read = Notes::read(folder.path()).unwrap();
        assert_eq!(read, notes);
        assert_eq!(read.of("a.mp4").unwrap().tags, ["night", "glare"]);
        assert_eq!(read.corrections().collect::<Vec<_>>(), [("a.mp4", AnomalyClass::Crash)]);
        assert!(read.of("b.mp4").is_none(), "nothing was said of it");
    }

    #[test]
    fn notes_that_are_none_are_refused_by_name_and_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["[1, 2", "{\"clips\": 3}", "{\"clips\": {\"a\": {\"corrected\": \"riot\"}}}"] {
            std::fs::write(folder.path().join(NOTES), text).unwrap();
            let sentence = Notes::read(folder.path()).unwrap_err().to_string();
            assert!(sentence.ends_with("notes.json") && sentence.contains("move it away"), "{sentence}");
            assert_eq!(std::fs::read_to_string(folder.path().join(NOTES)).unwrap(), text);
        }
    }

    #[test]
    fn texts_without_end_are_cut() {
        let folder = tempfile::tempdir().unwrap();
        let tags: Vec<String> = (0..100).map(|tag| format!("{tag}{}", "é".repeat(100))).collect();
        let remark = Remark { note: "é".repeat(100_000), tags, corrected: None };
        let text = serde_json::to_string(&Notes { clips: BTreeMap::from([("a".to_owned(), remark)]) }).unwrap();
        std::fs::write(folder.path().join(NOTES), text).unwrap();
        let read = Notes::read(folder.path()).unwrap();
        let remark = read.of("a").unwrap();
        assert_eq!((remark.note.chars().count(), remark.tags.len()), (LONGEST_NOTE, MOST_TAGS));
        assert_eq!(remark.tags[0].chars().count(), LONGEST_TAG);
    }
}
