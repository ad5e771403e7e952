//! A server between the command line and the local chain. It notes what is asked, and can answer one question itself, as
//! the chain answered it first: that makes large lists affordable.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::Result;
use crate::server::{Server, Upstream};

/// The server, until it is dropped.
#[derive(Debug)]
pub struct Relay {
    server: Server,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    /// Stands before the chain at `url`, and passes everything on.
    ///
    /// # Errors
    /// When no port is free.
    pub fn before(url: &str) -> Result<Self> {
        Self::start(url, None)
    }

    /// The same; requests whose path contains `function` are answered from the first one.
    ///
    /// # Errors
    /// When no port is free.
    pub fn replaying(url: &str, function: &'static str) -> Result<Self> {
        Self::start(url, Some(function))
    }

    fn start(chain: &str, replays: Option<&'static str>) -> Result<Self> {
        let chain = Upstream::at(chain);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (noted, first) = (Arc::clone(&requests), OnceLock::new());
        let server = Server::start(move |asked| {
            lock(&noted).push(format!("{} {}", asked.method, asked.path));
            if replays.is_some_and(|function| asked.path.contains(function)) {
                first.get_or_init(|| chain.ask(&asked)).clone()
            } else {
                chain.ask(&asked)
            }
        })?;
        Ok(Self { server, requests })
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What was asked since the last time, in order: method and path.
    #[must_use]
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.requests))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
