//! The head: features of pictures and of sound at each step to logits. What a trainer trains.
//!
//! ```text
//! picture [Dv] --(norm)--+
//! motion  [Dm] -(scale)--+
//!                        +-- early: one branch on both      picture or sound only: one branch on the one
//! sound   [Da] --(norm)--+-- late: a branch for each, logits averaged
//!
//! branch = attention block -> temporal head
//!
//! With a projection, which wide pretrained features need:
//! (norm), (scale) -> projection -> rectifier ----> branch --> + -> logits of each stage
//!                                            \--> direct -----/
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
//! The projection brings the features of each modality down to a few before any of them meet: of thousands of features,
//! learned from some hundred clips, a head would know each clip by heart, and every step of its training would cost its
//! width. The direct path is a linear layer past attention and temporal head, and its logits are added to those of each
//! stage. What a step shows and lets hear by itself reaches the answer undistorted: a stage sees the one before it through
//! a softmax, from which it cannot tell the sure from the surest, and on sounds in everyday noise that alone decides
//! whether an event can be told from a false alarm.
//!
//! Tensors: `head.{picture_norm,motion_scale,sound_norm}`; `head.{attention,mtcn}`, for other kinds than MTCN
//! `head.{attention,temporal}`; in late fusion the same below `head.picture` and `head.sound`.
//! With a projection also `head.{picture_projection,sound_projection}`, and `direct` beside each `attention`.

use candle_core::{D, DType, Tensor};

use super::attention::{self, AttentionBlock};
use super::error::ModelError;
use super::fusion::{fuse_early, fuse_late};
use super::layers::{LayerNorm, Linear, Mode, Scale, dropout};
use super::motion::motion_width;
use super::mtcn::{self, Mtcn};
use super::recurrent::{self, Cell, Recurrent, Sight};
use super::seeded::Init;
use super::temporal::{Temporal, TemporalKind};
use super::transformer::{self, Transformer};
use super::weights::Weights;
use avar_kernels::Activation;
use avar_labels::CLASS_COUNT;

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
    /// What the features become before they meet; `None` in the paper's, which takes them as they are.
    pub projection: Option<Projection>,
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

/// Brings the features of each modality down to a few.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// What a picture's features and its motion become.
    pub picture_width: usize,
    /// What a sound token becomes.
    pub sound_width: usize,
    /// Share of the features, and of what they become, that is lost in training.
    pub dropout: f32,
}

impl Config {
    /// The paper's: early fusion and MTCN, at our defaults for what it leaves open.
    pub fn new(picture_width: usize, sound_width: usize) -> Config {
        Config {
            picture_width,
            with_motion: false,
            sound_width,
            normalise_inputs: false,
            projection: None,
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

    /// The layers whose outputs, added up, are the logits, of early fusion and MTCN.
    pub fn output_layers(&self) -> Vec<String> {
        let last = format!("head.mtcn.stages.{}.output", self.mtcn.stages.saturating_sub(1));
        let direct = self.projection.as_ref().map(|_| "head.direct".to_owned());
        [last].into_iter().chain(direct).collect()
    }

    /// What the branches get of the picture and of the sound at each step.
    fn branch_widths(&self) -> (usize, usize) {
        match &self.projection {
            Some(projection) => (projection.picture_width, projection.sound_width),
            None => (self.seen_width(), self.sound_width),
        }
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
        let (picture, sound) = config.branch_widths();
        let branches = match config.fusion {
            Fusion::PictureOnly => Branches::Picture(Branch::new(picture, config, &at)?),
            Fusion::SoundOnly => Branches::Sound(Branch::new(sound, config, &at)?),
            Fusion::Early => Branches::Early(Branch::new(picture + sound, config, &at)?),
            Fusion::Late => Branches::Late {
                picture: Box::new(Branch::new(picture, config, &at.at("picture"))?),
                sound: Box::new(Branch::new(sound, config, &at.at("sound"))?),
            },
        };
        let uses = |is_used: bool, width: usize| is_used.then_some(width);
        let picture_to = uses(config.fusion.uses_picture(), picture);
        let sound_to = uses(config.fusion.uses_sound(), sound);
        let (features, motion) = (config.picture_width, config.motion_width());
        Ok(Head {
            picture: Input::new("picture", (features, motion), picture_to, config, &at)?,
            sound: Input::new("sound", (config.sound_width, 0), sound_to, config, &at)?,
            branches,
        })
    }

    /// `[B, T, Dv + Dm]`, `[B, T, Da]` -> logits `[B, T, 10]` of each stage, the last one's being the answer. A
    /// modality that the head's [`Fusion`] does not use is not looked at.
    pub fn forward(&self, picture: &Tensor, sound: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        match &self.branches {
            Branches::Picture(branch) => branch.forward(&self.picture.forward(picture, mode)?, mode),
            Branches::Sound(branch) => branch.forward(&self.sound.forward(sound, mode)?, mode),
            Branches::Early(branch) => {
                let (seen, heard) = (self.picture.forward(picture, mode)?, self.sound.forward(sound, mode)?);
                branch.forward(&fuse_early(&seen, &heard)?, mode)
            }
            Branches::Late { picture: seeing, sound: hearing } => fuse_late(
                &seeing.forward(&self.picture.forward(picture, mode)?, mode)?,
                &hearing.forward(&self.sound.forward(sound, mode)?, mode)?,
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
    projection: Option<Narrowing>,
}

/// What brings a modality's features, and the motion behind them, to one scale.
struct Norms {
    features: LayerNorm,
    motion: Option<Scale>,
}

/// What brings them down to a few.
struct Narrowing {
    linear: Linear,
    dropout: f32,
    place: String,
}

impl Input {
    /// `to`: how wide it comes out; `None` where it is not looked at.
    fn new(
        name: &'static str,
        (width, motion_width): (usize, usize),
        to: Option<usize>,
        config: &Config,
        weights: &Weights,
    ) -> Result<Input, ModelError> {
        let norms = match to {
            Some(_) if config.normalise_inputs => Some(Norms {
                features: LayerNorm::new(width, &weights.at(format!("{name}_norm")))?,
                motion: match motion_width {
                    0 => None,
                    _ => Some(Scale::new(motion_width, &weights.at("motion_scale"))?),
                },
            }),
            _ => None,
        };
        let projection = match (to, &config.projection) {
            (Some(to), Some(projection)) => {
                let (at, inputs) = (weights.at(format!("{name}_projection")), width + motion_width);
                Some(Narrowing {
                    linear: Linear::new(inputs, to, Init::before_activation(inputs), &at)?,
                    dropout: projection.dropout,
                    place: at.prefix().to_owned(),
                })
            }
            _ => None,
        };
        Ok(Input { name, width, motion_width, norms, projection })
    }

    /// `[B, T, width + motion]` -> the same, or as many as the projection leaves. Rows of zeros stay zeros.
    fn forward(&self, seen: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let (_, _, width) = seen.dims3()?;
        let expected = self.width + self.motion_width;
        if width != expected {
            return Err(ModelError::Input(format!(
                "{} features of {width} values do not fit a head for {expected}; it belongs to another network",
                self.name
            )));
        }
        if self.norms.is_none() && self.projection.is_none() {
            return Ok(seen.clone());
        }
        let features = seen.narrow(2, 0, self.width)?;
        // Compared with zero rather than above it: a row that is not a number must not pass for a missing one.
        let is_present = features.abs()?.sum_keepdim(D::Minus1)?.ne(0f32)?.to_dtype(DType::F32)?;
        let mut x = match &self.norms {
            Some(norms) => norms.forward(seen, &features)?,
            None => seen.clone(),
        };
        if let Some(projection) = &self.projection {
            x = projection.forward(&x, mode)?;
        }
        Ok(x.broadcast_mul(&is_present)?)
    }
}

impl Norms {
    /// `seen`: `features`, which are looked at by themselves, and the motion behind them.
    fn forward(&self, seen: &Tensor, features: &Tensor) -> Result<Tensor, ModelError> {
        let normed = self.features.forward(features)?;
        let Some(scale) = &self.motion else { return Ok(normed) };
        let (width, of_all) = (features.dim(2)?, seen.dim(2)?);
        let motion = scale.forward(&seen.narrow(2, width, of_all - width)?)?;
        Ok(Tensor::cat(&[&normed, &motion], 2)?)
    }
}

impl Narrowing {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, ModelError> {
        let x = dropout(x, self.dropout, &format!("{}.inputs", self.place), mode)?;
        let x = self.linear.forward(&x, Activation::Relu)?;
        dropout(&x, self.dropout, &self.place, mode)
    }
}

enum Branches {
    Picture(Branch),
    Sound(Branch),
    Early(Branch),
    Late { picture: Box<Branch>, sound: Box<Branch> },
}

/// Attention block and temporal head, and the path past both.
struct Branch {
    attention: AttentionBlock,
    temporal: Temporal,
    direct: Option<Linear>,
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
        let direct = match config.projection {
            Some(_) => Some(Linear::new(inputs, CLASS_COUNT, Init::linear(inputs), &weights.at("direct"))?),
            None => None,
        };
        Ok(Branch { attention, temporal, direct })
    }

    fn forward(&self, features: &Tensor, mode: Mode) -> Result<Vec<Tensor>, ModelError> {
        let stages = self.temporal.forward(&self.attention.forward(features)?, mode)?;
        let Some(direct) = &self.direct else { return Ok(stages) };
        let direct = direct.forward(features, Activation::None)?;
        stages.into_iter().map(|stage| Ok((stage + &direct)?)).collect()
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
        let norms = Some(Norms { features, motion });
        let input = Input { name: "picture", width: 2, motion_width: 1, norms, projection: None };
        let rows = |values: Vec<f32>| Tensor::from_vec(values, (1, 3, 3), &Device::Cpu).unwrap();
        let seen = rows(vec![3.0, 5.0, 0.7, 3.0, 5.0, 70.0, 0.0, 0.0, 0.7]);
        let out = input.forward(&seen, Mode::Inference).unwrap();
        let out = out.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(out[0] < 0.0 && out[1] > 0.0);
        assert_eq!(out[2], 0.7, "a norm over the row would change it");
        assert_eq!(out[5], 5.0, "what has never been met says no more than this");
        assert_eq!(out[6..], [0.0; 3], "what is missing stays zero");
    }
}
