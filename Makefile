.DEFAULT_GOAL := help
.PHONY: help run test test-code fuzz-a-little test-deploy lint lint-deploy fuzz bench chaos functions deploy destroy cost

# What the stand-in needs besides Rust, as program=Debian package.
TOOLS := ffmpeg=ffmpeg ffprobe=ffmpeg cc=gcc

help: ## Say what there is to run
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run the service on this machine; options in ARGS, as in make run ARGS="--help"
	@scripts/require.sh $(TOOLS)
	cargo run --locked -p matchcut-local --bin local -- $(ARGS)

test: .venv/ready ## Run every test but those of the deployment
	@scripts/require.sh $(TOOLS)
	cargo test --locked --workspace --no-run
	@$(MAKE) --no-print-directory --jobs 2 test-code fuzz-a-little
	.venv/bin/python -m unittest discover --start-directory tests --verbose

# Together: to fuzz is to build first, and half of what the tests do is to wait for video.
test-code:
	cargo test --locked --workspace

fuzz-a-little:
	@nice scripts/fuzz.sh 3

# How long each target is fuzzed.
SECONDS ?= 600

fuzz: ## Fuzz what reads from outside, SECONDS each; ARGS names targets, as in ARGS="manifest cursor"
	@scripts/fuzz.sh $(SECONDS) $(ARGS)

# `proof` builds in a fraction of the time; `release` proves the very binaries that are deployed.
PROFILE ?= proof

test-deploy: cdk/node_modules/ready target/lambda-tools/ready target/deploy-venv/ready ## Deploy to an emulator of AWS and test it there
	@scripts/require.sh $(TOOLS)
	cargo build --locked --workspace --bin local
	PATH="$(CURDIR)/target/lambda-tools/bin:$$PATH" cargo lambda build --profile $(PROFILE) --locked \
	    --package matchcut --bins --x86-64 --lambda-dir target/lambda-$(PROFILE)
	FUNCTIONS=target/lambda-$(PROFILE) PYTHONPATH=tests target/deploy-venv/bin/python -m unittest \
	    discover --start-directory tests/deploy --verbose

lint: ## Check format, lints, documentation, licenses and unused dependencies
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --document-private-items
	cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny check bans licenses sources
	cargo machete --version >/dev/null 2>&1 || cargo install --locked cargo-machete
	cargo machete

lint-deploy: cdk/node_modules/ready target/lint-tools/ready ## Check the CDK app, and what it synthesizes
	cd cdk && npm run --silent lint
	cd cdk && npm test --silent
	cdk/lint/run $(CURDIR)/target/lint-tools/bin

# Two parts of the benchmark run the functions as they are deployed, which takes long to build.
bench: ## Measure speed and memory, and print the figures; options in ARGS as for run
	@scripts/require.sh $(TOOLS)
	$(if $(filter clip library asset due burst sweep local,$(ARGS)),,cargo build --locked --release -p matchcut)
	cargo build --locked --profile bench -p matchcut-local -p matchcut-bench
	cargo run --locked --quiet --profile bench -p matchcut-bench --bin bench -- $(ARGS)

chaos: ## Try to lose a clip: ten thousand of them in bad weather; options in ARGS as for run
	@scripts/require.sh $(TOOLS)
	cargo run --locked --quiet --profile bench -p matchcut-bench --bin chaos -- $(ARGS)

# What the functions are built for: x86_64 or arm64.
ARCHITECTURE ?= x86_64

functions: target/lambda-tools/ready ## Build the functions as Lambda runs them, for ARCHITECTURE
	PATH="$(CURDIR)/target/lambda-tools/bin:$$PATH" cargo lambda build --release --locked \
	    --package matchcut --bins $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64)

deploy: cdk/node_modules/ready ## Put the service into your AWS account; settings in ARGS, as in docs/deploy.md
	@cd cdk && node --import tsx tools/deploy.ts $(ARGS)

destroy: cdk/node_modules/ready ## Take it out of your AWS account; the data stay unless ARGS="--delete-data"
	@cd cdk && node --import tsx tools/destroy.ts $(ARGS)

cost: cdk/node_modules/ready ## Print what an event will cost; ARGS="--help" lists what to tell of it
	@cd cdk && node --import tsx tools/cost.ts $(ARGS)

cdk/node_modules/ready: cdk/package-lock.json
	@scripts/require.sh node=nodejs npm=npm
	cd cdk && npm ci --no-audit --no-fund
	touch $@

# zig links against the old glibc that Lambda has; it comes with cargo-lambda's own venv.
target/lambda-tools/ready: cdk/tools/requirements.txt scripts/venv.sh
	@scripts/require.sh cc=gcc
	@scripts/venv.sh target/lambda-tools cdk/tools/requirements.txt

target/lint-tools/ready: cdk/lint/requirements.txt scripts/venv.sh
	@scripts/venv.sh target/lint-tools cdk/lint/requirements.txt

# MiniStack wants a botocore of its own.
target/deploy-venv/ready: tests/deploy/requirements.txt scripts/venv.sh
	@scripts/venv.sh target/deploy-venv tests/deploy/requirements.txt

.venv/ready: tests/requirements.txt scripts/venv.sh
	@scripts/venv.sh .venv tests/requirements.txt
