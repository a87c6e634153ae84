//! The extractors: against a second implementation by the definitions, on weights made up here, and against the
//! recorded answers of the published networks, where the shared data are.

use std::path::PathBuf;

use avar_base::job::CancelToken;
use avar_model::extractors::movenet::HeadMap;
use avar_model::extractors::{
    EfficientAt, EfficientNetLite2, MoveNet, NanoDet, efficientat, efficientnet_lite2, movenet, nanodet,
};
use avar_model::seeded::{self, Init};
use avar_model::{ComputeDevice, ModelError, WeightSource};

use super::close::assert_close;
use super::npz::Archive;
use by_definition::Tensors;

#[path = "extractors/by_definition.rs"]
mod by_definition;

fn cpu() -> ComputeDevice {
    ComputeDevice::cpu()
}

fn untrained() -> WeightSource {
    WeightSource::Untrained { seed: 6 }
}

fn running() -> CancelToken {
    CancelToken::default()
}

fn cancelled() -> CancelToken {
    let cancel = CancelToken::default();
    cancel.cancel();
    cancel
}

/// The published weights and the recorded answers of a network; `None` where the shared data are absent.
#[track_caller]
fn published(folder: &str, weights: &str) -> Option<(WeightSource, Archive)> {
    let folder: PathBuf = avar_testing::data_folder("teachers")?.join(folder);
    Some((WeightSource::File(folder.join(weights)), Archive::open(&folder.join("reference_io.npz"))))
}

/// Two tones and a hiss.
fn sound(count: usize) -> Vec<f32> {
    let hiss = seeded::values(2, "hiss", count, Init::Uniform { bound: 0.1 });
    let tone = |n: usize| (n as f32 * 0.3).sin() * 0.3 + (n as f32 * 0.021).sin() * 0.4;
    hiss.into_iter().enumerate().map(|(n, hiss)| hiss + tone(n)).collect()
}

/// Noise over a slope, so that no turn or mirror image is like another.
fn pictures(count: usize, size_px: usize) -> Vec<u8> {
    let noise = seeded::values(4, "noise", count * size_px * size_px * 3, Init::Uniform { bound: 60.0 });
    let slope = |index: usize| {
        let (x, y) = (index / 3 % size_px, index / (3 * size_px) % size_px);
        60.0 + (90 * x / size_px + 60 * y / size_px + index % 3 * 20) as f32
    };
    noise.into_iter().enumerate().map(|(index, noise)| (noise + slope(index)) as u8).collect()
}

/// One window of a whole sound.
fn whole(samples: &[f32]) -> efficientat::Windows {
    efficientat::Windows { length_samples: samples.len(), hop_samples: samples.len() }
}

#[test]
fn efficientat_is_its_definition() {
    let samples = sound(efficientat::SHORTEST_SAMPLES);
    let log_mel = EfficientAt::open(&untrained(), &cpu()).unwrap().log_mel(&samples).unwrap();
    assert_eq!(log_mel.len(), efficientat::BANDS * 100);
    let mut tensors = Tensors::default();
    let (embedding, logits) = by_definition::efficientat(&mut tensors, &log_mel);
    let folder = tempfile::tempdir().unwrap();
    let network = EfficientAt::open(&WeightSource::File(tensors.save(folder.path())), &cpu()).unwrap();
    assert_eq!(network.origin().parameter_count, tensors.count());
    let features = network.features(&samples, whole(&samples), &running()).unwrap();
    assert_close("embedding", &features, &embedding, 1e-4);
    assert_close("logits", &network.logits(&features).unwrap(), &logits, 1e-4);
}

#[test]
fn a_window_of_sound_does_not_depend_on_what_is_before_or_after_it() {
    let network = EfficientAt::open(&untrained(), &cpu()).unwrap();
    let windows = efficientat::Windows { length_samples: 40_000, hop_samples: 9_000 };
    let samples = sound(40_000 + 3 * 9_000 + 8_999);
    let all = network.features(&samples, windows, &running()).unwrap();
    assert_eq!(all.len(), 4 * efficientat::FEATURES);
    for index in [0, 3] {
        let alone = &samples[index * 9_000..][..40_000];
        let alone = network.features(alone, whole(alone), &running()).unwrap();
        assert_eq!(all[index * efficientat::FEATURES..][..efficientat::FEATURES], alone);
    }
}

#[test]
fn sound_that_does_not_fit_is_refused_in_words() {
    let network = EfficientAt::open(&untrained(), &cpu()).unwrap();
    let mut samples = sound(64_000);
    let windows = efficientat::Windows { length_samples: 64_000, hop_samples: 64_000 };
    assert!(network.features(&samples[1..], windows, &running()).unwrap().is_empty());
    for (length_samples, hop_samples) in [(31_999, 100), (60 * 32_000 + 1, 100), (64_000, 0), (0, 1)] {
        let windows = efficientat::Windows { length_samples, hop_samples };
        let error = network.features(&samples, windows, &running()).unwrap_err().to_string();
        let expected = "EfficientAT takes windows of 32000 to 1920000 samples at least one apart, and not of ";
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(network.log_mel(&samples[..600]).is_err());
    assert_eq!(network.logits(&[0.0; 385]).unwrap_err().to_string(), "385 numbers are no rows of 384 features");
    assert!(network.logits(&[]).unwrap().is_empty());
    samples[20_000] = f32::NAN;
    let error = network.features(&samples, windows, &running()).unwrap_err().to_string();
    assert!(error.starts_with("the sound holds samples that are not finite"), "{error}");
}

#[test]
fn work_that_nobody_waits_for_ends() {
    let network = EfficientAt::open(&untrained(), &cpu()).unwrap();
    let samples = sound(64_000);
    let error = network.features(&samples, whole(&samples), &cancelled()).unwrap_err();
    assert!(matches!(error, ModelError::Cancelled(_)), "{error}");
}

#[test]
fn efficientnet_lite2_is_its_definition_at_even_and_odd_sizes() {
    for size_px in [64, 51] {
        let rgb = pictures(2, size_px);
        let mut tensors = Tensors::default();
        let (features, logits) = by_definition::efficientnet_lite2(&mut tensors, &rgb[rgb.len() / 2..]);
        let folder = tempfile::tempdir().unwrap();
        let network = EfficientNetLite2::open(&WeightSource::File(tensors.save(folder.path())), &cpu()).unwrap();
        assert_eq!(network.origin().parameter_count, tensors.count());
        assert_eq!(network.size_px(), (efficientnet_lite2::SIZE_PX, efficientnet_lite2::SIZE_PX));
        let network = network.at_size((size_px, size_px)).unwrap();
        let found = network.features(&rgb, 2, &running()).unwrap();
        let found = &found[efficientnet_lite2::FEATURES..];
        assert_close("features", found, &features, 1e-4);
        assert_close("logits", &network.logits(found).unwrap(), &logits, 1e-4);
    }
}

#[test]
fn movenet_is_its_definition() {
    let size_px = 96;
    let rgb = pictures(2, size_px);
    let mut tensors = Tensors::default();
    let people = by_definition::movenet(&mut tensors, &rgb[rgb.len() / 2..]);
    let folder = tempfile::tempdir().unwrap();
    let network = MoveNet::open(&WeightSource::File(tensors.save(folder.path())), &cpu()).unwrap();
    assert_eq!(network.origin().parameter_count, tensors.count());
    assert_eq!(network.size_px(), (movenet::SIZE_PX, movenet::SIZE_PX));
    let network = network.at_size((size_px, size_px)).unwrap();
    let found = network.features(&rgb, 2, &running()).unwrap();
    assert_close("features", &found[movenet::FEATURES..], &people.features, 1e-4);
    let backbone = network.backbone_features(&rgb, 2, &running()).unwrap();
    assert_eq!(backbone[..movenet::BACKBONE_FEATURES], found[..movenet::BACKBONE_FEATURES]);
    assert_eq!(backbone[movenet::BACKBONE_FEATURES..], found[movenet::FEATURES..][..movenet::BACKBONE_FEATURES]);
    for (map, expected) in HeadMap::ALL.into_iter().zip(&people.maps) {
        let found = network.map(map, &rgb, 2, &running()).unwrap();
        assert_close(&format!("{map:?}"), &found[found.len() / 2..], expected, 1e-4);
    }
}

#[test]
fn nanodet_is_its_definition() {
    let size_px = 96;
    let rgb = pictures(2, size_px);
    let mut tensors = Tensors::default();
    let objects = by_definition::nanodet(&mut tensors, &rgb[rgb.len() / 2..]);
    let folder = tempfile::tempdir().unwrap();
    let network = NanoDet::open(&WeightSource::File(tensors.save(folder.path())), &cpu()).unwrap();
    assert_eq!(network.origin().parameter_count, tensors.count());
    assert_eq!(network.size_px(), (nanodet::SIZE_PX, nanodet::SIZE_PX));
    let network = network.at_size((size_px, size_px)).unwrap();
    let found = network.features(&rgb, 2, &running()).unwrap();
    assert_close("features", &found[nanodet::FEATURES..], &objects.features, 1e-4);
    let found = network.maps(&rgb, 2, &running()).unwrap();
    assert_close("maps", &found[found.len() / 2..], &objects.maps.concat(), 1e-4);
    let positions = objects.maps.iter().flat_map(|map| map.chunks_exact(nanodet::CHANNELS));
    let most = positions.fold(vec![f32::MIN; nanodet::CLASSES], |most, position| {
        most.iter().zip(position).map(|(most, logit)| most.max(*logit)).collect()
    });
    let found = network.objects(&rgb, 2, &running()).unwrap();
    assert_close("objects", &found[nanodet::CLASSES..], &most, 1e-4);
}

#[test]
fn pictures_that_do_not_fit_are_refused_in_words() {
    let lite2 = EfficientNetLite2::open(&untrained(), &cpu()).unwrap().at_size((32, 32)).unwrap();
    let movenet = MoveNet::open(&untrained(), &cpu()).unwrap().at_size((32, 32)).unwrap();
    let nanodet = NanoDet::open(&untrained(), &cpu()).unwrap().at_size((32, 32)).unwrap();
    type Features<'a> = &'a dyn Fn(&[u8], usize, &CancelToken) -> Result<Vec<f32>, ModelError>;
    let networks: [(Features, usize); 3] = [
        (&|rgb, n, cancel| lite2.features(rgb, n, cancel), efficientnet_lite2::FEATURES),
        (&|rgb, n, cancel| movenet.features(rgb, n, cancel), movenet::FEATURES),
        (&|rgb, n, cancel| nanodet.features(rgb, n, cancel), nanodet::FEATURES),
    ];
    for (features, length) in networks {
        let error = features(&[0; 100], 1, &running()).unwrap_err().to_string();
        assert_eq!(error, "1 pictures of 32 x 32 pixels in red, green and blue do not have 100 bytes");
        assert!(features(&[0; 100], usize::MAX, &running()).is_err());
        assert!(features(&[], 0, &running()).unwrap().is_empty());
        let rgb = pictures(2, 32);
        assert_eq!(features(&rgb, 2, &running()).unwrap().len(), 2 * length);
        assert!(matches!(features(&rgb, 2, &cancelled()).unwrap_err(), ModelError::Cancelled(_)));
    }
    assert!(lite2.at_size((0, 32)).is_err());
    let error = movenet.at_size((64, 100)).err().unwrap().to_string();
    let expected =
        "this network takes pictures with edges of a multiple of 32 pixels, at most 2048, and not of 64 x 100";
    assert_eq!(error, expected);
    assert!(nanodet.at_size((4096, 32)).is_err());
}

#[test]
fn several_threads_may_ask_at_one_time() {
    let network = NanoDet::open(&untrained(), &cpu()).unwrap().at_size((32, 32)).unwrap();
    let rgb = pictures(3, 32);
    let alone = network.features(&rgb, 3, &running()).unwrap();
    std::thread::scope(|scope| {
        let threads = [(); 3].map(|()| scope.spawn(|| network.features(&rgb, 3, &running()).unwrap()));
        threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), alone));
    });
}

#[test]
fn the_weights_of_another_network_are_refused_by_tensor_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut tensors = Tensors::default();
    by_definition::nanodet(&mut tensors, &pictures(1, 32));
    let path = tensors.save(folder.path());
    let source = WeightSource::File(path.clone());
    let errors = [
        EfficientAt::open(&source, &cpu()).err().unwrap(),
        EfficientNetLite2::open(&source, &cpu()).err().unwrap(),
        MoveNet::open(&source, &cpu()).err().unwrap(),
        NanoDet::open(&WeightSource::Bundled, &cpu()).err().unwrap(),
    ];
    for error in &errors {
        assert!(matches!(error, ModelError::TensorMissing { .. }), "{error}");
    }
    let error = errors[0].to_string();
    assert!(error.contains("they are for another network") && error.ends_with(path.to_str().unwrap()), "{error}");
}

// The recorded answers are those of PyTorch, in 32 bit, with the 16-bit weights of the files. Batch norm is folded, so there
// are fewer parameters than the networks were trained with.

#[test]
fn published_efficientat_answers_as_recorded_at_every_stage() {
    let Some((weights, recorded)) = published("efficientat-mn04-audioset", "model.safetensors") else { return };
    let network = EfficientAt::open(&weights, &cpu()).unwrap();
    let samples = recorded.floats("wav_32k");
    assert_close("log-mel", &network.log_mel(&samples).unwrap(), &recorded.floats("logmel"), 1e-3);
    let features = network.features(&samples, whole(&samples), &running()).unwrap();
    assert_close("embedding", &features, &recorded.floats("embedding"), 1e-3);
    assert_close("logits", &network.logits(&features).unwrap(), &recorded.floats("logits"), 1e-3);
    assert_eq!(network.origin().parameter_count, 978_679);
}

#[test]
fn published_efficientnet_lite2_answers_as_recorded() {
    let Some((weights, recorded)) = published("efficientnet-lite2-imagenet", "model.safetensors") else { return };
    let network = EfficientNetLite2::open(&weights, &cpu()).unwrap();
    let features = network.features(&recorded.bytes("image_rgb_u8"), 1, &running()).unwrap();
    assert_close("features", &features, &recorded.floats("embedding"), 1e-3);
    assert_close("logits", &network.logits(&features).unwrap(), &recorded.floats("logits"), 1e-3);
    assert_eq!(network.origin().parameter_count, 6_063_024);
}

#[test]
fn published_movenet_answers_as_recorded_at_every_stage() {
    let Some((weights, recorded)) = published("movenet-multipose-lightning", "weights.safetensors") else { return };
    let network = MoveNet::open(&weights, &cpu()).unwrap();
    let rgb = recorded.bytes("image_rgb_u8");
    // Pose mean, pose maximum, backbone mean, backbone maximum.
    let expected = recorded.floats("feature_1152");
    let found = network.features(&rgb, 1, &running()).unwrap();
    assert_close("backbone", &found[..480], &expected[2 * 96..][..480], 1e-3);
    assert_close("pose", &found[480..], &expected[..96], 1e-3);
    let centres = network.map(HeadMap::Centre, &rgb, 1, &running()).unwrap();
    assert_close("centres", &centres, &recorded.floats("center_heatmap_logits"), 1e-3);
    let sizes = network.map(HeadMap::BoxSize, &rgb, 1, &running()).unwrap();
    assert_close("box sizes", &channels_first(&sizes, 2), &recorded.floats("box_scale"), 1e-3);
    let keypoints = network.map(HeadMap::Keypoints, &rgb, 1, &running()).unwrap();
    let means: Vec<f32> = channels_first(&keypoints, 17)
        .chunks_exact(64 * 64)
        .map(|plane| plane.iter().sum::<f32>() / (64.0 * 64.0))
        .collect();
    assert_close("keypoints", &means, &recorded.floats("keypoint_heatmap_logits_mean"), 1e-3);
    assert_eq!(network.origin().parameter_count, 4_723_346);
}

#[test]
fn published_nanodet_answers_as_recorded_at_every_stage() {
    let Some((weights, recorded)) = published("nanodet-m", "weights.safetensors") else { return };
    let network = NanoDet::open(&weights, &cpu()).unwrap();
    let rgb = recorded.bytes("image_rgb_u8");
    let means: Vec<f32> =
        recorded.floats("feature_690").chunks_exact(100).map(|plane| plane.iter().sum::<f32>() / 100.0).collect();
    assert_close("features", &network.features(&rgb, 1, &running()).unwrap(), &means, 1e-3);
    let maps = network.maps(&rgb, 1, &running()).unwrap();
    let (fine, rest) = maps.split_at(40 * 40 * nanodet::CHANNELS);
    let (middle, coarse) = rest.split_at(20 * 20 * nanodet::CHANNELS);
    for (name, map) in [("head_786", fine), ("head_808", middle), ("head_830", coarse)] {
        assert_close(name, &channels_first(map, nanodet::CHANNELS), &recorded.floats(name), 1e-3);
    }
    assert_eq!(network.origin().parameter_count, 941_818);
}

fn channels_first(map: &[f32], channels: usize) -> Vec<f32> {
    (0..channels).flat_map(|channel| map.iter().skip(channel).step_by(channels)).copied().collect()
}
