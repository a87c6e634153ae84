//! What glibc does with memory that has been freed: the window gives it back to the system, a training keeps it.

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
    set(&[(libc::M_MMAP_THRESHOLD, TABLE_BYTES), (libc::M_TRIM_THRESHOLD, KEPT_BYTES), (libc::M_ARENA_MAX, HEAPS)]);
}

/// Every step of a training asks for the same memory as the one before. By default glibc gives much of it back in
/// between, and the system clears it page by page for the next: a twentieth to a third of the time of a step, as
/// chance has it.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_what_was_freed() {
    const TABLES_OF_THEIR_OWN: i32 = 0;
    const KEPT_BYTES: i32 = i32::MAX;
    const HEAPS: i32 = 1;
    set(&[(libc::M_MMAP_MAX, TABLES_OF_THEIR_OWN), (libc::M_TRIM_THRESHOLD, KEPT_BYTES), (libc::M_ARENA_MAX, HEAPS)]);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn set(limits: &[(libc::c_int, libc::c_int)]) {
    for (limit, value) in limits {
        // SAFETY: glibc guards its limits itself; values that it does not take change nothing.
        unsafe { libc::mallopt(*limit, *value) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_large_tables_back() {}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_what_was_freed() {}
