//! Both backbones: what each learns from is read, with what its teacher says of it, and they train at the same time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::cache;
use super::checkpoint::{read_tensors, write_tensors};
use super::corpus::{Corpus, CorpusClip, for_each_clip, read_sound};
use super::error::TrainingError;
use super::picture::{PictureItem, PictureTrainer, Sampling, read_pictures};
use super::progress::{Listen, Stage};
use super::recipe::Backbones;
use super::sound::{self, SoundItem, SoundTrainer, TeacherRows};
use super::spec::TrainingSpec;
use super::stage::{StageProgress, best_path};
use avar_base::job::CancelToken;
use avar_labels::Split;
use avar_model::Provenance;
use avar_model::teachers::mobilenet_v2::EDGE_PX;
use avar_model::teachers::{MobileNetV2, Yamnet, yamnet};
use avar_model::{mobilevit, wav2vec2};

/// Files with the backbones' tensors: trained here, or as they were published.
pub(crate) fn backbone_files(spec: &TrainingSpec) -> Vec<PathBuf> {
    match spec.recipe.backbones {
        Backbones::Lite => [Stage::Sound, Stage::Picture].map(|stage| best_path(&spec.work, stage)).to_vec(),
        Backbones::Full => vec![spec.backbone_weights.clone()],
        Backbones::Real => vec![spec.work.join("pretrained.safetensors")],
    }
}

/// Trains both backbones, unless they are those that were published. Returns how each ended.
pub(crate) fn train_backbones(
    spec: &TrainingSpec,
    corpus: &Corpus,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<Vec<(Stage, StageProgress)>, TrainingError> {
    if spec.recipe.backbones == Backbones::Full {
        let path = &spec.backbone_weights;
        if !path.exists() {
            let reason = "the full backbones are not there; fetch them with avar weights pull";
            return Err(TrainingError::NothingToTrainOn(format!("{reason}: {}", path.display())));
        }
        return Ok(Vec::new());
    }
    if spec.recipe.backbones == Backbones::Real {
        let [pretrained] = &backbone_files(spec)[..] else { return Ok(Vec::new()) };
        let Some(folder) = &spec.teachers else { return Err(no_teachers()) };
        gather_pretrained(folder, pretrained)?;
        return Ok(Vec::new());
    }
    let threads = rayon::current_num_threads();
    // What fails ends its sibling at once: hours later would be late.
    let either = cancel.child();
    let or_end_both = |ended: Result<_, TrainingError>| ended.inspect_err(|_| either.cancel());
    let (sound, picture) = std::thread::scope(|scope| {
        let sound = scope.spawn(|| {
            let train = || train_sound(spec, corpus, &either, listen);
            or_end_both(avar_kernels::on_threads_of_its_own(threads.div_ceil(2), train))
        });
        let train = || train_picture(spec, corpus, &either, listen);
        let picture = or_end_both(avar_kernels::on_threads_of_its_own((threads / 2).max(1), train));
        (sound.join(), picture)
    });
    match (sound.unwrap_or_else(|panic| std::panic::resume_unwind(panic)), picture) {
        (Ok(sound), Ok(picture)) => Ok(vec![(Stage::Sound, sound), (Stage::Picture, picture)]),
        // The one that was only told to stop has nothing to say.
        (Err(error), Err(TrainingError::Cancelled(_)) | Ok(_)) | (_, Err(error)) => Err(error),
    }
}

fn train_sound(
    spec: &TrainingSpec,
    corpus: &Corpus,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<StageProgress, TrainingError> {
    if let Some(progress) = spec.finished(Stage::Sound)? {
        return Ok(progress);
    }
    let device = spec.compute_device()?;
    let teacher = match teachers_folder(spec)? {
        Some(folder) => Some(Yamnet::open(&folder.join(YAMNET_FILE), &device)?),
        None => None,
    };
    let items = |split: Split, teacher: Option<&Yamnet>| {
        let read = |clip: &CorpusClip| sound_item(clip, teacher, spec, cancel);
        let clips = clips_to_learn(corpus, split);
        for_each_clip(&clips, Stage::Sound, rayon::current_num_threads(), cancel, listen, read)
    };
    let mut trainer = SoundTrainer::new(
        items(Split::Train, teacher.as_ref())?.into_iter().flatten().collect(),
        items(Split::Validation, None)?.into_iter().flatten().collect(),
        &wav2vec2::Config::small(),
        spec.plan(Stage::Sound, &spec.recipe.sound, &device),
    )?;
    spec.finish(&mut trainer, cancel, listen)
}

/// The sound of a clip with what the teacher hears in it; `None` in a clip without sound.
fn sound_item(
    clip: &CorpusClip,
    teacher: Option<&Yamnet>,
    spec: &TrainingSpec,
    cancel: &CancelToken,
) -> Result<Option<SoundItem>, TrainingError> {
    let Some((opened, samples)) = read_sound(&clip.clip, cancel)? else { return Ok(None) };
    let start = opened.info.range.start;
    let mut item = SoundItem::new(&clip.clip.on_axis(start), start, samples, clip.source);
    if let Some(teacher) = teacher {
        let kept = teacher_file(&clip.clip.file, teacher.provenance(), spec);
        let [scores, embeddings] = cache::lists(&kept, ["scores", "embeddings"], || {
            let samples: Vec<f32> =
                item.samples.iter().map(|sample| f32::from(*sample) / f32::from(i16::MAX)).collect();
            let said = teacher.patches(&samples)?;
            Ok([said.scores(), said.embeddings])
        })?;
        item.teacher = Some(TeacherRows { scores, score_count: yamnet::CLASSES, embeddings, width: yamnet::EMBEDDING });
    }
    Ok(Some(item))
}

/// What the picture network learns from in one clip.
const SAMPLING: Sampling = Sampling { frames_per_second: 4.0, most_frames: 16 };

fn train_picture(
    spec: &TrainingSpec,
    corpus: &Corpus,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<StageProgress, TrainingError> {
    if let Some(progress) = spec.finished(Stage::Picture)? {
        return Ok(progress);
    }
    let device = spec.compute_device()?;
    let teacher = match teachers_folder(spec)? {
        Some(folder) => Some(MobileNetV2::open(&folder.join(MOBILENET_FILE), &device)?),
        None => None,
    };
    let items = |split: Split, teacher: Option<&MobileNetV2>| {
        let read = |clip: &CorpusClip| {
            let is_labelled = corpus.sources[clip.source].data.picture_labels;
            picture_item(clip, is_labelled, teacher, spec, cancel)
        };
        let clips = clips_to_learn(corpus, split);
        for_each_clip(&clips, Stage::Picture, rayon::current_num_threads(), cancel, listen, read)
    };
    let mut trainer = PictureTrainer::new(
        items(Split::Train, teacher.as_ref())?.into_iter().flatten().collect(),
        items(Split::Validation, None)?.into_iter().flatten().collect(),
        &mobilevit::Config::xx_small(),
        spec.preset().config().picture_size_px,
        spec.plan(Stage::Picture, &spec.recipe.picture, &device),
    )?;
    spec.finish(&mut trainer, cancel, listen)
}

/// The frames of a clip with what the teacher sees in them; `None` in a clip without pictures.
fn picture_item(
    clip: &CorpusClip,
    is_labelled: bool,
    teacher: Option<&MobileNetV2>,
    spec: &TrainingSpec,
    cancel: &CancelToken,
) -> Result<Option<PictureItem>, TrainingError> {
    let opened = avar_media::open(&clip.clip.file, cancel, |_| {})?;
    let read = |(width_px, height_px): (usize, usize)| {
        read_pictures(&clip.clip, &opened, (width_px as u32, height_px as u32), SAMPLING, cancel)
    };
    let Some(pictures) = read(spec.preset().config().picture_size_px)? else { return Ok(None) };
    let mut taught = Vec::new();
    if let Some(teacher) = teacher {
        let kept = teacher_file(&clip.clip.file, teacher.provenance(), spec);
        [taught] = cache::lists(&kept, ["seen"], || {
            let large = read((EDGE_PX, EDGE_PX))?.map(|pictures| pictures.rgb).unwrap_or_default();
            let seen = large.chunks(EDGE_PX * EDGE_PX * 3).map(|rgb| {
                cancel.check()?;
                Ok(teacher.features(rgb, 1)?)
            });
            Ok([seen.collect::<Result<Vec<_>, TrainingError>>()?.concat()])
        })?;
    }
    Ok(Some(PictureItem { pictures, label: clip.clip.label, is_labelled, source: clip.source, taught }))
}

/// What the backbones learn from, or are judged on.
fn clips_to_learn(corpus: &Corpus, split: Split) -> Vec<&CorpusClip> {
    corpus.part(split).filter(|clip| !clip.is_for_head).collect()
}

fn teachers_folder(spec: &TrainingSpec) -> Result<Option<&Path>, TrainingError> {
    match (spec.recipe.teachers, &spec.teachers) {
        (false, _) => Ok(None),
        (true, Some(folder)) => Ok(Some(folder)),
        (true, None) => Err(no_teachers()),
    }
}

fn no_teachers() -> TrainingError {
    let reason = "the recipe asks for teachers; say where their files are with --teachers FOLDER";
    TrainingError::NothingToTrainOn(reason.to_owned())
}

/// Puts the pretrained encoders' tensors into one file, each network's below the name under which AVAR-Net looks for it.
fn gather_pretrained(folder: &Path, pretrained: &Path) -> Result<(), TrainingError> {
    let mut all = HashMap::new();
    for (network, file) in PRETRAINED_FILES {
        let path = folder.join(file);
        if !path.is_file() {
            let reason = format!("the pretrained network is not there: {}", path.display());
            return Err(TrainingError::NothingToTrainOn(reason));
        }
        for (name, tensor) in read_tensors(&path)? {
            all.insert(format!("{network}.{name}"), tensor);
        }
    }
    write_tensors(pretrained, &all)
}

/// Where it is kept what a teacher said of a clip.
fn teacher_file(clip: &Path, teacher: &Provenance, spec: &TrainingSpec) -> PathBuf {
    let examples = (SAMPLING.frames_per_second, SAMPLING.most_frames, sound::TOKENS);
    cache::path(clip, format_args!("{teacher:?} {examples:?}"), &spec.work.join("teachers"))
}

/// Where the teachers' folder has the networks that are used as they are.
const PRETRAINED_FILES: [(&str, &str); 4] = [
    ("movenet", "movenet-multipose-lightning/weights.safetensors"),
    ("nanodet", "nanodet-m/weights.safetensors"),
    ("lite2", "efficientnet-lite2-imagenet/model.safetensors"),
    ("efficientat", "efficientat-mn04-audioset/model.safetensors"),
];
const YAMNET_FILE: &str = "yamnet_dequant_f16.safetensors";
const MOBILENET_FILE: &str = "mobilenetv2_imagenet_backbone_dequant_f16.safetensors";
