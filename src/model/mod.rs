//! The networks: everything between pictures and samples on one side and class probabilities on the other.
//!
//! One network a file. [`avar_net`] is the whole of AVAR-Net; the rest are its parts:
//!
//! | module | network | in -> out |
//! |---|---|---|
//! | [`mobilevit`] | MobileViT S, XS, XXS | pictures `[B, H, W, 3]` -> `[B, D]` |
//! | [`wav2vec2`] | Wav2Vec2 base, small | samples `[B, N]` -> tokens `[B, T, D]` |
//! | [`fusion`] | early fusion | `[B, T, Dv]`, `[B, T, Da]` -> `[B, T, Dv + Da]` |
//! | [`attention`] | convolution and self-attention before the temporal head | `[B, T, D]` -> `[B, T, W]` |
//! | [`mtcn`] | multi-stage temporal convolution | `[B, T, W]` -> logits `[B, T, 10]` of each stage |
//!
//! All activations are channels-last (`[batch, rows, columns, channels]`, `[batch, time, channels]`): a 1x1
//! convolution is then one matrix product, a temporal convolution is one whose rows overlap, and every other
//! kernel runs along contiguous channels. [`layers`] holds the building blocks, [`kernels`] the arithmetic for the
//! CPU, [`weights`] where numbers come from, [`device`] where they are computed.
//!
//! This room names no other room.

pub mod attention;
pub mod avar_net;
pub mod device;
pub mod error;
pub mod fusion;
pub mod kernels;
pub mod layers;
pub mod mobilevit;
pub mod mtcn;
pub mod seeded;
pub mod wav2vec2;
pub mod weights;

pub use avar_net::{AvarNet, Modalities, Preset};
pub use device::ComputeDevice;
pub use error::ModelError;
pub use weights::{Provenance, WeightSource, Weights};
