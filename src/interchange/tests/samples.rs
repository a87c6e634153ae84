//! Recordings and annotations that tests make.

use avar_base::time::{FrameIndex, MediaTime, TimeBase};
use avar_interchange::{
    AnnotatedSpan, Annotations, Format, FormatError, Label, Marker, Read, ScoreRow, Subject, Timeline, read,
};
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Verdict};
use fastrand::Rng;

pub(crate) const NAME: &str = "street_0042.mp4";

/// Ten seconds at 25 frames a second.
pub(crate) fn steady() -> Timeline {
    Timeline::constant_rate(TimeBase::new(1, 25).unwrap(), 250)
}

pub(crate) fn named<'a>(name: &'a str, timeline: &'a Timeline) -> Subject<'a> {
    Subject { name, timeline }
}

/// Of [`steady`], under [`NAME`].
pub(crate) fn read_steady(format: Format, text: &str) -> Result<Read, FormatError> {
    read(format, text, &named(NAME, &steady()))
}

/// First frame, frame after the last, label.
pub(crate) fn spans_of(read: &Read) -> Vec<(usize, usize, &str)> {
    let spans = read.annotations.spans.iter();
    spans.map(|span| (span.frames.start.0, span.frames.end.0, span.label.text())).collect()
}

pub(crate) fn markers_of(read: &Read) -> Vec<(usize, &str)> {
    read.annotations.markers.iter().map(|marker| (marker.frame.0, marker.text.as_str())).collect()
}

pub(crate) fn says(remarks: &[String], parts: &[&str]) -> bool {
    remarks.iter().any(|sentence| parts.iter().all(|part| sentence.contains(part)))
}

/// Of annotations that are of [`steady`].
pub(crate) fn annotations(spans: Vec<AnnotatedSpan>, markers: &[(usize, &str)]) -> Annotations {
    let mut annotations = Annotations::of(&named(NAME, &steady()));
    annotations.spans = spans;
    let marker = |(frame, text): &(usize, &str)| Marker { frame: FrameIndex(*frame), text: (*text).to_owned() };
    annotations.markers = markers.iter().map(marker).collect();
    annotations
}

/// Constant rates up to 240 a second, time stamps rounded to milliseconds, variable rates, and starts that are not zero.
pub(crate) fn random_timeline(rng: &mut Rng) -> Timeline {
    let frames = rng.usize(1..400);
    let rates = [(1, 25), (1, 24), (1001, 30_000), (1001, 24_000), (1, 60), (1001, 120_000), (1, 240), (1001, 240_000)];
    let (numerator, denominator) = rates[rng.usize(..rates.len())];
    let steady = Timeline::constant_rate(TimeBase::new(numerator, denominator).unwrap(), frames);
    let shift = MediaTime::from_nanoseconds(rng.i64(-5_000_000_000..5_000_000_000));
    let origin = shift - MediaTime::from_nanoseconds(rng.i64(0..80_000_000));
    let shifted = |time: &dyn Fn(usize) -> MediaTime| -> Timeline {
        let times = (0..frames).map(|frame| time(frame) + shift).collect();
        Timeline::new(origin, times, time(frames) + shift).expect("the times are in order")
    };
    match rng.u8(..4) {
        0 => steady,
        1 => shifted(&|frame| steady.offset_of(frame)),
        2 => shifted(&|frame| {
            MediaTime::from_nanoseconds((steady.offset_of(frame).nanoseconds() + 500_000) / 1_000_000 * 1_000_000)
        }),
        _ => {
            let mut edges = vec![0];
            for _ in 0..frames {
                edges.push(edges[edges.len() - 1] + rng.i64(2_200_000..120_000_000));
            }
            shifted(&|frame| MediaTime::from_nanoseconds(edges[frame]))
        }
    }
}

const WORDS: [&str; 7] = ["shooting", "riot", "B3", "a & b <c>", "\"quoted\", comma", "שלום → x", "Burglary"];
const NOTES: [&str; 6] = [
    "two men",
    "line one\nline two",
    "\"quotes\", commas; <tags> & ampersands",
    "tab\there, carriage\r\nreturn",
    " spaces at both ends ",
    "מימין לשמאל",
];

/// Everything that annotations can hold.
pub(crate) fn random_annotations(rng: &mut Rng, recording: &Subject) -> Annotations {
    let frames = recording.timeline.len();
    let mut annotations = Annotations::of(recording);
    for _ in 0..rng.usize(..10) {
        let start = rng.usize(..frames);
        let label = match rng.u8(..4) {
            0 => Label::Other(WORDS[rng.usize(..WORDS.len())].to_owned()),
            _ => Label::Class(AnomalyClass::ALL[rng.usize(..CLASS_COUNT)]),
        };
        let mut span = AnnotatedSpan::new(start, rng.usize(start + 1..frames + 1), label.text());
        span.score = rng.bool().then(|| rng.f32());
        span.note = rng.bool().then(|| NOTES[rng.usize(..NOTES.len())].to_owned());
        span.decision = rng.bool().then(|| Verdict::ALL[rng.usize(..4)]);
        annotations.spans.push(span);
    }
    // One a frame at most: two on one are a case of its own.
    let mut marked: Vec<usize> = (0..rng.usize(..5)).map(|_| rng.usize(..frames)).collect();
    marked.sort_unstable();
    marked.dedup();
    for frame in marked {
        let text = WORDS[rng.usize(..WORDS.len())].to_owned();
        annotations.markers.push(Marker { frame: FrameIndex(frame), text });
    }
    for frame in (0..frames).step_by(rng.usize(1..30)) {
        let score = |rng: &mut Rng| rng.bool().then(|| rng.f32());
        let classes = ClassScores([(); CLASS_COUNT].map(|()| rng.f32()));
        let (audio, video) = (score(rng), score(rng));
        annotations.scores.push(ScoreRow { frame: FrameIndex(frame), classes, audio, video });
    }
    annotations
}
