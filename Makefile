# What a developer does here, one command each. `make help` lists them.

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARIES := $(TARGET)/debug
# Always the whole workspace: another choice of packages means other features of shared crates, and all is built anew.
CARGO_BUILD := cargo build --locked --workspace

# Queries are checked against the committed data in .sqlx; only sqlx-prepare and sqlx-check ask a database.
export SQLX_OFFLINE ?= true

.DEFAULT_GOAL := help
.PHONY: help setup setup-tests demo test test-node test-rust fuzz mutants coverage check up down bench-ingest bench-cli bench-query costs fmt clean deny sqlx-prepare sqlx-check binaries test-binaries

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "make %-13s %s\n", $$1, $$2 }'

demo: setup binaries ## Show the whole path: deploy, invoice, pay, refund, a fork, subscription, reserve, refusals, audit
	@$(BINARIES)/recoup-demo

up: setup binaries ## Start a local stack to play with; prints the next commands to type
	@$(BINARIES)/recoup-stack up

down: ## Stop and remove what `make up` started
	@if [ -x $(BINARIES)/recoup-stack ]; then $(BINARIES)/recoup-stack down; else echo "nothing was started"; fi

test: setup-tests test-binaries ## Run every test: contracts, local chain, Rust with PostgreSQL, end to end
	scripts/schemathesis.sh
	cargo test --locked --workspace --no-run --quiet
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-node test-rust

# Side by side: much of both is waiting for chains and databases. Each one's output comes when it ends.
test-node:
	npm run --silent test:contracts
	npm run --silent test:models
	npm run --silent test:devnet
	npm run --silent test:browser

test-rust:
	$(BINARIES)/recoup-with-postgres cargo test --locked --workspace

# The long variants of random tests: one line each.
soak: setup test-binaries ## Run the random tests for long, with new seeds (hours; RECOUP_FAULT_RUNS, RECOUP_FAULT_SEED)
	RECOUP_FAULT_RUNS=$${RECOUP_FAULT_RUNS:-1000} RECOUP_FAULT_SEED=$${RECOUP_FAULT_SEED:-$$(date +%s)} cargo test --locked --workspace --test faults -- --nocapture random::

fuzz: setup ## Test the contracts with more random sequences against their model (RECOUP_FUZZ_RUNS, RECOUP_FUZZ_SEED)
	RECOUP_FUZZ_RUNS=$${RECOUP_FUZZ_RUNS:-2000} npm run --silent test:models

mutants: setup ## See whether the tests notice mistakes in the contracts (RECOUP_MUTANTS=all or a part of an id; minutes)
	npm run --silent mutants

.PHONY: soak soak-kills soak-tree
# What `make soak` also does; its other lines stand with it.
soak: soak-kills soak-tree
soak-kills: setup test-binaries ## Kill indexer and PostgreSQL in many random histories (RECOUP_KILL_RUNS, RECOUP_KILL_SEED)
	RECOUP_KILL_RUNS=$${RECOUP_KILL_RUNS:-500} $(BINARIES)/recoup-with-postgres \
		cargo test --locked --workspace --test it -- kills:: --nocapture

soak-tree: setup test-binaries ## Follow many more random histories in every order and from every source (RECOUP_TREE_FACTOR)
	RECOUP_TREE_FACTOR=$${RECOUP_TREE_FACTOR:-30} $(BINARIES)/recoup-with-postgres \
		cargo test --locked --workspace --test it -- tree:: orders:: tiers:: gaps:: pulled:: archive:: --nocapture

coverage: setup ## See whether the model's sequences carry out every line of the contracts' public functions
	npm run --silent coverage

check: setup ## What CI demands beside the tests: formats, lints, docs, types, generated files
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet
	npm run --silent check
	npm run --silent docs -- --check
	npm run --silent costs -- --check
	scripts/forbidden-words.sh
	scripts/deploy-check.sh
	$(MAKE) --no-print-directory sqlx-check

bench-ingest: setup ## Measure how fast the indexer takes the chain in, beside PostgreSQL's own figures (RECOUP_BENCH_SCALE)
	cargo build --locked --release --package recoup-indexer --package recoup-bench
	$(TARGET)/release/recoup-bench-ingest

bench-query: setup ## Measure how fast the API answers over ten million refunds, and show its plans (RECOUP_BENCH_REFUNDS, RECOUP_BENCH_REQUESTS)
	cargo build --locked --release --package recoup-indexer --package recoup-bench
	$(TARGET)/release/recoup-bench-query

bench-cli: setup ## Measure start, planning, requests and long lists of the command line, beside what they rest on
	cargo build --locked --release --package recoup-cli --package recoup-bench
	$(TARGET)/release/recoup-bench-cli

costs: setup ## Measure what each contract call costs, beside its goal
	npm run --silent costs

fmt: ## Format the Rust code
	cargo fmt --all

sqlx-prepare: setup binaries ## Write the query data in .sqlx anew, after a change of a query or a migration
	$(BINARIES)/recoup-with-postgres scripts/sqlx-data.sh prepare

sqlx-check: setup binaries ## Compare the query data in .sqlx with the queries and migrations
	$(BINARIES)/recoup-with-postgres scripts/sqlx-data.sh check

deny: ## Check licences and sources of the dependencies (needs cargo-deny)
	cargo deny --locked check bans licenses sources

clean: down ## Remove everything that was built
	cargo clean
	rm -rf node_modules .cache .recoup

setup:
	@scripts/setup.sh

setup-tests:
	@scripts/setup.sh tests

binaries:
	$(CARGO_BUILD)

# The crash tests drive programs that can be told to die at a named point. They are built first and set aside under
# their own names, so that `recoup` and `recoup-indexer` themselves never have that feature.
test-binaries:
	$(CARGO_BUILD) --features recoup-cli/failpoints,recoup-indexer/failpoints
	cp $(BINARIES)/recoup $(BINARIES)/recoup-failpoints
	cp $(BINARIES)/recoup-indexer $(BINARIES)/recoup-indexer-failpoints
	$(MAKE) --no-print-directory binaries
