//! Items are seconds of sound, or pictures.

#![allow(clippy::unwrap_used, reason = "a benchmark says where")]

use avar::model::teachers::{MobileNetV2, Yamnet, mobilenet_v2, yamnet};
use avar::model::{ComputeDevice, WeightSource, Weights};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn weights() -> Weights {
    Weights::open(&WeightSource::Untrained { seed: 7 }, &ComputeDevice::cpu()).unwrap()
}

#[divan::bench(args = [3, 60], sample_count = 10)]
fn yamnet_seconds(bencher: Bencher, seconds: usize) {
    let network = Yamnet::new(&weights()).unwrap();
    let count = seconds * yamnet::SAMPLE_RATE_HZ as usize;
    let samples: Vec<f32> = (0..count).map(|index| (index * 7919 % 2003) as f32 / 2003.0 - 0.5).collect();
    bencher.counter(ItemsCount::new(seconds)).bench_local(|| network.patches(&samples).unwrap());
}

#[divan::bench(args = [60], sample_count = 10)]
fn log_mel_seconds(bencher: Bencher, seconds: usize) {
    let network = Yamnet::new(&weights()).unwrap();
    let count = seconds * yamnet::SAMPLE_RATE_HZ as usize;
    let samples: Vec<f32> = (0..count).map(|index| (index * 7919 % 2003) as f32 / 2003.0 - 0.5).collect();
    bencher.counter(ItemsCount::new(seconds)).bench_local(|| network.log_mel(&samples).unwrap());
}

#[divan::bench(args = [1, 16], sample_count = 10)]
fn mobilenet_v2_pictures(bencher: Bencher, count: usize) {
    let network = MobileNetV2::new(&weights()).unwrap();
    let bytes = count * mobilenet_v2::EDGE_PX * mobilenet_v2::EDGE_PX * 3;
    let rgb: Vec<u8> = (0..bytes).map(|index| (index * 7919 % 251) as u8).collect();
    bencher.counter(ItemsCount::new(count)).bench_local(|| network.features(&rgb, count).unwrap());
}
