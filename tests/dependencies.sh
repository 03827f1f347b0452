#!/usr/bin/env bash
# Counts the crates that a default build of codegrant brings, and refuses a
# runtime, a web framework, or more than 15 crates besides the mandatory ones
# and what those bring.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mandatory='serde url rand sha2 base64 thiserror time async-trait'
most=15

tree() { cargo tree --locked --edges normal --prefix none --format '{p}' "$@" | awk '{ print $1 "@" substr($2, 2) }' | sort -u; }

all=$(tree --package codegrant | grep -v '^codegrant@')
brought=''
for name in $mandatory; do
    brought+=$'\n'$(tree --package "$(tree --package codegrant --depth 1 | grep "^$name@")")
done
besides=$(comm -23 <(echo "$all") <(echo "$brought" | sort -u))

echo "crates in a default build: $(echo "$all" | wc -l)"
echo "besides the mandatory ones and theirs: $(echo "$besides" | grep -c .) (at most $most)"
echo "$besides" | sed 's/^/  /'

if [ "$(echo "$besides" | grep -c .)" -gt "$most" ]; then
    echo 'too many crates' >&2
    exit 1
fi
if forbidden=$(echo "$all" | grep -E '^(tokio|async-std|smol|futures-executor|hyper|axum|actix-.*|poem|salvo|warp|rocket|tower|reqwest)@'); then
    echo "a runtime or web framework is among them: $forbidden" >&2
    exit 1
fi
