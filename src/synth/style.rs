//! Ranges that the looks of a clip are drawn from. Sizes, camera heights, tempo and people's sizes of the test part do not
//! overlap those of training, nor do the hues of clothes, vehicles and surfaces, but for what is nearly grey. Training
//! draws from both sides of what it leaves to the test; what its places are dressed with may have any colour.

use super::actors::body::Body;
use super::actors::vehicle::Kind;
use crate::random::Random;
use avar_labels::Split;

/// Widths and heights in pixels, as small fixed cameras and telephones deliver.
const SIZES_PX: [(u32, u32); 7] = [(320, 180), (320, 180), (352, 288), (320, 240), (384, 216), (384, 288), (180, 320)];
const TEST_SIZES_PX: [(u32, u32); 5] = [(336, 192), (368, 208), (352, 240), (336, 272), (208, 352)];

/// Draws looks for one part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    is_test: bool,
}

impl Style {
    pub(crate) fn of(split: Split) -> Self {
        Self { is_test: split == Split::Test }
    }

    pub(crate) fn size_px(self, random: &mut Random) -> (u32, u32) {
        let sizes: &[(u32, u32)] = if self.is_test { &TEST_SIZES_PX } else { &SIZES_PX };
        sizes[random.bits() as usize % sizes.len()]
    }

    /// Whether things stand about that belong to no place: training sees many places, the test its own.
    pub(crate) fn dresses_places(self) -> bool {
        !self.is_test
    }

    /// Height of the camera over the floor.
    pub(crate) fn camera_height_m(self, is_outdoors: bool, random: &mut Random) -> f32 {
        match (self.is_test, is_outdoors) {
            (false, true) => match random.unit() {
                draw if draw < 0.15 => random.between(1.4, 1.7),
                draw if draw < 0.8 => random.between(2.5, 5.1),
                _ => random.between(6.5, 8.0),
            },
            (false, false) => {
                if random.unit() < 0.8 {
                    random.between(1.5, 2.75)
                } else {
                    random.between(3.95, 4.6)
                }
            }
            (true, true) => [random.between(1.7, 2.4), random.between(5.2, 6.5)][(random.bits() % 2) as usize],
            (true, false) => random.between(2.8, 3.9),
        }
    }

    /// Share of the picture's height that a person takes, around a range.
    pub(crate) fn person_share(self, (smallest, largest): (f32, f32), random: &mut Random) -> f32 {
        let middle = random.between(smallest, largest);
        if !self.is_test {
            return match random.unit() {
                draw if draw < 0.2 => smallest * random.between(0.62, 0.8),
                draw if draw < 0.8 => middle,
                _ => largest * random.between(1.19, 1.35),
            };
        }
        [smallest * random.between(0.82, 0.98), largest * random.between(1.04, 1.18)][(random.bits() % 2) as usize]
    }

    /// How fast people and vehicles are, against everyday.
    pub(crate) fn tempo(self, random: &mut Random) -> f32 {
        if self.is_test {
            [random.between(0.76, 0.9), random.between(1.16, 1.32)][(random.bits() % 2) as usize]
        } else {
            match random.unit() {
                draw if draw < 0.2 => random.between(0.6, 0.75),
                draw if draw < 0.8 => random.between(0.91, 1.15),
                _ => random.between(1.33, 1.5),
            }
        }
    }

    /// Red, green and blue as the camera's white balance has them.
    pub(crate) fn white_balance(self, random: &mut Random) -> [f32; 3] {
        let warm = if self.is_test { random.between(-0.16, 0.16) } else { random.between(-0.22, 0.22) };
        let green = if self.is_test {
            random.between(0.02, 0.07)
        } else if random.unit() < 0.7 {
            random.between(-0.1, 0.02)
        } else {
            random.between(0.07, 0.14)
        };
        [1.0 + warm, 1.0 + green, 1.0 - warm]
    }

    /// Colour of a garment.
    pub(crate) fn garment(self, random: &mut Random) -> u32 {
        let (draw, saturation) = (random.unit(), random.between(0.25, 0.75));
        if self.is_test {
            return match draw {
                draw if draw < 0.35 => colour(random.between(85.0, 165.0), saturation, random.between(0.22, 0.62)),
                draw if draw < 0.7 => colour(random.between(270.0, 325.0), saturation, random.between(0.22, 0.66)),
                _ => colour(random.between(30.0, 60.0), 0.12, random.between(0.62, 0.85)),
            };
        }
        match draw {
            draw if draw < 0.35 => colour(random.between(-35.0, 85.0), saturation, random.between(0.14, 0.85)),
            draw if draw < 0.65 => colour(random.between(165.0, 270.0), saturation, random.between(0.14, 0.85)),
            _ => colour(random.between(190.0, 270.0), 0.08, random.between(0.06, 0.95)),
        }
    }

    pub(crate) fn body(self, random: &mut Random) -> Body {
        let coat = self.garment(random);
        let skin = colour(random.between(18.0, 28.0), random.between(0.3, 0.5), random.between(0.35, 0.85));
        let trousers = self.garment(random);
        Body {
            height_m: random.between(1.58, 1.92),
            girth: random.between(0.88, 1.25),
            coat,
            sleeve: if random.unit() < 0.25 { skin } else { coat },
            trousers: super::view::dim(trousers, 0.75),
            shoes: [0x16151a, 0x2b2320, 0xc8c8c4][random.bits() as usize % 3],
            skin,
            hair: [0x1c1614, 0x3a2819, 0x6a4a28, 0x8c8984][random.bits() as usize % 4],
            has_hood: random.unit() < 0.15,
            band: (random.unit() < 0.2).then(|| self.garment(random)),
        }
    }

    pub(crate) fn vehicle(self, random: &mut Random) -> (Kind, u32) {
        let kind = [Kind::Saloon, Kind::Hatchback, Kind::Van][[0, 0, 1, 1, 2][random.bits() as usize % 5]];
        let rgb = match random.unit() {
            draw if draw < 0.5 => {
                let value = if self.is_test { random.between(0.55, 0.75) } else { random.between(0.15, 0.92) };
                colour(220.0, 0.06, value)
            }
            _ if self.is_test => colour(random.between(60.0, 180.0), 0.55, random.between(0.3, 0.7)),
            draw if draw < 0.75 => {
                colour(random.between(-60.0, 60.0), random.between(0.3, 0.85), random.between(0.2, 0.85))
            }
            _ => colour(random.between(180.0, 300.0), random.between(0.3, 0.85), random.between(0.2, 0.85)),
        };
        (kind, rgb)
    }

    /// Colour of a wall or a floor.
    pub(crate) fn surface(self, brightness: (f32, f32), random: &mut Random) -> u32 {
        let hue = if self.is_test { random.between(60.0, 190.0) } else { random.between(-170.0, 60.0) };
        let hue = if random.unit() < 0.35 { 210.0 } else { hue };
        let ((faintest, fullest), (darkest, brightest)) = if self.is_test {
            ((0.03, 0.22), brightness)
        } else {
            ((0.0, 0.45), (brightness.0 * 0.6, (brightness.1 * 1.2).min(0.95)))
        };
        colour(hue, random.between(faintest, fullest), random.between(darkest, brightest))
    }
}

/// 0xRRGGBB from hue (degrees), saturation and value.
pub(crate) fn colour(hue_deg: f32, saturation: f32, value: f32) -> u32 {
    let channel = |shift: f32| {
        let sector = (shift + hue_deg.rem_euclid(360.0) / 60.0) % 6.0;
        let share = sector.min(4.0 - sector).clamp(0.0, 1.0);
        ((value - value * saturation * share) * 255.0) as u8
    };
    u32::from_be_bytes([0, channel(5.0), channel(3.0), channel(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hue_gives_its_colour() {
        assert_eq!(colour(0.0, 1.0, 1.0), 0xff0000);
        assert_eq!(colour(120.0, 1.0, 1.0), 0x00ff00);
        assert_eq!(colour(240.0, 1.0, 1.0), 0x0000ff);
        assert_eq!(colour(77.0, 0.0, 1.0), 0xffffff);
    }

    #[test]
    fn sizes_are_even_and_those_of_the_test_part_are_never_trained_on() {
        assert!(SIZES_PX.iter().chain(&TEST_SIZES_PX).all(|size| size.0 % 2 == 0 && size.1 % 2 == 0));
        assert!(TEST_SIZES_PX.iter().all(|size| !SIZES_PX.contains(size)));
    }

    /// Draws of both parts in bins of a hundredth: none has both.
    fn never_shared(draw: impl Fn(Style, &mut Random) -> f32) {
        let mut random = Random::new(1);
        let mut bins = |split| -> std::collections::HashSet<i32> {
            (0..2000).map(|_| (draw(Style::of(split), &mut random) * 100.0).floor() as i32).collect()
        };
        let (train, test) = (bins(Split::Train), bins(Split::Test));
        assert!(train.len() > 10 && test.len() > 10 && train.is_disjoint(&test));
    }

    #[test]
    fn heights_and_tempo_of_the_test_part_are_never_trained_on() {
        never_shared(|style, random| style.camera_height_m(true, random));
        never_shared(|style, random| style.camera_height_m(false, random));
        never_shared(Style::tempo);
    }

    #[test]
    fn sizes_of_people_in_the_test_part_are_never_trained_on() {
        never_shared(|style, random| style.person_share((0.4, 0.6), random));
    }
}
