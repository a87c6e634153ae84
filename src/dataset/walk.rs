//! The recordings in a folder and below it.

use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::DatasetError;
use avar_base::wording::{counted, listed, quoted};

/// More than any dataset here has; a folder with more is a mistake, such as the root of a disk.
const MAX_ENTRIES: usize = 1_000_000;

/// Endings of video and sound files, in lower case.
const MEDIA_ENDINGS: [&str; 28] = [
    "3gp", "aac", "aif", "aiff", "avi", "flac", "flv", "m2ts", "m4a", "m4v", "mka", "mkv", "mov", "mp3", "mp4", "mpeg",
    "mpg", "mts", "oga", "ogg", "ogv", "opus", "ts", "wav", "webm", "wma", "wmv", "y4m",
];

/// The recordings of a folder.
#[derive(Debug, Default)]
pub struct Recordings {
    /// Relative to the folder, sorted.
    pub files: Vec<PathBuf>,
    /// What was passed over and why, a sentence each.
    pub notes: Vec<String>,
}

/// Files with the ending of a recording. Names that begin with a dot are no data and are left out. Each folder is
/// entered once, so links that lead back end; a folder's own name comes before the links to it.
pub fn recordings(folder: &Path) -> Result<Recordings, DatasetError> {
    let not_a_folder = |reason| DatasetError::NotAFolder { reason, path: folder.to_owned() };
    std::fs::read_dir(folder).map_err(not_a_folder)?;
    let mut walk = Walk { pending: VecDeque::from([PathBuf::new()]), ..Walk::default() };
    while let Some(relative) = walk.pending.pop_front().or_else(|| walk.linked.pop_front()) {
        walk.enter(folder, &relative);
        if walk.entries > MAX_ENTRIES {
            return Err(DatasetError::TooManyFiles { limit: MAX_ENTRIES, path: folder.to_owned() });
        }
    }
    walk.found.sort();
    if walk.found.is_empty() {
        return Err(DatasetError::NoRecording { path: folder.to_owned() });
    }
    let notes = walk.notes();
    Ok(Recordings { files: walk.found, notes })
}

#[derive(Default)]
struct Walk {
    /// Folders that have been entered, without links.
    seen: HashSet<PathBuf>,
    pending: VecDeque<PathBuf>,
    /// Links to folders, entered when all real folders have been.
    linked: VecDeque<PathBuf>,
    entries: usize,
    found: Vec<PathBuf>,
    other_files: usize,
    unreadable: Vec<String>,
    not_unicode: Vec<String>,
}

impl Walk {
    fn enter(&mut self, root: &Path, relative: &Path) {
        let folder = root.join(relative);
        let (Ok(real), Ok(entries)) = (folder.canonicalize(), std::fs::read_dir(&folder)) else {
            self.unreadable.push(quoted(&relative.to_string_lossy()));
            return;
        };
        if !self.seen.insert(real) {
            return;
        }
        let mut names = Vec::new();
        for entry in entries.take(MAX_ENTRIES + 1) {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(_) => self.unreadable.push(quoted(&relative.to_string_lossy())),
            }
        }
        self.entries += names.len();
        names.retain(|name| !name.as_encoded_bytes().starts_with(b"."));
        names.sort();
        for name in names {
            self.visit(&folder.join(&name), relative.join(&name));
        }
    }

    fn visit(&mut self, path: &Path, relative: PathBuf) {
        match path.is_dir() {
            true if path.is_symlink() => self.linked.push_back(relative),
            true => self.pending.push_back(relative),
            false if !path.is_file() || !is_recording(path) => self.other_files += 1,
            false if relative.to_str().is_none() => self.not_unicode.push(quoted(&relative.to_string_lossy())),
            false => self.found.push(relative),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.other_files > 0 {
            notes.push(format!("{} without the ending of a recording passed over", counted(self.other_files, "file")));
        }
        if !self.unreadable.is_empty() {
            notes.push(format!("folders that cannot be opened: {}", listed(&self.unreadable, 3)));
        }
        if !self.not_unicode.is_empty() {
            notes.push(format!("names that are no text, passed over: {}", listed(&self.not_unicode, 3)));
        }
        notes
    }
}

fn is_recording(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    ending.is_some_and(|ending| MEDIA_ENDINGS.contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn recordings_are_found_below_the_folder_and_everything_else_is_counted() {
        let folder = folder_with(&["b/c/x.MP4", "a.wav", "notes.txt", ".hidden.mp4", ".git/y.mp4"]);
        let recordings = recordings(folder.path()).unwrap();
        assert_eq!(recordings.files, [Path::new("a.wav"), Path::new("b/c/x.MP4")]);
        assert_eq!(recordings.notes, ["1 file without the ending of a recording passed over"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_back_end_and_real_names_come_before_links() {
        use std::os::unix::fs::symlink;
        let folder = folder_with(&["pain/x.mp4"]);
        symlink(folder.path(), folder.path().join("again")).unwrap();
        symlink("..", folder.path().join("pain/up")).unwrap();
        symlink("pain", folder.path().join("a_link_that_sorts_first")).unwrap();
        symlink("nowhere", folder.path().join("broken.mp4")).unwrap();
        assert_eq!(recordings(folder.path()).unwrap().files, [Path::new("pain/x.mp4")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_folder_elsewhere_is_entered() {
        let elsewhere = folder_with(&["deep/x.mp4"]);
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("pain")).unwrap();
        assert_eq!(recordings(folder.path()).unwrap().files, [Path::new("pain/deep/x.mp4")]);
    }

    #[test]
    fn a_folder_without_recordings_and_a_path_that_is_none_are_errors() {
        let folder = folder_with(&["notes.txt"]);
        assert!(matches!(recordings(folder.path()), Err(DatasetError::NoRecording { .. })));
        assert!(matches!(recordings(&folder.path().join("notes.txt")), Err(DatasetError::NotAFolder { .. })));
        assert!(matches!(recordings(&folder.path().join("absent")), Err(DatasetError::NotAFolder { .. })));
    }
}
