//! What is done to training examples so that the networks learn the event and not the recording: sound is mixed with
//! other sound, narrowed, and bent; pictures are flipped, cut and relit. Everything is drawn from one generator.

use avar_compose::effects::{low_pass_section, power};
use avar_model::mobilevit::CHANNELS;
use fastrand::Rng;

/// Adds `other` to `samples` at a ratio of `ratio_db` between their powers; nothing where either is silent.
pub fn mix(samples: &mut [f32], other: &[f32], ratio_db: f32) {
    let (ours, theirs) = (power(samples), power(other));
    if ours <= 1e-10 || theirs <= 1e-10 {
        return;
    }
    let gain = (ours / theirs / 10f32.powf(ratio_db / 10.0)).sqrt();
    samples.iter_mut().zip(other.iter().cycle()).for_each(|(sample, other)| *sample += gain * other);
}

/// Cuts what lies above `cutoff_hz`, as a telephone or a wall does: a fourth-order Butterworth low-pass.
pub fn low_pass(samples: &mut [f32], cutoff_hz: f32, rate_hz: f32) {
    for q in [0.541_196_1, 1.306_563] {
        low_pass_section(samples, cutoff_hz, rate_hz, q);
    }
}

/// Reads `samples` at `speed` times their rate from `start` on, `count` of them: pitch and tempo change together.
pub fn at_speed(samples: &[f32], start: usize, count: usize, speed: f32) -> Vec<f32> {
    (0..count)
        .map(|index| {
            let place = start as f32 + index as f32 * speed;
            let (low, share) = (place as usize, place.fract());
            let at = |index: usize| samples.get(index).copied().unwrap_or(0.0);
            at(low) * (1.0 - share) + at(low + 1) * share
        })
        .collect()
}

/// As [`avar_model::mobilevit::preprocess`] of a picture of `size_px` = (width, height), flipped, cut or set back, turned, recoloured, relit
/// and noisy at random, and drawn at `drawn_px`, half of `size_px` at least.
pub fn varied_picture(
    rgb: &[u8],
    size_px: (usize, usize),
    (width_px, height_px): (usize, usize),
    rng: &mut Rng,
) -> Vec<f32> {
    let between = |rng: &mut Rng, low: f32, high: f32| low + (high - low) * rng.f32();
    // A closer cut would often leave out what the label says.
    let zoom = between(rng, 0.78, 1.3);
    let aspect = between(rng, 0.85, 1.18);
    let (span_x, span_y) = (zoom * aspect, zoom / aspect);
    let (left, top) = ((1.0 - span_x) * rng.f32(), (1.0 - span_y) * rng.f32());
    let angle = between(rng, -0.12, 0.12);
    let flip = rng.bool();
    let gain = between(rng, 0.5, 1.5);
    let gamma = between(rng, 0.6, 1.6);
    let tint = [between(rng, 0.88, 1.12), between(rng, 0.88, 1.12), between(rng, 0.88, 1.12)];
    // No class is told by its colours: in half of the pictures all hues are turned.
    let hue_rad = if rng.bool() { between(rng, -std::f32::consts::PI, std::f32::consts::PI) } else { 0.0 };
    let saturation = if rng.f32() < 0.2 { 0.0 } else { between(rng, 0.4, 1.3) };
    let colours = hue_turn(hue_rad, saturation);
    let noise = if rng.bool() { between(rng, 0.0, 0.06) } else { 0.0 };
    // A dark patch, as of something in front of the lens.
    let patch = (rng.f32() < 0.35).then(|| {
        let (x, y) = (rng.usize(0..width_px), rng.usize(0..height_px));
        (x..x + rng.usize(1..=width_px / 3), y..y + rng.usize(1..=height_px / 3), rng.f32())
    });
    let (sin, cos) = angle.sin_cos();
    let aspect_px = width_px as f32 / height_px as f32;
    let mut out = Vec::with_capacity(width_px * height_px * 3);
    for y in 0..height_px {
        for x in 0..width_px {
            if let Some((_, _, level)) = patch.as_ref().filter(|(xs, ys, _)| xs.contains(&x) && ys.contains(&y)) {
                out.extend([*level; 3]);
                continue;
            }
            let u = left + span_x * (x as f32 + 0.5) / width_px as f32 - 0.5;
            let v = top + span_y * (y as f32 + 0.5) / height_px as f32 - 0.5;
            let turned = (u * cos - v * sin / aspect_px + 0.5, u * sin * aspect_px + v * cos + 0.5);
            let across = if flip { 1.0 - turned.0 } else { turned.0 };
            let rgb = bilinear(rgb, size_px, across, turned.1);
            for channel in CHANNELS {
                let mixed: f32 = colours[channel].iter().zip(rgb).map(|(share, value)| share * value).sum();
                let lit = (mixed * gain * tint[channel]).max(0.0).powf(gamma);
                out.push((lit + noise * (rng.f32() + rng.f32() - 1.0)).clamp(0.0, 1.0));
            }
        }
    }
    out
}

/// What red, green and blue become of red, green and blue when hues turn by `hue_rad` and colours fade or deepen;
/// brightness (ITU-R BT.601) stays. Turned in the I and Q of the YIQ colour space.
fn hue_turn(hue_rad: f32, saturation: f32) -> [[f32; 3]; 3] {
    const TO_YIQ: [[f32; 3]; 3] = [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]];
    const FROM_YIQ: [[f32; 3]; 3] = [[1.0, 0.956, 0.619], [1.0, -0.272, -0.647], [1.0, -1.106, 1.703]];
    let (sin, cos) = (saturation * hue_rad.sin(), saturation * hue_rad.cos());
    let turn = [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]];
    product(&FROM_YIQ, &product(&turn, &TO_YIQ))
}

fn product(a: &[[f32; 3]; 3], b: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    std::array::from_fn(|row| std::array::from_fn(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

/// The picture's colour at a place, in 0..1; what lies outside 0..1 is mirrored at the edges.
fn bilinear(rgb: &[u8], (width_px, height_px): (usize, usize), across: f32, down: f32) -> [f32; 3] {
    let mirrored = |place: f32| 1.0 - (place.rem_euclid(2.0) - 1.0).abs();
    let (across, down) = (mirrored(across), mirrored(down));
    let x = (across * width_px as f32 - 0.5).clamp(0.0, (width_px - 1) as f32);
    let y = (down * height_px as f32 - 0.5).clamp(0.0, (height_px - 1) as f32);
    let (left, top) = (x as usize, y as usize);
    let (right, bottom) = ((left + 1).min(width_px - 1), (top + 1).min(height_px - 1));
    let (share_x, share_y) = (x.fract(), y.fract());
    let at = |x: usize, y: usize, channel: usize| f32::from(rgb[(y * width_px + x) * 3 + channel]) / 255.0;
    std::array::from_fn(|channel| {
        let upper = at(left, top, channel) * (1.0 - share_x) + at(right, top, channel) * share_x;
        let lower = at(left, bottom, channel) * (1.0 - share_x) + at(right, bottom, channel) * share_x;
        upper * (1.0 - share_y) + lower * share_y
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f32, count: usize) -> Vec<f32> {
        (0..count).map(|n| (std::f32::consts::TAU * hz * n as f32 / 16_000.0).sin()).collect()
    }

    #[test]
    fn sounds_are_mixed_at_the_ratio_asked_for() {
        let (mut samples, other) = (tone(440.0, 16_000), tone(1000.0, 8000));
        let before = samples.clone();
        mix(&mut samples, &other, 10.0);
        let added: Vec<f32> = samples.iter().zip(&before).map(|(after, before)| after - before).collect();
        assert!((10.0 * (power(&before) / power(&added)).log10() - 10.0).abs() < 0.1);
    }

    #[test]
    fn a_telephone_keeps_low_tones_and_drops_high_ones() {
        let [mut low, mut high] = [500.0, 6000.0].map(|hz| tone(hz, 16_000));
        low_pass(&mut low, 3000.0, 16_000.0);
        low_pass(&mut high, 3000.0, 16_000.0);
        assert!(power(&low) > 0.45 && power(&high) < 0.005, "{} {}", power(&low), power(&high));
    }

    #[test]
    fn speed_one_changes_nothing_and_speed_two_doubles_the_pitch() {
        let samples = tone(440.0, 4000);
        assert_eq!(at_speed(&samples, 10, 100, 1.0), samples[10..110]);
        let fast = at_speed(&tone(440.0, 16_000), 0, 4000, 2.0);
        let expected = tone(880.0, 4000);
        assert!(fast.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 0.02));
    }

    #[test]
    fn varied_pictures_stay_in_range_and_repeat_with_the_seed() {
        let rgb: Vec<u8> = (0..24 * 16 * 3).map(|n| (n * 7 % 256) as u8).collect();
        let vary = |seed| varied_picture(&rgb, (24, 16), (24, 16), &mut Rng::with_seed(seed));
        for seed in 0..50 {
            let picture = vary(seed);
            assert_eq!(picture.len(), rgb.len());
            assert!(picture.iter().all(|value| (0.0..=1.0).contains(value)));
        }
        assert_eq!(vary(3), vary(3));
        assert_ne!(vary(3), vary(4));
        assert_eq!(varied_picture(&rgb, (24, 16), (12, 8), &mut Rng::with_seed(3)).len(), rgb.len() / 4);
    }

    #[test]
    fn turned_hues_keep_brightness_and_grey_and_a_third_of_a_turn_makes_red_blue() {
        let turned = |rgb: [f32; 3], hue_rad: f32, saturation: f32| -> [f32; 3] {
            hue_turn(hue_rad, saturation).map(|shares| shares.iter().zip(rgb).map(|(share, value)| share * value).sum())
        };
        let luma = |rgb: [f32; 3]| 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
        for (hue_rad, saturation) in [(0.0, 1.0), (1.0, 0.5), (-2.5, 1.2)] {
            assert!((luma(turned([0.8, 0.3, 0.1], hue_rad, saturation)) - luma([0.8, 0.3, 0.1])).abs() < 2e-3);
            assert!(turned([0.5; 3], hue_rad, saturation).iter().all(|value| (value - 0.5).abs() < 2e-3));
        }
        let same = turned([0.8, 0.3, 0.1], 0.0, 1.0);
        assert!(same.iter().zip([0.8, 0.3, 0.1]).all(|(a, b)| (a - b).abs() < 2e-3), "{same:?}");
        let [red, green, blue] = turned([1.0, 0.0, 0.0], std::f32::consts::TAU / 3.0, 1.0);
        assert!(red < 0.1 && green < 0.2 && blue > 1.0, "{red} {green} {blue}");
        assert!(turned([0.9, 0.1, 0.2], 2.0, 0.0).windows(2).all(|pair| (pair[0] - pair[1]).abs() < 2e-3));
    }

    #[test]
    fn what_lies_outside_a_picture_is_its_mirror_image() {
        let rgb: Vec<u8> = (0..8 * 4 * 3).map(|n| (n * 5 % 256) as u8).collect();
        let at = |across, down| bilinear(&rgb, (8, 4), across, down);
        assert_eq!(at(-0.25, 0.5), at(0.25, 0.5));
        assert_eq!(at(0.5, 1.25), at(0.5, 0.75));
    }
}
