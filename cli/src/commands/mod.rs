//! The commands: each reads what it needs, decides, asks, acts, and says what became of it.

mod act;
pub mod config;
pub mod contracts;
pub mod doctor;
pub mod history;
mod in_browser;
pub mod invoice;
pub mod manual;
pub mod operator;
pub mod pay;
pub mod refund;
pub mod reserve;
mod sending;
mod standing;
pub mod subscription;
pub mod tx;
pub mod wallet;

pub use sending::SendOptions;
pub use standing::Target;
