#!/usr/bin/env bash
# Creates a Python virtual environment with pinned packages.
#
# usage: scripts/venv.sh FOLDER REQUIREMENTS
set -euo pipefail

scripts/require.sh python3=python3
# Debian ships `ensurepip` in a package of its own.
python3 -c 'import ensurepip' 2>/dev/null || scripts/require.sh no-such-program=python3-venv
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
touch "$1/ready"
