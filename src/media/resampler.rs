//! Decoded sound to interleaved `f32` at another rate and channel count, on an absolute grid.
//!
//! Output sample `k` belongs to the time `k / rate`, whatever was read before: a run of sound starts,
//! padded with silence, at an input sample that falls on an output sample exactly. So reading on and
//! seeking give the same samples at the same times.
//!
//! Before that, the audio passes through [`AudioConditioner`], which also says where it is without sound.

use std::ffi::c_int;
use std::ops::Range;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

use super::audio_conditioner::AudioConditioner;
use super::audio_faults::AudioFaults;
use super::audio_format::{AudioFormat, InputFormat};
use super::downmix::Downmix;
use super::error::MediaError;
use super::ffi_enum::sample_format;

/// One run of sound without gaps, in one input format.
pub(super) struct Resampler {
    context: *mut ffi::SwrContext,
    /// `None` where no frame could need a change.
    conditioner: Option<AudioConditioner>,
    /// Input samples without sound, up to the last one whose output is still to come.
    gaps: Vec<Range<i64>>,
    input: InputFormat,
    output: AudioFormat,
    /// The absolute index of the next output sample.
    next_output: i64,
    /// Output before this index is filter run-in over the padding.
    first_wanted: i64,
    /// The absolute index of the next input sample.
    next_input: i64,
}

/// Resampled audio without a gap in it.
pub(super) struct ResampledPiece {
    /// The absolute index of the first sample.
    pub(super) first: i64,
    /// Interleaved.
    pub(super) samples: Vec<f32>,
}

/// Twice what the fastest recorders write. A run begins with up to a second of padding, which a damaged header would
/// otherwise make gigabytes of.
const HIGHEST_RATE_HZ: u32 = 6_144_000;

// SAFETY: the context is owned, used through `&mut` only, and tied to no thread.
unsafe impl Send for Resampler {}

impl Resampler {
    /// A run that begins with input sample `first_input`, counted in input samples from time zero.
    pub(super) fn start(input: InputFormat, output: AudioFormat, first_input: i64) -> Result<Self, MediaError> {
        let failed = |reason: &str| MediaError::Resample { reason: reason.to_owned() };
        if !(1..=HIGHEST_RATE_HZ).contains(&input.rate_hz) {
            return Err(failed(&format!("no recording has {} samples a second", input.rate_hz)));
        }
        let Some(from_format) = sample_format(input.sample_format) else {
            return Err(failed(&format!("sample format {} of FFmpeg is not known here", input.sample_format)));
        };
        let divisor = greatest_common_divisor(input.rate_hz, output.rate_hz);
        let input_step = i64::from(input.rate_hz / divisor);
        let output_step = i64::from(output.rate_hz / divisor);
        let periods = first_input.div_euclid(input_step);
        let padding = first_input - periods * input_step;
        let inputs = usize::try_from(input.channels).unwrap_or(0);
        let downmix = Downmix::new(inputs, input.mask, usize::from(output.channels));
        let mut resampler = Self {
            context: std::ptr::null_mut(),
            conditioner: AudioConditioner::start(input, &downmix, first_input),
            gaps: Vec::new(),
            input,
            output,
            next_output: periods * output_step,
            first_wanted: to_output(first_input, input_step, output_step),
            next_input: first_input,
        };
        // SAFETY: the layouts are initialised before use; a null or refused context is checked. The
        // option keeps a mix within -1..1, which float output otherwise exceeds.
        unsafe {
            let mut from: ffi::AVChannelLayout = std::mem::zeroed();
            let mut to: ffi::AVChannelLayout = std::mem::zeroed();
            // Multi-channel PCM often states no layout at all: the usual one for the count is meant.
            if input.mask == 0 || ffi::av_channel_layout_from_mask(&mut from, input.mask) < 0 {
                ffi::av_channel_layout_default(&mut from, input.channels);
            }
            ffi::av_channel_layout_default(&mut to, c_int::from(output.channels));
            let allocated = ffi::swr_alloc_set_opts2(
                &mut resampler.context,
                &raw mut to,
                ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT,
                output.rate_hz as c_int,
                &raw mut from,
                from_format,
                input.rate_hz as c_int,
                0,
                std::ptr::null_mut(),
            );
            if allocated < 0 || resampler.context.is_null() {
                return Err(failed("swresample refused the format"));
            }
            ffi::av_opt_set_double(resampler.context.cast(), c"rematrix_maxval".as_ptr(), 1.0, 0);
            // The weights have a column for each channel of `from` and a row for each of `to`.
            if let Some(weights) = downmix.own_weights()
                && ffi::swr_set_matrix(resampler.context, weights.as_ptr(), input.channels) < 0
            {
                return Err(failed("swresample refused the format"));
            }
            if ffi::swr_init(resampler.context) < 0 {
                return Err(failed("swresample refused the format"));
            }
            if padding > 0 && ffi::swr_inject_silence(resampler.context, padding as c_int) < 0 {
                return Err(failed("out of memory"));
            }
        }
        Ok(resampler)
    }

    pub(super) fn accepts(&self, input: InputFormat) -> bool {
        self.input == input
    }

    /// What was wrong with the audio of this run so far.
    pub(super) fn faults(&self) -> AudioFaults {
        self.conditioner.as_ref().map(AudioConditioner::faults).unwrap_or_default()
    }

    /// Takes a decoded block; gives what has become ready, in order.
    pub(super) fn push(&mut self, frame: Audio) -> Result<Vec<ResampledPiece>, MediaError> {
        self.next_input += frame.samples() as i64;
        let frames = match &mut self.conditioner {
            Some(conditioner) => conditioner.push(frame)?,
            None => vec![frame],
        };
        self.convert(&frames)
    }

    /// Ends the run, which takes no more: what is still held, up to the last input sample's time.
    pub(super) fn finish(&mut self) -> Result<Vec<ResampledPiece>, MediaError> {
        let frames = match &mut self.conditioner {
            Some(conditioner) => conditioner.finish()?,
            None => Vec::new(),
        };
        let mut pieces = self.convert(&frames)?;
        let end = self.to_output(self.next_input);
        let ResampledPiece { first, mut samples } = self.run(std::ptr::null_mut(), 0)?;
        let kept = usize::try_from(end - first).unwrap_or(0) * usize::from(self.output.channels);
        samples.truncate(kept);
        pieces.extend(self.without_gaps(ResampledPiece { first, samples }));
        Ok(pieces)
    }

    fn convert(&mut self, frames: &[Audio]) -> Result<Vec<ResampledPiece>, MediaError> {
        let mut pieces = Vec::new();
        for frame in frames {
            // SAFETY: the frame's planes hold `samples` samples in the format that the context was made for.
            let piece = unsafe { self.run((*frame.as_ptr()).extended_data.cast(), frame.samples() as c_int)? };
            pieces.extend(self.without_gaps(piece));
        }
        Ok(pieces)
    }

    /// Takes out what lies in stretches without sound; nothing that comes out is empty.
    fn without_gaps(&mut self, piece: ResampledPiece) -> Vec<ResampledPiece> {
        if let Some(conditioner) = &mut self.conditioner {
            self.gaps.extend(conditioner.take_gaps());
        }
        let channels = usize::from(self.output.channels);
        let ResampledPiece { first, samples } = piece;
        let end = first + (samples.len() / channels) as i64;
        if self.gaps.is_empty() {
            return if samples.is_empty() { Vec::new() } else { vec![ResampledPiece { first, samples }] };
        }
        let at = |output: i64| (output - first) as usize * channels;
        let mut pieces = Vec::new();
        let mut from = first;
        for gap in &self.gaps {
            let gap = self.to_output(gap.start).clamp(from, end)..self.to_output(gap.end).clamp(from, end);
            if from < gap.start {
                pieces.push(ResampledPiece { first: from, samples: samples[at(from)..at(gap.start)].to_vec() });
            }
            from = gap.end;
        }
        if from < end {
            pieces.push(ResampledPiece { first: from, samples: samples[at(from)..].to_vec() });
        }
        let passed = self.gaps.iter().take_while(|gap| self.to_output(gap.end) <= end).count();
        self.gaps.drain(..passed);
        pieces
    }

    /// The first output sample that is not before input sample `index`.
    fn to_output(&self, index: i64) -> i64 {
        let divisor = greatest_common_divisor(self.input.rate_hz, self.output.rate_hz);
        to_output(index, i64::from(self.input.rate_hz / divisor), i64::from(self.output.rate_hz / divisor))
    }

    fn run(&mut self, planes: *mut *const u8, count: c_int) -> Result<ResampledPiece, MediaError> {
        let failed = |reason: &str| MediaError::Resample { reason: reason.to_owned() };
        let channels = usize::from(self.output.channels);
        // SAFETY: the buffer has room for as many samples as the context says that there can be.
        let samples = unsafe {
            let room = ffi::swr_get_out_samples(self.context, count);
            let room = usize::try_from(room).map_err(|_| failed("swresample refused the samples"))?;
            let mut samples = vec![0.0_f32; room * channels];
            let mut to = samples.as_mut_ptr().cast::<u8>();
            let made = ffi::swr_convert(self.context, &mut to, room as c_int, planes, count);
            let made = usize::try_from(made).map_err(|_| failed("swresample refused the samples"))?;
            samples.truncate(made * channels);
            samples
        };
        let first = self.next_output;
        self.next_output += (samples.len() / channels.max(1)) as i64;
        let run_in = usize::try_from(self.first_wanted - first).unwrap_or(0) * channels;
        if run_in == 0 {
            return Ok(ResampledPiece { first, samples });
        }
        let run_in = run_in.min(samples.len());
        let first = first + (run_in / channels.max(1)) as i64;
        Ok(ResampledPiece { first, samples: samples[run_in..].to_vec() })
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        // SAFETY: null or a context of ours; never used after this.
        unsafe { ffi::swr_free(&mut self.context) };
    }
}

/// The first output sample that is not before input sample `index`.
fn to_output(index: i64, input_step: i64, output_step: i64) -> i64 {
    let scaled = i128::from(index) * i128::from(output_step);
    let input_step = i128::from(input_step);
    (scaled + input_step - 1).div_euclid(input_step) as i64
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a.max(1) } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_samples_lie_on_or_after_their_input() {
        assert_eq!(to_output(0, 441, 160), 0);
        assert_eq!(to_output(441, 441, 160), 160);
        assert_eq!(to_output(1, 441, 160), 1);
        assert_eq!(to_output(-441, 441, 160), -160);
        assert_eq!(to_output(-1, 441, 160), 0);
    }

    #[test]
    fn common_rates_share_a_short_period() {
        assert_eq!(44_100 / greatest_common_divisor(44_100, 16_000), 441);
        assert_eq!(48_000 / greatest_common_divisor(48_000, 16_000), 3);
        assert_eq!(greatest_common_divisor(8_000, 0), 8_000);
    }
}
