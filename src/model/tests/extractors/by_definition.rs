//! The networks once more, by their definitions: plain loops, channels first, on tensors made up as they are asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use avar_model::seeded::{self, Init};
use candle_core::{DType, Device, Tensor};

/// Tensors by name, of 16 bit.
#[derive(Default)]
pub(super) struct Tensors(HashMap<String, Tensor>);

impl Tensors {
    /// The values of a tensor that nobody has asked for before.
    fn make_up(&mut self, name: String, shape: &[usize]) -> Vec<f32> {
        let count = shape.iter().product();
        let init = match *shape {
            [_] => Init::Uniform { bound: 0.5 },
            _ => Init::before_activation(count / shape[0]),
        };
        let values = seeded::values(11, &name, count, init);
        let tensor = Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F16).unwrap();
        let rounded = tensor.to_dtype(DType::F32).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        assert!(self.0.insert(name.clone(), tensor).is_none(), "{name} twice");
        rounded
    }

    pub(super) fn save(&self, folder: &Path) -> PathBuf {
        let path = folder.join("made-up.safetensors");
        candle_core::safetensors::save(&self.0, &path).unwrap();
        path
    }

    pub(super) fn count(&self) -> usize {
        self.0.values().map(Tensor::elem_count).sum()
    }

    /// `outputs` of a fully connected layer.
    fn connect(&mut self, name: &str, inputs: &[f32], outputs: usize) -> Vec<f32> {
        let weight = self.make_up(format!("{name}.weight"), &[outputs, inputs.len()]);
        let bias = self.make_up(format!("{name}.bias"), &[outputs]);
        let dot = |row: &[f32]| row.iter().zip(inputs).map(|(a, b)| a * b).sum::<f32>();
        weight.chunks_exact(inputs.len()).zip(bias).map(|(row, bias)| bias + dot(row)).collect()
    }
}

/// A feature map, channels first.
#[derive(Clone)]
struct Map {
    channels: usize,
    height: usize,
    width: usize,
    values: Vec<f32>,
}

/// What is around a picture's edge.
#[derive(Clone, Copy, PartialEq)]
enum Padding {
    /// Half a window on each side.
    Half,
    /// TensorFlow's `SAME`.
    Same,
}

/// A convolution's size.
#[derive(Clone, Copy)]
struct Shape {
    outputs: usize,
    side: usize,
    stride: usize,
    is_depthwise: bool,
    padding: Padding,
}

fn pointwise(outputs: usize) -> Shape {
    Shape { outputs, side: 1, stride: 1, is_depthwise: false, padding: Padding::Half }
}

impl Map {
    fn convolve(&self, tensors: &mut Tensors, name: &str, shape: Shape) -> Map {
        let mut map = self.convolve_without_bias(tensors, name, shape);
        let bias = tensors.make_up(format!("{name}.bias"), &[shape.outputs]);
        for (plane, bias) in map.values.chunks_exact_mut(map.height * map.width).zip(bias) {
            plane.iter_mut().for_each(|value| *value += bias);
        }
        map
    }

    fn convolve_without_bias(&self, tensors: &mut Tensors, name: &str, shape: Shape) -> Map {
        let Shape { outputs, side, stride, is_depthwise, padding } = shape;
        let seen_channels = if is_depthwise { 1 } else { self.channels };
        let weight = tensors.make_up(format!("{name}.weight"), &[outputs, seen_channels, side, side]);
        let edge = |length: usize| match padding {
            Padding::Half => (side / 2, (length + 2 * (side / 2) - side) / stride + 1),
            Padding::Same => {
                let count = length.div_ceil(stride);
                (((count - 1) * stride + side).saturating_sub(length) / 2, count)
            }
        };
        let ((top, height), (left, width)) = (edge(self.height), edge(self.width));
        let mut values = vec![0f32; outputs * height * width];
        for (output, plane) in values.chunks_exact_mut(height * width).enumerate() {
            for channel in 0..seen_channels {
                let source = if is_depthwise { output } else { channel };
                let source = &self.values[source * self.height * self.width..][..self.height * self.width];
                for (tap_row, tap_column) in (0..side).flat_map(|row| (0..side).map(move |column| (row, column))) {
                    let factor = weight[((output * seen_channels + channel) * side + tap_row) * side + tap_column];
                    for row in 0..height {
                        let y = (row * stride + tap_row).checked_sub(top).filter(|&y| y < self.height);
                        let Some(y) = y else { continue };
                        for column in 0..width {
                            let x = (column * stride + tap_column).checked_sub(left).filter(|&x| x < self.width);
                            let Some(x) = x else { continue };
                            plane[row * width + column] += factor * source[y * self.width + x];
                        }
                    }
                }
            }
        }
        Map { channels: outputs, height, width, values }
    }

    fn map(mut self, function: fn(f32) -> f32) -> Map {
        self.values.iter_mut().for_each(|value| *value = function(*value));
        self
    }

    fn plus(mut self, other: &Map) -> Map {
        assert_eq!((self.channels, self.height, self.width), (other.channels, other.height, other.width));
        self.values.iter_mut().zip(&other.values).for_each(|(sum, value)| *sum += value);
        self
    }

    fn means(&self) -> Vec<f32> {
        let plane = self.height * self.width;
        self.values.chunks_exact(plane).map(|values| values.iter().sum::<f32>() / plane as f32).collect()
    }
}

fn relu(x: f32) -> f32 {
    x.max(0.0)
}

fn hard_swish(x: f32) -> f32 {
    x * ((x + 3.0) / 6.0).clamp(0.0, 1.0)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// A width of `channels` times `by`, to the nearest multiple of eight that is not more than a tenth less.
fn rounded(channels: usize, by: f64) -> usize {
    let exact = channels as f64 * by;
    let nearest = ((exact + 4.0) / 8.0).floor() * 8.0;
    (if nearest < 0.9 * exact { nearest + 8.0 } else { nearest }) as usize
}

/// The blocks of MobileNetV3-Large: inputs, side, channels between, outputs, whether channels are weighed, activation,
/// stride.
type MobileNetV3Block = (usize, usize, usize, usize, bool, fn(f32) -> f32, usize);

const MOBILENET_V3: [MobileNetV3Block; 15] = [
    (16, 3, 16, 16, false, relu, 1),
    (16, 3, 64, 24, false, relu, 2),
    (24, 3, 72, 24, false, relu, 1),
    (24, 5, 72, 40, true, relu, 2),
    (40, 5, 120, 40, true, relu, 1),
    (40, 5, 120, 40, true, relu, 1),
    (40, 3, 240, 80, false, hard_swish, 2),
    (80, 3, 200, 80, false, hard_swish, 1),
    (80, 3, 184, 80, false, hard_swish, 1),
    (80, 3, 184, 80, false, hard_swish, 1),
    (80, 3, 480, 112, true, hard_swish, 1),
    (112, 3, 672, 112, true, hard_swish, 1),
    (112, 5, 672, 160, true, hard_swish, 2),
    (160, 5, 960, 160, true, hard_swish, 1),
    (160, 5, 960, 160, true, hard_swish, 1),
];

/// 128 rows of log-mel numbers -> embedding, logits.
pub(super) fn efficientat(tensors: &mut Tensors, log_mel: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let width = |channels| rounded(channels, 0.4);
    let mut map = Map { channels: 1, height: 128, width: log_mel.len() / 128, values: log_mel.to_vec() };
    let stem = Shape { outputs: width(16), side: 3, stride: 2, is_depthwise: false, padding: Padding::Half };
    map = map.convolve(tensors, "features.0", stem).map(hard_swish);
    for (index, (inputs, side, between, outputs, is_weighed, activation, stride)) in
        MOBILENET_V3.into_iter().enumerate()
    {
        let mut part = 0;
        let mut name = || {
            part += 1;
            format!("features.{}.block.{}", index + 1, part - 1)
        };
        let between = width(between);
        let mut inner = map.clone();
        if between != width(inputs) {
            inner = inner.convolve(tensors, &name(), pointwise(between)).map(activation);
        }
        let filter = Shape { outputs: between, side, stride, is_depthwise: true, padding: Padding::Half };
        inner = inner.convolve(tensors, &name(), filter).map(activation);
        if is_weighed {
            let name = name();
            let squeezed =
                tensors.connect(&format!("{name}.conc_se_layers.0.fc1"), &inner.means(), rounded(between, 0.25).max(8));
            let squeezed: Vec<f32> = squeezed.into_iter().map(relu).collect();
            let factors = tensors.connect(&format!("{name}.conc_se_layers.0.fc2"), &squeezed, between);
            let plane = inner.height * inner.width;
            for (plane, factor) in inner.values.chunks_exact_mut(plane).zip(factors) {
                plane.iter_mut().for_each(|value| *value *= sigmoid(factor));
            }
        }
        inner = inner.convolve(tensors, &name(), pointwise(width(outputs)));
        map = if stride == 1 && inputs == outputs { inner.plus(&map) } else { inner };
    }
    let embedding = map.convolve(tensors, "features.16", pointwise(384)).map(hard_swish).means();
    let hidden: Vec<f32> = tensors.connect("classifier.2", &embedding, 512).into_iter().map(hard_swish).collect();
    let logits = tensors.connect("classifier.5", &hidden, 527);
    (embedding, logits)
}

fn relu6(x: f32) -> f32 {
    x.clamp(0.0, 6.0)
}

fn leaky(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.1 * x }
}

fn depthwise(outputs: usize, side: usize, stride: usize, padding: Padding) -> Shape {
    Shape { outputs, side, stride, is_depthwise: true, padding }
}

/// A square picture of red, green, blue bytes; `value` of channel and byte.
fn picture(rgb: &[u8], value: impl Fn(usize, u8) -> f32) -> Map {
    let edge = (rgb.len() / 3).isqrt();
    let plane = |channel| rgb.iter().skip(channel).step_by(3).map(move |&byte| (channel, byte));
    let values = (0..3).flat_map(plane).map(|(channel, byte)| value(channel, byte)).collect();
    Map { channels: 3, height: edge, width: edge, values }
}

/// A picture -> features, logits.
pub(super) fn efficientnet_lite2(tensors: &mut Tensors, rgb: &[u8]) -> (Vec<f32>, Vec<f32>) {
    // EfficientNet-B0 times 1.1 in width and 1.2 in depth, but for its ends: outputs, blocks, side, stride, widening.
    let stages = [
        (16, 1.0, 3, 1, 1),
        (24, 2.0, 3, 2, 6),
        (40, 2.0, 5, 2, 6),
        (80, 3.0, 3, 2, 6),
        (112, 3.0, 5, 1, 6),
        (192, 4.0, 5, 2, 6),
        (320, 1.0, 3, 1, 6),
    ];
    let stem = Shape { outputs: 32, side: 3, stride: 2, is_depthwise: false, padding: Padding::Same };
    let mut map = picture(rgb, |_, byte| (f32::from(byte) - 127.0) / 128.0).convolve(tensors, "stem", stem).map(relu6);
    let mut number = 0;
    for (index, (outputs, depth, side, first_stride, widening)) in stages.into_iter().enumerate() {
        let blocks: f64 = if index == 0 || index == 6 { depth } else { f64::ceil(depth * 1.2) };
        for block in 0..blocks as usize {
            let stride = if block == 0 { first_stride } else { 1 };
            let (name, outputs) = (format!("blocks.{number}"), rounded(outputs, 1.1));
            let mut inner = map.clone();
            if widening > 1 {
                let wide = pointwise(widening * map.channels);
                inner = inner.convolve(tensors, &format!("{name}.expand"), wide).map(relu6);
            }
            let filter = depthwise(inner.channels, side, stride, Padding::Same);
            inner = inner.convolve(tensors, &format!("{name}.depthwise"), filter).map(relu6);
            inner = inner.convolve(tensors, &format!("{name}.project"), pointwise(outputs));
            map = if stride == 1 && outputs == map.channels { inner.plus(&map) } else { inner };
            number += 1;
        }
    }
    let features = map.convolve(tensors, "head", pointwise(1280)).map(relu6).means();
    let logits = tensors.connect("classifier", &features, 1000);
    (features, logits)
}

impl Map {
    /// Twice as large, bilinear, the outermost centres continued to the edge.
    fn doubled(&self) -> Map {
        let near = |at: usize, length: usize| {
            let centre = ((at as f32 + 0.5) / 2.0 - 0.5).clamp(0.0, (length - 1) as f32);
            (centre as usize, (centre as usize + 1).min(length - 1), centre.fract())
        };
        let (height, width) = (2 * self.height, 2 * self.width);
        let mut values = Vec::with_capacity(self.channels * height * width);
        for plane in self.values.chunks_exact(self.height * self.width) {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let ((top, bottom, down), (left, right, across)) = (near(y, self.height), near(x, self.width));
                let line =
                    |y: usize| plane[y * self.width + left] * (1.0 - across) + plane[y * self.width + right] * across;
                values.push(line(top) * (1.0 - down) + line(bottom) * down);
            }
        }
        Map { channels: self.channels, height, width, values }
    }

    /// Half as large, the means of squares.
    fn halved(&self) -> Map {
        let (height, width) = (self.height / 2, self.width / 2);
        let mut values = Vec::with_capacity(self.channels * height * width);
        for plane in self.values.chunks_exact(self.height * self.width) {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
                let at = 2 * y * self.width + 2 * x;
                values.push((plane[at] + plane[at + 1] + plane[at + self.width] + plane[at + self.width + 1]) / 4.0);
            }
        }
        Map { channels: self.channels, height, width, values }
    }

    /// The largest of each 3x3 neighbourhood, every second one.
    fn pooled(&self) -> Map {
        let (height, width) = (self.height.div_ceil(2), self.width.div_ceil(2));
        let mut values = Vec::with_capacity(self.channels * height * width);
        for plane in self.values.chunks_exact(self.height * self.width) {
            for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (2 * y, 2 * x))) {
                let rows = y.saturating_sub(1)..(y + 2).min(self.height);
                let columns = x.saturating_sub(1)..(x + 2).min(self.width);
                let seen = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
                values.push(seen.map(|(row, column)| plane[row * self.width + column]).fold(f32::MIN, f32::max));
            }
        }
        Map { channels: self.channels, height, width, values }
    }

    /// The channels of both, then in turn from either half.
    fn shuffled_with(self, other: &Map) -> Map {
        let (channels, plane) = (2 * self.channels, self.height * self.width);
        let both = [&self.values[..], &other.values].concat();
        let source = |channel: usize| channel % 2 * self.channels + channel / 2;
        let values = (0..channels).flat_map(|channel| both[source(channel) * plane..][..plane].to_vec()).collect();
        Map { channels, values, ..self }
    }

    /// The lower and the upper half of the channels.
    fn split(&self) -> [Map; 2] {
        let (lower, upper) = self.values.split_at(self.values.len() / 2);
        [lower, upper].map(|values| Map { channels: self.channels / 2, values: values.to_vec(), ..*self })
    }

    /// Position by position.
    fn channels_last(&self) -> Vec<f32> {
        let plane = self.height * self.width;
        (0..plane).flat_map(|at| (0..self.channels).map(move |channel| self.values[channel * plane + at])).collect()
    }
}

/// What MoveNet makes of a picture.
pub(super) struct People {
    /// Means of the backbone, then of the keypoint offsets' head.
    pub features: Vec<f32>,
    /// The six heads' maps, channels last.
    pub maps: Vec<Vec<f32>>,
}

pub(super) fn movenet(tensors: &mut Tensors, rgb: &[u8]) -> People {
    let width = |channels| rounded(channels, 1.5);
    let stem = Shape { outputs: width(32), side: 3, stride: 2, is_depthwise: false, padding: Padding::Same };
    let mut map = picture(rgb, |_, byte| f32::from(byte) * (257.0 / 32_768.0) - 1.0);
    map = map.convolve(tensors, "backbone/Conv1_relu", stem).map(relu6);
    // Outputs and stride of MobileNetV2's seventeen blocks.
    let strides = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1];
    let outputs = [16, 24, 24, 32, 32, 32, 64, 64, 64, 64, 96, 96, 96, 160, 160, 160, 320];
    let mut kept = Vec::new();
    for (number, (stride, outputs)) in strides.into_iter().zip(outputs).enumerate() {
        let name = if number == 0 { "expanded_conv".to_owned() } else { format!("block_{number}") };
        let mut inner = map.clone();
        if number > 0 {
            let wide = pointwise(6 * map.channels);
            inner = inner.convolve(tensors, &format!("backbone/{name}_expand_relu"), wide).map(relu6);
        }
        let filter = depthwise(inner.channels, 3, stride, Padding::Same);
        inner = inner.convolve(tensors, &format!("backbone/{name}_depthwise/depthwise"), filter).map(relu6);
        inner = inner.convolve(tensors, &format!("backbone/{name}_project_BN"), pointwise(width(outputs)));
        map = if stride == 1 && inner.channels == map.channels { inner.plus(&map) } else { inner };
        kept.push(map.clone());
    }
    let mut features = map.means();
    map = map.convolve(tensors, "backbone/out_relu", pointwise(1280)).map(relu6);
    map = map.convolve(tensors, "fpn/conv2d", pointwise(64));
    for (level, (block, outputs)) in [(9, 32), (5, 24), (2, 24)].into_iter().enumerate() {
        let suffix = if level == 0 { String::new() } else { format!("_{level}") };
        let lateral = pointwise(map.channels);
        map = map.doubled().plus(&kept[block].convolve(tensors, &format!("fpn/conv2d_{}", level + 1), lateral));
        let filter = depthwise(map.channels, 3, 1, Padding::Same);
        let name = format!("fpn/separable_conv2d{suffix}/separable_conv2d/depthwise");
        map = map.convolve_without_bias(tensors, &name, filter);
        map = map.convolve(tensors, &format!("fpn/re_lu{suffix}/Relu"), pointwise(outputs)).map(relu);
    }
    let heads = [
        ("center_0", 1),
        ("box_scale_0", 2),
        ("box_offset_0", 2),
        ("kpt_heatmap_0", 17),
        ("kpt_regress_0", 34),
        ("kpt_offset_0", 34),
    ];
    let mut maps = Vec::new();
    for (index, (name, outputs)) in heads.into_iter().enumerate() {
        let filter = format!("{name}/separable_conv2d_{}/separable_conv2d/depthwise", index + 3);
        let mut head = map.convolve_without_bias(tensors, &filter, depthwise(24, 3, 1, Padding::Same));
        head = head.convolve(tensors, &format!("{name}/re_lu_{}/Relu", index + 3), pointwise(96)).map(relu);
        if index == 5 {
            features.extend(head.means());
        }
        head = head.convolve(tensors, &format!("{name}/conv2d_{}", index + 4), pointwise(outputs));
        maps.push(head.channels_last());
    }
    People { features, maps }
}

/// What NanoDet makes of a picture.
pub(super) struct Objects {
    pub features: Vec<f32>,
    /// The three heads' maps, the finest first, channels last.
    pub maps: Vec<Vec<f32>>,
}

pub(super) fn nanodet(tensors: &mut Tensors, rgb: &[u8]) -> Objects {
    let mut conv = |map: &Map, number: usize, shape: Shape| map.convolve(tensors, &format!("Conv_{number}"), shape);
    let norm = [(123.675, 0.017125), (116.28, 0.017507), (103.53, 0.017429)];
    let mut map = picture(rgb, |channel, byte| (f32::from(byte) - norm[channel].0) * norm[channel].1);
    let plane = map.height * map.width;
    map.values = map.values.chunks_exact(plane).rev().flatten().copied().collect();
    let stem = Shape { outputs: 24, side: 3, stride: 2, is_depthwise: false, padding: Padding::Half };
    map = conv(&map, 0, stem).map(leaky).pooled();
    let filter = |map: &Map, stride| depthwise(map.channels, 3, stride, Padding::Half);
    let mut kept = Vec::new();
    // The numbers of a stage's convolutions: of the first unit's two branches, then three a unit.
    let stages: [(usize, [usize; 5], &[usize]); 3] = [
        (58, [4, 6, 9, 12, 14], &[24, 39, 54]),
        (116, [68, 70, 73, 76, 78], &[88, 103, 118, 133, 148, 163, 178]),
        (232, [192, 194, 197, 200, 202], &[212, 227, 242]),
    ];
    for (half, [a, b, c, d, e], units) in stages {
        let beside = conv(&map, a, filter(&map, 2));
        let beside = conv(&beside, b, pointwise(half)).map(leaky);
        let mut through = conv(&map, c, pointwise(half)).map(leaky);
        through = conv(&through, d, filter(&through, 2));
        map = beside.shuffled_with(&conv(&through, e, pointwise(half)).map(leaky));
        for unit in units {
            let [lower, mut upper] = map.split();
            upper = conv(&upper, *unit, pointwise(half)).map(leaky);
            upper = conv(&upper, unit + 3, filter(&upper, 1));
            map = lower.shuffled_with(&conv(&upper, unit + 5, pointwise(half)).map(leaky));
        }
        kept.push(map.clone());
    }
    let features = map.means();
    let [p8, p16, p32] = [256, 257, 258].map(|number| conv(&kept[number - 256], number, pointwise(96)));
    let t16 = p16.plus(&p32.doubled());
    let n8 = p8.plus(&t16.doubled());
    let n16 = t16.plus(&n8.halved());
    let n32 = p32.plus(&n16.halved());
    let mut maps = Vec::new();
    for (map, numbers) in
        [(n8, [339, 342, 345, 348, 351]), (n16, [360, 363, 366, 369, 372]), (n32, [381, 384, 387, 390, 393])]
    {
        let mut head = map;
        for (step, number) in numbers.into_iter().enumerate() {
            let shape = match step {
                0 | 2 => filter(&head, 1),
                1 | 3 => pointwise(96),
                _ => pointwise(112),
            };
            head = conv(&head, number, shape);
            if step < 4 {
                head = head.map(leaky);
            }
        }
        maps.push(head.channels_last());
    }
    Objects { features, maps }
}
