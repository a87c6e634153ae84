//! `avar evaluate`: a network against a manifest.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use super::{NetworkArguments, say};
use avar_analysis::{AnalysisSettings, NetworkShelf};
use avar_base::job::CancelToken;
use avar_labels::{AnomalyClass, Split};
use avar_metrics::ScoredClip;
use avar_metrics::runs::Failure;
use avar_scoring::{Evaluated, EvaluationSpec, ScoringError, evaluate};

#[derive(Args)]
pub(super) struct EvaluateArguments {
    /// CSV table: path,label[,split][,group][,start_s,end_s][,shown_in], paths relative to it
    #[arg(long)]
    manifest: PathBuf,
    /// Only the clips of this part: train, val or test
    #[arg(long, value_parser = split)]
    split: Option<Split>,
    /// Leave out clips whose files are missing, instead of ending
    #[arg(long)]
    skip_missing: bool,
    /// A folder for the run, to be opened in the window and drawn as figures
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArguments,
}

pub(super) fn split(text: &str) -> Result<Split, String> {
    Split::from_name(text).ok_or_else(|| "must be train, val or test".to_owned())
}

pub(super) fn run(arguments: EvaluateArguments) -> anyhow::Result<()> {
    let EvaluateArguments { manifest, split, skip_missing, out, json: as_json, network } = arguments;
    let (network, settings) = (network.choice()?, AnalysisSettings::default());
    let spec = EvaluationSpec { manifest, split, skip_missing, network, settings, out };
    let shows_progress = std::io::stderr().is_terminal();
    let evaluated = evaluate(&spec, &NetworkShelf::default(), &CancelToken::default(), |done, of| {
        if shows_progress {
            eprint!("\r\x1b[K{done} of {of} clips");
        }
    });
    if shows_progress {
        eprint!("\r\x1b[K");
    }
    let Evaluated { run, report } = match evaluated {
        Err(ScoringError::MissingFiles(missing)) => {
            Err(missing).context("the manifest cannot be evaluated (--skip-missing leaves them out)")?
        }
        other => other?,
    };
    for note in &run.about.notes {
        eprintln!("avar: note: {note}");
    }
    for (label, count) in &run.about.unknown_labels {
        eprintln!("avar: {count} rows are labelled \"{label}\", which is none of the ten classes");
    }
    for Failure { path, error } in &run.about.failures {
        eprintln!("avar: not scored: {path}: {error}");
    }
    if as_json {
        let clips: Vec<Value> = run.scored().map(clip_json).collect();
        let json = json!({"clips": clips, "failures": run.about.failures, "notes": run.about.notes, "metrics": report});
        return say(&serde_json::to_string_pretty(&json)?);
    }
    say(&report.to_markdown())
}

fn clip_json(clip: &ScoredClip) -> Value {
    let scores: serde_json::Map<String, Value> = AnomalyClass::ALL
        .into_iter()
        .zip(clip.scores.0)
        .map(|(class, score)| (class.name().to_owned(), json!(score)))
        .collect();
    json!({
        "path": clip.path,
        "label": clip.truth.name(),
        "predicted": clip.predicted.name(),
        "scores": scores,
        "max_score": clip.max_score,
    })
}
