//! What a request is answered with when it is not a success.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use recoup_protocol::api::{ApiError, ErrorBody};

use crate::db::DbError;

/// Why a request has no answer. The codes are part of the API.
#[derive(Debug, thiserror::Error)]
pub enum ApiFailure {
    /// No such path.
    #[error("no such path")]
    NoSuchPath,
    /// A method other than GET.
    #[error("this API is read only")]
    MethodNotAllowed,
    /// The canonical chain holds no such thing.
    #[error("no {what} {id} on the canonical chain")]
    NotFound {
        /// What was asked for.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A parameter that the path does not take.
    #[error("unknown parameter `{0}`")]
    UnknownParameter(String),
    /// A parameter given twice.
    #[error("parameter `{0}` is given more than once")]
    RepeatedParameter(String),
    /// A value that the parameter does not take.
    #[error("parameter `{name}`: {problem}")]
    InvalidParameter {
        /// The parameter.
        name: &'static str,
        /// What is wrong with its value.
        problem: String,
    },
    /// Filters and order that no index answers together.
    #[error(
        "no index answers {given}; what is answered is {allowed} (filters, then orders; see the documentation of /refunds)"
    )]
    UnsupportedFilters {
        /// What was asked for.
        given: String,
        /// What may be asked for.
        allowed: String,
    },
    /// A search that would have to look at too many rows.
    #[error("more than {limit} refunds of this merchant hold these words: add a rarer one")]
    TooManyMatches {
        /// How many may.
        limit: u32,
    },
    /// One client asks too much.
    #[error("too many requests: try again in {seconds} s")]
    TooManyRequests {
        /// After how many seconds it may ask again.
        seconds: u64,
    },
    /// The chain forked below the place where the last page ended.
    #[error("the chain forked since the last page: read the list again from its start")]
    CursorOrphaned,
    /// Something in here that should not happen.
    #[error("the answer cannot be written: {0}")]
    Internal(String),
    /// The answer took too long.
    #[error("the answer took too long")]
    TimedOut,
    /// The database is out of reach or took too long.
    #[error("the database does not answer in time")]
    Unavailable(#[from] DbError),
}

impl ApiFailure {
    const fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchPath | Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnknownParameter(_)
            | Self::RepeatedParameter(_)
            | Self::InvalidParameter { .. }
            | Self::UnsupportedFilters { .. }
            | Self::TooManyMatches { .. } => StatusCode::BAD_REQUEST,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::CursorOrphaned => StatusCode::CONFLICT,
            Self::TimedOut | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::NoSuchPath => "no-such-path",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::NotFound { .. } => "not-found",
            Self::UnknownParameter(_) => "unknown-parameter",
            Self::RepeatedParameter(_) => "repeated-parameter",
            Self::InvalidParameter { .. } => "invalid-parameter",
            Self::UnsupportedFilters { .. } => "unsupported-filters",
            Self::TooManyMatches { .. } => "too-many-matches",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::CursorOrphaned => "cursor-orphaned",
            Self::Internal(_) => "internal",
            Self::TimedOut => "timed-out",
            Self::Unavailable(_) => "unavailable",
        }
    }
}

impl From<sqlx::Error> for ApiFailure {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(error.into())
    }
}

impl IntoResponse for ApiFailure {
    fn into_response(self) -> Response {
        if let Self::Unavailable(error) = &self {
            tracing::error!(error = %error.with_causes(), "request failed");
        }
        let error = ApiError {
            code: self.code().to_owned(),
            detail: self.to_string(),
        };
        let mut response = (self.status(), Json(ErrorBody { errors: vec![error] })).into_response();
        if let Self::TooManyRequests { seconds } = self {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
