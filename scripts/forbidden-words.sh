#!/bin/sh
# Fails when a committed file holds what must not be merged: leftovers of debugging, paths of one machine, names of a
# private package registry.
set -eu
cd "$(dirname "$0")/.."

forbidden() {
    pattern=$1
    shift
    if git grep --line-number -I --extended-regexp --ignore-case "$pattern" -- \
        ':!LICENSE' ':!scripts/forbidden-words.sh' "$@"; then
        echo "forbidden words: $pattern" >&2
        exit 1
    fi
}

forbidden '\b(dbg!|todo!|unimplemented!)|\b(fixme|xxx)\b' ':!tests/fixtures'
forbidden '\btodo\b' '*.rs' '*.ts' '*.js' '*.clar' '*.sql' '*.sh'
forbidden '(^|[^a-z0-9.])/(root|work|Users)/|/home/[a-z]+' ':!tests/fixtures'
forbidden 'artifactory|"resolved": *"http' 'package-lock.json' 'Cargo.lock' '.npmrc' '.cargo' 'package.json'
forbidden '^(<<<<<<<|>>>>>>>) '
echo "forbidden words: none"
