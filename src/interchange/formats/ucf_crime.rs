//! UCF-Crime (Sultani et al., CVPR 2018), temporal annotation: `name Class s1 e1 s2 e2`, -1 for a range that is absent.
//!
//! Frames count from 1 and the last is within: the authors' evaluation sets `GT(s:e)` in MATLAB, with a start of 0
//! taken as 1. A line has one class and two ranges, so more of either take more lines of the same name.

use std::collections::HashMap;

use avar_labels::AnomalyClass;

use crate::annotations::{AnnotatedSpan, Annotations, Subject};
use crate::chosen::{Likeness, likeness, no_such_recording, other_name};
use crate::collector::{Collector, Read, Said, within};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::formats::xd_violence::spaceless;
use crate::label::Label;
use crate::text::frame_or_none;
use crate::timeline::Resolution;
use crate::writing::{Ledger, Written};

const MOST_LINES: usize = 100_000;

struct Row<'a> {
    place: EntryPlace,
    name: &'a str,
    class: &'a str,
    frames: Vec<&'a str>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let place = EntryPlace::Line(line);
        let mut words = text.split_whitespace();
        let Some(name) = words.next() else { continue };
        let class = words.next().ok_or_else(|| EntryProblem::Missing { what: "the class" }.at(&place))?;
        rows.push(Row { place, name, class, frames: words.collect() });
        within("lines", rows.len(), MOST_LINES)?;
    }
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let names = distinct_names(&rows);
    let best = names.iter().filter_map(|name| likeness(name, recording.name)).max();
    match (best, names.as_slice()) {
        (Some(Likeness::Same), _) | (None, []) => {}
        (Some(Likeness::OtherEnding), _) => {
            let alike = names.iter().find(|name| likeness(name, recording.name).is_some());
            alike.into_iter().for_each(|name| collector.remark(other_name(name, recording)));
        }
        (None, [name]) => collector.remark(other_name(name, recording)),
        (None, _) => return Err(no_such_recording(names.len(), &names, recording)),
    }
    let is_wanted = |name: &str| likeness(name, recording.name) == best;
    for row in rows.iter().filter(|row| is_wanted(row.name)) {
        read_row(row, &mut collector)?;
    }
    Ok(collector.finish())
}

fn distinct_names<'a>(rows: &[Row<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn read_row(row: &Row, collector: &mut Collector) -> Result<(), FormatError> {
    let place = &row.place;
    let (pairs, rest) = row.frames.as_chunks::<2>();
    if !rest.is_empty() || pairs.is_empty() {
        return Err(EntryProblem::Missing { what: "the start or the end of a range" }.at(place));
    }
    for [start, end] in pairs {
        match (frame_or_none(start, place)?, frame_or_none(end, place)?) {
            (Some(start), Some(end)) => {
                // Where it starts at 0, that is taken as the first frame; an end of 0 is no frame.
                let first = start.max(1) - 1;
                collector.frames(place, first, end, Said::label(Label::from_text(row.class)))?;
            }
            (None, None) => {}
            _ => return Err(EntryProblem::Missing { what: "the start or the end of a range (-1)" }.at(place)),
        }
    }
    Ok(())
}

pub(crate) fn write(annotations: &Annotations) -> Result<Written, FormatError> {
    let mut ledger = Ledger::in_frames(Format::UcfCrime);
    let name = spaceless(Format::UcfCrime, &annotations.media.name)?;
    let mut lines: Vec<(String, Vec<&AnnotatedSpan>)> = Vec::new();
    // The last line of each class.
    let mut line_of: HashMap<String, usize> = HashMap::new();
    for span in &annotations.spans {
        let Some(class) = class_of(&span.label) else {
            ledger.without_label(span);
            continue;
        };
        let last = line_of.get(&class).copied();
        match last.and_then(|at| lines.get_mut(at)) {
            Some((_, spans)) if spans.len() < 2 => spans.push(span),
            _ => {
                line_of.insert(class.clone(), lines.len());
                lines.push((class, vec![span]));
            }
        }
    }
    if lines.is_empty() {
        lines.push(("Normal".to_owned(), Vec::new()));
    }
    let mut text = String::new();
    for (class, spans) in lines {
        text.push_str(&format!("{name}  {class}"));
        for place in 0..2 {
            match spans.get(place) {
                Some(span) => text.push_str(&format!("  {}  {}", span.frames.start.0 + 1, span.frames.end.0)),
                None => text.push_str("  -1  -1"),
            }
        }
        text.push('\n');
    }
    Ok(ledger.finish(text, annotations))
}

/// The words of UCF-Crime where it has them; our own, in its manner, where it has not.
fn class_of(label: &Label) -> Option<String> {
    match label {
        Label::Class(AnomalyClass::Brawling) => Some("Fighting".to_owned()),
        Label::Class(AnomalyClass::Crash) => Some("RoadAccidents".to_owned()),
        Label::Class(AnomalyClass::BabyCry) => Some("BabyCry".to_owned()),
        Label::Class(AnomalyClass::PoliceSiren) => Some("PoliceSiren".to_owned()),
        Label::Class(class) => Some(class.label().to_owned()),
        Label::Other(text) => Some(text.clone()).filter(|text| !text.is_empty() && !text.contains(char::is_whitespace)),
    }
}
