//! Names of recordings in every script, with the fonts that the system has.

use std::collections::BTreeSet;

use avar_fonts::SystemFonts;
use eframe::egui::{FontId, Key, Modifiers};
use egui_kittest::Harness;

use super::{SIZE, Window, clip};
use avar_analysis::NetworkChoice;
use avar_app::state::{Sheet, Wanted};
use avar_app::{DeskApp, DeskOptions};
use avar_model::Preset;
use avar_playback::{AudioOutput, PlayerOptions};

/// Whether the system has a font for all of these letters.
fn has_font(letters: &str) -> bool {
    let letters: BTreeSet<char> = letters.chars().filter(|letter| !letter.is_ascii()).collect();
    let missing = SystemFonts::shared().cover(&letters, u64::MAX).missing;
    if missing.is_empty() {
        return true;
    }
    avar_testing::skip(&format!("no font of this system has {missing:?}; scripts/setup.sh installs some"));
    false
}

/// The window on clips of these names; until its fonts are found, letters may be boxes.
fn window_on(names: &[&str]) -> Window {
    let folder = tempfile::tempdir().unwrap();
    let files = names.iter().map(|name| clip(folder.path(), name)).collect();
    let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    let network = NetworkChoice::untrained(Preset::Lite);
    let options = DeskOptions { files, network, player, ..DeskOptions::default() };
    let harness =
        Harness::builder().with_size(SIZE).allow_missing_glyphs().wgpu().build_eframe(|cc| DeskApp::new(cc, options));
    let mut window = Window { harness, folder };
    window.settle();
    window
}

#[test]
fn names_of_every_script_are_read_with_the_fonts_of_the_system() {
    for name in [
        "监控录像-停车场",
        "防犯カメラ-駐車場",
        "감시카메라-주차장",
        "תיעוד מצלמה",
        "تسجيل الكاميرا",
        "กล้องวงจรปิด",
        "सीसीटीवी कैमरा",
    ] {
        if !has_font(name) {
            continue;
        }
        let window = window_on(&[&format!("{name}.mp4")]);
        let ctx = &window.harness.ctx;
        let missing: Vec<char> = ctx.fonts_mut(|fonts| {
            name.chars().filter(|letter| !fonts.has_glyph(&FontId::proportional(13.0), *letter)).collect()
        });
        assert!(missing.is_empty(), "{name}: {missing:?}");
        assert_eq!(window.harness.state().desk.state.letters_note, None, "{name}");
        window.assert_shows(name);
    }
}

#[test]
fn a_path_from_right_to_left_can_be_typed_and_mended() {
    if !has_font("שלום") {
        return;
    }
    let mut window = window_on(&[]);
    window.harness.state_mut().desk.state.sheet = Some(Sheet::Path { wanted: Wanted::Recordings, text: String::new() });
    window.settle();
    window.type_text("/אב שלום.mp4");
    let typed = |window: &Window| match &window.harness.state().desk.state.sheet {
        Some(Sheet::Path { text, .. }) => text.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(typed(&window), "/אב שלום.mp4");
    (0..5).for_each(|_| window.press(Modifiers::NONE, Key::Backspace));
    assert_eq!(typed(&window), "/אב שלו");
    window.press(Modifiers::NONE, Key::Home);
    window.press(Modifiers::NONE, Key::Delete);
    assert_eq!(typed(&window), "אב שלו");
    window.press(Modifiers::NONE, Key::End);
    window.type_text("ם");
    assert_eq!(typed(&window), "אב שלום");
}
