//! Time on a media file's own axis, and the identity of a frame.
//!
//! A frame is named by its *ordinal* (the n-th decoded picture in presentation order) and its PTS,
//! never by time x frames per second: variable frame rates and edit lists make that product wrong.

use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A moment on a file's time axis, in whole nanoseconds: `PTS x time base`, not shifted to zero.
///
/// Integers, so that moments can be compared and hashed; a file may start before or after zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MediaTime {
    nanoseconds: i64,
}

const NANOSECONDS_PER_S: i64 = 1_000_000_000;

impl MediaTime {
    /// Zero of the file's axis, which need not be where the recording starts.
    pub const ZERO: Self = Self { nanoseconds: 0 };

    /// So many nanoseconds after zero; negative: before it.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self { nanoseconds }
    }

    /// The nearest nanosecond; not-a-number becomes zero, and what does not fit saturates.
    pub fn from_seconds(seconds_s: f64) -> Self {
        Self { nanoseconds: (seconds_s * NANOSECONDS_PER_S as f64).round() as i64 }
    }

    /// `pts x time_base`, rounded to the nearest nanosecond.
    pub fn from_pts(pts: i64, time_base: TimeBase) -> Self {
        let denominator = i128::from(time_base.denominator);
        let scaled = i128::from(pts) * i128::from(time_base.numerator) * i128::from(NANOSECONDS_PER_S);
        let rounded = (scaled + denominator / 2).div_euclid(denominator);
        Self { nanoseconds: rounded.clamp(i64::MIN.into(), i64::MAX.into()) as i64 }
    }

    /// Whole nanoseconds after zero; negative: before it.
    pub const fn nanoseconds(self) -> i64 {
        self.nanoseconds
    }

    /// Seconds after zero, as near as an `f64` comes; negative: before it.
    pub fn seconds(self) -> f64 {
        self.nanoseconds as f64 / NANOSECONDS_PER_S as f64
    }

    /// The nearest PTS in `time_base`.
    pub fn to_pts(self, time_base: TimeBase) -> i64 {
        let unit = i128::from(time_base.numerator) * i128::from(NANOSECONDS_PER_S);
        let scaled = i128::from(self.nanoseconds) * i128::from(time_base.denominator);
        (scaled + unit / 2).div_euclid(unit).clamp(i64::MIN.into(), i64::MAX.into()) as i64
    }
}

/// In seconds, for people and scripts; nine digits after the point survive for a hundred days.
impl Serialize for MediaTime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.seconds())
    }
}

/// As it is serialised: from seconds, to the nearest nanosecond.
impl<'de> Deserialize<'de> for MediaTime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::from_seconds)
    }
}

impl Add for MediaTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { nanoseconds: self.nanoseconds.saturating_add(other.nanoseconds) }
    }
}

impl Sub for MediaTime {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { nanoseconds: self.nanoseconds.saturating_sub(other.nanoseconds) }
    }
}

/// `0:04.250`, `1:02:03.004`: hours only where there are any, always milliseconds; `-` before zero.
pub fn time_code(time: MediaTime) -> String {
    let milliseconds = (time.nanoseconds() as f64 / 1e6).round() as i64;
    let sign = if milliseconds < 0 { "-" } else { "" };
    let milliseconds = milliseconds.unsigned_abs();
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{sign}{minutes}:{seconds:02}.{rest:03}"),
        _ => format!("{sign}{hours}:{minutes:02}:{seconds:02}.{rest:03}"),
    }
}

/// The unit of a stream's PTS, in seconds: `numerator / denominator`, both above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct TimeBase {
    numerator: i32,
    denominator: i32,
}

impl TimeBase {
    /// `None` where a file states a unit that is not a positive fraction.
    pub const fn new(numerator: i32, denominator: i32) -> Option<Self> {
        if numerator > 0 && denominator > 0 { Some(Self { numerator, denominator }) } else { None }
    }

    /// Of the unit in seconds; above zero.
    pub fn numerator(self) -> i32 {
        self.numerator
    }

    /// Of the unit in seconds; above zero.
    pub fn denominator(self) -> i32 {
        self.denominator
    }
}

/// The ordinal of a decoded picture in presentation order, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameIndex(pub usize);

impl FrameIndex {
    /// The frame `count` frames on (negative: back), kept within `0..len`.
    pub fn offset_within(self, count: i64, len: usize) -> Self {
        let last = len.saturating_sub(1) as i64;
        Self((self.0 as i64).saturating_add(count).clamp(0, last) as usize)
    }
}

/// The moments `start <= t < end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct TimeRange {
    /// The first moment within.
    pub start: MediaTime,
    /// The first moment after; where it is not later than `start`, no moment is within.
    pub end: MediaTime,
}

impl TimeRange {
    /// The range as it is given: the ends are not put in order.
    pub fn new(start: MediaTime, end: MediaTime) -> Self {
        Self { start, end }
    }

    /// From start to end; negative where the end comes first.
    pub fn duration(self) -> MediaTime {
        self.end - self.start
    }

    /// As [`Self::duration`], in seconds.
    pub fn duration_s(self) -> f64 {
        self.duration().seconds()
    }

    /// Whether `start <= time < end`.
    pub fn contains(self, time: MediaTime) -> bool {
        self.start <= time && time < self.end
    }

    /// The nearest moment inside, the end included.
    pub fn clamp(self, time: MediaTime) -> MediaTime {
        time.max(self.start).min(self.end.max(self.start))
    }

    /// The smallest range that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(numerator: i32, denominator: i32) -> TimeBase {
        TimeBase::new(numerator, denominator).unwrap()
    }

    #[test]
    fn a_pts_survives_the_way_to_nanoseconds_and_back() {
        for (numerator, denominator) in [(1, 90_000), (1, 12_800), (1001, 30_000), (1, 1000), (1, 48_000)] {
            for pts in [-1001, -1, 0, 1, 33, 123_456_789] {
                let time_base = base(numerator, denominator);
                assert_eq!(
                    MediaTime::from_pts(pts, time_base).to_pts(time_base),
                    pts,
                    "{pts} x {numerator}/{denominator}"
                );
            }
        }
    }

    #[test]
    fn a_pts_in_thirds_rounds_to_the_nearest_nanosecond() {
        assert_eq!(MediaTime::from_pts(1, base(1, 3)).nanoseconds(), 333_333_333);
        assert_eq!(MediaTime::from_pts(2, base(1, 3)).nanoseconds(), 666_666_667);
        assert_eq!(MediaTime::from_pts(-1, base(1, 3)).nanoseconds(), -333_333_333);
    }

    #[test]
    fn a_time_base_that_is_no_positive_fraction_is_refused() {
        assert!(TimeBase::new(0, 1).is_none());
        assert!(TimeBase::new(1, 0).is_none());
        assert!(TimeBase::new(-1, 25).is_none());
    }

    #[test]
    fn stepping_past_either_end_stays_on_the_last_frame_there() {
        assert_eq!(FrameIndex(3).offset_within(-10, 20), FrameIndex(0));
        assert_eq!(FrameIndex(3).offset_within(100, 20), FrameIndex(19));
        assert_eq!(FrameIndex(0).offset_within(i64::MIN, 0), FrameIndex(0));
    }

    #[test]
    fn time_codes_carry_over_into_minutes_and_hours() {
        assert_eq!(time_code(MediaTime::from_seconds(4.25)), "0:04.250");
        assert_eq!(time_code(MediaTime::from_seconds(59.9996)), "1:00.000");
        assert_eq!(time_code(MediaTime::from_seconds(3723.004)), "1:02:03.004");
        assert_eq!(time_code(MediaTime::from_seconds(-0.5)), "-0:00.500");
    }

    #[test]
    fn a_range_is_half_open() {
        let range = TimeRange::new(MediaTime::from_seconds(1.0), MediaTime::from_seconds(2.0));
        assert!(range.contains(range.start));
        assert!(!range.contains(range.end));
        assert_eq!(range.clamp(MediaTime::from_seconds(9.0)), range.end);
    }
}
