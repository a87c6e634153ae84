//! The page of a bundle, to be read and printed: what was decided, on what grounds, and where all of it came from.
//!
//! No script, no font and no picture from elsewhere. Times are those of the window: from the start of the recording.

use askama::Template;

use avar_base::time::{MediaTime, time_code};
use avar_base::wording::counted;
use avar_figures::{class_label, page};
use avar_labels::Verdict;
use avar_media::IngestReport;
use avar_metrics::runs::About;
use avar_review::Trail;
use avar_review::layers::Basis;
use avar_review::list::ReviewCount;

use crate::HandoverError;
use crate::bundle::MOST_CURVES;
use crate::entries::Events;
use crate::handover::{Account, Handover, ToldEvent};

/// Rows of a table that the page shows; the records beside it hold the rest.
const MOST_ROWS: usize = 2000;

#[derive(Template)]
#[template(path = "report.html")]
pub(crate) struct Page<'a> {
    title: String,
    style: &'static str,
    summary: String,
    warnings: Vec<String>,
    events: Vec<EventRow>,
    more_events: usize,
    curves: Vec<CurveSection<'a>>,
    more_curves: usize,
    notes: Vec<(String, usize, String)>,
    operations: Vec<OperationRow>,
    more_operations: usize,
    provenance: Vec<(&'static str, String)>,
    remarks: Vec<String>,
}

struct EventRow {
    number: usize,
    color: String,
    class: String,
    state: String,
    start: String,
    end: String,
    frames: String,
    peak: String,
    basis: &'static str,
    note: String,
}

struct CurveSection<'a> {
    name: String,
    note: String,
    drawing: &'a str,
}

struct OperationRow {
    seq: u64,
    time: String,
    author: String,
    did: &'static str,
}

impl<'a> Page<'a> {
    /// The page itself.
    #[expect(clippy::new_ret_no_self, reason = "what it is made of is of no use to anybody else")]
    pub(crate) fn new(
        handover: &Handover,
        account: &Account,
        trail: Option<&Trail>,
        records: &Events,
        ingest: &IngestReport,
        curves: &'a [(usize, String)],
    ) -> Result<String, HandoverError> {
        let about = handover.scoring.about();
        let origin = handover.media.info.range.start;
        let of_number = |number: usize| account.events.get(number - 1);
        let curves = curves.iter().filter_map(|(number, drawing)| {
            let event = of_number(*number)?;
            let name = format!("Event {number}: {}", words(event, &about, origin));
            Some(CurveSection { name, note: event.listed.note.clone(), drawing })
        });
        let drawn = account.events.iter().filter(|event| event.is_shown).count();
        let notes = account
            .state
            .notes()
            .map(|note| (time_code(note.at.time - origin), note.at.frame.0, note.text.to_string()));
        let operations = trail.map(|trail| trail.entries.as_slice()).unwrap_or_default();
        let page = Page {
            title: format!("Review of {}", handover.name()),
            style: page::style(),
            summary: summary(account),
            warnings: warnings(handover, account),
            events: account.events.iter().take(MOST_ROWS).map(|event| row(event, &about, origin)).collect(),
            more_events: account.events.len().saturating_sub(MOST_ROWS),
            curves: curves.collect(),
            more_curves: drawn.saturating_sub(MOST_CURVES),
            notes: notes.collect(),
            operations: operations.iter().take(MOST_ROWS).map(OperationRow::of).collect(),
            more_operations: operations.len().saturating_sub(MOST_ROWS),
            provenance: provenance(handover, trail, records, ingest),
            remarks: remarks(handover, ingest),
        };
        Ok(page.render()?)
    }
}

impl OperationRow {
    fn of(entry: &avar_review::Entry) -> Self {
        Self {
            seq: entry.seq,
            time: entry.time.to_string(),
            author: entry.author.clone(),
            did: entry.operation.label(),
        }
    }
}

fn words(event: &ToldEvent, about: &About, origin: MediaTime) -> String {
    let class = class_label(event.listed.class, about);
    let (start, end) = (event.listed.stretch.start.time, event.listed.stretch.end.time);
    format!("{class}, {} to {}", time_code(start - origin), time_code(end - origin))
}

fn row(event: &ToldEvent, about: &About, origin: MediaTime) -> EventRow {
    let (listed, stretch) = (&event.listed, event.listed.stretch);
    let [red, green, blue] = listed.class.color_rgb();
    EventRow {
        number: event.number,
        color: format!("#{red:02x}{green:02x}{blue:02x}"),
        class: class_label(listed.class, about),
        state: listed.verdict.map_or("Unreviewed", Verdict::label).to_owned(),
        start: time_code(stretch.start.time - origin),
        end: time_code(stretch.end.time - origin),
        frames: format!("{} to {}", stretch.start.frame.0, event.last_frame().0),
        peak: listed.peak.map_or_else(String::new, |peak| format!("{peak:.2}")),
        basis: match listed.basis {
            Basis::Model => "network",
            Basis::Lost => "network, under other thresholds",
            Basis::Analyst => "analyst",
        },
        note: listed.note.clone(),
    }
}

fn summary(account: &Account) -> String {
    let listed = || account.events.iter().map(|event| &event.listed);
    if !account.is_decided {
        return format!("{}; nothing has been decided.", counted(account.events.len(), "event"));
    }
    let tally = |verdict: Verdict| {
        let count = listed().filter(|event| event.verdict == Some(verdict)).count();
        format!("{count} {}", verdict.name())
    };
    let all: Vec<String> = Verdict::ALL.into_iter().map(tally).collect();
    format!("{}: {}.", ReviewCount::of(listed()), all.join(", "))
}

fn warnings(handover: &Handover, account: &Account) -> Vec<String> {
    let undecided = "Nobody has reviewed these events: they are what the network found, and nothing was accepted.";
    let mut warnings: Vec<String> = (!account.is_decided).then(|| undecided.to_owned()).into_iter().collect();
    warnings.extend(handover.scoring.warning.clone());
    warnings
}

fn remarks(handover: &Handover, ingest: &IngestReport) -> Vec<String> {
    let of_card = handover.scoring.card.iter().flat_map(|card| card.known_failures.iter().cloned());
    ingest.warnings.iter().cloned().chain(of_card).collect()
}

fn provenance(
    handover: &Handover,
    trail: Option<&Trail>,
    records: &Events,
    ingest: &IngestReport,
) -> Vec<(&'static str, String)> {
    let (scoring, scores) = (&handover.scoring, &handover.scores);
    let rule = records.threshold_rule;
    let mut rows = vec![
        ("Recording", handover.name()),
        ("SHA-256 of the recording", handover.sha256.clone()),
        ("Size", format!("{} bytes", ingest.size_bytes)),
        ("Container", ingest.container.clone()),
        ("Duration", format!("{:.3} s from {:.3} s", ingest.duration_s, ingest.start_s)),
        ("Decoder", ingest.decoder.clone()),
        ("Program", avar_analysis::record::program()),
        ("Weights", scoring.card.as_ref().map_or_else(|| "no model card".to_owned(), |card| card.name.clone())),
        ("SHA-256 of the weights", scoring.weights_sha256.clone()),
        ("Network", format!("{} on {}", scoring.network, scoring.device)),
        ("Analysed", scores.modalities.label().to_owned()),
        (
            "Steps",
            format!(
                "{} steps, {} a second, in windows of {}",
                scores.steps.len(),
                scores.grid.steps_per_second(),
                scoring.window_steps
            ),
        ),
        (
            "Threshold rule",
            format!(
                "an event opens at {}, closes below {}, lasts {} s at least, and gaps below {} s are bridged",
                rule.onset, rule.offset, rule.min_on_s, rule.min_off_s
            ),
        ),
    ];
    if let Some(video) = &ingest.video {
        rows.push(("Video", format!("{} {}x{}, {} frames", video.codec, video.width, video.height, video.frames)));
    }
    if let Some(audio) = &ingest.audio {
        rows.push(("Audio", format!("{} {} Hz, {} channels", audio.codec, audio.sample_rate, audio.channels)));
    }
    if let Some(trail) = trail {
        rows.push(("Review begun", format!("{} by {}", trail.begun, trail.begun_by)));
        rows.push(("Audit trail", counted(trail.entries.len(), "operation")));
        rows.push(("SHA-256 of its last line", trail.last_sha256.clone()));
    }
    rows
}
