//! A server on a database of its own.

use std::num::NonZeroU64;
use std::time::Duration;

use recoup_indexer::api::ApiSettings;
use recoup_indexer::config::{Parts, RunConfig};
use recoup_indexer::ingest::{IngestSettings, Retention, RootRule, Window};
use recoup_indexer::normalised::Satellites;
use recoup_indexer::observer::ObserverSettings;
use recoup_indexer::server::Server;
use recoup_stacks::address::{ContractId, Network};
use recoup_test_support::{TestDatabase, wait_until};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::runtime::Runtime;
use ureq::Agent;

use crate::synthetic::{CORE, Posted};

/// Burn blocks between the tests' checkpoints: their chains are short.
pub(crate) const CHECKPOINT_INTERVAL: u64 = 2;
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// A server, its database, and a node's and an auditor's view of it.
pub(crate) struct TestIndexer {
    // Dropped in this order: the server lets go of the database before that is dropped.
    server: Option<Server>,
    runtime: Runtime,
    database: TestDatabase,
    agent: Agent,
    config: RunConfig,
}

/// How the tests run it: no fixed ports, the synthetic contract, root at the given place.
pub(crate) fn config(database_url: &str, root: RootRule) -> RunConfig {
    RunConfig {
        database: database_url.parse().unwrap(),
        database_read: None,
        parts: Parts::default(),
        network: Network::Testnet,
        observer_listen: "127.0.0.1:0".parse().unwrap(),
        observer: ObserverSettings {
            path_prefix: None,
            body_limit: 8 * 1024 * 1024,
            inbox_limit: 1_000_000,
        },
        ingest: IngestSettings {
            core_contract: CORE.parse().unwrap(),
            satellites: Satellites::beside(&CORE.parse().unwrap()),
            root,
            finality_depth: 6,
            checkpoint_interval: NonZeroU64::new(CHECKPOINT_INTERVAL).unwrap(),
            window: Window::default(),
        },
        retention: Retention::default(),
        repair: None,
        api_listen: "127.0.0.1:0".parse().unwrap(),
        api: ApiSettings::default(),
    }
}

/// That two dumps say the same, showing the rows in which they differ.
pub(crate) fn assert_same(found: &[String], expected: &[String], when: &str) {
    let sorted = |rows: &[String]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    let (found, expected) = (sorted(found), sorted(expected));
    if found == expected {
        return;
    }
    let lacking = |of: &[String], those: &[String]| -> Vec<String> {
        let lacking = of.iter().filter(|row| those.binary_search(row).is_err());
        lacking.take(20).cloned().collect()
    };
    panic!(
        "{when}: {} rows found, {} expected\nmissing: {:#?}\nsurplus: {:#?}",
        found.len(),
        expected.len(),
        lacking(&expected, &found),
        lacking(&found, &expected)
    );
}

/// How many cases something is tried with: few in `make test`, so many times more where `RECOUP_TREE_FACTOR` asks for it.
pub(crate) fn cases(few: u32) -> u32 {
    let factor = std::env::var("RECOUP_TREE_FACTOR").map_or(1, |text| text.parse().unwrap());
    few.checked_mul(factor).unwrap()
}

impl TestIndexer {
    pub(crate) fn start(root: RootRule) -> Self {
        Self::start_with(root, |_| {})
    }

    pub(crate) fn start_with(root: RootRule, change: impl FnOnce(&mut RunConfig)) -> Self {
        let database = TestDatabase::create().unwrap();
        let mut config = config(database.url(), root);
        change(&mut config);
        let settings = Agent::config_builder()
            .timeout_global(Some(SETTLE_LIMIT))
            .http_status_as_error(false)
            .proxy(None);
        let mut indexer = Self {
            server: None,
            runtime: Runtime::new().unwrap(),
            database,
            agent: settings.build().into(),
            config,
        };
        indexer.start_server();
        indexer
    }

    /// Changes how it is started next.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut RunConfig)) {
        change(&mut self.config);
    }

    pub(crate) fn start_server(&mut self) {
        let server = self.runtime.block_on(Server::start(self.config.clone())).unwrap();
        self.server = Some(server);
    }

    pub(crate) fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.stop());
        }
    }

    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    pub(crate) fn core(&self) -> &ContractId {
        &self.config.ingest.core_contract
    }

    pub(crate) fn observer_url(&self, path: &str) -> String {
        let address = self.server.as_ref().unwrap().observer_address().unwrap();
        format!("http://{address}{path}")
    }

    /// Posts as the node does and answers the status.
    pub(crate) fn post_bytes(&self, path: &str, body: &[u8]) -> u16 {
        let request = self
            .agent
            .post(self.observer_url(path))
            .content_type("application/json");
        request.send(body).unwrap().status().as_u16()
    }

    pub(crate) fn post(&self, message: &Posted) {
        assert_eq!(
            self.post_bytes(message.path, message.body.to_string().as_bytes()),
            200
        );
    }

    /// Posts all and waits until they are followed.
    pub(crate) fn post_all<'a>(&self, messages: impl IntoIterator<Item = &'a Posted>) {
        for message in messages {
            self.post(message);
        }
        self.settle();
    }

    /// Waits until no message waits.
    pub(crate) fn settle(&self) {
        wait_until("the inbox to be empty", SETTLE_LIMIT, || {
            let waiting = self.count("select count(*) from inbox where processed_at is null");
            Ok((waiting == 0).then_some(()))
        })
        .unwrap();
    }

    /// Where the API answers what is below `/api/v1`.
    pub(crate) fn api_url(&self, path: &str) -> String {
        format!(
            "http://{}/api/v1{path}",
            self.server.as_ref().unwrap().api_address()
        )
    }

    /// Asks the API, below `/api/v1`.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = self.get_text(path);
        let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} is no JSON: {text:?}"));
        (status, body)
    }

    /// The same, whatever form the answer has.
    pub(crate) fn get_text(&self, path: &str) -> (u16, String) {
        let mut response = self.agent.get(self.api_url(path)).call().unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), text)
    }

    /// Asks the API for what must be there.
    pub(crate) fn get_ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// All that the canonical chain says, one line a row. Its checkpoints are those that follow from it.
    pub(crate) fn dump(&self) -> Vec<String> {
        crate::checkpoints::assert_due(self);
        self.lines(
            "select concat_ws(' ', kind, key, content) from canonical_dump order by kind, key, content::text",
        )
    }

    /// Stacks tip as height and hash.
    pub(crate) fn tip(&self) -> String {
        let tip = "select stacks_height || ' 0x' || encode(index_block_hash, 'hex') from chain_tip";
        self.lines(tip).join("")
    }

    pub(crate) fn count(&self, query: &'static str) -> i64 {
        self.with_connection(async |connection| {
            sqlx::query(query).fetch_one(connection).await.unwrap().get(0)
        })
    }

    pub(crate) fn lines(&self, query: &'static str) -> Vec<String> {
        self.with_connection(async |connection| {
            let rows = sqlx::query(query).fetch_all(connection).await.unwrap();
            rows.iter()
                .map(|row| row.get::<Option<String>, _>(0).unwrap_or_default())
                .collect()
        })
    }

    pub(crate) fn execute(&self, statement: &'static str) {
        self.with_connection(async |connection| {
            sqlx::raw_sql(statement).execute(connection).await.unwrap();
        });
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn with_connection<T>(&self, work: impl AsyncFnOnce(&mut PgConnection) -> T) -> T {
        self.runtime.block_on(async {
            let mut connection = PgConnection::connect(self.database.url()).await.unwrap();
            let answer = work(&mut connection).await;
            connection.close().await.unwrap();
            answer
        })
    }
}

impl Drop for TestIndexer {
    fn drop(&mut self) {
        self.stop_server();
    }
}
