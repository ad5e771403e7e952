//! Where an entry of the journal stands: what the journal says, what the node says now, what the contract has, and what to
//! do next. Shared by `recoup tx status` and `recoup refund status`.

use std::convert::Infallible;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::GetRefund;
use recoup_stacks::hash::{BurnHeight, StacksHeight, Txid};
use recoup_stacks::rpc::Account;
use serde::Serialize;

use super::refund::RefundDocument;
use super::sending::explorer;
use crate::burn_time;
use crate::clock;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{
    Approval, ApprovalTerms, Book, Draft, Entry, FailedAt, Inclusion, RefundIntent, SignedTransaction, Stage,
    State,
};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::send::{gap, refresh, show_nonces};
use crate::terminal;
use crate::token::TokenInfo;

/// How a user names an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// By its number in the journal.
    Entry(u64),
    /// By the id of one of its transactions.
    Txid(Txid),
    /// By a refund's reference.
    Reference(String),
}

impl FromStr for Target {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(if let Ok(number) = text.parse() {
            Self::Entry(number)
        } else if let Ok(txid) = text.parse() {
            Self::Txid(txid)
        } else {
            Self::Reference(text.to_owned())
        })
    }
}

impl Target {
    /// The newest entry that it names.
    pub(super) fn find(&self, book: &Book) -> Option<u64> {
        self.find_all(book).pop()
    }

    /// All entries that it names, oldest first. A number can be a reference, too.
    pub(super) fn find_all(&self, book: &Book) -> Vec<u64> {
        let named = |reference: &str| {
            let has = |refund: &RefundIntent| {
                refund
                    .reference
                    .as_ref()
                    .is_some_and(|own| own.as_str() == reference)
            };
            numbers(book, |intent| intent.refunds().any(has))
        };
        match self {
            Self::Entry(number) if book.get(*number).is_some() || book.draft(*number).is_some() => {
                vec![*number]
            }
            Self::Entry(number) => named(&number.to_string()),
            Self::Txid(txid) => book
                .entries()
                .filter(|entry| entry.alternatives().any(|one| one.txid == *txid))
                .map(|entry| entry.number)
                .collect(),
            Self::Reference(reference) => named(reference),
        }
    }
}

/// Entries of these intents, signed or not, oldest first.
pub(super) fn numbers(book: &Book, is_meant: impl Fn(&crate::journal::Intent) -> bool) -> Vec<u64> {
    let drafts = book
        .drafts()
        .filter(|draft| is_meant(&draft.intent))
        .map(|draft| draft.number);
    let entries = book
        .entries()
        .filter(|entry| is_meant(&entry.intent))
        .map(|entry| entry.number);
    let mut numbers: Vec<u64> = drafts.chain(entries).collect();
    numbers.sort_unstable();
    numbers
}

/// Of those, what has not come to its end.
pub(super) fn unsettled(book: &Book, is_meant: impl Fn(&crate::journal::Intent) -> bool) -> Vec<u64> {
    let is_unsettled = |number: &u64| {
        book.draft(*number).is_some_and(Draft::is_awaiting)
            || book
                .get(*number)
                .is_some_and(|entry| entry.state.is_open() || matches!(entry.state, State::Included(_)))
    };
    numbers(book, is_meant).into_iter().filter(is_unsettled).collect()
}

#[derive(Serialize)]
struct StandingDocument {
    journal_entry: u64,
    /// What it is for, in words.
    what: String,
    /// The journal's word.
    state: &'static str,
    /// Who refused or gave up, where the state is `failed`: `here`, `node` or `chain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<FailedAt>,
    /// Why, where it failed or was replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// When it was planned (unsigned entries) or signed, by this machine's clock.
    at: DateTime<Utc>,
    /// The refunds that it is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<RefundIntent>,
    /// All transactions that can count for it, the highest fee first; none before it is signed.
    transactions: Vec<AlternativeDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inclusion: Option<InclusionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<ApprovalDocument>,
    /// The refund as the contract has it now.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundDocument>,
    /// What to do, in words.
    next: String,
}

#[derive(Serialize)]
struct AlternativeDocument {
    txid: Txid,
    nonce: u64,
    /// In micro-STX.
    fee: BaseUnits,
    /// What the node says of it now.
    node: NodeWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    explorer: Option<String>,
}

impl InclusionDocument {
    /// The burn height at which this was read.
    fn now(&self) -> BurnHeight {
        BurnHeight(self.burn_height.get().saturating_add(self.burn_confirmations))
    }
}

/// What a node says of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum NodeWord {
    /// It waits to be mined.
    Waiting,
    /// It is in a block of the chain that the node follows.
    InABlock,
    /// The node does not list it, and its nonce is free.
    NotListed,
    /// Its nonce is used; the node keeps no index that tells by which transaction.
    NonceUsed,
    /// The node gave no answer.
    Unknown,
}

impl NodeWord {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InABlock => "in a block",
            Self::NotListed => "not listed",
            Self::NonceUsed => "nonce used",
            Self::Unknown => "no answer",
        }
    }
}

#[derive(Serialize)]
struct InclusionDocument {
    /// Stacks height at which the effect was first seen: included there or before.
    seen_at: StacksHeight,
    burn_height: BurnHeight,
    /// Burn blocks on top of it by now.
    burn_confirmations: u64,
    /// Burn height from which it counts as final.
    final_at: u64,
    /// The id that the contract gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    txid: Option<Txid>,
}

#[derive(Serialize)]
struct ApprovalDocument {
    #[serde(flatten)]
    terms: ApprovalTerms,
    approvals: Vec<Approval>,
}

/// The document and the text of these entries. What is seen on the way is written into the journal; nothing is sent.
pub(super) async fn report(context: &Context, book: &Book, numbers: &[u64]) -> Result<Output, Failure> {
    let view = context.node.view().await?;
    let mut documents = Vec::new();
    for number in numbers {
        if let Some(draft) = book.draft(*number) {
            documents.push(of_draft(draft, view.tip.burn_height));
        } else if let Some(entry) = book.get(*number) {
            documents.push(of_entry(context, &view, entry).await?);
        }
    }
    let mut text = documents.iter().map(to_text).collect::<Vec<_>>().join("\n");
    if documents.is_empty() {
        text = "nothing waits\n".to_owned();
    }
    Output::new(&serde_json::json!({ "entries": documents }), text)
}

fn of_draft(draft: &Draft, burn_height: BurnHeight) -> StandingDocument {
    let number = draft.number;
    let is_expired = draft.terms.is_some_and(|terms| burn_height >= terms.expires_at);
    let next = match draft.stage {
        Stage::AwaitingApproval if is_expired => {
            "the time to approve it is over: run the same command again to plan anew".to_owned()
        }
        Stage::AwaitingApproval if draft.approvals.is_empty() => {
            format!("another person runs `recoup refund approve {number}` with a wallet of their own")
        }
        Stage::AwaitingApproval => "approved: run the same command again to send it".to_owned(),
        _ => "nothing was signed: run the same command again if it is still wanted".to_owned(),
    };
    StandingDocument {
        journal_entry: number,
        what: draft.intent.describe(),
        state: draft.stage.as_str(),
        failed_at: (draft.stage == Stage::Failed).then_some(FailedAt::Here),
        detail: draft.detail.clone(),
        at: draft.planned_at,
        refunds: draft.intent.refunds().cloned().collect(),
        transactions: Vec::new(),
        inclusion: None,
        approval: draft.terms.map(|terms| ApprovalDocument {
            terms,
            approvals: draft.approvals.clone(),
        }),
        refund: None,
        next,
    }
}

async fn of_entry(context: &Context, view: &View<'_>, entry: &Entry) -> Result<StandingDocument, Failure> {
    let entry = match refresh(context, view, entry).await {
        Ok(now) => now,
        // A full disk is no reason not to look.
        Err(failure) if failure.kind == Kind::Internal => {
            terminal::warn(&failure.message);
            entry.clone()
        }
        Err(failure) => return Err(failure),
    };
    let account = view.account(&entry.transaction.sender.into()).await?;
    let mut transactions = Vec::new();
    for transaction in entry.alternatives() {
        transactions.push(AlternativeDocument {
            txid: transaction.txid,
            nonce: transaction.nonce,
            fee: BaseUnits(transaction.fee.into()),
            node: ask(context, transaction, &account).await,
            explorer: explorer(context, &transaction.txid),
        });
    }
    let is_waiting = transactions.iter().any(|one| one.node == NodeWord::Waiting);
    let (failed_at, detail) = match &entry.state {
        State::Failed { at, detail } => (Some(*at), Some(detail.clone())),
        _ => (None, None),
    };
    let inclusion = inclusion(context, view, &entry.state);
    let gap = unused_before(context, &entry, &account)?;
    Ok(StandingDocument {
        journal_entry: entry.number,
        what: entry.intent.describe(),
        state: entry.state.as_str(),
        failed_at,
        detail,
        at: entry.signed_at,
        refunds: entry.refunds().cloned().collect(),
        transactions,
        refund: refund(context, view, &entry).await?,
        next: gap.unwrap_or_else(|| next(&entry, is_waiting, inclusion.as_ref())),
        inclusion,
        approval: None,
    })
}

/// Nonces before this one that are free and that nothing in the journal will use: it can wait for ever.
fn unused_before(context: &Context, entry: &Entry, account: &Account) -> Result<Option<String>, Failure> {
    let unused = gap(&*context.journal.read()?, entry, account.nonce);
    Ok((!unused.is_empty()).then(|| {
        format!(
            "nobody uses {} before it, so that it cannot be included: `recoup refund resume` fills the gap by transactions \
             that do nothing, and then sees this one through",
            show_nonces(&unused)
        )
    }))
}

async fn ask(context: &Context, transaction: &SignedTransaction, account: &Account) -> NodeWord {
    let client = context.node.client();
    let stored = client.transaction(&transaction.txid).await;
    let is_used = transaction.nonce < account.nonce;
    if is_used && stored.is_ok_and(|stored| stored.is_some_and(|stored| stored.is_canonical)) {
        return NodeWord::InABlock;
    }
    // Nodes go on listing what was mined for a while.
    if is_used {
        return NodeWord::NonceUsed;
    }
    match client.unconfirmed(&transaction.txid).await {
        Ok(Some(_)) => NodeWord::Waiting,
        Ok(None) => NodeWord::NotListed,
        Err(_) => NodeWord::Unknown,
    }
}

fn inclusion(context: &Context, view: &View<'_>, state: &State) -> Option<InclusionDocument> {
    let (State::Included(inclusion) | State::Final(inclusion)) = state else {
        return None;
    };
    let Inclusion {
        seen_at,
        burn_height,
        id,
        txid,
    } = inclusion.clone();
    Some(InclusionDocument {
        seen_at,
        burn_height,
        burn_confirmations: view.tip.burn_height.get().saturating_sub(burn_height.get()),
        final_at: burn_height.get().saturating_add(context.profile.final_after),
        id,
        txid,
    })
}

/// The contract's own entry of a single refund. Lists name theirs in the result file.
async fn refund(
    context: &Context,
    view: &View<'_>,
    entry: &Entry,
) -> Result<Option<RefundDocument>, Failure> {
    let (State::Included(inclusion) | State::Final(inclusion)) = &entry.state else {
        return Ok(None);
    };
    let (Some(intent), Some(refund_id)) = (entry.refund(), inclusion.id.map(RefundId)) else {
        return Ok(None);
    };
    let Some(refund) = view.read(&intent.core, &GetRefund { refund_id }).await? else {
        return Ok(None);
    };
    let token = context.cache().token(view, &intent.token).await?;
    Ok(Some(RefundDocument::new(refund_id, refund, &token)))
}

fn next(entry: &Entry, is_waiting: bool, inclusion: Option<&InclusionDocument>) -> String {
    let number = entry.number;
    match &entry.state {
        State::Signed | State::Broadcast if is_waiting => format!(
            "wait for a block; `recoup tx bump {number}` raises the fee if it takes too long, `recoup refund resume` follows it"
        ),
        State::Signed | State::Broadcast => {
            "the node does not list it: `recoup refund resume` sends the same transaction again".to_owned()
        }
        State::Orphaned => {
            "a fork undid it: `recoup refund resume` sends the same transaction again".to_owned()
        }
        State::Included(_) => match inclusion {
            Some(inclusion) => format!(
                "nothing: it counts as final from {}",
                burn_time::moment(BurnHeight(inclusion.final_at), inclusion.now())
            ),
            None => "nothing".to_owned(),
        },
        State::Final(_) => "nothing: it is final".to_owned(),
        State::Failed {
            at: FailedAt::Chain, ..
        } => "nothing was moved but the fee: look at the reason, then run the command again".to_owned(),
        State::Failed { .. } => {
            "nothing was moved: look at the reason, then run the command again".to_owned()
        }
        State::Replaced => "nothing was moved by it: run the command again if it is still wanted".to_owned(),
    }
}

fn to_text(document: &StandingDocument) -> String {
    let mut fields = Fields::new()
        .row("entry", document.journal_entry)
        .row("what", &document.what)
        .row(
            if document.transactions.is_empty() {
                "planned"
            } else {
                "signed"
            },
            clock::with_zone(
                document.at.with_timezone(&chrono::Local).fixed_offset(),
                "%Y-%m-%d %H:%M:%S",
            ),
        )
        .row("state", document.state)
        .optional("reason", document.detail.as_ref());
    for transaction in &document.transactions {
        let AlternativeDocument {
            txid,
            nonce,
            fee,
            node,
            explorer,
        } = transaction;
        fields = fields
            .row(
                "transaction",
                format!(
                    "{txid} (nonce {nonce}, fee {}, node: {})",
                    TokenInfo::Stx.show(*fee),
                    node.as_str()
                ),
            )
            .optional("explorer", explorer.as_ref());
    }
    if let Some(inclusion) = &document.inclusion {
        fields = fields
            .row("seen at height", inclusion.seen_at)
            .row("burn confirmations", inclusion.burn_confirmations)
            .optional("refund id", document.refund.as_ref().and(inclusion.id));
    }
    fields.row("next", &document.next).to_text()
}
