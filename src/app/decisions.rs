//! The analyst's layer of one recording as the window shows it: the model's events under the rule on screen, what was
//! decided of them, and which one is chosen.

use std::collections::BTreeSet;

use avar_analysis::StepScores;
use avar_base::time::{FrameIndex, MediaTime};
use avar_handover::scored_steps;
use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_media::{FrameTable, OpenedMedia};
use avar_review::layers::{ListedEvent, listed};
use avar_review::list::{ListFilter, ReviewCount, SortBy, shown};
use avar_review::{Edge, EventId, Header, Media, ModelEvent, OrdinalsOf, ReviewState, ScoredBy, Stretch, rebuild};

use super::trail::TrailView;

/// What is done to an event, or to the review as a whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    Judge(Verdict),
    SetClass(AnomalyClass),
    /// The frame on screen is the event's first.
    TrimStart,
    /// The frame on screen is the event's last.
    TrimEnd,
    /// As an edge was dragged.
    MoveEdge {
        is_start: bool,
        to: Edge,
    },
    /// As it was dragged as a whole.
    Move(Stretch),
    /// The frame on screen is the first of the second part.
    Split,
    /// With the next in time.
    Merge,
    /// From the in to the out point; a second from the playhead where these are not set.
    Add,
    Delete,
    /// Of the event; an empty one takes it away.
    Note(String),
    /// At the playhead.
    NoteHere(String),
    SetRule(Hysteresis),
    Undo,
    Redo,
}

impl Decision {
    /// Whether it is done to the event that is chosen.
    pub fn needs_event(&self) -> bool {
        !matches!(self, Self::Add | Self::NoteHere(_) | Self::SetRule(_) | Self::Undo | Self::Redo)
    }
}

/// How far the document of a recording has been opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum TrailStage {
    #[default]
    Unopened,
    Opening,
    /// There is none yet, and the recording has no scores to begin one with.
    Absent,
    Open,
    /// One sentence.
    Failed(String),
}

impl TrailStage {
    /// Whether it may still come to be open.
    pub fn is_underway(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// How the list of events is looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListView {
    /// Words that stand in the class, the state or the note.
    pub filter: String,
    pub sort_by: SortBy,
    pub is_descending: bool,
}

impl ListView {
    /// Places of the events that are shown, in their order.
    pub fn shown(&self, events: &[ListedEvent]) -> Vec<usize> {
        let filter = ListFilter { text: self.filter.clone(), ..ListFilter::default() };
        shown(events, &filter, self.sort_by, self.is_descending)
    }
}

/// The decisions on one recording.
#[derive(Debug, Default)]
pub struct Decisions {
    pub stage: TrailStage,
    /// As the document stood last.
    pub view: Option<Box<TrailView>>,
    /// The model's events under the rule on screen.
    pub model: Vec<ModelEvent>,
    /// Decided and open ones, in order of time.
    pub listed: Vec<ListedEvent>,
    /// Among [`Self::listed`].
    pub chosen: Option<usize>,
    /// What is chosen besides: verdicts and classes are for all of them.
    pub also: BTreeSet<usize>,
}

impl Decisions {
    /// Lists anew what the scores, the rule and the document say.
    pub fn refresh(&mut self, scores: Option<&StepScores>, media: Option<&OpenedMedia>, rule: Hysteresis) {
        let scored = scores.zip(media).and_then(|(scores, media)| scored_steps(scores, media));
        let mut state = self.view.as_ref().map_or_else(|| nothing_decided(rule), |view| view.state.clone());
        state.rule = rule;
        self.model = scored.as_ref().map(|scored| rebuild(scored, rule)).unwrap_or_default();
        let before = std::mem::take(&mut self.listed);
        self.listed = listed(&state, scored.as_ref(), &self.model);
        let same = |place: usize| before.get(place).and_then(|before| same_event(before, &self.listed));
        self.chosen = self.chosen.and_then(same);
        self.also = self.also.iter().filter_map(|place| same(*place)).collect();
        self.choose_with(self.chosen);
    }

    /// This one, beside what else is chosen.
    fn choose_with(&mut self, place: Option<usize>) {
        self.chosen = place.or_else(|| self.also.first().copied());
        self.also.retain(|place| Some(*place) != self.chosen);
    }

    /// This one alone.
    pub fn choose(&mut self, place: usize) {
        self.also.clear();
        self.chosen = Some(place);
    }

    /// This one as well, or no longer.
    pub fn toggle(&mut self, place: usize) {
        let before = self.chosen;
        match (before == Some(place), self.also.remove(&place)) {
            (true, _) => self.choose_with(None),
            (false, true) => {}
            (false, false) => {
                self.also.extend(before);
                self.choose_with(Some(place));
            }
        }
    }

    /// All of these; the one that was chosen before leads them, if it is among them.
    pub fn choose_all(&mut self, places: &[usize]) {
        let lead = self.chosen.filter(|chosen| places.contains(chosen));
        self.also = places.iter().copied().collect();
        self.chosen = None;
        self.choose_with(lead);
    }

    pub fn is_chosen(&self, place: usize) -> bool {
        self.chosen == Some(place) || self.also.contains(&place)
    }

    /// In order of time.
    pub fn all_chosen(&self) -> impl Iterator<Item = &ListedEvent> {
        let places: BTreeSet<usize> = self.also.iter().copied().chain(self.chosen).collect();
        places.into_iter().filter_map(|place| self.listed.get(place))
    }

    pub fn chosen(&self) -> Option<&ListedEvent> {
        self.listed.get(self.chosen?)
    }

    pub fn count(&self) -> ReviewCount {
        ReviewCount::of(&self.listed)
    }

    /// The document as it stood last, once there is one on the disk.
    pub fn begun(&self) -> Option<&TrailView> {
        self.view.as_deref().filter(|view| view.saved > 0)
    }

    /// Whether something can be decided.
    pub fn is_writable(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.read_only.is_none())
    }
}

/// The place of an event after the list has changed: by its name, else the event that shares most frames with it.
fn same_event(before: &ListedEvent, events: &[ListedEvent]) -> Option<usize> {
    let named = |id: EventId| events.iter().position(|event| event.id() == Some(id));
    let shared = |event: &ListedEvent| event.stretch.overlap(before.stretch);
    before.id().and_then(named).or_else(|| {
        let most = (0..events.len()).max_by_key(|place| shared(&events[*place]))?;
        (shared(&events[most]) > 0).then_some(most)
    })
}

/// What stands where there is no document yet.
fn nothing_decided(rule: Hysteresis) -> ReviewState {
    let media = Media {
        path: String::new(),
        absolute_path: String::new(),
        sha256: String::new(),
        ordinals_of: OrdinalsOf::Frames,
        frames: 0,
        duration: MediaTime::ZERO,
    };
    let scored_by = ScoredBy {
        program: String::new(),
        weights_sha256: String::new(),
        decoder: String::new(),
        settings: serde_json::Map::new(),
    };
    ReviewState::new(&Header { media, scored_by, rule })
}

/// Before the frame on screen at a moment; `None` in a recording without a picture.
pub fn edge_at(media: &OpenedMedia, time: MediaTime) -> Option<Edge> {
    let frames = media.frames.as_ref()?;
    let frame = frames.at_or_before(time);
    Some(Edge { frame, time: frames.entry(frame)?.time })
}

/// After the frame that follows an edge.
pub fn edge_after(media: &OpenedMedia, edge: Edge) -> Option<Edge> {
    let frames = media.frames.as_ref()?;
    let FrameIndex(frame) = edge.frame;
    let next = FrameIndex((frame + 1).min(frames.len()));
    Some(edge_of(frames, next))
}

/// Before a frame; behind the last where there is none of this ordinal.
pub fn edge_of(frames: &FrameTable, frame: FrameIndex) -> Edge {
    Edge { frame, time: frames.entry(frame).map_or(frames.range().end, |entry| entry.time) }
}

/// A second from an edge on, or as much of it as the recording has.
pub fn second_from(media: &OpenedMedia, start: Edge) -> Option<Stretch> {
    let last = edge_at(media, start.time + MediaTime::from_seconds(1.0))?;
    Some(Stretch { start, end: edge_after(media, last)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_review::Target;
    use avar_review::layers::Basis;

    fn event(id: u64, frames: std::ops::Range<usize>) -> ListedEvent {
        let edge = |frame: usize| Edge { frame: FrameIndex(frame), time: MediaTime::from_seconds(frame as f64) };
        ListedEvent {
            target: Target::Event(EventId(id, 0)),
            class: AnomalyClass::Crash,
            class_score: None,
            also: Vec::new(),
            peak: None,
            stretch: Stretch { start: edge(frames.start), end: edge(frames.end) },
            verdict: None,
            basis: Basis::Analyst,
            note: String::new(),
        }
    }

    #[test]
    fn an_event_stays_chosen_by_its_name_and_else_by_its_frames() {
        let before = event(3, 10..20);
        assert_eq!(same_event(&before, &[event(2, 10..20), event(3, 40..50)]), Some(1));
        assert_eq!(same_event(&before, &[event(1, 0..11), event(2, 12..30)]), Some(1));
        assert_eq!(same_event(&before, &[event(1, 0..10), event(2, 20..30)]), None);
    }
}
