//! What a transaction's nonce and effect say about it. No more is needed than what every node answers: a node without
//! transaction index cannot tell whether a transaction is in a block, and its mempool still lists mined ones.

use recoup_stacks::hash::BurnHeight;

use crate::journal::State;

/// What a transaction did, as its contract's own state shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// The id that the contract gave to an invoice or a refund.
    pub id: Option<u64>,
    /// The burn height that the contract wrote down, where it does.
    pub burn_height: Option<BurnHeight>,
}

/// What is to be written into the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing new.
    Unchanged,
    /// Its effect is there.
    Included(Effect),
    /// Its nonce is used and its effect is not there: it failed, or another transaction took the nonce.
    WithoutEffect,
    /// A block had used its nonce, and does not count any more.
    Undone,
}

/// Judges a transaction from the account's next nonce and its effect, both read at the same block.
#[must_use]
pub fn judge(state: &State, nonce: u64, account_nonce: u64, effect: Option<Effect>) -> Verdict {
    let is_used = nonce < account_nonce;
    match (state, effect) {
        _ if !is_used && state.used_its_nonce() => Verdict::Undone,
        _ if !is_used => Verdict::Unchanged,
        (State::Included(_) | State::Final(_), Some(_)) => Verdict::Unchanged,
        (_, Some(effect)) => Verdict::Included(effect),
        (State::Failed { .. } | State::Replaced, None) => Verdict::Unchanged,
        (_, None) => Verdict::WithoutEffect,
    }
}

#[cfg(test)]
mod tests {
    use recoup_stacks::hash::StacksHeight;

    use super::*;
    use crate::journal::{FailedAt, Inclusion};

    const EFFECT: Effect = Effect {
        id: Some(1),
        burn_height: Some(BurnHeight(2)),
    };

    fn included() -> State {
        State::Included(Inclusion {
            seen_at: StacksHeight(1),
            burn_height: BurnHeight(2),
            id: Some(1),
            txid: None,
        })
    }

    fn failed() -> State {
        State::Failed {
            at: FailedAt::Chain,
            detail: String::new(),
        }
    }

    #[test]
    fn an_open_transaction_waits_until_its_nonce_is_used() {
        for state in [State::Signed, State::Broadcast, State::Orphaned] {
            assert_eq!(judge(&state, 5, 5, None), Verdict::Unchanged);
            assert_eq!(judge(&state, 5, 6, Some(EFFECT)), Verdict::Included(EFFECT));
            assert_eq!(judge(&state, 5, 6, None), Verdict::WithoutEffect);
        }
    }

    #[test]
    fn an_effect_without_the_nonce_is_somebody_elses() {
        assert_eq!(judge(&State::Broadcast, 5, 5, Some(EFFECT)), Verdict::Unchanged);
    }

    #[test]
    fn a_settled_transaction_is_undone_when_its_nonce_is_free_again() {
        for state in [included(), failed(), State::Replaced] {
            assert_eq!(judge(&state, 5, 5, None), Verdict::Undone);
        }
    }

    #[test]
    fn a_settled_transaction_stays_as_it_is_while_the_chain_agrees() {
        assert_eq!(judge(&included(), 5, 6, Some(EFFECT)), Verdict::Unchanged);
        assert_eq!(judge(&failed(), 5, 6, None), Verdict::Unchanged);
        assert_eq!(judge(&State::Replaced, 5, 6, None), Verdict::Unchanged);
    }

    #[test]
    fn a_fork_can_turn_either_ending_into_the_other() {
        assert_eq!(judge(&included(), 5, 6, None), Verdict::WithoutEffect);
        assert_eq!(judge(&failed(), 5, 6, Some(EFFECT)), Verdict::Included(EFFECT));
    }
}
