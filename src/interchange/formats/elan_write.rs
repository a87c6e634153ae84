//! What is written for ELAN. Annotations of one tier must not overlap, so events that do are on tiers of their own.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use crate::annotations::{AnnotatedSpan, Annotations};
use crate::chosen::in_url;
use crate::format::Format;
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written};
use crate::xml::escaped;

use super::elan::MARKERS;

/// No date is known here, and the same annotations make the same file.
const DATE: &str = "1970-01-01T00:00:00+00:00";

/// One tier while it is filled.
struct Tier {
    name: String,
    parent: Option<String>,
    reached_ms: i64,
    annotations: String,
}

/// Gives out names, and gathers slots and tiers.
#[derive(Default)]
struct Draft {
    slots: String,
    slot_count: usize,
    annotation_count: usize,
    tiers: Vec<Tier>,
    index: HashMap<String, usize>,
    rooms: Rooms,
}

/// Which tiers of events have room.
#[derive(Default)]
struct Rooms {
    /// When each ends that is in use, and its number.
    busy: BinaryHeap<Reverse<(i64, usize)>>,
    free: BTreeSet<usize>,
}

impl Rooms {
    /// The lowest number with room from `start_ms` on; starts do not go back.
    fn take(&mut self, [start_ms, end_ms]: [i64; 2]) -> usize {
        while let Some(Reverse((until_ms, number))) = self.busy.peek().copied()
            && until_ms <= start_ms
        {
            self.busy.pop();
            self.free.insert(number);
        }
        let number = self.free.pop_first().unwrap_or(self.busy.len() + 1);
        self.busy.push(Reverse((end_ms, number)));
        number
    }
}

impl Draft {
    fn slot(&mut self, ms: i64) -> usize {
        self.slot_count += 1;
        let line = format!("        <TIME_SLOT TIME_SLOT_ID=\"ts{}\" TIME_VALUE=\"{ms}\"/>\n", self.slot_count);
        self.slots.push_str(&line);
        self.slot_count
    }

    fn tier(&mut self, name: String, parent: Option<String>) -> &mut Tier {
        let count = self.tiers.len();
        let at = *self.index.entry(name.clone()).or_insert(count);
        if at == count {
            self.tiers.push(Tier { name, parent, reached_ms: i64::MIN, annotations: String::new() });
        }
        &mut self.tiers[at]
    }

    /// The number of the annotation.
    fn aligned(&mut self, tier: String, [start_ms, end_ms]: [i64; 2], value: &str) -> usize {
        let (start, end) = (self.slot(start_ms), self.slot(end_ms));
        self.annotation_count += 1;
        let id = self.annotation_count;
        let tier = self.tier(tier, None);
        tier.reached_ms = end_ms;
        tier.annotations.push_str(&format!(
            "        <ANNOTATION>\n            <ALIGNABLE_ANNOTATION ANNOTATION_ID=\"a{id}\" TIME_SLOT_REF1=\"ts{start}\" \
             TIME_SLOT_REF2=\"ts{end}\">\n                <ANNOTATION_VALUE>{}</ANNOTATION_VALUE>\n            \
             </ALIGNABLE_ANNOTATION>\n        </ANNOTATION>\n",
            escaped(value)
        ));
        id
    }

    fn reference(&mut self, parent: &str, kind: &str, to: usize, value: &str) {
        self.annotation_count += 1;
        let id = self.annotation_count;
        let tier = self.tier(format!("{parent} {kind}"), Some(parent.to_owned()));
        tier.annotations.push_str(&format!(
            "        <ANNOTATION>\n            <REF_ANNOTATION ANNOTATION_ID=\"a{id}\" ANNOTATION_REF=\"a{to}\">\n                \
             <ANNOTATION_VALUE>{}</ANNOTATION_VALUE>\n            </REF_ANNOTATION>\n        </ANNOTATION>\n",
            escaped(value)
        ));
    }

    /// The tier for the next event.
    fn tier_of_event(&mut self, times_ms: [i64; 2]) -> String {
        match self.rooms.take(times_ms) {
            1 => "events".to_owned(),
            number => format!("events {number}"),
        }
    }
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let mut ledger = Ledger::in_time(Format::Elan, timeline, Resolution::MILLISECONDS);
    let mut draft = Draft::default();
    let mut spans: Vec<&AnnotatedSpan> = annotations.spans.iter().collect();
    spans.sort_by_key(|span| (span.frames.start, span.frames.end));
    for span in spans {
        let [start_ms, end_ms] = ledger.edges(span).map(|edge| edge.nanoseconds() / 1_000_000);
        let times = [start_ms, end_ms.max(start_ms + 1)];
        let tier = draft.tier_of_event(times);
        let id = draft.aligned(tier.clone(), times, span.label.text());
        if let Some(score) = span.score {
            draft.reference(&tier, "score", id, &score.to_string());
        }
        if let Some(note) = &span.note {
            draft.reference(&tier, "note", id, note);
        }
        if let Some(decision) = span.decision {
            draft.reference(&tier, "decision", id, decision.name());
        }
    }
    for marker in &annotations.markers {
        let start_ms = ledger.edge(marker.frame).nanoseconds() / 1_000_000;
        let reached_ms = draft.tier(MARKERS.to_owned(), None).reached_ms;
        // Two marks on one frame are on one tier, and the tier allows one at a time.
        match reached_ms <= start_ms {
            true => _ = draft.aligned(MARKERS.to_owned(), [start_ms, start_ms + 1], &marker.text),
            false => ledger.crowded(),
        }
    }
    let text = text_of(&draft, &annotations.media.name);
    ledger.finish(text, annotations)
}

fn text_of(draft: &Draft, media: &str) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ANNOTATION_DOCUMENT AUTHOR=\"\" DATE=\"{DATE}\" FORMAT=\"3.0\" \
         VERSION=\"3.0\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:noNamespaceSchemaLocation=\"http://www.mpi.nl/tools/elan/EAFv3.0.xsd\">\n    <HEADER MEDIA_FILE=\"\" \
         TIME_UNITS=\"milliseconds\">\n        <MEDIA_DESCRIPTOR MEDIA_URL=\"file:///{url}\" MIME_TYPE=\"{mime}\" \
         RELATIVE_MEDIA_URL=\"./{url}\"/>\n        <PROPERTY NAME=\"lastUsedAnnotationId\">{count}</PROPERTY>\n    \
         </HEADER>\n    <TIME_ORDER>\n{slots}    </TIME_ORDER>\n",
        url = in_url(media),
        mime = mime_type(media),
        count = draft.annotation_count,
        slots = draft.slots,
    );
    for tier in &draft.tiers {
        let kind = if tier.parent.is_some() { "said" } else { "event" };
        let parent = tier.parent.as_ref().map_or(String::new(), |parent| format!(" PARENT_REF=\"{parent}\""));
        text.push_str(&format!("    <TIER LINGUISTIC_TYPE_REF=\"{kind}\"{parent} TIER_ID=\"{}\">\n", tier.name));
        text.push_str(&tier.annotations);
        text.push_str("    </TIER>\n");
    }
    text.push_str(
        "    <LINGUISTIC_TYPE GRAPHIC_REFERENCES=\"false\" LINGUISTIC_TYPE_ID=\"event\" TIME_ALIGNABLE=\"true\"/>\n    \
         <LINGUISTIC_TYPE CONSTRAINTS=\"Symbolic_Association\" GRAPHIC_REFERENCES=\"false\" \
         LINGUISTIC_TYPE_ID=\"said\" TIME_ALIGNABLE=\"false\"/>\n    <CONSTRAINT DESCRIPTION=\"1-1 association with a \
         parent annotation\" STEREOTYPE=\"Symbolic_Association\"/>\n</ANNOTATION_DOCUMENT>\n",
    );
    text
}

fn mime_type(media: &str) -> &'static str {
    match media.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).as_deref() {
        Some("mp4" | "m4v") => "video/mp4",
        Some("mov") => "video/quicktime",
        Some("wav") => "audio/x-wav",
        Some("mp3") => "audio/mpeg",
        _ => "unknown",
    }
}
