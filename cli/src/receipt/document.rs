//! What a receipt says, and how it reads on paper.

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::{IndexBlockHash, Txid};
use serde::Serialize;

use crate::output::Fields;
use crate::profile::Chain;
use crate::verification::{PrintedEvent, ProofReport, Source, Verdict};

/// A receipt. No address of a server stands in it: it is for customers.
#[derive(Debug, Clone, Serialize)]
pub struct Receipt {
    /// Which chain.
    pub network: Chain,
    /// The contract that holds the refund.
    pub contract: ContractId,
    /// The contract's id of it.
    pub refund_id: u64,
    /// What was paid.
    pub invoice_id: u64,
    /// Whose invoice.
    pub merchant: Principal,
    /// Who sent it.
    pub issuer: Principal,
    /// Who got it back.
    pub payer: Principal,
    /// In what.
    pub token: Token,
    /// What the token calls itself.
    pub symbol: String,
    /// Digits of an amount after the point.
    pub decimals: u8,
    /// In base units.
    pub amount: BaseUnits,
    /// As people read it, with the symbol.
    pub amount_text: String,
    /// The merchant's own name of it.
    pub reference: Option<String>,
    /// The merchant's text, raw: escape it wherever it is shown.
    pub reason: Option<String>,
    /// Its transaction.
    pub txid: Txid,
    /// Where the transaction can be looked at; none on a local chain.
    pub explorer: Option<String>,
    /// Its block.
    pub block: ReceiptBlock,
    /// What the contract printed; none when nobody tells it.
    pub event: Option<PrintedEvent>,
    /// What anybody types to check all this.
    pub verify: String,
    /// What was checked when the receipt was made.
    pub checks: Vec<ReceiptCheck>,
    /// How far the contract's maps were proven then.
    pub proof: ProofReport,
}

/// The block of a receipt's transaction.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptBlock {
    /// Its identity; none when nobody names it.
    pub index_block_hash: Option<IndexBlockHash>,
    /// Its height.
    pub stacks_height: Option<u64>,
    /// Bitcoin height that the contract saw.
    pub burn_height: u64,
    /// When it was made.
    pub time: Option<DateTime<Utc>>,
    /// Who says when: `node` or `indexer`.
    pub time_from: Option<&'static str>,
}

/// One check of a receipt.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptCheck {
    /// Whose.
    pub check: Source,
    /// How it ended.
    pub result: Verdict,
    /// Where it was had.
    pub from: Option<&'static str>,
}

impl Receipt {
    /// What happened, as label and value.
    pub(super) fn facts(&self) -> Fields {
        let block = &self.block;
        let time = block.time.map(|time| {
            let from = block.time_from.unwrap_or("nobody");
            format!(
                "{} (of its block, by the {from})",
                time.format("%Y-%m-%d %H:%M:%S UTC")
            )
        });
        Fields::new()
            .row("amount", &self.amount_text)
            .row("to", &self.payer)
            .row("from merchant", &self.merchant)
            .optional("sent by", (self.issuer != self.merchant).then_some(&self.issuer))
            .optional("token", self.token.contract())
            .row("invoice", self.invoice_id)
            .row("refund", self.refund_id)
            .optional("reference", self.reference.as_ref())
            .optional("reason", self.reason.as_ref())
            .optional("time", time)
            .row("network", self.network)
            .optional("explorer", self.explorer.as_ref())
    }

    /// What is needed to check it, as label and value.
    pub(super) fn evidence(&self) -> Fields {
        let block = &self.block;
        let event = self.event.as_ref().map(|event| {
            format!(
                "{} (number {} of the transaction, by the {})",
                event.raw_value, event.ordinal, event.from
            )
        });
        let named = |wanted: Verdict| -> Option<String> {
            let checks = self.checks.iter().filter(|check| check.result == wanted);
            let names: Vec<&str> = checks.map(|check| check.check.as_str()).collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        Fields::new()
            .row("command", &self.verify)
            .row("contract", &self.contract)
            .row("transaction", self.txid)
            .optional("block", block.index_block_hash)
            .optional("stacks height", block.stacks_height)
            .row("bitcoin height", block.burn_height)
            .optional("event", event)
            .optional("agreed", named(Verdict::Agrees))
            .optional("not checked", named(Verdict::NotChecked))
            .row("proof", &self.proof.detail)
    }

    /// For people, on a terminal or on paper.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "Refund receipt\n\n{}\nTo check it without believing anybody\n\n{}",
            self.facts().to_text(),
            self.evidence().to_text()
        )
    }
}
