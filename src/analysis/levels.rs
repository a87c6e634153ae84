//! How loud and how bright a recording is, by which a collection of clips is sorted and filtered.

/// Sums over what has been read so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Levels {
    sum_of_squares: f64,
    samples: u64,
    luma: f64,
    pictures: u64,
}

impl Levels {
    /// Counts samples, -1 to 1.
    pub fn push_samples(&mut self, samples: &[f32]) {
        self.sum_of_squares += samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        self.samples += samples.len() as u64;
    }

    /// Counts a picture, RGB8.
    pub fn push_picture(&mut self, rgb: &[u8]) {
        let pixels = rgb.as_chunks::<3>().0;
        // ITU-R BT.709.
        let luma = |[r, g, b]: &[u8; 3]| 0.2126 * f64::from(*r) + 0.7152 * f64::from(*g) + 0.0722 * f64::from(*b);
        if !pixels.is_empty() {
            self.luma += pixels.iter().map(luma).sum::<f64>() / (255.0 * pixels.len() as f64);
            self.pictures += 1;
        }
    }

    /// Root mean square in dB of full scale, at least -120; `None` where nothing was heard.
    pub fn loudness_dbfs(&self) -> Option<f32> {
        let mean = self.sum_of_squares / self.samples as f64;
        (self.samples > 0).then(|| (10.0 * mean.max(1e-12).log10()) as f32)
    }

    /// Mean luminance, 0 black to 1 white; `None` where nothing was seen.
    pub fn brightness(&self) -> Option<f32> {
        (self.pictures > 0).then(|| (self.luma / self.pictures as f64) as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_of_full_scale_is_three_decibels_below_it() {
        let mut levels = Levels::default();
        let sine: Vec<f32> = (0..16_000).map(|n| (n as f32 * 0.1 * std::f32::consts::PI).sin()).collect();
        levels.push_samples(&sine);
        assert!((levels.loudness_dbfs().unwrap() + 3.01).abs() < 0.01);
        assert_eq!(levels.brightness(), None);
    }

    #[test]
    fn brightness_is_the_mean_over_pictures_of_any_size() {
        let mut levels = Levels::default();
        levels.push_picture(&[255; 300]);
        levels.push_picture(&[0; 3]);
        assert!((levels.brightness().unwrap() - 0.5).abs() < 1e-6);
        assert_eq!(levels.loudness_dbfs(), None);
    }

    #[test]
    fn silence_has_a_loudness() {
        let mut levels = Levels::default();
        levels.push_samples(&[0.0; 10]);
        assert_eq!(levels.loudness_dbfs(), Some(-120.0));
    }
}
