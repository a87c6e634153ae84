//! Which frames were found to be damaged while decoding, in few words: ranges of ordinals, for a mark on a timeline.

use std::ops::Range;

/// What decoding has found so far; nothing is known of frames that were never decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameFaults {
    concealed: OrdinalRanges,
    undecodable: OrdinalRanges,
}

/// More ranges than any timeline has pixels. Beyond it the two that lie nearest become one, which then covers what lies
/// between them as well.
const MOST_RANGES: usize = 4096;

impl FrameFaults {
    /// The decoder filled in what was missing in these frames: sorted, apart from each other, none of them empty.
    pub fn concealed(&self) -> &[Range<usize>] {
        &self.concealed.0
    }

    /// These frames did not come out of the decoder; sorted, apart from each other, none of them empty.
    pub fn undecodable(&self) -> &[Range<usize>] {
        &self.undecodable.0
    }

    /// Whether [`Self::note_decoded`] would change anything.
    pub fn is_news(&self, ordinal: usize, is_concealed: bool) -> bool {
        self.concealed.contains(ordinal) != is_concealed || self.undecodable.contains(ordinal)
    }

    /// A frame came out: whatever was found before, this is how it is.
    pub fn note_decoded(&mut self, ordinal: usize, is_concealed: bool) {
        self.undecodable.remove(ordinal);
        if is_concealed {
            self.concealed.insert(ordinal..ordinal + 1);
        } else {
            self.concealed.remove(ordinal);
        }
    }

    /// These frames did not come out of the decoder.
    pub fn note_undecodable(&mut self, ordinals: Range<usize>) {
        self.undecodable.insert(ordinals);
    }
}

/// Sorted, with at least one ordinal between neighbours, none empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct OrdinalRanges(Vec<Range<usize>>);

impl OrdinalRanges {
    fn contains(&self, ordinal: usize) -> bool {
        let after = self.0.partition_point(|range| range.start <= ordinal);
        after.checked_sub(1).is_some_and(|at| self.0[at].contains(&ordinal))
    }

    fn insert(&mut self, added: Range<usize>) {
        if added.is_empty() {
            return;
        }
        // All that overlap with what is added, or touch it.
        let from = self.0.partition_point(|range| range.end < added.start);
        let to = self.0.partition_point(|range| range.start <= added.end);
        let start = self.0.get(from).filter(|_| from < to).map_or(added.start, |first| first.start.min(added.start));
        let end = to.checked_sub(1).filter(|_| from < to).map_or(added.end, |last| self.0[last].end.max(added.end));
        self.0.splice(from..to, std::iter::once(start..end));
        if self.0.len() > MOST_RANGES {
            self.join_the_nearest();
        }
    }

    fn join_the_nearest(&mut self) {
        let gap = |at: &usize| self.0[at + 1].start - self.0[*at].end;
        if let Some(at) = (0..self.0.len().saturating_sub(1)).min_by_key(gap) {
            let next = self.0.remove(at + 1);
            self.0[at].end = next.end;
        }
    }

    fn remove(&mut self, ordinal: usize) {
        let after = self.0.partition_point(|range| range.start <= ordinal);
        let Some(at) = after.checked_sub(1).filter(|at| self.0[*at].contains(&ordinal)) else { return };
        let range = self.0[at].clone();
        let rest = [range.start..ordinal, ordinal + 1..range.end];
        self.0.splice(at..=at, rest.into_iter().filter(|rest| !rest.is_empty()));
        if self.0.len() > MOST_RANGES {
            self.join_the_nearest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_in_any_order_become_the_ranges_that_a_set_of_them_has() {
        let mut rng = fastrand::Rng::with_seed(1);
        let (mut ranges, mut set) = (OrdinalRanges::default(), std::collections::BTreeSet::new());
        for _ in 0..3000 {
            let (at, len) = (rng.usize(0..200), rng.usize(0..4));
            if rng.bool() {
                ranges.insert(at..at + len);
                set.extend(at..at + len);
            } else {
                ranges.remove(at);
                set.remove(&at);
            }
            assert!((0..210).all(|ordinal| ranges.contains(ordinal) == set.contains(&ordinal)));
            assert!(ranges.0.iter().all(|range| range.start < range.end));
            assert!(ranges.0.windows(2).all(|pair| pair[0].end < pair[1].start), "{:?}", ranges.0);
        }
    }

    #[test]
    fn however_many_faults_there_are_the_ranges_stay_few_and_cover_them() {
        let mut ranges = OrdinalRanges::default();
        let ordinals = || (0..10_000).map(|i| i * 7 + i % 3);
        ordinals().for_each(|ordinal| ranges.insert(ordinal..ordinal + 1));
        assert_eq!(ranges.0.len(), MOST_RANGES);
        assert!(ordinals().all(|ordinal| ranges.contains(ordinal)));
    }

    #[test]
    fn what_comes_out_later_is_no_longer_undecodable() {
        let mut faults = FrameFaults::default();
        faults.note_undecodable(3..7);
        assert!(faults.is_news(5, false) && !faults.is_news(9, false) && faults.is_news(9, true));
        faults.note_decoded(5, true);
        assert_eq!(faults.undecodable(), [3..5, 6..7]);
        assert_eq!(faults.concealed(), std::slice::from_ref(&(5..6)));
        faults.note_decoded(5, false);
        assert!(faults.concealed().is_empty());
    }
}
