//! The threads that the networks compute on, with denormal numbers flushed to zero.
//!
//! Random and nearly vanished activations fall below 1e-38, where an x86 processor takes a hundred times as long
//! for each operation and the result makes no difference. The mode is a bit of the thread's floating-point control
//! register; Rust assumes that bit unset in ordinary code, so it is set once on threads of our own, which run
//! nothing but this room's kernels, and nobody else's thread is touched.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs `work` on the pool; kernels below it spread over the pool's threads. Without threads to be had it runs
/// where it is, slower.
pub fn on_compute_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let pool = POOL.get_or_init(|| {
        ThreadPoolBuilder::new()
            .thread_name(|index| format!("network {index}"))
            .start_handler(|_| flush_denormals())
            .build()
            .ok()
    });
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Runs `work` on `threads` threads that nothing else computes on, so that several trainings at a time do not wait for
/// each other.
pub fn on_threads_of_its_own<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match ThreadPoolBuilder::new().num_threads(threads).start_handler(|_| flush_denormals()).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

/// Sets flush-to-zero (and denormals-are-zero on x86-64) for this thread.
fn flush_denormals() {
    #[cfg(target_arch = "x86_64")]
    {
        let mut control: u32 = 0;
        // SAFETY: only the bits FTZ (15) and DAZ (6), which every x86-64 processor has, are added. The intrinsics
        // for this register are deprecated in favour of assembly.
        unsafe {
            std::arch::asm!("stmxcsr [{}]", in(reg) &mut control, options(nostack));
            control |= 1 << 15 | 1 << 6;
            std::arch::asm!("ldmxcsr [{}]", in(reg) &control, options(nostack, readonly));
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        // SAFETY: only the bit FZ (24) is added.
        unsafe {
            let mut control: u64;
            std::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack));
            control |= 1 << 24;
            std::arch::asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack));
        }
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    fn compute_threads_flush_denormals_and_others_do_not() {
        let tiny = |scale: f32| std::hint::black_box(1e-30f32) * std::hint::black_box(scale);
        let products = on_compute_threads(|| (0..64).into_par_iter().map(|_| tiny(1e-10)).collect::<Vec<_>>());
        assert!(products.iter().all(|&product| product == 0.0));
        assert!(tiny(1e-10) > 0.0);
    }
}
