//! The number of every frame: presentation order, PTS, time and key frames of a file's picture.
//!
//! Invariants: the table lists exactly the pictures that sequential decoding puts out, in that order, of the whole
//! file or, while that is still being read, of its first part; `time` never decreases from one entry to the next. How
//! the table is made is in `frame_index`.

use super::clock::ClockRestart;
use super::demuxer::FALLBACK_TIME_BASE;
use avar_base::time::{FrameIndex, MediaTime, TimeBase, TimeRange};

/// One decoded picture; its place in the table is its ordinal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameEntry {
    /// In the table's time base, as the file states it (never negative-shifted to zero).
    pub pts: i64,
    /// `pts` x time base; where the file's clock starts again, the previous frame's time goes on.
    pub time: MediaTime,
}

/// All frames of a file, in presentation order.
#[derive(Clone, Debug)]
pub struct FrameTable {
    pub(super) entries: Vec<FrameEntry>,
    pub(super) keys: Vec<KeyPoint>,
    pub(super) identity: Identity,
    pub(super) time_base: TimeBase,
    pub(super) end: MediaTime,
    pub(super) is_whole: bool,
    pub(super) losses: Vec<Loss>,
    /// In the order of the file.
    pub(super) restarts: Vec<ClockRestart>,
    /// The file has no time stamps; its frames are taken to come at this rate.
    pub(super) assumed_rate_hz: Option<f64>,
}

/// Frames that the file names, and that cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// How many; of a sequence, how many numbers have no picture.
    pub frames: usize,
    /// From the first of them to the next frame that can be shown.
    pub range: TimeRange,
    /// Why they cannot be shown.
    pub cause: LossCause,
}

/// Why frames that a file names cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// They do not come out of the decoder.
    Damaged,
    /// A number of the sequence has no picture.
    Absent,
}

/// Of a file without a picture.
impl Default for FrameTable {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            keys: Vec::new(),
            identity: Identity::Pts,
            time_base: FALLBACK_TIME_BASE,
            end: MediaTime::ZERO,
            is_whole: true,
            losses: Vec::new(),
            restarts: Vec::new(),
            assumed_rate_hz: None,
        }
    }
}

/// Where decoding can begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyPoint {
    pub(super) ordinal: usize,
    pub(super) dts: Option<i64>,
    /// The packet's byte in the file, or negative where the container does not say.
    pub(super) byte: i64,
}

/// What a decoded picture is recognised by after a seek.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// Every frame's packet has a PTS of its own, and they increase in presentation order.
    Pts,
    /// By the number of the packet, counted from the start of the file.
    Packet { marks: Vec<PacketMark>, ordinals: Vec<Option<u32>> },
}

/// What a packet is recognised by when reading resumes in the middle of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PacketMark {
    pub(super) dts: Option<i64>,
    pub(super) byte: i64,
}

impl FrameTable {
    /// The table as it is when only the first `count` frames have been indexed.
    pub fn first_part(mut self, count: usize) -> Self {
        self.end = self.entries.get(count).map_or(self.end, |next| next.time);
        self.entries.truncate(count);
        self.keys.retain(|key| key.ordinal < count);
        if let Identity::Packet { ordinals, .. } = &mut self.identity {
            ordinals
                .iter_mut()
                .filter(|ordinal| ordinal.is_some_and(|at| at as usize >= count))
                .for_each(|at| *at = None);
        }
        self.is_whole = false;
        self
    }

    /// How many frames a second are assumed, where the file has no time stamps that would say when each is shown.
    pub fn assumed_rate_hz(&self) -> Option<f64> {
        self.assumed_rate_hz
    }

    /// When the clock of the file starts again, in the time of the recording, which goes on there.
    pub fn clock_restarts(&self) -> impl Iterator<Item = MediaTime> {
        self.restarts.iter().map(|restart| restart.at)
    }

    /// What is missing among the frames; what could not be checked without decoding is not among it.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// What is missing on screen at `time`, if anything is.
    pub fn loss_at(&self, time: MediaTime) -> Option<&Loss> {
        let begun = self.losses.partition_point(|loss| loss.range.start <= time);
        self.losses[..begun].last().filter(|loss| loss.range.contains(time))
    }

    /// How many frames are listed: all that can be shown, once the table is whole.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no frame is listed, as of a file without a picture.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// `None` where the table has no such ordinal.
    pub fn entry(&self, index: FrameIndex) -> Option<&FrameEntry> {
        self.entries.get(index.0)
    }

    /// All frames in presentation order: the position is the ordinal.
    pub fn entries(&self) -> &[FrameEntry] {
        &self.entries
    }

    /// Whether the table reaches to the end of the file; if not, it ends where reading has come.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether `later` gives every frame of this table the same ordinal.
    pub fn is_continued_by(&self, later: &FrameTable) -> bool {
        let same_packets = match (&self.identity, &later.identity) {
            (Identity::Pts, Identity::Pts) => true,
            (
                Identity::Packet { marks, ordinals },
                Identity::Packet { marks: later_marks, ordinals: later_ordinals },
            ) => {
                let is_kept = |(ordinal, later): (&Option<u32>, &Option<u32>)| ordinal.is_none() || ordinal == later;
                later_marks.starts_with(marks) && ordinals.iter().zip(later_ordinals).all(is_kept)
            }
            _ => false,
        };
        let keys = self.keys.iter().map(|key| key.ordinal);
        let later_keys = later.keys.iter().map(|key| key.ordinal).take_while(|ordinal| *ordinal < self.len());
        same_packets && later.entries.starts_with(&self.entries) && keys.eq(later_keys)
    }

    /// The unit of every PTS in the table.
    pub fn time_base(&self) -> TimeBase {
        self.time_base
    }

    /// From the first frame's time to the end of the last frame's showing.
    pub fn range(&self) -> TimeRange {
        TimeRange::new(self.entries.first().map_or(self.end, |entry| entry.time), self.end)
    }

    /// The frame on screen at `time`: the last that is not later; before the first frame, the first.
    pub fn at_or_before(&self, time: MediaTime) -> FrameIndex {
        FrameIndex(self.entries.partition_point(|entry| entry.time <= time).saturating_sub(1))
    }

    /// Whether decoding can begin at this frame.
    pub fn is_key(&self, index: FrameIndex) -> bool {
        self.keys.binary_search_by_key(&index.0, |key| key.ordinal).is_ok()
    }

    /// The key frame that `index` is decoded from; the first frame where no key frame comes before.
    pub fn key_at_or_before(&self, index: FrameIndex) -> FrameIndex {
        self.keys[..self.keys_up_to(index)].last().map_or(FrameIndex(0), |key| FrameIndex(key.ordinal))
    }

    /// The first key frame after `index`, which itself does not count; `None` where no other follows.
    pub fn next_key_after(&self, index: FrameIndex) -> Option<FrameIndex> {
        self.keys.get(self.keys_up_to(index)).map(|key| FrameIndex(key.ordinal))
    }

    /// The last key frame before `index`, which itself does not count; `None` where none comes before.
    pub fn previous_key_before(&self, index: FrameIndex) -> Option<FrameIndex> {
        let before = self.keys.partition_point(|key| key.ordinal < index.0);
        self.keys[..before].last().map(|key| FrameIndex(key.ordinal))
    }

    /// How many key frames there are up to and with `index`.
    pub(super) fn keys_up_to(&self, index: FrameIndex) -> usize {
        self.keys.partition_point(|key| key.ordinal <= index.0)
    }

    /// The ordinal of the frame that was decoded from the packet with this label.
    pub(super) fn ordinal_of_label(&self, label: i64) -> Option<usize> {
        match &self.identity {
            Identity::Pts => self.entries.binary_search_by_key(&label, |entry| entry.pts).ok(),
            Identity::Packet { ordinals, .. } => {
                let number = usize::try_from(label).ok()?;
                ordinals.get(number).copied().flatten().map(|ordinal| ordinal as usize)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames at the given milliseconds, key frames where marked.
    fn table(frames: &[(i64, bool)]) -> FrameTable {
        let time_base = TimeBase::new(1, 1000).unwrap();
        let entry = |&(pts, _): &(i64, bool)| FrameEntry { pts, time: MediaTime::from_pts(pts, time_base) };
        let keys = frames.iter().enumerate().filter(|(_, frame)| frame.1);
        FrameTable {
            entries: frames.iter().map(entry).collect(),
            keys: keys.map(|(ordinal, _)| KeyPoint { ordinal, dts: None, byte: -1 }).collect(),
            time_base,
            end: MediaTime::from_pts(frames.last().map_or(0, |frame| frame.0 + 40), time_base),
            ..FrameTable::default()
        }
    }

    #[test]
    fn a_table_in_which_a_frame_is_no_key_frame_any_more_goes_on_from_none() {
        let whole = table(&[(0, true), (40, false), (80, true), (120, true)]);
        assert!(whole.clone().first_part(3).is_continued_by(&whole));
        let other = table(&[(0, true), (40, false), (80, false), (120, true)]);
        assert!(!whole.first_part(3).is_continued_by(&other));
    }

    #[test]
    fn a_moment_belongs_to_the_last_frame_that_is_not_later() {
        let table = table(&[(-40, true), (0, false), (50, false)]);
        let at = |ms: i64| table.at_or_before(MediaTime::from_nanoseconds(ms * 1_000_000)).0;
        assert_eq!([at(-100), at(-40), at(-1), at(0), at(49), at(50), at(5000)], [0, 0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn key_frames_are_found_on_either_side() {
        let table = table(&[(0, true), (40, false), (80, false), (120, true), (160, false)]);
        assert_eq!(table.key_at_or_before(FrameIndex(2)), FrameIndex(0));
        assert_eq!(table.key_at_or_before(FrameIndex(3)), FrameIndex(3));
        assert_eq!(table.next_key_after(FrameIndex(0)), Some(FrameIndex(3)));
        assert_eq!(table.next_key_after(FrameIndex(3)), None);
        assert_eq!(table.previous_key_before(FrameIndex(3)), Some(FrameIndex(0)));
        assert_eq!(table.previous_key_before(FrameIndex(0)), None);
    }

    #[test]
    fn a_table_without_frames_answers_without_panicking() {
        let table = table(&[]);
        assert_eq!(table.at_or_before(MediaTime::ZERO), FrameIndex(0));
        assert_eq!(table.key_at_or_before(FrameIndex(7)), FrameIndex(0));
        assert_eq!(table.range().duration(), MediaTime::ZERO);
    }
}
