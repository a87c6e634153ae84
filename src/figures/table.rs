//! The numbers behind a figure as a table, for CSV and Markdown.

use super::figure::FigureError;

/// Cells as they are to be read; rows are as long as `columns`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The header.
    pub columns: Vec<String>,
    /// Below the header, in order.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A header without rows.
    pub fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row, which has to be as long as the header.
    pub fn push<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The header and all rows, in UTF-8; [`FigureError::Table`] where a row is not as long as the header.
    pub fn to_csv(&self) -> Result<Vec<u8>, FigureError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = std::iter::once(&self.columns).chain(&self.rows);
        let written = rows.into_iter().try_for_each(|row| writer.write_record(row));
        written.map_err(FigureError::Table)?;
        writer.into_inner().map_err(|error| FigureError::Table(csv::Error::from(error.into_error())))
    }

    /// The header and all rows; a bar in a cell is escaped, a line break becomes a blank.
    pub fn to_markdown(&self) -> String {
        let cell = |text: &String| text.replace('|', "\\|").replace('\n', " ");
        let line = |row: &Vec<String>| format!("| {} |\n", row.iter().map(cell).collect::<Vec<_>>().join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.columns.len()));
        [line(&self.columns), rule].into_iter().chain(self.rows.iter().map(line)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_commas_and_bars_stay_one_cell() {
        let mut table = Table::new(["clip", "score"]);
        table.push(["a, b|c.mp4", "0.5"]);
        assert_eq!(String::from_utf8(table.to_csv().unwrap()).unwrap(), "clip,score\n\"a, b|c.mp4\",0.5\n");
        assert_eq!(table.to_markdown(), "| clip | score |\n|---|---|\n| a, b\\|c.mp4 | 0.5 |\n");
    }
}
