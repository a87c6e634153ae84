//! Networks that others have trained on a great deal, for inference: what they see and hear is what a small head is
//! trained on.
//!
//! | module | network | parameters | in -> out |
//! |---|---|---|---|
//! | [`efficientat`] | EfficientAT mn04, AudioSet | 1.0 million | windows of samples at 32 kHz -> `[384]`, 527 logits |
//! | [`efficientnet_lite2`] | EfficientNet-Lite2, ImageNet | 6.1 million | pictures of 260 x 260 -> `[1280]`, 1000 logits |
//! | [`movenet`] | MoveNet MultiPose Lightning | 4.7 million | pictures of 256 x 256 -> `[576]`, maps of people |
//! | [`nanodet`] | NanoDet-m, COCO | 0.9 million | pictures of 320 x 320 -> `[464]`, maps of objects |
//!
//! Weights are read from one safetensors file each, 16 or 32 bit, every tensor by its name and with the shape that it
//! must have; so a file of another network is refused by the first tensor that it lacks. Batches are shared out among
//! the compute threads, and a batch that nobody waits for any more ends at the next item.
//!
//! # Padding
//!
//! TensorFlow's `SAME` padding of a window at stride 2 puts the greater part of what an even picture lacks at the
//! bottom and the right; our kernels put it at the top and the left, as PyTorch does. Turn the picture and every filter
//! by 180 degrees and the two agree, for windows of 3x3 and 5x5, at odd sizes and at stride 1 too. So networks of
//! TensorFlow's run on turned pictures from end to end: filters are turned when they are read, pictures while they are
//! converted, and means over positions do not care.

mod conv;
pub mod efficientat;
pub mod efficientnet_lite2;
mod inverted_residual;
mod log_mel;
pub mod movenet;
pub mod nanodet;
mod pictures;
mod rows;

pub use efficientat::EfficientAt;
pub use efficientnet_lite2::EfficientNetLite2;
pub use movenet::MoveNet;
pub use nanodet::NanoDet;
