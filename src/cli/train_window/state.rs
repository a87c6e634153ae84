//! What the window of a training shows.

use std::path::PathBuf;
use std::time::Duration;

use avar_labels::AnomalyClass;
use avar_training::{Pace, Stage, TrainingEvent, TrainingSpec};

/// How a training ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// The weights lie here.
    Trained(PathBuf),
    /// One sentence.
    Failed(String),
    /// By whoever watches.
    Stopped,
}

/// One point of a stage's curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Validation {
    pub step: u64,
    pub training_loss: f32,
    pub validation_loss: f32,
    /// Mean over the classes.
    pub accuracy: f32,
    pub recall: Vec<(AnomalyClass, f32)>,
    pub is_best: bool,
}

#[derive(Clone, Debug)]
pub struct StageView {
    pub stage: Stage,
    pub done: u64,
    pub of: u64,
    pace: Option<Pace>,
    pub validations: Vec<Validation>,
    /// Wall time, all runs together.
    pub finished_s: Option<f64>,
}

impl StageView {
    fn new(stage: Stage) -> StageView {
        StageView { stage, done: 0, of: 0, pace: None, validations: Vec::new(), finished_s: None }
    }

    pub fn fraction(&self) -> f32 {
        if self.finished_s.is_some() { 1.0 } else { self.done as f32 / self.of.max(1) as f32 }
    }

    pub fn time_left(&self) -> Option<Duration> {
        self.pace.as_ref()?.time_left(self.done, self.of)
    }

    pub fn best(&self) -> Option<&Validation> {
        self.validations.iter().rev().find(|validation| validation.is_best)
    }
}

/// All that the window shows.
#[derive(Clone, Debug)]
pub struct TrainingState {
    /// Of the recipe.
    pub name: String,
    /// Where checkpoints, log and weights go.
    pub folder: PathBuf,
    /// In the order of [`Stage::ALL`].
    pub stages: Vec<StageView>,
    /// The place of the stage whose curves are shown; the latest that has any until one is chosen.
    chosen: Option<usize>,
    /// Sentences, oldest first.
    pub told: Vec<String>,
    /// Asked to stop and not yet stopped.
    pub is_stopping: bool,
    /// `None` while it trains.
    pub ending: Option<Ending>,
}

impl TrainingState {
    /// `before`: what earlier runs in the same folder told.
    pub fn new(spec: &TrainingSpec, before: Vec<TrainingEvent>) -> TrainingState {
        let mut state = TrainingState {
            name: spec.recipe.name.clone(),
            folder: spec.work.clone(),
            stages: Stage::ALL.map(StageView::new).to_vec(),
            chosen: None,
            told: Vec::new(),
            is_stopping: false,
            ending: None,
        };
        before.into_iter().for_each(|event| state.take(event));
        state
    }

    /// Takes up what the training tells.
    pub fn take(&mut self, event: TrainingEvent) {
        match event {
            TrainingEvent::Note { .. } => self.told.push(event.to_string()),
            TrainingEvent::Progress { stage, done, of } => {
                let view = self.stage(stage);
                view.pace.get_or_insert_with(|| Pace::from(done));
                (view.done, view.of) = (done, of);
            }
            TrainingEvent::Validation { stage, step, training_loss, validation_loss, accuracy, recall, is_best } => {
                let view = self.stage(stage);
                // A run that was cut off may have told of steps that were done again.
                view.validations.retain(|known| known.step < step);
                view.validations.push(Validation { step, training_loss, validation_loss, accuracy, recall, is_best });
            }
            TrainingEvent::Finished { stage, seconds, .. } => {
                self.stage(stage).finished_s = Some(seconds);
                self.told.push(event.to_string());
            }
        }
    }

    fn stage(&mut self, stage: Stage) -> &mut StageView {
        let place = Stage::ALL.iter().position(|known| *known == stage).unwrap_or_default();
        &mut self.stages[place]
    }

    /// The place of the stage whose curves are shown.
    pub fn shown_place(&self) -> usize {
        let latest = self.stages.iter().rposition(|view| !view.validations.is_empty());
        self.chosen.or(latest).unwrap_or_default()
    }

    /// The stage whose curves are shown.
    pub fn shown(&self) -> &StageView {
        &self.stages[self.shown_place()]
    }

    /// Shows the curves of the stage at this place, the last where there are fewer.
    pub fn show(&mut self, place: usize) {
        self.chosen = Some(place.min(self.stages.len() - 1));
    }
}
