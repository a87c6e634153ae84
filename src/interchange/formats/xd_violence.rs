//! XD-Violence (Wu et al., ECCV 2020): `name s e s e …`, in frames from 0, half open; with the codes of its labels
//! `name B1 s e B2 s e …`.
//!
//! Shooting (B2) and riot (B4) have no class here and keep those words, as `violence` is the word for a range without a
//! code. Classes without a code cannot be written. `avar-dataset` reads the same lists for training.

use avar_labels::AnomalyClass;

use crate::annotations::{Annotations, Subject};
use crate::chosen::{chosen, stem};
use crate::collector::{Collector, Read, Said, within};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::label::Label;
use crate::text::frame;
use crate::timeline::Resolution;
use crate::writing::{Ledger, Written};
use avar_base::wording::quoted;

/// What a range without a code is.
const VIOLENCE: &str = "violence";

/// Codes without a class, and words for them.
const WITHOUT_CLASS: [(&str, &str); 2] = [("B2", "shooting"), ("B4", "riot")];

const MOST_LINES: usize = 100_000;

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let mut lines = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split_whitespace();
        let Some(name) = words.next() else { continue };
        lines.push((name.to_owned(), (line, words)));
        within("lines", lines.len(), MOST_LINES)?;
    }
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    if let Some(((line, words), remark)) = chosen(lines, recording)? {
        remark.into_iter().for_each(|sentence| collector.remark(sentence));
        read_ranges(&EntryPlace::Line(line), words, &mut collector)?;
    }
    Ok(collector.finish())
}

fn read_ranges<'a>(
    place: &EntryPlace,
    words: impl Iterator<Item = &'a str>,
    collector: &mut Collector,
) -> Result<(), FormatError> {
    let mut words = words.peekable();
    while let Some(word) = words.peek().copied() {
        let label = match is_code(word) {
            true => {
                words.next();
                label_of(word)
            }
            false => Label::Other(VIOLENCE.to_owned()),
        };
        let missing = |what| EntryProblem::Missing { what }.at(place);
        let start = frame(words.next().ok_or_else(|| missing("the start of a range"))?, place)?;
        let end = frame(words.next().ok_or_else(|| missing("the end of a range"))?, place)?;
        collector.frames(place, start, end, Said::label(label))?;
    }
    Ok(())
}

/// Ranges in order of time, those without a code before all others, so that none seems to have the code of another.
pub(crate) fn write(annotations: &Annotations) -> Result<Written, FormatError> {
    let mut ledger = Ledger::in_frames(Format::XdViolence);
    let (mut plain, mut coded) = (String::new(), String::new());
    for span in &annotations.spans {
        let range = format!(" {} {}", span.frames.start.0, span.frames.end.0);
        match code_of(&span.label) {
            Some("") => plain.push_str(&range),
            Some(code) => coded.push_str(&format!(" {code}{range}")),
            None => ledger.without_label(span),
        }
    }
    let name = stem(spaceless(Format::XdViolence, &annotations.media.name)?);
    Ok(ledger.finish(format!("{name}{plain}{coded}\n"), annotations))
}

/// A name that a list can hold.
pub(crate) fn spaceless(format: Format, name: &str) -> Result<&str, FormatError> {
    match name.is_empty() || name.contains(char::is_whitespace) {
        true => Err(FormatError::NameWithSpaces { format, name: quoted(name) }),
        false => Ok(name),
    }
}

fn label_of(code: &str) -> Label {
    let class = match code {
        "A" => Some(AnomalyClass::Normal),
        "B1" => Some(AnomalyClass::Brawling),
        "B5" => Some(AnomalyClass::Abuse),
        "B6" => Some(AnomalyClass::Crash),
        "G" => Some(AnomalyClass::Explosion),
        _ => None,
    };
    let word = WITHOUT_CLASS.into_iter().find(|(known, _)| *known == code).map_or(code, |(_, word)| word);
    class.map_or_else(|| Label::Other(word.to_owned()), Label::Class)
}

/// Empty for what is written without a code; `None` for what has none.
fn code_of(label: &Label) -> Option<&str> {
    match label {
        Label::Class(AnomalyClass::Normal) => Some("A"),
        Label::Class(AnomalyClass::Brawling) => Some("B1"),
        Label::Class(AnomalyClass::Abuse) => Some("B5"),
        Label::Class(AnomalyClass::Crash) => Some("B6"),
        Label::Class(AnomalyClass::Explosion) => Some("G"),
        Label::Class(_) => None,
        Label::Other(text) if text == VIOLENCE => Some(""),
        Label::Other(text) => match WITHOUT_CLASS.into_iter().find(|(_, word)| word == text) {
            Some((code, _)) => Some(code),
            // A code that is not known here, unless it would be read as one that is.
            None => Some(text.as_str()).filter(|text| is_code(text) && label_of(text) == *label),
        },
    }
}

/// A letter and at most a few letters or digits more.
pub(crate) fn is_code(word: &str) -> bool {
    word.len() <= 3
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.chars().all(|c| c.is_ascii_alphanumeric())
}
