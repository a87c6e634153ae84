//! What the window shows: recordings, their results, and how they are looked at. Panels read it, only
//! [`super::update`] changes it.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::command::Action;
use super::comparison::Comparison;
use super::decisions::{Decisions, ListView};
use super::evaluate::state::Slot;
use super::keymap::KeyMap;
use super::panels;
use super::present::PresentState;
use super::shortcut::Shortcut;
use super::theme;
use super::widgets::picture_fit::PictureZoom;
use avar_analysis::{Account, NetworkChoice, StepScore, StepScores};
use avar_base::job::Progress;
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_interchange::Format;
use avar_labels::{AnomalyClass, Hysteresis, Verdict, reaches};
use avar_media::{IngestReport, OpenedMedia, WaveformPyramid};
use avar_model::card::UNTRAINED_WARNING;
use avar_model::{AvarNet, ModelCard};
use avar_playback::PlayerView;
use avar_review::layers::ListedEvent;

/// Names a recording for as long as the window is open; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordingId(pub u64);

/// How the queue is put in order, once and when it is asked for: nothing moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueOrder {
    /// As the recordings were added.
    Added,
    /// The highest anomaly score first.
    Peak,
    /// Those with the most events that nobody has decided on first.
    Unreviewed,
}

/// What the window is used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Review,
    Evaluate,
    Present,
}

pub struct State {
    mode: Mode,
    pub present: PresentState,
    pub queue: Vec<Recording>,
    /// No analysis begins.
    pub is_paused: bool,
    /// The recording on screen, as a place in the queue.
    pub current: Option<usize>,
    /// The player's picture and position in this frame; `None` while nothing can be played.
    pub player: Option<PlayerView>,
    pub transport: Transport,
    pub network: NetworkChoice,
    pub hysteresis: Hysteresis,
    /// The rule of recordings whose review has none of its own.
    pub own_rule: Hysteresis,
    pub view: ViewState,
    pub keys: Arc<KeyMap>,
    pub sheet: Option<Sheet>,
    /// What went wrong with no recording to show it on, newest last.
    pub notices: Vec<String>,
    /// Of letters on screen that no font draws.
    pub letters_note: Option<String>,
    /// The recordings that were open when the window was last closed.
    pub last_queue: Vec<String>,
    /// Typed into the empty desk, for machines without a file dialog.
    pub path_text: String,
    /// Who decides: stands in the trail of every review.
    pub author: String,
    /// The one that the settings name; empty: none.
    pub chosen_author: String,
    /// How far the bundle or clip is that is being written.
    pub writing: Option<Option<Progress>>,
    /// For reviews of recordings whose own folder cannot be written.
    pub review_folder: Option<PathBuf>,
}

/// How the current recording is played.
#[derive(Clone, Copy, Debug)]
pub struct Transport {
    pub speed: f64,
    pub is_muted: bool,
    pub volume: f32,
    /// How much later than its device says the sound is heard, in ms; the picture is shown as much later.
    pub extra_latency_ms: i32,
    pub in_point: Option<MediaTime>,
    pub out_point: Option<MediaTime>,
    pub is_looping: bool,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            speed: 1.0,
            is_muted: false,
            volume: 1.0,
            extra_latency_ms: 0,
            in_point: None,
            out_point: None,
            is_looping: false,
        }
    }
}

/// How things are looked at.
#[derive(Clone, Debug)]
pub struct ViewState {
    pub has_overlay: bool,
    pub picture_zoom: PictureZoom,
    /// `None`: the whole recording.
    pub timeline: Option<TimeRange>,
    /// Amplitude on the waveform lane is multiplied by this.
    pub waveform_scale: f32,
    pub is_full_screen: bool,
    pub is_dark: bool,
    /// The list of events.
    pub list: ListView,
    pub panels: Panels,
    /// All sizes are multiplied by this.
    pub scale: f32,
}

/// The bounds of [`ViewState::scale`].
pub const SCALES: std::ops::RangeInclusive<f32> = 0.5..=3.0;

/// A panel around the picture of Review, which can be resized and folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SidePanel {
    Sidebar,
    Inspector,
    Timeline,
}

/// The panels around the picture of Review.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Panels {
    pub sidebar: PanelView,
    pub inspector: PanelView,
    pub timeline: PanelView,
}

/// How much room a panel has.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PanelView {
    pub is_open: bool,
    /// Width, or the height of the timeline, in points.
    pub size: f32,
}

impl Default for Panels {
    fn default() -> Self {
        let open = |size| PanelView { is_open: true, size };
        Self {
            sidebar: open(theme::SIDE_WIDTH),
            inspector: open(theme::SIDE_WIDTH),
            timeline: open(panels::timeline::USUAL_HEIGHT),
        }
    }
}

impl Panels {
    pub fn of(&self, panel: SidePanel) -> PanelView {
        match panel {
            SidePanel::Sidebar => self.sidebar,
            SidePanel::Inspector => self.inspector,
            SidePanel::Timeline => self.timeline,
        }
    }

    pub fn of_mut(&mut self, panel: SidePanel) -> &mut PanelView {
        match panel {
            SidePanel::Sidebar => &mut self.sidebar,
            SidePanel::Inspector => &mut self.inspector,
            SidePanel::Timeline => &mut self.timeline,
        }
    }

    /// Anybody may have written them.
    pub fn within_bounds(mut self) -> Self {
        for panel in [SidePanel::Sidebar, SidePanel::Inspector, SidePanel::Timeline] {
            let view = self.of_mut(panel);
            let (least, most) = panel.sizes();
            view.size = if view.size.is_finite() { view.size.clamp(least, most) } else { least };
        }
        self
    }
}

impl SidePanel {
    /// The least and the most room that it takes, in points.
    pub fn sizes(self) -> (f32, f32) {
        match self {
            Self::Sidebar | Self::Inspector => (theme::SIDE_WIDTH, 2.5 * theme::SIDE_WIDTH),
            Self::Timeline => (panels::timeline::LEAST_HEIGHT, 3.0 * panels::timeline::USUAL_HEIGHT),
        }
    }
}

impl Default for ViewState {
    fn default() -> Self {
        Self {
            has_overlay: true,
            picture_zoom: PictureZoom::default(),
            timeline: None,
            waveform_scale: 1.0,
            is_full_screen: false,
            is_dark: true,
            list: ListView::default(),
            panels: Panels::default(),
            scale: 1.0,
        }
    }
}

/// A window over the desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Sheet {
    /// With the key that is being changed, if one is.
    Keys(Option<KeyChange>),
    /// All actions, to be found by their names.
    Palette {
        text: String,
        /// Among those that are found.
        chosen: usize,
    },
    GoTo {
        text: String,
        problem: Option<String>,
    },
    Log(LogView),
    /// What is written for others: bundle and annotations.
    HandOver(HandOverSheet),
    /// On the event that is chosen, or at the playhead.
    Note {
        text: String,
        is_on_event: bool,
    },
    /// In place of a file dialog, where the system has none.
    Path {
        wanted: Wanted,
        text: String,
    },
}

/// Where what is handed over is to go.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOverSheet {
    pub bundle: String,
    /// Its ending says how it is coded.
    pub clip: String,
    /// Whether class, score and time are written into its pictures.
    pub has_words: bool,
    pub annotations: String,
    pub format: Format,
}

/// A key that is being changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyChange {
    pub action: Action,
    /// One that was pressed, and means something else already.
    pub offered: Option<Shortcut>,
}

/// What a path is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Recordings,
    /// A folder.
    Run(Slot),
    Manifest,
    /// A folder.
    ReviewFolder,
}

/// The log as far as it is there.
#[derive(Clone, Debug, PartialEq)]
pub enum LogView {
    Reading,
    /// The last lines.
    Lines {
        path: PathBuf,
        text: String,
    },
    /// Why there is none, in one sentence.
    Problem(String),
}

pub struct Recording {
    pub id: RecordingId,
    pub path: PathBuf,
    /// The stream that the user chose; `None`: the best one.
    pub audio_track: Option<usize>,
    pub stage: OpeningStage,
    /// While a file that can be looked at already is still being indexed.
    pub indexing: Option<Progress>,
    /// Once the file is indexed to its end.
    pub ingest: Option<IngestReport>,
    pub digest: FileDigest,
    pub waveform: Waveform,
    pub review: ScoreState,
    pub decisions: Decisions,
    pub comparison: Option<Comparison>,
    /// In order of time.
    pub chapters: Vec<Chapter>,
    /// Where its review is, where that is not beside it.
    pub document: Option<PathBuf>,
}

/// SHA-256 of a recording's file, which is computed once the file is indexed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileDigest {
    Due,
    Running,
    Known(String),
    Failed,
}

/// How far a recording has been opened.
pub enum OpeningStage {
    Waiting,
    Opening(Option<Progress>),
    /// A long file at first as far as it has been indexed.
    Ready(OpenedMedia),
    /// One sentence.
    Failed(String),
}

#[derive(Clone, Default)]
pub enum Waveform {
    #[default]
    Unknown,
    /// Grows while the sound is read.
    Known(Arc<WaveformPyramid>),
    Failed(String),
}

/// An event as a room is told of it: found or decided, and not rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter {
    pub class: AnomalyClass,
    /// Others that lead for a while.
    pub also: Vec<AnomalyClass>,
    pub range: TimeRange,
    /// When the step with the highest anomaly score begins.
    pub peak_time: MediaTime,
}

/// Scores of one recording and how they come about.
#[derive(Default)]
pub struct ScoreState {
    pub status: ScoreStatus,
    /// A whole set stays on screen until a new one is whole; where there is none yet, they grow while they come.
    pub scores: Option<StepScores>,
    /// That of `scores`: what must be known of them is known from the first.
    pub network: Option<Arc<AvarNet>>,
    /// A new set that grows while a whole one is on screen.
    pub coming: Option<StepScores>,
    /// Only once an analysis has ended.
    pub analysis: Option<Account>,
    /// Another one, of all that there are, whenever the scores are others: what is drawn of them is kept by it.
    pub revision: u64,
}

#[derive(Clone, Debug, Default)]
pub enum ScoreStatus {
    #[default]
    Queued,
    Running(Option<Progress>),
    Done,
    Cancelled,
    /// One sentence.
    Failed(String),
}

static REVISIONS: AtomicU64 = AtomicU64::new(1);

impl State {
    pub fn new(network: NetworkChoice, author: String) -> Self {
        Self {
            mode: Mode::default(),
            present: PresentState::default(),
            queue: Vec::new(),
            is_paused: false,
            current: None,
            player: None,
            transport: Transport::default(),
            network,
            hysteresis: Hysteresis::default(),
            own_rule: Hysteresis::default(),
            view: ViewState::default(),
            keys: Arc::default(),
            sheet: None,
            notices: Vec::new(),
            letters_note: None,
            last_queue: Vec::new(),
            path_text: String::new(),
            author,
            chosen_author: String::new(),
            writing: None,
            review_folder: None,
        }
    }

    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// For `Desk::show_mode` alone, which knows what has to stop before another mode is shown.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    pub fn recording(&self) -> Option<&Recording> {
        self.queue.get(self.current?)
    }

    /// The current recording once it is open.
    pub fn media(&self) -> Option<&OpenedMedia> {
        self.recording()?.media()
    }

    pub fn find(&mut self, id: RecordingId) -> Option<&mut Recording> {
        self.queue.iter_mut().find(|recording| recording.id == id)
    }

    pub fn position(&self) -> Option<MediaTime> {
        self.player.as_ref().map(|player| player.position)
    }

    /// What the network says of the picture on screen; of the playhead's moment where there is no picture. Goes by
    /// the frame that is shown, not by the clock, so that a frame never carries another one's score.
    pub fn step_on_screen(&self) -> Option<&StepScore> {
        let player = self.player.as_ref()?;
        let scores = self.recording()?.review.scores.as_ref()?;
        match &player.frame {
            Some(frame) => scores.at_frame(frame.index),
            None => scores.at(player.position),
        }
    }

    /// The part of the time axis on screen, and the whole of it.
    pub fn timeline(&self) -> Option<(TimeRange, TimeRange)> {
        let whole = self.media()?.info.range;
        Some((self.view.timeline.unwrap_or(whole), whole))
    }

    /// The network whose scores are on screen, also while they are being computed and after that was cancelled.
    fn network_of_scores(&self) -> Option<&AvarNet> {
        self.recording()?.review.network.as_deref()
    }

    /// Whether scores come from a network that nobody trained.
    pub fn is_untrained(&self) -> bool {
        match self.network_of_scores() {
            Some(network) => network.provenance().is_untrained(),
            None => matches!(self.network.weights, avar_model::WeightSource::Untrained { .. }),
        }
    }

    /// What is known about the weights that the scores on screen come from.
    pub fn card(&self) -> Option<&ModelCard> {
        self.network_of_scores()?.card()
    }

    /// What a viewer must know of the scores on screen before believing them; empty where that is nothing.
    pub fn weights_warning(&self) -> &'static str {
        match self.network_of_scores() {
            Some(network) => network.warning().unwrap_or_default(),
            None if self.is_untrained() => UNTRAINED_WARNING,
            None => "",
        }
    }

    /// Why no scores of the recording on screen are shown, in a sentence.
    pub fn absence_of_scores(&self) -> &'static str {
        let Some(recording) = self.recording() else { return "No recording is open." };
        match (&recording.stage, &recording.review.status) {
            (OpeningStage::Failed(_), _) => "The recording cannot be opened.",
            (OpeningStage::Waiting | OpeningStage::Opening(_), _) => "The recording is being opened.",
            (_, ScoreStatus::Running(_)) => "Not analysed so far yet.",
            (_, ScoreStatus::Cancelled) => "The analysis was cancelled.",
            (_, ScoreStatus::Failed(_)) => "The analysis failed.",
            (_, ScoreStatus::Queued | ScoreStatus::Done) => "Not analysed yet.",
        }
    }

    /// The name of the recording that is being analysed.
    pub fn analysing(&self) -> Option<String> {
        let runs = |recording: &&Recording| matches!(recording.review.status, ScoreStatus::Running(_));
        self.queue.iter().find(runs).map(Recording::name)
    }

    pub fn is_above_threshold(&self, step: &StepScore) -> bool {
        reaches(step.anomaly().into(), self.hysteresis.onset.into())
    }

    /// What is told of the recording on screen once it is analysed.
    pub fn chapters(&self) -> Option<&[Chapter]> {
        let recording = self.recording()?;
        recording.review.analysis.as_ref().map(|_| recording.chapters.as_slice())
    }

    /// The frames of a clip: from the in to the out point, else those of the event that is chosen.
    pub fn clip_stretch(&self) -> Option<Range<FrameIndex>> {
        let recording = self.recording()?;
        let frames = recording.whole_media()?.frames.as_ref()?;
        let at = |time| frames.at_or_before(time);
        let marked = self.transport.in_point.zip(self.transport.out_point);
        let chosen = || recording.decisions.chosen().map(|event| event.stretch.start.frame..event.stretch.end.frame);
        let stretch = marked.map(|(start, end)| at(start)..at(end)).or_else(chosen)?;
        (stretch.start < stretch.end).then_some(stretch)
    }

    /// The one at the playhead; of several the one that begins last.
    pub fn chapter(&self) -> Option<&Chapter> {
        let position = self.position()?;
        self.chapters()?.iter().rev().find(|chapter| chapter.range.contains(position))
    }

    /// Whether Present may show and play the recording on screen.
    pub fn is_content_confirmed(&self) -> bool {
        self.recording().is_some_and(|recording| self.present.is_confirmed(recording.id))
    }

    /// Whether Present asks if the recording on screen, which has results, may be shown.
    pub fn asks_about_content(&self) -> bool {
        self.mode == Mode::Present && self.chapters().is_some() && !self.is_content_confirmed()
    }

    /// What a step is called: above the threshold by an anomaly, as the event that it belongs to is, though normal
    /// may have the highest of the ten scores.
    pub fn class_called(&self, step: &StepScore) -> AnomalyClass {
        if self.is_above_threshold(step) { step.top_anomaly() } else { step.top_class() }
    }

    pub fn refresh_events(&mut self) {
        let hysteresis = self.hysteresis;
        self.queue.iter_mut().for_each(|recording| recording.refresh(hysteresis));
    }
}

impl Recording {
    pub fn new(id: RecordingId, path: PathBuf) -> Self {
        Self {
            id,
            path,
            audio_track: None,
            stage: OpeningStage::Waiting,
            indexing: None,
            ingest: None,
            digest: FileDigest::Due,
            waveform: Waveform::Unknown,
            review: ScoreState::default(),
            decisions: Decisions::default(),
            comparison: None,
            chapters: Vec::new(),
            document: None,
        }
    }

    pub fn media(&self) -> Option<&OpenedMedia> {
        match &self.stage {
            OpeningStage::Ready(media) => Some(media),
            _ => None,
        }
    }

    /// Once its frames are indexed to the end of the file.
    pub fn whole_media(&self) -> Option<&OpenedMedia> {
        self.media().filter(|media| media.is_whole())
    }

    /// Whether the digest of its file is still to be computed.
    pub fn awaits_digest(&self) -> bool {
        self.whole_media().is_some() && self.digest == FileDigest::Due
    }

    /// The highest anomaly score, as far as it has been analysed.
    pub fn peak(&self) -> Option<f32> {
        let steps = &self.review.scores.as_ref()?.steps;
        steps.iter().map(StepScore::anomaly).reduce(f32::max)
    }

    /// Whether it waits for its turn to be analysed.
    pub fn awaits_analysis(&self) -> bool {
        self.whole_media().is_some() && matches!(self.review.status, ScoreStatus::Queued)
    }

    /// Says anew how far what is decided here agrees with what it is compared with.
    pub fn compare_anew(&mut self) {
        if let Some(comparison) = &mut self.comparison {
            comparison.refresh(&self.decisions, self.review.scores.as_ref());
        }
    }

    /// Finds the events anew, and lists them with what was decided.
    pub fn refresh(&mut self, hysteresis: Hysteresis) {
        let media = match &self.stage {
            OpeningStage::Ready(media) => Some(media),
            _ => None,
        };
        self.review.revision = REVISIONS.fetch_add(1, Ordering::Relaxed);
        let scores = self.review.scores.as_ref();
        self.decisions.refresh(scores, media, hysteresis);
        let told = self.decisions.listed.iter().filter(|event| event.verdict != Some(Verdict::Rejected));
        self.chapters = told.map(|event| Chapter::of(event, scores)).collect();
    }

    /// The file's own name.
    pub fn name(&self) -> String {
        file_name(&self.path)
    }
}

impl ScoreState {
    /// Whether some steps are scored, as after an analysis that was cancelled on its way.
    pub fn has_steps(&self) -> bool {
        self.scores.as_ref().is_some_and(|scores| !scores.steps.is_empty())
    }
}

impl Chapter {
    fn of(event: &ListedEvent, scores: Option<&StepScores>) -> Self {
        let range = event.stretch.times();
        let steps = scores.map_or(&[][..], |scores| {
            let from = scores.steps.partition_point(|step| step.start < range.start);
            let to = scores.steps.partition_point(|step| step.start < range.end);
            scores.steps.get(from..to).unwrap_or_default()
        });
        // The first of equals.
        let peak = steps.iter().rev().max_by(|a, b| a.anomaly().total_cmp(&b.anomaly()));
        let peak_time = peak.map_or(range.start, |step| step.start);
        Self { class: event.class, also: event.also.clone(), range, peak_time }
    }

    /// What it is called; where the network calls it by several classes in turn, by all of them.
    pub fn name(&self) -> String {
        let also = self.also.iter().map(|class| class.label().to_lowercase());
        std::iter::once(self.class.label().to_owned()).chain(also).collect::<Vec<_>>().join(", ")
    }
}

pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
