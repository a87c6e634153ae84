//! `avar figure` and `avar report`: the paper's figures and tables from a run, and the run as one page.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::{say, watched};
use avar_export::{Export, ExportSettings};
use avar_figures::TsneSettings;
use avar_metrics::runs::read_run;

#[derive(Args)]
pub(super) struct FigureArguments {
    /// Which of the paper's figures or tables
    #[arg(value_enum)]
    which: PaperExport,
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
    /// The HTML file to write; one that ends in .pdf is printed by a browser of this machine
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

/// A figure or table of the paper, as the command line names it.
#[derive(Clone, Copy)]
struct PaperExport(Export);

impl ValueEnum for PaperExport {
    fn value_variants<'a>() -> &'a [Self] {
        const VARIANTS: [PaperExport; Export::OF_THE_PAPER.len()] = {
            let mut variants = [PaperExport(Export::Report); Export::OF_THE_PAPER.len()];
            let mut place = 0;
            while place < variants.len() {
                variants[place] = PaperExport(Export::OF_THE_PAPER[place]);
                place += 1;
            }
            variants
        };
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (_, what) = self.0.label().split_once(": ")?;
        Some(PossibleValue::new(self.0.name()).help(what))
    }
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
    let FigureArguments { which: PaperExport(which), run, out, clip, settings } = arguments;
    if clip.is_some() && which != Export::Curve {
        bail!("--clip is for figure 5, which shows one clip");
    }
    make(which, &run, &out, &ExportSettings { clip, ..settings.into() })
}

pub(super) fn report(arguments: ReportArguments) -> anyhow::Result<()> {
    let ReportArguments { run, out, settings } = arguments;
    make(Export::Report, &run, &out, &settings.into())
}

fn make(export: Export, run: &Path, out: &Path, settings: &ExportSettings) -> anyhow::Result<()> {
    let run = read_run(run)?;
    let written = watched(&export.file_name(), |watch| avar_export::write(export, &run, settings, out, watch));
    let written = written?;
    if let Some(note) = avar_fonts::note() {
        eprintln!("avar: {note}: they are boxes in the PNG");
    }
    written.iter().try_for_each(|path| say(&path.display().to_string()))
}

impl From<DrawingArguments> for ExportSettings {
    fn from(arguments: DrawingArguments) -> Self {
        let DrawingArguments { threshold, seed, perplexity, ablation } = arguments;
        let tsne = TsneSettings { seed, perplexity, ..TsneSettings::default() };
        Self { threshold, tsne, ablation, ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_outside_of_its_limits_is_refused() {
        assert_eq!(share("0.25"), Ok(0.25));
        assert_eq!(share("1.5"), Err("must be 0 to 1".to_owned()));
        assert_eq!(perplexity("NaN"), Err("must be 2 to 500".to_owned()));
    }
}
