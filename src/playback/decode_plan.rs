//! What the decoder does next: pure, so that the rules can be tested with numbers.
//!
//! The player states a [`Wish`] (the frame under the playhead and the way it travels); the cache says what is
//! there. From both follows one [`Step`]. The playhead moves on while a step is under way; only a wish that the
//! step no longer serves ends it early, so that neither held-down keys nor scrubbing starve the decoder.

use avar_base::time::FrameIndex;

/// Reading this many frames up to a key frame costs no more than seeking there.
const READ_ON_FRAMES: usize = 8;
/// Nobody travels back faster than this many frames take to decode; more would only make planning slow.
const MOST_BEHIND_FRAMES: usize = 256;

/// What the player wants to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub target: FrameIndex,
    /// The key frame at or before the target first, as a preview.
    pub preview: bool,
    /// The playhead travels towards the start.
    pub backward: bool,
    /// Frames to have ready after the target; behind it when travelling back, as many as a quarter of the cache holds.
    pub ahead: usize,
}

/// One piece of work for the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Decode this key frame alone.
    Preview(FrameIndex),
    /// Decode and keep `from..=to`; `seek` tells whether the reader must be moved to `from` first.
    Fill { from: FrameIndex, to: FrameIndex, seek: bool },
    /// All that is wanted is there.
    Rest,
}

/// What is known of the file, the cache and the reader.
pub(crate) struct Situation<'a> {
    pub frames: usize,
    /// Frames that fit in the cache.
    pub capacity: usize,
    /// The frame that the reader would decode next.
    pub reader_at: Option<usize>,
    /// The key frame that serves as the preview at the moment; kept apart, as the cache may have no room so far
    /// from the playhead.
    pub preview_at: Option<usize>,
    /// Frames that are in the cache, or known not to be decodable.
    pub has: &'a dyn Fn(usize) -> bool,
    pub key_at_or_before: &'a dyn Fn(usize) -> usize,
}

/// The next step towards `wish`.
pub(crate) fn next_step(wish: Wish, situation: &Situation) -> Step {
    let Some(last) = situation.frames.checked_sub(1) else { return Step::Rest };
    let target = wish.target.0.min(last);
    let has = situation.has;
    if !has(target) {
        let key = (situation.key_at_or_before)(target);
        if wish.preview && situation.preview_at != Some(key) && !has(key) {
            return Step::Preview(FrameIndex(key));
        }
        return if wish.backward { situation.fill_span_to(target) } else { situation.fill_on_to(target, target) };
    }
    if wish.backward {
        let lowest = target.saturating_sub((situation.capacity / 4).min(MOST_BEHIND_FRAMES));
        if let Some(missing) = (lowest..target).rev().find(|&i| !has(i)) {
            return situation.fill_span_to(missing);
        }
    }
    let highest = target.saturating_add(wish.ahead.min((situation.capacity / 4).max(1))).min(last);
    // A few frames ahead are no reason to tear a reader away that works on the span behind.
    match (target + 1..=highest).find(|&i| !has(i)) {
        Some(missing) if !wish.backward => situation.fill_on_to(missing, highest),
        _ => Step::Rest,
    }
}

/// Whether filling `from..=to` is still a way to `target`: it lies inside, or in the same group of pictures
/// beyond, where decoding on beats starting again.
pub(crate) fn serves(
    from: FrameIndex,
    to: FrameIndex,
    target: FrameIndex,
    key_at_or_before: &dyn Fn(usize) -> usize,
) -> bool {
    from <= target && (target <= to || key_at_or_before(target.0) == key_at_or_before(to.0))
}

impl Situation<'_> {
    /// Forward to `missing` and on to `highest`: read on where the reader stands shortly before, else seek.
    fn fill_on_to(&self, missing: usize, highest: usize) -> Step {
        match self.reader_at {
            Some(at) if at <= missing && (self.key_at_or_before)(missing) <= at + READ_ON_FRAMES => {
                Step::Fill { from: FrameIndex(at), to: FrameIndex(highest), seek: false }
            }
            _ => self.seek_and_fill(missing, highest),
        }
    }

    /// Up to `missing`, with as much of its group of pictures before it as half the cache holds.
    fn fill_span_to(&self, missing: usize) -> Step {
        let from = self.first_missing_towards(missing);
        match self.reader_at {
            Some(at) if at <= from && (self.key_at_or_before)(from) <= at + READ_ON_FRAMES => {
                Step::Fill { from: FrameIndex(at), to: FrameIndex(missing), seek: false }
            }
            _ => self.seek_and_fill(missing, missing),
        }
    }

    fn seek_and_fill(&self, missing: usize, highest: usize) -> Step {
        Step::Fill { from: FrameIndex(self.first_missing_towards(missing)), to: FrameIndex(highest), seek: true }
    }

    /// Where keeping begins: the way from the key frame must be decoded anyway.
    fn first_missing_towards(&self, missing: usize) -> usize {
        let keep = (self.capacity / 2).max(1);
        let lowest = (self.key_at_or_before)(missing).max((missing + 1).saturating_sub(keep));
        (lowest..missing).find(|&i| !(self.has)(i)).unwrap_or(missing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame_cache::FrameCache;
    use super::*;
    use std::collections::BTreeSet;

    const GOP: usize = 50;

    fn key(i: usize) -> usize {
        i / GOP * GOP
    }

    fn wish(target: usize) -> Wish {
        Wish { target: FrameIndex(target), preview: false, backward: false, ahead: 4 }
    }

    fn plan(wish: Wish, cached: impl IntoIterator<Item = usize>, reader_at: Option<usize>, capacity: usize) -> Step {
        let cached: BTreeSet<usize> = cached.into_iter().collect();
        let has = |i: usize| cached.contains(&i);
        let situation =
            Situation { frames: 200, capacity, reader_at, preview_at: None, has: &has, key_at_or_before: &key };
        next_step(wish, &situation)
    }

    fn fill(from: usize, to: usize, seek: bool) -> Step {
        Step::Fill { from: FrameIndex(from), to: FrameIndex(to), seek }
    }

    #[test]
    fn a_seek_keeps_the_span_from_the_key_frame() {
        assert_eq!(plan(wish(120), [], None, 200), fill(100, 120, true));
    }

    #[test]
    fn a_span_larger_than_half_the_cache_keeps_its_upper_end() {
        assert_eq!(plan(wish(149), [], None, 20), fill(140, 149, true));
    }

    #[test]
    fn playing_on_reads_on_without_a_seek() {
        assert_eq!(plan(wish(60), 50..=60, Some(61), 200), fill(61, 64, false));
        assert_eq!(plan(wish(62), 50..=60, Some(61), 200), fill(61, 62, false));
    }

    #[test]
    fn a_reader_far_before_a_nearer_key_frame_is_moved_there() {
        assert_eq!(plan(wish(155), [], Some(110), 200), fill(150, 155, true));
        assert_eq!(plan(wish(155), [], Some(145), 200), fill(145, 155, false));
    }

    #[test]
    fn a_step_back_past_the_cache_decodes_the_whole_span_before() {
        let back = Wish { backward: true, ..wish(99) };
        assert_eq!(plan(back, 100..=120, Some(121), 200), fill(50, 99, true));
    }

    #[test]
    fn travelling_back_prepares_the_group_before_in_good_time() {
        let back = Wish { backward: true, ..wish(120) };
        assert_eq!(plan(back, 100..=120, Some(121), 200), fill(50, 99, true));
        assert_eq!(plan(back, 70..=120, Some(121), 200), Step::Rest);
    }

    #[test]
    fn scrubbing_shows_the_key_frame_and_then_the_exact_one() {
        let scrub = Wish { preview: true, ..wish(130) };
        assert_eq!(plan(scrub, [], None, 200), Step::Preview(FrameIndex(100)));
        assert_eq!(plan(scrub, [100], Some(101), 200), fill(101, 130, false));
        assert_eq!(plan(scrub, [130, 131, 132, 133, 134], Some(101), 200), Step::Rest);
    }

    #[test]
    fn work_that_still_leads_to_the_wish_goes_on_and_other_work_ends() {
        let still = |target| serves(FrameIndex(100), FrameIndex(120), FrameIndex(target), &key);
        assert!(still(100) && still(110) && still(120) && still(140));
        assert!(!still(99) && !still(150) && !still(10));
    }

    #[test]
    fn every_wish_comes_to_rest_with_its_frame_held() {
        for capacity in [3, 4, 5, 8, 20, 60, 200] {
            for backward in [false, true] {
                for target in [0, 1, 49, 50, 51, 149, 150, 199] {
                    for preview in [false, true] {
                        come_to_rest(Wish { backward, preview, ..wish(target) }, capacity);
                    }
                }
            }
        }
    }

    /// Carries the steps out on a real cache that is full of frames from elsewhere; a plan that asks for what the
    /// cache throws out would never rest.
    fn come_to_rest(wish: Wish, capacity: usize) {
        let mut cache = FrameCache::new(capacity);
        (80..80 + capacity).for_each(|i| cache.insert(FrameIndex(i), i, 1));
        cache.set_playhead(wish.target, wish.backward);
        let (mut reader_at, mut preview_at) = (None, None);
        for _ in 0..100 {
            let has = |i: usize| cache.contains(FrameIndex(i));
            let situation =
                Situation { frames: 200, capacity, reader_at, preview_at, has: &has, key_at_or_before: &key };
            match next_step(wish, &situation) {
                Step::Rest => return assert!(cache.contains(wish.target)),
                Step::Preview(key) => {
                    preview_at = Some(key.0);
                    reader_at = Some(key.0 + 1);
                }
                Step::Fill { from, to, .. } => {
                    (from.0..=to.0).for_each(|i| cache.insert(FrameIndex(i), i, 1));
                    reader_at = Some(to.0 + 1);
                }
            }
        }
        panic!("no rest for {wish:?} with room for {capacity}");
    }

    #[test]
    fn a_file_without_frames_asks_for_nothing() {
        let situation = Situation {
            frames: 0,
            capacity: 10,
            reader_at: None,
            preview_at: None,
            has: &|_| false,
            key_at_or_before: &|i| i,
        };
        assert_eq!(next_step(wish(3), &situation), Step::Rest);
    }
}
