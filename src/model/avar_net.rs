//! AVAR-Net: pictures and sound of a recording to class probabilities at each step.
//!
//! ```text
//! picture -> encoder ------------------------------> [Dv] --+
//! sound   -> encoder -> tokens, mean over the step -> [Da] --+-> head: attention block -> MTCN -> softmax
//! ```
//!
//! The caller cuts a recording into steps, takes [`AvarNet::encode_pictures`] of each step's frame and the mean of
//! [`AvarNet::encode_audio`] over it, and asks [`AvarNet::step_probabilities`] for sequences of steps (10 in the
//! paper). A recording without sound, or without pictures, has zeros in place of that modality's features: no vector
//! that either network puts out, so the head can tell; [`Modalities`] names what was there and goes with the result.
//! Tensor names: those of the encoders ([`super::encoders`]) and `head.…`.

use candle_core::{Device, Tensor};

use super::card::{CardError, ModelCard, UNKNOWN_WARNING, UNTRAINED_WARNING};
use super::device::ComputeDevice;
use super::encoders::{AudioConfig, AudioEncoder, PictureConfig, PictureEncoder, PictureEncoding, TokenFormat};
use super::error::ModelError;
use super::head::{self, Fusion, Head, Projection};
use super::layers::Mode;
use super::mobilevit;
use super::mtcn;
use super::wav2vec2;
use super::weights::{Origin, Provenance, WeightSource, Weights};
use avar_base::job::CancelToken;
use avar_labels::Modalities;

/// A published size of the whole network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// The paper's: MobileViT-S and Wav2Vec2-base.
    Full,
    /// MobileViT-XXS and [`wav2vec2::Config::small`].
    Lite,
    /// Networks that others have trained on a great deal, in place of the paper's two.
    Real,
}

impl Preset {
    /// In the order in which they are offered.
    pub const ALL: [Preset; 3] = [Preset::Real, Preset::Lite, Preset::Full];

    /// Identifier used in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Full => "full",
            Preset::Lite => "lite",
            Preset::Real => "real",
        }
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Preset::Full => "MobileViT-S + Wav2Vec2-base + MTCN",
            Preset::Lite => "MobileViT-XXS + small Wav2Vec2 + MTCN",
            Preset::Real => "MoveNet, NanoDet and EfficientNet-Lite2 + EfficientAT + MTCN",
        }
    }

    /// Reads [`Preset::name`]; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Preset> {
        Preset::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// The shape of the network, which weights for this preset must have.
    pub fn config(self) -> Config {
        match self {
            Preset::Full => Config::new(
                PictureConfig::MobileVit(mobilevit::Config::small()),
                AudioConfig::Wav2Vec2(wav2vec2::Config::base()),
            ),
            Preset::Lite => {
                let mut config = Config::new(
                    PictureConfig::MobileVit(mobilevit::Config::xx_small()),
                    AudioConfig::Wav2Vec2(wav2vec2::Config::small()),
                );
                config.head.normalise_inputs = true;
                config.head.with_motion = true;
                config.head.mtcn.dropout = LITE_DROPOUT;
                config.picture_size_px = LITE_SIZE_PX;
                config
            }
            Preset::Real => {
                let mut config = Config::new(PictureConfig::PeopleAndThings, AudioConfig::EfficientAt);
                config.head.normalise_inputs = true;
                config.head.with_motion = true;
                config.head.projection = Some(REAL_PROJECTION);
                config.head.attention.width = REAL_WIDTH;
                config.head.mtcn = REAL_MTCN;
                config.picture_size_px = REAL_SIZE_PX;
                config
            }
        }
    }
}

const MOBILEVIT_SIZE_PX: (usize, usize) = (256, 256);
/// The whole picture in 3:2, half-way between 4:3 and 16:9, the shapes of surveillance pictures; its maps divide by every
/// stride and patch. Squeezed into a square of as many pixels it trains as well: `weights/README.md` has the numbers.
const LITE_SIZE_PX: (usize, usize) = (192, 128);

/// The whole picture in 8:5, which all three networks can halve five times.
const REAL_SIZE_PX: (usize, usize) = (256, 160);
/// Of thousands of features, learned from some hundred clips with pictures, a wide block would know each clip by heart.
const REAL_WIDTH: usize = 64;
const REAL_PROJECTION: Projection = Projection { picture_width: 64, sound_width: 128, dropout: 0.25 };
/// Beside a direct path fewer stages do, each of which makes the answer surer than it is.
const REAL_MTCN: mtcn::Config = mtcn::Config { stages: 2, layers: 3, filters: 64, taps: 3, dropout: LITE_DROPOUT };

/// The features are those of small networks, and few: with the usual half the head does not learn them to the end.
const LITE_DROPOUT: f32 = 0.2;

/// Shape of the whole network.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The picture encoder.
    pub picture: PictureConfig,
    /// Width and height that the whole frame is scaled to, whatever its shape.
    pub picture_size_px: (usize, usize),
    /// The sound encoder.
    pub sound: AudioConfig,
    /// Fusion, attention block and temporal head; it must take as many features as both encoders give.
    pub head: head::Config,
}

impl Config {
    /// The paper's head, [`head::Config::new`], on these two; pictures as large as MobileViT's authors trained with.
    pub fn new(picture: PictureConfig, sound: AudioConfig) -> Config {
        let head = head::Config::new(picture.features(), sound.features());
        Config { picture, picture_size_px: MOBILEVIT_SIZE_PX, sound, head }
    }
}

/// The network for inference. Methods may be called from several threads.
pub struct AvarNet {
    picture: PictureEncoder,
    sound: AudioEncoder,
    head: Head,
    config: Config,
    origin: Origin,
    device: Device,
    card: Result<Option<ModelCard>, CardError>,
}

/// Longest piece of sound that is taken at once; Wav2Vec2-base then needs half a gigabyte.
pub const LONGEST_AUDIO_S: usize = 60;

impl AvarNet {
    /// The network of a preset. An error where the weights cannot be read, or lack a tensor that it needs in the shape
    /// that it needs.
    pub fn load(preset: Preset, source: &WeightSource, device: &ComputeDevice) -> Result<AvarNet, ModelError> {
        AvarNet::new(preset.config(), Weights::open(source, device)?)
    }

    /// The network of any shape; `weights` at the root.
    pub fn new(config: Config, weights: Weights) -> Result<AvarNet, ModelError> {
        let (picture, sound) = (config.picture.features(), config.sound.features());
        if (config.head.picture_width, config.head.sound_width) != (picture, sound) {
            return Err(ModelError::Config(format!(
                "a head for features of {} and {} values does not fit networks that give {picture} and {sound}",
                config.head.picture_width, config.head.sound_width
            )));
        }
        Ok(AvarNet {
            picture: PictureEncoder::new(&config.picture, config.picture_size_px, &weights)?,
            sound: AudioEncoder::new(&config.sound, &weights)?,
            head: Head::new(&config.head, &weights)?,
            config,
            card: weights.card(),
            origin: weights.origin(),
            device: weights.device().clone(),
        })
    }

    /// Width and height of the pictures that [`AvarNet::encode_pictures`] takes.
    pub fn picture_size_px(&self) -> (usize, usize) {
        self.config.picture_size_px
    }

    /// Length of a picture's feature vector, Dv.
    pub fn picture_dim(&self) -> usize {
        self.config.picture.features()
    }

    /// Numbers about motion that go behind a picture's features, Dm; 0 in a network that takes none.
    pub fn motion_dim(&self) -> usize {
        self.config.head.motion_width()
    }

    /// Length of what the head takes of the picture at each step, Dv + Dm.
    pub fn seen_dim(&self) -> usize {
        self.config.head.seen_width()
    }

    /// Length of a sound token, Da.
    pub fn audio_dim(&self) -> usize {
        self.config.sound.features()
    }

    /// What samples [`AvarNet::encode_audio`] takes, and how it cuts them into tokens.
    pub fn token_format(&self) -> TokenFormat {
        self.config.sound.token_format()
    }

    /// `rgb`: `n` pictures of [`AvarNet::picture_size_px`], rows of red, green, blue bytes -> `n` rows of Dv. Asks before
    /// each picture whether it should go on.
    pub fn encode_pictures(&self, rgb: &[u8], n: usize, cancel: &CancelToken) -> Result<PictureEncoding, ModelError> {
        let (width, height) = self.picture_size_px();
        expect_length("pictures", rgb.len(), &[n, width, height, 3])?;
        self.picture.encode(rgb, (width, height), &self.device, cancel)
    }

    /// Mono samples at the rate of [`AvarNet::token_format`], full scale 1 -> tokens, rows of Da. At most
    /// [`LONGEST_AUDIO_S`]: the caller cuts longer recordings. Asks now and then whether it should go on.
    pub fn encode_audio(&self, samples: &[f32], cancel: &CancelToken) -> Result<Vec<f32>, ModelError> {
        let rate_hz = self.token_format().rate_hz as usize;
        if samples.len() > LONGEST_AUDIO_S * rate_hz {
            return Err(ModelError::Input(format!(
                "{} s of sound are too many at once; cut the recording into pieces of at most {LONGEST_AUDIO_S} s",
                samples.len() / rate_hz
            )));
        }
        if !samples.iter().all(|sample| sample.is_finite()) {
            return Err(ModelError::Input("the sound holds samples that are not finite numbers".to_owned()));
        }
        self.sound.encode(samples, &self.device, cancel)
    }

    /// Features of `batch` sequences of `steps` steps, rows of Dv + Dm and of Da -> class probabilities, rows of 10.
    pub fn step_probabilities(
        &self,
        picture: Option<&[f32]>,
        sound: Option<&[f32]>,
        batch: usize,
        steps: usize,
    ) -> Result<Vec<f32>, ModelError> {
        if Modalities::of(picture.is_some(), sound.is_some()).is_none() {
            return Err(ModelError::Input("there is neither picture nor sound to judge".to_owned()));
        }
        let lacking = match self.config.head.fusion {
            Fusion::PictureOnly if picture.is_none() => Some("pictures"),
            Fusion::SoundOnly if sound.is_none() => Some("sound"),
            _ => None,
        };
        if let Some(lacking) = lacking {
            return Err(ModelError::Input(format!("this network judges by {lacking} alone, and there is none")));
        }
        if batch == 0 || steps == 0 {
            return Err(ModelError::Input("there must be at least one step to judge".to_owned()));
        }
        let features = |name, values: Option<&[f32]>, width: usize| -> Result<Tensor, ModelError> {
            let shape = (batch, steps, width);
            let device = &self.device;
            let Some(values) = values else { return Ok(Tensor::zeros(shape, candle_core::DType::F32, device)?) };
            expect_length(name, values.len(), &[batch, steps, width])?;
            Ok(Tensor::from_slice(values, shape, device)?)
        };
        let picture = features("picture features", picture, self.seen_dim())?;
        let sound = features("sound features", sound, self.audio_dim())?;
        avar_kernels::on_compute_threads(|| {
            let logits = self.head.forward(&picture, &sound, Mode::Inference)?;
            let last = logits.last().ok_or_else(|| ModelError::Config("the temporal head has no stage".to_owned()))?;
            to_values(&avar_kernels::softmax(last)?)
        })
    }

    /// Whether it may be given the picture or the sound alone.
    pub fn supports_single_modality(&self) -> bool {
        !matches!(self.config.head.fusion, Fusion::PictureOnly | Fusion::SoundOnly)
    }

    /// Where the weights came from.
    pub fn provenance(&self) -> &Provenance {
        &self.origin.provenance
    }

    /// What is known about the weights; `None` where there is no card, or one that cannot be used.
    pub fn card(&self) -> Option<&ModelCard> {
        self.card.as_ref().ok().and_then(Option::as_ref)
    }

    /// What must be known of these weights before their scores are believed; `None` where nothing needs to be said.
    pub fn warning(&self) -> Option<&'static str> {
        match (self.provenance(), self.card()) {
            (Provenance::Untrained { .. }, _) => Some(UNTRAINED_WARNING),
            (_, None) => Some(UNKNOWN_WARNING),
            (_, Some(_)) => None,
        }
    }

    /// Why there is no card, where one lies beside the weights and cannot be used.
    pub fn card_error(&self) -> Option<&CardError> {
        self.card.as_ref().err()
    }

    /// SHA-256 that names the weights, for results.
    pub fn digest(&self) -> &str {
        &self.origin.digest
    }

    /// Elements of all parameters of encoders and head; running statistics are not counted.
    pub fn parameter_count(&self) -> usize {
        self.origin.parameter_count
    }

    /// The shape with which it was built.
    pub fn config(&self) -> &Config {
        &self.config
    }
}

fn expect_length(what: &str, found: usize, shape: &[usize]) -> Result<(), ModelError> {
    let expected = shape.iter().try_fold(1usize, |product, &extent| product.checked_mul(extent));
    match expected {
        Some(expected) if expected == found => Ok(()),
        Some(expected) => {
            Err(ModelError::Input(format!("{what}: {expected} values are needed and {found} were given")))
        }
        None => Err(ModelError::Input(format!("{what}: too many were announced"))),
    }
}

fn to_values(tensor: &Tensor) -> Result<Vec<f32>, ModelError> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}
