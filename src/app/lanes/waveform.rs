//! The sound's waveform: peaks and, inside them, the RMS. A missing sound track is hatched, never a flat line.

use eframe::egui::{Align2, Color32, FontId, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::lane_name;
use crate::state::{State, Waveform};
use crate::theme;
use crate::widgets::time_axis::TimeAxis;

/// From one line of a hatching to the next.
const HATCH: f32 = 8.0;

pub fn draw(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    lane_name(ui, rect, "Sound");
    let has_sound = state.media().is_some_and(|media| media.info.audio.is_some());
    ui.painter().rect_filled(rect, 0, palette.lane);
    if !has_sound {
        return hatched(ui, rect, "no sound track");
    }
    let waveform = match state.recording().map(|recording| &recording.waveform) {
        Some(Waveform::Known(waveform)) => waveform,
        Some(Waveform::Failed(sentence)) => return hatched(ui, rect, sentence),
        Some(Waveform::Unknown) | None => return,
    };
    let scale = ui.ctx().pixels_per_point();
    let columns = ((rect.width() * scale) as usize).max(1);
    let painter = ui.painter().with_clip_rect(rect);
    let (middle, half) = (rect.center().y, rect.height() / 2.0 - 1.0);
    let y = |amplitude: f32| middle - (amplitude * state.view.waveform_scale).clamp(-1.0, 1.0) * half;
    let mut lines = Vec::with_capacity(2 * columns);
    for (column, peak) in waveform.peaks(axis.visible, columns).into_iter().enumerate() {
        let Some(peak) = peak else { continue };
        let x = rect.left() + (column as f32 + 0.5) / scale;
        let line = |from: f32, to: f32, color| {
            // Silence is a hairline, so that it differs from no sound.
            let (top, bottom) = (y(to).min(middle - 0.5), y(from).max(middle + 0.5));
            Shape::line_segment([pos2(x, top), pos2(x, bottom)], Stroke::new(1.0 / scale, color))
        };
        lines.push(line(peak.min, peak.max, palette.waveform_peak));
        lines.push(line(-peak.rms, peak.rms, palette.waveform_rms));
    }
    painter.extend(lines);
}

/// Diagonal lines with a word of explanation: here is nothing to be measured.
pub fn hatched(ui: &Ui, rect: Rect, text: &str) {
    let palette = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(rect);
    hatch(ui, rect, rect, palette.hairline);
    let galley = painter.layout_no_wrap(text.to_owned(), FontId::proportional(theme::SMALL_TEXT), palette.weak_text);
    let plate = Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size() + vec2(theme::WIDE_GAP, 4.0));
    painter.rect_filled(plate, 2, palette.lane);
    painter.galley(Align2::CENTER_CENTER.anchor_size(rect.center(), galley.size()).min, galley, palette.weak_text);
}

/// Diagonal lines over a part of a lane; those of its neighbours go on in them.
pub fn hatch(ui: &Ui, lane: Rect, part: Rect, color: Color32) {
    let painter = ui.painter().with_clip_rect(part);
    let before = ((part.left() - lane.left()) / HATCH).floor() * HATCH;
    let mut x = lane.left() + before - (lane.height() / HATCH).ceil() * HATCH;
    while x < part.right() {
        let line = [pos2(x, lane.bottom()), pos2(x + lane.height(), lane.top())];
        painter.line_segment(line, Stroke::new(1.0, color));
        x += HATCH;
    }
}
