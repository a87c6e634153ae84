//! The shelf of odd files in the shared data: nothing panics, hangs or is counted wrongly.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clips::{digest, ffprobe_pts, files_below};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{AudioFormat, AudioReader, FrameTable, VideoReader, probe};

const LONGEST: Duration = Duration::from_secs(10);

/// Cancels by itself, so that a hang ends as a failure.
fn bounded() -> CancelToken {
    let cancel = CancelToken::default();
    let timer = cancel.clone();
    std::thread::spawn(move || {
        std::thread::sleep(LONGEST);
        timer.cancel();
    });
    cancel
}

/// What happened to one file, in a line.
fn visit(path: &Path) -> String {
    let info = match probe(path) {
        Ok(info) => info,
        Err(error) => {
            let sentence = error.to_string();
            assert!(sentence.ends_with(&path.display().to_string()), "the path comes last: {sentence}");
            return format!("refused: {}", sentence.trim_end_matches(&path.display().to_string()));
        }
    };
    let mut line = String::new();
    if let Some(video) = &info.video {
        let started = Instant::now();
        match FrameTable::scan(path, &bounded(), |_| {}) {
            Ok(table) => {
                let table = Arc::new(table);
                let mut reader = VideoReader::open(path, table.clone()).unwrap();
                let mut shown = 0;
                while shown < 20
                    && let Some(frame) = reader.next().unwrap()
                {
                    let image = frame.to_rgb8().unwrap();
                    assert_eq!(image.bytes.len(), (image.width_px * image.height_px * 3) as usize);
                    assert_eq!((image.width_px, image.height_px), frame.upright_size_px());
                    shown += 1;
                }
                assert!(shown > 0, "no frame of {}", path.display());
                line += &format!("{} {} frames", video.codec, table.len());
            }
            Err(error) => line += &format!("picture: {error}"),
        }
        assert!(started.elapsed() < LONGEST, "{} took {:?}", path.display(), started.elapsed());
    }
    if let Some(audio) = &info.audio {
        let started = Instant::now();
        let mut heard = 0;
        let outcome = AudioReader::open_cancellable(path, AudioFormat { rate_hz: 16_000, channels: 1 }, &bounded());
        match outcome {
            Ok(mut reader) => {
                while heard < 32_000
                    && let Some(block) = reader.next().unwrap()
                {
                    heard += block.samples.len();
                }
                line += &format!("; {} {heard} samples", audio.codec);
            }
            Err(error) => line += &format!("; sound: {error}"),
        }
        assert!(started.elapsed() < LONGEST, "{} took {:?}", path.display(), started.elapsed());
    }
    format!("{line} {}", info.notes.join(" "))
}

#[test]
fn every_odd_file_is_read_or_refused_in_time() {
    let Some(data) = avar_testing::data_folder("edge") else { return };
    let files = files_below(&data);
    assert!(!files.is_empty());
    for path in files {
        println!("{}: {}", path.file_name().unwrap().to_string_lossy(), visit(&path));
    }
}

#[test]
fn every_odd_files_frames_are_those_that_ffprobe_decodes_and_are_sought_exactly() {
    let Some(data) = avar_testing::data_folder("edge") else { return };
    let mut wrong = Vec::new();
    for path in files_below(&data) {
        let Ok(Some(video)) = probe(&path).map(|info| info.video) else { continue };
        let Ok(table) = FrameTable::scan(&path, &CancelToken::default(), |_| {}) else { continue };
        let table = Arc::new(table);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut reader = VideoReader::open(&path, table.clone()).unwrap();
        let mut sequential = Vec::new();
        while let Some(frame) = reader.next().unwrap() {
            sequential.push((frame.index, frame.pts, digest(&frame)));
        }
        if sequential.len() != table.len() {
            wrong.push(format!("{name}: {} listed, {} decoded", table.len(), sequential.len()));
        }
        if let Some(expected) = ffprobe_pts(&path, video.stream_index) {
            let differs =
                expected.iter().zip(&sequential).position(|(stated, frame)| stated.is_some_and(|pts| pts != frame.1));
            if expected.len() != table.len() {
                wrong.push(format!("{name}: {} listed, {} by ffprobe", table.len(), expected.len()));
            } else if let Some(ordinal) = differs.filter(|_| !name.ends_with("avi")) {
                wrong.push(format!(
                    "{name}: frame {ordinal} has PTS {}, {:?} by ffprobe",
                    sequential[ordinal].1, expected[ordinal]
                ));
            }
        }
        for (index, pts, planes) in sequential.iter().rev().step_by(3.max(sequential.len() / 8)) {
            match reader.seek_exact(*index) {
                Ok(frame) if (frame.index, frame.pts, digest(&frame)) == (*index, *pts, *planes) => {}
                Ok(frame) => wrong.push(format!("{name}: a seek to {index:?} gave {frame:?}")),
                Err(error) => wrong.push(format!("{name}: {error}")),
            }
        }
        let past = reader.seek_exact(FrameIndex(table.len()));
        assert!(past.is_err(), "{name}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
