//! A vehicle as a low solid: a side profile drawn out to its width, with windows, wheels and lights.

use super::super::view::{Painter, Point, dim, dot, sub};
use crate::drawing::canvas::Ink;

/// Corner of a profile: along the vehicle, height, share of the half width.
type Corner = (f32, f32, f32);

/// Silhouettes from the rear over the roof to the front; the second and the last but one corner bound the cabin.
const SALOON: [Corner; 10] = [
    (-2.15, 0.30, 1.0),
    (-2.18, 0.85, 1.0),
    (-1.55, 0.97, 1.0),
    (-0.95, 1.40, 0.8),
    (0.30, 1.42, 0.8),
    (0.95, 0.98, 1.0),
    (1.95, 0.82, 1.0),
    (2.15, 0.62, 1.0),
    (2.18, 0.30, 1.0),
    (2.18, 0.22, 1.0),
];
const HATCHBACK: [Corner; 10] = [
    (-1.95, 0.30, 1.0),
    (-1.98, 0.80, 1.0),
    (-1.90, 0.98, 1.0),
    (-1.45, 1.46, 0.82),
    (0.25, 1.48, 0.82),
    (1.00, 1.02, 1.0),
    (1.75, 0.86, 1.0),
    (1.92, 0.62, 1.0),
    (1.95, 0.30, 1.0),
    (1.95, 0.22, 1.0),
];
const VAN: [Corner; 10] = [
    (-2.50, 0.32, 1.0),
    (-2.52, 0.95, 1.0),
    (-2.50, 1.10, 1.0),
    (-2.40, 2.05, 0.94),
    (1.25, 2.05, 0.94),
    (1.95, 1.15, 1.0),
    (2.35, 0.98, 1.0),
    (2.50, 0.70, 1.0),
    (2.52, 0.32, 1.0),
    (2.52, 0.24, 1.0),
];
const HALF_WIDTH_M: f32 = 0.88;
const WHEEL_RADIUS_M: f32 = 0.32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Saloon,
    Hatchback,
    Van,
    /// A saloon with a stripe and a blue light bar.
    Patrol,
}

/// A vehicle at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vehicle {
    pub kind: Kind,
    pub rgb: u32,
    /// On the ground below its middle.
    pub at: Point,
    /// Heading: 0 away from the camera, a quarter turn to the right.
    pub yaw: f32,
    /// Nose down on its springs.
    pub pitch: f32,
    /// By how much the front is pushed in.
    pub crush_m: f32,
    pub wheel_turn: f32,
    pub has_headlights: bool,
    pub brakes: bool,
    /// Blue lights of a patrol car, left and right, 0 to 1.
    pub beacon: [f32; 2],
}

impl Vehicle {
    pub(crate) const fn parked(kind: Kind, rgb: u32, at: Point, yaw: f32) -> Self {
        Self {
            kind,
            rgb,
            at,
            yaw,
            pitch: 0.0,
            crush_m: 0.0,
            wheel_turn: 0.0,
            has_headlights: false,
            brakes: false,
            beacon: [0.0; 2],
        }
    }

    pub(crate) const fn half_length_m(kind: Kind) -> f32 {
        match kind {
            Kind::Saloon | Kind::Patrol => 2.18,
            Kind::Hatchback => 1.95,
            Kind::Van => 2.52,
        }
    }

    /// The middle of its front bumper.
    pub(crate) fn nose(&self) -> Point {
        self.place(Self::half_length_m(self.kind) - self.crush_m, 0.5, 0.0)
    }

    pub(crate) fn draw(&self, painter: &mut Painter) {
        let shadow = Ink::paint(0x05060b);
        for along in [-1.3, 0.0, 1.3] {
            painter.patch(self.place(along, 0.0, 0.0), 1.55, shadow.alpha(0.55));
        }
        let profile = match self.kind {
            Kind::Saloon | Kind::Patrol => SALOON,
            Kind::Hatchback => HATCHBACK,
            Kind::Van => VAN,
        };
        let toward_eye = sub(painter.view.eye, self.at);
        let side = if dot(self.across(), toward_eye) > 0.0 { 1.0 } else { -1.0 };
        // The near side faces the camera; strips across are drawn from far to near.
        self.draw_wheels(painter, -side, true);
        let corner = |(along, up, wide): Corner, side: f32| self.place(along, up, side * wide * HALF_WIDTH_M);
        let mut strips: Vec<usize> = (0..profile.len() - 1).collect();
        let strip_depth = |index: usize| {
            painter.view.depth(corner(profile[index], 0.0)) + painter.view.depth(corner(profile[index + 1], 0.0))
        };
        strips.sort_by(|&a, &b| strip_depth(b).total_cmp(&strip_depth(a)));
        for index in strips {
            let (from, to) = (profile[index], profile[index + 1]);
            let is_glass = matches!(index, 2 | 4) && !(self.kind == Kind::Van && index == 2);
            let steep = (to.1 - from.1).abs() / ((to.0 - from.0).hypot(to.1 - from.1)).max(1e-3);
            let rgb = if is_glass { 0x1b2430 } else { dim(self.rgb, 1.0 - 0.3 * steep) };
            painter.face(&[corner(from, side), corner(to, side), corner(to, -side), corner(from, -side)], rgb);
        }
        let lower: Vec<Point> = [0, 1, 2, 5, 6, 7, 8].map(|index| corner(profile[index], side)).to_vec();
        let cabin: Vec<Point> = [2, 3, 4, 5].map(|index| corner(profile[index], side)).to_vec();
        painter.face(&cabin, dim(self.rgb, 0.86));
        painter.face(&lower, dim(self.rgb, 0.78));
        self.draw_side(painter, &profile, side);
        self.draw_wheels(painter, side, false);
        self.draw_lights(painter, side);
    }

    fn draw_side(&self, painter: &mut Painter, profile: &[Corner; 10], side: f32) {
        let glass = |painter: &mut Painter, from: f32, to: f32| {
            let (low, high) = (profile[2].1 + 0.04, profile[3].1 - 0.08);
            let span = |share: f32, rear: Corner, front: Corner| rear.0 + (front.0 - rear.0) * share;
            let wide = |share: f32| (1.01 - 0.19 * share) * HALF_WIDTH_M * side;
            let corners = [
                self.place(span(from, profile[2], profile[5]) + 0.1, low, wide(0.0)),
                self.place(span(to, profile[2], profile[5]) - 0.1, low, wide(0.0)),
                self.place(
                    span(to, profile[3], profile[4]) - 0.04,
                    high,
                    wide(if self.kind == Kind::Van { 0.25 } else { 0.9 }),
                ),
                self.place(
                    span(from, profile[3], profile[4]) + 0.04,
                    high,
                    wide(if self.kind == Kind::Van { 0.25 } else { 0.9 }),
                ),
            ];
            painter.face(&corners, 0x1b2430);
        };
        if self.kind != Kind::Van {
            glass(painter, 0.04, 0.5);
        }
        glass(painter, if self.kind == Kind::Van { 0.72 } else { 0.54 }, 0.96);
        let stripe = if self.kind == Kind::Patrol { 0x2456c8 } else { dim(self.rgb, 0.55) };
        let height = if self.kind == Kind::Patrol { 0.2 } else { 0.06 };
        let edge = HALF_WIDTH_M * 1.01 * side;
        let reach = Self::half_length_m(self.kind) - 0.1;
        let corners = [
            (-reach, 0.52),
            (reach - self.crush_m, 0.52),
            (reach - self.crush_m, 0.52 + height),
            (-reach, 0.52 + height),
        ];
        painter.face(&corners.map(|(along, up)| self.place(along, up, edge)), stripe);
    }

    fn draw_wheels(&self, painter: &mut Painter, side: f32, is_far: bool) {
        for axle in [-1.3, 1.28] {
            let axle = axle * Self::half_length_m(self.kind) / 2.18;
            let edge = HALF_WIDTH_M * 1.02 * side;
            let ring = |radius: f32| -> Vec<Point> {
                (0..10)
                    .map(|step| {
                        let (sin, cos) = (step as f32 * std::f32::consts::TAU / 10.0).sin_cos();
                        self.level(axle + radius * cos, WHEEL_RADIUS_M + radius * sin, edge)
                    })
                    .collect()
            };
            painter.face(&ring(WHEEL_RADIUS_M * 1.05), 0x121318);
            if !is_far {
                painter.face(&ring(WHEEL_RADIUS_M * 0.58), 0x777b84);
                let (sin, cos) = self.wheel_turn.sin_cos();
                let spoke = |by: f32| self.level(axle + 0.18 * cos * by, WHEEL_RADIUS_M + 0.18 * sin * by, edge);
                painter.rod(&[spoke(-1.0), spoke(1.0)], 0.07, 0x2a2c33);
            }
        }
    }

    fn draw_lights(&self, painter: &mut Painter, side: f32) {
        let reach = Self::half_length_m(self.kind);
        let toward_eye = sub(painter.view.eye, self.at);
        let shows_front = dot(self.along(), toward_eye) > 0.0;
        for lamp in [side, -side] {
            let (front, rear) =
                (self.place(reach - self.crush_m, 0.66, lamp * 0.66), self.place(-reach, 0.76, lamp * 0.68));
            if self.has_headlights {
                painter.patch(self.level(reach + 2.4, 0.0, lamp * 0.5), 2.0, Ink::light(0xffe9b8).alpha(0.24));
            }
            if shows_front {
                painter.glowing_rod(&[front, front], 0.16, Ink::paint(painter.light.shaded(0xd8dce0, front)));
                if self.has_headlights {
                    painter.puff(front, 0.5, Ink::light(0xffe9b8).alpha(0.9));
                    painter.puff(front, 0.25, Ink::light(0xffffff));
                }
            } else {
                painter.glowing_rod(&[rear, rear], 0.16, Ink::paint(painter.light.shaded(0x9a1c1c, rear)));
                if self.brakes || self.has_headlights {
                    painter.puff(rear, if self.brakes { 0.34 } else { 0.2 }, Ink::light(0xff2a1c).alpha(0.85));
                }
            }
        }
        if self.kind == Kind::Patrol {
            let bar = [-0.5, 0.5].map(|lamp| self.place(-0.3, 1.48, lamp));
            painter.rod(&bar, 0.14, 0x30384c);
            for (lamp, level) in bar.into_iter().zip(self.beacon) {
                painter.glowing_rod(&[lamp, lamp], 0.14, Ink::light(0x3a6aff).alpha(level));
                painter.puff(lamp, 1.1, Ink::light(0x2a50ff).alpha(0.8 * level));
            }
        }
    }

    fn along(&self) -> Point {
        [self.yaw.sin(), 0.0, self.yaw.cos()]
    }

    fn across(&self) -> Point {
        [self.yaw.cos(), 0.0, -self.yaw.sin()]
    }

    /// A point of the body: the front shortens where it is crushed, and the body tilts on its springs.
    fn place(&self, along: f32, up: f32, across: f32) -> Point {
        let depth = ((along - 0.9) / (Self::half_length_m(self.kind) - 0.9)).clamp(0.0, 1.0);
        let buckle = depth * (1.0 - depth) * 4.0 * if up > 0.6 { 0.5 } else { 0.0 };
        let up = up + self.crush_m * buckle - if up > 0.1 { self.pitch * along } else { 0.0 };
        self.level(along - self.crush_m * depth, up, across)
    }

    fn level(&self, along: f32, up: f32, across: f32) -> Point {
        let (sin, cos) = self.yaw.sin_cos();
        [self.at[0] + sin * along + cos * across, self.at[1] + up, self.at[2] + cos * along - sin * across]
    }
}
