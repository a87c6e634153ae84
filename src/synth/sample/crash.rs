//! What a collision throws about: flash, sparks, debris, smoke. Every particle's place follows from its
//! launch and its age alone, so that any moment can be drawn without those before it. In pixels.

use std::f32::consts::{PI, TAU};

use crate::drawing::canvas::{Canvas, Ink, Position};
use crate::drawing::motion::ease;
use crate::random::Random;

const GRAVITY_PX_PER_S2: f32 = 9.81 * 30.0;
const FLASH_S: f32 = 0.28;
const PUFF_EVERY_S: f32 = 0.11;
const PUFF_LIFE_S: f32 = 3.2;

/// A body in free fall that bounces on the ground and comes to rest.
struct Projectile {
    from: Position,
    velocity_px_per_s: Position,
    ground_y_px: f32,
    /// Share of its speed that it keeps on the ground.
    bounce: f32,
}

impl Projectile {
    fn position(&self, age_s: f32) -> Position {
        let (mut x, mut y) = self.from;
        let (mut vx, mut vy) = self.velocity_px_per_s;
        let mut left_s = age_s;
        for _ in 0..4 {
            // Time until it is back on the ground: y + vy t + g t^2 / 2 = ground.
            let drop = (self.ground_y_px - y).max(0.0);
            let fall_s = (-vy + (vy * vy + 2.0 * GRAVITY_PX_PER_S2 * drop).sqrt()) / GRAVITY_PX_PER_S2;
            if left_s < fall_s {
                return (x + vx * left_s, y + vy * left_s + GRAVITY_PX_PER_S2 * left_s * left_s / 2.0);
            }
            let landing = vy + GRAVITY_PX_PER_S2 * fall_s;
            (x, y, left_s) = (x + vx * fall_s, self.ground_y_px, left_s - fall_s);
            (vx, vy) = (vx * self.bounce, -landing * self.bounce);
        }
        (x, self.ground_y_px)
    }
}

struct Spark {
    path: Projectile,
    life_s: f32,
}

struct Fragment {
    path: Projectile,
    size_px: f32,
    spin_rad_per_s: f32,
    rgb: u32,
}

struct Puff {
    born_s: f32,
    drift_px_per_s: Position,
    start_px: f32,
    alpha: f32,
}

/// One collision at one place and time.
pub(super) struct Crash {
    at: Position,
    sparks: Vec<Spark>,
    fragments: Vec<Fragment>,
    puffs: Vec<Puff>,
}

impl Crash {
    /// Things fly off from `at` and land around `ground_y_px`; smoke rises for `smoke_s`.
    pub(super) fn new(at: Position, ground_y_px: f32, smoke_s: f32, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let launch = |random: &mut Random, speed: (f32, f32), angle: (f32, f32), bounce: f32| {
            let (speed, angle) = (random.between(speed.0, speed.1), random.between(angle.0, angle.1));
            let from = (at.0 + 5.0 * random.signed(), at.1 + 7.0 * random.signed());
            let velocity_px_per_s = (speed * angle.cos(), -speed * angle.sin());
            let ground_y_px = (ground_y_px + random.between(-6.0, 20.0)).max(from.1);
            Projectile { from, velocity_px_per_s, ground_y_px, bounce }
        };
        let sparks = (0..90)
            .map(|_| Spark {
                path: launch(&mut random, (60.0, 330.0), (-0.15, PI * 1.02), 0.45),
                life_s: random.between(0.25, 1.1),
            })
            .collect();
        let fragments = (0..34)
            .map(|i| Fragment {
                path: launch(&mut random, (40.0, 210.0), (0.15, 2.7), 0.38),
                size_px: random.between(1.2, 3.6),
                spin_rad_per_s: random.between(-14.0, 14.0),
                rgb: [0x2a2d38, 0xa9b4c4, 0x8c2f2c, 0x565b68][i % 4],
            })
            .collect();
        let puffs = (0..(smoke_s / PUFF_EVERY_S) as usize)
            .map(|i| {
                let born_s = 0.04 + i as f32 * PUFF_EVERY_S;
                let thinning = 1.0 - 0.72 * ease(0.8, smoke_s, born_s);
                Puff {
                    born_s,
                    drift_px_per_s: (random.between(4.0, 17.0), -random.between(20.0, 36.0)),
                    start_px: random.between(5.0, 9.0),
                    alpha: 0.46 * thinning,
                }
            })
            .collect();
        Self { at, sparks, fragments, puffs }
    }

    /// Brightness of the flash, 0 to 1.
    pub(super) fn flash(age_s: f32) -> f32 {
        if (0.0..FLASH_S).contains(&age_s) { (1.0 - age_s / FLASH_S).powi(2) } else { 0.0 }
    }

    /// What lies and flies around the wreck.
    pub(super) fn draw_fragments(&self, canvas: &mut Canvas, age_s: f32) {
        if age_s < 0.0 {
            return;
        }
        for fragment in &self.fragments {
            let at = fragment.path.position(age_s);
            // It stops turning when it has come to rest.
            let turn_rad = fragment.spin_rad_per_s * age_s.min(1.1);
            let size = fragment.size_px;
            let corners =
                [(-size, -0.4 * size), (0.3 * size, -0.6 * size), (size, 0.2 * size), (-0.2 * size, 0.5 * size)];
            canvas.placed(at, 1.0, turn_rad % TAU).polygon(&corners, Ink::paint(fragment.rgb));
        }
    }

    pub(super) fn draw_smoke(&self, canvas: &mut Canvas, age_s: f32) {
        for puff in &self.puffs {
            let age_s = age_s - puff.born_s;
            if !(0.0..PUFF_LIFE_S).contains(&age_s) {
                continue;
            }
            let share = age_s / PUFF_LIFE_S;
            let sway = 3.0 * (age_s * 2.1 + puff.start_px).sin();
            let slowing = age_s * (1.0 - 0.35 * share);
            let center = (
                self.at.0 - 14.0 + puff.drift_px_per_s.0 * slowing + sway,
                self.at.1 - 6.0 + puff.drift_px_per_s.1 * slowing,
            );
            let radius = puff.start_px + 18.0 * age_s.sqrt();
            let alpha = puff.alpha * ease(0.0, 0.12, share) * (1.0 - share);
            canvas.glow(center, radius, radius, Ink::paint(0x8f8b97).alpha(alpha));
        }
    }

    pub(super) fn draw_sparks(&self, canvas: &mut Canvas, age_s: f32) {
        for spark in self.sparks.iter().filter(|spark| (0.0..spark.life_s).contains(&age_s)) {
            let share = age_s / spark.life_s;
            let rgb = if share < 0.3 {
                0xfff4d0
            } else if share < 0.65 {
                0xffc24a
            } else {
                0xff7a22
            };
            let (tip, tail) = (spark.path.position(age_s + 0.012), spark.path.position((age_s - 0.022).max(0.0)));
            canvas.line(&[tail, tip], 2.8, Ink::light(0xff8a2a).alpha(0.35 * (1.0 - share)));
            canvas.line(&[tail, tip], 1.3, Ink::light(rgb).alpha(1.0 - share * share));
        }
    }

    pub(super) fn draw_flash(&self, canvas: &mut Canvas, age_s: f32) {
        let level = Self::flash(age_s);
        if level > 0.0 {
            canvas.glow(self.at, 320.0, 190.0, Ink::light(0xffb868).alpha(0.75 * level));
            canvas.glow(self.at, 110.0, 80.0, Ink::light(0xffdfa8).alpha(0.8 * level));
            canvas.glow(self.at, 46.0, 38.0, Ink::light(0xfffdf4).alpha(0.95 * level));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thrown_body_never_sinks_below_its_ground_and_comes_to_rest_there() {
        let body = Projectile { from: (10.0, 40.0), velocity_px_per_s: (30.0, -80.0), ground_y_px: 100.0, bounce: 0.4 };
        for step in 0..400 {
            assert!(body.position(step as f32 * 0.01).1 <= 100.001);
        }
        assert_eq!(body.position(50.0), body.position(60.0));
    }
}
