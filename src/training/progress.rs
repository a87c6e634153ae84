//! What training tells: the same to the terminal, to the file of its log, and to the window.

use std::fmt;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use avar_base::job::Progress as JobProgress;
use avar_labels::AnomalyClass;

/// A part of a training, or of an ablation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Clips are gathered, and the synthetic ones drawn.
    Data,
    /// The sound network is trained.
    Sound,
    /// The picture network is trained.
    Picture,
    /// Features of every clip are computed.
    Features,
    /// The temporal head is trained and calibrated.
    Head,
    /// Test clips are scored; in an ablation, its heads are trained and judged.
    Test,
}

impl Stage {
    /// In the order in which they begin.
    pub const ALL: [Stage; 6] = [Stage::Data, Stage::Sound, Stage::Picture, Stage::Features, Stage::Head, Stage::Test];

    /// Text for files and logs.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Data => "data",
            Stage::Sound => "sound",
            Stage::Picture => "picture",
            Stage::Features => "features",
            Stage::Head => "head",
            Stage::Test => "test",
        }
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Stage::Sound => "sound network",
            Stage::Picture => "picture network",
            Stage::Head => "temporal head",
            Stage::Data | Stage::Features | Stage::Test => self.name(),
        }
    }
}

/// One line of a training's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum TrainingEvent {
    /// A sentence about the data, or about what is done next.
    Note {
        /// What the sentence is about.
        stage: Stage,
        /// The sentence.
        text: String,
    },
    /// How far a stage has come. The log does not keep it.
    Progress {
        /// The stage that has come so far.
        stage: Stage,
        /// Clips, heads or steps that are done.
        done: u64,
        /// Out of how many; a stage that stops early does not reach it.
        of: u64,
    },
    /// Means over the steps since the last validation, and what the validation found.
    Validation {
        /// The stage that was validated.
        stage: Stage,
        /// Steps of the optimizer so far.
        step: u64,
        /// Of augmented examples, all terms of the loss together: not to be compared with that of the validation.
        training_loss: f32,
        /// Mean over the classes.
        validation_loss: f32,
        /// Mean over the classes.
        accuracy: f32,
        /// Of each class that is among the validation clips.
        recall: Vec<(AnomalyClass, f32)>,
        /// Whether the weights are the best so far, and kept.
        is_best: bool,
    },
    /// A stage came to its end.
    Finished {
        /// The stage that has ended.
        stage: Stage,
        /// Steps of the optimizer, those of earlier runs included.
        steps: u64,
        /// The step whose weights are kept.
        best_step: u64,
        /// Wall time, all runs together.
        seconds: f64,
    },
}

impl TrainingEvent {
    /// The stage that it is about.
    pub fn stage(&self) -> Stage {
        match self {
            Self::Note { stage, .. }
            | Self::Progress { stage, .. }
            | Self::Validation { stage, .. }
            | Self::Finished { stage, .. } => *stage,
        }
    }
}

/// A line for people.
impl fmt::Display for TrainingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note { stage, text } => write!(f, "{}: {text}", stage.label()),
            Self::Progress { stage, done, of } => write!(f, "{}: {done} of {of}", stage.label()),
            Self::Validation { stage, step, training_loss, validation_loss, accuracy, recall, is_best } => {
                let best = if *is_best { ", best so far" } else { "" };
                let of_class = recall.iter().map(|(class, recall)| format!("{} {recall:.2}", class.name()));
                write!(
                    f,
                    "{}: step {step}, loss {training_loss:.3}, validation {validation_loss:.3}, accuracy {accuracy:.3}{best} ({})",
                    stage.label(),
                    of_class.collect::<Vec<_>>().join(", ")
                )
            }
            Self::Finished { stage, steps, best_step, seconds } => write!(
                f,
                "{}: finished after {steps} steps and {:.1} min; the best were those of step {best_step}",
                stage.label(),
                seconds / 60.0
            ),
        }
    }
}

/// How fast a stage goes, from its first report on: a stage that was resumed has done part of its work before.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    begun: Instant,
    first: u64,
}

impl Pace {
    /// `done` is what the first report says.
    pub fn from(done: u64) -> Pace {
        Pace { begun: Instant::now(), first: done }
    }

    /// `None` until there is ground for an estimate.
    pub fn time_left(&self, done: u64, of: u64) -> Option<Duration> {
        let fraction = done.saturating_sub(self.first) as f32 / of.saturating_sub(self.first).max(1) as f32;
        JobProgress::new(fraction, self.begun.elapsed()).time_left()
    }
}

/// Where events go. Several stages may tell at the same time.
pub type Listen<'a> = &'a (dyn Fn(TrainingEvent) + Sync);
