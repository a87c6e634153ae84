//! Times of a recording: its length is that of its packets, joined files have one clock, and what is assumed is said.

use std::path::{Path, PathBuf};

use crate::clips::{self, Clips, digest};
use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime, TimeBase, TimeRange};
use avar_media::{
    AudioBlock, AudioFormat, AudioInfo, AudioReader, IngestReport, OpenedMedia, VideoReader, build_waveform, open,
    open_track, read_mono,
};

const MONO_16K: AudioFormat = AudioFormat { rate_hz: 16_000, channels: 1 };

fn opened(path: &Path) -> OpenedMedia {
    open(path, &CancelToken::default(), |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn seconds(s: f64) -> MediaTime {
    MediaTime::from_seconds(s)
}

fn is_near(a_s: f64, b_s: f64, tolerance_s: f64) -> bool {
    (a_s - b_s).abs() <= tolerance_s
}

/// Blocks of the audio on the clock that opening the file has found.
fn audio_blocks(path: &Path, audio: &AudioInfo) -> Vec<AudioBlock> {
    let mut reader = AudioReader::open_track(path, Some(audio), MONO_16K, &CancelToken::default()).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

fn end_of(block: &AudioBlock) -> MediaTime {
    block.start + seconds(block.samples.len() as f64 / f64::from(MONO_16K.rate_hz))
}

/// The range of the audio is that of the samples that come out. Containers are not at one about what of the first and last
/// packet a decoder drops: the start is right to 10 ms, the end to less than a packet.
fn check_audio_range(path: &Path) -> OpenedMedia {
    let media = opened(path);
    let audio = media.info.audio.as_ref().unwrap();
    let blocks = audio_blocks(path, audio);
    let (start, end) = (blocks[0].start, blocks.iter().map(end_of).max().unwrap());
    let (found, name) = (audio.range, path.display());
    assert!(is_near(found.start.seconds(), start.seconds(), 0.01), "{found:?} starts at {start:?} in {name}");
    assert!(is_near(found.end.seconds(), end.seconds(), 0.03), "{found:?} ends at {end:?} in {name}");
    media
}

#[test]
fn a_segment_that_keeps_the_clock_of_the_whole_is_as_long_as_its_packets() {
    let clips = Clips::new();
    let both = "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i sine=700:r=16000:d=3";
    let late = "-output_ts_offset 12.3";
    let hour = "-c:v libvpx -c:a libopus -output_ts_offset 3600";
    for (name, arguments, start_s) in [
        ("both.mkv", format!("{both} -c:v libx264 -c:a aac {late}"), 12.3),
        ("video.mkv", format!("-f lavfi -i testsrc2=s=64x48:r=25:d=3 -c:v libx264 {late}"), 12.3),
        ("audio.mka", format!("-f lavfi -i sine=700:r=16000:d=3 -c:a aac {late}"), 12.3),
        ("both.flv", format!("{both} -c:v libx264 -c:a aac -ar 44100 {late} -flvflags no_duration_filesize"), 12.3),
        ("both.ts", format!("{both} -c:v libx264 -c:a aac {late}"), 13.7),
        ("hour.webm", format!("{both} {hour}"), 3600.0),
    ] {
        let Some(path) = clips.ffmpeg(name, &arguments) else { return };
        let media = opened(&path);
        let range = media.info.range;
        assert!(is_near(range.start.seconds(), start_s, 0.1), "{name}: {range:?}");
        assert!(is_near(range.duration_s(), 3.0, 0.15), "{name}: {range:?}");
        let report = IngestReport::new(&media);
        assert_eq!(report.warnings.iter().find(|warning| !warning.starts_with("The file has no")), None, "{name}");
        let is_said = report.stated_in_words().is_none_or(|stated| stated.starts_with("headers: the clock ends at "));
        assert!(is_said, "{name}: {:?}", report.stated_in_words());
    }
}

#[test]
fn a_header_that_is_wrong_either_way_is_still_said() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("late.mkv", "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -c:v libx264 -output_ts_offset 5")
    else {
        return;
    };
    // Matroska's Duration (0x4489), a float of 8 bytes in milliseconds.
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(3).position(|window| window == [0x44, 0x89, 0x88]).unwrap() + 3;
    assert_eq!(f64::from_be_bytes(bytes[at..at + 8].try_into().unwrap()), 8000.0, "where its clock ends");
    bytes[at..at + 8].copy_from_slice(&60_000_f64.to_be_bytes());
    std::fs::write(&path, bytes).unwrap();
    let report = IngestReport::new(&opened(&path));
    assert!(report.warnings.iter().any(|warning| warning.contains("headers state 60.00 s")), "{:?}", report.warnings);
}

#[test]
fn the_range_of_the_audio_is_that_of_its_samples() {
    let clips = Clips::new();
    let audio = "-f lavfi -i sine=400:r=44100:d=2.3";
    let late = "-f lavfi -i testsrc2=s=64x48:r=25:d=4 -itsoffset 1.5 -f lavfi -i sine=400:r=44100:d=2 -c:v libx264";
    for (name, arguments) in [
        ("pcm.wav", format!("{audio} -c:a pcm_s16le")),
        ("aac.m4a", format!("{audio} -c:a aac")),
        ("aac.mka", format!("{audio} -c:a aac")),
        ("aac.aac", format!("{audio} -c:a aac")),
        ("aac.ts", format!("{audio} -c:a aac")),
        ("mp3.mp3", format!("{audio} -c:a libmp3lame")),
        ("vbr.mp3", format!("{audio} -c:a libmp3lame -q:a 7 -write_xing 0")),
        ("opus.webm", format!("{audio} -c:a libopus")),
        ("opus.ogg", format!("{audio} -c:a libopus")),
        ("vorbis.ogg", format!("{audio} -c:a libvorbis")),
        ("flac.flac", format!("{audio} -c:a flac")),
        ("late_aac.mp4", format!("{late} -c:a aac")),
        ("late_fragments.mp4", format!("{late} -c:a aac -movflags frag_keyframe+empty_moov")),
        ("late_pcm.mov", format!("{late} -c:a pcm_s16le")),
        ("late_aac.mkv", format!("{late} -c:a aac")),
        ("late_aac.ts", format!("{late} -c:a aac")),
        ("late_mp3.avi", format!("{late} -c:a libmp3lame")),
        ("late_aac.flv", format!("{late} -c:a aac")),
    ] {
        let Some(path) = clips.ffmpeg(name, &arguments) else { return };
        check_audio_range(&path);
    }
}

#[test]
fn a_track_without_one_packet_is_left_out_and_said() {
    let clips = Clips::new();
    let Some(_) = clips.ffmpeg("tone.wav", "-f lavfi -i sine=400:r=16000:d=1 -c:a pcm_s16le") else { return };
    let Some(_) = clips.ffmpeg("video.mp4", "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -c:v libx264") else { return };
    for (name, option) in [("no_audio.mkv", ""), ("no_audio.mov", "-movflags empty_moov"), ("no_audio.avi", "")] {
        // Copied from behind its end.
        let arguments = format!("-i video.mp4 -ss 30 -i tone.wav -map 0 -map 1 -c copy {option}");
        let Some(path) = clips.ffmpeg(name, &arguments) else { return };
        let media = opened(&path);
        assert!(media.info.audio.is_none() && media.info.video.is_some(), "{name}");
        assert_eq!(media.info.audio_tracks.len(), 1, "{name}");
        assert!(is_near(media.info.range.duration_s(), 2.0, 0.1), "{name}: {:?}", media.info.range);
        let warnings = IngestReport::new(&media).warnings;
        assert!(warnings.iter().any(|warning| warning.contains("sound track is left out")), "{name}: {warnings:?}");
        assert!(!warnings.iter().any(|warning| warning.contains("The sound ends")), "{name}: {warnings:?}");
    }
    for name in ["no_video.mkv", "no_video.avi"] {
        let arguments = "-i video.mp4 -i tone.wav -map 0 -map 1 -c copy -bsf:v noise=drop=1";
        let Some(path) = clips.ffmpeg(name, arguments) else { return };
        let media = opened(&path);
        assert!(media.info.video.is_none() && media.frames.is_none(), "{name}");
        assert!(is_near(media.info.range.duration_s(), 1.0, 0.05), "{name}: {:?}", media.info.range);
        assert!(media.info.notes.iter().any(|note| note.contains("picture track is left out")), "{name}");
    }
}

/// Makes one part of a joined file: 3 s of video and a tone of half a second, on a clock that starts at `clock_s`.
fn part(clips: &Clips, name: &str, clock_s: f64, tone_s: f64, coding: &str) -> Option<Vec<u8>> {
    let tone = format!("aevalsrc=0.8*sin(2*PI*900*t)*between(t\\,{tone_s}\\,{tone_s}+0.5):s=48000:d=3");
    let path = clips.ffmpeg(
        name,
        &format!(
            "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i {tone} {coding} -g 25 -muxdelay 0 -muxpreload 0 \
             -output_ts_offset {clock_s}"
        ),
    )?;
    std::fs::read(path).ok()
}

fn join(clips: &Clips, name: &str, parts: &[Vec<u8>]) -> PathBuf {
    let path = clips.path(name);
    std::fs::write(&path, parts.concat()).unwrap();
    path
}

/// Where the tones begin and end, in seconds from the start of the recording.
fn tones(path: &Path, media: &OpenedMedia) -> Vec<(f64, f64)> {
    let audio = media.info.audio.as_ref();
    let samples = read_mono(path, audio, 16_000, media.info.range, &CancelToken::default()).unwrap();
    let is_loud: Vec<bool> = samples.chunks(160).map(|chunk| chunk.iter().any(|sample| sample.abs() > 0.2)).collect();
    let edges = (1..is_loud.len()).filter(|at| is_loud[at - 1] != is_loud[*at]);
    let edges_s: Vec<f64> = edges.map(|at| at as f64 / 100.0).collect();
    edges_s.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

fn check_tones(path: &Path, expected_s: &[f64]) -> OpenedMedia {
    let media = check_audio_range(path);
    let (found, name) = (tones(path, &media), path.display());
    assert_eq!(found.len(), expected_s.len(), "{found:?} in {name}");
    for ((start_s, end_s), expected_s) in found.iter().zip(expected_s) {
        assert!(is_near(*start_s, *expected_s, 0.08) && is_near(*end_s, expected_s + 0.5, 0.08), "{found:?} in {name}");
    }
    let waveform = build_waveform(path, media.info.audio.as_ref(), &CancelToken::default(), |_| {}).unwrap();
    for (start_s, end_s) in found {
        let tone = TimeRange::new(media.info.range.start + seconds(start_s), media.info.range.start + seconds(end_s));
        let peak = waveform.peaks(tone, 1)[0].unwrap();
        assert!(peak.rms > 0.4, "the waveform at {start_s} s of {name}: {peak:?}");
    }
    media
}

/// Seeks all over the file and compares with what sequential reading gives at the same times.
fn check_audio_seeks(path: &Path, media: &OpenedMedia) {
    let base = TimeBase::new(1, 16_000).unwrap();
    let audio = media.info.audio.as_ref().unwrap();
    let first = media.info.range.start.to_pts(base);
    let mut sequential: Vec<Option<f32>> = vec![None; 16_000 * 20];
    for block in audio_blocks(path, audio) {
        let at = block.start.to_pts(base) - first;
        for (offset, sample) in block.samples.iter().enumerate() {
            // At a seam, what comes first is heard, and what overlaps is not.
            sequential[usize::try_from(at).unwrap() + offset].get_or_insert(*sample);
        }
    }
    let length = sequential.iter().rposition(Option::is_some).unwrap();
    let mut reader = AudioReader::open_track(path, Some(audio), MONO_16K, &CancelToken::default()).unwrap();
    for place in [0.61, 0.3, 0.93, 0.05, 0.45, 0.77, 0.99, 0.15, 0.55, 0.0] {
        let target = (place * length as f64) as usize;
        reader.seek(MediaTime::from_pts(first + target as i64, base)).unwrap();
        let block = reader.next().unwrap().unwrap_or_else(|| panic!("nothing at {place} of {}", path.display()));
        let at = usize::try_from(block.start.to_pts(base) - first).unwrap();
        assert!(at >= target && at - target < 1600, "{at} for {target} of {}", path.display());
        for (sample, expected) in block.samples.iter().zip(&sequential[at..]).filter_map(|(a, b)| Some((a, (*b)?))) {
            assert!((sample - expected).abs() < 1e-4, "{sample} for {expected} at {place} of {}", path.display());
        }
    }
}

const TS: &str = "-c:v libx264 -bf 0 -c:a mp2";
const TS_AAC: &str = "-c:v libx264 -bf 2 -c:a aac -aac_pns 0";

#[test]
fn the_audio_of_a_joined_transport_stream_follows_its_frames() {
    let clips = Clips::new();
    // A clock that starts again at the same time, earlier, and so much earlier that FFmpeg takes it for one that came round.
    for (name, first_s, second_s, coding) in [
        ("again.ts", 0.0, 0.0, TS),
        ("back.ts", 40.0, 10.0, TS),
        ("round.ts", 100.0, 0.0, TS),
        ("aac.ts", 0.0, 0.0, TS_AAC),
        ("overlap.ts", 0.0, 1.0, TS_AAC),
    ] {
        let Some(a) = part(&clips, "a.ts", first_s, 1.0, coding) else { return };
        let Some(b) = part(&clips, "b.ts", second_s, 2.0, coding) else { return };
        let path = join(&clips, name, &[a, b]);
        let media = check_tones(&path, &[1.0, 5.0]);
        assert!(is_near(media.info.range.duration_s(), 6.0, 0.1), "{name}: {:?}", media.info.range);
        assert_eq!(media.frames.as_ref().unwrap().len(), 150, "{name}");
        let warnings = IngestReport::new(&media).warnings;
        assert!(
            warnings.len() == 1 && warnings[0].starts_with("The clock of the file starts again 3.0"),
            "{warnings:?}"
        );
        check_audio_seeks(&path, &media);
    }
}

#[test]
fn frames_of_a_joined_transport_stream_are_sought_exactly() {
    let clips = Clips::new();
    let Some(a) = part(&clips, "a.ts", 100.0, 1.0, TS_AAC) else { return };
    let Some(b) = part(&clips, "b.ts", 0.0, 2.0, TS_AAC) else { return };
    let path = join(&clips, "round.ts", &[a, b]);
    let table = opened(&path).frames.unwrap();
    let steps: Vec<f64> = table.entries().windows(2).map(|pair| (pair[1].time - pair[0].time).seconds()).collect();
    assert!(steps.iter().all(|step_s| is_near(*step_s, 0.04, 0.001)), "{steps:?}");
    let sequential = clips::read_all(&path, &table);
    let mut reader = VideoReader::open(&path, table).unwrap();
    for ordinal in [149, 3, 76, 75, 74, 120, 0] {
        assert_eq!(digest(&reader.seek_exact(FrameIndex(ordinal)).unwrap()), sequential[ordinal].1, "frame {ordinal}");
    }
}

#[test]
fn three_parts_follow_one_another() {
    let clips = Clips::new();
    let Some(a) = part(&clips, "a.ts", 7.0, 1.0, TS_AAC) else { return };
    let Some(b) = part(&clips, "b.ts", 7.0, 2.0, TS_AAC) else { return };
    let path = join(&clips, "three.ts", &[a.clone(), b, a]);
    let media = check_tones(&path, &[1.0, 5.0, 7.0]);
    check_audio_seeks(&path, &media);
    let warnings = IngestReport::new(&media).warnings;
    assert!(warnings[0].starts_with("The clock of the file starts again 2 times, first 3.0"), "{warnings:?}");
}

#[test]
fn a_part_whose_audio_begins_late_has_it_at_the_right_frames() {
    let clips = Clips::new();
    // In the first part there is audio for a second, in the second it begins after two: no stamp of it ever steps back.
    let cut = |name: &str, from_s: f64, to_s: f64| {
        let tone = "-f lavfi -i aevalsrc=0.8*sin(2*PI*900*t):s=48000:d=3";
        let cut = format!("-af aselect=between(t\\,{from_s}\\,{to_s}),asetpts=PTS {TS} -muxdelay 0 -muxpreload 0");
        clips.ffmpeg(name, &format!("-f lavfi -i testsrc2=s=64x48:r=25:d=3 {tone} {cut}"))
    };
    let (Some(a), Some(b)) = (cut("a.ts", 0.5, 1.0), cut("b.ts", 2.0, 2.5)) else { return };
    let path = join(&clips, "holes.ts", &[std::fs::read(a).unwrap(), std::fs::read(b).unwrap()]);
    let media = check_tones(&path, &[0.5, 5.0]);
    assert!(is_near(media.info.range.duration_s(), 6.0, 0.1), "{:?}", media.info.range);
}

#[test]
fn other_containers_that_were_joined_have_one_clock() {
    let clips = Clips::new();
    for (extension, coding) in [("mpg", "-c:v mpeg2video -bf 2 -c:a mp2"), ("mkv", "-c:v libx264 -c:a aac -aac_pns 0")]
    {
        let name = |part: &str| format!("{part}.{extension}");
        let Some(a) = part(&clips, &name("a"), 0.0, 1.0, coding) else { return };
        let Some(b) = part(&clips, &name("b"), 0.0, 2.0, coding) else { return };
        let path = join(&clips, &name("joined"), &[a, b]);
        let media = check_tones(&path, &[1.0, 5.0]);
        assert!(is_near(media.info.range.duration_s(), 6.0, 0.15), "{extension}: {:?}", media.info.range);
        check_audio_seeks(&path, &media);
    }
}

#[test]
fn joined_audio_without_video_goes_on() {
    let clips = Clips::new();
    for (extension, coding) in [("ts", "-c:a aac -aac_pns 0"), ("ogg", "-c:a libvorbis"), ("mka", "-c:a pcm_s16le")] {
        let part = |tone_s: f64| {
            let tone = format!("aevalsrc=0.8*sin(2*PI*900*t)*between(t\\,{tone_s}\\,{tone_s}+0.5):s=48000:d=3");
            let arguments = format!("-f lavfi -i {tone} {coding} -muxdelay 0 -muxpreload 0");
            std::fs::read(clips.ffmpeg(&format!("{tone_s}.{extension}"), &arguments)?).ok()
        };
        let (Some(a), Some(b)) = (part(1.0), part(2.0)) else { return };
        let path = join(&clips, &format!("joined.{extension}"), &[a, b]);
        let media = check_tones(&path, &[1.0, 5.0]);
        assert!(is_near(media.info.range.duration_s(), 6.0, 0.1), "{extension}: {:?}", media.info.range);
        check_audio_seeks(&path, &media);
    }
}

#[test]
fn a_track_that_was_chosen_is_on_the_clock_of_the_frames_too() {
    let clips = Clips::new();
    let part = |name: &str, tone_s: f64| {
        let tone = format!("aevalsrc=0.8*sin(2*PI*900*t)*between(t\\,{tone_s}\\,{tone_s}+0.5):s=48000:d=3");
        let arguments = format!(
            "-f lavfi -i testsrc2=s=64x48:r=25:d=3 -f lavfi -i sine=300:d=3 -f lavfi -i {tone} -map 0 -map 1 -map 2 {TS} \
             -muxdelay 0 -muxpreload 0"
        );
        std::fs::read(clips.ffmpeg(name, &arguments)?).ok()
    };
    let (Some(a), Some(b)) = (part("a.ts", 1.0), part("b.ts", 2.0)) else { return };
    let path = join(&clips, "tracks.ts", &[a, b]);
    let media = open_track(&path, Some(2), &CancelToken::default(), |_| {}).unwrap();
    let found = tones(&path, &media);
    assert!(found.len() == 2 && is_near(found[0].0, 1.0, 0.05) && is_near(found[1].0, 5.0, 0.05), "{found:?}");
}

/// Cuts the end that the last page of an Ogg file states by so many samples, and signs the page again.
fn end_earlier(ogg: &mut [u8], samples: u64) {
    let page = ogg.windows(4).rposition(|bytes| bytes == b"OggS").unwrap();
    let page = &mut ogg[page..];
    let granule = u64::from_le_bytes(page[6..14].try_into().unwrap());
    page[6..14].copy_from_slice(&(granule - samples).to_le_bytes());
    page[22..26].fill(0);
    let sum = page.iter().fold(0_u32, |sum, byte| {
        let shifted = |sum: u32, _| if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
        (0..8).fold(sum ^ u32::from(*byte) << 24, shifted)
    });
    page[22..26].copy_from_slice(&sum.to_le_bytes());
}

#[test]
fn audio_that_is_said_to_end_before_its_last_packet_begins_does_not_last_for_hours() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("short.ogg", "-f lavfi -i sine=700:r=8000:d=1.2 -c:a libvorbis") else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    end_earlier(&mut bytes, 700);
    std::fs::write(&path, bytes).unwrap();
    let audio = opened(&path).info.audio.clone().unwrap();
    assert!(audio.range.end < seconds(1.5), "{:?}", audio.range);
    let heard = audio_blocks(&path, &audio).iter().map(end_of).max().unwrap();
    assert!(is_near(heard.seconds(), audio.range.end.seconds(), 0.1), "{heard:?}, {:?}", audio.range);
}

#[test]
fn a_stream_without_time_stamps_is_said_to_have_assumed_times() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=64x48:r=10:d=3";
    for (name, coding) in [
        ("bare.264", "-c:v libx264 -bf 2"),
        ("bare.m4v", "-c:v mpeg4 -f m4v"),
        ("bare.m2v", "-c:v mpeg2video -r 25 -f mpeg2video"),
        ("bare.mjpeg", "-c:v mjpeg -f mjpeg"),
    ] {
        let Some(path) = clips.ffmpeg(name, &format!("{source} {coding}")) else { return };
        let media = opened(&path);
        let report = IngestReport::new(&media);
        let video = report.video.unwrap();
        let said = video.assumed_times().unwrap_or_else(|| panic!("nothing said of {name}"));
        assert!(said.starts_with("times are assumed (") && said.ends_with("/s)"), "{said}");
        let warning = format!("The picture has no time stamps: {said}.");
        assert!(report.warnings.contains(&warning), "{name}: {:?}", report.warnings);
        let rate_hz = video.assumed_fps.unwrap();
        assert!(is_near(video.average_fps, rate_hz, 0.01 * rate_hz), "{name}: {} for {rate_hz}", video.average_fps);
    }
    for (name, coding) in [("stated.mkv", "-c:v libx264"), ("stated.avi", "-c:v mpeg4"), ("stated.y4m", "")] {
        let Some(path) = clips.ffmpeg(name, &format!("{source} {coding}")) else { return };
        let report = IngestReport::new(&opened(&path));
        assert_eq!(report.video.unwrap().assumed_fps, None, "{name}");
        assert!(!report.warnings.iter().any(|warning| warning.contains("assumed")), "{name}");
    }
}
