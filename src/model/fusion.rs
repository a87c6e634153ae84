//! Fusion: where the features of pictures and of sound meet. Early (eq 6 of AVAR-Net) is the network's own; the
//! others are its ablation.

use candle_core::Tensor;

use super::error::ModelError;

/// Which modalities a head takes, and where they meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fusion {
    /// One head on the features of the picture; the sound is not looked at.
    PictureOnly,
    /// One head on the features of the sound; the picture is not looked at.
    SoundOnly,
    /// One head on the features of both, one after the other.
    Early,
    /// A head for each modality, their logits averaged.
    Late,
}

impl Fusion {
    /// One modality, then both.
    pub const ALL: [Fusion; 4] = [Fusion::PictureOnly, Fusion::SoundOnly, Fusion::Early, Fusion::Late];

    /// Identifier used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Fusion::PictureOnly => "picture_only",
            Fusion::SoundOnly => "sound_only",
            Fusion::Early => "early",
            Fusion::Late => "late",
        }
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Fusion::PictureOnly => "picture only",
            Fusion::SoundOnly => "sound only",
            Fusion::Early => "early fusion",
            Fusion::Late => "late fusion",
        }
    }

    /// Reads [`Fusion::name`]; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Fusion> {
        Self::ALL.into_iter().find(|fusion| fusion.name() == name)
    }

    /// Whether the picture's features reach a head.
    pub fn uses_picture(self) -> bool {
        self != Fusion::SoundOnly
    }

    /// Whether the sound's features reach a head.
    pub fn uses_sound(self) -> bool {
        self != Fusion::PictureOnly
    }
}

/// `[B, T, Dv]`, `[B, T, Da]` -> `[B, T, Dv + Da]`.
pub fn fuse_early(picture: &Tensor, sound: &Tensor) -> Result<Tensor, ModelError> {
    expect_same_steps(picture, sound)?;
    Ok(Tensor::cat(&[picture, sound], 2)?)
}

/// Logits `[B, T, 10]` of each stage from either modality -> their means.
pub fn fuse_late(picture: &[Tensor], sound: &[Tensor]) -> Result<Vec<Tensor>, ModelError> {
    let mean = |(picture, sound): (&Tensor, &Tensor)| -> Result<Tensor, ModelError> {
        expect_same_steps(picture, sound)?;
        Ok(((picture + sound)? * 0.5)?)
    };
    picture.iter().zip(sound).map(mean).collect()
}

fn expect_same_steps(picture: &Tensor, sound: &Tensor) -> Result<(), ModelError> {
    let ((picture_batch, picture_steps, _), (sound_batch, sound_steps, _)) = (picture.dims3()?, sound.dims3()?);
    if (picture_batch, picture_steps) == (sound_batch, sound_steps) {
        return Ok(());
    }
    Err(ModelError::Input(format!(
        "picture and sound must have the same steps, not {picture_batch} x {picture_steps} and {sound_batch} x {sound_steps}"
    )))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;

    fn tensor(values: &[f32], shape: (usize, usize, usize)) -> Tensor {
        Tensor::from_slice(values, shape, &Device::Cpu).unwrap()
    }

    fn values(x: &Tensor) -> Vec<f32> {
        x.flatten_all().unwrap().to_vec1().unwrap()
    }

    #[test]
    fn every_fusion_is_found_by_its_name() {
        for fusion in Fusion::ALL {
            assert_eq!(Fusion::from_name(fusion.name()), Some(fusion));
        }
        assert_eq!(Fusion::from_name("Early"), None);
    }

    #[test]
    fn picture_comes_before_sound_at_every_step() {
        let (picture, sound) = (tensor(&[1.0, 2.0, 3.0, 4.0], (1, 2, 2)), tensor(&[5.0, 6.0], (1, 2, 1)));
        assert_eq!(values(&fuse_early(&picture, &sound).unwrap()), [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    }

    #[test]
    fn late_fusion_is_the_mean_of_each_stage() {
        let picture = [tensor(&[1.0, 2.0], (1, 2, 1)), tensor(&[3.0, 4.0], (1, 2, 1))];
        let sound = [tensor(&[3.0, 0.0], (1, 2, 1)), tensor(&[5.0, -4.0], (1, 2, 1))];
        let fused = fuse_late(&picture, &sound).unwrap();
        assert_eq!(fused.iter().map(values).collect::<Vec<_>>(), [[2.0, 1.0], [4.0, 0.0]]);
    }

    #[test]
    fn different_numbers_of_steps_are_refused() {
        let zeros = |shape: (usize, usize, usize)| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(fuse_early(&zeros((1, 3, 2)), &zeros((1, 2, 2))), Err(ModelError::Input(_))));
        // One step would otherwise be taken for all of them.
        assert!(matches!(fuse_late(&[zeros((1, 3, 2))], &[zeros((1, 1, 2))]), Err(ModelError::Input(_))));
    }
}
