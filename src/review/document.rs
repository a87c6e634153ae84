//! A review as it is worked on: the trail in memory, and the file that it is appended to.

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::file::{self, AppendError, Appender, Opened, ReadOnly};
use crate::history::Planned;
use crate::limits::{MOST_AUTHOR_BYTES, MOST_BYTES, MOST_LINE_BYTES, MOST_OPERATIONS};
use crate::line::{FORMAT, FirstLine, OperationLine, VERSION, decode, digest, encode, vouched};
use crate::plan::checked_rule;
use crate::read::{check_is_file, open_to_read, parse, read_bounded};
use crate::{Entry, Header, History, Operation, Refusal, ReviewError, ReviewState, Trail};

/// A review: a draft until the first decision, then a file.
#[derive(Debug)]
pub struct Document {
    path: PathBuf,
    place: Place,
    notes: Vec<String>,
}

#[derive(Debug)]
enum Place {
    /// No file yet: nothing has been decided. Rule, place of the recording and scores may change in the header.
    Draft(Box<Header>, Box<History>),
    Open(Appender<File>, Box<Trail>),
    ReadOnly(ReadOnly, Box<Trail>),
}

/// That an operation has been done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is on the disk, as operation `seq`.
    Line {
        /// From 1.
        seq: u64,
        /// It is dated before the operation ahead of it; the order is that of the numbers.
        clock_set_back: bool,
    },
    /// Nothing has been decided yet, so there is no file; it will stand in the first line.
    Draft,
}

impl Document {
    /// A review of a recording in which nothing has been decided. Its file will be `path`.
    pub fn draft(header: Header, path: &Path) -> Result<Self, ReviewError> {
        let rule = checked_rule(header.rule)?;
        let history = History::new(&Header { rule, ..header.clone() });
        Ok(Self { path: path.to_owned(), place: Place::Draft(Box::new(header), Box::new(history)), notes: Vec::new() })
    }

    /// Opens a file; for reading alone where another window has it, or where it cannot be written. A last line that was
    /// cut off is put into a file of its own beside it, and [`Self::notes`] says so.
    pub fn open(path: &Path) -> Result<Self, ReviewError> {
        check_is_file(path)?;
        match file::open_to_write(path)? {
            Opened::Locked(mut file) => {
                let bytes = read_bounded(&file, path)?;
                let parsed = parse(&bytes, path)?;
                let mut notes = notes_of(&parsed.trail);
                if parsed.whole_bytes < bytes.len() {
                    let aside = file::set_aside(&mut file, path, &bytes, parsed.whole_bytes)?;
                    notes.push(format!(
                        "the last line was not written to its end, so what it was to say never counted as saved; it was \
                         set aside: {}",
                        aside.display()
                    ));
                }
                let appender = Appender::new(file, parsed.whole_bytes as u64);
                Ok(Self { path: path.to_owned(), place: Place::Open(appender, Box::new(parsed.trail)), notes })
            }
            Opened::ReadOnly(reason) => {
                let bytes = read_bounded(&open_to_read(path)?, path)?;
                let parsed = parse(&bytes, path)?;
                let mut notes = notes_of(&parsed.trail);
                if parsed.whole_bytes < bytes.len() && !matches!(reason, ReadOnly::OpenElsewhere) {
                    notes
                        .push(format!("the last line was not written to its end and is not shown: {}", path.display()));
                }
                Ok(Self { path: path.to_owned(), place: Place::ReadOnly(reason, Box::new(parsed.trail)), notes })
            }
        }
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is no file yet.
    pub fn is_draft(&self) -> bool {
        matches!(self.place, Place::Draft(..))
    }

    /// Why nothing can be decided, if so.
    pub fn read_only(&self) -> Option<&ReadOnly> {
        match &self.place {
            Place::ReadOnly(reason, _) => Some(reason),
            Place::Draft(..) | Place::Open(..) => None,
        }
    }

    /// Sentences that whoever opened the file should read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Another place for the file of a draft, for one whose folder cannot be written.
    pub fn create_at(&mut self, path: &Path) {
        if let Place::Draft(header, history) = &mut self.place {
            let media = PathBuf::from(&header.media.absolute_path);
            header.media = header.media.moved_to(&media, path);
            **history = History::new(header);
            self.path = path.to_owned();
        }
    }

    /// Every operation so far.
    pub fn entries(&self) -> &[Entry] {
        match &self.place {
            Place::Draft(..) => &[],
            Place::Open(_, trail) | Place::ReadOnly(_, trail) => &trail.entries,
        }
    }

    /// The trail of a file; `None` of a draft.
    pub fn trail(&self) -> Option<&Trail> {
        match &self.place {
            Place::Draft(..) => None,
            Place::Open(_, trail) | Place::ReadOnly(_, trail) => Some(trail),
        }
    }

    /// What stands, and what can be taken back.
    pub fn history(&self) -> &History {
        match &self.place {
            Place::Draft(_, history) => history,
            Place::Open(_, trail) | Place::ReadOnly(_, trail) => &trail.history,
        }
    }

    /// What stands.
    pub fn state(&self) -> &ReviewState {
        self.history().state()
    }

    /// Does an operation: when this returns, it is on the disk. After an error nothing has changed, neither here nor in
    /// the file, and the same may be tried again.
    pub fn append(&mut self, operation: Operation, time: Timestamp, author: &str) -> Result<Saved, ReviewError> {
        if author.len() > MOST_AUTHOR_BYTES {
            return Err(ReviewError::Author { most: MOST_AUTHOR_BYTES, path: self.path.clone() });
        }
        match &mut self.place {
            Place::ReadOnly(reason, _) => {
                Err(ReviewError::ReadOnly { reason: reason.to_string(), path: self.path.clone() })
            }
            Place::Draft(header, history) => {
                if let Some(changed) = without_file(header, history, &operation)? {
                    **history = History::new(&changed);
                    **header = changed;
                    return Ok(Saved::Draft);
                }
                let (mut lines, mut trail) = first_line(header, time, author, &self.path)?;
                let next = Next::new(&trail, operation, time, author, &self.path)?;
                lines.extend(&next.line);
                let appender = file::create(&self.path, &lines)?;
                next.follow(&mut trail);
                self.place = Place::Open(appender, Box::new(trail));
                Ok(Saved::Line { seq: 1, clock_set_back: false })
            }
            Place::Open(appender, trail) => {
                let clock_set_back = time < trail.last_time();
                let next = Next::new(trail, operation, time, author, &self.path)?;
                if appender.len() + next.line.len() as u64 > MOST_BYTES {
                    return Err(full(format!("{} MiB", MOST_BYTES >> 20), "begin another", &self.path));
                }
                if !file::is_at(appender.backing(), &self.path) {
                    return Err(ReviewError::Gone { path: self.path.clone() });
                }
                appender.append(&next.line).map_err(|error| match error {
                    AppendError::Failed(reason) => ReviewError::NotSaved { reason, path: self.path.clone() },
                    AppendError::ChangedMeanwhile => ReviewError::ChangedMeanwhile { path: self.path.clone() },
                })?;
                let seq = next.entry.seq;
                next.follow(trail);
                Ok(Saved::Line { seq, clock_set_back })
            }
        }
    }
}

/// The header of a draft after an operation that decides nothing; `None` for one that does.
fn without_file(header: &Header, history: &History, operation: &Operation) -> Result<Option<Header>, Refusal> {
    history.plan(1, operation)?;
    Ok(match operation {
        Operation::SetRule { rule } => Some(Header { rule: *rule, ..header.clone() }),
        Operation::Relink { media } => Some(Header { media: media.clone(), ..header.clone() }),
        Operation::Rescore { scored_by } => Some(Header { scored_by: scored_by.clone(), ..header.clone() }),
        _ => None,
    })
}

/// The first line with its end, and the trail that a reader finds in it.
fn first_line(header: &Header, time: Timestamp, author: &str, path: &Path) -> Result<(Vec<u8>, Trail), ReviewError> {
    let (format, author) = (FORMAT.to_owned(), author.to_owned());
    let line = FirstLine { format, version: VERSION, time, author, about: header.clone() };
    let line = ended(encode(&line).map_err(|_| Refusal::NoNumber)?);
    let trail = parse(&line, path)?.trail;
    Ok((line, trail))
}

/// An operation that makes sense, not yet written.
struct Next {
    /// With its end.
    line: Vec<u8>,
    /// As the line is read: what is shown is what a reader of the file will find, to the last digit.
    entry: Entry,
    planned: Planned,
}

impl Next {
    fn new(
        trail: &Trail,
        operation: Operation,
        time: Timestamp,
        author: &str,
        path: &Path,
    ) -> Result<Self, ReviewError> {
        let seq = trail.entries.len() as u64 + 1;
        if trail.entries.len() >= MOST_OPERATIONS {
            return Err(full(format!("{MOST_OPERATIONS} operations"), "begin another", path));
        }
        // Before a long line is made of it.
        trail.history.plan(seq, &operation)?;
        let (author, previous) = (author.to_owned(), trail.last_sha256.clone());
        let line = encode(&OperationLine { seq, time, author, did: operation, previous });
        let line = ended(line.map_err(|_| Refusal::NoNumber)?);
        if line.len() > MOST_LINE_BYTES {
            return Err(full(format!("a line of {} MiB", MOST_LINE_BYTES >> 20), "choose fewer events", path));
        }
        // A number that is none is written as null, and is not read.
        let body = vouched(&line[..line.len() - 1]).ok_or(Refusal::NoNumber)?;
        let OperationLine { seq, time, author, did, .. } = decode(body).map_err(|_| Refusal::NoNumber)?;
        let entry = Entry { seq, time, author, operation: did };
        let planned = trail.history.plan(seq, &entry.operation)?;
        Ok(Self { line, entry, planned })
    }

    fn follow(self, trail: &mut Trail) {
        trail.history.commit(self.planned);
        trail.entries.push(self.entry);
        trail.last_sha256 = digest(&self.line[..self.line.len() - 1]);
    }
}

fn ended(line: String) -> Vec<u8> {
    let mut line = line.into_bytes();
    line.push(b'\n');
    line
}

fn full(limit: String, advice: &'static str, path: &Path) -> ReviewError {
    ReviewError::Full { limit, advice, path: path.to_owned() }
}

fn notes_of(trail: &Trail) -> Vec<String> {
    let back = trail.clock_set_back();
    let sentence = match back.as_slice() {
        [] => return Vec::new(),
        [seq] => format!("operation {seq} is dated before the one ahead of it: a clock was set back"),
        [seq, ..] => format!(
            "{} operations, {seq} the first, are dated before those ahead of them: a clock was set back",
            back.len()
        ),
    };
    vec![format!("{sentence}; their order is that of their numbers")]
}
