//! Features of every step of a file: the one way from media to what the temporal head sees, in analysis, training
//! and evaluation alike.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audio::{StepAudio, audio_features, pass_over, steps_per_chunk};
use super::error::AnalysisError;
use super::levels::Levels;
use super::pictures::StepPictures;
use super::scores::{PictureDamage, StepFrame};
use super::step_grid::StepGrid;
use super::windows::Average;
use avar_base::job::CancelToken;
use avar_labels::{CLASS_COUNT, ClassScores, Evidence, Modalities};
use avar_media::{AudioFaults, AudioFormat, AudioInfo, AudioReader, FrameTable, MediaInfo, VideoReader};
use avar_model::encoders::PictureEncoding;
use avar_model::motion::Motion;
use avar_model::{AvarNet, ModelError, TokenFormat};

/// Frames per pass through the picture network: enough for its matrix products, few enough to be cancelled soon.
const PICTURE_BATCH: usize = 4;

/// The steps of a file and what they can be judged by.
pub fn plan(
    info: &MediaInfo,
    frames: Option<&FrameTable>,
    steps_per_second: f64,
) -> Result<(StepGrid, Modalities), AnalysisError> {
    let path = &info.path;
    let modalities = Modalities::of(frames.is_some(), info.audio.is_some())
        .ok_or_else(|| AnalysisError::NothingToAnalyse(path.clone()))?;
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
    let mut streams = FeatureStreams::open(info, frames, network, grid, 0, cancel)?;
    let mut features = StepFeatures::default();
    while features.end() < grid.len() {
        let end = (features.end() + steps_per_chunk(&grid)).min(grid.len());
        streams.extend(&mut features, end, network, cancel)?;
    }
    Ok(features)
}

/// Features of neighbouring steps, row-major.
#[derive(Clone, Debug, Default)]
pub struct StepFeatures {
    /// The step of the first row.
    first: usize,
    /// The frame by which each step is named.
    frames: Vec<Option<StepFrame>>,
    /// What is wrong with the picture of each; empty in a file without a picture.
    damage: Vec<Option<PictureDamage>>,
    /// Steps x (Dv + Dm), features and motion; empty in a file without a picture.
    pub picture: Vec<f32>,
    /// Steps x Da; empty in a file without sound.
    pub sound: Vec<f32>,
    /// Whether the sound track has sound during the step; empty in a file without sound.
    is_heard: Vec<bool>,
}

impl StepFeatures {
    /// None yet; the first to come is that of `step`.
    pub fn starting_at(step: usize) -> Self {
        Self { first: step, ..Self::default() }
    }

    /// The step after the last one.
    pub fn end(&self) -> usize {
        self.first + self.frames.len()
    }

    /// The frame by which `step` is named.
    pub fn frame(&self, step: usize) -> Option<StepFrame> {
        self.frames[step - self.first]
    }

    /// What is wrong with the picture that `step` is judged by.
    pub fn damage(&self, step: usize) -> Option<PictureDamage> {
        self.damage.get(step - self.first).copied().flatten()
    }

    /// Whether there is sound during `step`; in a file without sound nothing is missing.
    pub fn is_heard(&self, step: usize) -> bool {
        self.is_heard.get(step - self.first).copied().unwrap_or(true)
    }

    /// Adds the features of the steps from `first` on to `sums`, picture before sound; a file that lacks one adds
    /// nothing there.
    pub fn add_to(&self, first: usize, sums: &mut [f64]) {
        let (from, steps) = (first - self.first, self.frames.len().max(1));
        let (picture_width, sound_width) = (self.picture.len() / steps, self.sound.len() / steps);
        let sound_from = sums.len() - sound_width;
        for (all, width, place) in [(&self.picture, picture_width, 0), (&self.sound, sound_width, sound_from)] {
            for row in all[from * width..].chunks_exact(width.max(1)) {
                sums[place..place + width].iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
            }
        }
    }

    /// Lets go of the steps before `step`, but for the last one, which the next may repeat: a long file must fit.
    pub fn forget_before(&mut self, step: usize) {
        let gone = step.min(self.end().saturating_sub(1)).saturating_sub(self.first);
        let steps = self.frames.len().max(1);
        let (picture_width, sound_width) = (self.picture.len() / steps, self.sound.len() / steps);
        self.frames.drain(..gone);
        self.damage.drain(..gone.min(self.damage.len()));
        self.is_heard.drain(..gone.min(self.is_heard.len()));
        self.picture.drain(..gone * picture_width);
        self.sound.drain(..gone * sound_width);
        self.first += gone;
    }

    /// What the temporal head says of each step of `window`: of both modalities together, and of each alone. There is
    /// no evidence of one that a file or the network lacks.
    pub fn score_window(
        &self,
        network: &AvarNet,
        window: std::ops::Range<usize>,
        modalities: Modalities,
    ) -> Result<Vec<HeadOutput>, ModelError> {
        let (start, end, steps) = (window.start - self.first, window.end - self.first, window.len());
        let picture = (modalities != Modalities::SoundOnly)
            .then(|| &self.picture[start * network.seen_dim()..end * network.seen_dim()]);
        let sound = (modalities != Modalities::PictureOnly)
            .then(|| &self.sound[start * network.audio_dim()..end * network.audio_dim()]);
        let (mut pictures, mut sounds) = (picture.map(<[f32]>::to_vec), sound.map(<[f32]>::to_vec));
        let mut batch = 1;
        if let (Some(pictures), Some(sounds), true) = (&mut pictures, &mut sounds, network.supports_single_modality()) {
            // A modality that is not there is zeros to the head, as in the files that lack it.
            batch = 3;
            pictures.extend_from_within(..);
            pictures.resize(batch * steps * network.seen_dim(), 0.0);
            sounds.resize(2 * steps * network.audio_dim(), 0.0);
            sounds.extend_from_within(..steps * network.audio_dim());
        }
        let probabilities = network.step_probabilities(pictures.as_deref(), sounds.as_deref(), batch, steps)?;
        let rows = probabilities.as_chunks::<CLASS_COUNT>().0;
        let anomaly = |row: usize| Some(ClassScores(rows[row]).anomaly());
        let output = |step: usize| {
            let evidence = match (picture, sound) {
                (Some(_), Some(_)) if batch == 3 => {
                    Evidence { picture: anomaly(steps + step), sound: anomaly(2 * steps + step) }
                }
                (Some(_), None) => Evidence { picture: anomaly(step), sound: None },
                (None, Some(_)) => Evidence { picture: None, sound: anomaly(step) },
                _ => Evidence::default(),
            };
            HeadOutput { scores: ClassScores(rows[step]), evidence }
        };
        Ok((0..steps).map(output).collect())
    }
}

/// What the temporal head says of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadOutput {
    /// Class probabilities, by whatever the file has of what the network uses.
    pub scores: ClassScores,
    /// Anomaly scores by picture and by sound alone. `None` for what the file lacks, and for both where the file has
    /// both and the network uses one only.
    pub evidence: Evidence,
}

impl Average for HeadOutput {
    /// Of the scores, of the picture's evidence and of the sound's: not a number where one window has none.
    type Sum = (<ClassScores as Average>::Sum, f64, f64);

    fn add_to(&self, (scores, picture, sound): &mut Self::Sum) {
        self.scores.add_to(scores);
        self.evidence.picture.unwrap_or(f32::NAN).add_to(picture);
        self.evidence.sound.unwrap_or(f32::NAN).add_to(sound);
    }

    fn mean((scores, picture, sound): &Self::Sum, count: u32) -> Self {
        let alone = |sum| Some(f32::mean(sum, count)).filter(|score| !score.is_nan());
        let evidence = Evidence { picture: alone(picture), sound: alone(sound) };
        Self { scores: ClassScores::mean(scores, count), evidence }
    }
}

type ReadBlock = Box<dyn FnMut() -> Result<Option<avar_media::AudioBlock>, AnalysisError>>;

/// The audio of an open file.
struct OpenAudio {
    track: StepAudio<ReadBlock>,
    /// What `track` reads from.
    reader: Rc<RefCell<AudioReader>>,
}

/// The open file: each stream is read once, from front to back.
pub struct FeatureStreams {
    grid: StepGrid,
    pictures: Option<StepPictures>,
    /// Where the network takes any.
    motion: Option<Motion>,
    sound: Option<OpenAudio>,
    spent: Spent,
    levels: Levels,
}

/// Wall time spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// Reading and decoding both streams, scaling of pictures and averaging of tokens included.
    pub decode: Duration,
    /// In the picture encoder, motion included.
    pub picture: Duration,
    /// In the sound encoder, normalising of the samples included.
    pub sound: Duration,
}

impl FeatureStreams {
    /// Ready to give the features of `first_step`, which begins a chunk, and of those after it.
    pub fn open(
        info: &MediaInfo,
        frames: Option<&Arc<FrameTable>>,
        network: &AvarNet,
        grid: StepGrid,
        first_step: usize,
        cancel: &CancelToken,
    ) -> Result<Self, AnalysisError> {
        let path = &info.path;
        // Before the picture: while FFmpeg opens a long file it has each list twice, and that of the sound is the longer.
        let sound = match &info.audio {
            Some(audio) => Some(open_audio(path, audio, network.token_format(), grid, first_step, cancel)?),
            None => None,
        };
        let mut motion =
            (network.motion_dim() > 0).then(|| Motion::new(network.picture_size_px(), network.picture_dim()));
        let pictures = match frames {
            Some(table) => {
                let reader = VideoReader::open(path, table.clone())?;
                let (width_px, height_px) = network.picture_size_px();
                let mut pictures = StepPictures::new(reader, table.clone(), (width_px as u32, height_px as u32));
                if first_step > 0 {
                    let before = grid.start_of(first_step - 1);
                    pictures.start_at(before)?;
                    pictures.advance_to(before)?;
                    if let Some(motion) = &mut motion {
                        let rgb = pictures.current_rgb()?;
                        motion.update(&rgb, &network.encode_pictures(&rgb, 1, cancel)?.maps);
                    }
                }
                Some(pictures)
            }
            None => None,
        };
        Ok(Self { grid, pictures, motion, sound, spent: Spent::default(), levels: Levels::default() })
    }

    /// Adds the features of the steps up to `end`.
    pub fn extend(
        &mut self,
        features: &mut StepFeatures,
        end: usize,
        network: &AvarNet,
        cancel: &CancelToken,
    ) -> Result<(), AnalysisError> {
        let start = features.end();
        if let Some(OpenAudio { track, .. }) = &mut self.sound {
            let clock = Instant::now();
            let mut network_time = Duration::ZERO;
            let (format, width) = (network.token_format(), network.audio_dim());
            let chunk = audio_features(track, &self.grid, start..end, format, width, |samples| {
                cancel.check()?;
                self.levels.push_samples(samples);
                let encode_started = Instant::now();
                let tokens = network.encode_audio(samples, cancel)?;
                network_time += encode_started.elapsed();
                Ok::<_, AnalysisError>(tokens)
            })?;
            self.spent.sound += network_time;
            self.spent.decode += clock.elapsed().saturating_sub(network_time);
            features.is_heard.extend(chunk.is_heard);
            features.sound.extend(chunk.rows);
        }
        match &mut self.pictures {
            Some(pictures) => {
                let Self { grid, motion, spent, levels, .. } = self;
                extend_pictures((pictures, motion), grid, features, end, network, cancel, (spent, levels))
            }
            None => {
                features.frames.resize(end - features.first, None);
                Ok(())
            }
        }
    }

    /// Time spent in [`Self::extend`] so far.
    pub fn spent(&self) -> Spent {
        self.spent
    }

    /// What was wrong with the audio that has been read so far, that before the first step included.
    pub fn audio_faults(&self) -> AudioFaults {
        self.sound.as_ref().map(|audio| audio.reader.borrow().faults()).unwrap_or_default()
    }

    /// How loud and how bright what has been read so far is.
    pub fn levels(&self) -> Levels {
        self.levels
    }
}

/// A frame that stands for several steps goes through the network once, and moves at the first of them.
fn extend_pictures(
    (pictures, motion): (&mut StepPictures, &mut Option<Motion>),
    grid: &StepGrid,
    features: &mut StepFeatures,
    end: usize,
    network: &AvarNet,
    cancel: &CancelToken,
    (spent, levels): (&mut Spent, &mut Levels),
) -> Result<(), AnalysisError> {
    let (width, seen_width) = (network.picture_dim(), network.seen_dim());
    while features.end() < end {
        let clock = Instant::now();
        let before = features.end();
        // The row (of this batch) that each step takes; `None` repeats the last row before the batch.
        let mut row_of_step: Vec<Option<usize>> = Vec::new();
        let mut batch = Vec::new();
        let mut rows = 0;
        while before + row_of_step.len() < end && rows < PICTURE_BATCH {
            cancel.check()?;
            let frame = pictures.advance_to(grid.start_of(before + row_of_step.len()))?;
            if features.frames.last().is_none_or(|last| *last != frame) {
                let rgb = pictures.current_rgb()?;
                levels.push_picture(&rgb);
                batch.extend(rgb);
                rows += 1;
            }
            features.frames.push(frame);
            features.damage.push(pictures.damage());
            row_of_step.push(rows.checked_sub(1));
        }
        spent.decode += clock.elapsed();
        let clock = Instant::now();
        let encoding = match rows {
            0 => PictureEncoding::default(),
            _ => network.encode_pictures(&batch, rows, cancel)?,
        };
        let (picture_bytes, map_values) = (batch.len() / rows.max(1), encoding.maps.len() / rows.max(1));
        let mut last_row = None;
        for row in row_of_step {
            match row {
                Some(row) => features.picture.extend_from_slice(&encoding.features[row * width..(row + 1) * width]),
                None => {
                    let last = features.picture.len() - seen_width;
                    features.picture.extend_from_within(last..last + width);
                }
            }
            match (row, &mut *motion) {
                (Some(row), Some(motion)) if last_row != Some(row) => {
                    let rgb = &batch[row * picture_bytes..(row + 1) * picture_bytes];
                    let map = &encoding.maps[row * map_values..(row + 1) * map_values];
                    features.picture.extend(motion.update(rgb, map));
                }
                _ => features.picture.resize(features.picture.len() + seen_width - width, 0.0),
            }
            last_row = row;
        }
        spent.picture += clock.elapsed();
    }
    Ok(())
}

fn open_audio(
    path: &Path,
    audio: &AudioInfo,
    tokens: TokenFormat,
    grid: StepGrid,
    first_step: usize,
    cancel: &CancelToken,
) -> Result<OpenAudio, AnalysisError> {
    let format = AudioFormat { rate_hz: tokens.rate_hz, channels: 1 };
    let reader = AudioReader::open_track(path, Some(audio), format, &CancelToken::default())?;
    let reader = Rc::new(RefCell::new(reader));
    let shared = reader.clone();
    let read: ReadBlock = Box::new(move || Ok(shared.borrow_mut().next()?));
    let mut track = StepAudio::new(grid.range().start, tokens.rate_hz, read);
    // Read from the start, a thousand times faster than heard: after a seek, samples differ in their last bits.
    let chunk = steps_per_chunk(&grid);
    for start in (0..first_step).step_by(chunk) {
        cancel.check()?;
        pass_over(&mut track, &grid, &(start..(start + chunk).min(first_step)), tokens)?;
    }
    Ok(OpenAudio { track, reader })
}
