//! `recoup refund create --all-payers`: an invoice's payers are refunded together, in proportion to what each can still get
//! back. What that comes to is a list, which goes the way of every list.

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{GetInvoice, GetPayerAt, GetRefund, GetRefundQuote, RefundQuote};
use recoup_protocol::text::Reference;
use recoup_stacks::address::{ContractId, Principal};
use recoup_stacks::hex;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::batch::{self, RefundBatch};
use super::create::CreateRefund;
use crate::batch::List;
use crate::commands::invoice::refused;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::output::Output;
use crate::refund::{Asked, pro_rata};
use crate::terminal;
use crate::token::TokenInfo;

/// A payer, and what it can get back in this command.
struct Share {
    payer: Principal,
    reference: Reference,
    paid: BaseUnits,
    /// Still refundable, with what this command refunded before: run again, it shares the same sum in the same way.
    weight: BaseUnits,
    /// What it can never get back by the contract any more: its window is over.
    lost: BaseUnits,
}

pub(super) async fn run(context: &Context, arguments: CreateRefund) -> Result<Output, Failure> {
    let core = context.core()?;
    let view = context.node.view().await?;
    context.cache().ensure_released(&view, core).await?;
    let reference = arguments.reference.clone().ok_or_else(|| {
        Failure::new(Kind::Usage, "--all-payers needs --reference")
            .hint("it is what keeps a run that was interrupted from paying anybody twice")
    })?;
    let invoice_id = arguments.invoice;
    let Some(invoice) = view.read(core, &GetInvoice { invoice_id }).await? else {
        return Err(refused(ContractError::InvoiceNotFound));
    };
    let token = context.cache().token(&view, &invoice.token).await?;
    let shares = read(&view, core, invoice_id, invoice.payer_count, &reference).await?;
    let shares = leave_out_expired(shares, arguments.without_expired, &token)?;
    let amounts = share_out(&shares, &arguments, &token)?;
    let list = list(invoice_id, &shares, &amounts, &arguments, &token)?;
    let results = context
        .home
        .results(&format!("{invoice_id}-{}", digest(&reference)));
    batch::pay_list(context, RefundBatch::of(&arguments, results), list).await
}

/// The payers in the contract's order; one to three requests each.
async fn read(
    view: &View<'_>,
    core: &ContractId,
    invoice_id: InvoiceId,
    count: u64,
    reference: &Reference,
) -> Result<Vec<Share>, Failure> {
    let questions = (0..count).map(|index| GetPayerAt { invoice_id, index }).collect();
    let payers: Vec<Principal> = view
        .read_all(core, questions)
        .await?
        .into_iter()
        .flatten()
        .collect();
    let mut questions = Vec::new();
    for (number, payer) in (1u64..).zip(&payers) {
        questions.push(GetRefundQuote {
            invoice_id,
            payer: payer.clone(),
            reference: Some(reference_of(reference, number)?),
        });
    }
    let references: Vec<_> = questions.iter().filter_map(|one| one.reference.clone()).collect();
    let quotes = view.read_all(core, questions).await?;
    let mut shares = Vec::new();
    for ((payer, reference), quote) in payers.into_iter().zip(references).zip(quotes) {
        let Some(quote) = quote else { continue };
        let before = refunded_before(view, core, invoice_id, &payer, &quote).await?;
        shares.push(Share {
            payer,
            reference,
            paid: quote.paid,
            weight: BaseUnits(quote.refundable.0.saturating_add(before.0)),
            lost: lost(&quote),
        });
    }
    Ok(shares)
}

/// The contract calls nothing refundable once the window is over.
fn lost(quote: &RefundQuote) -> BaseUnits {
    if quote.refusal == Some(ContractError::WindowExpired.code()) {
        BaseUnits(quote.paid.0.saturating_sub(quote.refunded.0))
    } else {
        BaseUnits::ZERO
    }
}

/// What an earlier run of this command refunded to a payer.
async fn refunded_before(
    view: &View<'_>,
    core: &ContractId,
    invoice_id: InvoiceId,
    payer: &Principal,
    quote: &RefundQuote,
) -> Result<BaseUnits, Failure> {
    let Some(refund_id) = quote.reference_refund_id else {
        return Ok(BaseUnits::ZERO);
    };
    let refund = view.read(core, &GetRefund { refund_id }).await?;
    let ours = refund.filter(|refund| refund.invoice_id == invoice_id && refund.payer == *payer);
    Ok(ours.map_or(BaseUnits::ZERO, |refund| refund.amount))
}

/// `reference/1` for the invoice's first payer, and so on.
fn reference_of(reference: &Reference, number: u64) -> Result<Reference, Failure> {
    format!("{reference}/{number}").parse().map_err(|error| {
        Failure::from_error(Kind::Usage, &error)
            .context("each payer's reference is --reference with its number")
            .hint("give a shorter --reference")
    })
}

/// Nobody is passed over in silence.
fn leave_out_expired(shares: Vec<Share>, agreed: bool, token: &TokenInfo) -> Result<Vec<Share>, Failure> {
    let (expired, rest): (Vec<Share>, Vec<Share>) =
        shares.into_iter().partition(|share| !share.lost.is_zero());
    if expired.is_empty() {
        return Ok(rest);
    }
    let name = |share: &Share| format!("{} would have had {}", share.payer, token.show(share.lost));
    if agreed {
        let names: Vec<String> = expired.iter().map(name).collect();
        terminal::note(&format!(
            "left out, the refund window is over: {}",
            names.join("; ")
        ));
        return Ok(rest);
    }
    let error = ContractError::WindowExpired;
    let mut failure = Failure::new(
        Kind::Refused,
        format!("{} payers cannot be refunded any more", expired.len()),
    )
    .contract_error(error.code(), error.name())
    .hint("--without-expired shares the sum among the others");
    failure.causes.extend(expired.iter().map(name));
    Err(failure)
}

fn share_out(
    shares: &[Share],
    arguments: &CreateRefund,
    token: &TokenInfo,
) -> Result<Vec<BaseUnits>, Failure> {
    let too_much =
        || Failure::new(Kind::Refused, "the sum is more than any token can hold").hint("check the amounts");
    let weights: Vec<BaseUnits> = shares.iter().map(|share| share.weight).collect();
    let refundable = sum(weights.iter().copied()).ok_or_else(too_much)?;
    let paid = sum(shares.iter().map(|share| share.paid)).ok_or_else(too_much)?;
    let asked = match &arguments.amount {
        Some(text) => Asked::parse(text, token)?,
        None => Asked::Full,
    };
    let total = asked.amount(paid, refundable);
    if total.is_zero() {
        let error = if refundable.is_zero() {
            ContractError::FullyRefunded
        } else {
            ContractError::InvalidAmount
        };
        return Err(refused(error));
    }
    pro_rata(total, &weights).ok_or_else(|| {
        let mut failure = refused(ContractError::MoreThanRefundable);
        failure.causes.push(format!(
            "{} asked for, {} left of all payers together",
            token.show(total),
            token.show(refundable)
        ));
        failure
    })
}

fn sum(mut amounts: impl Iterator<Item = BaseUnits>) -> Option<BaseUnits> {
    amounts.try_fold(BaseUnits::ZERO, |sum, amount| sum.checked_add(amount))
}

/// The shares as a list would say them. Who gets nothing is not in it.
fn list(
    invoice_id: InvoiceId,
    shares: &[Share],
    amounts: &[BaseUnits],
    arguments: &CreateRefund,
    token: &TokenInfo,
) -> Result<List, Failure> {
    let mut text = String::new();
    for (share, amount) in shares.iter().zip(amounts).filter(|(_, amount)| !amount.is_zero()) {
        let mut line = json!({
            "invoice": invoice_id.to_string(),
            "payer": share.payer.to_string(),
            "amount": amount.to_decimal(token.decimals()).to_string(),
            "reference": share.reference.to_string(),
        });
        if let (Some(reason), Some(fields)) = (&arguments.reason, line.as_object_mut()) {
            fields.insert("reason".to_owned(), json!(reason.to_string()));
        }
        let shared = format!(
            "{}: {} of {}",
            share.payer,
            token.show(*amount),
            token.show(share.weight)
        );
        terminal::note(&shared);
        text.push_str(&line.to_string());
        text.push('\n');
    }
    let list = List::read(text.as_bytes());
    match list.problems.first() {
        None => Ok(list),
        Some(problem) => Err(Failure::new(
            Kind::Internal,
            format!("the payers' list is wrong: {}", problem.what),
        )),
    }
}

fn digest(reference: &Reference) -> String {
    let mut digits = hex::encode(&Sha256::digest(reference.as_str()));
    digits.truncate(16);
    digits
}
