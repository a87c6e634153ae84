//! A whole training: the stages in order, each resumed where it stopped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use candle_core::{DType, Tensor};
use sha2::{Digest, Sha256};

use super::ablation::{Cell, ablate};
use super::backbones::{backbone_files, train_backbones};
use super::calibration::Calibration;
use super::card::write_card;
use super::checkpoint::{read_tensors, write_tensors, write_variables};
use super::corpus::{Corpus, CorpusClip, for_each_clip, gather};
use super::error::TrainingError;
use super::features::{ClipFeatures, clip_features};
use super::head::HeadTrainer;
use super::log::recorded;
use super::progress::{Listen, Stage, TrainingEvent};
use super::spec::TrainingSpec;
use super::stage::{StageProgress, Trainer, best_path};
use avar_analysis::NetworkChoice;
use avar_analysis::pipeline::WINDOW_STEPS;
use avar_base::files::{self, DigestError, hexadecimal};
use avar_base::job::{CancelToken, Job, Wake, thread_count};
use avar_labels::{Hysteresis, Split};
use avar_model::{AvarNet, ComputeDevice, ModelCard, Preset, WeightSource, Weights};

/// The end of a training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// NAME.safetensors; the card lies beside it.
    pub weights: PathBuf,
    /// As it was written beside the weights.
    pub card: ModelCard,
    /// How each stage ended, in their order.
    pub stages: Vec<(Stage, StageProgress)>,
    /// Optional data that the command line did not give.
    pub left_out: Vec<String>,
}

/// Hands on everything that the training tells, and ends with its weights.
pub type TrainingJob = Job<TrainingEvent, Trained>;

/// Trains on a thread of its own.
pub fn spawn_training(spec: TrainingSpec, wake: Wake) -> std::io::Result<TrainingJob> {
    Job::spawn("training", wake, move |reporter| {
        let reporter = Mutex::new(reporter);
        let listen = |event: TrainingEvent| {
            let reporter = reporter.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if let TrainingEvent::Progress { done, of, .. } = &event {
                reporter.progress(*done as f32 / (*of).max(1) as f32);
            }
            reporter.partial(event);
        };
        let cancel = reporter.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).cancel_token().clone();
        Ok(train(&spec, &cancel, &listen)?)
    })
}

/// Trains here and now; goes on where an earlier run in the same folder stopped.
pub fn train(spec: &TrainingSpec, cancel: &CancelToken, listen: Listen) -> Result<Trained, TrainingError> {
    recorded(&spec.work, listen, |listen| train_stages(spec, cancel, listen))
}

fn train_stages(spec: &TrainingSpec, cancel: &CancelToken, listen: Listen) -> Result<Trained, TrainingError> {
    let recipe = &spec.recipe;
    let device = spec.compute_device()?;
    let (corpus, left_out) = gather(spec, cancel, listen)?;
    corpus.write_parts(&spec.work.join("parts"))?;
    let mut stages = train_backbones(spec, &corpus, cancel, listen)?;
    let backbones = backbone_files(spec);
    let is_seen = |clip: &CorpusClip| clip.split != Split::Test;
    let clips = all_features(spec, &corpus, &backbones, is_seen, cancel, listen)?;
    let preset = spec.preset();
    let part = |split: Split| clips.iter().filter(|clip| clip.split == split).collect::<Vec<_>>();
    let (head_weights, head) = avar_kernels::on_compute_threads(|| {
        let mut trainer = HeadTrainer::new(
            part(Split::Train),
            part(Split::Validation),
            &preset.config().head,
            WINDOW_STEPS,
            spec.plan(Stage::Head, &recipe.head, &device),
        )?;
        let progress = spec.finish(&mut trainer, cancel, listen)?;
        Ok::<_, TrainingError>((calibrate(&mut trainer, spec, listen)?, progress))
    })?;
    let weights = spec.work.join(format!("{}.safetensors", recipe.name));
    let parts: Vec<&Path> = backbones.iter().chain([&head_weights]).map(PathBuf::as_path).collect();
    write_network(&weights, &parts, DType::F16)?;
    let choice = NetworkChoice { preset, weights: WeightSource::File(weights.clone()), device: spec.device };
    let card = write_card(&weights, recipe, &corpus, &choice, cancel, listen)?;
    stages.push((Stage::Head, head));
    Ok(Trained { weights, card, stages, left_out })
}

/// Of an hour in which nothing happens, on the validation clips.
const MOST_FALSE_ALARMS_PER_HOUR: f64 = 6.0;

/// Sets right how sure the trained head is; returns its file.
fn calibrate(trainer: &mut HeadTrainer, spec: &TrainingSpec, listen: Listen) -> Result<PathBuf, TrainingError> {
    trainer.descent().return_to_best()?;
    let clips = trainer.validation_scores()?;
    let mut found = Calibration::fit(&clips);
    let (rule, step_s) = (Hysteresis::default(), 1.0 / spec.recipe.steps_per_second);
    if spec.preset() == Preset::Real {
        found = found.with_caution(&clips, rule, step_s, MOST_FALSE_ALARMS_PER_HOUR);
    }
    let mut tensors = read_tensors(&best_path(&spec.work, Stage::Head))?;
    found.fold_into(&mut tensors, &spec.preset().config().head.output_layers())?;
    let path = spec.work.join("head-calibrated.safetensors");
    write_tensors(&path, &tensors)?;
    let text = format!(
        "calibrated on {} validation clips: logits times {:.2}, validation loss {:.3}, {:.0} false alarms an hour",
        clips.len(),
        found.factor,
        found.validation_loss(&clips),
        found.false_alarms_per_hour(&clips, rule, step_s)
    );
    listen(TrainingEvent::Note { stage: Stage::Head, text });
    Ok(path)
}

/// The ablation's tables, from the backbones of a training that has come as far as those.
pub fn ablate_trained(
    spec: &TrainingSpec,
    seeds: &[u64],
    cancel: &CancelToken,
    listen: Listen,
) -> Result<Ablation, TrainingError> {
    recorded(&spec.work, listen, |listen| ablate_stages(spec, seeds, cancel, listen))
}

fn ablate_stages(
    spec: &TrainingSpec,
    seeds: &[u64],
    cancel: &CancelToken,
    listen: Listen,
) -> Result<Ablation, TrainingError> {
    let (corpus, _) = gather(spec, cancel, listen)?;
    let backbones = backbone_files(spec);
    if let Some(missing) = backbones.iter().find(|path| !path.exists()) {
        let reason = format!("the backbones are not there yet; run avar train first: {}", missing.display());
        return Err(TrainingError::NothingToTrainOn(reason));
    }
    // What VAAR-Synth has without pictures is no clip of the paper's kind.
    let is_synthetic =
        |clip: &CorpusClip| !clip.is_real && clip.clip.path.extension().is_some_and(|ending| ending == "mp4");
    let clips = all_features(spec, &corpus, &backbones, is_synthetic, cancel, listen)?;
    let (config, device) = (spec.preset().config().head, spec.compute_device()?);
    let recipe = &spec.recipe.ablation;
    let kept = ablation_folder(spec, cancel)?;
    let cells = ablate(&clips, &config, recipe, seeds, &device, &kept, cancel, listen)?;
    let count = |split: Split| clips.iter().filter(|clip| clip.split == split).count();
    Ok(Ablation { cells, training_clips: count(Split::Train), test_clips: count(Split::Test) })
}

/// Where the outcomes of these backbones, this shape of the head and this recipe are kept.
fn ablation_folder(spec: &TrainingSpec, cancel: &CancelToken) -> Result<PathBuf, TrainingError> {
    let backbones = spec.work.join(BACKBONES_FILE);
    let digest = digest_of(&backbones, cancel)?;
    let made_by = format!("{digest} {:?} {:?}", spec.recipe.ablation, spec.preset().config().head);
    Ok(spec.work.join("ablation").join(hexadecimal(&Sha256::digest(made_by)[..8])))
}

fn digest_of(weights: &Path, cancel: &CancelToken) -> Result<String, TrainingError> {
    files::digest(weights, cancel).map_err(|error| match error {
        DigestError::Cancelled(cancelled) => cancelled.into(),
        DigestError::Read { path, reason } => TrainingError::Checkpoint { reason: reason.to_string(), path },
    })
}

/// What [`ablate_trained`] found.
pub struct Ablation {
    /// In the order of [`super::ablation::Arrangement::all`].
    pub cells: Vec<Cell>,
    /// Clips that each head learned from.
    pub training_clips: usize,
    /// Clips that each head was judged on.
    pub test_clips: usize,
}

/// Features of every clip that is `wanted`.
fn all_features(
    spec: &TrainingSpec,
    corpus: &Corpus,
    backbones: &[PathBuf],
    wanted: impl Fn(&CorpusClip) -> bool,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<Vec<ClipFeatures>, TrainingError> {
    let preset = spec.preset();
    let path = spec.work.join(BACKBONES_FILE);
    let untrained = spec.work.join("untrained-head.safetensors");
    write_untrained_head(&untrained, preset, spec.recipe.seed, &spec.compute_device()?)?;
    let parts: Vec<&Path> = backbones.iter().chain([&untrained]).map(PathBuf::as_path).collect();
    write_network(&path, &parts, DType::F16)?;
    let network = AvarNet::load(preset, &WeightSource::File(path), &spec.compute_device()?)?;
    let clips: Vec<&CorpusClip> = corpus.clips.iter().filter(|clip| wanted(clip)).collect();
    let folder = spec.work.join("features");
    // By the backbones and the motion alone: a head of another shape leaves the features as they are.
    let digests = backbones.iter().map(|backbone| digest_of(backbone, cancel));
    let made_by = format!("{} motion {}", digests.collect::<Result<Vec<_>, _>>()?.join(" "), network.motion_dim());
    for_each_clip(&clips, Stage::Features, thread_count(), cancel, listen, |clip| {
        clip_features(clip, &network, &made_by, spec.recipe.steps_per_second, &folder, cancel)
    })
}

/// A network is loaded whole; its head is not looked at before it is trained.
fn write_untrained_head(path: &Path, preset: Preset, seed: u64, device: &ComputeDevice) -> Result<(), TrainingError> {
    let variables = candle_nn::VarMap::new();
    let weights = Weights::open(&WeightSource::Untrained { seed }, device)?.trainable(&variables);
    avar_model::head::Head::new(&preset.config().head, &weights)?;
    write_variables(path, &variables)
}

/// The parts' tensors in one file; what only training needed is left out.
fn write_network(path: &Path, parts: &[&Path], dtype: DType) -> Result<(), TrainingError> {
    let mut all: HashMap<String, Tensor> = HashMap::new();
    for part in parts {
        for (name, tensor) in read_tensors(part)? {
            if !name.starts_with("training.") {
                all.insert(name, tensor.to_dtype(dtype)?);
            }
        }
    }
    write_tensors(path, &all)
}

/// Both backbones, with a head that nobody looks at.
const BACKBONES_FILE: &str = "backbones.safetensors";
