//! What `--help` says below a command's options. A test parses every example with the program's own grammar.

pub(super) const PROGRAM: &str = "\
Exit codes:
  0  done
  1  it failed, or `verify` found a difference
  2  the command line cannot be used as given

Examples:
  Make the tables, take events, answer:
    $ recoup-indexer run --database-url postgres://recoup@localhost/recoup --network testnet \\
      --core-contract ST000000000000000000002AMW42H.recoup-core
  See where it stands:
    $ recoup-indexer status --database-url postgres://recoup@localhost/recoup";

pub(super) const RUN: &str = "\
Needs: a PostgreSQL database of its own, and a node whose `[[events_observer]]` names --observer-listen

Examples:
  Take events on 127.0.0.1:3700, answer on 127.0.0.1:3780, and fetch what is missing:
    $ recoup-indexer run --database-url postgres://recoup@localhost/recoup --network testnet \\
      --core-contract ST000000000000000000002AMW42H.recoup-core \\
      --node-url http://127.0.0.1:20443 --node-auth-token-file token
  Only answer, from a replica:
    $ recoup-indexer run --database-url postgres://recoup@localhost/recoup --network testnet \\
      --core-contract ST000000000000000000002AMW42H.recoup-core --no-observer --no-ingest";

pub(super) const IMPORT: &str = "\
Needs: a database, and an archive: PostgreSQL COPY text, plain, gzip or zstd (docs/OPERATIONS.md)

Examples:
  A whole archive:
    $ recoup-indexer import --database-url postgres://recoup@localhost/recoup --network mainnet \\
      --core-contract SP000000000000000000002Q6VF78.recoup-core events.tsv.gz
  From a pipe:
    $ curl -s https://archive.example/events.tsv.zst | recoup-indexer import - --network mainnet \\
      --database-url postgres://recoup@localhost/recoup \\
      --core-contract SP000000000000000000002Q6VF78.recoup-core";

pub(super) const BACKFILL: &str = "\
Needs: a database, and a node with its `auth_token`

Examples:
  From a burn height to the node's tip:
    $ recoup-indexer backfill --database-url postgres://recoup@localhost/recoup --network testnet \\
      --core-contract ST000000000000000000002AMW42H.recoup-core --from-burn-height 4000 \\
      --node-url http://127.0.0.1:20443 --node-auth-token-file token";

pub(super) const VERIFY: &str = "\
Needs: a database, and a node, but with --tables-only

Exit codes:
  0  no difference
  1  differences, which are printed
  2  nothing can be said: no database, no node, or they changed meanwhile

Examples:
  All of it:
    $ recoup-indexer verify --database-url postgres://recoup@localhost/recoup \\
      --node-url http://127.0.0.1:20443
  Ten invoices, other ones with another seed, as JSON:
    $ recoup-indexer verify --database-url postgres://recoup@localhost/recoup \\
      --node-url http://127.0.0.1:20443 --sample 10 --seed 7 --json";

pub(super) const MIGRATE: &str = "\
Needs: a database user that may create tables

Examples:
  Before a new version is started:
    $ recoup-indexer migrate --database-url postgres://recoup@localhost/recoup";

pub(super) const STATUS: &str = "\
Needs: the database; reading is enough

Examples:
  How far it is:
    $ recoup-indexer status --database-url postgres://recoup@localhost/recoup";
