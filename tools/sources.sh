#!/usr/bin/env bash
# Prints the project's files that have one of the given suffixes, one a line: tools/sources.sh h cc
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

# The tree may belong to another user than the one who lints it, as in a container.
git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "${@/#/*.}" | while read -r file; do
  # A file removed but not yet committed is still listed.
  if [[ -f $file ]]; then printf '%s\n' "$file"; fi
done
