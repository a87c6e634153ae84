//! Somebody gets in where nobody should be: over a fence, through a window, through a forced door, or creeping
//! about in the dark with a torch.

use std::f32::consts::PI;

use super::super::actors::body::Body;
use super::super::actors::gesture::{hold_ahead, kick, squat};
use super::super::actors::pose::{Pose, RIGHT};
use super::super::actors::route::Route;
use super::super::places::Needs;
use super::super::scenario::Scenario;
use super::super::view::{Point, add, length, mix, sub};
use super::{Act, Cast, Figure, Stage, closest};
use crate::drawing::canvas::Ink;
use crate::drawing::motion::ease;
use crate::random::Random;

pub(super) fn needs(scenario: &Scenario, random: &mut Random) -> Needs {
    let near = Needs { wall: true, person_share: (0.4, 0.58), ..Needs::default() };
    match scenario.impacts_s.len() {
        // Blows: a door is forced. One contact: a landing. None: nobody hears a thing.
        2.. => Needs { live_door: true, ..near },
        1 if scenario.place.is_outdoors() => Needs { fence: true, wall: false, person_share: (0.36, 0.5), ..near },
        1 => Needs { live_window: true, ..near },
        _ => Needs { wall: random.unit() < 0.6, ..near },
    }
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let mut body = stage.style.body(random);
    body.coat = super::super::view::dim(body.coat, 0.62);
    body.trousers = super::super::view::dim(body.trousers, 0.7);
    body.sleeve = body.coat;
    body.has_hood |= random.unit() < 0.6;
    let torch = stage.set.is_night && random.unit() < 0.65;
    if stage.set.fence_z.is_some() {
        over_fence(stage, body, torch, random)
    } else if stage.set.needs.live_window {
        through_window(stage, body, torch, random)
    } else if stage.set.needs.live_door {
        through_door(stage, body, torch, random)
    } else {
        creeping(stage, body, torch, random)
    }
}

/// From `from` about the stage and out of the picture when the event ends, with a stop to look around.
fn prowl(stage: &Stage, from: Point, start_s: f32, side: f32, random: &mut Random) -> Route {
    let end_s = stage.scenario.event_s.as_ref().map_or(start_s + 2.0, |event_s| event_s.end + 0.3).max(start_s + 1.0);
    let at_share = |share: f32| start_s + (end_s - start_s) * share;
    // No further than a crouched person gets in the time.
    let within = |to: Point, share: f32| {
        let most_m = 1.5 * (end_s - start_s) * share;
        mix(from, to, (most_m / length(sub(to, from)).max(0.1)).min(1.0))
    };
    let first = within(stage.set.spot(side * random.between(-0.3, 0.1), random.between(0.3, 0.8)), 0.4);
    let second = within(stage.set.spot(side * random.between(0.3, 0.6), random.between(0.2, 0.8)), 0.8);
    let stops = vec![(start_s, from), (at_share(0.35), first), (at_share(0.5), first), (at_share(0.85), second)];
    let out = stage.set.wing(side, second[2]);
    let gone_s = at_share(0.85) + length(sub(out, second)) / 1.5;
    Route::new(stops.into_iter().chain([(gone_s, out)]).collect(), random.between(2.2, 4.0))
}

/// In a crouch along a way, a torch searching ahead.
fn stealing(way: &Route, time_s: f32, body: Body, has_torch: bool, cast: &mut Cast) {
    let mut pose = way.sneaking(time_s);
    pose.nod += 0.2 * (time_s * 1.7).sin();
    pose.twist += 0.35 * (time_s * 1.1).sin();
    light_torch(&pose, body, has_torch, time_s, cast);
    cast.figures.push(Figure::Person(body, pose));
}

fn light_torch(pose: &Pose, body: Body, has_torch: bool, time_s: f32, cast: &mut Cast) {
    if has_torch {
        let from = pose.joints(body.height_m).hands[RIGHT];
        let aim = pose.yaw + 0.5 * (time_s * 1.3).sin();
        let reach = 2.1 + 0.5 * (time_s * 0.9).sin();
        cast.figures.push(Figure::Torch {
            from,
            to: add([from[0], 0.0, from[2]], [reach * aim.sin(), 0.0, reach * aim.cos()]),
        });
    }
}

fn over_fence(stage: &Stage, body: Body, torch: bool, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let landing_s = stage.scenario.impacts_s.first().copied().unwrap_or(event_s.start);
    let fence_z = stage.set.fence_z.unwrap_or(1.0);
    let x = stage.set.half_width_m * random.between(-0.45, 0.45);
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let (behind, before) = ([x, 0.0, fence_z + 0.3], [x, 0.0, fence_z - 0.55]);
    let climb_s = (landing_s - event_s.start - 0.15).clamp(0.7, 1.8);
    let up_s = landing_s - climb_s;
    let from = [x - side * 3.5, 0.0, fence_z + 2.2];
    let speed = 0.9 * stage.tempo;
    let come = Route::new(vec![(up_s - length(sub(behind, from)) / speed, from), (up_s, behind)], PI);
    let go = prowl(stage, before, landing_s + 0.5, side, random);
    Box::new(move |time_s, cast: &mut Cast| {
        if time_s < event_s.start {
            return cast.figures.push(Figure::Person(body, come.pose(time_s)));
        }
        if time_s < up_s {
            return stealing(&come, time_s, body, false, cast);
        }
        if time_s > landing_s + 0.5 {
            return stealing(&go, time_s, body, torch, cast);
        }
        // Up with both hands on the rail, over it, and down on the near side.
        let share = ((time_s - up_s) / (landing_s - up_s)).clamp(0.0, 1.0);
        let (risen, over, dropped) = (ease(0.0, 0.5, share), ease(0.42, 0.75, share), ease(0.74, 1.0, share));
        let at = mix(behind, [x, 0.0, before[2]], over);
        let rail = |aside: f32| [x + aside, 1.78, fence_z];
        let scrabble = 0.2 * (time_s * 9.0).sin() * risen * (1.0 - over);
        let hang = Pose {
            hip_m: 0.88 + 0.95 * risen - 0.95 * dropped,
            lean: 0.3 + 0.8 * over * (1.0 - dropped),
            roll: 0.75 * over * (1.0 - dropped),
            hand_grips: [Some((rail(0.22), 1.0 - dropped)), Some((rail(-0.22), 1.0 - dropped))],
            feet: [[0.14, -0.62 + scrabble + 0.28 * over, 0.18], [0.14, -0.62 - scrabble - 0.1 * over, 0.12]],
            ..Pose::STAND
        };
        let landed = ease(0.92, 1.0, share) * (1.0 - ease(landing_s + 0.15, landing_s + 0.5, time_s));
        let pose = hang.toward(squat(0.6), landed).placed(at, PI);
        cast.figures.push(Figure::Person(body, Pose { hip_m: pose.hip_m.max(0.36), ..pose }));
    })
}

fn through_window(stage: &Stage, body: Body, torch: bool, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let landing_s = stage.scenario.impacts_s.first().copied().unwrap_or(event_s.start);
    let (wall_z, window) = (stage.set.wall_z, stage.set.window);
    let x = window.x + window.width * 0.55;
    let (inside, outside) = ([x, 0.0, wall_z - 0.6], [x, 0.0, wall_z + 0.7]);
    let climb_s = (landing_s - event_s.start - 0.3).clamp(0.8, 2.0);
    let up_s = landing_s - climb_s;
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let from = [x + side * 2.5, 0.0, wall_z + 1.2];
    let come =
        Route::new(vec![(up_s - 0.3 - length(sub(outside, from)) / stage.tempo, from), (up_s - 0.3, outside)], PI);
    let go = prowl(stage, inside, landing_s + 0.5, side, random);
    let glass = Ink::paint(stage.set.light.shaded(0x8aa0b0, window.middle(wall_z))).alpha(0.55);
    Box::new(move |time_s, cast: &mut Cast| {
        // The sash slides up before anybody climbs.
        let open = ease(up_s - 0.5, up_s, time_s);
        let mut pane = window.corners(wall_z - 0.03);
        pane.iter_mut().take(2).for_each(|corner| corner[1] += window.height * 0.8 * open);
        cast.figures.push(Figure::Film { corners: pane.to_vec(), ink: glass });
        cast.figures.push(Figure::Rod { points: vec![pane[0], pane[1]], width_m: 0.06, rgb: 0xd0ccc4 });
        if time_s < up_s {
            return cast.figures.push(Figure::Person(body, come.pose(time_s)));
        }
        if time_s > landing_s + 0.5 {
            return stealing(&go, time_s, body, torch, cast);
        }
        let share = ((time_s - up_s) / (landing_s - up_s)).clamp(0.0, 1.0);
        let (risen, over, dropped) = (ease(0.0, 0.4, share), ease(0.3, 0.8, share), ease(0.72, 1.0, share));
        let sill = window.y + 0.1;
        let frame = |aside: f32, up: f32| Some(([x + aside, window.y + up, wall_z], 1.0 - dropped));
        let low = squat(0.7);
        let climbing = Pose {
            hip_m: 0.88 + (sill + 0.25 - 0.88) * risen * (1.0 - dropped) - 0.5 * dropped,
            lean: 0.9 * risen,
            nod: -0.2,
            hand_grips: [frame(0.32, 0.45), frame(-0.32, 0.05)],
            feet: [[0.1, -0.36 - 0.3 * (1.0 - over), 0.42 * over], [0.1, -0.45 - 0.3 * (1.0 - risen), -0.35 * over]],
            ..low
        };
        let landed = ease(0.88, 1.0, share) * (1.0 - ease(landing_s + 0.15, landing_s + 0.5, time_s));
        let pose = climbing.toward(low, landed).placed(mix(outside, inside, over), PI);
        cast.figures.push(Figure::Person(body, pose));
    })
}

/// The door is kicked until it flies open. Indoors somebody comes in; outdoors somebody goes in, and comes out with
/// a box.
fn through_door(stage: &Stage, body: Body, torch: bool, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let last_s = impacts_s.last().copied().unwrap_or(event_s.start);
    let (wall_z, door) = (stage.set.wall_z, stage.set.door);
    let enters_view = !stage.set.place.is_outdoors();
    let x = door.x + door.width / 2.0;
    let way = if enters_view { -1.0 } else { 1.0 };
    let before = [x, 0.0, wall_z - way * 0.72];
    let after = [x, 0.0, wall_z + way * 0.9];
    let yaw = if enters_view { PI } else { 0.0 };
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let come_from = if enters_view { [x, 0.0, wall_z + 3.0] } else { stage.set.wing(side, wall_z - 1.1) };
    let ready_s = event_s.start + 0.05;
    let come =
        Route::new(vec![(ready_s - length(sub(before, come_from)) / stage.tempo, come_from), (ready_s, before)], yaw);
    let inside_s = last_s + 1.1;
    let go = if enters_view {
        prowl(stage, after, inside_s, side, random).begun_at(last_s + 0.35, before)
    } else {
        let search_s = (event_s.end - inside_s - 2.2).clamp(0.2, 1.2);
        let out_s = inside_s + search_s + 0.9;
        let wing = stage.set.wing(-side, wall_z - 1.2);
        let away_s = (length(sub(wing, before)) / 2.2).max(event_s.end - out_s);
        let stops = vec![
            (last_s + 0.35, before),
            (inside_s, after),
            (inside_s + search_s, after),
            (out_s, before),
            (out_s + away_s, wing),
        ];
        Route::new(stops, yaw)
    };
    let loot_s = if enters_view { f32::MAX } else { inside_s };
    let leaf_rgb = stage.style.surface((0.3, 0.5), random);
    Box::new(move |time_s, cast: &mut Cast| {
        let shaken: f32 = impacts_s
            .iter()
            .map(|impact_s| (-(time_s - impact_s).abs() / 0.07).exp() * f32::from(u8::from(time_s + 1e-3 >= *impact_s)))
            .sum();
        let flung = if time_s > last_s { 1.0 - (-(time_s - last_s) * 7.0).exp() } else { 0.0 };
        let turn = 0.14 * shaken.min(1.0) + 1.45 * flung;
        // Hinged on its left edge, opening the way it is kicked; what swings into the house is drawn through the opening.
        let (sin, cos) = turn.sin_cos();
        let (hinge, free) =
            ([door.x, wall_z - 0.03], [door.x + door.width * cos, wall_z - 0.03 + way * door.width * sin]);
        let leaf = [
            [hinge[0], 0.02, hinge[1]],
            [free[0], 0.02, free[1]],
            [free[0], door.height, free[1]],
            [hinge[0], door.height, hinge[1]],
        ];
        let inset = |across: f32, up: f32| add(mix(leaf[0], leaf[1], across), [0.0, up, -0.005]);
        cast.figures.push(Figure::Face { corners: leaf.to_vec(), rgb: leaf_rgb });
        let field = vec![inset(0.15, 1.1), inset(0.85, 1.1), inset(0.85, 1.85), inset(0.15, 1.85)];
        cast.figures.push(Figure::Face { corners: field, rgb: super::super::view::dim(leaf_rgb, 0.78) });
        if time_s < ready_s {
            return cast.figures.push(Figure::Person(body, come.pose(time_s)));
        }
        if time_s > loot_s {
            let pose = hold_ahead(go.sneaking(time_s), 0.05);
            let at = add(pose.at, [0.4 * pose.yaw.sin(), 0.75, 0.4 * pose.yaw.cos()]);
            cast.figures.push(Figure::Box { low: sub(at, [0.18; 3]), high: add(at, [0.18; 3]), rgb: 0x4a4238 });
            return cast.figures.push(Figure::Person(body, pose));
        }
        if time_s > last_s + 0.35 {
            return stealing(&go, time_s, body, torch, cast);
        }
        let mut pose = come.pose(time_s);
        if let Some((_, since_s)) = closest(&impacts_s, time_s) {
            pose = kick(pose, RIGHT, [x + 0.1, 0.85, wall_z - way * 0.06], since_s);
        }
        cast.figures.push(Figure::Person(body, pose));
    })
}

fn creeping(stage: &Stage, body: Body, torch: bool, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let places = [
        stage.set.wing(-side, random.between(0.0, 0.8)),
        stage.set.spot(-side * random.between(0.2, 0.6), random.between(0.3, 0.9)),
        stage.set.spot(side * random.between(0.0, 0.3), random.between(0.2, 0.9)),
        stage.set.spot(side * random.between(0.4, 0.7), random.between(0.4, 1.0)),
        stage.set.wing(side, random.between(0.0, 0.8)),
    ];
    // The way takes just the time of the event, with two stops to look around.
    let shares = [0.0, 0.25, 0.55, 0.8, 1.0];
    let lasts_s = event_s.end - event_s.start;
    let mut stops = Vec::new();
    for (place, share) in places.into_iter().zip(shares) {
        let time_s = event_s.start + lasts_s * share;
        stops.push((time_s, place));
        if (0.2..0.6).contains(&share) {
            stops.push((time_s + 0.1 * lasts_s, place));
        }
    }
    let way = Route::new(stops, random.between(-1.0, 1.0));
    let crouches = random.unit() < 0.5;
    Box::new(move |time_s, cast: &mut Cast| {
        let looks = crouches && way.speed_m_per_s(time_s) < 0.1 && event_s.contains(&time_s);
        if looks {
            let pose = squat(0.35).placed(way.at(time_s), way.yaw(time_s) + 0.6 * (time_s * 1.4).sin());
            light_torch(&pose, body, torch, time_s, cast);
            cast.figures.push(Figure::Person(body, Pose { hands: [[0.0, -0.3, 0.3]; 2], ..pose }));
        } else {
            stealing(&way, time_s, body, torch, cast);
        }
    })
}
