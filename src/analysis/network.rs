//! Which network to run, and a shelf that keeps the one loaded last: the next file need not load it again.

use std::sync::{Arc, Mutex};

use tracing::info_span;

use avar_base::job::CancelToken;
use avar_model::{AvarNet, ComputeDevice, ModelError, Preset, WeightSource};

/// The seed of the untrained weights: any number will do, but the same one everywhere.
pub const UNTRAINED_SEED: u64 = 2024;

/// Where a network is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The processor: always there.
    #[default]
    Cpu,
    /// The first NVIDIA card, in a program that was built with the feature `cuda`.
    Cuda,
}

impl DeviceChoice {
    /// The name that [`ComputeDevice::from_name`] takes, as it is written into records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
        }
    }
}

/// Which network, with which weights, and where it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkChoice {
    /// The shape of the network, which the weights must fit.
    pub preset: Preset,
    /// Read when the network is loaded.
    pub weights: WeightSource,
    /// Opened when the network is loaded: an error then where there is none.
    pub device: DeviceChoice,
}

impl NetworkChoice {
    /// A network that has learned nothing: for trying the program and for its tests.
    pub fn untrained(preset: Preset) -> Self {
        Self { preset, weights: WeightSource::Untrained { seed: UNTRAINED_SEED }, device: DeviceChoice::Cpu }
    }
}

/// The small network with the weights that come with the program.
impl Default for NetworkChoice {
    fn default() -> Self {
        Self { preset: Preset::Lite, weights: WeightSource::Bundled, device: DeviceChoice::Cpu }
    }
}

/// Keeps the network that was loaded last. While one thread loads, others wait for it.
#[derive(Default)]
pub struct NetworkShelf {
    loaded: Mutex<Option<(NetworkChoice, Arc<AvarNet>)>>,
}

impl NetworkShelf {
    /// The network of `choice`, loaded now unless it was the last one asked for.
    pub fn take(&self, choice: &NetworkChoice, cancel: &CancelToken) -> Result<Arc<AvarNet>, ModelError> {
        // A panic while loading leaves the previous network on the shelf, which is still whole.
        let mut loaded = self.loaded.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, network)) = loaded.as_ref().filter(|(known, _)| known == choice) {
            return Ok(network.clone());
        }
        let _span = info_span!("load network", ?choice).entered();
        let device = ComputeDevice::from_name(choice.device.name())?;
        let network = Arc::new(AvarNet::load(choice.preset, &choice.weights, &device)?);
        cancel.check()?;
        *loaded = Some((choice.clone(), network.clone()));
        Ok(network)
    }
}
