//! Sequences for the temporal head: overlapping windows of T steps, their scores averaged per step.
//!
//! The head judges sequences of T steps ([`super::pipeline::WINDOW_STEPS`]), so a long file is cut into windows that
//! overlap by half; a step's scores are the mean over the windows that hold it. Features are computed once per step and
//! shared by every window.

use std::collections::VecDeque;
use std::ops::Range;

use avar_labels::ClassScores;

/// Windows over `len` steps in order of time: `window` long, half a window apart, the last one moved back
/// so that it ends with the file. A file shorter than a window is one window of its own length.
pub fn windows(len: usize, window: usize) -> Vec<Range<usize>> {
    if len == 0 {
        return Vec::new();
    }
    let window = window.clamp(1, len);
    let hop = (window / 2).max(1);
    let last = len - window;
    let mut starts: Vec<usize> = (0..last).step_by(hop).collect();
    starts.push(last);
    starts.into_iter().map(|start| start..start + window).collect()
}

/// What a step gets of each window that holds it, of which the mean over the windows can be taken.
pub trait Average: Sized {
    /// In double precision, so that the mean does not depend on how many windows there are.
    type Sum: Clone + Default;
    /// Adds what one window says.
    fn add_to(&self, sum: &mut Self::Sum);
    /// The mean of the `count` values that were added to `sum`, at least one.
    fn mean(sum: &Self::Sum, count: u32) -> Self;
}

impl Average for f32 {
    type Sum = f64;

    fn add_to(&self, sum: &mut f64) {
        *sum += f64::from(*self);
    }

    fn mean(sum: &f64, count: u32) -> f32 {
        (sum / f64::from(count)) as f32
    }
}

impl Average for ClassScores {
    type Sum = ClassScores<f64>;

    fn add_to(&self, sums: &mut Self::Sum) {
        *sums += *self;
    }

    fn mean(sums: &Self::Sum, count: u32) -> Self {
        Self(sums.0.map(|sum| f32::mean(&sum, count)))
    }
}

/// Averages the rows of overlapping windows and hands out the rows that no later window can change. It holds only those
/// that one still can.
pub struct WindowMean<Row: Average> {
    len: usize,
    /// Sums and counts of the rows from `final_rows` on.
    sums: VecDeque<(Row::Sum, u32)>,
    /// The windows that are still to come.
    pending: VecDeque<Range<usize>>,
    final_rows: usize,
}

impl<Row: Average> WindowMean<Row> {
    /// Over `len` rows, of which the first `done` are known and not handed out again.
    pub fn new(len: usize, window: usize, done: usize) -> Self {
        let pending = windows(len, window).into_iter().filter(|window| window.end > done).collect();
        Self { len, sums: VecDeque::new(), pending, final_rows: done }
    }

    /// The first row that a window still to come holds; the number of rows where none comes.
    pub fn first_needed(&self) -> usize {
        self.pending.front().map_or(self.len, |window| window.start)
    }

    /// The next window if its steps are among the first `available`.
    pub fn next_ready(&self, available: usize) -> Option<Range<usize>> {
        self.pending.front().filter(|window| window.end <= available).cloned()
    }

    /// Adds the rows of the window that [`Self::next_ready`] named, and returns the steps whose mean is final now.
    pub fn add(&mut self, rows: &[Row]) -> Vec<Row> {
        let Some(window) = self.pending.pop_front() else { return Vec::new() };
        let open = window.end.saturating_sub(self.final_rows);
        self.sums.resize(self.sums.len().max(open), Default::default());
        for (step, row) in window.zip(rows) {
            // What was known before this run began is not open.
            let Some(at) = step.checked_sub(self.final_rows) else { continue };
            let (sum, count) = &mut self.sums[at];
            row.add_to(sum);
            *count += 1;
        }
        let finished = self.first_needed().saturating_sub(self.final_rows);
        self.final_rows += finished;
        self.sums.drain(..finished).map(|(sum, count)| Row::mean(&sum, count)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_every_step_and_end_with_the_file() {
        for len in 0..60 {
            let windows = windows(len, 10);
            let covered: std::collections::BTreeSet<usize> = windows.iter().cloned().flatten().collect();
            assert_eq!(covered.len(), len, "{len} steps");
            assert!(windows.iter().all(|window| window.len() == len.min(10) && window.end <= len));
        }
    }

    #[test]
    fn neighbouring_windows_overlap_by_half() {
        assert_eq!(windows(20, 10), [0..10, 5..15, 10..20]);
        assert_eq!(windows(22, 10), [0..10, 5..15, 10..20, 12..22]);
    }

    #[test]
    fn a_file_shorter_than_a_window_is_one_window() {
        assert_eq!(windows(7, 10), std::slice::from_ref(&(0..7)));
        assert!(windows(0, 10).is_empty());
    }

    #[test]
    fn a_step_is_handed_out_once_and_only_when_no_window_can_change_it() {
        let mut mean = WindowMean::<f32>::new(12, 4, 0);
        let mut rows = Vec::new();
        let mut value = 0.0;
        while let Some(window) = mean.next_ready(12) {
            let before = rows.len();
            rows.extend(mean.add(&vec![value; window.len()]));
            assert!(rows.len() >= before);
            value += 1.0;
        }
        // Windows 0..4, 2..6, 4..8, 6..10, 8..12 with the values 0 to 4.
        let expected = [0.0, 0.0, 0.5, 0.5, 1.5, 1.5, 2.5, 2.5, 3.5, 3.5, 4.0, 4.0];
        assert_eq!(rows, expected);
    }

    #[test]
    fn going_on_gives_the_rows_that_were_not_known_as_going_through_would() {
        // The mean depends on which windows there are: each has a value of its own.
        let rows_after = |done: usize| {
            let mut mean = WindowMean::<f32>::new(23, 4, done);
            let mut rows = Vec::new();
            while let Some(window) = mean.next_ready(23) {
                assert!(window.start + 4 > done, "{window:?} holds nothing that is wanted");
                rows.extend(mean.add(&vec![window.start as f32; window.len()]));
            }
            rows
        };
        let all = rows_after(0);
        assert_eq!(all.len(), 23);
        (0..=23).for_each(|done| assert_eq!(rows_after(done), all[done..], "{done} known"));
    }

    #[test]
    fn no_more_rows_are_held_than_a_window_has() {
        let mut mean = WindowMean::<f32>::new(1000, 10, 0);
        while let Some(window) = mean.next_ready(1000) {
            mean.add(&vec![1.0; window.len()]);
            assert!(mean.sums.len() < 10, "{} after {window:?}", mean.sums.len());
        }
    }

    #[test]
    fn a_window_waits_for_its_last_step() {
        let mean = WindowMean::<f32>::new(12, 4, 0);
        assert_eq!(mean.next_ready(3), None);
        assert_eq!(mean.next_ready(4), Some(0..4));
    }
}
