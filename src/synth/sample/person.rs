//! A person from the side with jointed arms and legs, drawn in metres from the ground between the feet.

use std::f32::consts::PI;

use crate::drawing::canvas::{Canvas, Ink, Position};

const THIGH_M: f32 = 0.45;
const SHIN_M: f32 = 0.44;
const TORSO_M: f32 = 0.54;
const UPPER_ARM_M: f32 = 0.29;
const FOREARM_M: f32 = 0.26;

/// How the joints swing over one cycle of two steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gait {
    /// Ground covered in one cycle.
    pub cycle_m: f32,
    pub hip_swing_rad: f32,
    pub knee_bend_rad: f32,
    pub knee_rest_rad: f32,
    pub arm_swing_rad: f32,
    pub elbow_rad: f32,
    pub lean_rad: f32,
}

impl Gait {
    pub(super) const STAND: Self = Self {
        cycle_m: 1.45,
        hip_swing_rad: 0.04,
        knee_bend_rad: 0.0,
        knee_rest_rad: 0.03,
        arm_swing_rad: 0.03,
        elbow_rad: 0.15,
        lean_rad: 0.0,
    };
    pub(super) const WALK: Self = Self {
        cycle_m: 1.45,
        hip_swing_rad: 0.42,
        knee_bend_rad: 0.85,
        knee_rest_rad: 0.06,
        arm_swing_rad: 0.42,
        elbow_rad: 0.30,
        lean_rad: 0.04,
    };
    pub(super) const RUN: Self = Self {
        cycle_m: 2.5,
        hip_swing_rad: 0.72,
        knee_bend_rad: 1.55,
        knee_rest_rad: 0.20,
        arm_swing_rad: 0.85,
        elbow_rad: 1.45,
        lean_rad: 0.20,
    };

    /// Between two gaits: `share` 0 is this one, 1 the other.
    pub(super) fn toward(self, other: Self, share: f32) -> Self {
        let mix = |from: f32, to: f32| from + (to - from) * share;
        Self {
            cycle_m: mix(self.cycle_m, other.cycle_m),
            hip_swing_rad: mix(self.hip_swing_rad, other.hip_swing_rad),
            knee_bend_rad: mix(self.knee_bend_rad, other.knee_bend_rad),
            knee_rest_rad: mix(self.knee_rest_rad, other.knee_rest_rad),
            arm_swing_rad: mix(self.arm_swing_rad, other.arm_swing_rad),
            elbow_rad: mix(self.elbow_rad, other.elbow_rad),
            lean_rad: mix(self.lean_rad, other.lean_rad),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub x_px: f32,
    pub ground_y_px: f32,
    pub px_per_m: f32,
    /// 1 to the right, -1 to the left; in between while turning.
    pub facing: f32,
    pub gait: Gait,
    /// Within the gait's cycle; a foot strikes the ground at a quarter and at three quarters of it.
    pub phase_rad: f32,
    pub coat: u32,
    pub trousers: u32,
}

impl Person {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let mut canvas = canvas.placed((self.x_px, self.ground_y_px), self.px_per_m, 0.0);
        canvas.glow((0.0, 0.0), 0.55, 0.13, Ink::paint(0x05060b).alpha(0.9));
        let legs = [self.leg(self.phase_rad + PI), self.leg(self.phase_rad)];
        // The foot that is lower stands on the ground; the rest of the body follows from it.
        let drop = legs.iter().map(|leg| leg.ankle.1).fold(f32::MIN, f32::max) + 0.07;
        let hip = (0.0, -drop);
        let lean = (self.gait.lean_rad.sin(), self.gait.lean_rad.cos());
        let shoulder = (TORSO_M * lean.0, hip.1 - TORSO_M * lean.1);
        let head = (shoulder.0 + 0.22 * lean.0 + 0.03, shoulder.1 - 0.20);
        let far = |rgb: u32| Ink::paint(rgb).shade(0.62);
        self.draw_arm(&mut canvas, shoulder, self.phase_rad, far(self.coat));
        self.draw_leg(&mut canvas, hip, &legs[0], far(self.trousers));
        self.draw_leg(&mut canvas, hip, &legs[1], Ink::paint(self.trousers));
        let coat = Ink::paint(self.coat);
        let torso = [
            (shoulder.0 - 0.13, shoulder.1 + 0.01),
            (shoulder.0 + 0.10, shoulder.1),
            (hip.0 + 0.16, hip.1 + 0.02),
            (hip.0 + 0.15, hip.1 + 0.16),
            (hip.0 - 0.17, hip.1 + 0.16),
            (hip.0 - 0.16, hip.1 - 0.10),
        ];
        canvas.polygon(&torso.map(|point| self.turned(point)), coat);
        canvas.line(
            &[self.turned((shoulder.0 - 0.06, shoulder.1 + 0.04)), self.turned((shoulder.0 + 0.05, shoulder.1 + 0.04))],
            0.15,
            coat,
        );
        canvas.line(&[self.turned((shoulder.0 + 0.01, shoulder.1)), self.turned(head)], 0.10, Ink::paint(0xb98768));
        canvas.ellipse(self.turned(head), 0.115, 0.135, Ink::paint(0xc79676));
        let hair = [
            (-0.13, 0.05),
            (-0.13, -0.08),
            (-0.05, -0.15),
            (0.07, -0.14),
            (0.11, -0.07),
            (-0.01, -0.06),
            (-0.05, 0.04),
        ];
        canvas.polygon(&hair.map(|(x, y)| self.turned((head.0 + x, head.1 + y))), Ink::paint(0x241a18));
        self.draw_arm(&mut canvas, shoulder, self.phase_rad + PI, coat.shade(0.84));
    }

    fn turned(&self, (x, y): Position) -> Position {
        (x * self.facing, y)
    }

    /// Joints below a hip at the origin.
    fn leg(&self, phase_rad: f32) -> Leg {
        let thigh_rad = self.gait.hip_swing_rad * phase_rad.sin() + self.gait.knee_rest_rad * 0.5;
        // The knee bends while the leg swings forward and is nearly straight while it carries.
        let swing = phase_rad.cos().max(0.0);
        let shin_rad = thigh_rad - self.gait.knee_rest_rad - self.gait.knee_bend_rad * swing;
        let knee = (THIGH_M * thigh_rad.sin(), THIGH_M * thigh_rad.cos());
        let ankle = (knee.0 + SHIN_M * shin_rad.sin(), knee.1 + SHIN_M * shin_rad.cos());
        let foot_rad = shin_rad * 0.75;
        let toe = (ankle.0 + 0.17 * foot_rad.cos(), ankle.1 + 0.03 - 0.17 * foot_rad.sin());
        Leg { knee, ankle, toe }
    }

    fn draw_leg(&self, canvas: &mut Canvas, hip: Position, leg: &Leg, ink: Ink) {
        let at = |(x, y): Position| self.turned((hip.0 + x, hip.1 + y));
        canvas.line(&[at((0.0, 0.03)), at(leg.knee)], 0.17, ink);
        canvas.line(&[at(leg.knee), at(leg.ankle)], 0.125, ink);
        canvas.line(&[at((leg.ankle.0 - 0.02, leg.ankle.1 + 0.02)), at(leg.toe)], 0.09, Ink::paint(0x0c0b10));
    }

    fn draw_arm(&self, canvas: &mut Canvas, shoulder: Position, phase_rad: f32, ink: Ink) {
        let upper_rad = self.gait.arm_swing_rad * phase_rad.sin() - self.gait.lean_rad * 0.5;
        let fore_rad = upper_rad + self.gait.elbow_rad * (0.75 + 0.25 * phase_rad.sin());
        let elbow = (shoulder.0 + UPPER_ARM_M * upper_rad.sin(), shoulder.1 + 0.05 + UPPER_ARM_M * upper_rad.cos());
        let hand = (elbow.0 + FOREARM_M * fore_rad.sin(), elbow.1 + FOREARM_M * fore_rad.cos());
        let top = (shoulder.0, shoulder.1 + 0.05);
        canvas.line(&[top, elbow, hand].map(|point| self.turned(point)), 0.105, ink);
        let (x, y) = self.turned(hand);
        canvas.ellipse((x, y), 0.05, 0.05, Ink::paint(0xb98768));
    }
}

struct Leg {
    knee: Position,
    ankle: Position,
    toe: Position,
}
