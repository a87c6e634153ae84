//! A run read back from its folder.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::table::{Line, Table, open};
use super::tables::{
    ABOUT, CLIPS, ClipRow, Decimals, FEATURES, FeatureRow, STEPS, StepRow, TRUTH, TruthRow, clip_columns,
    feature_columns, step_columns, truth_columns,
};
use super::{About, ClipFacts, Failure, Run, RunClip, RunError};
use crate::{ScoredClip, TruthRange};
use avar_labels::{AnomalyClass, ClassScores, Evidence};

/// Reads a run of `avar evaluate --out`. Tables and columns that a run of an earlier version lacks are empty; a clip of
/// which any cell makes no sense is set aside.
pub fn read_run(folder: &Path) -> Result<Run, RunError> {
    let about = read_about(&folder.join(ABOUT))?;
    let mut drafts = Drafts::default();
    drafts.read_clips(&folder.join(CLIPS))?;
    let table = |name: &str, columns| Table::open_if_there(&folder.join(name), columns);
    drafts.read_rows(table(TRUTH, truth_columns())?, Draft::add_truth)?;
    drafts.read_rows(table(STEPS, step_columns())?, Draft::add_step)?;
    drafts.read_rows(table(FEATURES, feature_columns(0))?.map(Table::with_all_columns), Draft::add_features)?;
    let mut run = Run { folder: folder.to_owned(), about, clips: Vec::new(), set_aside: Vec::new() };
    for draft in drafts.clips {
        match draft.and_then(Draft::finish) {
            Ok(clip) => run.clips.push(clip),
            Err(failure) => run.set_aside.push(failure),
        }
    }
    if let Some((first, rows)) = drafts.stranger {
        let more = if rows > 1 { format!(" (and {} more such rows)", rows - 1) } else { String::new() };
        run.set_aside.push(Failure { error: format!("{}{more}", first.error), ..first });
    }
    if run.clips.is_empty() {
        let first = run.set_aside.first().map_or("it has none", |failure| &failure.error).to_owned();
        return Err(RunError::NoClips { first, path: folder.to_owned() });
    }
    Ok(run)
}

fn read_about(path: &Path) -> Result<About, RunError> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text).map_err(|reason| RunError::Read { path: path.to_owned(), reason })?;
    let about: About =
        serde_json::from_str(&text).map_err(|reason| RunError::About { path: path.to_owned(), reason })?;
    let ours = AnomalyClass::ALL.map(AnomalyClass::name);
    match about.classes.is_empty() || about.classes == ours {
        true => Ok(about),
        false => Err(RunError::OtherClasses { classes: about.classes.join(", "), path: path.to_owned() }),
    }
}

/// A clip as far as it has been read.
struct Draft {
    scored: ScoredClip,
    facts: ClipFacts,
    /// `None` until a run of an earlier version, which does not say it, has told by its steps.
    start_s: Option<f64>,
    step_s: Option<f64>,
}

impl Draft {
    fn new(line: &Line<'_>) -> Result<Self, String> {
        let row: ClipRow = line.row()?;
        let finite = |name: &str, value: Option<f64>| match value {
            Some(value) if !value.is_finite() => Err(line.problem(&format!("{name} is {value}"))),
            value => Ok(value.map(|value| value as f32)),
        };
        let facts = ClipFacts {
            file: PathBuf::from(&*row.file),
            loudness_dbfs: finite("loudness_dbfs", row.loudness_dbfs.map(|loudness| loudness.0))?,
            brightness: finite("brightness", row.brightness.map(|brightness| brightness.0))?,
            ..ClipFacts::default()
        };
        let group = if row.group.is_empty() { row.path } else { row.group };
        let scored = ScoredClip {
            path: row.path.to_owned(),
            group: group.to_owned(),
            split: row.split,
            modalities: row.modalities,
            truth: row.label,
            truth_ranges: Vec::new(),
            predicted: row.predicted,
            scores: ClassScores(row.scores.map(|score| score.0)),
            max_score: row.max_score.0,
            steps: Vec::new(),
            step_s: 0.0,
            start_s: 0.0,
            duration_s: row.duration_s.0,
        };
        let (start_s, step_s) = (row.start_s.map(|time| time.0), row.step_s.map(|time| time.0));
        Ok(Self { scored, facts, start_s, step_s })
    }

    fn add_truth(&mut self, line: &Line<'_>) -> Result<(), String> {
        let row: TruthRow = line.row()?;
        let range = TruthRange { class: row.class, start_s: row.start_s.0, end_s: row.end_s.0 };
        self.scored.truth_ranges.push(range);
        Ok(())
    }

    fn add_step(&mut self, line: &Line<'_>) -> Result<(), String> {
        let row: StepRow = line.row()?;
        let due = self.scored.steps.len();
        if row.step != due {
            return Err(line.problem(&format!("step {due} is missing or stands twice")));
        }
        let start_s = *self.start_s.get_or_insert(row.start_s.0);
        if due == 1 {
            self.step_s.get_or_insert(row.start_s.0 - start_s);
        }
        let alone = |name: &str, score: Option<Decimals<6>>| match score {
            Some(Decimals(score)) if !(0.0..=1.0).contains(&score) => {
                Err(line.problem(&format!("{name} is {score}, which is no score between 0 and 1")))
            }
            score => Ok(score.map(|score| score.0 as f32)),
        };
        let evidence = Evidence { picture: alone("p_video", row.p_video)?, sound: alone("p_audio", row.p_audio)? };
        self.scored.steps.push(ClassScores(row.scores.map(|score| score.0 as f32)));
        if evidence != Evidence::default() || !self.facts.evidence.is_empty() {
            self.facts.evidence.resize(due, Evidence::default());
            self.facts.evidence.push(evidence);
        }
        Ok(())
    }

    fn add_features(&mut self, line: &Line<'_>) -> Result<(), String> {
        let row: FeatureRow = line.row()?;
        if !self.facts.features.is_empty() {
            return Err(line.problem("the clip's features stand twice"));
        }
        if let Some(place) = row.features.iter().position(|value| !value.0.is_finite()) {
            return Err(line.problem(&format!("feature {place} is {}", row.features[place].0)));
        }
        self.facts.features = row.features.iter().map(|value| value.0 as f32).collect();
        Ok(())
    }

    fn finish(self) -> Result<RunClip, Failure> {
        let (start_s, step_s) = (self.start_s.unwrap_or(0.0), self.step_s.unwrap_or(0.0));
        let scored = ScoredClip { start_s, step_s, ..self.scored };
        match scored.check() {
            Ok(()) => Ok(RunClip { scored, facts: self.facts }),
            Err(error) => Err(Failure { path: scored.path, error: error.to_string() }),
        }
    }
}

/// The clips of a run as far as they have been read.
#[derive(Default)]
struct Drafts {
    /// In the order of their table; an error where anything of a clip makes no sense.
    clips: Vec<Result<Draft, Failure>>,
    /// Where each path is in `clips`.
    places: HashMap<String, usize>,
    /// The first row that belongs to none of them, and how many do.
    stranger: Option<(Failure, usize)>,
}

impl Drafts {
    fn read_clips(&mut self, path: &Path) -> Result<(), RunError> {
        Table::open(path, clip_columns())?.each(|line| {
            let path = line.path();
            let draft = match self.places.contains_key(path) {
                true => Err(line.problem("the clip stands twice")),
                false => Draft::new(line),
            };
            self.places.entry(path.to_owned()).or_insert(self.clips.len());
            self.clips.push(draft.map_err(|error| Failure { path: path.to_owned(), error }));
        })
    }

    /// Hands each row to the draft of its clip; one that cannot take it is set aside.
    fn read_rows(
        &mut self,
        table: Option<Table>,
        add: fn(&mut Draft, &Line<'_>) -> Result<(), String>,
    ) -> Result<(), RunError> {
        let Some(mut table) = table else { return Ok(()) };
        // Rows come clip by clip, so that the place is looked up once a clip.
        let mut current: Option<(String, Option<usize>)> = None;
        table.each(|line| {
            let path = line.path();
            let place = match &current {
                Some((of, place)) if of == path => *place,
                _ => current.insert((path.to_owned(), self.places.get(path).copied())).1,
            };
            let Some(place) = place else {
                let error = line.problem(&format!("{CLIPS} does not list the clip"));
                let first = || (Failure { path: path.to_owned(), error }, 0);
                self.stranger.get_or_insert_with(first).1 += 1;
                return;
            };
            if let Ok(draft) = &mut self.clips[place]
                && let Err(error) = add(draft, line)
            {
                self.clips[place] = Err(Failure { path: path.to_owned(), error });
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::write_run;
    use super::*;
    use avar_labels::{CLASS_COUNT, Modalities, Split};

    fn clip(path: &str, truth: AnomalyClass, steps: usize) -> ScoredClip {
        let mut scores = [0.05; CLASS_COUNT];
        scores[truth.index()] = 0.55;
        ScoredClip {
            path: path.to_owned(),
            group: "street".to_owned(),
            split: Some(Split::Test),
            modalities: Some(Modalities::PictureAndSound),
            truth,
            truth_ranges: match truth {
                AnomalyClass::Normal => Vec::new(),
                class => vec![TruthRange { class, start_s: 0.3, end_s: 1.0 / 3.0 }],
            },
            predicted: truth,
            scores: ClassScores(scores),
            max_score: 0.625,
            steps: vec![ClassScores(scores.map(|score| score as f32)); steps],
            step_s: 1.0 / 3.0,
            start_s: 0.1,
            duration_s: 4.7,
        }
    }

    fn run(folder: &Path) -> Run {
        let evidence = vec![Evidence { picture: Some(0.25), sound: None }; 3];
        let facts = |evidence| ClipFacts {
            file: PathBuf::from("/media/a.mp4"),
            evidence,
            loudness_dbfs: Some(-20.5),
            brightness: Some(0.5),
            features: vec![0.25, -1.5],
        };
        Run {
            folder: folder.to_owned(),
            about: About { manifest: "m.csv".to_owned(), clips: 2, ..About::default() },
            clips: vec![
                RunClip { scored: clip("a, \"b\".mp4", AnomalyClass::Crash, 3), facts: facts(evidence) },
                RunClip { scored: clip("n.mp4", AnomalyClass::Normal, 0), facts: facts(Vec::new()) },
            ],
            set_aside: Vec::new(),
        }
    }

    #[test]
    fn a_run_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let written = run(folder.path());
        write_run(&written).unwrap();
        assert_eq!(read_run(folder.path()).unwrap(), written);
    }

    #[test]
    fn a_run_without_features_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = run(folder.path());
        written.clips.iter_mut().for_each(|clip| clip.facts.features.clear());
        write_run(&written).unwrap();
        assert_eq!(read_run(folder.path()).unwrap(), written);
    }

    #[test]
    fn a_clip_with_scores_that_are_no_numbers_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut broken = run(folder.path());
        broken.clips[0].scored.steps[1].0[3] = f32::NAN;
        write_run(&broken).unwrap();
        let read = read_run(folder.path()).unwrap();
        assert_eq!(read.clips.len(), 1);
        assert_eq!(read.set_aside.len(), 1);
        assert!(read.set_aside[0].error.contains("NaN"), "{}", read.set_aside[0].error);
    }

    #[test]
    fn a_run_of_other_classes_is_refused_by_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let mut other = run(folder.path());
        other.about.classes = vec!["fight".to_owned(), "normal".to_owned()];
        write_run(&other).unwrap();
        let sentence = read_run(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains("fight, normal") && sentence.ends_with("run.json"), "{sentence}");
    }

    #[test]
    fn a_step_that_is_missing_sets_its_clip_aside() {
        let folder = tempfile::tempdir().unwrap();
        write_run(&run(folder.path())).unwrap();
        let path = folder.path().join(STEPS);
        let text = std::fs::read_to_string(&path).unwrap();
        let kept: Vec<&str> = text.lines().enumerate().filter(|(line, _)| *line != 2).map(|(_, line)| line).collect();
        std::fs::write(&path, kept.join("\n")).unwrap();
        let read = read_run(folder.path()).unwrap();
        assert_eq!(
            read.set_aside[0].error,
            "line 3 of steps.csv: step 1 is missing or stands twice; evaluate again: a, \"b\".mp4"
        );
    }

    /// Writes [`run`], replaces `old` by `new` in a table of it, and says what is set aside when it is read.
    #[track_caller]
    fn set_aside(table: &str, old: &str, new: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        write_run(&run(folder.path())).unwrap();
        let path = folder.path().join(table);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{text}");
        std::fs::write(&path, text.replacen(old, new, 1)).unwrap();
        let read = read_run(folder.path()).unwrap();
        read.set_aside.into_iter().map(|failure| failure.error).collect()
    }

    #[test]
    fn a_cell_that_makes_no_sense_sets_its_clip_aside_by_line_and_column() {
        let times = "4.7,0.1,0.3333333333333333";
        for (table, old, new, what) in [
            (CLIPS, times, "4.7,x,0.3", "line 2 of clips.csv: start_s is \"x\", which is no number"),
            (CLIPS, times, "4.7,0.1,a third", "line 2 of clips.csv: step_s is \"a third\", which is no number"),
            (CLIPS, times, "4.7,,0.3", "line 2 of clips.csv: start_s is blank"),
            (CLIPS, times, "4.7,0.1,", "line 2 of clips.csv: step_s is blank"),
            (CLIPS, times, "4.7,0.1,NaN", "the length of a step is NaN s"),
            (CLIPS, "-20.50", "loud", "line 2 of clips.csv: loudness_dbfs is \"loud\", which is no number"),
            (CLIPS, "0.5000,", "inf,", "line 2 of clips.csv: brightness is inf"),
            (CLIPS, "test", "tset", "line 2 of clips.csv: \"tset\" is none of train, val and test"),
            (CLIPS, "crash,crash", "crash,fight", "line 2 of clips.csv: \"fight\" is none of the ten classes"),
            (CLIPS, "picture and sound", "smell", "line 2 of clips.csv: \"smell\" is nothing that a network is given"),
            (TRUTH, "crash", "riot", "line 2 of truth.csv: \"riot\" is none of the ten classes"),
            (TRUTH, ",0.3,", ",soon,", "line 2 of truth.csv: start_s is \"soon\", which is no number"),
            (TRUTH, ",0.3,", ",0.9,", "a true range runs from 0.9 s to"),
            (STEPS, ",1,0.433333", ",1,later", "line 3 of steps.csv: start_s is \"later\", which is no number"),
            (STEPS, ",1,0.433333", ",1.5,0.433333", "line 3 of steps.csv: step is \"1.5\", which is no number"),
            (STEPS, "0.250000,", "1.250000,", "line 2 of steps.csv: p_video is 1.25, which is no score"),
            (STEPS, "0.250000,\n", "0.250000,NaN\n", "line 2 of steps.csv: p_audio is NaN, which is no score"),
            (STEPS, "0.250000,\n", "0.250000,none\n", "line 2 of steps.csv: p_audio is \"none\", which is no number"),
            (FEATURES, "0.250000", "a quarter", "line 2 of features.csv: f0 is \"a quarter\", which is no number"),
            (FEATURES, "-1.500000", "", "line 2 of features.csv: f1 is \"\", which is no number"),
            (FEATURES, "-1.500000", "inf", "line 2 of features.csv: feature 1 is inf"),
        ] {
            let errors = set_aside(table, old, new);
            assert_eq!(errors.len(), 1, "{table}, {new}: {errors:?}");
            assert!(errors[0].starts_with(what) && errors[0].ends_with(": a, \"b\".mp4"), "{}", errors[0]);
        }
    }

    #[test]
    fn rows_of_a_clip_that_is_not_listed_are_said_and_counted() {
        let errors = set_aside(CLIPS, "\"a, \"\"b\"\".mp4\"", "c.mp4");
        let expected = "line 2 of truth.csv: clips.csv does not list the clip; evaluate again: a, \"b\".mp4 (and 4 more such rows)";
        assert_eq!(errors, [expected]);
    }

    #[test]
    fn a_clip_that_stands_twice_is_set_aside_once() {
        let folder = tempfile::tempdir().unwrap();
        write_run(&run(folder.path())).unwrap();
        let path = folder.path().join(CLIPS);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{}\n", text.lines().nth(2).unwrap())).unwrap();
        let read = read_run(folder.path()).unwrap();
        assert_eq!(read.clips.len(), 2);
        assert_eq!(read.set_aside.len(), 1);
        assert_eq!(read.set_aside[0].error, "line 4 of clips.csv: the clip stands twice; evaluate again: n.mp4");
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_others_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let written = run(folder.path());
        write_run(&written).unwrap();
        for table in [CLIPS, TRUTH, STEPS] {
            let path = folder.path().join(table);
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let header = reader.headers().unwrap().clone();
            let rows: Vec<_> = std::iter::once(header).chain(reader.records().map(Result::unwrap)).collect();
            let mut writer = csv::Writer::from_path(&path).unwrap();
            for row in rows {
                let backwards: Vec<&str> =
                    std::iter::once("other").chain(row.iter().collect::<Vec<_>>().into_iter().rev()).collect();
                writer.write_record(backwards).unwrap();
            }
            writer.flush().unwrap();
        }
        assert_eq!(read_run(folder.path()).unwrap(), written);
    }

    #[test]
    fn a_run_of_an_earlier_version_tells_its_times_by_its_steps() {
        let folder = tempfile::tempdir().unwrap();
        let mut old = run(folder.path());
        write_run(&old).unwrap();
        let keep = |table: &str, names: &[&str]| {
            let path = folder.path().join(table);
            let mut reader = csv::Reader::from_path(&path).unwrap();
            let header = reader.headers().unwrap().clone();
            let rows: Vec<_> = std::iter::once(header.clone()).chain(reader.records().map(Result::unwrap)).collect();
            let mut writer = csv::Writer::from_path(&path).unwrap();
            for row in rows {
                let kept = header.iter().zip(&row).filter(|(name, _)| names.contains(name) || name.starts_with("p_"));
                writer
                    .write_record(kept.filter(|(name, _)| !["p_video", "p_audio"].contains(name)).map(|(_, cell)| cell))
                    .unwrap();
            }
            writer.flush().unwrap();
        };
        keep(CLIPS, &["path", "label", "predicted", "max_score", "duration_s"]);
        keep(STEPS, &["path", "step", "start_s"]);
        std::fs::remove_file(folder.path().join(FEATURES)).unwrap();
        let read = read_run(folder.path()).unwrap();
        assert_eq!(read.set_aside, []);
        let times = |read: &Run, clip: usize| (read.clips[clip].scored.start_s, read.clips[clip].scored.step_s);
        let (start_s, step_s) = times(&read, 0);
        assert!((start_s - 0.1).abs() < 1e-6 && (step_s - 1.0 / 3.0).abs() < 1e-5);
        assert_eq!(times(&read, 1), (0.0, 0.0), "nothing is known of the times of a clip without steps");
        for (place, clip) in old.clips.iter_mut().enumerate() {
            (clip.scored.start_s, clip.scored.step_s) = times(&read, place);
            clip.scored.group = clip.scored.path.clone();
            (clip.scored.split, clip.scored.modalities) = (None, None);
            clip.facts = ClipFacts::default();
        }
        assert_eq!(read.clips, old.clips);
    }

    #[test]
    fn a_folder_without_a_run_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let sentence = read_run(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains("avar evaluate --out") && sentence.ends_with("run.json"), "{sentence}");
    }
}
