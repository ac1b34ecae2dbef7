#!/usr/bin/env bash
# Installs and builds the four peers from their lockfiles. Run again, it does only what is missing.
#
#   bench/peers/prepare.sh
#
# Cargo's own variables hold: CARGO_TARGET_DIR puts the two programs elsewhere than each crate's target folder,
# CARGO_BUILD_JOBS limits the compilers at a time.
set -euo pipefail

peers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for peer in naive emmett; do
  installed=$peers/$peer/node_modules/.package-lock.json
  if [ ! "$installed" -nt "$peers/$peer/package-lock.json" ]; then
    (cd "$peers/$peer" && npm ci --ignore-scripts --no-audit --no-fund)
    touch "$installed"
  fi
done

for peer in cqrs-es disintegrate; do
  cargo build --release --locked --manifest-path "$peers/$peer/Cargo.toml" \
    --target-dir "${CARGO_TARGET_DIR:-$peers/$peer/target}"
done
