//! The paper's ablation on our own corpus: which temporal head, which modality, how long a sequence, which fusion.
//!
//! Every cell trains a head of its own on the same features of VAAR-Synth's training part and is judged on its test
//! part, several times from several seeds. Backbones are trained once, on everything that the recipe names.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::error::TrainingError;
use super::features::ClipFeatures;
use super::head::HeadTrainer;
use super::progress::{Listen, Stage, TrainingEvent};
use super::recipe::StageRecipe;
use super::stage::{StagePlan, StageProgress, Trainer, run_stage};
use avar_analysis::pipeline::WINDOW_STEPS;
use avar_analysis::scores::clip_scores;
use avar_base::files::write_whole;
use avar_base::job::{CancelToken, parallel_map, thread_count};
use avar_labels::Split;
use avar_metrics::classification::Classification;
use avar_metrics::confusion::ConfusionMatrix;
use avar_metrics::paper::HEADS_STEPS;
use avar_model::ComputeDevice;
use avar_model::head::{Config, Fusion};
use avar_model::temporal::TemporalKind;

/// Sequence lengths of the paper's table 3, and ours.
pub const SEQUENCE_LENGTHS: [usize; 4] = [5, HEADS_STEPS, 15, WINDOW_STEPS];

/// One arrangement of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The temporal head.
    pub temporal: TemporalKind,
    /// Which modalities it is given, and where they meet.
    pub fusion: Fusion,
    /// Sequence length T.
    pub window_steps: usize,
}

impl Arrangement {
    /// What AVAR-Net uses.
    pub const PAPER: Arrangement =
        Arrangement { temporal: TemporalKind::Mtcn, fusion: Fusion::Early, window_steps: HEADS_STEPS };

    /// Every arrangement of table 2, of table 3, and of the comparison of fusions, each once.
    pub fn all() -> Vec<Arrangement> {
        let mut all = Vec::new();
        for temporal in TemporalKind::ALL {
            for fusion in [Fusion::SoundOnly, Fusion::PictureOnly, Fusion::Early] {
                all.push(Arrangement { temporal, fusion, ..Self::PAPER });
            }
        }
        let lengths = SEQUENCE_LENGTHS.into_iter().filter(|steps| *steps != HEADS_STEPS);
        all.extend(lengths.map(|window_steps| Arrangement { window_steps, ..Self::PAPER }));
        all.push(Arrangement { fusion: Fusion::Late, ..Self::PAPER });
        all
    }

    /// Of the outcome from one seed.
    fn file_name(self, seed: u64) -> String {
        format!("{}-{}-{}-{seed}.json", self.temporal.name(), self.fusion.name(), self.window_steps)
    }
}

/// What one head reached on the test clips; shares of 1, averages over the classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Of the head's first weights and of the examples that it saw.
    pub seed: u64,
    /// Share of clips whose class was found.
    pub accuracy: f64,
    /// Macro precision; a class that is never predicted counts zero.
    pub precision: f64,
    /// Macro recall, which is balanced accuracy.
    pub recall: f64,
    /// Mean F1 of the classes.
    pub f1: f64,
    /// The optimizer's step whose weights were the best on the validation clips.
    pub best_step: u64,
}

/// One arrangement, and what came of it.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What its heads have in common.
    pub arrangement: Arrangement,
    /// One a seed.
    pub outcomes: Vec<Outcome>,
}

impl Cell {
    /// Mean, and the distance from the lowest to the highest, of one metric.
    pub fn mean_and_spread(&self, metric: impl Fn(&Outcome) -> f64) -> (f64, f64) {
        let values: Vec<f64> = self.outcomes.iter().map(metric).collect();
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
        (mean, (high - low).max(0.0))
    }
}

/// Trains and judges every arrangement from every seed, several at a time. Each outcome is left in the folder `kept`,
/// and one that an earlier run left there is taken over: the folder belongs to these clips and this recipe.
#[expect(clippy::too_many_arguments, reason = "what a head depends on, where it goes, and who watches")]
pub fn ablate(
    clips: &[ClipFeatures],
    config: &Config,
    recipe: &StageRecipe,
    seeds: &[u64],
    device: &ComputeDevice,
    kept: &Path,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<Vec<Cell>, TrainingError> {
    let arrangements = Arrangement::all();
    let runs: Vec<(Arrangement, u64)> =
        arrangements.iter().flat_map(|arrangement| seeds.iter().map(|seed| (*arrangement, *seed))).collect();
    let done = AtomicU64::new(0);
    let outcomes = parallel_map(&runs, thread_count(), |(arrangement, seed)| {
        let path = kept.join(arrangement.file_name(*seed));
        let outcome = match read_outcome(&path) {
            Some(outcome) => outcome,
            None => {
                // One thread a head: they are small, and there are many.
                let outcome = avar_kernels::on_threads_of_its_own(1, || {
                    train_and_judge(clips, config, *arrangement, recipe, *seed, device, cancel)
                })?;
                write_whole(&path, |file| Ok(serde_json::to_writer(file, &outcome)?))?;
                outcome
            }
        };
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        listen(TrainingEvent::Progress { stage: Stage::Test, done, of: runs.len() as u64 });
        Ok::<Outcome, TrainingError>(outcome)
    })?;
    let of_cell = outcomes.chunks(seeds.len().max(1)).map(<[Outcome]>::to_vec);
    Ok(arrangements.into_iter().zip(of_cell).map(|(arrangement, outcomes)| Cell { arrangement, outcomes }).collect())
}

/// A file that cannot be read is as good as none.
fn read_outcome(path: &Path) -> Option<Outcome> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn train_and_judge(
    clips: &[ClipFeatures],
    config: &Config,
    arrangement: Arrangement,
    recipe: &StageRecipe,
    seed: u64,
    device: &ComputeDevice,
    cancel: &CancelToken,
) -> Result<Outcome, TrainingError> {
    let Arrangement { temporal, fusion, window_steps } = arrangement;
    let config = Config { temporal, fusion, ..config.clone() };
    let part = |split: Split| clips.iter().filter(|clip| clip.split == split).collect::<Vec<_>>();
    let folder =
        tempfile::tempdir().map_err(|reason| avar_base::files::WriteError { path: std::env::temp_dir(), reason })?;
    let (training, validation) = (part(Split::Train), part(Split::Validation));
    let plan = StagePlan { stage: Stage::Head, recipe, seed, folder: folder.path(), device };
    let mut trainer = HeadTrainer::new(training, validation, &config, window_steps, plan)?;
    let progress = run_stage(&mut trainer, StageProgress::default(), cancel, &|_| {})?;
    trainer.descent().return_to_best()?;
    let mut confusion = ConfusionMatrix::new([]);
    let test = part(Split::Test);
    for (clip, steps) in test.iter().zip(trainer.step_scores(&test)?) {
        confusion.add(clip.label, clip_scores(&steps).top(), 1);
    }
    let found = Classification::new(confusion);
    // Without a test clip there is no accuracy; every table would be empty.
    let value = |metric: avar_metrics::Metric| {
        metric.value().ok_or_else(|| TrainingError::NothingToTrainOn("there is no clip for the test".to_owned()))
    };
    Ok(Outcome {
        seed,
        accuracy: value(found.accuracy)?,
        precision: value(found.macro_precision)?,
        recall: value(found.balanced_accuracy)?,
        f1: value(found.macro_f1)?,
        best_step: progress.best_step,
    })
}
