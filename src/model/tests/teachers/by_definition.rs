//! YAMNet and MobileNetV2 once more, by their definitions: plain loops over TensorFlow's layouts and padding.

use std::collections::HashMap;

use candle_core::{DType, Tensor};

type Tensors = HashMap<String, Tensor>;

/// Stride, outputs of the pairs of depthwise and 1x1 convolution.
const YAMNET: [(usize, usize); 13] = [
    (1, 64),
    (2, 128),
    (1, 128),
    (2, 256),
    (1, 256),
    (2, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (1, 512),
    (2, 1024),
    (1, 1024),
];

/// Stride and outputs of the blocks that widen, by number from 1.
const MOBILENET_V2: [(usize, usize); 16] = [
    (2, 24),
    (1, 24),
    (2, 32),
    (1, 32),
    (1, 32),
    (2, 64),
    (1, 64),
    (1, 64),
    (1, 64),
    (1, 96),
    (1, 96),
    (1, 96),
    (2, 160),
    (1, 160),
    (1, 160),
    (1, 320),
];

pub(super) fn yamnet_shapes() -> Vec<(String, Vec<usize>)> {
    let mut shapes = Vec::new();
    let mut layer = |number: usize, outputs: usize, weight: &[usize]| {
        shapes.push((format!("layer{number}.weight"), weight.to_vec()));
        shapes.push((format!("layer{number}.bias"), vec![outputs]));
    };
    layer(1, 32, &[32, 3, 3, 1]);
    let mut inputs = 32;
    for (index, (_, outputs)) in YAMNET.into_iter().enumerate() {
        layer(2 * index + 2, inputs, &[1, 3, 3, inputs]);
        layer(2 * index + 3, outputs, &[outputs, 1, 1, inputs]);
        inputs = outputs;
    }
    layer(29, 521, &[521, 1024]);
    shapes
}

/// A patch of 96 frames of 64 bands -> embedding, logits.
pub(super) fn yamnet(tensors: &Tensors, patch: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let mut map = Map { height: 96, width: 64, channels: 1, values: patch.to_vec() };
    map = map.convolve(tensors, "layer1", 2).relu6();
    for (index, (stride, _)) in YAMNET.into_iter().enumerate() {
        map = map.convolve(tensors, &format!("layer{}", 2 * index + 2), stride).relu6();
        map = map.convolve(tensors, &format!("layer{}", 2 * index + 3), 1).relu6();
    }
    assert_eq!((map.height, map.width), (3, 2));
    let embedding = map.mean();
    let (weight, bias) = (numbers(tensors, "layer29.weight"), numbers(tensors, "layer29.bias"));
    let logits = weight.chunks_exact(1024).zip(bias).map(|(row, bias)| bias + dot(row, &embedding)).collect();
    (embedding, logits)
}

fn named(layer: &str) -> String {
    format!("sequential/mobilenetv2_1.00_224/{layer}")
}

pub(super) fn mobilenet_v2_shapes() -> Vec<(String, Vec<usize>)> {
    let mut shapes = Vec::new();
    let mut layer = |name: &str, outputs: usize, weight: [usize; 4]| {
        shapes.push((named(&format!("{name}.weight")), weight.to_vec()));
        shapes.push((named(&format!("{name}.bias")), vec![outputs]));
    };
    layer("Conv1_relu/Relu6", 32, [32, 3, 3, 3]);
    layer("expanded_conv_depthwise_relu/Relu6", 32, [1, 3, 3, 32]);
    layer("expanded_conv_project_BN/FusedBatchNormV3", 16, [16, 1, 1, 32]);
    let mut inputs = 16;
    for (index, (_, outputs)) in MOBILENET_V2.into_iter().enumerate() {
        let (block, wide) = (format!("block_{}", index + 1), 6 * inputs);
        layer(&format!("{block}_expand_relu/Relu6"), wide, [wide, 1, 1, inputs]);
        layer(&format!("{block}_depthwise_relu/Relu6"), wide, [1, 3, 3, wide]);
        layer(&format!("{block}_project_BN/FusedBatchNormV3"), outputs, [outputs, 1, 1, wide]);
        inputs = outputs;
    }
    layer("out_relu/Relu6", 1280, [1280, 1, 1, 320]);
    shapes
}

/// 224 x 224 pixels of red, green, blue -> features.
pub(super) fn mobilenet_v2(tensors: &Tensors, rgb: &[u8]) -> Vec<f32> {
    let values = rgb.iter().map(|&value| f32::from(value) / 255.0).collect();
    let mut map = Map { height: 224, width: 224, channels: 3, values };
    map = map.convolve(tensors, &named("Conv1_relu/Relu6"), 2).relu6();
    map = map.convolve(tensors, &named("expanded_conv_depthwise_relu/Relu6"), 1).relu6();
    map = map.convolve(tensors, &named("expanded_conv_project_BN/FusedBatchNormV3"), 1);
    for (index, (stride, outputs)) in MOBILENET_V2.into_iter().enumerate() {
        let block = named(&format!("block_{}", index + 1));
        let wide = map.convolve(tensors, &format!("{block}_expand_relu/Relu6"), 1).relu6();
        let filtered = wide.convolve(tensors, &format!("{block}_depthwise_relu/Relu6"), stride).relu6();
        let mut narrow = filtered.convolve(tensors, &format!("{block}_project_BN/FusedBatchNormV3"), 1);
        if stride == 1 && outputs == map.channels {
            narrow.values.iter_mut().zip(&map.values).for_each(|(sum, skipped)| *sum += skipped);
        }
        map = narrow;
    }
    assert_eq!((map.height, map.width), (7, 7));
    map.convolve(tensors, &named("out_relu/Relu6"), 1).relu6().mean()
}

/// A feature map, channels last.
struct Map {
    height: usize,
    width: usize,
    channels: usize,
    values: Vec<f32>,
}

impl Map {
    /// With bias; which kind of convolution it is follows from the weight's shape.
    fn convolve(&self, tensors: &Tensors, name: &str, stride: usize) -> Map {
        let shape = tensors[&format!("{name}.weight")].dims().to_vec();
        let (weight, bias) = (numbers(tensors, &format!("{name}.weight")), numbers(tensors, &format!("{name}.bias")));
        let (taps, inputs, outputs) = (shape[1], self.channels, bias.len());
        let depthwise = shape[0] == 1;
        let (top, height) = padding(self.height, taps, stride);
        let (left, width) = padding(self.width, taps, stride);
        let mut values = Vec::with_capacity(height * width * outputs);
        for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
            let at = values.len();
            values.extend_from_slice(&bias);
            let sums = &mut values[at..];
            for (tap_row, tap_column) in (0..taps).flat_map(|y| (0..taps).map(move |x| (y, x))) {
                let Some(y) = (row * stride + tap_row).checked_sub(top).filter(|&y| y < self.height) else { continue };
                let Some(x) = (column * stride + tap_column).checked_sub(left).filter(|&x| x < self.width) else {
                    continue;
                };
                let seen = &self.values[(y * self.width + x) * inputs..][..inputs];
                let tap = tap_row * taps + tap_column;
                for (output, sum) in sums.iter_mut().enumerate() {
                    *sum += if depthwise {
                        seen[output] * weight[tap * outputs + output]
                    } else {
                        dot(seen, &weight[(output * taps * taps + tap) * inputs..][..inputs])
                    };
                }
            }
        }
        Map { height, width, channels: outputs, values }
    }

    fn relu6(mut self) -> Map {
        self.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 6.0));
        self
    }

    fn mean(&self) -> Vec<f32> {
        let mut sums = vec![0f32; self.channels];
        for position in self.values.chunks_exact(self.channels) {
            sums.iter_mut().zip(position).for_each(|(sum, value)| *sum += value);
        }
        sums.into_iter().map(|sum| sum / (self.height * self.width) as f32).collect()
    }
}

/// TensorFlow's `SAME`: lines before the first, and the length of the output.
fn padding(length: usize, taps: usize, stride: usize) -> (usize, usize) {
    let outputs = length.div_ceil(stride);
    (((outputs - 1) * stride + taps).saturating_sub(length) / 2, outputs)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn numbers(tensors: &Tensors, name: &str) -> Vec<f32> {
    tensors[name].to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}
