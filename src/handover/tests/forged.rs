//! Bundles that somebody has made anew, with digests that fit: what contradicts itself or the recording is found.

use std::path::{Path, PathBuf};

use avar_base::job::CancelToken;

use super::world::World;
use super::{compared, content, opened, sentence};
use crate::Manifest;
use crate::archive::{Archive, ArchiveWriter};
use crate::entries::{EntryDigest, MANIFEST, json};

/// The entries of a bundle but for the manifest, to be changed.
type Entries = Vec<(String, Vec<u8>)>;

/// A bundle with other entries and a manifest that lists them.
fn remade(name: &str, change: impl FnOnce(&mut Entries)) -> PathBuf {
    let (mut entries, manifest) = parts();
    change(&mut entries);
    packed(name, &entries, |digests| Manifest { entries: digests, ..manifest })
}

fn parts() -> (Entries, Manifest) {
    static BUNDLE: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let path = BUNDLE.get_or_init(|| World::get().bundle("genuine.zip"));
    let archive = Archive::read(std::fs::File::open(path).unwrap(), &CancelToken::default()).unwrap();
    let names = archive.entries().iter().map(|entry| entry.name.clone()).filter(|name| name != MANIFEST);
    let entries = names.map(|name| (name.clone(), content(path, &name))).collect();
    (entries, serde_json::from_slice(&content(path, MANIFEST)).unwrap())
}

fn packed(name: &str, entries: &Entries, manifest: impl FnOnce(Vec<EntryDigest>) -> Manifest) -> PathBuf {
    let mut archive = ArchiveWriter::new(Vec::new());
    entries.iter().for_each(|(name, bytes)| archive.add(name, bytes).unwrap());
    let manifest = manifest(archive.entries().iter().map(EntryDigest::from).collect());
    archive.add(MANIFEST, &json(&manifest).unwrap()).unwrap();
    let path = World::get().folder.path().join(name);
    std::fs::write(&path, archive.finish().unwrap()).unwrap();
    path
}

fn entry<'a>(entries: &'a mut Entries, name: &str) -> &'a mut Vec<u8> {
    &mut entries.iter_mut().find(|(entry, _)| entry == name).unwrap().1
}

fn replaced(bytes: &mut Vec<u8>, from: &str, to: &str) {
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    *bytes = text.replacen(from, to, 1).into_bytes();
}

#[track_caller]
fn assert_says(path: &Path, words: &str) {
    let sentence = sentence(path);
    assert!(sentence.contains(words), "{sentence}");
}

#[test]
fn remaking_alone_changes_nothing() {
    let path = remade("remade.zip", |_| {});
    assert!(std::fs::read(path).unwrap() == std::fs::read(World::get().bundle("as-written.zip")).unwrap());
}

#[test]
fn entries_that_the_manifest_does_not_list_so_are_named() {
    let (mut entries, manifest) = parts();
    let first = entries[0].0.clone();
    entries.swap(0, 1);
    assert_says(&packed("swapped.zip", &entries, |_| manifest.clone()), "is not what manifest.json says");
    entries.swap(0, 1);
    *entry(&mut entries, "settings.json") = b"{}".to_vec();
    assert_says(&packed("changed.zip", &entries, |_| manifest.clone()), "settings.json is not what manifest.json says");
    let (mut entries, manifest) = parts();
    entries.remove(0);
    let one_less = |digests: Vec<EntryDigest>| Manifest { entries: digests, ..manifest.clone() };
    assert_says(&packed("missing.zip", &entries, one_less), &first);
    let more = remade("more.zip", |entries| entries.push(("stills/more.png".to_owned(), Vec::new())));
    assert_says(&more, "stills/more.png belongs to nothing in it");
}

#[test]
fn a_newer_format_is_refused_before_it_is_read() {
    let (entries, manifest) = parts();
    let newer = packed("newer.zip", &entries, |digests| Manifest { entries: digests, version: 2, ..manifest });
    assert_says(&newer, "update the program");
}

#[test]
fn a_changed_line_of_the_trail_is_named() {
    let changed = remade("trail.zip", |entries| replaced(entry(entries, "review.avar"), "rejected", "accepted"));
    assert_says(&changed, "line 2");
    let shortened = remade("shortened.zip", |entries| {
        let document = entry(entries, "review.avar");
        let text = String::from_utf8(document.clone()).unwrap();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        *document = lines[..3].concat().into_bytes();
    });
    assert_says(&shortened, "ends with another line");
}

#[test]
fn records_that_say_something_else_than_the_trail_are_named() {
    let decisions =
        remade("decisions.zip", |entries| replaced(entry(entries, "decisions.json"), "rejected", "accepted"));
    assert_says(&decisions, "decisions.json does not say what review.avar says");
    let notes = remade("notes.zip", |entries| replaced(entry(entries, "notes.json"), "a door", "no door"));
    assert_says(&notes, "notes.json does not say what review.avar says");
}

#[track_caller]
fn assert_differs(path: &Path, words: &str) {
    assert!(opened(path).is_ok(), "without the recording nothing is wrong with it");
    let sentence = compared(path, World::get()).unwrap_err().to_string();
    assert!(sentence.contains(words), "{sentence}");
}

#[test]
fn the_recording_shows_what_was_put_in_the_place_of_a_still() {
    let path = remade("still.zip", |entries| {
        let other = entry(entries, "stills/event-002-end.png").clone();
        *entry(entries, "stills/event-002-start.png") = other;
    });
    assert_differs(&path, "stills/event-002-start.png is not frame 30 of the recording");
    let no_picture = remade("png.zip", |entries| *entry(entries, "stills/event-002-start.png") = b"none".to_vec());
    assert_differs(&no_picture, "is not frame 30");
}

#[test]
fn the_recording_shows_that_a_score_was_changed() {
    let path = remade("scores.zip", |entries| {
        let table = entry(entries, "scores.csv");
        let text = String::from_utf8(table.clone()).unwrap();
        let third = text.lines().nth(3).unwrap().to_owned();
        let mut cells: Vec<String> = third.split(',').map(str::to_owned).collect();
        cells[6] = (cells[6].parse::<f32>().unwrap() + 0.01).to_string();
        *table = text.replacen(&third, &cells.join(","), 1).into_bytes();
    });
    assert_differs(&path, "step 2 has another score");
    let no_number = remade("nan.zip", |entries| {
        let table = entry(entries, "scores.csv");
        let text = String::from_utf8(table.clone()).unwrap();
        let second = text.lines().nth(1).unwrap().to_owned();
        let mut cells: Vec<&str> = second.split(',').collect();
        cells[5] = "NaN";
        *table = text.replacen(&second, &cells.join(","), 1).into_bytes();
    });
    assert_differs(&no_number, "`NaN` is no score");
    let frames = remade("frames.zip", |entries| {
        let table = entry(entries, "scores.csv");
        let text = String::from_utf8(table.clone()).unwrap();
        *table = text.replacen("\n1,", "\n7,", 1).into_bytes();
    });
    assert_differs(&frames, "names other frames");
}

#[test]
fn the_recording_shows_that_the_list_of_events_is_another() {
    for (from, to) in
        [("\"crash\"", "\"pain\""), ("\"rejected\"", "\"accepted\""), ("\"end_frame\": 80", "\"end_frame\": 90")]
    {
        let path = remade("events.zip", |entries| replaced(entry(entries, "events.json"), from, to));
        assert_differs(&path, "events.json is not what the scores and the decisions come to");
    }
}
