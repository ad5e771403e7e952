//! JSON over HTTP with the servers under test, all on this machine.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::Agent;

use crate::{Error, Result};

/// Longer than anything asked here takes on a busy machine; a hanging server must still end the test.
const LIMIT: Duration = Duration::from_secs(120);

/// A client of one server.
#[derive(Debug, Clone)]
pub struct HttpClient {
    base: String,
    agent: Agent,
}

impl HttpClient {
    /// A client of the server at `base`, such as `http://127.0.0.1:20443`.
    #[must_use]
    pub fn new(base: impl Into<String>) -> Self {
        let settings = Agent::config_builder()
            .timeout_global(Some(LIMIT))
            .http_status_as_error(false)
            .proxy(None);
        Self {
            base: base.into(),
            agent: settings.build().into(),
        }
    }

    /// The address that all paths start from.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Asks for `path`.
    ///
    /// # Errors
    /// When the server cannot be reached, answers with a failure, or with other JSON than expected.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let response = self.agent.get(&url).call();
        read(url, response)
    }

    /// Asks for `path`, which is guarded by this `authorization` header.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn get_authorized<T: DeserializeOwned>(&self, path: &str, authorization: &str) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let response = self.agent.get(&url).header("authorization", authorization).call();
        read(url, response)
    }

    /// Posts JSON to `path`.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let response = self.agent.post(&url).send_json(body);
        read(url, response)
    }

    /// Posts bytes to `path`.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub fn post_bytes<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T> {
        let url = format!("{}{path}", self.base);
        let response = self
            .agent
            .post(&url)
            .content_type("application/octet-stream")
            .send(body);
        read(url, response)
    }
}

type Response = ureq::http::Response<ureq::Body>;

fn read<T: DeserializeOwned>(url: String, response: Result<Response, ureq::Error>) -> Result<T> {
    let failed = |source: ureq::Error| Error::Http {
        url: url.clone(),
        source: Box::new(source),
    };
    let mut response = response.map_err(failed)?;
    let text = response.body_mut().read_to_string().map_err(failed)?;
    if !response.status().is_success() {
        return Err(Error::Status {
            status: response.status().as_u16(),
            url,
            body: text,
        });
    }
    serde_json::from_str(&text).map_err(|source| Error::Json {
        what: url,
        source,
        text,
    })
}
