//! A figure: a drawing with its caption below, and the numbers that it draws.

use std::io;
use std::path::{Path, PathBuf};

use super::caption::Caption;
use super::color::Color;
use super::drawing::{Drawing, Text};
use super::font::{Weight, wrapped};
use super::png::RasterError;
use super::table::Table;
use avar_base::files::{WriteError, write_whole};
use avar_base::job::Cancelled;

/// A drawing, the caption below it, and the numbers behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// With the caption.
    pub drawing: Drawing,
    /// As text, for whatever else shows the figure.
    pub caption: Caption,
    /// The numbers that are drawn.
    pub table: Table,
}

/// Why a figure cannot be made or saved.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// What is missing and what to do, in a sentence.
    #[error("{0}")]
    NothingToDraw(String),
    /// The table of an ablation is missing, too large, or not what `avar ablate` writes.
    #[error("the ablation's table cannot be read ({reason}); name the CSV file that `avar ablate` wrote: {path}", path = .path.display())]
    Ablation { path: PathBuf, reason: String },
    /// The numbers cannot be written as CSV: a row is not as long as the header.
    #[error("the table cannot be written ({0})")]
    Table(csv::Error),
    /// The template of the report has failed: a mistake of this crate.
    #[error("the report's page cannot be made ({0})")]
    Page(#[from] askama::Error),
    /// The drawing cannot be made a PNG.
    #[error("{reason}: {path}", path = .path.display())]
    Raster { path: PathBuf, reason: RasterError },
    /// A file of the figure cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

/// Left and right of everything, above the drawing and below the caption.
pub(super) const MARGIN_PX: f64 = 16.0;

const TITLE_SIZE_PX: f64 = 13.0;
const TEXT_SIZE_PX: f64 = 12.0;
const LINE_PX: f64 = 16.0;

impl Figure {
    /// Puts the caption below `body`, which gets taller by that.
    pub fn new(body: Drawing, caption: Caption, table: Table) -> Self {
        let mut drawing = body;
        drawing.title = caption.title.clone();
        drawing.description = caption.sentences().join(" ");
        let width_px = drawing.width_px - 2.0 * MARGIN_PX;
        let mut baseline = drawing.height_px + LINE_PX;
        let mut put = |text: &str, role: &'static str, size_px: f64, weight: Weight, color: Color| {
            for line in wrapped(text, width_px, size_px, weight) {
                let line = Text { weight, ..Text::new((MARGIN_PX, baseline), line, size_px) };
                drawing.text(role, line, color);
                baseline += LINE_PX;
            }
        };
        put(&caption.title, "caption-title", TITLE_SIZE_PX, Weight::Bold, Color::INK);
        for warning in &caption.warnings {
            put(&format!("Warning: {warning}"), "caption-warning", TEXT_SIZE_PX, Weight::Bold, Color::WRONG);
        }
        put(&caption.notes.join(" "), "caption", TEXT_SIZE_PX, Weight::Regular, Color::INK);
        put(&caption.provenance, "provenance", TEXT_SIZE_PX, Weight::Regular, Color::WEAK_INK);
        drawing.height_px = baseline - LINE_PX + MARGIN_PX;
        Self { drawing, caption, table }
    }

    /// Writes the SVG, PNG and CSV files beside each other; whichever ending `path` has, the three differ in it alone.
    /// Returns what was written.
    pub fn save(&self, path: &Path) -> Result<Vec<PathBuf>, FigureError> {
        let [svg, png, csv] = ["svg", "png", "csv"].map(|ending| with_ending(path, ending));
        let raster = |reason| FigureError::Raster { path: png.clone(), reason };
        write(&svg, self.drawing.to_svg().as_bytes())?;
        write(&png, &self.drawing.to_png().map_err(raster)?)?;
        write(&csv, &self.table.to_csv()?)?;
        Ok(vec![svg, png, csv])
    }

    /// As [`Self::save`], with the numbers in a Markdown file as well.
    pub fn save_with_markdown(&self, path: &Path) -> Result<Vec<PathBuf>, FigureError> {
        let mut written = self.save(path)?;
        let markdown = with_ending(path, "md");
        write(&markdown, self.to_markdown().as_bytes())?;
        written.push(markdown);
        Ok(written)
    }

    /// Title, numbers and caption.
    pub fn to_markdown(&self) -> String {
        let Caption { title, .. } = &self.caption;
        let sentences = self.caption.sentences().join("\n\n");
        format!("## {title}\n\n{}\n{sentences}\n", self.table.to_markdown())
    }
}

/// A name with a dot of its own (`run-1.5`) keeps it.
pub(super) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let known = ["svg", "png", "csv", "md"];
    let has_known = path.extension().is_some_and(|of| known.iter().any(|ending| of.eq_ignore_ascii_case(ending)));
    if has_known {
        return path.with_extension(ending);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{ending}"));
    path.with_file_name(name)
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_whole(path, |file: &mut dyn io::Write| file.write_all(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_files_of_a_figure_lie_beside_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let caption = Caption { title: "A title.".to_owned(), ..Caption::default() };
        let figure = Figure::new(Drawing::new(200.0, 20.0), caption, Table::new(["x"]));
        for name in ["f.svg", "f.PNG", "f.csv", "f"] {
            let written = figure.save(&folder.path().join(name)).unwrap();
            assert_eq!(written, ["f.svg", "f.png", "f.csv"].map(|name| folder.path().join(name)));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
        assert_eq!(with_ending(Path::new("a/run-1.5"), "png"), Path::new("a/run-1.5.png"));
    }

    #[test]
    fn the_caption_is_wrapped_within_the_page_and_makes_it_taller() {
        let caption = Caption {
            title: "A title.".to_owned(),
            warnings: vec!["the weights are untrained: scores mean nothing".to_owned()],
            notes: vec!["One sentence after the other. ".repeat(6)],
            provenance: "Run a.".to_owned(),
        };
        let figure = Figure::new(Drawing::new(300.0, 20.0), caption, Table::default());
        let svg = figure.drawing.to_svg();
        assert!(svg.contains("Warning: the weights are untrained") && svg.contains("Run a."));
        assert!(figure.drawing.height_px > 150.0);
    }
}
