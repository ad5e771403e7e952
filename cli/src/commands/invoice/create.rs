//! `recoup invoice create`.

use clap::Args;
use recoup_protocol::amount::{AmountError, BaseUnits};
use recoup_protocol::calls::{Call, CreateInvoice};
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::limits::{
    DEFAULT_REFUND_WINDOW, MAX_EXPIRES_IN, MAX_REFUND_WINDOW, MIN_INSTALMENT_WINDOW, MIN_REFUND_WINDOW,
};
use recoup_protocol::reads::{GetInvoice, GetInvoiceByReference};
use recoup_protocol::text::{Reference, Text};
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hex;
use serde::Serialize;

use crate::burn_time;
use crate::commands::sending::{
    Finished, Outcome, Proposal, SendOptions, Sender, Sent, TransactionDocument, inclusion,
};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Book, Intent, InvoiceIntent, State};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::token::TokenInfo;

/// Arguments of `recoup invoice create`.
#[derive(Debug, Clone, Args)]
pub struct CreateInvoiceArguments {
    /// What is to be paid, as in 1.5
    #[arg(long, value_name = "AMOUNT")]
    amount: String,
    /// STX, or the id of a SIP-010 token contract
    #[arg(long, value_name = "TOKEN", default_value = "STX")]
    token: Token,
    /// Burn blocks until it cannot be paid any more
    #[arg(long, value_name = "BLOCKS", default_value_t = 1008, value_parser = clap::value_parser!(u64).range(1..=MAX_EXPIRES_IN))]
    expires_in: u64,
    /// Burn blocks from a payer's first payment in which it can be refunded
    #[arg(long, value_name = "BLOCKS", default_value_t = DEFAULT_REFUND_WINDOW, value_parser = clap::value_parser!(u64).range(MIN_REFUND_WINDOW..=MAX_REFUND_WINDOW))]
    refund_window: u64,
    /// Take instalments of at least so much [default: one payment of the whole amount]
    #[arg(long, value_name = "AMOUNT")]
    min_payment: Option<String>,
    /// Who alone may pay
    #[arg(long, value_name = "PRINCIPAL")]
    only_payer: Option<Principal>,
    /// Your own id for it, once per merchant: makes the command safe to run again [default: a random one]
    #[arg(long, value_name = "TEXT")]
    reference: Option<Reference>,
    /// A text for the payer, public for ever
    #[arg(long, value_name = "TEXT")]
    memo: Option<Text>,
    #[command(flatten)]
    send: SendOptions,
}

#[derive(Serialize)]
struct CreatedDocument {
    outcome: Outcome,
    resumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_id: Option<InvoiceId>,
    reference: Reference,
    merchant: Principal,
    token: Token,
    amount: BaseUnits,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
}

impl CreatedDocument {
    fn new(intent: &InvoiceIntent, outcome: Outcome) -> Self {
        Self {
            outcome,
            resumed: false,
            invoice_id: None,
            reference: intent.reference.clone(),
            merchant: intent.merchant.clone(),
            token: intent.token.clone(),
            amount: intent.amount,
            transaction: None,
        }
    }

    fn into_output(self, token: &TokenInfo) -> Result<Output, Failure> {
        let mut fields = Fields::new()
            .optional("invoice", self.invoice_id)
            .row("amount", token.show(self.amount))
            .row("merchant", &self.merchant)
            .row("reference", &self.reference);
        if let Some(transaction) = &self.transaction {
            fields = transaction.fields(fields);
        }
        Ok(Output::new(&self, fields.to_text())?.with_exit(self.outcome.exit()))
    }
}

pub(super) async fn run(context: &Context, arguments: CreateInvoiceArguments) -> Result<Output, Failure> {
    let core = context.core()?;
    let wallet = context.wallet()?;
    let view = context.node.view().await?;
    let mut cache = context.cache();
    cache.ensure_released(&view, core).await?;
    let token = cache.token(&view, &arguments.token).await?;
    let invoice = read_arguments(&arguments, &token, &wallet.address.into())?;
    let intent = InvoiceIntent {
        core: core.clone(),
        merchant: wallet.address.into(),
        reference: invoice.reference.clone().map_or_else(random_reference, Ok)?,
        amount: invoice.amount,
        token: invoice.token.clone(),
    };
    if arguments.reference.is_some()
        && let Some(invoice_id) = find_on_chain(&view, &intent).await?
    {
        let mut document = CreatedDocument::new(&intent, Outcome::AlreadyDone);
        document.invoice_id = Some(invoice_id);
        return document.into_output(&token);
    }
    let sender = Sender {
        context,
        wallet: &wallet,
        view: &view,
        options: &arguments.send,
    };
    let propose = || Ok(proposal(context, &arguments, invoice, &intent, &token));
    let sent = sender.send(|book| find_open(book, &intent), propose).await?;
    let Sent::Done(Finished { ending, resumed }) = sent else {
        return CreatedDocument::new(&intent, arguments.send.plans_only().unwrap_or(Outcome::DryRun))
            .into_output(&token);
    };
    let mut document = CreatedDocument::new(&intent, Outcome::of(&ending));
    document.resumed = resumed;
    document.invoice_id = inclusion(&ending)
        .and_then(|inclusion| inclusion.id)
        .map(InvoiceId);
    document.transaction = Some(TransactionDocument::new(context, ending.entry()));
    document.into_output(&token)
}

/// Without post-conditions, in deny mode: nothing at all may move.
fn proposal(
    context: &Context,
    arguments: &CreateInvoiceArguments,
    invoice: CreateInvoice,
    intent: &InvoiceIntent,
    token: &TokenInfo,
) -> Proposal {
    let call = Call::CreateInvoice(CreateInvoice {
        reference: Some(intent.reference.clone()),
        ..invoice
    });
    let payments = arguments
        .min_payment
        .as_ref()
        .map_or("one, of the whole amount".to_owned(), |least| {
            format!("of at least {least}")
        });
    Proposal {
        outgoing: context.outgoing(&intent.core, &call, Intent::CreateInvoice(intent.clone())),
        title: "Invoice",
        plan: Fields::new()
            .row("amount", token.show(intent.amount))
            .optional("token", token.contract())
            .row("merchant", &intent.merchant)
            .row("to pay within", burn_time::span(arguments.expires_in))
            .row("refund window", burn_time::span(arguments.refund_window))
            .row("payments", payments)
            .optional("only payer", arguments.only_payer.as_ref())
            .row("reference", &intent.reference)
            .optional("memo (public for ever)", arguments.memo.as_ref()),
        question: "Create this invoice".to_owned(),
    }
}

/// The bounds that are left once clap and the types have checked theirs.
fn read_arguments(
    arguments: &CreateInvoiceArguments,
    token: &TokenInfo,
    merchant: &Principal,
) -> Result<CreateInvoice, Failure> {
    let amount = token.read(&arguments.amount)?;
    let min_payment = arguments
        .min_payment
        .as_deref()
        .map(|text| token.read(text))
        .transpose()?;
    if amount.is_zero() || min_payment.is_some_and(|least| least.is_zero() || least > amount) {
        return Err(refused(ContractError::InvalidAmount));
    }
    if min_payment.is_some() && arguments.refund_window < MIN_INSTALMENT_WINDOW {
        return Err(refused(ContractError::InvalidWindow));
    }
    if arguments.only_payer.as_ref() == Some(merchant) {
        return Err(refused(ContractError::PayerNotAllowed));
    }
    Ok(CreateInvoice {
        amount,
        token: arguments.token.clone(),
        expires_in: arguments.expires_in,
        refund_window: Some(arguments.refund_window),
        min_payment,
        only_payer: arguments.only_payer.clone(),
        reference: arguments.reference.clone(),
        memo: arguments.memo.clone(),
    })
}

pub(crate) fn refused(error: ContractError) -> Failure {
    Failure::new(Kind::Refused, error.meaning())
        .contract_error(error.code(), error.name())
        .hint(error.hint())
}

impl From<AmountError> for Failure {
    fn from(error: AmountError) -> Self {
        Self::from_error(Kind::Usage, &error)
    }
}

/// An invoice without a reference could not be told from another like it before its id is known.
fn random_reference() -> Result<Reference, Failure> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Kind::Internal, format!("no randomness from the system: {error}")))?;
    Reference::new(&format!("inv-{}", hex::encode(&bytes)))
        .map_err(|error| Failure::from_error(Kind::Internal, &error))
}

/// An entry with this reference that is not settled: to be finished, or in the way.
fn find_open(book: &Book, intent: &InvoiceIntent) -> Result<Option<u64>, Failure> {
    let named = book.entries().rev().find_map(|entry| match &entry.intent {
        Intent::CreateInvoice(other)
            if other.core == intent.core
                && other.merchant == intent.merchant
                && other.reference == intent.reference =>
        {
            Some((entry, other))
        }
        _ => None,
    });
    match named {
        Some((entry, other)) if entry.state.is_open() || matches!(entry.state, State::Included(_)) => {
            if other == intent {
                Ok(Some(entry.number))
            } else {
                Err(refused(ContractError::ReferenceUsed))
            }
        }
        _ => Ok(None),
    }
}

async fn find_on_chain(view: &View<'_>, intent: &InvoiceIntent) -> Result<Option<InvoiceId>, Failure> {
    let question = GetInvoiceByReference {
        merchant: intent.merchant.clone(),
        reference: intent.reference.clone(),
    };
    let Some(invoice_id) = view.read(&intent.core, &question).await? else {
        return Ok(None);
    };
    let invoice = view.read(&intent.core, &GetInvoice { invoice_id }).await?;
    if invoice.is_some_and(|found| found.amount == intent.amount && found.token == intent.token) {
        Ok(Some(invoice_id))
    } else {
        let mut failure = refused(ContractError::ReferenceUsed);
        failure.causes.push(format!("it names invoice {invoice_id}"));
        Err(failure)
    }
}
