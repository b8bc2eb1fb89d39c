#!/usr/bin/env bash
# Generates proto/gen from the .proto files and the event catalogue; CI runs it and compares.
set -euo pipefail
cd "$(dirname "$0")/../proto"
bin=../.venv/bin
out=${1:-gen}
mkdir -p "$out"
rm -rf "$out/adreel"
"$bin/python" -m grpc_tools.protoc -I . \
    --plugin=protoc-gen-mypy="$bin/protoc-gen-mypy" --plugin=protoc-gen-mypy_grpc="$bin/protoc-gen-mypy_grpc" \
    --python_out="$out" --grpc_python_out="$out" --mypy_out="quiet:$out" --mypy_grpc_out="quiet:$out" \
    $(find adreel -name '*.proto' | sort)
"$bin/python" ../tools/event_manifest.py events/catalogue.yaml "$out/adreel/events.py"
touch "$out/adreel/py.typed"
