//! The desk as a whole: analysis of the bundled sample, and what one frame of the window costs the CPU at 1280x720.
//! `cargo bench --bench desk`. The software renderer is left out: it would measure the renderer, not the desk.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use avar::analysis::{
    AnalysisSettings, AnalysisSpec, NetworkChoice, NetworkShelf, StepGrid, StepScore, StepScores, analyse,
};
use avar::app::command::{Action, Command};
use avar::app::scenes::settle;
use avar::app::state::ScoreStatus;
use avar::app::{DeskApp, DeskOptions, sample_path};
use avar::job::CancelToken;
use avar::labels::{AnomalyClass, ClassScores, Evidence, Modalities, Verdict};
use avar::media::{ClipSpec, ClipWriter, OpenedMedia, open};
use avar::model::Preset;
use avar::playback::{AudioOutput, PlayerOptions, SeekPrecision};
use avar::time::{MediaTime, TimeRange};
use divan::Bencher;
use divan::counter::ItemsCount;
use egui_kittest::Harness;

fn main() {
    frames_of_an_hour();
    divan::main();
}

const EVENTS: usize = 500;

/// What a frame of the window costs in the middle of a review: a recording of one hour with 500 events, every tenth of
/// them decided, while the playhead moves; divan knows no percentiles.
fn frames_of_an_hour() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hour.mp4");
    let spec = ClipSpec { width_px: 64, height_px: 48, rate_hz: 25, audio: None, crf: 40 };
    let mut writer = ClipWriter::create(&path, &spec).expect("a clip");
    let picture = vec![90; 64 * 48 * 3];
    (0..3600 * 25).for_each(|_| writer.push_rgb(&picture).expect("a picture"));
    writer.finish().expect("the clip");
    let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    let options = DeskOptions { files: vec![path], player, ..DeskOptions::default() };
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).wgpu().build_eframe(|cc| DeskApp::new(cc, options));
    harness.state_mut().desk.apply(Action::PauseAnalyses.into());
    while harness.state().desk.state.recording().and_then(|recording| recording.whole_media()).is_none() {
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    let state = &mut harness.state_mut().desk.state;
    let range = state.media().expect("the clip").info.range;
    state.queue[0].review.scores = Some(scores_with_events(range));
    state.queue[0].review.status = ScoreStatus::Done;
    state.refresh_events();
    assert_eq!(state.queue[0].decisions.listed.len(), EVENTS);
    for (place, event) in state.queue[0].decisions.listed.iter_mut().enumerate().filter(|(place, _)| place % 10 == 0) {
        event.verdict = Some(if place % 20 == 0 { Verdict::Accepted } else { Verdict::Rejected });
    }
    let mut times: Vec<Duration> = (0..600)
        .map(|i| {
            let target = range.start + MediaTime::from_seconds(f64::from(i * 6 % 3600));
            harness.state_mut().desk.apply(Command::Seek(target, SeekPrecision::KeyFrame));
            let started = Instant::now();
            harness.step();
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    let percentile = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("a frame over an hour with {EVENTS} events: p50 {:.1?}, p95 {:.1?}", percentile(50), percentile(95));
}

/// Events of two seconds, of three classes in turn.
fn scores_with_events(range: TimeRange) -> StepScores {
    let grid = StepGrid::new(range, 4.0).expect("steps");
    let every = grid.len() / EVENTS;
    let step = |step: usize| {
        let (number, within) = (step / every, step % every);
        let is_event = number < EVENTS && (4..12).contains(&within);
        let mut scores = [0.02; 10];
        let class = if is_event { ANOMALIES[number % ANOMALIES.len()] } else { AnomalyClass::Normal };
        scores[class.index()] = 0.82;
        let frame = None;
        StepScore {
            step,
            frame,
            damage: None,
            start: grid.start_of(step),
            class_scores: ClassScores(scores),
            evidence: Evidence { picture: Some(0.5), sound: None },
        }
    };
    StepScores { grid, modalities: Modalities::PictureOnly, steps: (0..grid.len()).map(step).collect() }
}

const ANOMALIES: [AnomalyClass; 3] = [AnomalyClass::Crash, AnomalyClass::Brawling, AnomalyClass::Explosion];

static SHELF: LazyLock<NetworkShelf> = LazyLock::new(NetworkShelf::default);

/// Items are seconds of the sample: items/s is the multiple of real time.
#[divan::bench(args = [Preset::Lite, Preset::Full], sample_count = 3, sample_size = 1)]
fn analyse_the_sample(bencher: Bencher, preset: Preset) {
    let path = sample_path().expect("the sample");
    let cancel = CancelToken::default();
    let OpenedMedia { info, frames } = open(&path, &cancel, |_| {}).expect("the sample");
    let seconds = info.range.duration_s().round() as usize;
    let network = NetworkChoice::untrained(preset);
    let spec = AnalysisSpec { info, frames, network, settings: AnalysisSettings::default(), journal: None };
    bencher
        .counter(ItemsCount::new(seconds))
        .bench_local(|| analyse(&spec, &SHELF, &cancel, |_| {}).expect("scores").scores.steps.len());
}

fn window() -> Harness<'static, DeskApp> {
    let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    let options = DeskOptions { files: vec![sample_path().expect("the sample")], player, ..DeskOptions::default() };
    let mut harness = Harness::builder().with_size([1280.0, 720.0]).wgpu().build_eframe(|cc| DeskApp::new(cc, options));
    settle(&mut harness).expect("the sample is analysed");
    harness
}

#[divan::bench(sample_count = 100)]
fn window_frame_paused(bencher: Bencher) {
    let mut harness = window();
    bencher.bench_local(|| harness.step());
}

#[divan::bench(sample_count = 100)]
fn window_frame_playing(bencher: Bencher) {
    let mut harness = window();
    harness.state_mut().desk.apply(Action::PlayPause.into());
    bencher.bench_local(|| harness.step());
}
