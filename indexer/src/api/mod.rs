//! The HTTP API, `/api/v1`: read only, for auditors.

mod checkpoints;
mod combinations;
mod cursor;
mod error;
mod export;
mod health;
mod invoice;
mod invoices;
mod limits;
mod openapi;
mod operations;
mod parameters;
mod proof;
mod refund_query;
mod refunds;
mod router;
mod satellites;
mod totals;
mod values;

pub use combinations::{COMBINATIONS, Combination, allowed};
pub use error::ApiFailure;
pub use limits::{CorsOrigins, RateLimit};
pub use openapi::document;
pub use operations::{OPERATIONS, Operation, Parameter};
pub use router::{ApiContext, ApiSettings, router};
