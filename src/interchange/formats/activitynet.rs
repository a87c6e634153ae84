//! ActivityNet: `{"database": {id: {"duration", "annotations": [{"segment": [s, e], "label"}]}}}`, in seconds; and its
//! form for results, `{"results": {id: [{"segment", "label", "score"}]}}`. A file is of either.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::annotations::{Annotations, Subject};
use crate::chosen::{chosen, stem};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, FormatError};
use crate::format::Format;
use crate::json::{Entries, parse};
use crate::label::Label;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, json_text};

#[derive(Deserialize)]
struct File {
    database: Option<Entries<Video>>,
    results: Option<Entries<Vec<Annotation>>>,
}

#[derive(Deserialize)]
struct Video {
    #[serde(default)]
    annotations: Vec<Annotation>,
}

#[derive(Serialize, Deserialize)]
struct Annotation {
    segment: [f64; 2],
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let format = Format::ActivityNet;
    let file: File = parse(format, text)?;
    let of_videos = |videos: Entries<Video>| videos.0.into_iter().map(|(id, video)| (id, video.annotations)).collect();
    let parts = match (file.database, file.results) {
        (Some(videos), None) => of_videos(videos),
        (None, Some(results)) => results.0,
        (Some(_), Some(_)) => {
            let reason = "it has both a \"database\" and \"results\"; leave one of them".to_owned();
            return Err(FormatError::Syntax { format, reason });
        }
        (None, None) => {
            return Err(FormatError::Syntax { format, reason: "it has no \"database\" and no \"results\"".to_owned() });
        }
    };
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    if let Some((annotations, remark)) = chosen(parts, recording)? {
        remark.into_iter().for_each(|sentence| collector.remark(sentence));
        for (number, annotation) in (1..).zip(annotations) {
            let [start_s, end_s] = annotation.segment;
            let said = Said { score: annotation.score, ..Said::label(Label::from_text(&annotation.label)) };
            collector.seconds(&EntryPlace::Nth("annotation", number), start_s, end_s, said)?;
        }
    }
    Ok(collector.finish())
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    #[derive(Serialize)]
    struct Database<'a> {
        version: &'static str,
        database: BTreeMap<&'a str, Entry>,
    }
    #[derive(Serialize)]
    struct Entry {
        duration: f64,
        annotations: Vec<Annotation>,
    }
    let mut ledger = Ledger::in_time(Format::ActivityNet, timeline, Resolution::SECONDS);
    let annotation = |span| {
        let segment = ledger.edges(span).map(|edge| edge.seconds());
        Annotation { segment, label: span.label.text().to_owned(), score: span.score.map(decimal) }
    };
    let list = annotations.spans.iter().map(annotation).collect();
    let entry = Entry { duration: timeline.offset_of(timeline.len()).seconds(), annotations: list };
    let database = BTreeMap::from([(stem(&annotations.media.name), entry)]);
    ledger.finish(json_text(&Database { version: "AVAR Desk", database }), annotations)
}

/// With the digits of single precision and no more: 0.9 and not 0.8999999761581421.
pub(crate) fn decimal(score: f32) -> f64 {
    score.to_string().parse().unwrap_or(f64::from(score))
}
