//! The networks and their kernels, ours beside candle's. `cargo bench --bench networks`; two threads with
//! RAYON_NUM_THREADS=2. Items are frames, or seconds of sound.

#![allow(clippy::unwrap_used, reason = "a benchmark says where")]

use avar::job::CancelToken;
use avar::kernels::{self, Activation, Matrix};
use avar::model::layers::Mode;
use avar::model::temporal::TemporalKind;
use avar::model::{AvarNet, ComputeDevice, Preset, WeightSource, Weights, head, wav2vec2};
use candle_core::{Device, Tensor};
use divan::Bencher;
use divan::counter::ItemsCount;

const FRAMES: usize = 8;
const SOUND_S: usize = 10;

fn main() {
    divan::main();
}

fn network(preset: Preset) -> AvarNet {
    AvarNet::load(preset, &WeightSource::Untrained { seed: 7 }, &ComputeDevice::cpu()).unwrap()
}

fn random(shape: &[usize]) -> Tensor {
    Tensor::rand(-1f32, 1.0, shape, &Device::Cpu).unwrap()
}

#[divan::bench(args = [Preset::Full, Preset::Lite], sample_count = 10)]
fn pictures(bencher: Bencher, preset: Preset) {
    let network = network(preset);
    let (width, height) = network.picture_size_px();
    let rgb: Vec<u8> = (0..FRAMES * width * height * 3).map(|index| (index * 7919 % 251) as u8).collect();
    bencher
        .counter(ItemsCount::new(FRAMES))
        .bench_local(|| network.encode_pictures(&rgb, FRAMES, &CancelToken::default()).unwrap());
}

#[divan::bench(args = [Preset::Full, Preset::Lite], sample_count = 10)]
fn sound(bencher: Bencher, preset: Preset) {
    let network = network(preset);
    let count = SOUND_S * wav2vec2::SAMPLE_RATE_HZ as usize;
    let mut samples: Vec<f32> = (0..count).map(|index| (index * 7919 % 2003) as f32).collect();
    wav2vec2::normalise_utterance(&mut samples);
    bencher
        .counter(ItemsCount::new(SOUND_S))
        .bench_local(|| network.encode_audio(&samples, &CancelToken::default()).unwrap());
}

#[divan::bench(args = [Preset::Full, Preset::Lite], sample_count = 10)]
fn head_of_ten_steps(bencher: Bencher, preset: Preset) {
    let network = network(preset);
    let (picture, sound) = (vec![0.1; 10 * network.seen_dim()], vec![0.1; 10 * network.audio_dim()]);
    bencher.bench_local(|| network.step_probabilities(Some(&picture), Some(&sound), 1, 10).unwrap());
}

/// Of each kind, on the features of [`Preset::Full`].
#[divan::bench(args = TemporalKind::ALL, sample_count = 50)]
fn temporal_heads_of_ten_steps(bencher: Bencher, temporal: TemporalKind) {
    let config = head::Config { temporal, ..head::Config::new(640, 768) };
    let weights = Weights::open(&WeightSource::Untrained { seed: 7 }, &ComputeDevice::cpu()).unwrap();
    let head = head::Head::new(&config, &weights).unwrap();
    let (picture, sound) = (random(&[1, 10, 640]), random(&[1, 10, 768]));
    bencher.bench_local(|| head.forward(&picture, &sound, Mode::Inference).unwrap());
}

mod depthwise_128_channels_64x64 {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ours(bencher: Bencher) {
        let (x, taps) = (random(&[1, 64, 64, 128]), random(&[9, 128]));
        bencher.bench_local(|| kernels::depthwise3x3(&x, &taps, None, 1, Activation::None).unwrap());
    }

    #[divan::bench(sample_count = 20)]
    fn candles(bencher: Bencher) {
        let (x, weight) = (random(&[1, 128, 64, 64]), random(&[128, 1, 3, 3]));
        bencher.bench_local(|| x.conv2d(&weight, 1, 1, 1, 128).unwrap());
    }
}

mod dense_64_channels_128x128 {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ours(bencher: Bencher) {
        let (x, matrix) = (random(&[1, 128, 128, 64]), Matrix::constant(&random(&[576, 64])).unwrap());
        bencher.bench_local(|| kernels::conv3x3(&x, &matrix, None, 1, Activation::None).unwrap());
    }

    #[divan::bench(sample_count = 20)]
    fn candles(bencher: Bencher) {
        let (x, weight) = (random(&[1, 64, 128, 128]), random(&[64, 64, 3, 3]));
        bencher.bench_local(|| x.conv2d(&weight, 1, 1, 1, 1).unwrap());
    }
}

mod linear_512x768x768 {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ours(bencher: Bencher) {
        let (x, matrix) = (random(&[512, 768]), Matrix::constant(&random(&[768, 768])).unwrap());
        bencher.bench_local(|| kernels::linear(&x, &matrix, None, Activation::None, None).unwrap());
    }

    #[divan::bench(sample_count = 20)]
    fn candles(bencher: Bencher) {
        let (x, matrix) = (random(&[512, 768]), random(&[768, 768]));
        bencher.bench_local(|| x.matmul(&matrix).unwrap());
    }
}

mod temporal_512_channels_3_taps_16000_steps {
    use super::*;

    #[divan::bench(sample_count = 5)]
    fn ours(bencher: Bencher) {
        let (x, matrix) = (random(&[1, 16_000, 512]), Matrix::constant(&random(&[1536, 512])).unwrap());
        bencher.bench_local(|| kernels::conv1d(&x, &matrix, None, 3, 2, Activation::None).unwrap());
    }

    #[divan::bench(sample_count = 5)]
    fn candles(bencher: Bencher) {
        let (x, weight) = (random(&[1, 512, 16_000]), random(&[512, 512, 3]));
        bencher.bench_local(|| x.conv1d(&weight, 0, 2, 1, 1).unwrap());
    }
}

mod gelu_of_a_million {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ours(bencher: Bencher) {
        let x = random(&[1 << 20]);
        bencher.bench_local(|| kernels::activate(&x, Activation::Gelu).unwrap());
    }

    #[divan::bench(sample_count = 20)]
    fn candles(bencher: Bencher) {
        let x = random(&[1 << 20]);
        bencher.bench_local(|| x.gelu_erf().unwrap());
    }
}

mod attention_500_tokens_12_heads_of_64 {
    use super::*;

    #[divan::bench(sample_count = 20)]
    fn ours(bencher: Bencher) {
        let [query, key, value] = [(); 3].map(|()| random(&[1, 500, 768]));
        bencher.bench_local(|| kernels::attention(&query, &key, &value, 12).unwrap());
    }

    #[divan::bench(sample_count = 20)]
    fn candles(bencher: Bencher) {
        let [query, key, value] = [(); 3].map(|()| random(&[1, 500, 768]));
        bencher
            .bench_local(|| kernels::portable::attention(&query, &key, &value, 12, candle_nn::ops::softmax_last_dim));
    }
}
