//! What an operation changes in a state, or why it makes no sense there: the one reading of every operation, for what is
//! done now and for what stands in a file.

use std::collections::BTreeSet;
use std::sync::Arc;

use avar_labels::{Hysteresis, Verdict};

use crate::limits::{LONGEST_RULE_S, MOST_BASES, MOST_EVENTS, MOST_TARGETS, MOST_TEXT_BYTES};
use crate::operation::{EventId, NoteId, Operation, Target};
use crate::state::{Change, DecidedEvent, FrameNote, ReviewState};
use crate::{Edge, Media, Refusal, Stretch};

/// What `operation`, the `seq`-th of its document, changes. Undo and redo are the history's and change nothing here.
pub(crate) fn plan(state: &ReviewState, seq: u64, operation: &Operation) -> Result<Vec<Change>, Refusal> {
    let plan = Plan { state, seq };
    let changes = match operation {
        Operation::Judge { on, verdict } => plan.each(on, |event| event.verdict = Some(*verdict))?,
        Operation::SetClass { on, class } => plan.each(on, |event| event.class = *class)?,
        Operation::Delete { on } => plan.each(on, |event| event.is_deleted = true)?,
        Operation::TrimStart { on, to } => {
            plan.reshape(on, |stretch| Stretch { start: *to, ..stretch }, |trimmed, whole| trimmed.end == whole.end)?
        }
        Operation::TrimEnd { on, to } => {
            plan.reshape(on, |stretch| Stretch { end: *to, ..stretch }, |trimmed, whole| trimmed.start == whole.start)?
        }
        Operation::Move { on, to } => plan.reshape(on, |_| *to, |moved, was| moved.frames() == was.frames())?,
        Operation::Split { on, at } => plan.split(on, *at)?,
        Operation::Merge { on } => plan.merge(on)?,
        Operation::Add { class, stretch } => {
            let event = DecidedEvent {
                id: EventId(seq, 0),
                class: *class,
                stretch: plan.checked(*stretch)?,
                verdict: Some(Verdict::Accepted),
                note: Arc::from(""),
                bases: Arc::from([]),
                onset: state.rule.onset,
                is_deleted: false,
            };
            vec![put(event)]
        }
        Operation::Note { on, text } => {
            let event = DecidedEvent { note: short(text)?.into(), ..plan.event(on, 0)? };
            vec![put(event)]
        }
        Operation::NoteAt { at, text } => {
            let is_within = at.frame.0 < state.media.frames;
            if !is_within {
                return Err(plan.edges());
            }
            let text = Some(short(text)?).filter(|text| !text.is_empty()).ok_or(Refusal::NoText)?;
            let note = FrameNote { id: NoteId(seq), at: *at, text: text.into() };
            vec![Change::Note(note.id, Some(note))]
        }
        Operation::EditNote { note, text } => {
            let before = state.notes.get(note).ok_or(Refusal::NoNote)?;
            let text: Arc<str> = short(text)?.into();
            let after = (!text.is_empty()).then(|| FrameNote { text, ..before.clone() });
            vec![Change::Note(*note, after)]
        }
        Operation::SetRule { rule } => vec![Change::Rule(checked_rule(*rule)?)],
        Operation::Relink { media } => vec![Change::Media(Box::new(plan.same_media(media)?))],
        Operation::Rescore { scored_by } => vec![Change::ScoredBy(Box::new(scored_by.clone()))],
        Operation::Undo | Operation::Redo => Vec::new(),
    };
    plan.has_room(&changes)?;
    Ok(changes)
}

/// The rule, if thresholds and times make sense.
pub(crate) fn checked_rule(rule: Hysteresis) -> Result<Hysteresis, Refusal> {
    let is_time = |time_s: f64| (0.0..=LONGEST_RULE_S).contains(&time_s);
    let is_threshold = |threshold: f32| (0.0..=1.0).contains(&threshold);
    let makes_sense = is_threshold(rule.onset)
        && is_threshold(rule.offset)
        && rule.offset <= rule.onset
        && is_time(rule.min_on_s)
        && is_time(rule.min_off_s);
    if makes_sense { Ok(rule) } else { Err(Refusal::Rule) }
}

fn short(text: &str) -> Result<&str, Refusal> {
    if text.len() <= MOST_TEXT_BYTES { Ok(text) } else { Err(Refusal::LongText) }
}

fn put(event: DecidedEvent) -> Change {
    Change::Event(event.id, Some(Box::new(event)))
}

struct Plan<'a> {
    state: &'a ReviewState,
    seq: u64,
}

impl Plan<'_> {
    /// The event as it stands; one of the model's as the analyst's layer takes it over, under the next free name.
    fn event(&self, target: &Target, next: u32) -> Result<DecidedEvent, Refusal> {
        match target {
            Target::Event(id) => match self.state.events.get(id) {
                Some(event) if event.is_deleted => Err(Refusal::Deleted),
                Some(event) => Ok(event.clone()),
                None => Err(Refusal::NoEvent),
            },
            Target::Model(model) => {
                self.checked(model.stretch)?;
                if !model.is_within(self.state.media.frames) {
                    return Err(Refusal::NoNumber);
                }
                if self.state.is_decided(model.stretch) {
                    return Err(Refusal::Decided);
                }
                Ok(DecidedEvent {
                    id: EventId(self.seq, next),
                    class: model.class,
                    stretch: model.stretch,
                    verdict: None,
                    note: Arc::from(""),
                    bases: Arc::from([(**model).clone()]),
                    onset: self.state.rule.onset,
                    is_deleted: false,
                })
            }
        }
    }

    /// Several events, each once.
    fn events(&self, targets: &[Target], least: usize) -> Result<Vec<DecidedEvent>, Refusal> {
        if targets.len() < least {
            return Err(Refusal::TooFew { least });
        }
        if targets.len() > MOST_TARGETS {
            return Err(Refusal::TooMany);
        }
        let mut ids = BTreeSet::new();
        let mut of_model = BTreeSet::new();
        let mut events = Vec::with_capacity(targets.len());
        for (next, target) in targets.iter().enumerate() {
            let event = self.event(target, next as u32)?;
            let is_new = match target {
                Target::Event(id) => ids.insert(*id),
                Target::Model(model) => of_model.insert((model.stretch.start.frame, model.stretch.end.frame)),
            };
            if !is_new {
                return Err(Refusal::Twice);
            }
            events.push(event);
        }
        Ok(events)
    }

    fn each(&self, targets: &[Target], alter: impl Fn(&mut DecidedEvent)) -> Result<Vec<Change>, Refusal> {
        let mut events = self.events(targets, 1)?;
        events.iter_mut().for_each(alter);
        Ok(events.into_iter().map(put).collect())
    }

    /// `holds` says of the new stretch and the old one what the operation leaves as it was.
    fn reshape(
        &self,
        target: &Target,
        reshaped: impl Fn(Stretch) -> Stretch,
        holds: impl Fn(Stretch, Stretch) -> bool,
    ) -> Result<Vec<Change>, Refusal> {
        let mut event = self.event(target, 0)?;
        let stretch = self.checked(reshaped(event.stretch))?;
        if !holds(stretch, event.stretch) {
            return Err(self.edges());
        }
        event.stretch = stretch;
        Ok(vec![put(event)])
    }

    fn split(&self, target: &Target, at: Edge) -> Result<Vec<Change>, Refusal> {
        let whole = self.event(target, 0)?;
        let Stretch { start, end } = whole.stretch;
        let (first, second) = (Stretch { start, end: at }, Stretch { start: at, end });
        if !first.is_within(self.state.media.frames) || !second.is_within(self.state.media.frames) {
            return Err(Refusal::NoSplit);
        }
        let next = u32::from(matches!(target, Target::Model(_)));
        let other = DecidedEvent { id: EventId(self.seq, next), stretch: second, ..whole.clone() };
        Ok(vec![put(DecidedEvent { stretch: first, ..whole }), put(other)])
    }

    /// The class of the longest, the first of equals; the verdict only where all have the same; the notes of all, a
    /// line each.
    fn merge(&self, targets: &[Target]) -> Result<Vec<Change>, Refusal> {
        let mut events = self.events(targets, 2)?;
        events.sort_by_key(|event| (event.stretch.start.frame, event.id));
        let Some((first, others)) = events.split_first() else {
            return Err(Refusal::TooFew { least: 2 });
        };
        let longest = events.iter().rev().max_by_key(|event| event.stretch.frames()).unwrap_or(first);
        let mut merged = DecidedEvent { class: longest.class, ..first.clone() };
        let (mut note, mut bases) = (first.note.to_string(), first.bases.to_vec());
        for other in others {
            merged.stretch = merged.stretch.hull(other.stretch);
            merged.verdict = merged.verdict.filter(|verdict| other.verdict == Some(*verdict));
            merged.onset = merged.onset.min(other.onset);
            if !note.is_empty() && !other.note.is_empty() {
                note.push('\n');
            }
            note.push_str(&other.note);
            short(&note)?;
            for basis in other.bases.iter() {
                if !bases.contains(basis) {
                    bases.push(basis.clone());
                }
            }
            if bases.len() > MOST_BASES {
                return Err(Refusal::TooManyMerged);
            }
        }
        (merged.note, merged.bases) = (note.into(), bases.into());
        merged.id = EventId(self.seq, targets.len() as u32);
        let sources = targets.iter().filter_map(|target| match target {
            Target::Event(id) => Some(Change::Event(*id, None)),
            Target::Model(_) => None,
        });
        Ok(sources.chain([put(merged.clone())]).collect())
    }

    fn checked(&self, stretch: Stretch) -> Result<Stretch, Refusal> {
        if stretch.is_within(self.state.media.frames) { Ok(stretch) } else { Err(self.edges()) }
    }

    fn edges(&self) -> Refusal {
        Refusal::Edges { frames: self.state.media.frames }
    }

    /// Where the recording is may change, what it is may not.
    fn same_media(&self, media: &Media) -> Result<Media, Refusal> {
        let ours = &self.state.media;
        let moved = Media { path: media.path.clone(), absolute_path: media.absolute_path.clone(), ..ours.clone() };
        if moved == *media { Ok(moved) } else { Err(Refusal::OtherMedia) }
    }

    fn has_room(&self, changes: &[Change]) -> Result<(), Refusal> {
        let is_new = |change: &&Change| match change {
            Change::Event(id, Some(_)) => !self.state.events.contains_key(id),
            Change::Note(id, Some(_)) => !self.state.notes.contains_key(id),
            _ => false,
        };
        let new = changes.iter().filter(is_new).count();
        let there = self.state.events.len() + self.state.notes.len();
        if new > 0 && there + new > MOST_EVENTS { Err(Refusal::Full) } else { Ok(()) }
    }
}
