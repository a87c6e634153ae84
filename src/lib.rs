//! AVAR Desk: audio-visual anomaly review, frame by frame.
//!
//! # Map
//!
//! Data flows one way:
//!
//! ```text
//! media file -> frames + samples -> features -> step scores -> events -> window, tables, pictures
//!
//! manifest, recipe -> corpus -> backbones -> features -> temporal head -> weights + model card
//! manifest, weights -> step scores -> metrics
//! ```
//!
//! | room | holds | the only room that names |
//! |---|---|---|
//! | [`classes`] | the ten classes | |
//! | [`time`] | media time, frame ordinal, time range | |
//! | [`job`] | a background job: progress, partial results, cancel | |
//! | [`hysteresis`] | when an event opens and closes | |
//! | [`paper`] | the numbers that the paper prints | |
//! | [`files`] | files that appear whole or not at all | |
//! | [`memory`] | whether freed memory goes back to the system | libc |
//! | [`media`] | probe, frame table, readers, sequences of pictures, waveform, clip writer; fuzzed by `fuzz/` | FFmpeg |
//! | [`playback`] | clock, decode workers, sound output | rodio |
//! | [`model`] | the networks, their weights and model cards, losses, their CPU kernels | candle (with `training`), gemm |
//! | [`analysis`] | step grid, features, pipeline, scores to events, records of runs, scores kept from one time to the next | knows both media and model; those that train and score go through it |
//! | [`dataset`] | manifests and splits, VAAR folders, XD-Violence, the sample incident, VAAR-Synth | hound, tiny-skia (with `figures`) |
//! | [`evaluation`] | metrics, one a file, and the report: pure numbers | |
//! | [`runs`] | runs: what came of a manifest, as a folder that is written and read back | |
//! | [`figures`] | the paper's figures and tables from a run, as vector drawings and as a report | resvg, skrifa |
//! | [`plates`] | figures, tables and report of a run as files, with pictures from its recordings | |
//! | [`scoring`] | a network over a manifest: scores beside the truth | |
//! | [`training`] | recipes, the stages and their checkpoints, the ablation, the model card | candle (with `model`) |
//! | [`hub`] | pretrained networks from a hub, digests checked | hf-hub, ureq |
//! | [`app`] | the window: state, commands, update, panels of Review; Evaluate; Present; the window of a training | egui, egui_plot, wgpu, rfd |
//! | [`cli`] | the same functions without a window | clap |
//!
//! # What does not exist here
//!
//! - No arrow runs backwards: `time`, `job`, `files`, `memory` and `hysteresis` know nobody, `media` knows no network,
//!   `model` knows no media, and nothing imports `app` but `cli`. `tests/rooms.rs` reads the sources and fails otherwise.
//! - No frame is named by time x frame rate: always by ordinal and PTS ([`media::FrameTable`]).
//! - No second decoder: player, analysis and pictures take frames from the same [`media::VideoReader`].
//! - No decoding, inference or waiting on the window's thread.
//! - No score of an untrained network, or of one of which nothing is known, without the words that say so.
//! - No class that was never checked on real recordings without its mark.
//! - No second way from media to features: training, evaluation and the window share [`analysis::features`].
//! - No second rule for events: what is measured is what a reviewer is shown ([`hysteresis`]).
//! - No training step that depends on anything but the recipe, the data and the step's number.
//! - No clip that is dropped from a metric in silence, and no metric without a value that reads as zero.
//! - No file that appears half-written: all are begun and renamed by [`files`].

pub mod cli;

pub use avar_analysis as analysis;
pub use avar_app as app;
pub use avar_base::{files, job, memory, time};
pub use avar_dataset as dataset;
pub use avar_export as export;
pub use avar_figures as figures;
pub use avar_hub as hub;
pub use avar_kernels as kernels;
pub use avar_labels as labels;
pub use avar_media as media;
pub use avar_metrics as metrics;
pub use avar_model as model;
pub use avar_playback as playback;
pub use avar_scoring as scoring;
pub use avar_synth as synth;
pub use avar_training as training;
