//! A background job: one thread that reports progress and partial results, and can be cancelled.
//!
//! Cancelled is an outcome, not an error. Every report is followed by a wake-up handed in as a plain
//! `Fn()`, so that workers know nothing of the window. Reports cross a bounded channel: a job that
//! outruns its listener waits, it does not pile up memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tracing::{debug, warn};

use crate::panics;

/// Called after each report, from the job's thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// A wake-up for listeners that poll.
pub fn no_wake() -> Wake {
    Arc::new(|| {})
}

/// Set once by whoever wants the work to stop; read by the work at least every 50 ms.
#[derive(Clone, Debug, Default)]
pub struct CancelToken {
    is_set: Arc<AtomicBool>,
    parent: Option<Arc<CancelToken>>,
}

impl CancelToken {
    /// Is cancelled with this one, and can be cancelled without it.
    pub fn child(&self) -> Self {
        Self { is_set: Arc::default(), parent: Some(Arc::new(self.clone())) }
    }

    /// Asks the work to stop, and that of every child with it; cannot be taken back.
    pub fn cancel(&self) {
        self.is_set.store(true, Ordering::Relaxed);
    }

    /// Whether this token, or one that it is a child of, was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.is_set.load(Ordering::Relaxed) || self.parent.as_ref().is_some_and(|parent| parent.is_cancelled())
    }

    /// `Err` once the work is to stop, so that it can leave with `?`.
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

/// Work was stopped on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub struct Cancelled;

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// In `0..=1`.
    pub fraction: f32,
    /// The part of it that was there before the work began: it took no time now.
    pub begun_at: f32,
    /// Since the work began.
    pub elapsed: Duration,
}

impl Progress {
    /// Of work that began at nothing.
    pub fn new(fraction: f32, elapsed: Duration) -> Self {
        Self { fraction, begun_at: 0.0, elapsed }
    }

    /// `None` until enough has been done (2 % and half a second) for an estimate that means something.
    pub fn time_left(self) -> Option<Duration> {
        let done = self.fraction - self.begun_at;
        let enough = done >= 0.02 * (1.0 - self.begun_at) && self.elapsed >= Duration::from_millis(500);
        let per_fraction_s = self.elapsed.as_secs_f64() / f64::from(done.max(f32::EPSILON));
        enough.then(|| Duration::from_secs_f64(per_fraction_s * f64::from((1.0 - self.fraction).max(0.0))))
    }
}

/// What a job tells its listener; `Done`, `Failed` and `Cancelled` come last, and one of them always comes.
#[derive(Debug)]
pub enum JobEvent<P, T> {
    /// How far it is; left out where the listener lags.
    Progress(Progress),
    /// A part of the result; none is left out as long as the job is not cancelled.
    Partial(P),
    /// The result.
    Done(T),
    /// One sentence for the user.
    Failed(String),
    /// It stopped on request.
    Cancelled,
}

/// Why a job's work ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The work stopped on request.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// One sentence for the user.
    #[error("{0}")]
    Failed(String),
}

/// The worker's side: reports go out, the wish to cancel comes in.
pub struct Reporter<P, T> {
    events: SyncSender<JobEvent<P, T>>,
    cancel: CancelToken,
    wake: Wake,
    begun: Mutex<(f32, Instant)>,
}

impl<P, T> Reporter<P, T> {
    /// The token that the work watches, to be handed on to what it calls.
    pub fn cancel_token(&self) -> &CancelToken {
        &self.cancel
    }

    /// As [`CancelToken::check`].
    pub fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    /// The work begins now, and this fraction of it is there already: time left is estimated from what follows.
    pub fn begins_at(&self, fraction: f32) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = (fraction.clamp(0.0, 1.0), Instant::now());
    }

    /// Reports the fraction done, clamped to `0..=1`; dropped where the channel is full.
    pub fn progress(&self, fraction: f32) {
        // A listener that lags needs no stale progress: the next one says more.
        let (begun_at, begun) = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = Progress { fraction: fraction.clamp(0.0, 1.0), begun_at, elapsed: begun.elapsed() };
        let event = JobEvent::Progress(progress);
        if self.events.try_send(event).is_ok() {
            (self.wake)();
        }
    }

    /// Reports a part of the result; waits while the channel is full, unless the job is cancelled.
    pub fn partial(&self, partial: P) {
        self.send(JobEvent::Partial(partial));
    }

    /// Waits for room, but never past a cancel: the listener may have stopped listening.
    fn send(&self, event: JobEvent<P, T>) {
        let mut event = event;
        loop {
            match self.events.try_send(event) {
                Ok(()) => return (self.wake)(),
                Err(std::sync::mpsc::TrySendError::Disconnected(_)) => return,
                Err(std::sync::mpsc::TrySendError::Full(_)) if self.cancel.is_cancelled() => return,
                Err(std::sync::mpsc::TrySendError::Full(unsent)) => {
                    event = unsent;
                    (self.wake)();
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }
    }
}

/// The listener's side. Dropping it cancels the job without waiting for it.
pub struct Job<P, T> {
    events: Receiver<JobEvent<P, T>>,
    cancel: CancelToken,
    thread: Option<JoinHandle<()>>,
    ended: bool,
}

/// Hands on what a job has told since the last call; one that has ended makes room for the next.
pub fn drain<T: Send + 'static>(slot: &mut Option<Job<(), T>>, mut report: impl FnMut(JobEvent<(), T>)) {
    while let Some(event) = slot.as_mut().and_then(Job::try_next) {
        report(event);
    }
    slot.take_if(|job| job.has_ended());
}

const QUEUED_EVENTS: usize = 256;

impl<P: Send + 'static, T: Send + 'static> Job<P, T> {
    /// Starts `work` on a thread of its own. A panic in it ends as `Failed`, so that one broken file
    /// does not take the desk down.
    pub fn spawn(
        name: &str,
        wake: Wake,
        work: impl FnOnce(&Reporter<P, T>) -> Result<T, Stopped> + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, events) = sync_channel(QUEUED_EVENTS);
        let cancel = CancelToken::default();
        let started = Instant::now();
        let reporter = Reporter { events: sender, cancel: cancel.clone(), wake, begun: Mutex::new((0.0, started)) };
        let job_name = name.to_owned();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&reporter)));
            let event = match outcome {
                Ok(Ok(result)) => JobEvent::Done(result),
                Ok(Err(Stopped::Cancelled(_))) => JobEvent::Cancelled,
                Ok(Err(Stopped::Failed(sentence))) => JobEvent::Failed(sentence),
                Err(payload) => JobEvent::Failed(format!(
                    "An internal error ended the job \"{job_name}\"; please report it: {}.",
                    panics::describe(payload.as_ref())
                )),
            };
            let elapsed = started.elapsed();
            match &event {
                JobEvent::Failed(sentence) => warn!(job = job_name, ?elapsed, "{sentence}"),
                JobEvent::Cancelled => debug!(job = job_name, ?elapsed, "cancelled"),
                JobEvent::Done(_) | JobEvent::Progress(_) | JobEvent::Partial(_) => {
                    debug!(job = job_name, ?elapsed, "done");
                }
            }
            reporter.send(event);
        })?;
        Ok(Self { events, cancel, thread: Some(thread), ended: false })
    }

    /// The next report that has arrived, without waiting.
    pub fn try_next(&mut self) -> Option<JobEvent<P, T>> {
        if self.ended {
            return None;
        }
        match self.events.try_recv() {
            Ok(event) => {
                self.ended = matches!(event, JobEvent::Done(_) | JobEvent::Failed(_) | JobEvent::Cancelled);
                Some(event)
            }
            Err(TryRecvError::Empty) => None,
            // The worker was cancelled while its last word found no room.
            Err(TryRecvError::Disconnected) => {
                self.ended = true;
                Some(JobEvent::Cancelled)
            }
        }
    }

    /// Asks the job to stop, without waiting for it; its last report still comes.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether the last report has been taken.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Waits for the end, handing each report to `listen`; for the command line and tests.
    pub fn wait(mut self, mut listen: impl FnMut(JobEvent<P, T>)) {
        while let Ok(event) = self.events.recv() {
            listen(event);
        }
        if let Some(thread) = self.thread.take() {
            // The closure caught every panic, so joining cannot fail.
            _ = thread.join();
        }
    }
}

impl<P, T> Drop for Job<P, T> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Calls `work` for each item on `threads` threads, and returns the results in the items' order; the first error ends it.
///
/// Plain threads: a thread of a pool that waits for another pool takes up the next item in the meantime, one inside
/// the other, until its stack is full.
pub fn parallel_map<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let has_failed = AtomicBool::new(false);
    let take_items = || {
        let mut done = Vec::new();
        while !has_failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { break };
            let outcome = work(item);
            has_failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
            done.push((index, outcome));
        }
        done
    };
    let mut done: Vec<(usize, Result<R, E>)> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, items.len().max(1))).map(|_| scope.spawn(take_items)).collect();
        let of_worker = |worker: std::thread::ScopedJoinHandle<_>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().flat_map(of_worker).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Threads that this machine runs at once.
pub fn thread_count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_to_end(job: Job<u32, u32>) -> Vec<JobEvent<u32, u32>> {
        let mut events = Vec::new();
        job.wait(|event| events.push(event));
        events
    }

    #[test]
    fn partial_results_arrive_in_order_before_the_result() {
        let job = Job::spawn("test", no_wake(), |reporter| {
            (0..3).for_each(|i| reporter.partial(i));
            Ok(9)
        });
        let events = run_to_end(job.unwrap());
        assert!(matches!(
            events[..],
            [JobEvent::Partial(0), JobEvent::Partial(1), JobEvent::Partial(2), JobEvent::Done(9)]
        ));
    }

    #[test]
    fn a_cancelled_job_says_so_and_not_that_it_failed() {
        let job: Job<u32, u32> = Job::spawn("test", no_wake(), |reporter| {
            loop {
                reporter.check()?;
                std::thread::sleep(Duration::from_millis(1));
            }
        })
        .unwrap();
        job.cancel();
        assert!(matches!(run_to_end(job)[..], [JobEvent::Cancelled]));
    }

    #[test]
    fn a_child_ends_with_its_parent_and_not_the_other_way_round() {
        let parent = CancelToken::default();
        let (one, other) = (parent.child(), parent.child());
        one.cancel();
        assert_eq!([&one, &other, &parent].map(CancelToken::is_cancelled), [true, false, false]);
        parent.cancel();
        assert!(other.is_cancelled());
    }

    #[test]
    fn a_panic_ends_as_a_failure_in_words() {
        let job: Job<u32, u32> = Job::spawn("broken", no_wake(), |_| panic!("on purpose")).unwrap();
        let events = run_to_end(job);
        let [JobEvent::Failed(sentence)] = &events[..] else { panic!("{events:?}") };
        assert!(sentence.contains("broken") && sentence.contains("on purpose"), "{sentence}");
    }

    #[test]
    fn a_job_whose_listener_never_listens_still_ends_when_cancelled() {
        let mut job: Job<u32, u32> = Job::spawn("test", no_wake(), |reporter| {
            (0..).try_for_each(|i| {
                reporter.check()?;
                reporter.partial(i);
                Ok::<_, Stopped>(())
            })?;
            Ok(0)
        })
        .unwrap();
        job.cancel();
        let thread = job.thread.take().unwrap();
        thread.join().unwrap();
    }

    #[test]
    fn no_estimate_is_given_before_there_is_ground_for_one() {
        let progress = |fraction, ms| Progress::new(fraction, Duration::from_millis(ms)).time_left();
        assert_eq!(progress(0.0, 10_000), None);
        assert_eq!(progress(0.5, 100), None);
        assert_eq!(progress(0.25, 1000), Some(Duration::from_secs(3)));
    }

    #[test]
    fn what_was_there_before_the_work_began_tells_nothing_of_its_pace() {
        let progress = Progress { fraction: 0.6, begun_at: 0.5, elapsed: Duration::from_secs(1) };
        assert_eq!(progress.time_left().map(|left| left.as_secs_f32().round()), Some(4.0));
        assert_eq!(Progress { fraction: 0.505, ..progress }.time_left(), None);
    }

    #[test]
    fn work_in_parallel_keeps_its_order() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled: Result<Vec<usize>, ()> = parallel_map(&items, 4, |item| Ok(item * 2));
        assert_eq!(doubled.unwrap(), items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(parallel_map(&[0usize; 0], 4, |item| Ok::<_, ()>(*item)).unwrap(), [0; 0]);
    }

    #[test]
    fn an_error_ends_work_in_parallel_soon() {
        let items: Vec<usize> = (0..1_000_000).collect();
        let begun = AtomicUsize::new(0);
        let outcome = parallel_map(&items, 2, |item| {
            begun.fetch_add(1, Ordering::Relaxed);
            if *item == 3 { Err("three") } else { Ok(()) }
        });
        assert_eq!(outcome, Err("three"));
        assert!(begun.load(Ordering::Relaxed) < 1_000_000);
    }
}
