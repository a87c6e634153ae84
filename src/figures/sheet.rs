//! A table as a drawing: columns in groups, sections, hairlines, numbers to the right.

use super::color::Color;
use super::drawing::{Anchor, Drawing, Style, Text};
use super::figure::MARGIN_PX;
use super::font::{Weight, text_width_px};
use super::table::Table;

/// Said in a cell for which there is no value of ours.
pub(super) const NOT_MEASURED: &str = "not measured here";

/// The column of a table that names the sections.
pub(super) const DATASET: &str = "dataset";

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sheet {
    /// How many columns from the left hold words.
    pub words: usize,
    pub groups: Vec<Group>,
    pub sections: Vec<Section>,
}

/// Columns under one heading.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Empty for columns that need none.
    pub heading: String,
    /// Short, for the columns of the CSV file: `ours`.
    pub prefix: &'static str,
    pub columns: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Section {
    /// Empty where there is but one.
    pub heading: String,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub cells: Vec<String>,
    /// Ours, or the paper's own network.
    pub is_bold: bool,
}

const TEXT_PX: f64 = 12.0;
const ROW_PX: f64 = 20.0;
const PADDING_PX: f64 = 14.0;
const GROUP_GAP_PX: f64 = 20.0;
const LEAST_WIDTH_PX: f64 = 640.0;

impl Sheet {
    fn columns(&self) -> Vec<&str> {
        self.groups.iter().flat_map(|group| group.columns.iter().map(String::as_str)).collect()
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    /// Left and right edges of every column.
    fn edges(&self) -> Vec<(f64, f64)> {
        let columns = self.columns();
        let wide = |text: &str| text_width_px(text, TEXT_PX, Weight::Bold) * 1.05;
        let mut widths: Vec<f64> = columns.iter().map(|name| wide(name)).collect();
        for row in self.rows() {
            for (column, cell) in row.cells.iter().enumerate() {
                // Drawn once across its group.
                if cell != NOT_MEASURED {
                    widths[column] = widths[column].max(wide(cell));
                }
            }
        }
        let mut first = 0;
        for group in &self.groups {
            let of_group = first..first + group.columns.len();
            let needed = wide(&group.heading).max(wide(NOT_MEASURED)) - PADDING_PX * (group.columns.len() - 1) as f64;
            let has: f64 = widths[of_group.clone()].iter().sum();
            if of_group.start >= self.words && has < needed {
                let more = (needed - has) / group.columns.len() as f64;
                widths[of_group.clone()].iter_mut().for_each(|width| *width += more);
            }
            first = of_group.end;
        }
        let gaps = GROUP_GAP_PX * (self.groups.len().saturating_sub(1)) as f64;
        let whole: f64 = widths.iter().map(|width| width + PADDING_PX).sum::<f64>() + gaps + 2.0 * MARGIN_PX;
        if let Some(words) = widths.first_mut() {
            *words += (LEAST_WIDTH_PX - whole).max(0.0);
        }
        let mut edges = Vec::new();
        let mut left = MARGIN_PX;
        let mut column = 0;
        for group in &self.groups {
            for _ in &group.columns {
                edges.push((left, left + widths[column]));
                left += widths[column] + PADDING_PX;
                column += 1;
            }
            left += GROUP_GAP_PX;
        }
        edges
    }

    pub(crate) fn drawing(&self) -> Drawing {
        let edges = self.edges();
        let right = edges.last().map_or(LEAST_WIDTH_PX, |(_, right)| *right);
        let mut drawing = Drawing::new(right + MARGIN_PX, 0.0);
        let mut baseline = MARGIN_PX + TEXT_PX;
        let thin = Style::stroked(Color::HAIRLINE, 1.0);
        let thick = Style::stroked(Color::INK, 1.0);
        let mut first = 0;
        for group in self.groups.iter().filter(|group| !group.columns.is_empty()) {
            let (left, right) = (edges[first].0, edges[first + group.columns.len() - 1].1);
            if !group.heading.is_empty() {
                let heading = Text::new(((left + right) / 2.0, baseline), &group.heading, TEXT_PX).bold();
                drawing.text("group", heading.anchored(Anchor::Middle), Color::INK);
                drawing.line("group-line", (left, baseline + 6.0), (right, baseline + 6.0), thin);
            }
            first += group.columns.len();
        }
        baseline += ROW_PX + 2.0;
        for (column, name) in self.columns().into_iter().enumerate() {
            drawing.text("column", self.cell_text(&edges, column, baseline, name).bold(), Color::INK);
        }
        drawing.line("head-line", (MARGIN_PX, baseline + 6.0), (right, baseline + 6.0), thick);
        baseline += ROW_PX;
        for section in &self.sections {
            if !section.heading.is_empty() {
                let heading = Text::new((MARGIN_PX, baseline), &section.heading, TEXT_PX).bold();
                drawing.text("section", heading, Color::CURVE);
                baseline += ROW_PX;
            }
            for row in &section.rows {
                self.put_row(&mut drawing, &edges, row, baseline);
                drawing.line("row-line", (MARGIN_PX, baseline + 6.0), (right, baseline + 6.0), thin);
                baseline += ROW_PX;
            }
            baseline += 4.0;
        }
        drawing.height_px = baseline - ROW_PX + 12.0;
        drawing
    }

    fn put_row(&self, drawing: &mut Drawing, edges: &[(f64, f64)], row: &Row, baseline: f64) {
        let mut first = 0;
        for group in &self.groups {
            let of_group = first..first + group.columns.len();
            first = of_group.end;
            let is_empty = of_group.clone().all(|column| row.cells[column] == NOT_MEASURED);
            if is_empty && of_group.start >= self.words {
                let (left, right) = (edges[of_group.start].0, edges[of_group.end - 1].1);
                let text = Text::new(((left + right) / 2.0, baseline), NOT_MEASURED, TEXT_PX);
                drawing.text("not-measured", text.anchored(Anchor::Middle), Color::WEAK_INK);
                continue;
            }
            for column in of_group {
                let text = self.cell_text(edges, column, baseline, &row.cells[column]);
                let text = if row.is_bold { text.bold() } else { text };
                drawing.text("cell", text, Color::INK);
            }
        }
    }

    fn cell_text(&self, edges: &[(f64, f64)], column: usize, baseline: f64, words: &str) -> Text {
        let (left, right) = edges[column];
        match column < self.words {
            true => Text::new((left, baseline), words, TEXT_PX),
            false => Text::new((right, baseline), words, TEXT_PX).anchored(Anchor::End),
        }
    }

    /// For CSV and Markdown: the section as a column of its own, groups before their columns.
    pub(crate) fn table(&self) -> Table {
        let has_sections = self.sections.iter().any(|section| !section.heading.is_empty());
        let mut columns: Vec<String> = has_sections.then(|| DATASET.to_owned()).into_iter().collect();
        for Group { prefix, columns: of_group, .. } in &self.groups {
            columns.extend(of_group.iter().map(|name| match prefix.is_empty() {
                true => name.clone(),
                false => format!("{prefix}: {name}"),
            }));
        }
        let mut table = Table::new(columns);
        for section in &self.sections {
            for row in &section.rows {
                let before = has_sections.then(|| section.heading.clone());
                table.push(before.into_iter().chain(row.cells.iter().cloned()));
            }
        }
        table
    }
}
