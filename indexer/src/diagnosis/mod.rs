//! What is wrong, if anything: one list of conditions for `/health`, `/ready`, `/metrics`, `status` and the manual.

mod condition;
mod examine;
mod vitals;

pub use condition::Condition;
pub use examine::{Diagnosis, Followed, diagnose};
pub use vitals::Vitals;
