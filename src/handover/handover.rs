//! What is handed over: a recording, its scores, what gave them, and what was decided.

use std::path::{Path, PathBuf};

use avar_analysis::{AnalysisSettings, NetworkChoice, StepScores};
use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_media::OpenedMedia;
use avar_metrics::runs::About;
use avar_model::{AvarNet, ModelCard};
use avar_review::layers::{ListedEvent, listed};
use avar_review::{
    Candidate, Edge, Header, Media, ModelEvent, OrdinalsOf, ReviewState, ScoredBy, ScoredStep, ScoredSteps, Stretch,
    Trail, read_bytes, rebuild, verify_bytes,
};

use crate::HandoverError;

/// All that a bundle is made of.
#[derive(Clone)]
pub struct Handover {
    /// The recording, with the track of sound that was analysed.
    pub media: OpenedMedia,
    /// Of the recording, as [`avar_media::digest`] gives it.
    pub sha256: String,
    /// Of every step.
    pub scores: StepScores,
    /// What gave them.
    pub scoring: Scoring,
    /// The review; `None` where nothing has been decided: the model's events are handed over then.
    pub document: Option<PathBuf>,
    /// By which events are found where there is no document; a document has its own.
    pub rule: Hysteresis,
}

/// What gave the scores of a recording.
#[derive(Clone, Debug)]
pub struct Scoring {
    /// Identifier of the preset.
    pub network: String,
    /// `cpu` or `cuda`.
    pub device: String,
    /// Sequence length T of the temporal head.
    pub window_steps: usize,
    /// The digest that names the weights; lower-case hexadecimal.
    pub weights_sha256: String,
    /// False for weights drawn from a seed, whose scores mean nothing.
    pub is_trained: bool,
    /// What a reader must know before believing a score.
    pub warning: Option<String>,
    /// What is known of the weights.
    pub card: Option<ModelCard>,
}

impl Scoring {
    /// Of a network that was loaded by `choice` and ran with these settings.
    pub fn new(network: &AvarNet, choice: &NetworkChoice, settings: &AnalysisSettings) -> Self {
        Self {
            network: choice.preset.name().to_owned(),
            device: choice.device.name().to_owned(),
            window_steps: settings.window_steps,
            weights_sha256: network.digest().to_owned(),
            is_trained: !network.provenance().is_untrained(),
            warning: network.warning().map(str::to_owned),
            card: network.card().cloned(),
        }
    }

    /// As captions of figures ask for it.
    pub(crate) fn about(&self) -> About {
        let unchecked = |class: &AnomalyClass| {
            self.card.as_ref().is_some_and(|card| !card.validation_of(*class).is_on_real_recordings())
        };
        About {
            is_trained: self.is_trained,
            warning: self.warning.clone().unwrap_or_default(),
            not_validated: AnomalyClass::ALL
                .into_iter()
                .filter(unchecked)
                .map(|class| class.name().to_owned())
                .collect(),
            ..About::default()
        }
    }
}

/// A document as it lies on the disk, and what it says.
pub(crate) struct Decided {
    pub bytes: Vec<u8>,
    pub trail: Trail,
}

/// What is told of a recording: its events, in order of their start.
pub(crate) struct Account {
    pub state: ReviewState,
    /// Whether there is a document.
    pub is_decided: bool,
    /// The model's events under the rule.
    pub model: Vec<ModelEvent>,
    pub events: Vec<ToldEvent>,
}

/// An event of the list.
pub(crate) struct ToldEvent {
    /// From 1.
    pub number: usize,
    pub listed: ListedEvent,
    /// Where the step with the highest anomaly score begins.
    pub peak_at: Edge,
    /// Whether it is shown with stills and a curve: accepted or, where nothing has been decided, found.
    pub is_shown: bool,
}

/// A frame by which an event is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventMoment {
    /// `start`, `peak` or `end`.
    pub at: &'static str,
    pub frame: FrameIndex,
    /// On the file's own axis; in a recording without a picture, when the step begins.
    pub time: MediaTime,
}

impl ToldEvent {
    /// `accepted`, or `unreviewed`.
    pub(crate) fn state(&self) -> &'static str {
        self.listed.verdict.map_or("unreviewed", Verdict::name)
    }

    /// Its last frame.
    pub(crate) fn last_frame(&self) -> FrameIndex {
        FrameIndex(self.listed.stretch.end.frame.0.saturating_sub(1))
    }
}

impl Handover {
    /// The recording's file.
    pub(crate) fn path(&self) -> &Path {
        &self.media.info.path
    }

    /// Its name without its folders: no bundle says where things lay, but for the lines of the document.
    pub(crate) fn name(&self) -> String {
        let path = self.path();
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// The document, checked, if it is of this recording and was decided on these scores.
    pub(crate) fn decided(&self) -> Result<Option<Decided>, HandoverError> {
        let Some(document) = &self.document else { return Ok(None) };
        let bytes = read_bytes(document)?;
        let trail = verify_bytes(&bytes, document)?;
        let state = trail.history.state();
        let frames = self.media.frames.as_ref().map(|frames| frames.len());
        let duration = self.media.info.range.duration();
        state.media.check(&Candidate { path: self.path(), sha256: &self.sha256, frames, duration })?;
        let (decided, found) = (&state.scored_by.weights_sha256, &self.scoring.weights_sha256);
        if decided != found {
            let short = |digest: &str| digest.chars().take(12).collect();
            return Err(HandoverError::OtherWeights {
                decided: short(decided),
                found: short(found),
                path: document.clone(),
            });
        }
        Ok(Some(Decided { bytes, trail }))
    }

    pub(crate) fn account(&self, decided: Option<&Decided>) -> Result<Account, HandoverError> {
        let path = || self.path().to_owned();
        if !self.scores.is_complete() {
            return Err(HandoverError::Unfinished { path: path() });
        }
        let scored =
            scored_steps(&self.scores, &self.media).ok_or_else(|| HandoverError::OtherFrames { path: path() })?;
        let state = match decided {
            Some(decided) => decided.trail.history.state().clone(),
            None => ReviewState::new(&self.header()),
        };
        let model = rebuild(&scored, state.rule);
        let is_shown = |event: &ListedEvent| decided.is_none() || event.verdict == Some(Verdict::Accepted);
        let told = |(place, listed): (usize, ListedEvent)| ToldEvent {
            number: place + 1,
            peak_at: peak_at(&scored, listed.stretch),
            is_shown: is_shown(&listed),
            listed,
        };
        let events = listed(&state, Some(&scored), &model).into_iter().enumerate().map(told).collect();
        Ok(Account { state, is_decided: decided.is_some(), model, events })
    }

    /// The first frame, the one at the peak and the last.
    pub(crate) fn moments(&self, event: &ToldEvent) -> [EventMoment; 3] {
        let start = event.listed.stretch.start;
        let moment = |at, frame: FrameIndex| {
            let time = match &self.media.frames {
                Some(frames) => frames.entry(frame).map_or(start.time, |entry| entry.time),
                None => self.scores.grid.start_of(frame.0),
            };
            EventMoment { at, frame, time }
        };
        [moment("start", start.frame), moment("peak", event.peak_at.frame), moment("end", event.last_frame())]
    }

    /// What a document that was begun now would say first.
    fn header(&self) -> Header {
        let (ordinals_of, frames) = match &self.media.frames {
            Some(frames) => (OrdinalsOf::Frames, frames.len()),
            None => (OrdinalsOf::Steps, self.scores.grid.len()),
        };
        let media = Media {
            path: self.name(),
            absolute_path: String::new(),
            sha256: self.sha256.clone(),
            ordinals_of,
            frames,
            duration: self.media.info.range.duration(),
        };
        let scored_by = ScoredBy {
            program: avar_analysis::record::program(),
            weights_sha256: self.scoring.weights_sha256.clone(),
            decoder: self.media.info.decoder.clone(),
            settings: serde_json::Map::new(),
        };
        Header { media, scored_by, rule: self.rule }
    }
}

/// Where the step with the highest anomaly score of a stretch begins, the first of equals; the start of the stretch where
/// no step begins within.
fn peak_at(scored: &ScoredSteps, stretch: Stretch) -> Edge {
    let within = scored.steps().iter().filter(|step| stretch.contains(step.start.frame));
    let higher = |best, step: &ScoredStep| match best {
        Some((peak, _)) if step.scores.anomaly() <= peak => best,
        _ => Some((step.scores.anomaly(), step.start)),
    };
    within.fold(None, higher).map_or(stretch.start, |(_, start)| start)
}

/// Steps by the frames that name them, as a review has them; `None` where the scores do not fit the recording.
pub fn scored_steps(scores: &StepScores, media: &OpenedMedia) -> Option<ScoredSteps> {
    let steps = scores.steps.iter().map(|step| {
        let start = match (&step.frame, &media.frames) {
            (Some(frame), Some(frames)) if frame.index.0 < frames.len() => {
                Edge { frame: frame.index, time: frame.time }
            }
            (Some(_), _) => return None,
            (None, Some(frames)) => {
                let frame = frames.at_or_before(step.start);
                Edge { frame, time: frames.entry(frame)?.time }
            }
            (None, None) => Edge { frame: FrameIndex(step.step), time: step.start },
        };
        Some(ScoredStep { start, scores: step.class_scores })
    });
    let steps = steps.collect::<Option<Vec<_>>>()?;
    let end = match &media.frames {
        Some(frames) => Edge { frame: FrameIndex(frames.len()), time: frames.range().end },
        None => Edge { frame: FrameIndex(scores.grid.len()), time: scores.grid.range().end },
    };
    ScoredSteps::new(steps, end, 1.0 / scores.grid.steps_per_second()).ok()
}
