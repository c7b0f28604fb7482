# A thin door: CMake builds, the scripts do the work. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help demo test quick release debug sanitize fuzz coverage bench bench-slopes format clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## build, then play the main job from a packet to its proof
	@scripts/demo

test: ## everything CI runs, with sanitizers
	@scripts/test

quick: ## the inner loop: the fast tests on a debug build
	@scripts/test quick

release: ## build/release/writ, writ-conformance and libwrit.a
	@scripts/build release

debug: ## the same in build/debug, without optimisation
	@scripts/build debug

sanitize: ## the same in build/sanitize, with address and undefined behaviour sanitizers
	@scripts/build sanitize

fuzz: ## the fuzz targets, in build/fuzz
	@scripts/build fuzz

coverage: ## lines that the unit tests reach, folder by folder
	@scripts/coverage

bench: ## all workloads beside the peers that can be built (Go: OPA, cargo: regorus)
	@bench/run

bench-slopes: ## how time and memory grow with the size of a module set
	@scripts/build release && build/release/writ-slopes

format: ## clang-format over all C files
	@scripts/format

clean: ## remove build/
	rm -rf build
