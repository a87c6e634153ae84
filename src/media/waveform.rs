//! The sound of a whole file as a drawing: minimum, maximum and RMS at every zoom.
//!
//! Level 0 has one bin per 256 samples of 16 kHz mono (16 ms); each level above has a quarter of the number. A
//! column of pixels is put together from the fewest bins that cover it, so a peak of one sample is seen
//! at any zoom, and a query costs O(columns x log length). A bin that is full is kept in half precision, three
//! digits: nine hours are two million bins, about 16 MB with all levels.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use half::f16;

use super::audio_faults::AudioFaults;
use super::audio_format::AudioFormat;
use super::audio_reader::AudioReader;
use super::error::MediaError;
use super::probe::AudioInfo;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase, TimeRange};

/// The rate that a waveform is made from.
const RATE_HZ: u32 = 16_000;
const SAMPLES_PER_BIN: u64 = 256;
const BIN_NS: i64 = SAMPLES_PER_BIN as i64 * 1_000_000_000 / RATE_HZ as i64;
/// So many bins of a level are one of the level above.
const BINS_JOINED: usize = 4;
/// Bins are kept in shared chunks, so that a snapshot copies pointers only.
const BINS_PER_CHUNK: usize = 1024;

/// What one column shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The lowest sample; full scale is 1 either way.
    pub min: f32,
    /// The highest sample; full scale is 1 either way.
    pub max: f32,
    /// Root mean square of the samples.
    pub rms: f32,
}

/// Grows while the file is read; a clone is a cheap snapshot.
#[derive(Clone, Debug)]
pub struct WaveformPyramid {
    start: MediaTime,
    /// Each bin of a level is [`BINS_JOINED`] of the level before, all of them complete.
    levels: Vec<Level>,
    /// The bin that is not full yet.
    open: Bin,
    /// Samples pushed and skipped.
    len: u64,
    faults: AudioFaults,
}

#[derive(Clone, Copy, Debug)]
struct Bin {
    min: f32,
    max: f32,
    square_sum: f32,
    /// Samples in it; 0 where there is no sound.
    count: u32,
}

/// A full bin, to be kept.
#[derive(Clone, Copy, Debug)]
struct FullBin {
    /// Above `max` where there is no sound.
    min: f16,
    max: f16,
    rms: f16,
}

#[derive(Clone, Debug)]
struct Level {
    chunks: Vec<Arc<Vec<FullBin>>>,
    len: usize,
    samples_per_bin: u32,
}

impl WaveformPyramid {
    /// Empty; the first sample pushed belongs to `start`.
    pub fn new(start: MediaTime) -> Self {
        Self {
            start,
            levels: vec![Level::new(SAMPLES_PER_BIN as u32)],
            open: Bin::EMPTY,
            len: 0,
            faults: AudioFaults::default(),
        }
    }

    /// Goes on with samples of 16 kHz mono.
    pub fn push(&mut self, samples: &[f32]) {
        let mut rest = samples;
        while !rest.is_empty() {
            let room = (SAMPLES_PER_BIN - self.len % SAMPLES_PER_BIN) as usize;
            let (fitting, later) = rest.split_at(room.min(rest.len()));
            fitting.iter().for_each(|sample| self.open.add(*sample));
            self.advance(fitting.len() as u64);
            rest = later;
        }
    }

    /// Goes on with `count` samples' time without sound.
    pub fn skip(&mut self, count: u64) {
        let mut rest = count;
        while rest > 0 {
            let step = (SAMPLES_PER_BIN - self.len % SAMPLES_PER_BIN).min(rest);
            self.advance(step);
            rest -= step;
        }
    }

    /// From the first sample to the end of the last one so far.
    pub fn range(&self) -> TimeRange {
        let duration_ns = i128::from(self.len) * 1_000_000_000 / i128::from(RATE_HZ);
        TimeRange::new(self.start, self.start + MediaTime::from_nanoseconds(duration_ns as i64))
    }

    /// What was wrong with the audio that it was made from.
    pub fn faults(&self) -> AudioFaults {
        self.faults
    }

    /// `range` in `columns` equal columns; each takes in every bin that it touches, so narrow columns
    /// share one. `None` where there is no sound.
    pub fn peaks(&self, range: TimeRange, columns: usize) -> Vec<Option<Peak>> {
        let bins = self.levels[0].len as i128 + 1;
        let width_ns = i128::from(range.duration().nanoseconds().max(0));
        let offset_ns = i128::from(range.start.nanoseconds()) - i128::from(self.start.nanoseconds());
        let edge_ns = |column: usize| offset_ns + width_ns * column as i128 / columns.max(1) as i128;
        let column = |column: usize| {
            let first = edge_ns(column).div_euclid(BIN_NS.into());
            let last = (edge_ns(column + 1) - 1).div_euclid(BIN_NS.into()).max(first);
            let covered = first.max(0) as usize..(last + 1).clamp(0, bins) as usize;
            self.gather(covered.start, covered.end).peak()
        };
        (0..columns).map(column).collect()
    }

    fn advance(&mut self, samples: u64) {
        self.len += samples;
        if self.len.is_multiple_of(SAMPLES_PER_BIN) {
            let full = std::mem::replace(&mut self.open, Bin::EMPTY);
            self.close(full);
        }
    }

    /// Adds a bin to level 0, and to the levels above what it completes.
    fn close(&mut self, bin: Bin) {
        let mut bin = bin;
        for level in 0.. {
            if level == self.levels.len() {
                let below = self.levels.last().map_or(1, |below| below.samples_per_bin);
                self.levels.push(Level::new(below.saturating_mul(BINS_JOINED as u32)));
            }
            let level = &mut self.levels[level];
            level.push(bin);
            if !level.len.is_multiple_of(BINS_JOINED) {
                return;
            }
            bin = (level.len - BINS_JOINED..level.len).map(|index| level.get(index)).fold(Bin::EMPTY, Bin::joined);
        }
    }

    /// Bins `first..end` of level 0, the open one after the last included, from as few bins as there are.
    fn gather(&self, first: usize, end: usize) -> Bin {
        let mut sum = Bin::EMPTY;
        let closed_end = end.min(self.levels[0].len);
        let mut at = first;
        while at < closed_end {
            let (mut level, mut width) = (0, 1);
            while at.is_multiple_of(width * BINS_JOINED)
                && at + width * BINS_JOINED <= closed_end
                && self.levels.get(level + 1).is_some_and(|above| at / (width * BINS_JOINED) < above.len)
            {
                level += 1;
                width *= BINS_JOINED;
            }
            sum = sum.joined(self.levels[level].get(at / width));
            at += width;
        }
        if first.max(closed_end) < end { sum.joined(self.open) } else { sum }
    }
}

impl Bin {
    const EMPTY: Self = Self { min: f32::INFINITY, max: f32::NEG_INFINITY, square_sum: 0.0, count: 0 };

    fn add(&mut self, sample: f32) {
        // Damaged floating-point sound can hold anything; it must not spoil the whole drawing.
        let sample = if sample.is_finite() { sample } else { 0.0 };
        self.min = self.min.min(sample);
        self.max = self.max.max(sample);
        self.square_sum += sample * sample;
        self.count += 1;
    }

    fn joined(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            square_sum: self.square_sum + other.square_sum,
            count: self.count.saturating_add(other.count),
        }
    }

    fn peak(self) -> Option<Peak> {
        let mean = self.square_sum / self.count as f32;
        (self.count > 0).then(|| Peak { min: self.min, max: self.max, rms: mean.sqrt() })
    }
}

impl Level {
    fn new(samples_per_bin: u32) -> Self {
        Self { chunks: Vec::new(), len: 0, samples_per_bin }
    }

    fn push(&mut self, bin: Bin) {
        if self.len.is_multiple_of(BINS_PER_CHUNK) {
            self.chunks.push(Arc::new(Vec::with_capacity(BINS_PER_CHUNK)));
        }
        if let Some(last) = self.chunks.last_mut() {
            let rms = bin.peak().map_or(0.0, |peak| peak.rms);
            let [min, max, rms] = [bin.min, bin.max, rms].map(f16::from_f32);
            Arc::make_mut(last).push(FullBin { min, max, rms });
        }
        self.len += 1;
    }

    fn get(&self, index: usize) -> Bin {
        let FullBin { min, max, rms } = self.chunks[index / BINS_PER_CHUNK][index % BINS_PER_CHUNK];
        if min > max {
            return Bin::EMPTY;
        }
        let count = self.samples_per_bin;
        Bin { min: min.into(), max: max.into(), square_sum: f32::from(rms).powi(2) * count as f32, count }
    }
}

/// How often a waveform in the making is handed out.
const PARTIAL_EVERY: Duration = Duration::from_millis(250);

/// Reads all sound of `path`, of the track `audio` or else the best one, into a waveform; `on_partial` gets what there is four times a second.
pub fn build_waveform(
    path: &Path,
    audio: Option<&AudioInfo>,
    cancel: &CancelToken,
    mut on_partial: impl FnMut(Arc<WaveformPyramid>),
) -> Result<WaveformPyramid, MediaError> {
    let format = AudioFormat { rate_hz: RATE_HZ, channels: 1 };
    let mut reader = AudioReader::open_track(path, audio, format, cancel)?;
    let Some(grid) = TimeBase::new(1, RATE_HZ as i32) else { return Ok(WaveformPyramid::new(MediaTime::ZERO)) };
    let mut pyramid: Option<WaveformPyramid> = None;
    let mut told = Instant::now();
    while let Some(block) = reader.next()? {
        let pyramid = pyramid.get_or_insert_with(|| WaveformPyramid::new(block.start));
        let gap = block.start.to_pts(grid) - pyramid.range().end.to_pts(grid);
        pyramid.skip(u64::try_from(gap).unwrap_or(0).min(LONGEST_GAP));
        // What overlaps was drawn before.
        let overlap = usize::try_from(-gap).unwrap_or(0).min(block.samples.len());
        pyramid.push(&block.samples[overlap..]);
        pyramid.faults = reader.faults();
        if told.elapsed() >= PARTIAL_EVERY {
            told = Instant::now();
            on_partial(Arc::new(pyramid.clone()));
        }
    }
    let faults = reader.faults();
    match pyramid {
        Some(pyramid) => Ok(WaveformPyramid { faults, ..pyramid }),
        // Audio without a single usable sample is drawn as what it is: nothing, with a note.
        None if faults.unusable_samples > 0 => Ok(WaveformPyramid { faults, ..WaveformPyramid::new(MediaTime::ZERO) }),
        None => Err(MediaError::Decode {
            what: super::error::StreamKind::Audio,
            reason: "not one sample came out".into(),
            path: path.to_owned(),
        }),
    }
}

/// Fifty hours: a larger gap is a broken time stamp, and must not fill the memory with silence.
const LONGEST_GAP: u64 = 50 * 3600 * RATE_HZ as u64;

#[cfg(test)]
mod tests {
    use super::*;

    fn second(from: f64, to: f64) -> TimeRange {
        TimeRange::new(MediaTime::from_seconds(from), MediaTime::from_seconds(to))
    }

    fn kept(value: f32) -> f32 {
        f16::from_f32(value).into()
    }

    #[test]
    fn a_peak_of_one_sample_is_seen_at_every_zoom() {
        let mut pyramid = WaveformPyramid::new(MediaTime::ZERO);
        let mut samples = vec![0.0; 16_000 * 60];
        samples[412_345] = 0.9;
        pyramid.push(&samples);
        for columns in [1, 2, 3, 7, 100, 999, 3750, 20_000] {
            let peaks = pyramid.peaks(pyramid.range(), columns);
            let column = (412_345.0 / 960_000.0 * columns as f64) as usize;
            assert_eq!(peaks[column].map(|peak| peak.max), Some(kept(0.9)), "{columns} columns");
        }
    }

    #[test]
    fn any_range_equals_what_its_bins_say_one_by_one() {
        let mut pyramid = WaveformPyramid::new(MediaTime::from_seconds(-1.0));
        let samples: Vec<f32> = (0..256 * 77 + 100).map(|i| ((i * 7919) % 2001) as f32 / 1000.0 - 1.0).collect();
        samples.chunks(333).for_each(|chunk| pyramid.push(chunk));
        for (first, end) in [(0, 77), (1, 2), (3, 70), (5, 64), (63, 65), (0, 78), (70, 78)] {
            let bin = pyramid.gather(first, end);
            let expected = &samples[first * 256..(end * 256).min(samples.len())];
            assert_eq!(bin.count as usize, expected.len(), "{first}..{end}");
            let (min, max) = expected.iter().fold((f32::MAX, f32::MIN), |(min, max), x| (min.min(*x), max.max(*x)));
            assert_eq!((kept(bin.min), kept(bin.max)), (kept(min), kept(max)), "{first}..{end}");
        }
    }

    #[test]
    fn the_rms_of_a_square_wave_is_its_height() {
        let mut pyramid = WaveformPyramid::new(MediaTime::ZERO);
        pyramid.push(&[0.5, -0.5].repeat(8000));
        let peak = pyramid.peaks(pyramid.range(), 1)[0].unwrap();
        assert!((peak.rms - 0.5).abs() < 1e-3 && peak.min == -0.5 && peak.max == 0.5, "{peak:?}");
    }

    #[test]
    fn where_there_is_no_sound_a_column_is_none_and_not_silence() {
        let mut pyramid = WaveformPyramid::new(MediaTime::from_seconds(1.0));
        pyramid.push(&vec![0.1; 16_000]);
        pyramid.skip(16_000 * 2);
        pyramid.push(&vec![0.2; 16_000]);
        let heard = pyramid.peaks(second(0.0, 6.0), 12).into_iter().map(|peak| if peak.is_some() { 'x' } else { '.' });
        // Bins of 16 ms do not end on half seconds: a column takes in the bin at its edge.
        assert_eq!(heard.collect::<String>(), "..xxx..xxx..");
        assert!(pyramid.peaks(second(2.1, 3.9), 4).iter().all(Option::is_none));
    }

    #[test]
    fn a_snapshot_does_not_change_when_the_waveform_grows() {
        let mut pyramid = WaveformPyramid::new(MediaTime::ZERO);
        pyramid.push(&vec![0.1; 5000]);
        let snapshot = pyramid.clone();
        pyramid.push(&vec![0.7; 50_000]);
        assert_eq!(snapshot.peaks(pyramid.range(), 1)[0].map(|peak| kept(peak.max)), Some(kept(0.1)));
    }

    #[test]
    fn damaged_samples_do_not_spoil_a_column() {
        let mut pyramid = WaveformPyramid::new(MediaTime::ZERO);
        pyramid.push(&[f32::NAN, f32::INFINITY, 0.25]);
        let peak = pyramid.peaks(pyramid.range(), 1)[0].unwrap();
        assert!(peak.max == 0.25 && peak.rms.is_finite(), "{peak:?}");
    }
}
