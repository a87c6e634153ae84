//! What a user is told about a weights file that does not fit, and what is recorded about one that does.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use avar_model::seeded::Init;
use avar_model::wav2vec2::{Config, Wav2Vec2};
use avar_model::{AvarNet, ComputeDevice, ModelError, Preset, Provenance, WeightSource, Weights};
use candle_core::{DType, Device, Tensor};

fn open(path: &Path) -> Result<Weights, ModelError> {
    Weights::open(&WeightSource::File(path.to_path_buf()), &ComputeDevice::cpu())
}

fn saved(folder: &Path, tensors: &[(&str, Tensor)]) -> PathBuf {
    let path = folder.join("weights.safetensors");
    let tensors: HashMap<&str, Tensor> = tensors.iter().map(|(name, tensor)| (*name, tensor.clone())).collect();
    candle_core::safetensors::save(&tensors, &path).unwrap();
    path
}

fn ones(shape: &[usize]) -> Tensor {
    Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn a_missing_file_is_reported_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("absent.safetensors");
    let message = open(&path).err().unwrap().to_string();
    assert!(message.starts_with("the weights file cannot be read ("), "{message}");
    assert!(message.ends_with(&format!(": {}", path.display())), "{message}");
}

#[test]
fn a_folder_is_not_a_weights_file() {
    let folder = tempfile::tempdir().unwrap();
    assert!(open(folder.path()).err().unwrap().to_string().contains("it is not a file"));
}

#[test]
fn garbage_and_truncated_files_are_one_sentence_that_ends_with_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let whole = saved(folder.path(), &[("a", ones(&[64, 64]))]);
    let bytes = std::fs::read(&whole).unwrap();
    let endless_header = u64::MAX.to_le_bytes().to_vec();
    for bad in [&bytes[..bytes.len() - 5], &bytes[..20], b"", b"not weights at all, only some text", &endless_header] {
        let path = folder.path().join("bad.safetensors");
        std::fs::write(&path, bad).unwrap();
        let message = open(&path).err().expect("a malformed file was taken").to_string();
        assert!(message.starts_with("this is not a whole safetensors file"), "{message}");
        assert!(message.ends_with(&format!(": {}", path.display())) && !message.contains('\n'), "{message}");
    }
}

#[test]
fn a_missing_tensor_is_named_with_the_shape_it_should_have() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), &[("other", ones(&[2]))]);
    let weights = open(&path).unwrap().at("encoder");
    let message = weights.get(&[3, 4], "weight", Init::linear(4)).unwrap_err().to_string();
    assert!(message.contains("no tensor \"encoder.weight\" of shape [3, 4]"), "{message}");
    assert!(message.ends_with(&path.display().to_string()), "{message}");
}

#[test]
fn a_misshapen_tensor_is_named_with_both_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), &[("weight", ones(&[4, 3]))]);
    let message = open(&path).unwrap().get(&[3, 4], "weight", Init::linear(4)).unwrap_err().to_string();
    assert!(message.contains("\"weight\" should have shape [3, 4] and has [4, 3]"), "{message}");
    assert!(message.ends_with(&path.display().to_string()), "{message}");
}

#[test]
fn values_that_are_not_finite_or_not_floating_point_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bad = Tensor::new(&[1f32, f32::NAN], &Device::Cpu).unwrap();
    let counts = Tensor::new(&[1u32, 2], &Device::Cpu).unwrap();
    let path = saved(folder.path(), &[("bad", bad), ("counts", counts)]);
    let weights = open(&path).unwrap();
    for (name, complaint) in [("bad", "not finite"), ("counts", "floating point is needed")] {
        let message = weights.get(&[2], name, Init::bias()).unwrap_err().to_string();
        assert!(message.contains(complaint) && message.contains(name), "{message}");
    }
}

#[test]
fn half_precision_weights_are_read_as_single() {
    let folder = tempfile::tempdir().unwrap();
    let half = Tensor::new(&[0.5f32, -2.0], &Device::Cpu).unwrap().to_dtype(DType::F16).unwrap();
    let path = saved(folder.path(), &[("half", half)]);
    let tensor = open(&path).unwrap().get(&[2], "half", Init::bias()).unwrap();
    assert_eq!(tensor.to_vec1::<f32>().unwrap(), [0.5, -2.0]);
}

#[test]
fn a_file_is_named_by_the_sha_256_of_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    // One tensor "a" with the single value 0.
    let header = br#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(&[0; 4]);
    let path = folder.path().join("a.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let weights = open(&path).unwrap();
    let digest = "2063b4cc6b0e7999729ed21d38b27852430815ed4e09bd0deed9c31ca8586870";
    assert_eq!(weights.digest(), digest);
    assert_eq!(*weights.provenance(), Provenance::File { path, digest: digest.to_owned() });
}

#[test]
fn untrained_weights_say_so_and_differ_by_seed() {
    let open = |seed| Weights::open(&WeightSource::Untrained { seed }, &ComputeDevice::cpu()).unwrap();
    let (one, other) = (open(1), open(2));
    assert_eq!(*one.provenance(), Provenance::Untrained { seed: 1 });
    assert_ne!(one.digest(), other.digest());
    let tensor = |weights: &Weights| weights.get(&[8], "x", Init::linear(4)).unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(tensor(&one), tensor(&open(1)));
    assert_ne!(tensor(&one), tensor(&other));
}

#[test]
fn weights_of_another_network_are_refused_with_a_tensor_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(folder.path(), &[("mobilevit.conv_stem.convolution.weight", ones(&[16, 3, 5, 5]))]);
    let error = AvarNet::load(Preset::Lite, &WeightSource::File(path), &ComputeDevice::cpu()).err().unwrap();
    assert!(matches!(error, ModelError::TensorShape { .. }), "{error}");
}

#[test]
fn a_weight_norm_in_neither_spelling_is_missed_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Config { channels: 4, width: 8, layers: 0, inner: 8, position_groups: 2, ..Config::base() };
    // Everything of the tiny network but its positional convolution.
    let variables = candle_nn::VarMap::new();
    let seeded = Weights::open(&WeightSource::Untrained { seed: 1 }, &ComputeDevice::cpu()).unwrap();
    Wav2Vec2::new(&tiny, &seeded.trainable(&variables)).unwrap();
    let tensors: HashMap<String, Tensor> = variables
        .data()
        .lock()
        .unwrap()
        .iter()
        .filter(|(name, _)| !name.contains("pos_conv"))
        .map(|(name, variable)| (name.clone(), variable.as_tensor().clone()))
        .collect();
    let path = folder.path().join("partial.safetensors");
    candle_core::safetensors::save(&tensors, &path).unwrap();
    let message = Wav2Vec2::new(&tiny, &open(&path).unwrap()).err().unwrap().to_string();
    assert!(message.contains("wav2vec2.encoder.pos_conv_embed.conv.weight_g"), "{message}");
}
