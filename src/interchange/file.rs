//! Annotations in files: read within bounds, written whole or not at all.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use avar_base::files::write_whole;

use crate::annotations::{Annotations, Subject};
use crate::collector::Read;
use crate::detect::detect;
use crate::error::{FileError, FormatError};
use crate::format::{Format, read, write};
use crate::text::{MOST_MIB, decode};
use crate::timeline::Timeline;

/// Reads what an ordinary file says of one recording, in the format that it is found to be in unless one is named; says
/// in which.
pub fn read_file(path: &Path, format: Option<Format>, recording: &Subject) -> Result<(Format, Read), FileError> {
    let unreadable = |reason| FileError::Read { reason, path: path.to_owned() };
    let bytes = bytes_of(path).map_err(unreadable)?;
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let attempt = || -> Result<(Format, Read), FormatError> {
        let text = decode(&bytes)?;
        let format = match format {
            Some(format) => format,
            None => detect(&name, text)?,
        };
        Ok((format, read(format, text, recording)?))
    };
    attempt().map_err(|problem| FileError::Format { problem, path: path.to_owned() })
}

/// Whether an ordinary file is named as those of a format that can be read, and is found to be in one.
pub fn is_annotations(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_named = Format::ALL.into_iter().any(|format| format.can_read() && format.extension() == ending);
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let is_found = |bytes: Vec<u8>| decode(&bytes).and_then(|text| detect(&name, text)).is_ok();
    is_named && bytes_of(path).is_ok_and(is_found)
}

/// Writes a file whole or not at all, and gives back the remarks.
pub fn write_file(
    path: &Path,
    format: Format,
    annotations: &Annotations,
    timeline: &Timeline,
) -> Result<Vec<String>, FileError> {
    let written =
        write(format, annotations, timeline).map_err(|problem| FileError::Format { problem, path: path.to_owned() })?;
    write_whole(path, |file| file.write_all(written.text.as_bytes()))?;
    Ok(written.remarks)
}

/// One byte more than the bound at most.
fn bytes_of(path: &Path) -> io::Result<Vec<u8>> {
    // Anything else, a pipe for one, might never end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no ordinary file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take((MOST_MIB as u64) << 20 | 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
