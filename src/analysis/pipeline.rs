//! The pipeline: media and a network in, step scores out, as a job.
//!
//! It goes through the file once, in blocks of one sound chunk: frames and samples of the block, their
//! features, then every window of the temporal head that has become complete. Scores leave as soon as no
//! later window can change them, so the curve grows while the rest is computed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::network::{NetworkChoice, NetworkShelf};
use super::pictures::StepPictures;
use super::scores::{StepFrame, StepScore, StepScores};
use super::sound::{SOUND_RATE_HZ, SoundTrack, sound_features, steps_per_chunk};
use super::step_grid::{DEFAULT_STEPS_PER_SECOND, StepGrid, StepGridError};
use super::windows::WindowMean;
use crate::classes::CLASS_COUNT;
use crate::job::{CancelToken, Cancelled, Job, Stopped, Wake};
use crate::media::{AudioFormat, AudioReader, FrameTable, MediaError, MediaInfo, VideoReader};
use crate::model::wav2vec2::normalise_utterance;
use crate::model::{AvarNet, Modalities, ModelError};

/// The paper's sequence length T.
pub const WINDOW_STEPS: usize = 10;
/// Frames per pass through the picture network: enough for its matrix products, few enough to be cancelled soon.
const PICTURE_BATCH: usize = 8;

#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    pub steps_per_second: f64,
    pub window_steps: usize,
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self { steps_per_second: DEFAULT_STEPS_PER_SECOND, window_steps: WINDOW_STEPS }
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
}

/// A finished analysis.
#[derive(Clone)]
pub struct Analysis {
    pub scores: StepScores,
    pub network: Arc<AvarNet>,
    pub timings: Timings,
    /// What a reader of the scores should know about the file.
    pub notes: Vec<String>,
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
}

/// What arrives while the job runs, in this order: the grid once, then steps.
#[derive(Debug)]
pub enum AnalysisPartial {
    Started { grid: StepGrid, modalities: Modalities },
    Steps(Vec<StepScore>),
}

pub type AnalysisJob = Job<AnalysisPartial, Analysis>;

#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Model(ModelError),
    #[error("{reason}: {path}", path = .path.display())]
    Grid { reason: StepGridError, path: PathBuf },
    #[error("the file holds no time of picture or sound, so there is nothing to analyse: {}", .0.display())]
    NothingToAnalyse(PathBuf),
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
        Ok(analyse(&spec, &shelf, reporter.cancel_token(), listen)?)
    })
}

/// Analyses here and now, handing partial results to `listen`.
pub fn analyse(
    spec: &AnalysisSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    mut listen: impl FnMut(AnalysisPartial),
) -> Result<Analysis, AnalysisError> {
    let started = Instant::now();
    let path = &spec.info.path;
    let modalities = match (&spec.frames, &spec.info.audio) {
        (Some(_), Some(_)) => Modalities::PictureAndSound,
        (Some(_), None) => Modalities::PictureOnly,
        (None, Some(_)) => Modalities::SoundOnly,
        (None, None) => return Err(AnalysisError::NothingToAnalyse(path.clone())),
    };
    let grid = StepGrid::new(spec.info.range, spec.settings.steps_per_second)
        .map_err(|reason| AnalysisError::Grid { reason, path: path.clone() })?;
    if grid.is_empty() {
        return Err(AnalysisError::NothingToAnalyse(path.clone()));
    }
    listen(AnalysisPartial::Started { grid, modalities });
    let network = shelf.take(&spec.network, cancel)?;
    let mut timings = Timings { load_weights: started.elapsed(), ..Timings::default() };

    let mut streams = Streams::open(spec, &network, grid)?;
    let mut mean = WindowMean::<CLASS_COUNT>::new(grid.len(), spec.settings.window_steps);
    let mut features = Features::default();
    let mut scores = StepScores { grid, modalities, steps: Vec::with_capacity(grid.len()) };
    while features.frames.len() < grid.len() {
        let block_end = (features.frames.len() + steps_per_chunk(&grid)).min(grid.len());
        streams.extend(&mut features, block_end, &network, cancel, &mut timings)?;
        let head_started = Instant::now();
        let mut finished = Vec::new();
        while let Some(window) = mean.next_ready(features.frames.len()) {
            cancel.check()?;
            let rows = features.head_scores(&network, window, modalities)?;
            for class_scores in mean.add(&rows) {
                let step = scores.steps.len() + finished.len();
                let frame = features.frames[step];
                finished.push(StepScore { step, frame, start: grid.start_of(step), class_scores });
            }
        }
        timings.temporal_head += head_started.elapsed();
        scores.steps.extend_from_slice(&finished);
        listen(AnalysisPartial::Steps(finished));
    }
    timings.total = started.elapsed();
    let notes = streams.notes(&features, modalities);
    Ok(Analysis { scores, network, timings, notes })
}

/// Features of the steps so far, row-major.
#[derive(Default)]
struct Features {
    frames: Vec<Option<StepFrame>>,
    picture: Vec<f32>,
    sound: Vec<f32>,
    silent_steps: usize,
}

impl Features {
    fn head_scores(
        &self,
        network: &AvarNet,
        window: std::ops::Range<usize>,
        modalities: Modalities,
    ) -> Result<Vec<[f32; CLASS_COUNT]>, ModelError> {
        let rows = |all: &'_ [f32], width: usize| all[window.start * width..window.end * width].to_vec();
        let picture = (modalities != Modalities::SoundOnly).then(|| rows(&self.picture, network.picture_dim()));
        let sound = (modalities != Modalities::PictureOnly).then(|| rows(&self.sound, network.sound_dim()));
        let scores = network.step_probabilities(picture.as_deref(), sound.as_deref(), 1, window.len())?;
        Ok(scores.as_chunks::<CLASS_COUNT>().0.to_vec())
    }
}

type ReadBlock = Box<dyn FnMut() -> Result<Option<crate::media::AudioBlock>, AnalysisError>>;

/// The open file: each stream is read once, from front to back.
struct Streams {
    grid: StepGrid,
    pictures: Option<StepPictures>,
    sound: Option<SoundTrack<ReadBlock>>,
}

impl Streams {
    fn open(spec: &AnalysisSpec, network: &AvarNet, grid: StepGrid) -> Result<Self, AnalysisError> {
        let path = &spec.info.path;
        let pictures = match &spec.frames {
            Some(table) => {
                let reader = VideoReader::open(path, table.clone())?;
                let (width_px, height_px) = network.picture_size_px();
                Some(StepPictures::new(reader, table.clone(), (width_px as u32, height_px as u32)))
            }
            None => None,
        };
        let sound = match &spec.info.audio {
            Some(_) => Some(open_sound(path, grid)?),
            None => None,
        };
        Ok(Self { grid, pictures, sound })
    }

    /// Adds the features of the steps up to `end`.
    fn extend(
        &mut self,
        features: &mut Features,
        end: usize,
        network: &AvarNet,
        cancel: &CancelToken,
        timings: &mut Timings,
    ) -> Result<(), AnalysisError> {
        let start = features.frames.len();
        if let Some(track) = &mut self.sound {
            let clock = Instant::now();
            let mut network_time = Duration::ZERO;
            let chunk = sound_features(track, &self.grid, start..end, network.sound_dim(), |samples| {
                cancel.check()?;
                let encode_started = Instant::now();
                let mut utterance = samples.to_vec();
                normalise_utterance(&mut utterance);
                let tokens = network.sound_tokens_unless(&utterance, cancel)?;
                network_time += encode_started.elapsed();
                Ok::<_, AnalysisError>(tokens)
            })?;
            timings.sound_network += network_time;
            timings.decode += clock.elapsed().saturating_sub(network_time);
            features.silent_steps += chunk.is_heard.iter().filter(|heard| !**heard).count();
            features.sound.extend(chunk.rows);
        }
        match &mut self.pictures {
            Some(pictures) => extend_pictures(pictures, &self.grid, features, end, network, cancel, timings),
            None => {
                features.frames.resize(end, None);
                Ok(())
            }
        }
    }

    fn notes(&self, features: &Features, modalities: Modalities) -> Vec<String> {
        let mut notes = Vec::new();
        if modalities != Modalities::PictureAndSound {
            notes.push(format!("Analysed on {}.", modalities.label()));
        } else if features.silent_steps > 0 {
            let all = features.frames.len();
            notes.push(format!(
                "{} of {all} steps have no sound: the sound track does not cover them.",
                features.silent_steps
            ));
        }
        if self.pictures.is_some() && features.frames.iter().all(Option::is_none) {
            notes.push("No frame of the picture could be decoded.".to_owned());
        }
        notes
    }
}

/// A frame that stands for several steps goes through the network once.
fn extend_pictures(
    pictures: &mut StepPictures,
    grid: &StepGrid,
    features: &mut Features,
    end: usize,
    network: &AvarNet,
    cancel: &CancelToken,
    timings: &mut Timings,
) -> Result<(), AnalysisError> {
    let width = network.picture_dim();
    while features.frames.len() < end {
        let clock = Instant::now();
        let before = features.frames.len();
        // The row (of this batch) that each step takes; `None` repeats the last row before the batch.
        let mut row_of_step: Vec<Option<usize>> = Vec::new();
        let mut batch = Vec::new();
        let mut rows = 0;
        while before + row_of_step.len() < end && rows < PICTURE_BATCH {
            cancel.check()?;
            let frame = pictures.advance_to(grid.start_of(before + row_of_step.len()))?;
            if features.frames.last().is_none_or(|last| *last != frame) {
                batch.extend(pictures.current_rgb()?);
                rows += 1;
            }
            features.frames.push(frame);
            row_of_step.push(rows.checked_sub(1));
        }
        timings.decode += clock.elapsed();
        let clock = Instant::now();
        let computed = match rows {
            0 => Vec::new(),
            _ => network.picture_features_unless(&batch, rows, cancel)?,
        };
        for row in row_of_step {
            match row {
                Some(row) => features.picture.extend_from_slice(&computed[row * width..(row + 1) * width]),
                None => features.picture.extend_from_within(features.picture.len() - width..),
            }
        }
        timings.picture_network += clock.elapsed();
    }
    Ok(())
}

fn open_sound(path: &Path, grid: StepGrid) -> Result<SoundTrack<ReadBlock>, AnalysisError> {
    let mut reader = AudioReader::open(path, AudioFormat { rate_hz: SOUND_RATE_HZ, channels: 1 })?;
    let read: ReadBlock = Box::new(move || Ok(reader.next()?));
    Ok(SoundTrack::new(grid.range().start, read))
}
