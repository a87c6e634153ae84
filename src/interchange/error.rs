//! What can be wrong with a file of annotations, in sentences.

use std::fmt;
use std::io;
use std::path::PathBuf;

use avar_base::files::WriteError;

use crate::format::Format;

/// Why a text cannot be read as annotations, or annotations cannot be written as one.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The bytes are no UTF-8, or hold control characters that no text has.
    #[error("the file is not UTF-8 text in line {line}; save it as UTF-8")]
    NotText { line: usize },
    /// There is more than is read.
    #[error("the file is larger than {limit_mib} MiB, which no annotations of a recording need")]
    TooLarge { limit_mib: usize },
    /// There is more than is read.
    #[error("the file holds more than {limit} {what}; split it")]
    TooMany { what: &'static str, limit: usize },
    /// Neither its ending nor its text is that of a format that is known.
    #[error("the file is in no format that is read here; name it, or choose one of {known}")]
    Unrecognised { known: String },
    /// The format goes one way only.
    #[error("{format} is only written here; choose another file")]
    WriteOnly { format: Format },
    /// The text has not the form of the format.
    #[error("this is no {format} file that can be read: {reason}")]
    Syntax { format: Format, reason: String },
    /// The file says that it is of a version that is not known.
    #[error("the file is of {format} version {found}, and {known} can be read; save it in that version")]
    Version { format: Format, found: String, known: &'static str },
    /// One entry makes no sense.
    #[error("{place}: {problem}")]
    Entry { place: EntryPlace, problem: EntryProblem },
    /// Several recordings are annotated, and none has the name of this one.
    #[error("the file is of {count} recordings, among them {names}, and none is named {name}; rename one of them")]
    NoSuchRecording { count: usize, names: String, name: String },
    /// One recording is annotated twice.
    #[error("the file annotates {name} twice; leave one of them")]
    Twice { name: String },
    /// The file says of its recording what is not so of this one.
    #[error("the file is of another recording: {difference}")]
    OtherRecording { difference: String },
    /// Events are kept by frames, of which the recording has none.
    #[error("the recording has no picture, and annotations are kept by its frames")]
    NoPicture,
    /// The annotations to be written are not of this timeline.
    #[error("{what} is not within the {frames} frames of the recording")]
    Outside { what: String, frames: usize },
    /// A list that is separated by spaces cannot name the recording.
    #[error(
        "{format} separates by spaces, and the recording's name {name} has some; rename it or choose another format"
    )]
    NameWithSpaces { format: Format, name: String },
}

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryPlace {
    /// From 1.
    Line(usize),
    /// What it is an entry of, and its number from 1.
    Nth(&'static str, usize),
}

impl fmt::Display for EntryPlace {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            EntryPlace::Line(line) => write!(f, "line {line}"),
            EntryPlace::Nth(what, number) => write!(f, "{what} {number}"),
        }
    }
}

/// What is wrong with one entry.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryProblem {
    /// Something else stands where a number has to.
    #[error("{text} is no {wanted}")]
    NotANumber { text: String, wanted: &'static str },
    /// A time or a frame before the recording.
    #[error("{text} is below zero, and nothing is before the start of a recording")]
    Negative { text: String },
    /// A time or a frame that no recording has.
    #[error("{text} is beyond the end of any recording")]
    TooLong { text: String },
    /// An event that ends before it has begun.
    #[error("an event that starts at {start} ends at {end}, which is not after it")]
    EndNotAfterStart { start: String, end: String },
    /// A field is missing.
    #[error("{what} is missing")]
    Missing { what: &'static str },
    /// The format does not let its events overlap.
    #[error("it overlaps the one before, which this format does not allow")]
    Overlap,
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl EntryProblem {
    pub(crate) fn at(self, place: &EntryPlace) -> FormatError {
        FormatError::Entry { place: place.clone(), problem: self }
    }
}

/// Why a file of annotations cannot be read or written; each sentence ends with the path.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is no ordinary file, or cannot be opened or read to its end.
    #[error("the annotations cannot be read ({reason}): {path}", path = .path.display())]
    Read { reason: io::Error, path: PathBuf },
    /// What stands in it, or was to be written to it, is not in order.
    #[error("{problem}: {path}", path = .path.display())]
    Format { problem: FormatError, path: PathBuf },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
