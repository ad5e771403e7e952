//! Parameters of a request: each known, at most once, and well formed. What is not understood is refused, so that a
//! misspelt filter never answers with everything.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;

use super::error::ApiFailure;

/// The parameters of a request that nobody took yet.
#[derive(Debug)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        let Query(pairs) = Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiFailure::InvalidParameter {
                name: "query",
                problem: error.body_text(),
            })?;
        let mut values = BTreeMap::new();
        for (name, value) in pairs {
            // PostgreSQL's texts cannot hold it, and nothing that is looked for does.
            if value.contains('\0') {
                return Err(ApiFailure::InvalidParameter {
                    name: "query",
                    problem: format!("the value of `{name}` holds a U+0000"),
                });
            }
            if values.contains_key(&name) {
                return Err(ApiFailure::RepeatedParameter(name));
            }
            values.insert(name, value);
        }
        Ok(Self { values })
    }
}

impl Parameters {
    /// Takes a parameter, if it is given.
    pub(super) fn take<T>(&mut self, name: &'static str) -> Result<Option<T>, ApiFailure>
    where
        T: FromStr,
        T::Err: Display,
    {
        let Some(text) = self.values.remove(name) else {
            return Ok(None);
        };
        let invalid = |error: T::Err| ApiFailure::InvalidParameter {
            name,
            problem: error.to_string(),
        };
        text.parse().map(Some).map_err(invalid)
    }

    /// Refuses what nobody took.
    pub(super) fn finish(self) -> Result<(), ApiFailure> {
        self.values
            .into_keys()
            .next()
            .map_or(Ok(()), |name| Err(ApiFailure::UnknownParameter(name)))
    }
}

/// A part of a path that names something.
#[derive(Debug)]
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiFailure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiFailure> {
        // What is no text names nothing.
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiFailure::NoSuchPath)?;
        Ok(Self(text))
    }
}

/// An id in a path. Core counts from 1, and a bigint is more than it can reach: others name nothing.
pub(super) fn path_id<T>(text: &str, what: &'static str, number: fn(&T) -> u64) -> Result<T, ApiFailure>
where
    T: FromStr,
    T::Err: Display,
{
    let not_found = || ApiFailure::NotFound {
        what,
        id: text.chars().take(40).collect(),
    };
    let id: T = text.parse().map_err(|_| not_found())?;
    i64::try_from(number(&id)).map(|_| id).map_err(|_| not_found())
}
