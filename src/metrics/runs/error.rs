//! Why a run cannot be opened.

use std::io;
use std::path::PathBuf;

use avar_base::files::WriteError;

/// Why a run cannot be read or written; what is wrong with one clip only sets that clip aside.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file of the run is missing or cannot be read.
    #[error("the run's file cannot be read ({reason}); choose a folder that `avar evaluate --out` wrote: {path}", path = .path.display())]
    Read { path: PathBuf, reason: io::Error },
    /// A file of the run is larger than any that is read.
    #[error("the file is larger than the {most_mib} MiB that a run may have; evaluate fewer clips at once: {path}", path = .path.display())]
    TooLarge { most_mib: u64, path: PathBuf },
    /// `run.json` is not JSON of the form that is written here.
    #[error("run.json is not what `avar evaluate --out` writes ({reason}); evaluate again: {path}", path = .path.display())]
    About { path: PathBuf, reason: serde_json::Error },
    /// `run.json` names other classes than the ten, or in another order.
    #[error("the run is of other classes ({classes}) than the ten of this program; evaluate again with a network of these: {path}", path = .path.display())]
    OtherClasses { classes: String, path: PathBuf },
    /// A table is not CSV of UTF-8 text with as many cells in each row as in the first.
    #[error("the table cannot be read ({reason}); evaluate again: {path}", path = .path.display())]
    Table { path: PathBuf, reason: csv::Error },
    /// A table lacks a column that every run has.
    #[error("the table has no column \"{column}\"; evaluate again: {path}", path = .path.display())]
    NoColumn { column: String, path: PathBuf },
    /// Not one clip of the run makes sense.
    #[error("no clip of the run can be used ({first}): {path}", path = .path.display())]
    NoClips { first: String, path: PathBuf },
    /// A file of the run cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
