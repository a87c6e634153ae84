//! One person beats, kicks or shoves another, who cowers or lies and does not hit back.

use std::f32::consts::PI;

use super::super::actors::gesture::{clutch, cower, curled, guard, jolt, kick, shove, strike, talk};
use super::super::actors::pose::{LEFT, Pose, RIGHT};
use super::super::actors::route::{Route, heading};
use super::super::view::{Point, add, scale, sub, unit};
use super::{Act, Cast, Figure, Stage, closest, nearness};
use crate::drawing::motion::ease;
use crate::random::Random;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Fists,
    Stick,
    Kicks,
    Shoves,
}

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let manner = [Manner::Fists, Manner::Stick, Manner::Kicks, Manner::Shoves][random.bits() as usize % 4];
    let (attacker, victim) = (stage.style.body(random), stage.style.body(random));
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let first_s = impacts_s.first().copied().unwrap_or(event_s.start);
    let place = stage.set.spot(random.between(-0.4, 0.4), random.between(0.3, 0.8));
    // Mostly seen from the side, so that the blows show.
    let from = if random.unit() < 0.5 { PI / 2.0 } else { -PI / 2.0 } + random.between(-0.5, 0.5);
    let toward = [-from.sin(), 0.0, -from.cos()];
    let away = if from > 0.0 { 1.0 } else { -1.0 };
    let leave = Route::at_speed(
        &[add(place, scale(toward, -0.8)), stage.set.wing(away, place[2])],
        1.5 * stage.tempo,
        event_s.end,
        from + PI,
    );
    let rescued_s = event_s.end + 0.5;
    let limp = Route::at_speed(&[place, stage.set.wing(-away, place[2])], 0.8, rescued_s + 0.9, from);
    let onlookers: Vec<_> = (0..random.bits() % 3)
        .map(|_| {
            (
                stage.style.body(random),
                stage.set.spot(random.signed(), random.between(0.8, 1.0)),
                random.between(0.0, 9.0),
            )
        })
        .collect();
    let lively = random.between(0.7, 1.2);
    Box::new(move |time_s, cast: &mut Cast| {
        let down = ease(first_s, first_s + 0.55, time_s) * (1.0 - ease(rescued_s, rescued_s + 1.0, time_s));
        let hurt = match manner {
            Manner::Kicks => Pose { yaw: from, ..curled(time_s, 0.0, 0.35) },
            _ => cower(time_s).placed(place, from),
        };
        let upright = if time_s > rescued_s { clutch(time_s, 0.5) } else { talk(time_s, 0.3) };
        let standing = if time_s > rescued_s + 0.9 {
            let step = limp.pose(time_s);
            Pose { lean: 0.5, hands: clutch(time_s, 0.6).hands, ..step }
        } else {
            upright.placed(place, from)
        };
        let mut suffering = standing.toward(Pose { at: standing.at, yaw: standing.yaw, ..hurt }, down);
        let target = aim(&suffering, victim.height_m, manner, toward);
        let shaken = jolt(&impacts_s, time_s);
        suffering.at = add(suffering.at, scale(toward, 0.14 * shaken * time_s.min(1.0)));
        suffering.bend += 0.25 * shaken;
        suffering.lean += 0.15 * shaken;
        cast.figures.push(Figure::Person(victim, suffering));

        if time_s > event_s.end {
            cast.figures.push(Figure::Person(attacker, leave.pose(time_s)));
        } else {
            let near = nearness(&impacts_s, time_s, 0.38);
            let reach = match manner {
                Manner::Stick => 0.85,
                Manner::Kicks => 0.55,
                _ => 0.50,
            };
            let rage = ease(event_s.start - 0.3, event_s.start + 0.2, time_s);
            let pacing = 0.12 * (time_s * 3.7 * lively).sin();
            let at = add([target[0], 0.0, target[2]], scale(toward, -(reach + (0.42 + pacing) * (1.0 - near))));
            let calm = talk(time_s, lively).placed(at, heading(at, place));
            let mut pose = calm.toward(guard(time_s).placed(at, calm.yaw), rage);
            if target[1] < 1.1 && manner != Manner::Kicks {
                pose.lean += 0.55 * near;
                pose.hip_m -= 0.08 * near;
            }
            if let Some((index, since_s)) = closest(&impacts_s, time_s) {
                let side = if index % 2 == 0 { RIGHT } else { LEFT };
                pose = match manner {
                    Manner::Fists => strike(pose, side, target, since_s, index % 3 == 2),
                    Manner::Stick => {
                        strike(pose, RIGHT, add(target, add(scale(toward, -0.32), [0.0, 0.28, 0.0])), since_s, true)
                    }
                    Manner::Kicks => kick(pose, side, target, since_s),
                    Manner::Shoves => shove(pose, target, since_s),
                };
                if manner == Manner::Stick {
                    let joints = pose.joints(attacker.height_m);
                    let hand = joints.hands[RIGHT];
                    let along = unit(sub(hand, joints.elbows[RIGHT]));
                    let lowered = nearness(&[0.0], since_s, 0.16);
                    let free = add(hand, scale(along, 0.5));
                    let tip = super::super::view::mix(free, target, lowered);
                    cast.figures.push(Figure::Rod { points: vec![hand, tip], width_m: 0.055, rgb: 0x5a4028 });
                }
            }
            cast.figures.push(Figure::Person(attacker, pose));
        }
        for (body, at, own) in &onlookers {
            cast.figures.push(Figure::Person(*body, talk(time_s + own, 0.25).placed(*at, heading(*at, place))));
        }
    })
}

/// Where a blow meets the one who suffers it: on the side of who deals it.
fn aim(suffering: &Pose, height_m: f32, manner: Manner, toward: Point) -> Point {
    let joints = suffering.joints(height_m);
    let point = match manner {
        Manner::Kicks if suffering.hip_m < 0.5 => joints.hip,
        Manner::Kicks => add(joints.hip, [0.0, -0.25, 0.0]),
        Manner::Shoves => joints.chest,
        _ => joints.head,
    };
    add(point, scale(toward, -0.10))
}
