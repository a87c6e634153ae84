//! The heads of the ablation: against PyTorch (`tests/parity/heads.py`), which steps they see, how the modalities
//! meet, and that each of them learns.

use std::collections::HashMap;
use std::path::Path;

use avar_model::head::{Config, Fusion, Head, Projection};
use avar_model::layers::Mode;
use avar_model::loss::{LabelOptions, cross_entropy, multi_stage};
use avar_model::recurrent::{Cell, Recurrent, Sight};
use avar_model::seeded::{self, Init};
use avar_model::temporal::TemporalKind;
use avar_model::{ComputeDevice, ModelError, WeightSource, Weights, attention, mtcn, recurrent, transformer};
use candle_core::safetensors::MmapedSafetensors;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarMap};

const TOLERANCE: f32 = 1e-5;

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/fixtures")
}

fn untrained(seed: u64) -> Weights {
    Weights::open(&WeightSource::Untrained { seed }, &ComputeDevice::cpu()).unwrap()
}

/// The shape of the fixtures.
fn tiny(temporal: TemporalKind, fusion: Fusion, normalise_inputs: bool) -> Config {
    Config {
        normalise_inputs,
        fusion,
        attention: attention::Config { width: 8, heads: 2 },
        temporal,
        mtcn: mtcn::Config { stages: 2, layers: 2, filters: 6, ..mtcn::Config::default() },
        recurrent: recurrent::Config { hidden: 5, ..recurrent::Config::default() },
        transformer: transformer::Config { layers: 2, heads: 2, inner: 12, ..transformer::Config::default() },
        ..Config::new(6, 5)
    }
}

/// Numbers in -1..1 that differ from place to place.
fn features(steps: usize, width: usize, seed: usize) -> Tensor {
    let values: Vec<f32> = (0..2 * steps * width).map(|n| ((n + seed) * 7919 % 1009) as f32 / 504.0 - 1.0).collect();
    Tensor::from_vec(values, (2, steps, width), &Device::Cpu).unwrap()
}

fn values(x: &Tensor) -> Vec<f32> {
    x.flatten_all().unwrap().to_vec1().unwrap()
}

/// `max |a - b| / max |b|`
fn error(a: &Tensor, b: &Tensor) -> f32 {
    assert_eq!(a.dims(), b.dims());
    let largest = |x: &Tensor| x.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
    largest(&(a - b).unwrap()) / largest(b)
}

fn last(head: &Head, picture: &Tensor, sound: &Tensor) -> Tensor {
    head.forward(picture, sound, Mode::Inference).unwrap().pop().unwrap()
}

#[test]
fn every_kind_and_fusion_agrees_with_pytorch() {
    let source = WeightSource::File(fixtures().join("heads.weights.safetensors"));
    let weights = Weights::open(&source, &ComputeDevice::cpu()).unwrap();
    // SAFETY: nothing writes to a fixture while the test runs.
    let stages = unsafe { MmapedSafetensors::new(fixtures().join("heads.stages.safetensors")) }.unwrap();
    let expected = |name: &str| stages.load(name, &Device::Cpu).unwrap();
    let (picture, sound) = (expected("picture"), expected("sound"));
    let normalised = TemporalKind::ALL.map(|kind| tiny(kind, Fusion::Early, true));
    let plain = Fusion::ALL.map(|fusion| tiny(TemporalKind::Gru, fusion, false));
    let staged = tiny(TemporalKind::Mtcn, Fusion::Late, false);
    for config in normalised.into_iter().chain(plain).chain([staged]) {
        let suffix = if config.normalise_inputs { "-normalised" } else { "" };
        let case = format!("{}-{}{suffix}", config.temporal.name(), config.fusion.name());
        let variables = VarMap::new();
        for weights in [weights.at(&case), weights.trainable(&variables).at(&case)] {
            let logits = Head::new(&config, &weights).unwrap().forward(&picture, &sound, Mode::Inference).unwrap();
            assert_eq!(logits.len(), if config.temporal == TemporalKind::Mtcn { 2 } else { 1 }, "{case}");
            for (index, logits) in logits.iter().enumerate() {
                let error = error(logits, &expected(&format!("{case}.{index}")));
                println!("{case:32} stage {index} {error:.1e}");
                assert!(error <= TOLERANCE, "{case} stage {index}: {error:e}");
            }
        }
    }
}

#[test]
fn every_head_maps_any_number_of_steps_to_logits_of_ten_classes() {
    for fusion in Fusion::ALL {
        for kind in TemporalKind::ALL {
            let head = Head::new(&tiny(kind, fusion, true), &untrained(1)).unwrap();
            for steps in [1, 2, 9] {
                let logits = head.forward(&features(steps, 6, 0), &features(steps, 5, 3), Mode::Inference).unwrap();
                assert!(logits.iter().all(|logits| logits.dims() == [2, steps, 10]));
                assert!(logits.iter().flat_map(values).all(f32::is_finite));
            }
        }
    }
}

/// With variables that a test can change.
fn projected(fusion: Fusion) -> (Head, VarMap) {
    let projection = Some(Projection { picture_width: 4, sound_width: 3, dropout: 0.5 });
    let config = Config { projection, ..tiny(TemporalKind::Mtcn, fusion, true) };
    let variables = VarMap::new();
    (Head::new(&config, &untrained(1).trainable(&variables)).unwrap(), variables)
}

/// Adds `by` to each number of the variable `name`.
fn raise(variables: &VarMap, name: &str, by: &[f32]) {
    let variables = variables.data().lock().unwrap();
    let by = Tensor::from_slice(by, variables[name].shape(), &Device::Cpu).unwrap();
    variables[name].set(&(variables[name].as_tensor() + by).unwrap()).unwrap();
}

#[test]
fn the_direct_path_adds_to_every_stage_and_no_stage_sees_it_in_the_one_before() {
    let (head, variables) = projected(Fusion::Early);
    let (picture, sound) = (features(5, 6, 0), features(5, 5, 3));
    let logits = || head.forward(&picture, &sound, Mode::Inference).unwrap();
    let before = logits();
    let by: [f32; 10] = std::array::from_fn(|class| if class == 3 { 2.0 } else { 0.0 });
    raise(&variables, "head.direct.bias", &by);
    assert_eq!(before.len(), 2);
    for (before, after) in before.iter().zip(logits()) {
        let more = values(&(after - before).unwrap());
        assert!(more.chunks(10).all(|row| row.iter().zip(by).all(|(more, by)| (more - by).abs() < 1e-5)), "{more:?}");
    }
}

#[test]
fn a_projection_makes_nothing_of_a_missing_modality() {
    let (head, variables) = projected(Fusion::Early);
    let (picture, silence) = (features(5, 6, 0), features(5, 5, 3).zeros_like().unwrap());
    let before = values(&last(&head, &picture, &silence));
    raise(&variables, "head.sound_projection.bias", &[5.0; 3]);
    assert_eq!(values(&last(&head, &picture, &silence)), before);
    assert_ne!(values(&last(&head, &picture, &features(5, 5, 3))), before);
}

#[test]
fn a_projection_loses_features_in_training_alone() {
    let (head, _) = projected(Fusion::Late);
    let (picture, sound) = (features(5, 6, 0), features(5, 5, 3));
    let logits = |mode| values(&head.forward(&picture, &sound, mode).unwrap()[0]);
    assert_eq!(logits(Mode::Inference), logits(Mode::Inference));
    assert_ne!(logits(Mode::Training { seed: 1 }), logits(Mode::Training { seed: 2 }));
}

#[test]
fn one_direction_sees_the_past_alone_and_two_see_the_future_too() {
    let x = features(8, 3, 0);
    let mut touched = values(&x);
    // Of the first sequence, at step 4.
    touched[4 * 3 + 1] += 1.0;
    let touched = Tensor::from_vec(touched, x.shape(), &Device::Cpu).unwrap();
    for cell in [Cell::Gru, Cell::Lstm] {
        for (sight, expected) in [(Sight::Back, vec![4, 5, 6, 7]), (Sight::BothWays, (0..8).collect())] {
            let head = Recurrent::new(cell, sight, 3, &recurrent::Config::default(), &untrained(3)).unwrap();
            let change = head.forward(&touched, Mode::Inference).unwrap() - head.forward(&x, Mode::Inference).unwrap();
            let change = values(&change.unwrap().abs().unwrap().sum(D::Minus1).unwrap());
            let changed: Vec<usize> = (0..16).filter(|&step| change[step] != 0.0).collect();
            assert_eq!(changed, expected, "{cell:?} {sight:?}");
        }
    }
}

#[test]
fn the_transformer_tells_steps_apart_by_their_position() {
    let config = transformer::Config::default();
    let head = transformer::Transformer::new(16, &config, &untrained(3)).unwrap();
    let same = Tensor::ones((1, 4, 16), DType::F32, &Device::Cpu).unwrap();
    let logits = head.forward(&same, Mode::Inference).unwrap().squeeze(0).unwrap().to_vec2::<f32>().unwrap();
    assert!((1..4).all(|step| logits[step] != logits[0]));
}

#[test]
fn late_fusion_is_the_mean_of_two_heads_of_one_modality() {
    let folder = tempfile::tempdir().unwrap();
    let (picture, sound) = (features(7, 6, 0), features(7, 5, 3));
    for kind in TemporalKind::ALL {
        let variables = VarMap::new();
        let late = Head::new(&tiny(kind, Fusion::Late, false), &untrained(6).trainable(&variables)).unwrap();
        let alone = [("picture", Fusion::PictureOnly), ("sound", Fusion::SoundOnly)].map(|(branch, fusion)| {
            // Its branch's tensors under the names of a head of its own.
            let registered = variables.data().lock().unwrap();
            let part: HashMap<String, Tensor> = registered
                .iter()
                .filter_map(|(name, variable)| {
                    let name = name.strip_prefix(&format!("head.{branch}."))?;
                    Some((format!("head.{name}"), variable.as_tensor().clone()))
                })
                .collect();
            let path = folder.path().join(branch);
            candle_core::safetensors::save(&part, &path).unwrap();
            let weights = Weights::open(&WeightSource::File(path), &ComputeDevice::cpu()).unwrap();
            Head::new(&tiny(kind, fusion, false), &weights).unwrap()
        });
        let logits = late.forward(&picture, &sound, Mode::Inference).unwrap();
        let [seen, heard] = alone.map(|head| head.forward(&picture, &sound, Mode::Inference).unwrap());
        for ((late, seen), heard) in logits.iter().zip(&seen).zip(&heard) {
            let mean = ((seen + heard).unwrap() * 0.5).unwrap();
            assert!(error(late, &mean) < 1e-5, "{}", kind.label());
            assert!(error(seen, heard) > 1e-2, "the branches must differ for this to mean anything");
        }
    }
}

#[test]
fn a_missing_modality_stays_missing_past_the_input_norm() {
    let (picture, sound) = (features(4, 6, 0), features(4, 5, 3));
    let missing = sound.zeros_like().unwrap();
    let variables = VarMap::new();
    let config = tiny(TemporalKind::Gru, Fusion::Early, true);
    let head = Head::new(&config, &untrained(4).trainable(&variables)).unwrap();
    let judge = |sound: &Tensor| values(&last(&head, &picture, sound));
    let (heard, unheard) = (judge(&sound), judge(&missing));
    let bias = variables.data().lock().unwrap()["head.sound_norm.bias"].clone();
    bias.set(&bias.ones_like().unwrap()).unwrap();
    assert_ne!(judge(&sound), heard);
    assert_eq!(judge(&missing), unheard);
    // Scale and offset of the features do not matter once they are normalised.
    let louder = (&sound * 50.0).unwrap();
    let close = judge(&sound).iter().zip(judge(&louder)).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(close);
    // Nor may a broken feature pass for a missing one.
    let broken = (&sound * f64::NAN).unwrap();
    assert!(judge(&broken).iter().any(|logit| logit.is_nan()));
}

#[test]
fn a_head_of_one_modality_does_not_look_at_the_other() {
    let (picture, sound) = (features(4, 6, 0), features(4, 5, 3));
    let (other_picture, other_sound) = (features(4, 6, 9), features(4, 5, 9));
    let of = |fusion| Head::new(&tiny(TemporalKind::BiLstm, fusion, true), &untrained(4)).unwrap();
    let (seeing, hearing) = (of(Fusion::PictureOnly), of(Fusion::SoundOnly));
    let seen = values(&last(&seeing, &picture, &sound));
    assert_eq!(values(&last(&seeing, &picture, &other_sound)), seen);
    assert_ne!(values(&last(&seeing, &other_picture, &sound)), seen);
    let heard = values(&last(&hearing, &picture, &sound));
    assert_eq!(values(&last(&hearing, &other_picture, &sound)), heard);
    assert_ne!(values(&last(&hearing, &picture, &other_sound)), heard);
}

#[test]
fn features_of_another_network_are_refused_in_words() {
    let head = Head::new(&tiny(TemporalKind::Mtcn, Fusion::Early, false), &untrained(1)).unwrap();
    let message = head.forward(&features(4, 6, 0), &features(4, 7, 0), Mode::Inference).unwrap_err().to_string();
    assert_eq!(message, "sound features of 7 values do not fit a head for 5; it belongs to another network");
    let config = Config {
        recurrent: recurrent::Config { hidden: 0, dropout: 0.0 },
        ..tiny(TemporalKind::Gru, Fusion::Early, false)
    };
    assert!(matches!(Head::new(&config, &untrained(1)), Err(ModelError::Config(_))));
}

#[test]
fn the_weights_of_one_kind_are_not_taken_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bi_gru.safetensors");
    let variables = VarMap::new();
    Head::new(&tiny(TemporalKind::BiGru, Fusion::Early, false), &untrained(1).trainable(&variables)).unwrap();
    variables.save(&path).unwrap();
    let weights = Weights::open(&WeightSource::File(path), &ComputeDevice::cpu()).unwrap();
    for kind in TemporalKind::ALL {
        let read = Head::new(&tiny(kind, Fusion::Early, false), &weights);
        assert_eq!(read.is_ok(), kind == TemporalKind::BiGru, "{}", kind.label());
    }
}

/// Sequences in which the sound has a pulse now and then; the label of a step says whether there was one three steps
/// ago.
struct Pulses {
    picture: Tensor,
    sound: Tensor,
    labels: Tensor,
}

impl Pulses {
    const STEPS: usize = 10;
    const DELAY: usize = 3;

    fn new(batch: usize, seed: u64) -> Pulses {
        let steps = batch * Self::STEPS;
        let draws = seeded::values(seed, "pulses", steps, Init::Uniform { bound: 1.0 });
        let is_pulse = |at: usize| draws[at] > 0.4;
        let sound: Vec<f32> = (0..steps * 5).map(|n| if n % 5 == 0 && is_pulse(n / 5) { 2.0 } else { 0.1 }).collect();
        let is_late = |at: usize| at % Self::STEPS >= Self::DELAY && is_pulse(at - Self::DELAY);
        let labels: Vec<u32> = (0..steps).map(|at| if is_late(at) { 3 } else { 6 }).collect();
        Pulses {
            picture: Tensor::zeros((batch, Self::STEPS, 6), DType::F32, &Device::Cpu).unwrap(),
            sound: Tensor::from_vec(sound, (batch, Self::STEPS, 5), &Device::Cpu).unwrap(),
            labels: Tensor::from_vec(labels, (batch, Self::STEPS), &Device::Cpu).unwrap(),
        }
    }

    /// Loss of the best answer that does not look at the input.
    fn blind_loss(&self) -> f32 {
        let labels = self.labels.flatten_all().unwrap().to_vec1::<u32>().unwrap();
        let share = labels.iter().filter(|&&label| label == 3).count() as f32 / labels.len() as f32;
        -share * share.ln() - (1.0 - share) * (1.0 - share).ln()
    }
}

/// Losses on sequences that training does not see, before and after, and the trained weights by name.
fn train(config: &Config, steps: u64) -> (f32, f32, Vec<(String, Vec<f32>)>) {
    let (pulses, others) = (Pulses::new(32, 1), Pulses::new(32, 2));
    let variables = VarMap::new();
    let head = Head::new(config, &untrained(2).trainable(&variables)).unwrap();
    let parameters = ParamsAdamW { lr: 0.015, ..ParamsAdamW::default() };
    let mut optimiser = AdamW::new(variables.all_vars(), parameters).unwrap();
    let options = LabelOptions::default();
    let judge = || {
        let logits = last(&head, &others.picture, &others.sound);
        let loss = cross_entropy(&logits, &others.labels, None, &options);
        loss.unwrap().to_scalar::<f32>().unwrap()
    };
    let before = judge();
    for seed in 0..steps {
        let stages = head.forward(&pulses.picture, &pulses.sound, Mode::Training { seed }).unwrap();
        let loss = multi_stage(&stages, &pulses.labels, None, &options).unwrap();
        optimiser.backward_step(&loss).unwrap();
    }
    let registered = variables.data().lock().unwrap();
    let mut trained: Vec<_> = registered.iter().map(|(name, variable)| (name.clone(), values(variable))).collect();
    trained.sort_by(|a, b| a.0.cmp(&b.0));
    (before, judge(), trained)
}

/// Wide enough to learn.
fn learner(temporal: TemporalKind, fusion: Fusion) -> Config {
    Config {
        attention: attention::Config { width: 16, heads: 2 },
        mtcn: mtcn::Config { stages: 2, layers: 3, filters: 16, dropout: 0.1, ..mtcn::Config::default() },
        recurrent: recurrent::Config { hidden: 16, dropout: 0.1 },
        transformer: transformer::Config { layers: 2, heads: 2, inner: 32, dropout: 0.1 },
        ..tiny(temporal, fusion, true)
    }
}

#[test]
fn every_kind_learns_what_happened_three_steps_ago() {
    let blind = Pulses::new(32, 2).blind_loss();
    let early = TemporalKind::ALL.map(|kind| learner(kind, Fusion::Early));
    for config in early.into_iter().chain([learner(TemporalKind::Gru, Fusion::Late)]) {
        let case = format!("{}, {}", config.temporal.label(), config.fusion.label());
        let (before, after, _) = train(&config, 100);
        println!("{case:26} loss {before:.3} -> {after:.3}; blind {blind:.3}");
        assert!(after < 0.8 * blind, "{case}: {before} -> {after}, blind {blind}");
    }
}

#[test]
fn training_twice_gives_the_same_weights() {
    for kind in TemporalKind::ALL {
        let config = learner(kind, Fusion::Late);
        assert!(train(&config, 5).2 == train(&config, 5).2, "{}", kind.label());
    }
}

#[test]
fn sequences_too_long_to_train_a_recurrent_head_on_are_refused_and_can_be_judged() {
    let config = recurrent::Config { hidden: 4, dropout: 0.0 };
    let head = |weights| Recurrent::new(Cell::Lstm, Sight::BothWays, 3, &config, &weights).unwrap();
    let variables = VarMap::new();
    let learning = head(untrained(1).trainable(&variables));
    let logits = learning.forward(&features(512, 3, 0), Mode::Training { seed: 0 }).unwrap();
    let gradients = logits.sqr().unwrap().mean_all().unwrap().backward().unwrap();
    let registered = variables.data().lock().unwrap();
    assert!(registered.values().all(|variable| values(gradients.get(variable).unwrap()).iter().all(|x| x.is_finite())));
    let message = learning.forward(&features(513, 3, 0), Mode::Inference).unwrap_err().to_string();
    assert_eq!(
        message,
        "a recurrent head cannot be trained on 513 steps at once; cut them into sequences of at most 512"
    );
    let logits = head(untrained(1)).forward(&features(5000, 3, 0), Mode::Inference).unwrap();
    assert_eq!(logits.dims(), [2, 5000, 10]);
}
