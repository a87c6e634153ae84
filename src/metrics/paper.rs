//! The numbers that the AVAR-Net paper prints in its tables 2 to 6, in percent or as said.
//!
//! Reference values and no targets: they are unverified, its dataset VAAR is not public, and the paper was withdrawn.

/// Stands wherever its values are shown.
pub const UNVERIFIED: &str =
    "The paper's values are unverified (it was withdrawn) and no target of ours; VAAR, its dataset, is not public.";

/// Accuracy, precision, recall and F1 in percent.
pub type Quality = [f64; 4];

/// One temporal head on one dataset: from sound, from picture, from both.
pub struct HeadRow {
    /// As the program calls it in files.
    pub name: &'static str,
    /// As the paper writes it.
    pub label: &'static str,
    /// The head on the features of the sound alone.
    pub sound: Quality,
    /// The head on the features of the picture alone.
    pub picture: Quality,
    /// The head on early fusion of both.
    pub both: Quality,
}

impl HeadRow {
    /// What the head was given: in words, as the program calls it in files, and what came of it.
    pub fn modalities(&self) -> [(&'static str, &'static str, Quality); 3] {
        [("sound", "sound_only", self.sound), ("picture", "picture_only", self.picture), ("both", "early", self.both)]
    }
}

/// Steps of a sequence in table 2.
pub const HEADS_STEPS: usize = 10;

const fn head(name: &'static str, label: &'static str, sound: Quality, picture: Quality, both: Quality) -> HeadRow {
    HeadRow { name, label, sound, picture, both }
}

/// Table 2 on VAAR.
pub const HEADS_ON_VAAR: [HeadRow; 6] = [
    head("gru", "GRU", [12.81, 9.34, 12.80, 8.83], [53.52, 51.02, 53.52, 50.24], [65.06, 63.65, 65.06, 63.53]),
    head("bi_gru", "Bi-GRU", [31.62, 31.62, 36.10, 32.16], [54.83, 52.92, 56.83, 55.03], [50.14, 48.26, 50.14, 47.86]),
    head("lstm", "LSTM", [16.13, 12.04, 16.13, 9.80], [56.13, 53.90, 56.13, 54.47], [63.10, 63.82, 63.10, 63.13]),
    head(
        "bi_lstm",
        "Bi-LSTM",
        [35.60, 36.86, 35.60, 32.33],
        [57.23, 54.48, 57.23, 53.27],
        [67.02, 66.24, 67.02, 65.76],
    ),
    head(
        "transformer",
        "Transformer",
        [60.00, 61.40, 60.00, 60.50],
        [64.13, 55.40, 64.00, 59.00],
        [67.03, 66.04, 57.03, 65.48],
    ),
    head("mtcn", "MTCN", [72.10, 54.05, 84.38, 65.85], [77.50, 56.00, 98.25, 71.34], [89.29, 89.30, 89.29, 89.22]),
];

/// Table 2 on XD-Violence Recognition.
pub const HEADS_ON_XD: [HeadRow; 6] = [
    head("gru", "GRU", [25.06, 14.76, 25.06, 18.50], [65.45, 63.79, 65.45, 64.38], [63.13, 63.21, 63.13, 62.11]),
    head("bi_gru", "Bi-GRU", [43.08, 40.32, 43.08, 39.63], [66.27, 64.67, 66.27, 65.31], [72.49, 71.80, 72.49, 71.81]),
    head("lstm", "LSTM", [31.13, 21.12, 31.33, 20.26], [64.36, 62.51, 64.36, 63.12], [67.02, 66.04, 67.02, 65.76]),
    head(
        "bi_lstm",
        "Bi-LSTM",
        [45.00, 41.40, 45.00, 39.60],
        [66.25, 64.59, 66.25, 65.16],
        [73.10, 71.88, 73.10, 72.21],
    ),
    head(
        "transformer",
        "Transformer",
        [50.00, 46.00, 50.00, 48.40],
        [68.25, 68.78, 68.25, 66.89],
        [74.00, 69.00, 74.00, 70.20],
    ),
    head("mtcn", "MTCN", [62.40, 69.02, 60.95, 64.73], [67.70, 82.00, 63.76, 71.74], [76.68, 80.60, 79.68, 79.43]),
];

/// Table 3: steps of a sequence, accuracy on VAAR, accuracy on XD-Violence Recognition.
pub const LENGTHS: [(usize, f64, f64); 3] = [(5, 64.96, 65.99), (10, 89.29, 76.68), (15, 84.37, 71.65)];

/// Table 4 and the one without a number: dataset, frames a second, latency and inference in milliseconds.
pub const SPEEDS: [(&str, [f64; 3]); 2] = [("VAAR", [9.13, 65.69, 184.93]), ("XD-Violence", [4.0, 112.23, 429.87])];

/// Table 5: method, backbone, average precision on XD-Violence from the picture alone.
pub const FROM_PICTURE: [(&str, &str, f64); 21] = [
    ("ZS (video)", "", 25.36),
    ("ZS (image)", "", 27.25),
    ("Hasan et al.", "", 31.25),
    ("LLAVA-1.5", "", 50.26),
    ("LAVAD", "", 62.01),
    ("Wu et al.", "C3D-RGB", 67.19),
    ("Wu et al.", "I3D-RGB", 73.20),
    ("MSL", "", 75.53),
    ("Wu and Liu", "", 75.90),
    ("RTFM", "", 77.81),
    ("MSL", "", 78.28),
    ("Zhang et al.", "", 78.74),
    ("MSL", "VideoSwin-RGB", 78.58),
    ("MGFN", "", 79.19),
    ("MGFN", "", 80.11),
    ("S3R", "", 80.26),
    ("Xu et al.", "I3D + self-attention", 81.44),
    ("UR-DMU", "", 81.66),
    ("HyperVD", "", 82.51),
    ("AE-Net", "Adversarial", 85.13),
    ("AVAR-Net", "MobileViT", 86.54),
];

/// Table 6: method, year, average precision on XD-Violence from picture and sound. With a dagger or an asterisk:
/// implemented again by others.
pub const FROM_BOTH: [(&str, u32, f64); 14] = [
    ("Wu et al.", 2020, 78.64),
    ("Wu et al.†", 2020, 78.66),
    ("RTFM*", 2021, 78.54),
    ("RTFM†", 2021, 78.54),
    ("Pang et al.", 2021, 81.69),
    ("MACIL-SD", 2022, 83.40),
    ("UR-DMU", 2023, 81.77),
    ("Zhang et al.", 2023, 81.43),
    ("HyperVD", 2024, 85.67),
    ("Leng et al.", 2024, 87.61),
    ("Shin et al.", 2024, 88.28),
    ("Xu et al.", 2025, 84.06),
    ("AVCL", 2025, 83.39),
    ("AVAR-Net", 2025, 88.56),
];
