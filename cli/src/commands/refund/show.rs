//! `recoup refund show`.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::reads::{GetInvoice, GetRefund, GetRefundByReference, Refund};
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hash::BurnHeight;
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::token::TokenInfo;

/// Arguments of `recoup refund show`.
#[derive(Debug, Clone, Args)]
pub struct ShowRefund {
    /// Its id
    #[arg(required_unless_present = "reference", conflicts_with = "reference")]
    refund: Option<RefundId>,
    /// The merchant's own id for it
    #[arg(long, value_name = "TEXT")]
    reference: Option<Reference>,
    /// Whose reference [default: the wallet's address]
    #[arg(long, value_name = "PRINCIPAL", requires = "reference")]
    merchant: Option<Principal>,
}

/// A refund as the contract keeps it.
#[derive(Serialize)]
pub(crate) struct RefundDocument {
    refund_id: RefundId,
    invoice_id: InvoiceId,
    payer: Principal,
    issuer: Principal,
    token: Token,
    symbol: String,
    decimals: u8,
    amount: BaseUnits,
    reason: Option<Text>,
    reference: Option<Reference>,
    burn_height: BurnHeight,
    /// The invoice's refund before this one.
    previous: Option<RefundId>,
}

impl RefundDocument {
    pub(crate) fn new(refund_id: RefundId, refund: Refund, token: &TokenInfo) -> Self {
        Self {
            refund_id,
            invoice_id: refund.invoice_id,
            payer: refund.payer,
            issuer: refund.issuer,
            token: token.token(),
            symbol: token.symbol().to_owned(),
            decimals: token.decimals(),
            amount: refund.amount,
            reason: refund.reason,
            reference: refund.reference,
            burn_height: refund.burn_height,
            previous: refund.previous,
        }
    }

    pub(super) fn to_text(&self, token: &TokenInfo) -> String {
        Fields::new()
            .row("refund", self.refund_id)
            .row("invoice", self.invoice_id)
            .row("amount", token.show(self.amount))
            .optional("token", token.contract())
            .row("to payer", &self.payer)
            .row("from", &self.issuer)
            .optional("reference", self.reference.as_ref())
            .optional("reason", self.reason.as_ref())
            .row("burn height", self.burn_height)
            .to_text()
    }

    /// One line of a list.
    pub(super) fn cells(&self, token: &TokenInfo) -> [String; 5] {
        [
            self.refund_id.to_string(),
            token.show(self.amount),
            self.payer.to_string(),
            self.burn_height.to_string(),
            self.reference
                .as_ref()
                .map(Reference::to_string)
                .unwrap_or_default(),
        ]
    }
}

pub(super) async fn run(context: &Context, arguments: ShowRefund) -> Result<Output, Failure> {
    let core = context.core()?;
    let view = context.node.view().await?;
    let refund_id = match (arguments.refund, arguments.reference) {
        (Some(refund_id), _) => Some(refund_id),
        (None, Some(reference)) => {
            let merchant = match arguments.merchant {
                Some(merchant) => merchant,
                None => context.wallet()?.address.into(),
            };
            view.read(core, &GetRefundByReference { merchant, reference })
                .await?
        }
        (None, None) => None,
    };
    let refund_id = refund_id.ok_or_else(not_found)?;
    let refund = view
        .read(core, &GetRefund { refund_id })
        .await?
        .ok_or_else(not_found)?;
    output(&document(context, &view, core, refund_id, refund).await?)
}

/// A refund with what its token is called.
pub(super) async fn document(
    context: &Context,
    view: &View<'_>,
    core: &ContractId,
    refund_id: RefundId,
    refund: Refund,
) -> Result<Shown, Failure> {
    let invoice_id = refund.invoice_id;
    let invoice = view.read(core, &GetInvoice { invoice_id }).await?;
    let invoice = invoice.ok_or_else(not_found)?;
    let token = context.cache().token(view, &invoice.token).await?;
    Ok(Shown {
        document: RefundDocument::new(refund_id, refund, &token),
        token,
    })
}

/// A refund and its token.
pub(super) struct Shown {
    document: RefundDocument,
    token: TokenInfo,
}

/// Both forms of it.
pub(super) fn output(Shown { document, token }: &Shown) -> Result<Output, Failure> {
    Output::new(document, document.to_text(token))
}

fn not_found() -> Failure {
    Failure::new(Kind::Refused, "there is no such refund")
        .hint("check the id or reference and --merchant; one that was just sent may not be in a block yet")
}
