# The short commands. The build itself is CMakeLists.txt with CMakePresets.json; see CONTRIBUTING.md.

PREFIX ?= /usr/local
MINUTES ?= 5
SEEDS ?= 1-421:2
.DEFAULT_GOAL := help
.PHONY: help all demo test interop fuzz bench goodput truth mutants conformance gallery manpages install clean format

help: ## Show this list
	@echo "make demo is the place to begin. All commands:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

all: ## Build the library, the tool and the examples (optimised, in build/release)
	@tools/install-deps build
	@tools/build release

demo: all ## Build, then show a few conversations in virtual time; needs no root
	@build/release/weir demo

test: ## Install what the tests need, build, run all tests; prints the sum at the end
	@tools/install-deps test
	@tools/test

interop: ## Run only the tests against Linux (they need root or user namespaces)
	@tools/install-deps test
	@tools/build dev
	@ctest --test-dir build/dev --label-regex interop --output-on-failure

fuzz: ## Fuzz every parser for MINUTES=5 altogether
	@tools/install-deps test
	@tools/fuzz $$(($(MINUTES) * 60))

mutants: ## Prove that the tests see what they name: each patch of tests/mutants must turn its test red
	@tools/install-deps test
	@tools/mutants

conformance: ## Write docs/rfc9293.md: each requirement, its tests and its mutant
	@tools/install-deps test
	@tools/conformance

bench: ## Run the benchmarks
	@tools/install-deps bench
	@tools/bench

goodput: ## Goodput and retransmissions beside Linux's over a bad link (an hour; GOODPUT="--cells 100mbit --seeds 1" for less)
	@tools/install-deps bench
	@tools/build bench all
	@tests/bench/goodput.py build/bench $(GOODPUT)

truth: ## Precision and recall of weir, tshark and tcptrace against a fresh truth corpus (SEEDS="1-421:2", root)
	@tools/install-deps bench
	@tools/build release
	@tests/truth/run.sh $(SEEDS)

gallery: all ## Write docs/gallery: what the tool says and draws, from real runs
	@tools/gallery build/release/weir

manpages: all ## Write the manual pages and shell completions from what the tool says of itself
	@tools/manpages build/release/weir

install: ## Install into PREFIX=/usr/local (DESTDIR is respected)
	@tools/install-deps build
	@WEIR_CMAKE_ARGS="-DCMAKE_INSTALL_PREFIX=$(PREFIX)" tools/build release
	@cmake --install build/release >/dev/null
	@echo "installed into $(DESTDIR)$(PREFIX)"

format: ## Lay out all C files as .clang-format says
	@tools/install-deps test
	@find include src examples tests -name '*.[ch]' 2>/dev/null | xargs -r clang-format -i

clean: ## Remove everything that was built
	@rm -rf build
