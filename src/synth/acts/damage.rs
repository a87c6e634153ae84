//! Vandalism: panes are broken, a bin is kicked over, a parked car is beaten, a wall is sprayed.

use std::f32::consts::{FRAC_PI_2, TAU};

use super::super::actors::body::Body;
use super::super::actors::gesture::{jolt, kick, strike, talk};
use super::super::actors::particles::Debris;
use super::super::actors::pose::{Pose, RIGHT};
use super::super::actors::route::{Route, heading};
use super::super::actors::vehicle::Vehicle;
use super::super::places::Needs;
use super::super::scenario::Scenario;
use super::super::style::colour;
use super::super::view::{Point, add, mix, scale, sub, unit};
use super::{Act, Cast, Figure, Stage, closest, nearness};
use crate::drawing::canvas::Ink;
use crate::drawing::motion::ease;
use crate::random::Random;

pub(super) fn needs(scenario: &Scenario, random: &mut Random) -> Needs {
    let wants_pane = random.unit() < 0.45;
    let is_silent = scenario.impacts_s.is_empty();
    Needs { wall: true, live_window: wants_pane && !is_silent, person_share: (0.42, 0.58), ..Needs::default() }
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    if stage.scenario.impacts_s.is_empty() {
        return spray(stage, random);
    }
    if stage.set.needs.live_window {
        return break_pane(stage, random);
    }
    if stage.set.place.is_outdoors() && random.unit() < 0.45 {
        beat_car(stage, random)
    } else {
        kick_bin(stage, random)
    }
}

/// Somebody who comes, does harm at one spot during the event, and runs.
struct Vandal {
    body: Body,
    come: Route,
    go: Route,
    event_s: std::ops::Range<f32>,
}

impl Vandal {
    fn new(stage: &Stage, at: Point, rest_yaw: f32, random: &mut Random) -> Self {
        let event_s = stage.scenario.event_s.clone().unwrap_or_default();
        let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
        let wing = stage.set.wing(side, at[2] - 0.4);
        let speed = random.between(1.0, 1.5) * stage.tempo;
        let way_s = super::super::view::length(sub(at, wing)) / speed;
        let mut body = stage.style.body(random);
        body.has_hood |= random.unit() < 0.4;
        let come = Route::new(vec![(event_s.start - way_s - 0.1, wing), (event_s.start - 0.1, at)], rest_yaw);
        let away = stage.set.wing(if random.unit() < 0.7 { -side } else { side }, at[2] - 0.3);
        let go = Route::at_speed(&[at, away], random.between(2.6, 4.0) * stage.tempo, event_s.end, rest_yaw);
        Self { body, come, go, event_s }
    }

    fn pose(&self, time_s: f32) -> Pose {
        if time_s > self.event_s.end { self.go.pose(time_s) } else { self.come.pose(time_s) }
    }

    /// With a bar in the right hand that reaches `target` at the moment of contact.
    fn swing_bar(&self, pose: Pose, target: Point, since_s: f32, cast: &mut Cast) {
        let shoulder = pose.joints(self.body.height_m).shoulders[RIGHT];
        let grip = add(target, scale(unit(sub(shoulder, target)), 0.42));
        let pose = strike(pose, RIGHT, grip, since_s, true);
        let joints = pose.joints(self.body.height_m);
        let hand = joints.hands[RIGHT];
        let free = add(hand, add(scale(unit(sub(hand, joints.elbows[RIGHT])), 0.35), [0.0, 0.35, 0.0]));
        let tip = mix(free, target, nearness(&[0.0], since_s, 0.16));
        cast.figures.push(Figure::Rod { points: vec![hand, tip], width_m: 0.055, rgb: 0x4a4238 });
        cast.figures.push(Figure::Person(self.body, pose));
    }
}

fn break_pane(stage: &Stage, random: &mut Random) -> Act {
    let set = stage.set;
    let impacts_s = stage.scenario.impacts_s.clone();
    let pane = set.window;
    let z = set.wall_z - 0.05;
    let aim = [pane.x + pane.width * random.between(0.35, 0.65), pane.y + pane.height * random.between(0.4, 0.6), z];
    let side = if aim[0] > 0.0 { 1.0 } else { -1.0 };
    let at = [aim[0] - side * random.between(0.45, 0.6), 0.0, set.wall_z - random.between(0.6, 0.75)];
    let vandal = Vandal::new(stage, at, heading(at, aim), random);
    // It cracks at first when it is hit often enough, and bursts.
    let bursts = if impacts_s.len() > 2 && random.unit() < 0.6 { 1 } else { 0 };
    let shards: Vec<Debris> = impacts_s
        .iter()
        .enumerate()
        .map(|(index, _)| {
            let count = if index == bursts { 46 } else { 12 };
            Debris::new(aim, [0.0, 0.4, -1.3], 2.0, count, 0.13, &[0xc8d8e0, 0xa8c0cc, 0xe4eef2], random)
        })
        .collect();
    let cracks: Vec<Vec<Point>> = (0..11)
        .map(|ray| {
            let turn = TAU * ray as f32 / 11.0 + random.between(-0.2, 0.2);
            let out = |reach: f32| {
                [
                    (aim[0] + reach * turn.cos()).clamp(pane.x, pane.x + pane.width),
                    (aim[1] + reach * turn.sin()).clamp(pane.y, pane.y + pane.height),
                    z - 0.01,
                ]
            };
            vec![aim, out(random.between(0.2, 0.35)), out(random.between(0.5, 0.9))]
        })
        .collect();
    // What stays in the frame: teeth of glass along its edges.
    let teeth: Vec<Vec<Point>> = (0..16)
        .map(|tooth| {
            let share = (tooth as f32 + random.unit()) / 16.0 * 4.0;
            let (edge, along) = (share as u32 % 4, share.fract());
            let corners = pane.corners(z);
            let (from, to) = (corners[edge as usize], corners[(edge as usize + 1) % 4]);
            let tip = mix(mix(from, to, along), pane.middle(z), random.between(0.15, 0.5));
            vec![mix(from, to, (along - 0.09).max(0.0)), mix(from, to, (along + 0.09).min(1.0)), tip]
        })
        .collect();
    let glass = Ink::paint(stage.set.light.shaded(0x9ab4c4, aim)).alpha(0.78);
    let sheen = Ink::light(stage.set.light.shaded(0xffffff, aim)).alpha(0.35);
    Box::new(move |time_s, cast: &mut Cast| {
        let hits = impacts_s.iter().filter(|&&impact_s| impact_s <= time_s + 1e-4).count();
        if hits <= bursts {
            cast.figures.push(Figure::Film { corners: pane.corners(z).to_vec(), ink: glass });
            let [a, _, c, d] = pane.corners(z);
            cast.figures.push(Figure::Film {
                corners: vec![mix(a, c, 0.2), mix(a, c, 0.38), mix(d, c, 0.6), mix(d, c, 0.3)],
                ink: sheen,
            });
            let bar = super::super::view::upright([pane.x + pane.width * 0.48, pane.y, z - 0.005], 0.05, pane.height);
            cast.figures.push(Figure::Face { corners: bar.to_vec(), rgb: 0xc8c4ba });
        } else {
            cast.figures.extend(teeth.iter().map(|tooth| Figure::Film { corners: tooth.clone(), ink: glass }));
        }
        if hits > 0 && hits <= bursts {
            cast.figures.extend(cracks.iter().map(|crack| Figure::Rod {
                points: crack.clone(),
                width_m: 0.022,
                rgb: 0xf4f8fa,
            }));
        }
        for (&impact_s, shards) in impacts_s.iter().zip(&shards) {
            cast.figures.push(Figure::Debris {
                at: add(aim, [0.0, 0.0, -0.1]),
                debris: shards.clone(),
                age_s: time_s - impact_s + 1e-4,
                glow: false,
            });
        }
        let pose = vandal.pose(time_s);
        match closest(&impacts_s, time_s) {
            Some((_, since_s)) if vandal.event_s.contains(&time_s) => vandal.swing_bar(pose, aim, since_s, cast),
            _ => cast.figures.push(Figure::Person(vandal.body, pose)),
        }
    })
}

fn kick_bin(stage: &Stage, random: &mut Random) -> Act {
    let impacts_s = stage.scenario.impacts_s.clone();
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let place = stage.set.spot(-side * random.between(0.0, 0.35), random.between(0.5, 1.0));
    let rgb = [0x2c5a34, 0x34507c, 0x6a6c70, 0x8a3a2c][random.bits() as usize % 4];
    // However often it is kicked, it stays in the picture.
    let step_m = random.between(0.28, 0.5).min(1.1 / impacts_s.len() as f32);
    let at = add(place, [-side * 0.55, 0.0, 0.0]);
    let vandal = Vandal::new(stage, at, side * FRAC_PI_2, random);
    let litter: Vec<Debris> = impacts_s
        .iter()
        .map(|_| {
            Debris::new(
                add(place, [side * 0.5, 0.4, 0.0]),
                [side * 1.2, 0.6, -0.3],
                1.6,
                12,
                0.13,
                &[0xe8e4d8, 0xc85a3a, 0x4a7a50, 0x3a3a40],
                random,
            )
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        let struck = |impact_s: &f32| 1.0 - (-(time_s - impact_s + 1e-4).max(0.0) * 7.0).exp();
        let fallen = impacts_s.first().map_or(0.0, struck);
        let slid_m: f32 = impacts_s.iter().skip(1).map(struck).sum::<f32>() * step_m;
        let foot = add(place, [side * slid_m, 0.0, 0.0]);
        // It tips over its far lower edge.
        let (sin, cos) = (fallen * FRAC_PI_2).sin_cos();
        let up = [side * sin, cos, 0.0];
        let across = [cos, -side * sin, 0.0];
        let base = add(foot, add([side * 0.25 * sin, 0.0, 0.0], [0.0, 0.27 * sin, 0.0]));
        let rim = add(base, scale(up, 0.9));
        let slab = |half: f32, from: Point, to: Point| {
            vec![
                add(from, scale(across, -half)),
                add(from, scale(across, half)),
                add(to, scale(across, half)),
                add(to, scale(across, -half)),
            ]
        };
        cast.figures.push(Figure::Face { corners: slab(0.28, base, rim), rgb });
        cast.figures.push(Figure::Face {
            corners: slab(0.31, mix(base, rim, 0.88), rim),
            rgb: super::super::view::dim(rgb, 0.6),
        });
        for (&impact_s, litter) in impacts_s.iter().zip(&litter) {
            cast.figures.push(Figure::Debris {
                at: add(rim, [0.0, 0.0, -0.2]),
                debris: litter.clone(),
                age_s: time_s - impact_s + 1e-4,
                glow: false,
            });
        }
        let mut pose = vandal.pose(time_s);
        if vandal.event_s.contains(&time_s) {
            pose.at[0] += side * slid_m;
            if let Some((index, since_s)) = closest(&impacts_s, time_s) {
                pose.at[0] -= side * 0.22 * (1.0 - nearness(&impacts_s, time_s, 0.3));
                let slid_then_m = index.saturating_sub(1) as f32 * step_m;
                let height = if index == 0 { 0.5 } else { 0.25 };
                let target = add(place, [side * slid_then_m - side * 0.2, height, 0.0]);
                pose = kick(pose, RIGHT, target, since_s);
            }
        }
        cast.figures.push(Figure::Person(vandal.body, pose));
    })
}

fn beat_car(stage: &Stage, random: &mut Random) -> Act {
    let impacts_s = stage.scenario.impacts_s.clone();
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let (kind, rgb) = stage.style.vehicle(random);
    let middle = [side * 1.9, 0.0, random.between(0.1, 0.5)];
    let yaw = -side * (FRAC_PI_2 + random.between(-0.1, 0.1));
    let parked = Vehicle::parked(kind, rgb, middle, yaw);
    let nose = parked.nose();
    let aim = [nose[0] + side * 0.35, 0.95, nose[2] - 0.15];
    let at = [nose[0] - side * 0.45, 0.0, nose[2] - 0.25];
    let vandal = Vandal::new(stage, at, heading(at, aim), random);
    let shards: Vec<Debris> = impacts_s
        .iter()
        .map(|_| Debris::new(aim, [-side * 0.5, 1.2, -0.6], 2.0, 18, 0.09, &[0xc8d8e0, 0xe4eef2, rgb], random))
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        let shaken = jolt(&impacts_s, time_s);
        let hits = impacts_s.iter().filter(|&&impact_s| impact_s <= time_s + 1e-4).count();
        let mut car = parked;
        car.pitch = 0.04 * shaken * (time_s * 40.0).cos();
        car.crush_m = 0.05 * (hits as f32).min(5.0);
        cast.figures.push(Figure::Vehicle(car));
        for (&impact_s, shards) in impacts_s.iter().zip(&shards) {
            cast.figures.push(Figure::Debris {
                at: add(aim, [0.0, 0.0, -0.8]),
                debris: shards.clone(),
                age_s: time_s - impact_s + 1e-4,
                glow: false,
            });
        }
        let pose = vandal.pose(time_s);
        match closest(&impacts_s, time_s) {
            Some((_, since_s)) if vandal.event_s.contains(&time_s) => vandal.swing_bar(pose, aim, since_s, cast),
            _ => cast.figures.push(Figure::Person(vandal.body, pose)),
        }
    })
}

fn spray(stage: &Stage, random: &mut Random) -> Act {
    let set = stage.set;
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let z = set.wall_z - 0.06;
    // On the free wall between door and window.
    let middle_x =
        (set.door.x + set.door.width / 2.0 + set.window.x + set.window.width / 2.0) / 2.0 + random.between(-0.2, 0.2);
    let mut points: Vec<Point> = vec![[middle_x - 0.7, 1.3, z]];
    let strokes = 16;
    for stroke in 1..=strokes {
        let x = middle_x - 0.7 + 1.4 * stroke as f32 / strokes as f32;
        points.push([
            x + random.between(-0.06, 0.06),
            1.32 + 0.42 * if stroke % 2 == 0 { -1.0 } else { 1.0 } * random.between(0.3, 1.0),
            z,
        ]);
    }
    let rgb = colour(random.between(0.0, 360.0), 0.8, random.between(0.5, 0.9));
    let vandal = Vandal::new(stage, [middle_x - 1.1, 0.0, set.wall_z - 0.55], 0.0, random);
    let look = talk(random.between(0.0, 9.0), 0.2);
    let (first_s, last_s) = (event_s.start + 0.2, event_s.end - 0.2);
    Box::new(move |time_s, cast: &mut Cast| {
        let share = ((time_s - first_s) / (last_s - first_s)).clamp(0.0, 1.0) * (points.len() - 1) as f32;
        let done = (share as usize).min(points.len() - 2);
        let tip = mix(points[done], points[done + 1], share - done as f32);
        if time_s > first_s {
            let mut line = points[..=done].to_vec();
            line.push(tip);
            cast.figures.push(Figure::Rod { points: line, width_m: 0.09, rgb });
        }
        let mut pose = vandal.pose(time_s);
        if vandal.event_s.contains(&time_s) {
            let raised = ease(event_s.start, event_s.start + 0.3, time_s);
            pose.at[0] = pose.at[0] + (tip[0] - 0.42 - pose.at[0]) * raised;
            let shaking = [0.03 * (time_s * 31.0).sin(), 0.02 * (time_s * 23.0).cos(), -0.22];
            pose.hand_grips[RIGHT] = Some((add(tip, shaking), raised));
            pose.nod = look.nod;
            if (first_s..last_s).contains(&time_s) {
                cast.figures.push(Figure::Film {
                    corners: vec![
                        add(tip, [0.0, 0.0, -0.2]),
                        add(tip, [0.07, 0.07, 0.0]),
                        add(tip, [0.07, -0.07, 0.0]),
                    ],
                    ink: Ink::paint(rgb).alpha(0.35),
                });
            }
        }
        cast.figures.push(Figure::Person(vandal.body, pose));
    })
}
