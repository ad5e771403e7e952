//! `recoup refund`: sending money back.

mod all_payers;
mod approve;
mod batch;
mod batch_report;
mod command;
mod create;
mod evidence;
mod fill;
mod gate;
mod list;
mod plan_text;
mod read;
mod receipt;
mod resume;
mod show;
mod status;
mod verify;

pub use approve::ApproveRefund;
pub use batch::RefundBatch;
pub use command::{RefundCommand, run};
pub use create::CreateRefund;
pub use fill::FillOptions;
pub use list::ListRefunds;
pub use receipt::RefundReceipt;
pub use resume::Resume;
pub(crate) use show::RefundDocument;
pub use show::ShowRefund;
pub use status::RefundStatus;
pub use verify::VerifyRefund;
