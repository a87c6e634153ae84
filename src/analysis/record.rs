//! What an analysis leaves on disk: the score table, the events, and the record of the run, by which a second
//! person can get the same numbers.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::events::Event;
use super::pipeline::{Analysis, AnalysisSpec, Timings};
use super::scores::{PictureDamage, StepScores};
use avar_base::files::{WriteError, serialize_path, write_whole};
use avar_labels::{AnomalyClass, Hysteresis, Modalities};
use avar_model::{ModelCard, Provenance};

/// Where the three files of one analysis are.
#[derive(Clone, Debug, Serialize)]
pub struct RecordPaths {
    /// `NAME.scores.csv`: one row a step.
    #[serde(serialize_with = "serialize_path")]
    pub scores: PathBuf,
    /// `NAME.events.json`: the events, and what they were found by.
    #[serde(serialize_with = "serialize_path")]
    pub events: PathBuf,
    /// `NAME.run.json`: the [`RunRecord`].
    #[serde(serialize_with = "serialize_path")]
    pub run: PathBuf,
}

impl RecordPaths {
    /// `folder/NAME.scores.csv` and so on.
    pub fn new(folder: &Path, name: &str) -> Self {
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        Self { scores: path("scores.csv"), events: path("events.json"), run: path("run.json") }
    }
}

/// Everything that went into the scores of one file.
#[derive(Clone, Debug, Serialize)]
pub struct RunRecord {
    /// The recording that was analysed.
    pub media: MediaRecord,
    /// The weights that gave the scores.
    pub weights: WeightsRecord,
    /// FFmpeg's versions: a decoded picture is the product of them.
    pub decoder: String,
    /// Name and version of this program.
    pub program: String,
    /// What scores and events depend on beside recording and weights.
    pub configuration: Configuration,
    /// Steps that have scores.
    pub steps: usize,
    /// Events that were found.
    pub events: usize,
    /// Sentences that a reader of the scores should know: of the file, then of the analysis.
    pub notes: Vec<String>,
    /// Wall time of the parts.
    pub timings_s: TimingsRecord,
}

/// Which file was analysed.
#[derive(Clone, Debug, Serialize)]
pub struct MediaRecord {
    /// As it was opened.
    #[serde(serialize_with = "serialize_path")]
    pub path: PathBuf,
    /// Of the file, or of all pictures of a sequence one after another; lower-case hexadecimal.
    pub sha256: String,
    /// Of the file, or of all pictures of a sequence together.
    pub size_bytes: u64,
    /// FFmpeg's short names of the container.
    pub container: String,
    /// The earliest start of picture and sound, on the file's own axis.
    pub start_s: f64,
    /// From there to the latest end of picture and sound.
    pub duration_s: f64,
    /// Pictures that sequential decoding puts out; `None` in a file without a picture.
    pub frames: Option<usize>,
}

/// Where the weights came from, and what is known of them.
#[derive(Clone, Debug, Serialize)]
pub struct WeightsRecord {
    /// `None` for weights drawn from a seed, and for those that come with the program.
    pub path: Option<String>,
    /// SHA-256 that names the weights: of their file, or of the sentence that describes the seed; lower-case
    /// hexadecimal.
    pub digest: String,
    /// False for weights drawn from a seed, whose scores mean nothing.
    pub is_trained: bool,
    /// What a reader must know before believing a score.
    pub warning: Option<&'static str>,
    /// What is known about them.
    pub card: Option<ModelCard>,
}

/// What another run needs beside the recording and the weights to give the same numbers.
#[derive(Clone, Debug, Serialize)]
pub struct Configuration {
    /// Identifier of the preset: `full` or `lite`.
    pub network: &'static str,
    /// `cpu` or `cuda`.
    pub device: &'static str,
    /// What the network was given of the file.
    pub modalities: Modalities,
    /// Of the step grid, in Hz.
    pub steps_per_second: f64,
    /// Sequence length T of the temporal head.
    pub window_steps: usize,
    /// By which the events were found.
    pub hysteresis: Hysteresis,
    /// Identifiers of the ten classes, in the order of the scores.
    pub classes: Vec<&'static str>,
}

/// Wall time of the parts, in seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TimingsRecord {
    /// See [`Timings::load_weights`].
    pub load_weights: f64,
    /// See [`Timings::decode`].
    pub decode: f64,
    /// See [`Timings::picture_network`].
    pub picture_network: f64,
    /// See [`Timings::audio_network`].
    pub audio_network: f64,
    /// See [`Timings::temporal_head`].
    pub temporal_head: f64,
    /// See [`Timings::total`].
    pub total: f64,
    /// Seconds of media analysed per second, loading the weights not counted.
    pub times_real_time: f64,
}

/// Name and version of this program, as records have it.
pub fn program() -> String {
    format!("AVAR Desk {}", env!("CARGO_PKG_VERSION"))
}

impl RunRecord {
    /// `events` are those that `hysteresis` finds in the scores; `sha256` is that of the media file.
    pub fn new(
        spec: &AnalysisSpec,
        analysis: &Analysis,
        events: &[Event],
        hysteresis: Hysteresis,
        sha256: String,
    ) -> Self {
        let info = &spec.info;
        let provenance = analysis.account.network.provenance();
        let is_trained = !provenance.is_untrained();
        let weights_path = match provenance {
            Provenance::File { path, .. } => Some(path.to_string_lossy().into_owned()),
            Provenance::Bundled { .. } | Provenance::Untrained { .. } => None,
        };
        let card = analysis.account.network.card().cloned();
        Self {
            media: MediaRecord {
                path: info.path.clone(),
                sha256,
                size_bytes: info.size_bytes,
                container: info.container.clone(),
                start_s: info.range.start.seconds(),
                duration_s: info.range.duration_s(),
                frames: spec.frames.as_ref().map(|frames| frames.len()),
            },
            weights: WeightsRecord {
                path: weights_path,
                digest: analysis.account.network.digest().to_owned(),
                is_trained,
                warning: analysis.account.network.warning(),
                card,
            },
            decoder: info.decoder.clone(),
            program: program(),
            configuration: Configuration {
                network: spec.network.preset.name(),
                device: spec.network.device.name(),
                modalities: analysis.scores.modalities,
                steps_per_second: analysis.scores.grid.steps_per_second(),
                window_steps: spec.settings.window_steps,
                hysteresis,
                classes: AnomalyClass::ALL.iter().map(|class| class.name()).collect(),
            },
            steps: analysis.scores.steps.len(),
            events: events.len(),
            notes: info.notes.iter().chain(&analysis.account.notes).cloned().collect(),
            timings_s: TimingsRecord::new(analysis.account.timings),
        }
    }
}

impl TimingsRecord {
    fn new(timings: Timings) -> Self {
        let working_s = timings.total.saturating_sub(timings.load_weights).as_secs_f64();
        Self {
            load_weights: timings.load_weights.as_secs_f64(),
            decode: timings.decode.as_secs_f64(),
            picture_network: timings.picture_network.as_secs_f64(),
            audio_network: timings.audio_network.as_secs_f64(),
            temporal_head: timings.temporal_head.as_secs_f64(),
            total: timings.total.as_secs_f64(),
            times_real_time: timings.analysed_s / working_s.max(f64::MIN_POSITIVE),
        }
    }
}

/// An event as it is written and printed.
#[derive(Clone, Debug, Serialize)]
pub struct EventRecord {
    /// Identifier of the anomaly class with the highest mean score over the event.
    pub class: &'static str,
    /// On the file's own axis.
    pub start_s: f64,
    /// On the file's own axis; the end of the last step, cut at the end of the file.
    pub end_s: f64,
    /// End minus start.
    pub duration_s: f64,
    /// From 0.
    pub first_step: usize,
    /// Included.
    pub last_step: usize,
    /// Ordinals of decoded pictures; `None` in a file without a picture.
    pub first_frame: Option<usize>,
    /// That by which the last step is named.
    pub last_frame: Option<usize>,
    /// The highest anomaly score, in `0..=1`.
    pub peak: f32,
    /// When the step of the peak starts, on the file's own axis.
    pub peak_s: f64,
    /// That by which the step of the peak is named; `None` in a file without a picture.
    pub peak_frame: Option<usize>,
    /// Mean of the steps' anomaly scores.
    pub mean: f32,
}

impl EventRecord {
    /// `scores` are those that the event was found in: they know the frames of its steps.
    pub fn new(event: &Event, scores: &StepScores) -> Self {
        let frame = |step: usize| scores.steps.get(step).and_then(|step| step.frame).map(|frame| frame.index.0);
        Self {
            class: event.class.name(),
            start_s: event.range.start.seconds(),
            end_s: event.range.end.seconds(),
            duration_s: event.range.duration_s(),
            first_step: event.first_step,
            last_step: event.last_step,
            first_frame: frame(event.first_step),
            last_frame: frame(event.last_step),
            peak: event.peak,
            peak_s: event.peak_time.seconds(),
            peak_frame: event.peak_frame.map(|frame| frame.0),
            mean: event.mean,
        }
    }
}

#[derive(Serialize)]
struct EventsFile<'a> {
    media: String,
    weights: &'a WeightsRecord,
    hysteresis: Hysteresis,
    events: Vec<EventRecord>,
}

/// Writes the three files of one analysis, each whole or not at all; makes the folder where it is missing.
pub fn write_record(
    paths: &RecordPaths,
    record: &RunRecord,
    scores: &StepScores,
    events: &[Event],
) -> Result<(), WriteError> {
    let events = EventsFile {
        media: record.media.path.to_string_lossy().into_owned(),
        weights: &record.weights,
        hysteresis: record.configuration.hysteresis,
        events: events.iter().map(|event| EventRecord::new(event, scores)).collect(),
    };
    write_whole(&paths.scores, |file| write_scores(file, scores))?;
    write_whole(&paths.events, |file| write_json(file, &events))?;
    write_whole(&paths.run, |file| write_json(file, record))
}

/// One row a step; `frame` and `pts_s` are those of the frame by which the step is named, `damage` says what is wrong
/// with it. In a file without a
/// picture `frame` is empty and `pts_s` is the step's start.
pub fn write_scores(file: &mut dyn Write, scores: &StepScores) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    let names = AnomalyClass::ALL.iter().map(|class| class.name());
    writer.write_record(["step", "frame", "pts_s", "score"].into_iter().chain(names).chain(["damage"]))?;
    for step in &scores.steps {
        let frame = step.frame.map_or(String::new(), |frame| frame.index.0.to_string());
        let time = step.frame.map_or(step.start, |frame| frame.time);
        let mut row = vec![step.step.to_string(), frame, format!("{:.6}", time.seconds()), step.anomaly().to_string()];
        row.extend(step.class_scores.0.iter().map(f32::to_string));
        row.push(step.damage.map_or("", PictureDamage::name).to_owned());
        writer.write_record(&row)?;
    }
    writer.flush()
}

fn write_json(file: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *file, value)?;
    file.write_all(b"\n")
}
