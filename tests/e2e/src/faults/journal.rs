//! The command line's journal, read from its file by the documented shape of its lines: not by the code under test.

use anyhow::{Context as _, Result};
use serde_json::Value as Json;

/// Where one entry stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number.
    pub number: u64,
    /// The ids of all transactions that were signed for it, without 0x; the last one counts.
    pub txids: Vec<String>,
    /// The word of its last change.
    pub state: String,
    /// What it refunds.
    pub refunds: Vec<JournalRefund>,
}

/// A refund that an entry is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRefund {
    /// The invoice's id.
    pub invoice: u64,
    /// To whom.
    pub payer: String,
    /// In base units.
    pub amount: u128,
    /// The merchant's own id for it.
    pub reference: Option<String>,
}

impl JournalEntry {
    /// Whether a transaction of it can still be included.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let is_over = ["included", "final", "failed", "replaced"].contains(&self.state.as_str());
        self.is_signed() && !is_over
    }

    /// Whether anything was signed for it.
    #[must_use]
    pub const fn is_signed(&self) -> bool {
        !self.txids.is_empty()
    }

    /// Whether it says that its effect stands on chain.
    #[must_use]
    pub fn is_done(&self) -> bool {
        ["included", "final"].contains(&self.state.as_str())
    }
}

/// Folds the lines of a journal into its entries.
///
/// # Errors
/// When a line has another shape.
pub fn read_journal(text: &str) -> Result<Vec<JournalEntry>> {
    let mut entries: Vec<JournalEntry> = Vec::new();
    for line in text.lines().skip(1) {
        let (_, json) = line.split_once(' ').context("a line without a checksum")?;
        let record: Json = serde_json::from_str(json)?;
        let number = record.get("entry").and_then(Json::as_u64).context("no entry")?;
        let (word, change) = record
            .get("change")
            .and_then(Json::as_object)
            .and_then(|change| change.iter().next())
            .with_context(|| format!("no change: {json}"))?;
        let txid = change
            .pointer("/transaction/txid")
            .and_then(Json::as_str)
            .map(|txid| txid.trim_start_matches("0x").to_owned());
        let known = entries.iter_mut().find(|entry| entry.number == number);
        if let Some(entry) = known {
            entry.state = match word.as_str() {
                "approved" => "awaiting-approval".to_owned(),
                "bumped" => "signed".to_owned(),
                state => state.to_owned(),
            };
            entry.txids.extend(txid);
        } else {
            entries.push(JournalEntry {
                number,
                txids: txid.into_iter().collect(),
                state: word.clone(),
                refunds: refunds(change)?,
            });
        }
    }
    Ok(entries)
}

fn refunds(change: &Json) -> Result<Vec<JournalRefund>> {
    let intent = change.get("intent").context("a new entry without an intent")?;
    let single = intent.get("refund").into_iter();
    let lines = intent
        .pointer("/refund-many/lines")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    single
        .chain(lines.filter_map(|line| line.get("refund")))
        .map(refund)
        .collect()
}

fn refund(json: &Json) -> Result<JournalRefund> {
    let text = |field: &str| json.get(field).and_then(Json::as_str).map(str::to_owned);
    Ok(JournalRefund {
        invoice: json
            .get("invoice_id")
            .and_then(Json::as_u64)
            .context("no invoice")?,
        payer: text("payer").context("no payer")?,
        amount: text("amount").context("no amount")?.parse()?,
        reference: text("reference"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOURNAL: &str = r#"00 {"journal":"recoup","version":1,"network":"local"}
01 {"entry":1,"at":"2026-01-01T00:00:00Z","change":{"planned":{"intent":{"refund":{"invoice_id":7,"payer":"ST1","amount":"12","reference":"r"}}}}}
02 {"entry":2,"at":"2026-01-01T00:00:00Z","change":{"planned":{"intent":{"refund-many":{"list":"x","lines":[{"line":1,"refund":{"invoice_id":8,"payer":"ST2","amount":"3"}}]}}}}}
03 {"entry":1,"at":"2026-01-01T00:00:00Z","change":{"signed":{"transaction":{"txid":"0xaa"}}}}
04 {"entry":1,"at":"2026-01-01T00:00:00Z","change":{"broadcast":{}}}
05 {"entry":1,"at":"2026-01-01T00:00:00Z","change":{"bumped":{"transaction":{"txid":"0xbb"}}}}
"#;

    #[test]
    fn folds_lines_into_entries() {
        let entries = read_journal(JOURNAL).unwrap();
        let short: Vec<_> = entries
            .iter()
            .map(|entry| (entry.number, entry.state.as_str(), entry.txids.join(",")))
            .collect();
        assert_eq!(
            short,
            [(1, "signed", "aa,bb".into()), (2, "planned", String::new())]
        );
        let open: Vec<bool> = entries.iter().map(JournalEntry::is_open).collect();
        assert_eq!(open, [true, false]);
        let refund = |index: usize| {
            entries
                .get(index)
                .and_then(|entry| entry.refunds.first().cloned())
        };
        assert_eq!(refund(0).unwrap().reference.as_deref(), Some("r"));
        assert_eq!(refund(1).unwrap().amount, 3);
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        for line in [
            "no checksum",
            "00 {}",
            "00 {\"entry\":1,\"change\":{\"planned\":{}}}",
        ] {
            assert!(read_journal(&format!("00 {{}}\n{line}\n")).is_err(), "{line}");
        }
    }
}
