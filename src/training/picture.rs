//! The picture network: trained to tell from single frames which of the ten classes shows, and, where a teacher is
//! given, to see what the teacher sees. Most of the steps see pictures of half the size: shapes and places come first,
//! and cheaply.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarMap;
use fastrand::Rng;
use rayon::prelude::*;

use super::augment::varied_picture;
use super::error::TrainingError;
use super::optimizer::AdamWSettings;
use super::sampler::{FootageSampler, Moments, moments};
use super::stage::{OptimizerStep, StagePlan, Trainer, ValidationSums};
use avar_analysis::StepGrid;
use avar_analysis::pictures::StepPictures;
use avar_base::job::CancelToken;
use avar_dataset::Clip;
use avar_kernels::Activation;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};
use avar_media::{OpenedMedia, VideoReader};
use avar_model::layers::{Linear, Mode};
use avar_model::loss::{self, LabelOptions};
use avar_model::mobilevit::{Config, MobileVit, preprocess};
use avar_model::seeded::Init;
use avar_model::{ComputeDevice, ModelError, WeightSource, Weights};

/// The frames of one clip.
pub struct Pictures {
    /// Frames x height x width x 3, red first.
    pub rgb: Vec<u8>,
    /// The class that each frame shows.
    pub classes: Vec<Option<AnomalyClass>>,
}

/// A clip to learn from.
pub struct PictureItem {
    /// All of the size that the trainer is made for.
    pub pictures: Pictures,
    /// What the clip as a whole is labelled.
    pub label: AnomalyClass,
    /// Whether the classes are learned, or only what the teacher sees.
    pub is_labelled: bool,
    /// Position of the dataset.
    pub source: usize,
    /// What the teacher sees in each frame, frames x width; empty without a teacher.
    pub taught: Vec<f32>,
}

/// Which frames of a clip are read: so many a second, and at most so many.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// In Hz; held within 0.1 and 50.
    pub frames_per_second: f64,
    /// A clip that would have more has them spread over all of it.
    pub most_frames: usize,
}

/// Frames of `clip`, scaled to `size_px` = (width, height); `None` in a clip without pictures.
pub fn read_pictures(
    clip: &Clip,
    opened: &OpenedMedia,
    size_px: (u32, u32),
    sampling: Sampling,
    cancel: &CancelToken,
) -> Result<Option<Pictures>, TrainingError> {
    let Some(table) = &opened.frames else { return Ok(None) };
    let clip = &clip.on_axis(opened.info.range.start);
    let range = table.range();
    let at_most = sampling.most_frames as f64 / range.duration_s().max(1e-3);
    let frames_per_second = sampling.frames_per_second.min(at_most).clamp(0.1, 50.0);
    let grid = StepGrid::new(range, frames_per_second)
        .map_err(|error| TrainingError::NothingToTrainOn(format!("{error}: {}", clip.file.display())))?;
    let mut frames = StepPictures::new(VideoReader::open(&clip.file, Arc::clone(table))?, Arc::clone(table), size_px);
    let (mut rgb, mut classes) = (Vec::new(), Vec::new());
    let mut last = None;
    for step in 0..grid.len() {
        cancel.check()?;
        let time = grid.start_of(step);
        let frame = frames.advance_to(time)?;
        // A still picture is one example, however long it stands.
        if frame.is_some() && frame != last {
            rgb.extend(frames.current_rgb()?);
            classes.push(clip.class_seen_at(time));
        }
        last = frame;
    }
    let is_empty = classes.is_empty();
    Ok((!is_empty).then_some(Pictures { rgb, classes }))
}

/// Normal life and fights, which are the most alike, come more often than the rest.
const SHARES: [(AnomalyClass, f32); 2] = [(AnomalyClass::Normal, 0.28), (AnomalyClass::Brawling, 0.1)];

/// A siren and a cry are heard: of what stands before the camera meanwhile there is nothing to learn.
fn can_be_seen(class: AnomalyClass) -> bool {
    !matches!(class, AnomalyClass::PoliceSiren | AnomalyClass::BabyCry)
}

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
    sampler: FootageSampler<Moments>,
    student: Student,
    descent: OptimizerStep,
    size_px: (usize, usize),
    teacher_width: usize,
    seed: u64,
    device: Device,
}

const TEACHER_SHARE: f64 = 2.0;
const LABEL_SMOOTHING: f64 = 0.05;
/// Of five steps these come first and see pictures of half the size, at a quarter of the cost.
const HALF_SIZE_FIFTHS: u64 = 3;
/// Frames of a validation clip.
const VALIDATION_FRAMES: usize = 4;

impl PictureTrainer {
    /// `size_px` = (width, height) of every frame.
    pub fn new(
        mut training: Vec<PictureItem>,
        mut validation: Vec<PictureItem>,
        config: &Config,
        size_px: (usize, usize),
        plan: StagePlan,
    ) -> Result<PictureTrainer, TrainingError> {
        let StagePlan { seed, device, .. } = plan;
        training.retain(|item| item.is_labelled || !item.taught.is_empty());
        validation.retain(|item| item.is_labelled);
        if training.is_empty() || validation.is_empty() {
            let reason = "no clip for training or validation has pictures to learn from \
                          (their labels count unless their data set has picture_labels = false)";
            return Err(TrainingError::NothingToTrainOn(reason.to_owned()));
        }
        let taught = training.iter().find(|item| !item.taught.is_empty());
        let teacher_width = taught.map_or(0, |item| item.taught.len() / item.pictures.classes.len());
        let student = Student::new(config, teacher_width.max(1), seed, device)?;
        let descent = OptimizerStep::new(&plan, &student.variables, AdamWSettings::default());
        let sampler = FootageSampler::new(training.iter().enumerate().map(|(index, item)| {
            let moments = moments(index, item.label, &item.pictures.classes);
            (item.source, moments.filter(|(class, ..)| can_be_seen(*class)))
        }));
        Ok(PictureTrainer {
            training,
            validation,
            sampler,
            student,
            descent,
            size_px,
            teacher_width,
            seed,
            device: device.device().clone(),
        })
    }

    fn frame<'a>(&self, item: &'a PictureItem, frame: usize) -> &'a [u8] {
        let bytes = self.size_px.0 * self.size_px.1 * 3;
        &item.pictures.rgb[frame * bytes..(frame + 1) * bytes]
    }

    /// Width and height of the pictures that the step with this number learns from.
    fn size_at(&self, step: u64) -> (usize, usize) {
        let (width_px, height_px) = self.size_px;
        match step < self.descent.recipe().steps / 5 * HALF_SIZE_FIFTHS {
            true => (width_px / 2, height_px / 2),
            false => (width_px, height_px),
        }
    }

    fn pictures(&self, values: Vec<f32>, (width, height): (usize, usize)) -> Result<Tensor, TrainingError> {
        let count = values.len() / (width * height * 3);
        Ok(Tensor::from_vec(values, (count, height, width, 3), &self.device)?)
    }
}

/// Pictures (frames x height x width x 3) of half the size.
fn halved(pictures: &Tensor) -> Result<Tensor, TrainingError> {
    Ok(pictures.permute((0, 3, 1, 2))?.avg_pool2d(2)?.permute((0, 2, 3, 1))?.contiguous()?)
}

impl Trainer for PictureTrainer {
    fn descent(&mut self) -> &mut OptimizerStep {
        &mut self.descent
    }

    fn loss(&self, step: u64) -> Result<Tensor, TrainingError> {
        let (drawn_px, batch) = (self.size_at(step), self.descent.recipe().batch);
        let draw = |index: usize| {
            let example = step * batch as u64 + index as u64;
            let mut rng = Rng::with_seed(self.seed ^ example.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let moments = self.sampler.draw_any(&SHARES, &mut rng)?;
            let frame = moments.at[rng.usize(0..moments.at.len())];
            let item = &self.training[moments.clip];
            Ok((item, frame, varied_picture(self.frame(item, frame), self.size_px, drawn_px, &mut rng)))
        };
        let examples = (0..batch).into_par_iter().map(draw).collect::<Result<Vec<_>, TrainingError>>()?;
        let (mut values, mut labels, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let (mut rows, mut taught) = (Vec::new(), Vec::<f32>::new());
        for (index, (item, frame, picture)) in examples.into_iter().enumerate() {
            values.extend(picture);
            let class = item.pictures.classes[frame].unwrap_or(AnomalyClass::Normal);
            labels.push(class.index() as u32);
            weights.push(if item.is_labelled { 1.0f32 } else { 0.0 });
            if !item.taught.is_empty() {
                rows.push(index as u32);
                taught.extend(&item.taught[frame * self.teacher_width..(frame + 1) * self.teacher_width]);
            }
        }
        let features =
            self.student.network.forward(&self.pictures(values, drawn_px)?, Mode::Training { seed: step })?;
        // Every example has a label that counts, or a teacher.
        let mut loss = Tensor::zeros((), DType::F32, &self.device)?;
        if weights.iter().any(|weight| *weight > 0.0) {
            let logits = self.student.classes.forward(&features, Activation::None)?;
            let labels = Tensor::from_vec(labels, batch, &self.device)?;
            let weights = Tensor::from_vec(weights, batch, &self.device)?;
            let options = LabelOptions { class_weights: None, smoothing: LABEL_SMOOTHING };
            loss = (loss + loss::cross_entropy(&logits, &labels, Some(&weights), &options)?)?;
        }
        if !rows.is_empty() {
            let count = rows.len();
            let seen = features.index_select(&Tensor::from_vec(rows, count, &self.device)?, 0)?;
            let seen = self.student.teacher.forward(&seen, Activation::None)?;
            let taught = Tensor::from_vec(taught, (count, self.teacher_width), &self.device)?;
            loss = (loss + (loss::cosine_distance(&seen, &taught)? * TEACHER_SHARE)?)?;
        }
        Ok(loss)
    }

    /// Mean loss and accuracy of a few frames of every validation clip, each class weighing the same. They are as large
    /// as those of the last step.
    fn validate(&self) -> Result<ValidationSums, TrainingError> {
        let mut sums = ValidationSums::default();
        let is_full_size = !self.is_provisional();
        for item in &self.validation {
            let classes = &item.pictures.classes;
            let count = classes.len().min(VALIDATION_FRAMES);
            let frames: Vec<usize> = (0..count).map(|index| (2 * index + 1) * classes.len() / (2 * count)).collect();
            let values = frames.iter().flat_map(|frame| preprocess(self.frame(item, *frame))).collect();
            let pictures = self.pictures(values, self.size_px)?;
            let pictures = if is_full_size { pictures } else { halved(&pictures)? };
            let features = self.student.network.forward(&pictures.detach(), Mode::Inference)?;
            let logits = self.student.classes.forward(&features, Activation::None)?.detach();
            let log_p = candle_nn::ops::log_softmax(&logits, 1)?.flatten_all()?.to_vec1::<f32>()?;
            for (frame, log_p) in frames.into_iter().zip(log_p.as_chunks::<CLASS_COUNT>().0) {
                let Some(class) = classes[frame].filter(|class| can_be_seen(*class)) else { continue };
                let log_p = ClassScores(*log_p);
                sums.add(class, -log_p.of(class), log_p.top() == class);
            }
        }
        Ok(sums)
    }

    fn is_provisional(&self) -> bool {
        self.size_at(self.descent.steps().saturating_sub(1)) != self.size_px
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::StageRecipe;
    use crate::stage::{StageProgress, run_stage};
    use crate::{Stage, TrainingEvent};

    const SIZE_PX: (usize, usize) = (64, 64);

    fn item(is_labelled: bool, taught: Vec<f32>) -> PictureItem {
        let (class, rgb) = (AnomalyClass::Brawling, vec![128; SIZE_PX.0 * SIZE_PX.1 * 3]);
        let pictures = Pictures { rgb, classes: vec![Some(class)] };
        PictureItem { pictures, label: class, is_labelled, source: 0, taught }
    }

    fn trainer(training: PictureItem, folder: &std::path::Path) -> Result<PictureTrainer, TrainingError> {
        let recipe =
            StageRecipe { steps: 10, batch: 2, learning_rate: 1e-3, warm_up: 1, validate_every: 5, patience: 2 };
        let plan = StagePlan { stage: Stage::Picture, recipe: &recipe, seed: 1, folder, device: &ComputeDevice::cpu() };
        PictureTrainer::new(vec![training], vec![item(true, Vec::new())], &Config::xx_small(), SIZE_PX, plan)
    }

    #[test]
    fn labels_that_are_not_to_be_learned_move_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let moves_classes = |is_labelled| {
            let trainer = trainer(item(is_labelled, vec![0.5; 8]), folder.path()).unwrap();
            let gradients = trainer.loss(0).unwrap().backward().unwrap();
            let variables = trainer.student.variables.data().lock().unwrap();
            let is_moved = |name: &str| gradients.get(&variables[name]).is_some();
            (is_moved("training.classes.weight"), is_moved("training.teacher.weight"))
        };
        assert_eq!((moves_classes(true), moves_classes(false)), ((true, true), (false, true)));
    }

    #[test]
    fn a_clip_with_neither_labels_nor_a_teacher_teaches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let error = trainer(item(false, Vec::new()), folder.path()).err().unwrap();
        assert!(matches!(error, TrainingError::NothingToTrainOn(_)), "{error}");
    }

    #[test]
    fn the_first_steps_see_pictures_of_half_the_size_and_are_provisional() {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = trainer(item(true, Vec::new()), folder.path()).unwrap();
        assert_eq!([0, 5, 6, 9].map(|step| trainer.size_at(step)), [(32, 32), (32, 32), SIZE_PX, SIZE_PX]);
        let is_provisional = std::sync::Mutex::new(Vec::new());
        let begun = StageProgress::default();
        let listen = |event: TrainingEvent| {
            if let TrainingEvent::Validation { is_best, .. } = event {
                is_provisional.lock().unwrap().push(!is_best);
            }
        };
        run_stage(&mut trainer, begun, &CancelToken::default(), &listen).unwrap();
        assert_eq!(is_provisional.into_inner().unwrap()[..2], [true, false]);
    }

    #[test]
    fn a_halved_picture_holds_the_means_of_four_points() {
        let picture = Tensor::arange(0f32, 24.0, &Device::Cpu).unwrap().reshape((1, 2, 4, 3)).unwrap();
        let halved = halved(&picture).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(halved, [7.5, 8.5, 9.5, 13.5, 14.5, 15.5]);
    }
}
