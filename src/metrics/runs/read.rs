//! A run read back from its folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::StringRecord;

use super::tables::{ABOUT, CLIPS, EVIDENCE_COLUMNS, FEATURES, STEPS, TRUTH, score_columns};
use super::{About, ClipFacts, Failure, Run, RunError};
use crate::{ScoredClip, TruthRange};
use avar_labels::{AnomalyClass, CLASS_COUNT, Evidence, Split};

/// No table of a run is larger: about ten million steps.
const MOST_MIB: u64 = 2048;

/// Reads a run of `avar evaluate --out`. Tables that a run of an earlier version lacks are empty; a clip whose scores
/// make no sense is set aside.
pub fn read_run(folder: &Path) -> Result<Run, RunError> {
    let about = read_about(&folder.join(ABOUT))?;
    let mut clips = read_clips(&folder.join(CLIPS))?;
    let places: HashMap<String, usize> =
        clips.iter().enumerate().map(|(place, draft)| (draft.scored.path.clone(), place)).collect();
    read_truth(&folder.join(TRUTH), &mut clips, &places)?;
    read_steps(&folder.join(STEPS), &mut clips, &places)?;
    read_features(&folder.join(FEATURES), &mut clips, &places)?;
    let mut run = Run { folder: folder.to_owned(), about, clips: Vec::new(), facts: Vec::new(), set_aside: Vec::new() };
    for Draft { scored, facts, problem } in clips {
        match problem.or_else(|| scored.check().err().map(|error| error.to_string())) {
            Some(error) => run.set_aside.push(Failure { path: scored.path, error }),
            None => {
                run.clips.push(scored);
                run.facts.push(facts);
            }
        }
    }
    match run.clips.is_empty() {
        true => {
            let first = run.set_aside.first().map_or("it has none", |failure| &failure.error).to_owned();
            Err(RunError::NoClips { first, path: folder.to_owned() })
        }
        false => Ok(run),
    }
}

/// A clip as far as it has been read.
struct Draft {
    scored: ScoredClip,
    facts: ClipFacts,
    problem: Option<String>,
}

impl Draft {
    fn refuse(&mut self, problem: String) {
        self.problem.get_or_insert(problem);
    }
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

fn read_clips(path: &Path) -> Result<Vec<Draft>, RunError> {
    let mut table = Table::open(path)?;
    let [of_path, label, predicted] = [table.column("path")?, table.column("label")?, table.column("predicted")?];
    let scores = table.scores()?;
    let [duration, max_score] = [table.column("duration_s")?, table.column("max_score")?];
    let optional = ["group", "split", "modalities", "start_s", "step_s", "loudness_dbfs", "brightness", "file"]
        .map(|name| table.optional(name));
    let [group, split, modalities, start, step, loudness, brightness, file] = optional;
    let mut drafts = Vec::new();
    table.each(|row| {
        let class = |column: usize| AnomalyClass::from_name(&row[column]);
        let (truth, found) = (class(label), class(predicted));
        let cell = |column: Option<usize>| column.and_then(|column| row.get(column)).unwrap_or("");
        let scored = ScoredClip {
            path: row[of_path].to_owned(),
            group: Some(cell(group)).filter(|group| !group.is_empty()).unwrap_or(&row[of_path]).to_owned(),
            split: Split::from_name(cell(split)),
            modalities: cell(modalities).to_owned(),
            truth: truth.unwrap_or(AnomalyClass::Normal),
            truth_ranges: Vec::new(),
            predicted: found.unwrap_or(AnomalyClass::Normal),
            scores: scores.map(|column| number(&row[column])),
            max_score: number(&row[max_score]),
            steps: Vec::new(),
            step_s: cell(step).parse().unwrap_or(0.0),
            start_s: cell(start).parse().unwrap_or(0.0),
            duration_s: number(&row[duration]),
        };
        let finite = |text: &str| text.parse().ok().filter(|value: &f32| value.is_finite());
        let facts = ClipFacts {
            file: PathBuf::from(cell(file)),
            loudness_dbfs: finite(cell(loudness)),
            brightness: finite(cell(brightness)),
            ..ClipFacts::default()
        };
        let unknown = [(label, truth), (predicted, found)].into_iter().find(|(_, class)| class.is_none());
        let problem = unknown.map(|(column, _)| {
            format!("\"{}\" is none of the ten classes; evaluate again: {}", &row[column], scored.path)
        });
        drafts.push(Draft { scored, facts, problem });
    })?;
    Ok(drafts)
}

fn read_truth(path: &Path, clips: &mut [Draft], places: &HashMap<String, usize>) -> Result<(), RunError> {
    if !path.exists() {
        return Ok(());
    }
    let mut table = Table::open(path)?;
    let [of_path, class, start, end] = ["path", "class", "start_s", "end_s"].map(|name| table.column(name));
    let (of_path, class, start, end) = (of_path?, class?, start?, end?);
    table.each(|row| {
        let Some(draft) = places.get(&row[of_path]).and_then(|place| clips.get_mut(*place)) else { return };
        match AnomalyClass::from_name(&row[class]) {
            Some(class) => draft.scored.truth_ranges.push(TruthRange {
                class,
                start_s: number(&row[start]),
                end_s: number(&row[end]),
            }),
            None => {
                draft.refuse(format!("a true range is labelled \"{}\"; evaluate again: {}", &row[class], &row[of_path]))
            }
        }
    })
}

fn read_steps(path: &Path, clips: &mut [Draft], places: &HashMap<String, usize>) -> Result<(), RunError> {
    if !path.exists() {
        return Ok(());
    }
    let mut table = Table::open(path)?;
    let (of_path, step, start) = (table.column("path")?, table.column("step")?, table.column("start_s")?);
    let scores = table.scores()?;
    let [picture, sound] = EVIDENCE_COLUMNS.map(|name| table.optional(name));
    // Steps come clip by clip, so that the place is looked up once a clip.
    let mut current: Option<(String, usize)> = None;
    table.each(|row| {
        let path = &row[of_path];
        if current.as_ref().is_none_or(|(of, _)| of != path) {
            current = places.get(path).map(|place| (path.to_owned(), *place));
        }
        let Some(draft) = current.as_ref().and_then(|(_, place)| clips.get_mut(*place)) else { return };
        let clip = &mut draft.scored;
        if row[step].parse() != Ok(clip.steps.len()) {
            let due = clip.steps.len();
            let sentence = format!("step {due} is missing or stands twice; evaluate again: {path}");
            return draft.refuse(sentence);
        }
        // A run of an earlier version does not say how long a step is.
        if clip.step_s == 0.0 && clip.steps.len() == 1 {
            clip.step_s = number(&row[start]) - clip.start_s;
        } else if clip.step_s == 0.0 && clip.steps.is_empty() {
            clip.start_s = number(&row[start]);
        }
        clip.steps.push(scores.map(|column| number(&row[column]) as f32));
        let alone = |column: Option<usize>| {
            let score: f32 = column.and_then(|column| row.get(column))?.parse().ok()?;
            (0.0..=1.0).contains(&score).then_some(score)
        };
        let evidence = Evidence { picture: alone(picture), sound: alone(sound) };
        if evidence != Evidence::default() || !draft.facts.evidence.is_empty() {
            draft.facts.evidence.resize(draft.scored.steps.len() - 1, Evidence::default());
            draft.facts.evidence.push(evidence);
        }
    })
}

fn read_features(path: &Path, clips: &mut [Draft], places: &HashMap<String, usize>) -> Result<(), RunError> {
    if !path.exists() {
        return Ok(());
    }
    let mut table = Table::open(path)?;
    let of_path = table.column("path")?;
    table.each(|row| {
        let Some(draft) = places.get(&row[of_path]).and_then(|place| clips.get_mut(*place)) else { return };
        let values: Option<Vec<f32>> = row
            .iter()
            .enumerate()
            .filter(|(column, _)| *column != of_path)
            .map(|(_, cell)| cell.parse().ok().filter(|value: &f32| value.is_finite()))
            .collect();
        draft.facts.features = values.unwrap_or_default();
    })
}

/// Not a number where the cell is none, which [`ScoredClip::check`] refuses by name.
fn number(cell: &str) -> f64 {
    cell.parse().unwrap_or(f64::NAN)
}

fn open(path: &Path) -> Result<File, RunError> {
    let failed = |reason| RunError::Read { path: path.to_owned(), reason };
    let file = File::open(path).map_err(failed)?;
    match file.metadata().map_err(failed)?.len() > MOST_MIB << 20 {
        true => Err(RunError::TooLarge { most_mib: MOST_MIB, path: path.to_owned() }),
        false => Ok(file),
    }
}

/// A CSV file whose columns go by name.
struct Table {
    path: PathBuf,
    columns: StringRecord,
    reader: csv::Reader<BufReader<File>>,
}

impl Table {
    fn open(path: &Path) -> Result<Self, RunError> {
        let mut reader = csv::Reader::from_reader(BufReader::new(open(path)?));
        let columns = reader.headers().map_err(|reason| RunError::Table { path: path.to_owned(), reason })?.clone();
        Ok(Self { path: path.to_owned(), columns, reader })
    }

    fn optional(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    fn column(&self, name: &str) -> Result<usize, RunError> {
        let missing = || RunError::NoColumn { column: name.to_owned(), path: self.path.clone() };
        self.optional(name).ok_or_else(missing)
    }

    fn scores(&self) -> Result<[usize; CLASS_COUNT], RunError> {
        let mut places = [0; CLASS_COUNT];
        for (place, name) in places.iter_mut().zip(score_columns()) {
            *place = self.column(&name)?;
        }
        Ok(places)
    }

    fn each(&mut self, mut take: impl FnMut(&StringRecord)) -> Result<(), RunError> {
        let mut row = StringRecord::new();
        loop {
            match self.reader.read_record(&mut row) {
                Ok(true) => take(&row),
                Ok(false) => return Ok(()),
                Err(reason) => return Err(RunError::Table { path: self.path.clone(), reason }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::write_run;
    use super::*;

    fn clip(path: &str, truth: AnomalyClass, steps: usize) -> ScoredClip {
        let mut scores = [0.05; CLASS_COUNT];
        scores[truth.index()] = 0.55;
        ScoredClip {
            path: path.to_owned(),
            group: "street".to_owned(),
            split: Some(Split::Test),
            modalities: "picture and sound".to_owned(),
            truth,
            truth_ranges: match truth {
                AnomalyClass::Normal => Vec::new(),
                class => vec![TruthRange { class, start_s: 0.3, end_s: 1.0 / 3.0 }],
            },
            predicted: truth,
            scores,
            max_score: 0.625,
            steps: vec![scores.map(|score| score as f32); steps],
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
            clips: vec![clip("a, \"b\".mp4", AnomalyClass::Crash, 3), clip("n.mp4", AnomalyClass::Normal, 0)],
            facts: vec![facts(evidence), facts(Vec::new())],
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
    fn a_clip_with_scores_that_are_no_numbers_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let mut broken = run(folder.path());
        broken.clips[0].steps[1][3] = f32::NAN;
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
        assert!(read.set_aside[0].error.starts_with("step 1 is missing"), "{:?}", read.set_aside);
    }

    #[test]
    fn a_folder_without_a_run_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let sentence = read_run(folder.path()).unwrap_err().to_string();
        assert!(sentence.contains("avar evaluate --out") && sentence.ends_with("run.json"), "{sentence}");
    }
}
