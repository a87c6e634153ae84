//! Sound: its place on the time axis, seeks against sequential reading, waveforms.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::clips::Clips;
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase, TimeRange};
use avar_media::{AudioBlock, AudioFormat, AudioReader, build_waveform, open_track, probe, read_mono};

const MONO_16K: AudioFormat = AudioFormat { rate_hz: 16_000, channels: 1 };
const STEREO_48K: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 2 };

fn seconds(s: f64) -> MediaTime {
    MediaTime::from_seconds(s)
}

fn read_all(path: &Path, format: AudioFormat) -> Vec<AudioBlock> {
    let mut reader = AudioReader::open(path, format).unwrap();
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

/// All samples, checked to follow each other without gap or overlap; with the first one's time.
fn continuous(blocks: &[AudioBlock], format: AudioFormat) -> (MediaTime, Vec<f32>) {
    let base = TimeBase::new(1, format.rate_hz as i32).unwrap();
    let mut samples = Vec::new();
    let first = blocks[0].start.to_pts(base);
    for block in blocks {
        assert_eq!(block.start.to_pts(base) - first, (samples.len() / usize::from(format.channels)) as i64);
        samples.extend_from_slice(&block.samples);
    }
    (blocks[0].start, samples)
}

/// Seeks all over the file and compares with what sequential reading gave at the same times; `tolerance`
/// is an RMS difference, 0 where the decoder keeps no noise generator or slow memory.
fn check_seeks(path: &Path, format: AudioFormat, tolerance: f32) {
    let base = TimeBase::new(1, format.rate_hz as i32).unwrap();
    let channels = usize::from(format.channels);
    let (start, sequential) = continuous(&read_all(path, format), format);
    let first = start.to_pts(base);
    let count = sequential.len() / channels;
    let mut reader = AudioReader::open(path, format).unwrap();
    for place in [0.31, 0.73, 0.02, 0.5, 0.999, 0.11, 0.88, 0.0] {
        let target = (place * count as f64) as usize;
        reader.seek(MediaTime::from_pts(first + target as i64, base)).unwrap();
        let block = reader.next().unwrap().unwrap_or_else(|| panic!("nothing at {place} of {}", path.display()));
        assert_eq!(block.start.to_pts(base) - first, target as i64, "first sample at {place} of {}", path.display());
        let mut heard = block.samples;
        while heard.len() < 4000 * channels
            && let Some(block) = reader.next().unwrap()
        {
            heard.extend(block.samples);
        }
        let expected = &sequential[target * channels..];
        let squares: f32 = heard.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum();
        let rms = (squares / heard.len() as f32).sqrt();
        assert!(rms <= tolerance, "differs by {rms} RMS at {place} ({target}) of {}", path.display());
        assert!(heard.len() >= expected.len().min(4000 * channels), "ends early at {place} of {}", path.display());
    }
}

/// Noise and a sweep, so that a shift of one sample is far outside any tolerance.
const SOURCE: &str = "-f lavfi -i aevalsrc=0.3*sin(2*PI*(200+150*t)*t)+0.2*(random(0)-0.5):s=44100:d=7";

fn check_codec(name: &str, arguments: &str, tolerance: f32) {
    let clips = Clips::new();
    if let Some(path) = clips.ffmpeg(name, &format!("{SOURCE} {arguments}")) {
        check_seeks(&path, MONO_16K, tolerance);
        check_seeks(&path, STEREO_48K, tolerance);
    }
}

#[test]
fn uncompressed_sound_is_sought_to_the_sample() {
    check_codec("pcm.wav", "-c:a pcm_s16le", 0.0);
    check_codec("pcm.mov", "-c:a pcm_s24le", 0.0);
    check_codec("pcm.mkv", "-c:a pcm_s16le", 0.0);
    check_codec("flac.flac", "-c:a flac", 0.0);
    check_codec("flac.mkv", "-c:a flac", 0.0);
    check_codec("alac.m4a", "-c:a alac", 0.0);
}

#[test]
fn aac_is_sought_to_the_sample() {
    check_codec("aac.m4a", "-c:a aac -aac_pns 0", 0.0);
    check_codec("aac.mkv", "-c:a aac -aac_pns 0", 0.0);
    check_codec("aac.ts", "-c:a aac -aac_pns 0", 0.0);
    check_codec("aac.aac", "-c:a aac -aac_pns 0", 0.0);
    check_codec("aac.flv", "-c:a aac -aac_pns 0", 0.0);
}

#[test]
fn other_codecs_are_sought_to_the_sample() {
    check_codec("mp3.mp3", "-c:a libmp3lame", 1e-5);
    check_codec("vbr.mp3", "-c:a libmp3lame -q:a 5", 1e-5);
    check_codec("mp3.mkv", "-c:a libmp3lame", 1e-5);
    check_codec("mp3.avi", "-c:a libmp3lame", 1e-5);
    check_codec("vorbis.ogg", "-c:a libvorbis", 1e-5);
    // These decoders fill the spectrum with noise of their own.
    check_codec("ac3.ac3", "-c:a ac3", 0.04);
    check_codec("opus.webm", "-c:a libopus", 0.02);
    check_codec("opus.ogg", "-c:a libopus", 0.02);
}

#[test]
fn a_pulse_is_heard_at_its_time_at_any_rate() {
    let clips = Clips::new();
    let source = "-f lavfi -i aevalsrc=between(n\\,66150\\,66150):s=44100:d=3 -c:a pcm_f32le";
    let Some(path) = clips.ffmpeg("pulse.wav", source) else { return };
    for rate_hz in [8_000, 16_000, 44_100, 48_000] {
        let format = AudioFormat { rate_hz, channels: 1 };
        let (start, samples) = continuous(&read_all(&path, format), format);
        let loudest = (0..samples.len()).max_by(|a, b| samples[*a].total_cmp(&samples[*b])).unwrap();
        assert_eq!(start, MediaTime::ZERO);
        assert_eq!(loudest, (rate_hz * 3 / 2) as usize, "at {rate_hz} Hz");
        assert_eq!(samples.len(), (rate_hz * 3) as usize, "length at {rate_hz} Hz");
    }
}

#[test]
fn a_stereo_mix_stays_within_full_scale() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("loud.wav", "-f lavfi -i aevalsrc=0.9|0.9:s=16000:d=1 -c:a pcm_f32le") else {
        return;
    };
    let (_, samples) = continuous(&read_all(&path, MONO_16K), MONO_16K);
    assert!((samples[8000] - 0.9).abs() < 1e-3, "{}", samples[8000]);
}

#[test]
fn multichannel_sound_without_a_channel_layout_is_heard() {
    let clips = Clips::new();
    let source = "-f lavfi -i aevalsrc=0.2|0.2|0.2|0.2|0.2|0.2:s=48000:d=1:c=5.1 -c:a pcm_s16le";
    let Some(path) = clips.ffmpeg("six.mkv", source) else { return };
    assert_eq!(probe(&path).unwrap().audio.unwrap().channels, 6);
    let (_, samples) = continuous(&read_all(&path, MONO_16K), MONO_16K);
    assert!(samples[8000] > 0.1, "{}", samples[8000]);
}

#[test]
fn the_sound_of_our_own_clips_starts_with_the_picture() {
    let clips = Clips::new();
    let path = clips.written("clip.mp4", 50, Some(STEREO_48K));
    let blocks = read_all(&path, STEREO_48K);
    let (start, samples) = continuous(&blocks, STEREO_48K);
    assert_eq!(start, MediaTime::ZERO);
    let expected = crate::clips::tone(STEREO_48K, 0, 96_000);
    let worst = (9600..180_000).map(|i| (samples[i] - expected[i]).abs()).fold(0.0, f32::max);
    assert!(worst < 0.05, "{worst}");
}

#[test]
fn a_gap_in_the_time_stamps_is_shown_by_the_next_blocks_start() {
    let clips = Clips::new();
    let arguments = format!("{SOURCE} -c:a pcm_s16le -af aselect='lt(t,2)+gt(t,4)'");
    let Some(path) = clips.ffmpeg("gap.mkv", &arguments) else { return };
    let blocks = read_all(&path, MONO_16K);
    let end = |block: &AudioBlock| block.start + seconds(block.samples.len() as f64 / 16_000.0);
    let gaps: Vec<f64> = blocks.windows(2).map(|pair| (pair[1].start - end(&pair[0])).seconds()).collect();
    let large: Vec<&f64> = gaps.iter().filter(|gap| gap.abs() > 1e-6).collect();
    assert!(large.len() == 1 && (*large[0] - 2.0).abs() < 0.1, "{large:?}");
    let range = TimeRange::new(seconds(0.0), seconds(7.0));
    let placed = read_mono(&path, None, 16_000, range, &CancelToken::default()).unwrap();
    assert_eq!(placed.len(), 7 * 16_000);
    assert!(placed[45_000..60_000].iter().all(|sample| *sample == 0.0), "the gap is silent");
    assert!(placed[80_000..90_000].iter().any(|sample| *sample != 0.0));
}

#[test]
fn reading_a_range_gives_the_samples_of_that_range() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("pcm.wav", &format!("{SOURCE} -c:a pcm_s16le")) else { return };
    let (_, sequential) = continuous(&read_all(&path, MONO_16K), MONO_16K);
    let range = TimeRange::new(seconds(2.5), seconds(3.25));
    let part = read_mono(&path, None, 16_000, range, &CancelToken::default()).unwrap();
    assert_eq!(part[..], sequential[40_000..52_000]);
    let before = TimeRange::new(seconds(-1.0), seconds(0.5));
    let part = read_mono(&path, None, 16_000, before, &CancelToken::default()).unwrap();
    assert!(part[..16_000].iter().all(|sample| *sample == 0.0));
    assert_eq!(part[16_000..], sequential[..8_000]);
}

#[test]
fn sound_that_starts_late_is_placed_late() {
    let clips = Clips::new();
    let arguments = format!("-f lavfi -i testsrc2=s=64x64:d=3 -itsoffset 1.5 {SOURCE} -c:v libx264 -c:a pcm_s16le");
    let Some(path) = clips.ffmpeg("late.mkv", &arguments) else { return };
    let first = AudioReader::open(&path, MONO_16K).unwrap().next().unwrap().unwrap();
    assert!((first.start.seconds() - 1.5).abs() < 0.002, "{:?}", first.start);
}

#[test]
fn sound_that_starts_late_ends_with_a_file_that_states_one_length_for_all() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc=s=64x48:r=10:d=3 -itsoffset 1 -f lavfi -i sine=300:d=2 -c:v mpeg4 -c:a pcm_s16le";
    let Some(path) = clips.ffmpeg("late.mkv", source) else { return };
    let range = probe(&path).unwrap().audio.unwrap().range;
    assert!((range.start.seconds() - 1.0).abs() < 0.05 && (range.end.seconds() - 3.0).abs() < 0.05, "{range:?}");
}

/// Two tracks of sound beside a picture: 300 Hz, and 2 kHz with a title and a language.
fn two_tracks(clips: &Clips) -> Option<PathBuf> {
    clips.ffmpeg(
        "tracks.mkv",
        "-f lavfi -i testsrc=s=64x48:r=10:d=2 -f lavfi -i sine=300:d=2 -f lavfi -i sine=2000:d=2 -map 0 -map 1 -map 2 \
         -c:v mpeg4 -c:a pcm_s16le -metadata:s:a:1 title=Commentary -metadata:s:a:1 language=fin",
    )
}

#[test]
fn each_track_of_sound_can_be_read() {
    let clips = Clips::new();
    let Some(path) = two_tracks(&clips) else { return };
    let labels: Vec<String> = probe(&path).unwrap().audio_tracks.iter().map(|track| track.label()).collect();
    assert_eq!(labels, ["track 1: pcm_s16le, 1 ch", "track 2: fin, Commentary, pcm_s16le, 1 ch"]);
    let crossings = |track: Option<usize>| {
        let media = open_track(&path, track, &CancelToken::default(), |_| {}).unwrap();
        let audio = media.info.audio.as_ref();
        let mut reader = AudioReader::open_track(&path, audio, MONO_16K, &CancelToken::default()).unwrap();
        let mut samples = Vec::new();
        while let Some(block) = reader.next().unwrap() {
            samples.extend(block.samples);
        }
        samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count() as f64 / 2.0
    };
    for (track, tone_hz) in [(None, 300.0), (Some(1), 300.0), (Some(2), 2000.0)] {
        assert!((crossings(track) - tone_hz).abs() < 5.0, "{track:?}: {} Hz", crossings(track));
    }
    for none in [0, 3] {
        let refused = open_track(&path, Some(none), &CancelToken::default(), |_| {}).err();
        assert!(matches!(refused, Some(avar_media::MediaError::NoAudio { .. })), "{none}");
    }
}

#[test]
fn a_waveform_shows_loud_and_silent_stretches() {
    let clips = Clips::new();
    let source = "-f lavfi -i aevalsrc=0.8*sin(2*PI*300*t)*gt(t\\,2)*lt(t\\,4):s=22050:d=6 -c:a pcm_s16le";
    let Some(path) = clips.ffmpeg("burst.wav", source) else { return };
    let waveform = build_waveform(&path, None, &CancelToken::default(), |_| {}).unwrap();
    assert_eq!(waveform.range(), TimeRange::new(seconds(0.0), seconds(6.0)));
    let peaks = waveform.peaks(TimeRange::new(seconds(0.0), seconds(6.0)), 6);
    let loud: Vec<bool> = peaks.iter().map(|peak| peak.is_some_and(|peak| peak.rms > 0.4)).collect();
    assert_eq!(loud, [false, false, true, true, false, false]);
}

#[test]
fn a_cancelled_waveform_stops() {
    let clips = Clips::new();
    let path = clips.written("clip.mp4", 25, Some(MONO_16K));
    let cancel = CancelToken::default();
    cancel.cancel();
    let result = build_waveform(&path, None, &cancel, |_: Arc<_>| {});
    assert!(matches!(result, Err(avar_media::MediaError::Cancelled)));
}
