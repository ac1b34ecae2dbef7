#!/usr/bin/env bash
# Everything that must hold before a change goes in: format, lints, documentation, every test, on both kinds of stores, and
# the dashboard in a real browser.
# Installs what it needs where it is missing (Debian packages; asks for root only then), starts a Postgres and a Redis of
# its own on free ports, and stops them, whatever happens.
#
#   tests/run.sh                     everything
#   tests/run.sh -p domain           only the tests of that crate; arguments are the test runner's
#   tests/run.sh -p bursar kill::    only the tests with such a name
#   tests/run.sh browser             only the dashboard: its vendored files, its types, its tests in Chromium
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

need_rust() {
  command -v cargo >/dev/null && return
  [ -f "$HOME/.cargo/env" ] && . "$HOME/.cargo/env"
  command -v cargo >/dev/null && return
  echo "There is no cargo. Install Rust 1.95 or newer: https://rustup.rs" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need_packages() {
  local missing=()
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v cc >/dev/null || missing+=(gcc libc6-dev)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing+=(chromium)
  [ "${#missing[@]}" != 0 ] || return 0
  echo "The tests need: ${missing[*]}. Installing." >&2
  # With RUNLEVEL=1 the packages don't start their own services.
  if ! command -v apt-get >/dev/null || ! as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 sh -c \
    'apt-get update -q && apt-get install -q -y --no-install-recommends "$@"' sh "${missing[@]}" >&2; then
    echo "Could not install them. Install these yourself and start again: ${missing[*]}" >&2
    echo "(Debian, Ubuntu: apt-get install ${missing[*]}; macOS: brew install postgresql redis node)" >&2
    exit 1
  fi
}

step() {
  printf '\n== %s\n' "$*" >&2
  "$@"
}

every_test() {
  if cargo nextest --version >/dev/null 2>&1; then
    step cargo nextest run --locked --no-fail-fast "$@"
  else
    step cargo test --locked --no-fail-fast --lib --bins --tests "$@"
  fi
}

# The server needs no Node; who works on the dashboard does. Nothing is taken from a CDN: what the packages of the lockfile
# give is compared with the file that is served.
dashboard() {
  [ node_modules/.package-lock.json -nt package-lock.json ] || step npm ci --ignore-scripts --no-audit --no-fund
  step cargo build --locked
  export BURSAR_TEST_PROGRAM="${CARGO_TARGET_DIR:-$PWD/target}/debug/bursar"
  step npm run --silent vendor -- --check
  "$BURSAR_TEST_PROGRAM" openapi | step npm run --silent types -- --check
  step npx prettier --log-level warn --check "web/{dashboard,tools}/**/*.{js,mjs}" "tests/browser/*.mjs" "bench/**/*.{js,mjs}"
  step npm run --silent check
  step npm test --silent
}

need_rust
need_packages
if [ "${1:-}" = browser ]; then
  dashboard
  exit
fi
trap '[ -z "${BURSAR_TEST_SERVERS:-}" ] || tests/servers.sh stop >/dev/null' EXIT
trap 'exit 130' INT TERM
servers=$(tests/servers.sh start)
eval "$servers"

if [ "$#" != 0 ]; then
  every_test "$@"
  exit
fi
step cargo fmt --all --check
step cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
# Nothing is published: who reads about a private item has the source.
RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" step cargo doc --locked --workspace --no-deps
every_test
# What is compiled only when asked for.
every_test -p bursar --features otlp --test otlp
# The examples in the documentation, which the runner above passes over.
step cargo test --locked --workspace --doc --quiet
dashboard
