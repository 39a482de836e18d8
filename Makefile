.DEFAULT_GOAL := help
.PHONY: help run console stand-in console-or-hint check test test-code test-pages proof-frames test-deploy lint lint-deploy fuzz bench bench-console bench-service pictures chaos functions deploy destroy cost

# Programs that the stand-in and the tests need besides Rust, as PROGRAM=DEBIAN-PACKAGE.
TOOLS := ffmpeg=ffmpeg ffprobe=ffmpeg cc=gcc jq=jq
# Chromium without windows, unless there is a Chromium.
BROWSER := $(if $(shell command -v chromium chromium-browser),,chromium-headless-shell=chromium-headless-shell)

# Builds the stand-in with the dependencies that `cargo test --workspace` has compiled. There are no
# examples: `--examples` makes cargo turn on the features that tests need of shared dependencies.
# Without it, `make run` would compile 64 crates again after `make test`.
BUILD_STAND_IN := cargo build --locked --workspace --bin local --examples

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run the service on this machine. ARGS="--help" lists the options
	@scripts/require.sh $(TOOLS)
	@$(MAKE) --no-print-directory --jobs 2 stand-in console-or-hint
	target/debug/local $(ARGS)

stand-in:
	@scripts/require.sh $(TOOLS)
	$(BUILD_STAND_IN)

# The API runs without the console, and its pages say how to build it.
console-or-hint:
	@$(MAKE) --no-print-directory --question console || if scripts/node.sh true; then \
	    $(MAKE) --no-print-directory console; else echo "The API runs without the console."; fi

CONSOLE_SOURCES := functions/openapi.yaml $(shell find console -type f \
    -not -path '*/node_modules/*' -not -path 'console/dist/*' -not -name contract.d.ts)

console: console/dist/console.html ## Build the console and the viewer's pages, if their sources are newer

console/dist/console.html: console/node_modules/ready $(CONSOLE_SOURCES)
	scripts/node.sh npm --prefix console run --silent build -- --logLevel warn

console/node_modules/ready: console/package-lock.json
	scripts/node.sh npm --prefix console ci --no-audit --no-fund
	touch $@

check: lint test-code ## Run before you send a change: lints, and all tests in Rust

test: ## Run all tests except those of the deployment
	@scripts/require.sh $(TOOLS) $(BROWSER)
	@scripts/in_memory.sh $(MAKE) --no-print-directory --jobs 2 test-code test-pages

# The tests of pages start while those in Rust are built. Three lanes take no less time: the processor
# is then always busy.
# Cargo would use the jobs of make, but make does not lend them to it.
test-code: stand-in
	MAKEFLAGS= cargo test --locked --workspace

test-pages: stand-in console .venv/ready
	scripts/node.sh npm --prefix console --silent test
	.venv/bin/pytest -n auto

# How many random windows are cut, a quarter of them at each frame rate.
WINDOWS ?= 100

proof-frames: stand-in .venv/ready ## Check frames and sound of WINDOWS random clips. SEED repeats a run, PICTURE=full takes all renditions
	@scripts/require.sh $(TOOLS)
	WINDOWS="$(WINDOWS)" SEED="$(SEED)" PICTURE="$(PICTURE)" .venv/bin/pytest --capture=no tests/proof_frames.py

# The seconds that each target runs.
SECONDS ?= 600

fuzz: ## Fuzz the code that reads input, each target for SECONDS. ARGS="manifest cursor" picks targets
	@scripts/fuzz.sh $(SECONDS) $(ARGS)

# `proof` builds in a fraction of the time. `release` tests the binaries that `make deploy` uploads.
PROFILE ?= proof

test-deploy: console cdk/node_modules/ready target/lambda-tools/ready target/deploy-venv/ready ## Deploy to an emulator of AWS and run tests there
	@scripts/require.sh $(TOOLS)
	$(BUILD_STAND_IN)
	PATH="$(CURDIR)/target/lambda-tools/bin:$$PATH" cargo lambda build --profile $(PROFILE) --locked \
	    --package matchcut --x86-64 --lambda-dir target/lambda-$(PROFILE)
	FUNCTIONS=target/lambda-$(PROFILE) PYTHONPATH=tests target/deploy-venv/bin/python -m unittest \
	    discover --start-directory tests/deploy --verbose

LINTERS := target/linters/bin

# Debug builds compile in a third of the time, and are fast enough. If the tool is installed in this
# version, the command does nothing and needs no network.
CARGO_INSTALL := CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked

# The quick checks come first. `--examples` as in BUILD_STAND_IN: the documentation is made with the
# dependencies that clippy has checked. The code that is fuzzed needs no clippy of its own: the
# tests of `functions` include it.
lint: target/linters/ready cdk/node_modules/ready console/node_modules/ready ## Check format, lints, documentation, links, spelling, licenses and dependencies
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	$(LINTERS)/ruff format --check bench scripts tests
	$(LINTERS)/ruff check bench scripts tests
	$(LINTERS)/shellcheck .ci/run cdk/lint/run scripts/*.sh
	$(LINTERS)/typos
	scripts/check_links.py
	cd cdk && npm run --silent lint
	scripts/node.sh npm --prefix console run --silent check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --document-private-items \
	    --lib --bins --examples
	$(CARGO_INSTALL) cargo-deny@0.20.2
	cargo deny --locked check --allow license-exception-not-encountered bans licenses sources
	cargo deny --locked --manifest-path fuzz/Cargo.toml --config deny.toml \
	    check --allow license-not-encountered bans licenses sources
	$(CARGO_INSTALL) cargo-machete@0.9.2
	cargo machete

lint-deploy: cdk/node_modules/ready target/lint-tools/ready ## Check the CDK app and the templates that it synthesizes
	cd cdk && npm test --silent
	cdk/lint/run $(CURDIR)/target/lint-tools/bin

# The part `console` is measured in a browser.
bench: $(if $(filter console,$(ARGS)),bench-console,bench-service) ## Measure speed and memory, and print the figures. ARGS="--help" lists the options

bench-console: stand-in console .venv/ready
	@scripts/require.sh $(TOOLS) $(BROWSER)
	.venv/bin/python bench/console.py $(filter-out console,$(ARGS))

# The parts `upload` and `lambda` run the functions' release binaries, which take minutes to build.
bench-service:
	@scripts/require.sh $(TOOLS)
	$(if $(filter clip library asset files marks due burst queue abuse crowd sweep local,$(ARGS)),,cargo build --locked --release -p matchcut)
	cargo build --locked --profile bench -p matchcut-local -p matchcut-bench
	cargo run --locked --quiet --profile bench -p matchcut-bench --bin bench -- $(ARGS)

pictures: stand-in console .venv/ready ## Take the pictures of the documentation again
	@scripts/require.sh $(TOOLS) $(BROWSER)
	.venv/bin/python scripts/pictures.py

chaos: ## Make ten thousand clips while calls fail, and check that none is lost. ARGS="--help" lists the options
	@scripts/require.sh $(TOOLS)
	cargo run --locked --quiet --profile bench -p matchcut-bench --bin chaos -- $(ARGS)

# What the functions are built for: x86_64 or arm64.
ARCHITECTURE ?= x86_64

functions: target/lambda-tools/ready ## Build the functions for Lambda, for ARCHITECTURE (x86_64 or arm64)
	PATH="$(CURDIR)/target/lambda-tools/bin:$$PATH" cargo lambda build --release --locked \
	    --package matchcut $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64)

deploy: cdk/node_modules/ready ## Deploy the service to your AWS account. ARGS has the settings: see docs/deploy.md
	@cd cdk && node --import tsx tools/deploy.ts $(ARGS)

destroy: cdk/node_modules/ready ## Delete the service from your AWS account. ARGS="--delete-data" deletes its data too
	@cd cdk && node --import tsx tools/destroy.ts $(ARGS)

cost: cdk/node_modules/ready ## Print what an event will cost. ARGS="--help" lists the options
	@cd cdk && node --import tsx tools/cost.ts $(ARGS)

cdk/node_modules/ready: cdk/package-lock.json
	@scripts/require.sh node=nodejs npm=npm
	cd cdk && npm ci --no-audit --no-fund
	touch $@

# zig links with the old glibc that Lambda has.
target/lambda-tools/ready: cdk/tools/requirements.txt scripts/venv.sh
	@scripts/require.sh cc=gcc
	@scripts/venv.sh target/lambda-tools cdk/tools/requirements.txt

target/linters/ready: scripts/requirements.txt scripts/venv.sh
	@scripts/venv.sh target/linters scripts/requirements.txt

target/lint-tools/ready: cdk/lint/requirements.txt scripts/venv.sh
	@scripts/venv.sh target/lint-tools cdk/lint/requirements.txt

# MiniStack needs another version of botocore than the other tests.
target/deploy-venv/ready: tests/deploy/requirements.txt scripts/venv.sh
	@scripts/venv.sh target/deploy-venv tests/deploy/requirements.txt

.venv/ready: tests/requirements.txt scripts/venv.sh
	@scripts/venv.sh .venv tests/requirements.txt
