//! The bundled sample as a reviewer's program sees it: decoded from the file that was written.

#![allow(clippy::unwrap_used, reason = "a test says where")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeRange};
use avar_media::{AudioFormat, AudioReader, FrameTable, VideoReader, probe, read_mono};
use avar_synth::sample::{DURATION_S, EVENT, FRAME_RATE_HZ, HEIGHT_PX, IMPACT, RATE_HZ, WIDTH_PX, write_sample};

const FRAME_S: f64 = 1.0 / FRAME_RATE_HZ as f64;

/// The clip, written once for all tests.
static CLIP: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample-incident.mp4");
    write_sample(&path).unwrap();
    path
});

fn frames() -> FrameTable {
    FrameTable::scan(&CLIP, &CancelToken::default(), |_| {}).unwrap()
}

fn sound() -> Vec<f32> {
    let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(f64::from(DURATION_S)));
    read_mono(&CLIP, None, RATE_HZ, range, &CancelToken::default()).unwrap()
}

/// The moment of the steepest rise between neighbours.
fn steepest_rise(values: &[f64], step_s: f64) -> f64 {
    let rise = |i: &usize| values[*i] - values[*i - 1];
    let steepest = (1..values.len()).max_by(|a, b| rise(a).total_cmp(&rise(b))).unwrap();
    steepest as f64 * step_s
}

fn flash_s() -> f64 {
    let mut reader = VideoReader::open(&CLIP, Arc::new(frames())).unwrap();
    let mut brightness = Vec::new();
    while let Some(frame) = reader.next().unwrap() {
        assert!((frame.time.seconds() - brightness.len() as f64 * FRAME_S).abs() < 1e-6, "a constant frame rate");
        let luma = frame.plane(0);
        let rows = luma.bytes.chunks(luma.stride_bytes);
        let samples = rows.flat_map(|row| &row[..luma.width_px as usize]);
        brightness.push(samples.map(|&sample| f64::from(sample)).sum::<f64>());
    }
    steepest_rise(&brightness, FRAME_S)
}

/// The start of the 5 ms in which the sound grows most.
fn bang_s() -> f64 {
    let window = RATE_HZ as usize / 200;
    let level = |samples: &[f32]| samples.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>().sqrt();
    steepest_rise(&sound().chunks(window).map(level).collect::<Vec<_>>(), window as f64 / f64::from(RATE_HZ))
}

#[test]
fn the_clip_has_three_hundred_frames_that_all_decode() {
    let table = Arc::new(frames());
    let mut reader = VideoReader::open(&CLIP, table.clone()).unwrap();
    let decoded = std::iter::from_fn(|| reader.next().unwrap()).count();
    assert_eq!((table.len(), decoded), (300, 300));
    let info = probe(&CLIP).unwrap();
    let video = info.video.unwrap();
    assert_eq!((video.width_px, video.height_px), (WIDTH_PX, HEIGHT_PX));
}

#[test]
fn the_sound_is_as_long_as_the_picture_within_one_frame() {
    let mut reader = AudioReader::open(&CLIP, AudioFormat { rate_hz: RATE_HZ, channels: 1 }).unwrap();
    let mut samples = 0;
    while let Some(block) = reader.next().unwrap() {
        samples += block.samples.len();
    }
    let sound_s = samples as f64 / f64::from(RATE_HZ);
    let picture_s = frames().range().duration_s();
    assert!((sound_s - picture_s).abs() < FRAME_S, "sound {sound_s} s, picture {picture_s} s");
}

#[test]
fn the_collision_is_seen_and_heard_within_forty_milliseconds() {
    let (seen_s, heard_s) = (flash_s(), bang_s());
    assert!((seen_s - heard_s).abs() < 0.040, "seen at {seen_s} s, heard at {heard_s} s");
}

#[test]
fn the_flash_is_where_the_constants_say() {
    let flash = MediaTime::from_seconds(flash_s());
    assert_eq!(flash, IMPACT);
    assert!(EVENT.contains(flash));
    assert_eq!((EVENT.start.seconds(), EVENT.end.seconds()), (5.52, 8.48));
}

#[test]
fn writing_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.mp4");
    write_sample(&again).unwrap();
    assert!(std::fs::read(&again).unwrap() == std::fs::read(&*CLIP).unwrap());
}

#[test]
fn the_file_is_under_400_kilobytes() {
    let size_bytes = std::fs::metadata(&*CLIP).unwrap().len();
    assert!(size_bytes < 400_000, "{size_bytes} bytes");
}

#[test]
fn the_decoded_sound_stays_below_minus_one_decibel() {
    let peak = sound().iter().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak < 10f32.powf(-1.0 / 20.0), "a peak of {peak}");
    assert!(peak > 0.3, "a collision is loud, not {peak}");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent").join("sample.mp4");
    let error = write_sample(&path).unwrap_err().to_string();
    assert!(error.ends_with(&path.display().to_string()), "{error}");
}
