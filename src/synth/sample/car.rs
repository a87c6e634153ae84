//! A car from its side, nose to the right, drawn in metres from the road below its middle.

use std::f32::consts::TAU;

use tiny_skia::{Path, PathBuilder};

use crate::drawing::canvas::{Canvas, Ink, Position};

pub(super) const LENGTH_M: f32 = 4.3;
const WHEEL_RADIUS_M: f32 = 0.33;
const AXLES_M: [f32; 2] = [-1.32, 1.32];
/// What gives way in a frontal collision lies ahead of this.
const CABIN_FRONT_M: f32 = 0.85;

/// Brightness of its lights, 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CarLights {
    pub head: f32,
    pub tail: f32,
    pub brake: f32,
    pub hazard: f32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Car {
    /// Of the middle of the car.
    pub x_px: f32,
    pub ground_y_px: f32,
    pub px_per_m: f32,
    /// The body's tilt on its springs, positive for nose down.
    pub pitch_rad: f32,
    pub wheel_turn_rad: f32,
    /// By how much the front is pushed in.
    pub crush_m: f32,
    /// Of the paint, 0xRRGGBB.
    pub body: u32,
    /// Of the light along its upper edge: what the surroundings reflect in it.
    pub sheen: Ink,
    pub lights: CarLights,
    pub has_driver: bool,
}

impl Car {
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let mut road = canvas.placed((self.x_px, self.ground_y_px), self.px_per_m, 0.0);
        road.glow((0.0, 0.0), 2.75, 0.42, Ink::paint(0x05060b).alpha(1.0));
        self.draw_light_on_road(&mut road);
        self.draw_body(&mut road.placed((0.0, 0.0), 1.0, self.pitch_rad));
        for axle in AXLES_M {
            let x = axle - if axle > CABIN_FRONT_M { self.crush_m * 0.3 } else { 0.0 };
            draw_wheel(&mut road.placed((x, -WHEEL_RADIUS_M), 1.0, self.wheel_turn_rad % TAU));
        }
        self.draw_lamps(&mut road.placed((0.0, 0.0), 1.0, self.pitch_rad));
    }

    /// Where a point of the undamaged car is now: the front shortens and its upper edge buckles up.
    fn crushed(&self, (x, y): Position) -> Position {
        let depth = ((x - CABIN_FRONT_M) / (LENGTH_M / 2.0 - CABIN_FRONT_M)).clamp(0.0, 1.0);
        let buckle = (depth * (1.0 - depth) * 4.0) * if y < -0.6 { 0.55 } else { 0.0 };
        (x - self.crush_m * depth, y - self.crush_m * buckle)
    }

    fn shape(&self, start: Position, curves: &[(Position, Position)]) -> Option<Path> {
        let mut path = PathBuilder::new();
        let start = self.crushed(start);
        path.move_to(start.0, start.1);
        for &(control, end) in curves {
            let (control, end) = (self.crushed(control), self.crushed(end));
            path.quad_to(control.0, control.1, end.0, end.1);
        }
        path.close();
        path.finish()
    }

    fn draw_body(&self, canvas: &mut Canvas) {
        for axle in AXLES_M {
            canvas.ellipse((axle, -0.36), 0.43, 0.41, Ink::paint(0x08090d));
        }
        let body = self.shape(
            (-2.02, -0.26),
            &[
                ((-2.17, -0.30), (-2.15, -0.55)),
                ((-2.16, -0.86), (-2.00, -0.95)),
                ((-1.85, -0.98), (-1.72, -1.00)),
                ((-1.32, -1.42), (-0.70, -1.44)),
                ((0.10, -1.46), (0.42, -1.30)),
                ((0.70, -1.14), (0.98, -0.97)),
                ((1.60, -0.93), (1.90, -0.80)),
                ((2.14, -0.72), (2.15, -0.50)),
                ((2.16, -0.30), (2.02, -0.26)),
                ((1.90, -0.25), (1.76, -0.25)),
                ((1.72, -0.76), (1.32, -0.76)),
                ((0.92, -0.76), (0.88, -0.24)),
                ((0.0, -0.22), (-0.88, -0.24)),
                ((-0.92, -0.76), (-1.32, -0.76)),
                ((-1.72, -0.76), (-1.76, -0.25)),
                ((-1.90, -0.25), (-2.02, -0.26)),
            ],
        );
        let sill = self.shape(
            (-2.10, -0.48),
            &[((0.0, -0.40), (2.12, -0.48)), ((2.14, -0.30), (2.02, -0.26)), ((0.0, -0.2), (-2.02, -0.26))],
        );
        let roof = self.shape(
            (-1.72, -1.00),
            &[
                ((-1.32, -1.42), (-0.70, -1.44)),
                ((0.10, -1.46), (0.42, -1.30)),
                ((0.10, -1.41), (-0.70, -1.38)),
                ((-1.25, -1.36), (-1.72, -1.00)),
            ],
        );
        if let (Some(body), Some(sill), Some(roof)) = (body, sill, roof) {
            let paint = Ink::paint(self.body);
            let shading = [(0.0, paint), (0.45, paint.shade(0.92)), (1.0, paint.shade(0.5))];
            canvas.fill_gradient(&body, (0.0, -1.0), (0.0, -0.25), &shading);
            canvas.fill(&sill, Ink::paint(0x05060a).alpha(0.28));
            canvas.fill(&roof, self.sheen.alpha(self.sheen.alpha * 0.7));
        }
        for axle in AXLES_M {
            let x = axle - if axle > CABIN_FRONT_M { self.crush_m * 0.3 } else { 0.0 };
            canvas.ellipse((x, -0.36), 0.41, 0.40, Ink::paint(0x08090d));
        }
        self.draw_windows(canvas);
        let edge = [(-2.05, -0.86), (-1.0, -0.90), (0.9, -0.91), (1.5, -0.86), (1.95, -0.74)];
        canvas.line(&edge.map(|point| self.crushed(point)), 0.045, self.sheen);
        canvas.line(&[(-0.42, -0.92), (-0.44, -0.34)], 0.025, Ink::paint(0x05060a).alpha(0.5));
        canvas.line(&[(0.72, -0.92), (0.66, -0.34)], 0.025, Ink::paint(0x05060a).alpha(0.5));
        canvas.line(&[(-0.34, -0.80), (-0.18, -0.80)], 0.04, Ink::paint(0x05060a).alpha(0.5));
    }

    fn draw_windows(&self, canvas: &mut Canvas) {
        let glass = Ink::paint(0x0d1220);
        let rear = self.shape(
            (-1.50, -0.98),
            &[((-1.22, -1.34), (-0.72, -1.36)), ((-0.58, -1.37), (-0.50, -1.36)), ((-0.47, -1.2), (-0.46, -0.98))],
        );
        let front = self.shape(
            (-0.38, -0.98),
            &[((-0.40, -1.2), (-0.42, -1.36)), ((0.12, -1.37), (0.34, -1.25)), ((0.58, -1.12), (0.76, -0.98))],
        );
        for window in [rear, front].into_iter().flatten() {
            canvas.fill(&window, glass);
        }
        // Sky in the glass.
        canvas.polygon(
            &[(-1.12, -1.16), (-0.86, -1.32), (-0.66, -1.33), (-0.98, -1.02), (-1.2, -1.02)],
            Ink::light(0x8fa3d8).alpha(0.22),
        );
        canvas
            .polygon(&[(0.02, -1.33), (0.2, -1.29), (-0.06, -1.02), (-0.26, -1.02)], Ink::light(0x8fa3d8).alpha(0.22));
        if self.has_driver {
            let shadow = Ink::paint(0x05060a).alpha(0.8);
            canvas.ellipse((0.0, -1.16), 0.10, 0.12, shadow);
            canvas.polygon(&[(-0.2, -0.98), (-0.12, -1.06), (0.1, -1.06), (0.16, -0.98)], shadow);
        }
    }

    fn draw_light_on_road(&self, canvas: &mut Canvas) {
        let CarLights { head, tail, brake, hazard } = self.lights;
        if head > 0.0 {
            let ink = Ink::light(0xffe9b8);
            canvas.glow((4.7, 0.05), 3.2, 0.5, ink.alpha(0.55 * head));
            // Beams in one another have a soft edge together.
            for spread in [0.35, 0.6, 0.85, 1.1] {
                let beam = [
                    (2.05, -0.68),
                    (7.4, -0.60 - 0.4 * spread),
                    (7.4, 0.36),
                    (6.2 - 1.8 * spread, 0.30),
                    (2.05, -0.60),
                ];
                let (near, far) = (ink.alpha(0.15 * head), ink.alpha(0.0));
                canvas.gradient(&beam, (2.05, 0.0), (7.4, 0.0), &[(0.0, near), (1.0, far)]);
            }
        }
        let red = (0.25 * tail).max(0.85 * brake);
        if red > 0.0 {
            canvas.glow((-2.6, 0.02), 1.5, 0.36, Ink::light(0xff2a1c).alpha(red));
        }
        if hazard > 0.0 {
            for x in [-2.4, 2.1] {
                canvas.glow((x, 0.02), 1.3, 0.33, Ink::light(0xff9a1c).alpha(0.6 * hazard));
            }
        }
    }

    fn draw_lamps(&self, canvas: &mut Canvas) {
        let CarLights { head, tail, brake, hazard } = self.lights;
        let (rear, front) = ((-2.09, -0.76), self.crushed((2.02, -0.66)));
        canvas.ellipse(rear, 0.055, 0.12, Ink::paint(0x5a1014));
        canvas.ellipse(front, 0.11, 0.075, Ink::paint(0x6d7280));
        let lamp = |canvas: &mut Canvas, at: Position, rgb: u32, core: u32, reach_m: f32, level: f32| {
            if level > 0.0 {
                canvas.glow(at, reach_m, reach_m * 0.8, Ink::light(rgb).alpha(0.9 * level));
                canvas.ellipse(at, 0.07, 0.10, Ink::light(core).alpha(level));
            }
        };
        lamp(canvas, front, 0xffe2a6, 0xfff6e0, 0.75, head);
        lamp(canvas, rear, 0xff2418, 0xff5a48, 0.35, tail);
        lamp(canvas, rear, 0xff2418, 0xffb4a4, 0.95, brake);
        lamp(canvas, (rear.0 + 0.03, rear.1 + 0.16), 0xff8c10, 0xffc860, 0.8, hazard);
        lamp(canvas, (front.0 - 0.06, front.1 + 0.14), 0xff8c10, 0xffc860, 0.8, hazard);
    }
}

/// Centred on the origin.
fn draw_wheel(canvas: &mut Canvas) {
    canvas.ellipse((0.0, 0.0), WHEEL_RADIUS_M, WHEEL_RADIUS_M, Ink::paint(0x0b0c11));
    canvas.ellipse((0.0, 0.0), 0.22, 0.22, Ink::paint(0x565b68));
    for spoke in 0..5 {
        let (sin, cos) = (spoke as f32 * TAU / 5.0).sin_cos();
        canvas.line(&[(0.07 * cos, 0.07 * sin), (0.20 * cos, 0.20 * sin)], 0.075, Ink::paint(0x23262f));
    }
    canvas.ellipse((0.0, 0.0), 0.06, 0.06, Ink::paint(0x8a8f9c));
}
