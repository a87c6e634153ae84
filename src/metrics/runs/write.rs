//! A run as a folder. The report's own files are written beside these by whoever made the report.

use std::io::{self, Write};
use std::path::Path;

use super::tables::{
    ABOUT, CLIP_COLUMNS, CLIPS, EVIDENCE_COLUMNS, FEATURES, STEP_COLUMNS, STEPS, TRUTH, TRUTH_COLUMNS, score_columns,
};
use super::{Run, RunError};
use crate::Report;
use avar_base::files::write_whole;
use avar_labels::Split;

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
    let mut table = csv::Writer::from_writer(file);
    table.write_record(CLIP_COLUMNS.map(str::to_owned).into_iter().chain(score_columns()))?;
    for (clip, facts) in run.clips.iter().zip(&run.facts) {
        let cells = [
            clip.path.clone(),
            clip.group.clone(),
            clip.split.map_or("", Split::name).to_owned(),
            clip.truth.name().to_owned(),
            clip.predicted.name().to_owned(),
            format!("{:.6}", clip.max_score),
            clip.modalities.clone(),
            // Exact, as the steps' times follow from them.
            clip.duration_s.to_string(),
            clip.start_s.to_string(),
            clip.step_s.to_string(),
            facts.loudness_dbfs.map_or(String::new(), |loudness| format!("{loudness:.2}")),
            facts.brightness.map_or(String::new(), |brightness| format!("{brightness:.4}")),
            facts.file.to_string_lossy().into_owned(),
        ];
        table.write_record(cells.into_iter().chain(clip.scores.map(score_cell)))?;
    }
    table.flush()
}

fn write_truth(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    table.write_record(TRUTH_COLUMNS)?;
    for clip in &run.clips {
        for range in &clip.truth_ranges {
            let (start_s, end_s) = (range.start_s.to_string(), range.end_s.to_string());
            table.write_record([clip.path.as_str(), range.class.name(), &start_s, &end_s])?;
        }
    }
    table.flush()
}

fn write_steps(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    let columns = STEP_COLUMNS.map(str::to_owned).into_iter().chain(score_columns());
    table.write_record(columns.chain(EVIDENCE_COLUMNS.map(str::to_owned)))?;
    for (clip, facts) in run.clips.iter().zip(&run.facts) {
        for (step, scores) in clip.steps.iter().enumerate() {
            let evidence = facts.evidence.get(step).copied().unwrap_or_default();
            let cells = [clip.path.clone(), step.to_string(), format!("{:.6}", clip.step_span(step).start)];
            let alone = [evidence.picture, evidence.sound].map(|score| score.map_or(String::new(), score_cell));
            table.write_record(cells.into_iter().chain(scores.map(score_cell)).chain(alone))?;
        }
    }
    table.flush()
}

fn write_features(run: &Run, file: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(file);
    let width = run.facts.iter().map(|facts| facts.features.len()).max().unwrap_or(0);
    table.write_record(std::iter::once("path".to_owned()).chain((0..width).map(|index| format!("f{index}"))))?;
    let kept = run.clips.iter().zip(&run.facts).filter(|(_, facts)| facts.features.len() == width);
    for (clip, facts) in kept {
        let values = facts.features.iter().map(|value| format!("{value:.6}"));
        table.write_record(std::iter::once(clip.path.clone()).chain(values))?;
    }
    table.flush()
}

fn score_cell<T: std::fmt::Display>(score: T) -> String {
    format!("{score:.6}")
}
