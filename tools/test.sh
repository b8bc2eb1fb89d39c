#!/usr/bin/env bash
# Runs the tests; arguments go to pytest. Without a path: everything, in one session, so that servers start once.
set -euo pipefail
cd "$(dirname "$0")/.."
has_path=
for argument in "$@"; do [ -e "$argument" ] && has_path=1; done
paths=(libs services tests)
[ -n "$has_path" ] && paths=()
exec .venv/bin/pytest -q "$@" "${paths[@]}"
