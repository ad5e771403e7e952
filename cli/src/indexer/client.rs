//! Requests.

use std::time::Duration;

use recoup_protocol::api::{BASE_PATH, ErrorBody, Health, Operators, Page, Refund, RefundProof};
use recoup_protocol::ids::RefundId;
use recoup_stacks::address::Principal;
use recoup_stacks::rpc::client_builder;
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::lines::Lines;
use crate::failure::{Failure, Kind};
use crate::profile::Profile;

/// Most bytes of an answer that is read whole.
const LIMIT: usize = 16 * 1024 * 1024;
/// Longest time of an answer that is read whole.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Longest silence within a long answer.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);
/// Longest time of a long answer: as good as none, as its length is anybody's guess.
const LONG_TIME_LIMIT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Parameters of a request.
pub type Question = Vec<(&'static str, String)>;

/// A client of an indexer.
#[derive(Debug, Clone)]
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
        match &profile.indexer {
            Some(url) => Self::at(url),
            None => {
                let message = format!("profile `{}` names no indexer", profile.name);
                Err(Failure::new(Kind::Usage, message).hint("name it with --indexer-url or in the profile"))
            }
        }
    }

    /// The indexer at this URL. Connects when first used.
    ///
    /// # Errors
    /// When it is no URL.
    pub fn at(url: &str) -> Result<Self, Failure> {
        let hint = "give its URL, such as http://127.0.0.1:3780";
        let base = Url::parse(url).map_err(|error| {
            Failure::from_error(Kind::Usage, &error)
                .context(format!("`{url}` is no URL"))
                .hint(hint)
        })?;
        let http = client_builder(&base)
            .map_err(|error| Failure::from_error(Kind::Usage, &error).hint(hint))?
            .timeout(LONG_TIME_LIMIT)
            .read_timeout(SILENCE_LIMIT)
            .build()
            .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
        Ok(Self { http, base })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// A page of refunds.
    ///
    /// # Errors
    /// When the indexer does not answer, or not this question.
    pub async fn refunds(&self, question: &Question) -> Result<Page<Refund>, Failure> {
        self.get("/refunds", question).await
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
        let mut question = vec![("merchant", merchant.to_string())];
        question.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        self.refunds(&question).await
    }

    /// All refunds of a question as the lines of a file, `csv` or `jsonl`, of any length.
    ///
    /// # Errors
    /// When the indexer does not answer, or not this question.
    pub async fn export(&self, format: &str, question: &Question) -> Result<Lines, Failure> {
        let path = format!("/export/refunds.{format}");
        let request = self.http.get(self.address(&path, question));
        let response = request.send().await.map_err(no_answer)?;
        if response.status().is_success() {
            return Ok(Lines::of(response));
        }
        let status = response.status();
        Err(refusal(status, &read(response).await?))
    }

    /// Who may act for a merchant.
    ///
    /// # Errors
    /// When the indexer does not answer.
    pub async fn operators_of(&self, merchant: &Principal) -> Result<Operators, Failure> {
        self.get(&format!("/operators/{merchant}"), &Question::new())
            .await
    }

    /// Where the indexer stands.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn health(&self) -> Result<Health, Failure> {
        self.get("/health", &Question::new()).await
    }

    /// A refund with what leads to it; `None` where the canonical chain has none of this id.
    ///
    /// # Errors
    /// When the indexer does not answer.
    pub async fn refund_proof(&self, id: RefundId) -> Result<Option<RefundProof>, Failure> {
        let path = format!("/refunds/{id}/proof");
        let (status, body) = self.ask(&path, &Question::new()).await?;
        // A path that an older indexer does not have is answered with another code.
        if status == StatusCode::NOT_FOUND && says(&body, "not-found") {
            return Ok(None);
        }
        understood(status, &body).map(Some)
    }

    /// Any path below `/api/v1`, whose answer is read whole.
    ///
    /// # Errors
    /// When the indexer does not answer, or not this question.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, question: &Question) -> Result<T, Failure> {
        let (status, body) = self.ask(path, question).await?;
        understood(status, &body)
    }

    async fn ask(&self, path: &str, question: &Question) -> Result<(StatusCode, Vec<u8>), Failure> {
        let request = self.http.get(self.address(path, question)).timeout(TIME_LIMIT);
        let response = request.send().await.map_err(no_answer)?;
        Ok((response.status(), read(response).await?))
    }

    /// The same, or none when there is no such thing.
    ///
    /// # Errors
    /// When the indexer does not answer.
    pub async fn find<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Failure> {
        match self.get(path, &Question::new()).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.kind == Kind::Refused => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    fn address(&self, path: &str, question: &Question) -> Url {
        let mut url = self.base.clone();
        let base_path = self.base.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base_path}{BASE_PATH}{path}"));
        url.query_pairs_mut().extend_pairs(question);
        url
    }
}

fn understood<T: DeserializeOwned>(status: StatusCode, body: &[u8]) -> Result<T, Failure> {
    if !status.is_success() {
        return Err(refusal(status, body));
    }
    serde_json::from_slice(body).map_err(|error| {
        Failure::from_error(Kind::Network, &error).context("the indexer's answer is not understood")
    })
}

/// Whether a refusal has this code.
fn says(body: &[u8], code: &str) -> bool {
    let body = serde_json::from_slice::<ErrorBody>(body);
    body.is_ok_and(|body| body.errors.iter().any(|error| error.code == code))
}

async fn read(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
        body.extend_from_slice(&chunk);
        if body.len() > LIMIT {
            return Err(Failure::new(Kind::Network, "the indexer's answer is too long"));
        }
    }
    Ok(body)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
pub(super) fn no_answer(error: reqwest::Error) -> Failure {
    Failure::from_error(Kind::Network, &error)
        .context("no answer from the indexer")
        .hint("check that it runs and that --indexer-url or the profile names it")
}

/// What an answer that is no success means to the user.
fn refusal(status: StatusCode, body: &[u8]) -> Failure {
    let kind = match status {
        StatusCode::BAD_REQUEST => Kind::Usage,
        StatusCode::NOT_FOUND => Kind::Refused,
        _ => Kind::Network,
    };
    let mut failure = Failure::new(kind, format!("the indexer answered {status}"));
    let Ok(body) = serde_json::from_slice::<ErrorBody>(body) else {
        return failure;
    };
    if body.errors.iter().any(|error| error.code == "cursor-orphaned") {
        failure =
            failure.hint("the chain forked meanwhile: run the command again, from the list's beginning");
    }
    failure
        .causes
        .extend(body.errors.into_iter().map(|error| error.detail));
    failure
}
