#!/usr/bin/env bash
# Builds the fuzz targets and runs each for so many seconds, 10 if not given, from
# its seeds and what earlier runs added to them. Fails where one finds something,
# and names the file of the input: once the fault is fixed, a seed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-10}
host=$(rustc -vV | sed -n 's/^host: //p')
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/fuzz")
cd tests/fuzz

# What cargo-fuzz builds with: each edge counted, each comparison seen. The target
# is named so that build scripts and macros are left as they are.
export RUSTFLAGS='--cfg fuzzing -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares'
cargo fmt --check
of_target=(--release --locked --target "$host" --target-dir "$build")
cargo build "${of_target[@]}"
cargo clippy "${of_target[@]}" -- -D warnings

found=()
for source in src/bin/*.rs; do
    target=$(basename "$source" .rs)
    mkdir -p "$build/corpus/$target"
    log=$build/$target.log
    if "$build/$host/release/$target" -max_total_time="$seconds" -timeout=20 -dict=words.dict \
        -artifact_prefix="$build/found-$target-" "$build/corpus/$target" "seeds/$target" 2>"$log"; then
        printf '%-14s%s\n' "$target" "$(grep '^Done' "$log")"
    else
        tail -n 40 "$log"
        found+=("$target")
    fi
done

[ "${#found[@]}" -eq 0 ] || { printf 'FOUND by: %s\n' "${found[*]}" >&2; exit 1; }
