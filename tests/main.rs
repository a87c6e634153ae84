//! The program as a whole: its command line, what it refuses, what it writes, its trainings.

mod bad_input;
mod cli;
mod figure;
mod hub;
mod log;
mod program;
mod synth;
mod training;
