//! Corrected labels: a new manifest beside the old one, which never changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Clip, DatasetError, Manifest, ShownIn, write_manifest};
use avar_labels::AnomalyClass;

/// What became of corrections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// The new manifest.
    pub path: PathBuf,
    /// Clips of the manifest that a correction named.
    pub changed: usize,
    /// Corrections of clips that the manifest does not list.
    pub unknown_clips: Vec<String>,
    /// Labels of rows that are no class and say nothing of a clip that has one: the new manifest lacks these rows.
    pub left_out: Vec<String>,
}

/// Reads a manifest and writes it anew as `NAME.corrected.csv` in the same folder, or as `NAME.corrected-2.csv` and so
/// on where that exists. `corrections`: clips by the path that the manifest writes, and what they are truly.
pub fn write_corrected(manifest: &Path, corrections: &[(String, AnomalyClass)]) -> Result<Corrected, DatasetError> {
    let Manifest { mut clips, unknown_labels, .. } = Manifest::read(manifest)?;
    let wanted: BTreeMap<&str, AnomalyClass> =
        corrections.iter().map(|(path, class)| (path.as_str(), *class)).collect();
    let mut found = Vec::new();
    for clip in &mut clips {
        let path = clip.path.to_string_lossy().into_owned();
        if let Some(class) = wanted.get(path.as_str()) {
            relabel(clip, *class);
            found.push(path);
        }
    }
    let path = free_name(manifest);
    write_manifest(&path, &clips)?;
    let is_kept = |label: &String| clips.iter().any(|clip| clip.unclassified.iter().any(|part| part.label == *label));
    Ok(Corrected {
        path,
        changed: found.len(),
        unknown_clips: wanted.keys().map(|path| (*path).to_owned()).filter(|path| !found.contains(path)).collect(),
        left_out: unknown_labels.into_keys().filter(|label| !is_kept(label)).collect(),
    })
}

/// Ranges of the old class become the new one's; a clip that is normal has none, of whatever class. Where the new class
/// shows nobody has said.
fn relabel(clip: &mut Clip, class: AnomalyClass) {
    let old = std::mem::replace(&mut clip.label, class);
    clip.shown_in = ShownIn::Both;
    if class == AnomalyClass::Normal {
        clip.ranges.clear();
    }
    clip.ranges.iter_mut().filter(|range| range.class == old).for_each(|range| range.class = class);
}

fn free_name(manifest: &Path) -> PathBuf {
    let stem = manifest.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    // A manifest that was corrected before keeps its name and gets the next number.
    let name = match stem.rsplit_once(".corrected") {
        Some((name, number)) if number.is_empty() || number.strip_prefix('-').is_some_and(is_number) => name,
        _ => &stem,
    };
    let candidate = |number: usize| match number {
        1 => manifest.with_file_name(format!("{name}.corrected.csv")),
        _ => manifest.with_file_name(format!("{name}.corrected-{number}.csv")),
    };
    (1..).map(candidate).find(|path| !path.exists()).unwrap_or_else(|| candidate(1))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use AnomalyClass::{BabyCry, Crash, Normal, Pain};

    const MANIFEST: &str = "path,label,split,group,start_s,end_s\n\
                            a.mp4,crash,test,,1,2\n\
                            a.mp4,explosion,test,,3,4\n\
                            b.mp4,normal,,,,\n\
                            c.mp4,riot,,,,\n\
                            d.mp4,pain,,,,\n";

    fn corrected(corrections: &[(&str, AnomalyClass)]) -> (tempfile::TempDir, Corrected, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.csv");
        std::fs::write(&path, MANIFEST).unwrap();
        let corrections: Vec<_> = corrections.iter().map(|(path, class)| ((*path).to_owned(), *class)).collect();
        let corrected = write_corrected(&path, &corrections).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), MANIFEST, "the old one never changes");
        let text = std::fs::read_to_string(&corrected.path).unwrap();
        (folder, corrected, text)
    }

    #[test]
    fn labels_are_corrected_in_a_manifest_beside_the_old_one() {
        let (folder, corrected, text) = corrected(&[("a.mp4", Pain), ("b.mp4", BabyCry), ("z.mp4", Crash)]);
        assert_eq!(corrected.path, folder.path().join("m.corrected.csv"));
        assert_eq!(
            (corrected.changed, corrected.unknown_clips, corrected.left_out),
            (2, vec!["z.mp4".to_owned()], vec!["riot".to_owned()])
        );
        let expected = "path,label,split,group,start_s,end_s\n\
                        a.mp4,pain,test,,1,2\n\
                        a.mp4,explosion,test,,3,4\n\
                        b.mp4,baby_cry,,,,\n\
                        d.mp4,pain,,,,\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_clip_that_is_normal_after_all_loses_its_ranges() {
        let (_folder, corrected, text) = corrected(&[("a.mp4", Normal)]);
        assert!(text.contains("a.mp4,normal,test\n") || text.contains("a.mp4,normal,test,\n"), "{text}");
        assert_eq!(corrected.changed, 1);
    }

    #[test]
    fn of_a_corrected_clip_nobody_has_said_where_it_shows() {
        let mut clip =
            Manifest::from_bytes(Path::new("m.csv"), b"path,label,shown_in\na.mp4,crash,sound\n").unwrap().clips;
        relabel(&mut clip[0], Pain);
        assert_eq!((clip[0].label, clip[0].shown_in), (Pain, ShownIn::Both));
    }

    #[test]
    fn no_manifest_is_ever_written_over() {
        let (folder, first, _) = corrected(&[("b.mp4", Crash)]);
        let again = |from: &Path| write_corrected(from, &[("b.mp4".to_owned(), Pain)]).unwrap().path;
        assert_eq!(again(&folder.path().join("m.csv")), folder.path().join("m.corrected-2.csv"));
        assert_eq!(again(&first.path), folder.path().join("m.corrected-3.csv"));
        assert_eq!(again(&folder.path().join("m.corrected-2.csv")), folder.path().join("m.corrected-4.csv"));
        assert!(std::fs::read_to_string(first.path).unwrap().contains("b.mp4,crash"));
    }

    #[test]
    fn a_folder_is_no_manifest_that_could_be_corrected() {
        let folder = tempfile::tempdir().unwrap();
        assert!(write_corrected(folder.path(), &[]).is_err());
    }
}
