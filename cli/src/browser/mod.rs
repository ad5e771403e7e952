//! Wallets that live in a browser: their key never comes here. The command line serves one page on loopback, the page asks
//! the injected wallet (as `@stacks/connect` does), and hands back what it said.
//!
//! Who can talk to the server: whoever knows the token in the path, which is made for one question and is gone after the
//! answer; from the page itself only (`Origin` and `Host` are checked against rebinding). The page loads nothing from
//! elsewhere and may be framed by nobody.
//!
//! The wallet is asked to sign and not to send (`stx_signTransaction`), so that the journal is written first, as for every
//! transaction. A wallet that cannot do that is asked to call the contract itself (`stx_callContract`).

mod question;
mod server;

pub use question::{Answer, Question, Reply};
pub use server::{BrowserError, ask};
