//! The sound network: trained to tell at each quarter of a second which of the ten classes is heard, and, where a
//! teacher is given, to say what the teacher says of the same sound. Its convolutions are also asked for the spectrum
//! of every token: a target for each 20 ms, where a label holds for a quarter of a second.
//!
//! An example is [`TOKENS`] tokens (3.84 s) of one clip, mixed with other sound, narrowed and bent at random. Labels
//! hold for groups of [`STEP_TOKENS`] tokens; a teacher's patch (0.96 s, one each 0.48 s) for the tokens that it spans.
//! The teacher heard the clip as it is: the student has to hear the same through whatever was done to it.

use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use fastrand::Rng;

use super::augment::{at_speed, low_pass, mix};
use super::error::TrainingError;
use super::optimizer::AdamWSettings;
use super::sampler::Sampler;
use super::stage::{OptimizerStep, StagePlan, Trainer, ValidationSums};
use avar_base::time::MediaTime;
use avar_compose::effects::power;
use avar_dataset::Clip;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};
use avar_model::layers::Linear;
use avar_model::loss::{self, LabelOptions};
use avar_model::seeded::Init;
use avar_model::teachers::mel::{self, LogMel};
use avar_model::wav2vec2::{Config, SAMPLE_RATE_HZ, TOKEN_FIELD, TOKEN_HOP, Wav2Vec2, normalise_utterance};
use avar_model::{ComputeDevice, ModelError, WeightSource, Weights};

/// Tokens of one example.
pub const TOKENS: usize = 192;
/// Tokens that share a label: 0.24 s.
pub const STEP_TOKENS: usize = 12;
/// Tokens of a teacher's patch, and from one patch to the next.
const PATCH_TOKENS: usize = 48;
const PATCH_HOP_TOKENS: usize = 24;
const STEPS: usize = TOKENS / STEP_TOKENS;
const PATCHES: usize = (TOKENS - PATCH_TOKENS) / PATCH_HOP_TOKENS + 1;
const SAMPLES: usize = (TOKENS - 1) * TOKEN_HOP + TOKEN_FIELD;
const STEP_SAMPLES: usize = STEP_TOKENS * TOKEN_HOP;
const PATCH_HOP_SAMPLES: usize = PATCH_HOP_TOKENS * TOKEN_HOP;

/// What a teacher said of one clip: a row for each patch.
#[derive(Clone, Debug, Default)]
pub struct TeacherRows {
    /// Patches x scores, in 0..1.
    pub scores: Vec<f32>,
    /// Scores of a patch: of YAMNet 521.
    pub score_count: usize,
    /// Patches x width.
    pub embeddings: Vec<f32>,
    /// Length of an embedding: of YAMNet 1024.
    pub width: usize,
}

impl TeacherRows {
    fn count(&self) -> usize {
        self.scores.len().checked_div(self.score_count).unwrap_or(0)
    }
}

/// One clip's sound.
pub struct SoundItem {
    /// 16 kHz mono.
    pub samples: Vec<i16>,
    /// The class of each [`STEP_TOKENS`] tokens; `None` where what shows is none of the ten.
    pub classes: Vec<Option<AnomalyClass>>,
    /// What is heard in it: normal where its class shows in the picture alone.
    pub label: AnomalyClass,
    /// Position of the dataset; clips are drawn evenly from the datasets that have a class.
    pub source: usize,
    /// `None` without a teacher.
    pub teacher: Option<TeacherRows>,
}

impl SoundItem {
    /// `start`: the time of the first sample. A clip shorter than an example is heard over and over: silence at its
    /// end would tell its class by its length.
    pub fn new(clip: &Clip, start: MediaTime, samples: Vec<i16>, source: usize) -> SoundItem {
        let length = samples.len().max(1);
        let steps = length.max(SAMPLES) / STEP_SAMPLES + 1;
        let class_of = |step: usize| {
            let sample = (step * STEP_SAMPLES + STEP_SAMPLES / 2) % length;
            clip.class_heard_at(start + MediaTime::from_seconds(sample as f64 / f64::from(SAMPLE_RATE_HZ)))
        };
        let classes = (0..steps).map(class_of).collect();
        let samples = match samples.is_empty() {
            true => vec![0; SAMPLES],
            false => samples.iter().copied().cycle().take(samples.len().max(SAMPLES)).collect(),
        };
        // Filed under what is heard: everyday life where the class shows in the picture alone.
        let label = if clip.shown_in.is_told_by(false, true) { clip.label } else { AnomalyClass::Normal };
        SoundItem { samples, classes, label, source, teacher: None }
    }
}

/// Normal life, and sirens and cries, which only the sound tells, come more often than the rest.
const SHARES: [(AnomalyClass, f32); 3] =
    [(AnomalyClass::Normal, 0.22), (AnomalyClass::PoliceSiren, 0.05), (AnomalyClass::BabyCry, 0.1)];

/// The network with what is needed only to train it.
struct Student {
    network: Wav2Vec2,
    steps: Linear,
    spectrum: Linear,
    teacher_scores: Linear,
    teacher_embedding: Linear,
    variables: VarMap,
}

impl Student {
    fn new(config: &Config, widths: (usize, usize), seed: u64, device: &ComputeDevice) -> Result<Student, ModelError> {
        let variables = VarMap::new();
        let weights = Weights::open(&WeightSource::Untrained { seed }, device)?.trainable(&variables);
        let network = Wav2Vec2::new(config, &weights)?;
        shrink_branches(&variables)?;
        let linear = |inputs, outputs, name| Linear::new(inputs, outputs, Init::linear(inputs), &weights.at(name));
        Ok(Student {
            network,
            steps: linear(config.width, CLASS_COUNT, "training.steps")?,
            spectrum: linear(config.channels, mel::BANDS, "training.spectrum")?,
            teacher_scores: linear(config.width, widths.0, "training.teacher_scores")?,
            teacher_embedding: linear(config.width, widths.1, "training.teacher_embedding")?,
            variables,
        })
    }
}

/// Lets every layer of the transformer begin close to what it is given: with norms after the sums, layers that begin
/// at full strength soon give the same token for every sound, and stay there.
fn shrink_branches(variables: &VarMap) -> Result<(), ModelError> {
    let variables = variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let ends_branch =
        |name: &str| ["attention.out_proj.weight", "output_dense.weight"].iter().any(|end| name.ends_with(end));
    for (_, variable) in variables.iter().filter(|(name, _)| ends_branch(name)) {
        variable.set(&(variable.as_tensor() * BRANCH_SHARE)?)?;
    }
    Ok(())
}

/// Trains the sound network on `items`.
pub struct SoundTrainer {
    training: Vec<SoundItem>,
    validation: Vec<SoundItem>,
    /// Positions in `training`.
    sampler: Sampler<usize>,
    student: Student,
    front: LogMel,
    descent: OptimizerStep,
    seed: u64,
    device: Device,
}

/// What is left of each branch of the transformer at the start.
const BRANCH_SHARE: f64 = 0.1;
/// Share of the spectrum in the loss.
const SPECTRUM_SHARE: f64 = 1.0;
/// Share of the teacher's scores and of its embeddings in the loss. Scores are nearly all close to zero, so that
/// their mean over 521 of them is small beside the others.
const SCORES_SHARE: f64 = 20.0;
const EMBEDDING_SHARE: f64 = 3.0;
const LABEL_SMOOTHING: f64 = 0.05;

impl SoundTrainer {
    /// A network of shape `config` with weights drawn from the plan's seed. An error where there is no clip for
    /// training or none for validation.
    pub fn new(
        training: Vec<SoundItem>,
        validation: Vec<SoundItem>,
        config: &Config,
        plan: StagePlan,
    ) -> Result<SoundTrainer, TrainingError> {
        let StagePlan { seed, device, .. } = plan;
        if training.is_empty() || validation.is_empty() {
            return Err(TrainingError::NothingToTrainOn("no clip for training or validation has sound".to_owned()));
        }
        let taught = training.iter().find_map(|item| item.teacher.as_ref());
        let widths = taught.map_or((1, 1), |rows| (rows.score_count, rows.width));
        let student = Student::new(config, widths, seed, device)?;
        let descent = OptimizerStep::new(&plan, &student.variables, AdamWSettings::default());
        let sampler = Sampler::new(training.iter().enumerate().map(|(index, item)| (item.label, item.source, index)));
        Ok(SoundTrainer {
            training,
            validation,
            sampler,
            student,
            front: LogMel::new(device.device())?,
            descent,
            seed,
            device: device.device().clone(),
        })
    }

    /// The examples of one step: a function of the seed and the step alone.
    fn batch(&self, step: u64) -> Batch {
        let mut rng = Rng::with_seed(self.seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut batch = Batch::default();
        for _ in 0..self.descent.recipe().batch {
            let item = &self.training[*self.sampler.draw_any(&SHARES, &mut rng)];
            let start = first_patch(item, &mut rng);
            let mut samples = crop(item, start, &mut rng);
            if rng.bool() {
                let normal = self.sampler.draw(AnomalyClass::Normal, &mut rng);
                if let Some(other) = normal.map(|index| &self.training[*index]) {
                    let start = first_patch(other, &mut rng);
                    mix(&mut samples, &crop(other, start, &mut rng), 3.0 + 22.0 * rng.f32());
                }
            }
            if rng.f32() < 0.35 {
                let octaves = rng.f32() * 1.5;
                low_pass(&mut samples, 7000.0 / octaves.exp2(), SAMPLE_RATE_HZ as f32);
            }
            if rng.f32() < 0.3 {
                let level = power(&samples).sqrt() * 10f32.powf(-0.5 - 2.0 * rng.f32());
                samples.iter_mut().for_each(|sample| *sample += level * (rng.f32() * 2.0 - 1.0) * 1.7);
            }
            // A recording may begin or end within what the network is given.
            if rng.f32() < 0.15 {
                let silent = rng.usize(0..SAMPLES / 3);
                let from = if rng.bool() { 0 } else { SAMPLES - silent };
                samples[from..from + silent].fill(0.0);
            }
            batch.push(samples, item, start);
        }
        batch
    }

    /// Loss of a batch; with the labels' share alone where `teach` is false. And the logits of the steps.
    fn loss_of(&self, batch: &Batch, teach: bool) -> Result<(Tensor, Tensor), TrainingError> {
        let count = batch.count;
        let samples = Tensor::from_slice(&batch.samples, (count, SAMPLES), &self.device)?;
        let stages = self.student.network.forward_stages(&samples)?;
        let (Some(features), Some(tokens)) = (stages.convolutions.last(), stages.hidden.last()) else {
            return Err(ModelError::Config("the sound network has no layers".to_owned()).into());
        };
        let width = tokens.dim(2)?;
        let steps = tokens.reshape((count * STEPS, STEP_TOKENS, width))?.mean(1)?;
        let none = avar_kernels::Activation::None;
        let logits = self.student.steps.forward(&steps, none)?;
        let labels = Tensor::from_slice(&batch.labels, count * STEPS, &self.device)?;
        let weights = Tensor::from_slice(&batch.label_weights, count * STEPS, &self.device)?;
        let options = LabelOptions { class_weights: None, smoothing: if teach { LABEL_SMOOTHING } else { 0.0 } };
        let mut loss = loss::cross_entropy(&logits, &labels, Some(&weights), &options)?;
        if teach {
            let spectrum = self.student.spectrum.forward(features, none)?;
            loss = (loss + ((spectrum - self.spectrum(&samples)?)?.sqr()?.mean_all()? * SPECTRUM_SHARE)?)?;
        }
        if teach && !batch.taught.is_empty() {
            // Half-patches, then the mean of each two neighbours: patches overlap by half.
            let halves = tokens.reshape((count, PATCHES + 1, PATCH_HOP_TOKENS, width))?.mean(2)?;
            let patches = ((halves.narrow(1, 0, PATCHES)? + halves.narrow(1, 1, PATCHES)?)? * 0.5)?;
            let taught = Tensor::from_slice(&batch.taught, batch.taught.len(), &self.device)?;
            let patches = patches.contiguous()?.reshape((count * PATCHES, width))?.index_select(&taught, 0)?;
            let rows = batch.taught.len();
            let scores = Tensor::from_slice(&batch.scores, (rows, batch.scores.len() / rows), &self.device)?;
            let embeddings =
                Tensor::from_slice(&batch.embeddings, (rows, batch.embeddings.len() / rows), &self.device)?;
            let said = self.student.teacher_scores.forward(&patches, none)?;
            let meant = self.student.teacher_embedding.forward(&patches, none)?;
            let by_scores = (loss::soft_binary_cross_entropy(&said, &scores)? * SCORES_SHARE)?;
            let by_embeddings = (loss::cosine_distance(&meant, &embeddings)? * EMBEDDING_SHARE)?;
            loss = ((loss + by_scores)? + by_embeddings)?;
        }
        Ok((loss, logits))
    }

    /// `[B, N]` -> `[B, T, bands]`: a log-mel frame for each token, of the same 25 ms; each example brought to mean 0
    /// and variance 1.
    fn spectrum(&self, samples: &Tensor) -> Result<Tensor, TrainingError> {
        const { assert!(mel::FRAME_SAMPLES == TOKEN_FIELD) };
        let frames = self.front.frames(samples, TOKEN_HOP)?;
        let centred = frames.broadcast_sub(&frames.mean_keepdim((1, 2))?)?;
        let deviation = (centred.sqr()?.mean_keepdim((1, 2))?.sqrt()? + 1e-3)?;
        Ok(centred.broadcast_div(&deviation)?)
    }
}

impl Trainer for SoundTrainer {
    fn descent(&mut self) -> &mut OptimizerStep {
        &mut self.descent
    }

    fn loss(&self, step: u64) -> Result<Tensor, TrainingError> {
        Ok(self.loss_of(&self.batch(step), true)?.0)
    }

    /// The middle of every validation clip: the loss of its labels, and whether the most likely class of all steps
    /// together is the one that holds for most of them.
    fn validate(&self) -> Result<ValidationSums, TrainingError> {
        let mut sums = ValidationSums::default();
        for items in self.validation.chunks(self.descent.recipe().batch) {
            let mut batch = Batch::default();
            for item in items {
                let patches = item.samples.len() / PATCH_HOP_SAMPLES;
                let start = (patches / 2).saturating_sub(PATCHES / 2);
                batch.push(cut(item, start, 1.0), item, start);
            }
            let (_, logits) = self.loss_of(&batch, false)?;
            let log_p = candle_nn::ops::log_softmax(&logits.detach(), 1)?.to_vec2::<f32>()?;
            for index in 0..items.len() {
                let steps = index * STEPS..(index + 1) * STEPS;
                let mut totals = [0f32; CLASS_COUNT];
                let (mut loss, mut weight) = (0.0, 0.0);
                for step in steps.clone() {
                    totals.iter_mut().zip(&log_p[step]).for_each(|(total, value)| *total += value);
                    loss -= log_p[step][batch.labels[step] as usize] * batch.label_weights[step];
                    weight += batch.label_weights[step];
                }
                let class = most_frequent(&batch.labels[steps]);
                sums.add(class, loss / f32::max(weight, 1.0), ClassScores(totals).top() == class);
            }
        }
        Ok(sums)
    }
}

/// What one step is computed from.
#[derive(Default)]
struct Batch {
    count: usize,
    /// Examples x [`SAMPLES`].
    samples: Vec<f32>,
    /// Examples x [`STEPS`].
    labels: Vec<u32>,
    label_weights: Vec<f32>,
    /// Positions, among examples x [`PATCHES`], of the patches that a teacher has heard, and what it said.
    taught: Vec<u32>,
    scores: Vec<f32>,
    embeddings: Vec<f32>,
}

impl Batch {
    /// `start`: the teacher's patch with which the example begins.
    fn push(&mut self, mut samples: Vec<f32>, item: &SoundItem, start: usize) {
        normalise_utterance(&mut samples);
        self.samples.extend(samples);
        let first = start * PATCH_HOP_TOKENS / STEP_TOKENS;
        for step in first..first + STEPS {
            let class = item.classes.get(step).copied().flatten();
            self.labels.push(class.map_or(AnomalyClass::Normal.index() as u32, |class| class.index() as u32));
            // Of what is none of the ten classes, and past the end, there is nothing to learn.
            self.label_weights.push(if class.is_some() { 1.0 } else { 1e-3 });
        }
        if let Some(rows) = &item.teacher {
            for patch in 0..PATCHES.min(rows.count().saturating_sub(start)) {
                let row = start + patch;
                self.taught.push((self.count * PATCHES + patch) as u32);
                self.scores.extend(&rows.scores[row * rows.score_count..(row + 1) * rows.score_count]);
                self.embeddings.extend(&rows.embeddings[row * rows.width..(row + 1) * rows.width]);
            }
        }
        self.count += 1;
    }
}

/// A place to begin, on the teacher's grid; more often than not one from which the clip's own class is heard.
fn first_patch(item: &SoundItem, rng: &mut Rng) -> usize {
    let last = (item.samples.len().saturating_sub(SAMPLES)) / PATCH_HOP_SAMPLES;
    let drawn = rng.usize(0..=last);
    if rng.f32() < 0.3 {
        return drawn;
    }
    let shows = |start: &usize| {
        let first = start * PATCH_HOP_TOKENS / STEP_TOKENS;
        let steps = item.classes.iter().skip(first).take(STEPS);
        steps.filter(|class| **class == Some(item.label)).count() >= STEPS / 3
    };
    (0..8).map(|_| rng.usize(0..=last)).find(shows).unwrap_or(drawn)
}

/// The example from `start` on, now and then faster or slower.
fn crop(item: &SoundItem, start: usize, rng: &mut Rng) -> Vec<f32> {
    let speed = if rng.f32() < 0.4 { 0.92 + 0.16 * rng.f32() } else { 1.0 };
    cut(item, start, speed)
}

/// Zeros past the end: the rest of a short clip is silence.
fn cut(item: &SoundItem, start: usize, speed: f32) -> Vec<f32> {
    let first = (start * PATCH_HOP_SAMPLES).min(item.samples.len());
    let last = (first + (SAMPLES as f32 * speed) as usize + 2).min(item.samples.len());
    let samples: Vec<f32> =
        item.samples[first..last].iter().map(|sample| f32::from(*sample) / f32::from(i16::MAX)).collect();
    at_speed(&samples, 0, SAMPLES, speed)
}

fn most_frequent(labels: &[u32]) -> AnomalyClass {
    let count = |class: AnomalyClass| labels.iter().filter(|label| **label as usize == class.index()).count();
    // Of equals an anomaly: half a clip of sirens is a clip of sirens.
    let most = AnomalyClass::ALL.into_iter().max_by_key(|class| (count(*class), class.is_anomaly()));
    most.unwrap_or(AnomalyClass::Normal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_dataset::Manifest;

    #[test]
    fn the_sound_of_what_only_the_picture_shows_is_everyday_life() {
        let text = b"path,label,shown_in\na.mp4,intruder,picture\nb.mp4,intruder,\n";
        let clips = Manifest::from_bytes(std::path::Path::new("m.csv"), text).unwrap().clips;
        for (clip, class) in clips.iter().zip([AnomalyClass::Normal, AnomalyClass::Intruder]) {
            let item = SoundItem::new(clip, MediaTime::ZERO, vec![0; SAMPLES], 0);
            assert_eq!(item.label, class);
            assert!(item.classes.iter().all(|heard| *heard == Some(class)));
        }
    }
}
