//! How a small fixed camera sees a scene: unsteady, soft, noisy, in blocks, with rain before it and the time
//! written into the picture.

use std::f32::consts::TAU;

use tiny_skia::Pixmap;

use super::FRAME_RATE_HZ;
use super::places::Set;
use super::scenario::Scenario;
use super::style::Style;
use crate::drawing::lettering::{stamp, stamp_width_px};
use crate::random::Random;

/// What is drawn beyond each edge of the picture, for the camera to sway into.
pub(crate) const MARGIN_PX: u32 = 16;
/// Side of the blocks that a coder works in.
const BLOCK_PX: usize = 8;
const NOISE_LENGTH: usize = 1 << 14;

pub(crate) struct Lens {
    width: usize,
    height: usize,
    /// What each pixel keeps of its light, in 1/256, row by row.
    falloff: Vec<u16>,
    /// Of red, green and blue.
    gain: [f32; 3],
    is_grey: bool,
    /// A bell of noise in steps of 8-bit brightness.
    noise: Vec<i8>,
    seed: u64,
    blurs: bool,
    /// Detail of a block below this is lost, in steps of brightness.
    coarseness: i32,
    sway: [Sway; 2],
    label: Option<String>,
    starts_s: u32,
    has_rain: bool,
    /// When the automatic exposure jumps, if it does.
    jump_s: f32,
}

/// Movement along one axis.
struct Sway {
    slow_px: f32,
    slow_hz: f32,
    quick_px: f32,
    quick_hz: f32,
    phase: f32,
}

impl Sway {
    fn at(&self, time_s: f32) -> f32 {
        self.slow_px * (TAU * self.slow_hz * time_s + self.phase).sin()
            + self.quick_px * (TAU * self.quick_hz * time_s).sin() * (TAU * 0.31 * time_s + self.phase).cos()
    }
}

impl Lens {
    pub(crate) fn draw(scenario: &Scenario, set: &Set, size_px: (u32, u32), random: &mut Random) -> Self {
        let (width, height) = (size_px.0 as usize, size_px.1 as usize);
        let vignette = random.between(0.05, 0.5);
        let falloff = |x: usize, y: usize| {
            let across = |at: usize, side: usize| (at as f32 + 0.5) / side as f32 * 2.0 - 1.0;
            let distance2 = 0.5 * (across(x, width).powi(2) + across(y, height).powi(2));
            ((1.0 - vignette * distance2 * distance2.sqrt()) * 256.0) as u16
        };
        let falloff = (0..height).flat_map(|y| (0..width).map(move |x| falloff(x, y))).collect();
        // The exposure follows the light on the stage, and lifts the noise with it.
        let light = set.light.at([0.0, 1.0, 0.0]);
        let brightness = (light[0] + light[1] + light[2]) / 3.0;
        let most = if set.lights_off || !set.place.is_outdoors() { 2.0 } else { 2.6 };
        let exposure = (1.12 / brightness.max(0.05)).clamp(0.8, most) * random.between(0.85, 1.12);
        let noise_steps =
            random.between(1.5, 4.0) * (0.5 + 0.75 * exposure) + if scenario.is_night { 2.0 } else { 0.0 };
        let noise = (0..NOISE_LENGTH)
            .map(|_| {
                let bell = random.signed() + random.signed() + random.signed();
                (bell * noise_steps).clamp(-60.0, 60.0) as i8
            })
            .collect();
        let is_held = random.unit() < 0.18;
        let pans = random.unit() < 0.15;
        let mut sway = || Sway {
            slow_px: if pans { random.between(3.0, 9.0) } else { random.between(0.0, 0.7) },
            slow_hz: random.between(0.03, 0.12),
            quick_px: if is_held { random.between(0.8, 2.2) } else { random.between(0.0, 0.25) },
            quick_hz: random.between(0.6, 1.9),
            phase: random.between(0.0, TAU),
        };
        let sway = [sway(), sway()];
        let balance = Style::of(scenario.split).white_balance(random);
        let label = (random.unit() < 0.45)
            .then(|| if random.unit() < 0.6 { format!("CAM {:02}", random.bits() % 16) } else { String::from("REC") });
        Self {
            width,
            height,
            falloff,
            gain: balance.map(|channel| channel * exposure),
            is_grey: set.is_infrared || random.unit() < 0.06,
            noise,
            seed: random.bits(),
            blurs: random.unit() < 0.3,
            coarseness: [0, 2, 4, 6][(random.bits() % 4) as usize],
            sway,
            label,
            starts_s: (random.bits() % 86_000) as u32,
            has_rain: scenario.has_rain,
            jump_s: if random.unit() < 0.06 { random.between(1.0, scenario.duration_s) } else { f32::MAX },
        }
    }

    /// The picture as R, G, B bytes. `scene` has [`MARGIN_PX`] more on every side; `shock_px` shakes the camera,
    /// `flood` (red, green, blue) whitens the picture.
    pub(crate) fn take(&self, scene: &Pixmap, frame: u32, shock_px: f32, flood: [f32; 3]) -> Vec<u8> {
        let time_s = frame as f32 / FRAME_RATE_HZ as f32;
        let mut random = Random::new(self.seed ^ (u64::from(frame) << 20));
        let mut shift = |sway: &Sway| {
            let limit = MARGIN_PX as f32 - 2.0;
            MARGIN_PX as f32 + (sway.at(time_s) + shock_px * random.signed()).clamp(-limit, limit)
        };
        let offset = (shift(&self.sway[0]), shift(&self.sway[1]));
        let since_jump_s = time_s - self.jump_s;
        let jump = if since_jump_s > 0.0 { 1.0 + 0.35 * (-since_jump_s * 2.2).exp() } else { 1.0 };
        let mut rgb = self.exposed(scene, offset, jump, flood, &mut random);
        if self.has_rain {
            self.streak(&mut rgb, &mut random);
        }
        if self.blurs {
            soften(&mut rgb, self.width);
        }
        if self.coarseness > 0 {
            self.code(&mut rgb);
        }
        self.write_label(&mut rgb, frame);
        rgb
    }

    fn exposed(&self, scene: &Pixmap, (x, y): (f32, f32), jump: f32, flood: [f32; 3], random: &mut Random) -> Vec<u8> {
        let (left, top) = (x as usize, y as usize);
        let (u, v) = ((x.fract() * 16.0) as u32, (y.fract() * 16.0) as u32);
        let weights = [(16 - u) * (16 - v), u * (16 - v), (16 - u) * v, u * v];
        // In 1/256; the fall-off keeps 4 of its 8 bits below the point.
        let gain = self.gain.map(|gain| (gain * jump * 256.0) as u32);
        let flood = if self.is_grey { [(flood[0] + flood[1] + flood[2]) / 3.0; 3] } else { flood };
        let flood = flood.map(|level| (level.clamp(0.0, 1.0) * 255.0) as i32);
        let stride = scene.width() as usize * 4;
        let data = scene.data();
        let mut rgb = vec![0; self.width * self.height * 3];
        for (row, line) in rgb.chunks_exact_mut(self.width * 3).enumerate() {
            let upper = &data[(top + row) * stride + left * 4..][..(self.width + 1) * 4];
            let lower = &data[(top + row + 1) * stride + left * 4..][..(self.width + 1) * 4];
            let falloff = &self.falloff[row * self.width..][..self.width];
            let start = random.bits() as usize % (NOISE_LENGTH - self.width - 1);
            let noise = &self.noise[start..][..self.width];
            for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
                let from = column * 4;
                let keep = u32::from(falloff[column]);
                let grain = i32::from(noise[column]);
                let mut light = [0i32; 3];
                for channel in 0..3 {
                    let tap = |line: &[u8], at: usize| u32::from(line[at + channel]);
                    let seen = (tap(upper, from) * weights[0]
                        + tap(upper, from + 4) * weights[1]
                        + tap(lower, from) * weights[2]
                        + tap(lower, from + 4) * weights[3])
                        >> 8;
                    light[channel] = ((u64::from((seen * keep) >> 4) * u64::from(gain[channel])) >> 12) as i32;
                }
                if self.is_grey {
                    light = [(light[0] * 77 + light[1] * 150 + light[2] * 29) >> 8; 3];
                }
                for channel in 0..3 {
                    let lit = light[channel] + grain;
                    pixel[channel] = (lit + (255 - lit).max(0) * flood[channel] / 255).clamp(0, 255) as u8;
                }
            }
        }
        rgb
    }

    /// Bright slanted lines of rain.
    fn streak(&self, rgb: &mut [u8], random: &mut Random) {
        for _ in 0..self.width * self.height / 700 {
            let (x, y) = (random.unit() * self.width as f32, random.unit() * self.height as f32);
            let length = random.between(5.0, 14.0) as usize;
            for step in 0..length {
                let (x, y) = ((x + step as f32 * 0.18) as usize, y as usize + step);
                if x < self.width && y < self.height {
                    let first = (y * self.width + x) * 3;
                    rgb[first..first + 3].iter_mut().for_each(|channel| *channel = channel.saturating_add(24));
                }
            }
        }
    }

    /// What a coder at a low rate leaves of a picture: a block's small differences from its mean are gone.
    fn code(&self, rgb: &mut [u8]) {
        let coarseness = self.coarseness;
        for top in (0..self.height).step_by(BLOCK_PX) {
            for left in (0..self.width).step_by(BLOCK_PX) {
                let (rows, columns) = (BLOCK_PX.min(self.height - top), BLOCK_PX.min(self.width - left));
                let mut sums = [0i32; 3];
                for y in top..top + rows {
                    let first = (y * self.width + left) * 3;
                    for pixel in rgb[first..first + columns * 3].chunks_exact(3) {
                        sums.iter_mut().zip(pixel).for_each(|(sum, &channel)| *sum += i32::from(channel));
                    }
                }
                let means = sums.map(|sum| sum / (rows * columns) as i32);
                for y in top..top + rows {
                    let first = (y * self.width + left) * 3;
                    for pixel in rgb[first..first + columns * 3].chunks_exact_mut(3) {
                        for (channel, mean) in pixel.iter_mut().zip(means) {
                            let detail = i32::from(*channel) - mean;
                            let kept = detail - detail.clamp(-coarseness, coarseness);
                            *channel = (mean + kept).clamp(0, 255) as u8;
                        }
                    }
                }
            }
        }
    }

    fn write_label(&self, rgb: &mut [u8], frame: u32) {
        let Some(label) = &self.label else { return };
        let now_s = self.starts_s + frame / FRAME_RATE_HZ;
        let clock = format!("{:02}:{:02}:{:02}", now_s / 3600 % 24, now_s / 60 % 60, now_s % 60);
        stamp(rgb, self.width, label, (6, 5));
        stamp(rgb, self.width, &clock, (self.width - 8 - stamp_width_px(&clock), self.height - 14));
    }
}

/// Each pixel takes a half from itself and a quarter from either neighbour, along rows and then along columns.
fn soften(rgb: &mut [u8], width: usize) {
    for (stride, line) in [(3, width * 3), (width * 3, rgb.len())] {
        for row in rgb.chunks_exact_mut(line) {
            let mut before = row[..stride].to_vec();
            for first in (0..row.len() - stride).step_by(stride) {
                let (here, next) = row[first..].split_at_mut(stride);
                for ((before, here), &next) in before.iter_mut().zip(here).zip(next.iter()) {
                    let old = *here;
                    *here = ((u16::from(*before) + 2 * u16::from(old) + u16::from(next) + 2) / 4) as u8;
                    *before = old;
                }
            }
        }
    }
}
