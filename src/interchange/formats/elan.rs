//! ELAN, `.eaf`: tiers of annotations between time slots in milliseconds. This file reads, `elan_write` writes.
//!
//! An annotation's value is its label; where the value is no class and the name of its tier is one, the tier is the
//! label and the value a note. A tier named `markers` holds marked frames. Annotations that refer to another (tiers
//! `NAME score`, `NAME note` and `NAME decision`, as written here) say more about it. `TIME_ORIGIN` is where in the
//! recording ELAN's zero is.

use std::collections::HashMap;

use avar_base::time::MediaTime;
use roxmltree::Node;

use crate::annotations::Subject;
use crate::chosen::{file_name_of_url, likeness, other_name};
use crate::collector::{Collector, MOST_EVENTS, Read, Said, within};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::label::Label;
use crate::timeline::Resolution;
use crate::xml;
use avar_base::wording::quoted;

pub(crate) use super::elan_write::write;

/// The tier of marked frames.
pub(super) const MARKERS: &str = "markers";
/// Of a recording of four months.
const LONGEST_MS: i64 = 10_000_000_000;

/// An annotation between two times.
struct Aligned {
    place: EntryPlace,
    start_ms: i64,
    end_ms: i64,
    said: Said,
    /// The text of a mark.
    mark: Option<String>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let document = xml::parse(Format::Elan, text)?;
    let root = document.root_element();
    check_kind(root)?;
    let mut collector = Collector::new(recording, Resolution::MILLISECONDS)?;
    let origin_ms = origin(root, recording, &mut collector)?;
    let slots = time_slots(root)?;
    let (mut aligned, mut index) = (Vec::new(), HashMap::new());
    let (mut unaligned, mut number) = (0, 0);
    for tier in elements(root, "TIER") {
        let name = tier.attribute("TIER_ID").unwrap_or("");
        let first = aligned.len();
        for annotation in elements(tier, "ANNOTATION").flat_map(|node| elements(node, "ALIGNABLE_ANNOTATION")) {
            number += 1;
            within("annotations", number, MOST_EVENTS)?;
            let place = EntryPlace::Nth("annotation", number);
            match [1, 2].map(|end| slot_of(annotation, end, &slots, &place)) {
                [Err(problem), _] | [_, Err(problem)] => return Err(problem),
                [Ok(Some(start_ms)), Ok(Some(end_ms))] => {
                    index.insert(annotation.attribute("ANNOTATION_ID").unwrap_or(""), aligned.len());
                    aligned.push(entry(place, [start_ms, end_ms], name, value_of(annotation)));
                }
                _ => unaligned += 1,
            }
        }
        check_overlap(&aligned[first..])?;
    }
    let others = read_references(root, &index, &mut aligned);
    for annotation in aligned {
        place_annotation(annotation, origin_ms, &mut collector)?;
    }
    collector.remark_count(unaligned, "annotation", "that is not aligned to a time; left out");
    collector.remark_count(others, "annotation", "that refers to another in a way not known here; left out");
    Ok(collector.finish())
}

fn check_kind(root: Node) -> Result<(), FormatError> {
    let format = Format::Elan;
    if root.tag_name().name() != "ANNOTATION_DOCUMENT" {
        let reason = format!("its root is {} and not ANNOTATION_DOCUMENT", quoted(root.tag_name().name()));
        return Err(FormatError::Syntax { format, reason });
    }
    let version = root.attribute("FORMAT").unwrap_or("3.0");
    if !matches!(version.split('.').next(), Some("2" | "3")) {
        return Err(FormatError::Version { format, found: quoted(version), known: "2 and 3" });
    }
    let units = elements(root, "HEADER").find_map(|header| header.attribute("TIME_UNITS"));
    match units {
        None | Some("milliseconds") => Ok(()),
        Some(units) => {
            let reason = format!("its times are in {} and not in milliseconds", quoted(units));
            Err(FormatError::Syntax { format, reason })
        }
    }
}

fn elements<'a, 'input>(node: Node<'a, 'input>, name: &'static str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// Of the recording's descriptor, or of the first, which ELAN takes as the master.
fn origin(root: Node, recording: &Subject, collector: &mut Collector) -> Result<i64, FormatError> {
    let media = elements(root, "HEADER").flat_map(|header| elements(header, "MEDIA_DESCRIPTOR"));
    let names = |medium: Node| {
        ["RELATIVE_MEDIA_URL", "MEDIA_URL"]
            .into_iter()
            .filter_map(|name| medium.attribute(name))
            .map(file_name_of_url)
            .collect()
    };
    let described: Vec<(Node, Vec<String>)> = media.map(|medium| (medium, names(medium))).collect();
    let ours = described.iter().find(|(_, names)| names.iter().any(|name| likeness(name, recording.name).is_some()));
    let Some((medium, names)) = ours.or(described.first()) else { return Ok(0) };
    if let (None, Some(name)) = (ours, names.first()) {
        collector.remark(other_name(name, recording));
    }
    match medium.attribute("TIME_ORIGIN") {
        None => Ok(0),
        Some(text) => milliseconds(text, &EntryPlace::Nth("TIME_ORIGIN of medium", 1)),
    }
}

/// Those without a value are not aligned.
fn time_slots<'a>(root: Node<'a, '_>) -> Result<HashMap<&'a str, Option<i64>>, FormatError> {
    let mut slots = HashMap::new();
    let all = elements(root, "TIME_ORDER").flat_map(|order| elements(order, "TIME_SLOT"));
    for (number, slot) in (1..).zip(all) {
        let place = EntryPlace::Nth("time slot", number);
        let id =
            slot.attribute("TIME_SLOT_ID").ok_or_else(|| EntryProblem::Missing { what: "TIME_SLOT_ID" }.at(&place))?;
        let value_ms = slot.attribute("TIME_VALUE").map(|text| milliseconds(text, &place)).transpose()?;
        if value_ms.is_some_and(|value_ms| value_ms < 0) {
            return Err(EntryProblem::Negative { text: format!("{} ms", value_ms.unwrap_or(0)) }.at(&place));
        }
        if slots.insert(id, value_ms).is_some() {
            return Err(EntryProblem::Other(format!("{} is the name of another time slot too", quoted(id))).at(&place));
        }
    }
    Ok(slots)
}

fn milliseconds(text: &str, place: &EntryPlace) -> Result<i64, FormatError> {
    let digits = text.trim().strip_prefix('-').unwrap_or(text.trim());
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.trim().parse::<i64>().ok().filter(|number| number.abs() <= LONGEST_MS);
    match (is_number, number) {
        (true, Some(number)) => Ok(number),
        (true, None) => Err(EntryProblem::TooLong { text: quoted(text) }.at(place)),
        (false, _) => Err(EntryProblem::NotANumber { text: quoted(text), wanted: "time in milliseconds" }.at(place)),
    }
}

fn slot_of(
    annotation: Node,
    end: usize,
    slots: &HashMap<&str, Option<i64>>,
    place: &EntryPlace,
) -> Result<Option<i64>, FormatError> {
    let (name, what) =
        if end == 1 { ("TIME_SLOT_REF1", "its first time slot") } else { ("TIME_SLOT_REF2", "its second time slot") };
    let id = annotation.attribute(name).ok_or_else(|| EntryProblem::Missing { what }.at(place))?;
    slots.get(id).copied().ok_or_else(|| EntryProblem::Other(format!("there is no time slot {}", quoted(id))).at(place))
}

fn value_of(annotation: Node) -> String {
    let value = elements(annotation, "ANNOTATION_VALUE").next();
    value.map_or(String::new(), |value| value.children().filter_map(|child| child.text()).collect())
}

fn entry(place: EntryPlace, [start_ms, end_ms]: [i64; 2], tier: &str, value: String) -> Aligned {
    if tier == MARKERS {
        return Aligned { place, start_ms, end_ms, said: Said::default(), mark: Some(value) };
    }
    let said = match (Label::from_text(&value), Label::from_text(tier)) {
        (Label::Other(_), of_tier @ Label::Class(_)) => Said { note: Some(value), ..Said::label(of_tier) },
        (of_value, _) => Said::label(of_value),
    };
    Aligned { place, start_ms, end_ms, said, mark: None }
}

/// On a tier, one annotation begins when the one before has ended.
fn check_overlap(tier: &[Aligned]) -> Result<(), FormatError> {
    let mut in_time: Vec<&Aligned> = tier.iter().collect();
    in_time.sort_by_key(|annotation| (annotation.start_ms, annotation.end_ms));
    match in_time.windows(2).find(|pair| pair[1].start_ms < pair[0].end_ms) {
        Some(pair) => Err(EntryProblem::Overlap.at(&pair[1].place)),
        None => Ok(()),
    }
}

/// The number of references that say nothing that is known here.
fn read_references(root: Node, index: &HashMap<&str, usize>, aligned: &mut [Aligned]) -> usize {
    let mut others = 0;
    for tier in elements(root, "TIER") {
        let kind = tier.attribute("TIER_ID").unwrap_or("").rsplit(' ').next().unwrap_or("");
        for reference in elements(tier, "ANNOTATION").flat_map(|node| elements(node, "REF_ANNOTATION")) {
            let target = reference.attribute("ANNOTATION_REF").and_then(|id| index.get(id));
            let Some(said) = target.map(|at| &mut aligned[*at].said) else {
                others += 1;
                continue;
            };
            let value = value_of(reference);
            match (kind, value.parse::<f64>()) {
                ("score", Ok(score)) => said.score = Some(score),
                ("note", _) => said.note = Some(value),
                ("decision", _) => said.decision = Some(value),
                _ => others += 1,
            }
        }
    }
    others
}

fn place_annotation(annotation: Aligned, origin_ms: i64, collector: &mut Collector) -> Result<(), FormatError> {
    let Aligned { place, start_ms, end_ms, said, mark } = annotation;
    if end_ms <= start_ms {
        let (start, end) = (format!("{start_ms} ms"), format!("{end_ms} ms"));
        return Err(EntryProblem::EndNotAfterStart { start, end }.at(&place));
    }
    let (start_ms, end_ms) = (start_ms + origin_ms, end_ms + origin_ms);
    if end_ms <= 0 || (mark.is_some() && start_ms < 0) {
        collector.outside();
        return Ok(());
    }
    let offset = |ms: i64| MediaTime::from_nanoseconds(ms * 1_000_000);
    match mark {
        Some(text) => collector.marker_at(&place, offset(start_ms).seconds(), text),
        None => {
            if start_ms < 0 {
                collector.cut();
            }
            collector.between(&place, offset(start_ms.max(0)), offset(end_ms), said)
        }
    }
}
