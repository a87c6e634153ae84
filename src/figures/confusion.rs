//! Figures 6 and 7: confusion matrices, counts on the left and shares of the true class on the right.
//!
//! The paper's figure 6 is of the ten classes of VAAR, its figure 7 of normal against abnormal videos of XD-Violence.

use super::caption::{Caption, class_label};
use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, Style, Text};
use super::figure::{Figure, FigureError, MARGIN_PX};
use super::font::{Weight, text_width_px};
use super::table::Table;
use avar_labels::{AnomalyClass, reaches};
use avar_metrics::confusion::ConfusionMatrix;
use avar_metrics::runs::Run;

const GAP_PX: f64 = 24.0;
const LABEL_PX: f64 = 12.0;
const HEADING_PX: f64 = 14.0;

/// Figure 6: the ten classes.
pub fn class_confusion(run: &Run) -> Result<Figure, FigureError> {
    let matrix = ConfusionMatrix::new(run.scored().map(|clip| (clip.truth, clip.predicted)));
    let counts = Counts {
        labels: AnomalyClass::ALL.map(|class| class_label(class, &run.about)).to_vec(),
        names: AnomalyClass::ALL.map(|class| class.name().to_owned()).to_vec(),
        cells: matrix.counts().iter().map(|row| row.to_vec()).collect(),
    };
    let paper = "The paper's figure 6 is of VAAR, another dataset, which is not public.";
    counts.figure("Figure 6. Confusion matrix of the ten classes.", vec![paper.to_owned()], run)
}

/// Figure 7: normal against abnormal; a clip whose `1 - P(normal)` reaches `threshold` is taken for abnormal.
pub fn anomaly_confusion(run: &Run, threshold: f64) -> Result<Figure, FigureError> {
    let mut cells = vec![vec![0; 2]; 2];
    for clip in run.scored() {
        let is_found = reaches(clip.anomaly_score(), threshold);
        cells[usize::from(clip.truth.is_anomaly())][usize::from(is_found)] += 1;
    }
    let labels = ["Normal", "Abnormal"].map(str::to_owned).to_vec();
    let names = ["normal", "abnormal"].map(str::to_owned).to_vec();
    let notes = vec![
        format!("A clip is taken for abnormal where 1 - P(normal) of the whole clip is {threshold:.2} or more."),
        "The paper's figure 7 is of XD-Violence, normal against abnormal.".to_owned(),
    ];
    Counts { labels, names, cells }.figure("Figure 7. Confusion matrix, normal against abnormal.", notes, run)
}

/// Clips by true class (row) and predicted class (column).
struct Counts {
    /// For people.
    labels: Vec<String>,
    /// For files.
    names: Vec<String>,
    cells: Vec<Vec<u64>>,
}

impl Counts {
    fn figure(&self, title: &str, more: Vec<String>, run: &Run) -> Result<Figure, FigureError> {
        let total: u64 = self.cells.iter().flatten().sum();
        let right: u64 = (0..self.cells.len()).map(|class| self.cells[class][class]).sum();
        if total == 0 {
            return Err(FigureError::NothingToDraw("the run has no clip; evaluate a manifest with clips".to_owned()));
        }
        let percent = 100.0 * right as f64 / total as f64;
        let mut notes = vec![format!(
            "Rows are the truth, columns the prediction. Left: clips. Right: share of the clips of the true class; a \
             dash where no clip is of the class. {right} of {total} clips are on the diagonal ({percent:.1} %)."
        )];
        notes.extend(more);
        Ok(Figure::new(self.drawing(), Caption::new(title, notes, run), self.table()))
    }

    fn drawing(&self) -> Drawing {
        let widest = |labels: &[String]| {
            labels.iter().map(|label| text_width_px(label, LABEL_PX, Weight::Regular)).fold(0.0, f64::max)
        };
        let label_px = widest(&self.labels) * 1.05 + 8.0;
        let width_px = if self.labels.len() > 2 { 960.0 } else { 640.0 };
        let panel_px = (width_px - 2.0 * MARGIN_PX - GAP_PX) / 2.0;
        // The axis's own name stands left of the labels.
        let left_px = label_px + LABEL_PX + 8.0;
        let cell_px = ((panel_px - left_px) / self.labels.len() as f64).min(104.0);
        let is_slanted = label_px > cell_px;
        let below_px = if is_slanted { label_px * 0.72 + 12.0 } else { LABEL_PX + 8.0 };
        let top_px = MARGIN_PX + HEADING_PX + 12.0;
        let side_px = cell_px * self.labels.len() as f64;
        let mut drawing = Drawing::new(width_px, top_px + side_px + below_px + LABEL_PX + 12.0);
        let most = self.cells.iter().flatten().copied().max().unwrap_or(0).max(1) as f64;
        let panels = [("Clips", false), ("Share of the true class", true)];
        for (panel, (heading, is_share)) in panels.into_iter().enumerate() {
            let left = MARGIN_PX + panel as f64 * (panel_px + GAP_PX) + left_px;
            let at = |row: usize, column: usize| {
                Area::new(left + column as f64 * cell_px, top_px + row as f64 * cell_px, cell_px, cell_px)
            };
            let heading = Text::new((left, MARGIN_PX + HEADING_PX), heading, HEADING_PX).bold();
            drawing.text("panel-title", heading, Color::INK);
            for (row, counts) in self.cells.iter().enumerate() {
                let support: u64 = counts.iter().sum();
                for (column, count) in counts.iter().enumerate() {
                    let share = *count as f64 / support.max(1) as f64;
                    let (text, amount) = match is_share {
                        true if support == 0 => ("–".to_owned(), None),
                        true => (format!("{share:.2}"), Some(share)),
                        false => (count.to_string(), Some(*count as f64 / most)),
                    };
                    put_cell(&mut drawing, at(row, column), &text, amount, is_share);
                }
            }
            self.put_labels(&mut drawing, &at, is_slanted);
            let middle = (left + side_px / 2.0, top_px + side_px / 2.0);
            let axis = |at: (f64, f64), name: &str| Text { anchor: Anchor::Middle, ..Text::new(at, name, LABEL_PX) };
            let below = axis((middle.0, top_px + side_px + below_px + LABEL_PX), "Predicted class");
            drawing.text("axis-name", below, Color::WEAK_INK);
            let beside = axis((left - left_px + LABEL_PX, middle.1), "True class").turned(-90.0);
            drawing.text("axis-name", beside, Color::WEAK_INK);
        }
        drawing
    }

    fn put_labels(&self, drawing: &mut Drawing, at: &impl Fn(usize, usize) -> Area, is_slanted: bool) {
        for (index, label) in self.labels.iter().enumerate() {
            let row = at(index, 0);
            let place = (row.left - 8.0, row.center().1 + LABEL_PX * 0.35);
            drawing.text("row-label", Text::new(place, label, LABEL_PX).anchored(Anchor::End), Color::INK);
            let column = at(self.labels.len() - 1, index);
            let text = match is_slanted {
                true => Text::new((column.center().0 + 4.0, column.bottom() + 14.0), label, LABEL_PX)
                    .anchored(Anchor::End)
                    .turned(-45.0),
                false => Text::new((column.center().0, column.bottom() + LABEL_PX + 4.0), label, LABEL_PX)
                    .anchored(Anchor::Middle),
            };
            drawing.text("column-label", text, Color::INK);
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["truth", "predicted", "clips", "share_of_truth"]);
        for (truth, counts) in self.names.iter().zip(&self.cells) {
            let support: u64 = counts.iter().sum();
            for (predicted, count) in self.names.iter().zip(counts) {
                let share = if support > 0 { format!("{:.4}", *count as f64 / support as f64) } else { String::new() };
                table.push([truth.clone(), predicted.clone(), count.to_string(), share]);
            }
        }
        table
    }
}

/// `amount` is `None` where there is nothing to have a share of.
fn put_cell(drawing: &mut Drawing, area: Area, text: &str, amount: Option<f64>, is_share: bool) {
    let shade = amount.map_or(Color::VOID, Color::of_share);
    let ink = match amount {
        // Zeros recede, so that what happened stands out.
        Some(0.0) | None => Color::WEAK_INK,
        Some(_) => shade.text_on(),
    };
    drawing.rectangle(
        if is_share { "share" } else { "count" },
        area,
        Style::filled(shade).with_stroke(Color::WHITE, 1.0),
    );
    let size_px = if area.width < 32.0 { 10.0 } else { LABEL_PX };
    let place = (area.center().0, area.center().1 + size_px * 0.36);
    let role = if is_share { "share-text" } else { "count-text" };
    drawing.text(role, Text::new(place, text, size_px).anchored(Anchor::Middle), ink);
}

#[cfg(test)]
mod tests {
    use super::super::samples::{empty, sample_run};
    use super::super::test_page::Page;
    use super::*;

    #[test]
    fn every_cells_text_is_its_count_and_its_shade_grows_with_it() {
        let run = sample_run();
        let figure = class_confusion(&run).unwrap();
        let page = Page::of(&figure);
        let matrix = ConfusionMatrix::new(run.scored().map(|clip| (clip.truth, clip.predicted)));
        let counts: Vec<String> = matrix.counts().iter().flatten().map(u64::to_string).collect();
        assert_eq!(page.texts("count-text"), counts);
        let fills = page.attributes("count", "fill");
        let most = *matrix.counts().iter().flatten().max().unwrap() as f64;
        let shades: Vec<String> =
            matrix.counts().iter().flatten().map(|count| Color::of_share(*count as f64 / most).hex()).collect();
        assert_eq!(fills, shades);
    }

    #[test]
    fn the_text_of_a_cell_stands_within_it_in_a_colour_that_can_be_read() {
        let page = Page::of(&class_confusion(&sample_run()).unwrap());
        for (area, text) in page.areas("share").iter().zip(page.places("share-text")) {
            assert!((area.left..area.right()).contains(&text.0) && (area.top..area.bottom()).contains(&text.1));
        }
        for (shade, ink) in page.attributes("share", "fill").iter().zip(page.attributes("share-text", "fill")) {
            assert!(Page::color(shade).contrast(Page::color(&ink)) >= 4.5, "{shade} {ink}");
        }
    }

    #[test]
    fn no_text_leaves_the_page_and_classes_that_were_never_checked_are_marked() {
        for figure in [class_confusion(&sample_run()).unwrap(), anomaly_confusion(&sample_run(), 0.5).unwrap()] {
            let page = Page::of(&figure);
            page.assert_text_within();
            assert!(page.all_text().contains("Never checked on real recordings"));
        }
        let page = Page::of(&class_confusion(&sample_run()).unwrap());
        assert!(page.texts("row-label").contains(&"Pain*".to_owned()));
    }

    #[test]
    fn the_threshold_moves_clips_between_normal_and_abnormal() {
        let of = |threshold| Page::of(&anomaly_confusion(&sample_run(), threshold).unwrap()).texts("count-text");
        assert_eq!(of(0.0), ["0", "8", "0", "72"]);
        assert_eq!(of(1.1), ["8", "0", "72", "0"]);
    }

    #[test]
    fn a_class_without_clips_has_dashes_and_a_run_without_clips_no_figure() {
        let mut run = sample_run();
        run.clips.retain(|clip| clip.scored.truth != AnomalyClass::Abuse);
        let texts = Page::of(&class_confusion(&run).unwrap()).texts("share-text");
        assert!(texts[..10].iter().all(|text| text == "–") && texts[10] != "–");
        assert!(class_confusion(&empty()).unwrap_err().to_string().contains("no clip"));
    }

    #[test]
    fn the_table_holds_what_is_drawn_and_the_same_run_gives_the_same_bytes() {
        let figure = || class_confusion(&sample_run()).unwrap();
        assert_eq!(figure().table.rows.len(), 100);
        assert_eq!(figure().table.rows[0][..2], ["abuse", "abuse"]);
        assert_eq!(figure().drawing.to_svg(), figure().drawing.to_svg());
        assert_eq!(figure().drawing.to_png().unwrap(), figure().drawing.to_png().unwrap());
        Page::keep(&figure(), "figure-6");
        Page::keep(&anomaly_confusion(&sample_run(), 0.5).unwrap(), "figure-7");
    }
}
