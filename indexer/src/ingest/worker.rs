//! Takes one message after the other from the inbox; each is one transaction.

use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use recoup_stacks::address::ContractId;
use recoup_stacks::hash::StacksHeight;
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::watch;

use super::message::Decoder;
use super::pass::Pass;
use super::phases::{Phase, Phases};
use super::upkeep::{Retention, Upkeep};
use super::window::Window;
use crate::chain::{Arrival, Tree};
use crate::db::inbox::InboxMessage;
use crate::db::{self, DbError, Writer};
use crate::diagnosis::{Condition, Vitals};
use crate::failpoint::CommitPoint;
use crate::normalised::Satellites;
use crate::observer::Inbox;

/// How long to wait after a failure of the database.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often to look for messages that nobody announced, such as those of another process.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// What came of one turn of the loop.
enum Turn {
    Processed,
    NothingWaits,
    AnotherWrites,
}

/// Where the followed part of the chain begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootRule {
    /// At the block that deployed core.
    DeployOfCore,
    /// At the first block received after the genesis block; for tests and recordings.
    FirstReceived,
    /// At this Stacks height.
    Height(StacksHeight),
}

/// What ingest needs to know.
#[derive(Debug, Clone)]
pub struct IngestSettings {
    /// The contract of invoices, payments and refunds.
    pub core_contract: ContractId,
    /// The contracts beside it whose prints count too.
    pub satellites: Satellites,
    /// Where to begin.
    pub root: RootRule,
    /// Burn blocks after which a block is final.
    pub finality_depth: u64,
    /// Burn blocks from one checkpoint to the next.
    pub checkpoint_interval: NonZeroU64,
    /// How much of the block tree is kept in memory.
    pub window: Window,
}

/// The one that writes the tables. There must be only one: see [`db::Writer`].
#[derive(Debug)]
pub struct Ingest {
    pub(super) pool: PgPool,
    pub(super) settings: IngestSettings,
    decoder: Decoder,
    inbox: Inbox,
    vitals: Vitals,
    upkeep: Upkeep,
    pub(super) phases: Phases,
    /// In memory between messages; none before the first and after a failure.
    pub(super) memory: Option<Memory>,
}

/// The tree, and the message after which it equals the tables.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) tree: Tree,
    pub(super) cursor: Option<Arrival>,
}

impl Ingest {
    /// Prepares ingest; nothing is read yet. Without a retention, the inbox is looked after by somebody else.
    #[must_use]
    pub fn new(
        pool: PgPool,
        settings: IngestSettings,
        retention: Option<Retention>,
        inbox: Inbox,
        vitals: Vitals,
    ) -> Self {
        Self {
            pool,
            decoder: Decoder::new(&settings.core_contract, &settings.satellites),
            settings,
            inbox,
            upkeep: Upkeep::new(retention, vitals.clone()),
            phases: vitals.metrics().phases(),
            vitals,
            memory: None,
        }
    }

    /// Where the time of this one's work goes.
    #[must_use]
    pub fn phases(&self) -> Phases {
        self.phases.clone()
    }

    /// Works until told to stop, whenever no other process does.
    pub async fn run(mut self, mut writer: Writer, mut stop: watch::Receiver<bool>) {
        let mut standing_by = false;
        while !*stop.borrow() {
            let turn = self.take_turn(&mut writer).await;
            let stood_by = std::mem::replace(&mut standing_by, matches!(turn, Ok(Turn::AnotherWrites)));
            let pause = match turn {
                Ok(Turn::Processed) => continue,
                Ok(Turn::NothingWaits) => POLL_EVERY,
                Ok(Turn::AnotherWrites) => {
                    if !stood_by {
                        tracing::info!("another process writes; standing by");
                    }
                    POLL_EVERY
                }
                Err(error) => {
                    tracing::error!(error = %error.with_causes(), "ingest failed; will try again");
                    RETRY_AFTER
                }
            };
            tokio::select! {
                () = self.inbox.arrived.notified(), if !standing_by => {}
                () = tokio::time::sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Works until no message waits, also when another process is the one that works.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&mut self, writer: &mut Writer) -> Result<(), DbError> {
        loop {
            match self.take_turn(writer).await? {
                Turn::Processed => {}
                Turn::NothingWaits => return Ok(()),
                Turn::AnotherWrites if self.inbox.depth() == 0 => return Ok(()),
                Turn::AnotherWrites => tokio::time::sleep(POLL_EVERY).await,
            }
        }
    }

    async fn take_turn(&mut self, writer: &mut Writer) -> Result<Turn, DbError> {
        let turn = self.try_turn(writer).await;
        self.vitals
            .set_writer(matches!(turn, Ok(Turn::Processed | Turn::NothingWaits)));
        match &turn {
            Ok(_) => self.vitals.is_over(Condition::IngestFailing),
            Err(error) => self.vitals.suffers(Condition::IngestFailing, error.in_short()),
        }
        turn
    }

    /// What fails drops the connection, and with it the right to write.
    async fn try_turn(&mut self, writer: &mut Writer) -> Result<Turn, DbError> {
        let Some(mut connection) = writer.take().await? else {
            let mut connection = self.pool.acquire().await?;
            self.inbox.set_depth(db::inbox::depth(&mut connection).await?);
            return Ok(Turn::AnotherWrites);
        };
        self.upkeep.keep_up(&mut connection).await?;
        let started = Instant::now();
        let processed = self.process_next(&mut connection).await?;
        writer.give_back(connection);
        if processed {
            self.vitals.metrics().followed(started.elapsed());
            self.inbox.message_processed();
            Ok(Turn::Processed)
        } else {
            Ok(Turn::NothingWaits)
        }
    }

    /// Processes the oldest message that waits; false when there is none. When the database fails, nothing has changed
    /// and the message waits for the next turn.
    async fn process_next(&mut self, connection: &mut PgConnection) -> Result<bool, DbError> {
        let mut transaction = connection.begin().await?;
        let mut memory = self.take_memory(&mut transaction).await?;
        let next = db::inbox::next(&mut transaction);
        let Some(message) = self.phases.timed(Phase::Read, next).await? else {
            self.inbox.set_depth(db::inbox::depth(&mut transaction).await?);
            db::commit(transaction, CommitPoint::NoMessage).await?;
            self.memory = Some(memory);
            return Ok(false);
        };
        if let Err(error) = self.process(&mut transaction, &mut memory.tree, &message).await {
            transaction.rollback().await?;
            return if error.is_about_the_data() {
                put_aside(connection, &message, &error).await
            } else {
                Err(error)
            };
        }
        db::inbox::mark_processed(&mut transaction, message.arrival).await?;
        db::chain_tip::set_cursor(&mut transaction, message.arrival).await?;
        let commit = db::commit(transaction, CommitPoint::Message);
        self.phases.timed(Phase::Commit, commit).await?;
        self.settings.window.trim(&mut memory.tree);
        memory.cursor = Some(message.arrival);
        self.memory = Some(memory);
        Ok(true)
    }

    /// Takes the tree out of memory, so that a failure on the way leaves none: it would no longer equal the tables.
    /// Loads it where there is none, or where another process wrote meanwhile (it took over while this one was thought
    /// dead). The lock on the cursor keeps others out until the transaction ends.
    pub(super) async fn take_memory(&mut self, connection: &mut PgConnection) -> Result<Memory, DbError> {
        let cursor = db::chain_tip::lock_cursor(&mut *connection).await?;
        if let Some(memory) = self.memory.take().filter(|memory| memory.cursor == cursor) {
            return Ok(memory);
        }
        let mut tree = self.settings.window.load(&mut *connection).await?;
        // The finality depth may have been configured anew.
        Pass::catch_up(connection, &self.settings, &self.phases, &mut tree).await?;
        Ok(Memory { tree, cursor })
    }

    async fn process(
        &self,
        connection: &mut PgConnection,
        tree: &mut Tree,
        message: &InboxMessage,
    ) -> Result<(), DbError> {
        let started = Instant::now();
        let decoded = self
            .decoder
            .decode(message.source, &message.path, &message.body, message.arrival);
        self.phases.add(Phase::Decode, started.elapsed());
        match decoded {
            Err(error) => quarantine(connection, message, &error.to_string()).await,
            Ok(decoded) => {
                let messages = std::iter::once(&decoded);
                let mut pass = Pass::begin(connection, &self.settings, &self.phases, tree, messages).await?;
                pass.follow(decoded).await?;
                for orphaned_blocks in pass.end().await? {
                    self.vitals.metrics().reorganised(orphaned_blocks);
                }
                Ok(())
            }
        }
    }
}

/// Puts aside a message that decodes and that the tables cannot hold, so that it does not block the others.
async fn put_aside(
    connection: &mut PgConnection,
    message: &InboxMessage,
    error: &DbError,
) -> Result<bool, DbError> {
    let mut transaction = connection.begin().await?;
    quarantine(&mut transaction, message, &error.with_causes()).await?;
    db::inbox::mark_processed(&mut transaction, message.arrival).await?;
    db::commit(transaction, CommitPoint::PutAside).await?;
    Ok(true)
}

/// Puts a message into quarantine, once.
pub(super) async fn quarantine(
    connection: &mut PgConnection,
    message: &InboxMessage,
    reason: &str,
) -> Result<(), DbError> {
    if db::quarantine::put(connection, message, reason).await? {
        tracing::warn!(inbox_id = message.arrival.0, path = %message.path, reason, "message put into quarantine");
    }
    Ok(())
}
