#!/usr/bin/env bash
# Fails when the tests would build a dependency with other features than the program does, and so all of it twice.
set -euo pipefail
cd "$(dirname "$0")/.."

features() {
    cargo tree --locked "${members[@]}" --edges "$1" --prefix none --format '{p} {f}' | sed 's/ (\*)$//' | sort -u
}
members=(--workspace --exclude avar-fuzz --exclude avar-benches)
program=$(features normal,build)
tests=$(features normal,build,dev)
# What only the tests need may be there; what both need must be the same.
lost=$(comm -23 <(echo "$program") <(echo "$tests"))
if [ -n "$lost" ]; then
    echo "built-once: the tests turn on other features of these; choose dev dependencies that do not:" >&2
    echo "$lost" >&2
    exit 1
fi
