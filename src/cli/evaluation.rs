//! `avar evaluate`: a network against a manifest.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{NetworkArguments, say};
use crate::analysis::{AnalysisSettings, NetworkShelf};
use crate::classes::AnomalyClass;
use crate::dataset::{Manifest, Split};
use crate::evaluation::{Report, ReportSettings, ScoredClip};
use crate::job::CancelToken;
use crate::runs::{write_report, write_run};
use crate::scoring::{run_of, score};

#[derive(Args)]
pub(super) struct EvaluateArguments {
    /// CSV table: path,label[,split][,group][,start_s,end_s], paths relative to it
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

fn split(text: &str) -> Result<Split, String> {
    Split::from_name(text).ok_or_else(|| "must be train, val or test".to_owned())
}

pub(super) fn evaluate(arguments: EvaluateArguments) -> anyhow::Result<()> {
    let mut manifest = Manifest::read(&arguments.manifest)?;
    match arguments.skip_missing {
        true => manifest.keep_files_that_exist()?,
        false => manifest.check_files().context("the manifest cannot be evaluated (--skip-missing leaves them out)")?,
    }
    for (label, count) in &manifest.unknown_labels {
        eprintln!("avar: {count} rows are labelled \"{label}\", which is none of the ten classes");
    }
    let clips: Vec<_> = manifest
        .clips
        .iter()
        .filter(|clip| arguments.split.is_none_or(|split| clip.split == Some(split)))
        .cloned()
        .collect();
    if clips.is_empty() {
        bail!("no clip of the manifest belongs to that part: {}", manifest.path.display());
    }
    let network = arguments.network.choice()?;
    let settings = AnalysisSettings::default();
    let shelf = NetworkShelf::default();
    let shows_progress = std::io::stderr().is_terminal();
    let scored = score(&clips, &network, &settings, &shelf, &CancelToken::default(), |done| {
        if shows_progress {
            eprint!("\r\x1b[K{done} of {} clips", clips.len());
        }
    })?;
    if shows_progress {
        eprint!("\r\x1b[K");
    }
    for (path, reason) in &scored.failures {
        eprintln!("avar: not scored: {}: {reason}", path.display());
    }
    let report = Report::new(&scored.clips, &ReportSettings::default())?;
    let json = arguments.json.then(|| {
        let clips: Vec<Value> = scored.clips.iter().map(clip_json).collect();
        let failure = |(path, error): &(PathBuf, String)| json!({"path": path.to_string_lossy(), "error": error});
        let failures: Vec<Value> = scored.failures.iter().map(failure).collect();
        json!({"clips": clips, "failures": failures, "metrics": report})
    });
    if let Some(out) = &arguments.out {
        let run = run_of(scored, &manifest, &network, &settings, &shelf, out, &CancelToken::default())?;
        write_report(out, &report)?;
        write_run(&run)?;
    }
    if let Some(json) = json {
        return say(&serde_json::to_string_pretty(&json)?);
    }
    say(&report.to_markdown())
}

fn clip_json(clip: &ScoredClip) -> Value {
    let scores: serde_json::Map<String, Value> = AnomalyClass::ALL
        .into_iter()
        .zip(clip.scores)
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
