//! A run as one HTML file that needs nothing beside it: metrics, classes, figures, tables, what failed, provenance.
//!
//! No script, no font and no picture from elsewhere; light or dark as the reader's system is; prints on A4. The same
//! run gives the same bytes, and no folder is named.

use std::collections::BTreeMap;

use askama::Template;

use super::caption::{Caption, class_label, clip_name, file_name, without_folders};
use super::color::Color;
use super::figure::{Figure, FigureError};
use super::page;
use super::paper_tables::whole_clips_note;
use super::sheet::{DATASET, NOT_MEASURED};
use avar_metrics::classification::ClassMetrics;
use avar_metrics::clip_ranking::OneVersusRest;
use avar_metrics::runs::Run;
use avar_metrics::{ClipCounts, Metric, NamedInterval, Report};

/// What a report is made of; `report` is of the run's clips.
pub struct RunReport<'a> {
    /// What is reported on.
    pub run: &'a Run,
    /// The metrics.
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

/// The page, for `report.html`.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    style: &'static str,
    clips: &'a ClipCounts,
    caption: Caption,
    /// Those that have something to show.
    sections: Vec<Section<'a>>,
}

struct Section<'a> {
    id: &'static str,
    name: &'static str,
    content: Content<'a>,
}

impl<'a> Section<'a> {
    fn of(id: &'static str, name: &'static str, content: Option<Content<'a>>) -> Option<Self> {
        Some(Self { id, name, content: content? })
    }
}

enum Content<'a> {
    Metrics {
        rows: Vec<MetricRow>,
        notes: Vec<String>,
    },
    Classes(Vec<ClassRow>),
    Figures {
        figures: &'a [Figure],
        missing: &'a [String],
    },
    Tables(Vec<TableOfPaper<'a>>),
    /// Rows of the manifest by their unknown label; clips without a score, each with the reason.
    Failures {
        unknown_labels: &'a BTreeMap<String, usize>,
        clips: Vec<(String, String)>,
    },
    /// A reason with the metrics that have no value for it.
    Undefined(Vec<(&'a str, String)>),
    Provenance(Vec<(&'static str, String)>),
}

struct MetricRow {
    name: &'static str,
    /// The number, or why there is none.
    value: Result<String, String>,
    interval: Interval,
}

struct ClassRow {
    color: String,
    label: String,
    clips: u64,
    predicted: u64,
    precision: String,
    recall: String,
    recall_interval: Interval,
    f1: String,
    average_precision: String,
    roc_auc: String,
}

/// Blank for a metric that has none at all; that one could not be drawn is said.
enum Interval {
    Range { low: f64, high: f64 },
    Undefined,
    None,
}

struct TableOfPaper<'a> {
    title: &'a str,
    columns: Vec<Column<'a>>,
    rows: Vec<RowOfPaper<'a>>,
    notes: String,
}

struct Column<'a> {
    name: &'a str,
    is_of_words: bool,
}

struct RowOfPaper<'a> {
    /// Where rows of another dataset begin.
    dataset: Option<&'a str>,
    cells: Vec<Cell<'a>>,
}

enum Cell<'a> {
    NotMeasured,
    Head(&'a str),
    Data { text: &'a str, is_of_words: bool },
}

impl RunReport<'_> {
    /// The whole page, with styles, fonts and pictures in it. Fails only where the template does, which is a mistake of this crate.
    pub fn to_html(&self) -> Result<String, FigureError> {
        let sections = [
            Section::of("metrics", "Metrics", Some(self.metrics())),
            Section::of("classes", "Classes", Some(self.classes())),
            Section::of("figures", "Figures", self.drawings()),
            Section::of("tables", "The paper's tables", self.paper_tables()),
            Section::of("failures", "Clips without a score", self.failures()),
            Section::of("undefined", "Metrics without a value", self.undefined()),
            Section::of("provenance", "Provenance", Some(self.provenance())),
        ];
        let page = Page {
            title: format!("Evaluation of {}", self.run.name()),
            style: page::style(),
            clips: &self.report.clips,
            caption: Caption::new("", Vec::new(), self.run),
            sections: sections.into_iter().flatten().collect(),
        };
        Ok(page.render()?)
    }

    fn metrics(&self) -> Content<'_> {
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
        let row = |(name, metric, path): (&'static str, Metric, &str)| {
            let value = match metric.reason() {
                Some(reason) => Err(reason.to_string()),
                None if name == FALSE_ALARMS => Ok(metric.three_digits()),
                None => Ok(number(metric)),
            };
            MetricRow { name, value, interval: self.interval(path) }
        };
        let bootstrap = self.report.settings.bootstrap;
        let percent = bootstrap.level * 100.0;
        let intervals = (bootstrap.resamples > 0)
            .then(|| format!("Intervals: {percent:.0} %, {} resamples of groups.", bootstrap.resamples));
        let notes = intervals.into_iter().chain(whole_clips_note(self.report)).collect();
        Content::Metrics { rows: rows.into_iter().map(row).collect(), notes }
    }

    fn interval(&self, path: &str) -> Interval {
        let Some(NamedInterval { value, interval, .. }) = self.report.interval(path) else { return Interval::None };
        match interval.low.value().zip(interval.high.value()) {
            Some((low, high)) => Interval::Range { low, high },
            None if value.value().is_some() && self.report.settings.bootstrap.resamples > 0 => Interval::Undefined,
            None => Interval::None,
        }
    }

    fn classes(&self) -> Content<'_> {
        let rows = self.report.classification.classes.iter().zip(&self.report.clip_ranking.classes);
        let row = |(scores, ranked): (&ClassMetrics, &OneVersusRest)| ClassRow {
            color: Color::of_class(scores.class).hex(),
            label: class_label(scores.class, &self.run.about),
            clips: scores.support,
            predicted: scores.predicted,
            precision: number(scores.precision),
            recall: number(scores.recall),
            recall_interval: self.interval(&format!("classification.classes.{}.recall", scores.class.name())),
            f1: number(scores.f1),
            average_precision: number(ranked.scores.average_precision),
            roc_auc: number(ranked.scores.roc_auc),
        };
        Content::Classes(rows.map(row).collect())
    }

    fn drawings(&self) -> Option<Content<'_>> {
        let is_empty = self.figures.is_empty() && self.missing.is_empty();
        (!is_empty).then_some(Content::Figures { figures: self.figures, missing: self.missing })
    }

    fn paper_tables(&self) -> Option<Content<'_>> {
        (!self.tables.is_empty()).then(|| Content::Tables(self.tables.iter().map(TableOfPaper::new).collect()))
    }

    fn failures(&self) -> Option<Content<'_>> {
        let about = &self.run.about;
        let failures = about.failures.iter().chain(&self.run.set_aside);
        let clips: Vec<_> =
            failures.map(|failure| (clip_name(&failure.path), without_folders(&failure.error))).collect();
        let is_empty = about.unknown_labels.is_empty() && clips.is_empty();
        (!is_empty).then_some(Content::Failures { unknown_labels: &about.unknown_labels, clips })
    }

    fn undefined(&self) -> Option<Content<'_>> {
        let mut reasons = BTreeMap::<&str, Vec<&str>>::new();
        for absent in &self.report.absent {
            reasons.entry(&absent.reason).or_default().push(&absent.metric);
        }
        let row = |(reason, metrics): (_, Vec<&str>)| {
            let first: Vec<&str> = metrics.iter().take(4).copied().collect();
            let more = if metrics.len() > 4 { format!(" and {} more", metrics.len() - 4) } else { String::new() };
            (reason, format!("{}{more}", first.join(", ")))
        };
        (!reasons.is_empty()).then(|| Content::Undefined(reasons.into_iter().map(row).collect()))
    }

    fn provenance(&self) -> Content<'_> {
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
        Content::Provenance(rows.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }
}

impl<'a> TableOfPaper<'a> {
    /// Rows of one dataset stand under its name.
    fn new(figure: &'a Figure) -> Self {
        let table = &figure.table;
        let has_datasets = table.columns.first().is_some_and(|column| column == DATASET);
        let shown = usize::from(has_datasets)..table.columns.len();
        let is_number = |text: &str| text == NOT_MEASURED || text.starts_with(|first: char| first.is_ascii_digit());
        let is_of_words = |column: usize| !table.rows.iter().any(|row| is_number(&row[column]));
        let columns: Vec<_> = shown
            .clone()
            .map(|column| Column { name: &table.columns[column], is_of_words: is_of_words(column) })
            .collect();
        let mut dataset = None;
        let row = |row: &'a Vec<String>| {
            let begins = has_datasets && dataset != Some(&row[0]);
            dataset = Some(&row[0]);
            let cell = |(place, column): (usize, &Column)| match row[shown.start + place].as_str() {
                NOT_MEASURED => Cell::NotMeasured,
                text if place == 0 => Cell::Head(text),
                text => Cell::Data { text, is_of_words: column.is_of_words },
            };
            let cells = columns.iter().enumerate().map(cell).collect();
            RowOfPaper { dataset: begins.then_some(row[0].as_str()), cells }
        };
        let rows = table.rows.iter().map(row).collect();
        // Warnings and provenance stand once in the report.
        let mut notes = figure.caption.notes.join(" ");
        if table.rows.iter().flatten().any(|cell| cell == NOT_MEASURED) {
            notes.insert_str(0, "A dash: not measured here. ");
        }
        Self { title: &figure.caption.title, columns, rows, notes }
    }
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
        RunReport { run: &run, report: &report, figures: &figures, missing: &missing, tables: &tables }
            .to_html()
            .unwrap()
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
        let html = RunReport { run: &run, report: &report, figures: &[], missing: &[], tables: &[] }.to_html().unwrap();
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
