#!/usr/bin/env bash
# Compiles requirements.lock from the root's and the members' pyproject files: versions and hashes, no index address.
set -euo pipefail
cd "$(dirname "$0")/.."
members=$(.venv/bin/python -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml","rb"))["tool"]["adreel"]["workspace"]["members"]))')
inputs=(pyproject.toml); for m in $members; do inputs+=("$m/pyproject.toml"); done
# Our own members are installed from this tree, so they are left out of the lock.
own=(); overrides=$(mktemp); trap 'rm -f "$overrides"' EXIT
for m in $members; do
    name=$(.venv/bin/python -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1],"rb"))["project"]["name"])' "$m/pyproject.toml")
    own+=(--no-emit-package "$name"); echo "$name @ file://$PWD/$m" >> "$overrides"
done
.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --overrides "$overrides" "${own[@]}" "${inputs[@]}" -o requirements.lock "$@"
