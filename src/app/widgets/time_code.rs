//! Moments and durations in words and digits.

use std::time::Duration;

use avar_base::time::MediaTime;
pub use avar_base::time::time_code;

/// As [`time_code`], without the digits that a ruler with this distance between ticks does not need.
pub fn ruler_code(time: MediaTime, step_s: f64) -> String {
    let full = time_code(time);
    let digits: usize = if step_s >= 1.0 { 0 } else { (-step_s.log10()).ceil().clamp(1.0, 3.0) as usize };
    let cut = if digits == 0 { 4 } else { 3 - digits };
    full[..full.len() - cut].to_owned()
}

/// `8 s left`, `2 min left`: no false precision.
pub fn time_left(left: Duration) -> String {
    let seconds = left.as_secs_f64().ceil() as u64;
    match seconds {
        0..=99 => format!("{seconds} s left"),
        100..=5_999 => format!("{} min left", seconds.div_ceil(60)),
        _ => format!("{} h left", seconds.div_ceil(3600)),
    }
}

/// A frame ordinal or a time code as a user types it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum GoToTarget {
    Frame(usize),
    /// From the start of the file.
    Time(MediaTime),
}

/// `1234` is a frame; `12.5s`, `0:12.5` and `1:02:03` are times.
pub fn parse_go_to(text: &str) -> Option<GoToTarget> {
    let text = text.trim();
    if let Ok(frame) = text.parse() {
        return Some(GoToTarget::Frame(frame));
    }
    let (clock, is_time) = match text.strip_suffix('s') {
        Some(seconds) => (seconds.trim(), true),
        None => (text, text.contains([':', '.'])),
    };
    let parts: Vec<f64> =
        clock.split(':').map(|part| part.parse().ok().filter(|s: &f64| *s >= 0.0)).collect::<Option<_>>()?;
    let seconds_s = parts.iter().fold(0.0, |sum, part| sum * 60.0 + part);
    (is_time && parts.len() <= 3 && seconds_s.is_finite()).then(|| GoToTarget::Time(MediaTime::from_seconds(seconds_s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ruler_shows_no_more_digits_than_its_ticks_need() {
        let time = MediaTime::from_seconds(62.5);
        assert_eq!(ruler_code(time, 5.0), "1:02");
        assert_eq!(ruler_code(time, 0.5), "1:02.5");
        assert_eq!(ruler_code(time, 0.02), "1:02.50");
        assert_eq!(ruler_code(time, 0.001), "1:02.500");
    }

    #[test]
    fn a_number_is_a_frame_and_a_clock_is_a_time() {
        assert_eq!(parse_go_to(" 120 "), Some(GoToTarget::Frame(120)));
        assert_eq!(parse_go_to("12.5s"), Some(GoToTarget::Time(MediaTime::from_seconds(12.5))));
        assert_eq!(parse_go_to("7 s"), Some(GoToTarget::Time(MediaTime::from_seconds(7.0))));
        assert_eq!(parse_go_to("1:02:03.5"), Some(GoToTarget::Time(MediaTime::from_seconds(3723.5))));
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in ["", "abc", "-5", "1:2:3:4", "1:-2", "NaNs", "infs"] {
            assert_eq!(parse_go_to(text), None, "{text}");
        }
    }

    #[test]
    fn the_time_left_is_rounded_up() {
        assert_eq!(time_left(Duration::from_millis(7200)), "8 s left");
        assert_eq!(time_left(Duration::from_secs(121)), "3 min left");
    }
}
