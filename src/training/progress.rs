//! What training tells: the same to the terminal, to the file of its log, and to the window.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::recipe::StageRecipe;
use crate::classes::{AnomalyClass, CLASS_COUNT};
use crate::job::{CancelToken, Progress as JobProgress};
use crate::model::ComputeDevice;

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
    /// In the order in which they begin.
    pub const ALL: [Stage; 6] = [Stage::Data, Stage::Sound, Stage::Picture, Stage::Features, Stage::Head, Stage::Test];

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
        /// Mean over the classes.
        accuracy: f32,
        /// Of each class that is among the validation clips.
        recall: Vec<(AnomalyClass, f32)>,
        is_best: bool,
    },
    Finished {
        stage: Stage,
        steps: u64,
        best_step: u64,
        seconds: f64,
    },
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
    pub fn from(done: u64) -> Pace {
        Pace { begun: Instant::now(), first: done }
    }

    /// `None` until there is ground for an estimate.
    pub fn time_left(&self, done: u64, of: u64) -> Option<Duration> {
        let fraction = done.saturating_sub(self.first) as f32 / of.saturating_sub(self.first).max(1) as f32;
        JobProgress { fraction, elapsed: self.begun.elapsed() }.time_left()
    }
}

/// How a stage is run, and where.
#[derive(Clone, Copy)]
pub struct StagePlan<'a> {
    pub recipe: &'a StageRecipe,
    pub seed: u64,
    /// Best weights and checkpoint go here.
    pub folder: &'a Path,
    pub device: &'a ComputeDevice,
}

/// Where events go. Several stages may tell at the same time.
pub type Listen<'a> = &'a (dyn Fn(TrainingEvent) + Sync);

/// How far a stage has come; saved with every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageProgress {
    /// [`super::Recipe::digest_of_stage`] of the recipe that the stage began with; empty before it has begun.
    pub recipe_sha256: String,
    pub best_loss: Option<f32>,
    pub best_step: u64,
    pub stale_validations: usize,
    pub is_finished: bool,
    /// Wall time so far, all runs together.
    pub seconds: f64,
}

/// Losses and hits of validation examples by class, so that each class weighs the same in what is made of them.
#[derive(Clone, Debug, Default)]
pub struct ValidationSums {
    /// Losses, hits, and the weight of both.
    of_class: [(f64, f64, f64); CLASS_COUNT],
}

impl ValidationSums {
    pub fn add(&mut self, class: AnomalyClass, loss: f32, is_hit: bool) {
        self.add_weighted(class, 1.0, loss, is_hit);
    }

    /// As [`Self::add`], of one that counts as `weight`.
    pub fn add_weighted(&mut self, class: AnomalyClass, weight: f32, loss: f32, is_hit: bool) {
        let (losses, hits, sum) = &mut self.of_class[class.index()];
        *losses += f64::from(weight * loss);
        *hits += if is_hit { f64::from(weight) } else { 0.0 };
        *sum += f64::from(weight);
    }

    /// Mean over the classes of their mean loss.
    pub fn loss(&self) -> f32 {
        self.mean_over_classes(|(losses, _, weight)| losses / weight)
    }

    /// Mean over the classes of the share of hits.
    pub fn accuracy(&self) -> f32 {
        self.mean_over_classes(|(_, hits, weight)| hits / weight)
    }

    pub fn recall(&self) -> Vec<(AnomalyClass, f32)> {
        let present = AnomalyClass::ALL.into_iter().zip(self.of_class).filter(|(_, (_, _, weight))| *weight > 0.0);
        present.map(|(class, (_, hits, weight))| (class, (hits / weight) as f32)).collect()
    }

    fn mean_over_classes(&self, value: impl Fn((f64, f64, f64)) -> f64) -> f32 {
        let present: Vec<_> = self.of_class.into_iter().filter(|(_, _, weight)| *weight > 0.0).collect();
        (present.iter().map(|sums| value(*sums)).sum::<f64>() / present.len().max(1) as f64) as f32
    }
}

/// What a stage's own file does: one step of the optimizer, and one validation.
pub trait Trainer {
    type Error;

    /// Returns the loss.
    fn step(&mut self, step: u64) -> Result<f32, Self::Error>;

    fn validate(&mut self) -> Result<ValidationSums, Self::Error>;

    /// Whether the latest steps only led up to those that the stage is for: what is found after them is told, but
    /// neither kept as the best nor counted against patience.
    fn is_provisional(&self) -> bool {
        false
    }

    /// Keeps the weights as they are now as the best so far.
    fn keep(&mut self) -> Result<(), Self::Error>;

    fn checkpoint(&mut self, progress: &StageProgress) -> Result<(), Self::Error>;
}

/// What a stop may cost that comes without warning.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// Runs a stage from `step` to its end: validations, early stopping, checkpoints. One that is cancelled loses nothing.
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
    let clock = Instant::now();
    let mut kept_at = Instant::now();
    let (mut losses, mut count) = (0f64, 0u32);
    while !progress.is_finished {
        let stop = cancel.check();
        if stop.is_err() || kept_at.elapsed() >= CHECKPOINT_EVERY {
            progress.seconds = seconds_before + clock.elapsed().as_secs_f64();
            trainer.checkpoint(&progress)?;
            kept_at = Instant::now();
        }
        stop?;
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
        let found = trainer.validate()?;
        let validation_loss = found.loss();
        let is_provisional = trainer.is_provisional();
        let is_best = !is_provisional && progress.best_loss.is_none_or(|best| validation_loss < best);
        if is_best {
            trainer.keep()?;
            progress =
                StageProgress { best_loss: Some(validation_loss), best_step: step, stale_validations: 0, ..progress };
        } else if !is_provisional {
            progress.stale_validations += 1;
        }
        progress.is_finished = is_last || progress.stale_validations >= recipe.patience;
        progress.seconds = seconds_before + clock.elapsed().as_secs_f64();
        trainer.checkpoint(&progress)?;
        kept_at = Instant::now();
        let training_loss = (losses / f64::from(count.max(1))) as f32;
        listen(TrainingEvent::Validation {
            stage,
            step,
            training_loss,
            validation_loss,
            accuracy: found.accuracy(),
            recall: found.recall(),
            is_best,
        });
        (losses, count) = (0.0, 0);
    }
    let StageProgress { best_step, seconds, .. } = progress;
    listen(TrainingEvent::Finished { stage, steps: step, best_step, seconds });
    Ok(progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_weighs_the_same_in_a_validation() {
        let mut sums = ValidationSums::default();
        (0..9).for_each(|_| sums.add(AnomalyClass::Normal, 1.0, true));
        sums.add(AnomalyClass::Pain, 3.0, false);
        assert_eq!((sums.loss(), sums.accuracy()), (2.0, 0.5));
        assert_eq!(sums.recall(), [(AnomalyClass::Normal, 1.0), (AnomalyClass::Pain, 0.0)]);
    }

    /// Finds the losses of a list, one after the other, of which the first few are provisional; counts what it kept.
    struct Listed {
        losses: Vec<f32>,
        provisional: usize,
        validated: usize,
        kept: Vec<usize>,
    }

    impl Trainer for Listed {
        type Error = crate::job::Cancelled;

        fn step(&mut self, _step: u64) -> Result<f32, Self::Error> {
            Ok(0.0)
        }

        fn validate(&mut self) -> Result<ValidationSums, Self::Error> {
            let mut sums = ValidationSums::default();
            sums.add(AnomalyClass::Normal, self.losses[self.validated], true);
            self.validated += 1;
            Ok(sums)
        }

        fn is_provisional(&self) -> bool {
            self.validated <= self.provisional
        }

        fn keep(&mut self) -> Result<(), Self::Error> {
            self.kept.push(self.validated);
            Ok(())
        }

        fn checkpoint(&mut self, _progress: &StageProgress) -> Result<(), Self::Error> {
            Ok(())
        }
    }

    #[test]
    fn what_is_found_on_the_way_is_neither_kept_nor_taken_for_a_standstill() {
        let losses = vec![0.1, 0.2, 0.3, 0.9, 0.8, 0.85, 0.9, 0.7];
        let mut trainer = Listed { losses, provisional: 3, validated: 0, kept: Vec::new() };
        let recipe = StageRecipe { steps: 8, batch: 1, learning_rate: 0.1, warm_up: 0, validate_every: 1, patience: 2 };
        let (begun, never) = (StageProgress::default(), CancelToken::default());
        let ended = run_stage(&mut trainer, Stage::Picture, &recipe, 0, begun, &never, &|_| {}).unwrap();
        assert_eq!((trainer.kept, trainer.validated), (vec![4, 5], 7));
        assert_eq!((ended.best_step, ended.best_loss), (5, Some(0.8)));
    }
}
