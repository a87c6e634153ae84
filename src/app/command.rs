//! Every action of the desk: one enum from which shortcuts, tooltips and the key sheet derive.
//!
//! Keys are logical, not physical, so that `,` is the key that prints a comma on every keyboard layout.

use std::path::PathBuf;

use eframe::egui::{Key, Modifiers};

use super::decisions::{Decision, ListView};
use super::evaluate::command::EvaluateCommand;
use super::keymap::AnyAction;
use super::shortcut::Shortcut;
use super::state::{HandOverSheet, Mode, PanelView, QueueOrder, SidePanel, Wanted};
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_interchange::Format;
use avar_labels::{AnomalyClass, Verdict};
use avar_playback::SeekPrecision;

/// What a user can do with one key or one button.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    PlayPause,
    Reverse,
    Stop,
    Forward,
    FrameBack,
    FrameOn,
    TenFramesBack,
    TenFramesOn,
    SecondBack,
    SecondOn,
    PreviousKeyFrame,
    NextKeyFrame,
    PreviousEvent,
    NextEvent,
    PreviousFile,
    NextFile,
    GoToStart,
    GoToEnd,
    InPoint,
    OutPoint,
    LoopRange,
    Mute,
    PictureEarlier,
    PictureLater,
    GoTo,
    ToggleOverlay,
    ThresholdUp,
    ThresholdDown,
    VideoZoom,
    TimelineZoomIn,
    TimelineZoomOut,
    TimelineFit,
    FullScreen,
    ToggleSidebar,
    ToggleInspector,
    ToggleTimeline,
    Larger,
    Smaller,
    UsualSize,
    Open,
    OpenSample,
    OpenLastQueue,
    HandOver,
    SaveFrame,
    SaveFrameWithWords,
    CopyFrame,
    PlaceReview,
    MoveUp,
    MoveDown,
    ClearQueue,
    PauseAnalyses,
    Analyse,
    AnalyseCancelled,
    CancelAnalyses,
    Close,
    ToggleTheme,
    KeySheet,
    Palette,
    ShowLog,
    Quit,
    ShowReview,
    ShowEvaluate,
    ShowPresent,
    ConfirmContent,
    LoopQueue,
    NextScreen,
    Judge(Verdict),
    AssignClass(AnomalyClass),
    ChooseAll,
    NextUnreviewed,
    PreviousUnreviewed,
    TrimStart,
    TrimEnd,
    SplitEvent,
    MergeEvents,
    AddEvent,
    DeleteEvent,
    NoteHere,
    NoteOnEvent,
    Undo,
    Redo,
}

/// A heading of the key sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionGroup {
    Playing,
    Stepping,
    Jumping,
    Deciding,
    View,
    Desk,
    Modes,
}

impl ActionGroup {
    pub const ALL: [Self; 7] =
        [Self::Playing, Self::Stepping, Self::Jumping, Self::Deciding, Self::View, Self::Desk, Self::Modes];

    pub fn label(self) -> &'static str {
        match self {
            Self::Playing => "Playing",
            Self::Stepping => "Stepping",
            Self::Jumping => "Jumping",
            Self::Deciding => "Deciding",
            Self::View => "View",
            Self::Desk => "Desk",
            Self::Modes => "Modes",
        }
    }
}

const PLAIN: Modifiers = Modifiers::NONE;

const fn keys<const N: usize>(modifiers: Modifiers, keys: [Key; N]) -> [Shortcut; N] {
    let mut shortcuts = [Shortcut { modifiers, key: Key::Space }; N];
    let mut i = 0;
    while i < N {
        shortcuts[i].key = keys[i];
        i += 1;
    }
    shortcuts
}

struct Entry {
    group: ActionGroup,
    label: &'static str,
    shortcuts: Vec<Shortcut>,
}

impl Action {
    pub const ALL: [Self; 93] = [
        Self::PlayPause,
        Self::Reverse,
        Self::Stop,
        Self::Forward,
        Self::Mute,
        Self::InPoint,
        Self::OutPoint,
        Self::LoopRange,
        Self::PictureEarlier,
        Self::PictureLater,
        Self::FrameBack,
        Self::FrameOn,
        Self::TenFramesBack,
        Self::TenFramesOn,
        Self::SecondBack,
        Self::SecondOn,
        Self::PreviousKeyFrame,
        Self::NextKeyFrame,
        Self::PreviousEvent,
        Self::NextEvent,
        Self::GoToStart,
        Self::GoToEnd,
        Self::GoTo,
        Self::PreviousFile,
        Self::NextFile,
        Self::ChooseAll,
        Self::Judge(Verdict::Accepted),
        Self::Judge(Verdict::Rejected),
        Self::Judge(Verdict::Unsure),
        Self::Judge(Verdict::Reviewed),
        Self::NextUnreviewed,
        Self::PreviousUnreviewed,
        Self::TrimStart,
        Self::TrimEnd,
        Self::SplitEvent,
        Self::MergeEvents,
        Self::AddEvent,
        Self::DeleteEvent,
        Self::NoteHere,
        Self::NoteOnEvent,
        Self::Undo,
        Self::Redo,
        Self::AssignClass(AnomalyClass::Abuse),
        Self::AssignClass(AnomalyClass::BabyCry),
        Self::AssignClass(AnomalyClass::Crash),
        Self::AssignClass(AnomalyClass::Brawling),
        Self::AssignClass(AnomalyClass::Explosion),
        Self::AssignClass(AnomalyClass::Intruder),
        Self::AssignClass(AnomalyClass::Normal),
        Self::AssignClass(AnomalyClass::Pain),
        Self::AssignClass(AnomalyClass::PoliceSiren),
        Self::AssignClass(AnomalyClass::Vandalism),
        Self::ToggleOverlay,
        Self::ThresholdUp,
        Self::ThresholdDown,
        Self::VideoZoom,
        Self::TimelineZoomIn,
        Self::TimelineZoomOut,
        Self::TimelineFit,
        Self::FullScreen,
        Self::ToggleSidebar,
        Self::ToggleInspector,
        Self::ToggleTimeline,
        Self::Larger,
        Self::Smaller,
        Self::UsualSize,
        Self::ToggleTheme,
        Self::Open,
        Self::OpenSample,
        Self::OpenLastQueue,
        Self::HandOver,
        Self::SaveFrame,
        Self::SaveFrameWithWords,
        Self::CopyFrame,
        Self::PlaceReview,
        Self::MoveUp,
        Self::MoveDown,
        Self::ClearQueue,
        Self::PauseAnalyses,
        Self::Analyse,
        Self::AnalyseCancelled,
        Self::CancelAnalyses,
        Self::Close,
        Self::KeySheet,
        Self::Palette,
        Self::ShowLog,
        Self::Quit,
        Self::ShowReview,
        Self::ShowEvaluate,
        Self::ShowPresent,
        Self::ConfirmContent,
        Self::LoopQueue,
        Self::NextScreen,
    ];

    /// Short, in the imperative: the accessible name of its button and its line in the key sheet.
    pub fn label(self) -> &'static str {
        self.entry().label
    }

    pub fn group(self) -> ActionGroup {
        self.entry().group
    }

    /// By which settings name it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Its keys as long as the user gives it no others; see [`KeyMap`](super::keymap::KeyMap).
    pub fn first_shortcuts(self) -> Vec<Shortcut> {
        self.entry().shortcuts
    }

    /// Whether it means the same in every mode; the log is not for the room that Present is shown to.
    pub fn is_of_every_mode(self) -> bool {
        use Action::{
            FullScreen, KeySheet, Larger, Palette, Quit, ShowEvaluate, ShowLog, ShowPresent, ShowReview, Smaller,
            ToggleTheme, UsualSize,
        };
        let is_of_window = matches!(
            self,
            FullScreen | Larger | Smaller | UsualSize | ToggleTheme | KeySheet | Palette | ShowLog | Quit
        );
        is_of_window || matches!(self, ShowReview | ShowEvaluate | ShowPresent)
    }

    /// Whether it means anything in a mode that the desk's own actions are heard in.
    pub fn is_heard_in(self, mode: Mode) -> bool {
        match self {
            Self::ConfirmContent | Self::LoopQueue | Self::NextScreen => mode == Mode::Present,
            Self::HandOver | Self::SaveFrame | Self::SaveFrameWithWords | Self::CopyFrame => mode == Mode::Review,
            Self::ToggleSidebar | Self::ToggleInspector | Self::ToggleTimeline => mode == Mode::Review,
            _ if self.group() == ActionGroup::Deciding => mode == Mode::Review,
            _ => true,
        }
    }

    fn entry(self) -> Entry {
        use ActionGroup::{Deciding, Desk, Jumping, Modes, Playing, Stepping, View};
        let entry = |group, label, shortcuts: &[Shortcut]| Entry { group, label, shortcuts: shortcuts.to_vec() };
        match self {
            Self::PlayPause => entry(Playing, "Play or pause", &keys(PLAIN, [Key::Space])),
            Self::Reverse => entry(Playing, "Play backwards, again for faster", &keys(PLAIN, [Key::J])),
            Self::Stop => entry(Playing, "Stop", &keys(PLAIN, [Key::K])),
            Self::Forward => entry(Playing, "Play forwards, again for faster", &keys(PLAIN, [Key::L])),
            Self::Mute => entry(Playing, "Mute or unmute", &keys(Modifiers::SHIFT, [Key::M])),
            Self::InPoint => entry(Playing, "Set the in point", &keys(PLAIN, [Key::I])),
            Self::OutPoint => entry(Playing, "Set the out point", &keys(PLAIN, [Key::O])),
            Self::LoopRange => entry(Playing, "Loop from in to out point", &keys(PLAIN, [Key::P])),
            Self::PictureEarlier => {
                entry(Playing, "Show the picture 10 ms earlier than the sound", &keys(Modifiers::ALT, [Key::Minus]))
            }
            Self::PictureLater => {
                entry(Playing, "Show the picture 10 ms later than the sound", &keys(Modifiers::ALT, [Key::Plus]))
            }
            Self::FrameBack => entry(Stepping, "Step one frame back", &keys(PLAIN, [Key::ArrowLeft, Key::Comma])),
            Self::FrameOn => entry(Stepping, "Step one frame on", &keys(PLAIN, [Key::ArrowRight, Key::Period])),
            Self::TenFramesBack => entry(Stepping, "Step ten frames back", &keys(Modifiers::SHIFT, [Key::ArrowLeft])),
            Self::TenFramesOn => entry(Stepping, "Step ten frames on", &keys(Modifiers::SHIFT, [Key::ArrowRight])),
            Self::SecondBack => entry(Stepping, "Go one second back", &keys(Modifiers::COMMAND, [Key::ArrowLeft])),
            Self::SecondOn => entry(Stepping, "Go one second on", &keys(Modifiers::COMMAND, [Key::ArrowRight])),
            Self::PreviousKeyFrame => {
                entry(Stepping, "Go to the previous key frame", &keys(Modifiers::ALT, [Key::ArrowLeft]))
            }
            Self::NextKeyFrame => entry(Stepping, "Go to the next key frame", &keys(Modifiers::ALT, [Key::ArrowRight])),
            Self::PreviousEvent => entry(Jumping, "Go to the previous event", &keys(PLAIN, [Key::ArrowUp])),
            Self::NextEvent => entry(Jumping, "Go to the next event", &keys(PLAIN, [Key::ArrowDown])),
            Self::GoToStart => entry(Jumping, "Go to the start", &keys(PLAIN, [Key::Home])),
            Self::GoToEnd => entry(Jumping, "Go to the end", &keys(PLAIN, [Key::End])),
            Self::GoTo => entry(Jumping, "Go to a frame or time", &keys(PLAIN, [Key::G])),
            Self::PreviousFile => entry(Jumping, "Open the previous file in the queue", &keys(PLAIN, [Key::PageUp])),
            Self::NextFile => entry(Jumping, "Open the next file in the queue", &keys(PLAIN, [Key::PageDown])),
            Self::Judge(Verdict::Accepted) => entry(Deciding, "Accept the event", &keys(PLAIN, [Key::Enter])),
            Self::Judge(Verdict::Rejected) => entry(Deciding, "Reject the event", &keys(PLAIN, [Key::Delete])),
            Self::Judge(Verdict::Unsure) => entry(Deciding, "Mark the event as unsure", &keys(PLAIN, [Key::U])),
            Self::Judge(Verdict::Reviewed) => entry(Deciding, "Mark the event as reviewed", &keys(PLAIN, [Key::R])),
            Self::ChooseAll => entry(Deciding, "Choose every event of the list", &keys(Modifiers::COMMAND, [Key::A])),
            Self::NextUnreviewed => entry(Deciding, "Go to the next unreviewed event", &keys(PLAIN, [Key::N])),
            Self::PreviousUnreviewed => {
                entry(Deciding, "Go to the previous unreviewed event", &keys(Modifiers::SHIFT, [Key::N]))
            }
            Self::TrimStart => entry(Deciding, "Begin the event with this frame", &keys(PLAIN, [Key::OpenBracket])),
            Self::TrimEnd => entry(Deciding, "End the event with this frame", &keys(PLAIN, [Key::CloseBracket])),
            Self::SplitEvent => entry(Deciding, "Split the event before this frame", &keys(PLAIN, [Key::B])),
            Self::MergeEvents => entry(Deciding, "Merge the event with the next", &keys(Modifiers::SHIFT, [Key::B])),
            Self::AddEvent => entry(Deciding, "Add an event, from in to out point", &keys(PLAIN, [Key::A])),
            Self::DeleteEvent => entry(Deciding, "Delete the event", &keys(Modifiers::SHIFT, [Key::Delete])),
            Self::NoteHere => entry(Deciding, "Write a note at this frame", &keys(PLAIN, [Key::M])),
            Self::NoteOnEvent => entry(Deciding, "Write a note on the event", &keys(Modifiers::COMMAND, [Key::M])),
            Self::Undo => entry(Deciding, "Undo", &keys(Modifiers::COMMAND, [Key::Z])),
            Self::Redo => entry(Deciding, "Redo", &keys(Modifiers::COMMAND.plus(Modifiers::SHIFT), [Key::Z])),
            Self::AssignClass(class) => entry(Deciding, call_it(class), &keys(PLAIN, [digit(class)])),
            Self::ToggleOverlay => entry(View, "Show or hide the overlay", &keys(PLAIN, [Key::V])),
            Self::ThresholdUp => entry(View, "Raise the threshold by 0.01", &keys(Modifiers::ALT, [Key::ArrowUp])),
            Self::ThresholdDown => entry(View, "Lower the threshold by 0.01", &keys(Modifiers::ALT, [Key::ArrowDown])),
            Self::VideoZoom => entry(View, "Fit the picture or show it at 100 %", &keys(PLAIN, [Key::Z])),
            Self::TimelineZoomIn => entry(View, "Zoom in on the timeline", &keys(PLAIN, [Key::Plus])),
            Self::TimelineZoomOut => entry(View, "Zoom out on the timeline", &keys(PLAIN, [Key::Minus])),
            Self::TimelineFit => entry(View, "Show the whole timeline", &keys(Modifiers::SHIFT, [Key::Z])),
            Self::FullScreen => entry(View, "Full screen", &keys(PLAIN, [Key::F])),
            Self::ToggleSidebar => entry(View, "Fold the queue and the events", &keys(Modifiers::COMMAND, [Key::B])),
            Self::ToggleInspector => {
                entry(View, "Fold the scores and the decision", &keys(Modifiers::COMMAND, [Key::I]))
            }
            Self::ToggleTimeline => entry(View, "Fold the timeline", &keys(Modifiers::COMMAND, [Key::T])),
            Self::Larger => entry(View, "Everything larger", &keys(Modifiers::COMMAND, [Key::Plus, Key::Equals])),
            Self::Smaller => entry(View, "Everything smaller", &keys(Modifiers::COMMAND, [Key::Minus])),
            Self::UsualSize => entry(View, "Everything at its usual size", &keys(Modifiers::COMMAND, [Key::Num0])),
            Self::ToggleTheme => entry(View, "Dark or light", &keys(Modifiers::COMMAND, [Key::D])),
            Self::Open => entry(Desk, "Open files", &keys(Modifiers::COMMAND, [Key::O])),
            Self::OpenSample => entry(Desk, "Open the sample incident", &[]),
            Self::OpenLastQueue => {
                let with_shift = Modifiers::COMMAND.plus(Modifiers::SHIFT);
                entry(Desk, "Open the queue of last time", &keys(with_shift, [Key::O]))
            }
            Self::HandOver => entry(Desk, "Hand over: bundle, clip, annotations", &keys(PLAIN, [Key::E])),
            Self::SaveFrame => entry(Desk, "Save the frame as a picture", &keys(PLAIN, [Key::C])),
            Self::SaveFrameWithWords => {
                entry(Desk, "Save the frame with class, score and time", &keys(Modifiers::SHIFT, [Key::C]))
            }
            // Ctrl+C is no key to egui, but a wish to copy text.
            Self::CopyFrame => entry(Desk, "Copy the frame", &keys(Modifiers::ALT, [Key::C])),
            Self::PlaceReview => entry(Desk, "Keep the review in another folder", &[]),
            Self::MoveUp => entry(Desk, "Move the recording up in the queue", &keys(Modifiers::ALT, [Key::PageUp])),
            Self::MoveDown => {
                entry(Desk, "Move the recording down in the queue", &keys(Modifiers::ALT, [Key::PageDown]))
            }
            Self::ClearQueue => entry(Desk, "Remove every recording from the queue", &[]),
            Self::PauseAnalyses => entry(Desk, "Pause the analyses or go on", &keys(Modifiers::COMMAND, [Key::H])),
            Self::Analyse => entry(Desk, "Analyse again", &keys(Modifiers::COMMAND, [Key::R])),
            Self::AnalyseCancelled => {
                let with_shift = Modifiers::COMMAND.plus(Modifiers::SHIFT);
                entry(Desk, "Go on with every cancelled analysis", &keys(with_shift, [Key::R]))
            }
            Self::CancelAnalyses => entry(Desk, "Cancel every analysis", &keys(Modifiers::COMMAND, [Key::Period])),
            // Never destroys work: whoever is used to it presses it once too often.
            Self::Close => entry(Desk, "Close what is open", &keys(PLAIN, [Key::Escape])),
            Self::KeySheet => entry(Desk, "Show the keys", &keys(PLAIN, [Key::Questionmark])),
            Self::Palette => entry(Desk, "Find an action by its name", &keys(Modifiers::COMMAND, [Key::P])),
            Self::ShowLog => entry(Desk, "Show the log", &keys(Modifiers::COMMAND, [Key::L])),
            Self::Quit => entry(Desk, "Quit", &keys(Modifiers::COMMAND, [Key::Q])),
            Self::ShowReview => entry(Modes, "Review", &keys(PLAIN, [Key::F1])),
            // T takes a clip of Evaluate to Review; here it goes back.
            Self::ShowEvaluate => entry(Modes, "Evaluate", &keys(PLAIN, [Key::F2, Key::T])),
            Self::ShowPresent => entry(Modes, "Present", &keys(PLAIN, [Key::F3])),
            Self::ConfirmContent => entry(Modes, "Present: show pictures and sound", &keys(PLAIN, [Key::Enter])),
            Self::LoopQueue => entry(Modes, "Present: play the queue for ever", &keys(Modifiers::SHIFT, [Key::L])),
            Self::NextScreen => entry(Modes, "Present: fill the next screen", &keys(Modifiers::SHIFT, [Key::F])),
        }
    }
}

/// From 1 on in the order of the classes; 0 for the tenth.
fn digit(class: AnomalyClass) -> Key {
    const DIGITS: [Key; 10] =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9, Key::Num0];
    DIGITS[class.index()]
}

fn call_it(class: AnomalyClass) -> &'static str {
    match class {
        AnomalyClass::Abuse => "Call the event abuse",
        AnomalyClass::BabyCry => "Call the event a baby's cry",
        AnomalyClass::Crash => "Call the event a crash",
        AnomalyClass::Brawling => "Call the event brawling",
        AnomalyClass::Explosion => "Call the event an explosion",
        AnomalyClass::Intruder => "Call the event an intruder",
        AnomalyClass::Normal => "Call the event normal",
        AnomalyClass::Pain => "Call the event pain",
        AnomalyClass::PoliceSiren => "Call the event a police siren",
        AnomalyClass::Vandalism => "Call the event vandalism",
    }
}

/// A wish to change the state; panels and keys push them, [`super::update`] alone carries them out.
#[derive(Clone, Debug)]
pub enum Command {
    Act(Action),
    /// Recordings, or the folders of runs, which open in Evaluate.
    OpenPaths(Vec<PathBuf>),
    /// The folders of runs, or manifests.
    OpenInEvaluate(Vec<PathBuf>),
    ShowFile(usize),
    RemoveFile(usize),
    SortQueue(QueueOrder),
    Seek(MediaTime, SeekPrecision),
    SeekFrame(FrameIndex),
    StepFrames(i64),
    SetSpeed(f64),
    SetVolume(f32),
    /// By the stream's place in the file.
    ChooseSoundTrack(usize),
    SetOnset(f32),
    SetOffset(f32),
    SetTimelineView(TimeRange),
    SetPanel(SidePanel, PanelView),
    ScaleWaveform(f32),
    SetLoop(Option<TimeRange>),
    ZoomVideo {
        factor: f32,
        around: [f32; 2],
    },
    PanVideo([f32; 2]),
    GoToText(String),
    EditGoTo(String),
    EditPath(String),
    /// On the sheet that stands in for a file dialog.
    EditSheetPath(String),
    OpenTyped(Wanted, PathBuf),
    DismissNotice(usize),
    /// What the events of the recording on screen are compared with.
    CloseComparison,
    Evaluate(EvaluateCommand),
    /// A place in the list of events.
    ChooseEvent(usize),
    /// Besides what is chosen, or no longer.
    ChooseAlso(usize),
    /// All from the chosen one on.
    ChooseUpTo(usize),
    Decide(Decision),
    SetListView(ListView),
    EditHandOver(HandOverSheet),
    WriteBundle(PathBuf),
    CancelWriting,
    WriteAnnotations(Format, PathBuf),
    /// With or without words in the picture.
    WriteClip(PathBuf, bool),
    EditNote(String),
    /// The text of the note's sheet.
    WriteNote(String),
    EditKeys(KeyEdit),
    /// The letters by which an action is looked for, and the place of the one to take.
    EditPalette {
        text: String,
        chosen: usize,
    },
    /// What was looked for by its name.
    Run(AnyAction),
}

/// What is done to the keys.
#[derive(Clone, Copy, Debug)]
pub enum KeyEdit {
    /// The next key is to be that of the action.
    Ask(Action),
    /// The key that was pressed for the action that one was asked for.
    Offer(Shortcut),
    Give(Action, Shortcut),
    TakeAway(Action),
    Restore(Action),
    RestoreAll,
    /// Everything as it is.
    Leave,
}

impl From<Action> for Command {
    fn from(action: Action) -> Self {
        Self::Act(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::command::EvaluateAction;
    use crate::keymap::KeyMap;

    #[test]
    fn no_two_actions_share_a_key() {
        let keys = KeyMap::default();
        for action in Action::ALL {
            for shortcut in action.first_shortcuts() {
                let mut holders = keys.holders(action, shortcut);
                // T is the way from Evaluate to Review, and there the way back.
                holders.retain(|holder| *holder != AnyAction::Evaluate(EvaluateAction::Review));
                assert_eq!(holders, [], "{action:?} has the key of another action: {}", shortcut.text());
            }
        }
    }

    #[test]
    fn every_action_is_listed_once() {
        let listed: std::collections::HashSet<Action> = Action::ALL.into_iter().collect();
        assert_eq!(listed.len(), Action::ALL.len());
    }
}
