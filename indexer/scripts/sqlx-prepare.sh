#!/bin/sh
# Writes into .sqlx what the compile-time checked queries need to build without a database.
# With --check: compares instead, and fails when .sqlx is out of date.
#
# Uses the PostgreSQL server of RECOUP_TEST_DATABASE_URL, else starts a throwaway one. Needs no sqlx-cli: the query
# macros write the data themselves when SQLX_OFFLINE_DIR is set.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

if [ -z "${RECOUP_TEST_DATABASE_URL:-}" ]; then
    exec cargo run --quiet -p recoup-test-support --bin recoup-with-postgres -- "$0" "$@"
fi

# The same server, another database: postgres://server/database?query
address=${RECOUP_TEST_DATABASE_URL%%\?*}
query=${RECOUP_TEST_DATABASE_URL#"$address"}
database=sqlx_prepare_$$
url=${address%/*}/$database$query

psql=psql
if ! command -v psql >/dev/null; then
    psql=$(pg_config --bindir)/psql
fi
run_sql() {
    "$psql" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$@"
}

data=$(mktemp -d)
cleanup() {
    run_sql "$RECOUP_TEST_DATABASE_URL" --command "drop database if exists $database with (force)" || true
    rm -rf "$data"
}
trap cleanup EXIT

run_sql "$RECOUP_TEST_DATABASE_URL" --command "create database $database"
for migration in indexer/migrations/*.sql; do
    run_sql "$url" --file "$migration"
done

# The macros run only for what is compiled anew.
touch indexer/src/lib.rs
SQLX_OFFLINE=false DATABASE_URL=$url SQLX_OFFLINE_DIR=$data cargo check --quiet -p recoup-indexer

if [ "${1:-}" = "--check" ]; then
    if ! diff -r .sqlx "$data" >/dev/null; then
        echo ".sqlx is out of date: run indexer/scripts/sqlx-prepare.sh" >&2
        exit 1
    fi
else
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    cp "$data"/query-*.json .sqlx/
fi
