//! What the tests of every crate share: recordings made on the spot, and the data that lies beside the project.

use std::path::{Path, PathBuf};

use avar_media::{AudioFormat, ClipSpec, ClipWriter};

/// Width of the clips that [`write_clip`] writes.
pub const WIDTH_PX: u32 = 160;
/// Their height.
pub const HEIGHT_PX: u32 = 120;
/// Their frames a second.
pub const RATE_HZ: u32 = 25;
const AUDIO_HZ: u32 = 48_000;

/// An MP4 with a bar that moves over a ground which changes each second, so that no two frames are alike, and,
/// where wanted, a tone with a click each second.
pub fn write_clip(path: &Path, seconds: u32, has_sound: bool) {
    let audio = has_sound.then_some(AudioFormat { rate_hz: AUDIO_HZ, channels: 1 });
    let spec = ClipSpec { width_px: WIDTH_PX, height_px: HEIGHT_PX, rate_hz: RATE_HZ, audio, crf: 23 };
    let mut writer = ClipWriter::create(path, &spec).expect("the clip can be begun");
    for second in 0..seconds {
        for frame in second * RATE_HZ..(second + 1) * RATE_HZ {
            writer.push_rgb(&picture(frame)).expect("a picture can be written");
        }
        if has_sound {
            writer.push_audio(&tone(second, AUDIO_HZ)).expect("sound can be written");
        }
    }
    writer.finish().expect("the clip can be finished");
}

/// A WAV file with 16-bit mono samples.
pub fn write_wav(path: &Path, samples: &[f32], rate_hz: u32) {
    let data = samples.iter().flat_map(|sample| ((sample * 32767.0) as i16).to_le_bytes()).collect();
    write_riff(path, WavHeader { encoding: 1, channels: 1, rate_hz, sample_bytes: 2 }, data);
}

/// A WAV file of the given channels, all of one length, in floating point: samples may be anything.
pub fn write_float_wav(path: &Path, channels: &[Vec<f32>], rate_hz: u32) {
    let frames = 0..channels[0].len();
    let data = frames.flat_map(|frame| channels.iter().flat_map(move |channel| channel[frame].to_le_bytes())).collect();
    let header = WavHeader { encoding: 3, channels: channels.len() as u16, rate_hz, sample_bytes: 4 };
    write_riff(path, header, data);
}

struct WavHeader {
    /// 1: whole numbers, 3: floating point.
    encoding: u16,
    channels: u16,
    rate_hz: u32,
    sample_bytes: u16,
}

fn write_riff(path: &Path, header: WavHeader, data: Vec<u8>) {
    let size = data.len() as u32;
    let frame_bytes = header.channels * header.sample_bytes;
    let mut bytes = Vec::with_capacity(44 + data.len());
    bytes.extend(b"RIFF");
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(header.encoding.to_le_bytes());
    bytes.extend(header.channels.to_le_bytes());
    bytes.extend(header.rate_hz.to_le_bytes());
    bytes.extend((header.rate_hz * u32::from(frame_bytes)).to_le_bytes());
    bytes.extend(frame_bytes.to_le_bytes());
    bytes.extend((header.sample_bytes * 8).to_le_bytes());
    bytes.extend(b"data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(data);
    std::fs::write(path, bytes).expect("the sound file can be written");
}

/// One second of a tone whose pitch goes with the second, with a click at its start.
pub fn tone(second: u32, rate_hz: u32) -> Vec<f32> {
    let pitch_hz = 220.0 * (1.0 + f64::from(second % 5));
    let sample = |number: u32| {
        let time_s = f64::from(number) / f64::from(rate_hz);
        let click = if number < rate_hz / 100 { 0.5 * (-400.0 * time_s).exp() } else { 0.0 };
        (0.2 * (std::f64::consts::TAU * pitch_hz * time_s).sin() + click) as f32
    };
    (0..rate_hz).map(sample).collect()
}

fn picture(frame: u32) -> Vec<u8> {
    let ground = [[60, 70, 90], [150, 90, 40], [40, 120, 70], [170, 160, 150]][(frame / RATE_HZ % 4) as usize];
    let bar = frame * 3 % WIDTH_PX;
    let pixel = |x: u32, y: u32| {
        let is_bar = (bar..bar + 12).contains(&x) && (30..90).contains(&y);
        if is_bar { [230, 220, 40] } else { ground.map(|value: u8| value + (y / 8) as u8) }
    };
    (0..HEIGHT_PX).flat_map(|y| (0..WIDTH_PX).flat_map(move |x| pixel(x, y))).collect()
}

/// Where a test lacks what it needs it says so and ends; with `AVAR_REQUIRE=1`, as `make test` sets it, it fails.
#[track_caller]
pub fn skip(what_is_missing: &str) {
    let is_required = std::env::var_os("AVAR_REQUIRE").is_some_and(|value| value == "1");
    assert!(!is_required, "cannot be tested here: {what_is_missing}");
    eprintln!("skipped: {what_is_missing}");
}

/// A folder of the recordings that lie beside the project, or in the folder that `AVAR_DATA` names. They are nobody's to
/// pass on: where they all are absent this is `None`, with a word of it; where they are there, all of them must be.
#[track_caller]
pub fn data_folder(name: &str) -> Option<PathBuf> {
    let stated = std::env::var_os("AVAR_DATA").map(PathBuf::from);
    let is_stated = stated.is_some();
    let all = stated.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let folder = all.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    let missing = format!("there is no {}; AVAR_DATA names the folder that holds it", folder.display());
    if is_stated || all.is_dir() {
        skip(&missing);
    } else {
        eprintln!("skipped: {missing}");
    }
    None
}

/// A JSON file.
pub fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
