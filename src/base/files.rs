//! Files that appear whole or not at all, and paths as text.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde::Serializer;

#[derive(Debug, thiserror::Error)]
#[error("the file cannot be written ({reason}): {path}", path = .path.display())]
pub struct WriteError {
    pub path: PathBuf,
    pub reason: io::Error,
}

/// Writes beside the target and renames, so that a reader never sees half a file; makes the folder where it is
/// missing. The path is that of an ordinary file or of nothing.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    let attempt = || {
        std::fs::create_dir_all(folder_of(path))?;
        let mut file = partial_beside(path)?;
        let mut writer = BufWriter::new(&mut file);
        write(&mut writer)?;
        writer.flush()?;
        drop(writer);
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    attempt().map_err(|reason| WriteError { path: path.to_owned(), reason })
}

/// A PNG picture of `width_px` x `height_px` pixels, whole or not at all.
pub fn write_png(
    path: &Path,
    bytes: &[u8],
    (width_px, height_px): (u32, u32),
    color: ExtendedColorType,
) -> Result<(), WriteError> {
    write_whole(path, |file| {
        PngEncoder::new(file).write_image(bytes, width_px, height_px, color).map_err(io::Error::other)
    })
}

/// A file in the folder of `path`, to be renamed once it is whole and removed if it never is.
pub fn partial_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // As an ordinary new file, under the umask: temporary files are otherwise readable by their owner alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".").suffix(".part").tempfile_in(folder_of(path))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Bytes as lower-case hexadecimal, as digests are written.
pub fn hexadecimal(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// For serde: a path as text, whatever its bytes are; a name that is no UTF-8 must not fail a report.
pub fn serialize_path<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        std::fs::write(&path, "old").unwrap();
        let result = write_whole(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        assert!(result.unwrap_err().to_string().ends_with(path.to_str().unwrap()));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/run.json");
        write_whole(&path, |file| file.write_all(b"{}")).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "{}");
    }

    #[cfg(unix)]
    #[test]
    fn others_may_read_what_the_umask_lets_them() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_whole(&ours, |_| Ok(())).unwrap();
        std::fs::write(&plain, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }
}
