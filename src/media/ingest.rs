//! The ingest report: what a file holds, as its index tells it and not its headers, with a sentence for all that an
//! analyst should know before believing a time or a picture.

use std::path::PathBuf;

use serde::Serialize;

use super::audio_faults::AudioFaults;
use super::frame_table::{FrameTable, LossCause};
use super::open::{OpenedMedia, assumed_times};
use super::probe::{AudioInfo, MediaInfo, VideoInfo};
use avar_base::files::serialize_path;
use avar_base::time::{MediaTime, TimeRange};

/// What an opened file holds, for people and for scripts. Times are on the file's own axis, in seconds.
#[derive(Clone, Debug, Serialize)]
pub struct IngestReport {
    /// As it was opened.
    #[serde(serialize_with = "serialize_path")]
    pub path: PathBuf,
    /// FFmpeg's short names of the container.
    pub container: String,
    /// Of the file, or of all pictures of a sequence together.
    pub size_bytes: u64,
    /// From the earliest start to the latest end of picture and sound, as the index tells.
    pub duration_s: f64,
    /// The earliest start of picture and sound; need not be zero.
    pub start_s: f64,
    /// As the headers state it; `None` where they do not. Of a file whose clock begins late it may be where that ends.
    pub stated_duration_s: Option<f64>,
    /// Whether times in the file are moved by an edit list (MP4, MOV).
    pub has_edit_list: bool,
    /// Of the whole file; `None` before it has been computed.
    pub sha256: Option<String>,
    /// The decoder's versions, see [`super::decoder_version`].
    pub decoder: String,
    /// `None` where there is no picture that can be decoded.
    pub video: Option<VideoReport>,
    /// `None` where there is no audio that can be decoded.
    pub audio: Option<AudioReport>,
    /// How much longer the picture lasts than the sound.
    pub video_longer_by_s: Option<f64>,
    /// Where there is no picture, in order of time.
    pub missing: Vec<MissingPicture>,
    /// Sentences.
    pub warnings: Vec<String>,
}

/// A stretch of the recording for which the file has no picture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MissingPicture {
    /// On the file's own axis.
    pub start_s: f64,
    /// When a picture is shown again, or the picture of the recording ends; on the same axis.
    pub end_s: f64,
    /// In a few words: a gap, damage, or a number that a sequence lacks.
    pub reason: &'static str,
}

/// The picture of a file, as its frame table tells.
#[derive(Clone, Debug, Serialize)]
pub struct VideoReport {
    /// FFmpeg's name, such as `h264`; where it has none, the container's four letters.
    pub codec: String,
    /// Of the coded picture.
    pub width: u32,
    /// Of the coded picture, before rotation.
    pub height: u32,
    /// As it is to be seen: upright, with square pixels.
    pub display_width: u32,
    /// As it is to be seen.
    pub display_height: u32,
    /// Clockwise turn that shows it upright.
    pub rotation_deg: i32,
    /// Left and right are exchanged after the turn.
    pub is_mirrored: bool,
    /// FFmpeg's name, such as `yuv420p`; `unknown` where none is stated.
    pub pixel_format: String,
    /// Of one sample of the first component.
    pub bits: u32,
    /// Whether the fields of a frame show different moments.
    pub is_interlaced: bool,
    /// Frames that can be shown.
    pub frames: usize,
    /// The first frame's time.
    pub first_pts_s: f64,
    /// From the first frame's time to the end of the last frame's showing.
    pub duration_s: f64,
    /// Frames by duration; 0 where there is no duration.
    pub average_fps: f64,
    /// The file has no time stamps, and its times are made from this rate.
    pub assumed_fps: Option<f64>,
    /// Whether more than one step in a hundred is not the usual one, beyond rounding and 2 %.
    pub variable_frame_rate: bool,
    /// The middle one of the times from frame to frame, and the one that differs most from it.
    pub usual_step_s: f64,
    /// The step that differs most from the usual one; of one frame alone both are its duration.
    pub oddest_step_s: f64,
    /// Frames at which decoding can begin.
    pub keyframes: usize,
    /// The longest stretch that has to be decoded to show one frame.
    pub longest_group_frames: usize,
}

/// The audio track that is read.
#[derive(Clone, Debug, Serialize)]
pub struct AudioReport {
    /// FFmpeg's name, such as `aac`; where it has none, the container's four letters.
    pub codec: String,
    /// Of the track as it is stored, in Hz.
    pub sample_rate: u32,
    /// Of the track as it is stored.
    pub channels: u16,
    /// On the file's own axis.
    pub start_s: f64,
    /// From its start to its end, gaps included.
    pub duration_s: f64,
    /// `None` before all of it has been read.
    pub faults: Option<AudioFaults>,
}

/// Picture and sound whose ends lie further apart than this are worth a sentence.
const LENGTHS_DIFFER_S: f64 = 0.25;
/// A file whose headers are off by more than this, in seconds and as a share of its length.
const STATED_IS_OFF: (f64, f64) = (0.5, 0.02);
/// A step from frame to frame that is this many times the usual one is a gap.
const GAP_STEPS: f64 = 5.0;
const SHORTEST_GAP_S: f64 = 0.5;
/// Groups longer than this make seeking slow.
const LONG_GROUP_FRAMES: usize = 600;

impl IngestReport {
    /// The report of an opened file, without what only reading all of it tells: digest and faults of the audio.
    pub fn new(media: &OpenedMedia) -> IngestReport {
        let info = &media.info;
        let video =
            info.video.as_ref().zip(media.frames.as_deref()).map(|(video, frames)| VideoReport::new(video, frames));
        let audio = info.audio.as_ref().map(AudioReport::new);
        let longer = video.as_ref().zip(audio.as_ref()).map(|(video, audio)| video.duration_s - audio.duration_s);
        let mut report = IngestReport {
            path: info.path.clone(),
            container: info.container.clone(),
            size_bytes: info.size_bytes,
            duration_s: info.range.duration_s(),
            start_s: info.range.start.seconds(),
            stated_duration_s: info.stated_duration_s,
            has_edit_list: info.has_edit_list,
            sha256: None,
            decoder: info.decoder.clone(),
            video,
            audio,
            video_longer_by_s: longer,
            missing: media.frames.as_deref().map(missing_pictures).unwrap_or_default(),
            warnings: info.notes.clone(),
        };
        if let Some(frames) = media.frames.as_deref().filter(|_| info.missing_bytes > 0) {
            report.warnings.push(format!("{} frames of it were recovered.", frames.len()));
        }
        report.warnings.extend(report.of_lengths(info));
        report.warnings.extend(media.frames.as_deref().and_then(clock_restarts));
        report.warnings.extend(media.frames.as_deref().into_iter().flat_map(gaps));
        report.warnings.extend(media.frames.as_deref().into_iter().flat_map(losses));
        report.warnings.extend(report.video.iter().flat_map(VideoReport::warnings));
        report
    }

    /// Adds what reading all of the audio has shown.
    pub fn add_audio_faults(&mut self, faults: AudioFaults) {
        self.warnings.extend(faults.notes(MediaTime::from_seconds(self.start_s)));
        self.audio.iter_mut().for_each(|audio| audio.faults = Some(faults));
    }

    /// What the headers say of the length, in a few words.
    pub fn stated_in_words(&self) -> Option<String> {
        let stated_s = self.stated_duration_s?;
        let meaning = if self.states_clock_end(stated_s) { "the clock ends at " } else { "" };
        Some(format!("headers: {meaning}{stated_s:.3} s"))
    }

    /// Where the clock begins late, some writers of Matroska and FLV state its end for the length.
    fn states_clock_end(&self, stated_s: f64) -> bool {
        (stated_s - self.start_s - self.duration_s).abs() < (stated_s - self.duration_s).abs()
    }

    fn of_lengths(&self, info: &MediaInfo) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(stated_s) = self.stated_duration_s {
            let from_s = if self.states_clock_end(stated_s) { self.start_s } else { 0.0 };
            let off_s = (stated_s - from_s - self.duration_s).abs();
            if off_s > STATED_IS_OFF.0 && off_s > STATED_IS_OFF.1 * self.duration_s {
                let found_s = self.duration_s;
                warnings.push(format!("The headers state {stated_s:.2} s; picture and sound last {found_s:.2} s."));
            }
        }
        if let (Some(video), Some(audio)) = (&info.video, &info.audio) {
            warnings.extend(of_ends(video.range, audio.range));
        }
        warnings
    }
}

/// Where picture and sound do not begin or end together.
fn of_ends(picture: TimeRange, audio: TimeRange) -> Vec<String> {
    let differs = |a: MediaTime, b: MediaTime| ((a - b).seconds(), (a - b).seconds().abs() > LENGTHS_DIFFER_S);
    let mut warnings = Vec::new();
    if let (later_s, true) = differs(audio.start, picture.start) {
        let word = if later_s > 0.0 { "after" } else { "before" };
        warnings.push(format!("The sound begins {:.2} s {word} the picture.", later_s.abs()));
    }
    if let (later_s, true) = differs(audio.end, picture.end) {
        let word = if later_s > 0.0 { "after" } else { "before" };
        warnings.push(format!("The sound ends {:.2} s {word} the picture.", later_s.abs()));
    }
    warnings
}

/// At most so many gaps are named one by one.
const GAPS_NAMED: usize = 3;

/// Where a picture stands still for much longer than pictures in this file do: the frame, and until when.
fn still_stretches(frames: &FrameTable) -> Vec<(usize, TimeRange)> {
    let usual_s = Steps::of(frames).map_or(0.0, |steps| steps.usual_s);
    let is_gap = |step: TimeRange| step.duration_s() > GAP_STEPS * usual_s && step.duration_s() > SHORTEST_GAP_S;
    let steps = frames.entries().windows(2).map(|pair| TimeRange::new(pair[0].time, pair[1].time));
    steps.enumerate().filter(|(_, step)| is_gap(*step)).collect()
}

fn gaps(frames: &FrameTable) -> Vec<String> {
    let found = still_stretches(frames);
    let named = found.iter().take(GAPS_NAMED);
    let mut warnings: Vec<String> = named
        .map(|(frame, step)| format!("No new picture for {:.2} s after frame {frame}.", step.duration_s()))
        .collect();
    if found.len() > GAPS_NAMED {
        warnings.push(format!("There are {} such gaps.", found.len()));
    }
    warnings
}

fn clock_restarts(frames: &FrameTable) -> Option<String> {
    let first = frames.clock_restarts().next()?;
    let count = frames.clock_restarts().count();
    let times = if count == 1 { "again".to_owned() } else { format!("again {count} times, first") };
    let at_s = (first - frames.range().start).seconds();
    Some(format!("The clock of the file starts {times} {at_s:.2} s after the beginning; its parts follow one another."))
}

fn losses(frames: &FrameTable) -> Option<String> {
    // What is absent from a sequence has its own note.
    let damaged = || frames.losses().iter().filter(|loss| loss.cause == LossCause::Damaged);
    let lost: usize = damaged().map(|loss| loss.frames).sum();
    let first = damaged().next()?;
    let at_s = (first.range.start - frames.range().start).seconds().max(0.0);
    Some(match lost {
        1 => format!("One frame is damaged and cannot be decoded, {at_s:.2} s after the beginning."),
        _ => format!(
            "{lost} frames are damaged and cannot be decoded, the first of them {at_s:.2} s after the beginning."
        ),
    })
}

/// Gaps between the frames, and frames that cannot be decoded.
fn missing_pictures(frames: &FrameTable) -> Vec<MissingPicture> {
    let missing = |range: TimeRange, reason| MissingPicture {
        start_s: range.start.seconds(),
        end_s: range.end.seconds(),
        reason,
    };
    let gaps = still_stretches(frames).into_iter();
    // The frame before a gap is still shown for as long as its kind is.
    let usual_s = Steps::of(frames).map_or(0.0, |steps| steps.usual_s);
    let gaps = gaps.map(|(_, step)| TimeRange::new(step.start + MediaTime::from_seconds(usual_s), step.end));
    // What is damaged leaves a gap, too.
    let lost = frames.losses();
    let gaps = gaps.filter(|gap| !lost.iter().any(|loss| loss.range.start < gap.end && gap.start < loss.range.end));
    let mut all: Vec<MissingPicture> = gaps.map(|gap| missing(gap, "no picture in the file")).collect();
    all.extend(lost.iter().map(|loss| missing(loss.range, loss.cause.in_words())));
    all.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    all
}

impl LossCause {
    fn in_words(self) -> &'static str {
        match self {
            Self::Damaged => "damaged, cannot be decoded",
            Self::Absent => "no picture with this number in the sequence",
        }
    }
}

impl VideoReport {
    fn new(video: &VideoInfo, frames: &FrameTable) -> VideoReport {
        let steps = Steps::of(frames);
        let duration_s = frames.range().duration_s();
        let keys: Vec<usize> = frames.keys.iter().map(|key| key.ordinal).collect();
        let ends = keys.iter().skip(1).copied().chain([frames.len()]);
        let groups = keys.iter().zip(ends).map(|(start, end)| end - start);
        let (display_width, display_height) = video.display_size_px();
        VideoReport {
            codec: video.codec.clone(),
            width: video.width_px,
            height: video.height_px,
            display_width,
            display_height,
            rotation_deg: video.orientation.rotation_deg,
            is_mirrored: video.orientation.is_mirrored,
            pixel_format: video.pixel_format.clone(),
            bits: video.bits,
            is_interlaced: video.is_interlaced,
            frames: frames.len(),
            first_pts_s: frames.range().start.seconds(),
            duration_s,
            average_fps: if duration_s > 0.0 { frames.len() as f64 / duration_s } else { 0.0 },
            assumed_fps: frames.assumed_rate_hz(),
            variable_frame_rate: steps.as_ref().is_some_and(|steps| steps.are_uneven),
            usual_step_s: steps.as_ref().map_or(duration_s, |steps| steps.usual_s),
            oddest_step_s: steps.as_ref().map_or(duration_s, |steps| steps.oddest_s),
            keyframes: keys.len(),
            longest_group_frames: groups.max().unwrap_or(frames.len()),
        }
    }

    /// "times are assumed (25/s)", where the file has no time stamps.
    pub fn assumed_times(&self) -> Option<String> {
        self.assumed_fps.map(assumed_times)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.variable_frame_rate {
            warnings.push(format!(
                "The frame rate varies: from frame to frame it is {:.1} ms as a rule and {:.1} ms at the oddest place.",
                self.usual_step_s * 1000.0,
                self.oddest_step_s * 1000.0
            ));
        }
        if self.is_interlaced {
            warnings.push("The picture is interlaced; both fields are shown as one frame.".to_owned());
        }
        if self.longest_group_frames > LONG_GROUP_FRAMES {
            let frames = self.longest_group_frames;
            warnings.push(format!("Key frames lie up to {frames} frames apart: exact seeks take long."));
        }
        warnings
    }
}

impl AudioReport {
    fn new(audio: &AudioInfo) -> AudioReport {
        AudioReport {
            codec: audio.codec.clone(),
            sample_rate: audio.rate_hz,
            channels: audio.channels,
            start_s: audio.range.start.seconds(),
            duration_s: audio.range.duration_s(),
            faults: None,
        }
    }
}

/// The times from frame to frame.
struct Steps {
    /// The middle one.
    usual_s: f64,
    /// The one that differs most from the usual.
    oddest_s: f64,
    are_uneven: bool,
}

impl Steps {
    /// `None` where there are no two frames.
    fn of(frames: &FrameTable) -> Option<Steps> {
        let entries = frames.entries();
        let mut steps_s: Vec<f64> = entries.windows(2).map(|pair| (pair[1].time - pair[0].time).seconds()).collect();
        if steps_s.is_empty() {
            return None;
        }
        let middle = steps_s.len() / 2;
        let usual_s = *steps_s.select_nth_unstable_by(middle, f64::total_cmp).1;
        let off = |step_s: f64| (step_s - usual_s).abs();
        let oddest_s = steps_s.iter().copied().max_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(usual_s);
        // Times are rounded to the time base, on either side of a step.
        let time_base = frames.time_base();
        let tick_s = f64::from(time_base.numerator()) / f64::from(time_base.denominator());
        let tolerance_s = tick_s * 1.01 + 0.02 * usual_s;
        let uneven = steps_s.iter().filter(|step_s| off(**step_s) > tolerance_s).count();
        Some(Steps { usual_s, oddest_s, are_uneven: uneven * UNEVEN_SHARE > steps_s.len() })
    }
}

/// One uneven step in so many makes a variable frame rate; fewer are gaps.
const UNEVEN_SHARE: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame_table::{FrameEntry, KeyPoint};
    use avar_base::time::TimeBase;

    /// Frames at these ticks of a millisecond, the first of each ten a key frame.
    fn table(ticks: impl IntoIterator<Item = i64>) -> FrameTable {
        let time_base = TimeBase::new(1, 1000).unwrap();
        let entry = |pts| FrameEntry { pts, time: MediaTime::from_pts(pts, time_base) };
        let entries: Vec<FrameEntry> = ticks.into_iter().map(entry).collect();
        let keys = (0..entries.len()).step_by(10).map(|ordinal| KeyPoint { ordinal, dts: None, byte: -1 }).collect();
        let end = entries.last().map_or(MediaTime::ZERO, |last| last.time + MediaTime::from_seconds(0.04));
        FrameTable { entries, keys, time_base, end, ..FrameTable::default() }
    }

    #[test]
    fn rounding_to_milliseconds_is_no_variable_rate() {
        let thirty = table((0..300).map(|frame| (f64::from(frame) * 1000.0 / 30.0).round() as i64));
        let steps = Steps::of(&thirty).unwrap();
        assert!(!steps.are_uneven);
        assert_eq!(steps.usual_s, 0.033);
    }

    #[test]
    fn steps_that_alternate_are_a_variable_rate() {
        let uneven = table((0..100).map(|frame| frame * 40 + if frame % 2 == 0 { 0 } else { 15 }));
        let steps = Steps::of(&uneven).unwrap();
        assert!(steps.are_uneven);
    }

    #[test]
    fn a_single_gap_is_named_and_is_no_variable_rate() {
        let gap = table((0..200).map(|frame| frame * 40 + if frame > 119 { 2000 } else { 0 }));
        assert!(!Steps::of(&gap).unwrap().are_uneven);
        assert_eq!(gaps(&gap), ["No new picture for 2.04 s after frame 119."]);
        let missing = missing_pictures(&gap);
        assert_eq!(missing.len(), 1);
        assert!((missing[0].start_s - 4.8).abs() < 1e-6 && (missing[0].end_s - 6.8).abs() < 1e-6, "{missing:?}");
    }

    #[test]
    fn many_gaps_are_counted_and_not_listed() {
        let gaps_found = gaps(&table((0..2000).map(|frame| frame * 40 + frame / 100 * 3000)));
        assert_eq!(gaps_found.len(), GAPS_NAMED + 1);
        assert_eq!(gaps_found.last().unwrap(), "There are 19 such gaps.");
    }

    #[test]
    fn one_frame_has_no_rate_to_vary() {
        assert!(Steps::of(&table([0])).is_none());
        assert!(gaps(&table([])).is_empty());
    }

    #[test]
    fn sound_that_begins_late_and_ends_early_is_said() {
        let range =
            |start_s: f64, end_s: f64| TimeRange::new(MediaTime::from_seconds(start_s), MediaTime::from_seconds(end_s));
        assert_eq!(
            of_ends(range(0.0, 10.0), range(1.5, 9.0)),
            ["The sound begins 1.50 s after the picture.", "The sound ends 1.00 s before the picture."]
        );
        assert!(of_ends(range(0.0, 10.0), range(0.02, 10.2)).is_empty());
    }
}
