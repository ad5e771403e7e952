//! The indexer's HTTP API: a convenience, never a need.

use recoup_protocol::api::{BASE_PATH, ErrorBody, Health, Operators, Page, Refund};
use recoup_stacks::address::Principal;
use recoup_stacks::rpc::client_builder;
use reqwest::Url;
use serde::de::DeserializeOwned;

use crate::failure::{Failure, Kind};
use crate::profile::Profile;

/// Most bytes of an answer.
const LIMIT: usize = 16 * 1024 * 1024;

/// A client of the profile's indexer.
#[derive(Debug)]
pub struct Indexer {
    http: reqwest::Client,
    base: Url,
}

impl Indexer {
    /// The profile's indexer. Connects when first used.
    ///
    /// # Errors
    /// When none is configured, or its URL is none.
    pub fn of(profile: &Profile) -> Result<Self, Failure> {
        let hint = "name it with --indexer-url or in the profile";
        let Some(url) = &profile.indexer else {
            let message = format!("profile `{}` names no indexer", profile.name);
            return Err(Failure::new(Kind::Usage, message).hint(hint));
        };
        let base = Url::parse(url).map_err(|error| {
            Failure::from_error(Kind::Usage, &error)
                .context(format!("`{url}` is no URL"))
                .hint(hint)
        })?;
        let http = client_builder(&base)
            .map_err(|error| Failure::from_error(Kind::Usage, &error).hint(hint))?
            .build()
            .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
        Ok(Self { http, base })
    }

    /// A page of a merchant's refunds.
    ///
    /// # Errors
    /// When the indexer does not answer.
    pub async fn refunds_of(
        &self,
        merchant: &Principal,
        cursor: Option<&str>,
    ) -> Result<Page<Refund>, Failure> {
        let mut query = vec![("merchant", merchant.to_string())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.get("/refunds", &query).await
    }

    /// Who may act for a merchant.
    ///
    /// # Errors
    /// When the indexer does not answer.
    pub async fn operators_of(&self, merchant: &Principal) -> Result<Operators, Failure> {
        self.get(&format!("/operators/{merchant}"), &[]).await
    }

    /// Where the indexer stands.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn health(&self) -> Result<Health, Failure> {
        self.get("/health", &[]).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T, Failure> {
        let mut url = self.base.clone();
        url.set_path(&format!(
            "{}{BASE_PATH}{path}",
            self.base.path().trim_end_matches('/')
        ));
        url.query_pairs_mut().extend_pairs(query);
        let failed = |error: reqwest::Error| {
            Failure::from_error(Kind::Network, &error)
                .context("no answer from the indexer")
                .hint("check that it runs and that --indexer-url or the profile names it")
        };
        let mut response = self.http.get(url).send().await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LIMIT {
                return Err(Failure::new(Kind::Network, "the indexer's answer is too long"));
            }
        }
        let status = response.status();
        if !status.is_success() {
            let mut failure = Failure::new(Kind::Network, format!("the indexer answered {status}"));
            if let Ok(body) = serde_json::from_slice::<ErrorBody>(&body) {
                failure
                    .causes
                    .extend(body.errors.into_iter().map(|error| error.detail));
            }
            return Err(failure);
        }
        serde_json::from_slice(&body).map_err(|error| {
            Failure::from_error(Kind::Network, &error).context("the indexer's answer is not understood")
        })
    }
}
