//! The named scenes of `avar screenshot`: the program's own window, rendered without a display.
//!
//! The harness is the one that the tests use. Pictures come from the bundled sample alone, never from a user's file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use eframe::egui::{Vec2, vec2};
use egui_kittest::Harness;
use image::ExtendedColorType;

use super::command::{Action, Command};
use super::decisions::Decision;
use super::evaluate::command::{EvaluateAction, EvaluateCommand};
use super::evaluate::state::Slot;
use super::state::{HandOverSheet, OpeningStage};
use super::{DeskApp, DeskOptions, sample_path};
use avar_base::files::write_png;
use avar_base::time::MediaTime;
use avar_interchange::Format;
use avar_labels::{AnomalyClass, Verdict};
use avar_metrics::inspection::demo_run;
use avar_metrics::runs::write_run;
use avar_playback::{AudioOutput, FrameState, PlayerOptions, SeekPrecision};

const SIZE: Vec2 = vec2(1440.0, 900.0);
/// A scene that takes longer than this is broken.
const PATIENCE: Duration = Duration::from_secs(120);

/// A picture of the window.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    pub name: &'static str,
    opens: Opens,
    /// Where the playhead stands, in seconds.
    at_s: f64,
    actions: &'static [Action],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Opens {
    Nothing,
    Sample,
    MissingFile,
    /// The sample, with decisions made on it: a copy, as they lie beside it.
    Decided,
    /// Two made-up runs, whose clips are moments of the sample.
    Runs,
}

pub const SCENES: [Scene; 14] = [
    Scene { name: "review", opens: Opens::Sample, at_s: 7.0, actions: &[] },
    Scene { name: "review-light", opens: Opens::Sample, at_s: 7.0, actions: &[Action::ToggleTheme] },
    Scene {
        name: "zoomed",
        opens: Opens::Sample,
        at_s: 8.0,
        actions: &[Action::TimelineZoomIn, Action::TimelineZoomIn, Action::TimelineZoomIn, Action::ToggleOverlay],
    },
    Scene { name: "decided", opens: Opens::Decided, at_s: 7.0, actions: &[] },
    Scene { name: "decided-light", opens: Opens::Decided, at_s: 7.0, actions: &[Action::ToggleTheme] },
    Scene { name: "decided-large", opens: Opens::Decided, at_s: 7.0, actions: &[Action::Larger; 5] },
    Scene { name: "hand-over", opens: Opens::Decided, at_s: 7.0, actions: &[Action::HandOver] },
    Scene { name: "evaluate", opens: Opens::Runs, at_s: 0.0, actions: &[] },
    Scene { name: "evaluate-light", opens: Opens::Runs, at_s: 0.0, actions: &[Action::ToggleTheme] },
    Scene { name: "present-warning", opens: Opens::Sample, at_s: 0.0, actions: &[Action::ShowPresent] },
    Scene { name: "present", opens: Opens::Sample, at_s: 7.0, actions: &[Action::ShowPresent, Action::ConfirmContent] },
    Scene { name: "keys", opens: Opens::Sample, at_s: 2.0, actions: &[Action::KeySheet] },
    Scene { name: "empty", opens: Opens::Nothing, at_s: 0.0, actions: &[] },
    Scene { name: "error", opens: Opens::MissingFile, at_s: 0.0, actions: &[] },
];

/// Renders every scene into `folder` and returns what was written.
pub fn render_all(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    SCENES
        .iter()
        .map(|scene| {
            let decided = tempfile::tempdir()?;
            let files = match scene.opens {
                Opens::Nothing | Opens::Runs => Vec::new(),
                Opens::Decided => {
                    let copy = decided.path().join("sample-incident.mp4");
                    std::fs::copy(sample_path()?, &copy)?;
                    vec![copy]
                }
                Opens::Sample => vec![sample_path()?],
                Opens::MissingFile => vec![PathBuf::from("/recordings/camera-04.mp4")],
            };
            let path = folder.join(format!("{}.png", scene.name));
            let options = DeskOptions { files, author: "analyst".to_owned(), ..DeskOptions::default() };
            let actions = scene.actions.iter().flat_map(|action| match action {
                // Where the copy lies is of no interest.
                Action::HandOver => vec![Command::Act(*action), Command::EditHandOver(hand_over_sheet())],
                _ => vec![Command::Act(*action)],
            });
            let runs = tempfile::tempdir()?;
            let opened = match scene.opens {
                Opens::Runs => demo_runs(runs.path())?,
                Opens::Decided => decisions(),
                Opens::Nothing | Opens::Sample | Opens::MissingFile => Vec::new(),
            };
            render(options, scene.at_s, opened.into_iter().chain(actions), &path)
                .with_context(|| format!("scene \"{}\"", scene.name))?;
            Ok(path)
        })
        .collect()
}

/// In the middle of a review: what the network found is trimmed and accepted, with a note; of three that were added one
/// is rejected and one unsure.
fn decisions() -> Vec<Command> {
    let seek = |seconds: f64| Command::Seek(MediaTime::from_seconds(seconds), SeekPrecision::Exact);
    let decide = Command::Decide;
    let added = |seconds: f64, class| {
        [seek(seconds), decide(Decision::Add), Command::ChooseEvent(0), decide(Decision::SetClass(class))]
    };
    let mut commands = Vec::new();
    commands.extend(added(2.6, AnomalyClass::Brawling));
    commands.extend([decide(Decision::Judge(Verdict::Unsure))]);
    commands.extend(added(0.6, AnomalyClass::Vandalism));
    commands.extend([decide(Decision::Judge(Verdict::Rejected)), Command::ChooseEvent(2), seek(5.6)]);
    commands.extend([decide(Decision::TrimStart), seek(8.4), decide(Decision::TrimEnd)]);
    commands.extend([decide(Decision::Note("the parked car was hit".to_owned())), seek(10.2), decide(Decision::Add)]);
    commands.extend([seek(9.4), decide(Decision::NoteHere("a second car passes".to_owned()))]);
    commands.extend([Command::ChooseEvent(2), decide(Decision::Judge(Verdict::Accepted)), seek(7.0)]);
    commands
}

fn hand_over_sheet() -> HandOverSheet {
    let at = |name: &str| format!("/incidents/{name}");
    HandOverSheet {
        bundle: at("sample-incident.mp4.zip"),
        clip: at("sample-incident.mp4.clip.mp4"),
        has_words: false,
        annotations: at("sample-incident.mp4.eaf"),
        format: Format::Elan,
    }
}

/// Writes two runs into `folder` and says how to look at them.
fn demo_runs(folder: &Path) -> anyhow::Result<Vec<Command>> {
    let sample = sample_path()?;
    let mut commands = vec![Action::ShowEvaluate.into()];
    for (slot, name, skill, seed) in [(Slot::A, "made-up-a", 0.45, 1), (Slot::B, "made-up-b", 0.75, 2)] {
        let settings = demo_run::Settings { folder: folder.join(name), skill, seed, ..demo_run::Settings::default() };
        let mut run = demo_run::run(&settings);
        run.clips.iter_mut().for_each(|clip| clip.facts.file = sample.clone());
        write_run(&run)?;
        commands.push(Command::Evaluate(EvaluateCommand::OpenRun(slot, settings.folder)));
    }
    commands.push(Command::Evaluate(EvaluateCommand::Act(EvaluateAction::NextClip)));
    Ok(commands)
}

/// Opens files as the window would, waits until they are analysed, and saves a picture of the window.
/// `commands` are given one after another, each once the one before has been carried out.
pub fn render(
    options: DeskOptions,
    at_s: f64,
    commands: impl IntoIterator<Item = Command>,
    path: &Path,
) -> anyhow::Result<()> {
    let player = PlayerOptions { output: AudioOutput::Silent, ..options.player.clone() };
    let options = DeskOptions { player, ..options };
    let mut harness = Harness::builder()
        // A file may be called anything.
        .allow_missing_glyphs()
        .with_size(SIZE)
        .wgpu()
        .build_eframe(|cc| DeskApp::new(cc, options));
    settle(&mut harness)?;
    if let Some(range) = harness.state().desk.state.media().map(|media| media.info.range) {
        let target = range.clamp(range.start + MediaTime::from_seconds(at_s));
        harness.state_mut().desk.apply(Command::Seek(target, SeekPrecision::Exact));
        settle(&mut harness)?;
    }
    for command in commands {
        harness.state_mut().desk.apply(command);
        harness.run_steps(2);
        settle(&mut harness)?;
    }
    harness.run_steps(4);
    let picture = harness.render().map_err(anyhow::Error::msg)?;
    Ok(write_png(path, &picture, picture.dimensions(), ExtendedColorType::Rgba8)?)
}

/// Until every file is opened and analysed, and the frame on screen is the exact one.
pub fn settle(harness: &mut Harness<'_, DeskApp>) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        harness.step();
        let DeskApp { desk, thumbnails, letters, .. } = harness.state();
        let has_picture = match &desk.state.player {
            Some(player) => {
                !matches!(player.frame_state, FrameState::Loading | FrameState::Preview) || player.error.is_some()
            }
            None => desk.state.recording().is_none_or(|recording| matches!(recording.stage, OpeningStage::Failed(_))),
        };
        if has_picture && !desk.is_busy() && !desk.awaits_pictures() && !thumbnails.is_busy() && !letters.is_busy() {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            bail!("the window was not ready after {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
