//! Writes a corpus: ordinary mp4 clips, WAV files for items with sound alone, and the manifest that names them.
//!
//! Seven of ten clips are for training, one for validation, two for the test. Classes take turns, so that every part
//! has as many of each; a clip's content depends on the corpus seed and the clip's number alone, so that a larger
//! corpus begins with the smaller one.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::scenario::{Scenario, SoundTrack};
use super::sound::{self, SoundClip};
use super::{FRAME_RATE_HZ, Film};
use avar_base::files::{WriteError, write_whole};
use avar_base::job::{CancelToken, Cancelled};
use avar_base::time::{MediaTime, TimeRange};
use avar_dataset::{Clip, DatasetError, LabelledRange, ShownIn, write_manifest};
use avar_labels::{AnomalyClass, CLASS_COUNT, Split};
use avar_media::{AudioFormat, ClipSpec, ClipWriter, MediaError};

/// How large a corpus is, and what it is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SynthSpec {
    /// Clips with a picture at the full frame rate.
    pub clips: usize,
    /// Further clips, for training only, with a fifth of the pictures, as recorders keep them that have to last: many
    /// more scenes in the same time.
    pub slow_clips: usize,
    /// Items with sound alone.
    pub sounds: usize,
    /// The same seed gives the same clips, whatever their number.
    pub seed: u64,
}

/// Lossy as surveillance recordings are.
const CRF: u8 = 27;
/// No folder holds more.
pub(crate) const MOST_ITEMS: usize = 1_000_000;

/// Why a corpus is not whole.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// The caller asked for it; what was written is kept.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// So many items were asked for: none, or more than a folder is to hold.
    #[error("a corpus has between 1 and {MOST_ITEMS} items, not {0}")]
    Size(usize),
    /// A clip cannot be encoded or written.
    #[error(transparent)]
    Media(MediaError),
    /// A sound or a folder cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The manifest cannot be written.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl From<MediaError> for SynthError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}

/// Writes `folder`/clips/*.mp4, `folder`/sounds/*.wav and, last, `folder`/manifest.csv, whose path is returned.
/// `progress` hears how many of how many items are done. What was written before a stop is kept and not drawn again.
pub fn write_corpus(
    folder: &Path,
    spec: &SynthSpec,
    cancel: &CancelToken,
    progress: impl Fn(usize, usize) + Sync,
) -> Result<PathBuf, SynthError> {
    let filmed = spec.clips.saturating_add(spec.slow_clips);
    let all = filmed.saturating_add(spec.sounds);
    if all == 0 || all > MOST_ITEMS {
        return Err(SynthError::Size(all));
    }
    let done = AtomicUsize::new(0);
    let clips = (0..all)
        .into_par_iter()
        .map(|index| {
            cancel.check()?;
            let clip = match (index.checked_sub(spec.clips), index.checked_sub(filmed)) {
                (None, _) => write_clip(folder, spec.seed, index, Pace::Full, cancel)?,
                (Some(index), None) => write_clip(folder, spec.seed, index, Pace::Slow, cancel)?,
                (_, Some(index)) => write_sound(folder, spec.seed, index)?,
            };
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
            Ok(clip)
        })
        .collect::<Result<Vec<Clip>, SynthError>>()?;
    let manifest = folder.join("manifest.csv");
    write_manifest(&manifest, &clips)?;
    Ok(manifest)
}

fn split_of(turn: usize) -> Split {
    match turn % 10 {
        0..7 => Split::Train,
        7 => Split::Validation,
        _ => Split::Test,
    }
}

/// A seed of its own for each item (the finaliser of SplitMix64).
fn item_seed(corpus_seed: u64, kind: u64, index: usize) -> u64 {
    let mut z = corpus_seed.wrapping_add((index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)) ^ (kind << 56);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// How often a clip has a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Full,
    Slow,
}

impl Pace {
    /// Of the frames of a film one in so many is kept.
    fn kept(self) -> u32 {
        match self {
            Pace::Full => 1,
            Pace::Slow => 5,
        }
    }
}

fn write_clip(
    folder: &Path,
    corpus_seed: u64,
    index: usize,
    pace: Pace,
    cancel: &CancelToken,
) -> Result<Clip, SynthError> {
    let class = AnomalyClass::ALL[index % CLASS_COUNT];
    let (split, kind, name) = match pace {
        Pace::Full => (split_of(index / CLASS_COUNT), 0, ""),
        Pace::Slow => (Split::Train, 2, "slow-"),
    };
    let scenario = Scenario::draw(class, split, item_seed(corpus_seed, kind, index));
    let path = PathBuf::from(format!("clips/{name}{index:06}.mp4"));
    let file = folder.join(&path);
    if !file.exists() {
        film(&file, &scenario, pace, cancel)?;
    }
    let range = |event: &std::ops::Range<f32>| LabelledRange {
        class,
        range: TimeRange::new(MediaTime::from_seconds(event.start.into()), MediaTime::from_seconds(event.end.into())),
    };
    Ok(Clip {
        group: format!("synth-{corpus_seed}-{name}{index:06}"),
        path,
        file,
        label: class,
        ranges: scenario.event_s.iter().map(range).collect(),
        unclassified: Vec::new(),
        shown_in: scenario.shown_in,
        split: Some(split),
    })
}

fn film(file: &Path, scenario: &Scenario, pace: Pace, cancel: &CancelToken) -> Result<(), SynthError> {
    make_folder(file)?;
    let mut film = Film::new(scenario);
    let (width_px, height_px) = film.size_px();
    let is_heard = scenario.sound != SoundTrack::Missing;
    let audio = is_heard.then_some(AudioFormat { rate_hz: sound::RATE_HZ, channels: 1 });
    let spec = ClipSpec { width_px, height_px, rate_hz: FRAME_RATE_HZ / pace.kept(), audio, crf: CRF };
    let mut writer = ClipWriter::create(file, &spec)?;
    let frames = (scenario.duration_s * FRAME_RATE_HZ as f32).round() as u32;
    let samples = if is_heard { sound::soundtrack(scenario) } else { Vec::new() };
    // Sound goes in beside the picture it belongs to, so that the file is read from front to back.
    let place = |frame: u32| (u64::from(frame) * u64::from(sound::RATE_HZ) / u64::from(FRAME_RATE_HZ)) as usize;
    for frame in (0..frames).step_by(pace.kept() as usize) {
        cancel.check()?;
        writer.push_rgb(&film.picture(frame))?;
        if is_heard {
            let next = frame + pace.kept();
            let to = if next >= frames { samples.len() } else { place(next).min(samples.len()) };
            writer.push_audio(&samples[place(frame).min(to)..to])?;
        }
    }
    Ok(writer.finish()?)
}

fn write_sound(folder: &Path, corpus_seed: u64, index: usize) -> Result<Clip, SynthError> {
    // Half of the items are everyday life, one in ten a siren, one in ten a cry, the rest what else can be heard.
    let turn = index / 2;
    let split = split_of(index / 20);
    let seed = item_seed(corpus_seed, 1, index);
    let audible = [
        AnomalyClass::Explosion,
        AnomalyClass::Crash,
        AnomalyClass::Pain,
        AnomalyClass::Vandalism,
        AnomalyClass::Brawling,
        AnomalyClass::Abuse,
    ];
    let SoundClip { samples, label, group, .. } = match (index % 2, turn % 5) {
        (0, _) => sound::everyday_clip(split, seed),
        (_, 0) => sound::siren_clip(split, seed),
        (_, 1) => sound::cry_clip(split, seed),
        (_, other) => sound::sound_clip(audible[(turn / 5 * 3 + other - 2) % audible.len()], split, seed),
    };
    let path = PathBuf::from(format!("sounds/{index:06}.wav"));
    let file = folder.join(&path);
    if !file.exists() {
        make_folder(&file)?;
        write_whole(&file, |file| write_wav(file, &samples))?;
    }
    let group = format!("synth-{corpus_seed}-{}-{group}", split.name());
    Ok(Clip {
        path,
        file,
        label,
        ranges: Vec::new(),
        unclassified: Vec::new(),
        shown_in: ShownIn::Both,
        split: Some(split),
        group,
    })
}

/// Mono, 16 bits.
fn write_wav(file: &mut dyn std::io::Write, samples: &[f32]) -> std::io::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: sound::RATE_HZ,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).map_err(std::io::Error::other)?;
    for sample in samples {
        let sample = (sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)).round() as i16;
        writer.write_sample(sample).map_err(std::io::Error::other)?;
    }
    writer.finalize().map_err(std::io::Error::other)?;
    file.write_all(bytes.get_ref())
}

fn make_folder(file: &Path) -> Result<(), WriteError> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|reason| WriteError { path: folder.to_owned(), reason })
}
