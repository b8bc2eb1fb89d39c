#!/usr/bin/env bash
# Compiles the locks from the pyproject files: versions and hashes, no index address, none of our own members.
#   requirements.lock                   everything, for development and tests
#   services/<name>/requirements.lock   what that service needs, at the same versions: its image installs this
#   deploy/build.lock                   what builds a member's wheel in an image
#   tools/bench/requirements.lock       the contenders of the render benchmarks
# Arguments go to the compilation of requirements.lock, as in `tools/lock.sh --upgrade-package grpcio`.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
members=$("$python" -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml","rb"))["tool"]["adreel"]["workspace"]["members"]))')
scratch=$(mktemp -d); trap 'rm -rf "$scratch"' EXIT

# Our own members are installed from this tree, so they are found here and left out of the locks.
own=(); inputs=(pyproject.toml)
for member in $members; do
    name=$("$python" -c 'import sys, tomllib; print(tomllib.load(open(sys.argv[1],"rb"))["project"]["name"])' "$member/pyproject.toml")
    own+=(--no-emit-package "$name"); inputs+=("$member/pyproject.toml")
    echo "$name @ file://$PWD/$member" >> "$scratch/members"
    "$python" -c 'import sys, tomllib; print("\n".join(tomllib.load(open(sys.argv[1],"rb"))["build-system"]["requires"]))' "$member/pyproject.toml" >> "$scratch/build.in"
done

compile() { # OUTPUT ARGUMENT...
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-emit-index-url --overrides "$scratch/members" "${own[@]}" -o "$1" "${@:2}"
}

compile requirements.lock "${inputs[@]}" "$@"
for service in services/*/; do
    compile "${service}requirements.lock" "${service}pyproject.toml" libs/kit/pyproject.toml proto/pyproject.toml \
        --constraints requirements.lock
done
compile deploy/build.lock "$scratch/build.in" --constraints requirements.lock
compile tools/bench/requirements.lock tools/bench/requirements.txt
