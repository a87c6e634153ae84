//! The playback clock: where on the file's time axis playback stands at an instant.
//!
//! It stores `PTS - speed x now` and is read by adding `speed x now`, so nothing ticks and nothing
//! accumulates. Pure: every instant comes from the caller. While there is sound, the sound device is
//! the master and [`Clock::follow`] keeps the clock on what is heard without ever turning it back.

use std::time::{Duration, Instant};

use avar_base::time::MediaTime;

/// Further apart than this (seconds of wall time), the clock jumps forward or waits instead of drifting.
/// Below the 40 ms within which sound and picture must stay.
const SNAP_S: f64 = 0.03;
/// The share of a small difference that one call of `follow` takes away.
const GAIN: f64 = 0.2;
/// The most that `follow` bends the clock's speed; below 1, so that time never runs backwards.
const MAX_BEND: f64 = 0.25;

/// A clock that is paused or runs at a speed; negative speeds run backwards.
#[derive(Clone, Debug)]
pub struct Clock {
    epoch: Instant,
    speed: f64,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Paused(MediaTime),
    /// `offset` is the position minus `speed x (now - epoch)`; `floor` is where `follow` last put the clock.
    Running {
        offset: MediaTime,
        floor: Option<(Instant, MediaTime)>,
    },
}

impl Clock {
    /// Paused at `position`; `epoch` is any instant, from which the others are counted.
    pub fn new(epoch: Instant, position: MediaTime) -> Self {
        Self { epoch, speed: 1.0, state: State::Paused(position) }
    }

    /// Where it stands at `now`, on the file's own axis; not kept within the file.
    pub fn position(&self, now: Instant) -> MediaTime {
        match self.state {
            State::Paused(position) => position,
            State::Running { offset, .. } => offset + self.travelled(now),
        }
    }

    /// Seconds of the file in a second of wall time, while paused as well; negative: backwards.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// False while paused.
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Runs on from the present position.
    pub fn play(&mut self, now: Instant) {
        if !self.is_running() {
            self.run_from(now, self.position(now));
        }
    }

    /// Stays at the present position.
    pub fn pause(&mut self, now: Instant) {
        self.state = State::Paused(self.position(now));
    }

    /// Moves to `target`, running or paused as before.
    pub fn seek(&mut self, now: Instant, target: MediaTime) {
        match self.state {
            State::Paused(_) => self.state = State::Paused(target),
            State::Running { .. } => self.run_from(now, target),
        }
    }

    /// Goes on at another speed from the present position.
    pub fn set_speed(&mut self, now: Instant, speed: f64) {
        let position = self.position(now);
        self.speed = speed;
        self.seek(now, position);
    }

    /// Draws a running forward clock towards `heard`, the position that the ear is at.
    ///
    /// Small differences are bent away over a few calls. Above 30 ms the clock jumps forward, or waits for
    /// sound that is late; it never goes back.
    pub fn follow(&mut self, now: Instant, heard: MediaTime) {
        let State::Running { floor, .. } = self.state else { return };
        if self.speed <= 0.0 {
            return;
        }
        let present = self.position(now);
        let (since, floor) = floor.unwrap_or((now, present.min(heard)));
        let ahead_s = (heard - present).seconds() / self.speed;
        let next = if ahead_s.abs() > SNAP_S {
            heard
        } else {
            let most_s = MAX_BEND * signed_s(now, since).max(0.0);
            present + MediaTime::from_seconds((ahead_s * GAIN).clamp(-most_s, most_s) * self.speed)
        };
        let next = next.max(floor);
        self.run_from(now, next);
        if let State::Running { floor, .. } = &mut self.state {
            *floor = Some((now, next));
        }
    }

    /// How long until the clock reaches `target`; `None` while paused or once it lies behind.
    pub fn time_until(&self, now: Instant, target: MediaTime) -> Option<Duration> {
        let left_s = (target - self.position(now)).seconds() / self.speed;
        (self.is_running() && left_s > 0.0).then(|| Duration::from_secs_f64(left_s.min(86_400.0)))
    }

    fn run_from(&mut self, now: Instant, position: MediaTime) {
        self.state = State::Running { offset: position - self.travelled(now), floor: None };
    }

    fn travelled(&self, now: Instant) -> MediaTime {
        MediaTime::from_seconds(signed_s(now, self.epoch) * self.speed)
    }
}

/// `later - earlier` in seconds, negative the other way round.
fn signed_s(later: Instant, earlier: Instant) -> f64 {
    match later.checked_duration_since(earlier) {
        Some(ahead) => ahead.as_secs_f64(),
        None => -earlier.duration_since(later).as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(epoch: Instant, ms: u64) -> Instant {
        epoch + Duration::from_millis(ms)
    }

    fn seconds(s: f64) -> MediaTime {
        MediaTime::from_seconds(s)
    }

    fn assert_near(actual: MediaTime, expected_s: f64) {
        assert!((actual.seconds() - expected_s).abs() < 1e-6, "{} is not {expected_s}", actual.seconds());
    }

    #[test]
    fn a_paused_clock_stands_still_and_a_running_one_keeps_wall_time() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, seconds(5.0));
        assert_near(clock.position(at(epoch, 700)), 5.0);
        clock.play(at(epoch, 1000));
        assert_near(clock.position(at(epoch, 3500)), 7.5);
        clock.pause(at(epoch, 4000));
        assert_near(clock.position(at(epoch, 9000)), 8.0);
    }

    #[test]
    fn a_change_of_speed_or_direction_does_not_jump() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, seconds(10.0));
        clock.play(epoch);
        for (speed, ms, expected_s) in [(2.0, 1000, 11.0), (0.25, 2000, 13.0), (-1.0, 6000, 14.0), (-8.0, 7000, 13.0)] {
            assert_near(clock.position(at(epoch, ms)), expected_s);
            clock.set_speed(at(epoch, ms), speed);
            assert_near(clock.position(at(epoch, ms)), expected_s);
        }
        assert_near(clock.position(at(epoch, 7500)), 9.0);
    }

    #[test]
    fn a_seek_moves_a_clock_that_runs_and_one_that_does_not() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, MediaTime::ZERO);
        clock.seek(epoch, seconds(3.0));
        assert_near(clock.position(at(epoch, 100)), 3.0);
        clock.play(at(epoch, 100));
        clock.seek(at(epoch, 200), seconds(-2.0));
        assert_near(clock.position(at(epoch, 300)), -1.9);
    }

    #[test]
    fn a_device_that_runs_slow_is_followed_closely_and_without_a_jump() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, MediaTime::ZERO);
        clock.play(epoch);
        let mut before = MediaTime::ZERO;
        for ms in (0..60_000).step_by(16) {
            let now = at(epoch, ms);
            // Half a percent slow, and reported with a jitter of up to 8 ms.
            let heard_s = ms as f64 / 1000.0 * 0.995;
            clock.follow(now, seconds(heard_s + ((ms * 7919) % 17) as f64 / 1000.0 - 0.008));
            let position = clock.position(now);
            assert!(position >= before && position - before < seconds(0.024), "{ms} ms: {before:?} to {position:?}");
            assert!((position.seconds() - heard_s).abs() < 0.012, "{ms} ms: off by {}", position.seconds() - heard_s);
            before = position;
        }
    }

    #[test]
    fn a_clock_waits_for_sound_that_stalls_and_goes_on_with_it() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, MediaTime::ZERO);
        clock.play(epoch);
        let mut highest = MediaTime::ZERO;
        for ms in (0..2000).step_by(10) {
            // The sound stands still between 0.5 s and 1.5 s.
            let heard_s = if ms < 500 { ms } else { 500 + (ms - 500_u64).saturating_sub(1000) } as f64 / 1000.0;
            clock.follow(at(epoch, ms), seconds(heard_s));
            let position = clock.position(at(epoch, ms));
            assert!(position >= highest, "back from {highest:?} to {position:?}");
            assert!((position.seconds() - heard_s).abs() <= 0.031, "{ms} ms: {position:?} against {heard_s}");
            highest = position;
        }
    }

    #[test]
    fn the_time_left_counts_in_wall_time() {
        let epoch = Instant::now();
        let mut clock = Clock::new(epoch, MediaTime::ZERO);
        assert_eq!(clock.time_until(epoch, seconds(1.0)), None);
        clock.play(epoch);
        clock.set_speed(epoch, 2.0);
        assert_eq!(clock.time_until(epoch, seconds(1.0)), Some(Duration::from_millis(500)));
        clock.set_speed(epoch, -2.0);
        assert_eq!(clock.time_until(epoch, seconds(1.0)), None);
        assert_eq!(clock.time_until(epoch, seconds(-1.0)), Some(Duration::from_millis(500)));
    }
}
