#!/usr/bin/env bash
# Runs a command whose temporary files are kept in memory, if 4 GB of it are free. The tests write
# gigabytes of segments and rows, and a disk would make them wait.
set -euo pipefail
memory=/dev/shm
if free=$(df --output=avail --block-size=1M "$memory" 2>&1 | tail -1) && [ "$free" -ge 4096 ]; then
    TMPDIR=$(mktemp -d "$memory/matchcut-tests.XXXXXX")
    export TMPDIR
    trap 'rm -rf "$TMPDIR"' EXIT
fi
"$@"
