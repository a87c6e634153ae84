//! The pretrained networks: against a second implementation by the definitions, on weights made up here, and against
//! the recorded answers of the published networks, where the shared data are.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use avar_model::seeded::{self, Init};
use avar_model::teachers::{MobileNetV2, Yamnet, mobilenet_v2, yamnet};
use avar_model::{ComputeDevice, Provenance, WeightSource, Weights};
use candle_core::{DType, Device, Tensor};

use super::close::assert_close;
use super::npz;

#[path = "teachers/by_definition.rs"]
mod by_definition;

fn cpu() -> ComputeDevice {
    ComputeDevice::cpu()
}

/// A 16-bit weights file with made-up values, and the same values.
fn made_up(folder: &Path, shapes: Vec<(String, Vec<usize>)>) -> (PathBuf, HashMap<String, Tensor>) {
    let tensors = shapes.into_iter().map(|(name, shape)| {
        let count = shape.iter().product();
        let init = match shape[..] {
            [_] => Init::Uniform { bound: 0.5 },
            [1, 3, 3, _] => Init::before_activation(9),
            _ => Init::before_activation(count / shape[0]),
        };
        let values = seeded::values(11, &name, count, init);
        (name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F16).unwrap())
    });
    let tensors: HashMap<_, _> = tensors.collect();
    let path = folder.join("made-up.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    (path, tensors)
}

/// Two tones and a hiss.
fn sound(count: usize) -> Vec<f32> {
    let hiss = seeded::values(2, "hiss", count, Init::Uniform { bound: 0.1 });
    let tone = |n: usize| (n as f32 * 0.3).sin() * 0.3 + (n as f32 * 0.021).sin() * 0.4;
    hiss.into_iter().enumerate().map(|(n, hiss)| hiss + tone(n)).collect()
}

/// Noise over a slope, so that no turn or mirror image is like another.
fn pictures(count: usize) -> Vec<u8> {
    let edge = mobilenet_v2::EDGE_PX;
    let noise = seeded::values(4, "noise", count * edge * edge * 3, Init::Uniform { bound: 60.0 });
    let slope = |index: usize| (index / 3 % edge + index / (3 * edge) % edge / 2 + index % 3 * 20) as f32 * 0.5;
    noise.into_iter().enumerate().map(|(index, noise)| (noise + slope(index)) as u8).collect()
}

/// `||found - expected|| / ||expected||`
fn distance(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let norm = |squares: &mut dyn Iterator<Item = f32>| squares.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    norm(&mut found.iter().zip(expected).map(|(a, b)| a - b)) / norm(&mut expected.iter().copied())
}

#[test]
fn yamnet_is_its_definition() {
    let folder = tempfile::tempdir().unwrap();
    let (path, tensors) = made_up(folder.path(), by_definition::yamnet_shapes());
    let network = Yamnet::open(&path, &cpu()).unwrap();
    let samples = sound(yamnet::SHORTEST_SAMPLES + 7680);
    let found = network.patches(&samples).unwrap();
    assert_eq!(found.count, 2);
    let frames = network.log_mel(&samples).unwrap();
    assert_eq!(frames.len(), (96 + 48) * 64);
    let (embedding, logits) = by_definition::yamnet(&tensors, &frames[48 * 64..]);
    assert_close("embedding", &found.embeddings[1024..], &embedding, 1e-4);
    assert_close("logits", &found.logits[521..], &logits, 1e-4);
    for (score, logit) in found.scores().iter().zip(&found.logits) {
        assert!((score - 1.0 / (1.0 + (-logit).exp())).abs() < 1e-6);
    }
}

#[test]
fn mobilenet_v2_is_its_definition() {
    let folder = tempfile::tempdir().unwrap();
    let (path, tensors) = made_up(folder.path(), by_definition::mobilenet_v2_shapes());
    let network = MobileNetV2::open(&path, &cpu()).unwrap();
    let rgb = pictures(2);
    let found = network.features(&rgb, 2).unwrap();
    let expected = by_definition::mobilenet_v2(&tensors, &rgb[rgb.len() / 2..]);
    assert_close("features", &found[mobilenet_v2::FEATURES..], &expected, 1e-4);
}

#[test]
fn a_patch_does_not_depend_on_what_is_before_or_after_it() {
    let weights = Weights::open(&WeightSource::Untrained { seed: 6 }, &cpu()).unwrap();
    let network = Yamnet::new(&weights).unwrap();
    let samples = sound(19 * 7680 + yamnet::SHORTEST_SAMPLES + 7679);
    let whole = network.patches(&samples).unwrap();
    assert_eq!(whole.count, 20);
    for patch in [0, 3, 4, 19] {
        let alone = network.patches(&samples[patch * 7680..][..yamnet::SHORTEST_SAMPLES]).unwrap();
        assert_eq!(alone.count, 1);
        let row = &whole.embeddings[patch * yamnet::EMBEDDING..][..yamnet::EMBEDDING];
        assert_close("embedding", row, &alone.embeddings, 1e-5);
        assert_close("logits", &whole.logits[patch * yamnet::CLASSES..][..yamnet::CLASSES], &alone.logits, 1e-5);
    }
}

#[test]
fn sound_too_short_for_a_patch_has_none() {
    let weights = Weights::open(&WeightSource::Untrained { seed: 6 }, &cpu()).unwrap();
    let network = Yamnet::new(&weights).unwrap();
    for count in [0, 399, yamnet::SHORTEST_SAMPLES - 1] {
        let patches = network.patches(&vec![0.1; count]).unwrap();
        assert_eq!((patches.count, patches.embeddings.len(), patches.logits.len()), (0, 0, 0));
    }
    assert!(network.log_mel(&[0.1; 399]).unwrap().is_empty());
}

#[test]
fn input_that_does_not_fit_is_refused_in_words() {
    let weights = Weights::open(&WeightSource::Untrained { seed: 6 }, &cpu()).unwrap();
    let mut samples = sound(yamnet::SHORTEST_SAMPLES);
    let network = Yamnet::new(&weights).unwrap();
    for bad in [f32::NAN, f32::NEG_INFINITY, 1e30] {
        samples[9000] = bad;
        for error in [network.patches(&samples).unwrap_err(), network.log_mel(&samples).unwrap_err()] {
            assert!(error.to_string().starts_with("the sound holds samples that are not finite"), "{error}");
        }
    }
    samples[9000] = -1e6;
    assert!(network.patches(&samples).unwrap().logits.iter().all(|logit| logit.is_finite()));
    let network = MobileNetV2::new(&weights).unwrap();
    let error = network.features(&[0; 100], 1).unwrap_err().to_string();
    assert_eq!(error, "1 pictures of 224 x 224 pixels in red, green and blue do not have 100 bytes");
    assert!(network.features(&[0; 100], usize::MAX).is_err());
    assert!(network.features(&[], 0).unwrap().is_empty());
}

#[test]
fn the_weights_of_another_network_are_refused_by_tensor_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut tensors) = made_up(folder.path(), by_definition::yamnet_shapes());
    let error = MobileNetV2::open(&path, &cpu()).err().unwrap().to_string();
    assert!(error.contains("\"sequential/mobilenetv2_1.00_224/"), "{error}");
    assert!(error.ends_with(path.to_str().unwrap()), "{error}");
    // As PyTorch would lay it out.
    let weight = tensors["layer2.weight"].permute((3, 0, 1, 2)).unwrap().contiguous().unwrap();
    tensors.insert("layer2.weight".to_owned(), weight);
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let error = Yamnet::open(&path, &cpu()).err().unwrap().to_string();
    let expected = "the tensor \"layer2.weight\" should have shape [1, 3, 3, 32] and has [32, 1, 3, 3]";
    assert!(error.starts_with(expected), "{error}");
}

#[test]
fn a_list_of_class_names_must_have_one_for_each_class() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.txt");
    let names: Vec<String> = (0..yamnet::CLASSES).map(|index| format!("class {index}")).collect();
    std::fs::write(&path, names.join("\r\n")).unwrap();
    assert_eq!(yamnet::class_names(&path).unwrap(), names);
    let message = |text: &[u8]| {
        std::fs::write(&path, text).unwrap();
        yamnet::class_names(&path).unwrap_err().to_string()
    };
    let short = message(names[1..].join("\n").as_bytes());
    assert!(short.contains("this list has 520 lines") && short.ends_with(path.to_str().unwrap()), "{short}");
    let gap = message(names.join("\n").replace("class 7\n", "\n").as_bytes());
    assert!(gap.contains("line 8 is blank"), "{gap}");
    assert!(message(&[0xff, 0xfe, 0x00]).starts_with("the class names cannot be read ("));
    let absent = yamnet::class_names(&folder.path().join("absent.txt")).unwrap_err().to_string();
    assert!(absent.starts_with("the class names cannot be read ("), "{absent}");
}

// The recorded answers are those of the networks in 8-bit integers, whose weights the files hold; the activations
// were rounded too, which moves YAMNet's embedding by 2 to 3 % and MobileNetV2's features by 11 %. The bounds lie
// between that and what mistakes do: MobileNetV2 with red and blue exchanged is 22 % off, with symmetric padding, input
// in -1..1 or without ReLU6's upper end more than 50 %. That our arithmetic is exact is what the tests above are for.
// Only the front end was recorded in floating point.

#[test]
fn published_yamnet_answers_as_recorded_at_every_stage() {
    let Some(folder) = avar_testing::data_folder("teachers") else { return };
    let network = Yamnet::open(&folder.join("yamnet_dequant_f16.safetensors"), &cpu()).unwrap();
    let Provenance::File { digest, .. } = network.provenance() else { panic!("the weights came from a file") };
    assert_eq!(digest, "ff45b9f04cbbb1f40acdd4e78983a29b4ac86f4815783f8c4ba483da2bdaaa76");
    let recorded = npz::Archive::open(&folder.join("yamnet_reference_io.npz"));
    let samples = recorded.floats("wav");
    let frames = network.log_mel(&samples).unwrap();
    for (index, patch) in recorded.floats("patches").chunks_exact(96 * 64).enumerate() {
        let found = &frames[index * 48 * 64..][..96 * 64];
        let error = found.iter().zip(patch).fold(0f32, |error, (a, b)| error.max((a - b).abs()));
        println!("log-mel, patch {index}: error {error:e}");
        assert!(error < 1e-4, "patch {index}: {error}");
    }
    let found = network.patches(&samples).unwrap();
    assert_eq!(found.count, 9);
    let embeddings = recorded.floats("embedding");
    for (index, embedding) in embeddings.chunks_exact(yamnet::EMBEDDING).enumerate() {
        let off = distance(&found.embeddings[index * yamnet::EMBEDDING..][..yamnet::EMBEDDING], embedding);
        println!("embedding, patch {index}: {off:.4} of its norm");
        assert!(off < 0.04, "patch {index}: {off}");
    }
    let scores = recorded.floats("scores");
    let error = found.scores().iter().zip(&scores).fold(0f32, |error, (a, b)| error.max((a - b).abs()));
    println!("scores: error {error}");
    assert!(error < 0.06, "{error}");
}

#[test]
fn published_mobilenet_v2_answers_as_recorded() {
    let Some(folder) = avar_testing::data_folder("teachers") else { return };
    let path = folder.join("mobilenetv2_imagenet_backbone_dequant_f16.safetensors");
    let network = MobileNetV2::open(&path, &cpu()).unwrap();
    let recorded = npz::Archive::open(&folder.join("mobilenetv2_reference_io.npz"));
    let features = network.features(&recorded.bytes("image"), 1).unwrap();
    let off = distance(&features, &recorded.floats("pooled"));
    println!("features: {off:.4} of their norm");
    assert!(off < 0.15, "{off}");
}

#[test]
fn the_published_class_names_fit() {
    let Some(folder) = avar_testing::data_folder("teachers") else { return };
    let names = yamnet::class_names(&folder.join("yamnet_labels_frigate.txt")).unwrap();
    assert_eq!((names[0].as_str(), names[520].as_str()), ("speech", "field_recording"));
    assert!(names.iter().any(|name| name.contains("siren")));
}
