//! SHA-256 of what a recording is read from.

use std::io;
use std::path::Path;

use super::error::MediaError;
use super::regular_file::{open_regular, read_at};
use super::source::{Content, Source};
use avar_base::files::{HashError, Hasher};
use avar_base::job::CancelToken;

/// Of the file's bytes; of a sequence, of the bytes of all its pictures in their order, as of one file that holds them
/// one after another (`cat frame_*.png | sha256sum`). In lower-case hexadecimal.
pub fn digest(path: &Path, cancel: &CancelToken) -> Result<String, MediaError> {
    Source::open(path, cancel)?.digest(cancel)
}

impl Source {
    /// As [`digest`] of its path.
    pub fn digest(&self, cancel: &CancelToken) -> Result<String, MediaError> {
        let mut hasher = Hasher::default();
        match self.content() {
            Content::File(file) => add(&mut hasher, self.path(), cancel, |room, place| file.read_at(room, place))?,
            Content::Pictures(sequence) => {
                for path in sequence.paths() {
                    let file = open_regular(&path)?;
                    add(&mut hasher, &path, cancel, |room, place| read_at(&file, room, place))?;
                }
            }
        }
        Ok(hasher.finish())
    }
}

/// Adds what `read_at` gives at one place after the other, up to the end of the file `path`.
fn add(
    hasher: &mut Hasher,
    path: &Path,
    cancel: &CancelToken,
    read_at: impl Fn(&mut [u8], u64) -> io::Result<usize>,
) -> Result<(), MediaError> {
    let mut place = 0;
    let read = |room: &mut [u8]| {
        let count = read_at(room, place)?;
        place += count as u64;
        Ok(count)
    };
    hasher.add(cancel, read).map_err(|error| match error {
        HashError::Cancelled(cancelled) => cancelled.into(),
        HashError::Read(error) => MediaError::from_io(&error, path),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_has_the_digest_of_its_pictures_one_after_another() {
        let folder = tempfile::tempdir().unwrap();
        let parts: [&[u8]; 3] = [b"\x89PNG first", b"\x89PNG second", b"\x89PNG third"];
        for (number, part) in [9, 10, 11].iter().zip(parts) {
            std::fs::write(folder.path().join(format!("f{number}.png")), part).unwrap();
        }
        std::fs::write(folder.path().join("all.bin"), parts.concat()).unwrap();
        let of = |name: &str| digest(&folder.path().join(name), &CancelToken::default()).unwrap();
        assert_eq!(of("f10.png"), of("all.bin"));
        assert_eq!(of("f%d.png"), of("all.bin"));
    }
}
