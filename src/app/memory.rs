//! How the window's memory goes back to the system.

/// Of glibc's heap: memory of 8 MB or more goes back as soon as it is free, smaller memory when 2 MB of it are free at
/// the end. By default glibc stops giving back large memory when the first such table (of a recording of ten hours)
/// has been freed, and keeps what lies between the later ones: 100 MB. With the first limit alone the second stands at
/// 128 kB, and an analysis asks for the same pages again and again: a fifth of its time. All threads share one heap: of
/// the many that glibc makes each keeps what its threads once needed, 60 MB of ten hours played and analysed.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn give_large_tables_back() {
    const TABLE_BYTES: i32 = 8 << 20;
    const KEPT_BYTES: i32 = 2 << 20;
    const HEAPS: i32 = 1;
    // SAFETY: glibc guards its limits itself; values that it does not take change nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, TABLE_BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
        libc::mallopt(libc::M_ARENA_MAX, HEAPS);
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_large_tables_back() {}
