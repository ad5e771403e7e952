//! The real program as a process, and a node that repeats itself until it is heard.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use recoup_test_support::{Process, free_port, scratch_folder, wait_until};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;
use ureq::Agent;

use crate::harness::CHECKPOINT_INTERVAL;
use crate::synthetic::{CORE, Posted};

pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// The first column of a query's answer, each as text. Waits while PostgreSQL recovers from a crash.
pub(crate) fn lines(url: &str, query: &'static str) -> Vec<String> {
    let runtime = Runtime::new().unwrap();
    let end = Instant::now() + LIMIT;
    loop {
        match runtime.block_on(try_lines(url, query)) {
            Ok(lines) => return lines,
            Err(error) => {
                let code = error.as_database_error().and_then(|error| error.code());
                // 57: an operator or a crash is in the way.
                let is_away = code.is_none_or(|code| code.starts_with("57"));
                assert!(is_away && Instant::now() < end, "{query}: {error}");
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
}

async fn try_lines(url: &str, query: &'static str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let rows: Vec<Option<String>> = sqlx::query_scalar(query).fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows.into_iter().map(Option::unwrap_or_default).collect())
}

pub(crate) fn execute(url: &str, statements: &'static str) {
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// All that the canonical chain says, one line a row.
pub(crate) fn dump(url: &str) -> Vec<String> {
    lines(
        url,
        "select concat_ws(' ', kind, key, content) from canonical_dump",
    )
}

/// Waits until no message waits.
pub(crate) fn settle(url: &str) {
    wait_until("the inbox to be empty", LIMIT, || {
        let waiting = lines(url, "select count(*)::text from inbox where processed_at is null");
        Ok((waiting == ["0"]).then_some(()))
    })
    .unwrap();
}

/// A session that holds a lock until it is dropped.
pub(crate) struct Blocker {
    runtime: Runtime,
    connection: Option<PgConnection>,
}

impl Blocker {
    pub(crate) fn lock(url: &str, statement: &'static str) -> Self {
        let runtime = Runtime::new().unwrap();
        let connection = runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            connection
        });
        Self {
            runtime,
            connection: Some(connection),
        }
    }
}

impl Drop for Blocker {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.runtime.block_on(connection.close()).unwrap();
        }
    }
}

/// How a program is started, again and again on the same ports.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    database_url: String,
    arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) database_read: Option<String>,
    core_contract: String,
    observer_port: u16,
    api_port: u16,
}

impl Program {
    /// `run` on a database, rooted at the height at which the tests' chains begin.
    pub(crate) fn new(database_url: &str) -> Self {
        Self {
            path: env!("CARGO_BIN_EXE_recoup-indexer").into(),
            database_url: database_url.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            database_read: None,
            core_contract: CORE.to_owned(),
            observer_port: free_port().unwrap(),
            api_port: free_port().unwrap(),
        }
    }

    /// The same with more flags.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(ToString::to_string));
        self
    }

    /// The same on another database, or as somebody else.
    pub(crate) fn on(mut self, database_url: &str) -> Self {
        database_url.clone_into(&mut self.database_url);
        self
    }

    /// The same for another contract.
    pub(crate) fn with_contract(mut self, contract: &str) -> Self {
        contract.clone_into(&mut self.core_contract);
        self
    }

    /// The same with other ports: for a second process beside it.
    pub(crate) fn beside(&self) -> Self {
        Self {
            observer_port: free_port().unwrap(),
            api_port: free_port().unwrap(),
            ..self.clone()
        }
    }

    pub(crate) fn database_url(&self) -> &str {
        &self.database_url
    }

    pub(crate) fn observer_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.observer_port)
    }

    /// Starts it; it may die before it says that it listens.
    pub(crate) fn spawn(&self) -> Running {
        let mut command = self.command("run");
        command
            .args(["--observer-listen", &format!("127.0.0.1:{}", self.observer_port)])
            .args(["--api-listen", &format!("127.0.0.1:{}", self.api_port)])
            .args(&self.arguments)
            .envs(
                self.database_read
                    .iter()
                    .map(|url| ("RECOUP_DATABASE_READ_URL", url)),
            );
        let folder = scratch_folder("indexer").unwrap();
        Running {
            process: Process::spawn("recoup-indexer", command, folder, "TERM").unwrap(),
            api: format!("http://127.0.0.1:{}/api/v1", self.api_port),
            agent: agent(),
        }
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> Running {
        let mut running = self.spawn();
        running.process.first_line(LIMIT).unwrap();
        running
    }

    /// Posts once, as a node does.
    pub(crate) fn post(&self, message: &Posted) -> Option<u16> {
        let request = agent().post(self.observer_url(message.path));
        let response = request.send(message.body.to_string()).ok()?;
        Some(response.status().as_u16())
    }

    /// One of its other commands on the same database and chain.
    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.path);
        command
            .arg(name)
            .env("RECOUP_DATABASE_URL", &self.database_url)
            .env("RECOUP_CHECKPOINT_INTERVAL", CHECKPOINT_INTERVAL.to_string())
            .env("RECOUP_NETWORK", "testnet")
            .env("RECOUP_CORE_CONTRACT", &self.core_contract)
            .env("RECOUP_START_BLOCK", "100")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Posts one message after the other, each again and again until it is answered with 200.
    pub(crate) fn deliver<'a>(&self, messages: impl IntoIterator<Item = &'a Posted>) {
        let end = Instant::now() + LIMIT;
        for message in messages {
            while self.post(message) != Some(200) {
                assert!(Instant::now() < end, "{} was never taken", message.path);
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

fn agent() -> Agent {
    let settings = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .proxy(None);
    settings.build().into()
}

/// A running program.
pub(crate) struct Running {
    pub(crate) process: Process,
    api: String,
    agent: Agent,
}

impl Running {
    /// What its API answers; nothing when nobody does.
    pub(crate) fn ask(&self, path: &str) -> Option<(u16, Value)> {
        let (status, text) = self.ask_text(path)?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    pub(crate) fn ask_text(&self, path: &str) -> Option<(u16, String)> {
        let mut response = self.agent.get(format!("{}{path}", self.api)).call().ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), text))
    }

    /// Waits until an answer is as wanted.
    pub(crate) fn wait_for(&self, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
        let mut last = None;
        let found = wait_until(path, LIMIT, || {
            last = self.ask(path);
            Ok(last
                .as_ref()
                .is_some_and(|(status, body)| wanted(*status, body))
                .then_some(()))
        });
        assert!(found.is_ok(), "{path}: last answer {last:?}");
        last.unwrap().1
    }

    /// Waits until `/ready` is 503 for this reason, and `/health` says it too.
    pub(crate) fn wait_until_not_ready(&self, code: &str) -> Value {
        let names = |body: &Value, list: &str| {
            body[list]
                .as_array()
                .is_some_and(|list| list.iter().any(|found| found["code"] == code))
        };
        self.wait_for("/health", |status, body| {
            if status == 503 {
                names(body, "errors")
            } else {
                names(body, "conditions") && body["ready"] == false
            }
        });
        self.wait_for("/ready", |status, body| {
            status == 503 && names(body, "conditions")
        })
    }

    pub(crate) fn wait_until_ready(&self) -> Value {
        self.wait_for("/ready", |status, _| status == 200)
    }

    /// The codes of what is wrong.
    pub(crate) fn conditions(&self) -> Vec<String> {
        let (_, body) = self.ask("/ready").unwrap();
        let list = body["conditions"].as_array().unwrap();
        list.iter()
            .map(|found| found["code"].as_str().unwrap().to_owned())
            .collect()
    }
}
