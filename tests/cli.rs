//! The contract of the command line, checked from outside on the built program.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use avar::job::CancelToken;
use avar::media::FrameTable;
use avar::model::{AvarNet, ComputeDevice, Preset, WeightSource, Weights};
use avar_testing::read_json;

use crate::program::Run;
use sha2::{Digest, Sha256};

const HEADER: &str = "step,frame,pts_s,score,abuse,baby_cry,crash,brawling,explosion,intruder,normal,pain,police_siren,vandalism,\
     damage";
const WARNING: &str = "untrained";
const CLIP_S: u32 = 3;

/// One clip and its analysis, which the tests look at from several sides.
struct Analysed {
    folder: tempfile::TempDir,
    clip: PathBuf,
    run: Run,
}

static ANALYSED: LazyLock<Analysed> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let clip = folder.path().join("clip.mp4");
    avar_testing::write_clip(&clip, CLIP_S, true);
    let run = analyze(&[&clip], &folder.path().join("out"), &[]).expect_status(0);
    Analysed { folder, clip, run }
});

impl Analysed {
    fn output(&self, ending: &str) -> PathBuf {
        self.folder.path().join("out").join(format!("clip.{ending}"))
    }

    fn rows(&self) -> Vec<Row> {
        rows(&self.output("scores.csv"))
    }
}

struct Row {
    step: usize,
    frame: Option<usize>,
    pts_s: f64,
    score: f64,
    classes: Vec<f64>,
}

fn rows(path: &Path) -> Vec<Row> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let row = |record: csv::StringRecord| Row {
        step: record[0].parse().unwrap(),
        frame: (!record[1].is_empty()).then(|| record[1].parse().unwrap()),
        pts_s: record[2].parse().unwrap(),
        score: record[3].parse().unwrap(),
        classes: record.iter().skip(4).take(10).map(|value| value.parse().unwrap()).collect(),
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// With untrained weights, unless the options name others: what is tested must not depend on what was learned.
fn analyze(files: &[&Path], out: &Path, options: &[&str]) -> Run {
    let untrained: &[&str] = if options.contains(&"--weights") { &[] } else { &["--untrained"] };
    analyze_with(files, out, &[options, untrained].concat())
}

fn analyze_with(files: &[&Path], out: &Path, options: &[&str]) -> Run {
    let mut arguments: Vec<&std::ffi::OsStr> = vec!["analyze".as_ref()];
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    arguments.extend(["--out".as_ref(), out.as_os_str()]);
    arguments.extend(options.iter().map(std::ffi::OsStr::new));
    crate::program::avar(arguments)
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn an_analysis_writes_three_files_and_nothing_else() {
    assert_eq!(names_in(&ANALYSED.folder.path().join("out")), ["clip.events.json", "clip.run.json", "clip.scores.csv"]);
}

#[test]
fn the_score_table_has_exactly_the_columns_of_the_contract() {
    let text = std::fs::read_to_string(ANALYSED.output("scores.csv")).unwrap();
    assert_eq!(text.lines().next(), Some(HEADER));
}

#[test]
fn the_score_table_has_one_row_a_step() {
    let steps: Vec<usize> = ANALYSED.rows().iter().map(|row| row.step).collect();
    assert_eq!(steps, (0..CLIP_S as usize * 4).collect::<Vec<_>>());
    assert_eq!(read_json(&ANALYSED.output("run.json"))["steps"], steps.len());
}

#[test]
fn every_row_names_the_frame_on_screen_when_its_step_starts() {
    // The clip begins at 0 and has so many frames a second, and there are four steps a second.
    let rate_hz = avar_testing::RATE_HZ as usize;
    for row in ANALYSED.rows() {
        let frame = row.step * rate_hz / 4;
        assert_eq!(row.frame, Some(frame), "step {}", row.step);
        assert!((row.pts_s - frame as f64 / rate_hz as f64).abs() < 1e-6, "step {}", row.step);
    }
}

#[test]
fn no_row_names_a_frame_that_the_probe_does_not_count() {
    let probed =
        crate::program::avar(["probe".as_ref(), ANALYSED.clip.as_os_str(), "--json".as_ref()]).expect_status(0).json();
    assert_eq!(probed["video"]["frames"], CLIP_S * avar_testing::RATE_HZ);
    let frames: Vec<usize> = ANALYSED.rows().iter().filter_map(|row| row.frame).collect();
    assert!(
        frames.is_sorted_by(|a, b| a < b)
            && frames.last() < Some(&(probed["video"]["frames"].as_u64().unwrap() as usize))
    );
}

#[test]
fn the_score_is_what_normal_leaves_and_the_ten_classes_sum_to_one() {
    for row in ANALYSED.rows() {
        assert_eq!(row.classes.len(), 10);
        assert!((row.score - (1.0 - row.classes[6])).abs() <= 1e-6, "step {}: score {}", row.step, row.score);
        assert!((row.classes.iter().sum::<f64>() - 1.0).abs() <= 1e-5, "step {}", row.step);
        assert!(row.classes.iter().all(|score| (0.0..=1.0).contains(score)), "step {}", row.step);
    }
}

#[test]
fn the_record_of_a_run_names_the_media_by_its_sha256() {
    let media = &read_json(&ANALYSED.output("run.json"))["media"];
    let bytes = std::fs::read(&ANALYSED.clip).unwrap();
    assert_eq!(media["sha256"], sha256(&bytes));
    assert_eq!(media["size_bytes"], bytes.len());
    assert_eq!(media["path"], ANALYSED.clip.to_str().unwrap());
}

#[test]
fn the_record_of_a_run_names_weights_decoder_configuration_and_timings() {
    let run = read_json(&ANALYSED.output("run.json"));
    assert_eq!(run["weights"]["digest"].as_str().map(str::len), Some(64));
    assert_eq!(run["decoder"], avar::media::decoder_version());
    let configuration = &run["configuration"];
    assert_eq!(configuration["network"], "lite");
    assert_eq!(configuration["device"], "cpu");
    assert_eq!(configuration["steps_per_second"], 4.0);
    assert_eq!(configuration["window_steps"], 24);
    assert!(configuration["hysteresis"]["onset"].is_number());
    assert_eq!(configuration["classes"].as_array().unwrap().len(), 10);
    assert!(run["timings_s"]["total"].as_f64().unwrap() > 0.0);
}

#[test]
fn untrained_weights_are_owned_up_to_wherever_a_score_appears() {
    assert!(ANALYSED.run.stdout.contains(WARNING), "{}", ANALYSED.run.stdout);
    for ending in ["events.json", "run.json"] {
        let weights = &read_json(&ANALYSED.output(ending))["weights"];
        assert_eq!(weights["is_trained"], false, "{ending}");
        assert!(weights["warning"].as_str().unwrap().contains(WARNING), "{ending}");
    }
}

#[test]
fn events_lie_within_the_scores_and_name_frames() {
    let events = read_json(&ANALYSED.output("events.json"));
    let rows = ANALYSED.rows();
    let found = events["events"].as_array().unwrap();
    assert_eq!(read_json(&ANALYSED.output("run.json"))["events"], found.len());
    for event in found {
        let index = |name: &str| event[name].as_u64().unwrap() as usize;
        assert!(index("first_step") <= index("last_step") && index("last_step") < rows.len());
        assert_eq!(Some(index("first_frame")), rows[index("first_step")].frame);
        let peak = rows[index("first_step")..=index("last_step")].iter().map(|row| row.score).fold(0.0, f64::max);
        assert!((event["peak"].as_f64().unwrap() - peak).abs() < 1e-6);
    }
}

#[test]
fn a_successful_analysis_leaves_standard_error_empty() {
    assert_eq!(ANALYSED.run.stderr, "");
}

#[test]
fn the_same_file_twice_gives_the_same_bytes_of_scores() {
    let out = tempfile::tempdir().unwrap();
    analyze(&[&ANALYSED.clip], out.path(), &[]).expect_status(0);
    let first = std::fs::read(ANALYSED.output("scores.csv")).unwrap();
    assert!(first == std::fs::read(out.path().join("clip.scores.csv")).unwrap(), "the score tables differ");
}

#[test]
fn json_on_standard_output_is_one_document_that_names_the_files() {
    let out = tempfile::tempdir().unwrap();
    let document = analyze(&[&ANALYSED.clip], out.path(), &["--json"]).expect_status(0).json();
    let file = &document["files"][0];
    assert_eq!(document["files"].as_array().unwrap().len(), 1);
    assert_eq!(file["path"], ANALYSED.clip.to_str().unwrap());
    assert_eq!(file["files"]["scores"], out.path().join("clip.scores.csv").to_str().unwrap());
    assert!(file["run"]["weights"]["warning"].as_str().unwrap().contains(WARNING));
    assert!(file["events"].is_array());
}

#[test]
fn one_file_that_fails_does_not_stop_the_others() {
    let out = tempfile::tempdir().unwrap();
    let missing = out.path().join("missing.mp4");
    let run = analyze(&[&missing, &ANALYSED.clip], out.path(), &["--json"]).expect_status(1);
    assert_eq!(names_in(out.path()), ["clip.events.json", "clip.run.json", "clip.scores.csv"]);
    let files = run.json()["files"].clone();
    assert!(files[0]["error"].as_str().unwrap().contains("missing.mp4"), "{files}");
    assert!(files[1]["run"].is_object(), "{files}");
}

#[test]
fn files_of_one_name_do_not_overwrite_each_other() {
    let out = tempfile::tempdir().unwrap();
    let other = out.path().join("elsewhere/clip.mp4");
    std::fs::create_dir(other.parent().unwrap()).unwrap();
    avar_testing::write_clip(&other, 1, false);
    analyze(&[&ANALYSED.clip, &other], &out.path().join("results"), &[]).expect_status(0);
    let results = names_in(&out.path().join("results"));
    let records: Vec<serde_json::Value> = results
        .iter()
        .filter(|name| name.ends_with(".run.json"))
        .map(|name| read_json(&out.path().join("results").join(name))["media"]["path"].clone())
        .collect();
    assert_eq!(results.len(), 6, "{results:?}");
    assert!(
        records.contains(&ANALYSED.clip.to_str().unwrap().into()) && records.contains(&other.to_str().unwrap().into())
    );
}

#[test]
fn the_wished_number_of_steps_is_scored_each_second() {
    let out = tempfile::tempdir().unwrap();
    analyze(&[&ANALYSED.clip], out.path(), &["--steps-per-second", "2.5"]).expect_status(0);
    // 3 s at 2.5 a second are 7.5 steps, the last of them half outside.
    assert_eq!(rows(&out.path().join("clip.scores.csv")).len(), 8);
    assert_eq!(read_json(&out.path().join("clip.run.json"))["configuration"]["steps_per_second"], 2.5);
}

#[test]
fn a_number_of_steps_that_makes_no_sense_is_refused_in_words() {
    let out = tempfile::tempdir().unwrap();
    for value in ["0", "-1", "nan", "inf", "51", "1e300"] {
        let run = analyze(&[&ANALYSED.clip], out.path(), &[&format!("--steps-per-second={value}")]);
        assert!(matches!(run.status, Some(1 | 2)), "{value}: {:?}", run.status);
        assert!(run.stderr.contains("between 0.1 and 50"), "{value}: {}", run.stderr);
    }
    assert_eq!(names_in(out.path()), [""; 0]);
}

#[test]
fn wrong_usage_ends_with_status_2() {
    let out = tempfile::tempdir().unwrap();
    analyze(&[], out.path(), &[]).expect_status(2);
    analyze(&[&ANALYSED.clip], out.path(), &["--device", "tpu"]).expect_status(2);
    analyze(&[&ANALYSED.clip], out.path(), &["--steps-per-second", "four"]).expect_status(2);
    analyze(&[&ANALYSED.clip], out.path(), &["--no-such-option"]).expect_status(2);
    crate::program::avar(["frame".as_ref(), ANALYSED.clip.as_os_str()]).expect_status(2);
}

#[test]
fn help_ends_with_status_0_and_lists_the_commands() {
    let help = crate::program::avar(["--help"]).expect_status(0).stdout;
    for command in ["probe", "frame", "analyze", "screenshot"] {
        assert!(help.contains(command), "{command}: {help}");
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_program_built_without_cuda_says_so() {
    let out = tempfile::tempdir().unwrap();
    let run = analyze(&[&ANALYSED.clip], out.path(), &["--device", "cuda"]).expect_status(1);
    assert!(run.stderr.contains("built without CUDA"), "{}", run.stderr);
    assert_eq!(run.stderr_lines().len(), 1, "{}", run.stderr);
}

#[test]
fn a_probe_says_in_words_what_is_in_the_file() {
    let text = crate::program::avar(["probe".as_ref(), ANALYSED.clip.as_os_str()]).expect_status(0).stdout;
    for expected in ["h264 160x120", "75", "aac 48000 Hz, 1 channels", "FFmpeg"] {
        assert!(text.contains(expected), "no \"{expected}\" in: {text}");
    }
}

#[test]
fn a_probe_says_what_is_wrong_with_the_sound() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opposite.wav");
    let mut tone = avar_testing::tone(0, 16_000);
    tone[8_000] = f32::INFINITY;
    let turned = tone.iter().map(|sample| -sample).collect();
    avar_testing::write_float_wav(&path, &[tone, turned], 16_000);
    let text = crate::program::avar(["probe".as_ref(), path.as_os_str()]).expect_status(0).stdout;
    for expected in ["warning: 1 sample of the sound is not a finite number (0.50 s", "warning: Channels of the sound"]
    {
        assert!(text.contains(expected), "no \"{expected}\" in: {text}");
    }
    let report = crate::program::avar(["probe".as_ref(), path.as_os_str(), "--json".as_ref()]).expect_status(0).json();
    let faults = &report["audio"]["faults"];
    assert_eq!((&faults["unusable_samples"], &faults["first_unusable"]), (&1.into(), &0.5.into()));
    assert_eq!((&faults["opposed_s"], &faults["first_opposed"]), (&1.0.into(), &0.0.into()));
}

#[test]
fn a_probe_as_json_is_the_ingest_report() {
    let report =
        crate::program::avar(["probe".as_ref(), ANALYSED.clip.as_os_str(), "--json".as_ref()]).expect_status(0).json();
    let video = &report["video"];
    assert_eq!((&video["codec"], &video["pixel_format"]), (&"h264".into(), &"yuv420p".into()));
    for (name, expected) in [
        ("width", u64::from(avar_testing::WIDTH_PX)),
        ("height", u64::from(avar_testing::HEIGHT_PX)),
        ("display_width", u64::from(avar_testing::WIDTH_PX)),
        ("display_height", u64::from(avar_testing::HEIGHT_PX)),
        ("rotation_deg", 0),
        ("frames", u64::from(CLIP_S * avar_testing::RATE_HZ)),
    ] {
        assert_eq!(video[name], expected, "{name}");
    }
    assert_eq!(video["variable_frame_rate"], false);
    assert_eq!(video["first_pts_s"], 0.0);
    assert!((video["average_fps"].as_f64().unwrap() - f64::from(avar_testing::RATE_HZ)).abs() < 0.01, "{video}");
    assert!(video["keyframes"].as_u64().unwrap() >= 1);
    assert_eq!((&report["audio"]["codec"], &report["audio"]["sample_rate"]), (&"aac".into(), &48_000.into()));
    assert_eq!(report["sha256"], sha256(&std::fs::read(&ANALYSED.clip).unwrap()));
    assert_eq!(report["path"], ANALYSED.clip.to_str().unwrap());
    assert!(report["warnings"].as_array().unwrap().is_empty(), "{}", report["warnings"]);
}

#[test]
fn a_frame_is_saved_as_the_picture_that_the_library_decodes() {
    let out = tempfile::tempdir().unwrap();
    let png = out.path().join("frame.png");
    save_frame("30", &png).expect_status(0);
    let saved = image::open(&png).unwrap().to_rgb8();
    assert_eq!(saved.dimensions(), (avar_testing::WIDTH_PX, avar_testing::HEIGHT_PX));
    let table = FrameTable::scan(&ANALYSED.clip, &CancelToken::default(), |_| {}).unwrap();
    let mut reader = avar::media::VideoReader::open(&ANALYSED.clip, table.into()).unwrap();
    let decoded = reader.seek_exact(avar::time::FrameIndex(30)).unwrap().to_rgb8().unwrap();
    assert!(saved.into_raw() == decoded.bytes, "another picture was saved");
}

#[test]
fn a_frame_past_the_end_is_refused_and_nothing_is_written() {
    let out = tempfile::tempdir().unwrap();
    let png = out.path().join("frame.png");
    let run = save_frame("75", &png).expect_status(1);
    assert!(
        run.stderr.contains("75") && run.stderr.contains("74") && run.stderr.contains("clip.mp4"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stderr_lines().len(), 1, "{}", run.stderr);
    assert!(!png.exists());
}

fn save_frame(ordinal: &str, png: &Path) -> Run {
    let clip = ANALYSED.clip.as_os_str();
    crate::program::avar([
        "frame".as_ref(),
        clip,
        "--ordinal".as_ref(),
        ordinal.as_ref(),
        "--out".as_ref(),
        png.as_os_str(),
    ])
}

#[test]
fn without_a_display_the_window_is_refused_with_what_to_do_instead() {
    let run = crate::program::avar([ANALYSED.clip.as_os_str()]).expect_status(1);
    assert!(run.stderr.contains("no display") && run.stderr.contains("avar analyze"), "{}", run.stderr);
}

#[test]
fn a_screenshot_of_a_file_is_a_picture_of_the_window() {
    let out = tempfile::tempdir().unwrap();
    let clip = ANALYSED.clip.as_os_str();
    let at = ["--at", "1.5", "--out"].map(std::ffi::OsStr::new);
    crate::program::avar(["screenshot".as_ref(), clip].into_iter().chain(at).chain([out.path().as_os_str()]))
        .expect_status(0);
    assert_eq!(names_in(out.path()), ["clip.png"]);
    let picture = image::open(out.path().join("clip.png")).unwrap().to_rgb8();
    let colours: std::collections::HashSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(picture.width() >= 960 && picture.height() >= 600, "{:?}", picture.dimensions());
    assert!(colours.len() > 100, "{} colours are no window", colours.len());
}

#[test]
fn weights_that_are_not_there_are_refused_by_name() {
    refused_weights(&ANALYSED.folder.path().join("no-such.safetensors"));
}

#[test]
fn weights_that_are_a_folder_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    refused_weights(folder.path());
}

#[test]
fn weights_that_are_no_safetensors_file_are_refused_by_name() {
    let noise: Vec<u8> = (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let header = br#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let mut truncated = (header.len() as u64).to_le_bytes().to_vec();
    truncated.extend(header);
    truncated.extend([0; 8]);
    let huge_header = u64::MAX.to_le_bytes().to_vec();
    let cases: [(&str, &[u8]); 5] = [
        ("garbage", &noise),
        ("truncated", &truncated),
        ("text", b"These are not weights.\n"),
        ("empty", b""),
        ("huge", &huge_header),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in cases {
        let path = folder.path().join(format!("{name}.safetensors"));
        std::fs::write(&path, bytes).unwrap();
        refused_weights(&path);
    }
}

#[test]
fn weights_of_another_network_are_refused_with_the_name_of_the_missing_tensor() {
    let header = br#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend([0; 16]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("another.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let run = refused_weights(&path);
    assert!(run.stderr.contains("tensor \"mobilevit."), "{}", run.stderr);
}

/// One sentence that names the weights file, and no results.
#[track_caller]
fn refused_weights(weights: &Path) -> Run {
    let out = tempfile::tempdir().unwrap();
    let run = analyze(&[&ANALYSED.clip], out.path(), &["--weights", weights.to_str().unwrap()]).expect_status(1);
    assert_eq!(run.stderr_lines().len(), 1, "{}", run.stderr);
    assert!(run.stderr.contains(weights.to_str().unwrap()) && !run.stderr.contains("panicked"), "{}", run.stderr);
    assert_eq!(names_in(out.path()), [""; 0]);
    run
}

#[test]
fn weights_from_a_file_are_named_by_its_digest_and_a_card_that_is_missing_or_broken_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lite.safetensors");
    let variables = candle_nn::VarMap::new();
    let source = WeightSource::Untrained { seed: avar::analysis::network::UNTRAINED_SEED };
    let weights = Weights::open(&source, &ComputeDevice::cpu()).unwrap().trainable(&variables);
    AvarNet::new(Preset::Lite.config(), weights).unwrap();
    variables.save(&path).unwrap();

    analyze(&[&ANALYSED.clip], folder.path(), &["--weights", path.to_str().unwrap()]).expect_status(0);
    let weights = &read_json(&folder.path().join("clip.run.json"))["weights"];
    assert_eq!(weights["digest"], sha256(&std::fs::read(&path).unwrap()));
    assert_eq!(weights["path"], path.to_str().unwrap());
    assert_eq!((&weights["is_trained"], &weights["card"]), (&true.into(), &serde_json::Value::Null));
    assert!(weights["warning"].as_str().unwrap().contains("without a model card"), "{weights}");
    // The same numbers by another way give the same scores.
    for (row, expected) in rows(&folder.path().join("clip.scores.csv")).iter().zip(ANALYSED.rows()) {
        assert!((row.score - expected.score).abs() < 1e-6, "step {}", row.step);
    }

    std::fs::write(folder.path().join("lite.json"), "{").unwrap();
    let run = analyze(&[&ANALYSED.clip], folder.path(), &["--weights", path.to_str().unwrap()]).expect_status(0);
    assert!(run.stdout.contains("the model card cannot be read"), "{}", run.stdout);
    let notes = &read_json(&folder.path().join("clip.run.json"))["notes"];
    assert!(notes[0].as_str().is_some_and(|note| note.ends_with("lite.json")), "{notes}");
}

#[test]
fn the_weights_that_come_with_the_program_carry_their_card_into_every_result() {
    let folder = tempfile::tempdir().unwrap();
    analyze_with(&[&ANALYSED.clip], folder.path(), &[]).expect_status(0);
    for ending in ["run.json", "events.json"] {
        let weights = &read_json(&folder.path().join(format!("clip.{ending}")))["weights"];
        assert_eq!((&weights["is_trained"], &weights["warning"]), (&true.into(), &serde_json::Value::Null), "{ending}");
        assert_eq!(weights["card"]["weights_sha256"], weights["digest"], "{ending}");
        assert_eq!(weights["card"]["classes"].as_array().unwrap().len(), 10, "{ending}");
    }
}

#[test]
fn the_papers_network_has_no_weights_of_its_own_and_says_how_to_get_some() {
    let folder = tempfile::tempdir().unwrap();
    let run = analyze_with(&[&ANALYSED.clip], folder.path(), &["--network", "full"]).expect_status(1);
    assert!(run.stderr.contains("--weights") && run.stderr.contains("--untrained"), "{}", run.stderr);
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let run = analyze(&[&ANALYSED.clip], &file.join("out"), &[]).expect_status(1);
    assert!(run.stderr.contains(file.to_str().unwrap()), "{}", run.stderr);
}
