//! What stands below a figure: what it shows, what a reader must be warned of, and where its numbers came from.
//!
//! No time and no folder is named, so that the same run gives the same bytes wherever and whenever it is drawn.

use avar_labels::AnomalyClass;
use avar_metrics::runs::{About, Run};

/// The words below a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caption {
    /// One line: "Figure 6. Confusion matrix."
    pub title: String,
    /// Of the weights.
    pub warnings: Vec<String>,
    /// How it was made, what its signs mean.
    pub notes: Vec<String>,
    /// Where the numbers came from: run, manifest, weights, clips, program; one paragraph.
    pub provenance: String,
}

/// Of a digest: enough to tell two files apart.
const DIGEST_LETTERS: usize = 12;

impl Caption {
    /// Takes warnings and provenance from `run`, and adds a note on classes that were never checked on real recordings.
    pub fn new(title: impl Into<String>, notes: Vec<String>, run: &Run) -> Self {
        Self::of_weights(title, notes, &run.about, provenance(run))
    }

    /// Of something that is no run: warnings of the weights, and a note on classes that were never checked, as
    /// [`Self::new`] has them, and the provenance as given.
    pub fn of_weights(title: impl Into<String>, notes: Vec<String>, about: &About, provenance: String) -> Self {
        let notes = notes.into_iter().chain(unvalidated_note(about)).collect();
        Self { title: title.into(), warnings: warnings(about), notes, provenance }
    }

    /// All of it, in the order in which it is read.
    pub fn sentences(&self) -> Vec<String> {
        let warnings = self.warnings.iter().map(|warning| format!("Warning: {warning}"));
        warnings.chain(self.notes.iter().cloned()).chain([self.provenance.clone()]).collect()
    }
}

fn warnings(about: &About) -> Vec<String> {
    if !about.warning.is_empty() {
        return vec![about.warning.clone()];
    }
    let unsaid = || "The run does not say that its weights were trained.".to_owned();
    (!about.is_trained).then(unsaid).into_iter().collect()
}

/// The class's text, with an asterisk where it was never checked on real recordings.
pub fn class_label(class: AnomalyClass, about: &About) -> String {
    let mark = if is_unvalidated(class, about) { "*" } else { "" };
    format!("{}{mark}", class.label())
}

fn is_unvalidated(class: AnomalyClass, about: &About) -> bool {
    about.not_validated.iter().any(|name| name == class.name() || name == class.label())
}

fn unvalidated_note(about: &About) -> Option<String> {
    let classes = AnomalyClass::ALL.into_iter().filter(|class| is_unvalidated(*class, about));
    let labels: Vec<&str> = classes.map(AnomalyClass::label).collect();
    let note = || {
        let labels = labels.join(", ");
        format!("Never checked on real recordings with these weights (marked * where named): {labels}.")
    };
    (!labels.is_empty()).then(note)
}

/// Where the numbers came from, in one paragraph.
fn provenance(run: &Run) -> String {
    let Run { about, clips, set_aside, .. } = run;
    let mut groups: Vec<&str> = clips.iter().map(|clip| clip.scored.group.as_str()).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut parts = vec![
        format!("Run {}", run.name()),
        format!("manifest {}", named(&file_name(&about.manifest), &about.manifest_sha256)),
        format!("weights {}", named(&without_folders(&about.weights), &about.weights_sha256)),
        format!("{} clips{} of {} groups", clips.len(), parts_of_dataset(run), groups.len()),
    ];
    let lost = about.failures.len() + set_aside.len();
    if lost > 0 {
        parts.push(format!("{lost} further clips not scored"));
    }
    if !about.program.is_empty() {
        parts.push(about.program.clone());
    }
    format!("{}.", parts.join("; "))
}

/// A figure over clips that the weights were trained on says less than one over others.
fn parts_of_dataset(run: &Run) -> String {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for clip in run.scored() {
        *counts.entry(clip.split.map_or("no part", |split| split.name())).or_default() += 1;
    }
    if run.scored().all(|clip| clip.split.is_none()) {
        return String::new();
    }
    let list: Vec<String> = counts.iter().map(|(part, count)| format!("{part} {count}")).collect();
    format!(" ({})", list.join(", "))
}

fn named(name: &str, digest: &str) -> String {
    let name = if name.is_empty() { "unnamed" } else { name };
    match digest.get(..DIGEST_LETTERS) {
        Some(short) => format!("{name} (SHA-256 {short})"),
        None => format!("{name} (no digest)"),
    }
}

/// The last part of a path of any system: figures and reports name no folders.
pub(super) fn file_name(path: &str) -> String {
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

/// A sentence whose absolute path, which stands last in it, has lost its folders.
pub(super) fn without_folders(sentence: &str) -> String {
    match absolute_path_at(sentence) {
        Some(at) => format!("{}{}", &sentence[..at], file_name(&sentence[at..])),
        None => sentence.to_owned(),
    }
}

/// How a clip is called in figures: its path as the manifest has it, or its file's name where that is absolute.
pub(super) fn clip_name(path: &str) -> String {
    if absolute_path_at(path) == Some(0) { file_name(path) } else { path.to_owned() }
}

/// Where a path from a root begins: at the start or after a blank, as `/` or `C:\`.
fn absolute_path_at(text: &str) -> Option<usize> {
    let starts = |at: usize| {
        let rest = &text[at..];
        let drive = rest.as_bytes();
        let is_drive = drive.len() > 2 && drive[0].is_ascii_alphabetic() && drive[1] == b':';
        rest.starts_with(['/', '\\']) || is_drive && matches!(drive[2], b'\\' | b'/')
    };
    let after_blanks = text.char_indices().filter(|(_, letter)| letter.is_whitespace());
    let mut begins = std::iter::once(0).chain(after_blanks.map(|(at, letter)| at + letter.len_utf8()));
    begins.find(|at| starts(*at))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn run() -> Run {
        let about = About {
            manifest: "/home/somebody/data/test.csv".to_owned(),
            manifest_sha256: "0123456789abcdef0123".to_owned(),
            weights: "/home/somebody/my weights/head.safetensors".to_owned(),
            weights_sha256: "fedcba9876543210".to_owned(),
            program: "avar 0.1.0".to_owned(),
            is_trained: true,
            not_validated: vec!["pain".to_owned()],
            ..About::default()
        };
        Run { folder: PathBuf::from("/out/run-a"), about, clips: Vec::new(), set_aside: Vec::new() }
    }

    #[test]
    fn the_provenance_names_files_and_digests_and_no_folder() {
        let caption = Caption::new("Figure 6.", Vec::new(), &run());
        assert_eq!(
            caption.provenance,
            "Run run-a; manifest test.csv (SHA-256 0123456789ab); weights head.safetensors (SHA-256 fedcba987654); \
             0 clips of 0 groups; avar 0.1.0."
        );
    }

    #[test]
    fn the_parts_of_the_dataset_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run { folder: folder.path().to_owned(), ..super::super::samples::sample_run() };
        assert_eq!(parts_of_dataset(&run), "");
        avar_metrics::runs::write_run(&run).unwrap();
        let path = folder.path().join("clips.csv");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("abuse-0,,abuse", "abuse-0,test,abuse")).unwrap();
        let run = avar_metrics::runs::read_run(folder.path()).unwrap();
        assert_eq!(parts_of_dataset(&run), " (no part 78, test 2)");
    }

    #[test]
    fn warnings_stand_in_full_and_classes_that_were_never_checked_are_marked() {
        let mut run = run();
        run.about.warning = "Untrained: these scores mean nothing.".to_owned();
        let caption = Caption::new("Figure 6.", Vec::new(), &run);
        assert_eq!(caption.warnings, ["Untrained: these scores mean nothing."]);
        assert_eq!(
            caption.notes,
            ["Never checked on real recordings with these weights (marked * where named): Pain."]
        );
        assert_eq!(class_label(AnomalyClass::Pain, &run.about), "Pain*");
        assert_eq!(class_label(AnomalyClass::Abuse, &run.about), "Abuse");
        run.about = About { is_trained: false, ..About::default() };
        assert!(Caption::new("", Vec::new(), &run).warnings[0].contains("does not say"));
    }

    #[test]
    fn folders_are_taken_out_of_sentences_and_of_clips() {
        assert_eq!(without_folders("no frame is left: /media/a b/c.mp4"), "no frame is left: c.mp4");
        assert_eq!(without_folders(r"no frame: C:\media\c.mp4"), "no frame: c.mp4");
        assert_eq!(without_folders("untrained weights, seed 7"), "untrained weights, seed 7");
        assert_eq!(clip_name("/media/x/c.mp4"), "c.mp4");
        assert_eq!(clip_name("crash/c.mp4"), "crash/c.mp4");
    }
}
