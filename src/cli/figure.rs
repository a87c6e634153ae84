//! `avar figure` and `avar report`: the paper's figures and tables from a run, and the run as one HTML file.

use std::path::PathBuf;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::say;
use super::stills::fetch_stills;
use crate::evaluation::{Report, ReportSettings};
use crate::figures::{
    Ablation, CurveMarks, Figure, FigureError, PaperTable, RunReport, TsneSettings, anomaly_confusion, class_confusion,
    frame_rows, plan_curve, plan_frames, projection, score_curve,
};
use crate::files::write_whole;
use crate::runs::{Run, read_run};

#[derive(Args)]
pub(super) struct FigureArguments {
    /// Which of the paper's figures or tables
    #[arg(value_enum)]
    which: FigureName,
    /// The folder that `avar evaluate --out` wrote
    #[arg(long)]
    run: PathBuf,
    /// The SVG file to write; a PNG picture and the numbers as CSV are written beside it, of tables Markdown too
    #[arg(long)]
    out: PathBuf,
    /// Of figure 5: the clip, by its path in the manifest; without it the one that shows the difference best
    #[arg(long)]
    clip: Option<String>,
    #[command(flatten)]
    settings: DrawingArguments,
}

#[derive(Args)]
pub(super) struct ReportArguments {
    /// The folder that `avar evaluate --out` wrote
    #[arg(long)]
    run: PathBuf,
    /// The HTML file to write
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    settings: DrawingArguments,
}

#[derive(Args)]
struct DrawingArguments {
    /// Of figures 5 and 7: the anomaly score from which on something is taken for abnormal, 0 to 1
    #[arg(long, default_value_t = 0.5, value_parser = share)]
    threshold: f64,
    /// Of figure 3: the seed of t-SNE
    #[arg(long, default_value_t = TsneSettings::default().seed)]
    seed: u64,
    /// Of figure 3: about how many neighbours a clip has, 2 to 500
    #[arg(long, default_value_t = TsneSettings::default().perplexity, value_parser = perplexity)]
    perplexity: f64,
    /// Of tables 2 and 3: ablation.csv as `avar ablate --tables` wrote it
    #[arg(long)]
    ablation: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FigureName {
    /// Projection of the features
    #[value(name = "3")]
    Projection,
    /// Rows of frames with truth and prediction
    #[value(name = "4")]
    Frames,
    /// Score curve of one clip
    #[value(name = "5")]
    Curve,
    /// Confusion matrix of the ten classes
    #[value(name = "6")]
    Classes,
    /// Confusion matrix, normal against abnormal
    #[value(name = "7")]
    Anomaly,
    /// Temporal heads and modalities
    #[value(name = "table-2")]
    Heads,
    /// Length of the sequence
    #[value(name = "table-3")]
    Lengths,
    /// Speed
    #[value(name = "table-4")]
    Speed,
    /// Average precision from the picture alone
    #[value(name = "table-5")]
    FromPicture,
    /// Average precision from picture and sound
    #[value(name = "table-6")]
    FromBoth,
}

fn share(text: &str) -> Result<f64, String> {
    number_within(text, 0.0, 1.0)
}

fn perplexity(text: &str) -> Result<f64, String> {
    number_within(text, 2.0, 500.0)
}

fn number_within(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    (least..=most).contains(&value).then_some(value).ok_or_else(|| format!("must be {least} to {most}"))
}

pub(super) fn figure(arguments: FigureArguments) -> anyhow::Result<()> {
    let FigureArguments { which, run, out, clip, settings } = arguments;
    if clip.is_some() && which != FigureName::Curve {
        bail!("--clip is for figure 5, which shows one clip");
    }
    let run = read_run(&run)?;
    let table = match which {
        FigureName::Heads => Some(PaperTable::Heads),
        FigureName::Lengths => Some(PaperTable::Lengths),
        FigureName::Speed => Some(PaperTable::Speed),
        FigureName::FromPicture => Some(PaperTable::FromPicture),
        FigureName::FromBoth => Some(PaperTable::FromBoth),
        _ => None,
    };
    let written = match table {
        Some(table) => {
            let report = Report::new(&run.clips, &ReportSettings::default())?;
            table.figure(&run, &report, settings.read_ablation()?.as_ref())?.save_with_markdown(&out)?
        }
        None => settings.draw(which, &run, clip.as_deref())?.save(&out)?,
    };
    written.iter().try_for_each(|path| say(&path.display().to_string()))
}

pub(super) fn report(arguments: ReportArguments) -> anyhow::Result<()> {
    let ReportArguments { run, out, settings } = arguments;
    let run = read_run(&run)?;
    let report = Report::new(&run.clips, &ReportSettings::default())?;
    let ablation = settings.read_ablation()?;
    let mut figures = Vec::new();
    let mut missing = Vec::new();
    let shown =
        [FigureName::Classes, FigureName::Anomaly, FigureName::Curve, FigureName::Frames, FigureName::Projection];
    for (which, number) in shown.into_iter().zip([6, 7, 5, 4, 3]) {
        match settings.draw(which, &run, None) {
            Ok(figure) => figures.push(figure),
            Err(FigureError::NothingToDraw(why)) => missing.push(format!("Figure {number}: {why}")),
            Err(error) => return Err(error.into()),
        }
    }
    let tables = PaperTable::ALL.map(|table| table.figure(&run, &report, ablation.as_ref()));
    let tables: Vec<Figure> = tables.into_iter().collect::<Result<_, _>>()?;
    let page = RunReport { run: &run, report: &report, figures: &figures, missing: &missing, tables: &tables };
    write_whole(&out, |file| file.write_all(page.to_html().as_bytes()))?;
    say(&out.display().to_string())
}

impl DrawingArguments {
    fn read_ablation(&self) -> Result<Option<Ablation>, FigureError> {
        self.ablation.as_deref().map(Ablation::read).transpose()
    }

    /// A figure that is no table.
    fn draw(&self, which: FigureName, run: &Run, clip: Option<&str>) -> Result<Figure, FigureError> {
        match which {
            FigureName::Projection => {
                let settings = TsneSettings { seed: self.seed, perplexity: self.perplexity, ..TsneSettings::default() };
                projection(run, settings)
            }
            FigureName::Frames => {
                let plan = plan_frames(run)?;
                frame_rows(run, &plan, &fetch_stills(run, &plan.moments()))
            }
            FigureName::Curve => {
                let plan = plan_curve(run, clip)?;
                let marks = CurveMarks { threshold: self.threshold, playhead_s: None };
                score_curve(run, &plan, &fetch_stills(run, &plan.moments), marks)
            }
            FigureName::Anomaly => anomaly_confusion(run, self.threshold),
            _ => class_confusion(run),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_go_by_the_papers_numbers() {
        let names: Vec<String> = FigureName::value_variants()
            .iter()
            .filter_map(|name| Some(name.to_possible_value()?.get_name().to_owned()))
            .collect();
        assert_eq!(names, ["3", "4", "5", "6", "7", "table-2", "table-3", "table-4", "table-5", "table-6"]);
    }

    #[test]
    fn a_number_outside_of_its_limits_is_refused() {
        assert_eq!(share("0.25"), Ok(0.25));
        assert_eq!(share("1.5"), Err("must be 0 to 1".to_owned()));
        assert_eq!(perplexity("NaN"), Err("must be 2 to 500".to_owned()));
    }
}
