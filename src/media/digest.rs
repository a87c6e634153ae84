//! SHA-256 of what a recording is read from.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::MediaError;
use super::sequence::PictureSequence;
use avar_base::files::hexadecimal;
use avar_base::job::CancelToken;

/// Of the file's bytes; of a sequence, of the bytes of all its pictures in their order, as of one file that holds them
/// one after another (`cat frame_*.png | sha256sum`). In lower-case hexadecimal.
pub fn digest(path: &Path, cancel: &CancelToken) -> Result<String, MediaError> {
    let mut hasher = Sha256::new();
    match PictureSequence::named_by(path, cancel)? {
        Some(sequence) => sequence.paths().try_for_each(|picture| add_file(&mut hasher, &picture, cancel))?,
        None => add_file(&mut hasher, path, cancel)?,
    }
    Ok(hexadecimal(hasher.finalize()))
}

fn add_file(hasher: &mut Sha256, path: &Path, cancel: &CancelToken) -> Result<(), MediaError> {
    let failed = |error: std::io::Error| MediaError::from_io(&error, path);
    // A pipe or device would never end.
    if !path.metadata().map_err(failed)?.is_file() {
        return Err(MediaError::NotRegular { path: PathBuf::from(path) });
    }
    let mut file = File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        cancel.check()?;
        match file.read(&mut buffer).map_err(failed)? {
            0 => return Ok(()),
            count => hasher.update(&buffer[..count]),
        }
    }
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
