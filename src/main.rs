use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    give_large_tables_back();
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

/// Memory of 8 MB or more goes back to the system as soon as it is free. By default glibc stops doing that when the
/// first such table (of a recording of ten hours) has been freed, and keeps what lies between the later ones: 100 MB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_large_tables_back() {
    const TABLE_BYTES: i32 = 8 << 20;
    // SAFETY: nothing else runs yet; a value that glibc does not take changes nothing.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, TABLE_BYTES) };
}
