#!/bin/sh
# Installs schemathesis, which asks the API what its OpenAPI document allows and forbids, into .cache/schemathesis.
set -eu
cd "$(dirname "$0")/.."

requirements=scripts/schemathesis.txt
folder=.cache/schemathesis

cmp -s "$requirements" "$folder/installed.txt" && exit
command -v python3 >/dev/null || { echo "schemathesis: Python 3.10 or later is missing" >&2; exit 1; }
echo "schemathesis: installing the packages of $requirements"
rm -rf "$folder"
python3 -m venv "$folder" || { echo "schemathesis: install python3-venv" >&2; exit 1; }
"$folder/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --requirement "$requirements"
cp "$requirements" "$folder/installed.txt"
