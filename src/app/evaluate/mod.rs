//! Evaluate: metrics and failure cases of one run or two. It works as the desk does: commands and the news of jobs
//! change the state, panels draw it. It knows no media: pictures, playing and dialogs are asked of the desk.
//!
//! | file | holds |
//! |---|---|
//! | `state`, `command`, `update`, `jobs` | what is shown, what can be done, how it changes, what works in the background |
//! | `pictures` | pictures of clips, asked for as they come on screen |
//! | `panels` | one view a file |
//!
//! The numbers are those of `avar_metrics::inspection`.

pub mod command;
mod jobs;
mod panels;
pub mod pictures;
pub mod state;
mod update;

use std::collections::BTreeMap;
use std::path::PathBuf;

use eframe::egui::{Context, TextureHandle, Ui};
use tracing::error;

use self::command::{EvaluateAction, EvaluateCommand, Request};
use self::jobs::Jobs;
use self::pictures::{PictureProblem, PictureRequest};
use self::state::{EvaluateState, Evaluation, RunSlot, Saving, Slot};
use crate::shortcut::key_presses;
use avar_base::job::{JobEvent, Progress, Wake};
use avar_export::Export;
use avar_metrics::inspection::notes::{Notes, not_saved};

/// The state with what works for it.
pub struct Evaluate {
    pub state: EvaluateState,
    jobs: Jobs,
    requests: Vec<Request>,
    /// By the run's folder: notes that differ from those in its file.
    unsaved: BTreeMap<PathBuf, Notes>,
    /// What is being written to its file.
    being_saved: Option<(PathBuf, Notes)>,
    /// Notes that could not be written; they are tried again with the next change, and at the end.
    refused: BTreeMap<PathBuf, Notes>,
    /// By run: the filter or the notes have changed since its clips were selected.
    is_selection_due: [bool; 2],
    /// Something of the comparison has changed since it was worked out.
    is_comparison_due: bool,
}

/// News of an evaluation that the desk runs.
#[derive(Clone, Debug)]
pub enum EvaluationNews {
    Started {
        name: String,
    },
    Progress(Progress),
    /// The folder of the new run.
    Done(PathBuf),
    /// One sentence.
    Failed(String),
    Cancelled,
}

impl Evaluate {
    pub fn new(wake: Wake) -> Self {
        Self {
            state: EvaluateState::default(),
            jobs: Jobs::new(wake),
            requests: Vec::new(),
            unsaved: BTreeMap::new(),
            being_saved: None,
            refused: BTreeMap::new(),
            is_selection_due: [false; 2],
            is_comparison_due: false,
        }
    }

    /// Draws the whole mode and returns what was asked for.
    pub fn show(&self, ui: &mut Ui) -> Vec<EvaluateCommand> {
        let mut commands = Vec::new();
        panels::show(ui, &self.state, &mut commands);
        commands
    }

    /// Takes in what has happened since the last frame of the window.
    pub fn tick(&mut self) {
        for report in self.jobs.poll() {
            self.receive(report);
        }
        self.schedule();
    }

    /// Whether anything is being worked out; pictures and an evaluation are the desk's.
    pub fn is_busy(&self) -> bool {
        let is_due = self.is_selection_due.contains(&true) || self.is_comparison_due;
        self.jobs.is_busy() || is_due || !self.unsaved.is_empty()
    }

    /// What is asked of the desk since the last call.
    pub fn take_requests(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.requests)
    }

    /// The next picture to make; the answer goes to [`Evaluate::take_picture`].
    pub fn take_picture_request(&mut self) -> Option<PictureRequest> {
        self.state.pictures.take_request()
    }

    pub fn take_picture(&mut self, clip: &str, answer: Result<TextureHandle, PictureProblem>) {
        self.state.pictures.take(clip, answer);
    }

    /// A run that was made opens beside the one that is open.
    pub fn evaluation_news(&mut self, news: EvaluationNews) {
        match news {
            EvaluationNews::Started { name } => self.state.evaluation = Some(Evaluation { name, progress: None }),
            EvaluationNews::Progress(progress) => {
                self.state.evaluation.iter_mut().for_each(|evaluation| evaluation.progress = Some(progress));
            }
            EvaluationNews::Done(folder) => {
                self.state.evaluation = None;
                let is_free = matches!(self.state.slot(Slot::A), RunSlot::Empty | RunSlot::Failed { .. });
                self.open_run(if is_free { Slot::A } else { Slot::B }, folder);
            }
            EvaluationNews::Failed(sentence) => {
                self.state.evaluation = None;
                self.state.notices.push(sentence);
            }
            EvaluationNews::Cancelled => self.state.evaluation = None,
        }
    }

    /// How the job of [`Request::SaveExport`] comes along.
    pub fn export_news(&mut self, export: Export, news: JobEvent<String, Vec<PathBuf>>) {
        self.state.saving = match news {
            JobEvent::Progress(progress) => Saving::Running { export, progress: Some(progress) },
            JobEvent::Partial(sentence) => return self.state.notices.push(sentence),
            JobEvent::Done(written) => Saving::Saved(written),
            JobEvent::Failed(sentence) => {
                self.state.notices.push(sentence);
                Saving::Nothing
            }
            JobEvent::Cancelled => Saving::Nothing,
        };
    }

    /// The answer to [`Request::WriteManifest`]: where the new manifest lies, or why there is none.
    pub fn corrections_written(&mut self, outcome: Result<PathBuf, String>) {
        match outcome {
            Ok(path) => {
                if let Some(run) = self.state.open_mut(Slot::A) {
                    run.notes.written = Some((run.notes.notes.corrections().count(), path));
                }
            }
            Err(sentence) => self.state.notices.push(sentence),
        }
    }
}

impl Evaluate {
    /// Waits until what was noted is in its files, and returns a sentence on each file that could not be written: for
    /// when the window closes.
    pub fn put_away(&mut self) -> Vec<String> {
        if let (Err(_), Some((folder, notes))) = (self.jobs.finish_saving(), self.being_saved.take()) {
            self.refused.insert(folder, notes);
        }
        // The later ones win.
        let mut left = std::mem::take(&mut self.refused);
        left.append(&mut self.unsaved);
        let written = left.iter().map(|(folder, notes)| notes.write(folder));
        written.filter_map(Result::err).map(|error| not_saved(&error)).collect()
    }
}

/// For whoever has not put it away.
impl Drop for Evaluate {
    fn drop(&mut self) {
        self.put_away().iter().for_each(|sentence| error!("{sentence}"));
    }
}

/// What the keys pressed since the last frame ask for.
pub fn commands_of_keys(ctx: &Context) -> Vec<EvaluateCommand> {
    let for_desk = key_presses(ctx).into_iter().filter(|press| !press.is_for_widget);
    for_desk.filter_map(|press| Some(EvaluateAction::of_key(press.modifiers, press.key)?.into())).collect()
}
