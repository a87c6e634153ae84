//! `avar evaluate`: a network against a manifest.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::{NetworkArguments, say};
use crate::analysis::{AnalysisSettings, NetworkChoice, NetworkShelf};
use crate::classes::AnomalyClass;
use crate::dataset::{Manifest, Split};
use crate::evaluation::{Report, ReportSettings, ScoredClip};
use crate::files::write_whole;
use crate::job::CancelToken;
use crate::scoring::{Scored, score};

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
    /// A folder for the run: run.json, metrics.json, clips.csv, steps.csv and report.md
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
    if let Some(out) = &arguments.out {
        write_run(out, &manifest, &network, &shelf, &settings, &scored, &report)?;
    }
    if arguments.json {
        let clips: Vec<Value> = scored.clips.iter().map(clip_json).collect();
        let failures: Vec<Value> = scored
            .failures
            .iter()
            .map(|(path, error)| json!({"path": path.to_string_lossy(), "error": error}))
            .collect();
        return say(&serde_json::to_string_pretty(&json!({"clips": clips, "failures": failures, "metrics": report}))?);
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

fn write_run(
    out: &Path,
    manifest: &Manifest,
    network: &NetworkChoice,
    shelf: &NetworkShelf,
    settings: &AnalysisSettings,
    scored: &Scored,
    report: &Report,
) -> anyhow::Result<()> {
    let loaded = shelf.take(network, &CancelToken::default())?;
    let failures: Vec<Value> =
        scored.failures.iter().map(|(path, error)| json!({"path": path.to_string_lossy(), "error": error})).collect();
    let run = json!({
        "manifest": manifest.path.to_string_lossy(),
        "manifest_sha256": crate::analysis::record::digest_file(&manifest.path, &CancelToken::default())?,
        "unknown_labels": manifest.unknown_labels,
        "notes": manifest.notes,
        "network": network.preset.name(),
        "weights": loaded.provenance().to_string(),
        "weights_sha256": loaded.digest(),
        "is_trained": !loaded.provenance().is_untrained(),
        "steps_per_second": scored.clips.first().map(|clip| 1.0 / clip.step_s),
        "window_steps": settings.window_steps,
        "program": concat!("avar ", env!("CARGO_PKG_VERSION")),
        "clips": scored.clips.len(),
        "failures": failures,
    });
    let write_json =
        |name: &str, value: &Value| write_whole(&out.join(name), |file| Ok(serde_json::to_writer_pretty(file, value)?));
    write_json("run.json", &run)?;
    write_json("metrics.json", &serde_json::to_value(report)?)?;
    write_whole(&out.join("report.md"), |file| file.write_all(report.to_markdown().as_bytes()))?;
    write_whole(&out.join("clips.csv"), |file| write_clips(file, &scored.clips))?;
    write_whole(&out.join("steps.csv"), |file| write_steps(file, &scored.clips))?;
    Ok(())
}

fn class_columns() -> impl Iterator<Item = String> {
    AnomalyClass::ALL.into_iter().map(|class| format!("p_{}", class.name()))
}

fn write_clips(file: &mut dyn Write, clips: &[ScoredClip]) -> std::io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    let columns = ["path", "group", "split", "label", "predicted", "max_score", "modalities", "duration_s"];
    table.write_record(columns.into_iter().map(str::to_owned).chain(class_columns()))?;
    for clip in clips {
        let facts = [
            clip.path.clone(),
            clip.group.clone(),
            clip.split.map_or("", Split::name).to_owned(),
            clip.truth.name().to_owned(),
            clip.predicted.name().to_owned(),
            format!("{:.6}", clip.max_score),
            clip.modalities.clone(),
            format!("{:.3}", clip.duration_s),
        ];
        table.write_record(facts.into_iter().chain(clip.scores.map(|score| format!("{score:.6}"))))?;
    }
    table.flush()
}

fn write_steps(file: &mut dyn Write, clips: &[ScoredClip]) -> std::io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record(["path", "step", "start_s"].into_iter().map(str::to_owned).chain(class_columns()))?;
    for clip in clips {
        for (step, scores) in clip.steps.iter().enumerate() {
            let facts = [clip.path.clone(), step.to_string(), format!("{:.6}", clip.step_span(step).start)];
            table.write_record(facts.into_iter().chain(scores.map(|score| format!("{score:.6}"))))?;
        }
    }
    table.flush()
}
