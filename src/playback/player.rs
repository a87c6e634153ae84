//! The player: commands in, views out.
//!
//! Nothing here waits. A command changes the clock, states a new wish to the decoder, and asks the feed for
//! sound; [`Player::view`] looks at what has come of it. Commands take effect at the instant of the last view,
//! that is, at what the user saw when giving them, which also makes the player testable with made-up instants.
//!
//! Starting and seeking in playback first wait for picture and sound, then let both go together: while there is
//! sound, the clock follows what is heard; in reverse, beyond four times the speed, and in files without sound it
//! keeps wall time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::audio_feed::AudioFeed;
use super::audio_worker::{AudioDeviceReport, AudioWorker};
use super::clock::Clock;
use super::decode_plan::Wish;
use super::player_view::{FrameState, PlaybackError, PlayerOptions, PlayerView, SeekPrecision};
use super::threads::WorkerThreads;
use super::video_worker::{Expected, VideoShared, VideoState, VideoWorker};
use avar_base::job::Wake;
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_media::{FrameTable, MediaError, MediaInfo, VideoFrame};

const SPEEDS: std::ops::RangeInclusive<f64> = 0.25..=8.0;
/// Beyond it, and backwards, there is nothing to understand in the sound.
const FASTEST_AUDIO: f64 = 4.0;
/// A step in a file without picture.
const STEP_WITHOUT_VIDEO: MediaTime = MediaTime::from_nanoseconds(40_000_000);
/// Decoded in advance while playing, in seconds of wall time, and while paused, in frames.
const AHEAD_S: f64 = 0.15;
const AHEAD_PAUSED_FRAMES: usize = 4;
/// The playhead moves at least this often, however long a frame lasts.
const LONGEST_WAKE: Duration = Duration::from_millis(33);
/// Heard of each place that is scrubbed over, and at most this often.
const SCRUB_AUDIO: MediaTime = MediaTime::from_nanoseconds(80_000_000);
const SCRUB_EVERY: Duration = Duration::from_millis(60);
const SHORTEST_WAKE: Duration = Duration::from_millis(1);
/// Until the first sound comes out of the device.
const STARTING_WAKE: Duration = Duration::from_millis(5);

/// Plays one file.
pub struct Player {
    path: PathBuf,
    /// What can be gone to: the whole, or as much of it as has been indexed.
    range: TimeRange,
    /// From the earliest start to the latest end of picture and sound.
    whole: TimeRange,
    table: Option<Arc<FrameTable>>,
    video: Arc<VideoShared>,
    feed: Option<Arc<AudioFeed>>,
    audio_report: Arc<Mutex<AudioDeviceReport>>,
    clock: Clock,
    phase: Phase,
    /// The instant of the last view.
    now: Instant,
    /// The feed holds or prepares what belongs to the clock's position.
    audio_in_place: bool,
    preview: bool,
    /// When sound was last asked for while scrubbing.
    scrubbed_at: Option<Instant>,
    /// That sound is still to be started.
    scrub_audio_is_due: bool,
    backward: bool,
    loop_range: Option<TimeRange>,
    volume: f32,
    muted: bool,
    shown: Option<VideoFrame>,
    /// The last frame shown since playing began without a break.
    shown_in_run: Option<FrameIndex>,
    dropped_frames: u64,
    threads: WorkerThreads,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Paused,
    /// Picture or sound is not there yet.
    Preparing,
    /// The sink takes samples, nothing has come out of it yet.
    Starting,
    Running,
}

impl Player {
    /// Opens a file that has been probed; `table` is `None` for one without picture. `wake` is called from the
    /// player's threads.
    pub fn open(
        info: Arc<MediaInfo>,
        table: Option<Arc<FrameTable>>,
        options: PlayerOptions,
        wake: Wake,
    ) -> Result<Self, PlaybackError> {
        let path = info.path.clone();
        let table = table.filter(|table| !table.is_empty());
        if table.is_none() && info.audio.is_none() {
            return Err(PlaybackError::NothingToPlay { path });
        }
        let (range, whole) = ranges(&info, table.as_deref());
        let now = Instant::now();
        let mut player = Self {
            path: path.clone(),
            range,
            whole,
            table: table.clone(),
            video: Arc::new(VideoShared::new(table.clone().unwrap_or_default(), options.cache_bytes, expected(&info))),
            feed: info.audio.is_some().then(|| Arc::new(AudioFeed::new())),
            audio_report: Arc::default(),
            clock: Clock::new(now, range.start),
            phase: Phase::Paused,
            now,
            audio_in_place: false,
            preview: false,
            scrubbed_at: None,
            scrub_audio_is_due: false,
            backward: false,
            loop_range: None,
            volume: 1.0,
            muted: false,
            shown: None,
            shown_in_run: None,
            dropped_frames: 0,
            threads: WorkerThreads::default(),
        };
        if table.is_some() {
            let worker = VideoWorker { path: path.clone(), shared: Arc::clone(&player.video), wake: Arc::clone(&wake) };
            let shared = Arc::clone(&player.video);
            let threads = &mut player.threads;
            let on_panic = move |sentence| shared.give_up(sentence);
            threads.spawn("player video", &player.path, &wake, move || worker.run(), on_panic)?;
        }
        if let Some(feed) = &player.feed {
            let feed = Arc::clone(feed);
            let report = Arc::clone(&player.audio_report);
            let worker = AudioWorker {
                path,
                audio: info.audio.clone(),
                output: options.output,
                feed: Arc::clone(&feed),
                report: Arc::clone(&report),
                wake: Arc::clone(&wake),
            };
            let run = move || {
                // Without a decoder the clock keeps wall time.
                let feed = Arc::clone(&worker.feed);
                worker.run();
                feed.quit();
            };
            let on_panic = move |sentence| {
                feed.quit();
                report.lock().unwrap_or_else(PoisonError::into_inner).error = Some(sentence);
            };
            player.threads.spawn("player audio", &player.path, &wake, run, on_panic)?;
        }
        player.state_wish(true);
        Ok(player)
    }

    /// Takes over a table that goes on where the one so far ended, and the facts that come with it. Nothing that is
    /// shown or played changes.
    pub fn extend(&mut self, info: &MediaInfo, table: Arc<FrameTable>) {
        (self.range, self.whole) = ranges(info, Some(&table));
        self.video.extend(Arc::clone(&table));
        self.table = Some(table);
    }

    /// Starts as soon as picture and sound are there; from the end, at the start again.
    pub fn play(&mut self) {
        if self.is_playing() {
            return;
        }
        let position = self.clock.position(self.now);
        let span = self.loop_range.unwrap_or(self.range);
        self.backward = self.clock.speed() < 0.0;
        if !self.backward && position >= span.end {
            self.go_to(span.start, false, false);
        }
        self.prepare();
        self.state_wish(true);
    }

    /// Stays on what the last view showed.
    pub fn pause(&mut self) {
        self.clock.pause(self.now);
        self.phase = Phase::Paused;
        self.scrub_audio_is_due = false;
        if let Some(feed) = &self.feed {
            feed.stop();
        }
    }

    /// Pauses where it plays or is about to, and plays where it is paused.
    pub fn toggle(&mut self) {
        if self.is_playing() { self.pause() } else { self.play() }
    }

    /// Playing, or about to as soon as picture and sound are there.
    pub fn is_playing(&self) -> bool {
        self.phase != Phase::Paused
    }

    /// Goes to `target`, kept within the file; replaces a seek that is still under way.
    pub fn seek(&mut self, target: MediaTime, precision: SeekPrecision) {
        self.go_to(target, precision == SeekPrecision::KeyFrame, false);
    }

    /// Goes to the very frame; without picture, nowhere.
    pub fn seek_frame(&mut self, index: FrameIndex) {
        if let Some(time) = self.table.as_ref().and_then(|table| table.entry(index)).map(|entry| entry.time) {
            self.go_to(time, false, false);
        }
    }

    /// Where the last command has led, also before its picture is there: what goes on from here adds up.
    pub fn position(&self) -> MediaTime {
        self.range.clamp(self.clock.position(self.now))
    }

    /// The frame at [`Self::position`]; `None` without picture.
    pub fn frame(&self) -> Option<FrameIndex> {
        self.table.as_ref().map(|table| table.at_or_before(self.position()))
    }

    /// Pauses and goes `frames` on (negative: back) from where the last command has led, so that steps add up
    /// while pictures are still being decoded. Without picture a step is 40 ms.
    pub fn step(&mut self, frames: i64) {
        self.pause();
        let position = self.clock.position(self.now);
        let target = match &self.table {
            Some(table) => {
                let index = table.at_or_before(position).offset_within(frames, table.len());
                table.entry(index).map_or(position, |entry| entry.time)
            }
            None => {
                let way = STEP_WITHOUT_VIDEO.nanoseconds().saturating_mul(frames);
                position + MediaTime::from_nanoseconds(way)
            }
        };
        self.go_to(target, false, frames < 0);
    }

    /// Kept within 0.25 to 8, negative for reverse; zero and what is not a number change nothing. Sound plays up
    /// to four times the speed, with its pitch raised or lowered, and never backwards.
    pub fn set_speed(&mut self, speed: f64) {
        if !speed.is_finite() || speed == 0.0 {
            return;
        }
        let speed = speed.abs().clamp(*SPEEDS.start(), *SPEEDS.end()).copysign(speed);
        if speed == self.clock.speed() {
            return;
        }
        self.clock.set_speed(self.now, speed);
        self.audio_in_place = false;
        self.backward = speed < 0.0;
        let keeps_running = self.phase == Phase::Running && !self.audio_leads();
        match &self.feed {
            Some(feed) if keeps_running => feed.stop(),
            _ if keeps_running => {}
            _ if self.is_playing() => self.prepare(),
            _ => {}
        }
        self.state_wish(false);
    }

    /// As set, while paused as well: seconds of the file in a second; negative: in reverse.
    pub fn speed(&self) -> f64 {
        self.clock.speed()
    }

    /// Silences the audio; the volume is kept for later.
    pub fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
        self.apply_volume();
    }

    /// As set; a volume of 0 does not count.
    pub fn is_muted(&self) -> bool {
        self.muted
    }

    /// Kept within 0 to 1.
    pub fn set_volume(&mut self, volume: f32) {
        if !volume.is_nan() {
            self.volume = volume.clamp(0.0, 1.0);
            self.apply_volume();
        }
    }

    /// Seconds by which the sound reaches the ear later than the device says, within two either way: as much later
    /// the picture is shown.
    pub fn set_extra_latency(&mut self, extra_s: f64) {
        if let Some(feed) = self.feed.as_ref().filter(|_| extra_s.is_finite()) {
            feed.set_extra_latency(extra_s.clamp(-2.0, 2.0));
        }
    }

    /// Plays this range over and over; one without duration, or outside the file, ends looping.
    pub fn set_loop(&mut self, range: Option<TimeRange>) {
        let within = |range: TimeRange| TimeRange::new(self.range.clamp(range.start), self.range.clamp(range.end));
        self.loop_range = range.map(within).filter(|range| range.start < range.end);
    }

    /// What can be gone to: from the earliest start to the latest end of picture and sound, while the file is still
    /// being indexed to the last frame known.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    /// What decoded frames take at the moment.
    pub fn cached_bytes(&self) -> usize {
        self.video.lock().cache.held_bytes()
    }

    /// What to show at `now`. Never blocks.
    pub fn view(&mut self, now: Instant) -> PlayerView {
        self.now = self.now.max(now);
        self.advance();
        let position = self.position();
        let (frame, frame_state, video_error) = self.picture(position);
        let report = self.audio_report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        PlayerView {
            position,
            frame,
            frame_state,
            playing: self.is_playing(),
            at_end: position >= self.range.end,
            dropped_frames: self.dropped_frames,
            faults: Arc::clone(&self.video.lock().faults),
            note: report.note,
            error: video_error.or(report.error),
            next_wake: self.next_wake(position),
        }
    }

    /// Carries playback on: starts what is ready, follows the sound, turns round at a loop's end.
    fn advance(&mut self) {
        if self.scrub_audio_is_due
            && self.phase == Phase::Paused
            && let Some(feed) = self.feed.as_ref().filter(|feed| feed.is_ready())
        {
            feed.start(self.clock.position(self.now));
            self.scrub_audio_is_due = false;
        }
        if self.phase == Phase::Preparing && self.is_ready() {
            match &self.feed {
                Some(feed) if self.audio_leads() => {
                    feed.start(self.clock.position(self.now));
                    self.phase = Phase::Starting;
                }
                _ => self.run(),
            }
        }
        let heard = self.feed.as_ref().filter(|_| self.audio_leads()).and_then(|feed| feed.heard(self.now));
        match (self.phase, heard) {
            (Phase::Starting, Some(heard)) => {
                self.clock.seek(self.now, heard);
                self.run();
            }
            (Phase::Starting, None) if !self.will_be_heard() => self.run(),
            (Phase::Running, Some(heard)) => self.clock.follow(self.now, heard),
            _ => {}
        }
        if self.phase == Phase::Running {
            self.turn_or_stop();
        }
    }

    fn run(&mut self) {
        self.clock.play(self.now);
        self.phase = Phase::Running;
        // From here on a late frame is better than the key frame before it.
        self.preview = false;
    }

    fn turn_or_stop(&mut self) {
        let position = self.clock.position(self.now);
        match (self.loop_range, self.clock.speed() < 0.0) {
            (Some(range), false) if position >= range.end => self.go_to(range.start, false, false),
            (Some(range), true) if position < range.start => {
                self.go_to(range.end - MediaTime::from_nanoseconds(1), false, true);
            }
            (None, false) if position >= self.range.end => self.stop_at(self.range.end),
            (None, true) if position <= self.range.start => self.stop_at(self.range.start),
            _ => {}
        }
    }

    fn stop_at(&mut self, position: MediaTime) {
        self.pause();
        self.clock.seek(self.now, position);
        self.audio_in_place = false;
    }

    fn go_to(&mut self, target: MediaTime, preview: bool, backward: bool) {
        self.clock.seek(self.now, self.range.clamp(target));
        self.audio_in_place = false;
        self.preview = preview;
        self.backward = backward;
        if self.is_playing() {
            self.backward = self.clock.speed() < 0.0;
            self.prepare();
        } else if preview {
            self.ask_for_scrub_audio();
        }
        self.state_wish(true);
    }

    /// A moment of sound from where the playhead is scrubbed to; the clock stays where it is.
    fn ask_for_scrub_audio(&mut self) {
        let Some(feed) = self.feed.as_ref().filter(|feed| !feed.has_quit()) else { return };
        let since = self.scrubbed_at.map(|at| self.now.saturating_duration_since(at));
        if since.is_none_or(|since| since >= SCRUB_EVERY) {
            let from = self.clock.position(self.now);
            feed.request(TimeRange::new(from, (from + SCRUB_AUDIO).min(self.whole.end)), 1.0);
            self.scrubbed_at = Some(self.now);
            self.scrub_audio_is_due = true;
        }
    }

    /// Holds the clock until picture and sound of its position are there.
    fn prepare(&mut self) {
        self.clock.pause(self.now);
        self.phase = Phase::Preparing;
        self.shown_in_run = None;
        self.scrub_audio_is_due = false;
        let Some(feed) = &self.feed else { return };
        if self.audio_leads() && !self.audio_in_place {
            let from = self.range.clamp(self.clock.position(self.now));
            feed.request(TimeRange::new(from, self.whole.end.max(from)), self.clock.speed());
            self.audio_in_place = true;
        } else {
            feed.stop();
        }
    }

    fn is_ready(&self) -> bool {
        let audio = self.feed.as_ref().is_none_or(|feed| !self.audio_leads() || feed.is_ready());
        audio
            && self.frame().is_none_or(|target| {
                let state = self.video.lock();
                state.has(target.0) || state.has_failed
            })
    }

    fn audio_leads(&self) -> bool {
        let audible = (0.0..=FASTEST_AUDIO).contains(&self.clock.speed());
        audible && self.feed.as_ref().is_some_and(|feed| !feed.has_quit())
    }

    /// False where the sound's thread has gone, or not one sample is left to begin with.
    fn will_be_heard(&self) -> bool {
        self.audio_leads() && self.feed.as_ref().is_some_and(|feed| !feed.has_run_dry())
    }

    fn state_wish(&self, anew: bool) {
        let (Some(target), Some(table)) = (self.frame(), &self.table) else { return };
        let ahead = if self.is_playing() {
            let rate_hz = table.len() as f64 / table.range().duration_s().max(1e-3);
            (rate_hz * AHEAD_S * self.clock.speed().abs()).ceil() as usize
        } else {
            AHEAD_PAUSED_FRAMES
        };
        let ahead = ahead.max(AHEAD_PAUSED_FRAMES);
        self.video.wish(Wish { target, preview: self.preview, backward: self.backward, ahead }, anew);
    }

    /// The best picture there is for `position`, what it is, and what keeps a better one away.
    fn picture(&mut self, position: MediaTime) -> (Option<VideoFrame>, FrameState, Option<String>) {
        let Some(table) = self.table.clone() else { return (None, FrameState::None, None) };
        self.state_wish(false);
        let target = table.at_or_before(position);
        let key = self.preview.then(|| table.key_at_or_before(target));
        let mut state = self.video.lock();
        let exact = state.cache.get(target);
        let is_exact = exact.is_some();
        let better = exact.or_else(|| self.substitute(&state, target, key));
        let awaited = (!is_exact).then(|| self.late_frames(target).unwrap_or(target.0..=target.0));
        state.set_awaited(awaited);
        let damaged = state.undecodable.contains(&target.0);
        let error = state.error.clone();
        drop(state);
        if let Some(frame) = better {
            self.note_shown(frame.index);
            self.shown = Some(frame);
        }
        let error = error.or_else(|| {
            damaged.then(|| MediaError::FrameDamaged { index: target, path: self.path.clone() }.to_string())
        });
        let frame_state = match &self.shown {
            Some(_) if is_exact => FrameState::Exact,
            Some(_) => FrameState::Preview,
            None => FrameState::Loading,
        };
        (self.shown.clone(), frame_state, error)
    }

    /// What is better than leaving the picture as it is while `target` is not there.
    fn substitute(&self, state: &VideoState, target: FrameIndex, key: Option<FrameIndex>) -> Option<VideoFrame> {
        if state.undecodable.contains(&target.0) {
            return state.cache.newest_within(FrameIndex(0), target);
        }
        if let Some(preview) = key.and_then(|key| state.preview_of(key)) {
            return Some(preview);
        }
        let late = self.late_frames(target)?;
        let (from, to) = (FrameIndex(*late.start()), FrameIndex(*late.end()));
        if self.backward { state.cache.oldest_within(from, to) } else { state.cache.newest_within(from, to) }
    }

    /// While playing: the frames between the picture shown and `target`, which the decoder is late with.
    fn late_frames(&self, target: FrameIndex) -> Option<std::ops::RangeInclusive<usize>> {
        let shown = self.shown_in_run.filter(|_| self.phase == Phase::Running)?.0;
        Some(if self.backward { target.0..=shown.saturating_sub(1) } else { shown + 1..=target.0 })
    }

    /// Counts the frames that playing forward has passed over.
    fn note_shown(&mut self, index: FrameIndex) {
        if self.phase != Phase::Running {
            return;
        }
        let shown = self.shown_in_run.replace(index);
        if let Some(shown) = shown.filter(|_| !self.backward) {
            self.dropped_frames += index.0.saturating_sub(shown.0 + 1) as u64;
        }
    }

    fn next_wake(&self, position: MediaTime) -> Option<Duration> {
        match self.phase {
            Phase::Paused => None,
            Phase::Preparing => Some(LONGEST_WAKE),
            Phase::Starting => Some(STARTING_WAKE),
            Phase::Running => {
                let next = self.table.as_ref().and_then(|table| {
                    let present = table.at_or_before(position);
                    if self.clock.speed() < 0.0 {
                        table.entry(present).map(|entry| entry.time - MediaTime::from_nanoseconds(1))
                    } else {
                        table.entry(FrameIndex(present.0 + 1)).map(|entry| entry.time)
                    }
                });
                let left = next.and_then(|time| self.clock.time_until(self.now, time));
                Some(left.unwrap_or(LONGEST_WAKE).clamp(SHORTEST_WAKE, LONGEST_WAKE))
            }
        }
    }

    fn apply_volume(&self) {
        if let Some(feed) = &self.feed {
            feed.set_volume(if self.muted { 0.0 } else { self.volume });
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.video.quit();
        if let Some(feed) = &self.feed {
            feed.quit();
        }
        self.threads.join_with_timeout();
    }
}

/// What can be gone to, and the whole.
fn ranges(info: &MediaInfo, table: Option<&FrameTable>) -> (TimeRange, TimeRange) {
    let Some(table) = table else { return (info.range, info.range) };
    let whole = info.range.union(table.range());
    // Within the last frame that is known: at its end the next one begins.
    let reached = if table.is_whole() { whole.end } else { table.range().end - MediaTime::from_nanoseconds(1) };
    (TimeRange::new(whole.start, reached), whole)
}

fn expected(info: &MediaInfo) -> Expected {
    let Some(video) = &info.video else { return Expected { frame_bytes: 1, frames: 0 } };
    let samples = video.width_px as usize * video.height_px as usize * 3 / 2;
    let frames = info.range.duration_s() * video.average_rate_hz.unwrap_or(0.0);
    Expected { frame_bytes: (samples * if video.bits > 8 { 2 } else { 1 }).max(1), frames: frames as usize }
}
