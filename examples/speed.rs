use avar::model::layers::Mode;
use avar::model::*;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarMap;
use std::time::Instant;
fn main() {
    let dev = ComputeDevice::from_name("cpu").unwrap();
    let w = Weights::open(&WeightSource::Untrained { seed: 1 }, &dev).unwrap();
    let vm = VarMap::new();
    let t = w.trainable(&vm);
    let which = std::env::args().nth(1).unwrap_or_default();
    kernels::on_compute_threads(|| {
        if which != "sound" {
            let net = mobilevit::MobileVit::new(&mobilevit::Config::xx_small(), &t).unwrap();
            for (b, s) in [(8, 256), (16, 192), (16, 160)] {
                let x = Tensor::rand(0f32, 1., (b, s, s, 3), &Device::Cpu).unwrap();
                for _ in 0..2 {
                    let c = Instant::now();
                    let y = net.forward(&x, Mode::Training { seed: 1 }).unwrap();
                    let f = c.elapsed().as_secs_f64();
                    let l = y.sqr().unwrap().mean_all().unwrap();
                    let g = l.backward().unwrap();
                    let tt = c.elapsed().as_secs_f64();
                    println!(
                        "mobilevit b{b} {s}: fwd {f:.3} total {tt:.3} -> {:.1} f/s {}",
                        b as f64 / tt,
                        g.get_ids().count()
                    );
                }
            }
        }
        if which != "picture" {
            let mut cfgs = vec![("small", wav2vec2::Config::small())];
            let mut c = wav2vec2::Config::small();
            c.width = 192;
            c.layers = 4;
            c.inner = 768;
            cfgs.push(("192x4", c.clone()));
            c.channels = 96;
            cfgs.push(("96ch", c));
            for (n, cfg) in cfgs {
                let vm = VarMap::new();
                let t = w.trainable(&vm);
                let net = wav2vec2::Wav2Vec2::new(&cfg, &t).unwrap();
                for (b, s) in [(8, 4)] {
                    let x = Tensor::randn(0f32, 1., (b, s * 16000), &Device::Cpu).unwrap();
                    for _ in 0..2 {
                        let c = Instant::now();
                        let y = net.forward(&x).unwrap();
                        let f = c.elapsed().as_secs_f64();
                        let l = y.sqr().unwrap().mean_all().unwrap();
                        let g = l.backward().unwrap();
                        let tt = c.elapsed().as_secs_f64();
                        println!(
                            "{n} b{b} {s}s: fwd {f:.3} total {tt:.3} -> {:.1}x rt {}",
                            (b * s) as f64 / tt,
                            g.get_ids().count()
                        );
                    }
                }
            }
        }
        Ok::<(), ModelError>(())
    })
    .unwrap();
}
