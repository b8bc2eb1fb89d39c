#!/usr/bin/env bash
# Makes .venv with the machine's own python3, installs requirements.lock by hash and the members, editable.
# Does nothing when nothing changed since the last time: the stamp holds the digest of everything read here.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Adreel needs Python 3.11 or later; $("$PYTHON" --version) was found. Set PYTHON to another interpreter." >&2
    exit 1
}
members=$("$PYTHON" - <<'PY'
import tomllib
print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["tool"]["adreel"]["workspace"]["members"]))
PY
)
stamp=.venv/.adreel-setup
digest=$( { "$PYTHON" --version; pwd; cat requirements.lock tools/setup.sh pyproject.toml; for m in $members; do cat "$m/pyproject.toml"; done; } | "$PYTHON" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$digest" ] && exit 0

echo "Installing into .venv (once; later runs start at once) ..."
if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    "$PYTHON" -m venv .venv || {
        echo "python3 could not make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 1
    }
fi
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
export VIRTUAL_ENV=$PWD/.venv UV_PYTHON=$PWD/.venv/bin/python UV_NO_PROGRESS=1 UV_PYTHON_DOWNLOADS=never
# A machine's own certificates, as pip uses them: behind an inspecting proxy they are the only ones that will do.
[ -e /etc/ssl/certs/ca-certificates.crt ] && export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-1}
.venv/bin/uv pip install --quiet --require-hashes -r requirements.lock
args=(); for m in $members; do args+=(-e "$m"); done
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation "${args[@]}"
echo "$digest" > "$stamp"
