//! The document of a review on a thread of its own: a decision is on the disk before the window shows it as saved, and
//! the window never waits for a disk.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;

use avar_base::job::Wake;
use avar_base::time::MediaTime;
use avar_review::{Candidate, Document, Header, Operation, ReviewError, ReviewState, Saved, Timestamp};

/// Which document, of which recording.
#[derive(Clone, Debug)]
pub(crate) struct TrailPlace {
    /// Where the document is, or will be with the first decision.
    pub path: PathBuf,
    /// What a new one begins with; without it one that is not there stays away.
    pub header: Option<Header>,
    pub recording: PathBuf,
    /// Of the recording's file.
    pub sha256: String,
    /// Of the recording; `None` in one without a picture.
    pub frames: Option<usize>,
    pub duration: MediaTime,
}

/// What the window knows of a document.
#[derive(Clone, Debug)]
pub struct TrailView {
    pub path: PathBuf,
    /// What stands.
    pub state: ReviewState,
    /// Operations on the disk; 0 before the first decision, when there is no file.
    pub saved: usize,
    /// Why nothing can be decided, if so.
    pub read_only: Option<String>,
    /// What undo would take back, and redo do again.
    pub undo: Option<&'static str>,
    pub redo: Option<&'static str>,
}

/// News of a document.
#[derive(Debug)]
pub(crate) enum TrailNews {
    /// As it stands after all that was asked for so far, with sentences that whoever opened it should read.
    View(Box<TrailView>, Vec<String>),
    /// There is none, and nothing to begin one with.
    Absent,
    /// What was asked for is not done: one sentence.
    Refused(String),
    /// It cannot be used: one sentence.
    Failed(String),
}

/// A document that is open. What was asked for is written before this is gone.
pub(crate) struct TrailWriter {
    operations: Option<Sender<Operation>>,
    news: Receiver<TrailNews>,
    thread: Option<JoinHandle<()>>,
    /// Answers that are still to come.
    awaited: usize,
}

impl TrailWriter {
    /// Opens the document at `place`, or prepares a new one.
    pub(crate) fn open(place: TrailPlace, author: String, wake: Wake) -> std::io::Result<Self> {
        let (operations, asked) = channel();
        let (tell, news) = channel();
        let thread = std::thread::Builder::new().name("review".to_owned()).spawn(move || {
            let tell = |news: TrailNews| {
                // Nobody listens any more where the recording was closed; what was asked for is written all the same.
                let is_heard = tell.send(news).is_ok();
                wake();
                is_heard
            };
            let Some(mut document) = begin(&place, &tell) else { return };
            for operation in asked {
                tell(match document.append(operation, Timestamp::now(), &author) {
                    Ok(Saved::Line { .. } | Saved::Draft) => TrailNews::View(Box::new(view(&document)), Vec::new()),
                    Err(error) => TrailNews::Refused(error.to_string()),
                });
            }
        })?;
        Ok(Self { operations: Some(operations), news, thread: Some(thread), awaited: 1 })
    }

    /// Asks for an operation; its answer comes with [`Self::poll`].
    pub(crate) fn ask(&mut self, operation: Operation) {
        if let Some(operations) = &self.operations
            && operations.send(operation).is_ok()
        {
            self.awaited += 1;
        }
    }

    /// Whether an answer is still to come.
    pub(crate) fn is_busy(&self) -> bool {
        self.awaited > 0
    }

    pub(crate) fn poll(&mut self) -> Option<TrailNews> {
        match self.news.try_recv() {
            Ok(news) => {
                self.awaited = self.awaited.saturating_sub(1);
                Some(news)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) if self.awaited > 0 => {
                self.awaited = 0;
                Some(TrailNews::Failed("the review is no longer written; open the recording again".to_owned()))
            }
            Err(TryRecvError::Disconnected) => None,
        }
    }
}

impl Drop for TrailWriter {
    fn drop(&mut self) {
        drop(self.operations.take());
        // A line takes milliseconds, and a decision that was made is worth them. A thread that panicked has told so.
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Err(_)) = ended {
            tracing::error!("a review was not written to its end");
        }
    }
}

fn begin(place: &TrailPlace, tell: &impl Fn(TrailNews) -> bool) -> Option<Document> {
    let document = match (place.path.exists(), &place.header) {
        (true, _) => Document::open(&place.path).and_then(|document| of_recording(document, place)),
        (false, Some(header)) => Document::draft(header.clone(), &place.path),
        (false, None) => {
            tell(TrailNews::Absent);
            return None;
        }
    };
    match document {
        Ok(document) => {
            let notes = document.notes().to_vec();
            tell(TrailNews::View(Box::new(view(&document)), notes));
            Some(document)
        }
        Err(error) => {
            tell(TrailNews::Failed(error.to_string()));
            None
        }
    }
}

/// Decisions on another recording, or on a longer one, would lie at frames that are not theirs.
fn of_recording(document: Document, place: &TrailPlace) -> Result<Document, ReviewError> {
    let TrailPlace { recording, sha256, frames, duration, .. } = place;
    let candidate = Candidate { path: recording, sha256, frames: *frames, duration: *duration };
    document.state().media.check(&candidate)?;
    Ok(document)
}

fn view(document: &Document) -> TrailView {
    let history = document.history();
    TrailView {
        path: document.path().to_owned(),
        state: document.state().clone(),
        saved: document.entries().len(),
        read_only: document.read_only().map(ToString::to_string),
        undo: history.next_undo().map(|(_, label)| label),
        redo: history.next_redo().map(|(_, label)| label),
    }
}
