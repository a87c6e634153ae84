//! A network over a manifest: every clip analysed as any recording is, its scores beside what is true of it.
//!
//! [`score`] is for whoever has clips; [`evaluate`] goes from a manifest to a run and its report, [`spawn_evaluation`]
//! does so on a thread of its own.
//!
//! # What does not exist here
//!
//! - No second way to scores: clips go through `avar_analysis`, and no metric is computed here but by `avar_metrics`.
//! - No clip that is left out in silence: one that cannot be scored is a failure with its sentence
//!   ([`Scored::failures`]).
//! - No training, and no window.

mod evaluation;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use avar_analysis::scores::clip_scores;
use avar_analysis::{
    Account, Analysis, AnalysisError, AnalysisSettings, AnalysisSpec, NetworkChoice, NetworkShelf, analyse,
};
use avar_base::job::{CancelToken, Cancelled, parallel_map, thread_count};
use avar_dataset::{Clip, Misfit, Misfits};
use avar_labels::ClassScores;
use avar_metrics::runs::{ClipFacts, RunClip};
use avar_metrics::{ScoredClip, TruthRange};
use avar_model::ModelError;

pub use evaluation::{Evaluated, EvaluationSpec, ScoringError, evaluate, spawn_evaluation};

/// What came of a manifest.
#[derive(Clone, Debug, Default)]
pub struct Scored {
    /// In the manifest's order.
    pub clips: Vec<RunClip>,
    /// Clips that could not be scored, each with its sentence: they enter no metric, and are never left unsaid.
    pub failures: Vec<(PathBuf, String)>,
    /// What a reader of the scores must know of the truth that they stand beside, a sentence each.
    pub notes: Vec<String>,
}

/// Why a clip enters no metric.
#[derive(Debug, thiserror::Error)]
enum ClipError {
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error("an annotated range lies after the end of the recording ({misfit}); correct the annotation: {path}", path = .path.display())]
    TruthPastEnd { misfit: Misfit, path: PathBuf },
}

/// Scores `clips`, several at a time; `progress` hears how many are done. Weights that cannot be loaded are an error at
/// once, a clip that cannot be analysed is one of the failures.
pub fn score(
    clips: &[Clip],
    network: &NetworkChoice,
    settings: &AnalysisSettings,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    progress: impl Fn(usize) + Sync,
) -> Result<Scored, ModelError> {
    shelf.take(network, cancel)?;
    let done = AtomicUsize::new(0);
    let outcomes = parallel_map(clips, thread_count(), |clip| {
        cancel.check()?;
        let outcome = score_clip(clip, network, settings, shelf, cancel);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        Ok::<_, Cancelled>(outcome)
    })?;
    cancel.check()?;
    let (mut scored, mut misfits) = (Scored::default(), Misfits::default());
    for (clip, outcome) in clips.iter().zip(outcomes) {
        match outcome {
            Ok(ClipOutcome { clip: scored_clip, cut }) => {
                misfits.add(clip, &cut);
                scored.clips.push(scored_clip);
            }
            Err(error) => scored.failures.push((clip.path.clone(), error.to_string())),
        }
    }
    scored.notes = misfits.notes();
    Ok(scored)
}

/// What came of one clip.
struct ClipOutcome {
    clip: RunClip,
    /// Ranges that go on after the end of the recording.
    cut: Vec<Misfit>,
}

fn score_clip(
    clip: &Clip,
    network: &NetworkChoice,
    settings: &AnalysisSettings,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
) -> Result<ClipOutcome, ClipError> {
    cancel.check().map_err(AnalysisError::from)?;
    let opened = avar_media::open(&clip.file, cancel, |_| {}).map_err(AnalysisError::from)?;
    let cut = clip.misfits(opened.info.range.duration());
    if let Some(misfit) = cut.iter().copied().find(|misfit| misfit.is_outside()) {
        return Err(ClipError::TruthPastEnd { misfit, path: clip.path.clone() });
    }
    let (network, settings) = (network.clone(), settings.clone());
    let spec = AnalysisSpec { info: opened.info, frames: opened.frames, network, settings, journal: None };
    let Analysis { scores, account: Account { traits, .. } } = analyse(&spec, shelf, cancel, |_| {})?;
    let steps: Vec<_> = scores.steps.iter().map(|step| step.class_scores).collect();
    let of_clip = clip_scores(&steps);
    let placed = clip.on_axis(scores.grid.range().start);
    let truth_ranges = placed.ranges.iter().map(|labelled| TruthRange {
        class: labelled.class,
        start_s: labelled.range.start.seconds(),
        end_s: labelled.range.end.seconds(),
    });
    let facts = ClipFacts {
        file: clip.file.clone(),
        evidence: scores.steps.iter().map(|step| step.evidence).collect(),
        loudness_dbfs: traits.levels.loudness_dbfs(),
        brightness: traits.levels.brightness(),
        features: traits.mean_features,
    };
    let scored = ScoredClip {
        path: clip.path.to_string_lossy().into_owned(),
        group: clip.group.clone(),
        split: clip.split,
        modalities: Some(scores.modalities),
        truth: clip.label,
        truth_ranges: truth_ranges.collect(),
        predicted: of_clip.top(),
        scores: of_clip.into(),
        max_score: steps.iter().map(ClassScores::<f32>::anomaly).fold(0.0, f32::max).into(),
        steps,
        step_s: 1.0 / scores.grid.steps_per_second(),
        start_s: scores.grid.range().start.seconds(),
        duration_s: scores.grid.range().duration_s(),
    };
    Ok(ClipOutcome { clip: RunClip { scored, facts }, cut })
}
