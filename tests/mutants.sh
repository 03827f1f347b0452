#!/usr/bin/env bash
# Changes one thing of `src/` at a time and runs the tests: whatever they let pass is
# listed and counted. Needs `cargo install cargo-mutants`; takes hours. Arguments go
# to cargo-mutants: `--file 'src/model/**'` for one room, `--in-diff FILE` for a change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

output=$(realpath -m "${CARGO_TARGET_DIR:-target}/mutants")
mkdir -p "$output"
unset CARGO_TARGET_DIR

# One failing test is enough; only unstable options stop at it.
export RUSTC_BOOTSTRAP=1
result=0
cargo mutants --no-shuffle --output "$output" "$@" \
    -- --lib --test all --test traces -- -Zunstable-options --fail-fast || result=$?
# What hangs has been noticed as well.
[ "$result" -ne 3 ] || result=0

missed=$output/mutants.out/missed.txt
printf '\nChanges that no test notices: %s\n' "$(wc -l <"$missed")"
cat "$missed"
exit "$result"
