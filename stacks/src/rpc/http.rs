//! One HTTP exchange: connect, send, read a bounded answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{DATE, HeaderMap};
use reqwest::{ClientBuilder, Method, Response, StatusCode, Url};
use rustls::crypto::{CryptoProvider, ring};
use serde::de::DeserializeOwned;

use super::error::{RpcError, printable};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A client for servers like the one at `url`: bounded in time, follows no redirects, and on loopback
/// ignores the environment's proxies.
///
/// Plain HTTP needs no TLS set-up and no certificates are loaded for it. For HTTPS, the process gets *ring*
/// as its cryptography unless it has chosen one.
pub fn client_builder(url: &Url) -> Result<ClientBuilder, RpcError> {
    let mut builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(REQUEST_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none());
    if matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
        builder = builder.no_proxy();
    }
    if url.scheme() == "https" {
        if CryptoProvider::get_default().is_none() {
            // Lost only to another thread that has just installed one.
            let _ = ring::default_provider().install_default();
        }
        return Ok(builder);
    }
    let no_tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| RpcError::Tls(error.to_string()))?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(builder.tls_backend_preconfigured(no_tls))
}

/// What is sent.
pub(super) struct Request {
    pub(super) method: Method,
    /// Path and query, from the slash on.
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Most bytes of answer that are read.
    pub(super) limit: usize,
}

/// What came back, whatever its status.
pub(super) struct Answer {
    request: String,
    pub(super) status: StatusCode,
    /// The server's clock, as it wrote it.
    pub(super) date: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) async fn fetch(
        http: &reqwest::Client,
        base: &str,
        request: Request,
    ) -> Result<Self, RpcError> {
        // Queries are left out: they are long, and say nothing that helps.
        let path = request.path.split('?').next().unwrap_or_default();
        let name = format!("{} {path}", request.method);
        let network = |source: reqwest::Error| RpcError::Network {
            request: name.clone(),
            // The URL may carry a password.
            source: source.without_url(),
        };
        let response = http
            .request(request.method, format!("{base}{}", request.path))
            .headers(request.headers)
            .body(request.body)
            .send()
            .await
            .map_err(network)?;
        let status = response.status();
        let date = response
            .headers()
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .map(str::to_owned);
        let body = read_bounded(response, request.limit)
            .await
            .map_err(network)?
            .ok_or_else(|| RpcError::TooLarge {
                request: name.clone(),
                limit: request.limit,
            })?;
        Ok(Self {
            request: name,
            status,
            date,
            body,
        })
    }

    /// The body as text, with what is not UTF-8 replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The answer, if its status is 200.
    pub(super) fn ok(self) -> Result<Self, RpcError> {
        if self.status == StatusCode::OK {
            Ok(self)
        } else {
            Err(self.status_error())
        }
    }

    /// The answer, if its status is 200; `None` where the node says that there is no such thing.
    pub(super) fn found(self) -> Result<Option<Self>, RpcError> {
        // Nodes answer 404 for paths they do not know, too; that says nothing about the thing.
        let unknown_path = self.body.starts_with(b"No such file or directory");
        if self.status == StatusCode::NOT_FOUND && !unknown_path {
            Ok(None)
        } else {
            self.ok().map(Some)
        }
    }

    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, RpcError> {
        serde_json::from_slice(&self.body).map_err(|error| self.malformed(error.to_string()))
    }

    pub(super) fn malformed(&self, reason: impl Into<String>) -> RpcError {
        RpcError::Malformed {
            request: self.request.clone(),
            reason: reason.into(),
        }
    }

    pub(super) fn status_error(&self) -> RpcError {
        RpcError::Status {
            request: self.request.clone(),
            status: self.status.as_u16(),
            body: printable(&self.text()),
        }
    }
}

/// The body, or `None` where it is longer than the limit.
async fn read_bounded(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len().saturating_add(chunk.len()) > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
