#!/usr/bin/env bash
# The client's tests as one test of ctest, with SLATE_PROGRAM naming the program. What they count goes where GoogleTest
# would write it (GTEST_OUTPUT), so that ./dev adds it up; for GTEST_FILTER they are all named NodeClient.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

say() { printf 'node_client_test: %s\n' "$*"; }

results=/dev/null
if [[ ${GTEST_OUTPUT:-} == xml:*/ ]]; then
  mkdir -p "${GTEST_OUTPUT#xml:}"
  results=${GTEST_OUTPUT#xml:}node_client_test.xml
fi

# Ends without a test.
leave() {
  printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="0" failures="0"></testsuites>\n' >"$results"
  say "$1"
  exit "$2"
}

case ${GTEST_FILTER:-*} in
  '*' | NodeClient*) ;;
  *) leave "not asked for" 0 ;;
esac

if ! command -v npm >/dev/null || ! node -e 'process.exit(process.versions.node.split(".")[0] >= 18 ? 0 : 1)' 2>/dev/null; then
  # Continuous integration has installed it; there its absence is a mistake. 77 is how ctest is told of a skipped test.
  [[ ${CI:-} ]] && leave "needs npm and node of version 18 or later" 1
  leave "skipped, as there is no npm, or no node of version 18 or later" 77
fi

{
  # Another build of the same sources may be about to install, too.
  flock 9
  if [[ ! node_modules/.package-lock.json -nt package-lock.json ]]; then
    say "installing npm packages"
    npm ci --ignore-scripts --no-audit --no-fund </dev/null || leave "npm ci failed" 1
  fi
} 9<package.json

exec node --test \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=./test/gtest_reporter.js --test-reporter-destination="$results" \
  test/*.test.js
