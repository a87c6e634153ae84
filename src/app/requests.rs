//! What Evaluate asks of the rest of the desk, which alone knows dialogs, media and networks.

use std::path::PathBuf;
use std::time::Instant;

use super::evaluate::EvaluationNews;
use super::evaluate::command::{EvaluateCommand, Request};
use super::evaluate::pictures::{PictureProblem, PictureRequest};
use super::evaluate::state::Slot;
use super::jobs::{Manifest, PathKind, Sorted};
use super::preview::{Preview, PreviewSettings};
use super::state::{Mode, file_name};
use super::thumbnails::{Moment, Thumbnail, Thumbnails};
use super::update::Desk;
use avar_analysis::AnalysisSettings;
use avar_base::job::JobEvent;
use avar_base::time::MediaTime;
use avar_dataset::Corrected;
use avar_scoring::EvaluationSpec;

impl Desk {
    pub(super) fn serve(&mut self, request: Request) {
        match request {
            Request::ChooseRun(slot) => self.jobs.choose_run(slot),
            Request::Review { file, time_s } => self.review(file, MediaTime::from_seconds(time_s)),
            Request::WriteManifest { manifest, corrections } => self.jobs.correct(manifest, corrections),
            Request::StartEvaluation => self.jobs.choose_manifest(),
            Request::SaveExport { run, export, settings, out } => {
                self.jobs.save_export(run, export, settings, out);
                if !self.jobs.is_saving_export() {
                    self.evaluate.export_news(export, JobEvent::Cancelled);
                }
            }
            Request::CancelExport => self.jobs.cancel_export(),
            Request::CancelEvaluation => self.jobs.cancel_evaluation(),
            Request::Play { clip, file, from_s } => {
                self.preview = Some(Preview::open(clip, file, MediaTime::from_seconds(from_s), &self.wake));
            }
            Request::StopPlaying => {
                self.preview = None;
                self.evaluate.state.preview = None;
            }
        }
    }

    /// A file is taken for a manifest and evaluated, everything else for the folder of a run, which says what is wrong
    /// with it. One run opens beside the one that is open, two replace what is open.
    pub(super) fn open_in_evaluate(&mut self, slot: Option<Slot>, found: Vec<Sorted>) {
        let mut runs = Vec::new();
        for Sorted { path, kind } in found {
            match kind {
                PathKind::Manifest { run } | PathKind::File { run } | PathKind::Annotations { run } => {
                    self.evaluate_manifest(Manifest { path, run });
                }
                PathKind::Run | PathKind::Review { .. } | PathKind::Other => runs.push(path),
            }
        }
        let is_open = self.evaluate.state.open(Slot::A).is_some();
        let slots = match (slot, runs.len()) {
            (Some(slot), _) => vec![slot],
            (None, 1) => vec![if is_open { Slot::B } else { Slot::A }],
            (None, _) => Slot::BOTH.to_vec(),
        };
        let left_out: Vec<String> = runs.iter().skip(slots.len()).map(|run| file_name(run)).collect();
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            self.evaluate.state.notices.push(format!("Two runs at most are shown side by side; not opened: {names}."));
        }
        for (slot, run) in slots.into_iter().zip(runs) {
            self.evaluate.apply(EvaluateCommand::OpenRun(slot, run));
        }
    }

    /// Evaluates a manifest with the desk's network, in the background; the run lies beside the manifest.
    pub(super) fn evaluate_manifest(&mut self, manifest: Manifest) {
        if self.jobs.is_evaluating() {
            self.evaluate.state.notices.push("An evaluation is under way; wait for it or cancel it.".to_owned());
            return;
        }
        let name = file_name(&manifest.path);
        let spec = EvaluationSpec {
            out: Some(manifest.run),
            manifest: manifest.path,
            split: None,
            skip_missing: true,
            network: self.state.network.clone(),
            settings: AnalysisSettings::default(),
        };
        self.jobs.evaluate(spec);
        self.evaluate.evaluation_news(EvaluationNews::Started { name });
    }

    pub(super) fn receive_evaluation(&mut self, event: JobEvent<(), PathBuf>) {
        let news = match event {
            JobEvent::Progress(progress) => EvaluationNews::Progress(progress),
            JobEvent::Partial(()) => return,
            JobEvent::Done(folder) => EvaluationNews::Done(folder),
            JobEvent::Failed(sentence) => EvaluationNews::Failed(sentence),
            JobEvent::Cancelled => EvaluationNews::Cancelled,
        };
        self.evaluate.evaluation_news(news);
    }

    pub(super) fn receive_corrected(&mut self, outcome: Result<Corrected, String>) {
        if let Ok(Corrected { unknown_clips, left_out, .. }) = &outcome {
            let notices = &mut self.evaluate.state.notices;
            if !unknown_clips.is_empty() {
                notices
                    .push(format!("Not corrected, as the manifest does not list them: {}.", unknown_clips.join(", ")));
            }
            if !left_out.is_empty() {
                let labels = left_out.join(", ");
                notices
                    .push(format!("The new manifest lacks rows whose labels are none of the ten classes: {labels}."));
            }
        }
        self.evaluate.corrections_written(outcome.map(|corrected| corrected.path));
    }

    /// Hands on the pictures that Evaluate asks for.
    pub(super) fn serve_pictures(&mut self, thumbnails: &mut Thumbnails) {
        while let Some(PictureRequest { clip, file, time_s }) = self.evaluate.take_picture_request() {
            let moment = Moment { file, at: MediaTime::from_seconds(time_s) };
            thumbnails.want(moment.clone(), None);
            self.awaited_pictures.push((clip, moment));
        }
        let evaluate = &mut self.evaluate;
        self.awaited_pictures.retain(|(clip, moment)| {
            let answer = match thumbnails.get(moment) {
                Some(Thumbnail::Waiting) => return true,
                Some(Thumbnail::Picture { plain, .. }) => Ok(plain.clone()),
                Some(Thumbnail::SoundOnly) => Err(PictureProblem::SoundOnly),
                Some(Thumbnail::NotFound) => Err(PictureProblem::NotFound),
                Some(Thumbnail::Missing(sentence)) => Err(PictureProblem::Failed(sentence.clone())),
                // Others were wanted before its turn came.
                None => Err(PictureProblem::Failed("too many pictures were asked for at once".to_owned())),
            };
            evaluate.take_picture(clip, answer);
            false
        });
    }

    /// Only a picture of the whole window has to wait for them.
    #[cfg(feature = "screenshots")]
    pub(super) fn awaits_pictures(&self) -> bool {
        !self.awaited_pictures.is_empty() || self.evaluate.state.pictures.is_waiting()
    }

    pub(super) fn tick_preview(&mut self, now: Instant) {
        let transport = self.state.transport;
        let settings =
            PreviewSettings { options: &self.player_options, volume: transport.volume, is_muted: transport.is_muted };
        if let Some(preview) = &mut self.preview {
            self.evaluate.state.preview = preview.tick(now, settings, &self.wake);
        }
    }

    /// Shows a moment of a recording, once it is open.
    fn review(&mut self, file: PathBuf, time: MediaTime) {
        self.show_mode(Mode::Review);
        self.show_moment(file, time);
    }
}
