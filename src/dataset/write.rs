//! A manifest as a CSV file.

use std::collections::HashMap;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use super::clip::{own_group, slashed};
use super::rows::COLUMNS;
use super::{Clip, DatasetError, ShownIn};
use avar_base::files::{WriteError, write_whole};
use avar_base::time::TimeRange;

/// Writes the clips by path, whole or not at all. The same clips give the same bytes in whatever order they come.
///
/// Paths are written relative to the manifest's folder where the two share more than the root. A clip's rows begin
/// with the class of the clip, for the first row names it. Stretches that have no class keep their label.
pub fn write_manifest(path: &Path, clips: &[Clip]) -> Result<(), DatasetError> {
    let failed = |reason| WriteError { path: path.to_owned(), reason };
    let absolute = std::path::absolute(path).map_err(failed)?;
    let folder = absolute.parent().unwrap_or(&absolute);
    // A way to the clips can only be found from a folder that exists.
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut rows = Vec::new();
    for clip in clips {
        rows.push((path_text(folder, clip)?, clip));
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let mut group_sizes: HashMap<&str, usize> = HashMap::new();
    for clip in clips {
        *group_sizes.entry(&clip.group).or_default() += 1;
    }
    let is_alone =
        |clip: &Clip| clip.group == own_group(&clip.path) && group_sizes.get(clip.group.as_str()) == Some(&1);
    write_whole(path, |file| write_rows(file, &rows, is_alone))?;
    Ok(())
}

fn write_rows(file: &mut dyn Write, rows: &[(String, &Clip)], is_alone: impl Fn(&Clip) -> bool) -> io::Result<()> {
    // Columns that would be blank throughout are left out.
    let has_ranges = rows.iter().any(|(_, clip)| !clip.ranges.is_empty() || !clip.unclassified.is_empty());
    let has_shown_in = rows.iter().any(|(_, clip)| clip.shown_in != ShownIn::Both);
    let is_written = |column: &str| match column {
        "start_s" | "end_s" => has_ranges,
        "shown_in" => has_shown_in,
        _ => true,
    };
    let mut table = csv::Writer::from_writer(file);
    let mut write = |cells: [&str; COLUMNS.len()]| {
        table.write_record(COLUMNS.iter().zip(cells).filter(|(column, _)| is_written(column)).map(|(_, cell)| cell))
    };
    write(COLUMNS)?;
    for (path, clip) in rows {
        let split = clip.split.map_or("", |split| split.name());
        let group = if is_alone(clip) { "" } else { &clip.group };
        for (label, range) in labels(clip) {
            let seconds = |time: fn(TimeRange) -> f64| range.map(|range| time(range).to_string()).unwrap_or_default();
            let (start, end) = (seconds(|range| range.start.seconds()), seconds(|range| range.end.seconds()));
            write([path, label, split, group, &start, &end, clip.shown_in.name()])?;
        }
    }
    table.flush()
}

/// The label of each row of the clip, with its range.
fn labels(clip: &Clip) -> Vec<(&str, Option<TimeRange>)> {
    let mut labels = Vec::new();
    if clip.ranges.is_empty() {
        labels.push((clip.label.name(), None));
    }
    let is_own = |own: bool| clip.ranges.iter().filter(move |labelled| (labelled.class == clip.label) == own);
    labels.extend(is_own(true).chain(is_own(false)).map(|labelled| (labelled.class.name(), Some(labelled.range))));
    labels.extend(clip.unclassified.iter().map(|stretch| (stretch.label.as_str(), Some(stretch.range))));
    labels
}

fn path_text(folder: &Path, clip: &Clip) -> Result<String, DatasetError> {
    let path = match clip.file.strip_prefix(folder) {
        Ok(path) => path.to_owned(),
        Err(_) => climbing(folder, &clip.file).unwrap_or_else(|| clip.file.clone()),
    };
    match path.to_str() {
        Some(_) => Ok(slashed(&path)),
        None => Err(DatasetError::NotUnicode { path: clip.file.clone() }),
    }
}

/// The way from `folder` up to what both share and down to `file`; `None` where they share the root alone or where a
/// folder does not exist. Links are resolved first, because `..` after a link leads elsewhere.
fn climbing(folder: &Path, file: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let home = file.parent()?.canonicalize().ok()?;
    let shared = folder.components().zip(home.components()).take_while(|(a, b)| a == b).count();
    let shares_a_folder = folder.components().take(shared).any(|part| matches!(part, Component::Normal(_)));
    let up = folder.components().skip(shared).map(|_| Component::ParentDir);
    let way: PathBuf = up.chain(home.components().skip(shared)).collect();
    shares_a_folder.then(|| way.join(file.file_name().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;

    fn rewritten(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        std::fs::write(&path, text).unwrap();
        write_manifest(&path, &Manifest::read(&path).unwrap().clips).unwrap();
        std::fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn a_manifest_is_written_by_path_with_blank_groups_for_clips_on_their_own() {
        let text = rewritten("label,path,group\npain,b.mp4,\nBaby Cry,\"a,1.wav\",g\n");
        assert_eq!(text, "path,label,split,group\n\"a,1.wav\",baby_cry,,g\nb.mp4,pain,,\n");
    }

    #[test]
    fn ranges_are_written_with_the_class_of_the_clip_first_and_unknown_labels_kept() {
        let text = "path,label,split,group,start_s,end_s\n\
                    a.mp4,crash,test,,3.25,4\n\
                    a.mp4,explosion,test,,0.041666667,2\n\
                    a.mp4,shooting,test,,7,8.5\n\
                    b.mp4,normal,,,,\n";
        assert_eq!(rewritten(text), text);
    }

    #[test]
    fn where_a_class_shows_is_written_where_it_is_known_of_any_clip() {
        let text = "path,label,split,group,shown_in\na.mp4,crash,,,sound\nb.mp4,pain,,,\nc.mp4,intruder,,,picture\n";
        assert_eq!(rewritten(text), text);
        assert_eq!(rewritten("path,label,shown_in\nb.mp4,pain,Both\n"), "path,label,split,group\nb.mp4,pain,,\n");
    }

    #[test]
    fn a_file_beside_the_folder_is_reached_by_climbing() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["lists", "media"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let source = folder.path().join("media/m.csv");
        std::fs::write(&source, "path,label\na.mp4,pain\n").unwrap();
        let target = folder.path().join("lists/m.csv");
        write_manifest(&target, &Manifest::read(&source).unwrap().clips).unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "path,label,split,group\n../media/a.mp4,pain,,\n");
        let read = Manifest::read(&target).unwrap();
        assert_eq!(read.clips[0].file, folder.path().join("lists/../media/a.mp4"));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_is_an_error_that_names_it() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        std::fs::write(&path, "path,label\na.mp4,pain\n").unwrap();
        let mut clips = Manifest::read(&path).unwrap().clips;
        clips[0].file = folder.path().join(std::ffi::OsStr::from_bytes(b"\xff.mp4"));
        assert!(matches!(write_manifest(&path, &clips), Err(DatasetError::NotUnicode { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "path,label\na.mp4,pain\n", "the old file stays");
    }
}
