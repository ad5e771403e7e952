//! The client itself; its endpoints stand in the files beside this one.

use std::fmt;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use serde::Serialize;

use super::error::RpcError;
use super::http::{Answer, Request, client_builder};
use crate::hash::IndexBlockHash;

/// Most bytes of an ordinary answer. Contract sources and interfaces are the longest.
pub(super) const ORDINARY_LIMIT: usize = 8 * 1024 * 1024;
/// Most bytes of a block with all its events.
pub(super) const BLOCK_LIMIT: usize = 128 * 1024 * 1024;

/// A node, or a hosted API that answers a node's paths.
#[derive(Clone)]
pub struct NodeClient {
    http: reqwest::Client,
    base: String,
    auth_token: Option<HeaderValue>,
}

impl NodeClient {
    /// A client of the node at this URL, for example `http://127.0.0.1:20443`. Connects when first used.
    pub fn new(url: &str) -> Result<Self, RpcError> {
        let wrong = |reason: String| RpcError::Url {
            url: url.to_owned(),
            reason,
        };
        let parsed = Url::parse(url).map_err(|error| wrong(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(wrong("expected http:// or https://".to_owned()));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(wrong("expected no query and no fragment".to_owned()));
        }
        let http = client_builder(&parsed)?
            .build()
            .map_err(|error| RpcError::Tls(error.to_string()))?;
        Ok(Self {
            http,
            base: parsed.as_str().trim_end_matches('/').to_owned(),
            auth_token: None,
        })
    }

    /// With the node's `connection_options.auth_token`, which block replay asks for.
    pub fn with_auth_token(mut self, token: &str) -> Result<Self, RpcError> {
        let mut value = HeaderValue::from_str(token).map_err(|_| RpcError::Token)?;
        value.set_sensitive(true);
        self.auth_token = Some(value);
        Ok(self)
    }

    /// The node's URL, without a slash at its end.
    pub fn base_url(&self) -> &str {
        &self.base
    }

    pub(super) async fn get(&self, path: String, limit: usize) -> Result<Answer, RpcError> {
        let headers = HeaderMap::new();
        let request = Request {
            method: Method::GET,
            path,
            headers,
            body: Vec::new(),
            limit,
        };
        Answer::fetch(&self.http, &self.base, request).await
    }

    pub(super) async fn get_authorized(&self, path: String, limit: usize) -> Result<Answer, RpcError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &self.auth_token {
            headers.insert(AUTHORIZATION, token.clone());
        }
        let request = Request {
            method: Method::GET,
            path,
            headers,
            body: Vec::new(),
            limit,
        };
        Answer::fetch(&self.http, &self.base, request).await
    }

    pub(super) async fn post(
        &self,
        path: String,
        content_type: &'static str,
        body: Vec<u8>,
    ) -> Result<Answer, RpcError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        let request = Request {
            method: Method::POST,
            path,
            headers,
            body,
            limit: ORDINARY_LIMIT,
        };
        Answer::fetch(&self.http, &self.base, request).await
    }

    pub(super) async fn post_json(&self, path: String, body: &impl Serialize) -> Result<Answer, RpcError> {
        let body = serde_json::to_vec(body).map_err(|error| RpcError::Malformed {
            request: format!("POST {path}"),
            reason: format!("cannot be sent: {error}"),
        })?;
        self.post(path, "application/json", body).await
    }
}

impl fmt::Debug for NodeClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may carry a password.
        formatter.debug_struct("NodeClient").finish_non_exhaustive()
    }
}

/// A path with the block to read at, or without one for the node's newest.
///
/// A malformed tip would silently mean "newest"; this one cannot be malformed.
pub(super) fn at_tip(path: String, tip: Option<&IndexBlockHash>) -> String {
    match tip {
        None => path,
        Some(tip) => {
            let separator = if path.contains('?') { '&' } else { '?' };
            format!("{path}{separator}tip={}", tip.to_bare_hex())
        }
    }
}

/// Turns the node's "chain tip not found" into an error of its own.
pub(super) fn check_tip(answer: Answer, tip: Option<&IndexBlockHash>) -> Result<Answer, RpcError> {
    let says_so = answer.status == reqwest::StatusCode::NOT_FOUND && answer.text().starts_with("Chain tip");
    match tip {
        Some(tip) if says_so => Err(RpcError::UnknownTip { tip: *tip }),
        _ => Ok(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tip_joins_the_query() {
        let tip = IndexBlockHash::from_bytes([0xab; 32]);
        let digits = "ab".repeat(32);
        assert_eq!(at_tip("/a".to_owned(), Some(&tip)), format!("/a?tip={digits}"));
        assert_eq!(
            at_tip("/a?proof=0".to_owned(), Some(&tip)),
            format!("/a?proof=0&tip={digits}")
        );
        assert_eq!(at_tip("/a".to_owned(), None), "/a");
    }

    #[test]
    fn a_client_says_nothing_of_its_secrets() {
        let client = NodeClient::new("http://user:secret@127.0.0.1:1")
            .unwrap()
            .with_auth_token("token")
            .unwrap();
        assert_eq!(format!("{client:?}"), "NodeClient { .. }");
        let token = NodeClient::new("http://127.0.0.1:1")
            .unwrap()
            .with_auth_token("a\nb");
        assert!(matches!(token, Err(RpcError::Token)));
    }
}
