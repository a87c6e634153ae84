//! What a panic said and where, so that the sentence which a user reads can be reported.
//!
//! A caught panic carries its message alone. Place and thread are known to the panic hook only: [`watch`] installs one
//! that remembers the last few, and [`describe`] looks them up. It works for a panic that was handed on from another
//! thread too. Without the hook a description is the message.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};

/// One panic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanicReport {
    /// One line, cut where it is long.
    pub message: String,
    /// File, line and column; empty where they are not known.
    pub location: String,
    /// The name of the thread; empty where it has none.
    pub thread: String,
}

/// `index out of bounds (src/media/open.rs:12:5, thread "open")`
impl fmt::Display for PanicReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = if self.thread.is_empty() { "unnamed" } else { &self.thread };
        write!(f, "{} ({}, thread \"{thread}\")", self.message, self.location)
    }
}

/// A message may hold a whole table.
const LONGEST_MESSAGE: usize = 300;
/// More panics than end at the same time.
const MOST_REMEMBERED: usize = 16;

static REMEMBERED: Mutex<VecDeque<PanicReport>> = Mutex::new(VecDeque::new());

/// From now on every panic of the process goes to `listen`, on the thread that panics and before it unwinds, instead of
/// to standard error. `listen` must not panic.
pub fn watch(listen: impl Fn(&PanicReport) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let report = PanicReport::of(info);
        let mut remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.push_back(report.clone());
        if remembered.len() > MOST_REMEMBERED {
            remembered.pop_front();
        }
        drop(remembered);
        listen(&report);
    }));
}

/// What is known of a caught panic, as a part of a sentence.
pub fn describe(payload: &(dyn Any + Send)) -> String {
    let message = message_of(payload);
    let remembered = REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    remembered.iter().rev().find(|report| report.message == message).map_or(message, PanicReport::to_string)
}

impl PanicReport {
    fn of(info: &PanicHookInfo<'_>) -> Self {
        let place = |location: &std::panic::Location<'_>| location.to_string();
        Self {
            message: message_of(info.payload()),
            location: info.location().map(place).unwrap_or_default(),
            thread: std::thread::current().name().unwrap_or_default().to_owned(),
        }
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text.as_str(),
        (None, None) => "a panic without a message",
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{catch_unwind, resume_unwind};

    #[test]
    fn a_panic_that_was_handed_on_is_described_with_the_place_and_the_thread_where_it_began() {
        let (sender, reports) = std::sync::mpsc::channel();
        watch(move |report| sender.send(report.clone()).unwrap_or_default());
        let handed_on = catch_unwind(|| {
            let worker = std::thread::Builder::new().name("worker".to_owned());
            let thread = worker.spawn(|| panic!("a number\nof {} lines", 2)).unwrap();
            resume_unwind(thread.join().unwrap_err())
        });
        let description = describe(handed_on.unwrap_err().as_ref());
        drop(std::panic::take_hook());
        assert!(
            description.starts_with("a number of 2 lines (") && description.contains("panics.rs:"),
            "{description}"
        );
        assert!(description.ends_with(", thread \"worker\")"), "{description}");
        assert!(reports.iter().any(|report| report.to_string() == description));
    }

    #[test]
    fn a_long_message_is_cut_and_one_of_no_text_is_said_to_be_none() {
        assert_eq!(message_of(&"é".repeat(1000)).chars().count(), LONGEST_MESSAGE);
        assert_eq!(message_of(&7), "a panic without a message");
        assert_eq!(describe(&"nobody remembers this one"), "nobody remembers this one");
    }
}
