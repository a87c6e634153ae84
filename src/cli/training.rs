//! `avar train`: weights from a recipe.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Instant;

use clap::Args;

use super::{DeviceName, say};
use crate::app::widgets::time_code;
use crate::job::{CancelToken, Progress};
use crate::training::{DataPlace, Recipe, Stage, TrainingEvent, TrainingSpec, train};

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
    /// Where the networks are trained
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    device: DeviceName,
}

pub(super) fn run(arguments: TrainArguments) -> anyhow::Result<()> {
    let recipe = Recipe::read(&arguments.recipe)?;
    let log = arguments.out.join("log.jsonl");
    let device = arguments.device.choice()?;
    let spec =
        TrainingSpec { recipe, places: arguments.data, teachers: arguments.teachers, work: arguments.out, device };
    let teller = Mutex::new(Teller::new(&log)?);
    let trained = train(&spec, &CancelToken::default(), &|event| {
        teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).tell(&event);
    });
    teller.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
    let trained = trained?;
    say(&trained.weights.display().to_string())
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
            TrainingEvent::Validation { stage, step, training_loss, validation_loss, accuracy, is_best } => format!(
                "{}: step {step}, loss {training_loss:.3}, validation {validation_loss:.3}, accuracy {accuracy:.3}{}",
                stage.label(),
                if *is_best { ", best so far" } else { "" }
            ),
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
