//! A vehicle runs into another, or into a post.

use std::f32::consts::{FRAC_PI_2, PI};

use super::super::actors::particles::{Debris, Smoke};
use super::super::actors::vehicle::Vehicle;
use super::super::view::{Point, add, scale};
use super::{Act, Cast, Figure, Stage};
use crate::drawing::motion::ease;
use crate::random::Random;

/// What is run into.
enum Obstacle {
    /// A vehicle that stands along the road, or across it.
    Standing(Vehicle),
    /// A vehicle that comes the other way.
    Oncoming(Vehicle),
    Post {
        at: Point,
    },
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let hit_s = impacts_s.first().copied().unwrap_or(event_s.start);
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    // Cars and buildings leave more room outdoors than in a hall.
    let fast =
        if stage.set.place.is_outdoors() { random.between(6.0, 10.0) } else { random.between(3.0, 4.5) } * stage.tempo;
    let at: Point = [random.between(-1.2, 1.2), 0.0, random.between(-1.0, 1.4)];
    let yaw = side * (FRAC_PI_2 + random.between(-0.3, 0.3));
    let along = [yaw.sin(), 0.0, yaw.cos()];
    let (kind, rgb) = stage.style.vehicle(random);
    let (other_kind, other_rgb) = stage.style.vehicle(random);
    let reach = Vehicle::half_length_m(kind);
    let other_reach = Vehicle::half_length_m(other_kind);
    let other = |distance: f32, yaw: f32| Vehicle::parked(other_kind, other_rgb, add(at, scale(along, distance)), yaw);
    let obstacle = match random.bits() % 4 {
        0 => Obstacle::Post { at: add(at, scale(along, 0.06)) },
        1 => Obstacle::Standing(other(other_reach, yaw + 0.08 * random.signed())),
        2 => Obstacle::Standing(other(0.88, yaw + FRAC_PI_2 + 0.2 * random.signed())),
        _ => Obstacle::Oncoming(other(other_reach, yaw + PI)),
    };
    let post_rgb = stage.style.surface((0.3, 0.7), random);
    let spin = random.between(0.15, 0.6) * if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let crush_m = random.between(0.35, 0.75);
    let pushed_m = random.between(0.4, 1.1);
    let front = add(at, [0.0, 0.6, 0.0]);
    let pieces = [0x2a2d38, 0xa9b4c4, 0x9aa0a4, rgb, other_rgb];
    let burst = |random: &mut Random, count: u32| {
        Debris::new(front, scale(along, fast * 0.25), 4.6, count, 0.15, &pieces, random)
    };
    let bursts = [burst(random, 44), burst(random, 16)];
    let smoke =
        Smoke::new(front, (event_s.end - hit_s + 1.5).max(3.0), 1.0, random.between(0.6, 0.9), 0xb8b6b8, random);
    let dust = Smoke::new(add(at, [0.0, 0.15, 0.0]), 2.4, 1.5, 0.8, 0xa89c8c, random);
    let is_night = stage.set.is_night;
    let brakes_s = random.between(0.25, 0.7);
    Box::new(move |time_s, cast: &mut Cast| {
        let since_s = time_s - hit_s + 1e-4;
        let hit = since_s > 0.0;
        let settled = 1.0 - (-since_s.max(0.0) * 3.5).exp();
        // Brakes too late: the speed falls off a little before the hit.
        let before_s = (-since_s).max(0.0);
        let slowed = fast * 0.82;
        let way_m =
            if before_s < brakes_s { slowed * before_s } else { slowed * brakes_s + fast * (before_s - brakes_s) };
        let mut car = Vehicle::parked(kind, rgb, add(at, scale(along, -reach - way_m)), yaw);
        car.wheel_turn = -way_m / 0.32;
        car.has_headlights = is_night;
        car.brakes = before_s < brakes_s;
        car.pitch = if hit {
            0.1 * (-since_s * 5.0).exp() * (since_s * 18.0).cos()
        } else {
            0.03 * f32::from(u8::from(car.brakes))
        };
        // Another contact a moment later throws both a little further.
        let again = impacts_s.get(1).map_or(0.0, |&again_s| 1.0 - (-(time_s - again_s + 1e-4).max(0.0) * 5.0).exp());
        if hit {
            let crushed = ease(0.0, 0.09, since_s) * crush_m;
            car.crush_m = crushed;
            let push = match obstacle {
                Obstacle::Post { .. } => 0.0,
                Obstacle::Oncoming(_) => 0.15,
                Obstacle::Standing(_) => pushed_m * 0.6,
            };
            car.at = add(car.at, scale(along, crushed + push * settled - 0.25 * settled));
            car.yaw += spin * 0.5 * settled + 0.25 * spin * again;
        }
        match &obstacle {
            Obstacle::Post { at } => {
                let lean = scale(along, 0.9 * settled);
                let points = vec![*at, add(*at, [0.0, 0.6, 0.0]), add(add(*at, lean), [0.0, 3.4 - 0.5 * settled, 0.0])];
                cast.figures.push(Figure::Rod { points, width_m: 0.2, rgb: post_rgb });
            }
            Obstacle::Standing(other) | Obstacle::Oncoming(other) => {
                let mut other = *other;
                let is_oncoming = matches!(obstacle, Obstacle::Oncoming(_));
                if is_oncoming {
                    other.at = add(other.at, scale(along, if hit { 0.0 } else { way_m * 0.9 }));
                    other.has_headlights = is_night;
                    other.wheel_turn = way_m / 0.32;
                }
                let push = if is_oncoming { -0.3 } else { pushed_m } * settled + 0.35 * again;
                other.at = add(other.at, scale(along, push));
                other.yaw += spin * settled - 0.4 * spin * again;
                if is_oncoming {
                    other.crush_m = if hit { ease(0.0, 0.09, since_s) * crush_m } else { 0.0 };
                    other.at = add(other.at, scale(along, -other.crush_m));
                }
                cast.figures.push(Figure::Vehicle(other));
            }
        }
        cast.figures.push(Figure::Vehicle(car));
        for (&impact_s, debris) in impacts_s.iter().zip(&bursts) {
            let age_s = time_s - impact_s + 1e-4;
            if age_s > 0.0 {
                cast.figures.push(Figure::Debris {
                    at: add(at, [0.0, 0.0, -1.2]),
                    debris: debris.clone(),
                    age_s,
                    glow: false,
                });
                cast.shock_px += 1.8 * (-age_s * 6.0).exp();
                let flash = 0.16 * (1.0 - age_s / 0.14).max(0.0);
                cast.flood = cast.flood.map(|channel| channel + flash);
            }
        }
        if hit {
            cast.figures.push(Figure::Smoke { at: add(at, [0.0, 0.0, -1.3]), smoke: smoke.clone(), age_s: since_s });
            cast.figures.push(Figure::Smoke { at: add(at, [0.0, 0.0, -1.3]), smoke: dust.clone(), age_s: since_s });
        }
    })
}
