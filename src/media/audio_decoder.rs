//! One sound decoder, fed with packets and drained of blocks of samples.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::frame::Audio;

use super::demuxer::{Demuxer, codec_name, decoder_failure};
use super::error::{MediaError, StreamKind};
use super::ffi_enum;

pub(super) struct AudioDecoder {
    decoder: ffmpeg::decoder::Audio,
    draining: bool,
    damaged_packets: usize,
    /// Whether what the decoder says of the channels' meaning stands in the file.
    states_layout: bool,
}

/// Codecs that only count channels, and whose decoders in FFmpeg make up a layout for the number: one channel of three
/// would pass for low-frequency effects.
const CODECS_WITHOUT_LAYOUT: [&str; 2] = ["tta", "s302m"];

impl AudioDecoder {
    /// A decoder for the demuxer's selected stream.
    pub(super) fn open(demuxer: &Demuxer) -> Result<Self, MediaError> {
        let path = demuxer.path();
        let no_audio = || MediaError::NoAudio { path: path.to_owned() };
        let stream = demuxer.input().stream(demuxer.selected()).ok_or_else(no_audio)?;
        if demuxer.is_encrypted(demuxer.selected()) {
            return Err(MediaError::Encrypted { what: StreamKind::Audio, path: path.to_owned() });
        }
        let parameters = demuxer.parameters().ok_or_else(no_audio)?;
        let name = codec_name(&parameters);
        let codec_id = ffi_enum::codec_id(&parameters);
        let failure = |error| decoder_failure(error, StreamKind::Audio, name.clone(), path);
        let mut context = ffmpeg::codec::Context::from_parameters(parameters).map_err(failure)?;
        // SAFETY: the context was just made and is not open yet. Without the packets' time base the
        // decoder cannot shift the PTS past the priming samples that it drops.
        unsafe { (*context.as_mut_ptr()).pkt_timebase = (*stream.as_ptr()).time_base };
        // ffmpeg-next reads the type of what is open as an enum: by then it is the decoder's own.
        let decoder = context
            .decoder()
            .open_as(ffi_enum::find_decoder(codec_id))
            .and_then(|open| open.audio())
            .map_err(failure)?;
        let states_layout = !CODECS_WITHOUT_LAYOUT.contains(&name.as_str());
        Ok(Self { decoder, draining: false, damaged_packets: 0, states_layout })
    }

    /// Sends one packet; call only after [`Self::receive`] returned `None`.
    pub(super) fn send(&mut self, packet: &ffmpeg::Packet) {
        if self.decoder.send_packet(packet).is_err() {
            self.damaged_packets += 1;
        }
    }

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

    /// The next block of samples; `None` when the decoder wants a packet or is drained.
    pub(super) fn receive(&mut self) -> Option<Audio> {
        loop {
            let mut frame = Audio::empty();
            match self.decoder.receive_frame(&mut frame) {
                // SAFETY: the frame was filled in by the decoder.
                Ok(()) if frame.samples() > 0 && unsafe { (*frame.as_ptr()).sample_rate } > 0 => return Some(frame),
                Ok(()) => {}
                Err(ffmpeg::Error::Eof | ffmpeg::Error::Other { errno: ffi::EAGAIN }) => return None,
                Err(_) => self.damaged_packets += 1,
            }
        }
    }

    /// Forgets everything decoded so far; to be called before any seek.
    pub(super) fn flush(&mut self) {
        self.decoder.flush();
        self.draining = false;
    }

    /// Whether the channel layout of the frames is more than a guess.
    pub(super) fn states_layout(&self) -> bool {
        self.states_layout
    }

    pub(super) fn damaged_packets(&self) -> usize {
        self.damaged_packets
    }
}
