//! The sound's waveform: peaks and, inside them, the RMS. A missing sound track is hatched, never a flat line.

use eframe::egui::{Align2, Color32, FontId, Rect, Shape, Stroke, Ui, pos2, vec2};

use std::ops::Range;

use super::lane_name;
use crate::state::{State, Waveform};
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use avar_base::time::MediaTime;
use avar_media::Peak;

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
    let peaks = waveform.peaks(axis.visible, columns);
    for hole in holes(&peaks, columns_read(axis, waveform.range().end, state, columns)) {
        let x = |column: usize| rect.left() + column as f32 / scale;
        let part = Rect::from_x_y_ranges(x(hole.start)..=x(hole.end), rect.y_range());
        hatch(ui, rect, part, palette.hairline);
    }
    for (column, peak) in peaks.into_iter().enumerate() {
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

/// How many columns show what has been read of the sound, or what lies beyond its end.
fn columns_read(axis: &TimeAxis, read_to: MediaTime, state: &State, columns: usize) -> usize {
    let audio = state.media().and_then(|media| media.info.audio.as_ref());
    let is_read = audio.is_none_or(|audio| (audio.range.end - read_to).seconds() < 0.25);
    let column = |time: MediaTime| {
        let share = (time - axis.visible.start).seconds() / axis.visible.duration_s().max(1e-9);
        (share.clamp(0.0, 1.0) * columns as f64) as usize
    };
    if is_read { columns } else { column(read_to) }
}

/// Runs of columns without any sample, of the first `read`; a single one may lie between two samples.
fn holes(peaks: &[Option<Peak>], read: usize) -> Vec<Range<usize>> {
    let mut holes: Vec<Range<usize>> = Vec::new();
    for column in (0..read.min(peaks.len())).filter(|column| peaks[*column].is_none()) {
        match holes.last_mut() {
            Some(hole) if hole.end == column => hole.end += 1,
            _ => holes.push(column..column + 1),
        }
    }
    holes.retain(|hole| hole.len() > 1);
    holes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_runs_of_columns_without_a_sample_as_far_as_it_was_read() {
        let peak = |is_there: &char| (*is_there == 'x').then_some(Peak { min: 0.0, max: 0.0, rms: 0.0 });
        let peaks: Vec<_> = ['x', '-', 'x', '-', '-', '-', 'x', '-', '-'].iter().map(peak).collect();
        assert_eq!(holes(&peaks, 9), [3..6, 7..9]);
        assert_eq!(holes(&peaks, 7), vec![3..6]);
        assert!(holes(&peaks, 0).is_empty());
    }
}
