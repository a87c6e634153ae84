//! The head: features of pictures and of sound at each step to logits. What a trainer trains.
//!
//! ```text
//! picture [Dv] --(norm)--(change)--+
//!                                  +-- early: one branch on both      picture or sound only: one branch on the one
//! sound   [Da] --(norm)------------+-- late: a branch for each, logits averaged
//!
//! branch = attention block -> temporal head
//! ```
//!
//! A missing modality is rows of zeros, which the caller puts there. The input norm, where it is switched on, brings
//! all other rows to one scale, which the two backbones do not share, and leaves rows of zeros as they are, so that
//! what is missing cannot be taken for a feature vector. In late fusion the branch of a missing modality still has its
//! say, as it had in training.
//!
//! The change, where it is switched on, is how far each feature of the picture has moved since the step before, put
//! behind the features: `[x_t, 4 |x_t - x_(t-1)|]`. A fight and a crowd that walks by look alike in one frame.
//!
//! Tensors: `head.{picture_norm,sound_norm}`; `head.{attention,mtcn}`, for other kinds than MTCN
//! `head.{attention,temporal}`; in late fusion the same below `head.picture` and `head.sound`.

use candle_core::{D, DType, Tensor};

use super::attention::{self, AttentionBlock};
use super::error::ModelError;
use super::fusion::{fuse_early, fuse_late};
use super::layers::{LayerNorm, Mode};
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
    /// Length of a sound token, Da.
    pub sound_width: usize,
    /// A layer norm on each modality before they meet. The paper has none.
    pub normalise_inputs: bool,
    /// How far each feature of the picture has moved since the step before goes in beside the features. The paper has
    /// none. Sound needs none: with it, more everyday sounds passed for incidents.
    pub picture_change: bool,
    pub fusion: Fusion,
    pub attention: attention::Config,
    pub temporal: TemporalKind,
    pub mtcn: mtcn::Config,
    pub recurrent: recurrent::Config,
    pub transformer: transformer::Config,
}

impl Config {
    /// The paper's: early fusion and MTCN, at our defaults for what it leaves open.
    pub fn new(picture_width: usize, sound_width: usize) -> Config {
        Config {
            picture_width,
            sound_width,
            normalise_inputs: false,
            picture_change: false,
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
    /// The layer whose output are the logits, of the paper's head: early fusion and MTCN.
    pub fn output_layer(&self) -> String {
        format!("head.mtcn.stages.{}.output", self.mtcn.stages.saturating_sub(1))
    }
}

pub struct Head {
    picture: Input,
    sound: Input,
    branches: Branches,
}

impl Head {
    /// `weights` at the root: tensors are named `head.…`.
    pub fn new(config: &Config, weights: &Weights) -> Result<Head, ModelError> {
        let at = weights.at("head");
        let input = |name: &'static str, width: usize, is_used: bool| -> Result<Input, ModelError> {
            let has_norm = config.normalise_inputs && is_used;
            let norm = if has_norm { Some(LayerNorm::new(width, &at.at(format!("{name}_norm")))?) } else { None };
            Ok(Input { name, width, norm, with_change: name == "picture" && config.picture_change })
        };
        let picture = config.picture_width * if config.picture_change { 2 } else { 1 };
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
        Ok(Head {
            picture: input("picture", config.picture_width, config.fusion.uses_picture())?,
            sound: input("sound", config.sound_width, config.fusion.uses_sound())?,
            branches,
        })
    }

    /// `[B, T, Dv]`, `[B, T, Da]` -> logits `[B, T, 10]` of each stage, the last one's being the answer. A modality
    /// that the head's [`Fusion`] does not use is not looked at.
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
    norm: Option<LayerNorm>,
    with_change: bool,
}

impl Input {
    /// `[B, T, width]` -> the same, or with the change `[B, T, 2 width]`.
    fn forward(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let normed = self.normed(features)?;
        if self.with_change { with_change(&normed) } else { Ok(normed) }
    }

    fn normed(&self, features: &Tensor) -> Result<Tensor, ModelError> {
        let (_, _, width) = features.dims3()?;
        if width != self.width {
            return Err(ModelError::Input(format!(
                "{} features of {width} values do not fit a head for {}; it belongs to another network",
                self.name, self.width
            )));
        }
        let Some(norm) = &self.norm else { return Ok(features.clone()) };
        // Compared with zero rather than above it: a row that is not a number must not pass for a missing one.
        let is_present = features.abs()?.sum_keepdim(D::Minus1)?.ne(0f32)?.to_dtype(DType::F32)?;
        Ok(norm.forward(features)?.broadcast_mul(&is_present)?)
    }
}

/// Brings the change of normed features to about their own size: from step to step they move by a quarter of it.
const CHANGE_GAIN: f64 = 4.0;

/// `[B, T, D]` -> `[B, T, 2 D]`: the features, and how far each has moved since the step before. The first step of a
/// sequence has none before it and takes the second one's; a lone step has not moved.
fn with_change(features: &Tensor) -> Result<Tensor, ModelError> {
    let (_, steps, _) = features.dims3()?;
    let change = match steps {
        0 | 1 => features.zeros_like()?,
        _ => {
            let moved = (features.narrow(1, 1, steps - 1)? - features.narrow(1, 0, steps - 1)?)?.abs()?;
            let moved = (moved * CHANGE_GAIN)?;
            Tensor::cat(&[&moved.narrow(1, 0, 1)?, &moved], 1)?
        }
    };
    Ok(Tensor::cat(&[features, &change], 2)?)
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

    /// One sequence of rows of two.
    fn changes(rows: &[[f32; 2]]) -> Vec<[f32; 2]> {
        let values: Vec<f32> = rows.iter().flatten().copied().collect();
        let features = Tensor::from_vec(values, (1, rows.len(), 2), &Device::Cpu).unwrap();
        let with = with_change(&features).unwrap();
        assert_eq!(with.dims(), [1, rows.len(), 4]);
        assert_eq!(values_of(&with.narrow(2, 0, 2).unwrap()), rows);
        values_of(&with.narrow(2, 2, 2).unwrap())
    }

    fn values_of(tensor: &Tensor) -> Vec<[f32; 2]> {
        tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().as_chunks::<2>().0.to_vec()
    }

    #[test]
    fn the_change_is_how_far_each_feature_has_moved_either_way() {
        let moved = changes(&[[1.0, 0.0], [1.5, 0.0], [0.5, -0.25]]);
        assert_eq!(moved, [[2.0, 0.0], [2.0, 0.0], [4.0, 1.0]]);
    }

    #[test]
    fn what_stands_still_and_a_lone_step_have_not_changed() {
        assert_eq!(changes(&[[3.0, -1.0]; 3]), [[0.0; 2]; 3]);
        assert_eq!(changes(&[[3.0, -1.0]]), [[0.0; 2]]);
    }
}
