//! Checking every line at one block: a function of the lines, what the contract says of each, and the journal.

use std::collections::HashMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::error::ContractError;
use recoup_protocol::ids::RefundId;
use recoup_protocol::reads::{OperatorRights, Refund, RefundQuote};
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, ContractId, Principal};
use recoup_stacks::hash::Txid;

use super::history::{Earlier, Failed, History};
use super::list::{Column, Line, Problem};
use super::sequence::Pair;
use crate::failure::Failure;
use crate::journal::{Book, RefundIntent};
use crate::profile::Chain;
use crate::refund::{Decision, Facts, Plan, Refusal, Wish, decide};
use crate::token::TokenInfo;

/// What the contract says of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// None when there is no such invoice.
    pub quote: Option<RefundQuote>,
    /// The refund that the line's reference names already.
    pub reference_refund: Option<(RefundId, Refund)>,
}

/// What is the same for all lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The chain.
    pub chain: Chain,
    /// The contract.
    pub core: ContractId,
    /// Whose wallet signs and pays.
    pub issuer: Address,
    /// What other merchants let the issuer do.
    pub operators: HashMap<Principal, OperatorRights>,
    /// The invoices' tokens, or why one cannot be used.
    pub tokens: HashMap<Token, Result<TokenInfo, Failure>>,
    /// Whether a near deadline is no reason to refuse.
    pub force: bool,
}

/// Where a line stands that nothing is wrong with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// On chain.
    Done {
        /// As the contract numbers it.
        refund_id: RefundId,
        /// Its transaction, when it was signed here.
        txid: Option<Txid>,
    },
    /// In a transaction that was signed before and can still count.
    Unsettled {
        /// Its journal entry.
        entry: u64,
        /// Its transaction.
        txid: Txid,
    },
    /// To be paid.
    Due(Box<Due>),
}

/// A line to be paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The line in the file.
    pub line: u64,
    /// The refund, as it is if all lines before it are paid.
    pub refund: RefundIntent,
    /// Its token.
    pub token: TokenInfo,
    /// The transaction in which it failed before.
    pub failed: Option<Failed>,
}

/// What checking led to: every line is in exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Lines that nothing is wrong with, in the list's order.
    pub standings: Vec<(u64, Standing)>,
    /// What is wrong with the others. Nothing may be sent while there is anything.
    pub problems: Vec<Problem>,
    /// What the merchant should think about.
    pub warnings: Vec<String>,
}

/// Checks every line as if those before it were paid. `answers` are in the order of `lines`.
#[must_use]
pub fn check(lines: &[Line], answers: Vec<Answer>, terms: &Terms, history: &History<'_>) -> Checked {
    let mut checked = Checked::default();
    let mut planned: HashMap<Pair, BaseUnits> = HashMap::new();
    for (line, answer) in lines.iter().zip(answers) {
        let before = planned.entry((line.invoice_id, line.payer.clone())).or_default();
        match check_line(line, answer, terms, history, *before) {
            Ok(Found {
                standing,
                adds,
                warnings,
            }) => {
                before.0 = before.0.saturating_add(adds.0);
                checked.standings.push((line.number, standing));
                checked.warnings.extend(
                    warnings
                        .into_iter()
                        .map(|text| format!("line {}: {text}", line.number)),
                );
            }
            Err(problem) => checked.problems.push(problem),
        }
    }
    checked
}

struct Found {
    standing: Standing,
    /// What the payer gets beside what it got.
    adds: BaseUnits,
    warnings: Vec<String>,
}

impl Found {
    const fn new(standing: Standing, adds: BaseUnits) -> Self {
        Self {
            standing,
            adds,
            warnings: Vec::new(),
        }
    }
}

fn check_line(
    line: &Line,
    answer: Answer,
    terms: &Terms,
    history: &History<'_>,
    planned: BaseUnits,
) -> Result<Found, Problem> {
    let Answer {
        quote,
        reference_refund,
    } = answer;
    let token = token_of(line, quote.as_ref(), terms)?;
    let wish = line.wish(&token).map_err(|error| {
        Problem::at(
            line,
            Column::Amount,
            error,
            "write it in the token's digits, or as 25% or full",
        )
    })?;
    let mut failed = None;
    if let (Some(quote), None) = (&quote, &reference_refund) {
        match earlier(line, quote, &wish, history)? {
            Past::Clean(found) => failed = found,
            Past::Unsettled(found) => return Ok(found),
        }
    }
    let merchant = quote.as_ref().map(|quote| quote.merchant.clone());
    let operator = merchant
        .as_ref()
        .and_then(|merchant| terms.operators.get(merchant))
        .cloned();
    let quote = if reference_refund.is_none() {
        quote.map(|quote| after(quote, planned))
    } else {
        quote
    };
    let facts = Facts {
        chain: terms.chain,
        core: terms.core.clone(),
        issuer: terms.issuer,
        quote,
        reference_refund,
        operator,
        reserve: None,
        token,
    };
    // The journal was asked above, by an index: with many lines and entries a search for each would take for ever.
    let decision = decide(&wish, &facts, &Book::default(), terms.force);
    match decision.map_err(|refusal| problem(line, refusal))? {
        Decision::Send(plan) => Ok(due(line, *plan, failed)),
        Decision::Done(refund_id, _) => {
            let txid = merchant.and_then(|merchant| history.txid(&merchant, &line.reference));
            Ok(Found::new(Standing::Done { refund_id, txid }, BaseUnits::ZERO))
        }
        Decision::Resume(_) => Err(Problem::at(
            line,
            Column::Reference,
            "signed before",
            "run the command again",
        )),
    }
}

/// What the journal knows of a line that is not on chain.
enum Past {
    /// Nothing that can still count; maybe a failure.
    Clean(Option<Failed>),
    /// A transaction that can still count.
    Unsettled(Found),
}

fn earlier(line: &Line, quote: &RefundQuote, wish: &Wish, history: &History<'_>) -> Result<Past, Problem> {
    let past = match history.earlier(&quote.merchant, wish) {
        Earlier::Unsettled { entry, txid, amount } => {
            let standing = Standing::Unsettled { entry, txid };
            return Ok(Past::Unsettled(Found::new(standing, amount)));
        }
        Earlier::Another { entry, txid } => {
            let reference = line.reference.clone();
            return Err(problem(
                line,
                Refusal::ReferenceInJournal {
                    reference,
                    entry,
                    txid,
                },
            ));
        }
        Earlier::Nothing => Past::Clean(None),
        Earlier::Failed(failed) => Past::Clean(Some(failed)),
    };
    match history.open_refund(line.invoice_id, &line.payer) {
        None => Ok(past),
        Some(open) => {
            let (entry, txid) = (open.number, open.transaction.txid);
            Err(problem(line, Refusal::OpenRefund { entry, txid }))
        }
    }
}

fn due(line: &Line, plan: Plan, failed: Option<Failed>) -> Found {
    let amount = plan.intent.amount;
    let due = Due {
        line: line.number,
        refund: plan.intent,
        token: plan.token,
        failed,
    };
    Found {
        warnings: plan.warnings,
        ..Found::new(Standing::Due(Box::new(due)), amount)
    }
}

fn token_of(line: &Line, quote: Option<&RefundQuote>, terms: &Terms) -> Result<TokenInfo, Problem> {
    match quote.and_then(|quote| terms.tokens.get(&quote.token)) {
        Some(Ok(token)) => Ok(token.clone()),
        Some(Err(failure)) => Err(of_failure(line, Column::Invoice, failure.clone())),
        // Without an invoice there is no token either; the amount is refused with the invoice.
        None => Ok(TokenInfo::Stx),
    }
}

/// The quote as it is once `planned` is paid to this payer.
fn after(mut quote: RefundQuote, planned: BaseUnits) -> RefundQuote {
    if !planned.is_zero() {
        quote.refunded = BaseUnits(quote.refunded.0.saturating_add(planned.0));
        quote.refundable = BaseUnits(quote.refundable.0.saturating_sub(planned.0));
        if quote.refundable.is_zero() {
            quote.refusal = quote.refusal.or(Some(ContractError::FullyRefunded.code()));
        }
    }
    quote
}

fn problem(line: &Line, refusal: Refusal) -> Problem {
    let column = match &refusal {
        Refusal::ReferenceOfAnother { .. } | Refusal::ReferenceInJournal { .. } => Column::Reference,
        Refusal::WrongNetwork { .. } | Refusal::OpenRefund { .. } => Column::Payer,
        Refusal::UnknownContractError(_) | Refusal::CloseToDeadline { .. } => Column::Invoice,
        Refusal::Contract { error, .. } => match error {
            ContractError::NothingPaid | ContractError::PayerNotAllowed => Column::Payer,
            ContractError::InvalidAmount | ContractError::MoreThanRefundable => Column::Amount,
            ContractError::ReferenceUsed | ContractError::ReferenceEmpty => Column::Reference,
            _ => Column::Invoice,
        },
    };
    of_failure(line, column, refusal.into())
}

fn of_failure(line: &Line, column: Column, failure: Failure) -> Problem {
    let mut what = failure.message;
    for cause in failure.causes {
        what = format!("{what}: {cause}");
    }
    Problem::at(line, column, what, &failure.hint.unwrap_or_default())
}
