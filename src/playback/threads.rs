//! The player's threads: a panic in one becomes a sentence, and taking leave of them never hangs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::player_view::PlaybackError;
use avar_base::job::Wake;
use avar_base::panics;

/// How long `farewell` waits in all; a thread that hangs in a driver or on a dead disk is left behind.
const PATIENCE: Duration = Duration::from_millis(100);

/// Threads that have been told how to end.
#[derive(Default)]
pub struct WorkerThreads(Vec<(JoinHandle<()>, Receiver<()>)>);

impl WorkerThreads {
    /// Starts a thread for the file `path`; a panic in `run` is passed to `on_panic` as a sentence.
    pub fn spawn(
        &mut self,
        name: &str,
        path: &Path,
        wake: &Wake,
        run: impl FnOnce() + Send + 'static,
        on_panic: impl FnOnce(String) + Send + 'static,
    ) -> Result<(), PlaybackError> {
        let (alive, ended) = channel::<()>();
        let (thread, file) = (name.to_owned(), path.to_owned());
        let wake = wake.clone();
        let body = move || {
            // Closed however the thread ends.
            let _alive = alive;
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
        self.0.push((spawned.map_err(failed)?, ended));
        Ok(())
    }

    /// Waits for threads that have been told to end, and leaves behind those that do not.
    pub fn farewell(&mut self) {
        let until = Instant::now() + PATIENCE;
        for (handle, ended) in self.0.drain(..) {
            let left = until.saturating_duration_since(Instant::now());
            if ended.recv_timeout(left) == Err(RecvTimeoutError::Disconnected) {
                // It has ended, so that joining does not wait; its panics were caught.
                let _ = handle.join();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::job::no_wake;
    use std::sync::mpsc;

    #[test]
    fn a_thread_that_hangs_is_left_behind() {
        let (release, wait) = mpsc::channel::<()>();
        let mut threads = WorkerThreads::default();
        let hang = move || {
            let _ = wait.recv();
        };
        threads.spawn("test", Path::new("x.mp4"), &no_wake(), hang, drop).unwrap();
        let began = Instant::now();
        threads.farewell();
        assert!(began.elapsed() >= PATIENCE && began.elapsed() < Duration::from_secs(5));
        drop(release);
    }

    #[test]
    fn a_panic_becomes_a_sentence_that_names_the_file() {
        let (sender, sentences) = mpsc::channel();
        let mut threads = WorkerThreads::default();
        let on_panic = move |sentence| sender.send(sentence).unwrap();
        threads.spawn("test", Path::new("x.mp4"), &no_wake(), || panic!("on purpose"), on_panic).unwrap();
        threads.farewell();
        let sentence: String = sentences.recv().unwrap();
        assert!(sentence.contains("on purpose") && sentence.ends_with("x.mp4"), "{sentence}");
    }
}
