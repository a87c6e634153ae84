//! A run as one HTML file that needs nothing beside it: metrics, classes, figures, tables, what failed, provenance.
//!
//! No script, no font and no picture from elsewhere; light or dark as the reader's system is; prints on A4. The same
//! run gives the same bytes, and no folder is named.

use std::fmt::Write;

use super::caption::{Caption, class_label, clip_name, file_name, without_folders};
use super::color::Color;
use super::figure::Figure;
use super::font::FACES;
use super::paper_tables::whole_clips_note;
use super::sheet::{DATASET, NOT_MEASURED};
use super::svg::escaped;
use avar_metrics::runs::Run;
use avar_metrics::{Metric, NamedInterval, Report};

/// What a report is made of; `report` is of the run's clips.
pub struct RunReport<'a> {
    pub run: &'a Run,
    pub report: &'a Report,
    /// Drawn in this order.
    pub figures: &'a [Figure],
    /// Figures that this run has nothing for, each with a sentence.
    pub missing: &'a [String],
    /// Whose numbers are set as tables, in this order.
    pub tables: &'a [Figure],
}

/// A count over what is often a short time, which knows fewer digits than the others.
const FALSE_ALARMS: &str = "Events: false alarms an hour of normal time";

const STYLE: &str = include_str!("report.css");

impl RunReport<'_> {
    pub fn to_html(&self) -> String {
        let title = format!("Evaluation of {}", self.run.name());
        let sections = [
            ("metrics", "Metrics", self.metrics()),
            ("classes", "Classes", self.classes()),
            ("figures", "Figures", self.drawings()),
            ("tables", "The paper's tables", self.paper_tables()),
            ("failures", "Clips without a score", self.failures()),
            ("undefined", "Metrics without a value", self.undefined()),
            ("provenance", "Provenance", self.provenance()),
        ];
        let shown: Vec<_> = sections.iter().filter(|(_, _, content)| !content.is_empty()).collect();
        let links: String =
            shown.iter().map(|(id, name, _)| format!("<li><a href=\"#{id}\">{name}</a></li>\n")).collect();
        let content: String = shown
            .iter()
            .map(|(id, name, content)| {
                format!("<section id=\"{id}\" aria-labelledby=\"{id}-name\">\n<h2 id=\"{id}-name\">{name}</h2>\n{content}</section>\n")
            })
            .collect();
        let safe_title = escaped(&title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; \
             font-src data:; style-src 'unsafe-inline'\"/>\n\
             <title>{safe_title}</title>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{safe_title}</h1>\n\
             {}<nav aria-label=\"Contents\"><ul>\n{links}</ul></nav>\n</header>\n<main>\n{content}</main>\n\
             <footer class=\"weak\"><p>{}</p></footer>\n</body>\n</html>\n",
            *FACES,
            self.heading(),
            escaped(&self.caption().provenance)
        )
    }

    fn caption(&self) -> Caption {
        Caption::new("", Vec::new(), self.run)
    }

    fn heading(&self) -> String {
        let clips = &self.report.clips;
        let mut text = format!(
            "<p>{} clips of {} groups: {} normal, {} anomalous ({} with annotated ranges); {} steps, {:.2} hours.</p>\n",
            clips.clips,
            clips.groups,
            clips.normal,
            clips.anomalous,
            clips.with_ranges,
            clips.steps,
            clips.scored_hours
        );
        let caption = self.caption();
        for warning in &caption.warnings {
            _ = writeln!(text, "<p class=\"warning\" role=\"note\">Warning: {}</p>", escaped(warning));
        }
        for note in &caption.notes {
            _ = writeln!(text, "<p class=\"weak\">{}</p>", escaped(note));
        }
        text
    }

    fn metrics(&self) -> String {
        let Report { classification, clip_ranking, frames, localization, events, calibration, .. } = self.report;
        let with_predicted = classification.macro_with_predicted;
        let rows = [
            ("Accuracy", classification.accuracy, "classification.accuracy"),
            (
                "Balanced accuracy, which is macro recall",
                classification.balanced_accuracy,
                "classification.balanced_accuracy",
            ),
            ("Macro precision, of the classes in the truth", classification.macro_precision, ""),
            ("Macro F1, of the classes in the truth", classification.macro_f1, "classification.macro_f1"),
            ("Macro precision, with the classes that are only predicted", with_predicted.precision, ""),
            ("Macro F1, with the classes that are only predicted", with_predicted.f1, ""),
            (
                "Clips, anomalous against normal: average precision",
                clip_ranking.anomaly.average_precision,
                "clip_ranking.anomaly.average_precision",
            ),
            (
                "Clips, anomalous against normal: area under ROC",
                clip_ranking.anomaly.roc_auc,
                "clip_ranking.anomaly.roc_auc",
            ),
            (
                "Frames: average precision, stepwise",
                frames.anomaly.average_precision,
                "frames.anomaly.average_precision",
            ),
            ("Frames: average precision, trapezoid", frames.anomaly.pr_area_trapezoid, ""),
            ("Frames: area under ROC", frames.anomaly.roc_auc, "frames.anomaly.roc_auc"),
            ("Segments: mean average precision without normal", localization.mean_without_normal, ""),
            (FALSE_ALARMS, events.false_alarms.per_normal_hour, ""),
            ("Events: mean delay of detection, seconds", events.delay.mean_s, ""),
            ("Calibration: expected error of the top class", calibration.raw.top_class.expected_error, ""),
            ("Calibration: Brier score", calibration.raw.brier, ""),
        ];
        let mut text = String::new();
        for (name, metric, path) in rows {
            let value = match metric.reason() {
                Some(reason) => format!("<span class=\"weak\">none: {}</span>", escaped(&reason.to_string())),
                None if name == FALSE_ALARMS => metric.three_digits(),
                None => number(metric),
            };
            _ = writeln!(
                text,
                "<tr><th scope=\"row\">{name}</th><td>{value}</td><td>{}</td></tr>",
                self.interval(path)
            );
        }
        let bootstrap = self.report.settings.bootstrap;
        let percent = bootstrap.level * 100.0;
        let intervals = (bootstrap.resamples > 0)
            .then(|| format!("Intervals: {percent:.0} %, {} resamples of groups.", bootstrap.resamples));
        let note: String = intervals
            .into_iter()
            .chain(whole_clips_note(self.report))
            .map(|note| format!("<p class=\"weak\">{note}</p>\n"))
            .collect();
        format!(
            "<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">Metric</th><th scope=\"col\">Value</th>\
             <th scope=\"col\">Interval</th></tr></thead>\n<tbody>\n{text}</tbody>\n</table></div>\n{note}"
        )
    }

    /// Blank for a metric that has none at all; that one could not be drawn is said.
    fn interval(&self, path: &str) -> String {
        let Some(NamedInterval { value, interval, .. }) = self.report.interval(path) else { return String::new() };
        match interval.low.value().zip(interval.high.value()) {
            Some((low, high)) => format!("{low:.3} to {high:.3}"),
            None if value.value().is_some() && self.report.settings.bootstrap.resamples > 0 => {
                "<span class=\"weak\">undefined</span>".to_owned()
            }
            None => String::new(),
        }
    }

    fn classes(&self) -> String {
        let mut text = String::new();
        let rows = self.report.classification.classes.iter().zip(&self.report.clip_ranking.classes);
        for (scores, ranked) in rows {
            let class = scores.class;
            let recall = format!("classification.classes.{}.recall", class.name());
            let cells = [
                scores.support.to_string(),
                scores.predicted.to_string(),
                number(scores.precision),
                number(scores.recall),
                self.interval(&recall),
                number(scores.f1),
                number(ranked.scores.average_precision),
                number(ranked.scores.roc_auc),
            ];
            let cells: String = cells.iter().map(|cell| format!("<td>{cell}</td>")).collect();
            let (color, label) = (Color::of_class(class).hex(), class_label(class, &self.run.about));
            _ = writeln!(
                text,
                "<tr><th scope=\"row\"><span class=\"swatch\" style=\"background:{color}\"></span>{label}</th>{cells}</tr>"
            );
        }
        let columns = ["Class", "Clips", "Predicted", "Precision", "Recall", "Interval", "F1", "AP", "AUC"]
            .map(|name| format!("<th scope=\"col\">{name}</th>"))
            .concat();
        format!(
            "<div class=\"wide\"><table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n{text}</tbody>\n</table></div>\n"
        )
    }

    fn drawings(&self) -> String {
        let figure = |figure: &Figure| {
            format!(
                "<figure aria-label=\"{}\">\n{}</figure>\n",
                escaped(&figure.caption.title),
                figure.drawing.to_inline_svg()
            )
        };
        let missing = self.missing.iter().map(|why| format!("<p class=\"weak\">{}</p>\n", escaped(why)));
        self.figures.iter().map(figure).chain(missing).collect()
    }

    fn paper_tables(&self) -> String {
        self.tables.iter().map(html_table).collect()
    }

    fn failures(&self) -> String {
        let about = &self.run.about;
        let all: Vec<_> = about.failures.iter().chain(&self.run.set_aside).collect();
        let unknown: String = about
            .unknown_labels
            .iter()
            .map(|(label, count)| {
                format!("<p>{count} rows are labelled \"{}\", which is none of the ten classes.</p>\n", escaped(label))
            })
            .collect();
        if all.is_empty() {
            return unknown;
        }
        let rows: String = all
            .iter()
            .map(|failure| {
                let (clip, error) = (clip_name(&failure.path), without_folders(&failure.error));
                format!(
                    "<tr><th scope=\"row\">{}</th><td class=\"long\">{}</td></tr>\n",
                    escaped(&clip),
                    escaped(&error)
                )
            })
            .collect();
        format!(
            "{unknown}<p>{} clips enter no metric.</p>\n<div class=\"wide\"><table class=\"words\">\n<thead><tr>\
             <th scope=\"col\">Clip</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n",
            all.len()
        )
    }

    fn undefined(&self) -> String {
        let mut reasons = std::collections::BTreeMap::<&str, Vec<&str>>::new();
        for absent in &self.report.absent {
            reasons.entry(&absent.reason).or_default().push(&absent.metric);
        }
        let rows: String = reasons
            .iter()
            .map(|(reason, metrics)| {
                let first: Vec<&str> = metrics.iter().take(4).copied().collect();
                let more = if metrics.len() > 4 { format!(" and {} more", metrics.len() - 4) } else { String::new() };
                format!("<li>{}: {}{more}</li>\n", escaped(reason), escaped(&first.join(", ")))
            })
            .collect();
        if rows.is_empty() { rows } else { format!("<ul>\n{rows}</ul>\n") }
    }

    fn provenance(&self) -> String {
        let about = &self.run.about;
        let list = |counts: &mut dyn Iterator<Item = (&str, &usize)>| {
            counts.map(|(name, count)| format!("{name}: {count}")).collect::<Vec<_>>().join(", ")
        };
        let clips = &self.report.clips;
        let rows = [
            ("Run", self.run.name()),
            ("Manifest", file_name(&about.manifest)),
            ("SHA-256 of the manifest", about.manifest_sha256.clone()),
            ("Notes on the manifest", about.notes.join("; ")),
            ("Network", about.network.clone()),
            ("Weights", without_folders(&about.weights)),
            ("SHA-256 of the weights", about.weights_sha256.clone()),
            ("Steps a second", about.steps_per_second.map_or(String::new(), |rate| rate.to_string())),
            ("Steps of a window", about.window_steps.to_string()),
            ("Parts", list(&mut clips.splits.iter().map(|(name, count)| (*name, count)))),
            ("Given", list(&mut clips.modalities.iter().map(|(name, count)| (*name, count)))),
            ("Decoder", about.decoder.clone()),
            ("Program", about.program.clone()),
        ];
        let rows: String = rows
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value)))
            .collect();
        format!("<dl>\n{rows}</dl>\n")
    }
}

/// Rows of one dataset stand under its name.
fn html_table(figure: &Figure) -> String {
    let table = &figure.table;
    let has_datasets = table.columns.first().is_some_and(|column| column == DATASET);
    let shown = usize::from(has_datasets)..table.columns.len();
    let is_number = |text: &str| text == NOT_MEASURED || text.starts_with(|first: char| first.is_ascii_digit());
    let is_of_words = |column: usize| !table.rows.iter().any(|row| is_number(&row[column]));
    let class = |column: usize| if is_of_words(column) { " class=\"words\"" } else { "" };
    let heads: String = shown
        .clone()
        .map(|column| format!("<th scope=\"col\"{}>{}</th>", class(column), escaped(&table.columns[column])))
        .collect();
    let mut body = String::new();
    let mut dataset = None;
    for row in &table.rows {
        if has_datasets && dataset != Some(&row[0]) {
            dataset = Some(&row[0]);
            let (columns, name) = (shown.len(), escaped(&row[0]));
            _ = writeln!(body, "<tr><th scope=\"rowgroup\" class=\"group\" colspan=\"{columns}\">{name}</th></tr>");
        }
        let cell = |column: usize| match row[column].as_str() {
            NOT_MEASURED => "<td class=\"weak\">–</td>".to_owned(),
            text if column == shown.start => format!("<th scope=\"row\">{}</th>", escaped(text)),
            text => format!("<td{}>{}</td>", class(column), escaped(text)),
        };
        _ = writeln!(body, "<tr>{}</tr>", shown.clone().map(cell).collect::<String>());
    }
    // Warnings and provenance stand once in the report.
    let mut notes = figure.caption.notes.join(" ");
    if table.rows.iter().flatten().any(|cell| cell == NOT_MEASURED) {
        notes.insert_str(0, "A dash: not measured here. ");
    }
    format!(
        "<div class=\"wide\"><table>\n<caption>{}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody>\n\
         </table></div>\n<p class=\"weak\">{}</p>\n",
        escaped(&figure.caption.title),
        escaped(&notes)
    )
}

fn number(metric: Metric) -> String {
    metric.value().map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

#[cfg(test)]
mod tests {
    use super::super::confusion::class_confusion;
    use super::super::paper_tables::PaperTable;
    use super::super::samples::sample_run;
    use super::*;
    use avar_labels::AnomalyClass;
    use avar_metrics::runs::Failure;
    use avar_metrics::{BootstrapSettings, ReportSettings};

    fn html() -> String {
        let mut run = sample_run();
        run.about.failures.push(Failure {
            path: "/media/secret/a <b>.mp4".to_owned(),
            error: "the file has no picture and no sound: /media/secret/a <b>.mp4".to_owned(),
        });
        let bootstrap = BootstrapSettings { resamples: 20, ..BootstrapSettings::default() };
        let report = Report::new(&run.clips, &ReportSettings { bootstrap, ..ReportSettings::default() }).unwrap();
        let figures = [class_confusion(&run).unwrap()];
        let missing = ["Figure 5: no step scores".to_owned()];
        let tables = PaperTable::ALL.map(|table| table.figure(&run, &report, None).unwrap());
        RunReport { run: &run, report: &report, figures: &figures, missing: &missing, tables: &tables }.to_html()
    }

    #[test]
    fn the_report_is_well_formed_and_every_link_leads_somewhere() {
        let html = html();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&html, options).unwrap();
        let ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
        let links: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name("a"))
            .filter_map(|node| node.attribute("href")?.strip_prefix('#'))
            .collect();
        assert!(links.len() >= 6 && links.iter().all(|link| ids.contains(link)), "{links:?}");
        let headings = document.descendants().filter(|node| node.has_tag_name("h1")).count();
        assert_eq!(headings, 1);
        let drawings = document.descendants().filter(|node| node.tag_name().name() == "svg").count();
        let tables = document.descendants().filter(|node| node.has_tag_name("table")).count();
        assert_eq!((drawings, tables), (1, 8));
    }

    #[test]
    fn warnings_failures_and_marks_are_said_and_no_folder_is() {
        let html = html();
        for part in [
            "Warning: these weights learned",
            "Pain*",
            "a &lt;b&gt;.mp4",
            "no picture and no sound: a",
            "not measured here",
        ] {
            assert!(html.contains(part), "{part}");
        }
        for folder in ["/media", "/data", "/out", "secret"] {
            assert!(!html.contains(folder), "{folder}");
        }
    }

    #[test]
    fn a_class_of_one_clip_has_no_interval_and_a_rate_has_three_digits() {
        let mut run = sample_run();
        let mut crashes = 0;
        run.clips.retain(|clip| {
            crashes += usize::from(clip.scored.truth == AnomalyClass::Crash);
            clip.scored.truth != AnomalyClass::Crash || crashes == 1
        });
        let report = Report::new(&run.clips, &ReportSettings::default()).unwrap();
        let html = RunReport { run: &run, report: &report, figures: &[], missing: &[], tables: &[] }.to_html();
        let row_of = |name: &str| html.lines().find(|line| line.contains(name)).unwrap();
        assert!(
            row_of("</span>Crash").contains("<td><span class=\"weak\">undefined</span></td>"),
            "{}",
            row_of("</span>Crash")
        );
        assert!(row_of("</span>Normal").contains(" to "), "{}", row_of("</span>Normal"));
        let rate = row_of(FALSE_ALARMS).split("<td>").nth(1).unwrap().split('<').next().unwrap();
        assert!(rate.parse::<f64>().is_ok() && rate.len() <= 5, "{rate}");
    }

    #[test]
    fn the_same_run_gives_the_same_bytes_and_nothing_is_loaded_from_elsewhere() {
        assert_eq!(html(), html());
        let elsewhere: Vec<_> = html().match_indices("http").map(|(at, _)| html()[at..at + 26].to_owned()).collect();
        let is_known = |text: &String| text.starts_with("http://www.w3.org/2000/svg") || text.starts_with("http-equiv");
        assert!(elsewhere.iter().all(is_known), "{elsewhere:?}");
        if let Some(folder) = std::env::var_os("AVAR_FIGURES") {
            std::fs::write(std::path::Path::new(&folder).join("report.html"), html()).unwrap();
        }
    }
}
