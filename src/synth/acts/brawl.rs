//! Three to six people fight each other: blows, grappling, falls, quick and all at once.

use std::f32::consts::{PI, TAU};

use super::super::actors::body::Body;
use super::super::actors::gesture::{guard, jolt, kick, on_back, strike, talk};
use super::super::actors::pose::{LEFT, Pose, RIGHT};
use super::super::actors::route::{Route, heading};
use super::super::view::{Point, add, mix, scale, sub, unit};
use super::{Act, Cast, Figure, Stage, closest, nearness};
use crate::drawing::motion::ease;
use crate::random::Random;

/// Who deals a blow steps in and back within this.
const STEP_IN_S: f32 = 0.25;
const FALL_S: f32 = 0.45;
const LIE_S: f32 = 1.1;

struct Fighter {
    body: Body,
    base: Point,
    /// Own rhythm of moving about.
    rhythm: [f32; 4],
    /// When this one strikes, and whom.
    blows: Vec<(f32, usize)>,
    /// When this one is hit.
    hits_s: Vec<f32>,
    falls_s: Vec<f32>,
    leave: Route,
}

impl Fighter {
    /// Where this one is, but for stepping in to strike.
    fn drifting(&self, time_s: f32) -> Point {
        let [a, b, c, d] = self.rhythm;
        let sway =
            [0.32 * (time_s * a + c).sin() + 0.15 * (time_s * 2.3 * b + d).sin(), 0.0, 0.25 * (time_s * b + d).cos()];
        add(self.base, sway)
    }

    fn blow_times_s(&self) -> Vec<f32> {
        self.blows.iter().map(|blow| blow.0).collect()
    }

    /// How far this one is down, 0 to 1.
    fn lies(&self, time_s: f32) -> f32 {
        let lies = |fall_s: &f32| {
            ease(*fall_s, fall_s + FALL_S, time_s) * (1.0 - ease(fall_s + FALL_S + LIE_S, fall_s + 2.4, time_s))
        };
        self.falls_s.iter().map(lies).fold(0.0, f32::max)
    }
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let count = 3 + (random.bits() % 4) as usize;
    let center = stage.set.spot(random.between(-0.25, 0.25), 0.55);
    let first_turn = random.between(0.0, TAU);
    let mut fighters: Vec<Fighter> = (0..count)
        .map(|index| {
            let turn = first_turn + TAU * index as f32 / count as f32 + random.between(-0.3, 0.3);
            let radius = random.between(0.5, 0.95) * (1.0 + 0.1 * count as f32) * 0.8;
            let base = add(center, [radius * turn.cos(), 0.0, 0.7 * radius * turn.sin()]);
            let wing = stage.set.wing(if turn.cos() > 0.0 { 1.0 } else { -1.0 }, base[2]);
            Fighter {
                body: stage.style.body(random),
                base,
                rhythm: [
                    random.between(2.2, 4.2),
                    random.between(1.8, 3.6),
                    random.between(0.0, TAU),
                    random.between(0.0, TAU),
                ],
                blows: Vec::new(),
                hits_s: Vec::new(),
                falls_s: Vec::new(),
                leave: Route::at_speed(&[base, wing], random.between(1.6, 3.4) * stage.tempo, event_s.end, turn),
            }
        })
        .collect();
    // Two hold each other in larger brawls; the others trade blows. Who was busy a moment ago is not hit now.
    let grapple = (count >= 5).then_some((0, 1));
    let fists: Vec<usize> = (if grapple.is_some() { 2 } else { 0 }..count).collect();
    let mut last = usize::MAX;
    for &impact_s in &impacts_s {
        let others: Vec<usize> = fists.iter().copied().filter(|&one| one != last).collect();
        let one = others[random.bits() as usize % others.len()];
        let other = others.iter().copied().cycle().skip_while(|&next| next != one).nth(1).unwrap_or(one);
        fighters[one].blows.push((impact_s, other));
        fighters[other].hits_s.push(impact_s);
        last = one;
    }
    for fighter in &mut fighters {
        for &hit_s in &fighter.hits_s {
            let is_free = fighter.blows.iter().all(|blow| blow.0 < hit_s - 0.3 || blow.0 > hit_s + 2.7);
            let is_up = fighter.falls_s.last().is_none_or(|fall_s| hit_s > fall_s + 2.6);
            if is_free && is_up && random.unit() < 0.75 {
                fighter.falls_s.push(hit_s);
            }
        }
    }
    Box::new(move |time_s, cast: &mut Cast| {
        let fury = ease(event_s.start - 0.25, event_s.start + 0.1, time_s);
        for (index, fighter) in fighters.iter().enumerate() {
            if time_s > event_s.end {
                let up = ease(event_s.end, event_s.end + 0.6, time_s);
                let pose = fighter.leave.pose(time_s);
                cast.figures.push(Figure::Person(fighter.body, Pose { lean: pose.lean + 0.3 * (1.0 - up), ..pose }));
                continue;
            }
            let holder = grapple.filter(|&(one, other)| index == one || index == other);
            let pose = match holder {
                Some((one, other)) => grappling(&fighters, one, other, index, time_s),
                None => trading_blows(&fighters, index, time_s),
            };
            let calm = talk(time_s + fighter.rhythm[2], 0.9).placed(fighter.base, heading(fighter.base, center));
            let mut pose = calm.toward(
                Pose { yaw: calm.yaw + super::super::actors::route::turn_between(calm.yaw, pose.yaw), ..pose },
                fury,
            );
            let shaken = jolt(&fighter.hits_s, time_s);
            pose.lean -= 0.35 * shaken;
            pose.nod -= 0.5 * shaken;
            cast.figures.push(Figure::Person(fighter.body, pose));
        }
    })
}

/// On guard against the next opponent, or lying; without the blows of this one.
fn stance(fighters: &[Fighter], index: usize, time_s: f32) -> Pose {
    let fighter = &fighters[index];
    let at = fighter.drifting(time_s);
    let next = closest(&fighter.blow_times_s(), time_s);
    let opponent = next.map_or((index + 1) % fighters.len(), |(blow, _)| fighter.blows[blow].1);
    let facing = heading(at, fighters[opponent].drifting(time_s));
    let up = guard(time_s + fighter.rhythm[3]).placed(at, facing);
    let lies = fighter.lies(time_s);
    let back = add(at, [-0.35 * facing.sin(), 0.0, -0.35 * facing.cos()]);
    up.toward(on_back(time_s * 1.5, 0.8).placed(back, facing), lies)
}

fn trading_blows(fighters: &[Fighter], index: usize, time_s: f32) -> Pose {
    let fighter = &fighters[index];
    let mut pose = stance(fighters, index, time_s);
    let Some((blow, since_s)) = closest(&fighter.blow_times_s(), time_s) else { return pose };
    if fighter.lies(time_s) > 0.0 {
        return pose;
    }
    let (impact_s, opponent) = fighter.blows[blow];
    let struck = stance(fighters, opponent, impact_s).joints(fighters[opponent].body.height_m);
    let is_down = struck.neck[1] < 0.8;
    let there = match blow % 4 {
        _ if is_down => struck.chest,
        3 => struck.hip,
        _ => struck.head,
    };
    let toward = unit(sub([there[0], 0.0, there[2]], pose.at));
    let step_in = add([there[0], 0.0, there[2]], scale(toward, -0.5));
    pose.at = mix(pose.at, step_in, nearness(&fighter.blow_times_s(), time_s, STEP_IN_S));
    let short_of = |point: Point| add(point, scale(toward, -0.1));
    pose = match blow % 4 {
        _ if is_down => kick(pose, RIGHT, short_of(there), since_s),
        3 => kick(pose, RIGHT, short_of(there), since_s),
        blow => strike(pose, if blow == 1 { LEFT } else { RIGHT }, short_of(there), since_s, blow == 2),
    };
    // In between they swing at the air.
    if since_s.abs() > 0.42 {
        let swing_s = (time_s * 1.35 + fighter.rhythm[2]).rem_euclid(0.9) - 0.45;
        let ahead = add(pose.at, [0.75 * pose.yaw.sin(), 1.35, 0.75 * pose.yaw.cos()]);
        pose = strike(pose, LEFT, ahead, swing_s, false);
    }
    pose
}

/// Two hold each other by the shoulders, push, and turn about their middle.
fn grappling(fighters: &[Fighter], one: usize, other: usize, index: usize, time_s: f32) -> Pose {
    let middle = mix(fighters[one].drifting(time_s * 0.6), fighters[other].drifting(time_s * 0.6), 0.5);
    let turn = fighters[one].rhythm[2] + 1.4 * (time_s * 1.3).sin() + 0.6 * time_s;
    let side = if index == one { 1.0 } else { -1.0 };
    let apart = 0.34 + 0.06 * (time_s * 6.0).sin();
    let place = |side: f32| add(middle, [side * apart * turn.sin(), 0.0, side * apart * turn.cos()]);
    let (at, partner) = (place(side), place(-side));
    let shoulder = |way: f32| add(partner, [way * 0.16 * turn.cos(), 1.28, -way * 0.16 * turn.sin()]);
    Pose {
        hip_m: 0.78,
        lean: 0.5 + 0.12 * (time_s * 7.0 + side).sin(),
        bend: 0.25 * (time_s * 5.0 + side * PI).sin(),
        nod: 0.3,
        feet: [[0.12, -0.78, -0.28 + 0.2 * (time_s * 6.0).sin()], [0.12, -0.78, -0.15 - 0.2 * (time_s * 6.0).sin()]],
        hand_grips: [Some((shoulder(-1.0), 1.0)), Some((shoulder(1.0), 1.0))],
        ..Pose::STAND
    }
    .placed(at, heading(at, partner))
}
