//! Follows the tip: flags, rows and states of one change, all in the caller's transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use recoup_protocol::events::Event;
use recoup_protocol::ids::InvoiceId;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::IndexBlockHash;
use sqlx::PgConnection;

use super::worker::IngestSettings;
use crate::accounting::{Account, Ledger, payment_disagreement, refund_disagreement};
use crate::chain::{TipChange, Tree};
use crate::db::chain_tip::ChainTip;
use crate::db::contract_event::StoredEvent;
use crate::db::refund::RefundStatus;
use crate::db::{self, DbError};

/// Moves the tables to the tip that the tree has now.
pub(super) async fn follow_tip(
    connection: &mut PgConnection,
    tree: &mut Tree,
    settings: &IngestSettings,
) -> Result<Option<TipChange>, DbError> {
    let change = loop {
        match tree.advance() {
            Ok(change) => break change,
            Err(_) => *tree = settings.window.load_deeper(&mut *connection, tree).await?,
        }
    };
    let burn = tree.burn.tip();
    if let Some(change) = &change {
        let burn_tip = burn.map(|point| point.height);
        orphan(&mut *connection, &change.orphaned).await?;
        db::refund_status_change::record(
            &mut *connection,
            &keys(&change.orphaned),
            RefundStatus::Orphaned,
            burn_tip,
        )
        .await?;
        adopt(&mut *connection, &change.adopted).await?;
        db::refund_status_change::record(
            &mut *connection,
            &keys(&change.adopted),
            RefundStatus::Seen,
            burn_tip,
        )
        .await?;
        db::reorg::record(&mut *connection, change).await?;
    }
    let tip = ChainTip {
        stacks: tree.tip().map(|block| (block.header.id, block.header.height)),
        burn,
        final_burn_height: burn.and_then(|point| point.height.checked_sub(settings.finality_depth)),
    };
    if db::chain_tip::find(&mut *connection).await? != tip {
        db::chain_tip::update(&mut *connection, &tip).await?;
    }
    db::refund::update_finality(
        &mut *connection,
        tip.final_burn_height,
        burn.map(|point| point.height),
    )
    .await?;
    Ok(change)
}

fn keys(blocks: &[IndexBlockHash]) -> Vec<Vec<u8>> {
    blocks.iter().map(|id| id.as_bytes().to_vec()).collect()
}

/// Takes blocks off the chain: flags change, and what their events touched goes back to its last canonical event.
async fn orphan(connection: &mut PgConnection, blocks: &[IndexBlockHash]) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let blocks = keys(blocks);
    let touched = Touched::by(&db::contract_event::of_blocks(&mut *connection, &blocks).await?);
    db::block::set_canonical(&mut *connection, &blocks, false).await?;
    db::contract_event::set_canonical(&mut *connection, &blocks, false).await?;
    db::invoice::orphan(&mut *connection, &blocks).await?;
    db::payment::orphan(&mut *connection, &blocks).await?;
    db::refund::orphan(&mut *connection, &blocks).await?;

    db::payer_ledger::delete(&mut *connection, &touched.ledger_invoices, &touched.ledger_payers).await?;
    let last = db::contract_event::last_of_ledgers(
        &mut *connection,
        &touched.ledger_invoices,
        &touched.ledger_payers,
    );
    let mut books = Books::default();
    for stored in last.await? {
        books.post_ledger(&stored.event);
    }
    for stored in db::contract_event::last_of_invoices(&mut *connection, &touched.invoices).await? {
        if let Some((id, state)) = stored.event.invoice() {
            db::invoice::update_state(&mut *connection, id, state).await?;
        }
    }
    books.write_ledgers(connection).await
}

/// Puts blocks on the chain, the lowest first: their events become rows, each checked against the state before it.
async fn adopt(connection: &mut PgConnection, blocks: &[IndexBlockHash]) -> Result<(), DbError> {
    if blocks.is_empty() {
        return Ok(());
    }
    let blocks = keys(blocks);
    db::block::set_canonical(&mut *connection, &blocks, true).await?;
    db::contract_event::set_canonical(&mut *connection, &blocks, true).await?;
    let events = db::contract_event::of_blocks(&mut *connection, &blocks).await?;
    let mut books = Books::load(&mut *connection, &Touched::by(&events)).await?;
    for stored in &events {
        let disagreement = books.disagreement(stored);
        match &stored.event {
            Event::InvoiceCreated(created) => db::invoice::adopt(&mut *connection, stored, created).await?,
            Event::PaymentReceived(payment) => {
                db::payment::adopt(&mut *connection, stored, payment, disagreement).await?;
            }
            Event::RefundProcessed(refund) => {
                db::refund::adopt(&mut *connection, stored, refund, disagreement).await?;
            }
            Event::InvoiceCancelled(_) | Event::RefundWindowExtended(_) | Event::OperatorSet(_) => {}
        }
        books.post(&stored.event);
    }
    books.write_accounts(&mut *connection).await?;
    books.write_ledgers(connection).await
}

/// What a list of events concerns, as the queries want it.
struct Touched {
    invoices: Vec<i64>,
    ledger_invoices: Vec<i64>,
    ledger_payers: Vec<String>,
}

impl Touched {
    fn by(events: &[StoredEvent]) -> Self {
        let mut invoices = BTreeSet::new();
        let mut ledgers = BTreeSet::new();
        for stored in events {
            let Some((id, _)) = stored.event.invoice() else {
                continue;
            };
            // Ids beyond a bigint were put aside when they were stored.
            let Ok(id) = i64::try_from(id.0) else { continue };
            invoices.insert(id);
            if let Some((payer, _)) = Ledger::after(&stored.event) {
                ledgers.insert((id, payer.to_string()));
            }
        }
        let (ledger_invoices, ledger_payers) = ledgers.into_iter().unzip();
        Self {
            invoices: invoices.into_iter().collect(),
            ledger_invoices,
            ledger_payers,
        }
    }
}

/// Accounts and ledgers while events are posted to them in the chain's order.
#[derive(Default)]
struct Books {
    accounts: HashMap<InvoiceId, Account>,
    ledgers: BTreeMap<(InvoiceId, Principal), Ledger>,
}

impl Books {
    async fn load(connection: &mut PgConnection, touched: &Touched) -> Result<Self, DbError> {
        let accounts = db::invoice::accounts(&mut *connection, &touched.invoices).await?;
        let ledgers =
            db::payer_ledger::find(connection, &touched.ledger_invoices, &touched.ledger_payers).await?;
        Ok(Self {
            accounts: accounts.into_iter().collect(),
            ledgers: ledgers.into_iter().collect(),
        })
    }

    /// What does not agree among an event, its token transfer and the books before it.
    fn disagreement(&self, stored: &StoredEvent) -> Option<&'static str> {
        let (id, _) = stored.event.invoice()?;
        let account = self.accounts.get(&id);
        let ledger_of = |payer: &Principal| self.ledgers.get(&(id, payer.clone()));
        let disagreement = match &stored.event {
            Event::PaymentReceived(payment) => {
                payment_disagreement(payment, account, ledger_of(&payment.payer))
            }
            Event::RefundProcessed(refund) => refund_disagreement(refund, account, ledger_of(&refund.payer)),
            _ => None,
        };
        let no_transfer = (!stored.transfer_found).then_some("the transaction holds no such token transfer");
        no_transfer.or(disagreement)
    }

    fn post(&mut self, event: &Event) {
        if let Event::InvoiceCreated(created) = event {
            let account = Account {
                merchant: created.merchant.clone(),
                token: created.token.clone(),
                state: created.state.clone(),
            };
            self.accounts.insert(created.invoice_id, account);
        } else if let Some((id, state)) = event.invoice()
            && let Some(account) = self.accounts.get_mut(&id)
        {
            account.state = state.clone();
        }
        self.post_ledger(event);
    }

    fn post_ledger(&mut self, event: &Event) {
        if let Some((id, _)) = event.invoice()
            && let Some((payer, ledger)) = Ledger::after(event)
        {
            self.ledgers.insert((id, payer.clone()), ledger);
        }
    }

    async fn write_accounts(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        for (id, account) in &self.accounts {
            db::invoice::update_state(&mut *connection, *id, &account.state).await?;
        }
        Ok(())
    }

    async fn write_ledgers(&self, connection: &mut PgConnection) -> Result<(), DbError> {
        for ((id, payer), ledger) in &self.ledgers {
            db::payer_ledger::upsert(&mut *connection, *id, payer, ledger).await?;
        }
        Ok(())
    }
}
