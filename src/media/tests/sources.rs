//! A recording is what its path named when it was opened.

use std::path::Path;

use crate::clips::{Clips, digest as digest_of_frame, read_all, table_of};
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime};
use avar_media::{AudioFormat, AudioReader, MediaError, OpenedMedia, Source, VideoReader, digest, open};

const MONO_16K: AudioFormat = AudioFormat { rate_hz: 16_000, channels: 1 };

/// Of all samples, and of those from half a second on.
fn samples_of(mut reader: AudioReader) -> (Vec<f32>, Vec<f32>) {
    let mut rest = |from_s: Option<f64>| {
        if let Some(from_s) = from_s {
            reader.seek(MediaTime::from_seconds(from_s)).unwrap();
        }
        let mut samples = Vec::new();
        while let Some(block) = reader.next().unwrap() {
            samples.extend(block.samples);
        }
        samples
    };
    (rest(None), rest(Some(0.5)))
}

fn source_of(path: &Path) -> Source {
    Source::open(path, &CancelToken::default()).unwrap()
}

#[test]
fn a_source_is_read_to_its_end_after_its_name_is_gone_or_another_files() {
    let clips = Clips::new();
    let cancel = CancelToken::default();
    let other = clips.written("other.mp4", 7, None);
    // Seeks go by PTS in the first, and to the start, by opening it again, in the second, which states no PTS.
    let mut paths = vec![clips.written("clip.mp4", 50, Some(MONO_16K))];
    let arguments =
        "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i sine=r=16000:d=2 -c:v mpeg4 -bf 1 -c:a pcm_s16le";
    paths.extend(clips.ffmpeg("clip.avi", arguments));
    for path in paths {
        let table = table_of(&path);
        let frames = read_all(&path, &table);
        let samples = samples_of(AudioReader::open(&path, MONO_16K).unwrap());
        let sha256 = digest(&path, &cancel).unwrap();
        for is_replaced in [false, true] {
            let source = source_of(&path);
            let kept = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            if is_replaced {
                std::fs::copy(&other, &path).unwrap();
            }
            let opened = OpenedMedia::of(&source, None, &cancel, |_| {}).unwrap();
            assert_eq!(opened.frames.as_ref().unwrap().entries(), table.entries());
            assert_eq!(opened.info.size_bytes, kept.len() as u64);
            let mut reader = VideoReader::of(&source, opened.frames.unwrap(), &cancel).unwrap();
            for ordinal in [49, 3, 30, 0] {
                let frame = reader.seek_exact(FrameIndex(ordinal)).unwrap();
                assert_eq!((frame.pts, digest_of_frame(&frame)), frames[ordinal], "frame {ordinal}");
            }
            assert!(samples_of(AudioReader::of(&source, None, MONO_16K, &cancel).unwrap()) == samples);
            assert_eq!(source.digest(&cancel).unwrap(), sha256);
            let by_name = open(&path, &cancel, |_| {});
            match by_name {
                Ok(media) => assert!(is_replaced && media.frames.unwrap().len() == 7),
                Err(error) => assert!(!is_replaced && matches!(error, MediaError::NotFound { .. }), "{error}"),
            }
            std::fs::write(&path, kept).unwrap();
        }
    }
}

#[test]
fn readers_of_one_source_do_not_disturb_each_other() {
    let clips = Clips::new();
    let path = clips.written("clip.mp4", 60, Some(MONO_16K));
    let table = table_of(&path);
    let frames = read_all(&path, &table);
    let (samples, _) = samples_of(AudioReader::open(&path, MONO_16K).unwrap());
    let (source, cancel) = (source_of(&path), CancelToken::default());
    std::thread::scope(|scope| {
        for first in [0, 20, 45] {
            let (source, table, frames) = (source.clone(), table.clone(), &frames);
            scope.spawn(move || {
                let mut reader = VideoReader::of(&source, table, &CancelToken::default()).unwrap();
                for ordinal in (first..60).chain(0..first) {
                    let frame = reader.seek_exact(FrameIndex(ordinal)).unwrap();
                    assert_eq!((frame.pts, digest_of_frame(&frame)), frames[ordinal], "frame {ordinal}");
                }
            });
        }
        assert!(samples_of(AudioReader::of(&source, None, MONO_16K, &cancel).unwrap()).0 == samples);
    });
}
