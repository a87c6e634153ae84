//! What Evaluate asks of the rest of the desk, which alone knows dialogs, media and networks.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::evaluate::EvaluationNews;
use super::evaluate::command::{EvaluateCommand, Request};
use super::evaluate::pictures::{PictureProblem, PictureRequest};
use super::evaluate::state::Slot;
use super::preview::{Preview, PreviewSettings};
use super::state::Mode;
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
            Request::SavePlate { run, plate, settings, out } => {
                self.jobs.save_plate(run, plate, settings, out);
                if !self.jobs.is_saving_plate() {
                    self.evaluate.plate_news(plate, JobEvent::Cancelled);
                }
            }
            Request::CancelPlate => self.jobs.cancel_plate(),
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

    /// A folder is a run; a manifest is evaluated and its run opened.
    pub(super) fn open_in_evaluate(&mut self, slot: Slot, path: PathBuf) {
        match path.is_file() {
            true => self.evaluate_manifest(path),
            false => self.evaluate.apply(EvaluateCommand::OpenRun(slot, path)),
        }
    }

    /// Evaluates a manifest with the desk's network, in the background; the run lies beside the manifest.
    pub(super) fn evaluate_manifest(&mut self, manifest: PathBuf) {
        if self.jobs.is_evaluating() {
            self.evaluate.state.notices.push("An evaluation is under way; wait for it or cancel it.".to_owned());
            return;
        }
        let name = manifest.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let spec = EvaluationSpec {
            out: Some(run_folder(&manifest)),
            manifest,
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

/// `NAME.run` beside the manifest, `NAME.run-2` where that is taken: no run is written over another.
fn run_folder(manifest: &Path) -> PathBuf {
    let name = |number: usize| match number {
        1 => manifest.with_extension("run"),
        _ => manifest.with_extension(format!("run-{number}")),
    };
    (1..).map(name).find(|folder| !folder.exists()).unwrap_or_else(|| name(1))
}
