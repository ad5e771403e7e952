//! The contracts' bounds, as a wallet checks them before it sends anything. A test compares them with the contracts'
//! sources.

/// Refund window, in burn blocks, of an invoice that names none: about 30 days.
pub const DEFAULT_REFUND_WINDOW: u64 = 4320;
/// Shortest refund window, in burn blocks.
pub const MIN_REFUND_WINDOW: u64 = 144;
/// Shortest refund window of an invoice that takes instalments, in burn blocks.
pub const MIN_INSTALMENT_WINDOW: u64 = 1008;
/// Longest refund window, in burn blocks: about a year.
pub const MAX_REFUND_WINDOW: u64 = 52_560;
/// Longest time to pay, in burn blocks.
pub const MAX_EXPIRES_IN: u64 = 52_560;
/// An instalment is taken only while at least so many burn blocks remain to its payer's deadline.
pub const MIN_INSTALMENT_MARGIN: u64 = 144;
/// Most refunds in one call of `refund-many-*`.
pub const MAX_BATCH: usize = 200;
/// Longest reference, in ASCII characters.
pub const MAX_REFERENCE_LENGTH: usize = 64;
/// Longest memo or reason, in Unicode code points.
pub const MAX_TEXT_LENGTH: usize = 256;
/// Longest interval of a subscription's plan, in burn blocks.
pub const MAX_INTERVAL: u64 = 52_560;
/// Longest period of a delegate's budget, in burn blocks.
pub const MAX_PERIOD: u64 = 52_560;
/// Longest delegation, in burn blocks.
pub const MAX_DELEGATION: u64 = 52_560;
