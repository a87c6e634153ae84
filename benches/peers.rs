//! Our side of `benches/peers/peers.py`: runs the network that a line on standard input names and answers with the
//! seconds that it took. Without `--serve` (under `cargo bench`) it does nothing.

#![allow(clippy::unwrap_used, reason = "a benchmark says where")]

use std::io::{BufRead, Write};
use std::time::Instant;

use avar::job::CancelToken;
use avar::model::avar_net::Config;
use avar::model::{AvarNet, ComputeDevice, Preset, WeightSource, Weights};

const FRAMES: usize = 8;
const SAMPLES: usize = 160_000;

fn main() {
    if !std::env::args().any(|argument| argument == "--serve") {
        return;
    }
    // Both on pictures of one size, so that the peers are given the same.
    let load = |preset: Preset| {
        let config = Config { picture_size_px: (256, 256), ..preset.config() };
        let weights = Weights::open(&WeightSource::Untrained { seed: 7 }, &ComputeDevice::cpu()).unwrap();
        AvarNet::new(config, weights).unwrap()
    };
    let (full, lite) = (load(Preset::Full), load(Preset::Lite));
    let pictures: Vec<u8> = (0..FRAMES * 256 * 256 * 3).map(|index| (index * 7919 % 251) as u8).collect();
    let samples: Vec<f32> = (0..SAMPLES).map(|index| ((index * 7919 % 2003) as f32 / 1001.0 - 1.0) * 1.7).collect();
    let go_on = CancelToken::default();
    for line in std::io::stdin().lock().lines() {
        let start = Instant::now();
        let output = match line.unwrap().trim() {
            "mobilevit_s" => full.encode_pictures(&pictures, FRAMES, &go_on).unwrap().features,
            "mobilevit_xxs" => lite.encode_pictures(&pictures, FRAMES, &go_on).unwrap().features,
            "wav2vec2_base" => full.encode_audio(&samples, &go_on).unwrap(),
            "wav2vec2_small" => lite.encode_audio(&samples, &go_on).unwrap(),
            other => panic!("no network is called {other}"),
        };
        let seconds = start.elapsed().as_secs_f64();
        assert!(output.iter().all(|value| value.is_finite()));
        println!("{seconds}");
        std::io::stdout().flush().unwrap();
    }
}
