//! What the contract's own maps hold now, each entry with the node's proof where it makes any.

use recoup_protocol::ids::RefundId;
use recoup_protocol::maps::{InvoiceKey, LedgerKey, MapKey, RefundKey, RefundReferenceKey};
use recoup_protocol::reads::{Invoice, Ledger, Refund};
use recoup_stacks::address::ContractId;
use recoup_stacks::clarity::Value;
use recoup_stacks::hash::IndexBlockHash;
use recoup_stacks::rpc::{Evidence, MapProofError, NodeClient, NotOffered};

use super::facts::Facts;
use super::report::{Difference, ProofReport, ProofState};
use super::statement::Statement;
use crate::failure::Failure;
use crate::node::failure;

/// What the maps say.
pub(super) struct Maps {
    pub(super) statement: Statement,
    pub(super) proof: ProofReport,
    pub(super) refund: Option<Refund>,
    pub(super) invoice: Option<Invoice>,
    pub(super) ledger: Option<Ledger>,
}

/// Reads refund, invoice, the payer's ledger and the reference after one block.
///
/// # Errors
/// When the node does not answer.
pub(super) async fn read(
    node: &NodeClient,
    core: &ContractId,
    block: &IndexBlockHash,
    refund_id: RefundId,
) -> Result<Maps, Failure> {
    let mut reader = Reader::new(node, core, block);
    let refund = reader.entry(&RefundKey(refund_id)).await?;
    let (mut invoice, mut ledger, mut named) = (None, None, None);
    if let Some(refund) = &refund {
        invoice = reader.entry(&InvoiceKey(refund.invoice_id)).await?;
        let key = LedgerKey {
            invoice_id: refund.invoice_id,
            payer: refund.payer.clone(),
        };
        ledger = reader.entry(&key).await?;
        if let (Some(invoice), Some(reference)) = (&invoice, &refund.reference) {
            let key = RefundReferenceKey {
                merchant: invoice.merchant.clone(),
                reference: reference.clone(),
            };
            named = reader.entry(&key).await?;
        }
    }
    let mut differences = std::mem::take(&mut reader.differences);
    let has_proof_failed = !differences.is_empty();
    let statement = match &refund {
        Some(refund) => {
            let facts = Facts::of_map(refund_id, refund, invoice.as_ref());
            let mut statement = Statement::own("node", facts, format!("contract's maps at block {block}"));
            let missing = |what: &str| Difference::alone(what, "none", "an entry");
            if !has_proof_failed {
                differences.extend(invoice.is_none().then(|| missing("map invoices")));
                differences.extend(ledger.is_none().then(|| missing("map ledger")));
                if refund.reference.is_some() && named != Some(refund_id) {
                    let found = named.map_or_else(|| "none".to_owned(), |id| id.to_string());
                    differences.push(Difference::alone("map refund-references", found, refund_id));
                }
            }
            statement.differences = differences;
            statement
        }
        None if has_proof_failed => Statement {
            from: Some("node"),
            differences,
            ..Statement::default()
        },
        None => Statement::wrong("node", Difference::alone("map refunds", "none", refund_id)),
    };
    Ok(Maps {
        statement,
        proof: reader.report(),
        refund,
        invoice,
        ledger,
    })
}

struct Reader<'a> {
    node: &'a NodeClient,
    core: &'a ContractId,
    block: &'a IndexBlockHash,
    state: Option<ProofState>,
    detail: String,
    state_root: Option<String>,
    headers: usize,
    differences: Vec<Difference>,
}

impl<'a> Reader<'a> {
    fn new(node: &'a NodeClient, core: &'a ContractId, block: &'a IndexBlockHash) -> Self {
        Self {
            node,
            core,
            block,
            state: None,
            detail: String::new(),
            state_root: None,
            headers: 0,
            differences: Vec::new(),
        }
    }

    /// An entry; none where there is none, or where what the node says of it cannot be true.
    async fn entry<Key: MapKey>(&mut self, key: &Key) -> Result<Option<Key::Entry>, Failure> {
        let Some(entry) = self.value(&Key::MAP, &key.key()).await? else {
            return Ok(None);
        };
        match key.decode(&Value::Some(Box::new(entry))) {
            Ok(entry) => Ok(entry),
            Err(error) => {
                let field = format!("map {}", Key::MAP);
                self.differences
                    .push(Difference::alone(&field, error, "an entry of recoup-core"));
                Ok(None)
            }
        }
    }

    async fn value(
        &mut self,
        map: &recoup_stacks::clarity::ClarityName,
        key: &Value,
    ) -> Result<Option<Value>, Failure> {
        if !matches!(self.state, Some(ProofState::NotOffered | ProofState::NotChecked)) {
            match self.node.proven_map_entry(self.core, map, key, self.block).await {
                Ok(found) => {
                    match found.evidence {
                        Evidence::Proof(checked) => {
                            self.state = self.state.or(Some(ProofState::Checked));
                            self.state_root = Some(checked.state_root.to_string());
                            self.headers = self.headers.saturating_add(checked.headers.len());
                        }
                        Evidence::NotOffered(NotOffered::ByThisNode) => {
                            self.give_up(ProofState::NotOffered, "no proof offered by this node".to_owned());
                        }
                        Evidence::NotOffered(NotOffered::ForAbsence) => {}
                    }
                    return Ok(found.entry);
                }
                Err(error) if error.is_contradiction() => {
                    self.state = Some(ProofState::Failed);
                    let said = with_causes(&error);
                    self.detail = format!("the proof of map {map} does not hold: {said}");
                    let field = format!("proof of map {map}");
                    self.differences
                        .push(Difference::alone(&field, said, "one that holds"));
                    return Ok(None);
                }
                Err(error) => {
                    let said = with_causes(&error);
                    self.give_up(
                        ProofState::NotChecked,
                        format!("the proofs could not be checked: {said}"),
                    );
                }
            }
        }
        let answer = self.node.map_entry(self.core, map, key, Some(self.block)).await;
        answer.map_err(failure)
    }

    /// A proof that did not hold stays one.
    fn give_up(&mut self, state: ProofState, detail: String) {
        if self.state != Some(ProofState::Failed) {
            self.state = Some(state);
            self.detail = detail;
        }
    }

    fn report(self) -> ProofReport {
        let state = self.state.unwrap_or(ProofState::NotChecked);
        let detail = match state {
            ProofState::Checked => format!(
                "checked from each value to the state root of block {}, over {} headers",
                self.block, self.headers
            ),
            _ if self.detail.is_empty() => "nothing to prove".to_owned(),
            _ => self.detail,
        };
        ProofReport {
            state,
            detail,
            index_block_hash: Some(*self.block),
            state_root: self.state_root.filter(|_| state == ProofState::Checked),
            headers: self.headers,
        }
    }
}

fn with_causes(error: &MapProofError) -> String {
    let failure = Failure::from_error(crate::failure::Kind::Network, error);
    let causes = failure.causes.iter().filter(|cause| **cause != failure.message);
    std::iter::once(&failure.message)
        .chain(causes)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(": ")
}
