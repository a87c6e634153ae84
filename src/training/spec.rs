//! What to train, from what, where; and how its stages go on from their checkpoints.

use std::path::PathBuf;

use super::checkpoint;
use super::error::TrainingError;
use super::progress::{Listen, Stage};
use super::recipe::{Backbones, DataPlace, Recipe, StageRecipe};
use super::stage::{StagePlan, StageProgress, Trainer, checkpoint_path, run_stage};
use avar_analysis::DeviceChoice;
use avar_base::job::CancelToken;
use avar_model::{ComputeDevice, Preset};

/// What to train, from what, where.
#[derive(Clone, Debug)]
pub struct TrainingSpec {
    /// What makes the weights what they are.
    pub recipe: Recipe,
    /// Where the datasets are that the recipe names.
    pub places: Vec<DataPlace>,
    /// The folder of the teachers' files; needed where the recipe asks for teachers, or for backbones that they are.
    pub teachers: Option<PathBuf>,
    /// The full backbones; needed where the recipe wants those.
    pub backbone_weights: PathBuf,
    /// Checkpoints, cached features, the drawn corpus and the log.
    pub work: PathBuf,
    /// Where networks are trained and run.
    pub device: DeviceChoice,
}

impl TrainingSpec {
    pub(super) fn preset(&self) -> Preset {
        match self.recipe.backbones {
            Backbones::Lite => Preset::Lite,
            Backbones::Full => Preset::Full,
            Backbones::Real => Preset::Real,
        }
    }

    pub(super) fn compute_device(&self) -> Result<ComputeDevice, TrainingError> {
        Ok(ComputeDevice::from_name(self.device.name())?)
    }

    pub(super) fn plan<'a>(
        &'a self,
        stage: Stage,
        recipe: &'a StageRecipe,
        device: &'a ComputeDevice,
    ) -> StagePlan<'a> {
        StagePlan { stage, recipe, seed: self.recipe.seed, folder: &self.work, device }
    }

    /// The progress of a stage that an earlier run finished: its data need not be read again.
    pub(super) fn finished(&self, stage: Stage) -> Result<Option<StageProgress>, TrainingError> {
        let progress: Option<StageProgress> = checkpoint::progress(&checkpoint_path(&self.work, stage))?;
        if let Some(progress) = &progress {
            self.expect_same_recipe(stage, progress)?;
        }
        Ok(progress.filter(|progress| progress.is_finished))
    }

    /// Goes on from the stage's checkpoint, if it is this recipe's, and to the stage's end.
    pub(super) fn finish(
        &self,
        trainer: &mut impl Trainer,
        cancel: &CancelToken,
        listen: Listen,
    ) -> Result<StageProgress, TrainingError> {
        let stage = trainer.descent().stage();
        let mut progress = trainer.descent().resume()?;
        self.expect_same_recipe(stage, &progress)?;
        progress.recipe_sha256 = self.recipe.digest_of_stage(stage);
        run_stage(trainer, progress, cancel, listen)
    }

    fn expect_same_recipe(&self, stage: Stage, progress: &StageProgress) -> Result<(), TrainingError> {
        if progress.recipe_sha256.is_empty() || progress.recipe_sha256 == self.recipe.digest_of_stage(stage) {
            return Ok(());
        }
        let reason = format!("the {} was begun with another recipe", stage.label());
        Err(TrainingError::Checkpoint { reason, path: self.work.clone() })
    }
}
