//! Text files from anyone, read within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::DatasetError;

/// More than a million rows: far above any list of clips that a person or a dataset has.
const MAX_MIB: u64 = 64;

/// The text of an ordinary file of at most [`MAX_MIB`], without a byte-order mark. `what` names it in errors.
pub(super) fn read_text(what: &'static str, path: &Path) -> Result<String, DatasetError> {
    let unreadable = |reason: io::Error| DatasetError::Unreadable { what, reason, path: path.to_owned() };
    // Anything else, a pipe for one, might never end.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(DatasetError::NotAFile { what, path: path.to_owned() });
    }
    let limit = MAX_MIB << 20;
    let mut bytes = Vec::new();
    File::open(path).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(DatasetError::TooLarge { what, limit_mib: MAX_MIB, path: path.to_owned() });
    }
    decode(what, path, bytes)
}

/// The first line of an ordinary file of text, without a byte-order mark; `None` where there is none within
/// [`LONGEST_FIRST_LINE`].
pub(super) fn first_line(path: &Path) -> Option<String> {
    if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(LONGEST_FIRST_LINE).read_to_end(&mut bytes).ok()?;
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let line = std::str::from_utf8(&bytes[..end]).ok()?;
    Some(line.strip_prefix('\u{feff}').unwrap_or(line).to_owned())
}

const LONGEST_FIRST_LINE: u64 = 4096;

/// UTF-8, without a byte-order mark.
pub(super) fn decode(what: &'static str, path: &Path, bytes: Vec<u8>) -> Result<String, DatasetError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..valid].iter().filter(|byte| **byte == b'\n').count();
        DatasetError::NotText { what, line, path: path.to_owned() }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.csv");
        File::create(&path).unwrap().set_len((MAX_MIB << 20) + 1).unwrap();
        assert!(matches!(read_text("manifest", &path), Err(DatasetError::TooLarge { .. })));
    }

    #[test]
    fn a_folder_is_no_text_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_text("manifest", folder.path()), Err(DatasetError::NotAFile { .. })));
    }

    #[test]
    fn the_line_of_the_first_byte_that_is_no_text_is_named() {
        let error = decode("manifest", Path::new("m.csv"), b"path,label\na,b\n\xff".to_vec()).unwrap_err();
        assert!(matches!(error, DatasetError::NotText { line: 3, .. }), "{error}");
    }
}
