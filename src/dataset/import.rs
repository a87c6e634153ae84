//! Other people's datasets as a manifest.

use std::path::Path;

use super::{DatasetError, Manifest, read_vaar, read_xd_violence, write_manifest};

/// How a folder of recordings says what they show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// A folder for each class.
    Vaar,
    /// Labels in file names, ranges in a list.
    XdViolence,
}

impl SourceKind {
    /// Every source that can be imported.
    pub const ALL: [SourceKind; 2] = [SourceKind::Vaar, SourceKind::XdViolence];

    /// Identifier used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            SourceKind::Vaar => "vaar",
            SourceKind::XdViolence => "xd-violence",
        }
    }

    /// Reads [`SourceKind::name`], to the letter.
    pub fn from_name(name: &str) -> Option<SourceKind> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Reads `folder` and writes it as the manifest `out`. What comes back is `out` as it reads, with what the reader of
/// the folder counted and noted. Splits that the source does not give stay blank. `rate_of` knows the frame rate of a
/// video in Hz, for lists that count in frames; this room opens no recording.
pub fn import(
    kind: SourceKind,
    folder: &Path,
    out: &Path,
    rate_of: impl Fn(&Path) -> Option<f64>,
) -> Result<Manifest, DatasetError> {
    let source = match kind {
        SourceKind::Vaar => read_vaar(folder)?,
        SourceKind::XdViolence => read_xd_violence(folder, rate_of)?,
    };
    write_manifest(out, &source.clips)?;
    let written = Manifest::read(out)?;
    Ok(Manifest { unknown_labels: source.unknown_labels, notes: source.notes, ..written })
}
