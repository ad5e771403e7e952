#!/bin/sh
# Checks that the machine has what the other commands need, and installs what can be installed without asking:
# the npm packages of the lock file and, on Debian as root, PostgreSQL; with `tests` as its argument also Chromium, which
# the tests of browser wallets run in.
set -eu
cd "$(dirname "$0")/.."

# The first 20.x that vitest runs on.
MINIMUM_NODE=20.19
MINIMUM_POSTGRES=15

fail() {
    echo "setup: $1" >&2
    exit 1
}

check_rust() {
    command -v cargo >/dev/null || fail "Rust is missing; install it as https://rustup.rs says"
}

check_node() {
    command -v node >/dev/null || fail "Node.js is missing; install version $MINIMUM_NODE or later"
    version=$(node --print 'process.versions.node')
    oldest=$(printf '%s\n' "$MINIMUM_NODE" "$version" | sort -t . -k 1,1n -k 2,2n | head -n 1)
    [ "$oldest" = "$MINIMUM_NODE" ] || fail "Node.js $version is too old; install $MINIMUM_NODE or later"
    command -v npm >/dev/null || fail "npm is missing; it comes with Node.js"
}

install_npm_packages() {
    node scripts/node-modules-current.js && return
    echo "setup: installing the npm packages of package-lock.json"
    npm ci --no-progress --loglevel=error
}

# Succeeds when a folder holds the programs of a PostgreSQL that is new enough.
is_postgres() {
    [ -x "$1/postgres" ] && [ -x "$1/initdb" ] || return 1
    version=$("$1/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    [ "$version" -ge "$MINIMUM_POSTGRES" ]
}

has_postgres() {
    on_path=$(command -v postgres || true)
    for folder in "${on_path%/*}" "$(pg_config --bindir 2>/dev/null || true)" /usr/lib/postgresql/*/bin; do
        is_postgres "$folder" && return
    done
    return 1
}

# Debian's package would create and start a cluster of the system; the programs alone are wanted.
install_postgres() {
    echo "setup: installing PostgreSQL with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update --quiet --quiet
    apt-get install --yes --quiet postgresql-common >/dev/null
    settings=/etc/postgresql-common/createcluster.conf
    cp "$settings" "$settings.recoup"
    echo "create_main_cluster = false" >>"$settings"
    result=0
    apt-get install --yes --quiet postgresql >/dev/null || result=$?
    mv "$settings.recoup" "$settings"
    [ "$result" -eq 0 ] || fail "apt-get could not install PostgreSQL"
}

check_postgres() {
    has_postgres && return
    if [ "$(id -u)" -eq 0 ] && [ -f /etc/debian_version ]; then
        install_postgres
        has_postgres && return
    fi
    fail "PostgreSQL $MINIMUM_POSTGRES or later is missing; its programs are enough, no server need run.
  Debian, Ubuntu: sudo apt-get install postgresql     Fedora: sudo dnf install postgresql-server
  macOS: brew install postgresql@17 (and put its bin folder on the PATH)"
}

has_chromium() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null
}

check_chromium() {
    has_chromium && return
    if [ "$(id -u)" -eq 0 ] && [ -f /etc/debian_version ]; then
        echo "setup: installing Chromium with apt-get"
        export DEBIAN_FRONTEND=noninteractive
        if apt-get update --quiet --quiet && apt-get install --yes --quiet --no-install-recommends chromium >/dev/null; then
            return
        fi
    fi
    echo "setup: Chromium is missing; the tests of browser wallets are skipped (apt-get install chromium)" >&2
}

check_rust
check_node
install_npm_packages
check_postgres
if [ "${1:-}" = tests ]; then
    check_chromium
fi
