//! Asks everybody, and puts together what they say.

use chrono::{DateTime, Utc};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::RefundId;
use recoup_stacks::address::ContractId;
use recoup_stacks::hash::{IndexBlockHash, Txid};
use recoup_stacks::rpc::NodeClient;

use super::chain_side::{Mined, Rerun};
use super::facts::{Facts, Field};
use super::judge::judge;
use super::maps::{self, Maps};
use super::report::{Difference, PrintedEvent, ProofState, Report, Source};
use super::rights::{self, Question};
use super::row::Row;
use super::statement::Statement;
use crate::failure::{Failure, Kind};
use crate::indexer::Indexer;
use crate::node::View;
use crate::profile::Chain;

/// What is to be verified: at least one of both.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The contract's id of it.
    pub refund_id: Option<RefundId>,
    /// Its transaction.
    pub txid: Option<Txid>,
}

/// Whom to ask.
#[derive(Debug)]
pub struct Collector<'a> {
    /// The node, with its token where there is one.
    pub node: &'a NodeClient,
    /// Its newest block.
    pub view: View<'a>,
    /// Which chain it must be.
    pub chain: Chain,
    /// Whose refunds these are.
    pub core: &'a ContractId,
    /// None when none is configured.
    pub indexer: Option<&'a Indexer>,
}

impl Collector<'_> {
    /// Asks them all.
    ///
    /// # Errors
    /// When there is no such refund, nobody names its transaction, or the node does not answer.
    pub async fn verify(&self, target: Target) -> Result<Report, Failure> {
        let mut row = match target.refund_id {
            Some(id) => Row::ask(self.indexer, id, &self.view).await,
            None => Row::Unknown("not asked yet".to_owned()),
        };
        let Some(txid) = target.txid.or_else(|| row.txid()) else {
            return Err(self.nobody_names_it(target.refund_id, &row).await);
        };
        let mut mined = Mined::ask(self, &txid, row.block()).await;
        let rerun = Rerun::ask(self.node, &txid, mined.block.or_else(|| row.block())).await;
        mined.hear(&rerun, self, &txid);
        let refund_id = match target.refund_id {
            Some(id) => id,
            None => self.only_refund(&txid, &mined, &rerun).await?,
        };
        if target.refund_id.is_none() {
            row = Row::ask(self.indexer, refund_id, &self.view).await;
        }
        let maps = maps::read(self.node, self.core, &self.view.tip.id, refund_id).await?;
        if maps.refund.is_none() && maps.proof.state != ProofState::Failed && row.proof().is_none() {
            return Err(no_such_refund());
        }
        Ok(self.weigh(refund_id, txid, mined, &rerun, maps, row).await)
    }

    async fn weigh(
        &self,
        refund_id: RefundId,
        txid: Txid,
        mut mined: Mined,
        rerun: &Rerun,
        mut maps: Maps,
        row: Row,
    ) -> Report {
        let known = maps.statement.facts.clone().unwrap_or_default();
        let (event, transfer, printed) = rerun.statements(self.core, refund_id, row.proof());
        let rights = self.rights(&mined, rerun, &maps).await;
        let transaction = mined.statement(refund_id, &txid, &known, rights);
        let indexer = row.statement(self.core);
        let statements = [
            (Source::Transaction, &transaction),
            (Source::Event, &event),
            (Source::Transfer, &transfer),
            (Source::Map, &maps.statement),
            (Source::Indexer, &indexer),
        ];
        let counted: Vec<(Source, &Facts)> = statements
            .iter()
            .filter_map(|(source, statement)| Some((*source, statement.counted()?)))
            .collect();
        let (facts, differences) = judge(&counted);
        let ledger = ledger_differences(&maps, &facts);
        maps.statement.differences.extend(ledger);
        let trusted = on_trust(&mined, &event, &maps);
        let block_time = block_time(&mined, rerun, &row);
        let of = |source: Source, statement: Statement| {
            let found = differences.iter().filter(|(of, _)| *of == source);
            let found: Vec<Difference> = found.map(|(_, difference)| difference.clone()).collect();
            statement.into_check(source, found)
        };
        Report {
            refund_id,
            txid: Some(txid),
            checks: vec![
                of(Source::Transaction, transaction),
                of(Source::Event, event),
                of(Source::Transfer, transfer),
                of(Source::Map, maps.statement),
                of(Source::Indexer, indexer),
            ],
            facts,
            proof: maps.proof,
            event: printed,
            block_time,
            trusted,
        }
    }

    /// By which right the signer refunded; none when too little is known to ask.
    async fn rights(&self, mined: &Mined, rerun: &Rerun, maps: &Maps) -> Option<Result<String, Difference>> {
        let signed = mined.signed.as_ref()?.as_ref().ok()?;
        let (refund, invoice) = (maps.refund.as_ref()?, maps.invoice.as_ref()?);
        let parent = mined.parent().or_else(|| rerun.parent());
        let blocks: Vec<IndexBlockHash> = mined.block.into_iter().chain(parent).collect();
        let question = Question {
            node: self.node,
            core: self.core,
            merchant: &invoice.merchant,
            issuer: &refund.issuer,
            token: &invoice.token,
            blocks: &blocks,
        };
        Some(rights::check(&question, signed).await)
    }

    /// The one refund of a transaction.
    async fn only_refund(&self, txid: &Txid, mined: &Mined, rerun: &Rerun) -> Result<RefundId, Failure> {
        let mut ids = mined.refund_ids();
        if ids.is_empty() {
            ids = rerun.refund_ids(self.core);
        }
        if ids.is_empty()
            && let Some(indexer) = self.indexer
        {
            let question = vec![("txid", txid.to_string()), ("limit", "500".to_owned())];
            let page = indexer.refunds(&question).await?;
            ids = page.items.iter().map(|refund| refund.refund_id).collect();
        }
        match &ids[..] {
            [only] => Ok(*only),
            [] => Err(
                Failure::new(Kind::Refused, format!("no refund is known of transaction {txid}")).hint(
                    "check the id, --node, and --profile; one that was just sent may not be in a block yet",
                ),
            ),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(Failure::new(
                    Kind::Usage,
                    format!(
                        "transaction {txid} made {} refunds: {}",
                        ids.len(),
                        ids.join(", ")
                    ),
                )
                .hint("name one of them by its id, and the transaction with --txid"))
            }
        }
    }

    /// Without a transaction there is nothing to verify; whether there is such a refund can be said all the same.
    async fn nobody_names_it(&self, refund_id: Option<RefundId>, row: &Row) -> Failure {
        if let Some(id) = refund_id {
            match maps::read(self.node, self.core, &self.view.tip.id, id).await {
                Ok(maps) if maps.refund.is_none() && maps.proof.state != ProofState::Failed => {
                    return no_such_refund();
                }
                Ok(_) => {}
                Err(failure) => return failure,
            }
        }
        let kind = if self.indexer.is_some() {
            Kind::Network
        } else {
            Kind::Usage
        };
        let mut failure = Failure::new(
            kind,
            "which transaction made the refund, the contract does not say: only an indexer can find it",
        )
        .hint("name the transaction with --txid, or an indexer with --indexer-url");
        failure.causes.extend(row.problem());
        failure
    }
}

pub(super) fn no_such_refund() -> Failure {
    Failure::new(Kind::Refused, "there is no such refund").hint(
        "check the id, --node, --contract and --profile; one that was just sent may not be in a block yet",
    )
}

/// The ledger holds sums, which only grow after a refund.
fn ledger_differences(maps: &Maps, facts: &Facts) -> Vec<Difference> {
    let Some(ledger) = &maps.ledger else {
        return Vec::new();
    };
    let is_below = |sum: BaseUnits, field: Field| {
        let said = facts.get(field)?.parse::<BaseUnits>().ok()?;
        let difference = || {
            let field = format!("map ledger, {}", field.name());
            Difference::alone(&field, sum, format!("{said} or more"))
        };
        (sum < said).then(difference)
    };
    let paid = is_below(ledger.paid, Field::PayerPaid);
    let refunded = is_below(ledger.refunded, Field::PayerRefunded);
    paid.into_iter().chain(refunded).collect()
}

fn block_time(mined: &Mined, rerun: &Rerun, row: &Row) -> Option<(DateTime<Utc>, &'static str)> {
    let seconds = mined.timestamp().or_else(|| rerun.timestamp());
    let of_node = seconds.and_then(|seconds| DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0));
    let of_indexer = || {
        let time = row.proof().and_then(|proof| proof.refund.position.block_time)?;
        Some((time, "indexer"))
    };
    of_node.map(|time| (time, "node")).or_else(of_indexer)
}

/// What nothing here can check.
fn on_trust(mined: &Mined, event: &Statement, maps: &Maps) -> Vec<&'static str> {
    let mut trusted = vec![
        "that the chain's signers accepted these blocks: their signatures over the headers are not checked",
        "that the node's newest block is the chain's",
    ];
    if !mined.is_inclusion_proven() {
        trusted.push("that the block holds the transaction: the node's word");
    }
    if event.is_own {
        trusted.push("event and transfer: the node's word, for the chain's headers commit to no events");
    }
    if maps.proof.state != ProofState::Checked {
        trusted.push("the contract's maps: the node's word");
    }
    trusted
}

/// The event from the indexer, where the node gives none.
pub(super) fn copied_event(proof: &recoup_protocol::api::RefundProof) -> PrintedEvent {
    PrintedEvent {
        from: "indexer",
        ordinal: proof.event.ordinal,
        raw_value: proof.event.raw_value.clone(),
    }
}
