#!/usr/bin/env bash
# Makes .venv-bench, apart from .venv, with the contenders of the render benchmarks, and prints its Python. Does nothing
# when nothing changed. Needs `make setup`.
set -euo pipefail
cd "$(dirname "$0")/../.."
lock=tools/bench/requirements.lock stamp=.venv-bench/.installed
if ! cmp -s "$lock" "$stamp"; then
    .venv/bin/uv venv --quiet --clear --python .venv/bin/python .venv-bench
    [ -e /etc/ssl/certs/ca-certificates.crt ] && export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
    .venv/bin/uv pip install --quiet --python .venv-bench/bin/python --require-hashes -r "$lock" >&2
    cp "$lock" "$stamp"
fi
echo .venv-bench/bin/python
