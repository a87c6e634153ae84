//! How a person holds themselves, and where that puts every joint.
//!
//! Hands and feet are placed; elbows and knees follow (two-bone inverse kinematics).

use super::super::view::{Point, add, dot, length, mix, scale, sub, unit};

/// Lengths of a person of [`HEIGHT_M`]; all scale with height.
pub(crate) const HEIGHT_M: f32 = 1.75;
const THIGH_M: f32 = 0.45;
const SHIN_M: f32 = 0.44;
const TORSO_M: f32 = 0.52;
const UPPER_ARM_M: f32 = 0.29;
const FOREARM_M: f32 = 0.27;
const HIP_HALF_M: f32 = 0.09;
const SHOULDER_HALF_M: f32 = 0.19;
const NECK_M: f32 = 0.22;
/// No joint sinks lower: half the thickness of a limb.
const FLOOR_M: f32 = 0.05;

pub(crate) const LEFT: usize = 0;
pub(crate) const RIGHT: usize = 1;

/// A posture; metres for a person of [`HEIGHT_M`], angles in radians.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pose {
    /// On the ground below the hips, in the world.
    pub at: Point,
    /// Height of the hips.
    pub hip_m: f32,
    /// Heading: 0 away from the camera, a quarter turn to the right.
    pub yaw: f32,
    /// The whole body falls forward; a quarter turn lies face down.
    pub pitch: f32,
    /// The whole body falls to its right.
    pub roll: f32,
    /// The upper body bends forward, and to its right, and turns to its right.
    pub lean: f32,
    pub bend: f32,
    pub twist: f32,
    /// The head bows.
    pub nod: f32,
    /// Left and right hand from its shoulder: outward, up, forward.
    pub hands: [Point; 2],
    /// Left and right foot from its hip: outward, up, forward.
    pub feet: [Point; 2],
    /// Where a hand or foot is drawn to in the world, and by which share.
    pub hand_grips: [Option<(Point, f32)>; 2],
    pub foot_grips: [Option<(Point, f32)>; 2],
}

/// Joints in the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Joints {
    pub hip: Point,
    pub chest: Point,
    pub neck: Point,
    pub head: Point,
    /// From the body's back to its front, at the head.
    pub face: Point,
    pub shoulders: [Point; 2],
    pub elbows: [Point; 2],
    pub hands: [Point; 2],
    pub hips: [Point; 2],
    pub knees: [Point; 2],
    pub feet: [Point; 2],
    pub toes: [Point; 2],
}

impl Pose {
    /// At ease, arms hanging.
    pub(crate) const STAND: Pose = Pose {
        at: [0.0; 3],
        hip_m: 0.885,
        yaw: 0.0,
        pitch: 0.0,
        roll: 0.0,
        lean: 0.02,
        bend: 0.0,
        twist: 0.0,
        nod: 0.05,
        hands: [[0.06, -0.53, 0.06]; 2],
        feet: [[0.03, -0.88, 0.0]; 2],
        hand_grips: [None; 2],
        foot_grips: [None; 2],
    };

    /// Between two postures, without what either grips: `share` 0 is this one, 1 the other.
    pub(crate) fn toward(self, other: Pose, share: f32) -> Pose {
        let part = |from: f32, to: f32| from + (to - from) * share;
        let pair = |from: [Point; 2], to: [Point; 2]| [mix(from[0], to[0], share), mix(from[1], to[1], share)];
        Pose {
            at: mix(self.at, other.at, share),
            hip_m: part(self.hip_m, other.hip_m),
            yaw: part(self.yaw, other.yaw),
            pitch: part(self.pitch, other.pitch),
            roll: part(self.roll, other.roll),
            lean: part(self.lean, other.lean),
            bend: part(self.bend, other.bend),
            twist: part(self.twist, other.twist),
            nod: part(self.nod, other.nod),
            hands: pair(self.hands, other.hands),
            feet: pair(self.feet, other.feet),
            hand_grips: if share < 0.5 { self.hand_grips } else { other.hand_grips },
            foot_grips: if share < 0.5 { self.foot_grips } else { other.foot_grips },
        }
    }

    /// The same posture at a place and heading.
    pub(crate) fn placed(self, at: Point, yaw: f32) -> Pose {
        Pose { at, yaw, ..self }
    }

    /// Joints of somebody `height_m` tall.
    pub(crate) fn joints(&self, height_m: f32) -> Joints {
        let size = height_m / HEIGHT_M;
        let frame = Frame::heading(self.yaw).pitched(self.pitch).rolled(self.roll);
        let torso = frame.pitched(self.lean).rolled(self.bend).turned(self.twist);
        let hip = add(self.at, [0.0, (self.hip_m * size).max(FLOOR_M + 0.06), 0.0]);
        let neck = above_floor(add(hip, scale(torso.up, TORSO_M * size)));
        let gaze = torso.pitched(self.nod);
        let head = above_floor(add(neck, scale(gaze.up, NECK_M * size)));
        let mut joints = Joints {
            hip,
            chest: mix(hip, neck, 0.7),
            neck,
            head,
            face: gaze.forward,
            shoulders: [neck; 2],
            elbows: [neck; 2],
            hands: [neck; 2],
            hips: [hip; 2],
            knees: [hip; 2],
            feet: [hip; 2],
            toes: [hip; 2],
        };
        for (side, outward) in [(LEFT, -1.0), (RIGHT, 1.0)] {
            let shoulder = add(neck, add(scale(torso.right, outward * SHOULDER_HALF_M * size), scale(torso.up, -0.05)));
            let free = add(shoulder, scale(torso.place(self.hands[side], outward), size));
            let hand = drawn_to(free, self.hand_grips[side]);
            let pole = torso.place([0.5, -0.7, -0.6], outward);
            let (elbow, hand) = two_bones(shoulder, hand, UPPER_ARM_M * size, FOREARM_M * size, pole);
            let hip = add(hip, scale(frame.right, outward * HIP_HALF_M * size));
            let free = add(hip, scale(frame.place(self.feet[side], outward), size));
            let foot = drawn_to(free, self.foot_grips[side]);
            let pole = frame.place([0.18, 0.1, 1.0], outward);
            let (knee, foot) = two_bones(hip, foot, THIGH_M * size, SHIN_M * size, pole);
            let shin = unit(sub(foot, knee));
            // The foot points ahead, as square to the shin as a foot is.
            let along = unit(sub(frame.forward, scale(shin, dot(frame.forward, shin) * 0.9)));
            joints.shoulders[side] = above_floor(shoulder);
            joints.elbows[side] = above_floor(elbow);
            joints.hands[side] = above_floor(hand);
            joints.hips[side] = above_floor(hip);
            joints.knees[side] = above_floor(knee);
            joints.feet[side] = above_floor(foot);
            joints.toes[side] = above_floor(add(foot, scale(along, 0.17 * size)));
        }
        joints
    }
}

/// Right, up and forward of a body.
#[derive(Clone, Copy)]
struct Frame {
    right: Point,
    up: Point,
    forward: Point,
}

impl Frame {
    fn heading(yaw: f32) -> Self {
        let (sin, cos) = yaw.sin_cos();
        Self { right: [cos, 0.0, -sin], up: [0.0, 1.0, 0.0], forward: [sin, 0.0, cos] }
    }

    fn pitched(self, angle: f32) -> Self {
        let (up, forward) = (spun(self.up, self.forward, angle), spun(self.forward, self.up, -angle));
        Self { up, forward, ..self }
    }

    fn rolled(self, angle: f32) -> Self {
        let (up, right) = (spun(self.up, self.right, angle), spun(self.right, self.up, -angle));
        Self { up, right, ..self }
    }

    fn turned(self, angle: f32) -> Self {
        let (forward, right) = (spun(self.forward, self.right, angle), spun(self.right, self.forward, -angle));
        Self { forward, right, ..self }
    }

    /// A direction from outward, up and forward parts.
    fn place(self, [out, up, forward]: Point, outward: f32) -> Point {
        add(scale(self.right, out * outward), add(scale(self.up, up), scale(self.forward, forward)))
    }
}

/// `axis` turned by `angle` towards `other`, which is square to it.
fn spun(axis: Point, other: Point, angle: f32) -> Point {
    let (sin, cos) = angle.sin_cos();
    add(scale(axis, cos), scale(other, sin))
}

fn drawn_to(free: Point, grip: Option<(Point, f32)>) -> Point {
    grip.map_or(free, |(target, share)| mix(free, target, share.clamp(0.0, 1.0)))
}

fn above_floor(point: Point) -> Point {
    [point[0], point[1].max(FLOOR_M), point[2]]
}

/// Where two bones from `root` meet and end when they reach for `target`, the joint bent towards `pole`.
fn two_bones(root: Point, target: Point, upper_m: f32, lower_m: f32, pole: Point) -> (Point, Point) {
    let way = sub(target, root);
    let reach = length(way).clamp((upper_m - lower_m).abs() + 0.02, (upper_m + lower_m) * 0.999);
    let along = if length(way) < 1e-4 { [0.0, -1.0, 0.0] } else { unit(way) };
    let near = (upper_m * upper_m - lower_m * lower_m + reach * reach) / (2.0 * reach);
    let aside = (upper_m * upper_m - near * near).max(0.0).sqrt();
    let bent = unit(sub(pole, scale(along, dot(pole, along))));
    (add(root, add(scale(along, near), scale(bent, aside))), add(root, scale(along, reach)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bones_keep_their_lengths_whatever_they_reach_for() {
        for target in [[0.1, -0.3, 0.2], [3.0, 2.0, -1.0], [0.0, 0.0, 0.0]] {
            let pose = Pose { hand_grips: [Some((target, 1.0)), None], ..Pose::STAND };
            let joints = pose.joints(HEIGHT_M);
            let upper = length(sub(joints.elbows[LEFT], joints.shoulders[LEFT]));
            assert!((upper - UPPER_ARM_M).abs() < 1e-3, "{upper}");
            assert!(length(sub(joints.hands[LEFT], joints.shoulders[LEFT])) <= UPPER_ARM_M + FOREARM_M);
        }
    }

    #[test]
    fn a_hand_within_reach_is_where_it_grips() {
        let joints = Pose::STAND.joints(HEIGHT_M);
        let target = add(joints.shoulders[RIGHT], [0.1, 0.2, 0.4]);
        let pose = Pose { hand_grips: [None, Some((target, 1.0))], ..Pose::STAND };
        assert!(length(sub(pose.joints(HEIGHT_M).hands[RIGHT], target)) < 1e-3);
    }

    #[test]
    fn who_stands_has_the_head_above_the_hips_and_who_lies_has_it_beside() {
        let standing = Pose::STAND.joints(HEIGHT_M);
        assert!(standing.head[1] > standing.hip[1] + 0.6 && standing.feet[LEFT][1] < 0.1);
        let lying = Pose { pitch: -1.57, hip_m: 0.12, ..Pose::STAND }.joints(HEIGHT_M);
        assert!(lying.head[1] < 0.3 && length(sub(lying.head, lying.hip)) > 0.6);
    }
}
