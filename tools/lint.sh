#!/usr/bin/env bash
# Every check that does not run the program: tools/lint.sh [--all | --base REV]
# clang-tidy and the check that a header compiles alone take seconds a file; they look at what changed since REV
# (where this branch left origin's, or the last commit), or with --all at everything. build/dev must be configured.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

say() { printf '%s\n' "$*"; }
as_found() { git -c safe.directory='*' "$@"; }

base="" everything=""
while (($#)); do
  case $1 in
    --all) everything=yes ;;
    --base)
      base=${2:?--base needs a revision}
      shift
      ;;
    *)
      say "lint takes --all and --base REV, not $1" >&2
      exit 1
      ;;
  esac
  shift
done

failed=()
# check NAME COMMAND...: runs all checks before it fails, so that one run shows every finding.
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@"; then
    say "ok      $name ($((SECONDS - started)) s)"
  else
    say "FAILED  $name"
    failed+=("$name")
  fi
}

# The C++ files that the slow checks look at.
changed_sources() {
  if [[ $everything ]]; then
    tools/sources.sh h cc
    return
  fi
  local since=$base
  if [[ ! $since ]]; then
    since=$(as_found merge-base HEAD origin/HEAD 2>/dev/null || as_found merge-base HEAD origin/main 2>/dev/null || true)
    # Nothing to compare with, or nothing ahead of it: the last commit.
    if [[ ! $since || $since == "$(as_found rev-parse HEAD)" ]]; then
      since=$(as_found rev-parse --verify --quiet HEAD~1 || as_found rev-parse HEAD)
    fi
  fi
  comm -12 <(tools/sources.sh h cc | sort) <({
    as_found diff --name-only --diff-filter=d "$since"
    as_found ls-files --others --exclude-standard
  } | sort -u)
}

# What clang-tidy compiles for the files on stdin: sources that the build knows; for a header its own source, or one
# that includes it.
translation_units() {
  local known file unit
  known=$(sed -n "s|^ *\"file\": \"$PWD/\(.*\)\",\{0,1\}$|\1|p" build/dev/compile_commands.json | sort -u)
  while read -r file; do
    unit=$file
    if [[ $file == *.h ]]; then
      unit=${file%.h}.cc
      if ! grep -qxF "$unit" <<<"$known"; then
        file=${file#src/}
        unit=$(xargs -r grep -lE "^#include [<\"]${file#include/}[>\"]" <<<"$known" | head -n 1 || true)
      fi
    fi
    if [[ $unit ]] && grep -qxF "$unit" <<<"$known"; then say "$unit"; fi
  done | sort -u
}

check_format() {
  local files
  files=$(tools/sources.sh h cc | xargs -r clang-format-14 --dry-run 2>&1 | sed -n 's/^\([^: ]*\):[0-9]*:[0-9]*: .*/\1/p' | uniq)
  [[ ! $files ]] || say "./dev fmt would change:" "$files"
  [[ ! $files ]]
}

check_scripts() { { tools/sources.sh sh && say dev .ci/run; } | xargs -n 1 | xargs shellcheck; }

# Headers that the build generates: sources that include them cannot be read before.
generate() {
  local generated
  generated=$(ninja -C build/dev -t targets all | sed -n 's/^\([^/].*\.pb\.h\): .*/\1/p')
  if [[ $generated ]]; then xargs ninja -C build/dev <<<"$generated"; fi
}

check_headers_alone() {
  sed -n '/\.h$/p' <<<"$sources" | xargs -r -P "$(nproc)" -I{} \
    g++ -std=c++23 -fsyntax-only -w -I. -Iinclude -Isrc -Itests -isystem build/dev/proto/cpp -include {} -x c++ /dev/null
}

check_tidy() {
  local units
  units=$(translation_units <<<"$sources")
  [[ $units ]] || return 0
  say "clang-tidy reads $(wc -l <<<"$units") sources"
  xargs -r -P "$(nproc)" -n 1 clang-tidy-19 -p build/dev --quiet 2>build/clang-tidy.log <<<"$units"
}

sources=$(changed_sources)
check "clang-format 14" check_format
check "who includes whom" python3 tools/check_includes.py
check "texts" python3 tools/check_text.py
check "dashboard" python3 tools/check_dashboard.py
check "the checks' own tests" python3 -m unittest discover -b -s tools -p '*_test.py'
check "shellcheck" check_scripts
generate >build/generated.log || { cat build/generated.log && exit 1; }
check "headers compile alone" check_headers_alone
check "clang-tidy" check_tidy

if ((${#failed[@]})); then
  say "lint failed: $(printf '%s, ' "${failed[@]}" | sed 's/, $//')" >&2
  exit 1
fi
