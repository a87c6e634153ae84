//! One export: which there are, what they are called, and how each is drawn.

use std::path::{Path, PathBuf};

use super::stills::fetch_stills;
use super::{ExportError, Watch, report};
use avar_figures::{
    Ablation, CurveMarks, Figure, FigureError, PaperTable, TsneSettings, anomaly_confusion, class_confusion,
    frame_rows, plan_curve, plan_frames, projection, score_curve,
};
use avar_metrics::runs::Run;
use avar_metrics::{Report, ReportSettings};

/// What can be made of a run: a figure or a table of the paper, or the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// Figure 3.
    Projection,
    /// Figure 4.
    Frames,
    /// Figure 5.
    Curve,
    /// Figure 6.
    Classes,
    /// Figure 7.
    Anomaly,
    /// Tables 2 to 6, drawn as figures.
    Table(PaperTable),
    /// All of it on one page.
    Report,
    /// The same as PDF.
    PrintedReport,
}

/// What can be chosen; each export takes from it what concerns it.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportSettings {
    /// Of figures 5 and 7: the anomaly score from which on something is taken for abnormal.
    pub threshold: f64,
    /// Of figure 3.
    pub tsne: TsneSettings,
    /// Of figure 5: the clip, by its path in the manifest; without it the one that shows the difference best.
    pub clip: Option<String>,
    /// Of figure 5, on the clip's own axis.
    pub playhead_s: Option<f64>,
    /// Of tables 2 and 3: `ablation.csv` as `avar ablate --tables` wrote it.
    pub ablation: Option<PathBuf>,
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self { threshold: 0.5, tsne: TsneSettings::default(), clip: None, playhead_s: None, ablation: None }
    }
}

impl Export {
    /// The paper's figures, then its tables.
    pub const OF_THE_PAPER: [Self; 10] = [
        Self::Projection,
        Self::Frames,
        Self::Curve,
        Self::Classes,
        Self::Anomaly,
        Self::Table(PaperTable::Heads),
        Self::Table(PaperTable::Lengths),
        Self::Table(PaperTable::Speed),
        Self::Table(PaperTable::FromPicture),
        Self::Table(PaperTable::FromBoth),
    ];

    /// The paper's number of it, for the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Projection => "3",
            Self::Frames => "4",
            Self::Curve => "5",
            Self::Classes => "6",
            Self::Anomaly => "7",
            Self::Table(PaperTable::Heads) => "table-2",
            Self::Table(PaperTable::Lengths) => "table-3",
            Self::Table(PaperTable::Speed) => "table-4",
            Self::Table(PaperTable::FromPicture) => "table-5",
            Self::Table(PaperTable::FromBoth) => "table-6",
            Self::Report => "report",
            Self::PrintedReport => "report-pdf",
        }
    }

    /// "Figure 6: confusion matrix of the ten classes"
    pub fn label(self) -> &'static str {
        match self {
            Self::Projection => "Figure 3: projection of the features",
            Self::Frames => "Figure 4: rows of frames with truth and prediction",
            Self::Curve => "Figure 5: score curve of one clip",
            Self::Classes => "Figure 6: confusion matrix of the ten classes",
            Self::Anomaly => "Figure 7: confusion matrix, normal against abnormal",
            Self::Table(PaperTable::Heads) => "Table 2: temporal heads and modalities",
            Self::Table(PaperTable::Lengths) => "Table 3: length of the sequence",
            Self::Table(PaperTable::Speed) => "Table 4: speed",
            Self::Table(PaperTable::FromPicture) => "Table 5: average precision from the picture alone",
            Self::Table(PaperTable::FromBoth) => "Table 6: average precision from picture and sound",
            Self::Report => "Report: all of it as one HTML file",
            Self::PrintedReport => "Report: all of it as PDF",
        }
    }

    /// What its file is called where nobody says.
    pub fn file_name(self) -> String {
        match self {
            Self::Report => "report.html".to_owned(),
            Self::PrintedReport => "report.pdf".to_owned(),
            Self::Table(_) => format!("{}.svg", self.name()),
            _ => format!("figure-{}.svg", self.name()),
        }
    }
}

/// Makes an export and writes it to `out` and, of figures, beside it: SVG, PNG and CSV, of tables Markdown too. Returns
/// what was written. A report whose name ends in `.pdf` is printed.
pub fn write(
    export: Export,
    run: &Run,
    settings: &ExportSettings,
    out: &Path,
    watch: &Watch,
) -> Result<Vec<PathBuf>, ExportError> {
    let written = match export {
        Export::Report | Export::PrintedReport => report::write(run, settings, out, watch)?,
        Export::Table(table) => {
            let report = Report::new(&run.clips, &ReportSettings::default())?;
            table.figure(run, &report, settings.read_ablation()?.as_ref())?.save_with_markdown(out)?
        }
        _ => draw(export, run, settings, watch)?.save(out)?,
    };
    Ok(written)
}

/// A figure that is no table.
pub(super) fn draw(figure: Export, run: &Run, settings: &ExportSettings, watch: &Watch) -> Result<Figure, FigureError> {
    match figure {
        Export::Projection => projection(run, settings.tsne, &|fraction| watch.tell(fraction)),
        Export::Frames => {
            let plan = plan_frames(run)?;
            frame_rows(run, &plan, &fetch_stills(run, &plan.moments(), watch)?)
        }
        Export::Curve => {
            let plan = plan_curve(run, settings.clip.as_deref())?;
            let marks = CurveMarks { threshold: settings.threshold, playhead_s: settings.playhead_s };
            score_curve(run, &plan, &fetch_stills(run, &plan.moments, watch)?, marks)
        }
        Export::Anomaly => anomaly_confusion(run, settings.threshold),
        Export::Classes | Export::Table(_) | Export::Report | Export::PrintedReport => class_confusion(run),
    }
}

impl ExportSettings {
    pub(super) fn read_ablation(&self) -> Result<Option<Ablation>, FigureError> {
        self.ablation.as_deref().map(Ablation::read).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plates_go_by_the_papers_numbers() {
        let names = Export::OF_THE_PAPER.map(Export::name);
        assert_eq!(names, ["3", "4", "5", "6", "7", "table-2", "table-3", "table-4", "table-5", "table-6"]);
        for export in Export::OF_THE_PAPER {
            let number = export.name().trim_start_matches("table-");
            assert_eq!(export.label().split([' ', ':']).nth(1), Some(number));
        }
        assert_eq!(Export::Curve.file_name(), "figure-5.svg");
        assert_eq!(Export::Table(PaperTable::Heads).file_name(), "table-2.svg");
    }
}
