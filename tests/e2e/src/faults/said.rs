//! What a command told its user.

use serde_json::Value as Json;

/// One command and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The command, for messages.
    pub command: String,
    /// Its exit code; none when it was killed.
    pub exit: Option<i32>,
    /// Refunds that it said are on chain.
    pub claims: Vec<Claim>,
    /// Transactions, by id without 0x, of which it said that they have their effect.
    pub included: Vec<String>,
    /// Transactions of which it said that they have none.
    pub failed: Vec<String>,
    /// Transactions that its machine's journal got during it.
    pub signed: usize,
    /// Whether blocks were abandoned after it, so that much of it may be otherwise now.
    pub is_before_fork: bool,
}

/// A refund that a command said is on chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The contract's id of it, when it was said.
    pub refund_id: Option<u64>,
    /// Of which invoice.
    pub invoice: u64,
    /// To whom.
    pub payer: String,
    /// In base units; a list's results leave it out.
    pub amount: Option<u128>,
    /// The merchant's own id for it.
    pub reference: Option<String>,
}

impl Said {
    /// Reads the JSON that a command wrote: one document, and the lines of its result file when it had a list.
    #[must_use]
    pub fn new(command: String, exit: Option<i32>, document: &Json, results: &[Json]) -> Self {
        let mut said = Self {
            command,
            exit,
            ..Self::default()
        };
        if is_done(document, "outcome") {
            said.claims.extend(document.get("refund").and_then(Claim::read));
        }
        said.claims.extend(
            results
                .iter()
                .filter(|line| is_done(line, "status"))
                .filter_map(Claim::read),
        );
        let single = document.get("transaction").into_iter();
        let many = document.get("transactions").and_then(Json::as_array);
        // Those of `refund resume` stand beside what they are for.
        let inner = |json: &'_ Json| json.get("transaction").unwrap_or(json).clone();
        for transaction in single.chain(many.into_iter().flatten()).map(inner) {
            said.take_transaction(&transaction);
        }
        said
    }

    fn take_transaction(&mut self, transaction: &Json) {
        let word = |field| transaction.get(field).and_then(Json::as_str).unwrap_or_default();
        let txid = word("txid").trim_start_matches("0x").to_owned();
        match word("state") {
            "included" | "final" => self.included.push(txid),
            "failed" | "replaced" => self.failed.push(txid),
            _ => {}
        }
    }
}

fn is_done(json: &Json, field: &str) -> bool {
    json.get(field)
        .and_then(Json::as_str)
        .is_some_and(|word| ["included", "already-done"].contains(&word))
}

impl Claim {
    fn read(json: &Json) -> Option<Self> {
        let text = |field: &str| json.get(field).and_then(Json::as_str);
        Some(Self {
            refund_id: json.get("refund_id").and_then(Json::as_u64),
            invoice: json.get("invoice_id")?.as_u64()?,
            payer: text("payer")?.to_owned(),
            amount: text("amount").and_then(|amount| amount.parse().ok()),
            reference: text("reference").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refund_that_is_done_is_a_claim() {
        let refund =
            json!({ "refund_id": 3, "invoice_id": 7, "payer": "ST1", "amount": "12", "reference": "r" });
        let transaction = json!({ "txid": "0xaa", "state": "included" });
        let document = json!({ "outcome": "included", "refund": refund, "transaction": transaction });
        let said = Said::new("create".to_owned(), Some(0), &document, &[]);
        assert_eq!(said.included, ["aa"]);
        let [claim] = said.claims.as_slice() else {
            panic!("{said:?}")
        };
        assert_eq!(
            (claim.refund_id, claim.invoice, claim.amount),
            (Some(3), 7, Some(12))
        );
        let sent = json!({ "outcome": "sent", "transaction": { "txid": "0xaa", "state": "broadcast" } });
        let said = Said::new("create".to_owned(), Some(6), &sent, &[]);
        assert!(said.claims.is_empty() && said.included.is_empty() && said.failed.is_empty());
    }

    #[test]
    fn lines_and_transactions_of_lists_and_of_resume_are_read() {
        let line = |status: &str| json!({ "line": 1, "reference": "r", "invoice_id": 7, "payer": "ST1", "status": status });
        let document = json!({ "outcome": "failed", "transactions": [{ "lines": 2, "txid": "0xbb", "state": "failed" }] });
        let results = [line("included"), line("failed"), line("already-done")];
        let said = Said::new("batch".to_owned(), Some(4), &document, &results);
        assert_eq!((said.claims.len(), said.failed), (2, vec!["bb".to_owned()]));
        let resumed =
            json!({ "transactions": [{ "what": "x", "transaction": { "txid": "0xcc", "state": "final" } }] });
        assert_eq!(
            Said::new("resume".to_owned(), Some(0), &resumed, &[]).included,
            ["cc"]
        );
    }
}
