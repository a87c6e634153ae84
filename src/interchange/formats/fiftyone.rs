//! FiftyOne's dataset of temporal detections: `{"labels": {id: [{"label", "support": [first, last]}]}}`, frames from 1,
//! the last within; instead of `support` there may be `timestamps` in seconds, and with `classes` a label may be an index.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::annotations::{Annotations, Subject};
use crate::chosen::{chosen, stem};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::formats::activitynet::decimal;
use crate::json::{Entries, Text, parse};
use crate::label::Label;
use crate::timeline::Resolution;
use crate::writing::{Ledger, Written, json_text};

#[derive(Deserialize)]
struct File {
    classes: Option<Vec<String>>,
    /// Of a video that nothing is said about, `null`.
    labels: Entries<Option<Vec<Detection>>>,
}

#[derive(Deserialize)]
struct Detection {
    label: Name,
    support: Option<[i64; 2]>,
    timestamps: Option<[f64; 2]>,
    confidence: Option<f64>,
    #[serde(default)]
    attributes: Entries<Text>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Text(String),
    Index(i64),
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let file: File = parse(Format::FiftyOne, text)?;
    let classes = file.classes.unwrap_or_default();
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let Some((detections, remark)) = chosen(file.labels.0, recording)? else { return Ok(collector.finish()) };
    remark.into_iter().for_each(|sentence| collector.remark(sentence));
    let mut others = 0;
    for (number, detection) in (1..).zip(detections.unwrap_or_default()) {
        let place = EntryPlace::Nth("detection", number);
        let words = match detection.label {
            Name::Text(text) => text,
            Name::Index(index) => {
                let class = usize::try_from(index).ok().and_then(|index| classes.get(index));
                class.cloned().unwrap_or_else(|| index.to_string())
            }
        };
        let mut said = Said { score: detection.confidence, ..Said::label(Label::from_text(&words)) };
        for (name, value) in detection.attributes.0 {
            match (name.as_str(), value) {
                ("note", Text(Some(text))) => said.note = Some(text),
                ("decision", Text(Some(text))) => said.decision = Some(text),
                _ => others += 1,
            }
        }
        match (detection.support, detection.timestamps) {
            (Some(support), _) => {
                let [first, end] = frames_of(support, &place)?;
                collector.frames(&place, first, end, said)?;
            }
            (None, Some([start_s, end_s])) => collector.seconds(&place, start_s, end_s, said)?,
            (None, None) => return Err(EntryProblem::Missing { what: "\"support\" or \"timestamps\"" }.at(&place)),
        }
    }
    collector.remark_count(others, "attribute", "that is not known here; left out");
    Ok(collector.finish())
}

/// From frames that count from 1, the last within, to frames that count from 0, half open.
pub(crate) fn frames_of([first, last]: [i64; 2], place: &EntryPlace) -> Result<[u64; 2], FormatError> {
    let number = |frame: i64| u64::try_from(frame).ok();
    match (number(first).and_then(|first| first.checked_sub(1)), number(last)) {
        (Some(first), Some(last)) => Ok([first, last]),
        _ => {
            let text = format!("frames {first} to {last}: frames count from 1");
            Err(EntryProblem::Other(text).at(place))
        }
    }
}

pub(crate) fn write(annotations: &Annotations) -> Written {
    #[derive(Serialize)]
    struct Dataset<'a> {
        labels: BTreeMap<&'a str, Vec<Entry<'a>>>,
    }
    #[derive(Serialize)]
    struct Entry<'a> {
        label: &'a str,
        support: [usize; 2],
        #[serde(skip_serializing_if = "Option::is_none")]
        confidence: Option<f64>,
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        attributes: BTreeMap<&'static str, &'a str>,
    }
    let entries = annotations.spans.iter().map(|span| {
        let note = span.note.as_deref().map(|note| ("note", note));
        let decision = span.decision.map(|decision| ("decision", decision.name()));
        Entry {
            label: span.label.text(),
            support: [span.frames.start.0 + 1, span.frames.end.0],
            confidence: span.score.map(decimal),
            attributes: note.into_iter().chain(decision).collect(),
        }
    });
    let labels = BTreeMap::from([(stem(&annotations.media.name), entries.collect())]);
    Ledger::in_frames(Format::FiftyOne).finish(json_text(&Dataset { labels }), annotations)
}
