#!/usr/bin/env bash
# What each side costs to build, as Markdown: the smallest honest program on each,
# built from nothing in a target directory that is thrown away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/smallest"

# One directory a build: nothing is found that another left. Processor time, since
# the time on the wall depends on who else is at work.
TIMEFORMAT='%U %S'
build() {
    local target
    target=$(mktemp -d)
    seconds=$({ time CARGO_TARGET_DIR="$target" cargo build --locked --quiet --release \
        --package "$1"; } 2>&1 | awk 'END { printf "%.0f", $1 + $2 }')
    bytes=0
    if [ -f "$target/release/$1" ]; then
        strip "$target/release/$1"
        bytes=$(stat --format %s "$target/release/$1")
    fi
    rm -rf "$target"
}

crates() {
    cargo tree --locked --edges normal,build --prefix none --format '{p}' --package "$1" |
        awk '{ print $1 "@" $2 }' | sort -u | wc -l
}

# Neither blank lines nor comments nor what every host has.
lines() { grep -cvE '^\s*(//.*)?$' "$1/src/main.rs"; }

cargo fetch --locked --quiet
build smallest-bare
bare_bytes=$bytes bare_crates=$(crates smallest-bare) bare_lines=$(lines bare)

echo '| | codegrant | oxide-auth | oauth-as |'
echo '| --- | ---: | ---: | ---: |'
declare -A row
for side in codegrant oxide-auth oauth-as; do
    build "$side"
    row[library]+=" $seconds |"
    row[crates]+=" $(crates "$side") |"
    build "smallest-$side"
    row[program]+=" $seconds |"
    row[added]+=" $(($(crates "smallest-$side") - bare_crates - 1)) |"
    row[size]+=" $(((bytes - bare_bytes) / 1024)) |"
    row[lines]+=" $(($(lines "${side/-/_}") - bare_lines)) |"
done
echo "| clean release build of the library, s of processor time |${row[library]}"
echo "| its crates, itself among them |${row[crates]}"
echo "| clean release build of the smallest program on axum, s of processor time |${row[program]}"
echo "| crates that it adds to axum and tokio |${row[added]}"
echo "| stripped binary, KiB more than without |${row[size]}"
echo "| lines of the host's code, more than without |${row[lines]}"
