//! Transactions of blocks to come, ours and everybody else's.

use serde_json::{Value, json};

use crate::CORE;
use crate::chain::digits;
use crate::shop::Act;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effects stand.
    Success,
    /// The contract answered an error.
    AbortByResponse,
    /// A post-condition failed.
    AbortByPostCondition,
    /// The miner left it out of the state; a status of its own since 4.0.
    Skipped,
}

impl Outcome {
    /// The node's word.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::AbortByResponse => "abort_by_response",
            Self::AbortByPostCondition => "abort_by_post_condition",
            Self::Skipped => "problematic_skipped",
        }
    }

    /// What it returned: `(ok true)`, or an error.
    #[must_use]
    pub const fn result(self) -> &'static str {
        match self {
            Self::Success | Self::AbortByPostCondition => "0x0703",
            Self::AbortByResponse => "0x0801000000000000000000000000000003e8",
            Self::Skipped => "0x09",
        }
    }
}

/// A transaction of a block to come.
#[derive(Debug, Clone)]
pub struct Transaction {
    /// Its id, the same in whichever block it is mined.
    pub txid: String,
    /// How it ended.
    pub outcome: Outcome,
    contract: String,
    topic: &'static str,
    sends_events: bool,
    /// What core did.
    pub acts: Vec<Act>,
    /// Events before those of core.
    before: Vec<Value>,
}

impl Transaction {
    /// A successful one.
    #[must_use]
    pub fn new(txid: u64, acts: Vec<Act>) -> Self {
        Self {
            txid: format!("0x{}", digits(0, 4, txid, 64)),
            outcome: Outcome::Success,
            contract: CORE.to_owned(),
            topic: "print",
            sends_events: true,
            acts,
            before: Vec::new(),
        }
    }

    /// One that the contract refused; without events, as nodes from 3.3 on report it.
    #[must_use]
    pub fn refused(txid: u64) -> Self {
        Self {
            sends_events: false,
            ..Self::new(txid, Vec::new()).ending(Outcome::AbortByResponse)
        }
    }

    /// The same, failed, with its events sent all the same as old nodes did.
    #[must_use]
    pub fn aborted(self) -> Self {
        self.ending(Outcome::AbortByResponse)
    }

    /// The same, ended otherwise.
    #[must_use]
    pub fn ending(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The same, printed by another contract.
    #[must_use]
    pub fn printed_by(self, contract: &str) -> Self {
        Self {
            contract: contract.to_owned(),
            ..self
        }
    }

    /// The same under another topic than `print`, as no contract can.
    #[must_use]
    pub fn under_topic(self, topic: &'static str) -> Self {
        Self { topic, ..self }
    }

    /// The same, after other events of the transaction: another contract called core.
    #[must_use]
    pub fn after(self, before: Vec<Value>) -> Self {
        Self { before, ..self }
    }

    /// Core's events with their places among all events of the transaction; none when it failed, or core did not print.
    pub fn counted(&self) -> impl Iterator<Item = (usize, &Act)> {
        let counts = self.outcome == Outcome::Success && self.contract == CORE && self.topic == "print";
        let mut next = self.before.len();
        let placed = self.acts.iter().map(move |act| {
            let place = next;
            next += 1 + usize::from(act.transfer.is_some());
            (place, act)
        });
        placed.filter(move |_| counts)
    }

    /// Its events as a node sends them, but for their places. Those of a failed one come from old nodes only.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        if !self.sends_events {
            return Vec::new();
        }
        let mut events = self.before.clone();
        for (nth, act) in self.acts.iter().enumerate() {
            let hex = act.event.to_value().to_hex();
            // Archives have it without 0x too.
            let raw_value = if nth % 3 == 2 {
                hex.trim_start_matches("0x")
            } else {
                &hex
            };
            let print =
                json!({"contract_identifier": self.contract, "topic": self.topic, "raw_value": raw_value});
            events.push(json!({"type": "contract_event", "contract_event": print}));
            events.extend(act.transfer.clone());
        }
        for event in &mut events {
            event["txid"] = json!(self.txid);
            event["committed"] = json!(self.outcome == Outcome::Success);
        }
        events
    }
}
