//! Where the time of following goes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

/// A part of the work, in the order in which a batch passes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Reading an archive's text (input, decompression, lines and their hash; in a thread beside all others), or a message
    /// out of the inbox.
    Read,
    /// Making messages of it; of an archive's in a thread of its own.
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

impl Phase {
    /// Its name, for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Decode => "decode",
            Self::WaitForMessages => "wait_for_messages",
            Self::LookUp => "look_up",
            Self::Blocks => "blocks",
            Self::Events => "events",
            Self::Accounts => "accounts",
            Self::Invoices => "invoices",
            Self::Payments => "payments",
            Self::Refunds => "refunds",
            Self::History => "history",
            Self::Ledgers => "ledgers",
            Self::Totals => "totals",
            Self::Satellites => "satellites",
            Self::Forks => "forks",
            Self::Finality => "finality",
            Self::Commit => "commit",
            Self::Indexes => "indexes",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    phase: &'static str,
}

/// Adds up the seconds of each phase. Clones add to the same sums.
#[derive(Debug, Clone, Default)]
pub struct Phases {
    spent: Family<Label, Counter<f64, AtomicU64>>,
    /// Those that were passed.
    passed: Arc<Mutex<BTreeSet<Phase>>>,
}

impl Phases {
    /// Adds time to a phase.
    pub fn add(&self, phase: Phase, time: Duration) {
        self.passed().insert(phase);
        self.sum(phase).inc_by(time.as_secs_f64());
    }

    /// Does the work and adds the time that it took.
    pub async fn timed<T>(&self, phase: Phase, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let done = work.await;
        self.add(phase, started.elapsed());
        done
    }

    /// The sums in milliseconds, by name.
    #[must_use]
    pub fn milliseconds(&self) -> BTreeMap<&'static str, u64> {
        let passed = self.passed().clone();
        let milliseconds = |phase| Duration::from_secs_f64(self.sum(phase).get()).as_millis();
        passed
            .into_iter()
            .map(|phase| {
                (
                    phase.name(),
                    u64::try_from(milliseconds(phase)).unwrap_or(u64::MAX),
                )
            })
            .collect()
    }

    /// Shows the sums to Prometheus.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_with_unit(
            "ingest_phase",
            "Time that following messages spent on each part of the work",
            Unit::Seconds,
            self.spent.clone(),
        );
    }

    fn passed(&self) -> MutexGuard<'_, BTreeSet<Phase>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sum(&self, phase: Phase) -> impl Deref<Target = Counter<f64, AtomicU64>> {
        self.spent.get_or_create(&Label { phase: phase.name() })
    }
}
