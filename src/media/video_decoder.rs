//! One picture decoder, fed with packets and drained of frames, each known by a label of ours.
//!
//! A packet's PTS field is replaced by a label before it is sent; FFmpeg carries the field through
//! reordering untouched and does not otherwise use it, so a decoded picture says which packet it came
//! from even where the file has no usable time stamps.

use std::ffi::c_int;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::codec::discard::Discard;
use ffmpeg_next::ffi;
use ffmpeg_next::frame::Video;

use super::demuxer::{Demuxer, codec_name, decoder_failure};
use super::error::{MediaError, StreamKind};
use super::ffi_enum::{self, codec};

/// More pixels in one picture than any camera makes; a file that states more asks for memory only.
const MAX_PIXELS: i64 = 1 << 27;

pub(super) struct VideoDecoder {
    decoder: ffmpeg::decoder::Video,
    draining: bool,
    /// The codec says which pictures no other refers to, ever (H.264: nal_ref_idc 0; MPEG-2: B). In HEVC a
    /// picture of a higher temporal layer may still do so.
    marks_unreferenced: bool,
    damaged_packets: usize,
}

impl VideoDecoder {
    /// A frame-threaded decoder for the demuxer's selected stream.
    pub(super) fn open(demuxer: &Demuxer) -> Result<Self, MediaError> {
        let path = demuxer.path();
        let no_video = || MediaError::NoVideo { path: path.to_owned() };
        let stream = demuxer.input().stream(demuxer.selected()).ok_or_else(no_video)?;
        if demuxer.is_encrypted(demuxer.selected()) {
            return Err(MediaError::Encrypted { what: StreamKind::Picture, path: path.to_owned() });
        }
        let parameters = demuxer.parameters().ok_or_else(no_video)?;
        let name = codec_name(&parameters);
        let codec_id = ffi_enum::codec_id(&parameters);
        let failure = |error| decoder_failure(error, StreamKind::Picture, name.clone(), path);
        let mut context = ffmpeg::codec::Context::from_parameters(parameters).map_err(failure)?;
        // SAFETY: the context was just made and is not open yet.
        unsafe {
            let context = context.as_mut_ptr();
            (*context).thread_type = ffi::FF_THREAD_FRAME | ffi::FF_THREAD_SLICE;
            (*context).thread_count = thread_count();
            (*context).max_pixels = MAX_PIXELS;
            (*context).pkt_timebase = (*stream.as_ptr()).time_base;
        }
        // ffmpeg-next reads the type of what is open as an enum: by then it is the decoder's own.
        let decoder = context
            .decoder()
            .open_as(ffi_enum::find_decoder(codec_id))
            .and_then(|open| open.video())
            .map_err(failure)?;
        let marks_unreferenced = matches!(codec_id, codec::H264 | codec::MPEG2VIDEO);
        Ok(Self { decoder, draining: false, marks_unreferenced, damaged_packets: 0 })
    }

    /// Sends one packet under `label`; call only after [`Self::receive`] returned `None`.
    pub(super) fn send(&mut self, packet: ffmpeg::Packet, label: i64) {
        self.send_skipping(packet, label, false);
    }

    /// As [`Self::send`]; a picture that is `unwanted` may be left out where no other refers to it.
    pub(super) fn send_skipping(&mut self, mut packet: ffmpeg::Packet, label: i64, unwanted: bool) {
        let discard = if unwanted && self.marks_unreferenced { Discard::NonReference } else { Discard::Default };
        self.decoder.skip_frame(discard);
        packet.set_pts(Some(label));
        if self.decoder.send_packet(&packet).is_err() {
            self.damaged_packets += 1;
        }
    }

    /// Tells the decoder that no packet follows, so that it gives up the frames that it holds back.
    pub(super) fn drain(&mut self) {
        if !self.draining {
            self.draining = true;
            // Only refused where it was sent before.
            _ = self.decoder.send_eof();
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// The next decoded picture and its label; `None` when the decoder wants a packet or is drained.
    pub(super) fn receive(&mut self) -> Option<(Video, i64)> {
        loop {
            // A fresh frame each time: even a failed call clears the one it is given.
            let mut frame = Video::empty();
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) if frame.width() > 0 && frame.height() > 0 => {
                    let label = frame.pts().unwrap_or(ffi::AV_NOPTS_VALUE);
                    return Some((frame, label));
                }
                Ok(()) => {}
                Err(ffmpeg::Error::Eof) => return None,
                Err(ffmpeg::Error::Other { errno: ffi::EAGAIN }) => return None,
                // With frame threads a packet's error comes out here, in its frame's place.
                Err(_) => self.damaged_packets += 1,
            }
        }
    }

    /// Forgets everything decoded so far; to be called before any seek.
    pub(super) fn flush(&mut self) {
        self.decoder.flush();
        self.draining = false;
    }

    pub(super) fn damaged_packets(&self) -> usize {
        self.damaged_packets
    }
}

/// Twice the cores hides the frames' unequal cost; more than eight only adds delay and memory.
fn thread_count() -> c_int {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    (2 * cores).clamp(2, 8) as c_int
}
