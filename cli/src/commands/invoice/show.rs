//! `recoup invoice show`.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::reads::{
    GetInvoice, GetInvoiceByReference, GetLedger, GetNote, GetPayerAt, Invoice, Note,
};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use serde::Serialize;

use super::create::refused;
use crate::burn_time;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::output::{Fields, Output, Table};
use crate::token::TokenInfo;

/// Arguments of `recoup invoice show`.
#[derive(Debug, Clone, Args)]
pub struct ShowInvoice {
    /// Its id
    #[arg(required_unless_present = "reference", conflicts_with = "reference")]
    invoice: Option<InvoiceId>,
    /// The merchant's own id for it
    #[arg(long, value_name = "TEXT")]
    reference: Option<Reference>,
    /// Whose reference [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL", requires = "reference")]
    merchant: Option<Principal>,
}

#[derive(Serialize)]
struct PayerDocument {
    payer: Principal,
    paid: BaseUnits,
    refunded: BaseUnits,
    deadline: BurnHeight,
}

#[derive(Serialize)]
struct InvoiceDocument {
    invoice_id: InvoiceId,
    merchant: Principal,
    token: Token,
    symbol: String,
    decimals: u8,
    amount: BaseUnits,
    amount_paid: BaseUnits,
    amount_refunded: BaseUnits,
    status: InvoiceStatus,
    min_payment: Option<BaseUnits>,
    only_payer: Option<Principal>,
    refund_window: u64,
    created_at: BurnHeight,
    expires_at: BurnHeight,
    first_payment_at: Option<BurnHeight>,
    reference: Option<Reference>,
    memo: Option<Text>,
    last_refund_id: Option<RefundId>,
    /// The burn height at which all this was read.
    burn_height: BurnHeight,
    payers: Vec<PayerDocument>,
}

pub(super) async fn run(context: &Context, arguments: ShowInvoice) -> Result<Output, Failure> {
    let core = context.core()?;
    let view = context.node.view().await?;
    let invoice_id = find(context, &view, core, arguments).await?;
    let not_found = || refused(ContractError::InvoiceNotFound);
    let invoice = view
        .read(core, &GetInvoice { invoice_id })
        .await?
        .ok_or_else(not_found)?;
    let note = view.read(core, &GetNote { invoice_id }).await?;
    let mut cache = context.cache();
    let token = cache.token(&view, &invoice.token).await?;
    let payers = payers(&view, core, invoice_id, &invoice).await?;
    if let Some(first) = payers.first() {
        cache.remember_first_payer(core, invoice_id, &first.payer);
    }
    let document = document(invoice_id, invoice, note, &token, payers, view.tip.burn_height);
    Output::new(&document, text(&document, &token))
}

async fn find(
    context: &Context,
    view: &View<'_>,
    core: &ContractId,
    arguments: ShowInvoice,
) -> Result<InvoiceId, Failure> {
    if let Some(invoice_id) = arguments.invoice {
        return Ok(invoice_id);
    }
    // clap lets nobody come here without a reference.
    let reference = arguments
        .reference
        .ok_or_else(|| Failure::new(Kind::Usage, "name an invoice"))?;
    let merchant = match arguments.merchant {
        Some(merchant) => merchant,
        None => context.wallet()?.address.into(),
    };
    let question = GetInvoiceByReference {
        merchant: merchant.clone(),
        reference: reference.clone(),
    };
    view.read(core, &question).await?.ok_or_else(|| {
        let mut failure = refused(ContractError::InvoiceNotFound);
        failure
            .causes
            .push(format!("{merchant} has no invoice `{reference}`"));
        failure
    })
}

/// An invoice's payers in the order of their first payments.
async fn payers(
    view: &View<'_>,
    core: &ContractId,
    invoice_id: InvoiceId,
    invoice: &Invoice,
) -> Result<Vec<PayerDocument>, Failure> {
    let mut payers = Vec::new();
    for index in 0..invoice.payer_count {
        let Some(payer) = view.read(core, &GetPayerAt { invoice_id, index }).await? else {
            break;
        };
        let question = GetLedger {
            invoice_id,
            payer: payer.clone(),
        };
        let Some(ledger) = view.read(core, &question).await? else {
            break;
        };
        let deadline = BurnHeight(ledger.first_paid_at.get().saturating_add(invoice.refund_window));
        payers.push(PayerDocument {
            payer,
            paid: ledger.paid,
            refunded: ledger.refunded,
            deadline,
        });
    }
    Ok(payers)
}

fn document(
    invoice_id: InvoiceId,
    invoice: Invoice,
    note: Option<Note>,
    token: &TokenInfo,
    payers: Vec<PayerDocument>,
    burn_height: BurnHeight,
) -> InvoiceDocument {
    let (reference, memo) = note.map_or((None, None), |note| (note.reference, note.memo));
    InvoiceDocument {
        invoice_id,
        merchant: invoice.merchant,
        token: invoice.token,
        symbol: token.symbol().to_owned(),
        decimals: token.decimals(),
        amount: invoice.amount,
        amount_paid: invoice.amount_paid,
        amount_refunded: invoice.amount_refunded,
        status: invoice.status,
        min_payment: invoice.min_payment,
        only_payer: invoice.only_payer,
        refund_window: invoice.refund_window,
        created_at: invoice.created_at,
        expires_at: invoice.expires_at,
        first_payment_at: invoice.first_payment_at,
        reference,
        memo,
        last_refund_id: invoice.last_refund_id,
        burn_height,
        payers,
    }
}

fn text(document: &InvoiceDocument, token: &TokenInfo) -> String {
    let fields = Fields::new()
        .row("invoice", document.invoice_id)
        .row("status", document.status)
        .row("merchant", &document.merchant)
        .optional("token", token.contract())
        .row("amount", token.show(document.amount))
        .row("paid", token.show(document.amount_paid))
        .row("refunded", token.show(document.amount_refunded))
        .optional(
            "smallest payment",
            document.min_payment.map(|least| token.show(least)),
        )
        .optional("only payer", document.only_payer.as_ref())
        .row(
            "to pay before",
            burn_time::until(document.expires_at, document.burn_height),
        )
        .row("refund window", burn_time::span(document.refund_window))
        .optional("reference", document.reference.as_ref())
        .optional("memo", document.memo.as_ref())
        .row("now", format!("burn height {}", document.burn_height));
    let mut text = fields.to_text();
    if !document.payers.is_empty() {
        let mut table = Table::new(&["payer", "paid", "refunded", "refundable before"]);
        for payer in &document.payers {
            table.push(&[
                payer.payer.to_string(),
                token.show(payer.paid),
                token.show(payer.refunded),
                burn_time::moment(payer.deadline, document.burn_height),
            ]);
        }
        text.push('\n');
        text.push_str(&table.to_text());
    }
    text
}
