//! Decoding frames in presentation order, and seeking to the very frame.
//!
//! Invariant: the frame handed out under an ordinal is the picture that sequential decoding puts out
//! under that ordinal, to the bit. A seek lands on the key frame from the table, decodes from there
//! and drops what comes before the target. Where the container lands is never believed: the first key
//! packet read says where it is, and a landing that is too late is repeated earlier, at last from the
//! start of the file.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use ffmpeg_next::{Packet, ffi};

use super::demuxer::Demuxer;
use super::error::MediaError;
use super::frame_faults::FrameFaults;
use super::frame_table::{FrameTable, Identity, KeyPoint, PacketMark};
use super::orientation::Orientation;
use super::scaler::Converter;
use super::source::Source;
use super::video_decoder::VideoDecoder;
use super::video_frame::VideoFrame;
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime};

/// Reads the picture of one file.
pub struct VideoReader {
    demuxer: Demuxer,
    decoder: VideoDecoder,
    table: Arc<FrameTable>,
    converter: Converter,
    orientation: Orientation,
    /// The packet that a seek landed on, still to be sent.
    landed: Option<Packet>,
    /// The number of the next packet, counted from the start of the file; used where packets are the
    /// frames' identity.
    packet_number: usize,
    /// The ordinal that the next frame handed out has at least.
    position: usize,
    /// By decoders that were replaced.
    damaged_before: usize,
    faults: FrameFaults,
}

impl VideoReader {
    /// Opens `path`, whose frames `table` lists.
    pub fn open(path: &Path, table: Arc<FrameTable>) -> Result<Self, MediaError> {
        Self::open_cancellable(path, table, &CancelToken::default())
    }

    /// As [`Self::open`]; every read ends with [`MediaError::Cancelled`] once `cancel` is set.
    pub fn open_cancellable(path: &Path, table: Arc<FrameTable>, cancel: &CancelToken) -> Result<Self, MediaError> {
        Self::of(&Source::open(path, cancel)?, table, cancel)
    }

    /// As [`Self::open_cancellable`], of a file that is open.
    pub fn of(source: &Source, table: Arc<FrameTable>, cancel: &CancelToken) -> Result<Self, MediaError> {
        let demuxer = Demuxer::open_video(source, cancel)?;
        let decoder = VideoDecoder::open(&demuxer)?;
        let stream = demuxer.input().stream(demuxer.selected());
        let orientation = stream.map(|stream| Orientation::of(&stream)).unwrap_or_default();
        Ok(Self {
            demuxer,
            decoder,
            table,
            converter: Converter::default(),
            orientation,
            landed: None,
            packet_number: 0,
            position: 0,
            damaged_before: 0,
            faults: FrameFaults::default(),
        })
    }

    /// The table that ordinals are taken from.
    pub fn table(&self) -> &Arc<FrameTable> {
        &self.table
    }

    /// Takes over a table that goes on where the one so far ended.
    pub fn follow(&mut self, table: Arc<FrameTable>) {
        self.table = table;
    }

    /// The next frame in presentation order; `None` after the last. Damaged frames are passed over.
    #[expect(clippy::should_implement_trait, reason = "it can fail, and a seek goes on after the end")]
    pub fn next(&mut self) -> Result<Option<VideoFrame>, MediaError> {
        let expected = self.position;
        let frame = self.next_unless(&|| false)?;
        let reached = frame.as_ref().map_or(self.table.len(), |frame| frame.index.0);
        // At the end of a table that still grows, decoding on is another's turn.
        if frame.is_some() || self.table.is_whole() {
            self.faults.note_undecodable(expected..reached);
        }
        Ok(frame)
    }

    /// The frames that were found to be damaged, of those that this reader has decoded so far.
    pub fn faults(&self) -> &FrameFaults {
        &self.faults
    }

    /// The frame `index` itself; [`Self::next`] then gives the following one.
    pub fn seek_exact(&mut self, index: FrameIndex) -> Result<VideoFrame, MediaError> {
        self.seek_exact_cancellable(index, &|| false)?.ok_or(MediaError::Cancelled)
    }

    /// As [`Self::seek_exact`]; `None` where `stop` said so on the way.
    pub fn seek_exact_cancellable(
        &mut self,
        index: FrameIndex,
        stop: &dyn Fn() -> bool,
    ) -> Result<Option<VideoFrame>, MediaError> {
        self.check(index)?;
        let keys = self.table.keys_up_to(index);
        // Decoding on is shorter than seeking while no key frame lies between.
        let near = self.position <= index.0 && self.table.key_at_or_before(index).0 <= self.position;
        if near && let Some(frame) = self.decode_to(index, stop)? {
            return Ok(Some(frame));
        }
        // Nearly always the first attempt succeeds; the others are for streams whose key frames are not
        // where decoding can begin. They end a few key frames back: a damaged frame is to be reported,
        // not searched for from the start of nine hours.
        for back in [0, 1, 3].into_iter().take_while(|back| *back <= keys) {
            if stop() {
                return Ok(None);
            }
            let key = keys.checked_sub(1 + back).map(|key| self.table.keys[key]);
            self.land(key, stop)?;
            if let Some(frame) = self.decode_to(index, stop)? {
                return Ok(Some(frame));
            }
        }
        if stop() {
            return Ok(None);
        }
        self.faults.note_undecodable(index.0..index.0 + 1);
        Err(MediaError::FrameDamaged { index, path: self.demuxer.path().to_owned() })
    }

    /// The key frame at or before `index`: quick, for a preview while scrubbing.
    pub fn seek_key(&mut self, index: FrameIndex) -> Result<VideoFrame, MediaError> {
        self.check(index)?;
        self.seek_exact(self.table.key_at_or_before(index))
    }

    /// Packets that could not be decoded so far, and were passed over.
    pub fn damaged_packets(&self) -> usize {
        self.damaged_before + self.decoder.damaged_packets()
    }

    /// Which of the frames `ordinals`, decoded from the key frame at their start, come out, and which is the first one
    /// after them that does.
    pub(super) fn decodable(&mut self, ordinals: Range<usize>) -> Result<(Vec<usize>, usize), MediaError> {
        let key = self.table.keys_up_to(FrameIndex(ordinals.start)).checked_sub(1).map(|key| self.table.keys[key]);
        self.land(key, &|| false)?;
        self.position = ordinals.start;
        let mut decoded = Vec::new();
        loop {
            match self.next()?.map_or(self.table.len(), |frame| frame.index.0) {
                ordinal if ordinal < ordinals.end => decoded.push(ordinal),
                after => return Ok((decoded, after)),
            }
        }
    }

    fn check(&self, index: FrameIndex) -> Result<(), MediaError> {
        match self.table.len().checked_sub(1) {
            Some(last) if index.0 <= last => Ok(()),
            last => {
                Err(MediaError::NoSuchFrame { index, last: last.unwrap_or(0), path: self.demuxer.path().to_owned() })
            }
        }
    }

    /// Decodes on to `index`; `None` where that frame did not come out, or `stop` said so.
    fn decode_to(&mut self, index: FrameIndex, stop: &dyn Fn() -> bool) -> Result<Option<VideoFrame>, MediaError> {
        self.position = index.0;
        let frame = self.next_unless(stop)?;
        Ok(frame.filter(|frame| frame.index == index))
    }

    fn next_unless(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<VideoFrame>, MediaError> {
        loop {
            while let Some((picture, label)) = self.decoder.receive() {
                // A label that the table lacks is a picture that sequential decoding does not show.
                let Some(ordinal) = self.table.ordinal_of_label(label).filter(|ordinal| *ordinal >= self.position)
                else {
                    continue;
                };
                let index = FrameIndex(ordinal);
                let Some(entry) = self.table.entry(index) else { continue };
                let named = (index, self.table.is_key(index));
                let frame = VideoFrame::new(picture, named, entry, self.orientation, &mut self.converter)?;
                self.position = ordinal + 1;
                if self.faults.is_news(ordinal, frame.is_concealed) {
                    self.faults.note_decoded(ordinal, frame.is_concealed);
                }
                return Ok(Some(frame));
            }
            if self.decoder.is_draining() || stop() {
                return Ok(None);
            }
            match self.landed.take().map_or_else(|| self.demuxer.next_packet(), |packet| Ok(Some(packet)))? {
                Some(packet) => {
                    let label = self.label(&packet);
                    self.packet_number += 1;
                    let is_early = self.table.ordinal_of_label(label).is_some_and(|ordinal| ordinal < self.position);
                    self.decoder.send_skipping(packet, label, is_early);
                }
                None => self.decoder.drain(),
            }
        }
    }

    fn label(&self, packet: &Packet) -> i64 {
        match self.table.identity {
            Identity::Pts => packet.pts().unwrap_or(ffi::AV_NOPTS_VALUE),
            Identity::Packet { .. } => self.packet_number as i64,
        }
    }

    /// Makes `key`, or a key frame before it, the next packet to be decoded; without a key, the file's
    /// first packet.
    fn land(&mut self, key: Option<KeyPoint>, stop: &dyn Fn() -> bool) -> Result<(), MediaError> {
        self.decoder.flush();
        self.landed = None;
        if let Some(key) = key {
            for landing in landings(&self.table, &key, self.demuxer.is_byte_stream()) {
                if stop() {
                    return Ok(());
                }
                let moved = match landing {
                    Landing::Byte(byte) => self.demuxer.seek_byte(byte),
                    Landing::Pts(pts) => self.demuxer.seek_pts(pts),
                };
                if moved && self.landed_in_time(&key)? {
                    return Ok(());
                }
            }
        }
        self.demuxer.restart()?;
        // A flushed decoder may remember a little of what it decoded; from the start nothing is to differ.
        self.damaged_before += self.decoder.damaged_packets();
        self.decoder = VideoDecoder::open(&self.demuxer)?;
        self.packet_number = 0;
        self.landed = None;
        Ok(())
    }

    /// Reads to the first key packet; whether it is `key` or comes before it.
    fn landed_in_time(&mut self, key: &KeyPoint) -> Result<bool, MediaError> {
        while let Some(packet) = self.demuxer.next_packet()? {
            if !packet.is_key() {
                continue;
            }
            let in_time = match &self.table.identity {
                Identity::Pts => {
                    let key_pts = self.table.entries()[key.ordinal].pts;
                    packet.pts().is_some_and(|pts| pts <= key_pts)
                }
                Identity::Packet { marks, ordinals } => {
                    let mark = PacketMark { dts: packet.dts(), byte: packet.position() as i64 };
                    match marks.iter().position(|known| *known == mark) {
                        Some(number) => {
                            self.packet_number = number;
                            ordinals
                                .iter()
                                .position(|ordinal| *ordinal == u32::try_from(key.ordinal).ok())
                                .is_some_and(|wanted| number <= wanted)
                        }
                        None => false,
                    }
                }
            };
            self.landed = Some(packet);
            return Ok(in_time);
        }
        Ok(false)
    }
}

enum Landing {
    Byte(i64),
    Pts(i64),
}

/// Ways to get to `key`, the shortest first.
fn landings(table: &FrameTable, key: &KeyPoint, byte_stream: bool) -> Vec<Landing> {
    let pts = table.entries()[key.ordinal].pts;
    let earlier = |seconds: f64| pts.saturating_sub(MediaTime::from_seconds(seconds).to_pts(table.time_base));
    let mut ways = Vec::new();
    if byte_stream && key.byte >= 0 {
        ways.push(Landing::Byte(key.byte));
    }
    ways.push(Landing::Pts(pts));
    ways.extend(key.dts.filter(|dts| *dts < pts).map(Landing::Pts));
    ways.extend([1.0, 3.0, 10.0, 60.0].map(|seconds| Landing::Pts(earlier(seconds))));
    ways
}
