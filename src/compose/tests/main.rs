//! Recordings as they are composed: what is in them, when, and of which part.

#![allow(clippy::unwrap_used, reason = "a test says where")]

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use avar_base::job::CancelToken;
use avar_compose::{ComposeError, ComposeSpec, SceneSpec, write_recordings};
use avar_dataset::Manifest;
use avar_labels::{AnomalyClass, Split};
use avar_media::{AudioCodec, AudioFormat, AudioSpec, AudioWriter, open, read_mono};

const RATE_HZ: u32 = 48_000;

fn write(path: &Path, sample: impl Fn(usize) -> f32, seconds: f32) {
    let format = AudioFormat { rate_hz: RATE_HZ, channels: 1 };
    let spec = AudioSpec { format, codec: AudioCodec::Flac, bits_per_second: 0 };
    let mut writer = AudioWriter::create(path, &spec).unwrap();
    writer.push(&(0..(seconds * RATE_HZ as f32) as usize).map(sample).collect::<Vec<_>>()).unwrap();
    writer.finish().unwrap();
}

/// Hum is everyday life; a tone of 2 kHz is a siren in training and one of 1.2 kHz in the test.
fn material(folder: &Path) -> Manifest {
    let tone = |hz: f32| move |n: usize| 0.5 * (TAU * hz * n as f32 / RATE_HZ as f32).sin();
    write(&folder.join("hum-train.flac"), tone(110.0), 3.0);
    write(&folder.join("hum-test.flac"), tone(90.0), 3.0);
    write(&folder.join("siren-train.flac"), tone(2000.0), 1.5);
    write(&folder.join("siren-test.flac"), tone(1200.0), 1.5);
    let text = "path,label,split,group\nhum-train.flac,normal,train,a\nhum-test.flac,normal,test,b\n\
                siren-train.flac,police_siren,train,c\nsiren-test.flac,police_siren,test,d\n";
    std::fs::write(folder.join("manifest.csv"), text).unwrap();
    Manifest::read(&folder.join("manifest.csv")).unwrap()
}

fn spec(recordings: Vec<(Split, usize)>) -> ComposeSpec {
    let scene =
        SceneSpec { duration_s: 20.0..30.0, events_per_hour: 360.0, everyday_per_hour: 600.0, ratio_db: 15.0..25.0 };
    ComposeSpec { recordings, scene, seed: 3 }
}

fn compose(material: &Manifest, folder: &Path, spec: &ComposeSpec) -> Result<PathBuf, ComposeError> {
    write_recordings(material, folder, spec, &CancelToken::default(), |_, _| {})
}

/// Power of a tone in samples (Goertzel).
fn power_at(samples: &[f32], hz: f32) -> f32 {
    let turn = |n: usize| TAU * hz * n as f32 / RATE_HZ as f32;
    let sum = |f: fn(f32) -> f32| samples.iter().enumerate().map(|(n, sample)| sample * f(turn(n))).sum::<f32>();
    (sum(f32::sin).powi(2) + sum(f32::cos).powi(2)) / (samples.len() as f32).powi(2)
}

#[test]
fn the_truth_says_when_an_event_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = compose(&material(folder.path()), &folder.path().join("out"), &spec(vec![(Split::Train, 12)])).unwrap();
    let composed = Manifest::read(&path).unwrap();
    assert_eq!(composed.clips.len(), 12);
    let mut events = 0;
    for clip in &composed.clips {
        let opened = open(&clip.file, &CancelToken::default(), |_| {}).unwrap();
        let heard = read_mono(&clip.file, None, RATE_HZ, opened.info.range, &CancelToken::default()).unwrap();
        assert!((19.5..31.0).contains(&opened.info.range.duration_s()), "{}", opened.info.range.duration_s());
        let at = |seconds: f64| (seconds * f64::from(RATE_HZ)) as usize;
        for event in &clip.ranges {
            events += 1;
            assert_eq!(event.class, AnomalyClass::PoliceSiren);
            let (start, end) = (at(event.range.start.seconds()), at(event.range.end.seconds()).min(heard.len()));
            // The pitch is varied by up to nine percent.
            let during = (184..=218).map(|hz| power_at(&heard[start..end], 10.0 * hz as f32)).fold(0f32, f32::max);
            let before = start.saturating_sub(at(1.0))..start.saturating_sub(at(0.1));
            if before.len() > at(0.5) {
                let before =
                    (184..=218).map(|hz| power_at(&heard[before.clone()], 10.0 * hz as f32)).fold(0f32, f32::max);
                assert!(during > 3.0 * before, "{}: {during} {before}", clip.path.display());
            }
        }
    }
    assert!(events > 12, "{events}");
}

#[test]
fn a_part_is_composed_of_its_own_material_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = compose(&material(folder.path()), &folder.path().join("out"), &spec(vec![(Split::Test, 6)])).unwrap();
    let composed = Manifest::read(&path).unwrap();
    assert!(composed.clips.iter().all(|clip| clip.split == Some(Split::Test)));
    for clip in composed.clips.iter().filter(|clip| !clip.ranges.is_empty()) {
        let opened = open(&clip.file, &CancelToken::default(), |_| {}).unwrap();
        let heard = read_mono(&clip.file, None, RATE_HZ, opened.info.range, &CancelToken::default()).unwrap();
        let loudest =
            |hz: std::ops::RangeInclusive<u32>| hz.map(|hz| power_at(&heard, 10.0 * hz as f32)).fold(0f32, f32::max);
        assert!(loudest(110..=131) > 10.0 * loudest(184..=218), "{}", clip.path.display());
    }
}

#[test]
fn the_same_seed_composes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let material = material(folder.path());
    let read = |name: &str, recordings: usize| {
        let path = compose(&material, &folder.path().join(name), &spec(vec![(Split::Train, recordings)])).unwrap();
        let clips = Manifest::read(&path).unwrap().clips;
        clips.into_iter().map(|clip| (clip.path.clone(), clip.ranges.clone(), std::fs::read(clip.file).unwrap()))
    };
    let (one, more): (Vec<_>, Vec<_>) = (read("one", 3).collect(), read("more", 5).collect());
    assert!(one.iter().all(|recording| more.contains(recording)), "a larger composition begins with the smaller one");
}

#[test]
fn what_cannot_be_composed_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let material = material(folder.path());
    let out = folder.path().join("out");
    let error = compose(&material, &out, &spec(vec![(Split::Validation, 1)])).unwrap_err().to_string();
    assert!(error.contains("the val part has no everyday sound") && error.ends_with("manifest.csv"), "{error}");
    assert!(matches!(compose(&material, &out, &spec(Vec::new())), Err(ComposeError::Spec(_))));
    let endless = SceneSpec { duration_s: 10.0..f32::INFINITY, ..spec(Vec::new()).scene };
    let error = compose(&material, &out, &ComposeSpec { scene: endless, ..spec(vec![(Split::Train, 1)]) });
    assert!(error.unwrap_err().to_string().contains("from one second to two hours"));
    let cancel = CancelToken::default();
    cancel.cancel();
    let stopped = write_recordings(&material, &out, &spec(vec![(Split::Train, 1)]), &cancel, |_, _| {});
    assert!(matches!(stopped, Err(ComposeError::Cancelled(_))));
}
