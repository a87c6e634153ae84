//! The ablation's accuracies as a picture: for every temporal head what sound, picture and both give.

use super::ablation::{Ablation, mean};
use super::axis::{Scale, tick_text};
use super::caption::Caption;
use super::color::Color;
use super::drawing::{Anchor, Drawing, Outline, Style, Text};
use super::figure::{Figure, MARGIN_PX};
use super::table::Table;
use avar_metrics::paper::{HEADS_ON_VAAR, HEADS_STEPS, UNVERIFIED};

const TEXT_PX: f64 = 12.0;
const ROW_PX: f64 = 18.0;
const GAP_PX: f64 = 12.0;
/// Right edges of the two columns of words: the head, the modality.
const HEAD_RIGHT_PX: f64 = MARGIN_PX + 76.0;
const MODALITY_RIGHT_PX: f64 = HEAD_RIGHT_PX + 56.0;
const AXIS_LEFT_PX: f64 = MODALITY_RIGHT_PX + 12.0;
const AXIS_RIGHT_PX: f64 = AXIS_LEFT_PX + 520.0;
const DOT_PX: f64 = 3.5;
const DIAMOND_PX: f64 = 5.0;

/// The paper's table 2 beside ours: a dot a seed, a line at their mean, a hollow diamond for the paper's value.
/// `provenance` names what the ablation was made from.
pub fn head_accuracy(ablation: &Ablation, provenance: String) -> Figure {
    let across = Scale { from: 0.0, to: 100.0, from_px: AXIS_LEFT_PX, to_px: AXIS_RIGHT_PX };
    let mut drawing = Drawing::new(AXIS_RIGHT_PX + MARGIN_PX, 0.0);
    let mut y = MARGIN_PX + ROW_PX / 2.0;
    for head in &HEADS_ON_VAAR {
        let name = Text::new((HEAD_RIGHT_PX, y + ROW_PX + TEXT_PX * 0.35), head.label, TEXT_PX).bold();
        drawing.text("head", name.anchored(Anchor::End), Color::INK);
        for ((modality, fusion, paper), color) in head.modalities().into_iter().zip(MODALITY_COLORS) {
            let ours = ablation.accuracies_percent(head.name, fusion, HEADS_STEPS);
            let words = Text::new((MODALITY_RIGHT_PX, y + TEXT_PX * 0.35), modality, TEXT_PX);
            drawing.text("modality", words.anchored(Anchor::End), color);
            let hairline = Style::stroked(Color::HAIRLINE, 1.0);
            drawing.line("row", (AXIS_LEFT_PX, y), (AXIS_RIGHT_PX, y), hairline);
            put_paper(&mut drawing, (across.px(paper[0]), y), color);
            put_ours(&mut drawing, &ours, across, y, color);
            y += ROW_PX;
        }
        y += GAP_PX;
    }
    for tick in across.ticks(5) {
        let words = Text::new((across.px(tick), y + TEXT_PX * 0.35), tick_text(tick), TEXT_PX);
        drawing.text("tick", words.anchored(Anchor::Middle), Color::WEAK_INK);
    }
    drawing.height_px = y + ROW_PX;
    let caption = Caption {
        title: "Accuracy by temporal head and modality, percent.".to_owned(),
        warnings: Vec::new(),
        notes: NOTES.map(str::to_owned).to_vec(),
        provenance,
    };
    // The numbers behind it are the ablation's own table.
    Figure::new(drawing, caption, Table::default())
}

/// Sound, picture, both.
const MODALITY_COLORS: [Color; 3] = [Color::BELOW, Color::ABOVE, Color::INK];

const NOTES: [&str; 3] = [
    "Filled: ours on VAAR-Synth, clips drawn by this program; a dot a seed, a line at their mean.",
    "Hollow: the paper's on VAAR, another dataset.",
    UNVERIFIED,
];

fn put_ours(drawing: &mut Drawing, percents: &[f64], across: Scale, y: f64, color: Color) {
    for percent in percents {
        let dot = Outline::Circle { center: (across.px(*percent), y), radius: DOT_PX };
        drawing.add("seed", dot, Style::filled(color).with_opacity(0.5));
    }
    if let Some(mean) = mean(percents) {
        let mean = across.px(mean);
        drawing.line("mean", (mean, y - 6.0), (mean, y + 6.0), Style::stroked(color, 2.0));
    }
}

fn put_paper(drawing: &mut Drawing, (x, y): (f64, f64), color: Color) {
    let corners = [(-1.0, 0.0), (0.0, -1.0), (1.0, 0.0), (0.0, 1.0)];
    let corners = corners.map(|(right, down)| (x + right * DIAMOND_PX, y + down * DIAMOND_PX)).to_vec();
    drawing.add("paper", Outline::Polygon(corners), Style::filled(Color::WHITE).with_stroke(color, 1.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::{Weight, text_width_px};

    fn figure() -> Figure {
        let rows = HEADS_ON_VAAR.iter().flat_map(|head| {
            let row = |fusion| format!("{},{fusion},10,1,0.5,0.5,0.5,0.5\n", head.name).repeat(2);
            ["sound_only", "picture_only", "early"].map(row)
        });
        let text = format!("head,fusion,steps,seed,accuracy,precision,recall,f1\n{}", rows.collect::<String>());
        head_accuracy(&Ablation::parse(&text).unwrap(), "Recipe r.".to_owned())
    }

    fn with_role<'a>(figure: &'a Figure, role: &'a str) -> impl Iterator<Item = &'a Outline> {
        figure.drawing.shapes.iter().filter(move |shape| shape.role == role).map(|shape| &shape.outline)
    }

    #[test]
    fn every_seed_is_a_dot_and_every_value_of_the_paper_a_diamond() {
        let figure = figure();
        assert_eq!(with_role(&figure, "seed").count(), 18 * 2);
        assert_eq!(with_role(&figure, "mean").count(), 18);
        assert_eq!(with_role(&figure, "paper").count(), 18);
        assert!(figure.caption.sentences().join(" ").contains("another dataset"));
    }

    #[test]
    fn no_name_of_a_head_leaves_the_page() {
        for outline in with_role(&figure(), "head") {
            let Outline::Text(text) = outline else { panic!("{outline:?}") };
            assert!(text.at.0 - text_width_px(&text.text, text.size_px, Weight::Bold) >= MARGIN_PX, "{}", text.text);
        }
    }
}
