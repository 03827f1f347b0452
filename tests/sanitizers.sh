#!/usr/bin/env bash
# The tests of the crate under AddressSanitizer, which also finds what is never freed.
# The crate itself has no unsafe code; what it is built on has. The sanitizer is an
# unstable option of the compiler, which builds with it only for a target by name.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS='-Zsanitizer=address -Cforce-frame-pointers'
export ASAN_OPTIONS=detect_stack_use_after_return=1
exec cargo test --locked --package codegrant --lib --test all --target "$host" \
    --target-dir "${CARGO_TARGET_DIR:-target}/sanitizers"
