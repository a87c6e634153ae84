//! Step scores on disk while they are computed, so that an analysis that was interrupted goes on where it stopped.
//!
//! One file an analysis, named by everything that its scores depend on. Behind a line that spells this out come rows of
//! one size, one a step, in order. Rows are only ever appended: what was not written whole, or holds no scores, ends
//! what is believed, and is computed again.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::scores::{PictureDamage, StepFrame, StepScore};
use super::step_grid::StepGrid;
use avar_base::files::hexadecimal;
use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{CLASS_COUNT, ClassScores, Evidence};

/// Where scores are kept.
#[derive(Clone, Debug)]
pub struct JournalPlace {
    /// Made where it is missing. Journals in it that take more than 256 MiB together give way to newer ones.
    pub folder: PathBuf,
    /// Compute everything again, whatever has been kept.
    pub afresh: bool,
}

/// One step as it is kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeptStep {
    /// The frame by which the step is named; `None` without a picture.
    pub frame: Option<StepFrame>,
    /// What is wrong with the picture that the step was judged by.
    pub damage: Option<PictureDamage>,
    /// Whether the file has sound during the step.
    pub is_heard: bool,
    /// Final: the mean over all windows that hold the step.
    pub class_scores: ClassScores,
    /// What picture and sound say alone; that of the sound is `None` where the step has none.
    pub evidence: Evidence,
}

impl KeptStep {
    /// As the score of step `step` of `grid`, which says when it starts.
    pub fn score(self, step: usize, grid: &StepGrid) -> StepScore {
        let KeptStep { frame, damage, class_scores, evidence, .. } = self;
        StepScore { step, frame, damage, start: grid.start_of(step), class_scores, evidence }
    }
}

/// An open journal, locked against other windows.
#[derive(Debug)]
pub struct Journal {
    file: File,
}

/// Journals that take more than this together give way to newer ones: weeks of recordings.
const MOST_BYTES: u64 = 256 << 20;
const ENDING: &str = "scores";
/// Ordinal, PTS and time of the frame, whether there is sound and what is wrong with the picture, the scores, and what
/// picture and sound say alone.
const ROW_BYTES: usize = 8 + 8 + 8 + 4 + 4 * CLASS_COUNT + 4 + 4;
const NO_FRAME: u64 = u64::MAX;
/// In the word that says whether there is sound.
const HEARD: u32 = 1;
const SUSPECT: u32 = 2;
const MISSING: u32 = 4;

impl Journal {
    /// The journal of the analysis that `made_by` names, and the steps in it, at most `most_steps`.
    pub fn open(place: &JournalPlace, made_by: &str, most_steps: usize) -> io::Result<(Self, Vec<KeptStep>)> {
        std::fs::create_dir_all(&place.folder)?;
        let name = format!("{}.{ENDING}", hexadecimal(&Sha256::digest(made_by)[..16]));
        let path = place.folder.join(name);
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        file.try_lock().map_err(|_| io::Error::other("another analysis of this file is under way"))?;
        let header = format!("{} in rows of {ROW_BYTES} with damage\n", made_by.escape_debug());
        let mut steps = Vec::new();
        if !place.afresh {
            let most_bytes = header.len() + most_steps * ROW_BYTES;
            let mut bytes = Vec::new();
            (&file).take(most_bytes as u64).read_to_end(&mut bytes)?;
            let rows = bytes.strip_prefix(header.as_bytes()).unwrap_or_default().as_chunks::<ROW_BYTES>().0;
            steps.extend(rows.iter().map_while(KeptStep::read));
        }
        let believed = header.len() + steps.len() * ROW_BYTES;
        if steps.is_empty() {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(header.as_bytes())?;
        } else {
            file.set_len(believed as u64)?;
            file.seek(SeekFrom::End(0))?;
        }
        forget_oldest(&place.folder, &path, MOST_BYTES);
        Ok((Self { file }, steps))
    }

    /// Writes the next steps behind those that are there. What an error leaves of a row is dropped by the next
    /// [`Self::open`].
    pub fn append(&mut self, steps: &[KeptStep]) -> io::Result<()> {
        let bytes: Vec<u8> = steps.iter().flat_map(KeptStep::bytes).collect();
        self.file.write_all(&bytes)
    }
}

impl KeptStep {
    fn bytes(&self) -> Vec<u8> {
        let frame = self.frame;
        let mut row = Vec::with_capacity(ROW_BYTES);
        row.extend(frame.map_or(NO_FRAME, |frame| frame.index.0 as u64).to_le_bytes());
        row.extend(frame.map_or(0, |frame| frame.pts).to_le_bytes());
        row.extend(frame.map_or(0, |frame| frame.time.nanoseconds()).to_le_bytes());
        let damage = match self.damage {
            None => 0,
            Some(PictureDamage::Suspect) => SUSPECT,
            Some(PictureDamage::Missing) => MISSING,
        };
        row.extend((damage | if self.is_heard { HEARD } else { 0 }).to_le_bytes());
        self.class_scores.0.iter().for_each(|score| row.extend(score.to_le_bytes()));
        let Evidence { picture, sound } = self.evidence;
        [picture, sound].into_iter().for_each(|score| row.extend(score.unwrap_or(f32::NAN).to_le_bytes()));
        row
    }

    /// `None` for what cannot be a step: scores of ten classes add up to 1.
    fn read(row: &[u8; ROW_BYTES]) -> Option<Self> {
        let long = |at: usize| row[at..at + 8].try_into().map(i64::from_le_bytes).ok();
        let short = |at: usize| row[at..at + 4].try_into().map(u32::from_le_bytes).ok();
        let mut class_scores = [0.0; CLASS_COUNT];
        for (class, score) in class_scores.iter_mut().enumerate() {
            *score = f32::from_bits(short(28 + 4 * class)?);
        }
        let alone = |at: usize| short(at).map(f32::from_bits).filter(|score| !score.is_nan());
        let evidence = Evidence { picture: alone(28 + 4 * CLASS_COUNT), sound: alone(32 + 4 * CLASS_COUNT) };
        let is_share = |score: &f32| (0.0..=1.0).contains(score);
        if !class_scores.iter().all(is_share) || (class_scores.iter().sum::<f32>() - 1.0).abs() > 0.01 {
            return None;
        }
        let (index, pts, time) = (long(0)?.cast_unsigned(), long(8)?, MediaTime::from_nanoseconds(long(16)?));
        let index = (index != NO_FRAME).then(|| usize::try_from(index).ok());
        let frame = match index {
            Some(index) => Some(StepFrame { index: FrameIndex(index?), pts, time }),
            None => None,
        };
        let marks = short(24)?;
        let damage = match marks & (SUSPECT | MISSING) {
            0 => None,
            SUSPECT => Some(PictureDamage::Suspect),
            _ => Some(PictureDamage::Missing),
        };
        Some(Self { frame, damage, is_heard: marks & HEARD != 0, class_scores: ClassScores(class_scores), evidence })
    }
}

/// Deletes the journals that were written to least recently, until the rest takes at most `most_bytes`; never `current`.
fn forget_oldest(folder: &Path, current: &Path, most_bytes: u64) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let journals = entries.flatten().filter(|entry| entry.path().extension().is_some_and(|ending| ending == ENDING));
    let mut journals: Vec<_> = journals
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(|metadata| metadata.is_file())?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        })
        .collect();
    journals.sort();
    let mut all_bytes: u64 = journals.iter().map(|(_, bytes, _)| bytes).sum();
    for (_, bytes, path) in journals {
        if all_bytes <= most_bytes {
            return;
        }
        // One that cannot be deleted is somebody else's; the next may do.
        if path != current && std::fs::remove_file(&path).is_ok() {
            all_bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(folder: &Path) -> JournalPlace {
        JournalPlace { folder: folder.to_owned(), afresh: false }
    }

    fn step(index: usize) -> KeptStep {
        let frame = StepFrame { index: FrameIndex(index), pts: -5, time: MediaTime::from_nanoseconds(index as i64) };
        let mut class_scores = [0.0; CLASS_COUNT];
        (class_scores[index % 10], class_scores[9]) = (0.25, class_scores[9] + 0.75);
        let class_scores = ClassScores(class_scores);
        let evidence = Evidence { picture: (index != 2).then_some(0.5), sound: Some(index as f32 / 100.0) };
        let damage = [None, Some(PictureDamage::Suspect), Some(PictureDamage::Missing)][index % 3];
        let frame = (index != 2).then_some(frame);
        KeptStep { frame, damage, is_heard: index.is_multiple_of(2), class_scores, evidence }
    }

    fn steps(count: usize) -> Vec<KeptStep> {
        (0..count).map(step).collect()
    }

    fn kept(folder: &Path, made_by: &str) -> Vec<KeptStep> {
        Journal::open(&place(folder), made_by, 1000).unwrap().1
    }

    fn written(folder: &Path, made_by: &str, count: usize) -> PathBuf {
        let (mut journal, _) = Journal::open(&place(folder), made_by, 1000).unwrap();
        journal.append(&steps(count)).unwrap();
        folder.join(format!("{}.{ENDING}", hexadecimal(&Sha256::digest(made_by)[..16])))
    }

    #[test]
    fn steps_come_back_as_they_were_written_and_go_on_behind_them() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "one", 5);
        let (mut journal, found) = Journal::open(&place(folder.path()), "one", 1000).unwrap();
        assert_eq!(found, steps(5));
        journal.append(&[step(5)]).unwrap();
        drop(journal);
        assert_eq!(kept(folder.path(), "one"), steps(6));
        assert_eq!(kept(folder.path(), "another"), []);
    }

    #[test]
    fn a_step_that_was_not_written_whole_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "one", 5);
        let file = OpenOptions::new().write(true).open(&path).unwrap();
        let whole = file.metadata().unwrap().len();
        file.set_len(whole - 3).unwrap();
        assert_eq!(kept(folder.path(), "one"), steps(4));
        // Zeros, as a power cut leaves them.
        file.set_len(whole + 500).unwrap();
        assert_eq!(kept(folder.path(), "one"), steps(4));
    }

    #[test]
    fn a_file_of_another_kind_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path(), "one", 5);
        std::fs::write(&path, "something else entirely").unwrap();
        assert_eq!(kept(folder.path(), "one"), []);
        written(folder.path(), "one", 3);
        assert_eq!(kept(folder.path(), "one"), steps(3));
    }

    #[test]
    fn afresh_forgets_what_was_kept() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "one", 5);
        let afresh = JournalPlace { afresh: true, ..place(folder.path()) };
        assert_eq!(Journal::open(&afresh, "one", 1000).unwrap().1, []);
        assert_eq!(kept(folder.path(), "one"), []);
    }

    #[test]
    fn a_journal_is_open_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = Journal::open(&place(folder.path()), "one", 1000).unwrap();
        let sentence = Journal::open(&place(folder.path()), "one", 1000).unwrap_err().to_string();
        assert!(sentence.contains("under way"), "{sentence}");
        drop(first);
        kept(folder.path(), "one");
    }

    #[test]
    fn the_oldest_journals_give_way() {
        let folder = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = ["a", "b", "c"].map(|name| written(folder.path(), name, 10)).into();
        for (age_s, path) in [300, 200, 100].into_iter().zip(&paths) {
            let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age_s);
            File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
        }
        let of_two = std::fs::metadata(&paths[1]).unwrap().len() + std::fs::metadata(&paths[2]).unwrap().len();
        forget_oldest(folder.path(), &paths[0], of_two);
        assert_eq!(paths.iter().map(|path| path.exists()).collect::<Vec<_>>(), [true, false, true]);
    }
}
