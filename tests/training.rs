//! Training from a recipe to weights with their card, on a handful of clips made on the spot.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use avar::analysis::DeviceChoice;
use avar::cli::train_window::TrainingWindow;
use avar::dataset::Manifest;
use avar::job::CancelToken;
use avar::labels::Split;
use avar::model::extractors::{EfficientAt, EfficientNetLite2, MoveNet, NanoDet};
use avar::model::mobilevit::{self, MobileVit};
use avar::model::wav2vec2::{self, Wav2Vec2};
use avar::model::{AvarNet, ComputeDevice, Preset, WeightSource, Weights};
use avar::training::recipe::{ComposeData, SynthForHead};
use avar::training::{
    DataPlace, Recipe, Stage, Trained, TrainingError, TrainingEvent, TrainingSpec, ablate_trained, train,
};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

const STAGE: &str = "steps = 4\nbatch = 2\nlearning_rate = 0.001\nwarm_up = 1\nvalidate_every = 2\npatience = 5\n";

/// Clips with sound and two sound files in three parts, and a recipe that names them.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut manifest = String::from("path,label,split,group\n");
        for (index, split) in ["train", "train", "val", "val", "test", "test"].into_iter().enumerate() {
            let (name, label) = (format!("{index}.mp4"), ["crash", "normal"][index % 2]);
            avar_testing::write_clip(&folder.path().join(&name), 1 + index as u32 % 2, index != 1);
            manifest += &format!("{name},{label},{split},clip-{index}\n");
        }
        for (index, split) in ["train", "val"].into_iter().enumerate() {
            let name = format!("{index}.wav");
            avar_testing::write_wav(&folder.path().join(&name), &avar_testing::tone(index as u32, 16_000), 16_000);
            manifest += &format!("{name},police_siren,{split},sound-{index}\n");
        }
        std::fs::write(folder.path().join("manifest.csv"), manifest).unwrap();
        Self { folder }
    }

    fn recipe(&self, learning_rate: &str) -> Recipe {
        let stages: String = ["sound", "picture", "head", "ablation"]
            .iter()
            .map(|name| format!("[{name}]\n{}", STAGE.replace("0.001", learning_rate)))
            .collect();
        let text = format!(
            "name = \"tiny\"\nseed = 5\nbackbones = \"lite\"\nsteps_per_second = 4.0\n\
             [[data]]\nname = \"clips\"\ndescription = \"made on the spot\"\nlicence = \"ours\"\nis_real = true\n{stages}"
        );
        let path = self.folder.path().join("recipe.toml");
        std::fs::write(&path, text).unwrap();
        Recipe::read(&path).unwrap()
    }

    fn spec(&self, work: &str) -> TrainingSpec {
        TrainingSpec {
            recipe: self.recipe("0.001"),
            places: vec![DataPlace { name: "clips".into(), manifest: self.folder.path().join("manifest.csv") }],
            teachers: None,
            backbone_weights: PathBuf::new(),
            work: self.folder.path().join(work),
            device: DeviceChoice::Cpu,
        }
    }
}

fn run(spec: &TrainingSpec) -> Result<Trained, TrainingError> {
    train(spec, &CancelToken::default(), &|_| {})
}

fn is_of_head(event: &TrainingEvent) -> bool {
    matches!(event, TrainingEvent::Progress { stage: Stage::Head, .. })
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn training_twice_and_training_in_two_parts_give_the_same_weights() {
    let bench = Bench::new();
    let once = run(&bench.spec("once")).unwrap();
    let twice = run(&bench.spec("twice")).unwrap();
    assert!(bytes(&once.weights) == bytes(&twice.weights), "two runs from one seed differ");

    // Stopped after the first checkpoint of a backbone, and again after the first one of the head.
    let spec = bench.spec("parts");
    for stop_at in ["sound network", "temporal head"] {
        let cancel = CancelToken::default();
        let has_stopped = AtomicBool::new(false);
        let outcome = train(&spec, &cancel, &|event| {
            if matches!(&event, TrainingEvent::Validation { stage, .. } if stage.label() == stop_at) {
                has_stopped.store(true, Ordering::Relaxed);
                cancel.cancel();
            }
        });
        assert!(matches!(outcome, Err(TrainingError::Cancelled(_))), "{stop_at}");
        assert!(has_stopped.load(Ordering::Relaxed));
    }
    // And once more in the middle of nothing.
    let cancel = CancelToken::default();
    let in_the_middle =
        |event: &TrainingEvent| matches!(event, TrainingEvent::Progress { done: 3, .. } if is_of_head(event));
    let outcome = train(&spec, &cancel, &|event| {
        if in_the_middle(&event) {
            cancel.cancel();
        }
    });
    assert!(matches!(outcome, Err(TrainingError::Cancelled(_))));
    let progress = std::sync::Mutex::new(Vec::new());
    let parts = train(&spec, &CancelToken::default(), &|event| {
        if is_of_head(&event) {
            progress.lock().unwrap().push(event);
        }
    });
    let parts = parts.unwrap();
    let first = progress.into_inner().unwrap().into_iter().next();
    assert!(matches!(first, Some(TrainingEvent::Progress { done: 4, .. })), "went on from {first:?}, not from step 3");
    assert!(bytes(&once.weights) == bytes(&parts.weights), "stopping changes the weights");
}

#[test]
fn the_backbones_learn_nothing_from_the_clips_for_the_head() {
    let bench = Bench::new();
    let (without, mut with) = (bench.spec("without"), bench.spec("with"));
    with.recipe.synth_for_head = Some(SynthForHead { clips: 1, seed: 2 });
    let trained = [&without, &with].map(|spec| run(spec).unwrap());
    for backbone in ["sound.safetensors", "picture.safetensors"] {
        assert!(bytes(&without.work.join(backbone)) == bytes(&with.work.join(backbone)), "{backbone}");
    }
    let [without, with] = trained.map(|trained| (bytes(&trained.weights), trained.card.data.len()));
    assert_eq!((without.1, with.1), (1, 2));
    assert!(without.0 != with.0, "the head did not learn from them either");
}

#[test]
fn the_card_names_the_weights_the_data_and_what_nobody_checked() {
    let bench = Bench::new();
    let trained = run(&bench.spec("work")).unwrap();
    let source = WeightSource::File(trained.weights.clone());
    let network = AvarNet::load(Preset::Lite, &source, &ComputeDevice::cpu()).unwrap();
    let card = network.card().expect("the card lies beside the weights");
    assert_eq!(*card, trained.card);
    assert_eq!(card.weights_sha256, network.digest());
    let siren = card.data[0].clips.iter().find(|count| count.class == "police_siren").unwrap();
    assert_eq!((siren.training, siren.validation, siren.test), (1, 1, 0));
    assert_eq!(card.tests[0].clips, 2);
    let of = |class: &str| card.classes.iter().find(|known| known.class == class).unwrap().validation.label();
    // One test clip of a class validates nothing.
    assert_eq!((of("crash"), of("abuse")), ("not validated", "not validated"));
}

#[test]
fn a_diverging_training_ends_in_a_sentence() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    for stage in [&mut spec.recipe.sound, &mut spec.recipe.picture] {
        (stage.learning_rate, stage.steps) = (1e30, 50);
    }
    let sentence = run(&spec).unwrap_err().to_string();
    assert!(sentence.contains("diverged") && sentence.contains("learning rate"), "{sentence}");
}

#[test]
fn a_stage_that_fails_ends_the_one_beside_it() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    (spec.recipe.picture.learning_rate, spec.recipe.picture.steps) = (1e30, 50);
    // Days, were it not ended.
    spec.recipe.sound.steps = 1_000_000;
    let sentence = run(&spec).unwrap_err().to_string();
    assert!(sentence.contains("diverged"), "{sentence}");
}

#[test]
fn the_part_of_every_clip_is_written_down_as_a_manifest() {
    let bench = Bench::new();
    let spec = bench.spec("work");
    run(&spec).unwrap();
    let parts = Manifest::read(&spec.work.join("parts/clips.csv")).unwrap();
    let test = parts.clips.iter().filter(|clip| clip.split == Some(Split::Test));
    let mut names: Vec<_> = test.map(|clip| clip.file.file_name().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!((parts.clips.len(), names), (8, vec!["4.mp4".into(), "5.mp4".into()]));
}

#[test]
fn an_ablation_that_was_stopped_trains_no_head_twice() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    spec.recipe.data[0].is_real = false;
    run(&spec).unwrap();
    let stopped = CancelToken::default();
    let outcome = ablate_trained(&spec, &[1], &stopped, &|event| {
        if matches!(event, TrainingEvent::Progress { stage: Stage::Test, done: 2.., .. }) {
            stopped.cancel();
        }
    });
    assert!(matches!(outcome, Err(TrainingError::Cancelled(_))));
    let kept: Vec<PathBuf> = std::fs::read_dir(spec.work.join("ablation"))
        .unwrap()
        .flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    assert!((2..21).contains(&kept.len()), "{kept:?}");
    // No head reaches this accuracy: what is found in the end was taken from the file.
    let mark = std::fs::read_to_string(&kept[0]).unwrap().replace("\"accuracy\":", "\"accuracy\":7");
    std::fs::write(&kept[0], mark).unwrap();
    let whole = ablate_trained(&spec, &[1], &CancelToken::default(), &|_| {}).unwrap();
    let accuracies = whole.cells.iter().flat_map(|cell| &cell.outcomes).map(|outcome| outcome.accuracy);
    assert_eq!(accuracies.filter(|accuracy| *accuracy > 1.0).count(), 1);
}

/// A limit on the size of files stands in for a disk that is full.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_in_a_sentence_and_leaves_no_half_file() {
    let bench = Bench::new();
    bench.recipe("0.001");
    let folder = bench.folder.path();
    let train = |limit: &str| {
        let script = format!("trap '' XFSZ; {limit}; exec \"$@\"");
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_avar"), "train", "--recipe"]);
        command.arg(folder.join("recipe.toml")).arg("--out").arg(folder.join("work"));
        command.arg("--data").arg(format!("clips={}", folder.join("manifest.csv").display()));
        command.output().unwrap()
    };
    // In units of 1024 bytes; a checkpoint of the picture network has 11 MB, one of the sound network 27.
    let full = train("ulimit -f 4000");
    let sentence = String::from_utf8(full.stderr).unwrap();
    assert!(!full.status.success());
    assert!(
        sentence.contains("cannot be written") && sentence.contains("what was computed before is kept"),
        "{sentence}"
    );
    let left: Vec<_> =
        std::fs::read_dir(folder.join("work")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
    let freed = train("true");
    assert!(freed.status.success(), "{}", String::from_utf8_lossy(&freed.stderr));
    assert!(folder.join("work/tiny.safetensors").exists());
}

#[test]
fn a_checkpoint_of_another_recipe_is_not_gone_on_from() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    run(&spec).unwrap();
    spec.recipe.seed += 1;
    let sentence = run(&spec).unwrap_err().to_string();
    assert!(sentence.contains("another recipe") && sentence.contains("work"), "{sentence}");
}

#[test]
fn another_head_is_trained_on_backbones_that_are_finished() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    run(&spec).unwrap();
    let work = spec.work.clone();
    let of = |file: &str| work.join(file);
    let written = |file: &str| std::fs::metadata(of(file)).unwrap().modified().unwrap();
    let (sound, picture) = (written("sound.checkpoint"), written("picture.checkpoint"));
    let head = std::fs::read(of("head.safetensors")).unwrap();
    std::fs::remove_file(of("head.checkpoint")).unwrap();
    spec.recipe.head.learning_rate *= 2.0;
    run(&spec).unwrap();
    assert_eq!((written("sound.checkpoint"), written("picture.checkpoint")), (sound, picture));
    assert_ne!(std::fs::read(of("head.safetensors")).unwrap(), head);
}

#[test]
fn data_that_the_command_line_does_not_give_is_asked_for_by_name() {
    let bench = Bench::new();
    let spec = TrainingSpec { places: Vec::new(), ..bench.spec("work") };
    let sentence = run(&spec).unwrap_err().to_string();
    assert!(sentence.contains("--data clips="), "{sentence}");
}

#[test]
fn a_missing_clip_is_named_before_anything_is_trained() {
    let bench = Bench::new();
    std::fs::remove_file(bench.folder.path().join("3.mp4")).unwrap();
    let sentence = run(&bench.spec("work")).unwrap_err().to_string();
    assert!(sentence.contains("3.mp4"), "{sentence}");
    assert!(!bench.folder.path().join("work/sound.safetensors").exists());
}

#[test]
fn full_backbones_that_were_not_fetched_are_asked_for() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    spec.recipe.backbones = avar::training::recipe::Backbones::Full;
    spec.backbone_weights = bench.folder.path().join("backbones-full.safetensors");
    let sentence = run(&spec).unwrap_err().to_string();
    assert!(sentence.contains("avar weights pull") && sentence.contains("backbones-full"), "{sentence}");
}

/// The window of a training, until it shows `text`.
fn window_until(spec: TrainingSpec, text: &str, mut each: impl FnMut(&mut Harness<'_, TrainingWindow>)) -> Vec<String> {
    let mut harness = Harness::builder()
        .with_size(eframe::egui::vec2(1080.0, 720.0))
        .allow_missing_glyphs()
        .wgpu()
        .build_eframe(|cc| TrainingWindow::new(cc, spec).unwrap());
    let began = Instant::now();
    loop {
        harness.step();
        each(&mut harness);
        let nodes = harness.root().children_recursive();
        let texts: Vec<String> = nodes.filter_map(|node| node.value().or(node.accesskit_node().label())).collect();
        if texts.iter().any(|shown| shown.contains(text)) {
            return texts;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "no \"{text}\" among {texts:#?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_window_shows_a_training_from_its_data_to_its_weights() {
    let bench = Bench::new();
    let texts = window_until(bench.spec("work"), "The weights are in", |_| {});
    let shows = |text: &str| assert!(texts.iter().any(|shown| shown.contains(text)), "no \"{text}\" among {texts:#?}");
    shows("Temporal head");
    shows("Recall at step 4");
    shows("clips to train on");
    assert!(bench.folder.path().join("work/tiny.safetensors").exists());
}

#[test]
fn a_training_that_is_stopped_in_its_window_goes_on_from_there_in_the_next() {
    let bench = Bench::new();
    let mut has_stopped = false;
    window_until(bench.spec("work"), "Stopped; the same command goes on", |harness| {
        let validated = harness.state().state.stages.iter().any(|view| !view.validations.is_empty());
        if validated && !has_stopped {
            has_stopped = true;
            harness.get_by_label("Stop").click();
        }
    });
    assert!(!bench.folder.path().join("work/tiny.safetensors").exists());
    let mut is_first = true;
    window_until(bench.spec("work"), "The weights are in", |harness| {
        if std::mem::take(&mut is_first) {
            let knows = harness.state().state.stages.iter().any(|view| !view.validations.is_empty());
            assert!(knows, "the curves of the first run are gone");
        }
    });
}

#[test]
fn a_training_that_cannot_begin_says_why_in_its_window() {
    let bench = Bench::new();
    std::fs::remove_file(bench.folder.path().join("3.mp4")).unwrap();
    let texts = window_until(bench.spec("work"), "It ended with an error", |_| {});
    assert!(texts.iter().any(|shown| shown.contains("3.mp4")), "{texts:#?}");
}

/// Backbones of the full size with numbers drawn from a seed, as `avar weights pull` would have left them.
fn draw_full_backbones(path: &Path) {
    let variables = candle_nn::VarMap::new();
    let drawn = Weights::open(&WeightSource::Untrained { seed: 1 }, &ComputeDevice::cpu()).unwrap();
    let weights = drawn.trainable(&variables);
    MobileVit::new(&mobilevit::Config::small(), &weights).unwrap();
    Wav2Vec2::new(&wav2vec2::Config::base(), &weights).unwrap();
    variables.save(path).unwrap();
}

#[test]
fn a_head_is_trained_on_the_full_backbones_and_joined_with_them() {
    let bench = Bench::new();
    let mut spec = bench.spec("work");
    spec.recipe.backbones = avar::training::recipe::Backbones::Full;
    spec.backbone_weights = bench.folder.path().join("backbones-full.safetensors");
    draw_full_backbones(&spec.backbone_weights);
    let stages: Vec<Stage> = run(&spec).unwrap().stages.into_iter().map(|(stage, _)| stage).collect();
    assert_eq!(stages, [Stage::Head], "the backbones stay as they are");
    let source = WeightSource::File(spec.work.join("tiny.safetensors"));
    let network = AvarNet::load(Preset::Full, &source, &ComputeDevice::cpu()).unwrap();
    assert_eq!(network.card().expect("a card").name, "tiny");
}

/// The pretrained networks with numbers drawn from a seed, as the teachers' folder has them.
fn draw_teachers(folder: &Path) {
    let drawn = Weights::open(&WeightSource::Untrained { seed: 2 }, &ComputeDevice::cpu()).unwrap();
    let save = |file: &str, build: &dyn Fn(&Weights)| {
        let variables = candle_nn::VarMap::new();
        build(&drawn.trainable(&variables));
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        variables.save(path).unwrap();
    };
    save("movenet-multipose-lightning/weights.safetensors", &|weights| drop(MoveNet::new(weights).unwrap()));
    save("nanodet-m/weights.safetensors", &|weights| drop(NanoDet::new(weights).unwrap()));
    save("efficientnet-lite2-imagenet/model.safetensors", &|weights| drop(EfficientNetLite2::new(weights).unwrap()));
    save("efficientat-mn04-audioset/model.safetensors", &|weights| drop(EfficientAt::new(weights).unwrap()));
}

#[test]
fn a_head_is_trained_on_pretrained_networks_and_on_recordings_composed_of_the_sounds() {
    let bench = Bench::new();
    let hum = avar_testing::tone(3, 32_000);
    avar_testing::write_wav(&bench.folder.path().join("hum.wav"), &hum, 16_000);
    let manifest = bench.folder.path().join("manifest.csv");
    let rows = std::fs::read_to_string(&manifest).unwrap() + "hum.wav,normal,train,hum\n";
    std::fs::write(&manifest, rows).unwrap();
    let mut spec = bench.spec("work");
    spec.recipe.backbones = avar::training::recipe::Backbones::Real;
    spec.recipe.compose = Some(ComposeData {
        of: vec!["clips".to_owned()],
        recordings: [2, 0, 0],
        duration_s: [3.0, 4.0],
        events_per_hour: 1200.0,
        everyday_per_hour: 1200.0,
        ratio_db: [5.0, 10.0],
        seed: 4,
    });
    let error = run(&spec).unwrap_err().to_string();
    assert!(error.contains("say where their files are with --teachers"), "{error}");
    spec.teachers = Some(bench.folder.path().join("teachers"));
    let error = run(&spec).unwrap_err().to_string();
    assert!(error.contains("the pretrained network is not there"), "{error}");
    draw_teachers(&bench.folder.path().join("teachers"));
    let stages: Vec<Stage> = run(&spec).unwrap().stages.into_iter().map(|(stage, _)| stage).collect();
    assert_eq!(stages, [Stage::Head], "the pretrained networks stay as they are");
    let source = WeightSource::File(spec.work.join("tiny.safetensors"));
    let network = AvarNet::load(Preset::Real, &source, &ComputeDevice::cpu()).unwrap();
    let data: Vec<&str> = network.card().expect("a card").data.iter().map(|data| data.name.as_str()).collect();
    assert_eq!(data, ["clips", "composed"]);
    let wrong = AvarNet::load(Preset::Lite, &source, &ComputeDevice::cpu()).err().expect("it is another network");
    assert!(wrong.to_string().contains("they are for another network"), "{wrong}");
}
