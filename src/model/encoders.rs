//! What AVAR-Net sees and hears with: an encoder of pictures and one of audio.
//!
//! | | pictures | audio |
//! |---|---|---|
//! | the paper's | MobileViT | Wav2Vec2 |
//! | pretrained on far more than can be had here | MoveNet, NanoDet and EfficientNet-Lite2 | EfficientAT |
//!
//! Pretrained encoders are used as they were published: only a head is trained on what they give. Tensor names:
//! `mobilevit.…` or `movenet.…`, `nanodet.…` and `lite2.…`; `wav2vec2.…` or `efficientat.…`.

use avar_base::job::CancelToken;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use super::error::ModelError;
use super::extractors::efficientat::{self, Windows};
use super::extractors::{EfficientAt, EfficientNetLite2, MoveNet, NanoDet, efficientnet_lite2, movenet, nanodet};
use super::layers::Mode;
use super::mobilevit::{self, MobileVit};
use super::wav2vec2::{self, Wav2Vec2};
use super::weights::Weights;

/// An encoder of pictures.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureConfig {
    /// The paper's, of any size.
    MobileVit(mobilevit::Config),
    /// [`MoveNet`] for people and how they hold themselves, [`NanoDet`] for vehicles and what people carry,
    /// [`EfficientNetLite2`] for everything else; one behind the other.
    PeopleAndThings,
}

impl PictureConfig {
    /// Length of a picture's feature vector, Dv.
    pub fn features(&self) -> usize {
        match self {
            PictureConfig::MobileVit(config) => config.features(),
            PictureConfig::PeopleAndThings => movenet::FEATURES + nanodet::FEATURES + efficientnet_lite2::FEATURES,
        }
    }
}

/// An encoder of audio.
#[derive(Clone, Debug, PartialEq)]
pub enum AudioConfig {
    /// The paper's, of any size.
    Wav2Vec2(wav2vec2::Config),
    /// [`EfficientAt`] on two seconds around each token.
    EfficientAt,
}

impl AudioConfig {
    /// Length of a token, Da.
    pub fn features(&self) -> usize {
        match self {
            AudioConfig::Wav2Vec2(config) => config.width,
            AudioConfig::EfficientAt => efficientat::FEATURES,
        }
    }

    /// What samples it takes, and how it cuts them.
    pub fn token_format(&self) -> TokenFormat {
        match self {
            AudioConfig::Wav2Vec2(_) => TokenFormat {
                rate_hz: wav2vec2::SAMPLE_RATE_HZ,
                field_samples: wav2vec2::TOKEN_FIELD,
                hop_samples: wav2vec2::TOKEN_HOP,
            },
            AudioConfig::EfficientAt => TokenFormat {
                rate_hz: efficientat::SAMPLE_RATE_HZ,
                field_samples: WINDOWS.length_samples,
                hop_samples: WINDOWS.hop_samples,
            },
        }
    }
}

/// Two seconds, a quarter of a second apart: long enough to tell a cry from a creak, short enough to say when.
const WINDOWS: Windows = Windows {
    length_samples: 2 * efficientat::SAMPLE_RATE_HZ as usize,
    hop_samples: efficientat::SAMPLE_RATE_HZ as usize / 4,
};

/// How an encoder cuts audio into tokens: token `i` is made of the samples `i * hop .. i * hop + field`, and of others
/// where the encoder looks further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenFormat {
    /// Of the samples, mono, full scale 1.
    pub rate_hz: u32,
    /// What a token is made of.
    pub field_samples: usize,
    /// From one token to the next.
    pub hop_samples: usize,
}

/// What a picture encoder makes of some pictures.
#[derive(Clone, Debug, Default)]
pub struct PictureEncoding {
    /// Pictures x Dv.
    pub features: Vec<f32>,
    /// Pictures x places x Dv: the features are the means over the places.
    pub maps: Vec<f32>,
}

impl PictureEncoding {
    fn followed_by(mut self, next: PictureEncoding) -> PictureEncoding {
        self.features.extend(next.features);
        self.maps.extend(next.maps);
        self
    }
}

/// An encoder of pictures with its weights.
pub(crate) enum PictureEncoder {
    MobileVit(Box<MobileVit>),
    PeopleAndThings(Box<(MoveNet, NanoDet, EfficientNetLite2)>),
}

impl PictureEncoder {
    /// For pictures of `size_px` = (width, height); `weights` at the root.
    pub(crate) fn new(
        config: &PictureConfig,
        size_px: (usize, usize),
        weights: &Weights,
    ) -> Result<PictureEncoder, ModelError> {
        Ok(match config {
            PictureConfig::MobileVit(config) => PictureEncoder::MobileVit(Box::new(MobileVit::new(config, weights)?)),
            PictureConfig::PeopleAndThings => PictureEncoder::PeopleAndThings(Box::new((
                MoveNet::new(&weights.at("movenet"))?.at_size(size_px)?,
                NanoDet::new(&weights.at("nanodet"))?.at_size(size_px)?,
                EfficientNetLite2::new(&weights.at("lite2"))?.at_size(size_px)?,
            ))),
        })
    }

    /// Pictures of `size_px`, rows of red, green, blue bytes, one after another. Asks before each picture whether it
    /// should go on.
    pub(crate) fn encode(
        &self,
        rgb: &[u8],
        size_px: (usize, usize),
        device: &Device,
        cancel: &CancelToken,
    ) -> Result<PictureEncoding, ModelError> {
        let bytes = size_px.0 * size_px.1 * 3;
        let encode = |rgb: &[u8]| {
            cancel.check()?;
            match self {
                PictureEncoder::MobileVit(network) => mobilevit_encoding(network, rgb, size_px, device),
                PictureEncoder::PeopleAndThings(networks) => {
                    let (people, objects, scene) = &**networks;
                    let count = rgb.len() / bytes;
                    let rows = [
                        (people.features_by_place(rgb, count, cancel)?, movenet::FEATURES),
                        (objects.features_by_place(rgb, count, cancel)?, nanodet::FEATURES),
                        (scene.features_by_place(rgb, count, cancel)?, efficientnet_lite2::FEATURES),
                    ];
                    Ok(side_by_side(&rows, count))
                }
            }
        };
        if !device.is_cpu() {
            return encode(rgb);
        }
        // One picture a thread: its maps then stay in that core's caches from layer to layer.
        let each = avar_kernels::on_compute_threads(|| {
            rgb.par_chunks_exact(bytes).map(encode).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(each.into_iter().fold(PictureEncoding::default(), PictureEncoding::followed_by))
    }
}

fn mobilevit_encoding(
    network: &MobileVit,
    rgb: &[u8],
    (width, height): (usize, usize),
    device: &Device,
) -> Result<PictureEncoding, ModelError> {
    let count = rgb.len() / (width * height * 3);
    let pictures = Tensor::from_vec(mobilevit::preprocess(rgb), (count, height, width, 3), device)?;
    let stages = network.forward_stages(&pictures, Mode::Inference)?;
    let maps = stages.maps.last().map_or(Ok(Vec::new()), |(_, map)| to_values(map))?;
    Ok(PictureEncoding { features: to_values(&stages.pooled)?, maps })
}

/// Rows of several encoders at as many places of each picture, one behind the other, and their means over the places.
/// Which of a network's places is which does not matter to whoever compares a picture's map with that of the next.
fn side_by_side(encoders: &[(Vec<f32>, usize)], pictures: usize) -> PictureEncoding {
    let width: usize = encoders.iter().map(|(_, width)| width).sum();
    let rows = encoders.first().map_or(0, |(rows, width)| rows.len() / width);
    let mut maps = Vec::with_capacity(rows * width);
    for row in 0..rows {
        encoders.iter().for_each(|(rows, width)| maps.extend_from_slice(&rows[row * width..][..*width]));
    }
    let places = rows / pictures.max(1);
    let mut features = vec![0f32; pictures * width];
    for (feature, map) in features.chunks_exact_mut(width).zip(maps.chunks_exact((places * width).max(1))) {
        for row in map.chunks_exact(width) {
            feature.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        feature.iter_mut().for_each(|sum| *sum /= places as f32);
    }
    PictureEncoding { features, maps }
}

/// An encoder of audio with its weights.
pub(crate) enum AudioEncoder {
    Wav2Vec2(Wav2Vec2),
    EfficientAt(EfficientAt),
}

impl AudioEncoder {
    /// `weights` at the root.
    pub(crate) fn new(config: &AudioConfig, weights: &Weights) -> Result<AudioEncoder, ModelError> {
        Ok(match config {
            AudioConfig::Wav2Vec2(config) => AudioEncoder::Wav2Vec2(Wav2Vec2::new(config, weights)?),
            AudioConfig::EfficientAt => AudioEncoder::EfficientAt(EfficientAt::new(&weights.at("efficientat"))?),
        })
    }

    /// Samples -> tokens, rows of Da. Asks now and then whether it should go on.
    pub(crate) fn encode(
        &self,
        samples: &[f32],
        device: &Device,
        cancel: &CancelToken,
    ) -> Result<Vec<f32>, ModelError> {
        match self {
            AudioEncoder::Wav2Vec2(network) => {
                let mut utterance = samples.to_vec();
                wav2vec2::normalise_utterance(&mut utterance);
                let utterance = Tensor::from_vec(utterance, (1, samples.len()), device)?;
                avar_kernels::on_compute_threads(|| to_values(&network.forward_unless(&utterance, cancel)?))
            }
            AudioEncoder::EfficientAt(network) => network.features(samples, WINDOWS, cancel),
        }
    }
}

fn to_values(tensor: &Tensor) -> Result<Vec<f32>, ModelError> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_stand_side_by_side_at_each_place_and_in_the_means() {
        // Two pictures of two places.
        let people = vec![1.0, 2.0, 3.0, 4.0];
        let things = vec![10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0];
        let encoding = side_by_side(&[(people, 1), (things, 2)], 2);
        assert_eq!(encoding.maps, [1.0, 10.0, 20.0, 2.0, 30.0, 40.0, 3.0, 50.0, 60.0, 4.0, 70.0, 80.0]);
        assert_eq!(encoding.features, [1.5, 20.0, 30.0, 3.5, 60.0, 70.0]);
    }
}
