//! A run as a folder. The report's own files are written beside these by whoever made the report.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::tables::{
    ABOUT, CLIPS, ClipRow, Column, Decimals, Exact, FEATURES, FeatureRow, STEPS, StepRow, TRUTH, TruthRow,
    clip_columns, feature_columns, step_columns, truth_columns,
};
use super::{Run, RunClip, RunError};
use crate::Report;
use avar_base::files::write_whole;

/// Writes `run.json` last, so that a folder with one is whole.
pub fn write_run(run: &Run) -> Result<(), RunError> {
    let table = |name: &str, write: fn(&Run, &mut dyn Write) -> io::Result<()>| {
        write_whole(&run.folder.join(name), |file| write(run, file))
    };
    table(CLIPS, write_clips)?;
    table(TRUTH, write_truth)?;
    table(STEPS, write_steps)?;
    table(FEATURES, write_features)?;
    write_whole(&run.folder.join(ABOUT), |file| Ok(serde_json::to_writer_pretty(file, &run.about)?))?;
    Ok(())
}

/// The metrics of a run, for other programs and for people.
pub fn write_report(folder: &Path, report: &Report) -> Result<(), RunError> {
    write_whole(&folder.join("metrics.json"), |file| Ok(serde_json::to_writer_pretty(file, report)?))?;
    write_whole(&folder.join("report.md"), |file| file.write_all(report.to_markdown().as_bytes()))?;
    Ok(())
}

fn write_clips(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let rows = run.clips.iter().map(|RunClip { scored: clip, facts }| ClipRow {
        path: &clip.path,
        group: &clip.group,
        split: clip.split,
        label: clip.truth,
        predicted: clip.predicted,
        max_score: Decimals(clip.max_score),
        modalities: clip.modalities,
        // Exact, as the steps' times follow from them.
        duration_s: Exact(clip.duration_s),
        start_s: Some(Exact(clip.start_s)),
        step_s: Some(Exact(clip.step_s)),
        loudness_dbfs: facts.loudness_dbfs.map(|loudness| Decimals(loudness.into())),
        brightness: facts.brightness.map(|brightness| Decimals(brightness.into())),
        file: facts.file.to_string_lossy(),
        scores: clip.scores.0.map(Decimals),
    });
    write_table(file, clip_columns(), rows)
}

fn write_truth(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let rows = run.scored().flat_map(|clip| {
        clip.truth_ranges.iter().map(|range| TruthRow {
            path: &clip.path,
            class: range.class,
            start_s: Exact(range.start_s),
            end_s: Exact(range.end_s),
        })
    });
    write_table(file, truth_columns(), rows)
}

fn write_steps(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let rows = run.clips.iter().flat_map(|RunClip { scored: clip, facts }| {
        clip.steps.iter().enumerate().map(|(step, scores)| {
            let evidence = facts.evidence.get(step).copied().unwrap_or_default();
            StepRow {
                path: &clip.path,
                step,
                start_s: Decimals(clip.step_span(step).start),
                scores: scores.0.map(|score| Decimals(score.into())),
                p_video: evidence.picture.map(|score| Decimals(score.into())),
                p_audio: evidence.sound.map(|score| Decimals(score.into())),
            }
        })
    });
    write_table(file, step_columns(), rows)
}

fn write_features(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let width = run.clips.iter().map(|clip| clip.facts.features.len()).max().unwrap_or(0);
    let kept = run.clips.iter().filter(|clip| clip.facts.features.len() == width);
    let rows = kept.map(|clip| FeatureRow {
        path: &clip.scored.path,
        features: clip.facts.features.iter().map(|value| Decimals((*value).into())).collect(),
    });
    write_table(file, feature_columns(width), rows)
}

fn write_table<R: Serialize>(
    file: &mut dyn Write,
    columns: Vec<Column>,
    rows: impl Iterator<Item = R>,
) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(file);
    table.write_record(columns.iter().map(|column| &*column.name))?;
    for row in rows {
        table.serialize(row)?;
    }
    table.flush()
}
