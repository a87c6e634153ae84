//! A report for people: Markdown tables that also line up in a terminal of 100 columns.

use std::collections::BTreeMap;
use std::fmt::Write;

use avar_labels::AnomalyClass;

use super::calibration::ProbabilityScores;
use super::classification::{Classification, MacroScores};
use super::metric::Metric;
use super::ranking::RankingScores;
use super::report::Report;

impl Report {
    /// The report's figures without its curves and bins.
    pub fn to_markdown(&self) -> String {
        let sections = [
            self.heading(),
            self.class_section(),
            self.confusion_section(),
            self.anomaly_section(),
            self.segment_section(),
            self.event_section(),
            self.calibration_section(),
            self.absent_section(),
        ];
        sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
    }

    fn heading(&self) -> String {
        let clips = &self.clips;
        let list = |counts: &mut dyn Iterator<Item = (&str, &usize)>| {
            counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
        };
        let splits = list(&mut clips.splits.iter().map(|(name, count)| (*name, count)));
        let modalities = list(&mut clips.modalities.iter().map(|(name, count)| (*name, count)));
        let mut text = format!(
            "# Evaluation\n\n{} clips of {} groups: {} normal, {} anomalous ({} with annotated ranges).\n\
             {} steps in {} clips, {:.2} hours.\nParts: {splits}. Given: {modalities}.\n",
            clips.clips,
            clips.groups,
            clips.normal,
            clips.anomalous,
            clips.with_ranges,
            clips.steps,
            clips.with_steps,
            clips.scored_hours
        );
        let bootstrap = self.settings.bootstrap;
        if bootstrap.resamples > 0 {
            let percent = bootstrap.level * 100.0;
            let resamples = bootstrap.resamples;
            _ = writeln!(text, "In brackets: {percent} % intervals, {resamples} resamples of groups.");
        }
        text
    }

    fn class_section(&self) -> String {
        let scores = &self.classification;
        let mut rows = vec![cells(["class", "clips", "precision", "recall", "F1", "AP", "AUC"])];
        for (class, ranked) in scores.classes.iter().zip(&self.clip_ranking.classes) {
            let name = class.class.name();
            rows.push(vec![
                name.to_owned(),
                class.support.to_string(),
                number(class.precision),
                self.with_interval(class.recall, &format!("classification.classes.{name}.recall")),
                number(class.f1),
                number(ranked.scores.average_precision),
                number(ranked.scores.roc_auc),
            ]);
        }
        rows.push(vec![
            "macro".to_owned(),
            scores.confusion.total().to_string(),
            number(scores.macro_precision),
            self.with_interval(scores.balanced_accuracy, "classification.balanced_accuracy"),
            number(scores.macro_f1),
            number(self.clip_ranking.macro_average_precision),
            number(self.clip_ranking.macro_roc_auc),
        ]);
        let accuracy = self.with_interval(scores.accuracy, "classification.accuracy");
        let f1 = self.with_interval(scores.macro_f1, "classification.macro_f1");
        format!("## Classes\n\nAccuracy {accuracy}, macro F1 {f1}.\n{}\n{}", self.macro_note(), table(&rows))
    }

    /// What the macro row is over, and the other way to take it where that is another number.
    fn macro_note(&self) -> String {
        let Classification { classes, macro_with_predicted: MacroScores { classes: used, precision, f1, .. }, .. } =
            &self.classification;
        let in_truth = classes.iter().filter(|class| class.support > 0).count();
        if *used == in_truth {
            return String::new();
        }
        format!(
            "Macro is over the {in_truth} classes in the truth. With the {} only predicted, as scikit-learn's default:\n\
             precision {}, F1 {}.\n",
            used - in_truth,
            number(*precision),
            number(*f1)
        )
    }

    fn confusion_section(&self) -> String {
        let short = |class: AnomalyClass| class.name().chars().take(5).collect::<String>();
        let mut rows = vec![std::iter::once("truth".to_owned()).chain(AnomalyClass::ALL.map(short)).collect()];
        for (class, counts) in AnomalyClass::ALL.into_iter().zip(self.classification.confusion.counts()) {
            rows.push(std::iter::once(class.name().to_owned()).chain(counts.map(|count| count.to_string())).collect());
        }
        format!("## Confusion\n\nRows are the truth, columns the prediction.\n\n{}", table(&rows))
    }

    fn anomaly_section(&self) -> String {
        let mut rows = vec![cells(["anomalous against normal", "AP", "AP, trapezoid", "AUC"])];
        let mut row = |name: String, scores: &RankingScores, path: &str| {
            rows.push(vec![
                name,
                self.with_interval(scores.average_precision, &format!("{path}.average_precision")),
                number(scores.pr_area_trapezoid),
                self.with_interval(scores.roc_auc, &format!("{path}.roc_auc")),
            ]);
        };
        row("clip, 1 - P(normal)".to_owned(), &self.clip_ranking.anomaly, "clip_ranking.anomaly");
        row("clip, highest step".to_owned(), &self.clip_ranking.peak, "clip_ranking.peak");
        let frames = format!("frames at {} Hz", self.settings.frame_rate_hz);
        row(frames, &self.frames.anomaly, "frames.anomaly");
        let mut text = format!("## Anomaly\n\n{}", table(&rows));
        let rate = number(self.frames.false_alarm_rate);
        _ = writeln!(text, "\nFrames of normal clips that score 0.5 or more: {rate}.");
        if self.frames.clips_without_ranges > 0 {
            let clips = self.frames.clips_without_ranges;
            _ = writeln!(
                text,
                "All frames of {clips} anomalous clips count as anomalous, for want of annotated ranges."
            );
        }
        text
    }

    fn segment_section(&self) -> String {
        let scores = &self.localization;
        let line = |name: &str, values: Vec<String>, mean: String| {
            std::iter::once(name.to_owned()).chain(values).chain([mean]).collect::<Vec<_>>()
        };
        let of = |value: fn(&super::localization::MeanAtIou) -> String| scores.thresholds.iter().map(value).collect();
        let rows = [
            line("mAP at IoU", of(|row| row.iou.to_string()), "mean".to_owned()),
            line("without normal", of(|row| number(row.without_normal)), number(scores.mean_without_normal)),
            line("with normal", of(|row| number(row.with_normal)), number(scores.mean_with_normal)),
        ];
        format!("## Segments\n\n{}", table(&rows))
    }

    fn event_section(&self) -> String {
        let events = &self.events;
        let mut rows = vec![cells(["events at IoU", "matched", "precision", "recall", "F1"])];
        for row in &events.matching {
            let (iou, matched) = (row.iou.to_string(), row.matched.to_string());
            rows.push(vec![iou, matched, number(row.precision), number(row.recall), number(row.f1)]);
        }
        let (delay, alarms) = (&events.delay, &events.false_alarms);
        let mut by_class = vec![cells(["events of", "true", "noticed", "named", "recall", "named recall"])];
        for row in &events.by_class {
            let counts = [row.true_events, row.detected, row.named].map(|count| count.to_string());
            let shares = [row.recall, row.named_recall].map(number);
            by_class.push(std::iter::once(row.class.name().to_owned()).chain(counts).chain(shares).collect());
        }
        format!(
            "## Events\n\n{}\n{}\n{} true events, {} predicted. {} detected after {} s (median {}, worst {}), {} missed.\n\
             {} false alarms: {} an hour of normal time ({:.2} h), {} an hour of everything.\n",
            table(&rows),
            table(&by_class),
            events.true_events,
            events.predicted_events,
            delay.detected,
            number(delay.mean_s),
            number(delay.median_s),
            number(delay.worst_s),
            delay.missed,
            alarms.count,
            alarms.per_normal_hour.three_digits(),
            alarms.normal_hours,
            alarms.per_scored_hour.three_digits(),
        )
    }

    fn calibration_section(&self) -> String {
        let calibration = &self.calibration;
        let mut rows = vec![cells(["calibration", "Brier", "log loss", "ECE", "Brier, anomaly", "ECE, anomaly"])];
        let mut row = |name: String, scores: &ProbabilityScores| {
            let (top, anomaly) = (scores.top_class.expected_error, scores.anomaly.expected_error);
            let values = [scores.brier, scores.log_loss, top, scores.brier_anomaly, anomaly];
            rows.push(std::iter::once(name).chain(values.map(number)).collect());
        };
        row("as scored".to_owned(), &calibration.raw);
        if let (Some(scores), Some(temperature)) = (&calibration.at_temperature, self.settings.temperature) {
            row(format!("temperature {temperature:.3}"), scores);
        }
        let (fitted, loss) = (number(calibration.fitted_temperature), number(calibration.fitted_log_loss));
        let note =
            format!("Best temperature for these very clips: {fitted} (log loss {loss}); for use on others only.");
        format!("## Calibration\n\n{}\n{note}\n", table(&rows))
    }

    /// One field a reason; all are in the JSON.
    fn absent_section(&self) -> String {
        let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for absent in &self.absent {
            counts.entry(&absent.reason).or_insert((0, &absent.metric)).0 += 1;
        }
        if counts.is_empty() {
            return String::new();
        }
        let mut text = "## Undefined\n\n".to_owned();
        for (reason, (count, first)) in counts {
            let others = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
            _ = writeln!(text, "- {reason}:\n  `{first}`{others}");
        }
        text
    }

    fn with_interval(&self, value: Metric, path: &str) -> String {
        let interval = self.interval(path).map(|row| row.interval);
        match interval.map(|interval| (interval.low.value(), interval.high.value())) {
            Some((Some(low), Some(high))) => format!("{} ({low:.3}..{high:.3})", number(value)),
            Some(_) if value.value().is_some() && self.settings.bootstrap.resamples > 0 => {
                format!("{} (no interval)", number(value))
            }
            _ => number(value),
        }
    }
}

fn number(metric: Metric) -> String {
    metric.value().map_or("-".to_owned(), |value| format!("{value:.4}"))
}

fn cells<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

/// A Markdown table; the first row is its head, the first column is aligned to the left and the others to the right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for (position, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            _ = if column == 0 { write!(text, "| {cell:<width$} ") } else { write!(text, "| {cell:>width$} ") };
        }
        text.push_str("|\n");
        if position == 0 {
            for (column, width) in widths.iter().enumerate() {
                let rule = "-".repeat(width + 1);
                _ = if column == 0 { write!(text, "|{rule}-") } else { write!(text, "|{rule}:") };
            }
            text.push_str("|\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_table_line_up() {
        let rows = [cells(["class", "AP"]), cells(["police_siren", "1.0000"])];
        let expected = "| class        |     AP |\n|--------------|-------:|\n| police_siren | 1.0000 |\n";
        assert_eq!(table(&rows), expected);
    }
}
