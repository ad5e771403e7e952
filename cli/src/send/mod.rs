//! Signing transactions, sending them, and following them to a block.
//!
//! The order is what keeps money safe: sign, write the signed bytes to the journal, wait until they are on disk, and only
//! then send. From there on the transaction is sent again byte for byte until its nonce is used; nothing is ever signed a
//! second time while the first may still count.

mod act;
mod bump;
mod current;
mod effect;
mod fee;
mod fill;
mod follow;
mod judge;
mod nonces;
mod observe;
mod outgoing;
mod post;
mod rejection;

pub use bump::{Raised, does_the_same, raised, record_bump, unsigned};
pub use current::ensure_current;
pub use fee::{Fee, FeeError, FeeFacts};
pub use fill::{MOST_FILLERS, filler, gap, record_fillers, show_nonces};
pub use follow::{Ending, Patience, Start, carry_out};
pub use judge::{Effect, Verdict, judge};
pub use nonces::Nonces;
pub use observe::refresh;
pub use outgoing::{Outgoing, Recorded, plan, price, record, record_signed};
