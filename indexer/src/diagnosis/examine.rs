//! Looks at the tables and the process, and says what is wrong.

use chrono::TimeDelta;
use recoup_protocol::api::{Health, HealthCondition, HealthStatus, ProcessHealth, ReplicaHealth};
use recoup_stacks::address::{ContractId, Network};
use sqlx::{PgConnection, PgPool};

use super::{Condition, Vitals};
use crate::db::heartbeat::SignsOfLife;
use crate::db::indexed_chain::IndexedChain;
use crate::db::{self, DbError};

/// Waiting messages from which on the inbox counts as growing.
const LONG_INBOX: u64 = 1_000;
/// Burn blocks without a Stacks block that are nothing to wonder about.
const USUAL_LAG: u64 = 5;
/// The writer says that it lives every five seconds, between two messages.
const WRITER_SILENCE: TimeDelta = TimeDelta::seconds(60);
const REPLICA_SILENCE: TimeDelta = TimeDelta::seconds(30);
/// Bitcoin blocks can be an hour apart, and Stacks blocks come in between.
const NODE_SILENCE: TimeDelta = TimeDelta::minutes(30);

/// What a process follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// The network.
    pub network: Network,
    /// The contract.
    pub core_contract: ContractId,
}

/// What is wrong, and how things stand if that can be told at all.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    /// How things stand; none when the tables cannot be read.
    pub health: Option<Health>,
    /// What is wrong, the worst first.
    pub conditions: Vec<HealthCondition>,
}

impl Diagnosis {
    /// Whether requests should come here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.conditions.iter().any(|condition| condition.blocks_ready)
    }
}

/// Examines a database, and the process that asks, if it does something.
pub async fn diagnose(pool: &PgPool, process: Option<(&Vitals, &Followed, ProcessHealth)>) -> Diagnosis {
    let mut found: Vec<(Condition, String)> = Vec::new();
    if let Some((vitals, ..)) = &process {
        found.extend(vitals.current());
    }
    let expected = process.as_ref().map(|(_, followed, _)| *followed);
    let mut health = match read(pool, expected).await {
        Ok((health, conditions)) => {
            found.extend(conditions);
            Some(health)
        }
        Err((condition, detail)) => {
            found.push((condition, detail));
            None
        }
    };
    found.sort();
    let conditions: Vec<_> = found
        .into_iter()
        .map(|(condition, detail)| condition.found(detail))
        .collect();
    if let Some(health) = &mut health {
        health.process = process.map(|(.., process)| process);
        health.ready = !conditions.iter().any(|condition| condition.blocks_ready);
        health.status = if conditions.is_empty() {
            HealthStatus::Ok
        } else {
            HealthStatus::Degraded
        };
        health.conditions.clone_from(&conditions);
    }
    Diagnosis { health, conditions }
}

type Found = (Condition, String);

async fn read(pool: &PgPool, expected: Option<&Followed>) -> Result<(Health, Vec<Found>), Found> {
    let unavailable = |error: DbError| {
        tracing::error!(error = %error.with_causes(), "the database cannot be examined");
        (Condition::DatabaseUnavailable, error.in_short().to_owned())
    };
    let mut snapshot = pool
        .begin_with("begin isolation level repeatable read read only")
        .await
        .map_err(|error| unavailable(error.into()))?;
    let not_initialised = || (Condition::NotInitialised, DbError::NotInitialised.to_string());
    match db::has_current_schema(&mut snapshot).await {
        Ok(true) => {}
        Ok(false) => {
            return Err((
                Condition::SchemaDiffers,
                "the tables are of another version".to_owned(),
            ));
        }
        Err(error) if error.is_missing_table() => return Err(not_initialised()),
        Err(error) => return Err(unavailable(error)),
    }
    let chain = db::indexed_chain::find(&mut snapshot)
        .await
        .map_err(unavailable)?
        .ok_or_else(not_initialised)?;
    if let Some(expected) = expected
        && (expected.network, &expected.core_contract) != (chain.network, &chain.core_contract)
    {
        let detail = format!(
            "the database follows {} on {}",
            chain.core_contract, chain.network
        );
        return Err((Condition::OtherChain, detail));
    }
    let (health, signs) = stand(&mut snapshot, chain).await.map_err(unavailable)?;
    let found = judge(&health, &signs);
    Ok((health, found))
}

/// How things stand, without a judgement.
async fn stand(snapshot: &mut PgConnection, chain: IndexedChain) -> Result<(Health, SignsOfLife), DbError> {
    let burn_height = db::chain_tip::find(&mut *snapshot)
        .await?
        .burn
        .map(|burn| burn.height);
    let tip = db::block::tip(&mut *snapshot).await?;
    let signs = db::heartbeat::signs_of_life(&mut *snapshot).await?;
    let (subscriptions_contract, reserve_contract) = chain
        .satellites
        .map(|both| (both.subscriptions, both.reserve))
        .unzip();
    let health = Health {
        status: HealthStatus::Ok,
        ready: true,
        conditions: Vec::new(),
        process: None,
        core_contract: chain.core_contract,
        subscriptions_contract,
        reserve_contract,
        satellites_from: chain.satellites_from,
        lag_burn_blocks: burn_height
            .zip(tip.as_ref())
            .map(|(newest, tip)| newest.get().saturating_sub(tip.burn_height.get())),
        tip,
        burn_height,
        root_stacks_height: chain.root,
        inbox_depth: db::inbox::depth(&mut *snapshot).await?,
        inbox_oldest_at: signs.oldest_waiting,
        last_message_at: signs.last_message,
        writer_seen_at: signs.writer,
        replica: signs.is_replica.then(|| ReplicaHealth {
            lag_seconds: signs
                .since(signs.writer)
                .map(|lag| lag.num_seconds().max(0).unsigned_abs()),
        }),
        quarantined: db::quarantine::count(&mut *snapshot).await?,
        undecodable_events: db::contract_event::count_problems(&mut *snapshot)
            .await?
            .saturating_add(db::satellite_event::count_problems(&mut *snapshot).await?),
        unproven_refunds: db::refund::count_unproven(&mut *snapshot).await?,
        unproven_satellite_events: db::satellite_event::count_unproven(&mut *snapshot).await?,
        open_gaps: db::gap::count_open(&mut *snapshot).await?,
        reorgs: db::reorg::count(&mut *snapshot).await?,
    };
    Ok((health, signs))
}

/// What is wrong with how things stand.
fn judge(health: &Health, signs: &SignsOfLife) -> Vec<Found> {
    let silence = signs.since(signs.writer);
    let is_silent_for = |limit| silence.is_none_or(|silence| silence > limit);
    let rules = [
        (
            health.tip.is_none(),
            Condition::NoBlock,
            "no block is followed yet".to_owned(),
        ),
        (
            signs.is_replica && is_silent_for(REPLICA_SILENCE),
            Condition::ReplicaBehind,
            match silence {
                Some(silence) => format!("last heard from the writer {} s ago", silence.num_seconds()),
                None => "never heard from a writer".to_owned(),
            },
        ),
        (
            !signs.is_replica && is_silent_for(WRITER_SILENCE),
            Condition::NoWriter,
            match silence {
                Some(silence) => format!("the last one was seen {} s ago", silence.num_seconds()),
                None => "none was ever seen".to_owned(),
            },
        ),
        (
            health.inbox_depth >= LONG_INBOX,
            Condition::InboxGrowing,
            format!("{} messages wait", health.inbox_depth),
        ),
        (
            health.lag_burn_blocks.is_some_and(|lag| lag > USUAL_LAG),
            Condition::BehindNode,
            format!("{} burn blocks", health.lag_burn_blocks.unwrap_or_default()),
        ),
        (
            signs
                .since(signs.last_message)
                .is_some_and(|silence| silence > NODE_SILENCE),
            Condition::NodeSilent,
            "no message came for 30 minutes".to_owned(),
        ),
        counted(health.open_gaps, Condition::OpenGaps, "blocks are missing"),
        counted(health.quarantined, Condition::QuarantinedMessages, "messages"),
        counted(health.undecodable_events, Condition::UndecodableEvents, "events"),
        counted(health.unproven_refunds, Condition::UnprovenRefunds, "refunds"),
        counted(
            health.unproven_satellite_events,
            Condition::UnprovenSatelliteEvents,
            "events",
        ),
    ];
    rules
        .into_iter()
        .filter(|(holds, ..)| *holds)
        .map(|(_, condition, detail)| (condition, detail))
        .collect()
}

fn counted(count: u64, condition: Condition, what: &str) -> (bool, Condition, String) {
    (count > 0, condition, format!("{count} {what}"))
}
