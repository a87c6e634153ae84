//! Keys that are changed, and actions found by their names.

use super::*;

#[test]
fn a_key_is_changed_in_the_key_sheet_and_stays_so_in_the_next_window() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::Questionmark);
    window.click("Step one frame on: Right or .");
    window.assert_shows("Press the new key for “Step one frame on”.");
    window.press(Modifiers::COMMAND, Key::K);
    assert!(window.has("Step one frame on: Ctrl+K"));
    window.press(Modifiers::NONE, Key::Escape);
    window.press(Modifiers::COMMAND, Key::K);
    window.assert_on_frame(1);
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.assert_on_frame(1);
    let folder = window.close();
    let mut window = Window::in_folder(folder, |folder| vec![folder.join("clip.mp4")]);
    window.press(Modifiers::COMMAND, Key::K);
    window.assert_on_frame(1);
    window.press(Modifiers::SHIFT, Key::Questionmark);
    window.click("All as at first");
    assert!(window.has("Step one frame on: Right or ."));
}

#[test]
fn a_key_that_means_something_else_is_taken_from_there_only_when_one_says_so() {
    let mut window = Window::on_clip();
    let key_of = |window: &Window, action| window.harness.state().desk.state.keys.key_text(action);
    window.press(Modifiers::SHIFT, Key::Questionmark);
    window.click("Stop: K");
    window.press(Modifiers::NONE, Key::Period);
    window.assert_shows(". means “Step one frame on” already.");
    assert_eq!(key_of(&window, Action::Stop), "K");
    window.click("Take it from there");
    assert_eq!(key_of(&window, Action::Stop), ".");
    assert_eq!(key_of(&window, Action::FrameOn), "Right");
    window.click("Stop: .");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(window.has("Stop: ."), "Esc leaves the key, and the sheet stays");
    window.click("Stop: .");
    window.click("As at first");
    assert_eq!(key_of(&window, Action::Stop), "K");
}

#[test]
fn an_action_is_found_by_some_letters_and_done_with_enter() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.press(Modifiers::COMMAND, Key::P);
    window.type_text("goend");
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_on_frame(FRAMES - 1);
    assert!(!window.has("Name of an action"), "the palette is still open");
    window.press(Modifiers::COMMAND, Key::P);
    window.type_text("frame");
    window.press(Modifiers::NONE, Key::Escape);
    window.assert_on_frame(FRAMES - 1);
}

#[test]
fn the_palette_is_gone_through_with_the_arrow_keys() {
    let mut window = Window::on_clip();
    window.press(Modifiers::COMMAND, Key::P);
    window.type_text("step one frame");
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::ArrowUp);
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_on_frame(1);
}
