//! What one line of the journal says.

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::RefundOrder;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, ContractId, Principal};
use recoup_stacks::hash::{BurnHeight, StacksHeight, Txid};
use serde::{Deserialize, Serialize};

use super::act::ActIntent;
use super::stage::Step;

/// A change of one entry. Enums are tagged from outside: serde cannot read numbers inside an inner-tagged enum while
/// serde_json's `arbitrary_precision` is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The entry's number, dense from 1.
    pub entry: u64,
    /// When the line was written.
    pub at: DateTime<Utc>,
    /// What happened.
    pub change: Change,
}

/// What happened to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "records are few and short-lived")]
pub enum Change {
    /// A new entry: what is wanted. Nothing is signed yet.
    Planned {
        /// What the transaction is for.
        intent: Intent,
    },
    /// A second person has to agree before it is signed.
    AwaitingApproval(ApprovalTerms),
    /// A second person agreed.
    Approved(Approval),
    /// The transaction that does it.
    Signed {
        /// The transaction itself.
        transaction: SignedTransaction,
    },
    /// The same transaction with a higher fee: one of all alternatives can count, whichever is included.
    Bumped {
        /// The new alternative.
        transaction: SignedTransaction,
    },
    /// A node accepted it.
    Broadcast {},
    /// Its effect was seen.
    Included(Inclusion),
    /// It is not expected to be undone any more.
    Final {},
    /// It has no effect.
    Failed {
        /// Who gave it up or refused it.
        at: FailedAt,
        /// The contract's error number as decimal text, when known.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<BaseUnits>,
        /// In words.
        detail: String,
    },
    /// Its place went to others.
    Replaced {
        /// In words.
        detail: String,
    },
    /// A fork undid what was seen.
    Orphaned {},
}

impl Change {
    /// What it does.
    #[must_use]
    pub const fn step(&self) -> Step {
        match self {
            Self::Planned { .. } => Step::Planned,
            Self::AwaitingApproval(_) => Step::AwaitingApproval,
            Self::Approved(_) => Step::Approved,
            Self::Signed { .. } => Step::Signed,
            Self::Bumped { .. } => Step::Bumped,
            Self::Broadcast {} => Step::Broadcast,
            Self::Included(_) => Step::Included,
            Self::Final {} => Step::Final,
            Self::Failed { .. } => Step::Failed,
            Self::Replaced { .. } => Step::Replaced,
            Self::Orphaned {} => Step::Orphaned,
        }
    }
}

/// Within what bounds a second person is asked to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovalTerms {
    /// Most that a transaction may cost, in micro-STX.
    pub fee_ceiling: u64,
    /// First burn height at which an approval is void. Heights, not clocks: a clock can be wrong.
    pub expires_at: BurnHeight,
}

/// A second person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Who agreed.
    pub approver: Address,
    /// The signature of the approval statement: 65 bytes (recovery id, r, s) in hexadecimal.
    pub signature: String,
}

/// Who gave up or refused a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailedAt {
    /// This program, before it was signed: there is no transaction.
    Here,
    /// The node, when it was first sent: the nonce is free again.
    Node,
    /// The contract or a post-condition, in a block: the nonce is used.
    Chain,
}

/// A signed transaction, whole: it can be sent again byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTransaction {
    /// Its id.
    pub txid: Txid,
    /// Its bytes in hexadecimal.
    pub raw: String,
    /// Who signed and pays.
    pub sender: Address,
    /// Its place in the sender's order.
    pub nonce: u64,
    /// In micro-STX.
    pub fee: u64,
}

/// Where the effect of a transaction was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inclusion {
    /// Height of the Stacks tip at which the effect was first seen: included there or before.
    pub seen_at: StacksHeight,
    /// The burn height of that tip.
    pub burn_height: BurnHeight,
    /// The id that the contract gave to an invoice or a refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Which transaction it was, when the fee was raised and the node keeps an index that tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub txid: Option<Txid>,
}

/// What a transaction is for: enough to recognise its effect on chain and to recognise the same wish again. To add a sort:
/// a variant here, an arm in [`Self::describe`], and one in `send::effect::find` that finds the effect in the contract's own
/// state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Intent {
    /// A contract is deployed.
    Deploy {
        /// Its id.
        contract: ContractId,
        /// SHA-256 of its source, in hexadecimal.
        source_sha256: String,
    },
    /// An invoice is created.
    CreateInvoice(InvoiceIntent),
    /// An invoice is paid.
    Pay(PaymentIntent),
    /// A payer is refunded.
    Refund(RefundIntent),
    /// Several lines of a list are refunded by one transaction: all or none.
    RefundMany(BatchIntent),
    /// Anything else that a contract is asked to do.
    Act(ActIntent),
}

impl Intent {
    /// In a few words, for people.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Deploy { contract, .. } => format!("deploy of {contract}"),
            Self::CreateInvoice(invoice) => format!("invoice `{}`", invoice.reference),
            Self::Pay(payment) => format!("payment of invoice {}", payment.invoice_id),
            Self::Refund(refund) => format!("refund of invoice {}", refund.invoice_id),
            Self::RefundMany(batch) => format!("{} refunds of a list", batch.lines.len()),
            Self::Act(act) => act.act.describe(),
        }
    }
}

/// An invoice to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceIntent {
    /// The contract.
    pub core: ContractId,
    /// Who creates it.
    pub merchant: Principal,
    /// The merchant's own id for it. Always there: the contract's id is known only after inclusion.
    pub reference: Reference,
    /// What is to be paid.
    pub amount: BaseUnits,
    /// In which token.
    pub token: Token,
}

/// A payment to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentIntent {
    /// The contract.
    pub core: ContractId,
    /// For which invoice.
    pub invoice_id: InvoiceId,
    /// To whom.
    pub merchant: Principal,
    /// From whom.
    pub payer: Principal,
    /// In which token.
    pub token: Token,
    /// How much.
    pub amount: BaseUnits,
    /// What the payer had paid when this was planned.
    pub paid_before: BaseUnits,
}

/// A refund to be issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundIntent {
    /// The contract.
    pub core: ContractId,
    /// Of which invoice.
    pub invoice_id: InvoiceId,
    /// The invoice's merchant.
    pub merchant: Principal,
    /// Whose wallet signs and pays; the reserve contract when a delegate refunds from the merchant's reserve.
    pub issuer: Principal,
    /// Who signs for the reserve; none when the issuer signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<Principal>,
    /// To whom.
    pub payer: Principal,
    /// In which token.
    pub token: Token,
    /// What was asked for: `full`, a percentage, or base units. Recognises the same command when it is run again.
    pub asked: String,
    /// How much that is.
    pub amount: BaseUnits,
    /// What the payer had been refunded when this was planned; the contract refuses if that changed.
    pub expected_refunded: BaseUnits,
    /// The merchant's own id for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Why, for everybody to read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

impl RefundIntent {
    /// Whose wallet signs.
    #[must_use]
    pub fn signer(&self) -> &Principal {
        self.delegate.as_ref().unwrap_or(&self.issuer)
    }

    /// What the contract is asked to do.
    #[must_use]
    pub fn order(&self) -> RefundOrder {
        RefundOrder {
            invoice_id: self.invoice_id,
            payer: self.payer.clone(),
            amount: self.amount,
            expected_refunded: self.expected_refunded,
            reference: self.reference.clone(),
            reason: self.reason.clone(),
        }
    }
}

/// Refunds of a list that one transaction issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchIntent {
    /// SHA-256 of the list, in hexadecimal.
    pub list: String,
    /// The refunds in the transaction's order: never none, all of one contract, issuer and token, each with a reference.
    pub lines: Vec<BatchLine>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchLine {
    /// Its number in the list, counted from 1.
    pub line: u64,
    /// The refund.
    pub refund: RefundIntent,
}
