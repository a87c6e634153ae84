//! Evaluate at 3,000 clips and a million steps: what is worked out once a run, once a filter, and each frame while a
//! threshold is dragged. `cargo bench --bench evaluate`.

use std::sync::{Arc, LazyLock};

use avar::app::evaluate::command::EvaluateCommand;
use avar::app::evaluate::state::{CurveView, OpenRun, RunNotes, RunSlot};
use avar::app::evaluate::{Evaluate, state::Slot};
use avar::app::theme;
use avar::job::{CancelToken, no_wake};
use avar::metrics::Decision;
use avar::metrics::inspection::comparison::Paired;
use avar::metrics::inspection::demo_run::{self, Settings};
use avar::metrics::inspection::filter::Filter;
use avar::metrics::inspection::notes::Notes;
use avar::metrics::inspection::run_index::RunIndex;
use avar::metrics::inspection::selection::{Outcome, Selection};
use avar::metrics::runs::Run;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use egui_kittest::Harness;

fn main() {
    divan::main();
}

fn run(seed: u64, skill: f32) -> Run {
    demo_run::run(&Settings { clips: 3000, steps: 334, seed, skill, ..Settings::default() })
}

fn index(run: Run) -> RunIndex {
    RunIndex::new(run, &CancelToken::default(), |_| {}).expect("nobody cancels")
}

fn select(slot: usize) -> Selection {
    Selection::new(&RUNS[slot], &Filter::default(), &Notes::default(), &CancelToken::default()).expect("nobody cancels")
}

fn pair() -> Paired {
    Paired::new(&RUNS[0], &RUNS[1], &CancelToken::default()).expect("nobody cancels")
}

static RUNS: LazyLock<[Arc<RunIndex>; 2]> =
    LazyLock::new(|| [run(1, 0.45), run(2, 0.8)].map(|run| Arc::new(index(run))));

static SELECTIONS: LazyLock<[Arc<Selection>; 2]> = LazyLock::new(|| std::array::from_fn(|slot| Arc::new(select(slot))));

static PAIRED: LazyLock<Arc<Paired>> = LazyLock::new(|| Arc::new(pair()));

/// Items are steps.
#[divan::bench(sample_count = 2, sample_size = 1)]
fn once_a_run(bencher: Bencher) {
    let run = run(1, 0.45);
    let steps: usize = run.clips.iter().map(|clip| clip.scored.steps.len()).sum();
    bencher.counter(ItemsCount::new(steps)).with_inputs(|| run.clone()).bench_local_values(index);
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn once_a_filter(bencher: Bencher) {
    bencher.bench_local(|| select(0));
}

#[divan::bench(sample_count = 2, sample_size = 1)]
fn once_two_runs(bencher: Bencher) {
    bencher.bench_local(pair);
}

#[divan::bench(sample_count = 2, sample_size = 1)]
fn differences_with_intervals(bencher: Bencher) {
    let cancel = CancelToken::default();
    let decision = Decision::Threshold(0.4);
    let differences = || PAIRED.differences(&RUNS[0], &RUNS[1], &SELECTIONS[0], decision, &cancel);
    bencher.bench_local(|| differences().expect("nobody cancels"));
}

/// On the window's thread, for one run.
#[divan::bench(sample_count = 200)]
fn once_a_threshold(bencher: Bencher) {
    let mut level = 0;
    bencher.bench_local(|| {
        level = (level + 37) % 1001;
        Outcome::new(&RUNS[0], &SELECTIONS[0], Decision::Threshold(f64::from(level) / 1000.0))
    });
}

#[divan::bench(sample_count = 200)]
fn operating_points_at_a_threshold(bencher: Bencher) {
    let mut level = 0;
    bencher.bench_local(|| {
        level = (level + 37) % 1001;
        black_box(SELECTIONS[0].alarms.at(level));
        SELECTIONS[0].by_frame.at(level as f64 / 1000.0)
    });
}

/// Both runs open, a clip chosen, all panels of 1440 x 900 drawn.
fn window(curves: CurveView) -> Harness<'static, Evaluate> {
    let draw = |ui: &mut eframe::egui::Ui, evaluate: &mut Evaluate| {
        evaluate.show(ui).into_iter().for_each(|command| evaluate.apply(command));
        evaluate.take_requests();
    };
    let mut evaluate = Evaluate::new(no_wake());
    for slot in Slot::BOTH {
        let run = OpenRun::new(RUNS[slot as usize].clone(), RunNotes::default());
        let run = OpenRun { selection: Some(SELECTIONS[slot as usize].clone()), ..run };
        evaluate.state.slots[slot as usize] = RunSlot::Open(Box::new(run));
    }
    evaluate.state.comparison.paired = Some(PAIRED.clone());
    evaluate.apply(EvaluateCommand::ShowCurves(curves));
    evaluate.apply(EvaluateCommand::SetLevel(500));
    evaluate.apply(EvaluateCommand::Select(7));
    let mut harness =
        Harness::builder().with_size([1440.0, 838.0]).with_context_setup(theme::install).build_ui_state(draw, evaluate);
    harness.run_steps(3);
    harness
}

/// A frame of the window without rendering: commands, layout, shapes and the names for screen readers.
#[divan::bench(args = [CurveView::PrAndRoc, CurveView::Alarms, CurveView::Reliability], sample_count = 100)]
fn frame_at_rest(bencher: Bencher, curves: CurveView) {
    let mut harness = window(curves);
    bencher.bench_local(|| harness.step());
}

#[divan::bench(args = [CurveView::PrAndRoc, CurveView::Alarms, CurveView::Reliability], sample_count = 100)]
fn frame_while_the_threshold_moves(bencher: Bencher, curves: CurveView) {
    let mut harness = window(curves);
    let mut level = 0;
    bencher.bench_local(|| {
        level = (level + 7) % 1001;
        harness.state_mut().apply(EvaluateCommand::SetLevel(level));
        harness.step();
    });
}
