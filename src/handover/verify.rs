//! Reading a bundle: every byte checked, then held against the recording.
//!
//! [`Bundle::open`] finds whatever was changed since the bundle was written, and whatever in it contradicts itself. What
//! it cannot tell is a bundle that was made anew by somebody who knows the format: for that [`Manifest::trail`]'s digest,
//! or the file's own, has to be kept elsewhere.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::{Path, PathBuf};

use avar_analysis::record::write_scores;
use avar_analysis::{
    AnalysisPartial, AnalysisSettings, AnalysisSpec, NetworkChoice, NetworkShelf, StepScores, analyse,
};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_export::Watch;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};
use avar_media::{MediaError, OpenedMedia, RgbImage, VideoReader, open_track};
use avar_review::verify_bytes;
use image::codecs::png::PngDecoder;
use image::{ColorType, ImageDecoder};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::HandoverError;
use crate::archive::{Archive, Damage};
use crate::entries::{
    CARD, DECISIONS, DOCUMENT, Decisions, EVENTS, EntryDigest, EventEntry, Events, FORMAT, MANIFEST, Manifest, NOTES,
    Notes, RECORDING, REPORT, SCORES, SETTINGS, Settings, StillEntry, StillPicture, TrailEntry, VERSION, json,
};
use crate::handover::{Decided, EventMoment, Handover, Scoring};
use crate::pictures::{figure_name, still_name};

/// The greatest difference of a class's score between the analysis in a bundle and the one that is run again.
///
/// Between the registers that a processor may have (AVX-512, AVX2, portable) 4e-5 was measured at the most, over 59
/// recordings with the weights that come with the program; with the same registers the scores are the same to the bit. A
/// score is shown with two digits.
pub const SCORE_TOLERANCE: f32 = 1e-3;

/// A record is a few megabytes; a document has its own limit below this one.
const MOST_RECORD_BYTES: u64 = 256 << 20;

/// A bundle of which every byte is as it was written.
pub struct Bundle {
    archive: Archive<BufReader<File>>,
    path: PathBuf,
    manifest: Manifest,
    settings: Settings,
    /// What stands in `events.json`.
    events: Records,
    decided: Option<Decided>,
}

/// A recording agrees with a bundle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// That were decoded again and are the same to the pixel.
    pub stills: usize,
    /// That were scored again.
    pub steps: usize,
    /// Of any score of a class; at most [`SCORE_TOLERANCE`].
    pub largest_difference: f32,
}

/// Before the version is known, nothing else is.
#[derive(Deserialize)]
struct FormatOnly {
    format: String,
    version: u32,
}

/// Of an `events.json`, what a comparison needs: the rest is made anew.
#[derive(Deserialize)]
struct Records {
    events: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    stills: Vec<RecordedStill>,
    figure: Option<String>,
}

#[derive(Clone, Deserialize)]
struct RecordedStill {
    frame: usize,
    #[serde(flatten)]
    picture: StillPicture,
}

impl Bundle {
    /// Reads a bundle and checks every byte of it; changes nothing, and unpacks nothing.
    pub fn open(path: &Path, cancel: &CancelToken) -> Result<Self, HandoverError> {
        let unreadable = |reason: String| HandoverError::bundle(format!("the bundle cannot be read ({reason})"), path);
        let metadata = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
        if !metadata.is_file() {
            return Err(unreadable("it is no file".to_owned()));
        }
        let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
        let archive =
            Archive::read(BufReader::new(file), cancel).map_err(|damage| HandoverError::damage(damage, path))?;
        let mut reader = Reader { archive, path };
        let manifest = reader.manifest()?;
        let settings = reader.record(SETTINGS)?;
        let events: Records = reader.record(EVENTS)?;
        reader.check_names(&manifest, &events)?;
        let decided = reader.decided(&manifest)?;
        let Reader { archive, path } = reader;
        Ok(Self { archive, path: path.to_owned(), manifest, settings, events, decided })
    }

    /// What the bundle says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Events in the list: decided, and open.
    pub fn event_count(&self) -> usize {
        self.events.events.len()
    }

    /// Decodes the stills of the recording at `media` again and compares them pixel by pixel, then analyses it again with
    /// the network of `choice` and compares the scores within [`SCORE_TOLERANCE`], and makes the list of events anew of the
    /// bundle's scores and its document. The first difference is an error.
    pub fn compare(
        &mut self,
        media: &Path,
        choice: &NetworkChoice,
        shelf: &NetworkShelf,
        watch: &Watch,
    ) -> Result<Agreement, HandoverError> {
        let scoring = self.scoring(choice, shelf, watch.cancel())?;
        let opened = self.open_media(media, watch)?;
        let stills = self.compare_stills(&opened, &watch.part(0.05, 0.3))?;
        let spec = AnalysisSpec {
            info: opened.info.clone(),
            frames: opened.frames.clone(),
            network: choice.clone(),
            settings: self.analysis_settings(),
            journal: None,
        };
        let (part, mut done, mut all) = (watch.part(0.3, 1.0), 0, 0);
        let analysis = analyse(&spec, shelf, watch.cancel(), |partial| {
            match partial {
                AnalysisPartial::Started { grid, .. } => all = grid.len(),
                AnalysisPartial::Steps(steps) => done += steps.len(),
            }
            // A wish to stop is heard by the analysis itself.
            _ = part.tell(done as f32 / all.max(1) as f32);
        })?;
        let (scores, largest_difference) = self.compare_scores(analysis.scores)?;
        let steps = scores.steps.len();
        self.compare_events(&opened, scores, scoring)?;
        Ok(Agreement { stills, steps, largest_difference })
    }

    fn analysis_settings(&self) -> AnalysisSettings {
        let Settings { steps_per_second, window_steps, .. } = self.settings;
        AnalysisSettings { steps_per_second: Some(steps_per_second), window_steps }
    }

    /// Of the network that the bundle's scores are of.
    fn scoring(
        &self,
        choice: &NetworkChoice,
        shelf: &NetworkShelf,
        cancel: &CancelToken,
    ) -> Result<Scoring, HandoverError> {
        let wanted = &self.manifest.weights.sha256;
        let known = choice.preset.name() == self.settings.network;
        let network = match known {
            true => Some(shelf.take(choice, cancel).map_err(avar_analysis::AnalysisError::from)?),
            false => None,
        };
        match network.filter(|network| network.digest() == wanted) {
            Some(network) => Ok(Scoring::new(&network, choice, &self.analysis_settings())),
            None => Err(self.differs(format!(
                "its scores are of the weights with SHA-256 {}… for the network {}, which are not these; name them with \
                 --network and --weights",
                short(wanted),
                avar_base::wording::quoted(&self.settings.network)
            ))),
        }
    }

    fn open_media(&self, media: &Path, watch: &Watch) -> Result<OpenedMedia, HandoverError> {
        let (found, expected) = (avar_media::digest(media, watch.cancel())?, &self.manifest.media.sha256);
        if &found != expected {
            return Err(self.differs(format!(
                "it is of another recording: SHA-256 {}… and not {}… is that of {}",
                short(expected),
                short(&found),
                media.display()
            )));
        }
        let part = watch.part(0.0, 0.05);
        let opened = open_track(media, self.settings.audio_stream, watch.cancel(), |fraction| {
            // A wish to stop is heard by the reader itself.
            _ = part.tell(fraction);
        })?;
        let frames = opened.frames.as_ref().map(|frames| frames.len());
        match frames == self.manifest.media.frames {
            true => Ok(opened),
            false => Err(self.differs(format!(
                "it has {} frames, and {} are decoded of the recording{}",
                counted(self.manifest.media.frames),
                counted(frames),
                self.of_other_decoder(&opened)
            ))),
        }
    }

    /// Another FFmpeg may decode otherwise: whoever reads of a difference should know.
    fn of_other_decoder(&self, opened: &OpenedMedia) -> String {
        let (ours, its) = (&opened.info.decoder, &self.manifest.decoder);
        match ours == its {
            true => String::new(),
            false => format!(" (it was made with {}, this is {ours})", avar_base::wording::quoted(its)),
        }
    }

    fn compare_stills(&mut self, opened: &OpenedMedia, watch: &Watch) -> Result<usize, HandoverError> {
        let stills: Vec<RecordedStill> =
            self.events.events.iter().flat_map(|event| event.stills.iter().cloned()).collect();
        let Some(table) = opened.frames.clone() else { return Ok(0) };
        let mut reader = VideoReader::open_cancellable(&opened.info.path, table, watch.cancel())?;
        let mut compared = 0;
        for (done, RecordedStill { frame, picture }) in stills.iter().enumerate() {
            watch.tell(done as f32 / stills.len() as f32)?;
            let decoded = match (reader.seek_exact(FrameIndex(*frame)), picture) {
                (Err(MediaError::FrameDamaged { .. }), StillPicture::Missing(_)) => continue,
                (decoded, _) => decoded?.to_rgb8()?,
            };
            let StillPicture::File(name) = picture else {
                return Err(self.differs(format!(
                    "it has no picture of frame {frame}, which can be decoded{}",
                    self.of_other_decoder(opened)
                )));
            };
            if !is_picture(&self.content(name)?, &decoded) {
                return Err(self.differs(format!(
                    "{name} is not frame {frame} of the recording{}",
                    self.of_other_decoder(opened)
                )));
            }
            compared += 1;
        }
        Ok(compared)
    }

    /// The bundle's scores on the steps of the recording, and the largest difference of one from what was computed now.
    fn compare_scores(&mut self, again: StepScores) -> Result<(StepScores, f32), HandoverError> {
        let told = self.content(SCORES)?;
        let rows = rows_of(&told).map_err(|reason| self.differs(format!("{SCORES} cannot be read ({reason})")))?;
        if rows.len() != again.steps.len() {
            let (rows, steps) = (rows.len(), again.steps.len());
            return Err(self.differs(format!("{SCORES} has {rows} steps, and the recording has {steps}")));
        }
        let mut largest = (0, AnomalyClass::Normal, 0.0_f32);
        let mut scores = again;
        for (step, row) in scores.steps.iter_mut().zip(rows) {
            for class in AnomalyClass::ALL {
                let difference = (step.class_scores.of(class) - row.of(class)).abs();
                if difference > largest.2 {
                    largest = (step.step, class, difference);
                }
            }
            step.class_scores = row;
        }
        let (step, class, difference) = largest;
        if difference > SCORE_TOLERANCE {
            return Err(self.differs(format!(
                "step {step} has another score of {} when it is analysed again, by {difference}, and {SCORE_TOLERANCE} is \
                 allowed",
                class.label()
            )));
        }
        let mut bytes = Vec::new();
        write_scores(&mut bytes, &scores).map_err(|reason| HandoverError::write(reason, &self.path))?;
        match bytes == told {
            true => Ok((scores, difference)),
            false => Err(self.differs(format!("{SCORES} names other frames, times or damage than the recording has"))),
        }
    }

    /// Makes the list of events anew of the bundle's own scores.
    fn compare_events(
        &mut self,
        opened: &OpenedMedia,
        scores: StepScores,
        scoring: Scoring,
    ) -> Result<(), HandoverError> {
        let handover = Handover {
            media: opened.clone(),
            sha256: self.manifest.media.sha256.clone(),
            scores,
            scoring,
            document: None,
            rule: self.settings.threshold_rule,
        };
        let account = handover.account(self.decided.as_ref())?;
        let told = self.content(EVENTS)?;
        let differs = || self.differs(format!("{EVENTS} is not what the scores and the decisions come to"));
        if account.events.len() != self.events.events.len() {
            return Err(differs());
        }
        let mut entries = Vec::new();
        for (event, record) in account.events.iter().zip(&self.events.events) {
            let pictures: Vec<StillPicture> = record.stills.iter().map(|still| still.picture.clone()).collect();
            if !event.is_shown {
                entries.push(EventEntry::new(event, Vec::new(), None));
                continue;
            }
            let moments = handover.moments(event);
            let is_its = |(moment, picture): (&EventMoment, &StillPicture)| match picture {
                StillPicture::File(name) => name == &still_name(event, moment.at),
                StillPicture::Missing(_) => true,
            };
            if pictures.len() != moments.len() || !moments.iter().zip(&pictures).all(is_its) {
                return Err(differs());
            }
            let stills = moments.into_iter().zip(pictures).map(|(moment, picture)| StillEntry::new(moment, picture));
            entries.push(EventEntry::new(event, stills.collect(), Some(format!("{}.svg", figure_name(event)))));
        }
        let events = Events::new(&account, entries);
        let bytes = json(&events).map_err(|reason| HandoverError::write(reason, &self.path))?;
        if bytes == told { Ok(()) } else { Err(differs()) }
    }

    fn content(&mut self, name: &str) -> Result<Vec<u8>, HandoverError> {
        content(&mut self.archive, name, &self.path)
    }

    fn differs(&self, reason: String) -> HandoverError {
        HandoverError::bundle(reason, &self.path)
    }
}

/// A bundle whose bytes are whole, on the way to being understood.
struct Reader<'a> {
    archive: Archive<BufReader<File>>,
    path: &'a Path,
}

impl Reader<'_> {
    fn manifest(&mut self) -> Result<Manifest, HandoverError> {
        let FormatOnly { format, version } = self.record(MANIFEST)?;
        if format != FORMAT {
            return Err(self.refused(Damage::NoBundle.to_string()));
        }
        if version != VERSION {
            let sentence =
                format!("it is of version {version}, and this program knows version {VERSION}; update the program");
            return Err(self.refused(sentence));
        }
        let manifest: Manifest = self.record(MANIFEST)?;
        let entries = self.archive.entries();
        let Some((last, others)) = entries.split_last() else { return Err(self.refused(Damage::NoBundle.to_string())) };
        let listed = manifest.entries.iter();
        let unlike = others.iter().map(EntryDigest::from).zip(listed).find(|(found, listed)| found != *listed);
        if let Some((found, _)) = unlike {
            return Err(self.refused(format!("{} is not what {MANIFEST} says", found.name)));
        }
        match others.len() == manifest.entries.len() && last.name == MANIFEST {
            true => Ok(manifest),
            false => Err(self.refused(format!("{MANIFEST} does not list what the bundle holds"))),
        }
    }

    /// Nothing is missing, and nothing is there that belongs to nothing.
    fn check_names(&self, manifest: &Manifest, events: &Records) -> Result<(), HandoverError> {
        let mut expected = BTreeSet::from([REPORT, EVENTS, SCORES, SETTINGS, RECORDING].map(str::to_owned));
        if manifest.trail.is_some() {
            expected.extend([DOCUMENT, DECISIONS, NOTES].map(str::to_owned));
        }
        for event in &events.events {
            expected.extend(event.stills.iter().filter_map(|still| match &still.picture {
                StillPicture::File(name) => Some(name.clone()),
                StillPicture::Missing(_) => None,
            }));
            if let Some(figure) = &event.figure {
                expected.extend([figure.clone(), figure.replace(".svg", ".csv")]);
            }
        }
        let found: BTreeSet<String> =
            manifest.entries.iter().map(|entry| entry.name.clone()).filter(|name| name != CARD).collect();
        if let Some(missing) = expected.difference(&found).next() {
            return Err(self.refused(format!("{} is missing from it", avar_base::wording::quoted(missing))));
        }
        match found.difference(&expected).next() {
            Some(more) => Err(self.refused(format!("{more} belongs to nothing in it"))),
            None => Ok(()),
        }
    }

    /// The document, if it is whole and the records say what it says.
    fn decided(&mut self, manifest: &Manifest) -> Result<Option<Decided>, HandoverError> {
        let Some(stated) = &manifest.trail else { return Ok(None) };
        let bytes = content(&mut self.archive, DOCUMENT, self.path)?;
        let trail = verify_bytes(&bytes, &self.path.join(DOCUMENT))?;
        if &TrailEntry::of(&trail) != stated {
            return Err(self.refused(format!("{DOCUMENT} ends with another line than {MANIFEST} says")));
        }
        let state = trail.history.state();
        if state.media.sha256 != manifest.media.sha256 || state.scored_by.weights_sha256 != manifest.weights.sha256 {
            return Err(self.refused(format!("{DOCUMENT} is of another recording, or of other weights")));
        }
        let expected = [(DECISIONS, json(&Decisions::new(&trail))), (NOTES, json(&Notes::new(state)))];
        for (name, record) in expected {
            let record = record.map_err(|reason| HandoverError::write(reason, self.path))?;
            if content(&mut self.archive, name, self.path)? != record {
                return Err(self.refused(format!("{name} does not say what {DOCUMENT} says")));
            }
        }
        Ok(Some(Decided { bytes, trail }))
    }

    fn record<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, HandoverError> {
        let bytes = content(&mut self.archive, name, self.path)?;
        serde_json::from_slice(&bytes).map_err(|error| {
            let reason = avar_base::wording::quoted(&error.to_string());
            self.refused(format!("{name} cannot be understood ({reason})"))
        })
    }

    fn refused(&self, reason: String) -> HandoverError {
        HandoverError::bundle(reason, self.path)
    }
}

fn content(archive: &mut Archive<BufReader<File>>, name: &str, path: &Path) -> Result<Vec<u8>, HandoverError> {
    let found = archive.content(name, MOST_RECORD_BYTES).map_err(|damage| HandoverError::damage(damage, path))?;
    found.ok_or_else(|| HandoverError::bundle(format!("{name} is missing from it, or too large"), path))
}

/// Whether the bytes are a PNG file of exactly this picture; one of another size is not decoded.
fn is_picture(png: &[u8], picture: &RgbImage) -> bool {
    let Ok(decoder) = PngDecoder::new(Cursor::new(png)) else { return false };
    let is_alike =
        decoder.dimensions() == (picture.width_px, picture.height_px) && decoder.color_type() == ColorType::Rgb8;
    if !is_alike {
        return false;
    }
    let mut bytes = vec![0; picture.bytes.len()];
    decoder.read_image(&mut bytes).is_ok() && bytes == picture.bytes
}

/// The class scores of a table; what else a row says is compared as text.
fn rows_of(table: &[u8]) -> Result<Vec<ClassScores>, String> {
    let mut reader = csv::Reader::from_reader(table);
    let scores = |row: csv::StringRecord| {
        let mut scores = [0.0; CLASS_COUNT];
        for (class, score) in scores.iter_mut().enumerate() {
            let text = row.get(4 + class).unwrap_or_default();
            let number = text.parse().ok().filter(|number: &f32| number.is_finite());
            *score = number.ok_or_else(|| format!("{} is no score", avar_base::wording::quoted(text)))?;
        }
        Ok(ClassScores(scores))
    };
    reader.records().map(|row| row.map_err(|error| error.to_string()).and_then(scores)).collect()
}

fn counted(frames: Option<usize>) -> String {
    frames.map_or_else(|| "no".to_owned(), |frames| frames.to_string())
}

fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}
