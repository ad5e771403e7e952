//! `recoup invoice cancel`, `recoup invoice extend-window`, `recoup invoice list`.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::Call;
use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::limits::{MAX_REFUND_WINDOW, MIN_REFUND_WINDOW};
use recoup_protocol::reads::{GetInvoice, GetLastIds, Invoice};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use serde::Serialize;

use super::create::refused;
use crate::burn_time;
use crate::commands::SendOptions;
use crate::commands::act::{Scene, Step, already_done};
use crate::context::Context;
use crate::failure::Failure;
use crate::journal::{Act, ActIntent};
use crate::output::{Fields, Output, Table};

/// Arguments of `recoup invoice cancel`.
#[derive(Debug, Clone, Args)]
pub struct CancelInvoice {
    /// Which invoice
    invoice: InvoiceId,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup invoice extend-window`.
#[derive(Debug, Clone, Args)]
pub struct ExtendWindow {
    /// Which invoice
    invoice: InvoiceId,
    /// The new window, in burn blocks from a payer's first payment
    #[arg(value_name = "BLOCKS", value_parser = clap::value_parser!(u64).range(MIN_REFUND_WINDOW..=MAX_REFUND_WINDOW))]
    window: u64,
    #[command(flatten)]
    send: SendOptions,
}

/// Arguments of `recoup invoice list`.
#[derive(Debug, Clone, Args)]
pub struct ListInvoices {
    /// Whose [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    /// How many of the newest invoices of the contract to look at
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    newest: u64,
}

#[derive(Serialize)]
struct InvoiceDocument {
    invoice_id: InvoiceId,
    token: Token,
    amount: BaseUnits,
    amount_paid: BaseUnits,
    amount_refunded: BaseUnits,
    status: InvoiceStatus,
}

async fn own_invoice(
    scene: &Scene<'_>,
    core: &ContractId,
    invoice_id: InvoiceId,
) -> Result<Invoice, Failure> {
    let invoice = scene.view.read(core, &GetInvoice { invoice_id }).await?;
    let invoice = invoice.ok_or_else(|| refused(ContractError::InvoiceNotFound))?;
    if invoice.merchant == scene.sender() {
        Ok(invoice)
    } else {
        Err(refused(ContractError::NotAuthorised))
    }
}

pub(super) async fn cancel(context: &Context, arguments: CancelInvoice) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let core = scene.released(Contract::Core).await?;
    let invoice_id = arguments.invoice;
    let invoice = own_invoice(&scene, &core, invoice_id).await?;
    let intent = ActIntent {
        contract: core,
        sender: scene.sender(),
        act: Act::CancelInvoice { invoice_id },
    };
    match invoice.status {
        InvoiceStatus::Cancelled => return already_done(&intent),
        InvoiceStatus::Open | InvoiceStatus::PartiallyPaid => {}
        InvoiceStatus::Paid | InvoiceStatus::Expired | InvoiceStatus::Refunded => {
            return Err(refused(ContractError::NotCancellable));
        }
    }
    let token = context.cache().token(&scene.view, &invoice.token).await?;
    let propose = || {
        Ok(Step {
            call: Call::CancelInvoice { invoice_id },
            fences: Vec::new(),
            title: "Cancellation",
            plan: Fields::new()
                .row("invoice", invoice_id)
                .row("paid so far", token.show(invoice.amount_paid))
                .row("and refundable", "as before"),
            question: format!("Cancel invoice {invoice_id}"),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

pub(super) async fn extend(context: &Context, arguments: ExtendWindow) -> Result<Output, Failure> {
    let scene = Scene::open(context).await?;
    let core = scene.released(Contract::Core).await?;
    let (invoice_id, new_window) = (arguments.invoice, arguments.window);
    let invoice = own_invoice(&scene, &core, invoice_id).await?;
    let intent = ActIntent {
        contract: core,
        sender: scene.sender(),
        act: Act::ExtendWindow {
            invoice_id,
            new_window,
        },
    };
    let old_window = invoice.refund_window;
    if new_window == old_window {
        return already_done(&intent);
    }
    let now = scene.view.tip.burn_height.get();
    let first_deadline = invoice
        .first_payment_at
        .map(|height| height.get().saturating_add(old_window));
    let propose = || {
        if new_window < old_window {
            return Err(refused(ContractError::InvalidWindow));
        }
        if first_deadline.is_some_and(|deadline| now >= deadline) {
            return Err(refused(ContractError::WindowExpired));
        }
        Ok(Step {
            call: Call::ExtendRefundWindow {
                invoice_id,
                new_window,
            },
            fences: Vec::new(),
            title: "Longer refund window",
            plan: Fields::new()
                .row("invoice", invoice_id)
                .row("window now", burn_time::span(old_window))
                .row(
                    "window then",
                    format!("{}, for every payer", burn_time::span(new_window)),
                ),
            question: format!("Lengthen the refund window of invoice {invoice_id}"),
        })
    };
    scene.act(&arguments.send, intent, propose).await
}

pub(super) async fn list(context: &Context, arguments: ListInvoices) -> Result<Output, Failure> {
    let core = context.core()?;
    let merchant = match arguments.merchant {
        Some(merchant) => merchant,
        None => context.wallet()?.address.into(),
    };
    let view = context.node.view().await?;
    let newest = view.read(core, &GetLastIds {}).await?.invoice_id;
    let oldest = newest.saturating_sub(arguments.newest).saturating_add(1);
    let ids: Vec<InvoiceId> = (oldest..=newest).rev().map(InvoiceId).collect();
    let questions = ids.iter().map(|id| GetInvoice { invoice_id: *id }).collect();
    let found = view.read_all(core, questions).await?;
    let mut cache = context.cache();
    let mut documents = Vec::new();
    let mut table = Table::new(&["invoice", "status", "amount", "paid", "refunded"]);
    for (invoice_id, invoice) in ids.into_iter().zip(found) {
        let Some(invoice) = invoice.filter(|invoice| invoice.merchant == merchant) else {
            continue;
        };
        let token = cache.token(&view, &invoice.token).await?;
        table.push(&[
            invoice_id.to_string(),
            invoice.status.to_string(),
            token.show(invoice.amount),
            token.show(invoice.amount_paid),
            token.show(invoice.amount_refunded),
        ]);
        documents.push(InvoiceDocument {
            invoice_id,
            token: invoice.token,
            amount: invoice.amount,
            amount_paid: invoice.amount_paid,
            amount_refunded: invoice.amount_refunded,
            status: invoice.status,
        });
    }
    let document = serde_json::json!({ "merchant": merchant, "invoices": documents });
    Output::new(&document, table.to_text())
}
