//! The vector registers that the kernels are written for, and the choice among them at run time.
//!
//! A kernel is one generic function over [`Lanes`]; [`multiversion!`] compiles it for AVX-512, for AVX2 with FMA and
//! for plain four-lane arrays, which LLVM turns into SSE2 on other x86-64 processors and into NEON on aarch64.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use std::sync::OnceLock;

/// One register of `COUNT` numbers.
///
/// # Safety
/// All functions ask for the processor feature that the implementing register stands for; [`multiversion!`] is what
/// makes sure of it. `load` and `store` ask for `COUNT` numbers at the pointer, `load_first` and `store_first` for
/// `count`, which is at most `COUNT`. No pointer need be aligned.
pub(super) trait Lanes: Copy {
    /// At most [`WIDEST`].
    const COUNT: usize;
    /// Rows of the matrix product's register tile; with two registers a row they fill the register file.
    const TILE_ROWS: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// `self * factor + term`
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `1 / self`, to about 1e-7.
    unsafe fn reciprocal(self) -> Self;
    /// The sign of `sign` on the magnitude of `self`.
    unsafe fn with_sign_of(self, sign: Self) -> Self;
    /// `self` where `x` is at least `lowest`, or is no number, and zero elsewhere.
    unsafe fn where_at_least(self, x: Self, lowest: Self) -> Self;
    /// `2^n` of numbers `1.5 * 2^23 + n`: their low bits, moved into the exponent.
    unsafe fn power_of_two(self) -> Self;

    /// The first `count` numbers, zeros after them.
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        const { assert!(Self::COUNT <= WIDEST) };
        let mut buffer = [0f32; WIDEST];
        // SAFETY: `count` numbers are at `from`, by the contract, and room for them and for a register in the buffer.
        unsafe {
            std::ptr::copy_nonoverlapping(from, buffer.as_mut_ptr(), count);
            Self::load(buffer.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        const { assert!(Self::COUNT <= WIDEST) };
        let mut buffer = [0f32; WIDEST];
        // SAFETY: the buffer has room for a register, and `to` for `count` numbers, by the contract.
        unsafe {
            self.store(buffer.as_mut_ptr());
            std::ptr::copy_nonoverlapping(buffer.as_ptr(), to, count);
        }
    }

    /// As [`Lanes::load_first`], for a `count` that is mostly the whole register.
    #[inline(always)]
    unsafe fn load_mostly(from: *const f32, count: usize) -> Self {
        // SAFETY: the contract.
        unsafe { if count == Self::COUNT { Self::load(from) } else { Self::load_first(from, count) } }
    }

    /// As [`Lanes::store_first`], for a `count` that is mostly the whole register.
    #[inline(always)]
    unsafe fn store_mostly(self, to: *mut f32, count: usize) {
        // SAFETY: the contract.
        unsafe { if count == Self::COUNT { self.store(to) } else { self.store_first(to, count) } }
    }

    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        const { assert!(Self::COUNT <= WIDEST) };
        let mut buffer = [0f32; WIDEST];
        // SAFETY: the buffer has room for a register.
        unsafe { self.store(buffer.as_mut_ptr()) };
        buffer[..Self::COUNT].iter().sum()
    }

    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        const { assert!(Self::COUNT <= WIDEST) };
        let mut buffer = [f32::NEG_INFINITY; WIDEST];
        // SAFETY: the buffer has room for a register.
        unsafe { self.store(buffer.as_mut_ptr()) };
        buffer.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Numbers of the widest register.
const WIDEST: usize = 16;

/// Which registers this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// The widest registers of this processor; narrower ones where the environment variable AVAR_SIMD says `avx2` or
/// `portable`, by which a wide machine checks the kernels of the others.
#[inline]
pub(super) fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        #[cfg(target_arch = "x86_64")]
        {
            // Each level asks for every feature that `multiversion!` compiles its kernels for.
            let widest = std::env::var("AVAR_SIMD").unwrap_or_default();
            let has_avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let has_avx512 = has_avx2 && is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq");
            if has_avx512 && widest != "avx2" && widest != "portable" {
                return Level::Avx512;
            }
            if has_avx2 && widest != "portable" {
                return Level::Avx2;
            }
        }
        Level::Portable
    })
}

/// The registers that the kernels run in: `avx512`, `avx2` or `portable`.
pub fn simd_level() -> &'static str {
    match level() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => "avx512",
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => "avx2",
        Level::Portable => "portable",
    }
}

/// Defines `unsafe fn name(arguments)` that runs the generic `name_in::<V>(arguments)` in the widest registers of
/// this processor. Unsafe for what `name_in` itself asks of its caller.
macro_rules! multiversion {
    ($(#[$doc:meta])* $visibility:vis unsafe fn $name:ident($($argument:ident: $type:ty),* $(,)?) => $generic:ident) => {
        $(#[$doc])*
        $visibility unsafe fn $name($($argument: $type),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx2,fma")]
            unsafe fn avx512($($argument: $type),*) {
                // SAFETY: the features are those of the register; the rest is what `$generic` asks of our caller.
                unsafe { $generic::<std::arch::x86_64::__m512>($($argument),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($argument: $type),*) {
                // SAFETY: as above.
                unsafe { $generic::<std::arch::x86_64::__m256>($($argument),*) }
            }
            // SAFETY: level() has found the processor features that each version was compiled for.
            unsafe {
                match $crate::lanes::level() {
                    #[cfg(target_arch = "x86_64")]
                    $crate::lanes::Level::Avx512 => avx512($($argument),*),
                    #[cfg(target_arch = "x86_64")]
                    $crate::lanes::Level::Avx2 => avx2($($argument),*),
                    $crate::lanes::Level::Portable => {
                        $generic::<$crate::lanes::Portable>($($argument),*)
                    }
                }
            }
        }
    };
}
pub(super) use multiversion;

#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "each block is one intrinsic on what the trait's contract asks for"
)]
impl Lanes for __m512 {
    const COUNT: usize = 16;
    const TILE_ROWS: usize = 12;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { _mm512_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm512_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm512_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm512_sub_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { _mm512_mul_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { _mm512_min_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { _mm512_max_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { _mm512_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        unsafe {
            // Fourteen bits, doubled by one step of Newton's method.
            let guess = _mm512_rcp14_ps(self);
            _mm512_mul_ps(guess, _mm512_fnmadd_ps(self, guess, _mm512_set1_ps(2.0)))
        }
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, sign: Self) -> Self {
        unsafe {
            let bit = _mm512_set1_ps(-0.0);
            _mm512_or_ps(_mm512_andnot_ps(bit, self), _mm512_and_ps(bit, sign))
        }
    }
    #[inline(always)]
    unsafe fn where_at_least(self, x: Self, lowest: Self) -> Self {
        unsafe { _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_NLT_UQ>(x, lowest), self) }
    }
    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        unsafe {
            let bits = _mm512_slli_epi32::<23>(_mm512_castps_si512(self));
            _mm512_castsi512_ps(_mm512_add_epi32(bits, _mm512_set1_epi32(0x3f80_0000)))
        }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, count: usize) -> Self {
        unsafe { _mm512_maskz_loadu_ps(((1u32 << count) - 1) as __mmask16, from) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, count: usize) {
        unsafe { _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as __mmask16, self) }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { _mm512_reduce_max_ps(self) }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "each block is one intrinsic on what the trait's contract asks for"
)]
impl Lanes for __m256 {
    const COUNT: usize = 8;
    const TILE_ROWS: usize = 6;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { _mm256_set1_ps(value) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { _mm256_loadu_ps(from) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { _mm256_add_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { _mm256_sub_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { _mm256_mul_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        unsafe { _mm256_min_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { _mm256_max_ps(self, other) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        unsafe { _mm256_fmadd_ps(self, factor, term) }
    }
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        unsafe { _mm256_div_ps(_mm256_set1_ps(1.0), self) }
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, sign: Self) -> Self {
        unsafe {
            let bit = _mm256_set1_ps(-0.0);
            _mm256_or_ps(_mm256_andnot_ps(bit, self), _mm256_and_ps(bit, sign))
        }
    }
    #[inline(always)]
    unsafe fn where_at_least(self, x: Self, lowest: Self) -> Self {
        unsafe { _mm256_and_ps(_mm256_cmp_ps::<_CMP_NLT_UQ>(x, lowest), self) }
    }
    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        unsafe {
            let bits = _mm256_slli_epi32::<23>(_mm256_castps_si256(self));
            _mm256_castsi256_ps(_mm256_add_epi32(bits, _mm256_set1_epi32(0x3f80_0000)))
        }
    }
}

/// Four lanes in plain Rust.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, combine: impl Fn(f32, f32) -> f32) -> Self {
        Portable(std::array::from_fn(|lane| combine(self.0[lane], other.0[lane])))
    }
}

impl Lanes for Portable {
    const COUNT: usize = 4;
    const TILE_ROWS: usize = 6;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Portable([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: four numbers are there, by the contract.
        unsafe { Portable(from.cast::<[f32; 4]>().read_unaligned()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: there is room for four numbers, by the contract.
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, term: Self) -> Self {
        // Two roundings: `f32::mul_add` is a library call where the processor has no FMA.
        Portable(std::array::from_fn(|lane| self.0[lane] * factor.0[lane] + term.0[lane]))
    }
    #[inline(always)]
    unsafe fn reciprocal(self) -> Self {
        Portable(self.0.map(|value| 1.0 / value))
    }
    #[inline(always)]
    unsafe fn with_sign_of(self, sign: Self) -> Self {
        self.zip(sign, f32::copysign)
    }
    #[inline(always)]
    unsafe fn where_at_least(self, x: Self, lowest: Self) -> Self {
        Portable(std::array::from_fn(|lane| if x.0[lane] < lowest.0[lane] { 0.0 } else { self.0[lane] }))
    }
    #[inline(always)]
    unsafe fn power_of_two(self) -> Self {
        Portable(self.0.map(|value| f32::from_bits((value.to_bits() << 23).wrapping_add(0x3f80_0000))))
    }
}
