//! Where the networks run: on the CPU, or on an NVIDIA card when the program was built with the feature `cuda`.
//!
//! Building with `cuda` needs nvcc on the path and the CUDA libraries for the linker. At run time the driver,
//! cuBLAS and cuRAND must be present; their absence is found out before candle opens the device, because opening
//! it without them panics.

use candle_core::Device;

use super::error::ModelError;

/// A device that was opened and can be computed on.
#[derive(Clone, Debug)]
pub struct ComputeDevice {
    device: Device,
}

impl ComputeDevice {
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

    pub(crate) fn device(&self) -> &Device {
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
    // SAFETY: the three calls only try to open a shared library by its usual names.
    let present = unsafe {
        [
            ("the NVIDIA driver (libcuda)", cudarc::driver::sys::is_culib_present()),
            ("cuBLAS (libcublas)", cudarc::cublas::sys::is_culib_present()),
            ("cuRAND (libcurand)", cudarc::curand::sys::is_culib_present()),
        ]
    };
    if let Some((library, _)) = present.iter().find(|(_, found)| !found) {
        return Err(ModelError::Device(format!("{library} is not installed; choose the cpu")));
    }
    Device::new_cuda(0).map_err(|error| ModelError::Device(format!("the NVIDIA card cannot be used: {error}")))
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
