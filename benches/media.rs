//! Decoding speed, exact seeks and indexing of a 60 s, 1280x720, 30 Hz H.264 clip with key frames 250
//! frames apart. `cargo bench --bench media`; needs the ffmpeg command line to make the clip.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use avar::job::CancelToken;
use avar::media::{AudioFormat, AudioReader, FrameScaler, FrameTable, VideoReader, build_waveform, probe};
use avar::time::{FrameIndex, MediaTime};

struct Clip {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

static CLIP: LazyLock<Clip> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder for the clip");
    let path = folder.path().join("clip.mp4");
    let arguments = "-v error -nostdin -f lavfi -i testsrc2=s=1280x720:r=30:d=60 -f lavfi -i anoisesrc=a=0.3:d=60 \
        -c:v libx264 -preset veryfast -bf 3 -g 250 -sc_threshold 0 -c:a aac";
    let status = Command::new("ffmpeg").args(arguments.split_whitespace()).arg(&path).status().expect("ffmpeg");
    assert!(status.success());
    Clip { path, _folder: folder }
});

fn table() -> Arc<FrameTable> {
    Arc::new(FrameTable::scan(&CLIP.path, &CancelToken::default(), |_| {}).expect("a table"))
}

fn main() {
    print_seek_times();
    divan::main();
}

/// Divan reports a mean of equal work; a seek's cost depends on where it goes, so its spread is printed.
fn print_seek_times() {
    let table = table();
    let mut reader = VideoReader::open(&CLIP.path, table.clone()).expect("a reader");
    let percentile = |times: &mut Vec<Duration>, percent: usize| {
        times.sort_unstable();
        times[(times.len() - 1) * percent / 100]
    };
    let mut spread = |what: &str, seek: &mut dyn FnMut(&mut VideoReader, FrameIndex)| {
        let mut times: Vec<Duration> = (0..60)
            .map(|i| FrameIndex((i * 1117 + 13) % table.len()))
            .map(|index| {
                let started = Instant::now();
                seek(&mut reader, index);
                started.elapsed()
            })
            .collect();
        let (p50, p95) = (percentile(&mut times, 50), percentile(&mut times, 95));
        println!("{what}: p50 {p50:.1?}, p95 {p95:.1?} over {} places", times.len());
    };
    spread("seek_exact", &mut |reader, index| {
        reader.seek_exact(index).expect("the frame");
    });
    spread("seek_key", &mut |reader, index| {
        reader.seek_key(index).expect("the key frame");
    });
    spread("next frame", &mut |reader, _| {
        reader.next().expect("a frame");
    });
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn open_and_probe() {
    probe(&CLIP.path).expect("facts");
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn index_60_s() {
    table();
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn decode_600_frames(bencher: divan::Bencher) {
    let table = table();
    bencher.counter(divan::counter::ItemsCount::new(600_u32)).bench_local(|| {
        let mut reader = VideoReader::open(&CLIP.path, table.clone()).expect("a reader");
        for _ in 0..600 {
            reader.next().expect("a frame");
        }
    });
}

#[divan::bench(sample_count = 3, sample_size = 20)]
fn scale_to_256(bencher: divan::Bencher) {
    let frame = VideoReader::open(&CLIP.path, table()).expect("a reader").seek_exact(FrameIndex(40)).expect("a frame");
    let mut scaler = FrameScaler::new();
    bencher.bench_local(|| scaler.scale(&frame, 256, 256).expect("a picture"));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn waveform_60_s() {
    build_waveform(&CLIP.path, None, &CancelToken::default(), |_| {}).expect("a waveform");
}

#[divan::bench(sample_count = 3, sample_size = 5)]
fn sound_seek(bencher: divan::Bencher) {
    let format = AudioFormat { rate_hz: 48_000, channels: 2 };
    let mut reader = AudioReader::open(&CLIP.path, format).expect("a reader");
    bencher.bench_local(|| {
        reader.seek(MediaTime::from_seconds(31.7)).expect("a seek");
        reader.next().expect("a block")
    });
}

#[divan::bench(sample_count = 3, sample_size = 20)]
fn peaks_of_nine_hours_in_2000_columns(bencher: divan::Bencher) {
    let mut waveform = avar::media::WaveformPyramid::new(MediaTime::ZERO);
    let second: Vec<f32> = (0..16_000).map(|i| (i as f32 * 0.01).sin()).collect();
    (0..9 * 3600).for_each(|_| waveform.push(&second));
    bencher.bench_local(|| waveform.peaks(waveform.range(), 2000));
}
