#!/usr/bin/env bash
# Installs the system packages and the Rust toolchain that AVAR Desk needs, where they are missing. Asks nothing.
set -euo pipefail

build=(gcc libc6-dev ca-certificates curl pkg-config libavcodec-dev libavformat-dev libavutil-dev libswscale-dev
    libswresample-dev libclang-dev libasound2-dev)
run=(libx11-6 libx11-xcb1 libxrandr2 libxcursor1 libxi6 libxkbcommon-x11-0 libvulkan1 mesa-vulkan-drivers libegl1
    libgl1-mesa-dri libwayland-client0 libwayland-cursor0 libwayland-egl1)
# The ffmpeg program makes test clips and checks ours against ffprobe; libFuzzer is C++; names in every script are drawn
# with the fonts of the system.
test=(ffmpeg g++ fonts-noto-core fonts-droid-fallback fonts-nanum)

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for package in "${build[@]}" "${run[@]}" "${test[@]}"; do
    is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "Installing system packages: ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "Please install these packages as root, then run make again." >&2; exit 1; }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if ! command -v cargo >/dev/null; then
    echo "Installing Rust (rustup, stable toolchain) into ~/.cargo and ~/.rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal -c rustfmt -c clippy
fi
