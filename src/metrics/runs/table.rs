//! A CSV file of a run, row by row, its columns found by name.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use serde::Deserialize;

use super::RunError;
use super::tables::{Column, Need, quoted};

/// No table of a run is larger: about ten million steps.
const MOST_MIB: u64 = 2048;

pub(super) fn open(path: &Path) -> Result<File, RunError> {
    let failed = |reason| RunError::Read { path: path.to_owned(), reason };
    let file = File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.len() > MOST_MIB << 20 {
        true => Err(RunError::TooLarge { most_mib: MOST_MIB, path: path.to_owned() }),
        false => Ok(file),
    }
}

pub(super) struct Table {
    path: PathBuf,
    reader: csv::Reader<BufReader<File>>,
    header: StringRecord,
    /// Each with its place in the file, where it has one.
    columns: Vec<(Column, Option<usize>)>,
}

impl Table {
    /// Fails where a column is missing that always has to be there. The first of `columns` is the path of a clip.
    pub(super) fn open(path: &Path, columns: Vec<Column>) -> Result<Self, RunError> {
        let mut reader = csv::Reader::from_reader(BufReader::new(open(path)?));
        let header = reader.headers().map_err(|reason| RunError::Table { path: path.to_owned(), reason })?.clone();
        let place = |column: Column| match header.iter().position(|name| name == column.name) {
            None if column.need == Need::Always => {
                Err(RunError::NoColumn { column: column.name.into_owned(), path: path.to_owned() })
            }
            place => Ok((column, place)),
        };
        let columns = columns.into_iter().map(place).collect::<Result<_, _>>()?;
        Ok(Self { path: path.to_owned(), reader, header, columns })
    }

    /// `None` where there is no such file: a run of an earlier version lacks some.
    pub(super) fn open_if_there(path: &Path, columns: Vec<Column>) -> Result<Option<Self>, RunError> {
        if path.exists() { Self::open(path, columns).map(Some) } else { Ok(None) }
    }

    /// Goes on with all other columns of the file, in its order.
    pub(super) fn with_all_columns(mut self) -> Self {
        for (place, name) in self.header.iter().enumerate() {
            if !self.columns.iter().any(|(_, known)| *known == Some(place)) {
                let column = Column { name: name.to_owned().into(), need: Need::Always };
                self.columns.push((column, Some(place)));
            }
        }
        self
    }

    pub(super) fn each(&mut self, mut take: impl FnMut(&Line<'_>)) -> Result<(), RunError> {
        let (mut read, mut cells) = (StringRecord::new(), StringRecord::new());
        loop {
            match self.reader.read_record(&mut read) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(reason) => return Err(RunError::Table { path: self.path.clone(), reason }),
            }
            cells.clear();
            for (_, place) in &self.columns {
                cells.push_field(place.and_then(|place| read.get(place)).unwrap_or(""));
            }
            let number = read.position().map_or(0, csv::Position::line);
            take(&Line { table: &self.path, columns: &self.columns, cells: &cells, number });
        }
    }
}

/// One row of a table.
pub(super) struct Line<'a> {
    table: &'a Path,
    columns: &'a [(Column, Option<usize>)],
    /// In the order of `columns`; blank where the file lacks one.
    cells: &'a StringRecord,
    /// From 1, the header included.
    number: u64,
}

impl<'a> Line<'a> {
    /// The clip that it is about.
    pub(super) fn path(&self) -> &'a str {
        &self.cells[0]
    }

    /// Fails with the sentence on the first cell that makes no sense.
    pub(super) fn row<R: Deserialize<'a>>(&self) -> Result<R, String> {
        for ((column, place), cell) in self.columns.iter().zip(self.cells) {
            if column.need == Need::Filled && place.is_some() && cell.is_empty() {
                return Err(self.problem(&format!("{} is blank", column.name)));
            }
        }
        self.cells.deserialize(None).map_err(|error| self.problem(&self.wrong_cell(&error)))
    }

    /// The sentence on what is wrong with the row.
    pub(super) fn problem(&self, what: &str) -> String {
        let table = self.table.file_name().unwrap_or_default().to_string_lossy();
        format!("line {} of {table}: {what}; evaluate again: {}", self.number, self.path())
    }

    fn wrong_cell(&self, error: &csv::Error) -> String {
        let ErrorKind::Deserialize { err: error, .. } = error.kind() else { return error.to_string() };
        let field = error.field().and_then(|field| usize::try_from(field).ok());
        let place = field.and_then(|field| Some((&self.columns.get(field)?.0.name, self.cells.get(field)?)));
        match (error.kind(), place) {
            (DeserializeErrorKind::ParseFloat(_) | DeserializeErrorKind::ParseInt(_), Some((name, cell))) => {
                format!("{name} is {}, which is no number", quoted(cell))
            }
            (kind, _) => kind.to_string(),
        }
    }
}
