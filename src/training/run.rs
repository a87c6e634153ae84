//! A whole training: the stages in order, each resumed where it stopped.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::{DType, Tensor};
use sha2::{Digest, Sha256};

use super::ablation::{Cell, ablate};
use super::cache;
use super::calibration::Calibration;
use super::card::write_card;
use super::checkpoint::{self, read_tensors, write_tensors, write_variables};
use super::corpus::{Corpus, CorpusClip, read_sound};
use super::error::TrainingError;
use super::features::{ClipFeatures, clip_features};
use super::head::HeadTrainer;
use super::log::recorded;
use super::picture::{PictureItem, PictureTrainer, read_pictures};
use super::progress::{Listen, Stage, TrainingEvent};
use super::recipe::{Backbones, DataPlace, NamedData, Recipe, StageRecipe, SynthData, SynthForHead};
use super::sound::{self, SoundItem, SoundTrainer, TeacherRows};
use super::stage::{StagePlan, StageProgress, Trainer, best_path, checkpoint_path, run_stage};
use crate::analysis::pipeline::WINDOW_STEPS;
use crate::analysis::record::{RecordError, digest_file};
use crate::analysis::{DeviceChoice, NetworkChoice};
use crate::dataset::Split;
use crate::dataset::synth::{SynthSpec, write_corpus};
use crate::files::hexadecimal;
use crate::job::{CancelToken, Job, Wake, spread, thread_count};
use crate::media;
use crate::model::head;
use crate::model::kernels;
use crate::model::teachers::mobilenet_v2::EDGE_PX;
use crate::model::teachers::{MobileNetV2, Yamnet, yamnet};
use crate::model::{AvarNet, ComputeDevice, ModelCard, Preset, Provenance, WeightSource, Weights};

/// What to train, from what, where.
#[derive(Clone, Debug)]
pub struct TrainingSpec {
    pub recipe: Recipe,
    pub places: Vec<DataPlace>,
    /// The folder of the two teachers' files; needed where the recipe asks for teachers.
    pub teachers: Option<PathBuf>,
    /// The full backbones; needed where the recipe wants those.
    pub backbone_weights: PathBuf,
    /// Checkpoints, cached features, the drawn corpus and the log.
    pub work: PathBuf,
    pub device: DeviceChoice,
}

/// The end of a training.
#[derive(Clone, Debug)]
pub struct Trained {
    /// NAME.safetensors; the card lies beside it.
    pub weights: PathBuf,
    pub card: ModelCard,
    pub stages: StageOutcomes,
    /// Optional data that the command line did not give.
    pub left_out: Vec<String>,
}

/// How each stage ended, in their order.
pub type StageOutcomes = Vec<(Stage, StageProgress)>;

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
    let device = device_of(spec)?;
    let (corpus, left_out) = gather(spec, cancel, listen)?;
    corpus.write_parts(&spec.work.join("parts"))?;
    let (backbones, mut stages) = backbones(spec, &corpus, cancel, listen)?;
    let is_seen = |clip: &CorpusClip| clip.split != Split::Test;
    let clips = all_features(spec, &corpus, &backbones, is_seen, cancel, listen)?;
    let preset = preset_of(recipe);
    let part = |split: Split| clips.iter().filter(|clip| clip.split == split).collect::<Vec<_>>();
    let (head_weights, head) = kernels::on_compute_threads(|| {
        let mut trainer = HeadTrainer::new(
            part(Split::Train),
            part(Split::Validation),
            &preset.config().head,
            WINDOW_STEPS,
            plan_of(spec, Stage::Head, &recipe.head, &device),
        )?;
        let progress = finish_stage(spec, &mut trainer, cancel, listen)?;
        Ok::<_, TrainingError>((calibrate(&mut trainer, &preset.config().head, &spec.work, listen)?, progress))
    })?;
    let weights = spec.work.join(format!("{}.safetensors", recipe.name));
    let parts: Vec<&Path> = backbones.iter().chain([&head_weights]).map(PathBuf::as_path).collect();
    write_network(&weights, &parts, DType::F16)?;
    let choice = NetworkChoice { preset, weights: WeightSource::File(weights.clone()), device: spec.device };
    let card = write_card(&weights, recipe, &corpus, &choice, cancel, listen)?;
    stages.push((Stage::Head, head));
    Ok(Trained { weights, card, stages, left_out })
}

/// Sets right how sure the trained head is; returns its file.
fn calibrate(
    trainer: &mut HeadTrainer,
    config: &head::Config,
    work: &Path,
    listen: Listen,
) -> Result<PathBuf, TrainingError> {
    trainer.descent().return_to_best()?;
    let clips = trainer.validation_scores()?;
    let found = Calibration::fit(&clips);
    let mut tensors = read_tensors(&best_path(work, Stage::Head))?;
    found.fold_into(&mut tensors, &config.output_layer())?;
    let path = work.join("head-calibrated.safetensors");
    write_tensors(&path, &tensors)?;
    let text = format!(
        "calibrated on {} validation clips: logits times {:.2}, validation loss {:.3}",
        clips.len(),
        found.factor,
        found.validation_loss(&clips)
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
    let backbones = match spec.recipe.backbones {
        Backbones::Lite => [Stage::Sound, Stage::Picture].map(|stage| best_path(&spec.work, stage)).to_vec(),
        Backbones::Full => vec![spec.backbone_weights.clone()],
    };
    if let Some(missing) = backbones.iter().find(|path| !path.exists()) {
        let reason = format!("the backbones are not there yet; run avar train first: {}", missing.display());
        return Err(TrainingError::NothingToTrainOn(reason));
    }
    // What VAAR-Synth has without pictures is no clip of the paper's kind.
    let is_synthetic =
        |clip: &CorpusClip| !clip.is_real && clip.clip.path.extension().is_some_and(|ending| ending == "mp4");
    let clips = all_features(spec, &corpus, &backbones, is_synthetic, cancel, listen)?;
    let (config, device) = (preset_of(&spec.recipe).config().head, device_of(spec)?);
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
    let made_by = format!("{digest} {:?} {:?}", spec.recipe.ablation, preset_of(&spec.recipe).config().head);
    Ok(spec.work.join("ablation").join(hexadecimal(&Sha256::digest(made_by)[..8])))
}

fn digest_of(weights: &Path, cancel: &CancelToken) -> Result<String, TrainingError> {
    digest_file(weights, cancel).map_err(|error| match error {
        RecordError::Cancelled(cancelled) => cancelled.into(),
        other => TrainingError::Checkpoint { reason: other.to_string(), path: weights.to_owned() },
    })
}

/// What [`ablate_trained`] found.
pub struct Ablation {
    pub cells: Vec<Cell>,
    pub training_clips: usize,
    pub test_clips: usize,
}

fn plan_of<'a>(
    spec: &'a TrainingSpec,
    stage: Stage,
    recipe: &'a StageRecipe,
    device: &'a ComputeDevice,
) -> StagePlan<'a> {
    StagePlan { stage, recipe, seed: spec.recipe.seed, folder: &spec.work, device }
}

fn device_of(spec: &TrainingSpec) -> Result<ComputeDevice, TrainingError> {
    Ok(ComputeDevice::from_name(spec.device.name())?)
}

/// Files with the backbones' tensors: trained here, both at the same time, or as they were published.
fn backbones(
    spec: &TrainingSpec,
    corpus: &Corpus,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<(Vec<PathBuf>, StageOutcomes), TrainingError> {
    if spec.recipe.backbones == Backbones::Full {
        let path = spec.backbone_weights.clone();
        if !path.exists() {
            let reason = "the full backbones are not there; fetch them with avar weights pull";
            return Err(TrainingError::NothingToTrainOn(format!("{reason}: {}", path.display())));
        }
        return Ok((vec![path], Vec::new()));
    }
    let threads = rayon::current_num_threads();
    // What fails ends its sibling at once: hours later would be late.
    let either = cancel.child();
    let or_end_both = |outcome: StageOutcome| outcome.inspect_err(|_| either.cancel());
    let (sound, picture) = std::thread::scope(|scope| {
        let sound = scope.spawn(|| {
            let train = || train_sound(spec, corpus, &either, listen);
            or_end_both(kernels::on_threads_of_its_own(threads.div_ceil(2), train))
        });
        let train = || train_picture(spec, corpus, &either, listen);
        let picture = or_end_both(kernels::on_threads_of_its_own((threads / 2).max(1), train));
        (sound.join(), picture)
    });
    let ((sound_weights, sound), (picture_weights, picture)) =
        match (sound.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), picture) {
            (Ok(sound), Ok(picture)) => (sound, picture),
            // The one that was only told to stop has nothing to say.
            (Err(error), Err(TrainingError::Cancelled(_)) | Ok(_)) | (_, Err(error)) => return Err(error),
        };
    Ok((vec![sound_weights, picture_weights], vec![(Stage::Sound, sound), (Stage::Picture, picture)]))
}

fn preset_of(recipe: &Recipe) -> Preset {
    match recipe.backbones {
        Backbones::Lite => Preset::Lite,
        Backbones::Full => Preset::Full,
    }
}

/// All clips of the recipe; draws the synthetic ones where that has not been done.
fn gather(spec: &TrainingSpec, cancel: &CancelToken, listen: Listen) -> Result<(Corpus, Vec<String>), TrainingError> {
    let recipe = &spec.recipe;
    let mut corpus = Corpus::default();
    let drawn = |name: &str, description: String| NamedData {
        name: name.to_owned(),
        description,
        licence: "drawn by this program".to_owned(),
        is_real: false,
        picture_labels: true,
        optional: false,
    };
    if let Some(synth) = &recipe.synth {
        let SynthData { clips, slow_clips, sounds, seed } = *synth;
        let manifest = draw(spec, &SynthSpec { clips, slow_clips, sounds, seed }, cancel, listen)?;
        let description =
            format!("{clips} clips, {slow_clips} at 3 frames a second and {sounds} sounds, drawn from seed {seed}");
        corpus.add(&drawn("VAAR-Synth", description), &manifest, recipe.seed)?;
    }
    if let Some(SynthForHead { clips, seed }) = recipe.synth_for_head {
        let manifest = draw(spec, &SynthSpec { clips: 0, slow_clips: clips, sounds: 0, seed }, cancel, listen)?;
        let description = format!("{clips} clips at 3 frames a second, drawn from seed {seed}; for the head alone");
        corpus.add_for_head(&drawn("VAAR-Synth-for-head", description), &manifest, recipe.seed)?;
    }
    let left_out = corpus.add_named(&recipe.data, &spec.places, recipe.seed)?;
    let note = |text: String| listen(TrainingEvent::Note { stage: Stage::Data, text });
    left_out.iter().for_each(|name| note(format!("left out: {name} (optional, and not given with --data)")));
    for source in &corpus.sources {
        for (label, count) in &source.unknown_labels {
            note(format!("{}: {count} rows are labelled \"{label}\", which is none of the ten", source.data.name));
        }
    }
    let count = |split| corpus.part(split).count();
    let (training, validation, test) = (count(Split::Train), count(Split::Validation), count(Split::Test));
    note(format!("{training} clips to train on, {validation} for validation, {test} kept for the test"));
    Ok((corpus, left_out))
}

/// The manifest of a drawn corpus; draws it where that has not been done.
fn draw(
    spec: &TrainingSpec,
    wanted: &SynthSpec,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<PathBuf, TrainingError> {
    let SynthSpec { clips, slow_clips, sounds, seed } = wanted;
    let folder = spec.work.join(format!("synth-{clips}-{slow_clips}-{sounds}-{seed}"));
    let manifest = folder.join("manifest.csv");
    // The manifest is written last: without it the corpus is not whole.
    if !manifest.exists() {
        write_corpus(&folder, wanted, cancel, |done, of| {
            listen(TrainingEvent::Progress { stage: Stage::Data, done: done as u64, of: of as u64 });
        })?;
    }
    Ok(manifest)
}

/// Runs `work` on every clip, several at a time, in the clips' order; the first error ends it.
fn for_each_clip<T: Send>(
    clips: &[&CorpusClip],
    stage: Stage,
    threads: usize,
    cancel: &CancelToken,
    listen: Listen,
    work: impl Fn(&CorpusClip) -> Result<T, TrainingError> + Sync,
) -> Result<Vec<T>, TrainingError> {
    let done = AtomicU64::new(0);
    spread(clips, threads, |clip| {
        cancel.check()?;
        let result = work(clip)?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        listen(TrainingEvent::Progress { stage, done, of: clips.len() as u64 });
        Ok(result)
    })
}

/// What the backbones learn from, and are judged on.
fn training_and_validation(corpus: &Corpus) -> [Vec<&CorpusClip>; 2] {
    [Split::Train, Split::Validation].map(|split| corpus.part(split).filter(|clip| !clip.is_for_head).collect())
}

fn teachers_folder(spec: &TrainingSpec) -> Result<Option<&Path>, TrainingError> {
    match (spec.recipe.teachers, &spec.teachers) {
        (false, _) => Ok(None),
        (true, Some(folder)) => Ok(Some(folder)),
        (true, None) => {
            let reason = "the recipe asks for teachers; say where their files are with --teachers FOLDER";
            Err(TrainingError::NothingToTrainOn(reason.to_owned()))
        }
    }
}

/// Where it is kept what a teacher said of a clip.
fn teacher_file(clip: &Path, teacher: &Provenance, spec: &TrainingSpec) -> PathBuf {
    let examples = (FRAMES_PER_SECOND, MOST_FRAMES, sound::TOKENS);
    cache::path(clip, format_args!("{teacher:?} {examples:?}"), &spec.work.join("teachers"))
}

type StageOutcome = Result<(PathBuf, StageProgress), TrainingError>;

fn train_sound(spec: &TrainingSpec, corpus: &Corpus, cancel: &CancelToken, listen: Listen) -> StageOutcome {
    if let Some(progress) = finished(spec, Stage::Sound)? {
        return Ok((best_path(&spec.work, Stage::Sound), progress));
    }
    let threads = rayon::current_num_threads();
    let (recipe, device) = (&spec.recipe, device_of(spec)?);
    let teacher = match teachers_folder(spec)? {
        Some(folder) => Some(Yamnet::open(&folder.join(YAMNET_FILE), &device_of(spec)?)?),
        None => None,
    };
    let items = |clips: &[&CorpusClip], is_taught: bool| -> Result<Vec<SoundItem>, TrainingError> {
        let read = |clip: &CorpusClip| {
            let Some((opened, samples)) = read_sound(&clip.clip, cancel)? else { return Ok(None) };
            let mut item = SoundItem::new(&clip.clip, opened.info.range.start, samples, clip.source);
            if let (Some(teacher), true) = (&teacher, is_taught) {
                let kept = teacher_file(&clip.clip.file, teacher.provenance(), spec);
                let [scores, embeddings] = cache::lists(&kept, ["scores", "embeddings"], || {
                    let samples: Vec<f32> =
                        item.samples.iter().map(|sample| f32::from(*sample) / f32::from(i16::MAX)).collect();
                    let said = teacher.patches(&samples)?;
                    Ok([said.scores(), said.embeddings])
                })?;
                item.teacher =
                    Some(TeacherRows { scores, score_count: yamnet::CLASSES, embeddings, width: yamnet::EMBEDDING });
            }
            Ok(Some(item))
        };
        Ok(for_each_clip(clips, Stage::Sound, threads, cancel, listen, read)?.into_iter().flatten().collect())
    };
    let [training, validation] = training_and_validation(corpus);
    let config = preset_of(recipe).config().sound;
    let mut trainer = SoundTrainer::new(
        items(&training, true)?,
        items(&validation, false)?,
        &config,
        plan_of(spec, Stage::Sound, &recipe.sound, &device),
    )?;
    let progress = finish_stage(spec, &mut trainer, cancel, listen)?;
    Ok((best_path(&spec.work, Stage::Sound), progress))
}

/// Frames a second, and at most this many, that the picture network learns from in one clip.
const FRAMES_PER_SECOND: f64 = 4.0;
const MOST_FRAMES: usize = 16;

fn train_picture(spec: &TrainingSpec, corpus: &Corpus, cancel: &CancelToken, listen: Listen) -> StageOutcome {
    if let Some(progress) = finished(spec, Stage::Picture)? {
        return Ok((best_path(&spec.work, Stage::Picture), progress));
    }
    let threads = rayon::current_num_threads();
    let (recipe, device) = (&spec.recipe, device_of(spec)?);
    let config = preset_of(recipe).config();
    let (width_px, height_px) = config.picture_size_px;
    let size_px = (width_px as u32, height_px as u32);
    let teacher = match teachers_folder(spec)? {
        Some(folder) => Some(MobileNetV2::open(&folder.join(MOBILENET_FILE), &device_of(spec)?)?),
        None => None,
    };
    let items = |clips: &[&CorpusClip], is_taught: bool| -> Result<Vec<PictureItem>, TrainingError> {
        let read = |clip: &CorpusClip| {
            let opened = media::open(&clip.clip.file, cancel, |_| {})?;
            let read = |size_px| {
                read_pictures(&clip.clip, &opened, size_px, FRAMES_PER_SECOND, MOST_FRAMES, clip.source, cancel)
            };
            let Some(mut item) = read(size_px)? else { return Ok(None) };
            item.is_labelled = corpus.sources[clip.source].data.picture_labels;
            if let (Some(teacher), true) = (&teacher, is_taught) {
                let kept = teacher_file(&clip.clip.file, teacher.provenance(), spec);
                let [seen] = cache::lists(&kept, ["seen"], || {
                    let large = read((EDGE_PX as u32, EDGE_PX as u32))?.map(|item| item.rgb).unwrap_or_default();
                    let seen = large.chunks(EDGE_PX * EDGE_PX * 3).map(|rgb| {
                        cancel.check()?;
                        Ok(teacher.features(rgb, 1)?)
                    });
                    Ok([seen.collect::<Result<Vec<_>, TrainingError>>()?.concat()])
                })?;
                item.taught = seen;
            }
            Ok(Some(item))
        };
        Ok(for_each_clip(clips, Stage::Picture, threads, cancel, listen, read)?.into_iter().flatten().collect())
    };
    let [training, validation] = training_and_validation(corpus);
    let mut trainer = PictureTrainer::new(
        items(&training, true)?,
        items(&validation, false)?,
        &config.picture,
        config.picture_size_px,
        plan_of(spec, Stage::Picture, &recipe.picture, &device),
    )?;
    let progress = finish_stage(spec, &mut trainer, cancel, listen)?;
    Ok((best_path(&spec.work, Stage::Picture), progress))
}

/// The progress of a stage that an earlier run finished: its data need not be read again.
fn finished(spec: &TrainingSpec, stage: Stage) -> Result<Option<StageProgress>, TrainingError> {
    let progress: Option<StageProgress> = checkpoint::progress(&checkpoint_path(&spec.work, stage))?;
    if let Some(progress) = &progress {
        expect_same_recipe(spec, stage, progress)?;
    }
    Ok(progress.filter(|progress| progress.is_finished))
}

fn expect_same_recipe(spec: &TrainingSpec, stage: Stage, progress: &StageProgress) -> Result<(), TrainingError> {
    if progress.recipe_sha256.is_empty() || progress.recipe_sha256 == spec.recipe.digest_of_stage(stage) {
        return Ok(());
    }
    let reason = format!("the {} was begun with another recipe", stage.label());
    Err(TrainingError::Checkpoint { reason, path: spec.work.clone() })
}

/// Goes on from the stage's checkpoint, if it is this recipe's.
fn finish_stage(
    spec: &TrainingSpec,
    trainer: &mut impl Trainer,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<StageProgress, TrainingError> {
    let stage = trainer.descent().stage();
    let mut progress = trainer.descent().resume()?;
    expect_same_recipe(spec, stage, &progress)?;
    progress.recipe_sha256 = spec.recipe.digest_of_stage(stage);
    run_stage(trainer, progress, cancel, listen)
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
    let preset = preset_of(&spec.recipe);
    let path = spec.work.join(BACKBONES_FILE);
    let untrained = spec.work.join("untrained-head.safetensors");
    write_untrained_head(&untrained, preset, spec.recipe.seed, &device_of(spec)?)?;
    let parts: Vec<&Path> = backbones.iter().chain([&untrained]).map(PathBuf::as_path).collect();
    write_network(&path, &parts, DType::F16)?;
    let network = AvarNet::load(preset, &WeightSource::File(path), &device_of(spec)?)?;
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
    crate::model::head::Head::new(&preset.config().head, &weights)?;
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
const YAMNET_FILE: &str = "yamnet_dequant_f16.safetensors";
const MOBILENET_FILE: &str = "mobilenetv2_imagenet_backbone_dequant_f16.safetensors";
