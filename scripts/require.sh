#!/usr/bin/env bash
# Installs missing programs with apt-get if it may: as root, or with sudo that asks no password.
# Otherwise it fails and prints the command that installs them.
#
# usage: scripts/require.sh PROGRAM=DEBIAN-PACKAGE ...
set -euo pipefail

packages=()
for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
done

if ! command -v cargo >/dev/null; then
    echo "Rust is not installed. Install it with rustup (https://rustup.rs), then try again." >&2
    exit 1
fi
[ ${#packages[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n)
fi
if ! "${as_root[@]}" true 2>/dev/null || ! command -v apt-get >/dev/null; then
    echo "Not installed: ${packages[*]}" >&2
    echo "On Debian or Ubuntu, run: sudo apt-get install ${packages[*]}" >&2
    exit 1
fi
echo "Installing ${packages[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${packages[@]}"
