#!/usr/bin/env bash
# Runs the tests; arguments go to pytest. Without a path: everything. Most tests wait for servers more than they compute,
# so files are shared out among as many pytest processes as there are processors, four at most (ADREEL_TEST_WORKERS;
# 0 is one process). Each process has servers of its own, started once.
set -euo pipefail
cd "$(dirname "$0")/.."
has_path=
for argument in "$@"; do [ -e "$argument" ] && has_path=1; done
paths=(libs services tests)
workers=${ADREEL_TEST_WORKERS:-}
if [ -n "$has_path" ]; then
    paths=()
    workers=${workers:-0}
elif [ -z "$workers" ]; then
    workers=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
    if [ "$workers" -gt 4 ]; then workers=4; fi
    if [ "$workers" -lt 2 ]; then workers=0; fi
fi
exec .venv/bin/pytest -q -n "$workers" --dist loadfile "$@" "${paths[@]}"
