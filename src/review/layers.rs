//! The analyst's layer over the model's: which of the model's events are answered by a decision, and which are open.
//!
//! The model's events are rebuilt whenever the rule moves; decisions are not. So what belongs together has to be found
//! anew each time, by a rule that
//!
//! - brings back nothing that was decided because a threshold was moved to and fro,
//! - hides nothing that nobody has seen behind a decision nearby, and
//! - shows no slivers to the left and right of a decided event when a threshold is lowered a little.
//!
//! # The rule
//!
//! **What a decision claims.** A decided event claims the frames of the model's events that it was decided on, as they
//! stood then (its bases), and the frames between its own edges. A deleted event claims its bases alone. A step is
//! claimed if its frame is. Rejecting, trimming, splitting, merging or deleting thus answers all that was on screen.
//!
//! **Which of the model's events are open.** Given an event under the present rule:
//!
//! 1. None of its steps is claimed: it is open.
//! 2. At least half of its steps are claimed, and no other step reaches the onset that was in force when the claims were
//!    made (of several the lowest): it is the same event, grown or shrunk. It is answered and not listed again.
//! 3. Otherwise the event has become another one: it swallows a peak that was an event of its own when the decision was
//!    made, or is mostly what nobody has looked at. What is not claimed is open: every piece between claims that would
//!    be an event under the present rule if there were nothing beside it, with its own edges.
//!
//! An event that shrinks as the onset rises is claimed to its last step, so nothing is brought back. An unreviewed peak
//! that melts into a decided event as thresholds fall has reached the onset of that decision, so by 3 it stays listed.
//! The flanks that a decided event grows have not, so by 2 they are no events of their own until they outweigh it.
//!
//! **Whether a decision's model event is still there.** An event under a rule is a hill of the score above a level, and a
//! hill is known by its top: lowering the level widens it, raising the level narrows it about the top, and where two melt
//! into one the higher top remains. So a base stands as long as the frame of its peak lies in an event under the present
//! rule; a decision none of whose bases stands is [`Basis::Lost`] and stays listed. A neighbour that merely reaches into
//! the base does not count.

use std::ops::Range;

use avar_base::time::FrameIndex;
use avar_labels::{AnomalyClass, Hysteresis, Verdict, reaches};

use crate::state::{DecidedEvent, ReviewState};
use crate::{EventId, ModelEvent, ScoredSteps, Stretch, Target};

/// What stands under an event of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// An event of the model under the present rule.
    Model,
    /// The model's event that it was decided on is none under the present rule.
    Lost,
    /// The analyst alone.
    Analyst,
}

/// An event as it is listed: decided, or open.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedEvent {
    /// By which operations name it.
    pub target: Target,
    /// As it was decided, or the model's.
    pub class: AnomalyClass,
    /// Mean score of that class over the stretch; `None` where there are no scores.
    pub class_score: Option<f32>,
    /// Other classes that lead on the way, by the model.
    pub also: Vec<AnomalyClass>,
    /// Highest anomaly score over the stretch; `None` where there are no scores.
    pub peak: Option<f32>,
    /// As it was decided, or the model's.
    pub stretch: Stretch,
    /// `None`: unreviewed.
    pub verdict: Option<Verdict>,
    /// What stands under it now.
    pub basis: Basis,
    /// Empty without a note.
    pub note: String,
}

impl ListedEvent {
    /// Its name in the analyst's layer; `None` for one that nobody has touched.
    pub fn id(&self) -> Option<EventId> {
        match &self.target {
            Target::Event(id) => Some(*id),
            Target::Model(_) => None,
        }
    }
}

/// All events, decided and open, in order of their start.
///
/// `model` is what [`rebuild`](crate::rebuild) makes of `scored` under the state's rule. Without scores (the recording
/// has not been analysed here) decisions are listed by what they were decided on.
pub fn listed(state: &ReviewState, scored: Option<&ScoredSteps>, model: &[ModelEvent]) -> Vec<ListedEvent> {
    let decided = state.events().map(|event| decided(event, scored, model));
    let open = scored.map(|scored| open(state, scored, model)).unwrap_or_default();
    let open = open.into_iter().map(|event| ListedEvent {
        class: event.class,
        class_score: Some(event.class_score),
        also: event.also.clone(),
        peak: Some(event.peak),
        stretch: event.stretch,
        verdict: None,
        basis: Basis::Model,
        note: String::new(),
        target: Target::Model(Box::new(event)),
    });
    let mut all: Vec<ListedEvent> = decided.chain(open).collect();
    all.sort_by_key(|event| (event.stretch.start.frame, event.stretch.end.frame, event.id()));
    all
}

fn decided(event: &DecidedEvent, scored: Option<&ScoredSteps>, model: &[ModelEvent]) -> ListedEvent {
    let of_steps = scored.and_then(|scored| scored.peak_and_class_score(event.stretch, event.class));
    let then = || event.bases.iter().map(|basis| basis.peak).reduce(f32::max);
    let score_then = || event.bases.iter().find(|basis| basis.class == event.class).map(|basis| basis.class_score);
    let mut also: Vec<AnomalyClass> = Vec::new();
    for class in event.bases.iter().flat_map(|basis| basis.also.iter().chain([&basis.class])) {
        if *class != event.class && !also.contains(class) {
            also.push(*class);
        }
    }
    ListedEvent {
        target: Target::Event(event.id),
        class: event.class,
        class_score: of_steps.map(|(_, score)| score).or_else(score_then),
        also,
        peak: of_steps.map(|(peak, _)| peak).or_else(then),
        stretch: event.stretch,
        verdict: event.verdict,
        basis: basis(event, scored.is_some(), model),
        note: event.note.to_string(),
    }
}

fn basis(event: &DecidedEvent, is_scored: bool, model: &[ModelEvent]) -> Basis {
    let stands = |frame: FrameIndex| {
        let next = model.partition_point(|event| event.stretch.end.frame <= frame);
        model.get(next).is_some_and(|event| event.stretch.contains(frame))
    };
    match &*event.bases {
        [] => Basis::Analyst,
        // Without scores nothing is known to be gone.
        bases if !is_scored || bases.iter().any(|basis| stands(basis.peak_at.frame)) => Basis::Model,
        _ => Basis::Lost,
    }
}

/// The model's events, or pieces of them, that no decision answers, in order of time; by the rule of this file.
pub fn open(state: &ReviewState, scored: &ScoredSteps, model: &[ModelEvent]) -> Vec<ModelEvent> {
    let claimed = claimed_onsets(state, scored);
    let mut open = Vec::new();
    for event in model {
        let steps = scored.within(event.stretch);
        let onset = claimed[steps.clone()].iter().flatten().copied().reduce(f32::min);
        match onset {
            None => open.push(event.clone()),
            Some(onset) if is_same(steps.clone(), onset, &claimed, scored) => {}
            Some(_) => open.extend(unclaimed_events(steps, &claimed, scored, state.rule)),
        }
    }
    open
}

/// Of each step the lowest onset of the decisions that claim it; `None` where none does.
fn claimed_onsets(state: &ReviewState, scored: &ScoredSteps) -> Vec<Option<f32>> {
    let mut claims: Vec<(f32, Range<usize>)> = Vec::new();
    for event in state.events_and_deleted() {
        let own = Some(event.stretch).filter(|_| !event.is_deleted);
        let stretches = event.bases.iter().map(|basis| basis.stretch).chain(own);
        claims.extend(stretches.map(|stretch| (event.onset, scored.within(stretch))));
    }
    // The lowest first, and every step once: claims of thousands of events may lie over each other.
    claims.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut claimed = vec![None; scored.steps().len()];
    let mut next_free: Vec<usize> = (0..=claimed.len()).collect();
    for (onset, steps) in claims {
        let mut step = free_from(steps.start, &mut next_free);
        while step < steps.end {
            claimed[step] = Some(onset);
            next_free[step] = step + 1;
            step = free_from(step, &mut next_free);
        }
    }
    claimed
}

/// The first step from `step` on that is not claimed; the way there is shortened for the next who asks.
fn free_from(step: usize, next_free: &mut [usize]) -> usize {
    let mut free = step;
    while next_free[free] != free {
        free = next_free[free];
    }
    let mut on_the_way = step;
    while next_free[on_the_way] != free {
        on_the_way = std::mem::replace(&mut next_free[on_the_way], free);
    }
    free
}

/// Whether an event is what was decided, grown or shrunk: rule 2.
fn is_same(steps: Range<usize>, onset: f32, claimed: &[Option<f32>], scored: &ScoredSteps) -> bool {
    let of_claimed = claimed[steps.clone()].iter().flatten().count();
    let is_news = |(claim, score): (&Option<f32>, f32)| claim.is_none() && reaches(score.into(), onset.into());
    2 * of_claimed >= steps.len() && !claimed[steps.clone()].iter().zip(scored.anomaly(steps)).any(is_news)
}

/// What is left of an event between claims: rule 3.
fn unclaimed_events(
    steps: Range<usize>,
    claimed: &[Option<f32>],
    scored: &ScoredSteps,
    rule: Hysteresis,
) -> Vec<ModelEvent> {
    let mut events = Vec::new();
    let mut from = steps.start;
    for piece in claimed[steps].chunk_by(|one, other| one.is_none() == other.is_none()) {
        let until = from + piece.len();
        if piece[0].is_none() {
            events.extend(scored.events_within(from..until, rule));
        }
        from = until;
    }
    events
}
