#!/usr/bin/env bash
# Looks for what Rust must never do and a comparison of numbers does not see, such as a read one past the end:
# AddressSanitizer over the kernels, at every SIMD level that this processor has, and over the media engine on mutated
# recordings (AVAR_FUZZ_SECONDS of them, 60); Miri over the portable kernels where it is installed.
# AddressSanitizer needs a nightly compiler, and everything built anew beside what is there, in target/sanitize.
set -euo pipefail
cd "$(dirname "$0")/.."

stop() {
    echo "$1" >&2
    exit 1
}
command -v rustup >/dev/null || stop "Sanitizers need a nightly compiler, and rustup, which installs it, is not there: https://rustup.rs"
rustup run nightly rustc --version >/dev/null 2>&1 ||
    stop "Sanitizers need a nightly compiler: rustup toolchain install nightly --profile minimal"
host=$(rustup run nightly rustc -vV | sed -n 's/^host: //p')
runtime=$(rustup run nightly rustc --print sysroot)/lib/rustlib/$host/lib
[ -n "$(find "$runtime" -name '*rt.asan*' 2>/dev/null)" ] || stop "Rust has no AddressSanitizer for $host"

export RUSTUP_TOOLCHAIN=nightly
# The target is named so that build scripts and macros, which run in the compiler, stay as they are.
sanitized=(env "RUSTFLAGS=-Zsanitizer=address" "CARGO_BUILD_TARGET=$host" "CARGO_TARGET_DIR=$PWD/target/sanitize"
    "ASAN_OPTIONS=${ASAN_OPTIONS:-}")

has() {
    local feature
    for feature in "$@"; do
        grep -qw "$feature" /proc/cpuinfo 2>/dev/null || return 1
    done
}
levels=(portable)
if has avx2 fma; then
    levels+=(avx2)
    if has avx512f avx512dq; then
        levels+=(avx512)
    fi
fi
# Overflow and broken assumptions are finds too, in the kernels and in what the compiler puts into them from elsewhere.
checked=(--config profile.release.package.avar-kernels.debug-assertions=true
    --config profile.release.package.avar-kernels.overflow-checks=true)
for level in "${levels[@]}"; do
    echo "== AddressSanitizer: kernels, AVAR_SIMD=$level"
    AVAR_SIMD=$level "${sanitized[@]}" cargo "${checked[@]}" test --release --locked -p avar-kernels --lib --tests
done
case " ${levels[*]} " in
*" avx512 "*) ;;
*) echo "== This processor has not every level; checked: ${levels[*]}" ;;
esac

echo "== AddressSanitizer: media engine"
# The sanitizer's shadow and what it keeps of freed memory count as the target's own.
AVAR_FUZZ_SECONDS=${AVAR_FUZZ_SECONDS:-60} AVAR_FUZZ_MEMORY_MB=${AVAR_FUZZ_MEMORY_MB:-6144} "${sanitized[@]}" scripts/fuzz.sh

if cargo miri --version >/dev/null 2>&1; then
    echo "== Miri: portable kernels"
    # Which level is an environment variable, the pool's threads outlive main, and crossbeam, below rayon, is right by
    # tree borrows only.
    MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-tree-borrows" AVAR_SIMD=portable \
        cargo miri test --locked --target-dir target/miri -p avar-kernels --test random_shapes
else
    echo "== Miri is not installed, and was not run: rustup component add miri rust-src --toolchain nightly"
fi
