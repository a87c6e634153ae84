//! The anomaly score over time, with the events shaded and the two thresholds, which can be dragged.

use eframe::egui::{Align2, CursorIcon, Id, PointerButton, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use egui_plot::{Line, LineStyle, Plot, PlotBounds, PlotPoints, Polygon};

use super::waveform::{hatch, hatched};
use super::{kept_cells, lane_name};
use crate::command::Command;
use crate::state::{Recording, ScoreStatus, State};
use crate::theme;
use crate::widgets::time_axis::TimeAxis;
use avar_analysis::{PictureDamage, StepFrame, StepScore, StepScores};
use avar_base::time::FrameIndex;

/// A little room, so that a score of 1 is not cut in half by the edge.
const TOP: f64 = 1.04;
const BOTTOM: f64 = -0.02;

pub fn draw(ui: &mut Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    lane_name(ui, rect, "Anomaly score");
    if state.is_untrained() {
        let below = Rect::from_min_max(rect.min + eframe::egui::vec2(0.0, 15.0), rect.max);
        lane_name(ui, below, "(untrained)");
    }
    ui.painter().rect_filled(rect, 0, palette.lane);
    let Some(recording) = state.recording() else { return };
    numbers(ui, rect, axis, state);
    let Some(scores) = &recording.review.scores else {
        match &recording.review.status {
            ScoreStatus::Failed(sentence) => hatched(ui, rect, sentence),
            ScoreStatus::Cancelled => hatched(ui, rect, "analysis cancelled"),
            ScoreStatus::Queued | ScoreStatus::Running(_) | ScoreStatus::Done => {}
        }
        return;
    };
    let seconds = |time: avar_base::time::MediaTime| (time - axis.visible.start).seconds();
    let bounds = PlotBounds::from_min_max([0.0, BOTTOM], [axis.visible.duration_s().max(1e-6), TOP]);
    let hysteresis = state.hysteresis;
    let events = recording.decisions.model.iter().map(|event| event.stretch.times());
    let events = events.filter(|times| axis.span(*times).is_some());
    let shades: Vec<[f64; 2]> = events.map(|times| [seconds(times.start), seconds(times.end)]).collect();
    draw_damage(ui, rect, axis, recording, scores);
    let curve = curve(scores, axis);
    let plot = Plot::new("anomaly score")
        .show_axes(false)
        .show_grid(false)
        .show_background(false)
        .show_x(false)
        .show_y(false)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .sense(Sense::hover())
        .set_margin_fraction(eframe::egui::Vec2::ZERO);
    ui.scope_builder(eframe::egui::UiBuilder::new().max_rect(rect), |ui| {
        plot.show(ui, |plot| {
            plot.set_plot_bounds(bounds);
            for [start, end] in shades {
                let corners = vec![[start, BOTTOM], [end, BOTTOM], [end, TOP], [start, TOP]];
                let shade = Polygon::new("event", PlotPoints::from(corners));
                plot.polygon(
                    shade.fill_color(palette.alarm.gamma_multiply(0.22)).stroke(Stroke::NONE).allow_hover(false),
                );
            }
            for (level, style, name) in [
                (hysteresis.onset, LineStyle::Solid, "onset"),
                (hysteresis.offset, LineStyle::dashed_dense(), "offset"),
            ] {
                let line = egui_plot::HLine::new(name, f64::from(level)).color(palette.alarm).style(style);
                plot.hline(line.width(1.0).allow_hover(false));
            }
            plot.line(
                Line::new("anomaly score", PlotPoints::from(curve)).color(palette.curve).width(1.5).allow_hover(false),
            );
        });
    });
}

/// In the gutter: the score under the pointer. At the right edge: the ends of the axis and the threshold.
fn numbers(ui: &Ui, rect: Rect, axis: &TimeAxis, state: &State) {
    let palette = theme::palette(ui);
    let font = theme::mono(theme::SMALL_TEXT);
    let pointed = ui
        .input(|input| input.pointer.hover_pos())
        .filter(|at| rect.x_range().contains(at.x) && ui.max_rect().contains(*at));
    let scores = state.recording().and_then(|recording| recording.review.scores.as_ref());
    let step = pointed.zip(scores).and_then(|(at, scores)| scores.at(axis.time_at(at.x)));
    if let Some(step) = step {
        let color = if state.is_above_threshold(step) { palette.alarm } else { palette.text };
        let at = rect.left_bottom() + vec2(-theme::GAP, -2.0);
        ui.painter().text(at, Align2::RIGHT_BOTTOM, format!("{:.2}", step.anomaly()), font.clone(), color);
    }
    let y = |level: f64| rect.bottom() - ((level - BOTTOM) / (TOP - BOTTOM)) as f32 * rect.height();
    let onset = state.hysteresis.onset;
    for (level, text, color, align) in [
        (1.0, "1".to_owned(), palette.weak_text, Align2::LEFT_TOP),
        (0.0, "0".to_owned(), palette.weak_text, Align2::LEFT_BOTTOM),
        (f64::from(onset), format!("{onset:.2}"), palette.alarm, Align2::LEFT_CENTER),
    ] {
        // The ends give way to the threshold where it comes near them.
        let is_free = (y(level) - y(onset.into())).abs() >= theme::SMALL_TEXT || text.len() > 1;
        if is_free {
            ui.painter().text(pos2(rect.right() + 3.0, y(level)), align, text, font.clone(), color);
        }
    }
}

/// Hatches the steps that were judged by a damaged picture, and says so under the pointer.
fn draw_damage(ui: &Ui, rect: Rect, axis: &TimeAxis, recording: &Recording, scores: &StepScores) {
    let degree = |step: &StepScore| match step.damage {
        None => 0.0,
        Some(PictureDamage::Suspect) => 1.0,
        Some(PictureDamage::Missing) => 2.0,
    };
    let mut parts: Vec<(f32, f32)> = Vec::new();
    let cells = kept_cells(ui, "damage", recording, axis, degree);
    for (span, _) in cells.iter().filter(|(_, degree)| *degree > 0.0) {
        match parts.last_mut() {
            Some((_, end)) if *span.start() <= *end + 0.5 => *end = *span.end(),
            _ => parts.push((*span.start(), *span.end())),
        }
    }
    for (start, end) in parts {
        let part = Rect::from_x_y_ranges(start..=end.max(start + 2.0), rect.y_range()).intersect(rect);
        hatch(ui, rect, part, theme::palette(ui).error.gamma_multiply(0.6));
    }
    let response = ui.interact(rect, ui.scope_id().with("damage"), Sense::hover());
    let Some(pointer) = response.hover_pos() else { return };
    let step = scores.at(axis.time_at(pointer.x));
    if let Some(step) = step.filter(|step| step.damage.is_some()) {
        response.on_hover_text_at_pointer(judged_by(step));
    }
}

/// What a step was judged by, and what is wrong with that.
pub fn judged_by(step: &StepScore) -> String {
    let number = step.step;
    let Some(StepFrame { index: FrameIndex(frame), .. }) = step.frame else {
        return format!("Step {number}: judged by the sound alone");
    };
    let wrong = match step.damage {
        None => "",
        Some(PictureDamage::Suspect) => ", which is damaged",
        Some(PictureDamage::Missing) => "; its own is lost",
    };
    format!("Step {number}: judged by frame {frame}{wrong}")
}

/// Through the middles of the steps. Where many steps share a point of the screen, their lowest and highest score
/// are kept, so that a peak of one step never vanishes.
fn curve(scores: &StepScores, axis: &TimeAxis) -> Vec<[f64; 2]> {
    let grid = scores.grid;
    let (Some(first), Some(last)) = (grid.step_at(axis.visible.start), grid.step_at(axis.visible.end)) else {
        return Vec::new();
    };
    // One step more on either side, so that the curve reaches the edges.
    let (first, last) = (first.saturating_sub(1), (last + 2).min(scores.steps.len()));
    let steps = scores.steps.get(first.min(last)..last).unwrap_or_default();
    let per_point = (steps.len() as f32 / (axis.width * 2.0)).ceil().max(1.0) as usize;
    let middle_s = |step: &StepScore| {
        let range = grid.range_of(step.step);
        (range.start - axis.visible.start).seconds() + range.duration_s() / 2.0
    };
    if per_point == 1 {
        return steps.iter().map(|step| [middle_s(step), f64::from(step.anomaly())]).collect();
    }
    let extremes = |group: &[StepScore]| {
        let scores = group.iter().map(|step| f64::from(step.anomaly()));
        let (low, high) = scores.fold((f64::MAX, f64::MIN), |(low, high), score| (low.min(score), high.max(score)));
        [(group.first(), low), (group.last(), high)].map(|(step, score)| [step.map_or(0.0, middle_s), score])
    };
    steps.chunks(per_point).flat_map(extremes).collect()
}

/// What the pointer does on the threshold lines.
#[derive(Default)]
pub struct HandleUse {
    pub is_dragged: bool,
    /// A click there is still the timeline's.
    pub clicked_at: Option<Pos2>,
}

/// A strip along each threshold that can be dragged.
pub fn threshold_handles(ui: &Ui, rect: Rect, state: &State, commands: &mut Vec<Command>) -> HandleUse {
    let y = |level: f32| {
        let share = (f64::from(level) - BOTTOM) / (TOP - BOTTOM);
        rect.bottom() - share as f32 * rect.height()
    };
    let level = |y: f32| {
        let share = f64::from((rect.bottom() - y) / rect.height());
        (BOTTOM + share * (TOP - BOTTOM)) as f32
    };
    let hysteresis = state.hysteresis;
    let mut use_of_handles = HandleUse::default();
    let mut handle = |name: &str, value: f32, command: fn(f32) -> Command| {
        let strip = Rect::from_x_y_ranges(rect.x_range(), y(value) - 3.0..=y(value) + 3.0);
        let response = ui.interact(strip, Id::unique(name), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::slider(true, f64::from(value), name));
        use_of_handles.is_dragged |= response.dragged();
        if response.clicked() {
            use_of_handles.clicked_at = response.interact_pointer_pos();
        }
        if let Some(pointer) = response.interact_pointer_pos()
            && response.dragged_by(PointerButton::Primary)
            && response.drag_delta().y != 0.0
        {
            commands.push(command(level(pointer.y)));
        }
        let tooltip = format!("{name} {value:.2}; drag to move it");
        response.on_hover_cursor(CursorIcon::ResizeVertical).on_hover_text(tooltip);
    };
    handle("Close threshold", hysteresis.offset, Command::SetOffset);
    handle("Open threshold", hysteresis.onset, Command::SetOnset);
    use_of_handles
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_analysis::StepGrid;
    use avar_base::time::{MediaTime, TimeRange};
    use avar_labels::{AnomalyClass, ClassScores, Evidence, Modalities};

    fn scores(count: usize, peak_at: usize) -> StepScores {
        let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(count as f64 / 4.0));
        let grid = StepGrid::new(range, 4.0).unwrap();
        let steps = (0..count).map(|step| {
            let mut class_scores = [0.0; 10];
            class_scores[AnomalyClass::Normal.index()] = if step == peak_at { 0.0 } else { 1.0 };
            let class_scores = ClassScores(class_scores);
            StepScore {
                step,
                frame: None,
                damage: None,
                start: grid.start_of(step),
                class_scores,
                evidence: Evidence::default(),
            }
        });
        StepScores { grid, modalities: Modalities::SoundOnly, steps: steps.collect() }
    }

    fn whole(scores: &StepScores, width: f32) -> TimeAxis {
        TimeAxis { visible: scores.grid.range(), left: 0.0, width }
    }

    #[test]
    fn a_peak_of_one_step_survives_any_zoom() {
        let scores = scores(100_000, 77_777);
        for width in [50.0, 333.0, 1200.0] {
            let points = curve(&scores, &whole(&scores, width));
            assert!(points.len() <= 5 * width as usize);
            assert!(points.iter().any(|[_, score]| *score == 1.0), "lost at {width} points");
        }
    }

    #[test]
    fn a_step_has_its_point_in_its_middle() {
        let scores = scores(4, 1);
        let points = curve(&scores, &whole(&scores, 800.0));
        assert_eq!(points, [[0.125, 0.0], [0.375, 1.0], [0.625, 0.0], [0.875, 0.0]]);
    }
}
