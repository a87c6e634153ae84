//! Files that appear whole or not at all, their digests, and paths as text.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde::Serializer;
use sha2::{Digest, Sha256};
use tempfile::{NamedTempFile, TempPath};

use crate::job::{CancelToken, Cancelled};

/// A file, or the folder for it, could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the file cannot be written ({reason}): {path}", path = .path.display())]
pub struct WriteError {
    /// What was to be written, under its final name.
    pub path: PathBuf,
    /// What the system said.
    pub reason: io::Error,
}

/// Writes beside the target and renames, so that a reader never sees half a file, nor does anybody after a power cut;
/// makes the folder where it is missing. The path is that of an ordinary file or of nothing.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    let attempt = || {
        std::fs::create_dir_all(folder_of(path))?;
        let mut file = partial_beside(path)?;
        let mut writer = BufWriter::new(&mut file);
        write(&mut writer)?;
        writer.flush()?;
        drop(writer);
        keep(file.into_temp_path(), path)
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
pub fn partial_beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    // As an ordinary new file, under the umask: temporary files are otherwise readable by their owner alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.prefix(".").suffix(".part").tempfile_in(folder_of(path))
}

/// Gives a file of [`partial_beside`] its name, once it is on the disk: a power cut must not leave a name on half a file.
/// Whoever has written to it has flushed what was buffered.
pub fn keep(partial: TempPath, path: &Path) -> io::Result<()> {
    File::options().write(true).open(&partial)?.sync_all()?;
    partial.persist(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))
}

/// As [`keep`], but the file stays open, and nothing that has the name already is replaced
/// ([`io::ErrorKind::AlreadyExists`]).
pub fn keep_new(partial: NamedTempFile, path: &Path) -> io::Result<File> {
    partial.as_file().sync_all()?;
    let file = partial.persist_noclobber(path).map_err(|error| error.error)?;
    sync_folder(folder_of(path))?;
    Ok(file)
}

/// The name is on the disk as well.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems do this by themselves and refuse to be asked; others let a folder be written and not read.
        Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => Ok(()),
        outcome => outcome,
    }
}

/// Elsewhere a folder cannot be opened as a file.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// SHA-256 of bytes that are read piece by piece.
pub struct Hasher {
    hash: Sha256,
    piece: Vec<u8>,
}

/// Why bytes could not be added.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The token was set before all bytes were read.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The caller's `read` failed; a call that was merely interrupted is repeated.
    #[error(transparent)]
    Read(#[from] io::Error),
}

impl Default for Hasher {
    fn default() -> Self {
        Self { hash: Sha256::new(), piece: vec![0; 1 << 20] }
    }
}

impl Hasher {
    /// Adds what `read` gives until it gives nothing, as [`Read::read`] does at the end of a file; asks before each piece
    /// whether it should go on.
    pub fn add(
        &mut self,
        cancel: &CancelToken,
        mut read: impl FnMut(&mut [u8]) -> io::Result<usize>,
    ) -> Result<(), HashError> {
        loop {
            cancel.check()?;
            match read(&mut self.piece) {
                Ok(0) => return Ok(()),
                Ok(count) => self.hash.update(&self.piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// In lower-case hexadecimal.
    pub fn finish(self) -> String {
        hexadecimal(self.hash.finalize())
    }
}

/// Why a file has no digest.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum DigestError {
    /// The token was set before the end of the file.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// It is no regular file, or cannot be opened or read to its end.
    #[error("the file cannot be read ({reason}): {path}", path = .path.display())]
    Read { path: PathBuf, reason: io::Error },
}

/// SHA-256 of a regular file in lower-case hexadecimal; can be cancelled, since files may be large.
pub fn digest(path: &Path, cancel: &CancelToken) -> Result<String, DigestError> {
    let failed = |reason| DigestError::Read { path: path.to_owned(), reason };
    let mut file = open_regular(path).map_err(failed)?;
    let mut hasher = Hasher::default();
    hasher.add(cancel, |piece| file.read(piece)).map_err(|error| match error {
        HashError::Cancelled(cancelled) => cancelled.into(),
        HashError::Read(reason) => failed(reason),
    })?;
    Ok(hasher.finish())
}

/// A pipe would be waited for, a device would never end.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no regular file")) }
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

    #[test]
    fn a_new_file_takes_no_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.avar");
        let named = |text: &str| {
            let mut partial = partial_beside(&path).unwrap();
            partial.write_all(text.as_bytes()).unwrap();
            keep_new(partial, &path)
        };
        named("first").unwrap().write_all(b" and more").unwrap();
        assert_eq!(named("second").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "first and more");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_digest_is_that_of_the_bytes_however_many_pieces_they_come_in() {
        // The standard's own example (FIPS 180-4).
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let cancel = CancelToken::default();
        assert_eq!(digest(&path, &cancel).unwrap(), expected);
        let mut hasher = Hasher::default();
        for mut part in ["a".as_bytes(), "bc".as_bytes()] {
            hasher.add(&cancel, |piece| part.read(&mut piece[..1])).unwrap();
        }
        assert_eq!(hasher.finish(), expected);
        cancel.cancel();
        assert!(matches!(digest(&path, &cancel), Err(DigestError::Cancelled(_))));
    }

    #[test]
    fn what_is_no_file_has_no_digest_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let sentence = |path: &Path| digest(path, &CancelToken::default()).unwrap_err().to_string();
        assert!(sentence(folder.path()).ends_with(folder.path().to_str().unwrap()));
        assert!(sentence(&folder.path().join("gone")).ends_with("gone"));
        #[cfg(target_os = "linux")]
        assert!(sentence(Path::new("/dev/zero")).contains("no regular file"));
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
