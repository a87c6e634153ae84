//! What goes wrong: files that vanish or are damaged, devices that are lost, odd files and odd commands.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_base::job::{CancelToken, no_wake};
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_media::{FrameTable, probe};
use avar_playback::{AudioOutput, FrameState, Player, PlayerOptions, SeekPrecision};

use crate::clips::Clip;
use crate::desk::{CACHE_BYTES, Desk, PATIENCE, Spread, files_below, real_player, wait_real};

#[test]
fn a_file_that_has_vanished_is_reported_by_name_and_plays_once_it_is_back() {
    let clip = Clip::flash_and_click(2);
    let info = Arc::new(probe(clip.path()).unwrap());
    let table = Arc::new(FrameTable::scan(clip.path(), &CancelToken::default(), |_| {}).unwrap());
    let aside = clip.path().with_extension("aside");
    std::fs::rename(clip.path(), &aside).unwrap();
    let options = PlayerOptions { output: AudioOutput::Silent, cache_bytes: CACHE_BYTES };
    let mut player = Player::open(info, Some(table), options, no_wake()).unwrap();
    player.play();
    let error = wait_real(&mut player, |view| view.error.is_some()).error.unwrap();
    assert!(error.contains("flash.mp4"), "{error}");
    std::fs::rename(&aside, clip.path()).unwrap();
    player.seek_frame(FrameIndex(20));
    let view = wait_real(&mut player, |view| view.frame_state == FrameState::Exact && view.error.is_none());
    assert!(view.frame.unwrap().index >= FrameIndex(20));
}

#[test]
fn a_damaged_stretch_is_reported_and_the_rest_stays_reviewable() {
    let clip = Clip::flash_and_click(6);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    let mut bytes = std::fs::read(clip.path()).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + middle / 4].fill(0x5a);
    std::fs::write(clip.path(), bytes).unwrap();
    let mut reported = 0;
    for index in (0..180).step_by(5) {
        desk.player.seek_frame(FrameIndex(index));
        let view = desk.wait_for("answer", |view| view.frame_state == FrameState::Exact || view.error.is_some());
        reported += usize::from(view.error.is_some());
    }
    desk.player.seek_frame(FrameIndex(3));
    assert_eq!(desk.wait_exact().index, FrameIndex(3), "after {reported} errors");
}

#[test]
fn a_view_remembers_the_frames_that_were_found_damaged() {
    let clip = Clip::steady(320, 240, 120);
    let mut bytes = std::fs::read(clip.path()).unwrap();
    let (from, to) = (bytes.len() / 2, bytes.len() * 3 / 4);
    (from..to).step_by(149).for_each(|at| bytes[at] ^= 0x55);
    std::fs::write(clip.path(), bytes).unwrap();
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    let (mut concealed, mut undecodable) = (Vec::new(), Vec::new());
    for index in 0..desk.table.len() {
        desk.player.seek_frame(FrameIndex(index));
        let view = desk.wait_for("answer", |view| view.frame_state == FrameState::Exact || view.error.is_some());
        match view.frame.filter(|_| view.frame_state == FrameState::Exact) {
            Some(frame) => concealed.extend(Some(index).filter(|_| frame.is_concealed)),
            None => undecodable.push(index),
        }
    }
    assert!(!concealed.is_empty() || !undecodable.is_empty());
    let faults = desk.view().faults;
    let listed = |ranges: &[Range<usize>]| ranges.iter().cloned().flatten().collect::<Vec<usize>>();
    assert_eq!(listed(faults.concealed()), concealed);
    assert_eq!(listed(faults.undecodable()), undecodable);
}

#[test]
fn a_device_that_is_unplugged_makes_playback_silent_and_not_stop() {
    let clip = Clip::flash_and_click(4);
    let mut desk = Desk::open(clip.path());
    desk.play();
    (0..500).for_each(|_| drop(desk.tick()));
    desk.sink.unplug();
    desk.now = desk.now.max(Instant::now());
    let before = desk.view().position;
    // From here on the silent clock takes the samples, in real time.
    assert!(before > MediaTime::from_seconds(1.9));
    let view = wait_real(&mut desk.player, |view| view.position > before + MediaTime::from_seconds(0.2));
    assert!(view.playing);
    assert!(view.note.unwrap().contains("silently"));
}

#[test]
fn the_device_or_its_absence_plays_a_file_in_real_time() {
    let clip = Clip::flash_and_click(3);
    let mut player = real_player(&clip, AudioOutput::Device);
    player.set_volume(0.0);
    player.play();
    let view = wait_real(&mut player, |view| view.position > MediaTime::from_seconds(0.5));
    println!("note: {:?}", view.note);
    assert_eq!(view.error, None);
}

/// Real files of all kinds: rotated, edit lists, variable rate, time stamps not from zero, truncated, odd sizes.
#[test]
fn every_edge_file_plays_seeks_steps_and_is_dropped_in_time() {
    let Some(folder) = avar_testing::data_folder("edge") else { return };
    let mut paths = files_below(&folder);
    paths.sort();
    let (mut played, mut slowest_view, mut slowest_drop) = (0, Duration::ZERO, Duration::ZERO);
    for path in paths {
        let Ok(info) = probe(&path) else { continue };
        let table = FrameTable::scan(&path, &CancelToken::default(), |_| {}).ok().map(Arc::new);
        let options = PlayerOptions { output: AudioOutput::Silent, cache_bytes: 32 << 20 };
        let Ok(mut player) = Player::open(Arc::new(info), table.clone(), options, no_wake()) else { continue };
        let name = path.display();
        // Within a moment each wish ends in the exact frame or in a sentence.
        let mut settle = |player: &mut Player, what: &str| {
            let began = Instant::now();
            loop {
                let asked = Instant::now();
                let view = player.view(asked);
                slowest_view = slowest_view.max(asked.elapsed());
                if matches!(view.frame_state, FrameState::Exact | FrameState::None) {
                    let wanted =
                        table.as_ref().filter(|table| !table.is_empty()).map(|t| t.at_or_before(view.position));
                    return assert_eq!(view.frame.map(|frame| frame.index), wanted, "{what}: {name}");
                }
                if view.error.is_some() {
                    return;
                }
                assert!(began.elapsed() < PATIENCE, "{what} does not settle at {:?}: {name}", view.position);
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        settle(&mut player, "start");
        let range = player.range();
        player.play();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(120) {
            player.view(Instant::now());
            std::thread::sleep(Duration::from_millis(8));
        }
        player.pause();
        for fraction in [0.9, 0.3, 1.0, 0.6] {
            let target = range.start + MediaTime::from_seconds(range.duration_s() * fraction);
            player.seek(target, SeekPrecision::KeyFrame);
            settle(&mut player, "seek");
            player.step(-2);
            settle(&mut player, "step back");
        }
        player.set_speed(-1.0);
        player.play();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(60) {
            player.view(Instant::now());
            std::thread::sleep(Duration::from_millis(8));
        }
        let began = Instant::now();
        drop(player);
        if began.elapsed() > Duration::from_millis(100) {
            println!("dropped in {:?}: {name}", began.elapsed());
        }
        slowest_drop = slowest_drop.max(began.elapsed());
        played += 1;
    }
    println!("{played} edge files; slowest view {slowest_view:?}, slowest drop {slowest_drop:?}");
    // A loaded machine may not run this thread for a while.
    assert!(slowest_drop < Duration::from_millis(500));
}

#[test]
fn dropping_a_player_in_the_midst_of_work_waits_for_nobody() {
    let film = Clip::steady(1280, 720, 250);
    let seeking = |output| {
        let mut player = real_player(&film, output);
        player.seek_frame(FrameIndex(249));
        std::thread::sleep(Duration::from_millis(30));
        player
    };
    let sounding = Clip::flash_and_click(3);
    let playing = |output| {
        let mut player = real_player(&sounding, output);
        player.play();
        wait_real(&mut player, |view| view.position > MediaTime::ZERO);
        player
    };
    // The median, as a loaded machine may not run this thread for a while.
    let mut drops = Spread::default();
    for _ in 0..3 {
        for output in [AudioOutput::Silent, AudioOutput::Device] {
            for player in [seeking(output.clone()), playing(output)] {
                let began = Instant::now();
                drop(player);
                drops.0.push(began.elapsed().as_secs_f64() * 1000.0);
            }
        }
    }
    drops.report("dropping a player");
    // Decoding up to the last frame takes a hundred times as long.
    assert!(drops.0[drops.0.len() / 2] < 5.0);
}

#[test]
fn commands_on_a_player_that_was_never_looked_at_do_no_harm() {
    let clip = Clip::flash_and_click(2);
    let mut player = real_player(&clip, AudioOutput::Silent);
    player.pause();
    player.step(-5);
    player.set_speed(f64::NAN);
    player.set_speed(0.0);
    player.set_speed(-100.0);
    assert_eq!(player.speed(), -8.0);
    player.set_volume(f32::NAN);
    player.set_loop(Some(TimeRange::default()));
    player.seek(MediaTime::from_nanoseconds(i64::MAX), SeekPrecision::KeyFrame);
    player.seek_frame(FrameIndex(usize::MAX));
    player.toggle();
    player.toggle();
    let view = wait_real(&mut player, |view| view.frame_state == FrameState::Exact);
    assert!(view.at_end);
}
