//! The HTTP API, `/api/v1`: read only, for auditors.

mod cursor;
mod error;
mod health;
mod invoices;
mod parameters;
mod refunds;
mod router;

pub use error::ApiFailure;
pub use router::{ApiContext, ApiSettings, router};
