//! Present: what a room gets to see, and what it does not.

use std::time::{Duration, Instant};

use avar_app::command::{Action, Command};
use avar_app::state::Mode;
use avar_app::thumbnails::{Moment, Thumbnail};
use avar_base::time::MediaTime;
use avar_playback::SeekPrecision;
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::NodeT;

use super::{Window, clip};

/// On a clip in which a crash and a siren were found.
fn presented() -> Window {
    let mut window = Window::on_clip();
    window.plant_events();
    window.press(Modifiers::NONE, Key::F3);
    window
}

fn agreed() -> Window {
    let mut window = presented();
    window.press(Modifiers::NONE, Key::Enter);
    window
}

/// Whatever can be read or heard in the window.
fn words(window: &Window) -> Vec<String> {
    let nodes: Vec<_> = window.harness.root().children_recursive().collect();
    nodes.iter().flat_map(|node| [node.value(), node.accesskit_node().label()]).flatten().collect()
}

fn mode(window: &Window) -> Mode {
    window.harness.state().desk.state.mode()
}

#[test]
fn a_warning_comes_before_anything_is_shown() {
    let window = presented();
    window.assert_shows("This recording may show violence");
    assert!(!window.has("Video"));
    assert!(words(&window).iter().all(|word| !word.starts_with("Chapter")));
}

#[test]
fn enter_agrees_to_nothing_that_was_not_asked() {
    let mut window = Window::on_clip();
    window.harness.state_mut().desk.state.queue[0].review.analysis = None;
    window.press(Modifiers::NONE, Key::F3);
    window.assert_shows("Not analysed to its end yet");
    window.press(Modifiers::NONE, Key::Enter);
    assert!(!window.harness.state().desk.state.is_content_confirmed());
}

#[test]
fn each_recording_is_asked_about() {
    let mut window = Window::on(|folder| vec![clip(folder, "one.mp4"), clip(folder, "two.mp4")]);
    window.press(Modifiers::NONE, Key::F3);
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.has("Video"));
    window.press(Modifiers::NONE, Key::PageDown);
    window.assert_shows("This recording may show violence");
    assert!(!window.has("Video"));
}

#[test]
fn nothing_plays_before_the_warning_is_answered() {
    let mut window = presented();
    window.press(Modifiers::NONE, Key::Space);
    assert!(!window.harness.state().desk.state.player.as_ref().unwrap().playing);
}

#[test]
fn the_picture_behind_the_warning_cannot_be_recognised() {
    let window = presented();
    let app = window.harness.state();
    let recording = app.desk.state.recording().unwrap();
    let moment = Moment { file: recording.path.clone(), at: recording.chapters[0].peak_time };
    let Some(Thumbnail::Picture { veiled, .. }) = app.thumbnails.get(&moment) else { panic!("no thumbnail") };
    assert!(veiled.size().into_iter().all(|side_px| side_px <= 10), "{:?}", veiled.size());
}

#[test]
fn agreeing_shows_the_video_its_class_and_its_chapters() {
    let mut window = agreed();
    assert!(window.has("Video"));
    window.harness.state_mut().desk.apply(Command::Seek(MediaTime::from_seconds(1.1), SeekPrecision::Exact));
    window.settle();
    window.assert_shows("Crash, anomaly score 1.00");
    let chapters = words(&window).into_iter().filter(|word| word.starts_with("Chapter")).collect::<Vec<_>>();
    assert_eq!(chapters.len(), 2, "{chapters:?}");
    assert!(chapters[1].starts_with("Chapter 2: Police siren"), "{chapters:?}");
}

#[test]
fn a_chapter_goes_to_its_event() {
    let mut window = agreed();
    let name = words(&window).into_iter().find(|word| word.starts_with("Chapter 2")).unwrap();
    window.click(&name);
    window.assert_shows("Police siren, anomaly score 1.00");
}

#[test]
fn no_path_and_no_file_name_is_ever_readable() {
    let mut window = agreed();
    for key in [Key::F3, Key::Questionmark, Key::G, Key::Escape, Key::Escape] {
        let folder = window.folder.path().display().to_string();
        let told: Vec<String> =
            words(&window).into_iter().filter(|word| word.contains("clip.mp4") || word.contains(&folder)).collect();
        assert_eq!(told, [] as [String; 0]);
        window.press(Modifiers::NONE, key);
    }
}

#[test]
fn a_file_that_cannot_be_opened_is_not_named() {
    let mut window = Window::on(|folder| vec![folder.join("secret-name.mp4")]);
    window.press(Modifiers::NONE, Key::F3);
    window.assert_shows("This recording cannot be shown");
    assert!(words(&window).iter().all(|word| !word.contains("secret-name")));
}

#[test]
fn an_untrained_network_is_owned_up_to() {
    agreed().assert_shows("untrained weights: these scores mean nothing");
}

#[test]
fn the_log_which_names_recordings_is_not_for_the_room() {
    let mut window = Window::on_clip();
    std::fs::write(window.folder.path().join("avar.log"), "open{path=clip.mp4}").unwrap();
    window.press(Modifiers::COMMAND, Key::L);
    window.assert_shows("clip.mp4}");
    window.press(Modifiers::NONE, Key::F3);
    assert!(!window.shows("clip.mp4"), "{:?}", window.texts());
    window.press(Modifiers::COMMAND, Key::L);
    assert!(!window.shows("clip.mp4"), "{:?}", window.texts());
}

#[test]
fn presenting_starts_no_analysis() {
    let mut window = Window::empty();
    window.press(Modifiers::NONE, Key::F3);
    let path = clip(window.folder.path(), "clip.mp4");
    window.harness.state_mut().desk.apply(Command::OpenPaths(vec![path]));
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        window.harness.step();
        std::thread::sleep(Duration::from_millis(10));
    }
    window.assert_shows("Not analysed yet");
}

#[test]
fn on_a_stand_the_queue_goes_round() {
    let mut window = Window::on(|folder| vec![clip(folder, "one.mp4"), clip(folder, "two.mp4")]);
    window.press(Modifiers::NONE, Key::F3);
    window.press(Modifiers::NONE, Key::Enter);
    window.press(Modifiers::SHIFT, Key::L);
    window.press(Modifiers::NONE, Key::End);
    window.harness.state_mut().desk.apply(Action::PlayPause.into());
    let started = Instant::now();
    while window.harness.state().desk.state.current != Some(1) {
        window.harness.step();
        assert!(started.elapsed() < Duration::from_secs(30), "the second recording never comes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_screen_that_was_filled_is_left_by_escape() {
    let mut window = agreed();
    window.press(Modifiers::SHIFT, Key::F);
    assert!(window.harness.state().desk.state.view.is_full_screen);
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.harness.state().desk.state.view.is_full_screen);
    assert_eq!(mode(&window), Mode::Present);
}

#[test]
fn escape_leaves_for_review_and_coming_back_warns_again() {
    let mut window = agreed();
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(mode(&window), Mode::Review);
    window.press(Modifiers::NONE, Key::F3);
    window.assert_shows("This recording may show violence");
}

#[test]
fn every_button_of_presenting_has_a_name_in_words() {
    for window in [presented(), agreed()] {
        let nameless: Vec<_> = window
            .harness
            .root()
            .children_recursive()
            .map(|node| node.accesskit_node())
            .filter(|node| matches!(node.role(), Role::Button | Role::Slider))
            .filter(|node| !super::in_words(&node.label().unwrap_or_default()))
            .map(|node| node.label())
            .collect();
        assert!(nameless.is_empty(), "{nameless:?}");
    }
}
