#!/bin/sh
# Makes a Python environment with pinned packages: venv.sh FOLDER REQUIREMENTS
set -eu

scripts/require.sh python3=python3
python3 -c 'import ensurepip' 2>/dev/null || scripts/require.sh python3-venv-is-missing=python3-venv
python3 -m venv "$1"
"$1/bin/pip" install --quiet --disable-pip-version-check --requirement "$2"
touch "$1/ready"
