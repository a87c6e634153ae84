//! What is about in the places of training beyond their own furniture: patterns, boards, shelves and boxes of any colour,
//! so that a network learns what people do and not where (domain randomisation: Tobin et al. 2017, arXiv 1703.06907).

use super::super::style::colour;
use super::super::view::Painter;
use super::{Panel, Set};
use crate::drawing::canvas::Ink;
use crate::random::Random;

pub(super) fn paint(set: &Set, painter: &mut Painter, random: &mut Random) {
    // Some places stay bare: that a place is bare must not tell what happens there.
    if random.unit() < 0.35 {
        return;
    }
    if random.unit() < 0.5 {
        pattern_floor(set, painter, random);
    }
    if random.unit() < 0.4 {
        pattern_wall(set, painter, random);
    }
    if random.unit() < 0.6 {
        hang_boards(set, painter, random);
    }
    for side in [-1.0, 1.0] {
        match random.unit() {
            draw if draw < 0.3 => stack_boxes(set, painter, side, random),
            draw if draw < 0.5 => shelve(set, painter, side, random),
            _ => {}
        }
    }
    if !set.needs.wall && set.fence_z.is_none() && random.unit() < 0.15 {
        line_back(set, painter, random);
    }
}

fn any_colour(random: &mut Random) -> u32 {
    colour(random.between(0.0, 360.0), random.between(0.0, 0.75), random.between(0.12, 0.92))
}

/// How far a set goes to either side: to its walls, outdoors to `share` of what the picture shows.
fn reach_m(set: &Set, share: f32) -> f32 {
    if set.place.is_outdoors() { set.half_width_m * share } else { set.side_m }
}

/// Stripes along or across, or a chequered floor, between the side walls or as far as the picture reaches.
fn pattern_floor(set: &Set, painter: &mut Painter, random: &mut Random) {
    let ink = Ink::paint(any_colour(random)).alpha(random.between(0.15, 0.6));
    let near_z = -4.0;
    let half_m = if set.place.is_outdoors() { set.side_m.max(set.half_width_m) * 1.5 } else { set.side_m };
    let step_m = random.between(0.25, 1.4);
    let (columns, rows) = ((2.0 * half_m / step_m) as u32 + 1, ((set.wall_z - near_z) / step_m) as u32 + 1);
    let kind = random.bits() % 3;
    let mut tile = |x: (f32, f32), z: (f32, f32)| {
        let (x, z) = ((x.0, x.1.min(half_m)), (z.0, z.1.min(set.wall_z)));
        painter.glowing_face(&[[x.0, 0.0, z.0], [x.1, 0.0, z.0], [x.1, 0.0, z.1], [x.0, 0.0, z.1]], ink);
    };
    let across = |column: u32| (column as f32 * step_m - half_m, (column + 1) as f32 * step_m - half_m);
    let along = |row: u32| (near_z + row as f32 * step_m, near_z + (row + 1) as f32 * step_m);
    match kind {
        0 => (0..columns).step_by(2).for_each(|column| tile(across(column), (near_z, set.wall_z))),
        1 => (0..rows).step_by(2).for_each(|row| tile((-half_m, half_m), along(row))),
        _ => {
            for row in 0..rows {
                (row % 2..columns).step_by(2).for_each(|column| tile(across(column), along(row)));
            }
        }
    }
}

/// A band along the back wall, or upright stripes.
fn pattern_wall(set: &Set, painter: &mut Painter, random: &mut Random) {
    let ink = Ink::paint(any_colour(random)).alpha(random.between(0.2, 0.8));
    let half_m = reach_m(set, 2.0);
    let z = set.wall_z - 0.012;
    let mut stripe = |x: (f32, f32), y: (f32, f32)| {
        painter.glowing_face(&[[x.0, y.0, z], [x.1, y.0, z], [x.1, y.1, z], [x.0, y.1, z]], ink);
    };
    if random.unit() < 0.5 {
        let low_m = if random.unit() < 0.5 { 0.0 } else { random.between(0.5, 1.6) };
        stripe((-half_m, half_m), (low_m, low_m + random.between(0.2, 1.3)));
    } else {
        let (step_m, share) = (random.between(0.3, 1.6), random.between(0.2, 0.6));
        for column in 0..(2.0 * half_m / step_m) as u32 {
            let x = column as f32 * step_m - half_m;
            stripe((x, x + step_m * share), (0.0, set.wall_height_m));
        }
    }
}

/// Posters, signs, cupboards on the back wall, clear of door and window.
fn hang_boards(set: &Set, painter: &mut Painter, random: &mut Random) {
    let reach_m = reach_m(set, 1.4);
    for _ in 0..2 + random.bits() % 6 {
        let (width, height) = (random.between(0.25, 1.4), random.between(0.2, 1.2));
        let board = Panel { x: random.between(-reach_m, reach_m - width), y: random.between(0.3, 2.4), width, height };
        let (frame, inner) = (any_colour(random), any_colour(random));
        if [&set.door, &set.window].into_iter().any(|opening| overlap(&board, opening)) {
            continue;
        }
        let edge = 0.12 * width.min(height);
        painter.panel([board.x, board.y, set.wall_z - 0.04], width, height, frame);
        painter.panel(
            [board.x + edge, board.y + edge, set.wall_z - 0.045],
            width - 2.0 * edge,
            height - 2.0 * edge,
            inner,
        );
    }
}

fn overlap(a: &Panel, b: &Panel) -> bool {
    a.x < b.x + b.width + 0.15
        && b.x < a.x + a.width + 0.15
        && a.y < b.y + b.height + 0.15
        && b.y < a.y + a.height + 0.15
}

/// Depths at which things stand at a side: behind the middle of the stage, the farthest first.
fn depths(set: &Set, step_m: f32) -> impl Iterator<Item = f32> {
    let count = ((set.wall_z - 0.4) / step_m).clamp(1.0, 8.0) as u32;
    let back_z = set.wall_z;
    (1..=count).map(move |row| back_z - row as f32 * step_m)
}

/// Inner and outer edge of what stands at a side, `deep_m` wide.
fn edges(set: &Set, side: f32, deep_m: f32) -> (f32, f32) {
    let wall = reach_m(set, 1.1);
    if side < 0.0 { (-wall, deep_m - wall) } else { (wall - deep_m, wall) }
}

fn stack_boxes(set: &Set, painter: &mut Painter, side: f32, random: &mut Random) {
    let step_m = random.between(0.5, 1.4);
    for z in depths(set, step_m) {
        let (left, right) = edges(set, side, random.between(0.3, 0.75));
        let mut low_m = 0.0;
        for _ in 0..1 + random.bits() % 3 {
            let high_m = low_m + random.between(0.2, 0.8);
            painter.cuboid([left, low_m, z], [right, high_m, z + step_m * 0.9], any_colour(random));
            low_m = high_m;
        }
    }
}

/// Boards with small things on them along a side.
fn shelve(set: &Set, painter: &mut Painter, side: f32, random: &mut Random) {
    let (left, right) = edges(set, side, random.between(0.25, 0.5));
    let face_x = if side < 0.0 { right } else { left };
    let (front_z, back_z) = ((set.wall_z - random.between(1.5, 4.0)).max(-1.0), set.wall_z - 0.1);
    let (board_rgb, step_m) = (any_colour(random), random.between(0.3, 0.6));
    for board in 0..2 + random.bits() % 4 {
        let y = 0.2 + board as f32 * step_m;
        painter.cuboid([left, y - 0.05, front_z], [right, y, back_z], board_rgb);
        let mut z = front_z;
        while z < back_z {
            let (width, height) = (random.between(0.1, 0.4), step_m * random.between(0.3, 0.9));
            let end_z = (z + width - 0.02).min(back_z);
            let corners = [[face_x, y, z], [face_x, y, end_z], [face_x, y + height, end_z], [face_x, y + height, z]];
            painter.face(&corners, any_colour(random));
            z += width;
        }
    }
}

/// A row of boxes, cupboards or machines before the back wall, clear of the door.
fn line_back(set: &Set, painter: &mut Painter, random: &mut Random) {
    let reach_m = reach_m(set, 1.5);
    let (deep_m, highest_m) = (random.between(0.3, 0.8), random.between(0.6, 2.2));
    let mut x = -reach_m;
    while x < reach_m - 0.4 {
        let width = random.between(0.4, 1.6).min(reach_m - x);
        let thing = Panel { x, y: 0.0, width, height: highest_m * random.between(0.5, 1.0) };
        let rgb = any_colour(random);
        if random.unit() < 0.6 && !overlap(&thing, &set.door) {
            let z = set.wall_z - deep_m;
            painter.cuboid([x, 0.0, z], [x + width * 0.95, thing.height, set.wall_z - 0.05], rgb);
        }
        x += width;
    }
}
