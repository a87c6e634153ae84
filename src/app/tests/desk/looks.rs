//! Where things stand and what they look like.

use std::path::PathBuf;

use avar_app::command::Action;
use avar_app::state::{Sheet, Wanted};
use avar_app::theme;
use eframe::egui::{Key, Modifiers, Rect};
use egui_kittest::kittest::Queryable;

use super::{Window, clip};

fn place(window: &Window, name: &str) -> Rect {
    window.harness.get_by_label(name).rect()
}

/// Of the points of a rectangle, those in a colour, or nearly.
fn count_of(window: &mut Window, rect: Rect, color: eframe::egui::Color32) -> usize {
    let picture = window.picture();
    let is_near = |pixel: &image::Rgba<u8>| pixel.0.iter().zip(color.to_array()).all(|(a, b)| a.abs_diff(b) <= 24);
    let points = picture
        .enumerate_pixels()
        .filter(|(x, y, pixel)| rect.contains(eframe::egui::pos2(*x as f32, *y as f32)) && is_near(pixel));
    points.count()
}

#[test]
fn what_the_keyboard_is_on_has_a_ring() {
    let mut window = Window::on_clip();
    for name in [Action::ShowReview, Action::ShowEvaluate, Action::Open, Action::FrameOn, Action::LoopRange] {
        let name = name.label();
        let around = place(&window, name).expand(3.0);
        let before = count_of(&mut window, around, theme::DARK.accent);
        window.harness.get_by_label(name).focus();
        let after = count_of(&mut window, around, theme::DARK.accent);
        assert!(after as f32 >= before as f32 + around.width() + around.height(), "{name}: {before}, then {after}");
    }
}

#[test]
fn the_keyboard_goes_through_the_title_bar_from_left_to_right() {
    let window = Window::on_clip();
    let [open, theme, keys] =
        [Action::Open, Action::ToggleTheme, Action::KeySheet].map(|action| place(&window, action.label()));
    assert!(open.right() <= theme.left() && theme.right() <= keys.left() && keys.right() <= super::SIZE.x);
}

#[test]
fn buttons_stand_where_they_stood_for_a_recording_without_sound() {
    let mut window = Window::on(|folder| {
        let silent = folder.join("silent.mp4");
        avar_testing::write_clip(&silent, 2, false);
        vec![clip(folder, "clip.mp4"), silent]
    });
    let places = |window: &Window| {
        [Action::LoopRange, Action::VideoZoom, Action::ToggleOverlay, Action::Mute]
            .map(|action| place(window, action.label()))
    };
    let with_sound = places(&window);
    window.press(Modifiers::NONE, Key::PageDown);
    assert_eq!(places(&window), with_sound);
}

#[test]
fn nothing_moves_from_frame_to_frame() {
    let mut window = Window::on_clip();
    let of_picture = |window: &Window| window.harness.state().desk.picture_panel;
    let of_stamp = |window: &Window| {
        let text = window.texts().into_iter().find(|text| text.starts_with("PTS ")).expect("a time stamp is shown");
        window.harness.query_all_by_value(&text).next().map(|node| node.rect().left())
    };
    let (picture, stamp) = (of_picture(&window), of_stamp(&window));
    assert!(stamp.is_some());
    for _ in 0..6 {
        window.press(Modifiers::SHIFT, Key::ArrowRight);
        assert_eq!(of_picture(&window), picture);
        assert_eq!(of_stamp(&window), stamp);
    }
}

#[test]
fn notices_of_evaluate_lie_over_what_is_shown() {
    let mut window = Window::empty();
    window.click(Action::ShowEvaluate.label());
    let before = place(&window, "Start an evaluation…");
    let notices = &mut window.harness.state_mut().desk.evaluate.state.notices;
    notices.push("The first trouble, which is a long sentence that goes on and on. ".repeat(6));
    window.settle();
    assert_eq!(place(&window, "Start an evaluation…"), before);
    window.assert_shows("The first trouble");
    window.click("Dismiss");
    assert!(!window.shows("The first trouble"));
}

#[test]
fn a_path_is_typed_where_there_is_no_file_dialog() {
    let mut window = Window::empty();
    let path = clip(window.folder.path(), "typed.mp4");
    window.harness.state_mut().desk.state.sheet = Some(Sheet::Path { wanted: Wanted::Recordings, text: String::new() });
    window.settle();
    window.assert_shows("This system has no file dialog");
    window.type_text(&path.display().to_string());
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.harness.state().desk.state.sheet, None);
    let opened: Vec<PathBuf> =
        window.harness.state().desk.state.queue.iter().map(|recording| recording.path.clone()).collect();
    assert_eq!(opened, [path]);
}

#[test]
fn what_is_not_above_the_threshold_is_not_amber() {
    let mut window = Window::on(|folder| {
        let silent = folder.join("silent.mp4");
        avar_testing::write_clip(&silent, 2, false);
        vec![silent]
    });
    let state = &mut window.harness.state_mut().desk.state;
    state.hysteresis = state.hysteresis.with_onset(0.99);
    state.refresh_events();
    window.settle();
    window.assert_shows("the file has no sound");
    let sidebar = Rect::from_min_max(eframe::egui::pos2(0.0, 36.0), eframe::egui::pos2(theme::SIDE_WIDTH, 500.0));
    assert_eq!(count_of(&mut window, sidebar, theme::DARK.alarm), 0);
}

#[test]
fn panels_fold_by_a_key_and_leave_their_room_to_the_picture() {
    let mut window = Window::on_clip();
    let width = |window: &Window| window.harness.state().desk.picture_panel.x;
    let height = |window: &Window| window.harness.state().desk.picture_panel.y;
    let (wide, high) = (width(&window), height(&window));
    for (key, is_higher) in [(Key::B, false), (Key::I, false), (Key::T, true)] {
        window.press(Modifiers::COMMAND, key);
        window.harness.run_steps(30);
        let (wider, higher) = (width(&window) > wide + 200.0, height(&window) > high + 200.0);
        assert_eq!((wider, higher), (!is_higher, is_higher), "{key:?}");
        window.press(Modifiers::COMMAND, key);
        window.harness.run_steps(30);
        assert_eq!((width(&window), height(&window)), (wide, high), "{key:?}");
    }
}

#[test]
fn the_edge_of_a_panel_is_dragged_and_found_there_the_next_time() {
    let mut window = Window::on_clip();
    let before = window.harness.state().desk.state.view.panels.sidebar.size;
    let at = |x: f32| eframe::egui::pos2(x, 300.0);
    window.harness.hover_at(at(before - 2.0));
    window.harness.run_steps(2);
    window.harness.drag_at(at(before - 2.0));
    window.harness.run_steps(2);
    window.harness.hover_at(at(before + 90.0));
    window.harness.run_steps(2);
    let released = eframe::egui::Event::PointerButton {
        pos: at(before + 90.0),
        button: eframe::egui::PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    };
    window.harness.event(released);
    window.settle();
    let after = window.harness.state().desk.state.view.panels.sidebar.size;
    assert!((after - before - 90.0).abs() <= 6.0, "{before}, then {after}");
    let folder = window.close();
    let window = Window::in_folder(folder, |folder| vec![clip(folder, "clip.mp4")]);
    assert_eq!(window.harness.state().desk.state.view.panels.sidebar.size, after);
    let row = place(&window, "Show clip.mp4");
    assert!(row.width() > before, "{row}");
}

#[test]
fn everything_grows_by_a_key_and_is_as_large_the_next_time() {
    let mut window = Window::on_clip();
    for _ in 0..3 {
        window.press(Modifiers::COMMAND, Key::Plus);
    }
    assert!((window.harness.ctx.zoom_factor() - 1.3).abs() < 1e-4);
    window.press(Modifiers::COMMAND, Key::Minus);
    let folder = window.close();
    let mut window = Window::in_folder(folder, |_| Vec::new());
    assert!((window.harness.ctx.zoom_factor() - 1.2).abs() < 1e-4);
    window.press(Modifiers::COMMAND, Key::Num0);
    assert_eq!(window.harness.ctx.zoom_factor(), 1.0);
}

#[test]
fn steps_that_were_judged_by_damaged_pictures_are_told() {
    let mut window = Window::on(|folder| {
        let path = folder.join("damaged.mp4");
        avar_testing::write_clip(&path, 8, false);
        let mut bytes = std::fs::read(&path).unwrap();
        let stretch = bytes.len() * 45 / 100..bytes.len() * 70 / 100;
        bytes[stretch].iter_mut().enumerate().for_each(|(place, byte)| *byte = (place * 167 + place / 7) as u8);
        std::fs::write(&path, bytes).unwrap();
        vec![path]
    });
    window.assert_shows("The picture is damaged in ");
    let scores = window.harness.state().desk.state.queue[0].review.scores.clone().unwrap();
    let damaged = scores.steps.iter().find(|step| step.damage.is_some()).unwrap();
    let at = (damaged.start - scores.grid.range().start).seconds();
    let go_to = avar_app::command::Command::GoToText(format!("{at}s"));
    window.harness.state_mut().desk.apply(go_to);
    window.settle();
    assert!(window.shows("which is damaged") || window.shows("its own is lost"), "{:#?}", window.texts());
}

#[test]
fn what_one_sets_is_on_the_disk_before_the_window_closes() {
    let mut window = Window::empty();
    window.press(Modifiers::COMMAND, Key::D);
    let path = window.folder.path().join("settings.json");
    let started = std::time::Instant::now();
    while !path.exists() {
        assert!(started.elapsed().as_secs() < 20, "nothing is written");
        std::thread::sleep(std::time::Duration::from_millis(50));
        window.harness.step();
    }
    assert!(std::fs::read_to_string(&path).unwrap().contains("\"is_dark\": false"));
}
