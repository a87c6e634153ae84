//! What a document says at a moment: the analyst's layer, the notes, the rule. Nothing here knows what the model's
//! events are now ([`layers`](crate::layers)), and nothing takes anything back ([`history`](crate::History)).

use std::collections::BTreeMap;
use std::sync::Arc;

use avar_labels::{AnomalyClass, Hysteresis, Verdict};

use crate::operation::{EventId, NoteId};
use crate::{Edge, Header, Media, ModelEvent, ScoredBy, Stretch};

/// An event of the analyst's layer.
#[derive(Clone, Debug, PartialEq)]
pub struct DecidedEvent {
    /// By which operations name it.
    pub id: EventId,
    /// As it was decided; the model's where nobody changed it.
    pub class: AnomalyClass,
    /// As it was decided; no rule moves it.
    pub stretch: Stretch,
    /// `None`: touched and not judged, which is unreviewed.
    pub verdict: Option<Verdict>,
    /// Empty without a note.
    pub note: Arc<str>,
    /// The model's events that it was decided on, as they stood then; empty for one that the analyst added.
    pub bases: Arc<[ModelEvent]>,
    /// The onset in force then; of several the lowest.
    pub onset: f32,
    /// Deleted: no longer listed, but the model's events under it stay answered.
    pub is_deleted: bool,
}

/// A note at a frame.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameNote {
    /// By which operations name it.
    pub id: NoteId,
    /// Where.
    pub at: Edge,
    /// Never empty.
    pub text: Arc<str>,
}

/// The fold of a trail.
#[derive(Clone, Debug, PartialEq)]
pub struct ReviewState {
    pub(crate) events: BTreeMap<EventId, DecidedEvent>,
    pub(crate) notes: BTreeMap<NoteId, FrameNote>,
    /// By which the model's events are rebuilt.
    pub rule: Hysteresis,
    /// The recording, where it was last found.
    pub media: Media,
    /// What gave the scores last.
    pub scored_by: ScoredBy,
    /// How many events were decided on a model's event of these first and last frames.
    decided: BTreeMap<(usize, usize), usize>,
}

/// Something that stands, or stood, in a state.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// `None`: no such event.
    Event(EventId, Option<Box<DecidedEvent>>),
    /// `None`: no such note.
    Note(NoteId, Option<FrameNote>),
    Rule(Hysteresis),
    Media(Box<Media>),
    ScoredBy(Box<ScoredBy>),
}

impl ReviewState {
    /// Before the first operation.
    pub fn new(header: &Header) -> Self {
        Self {
            events: BTreeMap::new(),
            notes: BTreeMap::new(),
            rule: header.rule,
            media: header.media.clone(),
            scored_by: header.scored_by.clone(),
            decided: BTreeMap::new(),
        }
    }

    /// The analyst's layer without what was deleted, in the order in which it was made.
    pub fn events(&self) -> impl Iterator<Item = &DecidedEvent> {
        self.events.values().filter(|event| !event.is_deleted)
    }

    /// With what was deleted.
    pub fn events_and_deleted(&self) -> impl Iterator<Item = &DecidedEvent> {
        self.events.values()
    }

    /// An event that is not deleted.
    pub fn event(&self, id: EventId) -> Option<&DecidedEvent> {
        self.events.get(&id).filter(|event| !event.is_deleted)
    }

    /// The notes at frames, in the order in which they were made.
    pub fn notes(&self) -> impl Iterator<Item = &FrameNote> {
        self.notes.values()
    }

    /// Whether an event, deleted or not, was decided on exactly this stretch of the model's.
    pub(crate) fn is_decided(&self, stretch: Stretch) -> bool {
        self.decided.contains_key(&frames(stretch))
    }

    /// Puts a change in and returns what stood there, by which it can be taken back.
    pub(crate) fn swap(&mut self, change: Change) -> Change {
        match change {
            Change::Event(id, event) => {
                event.iter().flat_map(|event| &*event.bases).for_each(|basis| {
                    *self.decided.entry(frames(basis.stretch)).or_default() += 1;
                });
                let before = match event {
                    Some(event) => self.events.insert(id, *event),
                    None => self.events.remove(&id),
                };
                before.iter().flat_map(|event| &*event.bases).for_each(|basis| self.forget(basis.stretch));
                Change::Event(id, before.map(Box::new))
            }
            Change::Note(id, Some(note)) => Change::Note(id, self.notes.insert(id, note)),
            Change::Note(id, None) => Change::Note(id, self.notes.remove(&id)),
            Change::Rule(rule) => Change::Rule(std::mem::replace(&mut self.rule, rule)),
            Change::Media(media) => Change::Media(Box::new(std::mem::replace(&mut self.media, *media))),
            Change::ScoredBy(by) => Change::ScoredBy(Box::new(std::mem::replace(&mut self.scored_by, *by))),
        }
    }

    fn forget(&mut self, stretch: Stretch) {
        if let Some(count) = self.decided.get_mut(&frames(stretch)) {
            *count -= 1;
            if *count == 0 {
                self.decided.remove(&frames(stretch));
            }
        }
    }
}

fn frames(stretch: Stretch) -> (usize, usize) {
    (stretch.start.frame.0, stretch.end.frame.0)
}
