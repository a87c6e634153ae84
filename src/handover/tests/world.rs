//! A recording, its scores and a review of it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use avar_analysis::{AnalysisSettings, AnalysisSpec, NetworkChoice, NetworkShelf, StepScores, analyse};
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime};
use avar_export::Watch;
use avar_labels::{AnomalyClass, Hysteresis, Verdict};
use avar_media::{OpenedMedia, open};
use avar_model::Preset;
use avar_review::{
    Document, Edge, Header, Media, Operation, OrdinalsOf, ScoredBy, Stretch, Target, Timestamp, rebuild,
};

use crate::bundle::write;
use crate::{Handover, Scoring, scored_steps};

pub(crate) const FRAMES: usize = 150;

pub(crate) struct World {
    pub folder: tempfile::TempDir,
    pub media: OpenedMedia,
    pub sha256: String,
    pub scores: StepScores,
    pub choice: NetworkChoice,
    pub shelf: NetworkShelf,
    scoring: Scoring,
    document: PathBuf,
}

/// Nobody is told how far it has come.
pub(crate) fn quiet(cancel: &CancelToken) -> Watch<'_> {
    Watch::new(cancel, &|_| {}, &|_| {})
}

impl World {
    /// Six seconds of picture and sound, analysed once for all tests.
    pub(crate) fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("clip.mp4");
            avar_testing::write_clip(&path, 6, true);
            let mut world = Self::new(folder, &path);
            world.review();
            world
        })
    }

    /// Three seconds of sound.
    pub(crate) fn of_sound() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sound.wav");
        let samples: Vec<f32> = (0..3).flat_map(|second| avar_testing::tone(second, 16_000)).collect();
        avar_testing::write_wav(&path, &samples, 16_000);
        Self::new(folder, &path)
    }

    fn new(folder: tempfile::TempDir, path: &Path) -> Self {
        let cancel = CancelToken::default();
        let media = open(path, &cancel, |_| {}).unwrap();
        let (choice, settings) = (NetworkChoice::untrained(Preset::Lite), AnalysisSettings::default());
        let shelf = NetworkShelf::default();
        let spec = AnalysisSpec {
            info: media.info.clone(),
            frames: media.frames.clone(),
            network: choice.clone(),
            settings: settings.clone(),
            journal: None,
        };
        let analysis = analyse(&spec, &shelf, &cancel, |_| {}).unwrap();
        let scoring = Scoring::new(&analysis.account.network, &choice, &settings);
        let sha256 = avar_media::digest(path, &cancel).unwrap();
        let document = folder.path().join("clip.mp4.avar");
        Self { folder, media, sha256, scores: analysis.scores, choice, shelf, scoring, document }
    }

    /// Rejects what the network found, accepts an event of the analyst's, and notes.
    fn review(&mut self) {
        let media = Media {
            path: "clip.mp4".to_owned(),
            absolute_path: String::new(),
            sha256: self.sha256.clone(),
            ordinals_of: OrdinalsOf::Frames,
            frames: FRAMES,
            duration: self.media.info.range.duration(),
        };
        let scored_by = ScoredBy {
            program: "test".to_owned(),
            weights_sha256: self.scoring.weights_sha256.clone(),
            decoder: self.media.info.decoder.clone(),
            settings: serde_json::Map::new(),
        };
        let rule = Hysteresis::default();
        let model = rebuild(&scored_steps(&self.scores, &self.media).unwrap(), rule);
        assert_eq!(model.len(), 1, "untrained scores are about even, so all of it is one event");
        let mut document = Document::draft(Header { media, scored_by, rule }, &self.document).unwrap();
        let edge = |frame| {
            let entry = self.media.frames.as_ref().unwrap().entry(FrameIndex(frame)).unwrap();
            Edge { frame: FrameIndex(frame), time: entry.time }
        };
        let on = vec![Target::Model(Box::new(model[0].clone()))];
        let stretch = Stretch { start: edge(30), end: edge(80) };
        let text = "a door <script>alert(1)</script> \u{202e}".to_owned();
        let operations = [
            Operation::Judge { on, verdict: Verdict::Rejected },
            Operation::Add { class: AnomalyClass::Crash, stretch },
            Operation::NoteAt { at: edge(5), text },
        ];
        for (second, operation) in operations.into_iter().enumerate() {
            let time = Timestamp::from_second(1_800_000_000 + second as i64).unwrap();
            document.append(operation, time, "analyst").unwrap();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.media.info.path
    }

    pub(crate) fn handover(&self) -> Handover {
        Handover {
            media: self.media.clone(),
            sha256: self.sha256.clone(),
            scores: self.scores.clone(),
            scoring: self.scoring.clone(),
            document: Some(self.document.clone()),
            rule: Hysteresis::default(),
        }
    }

    /// Of the review.
    pub(crate) fn bundle(&self, name: &str) -> PathBuf {
        self.written(name, self.handover())
    }

    /// Of what the network found.
    pub(crate) fn undecided(&self, name: &str) -> PathBuf {
        self.written(name, Handover { document: None, ..self.handover() })
    }

    fn written(&self, name: &str, handover: Handover) -> PathBuf {
        let path = self.folder.path().join(name);
        write(&handover, &path, &quiet(&CancelToken::default())).unwrap();
        path
    }
}

/// A time that no frame has is not asked for.
#[test]
fn every_moment_of_an_event_is_a_frame_of_the_recording() {
    let world = World::get();
    let handover = world.handover();
    let account = handover.account(handover.decided().unwrap().as_ref()).unwrap();
    for event in &account.events {
        for moment in handover.moments(event) {
            let entry = world.media.frames.as_ref().unwrap().entry(moment.frame).unwrap();
            assert_eq!(moment.time, entry.time);
            assert!(moment.time < world.media.info.range.end && moment.time >= MediaTime::ZERO);
        }
    }
}
