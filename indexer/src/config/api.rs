//! Flags of the HTTP API.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use clap::Args;

use crate::api::{ApiSettings, CorsOrigins, RateLimit};

/// Flags of the HTTP API.
#[derive(Debug, Clone, Args)]
pub struct ApiArguments {
    /// Where the API listens.
    #[arg(
        long,
        env = "RECOUP_API_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:3780"
    )]
    pub api_listen: SocketAddr,
    /// Longest time that a request to the API may take.
    #[arg(
        long, env = "RECOUP_API_TIME_LIMIT_MS", value_name = "MILLISECONDS", default_value_t = 10_000,
        value_parser = clap::value_parser!(u64).range(1..=3_600_000)
    )]
    pub api_time_limit_ms: u64,
    /// Longest time that one statement of the API may take in the database.
    #[arg(
        long, env = "RECOUP_API_STATEMENT_LIMIT_MS", value_name = "MILLISECONDS", default_value_t = 5_000,
        value_parser = clap::value_parser!(u64).range(1..=3_600_000)
    )]
    pub api_statement_limit_ms: u64,
    /// Requests a second that one client may make in the long run; 0: no limit.
    #[arg(
        long,
        env = "RECOUP_API_RATE_LIMIT",
        value_name = "REQUESTS",
        default_value_t = 0
    )]
    pub api_rate_limit: u32,
    /// Requests that one client may make at once, where there is a limit.
    #[arg(
        long,
        env = "RECOUP_API_RATE_BURST",
        value_name = "REQUESTS",
        default_value = "50"
    )]
    pub api_rate_burst: NonZeroU32,
    /// Header in which your reverse proxy names the client, for example x-forwarded-for. Without a proxy, leave it out:
    /// clients could write it themselves.
    #[arg(long, env = "RECOUP_API_CLIENT_HEADER", value_name = "NAME")]
    pub api_client_header: Option<HeaderName>,
    /// Web pages that may read the API from a browser: origins such as `https://shop.example`, or * for all.
    #[arg(
        long,
        env = "RECOUP_API_CORS_ORIGINS",
        value_name = "ORIGINS",
        value_delimiter = ','
    )]
    pub api_cors_origins: Vec<CorsOrigin>,
}

impl ApiArguments {
    /// What the API needs to know.
    #[must_use]
    pub fn settings(self) -> ApiSettings {
        ApiSettings {
            time_limit: Duration::from_millis(self.api_time_limit_ms),
            statement_limit: Duration::from_millis(self.api_statement_limit_ms),
            rate_limit: NonZeroU32::new(self.api_rate_limit).map(|per_second| RateLimit {
                per_second,
                burst: self.api_rate_burst,
                client_header: self.api_client_header,
            }),
            cors: self
                .api_cors_origins
                .into_iter()
                .fold(CorsOrigins::None, CorsOrigin::add_to),
        }
    }
}

/// One origin, or all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigin {
    /// `*`
    Any,
    /// Scheme, host and port.
    This(HeaderValue),
}

impl CorsOrigin {
    fn add_to(origins: CorsOrigins, origin: Self) -> CorsOrigins {
        match (origins, origin) {
            (CorsOrigins::Any, _) | (_, Self::Any) => CorsOrigins::Any,
            (CorsOrigins::None, Self::This(origin)) => CorsOrigins::These(vec![origin]),
            (CorsOrigins::These(mut origins), Self::This(origin)) => {
                origins.push(origin);
                CorsOrigins::These(origins)
            }
        }
    }
}

impl FromStr for CorsOrigin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PROBLEM: &str = "must be * or an origin such as https://shop.example, without a path";
        if text == "*" {
            return Ok(Self::Any);
        }
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(PROBLEM)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_plain) {
            return Err(PROBLEM);
        }
        HeaderValue::from_str(text).map(Self::This).map_err(|_| PROBLEM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_origins() {
        for right in [
            "*",
            "https://shop.example",
            "http://127.0.0.1:8080",
            "http://[::1]:80",
        ] {
            assert!(right.parse::<CorsOrigin>().is_ok(), "{right}");
        }
        for wrong in [
            "",
            "shop.example",
            "https://",
            "https://a/",
            "https://a?b",
            "ftp://a",
        ] {
            assert!(wrong.parse::<CorsOrigin>().is_err(), "{wrong}");
        }
        let any = CorsOrigin::add_to(CorsOrigins::These(Vec::new()), CorsOrigin::Any);
        assert_eq!(any, CorsOrigins::Any);
    }
}
