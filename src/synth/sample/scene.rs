//! The street at dusk, all that does not move: sky, houses, pavement, road. In pixels of a 640x360 picture.

use tiny_skia::Pixmap;

use super::{HEIGHT_PX, WIDTH_PX};
use crate::drawing::canvas::{Canvas, Ink, Position};
use crate::random::Random;

/// Where the houses stand on the pavement, and where the pavement ends at the road.
pub(super) const FACADE_Y_PX: f32 = 206.0;
pub(super) const KERB_Y_PX: f32 = 236.0;
const NEAR_KERB_Y_PX: f32 = 343.0;
/// Height of the shops at street level.
const SHOP_PX: f32 = 42.0;
const WIDTH: f32 = WIDTH_PX as f32;

/// A house front: left edge, width, height above the pavement, colour, windows per floor.
struct House {
    x: f32,
    width: f32,
    height: f32,
    wall: u32,
    columns: u32,
    awning: u32,
    is_open: bool,
}

const HOUSES: [House; 6] = [
    House { x: -14.0, width: 106.0, height: 132.0, wall: 0x2b2740, columns: 5, awning: 0x6e2f35, is_open: true },
    House { x: 92.0, width: 88.0, height: 105.0, wall: 0x38303f, columns: 4, awning: 0x2f4a4f, is_open: false },
    House { x: 180.0, width: 124.0, height: 150.0, wall: 0x24253f, columns: 6, awning: 0x35506b, is_open: true },
    House { x: 304.0, width: 84.0, height: 112.0, wall: 0x3b2f38, columns: 4, awning: 0x7a5a2c, is_open: true },
    House { x: 388.0, width: 128.0, height: 92.0, wall: 0x292a44, columns: 6, awning: 0x2d3a44, is_open: false },
    House { x: 516.0, width: 138.0, height: 140.0, wall: 0x322a3d, columns: 6, awning: 0x5f3040, is_open: true },
];

pub(super) fn draw_street(pixels: &mut Pixmap) {
    let mut canvas = Canvas::new(pixels);
    draw_sky(&mut canvas);
    let mut random = Random::new(0x57EE7);
    draw_skyline(&mut canvas, &mut random);
    for house in &HOUSES {
        house.draw(&mut canvas, &mut random);
    }
    draw_pavement(&mut canvas);
    draw_road(&mut canvas);
    for house in HOUSES.iter().filter(|house| house.is_open) {
        house.draw_spill(&mut canvas);
    }
    draw_tree(&mut canvas, (598.0, 226.0), &mut random);
}

fn draw_sky(canvas: &mut Canvas) {
    let stops = [(0.0, 0x10173a), (0.30, 0x2c2f66), (0.55, 0x6a4a7c), (0.75, 0xb8686c), (1.0, 0xf0a468)];
    canvas.vertical_gradient((0.0, 0.0), WIDTH, 135.0, &stops.map(|(at, rgb)| (at, Ink::paint(rgb))));
    canvas.glow((430.0, 112.0), 330.0, 75.0, Ink::light(0xffa868).alpha(0.45));
    for (x, y, length, thickness, alpha) in [
        (470.0, 62.0, 150.0, 5.0, 0.22),
        (390.0, 78.0, 120.0, 4.0, 0.26),
        (130.0, 46.0, 170.0, 5.0, 0.14),
        (560.0, 38.0, 120.0, 4.0, 0.14),
    ] {
        canvas.glow((x, y), length, thickness * 2.2, Ink::light(0xffa684).alpha(alpha));
    }
}

/// Far houses in the haze, with a few lights.
fn draw_skyline(canvas: &mut Canvas, random: &mut Random) {
    for (rgb, lowest, highest, width) in [(0x80566f, 100.0, 134.0, 34.0), (0x4d3d63, 88.0, 116.0, 46.0)] {
        let mut x = -10.0;
        while x < WIDTH {
            let (step, height) = (width * random.between(0.6, 1.3), random.between(lowest, highest));
            let top = FACADE_Y_PX - height;
            canvas.rect((x, top), step + 0.5, height, Ink::paint(rgb));
            for _ in 0..3 {
                let at = (x + random.between(3.0, step - 4.0), top + random.between(5.0, 40.0));
                canvas.rect(at, 2.0, 2.5, Ink::light(0xffcf8a).alpha(0.5));
            }
            x += step;
        }
    }
}

impl House {
    fn draw(&self, canvas: &mut Canvas, random: &mut Random) {
        let top = FACADE_Y_PX - self.height;
        let fade = [(0.0, Ink::paint(self.wall)), (1.0, Ink::paint(0x17172a))];
        canvas.vertical_gradient((self.x, top), self.width, self.height, &fade);
        // The last of the daylight along the eaves, and the shade between two houses.
        canvas.rect((self.x - 2.0, top - 3.0), self.width + 4.0, 5.0, Ink::paint(0x191a2c));
        canvas.rect((self.x - 2.0, top - 3.5), self.width + 4.0, 1.2, Ink::light(0xe79a80).alpha(0.5));
        canvas.rect((self.x + self.width - 2.0, top + 2.0), 2.0, self.height, Ink::paint(0x0b0c18).alpha(0.5));
        self.draw_roof(canvas, top, random);
        let pitch_x = (self.width - 10.0) / self.columns as f32;
        let floors = ((self.height - SHOP_PX - 10.0) / 22.0).floor() as u32;
        for (floor, column) in (0..floors).flat_map(|floor| (0..self.columns).map(move |column| (floor, column))) {
            let at = (self.x + 5.0 + (column as f32 + 0.5) * pitch_x - 4.5, top + 11.0 + floor as f32 * 22.0);
            draw_window(canvas, at, random);
        }
        self.draw_shop(canvas);
    }

    fn draw_roof(&self, canvas: &mut Canvas, top: f32, random: &mut Random) {
        let dark = Ink::paint(0x14152a);
        let chimney_x = self.x + self.width * random.between(0.15, 0.4);
        canvas.rect((chimney_x, top - 14.0), 9.0, 12.0, dark);
        canvas.rect((chimney_x - 1.5, top - 15.5), 12.0, 2.5, dark);
        let mast_x = self.x + self.width * random.between(0.6, 0.85);
        canvas.line(&[(mast_x, top - 2.0), (mast_x, top - 20.0)], 1.1, dark);
        for (y, reach) in [(18.0, 5.0), (14.5, 3.5)] {
            canvas.line(&[(mast_x - reach, top - y), (mast_x + reach, top - y)], 0.9, dark);
        }
    }

    fn draw_shop(&self, canvas: &mut Canvas) {
        let (left, top) = (self.x + 6.0, FACADE_Y_PX - SHOP_PX);
        let width = self.width - 12.0;
        canvas.rect((self.x, top - 4.0), self.width - 2.0, 4.0, Ink::paint(0x12121f));
        let door_x = left + width * 0.72;
        if self.is_open {
            let inside = [(0.0, Ink::paint(0xffdf9e)), (0.55, Ink::paint(0xeeb066)), (1.0, Ink::paint(0x8f5a36))];
            canvas.vertical_gradient((left, top + 10.0), width * 0.66, SHOP_PX - 16.0, &inside);
            canvas.vertical_gradient((door_x, top + 10.0), width * 0.2, SHOP_PX - 10.0, &inside);
            // Goods in the window.
            for item in 0..7 {
                let x = left + 4.0 + item as f32 * width * 0.087;
                let height = 5.0 + ((item * 5 + self.columns) % 4) as f32 * 2.6;
                canvas.rect((x, FACADE_Y_PX - 6.0 - height), width * 0.05, height, Ink::paint(0x5e3a2a).alpha(0.75));
            }
        } else {
            canvas.rect((left, top + 10.0), width * 0.66, SHOP_PX - 16.0, Ink::paint(0x20222f));
            canvas.rect((door_x, top + 10.0), width * 0.2, SHOP_PX - 10.0, Ink::paint(0x191a26));
            for slat in 0..6 {
                let y = top + 12.0 + slat as f32 * 4.2;
                canvas.rect((left, y), width * 0.66, 1.0, Ink::paint(0x343748));
            }
        }
        let frame = Ink::paint(0x10111c);
        for share in [0.0, 0.22, 0.44, 0.655, 0.72, 0.915] {
            canvas.rect((left + width * share - 0.7, top + 9.0), 1.6, SHOP_PX - 11.0, frame);
        }
        let (slope, overhang) = (11.0, 3.0);
        let awning = [
            (left, top + 1.0),
            (left + width, top + 1.0),
            (left + width + overhang, top + slope),
            (left - overhang, top + slope),
        ];
        canvas.polygon(&awning, Ink::paint(self.awning));
        for stripe in (0..12).step_by(2) {
            let (from, to) = (stripe as f32 / 12.0, (stripe + 1) as f32 / 12.0);
            let edge = |share: f32| left - overhang + share * (width + 2.0 * overhang);
            let strip = [
                (left + width * from, top + 1.0),
                (left + width * to, top + 1.0),
                (edge(to), top + slope),
                (edge(from), top + slope),
            ];
            canvas.polygon(&strip, Ink::light(0xffe6c8).alpha(if self.is_open { 0.30 } else { 0.10 }));
        }
    }

    /// What the shop throws onto the pavement, and its reflection in the damp road.
    fn draw_spill(&self, canvas: &mut Canvas) {
        let warm = Ink::light(0xffbf70);
        let x = self.x + 6.0 + (self.width - 12.0) * 0.4;
        canvas.glow((x, FACADE_Y_PX + 4.0), self.width * 0.55, 22.0, warm.alpha(0.42));
        canvas.glow((x, KERB_Y_PX + 34.0), self.width * 0.34, 46.0, warm.alpha(0.15));
    }
}

fn draw_window(canvas: &mut Canvas, (x, y): Position, random: &mut Random) {
    let (width, height) = (9.0, 13.0);
    canvas.rect((x - 1.2, y - 1.2), width + 2.4, height + 2.4, Ink::paint(0x0e0f1c).alpha(0.8));
    let (lit, tint, curtain) = (random.unit() < 0.42, random.unit(), random.between(0.0, 6.0));
    if lit {
        let rgb = if tint < 0.12 {
            0xa9c8e8
        } else if tint < 0.55 {
            0xffd28c
        } else {
            0xf2ae5e
        };
        canvas.glow((x + width / 2.0, y + height / 2.0), 13.0, 15.0, Ink::light(rgb).alpha(0.22));
        let fade = [(0.0, Ink::paint(rgb)), (1.0, Ink::paint(rgb).alpha(0.72))];
        canvas.vertical_gradient((x, y), width, height, &fade);
        canvas.rect((x, y), width, curtain, Ink::paint(0x7a4a30).alpha(0.45));
    } else {
        let fade = [(0.0, Ink::paint(0x39406a)), (1.0, Ink::paint(0x171a2e))];
        canvas.vertical_gradient((x, y), width, height, &fade);
    }
    canvas.rect((x + width / 2.0 - 0.5, y), 1.0, height, Ink::paint(0x12131f).alpha(0.85));
    canvas.rect((x, y + height * 0.42), width, 1.0, Ink::paint(0x12131f).alpha(0.85));
    canvas.rect((x - 2.0, y + height + 1.0), width + 4.0, 1.5, Ink::light(0xc7b0c8).alpha(0.16));
}

fn draw_pavement(canvas: &mut Canvas) {
    let stone = [(0.0, Ink::paint(0x3a3746)), (1.0, Ink::paint(0x55505f))];
    canvas.vertical_gradient((0.0, FACADE_Y_PX), WIDTH, KERB_Y_PX - FACADE_Y_PX, &stone);
    let joint = Ink::paint(0x1c1b28).alpha(0.4);
    canvas.rect((0.0, FACADE_Y_PX + 9.0), WIDTH, 0.8, joint);
    canvas.rect((0.0, FACADE_Y_PX + 19.0), WIDTH, 0.9, joint);
    for slab in -3..44 {
        // Joints run towards a vanishing point above the middle of the picture.
        let foot = slab as f32 * 17.0;
        let top = foot + (WIDTH / 2.0 - foot) * 0.07;
        canvas.line(&[(top, FACADE_Y_PX), (foot, KERB_Y_PX)], 0.8, joint);
    }
    canvas.rect((0.0, KERB_Y_PX - 3.0), WIDTH, 2.2, Ink::paint(0x8b8490));
    canvas.rect((0.0, KERB_Y_PX - 0.8), WIDTH, 4.3, Ink::paint(0x34323f));
}

fn draw_road(canvas: &mut Canvas) {
    let top = KERB_Y_PX + 3.5;
    let asphalt = [(0.0, Ink::paint(0x2b2a36)), (0.5, Ink::paint(0x24242f)), (1.0, Ink::paint(0x1b1b25))];
    canvas.vertical_gradient((0.0, top), WIDTH, NEAR_KERB_Y_PX - top, &asphalt);
    // The evening sky on the damp road.
    canvas.glow((420.0, 292.0), 420.0, 42.0, Ink::light(0x8d6a90).alpha(0.20));
    let marking = Ink::paint(0xc9c4b8).alpha(0.75);
    canvas.rect((0.0, top + 5.0), WIDTH, 1.4, Ink::paint(0xd0a64a).alpha(0.55));
    for dash in -1..8 {
        let (x, y) = (dash as f32 * 92.0 + 18.0, 289.0);
        // Seen from the middle, as the pavement's joints are.
        let shear = (x - WIDTH / 2.0) * 0.012;
        canvas.polygon(&[(x, y), (x + 48.0, y), (x + 50.0 + shear, y + 4.6), (x + shear, y + 4.6)], marking);
    }
    canvas.rect((0.0, NEAR_KERB_Y_PX), WIDTH, 4.0, Ink::paint(0x6b6672));
    canvas.rect((0.0, NEAR_KERB_Y_PX + 4.0), WIDTH, HEIGHT_PX as f32 - NEAR_KERB_Y_PX, Ink::paint(0x2c2a36));
}

fn draw_tree(canvas: &mut Canvas, (x, y): Position, random: &mut Random) {
    let bark = Ink::paint(0x14121b);
    canvas.glow((x, y), 16.0, 4.0, Ink::paint(0x05060b).alpha(0.7));
    canvas.line(&[(x, y), (x + 1.0, y - 40.0), (x - 1.0, y - 66.0)], 5.0, bark);
    canvas.line(&[(x + 1.0, y - 38.0), (x + 15.0, y - 62.0)], 2.6, bark);
    canvas.line(&[(x + 0.5, y - 46.0), (x - 14.0, y - 66.0)], 2.4, bark);
    for layer in 0..3 {
        for _ in 0..26 {
            let (turn, reach) = (random.between(0.0, std::f32::consts::TAU), random.unit().sqrt());
            let leaf = (x + 31.0 * reach * turn.cos(), y - 82.0 + 26.0 * reach * turn.sin() - layer as f32 * 2.0);
            let rgb = [0x13191f, 0x1b2527, 0x2a3431][layer];
            let size = random.between(4.5, 9.0) - layer as f32 * 1.6;
            canvas.ellipse(leaf, size, size * 0.8, Ink::paint(rgb).alpha(0.8));
        }
    }
}
