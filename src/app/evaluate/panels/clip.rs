//! The selected clip: scores of both runs over its time, where they disagree, what picture and sound say alone, and the
//! class scores at the playhead.

use eframe::egui::{
    Align2, Color32, FontId, Label, Mesh, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use super::chart::curve_color;
use super::controls::{action_button, nothing, threshold_text};
use super::remarks;
use crate::evaluate::command::{EvaluateAction, EvaluateCommand};
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use crate::widgets::class_bar;
use avar_labels::{AnomalyClass, ClassScores};
use avar_metrics::ScoredClip;
use avar_metrics::inspection::comparison::{disagree, same_moment};
use avar_metrics::runs::Evidence;

const BARS_WIDTH: f32 = 190.0;
const REMARKS_WIDTH: f32 = 216.0;
const NAMES_WIDTH: f32 = 58.0;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let Some((place, clip)) = state.selected.and_then(|place| Some((place, state.clip(place)?))) else {
        return nothing(ui, "Choose a clip above to see its scores over time (Up, Down).");
    };
    let area = ui.available_rect_before_wrap();
    let is_wide = area.width() > NARROWEST_WITH_REMARKS;
    let remarks_left = area.right() - if is_wide { REMARKS_WIDTH } else { 150.0 };
    let bars_left = remarks_left - theme::WIDE_GAP - if is_wide { BARS_WIDTH } else { 150.0 };
    let part = |left: f32, right: f32| Rect::from_min_max(pos2(left, area.top()), pos2(right, area.bottom()));
    let within = |ui: &mut Ui, name: &str, rect: Rect, draw: &mut dyn FnMut(&mut Ui)| {
        ui.scope_builder(eframe::egui::UiBuilder::new().max_rect(rect).id_salt(name), |ui| draw(ui));
    };
    within(ui, "curves", part(area.left(), bars_left - theme::WIDE_GAP), &mut |ui| {
        curves(ui, state, place, clip, commands);
    });
    within(ui, "bars", part(bars_left, remarks_left - theme::WIDE_GAP), &mut |ui| bars(ui, state, place, clip));
    within(ui, "remarks", part(remarks_left, area.right()), &mut |ui| remarks::show(ui, state, place, clip, commands));
    ui.allocate_rect(area, Sense::hover());
}

const NARROWEST_WITH_REMARKS: f32 = 900.0;

fn curves(ui: &mut Ui, state: &EvaluateState, place: usize, clip: &ScoredClip, commands: &mut Vec<EvaluateCommand>) {
    let palette = theme::palette(ui);
    ui.horizontal(|ui| {
        action_button(ui, commands, "To Review", EvaluateAction::Review);
        ui.add(Label::new(RichText::new(&clip.path).small()).truncate()).on_hover_text(&clip.path);
    });
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    if clip.steps.is_empty() {
        ui.painter().text(
            area.center(),
            Align2::CENTER_CENTER,
            "No step scores of this clip; evaluate again to get them.",
            FontId::proportional(theme::SMALL_TEXT),
            palette.weak_text,
        );
        return;
    }
    let second = state.second_clip(place);
    let is_low = area.height() < 130.0;
    let lane = if is_low { 9.0 } else { 12.0 };
    let evidence =
        state.open(Slot::A).map(|run| run.index.run.clips[place].facts.evidence.as_slice()).unwrap_or_default();
    let lanes = if second.is_some() { 3.0 } else { 2.0 };
    let scores = Rect::from_min_max(
        area.min + vec2(NAMES_WIDTH, 2.0),
        pos2(area.right(), area.bottom() - lanes * (lane + 2.0) - 14.0),
    );
    let axis = Axis { start_s: clip.start_s, duration_s: clip.duration_s.max(1e-6), rect: scores };
    draw_scores(ui, state, &axis, clip, second);
    let mut top = scores.bottom() + 2.0;
    let mut next = |name: &str, ui: &Ui| {
        let rect = Rect::from_min_size(pos2(scores.left(), top), vec2(scores.width(), lane));
        top += lane + 2.0;
        ui.painter().rect_filled(rect, 0, palette.lane);
        let font = FontId::proportional(11.0);
        ui.painter().text(rect.left_center() - vec2(4.0, 0.0), Align2::RIGHT_CENTER, name, font, palette.weak_text);
        rect
    };
    if let Some(second) = second {
        let rect = next("A ≠ B", ui);
        cells(ui, rect, &axis, clip, |step| {
            disagree(clip, step, second).filter(|apart| *apart).map(|_| palette.accent)
        });
    }
    for (name, of) in [("Picture", true), ("Sound", false)] {
        let rect = next(name, ui);
        let score = |step: usize| evidence.get(step).and_then(|alone| if of { alone.picture } else { alone.sound });
        if evidence.is_empty() || (0..evidence.len()).all(|step| score(step).is_none()) {
            let text = if evidence.is_empty() { "not kept in this run" } else { "none" };
            let font = FontId::proportional(11.0);
            ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font, palette.weak_text);
            continue;
        }
        let full = palette.waveform_rms;
        cells(ui, rect, &axis, clip, |step| score(step).map(|score| palette.lane.lerp_to_gamma(full, score)));
    }
    let x = axis.x(state.playhead_s);
    let tall = Rect::from_min_max(scores.min, pos2(scores.right(), top));
    ui.painter().vline(x, tall.y_range(), Stroke::new(1.0, palette.playhead));
    let code = |time_s: f64| format!("{:.1} s", time_s - clip.start_s);
    let font = theme::mono(11.0);
    ui.painter().text(pos2(tall.left(), top), Align2::LEFT_TOP, code(clip.start_s), font.clone(), palette.weak_text);
    let end = clip.start_s + clip.duration_s;
    ui.painter().text(pos2(tall.right(), top), Align2::RIGHT_TOP, code(end), font.clone(), palette.weak_text);
    let at = pos2(x.clamp(tall.left() + 80.0, (tall.right() - 80.0).max(tall.left() + 80.0)), top);
    ui.painter().text(at, Align2::CENTER_TOP, code(state.playhead_s), font, palette.text);
    let response = ui.interact(tall, ui.scope_id().with("time"), Sense::click_and_drag());
    let name = format!("Scores of the clip, playhead at {}", code(state.playhead_s));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    if let Some(pointer) = response.interact_pointer_pos() {
        commands.push(EvaluateCommand::SetPlayhead(axis.time_s(pointer)));
    }
    response.on_hover_text("Click or drag to move the playhead (Left, Right)\nThe truth is shaded");
}

struct Axis {
    start_s: f64,
    duration_s: f64,
    rect: Rect,
}

impl Axis {
    fn x(&self, time_s: f64) -> f32 {
        let share = ((time_s - self.start_s) / self.duration_s).clamp(0.0, 1.0);
        self.rect.left() + share as f32 * self.rect.width()
    }

    fn time_s(&self, at: Pos2) -> f64 {
        let share = f64::from(((at.x - self.rect.left()) / self.rect.width()).clamp(0.0, 1.0));
        self.start_s + share * self.duration_s
    }

    fn y(&self, score: f32) -> f32 {
        self.rect.bottom() - score.clamp(0.0, 1.0) * self.rect.height()
    }
}

fn draw_scores(ui: &Ui, state: &EvaluateState, axis: &Axis, clip: &ScoredClip, second: Option<&ScoredClip>) {
    let palette = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(axis.rect.expand(1.0));
    painter.rect_filled(axis.rect, 0, palette.lane);
    for span in clip.anomalous_spans() {
        let shade = Rect::from_x_y_ranges(axis.x(span.start)..=axis.x(span.end), axis.rect.y_range());
        painter.rect_filled(shade, 0, palette.class_color(clip.truth).gamma_multiply(0.28));
    }
    let y = axis.y(state.threshold() as f32);
    painter.hline(axis.rect.x_range(), y, Stroke::new(1.0, palette.alarm));
    let marks = [
        ("Anomaly 1".to_owned(), axis.rect.top() + 5.0, palette.weak_text),
        ("0".to_owned(), axis.rect.bottom() - 5.0, palette.weak_text),
        (threshold_text(state.level), y, palette.alarm),
    ];
    // The threshold's own number comes first where two would overlap.
    for (text, at, color) in marks.iter().filter(|mark| mark.1 == y || (mark.1 - y).abs() > 12.0) {
        let at = pos2(axis.rect.left() - 4.0, *at);
        ui.painter().text(at, Align2::RIGHT_CENTER, text, FontId::proportional(11.0), *color);
    }
    if let Some(second) = second.filter(|second| !second.steps.is_empty()) {
        let points = curve(axis, second);
        painter.extend(Shape::dashed_line(&points, Stroke::new(1.5, curve_color(ui, true)), 5.0, 3.0));
    }
    painter.line(curve(axis, clip), Stroke::new(1.5, curve_color(ui, false)));
}

/// Through the middles of the steps; where many share a point of the screen, through their lowest and highest.
fn curve(axis: &Axis, clip: &ScoredClip) -> Vec<Pos2> {
    let per_point = (clip.steps.len() as f32 / (axis.rect.width().max(1.0) * 2.0)).ceil().max(1.0) as usize;
    let middle_s = |step: usize| clip.start_s + (step as f64 + 0.5) * clip.step_s;
    let point = |step: usize, score: f32| pos2(axis.x(middle_s(step)), axis.y(score));
    if per_point == 1 {
        return clip.steps.iter().enumerate().map(|(step, scores)| point(step, scores.anomaly())).collect();
    }
    let extremes = |(place, group): (usize, &[ClassScores])| {
        let scores = group.iter().map(ClassScores::<f32>::anomaly);
        let (low, high) = scores.fold((f32::MAX, f32::MIN), |(low, high), score| (low.min(score), high.max(score)));
        let first = place * per_point;
        [point(first, low), point(first + group.len() - 1, high)]
    };
    clip.steps.chunks(per_point).enumerate().flat_map(extremes).collect()
}

/// A cell for each step that has a colour; at most one for each point of the screen.
fn cells(ui: &Ui, rect: Rect, axis: &Axis, clip: &ScoredClip, color: impl Fn(usize) -> Option<Color32>) {
    let per_cell = (clip.steps.len() as f32 / rect.width().max(1.0)).ceil().max(1.0) as usize;
    let mut mesh = Mesh::default();
    for first in (0..clip.steps.len()).step_by(per_cell) {
        let past = (first + per_cell).min(clip.steps.len());
        if let Some(color) = (first..past).find_map(&color) {
            let (start, end) = (clip.step_span(first).start, clip.step_span(past - 1).end);
            mesh.add_colored_rect(Rect::from_x_y_ranges(axis.x(start)..=axis.x(end), rect.y_range()), color);
        }
    }
    ui.painter().add(mesh);
}

/// The ten class scores at the playhead; of run B as a mark on each bar.
fn bars(ui: &mut Ui, state: &EvaluateState, place: usize, clip: &ScoredClip) {
    let palette = theme::palette(ui);
    let step = ((state.playhead_s - clip.start_s) / clip.step_s.max(1e-9)) as usize;
    let step = step.min(clip.steps.len().saturating_sub(1));
    let scores = clip.steps.get(step);
    let second = state.second_clip(place);
    let of_second = second.and_then(|second| second.steps.get(same_moment(clip, step, second)?));
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, Sense::hover());
    let alone = state.open(Slot::A).and_then(|run| run.index.run.clips[place].facts.evidence.get(step).copied());
    let title = match alone.unwrap_or_default() {
        _ if clip.steps.is_empty() => "The clip as a whole".to_owned(),
        Evidence { picture: None, sound: None } => format!("At step {step}"),
        Evidence { picture, sound } => {
            let [picture, sound] = [picture, sound].map(class_bar::text_of);
            format!("Picture {picture}, sound {sound}")
        }
    };
    let font = FontId::proportional(theme::SMALL_TEXT);
    ui.painter().text(area.min, Align2::LEFT_TOP, &title, font, palette.weak_text);
    let heading = ui.interact(
        Rect::from_min_size(area.min, vec2(area.width(), 16.0)),
        ui.scope_id().with("step"),
        Sense::hover(),
    );
    heading.widget_info(|| WidgetInfo::labeled(Role::Label, true, &title));
    heading.on_hover_text(format!("Step {step}: the anomaly score when the network is given one of the two alone"));
    let height = ((area.height() - 18.0) / AnomalyClass::ALL.len() as f32).min(17.0);
    let top = scores.map(ClassScores::<f32>::top);
    for class in AnomalyClass::ALL {
        let row_top = area.top() + 18.0 + class.index() as f32 * height;
        let row = Rect::from_min_size(pos2(area.left(), row_top), vec2(area.width(), height));
        let score = scores.map_or(clip.scores.of(class) as f32, |scores| scores.of(class));
        let color = if top == Some(class) { palette.text } else { palette.weak_text };
        let columns = class_bar::Columns { name_at: 0.0, bar_from: 76.0, bar_to: 34.0, bar_height: 5.0 };
        let named = (class.label(), palette.class_color(class));
        class_bar::draw(ui.painter(), row, columns, named, Some(score), (color, palette));
        if let Some(of_second) = of_second {
            let track = row.width() - columns.bar_from - columns.bar_to;
            let x = row.left() + columns.bar_from + track * of_second.of(class);
            ui.painter().vline(x, row.shrink2(vec2(0.0, 2.0)).y_range(), Stroke::new(1.5, palette.text));
        }
        let response = ui.interact(row, ui.scope_id().with(class), Sense::hover());
        let of_second = of_second.map(|scores| format!(", B {:.2}", scores.of(class))).unwrap_or_default();
        let name = format!("{} at the playhead {score:.2}{of_second}", class.label());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
        response.on_hover_text(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_metrics::inspection::demo_run;

    #[test]
    fn a_peak_of_one_step_survives_any_width() {
        let mut clip =
            demo_run::run(&demo_run::Settings { clips: 1, ..demo_run::Settings::default() }).clips.remove(0).scored;
        let mut calm = [0.0; 10];
        calm[AnomalyClass::Normal.index()] = 1.0;
        clip.steps = vec![ClassScores(calm); 20_000];
        clip.steps[7777] = ClassScores([0.1; 10]);
        clip.steps[7777].0[AnomalyClass::Normal.index()] = 0.0;
        clip.duration_s = 5000.0;
        for width in [60.0, 333.0, 1200.0] {
            let rect = Rect::from_min_size(Pos2::ZERO, vec2(width, 100.0));
            let axis = Axis { start_s: 0.0, duration_s: clip.duration_s, rect };
            let points = curve(&axis, &clip);
            assert!(points.len() <= 5 * width as usize);
            assert!(points.iter().any(|point| point.y == 0.0), "lost at {width} points");
        }
    }
}
