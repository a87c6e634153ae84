//! What flies, burns and smokes. A particle's place follows from its launch and its age alone.

use std::sync::Arc;

use super::super::view::{Painter, Point, add, scale};
use crate::drawing::canvas::Ink;
use crate::drawing::motion::ease;
use crate::random::Random;

const GRAVITY_M_PER_S2: f32 = 9.81;

/// Pieces thrown from one place at one time; they bounce once or twice and stay lying.
#[derive(Clone, Debug)]
pub(crate) struct Debris {
    pieces: Arc<[Piece]>,
}

#[derive(Clone, Debug)]
struct Piece {
    from: Point,
    velocity: Point,
    size_m: f32,
    spin: f32,
    rgb: u32,
    glows_s: f32,
}

impl Debris {
    /// `count` pieces of up to `size_m` thrown at up to `speed_m_per_s` mostly along `drift`.
    pub(crate) fn new(
        from: Point,
        drift: Point,
        speed_m_per_s: f32,
        count: u32,
        size_m: f32,
        colours: &[u32],
        random: &mut Random,
    ) -> Self {
        let piece = |random: &mut Random| {
            let aim = [random.signed(), random.between(0.1, 1.1), random.signed()];
            let speed = speed_m_per_s * random.between(0.2, 1.0);
            Piece {
                from: add(from, scale([random.signed(), random.signed(), random.signed()], 0.25)),
                velocity: add(scale(aim, speed), drift),
                size_m: size_m * random.between(0.3, 1.0),
                spin: random.between(-9.0, 9.0),
                rgb: colours[random.bits() as usize % colours.len()],
                glows_s: random.between(0.0, 0.9),
            }
        };
        Self { pieces: (0..count).map(|_| piece(random)).collect() }
    }

    /// `glow` draws the pieces alight at first.
    pub(crate) fn draw(&self, painter: &mut Painter, age_s: f32, glow: bool) {
        if age_s < 0.0 {
            return;
        }
        for piece in self.pieces.iter() {
            let at = piece.at(age_s);
            let turn = piece.spin * age_s.min(1.2);
            let (sin, cos) = turn.sin_cos();
            let (a, b) =
                (scale([cos, sin, 0.2], piece.size_m), scale([-sin * 0.6, cos * 0.6, 0.3], piece.size_m * 0.6));
            if glow && age_s < piece.glows_s {
                let tail = piece.at((age_s - 0.05).max(0.0));
                painter.glowing_rod(&[tail, at], piece.size_m * 0.7, Ink::light(0xffb040));
            } else {
                painter.face(&[add(at, a), add(at, b), add(at, scale(a, -1.0)), add(at, scale(b, -1.0))], piece.rgb);
            }
        }
    }
}

impl Piece {
    fn at(&self, age_s: f32) -> Point {
        let (mut at, mut velocity, mut left_s) = (self.from, self.velocity, age_s);
        let floor_m = 0.03;
        for _ in 0..3 {
            let drop_m = (at[1] - floor_m).max(0.0);
            let fall_s =
                (velocity[1] + (velocity[1].powi(2) + 2.0 * GRAVITY_M_PER_S2 * drop_m).sqrt()) / GRAVITY_M_PER_S2;
            let flown_s = left_s.min(fall_s);
            at = add(at, scale(velocity, flown_s));
            at[1] -= GRAVITY_M_PER_S2 * flown_s * flown_s / 2.0;
            if left_s < fall_s {
                return at;
            }
            left_s -= fall_s;
            let landing = GRAVITY_M_PER_S2 * fall_s - velocity[1];
            velocity = [velocity[0] * 0.35, landing * 0.3, velocity[2] * 0.35];
            at[1] = floor_m;
        }
        at
    }
}

/// Smoke that rises from one place for a while.
#[derive(Clone, Debug)]
pub(crate) struct Smoke {
    from: Point,
    puffs: Arc<[Puff]>,
}

#[derive(Clone, Debug)]
struct Puff {
    born_s: f32,
    life_s: f32,
    drift: Point,
    start_m: f32,
    growth_m: f32,
    alpha: f32,
    rgb: u32,
}

impl Smoke {
    /// `size_m` is a puff's radius after a second; smoke is gone after `lasts_s`.
    pub(crate) fn new(from: Point, lasts_s: f32, size_m: f32, density: f32, rgb: u32, random: &mut Random) -> Self {
        let life_s = (lasts_s * 0.5).min(3.2);
        let every_s = 0.12;
        let wind = [random.between(-0.5, 0.5), 0.0, random.between(-0.2, 0.2)];
        let puff = |index: u32, random: &mut Random| {
            let born_s = 0.05 + index as f32 * every_s;
            let grey = random.between(0.75, 1.15);
            Puff {
                born_s,
                life_s,
                drift: add(
                    wind,
                    [
                        0.4 * random.signed() * size_m,
                        random.between(0.5, 1.1) * (0.6 + size_m),
                        0.3 * random.signed() * size_m,
                    ],
                ),
                start_m: size_m * random.between(0.2, 0.4),
                growth_m: size_m * random.between(0.5, 0.9),
                alpha: density * (1.0 - 0.6 * born_s / lasts_s),
                rgb: super::super::view::dim(rgb, grey),
            }
        };
        let count = ((lasts_s - life_s) / every_s).max(1.0) as u32;
        Self { from, puffs: (0..count).map(|index| puff(index, random)).collect() }
    }

    pub(crate) fn draw(&self, painter: &mut Painter, age_s: f32) {
        for puff in self.puffs.iter() {
            let age_s = age_s - puff.born_s;
            if !(0.0..puff.life_s).contains(&age_s) {
                continue;
            }
            let share = age_s / puff.life_s;
            let at = add(self.from, scale(puff.drift, age_s * (1.0 - 0.35 * share)));
            let alpha = puff.alpha * ease(0.0, 0.1, share) * (1.0 - share);
            let rgb = painter.light.shaded(puff.rgb, at);
            painter.puff(at, puff.start_m + puff.growth_m * age_s.sqrt(), Ink::paint(rgb).alpha(alpha));
        }
    }
}

/// Flames that flicker on a spot; `level` 0 to 1.
pub(crate) fn draw_flames(painter: &mut Painter, at: Point, size_m: f32, level: f32, time_s: f32) {
    if level <= 0.01 {
        return;
    }
    painter.patch([at[0], 0.0, at[2]], size_m * 3.4, Ink::light(0xff8a30).alpha(0.5 * level));
    for tongue in 0..7 {
        let own = tongue as f32 * 1.7;
        let flicker = 0.5 + 0.5 * (time_s * (9.0 + own) + own * 3.0).sin();
        let rise = size_m * (0.15 + 0.8 * ((time_s * 1.6 + own * 0.37) % 1.0)) * level;
        let aside = size_m * 0.45 * (own * 2.3 + time_s * 2.0).sin();
        let radius = size_m * (0.55 - 0.35 * rise / size_m) * (0.7 + 0.3 * flicker);
        let rgb = [0xff6a18, 0xff9a2c, 0xffc860][tongue % 3];
        painter.puff(add(at, [aside, rise, 0.0]), radius, Ink::light(rgb).alpha((0.45 + 0.4 * flicker) * level));
    }
}

/// A fireball that swells, rises and turns dark within about two seconds.
pub(crate) fn draw_fireball(painter: &mut Painter, at: Point, size_m: f32, age_s: f32) {
    if !(0.0..2.0).contains(&age_s) {
        return;
    }
    let swell = 1.0 - (-(age_s + 0.03) * 6.0).exp();
    let fade = 1.0 - ease(0.5, 2.0, age_s);
    for lobe in 0..16 {
        // Lobes on a dome, each with its own size and pace, the hottest ones drawn last.
        let own = lobe as f32;
        let (turn, rise) = (own * 2.399, (own * 0.755).fract());
        let reach = size_m * swell * (0.35 + 0.65 * (own * 0.57).fract()) * (1.0 - 0.5 * rise);
        let lift = size_m * swell * (0.1 + 1.1 * rise) + (0.5 + rise) * age_s;
        let center = add(at, [reach * turn.cos(), lift, 0.6 * reach * turn.sin()]);
        let radius = size_m * (0.2 + 0.42 * swell) * (0.75 + 0.5 * (own * 0.377).fract());
        let soot = ease(0.3, 1.1, age_s + 0.3 * (own * 0.91).fract());
        painter.puff(center, radius * 1.25, Ink::paint(0x3a2a22).alpha(0.8 * soot * fade));
        painter.puff(center, radius, Ink::paint(0xe0641c).alpha(0.8 * fade * (1.0 - soot)));
        painter.puff(add(center, [0.0, -0.1, 0.0]), radius * 0.6, Ink::light(0xffc860).alpha(0.95 * (1.0 - soot)));
    }
    let flash = (1.0 - age_s / 0.22).max(0.0);
    painter.puff(add(at, [0.0, 0.6, 0.0]), size_m * 3.0, Ink::light(0xfff0d0).alpha(flash));
}
