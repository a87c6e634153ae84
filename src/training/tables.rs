//! The ablation as Markdown, CSV and a figure, the paper's values beside ours.
//!
//! The paper's were measured on VAAR, which is not public; ours on VAAR-Synth: they stand side by side, never as one
//! reproducing the other.

use std::fmt::Write;

use super::ablation::{Arrangement, Cell, Outcome, SEQUENCE_LENGTHS};
use crate::model::head::Fusion;
use crate::model::temporal::TemporalKind;
use crate::paper::{HEADS_ON_VAAR, LENGTHS, Quality};

/// The paper's table 2 on VAAR.
fn paper_table_2(kind: TemporalKind, fusion: Fusion) -> Option<Quality> {
    let row = HEADS_ON_VAAR.iter().find(|row| row.name == kind.name())?;
    match fusion {
        Fusion::SoundOnly => Some(row.sound),
        Fusion::PictureOnly => Some(row.picture),
        Fusion::Early => Some(row.both),
        Fusion::Late => None,
    }
}

/// The paper's table 3 on VAAR: accuracy in percent.
fn paper_table_3(window_steps: usize) -> Option<f64> {
    LENGTHS.iter().find(|(steps, ..)| *steps == window_steps).map(|(_, vaar, _)| *vaar)
}

/// How the tables came about: goes above them.
pub struct Provenance<'a> {
    pub recipe: &'a str,
    pub recipe_digest: &'a str,
    pub training_clips: usize,
    pub test_clips: usize,
    pub seeds: &'a [u64],
}

const NOTE: &str = "Ours: VAAR-Synth, drawn by this program. Paper: VAAR, another dataset, which is not public; its \
                    values are unverified (the paper was withdrawn) and are no target of ours.";

/// All tables, in percent: mean over the seeds, and in brackets the distance from the lowest to the highest.
pub fn markdown(cells: &[Cell], provenance: &Provenance) -> String {
    let mut text = String::from("# Ablation\n\n");
    let Provenance { recipe, recipe_digest, training_clips, test_clips, seeds } = provenance;
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{NOTE}\n\nRecipe `{recipe}` ({recipe_digest}), {training_clips} training and {test_clips} test clips, seeds {seeds:?}. \
         Percent: mean over the seeds, in brackets the distance from the lowest to the highest.\n"
    );
    let _ = writeln!(text, "## Temporal heads and modalities (the paper's table 2)\n");
    let _ = writeln!(text, "| Head | Modality | Acc | Pre | Rec | F1 | Paper: Acc | Pre | Rec | F1 |");
    let _ = writeln!(text, "|---|---|---|---|---|---|---|---|---|---|");
    for kind in TemporalKind::ALL {
        for fusion in [Fusion::SoundOnly, Fusion::PictureOnly, Fusion::Early] {
            let wanted = Arrangement { temporal: kind, fusion, ..Arrangement::PAPER };
            let Some(cell) = find(cells, wanted) else { continue };
            let ours = metrics().map(|(_, metric)| percent(cell, metric)).join(" | ");
            let paper = paper_table_2(kind, fusion)
                .map_or_else(|| ["–"; 4].join(" | "), |values| values.map(|value| format!("{value:.2}")).join(" | "));
            let _ = writeln!(text, "| {} | {} | {ours} | {paper} |", kind.label(), fusion.label());
        }
    }
    let _ = writeln!(text, "\n## Sequence length (the paper's table 3)\n");
    let _ = writeln!(text, "| Steps | Acc | Paper: Acc |\n|---|---|---|");
    for window_steps in SEQUENCE_LENGTHS {
        let Some(cell) = find(cells, Arrangement { window_steps, ..Arrangement::PAPER }) else { continue };
        let paper = paper_table_3(window_steps).map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
        let _ = writeln!(text, "| {window_steps} | {} | {paper} |", percent(cell, |outcome| outcome.accuracy));
    }
    let _ = writeln!(text, "\n## Fusion (the paper gives no value for late fusion in its text)\n");
    let _ = writeln!(text, "| Fusion | Acc | F1 |\n|---|---|---|");
    for fusion in [Fusion::Early, Fusion::Late] {
        let Some(cell) = find(cells, Arrangement { fusion, ..Arrangement::PAPER }) else { continue };
        let (accuracy, f1) = (percent(cell, |outcome| outcome.accuracy), percent(cell, |outcome| outcome.f1));
        let _ = writeln!(text, "| {} | {accuracy} | {f1} |", fusion.label());
    }
    text
}

/// One row a head that was trained; shares of 1 with four decimals.
pub fn csv(cells: &[Cell]) -> Result<String, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record([
        "head",
        "fusion",
        "steps",
        "seed",
        "accuracy",
        "precision",
        "recall",
        "f1",
        "best_step",
        "paper_accuracy_percent",
    ])?;
    for Cell { arrangement, outcomes } in cells {
        let Arrangement { temporal, fusion, window_steps } = *arrangement;
        let paper = match window_steps == Arrangement::PAPER.window_steps {
            true => paper_table_2(temporal, fusion).map(|values| values[0]),
            false => paper_table_3(window_steps),
        };
        for outcome in outcomes {
            let share = |value: f64| format!("{value:.4}");
            table.write_record([
                temporal.name().to_owned(),
                fusion.name().to_owned(),
                window_steps.to_string(),
                outcome.seed.to_string(),
                share(outcome.accuracy),
                share(outcome.precision),
                share(outcome.recall),
                share(outcome.f1),
                outcome.best_step.to_string(),
                paper.map_or_else(String::new, |value| value.to_string()),
            ])?;
        }
    }
    let bytes = table.into_inner().map_err(|error| csv::Error::from(std::io::Error::other(error.to_string())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Accuracies of table 2 as a picture: a dot a seed, a line at their mean, a hollow diamond for the paper's value.
pub fn svg(cells: &[Cell]) -> String {
    const LEFT: f64 = 110.0;
    const WIDTH: f64 = 560.0;
    const ROW: f64 = 18.0;
    let across = |share: f64| LEFT + WIDTH * share;
    let mut rows = String::new();
    let mut y = 40.0;
    for kind in TemporalKind::ALL {
        let _ = writeln!(
            rows,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"600\">{}</text>",
            LEFT - 60.0,
            y + ROW * 1.25,
            kind.label()
        );
        for (fusion, name, colour) in [
            (Fusion::SoundOnly, "sound", "#0072b2"),
            (Fusion::PictureOnly, "picture", "#d55e00"),
            (Fusion::Early, "fused", "#222222"),
        ] {
            let Some(cell) = find(cells, Arrangement { temporal: kind, fusion, ..Arrangement::PAPER }) else {
                continue;
            };
            let _ = writeln!(
                rows,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"{colour}\">{name}</text>\
                 <line x1=\"{LEFT}\" y1=\"{y}\" x2=\"{}\" y2=\"{y}\" stroke=\"#e4e4e4\"/>",
                LEFT - 8.0,
                y + 4.0,
                LEFT + WIDTH
            );
            for outcome in &cell.outcomes {
                let x = across(outcome.accuracy);
                let _ =
                    writeln!(rows, "<circle cx=\"{x:.1}\" cy=\"{y}\" r=\"3\" fill=\"{colour}\" fill-opacity=\"0.5\"/>");
            }
            let mean = across(cell.mean_and_spread(|outcome| outcome.accuracy).0);
            let _ = writeln!(
                rows,
                "<line x1=\"{mean:.1}\" y1=\"{:.1}\" x2=\"{mean:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"2\"/>",
                y - 6.0,
                y + 6.0
            );
            if let Some(paper) = paper_table_2(kind, fusion) {
                let x = across(paper[0] / 100.0);
                let _ = writeln!(
                    rows,
                    "<path d=\"M{:.1} {y} l5 -5 l5 5 l-5 5 z\" fill=\"none\" stroke=\"{colour}\"/>",
                    x - 5.0
                );
            }
            y += ROW;
        }
        y += ROW * 0.6;
    }
    for tick in 0..=5 {
        let x = across(f64::from(tick) / 5.0);
        let _ = writeln!(rows, "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{}</text>", y + 8.0, tick * 20);
    }
    let height = y + 58.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{height}\" viewBox=\"0 0 {w} {height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"18\" font-size=\"13\" font-weight=\"600\">Accuracy by temporal head and modality, percent</text>\n\
         {rows}<text x=\"12\" y=\"{a}\">Filled: ours on VAAR-Synth, a dot a seed, a line at the mean. Hollow: the paper's on VAAR,</text>\n\
         <text x=\"12\" y=\"{b}\">another dataset, which is not public; unverified.</text>\n</svg>\n",
        w = LEFT + WIDTH + 30.0,
        a = y + 34.0,
        b = y + 48.0
    )
}

fn find(cells: &[Cell], arrangement: Arrangement) -> Option<&Cell> {
    cells.iter().find(|cell| cell.arrangement == arrangement)
}

type MetricOf = fn(&Outcome) -> f64;

fn metrics() -> [(&'static str, MetricOf); 4] {
    [
        ("Acc", |outcome| outcome.accuracy),
        ("Pre", |outcome| outcome.precision),
        ("Rec", |outcome| outcome.recall),
        ("F1", |outcome| outcome.f1),
    ]
}

fn percent(cell: &Cell, metric: impl Fn(&Outcome) -> f64) -> String {
    let (mean, spread) = cell.mean_and_spread(metric);
    format!("{:.1} ({:.1})", 100.0 * mean, 100.0 * spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Vec<Cell> {
        let outcome =
            |seed: u64, accuracy| Outcome { seed, accuracy, precision: 0.5, recall: 0.25, f1: 0.75, best_step: 9 };
        let of = |arrangement| Cell { arrangement, outcomes: vec![outcome(1, 0.8), outcome(2, 0.9)] };
        Arrangement::all().into_iter().map(of).collect()
    }

    const PROVENANCE: Provenance =
        Provenance { recipe: "r", recipe_digest: "d", training_clips: 1, test_clips: 2, seeds: &[1, 2] };

    #[test]
    fn the_paper_stands_beside_ours_and_is_marked_as_another_datasets() {
        let text = markdown(&cells(), &PROVENANCE);
        assert!(text.contains("| GRU | sound only | 85.0 (10.0) | 50.0 (0.0) | 25.0 (0.0) | 75.0 (0.0) | 12.81 | 9.34 | 12.80 | 8.83 |"), "{text}");
        assert!(text.contains("| 15 | 85.0 (10.0) | 84.37 |"), "{text}");
        assert!(text.contains("another dataset"));
    }

    #[test]
    fn the_table_has_a_row_for_every_head_trained() {
        let text = csv(&cells()).unwrap();
        assert_eq!(text.lines().count(), 1 + 22 * 2);
        assert!(text.contains("mtcn,early,5,1,0.8000,0.5000,0.2500,0.7500,9,64.96"), "{text}");
    }

    #[test]
    fn the_figure_has_a_dot_for_every_seed_of_table_2() {
        let text = svg(&cells());
        assert_eq!(text.matches("<circle").count(), 18 * 2);
        assert_eq!(text.matches("<path").count(), 18);
        assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
    }
}
