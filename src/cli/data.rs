//! `avar manifest`: datasets in folders to a manifest, and what a manifest holds.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::say;
use avar_base::job::CancelToken;
use avar_dataset::{Manifest, SourceKind, import};

#[derive(Args)]
pub(super) struct ManifestArguments {
    /// A manifest, or with --from the folder of a dataset
    source: PathBuf,
    /// How the folder is laid out
    #[arg(long, value_enum, requires = "out")]
    from: Option<Layout>,
    /// The manifest to write
    #[arg(long, requires = "from")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Layout {
    /// A folder for each class
    Vaar,
    /// XD-Violence: labels in the names of files, and annotations.txt
    XdViolence,
}

pub(super) fn manifest(arguments: ManifestArguments) -> anyhow::Result<()> {
    let rate_of = |file: &Path| avar_media::probe(file).ok()?.video?.average_rate_hz;
    let mut manifest = match (arguments.from, &arguments.out) {
        (Some(Layout::Vaar), Some(out)) => import(SourceKind::Vaar, &arguments.source, out, rate_of)?,
        (Some(Layout::XdViolence), Some(out)) => import(SourceKind::XdViolence, &arguments.source, out, rate_of)?,
        _ => Manifest::read(&arguments.source)?,
    };
    manifest.check_copies(&CancelToken::default())?;
    manifest.check_ranges(|file| Some(avar_media::probe(file).ok()?.range.duration()));
    say(manifest.summary().to_string().trim_end())?;
    if let Err(missing) = manifest.check_files() {
        say(&format!("note: {missing}"))?;
    }
    manifest.notes.iter().try_for_each(|note| say(&format!("note: {note}")))
}
