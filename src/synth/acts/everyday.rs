//! Everyday life: also what looks a little like an event, so that neither speed, nearness, lying, reaching up nor a
//! torch gives one away.

use std::f32::consts::{FRAC_PI_2, PI, TAU};

use super::super::actors::body::Body;
use super::super::actors::gesture::{dance, embrace, hold_ahead, kick, kneel, on_back, press_up, squat, talk};
use super::super::actors::pose::{Pose, RIGHT};
use super::super::actors::route::{Route, heading};
use super::super::places::Needs;
use super::super::scenario::Scenario;
use super::super::view::{Point, add, mix, scale, sub, unit};
use super::{Act, Cast, Figure, Stage, traffic};
use crate::drawing::motion::ease;
use crate::random::Random;
use avar_labels::AnomalyClass;

pub(super) fn needs(scenario: &Scenario, random: &mut Random) -> Needs {
    let draw = random.unit();
    if scenario.place.is_outdoors() && draw < 0.25 {
        return Needs { vehicles: true, person_share: (0.19, 0.28), ..Needs::default() };
    }
    // Walls, fences and open doors are met in everyday clips as often as in others.
    Needs {
        wall: draw < 0.55,
        fence: scenario.place.is_outdoors() && draw > 0.85,
        live_door: draw < 0.36 && scenario.class == AnomalyClass::Normal,
        person_share: if draw < 0.7 { (0.4, 0.6) } else { (0.26, 0.4) },
        ..Needs::default()
    }
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let set = stage.set;
    if set.needs.live_door {
        return enter(stage, random);
    }
    if set.needs.vehicles {
        return match random.bits() % 4 {
            0 if set.place.is_outdoors() => traffic::patrol(stage, random),
            1 => traffic::parking(stage, random),
            _ => traffic::passing(stage, random),
        };
    }
    match random.bits() % 13 {
        0 | 1 => passers_by(stage, random),
        2 => conversation(stage, random),
        3 => hug(stage, random),
        4 => dancing(stage, random),
        5 => ball(stage, random),
        6 => carry(stage, random),
        7 => hurry(stage, random),
        8 => exercise(stage, random),
        9 if set.is_night => watchman(stage, random),
        9 | 10 if set.needs.wall => paint_wall(stage, random),
        11 => pram(stage, random),
        _ => tie_shoe(stage, random),
    }
}

fn side(random: &mut Random) -> f32 {
    if random.unit() < 0.5 { 1.0 } else { -1.0 }
}

/// A way from one side of the picture to the other, passing during the clip.
fn crossing(stage: &Stage, speed_m_per_s: f32, random: &mut Random) -> Route {
    let way = side(random);
    let z = stage.set.spot(0.0, random.unit())[2];
    let middle = stage.set.spot(random.between(-0.4, 0.4), random.unit());
    let places = [stage.set.wing(-way, z), middle, stage.set.wing(way, z)];
    let passes_s = random.between(-0.1, 0.7) * stage.scenario.duration_s;
    Route::at_speed(&places, speed_m_per_s * stage.tempo, passes_s, way * FRAC_PI_2)
}

pub(super) fn passers_by(stage: &Stage, random: &mut Random) -> Act {
    let people: Vec<(Body, Route)> = (0..1 + random.bits() % if stage.scenario.is_visible() { 2 } else { 4 })
        .map(|_| {
            let speed = random.between(0.9, 1.5);
            (stage.style.body(random), crossing(stage, speed, random))
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        cast.figures.extend(people.iter().map(|(body, route)| Figure::Person(*body, route.pose(time_s))));
    })
}

fn conversation(stage: &Stage, random: &mut Random) -> Act {
    let center = stage.set.spot(random.between(-0.4, 0.4), random.between(0.2, 0.9));
    let count = 2 + random.bits() % 3;
    let first = random.between(0.0, TAU);
    let people: Vec<(Body, Pose, f32, f32)> = (0..count)
        .map(|index| {
            let turn = first + TAU * index as f32 / count as f32 + random.between(-0.3, 0.3);
            let at = add(center, scale([turn.cos(), 0.0, turn.sin()], random.between(0.5, 0.75)));
            let pose = Pose::STAND.placed(at, heading(at, center));
            (stage.style.body(random), pose, random.between(0.0, 20.0), random.between(0.2, 1.3))
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        for (body, pose, own, lively) in &people {
            cast.figures.push(Figure::Person(*body, talk(time_s + own, *lively).placed(pose.at, pose.yaw)));
        }
    })
}

fn hug(stage: &Stage, random: &mut Random) -> Act {
    let center = stage.set.spot(random.between(-0.3, 0.3), random.between(0.2, 0.9));
    let turn = random.between(-0.6, 0.6);
    let meet_s = stage.scenario.duration_s * random.between(0.25, 0.5);
    let part_s = meet_s + random.between(1.2, 3.0);
    let speed = random.between(0.9, 2.6) * stage.tempo;
    let people: Vec<(Body, Route, Route, f32)> = [-1.0, 1.0]
        .into_iter()
        .map(|way| {
            let at = add(center, scale([turn.cos(), 0.0, turn.sin()], way * 0.19));
            let wing = stage.set.wing(way, center[2]);
            let yaw = heading(at, center);
            let begin_s = meet_s - super::super::view::length(sub(wing, at)) / speed;
            let come = Route::new(vec![(begin_s, wing), (meet_s, at)], yaw);
            let both = stage.set.wing(1.0, center[2] + way * 0.3);
            (
                stage.style.body(random),
                come,
                Route::at_speed(&[at, both], 1.1 * stage.tempo, part_s, yaw),
                random.between(0.0, 9.0),
            )
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        for (body, come, go, own) in &people {
            let route = if time_s < part_s { come } else { go };
            let pose = route.pose(time_s);
            let close = ease(meet_s - 0.35, meet_s + 0.2, time_s) * (1.0 - ease(part_s, part_s + 0.4, time_s));
            let held = embrace(time_s + own).placed(pose.at, pose.yaw);
            cast.figures.push(Figure::Person(*body, pose.toward(held, close)));
        }
    })
}

fn dancing(stage: &Stage, random: &mut Random) -> Act {
    let beat = random.between(3.2, 5.6) * stage.tempo;
    let dancers: Vec<(Body, Point, f32, u32, f32)> = (0..2 + random.bits() % 4)
        .map(|index| {
            let at = stage.set.spot(random.between(-0.6, 0.6), random.unit());
            (stage.style.body(random), at, random.between(0.0, TAU), random.bits() as u32, 0.3 * index as f32)
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        for (body, at, turn, style, late) in &dancers {
            let phase = time_s * beat + late;
            // Every few bars the arms do something else.
            let style = style.wrapping_add((phase / (4.0 * TAU)) as u32);
            let aside = add(*at, [0.2 * (phase * 0.5).sin(), 0.0, 0.1 * (phase * 0.25).cos()]);
            cast.figures
                .push(Figure::Person(*body, dance(phase, style).placed(aside, turn + 0.4 * (time_s * 0.7).sin())));
        }
    })
}

fn ball(stage: &Stage, random: &mut Random) -> Act {
    let center = stage.set.spot(0.0, random.between(0.2, 0.8));
    let apart = (stage.set.half_width_m * random.between(0.35, 0.6)).clamp(0.8, 2.6);
    let every_s = random.between(1.0, 1.7) / stage.tempo;
    let players = [-1.0, 1.0].map(|way| (stage.style.body(random), add(center, [way * apart, 0.0, way * 0.2]), way));
    let rgb = [0xe8e4dc, 0xd86a28, 0x2c5ac0][random.bits() as usize % 3];
    let hop_m = random.between(0.05, 0.7);
    Box::new(move |time_s, cast: &mut Cast| {
        let turn = time_s / every_s;
        let (to_right, share) = ((turn as i32) % 2 == 0, turn.fract());
        let ground = |way: f32| add(center, [way * (apart - 0.35), 0.12, way * 0.15]);
        let (from, to) = if to_right { (ground(-1.0), ground(1.0)) } else { (ground(1.0), ground(-1.0)) };
        let ball = add(mix(from, to, share), [0.0, 4.0 * hop_m * share * (1.0 - share), 0.0]);
        cast.figures.push(Figure::Ball { at: ball, radius_m: 0.12, rgb });
        for (body, at, way) in &players {
            // Each kicks when the ball is there: one at even, the other at odd turns.
            let own = if *way < 0.0 { turn } else { turn - 1.0 };
            let since_s = ((own + 1.0).rem_euclid(2.0) - 1.0) * every_s;
            let ready = Pose { hip_m: 0.84, ..talk(time_s, 0.2) }.placed(*at, -way * FRAC_PI_2);
            cast.figures.push(Figure::Person(*body, kick(ready, RIGHT, ground(*way), since_s)));
        }
    })
}

fn carry(stage: &Stage, random: &mut Random) -> Act {
    let route = crossing(stage, random.between(0.7, 1.1), random);
    let (body, rgb) = (stage.style.body(random), super::super::style::colour(32.0, 0.4, random.between(0.45, 0.75)));
    let half_m = random.between(0.16, 0.28);
    Box::new(move |time_s, cast: &mut Cast| {
        let pose = hold_ahead(route.pose(time_s), 0.05);
        let ahead = [0.42 * pose.yaw.sin(), 1.0, 0.42 * pose.yaw.cos()];
        let at = add(pose.at, ahead);
        cast.figures.push(Figure::Box {
            low: sub(at, [half_m; 3]),
            high: add(at, [half_m, half_m * 0.8, half_m]),
            rgb,
        });
        cast.figures.push(Figure::Person(body, pose));
    })
}

/// Running for a bus, or children after each other.
fn hurry(stage: &Stage, random: &mut Random) -> Act {
    let count = 1 + random.bits() % 3;
    let first = crossing(stage, random.between(2.8, 4.2), random);
    let runners: Vec<(Body, f32, f32)> = (0..count)
        .map(|index| {
            let mut body = stage.style.body(random);
            if count > 1 {
                body.height_m = random.between(1.15, 1.5);
            }
            (body, index as f32 * random.between(0.35, 0.7), random.signed() * 0.4)
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        for (body, late_s, aside) in &runners {
            let mut pose = first.pose(time_s - late_s);
            pose.at[2] += aside;
            cast.figures.push(Figure::Person(*body, pose));
        }
    })
}

/// On the floor, of their own will: press-ups, or lying down at rest.
fn exercise(stage: &Stage, random: &mut Random) -> Act {
    let (body, at) = (stage.style.body(random), stage.set.spot(random.between(-0.3, 0.3), random.between(0.3, 0.8)));
    let yaw = side(random) * random.between(0.9, 2.2);
    let (rests, beat) = (random.unit() < 0.5, random.between(2.6, 4.2) * stage.tempo);
    let mat = stage.style.garment(random);
    Box::new(move |time_s, cast: &mut Cast| {
        let (along, across) = (scale([yaw.sin(), 0.0, yaw.cos()], 1.1), scale([yaw.cos(), 0.0, -yaw.sin()], 0.38));
        let middle = if rests { sub(at, scale(along, 0.2)) } else { add(at, scale(along, 0.2)) };
        let corner = |a: f32, b: f32| add(middle, add(add(scale(along, a), scale(across, b)), [0.0, 0.01, 0.0]));
        let corners = vec![corner(-1.0, -1.0), corner(-1.0, 1.0), corner(1.0, 1.0), corner(1.0, -1.0)];
        cast.figures.push(Figure::Face { corners, rgb: mat });
        let pose = if rests { on_back(time_s * 0.1, 0.25) } else { press_up(time_s * beat) };
        cast.figures.push(Figure::Person(body, pose.placed(at, yaw)));
    })
}

/// Upright, in a bright vest, with a torch, on a round.
fn watchman(stage: &Stage, random: &mut Random) -> Act {
    let mut body = stage.style.body(random);
    body.band = Some(0xd8e040);
    let route = crossing(stage, random.between(0.8, 1.1), random);
    Box::new(move |time_s, cast: &mut Cast| {
        let pose = route.pose(time_s);
        let from = pose.joints(body.height_m).hands[RIGHT];
        let aim = pose.yaw + 0.6 * (time_s * 0.8).sin();
        cast.figures
            .push(Figure::Torch { from, to: add([from[0], 0.0, from[2]], [2.6 * aim.sin(), 0.0, 2.6 * aim.cos()]) });
        cast.figures.push(Figure::Person(body, pose));
    })
}

/// A wall gets an even coat with a roller, or is wiped.
fn paint_wall(stage: &Stage, random: &mut Random) -> Act {
    let set = stage.set;
    let x = (set.door.x + set.door.width / 2.0 + set.window.x + set.window.width / 2.0) / 2.0;
    let body = stage.style.body(random);
    let (rgb, beat) = (stage.style.surface((0.6, 0.9), random), random.between(1.6, 2.8) * stage.tempo);
    let z = set.wall_z - 0.05;
    let drift = 0.5 / stage.scenario.duration_s;
    Box::new(move |time_s, cast: &mut Cast| {
        let left = x - 0.4;
        let edge = left + 0.15 + drift * time_s;
        cast.figures.push(Figure::Face {
            corners: super::super::view::upright([left, 0.9, z], edge - left, 0.95).to_vec(),
            rgb,
        });
        let roller = [edge, 1.36 + 0.42 * (time_s * beat).sin(), z - 0.03];
        let mut pose = Pose { nod: -0.1, ..Pose::STAND }.placed([edge - 0.2, 0.0, set_back(z)], 0.0);
        pose.hand_grips[RIGHT] = Some((add(roller, [0.0, -0.1, -0.22]), 1.0));
        cast.figures.push(Figure::Rod {
            points: vec![add(roller, [-0.12, 0.0, 0.0]), add(roller, [0.12, 0.0, 0.0])],
            width_m: 0.08,
            rgb: 0xe8e4dc,
        });
        cast.figures.push(Figure::Person(body, pose));
    })
}

fn set_back(wall_z: f32) -> f32 {
    wall_z - 0.55
}

pub(super) fn pram(stage: &Stage, random: &mut Random) -> Act {
    let route = crossing(stage, random.between(0.6, 1.1), random);
    let (body, rgb) = (stage.style.body(random), stage.style.garment(random));
    Box::new(move |time_s, cast: &mut Cast| {
        let pose = hold_ahead(route.pose(time_s), -0.05);
        let ahead = [pose.yaw.sin(), 0.0, pose.yaw.cos()];
        let at = add(pose.at, scale(ahead, 0.85));
        let along = |by: f32, up: f32| add(at, add(scale(ahead, by), [0.0, up, 0.0]));
        for wheel in [-0.3, 0.3] {
            cast.figures.push(Figure::Ball { at: along(wheel, 0.14), radius_m: 0.14, rgb: 0x1c1c20 });
        }
        let tub = vec![along(-0.42, 0.75), along(0.45, 0.8), along(0.36, 0.42), along(-0.34, 0.4)];
        let hood = vec![along(0.05, 0.78), along(0.1, 1.08), along(0.34, 1.1), along(0.47, 0.8)];
        cast.figures.push(Figure::Face { corners: tub, rgb });
        cast.figures.push(Figure::Face { corners: hood, rgb: super::super::view::dim(rgb, 0.7) });
        cast.figures.push(Figure::Rod {
            points: vec![along(-0.38, 0.72), along(-0.62, 0.98)],
            width_m: 0.05,
            rgb: 0x2c2c30,
        });
        cast.figures.push(Figure::Person(body, pose));
    })
}

/// Stops, goes down to a shoe, gets up and walks on.
fn tie_shoe(stage: &Stage, random: &mut Random) -> Act {
    let body = stage.style.body(random);
    let way = side(random);
    let at = stage.set.spot(random.between(-0.4, 0.4), random.between(0.2, 0.9));
    let stops_s = stage.scenario.duration_s * random.between(0.2, 0.5);
    let goes_s = stops_s + random.between(2.0, 4.0);
    let speed = random.between(0.9, 1.4) * stage.tempo;
    let (from, to) = (stage.set.wing(-way, at[2]), stage.set.wing(way, at[2]));
    let reach = |place: Point| super::super::view::length(sub(place, at)) / speed;
    let stops = vec![(stops_s - reach(from), from), (stops_s, at), (goes_s, at), (goes_s + reach(to), to)];
    let route = Route::new(stops, way * FRAC_PI_2);
    let kneels = random.unit() < 0.5;
    Box::new(move |time_s, cast: &mut Cast| {
        let pose = route.pose(time_s);
        let down = ease(stops_s + 0.1, stops_s + 0.7, time_s) * (1.0 - ease(goes_s - 0.6, goes_s, time_s));
        let low = if kneels { Pose { lean: 0.5, hands: [[0.0, -0.45, 0.3]; 2], ..kneel(0.2) } } else { squat(0.5) };
        let fiddling = 0.04 * (time_s * 8.0).sin();
        let low = Pose { lean: low.lean + fiddling, ..low }.placed(pose.at, pose.yaw);
        cast.figures.push(Figure::Person(body, pose.toward(low, down)));
    })
}

/// Opens a door with the hand and walks through, as people do who live there.
fn enter(stage: &Stage, random: &mut Random) -> Act {
    let (wall_z, door, body) = (stage.set.wall_z, stage.set.door, stage.style.body(random));
    let x = door.x + door.width / 2.0;
    let comes_in = random.unit() < 0.5;
    let opens_s = stage.scenario.duration_s * random.between(0.3, 0.55);
    let speed = random.between(0.9, 1.3) * stage.tempo;
    let (near, beyond) = ([x, 0.0, wall_z - 0.75], [x, 0.0, wall_z + 2.5]);
    let wing = stage.set.wing(side(random), wall_z - 1.1);
    let stop = if comes_in { [x, 0.0, wall_z + 0.6] } else { near };
    let (from, to) = if comes_in { (beyond, wing) } else { (wing, beyond) };
    let yaw = if comes_in { PI } else { 0.0 };
    let come_s = opens_s - super::super::view::length(sub(from, stop)) / speed;
    let through = if comes_in { near } else { [x, 0.0, wall_z + 0.6] };
    let leave_s = opens_s + 0.9 + super::super::view::length(sub(through, stop)) / speed;
    let stops = vec![
        (come_s, from),
        (opens_s, stop),
        (opens_s + 0.9, stop),
        (leave_s, through),
        (leave_s + super::super::view::length(sub(to, through)) / speed, to),
    ];
    let route = Route::new(stops, yaw);
    let leaf_rgb = stage.style.surface((0.3, 0.5), random);
    Box::new(move |time_s, cast: &mut Cast| {
        let turn = 1.35 * ease(opens_s, opens_s + 0.9, time_s) * (1.0 - ease(leave_s + 0.6, leave_s + 1.8, time_s));
        let (sin, cos) = turn.sin_cos();
        let free = [door.x + door.width * cos, wall_z - 0.03 + door.width * sin];
        let leaf = [
            [door.x, 0.02, wall_z - 0.03],
            [free[0], 0.02, free[1]],
            [free[0], door.height, free[1]],
            [door.x, door.height, wall_z - 0.03],
        ];
        cast.figures.push(Figure::Face { corners: leaf.to_vec(), rgb: leaf_rgb });
        let mut pose = route.pose(time_s);
        let handle = [free[0] - 0.1 * cos, 1.0, free[1] - 0.1 * sin];
        let toward = unit(sub(handle, pose.at));
        let holds = ease(opens_s - 0.2, opens_s + 0.1, time_s) * (1.0 - ease(opens_s + 0.8, opens_s + 1.1, time_s));
        if holds > 0.0 {
            let reachable = add(pose.at, [toward[0] * 0.6, 1.0, toward[2] * 0.6]);
            pose.hand_grips[RIGHT] = Some((reachable, holds));
        }
        cast.figures.push(Figure::Person(body, pose));
    })
}
