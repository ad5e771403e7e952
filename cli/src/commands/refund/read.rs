//! What `recoup refund create` has to know, read at one block.

use recoup_protocol::contracts::Contract;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{
    GetCoverage, GetDelegate, GetOperator, GetPayerAt, GetRefund, GetRefundQuote, RefundQuote,
};
use recoup_stacks::address::{ContractId, Principal};

use super::create::CreateRefund;
use crate::cache::Cache;
use crate::commands::invoice::refused;
use crate::context::{Context, Wallet};
use crate::contracts::RESERVE;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::refund::{Asked, Facts, ReserveFacts, Wish};

/// What is wished and what is true, at one block.
pub(super) async fn read(
    context: &Context,
    view: &View<'_>,
    core: &ContractId,
    wallet: &Wallet,
    cache: &mut Cache,
    arguments: &CreateRefund,
) -> Result<(Wish, Facts), Failure> {
    let invoice_id = arguments.invoice;
    let issuer = Principal::from(wallet.address);
    let question = |payer| GetRefundQuote {
        invoice_id,
        payer,
        reference: arguments.reference.clone(),
    };
    let (payer, quote) = match &arguments.payer {
        Some(payer) => (payer.clone(), view.read(core, &question(payer.clone())).await?),
        None => quote_first_payer(view, core, cache, invoice_id, &issuer, question).await?,
    };
    let Some(quote) = quote else {
        return Err(
            refused(ContractError::InvoiceNotFound).context(format!("cannot refund invoice {invoice_id}"))
        );
    };
    if arguments.payer.is_none() && quote.payer_count > 1 {
        return Err(several_payers(view, core, invoice_id, &quote).await);
    }
    let token = cache.token(view, &quote.token).await?;
    let reserve = if arguments.from_reserve {
        Some(read_reserve(view, core, cache, &quote, &issuer).await?)
    } else {
        None
    };
    let payer_of_refund = match &reserve {
        Some(reserve) => Principal::from(reserve.contract.clone()),
        None => issuer,
    };
    let operator = if quote.merchant == payer_of_refund {
        None
    } else {
        let question = GetOperator {
            merchant: quote.merchant.clone(),
            operator: payer_of_refund,
        };
        Some(view.read(core, &question).await?)
    };
    let reference_refund = match quote.reference_refund_id {
        Some(refund_id) => view
            .read(core, &GetRefund { refund_id })
            .await?
            .map(|refund| (refund_id, refund)),
        None => None,
    };
    let asked = match &arguments.amount {
        Some(text) => Asked::parse(text, &token)?,
        None => Asked::Full,
    };
    let wish = Wish {
        invoice_id,
        payer,
        asked,
        reference: arguments.reference.clone(),
        reason: arguments.reason.clone(),
    };
    let facts = Facts {
        chain: context.profile.network,
        core: core.clone(),
        issuer: wallet.address,
        quote: Some(quote),
        reference_refund,
        operator,
        reserve,
        token,
    };
    Ok((wish, facts))
}

/// The first payer of an invoice, and what the contract says of it: the whole truth where there is no other. One request
/// when the payer was seen before and is still right, else two.
async fn quote_first_payer(
    view: &View<'_>,
    core: &ContractId,
    cache: &mut Cache,
    invoice_id: InvoiceId,
    issuer: &Principal,
    question: impl Fn(Principal) -> GetRefundQuote,
) -> Result<(Principal, Option<RefundQuote>), Failure> {
    if let Some(payer) = cache.first_payer(core, invoice_id).cloned() {
        let quote = view.read(core, &question(payer.clone())).await?;
        // Of an only payer who paid there can be no doubt.
        if quote
            .as_ref()
            .is_some_and(|quote| quote.payer_count == 1 && !quote.paid.is_zero())
        {
            return Ok((payer, quote));
        }
    }
    // Where nobody paid, the contract says so of anybody.
    let first = view.read(core, &GetPayerAt { invoice_id, index: 0 }).await?;
    if let Some(payer) = &first {
        cache.remember_first_payer(core, invoice_id, payer);
    }
    let payer = first.unwrap_or_else(|| issuer.clone());
    let quote = view.read(core, &question(payer.clone())).await?;
    Ok((payer, quote))
}

/// The merchant's reserve in the invoice's token, and what the wallet may do with it.
async fn read_reserve(
    view: &View<'_>,
    core: &ContractId,
    cache: &mut Cache,
    quote: &RefundQuote,
    wallet: &Principal,
) -> Result<ReserveFacts, Failure> {
    let contract = Contract::Reserve.beside(core);
    cache.ensure_source(view, &contract, RESERVE).await?;
    let coverage = GetCoverage {
        merchant: quote.merchant.clone(),
        token: quote.token.clone(),
    };
    let balance = view.read(&contract, &coverage).await?;
    let question = GetDelegate {
        merchant: quote.merchant.clone(),
        delegate: wallet.clone(),
        token: quote.token.clone(),
    };
    let delegate = view.read(&contract, &question).await?;
    Ok(ReserveFacts {
        contract,
        balance,
        delegate,
    })
}

async fn several_payers(
    view: &View<'_>,
    core: &ContractId,
    invoice_id: InvoiceId,
    quote: &RefundQuote,
) -> Failure {
    const SHOWN: u64 = 10;
    let mut failure = Failure::new(
        Kind::Usage,
        format!("{} payers paid this invoice", quote.payer_count),
    )
    .hint("name one with --payer, or share among all with --all-payers; `recoup invoice show` lists what each paid");
    for index in 0..quote.payer_count.min(SHOWN) {
        if let Ok(Some(payer)) = view.read(core, &GetPayerAt { invoice_id, index }).await {
            failure.causes.push(format!("paid by {payer}"));
        }
    }
    failure
}
