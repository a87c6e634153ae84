//! The desk as a whole: analysis of the bundled sample, and what one frame of the window costs the CPU at 1280x720.
//! `cargo bench --bench desk`. The software renderer is left out: it would measure the renderer, not the desk.

use std::sync::LazyLock;

use avar::analysis::{AnalysisSettings, AnalysisSpec, NetworkChoice, NetworkShelf, analyse};
use avar::app::command::Action;
use avar::app::scenes::settle;
use avar::app::{DeskApp, DeskOptions, sample_path};
use avar::job::CancelToken;
use avar::media::{OpenedMedia, open};
use avar::model::Preset;
use avar::playback::{AudioOutput, PlayerOptions};
use divan::Bencher;
use divan::counter::ItemsCount;
use egui_kittest::Harness;

fn main() {
    divan::main();
}

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
