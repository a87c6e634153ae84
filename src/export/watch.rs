//! How far the work has come, what it could not show, and whether it is to stop.

use std::fmt::Display;

use avar_base::job::{CancelToken, Cancelled};

/// Hears of a part of the work as a share of the whole.
pub struct Watch<'a> {
    cancel: &'a CancelToken,
    progress: &'a dyn Fn(f32),
    notice: &'a dyn Fn(String),
    from: f32,
    to: f32,
}

impl<'a> Watch<'a> {
    /// `notice` is given a sentence on each recording whose pictures the export has to do without.
    pub fn new(cancel: &'a CancelToken, progress: &'a dyn Fn(f32), notice: &'a dyn Fn(String)) -> Self {
        Self { cancel, progress, notice, from: 0.0, to: 1.0 }
    }

    /// Of the stretch `from..to` of this one.
    pub fn part(&self, from: f32, to: f32) -> Watch<'a> {
        let width = self.to - self.from;
        Watch { from: self.from + from * width, to: self.from + to * width, ..*self }
    }

    /// `fraction` of it is done; `Err` once the work is to stop.
    pub fn tell(&self, fraction: f32) -> Result<(), Cancelled> {
        (self.progress)(self.from + fraction * (self.to - self.from));
        self.cancel.check()
    }

    /// Hands on what the work has to do without, in a sentence.
    pub fn notice(&self, sentence: impl Display) {
        (self.notice)(sentence.to_string());
    }

    /// What the work is stopped by.
    pub fn cancel(&self) -> &CancelToken {
        self.cancel
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_part_of_a_part_is_a_share_of_the_whole() {
        let (cancel, last) = (CancelToken::default(), Cell::new(0.0));
        let progress = |fraction| last.set(fraction);
        let watch = Watch::new(&cancel, &progress, &|_| {}).part(0.5, 1.0).part(0.0, 0.5);
        watch.tell(0.5).unwrap();
        assert_eq!(last.get(), 0.625);
        cancel.cancel();
        assert!(watch.tell(1.0).is_err());
    }
}
