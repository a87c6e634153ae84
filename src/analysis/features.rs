//! Features of every step of a file: the one way from media to what the temporal head sees, in analysis, training
//! and evaluation alike.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pictures::StepPictures;
use super::pipeline::AnalysisError;
use super::scores::StepFrame;
use super::sound::{SOUND_RATE_HZ, SoundTrack, sound_features, steps_per_chunk};
use super::step_grid::StepGrid;
use crate::classes::CLASS_COUNT;
use crate::job::CancelToken;
use crate::media::{AudioFormat, AudioReader, FrameTable, MediaInfo, VideoReader};
use crate::model::wav2vec2::normalise_utterance;
use crate::model::{AvarNet, Modalities, ModelError};

/// Frames per pass through the picture network: enough for its matrix products, few enough to be cancelled soon.
const PICTURE_BATCH: usize = 8;

/// The steps of a file and what they can be judged by.
pub fn plan(
    info: &MediaInfo,
    frames: Option<&FrameTable>,
    steps_per_second: f64,
) -> Result<(StepGrid, Modalities), AnalysisError> {
    let path = &info.path;
    let modalities = match (frames, &info.audio) {
        (Some(_), Some(_)) => Modalities::PictureAndSound,
        (Some(_), None) => Modalities::PictureOnly,
        (None, Some(_)) => Modalities::SoundOnly,
        (None, None) => return Err(AnalysisError::NothingToAnalyse(path.clone())),
    };
    let grid = StepGrid::new(info.range, steps_per_second)
        .map_err(|reason| AnalysisError::Grid { reason, path: path.clone() })?;
    match grid.is_empty() {
        true => Err(AnalysisError::NothingToAnalyse(path.clone())),
        false => Ok((grid, modalities)),
    }
}

/// The features of a whole file at once.
pub fn extract(
    info: &MediaInfo,
    frames: Option<&Arc<FrameTable>>,
    network: &AvarNet,
    grid: StepGrid,
    cancel: &CancelToken,
) -> Result<StepFeatures, AnalysisError> {
    let mut streams = FeatureStreams::open(info, frames, network, grid)?;
    let mut features = StepFeatures::default();
    while features.frames.len() < grid.len() {
        let end = (features.frames.len() + steps_per_chunk(&grid)).min(grid.len());
        streams.extend(&mut features, end, network, cancel)?;
    }
    Ok(features)
}

/// Features of the steps so far, row-major.
#[derive(Clone, Debug, Default)]
pub struct StepFeatures {
    /// The frame by which each step is named.
    pub frames: Vec<Option<StepFrame>>,
    /// Steps x Dv; empty in a file without a picture.
    pub picture: Vec<f32>,
    /// Steps x Da; empty in a file without sound.
    pub sound: Vec<f32>,
    /// Steps during which the sound track has no sound.
    pub silent_steps: usize,
}

impl StepFeatures {
    /// Class scores of each step of `window`, from the temporal head.
    pub fn window_scores(
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
pub struct FeatureStreams {
    grid: StepGrid,
    pictures: Option<StepPictures>,
    sound: Option<SoundTrack<ReadBlock>>,
    spent: Spent,
}

/// Wall time spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    pub decode: Duration,
    pub picture: Duration,
    pub sound: Duration,
}

impl FeatureStreams {
    pub fn open(
        info: &MediaInfo,
        frames: Option<&Arc<FrameTable>>,
        network: &AvarNet,
        grid: StepGrid,
    ) -> Result<Self, AnalysisError> {
        let path = &info.path;
        let pictures = match frames {
            Some(table) => {
                let reader = VideoReader::open(path, table.clone())?;
                let (width_px, height_px) = network.picture_size_px();
                Some(StepPictures::new(reader, table.clone(), (width_px as u32, height_px as u32)))
            }
            None => None,
        };
        let sound = match &info.audio {
            Some(_) => Some(open_sound(path, grid)?),
            None => None,
        };
        Ok(Self { grid, pictures, sound, spent: Spent::default() })
    }

    /// Adds the features of the steps up to `end`.
    pub fn extend(
        &mut self,
        features: &mut StepFeatures,
        end: usize,
        network: &AvarNet,
        cancel: &CancelToken,
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
            self.spent.sound += network_time;
            self.spent.decode += clock.elapsed().saturating_sub(network_time);
            features.silent_steps += chunk.is_heard.iter().filter(|heard| !**heard).count();
            features.sound.extend(chunk.rows);
        }
        match &mut self.pictures {
            Some(pictures) => extend_pictures(pictures, &self.grid, features, end, network, cancel, &mut self.spent),
            None => {
                features.frames.resize(end, None);
                Ok(())
            }
        }
    }

    /// Time spent in [`Self::extend`] so far.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// What a reader of the scores should know about the file.
    pub fn notes(&self, features: &StepFeatures, modalities: Modalities) -> Vec<String> {
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
    features: &mut StepFeatures,
    end: usize,
    network: &AvarNet,
    cancel: &CancelToken,
    spent: &mut Spent,
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
        spent.decode += clock.elapsed();
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
        spent.picture += clock.elapsed();
    }
    Ok(())
}

fn open_sound(path: &Path, grid: StepGrid) -> Result<SoundTrack<ReadBlock>, AnalysisError> {
    let mut reader = AudioReader::open(path, AudioFormat { rate_hz: SOUND_RATE_HZ, channels: 1 })?;
    let read: ReadBlock = Box::new(move || Ok(reader.next()?));
    Ok(SoundTrack::new(grid.range().start, read))
}
