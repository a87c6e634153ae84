use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    give_large_tables_back();
    avar::cli::run()
}

/// Memory of 8 MB or more goes back to the system as soon as it is free. By default glibc stops doing that when the
/// first such table (of a recording of ten hours) has been freed, and keeps what lies between the later ones: 100 MB.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn give_large_tables_back() {
    const TABLE_BYTES: i32 = 8 << 20;
    // SAFETY: nothing else runs yet; a value that glibc does not take changes nothing.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, TABLE_BYTES) };
}
