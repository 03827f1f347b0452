#!/usr/bin/env bash
# Sets a fresh machine up and proves everything: format, lints, documentation,
# dependencies, every test of every package. Ends with what it ran.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ran=()
current='set-up'
trap '[ $? -eq 0 ] || printf "\nFAILED: %s\n" "$current" >&2' EXIT

# Never called in a condition: there, a command that fails would not end it.
step() {
    current=$1
    shift
    printf '\n== %s\n' "$current"
    "$@"
    ran+=("$current")
}

# Debian's packages of what the tests run against: the browser that the
# end-to-end tests click in, the databases that they start and kill, and the
# languages of the foreign clients.
packages() {
    local missing=()
    command -v c++ >/dev/null || missing+=(g++)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v chromedriver >/dev/null || missing+=(chromium-driver)
    command -v redis-server >/dev/null || missing+=(redis-server)
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || missing+=(postgresql)
    command -v valgrind >/dev/null || missing+=(valgrind)
    if [ "${#missing[@]}" -gt 0 ]; then
        local as_root=()
        [ "$(id -u)" -eq 0 ] || as_root=(sudo)
        "${as_root[@]}" apt-get update -q
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "${missing[@]}"
    fi
    chromium --version
    chromedriver --version
    node --version
    python3 --version
    redis-server --version
    local postgres=(/usr/lib/postgresql/*/bin/postgres)
    "${postgres[-1]}" --version
    valgrind --version
}

documentation() {
    RUSTDOCFLAGS='-D warnings' cargo doc --workspace --all-features --no-deps --locked
}

# Every test, and none of them ignored or filtered away.
tests() {
    local log
    log=$(mktemp)
    cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$log"
    local results passed skipped
    results=$(grep -c '^test result:' "$log")
    passed=$(awk '/^test result:/ { sum += $4 } END { print sum + 0 }' "$log")
    skipped=$(awk '/^test result:/ { sum += $8 + $12 } END { print sum + 0 }' "$log")
    rm -f "$log"
    printf '\n%s test programs, %s tests passed, %s ignored or filtered out\n' \
        "$results" "$passed" "$skipped"
    [ "$passed" -gt 0 ] && [ "$skipped" -eq 0 ]
}

step 'packages' packages
step 'judges' bash tests/judges/install.sh
step 'format' cargo fmt --all --check
step 'lints' cargo clippy --workspace --all-targets --locked -- -D warnings
step 'default features' cargo clippy --locked --package codegrant -- -D warnings
step 'OpenID Connect alone' cargo clippy --locked --package codegrant --features openid -- -D warnings
step 'documentation' documentation
step 'dependencies' bash tests/dependencies.sh
step 'packaging' bash tests/packaging.sh
step 'tests' tests
step 'fuzz targets' bash tests/fuzz.sh
step 'quickstart' cargo run --locked --quiet --example quickstart
step 'benchmarks run' cargo bench --locked --package codegrant --package peers --package stores --benches -- --test

printf '\nRan: %s\n' "$(IFS=,; echo "${ran[*]}" | sed 's/,/, /g')"
