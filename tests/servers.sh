#!/usr/bin/env bash
# A Postgres and a Redis of the tests' own, on free ports, in a temporary folder; the system's services are not touched.
#
#   eval "$(tests/servers.sh start)"   starts both and tells the tests where they are
#   eval "$(tests/servers.sh stop)"    stops them and removes their folder
#
# It installs nothing: tests/run.sh does.
set -euo pipefail

# The newest Postgres of the system: Debian keeps its programs out of the PATH.
postgres_bin() {
  local folder
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort --version-sort --reverse); do
    [ -x "$folder/initdb" ] && { echo "$folder"; return; }
  done
  command -v initdb >/dev/null && dirname "$(readlink -f "$(command -v initdb)")"
}

# initdb and postgres refuse to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# A port below the range that the kernel takes for outgoing connections, on which nobody answers.
free_port() {
  local port
  while :; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

start_postgres() {
  local bin=$1 folder=$2 attempt
  mkdir "$folder/postgres"
  [ "$(id -u)" != 0 ] || chown postgres "$folder/postgres"
  as_postgres "$bin/initdb" --pgdata="$folder/postgres/data" --username=postgres --auth=trust --encoding=UTF8 \
    --locale=C --no-sync >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; return 1; }
  # Somebody may take the port between the look and the start.
  for attempt in 1 2 3 4 5; do
    postgres_port=$(free_port)
    as_postgres "$bin/pg_ctl" --pgdata="$folder/postgres/data" --log="$folder/postgres/log" --wait --silent --timeout=60 \
      --options="-c listen_addresses=127.0.0.1 -c port=$postgres_port -c unix_socket_directories=$folder/postgres \
        -c max_connections=400 -c shared_buffers=256MB" start >/dev/null 2>&1 </dev/null && return
  done
  tail -n 20 "$folder/postgres/log" >&2
  return 1
}

start_redis() {
  local folder=$1 attempt try
  mkdir "$folder/redis"
  for attempt in 1 2 3 4 5; do
    redis_port=$(free_port)
    redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$folder/redis" --save '' --appendonly no \
      --maxmemory-policy noeviction --daemonize yes --pidfile "$folder/redis/pid" --logfile "$folder/redis/log" \
      >/dev/null 2>&1 </dev/null || continue
    for try in $(seq 100); do
      [ -s "$folder/redis/pid" ] && (exec 3<>"/dev/tcp/127.0.0.1/$redis_port") 2>/dev/null && return
      sleep 0.05
    done
  done
  tail -n 20 "$folder/redis/log" >&2
  return 1
}

stop_in() {
  local folder=$1 bin pid
  bin=$(postgres_bin) || true
  if [ -n "$bin" ] && [ -d "$folder/postgres/data" ]; then
    as_postgres "$bin/pg_ctl" --pgdata="$folder/postgres/data" --mode=immediate --wait --silent stop >/dev/null 2>&1 || true
  fi
  if [ -s "$folder/redis/pid" ]; then
    pid=$(cat "$folder/redis/pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
  fi
  rm -rf "$folder"
}

start() {
  local bin
  bin=$(postgres_bin) || true
  [ -n "$bin" ] || { echo "There is no initdb: install postgresql (apt-get install postgresql)." >&2; exit 1; }
  command -v redis-server >/dev/null ||
    { echo "There is no redis-server: install it (apt-get install redis-server)." >&2; exit 1; }
  folder=$(mktemp -d "${TMPDIR:-/tmp}/bursar-servers.XXXXXX")
  chmod 755 "$folder"
  trap '[ "$?" = 0 ] || stop_in "$folder"' EXIT
  trap 'exit 130' INT TERM
  start_postgres "$bin" "$folder"
  start_redis "$folder"
  echo "export BURSAR_TEST_SERVERS='$folder'"
  echo "export BURSAR_TEST_POSTGRES_URL='postgres://postgres@127.0.0.1:$postgres_port/postgres'"
  echo "export BURSAR_TEST_REDIS_URL='redis://127.0.0.1:$redis_port/'"
}

stop() {
  [ -n "${BURSAR_TEST_SERVERS:-}" ] || { echo "BURSAR_TEST_SERVERS names no servers to stop." >&2; exit 1; }
  [ -d "$BURSAR_TEST_SERVERS/postgres" ] && stop_in "$BURSAR_TEST_SERVERS"
  echo "unset BURSAR_TEST_SERVERS BURSAR_TEST_POSTGRES_URL BURSAR_TEST_REDIS_URL"
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
esac
