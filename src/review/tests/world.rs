//! A recording of an hour at 24 frames a second and four steps a second, and an analyst who decides at random.

use std::path::{Path, PathBuf};

use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Hysteresis, Verdict};
use avar_review::{
    Document, Edge, EventId, Header, Media, ModelEvent, Operation, OrdinalsOf, ReviewError, ReviewState, ScoredBy,
    ScoredStep, ScoredSteps, Stretch, Target, Timestamp,
};

pub(crate) const FRAMES: usize = 86_400;
pub(crate) const FRAMES_A_STEP: usize = 6;
pub(crate) const RULE: Hysteresis = Hysteresis { onset: 0.5, offset: 0.4, min_on_s: 0.5, min_off_s: 0.5 };
/// With every letter that could break a line or turn it around.
pub(crate) const AUTHOR: &str = "שרה \"S.\" O'Neil\n\u{202e}\\";

pub(crate) fn edge(frame: usize) -> Edge {
    Edge { frame: FrameIndex(frame), time: MediaTime::from_seconds(frame as f64 / 24.0) }
}

pub(crate) fn stretch(start: usize, end: usize) -> Stretch {
    Stretch { start: edge(start), end: edge(end) }
}

pub(crate) fn frames(stretch: Stretch) -> (usize, usize) {
    (stretch.start.frame.0, stretch.end.frame.0)
}

pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(crate) fn header() -> Header {
    let settings = serde_json::json!({"network": "lite", "steps_per_second": 4.0, "window_steps": 64});
    Header {
        media: Media {
            path: "cam 1.mp4".to_owned(),
            absolute_path: "/cases/7/cam 1.mp4".to_owned(),
            sha256: "ab".repeat(32),
            ordinals_of: OrdinalsOf::Frames,
            frames: FRAMES,
            duration: MediaTime::from_seconds(3600.0),
        },
        scored_by: ScoredBy {
            program: "AVAR Desk 0.1.0".to_owned(),
            weights_sha256: "cd".repeat(32),
            decoder: "libavcodec 62".to_owned(),
            settings: settings.as_object().unwrap().clone(),
        },
        rule: RULE,
    }
}

pub(crate) fn model(class: AnomalyClass, start: usize, end: usize, peak: f32) -> ModelEvent {
    ModelEvent {
        class,
        class_score: peak / 3.0,
        also: Vec::new(),
        stretch: stretch(start, end),
        peak,
        peak_at: edge((start + end) / 2),
        mean: peak / 2.0,
    }
}

pub(crate) fn of_model(event: &ModelEvent) -> Target {
    Target::Model(Box::new(event.clone()))
}

/// Steps with these anomaly scores, all of one class.
pub(crate) fn scored(anomaly: &[f32]) -> ScoredSteps {
    scored_classes(&anomaly.iter().map(|score| (AnomalyClass::Crash, *score)).collect::<Vec<_>>())
}

pub(crate) fn scored_classes(steps: &[(AnomalyClass, f32)]) -> ScoredSteps {
    let end = edge(steps.len() * FRAMES_A_STEP);
    let steps = steps.iter().enumerate().map(|(step, (class, score))| {
        let mut scores = [0.0; CLASS_COUNT];
        scores[AnomalyClass::Normal.index()] = 1.0 - score;
        scores[class.index()] += score;
        ScoredStep { start: edge(step * FRAMES_A_STEP), scores: ClassScores(scores) }
    });
    ScoredSteps::new(steps.collect(), end, 0.25).unwrap()
}

/// A folder, and where its review is to be; in memory where the system has such a place, for thousands of operations
/// wait for the disk otherwise.
pub(crate) fn folder() -> (tempfile::TempDir, PathBuf) {
    let in_memory = Path::new("/dev/shm");
    let folder = if in_memory.is_dir() { tempfile::tempdir_in(in_memory) } else { tempfile::tempdir() };
    named(folder.unwrap())
}

/// The same on the disk.
pub(crate) fn folder_on_disk() -> (tempfile::TempDir, PathBuf) {
    named(tempfile::tempdir().unwrap())
}

fn named(folder: tempfile::TempDir) -> (tempfile::TempDir, PathBuf) {
    let path = folder.path().join("cam 1.mp4.avar");
    (folder, path)
}

/// A review of random operations on disk.
pub(crate) fn written(path: &Path, operations: usize, seed: u64) -> Document {
    let mut document = Document::draft(header(), path).unwrap();
    let mut analyst = Analyst::new(seed);
    while document.entries().len() < operations {
        let operation = analyst.operation(document.state());
        match document.append(operation, time(document.entries().len() as i64), AUTHOR) {
            Ok(_) | Err(ReviewError::Refused(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    document
}

/// Does whatever comes to mind, mostly what makes sense.
pub(crate) struct Analyst {
    pub(crate) random: fastrand::Rng,
}

impl Analyst {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed) }
    }

    pub(crate) fn operation(&mut self, state: &ReviewState) -> Operation {
        let verdict = self.random.choice(Verdict::ALL).unwrap();
        let class = self.random.choice(AnomalyClass::ALL).unwrap();
        match self.random.u8(0..20) {
            0..4 => Operation::Judge { on: self.targets(state), verdict },
            4 => Operation::SetClass { on: self.targets(state), class },
            5 => Operation::Delete { on: self.targets(state) },
            6 => Operation::TrimStart { on: self.target(state), to: self.edge() },
            7 => Operation::TrimEnd { on: self.target(state), to: self.edge() },
            8 => self.split(state),
            9 => Operation::Merge { on: self.targets(state) },
            10 => Operation::Add { class, stretch: self.stretch() },
            11 => Operation::Note { on: self.target(state), text: self.text() },
            12 => Operation::NoteAt { at: self.edge(), text: self.text() },
            13 => match state.notes().last().map(|note| note.id) {
                Some(note) => Operation::EditNote { note, text: self.text() },
                None => Operation::NoteAt { at: self.edge(), text: self.text() },
            },
            14 => {
                let onset = self.random.u8(20..90) as f32 / 100.0;
                Operation::SetRule { rule: state.rule.with_onset(onset) }
            }
            15 => self.shift(state),
            16..18 => Operation::Redo,
            _ => Operation::Undo,
        }
    }

    fn target(&mut self, state: &ReviewState) -> Target {
        let events: Vec<EventId> = state.events().map(|event| event.id).collect();
        match self.random.choice(&events) {
            Some(id) if self.random.bool() => Target::Event(*id),
            _ => {
                let start = 100 * self.random.usize(0..40);
                of_model(&model(AnomalyClass::Crash, start, start + 60, 0.7))
            }
        }
    }

    fn targets(&mut self, state: &ReviewState) -> Vec<Target> {
        let count = self.random.usize(1..4);
        (0..count).map(|_| self.target(state)).collect()
    }

    fn split(&mut self, state: &ReviewState) -> Operation {
        let on = self.target(state);
        let (start, end) = match &on {
            Target::Event(id) => frames(state.event(*id).unwrap().stretch),
            Target::Model(model) => frames(model.stretch),
        };
        Operation::Split { on, at: edge(self.random.usize(start..=end)) }
    }

    fn shift(&mut self, state: &ReviewState) -> Operation {
        let on = self.target(state);
        let (start, end) = match &on {
            Target::Event(id) => frames(state.event(*id).unwrap().stretch),
            Target::Model(model) => frames(model.stretch),
        };
        let by = self.random.usize(0..30);
        Operation::Move { on, to: stretch(start + by, end + by) }
    }

    fn edge(&mut self) -> Edge {
        edge(self.random.usize(0..4100))
    }

    fn stretch(&mut self) -> Stretch {
        let start = self.random.usize(0..4000);
        stretch(start, start + self.random.usize(0..50))
    }

    fn text(&mut self) -> String {
        let words =
            ["", "a \"van\"", "line\nbreak\r\n", "שלום עולם", "\u{202e}reversed", "tab\t\u{0}\u{7f}", "🚓 'x' \\"];
        (0..3).map(|_| *self.random.choice(&words).unwrap()).collect()
    }
}
