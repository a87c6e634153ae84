//! Audio files that are written: what is heard in them, in every codec.

use avar_base::job::CancelToken;
use avar_media::{AudioCodec, AudioFormat, AudioSpec, AudioWriter, MediaError, open, read_mono};

use super::clips::tone;

fn spec(codec: AudioCodec, rate_hz: u32) -> AudioSpec {
    AudioSpec { format: AudioFormat { rate_hz, channels: 1 }, codec, bits_per_second: 96_000 }
}

/// How alike two sounds are, whatever their levels: 1 where they are the same.
fn correlation(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn what_is_written_is_heard_at_its_time_in_every_codec() {
    let folder = tempfile::tempdir().unwrap();
    let rates = [
        (AudioCodec::Opus, 48_000),
        (AudioCodec::Aac, 48_000),
        (AudioCodec::Mp3, 48_000),
        (AudioCodec::MuLaw, 8_000),
        (AudioCodec::Flac, 32_000),
    ];
    for (codec, rate_hz) in rates {
        let path = folder.path().join(format!("{codec:?}.{}", codec.extension()));
        let spec = spec(codec, rate_hz);
        let samples = tone(spec.format, 0, rate_hz * 3);
        let mut writer = AudioWriter::create(&path, &spec).unwrap();
        // In pieces that fit no encoder's blocks.
        samples.chunks(1234).for_each(|piece| writer.push(piece).unwrap());
        assert!(!path.exists(), "{codec:?} appears before it is whole");
        writer.finish().unwrap();
        let opened = open(&path, &CancelToken::default(), |_| {}).unwrap();
        let duration_s = opened.info.range.duration_s();
        assert!((duration_s - 3.0).abs() < 0.06, "{codec:?}: {duration_s} s");
        let heard = read_mono(&path, None, rate_hz, opened.info.range, &CancelToken::default()).unwrap();
        let middle = rate_hz as usize..2 * rate_hz as usize;
        let alike = correlation(&samples[middle.clone()], &heard[middle]);
        assert!(alike > 0.95, "{codec:?}: {alike}");
    }
}

#[test]
fn a_rate_that_the_codec_does_not_take_is_told_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.ogg");
    let error = AudioWriter::create(&path, &spec(AudioCodec::Opus, 44_100)).err().unwrap();
    assert!(matches!(error, MediaError::WriteAudio { .. }), "{error}");
    assert!(error.to_string().ends_with("a.ogg"), "{error}");
    let many = AudioSpec { format: AudioFormat { rate_hz: 48_000, channels: 6 }, ..spec(AudioCodec::Flac, 48_000) };
    let error = AudioWriter::create(&path, &many).err().unwrap().to_string();
    assert!(error.contains("one channel or two can be written, and not 6"), "{error}");
    drop(AudioWriter::create(&path, &spec(AudioCodec::Opus, 48_000)).unwrap());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
