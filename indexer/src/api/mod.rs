//! The HTTP API, `/api/v1`: read only, for auditors.

mod combinations;
mod cursor;
mod error;
mod health;
mod invoices;
mod limits;
mod parameters;
mod refund_query;
mod refunds;
mod router;
mod satellites;
mod totals;
mod values;

pub use combinations::{COMBINATIONS, Combination, allowed};
pub use error::ApiFailure;
pub use limits::{CorsOrigins, RateLimit};
pub use router::{ApiContext, ApiSettings, router};
