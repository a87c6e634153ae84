//! Files, and the manifest that says what is in them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;

use super::RATE_HZ;
use super::effects::low_pass;
use super::error::ComposeError;
use super::material::Material;
use super::scene::{self, Event, Scene, SceneSpec};
use avar_base::files::WriteError;
use avar_base::job::{CancelToken, parallel_map, thread_count};
use avar_base::time::{MediaTime, TimeRange};
use avar_dataset::{Clip, LabelledRange, Manifest, ShownIn, write_manifest};
use avar_labels::{AnomalyClass, Split};
use avar_media::{AudioCodec, AudioFormat, AudioSpec, AudioWriter};

/// What to compose.
#[derive(Clone, Debug, PartialEq)]
pub struct ComposeSpec {
    /// How many recordings are made of the material of which part.
    pub recordings: Vec<(Split, usize)>,
    /// What they are like.
    pub scene: SceneSpec,
    /// The same seed and material give the same recordings, whatever their number.
    pub seed: u64,
}

/// No folder holds more.
const MOST_RECORDINGS: usize = 100_000;

/// Writes `folder`/recordings and, last, `folder`/manifest.csv, whose path is returned. `progress` hears how many of
/// how many recordings are done.
pub fn write_recordings(
    manifest: &Manifest,
    folder: &Path,
    spec: &ComposeSpec,
    cancel: &CancelToken,
    progress: impl Fn(usize, usize) + Sync,
) -> Result<PathBuf, ComposeError> {
    let all: usize = spec.recordings.iter().map(|(_, count)| *count).fold(0, usize::saturating_add);
    if all == 0 || all > MOST_RECORDINGS {
        return Err(ComposeError::Spec(format!("a composition has 1 to {MOST_RECORDINGS} recordings, and not {all}")));
    }
    if let Some(complaint) = spec.scene.complaint() {
        return Err(ComposeError::Spec(complaint));
    }
    let below = folder.join("recordings");
    std::fs::create_dir_all(&below).map_err(|reason| WriteError { path: below, reason })?;
    let done = AtomicUsize::new(0);
    let mut clips = Vec::new();
    for (part, count) in spec.recordings.iter().filter(|(_, count)| *count > 0) {
        let material = Material::gather(manifest, *part, cancel)?;
        let numbers: Vec<usize> = (0..*count).collect();
        clips.extend(parallel_map(&numbers, thread_count(), |number| {
            cancel.check()?;
            let clip = write_recording(&material, folder, spec, *part, *number)?;
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, all);
            Ok::<_, ComposeError>(clip)
        })?);
    }
    let manifest = folder.join("manifest.csv");
    write_manifest(&manifest, &clips)?;
    Ok(manifest)
}

fn write_recording(
    material: &Material,
    folder: &Path,
    spec: &ComposeSpec,
    part: Split,
    number: usize,
) -> Result<Clip, ComposeError> {
    let mut rng = Rng::with_seed(spec.seed ^ (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ part as u64);
    let Scene { samples, events } = scene::draw(material, &spec.scene, &mut rng);
    let codec = AudioCodec::ALL[rng.usize(0..AudioCodec::ALL.len())];
    let path = PathBuf::from(format!("recordings/{}-{number:05}.{}", part.name(), codec.extension()));
    let file = folder.join(&path);
    encode(&file, codec, samples, &mut rng)?;
    let seconds = |sample: usize| MediaTime::from_seconds(sample as f64 / f64::from(RATE_HZ));
    let range = |event: &Event| LabelledRange {
        class: event.class,
        range: TimeRange::new(seconds(event.range.start), seconds(event.range.end)),
    };
    Ok(Clip {
        group: path.to_string_lossy().into_owned(),
        path,
        file,
        label: events.first().map_or(AnomalyClass::Normal, |event| event.class),
        ranges: events.iter().map(range).collect(),
        unclassified: Vec::new(),
        shown_in: ShownIn::Both,
        split: Some(part),
    })
}

fn encode(file: &Path, codec: AudioCodec, mut samples: Vec<f32>, rng: &mut Rng) -> Result<(), ComposeError> {
    let (rate_hz, bits_per_second) = match codec {
        AudioCodec::MuLaw => {
            // Twice, so that little is left of what would be folded back.
            low_pass(&mut samples, 3400.0);
            low_pass(&mut samples, 3400.0);
            samples = samples.iter().step_by(RATE_HZ as usize / 8000).copied().collect();
            (8000, 64_000)
        }
        AudioCodec::Flac => (RATE_HZ, 0),
        AudioCodec::Opus => (RATE_HZ, rng.usize(16..64) * 1000),
        AudioCodec::Aac | AudioCodec::Mp3 => (RATE_HZ, [32, 48, 64, 96][rng.usize(0..4)] * 1000),
    };
    let format = AudioFormat { rate_hz, channels: 1 };
    let mut writer = AudioWriter::create(file, &AudioSpec { format, codec, bits_per_second })?;
    for piece in samples.chunks(RATE_HZ as usize) {
        writer.push(piece)?;
    }
    Ok(writer.finish()?)
}
