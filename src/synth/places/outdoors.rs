//! Street, car park and square.

use super::super::actors::vehicle::Vehicle;
use super::super::scenario::Place;
use super::super::style::{Style, colour};
use super::super::view::{Painter, dim};
use super::{Panel, Set};
use crate::drawing::canvas::{Canvas, Ink};
use crate::random::Random;

/// How far the ground and the houses go to either side.
const FAR_M: f32 = 45.0;
const FENCE_HEIGHT_M: f32 = 1.75;
const BAY_M: f32 = 2.6;

pub(super) fn paint(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    paint_sky(set, painter, random);
    let ground = style.surface((0.36, 0.58), random);
    painter.floor((-FAR_M, FAR_M), (-20.0, set.wall_z + 40.0), ground);
    match set.place {
        Place::CarPark => paint_bays(set, painter, style, random),
        Place::Square => paint_paving(set, painter, ground, random),
        _ => paint_slabs(set, painter, ground),
    }
    if let Some((near, far)) = set.road_z {
        paint_road(painter, near, far);
    }
    paint_houses(set, painter, style, random);
    paint_opening(set, painter);
    if set.place == Place::CarPark {
        park_cars(set, painter, style, random);
    }
    if set.place == Place::Square {
        paint_square(set, painter, style, random);
    }
    for _ in 0..random.bits() % 3 {
        let x = random.signed() * set.half_width_m * 1.3;
        paint_tree(painter, [x, 0.0, set.wall_z - 0.8], random);
    }
}

/// What shines by itself: lit windows, lamps, the wet ground.
pub(super) fn shine(set: &Set, painter: &mut Painter, random: &mut Random) {
    if set.is_night && !set.is_infrared {
        for lamp in set.light.lamps.clone() {
            painter.rod(&[[lamp.at[0], 0.0, lamp.at[2] + 1.2], [lamp.at[0], 4.4, lamp.at[2] + 1.2]], 0.1, 0x50545c);
            let glow = Ink::light(0xffe2b0);
            painter.puff([lamp.at[0], 4.4, lamp.at[2] + 1.0], 1.1, glow.alpha(0.9));
            painter.patch([lamp.at[0], 0.0, lamp.at[2]], 2.4, glow.alpha(0.12));
        }
        for _ in 0..6 {
            let at = [
                random.signed() * set.half_width_m * 1.6,
                random.between(2.9, set.wall_height_m - 1.0),
                set.wall_z - 0.02,
            ];
            let lit = super::super::view::upright(at, 0.7, 0.9);
            painter.glowing_face(&lit, Ink::paint(if random.unit() < 0.7 { 0xd8a860 } else { 0x90a8c0 }).alpha(0.85));
        }
    }
}

fn paint_sky(set: &Set, painter: &mut Painter, random: &mut Random) {
    let (width, height) = (painter.pixels.width() as f32, painter.pixels.height() as f32);
    let (top, low) = if set.is_night {
        (0x2a3048, 0x5a5a6a)
    } else {
        (colour(210.0, random.between(0.05, 0.4), random.between(0.6, 0.85)), colour(205.0, 0.08, 0.9))
    };
    Canvas::new(painter.pixels).vertical_gradient(
        (0.0, 0.0),
        width,
        height * 0.6,
        &[(0.0, Ink::paint(top)), (1.0, Ink::paint(low))],
    );
}

fn paint_road(painter: &mut Painter, near: f32, far: f32) {
    painter.floor((-FAR_M, FAR_M), (near, far), 0x4a4b50);
    for (edge, width) in [(near - 0.18, 0.18), (far, 0.18)] {
        painter.floor((-FAR_M, FAR_M), (edge, edge + width), 0x9a9894);
    }
    let middle = (near + far) / 2.0;
    for dash in -7..8 {
        let x = dash as f32 * 4.0;
        painter.floor((x, x + 2.0), (middle - 0.07, middle + 0.07), 0xc8c6bc);
    }
}

fn paint_slabs(set: &Set, painter: &mut Painter, ground: u32) {
    let joint = dim(ground, 0.8);
    for slab in -14..15 {
        let x = slab as f32 * 0.9;
        painter.floor((x, x + 0.035), (-8.0, set.wall_z), joint);
    }
    for row in 0..12 {
        let z = set.wall_z - row as f32 * 0.9;
        painter.floor((-14.0, 14.0), (z, z + 0.035), joint);
    }
}

fn paint_paving(set: &Set, painter: &mut Painter, ground: u32, random: &mut Random) {
    let side_m = random.between(1.0, 1.6);
    for row in -4..9 {
        for column in -7..7 {
            if (row + column) % 2 == 0 {
                let (x, z) = (column as f32 * side_m, row as f32 * side_m);
                if z < set.wall_z - 1.0 {
                    painter.floor((x, x + side_m), (z, z + side_m), dim(ground, random.between(0.78, 0.88)));
                }
            }
        }
    }
}

fn paint_bays(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    painter.floor((-FAR_M, FAR_M), (-20.0, set.wall_z), dim(style.surface((0.3, 0.42), random), 1.0));
    let depth = if set.needs.wall { set.wall_z - 0.2 } else { set.wall_z - 0.3 };
    for bay in -5..6 {
        let x = (bay as f32 + 0.5) * BAY_M;
        painter.floor((x - 0.06, x + 0.06), (depth - 4.6, depth), 0xbcbab2);
    }
}

fn park_cars(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    // Nobody parks where the action needs the wall or the fence.
    if !set.needs.wall && set.fence_z.is_none() && set.wall_z > 4.4 {
        for bay in -5..6 {
            let (draw, (kind, rgb)) = (random.unit(), style.vehicle(random));
            let at = [bay as f32 * BAY_M, 0.0, set.wall_z - 2.7 + 0.3 * random.signed()];
            let crosses_stage = at[2] < 2.6 + 2.2 && set.needs.vehicles;
            if draw < 0.6 && !crosses_stage {
                let yaw = if random.unit() < 0.5 { 0.0 } else { std::f32::consts::PI } + 0.05 * random.signed();
                Vehicle::parked(kind, rgb, at, yaw).draw(painter);
            }
        }
    }
}

/// A row of fronts with windows; low walls and hoardings in a car park.
fn paint_houses(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    let mut x = -24.0;
    while x < 24.0 {
        let width = random.between(4.0, 8.0);
        let height = if set.place == Place::CarPark {
            random.between(2.4, 3.4)
        } else {
            set.wall_height_m * random.between(0.8, 1.15)
        };
        let wall = style.surface((0.38, 0.78), random);
        painter.panel([x, 0.0, set.wall_z], width, height, wall);
        painter.panel([x, 0.0, set.wall_z - 0.01], width, 0.35, dim(wall, 0.7));
        for course in 1..(height / 0.5) as u32 {
            painter.panel([x, course as f32 * 0.5, set.wall_z - 0.01], width, 0.03, dim(wall, 0.9));
        }
        let columns = (width / 1.8) as u32;
        for (floor, column) in (0..((height - 2.8) / 2.2).max(0.0) as u32)
            .flat_map(|floor| (0..columns).map(move |column| (floor, column)))
        {
            let at = [x + 0.5 + column as f32 * 1.8, 3.0 + floor as f32 * 2.2, set.wall_z - 0.02];
            painter.panel([at[0] - 0.08, at[1] - 0.08, at[2]], 1.01, 1.26, dim(wall, 0.7));
            painter.panel([at[0], at[1], at[2] - 0.01], 0.85, 1.1, 0x4a5560);
        }
        x += width;
    }
}

/// Door and window of the house behind the stage; a dark opening where the action moves them itself.
fn paint_opening(set: &Set, painter: &mut Painter) {
    let z = set.wall_z - 0.03;
    for (panel, is_live, rgb) in
        [(set.door, set.needs.live_door, 0x5a4030), (set.window, set.needs.live_window, 0x52606c)]
    {
        let Panel { x, y, width, height } = panel;
        painter.panel([x - 0.12, (y - 0.12).max(0.0), z], width + 0.24, height + 0.24, 0xb8b2a6);
        painter.panel([x, y, z - 0.01], width, height, if is_live { 0x141416 } else { rgb });
        if !is_live {
            painter.panel([x + width * 0.48, y, z - 0.02], width * 0.04, height, 0x8c867c);
            painter.panel([x, y + height * 0.52, z - 0.02], width, height * 0.04, 0x8c867c);
        }
    }
}

fn paint_square(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    // Arcades at the ground, a fountain or a statue, benches, stalls.
    for arch in -8..9 {
        let x = arch as f32 * 2.6;
        let is_free = |panel: &Panel| x + 1.75 < panel.x - 0.15 || x - 0.3 > panel.x + panel.width + 0.15;
        if !is_free(&set.door) || !is_free(&set.window) {
            continue;
        }
        painter.panel([x, 0.0, set.wall_z - 0.04], 1.7, 2.5, 0x2c2a2c);
        painter.panel([x - 0.25, 0.0, set.wall_z - 0.05], 0.25, 2.9, 0xa8a296);
    }
    let z = set.wall_z * 0.62;
    if z > 3.0 {
        let x = random.signed() * set.half_width_m;
        painter.cuboid([x - 1.4, 0.0, z], [x + 1.4, 0.5, z + 1.6], 0xa09a90);
        painter.cuboid([x - 0.25, 0.5, z + 0.5], [x + 0.25, 2.3, z + 0.9], 0x7c8480);
        for side in [-1.0, 1.0] {
            let x = x + side * random.between(2.6, 4.0);
            painter.cuboid([x - 0.9, 0.0, z + 0.5], [x + 0.9, 0.45, z + 0.95], 0x6a4a30);
        }
        for stall in 0..random.bits() % 3 {
            let x = -x + stall as f32 * 3.0;
            painter.cuboid([x, 0.0, z + 2.0], [x + 2.0, 0.9, z + 3.0], 0x8a7a66);
            painter.cuboid([x - 0.2, 2.0, z + 1.6], [x + 2.2, 2.3, z + 3.0], style.garment(random));
        }
    }
}

fn paint_tree(painter: &mut Painter, [x, _, z]: [f32; 3], random: &mut Random) {
    painter.rod(&[[x, 0.0, z], [x, 2.4, z]], 0.24, 0x3c3026);
    for _ in 0..26 {
        let at = [x + 1.0 * random.signed(), 2.9 + 0.9 * random.signed(), z];
        let rgb = colour(random.between(80.0, 120.0), 0.4, random.between(0.18, 0.4));
        painter.puff(at, random.between(0.4, 0.8), Ink::paint(rgb).alpha(0.9));
    }
}

/// Posts, rails and wire mesh from one side to the other, at one depth.
pub(super) fn paint_fence(painter: &mut Painter, z: f32, half_m: f32) {
    let wire = Ink::paint(painter.light.shaded(0xa8acb0, [0.0, 1.0, z])).alpha(0.34);
    let steps = (half_m / 0.16) as i32;
    for step in -steps..steps {
        let x = step as f32 * 0.16;
        for way in [-1.0, 1.0] {
            painter.glowing_rod(&[[x, 0.05, z], [x + way * 0.9, FENCE_HEIGHT_M, z]], 0.008, wire);
        }
    }
    for post in (-steps..=steps).step_by(14) {
        let x = post as f32 * 0.16;
        painter.rod(&[[x, 0.0, z], [x, FENCE_HEIGHT_M + 0.08, z]], 0.08, 0x868a8e);
    }
    for height in [0.1, FENCE_HEIGHT_M] {
        painter.rod(&[[-half_m, height, z], [half_m, height, z]], 0.05, 0x8e9296);
    }
}
