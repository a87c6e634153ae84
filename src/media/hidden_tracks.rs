//! An MP4 or MOV with some of its tracks hidden from FFmpeg.
//!
//! FFmpeg lists every sample of every track while it opens such a file: ten hours of picture and sound are 98 MB for
//! each reader. A reader wants one kind of track, so the others are shown to it as free space (ISO/IEC 14496-12, 8.1.2).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::error::StreamKind;
use super::outline::{self, Track};
use avar_base::job::CancelToken;

/// Which tracks of a file are left out.
pub(super) struct HiddenTracks {
    /// All tracks, in the order of the file.
    tracks: Vec<Track>,
    kept: StreamKind,
}

impl HiddenTracks {
    /// Hides what is sound from a reader of pictures, and the other way round; `None` where that hides nothing or all,
    /// and in a fragmented file, whose index comes in pieces.
    pub(super) fn all_but(kept: StreamKind, path: &Path) -> Option<Self> {
        let hidden = Self { tracks: outline::tracks(path)?, kept };
        (1..hidden.tracks.len()).contains(&hidden.kept_len()).then_some(hidden)
    }

    /// The number that the track `index` of the file has among those that are left; `None` where it is not.
    pub(super) fn index_among_kept(&self, index: usize) -> Option<usize> {
        let kept = self.tracks.get(index).is_some_and(|track| !self.hides(track));
        kept.then(|| self.tracks[..index].iter().filter(|track| !self.hides(track)).count())
    }

    /// What is left.
    pub(super) fn kept(&self) -> StreamKind {
        self.kept
    }

    /// How many tracks are left.
    pub(super) fn kept_len(&self) -> usize {
        self.tracks.len() - self.offsets().count()
    }

    /// The file as it looks without what is hidden.
    pub(super) fn open(&self, path: &Path, cancel: &CancelToken) -> io::Result<MaskedFile> {
        Ok(MaskedFile::new(File::open(path)?, self.offsets().collect(), cancel))
    }

    fn hides(&self, track: &Track) -> bool {
        track.kind.is_some_and(|kind| kind != self.kept)
    }

    fn offsets(&self) -> impl Iterator<Item = u64> {
        self.tracks.iter().filter(|track| self.hides(track)).map(|track| track.kind_at)
    }
}

/// A file that reads `free` at some places, until it is cancelled.
pub(super) struct MaskedFile {
    file: File,
    at: u64,
    freed: Vec<u64>,
    cancel: CancelToken,
}

impl MaskedFile {
    /// `file` with the word `free` at each of the places `freed`.
    pub(super) fn new(file: File, freed: Vec<u64>, cancel: &CancelToken) -> Self {
        Self { file, at: 0, freed, cancel: cancel.clone() }
    }

    /// In bytes.
    pub(super) fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

impl Read for MaskedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.cancel.check().map_err(io::Error::other)?;
        let len = self.file.read(buffer)?;
        for start in &self.freed {
            for (byte, shown) in (*start..).zip(b"free") {
                if (self.at..self.at + len as u64).contains(&byte) {
                    buffer[(byte - self.at) as usize] = *shown;
                }
            }
        }
        self.at += len as u64;
        Ok(len)
    }
}

impl Seek for MaskedFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(position)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], inside: &[u8]) -> Vec<u8> {
        [&(inside.len() as u32 + 8).to_be_bytes(), kind, inside].concat()
    }

    fn track(handler: &[u8]) -> Vec<u8> {
        boxed(b"trak", &boxed(b"mdia", &boxed(b"hdlr", &[&[0; 8], handler, &[0; 12]].concat())))
    }

    fn file_of(inside_moov: &[Vec<u8>]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ftyp = boxed(b"ftyp", b"isom\0\0\0\0");
        std::fs::write(file.path(), [ftyp, boxed(b"moov", &inside_moov.concat())].concat()).unwrap();
        file
    }

    #[test]
    fn only_the_tracks_of_the_other_kind_read_as_free_space() {
        let tracks = [track(b"soun"), track(b"vide"), track(b"text"), track(b"soun")];
        let file = file_of(&tracks);
        let hidden = HiddenTracks::all_but(StreamKind::Picture, file.path()).unwrap();
        let mut shown = Vec::new();
        hidden.open(file.path(), &CancelToken::default()).unwrap().read_to_end(&mut shown).unwrap();
        let freed = |mut bytes: Vec<u8>| {
            bytes[4..8].copy_from_slice(b"free");
            bytes
        };
        let wanted = [freed(tracks[0].clone()), tracks[1].clone(), tracks[2].clone(), freed(tracks[3].clone())];
        assert_eq!(shown, std::fs::read(file_of(&wanted).path()).unwrap());
        assert_eq!(hidden.kept_len(), 2);
        assert_eq!([0, 1, 2, 3, 4].map(|index| hidden.index_among_kept(index)), [None, Some(0), Some(1), None, None]);
    }

    #[test]
    fn a_read_that_begins_inside_a_hidden_name_shows_its_rest() {
        let file = file_of(&[track(b"vide"), track(b"soun")]);
        let hidden = HiddenTracks::all_but(StreamKind::Sound, file.path()).unwrap();
        let name_at = hidden.offsets().next().unwrap();
        let cancel = CancelToken::default();
        let mut masked = hidden.open(file.path(), &cancel).unwrap();
        masked.seek(SeekFrom::Start(name_at + 2)).unwrap();
        let mut rest = [0; 2];
        masked.read_exact(&mut rest).unwrap();
        assert_eq!(&rest, b"ee");
        cancel.cancel();
        assert!(masked.read(&mut rest).is_err());
    }

    #[test]
    fn nothing_is_hidden_in_a_fragmented_file_or_where_there_is_one_kind() {
        let of = |inside: &[Vec<u8>]| HiddenTracks::all_but(StreamKind::Picture, file_of(inside).path()).is_some();
        assert!(of(&[track(b"vide"), track(b"soun")]));
        assert!(!of(&[track(b"vide"), track(b"soun"), boxed(b"mvex", &[])]));
        assert!(!of(&[track(b"vide"), track(b"vide")]));
        assert!(!of(&[track(b"soun")]), "nothing would be left");
    }
}
