//! What is done to decoded audio before it is resampled and mixed, in each channel by itself.
//!
//! Samples that are no finite numbers (floating-point audio can hold them, and damaged audio does) become zeros, and a
//! cell of time in which no channel has any other counts as without sound. Channels that would cancel a louder one in
//! the mix are turned over, see [`Downmix`].
//!
//! Both are decided for windows and cells that lie on a fixed grid of the file's samples, from nothing but what is in
//! them, so that reading on and seeking give the same. A window is decided once all of it has been decoded; frames are
//! held until then. What needs no change passes unchanged.

use std::collections::VecDeque;
use std::ops::Range;

use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

use super::audio_faults::AudioFaults;
use super::audio_format::InputFormat;
use super::audio_samples::SampleLayout;
use super::downmix::{ChannelProducts, Downmix};
use super::error::MediaError;
use avar_base::time::MediaTime;

/// How long it is decided for which channels are turned over: long enough that what two microphones hear of ordinary
/// sounds is not opposite by chance.
pub(super) const WINDOW_S: f64 = 0.25;
const CELLS_PER_WINDOW: usize = 10;
/// How long a channel takes to be turned over, so that it does not click.
const TURN_S: f64 = 0.01;
/// Audio in whole numbers that was stored as floating point without being scaled goes up to this; nothing is louder.
const LARGEST_SAMPLE: f32 = 2_147_483_648.0;

pub(super) struct AudioConditioner {
    layout: SampleLayout,
    downmix: Downmix,
    rate_hz: u32,
    /// In samples, as are all positions here: absolute numbers, counted from time zero.
    cell_len: i64,
    window: Window,
    /// Decoded, not yet decided to their end.
    held: VecDeque<HeldFrame>,
    /// Which channels were turned over in the window before; `None` at the beginning of a run.
    turned_before: Option<Vec<bool>>,
    /// Stretches without sound that have not been fetched.
    gaps: Vec<Range<i64>>,
    faults: AudioFaults,
    /// The samples of each channel that are being looked at.
    scratch: Vec<Vec<f32>>,
}

struct HeldFrame {
    first: i64,
    frame: Audio,
}

/// The window that is being filled.
struct Window {
    /// Of the samples in it: at the edges of a run it is not whole.
    span: Range<i64>,
    products: ChannelProducts,
    has_audio: [bool; CELLS_PER_WINDOW],
}

impl HeldFrame {
    fn end(&self) -> i64 {
        self.first + self.frame.samples() as i64
    }
}

impl Window {
    fn starting_at(first: i64, channels: usize) -> Self {
        Self { span: first..first, products: ChannelProducts::new(channels), has_audio: [false; CELLS_PER_WINDOW] }
    }
}

impl AudioConditioner {
    /// For a run that begins with the sample `first`; `None` where there is nothing that could need a change.
    pub(super) fn start(input: InputFormat, downmix: &Downmix, first: i64) -> Option<Self> {
        let layout = SampleLayout::of_format(input.sample_format)?;
        if !layout.is_floating() && !downmix.mixes() {
            return None;
        }
        let channels = usize::try_from(input.channels).ok()?;
        let cell_s = WINDOW_S / CELLS_PER_WINDOW as f64;
        Some(Self {
            layout,
            downmix: downmix.clone(),
            rate_hz: input.rate_hz,
            cell_len: ((cell_s * f64::from(input.rate_hz)) as i64).max(1),
            window: Window::starting_at(first, channels),
            held: VecDeque::new(),
            turned_before: None,
            gaps: Vec::new(),
            faults: AudioFaults::default(),
            scratch: vec![Vec::new(); channels],
        })
    }

    /// Takes the next frame of the run; gives those that need no further change, in order.
    pub(super) fn push(&mut self, frame: Audio) -> Result<Vec<Audio>, MediaError> {
        let first = self.window.span.end;
        self.held.push_back(HeldFrame { first, frame });
        let end = first + self.held.back().map_or(0, |last| last.frame.samples() as i64);
        while self.window.span.end < end {
            let window_len = self.window_len();
            let window_end = (self.window.span.end.div_euclid(window_len) + 1) * window_len;
            self.look_at(self.window.span.end..end.min(window_end))?;
            if self.window.span.end == window_end {
                self.close_window()?;
            }
        }
        let undecided = self.window.span.start;
        let ready = self.held.iter().take_while(|held| held.end() <= undecided).count();
        Ok(self.held.drain(..ready).map(|held| held.frame).collect())
    }

    /// The frames that were held at the end of the run.
    pub(super) fn finish(&mut self) -> Result<Vec<Audio>, MediaError> {
        self.close_window()?;
        Ok(self.held.drain(..).map(|held| held.frame).collect())
    }

    /// Stretches without sound among the samples of the frames that were given out so far, and maybe of later ones.
    pub(super) fn take_gaps(&mut self) -> Vec<Range<i64>> {
        std::mem::take(&mut self.gaps)
    }

    /// Of the windows decided so far, and of unusable samples in all frames pushed.
    pub(super) fn faults(&self) -> AudioFaults {
        self.faults
    }

    fn window_len(&self) -> i64 {
        self.cell_len * CELLS_PER_WINDOW as i64
    }

    /// Adds `span`, which lies in one window and in the newest frame, to the window.
    fn look_at(&mut self, span: Range<i64>) -> Result<(), MediaError> {
        let Some(HeldFrame { first, frame }) = self.held.back_mut() else { return Ok(()) };
        let places = (span.start - *first) as usize..(span.end - *first) as usize;
        for (channel, samples) in self.scratch.iter_mut().enumerate() {
            // SAFETY: a run's frames all have the layout and the channels that it was started with.
            unsafe { self.layout.read(frame, channel, places.clone(), samples) };
        }
        if self.layout.is_floating() {
            if self.scratch.iter().flatten().all(|sample| is_usable(*sample)) {
                self.mark_audio(span.clone());
            } else {
                self.leave_out_unusable(span.clone())?;
            }
        }
        if self.downmix.mixes() {
            self.window.products.add(&self.scratch);
        }
        self.window.span.end = span.end;
        Ok(())
    }

    fn mark_audio(&mut self, span: Range<i64>) {
        let window_start = span.start.div_euclid(self.window_len()) * self.window_len();
        let cell = |sample: i64| ((sample - window_start) / self.cell_len) as usize;
        self.window.has_audio[cell(span.start)..=cell(span.end - 1)].fill(true);
    }

    /// Puts zeros where the samples of the newest frame in `span`, which are in `scratch`, are unusable.
    fn leave_out_unusable(&mut self, span: Range<i64>) -> Result<(), MediaError> {
        for (place, sample) in (span.start..span.end).enumerate() {
            let is_usable_in = |channel: &Vec<f32>| is_usable(channel[place]);
            if !self.scratch.iter().all(is_usable_in) {
                self.faults.unusable_samples += 1;
                self.faults.first_unusable.get_or_insert(time_of(sample, self.rate_hz));
            }
            let mut heard = self.scratch.iter().enumerate().filter(|(channel, _)| self.downmix.is_heard(*channel));
            if heard.any(|(_, channel)| is_usable_in(channel)) {
                self.mark_audio(sample..sample + 1);
            }
        }
        let Some(HeldFrame { first, frame }) = self.held.back_mut() else { return Ok(()) };
        make_writable(frame)?;
        let places = (span.start - *first) as usize..(span.end - *first) as usize;
        for (channel, samples) in self.scratch.iter_mut().enumerate() {
            let left_out = |_, sample: f64| if is_usable(sample as f32) { sample } else { 0.0 };
            // SAFETY: as in `look_at`; the frame has just been made writable.
            unsafe { self.layout.change(frame, channel, places.clone(), left_out) };
            samples.iter_mut().filter(|sample| !is_usable(**sample)).for_each(|sample| *sample = 0.0);
        }
        Ok(())
    }

    /// Decides on the window and begins the next.
    fn close_window(&mut self) -> Result<(), MediaError> {
        let channels = self.scratch.len();
        let next = Window::starting_at(self.window.span.end, channels);
        let Window { span, products, has_audio } = std::mem::replace(&mut self.window, next);
        if self.layout.is_floating() {
            self.find_gaps(&span, &has_audio);
        }
        if self.downmix.mixes() && !span.is_empty() {
            let turned = self.downmix.opposed(&products);
            if turned.contains(&true) {
                self.faults.opposed_s += (span.end - span.start) as f64 / f64::from(self.rate_hz);
                self.faults.first_opposed.get_or_insert(time_of(span.start, self.rate_hz));
            }
            self.turn_over(&span, &turned)?;
            self.turned_before = Some(turned);
        }
        Ok(())
    }

    fn find_gaps(&mut self, span: &Range<i64>, has_audio: &[bool; CELLS_PER_WINDOW]) {
        let window_start = span.start.div_euclid(self.window_len()) * self.window_len();
        for (number, _) in has_audio.iter().enumerate().filter(|(_, has_audio)| !**has_audio) {
            let start = window_start + number as i64 * self.cell_len;
            let cell = start.max(span.start)..(start + self.cell_len).min(span.end);
            match self.gaps.last_mut() {
                _ if cell.is_empty() => {}
                Some(last) if last.end == cell.start => last.end = cell.end,
                _ => self.gaps.push(cell),
            }
        }
    }

    /// Changes the sign of the channels that are `turned` from here on, or were until here, in the frames held.
    fn turn_over(&mut self, span: &Range<i64>, turned: &[bool]) -> Result<(), MediaError> {
        let turn_len = (TURN_S * f64::from(self.rate_hz)).max(1.0);
        let sign = |is_turned: bool| if is_turned { -1.0 } else { 1.0 };
        for (channel, is_turned) in turned.iter().enumerate() {
            let to = sign(*is_turned);
            let from = self.turned_before.as_ref().map_or(to, |before| sign(before[channel]));
            if from == 1.0 && to == 1.0 {
                continue;
            }
            for HeldFrame { first, frame } in &mut self.held {
                let start = span.start.max(*first);
                let end = span.end.min(*first + frame.samples() as i64);
                if start >= end {
                    continue;
                }
                make_writable(frame)?;
                let sign_at = |place: usize| {
                    let done = ((start - span.start) as f64 + place as f64) / turn_len;
                    from + (to - from) * done.min(1.0)
                };
                let places = (start - *first) as usize..(end - *first) as usize;
                let layout = self.layout;
                // SAFETY: as in `leave_out_unusable`.
                unsafe { layout.change(frame, channel, places, |place, sample| sample * sign_at(place)) };
            }
        }
        Ok(())
    }
}

/// Makes the memory of a frame ours alone, which decoders may keep a hold of.
fn make_writable(frame: &mut Audio) -> Result<(), MediaError> {
    // SAFETY: the frame is alive.
    match unsafe { ffi::av_frame_make_writable(frame.as_mut_ptr()) } {
        0.. => Ok(()),
        _ => Err(MediaError::Resample { reason: "out of memory".to_owned() }),
    }
}

fn is_usable(sample: f32) -> bool {
    // Not true of what is not a number.
    sample.abs() <= LARGEST_SAMPLE
}

fn time_of(sample: i64, rate_hz: u32) -> MediaTime {
    MediaTime::from_seconds(sample as f64 / f64::from(rate_hz))
}
