#!/usr/bin/env bash
# Kills servers and databases at random moments under load, and says what the
# clients saw: 50 times over each store, or as often as the first argument says.
# `SEED=… tests/crashes.sh` repeats the choices of an earlier run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! CRASHES=${1:-50} cargo test --quiet --locked --package nodes --test crashes -- \
    --nocapture --test-threads=1 >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
grep -E '^(Sqlite|Postgres|Redis): |^test result:' "$log"
