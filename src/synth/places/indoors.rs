//! Office, corridor, living room, shop and warehouse.

use super::super::scenario::Place;
use super::super::style::{Style, colour};
use super::super::view::{Painter, dim};
use super::{Panel, Set};
use crate::drawing::canvas::Ink;
use crate::random::Random;

/// Behind the camera.
const BACK_M: f32 = -9.0;

pub(super) fn paint(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    let wall = style.surface((0.55, 0.85), random);
    paint_shell(set, painter, style, wall, random);
    paint_openings(set, painter);
    match set.place {
        Place::Office => paint_office(set, painter, random),
        Place::Corridor => paint_corridor(set, painter, wall),
        Place::LivingRoom => paint_living_room(set, painter, style, random),
        Place::Shop => paint_shop(set, painter, random),
        _ => paint_warehouse(set, painter, random),
    }
}

/// Ceiling lights, and the light of the window by day.
pub(super) fn shine(set: &Set, painter: &mut Painter) {
    if !set.lights_off && !set.is_infrared && set.place != Place::LivingRoom {
        for x in [-0.5, 0.5] {
            let x = x * set.side_m;
            let z = (-0.6, 0.7);
            let y = set.wall_height_m - 0.02;
            painter.glowing_face(
                &[[x - 0.3, y, z.0], [x + 0.3, y, z.0], [x + 0.3, y, z.1], [x - 0.3, y, z.1]],
                Ink::paint(0xf4f6f0),
            );
        }
    }
    if !set.is_night && !set.needs.live_window {
        painter.glowing_face(&set.window.corners(set.wall_z - 0.03), Ink::light(0xdfeaf4).alpha(0.55));
    }
}

fn paint_shell(set: &Set, painter: &mut Painter, style: Style, wall: u32, random: &mut Random) {
    let (side, back, height) = (set.side_m, set.wall_z, set.wall_height_m);
    let floor = match set.place {
        Place::LivingRoom => colour(28.0, 0.45, random.between(0.4, 0.6)),
        Place::Warehouse => colour(60.0, 0.05, random.between(0.4, 0.55)),
        _ => style.surface((0.35, 0.65), random),
    };
    painter.floor((-side, side), (BACK_M, back), floor);
    let tile_m = match set.place {
        Place::LivingRoom => 0.22,
        Place::Warehouse => 2.4,
        _ => random.between(0.5, 0.9),
    };
    for joint in 1..(2.0 * side / tile_m) as u32 {
        let x = -side + joint as f32 * tile_m;
        painter.floor((x, x + 0.025), (BACK_M, back), dim(floor, 0.86));
    }
    if set.place != Place::LivingRoom {
        for joint in 0..((back + 4.0) / tile_m) as u32 {
            let z = back - joint as f32 * tile_m;
            painter.floor((-side, side), (z - 0.025, z), dim(floor, 0.86));
        }
    }
    let ceiling = [[-side, height, BACK_M], [side, height, BACK_M], [side, height, back], [-side, height, back]];
    painter.face(&ceiling, dim(0xd8d6d0, if set.place == Place::Warehouse { 0.4 } else { 1.0 }));
    for (x, shade) in [(-side, 0.82), (side, 0.9)] {
        painter.face(&[[x, 0.0, BACK_M], [x, 0.0, back], [x, height, back], [x, height, BACK_M]], dim(wall, shade));
        painter.face(&[[x, 0.0, BACK_M], [x, 0.0, back], [x, 0.12, back], [x, 0.12, BACK_M]], dim(wall, 0.6));
    }
    painter.panel([-side, 0.0, back], 2.0 * side, height, wall);
    painter.panel([-side, 0.0, back - 0.01], 2.0 * side, 0.12, dim(wall, 0.65));
}

fn paint_openings(set: &Set, painter: &mut Painter) {
    let z = set.wall_z - 0.02;
    let Panel { x, y, width, height } = set.window;
    let outside = if set.is_night { 0x20263a } else { 0xb8ccd8 };
    painter.panel([x - 0.08, y - 0.08, z], width + 0.16, height + 0.16, 0xd0ccc4);
    painter.panel([x, y, z - 0.01], width, height, outside);
    painter.panel([x, y, z - 0.01], width, height * 0.35, dim(outside, 0.7));
    if !set.needs.live_window {
        painter.panel([x + width * 0.47, y, z - 0.02], width * 0.05, height, 0xd0ccc4);
        if set.place == Place::Office {
            for slat in 0..7 {
                painter.panel([x, y + height * (0.5 + slat as f32 * 0.07), z - 0.02], width, 0.035, 0xc4c4be);
            }
        }
    }
    let Panel { x, y, width, height } = set.door;
    painter.panel([x - 0.08, y, z], width + 0.16, height + 0.08, 0x8a8076);
    painter.panel([x, y, z - 0.01], width, height, if set.needs.live_door { 0x101114 } else { 0x7a6048 });
    if !set.needs.live_door {
        painter.panel([x + 0.15, y + 1.15, z - 0.02], width - 0.3, height * 0.36, 0x6c5440);
        painter.panel([x + width - 0.16, y + 1.0, z - 0.02], 0.1, 0.04, 0xc8c4ba);
    }
}

/// Along the side walls, where nobody walks: from the back wall towards the camera.
fn along_sides(set: &Set) -> impl Iterator<Item = (f32, f32)> {
    let (side, back) = (set.side_m, set.wall_z);
    [-1.0, 1.0].into_iter().flat_map(move |way| (0..2).map(move |row| (way * side, back - 0.3 - 1.9 * row as f32)))
}

fn paint_office(set: &Set, painter: &mut Painter, random: &mut Random) {
    for (x, z) in along_sides(set) {
        let (left, right) = if x < 0.0 { (x, x + 0.75) } else { (x - 0.75, x) };
        painter.cuboid([left, 0.68, z - 1.4], [right, 0.74, z], 0xb09878);
        painter.cuboid([left + 0.04, 0.0, z - 1.36], [right - 0.04, 0.68, z - 1.3], 0x707478);
        let screen = (left + right) / 2.0;
        painter.cuboid([screen - 0.06, 0.8, z - 1.0], [screen + 0.06, 1.2, z - 0.4], 0x1c1e22);
        painter.cuboid(
            [screen - 0.15, 0.0, z - 0.25],
            [screen + 0.2, 1.0, z - 0.1],
            colour(220.0, 0.3, random.between(0.2, 0.4)),
        );
    }
    let shelf = set.window.x + set.window.width + 0.3;
    if shelf + 1.0 < set.door.x || set.door.x < set.window.x {
        painter.panel([shelf, 1.5, set.wall_z - 0.03], 0.5, 0.6, 0xe4e0d4);
    }
}

fn paint_corridor(set: &Set, painter: &mut Painter, wall: u32) {
    for way in [-1.0, 1.0] {
        let x = way * (set.side_m - 0.01);
        for row in 0..4 {
            let z = set.wall_z - 1.2 - row as f32 * 2.3;
            painter.face(&[[x, 0.0, z - 0.95], [x, 0.0, z], [x, 2.1, z], [x, 2.1, z - 0.95]], 0x6a7078);
            painter.face(&[[x, 0.95, z - 0.88], [x, 0.95, z - 0.78], [x, 1.0, z - 0.78], [x, 1.0, z - 0.88]], 0xd0d0cc);
        }
        painter
            .face(&[[x, 0.85, -9.0], [x, 0.85, set.wall_z], [x, 0.98, set.wall_z], [x, 0.98, -9.0]], dim(wall, 0.75));
    }
}

fn paint_living_room(set: &Set, painter: &mut Painter, style: Style, random: &mut Random) {
    let rug = dim(style.garment(random), 0.9);
    painter.floor((-set.side_m * 0.5, set.side_m * 0.5), (-0.9, set.wall_z * 0.6), rug);
    painter.floor((-set.side_m * 0.46, set.side_m * 0.46), (-0.8, set.wall_z * 0.55), dim(rug, 1.25));
    // A sofa along one side, a shelf and a television along the other.
    let way = if random.unit() < 0.5 { -1.0 } else { 1.0 };
    let sofa = style.garment(random);
    let (left, right) = if way < 0.0 { (-set.side_m, -set.side_m + 0.85) } else { (set.side_m - 0.85, set.side_m) };
    let wall_edge = if way < 0.0 { (left, left + 0.25) } else { (right - 0.25, right) };
    painter.cuboid([wall_edge.0, 0.0, -0.6], [wall_edge.1, 0.85, set.wall_z - 0.3], sofa);
    painter.cuboid([left, 0.0, -0.6], [right, 0.42, set.wall_z - 0.3], sofa);
    painter.cuboid([left, 0.0, -0.8], [right, 0.6, -0.6], dim(sofa, 0.9));
    let x = -way * set.side_m;
    let (left, right) = if x < 0.0 { (x, x + 0.4) } else { (x - 0.4, x) };
    painter.cuboid([left, 0.0, -0.3], [right, 0.5, set.wall_z - 0.5], 0x6a5038);
    painter.cuboid(
        [(left + right) / 2.0 - 0.04, 0.55, 0.0],
        [(left + right) / 2.0 + 0.04, 1.15, set.wall_z - 0.7],
        0x141518,
    );
    painter.panel([-0.5, 1.45, set.wall_z - 0.02], 0.8, 0.55, 0x5a4632);
    painter.panel([-0.44, 1.51, set.wall_z - 0.03], 0.68, 0.43, style.garment(random));
    let curtain = style.garment(random);
    for x in [set.window.x - 0.3, set.window.x + set.window.width] {
        painter.panel([x, 0.15, set.wall_z - 0.04], 0.3, set.window.y + set.window.height, curtain);
        painter.panel([x + 0.1, 0.15, set.wall_z - 0.05], 0.08, set.window.y + set.window.height, dim(curtain, 0.75));
    }
}

/// A board with goods in many colours, along the side wall or the back wall.
fn paint_shop(set: &Set, painter: &mut Painter, random: &mut Random) {
    let goods =
        |random: &mut Random| colour(random.between(0.0, 360.0), random.between(0.3, 0.8), random.between(0.3, 0.85));
    for way in [-1.0, 1.0] {
        let x = way * (set.side_m - 0.45);
        for board in 0..4 {
            let y = 0.25 + board as f32 * 0.5;
            let edge = if way < 0.0 { (-set.side_m, x) } else { (x, set.side_m) };
            painter.cuboid([edge.0, y - 0.05, -3.0], [edge.1, y, set.wall_z - 0.1], 0xb8b8b4);
            let mut z = -3.0;
            while z < set.wall_z - 0.4 {
                let step = random.between(0.12, 0.3);
                let high = y + random.between(0.18, 0.38);
                painter.face(
                    &[[x, y, z], [x, y, z + step - 0.02], [x, high, z + step - 0.02], [x, high, z]],
                    goods(random),
                );
                z += step;
            }
        }
    }
    let (low, high) = (-set.side_m + 0.4, set.side_m - 0.4);
    let is_free =
        |x: f32| [set.door, set.window].iter().all(|panel| x + 0.3 < panel.x - 0.1 || x > panel.x + panel.width + 0.1);
    for board in 0..4 {
        let y = 0.25 + board as f32 * 0.5;
        let mut x = low;
        while x < high {
            let step = random.between(0.12, 0.28);
            if is_free(x) && !set.needs.wall {
                painter.panel([x, y - 0.05, set.wall_z - 0.3], step, 0.05, 0xb8b8b4);
                painter.panel([x, y, set.wall_z - 0.3], step - 0.02, random.between(0.18, 0.38), goods(random));
            }
            x += step;
        }
    }
}

fn paint_warehouse(set: &Set, painter: &mut Painter, random: &mut Random) {
    for x in [-set.half_width_m * 0.95, set.half_width_m * 0.95] {
        painter.floor((x - 0.07, x + 0.07), (BACK_M, set.wall_z), 0xc8a830);
    }
    // Racks with boxes along both sides, and along the back where the wall is free.
    let bay = |painter: &mut Painter, random: &mut Random, x: f32, z: f32| {
        for board in 0..3 {
            let y = 0.1 + board as f32 * 1.25;
            painter.cuboid([x, y - 0.1, z], [x + 2.2, y, z + 0.9], 0xc06a28);
            for slot in 0..3 {
                if random.unit() < 0.78 {
                    let left = x + 0.08 + slot as f32 * 0.72;
                    let high = y + random.between(0.45, 0.95);
                    painter.cuboid(
                        [left, y, z + 0.05],
                        [left + 0.62, high, z + 0.8],
                        colour(30.0, 0.4, random.between(0.4, 0.7)),
                    );
                }
            }
        }
        for post in [x, x + 2.2] {
            painter.rod(&[[post, 0.0, z], [post, 3.6, z]], 0.1, 0x2c4c88);
        }
    };
    if !set.needs.wall {
        let mut x = -set.side_m;
        while x < set.side_m - 2.0 {
            let is_door = x < set.door.x + set.door.width && x + 2.3 > set.door.x;
            if !is_door {
                bay(painter, random, x, set.wall_z - 1.0);
            }
            x += 2.4;
        }
    }
    let roll_gate = set.window.x - 0.5;
    if set.needs.wall {
        for slat in 0..12 {
            let y = slat as f32 * 0.22;
            if y + 0.2 < set.window.y {
                painter.panel([roll_gate, y, set.wall_z - 0.02], set.window.width + 1.0, 0.19, 0x8a9094);
            }
        }
    }
    for pallet in 0..3 {
        let way = if random.unit() < 0.5 { -1.0 } else { 1.0 };
        let (x, z) = (way * (set.half_width_m * 1.05 + 0.6), set.wall_z - 2.2 - pallet as f32 * 1.3);
        painter.cuboid([x - 0.6, 0.0, z - 0.5], [x + 0.6, 0.15, z + 0.5], 0x9a7a50);
        painter.cuboid(
            [x - 0.55, 0.15, z - 0.45],
            [x + 0.55, random.between(0.5, 1.3), z + 0.45],
            colour(35.0, 0.3, random.between(0.45, 0.7)),
        );
    }
}
