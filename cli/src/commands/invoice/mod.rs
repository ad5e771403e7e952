//! `recoup invoice`: what is to be paid.

mod change;
mod command;
mod create;
mod show;

pub use change::{CancelInvoice, ExtendWindow, ListInvoices};
pub use command::{InvoiceCommand, run};
pub use create::CreateInvoiceArguments;
pub use show::ShowInvoice;

pub(super) use create::refused;
