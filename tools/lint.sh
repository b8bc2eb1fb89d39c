#!/usr/bin/env bash
# Everything that can be said about the sources without running them. Runs all checks, then fails if any did.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
check() { # check <name> <command...>
    local name=$1; shift
    if "$@"; then echo "ok    $name"; else echo "FAIL  $name" >&2; failed=1; fi
}

proto_is_generated() {
    local fresh; fresh=$(mktemp -d)
    # Generated beside the sources, compared with what is committed.
    tools/proto.sh "$fresh" && diff -r -q -x __pycache__ "$fresh/adreel" proto/gen/adreel ||
        { echo "Run \`make proto\` and commit the result." >&2; rm -rf "$fresh"; return 1; }
    rm -rf "$fresh"
}
shell_syntax() {
    local file
    for file in tools/*.sh .ci/run; do bash -n "$file" || return 1; done
}

check "ruff check" .venv/bin/ruff check --quiet .
check "ruff format" .venv/bin/ruff format --check --quiet .
check "buf lint" bash -c 'cd proto && ../.venv/bin/buf lint'
check "generated code" proto_is_generated
check "shell syntax" shell_syntax
exit "$failed"
