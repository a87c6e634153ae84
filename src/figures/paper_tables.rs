//! The paper's tables 2 to 6, ours beside its own. Its column says which dataset it is of; a cell without a value of
//! ours says so and never holds a number that was not measured.

use super::ablation::Ablation;
use super::caption::{Caption, file_name};
use super::figure::{Figure, FigureError};
use super::sheet::{Group, NOT_MEASURED, Row, Section, Sheet};
use avar_labels::Modalities;
use avar_metrics::paper::{
    FROM_BOTH, FROM_PICTURE, HEADS_ON_VAAR, HEADS_ON_XD, HEADS_STEPS, HeadRow, LENGTHS, SPEEDS, UNVERIFIED,
};
use avar_metrics::runs::Run;
use avar_metrics::{Metric, Report};

/// A table of the paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperTable {
    /// 2: temporal heads and modalities.
    Heads,
    /// 3: steps of a sequence.
    Lengths,
    /// 4: speed.
    Speed,
    /// 5: average precision on XD-Violence from the picture alone.
    FromPicture,
    /// 6: the same from picture and sound.
    FromBoth,
}

impl PaperTable {
    /// In the paper's order.
    pub const ALL: [PaperTable; 5] =
        [PaperTable::Heads, PaperTable::Lengths, PaperTable::Speed, PaperTable::FromPicture, PaperTable::FromBoth];

    /// The paper's number of it, 2 to 6.
    pub fn number(self) -> usize {
        match self {
            PaperTable::Heads => 2,
            PaperTable::Lengths => 3,
            PaperTable::Speed => 4,
            PaperTable::FromPicture => 5,
            PaperTable::FromBoth => 6,
        }
    }

    /// `report` is of the run's clips; `ablation` is what tables 2 and 3 take our values from.
    pub fn figure(self, run: &Run, report: &Report, ablation: Option<&Ablation>) -> Result<Figure, FigureError> {
        let none = Ablation::default();
        let ablation_or_none = ablation.unwrap_or(&none);
        let (title, sheet, mut notes) = match self {
            PaperTable::Heads => heads(run, report, ablation_or_none),
            PaperTable::Lengths => lengths(ablation_or_none),
            PaperTable::Speed => speed(),
            PaperTable::FromPicture => ranking(run, report, false),
            PaperTable::FromBoth => ranking(run, report, true),
        };
        if matches!(self, PaperTable::Heads | PaperTable::Lengths) {
            notes.push(match ablation {
                Some(_) => "Ours: VAAR-Synth, clips drawn by this program; percent, mean over the seeds, in brackets \
                            the distance from the lowest to the highest."
                    .to_owned(),
                None => "Without the table of an ablation (`avar ablate`) there is nothing of ours to show.".to_owned(),
            });
        }
        notes.push(UNVERIFIED.to_owned());
        let title = format!("Table {}. {title}", self.number());
        Ok(Figure::new(sheet.drawing(), Caption::new(title, notes, run), sheet.table()))
    }
}

type Parts = (&'static str, Sheet, Vec<String>);

const QUALITY: [&str; 4] = ["Acc", "Pre", "Rec", "F1"];

fn group(heading: impl Into<String>, prefix: &'static str, columns: &[&str]) -> Group {
    Group { heading: heading.into(), prefix, columns: columns.iter().map(|name| (*name).to_owned()).collect() }
}

fn not_measured(cells: usize) -> Vec<String> {
    vec![NOT_MEASURED.to_owned(); cells]
}

fn percent(value: f64) -> String {
    format!("{value:.2}")
}

fn heads(run: &Run, report: &Report, ablation: &Ablation) -> Parts {
    let rows = |table: &[HeadRow], ours_of: &dyn Fn(&str, &str) -> Option<[String; 4]>| {
        let mut rows = Vec::new();
        for head in table {
            for (words, fusion, paper) in head.modalities() {
                let ours = ours_of(head.name, fusion).map_or_else(|| not_measured(4), Vec::from);
                let cells = [head.label.to_owned(), words.to_owned()].into_iter().chain(ours);
                let is_bold = head.name == "mtcn" && fusion == "early";
                rows.push(Row { cells: cells.chain(paper.map(percent)).collect(), is_bold });
            }
        }
        rows
    };
    let scores = &report.classification;
    let of_run = [scores.accuracy, scores.macro_precision, scores.balanced_accuracy, scores.macro_f1].map(of_metric);
    let blank = std::iter::repeat_n(String::new(), 4);
    let modalities = listed(&modalities(run));
    let this_run = [run.about.network.clone(), modalities].into_iter().chain(of_run).chain(blank);
    let sections = vec![
        Section {
            heading: "Paper: VAAR; ours: VAAR-Synth".to_owned(),
            rows: rows(&HEADS_ON_VAAR, &|head, fusion| ablation.cells(head, fusion, HEADS_STEPS)),
        },
        Section { heading: "Paper: XD-Violence Recognition".to_owned(), rows: rows(&HEADS_ON_XD, &|_, _| None) },
        Section {
            heading: format!("This run: {}", file_name(&run.about.manifest)),
            rows: vec![Row { cells: this_run.collect(), is_bold: false }],
        },
    ];
    let groups = vec![
        group("", "", &["Head", "Modality"]),
        group("Ours", "ours", &QUALITY),
        group("Paper, another dataset", "paper", &QUALITY),
    ];
    let notes = vec![
        "Percent: accuracy, precision, recall and F1, averages over the classes. The last row is this run as a whole, \
         averages over the classes that occur in it."
            .to_owned(),
    ];
    ("Temporal heads and modalities.", Sheet { words: 2, groups, sections }, notes)
}

fn lengths(ablation: &Ablation) -> Parts {
    let row = |steps: usize, ours: Option<String>, paper: f64| Row {
        cells: vec![steps.to_string(), ours.unwrap_or_else(|| NOT_MEASURED.to_owned()), percent(paper)],
        is_bold: steps == 10,
    };
    let ours = |steps: usize| ablation.cells("mtcn", "early", steps).map(|[accuracy, ..]| accuracy);
    let sections = vec![
        Section {
            heading: "Paper: VAAR; ours: VAAR-Synth".to_owned(),
            rows: LENGTHS.map(|(steps, vaar, _)| row(steps, ours(steps), vaar)).to_vec(),
        },
        Section {
            heading: "Paper: XD-Violence Recognition".to_owned(),
            rows: LENGTHS.map(|(steps, _, xd)| row(steps, None, xd)).to_vec(),
        },
    ];
    let groups = vec![
        group("", "", &["Steps of a sequence"]),
        group("Ours", "ours", &["Acc"]),
        group("Paper, another dataset", "paper", &["Acc"]),
    ];
    (
        "Length of the sequence.",
        Sheet { words: 1, groups, sections },
        vec!["Accuracy of MTCN on both, in percent.".to_owned()],
    )
}

fn speed() -> Parts {
    let rows = SPEEDS.map(|(dataset, values)| {
        let cells = std::iter::once(dataset.to_owned()).chain(not_measured(3));
        Row { cells: cells.chain(values.map(percent)).collect(), is_bold: false }
    });
    let columns = ["FPS", "Latency, ms", "Inference, ms"];
    let groups = vec![
        group("", "", &["Dataset"]),
        group("Ours", "ours", &columns),
        group("Paper, one RTX 3090 Ti", "paper", &columns),
    ];
    let notes = vec![
        "The paper's table 4 has the row of XD-Violence; that of VAAR stands in its text. A run holds no times; \
         `avar analyze` writes those of each recording."
            .to_owned(),
    ];
    let sections = vec![Section { rows: rows.to_vec(), ..Section::default() }];
    ("Speed.", Sheet { words: 1, groups, sections }, notes)
}

fn ranking(run: &Run, report: &Report, with_sound: bool) -> Parts {
    let (ours, reason) = ours_of_ranking(run, report, with_sound);
    let is_xd = names_are_of_xd_violence(run);
    let row = |method: &str, second: String, paper: f64| {
        let is_ours = method == "AVAR-Net";
        let cells = if is_ours { ours.clone() } else { vec![String::new(); 2] };
        let words = [method.to_owned(), second];
        Row { cells: words.into_iter().chain(cells).chain([percent(paper)]).collect(), is_bold: is_ours }
    };
    let (title, second, rows): (&str, &str, Vec<Row>) = match with_sound {
        false => (
            "Average precision from the picture alone.",
            "Backbone",
            FROM_PICTURE.iter().map(|(method, backbone, paper)| row(method, (*backbone).to_owned(), *paper)).collect(),
        ),
        true => (
            "Average precision from picture and sound.",
            "Year",
            FROM_BOTH.iter().map(|(method, year, paper)| row(method, year.to_string(), *paper)).collect(),
        ),
    };
    let manifest = file_name(&run.about.manifest);
    let groups = vec![
        group("", "", &["Method", second]),
        group(format!("This run, {manifest}"), "this run", &["AP, stepwise", "AP, trapezoid"]),
        group(if is_xd { "Paper, XD-Violence" } else { "Paper, another dataset" }, "paper", &["AP"]),
    ];
    let mut notes = vec![format!(
        "Percent: average precision over the frames of all clips, in brackets the {:.0} % interval. The paper's values \
         are of the test videos of XD-Violence; the literature computes them stepwise or as a trapezoid area.",
        report.settings.bootstrap.level * 100.0
    )];
    notes.extend(whole_clips_note(report));
    if with_sound {
        notes.push("Signs behind methods are the paper's: implemented again by others.".to_owned());
    }
    notes.extend(reason);
    if is_xd {
        notes.push(format!(
            "The clips of this run are named as those of XD-Violence; it has {} of 800.",
            run.clips.len()
        ));
    }
    let sections = vec![Section { rows, ..Section::default() }];
    (title, Sheet { words: 2, groups, sections }, notes)
}

/// What frame-level metrics rest on where nobody annotated when the anomaly shows.
pub(super) fn whole_clips_note(report: &Report) -> Option<String> {
    let clips = report.frames.clips_without_ranges;
    let note = || format!("All frames of {clips} anomalous clips count as anomalous, for want of annotated ranges.");
    (clips > 0).then(note)
}

/// Two cells, and where they are empty the reason.
fn ours_of_ranking(run: &Run, report: &Report, with_sound: bool) -> (Vec<String>, Option<String>) {
    let wanted = if with_sound { Modalities::PictureAndSound } else { Modalities::PictureOnly };
    let given = modalities(run);
    if given != [wanted] {
        let reason = format!("Not measured: the table is of {}, this run of {}.", wanted.short(), listed(&given));
        return (not_measured(2), Some(reason));
    }
    let scores = &report.frames.anomaly;
    let (stepwise, trapezoid) = (scores.average_precision, scores.pr_area_trapezoid);
    if let Some(reason) = stepwise.reason() {
        return (not_measured(2), Some(format!("Not measured: {reason}.")));
    }
    let interval = report
        .interval("frames.anomaly.average_precision")
        .and_then(|row| row.interval.low.value().zip(row.interval.high.value()));
    let brackets =
        interval.map_or(String::new(), |(low, high)| format!(" ({:.1} to {:.1})", 100.0 * low, 100.0 * high));
    (vec![format!("{}{brackets}", of_metric(stepwise)), of_metric(trapezoid)], None)
}

fn of_metric(metric: Metric) -> String {
    metric.value().map_or_else(|| NOT_MEASURED.to_owned(), |value| percent(100.0 * value))
}

/// What the clips of the run were given, each once.
fn modalities(run: &Run) -> Vec<Modalities> {
    let mut all: Vec<Modalities> = run.scored().filter_map(|clip| clip.modalities).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn listed(modalities: &[Modalities]) -> String {
    modalities.iter().map(|modalities| modalities.short()).collect::<Vec<_>>().join(", ")
}

/// `..._label_B1-B2-0`, as all files of XD-Violence end.
fn names_are_of_xd_violence(run: &Run) -> bool {
    !run.clips.is_empty() && run.scored().all(|clip| file_name(&clip.path).contains("_label_"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::sample_run;
    use super::super::test_page::Page;
    use super::*;
    use avar_metrics::{BootstrapSettings, ReportSettings};

    fn report(run: &Run) -> Report {
        let bootstrap = BootstrapSettings { resamples: 20, ..BootstrapSettings::default() };
        Report::new(&run.clips, &ReportSettings { bootstrap, ..ReportSettings::default() }).unwrap()
    }

    fn ablation() -> Ablation {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ablation.csv");
        let mut text = "head,fusion,steps,seed,accuracy,precision,recall,f1\n".to_owned();
        for head in ["gru", "bi_gru", "lstm", "bi_lstm", "transformer", "mtcn"] {
            for fusion in ["sound_only", "picture_only", "early"] {
                text += &format!("{head},{fusion},10,1,0.8,0.5,0.25,0.75\n{head},{fusion},10,2,0.9,0.5,0.25,0.75\n");
            }
        }
        text += "mtcn,early,5,1,0.7,0.5,0.25,0.75\n";
        std::fs::write(&path, text).unwrap();
        Ablation::read(&path).unwrap()
    }

    fn figure(table: PaperTable, run: &Run, ablation: Option<&Ablation>) -> Figure {
        table.figure(run, &report(run), ablation).unwrap()
    }

    #[test]
    fn ours_stands_beside_the_papers_and_a_missing_value_says_so() {
        let run = sample_run();
        let heads = figure(PaperTable::Heads, &run, Some(&ablation()));
        let row = &heads.table.rows[17];
        assert_eq!(
            row[1..],
            [
                "MTCN",
                "both",
                "85.0 (10.0)",
                "50.0 (0.0)",
                "25.0 (0.0)",
                "75.0 (0.0)",
                "89.29",
                "89.30",
                "89.29",
                "89.22"
            ]
        );
        assert_eq!(heads.table.rows.len(), 37);
        let page = Page::of(&heads);
        assert_eq!(page.count("not-measured"), 18);
        assert!(page.texts("group").contains(&"Paper, another dataset".to_owned()));
        let lengths = figure(PaperTable::Lengths, &run, Some(&ablation()));
        assert_eq!(lengths.table.rows[0][1..], ["5", "70.0 (0.0)", "64.96"]);
        assert_eq!(lengths.table.rows[2][1..], ["15", NOT_MEASURED, "84.37"]);
    }

    #[test]
    fn the_runs_own_numbers_are_those_of_its_report() {
        let run = sample_run();
        let report = report(&run);
        let both = PaperTable::FromBoth.figure(&run, &report, None).unwrap();
        let row = both.table.rows.last().unwrap();
        let wanted = 100.0 * report.frames.anomaly.average_precision.value().unwrap();
        assert!(row[2].starts_with(&format!("{wanted:.2} (")), "{row:?}");
        let heads = PaperTable::Heads.figure(&run, &report, None).unwrap();
        let accuracy = 100.0 * report.classification.accuracy.value().unwrap();
        assert_eq!(heads.table.rows[36][3], format!("{accuracy:.2}"));
    }

    #[test]
    fn a_run_with_sound_has_no_value_from_the_picture_alone() {
        let run = sample_run();
        let table = figure(PaperTable::FromPicture, &run, None);
        assert_eq!(table.table.rows[20][2..], [NOT_MEASURED, NOT_MEASURED, "86.54"]);
        assert!(table.caption.notes.iter().any(|note| note.contains("this run of picture and sound")));
        let mut silent = run;
        for clip in &mut silent.clips {
            clip.scored.modalities = Some(Modalities::PictureOnly);
            clip.scored.path = format!("{}_label_B1-0-0.mp4", clip.scored.path);
        }
        let table = figure(PaperTable::FromPicture, &silent, None);
        assert!(table.caption.notes.iter().all(|note| !note.contains("for want of annotated ranges")));
        assert!(table.table.rows[20][2].contains(" to ") && Page::of(&table).texts("group")[1] == "Paper, XD-Violence");
    }

    #[test]
    fn clips_without_annotated_ranges_are_said() {
        let mut run = sample_run();
        run.clips[0].scored.truth_ranges.clear();
        let notes = figure(PaperTable::FromBoth, &run, None).caption.notes;
        assert!(notes.iter().any(|note| note.starts_with("All frames of 1 anomalous clips")), "{notes:?}");
    }

    #[test]
    fn no_text_leaves_the_page_and_the_same_run_gives_the_same_bytes() {
        let run = sample_run();
        for table in PaperTable::ALL {
            for ablation in [None, Some(&ablation())] {
                let make = || figure(table, &run, ablation);
                Page::of(&make()).assert_text_within();
                assert_eq!(make().drawing.to_svg(), make().drawing.to_svg());
                assert!(make().to_markdown().starts_with(&format!("## Table {}.", table.number())));
            }
            Page::keep(&figure(table, &run, Some(&ablation())), &format!("table-{}", table.number()));
        }
    }
}
