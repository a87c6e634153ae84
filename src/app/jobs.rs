//! The desk's background jobs: at most one of each kind, each for one recording.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::comparison::{Compared, Comparison, is_review};
use super::evaluate::state::Slot;
use super::sample_path;
use super::state::{RecordingId, Wanted, file_name};
use avar_analysis::{
    Account, AnalysisJob, AnalysisPartial, AnalysisSettings, AnalysisSpec, JournalPlace, NetworkChoice, NetworkShelf,
    spawn_analysis,
};
use avar_base::job::{Job, JobEvent, Stopped, Wake, drain};
use avar_base::time::FrameIndex;
use avar_dataset::{Corrected, Recordings, is_manifest, recordings, write_corrected};
use avar_export::{self, Export, ExportJob, ExportSettings};
use avar_handover::annotations::timeline_of;
use avar_handover::{
    Burn, ClipJob, FrameFacts, Handover, HandoverJob, Manifest as BundleManifest, Word, save_still, still,
};
use avar_interchange::{Annotations, Format, Subject, is_annotations, write_file};
use avar_labels::AnomalyClass;
use avar_media::{
    self, AudioInfo, IngestReport, OpenedMedia, Opening, RgbImage, VideoFrame, WaveformPyramid, build_waveform,
    open_growing,
};
use avar_metrics::runs::{Run, is_run};
use avar_scoring::{EvaluationSpec, spawn_evaluation};

/// An indexed file with the report on it.
pub type Opened = (OpenedMedia, Box<IngestReport>);
type OpeningJob = Job<OpenedMedia, Opened>;
type WaveformJob = Job<Arc<WaveformPyramid>, Arc<WaveformPyramid>>;

/// Where paths are to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    Review,
    /// Beside the run that is open there.
    Evaluate,
    Slot(Slot),
}

/// What there is at some paths.
#[derive(Default)]
pub struct Found {
    pub paths: Vec<Sorted>,
    /// What was passed over in folders, a sentence each.
    pub notes: Vec<String>,
}

/// A path that is to be opened, and what there is.
pub struct Sorted {
    pub path: PathBuf,
    pub kind: PathKind,
}

pub enum PathKind {
    /// The folder of a run.
    Run,
    /// A file that begins as a manifest does; its run is to go to this folder.
    Manifest { run: PathBuf },
    /// Somebody's review, of this recording: the first place that its recording is at.
    Review { recording: Option<PathBuf> },
    /// Annotations in a format of another program; should they be meant for a manifest, their run is to go to this folder.
    Annotations { run: PathBuf },
    /// Another file; should it be meant for a manifest all the same, its run is to go to this folder.
    File { run: PathBuf },
    /// A folder that is no run, something else, or nothing.
    Other,
}

/// News from a job.
pub enum Report {
    Sorted(Destination, Found),
    /// Partial: a long file as far as it has been indexed.
    Opening(RecordingId, JobEvent<OpenedMedia, Opened>),
    /// SHA-256 of the file.
    Digest(RecordingId, JobEvent<(), String>),
    Waveform(RecordingId, JobEvent<Arc<WaveformPyramid>, Arc<WaveformPyramid>>),
    Analysis(RecordingId, JobEvent<AnalysisPartial, Account>),
    Chosen(Vec<PathBuf>),
    /// The folder of a run.
    ChosenRun(Slot, PathBuf),
    ChosenManifest(Manifest),
    ChosenReviewFolder(PathBuf),
    /// The system has no dialog to choose this with.
    NoDialog(Wanted),
    /// It ends with the folder of a run.
    Evaluation(JobEvent<(), PathBuf>),
    /// What a manifest with corrected labels became, or one sentence.
    Corrected(Result<Corrected, String>),
    /// Partial: a sentence on what it does without. It ends with what was written.
    Export(Export, JobEvent<String, Vec<PathBuf>>),
    /// Partial: a sentence on what it does without. It ends once the bundle is written.
    Bundle(PathBuf, JobEvent<String, BundleManifest>),
    /// It ends with where the clip lies.
    Clip(JobEvent<(), PathBuf>),
    /// A frame, or one sentence.
    Still(Result<Still, String>),
    /// Where annotations were written, with remarks; or one sentence.
    Annotations(Result<(PathBuf, Vec<String>), String>),
    /// What events are compared with, or one sentence.
    Comparison(RecordingId, Result<Box<Comparison>, String>),
    /// The last lines of the log, or one sentence.
    Log(Result<String, String>),
    /// One sentence.
    Problem(String),
}

/// What became of a frame.
pub enum Still {
    Saved(PathBuf),
    ToCopy(RgbImage),
}

/// A manifest that is to be evaluated.
pub struct Manifest {
    pub path: PathBuf,
    /// The folder for its run.
    pub run: PathBuf,
}

/// Of a dialog.
enum Answer<T> {
    Chosen(T),
    Cancelled,
    NoDialog,
}

impl<T> Answer<T> {
    /// A dialog that answers sooner than a person can read it was never there.
    const SOONEST: Duration = Duration::from_millis(250);

    fn of(ask: impl FnOnce() -> Option<T>) -> Self {
        let asked = Instant::now();
        Self::after(ask(), asked.elapsed())
    }

    fn after(chosen: Option<T>, waited: Duration) -> Self {
        match chosen {
            Some(chosen) => Self::Chosen(chosen),
            None if waited < Self::SOONEST => Self::NoDialog,
            None => Self::Cancelled,
        }
    }

    fn report(self, wanted: Wanted, chosen: impl FnOnce(T) -> Report) -> Option<Report> {
        match self {
            Self::Chosen(paths) => Some(chosen(paths)),
            Self::Cancelled => None,
            Self::NoDialog => Some(Report::NoDialog(wanted)),
        }
    }
}

pub struct Jobs {
    wake: Wake,
    shelf: Arc<NetworkShelf>,
    /// The folder in which scores are kept while they are computed, and after.
    journals: Option<PathBuf>,
    /// In the order in which they were asked for, which is that in which they are told.
    sorting: VecDeque<(Destination, Job<(), Found>)>,
    opening: Option<(RecordingId, OpeningJob)>,
    digest: Option<(RecordingId, Job<(), String>)>,
    waveform: Option<(RecordingId, WaveformJob)>,
    analysis: Option<(RecordingId, AnalysisJob)>,
    dialog: Option<Job<(), Answer<Vec<PathBuf>>>>,
    run_dialog: Option<(Slot, Job<(), Answer<PathBuf>>)>,
    manifest_dialog: Option<Job<(), Answer<Manifest>>>,
    review_dialog: Option<Job<(), Answer<PathBuf>>>,
    evaluation: Option<Job<(), PathBuf>>,
    correcting: Option<Job<(), Corrected>>,
    export: Option<(Export, ExportJob)>,
    log: Option<Job<(), String>>,
    bundle: Option<(PathBuf, HandoverJob)>,
    clip: Option<ClipJob>,
    still: Option<Job<(), Still>>,
    annotations: Option<Job<(), (PathBuf, Vec<String>)>>,
    comparison: Option<(RecordingId, Job<(), Box<Comparison>>)>,
    problems: Vec<String>,
}

impl Jobs {
    pub fn new(journals: Option<PathBuf>, wake: Wake) -> Self {
        Self {
            wake,
            journals,
            shelf: Arc::new(NetworkShelf::default()),
            sorting: VecDeque::new(),
            opening: None,
            digest: None,
            waveform: None,
            analysis: None,
            dialog: None,
            run_dialog: None,
            manifest_dialog: None,
            review_dialog: None,
            evaluation: None,
            correcting: None,
            export: None,
            log: None,
            bundle: None,
            clip: None,
            still: None,
            annotations: None,
            comparison: None,
            problems: Vec::new(),
        }
    }

    pub fn is_opening(&self) -> bool {
        self.opening.is_some()
    }

    pub fn is_analysing(&self) -> bool {
        self.analysis.is_some()
    }

    pub fn is_reading_waveform(&self) -> bool {
        self.waveform.is_some()
    }

    pub fn is_digesting(&self) -> bool {
        self.digest.is_some()
    }

    pub fn is_sorting(&self) -> bool {
        !self.sorting.is_empty()
    }

    /// Looks up what there is at each path, since a disk or a network drive may take its time. For Review, a folder
    /// stands for the recordings in it and below it.
    pub fn sort(&mut self, destination: Destination, paths: Vec<PathBuf>) {
        self.sort_found(destination, move || Ok(paths));
    }

    /// Unpacks the sample incident, to be opened in Review.
    pub fn unpack_sample(&mut self) {
        let unpack = || sample_path().map_err(|error| format!("The sample cannot be unpacked: {error:#}"));
        self.sort_found(Destination::Review, move || Ok(vec![unpack()?]));
    }

    fn sort_found(
        &mut self,
        destination: Destination,
        find: impl FnOnce() -> Result<Vec<PathBuf>, String> + Send + 'static,
    ) {
        let job = Job::spawn("sort", self.wake.clone(), move |_| {
            let mut found = Found::default();
            for path in find().map_err(Stopped::Failed)? {
                found.add(path, destination);
            }
            Ok(found)
        });
        if let Some(job) = self.started(job) {
            self.sorting.push_back((destination, job));
        }
    }

    /// Probes a file, indexes its frames and reports on both.
    pub fn open(&mut self, id: RecordingId, path: PathBuf, audio_track: Option<usize>) {
        let job = Job::spawn("open", self.wake.clone(), move |reporter| {
            let opened = open_growing(&path, audio_track, reporter.cancel_token(), |news| match news {
                Opening::Progress(fraction) => reporter.progress(fraction),
                Opening::Begun(media) => reporter.partial(media),
            });
            reporter.check()?;
            let media = opened.map_err(|error| Stopped::Failed(error.to_string()))?;
            let report = Box::new(IngestReport::new(&media));
            Ok((media, report))
        });
        self.opening = self.started(job).map(|job| (id, job));
    }

    /// Reads the whole file.
    pub fn digest(&mut self, id: RecordingId, path: PathBuf) {
        let job = Job::spawn("digest", self.wake.clone(), move |reporter| {
            let digest = avar_media::digest(&path, reporter.cancel_token());
            reporter.check()?;
            digest.map_err(|error| Stopped::Failed(error.to_string()))
        });
        self.digest = self.started(job).map(|job| (id, job));
    }

    /// Replaces the waveform that is being read, if any.
    pub fn read_waveform(&mut self, id: RecordingId, path: PathBuf, audio: AudioInfo) {
        let job = Job::spawn("waveform", self.wake.clone(), move |reporter| {
            let waveform =
                build_waveform(&path, Some(&audio), reporter.cancel_token(), |partial| reporter.partial(partial));
            reporter.check()?;
            waveform.map(Arc::new).map_err(|error| Stopped::Failed(error.to_string()))
        });
        self.waveform = self.started(job).map(|job| (id, job));
    }

    /// `afresh`: whatever has been kept of an earlier analysis.
    pub fn analyse(&mut self, id: RecordingId, media: OpenedMedia, network: NetworkChoice, afresh: bool) {
        let OpenedMedia { info, frames } = media;
        let journal = self.journals.clone().map(|folder| JournalPlace { folder, afresh });
        let spec = AnalysisSpec { info, frames, network, settings: AnalysisSettings::default(), journal };
        let job = spawn_analysis(spec, self.shelf.clone(), self.wake.clone());
        self.analysis = self.started(job).map(|job| (id, job));
    }

    /// The recording that is being analysed, if its scores are kept, so that it goes on later where it is stopped now.
    pub fn analysing_resumably(&self) -> Option<RecordingId> {
        self.analysis.as_ref().filter(|_| self.journals.is_some()).map(|(id, _)| *id)
    }

    pub fn cancel_analysis(&self) {
        if let Some((_, job)) = &self.analysis {
            job.cancel();
        }
    }

    /// Stops whatever works for this recording; what it says from now on is dropped.
    pub fn forget(&mut self, id: RecordingId) {
        self.opening.take_if(|(of, _)| *of == id);
        self.digest.take_if(|(of, _)| *of == id);
        self.forget_waveform(id);
        self.analysis.take_if(|(of, _)| *of == id);
    }

    /// As [`Self::forget`], of the waveform alone.
    pub fn forget_waveform(&mut self, id: RecordingId) {
        self.waveform.take_if(|(of, _)| *of == id);
    }

    /// The system's dialog waits on a thread of its own. Without a portal or `zenity` it answers like a cancel.
    pub fn choose_files(&mut self) {
        if self.dialog.is_none() {
            let job = Job::spawn("dialog", self.wake.clone(), |_| {
                Ok(Answer::of(|| rfd::FileDialog::new().set_title("Open recordings").pick_files()))
            });
            self.dialog = self.started(job);
        }
    }

    /// As [`Jobs::choose_files`], for the folder of a run.
    pub fn choose_run(&mut self, slot: Slot) {
        if self.run_dialog.is_none() {
            let job = Job::spawn("dialog", self.wake.clone(), |_| {
                Ok(Answer::of(|| rfd::FileDialog::new().set_title("Open the folder of a run").pick_folder()))
            });
            self.run_dialog = self.started(job).map(|job| (slot, job));
        }
    }

    /// As [`Jobs::choose_files`], for the folder of reviews whose recordings lie where nothing can be written.
    pub fn choose_review_folder(&mut self) {
        if self.review_dialog.is_none() {
            let job = Job::spawn("dialog", self.wake.clone(), |_| {
                let dialog = rfd::FileDialog::new().set_title("Keep the review in this folder");
                Ok(Answer::of(|| dialog.pick_folder()))
            });
            self.review_dialog = self.started(job);
        }
    }

    /// As [`Jobs::choose_files`], for a manifest.
    pub fn choose_manifest(&mut self) {
        if self.manifest_dialog.is_none() {
            let job = Job::spawn("dialog", self.wake.clone(), |_| {
                let dialog = rfd::FileDialog::new().set_title("Evaluate the network on a manifest");
                let ask = || dialog.add_filter("manifest", &["csv"]).pick_file();
                Ok(Answer::of(|| ask().map(|path| Manifest { run: run_folder(&path), path })))
            });
            self.manifest_dialog = self.started(job);
        }
    }

    pub fn is_evaluating(&self) -> bool {
        self.evaluation.is_some()
    }

    pub fn evaluate(&mut self, spec: EvaluationSpec) {
        let job = spawn_evaluation(spec, self.shelf.clone(), self.wake.clone());
        self.evaluation = self.started(job);
    }

    pub fn cancel_evaluation(&self) {
        if let Some(job) = &self.evaluation {
            job.cancel();
        }
    }

    /// Draws a figure, a table or the report of a run into a file.
    pub fn save_export(&mut self, run: Arc<Run>, export: Export, settings: ExportSettings, out: PathBuf) {
        let job = avar_export::spawn(run, export, settings, out, self.wake.clone());
        self.export = self.started(job).map(|job| (export, job));
    }

    pub fn is_saving_export(&self) -> bool {
        self.export.is_some()
    }

    pub fn cancel_export(&self) {
        if let Some((_, job)) = &self.export {
            job.cancel();
        }
    }

    pub fn is_handing_over(&self) -> bool {
        self.bundle.is_some() || self.clip.is_some() || self.annotations.is_some() || self.still.is_some()
    }

    pub fn write_bundle(&mut self, handover: Handover, out: PathBuf) {
        let job = avar_handover::spawn(handover, out.clone(), self.wake.clone());
        self.bundle = self.started(job).map(|job| (out, job));
    }

    pub fn write_clip(&mut self, media: OpenedMedia, stretch: Range<FrameIndex>, burn: Burn, out: PathBuf) {
        let job = avar_handover::clip::spawn(media, stretch, burn, out, self.wake.clone());
        self.clip = self.started(job);
    }

    /// Of the bundle or the clip.
    pub fn cancel_writing(&self) {
        self.bundle.iter().for_each(|(_, job)| job.cancel());
        self.clip.iter().for_each(Job::cancel);
    }

    /// Writes a frame as a picture, with these words of it where there are any.
    pub(super) fn save_still(&mut self, frame: VideoFrame, told: Option<FrameFacts>, out: PathBuf) {
        self.make_still(move || {
            let told = told.as_ref().map(|facts| (facts, &Word::ALL[..]));
            save_still(&frame, told, &out).map(|()| Still::Saved(out)).map_err(|error| error.to_string())
        });
    }

    /// Makes a picture of a frame, for the clipboard.
    pub(super) fn copy_still(&mut self, frame: VideoFrame) {
        self.make_still(move || still(&frame, None).map(Still::ToCopy).map_err(|error| error.to_string()));
    }

    /// One at a time: a key that repeats would fill the disk.
    fn make_still(&mut self, make: impl FnOnce() -> Result<Still, String> + Send + 'static) {
        if self.still.is_none() {
            let job = Job::spawn("still", self.wake.clone(), move |_| make().map_err(Stopped::Failed));
            self.still = self.started(job);
        }
    }

    /// Writes what `make` gives for the frames of `media`, with its remarks.
    pub(super) fn write_annotations(
        &mut self,
        media: OpenedMedia,
        format: Format,
        out: PathBuf,
        make: impl FnOnce(&Subject) -> (Annotations, Vec<String>) + Send + 'static,
    ) {
        let job = Job::spawn("annotations", self.wake.clone(), move |_| {
            let path = &media.info.path;
            let no_frames = || {
                Stopped::Failed(format!("Annotations are of frames, and this recording has none: {}", path.display()))
            };
            let timeline = timeline_of(&media).ok_or_else(no_frames)?;
            let name = file_name(path);
            let (annotations, mut remarks) = make(&Subject { name: &name, timeline: &timeline });
            let written = write_file(&out, format, &annotations, &timeline);
            remarks.extend(written.map_err(|error| Stopped::Failed(error.to_string()))?);
            Ok((out, remarks))
        });
        self.annotations = self.started(job);
    }

    pub fn is_comparing(&self) -> bool {
        self.comparison.is_some()
    }

    /// Reads what the events of a recording are to be compared with; replaces what is being read, if anything.
    pub(super) fn compare(&mut self, id: RecordingId, path: PathBuf, with: Compared) {
        let job = Job::spawn("compare", self.wake.clone(), move |_| {
            Comparison::read(&path, &with).map(Box::new).map_err(Stopped::Failed)
        });
        self.comparison = self.started(job).map(|job| (id, job));
    }

    pub fn is_reading_log(&self) -> bool {
        self.log.is_some()
    }

    /// Reads the last lines of the log at `path`.
    pub fn read_log(&mut self, path: PathBuf) {
        if self.log.is_none() {
            let job = Job::spawn("read log", self.wake.clone(), move |_| {
                let failed = |error| Stopped::Failed(format!("The log cannot be read ({error}): {}", path.display()));
                avar_log::tail(&path, LOG_TAIL_BYTES).map_err(failed)
            });
            self.log = self.started(job);
        }
    }

    /// Writes a manifest with corrected labels beside the old one.
    pub fn correct(&mut self, manifest: PathBuf, corrections: Vec<(String, AnomalyClass)>) {
        if self.correcting.is_none() {
            let job = Job::spawn("correct", self.wake.clone(), move |_| {
                write_corrected(&manifest, &corrections).map_err(|error| Stopped::Failed(error.to_string()))
            });
            self.correcting = self.started(job);
        }
    }

    pub fn poll(&mut self) -> Vec<Report> {
        let mut reports: Vec<Report> = self.problems.drain(..).map(Report::Problem).collect();
        while let Some((destination, job)) = self.sorting.front_mut() {
            let sorted = |paths| Report::Sorted(*destination, paths);
            while let Some(event) = job.try_next() {
                reports.extend(outcome(event).map(|answer| answer.map_or_else(Report::Problem, sorted)));
            }
            if !job.has_ended() {
                break;
            }
            self.sorting.pop_front();
        }
        poll_slot(&mut self.opening, |id, event| reports.push(Report::Opening(id, event)));
        poll_slot(&mut self.digest, |id, event| reports.push(Report::Digest(id, event)));
        poll_slot(&mut self.waveform, |id, event| reports.push(Report::Waveform(id, event)));
        poll_slot(&mut self.analysis, |id, event| reports.push(Report::Analysis(id, event)));
        drain(&mut self.dialog, |event| {
            let chosen = |answer: Answer<_>| answer.report(Wanted::Recordings, Report::Chosen);
            reports.extend(outcome(event).and_then(|answer| answer.map_or_else(problem, chosen)));
        });
        poll_slot(&mut self.run_dialog, |slot, event| {
            let chosen = |answer: Answer<_>| answer.report(Wanted::Run(slot), |folder| Report::ChosenRun(slot, folder));
            reports.extend(outcome(event).and_then(|answer| answer.map_or_else(problem, chosen)));
        });
        drain(&mut self.manifest_dialog, |event| {
            let chosen = |answer: Answer<_>| answer.report(Wanted::Manifest, Report::ChosenManifest);
            reports.extend(outcome(event).and_then(|answer| answer.map_or_else(problem, chosen)));
        });
        drain(&mut self.review_dialog, |event| {
            let chosen = |answer: Answer<_>| answer.report(Wanted::ReviewFolder, Report::ChosenReviewFolder);
            reports.extend(outcome(event).and_then(|answer| answer.map_or_else(problem, chosen)));
        });
        drain(&mut self.evaluation, |event| reports.push(Report::Evaluation(event)));
        poll_slot(&mut self.export, |export, event| reports.push(Report::Export(export, event)));
        drain(&mut self.log, |event| reports.extend(outcome(event).map(Report::Log)));
        while let Some((out, job)) = &mut self.bundle {
            let Some(event) = job.try_next() else { break };
            reports.push(Report::Bundle(out.clone(), event));
        }
        self.bundle.take_if(|(_, job)| job.has_ended());
        drain(&mut self.clip, |event| reports.push(Report::Clip(event)));
        drain(&mut self.still, |event| reports.extend(outcome(event).map(Report::Still)));
        drain(&mut self.annotations, |event| reports.extend(outcome(event).map(Report::Annotations)));
        poll_slot(&mut self.comparison, |id, event| {
            reports.extend(outcome(event).map(|read| Report::Comparison(id, read)));
        });
        drain(&mut self.correcting, |event| reports.extend(outcome(event).map(Report::Corrected)));
        reports
    }

    fn started<T>(&mut self, job: std::io::Result<T>) -> Option<T> {
        job.map_err(|error| self.problems.push(format!("The system starts no more threads ({error})."))).ok()
    }
}

/// More lines than anybody reads in a window.
const LOG_TAIL_BYTES: usize = 32 << 10;

impl Found {
    fn add(&mut self, path: PathBuf, destination: Destination) {
        // One file has one name here, however it was typed.
        let path = std::path::absolute(&path).unwrap_or(path);
        let kind = kind_of(&path);
        if matches!((&kind, destination), (PathKind::Other, Destination::Review)) && path.is_dir() {
            // A folder without any is perhaps a numbered sequence of pictures, and is opened as such.
            if let Ok(Recordings { files, notes }) = recordings(&path) {
                if !notes.is_empty() {
                    self.notes.push(format!("In the folder {}: {}.", file_name(&path), notes.join("; ")));
                }
                let files = files.into_iter().map(|file| path.join(file));
                self.paths.extend(files.map(|path| Sorted { kind: kind_of(&path), path }));
                return;
            }
        }
        self.paths.push(Sorted { path, kind });
    }
}

fn kind_of(path: &Path) -> PathKind {
    match path {
        _ if is_run(path) => PathKind::Run,
        _ if is_review(path) && path.is_file() => PathKind::Review { recording: recording_of(path) },
        _ if is_manifest(path) => PathKind::Manifest { run: run_folder(path) },
        _ if is_annotations(path) => PathKind::Annotations { run: run_folder(path) },
        _ if path.is_file() => PathKind::File { run: run_folder(path) },
        _ => PathKind::Other,
    }
}

/// Where the recording of a review lies now. Whether it is the one is seen once it is open: its digest is compared.
fn recording_of(review: &Path) -> Option<PathBuf> {
    let trail = avar_review::verify(review).ok()?;
    let places = trail.history.state().media.places(review);
    places.into_iter().find(|place| place.is_file()).map(|place| std::path::absolute(&place).unwrap_or(place))
}

/// `NAME.run` beside the manifest, `NAME.run-2` where that is taken: no run is written over another.
fn run_folder(manifest: &Path) -> PathBuf {
    let name = |number: usize| match number {
        1 => manifest.with_extension("run"),
        _ => manifest.with_extension(format!("run-{number}")),
    };
    (1..).map(name).find(|folder| !folder.exists()).unwrap_or_else(|| name(1))
}

fn poll_slot<K: Copy, P: Send + 'static, T: Send + 'static>(
    slot: &mut Option<(K, Job<P, T>)>,
    mut report: impl FnMut(K, JobEvent<P, T>),
) {
    while let Some((of, job)) = slot {
        match job.try_next() {
            Some(event) => report(*of, event),
            None => break,
        }
    }
    slot.take_if(|(_, job)| job.has_ended());
}

/// How a job ended, of one whose progress is not shown: what it found, or one sentence.
fn outcome<T>(event: JobEvent<(), T>) -> Option<Result<T, String>> {
    match event {
        JobEvent::Done(found) => Some(Ok(found)),
        JobEvent::Failed(sentence) => Some(Err(sentence)),
        JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => None,
    }
}

fn problem(sentence: String) -> Option<Report> {
    Some(Report::Problem(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dialog_that_is_closed_before_it_can_be_seen_is_none() {
        let soon =
            Answer::after(None::<Manifest>, Duration::from_millis(5)).report(Wanted::Manifest, Report::ChosenManifest);
        assert!(matches!(soon, Some(Report::NoDialog(Wanted::Manifest))));
        let late =
            Answer::after(None::<Manifest>, Duration::from_secs(2)).report(Wanted::Manifest, Report::ChosenManifest);
        assert!(late.is_none());
    }
}
