//! `recoup refund create`: read at one block, decide, show, ask, sign, journal, send, follow, read back.

use clap::Args;
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::reads::{GetRefund, Refund};
use recoup_protocol::text::{Reference, Text};
use recoup_stacks::address::Principal;
use recoup_stacks::rpc::Account;
use serde::Serialize;

use super::all_payers;
use super::gate::{self, Gate};
use super::plan_text::{PlanDocument, plan_text};
use super::read::read;
use super::show::RefundDocument;
use crate::burn_time;
use crate::commands::sending::{
    Finished, Outcome, Priced, SendOptions, Sender, TransactionDocument, inclusion,
};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{ApprovalTerms, Book, Entry, Intent, RefundIntent, State};
use crate::node::View;
use crate::output::{Fields, Output};
use crate::refund::{Asked, Decision, Facts, Funds, Plan, Refusal, Wish, decide, ensure_funds};
use crate::send::{Ending, ensure_current, refresh};
use crate::terminal;
use crate::token::TokenInfo;

/// Arguments of `recoup refund create`.
#[derive(Debug, Clone, Args)]
pub struct CreateRefund {
    /// Which invoice
    #[arg(long, value_name = "ID")]
    pub(super) invoice: InvoiceId,
    /// To whom; needed when several payers paid
    #[arg(long, value_name = "PRINCIPAL")]
    pub(super) payer: Option<Principal>,
    /// All payers, in proportion to what each can still get back; --amount is then the sum of all. Needs --reference: the
    /// first payer's is REFERENCE/1, and so on
    #[arg(long, conflicts_with_all = ["payer", "unsigned"], requires = "reference")]
    pub(super) all_payers: bool,
    /// With --all-payers: share it among those whose refund window is not over
    #[arg(long, requires = "all_payers")]
    pub(super) without_expired: bool,
    /// How much: 1.5, or 25% of what the payer paid
    #[arg(
        long,
        value_name = "AMOUNT",
        required_unless_present = "full",
        conflicts_with = "full"
    )]
    pub(super) amount: Option<String>,
    /// All that the payer can still get back
    #[arg(long)]
    full: bool,
    /// Your own id for it, once per merchant: the same reference never pays twice, from any machine
    #[arg(long, value_name = "TEXT")]
    pub(super) reference: Option<Reference>,
    /// Why; public for ever
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<Text>,
    /// As a delegate of the merchant: pay it from the merchant's reserve
    #[arg(long, conflicts_with = "all_payers")]
    pub(super) from_reserve: bool,
    /// Send it although the deadline is near
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) send: SendOptions,
}

#[derive(Serialize)]
struct CreatedDocument {
    outcome: Outcome,
    /// The transaction had been signed by an earlier run.
    resumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<PlanDocument>,
    /// Where it waits for a second person.
    #[serde(skip_serializing_if = "Option::is_none")]
    awaiting: Option<AwaitingDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<TransactionDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<RefundDocument>,
}

#[derive(Serialize)]
struct AwaitingDocument {
    journal_entry: u64,
    #[serde(flatten)]
    terms: ApprovalTerms,
}

impl CreateRefund {
    /// The command that makes this plan again.
    pub(super) fn of(intent: &RefundIntent, token: &TokenInfo, send: SendOptions) -> Self {
        let asked = intent.asked.as_str();
        let full = asked == Asked::Full.to_string();
        let amount = if asked.ends_with('%') {
            asked.to_owned()
        } else {
            intent.amount.to_decimal(token.decimals()).to_string()
        };
        Self {
            invoice: intent.invoice_id,
            payer: Some(intent.payer.clone()),
            all_payers: false,
            without_expired: false,
            amount: (!full).then_some(amount),
            full,
            reference: intent.reference.clone(),
            reason: intent.reason.clone(),
            from_reserve: intent.delegate.is_some(),
            force: false,
            send,
        }
    }
}

impl CreatedDocument {
    const fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            resumed: false,
            plan: None,
            awaiting: None,
            transaction: None,
            refund: None,
        }
    }
}

pub(super) async fn run(context: &Context, arguments: CreateRefund) -> Result<Output, Failure> {
    if arguments.all_payers {
        return Box::pin(all_payers::run(context, arguments)).await;
    }
    let core = context.core()?;
    let wallet = context.wallet()?;
    let view = context.node.view().await?;
    let sender = Sender {
        context,
        wallet: &wallet,
        view: &view,
        options: &arguments.send,
    };
    let mut cache = context.cache();
    cache.ensure_released(&view, core).await?;
    ensure_current(context, &view, arguments.force)?;
    let (wish, facts) = read(context, &view, core, &wallet, &mut cache, &arguments).await?;
    let decision = decide_settled(context, &view, &wish, &facts, arguments.force).await?;
    let plan = match decision {
        Decision::Send(plan) => plan,
        Decision::Done(refund_id, refund) => return already_done(refund_id, *refund, &facts.token),
        Decision::Resume(entry) => {
            let finished = sender.resume(entry).await?;
            return report(context, finished, None, &facts.token).await;
        }
    };
    let shown = show_plan(&sender, &plan).await?;
    send_plan(&sender, &arguments, (&wish, &facts, &plan), shown).await
}

/// The plan in both forms, and the transaction with its fee.
struct Shown {
    document: PlanDocument,
    text: String,
    priced: Priced,
}

async fn show_plan(sender: &Sender<'_>, plan: &Plan) -> Result<Shown, Failure> {
    let priced = price(sender, plan).await?;
    let (fee, network) = (priced.fee.micro_stx, sender.context.profile.network);
    plan.warnings.iter().for_each(|warning| terminal::warn(warning));
    Ok(Shown {
        document: PlanDocument::new(plan, network, fee),
        text: plan_text(plan, network, fee, &sender.wallet.name.to_string()),
        priced,
    })
}

/// Stops after the plan, waits for a second person, or asks and sends.
async fn send_plan(
    sender: &Sender<'_>,
    arguments: &CreateRefund,
    (wish, facts, plan): (&Wish, &Facts, &Plan),
    shown: Shown,
) -> Result<Output, Failure> {
    let Shown {
        document,
        text,
        mut priced,
    } = shown;
    let plans_only = arguments.send.plans_only();
    if plans_only != Some(Outcome::DryRun) {
        if plans_only.is_none() {
            terminal::show(&text);
        }
        match pass(sender, plan)? {
            Gate::Open => {}
            Gate::Approved(entry, terms) => {
                gate::ensure_fee(priced.fee.micro_stx, terms)?;
                priced.outgoing.draft = Some(entry);
            }
            Gate::Waiting(entry, terms) => return awaiting(entry, terms, document, plan),
        }
    }
    if let Some(outcome) = plans_only {
        sender.write_unsigned(&priced)?;
        let document = CreatedDocument {
            plan: Some(document),
            ..CreatedDocument::new(outcome)
        };
        return Output::new(&document, text);
    }
    let question = format!("Refund {}", plan.token.show(plan.intent.amount));
    // Somebody may have sent the same in another window while this one was asking.
    let recheck = |book: &Book| match decide(wish, facts, book, arguments.force)? {
        Decision::Resume(entry) => Ok(Some(entry)),
        Decision::Send(_) | Decision::Done(..) => Ok(None),
    };
    let finished = sender.finish(priced, &question, recheck).await?;
    report(sender.context, finished, Some(document), &facts.token).await
}

/// Whether it may be signed now. A plan that has to wait is agreed to by its planner first.
fn pass(sender: &Sender<'_>, plan: &Plan) -> Result<Gate, Failure> {
    let Sender { context, options, .. } = sender;
    let intent = Intent::Refund(plan.intent.clone());
    let sums = [(&plan.token, plan.intent.amount)];
    gate::pass(context, &intent, &sums, plan.burn_height, || {
        let question = "This needs a second person's approval. Plan it and ask for one?";
        if options.yes || terminal::confirm(question)? {
            Ok(())
        } else {
            Err(Failure::new(Kind::Refused, "not confirmed").hint("nothing was planned"))
        }
    })
}

fn awaiting(
    journal_entry: u64,
    terms: ApprovalTerms,
    document: PlanDocument,
    plan: &Plan,
) -> Result<Output, Failure> {
    gate::note_waiting(journal_entry, terms);
    let outcome = Outcome::AwaitingApproval;
    let text = Fields::new()
        .row("entry", journal_entry)
        .row("what", Intent::Refund(plan.intent.clone()).describe())
        .row("state", "awaiting-approval")
        .row("before", burn_time::until(terms.expires_at, plan.burn_height))
        .to_text();
    let document = CreatedDocument {
        plan: Some(document),
        awaiting: Some(AwaitingDocument { journal_entry, terms }),
        ..CreatedDocument::new(outcome)
    };
    Ok(Output::new(&document, text)?.with_exit(outcome.exit()))
}

/// Makes the transaction, chooses its fee, and checks that both can be paid.
async fn price(sender: &Sender<'_>, plan: &Plan) -> Result<Priced, Failure> {
    let intent = Intent::Refund(plan.intent.clone());
    let outgoing = sender
        .context
        .outgoing(plan.contract(), &plan.call(), intent)
        .fenced(vec![plan.fence.post_condition.clone()]);
    let priced = sender.price(outgoing).await?;
    let funds = funds(sender.view, plan, &priced.account).await?;
    let (fee, issuer) = (priced.fee.micro_stx, sender.wallet.address);
    // The reserve's balance was checked with the delegate's budget: the wallet pays the fee only.
    let own_amount = match plan.reserve {
        Some(_) => BaseUnits::ZERO,
        None => plan.intent.amount,
    };
    ensure_funds(&plan.token, own_amount, fee, funds, issuer)?;
    Ok(priced)
}

/// Decides; where an earlier refund is in the way, looks whether it is settled at this block first.
async fn decide_settled(
    context: &Context,
    view: &View<'_>,
    wish: &Wish,
    facts: &Facts,
    force: bool,
) -> Result<Decision, Failure> {
    let book = context.journal.read()?;
    // Of a reference the chain itself tells what became.
    if facts.reference_refund.is_none() {
        look_after_failed(context, view, wish, facts, &book).await?;
    }
    let book = context.journal.read()?;
    let number = match decide(wish, facts, &book, force) {
        Err(Refusal::OpenRefund { entry, .. } | Refusal::ReferenceInJournal { entry, .. }) => entry,
        decision => return Ok(decision?),
    };
    if let Some(entry) = book.get(number) {
        refresh(context, view, entry).await?;
    }
    let book = context.journal.read()?;
    Ok(decide(wish, facts, &book, force)?)
}

/// A node may refuse a transaction and keep it all the same, or be wrong about a nonce, and a fork can turn a failure. What
/// was signed for this payer and failed is looked for on chain before the payer is refunded again.
async fn look_after_failed(
    context: &Context,
    view: &View<'_>,
    wish: &Wish,
    facts: &Facts,
    book: &Book,
) -> Result<(), Failure> {
    let is_of_payer = |entry: &&Entry| {
        matches!(&entry.state, State::Failed { .. } | State::Replaced)
            && entry.refunds().any(|refund| {
                refund.core == facts.core
                    && refund.invoice_id == wish.invoice_id
                    && refund.payer == wish.payer
            })
    };
    for entry in book.entries().filter(is_of_payer) {
        // One that is open again is found by whoever decides.
        if !matches!(refresh(context, view, entry).await?.state, State::Included(_)) {
            continue;
        }
        let message = format!(
            "refund {} had failed by the node's word, and is in a block all the same",
            entry.transaction.txid
        );
        return Err(Failure::new(Kind::Refused, message)
            .hint("it is paid; run the command again only if this payer is to get the same once more"));
    }
    Ok(())
}

/// What the issuer owns. One more request for a token.
async fn funds(view: &View<'_>, plan: &Plan, account: &Account) -> Result<Funds, Failure> {
    let micro_stx = BaseUnits(account.balance);
    let token = match &plan.token {
        TokenInfo::Stx => micro_stx,
        // The reserve's balance is the merchant's part of it, and was checked.
        TokenInfo::Sip010(_) if plan.reserve.is_some() => BaseUnits::ZERO,
        TokenInfo::Sip010(info) => view.token_balance(info, &plan.intent.issuer).await?,
    };
    Ok(Funds { micro_stx, token })
}

fn already_done(refund_id: RefundId, refund: Refund, token: &TokenInfo) -> Result<Output, Failure> {
    terminal::note("this refund stands on chain already: nothing was sent");
    let refund = RefundDocument::new(refund_id, refund, token);
    let text = refund.to_text(token);
    let document = CreatedDocument {
        refund: Some(refund),
        ..CreatedDocument::new(Outcome::AlreadyDone)
    };
    Output::new(&document, text)
}

/// Reads the refund back and compares it with what was signed.
async fn report(
    context: &Context,
    finished: Finished,
    plan: Option<PlanDocument>,
    token: &TokenInfo,
) -> Result<Output, Failure> {
    let Finished { ending, resumed } = finished;
    let transaction = TransactionDocument::new(context, ending.entry());
    let refund = read_back(context, &ending, token).await?;
    let outcome = Outcome::of(&ending);
    let text = match &refund {
        Some(refund) => format!(
            "{}{}",
            refund.to_text(token),
            transaction.fields(Fields::new()).to_text()
        ),
        None => transaction.fields(Fields::new()).to_text(),
    };
    if outcome == Outcome::Sent {
        terminal::note(
            "not in a block yet: run the same command again, or `recoup refund resume`, to see it through",
        );
    }
    let document = CreatedDocument {
        outcome,
        resumed,
        plan,
        awaiting: None,
        transaction: Some(transaction),
        refund,
    };
    Ok(Output::new(&document, text)?.with_exit(outcome.exit()))
}

async fn read_back(
    context: &Context,
    ending: &Ending,
    token: &TokenInfo,
) -> Result<Option<RefundDocument>, Failure> {
    let Some(refund_id) = inclusion(ending).and_then(|inclusion| inclusion.id).map(RefundId) else {
        return Ok(None);
    };
    let Some(intent) = ending.entry().refund() else {
        return Err(Failure::new(Kind::Internal, "the journal's entry is no refund"));
    };
    let view = context.node.view().await?;
    let refund = view.read(&intent.core, &GetRefund { refund_id }).await?;
    let as_signed = refund.filter(|refund| {
        refund.invoice_id == intent.invoice_id
            && refund.payer == intent.payer
            && refund.amount == intent.amount
            && refund.issuer == intent.issuer
            && refund.reference == intent.reference
            && refund.reason == intent.reason
    });
    match as_signed {
        Some(refund) => Ok(Some(RefundDocument::new(refund_id, refund, token))),
        None => Err(Failure::new(
            Kind::Pending,
            format!("refund {refund_id} is not what was signed any more"),
        )
        .hint("a fork has just changed the chain: run `recoup refund resume`")),
    }
}
