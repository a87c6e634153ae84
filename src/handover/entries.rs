//! The entries of a bundle that are records: what each is called, and what it says.

use avar_base::time::MediaTime;
use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_media::IngestReport;
use avar_review::layers::Basis;
use avar_review::{Edge, ModelEvent, ReviewState, Timestamp, Trail};
use serde::{Deserialize, Serialize};

use crate::archive::Entry;
use crate::handover::{Account, EventMoment, Handover, ToldEvent};

pub(crate) const REPORT: &str = "report.html";
pub(crate) const EVENTS: &str = "events.json";
pub(crate) const DECISIONS: &str = "decisions.json";
pub(crate) const NOTES: &str = "notes.json";
pub(crate) const SCORES: &str = "scores.csv";
pub(crate) const DOCUMENT: &str = "review.avar";
pub(crate) const SETTINGS: &str = "settings.json";
pub(crate) const RECORDING: &str = "recording.json";
pub(crate) const CARD: &str = "model-card.json";
/// The last one.
pub(crate) const MANIFEST: &str = "manifest.json";

pub(crate) const FORMAT: &str = "avar-bundle";
/// The format that is written.
pub(crate) const VERSION: u32 = 1;

/// `manifest.json`: what the bundle is of, and the digest of everything in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// `avar-bundle`.
    pub format: String,
    /// Of the format.
    pub version: u32,
    /// Name and version of the program that wrote it.
    pub program: String,
    /// FFmpeg's versions: a decoded picture is the product of them.
    pub decoder: String,
    /// The recording.
    pub media: MediaEntry,
    /// The weights that gave the scores.
    pub weights: WeightsEntry,
    /// The document; `None` where nothing has been decided.
    pub trail: Option<TrailEntry>,
    /// Every other entry, in the order of the file.
    pub entries: Vec<EntryDigest>,
}

/// The recording of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MediaEntry {
    /// Of its file, without folders.
    pub name: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
    /// Frames that can be shown; `None` without a picture.
    pub frames: Option<usize>,
}

/// The weights of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsEntry {
    /// The digest that names them.
    pub sha256: String,
    /// False for weights drawn from a seed, whose scores mean nothing.
    pub is_trained: bool,
    /// What a reader must know before believing a score.
    pub warning: Option<String>,
}

/// The document of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrailEntry {
    /// Lines below the first.
    pub operations: usize,
    /// Of its last line.
    pub last_sha256: String,
}

/// One entry of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryDigest {
    /// With its folder.
    pub name: String,
    /// Of its content.
    pub size_bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

impl From<&Entry> for EntryDigest {
    fn from(entry: &Entry) -> Self {
        Self { name: entry.name.clone(), size_bytes: entry.size_bytes, sha256: entry.sha256.clone() }
    }
}

impl Manifest {
    pub(crate) fn new(handover: &Handover, trail: Option<&Trail>, entries: &[Entry]) -> Self {
        let (info, scoring) = (&handover.media.info, &handover.scoring);
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: avar_analysis::record::program(),
            decoder: info.decoder.clone(),
            media: MediaEntry {
                name: handover.name(),
                sha256: handover.sha256.clone(),
                frames: handover.media.frames.as_ref().map(|frames| frames.len()),
            },
            weights: WeightsEntry {
                sha256: scoring.weights_sha256.clone(),
                is_trained: scoring.is_trained,
                warning: scoring.warning.clone(),
            },
            trail: trail.map(TrailEntry::of),
            entries: entries.iter().map(EntryDigest::from).collect(),
        }
    }
}

impl TrailEntry {
    pub(crate) fn of(trail: &Trail) -> Self {
        Self { operations: trail.entries.len(), last_sha256: trail.last_sha256.clone() }
    }
}

/// `settings.json`: what another analysis needs beside the recording and the weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    pub network: String,
    pub device: String,
    /// In words.
    pub modalities: String,
    pub steps_per_second: f64,
    pub window_steps: usize,
    pub threshold_rule: Hysteresis,
    /// Of the track that was heard, as FFmpeg numbers streams.
    pub audio_stream: Option<usize>,
    pub classes: Vec<String>,
}

impl Settings {
    pub(crate) fn new(handover: &Handover, rule: Hysteresis) -> Self {
        let Handover { media, scores, scoring, .. } = handover;
        Self {
            network: scoring.network.clone(),
            device: scoring.device.clone(),
            modalities: scores.modalities.label().to_owned(),
            steps_per_second: scores.grid.steps_per_second(),
            window_steps: scoring.window_steps,
            threshold_rule: rule,
            audio_stream: media.info.audio.as_ref().map(|audio| audio.stream_index),
            classes: AnomalyClass::ALL.iter().map(|class| class.name().to_owned()).collect(),
        }
    }
}

/// `recording.json`: what `avar probe --json` says, without folders.
pub(crate) fn recording(handover: &Handover, mut report: IngestReport) -> IngestReport {
    report.path = handover.name().into();
    report.sha256 = Some(handover.sha256.clone());
    report
}

/// `events.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Events {
    pub threshold_rule: Hysteresis,
    pub events: Vec<EventEntry>,
    /// What the network found under the rule, before anybody decided.
    pub model_events: Vec<ModelEvent>,
}

/// An event of the list: decided, or open.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EventEntry {
    pub number: usize,
    pub state: String,
    pub class: AnomalyClass,
    pub class_score: Option<f32>,
    pub also: Vec<AnomalyClass>,
    pub first_frame: usize,
    /// The frame after the last.
    pub end_frame: usize,
    #[serde(rename = "start_s")]
    pub start: MediaTime,
    #[serde(rename = "end_s")]
    pub end: MediaTime,
    pub peak: Option<f32>,
    pub peak_frame: usize,
    #[serde(rename = "peak_s")]
    pub peak_at: MediaTime,
    /// `model`, `lost` or `analyst`.
    pub basis: String,
    pub note: String,
    /// At start, peak and end, where the event is shown.
    pub stills: Vec<StillEntry>,
    /// The entry with its curve.
    pub figure: Option<String>,
}

/// A frame of an event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StillEntry {
    /// `start`, `peak` or `end`.
    pub at: String,
    pub frame: usize,
    #[serde(rename = "time_s")]
    pub time: MediaTime,
    /// The entry with the picture, or why there is none.
    #[serde(flatten)]
    pub picture: StillPicture,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StillPicture {
    /// The entry.
    File(String),
    /// Why.
    Missing(String),
}

impl StillEntry {
    pub(crate) fn new(moment: EventMoment, picture: StillPicture) -> Self {
        Self { at: moment.at.to_owned(), frame: moment.frame.0, time: moment.time, picture }
    }
}

impl EventEntry {
    pub(crate) fn new(event: &ToldEvent, stills: Vec<StillEntry>, figure: Option<String>) -> Self {
        let listed = &event.listed;
        Self {
            number: event.number,
            state: event.state().to_owned(),
            class: listed.class,
            class_score: listed.class_score,
            also: listed.also.clone(),
            first_frame: listed.stretch.start.frame.0,
            end_frame: listed.stretch.end.frame.0,
            start: listed.stretch.start.time,
            end: listed.stretch.end.time,
            peak: listed.peak,
            peak_frame: event.peak_at.frame.0,
            peak_at: event.peak_at.time,
            basis: basis_name(listed.basis).to_owned(),
            note: listed.note.clone(),
            stills,
            figure,
        }
    }
}

impl Events {
    pub(crate) fn new(account: &Account, events: Vec<EventEntry>) -> Self {
        Self { threshold_rule: account.state.rule, events, model_events: account.model.clone() }
    }
}

fn basis_name(basis: Basis) -> &'static str {
    match basis {
        Basis::Model => "model",
        Basis::Lost => "lost",
        Basis::Analyst => "analyst",
    }
}

/// `decisions.json`: what the lines of the document come to, and in which order they were taken.
#[derive(Serialize)]
pub(crate) struct Decisions<'a> {
    begun: Timestamp,
    begun_by: &'a str,
    /// Deleted ones too.
    events: Vec<DecidedEntry<'a>>,
    operations: Vec<OperationEntry<'a>>,
}

#[derive(Serialize)]
struct DecidedEntry<'a> {
    id: avar_review::EventId,
    class: AnomalyClass,
    start: Edge,
    end: Edge,
    verdict: Option<Verdict>,
    is_deleted: bool,
    note: &'a str,
    onset: f32,
    decided_on: &'a [ModelEvent],
}

#[derive(Serialize)]
struct OperationEntry<'a> {
    seq: u64,
    time: Timestamp,
    author: &'a str,
    did: &'static str,
}

impl<'a> Decisions<'a> {
    pub(crate) fn new(trail: &'a Trail) -> Self {
        let state = trail.history.state();
        let events = state.events_and_deleted().map(|event| DecidedEntry {
            id: event.id,
            class: event.class,
            start: event.stretch.start,
            end: event.stretch.end,
            verdict: event.verdict,
            is_deleted: event.is_deleted,
            note: &event.note,
            onset: event.onset,
            decided_on: &event.bases,
        });
        let operations = trail.entries.iter().map(|entry| OperationEntry {
            seq: entry.seq,
            time: entry.time,
            author: &entry.author,
            did: entry.operation.label(),
        });
        Self {
            begun: trail.begun,
            begun_by: &trail.begun_by,
            events: events.collect(),
            operations: operations.collect(),
        }
    }
}

/// `notes.json`: what was written on events and at frames.
#[derive(Serialize)]
pub(crate) struct Notes<'a> {
    of_events: Vec<EventNote<'a>>,
    at_frames: Vec<FrameNote<'a>>,
}

#[derive(Serialize)]
struct EventNote<'a> {
    event: avar_review::EventId,
    text: &'a str,
}

#[derive(Serialize)]
struct FrameNote<'a> {
    at: Edge,
    text: &'a str,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(state: &'a ReviewState) -> Self {
        let noted = state.events().filter(|event| !event.note.is_empty());
        Self {
            of_events: noted.map(|event| EventNote { event: event.id, text: &event.note }).collect(),
            at_frames: state.notes().map(|note| FrameNote { at: note.at, text: &note.text }).collect(),
        }
    }
}

/// As records are written: for people too.
pub(crate) fn json(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
