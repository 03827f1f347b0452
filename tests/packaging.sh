#!/usr/bin/env bash
# What a host gets: the crate builds with every set of features, as it is
# packaged, and with the oldest versions of what it says it needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf -- '-- %s\n' "$*"; }

features=(conformance openid tracing)
for ((set = 0; set < 1 << ${#features[@]}; set++)); do
    chosen=()
    for ((index = 0; index < ${#features[@]}; index++)); do
        ((set >> index & 1)) && chosen+=("${features[index]}")
    done
    say "features: ${chosen[*]:-none}"
    cargo clippy --locked --quiet --package codegrant --lib --no-default-features \
        --features "${chosen[*]:-}" -- -D warnings
done

say 'the package'
cargo package --locked --quiet --package codegrant --no-verify --allow-dirty
target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
version=$(cargo pkgid --package codegrant | sed 's/.*[#@]//')
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
tar -xzf "$target/package/codegrant-$version.crate" -C "$place"
export CARGO_TARGET_DIR="$target/packaged"
cd "$place/codegrant-$version"
say 'the quickstart, out of the package'
cargo run --quiet --example quickstart

# Of what a host builds: what only tests need is left out.
say 'the oldest versions'
awk '/^\[/ { skip = /dev-dependencies|\[example/ } !skip' Cargo.toml >host.toml
mv host.toml Cargo.toml
RUSTC_BOOTSTRAP=1 cargo update --quiet -Z direct-minimal-versions
cargo check --locked --quiet --lib --all-features
