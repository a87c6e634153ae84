//! The events as chapters: a picture, the class, the time; a click goes there.

use eframe::egui::{
    Align2, Color32, CursorIcon, FontId, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::{TEXT, WEAK_TEXT};
use crate::command::Command;
use crate::state::{Chapter, State};
use crate::theme;
use crate::thumbnails::{Moment, Thumbnail, Thumbnails};
use crate::widgets::time_code::ruler_code;
use avar_base::time::MediaTime;
use avar_playback::SeekPrecision;

const PICTURE_WIDTH: f32 = 144.0;
const PICTURE_HEIGHT: f32 = 81.0;
const CARD_WIDTH: f32 = PICTURE_WIDTH + 128.0;
pub(super) const HEIGHT: f32 = PICTURE_HEIGHT + 24.0;

pub(super) fn show(ui: &mut Ui, state: &State, thumbnails: &Thumbnails, commands: &mut Vec<Command>) {
    let Some(recording) = state.recording() else { return };
    let (Some(chapters), Some(position), Some(whole)) =
        (state.chapters(), state.position(), state.media().map(|media| media.info.range))
    else {
        return;
    };
    ScrollArea::horizontal().auto_shrink([false, false]).show(ui, |ui| {
        ui.horizontal(|ui| {
            for (number, chapter) in chapters.iter().enumerate() {
                let moment = Moment { file: recording.path.clone(), at: chapter.peak_time };
                let is_now = chapter.range.contains(position);
                let start = chapter.range.start - whole.start;
                if card(ui, (number, chapter, start), thumbnails.get(&moment), is_now) {
                    commands.push(Command::Seek(whole.clamp(chapter.range.start), SeekPrecision::Exact));
                }
            }
        });
    });
}

/// Whether it was chosen.
fn card(
    ui: &mut Ui,
    (number, chapter, start): (usize, &Chapter, MediaTime),
    picture: Option<&Thumbnail>,
    is_now: bool,
) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(CARD_WIDTH, PICTURE_HEIGHT), Sense::click());
    let (class, time) = (chapter.name(), ruler_code(start, 1.0));
    let name = format!("Chapter {}: {class} at {time}", number + 1);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_now, &name));
    if is_now || response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 4, Color32::from_gray(if is_now { 0x30 } else { 0x20 }));
    }
    let frame = Rect::from_min_size(rect.min, vec2(PICTURE_WIDTH, PICTURE_HEIGHT));
    if let Some(Thumbnail::Picture { plain, .. }) = picture {
        let size = plain.size_vec2();
        let shown = Rect::from_center_size(frame.center(), size * (frame.size() / size).min_elem());
        ui.painter().image(plain.id(), shown, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)), Color32::WHITE);
    }
    let color = theme::DARK.class_color(chapter.class);
    ui.painter().rect_stroke(frame, 2, Stroke::new(2.0, color), StrokeKind::Inside);
    let text_at = pos2(frame.right() + 12.0, rect.center().y);
    ui.painter().text(text_at - vec2(0.0, 12.0), Align2::LEFT_CENTER, class, FontId::proportional(20.0), TEXT);
    ui.painter().text(text_at + vec2(0.0, 14.0), Align2::LEFT_CENTER, time, theme::mono(18.0), WEAK_TEXT);
    response
        .on_hover_cursor(CursorIcon::PointingHand)
        .on_hover_text("Go to this event (Up and Down go from one to the next)")
        .clicked()
}
