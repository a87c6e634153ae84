#!/usr/bin/env bash
# Every test, on the software renderer, so that pictures are the same on every machine; no display, no sound device.
set -euo pipefail
cd "$(dirname "$0")/.."

lavapipe=$(find /usr/share/vulkan/icd.d -name 'lvp_icd*.json' 2>/dev/null | head -n 1)
if [ -n "$lavapipe" ]; then
    export VK_DRIVER_FILES="$lavapipe"
fi
export NODEVICE_SELECT=1
# What scripts/setup.sh installs is there: a test that lacks it fails, and does not pass without running.
export AVAR_REQUIRE=1
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --release --locked --no-fail-fast
else
    cargo test --release --locked --no-fail-fast
fi
