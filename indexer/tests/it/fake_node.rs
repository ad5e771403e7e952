//! A node of a made-up history behind real sockets, with the faults of real ones.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use recoup_block_tree::{Answer, NODE_TOKEN, Node, Random, Scenario};
use recoup_indexer::repair::{NodeSettings, RepairSettings};
use recoup_stacks::rpc::NodeClient;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// What goes wrong. Chances are percent of requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    /// Answers 500.
    pub(crate) error_chance: usize,
    /// Waits before it answers.
    pub(crate) slow_chance: usize,
    pub(crate) slow: Duration,
    /// Answers a replay with another block's.
    pub(crate) wrong_block_chance: usize,
    /// Answers half of what it should.
    pub(crate) torn_chance: usize,
    /// Demands another token.
    pub(crate) refuses_token: bool,
    /// A path part that is never answered well.
    pub(crate) broken: Option<String>,
}

struct Told {
    /// Messages of the history that the node has taken.
    told: usize,
    faults: Faults,
    random: Random,
    /// Well answered before, until it takes more.
    answers: HashMap<String, Answer>,
}

#[derive(Clone)]
struct Shared {
    scenario: Arc<Scenario>,
    told: Arc<Mutex<Told>>,
    requests: Arc<AtomicUsize>,
}

/// The node, until it is dropped.
pub(crate) struct FakeNode {
    address: SocketAddr,
    shared: Shared,
    _runtime: Runtime,
}

impl FakeNode {
    /// A node that has taken the whole history.
    pub(crate) fn start(scenario: &Arc<Scenario>, seed: u64, faults: Faults) -> Self {
        let told = Told {
            told: scenario.chain.messages.len(),
            faults,
            random: Random::new(seed),
            answers: HashMap::new(),
        };
        let shared = Shared {
            scenario: Arc::clone(scenario),
            told: Arc::new(Mutex::new(told)),
            requests: Arc::default(),
        };
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(any(answer)).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self {
            address,
            shared,
            _runtime: runtime,
        }
    }

    /// Takes so many of the history's messages, be it less than before.
    pub(crate) fn follow(&self, told: usize) {
        let mut state = self.shared.told.lock().unwrap();
        state.told = told;
        state.answers.clear();
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.shared.told.lock().unwrap().faults = faults;
    }

    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Settings of an indexer that asks it often.
    pub(crate) fn repair(&self) -> RepairSettings {
        RepairSettings {
            node: self.settings(),
            every: Duration::from_millis(20),
            sweep_depth: 12,
        }
    }

    pub(crate) fn settings(&self) -> NodeSettings {
        let client = NodeClient::new(&self.url()).unwrap();
        NodeSettings {
            client: client.with_auth_token(NODE_TOKEN).unwrap(),
            requests_per_second: 2_000,
        }
    }
}

async fn answer(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    shared.requests.fetch_add(1, Ordering::Relaxed);
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|token| token.to_str().ok());
    let (answer, pause) = shared.answer(uri.path(), token);
    if let Some(pause) = pause {
        tokio::time::sleep(pause).await;
    }
    let status = StatusCode::from_u16(answer.status).unwrap();
    (status, [(header::CONTENT_TYPE, answer.content_type)], answer.body).into_response()
}

impl Shared {
    fn answer(&self, path: &str, token: Option<&str>) -> (Answer, Option<Duration>) {
        let mut state = self.told.lock().unwrap();
        let faults = state.faults.clone();
        let pause = state.random.percent(faults.slow_chance).then_some(faults.slow);
        let is_broken = faults.broken.as_ref().is_some_and(|broken| path.contains(broken));
        if is_broken || state.random.percent(faults.error_chance) {
            let body = "Internal Server Error".to_owned();
            return (
                Answer {
                    status: 500,
                    content_type: "text/plain",
                    body,
                },
                pause,
            );
        }
        let asked = self.asked(path, &faults, &mut state.random);
        let token = token.filter(|_| !faults.refuses_token);
        let key = format!("{asked} {token:?}");
        let known = state.answers.get(&key).cloned();
        let mut answer = known.unwrap_or_else(|| {
            let told = &self.scenario.chain.messages[..state.told];
            let answer = Node::after(&self.scenario.chain, told).answer(&asked, token);
            state.answers.insert(key, answer.clone());
            answer
        });
        if state.random.percent(faults.torn_chance) {
            let half = answer.body.len() / 2;
            answer.body.truncate(half);
        }
        (answer, pause)
    }

    /// The path, or that of another block.
    fn asked(&self, path: &str, faults: &Faults, random: &mut Random) -> String {
        let head = "/v3/blocks/replay/";
        if path.starts_with(head) && random.percent(faults.wrong_block_chance) {
            let other = random.pick(&self.scenario.chain.blocks).unwrap();
            return format!("{head}{}", other.block.id.trim_start_matches("0x"));
        }
        path.to_owned()
    }
}
