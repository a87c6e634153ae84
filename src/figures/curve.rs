//! Figure 5: the anomaly score of one clip over time, the truth shaded, and frames above the moments they show.

use super::axis::{Scale, tick_text};
use super::caption::{Caption, class_label, clip_name};
use super::color::Color;
use super::curve_plan::CurvePlan;
use super::drawing::{Anchor, Area, Drawing, Outline, Style, Text};
use super::figure::{Figure, FigureError, MARGIN_PX};
use super::font::{Weight, text_width_px};
use super::still::{Moment, Still, put_still, truth_at};
use super::table::Table;
use avar_labels::reaches;
use avar_metrics::runs::{About, Run};
use avar_metrics::{ScoredClip, Span};

const WIDTH_PX: f64 = 960.0;
const STILL_GAP_PX: f64 = 14.0;
const STILL_HEIGHT_PX: f64 = 98.0;
/// Between the frames and the plot, for the leaders.
const LEADER_PX: f64 = 34.0;
const PLOT_HEIGHT_PX: f64 = 230.0;
const AXIS_PX: f64 = 48.0;
const TEXT_PX: f64 = 12.0;

/// Where a threshold and a playhead stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveMarks {
    /// An anomaly score at or above it counts as above, within 0 and 1.
    pub threshold: f64,
    /// Where the highest score is, if not given.
    pub playhead_s: Option<f64>,
}

/// `stills` are of the plan's moments, in their order.
pub fn score_curve(run: &Run, plan: &CurvePlan, stills: &[Still], marks: CurveMarks) -> Result<Figure, FigureError> {
    let clip = &run.clips[plan.clip].scored;
    let chart = Chart::new(clip, &run.about, &plan.moments, "Truth", marks);
    let (scores, playhead_s) = (&chart.scores, chart.playhead_s());
    let CurveMarks { threshold, .. } = marks;
    let notes = vec![
        format!(
            "Anomaly score, 1 - P(normal), of {} at {} steps; shaded: the annotated truth{}.",
            clip_name(&clip.path),
            scores.len(),
            if clip.truth_ranges.is_empty() && clip.truth.is_anomaly() {
                " (the label, as no range is annotated)"
            } else {
                ""
            }
        ),
        format!(
            "Frames are bordered by the threshold {threshold:.2}: solid and marked \"above\" at or above it, dashed and \
             marked \"below\" under it. The playhead stands at {playhead_s:.2} s."
        ),
        plan.rule.clone(),
    ];
    Ok(Figure::new(
        chart.drawing(stills),
        Caption::new("Figure 5. Anomaly score over time.", notes, run),
        chart.table(),
    ))
}

/// Figure 5 of an event of one recording: the score around it, and what was decided shaded in place of the truth.
///
/// `around` holds the steps to be drawn; its true ranges are what is shaded, each as `shaded` and its class. `stills` are
/// of the moments, whose clip is not asked for.
pub fn event_curve(
    around: &ScoredClip,
    about: &About,
    moments: &[Moment],
    stills: &[Still],
    (shaded, marks): (&'static str, CurveMarks),
    caption: Caption,
) -> Figure {
    let chart = Chart::new(around, about, moments, shaded, marks);
    Figure::new(chart.drawing(stills), caption, chart.table())
}

struct Chart<'a> {
    clip: &'a ScoredClip,
    about: &'a About,
    moments: &'a [Moment],
    /// What the shaded stretches are.
    shaded: &'static str,
    scores: Vec<f64>,
    marks: CurveMarks,
}

impl<'a> Chart<'a> {
    fn new(
        clip: &'a ScoredClip,
        about: &'a About,
        moments: &'a [Moment],
        shaded: &'static str,
        marks: CurveMarks,
    ) -> Self {
        let scores = clip.steps.iter().map(|step| step.anomaly().into()).collect();
        Self { clip, about, moments, shaded, scores, marks }
    }

    fn playhead_s(&self) -> f64 {
        let bounds = self.clip.scored_span();
        let highest = (0..self.scores.len()).reduce(|best, step| match self.scores[step] > self.scores[best] {
            true => step,
            false => best,
        });
        let at_s = self.marks.playhead_s.unwrap_or_else(|| self.begin_s(highest.unwrap_or(0)));
        at_s.clamp(bounds.start, bounds.end)
    }

    /// A score stands where its step begins, which is when its picture is on screen.
    fn begin_s(&self, step: usize) -> f64 {
        self.clip.step_span(step).start
    }

    fn drawing(&self, stills: &[Still]) -> Drawing {
        let stills_top = MARGIN_PX + TEXT_PX + 8.0;
        let plot_top = stills_top + STILL_HEIGHT_PX + LEADER_PX;
        let plot_left = MARGIN_PX + AXIS_PX;
        let plot = Area::new(plot_left, plot_top, WIDTH_PX - plot_left - MARGIN_PX, PLOT_HEIGHT_PX);
        let bounds = self.clip.scored_span();
        let across = Scale { from: bounds.start, to: bounds.end, from_px: plot.left, to_px: plot.right() };
        let down = Scale { from: 0.0, to: 1.0, from_px: plot.bottom(), to_px: plot.top };
        let mut drawing = Drawing::new(WIDTH_PX, plot.bottom() + 72.0);
        self.put_truth(&mut drawing, plot, across);
        put_axes(&mut drawing, plot, across, down);
        let threshold_px = down.px(self.marks.threshold);
        let dashes = Style::stroked(Color::ABOVE, 1.5).dashed(6.0, 4.0);
        drawing.line("threshold", (plot.left, threshold_px), (plot.right(), threshold_px), dashes);
        let line = self.curve_points(across, down);
        drawing.add("curve", Outline::Polyline(line), Style::stroked(Color::CURVE, 1.75));
        let playhead_px = across.px(self.playhead_s());
        drawing.line(
            "playhead",
            (playhead_px, plot.top - 6.0),
            (playhead_px, plot.bottom()),
            Style::stroked(Color::INK, 1.5),
        );
        let flag = vec![
            (playhead_px - 5.0, plot.top - 10.0),
            (playhead_px + 5.0, plot.top - 10.0),
            (playhead_px, plot.top - 3.0),
        ];
        drawing.add("playhead-flag", Outline::Polygon(flag), Style::filled(Color::INK));
        self.put_stills(&mut drawing, stills, stills_top, plot, (across, down));
        self.put_legend(&mut drawing, plot);
        drawing
    }

    fn put_truth(&self, drawing: &mut Drawing, plot: Area, across: Scale) {
        for (label, span, color) in self.truth() {
            let (left, right) = (across.px(span.start), across.px(span.end));
            let area = Area::new(left, plot.top, right - left, plot.height);
            drawing.rectangle("truth", area, Style::filled(color).with_opacity(0.28));
            for edge in [left, right] {
                let thin = Style::stroked(color, 1.0);
                drawing.line("truth-edge", (edge, plot.top), (edge, plot.bottom()), thin);
            }
            if text_width_px(&label, TEXT_PX, Weight::Regular) * 1.05 + 12.0 <= area.width {
                let text = Text::new((left + 6.0, plot.bottom() - 8.0), label, TEXT_PX);
                drawing.text("truth-text", text, Color::INK);
            }
        }
    }

    /// The true events within the scored time, by class.
    fn truth(&self) -> Vec<(String, Span, Color)> {
        let classes = avar_labels::AnomalyClass::ALL.into_iter().filter(|class| class.is_anomaly());
        let of_class = |class| self.clip.spans_of(class).into_iter().map(move |span| (class, span));
        classes
            .flat_map(of_class)
            .map(|(class, span)| {
                (format!("{}: {}", self.shaded, class_label(class, self.about)), span, Color::of_class(class))
            })
            .collect()
    }

    /// One point a step, or the lowest and the highest of each pixel where steps are finer than that: a peak of one
    /// step never vanishes.
    fn curve_points(&self, across: Scale, down: Scale) -> Vec<(f64, f64)> {
        let point = |step: usize| (across.px(self.begin_s(step)), down.px(self.scores[step]));
        let columns = (across.to_px - across.from_px) as usize;
        if self.scores.len() <= 2 * columns {
            // The last step is as long as the others.
            let end = self.scores.last().map(|score| (across.to_px, down.px(*score)));
            return (0..self.scores.len()).map(point).chain(end).collect();
        }
        let of_column = |column: usize| {
            let steps = column * self.scores.len() / columns..(column + 1) * self.scores.len() / columns;
            let by = |a: &usize, b: &usize| self.scores[*a].total_cmp(&self.scores[*b]);
            let mut ends = [steps.clone().min_by(by), steps.max_by(by)];
            ends.sort_unstable();
            ends
        };
        (0..columns).flat_map(of_column).flatten().map(point).collect()
    }

    fn put_stills(
        &self,
        drawing: &mut Drawing,
        stills: &[Still],
        top: f64,
        plot: Area,
        (across, down): (Scale, Scale),
    ) {
        let count = self.moments.len().max(1) as f64;
        let width =
            ((WIDTH_PX - 2.0 * MARGIN_PX - STILL_GAP_PX * (count - 1.0)) / count).min(STILL_HEIGHT_PX * 16.0 / 9.0);
        let whole = width * count + STILL_GAP_PX * (count - 1.0);
        let left = ((plot.left + plot.right() - whole) / 2.0).clamp(MARGIN_PX, WIDTH_PX - MARGIN_PX - whole);
        for (place, (moment, still)) in self.moments.iter().zip(stills).enumerate() {
            let area = Area::new(left + place as f64 * (width + STILL_GAP_PX), top, width, STILL_HEIGHT_PX);
            let score = self.scores[moment.step];
            let is_above = reaches(score, self.marks.threshold);
            let color = if is_above { Color::ABOVE } else { Color::BELOW };
            put_still(drawing, area, still, moment.label(self.clip));
            let border = Style::stroked(color, 3.0);
            let border = if is_above { border } else { border.dashed(8.0, 4.0) };
            drawing.rectangle(if is_above { "still-above" } else { "still-below" }, area, border);
            let words = if is_above { "above" } else { "below" };
            let caption = format!("{:.2} s: {score:.2}, {words}", moment.time_s);
            let text = Text::new((area.center().0, area.top - 8.0), caption, TEXT_PX).anchored(Anchor::Middle);
            drawing.text("still-text", text, color);
            let (x, y) = (across.px(self.begin_s(moment.step)), down.px(score));
            let leader = vec![(area.center().0, area.bottom() + 2.0), (x, plot.top - 12.0), (x, y)];
            drawing.add("leader", Outline::Polyline(leader), Style::stroked(color, 1.0));
            let dot = Outline::Circle { center: (x, y), radius: 4.0 };
            drawing.add("dot", dot, Style::filled(if is_above { color } else { Color::WHITE }).with_stroke(color, 1.5));
        }
    }

    fn put_legend(&self, drawing: &mut Drawing, plot: Area) {
        let baseline = plot.bottom() + 58.0;
        let middle = baseline - 4.0;
        let mut left = plot.left;
        let mut entry = |drawing: &mut Drawing, words: String, put_sign: &dyn Fn(&mut Drawing, f64)| {
            let width = 30.0 + text_width_px(&words, TEXT_PX, Weight::Regular) * 1.05;
            // What does not fit is labelled within the plot.
            if left + width <= plot.right() {
                put_sign(drawing, left);
                drawing.text("legend", Text::new((left + 30.0, baseline), words, TEXT_PX), Color::INK);
            }
            left += width + 24.0;
        };
        let line = |style: Style| {
            move |drawing: &mut Drawing, left: f64| {
                drawing.line("legend-sign", (left, middle), (left + 24.0, middle), style)
            }
        };
        entry(drawing, "anomaly score".to_owned(), &line(Style::stroked(Color::CURVE, 1.75)));
        let dashes = Style::stroked(Color::ABOVE, 1.5).dashed(6.0, 4.0);
        entry(drawing, format!("threshold {:.2}", self.marks.threshold), &line(dashes));
        entry(drawing, format!("playhead {:.2} s", self.playhead_s()), &|drawing, left| {
            drawing.line(
                "legend-sign",
                (left + 12.0, middle - 7.0),
                (left + 12.0, middle + 6.0),
                Style::stroked(Color::INK, 1.5),
            );
        });
        let mut shown = Vec::new();
        for (label, _, color) in self.truth() {
            if shown.contains(&label) {
                continue;
            }
            entry(drawing, label.clone(), &|drawing, left| {
                let area = Area::new(left, middle - 7.0, 24.0, 13.0);
                drawing.rectangle("legend-sign", area, Style::filled(color).with_opacity(0.28));
            });
            shown.push(label);
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["step", "start_s", "end_s", "anomaly_score", "predicted", "truth", "has_frame"]);
        for (step, score) in self.scores.iter().enumerate() {
            let span = self.clip.step_span(step);
            let has_frame = self.moments.iter().any(|moment| moment.step == step);
            table.push([
                step.to_string(),
                format!("{:.3}", span.start),
                format!("{:.3}", span.end),
                format!("{score:.6}"),
                self.clip.steps[step].top().name().to_owned(),
                truth_at(self.clip, step).name().to_owned(),
                has_frame.to_string(),
            ]);
        }
        table
    }
}

fn put_axes(drawing: &mut Drawing, plot: Area, across: Scale, down: Scale) {
    for tick in down.ticks(5) {
        let y = down.px(tick);
        drawing.line("grid", (plot.left, y), (plot.right(), y), Style::stroked(Color::HAIRLINE, 0.75));
        let text = Text::new((plot.left - 8.0, y + TEXT_PX * 0.35), tick_text(tick), TEXT_PX).anchored(Anchor::End);
        drawing.text("tick-y", text, Color::WEAK_INK);
    }
    for tick in across.ticks(12) {
        let x = across.px(tick);
        drawing.line("tick", (x, plot.bottom()), (x, plot.bottom() + 5.0), Style::stroked(Color::WEAK_INK, 1.0));
        let text = Text::new((x, plot.bottom() + 18.0), tick_text(tick), TEXT_PX).anchored(Anchor::Middle);
        drawing.text("tick-x", text, Color::WEAK_INK);
    }
    drawing.line(
        "axis",
        (plot.left, plot.bottom()),
        (plot.right(), plot.bottom()),
        Style::stroked(Color::WEAK_INK, 1.0),
    );
    let name = |at: (f64, f64), text: &str| Text::new(at, text, TEXT_PX).anchored(Anchor::Middle);
    drawing.text("axis-name", name((plot.center().0, plot.bottom() + 36.0), "Time in seconds"), Color::WEAK_INK);
    let beside = name((MARGIN_PX + TEXT_PX - 2.0, plot.center().1), "Anomaly score").turned(-90.0);
    drawing.text("axis-name", beside, Color::WEAK_INK);
}

#[cfg(test)]
mod tests {
    use super::super::curve_plan::plan_curve;
    use super::super::samples::{sample_picture, sample_run};
    use super::super::test_page::Page;
    use super::*;
    use avar_labels::ClassScores;

    const MARKS: CurveMarks = CurveMarks { threshold: 0.5, playhead_s: None };

    fn stills(count: usize) -> Vec<Still> {
        (0..count as u64).map(|seed| Still::RgbPicture(sample_picture(seed))).collect()
    }

    fn figure(path: Option<&str>, marks: CurveMarks) -> Figure {
        let run = sample_run();
        let plan = plan_curve(&run, path).unwrap();
        score_curve(&run, &plan, &stills(plan.moments.len()), marks).unwrap()
    }

    #[test]
    fn the_shaded_truth_lies_at_its_time() {
        let run = sample_run();
        let clip = run.scored().find(|clip| clip.path == "crash/clip_001.mp4").unwrap();
        let page = Page::of(&figure(Some(&clip.path), MARKS));
        let truth = page.areas("truth");
        let (left, right) = (MARGIN_PX + AXIS_PX, WIDTH_PX - MARGIN_PX);
        let px = |time_s: f64| left + time_s / clip.duration_s * (right - left);
        let range = clip.truth_ranges[0];
        assert_eq!(truth.len(), 1);
        assert!((truth[0].left - px(range.start_s)).abs() < 0.02 && (truth[0].right() - px(range.end_s)).abs() < 0.02);
        assert_eq!(page.attributes("truth", "fill"), [Color::of_class(clip.truth).hex()]);
    }

    #[test]
    fn borders_and_words_follow_the_threshold() {
        let page = Page::of(&figure(None, MARKS));
        assert!(page.count("still-above") > 0 && page.count("still-below") > 0);
        let words = page.texts("still-text");
        assert_eq!(words.iter().filter(|text| text.ends_with("above")).count(), page.count("still-above"));
        assert!(page.attributes("still-above", "stroke").iter().all(|stroke| *stroke == Color::ABOVE.hex()));
        let none = Page::of(&figure(None, CurveMarks { threshold: 1.0, ..MARKS }));
        assert_eq!((none.count("still-above"), none.count("threshold")), (0, 1));
    }

    #[test]
    fn the_playhead_stands_at_the_highest_score_or_where_it_is_put() {
        let page = Page::of(&figure(Some("crash/clip_000.mp4"), CurveMarks { playhead_s: Some(5.0), ..MARKS }));
        let (left, right) = (MARGIN_PX + AXIS_PX, WIDTH_PX - MARGIN_PX);
        assert_eq!(page.attributes("playhead", "x1"), [format!("{}", (left + right) / 2.0)]);
        assert!(page.texts("legend").contains(&"playhead 5.00 s".to_owned()));
    }

    #[test]
    fn a_peak_of_one_step_stays_in_a_curve_of_a_hundred_thousand() {
        let mut run = sample_run();
        let clip = &mut run.clips[0].scored;
        clip.steps = vec![clip.steps[0]; 100_000];
        clip.steps[77_777] = ClassScores([0.0; 10]);
        clip.duration_s = 25_000.0;
        let plan = plan_curve(&run, Some("abuse/clip_000.mp4")).unwrap();
        let figure = score_curve(&run, &plan, &stills(plan.moments.len()), MARKS).unwrap();
        let points = &Page::of(&figure).attributes("curve", "points")[0];
        let top = MARGIN_PX + TEXT_PX + 8.0 + STILL_HEIGHT_PX + LEADER_PX;
        assert!(points.contains(&format!(",{top} ")) && points.split(' ').count() < 2_000);
    }

    #[test]
    fn a_clip_without_pictures_says_so() {
        let run = sample_run();
        let plan = plan_curve(&run, None).unwrap();
        let stills = [Still::SoundOnly, Still::NotFound, Still::Damaged, Still::Unreadable, Still::NotFound];
        let figure = score_curve(&run, &plan, &stills, MARKS).unwrap();
        let page = Page::of(&figure);
        assert_eq!(page.texts("no-picture-text")[..2], ["sound only", "recording not found"]);
        page.assert_text_within();
        Page::keep(&figure, "figure-5-no-pictures");
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_and_no_text_leaves_the_page() {
        for path in [None, Some("normal/clip_001.mp4"), Some("abuse/clip_000.mp4")] {
            let figure = figure(path, MARKS);
            Page::of(&figure).assert_text_within();
            assert_eq!(figure.drawing.to_svg(), self::figure(path, MARKS).drawing.to_svg());
        }
        assert_eq!(figure(None, MARKS).drawing.to_png().unwrap(), figure(None, MARKS).drawing.to_png().unwrap());
        Page::keep(&figure(None, MARKS), "figure-5");
        Page::keep(&figure(Some("normal/clip_001.mp4"), MARKS), "figure-5-normal");
    }
}
