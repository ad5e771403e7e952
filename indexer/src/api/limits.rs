//! How much one client may ask, and which web pages may.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::error::ApiFailure;

/// Requests between two looks for clients that went away.
const SWEEP_EVERY: u32 = 1_024;

/// How much one client may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests a second in the long run.
    pub per_second: NonZeroU32,
    /// Requests at once.
    pub burst: NonZeroU32,
    /// Header in which a reverse proxy names the client; none: who connects is the client.
    pub client_header: Option<HeaderName>,
}

/// Which web pages may read the API from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// None but those of the same origin.
    None,
    /// Every one: the API is public and knows no cookies.
    Any,
    /// These.
    These(Vec<HeaderValue>),
}

impl CorsOrigins {
    /// The layer that answers browsers.
    pub(super) fn layer(&self) -> CorsLayer {
        let layer = CorsLayer::new().allow_methods([axum::http::Method::GET, axum::http::Method::HEAD]);
        match self {
            Self::None => layer,
            Self::Any => layer.allow_origin(AllowOrigin::any()),
            Self::These(origins) => layer.allow_origin(AllowOrigin::list(origins.iter().cloned())),
        }
    }
}

/// What each client asked lately.
#[derive(Debug, Clone)]
pub(super) struct Limiter(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clients: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    client_header: Option<HeaderName>,
    since_sweep: AtomicU32,
}

impl Limiter {
    pub(super) fn new(limit: &RateLimit) -> Self {
        let quota = Quota::per_second(limit.per_second).allow_burst(limit.burst);
        Self(Arc::new(Inner {
            clients: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            client_header: limit.client_header.clone(),
            since_sweep: AtomicU32::new(0),
        }))
    }

    fn client(&self, request: &Request) -> IpAddr {
        let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let connected = connected.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |info| info.0.ip());
        // A proxy appends: what stands before its own word, the client may have written.
        let named = self
            .0
            .client_header
            .as_ref()
            .and_then(|name| request.headers().get_all(name).iter().next_back())
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        network(named.unwrap_or(connected))
    }
}

/// Whoever has one IPv6 address has a whole /64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        address => address,
    }
}

/// Refuses a client that asks more than it may.
pub(super) async fn limit(
    State(limiter): State<Limiter>,
    request: Request,
    next: Next,
) -> Result<Response, ApiFailure> {
    let inner = &limiter.0;
    if inner.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP_EVERY {
        inner.since_sweep.store(0, Ordering::Relaxed);
        inner.clients.retain_recent();
    }
    match inner.clients.check_key(&limiter.client(&request)) {
        Ok(()) => Ok(next.run(request).await),
        Err(refused) => Err(ApiFailure::TooManyRequests {
            seconds: refused
                .wait_time_from(inner.clock.now())
                .as_secs()
                .saturating_add(1),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_network_of_ipv6() {
        let of = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
        assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
