//! JSON of the indexer's HTTP API, `/api/v1`. The indexer writes it, the command line reads it.
//!
//! Amounts are decimal strings of base units, times RFC 3339 in UTC, heights and ids numbers, hashes `0x` and lower-case
//! digits, principals in their usual notation. Heights are named: `burn_height` (Bitcoin) or `stacks_height`.

use chrono::{DateTime, Utc};
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::{BurnBlockHash, BurnHeight, IndexBlockHash, StacksHeight, Txid};
use serde::{Deserialize, Serialize};

use crate::amount::BaseUnits;
use crate::ids::{InvoiceId, RefundId, SubscriptionId};
use crate::status::InvoiceStatus;
use crate::token::Token;

mod audit;

pub use audit::{InvoiceSummary, PrincipalTotals, Stats, StatsBucket, TimelineEntry, TokenTotals};
mod checkpoints;
mod proof;

pub use proof::{
    MapProof, NodeEvidence, NodeState, ProofBlock, ProofEvent, ProofHeader, ProofMapEntry, ProofTransaction,
    ProofTransfer, RefundProof,
};
mod satellites;

pub use checkpoints::{Checkpoint, CheckpointTotal, SupersededCheckpoint};
pub use satellites::{
    Operator, Operators, PaidFrom, Reserve, ReserveDelegate, Reserves, Subscription, SubscriptionHistory,
    SubscriptionPayment,
};

/// Where every path of the API starts.
pub const BASE_PATH: &str = "/api/v1";

/// Where an event stands on the chain that the node follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// Canonical, and not yet deep enough to be final.
    Seen,
    /// Canonical and at least N burn blocks deep.
    Final,
    /// Its block left the chain.
    Orphaned,
}

/// The place of an event on the chain: what anybody needs to look it up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// The transaction.
    pub txid: Txid,
    /// Which of the transaction's events, from 0, in the chain's order.
    pub ordinal: u32,
    /// Its block's identity.
    pub index_block_hash: IndexBlockHash,
    /// Its block's height.
    pub stacks_height: StacksHeight,
    /// Burn view that the contract saw.
    pub burn_height: BurnHeight,
    /// When the block was made, as far as the chain says.
    pub block_time: Option<DateTime<Utc>>,
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refund {
    /// The contract's name for it: valid on its fork.
    pub refund_id: RefundId,
    /// What was paid.
    pub invoice_id: InvoiceId,
    /// Whose invoice.
    pub merchant: Principal,
    /// Who sent it, and whose balance paid it.
    pub issuer: Principal,
    /// Whose funds these were.
    pub paid_from: PaidFrom,
    /// Who refunded from the merchant's reserve; none for others.
    pub delegate: Option<Principal>,
    /// Who got it back.
    pub payer: Principal,
    /// What it was paid in.
    pub token: Token,
    /// This refund.
    pub amount: BaseUnits,
    /// The merchant's public text, raw: escape it wherever it is shown. U+0000 is shown as `\u{0}`.
    pub reason: Option<String>,
    /// The merchant's own name for it.
    pub reference: Option<String>,
    /// All that this payer paid on the invoice.
    pub payer_paid: BaseUnits,
    /// All that this payer was refunded on the invoice, this refund included.
    pub payer_refunded: BaseUnits,
    /// First burn height at which a refund to this payer is refused.
    pub deadline: BurnHeight,
    /// Whether event, token transfer and accounting agree.
    pub proven: bool,
    /// What does not agree; none when it is proven.
    pub disagreement: Option<String>,
    /// Where it stands.
    pub status: Tier,
    /// Where to find it.
    pub position: Position,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Payment {
    /// Who paid.
    pub payer: Principal,
    /// This payment.
    pub amount: BaseUnits,
    /// All that this payer paid on the invoice, this payment included.
    pub payer_paid: BaseUnits,
    /// First burn height at which a refund to this payer is refused.
    pub deadline: BurnHeight,
    /// Whether event, token transfer and accounting agree.
    pub proven: bool,
    /// What does not agree; none when it is proven.
    pub disagreement: Option<String>,
    /// Where it stands.
    pub status: Tier,
    /// Where to find it.
    pub position: Position,
}

/// What one payer paid and was refunded on an invoice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PayerLedger {
    /// Whose.
    pub payer: Principal,
    /// Sum of its payments.
    pub paid: BaseUnits,
    /// Sum of its refunds.
    pub refunded: BaseUnits,
    /// First burn height at which a refund to this payer is refused.
    pub deadline: BurnHeight,
}

/// One invoice with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Invoice {
    /// The contract's name for it: valid on its fork.
    pub invoice_id: InvoiceId,
    /// Whose wallet is paid.
    pub merchant: Principal,
    /// Who created it: the merchant, or an operator.
    pub issuer: Principal,
    /// What it is paid in.
    pub token: Token,
    /// What is to be paid.
    pub amount: BaseUnits,
    /// Sum of all payments.
    pub amount_paid: BaseUnits,
    /// Sum of all refunds.
    pub amount_refunded: BaseUnits,
    /// Derived at the chain's burn height.
    pub status: InvoiceStatus,
    /// Smallest instalment; none = one exact payment.
    pub min_payment: Option<BaseUnits>,
    /// Who alone may pay.
    pub only_payer: Option<Principal>,
    /// The merchant's own name for it.
    pub reference: Option<String>,
    /// The merchant's public text, raw.
    pub memo: Option<String>,
    /// The subscription that it is a payment of, as its issuer says.
    pub subscription_id: Option<SubscriptionId>,
    /// Whether that is true: the subscriptions contract made the invoice and says the same itself. Any other issuer can
    /// name any number.
    pub subscription_proven: bool,
    /// Burn blocks from a payer's first payment to its deadline.
    pub refund_window: u64,
    /// Burn height of the first payment.
    pub first_payment_at: Option<BurnHeight>,
    /// First burn height at which payments are refused.
    pub expires_at: BurnHeight,
    /// Where its creation stands.
    pub position: Position,
    /// The first 100, by name.
    pub payers: Vec<PayerLedger>,
    /// The first 100, in the chain's order.
    pub payments: Vec<Payment>,
    /// The first 100, in the chain's order.
    pub refunds: Vec<Refund>,
    /// Where these lists go on.
    pub more: InvoiceMore,
}

/// Paths, below the server's address, at which the lists of an invoice go on: pages. None for a list that is whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct InvoiceMore {
    /// More payers.
    pub payers: Option<String>,
    /// More payments.
    pub payments: Option<String>,
    /// More refunds.
    pub refunds: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page<T> {
    /// The rows, in the list's documented order.
    pub items: Vec<T>,
    /// Hand it over as `cursor` to read on; none at the end of the list.
    pub next_cursor: Option<String>,
}

/// The block that the indexer takes for the chain's newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Tip {
    /// Its identity.
    pub index_block_hash: IndexBlockHash,
    /// Its height.
    pub stacks_height: StacksHeight,
    /// Burn block that it saw.
    pub burn_block_hash: BurnBlockHash,
    /// Height of that burn block.
    pub burn_height: BurnHeight,
}

/// Whether the indexer's answers can be trusted now, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Health {
    /// `ok`, or `degraded` when there are conditions.
    pub status: HealthStatus,
    /// Whether requests should come to this process: no condition speaks against it.
    pub ready: bool,
    /// What is wrong, the worst first.
    pub conditions: Vec<HealthCondition>,
    /// The process that answers; none when nothing but the tables was looked at.
    pub process: Option<ProcessHealth>,
    /// The contract that is followed.
    pub core_contract: ContractId,
    /// The subscriptions contract that is followed beside it; none until a version that does so used the database.
    pub subscriptions_contract: Option<ContractId>,
    /// The reserve contract that is followed beside it.
    pub reserve_contract: Option<ContractId>,
    /// Lowest Stacks height whose events of these two, and of operators, are known; none when none is missing. A database
    /// that an older version began lacks what came before: import into a new one.
    pub satellites_from: Option<StacksHeight>,
    /// Newest block; none before the first.
    pub tip: Option<Tip>,
    /// Greatest burn height announced by the node.
    pub burn_height: Option<BurnHeight>,
    /// Burn blocks between the newest announced and the one that the tip saw.
    pub lag_burn_blocks: Option<u64>,
    /// Lowest height that is followed; none until the block that deployed the contract is seen.
    pub root_stacks_height: Option<StacksHeight>,
    /// Payloads stored and not yet worked on.
    pub inbox_depth: u64,
    /// When the oldest of them was stored; none when none waits.
    pub inbox_oldest_at: Option<DateTime<Utc>>,
    /// When the last payload was stored; none when none is kept.
    pub last_message_at: Option<DateTime<Utc>>,
    /// When the writer last said that it lives, which it does every few seconds.
    pub writer_seen_at: Option<DateTime<Utc>>,
    /// What is known of the replication; none when this is no replica.
    pub replica: Option<ReplicaHealth>,
    /// Payloads that could not be decoded.
    pub quarantined: u64,
    /// Prints of the contracts that could not be decoded.
    pub undecodable_events: u64,
    /// Canonical refunds in which event, token transfer and accounting disagree.
    pub unproven_refunds: u64,
    /// Canonical events of subscriptions and reserve that disagree with what is around them.
    pub unproven_satellite_events: u64,
    /// Places where the chain of parents is broken.
    pub open_gaps: u64,
    /// Changes of the canonical branch so far.
    pub reorgs: u64,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HealthCondition {
    /// Stable, for programs: `open-gaps`, `no-writer`, ... The manual lists them all, with what to do.
    pub code: String,
    /// For people.
    pub detail: String,
    /// Whether requests should go to another process as long as this lasts.
    pub blocks_ready: bool,
}

/// What a process does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcessHealth {
    /// Version of the program.
    pub version: String,
    /// Whether it takes the node's messages.
    pub observer: bool,
    /// Whether it follows them when no other process does.
    pub ingest: bool,
    /// Whether it is the one that follows them now.
    pub is_writer: bool,
    /// Whether it answers more than `/health`, `/ready` and `/metrics`.
    pub api: bool,
}

/// What is known of the replication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReplicaHealth {
    /// Seconds since the writer's last sign of life that arrived: a few, normally. None before the first.
    pub lag_seconds: Option<u64>,
}

/// Answer of `/ready`: status 200 or 503.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Readiness {
    /// Whether requests should come to this process.
    pub ready: bool,
    /// What is wrong, the worst first.
    pub conditions: Vec<HealthCondition>,
}

/// See [`Health::status`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum HealthStatus {
    /// Nothing to look at.
    Ok,
    /// There are conditions.
    Degraded,
}

/// Body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ErrorBody {
    /// At least one.
    pub errors: Vec<ApiError>,
}

/// One thing that is wrong with a request, or with the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiError {
    /// Stable, for programs: `not-found`, `unknown-parameter`, ...
    pub code: String,
    /// For people.
    pub detail: String,
}
