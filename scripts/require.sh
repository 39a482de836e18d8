#!/bin/sh
# Makes sure that programs are there: installs what is missing where apt-get may, and says exactly
# what to install where it may not.
#
# usage: scripts/require.sh PROGRAM=DEBIAN-PACKAGE ...
set -eu

missing=
for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
done

if ! command -v cargo >/dev/null 2>&1; then
    echo "Rust is missing; install it with rustup, then run this again." >&2
    exit 1
fi
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    as_root=none
fi
if [ "$as_root" = none ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this machine:$missing" >&2
    echo "On Debian or Ubuntu, install with: sudo apt-get install$missing" >&2
    exit 1
fi
echo "installing$missing"
$as_root apt-get update -qq
DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing
