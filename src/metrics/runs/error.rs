//! Why a run cannot be opened.

use std::io;
use std::path::PathBuf;

use avar_base::files::WriteError;

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the run's file cannot be read ({reason}); choose a folder that `avar evaluate --out` wrote: {path}", path = .path.display())]
    Read { path: PathBuf, reason: io::Error },
    #[error("the file is larger than the {most_mib} MiB that a run may have; evaluate fewer clips at once: {path}", path = .path.display())]
    TooLarge { most_mib: u64, path: PathBuf },
    #[error("run.json is not what `avar evaluate --out` writes ({reason}); evaluate again: {path}", path = .path.display())]
    About { path: PathBuf, reason: serde_json::Error },
    #[error("the run is of other classes ({classes}) than the ten of this program; evaluate again with a network of these: {path}", path = .path.display())]
    OtherClasses { classes: String, path: PathBuf },
    #[error("the table cannot be read ({reason}); evaluate again: {path}", path = .path.display())]
    Table { path: PathBuf, reason: csv::Error },
    #[error("the table has no column \"{column}\"; evaluate again: {path}", path = .path.display())]
    NoColumn { column: String, path: PathBuf },
    #[error("no clip of the run can be used ({first}): {path}", path = .path.display())]
    NoClips { first: String, path: PathBuf },
    #[error(transparent)]
    Write(#[from] WriteError),
}
