//! From a manifest to a run: the clips scored, measured, and written as a folder.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Scored, score};
use avar_analysis::{AnalysisSettings, NetworkChoice, NetworkShelf};
use avar_base::files::{self, DigestError};
use avar_base::job::{CancelToken, Cancelled, Job, Stopped, Wake};
use avar_dataset::{Clip, DatasetError, Manifest, MissingFiles};
use avar_labels::{AnomalyClass, Split};
use avar_metrics::runs::{About, Failure, Run, RunError, write_report, write_run};
use avar_metrics::{Report, ReportSettings};
use avar_model::ModelError;

/// What to evaluate, and with what.
#[derive(Clone, Debug)]
pub struct EvaluationSpec {
    /// The CSV file of the dataset.
    pub manifest: PathBuf,
    /// Only the clips of this part.
    pub split: Option<Split>,
    /// Leave out clips whose files are missing, instead of ending.
    pub skip_missing: bool,
    /// What scores the clips.
    pub network: NetworkChoice,
    /// How each clip is analysed.
    pub settings: AnalysisSettings,
    /// The folder for the run; `None`: it is not written.
    pub out: Option<PathBuf>,
}

/// What came of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The scored clips and what was noted; its folder is empty where it was not written.
    pub run: Run,
    /// The metrics over these clips.
    pub report: Report,
}

/// Why there is no evaluation, in a sentence.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum ScoringError {
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The manifest cannot be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// Recordings are missing and are not to be left out, or all of them are missing.
    #[error(transparent)]
    MissingFiles(#[from] MissingFiles),
    /// No clip belongs to the part that is to be evaluated.
    #[error("no clip of the manifest belongs to that part; choose another one: {path}", path = .path.display())]
    NoClips { path: PathBuf },
    /// Every clip failed.
    #[error("no clip of the manifest could be scored ({first}): {path}", path = .path.display())]
    NoneScored { first: String, path: PathBuf },
    /// The network or its weights cannot be loaded.
    #[error(transparent)]
    Model(ModelError),
    /// The metrics cannot be computed from the scores.
    #[error(transparent)]
    Measure(#[from] avar_metrics::ScoreError),
    /// The manifest cannot be read once more for its SHA-256.
    #[error(transparent)]
    Digest(DigestError),
    /// The folder of the run cannot be written.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<ModelError> for ScoringError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Model(other),
        }
    }
}

impl From<DigestError> for ScoringError {
    fn from(error: DigestError) -> Self {
        match error {
            DigestError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Digest(other),
        }
    }
}

impl From<ScoringError> for Stopped {
    fn from(error: ScoringError) -> Self {
        match error {
            ScoringError::Cancelled(cancelled) => Self::Cancelled(cancelled),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Evaluates on a thread of its own and ends with the run's folder; networks are taken from `shelf`.
pub fn spawn_evaluation(
    spec: EvaluationSpec,
    shelf: Arc<NetworkShelf>,
    wake: Wake,
) -> std::io::Result<Job<(), PathBuf>> {
    Job::spawn("evaluation", wake, move |reporter| {
        let cancel = reporter.cancel_token().clone();
        let reporter = Mutex::new(reporter);
        let listen = |done: usize, of: usize| {
            let reporter = reporter.lock().unwrap_or_else(PoisonError::into_inner);
            reporter.progress(done as f32 / of.max(1) as f32);
        };
        Ok(evaluate(&spec, &shelf, &cancel, listen)?.run.folder)
    })
}

/// Evaluates here and now; `progress` hears how many clips of how many are done.
pub fn evaluate(
    spec: &EvaluationSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    progress: impl Fn(usize, usize) + Sync,
) -> Result<Evaluated, ScoringError> {
    let mut manifest = Manifest::read(&spec.manifest)?;
    match spec.skip_missing {
        true => manifest.keep_files_that_exist()?,
        false => manifest.check_files()?,
    }
    // Of the whole manifest: that a clip of this part was trained on is told by the other parts.
    manifest.check_copies(cancel)?;
    let is_wanted = |clip: &&Clip| spec.split.is_none_or(|split| clip.split == Some(split));
    let clips: Vec<Clip> = manifest.clips.iter().filter(is_wanted).cloned().collect();
    if clips.is_empty() {
        return Err(ScoringError::NoClips { path: manifest.path });
    }
    let scored = score(&clips, &spec.network, &spec.settings, shelf, cancel, |done| progress(done, clips.len()))?;
    if let (true, Some((_, first))) = (scored.clips.is_empty(), scored.failures.first()) {
        return Err(ScoringError::NoneScored { first: first.clone(), path: manifest.path });
    }
    let report = Report::new(&scored.clips, &ReportSettings::default())?;
    let about = about(spec, &manifest, &scored, shelf, cancel)?;
    let folder = spec.out.clone().unwrap_or_default();
    let run = Run { folder, about, clips: scored.clips, set_aside: Vec::new() };
    if let Some(out) = &spec.out {
        write_report(out, &report)?;
        write_run(&run)?;
    }
    Ok(Evaluated { run, report })
}

fn about(
    spec: &EvaluationSpec,
    manifest: &Manifest,
    scored: &Scored,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
) -> Result<About, ScoringError> {
    let network = shelf.take(&spec.network, cancel)?;
    let is_trained = !network.provenance().is_untrained();
    let is_unchecked =
        |class: &AnomalyClass| network.card().is_some_and(|card| !card.validation_of(*class).is_on_real_recordings());
    let not_validated = AnomalyClass::ALL.into_iter().filter(is_unchecked).map(|class| class.name().to_owned());
    let failures = scored
        .failures
        .iter()
        .map(|(path, error)| Failure { path: path.to_string_lossy().into_owned(), error: error.clone() });
    Ok(About {
        manifest: std::path::absolute(&manifest.path).unwrap_or(manifest.path.clone()).to_string_lossy().into_owned(),
        manifest_sha256: files::digest(&manifest.path, cancel)?,
        unknown_labels: manifest.unknown_labels.clone(),
        notes: [&manifest.notes[..], &scored.notes]
            .concat()
            .into_iter()
            .chain(network.card_error().map(ToString::to_string))
            .collect(),
        network: spec.network.preset.name().to_owned(),
        weights: network.provenance().to_string(),
        weights_sha256: network.digest().to_owned(),
        is_trained,
        warning: network.warning().unwrap_or_default().to_owned(),
        not_validated: not_validated.collect(),
        classes: AnomalyClass::ALL.map(|class| class.name().to_owned()).into(),
        steps_per_second: scored.clips.first().map(|clip| 1.0 / clip.scored.step_s),
        window_steps: spec.settings.window_steps,
        decoder: avar_media::decoder_version(),
        program: concat!("avar ", env!("CARGO_PKG_VERSION")).to_owned(),
        clips: scored.clips.len(),
        failures: failures.collect(),
    })
}
