//! The pipeline from media to step scores, on recordings made on the spot and with untrained weights.

#![allow(clippy::unwrap_used, reason = "a test says where")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_analysis::audio::{StepAudio, audio_features, steps_per_chunk};
use avar_analysis::{
    Analysis, AnalysisPartial, AnalysisSettings, AnalysisSpec, JournalPlace, NetworkChoice, NetworkShelf,
    PictureDamage, StepGrid, analyse, extract, plan, spawn_analysis,
};
use avar_base::job::{CancelToken, JobEvent, no_wake};
use avar_base::time::{MediaTime, TimeRange};
use avar_labels::{ClassScores, Modalities};
use avar_media::{AudioBlock, AudioFormat, ClipSpec, ClipWriter, OpenedMedia, open};
use avar_model::wav2vec2::SAMPLE_RATE_HZ;
use avar_model::{AvarNet, ComputeDevice, Preset};

fn spec(path: &Path) -> AnalysisSpec {
    let OpenedMedia { info, frames } = open(path, &CancelToken::default(), |_| {}).unwrap();
    AnalysisSpec {
        info,
        frames,
        network: NetworkChoice::untrained(Preset::Lite),
        settings: AnalysisSettings::default(),
        journal: None,
    }
}

fn analysed(path: &Path) -> Analysis {
    analyse(&spec(path), &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap()
}

fn clip(folder: &tempfile::TempDir, seconds: u32, has_sound: bool) -> PathBuf {
    let path = folder.path().join("clip.mp4");
    avar_testing::write_clip(&path, seconds, has_sound);
    path
}

#[test]
fn scores_arrive_in_parts_that_make_up_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&clip(&folder, 24, true));
    let mut parts = Vec::new();
    let mut lengths = Vec::new();
    let analysis = analyse(&spec, &NetworkShelf::default(), &CancelToken::default(), |partial| match partial {
        AnalysisPartial::Started { grid, .. } => assert_eq!(grid.len(), 96),
        AnalysisPartial::Steps(steps) => {
            lengths.push(steps.len());
            parts.extend_from_slice(steps);
        }
    })
    .unwrap();
    assert!(lengths.iter().filter(|length| **length > 0).count() >= 3, "all at once: {lengths:?}");
    assert_eq!(parts, analysis.scores.steps);
}

/// The scores of an analysis that was ended after `steps`, and of the one that went on from there.
fn interrupted(spec: &AnalysisSpec, steps: usize) -> Analysis {
    let (cancel, mut done) = (CancelToken::default(), 0);
    let ended = analyse(spec, &NetworkShelf::default(), &cancel, |partial| {
        if let AnalysisPartial::Steps(steps) = partial {
            done += steps.len();
        }
        if done >= steps {
            cancel.cancel();
        }
    });
    assert!(ended.is_err() && done >= steps, "the analysis was over after {done} steps");
    analyse(spec, &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap()
}

#[test]
fn an_analysis_that_was_interrupted_goes_on_and_ends_with_the_same_scores() {
    let folder = tempfile::tempdir().unwrap();
    for (has_sound, is_damaged) in [(true, false), (false, false), (false, true)] {
        let path = clip(&folder, 31, has_sound);
        if is_damaged {
            overwrite(&path, 350, 550);
        }
        let through = analysed(&path);
        for steps in [1, 50, 90] {
            let journals = tempfile::tempdir().unwrap();
            let place = JournalPlace { folder: journals.path().to_owned(), afresh: false };
            let spec = AnalysisSpec { journal: Some(place), ..spec(&path) };
            let gone_on = interrupted(&spec, steps);
            assert!(
                gone_on.scores == through.scores,
                "after {steps} steps, with sound: {has_sound}, damaged: {is_damaged}"
            );
            assert!(
                gone_on.account.notes[0].contains("of 124 steps were computed by an earlier run"),
                "{:?}",
                gone_on.account.notes
            );
            assert!(gone_on.account.timings.analysed_s < 31.0 - steps as f64 / 4.0 + 0.01);
            let again = analyse(&spec, &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap();
            assert!(again.scores == through.scores && again.account.timings.analysed_s == 0.0);
        }
    }
}

#[test]
fn scores_that_cannot_be_kept_are_computed_all_the_same_and_a_note_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(&folder, 3, true);
    let place = JournalPlace { folder: path.clone(), afresh: false };
    let spec = AnalysisSpec { journal: Some(place), ..spec(&path) };
    let analysis = analyse(&spec, &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap();
    assert!(analysis.scores.is_complete());
    assert!(analysis.account.notes.iter().any(|note| note.contains("cannot be kept")), "{:?}", analysis.account.notes);
}

#[test]
fn the_grid_is_announced_before_the_network_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&clip(&folder, 1, false));
    let cancel = CancelToken::default();
    let mut started = false;
    let result = analyse(&spec, &NetworkShelf::default(), &cancel, |partial| {
        started |= matches!(partial, AnalysisPartial::Started { .. });
        cancel.cancel();
    });
    assert!(started && result.is_err());
}

#[test]
fn a_file_without_sound_is_analysed_on_the_picture_alone_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let analysis = analysed(&clip(&folder, 2, false));
    assert_eq!(analysis.scores.modalities, Modalities::PictureOnly);
    assert_eq!(analysis.scores.steps.len(), 8);
    assert!(analysis.account.notes.iter().any(|note| note.contains("picture only")), "{:?}", analysis.account.notes);
}

/// Overwrites a stretch of a file, from and to these thousandths of it.
fn overwrite(path: &Path, from: usize, to: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let of = |thousandths: usize| bytes.len() * thousandths / 1000;
    let stretch = of(from)..of(to);
    bytes[stretch].iter_mut().enumerate().for_each(|(place, byte)| *byte = (place * 167 + place / 7) as u8);
    std::fs::write(path, bytes).unwrap();
}

fn note_on_pictures(analysis: &Analysis) -> Option<&String> {
    analysis.account.notes.iter().find(|note| note.starts_with("The picture is damaged in "))
}

#[test]
fn steps_that_rest_on_damaged_pictures_are_marked_and_a_note_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = clip(&folder, 8, false);
    let whole = analysed(&path);
    assert!(whole.scores.steps.iter().all(|step| step.damage.is_none()) && note_on_pictures(&whole).is_none());
    overwrite(&path, 450, 700);
    let damaged = analysed(&path);
    let steps = &damaged.scores.steps;
    assert_eq!(steps.len(), 32);
    assert!(steps.iter().any(|step| step.damage.is_none()));
    let count = |damage| steps.iter().filter(|step| step.damage == Some(damage)).count();
    let (missing, suspect) = (count(PictureDamage::Missing), count(PictureDamage::Suspect));
    assert!(missing + suspect > 5, "{missing}, {suspect}");
    for step in steps {
        let table = spec(&path).frames.unwrap();
        let is_late = step.frame.unwrap().index < table.at_or_before(step.start);
        let is_lost = is_late || table.losses().iter().any(|loss| loss.range.contains(step.start));
        assert_eq!(is_lost, step.damage == Some(PictureDamage::Missing), "{step:?}");
    }
    let note = note_on_pictures(&damaged).unwrap();
    assert!(note.starts_with(&format!("The picture is damaged in {} of 32 steps, ", missing + suspect)), "{note}");
}

#[test]
fn a_file_without_a_picture_is_analysed_on_the_sound_alone_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sound.wav");
    avar_testing::write_wav(&path, &[avar_testing::tone(0, 16_000), avar_testing::tone(1, 16_000)].concat(), 16_000);
    let analysis = analysed(&path);
    assert_eq!(analysis.scores.modalities, Modalities::SoundOnly);
    assert_eq!(analysis.scores.steps.len(), 8);
    assert!(analysis.scores.steps.iter().all(|step| step.frame.is_none()));
    assert!(analysis.account.notes.iter().any(|note| note.contains("sound only")), "{:?}", analysis.account.notes);
}

/// Six seconds of tones, of which `change` makes what is written.
fn float_wav(folder: &tempfile::TempDir, name: &str, change: impl FnOnce(Vec<f32>) -> Vec<Vec<f32>>) -> PathBuf {
    let path = folder.path().join(name);
    avar_testing::write_float_wav(
        &path,
        &change((0..6).flat_map(|second| avar_testing::tone(second, 16_000)).collect()),
        16_000,
    );
    path
}

#[test]
fn channels_of_opposite_polarity_are_scored_as_one_of_them_and_a_note_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mono = analysed(&float_wav(&folder, "mono.wav", |tone| vec![tone]));
    let pair = |tone: Vec<f32>| vec![tone.clone(), tone.iter().map(|sample| -sample).collect()];
    let opposite = analysed(&float_wav(&folder, "opposite.wav", pair));
    assert_eq!(opposite.scores.steps, mono.scores.steps);
    let says_so = |analysis: &Analysis| analysis.account.notes.iter().any(|note| note.contains("opposite polarity"));
    assert!(says_so(&opposite) && !says_so(&mono), "{:?}", opposite.account.notes);
}

#[test]
fn a_stretch_of_samples_that_are_no_numbers_is_scored_without_sound_and_a_note_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = |mut tone: Vec<f32>| {
        tone[16_000..32_000].fill(f32::NAN);
        tone[40_000] = f32::INFINITY;
        vec![tone]
    };
    let path = float_wav(&folder, "damaged.wav", damaged);
    let journal = JournalPlace { folder: folder.path().join("journal"), afresh: false };
    let spec = AnalysisSpec { journal: Some(journal), ..spec(&path) };
    let analysis = analyse(&spec, &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap();
    let heard: Vec<usize> = (0..24).filter(|step| analysis.scores.steps[*step].evidence.sound.is_some()).collect();
    assert_eq!(heard, (0..24).filter(|step| !(4..8).contains(step)).collect::<Vec<_>>());
    assert!(analysis.scores.steps.iter().flat_map(|step| step.class_scores.0).all(f32::is_finite));
    let note = "16001 samples of the sound are not finite numbers (the first 1.00 s after the beginning)";
    assert!(analysis.account.notes.iter().any(|said| said.starts_with(note)), "{:?}", analysis.account.notes);
    // Nothing is computed again, and the note is there all the same.
    let again = analyse(&spec, &NetworkShelf::default(), &CancelToken::default(), |_| {}).unwrap();
    assert_eq!(again.scores.steps, analysis.scores.steps);
    assert!(again.account.notes.iter().any(|said| said.starts_with(note)), "{:?}", again.account.notes);
}

#[test]
fn samples_that_are_no_numbers_leave_the_picture_to_be_analysed() {
    let folder = tempfile::tempdir().unwrap();
    let sound = float_wav(&folder, "nothing.wav", |tone| vec![vec![f32::NAN; tone.len()]]);
    let path = folder.path().join("clip.mkv");
    let mut command = std::process::Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc=duration=6:size=160x120", "-i"]);
    command.arg(&sound).args(["-c:v", "mpeg4", "-c:a", "copy"]).arg(&path);
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return avar_testing::skip(&format!("the ffmpeg program cannot be run ({error})")),
    }
    let analysis = analysed(&path);
    assert_eq!(analysis.scores.steps.len(), 24);
    for step in &analysis.scores.steps {
        assert!(step.frame.is_some() && step.evidence.picture.is_some() && step.evidence.sound.is_none(), "{step:?}");
    }
    let said = &analysis.account.notes;
    assert!(said.iter().any(|note| note.contains("24 of 24 steps") && note.contains("no usable sample")), "{said:?}");
}

#[test]
fn a_recording_whose_header_states_no_length_is_scored_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [("browser.mkv", "matroska"), ("radio.flac", "flac")] {
        let path = folder.path().join(name);
        if !write_piped(&path, format) {
            return;
        }
        // The encoder's last block may reach a few milliseconds past the two seconds, into a ninth step.
        let steps = analysed(&path).scores.steps.len();
        assert!((8..=9).contains(&steps), "{name} lasts two seconds, not {steps} steps");
    }
}

/// Two seconds as a program writes them that cannot go back to state the length; `false`, with a word of it,
/// where there is no ffmpeg program.
fn write_piped(path: &Path, format: &str) -> bool {
    let mut command = std::process::Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "sine=duration=2"]);
    if format == "matroska" {
        command.args(["-f", "lavfi", "-i", "testsrc=duration=2:size=160x120"]);
    }
    match command.args(["-f", format, "pipe:1"]).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            std::fs::write(path, output.stdout).unwrap();
            true
        }
        Err(error) => {
            avar_testing::skip(&format!("the ffmpeg program cannot be run ({error})"));
            false
        }
    }
}

#[test]
fn both_modalities_reach_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let whole = analysed(&clip(&folder, 2, true));
    assert_eq!(whole.scores.modalities, Modalities::PictureAndSound);
    let silent = analysed(&clip(&folder, 2, false));
    assert_ne!(whole.scores.steps[0].class_scores, silent.scores.steps[0].class_scores);
    // The same sound with another picture.
    let dark = folder.path().join("dark.mp4");
    write_dark_clip(&dark, 2);
    let dark = analysed(&dark);
    assert_eq!(dark.scores.modalities, Modalities::PictureAndSound);
    assert_ne!(whole.scores.steps[0].class_scores, dark.scores.steps[0].class_scores);
    assert_eq!(whole.scores.steps[0].evidence.sound, dark.scores.steps[0].evidence.sound);
}

/// As [`avar_testing::write_clip`] with its sound, and black.
fn write_dark_clip(path: &Path, seconds: u32) {
    let audio = Some(AudioFormat { rate_hz: 48_000, channels: 1 });
    let (width_px, height_px) = (avar_testing::WIDTH_PX, avar_testing::HEIGHT_PX);
    let spec = ClipSpec { width_px, height_px, rate_hz: avar_testing::RATE_HZ, audio, crf: 23 };
    let mut writer = ClipWriter::create(path, &spec).unwrap();
    let black = vec![0; (width_px * height_px * 3) as usize];
    for second in 0..seconds {
        for _ in 0..avar_testing::RATE_HZ {
            writer.push_rgb(&black).unwrap();
        }
        writer.push_audio(&avar_testing::tone(second, 48_000)).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn a_score_rests_on_no_sound_beyond_its_windows_and_its_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let scores = |name: &str, last: f32| {
        let path = folder.path().join(name);
        let mut samples: Vec<f32> = (0..20).flat_map(|second| avar_testing::tone(second, 16_000)).collect();
        samples[16 * 16_000..].iter_mut().for_each(|sample| *sample *= last);
        avar_testing::write_wav(&path, &samples, 16_000);
        analysed(&path).scores.steps
    };
    let (one, other) = (scores("one.wav", 1.0), scores("other.wav", 0.1));
    // Three chunks hear 16 s, their 60 steps fill the windows up to 36..60; step 48 is the first that waits for more.
    assert_eq!(one[..48], other[..48]);
    assert_ne!(one[72], other[72]);
}

#[test]
fn a_network_is_loaded_once_for_many_files() {
    let shelf = NetworkShelf::default();
    let choice = NetworkChoice::untrained(Preset::Lite);
    let first = shelf.take(&choice, &CancelToken::default()).unwrap();
    let second = shelf.take(&choice, &CancelToken::default()).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn the_timings_of_the_parts_add_up_to_no_more_than_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let timings = analysed(&clip(&folder, 2, true)).account.timings;
    let parts =
        [timings.load_weights, timings.decode, timings.picture_network, timings.audio_network, timings.temporal_head];
    assert!(parts.iter().all(|part| *part > Duration::ZERO), "{timings:?}");
    assert!(parts.iter().sum::<Duration>() <= timings.total, "{timings:?}");
}

/// The bound of the program. A busy machine may miss it now and then, so the best of three tries counts.
const CANCEL_WITHIN: Duration = Duration::from_millis(200);

#[test]
fn an_analysis_cancelled_while_it_loads_ends_within_200_ms() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&clip(&folder, 30, true));
    ends_soon(|| time_to_cancel(&spec, &Arc::default(), Duration::from_millis(5)));
}

#[test]
fn a_running_analysis_cancelled_at_any_moment_ends_within_200_ms() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&clip(&folder, 60, true));
    let shelf = Arc::new(NetworkShelf::default());
    shelf.take(&spec.network, &CancelToken::default()).unwrap();
    // Early in the sound of the first chunk, late in it, among its pictures, and further on.
    for delay_ms in [5, 40, 80, 200, 400] {
        ends_soon(|| time_to_cancel(&spec, &shelf, Duration::from_millis(delay_ms)));
    }
}

#[track_caller]
fn ends_soon(attempt: impl Fn() -> Duration) {
    let times: Vec<Duration> = (0..3).map(|_| attempt()).collect();
    println!("cancelled after {times:?}");
    assert!(times.iter().any(|time| *time <= CANCEL_WITHIN), "{times:?}");
}

/// From the wish to cancel, `delay` after the start, to the word that it was done.
fn time_to_cancel(spec: &AnalysisSpec, shelf: &Arc<NetworkShelf>, delay: Duration) -> Duration {
    let mut job = spawn_analysis(spec.clone(), shelf.clone(), no_wake()).unwrap();
    let started = Instant::now();
    let mut asked = None;
    loop {
        if asked.is_none() && started.elapsed() >= delay {
            job.cancel();
            asked = Some(Instant::now());
        }
        match job.try_next() {
            Some(JobEvent::Cancelled) => return asked.expect("nobody else cancels").elapsed(),
            Some(JobEvent::Done(_)) => panic!("the recording was analysed within {delay:?}"),
            Some(JobEvent::Failed(sentence)) => panic!("{sentence}"),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Relative L2 distances of a step's features, measured on two cores with AVX-512 and rounded up: 0.252 at worst,
/// 0.186 on average. It lies alike over a whole chunk, since the encoder normalises what it is given as a whole ...
const WORST_CHANGE: f32 = 0.28;
const MEAN_CHANGE: f32 = 0.21;
/// ... and a step beside a boundary changes by hardly more than the other steps of its chunk (measured: 0.013).
const BOUNDARY_CHANGE: f32 = 0.02;

#[test]
fn the_features_of_a_chunk_stay_within_a_bound_of_those_of_the_whole() {
    let changes = changes_by_chunks();
    let worst = changes.iter().copied().fold(0.0, f32::max);
    let mean = mean(&changes);
    println!("chunks change a step by {mean:.4} on average, {worst:.4} at worst: {changes:.3?}");
    assert!(worst > 0.0, "nothing was cut");
    assert!(worst <= WORST_CHANGE && mean <= MEAN_CHANGE, "{worst} at worst, {mean} on average");
}

#[test]
fn a_step_beside_a_chunk_boundary_changes_hardly_more_than_the_others() {
    let changes = changes_by_chunks();
    for chunk in changes.chunks(STEPS_PER_CHUNK) {
        let beside = chunk[0].max(chunk[STEPS_PER_CHUNK - 1]);
        let more = beside - mean(&chunk[3..STEPS_PER_CHUNK - 3]);
        println!("a step beside the boundary changes by {more:.4} more");
        assert!(more <= BOUNDARY_CHANGE, "{more}");
    }
}

const STEPS_PER_CHUNK: usize = 20;

/// For each step of 20 s of sound, what cutting it into chunks changes.
fn changes_by_chunks() -> Vec<f32> {
    let samples = varied_sound(20);
    let choice = NetworkChoice::untrained(Preset::Lite);
    let network = AvarNet::load(choice.preset, &choice.weights, &ComputeDevice::cpu()).unwrap();
    let range = TimeRange::new(MediaTime::ZERO, MediaTime::from_seconds(20.0));
    let grid = StepGrid::new(range, 4.0).unwrap();
    assert_eq!(steps_per_chunk(&grid), STEPS_PER_CHUNK);
    let whole = features(&network, &grid, &samples, grid.len());
    let chunked = features(&network, &grid, &samples, STEPS_PER_CHUNK);
    let width = network.audio_dim();
    whole.chunks(width).zip(chunked.chunks(width)).map(|(a, b)| distance(a, b)).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

fn features(network: &AvarNet, grid: &StepGrid, samples: &[f32], chunk: usize) -> Vec<f32> {
    let mut blocks = samples.chunks(4000).enumerate();
    let block = |(number, samples): (usize, &[f32])| AudioBlock {
        start: MediaTime::from_seconds(number as f64 * 4000.0 / f64::from(SAMPLE_RATE_HZ)),
        samples: samples.to_vec(),
    };
    let mut track = StepAudio::new(MediaTime::ZERO, SAMPLE_RATE_HZ, move || {
        Ok::<_, avar_model::ModelError>(blocks.next().map(block))
    });
    let mut rows = Vec::new();
    for start in (0..grid.len()).step_by(chunk) {
        let steps = start..(start + chunk).min(grid.len());
        let part = audio_features(&mut track, grid, steps, network.token_format(), network.audio_dim(), |samples| {
            network.encode_audio(samples, &CancelToken::default())
        });
        rows.extend(part.unwrap().rows);
    }
    rows
}

/// Of `b` from `a`, relative to the length of `a`.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let length = |values: &mut dyn Iterator<Item = f32>| values.map(|value| value * value).sum::<f32>().sqrt();
    length(&mut a.iter().zip(b).map(|(a, b)| a - b)) / length(&mut a.iter().copied())
}

/// Tones, noise and clicks whose loudness swings by 20 dB in seven seconds.
fn varied_sound(seconds: u32) -> Vec<f32> {
    let mut state = 1u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let tones = (0..seconds).flat_map(|second| avar_testing::tone(second, SAMPLE_RATE_HZ));
    let swing = |number: usize| (std::f32::consts::TAU * number as f32 / (7.0 * SAMPLE_RATE_HZ as f32)).sin();
    tones.enumerate().map(|(number, tone)| 10f32.powf(0.5 * swing(number) - 0.5) * (tone + 0.1 * noise())).collect()
}

#[test]
fn the_evidence_of_a_step_is_what_the_network_says_of_one_modality_alone() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(&clip(&folder, 2, true));
    let cancel = CancelToken::default();
    let network = NetworkShelf::default().take(&spec.network, &cancel).unwrap();
    let (grid, modalities) = plan(&spec.info, spec.frames.as_deref(), 4.0).unwrap();
    let features = extract(&spec.info, spec.frames.as_ref(), &network, grid, &cancel).unwrap();
    let outputs = features.score_window(&network, 0..8, modalities).unwrap();
    let by_picture = network.step_probabilities(Some(&features.picture), None, 1, 8).unwrap();
    let by_sound = network.step_probabilities(None, Some(&features.sound), 1, 8).unwrap();
    let is_close = |evidence: Option<f32>, probabilities: &[f32; 10]| {
        (evidence.unwrap() - ClassScores(*probabilities).anomaly()).abs() < 1e-5
    };
    for (step, output) in outputs.iter().enumerate() {
        assert!(is_close(output.evidence.picture, &by_picture.as_chunks().0[step]));
        assert!(is_close(output.evidence.sound, &by_sound.as_chunks().0[step]));
    }
}

#[test]
fn a_file_without_sound_has_no_evidence_of_it() {
    let folder = tempfile::tempdir().unwrap();
    for step in analysed(&clip(&folder, 2, false)).scores.steps {
        assert_eq!((step.evidence.picture, step.evidence.sound), (Some(step.anomaly()), None));
    }
}
