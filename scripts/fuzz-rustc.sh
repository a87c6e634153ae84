#!/usr/bin/env bash
# The compiler for the fuzz target, as cargo's RUSTC_WORKSPACE_WRAPPER: the media engine and what it stands on get
# counters at every edge and comparison, and of them every overflow and every broken assumption is a find.
# A stable compiler has all of it.
set -euo pipefail
rustc=$1
shift
flags=()
case " $* " in
*" --crate-name avar_media "* | *" --crate-name avar_base "* | *" --crate-name media "*)
    flags=(-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
        -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions=on -Coverflow-checks=on)
    ;;
esac
exec "$rustc" "$@" "${flags[@]}"
