# Every routine command. Bare `make` prints them. Needs python3 (3.11 or later) and make; the rest is installed into
# .venv the first time, by hash.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
MEMBERS := libs/kit libs/embedded libs/testkit services/jobs services/assets services/scenes services/render services/gateway
SERVICES := jobs assets scenes render gateway

.PHONY: help demo demo-compose test setup fmt lint types layers test-connected test-e2e proto up down lock bench gallery

help: ## print this
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: setup ## make an ad from examples/: real photographs in, a finished MP4 in out/; no key, no Docker, no root
	@$(BIN)/adreel demo

demo-compose: setup ## the same film on the containers of docker-compose.yml; needs a Docker engine
	@tools/compose_demo.sh

test: setup ## unit, contract, integration (embedded and real servers) and end-to-end tests
	@tools/test.sh

setup: ## make .venv and install what requirements.lock names; does nothing when nothing changed
	@tools/setup.sh

up: setup ## start the suite and keep it running, the API on port 8080 (ADREEL_HTTP_PORT)
	@$(BIN)/adreel up --detach

down: setup ## stop what `make up` started
	@$(BIN)/adreel down

fmt: setup ## format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: setup ## formatter, linter, proto lint, generated code up to date, shell syntax
	@tools/lint.sh

types: setup ## the strict type checker over every member
	@$(BIN)/mypy $(addsuffix /src,$(MEMBERS))

layers: setup ## who may import whom
	@$(BIN)/lint-imports --no-cache

test-connected: setup ## only the tests that need a real PostgreSQL, RabbitMQ or S3 server
	@tools/test.sh -m connected

test-e2e: setup ## only the tests of the whole suite
	@tools/test.sh -m e2e tests/e2e

proto: setup ## generate the gRPC stubs and the event manifest again
	@tools/proto.sh

lock: setup ## compile requirements.lock from the members' pyproject files
	@tools/lock.sh

gallery: setup ## draw every transition, ratio, brand and text length into out/gallery/; fails on type that cannot be read
	@$(BIN)/python tools/gallery.py $(ARGS)

bench: setup ## measure the renderer, the assets service and the way to a storyboard on this machine
	@$(BIN)/python tools/bench/render_bench.py --rivals "$$(tools/bench/contenders.sh)" $(ARGS)
	@$(BIN)/python tools/bench/assets_bench.py
	@$(BIN)/python tools/bench/review_latency.py
