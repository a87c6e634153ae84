//! How well scores rank and how much they mean: precision and recall, ROC, reliability, side by side. Not in the paper.

use super::axis::{Scale, tick_text};
use super::caption::Caption;
use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, Outline, Style, Text};
use super::figure::{Figure, FigureError, MARGIN_PX};
use super::table::Table;
use avar_metrics::Report;
use avar_metrics::runs::Run;

const WIDTH_PX: f64 = 960.0;
const AXIS_PX: f64 = 44.0;
const GAP_PX: f64 = 20.0;
const TEXT_PX: f64 = 12.0;
const HEADING_PX: f64 = 14.0;
const TICKS: usize = 5;

/// Of all clips of the run; `report` is theirs.
pub fn quality_curves(run: &Run, report: &Report) -> Result<Figure, FigureError> {
    let plots = Plots::new(report);
    if plots.table.rows.is_empty() {
        let why = "one kind of clip has no curves; a run needs normal and anomalous clips".to_owned();
        return Err(FigureError::NothingToDraw(why));
    }
    let notes = vec![format!(
        "Anomalous against normal. Solid: clips by 1 - P(normal){}. Dashed: frames by the score of their step{}. Grey: what \
         guessing would give. Right: how often the top class is right, by how sure it is; a dot's area is its share of the \
         clips (expected error {}).",
        area(report.clip_ranking.anomaly.average_precision.value()),
        area(report.frames.anomaly.average_precision.value()),
        two_digits(report.calibration.raw.top_class.expected_error.value()),
    )];
    let caption = Caption::new("Ranking and calibration.", notes, run);
    Ok(Figure::new(plots.drawing(), caption, plots.table))
}

type Points = Vec<(f64, f64)>;

struct Plots {
    /// Recall and precision, of clips and of frames.
    pr: [Points; 2],
    /// False and true positive rate, of clips and of frames.
    roc: [Points; 2],
    /// Confidence, frequency and share of the clips.
    reliability: Vec<(f64, f64, f64)>,
    /// The share of clips that is anomalous.
    prevalence: f64,
    table: Table,
}

impl Plots {
    fn new(report: &Report) -> Self {
        let curves = &report.curves;
        let pr = [&curves.clip_pr, &curves.frame_pr].map(|points| points.iter().map(|at| (at.recall, at.precision)));
        let roc = [&curves.clip_roc, &curves.frame_roc]
            .map(|points| points.iter().map(|at| (at.false_positive_rate, at.true_positive_rate)));
        let pr = pr.map(|points| points.collect::<Points>());
        // By convention a ROC curve begins where nothing is called positive.
        let roc =
            roc.map(
                |points| if points.len() == 0 { Vec::new() } else { [(0.0, 0.0)].into_iter().chain(points).collect() },
            );
        let clips = report.clips.clips.max(1) as f64;
        let bins = report.calibration.raw.top_class.bins.iter();
        let reliability: Vec<_> =
            bins.filter_map(|bin| Some((bin.confidence?, bin.frequency?, bin.count as f64 / clips))).collect();
        let mut table = Table::new(["plot", "of", "x", "y", "share"]);
        for (plot, curves) in [("precision_recall", &pr), ("roc", &roc)] {
            for (of, points) in ["clips", "frames"].into_iter().zip(curves) {
                for (x, y) in points {
                    table.push([plot.to_owned(), of.to_owned(), format!("{x:.6}"), format!("{y:.6}"), String::new()]);
                }
            }
        }
        if !table.rows.is_empty() {
            for (x, y, share) in &reliability {
                let numbers = [x, y, share].map(|value| format!("{value:.6}"));
                table.push(["reliability".to_owned(), "clips".to_owned()].into_iter().chain(numbers));
            }
        }
        Self { pr, roc, reliability, prevalence: report.clips.anomalous as f64 / clips, table }
    }

    fn drawing(&self) -> Drawing {
        let side = (WIDTH_PX - 2.0 * MARGIN_PX - 2.0 * GAP_PX) / 3.0 - AXIS_PX;
        let top = MARGIN_PX + HEADING_PX + 12.0;
        let mut drawing = Drawing::new(WIDTH_PX, top + side + 52.0);
        let plot = |place: usize| Plot::new(MARGIN_PX + AXIS_PX + place as f64 * (side + AXIS_PX + GAP_PX), top, side);
        let pr = plot(0);
        pr.put_axes(&mut drawing, "Precision and recall", "Recall", "Precision");
        pr.put_guess(&mut drawing, (0.0, self.prevalence), (1.0, self.prevalence));
        pr.put_curves(&mut drawing, ["pr-clips", "pr-frames"], &self.pr);
        let roc = plot(1);
        roc.put_axes(&mut drawing, "ROC", "False positive rate", "True positive rate");
        roc.put_guess(&mut drawing, (0.0, 0.0), (1.0, 1.0));
        roc.put_curves(&mut drawing, ["roc-clips", "roc-frames"], &self.roc);
        let reliability = plot(2);
        reliability.put_axes(&mut drawing, "Reliability", "Confidence", "How often right");
        reliability.put_guess(&mut drawing, (0.0, 0.0), (1.0, 1.0));
        let line = self.reliability.iter().map(|(x, y, _)| reliability.px(*x, *y)).collect();
        drawing.add("reliability", Outline::Polyline(line), Style::stroked(Color::CURVE, 1.75));
        for (x, y, share) in &self.reliability {
            let dot = Outline::Circle { center: reliability.px(*x, *y), radius: 2.0 + 10.0 * share.sqrt() };
            drawing.add("reliability-dot", dot, Style::filled(Color::CURVE).with_opacity(0.6));
        }
        drawing
    }
}

/// A square of `0..=1` both ways.
struct Plot {
    area: Area,
    across: Scale,
    down: Scale,
}

impl Plot {
    fn new(left: f64, top: f64, side: f64) -> Self {
        let area = Area::new(left, top, side, side);
        Self {
            area,
            across: Scale { from: 0.0, to: 1.0, from_px: area.left, to_px: area.right() },
            down: Scale { from: 0.0, to: 1.0, from_px: area.bottom(), to_px: area.top },
        }
    }

    fn px(&self, x: f64, y: f64) -> (f64, f64) {
        (self.across.px(x), self.down.px(y))
    }

    fn put_axes(&self, drawing: &mut Drawing, heading: &str, across: &str, down: &str) {
        let area = self.area;
        let text = |at: (f64, f64), words: &str| Text::new(at, words, TEXT_PX);
        for tick in self.down.ticks(TICKS) {
            let y = self.down.px(tick);
            drawing.line("grid", (area.left, y), (area.right(), y), Style::stroked(Color::HAIRLINE, 0.75));
            let label = text((area.left - 6.0, y + TEXT_PX * 0.35), &tick_text(tick)).anchored(Anchor::End);
            drawing.text("tick-y", label, Color::WEAK_INK);
        }
        for tick in self.across.ticks(TICKS) {
            let label = text((self.across.px(tick), area.bottom() + 16.0), &tick_text(tick)).anchored(Anchor::Middle);
            drawing.text("tick-x", label, Color::WEAK_INK);
        }
        let axis = Style::stroked(Color::WEAK_INK, 1.0);
        drawing.line("axis", (area.left, area.bottom()), (area.right(), area.bottom()), axis);
        let title = Text::new((area.left, area.top - 12.0), heading, HEADING_PX).bold();
        drawing.text("heading", title, Color::INK);
        let name = |at: (f64, f64), words: &str| text(at, words).anchored(Anchor::Middle);
        drawing.text("axis-name", name((area.center().0, area.bottom() + 36.0), across), Color::WEAK_INK);
        let beside = name((area.left - AXIS_PX + TEXT_PX, area.center().1), down).turned(-90.0);
        drawing.text("axis-name", beside, Color::WEAK_INK);
    }

    fn put_guess(&self, drawing: &mut Drawing, from: (f64, f64), to: (f64, f64)) {
        let style = Style::stroked(Color::WEAK_INK, 1.0).dashed(2.0, 3.0);
        drawing.line("guess", self.px(from.0, from.1), self.px(to.0, to.1), style);
    }

    /// Clips solid, frames dashed.
    fn put_curves(&self, drawing: &mut Drawing, roles: [&'static str; 2], curves: &[Points; 2]) {
        let solid = Style::stroked(Color::CURVE, 1.75);
        for ((role, points), style) in roles.into_iter().zip(curves).zip([solid, solid.dashed(6.0, 4.0)]) {
            if !points.is_empty() {
                let line = points.iter().map(|(x, y)| self.px(*x, *y)).collect();
                drawing.add(role, Outline::Polyline(line), style);
            }
        }
    }
}

/// In brackets behind what it is of.
fn area(average_precision: Option<f64>) -> String {
    average_precision.map_or_else(String::new, |value| format!(" (average precision {value:.2})"))
}

fn two_digits(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::sample_run;
    use super::super::test_page::Page;
    use super::*;
    use avar_metrics::{BootstrapSettings, ReportSettings};

    fn report(run: &Run) -> Report {
        let bootstrap = BootstrapSettings { resamples: 0, ..BootstrapSettings::default() };
        Report::new(&run.clips, &ReportSettings { bootstrap, ..ReportSettings::default() }).unwrap()
    }

    fn points(line: &str) -> Points {
        let pair = |point: &str| {
            let (x, y) = point.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        line.split(' ').map(pair).collect()
    }

    #[test]
    fn curves_stand_where_their_numbers_are() {
        let run = sample_run();
        let report = report(&run);
        let figure = quality_curves(&run, &report).unwrap();
        let page = Page::of(&figure);
        page.assert_text_within();
        let drawn = points(&page.attributes("pr-clips", "points")[0]);
        assert_eq!(drawn.len(), report.curves.clip_pr.len());
        let plot = Plot::new(MARGIN_PX + AXIS_PX, MARGIN_PX + HEADING_PX + 12.0, drawn_side());
        for ((x, y), at) in drawn.into_iter().zip(&report.curves.clip_pr) {
            let (wanted_x, wanted_y) = plot.px(at.recall, at.precision);
            assert!((x - wanted_x).abs() < 0.02 && (y - wanted_y).abs() < 0.02, "{at:?}");
        }
        assert_eq!(points(&page.attributes("roc-clips", "points")[0]).len(), report.curves.clip_roc.len() + 1);
        let filled = report.calibration.raw.top_class.bins.iter().filter(|bin| bin.count > 0).count();
        assert_eq!(page.count("reliability-dot"), filled);
        Page::keep(&figure, "quality");
    }

    fn drawn_side() -> f64 {
        (WIDTH_PX - 2.0 * MARGIN_PX - 2.0 * GAP_PX) / 3.0 - AXIS_PX
    }

    #[test]
    fn guessing_precision_is_the_share_of_anomalous_clips() {
        let run = sample_run();
        let report = report(&run);
        let page = Page::of(&quality_curves(&run, &report).unwrap());
        let share = report.clips.anomalous as f64 / report.clips.clips as f64;
        let plot = Plot::new(MARGIN_PX + AXIS_PX, MARGIN_PX + HEADING_PX + 12.0, drawn_side());
        let drawn: f64 = page.attributes("guess", "y1")[0].parse().unwrap();
        assert!((drawn - plot.px(0.0, share).1).abs() < 0.02);
    }

    #[test]
    fn a_run_of_one_kind_has_no_curves_and_says_why() {
        let mut run = sample_run();
        run.clips.retain(|clip| !clip.scored.truth.is_anomaly());
        let report = report(&run);
        assert!(quality_curves(&run, &report).unwrap_err().to_string().contains("normal and anomalous"));
    }
}
