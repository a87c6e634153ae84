//! What a file's outermost structure tells without FFmpeg: that it ends too early, or is encrypted.
//!
//! MP4/MOV (ISO/IEC 14496-12) is a row of boxes, AVI and WAV one RIFF chunk, Matroska one segment: each
//! states its own size, so a file cut short is known without decoding it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::error::StreamKind;

/// What the outermost structure promises beyond the end of the file, in bytes; 0 for a whole file.
pub(super) fn missing_bytes(path: &Path) -> u64 {
    outline(path).map_or(0, |outline| outline.promised_end.saturating_sub(outline.file_len))
}

/// Whether this is an MP4 or MOV file without the index that nothing can be decoded without.
pub(super) fn lacks_moov(path: &Path) -> bool {
    outline(path).is_some_and(|outline| outline.is_mp4 && outline.moov.is_none())
}

/// Which streams of an MP4 are encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Encrypted {
    pub(super) picture: bool,
    pub(super) sound: bool,
}

/// Looks for the sample entries `encv` and `enca` (ISO/IEC 23001-7), which FFmpeg either refuses with the
/// whole file or hides behind the name of the codec inside.
pub(super) fn encrypted(path: &Path) -> Encrypted {
    let mut found = Encrypted::default();
    visit_index(path, &mut |_, kind| match kind {
        b"trak" | b"mdia" | b"minf" | b"stbl" => Some(0),
        // Version, flags and the number of entries come before the entries.
        b"stsd" => Some(8),
        b"encv" | b"enca" => {
            found.picture |= kind == b"encv";
            found.sound |= kind == b"enca";
            None
        }
        _ => None,
    });
    found
}

/// Whether this is a fragmented MP4 with a track that says no number of its own. FFmpeg loses the count of the fragments
/// then, and searches a thousand million places at each, without listening to a request to stop.
pub(super) fn has_unnumbered_track_in_fragments(path: &Path) -> bool {
    if !outline(path).is_some_and(|outline| outline.has_fragments) {
        return false;
    }
    let (mut tracks, mut numbered) = (0, 0);
    visit_index(path, &mut |file, kind| {
        tracks += usize::from(kind == b"trak");
        numbered += usize::from(kind == b"tkhd" && track_number(file).is_some());
        (kind == b"trak").then_some(0)
    });
    numbered < tracks
}

/// A track of an MP4.
pub(super) struct Track {
    /// Where in the file its box is named.
    pub(super) kind_at: u64,
    /// What its handler says it holds; `None` for what is neither picture nor sound.
    pub(super) kind: Option<StreamKind>,
}

/// The tracks of an MP4 or MOV whose index is in one piece, in the order of the file.
pub(super) fn tracks(path: &Path) -> Option<Vec<Track>> {
    if outline(path)?.has_fragments {
        return None;
    }
    let (mut tracks, mut is_whole) = (Vec::new(), true);
    visit_index(path, &mut |file, kind| match kind {
        b"trak" => {
            let kind_at = file.stream_position().map(|inside| inside - 4);
            is_whole &= kind_at.is_ok();
            tracks.push(Track { kind_at: kind_at.unwrap_or(0), kind: None });
            Some(0)
        }
        b"mdia" => Some(0),
        b"hdlr" => {
            if let Some(track) = tracks.last_mut() {
                track.kind = track.kind.or_else(|| handled_kind(file));
            }
            None
        }
        b"mvex" => {
            is_whole = false;
            None
        }
        _ => None,
    });
    is_whole.then_some(tracks)
}

/// Reads a handler behind its header (ISO/IEC 14496-12, 8.4.3).
fn handled_kind(file: &mut File) -> Option<StreamKind> {
    let mut head = [0_u8; 12];
    file.read_exact(&mut head).ok()?;
    match &head[8..] {
        b"vide" => Some(StreamKind::Picture),
        b"soun" => Some(StreamKind::Sound),
        _ => None,
    }
}

/// Reads a track header behind its header (ISO/IEC 14496-12, 8.3.2); `None` where the number is none.
fn track_number(file: &mut File) -> Option<u32> {
    let mut head = [0_u8; 24];
    file.read_exact(&mut head).ok()?;
    // Version and flags, then two times, of twice the size in version 1.
    let at = if head[0] == 1 { 20 } else { 12 };
    let number = u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    (1..=i32::MAX as u32).contains(&number).then_some(number)
}

/// Whether an MP4 or MOV moves times by an edit list: one that does more than show a track from its beginning.
pub(super) fn has_edit_list(path: &Path) -> bool {
    let mut has_edits = false;
    visit_index(path, &mut |file, kind| {
        has_edits |= kind == b"elst" && edits_move_times(file).unwrap_or(false);
        matches!(kind, b"trak" | b"edts").then_some(0)
    });
    has_edits
}

/// Reads an edit list behind its header (ISO/IEC 14496-12, 8.6.6).
fn edits_move_times(file: &mut File) -> Option<bool> {
    let mut head = [0_u8; 8];
    file.read_exact(&mut head).ok()?;
    let count = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
    // Duration, then the time in the media at which the edit begins; of twice the size in version 1.
    let (skipped, size) = if head[0] == 1 { (8, 8) } else { (4, 4) };
    let mut entry = [0_u8; 16];
    file.read_exact(&mut entry[..skipped + size]).ok()?;
    let begins_later = entry[skipped..skipped + size].iter().any(|byte| *byte != 0);
    Some(count > 1 || (count == 1 && begins_later))
}

/// moov, trak, mdia, minf, stbl, stsd and its entries.
const INDEX_DEPTH: usize = 6;
const CHILDREN_LOOKED_AT: usize = 1000;

/// Is shown each box: the file, standing behind the box's header, and its kind. Answers how many bytes lie between
/// the header and the boxes inside; `None` where those are not to be visited.
type Visit<'a> = &'a mut dyn FnMut(&mut File, &[u8; 4]) -> Option<u64>;

/// Shows the boxes of an MP4's index to `visit`; none where there is no index.
fn visit_index(path: &Path, visit: Visit) {
    if let Some((start, len)) = outline(path).and_then(|outline| outline.moov)
        && let Ok(mut file) = File::open(path)
    {
        visit_boxes(&mut file, start + 8, start + len, visit, INDEX_DEPTH);
    }
}

fn visit_boxes(file: &mut File, start: u64, end: u64, visit: Visit, depth: usize) {
    let mut at = start;
    for _ in 0..CHILDREN_LOOKED_AT {
        let mut header = [0_u8; 8];
        if at + 8 > end || file.seek(SeekFrom::Start(at)).is_err() || file.read_exact(&mut header).is_err() {
            return;
        }
        let [a, b, c, d, kind @ ..] = header;
        let size = u64::from(u32::from_be_bytes([a, b, c, d]));
        if let Some(skipped) = visit(file, &kind)
            && depth > 0
        {
            visit_boxes(file, at + 8 + skipped, at + size, visit, depth - 1);
        }
        if size < 8 {
            return;
        }
        at += size;
    }
}

struct Outline {
    is_mp4: bool,
    /// Where the index is, and its length.
    moov: Option<(u64, u64)>,
    promised_end: u64,
    file_len: u64,
    has_fragments: bool,
}

/// More boxes than this at the top level is no sane file; fragmented recordings have two per fragment.
const BOXES_LOOKED_AT: usize = 100_000;

/// `None` where the file is of none of these kinds, or cannot be read.
fn outline(path: &Path) -> Option<Outline> {
    let mut file = File::open(path).ok()?;
    let file_len = file.metadata().ok()?.len();
    let mut head = [0_u8; 12];
    file.read_exact(&mut head).ok()?;
    let plain =
        |promised_end| Some(Outline { is_mp4: false, moov: None, promised_end, file_len, has_fragments: false });
    if &head[..4] == b"RIFF" {
        let size = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
        // A recorder that streams writes 0 or all ones here: that promises nothing.
        return plain(if size == 0 || size >= 0xffff_ff00 { 0 } else { 8 + size });
    }
    if head[..4] == [0x1a, 0x45, 0xdf, 0xa3] {
        return plain(matroska_segment_end(&mut file)?);
    }
    if matches!(&head[4..8], b"ftyp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"styp" | b"pnot") {
        return boxes(&mut file, file_len);
    }
    None
}

fn boxes(file: &mut File, file_len: u64) -> Option<Outline> {
    let mut outline = Outline { is_mp4: true, moov: None, promised_end: 0, file_len, has_fragments: false };
    let mut start = 0_u64;
    for _ in 0..BOXES_LOOKED_AT {
        file.seek(SeekFrom::Start(start)).ok()?;
        let mut header = [0_u8; 16];
        if file.read_exact(&mut header[..8]).is_err() {
            break;
        }
        let kind = &header[4..8];
        // What follows the boxes of a file is often padding or a camera maker's own trailer.
        if !kind.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte == 0xa9) {
            break;
        }
        let mut size = u64::from(u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
        let is_moov = kind == b"moov";
        let is_mdat = kind == b"mdat";
        outline.has_fragments |= kind == b"moof";
        if size == 1 {
            let Ok(()) = file.read_exact(&mut header[8..]) else { break };
            size = u64::from_be_bytes([
                header[8], header[9], header[10], header[11], header[12], header[13], header[14], header[15],
            ]);
        }
        // 0 means "up to the end of the file"; other sizes below the header's own are damage.
        if size < 8 {
            break;
        }
        let end = start.checked_add(size)?;
        if is_moov && end <= file_len {
            outline.moov = Some((start, size));
        }
        start = end;
        if is_mdat || is_moov || start <= file_len {
            outline.promised_end = start;
        }
        if start >= file_len {
            break;
        }
    }
    Some(outline)
}

/// The byte where the Matroska segment says that it ends; 0 where it leaves its size open.
fn matroska_segment_end(file: &mut File) -> Option<u64> {
    file.seek(SeekFrom::Start(4)).ok()?;
    let header_size = ebml_size(file)?.unwrap_or(0);
    file.seek(SeekFrom::Current(i64::try_from(header_size).ok()?)).ok()?;
    let mut id = [0_u8; 4];
    file.read_exact(&mut id).ok()?;
    if id != [0x18, 0x53, 0x80, 0x67] {
        return Some(0);
    }
    let size = ebml_size(file)?;
    let start = file.stream_position().ok()?;
    Some(size.map_or(0, |size| start.saturating_add(size)))
}

/// An EBML variable-length size (RFC 8794, section 6); the inner `None` is "unknown".
fn ebml_size(file: &mut File) -> Option<Option<u64>> {
    let mut first = [0_u8];
    file.read_exact(&mut first).ok()?;
    let length = first[0].leading_zeros() as usize;
    if length > 7 {
        return None;
    }
    let mut rest = [0_u8; 7];
    file.read_exact(&mut rest[..length]).ok()?;
    let marker_removed = u64::from(first[0]) & (0x7f >> length);
    let size = rest[..length].iter().fold(marker_removed, |size, byte| size << 8 | u64::from(*byte));
    let unknown = (1_u64 << (7 * (length + 1))) - 1;
    Some((size != unknown).then_some(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_of(parts: &[&[u8]]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), parts.concat()).unwrap();
        file
    }

    const FTYP: &[u8] = b"\0\0\0\x10ftypisom\0\0\0\0";

    #[test]
    fn a_media_box_that_reaches_past_the_end_counts_what_is_missing() {
        let file = file_of(&[FTYP, b"\0\0\0\x08moov", b"\0\0\0\x20mdat", &[0; 10]]);
        assert_eq!(missing_bytes(file.path()), 14);
        assert!(!lacks_moov(file.path()));
    }

    #[test]
    fn an_mp4_without_its_index_is_recognised() {
        let file = file_of(&[FTYP, b"\0\0\0\x20mdat", &[0; 24]]);
        assert!(lacks_moov(file.path()));
        assert_eq!(missing_bytes(file.path()), 0);
    }

    #[test]
    fn an_encrypted_sample_entry_is_found_in_the_index() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let moov = |entry: &[u8]| {
            let stsd = boxed(b"stsd", &[&[0; 8], &boxed(entry, &[0; 20])[..]].concat());
            let parents: [&[u8]; 5] = [b"stbl", b"minf", b"mdia", b"trak", b"moov"];
            parents.iter().fold(stsd, |inside, kind| boxed(kind, &inside))
        };
        let of = |entry: &[u8]| encrypted(file_of(&[FTYP, &moov(entry)]).path());
        assert_eq!(of(b"encv"), Encrypted { picture: true, sound: false });
        assert_eq!(of(b"enca"), Encrypted { picture: false, sound: true });
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
        let of = |entries: &[[u32; 3]]| has_edit_list(file_of(&[FTYP, &moov(entries)]).path());
        assert!(!of(&[[1000, 0, 0x10000]]));
        assert!(of(&[[1000, 512, 0x10000]]));
        assert!(of(&[[40, u32::MAX, 0x10000], [1000, 0, 0x10000]]));
        assert!(!has_edit_list(file_of(&[FTYP, &boxed(b"moov", &boxed(b"trak", &[]))]).path()));
    }

    #[test]
    fn a_track_without_a_number_counts_only_among_fragments() {
        let boxed = |kind: &[u8], inside: &[u8]| [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat();
        let header = |kind: &[u8], number: u32| boxed(kind, &[&[0; 12][..], &number.to_be_bytes(), &[0; 60]].concat());
        let of = |tracks: &[Vec<u8>], last: &[u8]| {
            let tracks: Vec<u8> = tracks.iter().flat_map(|track| boxed(b"trak", track)).collect();
            has_unnumbered_track_in_fragments(file_of(&[FTYP, &boxed(b"moov", &tracks), &boxed(last, &[0; 8])]).path())
        };
        assert!(!of(&[header(b"tkhd", 1), header(b"tkhd", 2)], b"moof"));
        assert!(of(&[header(b"tkhd", 1), header(b"pkhd", 2)], b"moof"));
        assert!(of(&[header(b"tkhd", u32::MAX)], b"moof"));
        assert!(!of(&[header(b"pkhd", 1)], b"free"));
    }

    #[test]
    fn a_text_file_promises_nothing() {
        let file = file_of(&[b"only some words in a file"]);
        assert!(!lacks_moov(file.path()));
        assert_eq!(missing_bytes(file.path()), 0);
    }

    #[test]
    fn a_matroska_segment_of_unknown_size_promises_nothing() {
        let head: &[u8] = &[0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67];
        assert_eq!(missing_bytes(file_of(&[head, &[0x01, 255, 255, 255, 255, 255, 255, 255]]).path()), 0);
        assert_eq!(missing_bytes(file_of(&[head, &[0x90], &[0; 6]]).path()), 10);
    }
}
