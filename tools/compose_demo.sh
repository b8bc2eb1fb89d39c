#!/usr/bin/env bash
# The demo's job on the containers of docker-compose.yml: build, start, wait until all are healthy, make an API key, make
# the film through the published port, check it, and take everything down with its data. Needs `make setup` and Docker.
#   KEEP=1   leave the containers running afterwards
# Arguments go to `adreel demo`, as in `tools/compose_demo.sh --seconds 10 --resolution 720p`.
set -euo pipefail
cd "$(dirname "$0")/.."
export ADREEL_HTTP_PORT=${ADREEL_HTTP_PORT:-8080} ASSET_ALLOWED_HOSTS=${ASSET_ALLOWED_HOSTS:-examples:8000}
# A project of its own: taking it down must not take the data of a stack that somebody works with.
export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-adreel-demo}
services=(jobs assets scenes render gateway)

if docker compose version > /dev/null 2>&1; then compose=(docker compose)
elif command -v docker-compose > /dev/null; then compose=(docker-compose)
else
    echo "Neither 'docker compose' nor 'docker-compose' is installed." >&2; exit 1
fi
docker info > /dev/null 2>&1 || { echo "No Docker engine answers; is it running, and may you use it?" >&2; exit 1; }
compose+=(--profile examples)

finish() {
    local code=$?
    trap - EXIT
    if [ "$code" != 0 ]; then "${compose[@]}" ps; "${compose[@]}" logs --no-color --tail 15 "${services[@]}"; fi >&2
    if [ -n "${KEEP:-}" ]; then
        echo "Left running at http://127.0.0.1:$ADREEL_HTTP_PORT; end it with: COMPOSE_PROJECT_NAME=$COMPOSE_PROJECT_NAME ${compose[*]} down -v"
    else
        "${compose[@]}" down -v --remove-orphans > /dev/null 2>&1 || true
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { printf '\n[%4ds] %s\n' "$SECONDS" "$1"; }

health() { # SERVICE -> starting, healthy, unhealthy, or what became of its container
    local id; id=$("${compose[@]}" ps -q "$1")
    [ -n "$id" ] || { echo missing; return; }
    docker inspect -f '{{if eq .State.Status "running"}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' "$id"
}

wait_healthy() { # SERVICE...
    local service state deadline=$((SECONDS + 240))
    for service in "$@"; do
        while state=$(health "$service"); [ "$state" != healthy ]; do
            if [ "$SECONDS" -gt "$deadline" ]; then echo "$service is not healthy: $state" >&2; return 1; fi
            sleep 1
        done
        printf '[%4ds] %s is healthy\n' "$SECONDS" "$service"
    done
}

step "Images"
"${compose[@]}" build "${services[@]}"
step "Containers"
"${compose[@]}" up -d
wait_healthy postgres rabbitmq s3 "${services[@]}" examples
step "An API key"
ADREEL_API_KEY=$("${compose[@]}" exec -T gateway python -m adreel_gateway keys create --name demo --days 1)
export ADREEL_API_KEY
step "The film"
.venv/bin/adreel demo --api "http://127.0.0.1:$ADREEL_HTTP_PORT" --photos-url http://examples:8000 --out out/compose "$@"
step "Done"
