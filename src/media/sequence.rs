//! A numbered sequence of pictures in one folder, which is opened as a recording.
//!
//! It is named by any of its pictures (`frame_0001.png`), by a pattern (`frame_%04d.png`) where no file has that very
//! name, or by a folder that holds no other pictures. Numbers that are missing are missing pictures, each for as long as
//! one is shown. Where more are missing than there are, the numbers do not count pictures (a clock, a camera's own
//! count), and the pictures are put one after another. Both are said.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::error::MediaError;
use super::regular_file::{bytes_at, fill_at, open_regular};
use avar_base::job::CancelToken;

/// The pictures of one sequence, in the order of their numbers; never fewer than two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PictureSequence {
    folder: PathBuf,
    name: NumberedName,
    numbers: Vec<u64>,
    pub(super) kind: PictureKind,
}

/// What the pictures are, as their first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PictureKind {
    Png,
    Jpeg,
    Bmp,
    Tiff,
}

/// The text around a number, and how many digits that has at least.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NumberedName {
    head: String,
    tail: String,
    digits: usize,
}

/// Pictures are shown for this long where nothing else says how long.
pub(super) const ASSUMED_RATE_HZ: i32 = 25;

const EXTENSIONS: [&str; 6] = ["png", "jpg", "jpeg", "bmp", "tif", "tiff"];
/// A folder with more files than this is no folder of pictures.
const MOST_FILES: usize = 5_000_000;
/// More digits than any sequence needs; they must fit into the number.
const MOST_DIGITS: usize = 18;
/// A larger picture file is not read.
const MOST_PICTURE_BYTES: u64 = 1 << 28;
/// So many pictures are looked at for what kind they are.
const LOOKED_AT_FOR_KIND: usize = 16;

impl PictureSequence {
    /// The sequence that `path` names; `None` where it names none, so that it is a file like any other.
    pub(super) fn named_by(path: &Path, cancel: &CancelToken) -> Result<Option<Self>, MediaError> {
        if path.is_dir() {
            return Self::of_folder(path, cancel).map(Some);
        }
        let Some(file_name) = path.file_name().and_then(|name| name.to_str()).filter(|name| has_extension(name)) else {
            return Ok(None);
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let name = match path.try_exists() {
            Ok(true) => NumberedName::split(file_name).map(|(head, opened, tail)| (head, tail, Spelling::Like(opened))),
            _ => NumberedName::of_pattern(file_name).map(|(head, least, tail)| (head, tail, Spelling::AtLeast(least))),
        };
        let Some((head, tail, spelling)) = name.filter(|_| folder.is_dir()) else { return Ok(None) };
        let mut listed = Vec::new();
        for_each_name(folder, cancel, |other| {
            let inside = other.strip_prefix(head.as_str()).and_then(|rest| rest.strip_suffix(tail.as_str()));
            listed.extend(inside.and_then(Digits::read));
        })?;
        let digits = match spelling {
            Spelling::Like(opened) => minimum_digits(&opened, &listed),
            Spelling::AtLeast(least) => least,
        };
        let name = NumberedName { head, tail, digits };
        Ok(Self::new(folder, name, &listed))
    }

    /// The one sequence of a folder that holds no other pictures.
    fn of_folder(folder: &Path, cancel: &CancelToken) -> Result<Self, MediaError> {
        let mut first: Option<(String, String)> = None;
        let mut listed = Vec::new();
        let mut others = 0;
        for_each_name(folder, cancel, |name| {
            if name.starts_with('.') || !has_extension(name) {
                return;
            }
            let Some((head, digits, tail)) = NumberedName::split(name) else {
                others += 1;
                return;
            };
            let of_first = first.get_or_insert_with(|| (head.clone(), tail.clone()));
            if (of_first.0.as_str(), of_first.1.as_str()) == (head.as_str(), tail.as_str()) {
                listed.push(digits);
            } else {
                others += 1;
            }
        })?;
        let sequence = first.filter(|_| others == 0).and_then(|(head, tail)| {
            // The shortest number with a zero in front says how many digits there are at least.
            let opened = listed.iter().min_by_key(|digits| (!digits.is_padded, digits.count)).copied()?;
            let name = NumberedName { head, tail, digits: minimum_digits(&opened, &listed) };
            Self::new(folder, name, &listed).filter(|sequence| sequence.len() == listed.len())
        });
        sequence.ok_or_else(|| MediaError::Folder { path: folder.to_owned() })
    }

    fn new(folder: &Path, name: NumberedName, listed: &[Digits]) -> Option<Self> {
        let fitting = listed.iter().filter(|digits| name.fits(digits));
        let numbers: Vec<u64> = fitting.map(|digits| digits.number).collect::<BTreeSet<_>>().into_iter().collect();
        let mut sequence = Self { folder: folder.to_owned(), name, numbers, kind: PictureKind::Png };
        if sequence.len() < 2 {
            return None;
        }
        let looked_at = 0..sequence.len().min(LOOKED_AT_FOR_KIND);
        let mut files = looked_at.filter_map(|index| open_regular(&sequence.path_of(index)).ok());
        sequence.kind = files.find_map(|file| PictureKind::of_file(&file))?;
        Some(sequence)
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Of the picture with this place in the sequence, from 0.
    pub(super) fn path_of(&self, index: usize) -> PathBuf {
        self.folder.join(self.name.with(self.numbers[index]))
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = PathBuf> {
        (0..self.len()).map(|index| self.path_of(index))
    }

    /// In units of how long one picture is shown, from 0.
    pub(super) fn pts_of(&self, index: usize) -> i64 {
        let counted = self.numbers[index] - self.numbers[0];
        if self.numbers_count_pictures() { counted as i64 } else { index as i64 }
    }

    /// The place of the last picture whose PTS is not later; of the first where all are.
    pub(super) fn index_at_or_before(&self, pts: i64) -> usize {
        let wanted = u64::try_from(pts).unwrap_or(0);
        if !self.numbers_count_pictures() {
            return usize::try_from(wanted).unwrap_or(usize::MAX).min(self.len() - 1);
        }
        self.numbers.partition_point(|number| number - self.numbers[0] <= wanted).saturating_sub(1)
    }

    /// The PTS of pictures that are not there, in stretches.
    pub(super) fn missing_pts(&self) -> impl Iterator<Item = RangeInclusive<i64>> {
        let pairs = (1..self.len()).map(|index| (self.pts_of(index - 1), self.pts_of(index)));
        pairs.filter(|(before, after)| after - before > 1).map(|(before, after)| before + 1..=after - 1)
    }

    fn missing_numbers(&self) -> u64 {
        let (first, last) = (self.numbers[0], self.numbers[self.len() - 1]);
        last - first + 1 - self.len() as u64
    }

    fn numbers_count_pictures(&self) -> bool {
        self.missing_numbers() <= self.len() as u64
    }

    /// What a user should know.
    pub(super) fn notes(&self) -> Vec<String> {
        let rate_hz = ASSUMED_RATE_HZ;
        let mut notes =
            vec![format!("A sequence of pictures has no times of its own: {rate_hz} frames a second are assumed.")];
        let (missing, there) = (self.missing_numbers(), self.len());
        let gap = self.numbers.windows(2).find(|pair| pair[1] - pair[0] > 1).map(|pair| self.name.with(pair[0] + 1));
        if let Some(first) = gap {
            notes.push(if self.numbers_count_pictures() {
                let are = if missing == 1 { "picture of the sequence is" } else { "pictures of the sequence are" };
                format!("{missing} {are} missing, the first of them {first}; the time of each is left empty.")
            } else {
                format!(
                    "The numbers of the {there} pictures leave out {missing}, the first of them {first}: they do not count \
                     pictures, which are shown one after another."
                )
            });
        }
        notes
    }

    /// Of all pictures together.
    pub(super) fn size_bytes(&self) -> u64 {
        self.paths().filter_map(|path| path.metadata().ok()).map(|file| file.len()).sum()
    }

    /// The bytes of one picture; `None` where it is empty, too large, no ordinary file, or cannot be read.
    pub(super) fn read(&self, index: usize) -> Option<Vec<u8>> {
        let file = open_regular(&self.path_of(index)).ok()?;
        let len = file.metadata().ok()?.len();
        if !(1..=MOST_PICTURE_BYTES).contains(&len) {
            return None;
        }
        let mut bytes = Vec::with_capacity(len as usize + 1);
        // It may grow while it is read.
        file.take(MOST_PICTURE_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes).filter(|bytes| !bytes.is_empty())
    }

    /// Whether the picture's first and last bytes are those of a whole one.
    pub(super) fn looks_whole(&self, index: usize) -> bool {
        let Ok(file) = open_regular(&self.path_of(index)) else { return false };
        PictureKind::of_file(&file) == Some(self.kind) && self.kind.has_its_end(&file).unwrap_or(false)
    }
}

impl PictureKind {
    /// FFmpeg's name, as of a codec.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
        }
    }

    /// So many bytes tell what kind it is.
    pub(super) const HEAD_LEN: usize = 4;

    /// `None` where the file is no picture of these kinds, or cannot be read.
    fn of_file(file: &File) -> Option<Self> {
        Self::of(&bytes_at::<{ Self::HEAD_LEN }>(file, 0)?)
    }

    /// By the file's first bytes; `None` where it is no picture of these kinds.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'B', b'M', ..] => Some(Self::Bmp),
            [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some(Self::Tiff),
            _ => None,
        }
    }

    /// Whether the file ends as a whole one does; those that have no end of their own always do.
    fn has_its_end(self, file: &File) -> Option<bool> {
        let end: &[u8] = match self {
            Self::Png => b"IEND\xaeB`\x82",
            Self::Jpeg => b"\xff\xd9",
            Self::Bmp => return self.has_the_length_that_it_states(file),
            Self::Tiff => return Some(true),
        };
        let place = file.metadata().ok()?.len().checked_sub(end.len() as u64)?;
        let mut found = vec![0; end.len()];
        fill_at(file, &mut found, place).ok()?;
        Some(found == end)
    }

    fn has_the_length_that_it_states(self, file: &File) -> Option<bool> {
        let head = bytes_at::<6>(file, 0)?;
        let stated = u32::from_le_bytes([head[2], head[3], head[4], head[5]]);
        Some(file.metadata().ok()?.len() >= u64::from(stated))
    }
}

/// How the numbers of the sequence are spelled, as far as what was opened says.
enum Spelling {
    Like(Digits),
    /// With at least so many digits.
    AtLeast(usize),
}

/// A number as a name spells it.
#[derive(Clone, Copy, Debug)]
struct Digits {
    number: u64,
    count: usize,
    /// There is a zero in front.
    is_padded: bool,
}

impl Digits {
    fn read(text: &str) -> Option<Self> {
        let is_number = (1..=MOST_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number)?;
        Some(Self { number, count: text.len(), is_padded: text.len() > 1 && text.starts_with('0') })
    }
}

impl NumberedName {
    /// Around the last number before the extension.
    fn split(name: &str) -> Option<(String, Digits, String)> {
        let stem_end = name.rfind('.')?;
        let end = name[..stem_end].rfind(|c: char| c.is_ascii_digit())? + 1;
        let start = name[..end]
            .rfind(|c: char| !c.is_ascii_digit())
            .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
        Some((name[..start].to_owned(), Digits::read(&name[start..end])?, name[end..].to_owned()))
    }

    /// Around the one `%d` or `%04d` of a pattern.
    fn of_pattern(name: &str) -> Option<(String, usize, String)> {
        let (head, rest) = name.split_once('%').filter(|(_, rest)| !rest.contains('%'))?;
        let (width, tail) = rest.split_once('d')?;
        let least = match width.strip_prefix('0') {
            Some(width) => width.parse().ok().filter(|width| (1..=MOST_DIGITS).contains(width))?,
            None if width.is_empty() => 1,
            None => return None,
        };
        Some((head.to_owned(), least, tail.to_owned()))
    }

    fn with(&self, number: u64) -> String {
        format!("{}{number:0digits$}{}", self.head, self.tail, digits = self.digits)
    }

    /// Whether a number spelled like this is what [`Self::with`] writes.
    fn fits(&self, digits: &Digits) -> bool {
        if digits.is_padded { digits.count == self.digits } else { digits.count >= self.digits }
    }
}

/// The digits that a number of the sequence has at least: as many as the `opened` one has, if it begins with a zero or
/// another of that length does; else those of the longest shorter number that begins with one, which it has outgrown.
fn minimum_digits(opened: &Digits, listed: &[Digits]) -> usize {
    if opened.is_padded {
        return opened.count;
    }
    let padded = listed.iter().filter(|digits| digits.is_padded && digits.count <= opened.count);
    padded.map(|digits| digits.count).max().unwrap_or(1)
}

fn has_extension(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Shows the names of a folder that are text; the others are no part of any sequence.
fn for_each_name(folder: &Path, cancel: &CancelToken, mut show: impl FnMut(&str)) -> Result<(), MediaError> {
    let entries = std::fs::read_dir(folder).map_err(|error| MediaError::from_io(&error, folder))?;
    for (count, entry) in entries.enumerate() {
        if count % 1024 == 0 {
            cancel.check()?;
        }
        if count >= MOST_FILES {
            let reason = format!("the folder holds more than {MOST_FILES} files");
            return Err(MediaError::Unreadable { reason, path: folder.to_owned() });
        }
        if let Some(name) = entry.ok().and_then(|entry| entry.file_name().into_string().ok()) {
            show(&name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG_HEAD: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn folder_of(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        names.iter().for_each(|name| std::fs::write(folder.path().join(name), PNG_HEAD).unwrap());
        folder
    }

    fn numbers(folder: &tempfile::TempDir, name: &str) -> Option<Vec<u64>> {
        let path = if name.is_empty() { folder.path().to_owned() } else { folder.path().join(name) };
        PictureSequence::named_by(&path, &CancelToken::default()).ok().flatten().map(|sequence| sequence.numbers)
    }

    #[test]
    fn a_picture_a_pattern_and_the_folder_name_the_same_sequence() {
        let folder = folder_of(&["shot2_0009.png", "shot2_0010.png", "shot2_0011.png", "notes.txt", ".hidden_1.png"]);
        for name in ["shot2_0010.png", "shot2_%04d.png", ""] {
            assert_eq!(numbers(&folder, name), Some(vec![9, 10, 11]), "{name}");
        }
        assert_eq!(numbers(&folder, "shot2_%d.png"), None, "no name is spelled like this");
        assert_eq!(numbers(&folder, "notes.txt"), None);
    }

    #[test]
    fn numbers_without_zeros_go_on_to_longer_ones_and_padded_ones_may_outgrow_their_zeros() {
        assert_eq!(numbers(&folder_of(&["8.png", "9.png", "10.png", "011.png"]), "10.png"), Some(vec![8, 9, 10]));
        let outgrown = folder_of(&["f08.png", "f99.png", "f100.png", "f7.png"]);
        for name in ["f08.png", "f99.png", "f100.png", "f%02d.png"] {
            assert_eq!(numbers(&outgrown, name), Some(vec![8, 99, 100]), "{name}");
        }
    }

    #[test]
    fn a_folder_with_other_pictures_names_no_sequence() {
        for odd in ["cover.png", "g_1.png", "f_001.png", "f_1.jpg"] {
            assert_eq!(numbers(&folder_of(&["f_1.png", "f_2.png", odd]), ""), None, "{odd}");
        }
    }

    #[test]
    fn one_picture_is_no_sequence_and_a_percent_sign_in_a_folder_means_nothing() {
        assert_eq!(numbers(&folder_of(&["f_1.png"]), "f_1.png"), None);
        let folder = folder_of(&[]);
        let below = folder.path().join("100%d 5%");
        std::fs::create_dir(&below).unwrap();
        for name in ["f_1.png", "f_2.png"] {
            std::fs::write(below.join(name), PNG_HEAD).unwrap();
        }
        assert_eq!(numbers(&folder, "100%d 5%/f_2.png"), Some(vec![1, 2]));
        assert_eq!(numbers(&folder, "100%d 5%/f_%d.png"), Some(vec![1, 2]));
        assert_eq!(numbers(&folder, "100%d 5%"), Some(vec![1, 2]));
        assert_eq!(numbers(&folder, "100%d 5%/f_%s%d.png"), None);
    }

    #[test]
    fn missing_numbers_are_missing_pictures_as_long_as_numbers_count_pictures() {
        let of = |names: &[&str]| {
            let folder = folder_of(names);
            PictureSequence::named_by(folder.path(), &CancelToken::default()).unwrap().unwrap()
        };
        let gap = of(&["f_4.png", "f_5.png", "f_8.png"]);
        assert_eq!([0, 1, 2].map(|index| gap.pts_of(index)), [0, 1, 4]);
        assert_eq!([-3, 0, 1, 3, 4, 99].map(|pts| gap.index_at_or_before(pts)), [0, 0, 1, 1, 2, 2]);
        assert_eq!(gap.missing_pts().collect::<Vec<_>>(), [2..=3]);
        assert!(gap.notes()[1].starts_with("2 pictures of the sequence are missing, the first of them f_6.png"));
        let clock = of(&["f_120000.png", "f_120130.png", "f_999999999999999999.png"]);
        assert_eq!([0, 1, 2].map(|index| clock.pts_of(index)), [0, 1, 2]);
        assert_eq!([-3, 1, 99].map(|pts| clock.index_at_or_before(pts)), [0, 1, 2]);
        assert_eq!(clock.missing_pts().count(), 0);
        assert!(clock.notes()[1].contains("do not count pictures"), "{:?}", clock.notes());
    }

    #[test]
    fn the_number_is_the_last_one_in_front_of_the_extension() {
        let split = |name: &str| NumberedName::split(name).map(|(head, digits, tail)| (head, digits.number, tail));
        assert_eq!(split("a1_b22é07x.v3.png"), Some(("a1_b22é07x.v".into(), 3, ".png".into())));
        assert_eq!(split("é7.png"), Some(("é".into(), 7, ".png".into())));
        assert_eq!(split("7.png"), Some((String::new(), 7, ".png".into())));
        assert_eq!(split("frame.png7"), None);
        assert_eq!(split("1234567890123456789.png"), None);
    }
}
