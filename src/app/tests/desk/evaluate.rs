//! Evaluate within the desk: what it asks for is done. Its views are tested in `tests/evaluate.rs`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_app::command::{Action, Command};
use avar_app::evaluate::command::{EvaluateCommand, Request};
use avar_app::evaluate::pictures::ClipPicture;
use avar_app::evaluate::state::{Gallery, PreviewFrame, Saving, Slot};
use avar_app::state::Mode;
use avar_dataset::Manifest;
use avar_export::Export;
use avar_labels::AnomalyClass;
use avar_metrics::inspection::demo_run;
use avar_metrics::runs::write_run;
use eframe::egui::{Key, Modifiers};

use super::{Dropped, Window, clip};

/// Evaluate on the run of a manifest of two clips, which the window itself evaluated.
fn evaluated() -> Window {
    let mut window = Window::empty();
    let folder = window.folder.path().to_owned();
    clip(&folder, "one.mp4");
    clip(&folder, "two.mp4");
    let manifest = folder.join("clips.csv");
    std::fs::write(&manifest, "path,label\none.mp4,crash\ntwo.mp4,normal\nthree.mp4,riot\n").unwrap();
    window.press(Modifiers::NONE, Key::F2);
    open(&mut window, manifest);
    wait(&mut window, |window| run_folder(window).is_some());
    window
}

fn open(window: &mut Window, path: PathBuf) {
    let command = EvaluateCommand::OpenRun(Slot::A, path);
    window.harness.state_mut().desk.apply(Command::Evaluate(command));
}

fn ask(window: &mut Window, command: EvaluateCommand) {
    window.harness.state_mut().desk.apply(Command::Evaluate(command));
    window.settle();
}

fn run_folder(window: &Window) -> Option<PathBuf> {
    let run = window.harness.state().desk.evaluate.state.open(Slot::A)?;
    Some(run.index.run.folder.clone())
}

#[track_caller]
fn wait(window: &mut Window, holds: impl Fn(&Window) -> bool) {
    let started = Instant::now();
    while !holds(window) {
        window.harness.step();
        let notices = &window.harness.state().desk.evaluate.state.notices;
        assert!(started.elapsed() < Duration::from_secs(60), "nothing happens; {notices:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
    window.settle();
}

#[test]
fn a_manifest_is_evaluated_in_the_background_and_its_run_opens() {
    let window = evaluated();
    let folder = run_folder(&window).unwrap();
    assert_eq!(folder, window.folder.path().join("clips.run"));
    assert!(folder.join("metrics.json").is_file());
    window.assert_shows("untrained weights");
}

#[test]
fn a_second_evaluation_leaves_the_first_run_alone() {
    let mut window = evaluated();
    let manifest = window.folder.path().join("clips.csv");
    open(&mut window, manifest);
    let second = window.folder.path().join("clips.run-2");
    wait(&mut window, |_| second.join("run.json").is_file());
    assert_eq!(run_folder(&window), Some(window.folder.path().join("clips.run")));
}

#[test]
fn cards_show_the_frame_at_the_peak() {
    let mut window = evaluated();
    ask(&mut window, EvaluateCommand::ShowGallery(Gallery::All));
    wait(&mut window, |window| {
        let pictures = &window.harness.state().desk.evaluate.state.pictures;
        ["one.mp4", "two.mp4"].iter().all(|clip| matches!(pictures.of(clip), Some(ClipPicture::Shown(_))))
    });
}

#[test]
fn t_takes_a_clip_to_review_and_back() {
    let mut window = evaluated();
    ask(&mut window, EvaluateCommand::Select(1));
    window.press(Modifiers::NONE, Key::T);
    let state = &window.harness.state().desk.state;
    assert_eq!((state.mode(), state.recording().unwrap().name().as_str()), (Mode::Review, "two.mp4"));
    window.press(Modifiers::NONE, Key::T);
    assert_eq!(window.harness.state().desk.state.mode(), Mode::Evaluate);
}

#[test]
fn a_run_dropped_on_review_opens_in_evaluate_and_silences_what_plays() {
    let mut window = evaluated();
    let run = run_folder(&window).unwrap();
    window.press(Modifiers::NONE, Key::F1);
    let recording = window.folder.path().join("one.mp4");
    window.harness.state_mut().desk.apply(Command::OpenPaths(vec![recording]));
    window.settle();
    let desk = &mut window.harness.state_mut().desk;
    let whole = desk.state.media().unwrap().info.range;
    // For ever: that it has come to its end must not be taken for a pause.
    desk.apply(Command::SetLoop(Some(whole)));
    desk.apply(Command::Act(Action::PlayPause));
    window.harness.run_steps(2);
    assert!(window.harness.state().desk.state.player.as_ref().unwrap().playing);
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(run)));
    wait(&mut window, |window| window.harness.state().desk.state.mode() == Mode::Evaluate);
    assert!(!window.harness.state().desk.state.player.as_ref().unwrap().playing, "it is heard in Evaluate");
}

#[test]
fn a_manifest_dropped_on_review_is_evaluated_and_no_recording() {
    let mut window = evaluated();
    window.press(Modifiers::NONE, Key::F1);
    let recordings = window.harness.state().desk.state.queue.len();
    let manifest = window.folder.path().join("another list.txt");
    std::fs::write(&manifest, "\u{feff}Label, path\ncrash,one.mp4\n").unwrap();
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(manifest)));
    let run = window.folder.path().join("another list.run");
    wait(&mut window, |window| window.harness.state().desk.evaluate.state.open(Slot::B).is_some());
    assert_eq!(window.harness.state().desk.state.mode(), Mode::Evaluate);
    assert_eq!(window.harness.state().desk.state.queue.len(), recordings);
    assert!(run.is_dir());
}

#[test]
fn of_three_dropped_runs_two_open_and_the_third_is_named() {
    let mut window = evaluated();
    let folder = window.folder.path().to_owned();
    for name in ["first", "second", "third"] {
        let settings = demo_run::Settings { folder: folder.join(name), clips: 4, ..demo_run::Settings::default() };
        write_run(&demo_run::run(&settings)).unwrap();
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(settings.folder)));
    }
    window.harness.run_steps(2);
    let evaluate =
        |window: &Window, slot| Some(window.harness.state().desk.evaluate.state.open(slot)?.index.run.name());
    wait(&mut window, |window| {
        evaluate(window, Slot::A).as_deref() == Some("first") && evaluate(window, Slot::B).as_deref() == Some("second")
    });
    let notices = &window.harness.state().desk.evaluate.state.notices;
    assert!(notices.iter().any(|notice| notice.ends_with("not opened: third.")), "{notices:?}");
}

#[test]
fn a_run_dropped_on_evaluate_opens_beside_the_one_that_is_open() {
    let mut window = evaluated();
    let settings = demo_run::Settings { clips: 4, ..demo_run::Settings::default() };
    let settings = demo_run::Settings { folder: window.folder.path().join("other"), ..settings };
    write_run(&demo_run::run(&settings)).unwrap();
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(settings.folder)));
    window.harness.run_steps(2);
    wait(&mut window, |window| window.harness.state().desk.evaluate.state.open(Slot::B).is_some());
    assert_eq!(run_folder(&window), Some(window.folder.path().join("clips.run")));
}

#[test]
fn a_clip_plays_while_it_is_rested_upon() {
    let mut window = evaluated();
    ask(&mut window, EvaluateCommand::Hover(Some(0)));
    wait(&mut window, |window| {
        window.harness.state().desk.evaluate.state.preview.as_ref().is_some_and(|preview| preview.clip == "one.mp4")
    });
    ask(&mut window, EvaluateCommand::Hover(None));
    assert!(window.harness.state().desk.evaluate.state.preview.is_none());
}

#[test]
fn a_clip_that_cannot_be_played_says_so_on_its_card() {
    let mut window = evaluated();
    std::fs::remove_file(window.folder.path().join("one.mp4")).unwrap();
    ask(&mut window, EvaluateCommand::Hover(Some(0)));
    wait(&mut window, |window| {
        let preview = window.harness.state().desk.evaluate.state.preview.as_ref();
        preview.is_some_and(|preview| match &preview.shown {
            PreviewFrame::Problem(sentence) => sentence.contains("no such file") && sentence.ends_with("one.mp4"),
            PreviewFrame::Frame(_) => false,
        })
    });
}

#[test]
fn corrected_labels_are_a_new_manifest_beside_the_old_one() {
    let mut window = evaluated();
    let old = std::fs::read(window.folder.path().join("clips.csv")).unwrap();
    ask(&mut window, EvaluateCommand::Correct(1, Some(AnomalyClass::Pain)));
    ask(&mut window, EvaluateCommand::WriteCorrections);
    let new = window.folder.path().join("clips.corrected.csv");
    wait(&mut window, |window| new.is_file() && !window.harness.state().desk.evaluate.state.notices.is_empty());
    assert_eq!(std::fs::read(window.folder.path().join("clips.csv")).unwrap(), old);
    let labels: Vec<_> = Manifest::read(&new).unwrap().clips.iter().map(|clip| clip.label).collect();
    assert_eq!(labels, [AnomalyClass::Crash, AnomalyClass::Pain]);
    let notices = &window.harness.state().desk.evaluate.state.notices;
    assert!(notices.iter().any(|notice| notice.contains("riot")), "{notices:?}");
}

#[test]
fn a_manifest_that_cannot_be_evaluated_is_explained() {
    let mut window = Window::empty();
    window.press(Modifiers::NONE, Key::F2);
    let manifest = window.folder.path().join("bad.csv");
    std::fs::write(&manifest, "name\nx\n").unwrap();
    open(&mut window, manifest);
    wait(&mut window, |window| !window.harness.state().desk.evaluate.state.notices.is_empty());
    assert!(window.harness.state().desk.evaluate.state.notices[0].contains("bad.csv"));
}

#[test]
fn figures_and_the_report_are_saved_into_the_folder_of_the_run() {
    let mut window = evaluated();
    let figures = run_folder(&window).unwrap().join("figures");
    ask(&mut window, EvaluateCommand::Select(0));
    ask(&mut window, EvaluateCommand::SaveExport(Export::Curve));
    wait(&mut window, |window| matches!(saving(window), Saving::Saved(_)));
    let svg = std::fs::read_to_string(figures.join("figure-5.svg")).unwrap();
    assert!(svg.contains("one.mp4") && svg.contains("class=\"playhead\""), "{svg}");
    assert!(figures.join("figure-5.png").is_file() && figures.join("figure-5.csv").is_file());
    window.assert_shows("Saved figure-5.svg");
    window.press(Modifiers::COMMAND, Key::S);
    wait(&mut window, |window| matches!(saving(window), Saving::Saved(_)) && figures.join("report.html").is_file());
    let report = std::fs::read_to_string(figures.join("report.html")).unwrap();
    assert!(report.contains("untrained weights"));
}

#[test]
fn a_figure_that_cannot_be_saved_is_explained() {
    let mut window = evaluated();
    let folder = run_folder(&window).unwrap();
    std::fs::write(folder.join("figures"), "in the way").unwrap();
    ask(&mut window, EvaluateCommand::SaveExport(Export::Classes));
    wait(&mut window, |window| matches!(saving(window), Saving::Nothing));
    let notices = &window.harness.state().desk.evaluate.state.notices;
    assert!(notices.last().is_some_and(|notice| notice.contains("figures")), "{notices:?}");
}

#[test]
fn a_run_that_is_opened_like_a_file_shows_in_evaluate() {
    let mut window = evaluated();
    let folder = run_folder(&window).unwrap();
    ask(&mut window, EvaluateCommand::CloseRun(Slot::A));
    window.press(Modifiers::NONE, Key::F1);
    window.harness.state_mut().desk.apply(Command::OpenPaths(vec![folder.clone()]));
    wait(&mut window, |window| run_folder(window).as_ref() == Some(&folder));
    let state = &window.harness.state().desk.state;
    assert_eq!(state.mode(), Mode::Evaluate);
    assert!(state.queue.is_empty(), "a run is no recording");
}

fn saving(window: &Window) -> &Saving {
    &window.harness.state().desk.evaluate.state.saving
}

#[test]
fn cancelling_an_evaluation_leaves_no_run() {
    let mut window = Window::empty();
    let folder = window.folder.path().to_owned();
    for index in 0..6 {
        avar_testing::write_clip(&folder.join(format!("{index}.mp4")), 20, true);
    }
    let rows: String = (0..6).map(|index| format!("{index}.mp4,crash\n")).collect();
    std::fs::write(folder.join("clips.csv"), format!("path,label\n{rows}")).unwrap();
    window.press(Modifiers::NONE, Key::F2);
    open(&mut window, folder.join("clips.csv"));
    wait(&mut window, |window| window.harness.state().desk.evaluate.state.evaluation.is_some());
    ask(&mut window, EvaluateCommand::Ask(Request::CancelEvaluation));
    wait(&mut window, |window| window.harness.state().desk.evaluate.state.evaluation.is_none());
    assert!(!folder.join("clips.run").exists() && run_folder(&window).is_none());
}
