//! The step grid: the moments for which the network gives scores.
//!
//! Step `k` stands for the time `start + k/rate .. start + (k+1)/rate`. Its picture is the frame that is on
//! screen when it starts, so that "the newest step at or before the playhead" is also the step whose
//! picture was seen; its sound is everything heard during it.

use avar_base::time::{MediaTime, TimeRange};

/// The default of the desk: a quarter of a second holds 12 or 13 sound tokens and is shorter than any of the ten events.
pub const DEFAULT_STEPS_PER_SECOND: f64 = 4.0;

/// Finer than this and neighbouring steps share a frame; coarser, and a shot falls between two.
pub const STEPS_PER_SECOND_RANGE: std::ops::RangeInclusive<f64> = 0.1..=50.0;

/// A file longer than a year is a broken time stamp, not a recording.
const LONGEST_S: f64 = 366.0 * 24.0 * 3600.0;

/// Steps of one length that cover a file, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepGrid {
    range: TimeRange,
    steps_per_second: f64,
    len: usize,
}

/// Why there is no grid.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepGridError {
    /// Steps a second outside of [`STEPS_PER_SECOND_RANGE`], or not a number; what was asked for, as text.
    #[error("steps per second must lie between 0.1 and 50, not {0}")]
    Rate(String),
    /// The range is longer than 366 days.
    #[error("the time stamps span more than a year, so they cannot be right")]
    TooLong,
}

impl StepGrid {
    /// Steps that cover `range`; the last one may reach past its end. A range that is not empty has at least one step.
    pub fn new(range: TimeRange, steps_per_second: f64) -> Result<Self, StepGridError> {
        if !STEPS_PER_SECOND_RANGE.contains(&steps_per_second) {
            return Err(StepGridError::Rate(steps_per_second.to_string()));
        }
        let duration_s = range.duration_s().max(0.0);
        if duration_s > LONGEST_S {
            return Err(StepGridError::TooLong);
        }
        // A container rounds its duration to its own time base: a millisecond too much is no step of its own.
        let len = ((duration_s * steps_per_second) - 1e-3 * steps_per_second).ceil().max(0.0) as usize;
        let len = if duration_s > 0.0 { len.max(1) } else { 0 };
        Ok(Self { range, steps_per_second, len })
    }

    /// How many steps.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no step, as in a file without any time.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// In Hz, as it was asked for.
    pub fn steps_per_second(&self) -> f64 {
        self.steps_per_second
    }

    /// From the start of the first step to the end of the file.
    pub fn range(&self) -> TimeRange {
        self.range
    }

    /// When step `step` starts.
    pub fn start_of(&self, step: usize) -> MediaTime {
        self.range.start + MediaTime::from_seconds(step as f64 / self.steps_per_second)
    }

    /// The time that step `step` stands for.
    pub fn range_of(&self, step: usize) -> TimeRange {
        TimeRange::new(self.start_of(step), self.start_of(step + 1))
    }

    /// The step that holds `time`; the first or the last one outside of the grid, `None` where there is none.
    pub fn step_at(&self, time: MediaTime) -> Option<usize> {
        let last = self.len.checked_sub(1)?;
        // Half a nanosecond's worth of rounding must not put a step's own start into the step before it.
        let position = (time - self.range.start).seconds() * self.steps_per_second + 1e-6;
        Some((position.max(0.0).floor() as usize).min(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(start_s: f64, end_s: f64, steps_per_second: f64) -> StepGrid {
        let range = TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s));
        StepGrid::new(range, steps_per_second).unwrap()
    }

    #[test]
    fn steps_cover_the_whole_range() {
        assert_eq!(grid(0.0, 10.0, 4.0).len(), 40);
        assert_eq!(grid(0.0, 10.1, 4.0).len(), 41);
        assert_eq!(grid(1.5, 1.6, 4.0).len(), 1);
        assert_eq!(grid(5.0, 5.0, 4.0).len(), 0);
    }

    #[test]
    fn a_duration_that_the_container_rounded_up_adds_no_step() {
        assert_eq!(grid(0.0, 10.0005, 4.0).len(), 40);
    }

    #[test]
    fn every_step_holds_its_own_start() {
        for steps_per_second in [0.1, 1.0, 3.0, 4.0, 7.3, 50.0] {
            let grid = grid(1.4, 90.0, steps_per_second);
            for step in 0..grid.len() {
                assert_eq!(grid.step_at(grid.start_of(step)), Some(step), "{step} at {steps_per_second}");
            }
        }
    }

    #[test]
    fn moments_outside_belong_to_the_first_and_the_last_step() {
        let grid = grid(10.0, 12.0, 4.0);
        assert_eq!(grid.step_at(MediaTime::ZERO), Some(0));
        assert_eq!(grid.step_at(MediaTime::from_seconds(99.0)), Some(7));
    }

    #[test]
    fn a_rate_out_of_range_is_refused() {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(1.0));
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 51.0] {
            assert!(matches!(StepGrid::new(range, rate), Err(StepGridError::Rate(_))), "{rate}");
        }
    }

    #[test]
    fn time_stamps_that_span_years_are_refused() {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_nanoseconds(i64::MAX));
        assert_eq!(StepGrid::new(range, 4.0), Err(StepGridError::TooLong));
    }
}
