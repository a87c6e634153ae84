//! The program `avar`: its command line, which opens the window too, is in the library beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    have_candle_compute_alone();
    avar::cli::run()
}

/// The networks bring their own threads, as many as there are cores. Candle's, which share out its plain arithmetic,
/// wait for one another without sleeping: that was three fifths of the time of an ablation, which trains several heads
/// at once, and analysis is as fast without them.
fn have_candle_compute_alone() {
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        // SAFETY: nothing else runs yet.
        unsafe { std::env::set_var(THREADS, "1") };
    }
}
