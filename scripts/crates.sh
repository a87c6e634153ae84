#!/usr/bin/env bash
# Draws the crates and their arrows, as cargo knows them, as docs/crates.svg.
#
#   scripts/crates.sh            writes the picture
#   scripts/crates.sh --check    fails when the picture that is there is another one
set -euo pipefail
cd "$(dirname "$0")/.."
picture=docs/crates.svg

# The program and what it is made of; what tests, measures and fuzzes them is left out.
draw() {
    cargo tree --locked --workspace --exclude avar-testing --exclude avar-benches --exclude avar-fuzz \
        --depth 1 --no-dedupe --edges normal --prefix depth --format ' {p}' | awk -f scripts/crates.awk
}

case "${1:-}" in
"") draw >"$picture" ;;
--check)
    draw | cmp --silent - "$picture" || {
        echo "crates: the crates have other arrows than the picture; run scripts/crates.sh: $picture" >&2
        exit 1
    }
    ;;
*)
    echo "crates: please give --check or nothing, not $1" >&2
    exit 2
    ;;
esac
