//! Where a network's numbers come from: a safetensors file, or a seed.
//!
//! A network asks for each tensor by its upstream name and the shape it must have; anything else in the file is
//! left alone. With [`Weights::trainable`] every tensor asked for becomes a variable of a [`VarMap`] under the same
//! name, so that what a trainer saves is what [`Weights::open`] reads.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::safetensors::BufferedSafetensors;
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarMap;
use sha2::{Digest, Sha256};

use super::card::{CardError, ModelCard};
use super::device::ComputeDevice;
use super::error::ModelError;
use super::seeded::{self, Init};

/// A weights file above this size is refused unread; Wav2Vec2-base has 378 MB.
const LARGEST_FILE_BYTES: u64 = 4 << 30;

/// What to take weights from.
#[allow(missing_docs, reason = "the line above a variant says what its fields are")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// Numbers drawn from a seed: the network runs, its results mean nothing.
    Untrained { seed: u64 },
    /// The weights of the small network that come with the program.
    Bundled,
    /// A safetensors file with upstream (Hugging Face) tensor names.
    File(PathBuf),
}

/// Trained by `weights/avar-lite.toml`.
const BUNDLED: &[u8] = include_bytes!("../../weights/avar-lite.safetensors");
const BUNDLED_CARD: &[u8] = include_bytes!("../../weights/avar-lite.json");

/// What weights were taken from; goes with every result.
#[allow(missing_docs, reason = "the line above a variant says what its fields are")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Drawn from a seed: results mean nothing.
    Untrained { seed: u64 },
    /// Those that come with the program.
    Bundled { digest: String },
    /// Those of a file, as it was when it was read.
    File { path: PathBuf, digest: String },
}

impl Provenance {
    /// Whether they were drawn from a seed, so that results mean nothing.
    pub fn is_untrained(&self) -> bool {
        matches!(self, Provenance::Untrained { .. })
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Provenance::Untrained { seed } => write!(f, "untrained weights, seed {seed}"),
            Provenance::Bundled { .. } => f.write_str("avar-lite, which comes with the program"),
            Provenance::File { path, .. } => write!(f, "{}", path.display()),
        }
    }
}

/// What a network that has been loaded still has to say of its weights. The file itself can be let go then: it is as
/// large as the network.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What the weights were taken from.
    pub provenance: Provenance,
    /// See [`Weights::digest`].
    pub digest: String,
    /// See [`Weights::parameter_count`].
    pub parameter_count: usize,
}

/// Named tensors below a prefix, on one device.
#[derive(Clone)]
pub struct Weights {
    store: Arc<Store>,
    prefix: String,
    variables: Option<VarMap>,
    device: Device,
}

struct Store {
    tensors: Tensors,
    provenance: Provenance,
    digest: String,
    parameters: AtomicUsize,
}

enum Tensors {
    Seeded(u64),
    File(BufferedSafetensors),
}

impl Weights {
    /// Reads the whole file and takes its SHA-256, or notes the seed.
    pub fn open(source: &WeightSource, device: &ComputeDevice) -> Result<Weights, ModelError> {
        let (tensors, provenance, digest) = match source {
            WeightSource::Untrained { seed } => {
                let digest = hex(&Sha256::digest(format!("avar untrained weights 1, seed {seed}")));
                (Tensors::Seeded(*seed), Provenance::Untrained { seed: *seed }, digest)
            }
            WeightSource::Bundled => {
                let (file, digest) = parse(BUNDLED.to_vec(), Path::new("avar-lite.safetensors"))?;
                (Tensors::File(file), Provenance::Bundled { digest: digest.clone() }, digest)
            }
            WeightSource::File(path) => {
                let (file, digest) = parse(read_file(path)?, path)?;
                (Tensors::File(file), Provenance::File { path: path.clone(), digest: digest.clone() }, digest)
            }
        };
        let store = Store { tensors, provenance, digest, parameters: AtomicUsize::new(0) };
        let device = device.device().clone();
        Ok(Weights { store: Arc::new(store), prefix: String::new(), variables: None, device })
    }

    /// The same tensors as variables: what is asked for is registered in `variables` under its full name.
    pub fn trainable(&self, variables: &VarMap) -> Weights {
        Weights { variables: Some(variables.clone()), ..self.clone() }
    }

    /// Whether tensors become variables as they are asked for.
    pub fn is_trainable(&self) -> bool {
        self.variables.is_some()
    }

    /// The tensors whose names start with this prefix, a dot, and `name`.
    pub fn at(&self, name: impl std::fmt::Display) -> Weights {
        Weights { prefix: self.full_name(&name.to_string()), ..self.clone() }
    }

    /// What all names asked for start with; empty at the root.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// A parameter; `init` applies to untrained weights only.
    pub fn get(&self, shape: &[usize], name: &str, init: Init) -> Result<Tensor, ModelError> {
        self.store.parameters.fetch_add(shape.iter().product(), Ordering::Relaxed);
        match self.variable(shape, name, init)? {
            Some(variable) => Ok(variable.as_tensor().clone()),
            None => self.load(shape, name, init),
        }
    }

    /// A running statistic: loaded and saved like a parameter, not counted as one, never given a gradient.
    pub fn statistic(&self, shape: &[usize], name: &str, init: Init) -> Result<Var, ModelError> {
        match self.variable(shape, name, init)? {
            Some(variable) => Ok(variable),
            None => Ok(Var::from_tensor(&self.load(shape, name, init)?)?),
        }
    }

    /// Whether a file holds this tensor; a seed holds every tensor.
    pub fn contains(&self, name: &str) -> bool {
        match &self.store.tensors {
            Tensors::Seeded(_) => true,
            Tensors::File(file) => file.get(&self.full_name(name)).is_ok(),
        }
    }

    /// What the tensors are taken from.
    pub fn provenance(&self) -> &Provenance {
        &self.store.provenance
    }

    /// SHA-256 of the file, or of the sentence that describes the seed; lower-case hexadecimal.
    pub fn digest(&self) -> &str {
        &self.store.digest
    }

    /// Elements of all parameters asked for so far, through this value or any that shares its source.
    pub fn parameter_count(&self) -> usize {
        self.store.parameters.load(Ordering::Relaxed)
    }

    /// For a network that has asked for all that it needs.
    pub fn origin(&self) -> Origin {
        let (provenance, digest) = (self.provenance().clone(), self.digest().to_owned());
        Origin { provenance, digest, parameter_count: self.parameter_count() }
    }

    /// What is known about these weights; `None` where no card lies beside them.
    pub fn card(&self) -> Result<Option<ModelCard>, CardError> {
        match &self.store.provenance {
            Provenance::Untrained { .. } => Ok(None),
            Provenance::Bundled { digest } => {
                ModelCard::read(BUNDLED_CARD, digest, Path::new("avar-lite.json")).map(Some)
            }
            Provenance::File { path, digest } => ModelCard::beside(path, digest),
        }
    }

    /// Where tensors are put.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn variable(&self, shape: &[usize], name: &str, init: Init) -> Result<Option<Var>, ModelError> {
        let Some(variables) = &self.variables else { return Ok(None) };
        let variable = Var::from_tensor(&self.load(shape, name, init)?)?;
        let mut registered = variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        Ok(Some(registered.entry(self.full_name(name)).or_insert(variable).clone()))
    }

    fn load(&self, shape: &[usize], name: &str, init: Init) -> Result<Tensor, ModelError> {
        let tensor = self.full_name(name);
        let file = match &self.store.tensors {
            Tensors::Seeded(seed) => {
                let values = seeded::values(*seed, &tensor, shape.iter().product(), init);
                return Ok(Tensor::from_vec(values, shape, &self.device)?);
            }
            Tensors::File(file) => file,
        };
        let origin = self.store.provenance.to_string();
        let Ok(view) = file.get(&tensor) else {
            return Err(ModelError::TensorMissing { tensor, expected: shape.to_vec(), origin });
        };
        if view.shape() != shape {
            let found = view.shape().to_vec();
            return Err(ModelError::TensorShape { tensor, expected: shape.to_vec(), found, origin });
        }
        let loaded = file.load(&tensor, &Device::Cpu)?;
        if !matches!(loaded.dtype(), DType::F32 | DType::F16 | DType::BF16 | DType::F64) {
            let what = format!("{:?} numbers where floating point is needed", loaded.dtype());
            return Err(ModelError::TensorValues { tensor, what, origin });
        }
        let loaded = loaded.to_dtype(DType::F32)?;
        // One sum finds every NaN and infinity; finite weights do not overflow it.
        if !loaded.to_dtype(DType::F64)?.abs()?.sum_all()?.to_scalar::<f64>()?.is_finite() {
            let what = "values that are not finite; the training that wrote it diverged".to_owned();
            return Err(ModelError::TensorValues { tensor, what, origin });
        }
        Ok(loaded.to_device(&self.device)?)
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

/// The tensors, and the SHA-256 of the bytes.
fn parse(bytes: Vec<u8>, path: &Path) -> Result<(BufferedSafetensors, String), ModelError> {
    let digest = hex(&Sha256::digest(&bytes));
    // The parser checks that the header covers the data exactly, so a truncated file ends here.
    let file = BufferedSafetensors::new(bytes).map_err(|error| ModelError::WeightsMalformed {
        path: path.to_owned(),
        reason: first_line(&error.to_string()),
    })?;
    Ok((file, digest))
}

fn read_file(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = |reason: String| ModelError::WeightsUnreadable { path: path.to_path_buf(), reason };
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !metadata.is_file() {
        return Err(unreadable("it is not a file".to_owned()));
    }
    if metadata.len() > LARGEST_FILE_BYTES {
        return Err(unreadable(format!("it has {} GB, more than any network here", metadata.len() >> 30)));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    let file = std::fs::File::open(path).map_err(|error| unreadable(error.to_string()))?;
    file.take(LARGEST_FILE_BYTES).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    Ok(bytes)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
