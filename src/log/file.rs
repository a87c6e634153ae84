//! The file of the log: begun anew when it is full, with a few older ones beside it. Several processes may write to it
//! at the same time.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The file that is written to.
pub(crate) const NAME: &str = "avar.log";
/// It is then moved aside.
const MOST_BYTES: u64 = 1 << 20;
/// Files that were moved aside: `avar.1.log` is the latest.
const MOVED_ASIDE: usize = 3;
/// What is longer is cut: a panic's message with its backtrace.
const LONGEST_LINE_BYTES: usize = 32 << 10;

/// The file of the log cannot be opened or written.
#[derive(Debug, thiserror::Error)]
#[error("the log cannot be written, so there is none ({reason}; AVAR_LOG=off asks for none): {}", path.display())]
pub struct LogError {
    path: PathBuf,
    reason: io::Error,
}

/// Hears a sentence.
type Tell = Box<dyn Fn(&str) + Send>;

/// See the head of this file.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
    most_bytes: u64,
    /// Given a sentence the first time that something cannot be written.
    tell: Option<Tell>,
}

impl LogFile {
    /// Opens the file in `folder`, which is made where it is missing.
    pub(crate) fn open(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(NAME);
        let opened = std::fs::create_dir_all(folder).and_then(|()| open_to_append(&path));
        match opened {
            Ok(file) => Ok(Self { path, file, most_bytes: MOST_BYTES, tell: None }),
            Err(reason) => Err(LogError { path, reason }),
        }
    }

    pub(crate) fn telling(self, tell: impl Fn(&str) + Send + 'static) -> Self {
        Self { tell: Some(Box::new(tell)), ..self }
    }

    /// Appends a line, in one piece, so that those of several processes do not mix.
    fn append(&mut self, line: &[u8]) {
        if let Err(reason) = self.try_append(line)
            && let Some(tell) = self.tell.take()
        {
            tell(&LogError { path: self.path.clone(), reason }.to_string());
        }
    }

    fn try_append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.file.metadata()?.len().saturating_add(line.len() as u64) > self.most_bytes {
            self.begin_anew(line.len() as u64)?;
        }
        self.file.write_all(line)
    }

    /// Moves a full file aside, unless another process has done so already.
    fn begin_anew(&mut self, coming_bytes: u64) -> io::Result<()> {
        // Where the file system knows no locks, two processes may move a file at once; one of the older ones is lost.
        if let Err(TryLockError::WouldBlock) = self.file.try_lock() {
            // Another process is about it; until then the file is a little longer.
            return Ok(());
        }
        let is_full = |path: &Path| {
            std::fs::metadata(path).is_ok_and(|now| now.len().saturating_add(coming_bytes) > self.most_bytes)
        };
        if is_full(&self.path) {
            for number in (0..MOVED_ASIDE).rev() {
                move_if_there(&self.moved_aside(number), &self.moved_aside(number + 1))?;
            }
        }
        // The lock goes with the file that was open until now.
        self.file = open_to_append(&self.path)?;
        Ok(())
    }

    /// 0: the file itself.
    fn moved_aside(&self, number: usize) -> PathBuf {
        moved_aside(&self.path, number)
    }
}

fn moved_aside(path: &Path, number: usize) -> PathBuf {
    if number == 0 { path.to_owned() } else { path.with_extension(format!("{number}.log")) }
}

fn move_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// For its owner alone: it names recordings.
fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// One line on its way into the file.
pub(crate) struct LogLine {
    file: Arc<Mutex<LogFile>>,
    text: Vec<u8>,
}

impl LogLine {
    pub(crate) fn of(file: Arc<Mutex<LogFile>>) -> Self {
        Self { file, text: Vec::new() }
    }
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = LONGEST_LINE_BYTES.saturating_sub(self.text.len());
        self.text.extend(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        if self.text.is_empty() {
            return;
        }
        if self.text.last() != Some(&b'\n') {
            self.text.extend(b" (cut)\n");
        }
        self.file.lock().unwrap_or_else(PoisonError::into_inner).append(&self.text);
    }
}

/// The last lines of the log at `path`, at most so many bytes of them; of the file before it where it has just been begun
/// anew.
pub fn tail(path: &Path, most_bytes: usize) -> io::Result<String> {
    let mut bytes = end_of(path, most_bytes)?;
    if bytes.len() < most_bytes {
        let before = match end_of(&moved_aside(path, 1), most_bytes - bytes.len()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read?,
        };
        bytes.splice(..0, before);
    }
    let text = String::from_utf8_lossy(&bytes);
    // What is shown begins with a whole line.
    let is_cut = bytes.len() >= most_bytes;
    Ok(match text.split_once('\n') {
        Some((_, whole_lines)) if is_cut => whole_lines.to_owned(),
        _ => text.into_owned(),
    })
}

fn end_of(path: &Path, most_bytes: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most_bytes as u64)))?;
    let mut bytes = Vec::new();
    file.take(most_bytes as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_of(folder: &Path, most_bytes: u64) -> LogFile {
        LogFile { most_bytes, ..LogFile::open(folder).unwrap() }
    }

    fn lines_of(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_full_file_is_moved_aside_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log_of(folder.path(), 20);
        // Two lines a file.
        (0..11).for_each(|number| log.append(format!("line {number:>3}\n").as_bytes()));
        let lines = |name: &str| lines_of(&folder.path().join(name));
        assert_eq!(lines(NAME), ["line  10"]);
        assert_eq!(lines("avar.1.log"), ["line   8", "line   9"]);
        assert_eq!(lines("avar.3.log"), ["line   4", "line   5"]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1 + MOVED_ASIDE);
    }

    #[test]
    fn two_that_write_to_one_log_lose_no_line_and_mix_none() {
        let folder = tempfile::tempdir().unwrap();
        let write = |who: &str| {
            let mut log = log_of(folder.path(), 20_000);
            (0..1000).for_each(|number| log.append(format!("{who} {number:>4}\n").as_bytes()));
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write("one"));
            scope.spawn(|| write("two"));
        });
        let log = log_of(folder.path(), 20_000);
        let files = (0..=MOVED_ASIDE).map(|number| log.moved_aside(number)).filter(|path| path.exists());
        let mut lines: Vec<String> = files.flat_map(|path| lines_of(&path)).collect();
        lines.sort();
        let expected =
            ["one", "two"].into_iter().flat_map(|who| (0..1000).map(move |number| format!("{who} {number:>4}")));
        assert_eq!(lines, expected.collect::<Vec<_>>());
    }

    #[test]
    fn the_end_of_a_log_begins_with_a_whole_line_and_reaches_into_the_file_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log_of(folder.path(), 20);
        ["first 12\n", "second 2\n", "third 12\n"].iter().for_each(|line| log.append(line.as_bytes()));
        let path = folder.path().join(NAME);
        assert_eq!(tail(&path, 1000).unwrap(), "first 12\nsecond 2\nthird 12\n");
        assert_eq!(tail(&path, 20).unwrap(), "second 2\nthird 12\n");
        assert_eq!(tail(&folder.path().join("none.log"), 20).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(Mutex::new(log_of(folder.path(), MOST_BYTES)));
        let mut line = LogLine::of(Arc::clone(&log));
        line.write_all(&[b'x'; 2 * LONGEST_LINE_BYTES]).unwrap();
        drop(line);
        drop(LogLine::of(log));
        let lines = lines_of(&folder.path().join(NAME));
        assert!(lines.len() == 1 && lines[0].ends_with("x (cut)") && lines[0].len() < LONGEST_LINE_BYTES + 10);
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        log_of(folder.path(), 20);
        let mode = std::fs::metadata(folder.path().join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("log"), "in the way").unwrap();
        let sentence = LogFile::open(&folder.path().join("log")).err().unwrap().to_string();
        assert!(sentence.ends_with("avar.log") && sentence.contains("AVAR_LOG=off"), "{sentence}");
    }

    /// Where every write fails as on a full disk.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_log_that_cannot_be_written_any_more_says_so_once() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join(NAME)).unwrap();
        let (sender, sentences) = std::sync::mpsc::channel();
        let tell = move |sentence: &str| sender.send(sentence.to_owned()).unwrap();
        let mut log = log_of(folder.path(), MOST_BYTES).telling(tell);
        (0..3).for_each(|_| log.append(b"line\n"));
        let sentences: Vec<String> = sentences.try_iter().collect();
        assert!(sentences.len() == 1 && sentences[0].contains("avar.log"), "{sentences:?}");
    }
}
