//! The player's threads: a panic in one becomes a sentence, and nobody waits when they are told to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::player_view::PlaybackError;
use avar_base::job::Wake;
use avar_base::panics;

/// Threads of this process that have been told to end and may not have yet: one may be within the decoding of a frame,
/// another hang in a driver or on a dead disk.
static LEAVING: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// How often whoever waits for them looks.
const GLANCE: Duration = Duration::from_millis(2);

/// Waits until threads that have been told to end have ended, `patience` at most: before something is used that only one
/// of them can hold, such as a sound device, and before the process ends. Not for the window's thread.
pub fn wait_for_leaving(patience: Duration) {
    let until = Instant::now() + patience;
    while !leaving().is_empty() && Instant::now() < until {
        std::thread::sleep(GLANCE);
    }
}

/// Those that have not ended.
fn leaving() -> MutexGuard<'static, Vec<JoinHandle<()>>> {
    let mut leaving = LEAVING.lock().unwrap_or_else(PoisonError::into_inner);
    leaving.retain(|thread| !thread.is_finished());
    leaving
}

/// Threads that have been told how to end.
#[derive(Default)]
pub(crate) struct WorkerThreads(Vec<JoinHandle<()>>);

impl WorkerThreads {
    /// Starts a thread for the file `path`; a panic in `run` is passed to `on_panic` as a sentence.
    pub(crate) fn spawn(
        &mut self,
        name: &str,
        path: &Path,
        wake: &Wake,
        run: impl FnOnce() + Send + 'static,
        on_panic: impl FnOnce(String) + Send + 'static,
    ) -> Result<(), PlaybackError> {
        let (thread, file) = (name.to_owned(), path.to_owned());
        let wake = wake.clone();
        let body = move || {
            if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
                on_panic(format!(
                    "an internal error ended the thread \"{thread}\", please report it ({}): {}",
                    panics::describe(payload.as_ref()),
                    file.display()
                ));
                wake();
            }
        };
        let spawned = Builder::new().name(name.to_owned()).spawn(body);
        let failed =
            |error: std::io::Error| PlaybackError::NoThread { reason: error.to_string(), path: path.to_owned() };
        self.0.push(spawned.map_err(failed)?);
        Ok(())
    }

    /// Takes leave of threads that have been told to end, and waits for none of them.
    pub(crate) fn join_with_timeout(&mut self) {
        leaving().append(&mut self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::job::no_wake;
    use std::sync::mpsc;

    const PATIENCE: Duration = Duration::from_millis(200);

    #[test]
    fn nobody_waits_for_a_thread_that_hangs_but_who_asks_to_and_no_longer_than_asked() {
        let (release, wait) = mpsc::channel::<()>();
        let mut threads = WorkerThreads::default();
        let hang = move || wait.recv().unwrap_or_default();
        threads.spawn("test", Path::new("x.mp4"), &no_wake(), hang, drop).unwrap();
        let began = Instant::now();
        threads.join_with_timeout();
        assert!(began.elapsed() < PATIENCE, "the farewell waited {:?}", began.elapsed());
        wait_for_leaving(PATIENCE);
        assert!(began.elapsed() >= PATIENCE, "it hangs, and was not waited for");
        drop(release);
        wait_for_leaving(Duration::from_secs(60));
        assert!(began.elapsed() < Duration::from_secs(30), "it has ended, and was waited for");
    }

    #[test]
    fn a_panic_becomes_a_sentence_that_names_the_file() {
        let (sender, sentences) = mpsc::channel();
        let mut threads = WorkerThreads::default();
        let on_panic = move |sentence| sender.send(sentence).unwrap();
        threads.spawn("test", Path::new("x.mp4"), &no_wake(), || panic!("on purpose"), on_panic).unwrap();
        let sentence: String = sentences.recv().unwrap();
        assert!(sentence.contains("on purpose") && sentence.ends_with("x.mp4"), "{sentence}");
    }
}
