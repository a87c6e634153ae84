//! Sound as interleaved `f32` at a wanted rate and channel count, placed on the file's time axis.
//!
//! Invariant: a block's `start` is a multiple of one sample period, and the sample at a time is the same
//! after a seek as when read in sequence. Containers whose time stamps are coarser than a sample
//! (Matroska: 1 ms) only place the first block of a run; within a run samples are counted. Where the clock of a joined
//! file starts again, packets are given their times in the recording before they are decoded ([`AudioClock`]).

use std::collections::VecDeque;
use std::path::Path;

use ffmpeg_next::Packet;
use ffmpeg_next::frame::Audio;

use super::audio_conditioner::WINDOW_S;
use super::audio_decoder::AudioDecoder;
use super::audio_faults::AudioFaults;
use super::audio_format::{AudioFormat, InputFormat};
use super::clock::AudioClock;
use super::demuxer::Demuxer;
use super::error::{MediaError, StreamKind};
use super::probe::AudioInfo;
use super::resampler::{ResampledPiece, Resampler};
use super::source::Source;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase, TimeRange};

/// A run of samples. The next block's `start` shows whether there is a gap or an overlap between them.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioBlock {
    /// Of the first sample.
    pub start: MediaTime,
    /// Interleaved.
    pub samples: Vec<f32>,
}

/// Reads the sound of one file.
pub struct AudioReader {
    demuxer: Demuxer,
    decoder: AudioDecoder,
    format: AudioFormat,
    grid: TimeBase,
    time_base: TimeBase,
    clock: AudioClock,
    /// Where in the file the last packet began that says so.
    byte: i64,
    /// Blocks of one constant size, where the container's time stamps are too coarse to place a sample.
    lattice: Option<Lattice>,
    run: Option<Resampler>,
    /// Where the next decoded sample is expected.
    expected: Option<SamplePosition>,
    /// Output before this sample is dropped (after a seek).
    wanted_from: Option<i64>,
    /// Decoded sound before this time need not be resampled (after a seek).
    useful_from: Option<MediaTime>,
    landed: Option<Packet>,
    /// What a bare stream's time stamps have fallen behind, in source samples.
    drift: i64,
    ready: VecDeque<AudioBlock>,
    /// By decoders that were replaced.
    damaged_before: usize,
    /// Of runs that have ended.
    faults_before: AudioFaults,
    ended: bool,
}

/// A sample's place, counted from time zero at a sample rate.
#[derive(Clone, Copy, Debug)]
struct SamplePosition {
    sample: i64,
    rate_hz: u32,
}

/// Block starts lie at `origin + n x step`, in source samples.
#[derive(Clone, Copy, Debug)]
struct Lattice {
    origin: i64,
    step: i64,
    rate_hz: u32,
}

/// Sound of a decoder that has just started is off for a while (bit reservoir, overlap, Opus' 80 ms).
const PREROLL_S: f64 = 0.5;
const PREROLL_ENOUGH_S: f64 = 0.3;
/// Longer than any resampling filter here, and than the two windows by which a sample is conditioned: its own, and the
/// one before, from which its channels may be turning.
const RUN_IN_S: f64 = 0.06 + 2.0 * WINDOW_S;
/// A landing is sought down to so many bytes.
const LANDED_BYTES: i64 = 64 << 10;
/// Time stamps off by less than this are jitter, not a gap.
const JITTER_S: f64 = 0.010;

impl AudioReader {
    /// Opens the best audio track of `path`; [`MediaError::Resample`] where `format` is none that can be converted to.
    pub fn open(path: &Path, format: AudioFormat) -> Result<Self, MediaError> {
        Self::open_cancellable(path, format, &CancelToken::default())
    }

    /// As [`Self::open`]; every read ends with [`MediaError::Cancelled`] once `cancel` is set. Times are what the packets
    /// state: only a file that was opened ([`super::open`]) is known well enough to mend a clock that starts again.
    pub fn open_cancellable(path: &Path, format: AudioFormat, cancel: &CancelToken) -> Result<Self, MediaError> {
        Self::open_track(path, None, format, cancel)
    }

    /// As [`Self::open_cancellable`]; reads the track `audio`, on its clock, or else the best one.
    pub fn open_track(
        path: &Path,
        audio: Option<&AudioInfo>,
        format: AudioFormat,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        Self::of(&Source::open(path, cancel)?, audio, format, cancel)
    }

    /// As [`Self::open_track`], of a file that is open.
    pub fn of(
        source: &Source,
        audio: Option<&AudioInfo>,
        format: AudioFormat,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        let refused =
            || MediaError::Resample { reason: format!("{} Hz, {} channels", format.rate_hz, format.channels) };
        let grid = i32::try_from(format.rate_hz).ok().and_then(|rate| TimeBase::new(1, rate)).ok_or_else(refused)?;
        if !(1..=64).contains(&format.channels) {
            return Err(refused());
        }
        let opened = || Self::open_at_start(source, audio, format, grid, cancel);
        // Given up before FFmpeg reads the file again: of a long one it keeps a list of all samples.
        let lattice = opened()?.learn_lattice()?;
        Ok(Self { lattice, ..opened()? })
    }

    fn open_at_start(
        source: &Source,
        audio: Option<&AudioInfo>,
        format: AudioFormat,
        grid: TimeBase,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        let demuxer = Demuxer::open_audio(source, audio.map(|audio| audio.stream_index), cancel)?;
        let decoder = AudioDecoder::open(&demuxer)?;
        let time_base = demuxer.time_base();
        Ok(Self {
            demuxer,
            decoder,
            format,
            grid,
            time_base,
            clock: audio.map(|audio| audio.clock.clone()).unwrap_or_default(),
            byte: 0,
            lattice: None,
            run: None,
            expected: None,
            wanted_from: None,
            useful_from: None,
            landed: None,
            drift: 0,
            ready: VecDeque::new(),
            damaged_before: 0,
            faults_before: AudioFaults::default(),
            ended: false,
        })
    }

    /// What samples are converted to.
    pub fn format(&self) -> AudioFormat {
        self.format
    }

    /// The next block in the order of the file, never empty; `None` at the end. Damaged packets are
    /// passed over and leave a gap.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and a seek goes on after the end")]
    pub fn next(&mut self) -> Result<Option<AudioBlock>, MediaError> {
        while self.ready.is_empty() && !self.ended {
            match self.next_decoded()? {
                Some(frame) => self.resample(frame)?,
                None => {
                    self.ended = true;
                    self.finish_run()?;
                }
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Moves so that the next block begins with the sample at `time`, or with the first one after it
    /// where there is no sound at `time`.
    pub fn seek(&mut self, time: MediaTime) -> Result<(), MediaError> {
        let wanted = time.to_pts(self.grid);
        let useful = MediaTime::from_pts(wanted, self.grid) - MediaTime::from_seconds(RUN_IN_S);
        self.reset();
        self.land(useful)?;
        self.wanted_from = Some(wanted);
        self.useful_from = Some(useful);
        Ok(())
    }

    /// What was wrong with the audio that was read since the file was opened or, after a seek, since then.
    pub fn faults(&self) -> AudioFaults {
        let of_samples = self.faults_before.followed_by(self.run.as_ref().map(Resampler::faults).unwrap_or_default());
        AudioFaults { undecodable_packets: self.damaged_packets(), ..of_samples }
    }

    /// Packets that could not be decoded so far, and were passed over.
    pub fn damaged_packets(&self) -> usize {
        self.damaged_before + self.decoder.damaged_packets()
    }

    fn reset(&mut self) {
        self.decoder.flush();
        self.run = None;
        self.faults_before = AudioFaults::default();
        self.expected = None;
        self.wanted_from = None;
        self.useful_from = None;
        self.landed = None;
        self.drift = 0;
        self.ready.clear();
        self.ended = false;
    }

    fn next_decoded(&mut self) -> Result<Option<Audio>, MediaError> {
        loop {
            if let Some(frame) = self.decoder.receive() {
                return Ok(Some(frame));
            }
            if self.decoder.is_draining() {
                return Ok(None);
            }
            let packet = match self.landed.take() {
                Some(packet) => Some(packet),
                None => self.next_packet()?,
            };
            match packet {
                Some(packet) => self.decoder.send(&packet),
                None => self.decoder.drain(),
            }
        }
    }

    /// The next packet, with its times in the recording.
    fn next_packet(&mut self) -> Result<Option<Packet>, MediaError> {
        let Some(mut packet) = self.demuxer.next_packet()? else { return Ok(None) };
        self.byte = self.byte.max(packet.position() as i64);
        self.clock.correct(&mut packet, self.byte, self.time_base);
        Ok(Some(packet))
    }

    /// Makes one decoded block ready, after the tail of a run that it ends.
    fn resample(&mut self, frame: Audio) -> Result<(), MediaError> {
        let found = InputFormat::of(&frame);
        let input = if self.decoder.states_layout() { found } else { found.without_layout() };
        let (first, is_gap) = self.place(&frame, input.rate_hz);
        let after = SamplePosition { sample: first.saturating_add(frame.samples() as i64), rate_hz: input.rate_hz };
        self.expected = Some(after);
        if self.useful_from.is_some_and(|useful| after.time() <= useful) {
            return Ok(());
        }
        if is_gap || self.run.as_ref().is_some_and(|run| !run.accepts(input)) {
            self.finish_run()?;
        }
        let run = match &mut self.run {
            Some(run) => run,
            None => {
                let started = Resampler::start(input, self.format, first);
                self.run.insert(started.map_err(|error| unresampled(error, self.demuxer.path()))?)
            }
        };
        let pieces = run.push(frame).map_err(|error| unresampled(error, self.demuxer.path()))?;
        pieces.into_iter().for_each(|piece| self.make_ready(piece));
        Ok(())
    }

    fn finish_run(&mut self) -> Result<(), MediaError> {
        if let Some(mut run) = self.run.take() {
            let pieces = run.finish().map_err(|error| unresampled(error, self.demuxer.path()))?;
            pieces.into_iter().for_each(|piece| self.make_ready(piece));
            self.faults_before = self.faults_before.followed_by(run.faults());
        }
        Ok(())
    }

    fn make_ready(&mut self, piece: ResampledPiece) {
        let ResampledPiece { first, mut samples } = piece;
        let channels = usize::from(self.format.channels);
        let early = self.wanted_from.map_or(0, |wanted| usize::try_from(wanted.saturating_sub(first)).unwrap_or(0));
        let dropped = early.saturating_mul(channels).min(samples.len());
        samples.drain(..dropped);
        if !samples.is_empty() {
            let start = MediaTime::from_pts(first + (dropped / channels) as i64, self.grid);
            self.ready.push_back(AudioBlock { start, samples });
        }
    }

    /// Where a decoded block begins, in source samples, and whether that breaks the run before it.
    fn place(&self, frame: &Audio, rate_hz: u32) -> (i64, bool) {
        let expected = self.expected.map(|position| position.at_rate(rate_hz));
        let time = frame.pts().map(|pts| MediaTime::from_pts(pts, self.time_base));
        let stated = time.map(|time| source_sample(time, rate_hz) + self.drift);
        // However near it comes to what was expected: a seek has nothing else to go by.
        let restarts = time.is_some_and(|time| self.clock.restart_before(time) == Some(time));
        let jitter = samples_in(JITTER_S + 2.0 * self.tick_s(), rate_hz);
        match (expected, stated) {
            // The time stamps of a bare stream are FFmpeg's own count, with its rounding added up.
            (Some(expected), _) if self.demuxer.is_bare_audio() => (expected, false),
            (Some(expected), Some(stated)) if restarts || (stated - expected).abs() > jitter => (stated, true),
            (Some(expected), _) => (expected, false),
            (None, Some(stated)) => (self.snapped(stated, frame.samples() as i64, rate_hz), true),
            (None, None) => (0, true),
        }
    }

    fn tick_s(&self) -> f64 {
        f64::from(self.time_base.numerator()) / f64::from(self.time_base.denominator())
    }

    /// The start of a block of `len` samples, moved so that its end lies on the lattice: a start may be cut
    /// off, which a decoder that has just been opened does to the first block that it sees.
    fn snapped(&self, stated: i64, len: i64, rate_hz: u32) -> i64 {
        let Some(lattice) = self.lattice.filter(|lattice| lattice.rate_hz == rate_hz) else { return stated };
        let end = stated + len;
        // Blocks are counted anew from where the clock starts again.
        let time = SamplePosition { sample: stated, rate_hz }.time() + MediaTime::from_seconds(self.tick_s());
        let origin = self.clock.restart_before(time).map_or(lattice.origin, |start| source_sample(start, rate_hz));
        let steps = (end - origin + lattice.step / 2).div_euclid(lattice.step);
        let nearest = origin + steps * lattice.step;
        if (nearest - end).abs() <= samples_in(2.0 * self.tick_s(), rate_hz) { nearest - len } else { stated }
    }

    /// Learns the blocks' constant size from the first few, where it is needed to place a seek.
    fn learn_lattice(mut self) -> Result<Option<Lattice>, MediaError> {
        const BLOCKS: usize = 5;
        let Some(first) = self.next_decoded()? else { return Ok(None) };
        let rate_hz = first.rate();
        let resolves_samples = self.time_base.numerator() == 1
            && self.time_base.denominator() % i32::try_from(rate_hz).unwrap_or(1).max(1) == 0;
        if resolves_samples {
            return Ok(None);
        }
        let (mut origin, _) = self.place(&first, rate_hz);
        origin += first.samples() as i64;
        // The first block is often cut (priming), so the second is the pattern.
        let mut sizes = Vec::with_capacity(BLOCKS);
        while sizes.len() < BLOCKS
            && let Some(frame) = self.next_decoded()?
        {
            sizes.push(frame.samples() as i64);
        }
        let constant = sizes.len() == BLOCKS && sizes.iter().all(|size| *size == sizes[0]);
        Ok(constant.then(|| Lattice { origin, step: sizes[0], rate_hz }))
    }

    /// Starts again with a new decoder: a flushed one remembers a little (AAC: the last window's shape).
    fn return_to_start(&mut self) -> Result<(), MediaError> {
        self.demuxer.restart()?;
        self.byte = 0;
        self.damaged_before += self.decoder.damaged_packets();
        self.decoder = AudioDecoder::open(&self.demuxer)?;
        self.reset();
        Ok(())
    }

    /// Makes the next packet one that lies a little before `time`.
    fn land(&mut self, time: MediaTime) -> Result<(), MediaError> {
        // From the start there is nothing to go back to: each seek would land too late, and the file be opened again.
        let begins = self.demuxer.begins_at(time - MediaTime::from_seconds(PREROLL_ENOUGH_S));
        if !self.clock.is_plain() {
            if !begins && self.demuxer.is_byte_stream() && self.land_by_bytes(time)? {
                return Ok(());
            }
        } else if !begins && !self.demuxer.is_bare_audio() {
            for back_s in [PREROLL_S, 2.0, 10.0, 60.0] {
                let pts = (time - MediaTime::from_seconds(back_s)).to_pts(self.time_base);
                if self.demuxer.seek_pts(pts) && self.landed_in_time(time)? {
                    return Ok(());
                }
            }
        }
        self.return_to_start()?;
        let preroll = MediaTime::from_seconds(PREROLL_S);
        let mut number = 0;
        while let Some(packet) = self.next_packet()? {
            let stated = self.time_of(&packet);
            let counted = self
                .lattice
                .filter(|_| number > 0 && self.demuxer.is_bare_audio())
                .map(|lattice| lattice.block(number));
            let at = counted.map(SamplePosition::time).or(stated);
            if at.is_none_or(|at| at + preroll >= time) {
                if let (Some(counted), Some(stated)) = (counted, stated) {
                    self.drift = counted.sample - source_sample(stated, counted.rate_hz);
                }
                self.landed = Some(packet);
                break;
            }
            number += 1;
        }
        Ok(())
    }

    /// As [`Self::land`], in a file that states the same times more than once, so that FFmpeg cannot find them.
    fn land_by_bytes(&mut self, time: MediaTime) -> Result<bool, MediaError> {
        let wanted = time - MediaTime::from_seconds(PREROLL_S);
        let (mut early, mut late) = (0, self.demuxer.size_bytes());
        while late - early > LANDED_BYTES {
            let middle = early + (late - early) / 2;
            let is_early = self.jump_to_byte(middle) && self.is_before(wanted)?;
            if is_early { early = middle } else { late = middle }
        }
        Ok(self.jump_to_byte(early) && self.landed_in_time(time)?)
    }

    fn jump_to_byte(&mut self, byte: i64) -> bool {
        self.byte = byte;
        self.demuxer.seek_byte(byte)
    }

    /// Reads one packet; whether it is early enough for its decoder to have settled by `time`.
    fn landed_in_time(&mut self, time: MediaTime) -> Result<bool, MediaError> {
        let Some(packet) = self.next_packet()? else { return Ok(false) };
        let in_time = self.time_of(&packet).is_some_and(|at| at + MediaTime::from_seconds(PREROLL_ENOUGH_S) <= time);
        self.landed = Some(packet);
        Ok(in_time)
    }

    /// Whether the next packet that has a time comes before `time`.
    fn is_before(&mut self, time: MediaTime) -> Result<bool, MediaError> {
        while let Some(packet) = self.next_packet()? {
            if let Some(at) = self.time_of(&packet) {
                return Ok(at < time);
            }
        }
        Ok(false)
    }

    fn time_of(&self, packet: &Packet) -> Option<MediaTime> {
        packet.pts().or(packet.dts()).map(|pts| MediaTime::from_pts(pts, self.time_base))
    }
}

impl Lattice {
    /// Where the block of packet `number` begins, counted from 0; not for the first, which is often cut.
    fn block(self, number: i64) -> SamplePosition {
        SamplePosition { sample: self.origin + (number - 1) * self.step, rate_hz: self.rate_hz }
    }
}

impl SamplePosition {
    fn time(self) -> MediaTime {
        MediaTime::from_seconds(self.sample as f64 / f64::from(self.rate_hz))
    }

    fn at_rate(self, rate_hz: u32) -> i64 {
        if rate_hz == self.rate_hz { self.sample } else { source_sample(self.time(), rate_hz) }
    }
}

/// The sound of `range` as one run at `rate_hz`, mono, of the track `audio` or else the best one: sample `k` belongs to
/// `range.start + k / rate_hz` (to the nearest sample of the file's own grid). Where there is no sound there are zeros.
pub fn read_mono(
    path: &Path,
    audio: Option<&AudioInfo>,
    rate_hz: u32,
    range: TimeRange,
    cancel: &CancelToken,
) -> Result<Vec<f32>, MediaError> {
    let mut reader = AudioReader::open_track(path, audio, AudioFormat { rate_hz, channels: 1 }, cancel)?;
    let first = range.start.to_pts(reader.grid);
    let count = usize::try_from(range.end.to_pts(reader.grid).saturating_sub(first)).unwrap_or(0);
    let mut samples = Vec::new();
    if samples.try_reserve_exact(count).is_err() {
        return Err(MediaError::Resample { reason: format!("{count} samples do not fit into memory") });
    }
    samples.resize(count, 0.0);
    reader.seek(range.start)?;
    while let Some(block) = reader.next()? {
        let offset = block.start.to_pts(reader.grid).saturating_sub(first);
        if offset >= count as i64 {
            break;
        }
        // A block that begins before the range can only follow time stamps that run backwards.
        let Ok(offset) = usize::try_from(offset) else { continue };
        let fitting = block.samples.len().min(count - offset);
        samples[offset..offset + fitting].copy_from_slice(&block.samples[..fitting]);
    }
    Ok(samples)
}

impl AudioFaults {
    /// Reads all audio of `path`, of the track `audio` or else the best one.
    pub fn scan(path: &Path, audio: Option<&AudioInfo>, cancel: &CancelToken) -> Result<Self, MediaError> {
        // As the sound is drawn and analysed: what cancels depends on what is mixed.
        let format = AudioFormat { rate_hz: 16_000, channels: 1 };
        let mut reader = AudioReader::open_track(path, audio, format, cancel)?;
        while reader.next()?.is_some() {}
        Ok(reader.faults())
    }
}

/// What the resampler says of its input, as a sentence on the file that it comes from.
fn unresampled(error: MediaError, path: &Path) -> MediaError {
    match error {
        MediaError::Resample { reason } => {
            MediaError::Decode { what: StreamKind::Audio, reason, path: path.to_owned() }
        }
        error => error,
    }
}

fn source_sample(time: MediaTime, rate_hz: u32) -> i64 {
    let samples = i128::from(time.nanoseconds()) * i128::from(rate_hz);
    ((samples + 500_000_000).div_euclid(1_000_000_000)) as i64
}

fn samples_in(duration_s: f64, rate_hz: u32) -> i64 {
    (duration_s * f64::from(rate_hz)).round() as i64
}
