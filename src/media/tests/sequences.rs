//! Numbered sequences of pictures: opened by any of their names, sought exactly, gaps and damage said.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clips::{Clips, digest as digest_of_frame, moving_picture, read_all};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{IngestReport, MediaError, OpenedMedia, VideoReader, digest, open, probe};
use image::{ExtendedColorType, ImageEncoder};

/// A picture in which every frame differs from every other.
fn write_png(path: &Path, size_px: (u32, u32), frame: u32) {
    write_pixels(path, size_px, &moving_picture(size_px.0, size_px.1, frame));
}

fn write_pixels(path: &Path, (width_px, height_px): (u32, u32), picture: &[u8]) {
    let mut bytes = Vec::new();
    let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
    encoder.write_image(picture, width_px, height_px, ExtendedColorType::Rgb8).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// Pictures with these numbers, four digits at least.
fn sequence(clips: &Clips, numbers: impl IntoIterator<Item = u32>) -> PathBuf {
    for number in numbers {
        write_png(&clips.path(&format!("frame_{number:04}.png")), (64, 48), number);
    }
    clips.path("frame_%04d.png")
}

fn opened(path: &Path) -> OpenedMedia {
    open(path, &CancelToken::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// Random seeks give what sequential decoding gives.
fn check_identity(path: &Path) -> OpenedMedia {
    let media = opened(path);
    let table = media.frames.clone().unwrap();
    let sequential = read_all(path, &table);
    assert_eq!(sequential.len(), table.len());
    let mut reader = VideoReader::open(path, table.clone()).unwrap();
    let mut rng = fastrand::Rng::with_seed(4);
    for _ in 0..40 {
        let ordinal = rng.usize(0..table.len());
        let frame = reader.seek_exact(FrameIndex(ordinal)).unwrap();
        assert_eq!((frame.pts, digest_of_frame(&frame)), sequential[ordinal], "frame {ordinal}");
        let following = reader.next().unwrap().map(|frame| (frame.pts, digest_of_frame(&frame)));
        assert_eq!(following.as_ref(), sequential.get(ordinal + 1), "the frame after {ordinal}");
    }
    media
}

#[test]
fn a_sequence_is_a_recording_by_whichever_name_it_is_opened() {
    let clips = Clips::new();
    let pattern = sequence(&clips, 8..48);
    let whole = check_identity(&pattern);
    let frame = |media: &OpenedMedia| {
        let mut reader = VideoReader::open(&media.info.path, media.frames.clone().unwrap()).unwrap();
        reader.seek_exact(FrameIndex(7)).unwrap().to_rgb8().unwrap()
    };
    for path in [clips.path("frame_0020.png"), clips.path(""), pattern.clone()] {
        let media = opened(&path);
        let report = IngestReport::new(&media);
        assert_eq!(report.container, "image sequence (png)");
        let video = report.video.as_ref().unwrap();
        assert_eq!((video.frames, video.keyframes, video.width, video.height), (40, 40, 64, 48));
        assert_eq!((video.first_pts_s, video.average_fps, video.variable_frame_rate), (0.0, 25.0, false));
        assert_eq!((report.duration_s, report.audio.is_none(), report.missing.len()), (1.6, true, 0));
        assert!(report.warnings[0].contains("25 frames a second are assumed"), "{:?}", report.warnings);
        assert_eq!(report.size_bytes, whole.info.size_bytes);
        assert_eq!(frame(&media).bytes, moving_picture(64, 48, 15), "the very pixels of frame_0015.png");
    }
    let pictures: Vec<u8> =
        (8..48).flat_map(|number| std::fs::read(clips.path(&format!("frame_{number:04}.png"))).unwrap()).collect();
    std::fs::write(clips.path("all"), pictures).unwrap();
    let of = |path: &Path| digest(path, &CancelToken::default()).unwrap();
    assert_eq!(of(&pattern), of(&clips.path("all")));
}

#[test]
fn missing_numbers_are_missing_pictures() {
    let clips = Clips::new();
    let path = sequence(&clips, (1..10).chain(14..30).chain(31..40));
    let media = check_identity(&path);
    let report = IngestReport::new(&media);
    assert_eq!((report.video.unwrap().frames, report.duration_s), (34, 39.0 / 25.0));
    let missing: Vec<_> =
        report.missing.iter().map(|gap| ((gap.start_s * 25.0).round(), (gap.end_s * 25.0).round())).collect();
    assert_eq!(missing, [(9.0, 13.0), (29.0, 30.0)]);
    assert!(report.missing[0].reason.contains("no picture with this number"));
    let said = "5 pictures of the sequence are missing, the first of them frame_0010.png";
    assert!(report.warnings.iter().any(|warning| warning.starts_with(said)), "{:?}", report.warnings);
}

#[test]
fn a_damaged_picture_is_marked_and_not_the_end() {
    let clips = Clips::new();
    let path = sequence(&clips, 0..60);
    let cut = clips.path("frame_0050.png");
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..20]).unwrap();
    std::fs::write(clips.path("frame_0020.png"), "no picture at all").unwrap();
    std::fs::write(clips.path("frame_0030.png"), "").unwrap();
    let report = IngestReport::new(&check_identity(&path));
    assert_eq!((report.video.unwrap().frames, report.duration_s), (57, 2.4));
    let starts: Vec<_> = report.missing.iter().map(|gap| (gap.start_s * 25.0).round()).collect();
    assert_eq!(starts, [20.0, 30.0, 50.0]);
    assert!(report.warnings.iter().any(|warning| warning.starts_with("3 frames are damaged")), "{:?}", report.warnings);
}

#[test]
fn damage_that_only_decoding_finds_is_an_error_of_that_frame_alone() {
    let clips = Clips::new();
    // More than are decoded as a check.
    let grey = vec![90; 1920 * 1088 * 3];
    (0..40).for_each(|number| write_pixels(&clips.path(&format!("f{number}.png")), (1920, 1088), &grey));
    let path = clips.path("f38.png");
    let bytes = std::fs::read(&path).unwrap();
    // Head and tail are those of a picture, what lies between is gone.
    std::fs::write(&path, [&bytes[..12], &[0; 40], &bytes[bytes.len() - 12..]].concat()).unwrap();
    let table = opened(&path).frames.unwrap();
    let mut reader = VideoReader::open(&path, table.clone()).unwrap();
    assert!(matches!(reader.seek_exact(FrameIndex(38)), Err(MediaError::FrameDamaged { .. })));
    assert_eq!(reader.seek_exact(FrameIndex(39)).unwrap().index.0, 39);
    assert_eq!(reader.seek_exact(FrameIndex(37)).unwrap().index.0, 37);
    assert_eq!(reader.next().unwrap().unwrap().index.0, 39);
}

#[test]
fn pictures_of_other_kinds_and_of_changing_size_are_read() {
    let clips = Clips::new();
    (0..6).for_each(|number| write_png(&clips.path(&format!("f{number}.png")), (64 + number * 3, 48 + number), number));
    let table = check_identity(&clips.path("f0.png")).frames.unwrap();
    let mut reader = VideoReader::open(&clips.path("f0.png"), table).unwrap();
    for number in [5, 1] {
        let picture = reader.seek_exact(FrameIndex(number)).unwrap().to_rgb8().unwrap();
        let size = (64 + number as u32 * 3, 48 + number as u32);
        assert_eq!((picture.width_px, picture.height_px), size);
        assert_eq!(picture.bytes, moving_picture(size.0, size.1, number as u32));
    }
    for (ending, name) in [("jpg", "jpeg"), ("bmp", "bmp"), ("tif", "tiff")] {
        let Some(_) = clips.ffmpeg(&format!("{ending}_%03d.{ending}"), "-f lavfi -i testsrc2=s=96x64:r=25:d=0.4")
        else {
            return;
        };
        let media = check_identity(&clips.path(&format!("{ending}_004.{ending}")));
        assert_eq!(media.info.container, format!("image sequence ({name})"));
        assert_eq!(media.frames.unwrap().len(), 10, "{ending}");
    }
}

#[test]
fn what_is_no_sequence_is_refused_in_a_sentence() {
    let clips = Clips::new();
    write_png(&clips.path("photo.png"), (64, 48), 1);
    write_png(&clips.path("photo_1.png"), (64, 48), 1);
    for name in ["photo.png", "photo_1.png"] {
        let error = probe(&clips.path(name)).unwrap_err();
        assert!(matches!(error, MediaError::SinglePicture { .. }), "{error}");
    }
    assert!(matches!(probe(&clips.path("")), Err(MediaError::Folder { .. })));
    assert!(matches!(probe(&clips.path("none_%04d.png")), Err(MediaError::NotFound { .. })));
    // Named like pictures, and none of them one.
    (0..20).for_each(|number| std::fs::write(clips.path(&format!("x{number}.png")), "words").unwrap());
    let error = probe(&clips.path("x1.png")).unwrap_err().to_string();
    assert!(error.ends_with("x1.png"), "{error}");
}

#[test]
fn links_to_devices_and_pipes_among_the_pictures_are_passed_over() {
    let clips = Clips::new();
    let path = sequence(&clips, [0, 1, 4, 5]);
    std::os::unix::fs::symlink("/dev/zero", clips.path("frame_0002.png")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(clips.path("frame_0003.png")).status().unwrap().success());
    let started = Instant::now();
    let table = opened(&path).frames.unwrap();
    assert_eq!((table.len(), read_all(&path, &table).len()), (4, 4));
    assert!(digest(&path, &CancelToken::default()).is_err());
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_folder_of_very_many_names_is_opened_in_time() {
    let clips = Clips::new();
    let first = clips.path("f000000.png");
    write_png(&first, (16, 16), 0);
    let bytes = std::fs::read(&first).unwrap();
    // Links share one file, so that this costs no disk.
    let mut target = first.clone();
    for number in 1..30_000 {
        let link = clips.path(&format!("f{number:06}.png"));
        if number % 10_000 == 0 {
            std::fs::write(&link, &bytes).unwrap();
            target = link;
        } else {
            std::fs::hard_link(&target, link).unwrap();
        }
    }
    let started = Instant::now();
    let media = opened(&first);
    let table: Arc<_> = media.frames.unwrap();
    assert_eq!(table.len(), 30_000);
    let mut reader = VideoReader::open(&first, table).unwrap();
    assert_eq!(reader.seek_exact(FrameIndex(29_999)).unwrap().index.0, 29_999);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}
