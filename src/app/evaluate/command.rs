//! What can be done in Evaluate: by a key or a button ([`EvaluateAction`]), by a panel ([`EvaluateCommand`]), and what
//! Evaluate asks of the desk ([`Request`]), which alone knows dialogs, media and networks.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Key, Modifiers};

use super::state::{Cells, CurveView, Gallery, Slot, TableView, Unit};
use crate::shortcut::Shortcut;
use avar_export::{Export, ExportSettings};
use avar_labels::AnomalyClass;
use avar_metrics::inspection::filter::Filter;
use avar_metrics::runs::Run;

/// What a user can do with one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EvaluateAction {
    OpenFirst,
    OpenSecond,
    ThresholdUp,
    ThresholdDown,
    TopClass,
    NextCells,
    PreviousGallery,
    NextGallery,
    PreviousClip,
    NextClip,
    StepBack,
    StepOn,
    Review,
    SaveReport,
    Back,
}

impl EvaluateAction {
    pub const ALL: [Self; 15] = [
        Self::OpenFirst,
        Self::OpenSecond,
        Self::ThresholdUp,
        Self::ThresholdDown,
        Self::TopClass,
        Self::NextCells,
        Self::PreviousGallery,
        Self::NextGallery,
        Self::PreviousClip,
        Self::NextClip,
        Self::StepBack,
        Self::StepOn,
        Self::Review,
        Self::SaveReport,
        Self::Back,
    ];

    /// Short, in the imperative: the accessible name of its button and its line in the key sheet.
    pub fn label(self) -> &'static str {
        self.entry().0
    }

    pub fn shortcut(self) -> Shortcut {
        let (_, modifiers, key) = self.entry();
        Shortcut { modifiers, key }
    }

    /// "Take the clip to Review at this moment, and back (T)"
    pub fn tooltip(self) -> String {
        format!("{} ({})", self.label(), self.shortcut().text())
    }

    pub fn of_key(modifiers: Modifiers, key: Key) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.shortcut().matches(modifiers, key))
    }

    fn entry(self) -> (&'static str, Modifiers, Key) {
        const PLAIN: Modifiers = Modifiers::NONE;
        match self {
            Self::OpenFirst => ("Open run A", Modifiers::COMMAND, Key::O),
            Self::OpenSecond => ("Open run B", Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O),
            Self::ThresholdUp => ("Raise the threshold by 0.01", Modifiers::ALT, Key::ArrowUp),
            Self::ThresholdDown => ("Lower the threshold by 0.01", Modifiers::ALT, Key::ArrowDown),
            Self::TopClass => ("Decide by the top class or by the threshold", PLAIN, Key::X),
            Self::NextCells => ("Show counts, shares of rows or shares of columns", PLAIN, Key::N),
            Self::PreviousGallery => ("Show the previous list of clips", PLAIN, Key::OpenBracket),
            Self::NextGallery => ("Show the next list of clips", PLAIN, Key::CloseBracket),
            Self::PreviousClip => ("Go to the previous clip", PLAIN, Key::ArrowUp),
            Self::NextClip => ("Go to the next clip", PLAIN, Key::ArrowDown),
            Self::StepBack => ("Go one step back in the clip", PLAIN, Key::ArrowLeft),
            Self::StepOn => ("Go one step on in the clip", PLAIN, Key::ArrowRight),
            Self::Review => ("Take the clip to Review at this moment, and back", PLAIN, Key::T),
            Self::SaveReport => ("Save the report of run A", Modifiers::COMMAND, Key::S),
            Self::Back => ("Close the cell's clips", PLAIN, Key::Escape),
        }
    }
}

/// A wish to change the state; panels and keys push them, [`super::Evaluate::apply`] alone carries them out. Clips go
/// by their place in run A.
#[derive(Clone, Debug, PartialEq)]
pub enum EvaluateCommand {
    Act(EvaluateAction),
    /// The folder of a run.
    OpenRun(Slot, PathBuf),
    CloseRun(Slot),
    SwapRuns,
    EditPath(String),
    SetFilter(Filter),
    /// In thousandths.
    SetLevel(usize),
    DecideByTopClass(bool),
    SetUnit(Unit),
    SetCells(Cells),
    ShowTable(TableView),
    ShowCurves(CurveView),
    ShowGallery(Gallery),
    Select(usize),
    /// The card under the pointer.
    Hover(Option<usize>),
    SetPlayhead(f64),
    SetNote(usize, String),
    /// As typed, between commas.
    SetTags(usize, String),
    /// What a clip should be labelled; `None` takes a correction back.
    Correct(usize, Option<AnomalyClass>),
    WriteCorrections,
    /// Takes a clip to Review at its peak.
    Review(usize),
    /// Clips whose pictures are on screen.
    WantPictures(Vec<usize>),
    DismissNotice(usize),
    /// Draws a figure, a table or the report of run A into the run's folder.
    SaveExport(Export),
    ForgetSaved,
    Ask(Request),
}

impl From<EvaluateAction> for EvaluateCommand {
    fn from(action: EvaluateAction) -> Self {
        Self::Act(action)
    }
}

/// What Evaluate asks of the desk.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// A folder dialog; the answer is [`EvaluateCommand::OpenRun`].
    ChooseRun(Slot),
    /// A manifest dialog and a job, whose news go to [`super::Evaluate::evaluation_news`].
    StartEvaluation,
    CancelEvaluation,
    /// A job, whose news go to [`super::Evaluate::export_news`].
    SaveExport {
        run: Arc<Run>,
        export: Export,
        settings: ExportSettings,
        out: PathBuf,
    },
    CancelExport,
    /// Show the file in Review at this moment of its own axis.
    Review {
        file: PathBuf,
        time_s: f64,
    },
    /// Play with sound from this moment on; the frames come back as [`super::state::Preview`].
    Play {
        clip: String,
        file: PathBuf,
        from_s: f64,
    },
    StopPlaying,
    /// Write a manifest beside this one with other labels, by clip path; the answer goes to
    /// [`super::Evaluate::corrections_written`].
    WriteManifest {
        manifest: PathBuf,
        corrections: Vec<(String, AnomalyClass)>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Action;
    use crate::keymap::KeyMap;
    use crate::state::Mode;

    #[test]
    fn no_two_actions_share_a_key() {
        for (place, action) in EvaluateAction::ALL.into_iter().enumerate() {
            let Shortcut { modifiers, key } = action.shortcut();
            let others = &EvaluateAction::ALL[place + 1..];
            assert!(!others.iter().any(|other| other.shortcut().matches(modifiers, key)), "{action:?}");
            assert_eq!(EvaluateAction::of_key(modifiers, key), Some(action));
        }
    }

    #[test]
    fn the_key_to_review_is_the_way_back_there() {
        let Shortcut { modifiers, key } = EvaluateAction::Review.shortcut();
        assert_eq!(KeyMap::default().of_key(Mode::Review, modifiers, key), Some(Action::ShowEvaluate));
        assert_eq!(EvaluateAction::Review.tooltip(), "Take the clip to Review at this moment, and back (T)");
    }
}
