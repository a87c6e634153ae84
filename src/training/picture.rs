//! The picture network: trained to tell from single frames which of the ten classes shows, and, where a teacher is
//! given, to see what the teacher sees.

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use candle_nn::VarMap;
use fastrand::Rng;
use rayon::prelude::*;

use super::augment::{plain_picture, varied_picture};
use super::checkpoint::{self, write_variables};
use super::error::TrainingError;
use super::optimizer::{AdamW, AdamWSettings, learning_rate};
use super::progress::{StagePlan, StageProgress, Trainer, ValidationSums};
use super::recipe::StageRecipe;
use super::sampler::FootageSampler;
use crate::analysis::StepGrid;
use crate::analysis::pictures::StepPictures;
use crate::classes::{AnomalyClass, CLASS_COUNT};
use crate::dataset::Clip;
use crate::job::CancelToken;
use crate::media::{OpenedMedia, VideoReader};
use crate::model::kernels::Activation;
use crate::model::layers::{Linear, Mode};
use crate::model::loss::{self, LabelOptions};
use crate::model::mobilevit::{Config, MobileVit};
use crate::model::seeded::Init;
use crate::model::{ComputeDevice, ModelError, WeightSource, Weights};

/// The frames of one clip.
pub struct PictureItem {
    /// Frames x height x width x 3, red first.
    pub rgb: Vec<u8>,
    /// The class that each frame shows.
    pub classes: Vec<Option<AnomalyClass>>,
    pub label: AnomalyClass,
    /// Position of the dataset.
    pub source: usize,
    /// What the teacher sees in each frame, frames x width; empty without a teacher.
    pub taught: Vec<f32>,
}

/// The frames of `clip` that are on screen at `frames_per_second`, at most `most`, scaled to `size_px`.
pub fn read_pictures(
    clip: &Clip,
    opened: &OpenedMedia,
    size_px: (u32, u32),
    frames_per_second: f64,
    most: usize,
    source: usize,
    cancel: &CancelToken,
) -> Result<Option<PictureItem>, TrainingError> {
    let Some(table) = &opened.frames else { return Ok(None) };
    let range = table.range();
    let frames_per_second = frames_per_second.min(most as f64 / range.duration_s().max(1e-3)).clamp(0.1, 50.0);
    let grid = StepGrid::new(range, frames_per_second)
        .map_err(|error| TrainingError::NothingToTrainOn(format!("{error}: {}", clip.file.display())))?;
    let mut pictures = StepPictures::new(VideoReader::open(&clip.file, Arc::clone(table))?, Arc::clone(table), size_px);
    let (mut rgb, mut classes) = (Vec::new(), Vec::new());
    let mut last = None;
    for step in 0..grid.len() {
        cancel.check()?;
        let time = grid.start_of(step);
        let frame = pictures.advance_to(time)?;
        // A still picture is one example, however long it stands.
        if frame.is_some() && frame != last {
            rgb.extend(pictures.current_rgb()?);
            classes.push(clip.class_seen_at(time));
        }
        last = frame;
    }
    let is_empty = classes.is_empty();
    Ok((!is_empty).then(|| PictureItem { rgb, classes, label: clip.label, source, taught: Vec::new() }))
}

/// Normal life and fights, which are the most alike, come more often than the rest.
const SHARES: [(AnomalyClass, f32); 2] = [(AnomalyClass::Normal, 0.28), (AnomalyClass::Brawling, 0.1)];

/// A siren and a cry are heard: of what stands before the camera meanwhile there is nothing to learn.
fn can_be_seen(class: AnomalyClass) -> bool {
    !matches!(class, AnomalyClass::PoliceSiren | AnomalyClass::BabyCry)
}

/// The frames of one clip that show one class. Clips in which nothing happens are a kind of their own: what looks like an
/// event and is none is met there.
struct Shots {
    item: usize,
    frames: Vec<usize>,
}

fn shots(index: usize, item: &PictureItem) -> impl Iterator<Item = (AnomalyClass, bool, Shots)> {
    AnomalyClass::ALL.into_iter().filter(|class| can_be_seen(*class)).filter_map(move |class| {
        let shows = |frame: &usize| item.classes[*frame] == Some(class);
        let frames: Vec<usize> = (0..item.classes.len()).filter(shows).collect();
        (!frames.is_empty()).then_some((class, item.label == AnomalyClass::Normal, Shots { item: index, frames }))
    })
}

/// The best weights, in the folder of a training.
pub const PICTURE_FILE: &str = "picture.safetensors";
/// Where the stage goes on from.
pub const PICTURE_CHECKPOINT: &str = "picture.checkpoint";

/// The network with what is needed only to train it.
struct Student {
    network: MobileVit,
    classes: Linear,
    teacher: Linear,
    variables: VarMap,
}

impl Student {
    fn new(config: &Config, teacher_width: usize, seed: u64, device: &ComputeDevice) -> Result<Student, ModelError> {
        let variables = VarMap::new();
        let weights = Weights::open(&WeightSource::Untrained { seed }, device)?.trainable(&variables);
        let width = config.features();
        let linear = |outputs, name| Linear::new(width, outputs, Init::linear(width), &weights.at(name));
        Ok(Student {
            network: MobileVit::new(config, &weights)?,
            classes: linear(CLASS_COUNT, "training.classes")?,
            teacher: linear(teacher_width, "training.teacher")?,
            variables,
        })
    }
}

/// Trains the picture network on `items`.
pub struct PictureTrainer {
    training: Vec<PictureItem>,
    validation: Vec<PictureItem>,
    sampler: FootageSampler<Shots>,
    student: Student,
    optimizer: AdamW,
    recipe: StageRecipe,
    size_px: (usize, usize),
    teacher_width: usize,
    seed: u64,
    folder: PathBuf,
    device: Device,
}

const TEACHER_SHARE: f64 = 2.0;
const LABEL_SMOOTHING: f64 = 0.05;
/// Frames of a validation clip.
const VALIDATION_FRAMES: usize = 4;

impl PictureTrainer {
    /// `size_px` = (width, height) of every frame.
    pub fn new(
        training: Vec<PictureItem>,
        validation: Vec<PictureItem>,
        config: &Config,
        size_px: (usize, usize),
        plan: StagePlan,
    ) -> Result<PictureTrainer, TrainingError> {
        let StagePlan { recipe, seed, folder, device } = plan;
        if training.is_empty() || validation.is_empty() {
            return Err(TrainingError::NothingToTrainOn("no clip for training or validation has pictures".to_owned()));
        }
        let taught = training.iter().find(|item| !item.taught.is_empty());
        let teacher_width = taught.map_or(0, |item| item.taught.len() / item.classes.len());
        let student = Student::new(config, teacher_width.max(1), seed, device)?;
        let optimizer = AdamW::new(&student.variables, AdamWSettings::default());
        let sampler =
            FootageSampler::new(training.iter().enumerate().map(|(index, item)| (item.source, shots(index, item))));
        let (recipe, folder) = (recipe.clone(), folder.to_owned());
        Ok(PictureTrainer {
            training,
            validation,
            sampler,
            student,
            optimizer,
            recipe,
            size_px,
            teacher_width,
            seed,
            folder,
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
        self.folder.join(PICTURE_FILE)
    }

    fn checkpoint_path(&self) -> PathBuf {
        self.folder.join(PICTURE_CHECKPOINT)
    }

    fn frame<'a>(&self, item: &'a PictureItem, frame: usize) -> &'a [u8] {
        let bytes = self.size_px.0 * self.size_px.1 * 3;
        &item.rgb[frame * bytes..(frame + 1) * bytes]
    }

    fn pictures(&self, values: Vec<f32>) -> Result<Tensor, TrainingError> {
        let (width, height) = self.size_px;
        let count = values.len() / (width * height * 3);
        Ok(Tensor::from_vec(values, (count, height, width, 3), &self.device)?)
    }

    /// The loss of the examples of `step`, which are a function of the seed and the step alone.
    fn loss(&self, step: u64) -> Result<Tensor, TrainingError> {
        let draw = |index: usize| {
            let example = step * self.recipe.batch as u64 + index as u64;
            let mut rng = Rng::with_seed(self.seed ^ example.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let shots = self.sampler.draw_any(&SHARES, &mut rng)?;
            let frame = shots.frames[rng.usize(0..shots.frames.len())];
            let item = &self.training[shots.item];
            Some((item, frame, varied_picture(self.frame(item, frame), self.size_px, &mut rng)))
        };
        let examples: Option<Vec<_>> = (0..self.recipe.batch).into_par_iter().map(draw).collect();
        let examples =
            examples.ok_or_else(|| TrainingError::NothingToTrainOn("no frame shows any class".to_owned()))?;
        let (mut values, mut labels) = (Vec::new(), Vec::new());
        let (mut rows, mut taught) = (Vec::new(), Vec::<f32>::new());
        for (index, (item, frame, picture)) in examples.into_iter().enumerate() {
            values.extend(picture);
            let class = item.classes[frame].unwrap_or(AnomalyClass::Normal);
            labels.push(class.index() as u32);
            if !item.taught.is_empty() {
                rows.push(index as u32);
                taught.extend(&item.taught[frame * self.teacher_width..(frame + 1) * self.teacher_width]);
            }
        }
        let features = self.student.network.forward(&self.pictures(values)?, Mode::Training { seed: step })?;
        let logits = self.student.classes.forward(&features, Activation::None)?;
        let labels = Tensor::from_vec(labels, self.recipe.batch, &self.device)?;
        let options = LabelOptions { class_weights: None, smoothing: LABEL_SMOOTHING };
        let loss = loss::cross_entropy(&logits, &labels, None, &options)?;
        if rows.is_empty() {
            return Ok(loss);
        }
        let count = rows.len();
        let seen = features.index_select(&Tensor::from_vec(rows, count, &self.device)?, 0)?;
        let seen = self.student.teacher.forward(&seen, Activation::None)?;
        let taught = Tensor::from_vec(taught, (count, self.teacher_width), &self.device)?;
        Ok((loss + (loss::cosine_distance(&seen, &taught)? * TEACHER_SHARE)?)?)
    }
}

impl Trainer for PictureTrainer {
    type Error = TrainingError;

    fn step(&mut self, step: u64) -> Result<f32, TrainingError> {
        let loss = self.loss(step)?;
        let rate = learning_rate(self.recipe.learning_rate, step, self.recipe.warm_up, self.recipe.steps);
        let gradients = loss.backward()?;
        self.optimizer.step(&gradients, rate)?;
        Ok(loss.to_scalar()?)
    }

    /// Mean loss and accuracy of a few frames of every validation clip, each class weighing the same.
    fn validate(&mut self) -> Result<ValidationSums, TrainingError> {
        let mut sums = ValidationSums::default();
        for item in &self.validation {
            let count = item.classes.len().min(VALIDATION_FRAMES);
            let frames: Vec<usize> =
                (0..count).map(|index| (2 * index + 1) * item.classes.len() / (2 * count)).collect();
            let values = frames.iter().flat_map(|frame| plain_picture(self.frame(item, *frame))).collect();
            let features = self.student.network.forward(&self.pictures(values)?.detach(), Mode::Inference)?;
            let logits = self.student.classes.forward(&features, Activation::None)?.detach();
            let log_p = candle_nn::ops::log_softmax(&logits, 1)?.to_vec2::<f32>()?;
            for (frame, log_p) in frames.into_iter().zip(log_p) {
                let Some(class) = item.classes[frame].filter(|class| can_be_seen(*class)) else { continue };
                let best = (0..CLASS_COUNT).max_by(|a, b| log_p[*a].total_cmp(&log_p[*b])).unwrap_or_default();
                sums.add(class, -log_p[class.index()], best == class.index());
            }
        }
        Ok(sums)
    }

    fn keep(&mut self) -> Result<(), TrainingError> {
        write_variables(&self.weights_path(), &self.student.variables)
    }

    fn checkpoint(&mut self, progress: &StageProgress) -> Result<(), TrainingError> {
        checkpoint::save(&self.checkpoint_path(), &self.optimizer, progress)
    }
}
