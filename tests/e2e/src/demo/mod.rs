//! The demo: the whole path, told on stdout as it happens, and checked against the contracts at the end.

mod history;
mod narrator;
mod satellites;
mod story;

pub use story::tell;
