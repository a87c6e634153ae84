//! A player on a desk: its sink pulled by hand, its time made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_base::job::{CancelToken, no_wake};
use avar_base::time::{FrameIndex, MediaTime};
use avar_media::{FrameTable, VideoFrame, probe};
use avar_playback::{AudioOutput, FrameState, ManualSink, Player, PlayerOptions, PlayerView};

use crate::clips::{AUDIO_HZ, Clip};

pub(crate) const CACHE_BYTES: usize = 64 << 20;

pub(crate) const TICK: Duration = Duration::from_millis(4);

/// How long a test waits for a loaded machine before it calls something lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A player, its sink and the time that the test makes up.
pub(crate) struct Desk {
    pub player: Player,
    pub sink: ManualSink,
    pub table: Arc<FrameTable>,
    pub now: Instant,
    /// All sound taken so far.
    pub pulled: Vec<f32>,
}

impl Desk {
    pub(crate) fn open(path: &Path) -> Self {
        Self::with(path, Duration::ZERO, CACHE_BYTES)
    }

    pub(crate) fn with(path: &Path, latency: Duration, cache_bytes: usize) -> Self {
        let sink = ManualSink::new(AUDIO_HZ, latency);
        let info = Arc::new(probe(path).unwrap());
        let table = Arc::new(FrameTable::scan(path, &CancelToken::default(), |_| {}).unwrap());
        let options = PlayerOptions { output: AudioOutput::Manual(sink.clone()), cache_bytes };
        let player = Player::open(info, Some(Arc::clone(&table)), options, no_wake()).unwrap();
        Self { player, sink, table, now: Instant::now(), pulled: Vec::new() }
    }

    pub(crate) fn view(&mut self) -> PlayerView {
        self.player.view(self.now)
    }

    /// Looks until `wanted` holds, without letting the made-up time pass.
    pub(crate) fn wait_for(&mut self, what: &str, wanted: impl Fn(&PlayerView) -> bool) -> PlayerView {
        let began = Instant::now();
        loop {
            let view = self.view();
            if wanted(&view) {
                return view;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "no {what}: {:?} at {:?}, {:?}",
                view.frame_state,
                view.position,
                view.error
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn wait_exact(&mut self) -> VideoFrame {
        self.wait_for("exact frame", |view| view.frame_state == FrameState::Exact).frame.unwrap()
    }

    pub(crate) fn time_of(&self, index: usize) -> MediaTime {
        self.table.entry(FrameIndex(index)).unwrap().time
    }

    /// Lets one tick pass, in which the sink takes what is due, and waits until the picture for it is there.
    pub(crate) fn tick(&mut self) -> PlayerView {
        self.now += TICK;
        self.pull((TICK.as_secs_f64() * f64::from(AUDIO_HZ)).round() as usize);
        self.wait_for("exact frame", |view| view.frame_state == FrameState::Exact)
    }

    /// Takes samples; waits for the decoder until they are there, unless the sound is at its end.
    pub(crate) fn pull(&mut self, frames: usize) {
        let began = Instant::now();
        while self.sink.queued_frames() < frames && began.elapsed() < PATIENCE {
            let view = self.view();
            if !view.playing || self.sink.has_ended() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let (samples, taken) = self.sink.pull(frames, self.now);
        self.pulled.extend_from_slice(&samples[..taken]);
    }

    /// Starts playing and lets ticks pass until the clock runs.
    pub(crate) fn play(&mut self) {
        let before = self.view().position;
        self.player.play();
        for _ in 0..1000 {
            if self.tick().position != before {
                return;
            }
        }
        panic!("playing does not move the clock");
    }

    /// How far the shown frame is from the sound consumed, as wall time in ms: zero while the consumed moment lies
    /// within the frame's own time.
    pub(crate) fn apart_ms(&self, view: &PlayerView, heard: MediaTime) -> f64 {
        let index = view.frame.as_ref().unwrap().index;
        let begins_s = self.time_of(index.0).seconds();
        let ends_s = self.table.entry(FrameIndex(index.0 + 1)).map_or(f64::INFINITY, |next| next.time.seconds());
        let apart_s = (begins_s - heard.seconds()).max(heard.seconds() - ends_s).max(0.0);
        apart_s * 1000.0 / self.player.speed()
    }
}

#[derive(Default)]
pub(crate) struct Spread(pub Vec<f64>);

impl Spread {
    pub(crate) fn report(&mut self, what: &str) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let (median, most) = (self.0[self.0.len() / 2], self.0[self.0.len() - 1]);
        println!("{what}: median {median:.2} ms, most {most:.2} ms over {} views", self.0.len());
        most
    }
}

pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

pub(crate) fn real_player(clip: &Clip, output: AudioOutput) -> Player {
    let info = Arc::new(probe(clip.path()).unwrap());
    let table = Arc::new(FrameTable::scan(clip.path(), &CancelToken::default(), |_| {}).unwrap());
    Player::open(info, Some(table), PlayerOptions { output, cache_bytes: 384 << 20 }, no_wake()).unwrap()
}

pub(crate) fn wait_real(player: &mut Player, wanted: impl Fn(&PlayerView) -> bool) -> PlayerView {
    let began = Instant::now();
    loop {
        let view = player.view(Instant::now());
        if wanted(&view) {
            return view;
        }
        assert!(began.elapsed() < PATIENCE, "{:?} at {:?}, {:?}", view.frame_state, view.position, view.error);
        std::thread::sleep(Duration::from_millis(2));
    }
}
