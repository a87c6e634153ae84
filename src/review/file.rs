//! A document's file while it is open for writing: locked, and only ever longer by whole lines that are on the disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use avar_base::files::{keep_new, partial_beside};

use crate::ReviewError;

/// What lines are appended to: a file, and in tests a disk that fills up.
pub(crate) trait Backing {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Returns when what was written is on the disk.
    fn flush_to_disk(&mut self) -> io::Result<()>;
    fn cut_back(&mut self, len: u64) -> io::Result<()>;
    fn len(&self) -> io::Result<u64>;
}

impl Backing for File {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.seek(SeekFrom::Start(at))?;
        self.write_all(bytes)
    }

    fn flush_to_disk(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut_back(&mut self, len: u64) -> io::Result<()> {
        self.set_len(len)?;
        self.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }
}

/// Why a line was not appended. Whole lines are as they were.
#[derive(Debug)]
pub(crate) enum AppendError {
    Failed(io::Error),
    /// The file is longer or shorter than it was left.
    ChangedMeanwhile,
}

/// Appends lines, each whole and on the disk or not at all.
#[derive(Debug)]
pub(crate) struct Appender<B> {
    backing: B,
    /// Where the last whole line ends.
    len: u64,
    /// A part of a line may stand behind it: the disk failed, and cutting back failed too.
    is_torn: bool,
}

impl<B: Backing> Appender<B> {
    pub(crate) fn new(backing: B, len: u64) -> Self {
        Self { backing, len, is_torn: false }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn backing(&self) -> &B {
        &self.backing
    }

    /// Returns when the line is on the disk.
    pub(crate) fn append(&mut self, line: &[u8]) -> Result<(), AppendError> {
        if self.is_torn {
            self.backing.cut_back(self.len).map_err(AppendError::Failed)?;
            self.is_torn = false;
        }
        if self.backing.len().map_err(AppendError::Failed)? != self.len {
            return Err(AppendError::ChangedMeanwhile);
        }
        let written = self.backing.write_at(self.len, line).and_then(|()| self.backing.flush_to_disk());
        match written {
            Ok(()) => {
                self.len += line.len() as u64;
                Ok(())
            }
            Err(reason) => {
                self.is_torn = self.backing.cut_back(self.len).is_err();
                Err(AppendError::Failed(reason))
            }
        }
    }
}

/// Makes the file with these lines, whole or not at all, and locked.
pub(crate) fn create(path: &Path, lines: &[u8]) -> Result<Appender<File>, ReviewError> {
    let make = || {
        let mut partial = partial_beside(path)?;
        partial.as_file().try_lock()?;
        partial.write_all(lines)?;
        keep_new(partial, path)
    };
    match make() {
        Ok(file) => Ok(Appender::new(file, lines.len() as u64)),
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {
            Err(ReviewError::Exists { path: path.to_owned() })
        }
        Err(reason) => Err(ReviewError::Create { reason, path: path.to_owned() }),
    }
}

/// A file for writing, locked; or what speaks against it.
pub(crate) enum Opened {
    Locked(File),
    ReadOnly(ReadOnly),
}

/// Why a document is open for reading alone.
#[derive(Debug, thiserror::Error)]
pub enum ReadOnly {
    /// Another window has it.
    #[error("the review is open in another window, which has to be closed first")]
    OpenElsewhere,
    /// The file, or the disk that it lies on, is write-protected.
    #[error("the file is write-protected; copy it to a folder of your own to decide")]
    WriteProtected,
    /// The file system knows no locks, so that two windows could write at once.
    #[error("its file cannot be locked ({0}); copy it to another disk to decide")]
    NoLocks(io::Error),
}

pub(crate) fn open_to_write(path: &Path) -> Result<Opened, ReviewError> {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => {
            return Ok(Opened::ReadOnly(ReadOnly::WriteProtected));
        }
        Err(reason) => return Err(ReviewError::Read { reason, path: path.to_owned() }),
    };
    Ok(match file.try_lock() {
        Ok(()) => Opened::Locked(file),
        Err(TryLockError::WouldBlock) => Opened::ReadOnly(ReadOnly::OpenElsewhere),
        Err(TryLockError::Error(reason)) => Opened::ReadOnly(ReadOnly::NoLocks(reason)),
    })
}

/// Puts the end of a file, from `whole` on, into a file of its own beside it, and cuts it off; returns that file's path.
pub(crate) fn set_aside(file: &mut File, path: &Path, bytes: &[u8], whole: usize) -> Result<PathBuf, ReviewError> {
    let mut attempt = || {
        let (mut aside, aside_path) = new_beside(path)?;
        aside.write_all(&bytes[whole..])?;
        aside.sync_all()?;
        file.cut_back(whole as u64)?;
        Ok(aside_path)
    };
    attempt().map_err(|reason| ReviewError::SetAside { reason, path: path.to_owned() })
}

/// `NAME.avar.cut-off-1`, or the first such name that is free.
fn new_beside(path: &Path) -> io::Result<(File, PathBuf)> {
    const MOST: u32 = 1000;
    for number in 1..=MOST {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".cut-off-{number}"));
        let aside = path.with_file_name(name);
        match File::create_new(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|file| (file, aside)),
        }
    }
    Err(io::Error::other(format!("{MOST} lines have been set aside already")))
}

/// Whether the path still leads to the open file: what is appended to a removed one is saved nowhere.
#[cfg(unix)]
pub(crate) fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => identity(open) == identity(there),
        _ => false,
    }
}

/// Elsewhere an open file can be neither moved nor removed.
#[cfg(not(unix))]
pub(crate) fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Room for so many bytes; writes what fits, as a disk does. Cutting back fails `failing_cuts` times.
    struct SmallDisk {
        bytes: Vec<u8>,
        room: usize,
        fails_to_flush: bool,
        failing_cuts: usize,
    }

    impl Backing for SmallDisk {
        fn write_at(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
            assert_eq!(at, self.bytes.len() as u64, "at the end");
            let fitting = bytes.len().min(self.room - self.bytes.len());
            self.bytes.extend(&bytes[..fitting]);
            if fitting == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }

        fn flush_to_disk(&mut self) -> io::Result<()> {
            if self.fails_to_flush { Err(io::Error::other("input/output error")) } else { Ok(()) }
        }

        fn cut_back(&mut self, len: u64) -> io::Result<()> {
            if self.failing_cuts > 0 {
                self.failing_cuts -= 1;
                return Err(io::Error::other("input/output error"));
            }
            self.bytes.truncate(len as usize);
            Ok(())
        }

        fn len(&self) -> io::Result<u64> {
            Ok(self.bytes.len() as u64)
        }
    }

    fn disk(room: usize) -> Appender<SmallDisk> {
        let small = SmallDisk { bytes: b"one\n".to_vec(), room, fails_to_flush: false, failing_cuts: 0 };
        Appender::new(small, 4)
    }

    #[test]
    fn a_disk_that_is_full_in_the_middle_of_a_line_keeps_whole_lines_and_takes_the_next_once_there_is_room() {
        for room in 4..8 {
            let mut appender = disk(room);
            assert!(matches!(appender.append(b"two\n"), Err(AppendError::Failed(_))));
            assert_eq!(appender.backing.bytes, b"one\n", "with room for {room}");
            appender.backing.room = 100;
            appender.append(b"two\n").unwrap();
            assert_eq!(appender.backing.bytes, b"one\ntwo\n");
        }
    }

    #[test]
    fn a_line_that_does_not_reach_the_disk_is_cut_off_again() {
        let mut appender = disk(100);
        appender.backing.fails_to_flush = true;
        assert!(matches!(appender.append(b"two\n"), Err(AppendError::Failed(_))));
        assert_eq!(appender.backing.bytes, b"one\n");
    }

    #[test]
    fn a_part_that_could_not_be_cut_off_is_cut_off_before_the_next_line() {
        let mut appender = disk(6);
        appender.backing.failing_cuts = 2;
        assert!(matches!(appender.append(b"two\n"), Err(AppendError::Failed(_))));
        assert_eq!(appender.backing.bytes, b"one\ntw");
        assert!(matches!(appender.append(b"two\n"), Err(AppendError::Failed(_))), "still not");
        appender.backing.room = 100;
        appender.append(b"two\n").unwrap();
        assert_eq!(appender.backing.bytes, b"one\ntwo\n");
    }

    #[test]
    fn nothing_is_written_behind_what_another_program_wrote() {
        let mut appender = disk(100);
        appender.backing.bytes.extend(b"stranger");
        assert!(matches!(appender.append(b"two\n"), Err(AppendError::ChangedMeanwhile)));
        assert_eq!(appender.backing.bytes, b"one\nstranger");
    }
}
