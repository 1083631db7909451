#!/usr/bin/env bash
# Runs the fuzzers of build/fuzz one after the other: tools/fuzz.sh SECONDS. Each works on a copy of its seed
# corpus. An input that crashes one is kept in build/fuzz/crashes, and makes this fail after all have run.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

seconds=${1:?seconds for each fuzzer}
crashes=$PWD/build/fuzz/crashes
failed=()
count=0
mkdir -p "$crashes"
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
ASAN_SYMBOLIZER_PATH=$(command -v llvm-symbolizer-19)
export ASAN_SYMBOLIZER_PATH
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1

while read -r name program seeds; do
  count=$((count + 1))
  run=build/fuzz/run/$name
  rm -rf "$run"
  mkdir -p "$run/corpus"
  if [[ -d $seeds ]]; then cp -r "$seeds/." "$run/corpus"; fi
  printf '%-24s %4d seeds  ' "$name" "$(find "$run/corpus" -type f | wc -l)"
  if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$crashes/$name-" "$run/corpus" >"$run/log" 2>&1 </dev/null; then
    sed -n 's/^Done \([0-9]*\) runs in \([0-9]*\) second.*/\1 inputs in \2 s/p' "$run/log"
  else
    failed+=("$name")
    printf 'CRASHED\n'
    tail -n 40 "$run/log"
  fi
done <build/fuzz/fuzzers.txt

if ((${#failed[@]})); then
  printf 'Crashed: %s; the inputs are in %s\n' "${failed[*]}" "${crashes#"$PWD"/}" >&2
  exit 1
fi
printf '%d fuzzers found nothing\n' "$count"
