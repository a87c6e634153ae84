//! The first line of a document: which recording it is about, and what gave the scores of its events.

use std::path::{Path, PathBuf};

use avar_base::time::MediaTime;
use avar_labels::Hysteresis;
use serde::{Deserialize, Serialize};

/// What a document is about, and how it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The recording.
    pub media: Media,
    /// What gave the scores.
    pub scored_by: ScoredBy,
    /// The threshold rule before the first operation.
    pub rule: Hysteresis,
}

/// What the ordinals of a recording count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrdinalsOf {
    /// Decoded pictures in presentation order.
    Frames,
    /// Steps of the network: the recording has no picture.
    Steps,
}

/// A recording, as a document names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// From the document's folder; absolute where no relative path leads there.
    pub path: String,
    /// Where it lay when the document was begun or the recording was last found.
    pub absolute_path: String,
    /// Of the file, lower-case hexadecimal.
    pub sha256: String,
    /// What [`Media::frames`] counts.
    pub ordinals_of: OrdinalsOf,
    /// How many there are.
    pub frames: usize,
    /// How long the recording is.
    #[serde(rename = "duration_s")]
    pub duration: MediaTime,
}

/// What gave the scores that the events were found in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoredBy {
    /// Name and version of the program.
    pub program: String,
    /// The digest that names the weights.
    pub weights_sha256: String,
    /// The decoder and its version.
    pub decoder: String,
    /// What else the scores depend on: preset, device, steps a second and so on, as a record of a run has them.
    pub settings: serde_json::Map<String, serde_json::Value>,
}

/// A file that may be a document's recording.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// Where it lies.
    pub path: &'a Path,
    /// Of the file, lower-case hexadecimal.
    pub sha256: &'a str,
    /// How many frames it has, or steps; `None` where it has not been indexed.
    pub frames: Option<usize>,
    /// How long it is.
    pub duration: MediaTime,
}

/// Why a file is not the recording of a document.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NotItsMedium {
    /// Another digest, and an end before the recording's.
    #[error(
        "this is a shorter copy: {length} of {whole}, and frames of events may be missing from it; choose the recording that was reviewed: {path}",
        path = .path.display()
    )]
    Shorter { length: String, whole: String, path: PathBuf },
    /// Another digest.
    #[error(
        "this is not the recording that was reviewed: its bytes are others (SHA-256 {found}… and not {expected}…); choose the one that was reviewed, or begin a document for this one: {path}",
        path = .path.display()
    )]
    Other { found: String, expected: String, path: PathBuf },
}

impl Media {
    /// Whether a file is the recording, by its digest; if not, whether it seems to be a shorter copy.
    pub fn check(&self, candidate: &Candidate<'_>) -> Result<(), NotItsMedium> {
        if candidate.sha256.eq_ignore_ascii_case(&self.sha256) {
            return Ok(());
        }
        let path = candidate.path.to_owned();
        let noun = match self.ordinals_of {
            OrdinalsOf::Frames => "frames",
            OrdinalsOf::Steps => "steps",
        };
        match candidate.frames {
            Some(frames) if frames < self.frames => {
                let (length, whole) = (frames.to_string(), format!("{} {noun}", self.frames));
                Err(NotItsMedium::Shorter { length, whole, path })
            }
            None if candidate.duration < self.duration => {
                let length = format!("{:.2}", candidate.duration.seconds());
                let whole = format!("{:.2} seconds", self.duration.seconds());
                Err(NotItsMedium::Shorter { length, whole, path })
            }
            _ => {
                let short = |digest: &str| digest.chars().take(12).collect();
                Err(NotItsMedium::Other { found: short(candidate.sha256), expected: short(&self.sha256), path })
            }
        }
    }

    /// Where to look for the recording, the likeliest first. Whatever lies there is the recording only if
    /// [`Self::check`] says so: the paths come out of a file.
    pub fn places(&self, document: &Path) -> Vec<PathBuf> {
        let folder = document.parent().unwrap_or(Path::new(""));
        let beside = Path::new(&self.path).file_name().map(|name| folder.join(name));
        let mut places = vec![folder.join(&self.path), PathBuf::from(&self.absolute_path)];
        places.extend(beside);
        let mut seen = Vec::new();
        places.retain(|place| {
            let is_new = !seen.contains(place);
            seen.push(place.clone());
            is_new
        });
        places
    }

    /// The same recording at another place.
    pub fn moved_to(&self, media: &Path, document: &Path) -> Self {
        let folder = document.parent().unwrap_or(Path::new(""));
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self { path: text(&relative(media, folder)), absolute_path: text(media), ..self.clone() }
    }
}

/// `NAME.avar` beside a recording, NAME with its ending: `a.mp4` and `a.wav` are two recordings.
pub fn beside(media: &Path) -> PathBuf {
    let mut name = media.file_name().unwrap_or_default().to_owned();
    name.push(".avar");
    media.with_file_name(name)
}

/// The way from a folder to a file; the file's own path where there is none, as between a relative path and an absolute.
fn relative(file: &Path, folder: &Path) -> PathBuf {
    if file.is_absolute() != folder.is_absolute() {
        return file.to_owned();
    }
    let (file, folder): (Vec<_>, Vec<_>) = (file.components().collect(), folder.components().collect());
    let shared = file.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let ups = folder[shared..].iter().map(|_| std::path::Component::ParentDir);
    ups.chain(file[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media() -> Media {
        Media {
            path: "cam/a.mp4".to_owned(),
            absolute_path: "/cases/7/cam/a.mp4".to_owned(),
            sha256: "ab".repeat(32),
            ordinals_of: OrdinalsOf::Frames,
            frames: 250,
            duration: MediaTime::from_seconds(10.0),
        }
    }

    fn candidate(sha256: &str, frames: Option<usize>, seconds_s: f64) -> Candidate<'_> {
        Candidate { path: Path::new("/new/b.mp4"), sha256, frames, duration: MediaTime::from_seconds(seconds_s) }
    }

    #[test]
    fn a_recording_is_known_by_its_bytes_whatever_its_name() {
        let (same, other) = ("ab".repeat(32), "cd".repeat(32));
        assert_eq!(media().check(&candidate(&same, None, 10.0)), Ok(()));
        let says = |candidate: Candidate<'_>| media().check(&candidate).unwrap_err().to_string();
        assert!(says(candidate(&other, Some(250), 10.0)).starts_with("this is not the recording that was reviewed"));
        let shorter = says(candidate(&other, Some(200), 8.0));
        assert!(shorter.starts_with("this is a shorter copy: 200 of 250 frames"), "{shorter}");
        assert!(says(candidate(&other, None, 8.0)).contains("8.00 of 10.00 seconds"));
        assert!(shorter.ends_with("/new/b.mp4"));
    }

    #[test]
    fn the_recording_is_looked_for_from_the_document_and_where_it_lay() {
        let places = media().places(Path::new("/moved/7/a.avar"));
        let expected = ["/moved/7/cam/a.mp4", "/cases/7/cam/a.mp4", "/moved/7/a.mp4"];
        assert_eq!(places, expected.map(PathBuf::from));
    }

    #[test]
    fn a_recording_is_named_from_the_folder_of_its_document() {
        let path = |media_at: &str, document: &str| media().moved_to(Path::new(media_at), Path::new(document)).path;
        assert_eq!(path("/a/b/c.mp4", "/a/b/c.avar"), "c.mp4");
        assert_eq!(path("/a/b/c.mp4", "/a/d/e/c.avar"), "../../b/c.mp4");
        assert_eq!(path("/a/b/c.mp4", "c.avar"), "/a/b/c.mp4");
        assert_eq!(media().moved_to(Path::new("/x/c.mp4"), Path::new("/x/c.avar")).absolute_path, "/x/c.mp4");
    }

    #[test]
    fn documents_of_two_recordings_of_one_name_are_two() {
        assert_eq!(beside(Path::new("/a/b.mp4")), Path::new("/a/b.mp4.avar"));
        assert_eq!(beside(Path::new("/a/b.wav")), Path::new("/a/b.wav.avar"));
    }
}
