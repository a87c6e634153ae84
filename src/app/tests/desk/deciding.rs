//! Deciding on events, and what is saved of it.

use super::*;
use avar_app::decisions::{ListView, TrailStage};
use avar_labels::Verdict;
use avar_review::layers::ListedEvent;
use avar_review::{Document, verify};

/// On a clip of three seconds with a crash at steps 4 and 5 and a siren at steps 8 to 10, whose review is open.
fn deciding() -> Window {
    let mut window = Window::on_clip();
    window.plant_events();
    let decisions = &window.harness.state().desk.state.queue[0].decisions;
    assert_eq!(decisions.stage, TrailStage::Open);
    window
}

fn events(window: &Window) -> &[ListedEvent] {
    &window.harness.state().desk.state.queue[0].decisions.listed
}

fn chosen(window: &Window) -> Option<usize> {
    window.harness.state().desk.state.queue[0].decisions.chosen
}

fn verdicts(window: &Window) -> Vec<Option<Verdict>> {
    events(window).iter().map(|event| event.verdict).collect()
}

/// Those that somebody has touched: what a network that learned nothing finds beside them is anything.
fn decided(window: &Window) -> Vec<&ListedEvent> {
    events(window).iter().filter(|event| event.id().is_some()).collect()
}

/// First and last frame.
fn frames(event: &ListedEvent) -> (usize, usize) {
    (event.stretch.start.frame.0, event.stretch.end.frame.0 - 1)
}

fn document(window: &Window) -> PathBuf {
    window.folder.path().join("clip.mp4.avar")
}

#[test]
fn events_are_decided_by_keys_and_every_decision_is_on_the_disk() {
    let mut window = deciding();
    window.assert_shows("0 of 2 reviewed");
    window.assert_shows("Nothing is decided yet.");
    assert!(!document(&window).exists(), "no file before the first decision");
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(chosen(&window), Some(0));
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(verdicts(&window), [Some(Verdict::Accepted), None]);
    window.assert_shows("1 of 2 reviewed");
    window.press(Modifiers::NONE, Key::N);
    assert_eq!(chosen(&window), Some(1));
    window.press(Modifiers::NONE, Key::Delete);
    assert_eq!(verdicts(&window), [Some(Verdict::Accepted), Some(Verdict::Rejected)]);
    window.press(Modifiers::NONE, Key::N);
    window.assert_shows("All is reviewed: 2 of 2 reviewed.");
    let trail = verify(&document(&window)).unwrap();
    assert_eq!(trail.entries.iter().map(|entry| entry.operation.label()).collect::<Vec<_>>(), ["accept", "reject"]);
    assert!(trail.entries.iter().all(|entry| entry.author == "analyst"));
    window.assert_shows("2 steps saved in clip.mp4.avar");
}

#[test]
fn a_review_goes_on_where_it_was_left_and_undo_reaches_back_over_the_end_of_the_program() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::U);
    window.press(Modifiers::NONE, Key::Num1);
    let Window { harness, folder } = window;
    drop(harness);
    let path = folder.path().join("clip.mp4");
    let mut window = Window::on(|_| vec![path]);
    window.folder = folder;
    let stands = |window: &Window| decided(window).iter().map(|event| (event.verdict, event.class)).collect::<Vec<_>>();
    assert_eq!(stands(&window), [(Some(Verdict::Unsure), AnomalyClass::Abuse)]);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(stands(&window), [(Some(Verdict::Unsure), AnomalyClass::Crash)]);
    window.press(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    assert_eq!(stands(&window), [(Some(Verdict::Unsure), AnomalyClass::Abuse)]);
}

#[test]
fn edges_are_trimmed_to_the_frame_on_screen_which_stays_within() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let (first, last) = frames(&events(&window)[0]);
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::ArrowRight);
    }
    window.press(Modifiers::NONE, Key::OpenBracket);
    assert_eq!(frames(&events(&window)[0]), (first + 3, last));
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::CloseBracket);
    assert_eq!(frames(&events(&window)[0]), (first + 3, first + 4));
    window.press(Modifiers::COMMAND, Key::Z);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(frames(&events(&window)[0]), (first, last));
}

#[test]
fn an_event_is_split_before_the_frame_on_screen_and_merged_again() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let (first, last) = frames(&events(&window)[0]);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::B);
    let parts: Vec<_> = events(&window)[..2].iter().map(frames).collect();
    assert_eq!(parts, [(first, first + 9), (first + 10, last)]);
    window.press(Modifiers::NONE, Key::ArrowUp);
    window.press(Modifiers::SHIFT, Key::B);
    assert_eq!(frames(&events(&window)[0]), (first, last));
    assert_eq!(events(&window).len(), 2);
}

#[test]
fn an_event_that_the_model_did_not_find_is_added_from_in_to_out_and_deleted() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::I);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::O);
    window.press(Modifiers::NONE, Key::A);
    let added = &events(&window)[0];
    assert_eq!((frames(added), added.verdict), ((0, 9), Some(Verdict::Accepted)));
    window.press(Modifiers::NONE, Key::Home);
    window.harness.get_by_label_contains(" at 0:00.000 ").click();
    window.settle();
    window.press(Modifiers::SHIFT, Key::Delete);
    assert_eq!(events(&window).len(), 2, "{:?}", events(&window));
}

#[test]
fn typing_a_note_moves_nothing_and_it_stands_in_the_list() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let before = window.harness.state().desk.state.position();
    window.press(Modifiers::COMMAND, Key::M);
    window.type_text("jkl");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.harness.state().desk.state.position(), before);
    assert_eq!(events(&window)[0].note, "jkl");
    window.assert_shows("Note: jkl");
    assert_eq!(events(&window)[0].verdict, None, "Enter in the sheet accepts nothing");
}

#[test]
fn a_decision_stays_when_the_threshold_moves_and_the_rule_is_part_of_the_review() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let edges = frames(&events(&window)[0]);
    window.harness.state_mut().desk.apply(Command::SetOnset(0.99));
    window.settle();
    assert_eq!(frames(&events(&window)[0]), edges);
    let opened = Document::open(&document(&window)).unwrap();
    assert_eq!(opened.state().rule.onset, 0.99, "{:?}", opened.entries());
}

#[test]
fn nothing_is_decided_without_an_event_and_it_is_said_why() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_shows("Choose an event first");
    assert!(!document(&window).exists());
}

#[test]
fn the_document_of_another_recording_is_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let other = folder.path().join("clip.mp4");
    avar_testing::write_clip(&other, 2, false);
    std::fs::copy(document(&window), folder.path().join("clip.mp4.avar")).unwrap();
    let before = std::fs::read(folder.path().join("clip.mp4.avar")).unwrap();
    let mut window = Window::on(|_| vec![other]);
    window.assert_shows("shorter copy");
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(std::fs::read(folder.path().join("clip.mp4.avar")).unwrap(), before);
}

#[test]
fn a_second_window_on_a_review_reads_and_does_not_write() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let path = window.folder.path().join("clip.mp4");
    let mut second = Window::on(|_| vec![path]);
    let stands = |window: &Window| decided(window).iter().map(|event| event.verdict).collect::<Vec<_>>();
    assert_eq!(stands(&second), [Some(Verdict::Accepted)]);
    let before = std::fs::read(document(&window)).unwrap();
    second.press(Modifiers::NONE, Key::ArrowDown);
    second.press(Modifiers::NONE, Key::Delete);
    second.assert_shows("Nothing can be decided here");
    assert_eq!(stands(&second), [Some(Verdict::Accepted)]);
    assert_eq!(std::fs::read(document(&window)).unwrap(), before);
}

#[test]
fn the_window_comes_back_as_it_was_left_and_a_review_keeps_its_own_rule() {
    let mut window = deciding();
    window.press(Modifiers::COMMAND, Key::D);
    window.press(Modifiers::SHIFT, Key::M);
    window.press(Modifiers::ALT, Key::ArrowUp);
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    window.harness.state_mut().desk.apply(Command::SetOnset(0.7));
    window.settle();
    let folder = window.close();
    let other = folder.path().join("other.mp4");
    avar_testing::write_clip(&other, 2, true);
    let mut window = Window::in_folder(folder, |folder| vec![folder.join("clip.mp4"), folder.join("other.mp4")]);
    let state = |window: &Window| {
        let state = &window.harness.state().desk.state;
        (state.view.is_dark, state.transport.is_muted, (state.hysteresis.onset * 100.0).round())
    };
    assert_eq!(state(&window), (false, true, 70.0), "of the review");
    window.press(Modifiers::NONE, Key::PageDown);
    assert_eq!(state(&window), (false, true, 51.0), "of the desk");
    window.press(Modifiers::NONE, Key::PageUp);
    assert_eq!(state(&window), (false, true, 70.0), "of the review again");
}

#[test]
fn all_that_the_filter_shows_is_decided_at_once_and_taken_back_at_once() {
    let mut window = deciding();
    window.press(Modifiers::COMMAND, Key::A);
    window.assert_shows("2 of 2 events: verdict and class are for all.");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(verdicts(&window), [Some(Verdict::Accepted); 2]);
    assert_eq!(verify(&document(&window)).unwrap().entries.len(), 1);
    window.press(Modifiers::COMMAND, Key::Z);
    assert_eq!(verdicts(&window), [None; 2]);
    let filter = ListView { filter: "siren".to_owned(), ..ListView::default() };
    window.harness.state_mut().desk.apply(Command::SetListView(filter));
    window.press(Modifiers::COMMAND, Key::A);
    window.press(Modifiers::NONE, Key::Delete);
    assert_eq!(verdicts(&window), [None, Some(Verdict::Rejected)]);
}

#[test]
fn several_events_are_chosen_by_clicks_and_escape_leaves_one() {
    let mut window = deciding();
    let several = |window: &Window| window.harness.state().desk.state.queue[0].decisions.all_chosen().count();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let before = window.harness.state().desk.state.position();
    window.harness.get_by_label_contains("Police siren at").click_modifiers(Modifiers::COMMAND);
    window.settle();
    assert_eq!((several(&window), chosen(&window)), (2, Some(1)));
    assert_eq!(window.harness.state().desk.state.position(), before);
    window.harness.get_by_label_contains("Police siren at").click_modifiers(Modifiers::COMMAND);
    window.settle();
    assert_eq!((several(&window), chosen(&window)), (1, Some(0)));
    window.harness.get_by_label_contains("Police siren at").click_modifiers(Modifiers::SHIFT);
    window.settle();
    assert_eq!((several(&window), chosen(&window)), (2, Some(0)));
    window.press(Modifiers::SHIFT, Key::B);
    assert_eq!(events(&window).len(), 1, "{:?}", events(&window));
    window.press(Modifiers::COMMAND, Key::Z);
    window.press(Modifiers::COMMAND, Key::A);
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(several(&window), 1);
}

/// Scores by which every third of so many steps is a crash by itself.
fn plant_many(window: &mut Window, events: usize) {
    let state = &mut window.harness.state_mut().desk.state;
    for step in &mut state.queue[0].review.scores.as_mut().unwrap().steps {
        let is_event = step.step % 3 == 1 && step.step / 3 < events;
        let class = if is_event { AnomalyClass::Crash } else { AnomalyClass::Normal };
        step.class_scores.0.fill(0.0);
        step.class_scores.0[class.index()] = 1.0;
    }
    state.hysteresis = avar_labels::Hysteresis { min_on_s: 0.0, min_off_s: 0.0, ..state.hysteresis };
    state.own_rule = state.hysteresis;
    state.refresh_events();
    window.settle();
}

#[test]
fn fifty_events_are_decided_by_keys_alone_and_handed_over_in_a_bundle_that_stands_up() {
    const EVENTS: usize = 50;
    let mut window = Window::on(|folder| {
        let path = folder.join("clip.mp4");
        avar_testing::write_clip(&path, 38, false);
        vec![path]
    });
    plant_many(&mut window, EVENTS);
    assert_eq!(events(&window).len(), EVENTS);
    for number in 0..EVENTS {
        window.press(Modifiers::NONE, Key::N);
        match number {
            0 => window.press(Modifiers::NONE, Key::Delete),
            1 => {
                window.press(Modifiers::NONE, Key::ArrowRight);
                window.press(Modifiers::NONE, Key::OpenBracket);
                window.press(Modifiers::NONE, Key::Enter);
            }
            2 => {
                window.press(Modifiers::COMMAND, Key::M);
                window.type_text("two cars");
                window.press(Modifiers::NONE, Key::Enter);
                window.press(Modifiers::NONE, Key::Enter);
            }
            3 => window.press(Modifiers::NONE, Key::U),
            _ => window.press(Modifiers::NONE, Key::R),
        }
    }
    window.assert_shows("50 of 50 reviewed");
    window.press(Modifiers::COMMAND, Key::Z);
    window.assert_shows("49 of 50 reviewed");
    window.press(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);
    assert!(events(&window).iter().any(|event| &*event.note == "two cars"));

    window.press(Modifiers::NONE, Key::E);
    window.assert_shows("2 accepted, with stills and curve; 1 rejected.");
    window.click("Write the bundle");
    window.assert_shows("The bundle is written: ");
    let bundle = avar_handover::Bundle::open(&window.folder.path().join("clip.mp4.zip"), &Default::default()).unwrap();
    let trail = verify(&document(&window)).unwrap();
    assert_eq!(bundle.manifest().trail.as_ref().unwrap().last_sha256, trail.last_sha256);
}

#[test]
fn what_was_decided_is_written_for_another_program() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    let out = window.folder.path().join("clip.txt");
    window.press(Modifiers::NONE, Key::E);
    window.harness.state_mut().desk.apply(Command::WriteAnnotations(avar_interchange::Format::Audacity, out.clone()));
    window.settle();
    window.assert_shows("The annotations are written: ");
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().filter(|line| line.ends_with("crash")).count(), 1);
}

#[test]
fn with_shift_the_chosen_event_is_moved_as_a_whole() {
    let mut window = deciding();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let before = frames(&events(&window)[0]);
    // The lane itself has no name of its own: the handles of the event stand at its ends.
    let [start, end] =
        ["Start of the event", "End of the event"].map(|name| window.harness.get_by_label(name).rect().center());
    let middle = start.lerp(end, 0.5);
    let to = middle + egui::vec2(end.x - start.x, 0.0);
    window.harness.event(Event::ModifiersChanged(Modifiers::SHIFT));
    window.harness.hover_at(middle);
    window.harness.run_steps(2);
    let press = |pos, pressed| Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: Modifiers::SHIFT,
    };
    window.harness.event(Event::ModifiersChanged(Modifiers::SHIFT));
    window.harness.event(press(middle, true));
    window.harness.run_steps(2);
    window.harness.hover_at(to);
    window.harness.run_steps(2);
    window.harness.event(press(to, false));
    window.harness.event(Event::ModifiersChanged(Modifiers::NONE));
    window.settle();
    let after = frames(&decided(&window)[0].clone());
    assert_eq!(after.1 - after.0, before.1 - before.0);
    assert!(after.0 > before.0, "{before:?}, then {after:?}");
}
