//! What lights a scene: an even ambient light, and lamps that thin out with distance.

use super::view::{Point, length, sub};

/// A lamp; at `reach_m` a quarter of its light is left.
#[derive(Clone, Debug)]
pub(crate) struct Lamp {
    pub at: Point,
    pub reach_m: f32,
    /// Added to the ambient light where the lamp is.
    pub rgb: [f32; 3],
}

/// Light of a scene; 1 shows a colour as it is.
#[derive(Clone, Debug)]
pub(crate) struct Light {
    pub ambient: [f32; 3],
    pub lamps: Vec<Lamp>,
}

impl Light {
    /// Everything in its own colour.
    pub(crate) const PLAIN: Light = Light { ambient: [1.0; 3], lamps: Vec::new() };

    pub(crate) fn at(&self, point: Point) -> [f32; 3] {
        let mut sum = self.ambient;
        for lamp in &self.lamps {
            let far = length(sub(point, lamp.at)) / lamp.reach_m;
            let share = 1.0 / ((1.0 + far * far) * (1.0 + far * far));
            sum.iter_mut().zip(lamp.rgb).for_each(|(sum, light)| *sum += light * share);
        }
        sum
    }

    /// A colour, 0xRRGGBB, as it looks at `point`.
    pub(crate) fn shaded(&self, rgb: u32, point: Point) -> u32 {
        let light = self.at(point);
        let [_, red, green, blue] = rgb.to_be_bytes();
        let shade = |channel: u8, light: f32| (f32::from(channel) * light).min(255.0) as u8;
        u32::from_be_bytes([0, shade(red, light[0]), shade(green, light[1]), shade(blue, light[2])])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lamp_lights_what_is_near_more_than_what_is_far() {
        let lamp = Lamp { at: [0.0, 3.0, 0.0], reach_m: 4.0, rgb: [1.0, 0.8, 0.5] };
        let light = Light { ambient: [0.1; 3], lamps: vec![lamp] };
        let (near, far) = (light.shaded(0xffffff, [0.0; 3]), light.shaded(0xffffff, [20.0, 0.0, 0.0]));
        assert!(near > far && far >= 0x191919, "{near:06x} {far:06x}");
        assert_eq!(Light::PLAIN.shaded(0x123456, [0.0; 3]), 0x123456);
    }
}
