//! Early fusion (eq 6 of AVAR-Net): the features of both modalities at each step, one after the other.

use candle_core::Tensor;

use super::error::ModelError;

/// `[B, T, Dv]`, `[B, T, Da]` -> `[B, T, Dv + Da]`.
pub fn fuse_early(picture: &Tensor, sound: &Tensor) -> Result<Tensor, ModelError> {
    let ((picture_batch, picture_steps, _), (sound_batch, sound_steps, _)) = (picture.dims3()?, sound.dims3()?);
    if (picture_batch, picture_steps) != (sound_batch, sound_steps) {
        return Err(ModelError::Input(format!(
            "picture and sound must have the same steps, not {picture_batch} x {picture_steps} and {sound_batch} x {sound_steps}"
        )));
    }
    Ok(Tensor::cat(&[picture, sound], 2)?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn picture_comes_before_sound_at_every_step() {
        let picture = Tensor::from_vec(vec![1f32, 2.0, 3.0, 4.0], (1, 2, 2), &Device::Cpu).unwrap();
        let sound = Tensor::from_vec(vec![5f32, 6.0], (1, 2, 1), &Device::Cpu).unwrap();
        let fused = fuse_early(&picture, &sound).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(fused, [1.0, 2.0, 5.0, 3.0, 4.0, 6.0]);
    }

    #[test]
    fn different_numbers_of_steps_are_refused() {
        let picture = Tensor::zeros((1, 3, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        let sound = Tensor::zeros((1, 2, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(matches!(fuse_early(&picture, &sound), Err(ModelError::Input(_))));
    }
}
