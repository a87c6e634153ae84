//! Stepping through a 720p clip with a key frame every 250 frames, as fast as the player answers: forward against
//! back, within a group of pictures and across its border.

#![allow(clippy::unwrap_used, reason = "a benchmark says where")]

#[path = "../src/playback/tests/clips.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod clips;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use avar::job::{CancelToken, Wake};
use avar::media::{FrameTable, MediaInfo, probe};
use avar::playback::{AudioOutput, FrameState, Player, PlayerOptions, SeekPrecision};
use avar::time::{FrameIndex, MediaTime};

use clips::Clip;

const WALK: usize = 100;

struct Film {
    info: Arc<MediaInfo>,
    table: Arc<FrameTable>,
    _clip: Clip,
}

static FILM: LazyLock<Film> = LazyLock::new(|| {
    let clip = Clip::steady(1280, 720, 600);
    let info = Arc::new(probe(clip.path()).expect("the clip was just made"));
    let table = FrameTable::scan(clip.path(), &CancelToken::default(), |_| {}).expect("the clip was just made");
    let keys: Vec<usize> = (0..table.len()).filter(|&i| table.key_at_or_before(FrameIndex(i)).0 == i).collect();
    assert_eq!(keys, [0, 250, 500], "key frames");
    Film { info, table: Arc::new(table), _clip: clip }
});

fn main() {
    LazyLock::force(&FILM);
    divan::main();
}

/// A player that shows frame `at`.
fn player_at(at: usize) -> Player {
    let mut player = open(&FILM.info, &FILM.table);
    player.seek_frame(FrameIndex(at));
    wait(&mut player, FrameIndex(at));
    player
}

fn open(info: &Arc<MediaInfo>, table: &Arc<FrameTable>) -> Player {
    let ui = std::thread::current();
    let wake: Wake = Arc::new(move || ui.unpark());
    let options = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    Player::open(Arc::clone(info), Some(Arc::clone(table)), options, wake).expect("a clip with picture can be played")
}

fn wait(player: &mut Player, index: FrameIndex) {
    loop {
        let view = player.view(Instant::now());
        if view.frame_state == FrameState::Exact {
            return assert_eq!(view.frame.map(|frame| frame.index), Some(index));
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn walk(bencher: divan::Bencher, from: usize, step: i64) {
    bencher.counter(divan::counter::ItemsCount::new(WALK)).with_inputs(|| player_at(from)).bench_local_refs(|player| {
        for i in 1..=WALK as i64 {
            player.step(step);
            wait(player, FrameIndex((from as i64 + i * step) as usize));
        }
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn forward_within_a_group(bencher: divan::Bencher) {
    walk(bencher, 380, 1);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn back_within_a_group(bencher: divan::Bencher) {
    walk(bencher, 480, -1);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn forward_across_a_border(bencher: divan::Bencher) {
    walk(bencher, 200, 1);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn back_across_a_border(bencher: divan::Bencher) {
    walk(bencher, 300, -1);
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn exact_seek_to_the_end_of_a_group(bencher: divan::Bencher) {
    bencher.with_inputs(|| player_at(0)).bench_local_refs(|player| {
        player.seek_frame(FrameIndex(499));
        wait(player, FrameIndex(499));
    });
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn preview_of_a_distant_frame_while_scrubbing(bencher: divan::Bencher) {
    bencher.with_inputs(|| player_at(0)).bench_local_refs(|player| {
        player.seek(FILM.table.entry(FrameIndex(499)).expect("the clip is longer").time, SeekPrecision::KeyFrame);
        while player.view(Instant::now()).frame.map(|frame| frame.index) != Some(FrameIndex(250)) {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    });
}

/// From one seek in playback until the clock runs again with picture and sound.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn seek_while_playing_until_it_runs(bencher: divan::Bencher) {
    let clip = Clip::flash_and_click(10);
    let info = Arc::new(probe(clip.path()).expect("the clip was just made"));
    let table = FrameTable::scan(clip.path(), &CancelToken::default(), |_| {}).expect("the clip was just made");
    let table = Arc::new(table);
    let started = || {
        let mut player = open(&info, &table);
        player.play();
        run_past(&mut player, MediaTime::ZERO);
        player
    };
    bencher.with_inputs(started).bench_local_refs(|player| {
        let target = MediaTime::from_seconds(7.3);
        player.seek(target, SeekPrecision::Exact);
        run_past(player, target);
    });
}

fn run_past(player: &mut Player, position: MediaTime) {
    while player.view(Instant::now()).position <= position {
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
