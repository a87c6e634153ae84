//! The report of a run: every figure that it has something for, every table, on one page.

use std::path::{Path, PathBuf};

use super::export::draw;
use super::{Export, ExportError, ExportSettings, Watch, pdf};
use avar_base::files::write_whole;
use avar_figures::{Figure, FigureError, PaperTable, RunReport, quality_curves};
use avar_metrics::runs::Run;
use avar_metrics::{Report, ReportSettings};

/// The order of the page, each with its share of the work.
const SHOWN: [(Export, f32); 5] = [
    (Export::Classes, 0.02),
    (Export::Anomaly, 0.02),
    (Export::Curve, 0.16),
    (Export::Frames, 0.2),
    (Export::Projection, 0.6),
];

pub(super) fn write(
    run: &Run,
    settings: &ExportSettings,
    out: &Path,
    watch: &Watch,
) -> Result<Vec<PathBuf>, ExportError> {
    let page = page(run, settings, watch)?;
    match out.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pdf")) {
        true => pdf::print(&page, out, watch.cancel())?,
        false => write_whole(out, |file| file.write_all(page.as_bytes()))?,
    }
    Ok(vec![out.to_owned()])
}

fn page(run: &Run, settings: &ExportSettings, watch: &Watch) -> Result<String, ExportError> {
    let report = Report::new(&run.clips, &ReportSettings::default())?;
    let ablation = settings.read_ablation()?;
    let mut figures = Vec::new();
    let mut missing = Vec::new();
    match quality_curves(run, &report) {
        Ok(figure) => figures.push(figure),
        Err(FigureError::NothingToDraw(why)) => missing.push(format!("Ranking and calibration: {why}")),
        Err(error) => return Err(error.into()),
    }
    let mut begun = 0.0;
    for (export, share) in SHOWN {
        match draw(export, run, settings, &watch.part(begun, begun + share)) {
            Ok(figure) => figures.push(figure),
            Err(FigureError::NothingToDraw(why)) => missing.push(format!("Figure {}: {why}", export.name())),
            Err(error) => return Err(error.into()),
        }
        begun += share;
        watch.tell(begun)?;
    }
    let tables = PaperTable::ALL.map(|table| table.figure(run, &report, ablation.as_ref()));
    let tables: Vec<Figure> = tables.into_iter().collect::<Result<_, _>>()?;
    Ok(RunReport { run, report: &report, figures: &figures, missing: &missing, tables: &tables }.to_html()?)
}
