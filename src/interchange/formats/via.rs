//! A project of the VGG Image Annotator 3: `metadata: {id: {"vid", "flg": 0, "z": [t0, t1], "xy": [], "av": {}}}`, in
//! seconds, of which its own files have three digits.
//!
//! `vid` leads to a view and that to a file, `av` holds values of attributes by their id. Attributes named `score`,
//! `note` and `decision` say that; of the others the first whose value is a class is the label, or else the first.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::annotations::{AnnotatedSpan, Annotations, Subject};
use crate::chosen::{chosen, file_name_of_url};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::json::{Entries, Text, parse};
use crate::label::Label;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, json_text};
use avar_base::wording::quoted;

#[derive(Deserialize)]
struct Project {
    #[serde(default)]
    attribute: Entries<Attribute>,
    file: Entries<File>,
    view: Entries<View>,
    metadata: Entries<Segment>,
}

#[derive(Deserialize)]
struct Attribute {
    aname: String,
    #[serde(default)]
    options: HashMap<String, Text>,
}

#[derive(Deserialize)]
struct File {
    fname: String,
}

#[derive(Deserialize)]
struct View {
    fid_list: Vec<Text>,
}

#[derive(Deserialize)]
struct Segment {
    vid: Text,
    #[serde(default)]
    z: Vec<f64>,
    #[serde(default)]
    xy: Vec<IgnoredAny>,
    #[serde(default)]
    av: Entries<Text>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let project: Project = parse(Format::Via, text)?;
    let mut collector = Collector::new(recording, Resolution::ROUNDED_SECONDS)?;
    let files: HashMap<String, File> = project.file.0.into_iter().collect();
    let mut views: Vec<(String, String)> = Vec::new();
    for (vid, view) in project.view.0 {
        let fid = view.fid_list.into_iter().next().and_then(|fid| fid.0).unwrap_or_default();
        let name = files.get(&fid).map(|file| file_name_of_url(&file.fname));
        let no_file =
            || FormatError::Syntax { format: Format::Via, reason: format!("view {} shows no file", quoted(&vid)) };
        views.push((name.ok_or_else(no_file)?, vid));
    }
    let Some((vid, remark)) = chosen(views, recording)? else { return Ok(collector.finish()) };
    remark.into_iter().for_each(|sentence| collector.remark(sentence));
    let attributes: HashMap<String, Attribute> = project.attribute.0.into_iter().collect();
    let (mut regions, mut others) = (0, 0);
    let ours = project.metadata.0.into_iter().filter(|(_, segment)| segment.vid.0.as_ref() == Some(&vid));
    for (number, (_, segment)) in (1..).zip(ours) {
        let place = EntryPlace::Nth("segment", number);
        match (segment.z.as_slice(), segment.xy.is_empty()) {
            ([start_s, end_s], true) => {
                let (said, unused) = said_of(segment.av, &attributes);
                others += unused;
                collector.seconds(&place, *start_s, *end_s, said)?;
            }
            (times, true) if times.len() > 2 => {
                let text = format!("{} times, where a segment has two", times.len());
                return Err(EntryProblem::Other(text).at(&place));
            }
            _ => regions += 1,
        }
    }
    collector.remark_count(regions, "region", "of a picture or of the whole file, which is no event; left out");
    collector.remark_count(others, "value", "of further attributes; left out");
    Ok(collector.finish())
}

/// What the values say, and how many say nothing that there is a place for.
fn said_of(values: Entries<Text>, attributes: &HashMap<String, Attribute>) -> (Said, usize) {
    let mut said = Said::default();
    let mut unused = 0;
    let mut candidates = Vec::new();
    for (aid, value) in values.0 {
        let attribute = attributes.get(&aid);
        let text = option_of(value.0.unwrap_or_default(), attribute);
        match attribute.map_or("", |attribute| attribute.aname.as_str()) {
            "note" => said.note = Some(text),
            "decision" => said.decision = Some(text),
            "score" => match text.parse() {
                Ok(score) => said.score = Some(score),
                Err(_) if text.is_empty() => {}
                Err(_) => unused += 1,
            },
            _ => candidates.push(Label::from_text(&text)),
        }
    }
    let is_class = |label: &Label| label.class().is_some();
    let at = candidates.iter().position(is_class).unwrap_or(0);
    unused += candidates.len().saturating_sub(1);
    said.label = (at < candidates.len()).then(|| candidates.swap_remove(at));
    (said, unused)
}

/// Of a choice the value is the id of an option.
fn option_of(value: String, attribute: Option<&Attribute>) -> String {
    let option = attribute.and_then(|attribute| attribute.options.get(&value)?.0.clone());
    option.unwrap_or(value)
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let mut ledger = Ledger::in_time(Format::Via, timeline, Resolution::ROUNDED_SECONDS);
    let mut metadata = Map::new();
    for (number, span) in (1..).zip(&annotations.spans) {
        let z = ledger.edges(span).map(|edge| edge.seconds());
        let segment = json!({ "vid": "1", "flg": 0, "z": z, "xy": [], "av": values_of(span) });
        // Of one width, so that sorting keeps their order.
        metadata.insert(format!("1_{number:06}"), segment);
    }
    let attribute = |name: &str| {
        json!({
            "aname": name, "anchor_id": "FILE1_Z2_XY0", "type": 1, "desc": "", "options": {}, "default_option_id": "",
        })
    };
    let name = &annotations.media.name;
    let project = json!({
        "project": {
            "pid": "__VIA_PROJECT_ID__", "rev": "__VIA_PROJECT_REV_ID__",
            "rev_timestamp": "__VIA_PROJECT_REV_TIMESTAMP__", "pname": name, "creator": "AVAR Desk", "created": 0,
            "vid_list": ["1"],
        },
        "config": {
            "file": { "loc_prefix": { "1": "", "2": "", "3": "", "4": "" } },
            "ui": {
                "file_content_align": "center", "file_metadata_editor_visible": true,
                "spatial_metadata_editor_visible": true, "temporal_segment_metadata_editor_visible": true,
                "spatial_region_label_attribute_id": "", "gtimeline_visible_row_count": "4",
            },
        },
        "attribute": {
            "1": attribute("class"), "2": attribute("note"), "3": attribute("score"), "4": attribute("decision"),
        },
        "file": { "1": { "fid": "1", "fname": name, "type": 4, "loc": 1, "src": "" } },
        "metadata": metadata,
        "view": { "1": { "fid_list": ["1"] } },
    });
    ledger.finish(json_text(&project), annotations)
}

fn values_of(span: &AnnotatedSpan) -> Value {
    let mut values = Map::new();
    values.insert("1".to_owned(), json!(span.label.text()));
    if let Some(note) = &span.note {
        values.insert("2".to_owned(), json!(note));
    }
    if let Some(score) = span.score {
        values.insert("3".to_owned(), json!(score.to_string()));
    }
    if let Some(decision) = span.decision {
        values.insert("4".to_owned(), json!(decision.name()));
    }
    Value::Object(values)
}
