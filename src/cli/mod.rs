//! The command line: the window's functions for scripts, machine-readable with `--json`.
//!
//! Exit status 0, 1 (something failed), 2 (used wrongly), 101 (the program panicked). A file that fails does not stop the others. Errors are
//! printed once, here, as one sentence on standard error.

mod compose;
mod convert;
mod data;
mod evaluation;
mod figure;
mod handover;
pub mod train_window;
mod training;
mod weights;

use std::backtrace::Backtrace;
use std::cell::{Cell, RefCell};
use std::io::{IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use image::ExtendedColorType;
use serde_json::json;
use tracing::{error, info};

use avar_analysis::record::{EventRecord, RecordPaths, RunRecord, write_record};
use avar_analysis::{
    Analysis, AnalysisPartial, AnalysisSettings, AnalysisSpec, DeviceChoice, JournalPlace, NetworkChoice, NetworkShelf,
    StepGrid, analyse, find_events,
};
use avar_app::DeskOptions;
#[cfg(feature = "screenshots")]
use avar_app::scenes;
use avar_base::files::write_png;
use avar_base::job::{CancelToken, Progress, thread_count};
use avar_base::panics;
use avar_base::time::{FrameIndex, TimeRange};
use avar_export::Watch;
use avar_labels::Hysteresis;
use avar_log::LogPlace;
use avar_media::{AudioFaults, FrameTable, IngestReport, OpenedMedia, VideoReader, open, open_track};
use avar_model::{ComputeDevice, Preset, WeightSource};
use avar_playback::PlayerOptions;
use avar_synth::sample;
use avar_synth::{SynthSpec, write_corpus};

/// Audio-visual anomaly review, frame by frame.
///
/// Without a command, opens the window on the files given.
#[derive(Parser)]
#[command(name = "avar", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Recordings to open in the window
    files: Vec<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Subcommand)]
enum Command {
    /// Say what is in a file: picture, sound, colour, frames
    Probe {
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Save one frame, named by its ordinal, as a PNG picture
    Frame {
        file: PathBuf,
        /// Ordinal of the decoded picture, from 0
        #[arg(long)]
        ordinal: usize,
        /// The PNG file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Score files step by step and find events
    Analyze(AnalyzeArguments),
    /// Score the clips of a manifest and measure how good the scores are
    Evaluate(evaluation::EvaluateArguments),
    /// Draw one of the paper's figures or tables from a run, as SVG, PNG and CSV
    Figure(figure::FigureArguments),
    /// Write a run as one HTML file: metrics, figures, tables, what failed, provenance
    Report(figure::ReportArguments),
    /// Draw a corpus of labelled clips: VAAR-Synth
    Synth {
        /// The folder to write to; what is there already is not drawn again
        #[arg(long)]
        out: PathBuf,
        /// Clips with picture and sound, in ten classes
        #[arg(long)]
        clips: usize,
        /// Further clips for training, with 3 pictures a second instead of 15
        #[arg(long, default_value_t = 0)]
        slow_clips: usize,
        /// Further items with sound alone
        #[arg(long, default_value_t = 0)]
        sounds: usize,
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Compose untrimmed recordings of short sounds: events at known times in everyday material
    Compose(compose::ComposeArguments),
    /// Train a network as a recipe says
    Train(training::TrainArguments),
    /// Train every temporal head of the paper's ablation and tabulate how good they are
    Ablate(training::AblateArguments),
    /// Fetch pretrained networks
    #[command(subcommand)]
    Weights(weights::WeightsCommand),
    /// Write a review as a bundle: one file that anybody can verify
    Export(handover::ExportArguments),
    /// Check every byte of a bundle, and with the recording at hand what it says of it
    Verify(handover::VerifyArguments),
    /// Cut a stretch of a recording out at exact frames, with its sound
    Clip(handover::ClipArguments),
    /// Convert annotations of a recording from one program's format to another's, a review included
    Convert(convert::ConvertArguments),
    /// Make a manifest of a dataset in folders, or say what is in a manifest
    Manifest(data::ManifestArguments),
    /// Render the window into PNG files, without a display: the named scenes, or the files given
    Screenshot {
        /// Recordings to open, each for a picture of its own; without any, the named scenes on the sample
        files: Vec<PathBuf>,
        /// Where the playhead stands in the files given, in seconds from the start
        #[arg(long, default_value_t = 0.0)]
        at: f64,
        /// The folder to write to
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the sample incident, a clip that this program draws and synthesises
    Sample {
        /// The mp4 file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Open the window on the sample incident; without a display, analyse it and save a picture of the window
    Demo {
        /// The folder that results go to when there is no display
        #[arg(long, default_value = "out/demo")]
        out: PathBuf,
    },
}

#[derive(Args)]
struct AnalyzeArguments {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The folder to write NAME.scores.csv, NAME.events.json and NAME.run.json to
    #[arg(long)]
    out: PathBuf,
    /// Steps scored for each second of the recording, 0.1 to 50; without it those that the network was trained with
    #[arg(long, value_parser = steps_per_second, allow_negative_numbers = true)]
    steps_per_second: Option<f64>,
    /// The track of sound, by its stream's number as the window and ffprobe show it; without it the best one
    #[arg(long)]
    audio_track: Option<usize>,
    /// A folder in which scores are kept while they are computed: the same command goes on after an interruption
    #[arg(long)]
    journal: Option<PathBuf>,
    /// A zip file to write as well: what was found, with stills and figures, as `avar export` writes it; of one recording
    #[arg(long)]
    bundle: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Args)]
struct NetworkArguments {
    /// A safetensors file with the network's weights; without it those that come with the program, which only the
    /// small network has
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Weights drawn from a seed, whose scores mean nothing: to try the program with the paper's network
    #[arg(long, conflicts_with = "weights")]
    untrained: bool,
    /// Which network: the small one, or the paper's (MobileViT-S and Wav2Vec2-base)
    #[arg(long, value_enum, default_value_t = NetworkName::Lite)]
    network: NetworkName,
    /// Where the networks run
    #[arg(long, value_enum, default_value_t = DeviceName::Cpu)]
    device: DeviceName,
}

#[derive(Clone, Copy, ValueEnum)]
enum NetworkName {
    Real,
    Lite,
    Full,
}

#[derive(Clone, Copy, ValueEnum)]
enum DeviceName {
    Cpu,
    Cuda,
}

fn steps_per_second(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    // The grid knows which rates make sense; it is asked with an empty recording.
    StepGrid::new(TimeRange::default(), rate).map(|_| rate).map_err(|error| error.to_string())
}

impl DeviceName {
    /// Fails at once where the device is not there.
    fn choice(self) -> anyhow::Result<DeviceChoice> {
        let device = match self {
            DeviceName::Cpu => DeviceChoice::Cpu,
            DeviceName::Cuda => DeviceChoice::Cuda,
        };
        ComputeDevice::from_name(device.name())?;
        Ok(device)
    }
}

impl NetworkArguments {
    /// Fails at once where the device is not there, rather than once for each file.
    fn choice(self) -> anyhow::Result<NetworkChoice> {
        let device = self.device.choice()?;
        let preset = match self.network {
            NetworkName::Real => Preset::Real,
            NetworkName::Lite => Preset::Lite,
            NetworkName::Full => Preset::Full,
        };
        let weights = match (self.weights, preset) {
            (Some(path), _) => WeightSource::File(path),
            (None, _) if self.untrained => NetworkChoice::untrained(preset).weights,
            (None, Preset::Lite) => WeightSource::Bundled,
            (None, Preset::Real | Preset::Full) => bail!(
                "the program comes with weights for the small network only; name a file with --weights, or try it with --untrained"
            ),
        };
        Ok(NetworkChoice { preset, weights, device })
    }
}

/// Parses the arguments of this process and does what they say.
pub fn run() -> ExitCode {
    // SAFETY: no other thread runs yet. Mesa's Vulkan layer would write to standard error where there is no display.
    #[cfg(target_os = "linux")]
    unsafe {
        std::env::set_var("NODEVICE_SELECT", "1");
    }
    // Usage errors leave here with status 2, help and version with 0.
    let matches = Arguments::command().after_help(log_help()).get_matches();
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let log = avar_log::start(&avar_app::log_folder(), |sentence| eprintln!("avar: {sentence}"));
    watch_panics(&log);
    info!(
        version = env!("CARGO_PKG_VERSION"),
        decoder = avar_media::decoder_version(),
        threads = thread_count(),
        "begun"
    );
    match catch_unwind(AssertUnwindSafe(|| dispatch(arguments, log))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            report(&error);
            ExitCode::FAILURE
        }
        // Said and logged where it happened.
        Err(_) => ExitCode::from(PANICKED),
    }
}

/// As a program ends that panics and has nobody to catch it.
const PANICKED: u8 = 101;

fn log_help() -> String {
    format!(
        "What happened is in the log, which is {}.\n{} says how much: off, error, warn, info, debug or trace.",
        avar_log::path_in(&avar_app::log_folder()).display(),
        avar_log::LEVEL_VARIABLE
    )
}

/// Every panic goes to the log with the way to it, and to standard error as one sentence.
fn watch_panics(log: &LogPlace) {
    let whereabouts = match log {
        LogPlace::File(path) => format!("; the log: {}", path.display()),
        LogPlace::Nowhere(_) => String::new(),
    };
    panics::watch(move |report| {
        error!("panicked: {report}\n{}", Backtrace::force_capture());
        eprintln!("avar: the program panicked, please report it: {report}{whereabouts}");
    });
}

fn dispatch(arguments: Arguments, log: LogPlace) -> anyhow::Result<()> {
    match arguments.command {
        None => open_window(arguments.files, arguments.network.choice()?, log),
        Some(Command::Probe { file, json }) => print_probe(&file, json),
        Some(Command::Frame { file, ordinal, out }) => save_frame(&file, FrameIndex(ordinal), &out),
        Some(Command::Analyze(arguments)) => analyze(arguments),
        Some(Command::Evaluate(arguments)) => evaluation::run(arguments),
        Some(Command::Figure(arguments)) => figure::figure(arguments),
        Some(Command::Report(arguments)) => figure::report(arguments),
        Some(Command::Synth { out, clips, slow_clips, sounds, seed }) => {
            synth(&out, &SynthSpec { clips, slow_clips, sounds, seed })
        }
        Some(Command::Train(arguments)) => training::run(arguments),
        Some(Command::Ablate(arguments)) => training::ablate(arguments),
        Some(Command::Weights(command)) => weights::run(command),
        Some(Command::Compose(arguments)) => compose::run(arguments),
        Some(Command::Export(arguments)) => handover::export(arguments),
        Some(Command::Verify(arguments)) => handover::verify(arguments),
        Some(Command::Clip(arguments)) => handover::clip(arguments),
        Some(Command::Convert(arguments)) => convert::run(arguments),
        Some(Command::Manifest(arguments)) => data::manifest(arguments),
        Some(Command::Screenshot { files, at, out }) => screenshot(&files, at, &out),
        Some(Command::Sample { out }) => sample::write_sample(&out).with_context(|| "the sample was not written"),
        Some(Command::Demo { out }) => demo(&out, log),
    }
}

fn report(error: &anyhow::Error) {
    error!("{error:#}");
    eprintln!("avar: {error:#}");
}

/// A reader that has gone away (`avar probe x | head -1`) is no failure of ours.
fn say(line: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        outcome => Ok(outcome?),
    }
}

fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(target_os = "linux") || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

fn open_window(files: Vec<PathBuf>, network: NetworkChoice, log: LogPlace) -> anyhow::Result<()> {
    if !has_display() {
        bail!("there is no display to open a window on; `avar analyze FILE --out DIR` works without one");
    }
    let journals = Some(avar_app::journals_folder());
    let player = PlayerOptions::default();
    let settings = Some(avar_app::settings::Settings::path());
    avar_app::run(DeskOptions { files, network, player, journals, log, author: avar_app::user_name(), settings })
}

fn print_probe(file: &Path, json: bool) -> anyhow::Result<()> {
    let cancel = CancelToken::default();
    let media = open(file, &cancel, |_| {})?;
    let mut report = IngestReport { sha256: Some(avar_media::digest(file, &cancel)?), ..IngestReport::new(&media) };
    if let Some(audio) = &media.info.audio {
        match AudioFaults::scan(file, Some(audio), &cancel) {
            Ok(faults) => report.add_audio_faults(faults),
            Err(error) => report.warnings.push(format!("The sound cannot be read to its end: {error}")),
        }
    }
    if json {
        return say(&serde_json::to_string_pretty(&report)?);
    }
    say(&format!("{}: {}, {:.3} s from {:.3} s", file.display(), report.container, report.duration_s, report.start_s))?;
    match &report.video {
        Some(video) => {
            let turned = if video.rotation_deg == 0 {
                String::new()
            } else {
                format!(", turned by {} degrees", video.rotation_deg)
            };
            let varies = if video.variable_frame_rate { "frames/s on average, varying" } else { "frames/s" };
            let rate = video.assumed_times().unwrap_or_else(|| format!("{:.3} {varies}", video.average_fps));
            say(&format!(
                "picture: {} {}x{} {}, {rate}{turned}",
                video.codec, video.width, video.height, video.pixel_format
            ))?;
            if let Some(color) = media.info.video.as_ref().map(|video| video.color) {
                say(&format!("colour:  {:?}, {:?} range, {:?}", color.matrix, color.range, color.transfer))?;
            }
            say(&format!(
                "frames:  {}, {} of them key frames, at most {} in a group",
                video.frames, video.keyframes, video.longest_group_frames
            ))?;
        }
        None => say("picture: none")?,
    }
    match &report.audio {
        Some(audio) => say(&format!(
            "sound:   {} {} Hz, {} channels, {:.3} s",
            audio.codec, audio.sample_rate, audio.channels, audio.duration_s
        ))?,
        None => say("sound:   none")?,
    }
    say(&format!("decoder: {}", report.decoder))?;
    say(&format!("sha256:  {}", report.sha256.as_deref().unwrap_or_default()))?;
    report.warnings.iter().try_for_each(|warning| say(&format!("warning: {warning}")))
}

fn synth(out: &Path, spec: &SynthSpec) -> anyhow::Result<()> {
    let manifest = with_progress(|progress| write_corpus(out, spec, &CancelToken::default(), progress))?;
    say(&manifest.display().to_string())
}

/// Tells on a terminal how many of how many items are done, as `work` says it, and how long the rest may take.
fn with_progress<T>(work: impl FnOnce(&(dyn Fn(usize, usize) + Sync)) -> T) -> T {
    let shows_progress = std::io::stderr().is_terminal();
    let started = Instant::now();
    let done = work(&|done, of| {
        if shows_progress {
            let progress = Progress::new(done as f32 / of as f32, started.elapsed());
            let left = progress.time_left().map(avar_app::widgets::time_code::time_left).unwrap_or_default();
            eprint!("\r\x1b[K{done} of {of} {left}");
        }
    });
    if shows_progress {
        eprint!("\r\x1b[K");
    }
    done
}

/// Tells on a terminal how far `work` has come, and afterwards what it had to do without.
fn watched<T>(name: &str, work: impl FnOnce(&Watch) -> T) -> T {
    let (started, shown, is_shown) = (Instant::now(), Cell::new(-1), std::io::stderr().is_terminal());
    let progress = |fraction: f32| {
        let percent = (fraction * 100.0) as i32;
        if is_shown && shown.replace(percent) != percent {
            eprint!("{}", progress_line(name, fraction, started));
        }
    };
    let (cancel, notices) = (CancelToken::default(), RefCell::new(Vec::new()));
    let notice = |sentence| notices.borrow_mut().push(sentence);
    let done = work(&Watch::new(&cancel, &progress, &notice));
    if is_shown {
        eprint!("\r\x1b[K");
    }
    notices.take().iter().for_each(|sentence| eprintln!("avar: {sentence}"));
    done
}

fn save_frame(file: &Path, index: FrameIndex, out: &Path) -> anyhow::Result<()> {
    let table = Arc::new(FrameTable::scan(file, &CancelToken::default(), |_| {})?);
    if index.0 >= table.len() {
        bail!("there is no frame {}; the last one is {}: {}", index.0, table.len().saturating_sub(1), file.display());
    }
    let picture = VideoReader::open(file, table)?.seek_exact(index)?.to_rgb8()?;
    Ok(write_png(out, &picture.bytes, (picture.width_px, picture.height_px), ExtendedColorType::Rgb8)?)
}

fn screenshot(files: &[PathBuf], at_s: f64, out: &Path) -> anyhow::Result<()> {
    if files.is_empty() {
        return draw_scenes(out)?.iter().try_for_each(|path| say(&path.display().to_string()));
    }
    files.iter().zip(record_names(files)).try_for_each(|(file, name)| {
        let path = out.join(format!("{name}.png"));
        let options = DeskOptions { files: vec![file.clone()], ..DeskOptions::default() };
        draw_window(options, at_s, &path)?;
        say(&path.display().to_string())
    })
}

/// The window on the files of `options` as it stands `at_s` seconds from the start, as a PNG picture.
#[cfg(feature = "screenshots")]
fn draw_window(options: DeskOptions, at_s: f64, path: &Path) -> anyhow::Result<()> {
    scenes::render(options, at_s, [], path)
}

/// Every scene, into a folder; returns what was written.
#[cfg(feature = "screenshots")]
fn draw_scenes(out: &Path) -> anyhow::Result<Vec<PathBuf>> {
    scenes::render_all(out)
}

#[cfg(not(feature = "screenshots"))]
const NO_PICTURES: &str =
    "this program was built without the feature `screenshots`, so it draws no pictures of its window";

#[cfg(not(feature = "screenshots"))]
fn draw_window(_: DeskOptions, _: f64, _: &Path) -> anyhow::Result<()> {
    bail!(NO_PICTURES)
}

#[cfg(not(feature = "screenshots"))]
fn draw_scenes(_: &Path) -> anyhow::Result<Vec<PathBuf>> {
    bail!(NO_PICTURES)
}

/// One finished file of `avar analyze`.
struct Outcome {
    record: RunRecord,
    events: Vec<EventRecord>,
    paths: RecordPaths,
}

fn analyze(arguments: AnalyzeArguments) -> anyhow::Result<()> {
    if arguments.bundle.is_some() && arguments.files.len() > 1 {
        bail!("a bundle is of one recording; name one file with --bundle");
    }
    let network = arguments.network.choice()?;
    let settings = AnalysisSettings { steps_per_second: arguments.steps_per_second, ..AnalysisSettings::default() };
    let shelf = NetworkShelf::default();
    // Weights that cannot be read concern every file: said once, before the first.
    shelf.take(&network, &CancelToken::default())?;
    let names = record_names(&arguments.files);
    let mut results = Vec::new();
    let mut failures = 0;
    let mut last_error = None;
    for (file, name) in arguments.files.iter().zip(names) {
        let journal = arguments.journal.clone().map(|folder| JournalPlace { folder, afresh: false });
        let paths = RecordPaths::new(&arguments.out, &name);
        let media = open_track(file, arguments.audio_track, &CancelToken::default(), |_| {});
        let analysed = media.map_err(anyhow::Error::from).and_then(|media| {
            analyze_media(media, paths, &network, &settings, journal, &shelf, arguments.bundle.as_deref())
        });
        match analysed {
            Ok(outcome) if arguments.json => results.push(outcome_json(file, &outcome)),
            Ok(outcome) => {
                print_outcome(file, &outcome)?;
                arguments.bundle.iter().try_for_each(|path| say(&format!("  {}", path.display())))?;
            }
            Err(error) => {
                results.push(json!({"path": file.to_string_lossy(), "error": format!("{error:#}")}));
                failures += 1;
                // Of a single file the error is the outcome of the command and is reported as that.
                if arguments.files.len() > 1 {
                    report(&error);
                }
                last_error = Some(error);
            }
        }
    }
    if arguments.json {
        say(&serde_json::to_string_pretty(&json!({ "files": results }))?)?;
    }
    match (last_error, arguments.files.len()) {
        (None, _) => Ok(()),
        (Some(only), 1) => Err(only),
        (Some(_), all) => bail!("{failures} of {all} files could not be analysed"),
    }
}

/// `NAME` of each file: its name without the ending, or with it where two would be the same, or numbered at last.
fn record_names(files: &[PathBuf]) -> Vec<String> {
    let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let mut taken = std::collections::HashSet::new();
    let mut name = |file: &PathBuf| {
        let (stem, full) = (part(file.file_stem()), part(file.file_name()));
        let numbered = (2..).map(|number| format!("{full}-{number}"));
        let free = [stem, full.clone()].into_iter().chain(numbered).find(|name| taken.insert(name.to_lowercase()));
        free.unwrap_or_default()
    };
    files.iter().map(&mut name).collect()
}

fn analyze_media(
    media: OpenedMedia,
    paths: RecordPaths,
    network: &NetworkChoice,
    settings: &AnalysisSettings,
    journal: Option<JournalPlace>,
    shelf: &NetworkShelf,
    bundle: Option<&Path>,
) -> anyhow::Result<Outcome> {
    let cancel = CancelToken::default();
    let file = media.info.path.clone();
    let (spec, analysis) = analysed(&media, network, settings, journal, shelf)?;
    let hysteresis = Hysteresis::default();
    let events = find_events(&analysis.scores, hysteresis);
    let sha256 = avar_media::digest(&file, &cancel)?;
    let record = RunRecord::new(&spec, &analysis, &events, hysteresis, sha256.clone());
    write_record(&paths, &record, &analysis.scores, &events)?;
    if let Some(out) = bundle {
        handover::write_found(media, sha256, &spec, &analysis, hysteresis, out)?;
    }
    let events = events.iter().map(|event| EventRecord::new(event, &analysis.scores)).collect();
    Ok(Outcome { record, events, paths })
}

/// The analysis of an opened recording, told on a terminal while it runs.
fn analysed(
    media: &OpenedMedia,
    network: &NetworkChoice,
    settings: &AnalysisSettings,
    journal: Option<JournalPlace>,
    shelf: &NetworkShelf,
) -> anyhow::Result<(AnalysisSpec, Analysis)> {
    let OpenedMedia { info, frames } = media.clone();
    let mut progress = ProgressLine::new(&info.path);
    let spec = AnalysisSpec { info, frames, network: network.clone(), settings: settings.clone(), journal };
    let analysis = analyse(&spec, shelf, &CancelToken::default(), |partial| progress.show(partial));
    progress.clear();
    Ok((spec, analysis?))
}

fn outcome_json(file: &Path, outcome: &Outcome) -> serde_json::Value {
    json!({
        "path": file.to_string_lossy(),
        "files": outcome.paths,
        "run": outcome.record,
        "events": outcome.events,
    })
}

fn print_outcome(file: &Path, outcome: &Outcome) -> anyhow::Result<()> {
    let record = &outcome.record;
    let timings = record.timings_s;
    say(&format!(
        "{}: {} steps in {:.1} s ({:.1} times real time), {} events",
        file.display(),
        record.steps,
        timings.total,
        timings.times_real_time,
        record.events
    ))?;
    if let Some(warning) = record.weights.warning {
        say(&format!("  {warning}"))?;
    }
    record.notes.iter().try_for_each(|note| say(&format!("  {note}")))?;
    if !outcome.events.is_empty() {
        say(&format!("  {:<14}{:>10}{:>10}{:>8}{:>9}", "class", "start", "length", "peak", "frame"))?;
    }
    for event in &outcome.events {
        let frame = event.peak_frame.map_or_else(|| "-".to_owned(), |frame| frame.to_string());
        let (start, length) = (format!("{:.2} s", event.start_s), format!("{:.2} s", event.duration_s));
        say(&format!("  {:<14}{start:>10}{length:>10}{:>8.2}{frame:>9}", event.class, event.peak))?;
    }
    for path in [&outcome.paths.scores, &outcome.paths.events, &outcome.paths.run] {
        say(&format!("  {}", path.display()))?;
    }
    Ok(())
}

/// A line on a terminal that says how far the analysis has come; nothing where standard error is a file.
struct ProgressLine {
    name: String,
    started: Instant,
    steps: usize,
    done: usize,
    is_shown: bool,
}

impl ProgressLine {
    fn new(file: &Path) -> Self {
        let name = avar_app::state::file_name(file);
        Self { name, started: Instant::now(), steps: 0, done: 0, is_shown: std::io::stderr().is_terminal() }
    }

    fn show(&mut self, partial: &AnalysisPartial) {
        match partial {
            AnalysisPartial::Started { grid, .. } => self.steps = grid.len(),
            AnalysisPartial::Steps(steps) => self.done += steps.len(),
        }
        if self.is_shown {
            let fraction = self.done as f32 / self.steps.max(1) as f32;
            eprint!("{}", progress_line(&self.name, fraction, self.started));
        }
    }

    fn clear(&self) {
        if self.is_shown {
            eprint!("\r\x1b[K");
        }
    }
}

/// Takes the place of the line before it on a terminal: "clip.mp4: 40 % 2 min left".
fn progress_line(name: &str, fraction: f32, started: Instant) -> String {
    let progress = Progress::new(fraction, started.elapsed());
    let left = progress.time_left().map(avar_app::widgets::time_code::time_left).unwrap_or_default();
    format!("\r\x1b[K{name}: {:.0} % {left}", fraction * 100.0)
}

fn demo(out: &Path, log: LogPlace) -> anyhow::Result<()> {
    let sample = avar_app::sample_path()?;
    let network = NetworkChoice::default();
    if has_display() {
        return open_window(vec![sample], network, log);
    }
    say("There is no display, so the sample incident is analysed without a window.")?;
    let paths = RecordPaths::new(out, "sample-incident");
    let media = open(&sample, &CancelToken::default(), |_| {})?;
    let settings = AnalysisSettings::default();
    let outcome = analyze_media(media, paths, &network, &settings, None, &NetworkShelf::default(), None)?;
    print_outcome(&sample, &outcome)?;
    let picture = out.join("window.png");
    let options = DeskOptions { files: vec![sample], network, ..DeskOptions::default() };
    draw_window(options, 7.0, &picture)?;
    say(&format!("  {}", picture.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn files_of_one_name_do_not_overwrite_each_other() {
        let files = ["a/clip.mp4", "b/clip.mp4", "c/clip.mp4", "clip.mkv", "other.mp4"].map(PathBuf::from);
        assert_eq!(record_names(&files), ["clip", "clip.mp4", "clip.mp4-2", "clip.mkv", "other"]);
    }
}
