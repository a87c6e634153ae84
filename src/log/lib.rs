//! The program's log: what happened, for whoever has to find out why a recording plays wrong.
//!
//! The level comes from [`LEVEL_VARIABLE`]; without it, what this program does and what is wrong elsewhere is kept.
//!
//! # What does not exist here
//!
//! - No other crate of this workspace, nor one that writes by it: they tell `tracing` and do not know where it goes.
//!   The program starts the log, and the window shows it.
//! - No line on standard output, and no file that grows without bound or that others than its owner can read: it names
//!   recordings.
//! - Nothing that depends on it: where it cannot be written that is said in one sentence, and everything else goes on.

mod file;
mod level;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

pub use file::{LogError, tail};
pub use level::{LEVEL_VARIABLE, LevelError};

use file::{LogFile, LogLine};
use level::Levels;

/// Where the log of a folder is written; older parts lie beside it.
pub fn path_in(folder: &Path) -> PathBuf {
    folder.join(file::NAME)
}

/// What has become of the log of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogPlace {
    /// The file that is written to, older parts beside it.
    File(PathBuf),
    /// Why there is none, in one sentence.
    Nowhere(String),
}

/// For whoever is given no place.
impl Default for LogPlace {
    fn default() -> Self {
        Self::Nowhere("No log is written here.".to_owned())
    }
}

static PROBLEM: Mutex<Option<String>> = Mutex::new(None);

/// What went wrong with the log since the last call, in one sentence; for a window, which has nobody at a terminal.
pub fn take_problem() -> Option<String> {
    PROBLEM.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// From now on the process writes its log into `folder`, which is made where it is missing; once for a process. `tell`
/// is given a sentence on whatever goes wrong with it, now and later, each at most once.
pub fn start(folder: &Path, tell: impl Fn(&str) + Send + 'static) -> LogPlace {
    let tell = move |sentence: &str| {
        tell(sentence);
        *PROBLEM.lock().unwrap_or_else(PoisonError::into_inner) = Some(sentence.to_owned());
    };
    let levels = Levels::from_environment().unwrap_or_else(|error| {
        tell(&error.to_string());
        Levels::default()
    });
    let Some(targets) = levels.targets() else {
        return LogPlace::Nowhere(format!("There is no log, as {LEVEL_VARIABLE}=off asks for none."));
    };
    let file = match LogFile::open(folder) {
        Ok(file) => Arc::new(Mutex::new(file.telling(tell))),
        Err(error) => {
            let sentence = error.to_string();
            tell(&sentence);
            return LogPlace::Nowhere(sentence);
        }
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || LogLine::of(Arc::clone(&file)))
        .with_ansi(false)
        .with_thread_names(true)
        .with_span_events(FmtSpan::CLOSE)
        .log_internal_errors(false);
    match tracing_subscriber::registry().with(targets).with(lines).try_init() {
        Ok(()) => LogPlace::File(path_in(folder)),
        Err(_) => LogPlace::Nowhere("There is no log, as this process has begun one elsewhere.".to_owned()),
    }
}
