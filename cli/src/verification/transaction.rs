//! What a transaction's bytes say: whose it is, and which refund it orders.

use recoup_protocol::calls::{PaidIn, RefundOrder, refund_orders};
use recoup_protocol::contracts::Contract;
use recoup_protocol::ids::RefundId;
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, ContractId, Principal};
use recoup_stacks::hash::Txid;
use recoup_stacks::transaction::{Payload, Transaction};

use super::facts::{Facts, Field};
use super::report::Difference;
use crate::profile::Chain;

/// How the transaction came to the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Its sender called core, and is the refund's issuer.
    Direct,
    /// A delegate called the reserve, which is the refund's issuer.
    Reserve,
    /// Some other contract, such as a wallet, called core: who may use that one is its own affair.
    Through(ContractId),
}

/// A transaction whose bytes and signatures hold.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    pub(super) sender: Address,
    pub(super) way: Way,
    /// What it orders, where it says so itself.
    orders: Option<PaidIn<Vec<RefundOrder>>>,
    issuer: Option<Principal>,
}

/// Recomputes the id, recovers the signers, and reads the call.
pub(super) fn read(
    transaction: &Transaction,
    asked: &Txid,
    chain: Chain,
    core: &ContractId,
) -> Result<Signed, Difference> {
    let txid = transaction.txid();
    if txid != *asked {
        return Err(Difference::alone("txid of the bytes", txid, asked));
    }
    if transaction.chain_id != chain.chain_id() || transaction.network != chain.network() {
        let found = format!("{:?} {}", transaction.network, transaction.chain_id);
        return Err(Difference::alone("chain", found, chain.chain_id()));
    }
    transaction
        .verify()
        .map_err(|error| Difference::alone("signature", error, "one of the sender's keys"))?;
    let Payload::ContractCall(call) = &transaction.payload else {
        return Err(Difference::alone("payload", "no contract call", "a refund"));
    };
    let sender = transaction.origin_address();
    let reserve = Contract::Reserve.beside(core);
    let way = if call.contract == *core {
        Way::Direct
    } else if call.contract == reserve {
        Way::Reserve
    } else {
        Way::Through(call.contract.clone())
    };
    let (orders, issuer) = match &way {
        Way::Through(_) => (None, None),
        Way::Direct | Way::Reserve => {
            let wrong = |found: String| Difference::alone("call", found, "a refund");
            let orders = refund_orders(call).map_err(|error| wrong(error.to_string()))?;
            let orders = orders.ok_or_else(|| wrong(call.function.to_string()))?;
            let issuer = match way {
                Way::Reserve => Principal::from(reserve),
                _ => Principal::from(sender),
            };
            (Some(orders), Some(issuer))
        }
    };
    Ok(Signed {
        sender,
        way,
        orders,
        issuer,
    })
}

impl Signed {
    /// The refunds that it made, by what it answered; none where another contract answered. The contract numbers those of
    /// one call in a row and answers the last one.
    pub(super) fn refund_ids(&self, answer: u128) -> Option<Vec<RefundId>> {
        let count = u64::try_from(self.orders.as_ref()?.order.len()).ok()?;
        let last = u64::try_from(answer).ok()?;
        let before = last.checked_sub(count)?;
        Some((before..last).map(|id| RefundId(id.saturating_add(1))).collect())
    }

    /// What it says of a refund. Without its answer, the order that is most like what is known of the refund is meant.
    pub(super) fn facts(
        &self,
        refund_id: RefundId,
        answer: Option<u128>,
        known: &Facts,
    ) -> Result<Facts, Difference> {
        let (Some(paid), Some(issuer)) = (&self.orders, &self.issuer) else {
            return Ok(Facts::default());
        };
        let token = paid
            .token
            .clone()
            .map_or(Token::Stx, |contract| Token::Sip010(contract.into()));
        let facts_of = |order: &RefundOrder| Facts::of_order(order, &token, issuer);
        let Some(answer) = answer else {
            let likeness = |facts: &Facts| {
                let same = |(field, value): &(Field, &str)| known.get(*field) == Some(*value);
                facts.iter().filter(same).count()
            };
            let nearest = paid.order.iter().map(facts_of).max_by_key(likeness);
            return nearest.ok_or_else(|| Difference::alone("refunds", "none", refund_id));
        };
        let ids = self.refund_ids(answer).unwrap_or_default();
        let place = ids.iter().position(|id| *id == refund_id);
        let order = place.and_then(|place| paid.order.get(place));
        match order {
            Some(order) => Ok(facts_of(order).with(Field::RefundId, refund_id)),
            None => {
                let made: Vec<String> = ids.iter().map(ToString::to_string).collect();
                Err(Difference::alone("refund_id", made.join(", "), refund_id))
            }
        }
    }
}

/// The number in an answer that the node writes as `(ok u7)`.
pub(super) fn ok_uint(result: &str) -> Option<u128> {
    result
        .trim()
        .strip_prefix("(ok u")?
        .strip_suffix(')')?
        .parse()
        .ok()
}

/// Whether an answer lets the transaction's effects stand.
pub(super) fn is_ok(result: &str) -> bool {
    result.trim().starts_with("(ok ")
}
