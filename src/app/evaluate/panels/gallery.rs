//! Clips as cards: a picture at the peak, what is true, what was said, and the score along the clip.

use eframe::egui::{self, Align2, FontId, Key, Rect, Role, ScrollArea, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_material_icons::icons;

use super::controls::{nothing, tab};
use crate::evaluate::command::{EvaluateAction, EvaluateCommand};
use crate::evaluate::pictures::{ClipPicture, PictureProblem};
use crate::evaluate::state::{EvaluateState, Gallery, Preview, PreviewFrame, Slot};
use crate::theme;
use crate::widgets::elided::elided;
use avar_labels::{AnomalyClass, reaches};

/// A card in points: width, height of the picture, lines of text.
struct Size {
    width: f32,
    picture: f32,
    lines: f32,
}

const LARGE: Size = Size { width: 176.0, picture: 88.0, lines: 2.0 };
const SMALL: Size = Size { width: 128.0, picture: 64.0, lines: 1.0 };
const STRIP: f32 = 10.0;
const LINE: f32 = 15.0;
/// Around a card, for the line that shows which one is chosen.
const EDGE: f32 = 2.0;

impl Size {
    fn height(&self) -> f32 {
        self.picture + STRIP + self.lines * LINE + 2.0 + 2.0 * EDGE
    }
}

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>, is_low: bool) {
    tabs(ui, state, commands);
    if state.listed.is_empty() {
        return nothing(ui, empty(state));
    }
    let size = if is_low { SMALL } else { LARGE };
    let columns = (((ui.available_width() + theme::GAP) / (size.width + theme::GAP)) as usize).max(1);
    let rows = state.listed.len().div_ceil(columns);
    let (mut shown, mut hovered) = (Vec::new(), None);
    let selected_row = state.selected.and_then(|place| state.listed.iter().position(|other| *other == place));
    let selected_row = selected_row.map(|at| at / columns);
    ui.spacing_mut().item_spacing = vec2(theme::GAP, 6.0);
    let mut scroll = ScrollArea::vertical().auto_shrink([false, false]).id_salt("gallery");
    // The clip that a key went to comes into view; otherwise what is in view stays.
    let memory = egui::Id::unique("evaluate gallery");
    let before: Seen = ui.data(|data| data.get_temp(memory)).unwrap_or_default();
    if let Some(row) = selected_row.filter(|row| before.reveals != state.reveals && !before.rows.contains(row)) {
        scroll = scroll.vertical_scroll_offset(row as f32 * (size.height() + 6.0));
    }
    let mut seen = Seen { reveals: state.reveals, rows: 0..0 };
    scroll.show_rows(ui, size.height(), rows, |ui, visible| {
        // The first and the last may be cut.
        seen.rows = visible.start + 1..visible.end.saturating_sub(1).max(visible.start + 1);
        for row in visible {
            ui.horizontal(|ui| {
                for place in state.listed.iter().skip(row * columns).take(columns) {
                    shown.push(*place);
                    if card(ui, state, *place, &size, commands) {
                        hovered = Some(*place);
                    }
                }
            });
        }
    });
    ui.data_mut(|data| data.insert_temp(memory, seen));
    if shown.iter().any(|place| state.clip(*place).is_some_and(|clip| state.pictures.of(&clip.path).is_none())) {
        commands.push(EvaluateCommand::WantPictures(shown));
    }
    // Only where the pointer rests, so that passing over cards plays nothing.
    let rests = ui.input(|input| input.pointer.time_since_last_movement()) > 0.25;
    if hovered != state.hovered && (hovered.is_none() || rests) {
        commands.push(EvaluateCommand::Hover(hovered));
    } else if hovered.is_some() && hovered != state.hovered {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(100));
    }
}

/// What was in view in the last frame.
#[derive(Clone, Default)]
struct Seen {
    reveals: u64,
    rows: std::ops::Range<usize>,
}

fn tabs(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    ui.horizontal(|ui| {
        for gallery in state.galleries() {
            let count = state.count(gallery).map(|count| format!(" {count}")).unwrap_or_default();
            let keys = "[ and ] show the neighbouring lists";
            let tooltip = match gallery {
                Gallery::FalseAlarms => "Normal clips that were called an anomaly, the highest score first",
                Gallery::Misses => "Anomalous clips that were called normal, the lowest score first",
                Gallery::Confusions => "One anomaly taken for another, the surest first",
                Gallery::All => "Every clip that is let through, the most wrong first",
                Gallery::Disagreements => "Clips by how far apart runs A and B are, step by step",
                Gallery::Cell(..) => "The clips of one cell of the matrix (Esc closes it)",
            };
            let is_shown = state.gallery == gallery;
            if tab(ui, is_shown, &format!("{}{count}", gallery.label()), &format!("{tooltip}; {keys}")).clicked() {
                commands.push(EvaluateCommand::ShowGallery(gallery));
            }
        }
    });
}

fn empty(state: &EvaluateState) -> &'static str {
    match (state.gallery, state.count(Gallery::All)) {
        (_, Some(0)) => "No clip is let through. Open the filter.",
        (Gallery::FalseAlarms, _) => "No false alarm at this threshold.",
        (Gallery::Misses, _) => "Nothing is missed at this threshold.",
        (Gallery::Confusions, _) => "No anomaly is taken for another.",
        (Gallery::Cell(..), _) => "No clip is in this cell at this threshold.",
        (Gallery::Disagreements, _) => "The two runs share no clip that is let through.",
        (Gallery::All, _) => "No clip is let through. Open the filter.",
    }
}

/// Whether the pointer is on it.
fn card(ui: &mut Ui, state: &EvaluateState, place: usize, size: &Size, commands: &mut Vec<EvaluateCommand>) -> bool {
    let (Some(clip), Some(predicted)) = (state.clip(place), state.predicted(place)) else { return false };
    let palette = theme::palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(size.width, size.height()), Sense::click());
    let called = match clip.truth == predicted {
        true => format!("{} found", clip.truth.label()),
        false => format!("{} taken for {}", clip.truth.label(), predicted.label()),
    };
    let score = clip.anomaly_score();
    response.widget_info(|| {
        let name = format!("{}: {called}, anomaly score {score:.2}", clip.path);
        WidgetInfo::selected(Role::Button, true, state.selected == Some(place), name)
    });
    if response.double_clicked() || (response.has_focus() && ui.input(|input| input.key_pressed(Key::Enter))) {
        commands.push(EvaluateCommand::Review(place));
    } else if response.clicked() {
        commands.push(EvaluateCommand::Select(place));
    }
    let picture = Rect::from_min_size(rect.min + vec2(EDGE, EDGE), vec2(size.width - 2.0 * EDGE, size.picture));
    draw_picture(ui, state, place, picture);
    badge(ui, picture, clip.truth == predicted, score);
    let strip = Rect::from_min_size(picture.left_bottom(), vec2(picture.width(), STRIP));
    draw_strip(ui, state, place, strip.shrink2(vec2(0.0, 1.0)));
    words(ui, strip.left_bottom() + vec2(0.0, LINE / 2.0 + 1.0), size, clip.truth, predicted);
    if size.lines > 1.0 {
        let mark = if state.remark(place).is_some() { "• " } else { "" };
        let name = clip.path.rsplit('/').next().unwrap_or(&clip.path);
        let font = FontId::proportional(11.0);
        let name = elided(ui.painter(), &format!("{mark}{name}"), &font, picture.width());
        let at = strip.left_bottom() + vec2(0.0, LINE + 1.0);
        ui.painter().text(at, Align2::LEFT_TOP, name, font, palette.weak_text);
    }
    if state.selected == Some(place) || response.has_focus() {
        let width = if state.selected == Some(place) { 2.0 } else { 1.0 };
        ui.painter().rect_stroke(rect, 2, Stroke::new(width, palette.accent), egui::StrokeKind::Inside);
    }
    let is_hovered = response.hovered();
    if is_hovered {
        response.on_hover_text(format!(
            "{}\n{called}, anomaly score {score:.2}\nDouble click, Enter or {} takes it to Review; rest on it to play",
            clip.path,
            EvaluateAction::Review.shortcut().text()
        ));
    }
    is_hovered
}

fn draw_picture(ui: &Ui, state: &EvaluateState, place: usize, rect: Rect) {
    let palette = theme::palette(ui);
    let Some(clip) = state.clip(place) else { return };
    ui.painter().rect_filled(rect, 2, palette.lane);
    let preview = state.preview.as_ref().filter(|preview| preview.clip == clip.path);
    if let Some(Preview { shown: PreviewFrame::Frame(draw), .. }) = preview {
        ui.painter().add(draw(rect));
        return;
    }
    let say = |text: &str| {
        let font = FontId::proportional(11.0);
        let galley = ui.painter().layout(text.to_owned(), font, palette.weak_text, rect.width() - 8.0);
        ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.weak_text);
    };
    match state.pictures.of(&clip.path) {
        None | Some(ClipPicture::Loading) => say("…"),
        Some(ClipPicture::Shown(texture)) => {
            let image = texture.size_vec2();
            let scale = (rect.width() / image.x).min(rect.height() / image.y);
            let fitted = Rect::from_center_size(rect.center(), image * scale);
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            ui.painter().image(texture.id(), fitted, whole, egui::Color32::WHITE);
        }
        Some(ClipPicture::Absent(PictureProblem::NotFound)) => say("recording not found"),
        Some(ClipPicture::Absent(PictureProblem::SoundOnly)) => say("sound only"),
        Some(ClipPicture::Absent(PictureProblem::Failed(sentence))) => say(sentence),
    }
    if let Some(Preview { shown: PreviewFrame::Problem(sentence), .. }) = preview {
        over_picture(ui, rect, sentence);
    }
}

/// A sentence at the foot of a picture.
fn over_picture(ui: &Ui, picture: Rect, sentence: &str) {
    let color = egui::Color32::from_gray(0xf0);
    let galley = ui.painter().layout(sentence.to_owned(), FontId::proportional(11.0), color, picture.width() - 8.0);
    let ground = Align2::LEFT_BOTTOM.anchor_size(picture.left_bottom(), vec2(picture.width(), galley.size().y + 6.0));
    let painter = ui.painter().with_clip_rect(picture);
    painter.rect_filled(ground, 2, egui::Color32::from_black_alpha(190));
    painter.galley(ground.min + vec2(4.0, 3.0), galley, color);
}

/// Right or wrong, and the anomaly score.
fn badge(ui: &Ui, picture: Rect, is_right: bool, score: f64) {
    let color = egui::Color32::from_gray(0xf0);
    let icon = if is_right { icons::ICON_CHECK } else { icons::ICON_CLOSE };
    let text = format!("{} {score:.2}", icon.codepoint);
    let galley = ui.painter().layout_no_wrap(text, FontId::proportional(11.0), color);
    let export = Align2::RIGHT_TOP.anchor_size(picture.right_top() + vec2(-3.0, 3.0), galley.size() + vec2(6.0, 2.0));
    ui.painter().rect_filled(export, 2, egui::Color32::from_black_alpha(190));
    ui.painter().galley(export.min + vec2(3.0, 1.0), galley, color);
}

/// Amber where the score is above the threshold.
fn draw_strip(ui: &Ui, state: &EvaluateState, place: usize, rect: Rect) {
    let palette = theme::palette(ui);
    ui.painter().rect_filled(rect, 0, palette.lane);
    let strip = state.open(Slot::A).and_then(|run| run.index.clips.get(place)?.strip);
    let Some(strip) = strip else { return };
    let width = rect.width() / strip.len() as f32;
    for (cell, score) in strip.into_iter().enumerate() {
        let score = f32::from(score) / 255.0;
        let is_above = reaches(f64::from(score), state.threshold());
        let color = if is_above { palette.alarm } else { palette.waveform_rms };
        let left = rect.left() + cell as f32 * width;
        let top = rect.bottom() - score * rect.height();
        let bar = Rect::from_min_max(pos2(left, top), pos2(left + width, rect.bottom()));
        ui.painter().rect_filled(bar, 0, color);
    }
}

/// The true class, and in its colour what it was taken for.
fn words(ui: &Ui, at: egui::Pos2, size: &Size, truth: AnomalyClass, predicted: AnomalyClass) {
    let palette = theme::palette(ui);
    let font = FontId::proportional(if size.lines > 1.0 { theme::SMALL_TEXT } else { 11.0 });
    let swatch = |at: egui::Pos2, class: AnomalyClass| {
        let rect = Rect::from_center_size(at + vec2(3.5, 0.0), vec2(7.0, 7.0));
        ui.painter().rect_filled(rect, 1, palette.class_color(class));
    };
    swatch(at, truth);
    let name = ui.painter().text(at + vec2(10.0, 0.0), Align2::LEFT_CENTER, truth.label(), font.clone(), palette.text);
    if truth != predicted {
        let arrow = pos2(name.right() + 4.0, at.y);
        let arrow = ui.painter().text(
            arrow,
            Align2::LEFT_CENTER,
            icons::ICON_ARROW_RIGHT_ALT.codepoint,
            font.clone(),
            palette.weak_text,
        );
        let next = pos2(arrow.right() + 4.0, at.y);
        swatch(next, predicted);
        ui.painter().text(next + vec2(10.0, 0.0), Align2::LEFT_CENTER, predicted.label(), font, palette.error);
    }
}
