//! `avar train` and `avar ablate`: weights and tables from a recipe.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use clap::Args;

use super::{DeviceName, say};
use crate::app::widgets::time_code;
use crate::files::write_whole;
use crate::job::{CancelToken, Progress};
use crate::training::recipe::Backbones;
use crate::training::tables::{self, Provenance};
use crate::training::{
    DataPlace, Listen, Recipe, Stage, TrainingError, TrainingEvent, TrainingSpec, ablate_trained, train,
};

#[derive(Args)]
pub(super) struct TrainArguments {
    /// The recipe, a TOML file
    #[arg(long)]
    recipe: PathBuf,
    /// Where a dataset that the recipe names lies: NAME=MANIFEST
    #[arg(long)]
    data: Vec<DataPlace>,
    /// The folder with the teachers' weights, where the recipe asks for teachers
    #[arg(long)]
    teachers: Option<PathBuf>,
    /// The folder for checkpoints, features and the log; a training that was stopped goes on from it
    #[arg(long)]
    out: PathBuf,
    /// Which backbones, instead of the recipe's: lite, trained from nothing, or full, taken from a file
    #[arg(long)]
    backbones: Option<Backbones>,
    /// The file with the full backbones, as avar weights pull writes it
    #[arg(long, default_value = "weights/backbones-full.safetensors")]
    backbone_weights: PathBuf,
    /// Where the networks are trained
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    device: DeviceName,
}

#[derive(Args)]
pub(super) struct AblateArguments {
    #[command(flatten)]
    training: TrainArguments,
    /// How many times each head is trained, from seeds 1, 2, …
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// The folder for ablation.md, ablation.csv and ablation.svg
    #[arg(long)]
    tables: PathBuf,
}

pub(super) fn run(arguments: TrainArguments) -> anyhow::Result<()> {
    let spec = arguments.spec()?;
    let trained = told(&spec, |listen| train(&spec, &CancelToken::default(), listen))?;
    say(&trained.weights.display().to_string())
}

pub(super) fn ablate(arguments: AblateArguments) -> anyhow::Result<()> {
    let recipe_path = arguments.training.recipe.display().to_string();
    let spec = arguments.training.spec()?;
    let seeds: Vec<u64> = (1..=arguments.seeds).collect();
    let found = told(&spec, |listen| ablate_trained(&spec, &seeds, &CancelToken::default(), listen))?;
    let provenance = Provenance {
        recipe: &recipe_path,
        recipe_digest: &spec.recipe.digest(),
        training_clips: found.training_clips,
        test_clips: found.test_clips,
        seeds: &seeds,
    };
    let files = [
        ("ablation.md", tables::markdown(&found.cells, &provenance)),
        ("ablation.csv", tables::csv(&found.cells)?),
        ("ablation.svg", tables::svg(&found.cells)),
    ];
    for (name, text) in files {
        let path = arguments.tables.join(name);
        write_whole(&path, |file| file.write_all(text.as_bytes()))?;
        say(&path.display().to_string())?;
    }
    Ok(())
}

impl TrainArguments {
    fn spec(self) -> anyhow::Result<TrainingSpec> {
        let mut recipe = Recipe::read(&self.recipe)?;
        recipe.backbones = self.backbones.unwrap_or(recipe.backbones);
        Ok(TrainingSpec {
            recipe,
            places: self.data,
            teachers: self.teachers,
            backbone_weights: self.backbone_weights,
            work: self.out,
            device: self.device.choice()?,
        })
    }
}

/// Runs `work` with its events going to the terminal and to the log in the training's folder.
fn told<T>(spec: &TrainingSpec, work: impl FnOnce(Listen) -> Result<T, TrainingError>) -> anyhow::Result<T> {
    let teller = Mutex::new(Teller::new(&spec.work.join("log.jsonl"))?);
    let outcome = work(&|event| teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).tell(&event));
    teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    Ok(outcome?)
}

/// Prints events, and adds them to the log.
struct Teller {
    log: std::fs::File,
    shows_progress: bool,
    /// When each stage was first heard of, and how far it had come then.
    begun: Vec<(Stage, Instant, u64)>,
    line: String,
}

impl Teller {
    fn new(log: &std::path::Path) -> anyhow::Result<Teller> {
        if let Some(folder) = log.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let log = std::fs::File::options().create(true).append(true).open(log)?;
        Ok(Teller { log, shows_progress: std::io::stderr().is_terminal(), begun: Vec::new(), line: String::new() })
    }

    fn tell(&mut self, event: &TrainingEvent) {
        let text = match event {
            TrainingEvent::Progress { stage, done, of } => return self.show_progress(*stage, *done, *of),
            TrainingEvent::Note { stage, text } => format!("{}: {text}", stage.label()),
            TrainingEvent::Validation { stage, step, training_loss, validation_loss, accuracy, recall, is_best } => {
                let of_class = recall.iter().map(|(class, recall)| format!("{} {recall:.2}", class.name()));
                format!(
                    "{}: step {step}, loss {training_loss:.3}, validation {validation_loss:.3}, accuracy {accuracy:.3}{} ({})",
                    stage.label(),
                    if *is_best { ", best so far" } else { "" },
                    of_class.collect::<Vec<_>>().join(", ")
                )
            }
            TrainingEvent::Finished { stage, steps, best_step, seconds } => format!(
                "{}: finished after {steps} steps and {:.1} min; the best were those of step {best_step}",
                stage.label(),
                seconds / 60.0
            ),
        };
        self.clear();
        eprintln!("{text}");
        // The log is a record beside the checkpoints; a full disk ends the training where it writes those.
        if let Ok(json) = serde_json::to_string(event) {
            let _ = writeln!(self.log, "{json}");
        }
    }

    fn show_progress(&mut self, stage: Stage, done: u64, of: u64) {
        if !self.shows_progress {
            return;
        }
        let (begun, first) = match self.begun.iter().find(|(known, _, _)| *known == stage) {
            Some((_, begun, first)) => (*begun, *first),
            None => {
                self.begun.push((stage, Instant::now(), done));
                (Instant::now(), done)
            }
        };
        let fraction = (done - first.min(done)) as f32 / (of.saturating_sub(first)).max(1) as f32;
        let left = Progress { fraction, elapsed: begun.elapsed() }.time_left();
        self.line = format!("{}: {done} of {of} {}", stage.label(), left.map(time_code::time_left).unwrap_or_default());
        eprint!("\r\x1b[K{}", self.line);
    }

    fn clear(&mut self) {
        if self.shows_progress {
            eprint!("\r\x1b[K");
        }
    }
}
