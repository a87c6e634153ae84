//! Sound and picture together, and the clock that leads.

use std::path::Path;
use std::time::{Duration, Instant};

use avar_base::time::MediaTime;
use avar_media::probe;
use avar_playback::{AudioOutput, FrameState, SeekPrecision};

use crate::clips;
use crate::clips::{AUDIO_HZ, Clip, RATE_HZ};
use crate::desk::{CACHE_BYTES, Desk, Spread, TICK, real_player, wait_real};

#[test]
fn sound_and_picture_stay_within_40_ms_through_speeds_seeks_and_pauses() {
    let clip = Clip::flash_and_click(12);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    let mut apart = Spread::default();
    let mut onset = Spread::default();
    for (speed, target_s) in [(1.0, 0.0), (0.5, 3.3), (2.0, 1.7), (1.0, 7.95), (1.3, 4.0), (4.0, 0.5)] {
        desk.player.pause();
        desk.player.set_speed(speed);
        desk.player.seek(MediaTime::from_seconds(target_s), SeekPrecision::Exact);
        desk.play();
        let mut shown = desk.view().frame.unwrap().index;
        for tick in 0..400 {
            if tick == 150 {
                desk.player.pause();
                for _ in 0..30 {
                    desk.tick();
                }
                desk.player.play();
            }
            if tick == 250 {
                desk.player.seek(MediaTime::from_seconds(target_s + 0.4), SeekPrecision::Exact);
            }
            let view = desk.tick();
            let heard = desk.sink.consumed_to();
            apart.0.push(desk.apart_ms(&view, heard));
            let index = view.frame.as_ref().unwrap().index;
            if index.0 == shown.0 + 1 {
                onset.0.push((heard - desk.time_of(index.0)).seconds() * 1000.0 / speed);
            }
            shown = index;
        }
    }
    assert!(apart.report("consumed sound against the shown frame's own time") < 40.0);
    assert!(onset.report("consumed sound when a new frame first shows, after that frame's start") < 40.0);
}

#[test]
fn sound_and_picture_stay_within_40_ms_on_a_device_that_takes_bursts_late_and_slow() {
    let clip = Clip::flash_and_click(12);
    let latency = Duration::from_secs_f64(2.0 * 1024.0 / f64::from(AUDIO_HZ));
    let mut desk = Desk::with(clip.path(), latency, CACHE_BYTES);
    desk.wait_exact();
    desk.player.play();
    let mut apart = Spread::default();
    // The device takes 1024 samples every 21.4 ms (0.3 % slow), up to 6 ms late.
    let period_s = 1024.0 / f64::from(AUDIO_HZ) * 1.003;
    let began = desk.now;
    let (mut bursts, mut media_began) = (0_u32, None);
    desk.wait_for("sound", |_| true);
    for tick in 0..2400_u32 {
        desk.now = began + TICK * tick;
        let due_s = f64::from(bursts) * period_s + f64::from((bursts * 7919) % 7) / 1000.0;
        if desk.now.duration_since(began).as_secs_f64() >= due_s {
            desk.pull(1024);
            bursts += 1;
            if desk.sink.consumed_to() > MediaTime::ZERO && media_began.is_none() {
                media_began = Some(f64::from(bursts - 1) * period_s);
            }
        }
        let view = desk.wait_for("exact frame", |view| view.frame_state == FrameState::Exact);
        // The ear hears the device's own pace, late by what the device holds.
        if let Some(media_began) = media_began {
            let ear_s = (desk.now.duration_since(began).as_secs_f64() - media_began - latency.as_secs_f64()) / 1.003;
            if ear_s > 0.0 {
                apart.0.push(desk.apart_ms(&view, MediaTime::from_seconds(ear_s)));
            }
        }
    }
    assert!(apart.report("what the ear hears against the shown frame's own time, bursts") < 40.0);
}

#[test]
fn sound_and_picture_of_the_sample_incident_stay_within_40_ms() {
    let mut desk = Desk::open(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/sample-incident.mp4")));
    desk.wait_exact();
    desk.play();
    let mut apart = Spread::default();
    while desk.sink.consumed_to() < MediaTime::from_seconds(11.5) {
        let view = desk.tick();
        let heard = desk.sink.consumed_to();
        apart.0.push(desk.apart_ms(&view, heard));
    }
    assert!(apart.report("consumed sound against the shown frame's own time, on the sample") < 40.0);
}

#[test]
fn sound_and_picture_stay_within_20_ms_through_ten_minutes_of_seeks_and_speeds() {
    const PLAYED: Duration = Duration::from_secs(600);
    const SEEKS: u32 = 200;
    let clip = Clip::flash_and_click(60);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    desk.play();
    let mut apart = Spread::default();
    let mut drawn = 1_u64;
    let mut random = |below: u64| {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (drawn >> 33) % below
    };
    let ticks = u32::try_from(PLAYED.as_nanos() / TICK.as_nanos()).unwrap();
    for tick in 0..ticks {
        if tick % (ticks / SEEKS) == 0 {
            let speed = [0.5, 1.0, 1.0, 1.0, 1.5, 2.0][random(6) as usize];
            desk.player.set_speed(speed);
            let target_s = random(50_000) as f64 / 1000.0;
            desk.player.seek(MediaTime::from_seconds(target_s), SeekPrecision::Exact);
        }
        let view = desk.tick();
        if view.playing {
            apart.0.push(desk.apart_ms(&view, desk.sink.consumed_to()));
        } else {
            desk.player.play();
        }
    }
    assert!(apart.report("consumed sound against the shown frame's own time, ten minutes") < 20.0);
}

#[test]
fn the_picture_is_shown_as_much_later_as_the_user_asks_for() {
    let clip = Clip::flash_and_click(6);
    for extra_s in [0.2, -0.1] {
        let mut desk = Desk::open(clip.path());
        desk.wait_exact();
        desk.player.set_extra_latency(extra_s);
        desk.play();
        (0..500).for_each(|_| drop(desk.tick()));
        let late_s = (desk.sink.consumed_to() - desk.view().position).seconds();
        assert!((late_s - extra_s).abs() < 0.02, "{late_s} s instead of {extra_s}");
    }
}

#[test]
fn each_flash_is_seen_with_its_click() {
    let clip = Clip::flash_and_click(6);
    let mut desk = Desk::open(clip.path());
    desk.wait_exact();
    desk.play();
    let mut flashes = Vec::new();
    let mut was_bright = true;
    while desk.sink.consumed_to() < MediaTime::from_seconds(5.5) {
        let view = desk.tick();
        let bright = clips::is_bright(view.frame.as_ref().unwrap());
        if bright && !was_bright {
            flashes.push(desk.sink.consumed_to().seconds());
        }
        was_bright = bright;
    }
    let clicks = clips::click_times_s(&desk.pulled);
    println!("flashes shown at {flashes:?}, clicks heard at {clicks:?} (s of consumed sound)");
    for second in 1..=5 {
        let near = |times: &[f64]| times.iter().copied().find(|time| (time - f64::from(second)).abs() < 0.2).unwrap();
        let apart_s = (near(&flashes) - near(&clicks)).abs();
        assert!(apart_s < 0.04, "flash and click of second {second} are {apart_s} s apart");
    }
}

#[test]
fn playing_in_real_time_keeps_wall_time_and_shows_frames_in_time() {
    let clip = Clip::flash_and_click(4);
    let mut player = real_player(&clip, AudioOutput::Silent);
    player.play();
    let start = wait_real(&mut player, |view| view.position > MediaTime::ZERO);
    let began = Instant::now();
    let mut late = Spread::default();
    while began.elapsed() < Duration::from_secs(2) {
        let view = player.view(Instant::now());
        let frame = view.frame.unwrap();
        let behind_s = (view.position - frame.time).seconds() - 1.0 / f64::from(RATE_HZ);
        late.0.push(behind_s.max(0.0) * 1000.0);
        std::thread::sleep(view.next_wake.unwrap_or(Duration::from_millis(16)));
    }
    let view = player.view(Instant::now());
    let advanced_s = (view.position - start.position).seconds();
    let elapsed_s = began.elapsed().as_secs_f64();
    println!("{advanced_s:.3} s played in {elapsed_s:.3} s, {} frames dropped", view.dropped_frames);
    late.report("real time: frame older than its own time");
    assert!((advanced_s - elapsed_s).abs() < 0.25, "{advanced_s} s in {elapsed_s} s");
    let end = wait_real(&mut player, |view| !view.playing);
    assert!(end.at_end && end.position == player.range().end, "stopped at {:?}", end.position);
}

#[test]
fn backwards_and_beyond_four_times_the_speed_there_is_no_sound_and_wall_time_leads() {
    let clip = Clip::flash_and_click(8);
    let mut desk = Desk::open(clip.path());
    desk.play();
    (0..250).for_each(|_| drop(desk.tick()));
    for (speed, length_s) in [(8.0, 0.5), (-1.0, 1.0), (-4.0, 0.6)] {
        desk.player.set_speed(speed);
        desk.wait_exact();
        let (before, began) = (desk.view().position, desk.now);
        desk.pulled.clear();
        while desk.now.duration_since(began).as_secs_f64() < length_s {
            desk.now += TICK;
            let (samples, taken) = desk.sink.pull(192, desk.now);
            assert_eq!(taken, 0, "at speed {speed} the sound is used up");
            assert!(desk.now.duration_since(began) < Duration::from_millis(10) || samples.iter().all(|&s| s == 0.0));
            desk.wait_exact();
        }
        let moved_s = (desk.view().position - before).seconds();
        assert!((moved_s - speed * length_s).abs() < 0.05 * speed.abs(), "{moved_s} s at speed {speed}");
    }
    desk.player.set_speed(1.0);
    desk.play();
    (0..50).for_each(|_| drop(desk.tick()));
    let (view, heard) = (desk.view(), desk.sink.consumed_to());
    assert!(desk.apart_ms(&view, heard) < 40.0, "back at speed 1 the sound leads again");
}

#[test]
fn variable_rate_late_sound_and_time_stamps_not_from_zero_stay_in_step() {
    let Some(folder) = avar_testing::data_folder("edge") else { return };
    for name in ["made/vfr.mp4", "made/audio_starts_late_longer.mp4", "androidx_media/ts/sample_h262_mpeg_audio.ts"] {
        let path = folder.join(name);
        let audio_start = probe(&path).unwrap().audio.unwrap().range.start;
        let mut desk = Desk::open(&path);
        desk.wait_exact();
        let mut apart = Spread::default();
        desk.play();
        while desk.view().playing {
            let view = desk.tick();
            let (heard, ends) = (desk.sink.consumed_to(), desk.table.range().end);
            if heard < ends {
                apart.0.push(desk.apart_ms(&view, heard));
            }
        }
        let start = desk.player.range().start;
        let silent = desk.pulled.iter().take_while(|sample| sample.abs() < 1e-4).count();
        let first_audio_s = start.seconds() + silent as f64 / f64::from(AUDIO_HZ);
        println!(
            "{name}: starts at {} s, sound at {} s, first heard at {first_audio_s:.3} s",
            start.seconds(),
            audio_start.seconds()
        );
        assert!(apart.report(name) < 40.0);
        assert!(first_audio_s > audio_start.seconds() - 0.04, "{name}: sound at {first_audio_s} s");
    }
}
