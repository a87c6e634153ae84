//! Present: a recording and what was found in it, for a room. It shows results that are there already, computes none,
//! and never shows a path, a file's name or a note.

mod caption;
mod chapters;
mod ribbon;
mod stage;
mod state;

use eframe::egui::{CentralPanel, Color32, Frame, Margin, Panel, Ui};

pub use state::PresentState;

use super::command::Command;
use super::state::State;
use super::thumbnails::Thumbnails;

/// The same on every projector, whatever the theme of the other modes.
pub(super) const BACKGROUND: Color32 = Color32::BLACK;
pub(super) const TEXT: Color32 = Color32::from_gray(0xf4);
pub(super) const WEAK_TEXT: Color32 = Color32::from_gray(0xb0);
pub(super) const MARGIN: f32 = 24.0;

pub fn show(ui: &mut Ui, state: &State, thumbnails: &Thumbnails, commands: &mut Vec<Command>) {
    let frame = Frame::NONE.fill(BACKGROUND).inner_margin(Margin::symmetric(MARGIN as i8, 8));
    if state.is_content_confirmed() && state.chapters().is_some() {
        Panel::bottom("ribbon")
            .exact_size(ribbon::HEIGHT)
            .show_separator_line(false)
            .frame(frame)
            .show(ui, |ui| ribbon::show(ui, state, commands));
        if state.chapters().is_some_and(|chapters| !chapters.is_empty()) {
            Panel::bottom("chapters")
                .exact_size(chapters::HEIGHT)
                .show_separator_line(false)
                .frame(frame)
                .show(ui, |ui| chapters::show(ui, state, thumbnails, commands));
        }
        Panel::bottom("caption")
            .exact_size(caption::HEIGHT)
            .show_separator_line(false)
            .frame(frame)
            .show(ui, |ui| caption::show(ui, state));
    }
    CentralPanel::default()
        .frame(Frame::NONE.fill(BACKGROUND))
        .show(ui, |ui| stage::show(ui, state, thumbnails, commands));
}
