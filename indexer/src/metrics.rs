//! What is counted, timed and measured, in the text format of OpenMetrics, which Prometheus reads.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::{DateTime, Utc};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use sqlx::PgPool;

use crate::diagnosis::{Condition, Diagnosis};
use crate::ingest::Phases;

/// Every name starts with it.
const PREFIX: &str = "recoup_indexer";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OnlyRoute {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Code {
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connections {
    pool: &'static str,
    state: &'static str,
}

/// A gauge of seconds.
type Seconds = Gauge<f64, AtomicU64>;

/// What became of a message that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageOutcome {
    /// It is stored.
    Stored,
    /// It was stored before.
    Repeated,
    /// The node was told to try again.
    Refused,
}

/// All numbers of a process.
pub struct Metrics {
    registry: Registry,
    messages: Family<Outcome, Counter>,
    ingest_duration: Histogram,
    phases: Phases,
    reorg_depth: Histogram,
    partitions_dropped: Counter,
    requests: Family<Route, Counter>,
    request_duration: Family<OnlyRoute, Histogram, fn() -> Histogram>,
    gauges: Gauges,
}

/// What is read when somebody asks.
#[derive(Debug, Default)]
struct Gauges {
    is_writer: Gauge,
    ready: Gauge,
    conditions: Family<Code, Gauge>,
    connections: Family<Connections, Gauge>,
    stacks_height: Gauge,
    burn_height: Gauge,
    burn_lag: Gauge,
    inbox_messages: Gauge,
    inbox_age: Seconds,
    message_age: Seconds,
    writer_age: Seconds,
    open_gaps: Gauge,
    quarantined: Gauge,
    undecodable_events: Gauge,
    unproven_refunds: Gauge,
    unproven_satellite_events: Gauge,
    reorgs: Gauge,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// From a millisecond to half a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 16))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            messages: Family::default(),
            ingest_duration: durations(),
            phases: Phases::default(),
            reorg_depth: Histogram::new([1.0, 2.0, 6.0, 12.0, 50.0, 100.0, 300.0, 1000.0]),
            partitions_dropped: Counter::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            gauges: Gauges::default(),
        };
        metrics.register_counts();
        metrics.register_process();
        metrics.register_chain();
        metrics
    }
}

impl Metrics {
    /// Where the time of following goes.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.phases.clone()
    }

    fn register_counts(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "observer_messages",
            "Messages of the node: stored, repeated (stored before) or refused (503)",
            self.messages.clone(),
        );
        registry.register_with_unit(
            "ingest_duration",
            "Time from taking a message out of the inbox until its transaction is committed",
            Unit::Seconds,
            self.ingest_duration.clone(),
        );
        self.phases.register(registry);
        registry.register_with_unit(
            "reorg_depth",
            "Canonical Stacks blocks that left the chain at once, of the forks that this process followed",
            Unit::Other("blocks".to_owned()),
            self.reorg_depth.clone(),
        );
        registry.register(
            "inbox_partitions_dropped",
            "Partitions of old messages that this process dropped",
            self.partitions_dropped.clone(),
        );
        registry.register(
            "http_requests",
            "Requests to the API by route and HTTP status",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until the answer's head was ready, by route",
            Unit::Seconds,
            self.request_duration.clone(),
        );
    }

    fn register_process(&mut self) {
        let (registry, gauges) = (&mut self.registry, &self.gauges);
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "The program", Info::new(version));
        registry.register(
            "is_writer",
            "1 when this process follows the messages, 0 when it stands by or has no such part",
            gauges.is_writer.clone(),
        );
        registry.register(
            "ready",
            "1 when requests should come to this process, as /ready says",
            gauges.ready.clone(),
        );
        registry.register(
            "condition",
            "1 for each condition of the manual that holds now, else 0",
            gauges.conditions.clone(),
        );
        registry.register(
            "database_connections",
            "Connections of each pool, by state: idle or used",
            gauges.connections.clone(),
        );
        registry.register_with_unit(
            "writer_age",
            "Time since the writer last said that it lives, as this database knows; on a replica its lag",
            Unit::Seconds,
            gauges.writer_age.clone(),
        );
    }

    fn register_chain(&mut self) {
        let (registry, gauges) = (&mut self.registry, &self.gauges);
        let blocks = || Unit::Other("blocks".to_owned());
        let plain: [(&str, &str, &Gauge); 9] = [
            (
                "stacks_height",
                "Stacks height of the newest canonical block",
                &gauges.stacks_height,
            ),
            (
                "burn_height",
                "Greatest burn height that the node announced",
                &gauges.burn_height,
            ),
            (
                "inbox_messages",
                "Messages that are stored and not followed yet",
                &gauges.inbox_messages,
            ),
            ("open_gaps", "Blocks that are missing", &gauges.open_gaps),
            (
                "quarantine_messages",
                "Messages that could not be decoded or stored",
                &gauges.quarantined,
            ),
            (
                "undecodable_events",
                "Prints of the contract that could not be decoded",
                &gauges.undecodable_events,
            ),
            (
                "unproven_refunds",
                "Canonical refunds that disagree with transfer or accounting",
                &gauges.unproven_refunds,
            ),
            (
                "unproven_satellite_events",
                "Canonical events of subscriptions and reserve that disagree with what is around them",
                &gauges.unproven_satellite_events,
            ),
            (
                "reorgs",
                "Times that canonical blocks left the chain, since the database began",
                &gauges.reorgs,
            ),
        ];
        for (name, help, gauge) in plain {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit(
            "burn_lag",
            "Burn blocks between the newest announced and the one that the newest Stacks block saw",
            blocks(),
            gauges.burn_lag.clone(),
        );
        registry.register_with_unit(
            "inbox_oldest_age",
            "How long the oldest message waits; 0 when none does",
            Unit::Seconds,
            gauges.inbox_age.clone(),
        );
        registry.register_with_unit(
            "last_message_age",
            "Time since the node's last message was stored: how far behind the node this can be",
            Unit::Seconds,
            gauges.message_age.clone(),
        );
    }

    /// Counts a message of the node.
    pub fn message(&self, outcome: MessageOutcome) {
        let outcome = match outcome {
            MessageOutcome::Stored => "stored",
            MessageOutcome::Repeated => "repeated",
            MessageOutcome::Refused => "refused",
        };
        self.messages.get_or_create(&Outcome { outcome }).inc();
    }

    /// Times a message that was followed.
    pub fn followed(&self, duration: Duration) {
        self.ingest_duration.observe(duration.as_secs_f64());
    }

    /// Counts a fork.
    pub fn reorganised(&self, orphaned_blocks: usize) {
        let depth = u32::try_from(orphaned_blocks).unwrap_or(u32::MAX);
        self.reorg_depth.observe(f64::from(depth));
    }

    /// Counts a dropped partition.
    pub fn partition_dropped(&self) {
        self.partitions_dropped.inc();
    }

    /// Counts and times a request. The route is one of ours, never what a stranger wrote.
    pub fn request(&self, route: &str, status: u16, duration: Duration) {
        let route = route.to_owned();
        self.request_duration
            .get_or_create(&OnlyRoute { route: route.clone() })
            .observe(duration.as_secs_f64());
        self.requests.get_or_create(&Route { route, status }).inc();
    }

    /// All numbers as text. What the database did not tell keeps its last value; see the condition of that.
    ///
    /// # Errors
    /// Never: a text takes everything.
    pub fn encode(
        &self,
        diagnosis: &Diagnosis,
        is_writer: bool,
        pools: &[(&'static str, &PgPool)],
    ) -> Result<String, fmt::Error> {
        self.gauges.read(diagnosis, is_writer, pools);
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Gauges {
    fn read(&self, diagnosis: &Diagnosis, is_writer: bool, pools: &[(&'static str, &PgPool)]) {
        self.is_writer.set(i64::from(is_writer));
        self.ready.set(i64::from(diagnosis.is_ready()));
        for condition in Condition::ALL {
            let code = condition.code();
            let holds = diagnosis.conditions.iter().any(|found| found.code == code);
            self.conditions
                .get_or_create(&Code { code })
                .set(i64::from(holds));
        }
        for (pool, connections) in pools {
            let idle = i64::try_from(connections.num_idle()).unwrap_or(i64::MAX);
            let used = i64::from(connections.size()).saturating_sub(idle).max(0);
            for (state, count) in [("idle", idle), ("used", used)] {
                self.connections
                    .get_or_create(&Connections { pool, state })
                    .set(count);
            }
        }
        let Some(health) = &diagnosis.health else { return };
        let set = |gauge: &Gauge, value: u64| {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        };
        if let Some(tip) = &health.tip {
            set(&self.stacks_height, tip.stacks_height.get());
        }
        if let Some(height) = health.burn_height {
            set(&self.burn_height, height.get());
        }
        set(&self.burn_lag, health.lag_burn_blocks.unwrap_or_default());
        set(&self.inbox_messages, health.inbox_depth);
        set(&self.open_gaps, health.open_gaps);
        set(&self.quarantined, health.quarantined);
        set(&self.undecodable_events, health.undecodable_events);
        set(&self.unproven_refunds, health.unproven_refunds);
        set(&self.unproven_satellite_events, health.unproven_satellite_events);
        set(&self.reorgs, health.reorgs);
        self.inbox_age.set(age(health.inbox_oldest_at));
        self.message_age.set(age(health.last_message_at));
        self.writer_age.set(age(health.writer_seen_at));
    }
}

/// Seconds since a moment, by this machine's clock.
fn age(moment: Option<DateTime<Utc>>) -> f64 {
    moment
        .and_then(|moment| Utc::now().signed_duration_since(moment).to_std().ok())
        .map_or(0.0, |age| age.as_secs_f64())
}
