#!/usr/bin/env bash
# What takes too long for every change, and is run before a release on a machine
# that does nothing else: some twelve hours. Needs what `tests/run.sh` installs, and
# `cargo install cargo-deny cargo-mutants`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    printf '\n== %s\n' "$1"
    shift
    "$@"
}

step 'licences, sources and bans' cargo deny check bans licenses sources
step 'fuzz targets, 20 minutes each' bash tests/fuzz.sh 1200
step 'crashes, 50 a store' bash tests/crashes.sh
step 'sanitizers' bash tests/sanitizers.sh
step 'mutants' bash tests/mutants.sh
step 'timing' cargo bench --locked --bench timing
step 'soak, ten minutes' cargo bench --locked --bench soak
step 'flow' cargo bench --locked --bench flow
step 'stores' cargo bench --locked --package stores
step 'peers' cargo bench --locked --package peers
