//! Training: from a recipe and data to weights, features and tables.
//!
//! ```text
//! recipe -> corpus -> sound network   \
//!                  -> picture network  -> features of every clip -> temporal head -> weights, model card
//! ```
//!
//! Every stage writes a checkpoint after each validation, each minute and when it is cancelled, and goes on from it.
//! Both backbones train at the same time, each on its share of the processor's threads.
//!
//! # What does not exist here
//!
//! - No step that depends on anything but the recipe, the data, the number of threads and the step's own number:
//!   stopping changes nothing.
//! - No clip of the test part in what a stage learns from or stops by.
//! - No features for the head by another way than `avar_analysis`: what it learns from is what it will be given.
//! - No window: whoever wants to watch is told [`TrainingEvent`]s.

pub mod ablation;
pub mod augment;
mod backbones;
mod cache;
pub mod calibration;
pub mod card;
mod checkpoint;
pub mod corpus;
mod error;
pub mod features;
pub mod head;
pub mod log;
pub mod optimizer;
pub mod picture;
pub mod progress;
pub mod recipe;
pub mod run;
mod sampler;
pub mod sound;
mod spec;
pub mod stage;
pub mod tables;

pub use error::TrainingError;
pub use progress::{Listen, Pace, Stage, TrainingEvent};
pub use recipe::{DataPlace, Recipe};
pub use run::{Ablation, Trained, TrainingJob, ablate_trained, spawn_training, train};
pub use spec::TrainingSpec;
