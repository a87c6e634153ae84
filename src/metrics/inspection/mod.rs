//! What an inspection of a run goes by: which clips, their numbers at every threshold, two runs side by side, and what was
//! said of single clips. The window shows it; nothing here does.
//!
//! | file | holds |
//! |---|---|
//! | [`run_index`] | what is worked out of a run once |
//! | [`filter`], [`notes`] | which clips, and what was said of them |
//! | [`selection`] | the numbers of the clips that a filter leaves, and of a decision on them |
//! | [`comparison`] | two runs on the clips that both have |
//! | [`demo_run`] | a run for pictures, tests and benchmarks |

pub mod comparison;
pub mod demo_run;
pub mod filter;
pub mod notes;
pub mod run_index;
pub mod selection;
