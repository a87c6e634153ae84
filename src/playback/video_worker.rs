//! The thread "player video": decodes what the player wishes for into the cache.
//!
//! Player and decoder share one state behind a mutex that is only ever held for look-ups: the wish, the frames by
//! ordinal, what went wrong. Because a frame is named by its ordinal, an outdated one cannot be mistaken for
//! another; it is merely not wanted any more. While nothing is wanted, the thread sleeps.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tracing::{debug, trace_span, warn};

use super::decode_plan::{Situation, Step, Wish, next_step, serves};
use super::frame_cache::FrameCache;
use avar_base::job::Wake;
use avar_base::time::FrameIndex;
use avar_media::{FrameFaults, FrameTable, MediaError, VideoFrame, VideoReader};

/// What player and decoder share.
pub(crate) struct VideoShared {
    state: Mutex<VideoState>,
    changed: Condvar,
}

/// See [`VideoShared`].
pub(crate) struct VideoState {
    table: Arc<FrameTable>,
    pub cache: FrameCache<VideoFrame>,
    /// The most that decoded frames may take; an index is taken off it.
    cache_bytes: usize,
    expected: Expected,
    /// The last key frame decoded as a preview; the cache may have no room for it.
    preview: Option<VideoFrame>,
    /// Frames of the table that do not come out of the decoder.
    pub undecodable: BTreeSet<usize>,
    /// What decoding has found, for the timeline; shared with the views that show it.
    pub faults: Arc<FrameFaults>,
    /// One sentence on a failure; gone with the next frame that comes.
    pub error: Option<String>,
    /// The decoder has failed and waits for the next thing the user does.
    pub has_failed: bool,
    wish: Wish,
    /// Counts what the user does: seeks, steps, play. What failed is tried again when it changes.
    attempt: u64,
    /// The frames for which the window is to be woken: each would be a better picture than the one it shows.
    awaited: Option<RangeInclusive<usize>>,
    quit: bool,
}

impl VideoShared {
    pub(crate) fn new(table: Arc<FrameTable>, cache_bytes: usize, expected: Expected) -> Self {
        let wish = Wish { target: FrameIndex(0), preview: false, backward: false, ahead: 0 };
        let budget_bytes = budget_bytes(cache_bytes, table.len(), expected);
        let state = VideoState {
            table,
            cache: FrameCache::new(budget_bytes),
            cache_bytes,
            expected,
            preview: None,
            undecodable: BTreeSet::new(),
            faults: Arc::default(),
            error: None,
            has_failed: false,
            wish,
            attempt: 0,
            awaited: None,
            quit: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, VideoState> {
        // A panic elsewhere leaves frames and wish as they were: still good to show.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// States what is wanted now; `anew` when the user asked for it, so that a failure is tried again.
    pub(crate) fn wish(&self, wish: Wish, anew: bool) {
        let mut state = self.lock();
        if state.wish != wish || anew {
            state.wish = wish;
            state.attempt += u64::from(anew);
            state.has_failed &= !anew || state.quit;
            state.cache.set_playhead(wish.target, wish.backward);
            self.changed.notify_one();
        }
    }

    /// Takes over a table that goes on where the one so far ended.
    pub(crate) fn extend(&self, table: Arc<FrameTable>) {
        let mut state = self.lock();
        let budget_bytes = budget_bytes(state.cache_bytes, table.len(), state.expected);
        state.cache.set_budget(budget_bytes);
        state.table = table;
        self.changed.notify_one();
    }

    pub(crate) fn quit(&self) {
        self.lock().quit = true;
        self.changed.notify_one();
    }

    /// The decoder has ended for good.
    pub(crate) fn give_up(&self, sentence: String) {
        let mut state = self.lock();
        state.quit = true;
        state.has_failed = true;
        state.error = Some(sentence);
    }
}

/// What is known of each frame of a recording, here and in FFmpeg, by all that read it, while one more opens it: of ten
/// hours 400 MB (heaptrack).
const INDEX_BYTES: usize = 448;
/// A long recording has room for a second all the same: for this many frames, but for no more than these bytes.
const LEAST_BUDGET_FRAMES: usize = 32;
const LEAST_BUDGET_BYTES: usize = 96 << 20;

/// What the file's description says before its frames are known: good for room in memory, and for nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// The size of a decoded frame; above zero.
    pub frame_bytes: usize,
    /// How many frames there will be. FFmpeg never gives back room that decoded frames once had: what a long
    /// recording may take has to hold from its first frames on.
    pub frames: usize,
}

/// What decoded frames may take of `cache_bytes`, off which the index of a long recording is taken; `frames` are known.
fn budget_bytes(cache_bytes: usize, frames: usize, expected: Expected) -> usize {
    let frame_bytes = expected.frame_bytes;
    let least_bytes = frame_bytes.saturating_mul(LEAST_BUDGET_FRAMES).min(LEAST_BUDGET_BYTES).min(cache_bytes);
    cache_bytes.saturating_sub(frames.max(expected.frames).saturating_mul(INDEX_BYTES)).max(least_bytes)
}

impl VideoState {
    pub(crate) fn set_awaited(&mut self, awaited: Option<RangeInclusive<usize>>) {
        self.awaited = awaited;
    }

    /// The key frame `key`, if it is at hand.
    pub(crate) fn preview_of(&self, key: FrameIndex) -> Option<VideoFrame> {
        self.preview.clone().filter(|frame| frame.index == key).or_else(|| self.cache.get(key))
    }

    pub(crate) fn has(&self, index: usize) -> bool {
        self.cache.contains(FrameIndex(index)) || self.undecodable.contains(&index)
    }

    fn key_at_or_before(&self, index: usize) -> usize {
        self.table.key_at_or_before(FrameIndex(index)).0
    }
}

/// What the thread needs to know.
pub(crate) struct VideoWorker {
    pub path: PathBuf,
    pub shared: Arc<VideoShared>,
    pub wake: Wake,
}

/// The reader and the frame it decodes next; `None` where a seek was abandoned.
struct Position {
    reader: VideoReader,
    at: Option<usize>,
}

impl VideoWorker {
    /// Runs until told to quit.
    pub(crate) fn run(self) {
        let mut position: Option<Position> = None;
        while let Some((step, attempt)) = self.next_step(position.as_ref().and_then(|position| position.at)) {
            let _span = trace_span!("decode", ?step).entered();
            if let Err(error) = self.carry_out(step, attempt, &mut position) {
                warn!("{error}");
                position = None;
                let mut state = self.shared.lock();
                state.error = Some(error.to_string());
                // What the user has done meanwhile deserves a try of its own.
                state.has_failed = state.attempt == attempt;
                drop(state);
                (self.wake)();
            }
        }
    }

    /// Waits for something to do; `None` when it is time to quit.
    fn next_step(&self, reader_at: Option<usize>) -> Option<(Step, u64)> {
        let mut state = self.shared.lock();
        loop {
            if state.quit {
                return None;
            }
            if !state.has_failed {
                let capacity = state
                    .cache
                    .capacity_frames()
                    .unwrap_or((state.cache.budget_bytes() / state.expected.frame_bytes).max(3));
                let situation = Situation {
                    frames: state.table.len(),
                    capacity,
                    reader_at,
                    preview_at: state.preview.as_ref().map(|frame| frame.index.0),
                    has: &|index| state.has(index),
                    key_at_or_before: &|index| state.key_at_or_before(index),
                };
                match next_step(state.wish, &situation) {
                    Step::Rest => {}
                    step => return Some((step, state.attempt)),
                }
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn carry_out(&self, step: Step, attempt: u64, position: &mut Option<Position>) -> Result<(), MediaError> {
        let table = Arc::clone(&self.shared.lock().table);
        let position = match position {
            Some(position) => {
                position.reader.follow(table);
                position
            }
            None => position.insert(Position { reader: VideoReader::open(&self.path, table)?, at: None }),
        };
        match step {
            Step::Rest => Ok(()),
            Step::Preview(key) => {
                position.at = None;
                let stop = || self.is_outdated(key, key, attempt);
                self.seek(position, key, &stop).map(|_| ())
            }
            Step::Fill { from, to, seek } => {
                let stop = || self.is_outdated(from, to, attempt);
                if seek && !self.seek(position, from, &stop)? {
                    return Ok(());
                }
                self.read_on(position, to, &stop)
            }
        }
    }

    /// Goes to the very frame `from` and keeps it; false if that was abandoned.
    fn seek(&self, position: &mut Position, from: FrameIndex, stop: &dyn Fn() -> bool) -> Result<bool, MediaError> {
        position.at = None;
        let frame = match position.reader.seek_exact_cancellable(from, stop) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(false),
            Err(MediaError::FrameDamaged { .. }) => {
                self.miss(from.0, from.0 + 1);
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        position.at = Some(frame.index.0 + 1);
        self.keep(frame);
        Ok(true)
    }

    /// Decodes on and keeps everything up to `to`.
    fn read_on(&self, position: &mut Position, to: FrameIndex, stop: &dyn Fn() -> bool) -> Result<(), MediaError> {
        while let Some(at) = position.at.filter(|&at| at <= to.0) {
            if stop() {
                return Ok(());
            }
            position.at = None;
            let frame = position.reader.next()?;
            let reached = frame.as_ref().map_or(position.reader.table().len(), |frame| frame.index.0);
            if reached > at {
                // No further than asked for: what lies beyond has a try of its own when its turn comes.
                self.miss(at, reached.min(to.0 + 1));
            }
            position.at = Some(reached + usize::from(frame.is_some()));
            if let Some(frame) = frame {
                self.keep(frame);
            }
        }
        Ok(())
    }

    /// Whether the wish has become another one, which work on `from..=to` does not serve.
    fn is_outdated(&self, from: FrameIndex, to: FrameIndex, attempt: u64) -> bool {
        let state = self.shared.lock();
        // A playhead that merely plays on never ends work: a slow machine would finish none.
        let elsewhere = || !serves(from, to, state.wish.target, &|index| state.key_at_or_before(index));
        state.quit || (state.attempt != attempt && elsewhere())
    }

    fn keep(&self, frame: VideoFrame) {
        let mut state = self.shared.lock();
        let size_bytes = frame.size_bytes();
        let index = frame.index;
        let is_preview = state.wish.preview && index.0 == state.key_at_or_before(state.wish.target.0);
        state.error = None;
        if state.faults.is_news(index.0, frame.is_concealed) {
            Arc::make_mut(&mut state.faults).note_decoded(index.0, frame.is_concealed);
        }
        if is_preview {
            state.preview = Some(frame.clone());
        }
        state.cache.insert(index, frame, size_bytes);
        let wake = is_preview || state.awaited.as_ref().is_some_and(|frames| frames.contains(&index.0));
        drop(state);
        if wake {
            (self.wake)();
        }
    }

    /// The decoder passed `from..to` over.
    fn miss(&self, from: usize, to: usize) {
        debug!(from, to, path = ?self.path, "frames cannot be decoded");
        let mut state = self.shared.lock();
        for index in from..to {
            if !state.cache.contains(FrameIndex(index)) {
                state.undecodable.insert(index);
                Arc::make_mut(&mut state.faults).note_undecodable(index..index + 1);
            }
        }
        drop(state);
        (self.wake)();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_long_recording_is_taken_off_the_cache() {
        const CACHE: usize = 384 << 20;
        const FRAME: usize = 640 * 360 * 3 / 2;
        let budget = |cache_bytes, frames, frame_bytes| {
            let known = budget_bytes(cache_bytes, frames, Expected { frame_bytes, frames: 0 });
            let expected = budget_bytes(cache_bytes, 1, Expected { frame_bytes, frames });
            assert_eq!(known, expected, "a recording whose frames are still to be found has no more");
            known
        };
        assert!(budget(CACHE, 1800, FRAME) > CACHE - (1 << 20));
        assert!(budget(CACHE, 90_000, FRAME) > 300 << 20);
        assert_eq!(budget(CACHE, 2_000_000, FRAME), 32 * FRAME);
        assert_eq!(budget(CACHE, 2_000_000, 3840 * 2160 * 3 / 2), LEAST_BUDGET_BYTES);
        assert_eq!(budget(1 << 20, 2_000_000, FRAME), 1 << 20, "never more than what was asked for");
    }
}
