//! Our own table of scores, CSV: `frame,pts,p_<class> x10,p_audio,p_video`, a row a step, named by a frame.
//!
//! `pts` is when the frame begins, in seconds from the start of the recording. It is checked against the recording, so
//! that the scores of another are not shown beside its pictures. Scores have the digits of single precision.

use avar_base::time::{FrameIndex, MediaTime};
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};
use csv::{ReaderBuilder, StringRecord};

use crate::annotations::{Annotations, ScoreRow, Subject};
use crate::collector::{Collector, Read};
use crate::error::{EntryPlace, EntryProblem, FormatError};
use crate::format::Format;
use crate::formats::losslesscut::csv_text;
use crate::text::{frame, seconds};
use crate::timeline::{Resolution, Timeline};
use crate::writing::{Ledger, Written, seconds_text};
use avar_base::wording::{counted, listed, quoted};

/// Half of the last of three digits, to which a table may have been rounded.
const TOLERANCE_NS: u64 = 500_000;

/// Where in a row each value stands.
struct Columns {
    frame: usize,
    pts: usize,
    classes: [usize; CLASS_COUNT],
    audio: Option<usize>,
    video: Option<usize>,
}

pub(crate) fn read(text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let syntax = |reason: String| FormatError::Syntax { format: Format::ScoreTable, reason };
    let mut collector = Collector::new(recording, Resolution::SECONDS)?;
    let mut reader = ReaderBuilder::new().has_headers(true).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| syntax(error.to_string()))?.clone();
    let columns = columns_of(&header, &mut collector).map_err(syntax)?;
    let mut row = StringRecord::new();
    let mut before = None;
    while reader.read_record(&mut row).map_err(|error| syntax(error.to_string()))? {
        let place = EntryPlace::Line(row.position().map_or(0, csv::Position::line) as usize);
        let scores = scores_of(&row, &columns, &place)?;
        check_frame(&row[columns.pts], scores.frame, recording.timeline, &place)?;
        if before.is_some_and(|before| scores.frame <= before) {
            let text = format!("frame {} does not come after the one of the row before", scores.frame.0);
            return Err(EntryProblem::Other(text).at(&place));
        }
        before = Some(scores.frame);
        collector.scores(scores)?;
    }
    Ok(collector.finish())
}

fn columns_of(header: &StringRecord, collector: &mut Collector) -> Result<Columns, String> {
    let place = |name: &str| header.iter().position(|column| column == name);
    let needed = |name: &str| place(name).ok_or_else(|| format!("it has no column {}", quoted(name)));
    let mut classes = [0; CLASS_COUNT];
    for (at, class) in classes.iter_mut().zip(AnomalyClass::ALL) {
        *at = needed(&score_column(class))?;
    }
    let columns = Columns {
        frame: needed("frame")?,
        pts: needed("pts")?,
        classes,
        audio: place("p_audio"),
        video: place("p_video"),
    };
    let known: Vec<String> = names().collect();
    let others: Vec<String> =
        header.iter().filter(|name| !known.iter().any(|known| known == name)).map(quoted).collect();
    if !others.is_empty() {
        collector.remark(format!(
            "{} not known here, left out: {}",
            counted(others.len(), "column"),
            listed(&others, 6)
        ));
    }
    Ok(columns)
}

fn score_column(class: AnomalyClass) -> String {
    format!("p_{}", class.name())
}

fn names() -> impl Iterator<Item = String> {
    let scores = AnomalyClass::ALL.into_iter().map(score_column);
    let text = |name: &str| name.to_owned();
    ["frame", "pts"].map(text).into_iter().chain(scores).chain(["p_audio", "p_video"].map(text))
}

fn scores_of(row: &StringRecord, columns: &Columns, place: &EntryPlace) -> Result<ScoreRow, FormatError> {
    let index = frame(&row[columns.frame], place)?;
    let too_long = || EntryProblem::TooLong { text: format!("frame {index}") }.at(place);
    let index = usize::try_from(index).map_err(|_| too_long())?;
    let mut classes = [0.0; CLASS_COUNT];
    for (score, at) in classes.iter_mut().zip(columns.classes) {
        *score = score_of(&row[at], place)?;
    }
    let optional = |at: Option<usize>| match at.map(|at| &row[at]) {
        None | Some("") => Ok(None),
        Some(text) => score_of(text, place).map(Some),
    };
    let (audio, video) = (optional(columns.audio)?, optional(columns.video)?);
    Ok(ScoreRow { frame: FrameIndex(index), classes: ClassScores(classes), audio, video })
}

fn score_of(text: &str, place: &EntryPlace) -> Result<f32, FormatError> {
    // The rounding of the last digit may lead above 1 by that much.
    let score = text.parse::<f32>().ok().filter(|score| (0.0..=1.000_001).contains(score));
    score.ok_or_else(|| EntryProblem::NotANumber { text: quoted(text), wanted: "score within 0 and 1" }.at(place))
}

fn check_frame(pts: &str, frame: FrameIndex, timeline: &Timeline, place: &EntryPlace) -> Result<(), FormatError> {
    let stated = MediaTime::from_seconds(seconds(pts, place)?);
    let other = |difference: String| Err(FormatError::OtherRecording { difference: format!("{place}: {difference}") });
    if frame.0 >= timeline.len() {
        return other(format!(
            "it has frame {}, and the recording ends after {}",
            frame.0,
            counted(timeline.len(), "frame")
        ));
    }
    let shown = timeline.offset_of(frame.0);
    match stated.nanoseconds().abs_diff(shown.nanoseconds()) <= TOLERANCE_NS {
        true => Ok(()),
        false => other(format!("frame {} is at {} s, and in the recording at {} s", frame.0, pts, shown.seconds())),
    }
}

pub(crate) fn write(annotations: &Annotations, timeline: &Timeline) -> Written {
    let optional = |score: Option<f32>| score.map_or(String::new(), |score| score.to_string());
    let rows = annotations.scores.iter().map(|scores| -> Vec<String> {
        let place = [scores.frame.0.to_string(), seconds_text(timeline.offset_of(scores.frame.0))];
        let classes = scores.classes.0.iter().map(f32::to_string);
        place.into_iter().chain(classes).chain([optional(scores.audio), optional(scores.video)]).collect()
    });
    let text = csv_text(std::iter::once(names().collect()).chain(rows));
    Ledger::in_frames(Format::ScoreTable).finish(text, annotations)
}
