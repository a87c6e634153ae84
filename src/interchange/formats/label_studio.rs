//! Label Studio, tasks with timeline labels: `{"type": "timelinelabels", "value": {"ranges": [{"start", "end"}],
//! "timelinelabels": []}, "score"}`, in frames.
//!
//! Its frames count from 1, and a range whose start is its end is one frame, so the last is within. Label Studio counts
//! them itself, by time x the frame rate that its configuration names: they are ours only where that is the recording's.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::annotations::{AnnotatedSpan, Annotations, Subject};
use crate::chosen::{chosen, file_name_of_url};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::formats::activitynet::decimal;
use crate::formats::fiftyone::frames_of;
use crate::json::{Entries, Text, parse};
use crate::label::Label;
use crate::timeline::Resolution;
use crate::writing::{Ledger, Written, json_text};

#[derive(Deserialize)]
struct Task {
    data: Entries<Text>,
    #[serde(default)]
    annotations: Vec<Annotation>,
    #[serde(default)]
    predictions: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    #[serde(default)]
    result: Vec<Region>,
}

#[derive(Deserialize)]
struct Region {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    value: Timeline,
    score: Option<f64>,
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    text: Vec<String>,
    decision: Option<String>,
}

/// Of a region of another kind, empty.
#[derive(Deserialize, Default)]
struct Timeline {
    ranges: Option<Vec<Range>>,
    #[serde(default)]
    timelinelabels: Vec<String>,
}

#[derive(Deserialize)]
struct Range {
    start: Option<f64>,
    end: Option<f64>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    // An export lists tasks, and a single one may be saved by itself.
    let tasks: Vec<Task> = match text.trim_start().starts_with('[') {
        true => parse(Format::LabelStudio, text)?,
        false => vec![parse(Format::LabelStudio, text)?],
    };
    let named = tasks.into_iter().map(|task| (video_of(&task), task)).collect();
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let Some((task, remark)) = chosen(named, recording)? else { return Ok(collector.finish()) };
    remark.into_iter().for_each(|sentence| collector.remark(sentence));
    if task.annotations.len() > 1 {
        collector.remark_count(
            task.annotations.len(),
            "annotation",
            "of the same recording, by one person each; all are taken",
        );
    }
    let regions = task.annotations.into_iter().chain(task.predictions).flat_map(|annotation| annotation.result);
    let (mut others, mut open) = (0, 0);
    for (number, region) in (1..).zip(regions) {
        match region.kind.as_str() {
            "timelinelabels" => open += read_region(&EntryPlace::Nth("region", number), region, &mut collector)?,
            _ => others += 1,
        }
    }
    collector.remark_count(others, "region", "without timeline labels; left out");
    collector.remark_count(open, "range", "without start or end; left out");
    Ok(collector.finish())
}

/// The number of ranges that lack an end.
fn read_region(place: &EntryPlace, region: Region, collector: &mut Collector) -> Result<usize, FormatError> {
    let timeline = region.value;
    let ranges = timeline.ranges.ok_or_else(|| EntryProblem::Missing { what: "\"ranges\"" }.at(place))?;
    let meta = region.meta.unwrap_or(Meta { text: Vec::new(), decision: None });
    let note = Some(meta.text.join("\n"));
    let mut labels: Vec<Option<Label>> =
        timeline.timelinelabels.iter().map(|text| Some(Label::from_text(text))).collect();
    if labels.is_empty() {
        labels.push(None);
    }
    let mut open = 0;
    for range in ranges {
        let (Some(start), Some(end)) = (range.start, range.end) else {
            open += 1;
            continue;
        };
        let [first, end] = frames_of([whole(start, place)?, whole(end, place)?], place)?;
        for label in labels.clone() {
            let said = Said { label, score: region.score, note: note.clone(), decision: meta.decision.clone() };
            collector.frames(place, first, end, said)?;
        }
    }
    Ok(open)
}

/// Frames are numbers in its JSON, and may be written as 3.0.
fn whole(number: f64, place: &EntryPlace) -> Result<i64, FormatError> {
    match number.fract() == 0.0 && number.abs() < 1e15 {
        true => Ok(number as i64),
        false => Err(EntryProblem::NotANumber { text: format!("{number}"), wanted: "frame number" }.at(place)),
    }
}

/// What the task shows: uploads have eight digits and a dash before the name that they had.
fn video_of(task: &Task) -> String {
    let texts = task.data.0.iter().filter_map(|(key, value)| Some((key.as_str(), value.0.as_deref()?)));
    let named = texts.clone().find(|(key, _)| *key == "video").or(texts.clone().next());
    let name = file_name_of_url(named.map_or("", |(_, text)| text));
    match name.split_at_checked(9) {
        Some((digits, name)) if is_upload(digits) && !name.is_empty() => name.to_owned(),
        _ => name,
    }
}

fn is_upload(digits: &str) -> bool {
    digits.strip_suffix('-').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// One task, as it is imported.
pub(crate) fn write(annotations: &Annotations) -> Written {
    let regions: Vec<Value> = (1..).zip(&annotations.spans).map(|(number, span)| region(number, span)).collect();
    let task = json!([{
        "data": { "video": annotations.media.name },
        "annotations": [{ "result": regions }],
    }]);
    Ledger::in_frames(Format::LabelStudio).finish(json_text(&task), annotations)
}

fn region(number: usize, span: &AnnotatedSpan) -> Value {
    let mut region = json!({
        "id": format!("event{number}"),
        "from_name": "timeline",
        "to_name": "video",
        "type": "timelinelabels",
        "origin": "manual",
        "value": {
            "ranges": [{ "start": span.frames.start.0 + 1, "end": span.frames.end.0 }],
            "timelinelabels": [span.label.text()],
        },
    });
    if let Some(score) = span.score {
        region["score"] = json!(decimal(score));
    }
    let mut meta = serde_json::Map::new();
    if let Some(note) = &span.note {
        meta.insert("text".to_owned(), json!([note]));
    }
    if let Some(decision) = span.decision {
        meta.insert("decision".to_owned(), json!(decision.name()));
    }
    if !meta.is_empty() {
        region["meta"] = Value::Object(meta);
    }
    region
}
