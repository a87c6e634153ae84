//! Vehicles on their way: passing, parking, and a patrol car with its blue lights on.

use std::f32::consts::{FRAC_PI_2, PI};

use super::super::actors::vehicle::{Kind, Vehicle};
use super::super::view::{Point, add};
use super::{Act, Cast, Figure, Stage};
use crate::drawing::motion::ease;
use crate::random::Random;

const WHEEL_RADIUS_M: f32 = 0.32;
/// Double flashes of the blue lights, left and right in turn.
const BEACON_HZ: f32 = 1.9;

/// The lane of a direction (1 to the right): a depth on the road, or across the stage where there is none.
fn lane_z(stage: &Stage, way: f32) -> f32 {
    stage.set.road_z.map_or(0.6, |(near, far)| {
        let share = if way > 0.0 { 0.27 } else { 0.73 };
        near + (far - near) * share
    })
}

fn gone_m(stage: &Stage, z: f32) -> f32 {
    stage.set.wing(1.0, z)[0].max(-stage.set.wing(-1.0, z)[0]) + 4.0
}

pub(super) fn passing(stage: &Stage, random: &mut Random) -> Act {
    let duration_s = stage.scenario.duration_s;
    let cars: Vec<(Vehicle, f32, f32, f32)> = (0..1 + random.bits() % 3)
        .map(|index| {
            let way = if (random.bits() + index).is_multiple_of(2) { 1.0 } else { -1.0 };
            let (kind, rgb) = stage.style.vehicle(random);
            let speed = random.between(4.0, 9.0) * stage.tempo;
            let mut car = Vehicle::parked(kind, rgb, [0.0, 0.0, lane_z(stage, way)], way * FRAC_PI_2);
            car.has_headlights = stage.set.is_night;
            (car, way, speed, duration_s * (index as f32 + random.between(0.15, 0.85)) / 3.0)
        })
        .collect();
    let gone_m = gone_m(stage, 4.0);
    Box::new(move |time_s, cast: &mut Cast| {
        for (car, way, speed, passes_s) in &cars {
            let along = speed * (time_s - passes_s);
            if along.abs() < gone_m {
                let mut car = *car;
                car.at[0] = way * along;
                car.wheel_turn = along / WHEEL_RADIUS_M;
                cast.figures.push(Figure::Vehicle(car));
            }
        }
    })
}

/// Rolls in, brakes, stops close behind another car, and later drives off: all without touching it.
pub(super) fn parking(stage: &Stage, random: &mut Random) -> Act {
    let way = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let z = lane_z(stage, way);
    let (kind, rgb) = stage.style.vehicle(random);
    let (other_kind, other_rgb) = stage.style.vehicle(random);
    let stop_x = random.between(-1.5, 1.5);
    let ahead =
        stop_x + way * (Vehicle::half_length_m(kind) + Vehicle::half_length_m(other_kind) + random.between(0.5, 1.2));
    let other = Vehicle::parked(other_kind, other_rgb, [ahead, 0.0, z], way * FRAC_PI_2);
    let is_night = stage.set.is_night;
    let stops_s = stage.scenario.duration_s * random.between(0.3, 0.5);
    let speed = random.between(4.0, 8.0) * stage.tempo;
    let brakes_s = random.between(0.9, 1.6);
    Box::new(move |time_s, cast: &mut Cast| {
        let before_s = (stops_s - time_s).max(0.0);
        // Evenly braked to a stop, after an even speed.
        let way_m = if before_s < brakes_s {
            speed * before_s * before_s / (2.0 * brakes_s)
        } else {
            speed * (before_s - brakes_s / 2.0)
        };
        let mut car = Vehicle::parked(kind, rgb, [stop_x - way * way_m, 0.0, z], way * FRAC_PI_2);
        car.wheel_turn = -way_m / WHEEL_RADIUS_M;
        car.brakes = before_s < brakes_s && time_s < stops_s + 1.0;
        car.pitch = if before_s > 0.0 && before_s < brakes_s { 0.03 } else { 0.0 };
        car.has_headlights = is_night && time_s < stops_s + 1.5;
        cast.figures.push(Figure::Vehicle(other));
        cast.figures.push(Figure::Vehicle(car));
    })
}

/// Passes, or stops on the way; seen with its siren heard and without.
pub(super) fn patrol(stage: &Stage, random: &mut Random) -> Act {
    let way = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let z = lane_z(stage, way);
    let middle_s =
        stage.scenario.event_s.as_ref().map_or(stage.scenario.duration_s * random.between(0.3, 0.7), |event_s| {
            (event_s.start + event_s.end) / 2.0
        });
    let speed = random.between(5.0, 9.0) * stage.tempo;
    let stays = random.unit() < 0.4;
    let stop_x = random.between(-2.0, 2.0);
    let gone_m = gone_m(stage, z);
    let (is_night, is_infrared) = (stage.set.is_night, stage.set.is_infrared);
    let rgb = if random.unit() < 0.7 { 0xd8dadc } else { 0x2a2e38 };
    Box::new(move |time_s, cast: &mut Cast| {
        let along = speed * (time_s - middle_s);
        let x = if stays && along > -4.0 {
            stop_x - way * 4.0 * (-(along + 4.0) / 4.0).exp()
        } else {
            stop_x + way * along
        };
        if (x - stop_x).abs() > gone_m {
            return;
        }
        let at: Point = add([x, 0.0, z], [0.0; 3]);
        let mut car = Vehicle::parked(Kind::Patrol, rgb, at, way * FRAC_PI_2);
        car.wheel_turn = way * (x - stop_x) / WHEEL_RADIUS_M;
        car.has_headlights = is_night;
        let blink = |shift: f32| {
            let phase = (time_s * BEACON_HZ + shift).fract();
            let double = (phase * 4.0 * PI).sin().max(0.0);
            if phase < 0.5 { double } else { 0.0 }
        };
        car.beacon = [blink(0.0), blink(0.5)];
        let near = 1.0 - ease(4.0, gone_m, (x - stop_x).abs());
        let level = (car.beacon[0] + car.beacon[1]) * near * if is_night { 0.16 } else { 0.03 };
        let blue = if is_infrared { [0.6; 3] } else { [0.1, 0.25, 1.0] };
        cast.flood.iter_mut().zip(blue).for_each(|(flood, channel)| *flood += channel * level);
        cast.figures.push(Figure::Vehicle(car));
    })
}
