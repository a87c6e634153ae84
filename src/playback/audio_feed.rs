//! The bounded ring of samples between the sound decoder and whatever plays them.
//!
//! Three sides meet here: the player asks for sound from a position at a speed (which bumps the generation and
//! drops all that was queued for the one before), the decoder pushes blocks and waits for room, the sink pulls.
//! Each block carries its place on the file's time axis, so the position that the ear is at follows from what was
//! pulled. Locks are held for the copying of a few milliseconds of samples, never while decoding.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use avar_base::time::{MediaTime, TimeRange};

/// Sound that is ready before it is pulled.
const RING_S: f64 = 0.25;
/// Fading in and out on start and stop keeps the loudspeaker from clicking.
const FADE_S: f64 = 0.005;

/// Sound from `from` on, in order, played `speed` times as fast as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AudioRequest {
    pub generation: u64,
    /// From where, and up to where silence takes the place of sound that there is not.
    pub range: TimeRange,
    /// Above zero.
    pub speed: f64,
}

/// What the decoder is told when it waits.
#[derive(Debug, PartialEq)]
pub enum Word {
    /// There is room for more of this generation.
    GoOn,
    /// Another generation is wanted.
    Asked(AudioRequest),
    /// The sink has failed, for this reason; another must take its place.
    SinkFailed(String),
    /// Nothing has changed for a while.
    Nothing,
    Quit,
}

/// Interleaved samples at the sink's rate; the first belongs to the moment `start`.
#[derive(Debug)]
pub struct TimedAudio {
    pub start: MediaTime,
    pub samples: Vec<f32>,
}

/// See the module.
#[derive(Debug)]
pub struct AudioFeed {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    channels: usize,
    rate_hz: u32,
    latency: Duration,
    /// What the ear is late by beyond that, as the user says; below zero where the estimate is too long.
    extra_latency_s: f64,
    request: Option<AudioRequest>,
    /// The generation that the decoder has taken up.
    taken_up: u64,
    blocks: VecDeque<TimedAudio>,
    /// Frames of the first block that have been pulled.
    pulled_of_first: usize,
    queued_frames: usize,
    ended: bool,
    /// Where the last block that was used up ended; where the sound begins before that.
    drained_to: MediaTime,
    running: bool,
    /// Where the ear was when the sink was last started.
    started_at: MediaTime,
    pulled: Option<Pulled>,
    last_asked: Option<Instant>,
    volume: f32,
    gain: f32,
    envelope: f32,
    fading_frames: usize,
    sink_failure: Option<String>,
    quit: bool,
}

/// The last pull that took samples: everything before `to` has left the ring.
#[derive(Clone, Copy, Debug)]
struct Pulled {
    at: Instant,
    to: MediaTime,
}

impl AudioFeed {
    pub fn new() -> Self {
        let state = State {
            channels: 2,
            rate_hz: 48_000,
            latency: Duration::ZERO,
            extra_latency_s: 0.0,
            request: None,
            taken_up: 0,
            blocks: VecDeque::new(),
            pulled_of_first: 0,
            queued_frames: 0,
            ended: false,
            drained_to: MediaTime::ZERO,
            running: false,
            started_at: MediaTime::ZERO,
            pulled: None,
            last_asked: None,
            volume: 1.0,
            gain: 1.0,
            envelope: 0.0,
            fading_frames: 0,
            sink_failure: None,
            quit: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    // The player's side.

    /// Asks for sound from another position or at another speed and stops the sink.
    pub fn request(&self, range: TimeRange, speed: f64) {
        let mut state = self.lock();
        let generation = state.request.map_or(1, |last| last.generation + 1);
        state.request = Some(AudioRequest { generation, range, speed });
        state.clear();
        state.drained_to = range.start;
        state.running = false;
        self.changed.notify_all();
    }

    /// Lets the sink take samples; `position` is where the ear begins.
    pub fn start(&self, position: MediaTime) {
        let mut state = self.lock();
        state.running = true;
        state.started_at = position;
        state.pulled = None;
    }

    /// The sink gets silence; what is queued stays.
    pub fn stop(&self) {
        let mut state = self.lock();
        state.running = false;
        state.fading_frames = 0;
    }

    /// Whether the sound asked for can begin.
    pub fn is_ready(&self) -> bool {
        let state = self.lock();
        state.queued_frames > 0 || state.ended
    }

    /// Whether all there was has been pulled and no more will come.
    pub fn has_run_dry(&self) -> bool {
        let state = self.lock();
        state.ended && state.queued_frames == 0
    }

    /// The position that the ear is at: what was pulled less what the device still holds. `None` until the first
    /// sound since the start has come out.
    pub fn heard(&self, now: Instant) -> Option<MediaTime> {
        let state = self.lock();
        let pulled = state.pulled?;
        let held_s = (state.latency.as_secs_f64() - now.saturating_duration_since(pulled.at).as_secs_f64()).max(0.0);
        let speed = state.request?.speed;
        let heard = pulled.to - MediaTime::from_seconds((held_s + state.extra_latency_s) * speed);
        (heard >= state.started_at).then_some(heard)
    }

    /// Seconds that the ear is later than the device's own latency tells.
    pub fn set_extra_latency(&self, extra_s: f64) {
        self.lock().extra_latency_s = extra_s;
    }

    /// In `0..=1`.
    pub fn set_volume(&self, volume: f32) {
        self.lock().volume = volume;
    }

    pub fn quit(&self) {
        self.lock().quit = true;
        self.changed.notify_all();
    }

    /// Nobody decodes for this feed any more.
    pub fn has_quit(&self) -> bool {
        self.lock().quit
    }

    // The decoder's side.

    /// Tells what the sink takes and how long a sample takes from the ring to the ear.
    pub fn connect(&self, rate_hz: u32, channels: u16, latency: Duration) {
        let mut state = self.lock();
        if (state.rate_hz, state.channels) != (rate_hz, usize::from(channels)) {
            // Queued samples of another shape are of no use to the new sink: they are decoded again.
            let from = state.next_time();
            state.request = state.request.map(|last| AudioRequest {
                generation: last.generation + 1,
                range: TimeRange::new(from, last.range.end),
                ..last
            });
            state.clear();
            state.drained_to = from;
        }
        state.rate_hz = rate_hz;
        state.channels = usize::from(channels).max(1);
        state.latency = latency;
        state.sink_failure = None;
        state.last_asked = None;
    }

    /// Waits, at most `patience`, until there is something to do for one who has pushed up to now, or who has
    /// nothing more to push (`done`).
    pub fn wait(&self, done: bool, patience: Duration) -> Word {
        let mut state = self.lock();
        loop {
            if state.quit {
                return Word::Quit;
            }
            if let Some(reason) = state.sink_failure.take() {
                return Word::SinkFailed(reason);
            }
            if let Some(request) = state.request.filter(|request| request.generation != state.taken_up) {
                state.taken_up = request.generation;
                return Word::Asked(request);
            }
            if !done && state.taken_up != 0 && state.has_room() {
                return Word::GoOn;
            }
            let (next, timeout) = self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if timeout.timed_out() && !state.quit {
                return Word::Nothing;
            }
        }
    }

    /// Queues samples of `generation`; dropped if another one is wanted by now.
    pub fn push(&self, generation: u64, block: TimedAudio) {
        let mut state = self.lock();
        if state.is_wanted(generation) && !block.samples.is_empty() {
            state.queued_frames += block.samples.len() / state.channels;
            state.blocks.push_back(block);
        }
    }

    /// No more of `generation` will come.
    pub fn end(&self, generation: u64) {
        let mut state = self.lock();
        if state.is_wanted(generation) {
            state.ended = true;
        }
    }

    // The sink's side.

    /// Fills `out` (interleaved) with what comes next, or silence, at the instant `now`. Returns how many frames
    /// were sound.
    pub fn pull(&self, out: &mut [f32], now: Instant) -> usize {
        let mut state = self.lock();
        state.last_asked = Some(now);
        let channels = state.channels;
        let mut taken = 0;
        let mut frames = out.chunks_exact_mut(channels);
        for frame in &mut frames {
            taken += usize::from(state.next_frame(frame));
        }
        frames.into_remainder().fill(0.0);
        if taken > 0 {
            let to = state.next_time();
            state.pulled = Some(Pulled { at: now, to });
            self.changed.notify_all();
        }
        taken
    }

    /// The sink cannot go on.
    pub fn fail_sink(&self, reason: String) {
        self.lock().sink_failure = Some(reason);
        self.changed.notify_all();
    }

    /// How long the sink has not asked for samples although it should; `None` while it need not.
    pub fn neglected_for(&self, now: Instant) -> Option<Duration> {
        let state = self.lock();
        state.last_asked.filter(|_| state.running).map(|asked| now.saturating_duration_since(asked))
    }

    /// Frames that are ready to be pulled.
    pub fn queued_frames(&self) -> usize {
        self.lock().queued_frames
    }

    /// Whether all that will come of this request is queued.
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// Where on the file's time axis the next pulled sample lies.
    pub fn next_time(&self) -> MediaTime {
        self.lock().next_time()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves the numbers as they were; silence would be the worse answer.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_wanted(&self, generation: u64) -> bool {
        self.request.is_some_and(|request| request.generation == generation)
    }

    fn has_room(&self) -> bool {
        (self.queued_frames as f64) < RING_S * f64::from(self.rate_hz)
    }

    fn clear(&mut self) {
        self.blocks.clear();
        self.pulled_of_first = 0;
        self.queued_frames = 0;
        self.fading_frames = 0;
        self.envelope = 0.0;
        self.ended = false;
        self.pulled = None;
    }

    /// The media time that one output frame spans.
    fn frame_s(&self) -> f64 {
        self.request.map_or(1.0, |request| request.speed) / f64::from(self.rate_hz.max(1))
    }

    /// The time of the next frame to be pulled; once all is pulled, the end of the last one.
    fn next_time(&self) -> MediaTime {
        self.blocks.front().map_or(self.drained_to, |block| {
            block.start + MediaTime::from_seconds(self.pulled_of_first as f64 * self.frame_s())
        })
    }

    /// Writes one frame; whether it was taken from the ring.
    fn next_frame(&mut self, out: &mut [f32]) -> bool {
        let step = (1.0 / (FADE_S * f64::from(self.rate_hz))) as f32;
        self.gain += (self.volume - self.gain).clamp(-step, step);
        if !self.running {
            return self.fade_out_frame(out, step);
        }
        self.envelope = (self.envelope + step).min(1.0);
        let level = self.gain * self.envelope;
        let Some(block) = self.blocks.front() else {
            out.fill(0.0);
            self.envelope = 0.0;
            return false;
        };
        copy_frame(out, block, self.pulled_of_first, level);
        self.pulled_of_first += 1;
        self.queued_frames = self.queued_frames.saturating_sub(1);
        if self.pulled_of_first * self.channels >= block.samples.len() {
            self.drained_to = self.next_time();
            self.blocks.pop_front();
            self.pulled_of_first = 0;
        }
        true
    }

    /// After a stop the next milliseconds sound on and fade, without being used up.
    fn fade_out_frame(&mut self, out: &mut [f32], step: f32) -> bool {
        self.envelope = (self.envelope - step).max(0.0);
        let level = self.gain * self.envelope;
        match self.blocks.front() {
            Some(block) if level > 0.0 => copy_frame(out, block, self.pulled_of_first + self.fading_frames, level),
            _ => out.fill(0.0),
        }
        self.fading_frames += 1;
        false
    }
}

/// Frame `index` of `block` at `level`; silence past its end.
fn copy_frame(out: &mut [f32], block: &TimedAudio, index: usize, level: f32) {
    let begin = index * out.len();
    for (channel, sample) in out.iter_mut().enumerate() {
        *sample = block.samples.get(begin + channel).copied().unwrap_or(0.0) * level;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(1);

    fn to_the_end(from_s: f64) -> TimeRange {
        TimeRange::new(MediaTime::from_seconds(from_s), MediaTime::from_seconds(100.0))
    }

    /// A mono feed at 1000 Hz with `count` samples of 1.0 queued from `from_s` on.
    fn feed_with(from_s: f64, count: usize, speed: f64, latency: Duration) -> AudioFeed {
        let feed = AudioFeed::new();
        feed.connect(1000, 1, latency);
        feed.request(to_the_end(from_s), speed);
        assert!(matches!(feed.wait(false, SHORT), Word::Asked(request) if request.generation == 1));
        feed.push(1, TimedAudio { start: MediaTime::from_seconds(from_s), samples: vec![1.0; count] });
        feed
    }

    fn heard_s(feed: &AudioFeed, now: Instant) -> Option<f64> {
        feed.heard(now).map(MediaTime::seconds)
    }

    #[test]
    fn what_was_pulled_is_where_the_ear_is() {
        let feed = feed_with(7.0, 200, 1.0, Duration::ZERO);
        let now = Instant::now();
        feed.start(MediaTime::from_seconds(7.0));
        assert_eq!(feed.heard(now), None);
        assert_eq!(feed.pull(&mut [0.0; 150], now), 150);
        assert_eq!(heard_s(&feed, now), Some(7.15));
        assert_eq!(feed.pull(&mut [0.0; 150], now), 50);
        assert_eq!(heard_s(&feed, now), Some(7.2));
    }

    #[test]
    fn at_double_speed_a_sample_spans_twice_the_media_time() {
        let feed = feed_with(0.0, 200, 2.0, Duration::ZERO);
        feed.start(MediaTime::ZERO);
        feed.pull(&mut [0.0; 100], Instant::now());
        assert_eq!(heard_s(&feed, Instant::now()), Some(0.2));
    }

    #[test]
    fn what_the_device_still_holds_has_not_been_heard() {
        let feed = feed_with(0.0, 200, 1.0, Duration::from_millis(60));
        let now = Instant::now();
        feed.start(MediaTime::ZERO);
        feed.pull(&mut [0.0; 50], now);
        assert_eq!(feed.heard(now), None, "nothing has come out yet");
        assert_eq!(heard_s(&feed, now + Duration::from_millis(30)), Some(0.02));
        assert_eq!(heard_s(&feed, now + Duration::from_millis(900)), Some(0.05), "never past what was pulled");
    }

    #[test]
    fn a_stopped_sink_hears_a_short_fade_and_uses_nothing_up() {
        let feed = feed_with(0.0, 200, 1.0, Duration::ZERO);
        let now = Instant::now();
        feed.start(MediaTime::ZERO);
        feed.pull(&mut [0.0; 50], now);
        feed.stop();
        let mut out = [9.0; 50];
        assert_eq!(feed.pull(&mut out, now), 0);
        assert!(out[0] > 0.5 && out[10..].iter().all(|&sample| sample == 0.0), "{out:?}");
        assert_eq!(feed.queued_frames(), 150);
        assert_eq!(feed.next_time(), MediaTime::from_seconds(0.05));
    }

    #[test]
    fn another_request_drops_what_was_queued_and_what_comes_late() {
        let feed = feed_with(0.0, 200, 1.0, Duration::ZERO);
        feed.request(to_the_end(30.0), 1.0);
        assert_eq!(feed.queued_frames(), 0);
        feed.push(1, TimedAudio { start: MediaTime::ZERO, samples: vec![1.0; 10] });
        assert_eq!(feed.queued_frames(), 0);
        assert!(!feed.is_ready());
        assert!(matches!(feed.wait(false, SHORT), Word::Asked(request) if request.generation == 2));
        feed.end(2);
        assert!(feed.is_ready(), "an end is something to begin with, too");
    }

    #[test]
    fn a_full_ring_makes_the_decoder_wait() {
        let feed = feed_with(0.0, 249, 1.0, Duration::ZERO);
        assert_eq!(feed.wait(false, SHORT), Word::GoOn);
        feed.push(1, TimedAudio { start: MediaTime::from_seconds(0.249), samples: vec![1.0; 1] });
        assert_eq!(feed.wait(false, SHORT), Word::Nothing);
        feed.start(MediaTime::ZERO);
        feed.pull(&mut [0.0; 10], Instant::now());
        assert_eq!(feed.wait(false, SHORT), Word::GoOn);
    }

    #[test]
    fn the_volume_changes_without_a_click() {
        let feed = feed_with(0.0, 200, 1.0, Duration::ZERO);
        feed.start(MediaTime::ZERO);
        feed.set_volume(0.0);
        let mut out = [9.0; 100];
        feed.pull(&mut out, Instant::now());
        assert!(out.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 0.25), "{out:?}");
        assert!(out[20..].iter().all(|&sample| sample == 0.0));
    }

    #[test]
    fn a_sink_of_another_shape_goes_on_where_the_last_one_stopped() {
        let feed = feed_with(7.0, 200, 1.0, Duration::ZERO);
        feed.start(MediaTime::from_seconds(7.0));
        feed.pull(&mut [0.0; 100], Instant::now());
        feed.connect(48_000, 2, Duration::ZERO);
        assert_eq!(feed.next_time(), MediaTime::from_seconds(7.1));
        let asked = AudioRequest { generation: 2, range: to_the_end(7.1), speed: 1.0 };
        assert_eq!(feed.wait(false, SHORT), Word::Asked(asked));
    }

    #[test]
    fn a_failed_sink_and_the_wish_to_quit_reach_the_decoder() {
        let feed = feed_with(0.0, 10, 1.0, Duration::ZERO);
        feed.fail_sink("unplugged".to_owned());
        assert_eq!(feed.wait(true, SHORT), Word::SinkFailed("unplugged".to_owned()));
        feed.quit();
        assert_eq!(feed.wait(true, SHORT), Word::Quit);
    }
}
