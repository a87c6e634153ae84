//! The thread "player audio": decodes sound into the feed and looks after the sink.
//!
//! Samples are placed on the file's time axis: where the sound starts late, has a hole or ends before the
//! picture, silence fills in up to the end of the file, so that the sink keeps time from start to end. Speed is
//! a matter of resampling: at double speed the reader delivers half the rate, which the sink plays at its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::{info, warn};

use super::audio_feed::{AudioFeed, AudioRequest, TimedAudio, Word};
use super::audio_output::{AudioOutput, AudioSink, DeviceSink, SilentSink};
use super::threads::wait_for_leaving;
use avar_base::job::{CancelToken, Wake};
use avar_base::time::MediaTime;
use avar_media::{AudioBlock, AudioFormat, AudioInfo, AudioReader, MediaError};

/// What the window is told about the sound.
#[derive(Clone, Debug, Default)]
pub(crate) struct AudioDeviceReport {
    /// Something to know that keeps nobody from working.
    pub note: Option<String>,
    pub error: Option<String>,
}

/// What the thread needs to know.
pub(crate) struct AudioWorker {
    pub path: PathBuf,
    /// The track that is heard.
    pub audio: Option<AudioInfo>,
    pub output: AudioOutput,
    pub feed: Arc<AudioFeed>,
    pub report: Arc<Mutex<AudioDeviceReport>>,
    pub wake: Wake,
}

/// A gap or overlap up to this long is the rounding of time stamps, not a hole.
const TOLERANCE_S: f64 = 0.005;
/// Silence is made in pieces of this length.
const SILENCE_S: f64 = 0.02;
/// How often a device that has gone quiet is looked for, and after how long it counts as gone.
const PATIENCE: Duration = Duration::from_millis(500);
const NEGLECT: Duration = Duration::from_secs(2);
/// How long the sound device is waited for while a player that is gone lets go of it.
const DEVICE_PATIENCE: Duration = Duration::from_millis(100);

impl AudioWorker {
    /// Runs until the feed says quit.
    pub(crate) fn run(self) {
        let Some(mut sink) = self.open_sink() else { return };
        self.feed.connect(sink.rate_hz(), sink.channels(), sink.latency());
        let mut reader: Option<AudioReader> = None;
        let mut course: Option<Course> = None;
        let mut first_block = false;
        loop {
            match self.feed.wait(course.is_none(), PATIENCE) {
                Word::Quit => return,
                Word::Asked(request) => {
                    course = Some(self.begin(request, sink.as_ref(), &mut reader));
                    first_block = true;
                }
                Word::GoOn => {
                    if course.as_mut().is_some_and(|course| self.advance(course, &mut reader)) {
                        course = None;
                    }
                    if std::mem::take(&mut first_block) {
                        (self.wake)();
                    }
                }
                Word::SinkFailed(reason) => {
                    drop(sink);
                    match self.silent_sink(format!("Playing silently, because the sound device was lost ({reason}).")) {
                        Some(silent) => sink = silent,
                        None => return,
                    }
                    self.feed.connect(sink.rate_hz(), sink.channels(), sink.latency());
                }
                Word::Nothing => {
                    let neglected = self.feed.neglected_for(Instant::now()).is_some_and(|time| time > NEGLECT);
                    if sink.runs_by_itself() && neglected {
                        self.feed.fail_sink("it stopped taking sound".to_owned());
                    }
                }
            }
        }
    }

    fn open_sink(&self) -> Option<Box<dyn AudioSink>> {
        match &self.output {
            AudioOutput::Device => {
                // Some devices are open to one at a time, and the player before this one may still have it.
                wait_for_leaving(DEVICE_PATIENCE);
                match DeviceSink::open(&self.feed) {
                    Ok(device) => Some(Box::new(device)),
                    Err(reason) => self.silent_sink(format!("Playing silently, because {reason}.")),
                }
            }
            AudioOutput::Silent => self.start_silent(),
            AudioOutput::Manual(sink) => {
                sink.attach(&self.feed);
                Some(Box::new(sink.clone()))
            }
        }
    }

    fn silent_sink(&self, note: String) -> Option<Box<dyn AudioSink>> {
        info!("{note}");
        self.tell(|report| report.note = Some(note));
        self.start_silent()
    }

    fn start_silent(&self) -> Option<Box<dyn AudioSink>> {
        match SilentSink::start(&self.feed) {
            Ok(sink) => Some(Box::new(sink)),
            Err(error) => {
                self.tell(|report| report.error = Some(format!("The sound cannot be played ({error}).")));
                None
            }
        }
    }

    /// Goes to where the sound is to begin, at the rate that makes the speed.
    fn begin(&self, request: AudioRequest, sink: &dyn AudioSink, reader: &mut Option<AudioReader>) -> Course {
        let rate_hz = (f64::from(sink.rate_hz()) / request.speed).round().clamp(1000.0, 1_000_000.0) as u32;
        let format = AudioFormat { rate_hz, channels: sink.channels() };
        let positioned = match reader.take().filter(|reader| reader.format() == format) {
            Some(reader) => Ok(reader),
            None => AudioReader::open_track(&self.path, self.audio.as_ref(), format, &CancelToken::default()),
        }
        .and_then(|mut reader| reader.seek(request.range.start).map(|()| reader));
        match positioned {
            Ok(positioned) => {
                *reader = Some(positioned);
                self.tell(|report| report.error = None);
            }
            Err(error) => self.give_up(&error),
        }
        let axis = SampleAxis { origin: request.range.start, rate_hz, placed_frames: 0 };
        Course {
            generation: request.generation,
            channels: usize::from(format.channels),
            axis,
            end: request.range.end,
            more_to_read: reader.is_some(),
            held: None,
        }
    }

    /// Pushes one block; whether that was the last.
    fn advance(&self, course: &mut Course, reader: &mut Option<AudioReader>) -> bool {
        if course.held.is_none() && course.more_to_read {
            match reader.as_mut().map(AudioReader::next).transpose() {
                Ok(block) => course.held = block.flatten(),
                Err(error) => {
                    *reader = None;
                    self.give_up(&error);
                }
            }
            course.more_to_read = course.held.is_some();
        }
        match course.next_block() {
            Some(block) => {
                self.feed.push(course.generation, block);
                false
            }
            None => {
                self.feed.end(course.generation);
                true
            }
        }
    }

    /// The rest is silence: the picture stays reviewable, and a seek tries again.
    fn give_up(&self, error: &MediaError) {
        warn!("{error}");
        self.tell(|report| report.error = Some(error.to_string()));
    }

    fn tell(&self, change: impl FnOnce(&mut AudioDeviceReport)) {
        change(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner));
        (self.wake)();
    }
}

/// Decoding from one request on.
struct Course {
    generation: u64,
    channels: usize,
    axis: SampleAxis,
    /// Up to here silence follows the last sample.
    end: MediaTime,
    more_to_read: bool,
    /// Decoded, not yet due.
    held: Option<AudioBlock>,
}

impl Course {
    /// What comes next on the axis: a piece of silence, or the samples held, and after the last ones silence. `None`
    /// from the end on.
    fn next_block(&mut self) -> Option<TimedAudio> {
        let left_frames = self.axis.frames_until(self.end)?;
        let start = self.axis.cursor();
        let samples = match self.held.take() {
            Some(block) => match self.axis.place(block.start) {
                Placement::After(frames) => {
                    self.held = Some(block);
                    self.silence(frames)
                }
                Placement::Here { skip_frames } => {
                    let skip = skip_frames.saturating_mul(self.channels).min(block.samples.len());
                    let mut samples = block.samples;
                    samples.drain(..skip);
                    samples
                }
            },
            None => self.silence(left_frames),
        };
        self.axis.placed_frames += (samples.len() / self.channels) as u64;
        Some(TimedAudio { start, samples })
    }

    fn silence(&self, frames: u64) -> Vec<f32> {
        let piece = ((f64::from(self.axis.rate_hz) * SILENCE_S) as u64).max(1);
        vec![0.0; frames.min(piece) as usize * self.channels]
    }
}

/// How many frames have been placed since `origin`, at a rate of the file's own time.
#[derive(Clone, Copy, Debug)]
struct SampleAxis {
    origin: MediaTime,
    rate_hz: u32,
    placed_frames: u64,
}

/// Where a block goes.
#[derive(Debug, PartialEq)]
enum Placement {
    /// This many frames of silence come first.
    After(u64),
    /// Next, less what overlaps.
    Here { skip_frames: usize },
}

impl SampleAxis {
    fn cursor(&self) -> MediaTime {
        self.origin + MediaTime::from_seconds(self.placed_frames as f64 / f64::from(self.rate_hz))
    }

    fn place(&self, start: MediaTime) -> Placement {
        let ahead_s = (start - self.cursor()).seconds();
        let frames = (ahead_s.abs() * f64::from(self.rate_hz)).round();
        match ahead_s {
            _ if ahead_s.abs() <= TOLERANCE_S => Placement::Here { skip_frames: 0 },
            _ if ahead_s > 0.0 => Placement::After(frames as u64),
            _ => Placement::Here { skip_frames: frames as usize },
        }
    }

    /// `None` once the end is reached.
    fn frames_until(&self, end: MediaTime) -> Option<u64> {
        let left = ((end - self.cursor()).seconds() * f64::from(self.rate_hz)).ceil();
        (left >= 1.0).then_some(left as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(placed_frames: u64) -> SampleAxis {
        SampleAxis { origin: MediaTime::from_seconds(10.0), rate_hz: 1000, placed_frames }
    }

    fn place(start_s: f64, placed_frames: u64) -> Placement {
        axis(placed_frames).place(MediaTime::from_seconds(start_s))
    }

    #[test]
    fn a_block_that_follows_on_is_placed_as_it_is() {
        assert_eq!(place(10.5, 500), Placement::Here { skip_frames: 0 });
        assert_eq!(place(10.503, 500), Placement::Here { skip_frames: 0 });
    }

    #[test]
    fn a_hole_is_filled_and_an_overlap_is_cut() {
        assert_eq!(place(10.9, 500), Placement::After(400));
        assert_eq!(place(10.4, 500), Placement::Here { skip_frames: 100 });
    }

    #[test]
    fn the_way_to_the_end_is_counted_in_whole_frames() {
        assert_eq!(axis(0).frames_until(MediaTime::from_seconds(10.25)), Some(250));
        assert_eq!(axis(250).frames_until(MediaTime::from_seconds(10.25)), None);
        assert_eq!(axis(400).frames_until(MediaTime::from_seconds(10.25)), None);
    }

    #[test]
    fn late_sound_comes_after_silence_and_silence_follows_its_end() {
        let block = AudioBlock { start: MediaTime::from_seconds(10.05), samples: vec![1.0; 30] };
        let end = MediaTime::from_seconds(10.1);
        let mut course =
            Course { generation: 1, channels: 1, axis: axis(0), end, more_to_read: false, held: Some(block) };
        let mut samples = Vec::new();
        while let Some(block) = course.next_block() {
            assert_eq!(block.start, MediaTime::from_seconds(10.0 + samples.len() as f64 / 1000.0));
            samples.extend(block.samples);
        }
        let expected: Vec<f32> = (0..100).map(|i| if (50..80).contains(&i) { 1.0 } else { 0.0 }).collect();
        assert_eq!(samples, expected);
    }
}
