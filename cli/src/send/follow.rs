//! Taking a journal's entry to its end: sent, sent again if need be, and seen on chain.

use std::time::{Duration, Instant};

use recoup_stacks::hash::IndexBlockHash;

use super::observe::refresh;
use super::post::{Attempt, Posted, post};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Entry, Inclusion, State};
use crate::profile::Chain;
use crate::terminal::{self, Progress};

/// How long to wait for a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Whether to wait at all.
    pub wait: bool,
    /// How long at most.
    pub limit: Duration,
}

/// How far a transaction got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The node has it; no block yet.
    Sent(Entry),
    /// Its effect stands on chain.
    Included(Entry, Inclusion),
}

impl Ending {
    /// The journal's entry as it is now.
    #[must_use]
    pub const fn entry(&self) -> &Entry {
        match self {
            Self::Sent(entry) | Self::Included(entry, _) => entry,
        }
    }
}

/// Where following begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Signed a moment ago, and nothing was ever sent.
    New,
    /// Its fee was raised a moment ago.
    Bumped,
    /// Signed by an earlier run: what became of it is looked up first.
    Earlier,
}

/// So often the same transaction is sent again during one wait.
const SENT_AGAIN: u32 = 5;
/// Looks at the chain between two questions whether the node still has the transaction.
const LOOKS: u32 = 5;

/// Sends an entry's transaction unless it is done, and waits for its effect.
///
/// # Errors
/// When the node refuses it, it had no effect, or the node cannot be reached. What can still come of it stays open in the
/// journal.
pub async fn carry_out(
    context: &Context,
    number: u64,
    start: Start,
    patience: Patience,
) -> Result<Ending, Failure> {
    let mut entry = entry(context, number)?;
    if start == Start::Earlier {
        let view = context.node.view().await?;
        entry = refresh(context, &view, &entry).await?;
        if let Some(ending) = settled(&entry)? {
            return Ok(ending);
        }
        terminal::note(&format!(
            "transaction {} was signed before: sending it again",
            entry.transaction.txid
        ));
    }
    send_earlier(context, &entry, |state| {
        matches!(state, State::Signed | State::Orphaned)
    })
    .await?;
    let attempt = match start {
        Start::New => Attempt::First,
        Start::Bumped | Start::Earlier => Attempt::Again,
    };
    entry = match post(context, &entry, attempt).await? {
        Posted::Accepted(entry) => sent(context, entry).await,
        Posted::NonceUsed => after_used_nonce(context, &entry).await?,
        Posted::NotNeeded => entry,
    };
    if let Some(ending) = settled(&entry)? {
        return Ok(ending);
    }
    if !patience.wait {
        return Ok(Ending::Sent(entry));
    }
    wait(context, entry, patience.limit).await
}

fn entry(context: &Context, number: u64) -> Result<Entry, Failure> {
    context
        .journal
        .read()?
        .get(number)
        .cloned()
        .ok_or_else(|| Failure::new(Kind::Internal, format!("journal entry {number} is gone")))
}

/// Says so, and whether the node really keeps it: it accepts what it then drops, too.
async fn sent(context: &Context, entry: Entry) -> Entry {
    let transaction = &entry.transaction;
    terminal::note(&format!(
        "sent {} (nonce {})",
        transaction.txid, transaction.nonce
    ));
    if !is_listed(context, &entry).await {
        terminal::note(
            "the node accepted it and does not list it as waiting: it is in a block by now, or was dropped",
        );
    }
    entry
}

/// The ending of an entry that has one.
fn settled(entry: &Entry) -> Result<Option<Ending>, Failure> {
    match &entry.state {
        State::Included(inclusion) | State::Final(inclusion) => {
            Ok(Some(Ending::Included(entry.clone(), inclusion.clone())))
        }
        State::Failed { detail, .. } => Err(Failure::new(Kind::Rejected, detail.clone())
            .context(format!("transaction {} had no effect", entry.transaction.txid))
            .hint("nothing was moved but the fee; look at the cause, then run the command again")),
        State::Replaced => {
            let message = format!("another transaction took the nonce of {}", entry.transaction.txid);
            Err(Failure::new(Kind::Rejected, message).hint("nothing was moved by it; run the command again"))
        }
        State::Signed | State::Broadcast | State::Orphaned => Ok(None),
    }
}

/// Blocks take a sender's transactions in the order of their nonces: what was signed before and never arrived, or came
/// back out of an abandoned block, has to go first.
async fn send_earlier(
    context: &Context,
    entry: &Entry,
    is_meant: impl Fn(&State) -> bool,
) -> Result<(), Failure> {
    let book = context.journal.read()?;
    let is_earlier = |other: &&Entry| {
        other.transaction.sender == entry.transaction.sender
            && other.transaction.nonce < entry.transaction.nonce
            && is_meant(&other.state)
    };
    let mut earlier: Vec<&Entry> = book.entries().filter(is_earlier).collect();
    earlier.sort_by_key(|other| other.transaction.nonce);
    for other in earlier {
        terminal::note(&format!(
            "sending {} first ({})",
            other.transaction.txid,
            other.intent.describe()
        ));
        if let Posted::NonceUsed = post(context, other, Attempt::Again).await? {
            let view = context.node.view().await?;
            refresh(context, &view, other).await?;
        }
    }
    Ok(())
}

/// Whether the node has it waiting, or mined it a short while ago. No answer is no reason for alarm.
async fn is_listed(context: &Context, entry: &Entry) -> bool {
    !matches!(
        context.node.client().unconfirmed(&entry.transaction.txid).await,
        Ok(None)
    )
}

/// The node says that the nonce is used. If its blocks do not show that yet, the entry stays open.
async fn after_used_nonce(context: &Context, entry: &Entry) -> Result<Entry, Failure> {
    let view = context.node.view().await?;
    let entry = refresh(context, &view, entry).await?;
    if entry.state.is_open() {
        let message = format!("the node says that nonce {} is used", entry.transaction.nonce);
        return Err(Failure::new(Kind::Rejected, message)
            .hint("run the same command again: another node may know more, and it can never pay twice"));
    }
    Ok(entry)
}

async fn wait(context: &Context, mut entry: Entry, limit: Duration) -> Result<Ending, Failure> {
    let pause = match context.profile.network {
        Chain::Local => Duration::from_millis(200),
        Chain::Testnet | Chain::Mainnet => Duration::from_secs(5),
    };
    let progress = Progress::start("waiting for a block");
    let start = Instant::now();
    let mut seen: Option<IndexBlockHash> = None;
    let mut resending = Resending::new(pause.saturating_mul(LOOKS));
    loop {
        // A node that is away for a moment is no reason to give up on what is sent.
        if let Ok(view) = context.node.view().await
            && seen != Some(view.tip.id)
        {
            match refresh(context, &view, &entry).await {
                Ok(now) => (entry, seen) = (now, Some(view.tip.id)),
                Err(failure) if failure.kind == Kind::Network => {}
                Err(failure) => return Err(failure),
            }
            if let Some(ending) = settled(&entry)? {
                return Ok(ending);
            }
            progress.say(&format!(
                "waiting for a block; the newest is Stacks {} at burn height {}",
                view.tip.height, view.tip.burn_height
            ));
        }
        entry = resending.keep(context, entry).await?;
        if start.elapsed() >= limit {
            return Ok(Ending::Sent(entry));
        }
        tokio::time::sleep(pause).await;
    }
}

/// What is sent stays sent: a node forgets what waits when it restarts, and drops what it finds too old or too cheap.
struct Resending {
    pause: Duration,
    asked: Instant,
    left: u32,
}

impl Resending {
    fn new(pause: Duration) -> Self {
        Self {
            pause,
            asked: Instant::now(),
            left: SENT_AGAIN,
        }
    }

    /// Sends the same bytes again when a fork undid them, or when the node does not list them any more. The entry as it is
    /// then.
    async fn keep(&mut self, context: &Context, entry: Entry) -> Result<Entry, Failure> {
        let is_undone = matches!(entry.state, State::Orphaned);
        if self.left == 0 || (!is_undone && !self.is_forgotten(context, &entry).await) {
            return Ok(entry);
        }
        self.left = self.left.saturating_sub(1);
        let txid = entry.transaction.txid;
        terminal::note(&if is_undone {
            format!("a fork undid {txid}: sending the same transaction again")
        } else {
            format!("the node does not list {txid} any more: sending the same transaction again")
        });
        match send_with_earlier(context, &entry).await {
            Ok(Posted::Accepted(entry)) => Ok(entry),
            // What came of it is seen at the next block.
            Ok(Posted::NonceUsed | Posted::NotNeeded) => Ok(entry),
            Err(failure) if failure.kind == Kind::Network => Ok(entry),
            Err(failure) => Err(failure),
        }
    }

    async fn is_forgotten(&mut self, context: &Context, entry: &Entry) -> bool {
        if self.asked.elapsed() < self.pause {
            return false;
        }
        self.asked = Instant::now();
        !is_listed(context, entry).await
    }
}

/// What forgot one transaction forgot those that have to go before it, too.
async fn send_with_earlier(context: &Context, entry: &Entry) -> Result<Posted, Failure> {
    send_earlier(context, entry, State::is_open).await?;
    post(context, entry, Attempt::Again).await
}
