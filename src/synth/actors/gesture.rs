//! Postures with names, over time. Times in seconds, phases in radians; the caller places them.

use std::f32::consts::PI;

use super::super::view::{Point, add, scale};
use super::pose::{LEFT, Pose, RIGHT};
use crate::drawing::motion::ease;

/// Ground covered by two steps.
pub(crate) const WALK_CYCLE_M: f32 = 1.4;
pub(crate) const RUN_CYCLE_M: f32 = 2.4;
/// A blow: arm drawn back, thrown, held, taken back; about the moment of contact.
const WIND_UP_S: f32 = 0.38;
const THROW_S: f32 = 0.11;
const RECOVER_S: f32 = 0.34;

/// One step after the other; `run` 0 is a walk, 1 a run; `effort` 0 stands still.
pub(crate) fn walk(phase: f32, run: f32, effort: f32) -> Pose {
    let between = |walk: f32, run_: f32| (walk + (run_ - walk) * run) * effort;
    let mut pose = Pose::STAND;
    for (side, phase) in [(LEFT, phase), (RIGHT, phase + PI)] {
        let (sin, cos) = phase.sin_cos();
        let lift = between(0.16, 0.42) * cos.max(0.0);
        pose.feet[side] = [0.02, -0.88 + lift, between(0.35, 0.5) * sin - between(0.0, 0.12)];
        let swing = -sin * between(0.26, 0.34);
        let bent = run * effort;
        pose.hands[side] = [0.08 - 0.1 * bent, -0.53 + 0.27 * bent + 0.08 * swing.max(0.0), 0.06 + swing + 0.12 * bent];
    }
    pose.hip_m = 0.885 - between(0.04, 0.07) * phase.sin().powi(2);
    pose.lean = 0.03 + between(0.02, 0.22);
    pose.twist = between(0.08, 0.16) * phase.sin();
    pose
}

/// Low, careful steps with bent knees and the upper body forward.
pub(crate) fn sneak(phase: f32, effort: f32) -> Pose {
    let step = walk(phase, 0.0, 0.8 * effort);
    Pose {
        hip_m: 0.66,
        lean: 0.75,
        nod: -0.5,
        hands: [[0.1, -0.22, 0.36], [0.08, -0.18, 0.42]],
        feet: step.feet.map(|foot| [foot[0] + 0.05, foot[1] + 0.22, foot[2]]),
        ..step
    }
}

/// Talking with the hands.
pub(crate) fn talk(time_s: f32, liveliness: f32) -> Pose {
    let wave = |rate: f32, shift: f32| (time_s * rate + shift).sin();
    let lift = |shift: f32| liveliness * (0.5 + 0.5 * wave(2.3, shift)) * (0.6 + 0.4 * wave(0.7, shift * 2.0));
    let hand =
        |lift: f32, shift: f32| [0.05 + 0.1 * lift, -0.53 + 0.36 * lift, 0.08 + 0.34 * lift + 0.05 * wave(5.1, shift)];
    Pose {
        hands: [hand(lift(0.0), 1.0), hand(lift(2.2), 3.0)],
        bend: 0.03 * wave(0.8, 0.0),
        nod: 0.08 + 0.08 * wave(3.1, 1.0),
        twist: 0.1 * wave(0.6, 2.0),
        ..Pose::STAND
    }
}

/// Fists up, feet apart, weight moving.
pub(crate) fn guard(time_s: f32) -> Pose {
    let bounce = (time_s * 9.0).sin();
    Pose {
        hip_m: 0.80 + 0.02 * bounce,
        lean: 0.16,
        twist: 0.2 + 0.12 * (time_s * 4.3).sin(),
        hands: [[-0.04, -0.05, 0.34], [-0.06, -0.08, 0.24]],
        feet: [[0.08, -0.80, 0.22], [0.10, -0.80, -0.22]],
        ..Pose::STAND
    }
}

/// Bent low with the arms over the head.
pub(crate) fn cower(time_s: f32) -> Pose {
    let tremble = 0.03 * (time_s * 11.0).sin();
    Pose {
        hip_m: 0.52,
        lean: 0.95 + tremble,
        nod: 0.7,
        hands: [[-0.10, 0.24 + tremble, 0.14], [-0.12, 0.24 - tremble, 0.16]],
        feet: [[0.06, -0.48, 0.10], [0.06, -0.48, -0.18]],
        ..Pose::STAND
    }
}

/// On the floor on one side, knees drawn up, arms before the head or the belly (`clutch` 0 or 1), turning.
pub(crate) fn curled(time_s: f32, clutch: f32, writhe: f32) -> Pose {
    let (slow, quick) = ((time_s * 1.9).sin(), (time_s * 4.7).sin());
    let knee = |shift: f32| 0.22 * writhe * (time_s * 2.6 + shift).sin();
    let hands_up = [[-0.06, 0.12, 0.22], [-0.10, 0.16, 0.24]];
    let hands_down = [[-0.22, -0.34, 0.20], [-0.20, -0.30, 0.20]];
    let hand = |side: usize| super::super::view::mix(hands_up[side], hands_down[side], clutch);
    Pose {
        hip_m: 0.16,
        pitch: 0.12 * writhe * slow,
        roll: 1.42 + 0.45 * writhe * slow,
        lean: 0.55 + 0.25 * writhe * quick,
        nod: 0.35 + 0.3 * writhe * slow,
        hands: [hand(LEFT), hand(RIGHT)],
        feet: [[0.05, -0.52 + knee(0.0), 0.26 + 0.5 * knee(1.0)], [0.05, -0.58 + knee(2.4), 0.20 + 0.5 * knee(3.6)]],
        ..Pose::STAND
    }
}

/// On the back, a knee up now and then.
pub(crate) fn on_back(time_s: f32, writhe: f32) -> Pose {
    let knee = |shift: f32| (writhe * (0.5 + 0.5 * (time_s * 2.2 + shift).sin())).max(0.0);
    let foot = |up: f32| [0.06, -0.85 + 0.3 * up, 0.02 + 0.18 * up];
    Pose {
        hip_m: 0.13,
        pitch: -1.5 + 0.16 * writhe * (time_s * 3.1).sin(),
        roll: 0.35 * writhe * (time_s * 1.7).sin(),
        lean: 0.12 * writhe,
        nod: 0.2 * (time_s * 2.3).sin() * writhe,
        hands: [[-0.12, -0.36, 0.14], [-0.14, -0.34, 0.16]],
        feet: [foot(knee(0.0)), foot(knee(2.0))],
        ..Pose::STAND
    }
}

/// Doubled up on the feet, both hands at the belly or the chest.
pub(crate) fn clutch(time_s: f32, low: f32) -> Pose {
    let sway = (time_s * 2.1).sin();
    let hand = [-0.2, -0.2 - 0.2 * low, 0.2];
    Pose {
        hip_m: 0.80,
        lean: 0.35 + 0.45 * low + 0.08 * sway,
        bend: 0.1 * sway,
        nod: 0.5,
        hands: [hand, [hand[0] + 0.03, hand[1] + 0.05, hand[2]]],
        feet: [[0.06, -0.80, 0.12], [0.06, -0.80, -0.08]],
        ..Pose::STAND
    }
}

/// On the knees, sitting on the heels by `low`.
pub(crate) fn kneel(low: f32) -> Pose {
    Pose {
        hip_m: 0.48 - 0.2 * low,
        lean: 0.25,
        nod: 0.4,
        feet: [[0.08, -0.42 + 0.2 * low, -0.42], [0.08, -0.42 + 0.2 * low, -0.38]],
        ..Pose::STAND
    }
}

/// On the heels, knees up.
pub(crate) fn squat(lean: f32) -> Pose {
    Pose {
        hip_m: 0.36,
        lean,
        nod: 0.2,
        hands: [[0.0, -0.34, 0.34], [0.0, -0.30, 0.36]],
        feet: [[0.08, -0.34, 0.14], [0.08, -0.34, 0.02]],
        ..Pose::STAND
    }
}

/// Both forearms ahead, as under a box or behind a pram.
pub(crate) fn hold_ahead(step: Pose, height: f32) -> Pose {
    let hand = [-0.02, -0.38 + height, 0.36];
    Pose { hands: [hand; 2], lean: step.lean - 0.04, twist: 0.0, ..step }
}

/// Arms about somebody just ahead.
pub(crate) fn embrace(time_s: f32) -> Pose {
    let pat = 0.05 * (time_s * 7.0).sin().max(0.0);
    Pose { hands: [[-0.12, -0.08 + pat, 0.34], [-0.10, -0.22, 0.34]], lean: 0.12, nod: 0.15, ..Pose::STAND }
}

/// To a beat: arms and hips swing, in one of a few styles.
pub(crate) fn dance(phase: f32, style: u32) -> Pose {
    let (sin, cos) = phase.sin_cos();
    let step = Pose {
        hip_m: 0.84 + 0.04 * (2.0 * phase).cos(),
        bend: 0.16 * sin,
        twist: 0.35 * cos,
        feet: [[0.08, -0.85 + 0.14 * sin.max(0.0), 0.08 * cos], [0.08, -0.85 + 0.14 * (-sin).max(0.0), -0.08 * cos]],
        ..Pose::STAND
    };
    let hands = match style % 3 {
        0 => [[0.12, 0.42 + 0.08 * sin, 0.12 * cos], [0.12, 0.42 - 0.08 * sin, -0.12 * cos]],
        1 => [[0.22, -0.15 + 0.2 * sin, 0.3], [0.22, -0.15 - 0.2 * sin, 0.3]],
        _ => [[0.42, 0.05 + 0.15 * sin, 0.1], [0.42, 0.05 - 0.15 * sin, 0.1]],
    };
    Pose { hands, ..step }
}

/// Arms on the floor, the body a board: up and down.
pub(crate) fn press_up(phase: f32) -> Pose {
    let up = 0.5 + 0.5 * phase.sin();
    Pose {
        hip_m: 0.2 + 0.18 * up,
        pitch: 1.46 - 0.22 * up,
        nod: -0.3,
        hands: [[0.1, 0.05, 0.16 + 0.36 * up]; 2],
        feet: [[0.02, -0.87, 0.02]; 2],
        ..Pose::STAND
    }
}

/// The arm throws a blow that meets `target` when `since_s` is 0; `from_above` raises the hand over the head first.
pub(crate) fn strike(mut pose: Pose, side: usize, target: Point, since_s: f32, from_above: bool) -> Pose {
    let Some((drawn_back, thrown)) = blow(since_s) else { return pose };
    let raised = if from_above { [0.1, 0.42, -0.1] } else { [0.22, 0.0, -0.26] };
    pose.hands[side] = super::super::view::mix(pose.hands[side], raised, drawn_back);
    let outward = if side == LEFT { -1.0 } else { 1.0 };
    pose.twist += outward * (0.55 * drawn_back - 0.35 * thrown);
    pose.lean += 0.22 * thrown - 0.12 * drawn_back;
    if thrown > 0.0 {
        pose.hand_grips[side] = Some((target, thrown));
    }
    pose
}

/// The same with both hands: a shove.
pub(crate) fn shove(mut pose: Pose, target: Point, since_s: f32) -> Pose {
    let Some((drawn_back, thrown)) = blow(since_s) else { return pose };
    pose.lean += 0.30 * thrown - 0.08 * drawn_back;
    for (side, aside) in [(LEFT, -0.08), (RIGHT, 0.08)] {
        pose.hands[side] = super::super::view::mix(pose.hands[side], [0.02, -0.22, 0.12], drawn_back);
        let beside = [aside * pose.yaw.cos(), 0.0, -aside * pose.yaw.sin()];
        if thrown > 0.0 {
            pose.hand_grips[side] = Some((add(target, beside), thrown));
        }
    }
    pose
}

/// The same with a foot.
pub(crate) fn kick(mut pose: Pose, side: usize, target: Point, since_s: f32) -> Pose {
    let Some((drawn_back, thrown)) = blow(since_s) else { return pose };
    pose.feet[side] = super::super::view::mix(pose.feet[side], [0.05, -0.58, -0.45], drawn_back);
    pose.lean += 0.12 * drawn_back - 0.22 * thrown;
    pose.hands = pose.hands.map(|hand| add(hand, scale([0.3, 0.22, 0.0], thrown.max(drawn_back) * 0.7)));
    if thrown > 0.0 {
        pose.foot_grips[side] = Some((target, thrown));
    }
    pose
}

/// How far a limb is drawn back and thrown `since_s` after contact, 0 to 1 each; `None` far from it.
fn blow(since_s: f32) -> Option<(f32, f32)> {
    (-WIND_UP_S..RECOVER_S).contains(&since_s).then(|| {
        let drawn_back = ease(-WIND_UP_S, -THROW_S - 0.04, since_s) * (1.0 - ease(-THROW_S, 0.0, since_s));
        let thrown = ease(-THROW_S, 0.0, since_s) * (1.0 - ease(0.07, RECOVER_S, since_s));
        (drawn_back, thrown)
    })
}

/// What a blow does to who is hit: a jolt that begins with the contact, reaches almost 1 and dies away.
pub(crate) fn jolt(impacts_s: &[f32], time_s: f32) -> f32 {
    let last = impacts_s.iter().rev().find(|&&impact_s| impact_s <= time_s);
    last.map_or(0.0, |impact_s| {
        ease(0.0, 0.07, time_s - impact_s) * (-(time_s - impact_s - 0.07).max(0.0) / 0.16).exp()
    })
}
