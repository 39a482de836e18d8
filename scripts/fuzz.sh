#!/usr/bin/env bash
# Feeds random bytes to the code that reads bytes from outside, guided by coverage.
#
# usage: scripts/fuzz.sh SECONDS [TARGET ...]
#
# Each target runs for SECONDS and starts with its corpus in fuzz/corpus. Inputs that cover more
# code are saved in target/fuzz/corpus, and the next run starts with them too. If a target panics,
# the script fails, and the input is saved in fuzz/artifacts. Coverage works with stable Rust.
# Sanitizers need nightly Rust, and find little in code without `unsafe`.
set -euo pipefail

seconds=$1
targets=("${@:2}")
if [ ${#targets[@]} = 0 ]; then
    targets=(fuzz/fuzz_targets/*.rs)
fi

scripts/require.sh c++=g++
cargo install --quiet --debug --locked cargo-fuzz@0.13.2
cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
for target in "${targets[@]}"; do
    target=$(basename "$target" .rs)
    found=target/fuzz/corpus/$target
    log=target/fuzz/$target.log
    mkdir -p "$found"
    if ! cargo fuzz run --fuzz-dir fuzz --sanitizer none --target-dir target/fuzz "$target" \
        "$found" "fuzz/corpus/$target" -- -max_total_time="$seconds" -rss_limit_mb=512 -timeout=5 \
        >"$log" 2>&1; then
        tail -n 60 "$log"
        exit 1
    fi
    # The number of runs, of covered edges and of inputs.
    sed -n "s/^#\([0-9]*\)\tDONE *\(cov: [0-9]*\).*corp: \([0-9]*\).*/$target: \1 runs, \2, \3 inputs/p" "$log"
done
