//! Clips made for the playback tests and benches: a white flash and a click each second, or a steady picture.

use std::path::{Path, PathBuf};

use avar_media::{AudioFormat, ClipSpec, ClipWriter, VideoFrame};

/// Frames a second.
pub(crate) const RATE_HZ: u32 = 30;
/// Samples a second.
pub(crate) const AUDIO_HZ: u32 = 48_000;

/// A file that is deleted with its folder when dropped.
pub(crate) struct Clip {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Clip {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Black, with a white frame and a click at the start of each second.
    pub(crate) fn flash_and_click(length_s: u32) -> Self {
        Self::new(160, 120, (length_s * RATE_HZ) as usize, f64::from(length_s))
    }

    /// The same with picture and sound of unequal length.
    pub(crate) fn new(width_px: u32, height_px: u32, frames: usize, audio_s: f64) -> Self {
        let audio = Some(AudioFormat { rate_hz: AUDIO_HZ, channels: 1 });
        Self::write("flash.mp4", (width_px, height_px), audio, |writer| {
            let picture = |level: u8| vec![level; (width_px * height_px * 3) as usize];
            let (black, white) = (picture(16), picture(240));
            let samples = (audio_s * f64::from(AUDIO_HZ)) as usize;
            let mut pushed = 0;
            let mut push_audio = |writer: &mut ClipWriter, upto: usize| {
                // A click is 2 ms of a 1 kHz tone.
                let click = |n: usize| {
                    let within = n % AUDIO_HZ as usize;
                    let tone = (within as f32 * std::f32::consts::TAU * 1000.0 / AUDIO_HZ as f32).sin();
                    if within < AUDIO_HZ as usize / 500 { 0.9 * tone } else { 0.0 }
                };
                let upto = upto.min(samples);
                writer.push_audio(&(pushed..upto.max(pushed)).map(click).collect::<Vec<_>>()).unwrap();
                pushed = upto.max(pushed);
            };
            for frame in 0..frames {
                writer.push_rgb(if frame % RATE_HZ as usize == 0 { &white } else { &black }).unwrap();
                push_audio(writer, (frame + 1) * (AUDIO_HZ / RATE_HZ) as usize);
            }
            push_audio(writer, samples);
        })
    }

    /// A slowly moving texture without sound: long groups of pictures that cost something to decode.
    pub(crate) fn steady(width_px: u32, height_px: u32, frames: usize) -> Self {
        Self::write("steady.mp4", (width_px, height_px), None, |writer| {
            let mut picture = vec![0; (width_px * height_px * 3) as usize];
            for frame in 0..frames {
                for (i, pixel) in picture.chunks_exact_mut(3).enumerate() {
                    let (x, y) = (i % width_px as usize + frame, i / width_px as usize);
                    pixel.fill(((x * x / 97 + y * 5 + (x ^ y) % 31) % 200) as u8 + 20);
                }
                writer.push_rgb(&picture).unwrap();
            }
        })
    }

    fn write(name: &str, size: (u32, u32), audio: Option<AudioFormat>, fill: impl FnOnce(&mut ClipWriter)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        let spec = ClipSpec { width_px: size.0, height_px: size.1, rate_hz: RATE_HZ, audio, crf: 28 };
        let mut writer = ClipWriter::create(&path, &spec).unwrap();
        fill(&mut writer);
        writer.finish().unwrap();
        Self { path, _folder: folder }
    }
}

/// Whether the middle of the picture is white.
pub(crate) fn is_bright(frame: &VideoFrame) -> bool {
    let luma = frame.plane(0);
    luma.bytes[(luma.height_px as usize / 2) * luma.stride_bytes + luma.width_px as usize / 2] > 128
}

/// Where the clicks begin, in seconds of samples.
pub(crate) fn click_times_s(samples: &[f32]) -> Vec<f64> {
    let mut times = Vec::new();
    let mut quiet = AUDIO_HZ;
    for (n, sample) in samples.iter().enumerate() {
        if sample.abs() > 0.2 {
            if quiet > AUDIO_HZ / 10 {
                times.push(n as f64 / f64::from(AUDIO_HZ));
            }
            quiet = 0;
        } else {
            quiet += 1;
        }
    }
    times
}

/// A mono WAV file (32-bit float) whose sample n is n / 2^18.
pub(crate) fn write_wav(path: &Path, samples: u32) {
    let mut bytes = Vec::new();
    let data_bytes = samples * 4;
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(36 + data_bytes).to_le_bytes());
    bytes.extend_from_slice(b"WAVEfmt ");
    bytes.extend_from_slice(&16_u32.to_le_bytes());
    bytes.extend_from_slice(&3_u16.to_le_bytes());
    bytes.extend_from_slice(&1_u16.to_le_bytes());
    bytes.extend_from_slice(&AUDIO_HZ.to_le_bytes());
    bytes.extend_from_slice(&(AUDIO_HZ * 4).to_le_bytes());
    bytes.extend_from_slice(&4_u16.to_le_bytes());
    bytes.extend_from_slice(&32_u16.to_le_bytes());
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data_bytes.to_le_bytes());
    (0..samples).for_each(|n| bytes.extend_from_slice(&(n as f32 / (1 << 18) as f32).to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}
