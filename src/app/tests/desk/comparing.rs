//! Events beside annotations of other programs and the reviews of others, and reviews that lie elsewhere.

use super::*;
use avar_app::comparison::ComparedKind;
use avar_app::decisions::TrailStage;

fn drop_file(window: &mut Window, path: &Path) {
    window.harness.state_mut().desk.apply(Command::OpenPaths(vec![path.to_owned()]));
    window.settle();
}

fn on_planted_clip() -> Window {
    let mut window = Window::on_clip();
    window.plant_events();
    window
}

fn lane(window: &Window) -> Vec<(String, usize, usize)> {
    let comparison = window.harness.state().desk.state.queue[0].comparison.as_ref();
    let spans = comparison.into_iter().flat_map(|comparison| &comparison.spans);
    spans.map(|span| (span.words(), span.stretch.start.frame.0, span.stretch.end.frame.0)).collect()
}

#[test]
fn annotations_stand_beside_the_events_until_they_are_closed() {
    let mut window = on_planted_clip();
    let path = window.folder.path().join("labels.txt");
    std::fs::write(&path, "0.400000\t1.000000\tcrash\n1.200000\t2.000000\tdancing\n").unwrap();
    drop_file(&mut window, &path);
    assert_eq!(lane(&window), [("crash".to_owned(), 10, 25), ("dancing".to_owned(), 30, 50)]);
    window.assert_shows("labels.txt (Audacity");
    window.assert_shows("dancing");
    assert_eq!(window.harness.state().desk.state.queue.len(), 1);
    window.click("Compare no longer");
    assert_eq!(lane(&window), []);
}

#[test]
fn annotations_without_a_recording_are_not_lost_in_silence() {
    let mut window = Window::empty();
    let path = window.folder.path().join("labels.txt");
    std::fs::write(&path, "0.400000\t1.000000\tcrash\n").unwrap();
    drop_file(&mut window, &path);
    window.assert_shows("open it first");
    assert!(window.harness.state().desk.state.queue.is_empty());
}

#[test]
fn two_reviews_of_one_recording_are_compared_and_a_review_opens_its_recording() {
    let mut window = on_planted_clip();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let other = window.folder.path().join("of-a-colleague.avar");
    std::fs::copy(window.folder.path().join("clip.mp4.avar"), &other).unwrap();
    window.press(Modifiers::NONE, Key::N);
    window.press(Modifiers::NONE, Key::Enter);
    drop_file(&mut window, &other);
    window.assert_shows("of-a-colleague.avar (review)");
    window.assert_shows("1 of 2 accepted here and 1 there are one");
    window.assert_shows("accepted here alone");
    // What is decided meanwhile is compared as well.
    window.press(Modifiers::COMMAND, Key::Z);
    window.assert_shows("1 of 1 accepted here and 1 there are one");
    window.assert_shows("No decision differs.");
    let comparison = window.harness.state().desk.state.queue[0].comparison.as_ref().unwrap();
    assert!(matches!(comparison.kind, ComparedKind::Review(_)));

    let folder = window.close();
    std::fs::remove_file(folder.path().join("clip.mp4.avar")).unwrap();
    let window = Window::in_folder(folder, |folder| vec![folder.join("of-a-colleague.avar")]);
    let state = &window.harness.state().desk.state;
    assert_eq!(state.queue[0].path, window.folder.path().join("clip.mp4"));
    assert_eq!(state.queue[0].decisions.view.as_ref().unwrap().saved, 1);
    window.assert_shows("saved in of-a-colleague.avar");
}

#[test]
fn a_review_of_another_recording_is_not_compared() {
    let mut window = Window::on(|folder| {
        let other = folder.join("other.mp4");
        avar_testing::write_clip(&other, 2, true);
        vec![clip(folder, "clip.mp4"), other]
    });
    window.plant_events();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let review = window.folder.path().join("clip.mp4.avar");
    let moved = tempfile::tempdir().unwrap();
    let stray = moved.path().join("stray.avar");
    std::fs::rename(&review, &stray).unwrap();
    std::fs::remove_file(window.folder.path().join("clip.mp4")).unwrap();
    window.press(Modifiers::NONE, Key::PageDown);
    drop_file(&mut window, &stray);
    window.assert_shows("this is a shorter copy");
}

#[test]
fn where_nothing_can_be_written_the_review_goes_to_another_folder_and_is_found_there() {
    let mut window = on_planted_clip();
    // In place of the document: a folder is never a file, whoever runs this.
    let beside = window.folder.path().join("clip.mp4.avar");
    let elsewhere = window.folder.path().join("reviews");
    std::fs::create_dir_all(&elsewhere).unwrap();
    window.press(Modifiers::NONE, Key::ArrowDown);
    std::fs::create_dir(&beside).unwrap();
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_shows("finds it another place");
    std::fs::remove_dir(&beside).unwrap();
    window.harness.state_mut().desk.apply(Command::OpenTyped(avar_app::state::Wanted::ReviewFolder, elsewhere.clone()));
    window.settle();
    assert_eq!(window.harness.state().desk.state.queue[0].decisions.stage, TrailStage::Open);
    window.press(Modifiers::NONE, Key::Enter);
    assert!(elsewhere.join("clip.mp4.avar").exists() && !beside.exists());
    let folder = window.close();
    let window = Window::in_folder(folder, |folder| vec![folder.join("clip.mp4")]);
    let decisions = &window.harness.state().desk.state.queue[0].decisions;
    assert_eq!(decisions.view.as_ref().unwrap().saved, 1);
}
