#!/usr/bin/env bash
# Feeds the media engine mutated recordings for AVAR_FUZZ_SECONDS (20), or AVAR_FUZZ_RUNS of them from one seed, so that
# a test is the same each time. An input that breaks it stays in fuzz/artifacts;
# what else leads to new paths is kept in fuzz/corpus from one run to the next.
set -euo pipefail
cd "$(dirname "$0")/.."

RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/fuzz-rustc.sh cargo build --release --locked -p avar-fuzz
target=${CARGO_TARGET_DIR:-target}/${CARGO_BUILD_TARGET:-}

seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
# Small recordings in as many containers as there are; one in mp4 the target adds itself.
picture=(-f lavfi -i testsrc2=s=64x48:r=25:d=0.4)
sound=(-f lavfi -i sine=440:d=0.4)
make_seed() {
    local name=$1
    shift
    ffmpeg -v quiet -nostdin -y "$@" "$seeds/$name" || rm -f "$seeds/$name"
}
if command -v ffmpeg >/dev/null; then
    make_seed a.mkv "${picture[@]}" "${sound[@]}" -c:v libx264 -g 4 -c:a libopus
    make_seed b.avi "${picture[@]}" "${sound[@]}" -c:v mpeg4 -bf 1 -c:a pcm_s16le
    make_seed c.ts "${picture[@]}" "${sound[@]}" -c:v mpeg2video -c:a mp2
    make_seed d.webm "${picture[@]}" "${sound[@]}" -c:v libvpx-vp9 -c:a libvorbis
    make_seed e.flv "${picture[@]}" "${sound[@]}" -c:v flv1 -c:a mp3 -ar 22050
    make_seed f.mov "${picture[@]}" "${sound[@]}" -c:v mjpeg -c:a pcm_s16be
    make_seed g.mp4 "${picture[@]}" "${sound[@]}" -c:v libx264 -movflags +frag_keyframe+empty_moov -c:a aac
    for ending in png jpg bmp tif; do
        make_seed "h.$ending" "${picture[@]}" -frames:v 1
    done
    for ending in flac mp3 ogg wav; do
        make_seed "i.$ending" "${sound[@]}"
    done
fi
data=${AVAR_DATA:-../shared/data}
if [ -d "$data/edge" ]; then
    find "$data/edge" -type f -size -100k -size +0 -print0 | while IFS= read -r -d '' file; do
        cp "$file" "$seeds/$(echo "$file" | sha256sum | head -c 16)"
    done
fi

mkdir -p fuzz/corpus fuzz/artifacts
if [ -n "${AVAR_FUZZ_RUNS:-}" ]; then
    extent=(-runs="$AVAR_FUZZ_RUNS" -seed=1)
else
    extent=(-max_total_time="${AVAR_FUZZ_SECONDS:-20}")
fi
AVAR_FUZZ_SEEDS="$seeds" "$target/release/media" "${extent[@]}" -timeout=60 -rss_limit_mb="${AVAR_FUZZ_MEMORY_MB:-3072}" \
    -max_len=131072 -artifact_prefix=fuzz/artifacts/ -verbosity=0 -print_final_stats=1 fuzz/corpus "$seeds"
