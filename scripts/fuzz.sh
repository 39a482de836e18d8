#!/bin/sh
# Feeds random bytes to what reads bytes from outside: fuzz.sh SECONDS [TARGET ...]
#
# Each target begins with its corpus in the repository; what it finds beyond that stays under
# target/fuzz, for the next run to begin with. A panic ends it: the input that caused it is kept in
# fuzz/artifacts. Coverage needs no nightly; sanitizers would, and find little where all is safe.
set -eu

seconds=$1
shift
[ $# -gt 0 ] || set -- $(cd fuzz/fuzz_targets && ls *.rs | sed 's/\.rs$//')

scripts/require.sh c++=g++
cargo fuzz --version >/dev/null 2>&1 || cargo install --locked cargo-fuzz
cargo metadata --locked --format-version 1 --manifest-path fuzz/Cargo.toml >/dev/null
for target in "$@"; do
    found=target/fuzz/corpus/$target
    log=target/fuzz/$target.log
    mkdir -p "$found"
    if cargo fuzz run --fuzz-dir fuzz --sanitizer none --target-dir target/fuzz "$target" \
        "$found" "fuzz/corpus/$target" -- -max_total_time="$seconds" -rss_limit_mb=512 -timeout=5 \
        >"$log" 2>&1; then
        # How often it ran, and how many edges of the code that covered.
        sed -n "s/^#\([0-9]*\)\tDONE *\(cov: [0-9]*\).*corp: \([0-9]*\).*/$target: \1 runs, \2, \3 inputs/p" "$log"
    else
        tail -n 60 "$log"
        exit 1
    fi
done
