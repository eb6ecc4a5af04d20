# Novasphere gateway filters. `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

FILTERS := cors gateway header-transform jwt-auth rate-limit
# Those that can be right on Traefik, which runs http-wasm.
HTTP_WASM := header-transform jwt-auth
ARTIFACTS := $(FILTERS:%=novasphere-%.wasm) $(HTTP_WASM:%=novasphere-%.http.wasm)
TARGET := wasm32-wasip1
CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
VENV := .venv
BROWSER := tests/browser
# The toolchain that rust-toolchain.toml names and its target, where they are missing; rustup itself
# stays as it is.
INSTALL_TARGET := rustup target list --installed 2>/dev/null | grep -qx $(TARGET) \
	|| rustup target add $(TARGET) 2>/dev/null || rustup toolchain install --no-self-update
# The artifacts hold file names of their sources: without this they would name this machine.
REMAP := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo\037--remap-path-prefix=$(CURDIR)=/novasphere
BUILD_WASM = CARGO_ENCODED_RUSTFLAGS="$$(printf '%b' '$(REMAP)')" \
	$(CARGO) build --locked --release --target $(TARGET)

# No package is selected with -p: features are united over what is selected, and with another
# selection the dependencies, the compiler in wasmtime among them, are built once more.
RUN := $(CARGO) run --locked --quiet --bin
POSTLINK := $(RUN) novasphere-postlink --

include deploy/deploy.mk

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: wasm
wasm: ## Build dist/novasphere-*.wasm, their forms for Kong and Traefik and SHA256SUMS, print the sizes
	@$(INSTALL_TARGET)
	$(BUILD_WASM) $(FILTERS:%=-p novasphere-%-proxy-wasm) $(HTTP_WASM:%=-p novasphere-%-http-wasm)
	@mkdir -p dist/kong
	@for filter in $(FILTERS); do \
		install -m 644 "$(TARGET_DIR)/$(TARGET)/release/novasphere_$${filter//-/_}_proxy_wasm.wasm" \
			"dist/kong/novasphere-$$filter.wasm"; \
		install -m 644 "host-config/kong/meta/novasphere-$$filter.meta.json" dist/kong/; \
		$(POSTLINK) for-envoy "dist/kong/novasphere-$$filter.wasm" "dist/novasphere-$$filter.wasm"; \
	done
	@for filter in $(HTTP_WASM); do \
		$(POSTLINK) lower-bulk-memory \
			"$(TARGET_DIR)/$(TARGET)/release/novasphere_$${filter//-/_}_http_wasm.wasm" \
			"dist/novasphere-$$filter.http.wasm"; \
		install -m 644 "filters/$$filter/http-wasm/.traefik.yml" "dist/novasphere-$$filter.traefik.yml"; \
	done
	@cd dist && sha256sum $(ARTIFACTS) $(FILTERS:%=kong/novasphere-%.wasm) \
		$(FILTERS:%=kong/novasphere-%.meta.json) $(HTTP_WASM:%=novasphere-%.traefik.yml) > SHA256SUMS
	@cd dist && wc -c $(ARTIFACTS) | awk '{printf "%9d bytes  %s\n", $$1, $$2}'

$(VENV)/installed: tests/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement tests/requirements.txt
	@cp tests/requirements.txt $@

.PHONY: schema
schema: ## Write the schemas of the configurations into host-config, from the types that read them
	$(RUN) schema

.PHONY: proxies
proxies: $(VENV)/installed ## Install the real proxies for demo and tests into .venv

.PHONY: demo
demo: wasm proxies ## Walk through the filters in a real proxy: HOST=envoy (default) or traefik
	$(RUN) demo -- tour $(or $(HOST),envoy)

.PHONY: up
up: wasm proxies ## Start novasphere-api and Envoy on fixed ports, for curl
	$(CARGO) build --locked --quiet --bin demo
	"$(TARGET_DIR)/debug/demo" up

.PHONY: token
token: ## Print a token that is good for an hour (after make up)
	@$(RUN) demo -- token

.PHONY: down
down: ## Stop what make up started
	$(RUN) demo -- down

.PHONY: test
test: wasm proxies ## Run all tests that need no system packages
	$(CARGO) test --locked --workspace --no-fail-fast
	tests/reproducible.sh

.PHONY: test-system
test-system: test-browser test-redis ## Run all tests that need system packages

$(BROWSER)/node_modules/.package-lock.json: $(BROWSER)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install the packages nodejs and npm"; exit 1; }
	cd $(BROWSER) && npm ci --no-audit --no-fund
	@touch $@

# One after another: what Node.js reports is not captured.
.PHONY: test-browser
test-browser: wasm proxies $(BROWSER)/node_modules/.package-lock.json ## Run pages in a real browser (packages chromium, nodejs and npm)
	$(CARGO) test --locked --workspace --features novasphere-tests/system --test browser -- --test-threads=1

# What is missing is named by the tests.
.PHONY: test-redis
test-redis: ## Run a real Redis behind its HTTP form (packages: see README)
	$(CARGO) test --locked --workspace --features novasphere-tests/system --test redis_front --test shared_counts

BENCH := novasphere-bench-nothing novasphere-bench-nothing-sdk
ROUNDS ?= 15
SECONDS ?= 1

.PHONY: bench
bench: wasm proxies ## Measure the filters in Envoy, against its own (package wrk); ROUNDS=2 for a try
	@command -v wrk >/dev/null || { echo "wrk is missing: install the package wrk"; exit 1; }
	$(BUILD_WASM) $(BENCH:%=-p %)
	$(RUN) bench -- proxy $(ROUNDS) $(SECONDS) "$(TARGET_DIR)/$(TARGET)/release"

.PHONY: soak
soak: wasm proxies ## Send REQUESTS (5 million) of all kinds through the gateway: memory must not grow (package wrk)
	$(RUN) bench -- soak $(or $(REQUESTS),5000000)

.PHONY: bench-micro
bench-micro: wasm ## Count the instructions of single requests; UPDATE=1 writes them down
	$(RUN) bench -- micro $(if $(UPDATE),update)

.PHONY: lint
lint: ## Check format, clippy (native and wasm), and dependencies where cargo-deny is installed
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings
	@$(INSTALL_TARGET)
	$(CARGO) clippy --locked --target $(TARGET) $(BENCH:%=-p %) \
		$(FILTERS:%=-p novasphere-%-proxy-wasm) $(HTTP_WASM:%=-p novasphere-%-http-wasm) -- -D warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --workspace check; \
	else echo "cargo-deny is not installed: dependencies not checked (cargo install cargo-deny)"; fi

.PHONY: fmt
fmt: ## Format the sources
	$(CARGO) fmt --all

.PHONY: clean
clean: ## Stop what make up started, and remove everything that was built
	@if [ -d .run ]; then $(RUN) demo -- down; fi
	rm -rf target dist $(VENV) $(VENV_DEPLOY) .run $(BROWSER)/node_modules
