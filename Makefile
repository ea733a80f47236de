# SPDX-License-Identifier: Apache-2.0
# The few commands one needs on a bare machine (git and make); CMakePresets.json has the presets
# behind them. Each installs the Debian packages it needs first and says so.

JOBS ?= $(shell nproc)
# Many tests wait for leases and processes rather than compute.
TEST_JOBS ?= $(shell expr 2 '*' $(JOBS))
ONCE ?=
SOAK ?= 600
TIMEOUT ?= 300
ROUNDS ?= 5
ONLY ?=
POLICIES ?=
SCENARIOS ?=
TRACES ?=

release := build/release
build := cmake --build --preset
test := ctest --output-on-failure --parallel $(TEST_JOBS) --timeout $(TIMEOUT)

.NOTPARALLEL:
.PHONY: help demo test build check asan tsan tidy bench bench-cache bench-hitratio soak
.PHONY: mutants format clean
.PHONY: programs install-build install-test

help:  ## this list
	@echo 'ringcache: a distributed cache in front of a database.'
	@sed -n 's/^\([a-z-]*\):.*  ## /\1\t/p' Makefile | while IFS='	' read -r name text; do \
	  printf '  make %-14s %s\n' "$$name" "$$text"; done

demo: install-test programs  ## start a local cluster and give the tour; ONCE=1 ends after it
	@$(release)/bin/ringcache demo $(if $(filter-out 0,$(ONCE)),--once)

test: install-test  ## build everything and run the whole test suite
	@cmake --preset release -DRINGCACHE_TESTS=ON --log-level=NOTICE
	@$(build) release --parallel $(JOBS)
	@$(test) --preset release

build: install-build programs  ## the release programs alone, into build/release/bin/

check: install-test  ## the rules of the house: format, layers, tree, sizes
	@python3 tools/check_format.py
	@python3 tools/check_layers.py
	@python3 tools/check_tree.py
	@python3 tools/check_sizes.py

asan: install-test  ## all tests under the address and undefined-behaviour sanitizers
	@cmake --preset asan --log-level=NOTICE
	@$(build) asan --parallel $(JOBS)
	@$(test) --preset asan

tsan: install-test  ## the core's tests under the thread sanitizer
	@cmake --preset tsan --log-level=NOTICE
	@$(build) tsan --parallel $(JOBS)
	@$(test) --preset tsan

tidy: install-test  ## clang-tidy over everything (slow)
	@tools/install.sh tidy
	@cmake --preset tidy --log-level=NOTICE
	@$(build) tidy --parallel $(JOBS)

bench: install-test  ## the micro-benchmarks
	@cmake --preset release -DRINGCACHE_TESTS=ON --log-level=NOTICE
	@$(build) release --parallel $(JOBS) --target benches
	@for bench in $(release)/bin/*_bench; do echo "== $$bench"; $$bench || exit 1; done

soak: install-test  ## does a cache's memory follow its budget? ten minutes of churn; SOAK=seconds
	@cmake --preset release -DRINGCACHE_TESTS=ON --log-level=NOTICE
	@$(build) release --parallel $(JOBS) --target cache_soak
	@$(release)/bin/cache_soak $(SOAK)

bench-cache: install-test  ## the cache beside rivals; ROUNDS=5 ONLY=caffeine,absl-map SCENARIOS=hit
	@tools/install.sh bench
	@python3 bench/rivals/run.py --rounds '$(ROUNDS)' --only '$(ONLY)' --policies '$(POLICIES)' \
	  --scenarios '$(SCENARIOS)'
	@bench/rivals/instructions.sh

bench-hitratio: install-build programs  ## hit ratios of all policies; TRACES=folder, ../shared/traces without
	@python3 bench/trace/hitratio.py $(TRACES)

mutants: install-test  ## put known bugs back, one by one, and see each caught by a test
	@python3 tools/mutants.py

format: install-test  ## format every source in place
	@python3 tools/check_format.py --fix

clean:  ## remove what was built
	rm -rf build

# Configures only once: from then on the build itself notices what has changed.
programs:
	@test -f $(release)/build.ninja || \
	  cmake --preset release -DRINGCACHE_TESTS=OFF --log-level=NOTICE
	@$(build) release --parallel $(JOBS) --target programs

install-build:
	@tools/install.sh build

install-test:
	@tools/install.sh build test
