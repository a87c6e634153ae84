//! Ways that people and vehicles take, as places to be at times.

use super::super::view::{Point, length, mix, sub};
use super::gesture::{RUN_CYCLE_M, WALK_CYCLE_M, sneak, walk};
use super::pose::Pose;

/// Half the time over which corners are rounded.
const ROUNDING_S: f32 = 0.22;
/// Where the way begins to count as moving, and as a run.
const STILL_M_PER_S: f32 = 0.25;
const RUN_M_PER_S: (f32, f32) = (2.0, 3.6);

/// Places at times, in order, straight in between and at rest before and after.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    stops: Vec<(f32, Point)>,
    /// Heading while nothing moves.
    rest_yaw: f32,
}

impl Route {
    pub(crate) fn new(stops: Vec<(f32, Point)>, rest_yaw: f32) -> Self {
        Self { stops, rest_yaw }
    }

    /// From place to place at one speed, from `start_s` on.
    pub(crate) fn at_speed(places: &[Point], speed_m_per_s: f32, start_s: f32, rest_yaw: f32) -> Self {
        let mut time_s = start_s;
        let mut stops: Vec<(f32, Point)> = Vec::with_capacity(places.len());
        for &place in places {
            if let Some(&(_, before)) = stops.last() {
                time_s += length(sub(place, before)) / speed_m_per_s;
            }
            stops.push((time_s, place));
        }
        Self { stops, rest_yaw }
    }

    /// The same way, begun earlier and elsewhere.
    pub(crate) fn begun_at(mut self, start_s: f32, from: Point) -> Self {
        self.stops.insert(0, (start_s, from));
        self
    }

    pub(crate) fn at(&self, time_s: f32) -> Point {
        let (before, after) = (self.straight(time_s - ROUNDING_S), self.straight(time_s + ROUNDING_S));
        mix(mix(before, after, 0.5), self.straight(time_s), 0.34)
    }

    pub(crate) fn speed_m_per_s(&self, time_s: f32) -> f32 {
        length(self.way(time_s)) / (2.0 * ROUNDING_S)
    }

    /// Way covered since the first stop.
    pub(crate) fn covered_m(&self, time_s: f32) -> f32 {
        let mut covered = 0.0;
        for pair in self.stops.windows(2) {
            let ((from_s, from), (to_s, to)) = (pair[0], pair[1]);
            let share = ((time_s - from_s) / (to_s - from_s).max(1e-3)).clamp(0.0, 1.0);
            covered += share * length(sub(to, from));
        }
        covered
    }

    /// The way ahead while moving; then back to the heading at rest.
    pub(crate) fn yaw(&self, time_s: f32) -> f32 {
        let way = self.way(time_s);
        let share = (self.speed_m_per_s(time_s) / (2.0 * STILL_M_PER_S)).min(1.0);
        self.rest_yaw + turn_between(self.rest_yaw, way[0].atan2(way[2])) * share
    }

    /// Walks or runs the way, and stands where it rests.
    pub(crate) fn pose(&self, time_s: f32) -> Pose {
        let speed = self.speed_m_per_s(time_s);
        let run = ((speed - RUN_M_PER_S.0) / (RUN_M_PER_S.1 - RUN_M_PER_S.0)).clamp(0.0, 1.0);
        let cycle_m = WALK_CYCLE_M + (RUN_CYCLE_M - WALK_CYCLE_M) * run;
        let phase = self.covered_m(time_s) / cycle_m * std::f32::consts::TAU;
        let effort = (speed / 0.9).clamp(0.0, 1.0);
        walk(phase, run, effort).placed(self.at(time_s), self.yaw(time_s))
    }

    /// Steals along the way.
    pub(crate) fn sneaking(&self, time_s: f32) -> Pose {
        let phase = self.covered_m(time_s) / (0.7 * WALK_CYCLE_M) * std::f32::consts::TAU;
        let effort = (self.speed_m_per_s(time_s) / 0.5).clamp(0.0, 1.0);
        sneak(phase, effort).placed(self.at(time_s), self.yaw(time_s))
    }

    fn straight(&self, time_s: f32) -> Point {
        let after = self.stops.partition_point(|stop| stop.0 <= time_s);
        match (after.checked_sub(1).and_then(|before| self.stops.get(before)), self.stops.get(after)) {
            (Some(&(from_s, from)), Some(&(to_s, to))) => mix(from, to, (time_s - from_s) / (to_s - from_s)),
            (Some(&(_, place)), None) | (None, Some(&(_, place))) => place,
            (None, None) => [0.0; 3],
        }
    }

    fn way(&self, time_s: f32) -> Point {
        sub(self.straight(time_s + ROUNDING_S), self.straight(time_s - ROUNDING_S))
    }
}

/// Heading from one place to another.
pub(crate) fn heading(from: Point, to: Point) -> f32 {
    (to[0] - from[0]).atan2(to[2] - from[2])
}

/// The shorter turn from one heading to another, in -π..π.
pub(crate) fn turn_between(from: f32, to: f32) -> f32 {
    let turn = (to - from).rem_euclid(std::f32::consts::TAU);
    if turn > std::f32::consts::PI { turn - std::f32::consts::TAU } else { turn }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_rests_at_its_ends_and_covers_its_way_in_between() {
        let route = Route::at_speed(&[[0.0; 3], [3.0, 0.0, 0.0], [3.0, 0.0, 3.0]], 1.5, 2.0, 0.5);
        assert_eq!(route.at(0.0), [0.0; 3]);
        assert!(length(sub(route.at(9.0), [3.0, 0.0, 3.0])) < 1e-4);
        assert!((route.covered_m(4.0) - 3.0).abs() < 1e-4 && (route.speed_m_per_s(3.0) - 1.5).abs() < 1e-3);
        assert!((route.yaw(3.0) - std::f32::consts::FRAC_PI_2).abs() < 1e-3);
        assert_eq!(route.yaw(20.0), 0.5);
    }

    #[test]
    fn a_turn_takes_the_shorter_way() {
        assert!((turn_between(3.0, -3.0) - 0.283).abs() < 1e-2);
        assert!((turn_between(-3.0, 3.0) + 0.283).abs() < 1e-2);
    }
}
