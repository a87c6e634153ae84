//! Why a document cannot be read or written.

use std::io;
use std::path::PathBuf;

use crate::{NotItsMedium, Refusal};

/// Why a document cannot be read or written; each sentence but a [`Refusal`] ends with the path that it is about.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The operation makes no sense; nothing was written.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file is not the document's recording.
    #[error(transparent)]
    Media(#[from] NotItsMedium),
    /// The file cannot be opened or read.
    #[error("the review cannot be read ({reason}): {path}", path = .path.display())]
    Read { reason: io::Error, path: PathBuf },
    /// A folder, a pipe or a device.
    #[error("a review is an ordinary file, and this is none: {path}", path = .path.display())]
    NotAFile { path: PathBuf },
    /// The file is larger than any review.
    #[error("the file is larger than {limit_mib} MiB, which no review is: {path}", path = .path.display())]
    TooLarge { limit_mib: u64, path: PathBuf },
    /// The first line is not that of a review.
    #[error("this is no review: its first line is not what AVAR Desk writes; choose a file that ends in .avar: {path}", path = .path.display())]
    NotAReview { path: PathBuf },
    /// A newer program wrote the file.
    #[error(
        "this review is of format {version}, and this program knows formats up to {known}; open it with a newer AVAR Desk: {path}",
        path = .path.display()
    )]
    TooNew { version: u32, known: u32, path: PathBuf },
    /// A line is not the one that was written.
    #[error(
        "line {line} has been changed since it was written, so nothing below it can be trusted; take the file from a copy: {path}",
        path = .path.display()
    )]
    Changed { line: usize, path: PathBuf },
    /// Lines are gone, doubled or in another order.
    #[error(
        "line {line} does not follow the line before it ({reason}); take the file from a copy: {path}",
        path = .path.display()
    )]
    OutOfOrder { line: usize, reason: String, path: PathBuf },
    /// A line is whole, and what it says makes no sense here.
    #[error("line {line} makes no sense ({reason}); AVAR Desk did not write it: {path}", path = .path.display())]
    Nonsense { line: usize, reason: String, path: PathBuf },
    /// The last line was not written to its end; only [`verify`](crate::verify) refuses that.
    #[error("line {line}, the last, was not written to its end; open the review to set it aside: {path}", path = .path.display())]
    CutOff { line: usize, path: PathBuf },
    /// The cut-off last line cannot be put into a file of its own, so it is left where it is.
    #[error(
        "the last line was not written to its end and cannot be set aside ({reason}); make room or give the folder write permission, and open it again: {path}",
        path = .path.display()
    )]
    SetAside { reason: io::Error, path: PathBuf },
    /// The document is open for reading alone.
    #[error("nothing can be decided here: {reason}: {path}", path = .path.display())]
    ReadOnly { reason: String, path: PathBuf },
    /// There is no document yet, and it cannot be made here.
    #[error(
        "the review cannot be begun here ({reason}); choose a folder that can be written to: {path}",
        path = .path.display()
    )]
    Create { reason: io::Error, path: PathBuf },
    /// There is a file of that name.
    #[error("there is a review already; open it, or choose another name: {path}", path = .path.display())]
    Exists { path: PathBuf },
    /// The line could not be written; what was saved before is as it was.
    #[error(
        "this was not saved ({reason}); all that was saved before is safe. Make room or see to the disk, and do it again: {path}",
        path = .path.display()
    )]
    NotSaved { reason: io::Error, path: PathBuf },
    /// Nothing lies where the document lay, or another file does.
    #[error(
        "this was not saved: the review was moved or removed while it was open; put it back, or open it where it is now: {path}",
        path = .path.display()
    )]
    Gone { path: PathBuf },
    /// Something else wrote to the file.
    #[error(
        "this was not saved: another program has changed the review while it was open; open it again: {path}",
        path = .path.display()
    )]
    ChangedMeanwhile { path: PathBuf },
    /// One line, the file or its lines would be more than is read back.
    #[error("this was not saved: the review would grow beyond {limit}; {advice}: {path}", path = .path.display())]
    Full { limit: String, advice: &'static str, path: PathBuf },
    /// The author's name is longer than is read back.
    #[error("the author's name is longer than {most} bytes; shorten it in the settings: {path}", path = .path.display())]
    Author { most: usize, path: PathBuf },
}
