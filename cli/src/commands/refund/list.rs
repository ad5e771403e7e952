//! `recoup refund list`: an invoice's from the node, a merchant's from the indexer.

use clap::Args;
use recoup_protocol::api::{self, Page};
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{GetInvoice, GetRefund};
use recoup_stacks::address::Principal;

use super::show::RefundDocument;
use crate::commands::invoice::refused;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::indexer::Indexer;
use crate::node::View;
use crate::output::{Output, Table};

/// Arguments of `recoup refund list`.
#[derive(Debug, Clone, Args)]
pub struct ListRefunds {
    /// All refunds of an invoice, from the node, oldest first
    #[arg(long, value_name = "ID", required_unless_present = "merchant", conflicts_with_all = ["merchant", "cursor"])]
    invoice: Option<InvoiceId>,
    /// A page of a merchant's refunds, from the indexer
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    /// Where the page before ended (its `next_cursor`)
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

pub(super) async fn run(context: &Context, arguments: ListRefunds) -> Result<Output, Failure> {
    match (arguments.invoice, arguments.merchant) {
        (Some(invoice_id), _) => of_invoice(context, invoice_id).await,
        (None, Some(merchant)) => of_merchant(context, &merchant, arguments.cursor.as_deref()).await,
        (None, None) => Err(Failure::new(Kind::Usage, "name an invoice or a merchant")),
    }
}

async fn of_invoice(context: &Context, invoice_id: InvoiceId) -> Result<Output, Failure> {
    let core = context.core()?;
    let view = context.node.view().await?;
    let Some(invoice) = view.read(core, &GetInvoice { invoice_id }).await? else {
        return Err(refused(ContractError::InvoiceNotFound));
    };
    let token = context.cache().token(&view, &invoice.token).await?;
    let mut documents = Vec::new();
    let mut next = invoice.last_refund_id;
    while let Some(refund_id) = next {
        let Some(refund) = view.read(core, &GetRefund { refund_id }).await? else {
            break;
        };
        // Ids only fall along the chain; a node that says otherwise must not keep us here for ever.
        next = refund.previous.filter(|previous| *previous < refund_id);
        documents.push(RefundDocument::new(refund_id, refund, &token));
    }
    documents.reverse();
    let mut table = Table::new(&["refund", "amount", "payer", "burn height", "reference"]);
    documents
        .iter()
        .for_each(|document| table.push(&document.cells(&token)));
    Output::new(&serde_json::json!({ "refunds": documents }), table.to_text())
}

async fn of_merchant(
    context: &Context,
    merchant: &Principal,
    cursor: Option<&str>,
) -> Result<Output, Failure> {
    let page: Page<api::Refund> = Indexer::of(&context.profile)?
        .refunds_of(merchant, cursor)
        .await?;
    let view = context.node.view().await?;
    let mut table = Table::new(&["refund", "invoice", "amount", "payer", "status", "reference"]);
    for refund in &page.items {
        table.push(&[
            refund.refund_id.to_string(),
            refund.invoice_id.to_string(),
            shown_amount(context, &view, refund).await,
            refund.payer.to_string(),
            format!("{:?}", refund.status).to_lowercase(),
            refund.reference.clone().unwrap_or_default(),
        ]);
    }
    let mut text = table.to_text();
    if let Some(cursor) = &page.next_cursor {
        text.push_str(&format!(
            "more with --cursor {}\n",
            recoup_protocol::text::display_safe(cursor)
        ));
    }
    Output::new(&page, text)
}

/// In the token's decimals, or in base units when the token cannot be asked.
async fn shown_amount(context: &Context, view: &View<'_>, refund: &api::Refund) -> String {
    match context.cache().token(view, &refund.token).await {
        Ok(token) => token.show(refund.amount),
        Err(_) => format!("{} base units of {}", refund.amount, refund.token),
    }
}
