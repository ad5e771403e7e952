//! `recoup pay`: paying an invoice as a customer would.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::calls::{Call, Payment};
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::reads::{GetInvoice, GetLedger};
use recoup_stacks::address::Principal;
use serde::Serialize;

use super::invoice::refused;
use super::sending::{Finished, Outcome, Proposal, SendOptions, Sender, Sent, TransactionDocument};
use crate::context::{Context, Wallet};
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Intent, PaymentIntent};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::payment::{Facts, check};
use crate::terminal;
use crate::token::TokenInfo;

/// Arguments of `recoup pay`.
#[derive(Debug, Clone, Args)]
pub struct Pay {
    /// Which invoice
    invoice: InvoiceId,
    /// How much, as in 1.5 [default: all that is due]
    #[arg(long, value_name = "AMOUNT")]
    amount: Option<String>,
    /// Whom you mean to pay; refused if the invoice is somebody else's
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    #[command(flatten)]
    send: SendOptions,
}

#[derive(Serialize)]
struct PaymentDocument {
    outcome: Outcome,
    resumed: bool,
    invoice_id: InvoiceId,
    merchant: Principal,
    payer: Principal,
    token: recoup_protocol::token::Token,
    amount: BaseUnits,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
}

/// Runs the command.
///
/// # Errors
/// When the contract would refuse the payment, or sending fails.
pub async fn run(context: &Context, arguments: Pay) -> Result<Output, Failure> {
    let wallet = context.wallet()?;
    let view = context.node.view().await?;
    let (intent, facts, token) = read(context, &view, &wallet, &arguments).await?;
    let whole = arguments.amount.is_none();
    let sender = Sender {
        context,
        wallet: &wallet,
        view: &view,
        options: &arguments.send,
    };
    let propose = || {
        check(&intent, arguments.merchant.as_ref(), &facts)?;
        Ok(proposal(context, &wallet, &arguments, &intent, &token))
    };
    let sent = sender
        .send(|book| find_open(book, &intent, whole), propose)
        .await?;
    let Sent::Done(Finished { ending, resumed }) = sent else {
        return output(
            &intent,
            &token,
            arguments.send.plans_only().unwrap_or(Outcome::DryRun),
            false,
            None,
        );
    };
    let Intent::Pay(done) = &ending.entry().intent else {
        return Err(Failure::new(Kind::Internal, "the journal's entry is no payment"));
    };
    let transaction = TransactionDocument::new(context, ending.entry());
    output(done, &token, Outcome::of(&ending), resumed, Some(transaction))
}

/// What is to be paid, and all that the contract will look at, read at one block.
async fn read(
    context: &Context,
    view: &View<'_>,
    wallet: &Wallet,
    arguments: &Pay,
) -> Result<(PaymentIntent, Facts, TokenInfo), Failure> {
    let core = context.core()?;
    let payer = Principal::from(wallet.address);
    let invoice_id = arguments.invoice;
    let mut cache = context.cache();
    cache.ensure_released(view, core).await?;
    let Some(invoice) = view.read(core, &GetInvoice { invoice_id }).await? else {
        return Err(refused(ContractError::InvoiceNotFound));
    };
    let token = cache.token(view, &invoice.token).await?;
    let question = GetLedger {
        invoice_id,
        payer: payer.clone(),
    };
    let ledger = view.read(core, &question).await?;
    let typed = arguments.amount.as_deref().map(|text| token.read(text));
    let due = BaseUnits(invoice.amount.0.saturating_sub(invoice.amount_paid.0));
    let intent = PaymentIntent {
        core: core.clone(),
        invoice_id,
        merchant: invoice.merchant.clone(),
        payer,
        token: invoice.token.clone(),
        amount: typed.transpose()?.unwrap_or(due),
        paid_before: ledger.as_ref().map_or(BaseUnits::ZERO, |ledger| ledger.paid),
    };
    let facts = Facts {
        invoice,
        ledger,
        burn_height: view.tip.burn_height,
    };
    Ok((intent, facts, token))
}

fn proposal(
    context: &Context,
    wallet: &Wallet,
    arguments: &Pay,
    intent: &PaymentIntent,
    token: &TokenInfo,
) -> Proposal {
    let call = Call::Pay(Payment {
        invoice_id: intent.invoice_id,
        merchant: intent.merchant.clone(),
        amount: intent.amount,
        token: token.contract().cloned(),
    });
    let fence = token.fence(wallet.address, intent.amount);
    if arguments.merchant.is_none() {
        terminal::note(
            "note: the merchant is the invoice's; name the one you mean with --merchant to be sure",
        );
    }
    Proposal {
        outgoing: context
            .outgoing(&intent.core, &call, Intent::Pay(intent.clone()))
            .fenced(vec![fence.post_condition]),
        title: "Payment",
        plan: Fields::new()
            .row("invoice", intent.invoice_id)
            .row("pay", token.show(intent.amount))
            .optional("token", token.contract())
            .row("to merchant", &intent.merchant)
            .row("from", &intent.payer),
        question: format!("Pay {}", token.show(intent.amount)),
    }
}

fn output(
    intent: &PaymentIntent,
    token: &TokenInfo,
    outcome: Outcome,
    resumed: bool,
    transaction: Option<TransactionDocument>,
) -> Result<Output, Failure> {
    let mut fields = Fields::new()
        .row("invoice", intent.invoice_id)
        .row(
            if outcome.is_planned() { "to pay" } else { "paid" },
            token.show(intent.amount),
        )
        .row("to merchant", &intent.merchant);
    if let Some(transaction) = &transaction {
        fields = transaction.fields(fields);
    }
    let document = PaymentDocument {
        outcome,
        resumed,
        invoice_id: intent.invoice_id,
        merchant: intent.merchant.clone(),
        payer: intent.payer.clone(),
        token: intent.token.clone(),
        amount: intent.amount,
        transaction,
    };
    Ok(Output::new(&document, fields.to_text())?.with_exit(outcome.exit()))
}

/// An open payment of the same invoice by the same payer. Of the same amount, or of all that was due: it is the same
/// command, run again. Of another: it has to end first.
fn find_open(book: &Book, intent: &PaymentIntent, whole: bool) -> Result<Option<u64>, Failure> {
    let open = book.entries().find_map(|entry| match &entry.intent {
        Intent::Pay(other)
            if entry.state.is_open()
                && other.core == intent.core
                && other.invoice_id == intent.invoice_id
                && other.payer == intent.payer =>
        {
            Some((entry, other))
        }
        _ => None,
    });
    match open {
        None => Ok(None),
        Some((entry, other)) if whole || other.amount == intent.amount => Ok(Some(entry.number)),
        Some((entry, _)) => {
            let message = format!(
                "payment {} of this invoice is not settled yet",
                entry.transaction.txid
            );
            Err(Failure::new(Kind::Refused, message).hint("run `recoup refund resume`, then pay again"))
        }
    }
}
