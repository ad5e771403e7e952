//! A customer's receipt of a refund, with what is needed to check it: as text, as a document, as a page.

mod document;
mod page;

pub use document::{Receipt, ReceiptBlock, ReceiptCheck};
pub use page::to_html;
