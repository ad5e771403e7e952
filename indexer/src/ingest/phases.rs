//! Where the time of following goes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

/// A part of the work, in the order in which a batch passes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Reading an archive's text: input, decompression, lines and their hash. In a thread beside all others.
    Read,
    /// Making messages of the text, in the same thread.
    Decode,
    /// Waiting for the next batch of messages.
    WaitForMessages,
    /// Looking up what the tables hold of them, and where the chain stands.
    LookUp,
    /// Writing Stacks and Bitcoin blocks, and gaps.
    Blocks,
    /// Writing the contracts' prints.
    Events,
    /// Reading the invoices and ledgers that events speak of.
    Accounts,
    /// Writing invoices.
    Invoices,
    /// Writing payments.
    Payments,
    /// Writing refunds.
    Refunds,
    /// Writing the refunds' history.
    History,
    /// Writing payers' ledgers.
    Ledgers,
    /// Writing running totals.
    Totals,
    /// Following what subscriptions, reserve and operators say.
    Satellites,
    /// Taking blocks off the chain.
    Forks,
    /// Moving the tip, and making refunds final.
    Finality,
    /// Committing.
    Commit,
    /// Building the indexes that an import left out.
    Indexes,
}

/// Adds up the time of each phase. Clones add to the same sums.
#[derive(Debug, Clone, Default)]
pub struct Phases {
    spent: Arc<Mutex<BTreeMap<Phase, Duration>>>,
}

impl Phases {
    /// Adds time to a phase.
    pub fn add(&self, phase: Phase, time: Duration) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        *spent.entry(phase).or_default() += time;
    }

    /// Does the work and adds the time that it took.
    pub async fn timed<T>(&self, phase: Phase, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let done = work.await;
        self.add(phase, started.elapsed());
        done
    }

    /// The sums in milliseconds.
    #[must_use]
    pub fn milliseconds(&self) -> BTreeMap<Phase, u64> {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let sums = spent.iter();
        sums.map(|(phase, time)| (*phase, u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
            .collect()
    }
}
