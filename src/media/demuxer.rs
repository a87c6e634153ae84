//! Opening a file safely and reading the packets of one stream.
//!
//! A media file is untrusted. FFmpeg reads it through the file that is open already ([`Source`]), without any protocol
//! by which it could open another, and only with demuxers that read nothing but the file itself: playlists and
//! concatenation scripts are refused, because they can name other files. Of a sequence of pictures FFmpeg sees one
//! alone, which tells the codec; each of the others is read here and is one packet. Blocking reads end when the token is
//! cancelled.

use std::ffi::{CStr, CString, c_int};
use std::path::Path;
use std::sync::Arc;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::context::Input;
use ffmpeg_next::util::interrupt;

use super::container_index;
use super::error::{MediaError, StreamKind};
use super::ffi_enum;
use super::ffmpeg_log;
use super::file_io::FileIo;
use super::sequence::{ASSUMED_RATE_HZ, PictureKind, PictureSequence};
use super::source::{Content, OpenFile, Source};
use super::track_filter::HiddenTracks;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase};

/// Demuxers that read one file and nothing else, by their FFmpeg names.
const SELF_CONTAINED_DEMUXERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpegtsraw,mpeg,mpegvideo,flv,live_flv,kux,\
     asf,ogg,rm,mxf,nut,dv,gxf,wtv,nsv,ivf,obu,av1,h261,h263,h264,hevc,vvc,m4v,vc1,vc1test,cavsvideo,dirac,mjpeg,dhav,ifv,\
     yuv4mpegpipe,gif,apng,wav,w64,aiff,au,caf,flac,mp3,aac,ac3,eac3,dts,dtshd,truehd,mlp,amr,amrnb,amrwb,ape,wv,tta,tak,\
     mpc,mpc8,voc,loas,gsm,g722,sbc,aptx,oma,dsf,xwma,smjpeg,swf,4xm,bink,smk,roq,ea";

/// Those that read one picture.
const PICTURE_DEMUXERS: &str = "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe";

/// After so many failed reads in a row the rest of the file is taken as lost.
const READ_FAILURES_BEFORE_GIVING_UP: usize = 32;

/// An open file; one stream at a time is read from it, or two in the order in which they lie.
pub(super) struct Demuxer {
    input: Input,
    cancel: CancelToken,
    source: Source,
    selected: usize,
    /// The stream whose packets are read as well.
    beside: Option<usize>,
    read_failed: bool,
    /// Nothing was read or sought since the file was opened.
    is_at_start: bool,
    encrypted: container_index::Encrypted,
    pictures: Option<Pictures>,
    /// What is shown of the file: all, or one kind of its tracks.
    hidden: Option<HiddenTracks>,
}

/// What is read instead of the packets of the file that FFmpeg sees.
struct Pictures {
    sequence: Arc<PictureSequence>,
    next: usize,
}

/// So many pictures of a sequence are tried until one can be opened.
const PICTURES_TRIED: usize = 16;

impl Demuxer {
    /// Looks into the streams of `source`; every later read ends early once `cancel` is set.
    pub(super) fn open(source: &Source, cancel: &CancelToken) -> Result<Self, MediaError> {
        ffmpeg_log::install();
        match source.content() {
            Content::Pictures(sequence) => Self::open_sequence(source, sequence, cancel),
            Content::File(file) => Self::open_file(source, file, None, None, cancel),
        }
    }

    /// As [`Self::open`], with nothing but `kind` to be found in the file where its other tracks can be hidden.
    fn open_kind(source: &Source, kind: StreamKind, cancel: &CancelToken) -> Result<Self, MediaError> {
        if let Content::File(file) = source.content()
            && let Some(hidden) = HiddenTracks::all_but(kind, file.container_index())
        {
            ffmpeg_log::install();
            let tracks = hidden.kept_len();
            let demuxer = Self::open_file(source, file, None, Some(hidden), cancel)?;
            // FFmpeg passes over a damaged track, and makes a stream of cover art: then no number can be told from another.
            if demuxer.input.nb_streams() as usize == tracks {
                return Ok(demuxer);
            }
        }
        Self::open(source, cancel)
    }

    fn open_sequence(
        source: &Source,
        sequence: &Arc<PictureSequence>,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        for picture in sequence.paths().take(PICTURES_TRIED) {
            let opened = OpenFile::open(&picture)
                .and_then(|file| Self::open_file(source, &Arc::new(file), Some(sequence.kind), None, cancel));
            match opened {
                Ok(mut demuxer) if demuxer.states_a_size() => {
                    demuxer.pictures = Some(Pictures { sequence: Arc::clone(sequence), next: 0 });
                    return Ok(demuxer);
                }
                Err(MediaError::Cancelled) => return Err(MediaError::Cancelled),
                Ok(_) | Err(_) => {}
            }
        }
        Err(MediaError::NoFrames { path: source.path().to_owned() })
    }

    /// Has FFmpeg read `file`, which is that of `source` or one picture of the sequence that it is.
    fn open_file(
        source: &Source,
        file: &Arc<OpenFile>,
        picture: Option<PictureKind>,
        hidden: Option<HiddenTracks>,
        cancel: &CancelToken,
    ) -> Result<Self, MediaError> {
        let path = source.path();
        if file.size_bytes() == 0 {
            return Err(MediaError::Empty { path: path.to_owned() });
        }
        if file.container_index().has_unnumbered_track_in_fragments() {
            return Err(MediaError::IndexDamaged { path: path.to_owned() });
        }
        let name = c_name(path)?;
        let failure = |code: c_int| open_failure(code, path, file, cancel);
        let format = picture.map_or(std::ptr::null(), picture_demuxer);
        let freed = hidden.as_ref().map(HiddenTracks::freed).unwrap_or_default();
        let io = FileIo::new(Arc::clone(file), freed, cancel).map_err(|error| MediaError::from_io(&error, path))?;
        let io_context = io.context();
        // The callback keeps what the context reads through: ffmpeg-next drops both when nothing uses the context any more.
        let interrupt = interrupt::new(Box::new(move || io.is_cancelled()));
        // SAFETY: the context is allocated here and freed by `avformat_open_input` on failure, and by
        // `Input` after that; the callback and what is read through live until then.
        let mut input = unsafe {
            let mut context = ffi::avformat_alloc_context();
            if context.is_null() {
                return Err(failure(ffi::AVERROR(ffi::ENOMEM)));
            }
            (*context).interrupt_callback = interrupt.interrupt;
            (*context).pb = io_context;
            (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
            let mut options = ffmpeg::Dictionary::new();
            // None: a file that names others gets at nothing.
            options.set("protocol_whitelist", "");
            options.set("format_whitelist", if format.is_null() { SELF_CONTAINED_DEMUXERS } else { PICTURE_DEMUXERS });
            let mut options = options.disown();
            let code = ffi::avformat_open_input(&mut context, name.as_ptr(), format, &mut options);
            ffi::av_dict_free(&mut options);
            if code < 0 {
                return Err(failure(code));
            }
            Input::wrap_with_interrupt(context, interrupt.guard)
        };
        // SAFETY: the context is open. What the search cannot find stays unknown, and is no failure here.
        unsafe { ffi::avformat_find_stream_info(input.as_mut_ptr(), std::ptr::null_mut()) };
        if cancel.is_cancelled() {
            return Err(MediaError::Cancelled);
        }
        Ok(Self {
            input,
            cancel: cancel.clone(),
            source: source.clone(),
            selected: usize::MAX,
            beside: None,
            read_failed: false,
            is_at_start: true,
            encrypted: file.container_index().encrypted(),
            pictures: None,
            hidden,
        })
    }

    /// Opens the file at its picture, ready to read that stream's packets.
    pub(super) fn open_video(source: &Source, cancel: &CancelToken) -> Result<Self, MediaError> {
        let mut demuxer = Self::open_kind(source, StreamKind::Picture, cancel)?;
        let no_video = || MediaError::NoVideo { path: source.path().to_owned() };
        let stream = demuxer.video_stream().ok_or_else(no_video)?;
        demuxer.select(stream);
        Ok(demuxer)
    }

    /// Opens the file at its sound, ready to read the packets of the stream `track`, or else of the best one.
    pub(super) fn open_audio(source: &Source, track: Option<usize>, cancel: &CancelToken) -> Result<Self, MediaError> {
        let mut demuxer = Self::open_kind(source, StreamKind::Audio, cancel)?;
        let stream = match (track, &demuxer.hidden) {
            (Some(track), Some(hidden)) => {
                hidden.index_among_kept(track).and_then(|track| demuxer.audio_stream(Some(track)))
            }
            (track, _) => demuxer.audio_stream(track),
        };
        let stream = stream.ok_or_else(|| MediaError::NoAudio { path: source.path().to_owned() })?;
        demuxer.select(stream);
        Ok(demuxer)
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn path(&self) -> &Path {
        self.source.path()
    }

    pub(super) fn cancel(&self) -> &CancelToken {
        &self.cancel
    }

    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// The pictures that are read, where the recording is a sequence of them.
    pub(super) fn sequence(&self) -> Option<&Arc<PictureSequence>> {
        self.pictures.as_ref().map(|pictures| &pictures.sequence)
    }

    fn states_a_size(&self) -> bool {
        // SAFETY: the streams and their parameters live as long as the open input; the fields are plain numbers.
        self.input.streams().any(|stream| unsafe {
            let parameters = (*stream.as_ptr()).codecpar;
            (*parameters).width > 0 && (*parameters).height > 0
        })
    }

    /// The container's short names, such as `mov,mp4,m4a,3gp,3g2,mj2`.
    pub(super) fn container(&self) -> String {
        match self.sequence() {
            Some(sequence) => format!("image sequence ({})", sequence.kind.name()),
            None => self.input.format().name().to_owned(),
        }
    }

    /// Length of the whole file as its headers state it.
    pub(super) fn stated_duration_s(&self) -> Option<f64> {
        if self.pictures.is_some() {
            return None;
        }
        // SAFETY: the input is open; the fields are a number and an enumeration of C.
        let (duration, method) = unsafe {
            let context = self.input.as_ptr();
            ((*context).duration, ffi_enum::number(&raw const (*context).duration_estimation_method))
        };
        // Otherwise FFmpeg guesses, from the last time stamps or the bit rate.
        let is_stated = method == ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_STREAM as c_int;
        (is_stated && duration > 0).then(|| duration as f64 / f64::from(ffi::AV_TIME_BASE))
    }

    /// Whether reading stopped at an error rather than at the end of the file.
    pub(super) fn read_failed(&self) -> bool {
        self.read_failed
    }

    /// The moving picture: never cover art or a thumbnail track; what can be decoded and is marked as
    /// the default comes first, then the larger picture, then the earlier stream.
    pub(super) fn video_stream(&self) -> Option<usize> {
        self.best_stream(StreamKind::Picture)
    }

    /// The stream `track`, if it is one of sound. Without it the best: what can be decoded and is marked as the
    /// default comes first, then the earlier.
    pub(super) fn audio_stream(&self, track: Option<usize>) -> Option<usize> {
        match track {
            Some(track) => self.audio_streams().find(|stream| stream.index() == track).map(|stream| stream.index()),
            None => self.best_stream(StreamKind::Audio),
        }
    }

    /// All tracks of sound, in the order of the file.
    pub(super) fn audio_streams(&self) -> impl Iterator<Item = ffmpeg::Stream<'_>> {
        let is_audio = |stream: &ffmpeg::Stream| ffi_enum::stream_kind(&stream.parameters()) == Some(StreamKind::Audio);
        self.input.streams().filter(is_audio)
    }

    fn best_stream(&self, kind: StreamKind) -> Option<usize> {
        let still = ffi::AV_DISPOSITION_ATTACHED_PIC | ffi::AV_DISPOSITION_TIMED_THUMBNAILS;
        let auxiliary = ffi::AV_DISPOSITION_HEARING_IMPAIRED | ffi::AV_DISPOSITION_VISUAL_IMPAIRED;
        self.input
            .streams()
            .filter(|stream| ffi_enum::stream_kind(&stream.parameters()) == Some(kind))
            .filter_map(|stream| {
                // SAFETY: the stream and its parameters live as long as the open input.
                let (disposition, width, height) = unsafe {
                    let (stream, codec) = (stream.as_ptr(), (*stream.as_ptr()).codecpar);
                    ((*stream).disposition, (*codec).width, (*codec).height)
                };
                let decodable = ffi_enum::find_decoder(ffi_enum::codec_id(&stream.parameters())).is_some();
                let is_default = disposition & ffi::AV_DISPOSITION_DEFAULT != 0;
                let plain = disposition & auxiliary == 0;
                let area = if kind == StreamKind::Picture { i64::from(width) * i64::from(height) } else { 0 };
                let rank = (decodable, plain, is_default, area, std::cmp::Reverse(stream.index()));
                (disposition & still == 0).then_some((rank, stream.index()))
            })
            .max()
            .map(|(_, index)| index)
    }

    /// Whether the container says that the packets of stream `index` are encrypted.
    pub(super) fn is_encrypted(&self, index: usize) -> bool {
        let Some(stream) = self.input.stream(index) else { return false };
        let init_info = ffi::AVPacketSideDataType::AV_PKT_DATA_ENCRYPTION_INIT_INFO;
        let in_index = match ffi_enum::stream_kind(&stream.parameters()) {
            Some(StreamKind::Picture) => self.encrypted.picture,
            Some(StreamKind::Audio) => self.encrypted.audio,
            None => false,
        };
        in_index
            || stream.metadata().get("enc_key_id").is_some()
            || stream.side_data().any(|data| ffi_enum::is_side_data(&data, init_info))
    }

    /// Reads only the packets of stream `index` from now on.
    pub(super) fn select(&mut self, index: usize) {
        self.select_with(index, None);
    }

    /// Reads the packets of stream `index`, and those of the stream `beside`, in the order of the file.
    pub(super) fn select_with(&mut self, index: usize, beside: Option<usize>) {
        (self.selected, self.beside) = (index, beside);
        // SAFETY: the stream array belongs to the open input and has `nb_streams` entries.
        unsafe {
            let context = self.input.as_mut_ptr();
            for i in 0..(*context).nb_streams as usize {
                let discard =
                    if self.reads(i) { ffi::AVDiscard::AVDISCARD_DEFAULT } else { ffi::AVDiscard::AVDISCARD_ALL };
                (**(*context).streams.add(i)).discard = discard;
            }
        }
    }

    fn reads(&self, index: usize) -> bool {
        index == self.selected || Some(index) == self.beside
    }

    pub(super) fn selected(&self) -> usize {
        self.selected
    }

    /// The selected stream's parameters for a decoder.
    pub(super) fn parameters(&self) -> Option<ffmpeg::codec::Parameters> {
        self.input.stream(self.selected).map(|stream| stream.parameters())
    }

    /// The unit of the selected stream's PTS; a unit that is no positive fraction reads as 1/90000.
    pub(super) fn time_base(&self) -> TimeBase {
        self.time_base_of(self.selected)
    }

    /// As [`Self::time_base`], of the stream `index`.
    pub(super) fn time_base_of(&self, index: usize) -> TimeBase {
        if self.pictures.is_some() {
            return PICTURE_TIME_BASE;
        }
        self.input.stream(index).map_or(FALLBACK_TIME_BASE, |stream| time_base_of(&stream))
    }

    /// Half of what the time stamps of stream `index` can count before they begin at zero again, in its time base.
    pub(super) fn half_turn(&self, index: usize) -> i64 {
        // SAFETY: the stream lives as long as the open input; the field is a plain number.
        let bits = self.input.stream(index).map_or(64, |stream| unsafe { (*stream.as_ptr()).pts_wrap_bits });
        if (1..=62).contains(&bits) { 1 << (bits - 1) } else { i64::MAX }
    }

    /// The sample rate that stream `index` states, 0 where it does not.
    pub(super) fn audio_rate_hz(&self, index: usize) -> u32 {
        // SAFETY: the stream and its parameters live as long as the open input; the field is a plain number.
        let rate_hz =
            self.input.stream(index).map_or(0, |stream| unsafe { (*(*stream.as_ptr()).codecpar).sample_rate });
        u32::try_from(rate_hz).unwrap_or(0)
    }

    /// Whether the container counts the samples of stream `index` one by one, so that the length that it states is
    /// right as long as the file is whole: in the index of an MP4 or MOV that is in one piece, or as bytes of PCM.
    pub(super) fn counts_audio(&self, index: usize) -> bool {
        const COUNTED_IN_BYTES: [&str; 5] = ["wav", "w64", "aiff", "au", "caf"];
        let Some(stream) = self.input.stream(index) else { return false };
        // SAFETY: the stream lives as long as the open input; the function only reads.
        let listed = unsafe { ffi::avformat_index_get_entries_count(stream.as_ptr()) };
        let sample_bits = ffi_enum::exact_sample_bits(ffi_enum::codec_id(&stream.parameters()));
        let is_pcm = sample_bits > 0 && COUNTED_IN_BYTES.contains(&self.input.format().name());
        is_pcm || (listed > 0 && self.is_indexed())
    }

    /// How many bytes a second of the audio in stream `index` takes at least: a file that states more time than it has
    /// bytes for is wrong.
    pub(super) fn fewest_bytes_per_s(&self, index: usize) -> f64 {
        // No codec needs fewer.
        const FEWEST: f64 = 50.0;
        let Some(stream) = self.input.stream(index) else { return FEWEST };
        let sample_bits = ffi_enum::exact_sample_bits(ffi_enum::codec_id(&stream.parameters()));
        // SAFETY: the stream and its parameters live as long as the open input; the field is a plain number.
        let channels = unsafe { (*(*stream.as_ptr()).codecpar).ch_layout.nb_channels };
        let frame_bits = f64::from(sample_bits) * f64::from(channels.max(0));
        (frame_bits / 8.0 * f64::from(self.audio_rate_hz(index))).max(FEWEST)
    }

    /// Whether this is an MP4 or MOV with its index in one piece. FFmpeg reads its streams in the order of their times,
    /// to and fro where they do not lie side by side.
    pub(super) fn is_indexed(&self) -> bool {
        matches!(self.source.content(), Content::File(file) if !file.container_index().tracks().is_empty())
    }

    /// The next packet of what is selected; `None` at the end, or where the rest cannot be read.
    pub(super) fn next_packet(&mut self) -> Result<Option<ffmpeg::Packet>, MediaError> {
        if let Some(pictures) = &mut self.pictures {
            return pictures.next_packet(self.selected, &self.cancel);
        }
        self.is_at_start = false;
        let mut failures = 0;
        loop {
            if self.cancel.is_cancelled() {
                return Err(MediaError::Cancelled);
            }
            let mut packet = ffmpeg::Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if self.reads(packet.stream()) => return Ok(Some(packet)),
                Ok(()) => failures = 0,
                Err(ffmpeg::Error::Eof) => {
                    // SAFETY: the input and its I/O context are open; the field is only read.
                    let io_error = unsafe {
                        let io = (*self.input.as_ptr()).pb;
                        if io.is_null() { 0 } else { (*io).error }
                    };
                    self.read_failed |= io_error < 0 && io_error != ffi::AVERROR_EOF;
                    return Ok(None);
                }
                Err(ffmpeg::Error::Exit) => return Err(MediaError::Cancelled),
                Err(_) => {
                    self.read_failed = true;
                    failures += 1;
                    if failures > READ_FAILURES_BEFORE_GIVING_UP {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Moves to a packet at or before `pts` of the selected stream, as the container sees fit; where it
    /// landed only the next packets tell.
    pub(super) fn seek_pts(&mut self, pts: i64) -> bool {
        if let Some(pictures) = &mut self.pictures {
            pictures.next = pictures.sequence.index_at_or_before(pts);
            return true;
        }
        let Ok(stream) = c_int::try_from(self.selected) else { return false };
        self.is_at_start = false;
        // SAFETY: the input is open and the stream exists.
        unsafe { ffi::avformat_seek_file(self.input.as_mut_ptr(), stream, i64::MIN, pts, pts, 0) >= 0 }
    }

    /// Moves to a byte of the file, for containers whose packets can be picked up anywhere.
    pub(super) fn seek_byte(&mut self, position: i64) -> bool {
        let flags = ffi::AVSEEK_FLAG_BYTE;
        self.is_at_start = false;
        // SAFETY: the input is open; a position past the end only makes the next read end.
        unsafe { ffi::avformat_seek_file(self.input.as_mut_ptr(), -1, i64::MIN, position, i64::MAX, flags) >= 0 }
    }

    /// Whether the next packet is the first, and nothing lies before `time` as far as the file's description tells.
    pub(super) fn begins_at(&self, time: MediaTime) -> bool {
        let stream = self.input.stream(self.selected).filter(|stream| stream.start_time() != ffi::AV_NOPTS_VALUE);
        let is_first = |stream: ffmpeg::Stream| MediaTime::from_pts(stream.start_time(), time_base_of(&stream)) >= time;
        self.is_at_start && stream.is_some_and(is_first)
    }

    /// Of the file, 0 where FFmpeg cannot tell.
    pub(super) fn size_bytes(&self) -> i64 {
        // SAFETY: the input is open; the function asks its I/O context, which it may lack.
        unsafe {
            let io = (*self.input.as_ptr()).pb;
            if io.is_null() { 0 } else { ffi::avio_size(io).max(0) }
        }
    }

    /// Whether packets can be picked up at any byte (transport and program streams).
    pub(super) fn is_byte_stream(&self) -> bool {
        // SAFETY: the input format is a constant table entry.
        let flags = unsafe { (*(*self.input.as_ptr()).iformat).flags };
        flags & ffi::AVFMT_TS_DISCONT != 0 && flags & ffi::AVFMT_NO_BYTE_SEEK == 0
    }

    /// Whether the file is a bare sound stream: it has no time stamps, and a seek in it is a guess.
    pub(super) fn is_bare_audio(&self) -> bool {
        const BARE: [&str; 12] =
            ["mp3", "aac", "ac3", "eac3", "dts", "dtshd", "truehd", "mlp", "loas", "amr", "amrnb", "amrwb"];
        BARE.contains(&self.input.format().name())
    }

    /// Whether the file is a bare video stream: it has no time stamps, and FFmpeg makes them up or leaves them out.
    pub(super) fn is_bare_video(&self) -> bool {
        const BARE: [&str; 13] = [
            "h264",
            "hevc",
            "vvc",
            "m4v",
            "mpegvideo",
            "mjpeg",
            "h263",
            "h261",
            "vc1",
            "cavsvideo",
            "dirac",
            "obu",
            "av1",
        ];
        BARE.contains(&self.input.format().name())
    }

    /// Starts again from the first packet, by having FFmpeg open the file anew: the one seek that is always right.
    pub(super) fn restart(&mut self) -> Result<(), MediaError> {
        if let Some(pictures) = &mut self.pictures {
            pictures.next = 0;
            return Ok(());
        }
        if self.is_at_start {
            return Ok(());
        }
        *self = self.closed().open()?;
        Ok(())
    }

    /// What it takes to have FFmpeg read the file again.
    pub(super) fn closed(&self) -> Closed {
        let kept = self.hidden.as_ref().map(HiddenTracks::kept);
        let source = self.source.clone();
        Closed { source, kept, selected: self.selected, beside: self.beside, cancel: self.cancel.clone() }
    }
}

/// A file that FFmpeg no longer reads.
pub(super) struct Closed {
    source: Source,
    /// The one kind of tracks that was shown.
    kept: Option<StreamKind>,
    selected: usize,
    beside: Option<usize>,
    cancel: CancelToken,
}

impl Closed {
    /// At its beginning, with the same stream selected.
    pub(super) fn open(&self) -> Result<Demuxer, MediaError> {
        let mut demuxer = match self.kept {
            Some(kind) => Demuxer::open_kind(&self.source, kind, &self.cancel)?,
            None => Demuxer::open(&self.source, &self.cancel)?,
        };
        demuxer.select_with(self.selected, self.beside);
        Ok(demuxer)
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn cancel(&self) -> &CancelToken {
        &self.cancel
    }
}

impl Pictures {
    /// The next picture that can be read, as a packet; one that cannot is passed over.
    fn next_packet(&mut self, stream: usize, cancel: &CancelToken) -> Result<Option<ffmpeg::Packet>, MediaError> {
        while self.next < self.sequence.len() {
            cancel.check()?;
            let index = self.next;
            self.next += 1;
            if let Some(packet) = video_packet(&self.sequence, index, stream) {
                return Ok(Some(packet));
            }
        }
        Ok(None)
    }
}

/// One picture of a sequence as a packet; `None` where it cannot be read.
pub(super) fn video_packet(sequence: &PictureSequence, index: usize, stream: usize) -> Option<ffmpeg::Packet> {
    let mut packet = ffmpeg::Packet::copy(&sequence.read(index)?);
    let pts = sequence.pts_of(index);
    packet.set_stream(stream);
    packet.set_pts(Some(pts));
    packet.set_dts(Some(pts));
    packet.set_duration(1);
    packet.set_position(-1);
    packet.set_flags(ffmpeg::packet::Flags::KEY);
    Some(packet)
}

pub(super) const PICTURE_TIME_BASE: TimeBase = match TimeBase::new(1, ASSUMED_RATE_HZ) {
    Some(time_base) => time_base,
    None => unreachable!(),
};

pub(super) const FALLBACK_TIME_BASE: TimeBase = match TimeBase::new(1, 90_000) {
    Some(time_base) => time_base,
    None => unreachable!(),
};

pub(super) fn time_base_of(stream: &ffmpeg::Stream<'_>) -> TimeBase {
    let base = stream.time_base();
    TimeBase::new(base.numerator(), base.denominator()).unwrap_or(FALLBACK_TIME_BASE)
}

/// The codec's FFmpeg name, such as `h264`; where FFmpeg knows none, the container's four letters.
pub(super) fn codec_name(parameters: &ffmpeg::codec::Parameters) -> String {
    // SAFETY: the parameters are alive; the tag is a plain number.
    let tag = unsafe { (*parameters.as_ptr()).codec_tag }.to_le_bytes();
    match ffi_enum::codec_id(parameters) {
        ffi_enum::codec::NONE => String::from_utf8_lossy(&tag).trim_matches('\0').to_owned(),
        codec_id => ffi_enum::codec_name(codec_id),
    }
}

/// The error for a stream that has no decoder, or whose decoder does not open.
pub(super) fn decoder_failure(error: ffmpeg::Error, what: StreamKind, codec: String, path: &Path) -> MediaError {
    let path = path.to_owned();
    match error {
        ffmpeg::Error::DecoderNotFound => MediaError::UnsupportedCodec { what, codec, path },
        error => MediaError::Decode { what, reason: error.to_string(), path },
    }
}

/// The demuxer of one picture; null, which lets FFmpeg choose among its own, where it was built without.
fn picture_demuxer(kind: PictureKind) -> *const ffi::AVInputFormat {
    let name = match kind {
        PictureKind::Png => c"png_pipe",
        PictureKind::Jpeg => c"jpeg_pipe",
        PictureKind::Bmp => c"bmp_pipe",
        PictureKind::Tiff => c"tiff_pipe",
    };
    // SAFETY: the name is a C string; the answer is a constant table entry or null.
    unsafe { ffi::av_find_input_format(name.as_ptr()) }
}

/// The name of a file, by whose ending FFmpeg tells some kinds from others.
fn c_name(path: &Path) -> Result<CString, MediaError> {
    CString::new(path.as_os_str().as_encoded_bytes()).map_err(|_| MediaError::NotFound { path: path.to_owned() })
}

fn open_failure(code: c_int, path: &Path, file: &OpenFile, cancel: &CancelToken) -> MediaError {
    if cancel.is_cancelled() {
        return MediaError::Cancelled;
    }
    let owned = path.to_owned();
    match ffmpeg::Error::from(code) {
        _ if file.head(PictureKind::HEAD_LEN).is_ok_and(|head| PictureKind::of(&head).is_some()) => {
            MediaError::SinglePicture { path: owned }
        }
        ffmpeg::Error::InvalidData if file.container_index().lacks_moov() => MediaError::IndexMissing { path: owned },
        ffmpeg::Error::InvalidData => match file.container_index().encrypted() {
            found if found.picture => MediaError::Encrypted { what: StreamKind::Picture, path: owned },
            found if found.audio => MediaError::Encrypted { what: StreamKind::Audio, path: owned },
            _ => MediaError::NotMedia { path: owned },
        },
        // What `format_whitelist` turns away, and what some demuxers answer to garbage.
        ffmpeg::Error::Other { errno: ffi::EINVAL } if looks_like_another_kind(path, file) => {
            MediaError::ContainerRefused { path: owned }
        }
        ffmpeg::Error::Other { errno: ffi::EINVAL } => MediaError::NotMedia { path: owned },
        error => MediaError::Unreadable { reason: error.to_string(), path: owned },
    }
}

/// Whether FFmpeg takes the beginning of the file for something that is no self-contained recording.
fn looks_like_another_kind(path: &Path, file: &OpenFile) -> bool {
    const LOOKED_AT: usize = 16 << 10;
    let (Ok(mut head), Ok(name)) = (file.head(LOOKED_AT), c_name(path)) else { return false };
    let len = head.len();
    head.resize(len + ffi::AVPROBE_PADDING_SIZE as usize, 0);
    let probed = ffi::AVProbeData {
        filename: name.as_ptr(),
        buf: head.as_mut_ptr(),
        buf_size: len as c_int,
        mime_type: std::ptr::null(),
    };
    let mut score = 0;
    // SAFETY: the buffer has the padding that the function asks for; the name is a constant C string.
    let name = unsafe {
        let format = ffi::av_probe_input_format3(&probed, 1, &mut score);
        if format.is_null() {
            return false;
        }
        CStr::from_ptr((*format).name).to_string_lossy().into_owned()
    };
    !SELF_CONTAINED_DEMUXERS.split(',').any(|allowed| name.split(',').any(|name| name == allowed))
}
