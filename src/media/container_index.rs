//! What a file's structure tells without FFmpeg: that it ends too early, or is encrypted, and which tracks it has.
//!
//! MP4/MOV (ISO/IEC 14496-12) is a row of boxes, AVI and WAV one RIFF chunk, Matroska one segment: each
//! states its own size, so a file cut short is known without decoding it.

use std::fs::File;
use std::ops::Range;

use super::error::StreamKind;
use super::regular_file::bytes_at;

/// The structure of one file; of a file of another kind nothing but its length.
#[derive(Debug, Default)]
pub(super) struct ContainerIndex {
    is_mp4: bool,
    has_fragments: bool,
    /// Where the outermost structure says that it ends; 0 where it promises nothing.
    promised_end: u64,
    file_len: u64,
    /// Of an MP4 or MOV.
    index: Option<Index>,
}

/// What the box `moov` holds.
#[derive(Debug, Default)]
struct Index {
    /// In the order of the file.
    tracks: Vec<Track>,
    /// It says that fragments go on with it.
    is_extended: bool,
}

/// A track of an MP4.
#[derive(Debug)]
pub(super) struct Track {
    /// Where in the file its box is named.
    pub(super) kind_at: u64,
    /// What its handler says it holds; `None` for what is neither picture nor sound.
    pub(super) kind: Option<StreamKind>,
    has_number: bool,
    /// An edit list moves its times.
    is_edited: bool,
    encrypted: Encrypted,
}

/// Which streams of an MP4 are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Encrypted {
    pub(super) picture: bool,
    pub(super) audio: bool,
}

impl ContainerIndex {
    pub(super) fn of(file: &File) -> Self {
        let file_len = file.metadata().map_or(0, |file| file.len());
        let plain = |promised_end| Self { promised_end, file_len, ..Self::default() };
        let Some(head) = bytes_at::<12>(file, 0) else { return plain(0) };
        if &head[..4] == b"RIFF" {
            let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
            // A recorder that streams writes 0 or all ones here: that promises nothing.
            return plain(if size == 0 || size >= 0xffff_ff00 { 0 } else { 8 + size });
        }
        if head[..4] == [0x1a, 0x45, 0xdf, 0xa3] {
            return plain(matroska_segment_end(file).unwrap_or(0));
        }
        if matches!(&head[4..8], b"ftyp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"styp" | b"pnot") {
            return Self::of_boxes(file, file_len).unwrap_or_else(|| plain(0));
        }
        plain(0)
    }

    /// What the outermost structure promises beyond the end of the file, in bytes; 0 for a whole file.
    pub(super) fn missing_bytes(&self) -> u64 {
        self.promised_end.saturating_sub(self.file_len)
    }

    /// Whether this is an MP4 or MOV file without the index that nothing can be decoded without.
    pub(super) fn lacks_moov(&self) -> bool {
        self.is_mp4 && self.index.is_none()
    }

    /// By the sample entries `encv` and `enca` (ISO/IEC 23001-7), with which FFmpeg either refuses the whole file or
    /// hides them behind the name of the codec inside.
    pub(super) fn encrypted(&self) -> Encrypted {
        self.all_tracks().iter().fold(Encrypted::default(), |found, track| Encrypted {
            picture: found.picture || track.encrypted.picture,
            audio: found.audio || track.encrypted.audio,
        })
    }

    /// Whether this is a fragmented MP4 with a track that says no number of its own. FFmpeg loses the count of the
    /// fragments then, and searches a thousand million places at each, without listening to a request to stop.
    pub(super) fn has_unnumbered_track_in_fragments(&self) -> bool {
        self.has_fragments && self.all_tracks().iter().any(|track| !track.has_number)
    }

    /// The tracks of an MP4 or MOV whose index is in one piece, in the order of the file; none of any other file.
    pub(super) fn tracks(&self) -> &[Track] {
        let is_in_pieces = self.has_fragments || self.index.as_ref().is_some_and(|index| index.is_extended);
        if is_in_pieces { &[] } else { self.all_tracks() }
    }

    /// Whether an MP4 or MOV moves times by an edit list: one that does more than show a track from its beginning.
    pub(super) fn has_edit_list(&self) -> bool {
        self.all_tracks().iter().any(|track| track.is_edited)
    }

    fn all_tracks(&self) -> &[Track] {
        self.index.as_ref().map_or(&[], |index| &index.tracks)
    }

    /// `None` where a box ends beyond all numbers.
    fn of_boxes(file: &File, file_len: u64) -> Option<Self> {
        let mut container_index = Self { is_mp4: true, file_len, ..Self::default() };
        let mut moov = None;
        let mut start = 0_u64;
        for _ in 0..BOXES_LOOKED_AT {
            let Some(header) = BoxHeader::at(file, start) else { break };
            // What follows the boxes of a file is often padding or a camera maker's own trailer.
            if !header.kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte == 0xa9) {
                break;
            }
            let is_moov = &header.kind == b"moov";
            let is_mdat = &header.kind == b"mdat";
            container_index.has_fragments |= &header.kind == b"moof";
            if header.size < header.len {
                break;
            }
            let end = start.checked_add(header.size)?;
            if is_moov && end <= file_len {
                moov = Some(start + header.len..end);
            }
            start = end;
            if is_mdat || is_moov || start <= file_len {
                container_index.promised_end = start;
            }
            if start >= file_len {
                break;
            }
        }
        container_index.index = moov.map(|moov| Walk { file, boxes_left: BOXES_LOOKED_AT }.index(moov));
        Some(container_index)
    }
}

/// More boxes than this at the top level, or in the index, has no sane file; fragmented recordings have two per fragment.
const BOXES_LOOKED_AT: usize = 100_000;

/// A walk over the boxes of an index.
struct Walk<'a> {
    file: &'a File,
    boxes_left: usize,
}

/// A box and what is in it, both as places in the file.
struct InnerBox {
    kind: [u8; 4],
    at: u64,
    inside: Range<u64>,
}

impl Walk<'_> {
    fn index(&mut self, moov: Range<u64>) -> Index {
        let mut index = Index::default();
        for found in self.boxes(moov) {
            match &found.kind {
                b"trak" => index.tracks.push(self.track(found)),
                b"mvex" => index.is_extended = true,
                _ => {}
            }
        }
        index
    }

    fn track(&mut self, trak: InnerBox) -> Track {
        let mut track = Track {
            kind_at: trak.at + 4,
            kind: None,
            has_number: false,
            is_edited: false,
            encrypted: Encrypted::default(),
        };
        for found in self.boxes(trak.inside) {
            match &found.kind {
                b"tkhd" => track.has_number |= track_number(self.file, found.inside.start).is_some(),
                b"edts" => track.is_edited |= self.moves_times(found),
                b"mdia" => self.add_media(found, &mut track),
                _ => {}
            }
        }
        track
    }

    fn moves_times(&mut self, edts: InnerBox) -> bool {
        self.named(b"elst", edts.inside)
            .iter()
            .any(|elst| edits_move_times(self.file, elst.inside.start).unwrap_or(false))
    }

    fn add_media(&mut self, mdia: InnerBox, track: &mut Track) {
        for found in self.boxes(mdia.inside) {
            match &found.kind {
                b"hdlr" => track.kind = track.kind.or_else(|| handled_kind(self.file, found.inside.start)),
                b"minf" => self.add_encryption(found, track),
                _ => {}
            }
        }
    }

    fn add_encryption(&mut self, minf: InnerBox, track: &mut Track) {
        for stbl in self.named(b"stbl", minf.inside) {
            for stsd in self.named(b"stsd", stbl.inside) {
                // Version, flags and the number of entries come before the entries.
                for entry in self.boxes(stsd.inside.start + 8..stsd.inside.end) {
                    track.encrypted.picture |= &entry.kind == b"encv";
                    track.encrypted.audio |= &entry.kind == b"enca";
                }
            }
        }
    }

    fn named(&mut self, kind: &[u8; 4], range: Range<u64>) -> Vec<InnerBox> {
        let mut found = self.boxes(range);
        found.retain(|found| &found.kind == kind);
        found
    }

    /// The boxes that lie side by side in `range`.
    fn boxes(&mut self, range: Range<u64>) -> Vec<InnerBox> {
        let mut found = Vec::new();
        let mut at = range.start;
        while at.saturating_add(8) <= range.end && self.boxes_left > 0 {
            let Some(header) = BoxHeader::at(self.file, at) else { break };
            self.boxes_left -= 1;
            let end = if header.size == 0 { range.end } else { at.saturating_add(header.size) };
            if end < at + header.len {
                break;
            }
            found.push(InnerBox { kind: header.kind, at, inside: at + header.len..end });
            at = end;
        }
        found
    }
}

/// How a box begins (ISO/IEC 14496-12, 4.2).
struct BoxHeader {
    kind: [u8; 4],
    /// Of the whole box; 0 means "up to the end", and what is below `len` is damage.
    size: u64,
    /// Of the header.
    len: u64,
}

impl BoxHeader {
    fn at(file: &File, place: u64) -> Option<Self> {
        let [a, b, c, d, kind @ ..] = bytes_at::<8>(file, place)?;
        match u32::from_be_bytes([a, b, c, d]) {
            1 => Some(Self { kind, size: u64::from_be_bytes(bytes_at(file, place.checked_add(8)?)?), len: 16 }),
            size => Some(Self { kind, size: size.into(), len: 8 }),
        }
    }
}

/// Reads what is in a handler box (ISO/IEC 14496-12, 8.4.3).
fn handled_kind(file: &File, inside: u64) -> Option<StreamKind> {
    let head = bytes_at::<12>(file, inside)?;
    match &head[8..] {
        b"vide" => Some(StreamKind::Picture),
        b"soun" => Some(StreamKind::Audio),
        _ => None,
    }
}

/// Reads what is in a track header box (ISO/IEC 14496-12, 8.3.2); `None` where the number is none.
fn track_number(file: &File, inside: u64) -> Option<u32> {
    let head = bytes_at::<24>(file, inside)?;
    // Version and flags, then two times, of twice the size in version 1.
    let at = if head[0] == 1 { 20 } else { 12 };
    let number = u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    (1..=i32::MAX as u32).contains(&number).then_some(number)
}

/// Reads what is in an edit list box (ISO/IEC 14496-12, 8.6.6): whether it does more than show a track from its beginning.
fn edits_move_times(file: &File, inside: u64) -> Option<bool> {
    let head = bytes_at::<8>(file, inside)?;
    let count = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    // Duration, then the time in the media at which the edit begins; of twice the size in version 1.
    let begins_later = if head[0] == 1 {
        bytes_at::<16>(file, inside + 8)?[8..].iter().any(|byte| *byte != 0)
    } else {
        bytes_at::<8>(file, inside + 8)?[4..].iter().any(|byte| *byte != 0)
    };
    Some(count > 1 || (count == 1 && begins_later))
}

/// The byte where the Matroska segment says that it ends; 0 where it leaves its size open.
fn matroska_segment_end(file: &File) -> Option<u64> {
    let header = ebml_size(file, 4)?;
    let segment = header.end.checked_add(header.size.unwrap_or(0))?;
    if bytes_at(file, segment)? != [0x18, 0x53, 0x80, 0x67] {
        return Some(0);
    }
    let content = ebml_size(file, segment + 4)?;
    Some(content.size.map_or(0, |size| content.end.saturating_add(size)))
}

/// An EBML variable-length size (RFC 8794, section 6).
struct EbmlSize {
    /// `None` where it is "unknown".
    size: Option<u64>,
    /// The place behind it.
    end: u64,
}

fn ebml_size(file: &File, place: u64) -> Option<EbmlSize> {
    let [first] = bytes_at::<1>(file, place)?;
    let length = first.leading_zeros();
    if length > 7 {
        return None;
    }
    let mut size = u64::from(first) & (0x7f >> length);
    for offset in 1..=u64::from(length) {
        let [byte] = bytes_at::<1>(file, place + offset)?;
        size = size << 8 | u64::from(byte);
    }
    let unknown = (1_u64 << (7 * (length + 1))) - 1;
    Some(EbmlSize { size: Some(size).filter(|size| *size != unknown), end: place + 1 + u64::from(length) })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn outline_of(parts: &[&[u8]]) -> ContainerIndex {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&parts.concat()).unwrap();
        ContainerIndex::of(&file)
    }

    const FTYP: &[u8] = b"\0\0\0\x10ftypisom\0\0\0\0";

    #[test]
    fn a_media_box_that_reaches_past_the_end_counts_what_is_missing() {
        let container_index = outline_of(&[FTYP, b"\0\0\0\x08moov", b"\0\0\0\x20mdat", &[0; 10]]);
        assert_eq!(container_index.missing_bytes(), 14);
        assert!(!container_index.lacks_moov());
    }

    #[test]
    fn an_mp4_without_its_index_is_recognised() {
        let container_index = outline_of(&[FTYP, b"\0\0\0\x20mdat", &[0; 24]]);
        assert!(container_index.lacks_moov());
        assert_eq!(container_index.missing_bytes(), 0);
    }

    #[test]
    fn an_encrypted_sample_entry_is_found_in_the_index() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let moov = |entry: &[u8]| {
            let stsd = boxed(b"stsd", &[&[0; 8], &boxed(entry, &[0; 20])[..]].concat());
            let parents: [&[u8]; 5] = [b"stbl", b"minf", b"mdia", b"trak", b"moov"];
            parents.iter().fold(stsd, |inside, kind| boxed(kind, &inside))
        };
        let of = |entry: &[u8]| outline_of(&[FTYP, &moov(entry)]).encrypted();
        assert_eq!(of(b"encv"), Encrypted { picture: true, audio: false });
        assert_eq!(of(b"enca"), Encrypted { picture: false, audio: true });
        assert_eq!(of(b"avc1"), Encrypted::default());
    }

    #[test]
    fn an_edit_list_counts_only_where_it_moves_times() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let moov = |entries: &[[u32; 3]]| {
            let numbers = [0, entries.len() as u32].into_iter().chain(entries.iter().flatten().copied());
            let elst = boxed(b"elst", &numbers.flat_map(u32::to_be_bytes).collect::<Vec<u8>>());
            [b"edts", b"trak", b"moov"].iter().fold(elst, |inside, kind| boxed(*kind, &inside))
        };
        let of = |entries: &[[u32; 3]]| outline_of(&[FTYP, &moov(entries)]).has_edit_list();
        assert!(!of(&[[1000, 0, 0x10000]]));
        assert!(of(&[[1000, 512, 0x10000]]));
        assert!(of(&[[40, u32::MAX, 0x10000], [1000, 0, 0x10000]]));
        assert!(!outline_of(&[FTYP, &boxed(b"moov", &boxed(b"trak", &[]))]).has_edit_list());
    }

    #[test]
    fn a_track_without_a_number_counts_only_among_fragments() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let header = |kind: &[u8], number: u32| boxed(kind, &[&[0; 12][..], &number.to_be_bytes(), &[0; 60]].concat());
        let of = |tracks: &[Vec<u8>], last: &[u8]| {
            let tracks: Vec<u8> = tracks.iter().flat_map(|track| boxed(b"trak", track)).collect();
            let container_index = outline_of(&[FTYP, &boxed(b"moov", &tracks), &boxed(last, &[0; 8])]);
            container_index.has_unnumbered_track_in_fragments()
        };
        assert!(!of(&[header(b"tkhd", 1), header(b"tkhd", 2)], b"moof"));
        assert!(of(&[header(b"tkhd", 1), header(b"pkhd", 2)], b"moof"));
        assert!(of(&[header(b"tkhd", u32::MAX)], b"moof"));
        assert!(!of(&[header(b"pkhd", 1)], b"free"));
    }

    #[test]
    fn boxes_of_64_bits_and_boxes_to_the_end_are_read_as_any_other() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let handler = boxed(b"hdlr", &[&[0; 8][..], b"vide", &[0; 12]].concat());
        let media = [&[0; 4], &b"mdia"[..], &handler].concat();
        let track = [&[0, 0, 0, 1][..], b"trak", &(16 + media.len() as u64).to_be_bytes(), &media].concat();
        let moov = [&[0, 0, 0, 1][..], b"moov", &(16 + track.len() as u64).to_be_bytes(), &track].concat();
        let container_index = outline_of(&[FTYP, &moov]);
        let [track] = container_index.tracks() else { panic!("{:?}", container_index.tracks()) };
        assert_eq!((track.kind, track.kind_at), (Some(StreamKind::Picture), 16 + 16 + 4));
    }

    #[test]
    fn an_index_of_nothing_but_boxes_ends_soon() {
        // Each of them is a track, and in each of those are as many more as fit.
        let many = b"\0\0\0\x08trak".repeat(300_000);
        let moov = [&(many.len() as u32 + 8).to_be_bytes()[..], b"moov", &many].concat();
        assert!(outline_of(&[FTYP, &moov]).tracks().len() <= BOXES_LOOKED_AT);
    }

    #[test]
    fn a_text_file_promises_nothing() {
        let container_index = outline_of(&[b"only some words in a file"]);
        assert!(!container_index.lacks_moov() && container_index.tracks().is_empty());
        assert_eq!(container_index.missing_bytes(), 0);
    }

    #[test]
    fn a_matroska_segment_of_unknown_size_promises_nothing() {
        let head: &[u8] = &[0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67];
        assert_eq!(outline_of(&[head, &[0x01, 255, 255, 255, 255, 255, 255, 255]]).missing_bytes(), 0);
        assert_eq!(outline_of(&[head, &[0x90], &[0; 6]]).missing_bytes(), 10);
    }
}
