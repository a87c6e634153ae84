//! The temporal head, trained on the cached features of every clip.
//!
//! An example is a window of T steps from one clip. Now and then one modality is taken away, so that a silent clip or
//! a sound file still means something; sound is never taken away from what only sound can tell.

use std::path::PathBuf;

use candle_core::{D, Device, Tensor};
use candle_nn::VarMap;
use fastrand::Rng;

use super::calibration::ScoredSteps;
use super::checkpoint::{self, write_variables};
use super::error::TrainingError;
use super::features::ClipFeatures;
use super::optimizer::{AdamW, AdamWSettings, learning_rate};
use super::progress::{StagePlan, StageProgress, Trainer, ValidationSums};
use super::recipe::StageRecipe;
use super::sampler::Sampler;
use crate::analysis::scores::{ClipScores, clip_scores};
use crate::analysis::windows::WindowMean;
use crate::classes::{AnomalyClass, CLASS_COUNT};
use crate::model::head::{Config, Head};
use crate::model::layers::Mode;
use crate::model::loss::{self, LabelOptions};
use crate::model::{WeightSource, Weights};

/// How often an example loses its sound, and its pictures.
const MODALITY_DROPOUT: f32 = 0.15;
/// Noise on the features, as a share of each one's own size. Each has one over the whole window: what does not move
/// must not seem to.
const FEATURE_NOISE: f32 = 0.1;
const LABEL_SMOOTHING: f64 = 0.05;

/// Normal life comes more often than any event, as it does outside.
const SHARES: [(AnomalyClass, f32); 2] = [(AnomalyClass::Normal, 0.35), (AnomalyClass::Brawling, 0.1)];

/// The steps of one clip at which one class holds.
struct Moments {
    clip: usize,
    steps: Vec<usize>,
}

/// Trains a head of any shape.
pub struct HeadTrainer<'a> {
    training: Vec<&'a ClipFeatures>,
    validation: Vec<&'a ClipFeatures>,
    sampler: Sampler<Moments>,
    head: Head,
    config: Config,
    variables: VarMap,
    optimizer: AdamW,
    recipe: StageRecipe,
    window_steps: usize,
    seed: u64,
    folder: PathBuf,
    device: Device,
}

impl<'a> HeadTrainer<'a> {
    pub fn new(
        training: Vec<&'a ClipFeatures>,
        validation: Vec<&'a ClipFeatures>,
        config: &Config,
        window_steps: usize,
        plan: StagePlan,
    ) -> Result<HeadTrainer<'a>, TrainingError> {
        let StagePlan { recipe, seed, folder, device } = plan;
        if training.is_empty() || validation.is_empty() {
            return Err(TrainingError::NothingToTrainOn("there is no clip for training or for validation".to_owned()));
        }
        let moments = training.iter().enumerate().flat_map(|(index, clip)| {
            AnomalyClass::ALL.into_iter().filter_map(move |class| {
                let holds = |step: &usize| clip.classes[*step] == Some(class);
                let steps: Vec<usize> = (0..clip.classes.len()).filter(holds).collect();
                (!steps.is_empty()).then_some((class, clip.source, Moments { clip: index, steps }))
            })
        });
        let sampler = Sampler::new(moments);
        let variables = VarMap::new();
        let weights = Weights::open(&WeightSource::Untrained { seed }, device)?.trainable(&variables);
        let head = Head::new(config, &weights)?;
        let optimizer = AdamW::new(&variables, AdamWSettings { weight_decay: 0.05, ..AdamWSettings::default() });
        Ok(HeadTrainer {
            training,
            validation,
            sampler,
            head,
            config: config.clone(),
            variables,
            optimizer,
            recipe: recipe.clone(),
            window_steps,
            seed,
            folder: folder.to_owned(),
            device: device.device().clone(),
        })
    }

    /// Goes on from the checkpoint, where there is one.
    pub fn resume(&mut self) -> Result<(u64, StageProgress), TrainingError> {
        let progress = checkpoint::load(&self.checkpoint_path(), &mut self.optimizer)?;
        Ok((self.optimizer.steps(), progress.unwrap_or_default()))
    }

    /// Where the best weights lie.
    pub fn weights_path(&self) -> PathBuf {
        self.folder.join("head.safetensors")
    }

    fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("head.checkpoint")
    }

    /// The loss of the examples of `step`, which are a function of the seed and the step alone.
    fn loss(&self, step: u64) -> Result<Tensor, TrainingError> {
        let mut rng = Rng::with_seed(self.seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (steps, batch) = (self.window_steps, self.recipe.batch);
        let (mut picture, mut sound) = (Vec::new(), Vec::new());
        let (mut labels, mut weights) = (Vec::new(), Vec::new());
        for _ in 0..batch {
            let moments = self.sampler.draw_any(&SHARES, &mut rng);
            let at = moments.steps[rng.usize(0..moments.steps.len())];
            let clip = self.training[moments.clip];
            let first =
                (at as i64 - rng.i64(0..steps as i64)).clamp(0, clip.len().saturating_sub(steps) as i64) as usize;
            let only_heard =
                |class: &Option<AnomalyClass>| matches!(class, Some(AnomalyClass::PoliceSiren | AnomalyClass::BabyCry));
            let window = &clip.classes[first..clip.len().min(first + steps)];
            let (loses_sound, loses_picture) = match rng.f32() {
                share if share < MODALITY_DROPOUT => (!window.iter().any(only_heard), false),
                share if share < 2.0 * MODALITY_DROPOUT => (false, true),
                _ => (false, false),
            };
            // A clip with one modality keeps it.
            let has = |features: &Vec<f32>| !features.is_empty();
            let keeps_sound = has(&clip.sound) && !(loses_sound && has(&clip.picture));
            let keeps_picture = has(&clip.picture) && !(loses_picture && has(&clip.sound));
            let (dv, da) = (self.config.picture_width, self.config.sound_width);
            append(&mut picture, keeps_picture.then_some(&clip.picture), dv, first, steps, &mut rng);
            append(&mut sound, keeps_sound.then_some(&clip.sound), da, first, steps, &mut rng);
            for step in first..first + steps {
                let class = clip.classes.get(step).copied().flatten();
                labels.push(class.map_or(AnomalyClass::Normal, |class| class).index() as u32);
                weights.push(if class.is_some() { 1.0f32 } else { 0.0 });
            }
        }
        let picture = Tensor::from_vec(picture, (batch, steps, self.config.picture_width), &self.device)?;
        let sound = Tensor::from_vec(sound, (batch, steps, self.config.sound_width), &self.device)?;
        let labels = Tensor::from_vec(labels, (batch, steps), &self.device)?;
        let weights = Tensor::from_vec(weights, (batch, steps), &self.device)?;
        let stages = self.head.forward(&picture, &sound, Mode::Training { seed: self.seed ^ step })?;
        let options = LabelOptions { class_weights: None, smoothing: LABEL_SMOOTHING };
        Ok(loss::multi_stage(&stages, &labels, Some(&weights), &options)?)
    }

    /// Takes the best weights in place of the latest.
    pub fn return_to_best(&mut self) -> Result<(), TrainingError> {
        let best = checkpoint::read_tensors(&self.weights_path())?;
        let variables = self.variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for (name, variable) in variables.iter() {
            let tensor = best.get(name).ok_or_else(|| TrainingError::CheckpointLacks(name.clone()))?;
            variable.set(&tensor.to_device(&self.device)?)?;
        }
        Ok(())
    }

    /// What the validation clips are, and the class probabilities of their steps.
    pub fn validation_scores(&self) -> Result<Vec<ScoredSteps>, TrainingError> {
        self.validation.iter().map(|clip| Ok((clip.label, self.step_scores(clip)?))).collect()
    }

    /// Class probabilities of every step of a clip, from overlapping windows as in analysis.
    pub fn step_scores(&self, clip: &ClipFeatures) -> Result<Vec<[f32; CLASS_COUNT]>, TrainingError> {
        step_scores(&self.head, &self.config, self.window_steps, clip, &self.device)
    }
}

/// As [`HeadTrainer::step_scores`], of any head.
pub fn step_scores(
    head: &Head,
    config: &Config,
    window_steps: usize,
    clip: &ClipFeatures,
    device: &Device,
) -> Result<Vec<[f32; CLASS_COUNT]>, TrainingError> {
    let mut mean = WindowMean::<CLASS_COUNT>::new(clip.len(), window_steps, 0);
    let mut scores = Vec::with_capacity(clip.len());
    while let Some(window) = mean.next_ready(clip.len()) {
        let rows = |features: &[f32], width: usize| match features.is_empty() {
            true => vec![0.0; window.len() * width],
            false => features[window.start * width..window.end * width].to_vec(),
        };
        let tensor =
            |features: &[f32], width: usize| Tensor::from_vec(rows(features, width), (1, window.len(), width), device);
        let picture = tensor(&clip.picture, config.picture_width)?;
        let sound = tensor(&clip.sound, config.sound_width)?;
        let stages = head.forward(&picture, &sound, Mode::Inference)?;
        let Some(logits) = stages.last() else { break };
        let rows = candle_nn::ops::softmax(&logits.detach(), D::Minus1)?.flatten_all()?.to_vec1::<f32>()?;
        scores.extend(mean.add(rows.as_chunks::<CLASS_COUNT>().0));
    }
    Ok(scores)
}

/// Adds `steps` rows from `first` on, noisy; zeros where there are none or the modality is gone.
fn append(rows: &mut Vec<f32>, features: Option<&Vec<f32>>, width: usize, first: usize, steps: usize, rng: &mut Rng) {
    let start = rows.len();
    if let Some(features) = features {
        let last = ((first + steps) * width).min(features.len());
        let gains: Vec<f32> = (0..width).map(|_| 1.0 + FEATURE_NOISE * (rng.f32() + rng.f32() - 1.0)).collect();
        let window = features[first * width..last].chunks_exact(width);
        rows.extend(window.flat_map(|row| row.iter().zip(&gains).map(|(value, gain)| value * gain)));
    }
    rows.resize(start + steps * width, 0.0);
}

impl Trainer for HeadTrainer<'_> {
    type Error = TrainingError;

    fn step(&mut self, step: u64) -> Result<f32, TrainingError> {
        let loss = self.loss(step)?;
        let rate = learning_rate(self.recipe.learning_rate, step, self.recipe.warm_up, self.recipe.steps);
        let gradients = loss.backward()?;
        self.optimizer.step(&gradients, rate)?;
        Ok(loss.to_scalar()?)
    }

    /// Mean over the validation clips of `-log` of the clip's score of its class, and the share of clips that are
    /// called what they are; each class weighs the same.
    fn validate(&mut self) -> Result<ValidationSums, TrainingError> {
        let mut sums = ValidationSums::default();
        for clip in &self.validation {
            let ClipScores { scores, predicted } = clip_scores(&self.step_scores(clip)?);
            sums.add(clip.label, -scores[clip.label.index()].max(1e-6).ln(), predicted == clip.label);
        }
        Ok(sums)
    }

    fn keep(&mut self) -> Result<(), TrainingError> {
        write_variables(&self.weights_path(), &self.variables)
    }

    fn checkpoint(&mut self, progress: &StageProgress) -> Result<(), TrainingError> {
        checkpoint::save(&self.checkpoint_path(), &self.optimizer, progress)
    }
}
