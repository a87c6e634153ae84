//! Sound features per step: the sound encoder on overlapping chunks, its tokens averaged over each step.
//!
//! The encoder attends to everything it is given, at a cost that grows with the square of the length, so a
//! file goes through it in chunks. Each chunk carries [`CONTEXT_S`] of sound on both sides whose tokens are
//! thrown away: what a step hears does not end at a chunk's edge. Chunks start on whole tokens, so that a
//! token means the same samples in every chunking.
//!
//! A step during which the file has no sound at all gets zeros, the same as in a file without a sound track.

use std::collections::VecDeque;

use super::step_grid::StepGrid;
use avar_base::time::MediaTime;
use avar_media::AudioBlock;
use avar_model::TokenFormat;

/// New sound per chunk.
pub const CHUNK_S: f64 = 5.0;
/// Sound heard before and after a chunk without giving tokens.
pub const CONTEXT_S: f64 = 1.0;

/// From one sample number up to another.
type Span = (i64, i64);

/// Mono samples in order, placed on the media's time axis; holds only what the next chunk may need.
pub struct StepAudio<Read> {
    /// The next block, or `None` at the end.
    read: Read,
    origin: MediaTime,
    rate_hz: u32,
    /// Sample number (from `origin`) of the front of `buffer`.
    first: i64,
    buffer: VecDeque<f32>,
    /// Read already, but later than anything asked for so far: a gap is not filled before it is reached.
    upcoming: Option<AudioBlock>,
    /// Sample numbers between which the file has sound, as far as read.
    heard: Vec<Span>,
    has_ended: bool,
}

impl<Read, E> StepAudio<Read>
where
    Read: FnMut() -> Result<Option<AudioBlock>, E>,
{
    /// Sample 0 stands at `origin`; `read` gives blocks at `rate_hz`.
    pub fn new(origin: MediaTime, rate_hz: u32, read: Read) -> Self {
        Self {
            read,
            origin,
            rate_hz,
            first: 0,
            buffer: VecDeque::new(),
            upcoming: None,
            heard: Vec::new(),
            has_ended: false,
        }
    }

    /// Samples `start..end` with zeros where there is no sound, and the parts of it that hold sound.
    /// `start` must not go back by more than the context between calls.
    fn samples(&mut self, start: i64, end: i64) -> Result<(Vec<f32>, Vec<Span>), E> {
        self.forget_before(start);
        while !self.has_ended && self.next_number() < end {
            let Some(block) = self.upcoming.take().map_or_else(|| (self.read)(), |block| Ok(Some(block)))? else {
                self.has_ended = true;
                break;
            };
            if self.number_of(&block) >= end {
                self.upcoming = Some(block);
                break;
            }
            self.place(&block);
        }
        let sample_at = |number: i64| {
            let index = usize::try_from(number - self.first).ok();
            index.and_then(|index| self.buffer.get(index).copied()).unwrap_or(0.0)
        };
        let heard = self.heard.iter().map(|(from, to)| (*from.max(&start), *to.min(&end)));
        Ok(((start..end).map(sample_at).collect(), heard.filter(|(from, to)| from < to).collect()))
    }

    /// The number of the first sample after the buffer.
    fn next_number(&self) -> i64 {
        self.first + self.buffer.len() as i64
    }

    /// The number of a block's first sample. Rounding of time stamps to a coarse time base is no gap.
    fn number_of(&self, block: &AudioBlock) -> i64 {
        let offset_s = (block.start - self.origin).seconds();
        let stated = (offset_s * f64::from(self.rate_hz)).round() as i64;
        let next = self.next_number();
        if (stated - next).abs() <= i64::from(self.rate_hz) / 100 { next } else { stated }
    }

    /// Puts a block where its time says: a gap becomes zeros, an overlap keeps what came first.
    fn place(&mut self, block: &AudioBlock) {
        let (start, next) = (self.number_of(block), self.next_number());
        let skip = (next - start).clamp(0, block.samples.len() as i64) as usize;
        if skip == block.samples.len() {
            return;
        }
        let from = start.max(next);
        self.buffer.extend(std::iter::repeat_n(0.0, (from - next) as usize));
        self.buffer.extend(&block.samples[skip..]);
        let to = from + (block.samples.len() - skip) as i64;
        match self.heard.last_mut() {
            Some(last) if last.1 >= from => last.1 = to,
            _ => self.heard.push((from, to)),
        }
    }

    fn forget_before(&mut self, start: i64) {
        let passed = (start - self.first).clamp(0, self.buffer.len() as i64);
        self.buffer.drain(..passed as usize);
        self.first += passed;
        if self.buffer.is_empty() && self.first < start {
            self.first = start;
        }
        self.heard.retain(|(_, to)| *to > start);
    }
}

/// One chunk's worth of features.
pub struct AudioFeatures {
    /// Row-major, steps x dimension.
    pub rows: Vec<f32>,
    /// Whether the file has sound during the step.
    pub is_heard: Vec<bool>,
}

/// Features of the steps `steps` of `grid`: one call is one chunk. `encode` takes samples and gives the tokens of
/// `format`, tokens x `dimension`, row-major.
pub fn audio_features<Read, E>(
    track: &mut StepAudio<Read>,
    grid: &StepGrid,
    steps: std::ops::Range<usize>,
    format: TokenFormat,
    dimension: usize,
    mut encode: impl FnMut(&[f32]) -> Result<Vec<f32>, E>,
) -> Result<AudioFeatures, E>
where
    Read: FnMut() -> Result<Option<AudioBlock>, E>,
{
    if steps.is_empty() {
        return Ok(AudioFeatures { rows: Vec::new(), is_heard: Vec::new() });
    }
    let bounds: Vec<i64> = (steps.start..=steps.end).map(|step| sample_of(grid, step, format)).collect();
    let (start, end) = chunk_with_context(grid, &steps, format);
    let (samples, heard) = track.samples(start, end)?;
    let is_heard: Vec<bool> =
        bounds.windows(2).map(|step| heard.iter().any(|(from, to)| *from < step[1] && step[0] < *to)).collect();
    let mut rows = vec![0.0; steps.len() * dimension];
    if is_heard.contains(&true) {
        let tokens = encode(&samples)?;
        for (step, row) in rows.chunks_exact_mut(dimension).enumerate().filter(|(step, _)| is_heard[*step]) {
            mean_of_tokens(&tokens, format, bounds[step] - start..bounds[step + 1] - start, row);
        }
    }
    Ok(AudioFeatures { rows, is_heard })
}

/// Goes past the steps `steps` of `grid`, one chunk, so that the next one is what it would be had they been heard.
pub fn pass_over<Read, E>(
    track: &mut StepAudio<Read>,
    grid: &StepGrid,
    steps: &std::ops::Range<usize>,
    format: TokenFormat,
) -> Result<(), E>
where
    Read: FnMut() -> Result<Option<AudioBlock>, E>,
{
    let (start, end) = chunk_with_context(grid, steps, format);
    track.samples(start, end).map(|_| ())
}

/// The samples that the encoder is given for `steps`.
fn chunk_with_context(grid: &StepGrid, steps: &std::ops::Range<usize>, format: TokenFormat) -> Span {
    let context = (CONTEXT_S * f64::from(format.rate_hz)) as i64;
    let hop = format.hop_samples as i64;
    // Before its start and after its end a file has no sound: the encoder is not shown invented silence there.
    let start = (sample_of(grid, steps.start, format) - context).max(0) / hop * hop;
    let end_of_file = sample_of(grid, grid.len(), format);
    let end = (sample_of(grid, steps.end, format) + context).min(end_of_file);
    (start, end.max(start + format.field_samples as i64))
}

/// Steps per chunk: about [`CHUNK_S`].
pub fn steps_per_chunk(grid: &StepGrid) -> usize {
    ((CHUNK_S * grid.steps_per_second()).round() as usize).max(1)
}

fn sample_of(grid: &StepGrid, step: usize, format: TokenFormat) -> i64 {
    let offset_s = (grid.start_of(step) - grid.range().start).seconds();
    (offset_s * f64::from(format.rate_hz)).round() as i64
}

/// Averages the tokens whose middle lies in these samples of the chunk; the nearest one where none does.
fn mean_of_tokens(tokens: &[f32], format: TokenFormat, samples: std::ops::Range<i64>, row: &mut [f32]) {
    let dimension = row.len();
    let count = tokens.len() / dimension;
    if count == 0 {
        return;
    }
    let token_after = |sample: i64| {
        let past_middle = sample - (format.field_samples / 2) as i64;
        (past_middle.max(0) as usize).div_ceil(format.hop_samples).min(count)
    };
    let mut chosen = token_after(samples.start)..token_after(samples.end);
    if chosen.is_empty() {
        let nearest = chosen.start.min(count - 1);
        chosen = nearest..nearest + 1;
    }
    for token in tokens[chosen.start * dimension..chosen.end * dimension].chunks_exact(dimension) {
        row.iter_mut().zip(token).for_each(|(sum, value)| *sum += value);
    }
    row.iter_mut().for_each(|sum| *sum /= chosen.len() as f32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::time::TimeRange;

    type NoError = std::convert::Infallible;

    /// Those of Wav2Vec2.
    const FORMAT: TokenFormat = TokenFormat { rate_hz: 16_000, field_samples: 400, hop_samples: 320 };

    /// Blocks of (sample number, samples).
    fn track(blocks: Vec<(i64, Vec<f32>)>) -> StepAudio<impl FnMut() -> Result<Option<AudioBlock>, NoError>> {
        let mut blocks = blocks.into_iter();
        StepAudio::new(MediaTime::ZERO, FORMAT.rate_hz, move || {
            Ok(blocks.next().map(|(start, samples)| AudioBlock {
                start: MediaTime::from_seconds(start as f64 / f64::from(FORMAT.rate_hz)),
                samples,
            }))
        })
    }

    fn grid(duration_s: f64) -> StepGrid {
        StepGrid::new(TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(duration_s)), 4.0).unwrap()
    }

    /// An encoder of one dimension whose token is the mean of the samples that it sees.
    fn mean_encoder(samples: &[f32]) -> Result<Vec<f32>, NoError> {
        let TokenFormat { field_samples, hop_samples, .. } = FORMAT;
        let tokens = samples.len().saturating_sub(field_samples - hop_samples) / hop_samples;
        let mean = |i: usize| samples[i * hop_samples..][..field_samples].iter().sum::<f32>() / field_samples as f32;
        Ok((0..tokens).map(mean).collect())
    }

    fn all_features(blocks: Vec<(i64, Vec<f32>)>, duration_s: f64, chunk: usize) -> AudioFeatures {
        let (grid, mut track) = (grid(duration_s), track(blocks));
        let mut all = AudioFeatures { rows: Vec::new(), is_heard: Vec::new() };
        for start in (0..grid.len()).step_by(chunk) {
            let steps = start..(start + chunk).min(grid.len());
            let Ok(part) = audio_features(&mut track, &grid, steps, FORMAT, 1, mean_encoder);
            all.rows.extend(part.rows);
            all.is_heard.extend(part.is_heard);
        }
        all
    }

    fn ramp(samples: usize) -> Vec<f32> {
        (0..samples).map(|i| i as f32 / 16_000.0).collect()
    }

    #[test]
    fn the_chunk_length_does_not_change_what_a_local_encoder_hears() {
        let whole = all_features(vec![(0, ramp(160_000))], 10.0, 40);
        for chunk in [1, 3, 20] {
            let parts = all_features(vec![(0, ramp(160_000))], 10.0, chunk);
            let worst = whole.rows.iter().zip(&parts.rows).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-4, "{worst} with chunks of {chunk} steps");
        }
    }

    #[test]
    fn a_step_hears_its_own_time() {
        let features = all_features(vec![(0, ramp(160_000))], 10.0, 20);
        for (step, heard) in features.rows.iter().enumerate() {
            let middle_s = (step as f32 + 0.5) / 4.0;
            assert!((heard - middle_s).abs() < 0.02, "step {step} heard {heard}, not {middle_s}");
        }
    }

    #[test]
    fn steps_without_sound_get_zeros_and_say_so() {
        let features = all_features(vec![(32_000, vec![1.0; 32_000])], 6.0, 20);
        let heard: Vec<usize> = (0..24).filter(|step| features.is_heard[*step]).collect();
        assert_eq!(heard, (8..16).collect::<Vec<_>>());
        assert!((0..24).filter(|step| !heard.contains(step)).all(|step| features.rows[step] == 0.0));
    }

    #[test]
    fn a_gap_of_hours_takes_no_memory() {
        let hours = 16_000 * 3600 * 9;
        let mut track = track(vec![(0, vec![1.0; 16_000]), (hours, vec![2.0; 16_000])]);
        let Ok((first, _)) = track.samples(0, 32_000);
        assert_eq!((first[0], first[31_999]), (1.0, 0.0));
        assert!(track.buffer.len() <= 32_000);
        let Ok((second, heard)) = track.samples(hours, hours + 100);
        assert_eq!((second[0], heard), (2.0, vec![(hours, hours + 100)]));
    }

    #[test]
    fn blocks_that_overlap_keep_what_came_first() {
        let mut track = track(vec![(0, vec![1.0; 1000]), (500, vec![2.0; 1000])]);
        let Ok((samples, _)) = track.samples(0, 1500);
        assert_eq!((samples[999], samples[1000], samples[1499]), (1.0, 2.0, 2.0));
    }

    #[test]
    fn time_stamps_rounded_to_milliseconds_tear_no_holes() {
        let blocks = (0..50).map(|i| ((f64::from(i) * 1024.0 / 16.0).round() as i64 * 16, vec![1.0; 1024])).collect();
        let Ok((samples, heard)) = track(blocks).samples(0, 51_000);
        assert!(samples.iter().all(|sample| *sample == 1.0));
        assert_eq!(heard, [(0, 51_000)]);
    }
}
