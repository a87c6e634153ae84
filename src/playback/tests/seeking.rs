//! Steps, seeks, scrubbing and reverse play.

use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_base::job::{CancelToken, no_wake};
use avar_base::time::{FrameIndex, MediaTime};
use avar_media::{FrameTable, VideoReader, probe};
use avar_playback::{AudioOutput, FrameState, Player, PlayerOptions, PlayerView, SeekPrecision};

use crate::clips::{AUDIO_HZ, Clip, RATE_HZ};
use crate::desk::{Desk, Spread, TICK, real_player, wait_real};

#[test]
fn steps_are_exact_and_add_up_while_frames_are_decoded() {
    let clip = Clip::flash_and_click(4);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    for index in 1..40 {
        desk.player.step(1);
        assert_eq!(desk.wait_exact().index, FrameIndex(index));
    }
    for index in (0..39).rev() {
        desk.player.step(-1);
        assert_eq!(desk.wait_exact().index, FrameIndex(index));
    }
    desk.player.step(-1);
    assert_eq!(desk.wait_exact().index, FrameIndex(0), "the first frame is where stepping back ends");
    (0..50).for_each(|_| desk.player.step(2));
    (0..10).for_each(|_| desk.player.step(-1));
    let frame = desk.wait_exact();
    assert_eq!((frame.index, frame.time), (FrameIndex(90), desk.time_of(90)));
    desk.player.step(i64::MAX);
    assert_eq!(desk.wait_exact().index, FrameIndex(4 * RATE_HZ as usize - 1));
}

#[test]
fn a_table_that_grows_moves_nothing_and_opens_the_rest() {
    let clip = Clip::steady(320, 240, 200);
    let info = Arc::new(probe(clip.path()).unwrap());
    let whole = Arc::new(FrameTable::scan(clip.path(), &CancelToken::default(), |_| {}).unwrap());
    let part = Arc::new(whole.as_ref().clone().first_part(60));
    let options = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
    let mut player = Player::open(Arc::clone(&info), Some(part), options, no_wake()).unwrap();
    let exact = |view: &PlayerView| view.frame_state == FrameState::Exact;
    player.seek(info.range.end, SeekPrecision::Exact);
    let index = |view: PlayerView| view.frame.unwrap().index.0;
    assert_eq!(index(wait_real(&mut player, exact)), 59, "what is not indexed cannot be gone to");
    player.extend(&info, Arc::clone(&whole));
    assert_eq!(index(wait_real(&mut player, exact)), 59);
    for wanted in [60, 61, 199, 58] {
        player.seek_frame(FrameIndex(wanted));
        let frame = wait_real(&mut player, exact).frame.unwrap();
        let mut sequential = VideoReader::open(clip.path(), Arc::clone(&whole)).unwrap();
        let expected = (0..=wanted).map(|_| sequential.next().unwrap().unwrap()).last().unwrap();
        assert!(frame.index == FrameIndex(wanted) && frame.to_rgb8().unwrap() == expected.to_rgb8().unwrap());
    }
}

#[test]
fn scrubbing_lets_a_moment_of_sound_be_heard_and_moves_no_clock() {
    let clip = Clip::flash_and_click(4);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    for second in [2, 1] {
        desk.now += Duration::from_secs(1);
        desk.view();
        let target = MediaTime::from_seconds(f64::from(second));
        desk.player.seek(target, SeekPrecision::KeyFrame);
        let sink = desk.sink.clone();
        desk.wait_for("sound", |_| sink.has_ended());
        desk.view();
        let (samples, taken) = desk.sink.pull(AUDIO_HZ as usize, desk.now);
        let heard_s = taken as f64 / f64::from(AUDIO_HZ);
        assert!((0.07..0.15).contains(&heard_s), "{heard_s} s are heard");
        assert!(samples[..taken].iter().any(|sample| sample.abs() > 0.3), "the click at {second} s is not heard");
        let view = desk.view();
        assert!(!view.playing && view.position == target);
    }
}

#[test]
fn a_step_in_playback_pauses_on_the_next_frame() {
    let clip = Clip::flash_and_click(4);
    let mut desk = Desk::open(clip.path());
    desk.play();
    (0..100).for_each(|_| drop(desk.tick()));
    let shown = desk.view().frame.unwrap().index;
    desk.player.step(1);
    assert_eq!(desk.wait_exact().index, FrameIndex(shown.0 + 1));
    assert!(!desk.view().playing);
}

#[test]
fn scrubbing_previews_the_key_frame_and_ends_on_the_exact_one() {
    let clip = Clip::steady(320, 240, 400);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    let target = desk.time_of(330);
    desk.player.seek(target, SeekPrecision::KeyFrame);
    let view = desk.wait_for("preview", |view| view.frame.as_ref().is_some_and(|frame| frame.index != FrameIndex(0)));
    let key = desk.table.key_at_or_before(FrameIndex(330));
    assert!(key > FrameIndex(0) && key < FrameIndex(330), "the clip has key frames inside");
    let frame = view.frame.unwrap();
    assert!(frame.index == key && view.frame_state == FrameState::Preview || frame.index == FrameIndex(330));
    assert_eq!(view.position, target, "the playhead is where the mouse is");
    assert_eq!(desk.wait_exact().index, FrameIndex(330));
}

#[test]
fn an_exact_seek_keeps_the_last_picture_until_the_frame_is_there() {
    let clip = Clip::steady(320, 240, 400);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    desk.player.seek_frame(FrameIndex(240));
    loop {
        let view = desk.view();
        let index = view.frame.unwrap().index;
        match view.frame_state {
            FrameState::Exact => break assert_eq!(index, FrameIndex(240)),
            _ => assert_eq!(index, FrameIndex(0)),
        }
    }
}

#[test]
fn hundreds_of_seeks_in_a_row_end_where_the_last_one_leads() {
    let clip = Clip::steady(640, 360, 600);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    let mut slowest = Duration::ZERO;
    for i in 0..300_usize {
        let began = Instant::now();
        desk.player.seek(desk.time_of((i * 7919) % 600), SeekPrecision::KeyFrame);
        desk.view();
        slowest = slowest.max(began.elapsed());
        std::thread::sleep(Duration::from_millis(2));
    }
    let released = Instant::now();
    desk.player.seek_frame(FrameIndex(123));
    assert_eq!(desk.wait_exact().index, FrameIndex(123));
    println!("slowest seek + view {slowest:?}; exact frame {:?} after the release", released.elapsed());
    assert!(slowest < Duration::from_millis(100), "the window waited {slowest:?}");
}

#[test]
fn reverse_play_shows_every_frame_downwards_in_bounded_memory() {
    let clip = Clip::steady(320, 240, 300);
    // Room for 60 frames, where a group of pictures has up to 250.
    let budget = 60 * 320 * 240 * 3 / 2;
    let mut desk = Desk::with(clip.path(), Duration::ZERO, budget);
    desk.player.seek_frame(FrameIndex(299));
    desk.wait_exact();
    desk.player.set_speed(-1.0);
    desk.player.play();
    let mut shown = vec![299];
    while desk.view().playing {
        desk.now += TICK;
        let view = desk.wait_for("exact frame", |view| view.frame_state == FrameState::Exact);
        let index = view.frame.unwrap().index.0;
        if shown.last() != Some(&index) {
            shown.push(index);
        }
        assert!(desk.player.cached_bytes() <= budget + budget / 60 * 3);
    }
    assert_eq!(shown, (0..300).rev().collect::<Vec<_>>());
    assert_eq!(desk.view().position, desk.player.range().start);
}

#[test]
fn playing_on_after_scrubbing_shows_frame_after_frame() {
    let clip = Clip::steady(320, 240, 300);
    let mut desk = Desk::open(clip.path());
    desk.player.seek(desk.time_of(200), SeekPrecision::KeyFrame);
    desk.player.play();
    desk.wait_for("exact frame", |view| view.frame_state == FrameState::Exact);
    let mut shown = 200;
    while shown < 290 {
        desk.now += TICK;
        // Not waited for: whatever is shown while the decoder works must not lie behind.
        let index = desk.view().frame.unwrap().index.0;
        assert!(index >= shown, "frame {index} after frame {shown}");
        shown = index;
        std::thread::sleep(Duration::from_micros(300));
    }
}

#[test]
fn a_held_key_steps_back_as_smoothly_as_forward_across_key_frames() {
    let clip = Clip::steady(640, 360, 600);
    let mut player = real_player(&clip, AudioOutput::Silent);
    let mut medians = Vec::new();
    // Each walk crosses the key frame 250.
    for (what, from, step) in [("forward", 220, 1), ("back", 280, -1)] {
        player.seek_frame(FrameIndex(from));
        wait_real(&mut player, |view| view.frame_state == FrameState::Exact);
        let mut waits = Spread::default();
        for i in 1..=60_i64 {
            let began = Instant::now();
            player.step(step);
            let index = loop {
                let view = player.view(Instant::now());
                if view.frame_state == FrameState::Exact {
                    break view.frame.unwrap().index;
                }
                std::thread::sleep(Duration::from_micros(200));
            };
            waits.0.push(began.elapsed().as_secs_f64() * 1000.0);
            assert_eq!(index.0 as i64, from as i64 + i * step);
            // The pace of a held key.
            std::thread::sleep(Duration::from_millis(33).saturating_sub(began.elapsed()));
        }
        waits.report(&format!("step {what} at 30 steps a second"));
        medians.push(waits.0[waits.0.len() / 2]);
    }
    assert!(medians[1] < medians[0] + 20.0, "a step back takes {} ms, a step forward {} ms", medians[1], medians[0]);
}
