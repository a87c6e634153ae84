//! Fuzz target: any bytes as a recording. They are opened, indexed, and some frames and samples are read; whatever comes
//! of it, it ends in time and in bounded memory, in frames or in a sentence with the path at its end.
//!
//! `make fuzz` builds it on the stable toolchain: LLVM's coverage pass and libFuzzer need no other. Of what it is linked
//! of, `avar-media` and `avar-base` carry counters, and their overflows are checked (`scripts/fuzz-rustc.sh`). FFmpeg is the
//! system's, without counters: the fuzzer is led through our code, and meets FFmpeg's demuxers and decoders with what the
//! seeds and their mutations bring along; a crash in them is found as one in ours.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime};
use avar_media::{AudioFormat, AudioReader, ClipSpec, ClipWriter, IngestReport, MediaError, VideoReader, open_growing};
use libfuzzer_sys::fuzz_target;

/// A recording of our own is put into this folder before the fuzzer reads its seeds.
const SEEDS: &str = "AVAR_FUZZ_SEEDS";

/// Where each input is written; in memory, where the system has such a folder.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(parent).expect("a folder for the inputs")
});

fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os(SEEDS) {
            write_seed(&Path::new(&folder).join("own.mp4")).expect("a seed");
        }
    },
    |data: &[u8]| {
        let path = written(data);
        if let Err(error) = visit(&path) {
            let sentence = error.to_string();
            let is_fine = sentence.ends_with(&path.display().to_string());
            assert!(is_fine || names_no_file(&error), "{sentence}");
        }
    }
);

/// The input as a file; a picture twice, as a sequence of two.
fn written(data: &[u8]) -> PathBuf {
    let folder = FOLDER.path();
    let write = |name: &str| std::fs::write(folder.join(name), data).expect("an input");
    let is_picture =
        [&b"\x89PNG"[..], b"\xff\xd8\xff", b"BM", b"II*\0", b"MM\0*"].iter().any(|head| data.starts_with(head));
    if is_picture {
        write("picture_1.png");
        write("picture_2.png");
        return folder.join("picture_%d.png");
    }
    write("input");
    folder.join("input")
}

fn visit(path: &Path) -> Result<(), MediaError> {
    let cancel = CancelToken::default();
    let mut parts = 0;
    let media = open_growing(path, None, &cancel, |_| parts += 1)?;
    let report = IngestReport::new(&media);
    assert!(report.duration_s.is_finite() && report.duration_s >= 0.0, "{} s", report.duration_s);
    if let Some(table) = &media.frames {
        assert!(table.entries().is_sorted_by(|a, b| a.time < b.time), "times increase");
        let mut reader = VideoReader::open_cancellable(path, table.clone(), &cancel)?;
        for _ in 0..4 {
            let Some(frame) = reader.next()? else { break };
            frame.to_rgb8()?;
        }
        for ordinal in [table.len() - 1, table.len() / 2, 0] {
            match reader.seek_exact(FrameIndex(ordinal)) {
                Ok(frame) => assert_eq!(frame.index.0, ordinal),
                Err(MediaError::FrameDamaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    if let Some(audio) = &media.info.audio {
        let format = AudioFormat { rate_hz: 16_000, channels: 1 };
        let mut reader = AudioReader::open_track(path, Some(audio), format, &cancel)?;
        for seek in [false, true] {
            if seek {
                reader.seek(media.info.range.start + MediaTime::from_seconds(0.5))?;
            }
            let mut heard = 0;
            while heard < 16_000
                && let Some(block) = reader.next()?
            {
                heard += block.samples.len();
            }
        }
    }
    Ok(())
}

/// Conversions speak of a picture or of samples, not of a file.
fn names_no_file(error: &MediaError) -> bool {
    matches!(error, MediaError::Convert { .. } | MediaError::Resample { .. })
}

fn write_seed(path: &Path) -> Result<(), MediaError> {
    let audio = Some(AudioFormat { rate_hz: 16_000, channels: 1 });
    let mut writer = ClipWriter::create(path, &ClipSpec { width_px: 64, height_px: 48, rate_hz: 25, audio, crf: 30 })?;
    for frame in 0..10_u32 {
        let picture: Vec<u8> = (0..64 * 48 * 3_u32).map(|at| (at.wrapping_mul(7) + frame * 40) as u8).collect();
        writer.push_rgb(&picture)?;
        writer.push_audio(&[0.1; 640])?;
    }
    writer.finish()
}
