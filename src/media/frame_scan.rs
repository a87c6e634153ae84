//! Making the frame table of a file.
//!
//! Reading packets is two orders of magnitude faster than decoding, and for the common codecs one shown
//! packet is one frame. But containers lie: `nb_frames` is not asked at all, packets that an edit list
//! discards are not counted, and the first frames are decoded to see that the packets' order is what
//! the decoder puts out. A stream that begins between key frames loses what cannot be decoded. Where
//! packets are no guide (no PTS, repeated PTS, codecs with hidden or skipped frames, interlaced
//! transport streams), everything is decoded once.
//!
//! Reading ten hours takes seconds, and decoding as a check takes longer than a first picture should. While it lasts, the
//! first part of the table is handed out, as soon as some frames have been checked, and again and again, each time at
//! least twice as long as before: all frames whose PTS lies before the last DTS read, which no later packet can precede.
//!
//! The same reading tells when the audio is heard, and on which clock (`clock`).

use std::ffi::c_int;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;

use super::clock::{AudioClock, AudioScan, ClockRestart, Course, StampFollower};
use super::demuxer::{Closed, Demuxer};
use super::error::MediaError;
use super::ffi_enum::{self, codec};
use super::frame_table::{FrameEntry, FrameTable, Identity, KeyPoint, Loss, LossCause, PacketMark};
use super::probe::is_interlaced;
use super::video_decoder::VideoDecoder;
use super::video_reader::VideoReader;
use avar_base::time::{FrameIndex, MediaTime, TimeBase, TimeRange};

/// What is told while a table is made.
pub(super) enum ScanNews {
    /// The fraction done, in `0..=1`.
    Progress(f32),
    /// The first part; the later ones go on where it ends.
    FirstPart(Box<Scanned>),
}

/// What reading a file once has told.
pub(super) struct Scanned {
    pub(super) table: FrameTable,
    /// Of the audio, where it was to be read beside the video: when it is heard in the recording, and on which clock.
    /// `None` where it has not one packet.
    pub(super) audio: Option<(AudioClock, TimeRange)>,
}

impl Scanned {
    fn new(table: FrameTable, audio: Option<&AudioScan>) -> Self {
        let audio = audio.and_then(|audio| audio.outcome(&table.restarts));
        Self { table, audio }
    }
}

pub(super) type Listen<'a> = &'a mut dyn FnMut(ScanNews);

/// Numbers the frames of the stream that `demuxer` has selected; it stands at the beginning. The table is empty where
/// none comes out. The packets of the stream `audio` are read in passing. `patience` is how long a listener waits before
/// a first part of the table is of use to it.
pub(super) fn scan(
    mut demuxer: Demuxer,
    audio: Option<usize>,
    patience: Duration,
    listen: Listen,
) -> Result<Scanned, MediaError> {
    demuxer.select_with(demuxer.selected(), audio);
    let is_bare = demuxer.is_bare_video();
    let scanned =
        if codec_shows_every_packet(&demuxer) { scan_packets(demuxer, audio, patience, listen)? } else { Err(demuxer) };
    let mut scanned = match scanned {
        Ok(scanned) => scanned,
        Err(mut demuxer) => {
            demuxer.restart()?;
            scan_by_decoding(&mut demuxer, audio, patience, listen)?
        }
    };
    // What FFmpeg makes up for a bare stream does not look made up.
    let table = &mut scanned.table;
    if is_bare && table.range().duration_s() > 0.0 {
        table.assumed_rate_hz = Some(table.len() as f64 / table.range().duration_s());
    }
    Ok(scanned)
}

/// The table as the packets tell it, checked where that may be wrong; the file again where they are no guide.
fn scan_packets(
    mut demuxer: Demuxer,
    audio: Option<usize>,
    patience: Duration,
    listen: Listen,
) -> Result<Result<Scanned, Demuxer>, MediaError> {
    let mut start = DecodedStart::new(&demuxer)?;
    let mut audio = audio.map(|audio| AudioScan::new(&demuxer, audio));
    let packets = read_packets(&mut demuxer, &mut audio, &mut Growth::new(patience), &mut start, listen)?;
    let cut_short = demuxer.read_failed() || demuxer.source().missing_bytes() > 0;
    let (time_base, file) = (demuxer.time_base(), demuxer.closed());
    // FFmpeg's own index goes before ours is made: of ten hours they take 60 MB and more.
    drop(demuxer);
    let table = table_from_packets(&packets, time_base).and_then(|table| start.checked(table));
    let Some(table) = table else { return Ok(Err(file.open()?)) };
    let mut damaged: Vec<i64> =
        packets.iter().filter(|packet| packet.is_damaged).filter_map(|packet| packet.pts.get()).collect();
    damaged.extend(table.entries().last().filter(|_| cut_short).map(|last| last.pts));
    let table = if damaged.is_empty() { table } else { check_damaged(&file, table, damaged)? };
    Ok(Ok(Scanned::new(table, audio.as_ref())))
}

/// A time stamp of a packet, in half the room of an `Option`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(i64);

impl Stamp {
    pub(super) fn new(stamp: Option<i64>) -> Stamp {
        Stamp(stamp.unwrap_or(ffi::AV_NOPTS_VALUE))
    }

    fn get(self) -> Option<i64> {
        Some(self.0).filter(|stamp| *stamp != ffi::AV_NOPTS_VALUE)
    }
}

/// What the scan keeps of a packet.
#[derive(Clone, Copy)]
pub(super) struct ScannedPacket {
    pub(super) pts: Stamp,
    pub(super) dts: Stamp,
    pub(super) duration: i64,
    pub(super) byte: i64,
    pub(super) is_key: bool,
    /// Not discarded by an edit list, and not a hidden reference picture.
    pub(super) is_shown: bool,
    /// The demuxer knows that data is missing.
    pub(super) is_damaged: bool,
    /// How often the clock of the file has started again before it.
    pub(super) part: u32,
}

impl ScannedPacket {
    fn new(packet: &ffmpeg::Packet, codec_id: c_int) -> Self {
        use ffmpeg::packet::Ref;
        // SAFETY: the packet is alive; this flag has no name in the binding.
        let discarded = unsafe { (*packet.as_ptr()).flags } & ffi::AV_PKT_FLAG_DISCARD != 0;
        let hidden = match (codec_id, packet.data()) {
            // RFC 6386, section 9.1: the show_frame bit of the frame tag.
            (codec::VP8, Some([first, ..])) => first & 0x10 == 0,
            (codec::VP9, Some(data)) => vp9_is_hidden(data),
            (_, None) => true,
            _ => false,
        };
        Self {
            pts: Stamp::new(packet.pts()),
            dts: Stamp::new(packet.dts()),
            duration: packet.duration(),
            byte: packet.position() as i64,
            is_key: packet.is_key(),
            is_shown: !discarded && !hidden,
            is_damaged: packet.is_corrupt(),
            part: 0,
        }
    }
}

/// Codecs of which each packet is one picture in every stream that occurs in practice.
fn codec_shows_every_packet(demuxer: &Demuxer) -> bool {
    let Some(parameters) = demuxer.parameters() else { return false };
    // Field pictures come as two packets in streams that are cut up by a parser.
    let interlaced = is_interlaced(&parameters);
    match ffi_enum::codec_id(&parameters) {
        codec::H264 | codec::HEVC | codec::MPEG2VIDEO => !(interlaced && demuxer.is_byte_stream()),
        codec::VP8 | codec::VP9 | codec::AV1 | codec::MJPEG => true,
        codec::PRORES | codec::DNXHD | codec::FFV1 | codec::RAWVIDEO => true,
        _ => false,
    }
}

/// VP9 bitstream specification, section 6.2: the `show_frame` bit of the uncompressed header. A
/// superframe (annex B) always ends in a shown frame.
fn vp9_is_hidden(data: &[u8]) -> bool {
    let (Some(&first), Some(&last)) = (data.first(), data.last()) else { return true };
    if last & 0xe0 == 0xc0 {
        return false;
    }
    let bit = |index: u32| index < 8 && first >> (7 - index) & 1 == 1;
    let profile = u32::from(bit(2)) + 2 * u32::from(bit(3));
    let after_profile = if profile == 3 { 5 } else { 4 };
    let shows_existing = bit(after_profile);
    // show_existing_frame, frame_type, show_frame, in this order.
    !shows_existing && !bit(after_profile + 2)
}

fn read_packets(
    demuxer: &mut Demuxer,
    audio: &mut Option<AudioScan>,
    growth: &mut Growth,
    start: &mut DecodedStart,
    listen: Listen,
) -> Result<Vec<ScannedPacket>, MediaError> {
    let codec_id = demuxer.parameters().map_or(codec::NONE, |parameters| ffi_enum::codec_id(&parameters));
    let mut meter = Meter::new(demuxer);
    let mut parts = Parts::new(demuxer);
    let mut packets = Vec::new();
    while let Some(packet) = next_video_packet(demuxer, audio)? {
        meter.advance(&packet, listen);
        let scanned = ScannedPacket::new(&packet, codec_id);
        // What comes out of damage only decoding tells, and that waits until the end.
        growth.is_over |= scanned.is_damaged;
        packets.push(scanned);
        parts.number(&mut packets);
        start.send(packet);
        if growth.is_due(packets.len(), start.labels.len())
            && let Some(part) = growth.first_part(&packets, start, demuxer.time_base())
        {
            listen(ScanNews::FirstPart(Box::new(Scanned::new(part, audio.as_ref()))));
        }
    }
    start.finish();
    Ok(packets)
}

/// The next packet of the selected stream; those of the audio on the way are shown to `audio`.
fn next_video_packet(
    demuxer: &mut Demuxer,
    audio: &mut Option<AudioScan>,
) -> Result<Option<ffmpeg::Packet>, MediaError> {
    while let Some(packet) = demuxer.next_packet()? {
        let is_video = packet.stream() == demuxer.selected();
        match audio {
            Some(audio) if is_video => audio.see_video(&packet),
            Some(audio) => audio.see_audio(&packet),
            None => {}
        }
        if is_video {
            return Ok(Some(packet));
        }
    }
    Ok(None)
}

/// Numbers the parts of a joined file: each begins where the DTS start again.
struct Parts {
    follower: StampFollower,
    current: u32,
    /// The packet whose DTS was the first in doubt.
    doubtful: usize,
}

impl Parts {
    fn new(demuxer: &Demuxer) -> Self {
        Self { follower: StampFollower::new(demuxer, demuxer.selected(), 0.0), current: 0, doubtful: 0 }
    }

    /// Of `packets`, the last was just read.
    fn number(&mut self, packets: &mut [ScannedPacket]) {
        let Some(newest) = packets.len().checked_sub(1) else { return };
        packets[newest].part = self.current;
        let course = packets[newest].dts.get().map_or(Course::GoesOn, |dts| self.follower.follow(dts));
        if course == Course::Restarted {
            self.current += 1;
            packets[self.doubtful..].iter_mut().for_each(|packet| packet.part = self.current);
        }
        if course != Course::GoesOn {
            self.doubtful = newest;
        }
    }
}

/// Hands out the first part of a table in the making.
struct Growth {
    patience: Duration,
    /// When the next part is of use.
    due: Instant,
    /// So many packets are enough for the next part.
    enough_packets: usize,
    /// No more parts come.
    is_over: bool,
}

/// More than any decoder holds back, so that a first part has frames that were checked.
const FIRST_PART_PACKETS: usize = 16;
/// So many frames that came out as the packets say are enough to show the beginning; the check itself goes on.
const CHECKED_BEFORE_SHOWN: usize = 8;
/// From one part to the next, in times of the patience for the first: whoever listens has something to show already.
const LATER_PARTS: u32 = 5;

impl Growth {
    fn new(patience: Duration) -> Self {
        // A patience without end is a listener who wants no parts.
        let due = Instant::now().checked_add(patience);
        let (is_over, due) = (due.is_none(), due.unwrap_or_else(Instant::now));
        Self { patience, due, enough_packets: FIRST_PART_PACKETS, is_over }
    }

    /// After so many packets, of which so many have been seen to become frames.
    fn is_due(&self, packets: usize, frames: usize) -> bool {
        let is_checked = frames >= CHECKED_BEFORE_SHOWN;
        !self.is_over && is_checked && packets >= self.enough_packets && Instant::now() >= self.due
    }

    /// The frames that no later packet can move; `None` where packets are no guide.
    fn first_part(
        &mut self,
        packets: &[ScannedPacket],
        start: &DecodedStart,
        time_base: TimeBase,
    ) -> Option<FrameTable> {
        self.wait_for_more(packets);
        let settled = packets.last().and_then(|last| last.dts.get());
        let table = settled.zip(table_from_packets(packets, time_base));
        let part = table.and_then(|(settled, table)| start.checked(until(table, settled)));
        self.is_over = part.is_none();
        part
    }

    /// The frames decoded so far but for the last few.
    fn decoded_part(&mut self, packets: &[ScannedPacket], shown: &[usize], demuxer: &Demuxer) -> FrameTable {
        self.wait_for_more(packets);
        table_from_decoding(packets, shown, demuxer).first_part(shown.len().saturating_sub(HELD_BACK))
    }

    fn wait_for_more(&mut self, packets: &[ScannedPacket]) {
        self.enough_packets = 2 * packets.len();
        self.due = Instant::now() + LATER_PARTS * self.patience;
    }
}

/// Twice what any codec holds back to put pictures in order: estimated times that far before the last do not change.
const HELD_BACK: usize = 32;

/// The frames of `table` before `pts`.
fn until(table: FrameTable, pts: i64) -> FrameTable {
    let count = table.entries.partition_point(|entry| entry.pts < pts);
    table.first_part(count)
}

/// `None` where the packets' time stamps cannot name the frames.
fn table_from_packets(packets: &[ScannedPacket], time_base: TimeBase) -> Option<FrameTable> {
    let dts_increases = packets.iter().filter_map(|packet| packet.dts.get()).is_sorted();
    let mut shown: Vec<(i64, &ScannedPacket)> = packets
        .iter()
        .filter(|packet| packet.is_shown)
        .map(|packet| Some((packet.pts.get()?, packet)))
        .collect::<Option<_>>()?;
    shown.sort_by_key(|(pts, _)| *pts);
    let unique = shown.windows(2).all(|pair| pair[0].0 < pair[1].0);
    let is_joined = packets.iter().any(|packet| packet.part > 0);
    if !dts_increases || !unique || is_joined {
        return None;
    }
    Some(assemble(&shown, Identity::Pts, time_base))
}

/// `frames` are a PTS and a packet each, in the order of their showing.
pub(super) fn assemble(frames: &[(i64, &ScannedPacket)], identity: Identity, time_base: TimeBase) -> FrameTable {
    let mut entries: Vec<FrameEntry> = Vec::with_capacity(frames.len());
    let usual_step = usual_step(frames, time_base);
    let (mut part, mut shift) = (0, MediaTime::ZERO);
    for (ordinal, (pts, packet)) in frames.iter().enumerate() {
        let stated = MediaTime::from_pts(*pts, time_base);
        let Some(before) = entries.last().map(|entry| entry.time) else {
            part = packet.part;
            entries.push(FrameEntry { pts: *pts, time: stated });
            continue;
        };
        if packet.part > part {
            part = packet.part;
            let ahead = stated + shift - before;
            if ahead <= MediaTime::ZERO || ahead > LONGEST_GAP {
                shift = before + usual_step - stated;
            }
        }
        let time = stated + shift;
        let following = frames[ordinal + 1..].iter().take_while(|(_, packet)| packet.part == part);
        let mut following = following.map(|(pts, _)| MediaTime::from_pts(*pts, time_base) + shift).peekable();
        let is_mistaken = time <= before || following.peek().is_some_and(|next| before < *next && *next < time);
        let time = if is_mistaken { before + step_after(before, following, usual_step) } else { time };
        entries.push(FrameEntry { pts: *pts, time });
    }
    let keys = frames.iter().enumerate().filter(|(_, (_, packet))| packet.is_key);
    let keys =
        keys.map(|(ordinal, (_, packet))| KeyPoint { ordinal, dts: packet.dts.get(), byte: packet.byte }).collect();
    let last_duration = frames.last().map_or(0, |(_, packet)| packet.duration);
    let last_step = if last_duration > 0 { MediaTime::from_pts(last_duration, time_base) } else { usual_step };
    let end = entries.last().map_or(MediaTime::ZERO, |last| last.time + last_step);
    FrameTable { entries, keys, identity, time_base, end, ..FrameTable::default() }
}

/// MPEG counts 26.5 hours. Where its clock starts again, what seems to lie more than half of that ahead does not.
const LONGEST_GAP: MediaTime = MediaTime::from_nanoseconds(47_000_000_000_000);

/// How many frames are looked at for one that is later; fewer than a first part of a table holds back.
const LATER_FRAMES: usize = 16;

/// How long the frame at `before` is shown where what the next one states cannot be: both, and all that are stated to be no
/// later, share the time until the first of the `following` that is, so that those after it keep the times that they state.
fn step_after(before: MediaTime, following: impl Iterator<Item = MediaTime>, usual_step: MediaTime) -> MediaTime {
    let later = following.take(LATER_FRAMES).enumerate().find(|(_, time)| *time > before);
    let shared = later.map(|(others, time)| (time - before).nanoseconds() / (others as i64 + 2));
    shared.map_or(usual_step, |shared| MediaTime::from_nanoseconds(shared.max(1)).min(usual_step))
}

/// The median distance of neighbouring frames; 40 ms where there are no two.
fn usual_step(frames: &[(i64, &ScannedPacket)], time_base: TimeBase) -> MediaTime {
    let mut steps: Vec<i64> =
        frames.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).filter(|step| *step > 0).collect();
    let middle = steps.len() / 2;
    if steps.is_empty() {
        return MediaTime::from_nanoseconds(40_000_000);
    }
    MediaTime::from_pts(*steps.select_nth_unstable(middle).1, time_base)
}

/// How much is decoded to check a table made from packets: a few frames of any size, all of a small clip.
pub(super) const CHECKED_FRAMES_MIN: usize = 32;
pub(super) const CHECKED_PIXELS: usize = 64_000_000;

/// The first frames, decoded while packets are read, against which a table is checked.
struct DecodedStart {
    /// Gone once it has decoded enough.
    decoder: Option<VideoDecoder>,
    /// The PTS of the packets whose frames came out, in the order of their coming.
    labels: Vec<i64>,
    wanted: usize,
    /// Every frame of the file has been decoded.
    is_whole_file: bool,
}

impl DecodedStart {
    fn new(demuxer: &Demuxer) -> Result<Self, MediaError> {
        let decoder = Some(VideoDecoder::open(demuxer)?);
        Ok(Self { decoder, labels: Vec::new(), wanted: CHECKED_FRAMES_MIN, is_whole_file: false })
    }

    fn send(&mut self, packet: ffmpeg::Packet) {
        if let Some(decoder) = &mut self.decoder {
            // Hidden packets may lack a PTS of their own; no frame comes of them.
            let label = packet.pts().unwrap_or(ffi::AV_NOPTS_VALUE);
            decoder.send(packet, label);
            self.receive();
        }
    }

    /// The file is at its end.
    fn finish(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            decoder.drain();
            self.receive();
            self.is_whole_file = true;
        }
    }

    fn receive(&mut self) {
        while let Some((frame, label)) = self.decoder.as_mut().and_then(VideoDecoder::receive) {
            self.labels.push(label);
            self.wanted = CHECKED_FRAMES_MIN.max(CHECKED_PIXELS / (frame.width() as usize * frame.height() as usize));
        }
        if self.labels.len() >= self.wanted {
            self.decoder = None;
        }
    }

    /// The table without what did not come out; `None` where the decoder's output and the table do not fit together.
    /// Of a first part, only what it contains is checked.
    fn checked(&self, table: FrameTable) -> Option<FrameTable> {
        let last_pts = table.entries.last().map(|last| last.pts);
        let is_within = |label: &&i64| table.is_whole || last_pts.is_some_and(|last| **label <= last);
        let ordinals: Vec<usize> =
            self.labels.iter().filter(is_within).map(|label| table.ordinal_of_label(*label)).collect::<Option<_>>()?;
        if !ordinals.is_sorted_by(|a, b| a < b) {
            return None;
        }
        let settled = &ordinals[ordinals.len() / 2..];
        let is_settled =
            settled.last().zip(settled.first()).is_none_or(|(last, first)| last - first + 1 == settled.len());
        if !self.is_whole_file && !is_settled {
            return None;
        }
        let checked = if self.is_whole_file { table.len() } else { ordinals.last().map_or(0, |last| last + 1) };
        Some(if ordinals.len() == checked { table } else { keep(table, 0..checked, &ordinals) })
    }
}

/// Decodes around the packets that are damaged, from one key frame to the next, and takes out of `table`
/// what does not come out.
fn check_damaged(file: &Closed, table: FrameTable, mut damaged: Vec<i64>) -> Result<FrameTable, MediaError> {
    damaged.sort_unstable();
    let table = Arc::new(table);
    // One for all of them, going forward: a recording may be damaged in every second of ten hours.
    let mut reader = VideoReader::of(file.source(), Arc::clone(&table), file.cancel())?;
    let mut comes_out = vec![true; table.len()];
    let mut checked = 0;
    for pts in damaged {
        let at = FrameIndex(table.entries.partition_point(|entry| entry.pts <= pts).saturating_sub(1));
        if at.0 < checked {
            continue;
        }
        let first = table.key_at_or_before(at).0;
        let end = table.next_key_after(at).map_or(table.len(), |key| key.0);
        let decoded;
        // What decoding on does not give is lost as well; where nothing comes any more, this is over.
        (decoded, checked) = reader.decodable(first..end)?;
        comes_out[first..checked].fill(false);
        decoded.into_iter().for_each(|ordinal| comes_out[ordinal] = true);
    }
    drop(reader);
    let table = Arc::unwrap_or_clone(table);
    let decoded: Vec<usize> = (0..table.len()).filter(|ordinal| comes_out[*ordinal]).collect();
    Ok(if decoded.len() == table.len() { table } else { keep(table, 0..comes_out.len(), &decoded) })
}

/// The table with, of the frames in `checked`, only those in `decoded`, which is sorted.
pub(super) fn keep(mut table: FrameTable, checked: Range<usize>, decoded: &[usize]) -> FrameTable {
    let stays = |ordinal: usize| !checked.contains(&ordinal) || decoded.binary_search(&ordinal).is_ok();
    let mut new_ordinals = Vec::with_capacity(table.len());
    let mut count = 0;
    let mut lost_from: Option<usize> = None;
    for ordinal in 0..=table.len() {
        let is_kept = ordinal == table.len() || stays(ordinal);
        if let Some(from) = lost_from.filter(|_| is_kept) {
            let next = table.entries.get(ordinal).map_or(table.end, |entry| entry.time);
            let range = TimeRange::new(table.entries[from].time, next);
            table.losses.push(Loss { frames: ordinal - from, range, cause: LossCause::Damaged });
        }
        lost_from = if is_kept { None } else { lost_from.or(Some(ordinal)) };
        new_ordinals.push(count);
        count += usize::from(is_kept);
    }
    table.losses.sort_by_key(|loss| loss.range.start);
    let mut ordinal = 0;
    table.entries.retain(|_| {
        ordinal += 1;
        stays(ordinal - 1)
    });
    table.keys.retain(|key| stays(key.ordinal));
    for key in &mut table.keys {
        key.ordinal = new_ordinals[key.ordinal];
    }
    table
}

fn scan_by_decoding(
    demuxer: &mut Demuxer,
    audio: Option<usize>,
    patience: Duration,
    listen: Listen,
) -> Result<Scanned, MediaError> {
    let mut growth = Growth::new(patience);
    let mut audio = audio.map(|audio| AudioScan::new(demuxer, audio));
    let mut parts = Parts::new(demuxer);
    let codec_id = demuxer.parameters().map_or(codec::NONE, |parameters| ffi_enum::codec_id(&parameters));
    let mut decoder = VideoDecoder::open(demuxer)?;
    let mut meter = Meter::new(demuxer);
    let mut packets: Vec<ScannedPacket> = Vec::new();
    let mut shown: Vec<usize> = Vec::new();
    loop {
        match next_video_packet(demuxer, &mut audio)? {
            Some(packet) => {
                meter.advance(&packet, listen);
                let number = packets.len();
                packets.push(ScannedPacket::new(&packet, codec_id));
                parts.number(&mut packets);
                decoder.send(packet, number as i64);
            }
            None => decoder.drain(),
        }
        while let Some((_, label)) = decoder.receive() {
            shown.extend(usize::try_from(label).ok().filter(|number| *number < packets.len()));
        }
        if growth.is_due(packets.len(), shown.len().saturating_sub(HELD_BACK)) {
            let part = growth.decoded_part(&packets, &shown, demuxer);
            listen(ScanNews::FirstPart(Box::new(Scanned::new(part, audio.as_ref()))));
        }
        if decoder.is_draining() {
            break;
        }
    }
    Ok(Scanned::new(table_from_decoding(&packets, &shown, demuxer), audio.as_ref()))
}

/// `shown` names the packet of each decoded picture, in the order of their showing.
fn table_from_decoding(packets: &[ScannedPacket], shown: &[usize], demuxer: &Demuxer) -> FrameTable {
    let stated: Vec<Option<i64>> = shown.iter().map(|number| packets[*number].pts.get()).collect();
    let in_order = stated.is_sorted_by(|a, b| a.is_some() && a < b) && stated.first().is_none_or(Option::is_some);
    let all_pts: std::collections::HashSet<i64> = packets.iter().filter_map(|packet| packet.pts.get()).collect();
    let unique = all_pts.len() == packets.len();
    let (pts, assumed_rate_hz) = match in_order {
        true => (stated.into_iter().flatten().collect(), None),
        false => estimated_pts(packets, shown, demuxer),
    };
    let frames: Vec<(i64, &ScannedPacket)> =
        pts.into_iter().zip(shown.iter().map(|number| &packets[*number])).collect();
    let identity = if in_order && unique {
        Identity::Pts
    } else {
        let mut ordinals = vec![None; packets.len()];
        for (ordinal, number) in shown.iter().enumerate() {
            ordinals[*number] = u32::try_from(ordinal).ok();
        }
        let marks = packets.iter().map(|packet| PacketMark { dts: packet.dts.get(), byte: packet.byte }).collect();
        Identity::Packet { marks, ordinals }
    };
    let table = assemble(&frames, identity, demuxer.time_base());
    FrameTable { restarts: clock_restarts(packets, &frames, &table), assumed_rate_hz, ..table }
}

/// Where the frames of a part are moved by more or less than those before.
fn clock_restarts(
    packets: &[ScannedPacket],
    frames: &[(i64, &ScannedPacket)],
    table: &FrameTable,
) -> Vec<ClockRestart> {
    // The bytes of each part's first and last packet, of those that say where they are.
    let parts = packets.last().map_or(0, |last| last.part as usize + 1);
    let mut bytes = vec![(i64::MAX, -1); if parts > 1 { parts } else { 0 }];
    for packet in packets.iter().filter(|packet| packet.byte >= 0) {
        if let Some((first, last)) = bytes.get_mut(packet.part as usize) {
            (*first, *last) = ((*first).min(packet.byte), (*last).max(packet.byte));
        }
    }
    let mut restarts: Vec<ClockRestart> = Vec::new();
    let (mut part, mut after_byte) = (0, -1);
    for ((pts, packet), entry) in frames.iter().zip(table.entries()).filter(|((_, packet), _)| packet.part > 0) {
        let number = packet.part as usize;
        if number <= part {
            continue;
        }
        after_byte = bytes[part..number].iter().fold(after_byte, |after, (_, last)| after.max(*last));
        part = number;
        let shift = entry.time - MediaTime::from_pts(*pts, table.time_base());
        if restarts.last().map_or(MediaTime::ZERO, |before| before.shift) != shift {
            restarts.push(ClockRestart { after_byte, from_byte: bytes[part].0, shift, at: entry.time });
        }
    }
    restarts
}

/// Where packets lack a PTS: the n-th shown picture of a part takes the n-th decoding time of those that are shown,
/// shifted by as much as the stated PTS are later (AVI states none, then by nothing); without any times, steps of the
/// rate that is returned.
fn estimated_pts(packets: &[ScannedPacket], shown: &[usize], demuxer: &Demuxer) -> (Vec<i64>, Option<f64>) {
    let decoded_at = |packet: &ScannedPacket| packet.dts.get().or(packet.pts.get());
    let mut known = packets.iter().filter_map(decoded_at);
    let Some(first) = known.next() else {
        let rate_hz = assumed_rate_hz_of(demuxer);
        let step = |ordinal: usize| MediaTime::from_seconds(ordinal as f64 / rate_hz).to_pts(demuxer.time_base());
        return ((0..shown.len()).map(step).collect(), Some(rate_hz));
    };
    // A packet without any time follows the one before it.
    let mut at = first;
    let decoding_times: Vec<i64> = packets
        .iter()
        .map(|packet| {
            let time = decoded_at(packet).unwrap_or(at);
            at = time.saturating_add(packet.duration.max(0));
            time
        })
        .collect();
    let mut decoding: Vec<(u32, i64)> =
        shown.iter().map(|number| (packets[*number].part, decoding_times[*number])).collect();
    decoding.sort_unstable();
    let stated = shown
        .iter()
        .zip(&decoding)
        .filter_map(|(number, (_, dts))| Some(packets[*number].pts.get()?.saturating_sub(*dts)));
    let mut delays: Vec<i64> = stated.collect();
    let middle = delays.len() / 2;
    let delay = if delays.is_empty() { 0 } else { *delays.select_nth_unstable(middle).1 };
    let time =
        |(number, (_, dts)): (&usize, &(u32, i64))| packets[*number].pts.get().unwrap_or(dts.saturating_add(delay));
    (shown.iter().zip(&decoding).map(time).collect(), None)
}

/// What FFmpeg takes for the rate of a stream without time stamps.
fn assumed_rate_hz_of(demuxer: &Demuxer) -> f64 {
    let stream = demuxer.input().stream(demuxer.selected());
    let rate_hz = stream.map_or(0.0, |stream| f64::from(stream.avg_frame_rate()));
    if rate_hz.is_finite() && rate_hz > 0.0 { rate_hz } else { 25.0 }
}

/// Tells how far a pass over the file has come.
struct Meter {
    file_bytes: f64,
    told: f32,
}

impl Meter {
    fn new(demuxer: &Demuxer) -> Self {
        Self { file_bytes: demuxer.source().size_bytes() as f64, told: 0.0 }
    }

    fn advance(&mut self, packet: &ffmpeg::Packet, listen: Listen) {
        let fraction = (packet.position() as f64 / self.file_bytes.max(1.0)) as f32;
        if fraction >= self.told + 0.01 {
            self.told = fraction.min(1.0);
            listen(ScanNews::Progress(self.told));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClipSpec, ClipWriter, Source};
    use avar_base::job::CancelToken;

    fn packet(pts: Option<i64>, dts: i64, is_key: bool) -> ScannedPacket {
        let (pts, stamp) = (Stamp::new(pts), Stamp::new(Some(dts)));
        ScannedPacket { pts, dts: stamp, duration: 1, byte: dts, is_key, is_shown: true, is_damaged: false, part: 0 }
    }

    fn base() -> TimeBase {
        TimeBase::new(1, 25).unwrap()
    }

    #[test]
    fn packets_in_decoding_order_become_frames_in_presentation_order() {
        let packets = [packet(Some(0), -1, true), packet(Some(3), 0, false), packet(Some(1), 1, false)];
        let table = table_from_packets(&packets, base()).unwrap();
        assert_eq!(table.entries().iter().map(|entry| entry.pts).collect::<Vec<_>>(), [0, 1, 3]);
        assert_eq!(table.range().end, MediaTime::from_pts(4, base()));
    }

    #[test]
    fn a_first_part_ends_where_later_packets_may_still_put_a_frame() {
        let packets = [(0, -1), (3, 0), (1, 1), (2, 2), (6, 3)].map(|(pts, dts)| packet(Some(pts), dts, pts == 0));
        let whole = table_from_packets(&packets, base()).unwrap();
        let part = until(whole.clone(), 3);
        assert_eq!(part.entries().iter().map(|entry| entry.pts).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(part.range().end, MediaTime::from_pts(3, base()));
        assert!(!part.is_whole() && part.is_continued_by(&whole) && !whole.is_continued_by(&part));
    }

    #[test]
    fn the_parts_handed_out_are_the_beginning_of_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.mp4");
        let spec = ClipSpec { width_px: 1280, height_px: 720, rate_hz: 25, audio: None, crf: 40 };
        let mut writer = ClipWriter::create(&path, &spec).unwrap();
        let picture = vec![90; 1280 * 720 * 3];
        (0..450).for_each(|_| writer.push_rgb(&picture).unwrap());
        writer.finish().unwrap();

        let mut parts = Vec::new();
        let cancel = CancelToken::default();
        let demuxer = Demuxer::open_video(&Source::open(&path, &cancel).unwrap(), &cancel).unwrap();
        let whole = scan(demuxer, None, Duration::ZERO, &mut |news| {
            if let ScanNews::FirstPart(part) = news {
                parts.push(part.table);
            }
        });
        let whole = whole.unwrap().table;
        assert_eq!((whole.len(), whole.is_whole()), (450, true));
        assert!(parts.iter().all(|part| !part.is_whole() && part.is_continued_by(&whole)));
        assert!(parts.len() > 2 && parts.windows(2).all(|pair| 2 * pair[0].len() < pair[1].len() + 16));
        // Long before all that is decoded as a check has been.
        assert!(parts[0].len() < 40, "{} frames", parts[0].len());
    }

    /// The times, in ticks, of frames with these PTS and parts.
    fn times(frames: &[(i64, u32)]) -> Vec<f64> {
        let packets: Vec<_> =
            frames.iter().map(|(pts, part)| ScannedPacket { part: *part, ..packet(Some(*pts), *pts, true) }).collect();
        let shown: Vec<_> = packets.iter().map(|packet| (packet.pts.get().unwrap(), packet)).collect();
        let table = assemble(&shown, Identity::Pts, base());
        table.entries().iter().map(|entry| (entry.time.seconds() * 25.0 * 100.0).round() / 100.0).collect()
    }

    #[test]
    fn frames_of_a_part_follow_those_of_the_part_before() {
        assert_eq!(times(&[(7, 0), (8, 0), (0, 1), (1, 1), (0, 2)]), [7.0, 8.0, 9.0, 10.0, 11.0]);
        assert_eq!(times(&[(7, 0), (8, 0), (20, 1), (21, 1)]), [7.0, 8.0, 20.0, 21.0], "a gap between parts stays");
        let round = 25 * 90_000;
        assert_eq!(times(&[(7, 0), (8, 0), (round, 1), (round + 1, 1)]), [7.0, 8.0, 9.0, 10.0], "the clock came round");
    }

    #[test]
    fn a_wrong_stamp_moves_no_frame_but_its_own() {
        assert_eq!(times(&[(0, 0), (1, 0), (-50, 0), (3, 0), (4, 0)]), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(times(&[(0, 0), (1, 0), (99, 0), (3, 0), (4, 0)]), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(times(&[(0, 0), (1, 0), (1, 0), (2, 0), (3, 0)]), [0.0, 1.0, 1.5, 2.0, 3.0]);
    }

    #[test]
    fn packets_that_an_edit_list_discards_are_no_frames() {
        let discarded = ScannedPacket { is_shown: false, ..packet(Some(0), 0, true) };
        let table = table_from_packets(&[discarded, packet(Some(1), 1, false)], base()).unwrap();
        assert_eq!(table.len(), 1);
        assert_eq!(table.entries()[0].pts, 1);
    }

    #[test]
    fn missing_or_repeated_time_stamps_are_no_guide() {
        assert!(table_from_packets(&[packet(None, 0, true)], base()).is_none());
        assert!(table_from_packets(&[packet(Some(5), 0, true), packet(Some(5), 1, false)], base()).is_none());
        assert!(table_from_packets(&[packet(Some(5), 4, true), packet(Some(6), 1, false)], base()).is_none());
    }

    #[test]
    fn frames_that_cannot_be_decoded_leave_the_table_and_the_rest_moves_up() {
        let packets: Vec<_> = (0..6).map(|i| packet(Some(i), i, i == 2 || i == 5)).collect();
        let table = keep(table_from_packets(&packets, base()).unwrap(), 0..4, &[2, 3]);
        assert_eq!(table.entries().iter().map(|entry| entry.pts).collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(table.keys.iter().map(|key| key.ordinal).collect::<Vec<_>>(), [0, 3]);
        let range = |from, to| TimeRange::new(MediaTime::from_pts(from, base()), MediaTime::from_pts(to, base()));
        assert_eq!(table.losses(), [Loss { frames: 2, range: range(0, 2), cause: LossCause::Damaged }]);
        // What is found to be lost later lies before what was found first.
        let table = keep(keep(table, 3..4, &[]), 1..2, &[]);
        let losses: Vec<_> = table.losses().iter().map(|loss| (loss.frames, loss.range)).collect();
        assert_eq!(losses, [(2, range(0, 2)), (1, range(3, 4)), (1, range(5, 6))]);
    }

    #[test]
    fn a_vp9_packet_says_whether_it_is_shown() {
        // frame_marker 10, profile 00, show_existing 0, frame_type 0, show_frame.
        assert!(!vp9_is_hidden(&[0b1000_0010, 0]));
        assert!(vp9_is_hidden(&[0b1000_0000, 0]));
        assert!(!vp9_is_hidden(&[0b1000_1000]));
        assert!(!vp9_is_hidden(&[0b1000_0000, 0b1100_0001]), "a superframe");
    }
}
