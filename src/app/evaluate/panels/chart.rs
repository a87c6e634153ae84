//! A plain chart: frame, ticks, curves. What it shows is small and changes while a threshold is dragged, so that it is
//! drawn afresh each frame.

use eframe::egui::{Align2, Color32, FontId, Rect, Shape, Stroke, Ui, pos2, vec2};

use crate::theme;

pub(super) struct Chart {
    pub frame: Rect,
    x_most: f64,
}

/// A mark on an axis: where it stands, and its text.
pub(super) type Tick = (f64, &'static str);

pub(super) const SHARES: [Tick; 3] = [(0.0, "0"), (0.5, "0.5"), (1.0, "1")];

const TICK_TEXT: f32 = 11.0;

impl Chart {
    /// `y` runs from 0 to 1, `x` from 0 to `x_most`.
    pub(super) fn new(ui: &Ui, rect: Rect, x_most: f64, x_ticks: &[Tick], (x_name, y_name): (&str, &str)) -> Self {
        let palette = theme::palette(ui);
        let frame = Rect::from_min_max(rect.min + vec2(36.0, 4.0), rect.max - vec2(8.0, 28.0));
        let chart = Self { frame, x_most };
        let painter = ui.painter();
        painter.rect_filled(frame, 0, palette.lane);
        let (line, font) = (Stroke::new(1.0, palette.hairline), FontId::proportional(TICK_TEXT));
        for (y, text) in SHARES {
            let at = chart.at(0.0, y);
            painter.hline(frame.x_range(), at.y, line);
            painter.text(at - vec2(4.0, 0.0), Align2::RIGHT_CENTER, text, font.clone(), palette.weak_text);
        }
        for (x, text) in x_ticks {
            let at = chart.at(*x, 0.0);
            painter.vline(at.x, frame.y_range(), line);
            painter.text(at + vec2(0.0, 2.0), Align2::CENTER_TOP, text, font.clone(), palette.weak_text);
        }
        let below = pos2(frame.center().x, rect.bottom());
        painter.text(below, Align2::CENTER_BOTTOM, x_name, font.clone(), palette.weak_text);
        let galley = painter.layout_no_wrap(y_name.to_owned(), font, palette.weak_text);
        let beside = pos2(rect.left() - 1.0, frame.center().y + galley.size().x / 2.0);
        let name = eframe::egui::epaint::TextShape::new(beside, galley, palette.weak_text);
        painter.add(name.with_angle(-std::f32::consts::FRAC_PI_2));
        chart
    }

    pub(super) fn at(&self, x: f64, y: f64) -> eframe::egui::Pos2 {
        let share = (x / self.x_most).clamp(0.0, 1.0) as f32;
        pos2(
            self.frame.left() + share * self.frame.width(),
            self.frame.bottom() - y.clamp(0.0, 1.0) as f32 * self.frame.height(),
        )
    }

    pub(super) fn line(&self, ui: &Ui, points: impl Iterator<Item = (f64, f64)>, color: Color32, is_dashed: bool) {
        let points: Vec<_> = points.map(|(x, y)| self.at(x, y)).collect();
        let stroke = Stroke::new(1.5, color);
        if is_dashed {
            ui.painter().extend(Shape::dashed_line(&points, stroke, 5.0, 3.0));
        } else {
            ui.painter().line(points, stroke);
        }
    }

    /// Where a decision stands.
    pub(super) fn mark(&self, ui: &Ui, x: f64, y: f64, color: Color32, is_filled: bool) {
        let (at, palette) = (self.at(x, y), theme::palette(ui));
        ui.painter().circle(at, 4.5, if is_filled { color } else { palette.lane }, Stroke::new(1.5, color));
    }
}

/// The curve of run A or B: one is drawn whole and the other dashed, so that they tell apart without colour.
pub(super) fn curve_color(ui: &Ui, is_second: bool) -> Color32 {
    let palette = theme::palette(ui);
    if is_second { palette.waveform_rms } else { palette.curve }
}
