//! The demo: the whole path, told on stdout as it happens, and checked against the contract at the end.

mod narrator;
mod story;

pub use story::tell;
