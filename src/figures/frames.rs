//! Figure 4: rows of frames, under each its true and its predicted class, wrong ones red and crossed.

use super::caption::{Caption, class_label, clip_name};
use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, Outline, Style, Text};
use super::figure::{Figure, FigureError, MARGIN_PX};
use super::font::{Weight, elided};
use super::frames_plan::{ClipRow, FRAMES_A_ROW, FramesPlan, RULE};
use super::still::{Still, put_still, truth_at};
use super::table::Table;
use avar_labels::AnomalyClass;
use avar_metrics::runs::Run;

const WIDTH_PX: f64 = 1000.0;
const COLUMN_GAP_PX: f64 = 28.0;
const FRAME_GAP_PX: f64 = 8.0;
const HEADING_PX: f64 = 14.0;
const NAME_PX: f64 = 12.0;
const LABEL_PX: f64 = 11.0;
/// The clip's name above its frames.
const ABOVE_PX: f64 = 20.0;
/// Truth and prediction below a frame.
const BELOW_PX: f64 = 32.0;
const ROW_GAP_PX: f64 = 14.0;

/// `stills` are of the plan's moments, in their order.
pub fn frame_rows(run: &Run, plan: &FramesPlan, stills: &[Still]) -> Result<Figure, FigureError> {
    let moments = plan.moments();
    let wrong = moments
        .iter()
        .filter(|moment| {
            let clip = &run.clips[moment.clip].scored;
            clip.steps[moment.step].top() != truth_at(clip, moment.step)
        })
        .count();
    let notes = vec![
        RULE.to_owned(),
        "GT is the annotated class at that time, normal outside of the annotated ranges; Pred the class with the \
         highest score of the step."
            .to_owned(),
        format!("Frames judged wrong are bordered in red and crossed: {wrong} of {}.", moments.len()),
    ];
    let caption = Caption::new("Figure 4. Frames with truth (GT) and prediction (Pred).", notes, run);
    Ok(Figure::new(drawing(run, plan, stills), caption, table(run, plan)))
}

fn drawing(run: &Run, plan: &FramesPlan, stills: &[Still]) -> Drawing {
    let column_px = (WIDTH_PX - 2.0 * MARGIN_PX - COLUMN_GAP_PX) / 2.0;
    let frame_px = (column_px - FRAME_GAP_PX * (FRAMES_A_ROW - 1) as f64) / FRAMES_A_ROW as f64;
    let frame_height_px = (frame_px * 9.0 / 16.0).round();
    let row_px = ABOVE_PX + frame_height_px + BELOW_PX + ROW_GAP_PX;
    let top_px = MARGIN_PX + HEADING_PX + 12.0;
    let mut drawing = Drawing::new(WIDTH_PX, top_px + row_px * plan.rows.len() as f64);
    let lefts = [MARGIN_PX, MARGIN_PX + column_px + COLUMN_GAP_PX];
    for (left, heading) in lefts.into_iter().zip(["Judged right", "Judged wrong"]) {
        let text = Text::new((left, MARGIN_PX + HEADING_PX), heading, HEADING_PX).bold();
        drawing.text("panel-title", text, Color::INK);
    }
    let mut stills = stills.iter();
    for (place, row) in plan.rows.iter().enumerate() {
        let top = top_px + place as f64 * row_px;
        for (left, clip, verdict) in [(lefts[0], &row.right, "right"), (lefts[1], &row.wrong, "wrong")] {
            let Some(clip) = clip else {
                let class = class_label(row.class, &run.about);
                let area = Area::new(left, top + ABOVE_PX, column_px, frame_height_px);
                drawing.rectangle("no-clip", area, Style::filled(Color::VOID));
                let words = format!("No clip of class {class} was judged {verdict}.");
                let (x, y) = area.center();
                let text = Text::new((x, y + 4.0), words, NAME_PX).anchored(Anchor::Middle);
                drawing.text("no-clip-text", text, Color::WEAK_INK);
                continue;
            };
            let area = Area::new(left, top, frame_px, frame_height_px);
            put_clip(&mut drawing, run, clip, &mut stills, area, column_px);
        }
    }
    drawing
}

fn put_clip<'a>(
    drawing: &mut Drawing,
    run: &Run,
    row: &ClipRow,
    stills: &mut impl Iterator<Item = &'a Still>,
    first: Area,
    column_px: f64,
) {
    let clip = &run.clips[row.clip].scored;
    let verdict = match clip.truth == clip.predicted {
        true => class_label(clip.truth, &run.about),
        false => {
            format!("{} taken for {}", class_label(clip.truth, &run.about), class_label(clip.predicted, &run.about))
        }
    };
    let name = elided(&format!("{verdict}: {}", clip_name(&clip.path)), column_px, NAME_PX, Weight::Bold);
    drawing.text("clip-name", Text::new((first.left, first.top + 13.0), name, NAME_PX).bold(), Color::INK);
    for (place, (moment, still)) in row.moments.iter().zip(stills).enumerate() {
        let left = first.left + place as f64 * (first.width + FRAME_GAP_PX);
        let area = Area { left, top: first.top + ABOVE_PX, ..first };
        let (truth, predicted) = (truth_at(clip, moment.step), clip.steps[moment.step].top());
        let is_right = truth == predicted;
        put_still(drawing, area, still, moment.label(clip));
        let border = if is_right { Style::stroked(Color::WEAK_INK, 0.75) } else { Style::stroked(Color::WRONG, 3.0) };
        drawing.rectangle(if is_right { "frame-right" } else { "frame-wrong" }, area, border);
        if !is_right {
            put_cross(drawing, area);
        }
        let label = |line: f64, words: String, weight: Weight| {
            let words = elided(&words, area.width, LABEL_PX, weight);
            Text { weight, ..Text::new((area.left, area.bottom() + line), words, LABEL_PX) }
        };
        let of = |class: AnomalyClass| class_label(class, &run.about);
        drawing.text("truth-text", label(14.0, format!("GT: {}", of(truth)), Weight::Regular), Color::INK);
        let (role, weight, color) = match is_right {
            true => ("pred-right", Weight::Regular, Color::INK),
            false => ("pred-wrong", Weight::Bold, Color::WRONG),
        };
        drawing.text(role, label(28.0, format!("Pred: {}", of(predicted)), weight), color);
    }
}

/// In the corner, for those who do not see red.
fn put_cross(drawing: &mut Drawing, area: Area) {
    let center = (area.right() - 11.0, area.top + 11.0);
    let disc = Outline::Circle { center, radius: 8.0 };
    drawing.add("cross-disc", disc, Style::filled(Color::WRONG).with_stroke(Color::WHITE, 1.0));
    let arm = 3.5;
    for slope in [-1.0, 1.0] {
        let (from, to) = ((center.0 - arm, center.1 - arm * slope), (center.0 + arm, center.1 + arm * slope));
        drawing.line("cross", from, to, Style::stroked(Color::WHITE, 2.0));
    }
}

fn table(run: &Run, plan: &FramesPlan) -> Table {
    let columns = ["clip", "clip_truth", "clip_predicted", "step", "time_s", "truth", "predicted", "is_right"];
    let mut table = Table::new(columns);
    for moment in plan.moments() {
        let clip = &run.clips[moment.clip].scored;
        let (truth, predicted) = (truth_at(clip, moment.step), clip.steps[moment.step].top());
        table.push([
            clip_name(&clip.path),
            clip.truth.name().to_owned(),
            clip.predicted.name().to_owned(),
            moment.step.to_string(),
            format!("{:.3}", moment.time_s),
            truth.name().to_owned(),
            predicted.name().to_owned(),
            (truth == predicted).to_string(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::super::frames_plan::plan_frames;
    use super::super::samples::{sample_picture, sample_run};
    use super::super::test_page::Page;
    use super::*;

    fn figure(still: impl Fn(u64) -> Still) -> Figure {
        let run = sample_run();
        let plan = plan_frames(&run).unwrap();
        let stills: Vec<Still> = (0..plan.moments().len() as u64).map(still).collect();
        frame_rows(&run, &plan, &stills).unwrap()
    }

    #[test]
    fn wrong_frames_are_red_and_crossed_and_no_others_are() {
        let figure = figure(|seed| Still::RgbPicture(sample_picture(seed)));
        let page = Page::of(&figure);
        let wrong = figure.table.rows.iter().filter(|row| row[7] == "false").count();
        assert!(wrong > 0 && wrong < figure.table.rows.len());
        assert_eq!([page.count("frame-wrong"), page.count("cross-disc"), page.count("pred-wrong")], [wrong; 3]);
        assert!(page.attributes("frame-wrong", "stroke").iter().all(|stroke| *stroke == Color::WRONG.hex()));
        assert!(page.attributes("pred-wrong", "fill").iter().all(|fill| *fill == Color::WRONG.hex()));
        assert!(page.attributes("frame-right", "stroke").iter().all(|stroke| *stroke != Color::WRONG.hex()));
    }

    #[test]
    fn each_frame_says_what_is_true_and_what_was_predicted() {
        let figure = figure(|_| Still::NotFound);
        let page = Page::of(&figure);
        assert_eq!(page.texts("truth-text").len(), figure.table.rows.len());
        assert!(page.texts("truth-text").iter().all(|text| text.starts_with("GT: ")));
        assert!(page.texts("pred-wrong").iter().all(|text| text.starts_with("Pred: ")));
        assert_eq!(page.count("no-picture"), figure.table.rows.len());
    }

    #[test]
    fn a_class_without_mistakes_says_so() {
        let mut run = sample_run();
        run.clips
            .iter_mut()
            .map(|clip| &mut clip.scored)
            .filter(|clip| clip.truth == AnomalyClass::Pain)
            .for_each(|clip| clip.predicted = clip.truth);
        let plan = plan_frames(&run).unwrap();
        let stills = vec![Still::SoundOnly; plan.moments().len()];
        let page = Page::of(&frame_rows(&run, &plan, &stills).unwrap());
        assert!(page.texts("no-clip-text").contains(&"No clip of class Pain* was judged wrong.".to_owned()));
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_and_no_text_leaves_the_page() {
        let make =
            || figure(|seed| if seed % 9 == 4 { Still::SoundOnly } else { Still::RgbPicture(sample_picture(seed)) });
        Page::of(&make()).assert_text_within();
        assert_eq!(make().drawing.to_svg(), make().drawing.to_svg());
        Page::keep(&make(), "figure-4");
    }
}
