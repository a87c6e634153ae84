//! A document read: every line checked against its own digest and against the line before, and folded.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;

use crate::limits::{MOST_AUTHOR_BYTES, MOST_BYTES, MOST_LINE_BYTES, MOST_OPERATIONS};
use crate::line::{FORMAT, FirstLine, FormatLine, OperationLine, VERSION, decode, digest, vouched};
use crate::operation::Operation;
use crate::plan::checked_rule;
use crate::{Header, History, ReviewError};

/// One operation as it was done.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// From 1; the order of operations, whatever their times say.
    pub seq: u64,
    /// By the author's clock.
    pub time: Timestamp,
    /// By the author's settings.
    pub author: String,
    /// What was done.
    pub operation: Operation,
}

/// A document as a reader finds it: all that was done, and what it comes to.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Of the first line.
    pub header: Header,
    /// When the document was begun, by the author's clock.
    pub begun: Timestamp,
    /// Who began it.
    pub begun_by: String,
    /// Every operation, undone ones too.
    pub entries: Vec<Entry>,
    /// What they come to.
    pub history: History,
    /// Of the last line, without its end. Whoever keeps it elsewhere can tell later that the trail has neither been
    /// shortened nor written anew.
    pub last_sha256: String,
}

impl Trail {
    /// Numbers of the operations that are dated before the one ahead of them: a clock was set back.
    pub fn clock_set_back(&self) -> Vec<u64> {
        let times = [self.begun].into_iter().chain(self.entries.iter().map(|entry| entry.time));
        let is_back = times.zip(&self.entries).filter(|(before, entry)| entry.time < *before);
        is_back.map(|(_, entry)| entry.seq).collect()
    }

    /// When the last line was written, by the author's clock.
    pub(crate) fn last_time(&self) -> Timestamp {
        self.entries.last().map_or(self.begun, |entry| entry.time)
    }
}

/// Reads a document and checks every byte of it; a cut-off last line is an error here. Changes nothing.
///
/// What this cannot tell is a trail that was shortened by whole lines, or written anew from the start by somebody who
/// knows the format: for that [`Trail::last_sha256`] has to be kept elsewhere.
pub fn verify(path: &Path) -> Result<Trail, ReviewError> {
    verify_bytes(&read_bytes(path)?, path)
}

/// As [`verify`], of a document's bytes; `path` names them in errors.
pub fn verify_bytes(bytes: &[u8], path: &Path) -> Result<Trail, ReviewError> {
    let parsed = parse(bytes, path)?;
    if parsed.whole_bytes < bytes.len() {
        return Err(ReviewError::CutOff { line: parsed.trail.entries.len() + 2, path: path.to_owned() });
    }
    Ok(parsed.trail)
}

/// The bytes of a document as they lie in the file, unchecked; no more than a document may have.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ReviewError> {
    read_bounded(&open_to_read(path)?, path)
}

pub(crate) fn open_to_read(path: &Path) -> Result<File, ReviewError> {
    check_is_file(path)?;
    File::open(path).map_err(|reason| ReviewError::Read { reason, path: path.to_owned() })
}

/// A pipe would be waited for, a device would never end.
pub(crate) fn check_is_file(path: &Path) -> Result<(), ReviewError> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(()),
        Ok(_) => Err(ReviewError::NotAFile { path: path.to_owned() }),
        Err(reason) => Err(ReviewError::Read { reason, path: path.to_owned() }),
    }
}

pub(crate) fn read_bounded(mut file: &File, path: &Path) -> Result<Vec<u8>, ReviewError> {
    let mut bytes = Vec::new();
    let read = io::Read::by_ref(&mut file).take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|reason| ReviewError::Read { reason, path: path.to_owned() })?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(ReviewError::TooLarge { limit_mib: MOST_BYTES >> 20, path: path.to_owned() }),
        false => Ok(bytes),
    }
}

/// What the whole lines say, and where they end.
pub(crate) struct Parsed {
    pub trail: Trail,
    /// What follows is a last line that was cut off.
    pub whole_bytes: usize,
}

pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<Parsed, ReviewError> {
    let whole_bytes = whole(bytes);
    let mut lines = bytes[..whole_bytes].split_inclusive(|byte| *byte == b'\n').map(|line| &line[..line.len() - 1]);
    let first = lines.next().ok_or_else(|| ReviewError::NotAReview { path: path.to_owned() })?;
    let mut trail = first_line(first, path)?;
    let mut reader = Reader { path, line: 1 };
    for line in lines {
        reader.line += 1;
        let entry = reader.entry(line, &trail)?;
        let planned = trail.history.plan(entry.seq, &entry.operation);
        trail.history.commit(planned.map_err(|refusal| reader.nonsense(&refusal))?);
        trail.entries.push(entry);
        trail.last_sha256 = digest(line);
    }
    Ok(Parsed { trail, whole_bytes })
}

/// Where the last whole line ends. A last line with a zero byte is not whole, ended or not: no line has one, and a power
/// cut leaves them where pages did not reach the disk.
fn whole(bytes: &[u8]) -> usize {
    let end_before = |end: usize| bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = end_before(bytes.len());
    let last = end_before(end.saturating_sub(1));
    if last > 0 && bytes[last..end].contains(&0) { last } else { end }
}

fn first_line(line: &[u8], path: &Path) -> Result<Trail, ReviewError> {
    let path_owned = || path.to_owned();
    let format = match serde_json::from_slice::<FormatLine>(line) {
        Ok(format) if format.format == FORMAT => format,
        Err(_) if line.starts_with(b"{\"format\":\"avar-review\"") => {
            return Err(ReviewError::Changed { line: 1, path: path_owned() });
        }
        _ => return Err(ReviewError::NotAReview { path: path_owned() }),
    };
    // Before the digest: a newer format may close its lines in another way.
    if format.version > VERSION {
        return Err(ReviewError::TooNew { version: format.version, known: VERSION, path: path_owned() });
    }
    let body = vouched(line).ok_or_else(|| ReviewError::Changed { line: 1, path: path_owned() })?;
    let reader = Reader { path, line: 1 };
    // The one place that knows of versions: what an older one wrote is read here into what this one means.
    let first: FirstLine = match format.version {
        1 => decode(body).map_err(|reason| reader.nonsense(&reason))?,
        _ => return Err(reader.nonsense(&"there is no such format")),
    };
    checked_rule(first.about.rule).map_err(|refusal| reader.nonsense(&refusal))?;
    let history = History::new(&first.about);
    Ok(Trail {
        header: first.about,
        begun: first.time,
        begun_by: first.author,
        entries: Vec::new(),
        history,
        last_sha256: digest(line),
    })
}

struct Reader<'a> {
    path: &'a Path,
    /// From 1.
    line: usize,
}

impl Reader<'_> {
    fn entry(&self, line: &[u8], trail: &Trail) -> Result<Entry, ReviewError> {
        let body = vouched(line);
        let body = body.ok_or_else(|| ReviewError::Changed { line: self.line, path: self.path.to_owned() })?;
        if line.len() >= MOST_LINE_BYTES {
            return Err(self.nonsense(&format!("it is longer than {} MiB", MOST_LINE_BYTES >> 20)));
        }
        if trail.entries.len() >= MOST_OPERATIONS {
            return Err(self.nonsense(&format!("it is one more than {MOST_OPERATIONS} operations")));
        }
        let OperationLine { seq, time, author, did, previous } =
            decode(body).map_err(|reason| self.nonsense(&reason))?;
        let due = trail.entries.len() as u64 + 1;
        if seq > due {
            return Err(self.out_of_order(format!("operations {due} to {} are missing", seq - 1)));
        }
        if seq < due {
            return Err(self.out_of_order(format!("operation {seq} stands here for the second time")));
        }
        if previous != trail.last_sha256 {
            return Err(self.out_of_order("one of the two was put in the place of another".to_owned()));
        }
        if author.len() > MOST_AUTHOR_BYTES {
            return Err(self.nonsense(&format!("the author's name is longer than {MOST_AUTHOR_BYTES} bytes")));
        }
        Ok(Entry { seq, time, author, operation: did })
    }

    fn out_of_order(&self, reason: String) -> ReviewError {
        ReviewError::OutOfOrder { line: self.line, reason, path: self.path.to_owned() }
    }

    /// What the JSON reader says may quote what a stranger wrote: short, and with hidden characters made visible.
    fn nonsense(&self, reason: &dyn std::fmt::Display) -> ReviewError {
        let reason: String = reason.to_string().chars().take(160).flat_map(char::escape_debug).collect();
        ReviewError::Nonsense { line: self.line, reason: reason.replace("\\'", "'"), path: self.path.to_owned() }
    }
}
