//! A pinhole camera over the stage, and the painter that draws solid things through it.
//!
//! World: metres, x to the right, y up, z away from the camera; the middle of the stage is the origin.

use tiny_skia::Pixmap;

use super::light::Light;
use crate::drawing::canvas::{Canvas, Ink, Position};

/// A place or a direction in the world.
pub(crate) type Point = [f32; 3];

/// Nothing nearer is drawn.
const NEAR_M: f32 = 0.3;

pub(crate) fn add(a: Point, b: Point) -> Point {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub(crate) fn sub(a: Point, b: Point) -> Point {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub(crate) fn scale(a: Point, by: f32) -> Point {
    a.map(|part| part * by)
}

pub(crate) fn dot(a: Point, b: Point) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub(crate) fn length(a: Point) -> f32 {
    dot(a, a).sqrt()
}

/// Between two points: `share` 0 is the first, 1 the second.
pub(crate) fn mix(a: Point, b: Point, share: f32) -> Point {
    add(a, scale(sub(b, a), share))
}

/// `a` with length 1; a vector of no length stays as it is.
pub(crate) fn unit(a: Point) -> Point {
    scale(a, 1.0 / length(a).max(1e-6))
}

fn cross(a: Point, b: Point) -> Point {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// Where a point of the world falls in the picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub at: Position,
    /// Length of a metre there.
    pub px_per_m: f32,
}

/// Position, direction and lens of the camera.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub eye: Point,
    right: Point,
    up: Point,
    ahead: Point,
    focal_px: f32,
    center: Position,
}

impl View {
    /// From `eye` towards `target`, which falls on `center` in the picture.
    pub(crate) fn looking(eye: Point, target: Point, focal_px: f32, center: Position) -> Self {
        let ahead = unit(sub(target, eye));
        let right = unit(cross([0.0, 1.0, 0.0], ahead));
        Self { eye, right, up: cross(ahead, right), ahead, focal_px, center }
    }

    /// Distance along the line of sight.
    pub(crate) fn depth(&self, point: Point) -> f32 {
        dot(sub(point, self.eye), self.ahead)
    }

    /// `None` behind the camera.
    pub(crate) fn project(&self, point: Point) -> Option<Spot> {
        let seen = self.seen(point);
        (seen[2] > NEAR_M).then(|| Spot { at: self.on_picture(seen), px_per_m: self.focal_px / seen[2] })
    }

    /// The `x` at which floor at depth `z` passes the edge of a picture, `half_px` from its middle on one `side`
    /// (-1 or 1).
    pub(crate) fn edge_x(&self, side: f32, half_px: f32, z: f32) -> f32 {
        let slope = side * half_px / self.focal_px;
        // How far to the right of the edge a point is grows evenly with x.
        let beyond = |x: f32| {
            let seen = self.seen([x, 0.0, z]);
            seen[0] - slope * seen[2]
        };
        let (at_zero, at_one) = (beyond(0.0), beyond(1.0));
        -at_zero / (at_one - at_zero)
    }

    /// Direction in which a pixel looks.
    pub(crate) fn ray(&self, (x, y): Position) -> Point {
        let (x, y) = ((x - self.center.0) / self.focal_px, (self.center.1 - y) / self.focal_px);
        add(self.ahead, add(scale(self.right, x), scale(self.up, y)))
    }

    /// The picture's outline of a polygon, cut where it passes the camera.
    pub(crate) fn outline(&self, corners: &[Point]) -> Vec<Position> {
        let seen: Vec<Point> = corners.iter().map(|&corner| self.seen(corner)).collect();
        let mut outline = Vec::with_capacity(seen.len() + 2);
        for (index, &to) in seen.iter().enumerate() {
            let from = seen[(index + seen.len() - 1) % seen.len()];
            if (from[2] > NEAR_M) != (to[2] > NEAR_M) {
                outline.push(self.on_picture(mix(from, to, (NEAR_M - from[2]) / (to[2] - from[2]))));
            }
            if to[2] > NEAR_M {
                outline.push(self.on_picture(to));
            }
        }
        outline
    }

    /// Right, up and ahead of the camera.
    fn seen(&self, point: Point) -> Point {
        let from_eye = sub(point, self.eye);
        [dot(from_eye, self.right), dot(from_eye, self.up), dot(from_eye, self.ahead)]
    }

    fn on_picture(&self, seen: Point) -> Position {
        let by = self.focal_px / seen[2];
        (self.center.0 + seen[0] * by, self.center.1 - seen[1] * by)
    }
}

/// Draws into a picture what stands in the world, in the light of the scene.
pub(crate) struct Painter<'a> {
    pub pixels: &'a mut Pixmap,
    pub view: &'a View,
    pub light: &'a Light,
}

impl Painter<'_> {
    /// A flat polygon, lit as its middle is.
    pub(crate) fn face(&mut self, corners: &[Point], rgb: u32) {
        let middle = scale(corners.iter().copied().fold([0.0; 3], add), 1.0 / corners.len().max(1) as f32);
        self.glowing_face(corners, Ink::paint(self.light.shaded(rgb, middle)));
    }

    /// A flat polygon of its own brightness.
    pub(crate) fn glowing_face(&mut self, corners: &[Point], ink: Ink) {
        let outline = self.view.outline(corners);
        Canvas::new(self.pixels).polygon(&outline, ink);
    }

    /// A rectangle that stands upright, facing the camera, from its lower left corner.
    pub(crate) fn panel(&mut self, [x, y, z]: Point, width_m: f32, height_m: f32, rgb: u32) {
        self.face(&upright([x, y, z], width_m, height_m), rgb);
    }

    /// A rectangle on the floor.
    pub(crate) fn floor(&mut self, x: (f32, f32), z: (f32, f32), rgb: u32) {
        self.face(&[[x.0, 0.0, z.0], [x.1, 0.0, z.0], [x.1, 0.0, z.1], [x.0, 0.0, z.1]], rgb);
    }

    /// A round bar through `points`, lit as its first point is.
    pub(crate) fn rod(&mut self, points: &[Point], width_m: f32, rgb: u32) {
        if let Some(&first) = points.first() {
            self.glowing_rod(points, width_m, Ink::paint(self.light.shaded(rgb, first)));
        }
    }

    /// A bar of its own brightness; not drawn where it passes the camera.
    pub(crate) fn glowing_rod(&mut self, points: &[Point], width_m: f32, ink: Ink) {
        let spots: Option<Vec<Spot>> = points.iter().map(|&point| self.view.project(point)).collect();
        let Some(spots) = spots else { return };
        let width_px = width_m * spots.iter().map(|spot| spot.px_per_m).sum::<f32>() / spots.len().max(1) as f32;
        let line: Vec<Position> = spots.iter().map(|spot| spot.at).collect();
        Canvas::new(self.pixels).line(&line, width_px.max(0.4), ink);
    }

    /// A soft ball that fades to nothing at its edge: smoke, a light's halo.
    pub(crate) fn puff(&mut self, at: Point, radius_m: f32, ink: Ink) {
        if let Some(spot) = self.view.project(at) {
            soft_ellipse(self.pixels, spot.at, (radius_m * spot.px_per_m, radius_m * spot.px_per_m), ink);
        }
    }

    /// A soft round patch on the floor: a shadow, a pool of light.
    pub(crate) fn patch(&mut self, at: Point, radius_m: f32, ink: Ink) {
        if let Some(spot) = self.view.project(at) {
            let tilt = (self.view.eye[1] - at[1]).abs() / length(sub(self.view.eye, at)).max(0.1);
            let radius_px = radius_m * spot.px_per_m;
            soft_ellipse(self.pixels, spot.at, (radius_px, radius_px * tilt.max(0.12)), ink);
        }
    }

    /// An upright box between two corners.
    pub(crate) fn cuboid(&mut self, low: Point, high: Point, rgb: u32) {
        let [x0, y0, z0] = low;
        let [x1, y1, z1] = high;
        if self.view.eye[0] < x0 {
            self.face(&[[x0, y0, z0], [x0, y0, z1], [x0, y1, z1], [x0, y1, z0]], dim(rgb, 0.66));
        } else if self.view.eye[0] > x1 {
            self.face(&[[x1, y0, z0], [x1, y0, z1], [x1, y1, z1], [x1, y1, z0]], dim(rgb, 0.66));
        }
        if self.view.eye[1] > y1 {
            self.face(&[[x0, y1, z0], [x1, y1, z0], [x1, y1, z1], [x0, y1, z1]], rgb);
        }
        self.face(&upright(low, x1 - x0, y1 - y0), dim(rgb, 0.82));
    }
}

/// Corners of an upright rectangle that faces the camera, from its lower left corner.
pub(crate) fn upright([x, y, z]: Point, width_m: f32, height_m: f32) -> [Point; 4] {
    [[x, y, z], [x + width_m, y, z], [x + width_m, y + height_m, z], [x, y + height_m, z]]
}

/// A colour, 0xRRGGBB, `share` times as bright.
pub(crate) fn dim(rgb: u32, share: f32) -> u32 {
    Ink::paint(rgb).shade(share).rgb
}

/// Lays ink on, thinning from the middle to the edge as (1 - d²)². A gradient of the path library looks the same
/// at several times the cost.
pub(crate) fn soft_ellipse(pixels: &mut Pixmap, (x, y): Position, (radius_x, radius_y): (f32, f32), ink: Ink) {
    if radius_x < 0.3 || radius_y < 0.3 || ink.alpha <= 0.0 {
        return;
    }
    let (width, height) = (pixels.width() as i32, pixels.height() as i32);
    let (top, bottom) = (((y - radius_y).ceil() as i32).max(0), ((y + radius_y).floor() as i32).min(height - 1));
    let [_, red, green, blue] = ink.rgb.to_be_bytes().map(f32::from);
    let alpha = ink.alpha.clamp(0.0, 1.0);
    for row in top..=bottom {
        let across = (row as f32 - y) / radius_y;
        let reach = radius_x * (1.0 - across * across).max(0.0).sqrt();
        let (left, right) = (((x - reach).ceil() as i32).max(0), ((x + reach).floor() as i32).min(width - 1));
        if left > right {
            continue;
        }
        let first = (row * width + left) as usize * 4;
        let last = (row * width + right) as usize * 4 + 4;
        for (step, pixel) in pixels.data_mut()[first..last].chunks_exact_mut(4).enumerate() {
            let along = ((left + step as i32) as f32 - x) / radius_x;
            let thin = (1.0 - across * across - along * along).max(0.0);
            let cover = alpha * thin * thin;
            for (channel, light) in pixel.iter_mut().zip([red, green, blue]) {
                let below = f32::from(*channel);
                // Paint covers; light brightens what is left to brighten.
                let change = if ink.is_light { light * (1.0 - below / 255.0) } else { light - below };
                *channel = (below + cover * change + 0.5) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_camera_looks_at_falls_on_the_middle_and_right_is_right() {
        let view = View::looking([1.0, 3.0, -6.0], [0.0, 1.0, 0.0], 200.0, (160.0, 90.0));
        let middle = view.project([0.0, 1.0, 0.0]).expect("in front");
        assert!((middle.at.0 - 160.0).abs() < 1e-3 && (middle.at.1 - 90.0).abs() < 1e-3);
        assert!(view.project([1.0, 1.0, 0.0]).expect("in front").at.0 > 170.0);
        assert!(view.project([0.0, 2.0, 0.0]).expect("in front").at.1 < 80.0);
        assert!(view.project([0.0, 1.0, -20.0]).is_none());
    }

    #[test]
    fn a_ray_leads_back_to_what_was_projected() {
        let view = View::looking([1.0, 3.0, -6.0], [0.0, 1.0, 0.0], 200.0, (160.0, 90.0));
        let point = [2.0, 0.0, 3.0];
        let ray = view.ray(view.project(point).expect("in front").at);
        let reached = add(view.eye, scale(ray, -view.eye[1] / ray[1]));
        assert!(length(sub(reached, point)) < 1e-3, "{reached:?}");
    }

    #[test]
    fn a_polygon_that_passes_the_camera_is_cut_and_one_behind_it_vanishes() {
        let view = View::looking([0.0, 2.0, -6.0], [0.0, 1.0, 0.0], 200.0, (160.0, 90.0));
        let floor = [[-1.0, 0.0, -20.0], [1.0, 0.0, -20.0], [1.0, 0.0, 5.0], [-1.0, 0.0, 5.0]];
        let outline = view.outline(&floor);
        assert_eq!(outline.len(), 4);
        assert!(outline.iter().all(|corner| corner.0.is_finite() && corner.1.is_finite()));
        assert!(view.outline(&floor.map(|corner| sub(corner, [0.0, 0.0, 30.0]))).is_empty());
    }
}
