//! Items are seconds of sound, or pictures.

#![allow(clippy::unwrap_used, reason = "a benchmark says where")]

use avar::job::CancelToken;
use avar::model::extractors::efficientat::{SAMPLE_RATE_HZ, Windows};
use avar::model::extractors::{EfficientAt, EfficientNetLite2, MoveNet, NanoDet};
use avar::model::{ComputeDevice, WeightSource, Weights};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn weights() -> Weights {
    Weights::open(&WeightSource::Untrained { seed: 7 }, &ComputeDevice::cpu()).unwrap()
}

fn pictures(count: usize, size_px: usize) -> Vec<u8> {
    (0..count * size_px * size_px * 3).map(|index| (index * 7919 % 251) as u8).collect()
}

fn sound(seconds: usize) -> Vec<f32> {
    (0..seconds * SAMPLE_RATE_HZ as usize).map(|index| (index * 7919 % 2003) as f32 / 2003.0 - 0.5).collect()
}

/// In windows of two seconds.
#[divan::bench(args = [2, 60], sample_count = 10)]
fn efficientat_seconds(bencher: Bencher, seconds: usize) {
    let (network, samples, cancel) = (EfficientAt::new(&weights()).unwrap(), sound(seconds), CancelToken::default());
    let length_samples = 2 * SAMPLE_RATE_HZ as usize;
    let windows = Windows { length_samples, hop_samples: length_samples };
    bencher.counter(ItemsCount::new(seconds)).bench_local(|| network.features(&samples, windows, &cancel).unwrap());
}

#[divan::bench(sample_count = 10)]
fn efficientat_log_mel_seconds(bencher: Bencher) {
    let (network, samples) = (EfficientAt::new(&weights()).unwrap(), sound(10));
    bencher.counter(ItemsCount::new(10usize)).bench_local(|| network.log_mel(&samples).unwrap());
}

#[divan::bench(args = [(1, 260), (16, 260), (16, 196)], sample_count = 10)]
fn efficientnet_lite2_pictures(bencher: Bencher, (count, size_px): (usize, usize)) {
    let network = EfficientNetLite2::new(&weights()).unwrap().at_size((size_px, size_px)).unwrap();
    let (rgb, cancel) = (pictures(count, size_px), CancelToken::default());
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.features(&rgb, count, &cancel).unwrap());
}

#[divan::bench(args = [(1, 256), (16, 256), (16, 192)], sample_count = 10)]
fn movenet_pictures(bencher: Bencher, (count, size_px): (usize, usize)) {
    let network = MoveNet::new(&weights()).unwrap().at_size((size_px, size_px)).unwrap();
    let (rgb, cancel) = (pictures(count, size_px), CancelToken::default());
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.features(&rgb, count, &cancel).unwrap());
}

#[divan::bench(args = [(16, 256)], sample_count = 10)]
fn movenet_backbone_pictures(bencher: Bencher, (count, size_px): (usize, usize)) {
    let network = MoveNet::new(&weights()).unwrap().at_size((size_px, size_px)).unwrap();
    let (rgb, cancel) = (pictures(count, size_px), CancelToken::default());
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.backbone_features(&rgb, count, &cancel).unwrap());
}

#[divan::bench(args = [(1, 320), (16, 320)], sample_count = 10)]
fn nanodet_pictures(bencher: Bencher, (count, size_px): (usize, usize)) {
    let network = NanoDet::new(&weights()).unwrap().at_size((size_px, size_px)).unwrap();
    let (rgb, cancel) = (pictures(count, size_px), CancelToken::default());
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.features(&rgb, count, &cancel).unwrap());
}

#[divan::bench(args = [(16, 320)], sample_count = 10)]
fn nanodet_objects_pictures(bencher: Bencher, (count, size_px): (usize, usize)) {
    let network = NanoDet::new(&weights()).unwrap().at_size((size_px, size_px)).unwrap();
    let (rgb, cancel) = (pictures(count, size_px), CancelToken::default());
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.objects(&rgb, count, &cancel).unwrap());
}
