//! The networks as their callers see them: sizes, finiteness, missing modalities, training.

use avar_base::job::CancelToken;
use avar_model::encoders::{AudioConfig, PictureConfig};
use avar_model::head::{self, Fusion, Head};
use avar_model::layers::Mode;
use avar_model::mobilevit::{self, MobileVit};
use avar_model::temporal::TemporalKind;
use avar_model::wav2vec2::{self, Wav2Vec2};
use avar_model::{
    AvarNet, ComputeDevice, ModelError, Preset, WeightSource, Weights, attention, avar_net, mtcn, recurrent,
    transformer,
};
use candle_core::{D, Device, Tensor, Var};
use candle_nn::VarMap;

fn seeded(seed: u64) -> Weights {
    Weights::open(&WeightSource::Untrained { seed }, &ComputeDevice::cpu()).unwrap()
}

/// Small enough for finite differences, same code.
fn tiny_mobilevit() -> mobilevit::Config {
    mobilevit::Config {
        hidden: [8, 8, 8],
        channels: [4, 4, 8, 8, 8, 8, 12],
        expansion: 2.0,
        transformer_layers: [1, 1, 1],
        heads: 2,
        ..mobilevit::Config::small()
    }
}

fn tiny_wav2vec2() -> wav2vec2::Config {
    wav2vec2::Config {
        channels: 6,
        width: 8,
        layers: 1,
        heads: 2,
        inner: 16,
        position_taps: 8,
        position_groups: 2,
        ..wav2vec2::Config::base()
    }
}

fn tiny() -> avar_net::Config {
    let (picture, sound) = (PictureConfig::MobileVit(tiny_mobilevit()), AudioConfig::Wav2Vec2(tiny_wav2vec2()));
    let head = head::Config {
        attention: attention::Config { width: 16, heads: 2 },
        mtcn: mtcn::Config { stages: 2, layers: 2, filters: 8, ..mtcn::Config::default() },
        recurrent: recurrent::Config { hidden: 8, dropout: 0.3 },
        transformer: transformer::Config { layers: 1, heads: 2, inner: 16, dropout: 0.1 },
        ..head::Config::new(picture.features(), sound.features())
    };
    avar_net::Config { picture, picture_size_px: (64, 64), sound, head }
}

/// The tiny head of every kind and fusion, inputs normalised, with motion.
fn tiny_heads() -> impl Iterator<Item = head::Config> {
    let of =
        |fusion, temporal| head::Config { fusion, temporal, normalise_inputs: true, with_motion: true, ..tiny().head };
    Fusion::ALL.into_iter().flat_map(move |fusion| TemporalKind::ALL.map(|kind| of(fusion, kind)))
}

fn picture_features(network: &AvarNet, rgb: &[u8], n: usize) -> Result<Vec<f32>, ModelError> {
    Ok(network.encode_pictures(rgb, n, &CancelToken::default())?.features)
}

fn audio_tokens(network: &AvarNet, samples: &[f32]) -> Result<Vec<f32>, ModelError> {
    network.encode_audio(samples, &CancelToken::default())
}

/// Numbers in -1..1 that differ from place to place.
fn features(batch: usize, steps: usize, width: usize) -> Tensor {
    let values: Vec<f32> = (0..batch * steps * width).map(|n| (n * 7919 % 1009) as f32 / 504.0 - 1.0).collect();
    Tensor::from_vec(values, (batch, steps, width), &Device::Cpu).unwrap()
}

/// A smooth picture for a network that differs by `seed`.
fn picture((width_px, height_px): (usize, usize), seed: usize) -> Vec<u8> {
    (0..width_px * height_px * 3).map(|index| ((index / (3 + seed)) % 251 + seed * 7) as u8).collect()
}

fn sound(samples: usize) -> Vec<f32> {
    let mut wave: Vec<f32> = (0..samples).map(|n| (n as f32 * 0.05).sin() + ((n * n) % 97) as f32 / 97.0).collect();
    wav2vec2::normalise_utterance(&mut wave);
    wave
}

#[test]
fn parameter_counts_are_those_of_the_checkpoints() {
    let vit = |config: mobilevit::Config| {
        let weights = seeded(1);
        MobileVit::new(&config, &weights).unwrap();
        weights.parameter_count()
    };
    let with_classes = |config| mobilevit::Config { classes: Some(1000), ..config };
    assert_eq!(vit(mobilevit::Config::small()), 4_937_632);
    assert_eq!(vit(with_classes(mobilevit::Config::small())), 5_578_632);
    assert_eq!(vit(mobilevit::Config::x_small()), 1_932_848);
    assert_eq!(vit(with_classes(mobilevit::Config::x_small())), 2_317_848);
    assert_eq!(vit(mobilevit::Config::xx_small()), 951_024);
    assert_eq!(vit(with_classes(mobilevit::Config::xx_small())), 1_272_024);
    let speech = |config: wav2vec2::Config| {
        let weights = seeded(1);
        Wav2Vec2::new(&config, &weights).unwrap();
        weights.parameter_count()
    };
    // The checkpoint's 94,371,712 less the 768 of the mask embedding, which only pre-training reads.
    assert_eq!(speech(wav2vec2::Config::base()), 94_370_944);
    assert_eq!(speech(wav2vec2::Config::small()), 2_242_496);
}

#[test]
fn an_untrained_network_is_finite_and_tells_inputs_apart() {
    let source = WeightSource::Untrained { seed: 3 };
    let network = AvarNet::load(Preset::Lite, &source, &ComputeDevice::cpu()).unwrap();
    assert!(network.provenance().is_untrained());
    let picture = |seed| picture(network.picture_size_px(), seed);
    let pictures = [picture(0), picture(1)].concat();
    let features = picture_features(&network, &pictures, 2).unwrap();
    assert_eq!(features.len(), 2 * network.picture_dim());
    let (first, second) = features.split_at(network.picture_dim());
    assert_ne!(first, second);
    assert_eq!(picture_features(&network, &picture(1), 1).unwrap(), second, "a picture's features depend on its batch");
    let tokens = audio_tokens(&network, &sound(16_000)).unwrap();
    assert_eq!(tokens.len(), 49 * network.audio_dim());
    assert!(features.iter().chain(&tokens).all(|value| value.is_finite()));
    let typical = |values: &[f32]| (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
    assert!((0.01..100.0).contains(&typical(&features)), "{}", typical(&features));
    assert!((0.01..100.0).contains(&typical(&tokens)), "{}", typical(&tokens));

    let steps_of = |row: &[f32]| [row, row, row].concat();
    let heard = steps_of(&tokens[..network.audio_dim()]);
    let judge = |picture: Option<&[f32]>, sound: Option<&[f32]>| network.step_probabilities(picture, sound, 1, 3);
    let seen = |features: &[f32]| steps_of(&[features, &vec![0.5; network.motion_dim()]].concat());
    let (first, second) = (seen(first), seen(second));
    let both = judge(Some(&first), Some(&heard)).unwrap();
    assert_eq!(both.len(), 3 * 10);
    for step in both.chunks_exact(10) {
        assert!((step.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
    assert_ne!(both, judge(Some(&second), Some(&heard)).unwrap());
    assert_ne!(both, judge(None, Some(&heard)).unwrap());
    assert_ne!(both, judge(Some(&first), None).unwrap());
    assert_eq!(judge(None, None).unwrap_err().to_string(), "there is neither picture nor sound to judge");
}

#[test]
fn inputs_of_the_wrong_size_are_refused_in_words() {
    let network = AvarNet::new(tiny(), seeded(1)).unwrap();
    let expect = |result: Result<Vec<f32>, ModelError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    };
    expect(picture_features(&network, &[0; 100], 1), "12288 values are needed and 100 were given");
    expect(picture_features(&network, &[], usize::MAX), "too many");
    expect(audio_tokens(&network, &[0.0; 399]), "at least 400 samples, not 399");
    expect(audio_tokens(&network, &vec![0.0; 61 * 16_000]), "61 s of sound are too many at once");
    expect(audio_tokens(&network, &[f32::NAN; 400]), "not finite");
    expect(network.step_probabilities(Some(&[0.0; 7]), None, 1, 3), "36 values are needed and 7 were given");
    expect(network.step_probabilities(Some(&[]), None, 0, 3), "at least one step");
}

#[test]
fn tokens_are_counted_as_they_come() {
    let config = wav2vec2::Config::small();
    let network = AvarNet::load(Preset::Lite, &WeightSource::Untrained { seed: 1 }, &ComputeDevice::cpu()).unwrap();
    assert_eq!(config.receptive_field(), wav2vec2::TOKEN_FIELD);
    for samples in [400, 719, 720, 1041, 16_000] {
        assert_eq!(config.token_count(samples), (samples - wav2vec2::TOKEN_FIELD) / wav2vec2::TOKEN_HOP + 1);
        let tokens = audio_tokens(&network, &sound(samples)).unwrap();
        assert_eq!(tokens.len(), config.token_count(samples) * network.audio_dim());
    }
    assert_eq!(config.token_count(399), 0);
}

#[test]
fn sound_that_goes_through_the_convolutions_in_parts_gives_the_tokens_of_the_whole() {
    let network = Wav2Vec2::new(&tiny_wav2vec2(), &seeded(2)).unwrap();
    let utterances = [sound(70_000), sound(70_321)[321..].to_vec()].concat();
    let samples = Tensor::from_vec(utterances, (2, 70_000), &Device::Cpu).unwrap();
    let parts = network.forward(&samples).unwrap();
    assert_eq!(parts.dims(), [2, 218, 8]);
    let whole = network.forward_stages(&samples).unwrap().hidden.pop().unwrap();
    let difference = (parts - whole).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn an_utterance_is_brought_to_mean_zero_and_variance_one() {
    let mut wave: Vec<f32> = (0..1000).map(|n| 0.3 + 0.01 * (n as f32 * 0.1).sin()).collect();
    wav2vec2::normalise_utterance(&mut wave);
    let mean = wave.iter().sum::<f32>() / 1000.0;
    let variance = wave.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 1000.0;
    // The 1e-5 below the root shows at a variance of 5e-5.
    assert!(mean.abs() < 1e-4 && (variance - 0.833).abs() < 0.01, "{mean} {variance}");
    let mut silence = [0.25f32; 50];
    wav2vec2::normalise_utterance(&mut silence);
    assert_eq!(silence, [0.0; 50]);
}

#[test]
fn what_a_trainer_saves_is_what_inference_loads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trained.safetensors");
    let variables = VarMap::new();
    AvarNet::new(tiny(), seeded(5).trainable(&variables)).unwrap();
    variables.save(&path).unwrap();
    let saved = Weights::open(&WeightSource::File(path), &ComputeDevice::cpu()).unwrap();
    let (loaded, original) = (AvarNet::new(tiny(), saved).unwrap(), AvarNet::new(tiny(), seeded(5)).unwrap());
    assert!(!loaded.provenance().is_untrained());
    assert_eq!(loaded.parameter_count(), original.parameter_count());
    let features = |network: &AvarNet| picture_features(network, &picture(network.picture_size_px(), 2), 1).unwrap();
    assert_eq!(features(&loaded), features(&original));
    let tokens = |network: &AvarNet| audio_tokens(network, &sound(2000)).unwrap();
    assert_eq!(tokens(&loaded), tokens(&original));
}

/// Every parameter that `variables` holds has a finite gradient, and the largest of each tensor's agrees with the
/// difference quotient.
fn check_gradients(variables: &VarMap, loss: impl Fn() -> Tensor) {
    let value = |loss: Tensor| f64::from(loss.to_scalar::<f32>().unwrap());
    let gradients = loss().backward().unwrap();
    let mut names: Vec<(String, Var)> =
        variables.data().lock().unwrap().iter().map(|(name, variable)| (name.clone(), variable.clone())).collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, variable) in names.iter().filter(|(name, _)| !name.contains("running_")) {
        let gradient = gradients.get(variable).unwrap_or_else(|| panic!("{name} has no gradient"));
        let slopes = gradient.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{name}");
        let at = (0..slopes.len()).max_by(|&a, &b| slopes[a].abs().total_cmp(&slopes[b].abs())).unwrap();
        let original = variable.as_tensor().copy().unwrap();
        let values = original.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let moved = |by: f32| {
            let mut values = values.clone();
            values[at] += by;
            variable.set(&Tensor::from_vec(values, original.shape(), &Device::Cpu).unwrap()).unwrap();
            value(loss())
        };
        let step = 1e-3;
        let quotient = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
        variable.set(&original).unwrap();
        let slope = f64::from(slopes[at]);
        // Attention ignores a constant added to all keys: that gradient is zero but for rounding.
        assert!((quotient - slope).abs() < 0.05 * slope.abs() + 2e-3, "{name}: slope {slope}, quotient {quotient}");
    }
}

/// A loss that no parameter leaves alone: the mean product with fixed numbers.
fn shares(x: &Tensor) -> Tensor {
    let count = x.elem_count();
    let shares: Vec<f32> = (0..count).map(|n| ((n * 37 % 101) as f32 / 50.0 - 1.0) * 4.0).collect();
    let shares = Tensor::from_vec(shares, x.shape(), &Device::Cpu).unwrap();
    (x * shares).unwrap().mean_all().unwrap()
}

#[test]
fn every_parameter_of_mobilevit_can_be_trained() {
    let variables = VarMap::new();
    let network = MobileVit::new(&tiny_mobilevit(), &seeded(2).trainable(&variables)).unwrap();
    let pixels: Vec<f32> = (0..2 * 48 * 40 * 3).map(|n| (n * 7919 % 1009) as f32 / 1009.0).collect();
    let pictures = Tensor::from_vec(pixels, (2, 48, 40, 3), &Device::Cpu).unwrap();
    check_gradients(&variables, || shares(&network.forward(&pictures, Mode::Training { seed: 1 }).unwrap()));
}

#[test]
fn every_parameter_of_wav2vec2_can_be_trained() {
    let variables = VarMap::new();
    let network = Wav2Vec2::new(&tiny_wav2vec2(), &seeded(2).trainable(&variables)).unwrap();
    let wave = Tensor::from_vec(sound(3000), (1, 3000), &Device::Cpu).unwrap();
    check_gradients(&variables, || shares(&network.forward(&wave).unwrap()));
}

#[test]
fn every_parameter_of_every_head_can_be_trained() {
    for config in tiny_heads() {
        println!("{} {}", config.fusion.label(), config.temporal.label());
        let variables = VarMap::new();
        let head = Head::new(&config, &seeded(2).trainable(&variables)).unwrap();
        let (picture, sound) = (features(2, 6, config.seen_width()), features(2, 6, config.sound_width));
        check_gradients(&variables, || {
            let logits = head.forward(&picture, &sound, Mode::Training { seed: 1 }).unwrap();
            logits.iter().map(shares).reduce(|a, b| (a + b).unwrap()).unwrap()
        });
    }
}

#[test]
fn training_moves_the_running_statistics_and_inference_does_not() {
    let variables = VarMap::new();
    let network = MobileVit::new(&tiny_mobilevit(), &seeded(2).trainable(&variables)).unwrap();
    let pixels: Vec<f32> = (0..32 * 32 * 3).map(|n| (n * 7919 % 1009) as f32 / 1009.0).collect();
    let pictures = Tensor::from_vec(pixels, (1, 32, 32, 3), &Device::Cpu).unwrap();
    let statistic = || {
        let name = "mobilevit.conv_stem.normalization.running_mean";
        variables.data().lock().unwrap()[name].as_tensor().to_vec1::<f32>().unwrap()
    };
    let before = statistic();
    network.forward(&pictures, Mode::Inference).unwrap();
    assert_eq!(statistic(), before);
    network.forward(&pictures, Mode::Training { seed: 0 }).unwrap();
    assert_ne!(statistic(), before);
}

#[test]
fn dropout_repeats_with_its_seed_and_is_off_in_inference() {
    for config in tiny_heads() {
        let head = Head::new(&config, &seeded(2)).unwrap();
        let (picture, sound) = (features(1, 4, config.seen_width()), features(1, 4, config.sound_width));
        let logits = |mode| {
            let stages = head.forward(&picture, &sound, mode).unwrap();
            stages.last().unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(logits(Mode::Training { seed: 4 }), logits(Mode::Training { seed: 4 }));
        assert_ne!(logits(Mode::Training { seed: 4 }), logits(Mode::Training { seed: 5 }));
        assert_ne!(logits(Mode::Training { seed: 4 }), logits(Mode::Inference));
        assert_eq!(logits(Mode::Inference), logits(Mode::Inference));
    }
}

#[test]
fn the_whole_network_takes_any_head() {
    for config in tiny_heads() {
        let row = |width| features(1, 3, width).flatten_all().unwrap().to_vec1::<f32>().unwrap();
        let (picture, sound) = (row(config.seen_width()), row(config.sound_width));
        let fusion = config.fusion;
        let network = AvarNet::new(avar_net::Config { head: config, ..tiny() }, seeded(1)).unwrap();
        let judge = |picture: Option<&[f32]>, sound: Option<&[f32]>| network.step_probabilities(picture, sound, 1, 3);
        let both = judge(Some(&picture), Some(&sound)).unwrap();
        assert!(both.chunks_exact(10).all(|step| (step.iter().sum::<f32>() - 1.0).abs() < 1e-5));
        let (seen, heard) = (judge(Some(&picture), None), judge(None, Some(&sound)));
        match fusion {
            Fusion::PictureOnly => {
                assert_eq!(seen.unwrap(), both);
                let message = heard.unwrap_err().to_string();
                assert_eq!(message, "this network judges by pictures alone, and there is none");
            }
            Fusion::SoundOnly => {
                assert_eq!(heard.unwrap(), both);
                let message = seen.unwrap_err().to_string();
                assert_eq!(message, "this network judges by sound alone, and there is none");
            }
            Fusion::Early | Fusion::Late => {
                assert_ne!(seen.unwrap(), both);
                assert_ne!(heard.unwrap(), both);
            }
        }
    }
}

#[test]
fn a_head_for_other_features_is_refused() {
    let config = avar_net::Config { head: head::Config::new(640, 768), ..tiny() };
    let message = AvarNet::new(config, seeded(1)).err().unwrap().to_string();
    assert_eq!(message, "a head for features of 640 and 768 values does not fit networks that give 12 and 8");
}

#[test]
fn pictures_below_the_smallest_size_are_refused() {
    let network = MobileVit::new(&tiny_mobilevit(), &seeded(1)).unwrap();
    let pictures = Tensor::zeros((1, 31, 64, 3), candle_core::DType::F32, &Device::Cpu).unwrap();
    let message = network.forward(&pictures, Mode::Inference).unwrap_err().to_string();
    assert!(message.contains("at least 32 x 32 pixels, not 3 channels of 64 x 31"), "{message}");
}

#[test]
fn the_head_looks_as_far_as_its_receptive_field() {
    for (taps, layers, field) in [(2, 4, 16), (3, 4, 31), (3, 2, 7)] {
        assert_eq!(mtcn::Config { taps, layers, ..mtcn::Config::default() }.receptive_field_steps(), field);
    }
    // One stage, two taps: a step changes itself and the three after it, nothing else.
    let config = mtcn::Config { stages: 1, layers: 2, taps: 2, ..mtcn::Config::default() };
    let head = mtcn::Mtcn::new(3, &config, &seeded(1)).unwrap();
    let run = |values: Vec<f32>| {
        let x = Tensor::from_vec(values, (1, 12, 3), &Device::Cpu).unwrap();
        head.forward(&x, Mode::Inference).unwrap().remove(0).sum(D::Minus1).unwrap().flatten_all().unwrap()
    };
    let mut touched = vec![0.0; 36];
    touched[4 * 3] = 1.0;
    let difference = (run(touched) - run(vec![0.0; 36])).unwrap().to_vec1::<f32>().unwrap();
    let changed: Vec<usize> = (0..12).filter(|&step| difference[step] != 0.0).collect();
    assert_eq!(changed, [4, 5, 6, 7]);
}
