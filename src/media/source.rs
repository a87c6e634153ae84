//! What a path names, opened once: a file with its outline, or a numbered sequence of pictures.
//!
//! Everything that reads a recording is handed its source and asks that. The path is looked at when the source is opened
//! and not again: whatever its name stands for later, what was probed is what is indexed, decoded and hashed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::container_index::ContainerIndex;
use super::error::MediaError;
use super::regular_file::{fill_at, open_regular, read_at};
use super::sequence::PictureSequence;
use avar_base::job::CancelToken;

/// A recording that is open. Clones share the open file, from which any number of readers may read side by side.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    File(Arc<OpenFile>),
    /// Each is opened when it is read: there may be more than may be open at once.
    Pictures(Arc<PictureSequence>),
}

/// A regular file that stays open, and its structure.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    container_index: ContainerIndex,
}

impl Source {
    /// Opens what `path` names. Only regular files are opened, and nothing is waited for; whether FFmpeg can read them is
    /// not asked yet.
    pub fn open(path: &Path, cancel: &CancelToken) -> Result<Self, MediaError> {
        let content = match PictureSequence::named_by(path, cancel)? {
            Some(sequence) => Content::Pictures(Arc::new(sequence)),
            None => Content::File(Arc::new(OpenFile::open(path)?)),
        };
        Ok(Self { path: path.to_owned(), content })
    }

    /// As it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Of the file, or of all pictures together.
    pub fn size_bytes(&self) -> u64 {
        match &self.content {
            Content::File(file) => file.size_bytes(),
            Content::Pictures(sequence) => sequence.size_bytes(),
        }
    }

    /// What the file's structure promises beyond its end.
    pub fn missing_bytes(&self) -> u64 {
        self.container_index().map_or(0, ContainerIndex::missing_bytes)
    }

    /// Whether times in the file are moved by an edit list (MP4, MOV).
    pub fn has_edit_list(&self) -> bool {
        self.container_index().is_some_and(ContainerIndex::has_edit_list)
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// `None` of a sequence of pictures.
    pub(super) fn container_index(&self) -> Option<&ContainerIndex> {
        match &self.content {
            Content::File(file) => Some(&file.container_index),
            Content::Pictures(_) => None,
        }
    }
}

impl OpenFile {
    pub(super) fn open(path: &Path) -> Result<Self, MediaError> {
        let file = open_regular(path)?;
        let container_index = ContainerIndex::of(&file);
        Ok(Self { file, container_index })
    }

    pub(super) fn container_index(&self) -> &ContainerIndex {
        &self.container_index
    }

    /// As it is now: a recording may grow.
    pub(super) fn size_bytes(&self) -> u64 {
        self.file.metadata().map_or(0, |file| file.len())
    }

    /// The beginning of the file, of at most so many bytes.
    pub(super) fn head(&self, len: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; len];
        let filled = fill_at(&self.file, &mut head, 0)?;
        head.truncate(filled);
        Ok(head)
    }

    /// Reads at a place; 0 at the end.
    pub(super) fn read_at(&self, room: &mut [u8], place: u64) -> io::Result<usize> {
        read_at(&self.file, room, place)
    }
}
