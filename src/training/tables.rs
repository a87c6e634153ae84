//! The ablation as Markdown and CSV, the paper's values beside ours.
//!
//! The paper's were measured on VAAR, which is not public; ours on VAAR-Synth: they stand side by side, never as one
//! reproducing the other.

use std::fmt::{self, Display, Formatter, Write};

use super::ablation::{Arrangement, Cell, Outcome, SEQUENCE_LENGTHS};
use avar_metrics::paper::{HEADS_ON_VAAR, LENGTHS, Quality, UNVERIFIED};
use avar_model::head::Fusion;
use avar_model::temporal::TemporalKind;

/// The paper's table 2 on VAAR.
fn paper_table_2(kind: TemporalKind, fusion: Fusion) -> Option<Quality> {
    let row = HEADS_ON_VAAR.iter().find(|row| row.name == kind.name())?;
    row.modalities().into_iter().find(|(_, name, _)| *name == fusion.name()).map(|(.., quality)| quality)
}

/// The paper's table 3 on VAAR: accuracy in percent.
fn paper_table_3(window_steps: usize) -> Option<f64> {
    LENGTHS.iter().find(|(steps, ..)| *steps == window_steps).map(|(_, vaar, _)| *vaar)
}

/// How the tables came about: goes above them.
pub struct Provenance<'a> {
    /// The recipe's file, as it was named.
    pub recipe: &'a str,
    /// [`super::Recipe::digest`] of the recipe.
    pub recipe_digest: &'a str,
    /// Clips that each head learned from.
    pub training_clips: usize,
    /// Clips that each head was judged on.
    pub test_clips: usize,
    /// One head of each arrangement was trained from each.
    pub seeds: &'a [u64],
}

impl Display for Provenance<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Provenance { recipe, recipe_digest, training_clips, test_clips, seeds } = self;
        write!(
            f,
            "Recipe {recipe} ({recipe_digest}), {training_clips} training and {test_clips} test clips, seeds {seeds:?}."
        )
    }
}

const NOTE: &str = "Ours: VAAR-Synth, drawn by this program. Paper: VAAR, another dataset.";

/// All tables, in percent: mean over the seeds, and in brackets the distance from the lowest to the highest.
pub fn markdown(cells: &[Cell], provenance: &Provenance) -> String {
    let mut text = String::from("# Ablation\n\n");
    // Writing to a String cannot fail.
    _ = writeln!(
        text,
        "{NOTE} {UNVERIFIED}\n\n{provenance} Percent: mean over the seeds, in brackets the distance from the lowest to the highest.\n"
    );
    _ = writeln!(text, "## Temporal heads and modalities (the paper's table 2)\n");
    _ = writeln!(text, "| Head | Modality | Acc | Pre | Rec | F1 | Paper: Acc | Pre | Rec | F1 |");
    _ = writeln!(text, "|---|---|---|---|---|---|---|---|---|---|");
    for kind in TemporalKind::ALL {
        for fusion in [Fusion::SoundOnly, Fusion::PictureOnly, Fusion::Early] {
            let wanted = Arrangement { temporal: kind, fusion, ..Arrangement::PAPER };
            let Some(cell) = find(cells, wanted) else { continue };
            let ours = metrics().map(|(_, metric)| percent(cell, metric)).join(" | ");
            let paper = paper_table_2(kind, fusion)
                .map_or_else(|| ["–"; 4].join(" | "), |values| values.map(|value| format!("{value:.2}")).join(" | "));
            _ = writeln!(text, "| {} | {} | {ours} | {paper} |", kind.label(), fusion.label());
        }
    }
    _ = writeln!(text, "\n## Sequence length (the paper's table 3)\n");
    _ = writeln!(text, "| Steps | Acc | Paper: Acc |\n|---|---|---|");
    for window_steps in SEQUENCE_LENGTHS {
        let Some(cell) = find(cells, Arrangement { window_steps, ..Arrangement::PAPER }) else { continue };
        let paper = paper_table_3(window_steps).map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
        _ = writeln!(text, "| {window_steps} | {} | {paper} |", percent(cell, |outcome| outcome.accuracy));
    }
    _ = writeln!(text, "\n## Fusion (the paper gives no value for late fusion in its text)\n");
    _ = writeln!(text, "| Fusion | Acc | F1 |\n|---|---|---|");
    for fusion in [Fusion::Early, Fusion::Late] {
        let Some(cell) = find(cells, Arrangement { fusion, ..Arrangement::PAPER }) else { continue };
        let (accuracy, f1) = (percent(cell, |outcome| outcome.accuracy), percent(cell, |outcome| outcome.f1));
        _ = writeln!(text, "| {} | {accuracy} | {f1} |", fusion.label());
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
}
