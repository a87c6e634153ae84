//! What can be wrong with a dataset, in sentences.

use std::fmt;
use std::io;
use std::path::PathBuf;

use avar_base::files::WriteError;
use avar_base::wording::{counted, listed, quoted};

/// Why a dataset cannot be read or written; each sentence ends with the path that it is about.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// A text file cannot be opened or read.
    #[error("the {what} cannot be read ({reason}): {path}", path = .path.display())]
    Unreadable { what: &'static str, reason: io::Error, path: PathBuf },
    /// What should be a text file is a folder, a pipe or a device.
    #[error("the {what} has to be an ordinary file, and this is none: {path}", path = .path.display())]
    NotAFile { what: &'static str, path: PathBuf },
    /// A text file is larger than any list of clips; nothing of it is used.
    #[error("the {what} is larger than {limit_mib} MiB, which no list of clips needs: {path}", path = .path.display())]
    TooLarge { what: &'static str, limit_mib: u64, path: PathBuf },
    /// A text file is not UTF-8.
    #[error("the {what} is not UTF-8 text in line {line}; save it as UTF-8: {path}", path = .path.display())]
    NotText { what: &'static str, line: usize, path: PathBuf },
    /// The header of a manifest lacks a column that it must have.
    #[error(
        "the manifest lacks {missing}: its first line has to name the columns, separated by commas, and reads {header}: {path}",
        path = .path.display()
    )]
    MissingColumns { missing: String, header: String, path: PathBuf },
    /// A manifest has no row below its header, or no header.
    #[error("the manifest lists no clip; below the line with the names of the columns each line is one: {path}", path = .path.display())]
    Empty { path: PathBuf },
    /// All problems of one file at once, so that it can be mended in one go.
    #[error("{problems}{joint}{path}", joint = .problems.joint(), path = .path.display())]
    Invalid { problems: Problems, path: PathBuf },
    /// No label means one of the ten classes, so that no clip is left.
    #[error("no clip has one of the ten labels; the labels are {unknown}: {path}", path = .path.display())]
    NoUsableClip { unknown: String, path: PathBuf },
    /// The folder of a source cannot be listed.
    #[error("this is no folder that can be opened ({reason}): {path}", path = .path.display())]
    NotAFolder { reason: io::Error, path: PathBuf },
    /// The folder, with those below it, holds more than is looked at.
    #[error("the folder holds more than {limit} files and folders; name one with fewer: {path}", path = .path.display())]
    TooManyFiles { limit: usize, path: PathBuf },
    /// No file in the folder or below it has the ending of a recording.
    #[error("the folder holds no video or sound file: {path}", path = .path.display())]
    NoRecording { path: PathBuf },
    /// The path of a recording, which a manifest would have to name, is no UTF-8.
    #[error("a manifest is text, and this path cannot be written as text; rename the file: {path}", path = .path.display())]
    NotUnicode { path: PathBuf },
    /// The manifest cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// One thing that is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1; `None` where it concerns no single line.
    pub line: Option<u64>,
    /// In words, without the path of the file.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// What is wrong with one file: in words a line each, the first twenty and the number of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    first: Vec<Problem>,
    count: usize,
}

impl Problems {
    /// A file of noise has a problem in each line; beyond these they are only counted.
    const KEPT: usize = 20;

    pub(super) fn push(&mut self, line: impl Into<Option<u64>>, text: String) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(Problem { line: line.into(), text });
        }
    }

    /// The first twenty at most.
    pub fn first(&self) -> &[Problem] {
        &self.first
    }

    /// All problems, those beyond the first twenty included.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl Problems {
    /// What stands between the problems and the path of their file, which comes last.
    fn joint(&self) -> &'static str {
        if self.count == 1 { ": " } else { "\nall of it in: " }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if let ([only], 1) = (&self.first[..], self.count) {
            return only.fmt(f);
        }
        f.write_str(&counted(self.count, "problem"))?;
        for problem in &self.first {
            write!(f, "\n  {problem}")?;
        }
        match self.count - self.first.len() {
            0 => Ok(()),
            others => write!(f, "\n  and {others} more"),
        }
    }
}

/// Clips whose files are not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{missing} of {clips} are missing, among them {names}; paths count from the folder of the manifest: {manifest}",
    missing = .files.len(), clips = counted(*.clip_count, "clip"), names = names_of(.files), manifest = .manifest.display()
)]
pub struct MissingFiles {
    /// As the manifest writes them, in its order.
    pub files: Vec<PathBuf>,
    /// Clips in all.
    pub clip_count: usize,
    /// The manifest that lists them, from whose folder their paths count.
    pub manifest: PathBuf,
}

fn names_of(files: &[PathBuf]) -> String {
    let names: Vec<String> = files.iter().take(3).map(|file| quoted(&file.to_string_lossy())).collect();
    listed(&names, 3)
}
