//! The frame table of a sequence of pictures: a frame for each file, without reading most of them.
//!
//! The first pictures are decoded, and those whose first or last bytes are not those of a whole picture. What does not
//! come out leaves the table and is listed as lost, as are numbers without a picture.

use super::demuxer::{Demuxer, video_packet};
use super::error::MediaError;
use super::frame_scan::{CHECKED_FRAMES_MIN, CHECKED_PIXELS, Listen, ScanNews, ScannedPacket, Stamp, assemble, keep};
use super::frame_table::{FrameTable, Identity, Loss, LossCause};
use super::sequence::{ASSUMED_RATE_HZ, PictureSequence};
use super::video_decoder::VideoDecoder;
use avar_base::time::{MediaTime, TimeRange};

pub(super) fn scan_pictures(
    demuxer: &Demuxer,
    sequence: &PictureSequence,
    listen: Listen,
) -> Result<FrameTable, MediaError> {
    let decodable = decodable(demuxer, sequence, listen)?;
    let frames: Vec<ScannedPacket> = (0..sequence.len()).map(|index| frame_at(sequence.pts_of(index))).collect();
    let shown: Vec<(i64, &ScannedPacket)> =
        frames.iter().zip(0..).map(|(frame, at)| (sequence.pts_of(at), frame)).collect();
    let time_base = demuxer.time_base();
    let mut table = assemble(&shown, Identity::Pts, time_base);
    table.assumed_rate_hz = Some(f64::from(ASSUMED_RATE_HZ));
    table.losses.extend(sequence.missing_pts().map(|missing| {
        let (first, last) = (*missing.start(), *missing.end());
        let range = TimeRange::new(MediaTime::from_pts(first, time_base), MediaTime::from_pts(last + 1, time_base));
        Loss { frames: (last - first + 1) as usize, range, cause: LossCause::Absent }
    }));
    Ok(if decodable.len() == table.len() { table } else { keep(table, 0..sequence.len(), &decodable) })
}

fn frame_at(pts: i64) -> ScannedPacket {
    ScannedPacket {
        pts: Stamp::new(Some(pts)),
        dts: Stamp::new(Some(pts)),
        duration: 1,
        byte: -1,
        is_key: true,
        is_shown: true,
        is_damaged: false,
        part: 0,
    }
}

/// The places of the pictures that come out of the decoder, or of which there is no reason to doubt it.
fn decodable(demuxer: &Demuxer, sequence: &PictureSequence, listen: Listen) -> Result<Vec<usize>, MediaError> {
    let mut decoder = VideoDecoder::open(demuxer)?;
    let mut is_fine = vec![true; sequence.len()];
    let mut checked_frames = CHECKED_FRAMES_MIN;
    let mut told = 0.0;
    for index in 0..sequence.len() {
        demuxer.cancel().check()?;
        let fraction = index as f32 / sequence.len() as f32;
        if fraction >= told + 0.01 {
            told = fraction;
            listen(ScanNews::Progress(fraction));
        }
        if index >= checked_frames && sequence.looks_whole(index) {
            continue;
        }
        is_fine[index] = false;
        if let Some(packet) = video_packet(sequence, index, demuxer.selected()) {
            decoder.send(packet, index as i64);
            note_decoded(&mut decoder, &mut is_fine, &mut checked_frames);
        }
    }
    decoder.drain();
    note_decoded(&mut decoder, &mut is_fine, &mut checked_frames);
    Ok((0..sequence.len()).filter(|index| is_fine[*index]).collect())
}

fn note_decoded(decoder: &mut VideoDecoder, is_fine: &mut [bool], checked_frames: &mut usize) {
    while let Some((frame, label)) = decoder.receive() {
        let area_px = frame.width() as usize * frame.height() as usize;
        *checked_frames = CHECKED_FRAMES_MIN.max(CHECKED_PIXELS / area_px.max(1));
        if let Some(is_fine) = usize::try_from(label).ok().and_then(|index| is_fine.get_mut(index)) {
            *is_fine = true;
        }
    }
}
