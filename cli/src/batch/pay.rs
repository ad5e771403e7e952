//! Paying a list: one transaction after the other, and halves of those that fail.

use std::collections::{HashSet, VecDeque};

use recoup_protocol::ids::RefundId;
use recoup_protocol::text::Reference;
use recoup_stacks::address::Address;
use recoup_stacks::hash::Txid;
use recoup_stacks::keys::SecretKey;

use super::check::Due;
use super::history::History;
use super::results::{Results, Status};
use super::sequence::{Balances, Pair};
use super::split::halve;
use super::transaction::{outgoing, sum};
use crate::context::Context;
use crate::failpoint;
use crate::failure::{Failure, Kind};
use crate::journal::{BatchLine, Book, Entry, FailedAt, RefundIntent, State};
use crate::refund::{Asked, ensure_funds, read_funds};
use crate::send::{Ending, Nonces, Patience, Recorded, Start, carry_out, price, record};
use crate::terminal;
use crate::token::TokenInfo;

/// Nodes keep 25 waiting transactions of an account; some room is left for others.
const MOST_WAITING: usize = 20;

/// Who pays, and how.
pub struct Payer<'run> {
    /// Profile, node and journal.
    pub context: &'run Context,
    /// The wallet's address.
    pub issuer: Address,
    /// Its key.
    pub key: &'run SecretKey,
    /// SHA-256 of the list.
    pub list: &'run str,
    /// What the user wants a transaction to cost.
    pub fee: Option<u64>,
    /// How long to wait for each block.
    pub patience: Patience,
}

/// How far a run got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The journal's entries that it made.
    pub entries: Vec<u64>,
    /// Some are not in a block yet: what comes after them may not be signed.
    pub is_waiting: bool,
}

/// What became of one transaction.
enum Paid {
    Included {
        txid: Txid,
        first_id: Option<u64>,
        lines: Vec<BatchLine>,
    },
    Waiting(Vec<BatchLine>),
    Failed {
        txid: Txid,
        detail: String,
    },
}

impl Payer<'_> {
    /// Pays the groups in their order. The results are on disk after each transaction.
    ///
    /// # Errors
    /// When the node, the journal or the balance stops it. Everything that was signed stands in the journal.
    pub async fn pay(&self, groups: Vec<Vec<Due>>, results: &mut Results) -> Result<Run, Failure> {
        let mut run = Run::default();
        let mut balances = Balances::before(groups.iter().flatten());
        let mut failed_payers: HashSet<Pair> = HashSet::new();
        let mut queue = VecDeque::from(groups);
        while let Some(group) = queue.pop_front() {
            let group = set_aside(group, &failed_payers, results);
            if group.is_empty() {
                continue;
            }
            match self
                .pay_group(&group, &balances, results, &mut run.entries)
                .await?
            {
                Paid::Included {
                    txid,
                    first_id,
                    lines,
                } => {
                    balances.settle(&lines);
                    for (line, refund_id) in lines.iter().zip(first_id.unwrap_or_default()..) {
                        let refund_id = first_id.map(|_| RefundId(refund_id));
                        results.set(line.line, Status::Included, refund_id, Some(txid));
                    }
                }
                Paid::Waiting(lines) => {
                    run.is_waiting = true;
                    // What comes next expects that this one counts. If it does not, the next one fails and moves nothing, and
                    // a later run looks for the line in halves.
                    balances.settle(&lines);
                    if self.patience.wait || run.entries.len() >= MOST_WAITING {
                        return Ok(run);
                    }
                }
                Paid::Failed { txid, detail } => match <[Due; 1]>::try_from(group) {
                    Ok([due]) => {
                        terminal::note(&format!("line {} is not paid: {detail}", due.line));
                        results.fail(due.line, Some(txid), &detail);
                        failed_payers.insert((due.refund.invoice_id, due.refund.payer));
                    }
                    Err(group) => {
                        terminal::note(&format!(
                            "{} lines failed together: trying them in halves",
                            group.len()
                        ));
                        group
                            .iter()
                            .for_each(|due| results.set(due.line, Status::Planned, None, None));
                        let (first, second) = halve(group);
                        queue.push_front(second);
                        queue.push_front(first);
                    }
                },
            }
            failpoint::reach("before-results");
            results.save()?;
            failpoint::reach("between-transactions");
        }
        Ok(run)
    }

    async fn pay_group(
        &self,
        group: &[Due],
        balances: &Balances,
        results: &mut Results,
        entries: &mut Vec<u64>,
    ) -> Result<Paid, Failure> {
        let Some(token) = group.first().map(|due| &due.token) else {
            return Err(Failure::new(Kind::Internal, "a transaction without lines"));
        };
        let lines = balances.sequence(group);
        let number = self.sign(token, lines.clone()).await?;
        entries.push(number);
        let txid = self.entry(number)?.transaction.txid;
        for line in &lines {
            results.set(line.line, Status::Sent, None, Some(txid));
        }
        results.save()?;
        match carry_out(self.context, number, Start::New, self.patience).await {
            Ok(Ending::Included(_, inclusion)) => Ok(Paid::Included {
                txid,
                first_id: inclusion.id,
                lines,
            }),
            Ok(Ending::Sent(_)) => Ok(Paid::Waiting(lines)),
            Err(failure) => {
                let entry = self.entry(number)?;
                match &entry.state {
                    State::Failed {
                        at: FailedAt::Chain,
                        detail,
                    } => Ok(Paid::Failed {
                        txid,
                        detail: detail.clone(),
                    }),
                    _ => Err(failure),
                }
            }
        }
    }

    /// Makes the transaction and writes it to the journal, unless the balance is too low by now. Its entry there.
    async fn sign(&self, token: &TokenInfo, lines: Vec<BatchLine>) -> Result<u64, Failure> {
        let needed = sum(lines.iter().map(|line| &line.refund))?;
        let outgoing = outgoing(self.context, self.issuer, self.list, token, lines.clone())?;
        let fee = price(self.context, &outgoing.transaction, self.fee).await?;
        let view = self.context.node.view().await?;
        let (funds, nonce) = read_funds(&view, token, self.issuer).await?;
        ensure_funds(token, needed, fee.micro_stx, funds, self.issuer)?;
        let recheck = |book: &Book| Ok(held_elsewhere(book, &lines));
        let nonces = Nonces::read(self.context, self.issuer, nonce).await?;
        match record(self.context, outgoing, self.key, fee, &nonces, recheck)? {
            Recorded::Signed(number) => Ok(number),
            Recorded::Resume(number) => Err(sent_elsewhere(number)),
        }
    }

    fn entry(&self, number: u64) -> Result<Entry, Failure> {
        let gone = || Failure::new(Kind::Internal, format!("journal entry {number} is gone"));
        self.context.journal.read()?.get(number).cloned().ok_or_else(gone)
    }
}

/// Takes out the lines that mean "all that is left" for a payer of whom an earlier line failed: more would be left than was
/// planned and agreed to.
fn set_aside(group: Vec<Due>, failed: &HashSet<Pair>, results: &mut Results) -> Vec<Due> {
    let full = Asked::Full.to_string();
    let (aside, rest): (Vec<Due>, Vec<Due>) = group.into_iter().partition(|due| {
        due.refund.asked == full && failed.contains(&(due.refund.invoice_id, due.refund.payer.clone()))
    });
    for due in aside {
        results.fail(
            due.line,
            None,
            "an earlier line of this payer failed: what is left in full is not what was planned",
        );
    }
    rest
}

/// Another process may have signed the same lines since they were checked.
fn held_elsewhere(book: &Book, lines: &[BatchLine]) -> Option<u64> {
    let refunds = || lines.iter().map(|line| &line.refund);
    let core = &refunds().next()?.core;
    let references: HashSet<&Reference> = refunds()
        .filter_map(|refund: &RefundIntent| refund.reference.as_ref())
        .collect();
    History::of(book, core, &references).holder(refunds())
}

fn sent_elsewhere(entry: u64) -> Failure {
    Failure::new(
        Kind::Refused,
        format!("journal entry {entry} pays some of these lines: another process sends this list"),
    )
    .hint("wait for it, then run the same command again: what is paid by then is left out")
}
