//! One clock for a recording whose file starts its own again.
//!
//! Recordings that were joined byte by byte (transport and program streams, Matroska, Ogg) state times that reach the
//! end of the first part and begin again with the second. The frames of a part are put behind those of the part before
//! ([`ClockRestart`]). The streams of a program share one clock (ISO/IEC 13818-1, 2.4.2), so the audio of a part is
//! moved by as much as its frames; where there are no frames it follows the audio before.
//!
//! Which audio is of which part its own time stamps tell, where they start again; else its place in the file does.
//! [`AudioScan`] finds both while a file is read once; an [`AudioClock`] is what a reader of the audio needs of it.

use std::sync::Arc;

use ffmpeg_next::{Packet, ffi};

use super::demuxer::Demuxer;
use avar_base::time::{MediaTime, TimeBase, TimeRange};

/// Follows the time stamps of one stream, in the order of the file, to where they start again. A stamp that does not
/// follow the last is believed when the next one goes on from it; else it is a mistake of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct StampFollower {
    /// So many ticks back are no new start.
    slack: i64,
    /// More than so many ticks ahead need a second stamp to be believed.
    leap: i64,
    /// More than so many ticks ahead is a clock that came to its highest number, and began at zero again.
    half_turn: i64,
    last: Option<i64>,
    doubtful: Option<i64>,
}

/// What a stamp makes of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It follows; if the one before was in doubt, that was a mistake.
    GoesOn,
    /// The next stamp will tell.
    InDoubt,
    /// The stamp that was in doubt follows a gap. This one goes on from it, or is in doubt in turn.
    Resumed,
    /// The clock started again at the stamp that was in doubt. This one goes on from it, or is in doubt in turn.
    Restarted,
}

/// Longer than any packet lasts.
const LEAP_S: f64 = 10.0;

impl StampFollower {
    /// Of the stream `index`; so many seconds back are no new start.
    pub(super) fn new(demuxer: &Demuxer, index: usize, slack_s: f64) -> Self {
        let ticks = |s| MediaTime::from_seconds(s).to_pts(demuxer.time_base_of(index));
        let half_turn = demuxer.half_turn(index);
        Self { slack: ticks(slack_s), leap: ticks(LEAP_S), half_turn, last: None, doubtful: None }
    }

    pub(super) fn follow(&mut self, stamp: i64) -> Course {
        let doubtful = self.doubtful.take();
        let Some(last) = self.last.filter(|last| !self.is_next(*last, stamp)) else {
            self.last = Some(stamp);
            return Course::GoesOn;
        };
        let Some(first) = doubtful else {
            self.doubtful = Some(stamp);
            return Course::InDoubt;
        };
        let goes_on = self.is_next(first, stamp);
        self.last = Some(if goes_on { stamp } else { first });
        self.doubtful = (!goes_on).then_some(stamp);
        if self.starts_again(last, first) { Course::Restarted } else { Course::Resumed }
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubtful.is_some()
    }

    /// The stamps between which the clock seems to start again, the second of them still in doubt.
    fn seeming_restart(&self) -> Option<(i64, i64)> {
        self.last.zip(self.doubtful).filter(|(last, doubtful)| self.starts_again(*last, *doubtful))
    }

    fn is_next(&self, before: i64, stamp: i64) -> bool {
        let ahead = stamp.saturating_sub(before);
        -self.slack <= ahead && ahead <= self.leap.min(self.half_turn)
    }

    fn starts_again(&self, before: i64, stamp: i64) -> bool {
        let ahead = stamp.saturating_sub(before);
        ahead < -self.slack || ahead > self.half_turn
    }
}

/// A seam in the video: from here on the frames are moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClockRestart {
    /// The last packet of the part before begins at this byte of the file.
    pub(super) after_byte: i64,
    /// The first packet of this part does.
    pub(super) from_byte: i64,
    /// What is added to the times that the packets of this part state.
    pub(super) shift: MediaTime,
    /// The time of its first frame in the recording.
    pub(super) at: MediaTime,
}

/// How the times that the packets of an audio track state become those of the recording.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AudioClock {
    /// In the order of the file; empty where all stated times are those of the recording.
    runs: Arc<[ClockRun]>,
}

/// Audio packets with one shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ClockRun {
    /// The first packet begins at this byte of the file.
    byte: i64,
    shift: MediaTime,
    /// The first packet's time in the recording.
    start: MediaTime,
}

impl AudioClock {
    /// Whether packets are to be taken at their word.
    pub(super) fn is_plain(&self) -> bool {
        self.runs.is_empty()
    }

    /// Gives a packet, which begins at `byte` of the file or after it, its times in the recording.
    pub(super) fn correct(&self, packet: &mut Packet, byte: i64, time_base: TimeBase) {
        let at = self.runs.partition_point(|run| run.byte <= byte).saturating_sub(1);
        let Some(run) = self.runs.get(at) else { return };
        let shift = run.shift.to_pts(time_base);
        packet.set_pts(packet.pts().map(|pts| pts.saturating_add(shift)));
        packet.set_dts(packet.dts().map(|dts| dts.saturating_add(shift)));
    }

    /// The time at which the run of `time` starts; `None` in the first.
    pub(super) fn restart_before(&self, time: MediaTime) -> Option<MediaTime> {
        let at = self.runs.partition_point(|run| run.start <= time).checked_sub(1)?;
        self.runs.get(at).filter(|_| at > 0).map(|run| run.start)
    }
}

/// What reading the packets of an audio track once tells: when it is heard, and on which clock.
pub(super) struct AudioScan {
    time_base: TimeBase,
    rate_hz: u32,
    follower: StampFollower,
    runs: Vec<ScannedRun>,
    /// Its stamp is in doubt.
    doubtful: Option<ScannedRun>,
    /// Where the last packet began that says so: several frames of audio share one packet of a transport stream.
    byte: i64,
    /// What the decoder has still to drop (priming).
    unheard: MediaTime,
    video_time_base: TimeBase,
    video: StampFollower,
    video_byte: i64,
    seam: Option<Seam>,
}

/// Audio packets whose stamps follow each other.
#[derive(Clone, Copy, Debug)]
struct ScannedRun {
    byte: i64,
    /// The stamps start again; otherwise the run begins where the video does so.
    starts_itself: bool,
    first_pts: i64,
    /// As the packets state it.
    heard: TimeRange,
}

/// Where the stamps of the video start again, until the audio does so too.
#[derive(Clone, Copy, Debug)]
struct Seam {
    byte: i64,
    /// The last stamp of the clock that ends.
    from: MediaTime,
    /// The latest of the clock that starts.
    to: MediaTime,
}

/// Audio that steps back by less overlaps with what was heard; it is no new start.
const AUDIO_SLACK_S: f64 = 0.1;

impl AudioScan {
    /// For the stream `audio` of an open file; its packets and those of the selected stream, which is the video or the
    /// same, are to be shown in the order of the file.
    pub(super) fn new(demuxer: &Demuxer, audio: usize) -> Self {
        Self {
            time_base: demuxer.time_base_of(audio),
            rate_hz: demuxer.audio_rate_hz(audio),
            follower: StampFollower::new(demuxer, audio, AUDIO_SLACK_S),
            runs: Vec::new(),
            doubtful: None,
            byte: 0,
            unheard: MediaTime::ZERO,
            video_time_base: demuxer.time_base(),
            video: StampFollower::new(demuxer, demuxer.selected(), 0.0),
            video_byte: -1,
            seam: None,
        }
    }

    pub(super) fn see_video(&mut self, packet: &Packet) {
        let byte = packet.position() as i64;
        let begins = if byte < 0 { self.video_byte + 1 } else { byte };
        self.video_byte = self.video_byte.max(byte);
        let Some(dts) = packet.dts() else { return };
        let was_in_doubt = self.video.is_in_doubt();
        let course = self.video.follow(dts);
        let time = |stamp| MediaTime::from_pts(stamp, self.video_time_base);
        if let (Course::InDoubt, Some((from, to))) = (course, self.video.seeming_restart()) {
            self.seam = Some(Seam { byte: begins, from: time(from), to: time(to) });
        } else if was_in_doubt && course == Course::GoesOn {
            self.seam = None;
        } else if let Some(seam) = &mut self.seam {
            seam.to = time(dts);
        }
    }

    pub(super) fn see_audio(&mut self, packet: &Packet) {
        self.byte = self.byte.max(packet.position() as i64);
        let Some(first_pts) = packet.pts().or(packet.dts()) else { return };
        let run = ScannedRun { byte: self.byte, starts_itself: false, first_pts, heard: self.heard(packet, first_pts) };
        let is_over = |seam: &mut Seam| seam.byte <= run.byte && seam.is_left_by(run.heard.start);
        if self.seam.take_if(is_over).is_some() {
            self.runs.extend(self.doubtful.take().map(ScannedRun::starting_itself));
            self.follower = StampFollower { last: Some(first_pts), doubtful: None, ..self.follower };
            self.runs.push(run);
            return;
        }
        match self.follower.follow(first_pts) {
            Course::GoesOn => {
                self.doubtful = None;
                self.extend(run);
            }
            Course::InDoubt => self.doubtful = Some(run),
            course => {
                match (course, self.doubtful.take()) {
                    (Course::Resumed, Some(first)) => self.extend(first),
                    (_, first) => self.runs.extend(first.map(ScannedRun::starting_itself)),
                }
                if self.follower.is_in_doubt() { self.doubtful = Some(run) } else { self.extend(run) }
            }
        }
    }

    fn extend(&mut self, run: ScannedRun) {
        match self.runs.last_mut() {
            Some(last) => last.heard = last.heard.union(run.heard),
            None => self.runs.push(run),
        }
    }

    /// When the samples of a packet are heard, without those at its start that the decoder drops.
    fn heard(&mut self, packet: &Packet, pts: i64) -> TimeRange {
        if let Some(samples) = priming_samples(packet) {
            self.unheard = MediaTime::from_seconds(f64::from(samples) / f64::from(self.rate_hz.max(1)));
        }
        let begins = MediaTime::from_pts(pts, self.time_base) + self.unheard;
        let duration = self.duration_of(packet);
        let ends = MediaTime::from_pts(pts.saturating_add(duration), self.time_base);
        // Of a packet that does not say how long it is, the priming is taken to lie within it.
        let is_timed = duration > 0;
        self.unheard = if is_timed { (begins - ends).max(MediaTime::ZERO) } else { MediaTime::ZERO };
        if is_timed { TimeRange::new(begins.min(ends), ends) } else { TimeRange::new(begins, begins) }
    }

    /// In ticks; zero where the packet does not say. FFmpeg takes lengths in Ogg as 32 bits without a sign, and one below
    /// zero, where the sound is stated to end before its last packet begins, for hours.
    fn duration_of(&self, packet: &Packet) -> i64 {
        let duration = packet.duration();
        let is_wrapped = duration > i64::from(i32::MAX)
            && MediaTime::from_pts(duration, self.time_base) > MediaTime::from_seconds(LEAP_S);
        if is_wrapped { 0 } else { duration.max(0) }
    }

    /// The audio's clock, and when it is heard in the recording; `None` where not one packet has a time. `restarts` are
    /// those of the frames, in the order of the file.
    pub(super) fn outcome(&self, restarts: &[ClockRestart]) -> Option<(AudioClock, TimeRange)> {
        let mut clock: Vec<ClockRun> = Vec::new();
        let mut range: Option<TimeRange> = None;
        let mut part_before = 0;
        for run in &self.runs {
            let part = restarts.iter().take_while(|restart| run.is_behind(restart)).count();
            let of_part = part.checked_sub(1).map_or(MediaTime::ZERO, |part| restarts[part].shift);
            let shift = match (clock.last(), range) {
                (Some(_), Some(range)) if part == part_before && run.starts_itself => range.end - run.heard.start,
                (Some(before), _) if part == part_before => before.shift,
                _ => of_part,
            };
            part_before = part;
            // As a reader rounds it.
            let shift_ticks = shift.to_pts(self.time_base);
            let start = MediaTime::from_pts(run.first_pts.saturating_add(shift_ticks), self.time_base);
            if clock.last().is_none_or(|before| before.shift != shift) {
                clock.push(ClockRun { byte: run.byte, shift, start });
            }
            let shift = MediaTime::from_pts(shift_ticks, self.time_base);
            let heard = TimeRange::new(run.heard.start + shift, run.heard.end + shift);
            range = Some(range.map_or(heard, |range| range.union(heard)));
        }
        if clock.iter().all(|run| run.shift == MediaTime::ZERO) {
            clock.clear();
        }
        range.map(|range| (AudioClock { runs: clock.into() }, range))
    }
}

impl Seam {
    /// Whether audio at `time` is of the clock that starts here, and not a late packet of the one that ends.
    fn is_left_by(&self, time: MediaTime) -> bool {
        let off = |from: MediaTime| (time - from).seconds().abs();
        off(self.to) < off(self.from)
    }
}

impl ScannedRun {
    fn starting_itself(self) -> Self {
        Self { starts_itself: true, ..self }
    }

    fn is_behind(&self, restart: &ClockRestart) -> bool {
        // Where the audio starts again by itself, the seam lies somewhere between two packets of the video.
        if self.starts_itself { restart.after_byte < self.byte } else { restart.from_byte <= self.byte }
    }
}

/// How many samples from the start of a packet on the decoder drops, where the packet says so.
fn priming_samples(packet: &Packet) -> Option<u32> {
    use ffmpeg_next::packet::Ref;
    let mut len = 0;
    // SAFETY: the packet is alive, and its side data, which has `len` bytes, with it.
    let data = unsafe {
        let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_SKIP_SAMPLES;
        let data = ffi::av_packet_get_side_data(packet.as_ptr(), kind, &mut len);
        if data.is_null() { &[][..] } else { std::slice::from_raw_parts(data, len) }
    };
    data.first_chunk().map(|samples| u32::from_le_bytes(*samples)).filter(|samples| *samples > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follower(slack: i64) -> StampFollower {
        StampFollower { slack, leap: 2000, half_turn: 100_000, last: None, doubtful: None }
    }

    fn courses(stamps: &[i64]) -> Vec<Course> {
        let mut follower = follower(5);
        stamps.iter().map(|stamp| follower.follow(*stamp)).collect()
    }

    #[test]
    fn stamps_that_start_again_and_go_on_from_there_are_a_new_start() {
        use Course::{GoesOn, InDoubt, Restarted};
        assert_eq!(courses(&[100, 140, 0, 40, 80]), [GoesOn, GoesOn, InDoubt, Restarted, GoesOn]);
        assert_eq!(courses(&[100, 140, 136, 180]), [GoesOn; 4], "within the slack");
        assert_eq!(courses(&[0, 200_000, 200_040]), [GoesOn, InDoubt, Restarted], "the clock came round");
        assert_eq!(courses(&[100, 140, 0, -50, -10]), [GoesOn, GoesOn, InDoubt, Restarted, Restarted], "twice");
    }

    #[test]
    fn stamps_that_go_on_after_a_gap_are_no_new_start() {
        use Course::{GoesOn, InDoubt, Resumed};
        assert_eq!(courses(&[0, 1900, 90_000, 90_040]), [GoesOn, GoesOn, InDoubt, Resumed]);
        assert_eq!(courses(&[0, 9000, 18_000, 27_000]), [GoesOn, InDoubt, Resumed, Resumed], "far apart throughout");
    }

    #[test]
    fn one_stamp_that_does_not_fit_is_a_mistake() {
        use Course::{GoesOn, InDoubt};
        assert_eq!(courses(&[100, 140, 0, 220, 260]), [GoesOn, GoesOn, InDoubt, GoesOn, GoesOn]);
        assert_eq!(courses(&[100, 140, 9999, 220, 260]), [GoesOn, GoesOn, InDoubt, GoesOn, GoesOn]);
    }

    fn time_base() -> TimeBase {
        TimeBase::new(1, 1000).unwrap()
    }

    /// A scan that is shown packets of 100 ms: (`v` or `a`, byte, milliseconds).
    fn scanned(packets: &[(char, i64, i64)]) -> AudioScan {
        let mut scan = AudioScan {
            time_base: time_base(),
            rate_hz: 1000,
            follower: follower(50),
            runs: Vec::new(),
            doubtful: None,
            byte: 0,
            unheard: MediaTime::ZERO,
            video_time_base: time_base(),
            video: follower(0),
            video_byte: -1,
            seam: None,
        };
        for (kind, byte, ms) in packets {
            let mut packet = Packet::empty();
            packet.set_pts(Some(*ms));
            packet.set_dts(Some(*ms));
            packet.set_duration(100);
            packet.set_position(*byte as isize);
            if *kind == 'v' { scan.see_video(&packet) } else { scan.see_audio(&packet) }
        }
        scan
    }

    fn ms(ms: i64) -> MediaTime {
        MediaTime::from_pts(ms, time_base())
    }

    fn corrected(clock: &AudioClock, byte: i64, ms: i64) -> i64 {
        let mut packet = Packet::empty();
        packet.set_pts(Some(ms));
        clock.correct(&mut packet, byte, time_base());
        packet.pts().unwrap()
    }

    /// Two parts that are joined at byte 50; both begin at zero, the video of the first lasts 400 ms.
    const SEAM: ClockRestart = ClockRestart {
        after_byte: 40,
        from_byte: 60,
        shift: MediaTime::from_nanoseconds(400_000_000),
        at: MediaTime::from_nanoseconds(400_000_000),
    };

    #[test]
    fn audio_that_starts_again_is_moved_with_the_frames_of_its_part() {
        let packets =
            [('v', 10, 0), ('a', 20, 0), ('a', 30, 100), ('v', 40, 300), ('a', 50, 0), ('v', 60, 0), ('a', 70, 100)];
        let (clock, range) = scanned(&packets).outcome(&[SEAM]).unwrap();
        assert_eq!(range, TimeRange::new(ms(0), ms(600)));
        assert_eq!([20, 30, 50, 70].map(|byte| corrected(&clock, byte, 50)), [50, 50, 450, 450]);
        assert_eq!([399, 400, 9999].map(|at| clock.restart_before(ms(at))), [None, Some(ms(400)), Some(ms(400))]);
    }

    #[test]
    fn audio_that_ended_before_the_seam_and_begins_late_after_it_is_moved_by_its_place_in_the_file() {
        let packets =
            [('v', 10, 0), ('a', 20, 0), ('v', 40, 300), ('v', 60, 0), ('v', 65, 200), ('a', 70, 200), ('a', 80, 300)];
        let (clock, range) = scanned(&packets).outcome(&[SEAM]).unwrap();
        assert_eq!(range, TimeRange::new(ms(0), ms(800)));
        assert_eq!(corrected(&clock, 70, 200), 600);
    }

    #[test]
    fn audio_of_the_old_clock_that_comes_after_the_new_frames_is_not_moved() {
        let seam = ClockRestart { shift: ms(5400), ..SEAM };
        let packets = [
            ('v', 40, 5300),
            ('a', 45, 5200),
            ('v', 60, 0),
            ('v', 62, 40),
            ('a', 65, 5300),
            ('a', 70, 0),
            ('a', 80, 100),
        ];
        let (clock, _) = scanned(&packets).outcome(&[seam]).unwrap();
        assert_eq!([(45, 5200), (65, 5300)].map(|(byte, at)| corrected(&clock, byte, at)), [5200, 5300]);
        assert_eq!(corrected(&clock, 70, 0), 5400);
    }

    #[test]
    fn audio_without_video_follows_the_audio_before() {
        let packets = [('a', 10, 500), ('a', 20, 600), ('a', 30, 0), ('a', 40, 100), ('a', 50, 50), ('a', 60, 0)];
        let (clock, range) = scanned(&packets).outcome(&[]).unwrap();
        assert_eq!(range, TimeRange::new(ms(500), ms(900)));
        assert_eq!([corrected(&clock, 20, 600), corrected(&clock, 30, 0), corrected(&clock, 40, 100)], [600, 700, 800]);
    }

    #[test]
    fn one_packet_with_a_wrong_time_makes_no_recording_longer() {
        let packets =
            [('a', 10, 0), ('a', 20, 100), ('a', 30, 90_000), ('a', 40, 300), ('a', 50, -5000), ('a', 60, 500)];
        let (clock, range) = scanned(&packets).outcome(&[]).unwrap();
        assert!(clock.is_plain());
        assert_eq!(range, TimeRange::new(ms(0), ms(600)));
    }

    #[test]
    fn a_file_whose_clock_runs_on_needs_no_correction() {
        let (clock, range) = scanned(&[('a', 10, 500), ('v', 15, 500), ('a', 20, 600)]).outcome(&[]).unwrap();
        assert!(clock.is_plain());
        assert_eq!((range, corrected(&clock, 20, 600)), (TimeRange::new(ms(500), ms(700)), 600));
        assert!(scanned(&[('v', 15, 500)]).outcome(&[]).is_none(), "not one packet of audio");
    }
}
