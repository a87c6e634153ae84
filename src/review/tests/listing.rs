//! Counts, the next unreviewed event, filter and order.

use avar_labels::AnomalyClass::{self, Brawling, Crash, Pain};
use avar_labels::Verdict;
use avar_labels::Verdict::{Accepted, Rejected};
use avar_review::layers::{Basis, ListedEvent};
use avar_review::list::{Direction, ListFilter, ReviewCount, SortBy, shown, unreviewed};
use avar_review::{EventId, Target};

use crate::world::stretch;

fn event(start: usize, frames: usize, class: AnomalyClass, peak: f32, verdict: Option<Verdict>) -> ListedEvent {
    ListedEvent {
        target: Target::Event(EventId(start as u64, 0)),
        class,
        class_score: None,
        also: Vec::new(),
        peak: Some(peak),
        stretch: stretch(start, start + frames),
        verdict,
        basis: Basis::Analyst,
        note: String::new(),
    }
}

fn events() -> Vec<ListedEvent> {
    let mut events = vec![
        event(0, 48, Crash, 0.9, None),
        event(100, 24, Pain, 0.7, Some(Accepted)),
        event(200, 96, Crash, 0.8, Some(Rejected)),
        event(300, 24, Brawling, 0.6, None),
    ];
    events[1].note = "A blue VAN, שלום".to_owned();
    events[2].peak = None;
    events
}

#[test]
fn a_count_says_how_many_have_a_verdict() {
    assert_eq!(ReviewCount::of(&events()).to_string(), "2 of 4 reviewed");
    assert_eq!(ReviewCount::of(&[]).to_string(), "0 of 0 reviewed");
}

#[test]
fn the_next_unreviewed_event_goes_on_at_the_other_end() {
    use Direction::{Next, Previous};
    let events = events();
    let cases = [(None, 0, 3), (Some(0), 3, 3), (Some(1), 3, 0), (Some(2), 3, 0), (Some(3), 0, 0), (Some(99), 0, 3)];
    for (current, next, previous) in cases {
        assert_eq!(unreviewed(&events, current, Next), Some(next), "after {current:?}");
        assert_eq!(unreviewed(&events, current, Previous), Some(previous), "before {current:?}");
    }
    assert_eq!(unreviewed(&events[..2], Some(0), Next), Some(0), "itself where there is no other");
    assert_eq!(unreviewed(&events[1..3], Some(0), Next), None);
    assert_eq!(unreviewed(&[], None, Previous), None);
}

#[test]
fn a_filter_shows_what_meets_all_that_it_asks_for() {
    let events = events();
    let shows = |filter: ListFilter| shown(&events, &filter, SortBy::Start, false);
    let any = ListFilter::default();
    assert_eq!(shows(any.clone()), [0, 1, 2, 3]);
    assert_eq!(shows(ListFilter { classes: vec![Crash, Brawling], ..any.clone() }), [0, 2, 3]);
    assert_eq!(shows(ListFilter { verdicts: vec![None, Some(Accepted)], ..any.clone() }), [0, 1, 3]);
    assert_eq!(shows(ListFilter { duration_s: Some(1.0..=2.0), ..any.clone() }), [0, 1, 3]);
    assert_eq!(shows(ListFilter { peak: Some(0.7..=1.0), ..any.clone() }), [0, 1]);
    assert_eq!(shows(ListFilter { text: "van BLUE".to_owned(), ..any.clone() }), [1]);
    assert_eq!(shows(ListFilter { text: "שלום".to_owned(), ..any.clone() }), [1]);
    assert_eq!(shows(ListFilter { text: "crash rejected".to_owned(), ..any.clone() }), [2]);
    assert_eq!(shows(ListFilter { text: "unreviewed".to_owned(), ..any.clone() }), [0, 3]);
    assert_eq!(shows(ListFilter { classes: vec![Crash], verdicts: vec![None], ..any }), [0]);
}

#[test]
fn an_order_keeps_equals_in_order_of_time_either_way() {
    let events = events();
    let order = |by, is_descending| shown(&events, &ListFilter::default(), by, is_descending);
    assert_eq!(order(SortBy::Start, true), [3, 2, 1, 0]);
    assert_eq!(order(SortBy::Class, false), [0, 2, 3, 1]);
    assert_eq!(order(SortBy::Verdict, false), [0, 3, 1, 2]);
    assert_eq!(order(SortBy::Duration, false), [1, 3, 0, 2]);
    assert_eq!(order(SortBy::Duration, true), [2, 0, 1, 3]);
    assert_eq!(order(SortBy::Peak, true), [0, 1, 3, 2], "what has no score is last");
}
