//! Our own list of events and marks, JSON, in which nothing is lost: frames from 0, half open, with the times beside them
//! for whoever has no table of frames. The table of scores is a file of its own.

use serde::{Deserialize, Serialize};

use crate::annotations::{Annotations, Subject};
use crate::collector::{Collector, Read, Said};
use crate::error::{EntryPlace, FormatError};
use crate::format::Format;
use crate::formats::activitynet::decimal;
use crate::json::parse;
use crate::label::Label;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, json_text};
use avar_base::wording::counted;

const KIND: &str = "avar-annotations";
const VERSION: u64 = 1;

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Manifest {
    format: String,
    version: u64,
    media: Media,
    events: Vec<Event>,
    #[serde(default)]
    markers: Vec<Mark>,
}

#[derive(Serialize, Deserialize)]
struct Media {
    name: String,
    frames: usize,
    duration_s: f64,
}

#[derive(Serialize, Deserialize)]
struct Event {
    start_frame: u64,
    /// The first frame after.
    end_frame: u64,
    #[serde(default)]
    start_s: f64,
    #[serde(default)]
    end_s: f64,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Mark {
    frame: u64,
    #[serde(default)]
    at_s: f64,
    text: String,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let format = Format::Manifest;
    let head: Head = parse(format, text)?;
    if head.format != KIND {
        return Err(FormatError::Syntax { format, reason: format!("its \"format\" is not \"{KIND}\"") });
    }
    if head.version != VERSION {
        return Err(FormatError::Version { format, found: head.version.to_string(), known: "1" });
    }
    let manifest: Manifest = parse(format, text)?;
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let frames = recording.timeline.len();
    if manifest.media.frames != frames {
        let (theirs, ours) = (counted(manifest.media.frames, "frame"), counted(frames, "frame"));
        return Err(FormatError::OtherRecording { difference: format!("it has {theirs}, and this one has {ours}") });
    }
    if manifest.media.name != recording.name {
        collector.remark(crate::chosen::other_name(&manifest.media.name, recording));
    }
    for (number, event) in (1..).zip(manifest.events) {
        let Event { start_frame, end_frame, label, score, note, decision, .. } = event;
        let said = Said { label: Some(Label::from_text(&label)), score, note, decision };
        collector.frames(&EntryPlace::Nth("event", number), start_frame, end_frame, said)?;
    }
    for mark in manifest.markers {
        collector.marker_on(mark.frame, mark.text)?;
    }
    Ok(collector.finish())
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let at_s = |frame: usize| timeline.offset_of(frame).seconds();
    let events = annotations.spans.iter().map(|span| {
        let (start, end) = (span.frames.start.0, span.frames.end.0);
        Event {
            start_frame: start as u64,
            end_frame: end as u64,
            start_s: at_s(start),
            end_s: at_s(end),
            label: span.label.text().to_owned(),
            score: span.score.map(decimal),
            note: span.note.clone(),
            decision: span.decision.map(|decision| decision.name().to_owned()),
        }
    });
    let markers = annotations.markers.iter().map(|marker| Mark {
        frame: marker.frame.0 as u64,
        at_s: at_s(marker.frame.0),
        text: marker.text.clone(),
    });
    let manifest = Manifest {
        format: KIND.to_owned(),
        version: VERSION,
        media: Media { name: annotations.media.name.clone(), frames: timeline.len(), duration_s: at_s(timeline.len()) },
        events: events.collect(),
        markers: markers.collect(),
    };
    Ledger::in_frames(Format::Manifest).finish(json_text(&manifest), annotations)
}
