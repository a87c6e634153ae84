//! Frames: their number and PTS against ffprobe, exact seeks against sequential decoding.

use std::path::Path;

use crate::clips::{Clips, digest, ffprobe_pts, read_all, table_of};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{Opening, VideoReader, open_growing, probe};

/// Holds a file to the promise: the table, sequential decoding and ffprobe agree, and a seek to any
/// ordinal gives the same planes and goes on with the next frame.
fn check_identity(path: &Path) {
    let name = path.display();
    let table = table_of(path);
    let sequential = read_all(path, &table);
    let listed: Vec<i64> = table.entries().iter().map(|entry| entry.pts).collect();
    assert_eq!(sequential.iter().map(|frame| frame.0).collect::<Vec<_>>(), listed, "PTS of {name}");
    assert!(table.entries().is_sorted_by(|a, b| a.time < b.time), "times increase in {name}");
    let stream = probe(path).unwrap().video.unwrap().stream_index;
    if let Some(expected) = ffprobe_pts(path, stream) {
        assert_eq!(listed.len(), expected.len(), "number of frames in {name}");
        if container_states_pts(path) {
            // A bare elementary stream has frames without any time stamp.
            for (ordinal, (pts, stated)) in listed.iter().zip(expected).enumerate() {
                assert!(stated.is_none_or(|stated| stated == *pts), "frame {ordinal} of {name}: {pts}, not {stated:?}");
            }
        }
    }
    let mut reader = VideoReader::open(path, table.clone()).unwrap();
    // A fixed walk that jumps about: forward, back, and to neighbours.
    let count = sequential.len();
    let stride = (1..).map(|i| count * 5 / 8 + i).find(|stride| greatest_common_divisor(*stride, count) == 1).unwrap();
    for ordinal in (0..count).map(|i| (i * stride) % count) {
        let frame = reader.seek_exact(FrameIndex(ordinal)).unwrap();
        assert_eq!((frame.pts, digest(&frame)), sequential[ordinal], "frame {ordinal} of {name}");
        if ordinal % 3 == 0 {
            let following = reader.next().unwrap().map(|frame| (frame.pts, digest(&frame)));
            assert_eq!(following.as_ref(), sequential.get(ordinal + 1), "the frame after {ordinal} of {name}");
        }
    }
}

/// AVI states decoding times only: FFmpeg's estimate for a delayed picture is one frame late.
fn container_states_pts(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "avi")
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

fn check_generated(name: &str, arguments: &str) {
    let clips = Clips::new();
    if let Some(path) = clips.ffmpeg(name, arguments) {
        check_identity(&path);
    }
}

#[test]
fn a_clip_of_our_own_writer_is_read_frame_by_frame() {
    check_identity(&Clips::new().written("clip.mp4", 90, None));
}

#[test]
fn h264_with_b_frames_and_a_long_gop_is_sought_exactly() {
    check_generated("long.mp4", "-f lavfi -i testsrc2=s=192x108:r=30:d=9 -c:v libx264 -preset fast -bf 3 -g 250");
}

#[test]
fn h264_with_short_gops_in_matroska_is_sought_exactly() {
    check_generated("short.mkv", "-f lavfi -i testsrc2=s=128x96:r=24:d=5 -c:v libx264 -bf 2 -g 12");
}

#[test]
fn variable_frame_rate_is_sought_exactly() {
    check_generated(
        "vfr.mp4",
        "-f lavfi -i testsrc2=s=128x96:r=30:d=6 -vf select='not(mod(n,7))+gt(mod(n,11),4)' -vsync vfr -c:v libx264 -g 40",
    );
}

#[test]
fn mpeg4_asp_with_b_frames_in_avi_is_sought_exactly() {
    check_generated("asp.avi", "-f lavfi -i testsrc2=s=160x120:r=25:d=5 -c:v mpeg4 -bf 2 -g 30 -q:v 4");
}

#[test]
fn h264_in_a_transport_stream_is_sought_exactly() {
    check_generated(
        "stream.ts",
        "-f lavfi -i testsrc2=s=160x120:r=25:d=6 -f lavfi -i sine=d=6 -c:v libx264 -bf 3 -g 50 -c:a aac",
    );
}

#[test]
fn open_gops_are_sought_exactly() {
    let source = "-f lavfi -i testsrc2=s=160x120:r=25:d=5";
    check_generated("open.mp4", &format!("{source} -c:v libx264 -bf 3 -g 25 -x264-params open-gop=1:scenecut=0"));
    check_generated("open.ts", &format!("{source} -c:v libx264 -bf 3 -g 25 -x264-params open-gop=1:scenecut=0"));
    check_generated("open.mkv", &format!("{source} -c:v libx264 -bf 3 -g 25 -x264-params open-gop=1:scenecut=0"));
    check_generated("open.mpg", &format!("{source} -c:v mpeg2video -bf 2 -g 12 -q:v 4"));
}

#[test]
fn periodic_intra_refresh_is_sought_exactly() {
    let source = "-f lavfi -i testsrc2=s=160x120:r=25:d=5 -c:v libx264 -g 40 -x264-params intra-refresh=1";
    check_generated("refresh.mp4", source);
    check_generated("refresh.ts", source);
}

#[test]
fn hevc_with_leading_pictures_is_sought_exactly() {
    let arguments =
        "-f lavfi -i testsrc2=s=160x120:r=25:d=4 -c:v libx265 -x265-params log-level=none:keyint=20:open-gop=1";
    check_generated("hevc.mp4", arguments);
    check_generated("hevc.ts", arguments);
}

#[test]
fn vp9_with_hidden_frames_is_sought_exactly() {
    let source = "-f lavfi -i testsrc2=s=160x120:r=25:d=4";
    check_generated("vp9.webm", &format!("{source} -c:v libvpx-vp9 -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 40"));
    check_generated("vp8.webm", &format!("{source} -c:v libvpx -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 40"));
}

#[test]
fn interlaced_field_pictures_are_sought_exactly() {
    let source = "-f lavfi -i testsrc2=s=160x128:r=25:d=3 -bf 2 -g 15";
    check_generated("paff.ts", &format!("{source} -c:v libx264 -flags +ildct+ilme -x264-params tff=1"));
    check_generated("mpeg2i.ts", &format!("{source} -c:v mpeg2video -flags +ildct+ilme -q:v 5"));
    check_generated("flv.flv", "-f lavfi -i testsrc2=s=160x120:r=25:d=3 -c:v libx264 -bf 2 -g 20");
    check_generated("theora.ogv", "-f lavfi -i testsrc2=s=160x128:r=25:d=3 -c:v libtheora -g 20");
    check_generated("bare.h264", "-f lavfi -i testsrc2=s=160x128:r=25:d=3 -c:v libx264 -g 20");
    check_generated("msmpeg.asf", "-f lavfi -i testsrc2=s=160x128:r=25:d=3 -c:v msmpeg4 -g 20");
    check_generated("mjpeg.mov", "-f lavfi -i testsrc2=s=160x128:r=25:d=3 -c:v mjpeg");
}

#[test]
fn an_edit_list_hides_what_it_cuts_off() {
    let clips = Clips::new();
    let Some(whole) = clips.ffmpeg("whole.mp4", "-f lavfi -i testsrc2=s=160x120:r=25:d=6 -c:v libx264 -bf 2 -g 50")
    else {
        return;
    };
    let Some(cut) = clips.ffmpeg("cut.mp4", "-ss 1.5 -i whole.mp4 -c copy") else { return };
    let (whole, shown) = (table_of(&whole).len(), table_of(&cut).len());
    assert!(shown < whole, "{shown} of {whole}");
    check_identity(&cut);
}

#[test]
fn a_stream_that_begins_between_key_frames_is_counted_as_it_decodes() {
    let clips = Clips::new();
    let arguments = "-f lavfi -i testsrc2=s=160x120:r=25:d=8 -c:v libx264 -bf 3 -g 60 -f mpegts";
    let Some(whole) = clips.ffmpeg("whole.ts", arguments) else { return };
    let bytes = std::fs::read(whole).unwrap();
    let cut = clips.path("cut.ts");
    std::fs::write(&cut, &bytes[bytes.len() / 3 / 188 * 188..]).unwrap();
    check_identity(&cut);
}

#[test]
fn a_file_that_must_be_decoded_to_be_counted_is_shown_while_it_is() {
    let clips = Clips::new();
    for (name, coding) in [
        // No PTS at all, and field pictures in two packets each.
        ("long.avi", "-c:v mpeg4 -bf 2 -g 30"),
        ("long.ts", "-c:v libx264 -flags +ildct+ilme -x264-params tff=1 -preset ultrafast"),
    ] {
        let source = format!("-f lavfi -i testsrc2=s=640x480:r=25:d=24 {coding}");
        let Some(path) = clips.ffmpeg(name, &source) else { return };
        let mut parts = Vec::new();
        let whole = open_growing(&path, None, &CancelToken::default(), |news| {
            if let Opening::Begun(media) = news {
                parts.push(media.frames.unwrap());
            }
        });
        let whole = whole.unwrap().frames.unwrap();
        assert!(!parts.is_empty(), "{name}");
        for part in &parts {
            assert!(!part.is_whole() && part.is_continued_by(&whole) && !whole.is_continued_by(part), "{name}");
        }
        let mut reader = VideoReader::open(&path, parts[0].clone()).unwrap();
        let mut all = VideoReader::open(&path, whole).unwrap();
        for ordinal in [parts[0].len() - 1, 3, 0] {
            let (early, late) = (reader.seek_exact(FrameIndex(ordinal)), all.seek_exact(FrameIndex(ordinal)));
            assert_eq!(digest(&early.unwrap()), digest(&late.unwrap()), "frame {ordinal} of {name}");
        }
    }
}

#[test]
fn generated_clips_of_the_shared_data_are_sought_exactly() {
    let Some(data) = avar_testing::data_folder("clips/generated") else { return };
    for path in crate::clips::files_below(&data) {
        let table = table_of(&path);
        let sequential = read_all(&path, &table);
        let mut reader = VideoReader::open(&path, table.clone()).unwrap();
        for ordinal in (0..sequential.len()).rev().step_by(11) {
            let frame = reader.seek_exact(FrameIndex(ordinal)).unwrap();
            assert_eq!((frame.pts, digest(&frame)), sequential[ordinal], "frame {ordinal} of {}", path.display());
        }
    }
}
