//! Which nonce comes next, as far as anybody knows.

use recoup_stacks::address::Address;
use recoup_stacks::rpc::NodeClient;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::Book;
use crate::terminal;

/// What is known of an account's nonces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonces {
    /// The first that no block uses.
    pub confirmed: u64,
    /// The first that no waiting transaction uses either, when a hosted API is configured that knows.
    pub waiting: Option<u64>,
    /// Those of all waiting transactions, as far as that API names them.
    pub pending: Vec<u64>,
}

impl Nonces {
    /// Adds what the profile's hosted API knows of the mempool. One request when one is configured. Without its answer the
    /// journal alone is trusted: two transactions of one nonce cannot both count.
    ///
    /// # Errors
    /// When its URL is none.
    pub async fn read(context: &Context, sender: Address, confirmed: u64) -> Result<Self, Failure> {
        let Some(url) = &context.profile.api else {
            return Ok(Self {
                confirmed,
                waiting: None,
                pending: Vec::new(),
            });
        };
        let client = NodeClient::new(url).map_err(|error| {
            Failure::from_error(Kind::Usage, &error).hint("fix --api-url or `recoup config set api`")
        })?;
        let (waiting, pending) = match client.nonces(&sender.into()).await {
            Ok(nonces) => (Some(nonces.next_nonce), nonces.mempool.pending_nonces),
            Err(error) => {
                terminal::warn(&format!(
                    "the hosted API does not say what waits in the mempool ({error}): transactions that other programs sent \
                     from this wallet are not seen"
                ));
                (None, Vec::new())
            }
        };
        Ok(Self {
            confirmed,
            waiting,
            pending,
        })
    }

    /// Whether a transaction is known to wait under this nonce.
    #[must_use]
    pub fn waits(&self, nonce: u64) -> bool {
        self.pending.contains(&nonce)
    }

    /// The nonce to sign with: above what is confirmed, what the journal holds, and what waits.
    #[must_use]
    pub fn next(&self, book: &Book, sender: &Address) -> u64 {
        let own = book.next_nonce(sender, self.confirmed);
        match self.waiting {
            Some(waiting) if waiting > own => {
                terminal::note(&format!(
                    "transactions of another program wait in the mempool: this one gets nonce {waiting}, after them"
                ));
                book.next_nonce(sender, waiting)
            }
            _ => own,
        }
    }
}
