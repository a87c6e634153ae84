//! A zip file of one form: every byte of it follows from the names and the contents of its entries.
//!
//! Entries are stored and not compressed, one behind the other, under one fixed date; behind them stand the central
//! directory and the end record, whose comment is the SHA-256 of the last entry (PKWARE's APPNOTE 6.3.10, sections 4.3.7,
//! 4.3.12 and 4.3.16). So a reader need not trust a single field: it makes the file anew of what it has read and compares
//! the bytes. No library packs these files, for a newer one might pack them otherwise, and what was written before would
//! no longer be what is made anew. Other programs unpack them as any zip file.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom, Write};

use avar_base::files::hexadecimal;
use avar_base::job::{CancelToken, Cancelled};
use sha2::{Digest, Sha256};

/// What the comment of the end record begins with.
const COMMENT: &str = "avar-bundle sha256 ";
const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// 1.0: stored entries and nothing else.
const VERSION_NEEDED: u16 = 10;
/// By a system with Unix permissions.
const VERSION_MADE_BY: u16 = (3 << 8) | VERSION_NEEDED;
/// 1 January 1980, the first day that zip files know.
const DATE: u16 = (1 << 5) | 1;
/// An ordinary file that everybody may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;
const LOCAL_BYTES: usize = 30;
/// Above these a zip file needs fields that this form does not have.
const MOST_BYTES: u64 = u32::MAX as u64 - 1;
const MOST_ENTRIES: usize = u16::MAX as usize - 1;
const MOST_NAME_BYTES: usize = 120;

/// An entry as it lies in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub name: String,
    pub size_bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    crc32: u32,
    /// Where its local header begins.
    header_at: u64,
}

/// Where a file is not what was written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Damage {
    #[error("this is no bundle: it does not begin as one; choose a file that `avar export` wrote")]
    NoBundle,
    #[error("it ends at byte {0}, in the middle; take it from a copy")]
    CutOff(u64),
    #[error("the header of an entry at byte {0} is not as it was written; take the file from a copy")]
    Header(u64),
    #[error(
        "an entry at byte {0} is compressed, so the file was packed by another program; take the one that was written"
    )]
    Repacked(u64),
    #[error("an entry is called {0}, and no bundle has such a name: it was not written by AVAR Desk")]
    Name(String),
    #[error("{0} stands in it twice: it was not written by AVAR Desk")]
    Twice(String),
    #[error("{0} is not as it was written; take the file from a copy")]
    Changed(String),
    #[error("what stands behind the last entry is not as it was written, from byte {0} on; take the file from a copy")]
    Directory(u64),
    #[error("it goes on behind its end, from byte {0} on; take the file from a copy")]
    Longer(u64),
    #[error("it cannot be read ({0})")]
    Read(io::Error),
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Writes entries one after another; none is compressed, and the last one vouches for the others.
pub(crate) struct ArchiveWriter<W> {
    to: W,
    at: u64,
    entries: Vec<Entry>,
}

impl<W: Write> ArchiveWriter<W> {
    pub(crate) fn new(to: W) -> Self {
        Self { to, at: 0, entries: Vec::new() }
    }

    /// Those written so far.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        debug_assert!(is_name(name), "{name}");
        let entry = Entry {
            name: name.to_owned(),
            size_bytes: bytes.len() as u64,
            sha256: hexadecimal(Sha256::digest(bytes)),
            crc32: crc32fast::hash(bytes),
            header_at: self.at,
        };
        let after = self.at + (LOCAL_BYTES + name.len()) as u64 + entry.size_bytes;
        if after > MOST_BYTES || self.entries.len() >= MOST_ENTRIES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a bundle has at most 4 GiB and 65534 entries"));
        }
        self.to.write_all(&entry.local_header())?;
        self.to.write_all(bytes)?;
        self.at = after;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes what stands behind the entries, and hands out where all of it went.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let directory = directory(&self.entries, self.at);
        if self.at + directory.len() as u64 > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a bundle has at most 4 GiB"));
        }
        self.to.write_all(&directory)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// An archive of which every byte has been checked.
#[derive(Debug)]
pub(crate) struct Archive<R> {
    from: R,
    entries: Vec<Entry>,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads all of it once, piece by piece: whatever its fields say, no more memory is taken than its names need.
    pub(crate) fn read(mut from: R, cancel: &CancelToken) -> Result<Self, Damage> {
        let len = from.seek(SeekFrom::End(0))?;
        from.rewind()?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = HashSet::new();
        let mut at = 0;
        while let Some(entry) = read_entry(&mut from, at, len, cancel)? {
            at += (LOCAL_BYTES + entry.name.len()) as u64 + entry.size_bytes;
            if !names.insert(entry.name.clone()) {
                return Err(Damage::Twice(entry.name));
            }
            if entries.len() >= MOST_ENTRIES {
                return Err(Damage::Header(at));
            }
            entries.push(entry);
        }
        if entries.is_empty() {
            return Err(Damage::NoBundle);
        }
        let expected = directory(&entries, at);
        let mut rest = Vec::new();
        from.seek(SeekFrom::Start(at))?;
        (&mut from).take(expected.len() as u64).read_to_end(&mut rest)?;
        let same = rest.iter().zip(&expected).take_while(|(one, other)| one == other).count();
        if same < rest.len() {
            return Err(Damage::Directory(at + same as u64));
        }
        let end = at + expected.len() as u64;
        match len {
            len if len < end => Err(Damage::CutOff(len)),
            len if len > end => Err(Damage::Longer(end)),
            _ => Ok(Self { from, entries }),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The content of an entry of at most so many bytes; `None` where there is no such entry, or a longer one. A file that
    /// has been changed since it was checked is [`Damage::Changed`].
    pub(crate) fn content(&mut self, name: &str, most_bytes: u64) -> Result<Option<Vec<u8>>, Damage> {
        let found = self.entries.iter().find(|entry| entry.name == name && entry.size_bytes <= most_bytes);
        let Some(entry) = found else { return Ok(None) };
        let mut bytes = Vec::new();
        self.from.seek(SeekFrom::Start(entry.header_at + (LOCAL_BYTES + entry.name.len()) as u64))?;
        (&mut self.from).take(entry.size_bytes).read_to_end(&mut bytes)?;
        match hexadecimal(Sha256::digest(&bytes)) == entry.sha256 {
            true => Ok(Some(bytes)),
            false => Err(Damage::Changed(entry.name.clone())),
        }
    }
}

/// Reads over the entry at `at`; `None` where the central directory begins there.
fn read_entry(from: &mut (impl Read + Seek), at: u64, len: u64, cancel: &CancelToken) -> Result<Option<Entry>, Damage> {
    let mut header = [0; LOCAL_BYTES];
    let begun = (len - at).min(LOCAL_BYTES as u64) as usize;
    from.read_exact(&mut header[..begun])?;
    match u32::from_le_bytes([header[0], header[1], header[2], header[3]]) {
        LOCAL if begun == LOCAL_BYTES => {}
        CENTRAL => return Ok(None),
        LOCAL => return Err(Damage::CutOff(len)),
        _ if at == 0 => return Err(Damage::NoBundle),
        _ if begun < LOCAL_BYTES => return Err(Damage::CutOff(len)),
        _ => return Err(Damage::Header(at)),
    }
    let short = |place: usize| u16::from_le_bytes([header[place], header[place + 1]]);
    let long = |place: usize| (u32::from(short(place + 2)) << 16) | u32::from(short(place));
    if short(8) != 0 {
        return Err(Damage::Repacked(at));
    }
    let (size_bytes, name_bytes) = (u64::from(long(22)), usize::from(short(26)));
    let content_at = at + (LOCAL_BYTES + name_bytes) as u64;
    if name_bytes > MOST_NAME_BYTES {
        return Err(Damage::Header(at));
    }
    if content_at + size_bytes > len {
        return Err(Damage::CutOff(len));
    }
    let mut name = vec![0; name_bytes];
    from.read_exact(&mut name)?;
    let name = String::from_utf8_lossy(&name).into_owned();
    if !is_name(&name) {
        return Err(Damage::Name(avar_base::wording::quoted(&name)));
    }
    let (sha256, crc32) = digests(from, size_bytes, cancel)?;
    let entry = Entry { name, size_bytes, sha256, crc32, header_at: at };
    if long(14) != crc32 {
        return Err(Damage::Changed(entry.name));
    }
    match entry.local_header()[..LOCAL_BYTES] == header {
        true => Ok(Some(entry)),
        false => Err(Damage::Header(at)),
    }
}

/// SHA-256 and CRC-32 of the next bytes.
fn digests(from: &mut impl Read, size_bytes: u64, cancel: &CancelToken) -> Result<(String, u32), Damage> {
    let (mut sha256, mut crc32) = (Sha256::new(), crc32fast::Hasher::new());
    let mut piece = vec![0; size_bytes.min(1 << 20) as usize];
    let mut left = size_bytes;
    while left > 0 {
        cancel.check()?;
        let count = left.min(piece.len() as u64) as usize;
        from.read_exact(&mut piece[..count])?;
        sha256.update(&piece[..count]);
        crc32.update(&piece[..count]);
        left -= count as u64;
    }
    Ok((hexadecimal(sha256.finalize()), crc32.finalize()))
}

/// Small letters, digits and a few signs, in folders that lead down: nothing that means something to a system.
fn is_name(name: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_letter);
    name.len() <= MOST_NAME_BYTES && name.split('/').all(is_part)
}

impl Entry {
    /// What an entry begins with, its name included.
    fn local_header(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LOCAL_BYTES + self.name.len());
        bytes.extend(LOCAL.to_le_bytes());
        bytes.extend(self.fields());
        bytes.extend(self.name.as_bytes());
        bytes
    }

    /// The fields that the local header and the directory share, from the version needed to the length of what is extra.
    fn fields(&self) -> Vec<u8> {
        let (no_flags, stored, midnight, nothing_extra) = (0, 0, 0, 0);
        let size = self.size_bytes as u32;
        let before = [VERSION_NEEDED, no_flags, stored, midnight, DATE].map(u16::to_le_bytes).concat();
        let between = [self.crc32, size, size].map(u32::to_le_bytes).concat();
        let after = [self.name.len() as u16, nothing_extra].map(u16::to_le_bytes).concat();
        [before, between, after].concat()
    }
}

/// Central directory and end record of entries that end at `at`.
fn directory(entries: &[Entry], at: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        let (no_comment, first_disk, binary) = (0u16, 0u16, 0u16);
        bytes.extend(CENTRAL.to_le_bytes());
        bytes.extend(VERSION_MADE_BY.to_le_bytes());
        bytes.extend(entry.fields());
        bytes.extend([no_comment, first_disk, binary].map(u16::to_le_bytes).concat());
        bytes.extend(ATTRIBUTES.to_le_bytes());
        bytes.extend((entry.header_at as u32).to_le_bytes());
        bytes.extend(entry.name.as_bytes());
    }
    let comment = format!("{COMMENT}{}", entries.last().map_or("", |entry| &entry.sha256));
    let (disk, count, size) = (0u16, entries.len() as u16, bytes.len() as u32);
    bytes.extend(END.to_le_bytes());
    bytes.extend([disk, disk, count, count].map(u16::to_le_bytes).concat());
    bytes.extend(size.to_le_bytes());
    bytes.extend((at as u32).to_le_bytes());
    bytes.extend((comment.len() as u16).to_le_bytes());
    bytes.extend(comment.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ArchiveWriter::new(Vec::new());
        entries.iter().for_each(|(name, bytes)| writer.add(name, bytes).unwrap());
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Archive<Cursor<&[u8]>>, Damage> {
        Archive::read(Cursor::new(bytes), &CancelToken::default())
    }

    fn sample() -> Vec<u8> {
        archive(&[("a.txt", b"first"), ("b/c.bin", &[0; 70]), ("empty", b""), ("manifest.json", b"{}")])
    }

    #[test]
    fn another_program_reads_what_was_written() {
        let mut archive = zip::ZipArchive::new(Cursor::new(sample())).unwrap();
        let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
        assert_eq!(names, ["a.txt", "b/c.bin", "empty", "manifest.json"]);
        let mut text = String::new();
        archive.by_name("a.txt").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "first");
        let digest = hexadecimal(Sha256::digest("{}"));
        assert_eq!(archive.comment(), format!("avar-bundle sha256 {digest}").as_bytes());
    }

    #[test]
    fn what_was_written_is_read_back() {
        let bytes = sample();
        let mut archive = read(&bytes).unwrap();
        assert_eq!(archive.entries().len(), 4);
        assert_eq!(archive.content("a.txt", 5).unwrap().unwrap(), b"first");
        assert_eq!(archive.content("a.txt", 4).unwrap(), None, "longer than was asked for");
        assert_eq!(archive.content("nothing", 4).unwrap(), None);
    }

    #[test]
    fn every_change_of_every_byte_is_found() {
        let whole = sample();
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut changed = whole.clone();
                changed[at] ^= 1 << bit;
                assert!(read(&changed).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn a_file_that_is_longer_or_shorter_is_refused_wherever_it_is_cut() {
        let whole = sample();
        for len in 0..whole.len() {
            assert!(read(&whole[..len]).is_err(), "{len} bytes");
        }
        assert!(matches!(read(&[&whole[..], b"\0"].concat()), Err(Damage::Longer(_))));
        assert!(matches!(read(&[b"\0", &whole[..]].concat()), Err(Damage::NoBundle)));
        assert!(matches!(read(b"neither zip nor anything"), Err(Damage::NoBundle)));
    }

    /// As a hostile program would write it: a local header and nothing behind it.
    fn forged(name: &str, size_bytes: u32, method: u16) -> Vec<u8> {
        let (name, sha256) = (name.to_owned(), hexadecimal(Sha256::digest(b"")));
        let entry = Entry { name, size_bytes: size_bytes.into(), sha256, crc32: crc32fast::hash(b""), header_at: 0 };
        let mut bytes = entry.local_header();
        bytes[8..10].copy_from_slice(&method.to_le_bytes());
        bytes.extend(directory(std::slice::from_ref(&entry), bytes.len() as u64));
        bytes
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../x", "/etc/x", "a/../x", "a//x", "c:\\x", "a\\x", "", ".x", "a/", "x\0", "X", "a b"] {
            assert!(matches!(read(&forged(name, 0, 0)), Err(Damage::Name(_))), "{name:?}");
        }
        assert!(read(&forged("x", 0, 0)).is_ok());
    }

    #[test]
    fn a_bomb_takes_no_memory() {
        assert!(matches!(read(&forged("x", u32::MAX, 0)), Err(Damage::CutOff(_))), "more than the file holds");
        assert!(matches!(read(&forged("x", 0, 8)), Err(Damage::Repacked(0))), "compressed");
    }

    #[test]
    fn an_entry_that_stands_twice_is_refused() {
        assert!(matches!(read(&archive(&[("a", b"1"), ("a", b"1")])), Err(Damage::Twice(_))));
    }
}
