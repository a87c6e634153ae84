//! The pipeline: media and a network in, step scores out, as a job.
//!
//! It goes through the file once, in blocks of one sound chunk: frames and samples of the block, their
//! features, then every window of the temporal head that has become complete. Scores leave as soon as no
//! later window can change them, so the curve grows while the rest is computed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, info_span};

use super::features::{FeatureStreams, JUDGED_WIDTH, StepFeatures, plan};
use super::journal::{Journal, JournalPlace, KeptStep};
use super::levels::Levels;
use super::network::{NetworkChoice, NetworkShelf};
use super::scores::{StepScore, StepScores};
use super::sound::steps_per_chunk;
use super::step_grid::{DEFAULT_STEPS_PER_SECOND, StepGrid, StepGridError};
use super::windows::WindowMean;
use avar_base::job::{CancelToken, Cancelled, Job, Stopped, Wake};
use avar_labels::Modalities;
use avar_media::{AudioFaults, FrameTable, MediaError, MediaInfo};
use avar_model::{AvarNet, ModelError};

/// Sequence length T: six seconds at four steps a second. The paper's 10 would be two and a half, less than most events
/// take.
pub const WINDOW_STEPS: usize = 24;

#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// `None`: as many as the network was trained with, if its card says so, and else
    /// [`DEFAULT_STEPS_PER_SECOND`].
    pub steps_per_second: Option<f64>,
    pub window_steps: usize,
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self { steps_per_second: None, window_steps: WINDOW_STEPS }
    }
}

/// What to analyse, and with what.
#[derive(Clone)]
pub struct AnalysisSpec {
    pub info: Arc<MediaInfo>,
    /// `None` in a file without a picture.
    pub frames: Option<Arc<FrameTable>>,
    pub network: NetworkChoice,
    pub settings: AnalysisSettings,
    /// Where scores are kept, so that an analysis that is interrupted goes on from them; `None`: nowhere.
    pub journal: Option<JournalPlace>,
}

/// A finished analysis.
#[derive(Clone)]
pub struct Analysis {
    pub scores: StepScores,
    pub account: Account,
}

/// What is known of a finished analysis beside its scores.
#[derive(Clone)]
pub struct Account {
    pub grid: StepGrid,
    pub modalities: Modalities,
    pub network: Arc<AvarNet>,
    pub timings: Timings,
    /// Of what was computed now, and not taken over from an earlier run.
    pub traits: Box<Traits>,
    /// What a reader of the scores should know about the file.
    pub notes: Vec<String>,
}

/// What a recording is like, as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    pub levels: Levels,
    /// Mean over the steps of what the temporal head was given, picture before sound; zeros for what the file lacks.
    pub mean_features: Vec<f32>,
}

/// Wall time of the parts, which run one after another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    pub load_weights: Duration,
    pub decode: Duration,
    pub picture_network: Duration,
    pub sound_network: Duration,
    pub temporal_head: Duration,
    pub total: Duration,
    /// Seconds of the recording that took this long; the others were known from an earlier run.
    pub analysed_s: f64,
}

/// What arrives while the job runs, in this order: the grid once, then steps.
#[derive(Debug)]
pub enum AnalysisPartial {
    Started { grid: StepGrid, modalities: Modalities },
    Steps(Vec<StepScore>),
}

/// Hands all scores out while it runs, and keeps none: a recording of ten hours has 15 MB of them.
pub type AnalysisJob = Job<AnalysisPartial, Account>;

#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Media(MediaError),
    #[error(transparent)]
    Model(ModelError),
    #[error("{reason}: {path}", path = .path.display())]
    Grid { reason: StepGridError, path: PathBuf },
    #[error("the file holds no time of picture or sound, so there is nothing to analyse: {}", .0.display())]
    NothingToAnalyse(PathBuf),
}

impl From<MediaError> for AnalysisError {
    fn from(error: MediaError) -> Self {
        match error {
            MediaError::Cancelled => Self::Cancelled(Cancelled),
            other => Self::Media(other),
        }
    }
}

impl From<ModelError> for AnalysisError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Model(other),
        }
    }
}

impl From<AnalysisError> for Stopped {
    fn from(error: AnalysisError) -> Self {
        match error {
            AnalysisError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Analyses on a thread of its own; networks are taken from `shelf`, and put there for the next file.
pub fn spawn_analysis(spec: AnalysisSpec, shelf: Arc<NetworkShelf>, wake: Wake) -> std::io::Result<AnalysisJob> {
    Job::spawn("analysis", wake, move |reporter| {
        let mut done_steps = 0;
        let mut all_steps = 0;
        let listen = |partial: AnalysisPartial| {
            match &partial {
                AnalysisPartial::Started { grid, .. } => all_steps = grid.len(),
                AnalysisPartial::Steps(steps) => done_steps += steps.len(),
            }
            reporter.partial(partial);
            reporter.progress(done_steps as f32 / all_steps.max(1) as f32);
        };
        Ok(analyse_in_parts(&spec, &shelf, reporter.cancel_token(), listen)?)
    })
}

/// Analyses here and now, handing partial results to `listen` as well.
pub fn analyse(
    spec: &AnalysisSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    mut listen: impl FnMut(&AnalysisPartial),
) -> Result<Analysis, AnalysisError> {
    let mut steps = Vec::new();
    let account = analyse_in_parts(spec, shelf, cancel, |partial| {
        listen(&partial);
        if let AnalysisPartial::Steps(part) = partial {
            steps.extend(part);
        }
    })?;
    let Account { grid, modalities, .. } = account;
    Ok(Analysis { scores: StepScores { grid, modalities, steps }, account })
}

/// Analyses here and now, handing the scores to `listen`.
fn analyse_in_parts(
    spec: &AnalysisSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    mut listen: impl FnMut(AnalysisPartial),
) -> Result<Account, AnalysisError> {
    let _span = info_span!("analyse", path = ?spec.info.path).entered();
    let started = Instant::now();
    let network = shelf.take(&spec.network, cancel)?;
    let mut timings = Timings { load_weights: started.elapsed(), ..Timings::default() };
    let trained_with = network.card().map_or(DEFAULT_STEPS_PER_SECOND, |card| card.steps_per_second);
    let steps_per_second = spec.settings.steps_per_second.unwrap_or(trained_with);
    let (grid, modalities) = plan(&spec.info, spec.frames.as_deref(), steps_per_second)?;
    listen(AnalysisPartial::Started { grid, modalities });

    let mut notes: Vec<String> = network.card_error().map(ToString::to_string).into_iter().collect();
    let (mut journal, kept) = open_journal(spec, &network, grid, modalities).unwrap_or_else(|reason| {
        notes.push(not_kept(&reason));
        (None, Vec::new())
    });
    let mut silent_steps = kept.iter().filter(|step| !step.is_heard).count();
    let taken_over = kept.len();
    let mut has_pictures = kept.iter().any(|step| step.frame.is_some());
    if taken_over > 0 {
        notes.push(format!("{taken_over} of {} steps were computed by an earlier run.", grid.len()));
        let steps = kept.into_iter().enumerate().map(|(step, kept)| kept.score(step, &grid)).collect();
        listen(AnalysisPartial::Steps(steps));
    }
    let mut done = taken_over;

    let mut mean = WindowMean::<JUDGED_WIDTH>::new(grid.len(), spec.settings.window_steps, taken_over);
    let chunk = steps_per_chunk(&grid);
    // Chunks as going through from the start has them: what is heard depends on where they begin.
    let first = if taken_over < grid.len() { mean.first_needed() / chunk * chunk } else { grid.len() };
    let mut features = StepFeatures::starting_at(first);
    let mut feature_sums = vec![0.0; network.seen_dim() + network.sound_dim()];
    let mut traits = Box::<Traits>::default();
    let mut audio_faults = AudioFaults::default();
    if first < grid.len() {
        let mut streams = FeatureStreams::open(&spec.info, spec.frames.as_ref(), &network, grid, first, cancel)?;
        while features.end() < grid.len() {
            let end = (features.end() + chunk).min(grid.len());
            let before = features.end();
            streams.extend(&mut features, end, &network, cancel)?;
            features.add_to(before, &mut feature_sums);
            let head_started = Instant::now();
            let mut finished = Vec::new();
            while let Some(window) = mean.next_ready(features.end()) {
                cancel.check()?;
                let rows = features.judge_window(&network, window, modalities)?;
                for judged in mean.add(&rows) {
                    let step = done + finished.len();
                    let (class_scores, evidence) = features.read_judged(step, &judged);
                    let (frame, is_heard) = (features.frame(step), features.is_heard(step));
                    finished.push(KeptStep { frame, is_heard, class_scores, evidence });
                }
            }
            timings.temporal_head += head_started.elapsed();
            features.forget_before(mean.first_needed());
            silent_steps += finished.iter().filter(|step| !step.is_heard).count();
            has_pictures |= finished.iter().any(|step| step.frame.is_some());
            if let Some(Err(reason)) = journal.as_mut().map(|journal| journal.append(&finished)) {
                notes.push(not_kept(&reason));
                journal = None;
            }
            let steps: Vec<_> = (done..).zip(finished).map(|(step, kept)| kept.score(step, &grid)).collect();
            done += steps.len();
            listen(AnalysisPartial::Steps(steps));
        }
        let spent = streams.spent();
        audio_faults = streams.audio_faults();
        let steps = (grid.len() - first) as f64;
        let mean_features = feature_sums.iter().map(|sum| (sum / steps) as f32).collect();
        *traits = Traits { levels: streams.levels(), mean_features };
        (timings.decode, timings.picture_network, timings.sound_network) = (spent.decode, spent.picture, spent.sound);
    } else if let Some(audio) = &spec.info.audio {
        // The kept scores say nothing of it, and reading the audio takes a thousandth of the time that it lasts.
        audio_faults = AudioFaults::scan(&spec.info.path, Some(audio), cancel)?;
    }
    timings.analysed_s = (spec.info.range.end - grid.start_of(taken_over)).seconds().max(0.0);
    timings.total = started.elapsed();
    if modalities != Modalities::PictureAndSound {
        notes.push(format!("Analysed on {}.", modalities.label()));
    } else if silent_steps > 0 {
        let why = match audio_faults.unusable_samples {
            0 => "the sound track does not cover them",
            _ => "the sound track does not cover them, or has no usable sample there",
        };
        notes.push(format!("{silent_steps} of {done} steps have no sound: {why}."));
    }
    notes.extend(audio_faults.notes(spec.info.range.start));
    if spec.frames.is_some() && !has_pictures {
        notes.push("No frame of the picture could be decoded.".to_owned());
    }
    info!(steps = done, ?modalities, ?timings, ?notes, "analysed");
    Ok(Account { grid, modalities, network, timings, traits, notes })
}

/// The journal of this analysis, if one is wanted, and the steps in it.
fn open_journal(
    spec: &AnalysisSpec,
    network: &AvarNet,
    grid: StepGrid,
    modalities: Modalities,
) -> std::io::Result<(Option<Journal>, Vec<KeptStep>)> {
    let Some(place) = &spec.journal else { return Ok((None, Vec::new())) };
    let path = spec.info.path.canonicalize()?;
    let modified = std::fs::metadata(&path)?.modified()?;
    let frames = spec.frames.as_ref().map_or(0, |frames| frames.len());
    let track = spec.info.audio.as_ref().map(|audio| audio.stream_index);
    let (decoder, size_bytes, digest) = (&spec.info.decoder, spec.info.size_bytes, network.digest());
    let made_by = format!(
        "{path:?} {size_bytes} {modified:?} {track:?} {frames} {decoder} {digest} {} {} {modalities:?} {grid:?}",
        spec.settings.window_steps,
        env!("CARGO_PKG_VERSION")
    );
    let (journal, steps) = Journal::open(place, &made_by, grid.len())?;
    Ok((Some(journal), steps))
}

fn not_kept(reason: &std::io::Error) -> String {
    format!("The scores cannot be kept for the next time ({reason}).")
}
