//! The one time axis that every lane of the timeline shares: pure geometry between time and points.

use std::ops::RangeInclusive;

use avar_base::time::{MediaTime, TimeRange};

/// Nobody needs to see less than this across the whole axis.
const NARROWEST_S: f64 = 0.05;

/// Maps the visible range of time onto a stretch of points.
#[derive(Clone, Copy, Debug)]
pub struct TimeAxis {
    pub visible: TimeRange,
    pub left: f32,
    pub width: f32,
}

impl TimeAxis {
    pub fn x_of(&self, time: MediaTime) -> f32 {
        let offset_s = (time - self.visible.start).seconds();
        self.left + (offset_s / self.visible_s() * f64::from(self.width)) as f32
    }

    pub fn time_at(&self, x: f32) -> MediaTime {
        let fraction = f64::from(x - self.left) / f64::from(self.width.max(1.0));
        self.visible.start + MediaTime::from_seconds(fraction * self.visible_s())
    }

    /// The points between two moments, cut off at the ends of the axis; `None` where they lie outside.
    pub fn span(&self, range: TimeRange) -> Option<RangeInclusive<f32>> {
        let from = self.x_of(range.start).max(self.left);
        let to = self.x_of(range.end).min(self.left + self.width);
        (from <= to).then_some(from..=to)
    }

    /// Round moments for a ruler, at least `spacing` points apart, with the distance between two of them.
    /// `origin` is the moment that is written as zero.
    pub fn ticks(&self, spacing: f32, origin: MediaTime) -> (f64, Vec<MediaTime>) {
        let wanted_s = self.visible_s() * f64::from(spacing / self.width.max(1.0));
        let step_s = round_step(wanted_s);
        let first = ((self.visible.start - origin).seconds() / step_s).ceil() as i64;
        let last = ((self.visible.end - origin).seconds() / step_s).floor() as i64;
        let most = (self.width / spacing.max(1.0)) as i64 + 2;
        let tick = |i: i64| origin + MediaTime::from_seconds(i as f64 * step_s);
        (step_s, (first..=last.min(first.saturating_add(most))).map(tick).collect())
    }

    fn visible_s(&self) -> f64 {
        self.visible.duration_s().max(1e-9)
    }
}

/// The visible range after zooming by `factor` (above one: closer) around `anchor`, kept inside `whole`.
pub fn zoomed(visible: TimeRange, factor: f64, anchor: MediaTime, whole: TimeRange) -> TimeRange {
    let old_s = visible.duration_s().max(1e-9);
    let new_s = (old_s / factor.max(1e-6)).clamp(NARROWEST_S.min(whole.duration_s()), whole.duration_s().max(1e-9));
    let before = (anchor - visible.start).seconds() / old_s;
    let start = anchor - MediaTime::from_seconds(before * new_s);
    within(TimeRange::new(start, start + MediaTime::from_seconds(new_s)), whole)
}

/// The visible range moved by `offset`, kept inside `whole`.
pub fn panned(visible: TimeRange, offset: MediaTime, whole: TimeRange) -> TimeRange {
    within(TimeRange::new(visible.start + offset, visible.end + offset), whole)
}

/// The visible range turned so far that `time` is in it, with what was on the left now far enough to read on.
pub fn following(visible: TimeRange, time: MediaTime, whole: TimeRange) -> TimeRange {
    if visible.contains(time) || time == whole.end && visible.end == whole.end {
        return visible;
    }
    let lead = MediaTime::from_seconds(visible.duration_s() * 0.1);
    panned(visible, time - lead - visible.start, whole)
}

fn within(range: TimeRange, whole: TimeRange) -> TimeRange {
    let duration = range.duration().min(whole.duration());
    let start = range.start.min(whole.end - duration).max(whole.start);
    TimeRange::new(start, start + duration)
}

/// The next of 1, 2, 5 x 10^n below ten seconds, then of clock-like steps.
fn round_step(wanted_s: f64) -> f64 {
    const CLOCK_STEPS_S: [f64; 14] =
        [10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 43_200.0, 86_400.0];
    if wanted_s <= 5.0 {
        let power = 10f64.powf(wanted_s.max(1e-6).log10().floor());
        return [1.0, 2.0, 5.0, 10.0]
            .map(|digit| digit * power)
            .into_iter()
            .find(|step| *step >= wanted_s)
            .unwrap_or(power);
    }
    let days = (wanted_s / 86_400.0).ceil() * 86_400.0;
    CLOCK_STEPS_S.into_iter().find(|step| *step >= wanted_s).unwrap_or(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start_s: f64, end_s: f64) -> TimeRange {
        TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s))
    }

    fn axis(start_s: f64, end_s: f64) -> TimeAxis {
        TimeAxis { visible: range(start_s, end_s), left: 100.0, width: 1000.0 }
    }

    #[test]
    fn points_and_moments_map_both_ways() {
        let axis = axis(10.0, 20.0);
        assert_eq!(axis.x_of(MediaTime::from_seconds(15.0)), 600.0);
        assert_eq!(axis.time_at(600.0), MediaTime::from_seconds(15.0));
    }

    #[test]
    fn a_span_outside_of_the_axis_is_not_drawn() {
        let axis = axis(10.0, 20.0);
        assert_eq!(axis.span(range(0.0, 5.0)), None);
        assert_eq!(axis.span(range(0.0, 15.0)), Some(100.0..=600.0));
    }

    #[test]
    fn zooming_leaves_the_moment_under_the_pointer_where_it_is() {
        let whole = range(0.0, 100.0);
        let closer = zoomed(whole, 4.0, MediaTime::from_seconds(30.0), whole);
        assert_eq!(closer, range(22.5, 47.5));
    }

    #[test]
    fn zooming_out_ends_at_the_whole_file() {
        let whole = range(5.0, 25.0);
        assert_eq!(zoomed(range(10.0, 12.0), 1e-3, MediaTime::from_seconds(11.0), whole), whole);
    }

    #[test]
    fn panning_stops_at_both_ends() {
        let whole = range(0.0, 100.0);
        assert_eq!(panned(range(10.0, 20.0), MediaTime::from_seconds(-50.0), whole), range(0.0, 10.0));
        assert_eq!(panned(range(10.0, 20.0), MediaTime::from_seconds(500.0), whole), range(90.0, 100.0));
    }

    #[test]
    fn the_view_turns_the_page_when_the_playhead_leaves_it() {
        let whole = range(0.0, 100.0);
        assert_eq!(following(range(0.0, 10.0), MediaTime::from_seconds(5.0), whole), range(0.0, 10.0));
        assert_eq!(following(range(0.0, 10.0), MediaTime::from_seconds(10.0), whole), range(9.0, 19.0));
    }

    #[test]
    fn ticks_are_round_numbers_far_enough_apart() {
        let (step_s, ticks) = axis(0.0, 12.0).ticks(80.0, MediaTime::ZERO);
        assert_eq!(step_s, 1.0);
        assert_eq!(ticks.len(), 13);
        let (step_s, _) = axis(0.0, 7200.0).ticks(80.0, MediaTime::ZERO);
        assert_eq!(step_s, 600.0);
    }

    #[test]
    fn an_empty_file_gives_an_axis_without_ticks_by_the_thousand() {
        let (_, ticks) = axis(3.0, 3.0).ticks(80.0, MediaTime::ZERO);
        assert!(ticks.len() <= 20);
    }
}
