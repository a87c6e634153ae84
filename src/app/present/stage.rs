//! The middle: the video, a warning before it, or what to do where there is nothing to show.

use eframe::egui::{
    Align2, Button, Color32, FontId, Rect, RichText, Role, Sense, Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::{TEXT, WEAK_TEXT};
use crate::command::{Action, Command};
use crate::keymap::KeyMap;
use crate::state::{OpeningStage, State};
use crate::theme;
use crate::thumbnails::{Moment, Thumbnail, Thumbnails};
use crate::video_texture;
use crate::widgets::picture_fit::{PictureZoom, place};

const TITLE_TEXT: f32 = 32.0;
const BODY_TEXT: f32 = 20.0;
const FRAME_WIDTH: f32 = 4.0;

pub(super) fn show(ui: &mut Ui, state: &State, thumbnails: &Thumbnails, commands: &mut Vec<Command>) {
    let panel = ui.max_rect();
    let Some(recording) = state.recording() else {
        return message(ui, "Nothing to present", "Open a recording in Review (F1) and let it be analysed.");
    };
    match &recording.stage {
        // The sentence names the file, so it is not for the room.
        OpeningStage::Failed(_) => message(ui, "This recording cannot be shown", "Review (F1) says why."),
        OpeningStage::Waiting | OpeningStage::Opening(_) => message(ui, "Opening…", ""),
        OpeningStage::Ready(_) if state.chapters().is_none() => {
            let title = if recording.review.has_steps() { "Not analysed to its end yet" } else { "Not analysed yet" };
            message(ui, title, "Present shows results that are there already: analyse in Review (F1).");
        }
        OpeningStage::Ready(_) if state.asks_about_content() => {
            let moment = state.chapters().and_then(|chapters| chapters.first()).map(|chapter| chapter.peak_time);
            let moment = moment.map(|at| Moment { file: recording.path.clone(), at });
            let picture = moment.and_then(|moment| thumbnails.get(&moment));
            warning(ui, picture, state.present.is_stand, commands);
        }
        OpeningStage::Ready(media) => {
            let response = ui.interact(panel, ui.scope_id().with("video"), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Video"));
            if response.clicked() {
                commands.push(Action::PlayPause.into());
            }
            let frame = state.player.as_ref().and_then(|player| player.frame.clone());
            match (&media.info.video, frame) {
                (Some(video), Some(frame)) => {
                    let placement = place(panel, video_texture::shown_size(video), PictureZoom::default());
                    ui.painter().add(video_texture::shape(frame, placement));
                    if state.chapter().is_some() {
                        let stroke = Stroke::new(FRAME_WIDTH, theme::DARK.alarm);
                        ui.painter().rect_stroke(placement.screen, 0, stroke, StrokeKind::Inside);
                    }
                }
                (None, _) => message(ui, "Sound only", "This recording has no picture."),
                (Some(_), None) => message(ui, "…", ""),
            }
            if state.present.is_stand {
                stand_sign(ui, panel);
            }
        }
    }
}

/// That the queue is played for ever, and how that ends.
fn stand_sign(ui: &Ui, panel: Rect) {
    let key = KeyMap::of(ui.ctx()).key_text(Action::LoopQueue);
    let text = format!("plays the queue for ever; {key} ends that");
    let font = FontId::proportional(16.0);
    let galley = ui.painter().layout_no_wrap(text.clone(), font, WEAK_TEXT);
    let plate = Align2::RIGHT_TOP.anchor_size(panel.right_top() + vec2(-16.0, 12.0), galley.size() + vec2(16.0, 8.0));
    ui.painter().rect_filled(plate, 4, Color32::from_black_alpha(0xb4));
    ui.painter().galley(plate.min + vec2(8.0, 4.0), galley, WEAK_TEXT);
    let response = ui.interact(plate, ui.scope_id().with("stand"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
}

/// The content warning over a veiled picture.
fn warning(ui: &mut Ui, picture: Option<&Thumbnail>, is_of_queue: bool, commands: &mut Vec<Command>) {
    let panel = ui.max_rect();
    if let Some(Thumbnail::Picture { veiled, .. }) = picture {
        let size = veiled.size_vec2();
        let shown = Rect::from_center_size(panel.center(), size * (panel.size() / size).min_elem());
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        ui.painter().image(veiled.id(), shown, whole, Color32::from_gray(0x60));
    }
    let title = match is_of_queue {
        true => "These recordings may show violence or people in distress",
        false => "This recording may show violence or people in distress",
    };
    message(ui, title, "Pictures and sound start once you agree.");
    let buttons = Rect::from_center_size(panel.center() + vec2(0.0, 84.0), vec2(440.0, 44.0));
    ui.scope_builder(UiBuilder::new().max_rect(buttons), |ui| {
        ui.horizontal(|ui| {
            for (text, action) in [("Show it", Action::ConfirmContent), ("Leave", Action::ShowReview)] {
                let text = RichText::new(text).size(BODY_TEXT).color(TEXT);
                let button = Button::new(text).fill(Color32::from_gray(0x38)).min_size(vec2(216.0, 44.0));
                let response = ui.add(button);
                if response.clicked() {
                    commands.push(action.into());
                }
                response.on_hover_text(KeyMap::of(ui.ctx()).tooltip(action));
            }
        });
    });
}

fn message(ui: &mut Ui, title: &str, detail: &str) {
    let center = ui.max_rect().center();
    let id = ui.scope_id().with("message");
    let response = ui.interact(Rect::from_center_size(center, vec2(640.0, 120.0)), id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{title}. {detail}")));
    let line = |y: f32, text: &str, size: f32, color: Color32| {
        ui.painter().text(center + vec2(0.0, y), Align2::CENTER_CENTER, text, FontId::proportional(size), color);
    };
    line(-20.0, title, TITLE_TEXT, TEXT);
    line(24.0, detail, BODY_TEXT, WEAK_TEXT);
}
