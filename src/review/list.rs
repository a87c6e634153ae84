//! The list of events as it is looked at: how many are reviewed, which is next, which are shown, in which order.

use std::cmp::Ordering;
use std::ops::RangeInclusive;

use avar_labels::AnomalyClass;

use crate::layers::ListedEvent;
use avar_labels::Verdict;

/// "7 of 31 reviewed".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReviewCount {
    /// Those with a verdict.
    pub reviewed: usize,
    /// All.
    pub all: usize,
}

impl ReviewCount {
    /// Of a list.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a ListedEvent>) -> Self {
        events.into_iter().fold(Self::default(), |count, event| Self {
            reviewed: count.reviewed + usize::from(event.verdict.is_some()),
            all: count.all + 1,
        })
    }
}

impl std::fmt::Display for ReviewCount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} reviewed", self.reviewed, self.all)
    }
}

/// Which way to look for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Down the list.
    Next,
    /// Up the list.
    Previous,
}

/// Place in the list of the unreviewed event nearest to `current` that way, going on at the other end, and `current`
/// itself last; without a current one the first there is that way. `None` where all are reviewed.
pub fn unreviewed(events: &[ListedEvent], current: Option<usize>, direction: Direction) -> Option<usize> {
    let len = events.len();
    let current = current.filter(|current| *current < len);
    let order = (0..len).map(|step| match (direction, current) {
        (Direction::Next, Some(current)) => (current + 1 + step) % len,
        (Direction::Next, None) => step,
        (Direction::Previous, Some(current)) => (current + len - 1 - step) % len,
        (Direction::Previous, None) => len - 1 - step,
    });
    order.into_iter().find(|place| events[*place].verdict.is_none())
}

/// Which events are shown; by default all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListFilter {
    /// Of these classes; empty: of any.
    pub classes: Vec<AnomalyClass>,
    /// With these verdicts, `None` being unreviewed; empty: with any.
    pub verdicts: Vec<Option<Verdict>>,
    /// As long as this.
    pub duration_s: Option<RangeInclusive<f64>>,
    /// With a peak of this; an event without scores has none.
    pub peak: Option<RangeInclusive<f32>>,
    /// Every word of it stands in the note, the class or the verdict, whatever its case; empty: any.
    pub text: String,
}

impl ListFilter {
    /// Whether an event is shown.
    pub fn shows(&self, event: &ListedEvent) -> bool {
        (self.classes.is_empty() || self.classes.contains(&event.class))
            && (self.verdicts.is_empty() || self.verdicts.contains(&event.verdict))
            && self.duration_s.as_ref().is_none_or(|durations| durations.contains(&event.stretch.duration_s()))
            && self.peak.as_ref().is_none_or(|peaks| event.peak.is_some_and(|peak| peaks.contains(&peak)))
            && self.has_words(event)
    }

    fn has_words(&self, event: &ListedEvent) -> bool {
        if self.text.trim().is_empty() {
            return true;
        }
        let verdict = event.verdict.map_or("Unreviewed", Verdict::label);
        let text = format!("{}\n{}\n{verdict}", event.note, event.class.label()).to_lowercase();
        self.text.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// By what the list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// Start of the event.
    #[default]
    Start,
    /// The ten classes in their order.
    Class,
    /// Unreviewed first.
    Verdict,
    /// Shortest first.
    Duration,
    /// Lowest peak first; those without scores before all.
    Peak,
}

/// Places in `events` of those that the filter shows, in this order; equals in order of time, backwards or not.
pub fn shown(events: &[ListedEvent], filter: &ListFilter, by: SortBy, is_descending: bool) -> Vec<usize> {
    let mut places: Vec<usize> = (0..events.len()).filter(|place| filter.shows(&events[*place])).collect();
    places.sort_by(|one, other| {
        let order = compare(&events[*one], &events[*other], by);
        let order = if is_descending { order.reverse() } else { order };
        order.then(one.cmp(other))
    });
    places
}

fn compare(one: &ListedEvent, other: &ListedEvent, by: SortBy) -> Ordering {
    match by {
        SortBy::Start => one.stretch.start.frame.cmp(&other.stretch.start.frame),
        SortBy::Class => one.class.cmp(&other.class),
        SortBy::Verdict => one.verdict.cmp(&other.verdict),
        SortBy::Duration => one.stretch.times().duration().cmp(&other.stretch.times().duration()),
        SortBy::Peak => one.peak.unwrap_or(-1.0).total_cmp(&other.peak.unwrap_or(-1.0)),
    }
}
