//! The clips of all datasets of a recipe, each in one part; those that are drawn are drawn here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::TrainingError;
use super::progress::{Listen, Stage, TrainingEvent};
use super::recipe::{ComposeData, DataPlace, NamedData, SynthData, SynthForHead};
use super::spec::TrainingSpec;
use avar_base::files::hexadecimal;
use avar_base::job::{CancelToken, parallel_map};
use avar_compose::{ComposeSpec, SceneSpec, write_recordings};
use avar_dataset::{Clip, Manifest, Shares, write_manifest};
use avar_labels::Split;
use avar_media::{OpenedMedia, read_mono};
use avar_model::wav2vec2::SAMPLE_RATE_HZ;
use avar_synth::{SynthSpec, write_corpus};
use sha2::{Digest, Sha256};

/// One clip and where it comes from.
#[derive(Clone, Debug)]
pub struct CorpusClip {
    /// As its manifest describes it.
    pub clip: Clip,
    /// The one part that it is in.
    pub split: Split,
    /// Position among [`Corpus::sources`].
    pub source: usize,
    /// Whether its dataset is of real recordings.
    pub is_real: bool,
    /// The backbones learn nothing from it.
    pub is_for_head: bool,
}

/// One dataset of the corpus.
#[derive(Clone, Debug)]
pub struct Source {
    /// As the recipe names it, or the program where it draws the clips.
    pub data: NamedData,
    /// Labels that are none of the ten, and how many rows have them.
    pub unknown_labels: Vec<(String, usize)>,
}

/// Everything that a recipe trains and validates on.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// In the order in which they were added.
    pub sources: Vec<Source>,
    /// Of all datasets, one after another.
    pub clips: Vec<CorpusClip>,
}

impl Corpus {
    /// Adds the dataset `data` that lies at `manifest`.
    pub fn add(&mut self, data: &NamedData, manifest: &Path, seed: u64) -> Result<(), TrainingError> {
        self.add_for(data, manifest, seed, false)
    }

    /// As [`Corpus::add`], of clips from which the head alone learns.
    pub fn add_for_head(&mut self, data: &NamedData, manifest: &Path, seed: u64) -> Result<(), TrainingError> {
        self.add_for(data, manifest, seed, true)
    }

    fn add_for(
        &mut self,
        data: &NamedData,
        manifest: &Path,
        seed: u64,
        is_for_head: bool,
    ) -> Result<(), TrainingError> {
        let mut manifest = Manifest::read(manifest)?;
        manifest.check_files().map_err(|missing| TrainingError::NothingToTrainOn(missing.to_string()))?;
        manifest.assign_splits(Shares::default(), seed);
        let source = self.sources.len();
        let unknown_labels = manifest.unknown_labels.iter().map(|(label, count)| (label.clone(), *count)).collect();
        self.sources.push(Source { data: data.clone(), unknown_labels });
        // Without a part of its own a clip could be trained and scored on at once; assigning gave every clip one.
        let placed = manifest.clips.into_iter().filter_map(|clip| clip.split.map(|split| (clip, split)));
        let is_real = data.is_real;
        self.clips.extend(placed.map(|(clip, split)| CorpusClip { clip, split, source, is_real, is_for_head }));
        Ok(())
    }

    /// Adds what the recipe names, from where the command line says that it is. Returns what was left out.
    pub fn add_named(
        &mut self,
        named: &[NamedData],
        places: &[DataPlace],
        seed: u64,
    ) -> Result<Vec<String>, TrainingError> {
        if let Some(stray) = places.iter().find(|place| !named.iter().any(|data| data.name == place.name)) {
            return Err(TrainingError::NothingToTrainOn(format!("the recipe names no data \"{}\"", stray.name)));
        }
        let mut left_out = Vec::new();
        for data in named {
            match places.iter().find(|place| place.name == data.name) {
                Some(place) => self.add(data, &place.manifest, seed)?,
                None if data.optional => left_out.push(data.name.clone()),
                None => {
                    let name = &data.name;
                    let reason = format!("the recipe needs the data \"{name}\"; add --data {name}=MANIFEST");
                    return Err(TrainingError::NothingToTrainOn(reason));
                }
            }
        }
        Ok(left_out)
    }

    /// Writes a manifest a dataset, with the part that each clip is in: what a test was made on can be evaluated again.
    pub fn write_parts(&self, folder: &Path) -> Result<(), TrainingError> {
        for (position, source) in self.sources.iter().enumerate() {
            let of_source = self.clips.iter().filter(|clip| clip.source == position);
            let clips: Vec<Clip> = of_source.map(|clip| clip.clip.clone()).collect();
            // A recipe may come from others: its names lead nowhere else.
            let name: String =
                source.data.name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
            write_manifest(&folder.join(name + ".csv"), &clips)?;
        }
        Ok(())
    }

    /// The clips of the datasets with these names, of all parts.
    fn clips_of(&self, names: &[String]) -> Result<Vec<Clip>, TrainingError> {
        let place = |name: &String| {
            let found = self.sources.iter().position(|source| source.data.name == *name);
            found.ok_or_else(|| {
                TrainingError::NothingToTrainOn(format!("there is no data \"{name}\" to compose recordings of"))
            })
        };
        let places = names.iter().map(place).collect::<Result<Vec<_>, _>>()?;
        let of_names = self.clips.iter().filter(|clip| places.contains(&clip.source));
        Ok(of_names.map(|clip| Clip { split: Some(clip.split), ..clip.clip.clone() }).collect())
    }

    /// The clips of one part, of all datasets.
    pub fn part(&self, split: Split) -> impl Iterator<Item = &CorpusClip> {
        self.clips.iter().filter(move |clip| clip.split == split)
    }
}

/// A clip's sound as 16 kHz mono in 16 bits, from its first sample on; `None` in a clip without sound.
pub fn read_sound(clip: &Clip, cancel: &CancelToken) -> Result<Option<(OpenedMedia, Vec<i16>)>, TrainingError> {
    let opened = avar_media::open(&clip.file, cancel, |_| {})?;
    let Some(audio) = &opened.info.audio else { return Ok(None) };
    let samples = read_mono(&clip.file, Some(audio), SAMPLE_RATE_HZ, opened.info.range, cancel)?;
    let narrow = |sample: &f32| (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
    Ok(Some((opened, samples.iter().map(narrow).collect())))
}

/// All clips of the recipe; draws the synthetic ones where that has not been done.
pub fn gather(
    spec: &TrainingSpec,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<(Corpus, Vec<String>), TrainingError> {
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
    if let Some(wanted) = &recipe.compose {
        let manifest = compose(spec, &corpus, wanted, cancel, listen)?;
        let [training, validation, test] = wanted.recordings;
        let description = format!(
            "{} recordings composed of the sounds of {}, seed {}",
            training + validation + test,
            wanted.of.join(" and "),
            wanted.seed
        );
        let data = NamedData { licence: "as the sounds".to_owned(), ..drawn("composed", description) };
        corpus.add_for_head(&data, &manifest, recipe.seed)?;
    }
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

/// The manifest of the recordings that are composed of what the corpus has so far; composes them where that has not been
/// done.
fn compose(
    spec: &TrainingSpec,
    corpus: &Corpus,
    wanted: &ComposeData,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<PathBuf, TrainingError> {
    let ComposeData { of, recordings, duration_s, events_per_hour, everyday_per_hour, ratio_db, seed } = wanted;
    let clips: Vec<Clip> = corpus.clips_of(of)?;
    let [shortest, longest] = *duration_s;
    let [least, greatest] = *ratio_db;
    let scene = SceneSpec {
        duration_s: shortest..longest,
        events_per_hour: *events_per_hour,
        everyday_per_hour: *everyday_per_hour,
        ratio_db: least..greatest,
    };
    let recordings = Split::ALL.into_iter().zip(*recordings).collect();
    let compose = ComposeSpec { recordings, scene, seed: *seed };
    let made_of: Vec<String> = clips.iter().map(|clip| format!("{} {:?}", clip.path.display(), clip.split)).collect();
    let made_of = Sha256::digest(format!("{wanted:?} {made_of:?}"));
    let folder = spec.work.join(format!("composed-{}", hexadecimal(&made_of[..8])));
    let manifest = folder.join("manifest.csv");
    // The manifest is written last: without it the recordings are not whole.
    if !manifest.exists() {
        let material = Manifest { path: spec.work.clone(), clips, unknown_labels: BTreeMap::new(), notes: Vec::new() };
        write_recordings(&material, &folder, &compose, cancel, |done, of| {
            listen(TrainingEvent::Progress { stage: Stage::Data, done: done as u64, of: of as u64 });
        })?;
    }
    Ok(manifest)
}

/// Runs `work` on every clip, several at a time, in the clips' order; the first error ends it.
pub fn for_each_clip<T: Send>(
    clips: &[&CorpusClip],
    stage: Stage,
    threads: usize,
    cancel: &CancelToken,
    listen: Listen,
    work: impl Fn(&CorpusClip) -> Result<T, TrainingError> + Sync,
) -> Result<Vec<T>, TrainingError> {
    let done = AtomicU64::new(0);
    parallel_map(clips, threads, |clip| {
        cancel.check()?;
        let result = work(clip)?;
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        listen(TrainingEvent::Progress { stage, done, of: clips.len() as u64 });
        Ok(result)
    })
}
