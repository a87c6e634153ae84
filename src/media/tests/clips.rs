//! Clips that the media tests make for themselves, and what ffprobe says about a file.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use avar_base::job::CancelToken;
use avar_media::{AudioFormat, ClipSpec, ClipWriter, FrameTable, VideoFrame, VideoReader};

/// A folder of clips that goes away with the test.
pub(crate) struct Clips {
    folder: tempfile::TempDir,
}

impl Clips {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A clip made by the ffmpeg command line; `None`, with a note, where that is not installed.
    pub(crate) fn ffmpeg(&self, name: &str, arguments: &str) -> Option<PathBuf> {
        let path = self.path(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-y"]).args(arguments.split_whitespace()).arg(&path);
        let output = match command.current_dir(self.folder.path()).output() {
            Ok(output) => output,
            Err(error) => {
                avar_testing::skip(&format!("ffmpeg is not installed ({error})"));
                return None;
            }
        };
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if complaint.contains("Unknown encoder") {
            avar_testing::skip(&complaint);
            return None;
        }
        assert!(output.status.success(), "ffmpeg {arguments}: {complaint}");
        Some(path)
    }

    /// Sound of the given channels, all of one length, that says nothing about what they mean.
    pub(crate) fn wav(&self, name: &str, rate_hz: u32, channels: &[Vec<f32>], encoding: WavEncoding) -> PathBuf {
        let path = self.path(name);
        let (code, bytes_each) = match encoding {
            WavEncoding::Pcm16 => (1_u16, 2),
            WavEncoding::Float32 => (3, 4),
        };
        let frames = channels[0].len();
        let samples = (0..frames).flat_map(|frame| channels.iter().map(move |channel| channel[frame]));
        let data: Vec<u8> = match encoding {
            WavEncoding::Pcm16 => samples.flat_map(|sample| ((sample * 32768.0) as i16).to_le_bytes()).collect(),
            WavEncoding::Float32 => samples.flat_map(f32::to_le_bytes).collect(),
        };
        let frame_bytes = channels.len() as u32 * bytes_each;
        let mut bytes = b"RIFF".to_vec();
        bytes.extend((36 + data.len() as u32).to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(16_u32.to_le_bytes());
        bytes.extend(code.to_le_bytes());
        bytes.extend((channels.len() as u16).to_le_bytes());
        bytes.extend(rate_hz.to_le_bytes());
        bytes.extend((rate_hz * frame_bytes).to_le_bytes());
        bytes.extend((frame_bytes as u16).to_le_bytes());
        bytes.extend((bytes_each as u16 * 8).to_le_bytes());
        bytes.extend(b"data");
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// A moving picture with a tone, through our own writer.
    pub(crate) fn written(&self, name: &str, frames: u32, audio: Option<AudioFormat>) -> PathBuf {
        let path = self.path(name);
        let spec = ClipSpec { width_px: 160, height_px: 120, rate_hz: 25, audio, crf: 23 };
        let mut writer = ClipWriter::create(&path, &spec).unwrap();
        for frame in 0..frames {
            writer.push_rgb(&moving_picture(160, 120, frame)).unwrap();
            if let Some(format) = audio {
                let count = format.rate_hz / 25;
                writer.push_audio(&tone(format, frame * count, count)).unwrap();
            }
        }
        writer.finish().unwrap();
        path
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum WavEncoding {
    Pcm16,
    Float32,
}

/// A gradient that drifts, with a square that moves: every frame differs from every other.
pub(crate) fn moving_picture(width_px: u32, height_px: u32, frame: u32) -> Vec<u8> {
    let inside = |at: u32, size: u32, side: u32| (at + side - (frame * 3) % side) % side < size;
    let pixel = |x: u32, y: u32| {
        if inside(x, 24, width_px) && y / 40 == 1 {
            [230, 40, (frame * 5) as u8]
        } else {
            [(x + frame) as u8, (y * 2) as u8, (x / 2 + y + frame * 2) as u8]
        }
    };
    (0..height_px).flat_map(|y| (0..width_px).flat_map(move |x| pixel(x, y))).collect()
}

/// 440 Hz at a quarter of full scale, the same in every channel.
pub(crate) fn tone(format: AudioFormat, first: u32, count: u32) -> Vec<f32> {
    let value = |i: u32| (f64::from(i) * 440.0 * std::f64::consts::TAU / f64::from(format.rate_hz)).sin() as f32 * 0.25;
    (first..first + count).flat_map(|i| std::iter::repeat_n(value(i), usize::from(format.channels))).collect()
}

pub(crate) fn table_of(path: &Path) -> Arc<FrameTable> {
    Arc::new(FrameTable::scan(path, &CancelToken::default(), |_| {}).unwrap_or_else(|error| panic!("{error}")))
}

/// A digest of a frame's planes without row padding.
pub(crate) fn digest(frame: &VideoFrame) -> u64 {
    use std::hash::Hasher;
    let mut hasher = std::hash::DefaultHasher::new();
    let sample_bytes = match frame.layout() {
        avar_media::PixelLayout::Rgba => 4,
        avar_media::PixelLayout::PlanarYuv { bits, .. } => bits.div_ceil(8) as usize,
    };
    for plane in (0..frame.plane_count()).map(|plane| frame.plane(plane)) {
        for row in plane.bytes.chunks(plane.stride_bytes) {
            hasher.write(&row[..plane.width_px as usize * sample_bytes]);
        }
    }
    hasher.finish()
}

/// PTS and digest of every frame, read in sequence.
pub(crate) fn read_all(path: &Path, table: &Arc<FrameTable>) -> Vec<(i64, u64)> {
    let mut reader = VideoReader::open(path, table.clone()).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next().unwrap() {
        assert_eq!(frame.index.0, frames.len(), "ordinals without holes in {}", path.display());
        frames.push((frame.pts, digest(&frame)));
    }
    frames
}

/// The PTS of every frame as ffprobe decodes them (first the stated, else the estimated one); `None`
/// where ffprobe is not installed.
pub(crate) fn ffprobe_pts(path: &Path, stream: usize) -> Option<Vec<Option<i64>>> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "quiet", "-select_streams", &stream.to_string(), "-show_frames"]);
    command.args(["-show_entries", "frame=pts,best_effort_timestamp", "-of", "compact"]).arg(path);
    let output = command.output().map_err(|error| avar_testing::skip(&format!("no ffprobe ({error})"))).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line_pts = |line: &str| line.split('|').find_map(|field| field.split_once('=')?.1.parse().ok());
    Some(text.lines().filter(|line| line.starts_with("frame|")).map(line_pts).collect())
}

/// All files below `folder`, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
