//! What Evaluate shows. Panels read it, only [`super::Evaluate`] changes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{Rect, Shape};

use super::pictures::Pictures;
use avar_base::job::Progress;
use avar_export::Export;
use avar_labels::AnomalyClass;
use avar_metrics::alarms::{AlarmPoint, level_of, threshold_of};
use avar_metrics::difference::Differences;
use avar_metrics::inspection::comparison::Paired;
use avar_metrics::inspection::filter::Filter;
use avar_metrics::inspection::notes::{Notes, Remark};
use avar_metrics::inspection::run_index::RunIndex;
use avar_metrics::inspection::selection::{OperatingPoint, Outcome, Selection};
use avar_metrics::{Decision, ScoredClip};

/// One of the two places for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    A,
    B,
}

/// What the curves rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    #[default]
    Clips,
    Frames,
}

/// What the cells of the matrix hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    #[default]
    Counts,
    /// Shares of a row, which is a true class.
    ByTruth,
    /// Shares of a column, which is a predicted class.
    ByPrediction,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableView {
    #[default]
    Matrix,
    Classes,
    Comparison,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CurveView {
    #[default]
    PrAndRoc,
    Alarms,
    Reliability,
}

/// A list of clips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gallery {
    #[default]
    FalseAlarms,
    Misses,
    Confusions,
    All,
    /// By how far apart the two runs are.
    Disagreements,
    /// The clips of one cell of the matrix: true class, predicted class.
    Cell(AnomalyClass, AnomalyClass),
}

pub struct EvaluateState {
    pub slots: [RunSlot; 2],
    pub filter: Filter,
    /// The threshold in thousandths.
    pub level: usize,
    pub is_by_threshold: bool,
    pub unit: Unit,
    pub cells: Cells,
    pub table: TableView,
    pub curves: CurveView,
    pub gallery: Gallery,
    /// Clips of the gallery, as places in run A.
    pub listed: Vec<usize>,
    /// A place in run A.
    pub selected: Option<usize>,
    /// How often a key has gone to another clip, which then comes into view.
    pub reveals: u64,
    /// In the selected clip, on its own axis.
    pub playhead_s: f64,
    pub hovered: Option<usize>,
    pub comparison: Comparison,
    pub pictures: Pictures,
    /// What is being played; set by the desk.
    pub preview: Option<Preview>,
    pub evaluation: Option<Evaluation>,
    pub saving: Saving,
    /// Sentences, newest last.
    pub notices: Vec<String>,
    /// Typed, for machines without a file dialog.
    pub path_text: String,
}

pub enum RunSlot {
    Empty,
    Reading { folder: PathBuf, progress: Option<Progress> },
    Failed { folder: PathBuf, sentence: String },
    Open(Box<OpenRun>),
}

pub struct OpenRun {
    pub index: Arc<RunIndex>,
    /// The last one that is whole stays while another is worked out.
    pub selection: Option<Arc<Selection>>,
    pub outcome: Option<Outcome>,
    pub is_selecting: bool,
    pub notes: RunNotes,
}

/// A against B.
#[derive(Default)]
pub struct Comparison {
    pub paired: Option<Arc<Paired>>,
    /// Shown clips that both have, by how far apart the runs are.
    pub order: Vec<usize>,
    pub differences: Option<Box<Differences>>,
    pub is_working: bool,
}

/// What was said of a run's clips.
#[derive(Default)]
pub struct RunNotes {
    pub notes: Notes,
    /// Why they cannot be read; then none are saved either, so that nothing is lost.
    pub problem: Option<String>,
    /// How many corrected labels were written, and into which manifest.
    pub written: Option<(usize, PathBuf)>,
}

/// The clip that plays.
pub struct Preview {
    pub clip: String,
    pub shown: PreviewFrame,
}

/// What there is to see of a clip that plays.
pub enum PreviewFrame {
    /// Draws the frame of now.
    Frame(Box<dyn Fn(Rect) -> Shape>),
    /// Why it cannot be played, in one sentence.
    Problem(String),
}

/// An evaluation that the desk runs in the background.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The manifest's name.
    pub name: String,
    pub progress: Option<Progress>,
}

/// A figure, a table or the report on its way to a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Saving {
    Nothing,
    Running {
        export: Export,
        progress: Option<Progress>,
    },
    /// What was written last.
    Saved(Vec<PathBuf>),
}

impl Slot {
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl Cells {
    pub const ALL: [Self; 3] = [Self::Counts, Self::ByTruth, Self::ByPrediction];

    pub fn label(self) -> &'static str {
        match self {
            Self::Counts => "Counts",
            Self::ByTruth => "Rows %",
            Self::ByPrediction => "Columns %",
        }
    }
}

impl Gallery {
    pub const TABS: [Self; 5] = [Self::FalseAlarms, Self::Misses, Self::Confusions, Self::All, Self::Disagreements];

    pub fn label(self) -> String {
        match self {
            Self::FalseAlarms => "False alarms".to_owned(),
            Self::Misses => "Misses".to_owned(),
            Self::Confusions => "Confusions".to_owned(),
            Self::All => "All".to_owned(),
            Self::Disagreements => "A ≠ B".to_owned(),
            Self::Cell(truth, predicted) if truth == predicted => format!("{} found", truth.label()),
            Self::Cell(truth, predicted) => format!("{} taken for {}", truth.label(), predicted.label()),
        }
    }
}

impl Default for EvaluateState {
    fn default() -> Self {
        Self {
            slots: [RunSlot::Empty, RunSlot::Empty],
            filter: Filter::default(),
            level: level_of(0.5),
            is_by_threshold: false,
            unit: Unit::default(),
            cells: Cells::default(),
            table: TableView::default(),
            curves: CurveView::default(),
            gallery: Gallery::default(),
            listed: Vec::new(),
            selected: None,
            reveals: 0,
            playhead_s: 0.0,
            hovered: None,
            comparison: Comparison::default(),
            pictures: Pictures::default(),
            preview: None,
            evaluation: None,
            saving: Saving::Nothing,
            notices: Vec::new(),
            path_text: String::new(),
        }
    }
}

impl EvaluateState {
    pub fn slot(&self, slot: Slot) -> &RunSlot {
        &self.slots[slot as usize]
    }

    pub fn open(&self, slot: Slot) -> Option<&OpenRun> {
        match self.slot(slot) {
            RunSlot::Open(run) => Some(run),
            _ => None,
        }
    }

    pub fn open_mut(&mut self, slot: Slot) -> Option<&mut OpenRun> {
        match &mut self.slots[slot as usize] {
            RunSlot::Open(run) => Some(run),
            _ => None,
        }
    }

    /// A run with what is shown of it, once that is known.
    pub fn shown(&self, slot: Slot) -> Option<(&RunIndex, &Selection, &Outcome)> {
        let run = self.open(slot)?;
        Some((&run.index, run.selection.as_deref()?, run.outcome.as_ref()?))
    }

    pub fn threshold(&self) -> f64 {
        threshold_of(self.level)
    }

    pub fn decision(&self) -> Decision {
        if self.is_by_threshold { Decision::Threshold(self.threshold()) } else { Decision::TopClass }
    }

    /// Where the decision stands on the PR and ROC curves.
    pub fn operating_point(&self, slot: Slot) -> Option<OperatingPoint> {
        let (_, selection, outcome) = self.shown(slot)?;
        Some(match self.unit {
            Unit::Clips => outcome.operating_point(),
            Unit::Frames => selection.by_frame.at(self.threshold()),
        })
    }

    pub fn alarm_point(&self, slot: Slot) -> Option<AlarmPoint> {
        Some(self.shown(slot)?.1.alarms.at(self.level))
    }

    /// What a clip of run A is called.
    pub fn predicted(&self, place: usize) -> Option<AnomalyClass> {
        let (_, selection, outcome) = self.shown(Slot::A)?;
        let position = selection.places.binary_search(&place).ok()?;
        outcome.predicted.get(position).copied()
    }

    pub fn clip(&self, place: usize) -> Option<&ScoredClip> {
        Some(&self.open(Slot::A)?.index.run.clips.get(place)?.scored)
    }

    pub fn remark(&self, place: usize) -> Option<&Remark> {
        let run = self.open(Slot::A)?;
        run.notes.notes.of(&run.index.run.clips.get(place)?.scored.path)
    }

    /// The clip of run B that is a clip of run A.
    pub fn second_clip(&self, place: usize) -> Option<&ScoredClip> {
        let second = (*self.comparison.paired.as_ref()?.second.get(place)?)?;
        Some(&self.open(Slot::B)?.index.run.clips.get(second)?.scored)
    }

    /// How many clips a list has.
    pub fn count(&self, gallery: Gallery) -> Option<usize> {
        let (_, _, outcome) = self.shown(Slot::A)?;
        Some(match gallery {
            Gallery::FalseAlarms => outcome.binary.false_positives as usize,
            Gallery::Misses => outcome.binary.false_negatives as usize,
            Gallery::Confusions => outcome.confusions() as usize,
            Gallery::All => outcome.predicted.len(),
            Gallery::Disagreements => self.comparison.order.len(),
            Gallery::Cell(truth, predicted) => {
                outcome.classification.confusion.counts()[truth.index()][predicted.index()] as usize
            }
        })
    }

    /// Tabs of the gallery that there is something to say of.
    pub fn galleries(&self) -> Vec<Gallery> {
        let mut tabs = Gallery::TABS.to_vec();
        if self.open(Slot::B).is_none() {
            tabs.retain(|tab| *tab != Gallery::Disagreements);
        }
        if matches!(self.gallery, Gallery::Cell(..)) {
            tabs.push(self.gallery);
        }
        tabs
    }
}

impl OpenRun {
    pub fn new(index: Arc<RunIndex>, notes: RunNotes) -> Self {
        Self { index, selection: None, outcome: None, is_selecting: false, notes }
    }
}

impl RunSlot {
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Empty => None,
            Self::Reading { folder, .. } | Self::Failed { folder, .. } => Some(folder),
            Self::Open(run) => Some(&run.index.run.folder),
        }
    }
}
