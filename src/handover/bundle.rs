//! Writing a bundle: what is told of a recording, and pictures of it, as the entries of an archive.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use avar_base::files::{keep, partial_beside};
use avar_base::job::{Job, Wake};
use avar_export::Watch;
use avar_figures::FigureError;
use avar_media::IngestReport;

use crate::HandoverError;
use crate::archive::ArchiveWriter;
use crate::entries::{
    CARD, DECISIONS, DOCUMENT, Decisions, EVENTS, EventEntry, Events, MANIFEST, Manifest, NOTES, Notes, RECORDING,
    REPORT, SCORES, SETTINGS, Settings, StillPicture, json, recording,
};
use crate::handover::{Account, Handover, ToldEvent};
use crate::pictures::{Stills, figure, figure_name};
use crate::report;

/// A bundle in the making; on the way it hands out sentences on what it had to do without, at its end what it holds.
pub type HandoverJob = Job<String, Manifest>;

/// As [`write()`], in the background.
pub fn spawn(handover: Handover, out: PathBuf, wake: Wake) -> std::io::Result<HandoverJob> {
    Job::spawn("hand over", wake, move |reporter| {
        let progress = |fraction| reporter.progress(fraction);
        let notice = |sentence| reporter.partial(sentence);
        let watch = Watch::new(reporter.cancel_token(), &progress, &notice);
        Ok(write(&handover, &out, &watch)?)
    })
}

/// Writes a bundle, whole or not at all; makes the folder where it is missing. The same [`Handover`] gives the same bytes.
///
/// The document is read as it lies on the disk: whoever is writing to it waits until that is done.
pub fn write(handover: &Handover, out: &Path, watch: &Watch) -> Result<Manifest, HandoverError> {
    let decided = handover.decided()?;
    let trail = decided.as_ref().map(|decided| &decided.trail);
    let account = handover.account(decided.as_ref())?;
    let failed = |reason| HandoverError::write(reason, out);
    if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let partial = partial_beside(out).map_err(failed)?;
    let mut bundle = Entries { archive: ArchiveWriter::new(BufWriter::new(partial)), out };
    let drawn = bundle.put_events(&account, handover, watch)?;
    let ingest = recording(handover, IngestReport::new(&handover.media));
    let settings = Settings::new(handover, account.state.rule);
    let events = Events::new(&account, drawn.entries);
    let page = report::Page::new(handover, &account, trail, &events, &ingest, &drawn.curves)?;
    bundle.put(REPORT, page.as_bytes())?;
    bundle.put_json(EVENTS, &events)?;
    let mut scores = Vec::new();
    avar_analysis::record::write_scores(&mut scores, &handover.scores).map_err(failed)?;
    bundle.put(SCORES, &scores)?;
    if let Some(decided) = &decided {
        bundle.put(DOCUMENT, &decided.bytes)?;
        bundle.put_json(DECISIONS, &Decisions::new(&decided.trail))?;
        bundle.put_json(NOTES, &Notes::new(&account.state))?;
    }
    bundle.put_json(SETTINGS, &settings)?;
    bundle.put_json(RECORDING, &ingest)?;
    if let Some(card) = &handover.scoring.card {
        bundle.put_json(CARD, card)?;
    }
    let manifest = Manifest::new(handover, trail, bundle.archive.entries());
    bundle.put_json(MANIFEST, &manifest)?;
    watch.tell(1.0)?;
    let written = bundle.archive.finish().and_then(|file| file.into_inner().map_err(|error| error.into_error()));
    keep(written.map_err(failed)?.into_temp_path(), out).map_err(failed)?;
    Ok(manifest)
}

/// The events with their pictures put in.
struct Drawn {
    entries: Vec<EventEntry>,
    /// The drawings that the report shows, by the number of the event.
    curves: Vec<(usize, String)>,
}

/// So many curves are shown in the report; the others are entries of the bundle like these.
pub(crate) const MOST_CURVES: usize = 200;

struct Entries<'a, W> {
    archive: ArchiveWriter<W>,
    out: &'a Path,
}

impl<W: Write> Entries<'_, W> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), HandoverError> {
        self.archive.add(name, bytes).map_err(|reason| HandoverError::write(reason, self.out))
    }

    fn put_json(&mut self, name: &str, record: &impl serde::Serialize) -> Result<(), HandoverError> {
        let bytes = json(record).map_err(|reason| HandoverError::write(reason, self.out))?;
        self.put(name, &bytes)
    }

    /// Stills and figure 5 of those that are shown.
    fn put_events(&mut self, account: &Account, handover: &Handover, watch: &Watch) -> Result<Drawn, HandoverError> {
        let mut stills = Stills::open(handover, watch.cancel())?;
        let mut drawn = Drawn { entries: Vec::new(), curves: Vec::new() };
        for (done, event) in account.events.iter().enumerate() {
            watch.tell(done as f32 / account.events.len() as f32)?;
            let entry = match event.is_shown {
                true => self.put_shown(event, account, handover, (&mut stills, &mut drawn.curves), watch)?,
                false => EventEntry::new(event, Vec::new(), None),
            };
            drawn.entries.push(entry);
        }
        Ok(drawn)
    }

    fn put_shown(
        &mut self,
        event: &ToldEvent,
        account: &Account,
        handover: &Handover,
        (stills, curves): (&mut Stills, &mut Vec<(usize, String)>),
        watch: &Watch,
    ) -> Result<EventEntry, HandoverError> {
        let shown = stills.of(event, handover)?;
        let figure = figure(event, &shown, account, handover);
        for still in &shown {
            match &still.entry.picture {
                StillPicture::File(name) => self.put(name, still.png.as_deref().unwrap_or_default())?,
                StillPicture::Missing(why) => {
                    watch.notice(format!("event {} has no still at its {}: {why}", event.number, still.entry.at))
                }
            }
        }
        let name = figure_name(event);
        let drawing = format!("{name}.svg");
        self.put(&drawing, figure.drawing.to_svg().as_bytes())?;
        let table = figure.table.to_csv().map_err(|error| match error {
            FigureError::Write(error) => error.into(),
            other => HandoverError::write(std::io::Error::other(other.to_string()), self.out),
        })?;
        self.put(&format!("{name}.csv"), &table)?;
        if curves.len() < MOST_CURVES {
            curves.push((event.number, figure.drawing.to_inline_svg()));
        }
        Ok(EventEntry::new(event, shown.map(|shown| shown.entry).into(), Some(drawing)))
    }
}
