#!/usr/bin/env bash
# rustdoc, allowed to write JSON, which is not stable yet.
RUSTC_BOOTSTRAP=1 exec rustdoc "$@"
