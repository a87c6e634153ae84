//! The threads that the networks compute on.
//!
//! They are a pool of our own, so that a network's work does not wait for what else runs on rayon's global one. Nothing
//! else is special about them: they calculate as all threads do.

use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Runs `work` on the pool; kernels below it spread over the pool's threads. Without threads to be had it runs
/// where it is, slower.
pub fn on_compute_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let pool =
        POOL.get_or_init(|| ThreadPoolBuilder::new().thread_name(|index| format!("network {index}")).build().ok());
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Runs `work` on `threads` threads that nothing else computes on, so that several trainings at a time do not wait for
/// each other. Without threads to be had it runs where it is, slower.
pub fn on_threads_of_its_own<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    match ThreadPoolBuilder::new().num_threads(threads).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn compute_threads_calculate_as_all_threads_do() {
        // A number that a thread in flush-to-zero mode would not have.
        let tiny = || std::hint::black_box(1e-30f32) * std::hint::black_box(1e-10);
        let products = on_compute_threads(|| (0..64).into_par_iter().map(|_| tiny()).collect::<Vec<_>>());
        assert!(tiny() > 0.0);
        assert_eq!(products, [tiny(); 64]);
    }
}
