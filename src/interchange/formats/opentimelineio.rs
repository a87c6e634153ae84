//! OpenTimelineIO: a timeline of one clip, with a marker an event. Out only.
//!
//! Times are counted in frames of the recording's rate where it has one, or else in microseconds; which frames are meant
//! stands in the metadata as well.

use serde_json::{Value, json};

use crate::annotations::{AnnotatedSpan, Annotations};
use crate::chosen::in_url;
use crate::format::Format;
use crate::label::Label;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, json_text};

/// How times are counted: in frames of a rate, or in microseconds of the frames' own times.
struct Counter<'a> {
    timeline: &'a Timeline,
    rate_hz: f64,
    in_frames: bool,
}

impl Counter<'_> {
    fn value(&self, frame: usize) -> f64 {
        match self.in_frames {
            true => frame as f64,
            false => {
                let since_first = self.timeline.offset_of(frame) - self.timeline.offset_of(0);
                (since_first.nanoseconds() as f64 / 1000.0).round()
            }
        }
    }

    fn range(&self, start: usize, end: usize) -> Value {
        let time = |value: f64| json!({ "OTIO_SCHEMA": "RationalTime.1", "rate": self.rate_hz, "value": value });
        let (start, end) = (self.value(start), self.value(end));
        json!({ "OTIO_SCHEMA": "TimeRange.1", "start_time": time(start), "duration": time(end - start) })
    }
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let rate_hz = timeline.constant_rate_hz();
    let counter = Counter { timeline, rate_hz: rate_hz.unwrap_or(1e6), in_frames: rate_hz.is_some() };
    let mut ledger = Ledger::in_time(Format::OpenTimelineIo, timeline, Resolution::SECONDS);
    let mut markers: Vec<Value> = Vec::new();
    for span in &annotations.spans {
        if !counter.in_frames {
            ledger.edges(span);
        }
        markers.push(event(span, counter.range(span.frames.start.0, span.frames.end.0)));
    }
    for marker in &annotations.markers {
        let range = counter.range(marker.frame.0, marker.frame.0);
        let metadata = json!({ "avar": { "frame": marker.frame.0 } });
        markers.push(marker_of(&marker.text, "WHITE", range, "", metadata));
    }
    let whole = counter.range(0, timeline.len());
    let name = &annotations.media.name;
    let clip = json!({
        "OTIO_SCHEMA": "Clip.2", "name": name, "metadata": {}, "source_range": whole, "effects": [],
        "markers": markers, "enabled": true, "active_media_reference_key": "DEFAULT_MEDIA",
        "media_references": { "DEFAULT_MEDIA": {
            "OTIO_SCHEMA": "ExternalReference.1", "name": name, "metadata": {}, "available_range": whole,
            "available_image_bounds": null, "target_url": in_url(name),
        } },
    });
    let track = json!({
        "OTIO_SCHEMA": "Track.1", "name": "recording", "metadata": {}, "source_range": null, "effects": [],
        "markers": [], "enabled": true, "children": [clip], "kind": "Video",
    });
    let tracks = json!({
        "OTIO_SCHEMA": "Stack.1", "name": "tracks", "metadata": {}, "source_range": null, "effects": [],
        "markers": [], "enabled": true, "children": [track],
    });
    let whole = json!({
        "OTIO_SCHEMA": "Timeline.1", "name": name, "metadata": {}, "global_start_time": null, "tracks": tracks,
    });
    ledger.finish(json_text(&whole), annotations)
}

fn event(span: &AnnotatedSpan, range: Value) -> Value {
    let name = match &span.label {
        Label::Class(class) => class.label(),
        Label::Other(text) => text,
    };
    let color = match &span.label {
        Label::Class(class) if !class.is_anomaly() => "GREEN",
        _ => "RED",
    };
    let said = json!({
        "label": span.label.text(),
        "start_frame": span.frames.start.0,
        "end_frame": span.frames.end.0,
        "score": span.score.map(super::activitynet::decimal),
        "decision": span.decision.map(|decision| decision.name()),
    });
    marker_of(name, color, range, span.note.as_deref().unwrap_or(""), json!({ "avar": said }))
}

fn marker_of(name: &str, color: &str, range: Value, comment: &str, metadata: Value) -> Value {
    json!({
        "OTIO_SCHEMA": "Marker.2", "name": name, "color": color, "marked_range": range, "comment": comment,
        "metadata": metadata,
    })
}
