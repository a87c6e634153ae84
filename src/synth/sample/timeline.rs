//! Who does what when: the choreography that picture and sound share. Seconds from the clip's start.

use std::f32::consts::TAU;

use super::car::{Car, CarLights, LENGTH_M};
use super::lamp::Lamp;
use super::person::{Gait, Person};
use super::scene::KERB_Y_PX;
use crate::drawing::canvas::Ink;
use crate::drawing::motion::{area_until, ease, value_at};

pub(super) const PX_PER_M: f32 = 30.0;
pub(super) const BRAKE_S: f32 = 5.52;
/// The start of a frame (25 per second), so that the flash is seen when the crash is heard.
pub(super) const IMPACT_S: f32 = 6.0;
pub(super) const STARTLE_S: f32 = 6.12;
pub(super) const HAZARDS_S: f32 = 6.9;
pub(super) const ALARM_S: std::ops::Range<f32> = 7.0..8.48;
pub(super) const LAMP_DARK_S: f32 = 6.92;

pub(super) const IMPACT_LAMP_X_PX: f32 = 412.0;
pub(super) const LAMP_FOOT_Y_PX: f32 = KERB_Y_PX - 1.0;
const OTHER_LAMP_X_PX: f32 = 118.0;
const WALKER_START_X_PX: f32 = 20.0;
const WALKER_Y_PX: f32 = KERB_Y_PX - 11.0;
const CRUSH_M: f32 = 0.62;

/// Speed of the car in metres per second.
pub(super) const CAR_SPEED: [(f32, f32); 5] =
    [(0.0, 10.5), (BRAKE_S, 10.5), (IMPACT_S, 6.4), (IMPACT_S + 0.06, 0.0), (12.0, 0.0)];
/// The car leaves its lane for the kerb; Y of its wheels in pixels.
const CAR_Y: [(f32, f32); 2] = [(BRAKE_S + 0.02, 273.0), (IMPACT_S, 247.0)];
const CAR_PITCH: [(f32, f32); 7] = [
    (BRAKE_S, 0.0),
    (BRAKE_S + 0.15, 0.028),
    (IMPACT_S, 0.03),
    (6.06, 0.085),
    (6.24, -0.012),
    (6.42, 0.008),
    (6.6, 0.0),
];
const LAMP_TILT: [(f32, f32); 5] = [(IMPACT_S, 0.0), (6.08, 0.135), (6.2, 0.075), (6.32, 0.105), (6.5, 0.095)];
/// The person's speed in metres per second, without its direction.
const WALKER_SPEED: [(f32, f32); 8] =
    [(0.0, 1.3), (STARTLE_S, 1.3), (6.3, 0.0), (6.55, 0.0), (6.9, 3.9), (7.9, 3.9), (8.7, 0.0), (12.0, 0.0)];
const WALKER_TURNS_S: f32 = 6.42;
/// When he is at a safe distance he looks back.
const WALKER_LOOKS_BACK_S: (f32, f32) = (9.1, 9.3);

pub(super) fn car(time_s: f32) -> Car {
    let travelled_m = area_until(&CAR_SPEED, time_s) - area_until(&CAR_SPEED, IMPACT_S);
    let hit = ease(IMPACT_S, IMPACT_S + 0.07, time_s);
    let recoil_m = 0.14 * ease(IMPACT_S + 0.08, IMPACT_S + 0.4, time_s);
    // The nose stops at the post, and what lies behind it moves on by what the front gives way.
    let nose_at_impact_px = IMPACT_LAMP_X_PX + 3.0;
    let past_impact_m = if time_s > IMPACT_S { CRUSH_M * hit - recoil_m } else { travelled_m };
    let x_px = nose_at_impact_px + (past_impact_m - LENGTH_M / 2.0) * PX_PER_M;
    let share = ease(CAR_Y[0].0, CAR_Y[1].0, time_s);
    Car {
        x_px,
        ground_y_px: CAR_Y[0].1 + (CAR_Y[1].1 - CAR_Y[0].1) * share,
        px_per_m: PX_PER_M,
        pitch_rad: value_at(&CAR_PITCH, time_s),
        wheel_turn_rad: travelled_m.min(0.0) / 0.33,
        crush_m: CRUSH_M * hit,
        body: 0x93302c,
        sheen: Ink::light(0xffd2a8).alpha(0.55),
        lights: car_lights(time_s),
        has_driver: true,
    }
}

fn car_lights(time_s: f32) -> CarLights {
    let braking = (BRAKE_S..IMPACT_S + 0.5).contains(&time_s);
    let head = if time_s < IMPACT_S { 1.0 } else { flicker(time_s - IMPACT_S, 0.55) };
    let blink = time_s >= HAZARDS_S && (time_s - HAZARDS_S).rem_euclid(0.72) < 0.38;
    CarLights { head, tail: 1.0, brake: f32::from(u8::from(braking)), hazard: f32::from(u8::from(blink)) }
}

/// A car that stands with its lights off.
pub(super) fn parked_car(x_px: f32, ground_y_px: f32, px_per_m: f32, body: u32, sheen: Ink) -> Car {
    Car {
        x_px,
        ground_y_px,
        px_per_m,
        pitch_rad: 0.0,
        wheel_turn_rad: 0.4,
        crush_m: 0.0,
        body,
        sheen,
        lights: CarLights::default(),
        has_driver: false,
    }
}

pub(super) fn walker(time_s: f32) -> Person {
    let way_m = area_until(&WALKER_SPEED, time_s);
    let out_m = way_m.min(area_until(&WALKER_SPEED, WALKER_TURNS_S));
    let back_m = way_m - out_m;
    let gait = walker_gait(time_s);
    let turn = 1.0 - 2.0 * ease(WALKER_TURNS_S - 0.09, WALKER_TURNS_S + 0.09, time_s)
        + 2.0 * ease(WALKER_LOOKS_BACK_S.0, WALKER_LOOKS_BACK_S.1, time_s);
    Person {
        x_px: WALKER_START_X_PX + (out_m - back_m) * PX_PER_M,
        ground_y_px: WALKER_Y_PX,
        px_per_m: PX_PER_M * 1.04,
        facing: if turn.abs() < 0.3 { 0.3 * turn.signum() } else { turn },
        gait,
        phase_rad: TAU * (out_m / Gait::WALK.cycle_m + back_m / Gait::RUN.cycle_m),
        coat: 0x2f6f86,
        trousers: 0x1c1d2c,
    }
}

fn walker_gait(time_s: f32) -> Gait {
    let speed = value_at(&WALKER_SPEED, time_s);
    let standing = 1.0 - (speed / 1.0).min(1.0);
    let running = ((speed - 1.3) / 2.0).clamp(0.0, 1.0);
    Gait::WALK.toward(Gait::RUN, running).toward(Gait::STAND, standing)
}

/// When the walker's feet strike the ground, and how hard (1 for a walk).
pub(super) fn footfalls(until_s: f32) -> Vec<(f32, f32)> {
    let step_s = 0.002;
    let half_cycles = |time_s: f32| ((walker(time_s).phase_rad / TAU - 0.25) * 2.0).floor();
    (1..(until_s / step_s) as usize)
        .map(|step| step as f32 * step_s)
        .filter(|&time_s| half_cycles(time_s) > half_cycles(time_s - step_s))
        .map(|time_s| (time_s, (value_at(&WALKER_SPEED, time_s) / 1.3).clamp(0.4, 2.2)))
        .collect()
}

/// The lamp at the left, which stays lit.
pub(super) fn other_lamp() -> Lamp {
    Lamp { x_px: OTHER_LAMP_X_PX, ground_y_px: LAMP_FOOT_Y_PX, px_per_m: PX_PER_M, tilt_rad: 0.0, level: 1.0 }
}

/// The lamp that is hit.
pub(super) fn struck_lamp(time_s: f32) -> Lamp {
    let tilt_rad = value_at(&LAMP_TILT, time_s);
    let level = if time_s < IMPACT_S { 1.0 } else { flicker(time_s - IMPACT_S, LAMP_DARK_S - IMPACT_S) };
    Lamp { x_px: IMPACT_LAMP_X_PX, ground_y_px: LAMP_FOOT_Y_PX, px_per_m: PX_PER_M, tilt_rad, level }
}

/// A light that fails: brightness at `age_s` after the blow, dark for good after `life_s`.
fn flicker(age_s: f32, life_s: f32) -> f32 {
    const LEVELS: [f32; 12] = [0.25, 1.0, 0.1, 0.0, 0.85, 0.35, 0.0, 0.6, 0.0, 0.0, 0.45, 0.12];
    let position = (age_s / life_s * LEVELS.len() as f32) as usize;
    LEVELS.get(position).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nose_x_px(car: &Car) -> f32 {
        car.x_px + (LENGTH_M / 2.0 - car.crush_m) * car.px_per_m
    }

    #[test]
    fn the_car_reaches_the_post_at_the_impact_and_never_passes_it() {
        assert!((nose_x_px(&car(IMPACT_S)) - IMPACT_LAMP_X_PX).abs() < 5.0);
        for step in 0..1200 {
            assert!(nose_x_px(&car(step as f32 * 0.01)) < IMPACT_LAMP_X_PX + 5.0, "at {} s", step as f32 * 0.01);
        }
    }

    #[test]
    fn nobody_jumps_from_one_frame_to_the_next() {
        for frame in 1..300 {
            let (before_s, now_s) = ((frame - 1) as f32 / 25.0, frame as f32 / 25.0);
            let walked_px = (walker(now_s).x_px - walker(before_s).x_px).abs();
            let driven_px = (car(now_s).x_px - car(before_s).x_px).abs();
            assert!(walked_px < 5.0 && driven_px < 13.0, "frame {frame}: {walked_px} px walked, {driven_px} px driven");
        }
    }

    #[test]
    fn the_walker_flees_from_the_wreck_and_stays_in_the_picture() {
        assert!(walker(9.0).x_px < walker(STARTLE_S).x_px - 100.0);
        assert!(walker(12.0).x_px > 20.0);
    }

    #[test]
    fn feet_strike_faster_in_flight_than_in_a_walk() {
        let steps = footfalls(12.0);
        let within = |from_s: f32, to_s: f32| steps.iter().filter(|step| (from_s..to_s).contains(&step.0)).count();
        assert!(within(6.9, 7.9) > within(3.0, 4.0));
        assert_eq!(within(9.5, 12.0), 0);
    }
}
