//! Every stage of every network against the reference implementations in PyTorch.
//!
//! The error of a tensor is `max |ours - theirs| / max |theirs|`. Tiny shapes are committed under
//! `tests/parity/fixtures`; full sizes are made by `tests/parity/make_fixtures.py full DIR` and read from the folder
//! that the environment variable AVAR_PARITY_DIR names (`make parity`).

use std::path::{Path, PathBuf};

use avar_model::layers::Mode;
use avar_model::mobilevit::{self, MobileVit};
use avar_model::wav2vec2::{self, Wav2Vec2};
use avar_model::{ComputeDevice, WeightSource, Weights, attention, head, mtcn};
use candle_core::safetensors::MmapedSafetensors;
use candle_core::{Device, Tensor};
use candle_nn::VarMap;

const TOLERANCE: f64 = 1e-4;

/// Weights and expected stages of one network.
struct Fixture {
    name: String,
    weights: Weights,
    stages: MmapedSafetensors,
}

impl Fixture {
    fn open(folder: &Path, name: &str) -> Fixture {
        let source = WeightSource::File(folder.join(format!("{name}.weights.safetensors")));
        let stages = folder.join(format!("{name}.stages.safetensors"));
        Fixture {
            name: name.to_owned(),
            weights: Weights::open(&source, &ComputeDevice::cpu()).unwrap(),
            // SAFETY: nothing writes to a fixture while the test runs.
            stages: unsafe { MmapedSafetensors::new(stages) }.unwrap(),
        }
    }

    fn tensor(&self, name: &str) -> Tensor {
        self.stages.load(name, &Device::Cpu).unwrap()
    }

    /// Fails unless `found` is the stage `name`; returns the error.
    fn check(&self, name: &str, found: &Tensor) -> f64 {
        let expected = self.tensor(name);
        assert_eq!(found.dims(), expected.dims(), "{} {name}", self.name);
        let largest = |x: &Tensor| f64::from(x.abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap());
        let error = largest(&(found - &expected).unwrap()) / largest(&expected);
        println!("{:24} {name:14} {error:.1e}", self.name);
        assert!(error <= TOLERANCE, "{} {name}: {error:e}", self.name);
        error
    }
}

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/fixtures")
}

fn check_mobilevit(folder: &Path, name: &str, config: &mobilevit::Config, trainable: bool) {
    let fixture = Fixture::open(folder, name);
    let variables = VarMap::new();
    let weights = if trainable { fixture.weights.trainable(&variables) } else { fixture.weights.clone() };
    let network = MobileVit::new(config, &weights).unwrap();
    let stages = network.forward_stages(&fixture.tensor("input"), Mode::Inference).unwrap();
    for (stage, map) in &stages.maps {
        fixture.check(stage, map);
    }
    fixture.check("pooled", &stages.pooled);
    fixture.check("logits", &stages.logits.unwrap());
}

fn check_wav2vec2(folder: &Path, name: &str, config: &wav2vec2::Config, trainable: bool) {
    let fixture = Fixture::open(folder, name);
    let variables = VarMap::new();
    let weights = if trainable { fixture.weights.trainable(&variables) } else { fixture.weights.clone() };
    let network = Wav2Vec2::new(config, &weights).unwrap();
    let stages = network.forward_stages(&fixture.tensor("input")).unwrap();
    for (index, map) in stages.convolutions.iter().enumerate() {
        fixture.check(&format!("conv.{index}"), map);
    }
    fixture.check("projected", &stages.projected);
    for (index, tokens) in stages.hidden.iter().enumerate() {
        fixture.check(&format!("hidden.{index}"), tokens);
    }
    let last = network.forward(&fixture.tensor("input")).unwrap();
    fixture.check(&format!("hidden.{}", config.layers), &last);
}

fn check_head(name: &str, taps: usize, trainable: bool) {
    let fixture = Fixture::open(&committed(), name);
    let variables = VarMap::new();
    let weights = if trainable { fixture.weights.trainable(&variables) } else { fixture.weights.clone() };
    let config = head::Config {
        attention: attention::Config { width: 16, heads: 2 },
        mtcn: mtcn::Config { stages: 3, layers: 3, filters: 8, taps, ..mtcn::Config::default() },
        ..head::Config::new(14, 10)
    };
    let input = fixture.tensor("input");
    let attention = attention::AttentionBlock::new(24, &config.attention, &weights.at("head.attention")).unwrap();
    fixture.check("attention", &attention.forward(&input).unwrap());
    let (picture, sound) = (input.narrow(2, 0, 14).unwrap(), input.narrow(2, 14, 10).unwrap());
    let head = head::Head::new(&config, &weights).unwrap();
    let logits = head.forward(&picture, &sound, Mode::Inference).unwrap();
    for (index, logits) in logits.iter().enumerate() {
        fixture.check(&format!("logits.{index}"), logits);
    }
}

fn tiny_vit() -> mobilevit::Config {
    mobilevit::Config {
        hidden: [8, 12, 16],
        channels: [4, 4, 8, 8, 12, 12, 24],
        expansion: 2.0,
        heads: 2,
        classes: Some(5),
        ..mobilevit::Config::small()
    }
}

fn tiny_sound() -> wav2vec2::Config {
    wav2vec2::Config {
        channels: 8,
        width: 16,
        layers: 2,
        heads: 2,
        inner: 32,
        position_taps: 16,
        position_groups: 4,
        ..wav2vec2::Config::base()
    }
}

#[test]
fn mobilevit_agrees_at_every_stage() {
    check_mobilevit(&committed(), "vit_64x64", &tiny_vit(), false);
}

#[test]
fn mobilevit_agrees_where_the_patch_does_not_divide_the_map() {
    check_mobilevit(&committed(), "vit_72x40", &tiny_vit(), false);
}

#[test]
fn trainable_mobilevit_agrees_too() {
    check_mobilevit(&committed(), "vit_72x40", &tiny_vit(), true);
}

#[test]
fn wav2vec2_agrees_with_the_newer_spelling_of_weight_norm() {
    check_wav2vec2(&committed(), "sound_newer", &tiny_sound(), false);
}

#[test]
fn wav2vec2_agrees_with_the_older_spelling_of_weight_norm() {
    check_wav2vec2(&committed(), "sound_older", &tiny_sound(), false);
}

#[test]
fn trainable_wav2vec2_agrees_too() {
    check_wav2vec2(&committed(), "sound_older", &tiny_sound(), true);
}

#[test]
fn the_head_agrees_with_three_taps() {
    check_head("head_3_taps", 3, false);
}

#[test]
fn the_head_agrees_with_two_taps() {
    check_head("head_2_taps", 2, false);
}

#[test]
fn the_trainable_head_agrees_too() {
    check_head("head_3_taps", 3, true);
}

#[test]
#[ignore = "needs AVAR_PARITY_DIR, a folder made by tests/parity/make_fixtures.py full: run `make parity`"]
fn the_networks_agree_at_full_size() {
    let folder =
        PathBuf::from(std::env::var_os("AVAR_PARITY_DIR").expect("AVAR_PARITY_DIR names the fixtures' folder"));
    let classes = |config| mobilevit::Config { classes: Some(1000), ..config };
    check_mobilevit(&folder, "mobilevit_s", &classes(mobilevit::Config::small()), false);
    check_mobilevit(&folder, "mobilevit_xs", &classes(mobilevit::Config::x_small()), false);
    check_mobilevit(&folder, "mobilevit_xxs", &classes(mobilevit::Config::xx_small()), false);
    check_mobilevit(&folder, "mobilevit_xxs_wide", &classes(mobilevit::Config::xx_small()), false);
    check_wav2vec2(&folder, "wav2vec2_base", &wav2vec2::Config::base(), false);
    check_wav2vec2(&folder, "wav2vec2_base_older", &wav2vec2::Config::base(), false);
}
