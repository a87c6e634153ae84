//! Pictures: pixel formats, bit depths, odd sizes, rotation and colour.

use std::path::Path;

use crate::clips::{Clips, moving_picture, table_of};
use avar_media::{
    ColorMatrix, ColorRange, FrameScaler, PixelLayout, RgbImage, Transfer, VideoFrame, VideoReader, probe,
};

fn first_frame(path: &std::path::Path) -> VideoFrame {
    VideoReader::open(path, table_of(path)).unwrap().next().unwrap().unwrap()
}

const SOURCE: &str = "-f lavfi -i testsrc2=s=66x50:r=25:d=0.4";

#[test]
fn planar_yuv_is_handed_out_as_decoded_and_anything_else_as_rgba() {
    let yuv = |bits, chroma_shift_x, chroma_shift_y| PixelLayout::PlanarYuv { bits, chroma_shift_x, chroma_shift_y };
    let cases = [
        ("420.mp4", "-c:v libx264 -pix_fmt yuv420p", yuv(8, 1, 1)),
        ("422.mkv", "-c:v ffv1 -pix_fmt yuv422p", yuv(8, 1, 0)),
        ("444.mkv", "-c:v ffv1 -pix_fmt yuv444p", yuv(8, 0, 0)),
        ("10.mkv", "-c:v ffv1 -pix_fmt yuv420p10le", yuv(10, 1, 1)),
        ("12.mkv", "-c:v ffv1 -pix_fmt yuv444p12le", yuv(12, 0, 0)),
        ("full.avi", "-c:v mjpeg -pix_fmt yuvj420p", yuv(8, 1, 1)),
        ("gray.mkv", "-c:v ffv1 -pix_fmt gray", PixelLayout::Rgba),
        ("rgb.mkv", "-c:v ffv1 -pix_fmt bgra", PixelLayout::Rgba),
        ("gbr.mkv", "-c:v libx264rgb -pix_fmt rgb24", PixelLayout::Rgba),
        ("palette.gif", "", PixelLayout::Rgba),
        ("410.mkv", "-c:v ffv1 -pix_fmt yuv410p", PixelLayout::Rgba),
        ("raw.avi", "-c:v rawvideo -pix_fmt bgr24", PixelLayout::Rgba),
    ];
    let clips = Clips::new();
    for (name, arguments, layout) in cases {
        let Some(path) = clips.ffmpeg(name, &format!("{SOURCE} {arguments}")) else { return };
        let frame = first_frame(&path);
        assert_eq!(frame.layout(), layout, "{name}");
        let plane = frame.plane(0);
        assert_eq!((plane.width_px, plane.height_px), (66, 50), "{name}");
        assert!(plane.bytes.len() >= plane.stride_bytes * 49 + 66, "{name}");
        assert!(frame.size_bytes() >= 66 * 50);
        assert_eq!(frame.to_rgb8().unwrap().bytes.len(), 66 * 50 * 3, "{name}");
    }
}

#[test]
fn ten_bit_samples_are_words_with_the_value_in_the_low_bits() {
    let clips = Clips::new();
    let source = "-f lavfi -i color=white:s=64x48:d=0.2 -c:v ffv1 -pix_fmt yuv420p10le";
    let Some(path) = clips.ffmpeg("white.mkv", source) else { return };
    let frame = first_frame(&path);
    let bytes = frame.plane(0).bytes;
    assert_eq!(u16::from_le_bytes([bytes[0], bytes[1]]), 940);
    assert_eq!(u16::from_le_bytes([frame.plane(1).bytes[0], frame.plane(1).bytes[1]]), 512);
}

#[test]
fn odd_sizes_round_the_chroma_up() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc=s=67x51:r=25:d=0.2 -c:v ffv1 -pix_fmt yuv420p";
    let Some(path) = clips.ffmpeg("odd.mkv", source) else { return };
    let frame = first_frame(&path);
    assert_eq!((frame.plane(1).width_px, frame.plane(1).height_px), (34, 26));
    let image = frame.to_rgb8().unwrap();
    assert_eq!((image.width_px, image.height_px, image.bytes.len()), (67, 51, 67 * 51 * 3));
}

#[test]
fn a_rotated_recording_is_shown_upright() {
    let clips = Clips::new();
    if clips.ffmpeg("flat.mp4", &format!("{SOURCE} -c:v libx264 -pix_fmt yuv444p")).is_none() {
        return;
    }
    for degrees in [90, 180, 270] {
        let turn = format!("-i flat.mp4 -c copy -metadata:s:v rotate={degrees}");
        let Some(path) = clips.ffmpeg("turned.mp4", &turn) else { return };
        let Some(shown) = clips.ffmpeg("shown.rgb", "-i turned.mp4 -frames:v 1 -f rawvideo -pix_fmt rgb24") else {
            return;
        };
        assert_eq!(probe(&path).unwrap().video.unwrap().orientation.rotation_deg % 180, degrees % 180);
        let frame = first_frame(&path);
        let image = frame.to_rgb8().unwrap();
        assert_eq!((image.width_px, image.height_px), frame.upright_size_px());
        assert!(mean_difference(&image.bytes, &std::fs::read(shown).unwrap()) < 3.0, "{degrees}");
        let (width_px, height_px) = frame.upright_size_px();
        let scaled = FrameScaler::new().scale(&frame, width_px, height_px).unwrap();
        assert_eq!(scaled, image.bytes, "the scaler turns it as well");
    }
}

/// The display matrix of an MP4's track, found behind its kind and written over: FFmpeg's command line writes none
/// that mirrors.
fn write_matrix(path: &Path, [a, b, c, d]: [i32; 4]) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = bytes.windows(4).position(|kind| kind == b"tkhd").unwrap() + 4;
    // Version 0: flags, four times and numbers, two reserved words, then layer, group, volume.
    let matrix = header + 4 + 20 + 8 + 8;
    let one = 1 << 16;
    let rows = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30];
    for (place, value) in bytes[matrix..matrix + 36].chunks_exact_mut(4).zip(rows) {
        place.copy_from_slice(&value.to_be_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_mirrored_recording_is_shown_with_left_and_right_exchanged() {
    let clips = Clips::new();
    let path = clips.written("mirrored.mp4", 3, None);
    let lying = first_frame(&path).to_rgb8().unwrap();
    write_matrix(&path, [-1, 0, 0, 1]);
    let shown = first_frame(&path).to_rgb8().unwrap();
    let row = |image: &RgbImage, y: usize| image.bytes.chunks_exact(160 * 3).nth(y).unwrap().to_vec();
    let mut expected: Vec<[u8; 3]> = row(&lying, 50).as_chunks::<3>().0.to_vec();
    expected.reverse();
    assert_eq!(row(&shown, 50), expected.concat());
}

#[test]
fn hdr_transfers_are_recognised() {
    let clips = Clips::new();
    for (name, transfer) in [("smpte2084", Transfer::Pq), ("arib-std-b67", Transfer::Hlg)] {
        let arguments = format!(
            "{SOURCE} -c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le \
             -color_primaries bt2020 -colorspace bt2020nc -color_trc {name}"
        );
        let Some(path) = clips.ffmpeg("hdr.mp4", &arguments) else { return };
        let video = probe(&path).unwrap().video.unwrap();
        assert_eq!((video.color.transfer, video.color.matrix, video.bits), (transfer, ColorMatrix::Bt2020, 10));
        assert_eq!(first_frame(&path).color, video.color);
    }
}

#[test]
fn an_unstated_matrix_is_bt709_from_720_lines_up() {
    let clips = Clips::new();
    for (size, matrix) in [("128x720", ColorMatrix::Bt709), ("128x718", ColorMatrix::Bt601)] {
        let arguments = format!("-f lavfi -i testsrc2=s={size}:d=0.1 -c:v libx264 -pix_fmt yuv420p");
        let Some(path) = clips.ffmpeg("plain.mp4", &arguments) else { return };
        let color = probe(&path).unwrap().video.unwrap().color;
        assert_eq!((color.matrix, color.range, color.transfer), (matrix, ColorRange::Limited, Transfer::Sdr));
    }
    let Some(path) = clips.ffmpeg("full.avi", &format!("{SOURCE} -c:v mjpeg -pix_fmt yuvj420p")) else { return };
    assert_eq!(probe(&path).unwrap().video.unwrap().color.range, ColorRange::Full);
}

#[test]
fn numbers_for_colour_that_mean_nothing_are_said_and_taken_as_unstated() {
    let clips = Clips::new();
    // Neither codec states a colour of its own, so that every frame carries the container's numbers.
    for codec in ["ffv1", "mpeg4"] {
        let arguments = format!("{SOURCE} -c:v {codec} -pix_fmt yuv420p -colorspace bt709 -color_trc bt709");
        let Some(path) = clips.ffmpeg("stated.mkv", &arguments) else { return };
        let as_stated = first_frame(&path);
        assert_eq!(as_stated.color.matrix, ColorMatrix::Bt709);
        for (matrix, transfer) in [(200, 201), (255, 19), (15, 255)] {
            patch_matroska_colour(&path, matrix, transfer);
            let info = probe(&path).unwrap();
            let said = |number: u8| info.notes.iter().any(|note| note.contains(&format!("number {number} of H.273")));
            assert!(said(matrix) && said(transfer), "{:?}", info.notes);
            let color = info.video.unwrap().color;
            assert_eq!((color.matrix, color.transfer), (ColorMatrix::Bt601, Transfer::Sdr));
            let table = table_of(&path);
            let mut reader = VideoReader::open(&path, table.clone()).unwrap();
            let mut frames = Vec::new();
            while let Some(frame) = reader.next().unwrap() {
                assert_eq!(frame.color, color);
                frames.push(frame);
            }
            assert_eq!((frames.len(), table.len()), (10, 10));
            assert_eq!(frames[0].plane(0).bytes, as_stated.plane(0).bytes);
            assert_ne!(frames[0].to_rgb8().unwrap(), as_stated.to_rgb8().unwrap());
        }
    }
}

#[test]
fn a_matrix_that_is_defined_and_not_converted_here_is_said() {
    let clips = Clips::new();
    let arguments = format!("{SOURCE} -c:v ffv1 -pix_fmt yuv420p -colorspace bt709 -color_trc bt709");
    let Some(path) = clips.ffmpeg("stated.mkv", &arguments) else { return };
    assert!(probe(&path).unwrap().notes.iter().all(|note| !note.contains("H.273")));
    let ycgco = 8;
    patch_matroska_colour(&path, ycgco, 1);
    let notes = probe(&path).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("number 8 of H.273") && note.contains("BT.601")), "{notes:?}");
}

/// Writes numbers into the elements MatrixCoefficients and TransferCharacteristics (RFC 9559, 5.1.4.1.28).
fn patch_matroska_colour(path: &Path, matrix: u8, transfer: u8) {
    let mut bytes = std::fs::read(path).unwrap();
    for (element, number) in [([0x55, 0xb1, 0x81], matrix), ([0x55, 0xba, 0x81], transfer)] {
        let at = bytes.windows(3).position(|window| window == element).unwrap();
        bytes[at + 3] = number;
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_written_clip_keeps_its_colours() {
    let path = Clips::new();
    let path = path.written("clip.mp4", 12, None);
    let mut reader = VideoReader::open(&path, table_of(&path)).unwrap();
    let mut scaler = FrameScaler::new();
    for number in 0..12 {
        let frame = reader.next().unwrap().unwrap();
        let written = moving_picture(160, 120, number);
        let image = frame.to_rgb8().unwrap();
        let mean = mean_difference(&written, &image.bytes);
        assert!(mean < 8.0, "frame {number} is off by {mean} of 255");
        assert_eq!(scaler.scale(&frame, 160, 120).unwrap(), image.bytes, "the same size scales to the same picture");
    }
}

/// Of two pictures of one size, in steps of 255.
fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    let sum: u64 = a.iter().zip(b).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}
