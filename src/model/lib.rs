//! The networks: everything between frames and samples on one side and class probabilities on the other.
//!
//! One network a file. [`avar_net`] is the whole of AVAR-Net; the rest are its parts:
//!
//! | module | network | in -> out |
//! |---|---|---|
//! | [`mobilevit`] | MobileViT S, XS, XXS | pictures `[B, H, W, 3]` -> `[B, D]` |
//! | [`wav2vec2`] | Wav2Vec2 base, small | samples `[B, N]` -> tokens `[B, T, D]` |
//! | [`motion`] | none: what moves from picture to picture | pictures, maps -> `[Dm]` each |
//! | [`head`] | both modalities' features to logits | `[B, T, Dv + Dm]`, `[B, T, Da]` -> `[B, T, 10]` of each stage |
//! | [`fusion`] | where the modalities meet | `[B, T, Dv]`, `[B, T, Da]` -> `[B, T, Dv + Da]` |
//! | [`attention`] | convolution and self-attention before the temporal head | `[B, T, D]` -> `[B, T, W]` |
//! | [`temporal`] | a temporal head of any kind | `[B, T, W]` -> logits `[B, T, 10]` of each stage |
//! | [`mtcn`] | multi-stage temporal convolution | the same, several stages |
//! | [`recurrent`], [`transformer`] | GRU, LSTM; transformer encoder | the same, one stage |
//! | [`extractors`] | networks that others have trained, for features | samples, pictures -> features |
//! | [`teachers`] | YAMNet and MobileNetV2, pretrained, not part of AVAR-Net | samples, pictures -> features |
//!
//! All activations are channels-last (`[batch, rows, columns, channels]`, `[batch, time, channels]`): a 1x1 convolution
//! is then one matrix product, a temporal convolution is one whose rows overlap, and every other kernel runs along
//! contiguous channels. [`layers`] holds the building blocks, [`avar_kernels`] the arithmetic for the CPU, [`weights`]
//! where numbers come from, [`device`] where they are computed, [`loss`] what training makes small, [`card`] what is
//! known about weights, [`pickle`] weights in PyTorch's own format.
//!
//! # What does not exist here
//!
//! - No recording, manifest or run: of this workspace only `avar-base`, `avar-labels` and `avar-kernels` are known.
//! - No step of training: what makes a loss smaller is in `avar-training`.
//! - No weights without [`Provenance`]: drawn from a seed they are never taken for trained ones.
//! - No tensor of a file that is missing, or has another shape than asked for, and is made up instead.

pub mod attention;
pub mod avar_net;
pub mod card;
pub mod device;
pub mod encoders;
pub mod error;
pub mod extractors;
pub mod fusion;
pub mod head;
pub mod layers;
pub mod loss;
pub mod mobilevit;
pub mod motion;
pub mod mtcn;
pub mod pickle;
pub mod recurrent;
pub mod seeded;
pub mod teachers;
pub mod temporal;
pub mod transformer;
pub mod wav2vec2;
pub mod weights;

pub use avar_net::{AvarNet, Preset};
pub use card::{ModelCard, Validation};
pub use device::ComputeDevice;
pub use encoders::TokenFormat;
pub use error::ModelError;
pub use weights::{Origin, Provenance, WeightSource, Weights};
