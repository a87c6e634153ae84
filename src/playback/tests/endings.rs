//! Ends, loops, and files that lack sound or picture.

use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_base::job::no_wake;
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_media::probe;
use avar_playback::{AudioOutput, FrameState, ManualSink, Player, PlayerOptions, SeekPrecision};

use crate::clips;
use crate::clips::{AUDIO_HZ, Clip};
use crate::desk::{CACHE_BYTES, Desk, PATIENCE, TICK};

#[test]
fn a_loop_range_is_played_over_and_over() {
    let clip = Clip::flash_and_click(4);
    let mut desk = Desk::open(clip.path());
    let range = TimeRange::new(MediaTime::from_seconds(1.0), MediaTime::from_seconds(1.5));
    desk.player.set_loop(Some(range));
    desk.player.seek(range.start, SeekPrecision::Exact);
    desk.play();
    let (mut turns, mut before) = (0, MediaTime::ZERO);
    for _ in 0..700 {
        let position = desk.tick().position;
        assert!(position >= range.start && position < range.end, "{position:?} is outside the loop");
        turns += usize::from(position < before);
        before = position;
    }
    assert!(turns >= 3, "only {turns} turns in 2.8 s");
}

#[test]
fn sound_that_ends_before_the_picture_lets_the_picture_play_to_its_end() {
    plays_to_the_end(&Clip::new(64, 64, 90, 1.2), 3.0);
}

#[test]
fn picture_that_ends_before_the_sound_stays_while_the_sound_plays_to_its_end() {
    let shown = plays_to_the_end(&Clip::new(64, 64, 30, 2.5), 2.5);
    assert_eq!(shown, FrameIndex(29));
}

/// Plays and returns the last frame shown.
fn plays_to_the_end(clip: &Clip, length_s: f64) -> FrameIndex {
    let mut desk = Desk::open(clip.path());
    desk.play();
    let began = desk.now;
    let mut last = None;
    while desk.view().playing {
        last = desk.tick().frame;
        assert!(desk.now.duration_since(began).as_secs_f64() < length_s + 1.0, "no end at {:?}", desk.view().position);
    }
    let elapsed_s = desk.now.duration_since(began).as_secs_f64();
    assert!((elapsed_s - length_s).abs() < 0.15, "{elapsed_s} s for {length_s} s");
    assert!(desk.view().at_end);
    desk.play();
    assert!(desk.view().position < MediaTime::from_seconds(0.5), "playing at the end starts again");
    last.unwrap().index
}

#[test]
fn a_file_without_sound_plays_on_wall_time() {
    let clip = Clip::steady(64, 64, 90);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    desk.player.play();
    let began = desk.now;
    desk.view();
    for tick in 1..=500 {
        desk.now = began + TICK * tick;
        let view = desk.wait_for("exact frame", |view| view.frame_state == FrameState::Exact);
        let expected = desk.table.at_or_before(MediaTime::from_seconds(TICK.as_secs_f64() * f64::from(tick)));
        assert_eq!(view.frame.unwrap().index, expected);
    }
    assert_eq!(desk.view().dropped_frames, 0);
    assert_eq!(desk.view().note, None, "no device is missed where there is no sound");
}

#[test]
fn a_file_without_picture_plays_on_its_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tone.wav");
    clips::write_wav(&path, 3 * AUDIO_HZ);
    let sink = ManualSink::new(AUDIO_HZ, Duration::ZERO);
    let options = PlayerOptions { output: AudioOutput::Manual(sink.clone()), cache_bytes: CACHE_BYTES };
    let mut player = Player::open(Arc::new(probe(&path).unwrap()), None, options, no_wake()).unwrap();
    player.seek(MediaTime::from_seconds(1.0), SeekPrecision::Exact);
    player.play();
    let began = Instant::now();
    while sink.queued_frames() < 4800 {
        assert_eq!(player.view(began).frame_state, FrameState::None);
        assert!(began.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
    player.view(began);
    let (samples, taken) = sink.pull(4800, began + Duration::from_millis(100));
    assert_eq!(taken, 4800);
    assert_eq!(player.view(began + Duration::from_millis(100)).position, MediaTime::from_seconds(1.1));
    // The wave's samples say where they come from: sample n of the file is n / 2^18.
    let expected = |n: usize| (f64::from(AUDIO_HZ) + n as f64) / f64::from(1 << 18);
    assert!((f64::from(samples[4000]) - expected(4000)).abs() < 1e-3, "{} {}", samples[4000], expected(4000));
}

#[test]
fn turning_round_at_the_very_end_stops_there_and_does_not_hang() {
    let clip = Clip::flash_and_click(2);
    let mut desk = Desk::open(clip.path());
    let end = desk.player.range().end;
    desk.player.seek(end, SeekPrecision::Exact);
    desk.player.set_speed(-1.0);
    desk.player.play();
    desk.player.set_speed(1.0);
    let view = desk.wait_for("stop", |view| !view.playing);
    assert!(view.at_end && view.position == end);
}
