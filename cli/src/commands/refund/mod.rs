//! `recoup refund`: sending money back.

mod batch;
mod batch_report;
mod command;
mod create;
mod list;
mod plan_text;
mod resume;
mod show;

pub use batch::RefundBatch;
pub use command::{RefundCommand, run};
pub use create::CreateRefund;
pub use list::ListRefunds;
pub use resume::Resume;
pub use show::ShowRefund;
