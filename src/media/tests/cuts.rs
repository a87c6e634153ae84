//! Cutting: the very frames of a stretch, shown when they were, with the sound of exactly that time.

use std::path::Path;

use crate::clips::{Clips, digest};
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_media::{
    AudioFormat, CutCodec, MediaError, OpenedMedia, RgbImage, VideoFrame, VideoReader, cut, open, read_mono,
};

fn opened(path: &Path) -> OpenedMedia {
    open(path, &CancelToken::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn cut_out(media: &OpenedMedia, frames: std::ops::Range<usize>, codec: CutCodec, out: &Path) -> OpenedMedia {
    let stretch = FrameIndex(frames.start)..FrameIndex(frames.end);
    cut(media, stretch, codec, None, out, &CancelToken::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"));
    opened(out)
}

fn frames(media: &OpenedMedia, range: std::ops::Range<usize>) -> Vec<VideoFrame> {
    let mut reader = VideoReader::open(&media.info.path, media.frames.clone().unwrap()).unwrap();
    range.map(|frame| reader.seek_exact(FrameIndex(frame)).unwrap()).collect()
}

/// When each frame is shown, in milliseconds from the first.
fn times_ms(media: &OpenedMedia, range: std::ops::Range<usize>) -> Vec<i64> {
    let entries = &media.frames.as_ref().unwrap().entries()[range];
    let first = entries[0].time;
    entries.iter().map(|entry| ((entry.time - first).seconds() * 1000.0).round() as i64).collect()
}

fn upright(frame: &VideoFrame) -> RgbImage {
    frame.to_rgb8().unwrap()
}

#[test]
fn a_lossless_cut_has_the_planes_of_the_frames_that_it_was_cut_from() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=98x70:r=25:d=2";
    for (name, arguments) in [
        ("420.mp4", format!("{source} -c:v libx264 -pix_fmt yuv420p -bf 3")),
        ("422.mkv", format!("{source} -c:v ffv1 -pix_fmt yuv422p10le")),
        ("hdr.mkv", format!("{source} -c:v ffv1 -pix_fmt yuv420p10le -color_trc smpte2084 -colorspace bt2020nc")),
        ("full.mkv", format!("{source} -c:v mjpeg -pix_fmt yuvj420p")),
        ("rgb.mkv", format!("{source} -c:v ffv1 -pix_fmt bgr0")),
        ("sar.mp4", format!("{source},setsar=2/1 -c:v libx264 -pix_fmt yuv420p")),
    ] {
        let Some(path) = clips.ffmpeg(name, &arguments) else { return };
        let media = opened(&path);
        let out = cut_out(&media, 7..31, CutCodec::Ffv1, &clips.path("cut.mkv"));
        let (expected, found) = (frames(&media, 7..31), frames(&out, 0..24));
        assert_eq!(out.frames.as_ref().unwrap().len(), 24, "{name}");
        for (expected, found) in expected.iter().zip(&found) {
            assert_eq!(expected.color, found.color, "{name}");
            assert_eq!(digest(expected), digest(found), "frame {} of {name}", expected.index.0);
            assert_eq!(upright(expected), upright(found), "frame {} of {name}", expected.index.0);
        }
        let size = |media: &OpenedMedia| media.info.video.as_ref().unwrap().display_size_px();
        assert_eq!(size(&media), size(&out), "{name}");
    }
}

#[test]
fn a_recording_that_is_turned_is_cut_upright_and_without_loss() {
    let clips = Clips::new();
    let Some(_) = clips.ffmpeg("lying.mp4", "-f lavfi -i testsrc2=s=96x64:r=25:d=1 -c:v libx264 -pix_fmt yuv420p")
    else {
        return;
    };
    let Some(path) = clips.ffmpeg("turned.mp4", "-i lying.mp4 -c copy -metadata:s:v rotate=90") else { return };
    let media = opened(&path);
    assert_eq!(frames(&media, 0..1)[0].upright_size_px(), (64, 96));
    let out = cut_out(&media, 3..9, CutCodec::Ffv1, &clips.path("cut.mkv"));
    for (expected, found) in frames(&media, 3..9).iter().zip(&frames(&out, 0..6)) {
        assert_eq!(upright(expected), upright(found));
    }
}

#[test]
fn a_variable_frame_rate_stays_one_in_either_codec() {
    let clips = Clips::new();
    let uneven =
        "-f lavfi -i testsrc2=s=64x48:r=50:d=2 -vf select='not(mod(n,7))+not(mod(n,3))' -vsync vfr -c:v libx264";
    let Some(path) = clips.ffmpeg("uneven.mkv", uneven) else { return };
    let media = opened(&path);
    let expected = times_ms(&media, 4..20);
    assert!(expected.windows(3).any(|times| times[1] - times[0] != times[2] - times[1]), "{expected:?}");
    for (codec, name) in [(CutCodec::H264, "cut.mp4"), (CutCodec::Ffv1, "cut.mkv")] {
        let out = cut_out(&media, 4..20, codec, &clips.path(name));
        assert_eq!(times_ms(&out, 0..16), expected, "{name}");
        let shown = |media: &OpenedMedia, range: TimeRange| {
            (range.end - media.frames.as_ref().unwrap().range().start).seconds()
        };
        let whole = media.frames.as_ref().unwrap();
        let length_s = (whole.entries()[20].time - whole.entries()[4].time).seconds();
        let range = out.frames.as_ref().unwrap().range();
        assert!((shown(&out, range) - length_s).abs() < 0.002, "{name}: {range:?} and not {length_s}");
    }
}

#[test]
fn the_sound_of_a_cut_is_that_of_exactly_its_frames() {
    let clips = Clips::new();
    let format = AudioFormat { rate_hz: 16_000, channels: 1 };
    let path = clips.written("clip.mp4", 100, Some(format));
    let media = opened(&path);
    let out = cut_out(&media, 30..70, CutCodec::Ffv1, &clips.path("cut.mkv"));
    let sound = |media: &OpenedMedia, start_s: f64| {
        let range = TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(start_s + 1.6));
        let audio = media.info.audio.as_ref();
        read_mono(&media.info.path, audio, format.rate_hz, range, &CancelToken::default()).unwrap()
    };
    let (expected, found) = (sound(&media, 1.2), sound(&out, 0.0));
    assert_eq!(expected.len(), 25_600);
    assert!(expected.iter().any(|sample| sample.abs() > 0.2));
    assert_eq!(expected, found, "to the last bit");
    assert_eq!(out.info.audio.as_ref().unwrap().range.duration(), MediaTime::from_seconds(1.6));

    let viewed = cut_out(&media, 30..70, CutCodec::H264, &clips.path("cut.mp4"));
    let (found, audio) = (sound(&viewed, 0.0), viewed.info.audio.as_ref().unwrap());
    assert!((audio.range.duration_s() - 1.6).abs() < 0.07, "{:?}", audio.range);
    let product: f32 = expected.iter().zip(&found).map(|(one, other)| one * other).sum();
    let power: f32 = expected.iter().map(|sample| sample * sample).sum();
    assert!(product / power > 0.95, "the same tone at the same time: {}", product / power);
}

#[test]
fn a_cut_is_painted_where_it_is_asked_for_and_odd_sides_are_kept_whole() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("odd.mkv", "-f lavfi -i testsrc=s=97x71:r=25:d=1 -c:v ffv1 -pix_fmt yuv444p") else {
        return;
    };
    let media = opened(&path);
    let mut painted = Vec::new();
    let mut white = |index: FrameIndex, picture: &mut RgbImage| {
        painted.push(index.0);
        picture.bytes.fill(255);
        Ok(())
    };
    let (out, cancel) = (clips.path("cut.mp4"), CancelToken::default());
    cut(&media, FrameIndex(2)..FrameIndex(5), CutCodec::H264, Some(&mut white), &out, &cancel, |_| {}).unwrap();
    assert_eq!(painted, [2, 3, 4]);
    let frames = frames(&opened(&out), 0..3);
    assert_eq!(frames[0].upright_size_px(), (98, 72));
    assert!(upright(&frames[1]).bytes.iter().all(|value| *value > 250));
}

#[test]
fn what_cannot_be_cut_leaves_nothing_behind() {
    let clips = Clips::new();
    let media = opened(&clips.written("clip.mp4", 10, None));
    let (out, cancel) = (clips.path("cut.mp4"), CancelToken::default());
    let of = |start: usize, end: usize| {
        let refused = cut(&media, FrameIndex(start)..FrameIndex(end), CutCodec::H264, None, &out, &cancel, |_| {});
        assert!(!out.exists());
        refused.unwrap_err()
    };
    assert!(matches!(of(4, 4), MediaError::NoSuchFrame { .. }));
    assert!(matches!(of(4, 11), MediaError::NoSuchFrame { .. }));
    cancel.cancel();
    assert!(matches!(of(0, 10), MediaError::Cancelled));
    let names = std::fs::read_dir(out.parent().unwrap()).unwrap();
    assert_eq!(names.count(), 1, "the recording alone");
}
