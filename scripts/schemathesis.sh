#!/bin/sh
# Installs schemathesis, which asks the API what its OpenAPI document allows and forbids, into .cache/schemathesis. Without it
# that one test is skipped.
set -eu
cd "$(dirname "$0")/.."

requirements=scripts/schemathesis.txt
folder=.cache/schemathesis

install() {
    echo "schemathesis: installing the packages of $requirements"
    rm -rf "$folder"
    python3 -m venv "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --requirement "$requirements" &&
        cp "$requirements" "$folder/installed.txt"
}

cmp -s "$requirements" "$folder/installed.txt" && exit
install || {
    rm -rf "$folder"
    echo "schemathesis: it needs Python 3.10 or later with venv and pip; the test of the API with it is skipped" >&2
}
