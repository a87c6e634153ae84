//! Segments of LosslessCut: CSV of `start,end,label` in seconds, without a header. An empty start is the start of the
//! recording, an empty end makes a marker.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use crate::annotations::{Annotations, Subject};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::label::Label;
use crate::text::seconds;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, seconds_text};

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut row, mut more) = (StringRecord::new(), 0);
    loop {
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                return Err(FormatError::Syntax { format: Format::LosslessCut, reason: error.to_string() });
            }
        }
        let place = EntryPlace::Line(row.position().map_or(0, csv::Position::line) as usize);
        let (Some(start), Some(end)) = (row.get(0), row.get(1)) else {
            return Err(EntryProblem::Missing { what: "the end of a segment (start,end,label)" }.at(&place));
        };
        more += usize::from(row.len() > 3);
        let words = row.get(2).unwrap_or("");
        let start_s = if start.trim().is_empty() { 0.0 } else { seconds(start.trim(), &place)? };
        match end.trim() {
            "" => collector.marker_at(&place, start_s, words.to_owned())?,
            end => collector.seconds(&place, start_s, seconds(end, &place)?, Said::label(Label::from_text(words)))?,
        }
    }
    collector.remark_count(more, "line", "with more than start, end and label; the rest is left out");
    Ok(collector.finish())
}

/// Events, then marks.
pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let mut ledger = Ledger::in_time(Format::LosslessCut, timeline, Resolution::SECONDS);
    let mut rows = Vec::new();
    for span in &annotations.spans {
        let [start, end] = ledger.edges(span).map(seconds_text);
        rows.push([start, end, span.label.text().to_owned()]);
    }
    for marker in &annotations.markers {
        rows.push([seconds_text(ledger.edge(marker.frame)), String::new(), marker.text.clone()]);
    }
    ledger.finish(csv_text(rows), annotations)
}

/// Rows of as many cells each; what is in memory is text and cannot fail.
pub(crate) fn csv_text<R: IntoIterator<Item = String>>(rows: impl IntoIterator<Item = R>) -> String {
    let mut writer = WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let is_written = rows.into_iter().try_for_each(|row| writer.write_record(row));
    let bytes = writer.into_inner().unwrap_or_default();
    debug_assert!(is_written.is_ok(), "rows of other lengths");
    String::from_utf8(bytes).unwrap_or_default()
}
