//! A street lamp with a swan neck, drawn in metres from the foot of its post.

use crate::drawing::canvas::{Canvas, Ink, Position};

const HEAD_M: Position = (-0.95, -5.55);

#[derive(Clone, Copy, Debug)]
pub(super) struct Lamp {
    pub x_px: f32,
    pub ground_y_px: f32,
    pub px_per_m: f32,
    /// Clockwise, about its foot.
    pub tilt_rad: f32,
    /// Brightness, 0 to 1.
    pub level: f32,
}

impl Lamp {
    /// The light on the ground and on the wall behind: goes below everything that moves.
    pub(super) fn draw_pool(&self, canvas: &mut Canvas) {
        let mut canvas = canvas.placed((self.x_px, self.ground_y_px), self.px_per_m, 0.0);
        let warm = Ink::light(0xffc778);
        canvas.glow((HEAD_M.0 * 0.9, 0.35), 3.6, 0.95, warm.alpha(0.62 * self.level));
        canvas.glow((HEAD_M.0, -2.4), 3.4, 3.6, warm.alpha(0.20 * self.level));
        // Its reflection on damp asphalt, drawn out towards the camera.
        canvas.glow((HEAD_M.0, 2.1), 0.55, 1.9, warm.alpha(0.30 * self.level));
    }

    /// The post and its head.
    pub(super) fn draw(&self, canvas: &mut Canvas) {
        let mut ground = canvas.placed((self.x_px, self.ground_y_px), self.px_per_m, 0.0);
        ground.glow((0.0, 0.0), 0.5, 0.12, Ink::paint(0x05060b).alpha(0.8));
        ground.rect((-0.14, -0.36), 0.28, 0.38, Ink::paint(0x14151d));
        let mut post = ground.placed((0.0, 0.0), 1.0, self.tilt_rad);
        let metal = Ink::paint(0x1a1c26);
        let rim = Ink::light(0xffd9a0).alpha(0.10 + 0.30 * self.level);
        post.polygon(&[(-0.095, 0.0), (0.095, 0.0), (0.055, -5.2), (-0.055, -5.2)], metal);
        post.line(&[(0.0, -5.15), (-0.04, -5.5), (-0.22, -5.72), (-0.5, -5.74), (-0.8, -5.66)], 0.10, metal);
        post.line(&[(-0.07, -0.4), (-0.045, -5.1)], 0.035, rim);
        let (x, y) = HEAD_M;
        post.polygon(&[(x - 0.38, y + 0.02), (x - 0.2, y - 0.14), (x + 0.2, y - 0.16), (x + 0.3, y + 0.02)], metal);
        post.ellipse((x - 0.04, y + 0.03), 0.27, 0.06, Ink::paint(0x4a4438));
        if self.level > 0.0 {
            post.ellipse((x - 0.04, y + 0.03), 0.27, 0.08, Ink::light(0xfff1cf).alpha(self.level));
        }
    }

    /// The cone of lit haze and the halo: goes above everything.
    pub(super) fn draw_light(&self, canvas: &mut Canvas) {
        if self.level <= 0.0 {
            return;
        }
        let mut ground = canvas.placed((self.x_px, self.ground_y_px), self.px_per_m, 0.0);
        let mut post = ground.placed((0.0, 0.0), 1.0, self.tilt_rad);
        let (x, y) = (HEAD_M.0 - 0.04, HEAD_M.1 + 0.05);
        let warm = Ink::light(0xffcf86);
        // Three cones, one in another, give the beam a soft edge.
        for (reach_m, alpha) in [(1.2, 0.26), (1.9, 0.19), (2.7, 0.12)] {
            let cone = [(x - 0.22, y), (x + 0.22, y), (x + reach_m, 0.3), (x - reach_m, 0.3)];
            let stops = [
                (0.0, warm.alpha(alpha * self.level)),
                (0.55, warm.alpha(alpha * 0.45 * self.level)),
                (1.0, warm.alpha(0.0)),
            ];
            post.gradient(&cone, (x, y), (x, 0.3), &stops);
        }
        post.glow((x, y), 1.5, 1.5, warm.alpha(0.75 * self.level));
        post.glow((x, y), 0.5, 0.4, Ink::light(0xfff3d8).alpha(self.level));
    }
}
