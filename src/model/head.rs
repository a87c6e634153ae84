//! The head: features of pictures and of sound at each step to logits. What a trainer trains.
//!
//! ```text
//! picture [Dv] --(norm)--+
//! motion  [Dm] -(scale)--+
//!                        +-- early: one branch on both      picture or sound only: one branch on the one
//! sound   [Da] --(norm)--+-- late: a branch for each, logits averaged
//!
//! branch = attention block -> temporal head
//! ```
//!
//! A missing modality is rows of zeros, which the caller puts there. The input norm, where it is switched on, brings
//! all other rows to one scale, which the two backbones do not share, and leaves rows of zeros as they are, so that
//! what is missing cannot be taken for a feature vector. In late fusion the branch of a missing modality still has its
//! say, as it had in training.
//!
//! The motion, where the head takes any, says what has moved since the step before ([`super::motion`]); it comes behind
//! the picture's features in one row and belongs to the picture in every fusion. A fight and a crowd that walks by look
//! alike in one frame. Where inputs are normed each of its numbers has a scale of its own: how much moves in all, which a
//! norm would take away, is what counts.
//!
//! Tensors: `head.{picture_norm,motion_scale,sound_norm}`; `head.{attention,mtcn}`, for other kinds than MTCN
//! `head.{attention,temporal}`; in late fusion the same below `head.picture` and `head.sound`.

use candle_core::{D, DType, Tensor};

use super::attention::{self, AttentionBlock};
use super::error::ModelError;
use super::fusion::{fuse_early, fuse_late};
use super::layers::{LayerNorm, Mode, Scale};
use super::motion::motion_width;
use super::mtcn::{self, Mtcn};
use super::recurrent::{self, Cell, Recurrent, Sight};
use super::temporal::{Temporal, TemporalKind};
use super::transformer::{self, Transformer};
use super::weights::Weights;

pub use super::fusion::Fusion;

/// Shape of the head. Of `mtcn`, `recurrent` and `transformer` only the one that `temporal` names counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Length of a picture's feature vector, Dv.
    pub picture_width: usize,
    /// Whether motion comes behind a picture's features. The paper has none.
    pub with_motion: bool,
    /// Length of a sound token, Da.
    pub sound_width: usize,
    /// A layer norm on each modality before they meet, and a scale on the motion. The paper has neither.
    pub normalise_inputs: bool,
    /// Which modalities the head takes, and where they meet.
    pub fusion: Fusion,
    /// The block before each temporal head.
    pub attention: attention::Config,
    /// Which temporal head is built.
    pub temporal: TemporalKind,
    /// For [`TemporalKind::Mtcn`].
    pub mtcn: mtcn::Config,
    /// For GRU and LSTM, one way or both.
    pub recurrent: recurrent::Config,
    /// For [`TemporalKind::Transformer`].
    pub transformer: transformer::Config,
}

impl Config {
    /// The paper's: early fusion and MTCN, at our defaults for what it leaves open.
    pub fn new(picture_width: usize, sound_width: usize) -> Config {
        Config {
            picture_width,
            with_motion: false,
            sound_width,
            normalise_inputs: false,
            fusion: Fusion::Early,
            attention: attention::Config::default(),
            temporal: TemporalKind::Mtcn,
            mtcn: mtcn::Config::default(),
            recurrent: recurrent::Config::default(),
            transformer: transformer::Config::default(),
        }
    }
}

impl Config {
    /// Length of what the head takes of the picture at each step: its features, then its motion.
    pub fn seen_width(&self) -> usize {
        self.picture_width + self.motion_width()
    }

    /// Numbers about motion behind a picture's features, Dm; 0 in a head that takes none.
    pub fn motion_width(&self) -> usize {
        if self.with_motion { motion_width(self.picture_width) } else { 0 }
    }

    /// The layer whose output are the logits, of the paper's head: early fusion and MTCN.
    pub fn output_layer(&self) -> String {
        format!("head.mtcn.stages.{}.output", self.mtcn.stages.saturating_sub(1))
    }
}

/// The head with its weights.
pub struct Head {
    picture: Input,
    sound: Input,
    branches: Branches,
}

impl Head {
    /// `weights` at the root: tensors are named `head.…`.
    pub fn new(config: &Config, weights: &Weights) -> Result<Head, ModelError> {
        let at = weights.at("head");
        let picture = config.seen_width();
        let sound = config.sound_width;
        let branches = match config.fusion {
            Fusion::PictureOnly => Branches::Picture(Branch::new(picture, config, &at)?),
            Fusion::SoundOnly => Branches::Sound(Branch::new(sound, config, &at)?),
            Fusion::Early => Branches::Early(Branch::new(picture + sound, config, &at)?),
            Fusion::Late => Branches::Late {
                picture: Box::new(Branch::new(picture, config, &at.at("picture"))?),
                sound: Box::new(Branch::new(sound, config, &at.at("sound"))?),
            },
        };
        let input = |name, width, motion_width, is_used: bool| {
            Input::new(name, width, motion_width, config.normalise_inputs && is_used, &at)
        };
        Ok(Head {
            picture: input("picture", config.picture_width, config.motion_width(), config.fusion.uses_picture())?,
            sound: input("sound", config.sound_width, 0, config.fusion.uses_sound())?,
            branches,
        })
    }

    /// `[B, T, Dv + Dm]`, `[B, T, Da]` -> logits `[B, T, 10]` of each stage, the last one's being the answer. A
    /// modality that the head's [`Fusion`] does not use is not looked at.
    pub fn forward(&self, picture: &Tensor, sound: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        match &self.branches {
            Branches::Picture(branch) => branch.forward(&self.picture.forward(picture)?, mode),
            Branches::Sound(branch) => branch.forward(&self.sound.forward(sound)?, mode),
            Branches::Early(branch) => {
                branch.forward(&fuse_early(&self.picture.forward(picture)?, &self.sound.forward(sound)?)?, mode)
            }
            Branches::Late { picture: seeing, sound: hearing } => fuse_late(
                &seeing.forward(&self.picture.forward(picture)?, mode)?,
                &hearing.forward(&self.sound.forward(sound)?, mode)?,
            ),
        }
    }
}

/// One modality's features on their way in.
struct Input {
    name: &'static str,
    width: usize,
    motion_width: usize,
    norms: Option<Norms>,
}

/// What brings a modality's features, and the motion behind them, to one scale.
struct Norms {
    features: LayerNorm,
    motion: Option<Scale>,
}

impl Input {
    fn new(
        name: &'static str,
        width: usize,
        motion_width: usize,
        is_normed: bool,
        weights: &Weights,
    ) -> Result<Input, ModelError> {
        if !is_normed {
            return Ok(Input { name, width, motion_width, norms: None });
        }
        let features = LayerNorm::new(width, &weights.at(format!("{name}_norm")))?;
        let motion = if motion_width > 0 { Some(Scale::new(motion_width, &weights.at("motion_scale"))?) } else { None };
        Ok(Input { name, width, motion_width, norms: Some(Norms { features, motion }) })
    }

    /// `[B, T, width + motion]` -> the same.
    fn forward(&self, seen: &Tensor) -> Result<Tensor, ModelError> {
        let (_, _, width) = seen.dims3()?;
        let expected = self.width + self.motion_width;
        if width != expected {
            return Err(ModelError::Input(format!(
                "{} features of {width} values do not fit a head for {expected}; it belongs to another network",
                self.name
            )));
        }
        let Some(norms) = &self.norms else { return Ok(seen.clone()) };
        let features = seen.narrow(2, 0, self.width)?;
        // Compared with zero rather than above it: a row that is not a number must not pass for a missing one.
        let is_present = features.abs()?.sum_keepdim(D::Minus1)?.ne(0f32)?.to_dtype(DType::F32)?;
        let mut normed = norms.features.forward(&features)?;
        if let Some(scale) = &norms.motion {
            let motion = scale.forward(&seen.narrow(2, self.width, self.motion_width)?)?;
            normed = Tensor::cat(&[&normed, &motion], 2)?;
        }
        Ok(normed.broadcast_mul(&is_present)?)
    }
}

enum Branches {
    Picture(Branch),
    Sound(Branch),
    Early(Branch),
    Late { picture: Box<Branch>, sound: Box<Branch> },
}

/// Attention block and temporal head.
struct Branch {
    attention: AttentionBlock,
    temporal: Temporal,
}

impl Branch {
    fn new(inputs: usize, config: &Config, weights: &Weights) -> Result<Branch, ModelError> {
        let attention = AttentionBlock::new(inputs, &config.attention, &weights.at("attention"))?;
        let (width, at) = (config.attention.width, weights.at("temporal"));
        let recurrent = |cell, sight| Recurrent::new(cell, sight, width, &config.recurrent, &at);
        let temporal = match config.temporal {
            TemporalKind::Gru => Temporal::Recurrent(recurrent(Cell::Gru, Sight::Back)?),
            TemporalKind::BiGru => Temporal::Recurrent(recurrent(Cell::Gru, Sight::BothWays)?),
            TemporalKind::Lstm => Temporal::Recurrent(recurrent(Cell::Lstm, Sight::Back)?),
            TemporalKind::BiLstm => Temporal::Recurrent(recurrent(Cell::Lstm, Sight::BothWays)?),
            TemporalKind::Transformer => Temporal::Transformer(Transformer::new(width, &config.transformer, &at)?),
            TemporalKind::Mtcn => Temporal::Mtcn(Mtcn::new(width, &config.mtcn, &weights.at("mtcn"))?),
        };
        Ok(Branch { attention, temporal })
    }

    fn forward(&self, features: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        self.temporal.forward(&self.attention.forward(features)?, mode)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::{ComputeDevice, WeightSource};

    #[test]
    fn motion_has_a_scale_of_its_own() {
        let weights = Weights::open(&WeightSource::Untrained { seed: 1 }, &ComputeDevice::cpu()).unwrap();
        let features = LayerNorm::new(2, &weights.at("norm")).unwrap();
        let motion = Some(Scale::new(1, &weights.at("scale")).unwrap());
        let input = Input { name: "picture", width: 2, motion_width: 1, norms: Some(Norms { features, motion }) };
        let rows = |values: Vec<f32>| Tensor::from_vec(values, (1, 3, 3), &Device::Cpu).unwrap();
        let out = input.forward(&rows(vec![3.0, 5.0, 0.7, 3.0, 5.0, 70.0, 0.0, 0.0, 0.7])).unwrap();
        let out = out.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(out[0] < 0.0 && out[1] > 0.0);
        assert_eq!(out[2], 0.7, "a norm over the row would change it");
        assert_eq!(out[5], 5.0, "what has never been met says no more than this");
        assert_eq!(out[6..], [0.0; 3], "what is missing stays zero");
    }
}
