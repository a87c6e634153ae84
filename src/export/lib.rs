//! A run's figures, tables and report as files, with the frames that they need from its recordings.
//!
//! `avar_figures` draws and opens nothing; here its moments become stills, and the files are written. The window and
//! the command line make the same files.
//!
//! # What does not exist here
//!
//! - No network and no score is computed: of this workspace only `avar-base`, `avar-media`, `avar-metrics` and
//!   `avar-figures` are known.
//! - No drawing: what a figure looks like is decided in `avar_figures`.
//! - No recording that has been moved or cannot be read and leaves an empty place without a word.

mod export;
mod pdf;
mod report;
mod stills;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

pub use export::{Export, ExportSettings, write};
pub use stills::small_picture;
pub use watch::Watch;

use avar_base::files::WriteError;
use avar_base::job::{Cancelled, Job, Stopped, Wake};
use avar_figures::FigureError;
use avar_metrics::ScoreError;
use avar_metrics::runs::Run;

/// Why an export was not made, in a sentence.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A figure or a table cannot be drawn or saved.
    #[error(transparent)]
    Figure(FigureError),
    /// The metrics of the run's clips cannot be computed.
    #[error(transparent)]
    Metrics(#[from] ScoreError),
    /// The report or its print cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A PDF was asked for, and no program that prints one is in the folders of `PATH`.
    #[error(
        "no program that prints to PDF was found ({}); write the report as HTML, open it in a browser and print it: {path}",
        pdf::program_names(), path = .path.display()
    )]
    NoPrinter { path: PathBuf },
    /// The program that prints did not start, failed, wrote no PDF, or took longer than two minutes.
    #[error("{program} did not print the report ({reason}); write it as HTML, open it in a browser and print it: {path}", path = .path.display())]
    NotPrinted { program: String, reason: String, path: PathBuf },
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<FigureError> for ExportError {
    fn from(error: FigureError) -> Self {
        match error {
            FigureError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Figure(other),
        }
    }
}

impl From<ExportError> for Stopped {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// An export in the making; on the way it hands out sentences on what it had to do without, at its end what was written.
pub type ExportJob = Job<String, Vec<PathBuf>>;

/// Makes an export in the background, and the folder for it where there is none. The ablation's file is used where there
/// is one.
pub fn spawn(
    run: Arc<Run>,
    export: Export,
    mut settings: ExportSettings,
    out: PathBuf,
    wake: Wake,
) -> std::io::Result<ExportJob> {
    Job::spawn("export", wake, move |reporter| {
        settings.ablation.take_if(|path| !path.exists());
        let folder = out.parent().unwrap_or(&out);
        std::fs::create_dir_all(folder).map_err(|error| {
            Stopped::Failed(format!(
                "the folder cannot be made ({error}); give write access to it: {}",
                folder.display()
            ))
        })?;
        let progress = |fraction| reporter.progress(fraction);
        let notice = |sentence| reporter.partial(sentence);
        let watch = Watch::new(reporter.cancel_token(), &progress, &notice);
        Ok(write(export, &run, &settings, &out, &watch)?)
    })
}
