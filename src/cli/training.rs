//! `avar train` and `avar ablate`: weights and tables from a recipe.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::Args;

use super::{DeviceName, say};
use avar_app::widgets::time_code;
use avar_base::files::write_whole;
use avar_base::job::CancelToken;
use avar_base::memory::keep_what_was_freed;
use avar_figures::{Ablation, head_accuracy};
use avar_training::recipe::Backbones;
use avar_training::tables::{self, Provenance};
use avar_training::{
    DataPlace, Listen, Pace, Recipe, Stage, TrainingError, TrainingEvent, TrainingSpec, ablate_trained, train,
};

#[derive(Args)]
pub(super) struct TrainArguments {
    #[command(flatten)]
    spec: SpecArguments,
    /// Show the training in a window
    #[arg(long)]
    window: bool,
}

/// What is trained, from what, where.
#[derive(Args)]
struct SpecArguments {
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
    training: SpecArguments,
    /// How many times each head is trained, from seeds 1, 2, …
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=100))]
    seeds: u64,
    /// The folder for ablation.md, ablation.csv and ablation.svg
    #[arg(long)]
    tables: PathBuf,
}

pub(super) fn run(arguments: TrainArguments) -> anyhow::Result<()> {
    keep_what_was_freed();
    let has_window = arguments.window;
    let spec = arguments.spec.spec()?;
    if has_window {
        return super::train_window::run(spec);
    }
    let trained = told(|listen| train(&spec, &CancelToken::default(), listen))?;
    say(&trained.weights.display().to_string())
}

pub(super) fn ablate(arguments: AblateArguments) -> anyhow::Result<()> {
    keep_what_was_freed();
    let recipe_path = arguments.training.recipe.display().to_string();
    let spec = arguments.training.spec()?;
    let seeds: Vec<u64> = (1..=arguments.seeds).collect();
    let found = told(|listen| ablate_trained(&spec, &seeds, &CancelToken::default(), listen))?;
    let provenance = Provenance {
        recipe: &recipe_path,
        recipe_digest: &spec.recipe.digest(),
        training_clips: found.training_clips,
        test_clips: found.test_clips,
        seeds: &seeds,
    };
    let csv = tables::csv(&found.cells)?;
    let figure = head_accuracy(&Ablation::parse(&csv).map_err(anyhow::Error::msg)?, provenance.to_string());
    let files = [
        ("ablation.md", tables::markdown(&found.cells, &provenance)),
        ("ablation.csv", csv),
        ("ablation.svg", figure.drawing.to_svg()),
    ];
    for (name, text) in files {
        let path = arguments.tables.join(name);
        write_whole(&path, |file| file.write_all(text.as_bytes()))?;
        say(&path.display().to_string())?;
    }
    Ok(())
}

impl SpecArguments {
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

/// Runs `work` with its events going to the terminal.
fn told<T>(work: impl FnOnce(Listen) -> Result<T, TrainingError>) -> anyhow::Result<T> {
    let teller = Mutex::new(Teller { shows_progress: std::io::stderr().is_terminal(), paces: Vec::new() });
    let outcome = work(&|event| teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).tell(&event));
    teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    Ok(outcome?)
}

/// Prints events.
struct Teller {
    shows_progress: bool,
    paces: Vec<(Stage, Pace)>,
}

impl Teller {
    fn tell(&mut self, event: &TrainingEvent) {
        match event {
            TrainingEvent::Progress { stage, done, of } => self.show_progress(*stage, *done, *of),
            other => {
                self.clear();
                eprintln!("{other}");
            }
        }
    }

    fn show_progress(&mut self, stage: Stage, done: u64, of: u64) {
        if !self.shows_progress {
            return;
        }
        let known = self.paces.iter().find(|(known, _)| *known == stage).map(|(_, pace)| *pace);
        let pace = known.unwrap_or_else(|| {
            let pace = Pace::from(done);
            self.paces.push((stage, pace));
            pace
        });
        let left = pace.time_left(done, of).map(time_code::time_left).unwrap_or_default();
        eprint!("\r\x1b[K{}: {done} of {of} {left}", stage.label());
    }

    fn clear(&mut self) {
        if self.shows_progress {
            eprint!("\r\x1b[K");
        }
    }
}
