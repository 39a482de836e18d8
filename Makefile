.DEFAULT_GOAL := help
.PHONY: help run test lint bench

# What the stand-in needs besides Rust, as program=Debian package.
TOOLS := ffmpeg=ffmpeg ffprobe=ffmpeg cc=gcc

help: ## Say what there is to run
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Run the service on this machine; options in ARGS, as in make run ARGS="--help"
	@scripts/require.sh $(TOOLS)
	cargo run --locked -p matchcut-local --bin local -- $(ARGS)

test: .venv/ready ## Run every test that needs no AWS account
	@scripts/require.sh $(TOOLS)
	cargo test --locked --workspace
	.venv/bin/python -m unittest discover --start-directory tests --verbose

lint: ## Check format, lints, documentation, licenses and unused dependencies
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --workspace --no-deps --document-private-items
	cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny
	cargo deny check bans licenses sources
	cargo machete --version >/dev/null 2>&1 || cargo install --locked cargo-machete
	cargo machete

bench: ## Measure speed and memory, and print the figures; options in ARGS as for run
	@scripts/require.sh $(TOOLS)
	cargo build --locked --release -p matchcut
	cargo build --locked --profile bench -p matchcut-local -p matchcut-bench
	cargo run --locked --quiet --profile bench -p matchcut-bench -- $(ARGS)

.venv/ready: tests/requirements.txt
	@scripts/require.sh $(TOOLS) python3=python3
	@python3 -c 'import ensurepip' 2>/dev/null || scripts/require.sh python3-venv-is-missing=python3-venv
	python3 -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/requirements.txt
	touch $@
