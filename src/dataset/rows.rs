//! The rows of a manifest, before they are put together as clips.
//!
//! `path,label,split,group,start_s,end_s,shown_in` in any order, found by name; `path` and `label` have to be there.

use std::collections::BTreeSet;
use std::path::Path;

use super::text_file::first_line;
use super::{DatasetError, Problems, ShownIn};
use avar_base::time::{MediaTime, TimeRange};
use avar_base::wording::{counted, listed, quoted};
use avar_labels::Split;

/// The columns, in the order in which a manifest is written.
pub(super) const COLUMNS: [&str; 7] = ["path", "label", "split", "group", "start_s", "end_s", "shown_in"];
/// Longer than any recording, and short enough to stay exact in nanoseconds.
const MAX_TIME_S: f64 = 1e8;

pub(super) struct Row {
    /// From 1, the header included.
    pub line: u64,
    pub path: String,
    pub label: String,
    pub split: Option<Split>,
    /// `None` where the cell is blank.
    pub group: Option<String>,
    /// `None` where the label holds for the whole clip.
    pub range: Option<TimeRange>,
    /// Of the whole clip, whichever row says it; `Both` where the cell is blank.
    pub shown_in: ShownIn,
}

pub(super) struct Rows {
    /// Those without a problem.
    pub rows: Vec<Row>,
    pub problems: Problems,
    /// Columns that mean nothing here, in their order.
    pub ignored_columns: Vec<String>,
}

/// Fails where the columns are not those of a manifest; what is wrong with single rows is gathered.
pub(super) fn parse_rows(path: &Path, text: &str) -> Result<Rows, DatasetError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    let mut problems = Problems::default();
    let mut rows = Vec::new();
    let mut columns: Option<Columns> = None;
    let mut row_count = 0usize;
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(error.position().map(|position| position.line()), "this is no row of a table".into());
                break;
            }
        };
        let Some(columns) = &columns else {
            columns = Some(Columns::find(path, &record, &mut problems)?);
            continue;
        };
        // Spreadsheets leave rows of empty cells behind.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        row_count += 1;
        let line = line_of(&record, text);
        match columns.row(line, &record) {
            Ok(row) => rows.push(row),
            Err(problem) => problems.push(line, problem),
        }
    }
    let Some(columns) = columns else { return Err(DatasetError::Empty { path: path.to_owned() }) };
    if row_count == 0 && problems.is_empty() {
        return Err(DatasetError::Empty { path: path.to_owned() });
    }
    Ok(Rows { rows, problems, ignored_columns: columns.ignored })
}

/// Whether a file begins as a manifest does: with a line that names its columns.
pub fn is_manifest(path: &Path) -> bool {
    let Some(line) = first_line(path) else { return false };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line.as_bytes());
    let header = reader.records().next().and_then(Result::ok);
    header.is_some_and(|header| Columns::find(path, &header, &mut Problems::default()).is_ok())
}

/// Where each column of [`COLUMNS`] is.
struct Columns {
    at: [Option<usize>; COLUMNS.len()],
    count: usize,
    ignored: Vec<String>,
}

impl Columns {
    fn find(path: &Path, header: &csv::StringRecord, problems: &mut Problems) -> Result<Self, DatasetError> {
        let mut found = Self { at: [None; COLUMNS.len()], count: header.len(), ignored: Vec::new() };
        let mut doubled = BTreeSet::new();
        for (index, name) in header.iter().enumerate() {
            let name = name.trim();
            match COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name)) {
                Some(column) if found.at[column].is_some() => {
                    doubled.insert(COLUMNS[column]);
                }
                Some(column) => found.at[column] = Some(index),
                None if name.is_empty() => {}
                None => found.ignored.push(name.to_owned()),
            }
        }
        for name in doubled {
            problems.push(1, format!("there are two columns `{name}`"));
        }
        let has = |name: &str| COLUMNS.iter().zip(found.at).any(|(column, at)| *column == name && at.is_some());
        let has_ranges = has("start_s") || has("end_s");
        let is_needed = |name: &str| matches!(name, "path" | "label") || (has_ranges && name.ends_with("_s"));
        let missing: Vec<String> =
            COLUMNS.iter().filter(|name| is_needed(name) && !has(name)).map(|name| format!("`{name}`")).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let noun = if missing.len() == 1 { "the column" } else { "the columns" };
        let header = quoted(&header.iter().collect::<Vec<_>>().join(","));
        Err(DatasetError::MissingColumns {
            missing: format!("{noun} {}", listed(&missing, missing.len())),
            header,
            path: path.to_owned(),
        })
    }

    fn row(&self, line: u64, record: &csv::StringRecord) -> Result<Row, String> {
        if record.len() != self.count {
            let (cells, columns) = (counted(record.len(), "cell"), counted(self.count, "column"));
            return Err(format!("{cells} where the header has {columns}; text with a comma needs quotation marks"));
        }
        let [path, label, split, group, start, end, shown_in] =
            self.at.map(|at| at.and_then(|index| record.get(index)).unwrap_or_default());
        // A file may have a name that begins or ends in a space; the other cells may not.
        let [label, split, group, start, end, shown_in] = [label, split, group, start, end, shown_in].map(str::trim);
        if path.trim().is_empty() {
            return Err("the path is blank".into());
        }
        if label.is_empty() {
            return Err(format!("{} has no label", quoted(path)));
        }
        let split =
            match split {
                "" => None,
                name => Some(Split::from_name(name).ok_or_else(|| {
                    format!("{} is no split; write train, val or test, or leave it blank", quoted(name))
                })?),
            };
        let shown_in = ShownIn::from_name(shown_in).ok_or_else(|| {
            format!("{} is no way to show; write picture, sound or both, or leave it blank", quoted(shown_in))
        })?;
        Ok(Row {
            line,
            path: path.to_owned(),
            label: label.to_owned(),
            split,
            group: Some(group).filter(|group| !group.is_empty()).map(str::to_owned),
            range: range(start, end)?,
            shown_in,
        })
    }
}

fn range(start: &str, end: &str) -> Result<Option<TimeRange>, String> {
    match (start, end) {
        ("", "") => Ok(None),
        ("", _) => Err("there is an `end_s` but no `start_s`; write both or neither".into()),
        (_, "") => Err("there is a `start_s` but no `end_s`; write both or neither".into()),
        _ => {
            let (start_s, end_s) = (time_s("start_s", start)?, time_s("end_s", end)?);
            let range = TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s));
            if range.start < range.end {
                Ok(Some(range))
            } else {
                Err(format!("`end_s` ({end_s}) has to come after `start_s` ({start_s})"))
            }
        }
    }
}

fn time_s(column: &str, text: &str) -> Result<f64, String> {
    let is_time = |time_s: &f64| (0.0..=MAX_TIME_S).contains(time_s);
    text.parse().ok().filter(is_time).ok_or_else(|| {
        format!("{} is no time for `{column}`: it takes seconds from the start of the clip, such as 12.5", quoted(text))
    })
}

/// The line in which a record begins. The parser's own count stands before the line feed of a CR LF.
fn line_of(record: &csv::StringRecord, text: &str) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped =
        text.as_bytes().get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + skipped.filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Rows, DatasetError> {
        parse_rows(Path::new("m.csv"), text)
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_case() {
        let rows = parse("fps, Label ,PATH\n25,pain,a.mp4\n").unwrap();
        assert_eq!((rows.rows[0].path.as_str(), rows.rows[0].label.as_str()), ("a.mp4", "pain"));
        assert_eq!(rows.ignored_columns, ["fps"]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        for end_of_line in ["\n", "\r\n"] {
            let text = ["path,label", "a,pain", "", "\"b,c\",pain", ",", "d,pain", ""].join(end_of_line);
            let lines: Vec<u64> = parse(&text).unwrap().rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [2, 4, 6], "{text:?}");
        }
    }

    #[test]
    fn times_are_seconds_within_a_recording() {
        assert_eq!(time_s("start_s", "1e2"), Ok(100.0));
        for text in ["-1", "nan", "inf", "1e9", "1,5", "0x3", "00:01", "1.0 s"] {
            assert!(time_s("start_s", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_shorter_than_a_nanosecond_has_no_end_after_its_start() {
        assert!(range("1.0", "1.0000000001").is_err());
    }
}
