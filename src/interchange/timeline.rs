//! When each frame of a recording is shown, and which frame a written time means.
//!
//! Other programs count from the start of the recording, in seconds that they round. Edges of events lie between frames,
//! so a time is first looked for among the moments at which a frame begins: the nearest within what the format rounds to
//! is meant. Only a time that is near none lies within a frame, and then the frame on screen at that moment is meant.

use std::ops::Range;

use avar_base::time::{FrameIndex, MediaTime, TimeBase};

/// The times of a recording's frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    origin: MediaTime,
    /// When each frame begins, then the end of the last; never decreasing, at least one.
    edges: Vec<MediaTime>,
}

/// How exactly a format writes times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// Times are written as whole multiples of it.
    written_ns: i64,
    /// Times may have been rounded by others by as much as this.
    tolerance_ns: i64,
}

impl Resolution {
    /// Decimal seconds of which six digits after the point are certain.
    pub(crate) const SECONDS: Self = Self { written_ns: 1, tolerance_ns: 1_000 };
    /// Decimal seconds of which three digits after the point are certain.
    pub(crate) const ROUNDED_SECONDS: Self = Self { written_ns: 1, tolerance_ns: 1_000_000 };
    /// Whole milliseconds.
    pub(crate) const MILLISECONDS: Self = Self { written_ns: 1_000_000, tolerance_ns: 1_000_000 };
}

/// Where a range of time lies among the frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// All of it, or with `is_cut` what lies before the end of the recording.
    Within { frames: Range<FrameIndex>, is_cut: bool },
    /// It shares no frame with the recording.
    Outside,
}

impl Timeline {
    /// `origin` is what other programs call zero: the start of the recording, at or before its first frame. `end` is
    /// when the last frame stops being shown. `None` where a frame begins before the one before it, or after the end.
    pub fn new(origin: MediaTime, mut frame_times: Vec<MediaTime>, end: MediaTime) -> Option<Self> {
        frame_times.push(end);
        let is_in_order = frame_times.is_sorted() && frame_times.first().is_some_and(|first| origin <= *first);
        is_in_order.then_some(Self { origin, edges: frame_times })
    }

    /// `frames` frames that begin at zero and are shown for `frame_duration` each, as far as nanoseconds can tell.
    pub fn constant_rate(frame_duration: TimeBase, frames: usize) -> Self {
        let edges = (0..=frames as i64).map(|frame| MediaTime::from_pts(frame, frame_duration)).collect();
        Self { origin: MediaTime::ZERO, edges }
    }

    /// How many frames the recording has.
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Whether the recording has no picture.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When a frame begins, counted from the start of the recording; of `len()` and more: the end of the last frame.
    pub fn offset_of(&self, frame: usize) -> MediaTime {
        self.edges[frame.min(self.len())] - self.origin
    }

    /// Frames a second, where all frames are shown equally long, as far as milliseconds can tell.
    pub(crate) fn constant_rate_hz(&self) -> Option<f64> {
        let (first, end) = (self.offset_of(0), self.offset_of(self.len()));
        let frame_s = (end - first).seconds() / self.len() as f64;
        let is_steady = |frame: usize| {
            let expected_s = first.seconds() + frame as f64 * frame_s;
            (self.offset_of(frame).seconds() - expected_s).abs() <= (frame_s / 4.0).min(0.001)
        };
        let is_constant = frame_s > 0.0 && (0..self.len()).all(is_steady);
        is_constant.then(|| named_rate_hz(1.0 / frame_s))
    }

    /// The edge that a written time means: the nearest that it may be a rounded form of.
    fn edge_near(&self, time: MediaTime, resolution: Resolution) -> Option<usize> {
        let after = self.edges.partition_point(|edge| *edge <= time);
        let distance = |edge: &usize| Some((self.edges.get(*edge)?.nanoseconds()).abs_diff(time.nanoseconds()));
        let near = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let nearest = near.filter_map(|edge| Some((distance(&edge)?, edge))).min()?;
        (nearest.0 <= resolution.tolerance_ns.unsigned_abs()).then_some(nearest.1)
    }

    /// The frame that a mark at this offset is on.
    pub(crate) fn frame_at(&self, offset: MediaTime, resolution: Resolution) -> Option<FrameIndex> {
        let time = self.origin + offset;
        let frame = self.edge_near(time, resolution).unwrap_or_else(|| self.shown_at(time));
        (frame < self.len()).then_some(FrameIndex(frame))
    }

    /// The frame on screen; before the first the first, from the end on `len()`.
    fn shown_at(&self, time: MediaTime) -> usize {
        self.edges.partition_point(|edge| *edge <= time).saturating_sub(1)
    }

    /// The frames that are shown between two offsets.
    pub(crate) fn frames_between(&self, start: MediaTime, end: MediaTime, resolution: Resolution) -> Placed {
        let (start, end) = (self.origin + start, self.origin + end);
        let first = self.edge_near(start, resolution).unwrap_or_else(|| self.shown_at(start));
        let after = self.edge_near(end, resolution);
        let after = after.unwrap_or_else(|| self.edges.partition_point(|edge| *edge <= end));
        self.placed(first, if after == 0 { 0 } else { after.max(first + 1) })
    }

    /// The frames `first <= n < after` of those that there are.
    pub(crate) fn placed(&self, first: usize, after: usize) -> Placed {
        let end = after.min(self.len());
        match first < end {
            true => Placed::Within { frames: FrameIndex(first)..FrameIndex(end), is_cut: end < after },
            false => Placed::Outside,
        }
    }

    /// An edge as the format writes it, and whether it is found again: rounded up, so that whoever asks for the frame on
    /// screen at that moment gets this one and not the one before; or down, where only that is found again.
    pub(crate) fn written(&self, frame: usize, resolution: Resolution) -> (MediaTime, bool) {
        let exact_ns = self.offset_of(frame).nanoseconds();
        let down = exact_ns.div_euclid(resolution.written_ns) * resolution.written_ns;
        let up = if down == exact_ns { down } else { down + resolution.written_ns };
        let is_found = |offset_ns: &i64| {
            self.edge_near(self.origin + MediaTime::from_nanoseconds(*offset_ns), resolution) == Some(frame)
        };
        match [up, down].into_iter().find(is_found) {
            Some(offset_ns) => (MediaTime::from_nanoseconds(offset_ns), true),
            None => (MediaTime::from_nanoseconds(up), false),
        }
    }
}

/// Without what rounding of time stamps has added: 25 and not 25.0003, 30000/1001 and not 29.97.
fn named_rate_hz(rate_hz: f64) -> f64 {
    let candidates = [rate_hz.round(), (rate_hz * 1.001).round() / 1.001];
    let near = candidates.into_iter().find(|named_hz| *named_hz > 0.0 && (named_hz / rate_hz - 1.0).abs() < 2e-4);
    near.unwrap_or(rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: i64) -> MediaTime {
        MediaTime::from_nanoseconds(milliseconds * 1_000_000)
    }

    fn within(first: usize, end: usize) -> Placed {
        Placed::Within { frames: FrameIndex(first)..FrameIndex(end), is_cut: false }
    }

    #[test]
    fn frames_that_go_back_or_begin_before_the_recording_are_no_timeline() {
        assert!(Timeline::new(ms(0), vec![ms(0), ms(40), ms(30)], ms(80)).is_none());
        assert!(Timeline::new(ms(0), vec![ms(0), ms(40)], ms(30)).is_none());
        assert!(Timeline::new(ms(10), vec![ms(0)], ms(30)).is_none());
        assert!(Timeline::new(ms(0), vec![], ms(30)).is_some_and(|timeline| timeline.is_empty()));
    }

    #[test]
    fn a_time_within_a_frame_means_that_frame_and_an_end_within_it_takes_it_in() {
        let timeline = Timeline::constant_rate(TimeBase::new(1, 25).unwrap(), 10);
        let frames = |start, end| timeline.frames_between(ms(start), ms(end), Resolution::SECONDS);
        assert_eq!(frames(50, 130), within(1, 4));
        assert_eq!(frames(40, 120), within(1, 3));
        assert_eq!(frames(41, 42), within(1, 2));
        assert_eq!(frames(390, 5000), Placed::Within { frames: FrameIndex(9)..FrameIndex(10), is_cut: true });
        assert_eq!(frames(400, 500), Placed::Outside);
    }

    #[test]
    fn a_time_that_was_rounded_means_the_frame_that_begins_there() {
        // The second frame of 30 a second begins at 33.333 ms.
        let timeline = Timeline::constant_rate(TimeBase::new(1, 30).unwrap(), 10);
        assert_eq!(timeline.frames_between(ms(33), ms(67), Resolution::MILLISECONDS), within(1, 2));
        assert_eq!(timeline.frames_between(ms(34), ms(66), Resolution::MILLISECONDS), within(1, 2));
        let micros = |us: i64| MediaTime::from_nanoseconds(us * 1000);
        assert_eq!(timeline.frames_between(micros(33_333), micros(66_667), Resolution::SECONDS), within(1, 2));
    }

    #[test]
    fn milliseconds_lead_back_to_every_frame_of_240_a_second() {
        let timeline = Timeline::constant_rate(TimeBase::new(1001, 240_000).unwrap(), 2400);
        for frame in 0..2400 {
            let (offset, is_found) = timeline.written(frame, Resolution::MILLISECONDS);
            assert!(is_found && offset.nanoseconds() % 1_000_000 == 0);
            assert_eq!(timeline.shown_at(offset), frame, "and whoever does not round finds it as well");
            assert_eq!(timeline.frame_at(offset, Resolution::MILLISECONDS), Some(FrameIndex(frame)));
        }
    }

    #[test]
    fn frames_that_milliseconds_cannot_tell_apart_are_known() {
        let times = vec![ms(0), MediaTime::from_nanoseconds(300_000), MediaTime::from_nanoseconds(600_000)];
        let timeline = Timeline::new(ms(0), times, ms(40)).unwrap();
        assert!(timeline.written(0, Resolution::MILLISECONDS).1);
        assert!(!timeline.written(1, Resolution::MILLISECONDS).1);
        assert!(timeline.written(1, Resolution::SECONDS).1);
    }

    #[test]
    fn offsets_count_from_the_start_of_the_recording() {
        let timeline = Timeline::new(ms(1000), vec![ms(1020), ms(1060)], ms(1100)).unwrap();
        assert_eq!(timeline.offset_of(1), ms(60));
        assert_eq!(timeline.frame_at(ms(60), Resolution::SECONDS), Some(FrameIndex(1)));
        assert_eq!(timeline.frames_between(ms(0), ms(10), Resolution::SECONDS), Placed::Outside);
    }

    #[test]
    fn a_rate_is_told_only_where_there_is_one() {
        let ntsc = Timeline::constant_rate(TimeBase::new(1001, 30_000).unwrap(), 300);
        assert!((ntsc.constant_rate_hz().unwrap() - 30_000.0 / 1001.0).abs() < 1e-9);
        // In Matroska, time stamps are whole milliseconds.
        let rounded = (0..300).map(|frame| ms((frame * 1000 + 15) / 30)).collect();
        assert_eq!(Timeline::new(ms(0), rounded, ms(10_000)).unwrap().constant_rate_hz(), Some(30.0));
        let variable = Timeline::new(ms(0), vec![ms(0), ms(40), ms(100)], ms(120)).unwrap();
        assert_eq!(variable.constant_rate_hz(), None);
    }
}
