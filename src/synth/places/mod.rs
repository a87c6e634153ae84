//! The sets: where a clip plays, seen through its camera. What stands still is painted once.

mod dressing;
mod indoors;
mod outdoors;

use tiny_skia::Pixmap;

use super::light::{Lamp, Light};
use super::scenario::{Place, Scenario};
use super::style::Style;
use super::view::{Painter, Point, View, add, scale, upright};
use crate::drawing::canvas::{Canvas, Ink};
use crate::random::Random;
use avar_labels::AnomalyClass;

/// What the action needs of its set.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Needs {
    /// The back wall close behind the stage.
    pub wall: bool,
    pub fence: bool,
    /// Door or window are moved by the action, so the set leaves an opening.
    pub live_door: bool,
    pub live_window: bool,
    /// Room for vehicles; the camera shows more.
    pub vehicles: bool,
    /// Share of the picture's height that a person takes.
    pub person_share: (f32, f32),
}

/// A rectangle on the back wall: left edge, lower edge, size, in metres.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Panel {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Panel {
    pub(crate) fn middle(&self, z: f32) -> Point {
        [self.x + self.width / 2.0, self.y + self.height / 2.0, z]
    }

    pub(crate) fn corners(&self, z: f32) -> [Point; 4] {
        upright([self.x, self.y, z], self.width, self.height)
    }
}

/// A place with its measures, in metres; the stage's middle is the origin.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub place: Place,
    pub is_night: bool,
    pub lights_off: bool,
    pub needs: Needs,
    /// Of the back wall, and how high it is.
    pub wall_z: f32,
    pub wall_height_m: f32,
    /// Side walls stand at plus and minus this.
    pub side_m: f32,
    pub door: Panel,
    pub window: Panel,
    pub fence_z: Option<f32>,
    /// Nearest and farthest edge of the road.
    pub road_z: Option<(f32, f32)>,
    /// Half of what the picture shows of the stage's width.
    pub half_width_m: f32,
    /// Nearest floor in the picture.
    pub near_z: f32,
    /// Where the picture's left and right edge meet the floor: at the origin's depth, and a metre behind it.
    edges: [(f32, f32); 2],
    pub light: Light,
    /// Whether the camera lights the dark with infrared and sees no colour.
    pub is_infrared: bool,
}

/// A flat part of the set that people pass behind, at a depth.
pub(crate) struct Layer {
    pub z: f32,
    pub pixels: Pixmap,
}

impl Set {
    /// Builds the set and its camera for a picture of a size; `margin_px` more is seen on every side.
    pub(crate) fn build(
        scenario: &Scenario,
        needs: Needs,
        size_px: (u32, u32),
        margin_px: f32,
        random: &mut Random,
    ) -> (Set, View) {
        let style = Style::of(scenario.split);
        let place = scenario.place;
        let is_outdoors = place.is_outdoors();
        let (width, height) = (size_px.0 as f32, size_px.1 as f32);
        let share = style.person_share(needs.person_share, random);
        let distance_m = match (is_outdoors, needs.vehicles) {
            (_, true) => random.between(11.0, 15.0),
            (true, false) => random.between(7.0, 11.0),
            (false, false) => random.between(4.6, 6.2),
        };
        // A portrait is narrow: its people are measured by its width.
        let focal_px = share * height.min(width * 0.95) * distance_m / 1.75;
        let half_width_m = width / 2.0 / focal_px * distance_m;
        let side_m = match place {
            Place::Corridor => (half_width_m * 0.72).clamp(1.5, 2.4),
            Place::Warehouse => half_width_m * 1.4 + 1.5,
            Place::Office | Place::LivingRoom => (half_width_m * random.between(0.95, 2.2)).max(2.2),
            _ => (half_width_m * random.between(0.95, 1.2)).max(2.2),
        };
        let turn = random.signed() * if is_outdoors { 0.4 } else { 0.32 };
        let mut eye = [distance_m * turn.sin(), style.camera_height_m(is_outdoors, random), -distance_m * turn.cos()];
        if needs.vehicles {
            eye[1] += 1.2;
        }
        if !is_outdoors {
            eye[0] = eye[0].clamp(0.4 - side_m, side_m - 0.4);
        }
        let center = (width / 2.0 + margin_px, height * random.between(0.52, 0.6) + margin_px);
        let view = View::looking(eye, [0.0, 0.75, 0.0], focal_px, center);
        let low = view.ray((width / 2.0 + margin_px, height + margin_px));
        let near_z = eye[2] - eye[1] / low[1].min(-0.05) * low[2];
        let wall_z = if needs.wall { random.between(1.3, 1.9) } else { free_depth(place, random) };
        let wall_height_m =
            if is_outdoors { random.between(4.5, 9.0) } else { eye[1].max(2.5) + random.between(0.25, 0.6) };
        let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
        let reach = half_width_m.min(side_m) * 0.9;
        let door_x = side * reach * random.between(0.45, 0.62) - 0.5;
        let window_width = (reach * 0.72).clamp(0.9, 1.5);
        let window_x = -side * reach * random.between(0.4, 0.55) - window_width / 2.0;
        let lights_off = scenario.is_night && !is_outdoors && scenario.class == AnomalyClass::Intruder;
        let fence_z = needs.fence.then(|| random.between(0.7, 1.3));
        let mut set = Set {
            place,
            is_night: scenario.is_night,
            lights_off,
            needs,
            wall_z: fence_z.map_or(wall_z, |fence_z| fence_z + random.between(4.0, 7.0)),
            wall_height_m,
            side_m,
            door: Panel { x: door_x, y: 0.0, width: 1.0, height: 2.1 },
            window: Panel {
                x: window_x,
                y: random.between(0.8, 1.0),
                width: window_width,
                height: random.between(1.05, 1.25),
            },
            fence_z,
            road_z: road(place, needs, random),
            half_width_m,
            near_z: near_z + 0.3,
            edges: [-1.0, 1.0].map(|side| {
                let at = |z: f32| view.edge_x(side, width / 2.0 + margin_px, z);
                (at(0.0), at(1.0))
            }),
            light: Light::PLAIN,
            is_infrared: scenario.is_night && random.unit() < if lights_off { 0.6 } else { 0.25 },
        };
        if let Some((_, far)) = set.road_z {
            set.wall_z = set.wall_z.max(far + 2.0);
        }
        set.light = set.lit(scenario, random);
        (set, view)
    }

    /// A place on the stage: `across` -1 to 1 within the picture, `deep` 0 (near) to 1 (far).
    pub(crate) fn spot(&self, across: f32, deep: f32) -> Point {
        let reach = (self.half_width_m * 0.82).min(self.side_m - 0.5);
        let (near, far) = (self.near_z.max(-1.4), (self.wall_z - 0.7).min(self.fence_z.unwrap_or(9.0) - 0.5).min(2.2));
        let z = near + (far - near) * deep;
        [across * reach * (1.0 + 0.06 * z), 0.0, z]
    }

    /// Just out of the picture: `side` -1 or 1.
    pub(crate) fn wing(&self, side: f32, z: f32) -> Point {
        let (here, behind) = self.edges[usize::from(side > 0.0)];
        [here + (behind - here) * z + side * 1.1, 0.0, z]
    }

    /// Paints all that stands still, and what people can pass behind, in drawing order.
    pub(crate) fn paint(
        &self,
        view: &View,
        size_px: (u32, u32),
        style: Style,
        random: &mut Random,
    ) -> (Pixmap, Vec<Layer>) {
        let mut pixels = blank(size_px);
        pixels.fill(tiny_skia::Color::from_rgba8(20, 20, 24, 255));
        let mut painter = Painter { pixels: &mut pixels, view, light: &Light::PLAIN };
        if self.place.is_outdoors() {
            outdoors::paint(self, &mut painter, style, random);
        } else {
            indoors::paint(self, &mut painter, style, random);
        }
        if style.dresses_places() {
            dressing::paint(self, &mut painter, random);
        }
        roughen(&mut pixels, random);
        self.shade(&mut pixels, view);
        let mut painter = Painter { pixels: &mut pixels, view, light: &self.light };
        if self.place.is_outdoors() {
            outdoors::shine(self, &mut painter, random);
        } else {
            indoors::shine(self, &mut painter);
        }
        let mut layers = Vec::new();
        if self.needs.live_door || self.needs.live_window {
            layers.push(Layer { z: self.wall_z, pixels: self.wall_with_openings(&pixels, view) });
        }
        if let Some(fence_z) = self.fence_z {
            let mut fence = blank(size_px);
            outdoors::paint_fence(
                &mut Painter { pixels: &mut fence, view, light: &self.light },
                fence_z,
                self.half_width_m * 2.0 + 4.0,
            );
            layers.push(Layer { z: fence_z, pixels: fence });
        }
        layers.sort_by(|a, b| b.z.total_cmp(&a.z));
        (pixels, layers)
    }

    fn lit(&self, scenario: &Scenario, random: &mut Random) -> Light {
        let level = |rgb: [f32; 3], by: f32| rgb.map(|channel| channel * by);
        let sodium_or_led = if random.unit() < 0.5 { [1.0, 0.78, 0.48] } else { [0.9, 0.95, 1.0] };
        let window = self.window.middle(self.wall_z - 0.4);
        if self.is_infrared {
            let eye_side = Lamp { at: [0.0, 2.5, -2.0], reach_m: 5.0, rgb: level([1.0; 3], random.between(0.5, 0.8)) };
            return Light { ambient: level([1.0; 3], random.between(0.2, 0.32)), lamps: vec![eye_side] };
        }
        match (self.place.is_outdoors(), self.is_night) {
            (true, false) => {
                let dull = if scenario.has_rain { random.between(0.5, 0.7) } else { random.between(0.72, 1.05) };
                Light { ambient: level([1.0, 0.98, 0.95], dull), lamps: Vec::new() }
            }
            (true, true) => {
                let lamp =
                    |x: f32, z: f32, by: f32| Lamp { at: [x, 4.2, z], reach_m: 5.2, rgb: level(sodium_or_led, by) };
                let near = lamp(random.between(-3.0, 3.0), random.between(0.0, 2.0), random.between(0.75, 1.2));
                let far = lamp(random.between(-9.0, 9.0), random.between(4.0, 9.0), random.between(0.5, 1.0));
                Light { ambient: level([0.13, 0.14, 0.19], random.between(0.8, 1.4)), lamps: vec![near, far] }
            }
            (false, _) if self.lights_off => {
                let moon = Lamp { at: window, reach_m: 3.2, rgb: level([0.5, 0.62, 0.9], random.between(0.4, 0.7)) };
                Light { ambient: level([0.14, 0.16, 0.22], random.between(0.8, 1.3)), lamps: vec![moon] }
            }
            (false, is_night) => {
                let warm = if random.unit() < 0.5 { [1.0, 0.93, 0.82] } else { [0.94, 1.0, 0.98] };
                // Now and then only a lamp in a corner is on.
                let low = if random.unit() < 0.2 { 0.45 } else { 1.0 };
                let ceiling = |x: f32| Lamp {
                    at: [x, self.wall_height_m - 0.2, 0.3],
                    reach_m: 4.0,
                    rgb: level(warm, 0.45 * low),
                };
                let mut lamps = vec![ceiling(-self.side_m * 0.5), ceiling(self.side_m * 0.5)];
                if !is_night {
                    lamps.push(Lamp { at: window, reach_m: 2.6, rgb: [0.26 * low, 0.28 * low, 0.3 * low] });
                }
                Light { ambient: level(warm, random.between(0.34, 0.55) * low), lamps }
            }
        }
    }

    /// Lays the scene's light over what was painted in its own colours, block by block.
    fn shade(&self, pixels: &mut Pixmap, view: &View) {
        const BLOCK_PX: usize = 4;
        let (width, height) = (pixels.width() as usize, pixels.height() as usize);
        for top in (0..height).step_by(BLOCK_PX) {
            for left in (0..width).step_by(BLOCK_PX) {
                let ray = view.ray((left as f32 + 2.0, top as f32 + 2.0));
                let light = self.light.at(self.surface_along(view.eye, ray));
                for y in top..(top + BLOCK_PX).min(height) {
                    let row = (y * width + left) * 4..(y * width + (left + BLOCK_PX).min(width)) * 4;
                    for pixel in pixels.data_mut()[row].chunks_exact_mut(4) {
                        for (channel, light) in pixel.iter_mut().zip(light) {
                            *channel = (f32::from(*channel) * light).min(255.0) as u8;
                        }
                    }
                }
            }
        }
    }

    /// Where a line of sight meets floor or walls.
    fn surface_along(&self, eye: Point, ray: Point) -> Point {
        let mut nearest = (self.wall_z - eye[2]) / ray[2].max(0.05);
        if ray[1] < -1e-3 {
            nearest = nearest.min(-eye[1] / ray[1]);
        }
        if !self.place.is_outdoors() && ray[0].abs() > 1e-3 {
            nearest = nearest.min((self.side_m * ray[0].signum() - eye[0]) / ray[0]);
        }
        add(eye, scale(ray, nearest.max(0.0)))
    }

    /// The back wall with holes where door and window are live; clear elsewhere.
    fn wall_with_openings(&self, background: &Pixmap, view: &View) -> Pixmap {
        let mut mask = blank((background.width(), background.height()));
        let wall = upright([-40.0, 0.0, self.wall_z], 80.0, self.wall_height_m);
        Canvas::new(&mut mask).polygon(&view.outline(&wall), Ink::paint(0xffffff));
        let holes = [(self.needs.live_door, self.door), (self.needs.live_window, self.window)];
        for (_, hole) in holes.into_iter().filter(|(is_live, _)| *is_live) {
            Canvas::new(&mut mask).polygon(&view.outline(&hole.corners(self.wall_z)), Ink::paint(0));
        }
        let mut layer = blank((background.width(), background.height()));
        let pixels = layer.data_mut().chunks_exact_mut(4).zip(background.data().chunks_exact(4));
        for ((to, from), mask) in pixels.zip(mask.data().chunks_exact(4)) {
            if mask[0] > 127 {
                to.copy_from_slice(from);
            }
        }
        layer
    }
}

fn blank((width, height): (u32, u32)) -> Pixmap {
    Pixmap::new(width, height).expect("every size of a style is above zero")
}

/// How far behind the stage the back wall stands when the action does not need it.
fn free_depth(place: Place, random: &mut Random) -> f32 {
    match place {
        Place::Street | Place::CarPark => random.between(4.5, 15.0),
        Place::Square => random.between(9.0, 15.0),
        Place::Corridor => random.between(4.0, 9.0),
        Place::Warehouse => random.between(4.0, 8.0),
        Place::Office | Place::LivingRoom => random.between(1.9, 6.0),
        Place::Shop => random.between(1.9, 3.2),
    }
}

fn road(place: Place, needs: Needs, random: &mut Random) -> Option<(f32, f32)> {
    match place {
        _ if needs.vehicles && place.is_outdoors() => Some((-3.4, 3.4)),
        Place::Street if needs.wall || needs.fence => Some((-9.0, -2.2)),
        Place::Street => {
            let near = random.between(1.8, 2.6);
            Some((near, near + 5.5))
        }
        _ => None,
    }
}

/// Two sizes of blotches and the grain of a surface.
fn roughen(pixels: &mut Pixmap, random: &mut Random) {
    const CELL_PX: usize = 14;
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let columns = width / CELL_PX + 2;
    let blotches: Vec<f32> = (0..columns * (height / CELL_PX + 2)).map(|_| random.signed()).collect();
    for (index, pixel) in pixels.data_mut().chunks_exact_mut(4).enumerate() {
        let (x, y) = (index % width, index / width);
        let (column, row) = (x / CELL_PX, y / CELL_PX);
        let (u, v) = ((x % CELL_PX) as f32 / CELL_PX as f32, (y % CELL_PX) as f32 / CELL_PX as f32);
        let at = |column: usize, row: usize| blotches[row * columns + column];
        let upper = at(column, row) * (1.0 - u) + at(column + 1, row) * u;
        let lower = at(column, row + 1) * (1.0 - u) + at(column + 1, row + 1) * u;
        let share = 1.0 + 0.055 * (upper * (1.0 - v) + lower * v) + 0.045 * random.signed();
        pixel.iter_mut().take(3).for_each(|channel| *channel = (f32::from(*channel) * share).min(255.0) as u8);
    }
}
