//! The pipeline: media and a network in, step scores out, as a job.
//!
//! It goes through the file once, in blocks of one sound chunk: frames and samples of the block, their
//! features, then every window of the temporal head that has become complete. Scores leave as soon as no
//! later window can change them, so the curve grows while the rest is computed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, info_span};

use super::audio::steps_per_chunk;
use super::error::AnalysisError;
use super::features::{FeatureStreams, HeadOutput, Spent, StepFeatures, plan};
use super::journal::{Journal, JournalPlace, KeptStep};
use super::levels::Levels;
use super::network::{NetworkChoice, NetworkShelf};
use super::scores::{PictureDamage, StepFrame, StepScore, StepScores};
use super::step_grid::{DEFAULT_STEPS_PER_SECOND, StepGrid};
use super::windows::WindowMean;
use avar_base::job::{CancelToken, Job, Wake};
use avar_base::time::FrameIndex;
use avar_labels::{Evidence, Modalities};
use avar_media::{AudioFaults, FrameTable, MediaInfo};
use avar_model::AvarNet;

/// Sequence length T: six seconds at four steps a second. The paper's 10 would be two and a half, less than most events
/// take.
pub const WINDOW_STEPS: usize = 24;

/// What scores depend on beside the recording and the network.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalysisSettings {
    /// `None`: as many as the network was trained with, if its card says so, and else
    /// [`DEFAULT_STEPS_PER_SECOND`].
    pub steps_per_second: Option<f64>,
    /// Sequence length T of the temporal head; a shorter file is one sequence of its own length.
    pub window_steps: usize,
}

impl Default for AnalysisSettings {
    fn default() -> Self {
        Self { steps_per_second: None, window_steps: WINDOW_STEPS }
    }
}

/// What to analyse, and with what.
#[derive(Clone)]
pub struct AnalysisSpec {
    /// The recording and what its headers say.
    pub info: Arc<MediaInfo>,
    /// `None` in a file without a picture.
    pub frames: Option<Arc<FrameTable>>,
    /// Taken from the shelf, or loaded.
    pub network: NetworkChoice,
    /// Steps a second and sequence length.
    pub settings: AnalysisSettings,
    /// Where scores are kept, so that an analysis that is interrupted goes on from them; `None`: nowhere.
    pub journal: Option<JournalPlace>,
}

/// A finished analysis.
#[derive(Clone)]
pub struct Analysis {
    /// Of every step of the grid.
    pub scores: StepScores,
    /// Grid, network, timings and notes.
    pub account: Account,
}

/// What is known of a finished analysis beside its scores.
#[derive(Clone)]
pub struct Account {
    /// The steps that were scored.
    pub grid: StepGrid,
    /// What the network was given of the file.
    pub modalities: Modalities,
    /// The one that gave the scores; it knows its provenance, digest and card.
    pub network: Arc<AvarNet>,
    /// Of this run: steps taken over from an earlier one took none.
    pub timings: Timings,
    /// Of what was computed now, and not taken over from an earlier run.
    pub traits: Box<Traits>,
    /// What a reader of the scores should know about the file.
    pub notes: Vec<String>,
}

/// What a recording is like, as far as it was read.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// How loud and how bright it is.
    pub levels: Levels,
    /// Mean over the steps of what the temporal head was given, picture before sound; zeros for what the file lacks.
    pub mean_features: Vec<f32>,
}

/// Wall time of the parts, which run one after another.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings {
    /// Next to none where the shelf has the network.
    pub load_weights: Duration,
    /// Reading and decoding both streams, scaling of pictures included.
    pub decode: Duration,
    /// Picture encoder, motion included.
    pub picture_network: Duration,
    /// Sound encoder, normalising of the samples included.
    pub audio_network: Duration,
    /// Fusion and temporal head on every window, and the means over the windows.
    pub temporal_head: Duration,
    /// From the beginning to the last score; more than the sum of the parts, as opening the file is none of them.
    pub total: Duration,
    /// Seconds of the recording that took this long; the others were known from an earlier run.
    pub analysed_s: f64,
}

/// What arrives while the job runs, in this order: the grid and the network once, then steps.
#[allow(missing_docs, reason = "the line above a variant says what its fields are")]
pub enum AnalysisPartial {
    /// The network is loaded and the steps are known; of these, the first `known_steps` come from an earlier run.
    Started { grid: StepGrid, modalities: Modalities, network: Arc<AvarNet>, known_steps: usize },
    /// The next steps whose scores are final, in order; may be none. Those that an earlier run has computed come first.
    Steps(Vec<StepScore>),
}

/// Hands all scores out while it runs, and keeps none: a recording of ten hours has 15 MB of them.
pub type AnalysisJob = Job<AnalysisPartial, Account>;

/// Analyses on a thread of its own; networks are taken from `shelf`, and put there for the next file.
pub fn spawn_analysis(spec: AnalysisSpec, shelf: Arc<NetworkShelf>, wake: Wake) -> std::io::Result<AnalysisJob> {
    Job::spawn("analysis", wake, move |reporter| {
        let mut done_steps = 0;
        let mut all_steps = 0;
        let listen = |partial: AnalysisPartial| {
            match &partial {
                AnalysisPartial::Started { grid, known_steps, .. } => {
                    all_steps = grid.len();
                    reporter.begins_at(*known_steps as f32 / all_steps.max(1) as f32);
                }
                AnalysisPartial::Steps(steps) => done_steps += steps.len(),
            }
            reporter.partial(partial);
            reporter.progress(done_steps as f32 / all_steps.max(1) as f32);
        };
        Ok(analyse_in_parts(&spec, &shelf, reporter.cancel_token(), listen)?)
    })
}

/// Analyses here and now, handing partial results to `listen` as well.
pub fn analyse(
    spec: &AnalysisSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    mut listen: impl FnMut(&AnalysisPartial),
) -> Result<Analysis, AnalysisError> {
    let mut steps = Vec::new();
    let account = analyse_in_parts(spec, shelf, cancel, |partial| {
        listen(&partial);
        if let AnalysisPartial::Steps(part) = partial {
            steps.extend(part);
        }
    })?;
    let Account { grid, modalities, .. } = account;
    Ok(Analysis { scores: StepScores { grid, modalities, steps }, account })
}

/// Analyses here and now, handing the scores to `listen`.
fn analyse_in_parts(
    spec: &AnalysisSpec,
    shelf: &NetworkShelf,
    cancel: &CancelToken,
    mut listen: impl FnMut(AnalysisPartial),
) -> Result<Account, AnalysisError> {
    let _span = info_span!("analyse", path = ?spec.info.path).entered();
    let started = Instant::now();
    let network = shelf.take(&spec.network, cancel)?;
    let load_weights = started.elapsed();
    let trained_with = network.card().map_or(DEFAULT_STEPS_PER_SECOND, |card| card.steps_per_second);
    let steps_per_second = spec.settings.steps_per_second.unwrap_or(trained_with);
    let (grid, modalities) = plan(&spec.info, spec.frames.as_deref(), steps_per_second)?;
    let (mut pass, known) = Pass::resume(spec, network.clone(), grid, modalities);
    listen(AnalysisPartial::Started { grid, modalities, network, known_steps: known.len() });
    pass.timings.load_weights = load_weights;
    if !known.is_empty() {
        listen(AnalysisPartial::Steps(known));
    }
    let first = pass.features.end();
    if first < grid.len() {
        let mut streams = FeatureStreams::open(&spec.info, spec.frames.as_ref(), &pass.network, grid, first, cancel)?;
        while pass.features.end() < grid.len() {
            listen(AnalysisPartial::Steps(pass.score_chunk(&mut streams, cancel)?));
        }
        pass.take_account_of(&streams, grid.len() - first);
    } else if let Some(audio) = &spec.info.audio {
        // The kept scores say nothing of it, and reading the audio takes a thousandth of the time that it lasts.
        pass.audio_faults = AudioFaults::scan(&spec.info.path, Some(audio), cancel)?;
    }
    Ok(pass.finish(spec, started))
}

/// One analysis on its way through a recording, chunk by chunk.
struct Pass {
    network: Arc<AvarNet>,
    grid: StepGrid,
    modalities: Modalities,
    journal: Option<Journal>,
    /// Steps that an earlier run had computed.
    taken_over: usize,
    /// Steps whose scores are final.
    done: usize,
    silent_steps: usize,
    damaged: DamagedSteps,
    has_pictures: bool,
    features: StepFeatures,
    /// Sums over the steps of what the temporal head is given.
    feature_sums: Vec<f64>,
    mean: WindowMean<HeadOutput>,
    audio_faults: AudioFaults,
    traits: Box<Traits>,
    timings: Timings,
    notes: Vec<String>,
}

impl Pass {
    /// With the steps that an earlier run has computed, which are returned as scores.
    fn resume(
        spec: &AnalysisSpec,
        network: Arc<AvarNet>,
        grid: StepGrid,
        modalities: Modalities,
    ) -> (Self, Vec<StepScore>) {
        let mut notes: Vec<String> = network.card_error().map(ToString::to_string).into_iter().collect();
        let (journal, kept) = open_journal(spec, &network, grid, modalities).unwrap_or_else(|reason| {
            notes.push(not_kept(&reason));
            (None, Vec::new())
        });
        let taken_over = kept.len();
        if taken_over > 0 {
            notes.push(format!("{taken_over} of {} steps were computed by an earlier run.", grid.len()));
        }
        let mean = WindowMean::new(grid.len(), spec.settings.window_steps, taken_over);
        // Chunks as going through from the start has them: what is heard depends on where they begin.
        let chunk = steps_per_chunk(&grid);
        let first = if taken_over < grid.len() { mean.first_needed() / chunk * chunk } else { grid.len() };
        let mut pass = Self {
            feature_sums: vec![0.0; network.seen_dim() + network.audio_dim()],
            network,
            grid,
            modalities,
            journal,
            taken_over,
            done: 0,
            silent_steps: 0,
            damaged: DamagedSteps::default(),
            has_pictures: false,
            features: StepFeatures::starting_at(first),
            mean,
            audio_faults: AudioFaults::default(),
            traits: Box::default(),
            timings: Timings::default(),
            notes,
        };
        let known = pass.count(kept);
        (pass, known)
    }

    /// Reads and encodes the next chunk, and returns the steps that no later window can change.
    fn score_chunk(
        &mut self,
        streams: &mut FeatureStreams,
        cancel: &CancelToken,
    ) -> Result<Vec<StepScore>, AnalysisError> {
        let before = self.features.end();
        let end = (before + steps_per_chunk(&self.grid)).min(self.grid.len());
        streams.extend(&mut self.features, end, &self.network, cancel)?;
        self.features.add_to(before, &mut self.feature_sums);
        let head_started = Instant::now();
        let mut finished = Vec::new();
        while let Some(window) = self.mean.next_ready(self.features.end()) {
            cancel.check()?;
            let outputs = self.features.score_window(&self.network, window, self.modalities)?;
            for HeadOutput { scores, evidence } in self.mean.add(&outputs) {
                let step = self.done + finished.len();
                let (frame, is_heard) = (self.features.frame(step), self.features.is_heard(step));
                let damage = self.features.damage(step);
                let evidence = Evidence { sound: evidence.sound.filter(|_| is_heard), ..evidence };
                finished.push(KeptStep { frame, damage, is_heard, class_scores: scores, evidence });
            }
        }
        self.timings.temporal_head += head_started.elapsed();
        self.features.forget_before(self.mean.first_needed());
        if let Some(Err(reason)) = self.journal.as_mut().map(|journal| journal.append(&finished)) {
            self.notes.push(not_kept(&reason));
            self.journal = None;
        }
        Ok(self.count(finished))
    }

    /// The scores of the next steps that are final.
    fn count(&mut self, steps: Vec<KeptStep>) -> Vec<StepScore> {
        self.silent_steps += steps.iter().filter(|step| !step.is_heard).count();
        steps.iter().for_each(|step| self.damaged.push(step));
        self.has_pictures |= steps.iter().any(|step| step.frame.is_some());
        let first = self.done;
        self.done += steps.len();
        (first..).zip(steps).map(|(step, kept)| kept.score(step, &self.grid)).collect()
    }

    /// What is known of the streams once `steps` steps have been read of them.
    fn take_account_of(&mut self, streams: &FeatureStreams, steps: usize) {
        let Spent { decode, picture, sound } = streams.spent();
        let mean_features = self.feature_sums.iter().map(|sum| (sum / steps as f64) as f32).collect();
        *self.traits = Traits { levels: streams.levels(), mean_features };
        self.audio_faults = streams.audio_faults();
        self.timings = Timings { decode, picture_network: picture, audio_network: sound, ..self.timings };
    }

    fn finish(mut self, spec: &AnalysisSpec, started: Instant) -> Account {
        self.timings.analysed_s = (spec.info.range.end - self.grid.start_of(self.taken_over)).seconds().max(0.0);
        self.timings.total = started.elapsed();
        if self.modalities != Modalities::PictureAndSound {
            self.notes.push(format!("Analysed on {}.", self.modalities.label()));
        } else if self.silent_steps > 0 {
            let AudioFaults { undecodable_packets, unusable_samples, .. } = self.audio_faults;
            let why = match (undecodable_packets, unusable_samples) {
                (0, 0) => "the sound track does not cover them",
                (0, _) => "the sound track does not cover them, or has no usable sample there",
                _ => "the sound track does not cover them, or is damaged there",
            };
            self.notes.push(format!("{} of {} steps have no sound: {why}.", self.silent_steps, self.done));
        }
        self.notes.extend(self.audio_faults.notes(spec.info.range.start));
        self.notes.extend(self.damaged.note(self.done));
        if spec.frames.is_some() && !self.has_pictures {
            self.notes.push("No frame of the picture could be decoded.".to_owned());
        }
        let Self { network, grid, modalities, traits, timings, notes, done, .. } = self;
        info!(steps = done, ?modalities, ?timings, ?notes, "analysed");
        Account { grid, modalities, network, timings, traits, notes }
    }
}

/// Steps that were judged by a damaged picture.
#[derive(Clone, Copy, Debug, Default)]
struct DamagedSteps {
    missing: usize,
    suspect: usize,
    /// By whose frames the first and the last of them are named.
    frames: Option<(FrameIndex, FrameIndex)>,
}

impl DamagedSteps {
    fn push(&mut self, step: &KeptStep) {
        match step.damage {
            None => return,
            Some(PictureDamage::Missing) => self.missing += 1,
            Some(PictureDamage::Suspect) => self.suspect += 1,
        }
        if let Some(StepFrame { index, .. }) = step.frame {
            self.frames = Some((self.frames.map_or(index, |(first, _)| first), index));
        }
    }

    /// Of `steps` that were scored.
    fn note(&self, steps: usize) -> Option<String> {
        let (first, last) = self.frames?;
        let missing =
            format!("in {} the frame does not come out of the decoder and an earlier one stands in", self.missing);
        let suspect =
            format!("in {} the decoder filled in what is damaged, there or in a frame that it rests on", self.suspect);
        let how = match (self.missing, self.suspect) {
            (_, 0) => missing,
            (0, _) => suspect,
            _ => format!("{missing}, {suspect}"),
        };
        let damaged = self.missing + self.suspect;
        Some(format!(
            "The picture is damaged in {damaged} of {steps} steps, between frames {} and {}: {how}.",
            first.0, last.0
        ))
    }
}

/// The journal of this analysis, if one is wanted, and the steps in it.
fn open_journal(
    spec: &AnalysisSpec,
    network: &AvarNet,
    grid: StepGrid,
    modalities: Modalities,
) -> std::io::Result<(Option<Journal>, Vec<KeptStep>)> {
    let Some(place) = &spec.journal else { return Ok((None, Vec::new())) };
    let path = spec.info.path.canonicalize()?;
    let modified = std::fs::metadata(&path)?.modified()?;
    let frames = spec.frames.as_ref().map_or(0, |frames| frames.len());
    let track = spec.info.audio.as_ref().map(|audio| audio.stream_index);
    let (decoder, size_bytes, digest) = (&spec.info.decoder, spec.info.size_bytes, network.digest());
    let made_by = format!(
        "{path:?} {size_bytes} {modified:?} {track:?} {frames} {decoder} {digest} {} {} {modalities:?} {grid:?}",
        spec.settings.window_steps,
        env!("CARGO_PKG_VERSION")
    );
    let (journal, steps) = Journal::open(place, &made_by, grid.len())?;
    Ok((Some(journal), steps))
}

fn not_kept(reason: &std::io::Error) -> String {
    format!("The scores cannot be kept for the next time ({reason}).")
}
