//! Reading what has to be known of every line, at one block: one request a line, a second for one that stands on chain
//! already, and a few for each token and each other merchant.

use std::collections::HashMap;

use recoup_protocol::reads::{GetOperator, GetRefund, GetRefundQuote};
use recoup_stacks::address::{Address, ContractId, Principal};

use super::check::{Answer, Terms};
use super::list::Line;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::node::View;
use crate::terminal::Progress;

/// Lines that are read before the user is told how far it is.
const LINES_A_STEP: usize = 200;

/// Reads the answers, in the order of the lines, and what all lines share.
///
/// # Errors
/// When the node does not answer.
pub async fn gather(
    context: &Context,
    view: &View<'_>,
    core: &ContractId,
    issuer: Address,
    lines: &[Line],
    force: bool,
) -> Result<(Vec<Answer>, Terms), Failure> {
    let mut answers = Vec::with_capacity(lines.len());
    let progress = Progress::start(&format!("checking {} lines", lines.len()));
    for step in lines.chunks(LINES_A_STEP) {
        progress.say(&format!("checking lines: {} of {}", answers.len(), lines.len()));
        read_step(view, core, step, &mut answers).await?;
    }
    drop(progress);
    let mut terms = Terms {
        chain: context.profile.network,
        core: core.clone(),
        issuer,
        operators: HashMap::new(),
        tokens: HashMap::new(),
        force,
    };
    let mut cache = context.cache();
    let operator = Principal::from(issuer);
    for quote in answers.iter().filter_map(|answer| answer.quote.as_ref()) {
        if !terms.tokens.contains_key(&quote.token) {
            let info = match cache.token(view, &quote.token).await {
                Err(failure) if failure.kind != Kind::Refused => return Err(failure),
                info => info,
            };
            terms.tokens.insert(quote.token.clone(), info);
        }
        let merchant = &quote.merchant;
        if *merchant != operator && !terms.operators.contains_key(merchant) {
            let question = GetOperator {
                merchant: merchant.clone(),
                operator: operator.clone(),
            };
            terms
                .operators
                .insert(merchant.clone(), view.read(core, &question).await?);
        }
    }
    Ok((answers, terms))
}

async fn read_step(
    view: &View<'_>,
    core: &ContractId,
    lines: &[Line],
    answers: &mut Vec<Answer>,
) -> Result<(), Failure> {
    let question = |line: &Line| GetRefundQuote {
        invoice_id: line.invoice_id,
        payer: line.payer.clone(),
        reference: Some(line.reference.clone()),
    };
    let quotes = view.read_all(core, lines.iter().map(question).collect()).await?;
    let named: Vec<_> = quotes
        .iter()
        .flatten()
        .filter_map(|quote| quote.reference_refund_id)
        .collect();
    let questions = named
        .iter()
        .map(|refund_id| GetRefund {
            refund_id: *refund_id,
        })
        .collect();
    let refunds: HashMap<_, _> = named
        .iter()
        .copied()
        .zip(view.read_all(core, questions).await?)
        .collect();
    answers.extend(quotes.into_iter().map(|quote| {
        let refund_id = quote.as_ref().and_then(|quote| quote.reference_refund_id);
        let refund = refund_id.and_then(|refund_id| refunds.get(&refund_id).cloned().flatten());
        Answer {
            reference_refund: refund_id.zip(refund),
            quote,
        }
    }));
    Ok(())
}
