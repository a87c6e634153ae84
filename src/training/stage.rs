//! How a stage is run: steps down the gradient, validations, early stopping, checkpoints. What a stage learns from is its
//! own file's.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use candle_core::Tensor;
use candle_nn::VarMap;
use serde::{Deserialize, Serialize};

use super::checkpoint;
use super::error::TrainingError;
use super::optimizer::{AdamW, AdamWSettings, learning_rate};
use super::progress::{Listen, Stage, TrainingEvent};
use super::recipe::StageRecipe;
use avar_base::job::CancelToken;
use avar_labels::{AnomalyClass, CLASS_COUNT};
use avar_model::ComputeDevice;

/// How a stage is run, and where.
#[derive(Clone, Copy)]
pub struct StagePlan<'a> {
    /// Names the files of the stage.
    pub stage: Stage,
    /// How many steps, how large, and when to stop.
    pub recipe: &'a StageRecipe,
    /// Of first weights and examples.
    pub seed: u64,
    /// Best weights and checkpoint go here.
    pub folder: &'a Path,
    /// Where the network is trained.
    pub device: &'a ComputeDevice,
}

/// How far a stage has come; saved with every checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageProgress {
    /// [`super::Recipe::digest_of_stage`] of the recipe that the stage began with; empty before it has begun.
    pub recipe_sha256: String,
    /// The lowest validation loss; `None` before a validation that counts.
    pub best_loss: Option<f32>,
    /// Steps that had been taken then; 0 before.
    pub best_step: u64,
    /// Validations that counted since then.
    pub stale_validations: usize,
    /// Whether the stage ran out of steps or of patience.
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
    /// Counts one validation example of `class`.
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

    /// Share of hits of each class that has examples, in their order.
    pub fn recall(&self) -> Vec<(AnomalyClass, f32)> {
        let present = AnomalyClass::ALL.into_iter().zip(self.of_class).filter(|(_, (_, _, weight))| *weight > 0.0);
        present.map(|(class, (_, hits, weight))| (class, (hits / weight) as f32)).collect()
    }

    fn mean_over_classes(&self, value: impl Fn((f64, f64, f64)) -> f64) -> f32 {
        let present: Vec<_> = self.of_class.into_iter().filter(|(_, _, weight)| *weight > 0.0).collect();
        (present.iter().map(|sums| value(*sums)).sum::<f64>() / present.len().max(1) as f64) as f32
    }
}

/// What every stage has: variables, the optimizer that moves them along the recipe's schedule, and the files in which
/// they are kept.
pub struct OptimizerStep {
    stage: Stage,
    variables: VarMap,
    optimizer: AdamW,
    recipe: StageRecipe,
    best: PathBuf,
    checkpoint: PathBuf,
}

impl OptimizerStep {
    /// With `variables` as they are now, and no step taken.
    pub fn new(plan: &StagePlan, variables: &VarMap, settings: AdamWSettings) -> OptimizerStep {
        OptimizerStep {
            stage: plan.stage,
            variables: variables.clone(),
            optimizer: AdamW::new(variables, settings),
            recipe: plan.recipe.clone(),
            best: best_path(plan.folder, plan.stage),
            checkpoint: checkpoint_path(plan.folder, plan.stage),
        }
    }

    /// The stage whose variables these are.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// How many steps, how large, and when to stop.
    pub fn recipe(&self) -> &StageRecipe {
        &self.recipe
    }

    /// Steps that were taken so far.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Goes on from the checkpoint, where there is one.
    pub fn resume(&mut self) -> Result<StageProgress, TrainingError> {
        Ok(checkpoint::load(&self.checkpoint, &mut self.optimizer)?.unwrap_or_default())
    }

    /// Takes the best weights in place of the latest.
    pub fn return_to_best(&self) -> Result<(), TrainingError> {
        let best = checkpoint::read_tensors(&self.best)?;
        let variables = self.variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (name, variable) in variables.iter() {
            let tensor = best.get(name).ok_or_else(|| TrainingError::CheckpointLacks(name.clone()))?;
            variable.set(&tensor.to_device(variable.device())?)?;
        }
        Ok(())
    }

    /// Takes one step down the gradient of `loss`, and returns it.
    fn step(&mut self, loss: &Tensor) -> Result<f32, TrainingError> {
        let StageRecipe { learning_rate: highest, warm_up, steps, .. } = self.recipe;
        let rate = learning_rate(highest, self.steps(), warm_up, steps);
        self.optimizer.step(&loss.backward()?, rate)?;
        Ok(loss.to_scalar()?)
    }

    fn keep_as_best(&self) -> Result<(), TrainingError> {
        checkpoint::write_variables(&self.best, &self.variables)
    }

    fn keep(&self, progress: &StageProgress) -> Result<(), TrainingError> {
        checkpoint::save(&self.checkpoint, &self.optimizer, progress)
    }
}

/// Where the best weights of `stage` lie in the folder of a training.
pub fn best_path(folder: &Path, stage: Stage) -> PathBuf {
    folder.join(format!("{}.safetensors", stage.name()))
}

/// Where `stage` goes on from.
pub fn checkpoint_path(folder: &Path, stage: Stage) -> PathBuf {
    folder.join(format!("{}.checkpoint", stage.name()))
}

/// What a stage's own file does.
pub trait Trainer {
    /// Its variables and what moves them.
    fn descent(&mut self) -> &mut OptimizerStep;

    /// The loss of the examples of `step`, which are a function of the seed and the step alone.
    fn loss(&self, step: u64) -> Result<Tensor, TrainingError>;

    /// Judges the validation examples with the weights as they are now.
    fn validate(&self) -> Result<ValidationSums, TrainingError>;

    /// Whether the latest steps only led up to those that the stage is for: what is found after them is told, but
    /// neither kept as the best nor counted against patience.
    fn is_provisional(&self) -> bool {
        false
    }
}

/// What a stop may cost that comes without warning.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

/// Runs a stage to its end: validations, early stopping, checkpoints. One that is cancelled loses nothing.
pub fn run_stage(
    trainer: &mut impl Trainer,
    mut progress: StageProgress,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<StageProgress, TrainingError> {
    let descent = trainer.descent();
    let (stage, recipe, mut step) = (descent.stage, descent.recipe.clone(), descent.steps());
    let seconds_before = progress.seconds;
    let clock = Instant::now();
    let mut kept_at = Instant::now();
    let (mut losses, mut count) = (0f64, 0u32);
    while !progress.is_finished {
        let stop = cancel.check();
        if stop.is_err() || kept_at.elapsed() >= CHECKPOINT_EVERY {
            progress.seconds = seconds_before + clock.elapsed().as_secs_f64();
            trainer.descent().keep(&progress)?;
            kept_at = Instant::now();
        }
        stop?;
        if step < recipe.steps {
            let loss = trainer.loss(step)?;
            losses += f64::from(trainer.descent().step(&loss)?);
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
            trainer.descent().keep_as_best()?;
            progress =
                StageProgress { best_loss: Some(validation_loss), best_step: step, stale_validations: 0, ..progress };
        } else if !is_provisional {
            progress.stale_validations += 1;
        }
        progress.is_finished = is_last || progress.stale_validations >= recipe.patience;
        progress.seconds = seconds_before + clock.elapsed().as_secs_f64();
        trainer.descent().keep(&progress)?;
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

    /// Finds the losses of a list, one after each step, of which the first few are provisional.
    struct Listed {
        descent: OptimizerStep,
        losses: Vec<f32>,
        provisional: u64,
    }

    impl Trainer for Listed {
        fn descent(&mut self) -> &mut OptimizerStep {
            &mut self.descent
        }

        fn loss(&self, _step: u64) -> Result<Tensor, TrainingError> {
            Ok(Tensor::new(0f32, &candle_core::Device::Cpu)?)
        }

        fn validate(&self) -> Result<ValidationSums, TrainingError> {
            let mut sums = ValidationSums::default();
            sums.add(AnomalyClass::Normal, self.losses[self.descent.steps() as usize - 1], true);
            Ok(sums)
        }

        fn is_provisional(&self) -> bool {
            self.descent.steps() <= self.provisional
        }
    }

    #[test]
    fn what_is_found_on_the_way_is_neither_kept_nor_taken_for_a_standstill() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = StageRecipe { steps: 8, batch: 1, learning_rate: 0.1, warm_up: 0, validate_every: 1, patience: 2 };
        let device = ComputeDevice::cpu();
        let plan =
            StagePlan { stage: Stage::Picture, recipe: &recipe, seed: 1, folder: folder.path(), device: &device };
        let descent = OptimizerStep::new(&plan, &VarMap::new(), AdamWSettings::default());
        let losses = vec![0.1, 0.2, 0.3, 0.9, 0.8, 0.85, 0.9, 0.7];
        let mut trainer = Listed { descent, losses, provisional: 3 };
        let heard = std::sync::Mutex::new(Vec::new());
        let listen = |event: TrainingEvent| {
            if let TrainingEvent::Validation { step, is_best: true, .. } = event {
                heard.lock().unwrap().push(step);
            }
        };
        let begun = StageProgress::default();
        let ended = run_stage(&mut trainer, begun, &CancelToken::default(), &listen).unwrap();
        assert_eq!(heard.into_inner().unwrap(), [4, 5]);
        assert_eq!((ended.best_step, ended.best_loss, trainer.descent.steps()), (5, Some(0.8), 7));
    }
}
