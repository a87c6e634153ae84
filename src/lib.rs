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
//! Every folder of `src/` with a `Cargo.toml` is a crate; this one is the program ([`cli`]) and hands out the others
//! under short names. What a crate may name stands in its manifest, and the compiler holds it to that (`docs/crates.svg`
//! shows the arrows, `tests/manifests.rs` keeps the third column); what it holds and what does not exist in it stands in
//! its own first lines. `CONTRIBUTING.md` says where to begin.
//!
//! | crate | holds | the only one that names |
//! |---|---|---|
//! | `avar-base` | media time, frame ordinal, time range ([`time`]); background jobs ([`job`]); files that appear whole or not at all ([`files`]); whether freed memory goes back to the system ([`memory`]); what a panic said ([`panics`]); others' words inside our sentences ([`wording`]) | libc (with `media`) |
//! | `avar-fonts` ([`fonts`]) | which of the system's fonts draws a letter that the program's own lack | fontdb, skrifa (with `figures`) |
//! | `avar-log` ([`log`]) | the log: one file in the user's cache | tracing-subscriber |
//! | `avar-labels` ([`labels`]) | the ten classes, the parts of a dataset, when an event opens and closes | |
//! | `avar-media` ([`media`]) | probe, frame table, readers, image sequences, waveform, clip writer; fuzzed by `fuzz/` | FFmpeg, libc (with `base`) |
//! | `avar-playback` ([`playback`]) | clock, decode workers, audio output | rodio, alsa |
//! | `avar-kernels` ([`kernels`]) | the arithmetic of the networks on the CPU | gemm |
//! | `avar-model` ([`model`]) | the networks, their weights and model cards, losses | candle (with `kernels` and `training`), safetensors (with `training`), realfft |
//! | `avar-analysis` ([`analysis`]) | step grid, features, pipeline, scores to events, records of runs, scores kept from one time to the next | knows both media and model; those that train and score go through it |
//! | `avar-dataset` ([`dataset`]) | manifests and splits, VAAR folders, XD-Violence | |
//! | `avar-compose` ([`compose`]) | untrimmed recordings composed of short sounds, with a truth file | |
//! | `avar-synth` ([`synth`]) | VAAR-Synth and the sample incident, drawn and synthesised | hound, tiny-skia (with `figures`) |
//! | `avar-metrics` ([`metrics`]) | metrics, one a file, and the report: pure numbers; runs as folders; the numbers that the paper prints | |
//! | `avar-review` ([`review`]) | the document of a review: a trail of operations on disk, the analyst's layer over the model's events, agreement of two documents | jiff |
//! | `avar-figures` ([`figures`]) | the paper's figures and tables from a run, as vector drawings and as a report | resvg |
//! | `avar-scoring` ([`scoring`]) | a network over a manifest: scores beside the truth | |
//! | `avar-export` ([`export`]) | figures, tables and report of a run as files, with frames from its recordings | |
//! | `avar-handover` ([`handover`]) | a review as a bundle that can be verified, clips cut at exact frames, stills | |
//! | `avar-training` ([`training`]) | recipes, the stages and their checkpoints, the ablation, the model card | |
//! | `avar-hub` ([`hub`]) | pretrained networks from a hub, digests checked | hf-hub, ureq |
//! | `avar-interchange` ([`interchange`]) | annotation formats of other programs and our own, one a file, in and out | roxmltree |
//! | `avar-app` ([`app`]) | the window: state, commands, update, panels of Review; Evaluate; Present | egui, egui_plot (with `cli`), rfd |
//! | `avar` ([`cli`]) | the same functions without a window; the window of a training | clap, egui (with `app`) |
//!
//! # What does not exist here
//!
//! - No arrow runs backwards: `base`, `fonts`, `labels`, `kernels` and `log` know nobody, `media` knows no network, `model`
//!   knows no media, and nothing imports `app` but the program.
//! - No frame is named by time x frame rate: always by ordinal and PTS ([`media::FrameTable`]).
//! - No second decoder: player, analysis and pictures take frames from the same [`media::VideoReader`].
//! - No decoding, inference or waiting on the window's thread.
//! - No score of an untrained network, or of one of which nothing is known, without the words that say so.
//! - No class that was never checked on real recordings without its mark.
//! - No second way from media to features: training, evaluation and the window share [`analysis::features`].
//! - No second rule for events: what is measured is what a reviewer is shown ([`labels::Hysteresis`]).
//! - No training step that depends on anything but the recipe, the data, the number of threads and the step's number.
//! - No clip that is dropped from a metric in silence, and no metric without a value that reads as zero.
//! - No file that appears half-written: all are begun and renamed by [`files`].

pub mod cli;

pub use avar_analysis as analysis;
pub use avar_app as app;
pub use avar_base::{files, job, memory, panics, time, wording};
pub use avar_compose as compose;
pub use avar_dataset as dataset;
pub use avar_export as export;
pub use avar_figures as figures;
pub use avar_fonts as fonts;
pub use avar_handover as handover;
pub use avar_hub as hub;
pub use avar_interchange as interchange;
pub use avar_kernels as kernels;
pub use avar_labels as labels;
pub use avar_log as log;
pub use avar_media as media;
pub use avar_metrics as metrics;
pub use avar_model as model;
pub use avar_playback as playback;
pub use avar_review as review;
pub use avar_scoring as scoring;
pub use avar_synth as synth;
pub use avar_training as training;
