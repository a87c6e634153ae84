//! Where the networks run: on the CPU, or on an NVIDIA card when the program was built with the feature `cuda`.
//!
//! Building with `cuda` needs nvcc on the path and the CUDA libraries for the linker, and the program then starts only
//! where they are installed. A candle patched to load them at run time starts anywhere, but panics when it opens the
//! device without them; that panic is caught here and becomes a sentence.

use candle_core::Device;

use super::error::ModelError;

/// A device that was opened and can be computed on.
#[derive(Clone, Debug)]
pub struct ComputeDevice {
    device: Device,
}

impl ComputeDevice {
    /// The processor: always there.
    pub fn cpu() -> ComputeDevice {
        ComputeDevice { device: Device::Cpu }
    }

    /// The first NVIDIA card.
    pub fn cuda() -> Result<ComputeDevice, ModelError> {
        open_cuda().map(|device| ComputeDevice { device })
    }

    /// A device by the name that a user gives: `cpu` or `cuda`.
    pub fn from_name(name: &str) -> Result<ComputeDevice, ModelError> {
        match name {
            "cpu" => Ok(ComputeDevice::cpu()),
            "cuda" => ComputeDevice::cuda(),
            other => Err(ModelError::Device(format!("there is no device \"{other}\"; choose cpu or cuda"))),
        }
    }

    /// The name that [`ComputeDevice::from_name`] takes.
    pub fn name(&self) -> &'static str {
        if self.device.is_cpu() { "cpu" } else { "cuda" }
    }

    /// What tensors are made on.
    pub fn device(&self) -> &Device {
        &self.device
    }
}

#[cfg(not(feature = "cuda"))]
fn open_cuda() -> Result<Device, ModelError> {
    Err(ModelError::Device(
        "this program was built without CUDA; choose the cpu, or build it with --features cuda".to_owned(),
    ))
}

#[cfg(feature = "cuda")]
fn open_cuda() -> Result<Device, ModelError> {
    let advice = "choose the cpu, or install NVIDIA's driver, cuBLAS and cuRAND";
    match std::panic::catch_unwind(|| Device::new_cuda(0)) {
        Ok(Ok(device)) => Ok(device),
        Ok(Err(error)) => Err(ModelError::Device(format!("the NVIDIA card cannot be used ({error}); {advice}"))),
        Err(_) => Err(ModelError::Device(format!("the CUDA libraries cannot be opened; {advice}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_device_is_refused_by_name() {
        let error = ComputeDevice::from_name("tpu").unwrap_err();
        assert_eq!(error.to_string(), "there is no device \"tpu\"; choose cpu or cuda");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_build_without_cuda_says_so() {
        let error = ComputeDevice::from_name("cuda").unwrap_err();
        assert!(error.to_string().starts_with("this program was built without CUDA"));
    }
}
