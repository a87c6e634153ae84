//! What training tells: the same to the terminal, to the file of its log, and to the window.

use serde::{Deserialize, Serialize};

use super::recipe::StageRecipe;
use crate::job::CancelToken;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Data,
    Sound,
    Picture,
    Features,
    Head,
    Test,
}

impl Stage {
    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Stage::Data => "data",
            Stage::Sound => "sound network",
            Stage::Picture => "picture network",
            Stage::Features => "features",
            Stage::Head => "temporal head",
            Stage::Test => "test",
        }
    }
}

/// One line of a training's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum TrainingEvent {
    /// A sentence about the data, or about what is done next.
    Note {
        stage: Stage,
        text: String,
    },
    Progress {
        stage: Stage,
        done: u64,
        of: u64,
    },
    /// Means over the steps since the last validation, and what the validation found.
    Validation {
        stage: Stage,
        step: u64,
        training_loss: f32,
        validation_loss: f32,
        accuracy: f32,
        is_best: bool,
    },
    Finished {
        stage: Stage,
        steps: u64,
        best_step: u64,
        seconds: f64,
    },
}

/// Where events go. Several stages may tell at the same time.
pub type Listen<'a> = &'a (dyn Fn(TrainingEvent) + Sync);

/// How far a stage has come; saved with every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageProgress {
    pub best_loss: Option<f32>,
    pub best_step: u64,
    pub stale_validations: usize,
    pub is_finished: bool,
    /// Wall time so far, all runs together.
    pub seconds: f64,
}

/// What a stage's own file does: one step of the optimizer, and one validation.
pub trait Trainer {
    type Error;

    /// Returns the loss.
    fn step(&mut self, step: u64) -> Result<f32, Self::Error>;

    /// Returns `(loss, accuracy)`.
    fn validate(&mut self) -> Result<(f32, f32), Self::Error>;

    /// Keeps the weights as they are now as the best so far.
    fn keep(&mut self) -> Result<(), Self::Error>;

    fn checkpoint(&mut self, progress: &StageProgress) -> Result<(), Self::Error>;
}

/// Runs a stage from `step` to its end: validations, early stopping, checkpoints.
pub fn run_stage<T: Trainer>(
    trainer: &mut T,
    stage: Stage,
    recipe: &StageRecipe,
    mut step: u64,
    mut progress: StageProgress,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<StageProgress, T::Error>
where
    T::Error: From<crate::job::Cancelled>,
{
    let seconds_before = progress.seconds;
    let clock = std::time::Instant::now();
    let (mut losses, mut count) = (0f64, 0u32);
    while !progress.is_finished {
        cancel.check()?;
        if step < recipe.steps {
            losses += f64::from(trainer.step(step)?);
            count += 1;
            step += 1;
            listen(TrainingEvent::Progress { stage, done: step, of: recipe.steps });
        }
        let is_last = step >= recipe.steps;
        if !is_last && !step.is_multiple_of(recipe.validate_every) {
            continue;
        }
        let (validation_loss, accuracy) = trainer.validate()?;
        let is_best = progress.best_loss.is_none_or(|best| validation_loss < best);
        if is_best {
            trainer.keep()?;
            progress =
                StageProgress { best_loss: Some(validation_loss), best_step: step, stale_validations: 0, ..progress };
        } else {
            progress.stale_validations += 1;
        }
        progress.is_finished = is_last || progress.stale_validations >= recipe.patience;
        progress.seconds = seconds_before + clock.elapsed().as_secs_f64();
        trainer.checkpoint(&progress)?;
        let training_loss = (losses / f64::from(count.max(1))) as f32;
        listen(TrainingEvent::Validation { stage, step, training_loss, validation_loss, accuracy, is_best });
        (losses, count) = (0.0, 0);
    }
    let StageProgress { best_step, seconds, .. } = progress;
    listen(TrainingEvent::Finished { stage, steps: step, best_step, seconds });
    Ok(progress)
}
