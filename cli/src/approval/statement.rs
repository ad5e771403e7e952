//! What an approver signs: structured data after SIP-018, so that other wallets can show and sign it, too. Everything that
//! makes up the plan is in it: another network, contract, payer, amount, expectation, reference, fee ceiling or expiry is
//! another statement.

use recoup_protocol::record::Record as _;
use recoup_stacks::clarity::{Tuple, Value};
use recoup_stacks::hex;
use recoup_stacks::keys::SecretKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::failure::{Failure, Kind};
use crate::journal::{Approval, ApprovalTerms, BatchIntent, Intent, RefundIntent};
use crate::profile::Chain;

/// SIP-018's prefix of what is hashed.
const PREFIX: &[u8] = b"SIP018";

/// All that an approver has to know: handed over as a file, or read from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The chain.
    pub network: Chain,
    /// Number of the planner's journal entry.
    pub journal_entry: u64,
    /// What is planned.
    pub intent: Intent,
    /// Within what bounds.
    pub terms: ApprovalTerms,
}

impl Request {
    /// The digest that an approver signs.
    ///
    /// # Errors
    /// When it is no refund.
    pub fn digest(&self) -> Result<[u8; 32], Failure> {
        digest(self.network, &self.intent, self.terms)
    }
}

/// The digest of a plan's statement: SHA-256 of the prefix, the domain's hash and the message's hash (SIP-018).
///
/// # Errors
/// When it is no refund.
pub fn digest(chain: Chain, intent: &Intent, terms: ApprovalTerms) -> Result<[u8; 32], Failure> {
    let message = match intent {
        Intent::Refund(refund) => refund_message(refund, terms),
        Intent::RefundMany(batch) => list_message(batch, terms),
        _ => None,
    };
    let message = message.ok_or_else(|| Failure::new(Kind::Internal, "only refunds are approved"))?;
    let domain = tuple([
        ("name", ascii("recoup")),
        ("version", ascii("1")),
        ("chain-id", Value::UInt(chain.chain_id().0.into())),
    ])
    .ok_or_else(|| Failure::new(Kind::Internal, "the statement's domain cannot be written"))?;
    let statement = Sha256::new()
        .chain_update(PREFIX)
        .chain_update(Sha256::digest(domain.encode()))
        .chain_update(Sha256::digest(message.encode()));
    Ok(statement.finalize().into())
}

/// Signs a request's statement.
///
/// # Errors
/// When it is no refund, or the key cannot sign.
pub fn approve(request: &Request, key: &SecretKey) -> Result<Approval, Failure> {
    let signature = key
        .sign(&request.digest()?)
        .map_err(|error| Failure::from_error(Kind::Internal, &error).context("cannot sign the approval"))?;
    Ok(Approval {
        approver: key.address(request.network.network()),
        signature: hex::encode(signature.as_bytes()),
    })
}

fn refund_message(refund: &RefundIntent, terms: ApprovalTerms) -> Option<Value> {
    let fields = common("refund", refund, terms).into_iter().chain(what(refund));
    tuple(fields)
}

/// Nobody reviews thousands of tuples on a device: they are summed up in a hash, and the list's own hash stands beside it.
fn list_message(batch: &BatchIntent, terms: ApprovalTerms) -> Option<Value> {
    let first = &batch.lines.first()?.refund;
    let mut orders = Sha256::new();
    for line in &batch.lines {
        orders.update(Sha256::digest(tuple(what(&line.refund))?.encode()));
    }
    let count = u128::try_from(batch.lines.len()).ok()?;
    let list = [
        ("count", Value::UInt(count)),
        ("list", Value::Buffer(hex::decode(&batch.list).ok()?)),
        ("orders", Value::Buffer(orders.finalize().to_vec())),
    ];
    tuple(common("refund-list", first, terms).into_iter().chain(list))
}

/// Who does it where, within what bounds.
fn common(action: &str, refund: &RefundIntent, terms: ApprovalTerms) -> [(&'static str, Value); 5] {
    [
        ("action", ascii(action)),
        ("core", Value::Principal(refund.core.clone().into())),
        ("issuer", Value::Principal(refund.issuer.clone())),
        ("fee-ceiling", Value::UInt(terms.fee_ceiling.into())),
        ("expires-at", Value::UInt(terms.expires_at.get().into())),
    ]
}

/// What is refunded.
fn what(refund: &RefundIntent) -> [(&'static str, Value); 3] {
    let token = refund.token.contract().cloned().map(Value::Principal);
    [
        ("merchant", Value::Principal(refund.merchant.clone())),
        ("token", Value::optional(token)),
        ("order", refund.order().to_value()),
    ]
}

fn ascii(text: &str) -> Value {
    Value::StringAscii(text.to_owned())
}

fn tuple<'name>(fields: impl IntoIterator<Item = (&'name str, Value)>) -> Option<Value> {
    Tuple::from_text(fields).ok().map(Value::Tuple)
}
