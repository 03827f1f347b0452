#!/usr/bin/env bash
# Installs the foreign judges into this folder, exactly as they are pinned: the
# same bytes every time, nothing outside the folder, and no script of theirs runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

npm ci --ignore-scripts --no-audit --no-fund
python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --require-hashes --no-deps --only-binary :all: --requirement requirements.txt
npm ls --omit=dev
.venv/bin/python -m pip list --disable-pip-version-check
