//! What happens on the stage. An act says who and what is where at a moment; the film draws it.

mod abuse;
mod blast;
mod brawl;
mod collision;
mod damage;
mod everyday;
mod intrusion;
mod pain;
mod traffic;

use super::actors::body::Body;
use super::actors::particles::{Debris, Smoke, draw_fireball, draw_flames};
use super::actors::pose::Pose;
use super::actors::vehicle::Vehicle;
use super::places::{Needs, Set};
use super::scenario::Scenario;
use super::style::Style;
use super::view::{Painter, Point, add, scale};
use crate::drawing::canvas::Ink;
use crate::random::Random;
use avar_labels::AnomalyClass;

/// Puts everything of one act on the stage as it is at a time in seconds.
pub(crate) type Act = Box<dyn Fn(f32, &mut Cast) + Send + Sync>;

/// All that an act is made from.
#[derive(Clone, Copy)]
pub(crate) struct Stage<'a> {
    pub scenario: &'a Scenario,
    pub set: &'a Set,
    pub style: Style,
    /// Speed against everyday.
    pub tempo: f32,
}

/// Who and what is on the stage at one moment.
#[derive(Default)]
pub(crate) struct Cast {
    pub figures: Vec<Figure>,
    /// By how many pixels the camera is shaken.
    pub shock_px: f32,
    /// Light that floods the whole picture, red, green and blue, 0 to 1.
    pub flood: [f32; 3],
}

/// One thing on the stage.
pub(crate) enum Figure {
    Person(Body, Pose),
    Vehicle(Vehicle),
    Face {
        corners: Vec<Point>,
        rgb: u32,
    },
    /// Glass, paint, light: laid on in its own brightness.
    Film {
        corners: Vec<Point>,
        ink: Ink,
    },
    Rod {
        points: Vec<Point>,
        width_m: f32,
        rgb: u32,
    },
    Ball {
        at: Point,
        radius_m: f32,
        rgb: u32,
    },
    Box {
        low: Point,
        high: Point,
        rgb: u32,
    },
    Torch {
        from: Point,
        to: Point,
    },
    Debris {
        at: Point,
        debris: Debris,
        age_s: f32,
        glow: bool,
    },
    Smoke {
        at: Point,
        smoke: Smoke,
        age_s: f32,
    },
    Flames {
        at: Point,
        size_m: f32,
        level: f32,
        time_s: f32,
    },
    Fireball {
        at: Point,
        size_m: f32,
        age_s: f32,
    },
}

impl Figure {
    /// What its distance from the camera is taken from.
    pub(crate) fn at(&self) -> Point {
        match self {
            Figure::Person(_, pose) => add(pose.at, [0.0, pose.hip_m, 0.0]),
            Figure::Vehicle(vehicle) => vehicle.at,
            Figure::Face { corners, .. } | Figure::Film { corners, .. } => middle(corners),
            Figure::Rod { points, .. } => middle(points),
            Figure::Box { low, high, .. } => middle(&[*low, *high]),
            Figure::Ball { at, .. }
            | Figure::Torch { from: at, .. }
            | Figure::Debris { at, .. }
            | Figure::Smoke { at, .. }
            | Figure::Flames { at, .. }
            | Figure::Fireball { at, .. } => *at,
        }
    }

    pub(crate) fn draw(&self, painter: &mut Painter) {
        match self {
            Figure::Person(body, pose) => body.draw(painter, pose),
            Figure::Vehicle(vehicle) => vehicle.draw(painter),
            Figure::Face { corners, rgb } => painter.face(corners, *rgb),
            Figure::Film { corners, ink } => painter.glowing_face(corners, *ink),
            Figure::Rod { points, width_m, rgb } => painter.rod(points, *width_m, *rgb),
            Figure::Ball { at, radius_m, rgb } => {
                painter.patch([at[0], 0.0, at[2]], radius_m * 1.6, Ink::paint(0x05060b).alpha(0.5));
                painter.rod(&[*at, *at], radius_m * 2.0, *rgb);
            }
            Figure::Box { low, high, rgb } => painter.cuboid(*low, *high, *rgb),
            Figure::Torch { from, to } => {
                for step in 1..9 {
                    let share = step as f32 / 9.0;
                    let at = super::view::mix(*from, *to, share);
                    painter.puff(at, 0.08 + 0.5 * share, Ink::light(0xfff2d0).alpha(0.16));
                }
                painter.patch(*to, 0.85, Ink::light(0xfff2d0).alpha(0.7));
                painter.puff(*from, 0.14, Ink::light(0xffffff));
            }
            Figure::Debris { debris, age_s, glow, .. } => debris.draw(painter, *age_s, *glow),
            Figure::Smoke { smoke, age_s, .. } => smoke.draw(painter, *age_s),
            Figure::Flames { at, size_m, level, time_s } => draw_flames(painter, *at, *size_m, *level, *time_s),
            Figure::Fireball { at, size_m, age_s } => draw_fireball(painter, *at, *size_m, *age_s),
        }
    }
}

/// What a scenario needs of its set.
pub(crate) fn needs(scenario: &Scenario, random: &mut Random) -> Needs {
    if !scenario.is_visible() || scenario.class == AnomalyClass::Normal {
        return everyday::needs(scenario, random);
    }
    match scenario.class {
        AnomalyClass::Abuse => Needs { person_share: (0.42, 0.62), ..Needs::default() },
        AnomalyClass::Brawling => Needs { person_share: (0.38, 0.52), ..Needs::default() },
        AnomalyClass::Pain => Needs { person_share: (0.42, 0.62), ..Needs::default() },
        AnomalyClass::Crash => Needs { vehicles: true, person_share: (0.2, 0.28), ..Needs::default() },
        AnomalyClass::Explosion => Needs { person_share: (0.26, 0.4), ..Needs::default() },
        AnomalyClass::Intruder => intrusion::needs(scenario, random),
        AnomalyClass::Vandalism => damage::needs(scenario, random),
        AnomalyClass::PoliceSiren => Needs { vehicles: true, person_share: (0.2, 0.28), ..Needs::default() },
        AnomalyClass::BabyCry | AnomalyClass::Normal => everyday::needs(scenario, random),
    }
}

/// Everything that happens in a scenario: its event where the picture shows it, and everyday life.
pub(crate) fn acts(stage: &Stage, random: &mut Random) -> Vec<Act> {
    let scenario = stage.scenario;
    let mut acts = Vec::new();
    if scenario.is_visible() {
        acts.push(match scenario.class {
            AnomalyClass::Abuse => abuse::act(stage, random),
            AnomalyClass::Brawling => brawl::act(stage, random),
            AnomalyClass::Pain => pain::act(stage, random),
            AnomalyClass::Crash => collision::act(stage, random),
            AnomalyClass::Explosion => blast::act(stage, random),
            AnomalyClass::Intruder => intrusion::act(stage, random),
            AnomalyClass::Vandalism => damage::act(stage, random),
            AnomalyClass::PoliceSiren => traffic::patrol(stage, random),
            AnomalyClass::BabyCry | AnomalyClass::Normal => everyday::pram(stage, random),
        });
    } else {
        acts.push(everyday::act(stage, random));
    }
    // Nobody passes by where an intruder is; pain is often met alone.
    let is_lonely =
        scenario.class == AnomalyClass::Intruder || (scenario.class == AnomalyClass::Pain && random.unit() < 0.6);
    if !is_lonely {
        if random.unit() < if scenario.is_visible() { 0.3 } else { 0.55 } {
            acts.push(everyday::passers_by(stage, random));
        }
        let is_road_free =
            !matches!(scenario.class, AnomalyClass::Crash | AnomalyClass::PoliceSiren) || !scenario.is_visible();
        if stage.set.road_z.is_some() && is_road_free {
            acts.push(traffic::passing(stage, random));
        }
    }
    acts
}

fn middle(points: &[Point]) -> Point {
    scale(points.iter().copied().fold([0.0; 3], add), 1.0 / points.len().max(1) as f32)
}

/// How near a moment is to the closest of `impacts_s`, 1 at it and 0 from `within_s` on.
fn nearness(impacts_s: &[f32], time_s: f32, within_s: f32) -> f32 {
    let nearest_s = impacts_s.iter().map(|impact_s| (time_s - impact_s).abs()).fold(f32::MAX, f32::min);
    let far = (nearest_s / within_s).min(1.0);
    let near = 1.0 - far * far * (3.0 - 2.0 * far);
    if nearest_s > within_s { 0.0 } else { near }
}

/// The impact that a moment belongs to: the closest one.
fn closest(impacts_s: &[f32], time_s: f32) -> Option<(usize, f32)> {
    let order = |a: &(usize, &f32), b: &(usize, &f32)| (a.1 - time_s).abs().total_cmp(&(b.1 - time_s).abs());
    impacts_s.iter().enumerate().min_by(order).map(|(index, &impact_s)| (index, time_s - impact_s))
}
