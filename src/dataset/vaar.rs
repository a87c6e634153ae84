//! VAAR as folders: one for each class, with the clips in or below it.
//!
//! The class of a clip is the nearest folder above it whose name is a class, in any case and with any separator; its
//! split is the nearest folder named train, val, validation or test, above or below that of the class. VAAR says
//! nothing of sources, so each clip is its own group.

use std::collections::BTreeMap;
use std::path::Path;

use super::clip::own_group;
use super::walk::{Recordings, recordings};
use super::{Clip, DatasetError, Manifest, ShownIn};
use avar_base::wording::quoted;
use avar_labels::{AnomalyClass, Split, class_of_label, is_synonym};

/// Reads the folders below `folder`. Those without a class are in [`Manifest::unknown_labels`], by their path.
pub fn read_vaar(folder: &Path) -> Result<Manifest, DatasetError> {
    let Recordings { files, notes } = recordings(folder)?;
    let home =
        std::path::absolute(folder).map_err(|reason| DatasetError::NotAFolder { reason, path: folder.to_owned() })?;
    let mut clips = Vec::new();
    let mut unknown_labels: BTreeMap<String, usize> = BTreeMap::new();
    let mut synonyms: BTreeMap<String, AnomalyClass> = BTreeMap::new();
    for path in files {
        let Some((name, label)) = nearest(&path, class_of_label) else {
            *unknown_labels.entry(folder_name(&path)).or_default() += 1;
            continue;
        };
        if is_synonym(&name) {
            synonyms.insert(name, label);
        }
        clips.push(Clip {
            file: home.join(&path),
            label,
            ranges: Vec::new(),
            unclassified: Vec::new(),
            shown_in: ShownIn::Both,
            split: split_of(&path),
            group: own_group(&path),
            path,
        });
    }
    let mut manifest = Manifest::new(folder, clips, unknown_labels)?;
    let read_as =
        |(name, class): (&String, &AnomalyClass)| format!("folder {} was read as {}", quoted(name), class.name());
    manifest.notes.splice(0..0, notes.into_iter().chain(synonyms.iter().map(read_as)));
    Ok(manifest)
}

/// The split that a folder above the file names.
pub(super) fn split_of(path: &Path) -> Option<Split> {
    nearest(path, Split::from_name).map(|(_, split)| split)
}

/// The nearest folder above `path` whose name `reads` as something, and what.
fn nearest<T>(path: &Path, reads: impl Fn(&str) -> Option<T>) -> Option<(String, T)> {
    let mut folders = path.ancestors().skip(1).filter_map(Path::file_name);
    folders.find_map(|name| {
        let name = name.to_string_lossy();
        reads(&name).map(|read| (name.into_owned(), read))
    })
}

/// The folder of a file as text; the topmost is ".".
fn folder_name(path: &Path) -> String {
    match path.parent().map(Path::to_string_lossy) {
        Some(name) if !name.is_empty() => name.into_owned(),
        _ => ".".to_owned(),
    }
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
    fn the_folder_names_the_class_and_another_the_split() {
        let folder =
            folder_with(&["Baby Cry/1.wav", "train/abuse/2.mp4", "police-siren/TEST/3.mkv", "Normal/cam 1/4.ts"]);
        let manifest = read_vaar(folder.path()).unwrap();
        let found: Vec<_> =
            manifest.clips.iter().map(|clip| (clip.path.to_str().unwrap(), clip.label.name(), clip.split)).collect();
        assert_eq!(
            found,
            [
                ("Baby Cry/1.wav", "baby_cry", None),
                ("Normal/cam 1/4.ts", "normal", None),
                ("police-siren/TEST/3.mkv", "police_siren", Some(Split::Test)),
                ("train/abuse/2.mp4", "abuse", Some(Split::Train)),
            ]
        );
        assert!(manifest.check_files().is_ok());
    }

    #[test]
    fn folders_that_are_no_class_are_counted() {
        let folder = folder_with(&["pain/1.mp4", "riot/2.mp4", "riot/3.mp4", "test/4.mp4", "5.mp4", "fight/6.mp4"]);
        let manifest = read_vaar(folder.path()).unwrap();
        let unknown = [(".".to_owned(), 1), ("riot".to_owned(), 2), ("test".to_owned(), 1)];
        assert_eq!(manifest.unknown_labels, BTreeMap::from(unknown));
        assert_eq!(manifest.clips.len(), 2);
        assert_eq!(manifest.notes[0], "folder `fight` was read as brawling");
    }

    #[test]
    fn a_tree_without_a_class_says_which_folders_it_has() {
        let folder = folder_with(&["riot/2.mp4"]);
        let error = read_vaar(folder.path()).unwrap_err().to_string();
        assert!(error.contains("`riot` (1)"), "{error}");
    }
}
