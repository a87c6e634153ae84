//! What is heard of a recording's channels, and of samples that are no numbers.

use std::path::Path;

use crate::clips::{Clips, WavEncoding};
use avar_base::job::CancelToken;
use avar_base::time::{MediaTime, TimeBase, TimeRange};
use avar_media::{
    AudioBlock, AudioFaults, AudioFormat, AudioReader, IngestReport, WaveformPyramid, build_waveform, open, read_mono,
};

const MONO_16K: AudioFormat = AudioFormat { rate_hz: 16_000, channels: 1 };
const STEREO_48K: AudioFormat = AudioFormat { rate_hz: 48_000, channels: 2 };

/// A tone that sweeps and swells, so that no two stretches of it are alike.
fn sweep(rate_hz: u32, seconds_s: f64) -> Vec<f32> {
    let value = |i: usize| {
        let t = i as f64 / f64::from(rate_hz);
        (0.3 + 0.2 * (t * 3.0).sin()) * (std::f64::consts::TAU * (300.0 + 40.0 * t) * t).sin()
    };
    (0..(f64::from(rate_hz) * seconds_s) as usize).map(|i| value(i) as f32).collect()
}

fn negative(samples: &[f32]) -> Vec<f32> {
    samples.iter().map(|sample| -sample).collect()
}

fn read(path: &Path, format: AudioFormat) -> (Vec<AudioBlock>, AudioFaults) {
    let mut reader = AudioReader::open(path, format).unwrap();
    let blocks = std::iter::from_fn(|| reader.next().unwrap()).collect();
    (blocks, reader.faults())
}

/// The samples of a recording from time zero on; `None` where there are none.
fn placed(blocks: &[AudioBlock], format: AudioFormat) -> Vec<Option<f32>> {
    let base = TimeBase::new(1, format.rate_hz as i32).unwrap();
    let mut samples = Vec::new();
    for block in blocks {
        let first = block.start.to_pts(base) as usize * usize::from(format.channels);
        assert!(first >= samples.len(), "blocks overlap at {:?}", block.start);
        assert!(!block.samples.is_empty());
        samples.resize(first, None);
        samples.extend(block.samples.iter().map(|sample| Some(*sample)));
    }
    samples
}

/// All samples, where there is no gap between them.
fn continuous(path: &Path, format: AudioFormat) -> Vec<f32> {
    let samples = placed(&read(path, format).0, format);
    samples.into_iter().map(|sample| sample.unwrap_or_else(|| panic!("a gap in {}", path.display()))).collect()
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
}

fn waveform(path: &Path) -> WaveformPyramid {
    build_waveform(path, None, &CancelToken::default(), |_| {}).unwrap()
}

fn warnings(path: &Path) -> Vec<String> {
    let mut report = IngestReport::new(&open(path, &CancelToken::default(), |_| {}).unwrap());
    report.add_audio_faults(AudioFaults::scan(path, None, &CancelToken::default()).unwrap());
    report.warnings
}

#[test]
fn each_channel_of_a_recording_without_a_layout_is_heard() {
    let clips = Clips::new();
    let tone = sweep(16_000, 0.5);
    for count in [2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 24] {
        for heard in 0..count {
            let mut channels = vec![vec![0.0; tone.len()]; count];
            channels[heard].clone_from(&tone);
            let path = clips.wav("one.wav", 16_000, &channels, WavEncoding::Pcm16);
            for format in [MONO_16K, STEREO_48K] {
                let samples = continuous(&path, format);
                // The stereo that FFmpeg assumes for two channels keeps them apart.
                let share = if (count, format.channels) == (2, 2) { 0.5_f32.sqrt() } else { 1.0 / count as f32 };
                let (found, expected) = (rms(&samples), rms(&tone) * share);
                let what = format!("channel {heard} of {count} in {} channels", format.channels);
                assert!((found / expected - 1.0).abs() < 0.02, "{what}: {found}, not {expected}");
            }
        }
    }
}

#[test]
fn a_layout_that_the_decoder_makes_up_leaves_no_channel_out() {
    let clips = Clips::new();
    let tone = sweep(48_000, 0.5);
    for (name, codec, counts) in [("one.tta", "tta", vec![3, 6, 8]), ("one.ts", "s302m", vec![4, 6, 8])] {
        for count in counts {
            for heard in 0..count {
                let mut channels = vec![vec![0.0; tone.len()]; count];
                channels[heard].clone_from(&tone);
                clips.wav("one.wav", 48_000, &channels, WavEncoding::Pcm16);
                let Some(path) = clips.ffmpeg(name, &format!("-i one.wav -strict -2 -c:a {codec}")) else { return };
                let samples: Vec<f32> = read(&path, MONO_16K).0.into_iter().flat_map(|block| block.samples).collect();
                let (found, expected) = (rms(&samples), rms(&tone) / count as f32);
                assert!((found / expected - 1.0).abs() < 0.05, "{codec}, {heard} of {count}: {found}, not {expected}");
            }
        }
    }
}

#[test]
fn of_a_stated_layout_all_but_low_frequency_effects_is_heard() {
    let clips = Clips::new();
    for (layout, effects) in [("2.1", Some(2)), ("3.0", None), ("5.1", Some(3)), ("7.1", Some(3)), ("quad", None)] {
        let count = layout.split('.').map(|part| part.parse().unwrap_or(4)).sum::<usize>();
        for heard in 0..count {
            let channel = |channel| if channel == heard { "0.5*sin(2*PI*300*t)" } else { "0" };
            let sources = (0..count).map(channel).collect::<Vec<_>>().join("|");
            let source = format!("-f lavfi -i aevalsrc={sources}:s=16000:d=0.5:c={layout} -c:a pcm_s16le");
            let Some(path) = clips.ffmpeg("layout.wav", &source) else { return };
            let loudness = rms(&continuous(&path, MONO_16K));
            if Some(heard) == effects {
                assert_eq!(loudness, 0.0, "low-frequency effects of {layout}");
            } else {
                assert!(loudness > 0.03, "channel {heard} of {layout}: {loudness}");
            }
        }
    }
}

#[test]
fn channels_of_opposite_sign_are_heard_as_one_of_them() {
    let clips = Clips::new();
    let tone = sweep(16_000, 3.0);
    let mono = clips.wav("mono.wav", 16_000, std::slice::from_ref(&tone), WavEncoding::Pcm16);
    let path = clips.wav("opposite.wav", 16_000, &[tone.clone(), negative(&tone)], WavEncoding::Pcm16);
    let (expected, heard) = (continuous(&mono, MONO_16K), continuous(&path, MONO_16K));
    let worst = expected.iter().zip(&heard).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(expected.len() == heard.len() && worst < 1e-4, "{worst}");
    let whole = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(3.0));
    assert_eq!(waveform(&path).peaks(whole, 12).len(), waveform(&mono).peaks(whole, 12).len());
    for (of_pair, of_one) in waveform(&path).peaks(whole, 12).into_iter().zip(waveform(&mono).peaks(whole, 12)) {
        assert!((of_pair.unwrap().rms - of_one.unwrap().rms).abs() < 1e-3);
    }
    assert_eq!(read(&path, STEREO_48K).1, AudioFaults::default(), "two channels are not mixed for two");
}

#[test]
fn opposite_polarity_is_said_with_how_long_it_lasts() {
    let clips = Clips::new();
    let (tone, silence) = (sweep(16_000, 1.0), vec![0.0; 16_000]);
    let left = [tone.clone(), silence.clone(), tone.clone()].concat();
    let right = [tone.clone(), silence, negative(&tone)].concat();
    let path = clips.wav("turns.wav", 16_000, &[left, right], WavEncoding::Float32);
    let faults = read(&path, MONO_16K).1;
    assert!((faults.opposed_s - 1.0).abs() < 1e-9, "{faults:?}");
    assert_eq!(faults.first_opposed, Some(MediaTime::from_seconds(2.0)));
    assert_eq!(waveform(&path).faults(), faults);
    let said = warnings(&path);
    assert!(said.iter().any(|note| note.contains("opposite polarity") && note.contains("1.00 s")), "{said:?}");
}

#[test]
fn opposite_channels_are_heard_whatever_the_codec() {
    let clips = Clips::new();
    let source = "-f lavfi -i aevalsrc=0.4*sin(2*PI*(300+80*t)*t):s=48000:d=3 -af pan=stereo|c0=c0|c1=-1*c0";
    for (name, arguments) in [
        ("u8.wav", "-c:a pcm_u8"),
        ("s24.wav", "-c:a pcm_s24le"),
        ("s32.mkv", "-c:a pcm_s32le"),
        ("f32.wav", "-c:a pcm_f32le"),
        ("f64.wav", "-c:a pcm_f64le"),
        ("flac.flac", "-c:a flac"),
        ("alac.m4a", "-c:a alac"),
        ("aac.m4a", "-c:a aac"),
        ("mp2.mp2", "-c:a mp2"),
        ("ac3.ac3", "-c:a ac3"),
    ] {
        let Some(path) = clips.ffmpeg(name, &format!("{source} {arguments}")) else { return };
        let samples = continuous(&path, MONO_16K);
        let loudness = rms(&samples[8_000..40_000]);
        assert!((loudness - 0.283).abs() < 0.015, "{name}: {loudness}");
    }
}

#[test]
fn a_channel_that_turns_over_in_mid_recording_neither_vanishes_nor_clicks() {
    let clips = Clips::new();
    let tone = sweep(48_000, 6.0);
    // From one second on each second the other way round.
    let turns = |(i, sample): (usize, &f32)| if (i / 48_000) % 2 == 1 { -sample } else { *sample };
    let turning: Vec<f32> = tone.iter().enumerate().map(turns).collect();
    let path = clips.wav("turning.wav", 48_000, &[tone, turning], WavEncoding::Pcm16);
    let samples = continuous(&path, MONO_16K);
    for (number, part) in samples.chunks_exact(800).enumerate() {
        assert!(rms(part) > 0.03, "50 ms at {} s: {}", number as f64 / 20.0, rms(part));
    }
    let steepest = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    // A tone of 800 Hz and half of full scale rises by at most 0.16 from sample to sample.
    assert!(steepest < 0.17, "{steepest}");
}

#[test]
fn ordinary_stereo_is_the_mean_of_its_channels_to_the_bit() {
    let clips = Clips::new();
    let (left, right) = (sweep(16_000, 2.0), sweep(17_000, 2.0)[..32_000].to_vec());
    let noise = |seed: u32| {
        let step = |state: &mut u32| {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Some((*state >> 16) as f32 / 65_536.0 - 0.5)
        };
        (0..32_000).scan(seed, |state, _| step(state)).collect::<Vec<f32>>()
    };
    for (left, right) in [(left.clone(), right), (noise(1), noise(2)), (left.clone(), left)] {
        let path = clips.wav("stereo.wav", 16_000, &[left.clone(), right.clone()], WavEncoding::Pcm16);
        let kept = |sample: f32| f32::from((sample * 32768.0) as i16) / 32768.0;
        let expected: Vec<f32> = left.iter().zip(&right).map(|(a, b)| kept(*a) * 0.5 + kept(*b) * 0.5).collect();
        assert_eq!(continuous(&path, MONO_16K), expected);
        assert_eq!(read(&path, MONO_16K).1, AudioFaults::default());
    }
}

/// Seeks all over the file; the samples must be those that sequential reading gave.
fn check_seeks(path: &Path, format: AudioFormat) {
    let base = TimeBase::new(1, format.rate_hz as i32).unwrap();
    let channels = usize::from(format.channels);
    let sequential = placed(&read(path, format).0, format);
    let mut reader = AudioReader::open(path, format).unwrap();
    for target in (0..sequential.len() / channels).rev().step_by(format.rate_hz as usize / 7 + 11) {
        reader.seek(MediaTime::from_pts(target as i64, base)).unwrap();
        let mut blocks = Vec::new();
        let mut count = 0;
        while count < 6000 * channels
            && let Some(block) = reader.next().unwrap()
        {
            count += block.samples.len();
            blocks.push(block);
        }
        let sought = placed(&blocks, format);
        let expected = &sequential[target * channels..sought.len().max(target * channels)];
        assert_eq!(&sought[target.min(sought.len()) * channels..], expected, "from {target} of {}", path.display());
    }
}

#[test]
fn what_is_turned_over_and_left_out_is_the_same_after_a_seek() {
    let clips = Clips::new();
    let tone = sweep(44_100, 5.0);
    let turns = |(i, sample): (usize, &f32)| if (i / 31_000) % 2 == 1 { -sample } else { *sample };
    let turning: Vec<f32> = tone.iter().enumerate().map(turns).collect();
    let quiet = tone.iter().map(|sample| sample * 0.1).collect();
    let mut channels = [tone, turning, quiet];
    for format in [MONO_16K, STEREO_48K] {
        check_seeks(&clips.wav("turning.wav", 44_100, &channels, WavEncoding::Pcm16), format);
    }
    for channel in &mut channels {
        channel[50_000..80_000].fill(f32::NAN);
        channel[100_000] = f32::INFINITY;
        channel[150_000..150_900].fill(f32::NEG_INFINITY);
    }
    for format in [MONO_16K, STEREO_48K] {
        check_seeks(&clips.wav("holes.wav", 44_100, &channels, WavEncoding::Float32), format);
        check_seeks(&clips.wav("mono.wav", 44_100, &channels[..1], WavEncoding::Float32), format);
    }
}

#[test]
fn one_sample_that_is_no_number_is_left_out_and_nothing_else() {
    let clips = Clips::new();
    let tone = sweep(16_000, 4.0);
    let plain =
        continuous(&clips.wav("plain.wav", 16_000, std::slice::from_ref(&tone), WavEncoding::Float32), MONO_16K);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::MIN] {
        let mut damaged = tone.clone();
        damaged[32_000] = bad;
        let path = clips.wav("bad.wav", 16_000, &[damaged], WavEncoding::Float32);
        let samples = continuous(&path, MONO_16K);
        assert_eq!(samples[32_000], 0.0, "{bad}");
        assert!(samples[..32_000] == plain[..32_000] && samples[32_001..] == plain[32_001..], "{bad}");
        let faults = read(&path, MONO_16K).1;
        assert_eq!((faults.unusable_samples, faults.first_unusable), (1, Some(MediaTime::from_seconds(2.0))), "{bad}");
        let said = warnings(&path);
        assert!(said.iter().any(|note| note.contains("not a finite number") && note.contains("2.00 s")), "{said:?}");
        assert!(continuous(&path, STEREO_48K).iter().all(|sample| sample.abs() < 1.0), "{bad}");
    }
}

#[test]
fn a_stretch_of_samples_that_are_no_numbers_is_without_sound() {
    let clips = Clips::new();
    let tone = sweep(48_000, 4.0);
    let plain =
        continuous(&clips.wav("plain.wav", 48_000, std::slice::from_ref(&tone), WavEncoding::Float32), MONO_16K);
    let mut damaged = tone;
    damaged[48_000..96_000].fill(f32::NAN);
    let path = clips.wav("bad.wav", 48_000, &[damaged], WavEncoding::Float32);
    let samples = placed(&read(&path, MONO_16K).0, MONO_16K);
    assert!(samples[16_000..32_000].iter().all(Option::is_none));
    for (place, (found, expected)) in samples.iter().zip(&plain).enumerate() {
        if !(15_900..32_100).contains(&place) {
            assert!(found.is_some_and(|found| (found - expected).abs() < 1e-6), "sample {place}: {found:?}");
        }
    }
    let drawn = waveform(&path).peaks(TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(4.0)), 40);
    assert!(drawn[11..19].iter().all(Option::is_none) && drawn[..9].iter().chain(&drawn[21..]).all(Option::is_some));
    let range = TimeRange::new(MediaTime::from_seconds(0.5), MediaTime::from_seconds(2.5));
    let part = read_mono(&path, None, 16_000, range, &CancelToken::default()).unwrap();
    assert!(
        part[8_000..24_000].iter().all(|sample| *sample == 0.0) && part[..7_000].iter().any(|sample| *sample != 0.0)
    );
    assert_eq!(read(&path, MONO_16K).1.unusable_samples, 48_000);
}

#[test]
fn a_channel_without_numbers_leaves_the_others_to_be_heard() {
    let clips = Clips::new();
    let tone = sweep(16_000, 2.0);
    let path = clips.wav("half.wav", 16_000, &[vec![f32::NAN; 32_000], tone.clone()], WavEncoding::Float32);
    let samples = continuous(&path, MONO_16K);
    assert!(samples.iter().zip(&tone).all(|(found, sample)| (found - sample * 0.5).abs() < 1e-6));
    let apart = continuous(&path, AudioFormat { rate_hz: 16_000, channels: 2 });
    assert!(apart.as_chunks::<2>().0.iter().zip(&tone).all(|([left, right], sample)| *left == 0.0 && right == sample));
    assert_eq!(read(&path, MONO_16K).1.unusable_samples, 32_000);
}

#[test]
fn a_recording_without_one_usable_sample_is_a_recording_without_sound() {
    let clips = Clips::new();
    let path = clips.wav("none.wav", 16_000, &[vec![f32::NAN; 32_000]], WavEncoding::Float32);
    let (blocks, faults) = read(&path, MONO_16K);
    assert!(blocks.is_empty());
    assert_eq!(faults.unusable_samples, 32_000);
    let drawn = waveform(&path);
    assert_eq!(drawn.faults(), faults);
    assert!(drawn.peaks(TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(2.0)), 4).iter().all(Option::is_none));
}

#[test]
fn floating_point_that_was_never_scaled_is_heard() {
    let clips = Clips::new();
    let loud: Vec<f32> = sweep(16_000, 1.0).iter().map(|sample| sample * 2_147_483_000.0).collect();
    let path = clips.wav("unscaled.wav", 16_000, &[loud], WavEncoding::Float32);
    assert!(continuous(&path, MONO_16K).iter().all(|sample| sample.is_finite()));
    assert_eq!(read(&path, MONO_16K).1, AudioFaults::default());
    assert!(rms(&continuous(&path, MONO_16K)) > 1e8);
}
