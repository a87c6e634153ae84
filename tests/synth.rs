//! VAAR-Synth as files, and the commands that read manifests.

use std::path::Path;

use avar::dataset::{Manifest, ShownIn};
use avar::job::CancelToken;
use avar::labels::AnomalyClass;
use avar::labels::Split;
use avar::media::open;
use avar::metrics::runs::RunClip;

fn synth(out: &Path, clips: usize, sounds: usize, seed: u64) {
    let [clips, sounds, seed] = [clips.to_string(), sounds.to_string(), seed.to_string()];
    let options = ["--clips", &clips, "--slow-clips", "1", "--sounds", &sounds, "--seed", &seed];
    crate::program::avar(["synth", "--out", out.to_str().unwrap()].into_iter().chain(options)).expect_status(0);
}

#[test]
fn a_corpus_has_every_class_as_ordinary_clips_with_truth_in_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    synth(folder.path(), 10, 4, 3);
    let manifest = Manifest::read(&folder.path().join("manifest.csv")).unwrap();
    manifest.check_files().unwrap();
    assert_eq!((manifest.clips.len(), manifest.notes.clone()), (15, Vec::<String>::new()));
    assert_eq!(manifest.clips[10].path, Path::new("clips/slow-000000.mp4"));
    assert_eq!(manifest.clips[10].split, Some(Split::Train));
    let labels: Vec<AnomalyClass> = manifest.clips[..10].iter().map(|clip| clip.label).collect();
    assert_eq!(labels, AnomalyClass::ALL);
    for clip in &manifest.clips {
        let opened = open(&clip.file, &CancelToken::default(), |_| {}).unwrap();
        let duration_s = opened.info.range.duration_s();
        assert!((3.0..=20.5).contains(&duration_s), "{duration_s} s: {}", clip.path.display());
        let has_picture = opened.frames.is_some();
        if let Some(frames) = &opened.frames {
            let rate_hz = frames.len() as f64 / frames.range().duration_s();
            let wanted_hz =
                if clip.path.starts_with("clips") && clip.path != manifest.clips[10].path { 15.0 } else { 3.0 };
            assert!((rate_hz - wanted_hz).abs() < 0.2, "{rate_hz} frames a second: {}", clip.path.display());
        }
        assert_eq!(has_picture, clip.path.starts_with("clips"), "{}", clip.path.display());
        assert!(has_picture || opened.info.audio.is_some());
        assert_eq!(clip.ranges.is_empty(), !clip.label.is_anomaly() || !has_picture, "{}", clip.path.display());
        assert!(clip.shown_in != ShownIn::Sound || opened.info.audio.is_some(), "{}", clip.path.display());
        assert!(clip.shown_in == ShownIn::Both || (has_picture && clip.label.is_anomaly()), "{}", clip.path.display());
        for labelled in &clip.ranges {
            let end_s = opened.info.range.end.seconds();
            assert!(labelled.range.start >= opened.info.range.start && labelled.range.end.seconds() <= end_s + 1e-3);
        }
    }
    for shown_in in [ShownIn::Picture, ShownIn::Sound] {
        assert!(manifest.clips.iter().any(|clip| clip.shown_in == shown_in), "no clip of {shown_in:?} alone");
    }
}

#[test]
fn a_corpus_repeats_with_its_seed_and_a_larger_one_begins_with_the_smaller() {
    let [one, two, other] = [0; 3].map(|_| tempfile::tempdir().unwrap());
    synth(one.path(), 2, 2, 7);
    synth(two.path(), 3, 2, 7);
    synth(other.path(), 2, 2, 8);
    for name in ["clips/000000.mp4", "clips/000001.mp4", "sounds/000000.wav", "sounds/000001.wav"] {
        let [a, b, c] = [&one, &two, &other].map(|folder| std::fs::read(folder.path().join(name)).unwrap());
        assert!(a == b, "{name} differs between two runs from one seed");
        assert!(a != c, "{name} is the same from two seeds");
    }
}

#[test]
fn a_corpus_of_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run =
        crate::program::avar(["synth", "--out", folder.path().to_str().unwrap(), "--clips", "0"]).expect_status(1);
    assert!(run.stderr.contains("between 1 and"), "{}", run.stderr);
}

/// Four clips in two parts.
fn manifest(folder: &Path) -> std::path::PathBuf {
    let mut text = String::from("path,label,split,group\n");
    for (index, (label, split)) in
        [("crash", "train"), ("normal", "train"), ("crash", "test"), ("normal", "test")].iter().enumerate()
    {
        avar_testing::write_clip(&folder.join(format!("{index}.mp4")), 1, true);
        text += &format!("{index}.mp4,{label},{split},group-{index}\n");
    }
    let path = folder.join("manifest.csv");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn an_evaluation_prints_clips_and_metrics_and_keeps_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (manifest, out) = (manifest(folder.path()), folder.path().join("run"));
    let run = crate::program::avar([
        "evaluate",
        "--untrained",
        "--json",
        "--manifest",
        manifest.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    let document = run.expect_status(0).json();
    let clips = document["clips"].as_array().unwrap();
    assert_eq!(clips.len(), 4);
    assert_eq!((&clips[0]["path"], &clips[0]["label"]), (&"0.mp4".into(), &"crash".into()));
    let scores = clips[0]["scores"].as_object().unwrap();
    assert_eq!(scores.len(), 10);
    assert!((scores.values().map(|score| score.as_f64().unwrap()).sum::<f64>() - 1.0).abs() < 1e-3);
    let best = scores.iter().max_by(|a, b| a.1.as_f64().unwrap().total_cmp(&b.1.as_f64().unwrap())).unwrap().0;
    assert_eq!(clips[0]["predicted"], *best);
    assert!(clips[0]["max_score"].is_f64());
    assert!(document["metrics"]["classification"]["accuracy"].is_f64());
    assert_eq!(document["failures"].as_array().unwrap().len(), 0);
    for name in ["run.json", "metrics.json", "clips.csv", "steps.csv", "report.md"] {
        assert!(out.join(name).exists(), "{name}");
    }
    assert_eq!(avar_testing::read_json(&out.join("run.json"))["is_trained"], false);
    let run = avar::metrics::runs::read_run(&out).unwrap();
    assert_eq!((run.clips.len(), run.set_aside.len(), run.about.clips), (4, 0, 4));
    for RunClip { scored: clip, facts } in &run.clips {
        assert_eq!((clip.steps.len(), facts.evidence.len()), (4, 4), "{}", clip.path);
        assert!(facts.evidence.iter().all(|step| step.picture.is_some() && step.sound.is_some()), "{}", clip.path);
        assert!(facts.file.is_file() && !facts.features.is_empty(), "{}", clip.path);
        assert!(facts.loudness_dbfs.is_some_and(|loudness| loudness < 0.0), "{}", clip.path);
        assert!(facts.brightness.is_some_and(|brightness| 0.0 < brightness && brightness < 1.0), "{}", clip.path);
    }
}

#[test]
fn an_evaluation_of_one_part_leaves_the_others_out() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(folder.path());
    let arguments = ["evaluate", "--untrained", "--json", "--split", "test", "--manifest", manifest.to_str().unwrap()];
    let clips = crate::program::avar(arguments).expect_status(0).json()["clips"].as_array().unwrap().len();
    assert_eq!(clips, 2, "the fixture has two rows of the part");
}

#[test]
fn a_clip_that_cannot_be_read_is_a_failure_by_name_and_the_others_are_scored() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(folder.path());
    std::fs::write(folder.path().join("1.mp4"), "no clip").unwrap();
    let run = crate::program::avar(["evaluate", "--untrained", "--json", "--manifest", manifest.to_str().unwrap()]);
    let run = run.expect_status(0);
    assert!(run.stderr.contains("1.mp4"), "{}", run.stderr);
    let document = run.json();
    assert_eq!(document["clips"].as_array().unwrap().len(), 3);
    assert_eq!(document["failures"][0]["path"], "1.mp4");
}

#[test]
fn a_missing_clip_ends_an_evaluation_unless_it_may_be_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(folder.path());
    std::fs::remove_file(folder.path().join("2.mp4")).unwrap();
    let evaluate = ["evaluate", "--untrained", "--json", "--manifest", manifest.to_str().unwrap()];
    let refused = crate::program::avar(evaluate).expect_status(1);
    assert!(refused.stderr.contains("2.mp4") && refused.stderr.contains("--skip-missing"), "{}", refused.stderr);
    let skipped = crate::program::avar(evaluate.into_iter().chain(["--skip-missing"])).expect_status(0);
    assert_eq!(skipped.json()["clips"].as_array().unwrap().len(), 3);
}

#[test]
fn folders_of_classes_become_a_manifest() {
    let folder = tempfile::tempdir().unwrap();
    for class in ["Baby Cry", "normal"] {
        let of_class = folder.path().join("vaar").join(class);
        std::fs::create_dir_all(&of_class).unwrap();
        avar_testing::write_clip(&of_class.join("a.mp4"), 1, false);
    }
    let (vaar, out) = (folder.path().join("vaar"), folder.path().join("manifest.csv"));
    let arguments = ["manifest", vaar.to_str().unwrap(), "--from", "vaar", "--out", out.to_str().unwrap()];
    let run = crate::program::avar(arguments).expect_status(0);
    assert!(run.stdout.contains("baby_cry"), "{}", run.stdout);
    assert_eq!(Manifest::read(&out).unwrap().clips.len(), 2);
}

#[test]
fn truth_past_the_end_of_a_recording_is_said_and_a_clip_of_nothing_else_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["beyond.mp4", "over.mp4", "street.mp4"] {
        avar_testing::write_clip(&folder.path().join(name), 2, true);
    }
    let (manifest, out) = (folder.path().join("manifest.csv"), folder.path().join("run"));
    let rows = "beyond.mp4,crash,10,12\nover.mp4,crash,1,9\nstreet.mp4,normal,,\n";
    std::fs::write(&manifest, format!("path,label,start_s,end_s\n{rows}")).unwrap();
    let [manifest, out_text] = [&manifest, &out].map(|path| path.to_str().unwrap());
    let arguments = ["evaluate", "--untrained", "--json", "--manifest", manifest, "--out", out_text];
    let run = crate::program::avar(arguments).expect_status(0);
    let cut = "1 range past the end of the recording, cut there: `over.mp4` (1 to 9 s of 2 s)";
    let outside = "an annotated range lies after the end of the recording (10 to 12 s of 2 s)";
    let about = avar_testing::read_json(&out.join("run.json"));
    for document in [&run.json(), &about] {
        assert_eq!(document["failures"][0]["path"], "beyond.mp4");
        assert!(document["failures"][0]["error"].as_str().unwrap().starts_with(outside), "{document}");
        assert!(document["notes"].as_array().unwrap().contains(&cut.into()), "{document}");
    }
    assert!(run.stderr.contains(cut) && run.stderr.contains(outside), "{}", run.stderr);
    // Two clips of two seconds at the report's 24 frames a second: the second half of one clip is true, and nothing of the other.
    let frames = &run.json()["metrics"]["frames"]["anomaly"];
    assert_eq!((&frames["positives"], &frames["negatives"]), (&24.into(), &72.into()));

    let listed = crate::program::avar(["manifest", manifest]).expect_status(0).stdout;
    let outside = "1 range wholly after the end of the recording, whose clip cannot be evaluated: `beyond.mp4` (10 to 12 s of 2 s)";
    assert!(listed.contains(cut) && listed.contains(outside), "{listed}");
}

#[test]
fn lists_of_frames_are_read_in_the_frames_of_the_recording_itself() {
    let folder = tempfile::tempdir().unwrap();
    let name = "Film__#1_label_G-0-0";
    avar_testing::write_clip(&folder.path().join(format!("{name}.mp4")), 3, false);
    std::fs::write(folder.path().join("annotations.txt"), format!("{name} 25 50\n")).unwrap();
    let [source, out] = [folder.path().to_owned(), folder.path().join("manifest.csv")];
    let arguments = ["manifest", source.to_str().unwrap(), "--from", "xd-violence", "--out", out.to_str().unwrap()];
    let run = crate::program::avar(arguments).expect_status(0);
    let range = Manifest::read(&out).unwrap().clips[0].ranges[0].range;
    assert_eq!((range.start.seconds(), range.end.seconds()), (1.0, 2.0), "25 frames a second");
    let note = format!("`{name}.mp4` (25/s)");
    assert!(
        run.stdout.contains("not at the 24 frames/s of XD-Violence") && run.stdout.contains(&note),
        "{}",
        run.stdout
    );
}

#[test]
fn a_recording_that_is_in_two_parts_under_two_names_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = manifest(folder.path());
    avar_testing::write_clip(&folder.path().join("1.mp4"), 2, true);
    avar_testing::write_clip(&folder.path().join("3.mp4"), 2, false);
    let note = "1 recording in more than one part, the same byte for byte, so that one part tells what is in the \
                other: `0.mp4` (train) and `2.mp4` (test)";
    let manifest = manifest.to_str().unwrap();
    let listed = crate::program::avar(["manifest", manifest]).expect_status(0).stdout;
    assert!(listed.contains(note), "{listed}");
    let arguments = ["evaluate", "--untrained", "--json", "--split", "test", "--manifest", manifest];
    let run = crate::program::avar(arguments).expect_status(0);
    assert!(run.json()["notes"].as_array().unwrap().contains(&note.into()), "{}", run.stderr);
}

#[test]
fn ranges_count_from_the_start_of_a_recording_whose_clock_began_long_before() {
    let folder = tempfile::tempdir().unwrap();
    avar_testing::write_clip(&folder.path().join("plain.mp4"), 3, true);
    let arguments = "-v error -nostdin -i plain.mp4 -c copy -output_ts_offset 100 late.ts";
    let mut ffmpeg = std::process::Command::new("ffmpeg");
    let made = ffmpeg.args(arguments.split(' ')).current_dir(folder.path()).status();
    assert!(made.expect("ffmpeg is installed, as scripts/setup.sh does").success());
    let (manifest, out) = (folder.path().join("manifest.csv"), folder.path().join("run"));
    std::fs::write(&manifest, "path,label,start_s,end_s\nlate.ts,crash,1,2\n").unwrap();
    let [manifest, out_text] = [&manifest, &out].map(|path| path.to_str().unwrap());
    crate::program::avar(["evaluate", "--untrained", "--manifest", manifest, "--out", out_text]).expect_status(0);
    let run = avar::metrics::runs::read_run(&out).unwrap();
    let clip = &run.clips[0].scored;
    assert!(clip.start_s > 100.0, "{}", clip.start_s);
    let (start_s, end_s) = (clip.truth_ranges[0].start_s - clip.start_s, clip.truth_ranges[0].end_s - clip.start_s);
    assert!((start_s - 1.0).abs() < 1e-6 && (end_s - 2.0).abs() < 1e-6, "{start_s} {end_s}");
}
