//! Where the sound goes: the sound device, or a silent clock that takes samples at the same pace.
//!
//! A sink pulls from an [`AudioFeed`] until it is dropped. Having no sound device is not a failure: the silent
//! sink then keeps time, so that everything else behaves the same. The hand-pulled sink makes tests independent
//! of the machine's speed. The only module that names rodio.

use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rodio::cpal::traits::HostTrait;
use rodio::cpal::{self, BufferSize};
use rodio::{CpalError, CpalErrorKind, DeviceSinkBuilder, DeviceSinkError, DeviceTrait, MixerDeviceSink, Source};

use super::audio_feed::AudioFeed;
use avar_base::time::MediaTime;

/// Something that takes samples from a feed for as long as it lives.
pub(crate) trait AudioSink {
    fn rate_hz(&self) -> u32;
    fn channels(&self) -> u16;
    /// From a sample's leaving the feed until it is heard.
    fn latency(&self) -> Duration;
    /// Whether it runs by itself, so that one which stops asking for samples must have died.
    fn runs_by_itself(&self) -> bool;
}

/// Which sink a player uses.
#[derive(Clone, Debug, Default)]
pub enum AudioOutput {
    /// The default sound device, and the silent clock where there is none.
    #[default]
    Device,
    /// The silent clock.
    Silent,
    /// Pulled by hand, for tests.
    Manual(ManualSink),
}

/// The period that a device is asked for: short, so that its latency is known well.
const PERIOD_S: f64 = 0.02;
/// Frames taken from the feed at once.
const PULL_FRAMES: usize = 256;
/// A device that has taken this much more than it can have played keeps no time (ALSA's "null" is one).
const RUNAWAY_S: f64 = 1.0;
/// Why no sound device plays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoDevice {
    #[error("there is no sound device")]
    Absent,
    #[error("the sound device cannot be opened ({0})")]
    Closed(String),
}

impl NoDevice {
    fn from_device(error: CpalError) -> Self {
        let absent = [CpalErrorKind::DeviceNotAvailable, CpalErrorKind::HostUnavailable];
        if absent.contains(&error.kind()) { Self::Absent } else { Self::Closed(phrase(&error.to_string())) }
    }

    fn from_sink(error: DeviceSinkError) -> Self {
        match error {
            DeviceSinkError::NoDevice => Self::Absent,
            DeviceSinkError::PlayError(error)
            | DeviceSinkError::DefaultSinkConfigError(error)
            | DeviceSinkError::BuildError(error)
            | DeviceSinkError::SupportedConfigsError(error) => Self::from_device(error),
            DeviceSinkError::UnsupportedSampleFormat => Self::Closed(phrase(&error.to_string())),
        }
    }
}

/// A foreign sentence as a part of one of ours.
fn phrase(sentence: &str) -> String {
    sentence.trim_end_matches('.').to_lowercase()
}

/// What the silent clock runs at, and how often it takes samples.
const SILENT_RATE_HZ: u32 = 48_000;
const SILENT_PERIOD: Duration = Duration::from_millis(10);

/// The default sound device.
pub(crate) struct DeviceSink {
    rate_hz: u32,
    channels: u16,
    latency: Duration,
    _device: MixerDeviceSink,
}

impl DeviceSink {
    /// Opens the default device, without ALSA's messages on standard error.
    pub(crate) fn open(feed: &Arc<AudioFeed>) -> Result<Self, NoDevice> {
        #[cfg(target_os = "linux")]
        let _messages = alsa::Output::local_error_handler();
        let device = cpal::default_host().default_output_device().ok_or(NoDevice::Absent)?;
        let rate_hz = device.default_output_config().map_err(NoDevice::from_device)?.sample_rate();
        let period_frames = ((f64::from(rate_hz) * PERIOD_S) as u32).next_power_of_two();
        let failed_feed = Arc::clone(feed);
        let mut device = DeviceSinkBuilder::from_device(device)
            .map_err(NoDevice::from_sink)?
            .with_buffer_size(BufferSize::Fixed(period_frames))
            .with_error_callback(move |error| report(&failed_feed, &error))
            .open_sink_or_fallback()
            .map_err(NoDevice::from_sink)?;
        device.log_on_drop(false);
        let rate_hz = device.config().sample_rate();
        let channels = device.config().channel_count().min(STEREO);
        let period_frames = match device.config().buffer_size() {
            BufferSize::Fixed(frames) => *frames,
            BufferSize::Default => period_frames,
        };
        // Two periods: one that sounds and one that waits.
        let latency = Duration::from_secs_f64(2.0 * f64::from(period_frames) / f64::from(rate_hz.get()));
        device.mixer().add(FeedSource::new(Arc::clone(feed), rate_hz, channels));
        Ok(Self { rate_hz: rate_hz.get(), channels: channels.get(), latency, _device: device })
    }
}

const STEREO: NonZero<u16> = NonZero::new(2).unwrap();

impl AudioSink for DeviceSink {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn channels(&self) -> u16 {
        self.channels
    }

    fn latency(&self) -> Duration {
        self.latency
    }

    fn runs_by_itself(&self) -> bool {
        true
    }
}

/// Passes on the errors after which a device is gone; a dropout or a change of route is not one.
fn report(feed: &AudioFeed, error: &CpalError) {
    let harmless = [CpalErrorKind::Xrun, CpalErrorKind::RealtimeDenied, CpalErrorKind::DeviceChanged];
    if !harmless.contains(&error.kind()) {
        feed.fail_sink(phrase(&error.to_string()));
    }
}

/// The feed as a source without end.
struct FeedSource {
    feed: Arc<AudioFeed>,
    rate_hz: NonZero<u32>,
    channels: NonZero<u16>,
    block: Vec<f32>,
    next: usize,
    began: Option<Instant>,
    asked_frames: u64,
}

impl FeedSource {
    fn new(feed: Arc<AudioFeed>, rate_hz: NonZero<u32>, channels: NonZero<u16>) -> Self {
        let block = vec![0.0; PULL_FRAMES * usize::from(channels.get())];
        Self { feed, rate_hz, channels, next: block.len(), block, began: None, asked_frames: 0 }
    }

    fn refill(&mut self) {
        let now = Instant::now();
        self.feed.pull(&mut self.block, now);
        self.next = 0;
        self.asked_frames += PULL_FRAMES as u64;
        let running_s = now.saturating_duration_since(*self.began.get_or_insert(now)).as_secs_f64();
        let asked_s = self.asked_frames as f64 / f64::from(self.rate_hz.get());
        if asked_s > running_s + RUNAWAY_S {
            self.feed.fail_sink("it does not keep time".to_owned());
            // Reported once for each second too many.
            self.began = None;
            self.asked_frames = 0;
        }
    }
}

impl Iterator for FeedSource {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        if self.next >= self.block.len() {
            self.refill();
        }
        let sample = self.block[self.next];
        self.next += 1;
        Some(sample)
    }
}

impl Source for FeedSource {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> NonZero<u16> {
        self.channels
    }

    fn sample_rate(&self) -> NonZero<u32> {
        self.rate_hz
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

/// A clock in the shape of a sink: takes samples at wall rate on a thread of its own and lets nobody hear them.
pub(crate) struct SilentSink {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SilentSink {
    pub(crate) fn start(feed: &Arc<AudioFeed>) -> std::io::Result<Self> {
        let feed = Arc::clone(feed);
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::Builder::new().name("silent sound".to_owned()).spawn(move || {
            let began = Instant::now();
            let mut taken_frames = 0;
            let mut block = Vec::new();
            while stopped.recv_timeout(SILENT_PERIOD) == Err(mpsc::RecvTimeoutError::Timeout) {
                let now = Instant::now();
                // Counted from the beginning, so that late wake-ups add up to nothing.
                let due_frames = (now.duration_since(began).as_secs_f64() * f64::from(SILENT_RATE_HZ)) as u64;
                let frames = (due_frames - taken_frames).min(u64::from(SILENT_RATE_HZ));
                taken_frames = due_frames;
                block.resize(frames as usize * usize::from(STEREO.get()), 0.0);
                feed.pull(&mut block, now);
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl AudioSink for SilentSink {
    fn rate_hz(&self) -> u32 {
        SILENT_RATE_HZ
    }

    fn channels(&self) -> u16 {
        STEREO.get()
    }

    fn latency(&self) -> Duration {
        SILENT_PERIOD
    }

    fn runs_by_itself(&self) -> bool {
        false
    }
}

impl Drop for SilentSink {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // It waits for nothing but the channel just closed; a panic in it has nothing left to spoil.
            _ = thread.join();
        }
    }
}

/// A sink that takes samples only when told to, at instants that the caller makes up; mono.
#[derive(Clone, Debug)]
pub struct ManualSink {
    rate_hz: u32,
    latency: Duration,
    feed: Arc<Mutex<Option<Arc<AudioFeed>>>>,
}

impl ManualSink {
    /// `latency` is what a device would hold of the samples pulled.
    pub fn new(rate_hz: u32, latency: Duration) -> Self {
        Self { rate_hz, latency, feed: Arc::default() }
    }

    /// From now on samples are pulled from `feed`.
    pub fn attach(&self, feed: &Arc<AudioFeed>) {
        *self.feed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(feed));
    }

    /// Takes `frames` samples at `now`; those that were silence for want of sound come last as zeros. The number
    /// tells how many were sound.
    pub fn pull(&self, frames: usize, now: Instant) -> (Vec<f32>, usize) {
        let mut samples = vec![0.0; frames];
        let taken = self.feed().map_or(0, |feed| feed.pull(&mut samples, now));
        (samples, taken)
    }

    /// Samples that are ready.
    pub fn queued_frames(&self) -> usize {
        self.feed().map_or(0, |feed| feed.queued_frames())
    }

    /// Whether no more samples will come than are ready.
    pub fn has_ended(&self) -> bool {
        self.feed().is_some_and(|feed| feed.has_ended())
    }

    /// The media time that has been consumed so far: where the next sample lies.
    pub fn consumed_to(&self) -> MediaTime {
        self.feed().map_or(MediaTime::ZERO, |feed| feed.next_time())
    }

    /// Does what a sound device does that is unplugged.
    pub fn unplug(&self) {
        if let Some(feed) = self.feed() {
            feed.fail_sink("unplugged".to_owned());
        }
    }

    fn feed(&self) -> Option<Arc<AudioFeed>> {
        self.feed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl AudioSink for ManualSink {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn channels(&self) -> u16 {
        1
    }

    fn latency(&self) -> Duration {
        self.latency
    }

    fn runs_by_itself(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::audio_feed::{TimedAudio, Word};
    use super::*;
    use avar_base::time::TimeRange;

    fn feed_of_ones(rate_hz: u32, channels: u16, frames: usize) -> Arc<AudioFeed> {
        let feed = Arc::new(AudioFeed::new());
        feed.connect(rate_hz, channels, Duration::ZERO);
        feed.request(TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(1.0)), 1.0);
        assert!(matches!(feed.wait(false, Duration::from_millis(1)), Word::Asked(_)));
        feed.push(1, TimedAudio { start: MediaTime::ZERO, samples: vec![1.0; frames * usize::from(channels)] });
        feed.start(MediaTime::ZERO);
        feed
    }

    #[test]
    fn the_source_for_the_device_passes_the_samples_on_and_never_ends() {
        let feed = feed_of_ones(48_000, 2, 1000);
        let mut source = FeedSource::new(Arc::clone(&feed), NonZero::new(48_000).unwrap(), STEREO);
        let samples: Vec<f32> = source.by_ref().take(4000).collect();
        assert_eq!(samples[1990..2000], [1.0; 10]);
        assert!(samples[2000..].iter().all(|&sample| sample == 0.0));
        assert_eq!(feed.queued_frames(), 0);
    }

    #[test]
    fn a_device_that_swallows_everything_at_once_is_reported() {
        let feed = feed_of_ones(48_000, 2, 10);
        let mut source = FeedSource::new(Arc::clone(&feed), NonZero::new(48_000).unwrap(), STEREO);
        source.by_ref().take(2 * 48_000 * 60).for_each(drop);
        assert!(matches!(feed.wait(true, Duration::from_millis(1)), Word::SinkFailed(_)));
    }

    #[test]
    fn the_silent_clock_takes_samples_at_wall_rate() {
        let feed = feed_of_ones(SILENT_RATE_HZ, 2, SILENT_RATE_HZ as usize * 60);
        let before = Instant::now();
        let sink = SilentSink::start(&feed).unwrap();
        std::thread::sleep(Duration::from_millis(300));
        drop(sink);
        let elapsed_s = before.elapsed().as_secs_f64();
        let consumed_s = feed.next_time().seconds();
        // A loaded machine may wake the thread late, never early.
        assert!(consumed_s <= elapsed_s && consumed_s > 0.1, "{consumed_s} s of sound in {elapsed_s} s");
    }
}
