//! An MP4 or MOV with some of its tracks hidden from FFmpeg.
//!
//! FFmpeg lists every sample of every track while it opens such a file: ten hours of picture and sound are 98 MB for
//! each reader. A reader wants one kind of track, so the others are shown to it as free space (ISO/IEC 14496-12, 8.1.2).

use super::container_index::{ContainerIndex, Track};
use super::error::StreamKind;

/// Which tracks of a file are left out.
pub(super) struct HiddenTracks {
    /// Of each track in the file, in its order: where its box is named, if it is hidden.
    hidden_at: Vec<Option<u64>>,
    kept: StreamKind,
}

impl HiddenTracks {
    /// Hides what is sound from a reader of pictures, and the other way round; `None` where that hides nothing or all,
    /// and in a fragmented file, whose index comes in pieces.
    pub(super) fn all_but(kept: StreamKind, container_index: &ContainerIndex) -> Option<Self> {
        let is_hidden = |track: &Track| track.kind.is_some_and(|kind| kind != kept);
        let hidden_at = |track: &Track| is_hidden(track).then_some(track.kind_at);
        let hidden = Self { hidden_at: container_index.tracks().iter().map(hidden_at).collect(), kept };
        (1..hidden.hidden_at.len()).contains(&hidden.kept_len()).then_some(hidden)
    }

    /// The number that the track `index` of the file has among those that are left; `None` where it is not.
    pub(super) fn index_among_kept(&self, index: usize) -> Option<usize> {
        let is_kept = self.hidden_at.get(index).is_some_and(Option::is_none);
        is_kept.then(|| self.hidden_at[..index].iter().filter(|hidden| hidden.is_none()).count())
    }

    /// What is left.
    pub(super) fn kept(&self) -> StreamKind {
        self.kept
    }

    /// How many tracks are left.
    pub(super) fn kept_len(&self) -> usize {
        self.hidden_at.iter().filter(|hidden| hidden.is_none()).count()
    }

    /// The places in the file where the word `free` is to be read instead of what is there.
    pub(super) fn freed(&self) -> Vec<u64> {
        self.hidden_at.iter().copied().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn boxed(kind: &[u8], inside: &[u8]) -> Vec<u8> {
        [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat()
    }

    fn track(handler: &[u8]) -> Vec<u8> {
        boxed(b"trak", &boxed(b"mdia", &boxed(b"hdlr", &[&[0; 8], handler, &[0; 12]].concat())))
    }

    fn file_of(inside_moov: &[Vec<u8>]) -> Vec<u8> {
        [boxed(b"ftyp", b"isom\0\0\0\0"), boxed(b"moov", &inside_moov.concat())].concat()
    }

    fn all_but(kept: StreamKind, file: &[u8]) -> Option<HiddenTracks> {
        let mut opened = tempfile::tempfile().unwrap();
        opened.write_all(file).unwrap();
        HiddenTracks::all_but(kept, &ContainerIndex::of(&opened))
    }

    #[test]
    fn only_the_tracks_of_the_other_kind_read_as_free_space() {
        let tracks = [track(b"soun"), track(b"vide"), track(b"text"), track(b"soun")];
        let mut shown = file_of(&tracks);
        let hidden = all_but(StreamKind::Picture, &shown).unwrap();
        for place in hidden.freed() {
            shown[place as usize..][..4].copy_from_slice(b"free");
        }
        let freed = |mut bytes: Vec<u8>| {
            bytes[4..8].copy_from_slice(b"free");
            bytes
        };
        let wanted = [freed(tracks[0].clone()), tracks[1].clone(), tracks[2].clone(), freed(tracks[3].clone())];
        assert_eq!(shown, file_of(&wanted));
        assert_eq!(hidden.kept_len(), 2);
        assert_eq!([0, 1, 2, 3, 4].map(|index| hidden.index_among_kept(index)), [None, Some(0), Some(1), None, None]);
    }

    #[test]
    fn nothing_is_hidden_in_a_fragmented_file_or_where_there_is_one_kind() {
        let of = |inside: &[Vec<u8>]| all_but(StreamKind::Picture, &file_of(inside)).is_some();
        assert!(of(&[track(b"vide"), track(b"soun")]));
        assert!(!of(&[track(b"vide"), track(b"soun"), boxed(b"mvex", &[])]));
        assert!(!of(&[track(b"vide"), track(b"vide")]));
        assert!(!of(&[track(b"soun")]), "nothing would be left");
    }
}
