//! `recoup invoice`: what is to be paid.

mod command;
mod create;
mod show;

pub use command::{InvoiceCommand, run};
pub use create::CreateInvoiceArguments;
pub use show::ShowInvoice;

pub(super) use create::refused;
