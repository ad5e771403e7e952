//! A second person's word above an amount: when one is needed, what is signed, and whether it holds.
//!
//! This protects a house from its own process: one person at one wallet cannot send a large refund with this program by
//! themselves. It is no rule of the chain: whoever has the wallet's key can sign elsewhere. docs/APPROVALS.md says so.

mod policy;
mod statement;
mod verdict;

pub use policy::ApprovalSettings;
pub use statement::{Request, approve, digest};
pub use verdict::{ApprovalError, Verdict, approver_of, judge};
