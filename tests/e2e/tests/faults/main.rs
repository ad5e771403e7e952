//! Refunds while everything around them goes wrong: the real `recoup` against the local chain. Whatever happens, the payer is
//! paid once or not at all, the user is told the truth, and `recoup refund resume` gets to the end.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod chain;
mod clock;
#[cfg(target_os = "linux")]
mod disk;
mod forks;
mod gaps;
mod journal;
mod kills;
mod node;
mod operations;
mod random;
mod rivals;
mod story;
