//! Decoded frames by ordinal, bounded in bytes.
//!
//! What makes a step back as quick as a step forward: the span that had to be decoded to reach a frame stays
//! here. The frame farthest from the playhead goes first, and what lies against the direction of travel counts
//! as farther than it is. Generic over what it holds, so that its rules can be tested with numbers.

use std::collections::BTreeMap;

use avar_base::time::FrameIndex;

/// How much farther a frame counts that lies ahead while the playhead travels back.
const AGAINST_TRAVEL: usize = 4;
/// Kept however large they are: the frame shown, the one before it and the one after.
const LEAST_FRAMES: usize = 3;

/// Frames around a playhead.
#[derive(Debug)]
pub(crate) struct FrameCache<F> {
    frames: BTreeMap<usize, (F, usize)>,
    budget_bytes: usize,
    held_bytes: usize,
    largest_bytes: usize,
    playhead: usize,
    backward: bool,
}

impl<F: Clone> FrameCache<F> {
    pub(crate) fn new(budget_bytes: usize) -> Self {
        Self { frames: BTreeMap::new(), budget_bytes, held_bytes: 0, largest_bytes: 0, playhead: 0, backward: false }
    }

    /// Where the playhead is and which way it travels: what the next insertion pushes out depends on it.
    pub(crate) fn set_playhead(&mut self, index: FrameIndex, backward: bool) {
        self.playhead = index.0;
        self.backward = backward;
    }

    pub(crate) fn insert(&mut self, index: FrameIndex, frame: F, size_bytes: usize) {
        if let Some((_, replaced_bytes)) = self.frames.insert(index.0, (frame, size_bytes)) {
            self.held_bytes -= replaced_bytes;
        }
        self.held_bytes += size_bytes;
        self.largest_bytes = self.largest_bytes.max(size_bytes);
        self.make_room();
    }

    pub(crate) fn budget_bytes(&self) -> usize {
        self.budget_bytes
    }

    /// Holds no more than this from now on.
    pub(crate) fn set_budget(&mut self, budget_bytes: usize) {
        self.budget_bytes = budget_bytes;
        self.make_room();
    }

    fn make_room(&mut self) {
        while self.held_bytes > self.budget_bytes && self.frames.len() > LEAST_FRAMES {
            let Some(farthest) = self.farthest() else { break };
            if let Some((_, freed_bytes)) = self.frames.remove(&farthest) {
                self.held_bytes -= freed_bytes;
            }
        }
    }

    pub(crate) fn get(&self, index: FrameIndex) -> Option<F> {
        self.frames.get(&index.0).map(|(frame, _)| frame.clone())
    }

    pub(crate) fn contains(&self, index: FrameIndex) -> bool {
        self.frames.contains_key(&index.0)
    }

    /// The newest frame held in `from..=to`.
    pub(crate) fn newest_within(&self, from: FrameIndex, to: FrameIndex) -> Option<F> {
        if from > to {
            return None;
        }
        self.frames.range(from.0..=to.0).next_back().map(|(_, (frame, _))| frame.clone())
    }

    /// The oldest frame held in `from..=to`.
    pub(crate) fn oldest_within(&self, from: FrameIndex, to: FrameIndex) -> Option<F> {
        if from > to {
            return None;
        }
        self.frames.range(from.0..=to.0).next().map(|(_, (frame, _))| frame.clone())
    }

    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    /// How many frames fit, judged by the largest seen; `None` before the first.
    pub(crate) fn capacity_frames(&self) -> Option<usize> {
        (self.largest_bytes > 0).then(|| (self.budget_bytes / self.largest_bytes).max(LEAST_FRAMES))
    }

    /// One of the two ends, as distance grows towards both.
    fn farthest(&self) -> Option<usize> {
        let (&first, _) = self.frames.first_key_value()?;
        let (&last, _) = self.frames.last_key_value()?;
        let behind = self.playhead.saturating_sub(first);
        let ahead = last.saturating_sub(self.playhead);
        let ahead = if self.backward { ahead.saturating_mul(AGAINST_TRAVEL) } else { ahead };
        Some(if ahead >= behind { last } else { first })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(cache: &FrameCache<usize>) -> Vec<usize> {
        cache.frames.keys().copied().collect()
    }

    fn fill(cache: &mut FrameCache<usize>, indices: impl IntoIterator<Item = usize>) {
        indices.into_iter().for_each(|i| cache.insert(FrameIndex(i), i, 10));
    }

    #[test]
    fn the_bytes_held_never_exceed_the_budget() {
        let mut cache = FrameCache::new(100);
        for i in 0..1000_usize {
            cache.set_playhead(FrameIndex(i), false);
            cache.insert(FrameIndex(i), i, 1 + i % 30);
            assert!(cache.held_bytes() <= 100);
        }
    }

    #[test]
    fn a_smaller_budget_lets_go_of_the_farthest_frames_at_once() {
        let mut cache = FrameCache::new(100);
        (0..10).for_each(|i| cache.insert(FrameIndex(i), i, 10));
        cache.set_playhead(FrameIndex(0), false);
        cache.set_budget(50);
        assert_eq!(cache.held_bytes(), 50);
        assert!(cache.contains(FrameIndex(0)) && !cache.contains(FrameIndex(9)));
    }

    #[test]
    fn while_playing_forward_the_latest_frames_behind_the_playhead_stay() {
        let mut cache = FrameCache::new(100);
        for i in 0..50 {
            cache.set_playhead(FrameIndex(i), false);
            fill(&mut cache, [i]);
        }
        assert_eq!(held(&cache), (40..50).collect::<Vec<_>>());
    }

    #[test]
    fn travelling_back_gives_up_what_lies_ahead_first() {
        let mut cache = FrameCache::new(100);
        cache.set_playhead(FrameIndex(20), true);
        fill(&mut cache, 20..30);
        fill(&mut cache, 12..20);
        assert_eq!(held(&cache), (12..22).collect::<Vec<_>>());
    }

    #[test]
    fn a_span_decoded_upwards_to_the_playhead_keeps_its_upper_end() {
        let mut cache = FrameCache::new(100);
        cache.set_playhead(FrameIndex(99), true);
        fill(&mut cache, 50..100);
        assert_eq!(held(&cache), (90..100).collect::<Vec<_>>());
    }

    #[test]
    fn three_frames_are_kept_even_where_none_fits() {
        let mut cache = FrameCache::new(1);
        cache.set_playhead(FrameIndex(5), false);
        fill(&mut cache, 0..10);
        assert_eq!(cache.frames.len(), 3);
        assert!(cache.contains(FrameIndex(5)));
        assert_eq!(cache.capacity_frames(), Some(3));
    }

    #[test]
    fn a_frame_inserted_twice_counts_once() {
        let mut cache = FrameCache::new(100);
        fill(&mut cache, [1, 1, 1]);
        assert_eq!(cache.held_bytes(), 10);
    }

    #[test]
    fn the_nearest_frame_held_is_found_from_either_side() {
        let mut cache = FrameCache::new(100);
        fill(&mut cache, [3, 7, 9]);
        assert_eq!(cache.newest_within(FrameIndex(4), FrameIndex(8)), Some(7));
        assert_eq!(cache.oldest_within(FrameIndex(4), FrameIndex(20)), Some(7));
        assert_eq!(cache.newest_within(FrameIndex(4), FrameIndex(6)), None);
        assert_eq!(cache.newest_within(FrameIndex(6), FrameIndex(4)), None);
    }
}
