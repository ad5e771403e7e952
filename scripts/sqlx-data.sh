#!/bin/sh
# prepare: writes the data of all compile-time checked queries to .sqlx, from a database with the current migrations.
# check:   fails when what is committed there differs.
# Runs under recoup-with-postgres. It does what sqlx's own command line does, which takes minutes to install.
set -eu
cd "$(dirname "$0")/.."

mode=$1
case $mode in prepare | check) ;; *) echo "usage: $0 prepare|check" >&2; exit 2 ;; esac

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

cat indexer/migrations/*.sql |
    psql --no-psqlrc --quiet --single-transaction --set ON_ERROR_STOP=1 --dbname "$RECOUP_TEST_DATABASE_URL"

# The macros write only while they run: the crate must be compiled anew.
touch indexer/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh DATABASE_URL=$RECOUP_TEST_DATABASE_URL \
    cargo check --locked --quiet --package recoup-indexer --all-targets

if [ "$mode" = check ]; then
    diff --recursive --brief .sqlx "$fresh" || { echo "sqlx: run \`make sqlx-prepare\`" >&2; exit 1; }
    echo "sqlx: the query data in .sqlx are current"
else
    rm -rf .sqlx
    cp -R "$fresh" .sqlx
fi
