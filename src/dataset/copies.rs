//! Recordings that are there twice, byte for byte.
//!
//! A copy in another part of the data lets a network be tested on what it was trained on, whatever its name and group
//! say; within one part it counts twice.

use std::collections::{BTreeMap, HashMap};

use super::Clip;
use avar_base::files::{DigestError, digest};
use avar_base::job::{CancelToken, Cancelled, parallel_map, thread_count};
use avar_base::wording::{counted, listed, quoted};

/// A sentence on the copies in several parts, one on the others, and one on files that could not be compared. Only
/// files of equal length are read. Those that are not there are copies of nothing.
pub(super) fn notes(clips: &[Clip], cancel: &CancelToken) -> Result<Vec<String>, Cancelled> {
    let candidates = of_equal_length(clips);
    let digests = parallel_map(&candidates, thread_count(), |clip| match digest(&clip.file, cancel) {
        Ok(digest) => Ok(Some(digest)),
        Err(DigestError::Read { .. }) => Ok(None),
        Err(DigestError::Cancelled(cancelled)) => Err(cancelled),
    })?;
    let mut by_digest: BTreeMap<String, Vec<&Clip>> = BTreeMap::new();
    let mut closed = Vec::new();
    for (clip, digest) in candidates.into_iter().zip(digests) {
        match digest {
            Some(digest) => by_digest.entry(digest).or_default().push(clip),
            None => closed.push(quoted(&clip.path.to_string_lossy())),
        }
    }
    let mut copies: Vec<Vec<&Clip>> = by_digest.into_values().filter(|clips| clips.len() > 1).collect();
    // By name, so that the same manifest is always told the same.
    copies.sort_by(|a, b| a[0].path.cmp(&b[0].path));
    let is_apart = |copies: &Vec<&Clip>| copies.iter().any(|clip| clip.split != copies[0].split);
    let (apart, together): (Vec<_>, Vec<_>) = copies.into_iter().partition(is_apart);
    let leak = "in more than one part, the same byte for byte, so that one part tells what is in the other";
    let mut notes = Vec::new();
    notes.extend(note_of_copies(&apart, leak));
    notes.extend(note_of_copies(&together, "more than once, the same byte for byte"));
    if !closed.is_empty() {
        let files = counted(closed.len(), "recording");
        notes.push(format!("{files} that cannot be read and compared with the others: {}", listed(&closed, 3)));
    }
    Ok(notes)
}

/// Clips whose files are as long as that of another clip, by path.
fn of_equal_length(clips: &[Clip]) -> Vec<&Clip> {
    let mut by_length: HashMap<u64, Vec<&Clip>> = HashMap::new();
    for clip in clips {
        if let Ok(metadata) = std::fs::metadata(&clip.file)
            && metadata.is_file()
            && metadata.len() > 0
        {
            by_length.entry(metadata.len()).or_default().push(clip);
        }
    }
    let mut found: Vec<&Clip> = by_length.into_values().filter(|clips| clips.len() > 1).flatten().collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn note_of_copies(copies: &[Vec<&Clip>], what: &str) -> Option<String> {
    let name = |clip: &&Clip| {
        let path = quoted(&clip.path.to_string_lossy());
        match clip.split {
            Some(split) => format!("{path} ({})", split.name()),
            None => path,
        }
    };
    let same = copies.iter().map(|clips| listed(&clips.iter().map(name).collect::<Vec<_>>(), 3));
    let same: Vec<String> = same.collect();
    (!same.is_empty()).then(|| format!("{} {what}: {}", counted(same.len(), "recording"), listed(&same, 3)))
}
