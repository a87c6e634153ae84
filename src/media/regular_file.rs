//! Regular files, opened by what they are and not by what their names were a moment before.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use super::error::MediaError;

/// Opens a regular file for reading. Anything else is refused at once, and nothing of it is read.
pub(super) fn open_regular(path: &Path) -> Result<File, MediaError> {
    let failed = |error: io::Error| MediaError::from_io(&error, path);
    let not_regular = || MediaError::NotRegular { path: path.to_owned() };
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A pipe is not waited for, and a terminal does not become ours.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = options.open(path).map_err(|error| {
        // What the system says of a socket, or of a device that is not there.
        #[cfg(unix)]
        if error.raw_os_error() == Some(libc::ENXIO) {
            return not_regular();
        }
        failed(error)
    })?;
    let kind = file.metadata().map_err(failed)?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(file),
        (false, true) => Err(MediaError::Folder { path: path.to_owned() }),
        (false, false) => Err(not_regular()),
    }
}

/// Reads at a place of the file, which has no place of its own: many may read from it side by side. Gives how many bytes
/// were read, 0 at the end.
pub(super) fn read_at(file: &File, room: &mut [u8], place: u64) -> io::Result<usize> {
    loop {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(file, room, place);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(file, room, place);
        match read {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// `N` bytes at a place of the file; `None` where it ends before, or cannot be read.
pub(super) fn bytes_at<const N: usize>(file: &File, place: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    (fill_at(file, &mut bytes, place).ok()? == N).then_some(bytes)
}

/// As [`read_at`], but gives less than there is room for only where the file ends.
pub(super) fn fill_at(file: &File, room: &mut [u8], place: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match read_at(file, &mut room[filled..], place.saturating_add(filled as u64))? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(matches!(open_regular(&path("none")), Err(MediaError::NotFound { .. })));
        assert!(matches!(open_regular(folder.path()), Err(MediaError::Folder { .. })));
        assert!(matches!(open_regular(Path::new("/dev/zero")), Err(MediaError::NotRegular { .. })));
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();
        assert!(matches!(open_regular(&path("socket")), Err(MediaError::NotRegular { .. })));
        assert!(std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
        // Without the flag this would wait for ever.
        assert!(matches!(open_regular(&path("pipe")), Err(MediaError::NotRegular { .. })));
        std::fs::write(path("file"), b"0123456789").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        let file = open_regular(&path("link")).unwrap();
        assert_eq!((bytes_at::<4>(&file, 3), bytes_at::<4>(&file, 7)), (Some(*b"3456"), None));
        assert_eq!(bytes_at::<1>(&file, u64::MAX), None);
    }
}
