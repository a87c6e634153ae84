//! A label track of Audacity: `start TAB end TAB label`, in seconds with six digits after the point; a label whose start
//! is its end is a point. Lines that begin with a backslash hold the frequencies of a spectral selection.

use crate::annotations::{Annotations, Subject};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::label::Label;
use crate::text::seconds;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, seconds_text};
use avar_base::wording::quoted;

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let mut spectral = 0;
    for (line, text) in (1..).zip(text.lines()) {
        let place = EntryPlace::Line(line);
        if text.trim().is_empty() {
            continue;
        }
        if text.starts_with('\\') {
            spectral += 1;
            continue;
        }
        let mut fields = text.splitn(3, '\t');
        let (Some(start), Some(end)) = (fields.next(), fields.next()) else {
            let text = format!("{} is no label (start, tab, end, tab, text)", quoted(text));
            return Err(EntryProblem::Other(text).at(&place));
        };
        let (start_s, end_s) = (seconds(start, &place)?, seconds(end, &place)?);
        let words = fields.next().unwrap_or("");
        match start_s == end_s {
            true => collector.marker_at(&place, start_s, words.to_owned())?,
            false => collector.seconds(&place, start_s, end_s, Said::label(Label::from_text(words)))?,
        }
    }
    collector.remark_count(spectral, "frequency range", "of spectral labels, for which there is no place; left out");
    Ok(collector.finish())
}

/// In order of time: events, with their marks among them.
pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let mut ledger = Ledger::in_time(Format::Audacity, timeline, Resolution::SECONDS);
    let is_end = |c: char| matches!(c, '\t' | '\n' | '\r');
    let mut lines = Vec::new();
    for span in &annotations.spans {
        let [start, end] = ledger.edges(span);
        lines.push((start, end, ledger.in_one_field(span.label.text(), is_end)));
    }
    for marker in &annotations.markers {
        let at = ledger.edge(marker.frame);
        lines.push((at, at, ledger.in_one_field(&marker.text, is_end)));
    }
    lines.sort_by_key(|(start, _, _)| *start);
    let line = |(start, end, text)| format!("{}\t{}\t{text}\n", seconds_text(start), seconds_text(end));
    ledger.finish(lines.into_iter().map(line).collect(), annotations)
}
