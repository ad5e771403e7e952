//! The history that is asked about: written straight into the indexer's tables.

use std::fmt::Write as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use recoup_block_tree::{CORE, Random};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::events::{Event, InvoiceCreated, InvoiceState, PaymentReceived, RefundProcessed};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_protocol::status::InvoiceStatus;
use recoup_protocol::text::Reference;
use recoup_protocol::token::Token;
use recoup_stacks::address::{Address, Network};
use recoup_stacks::hash::BurnHeight;
use recoup_stacks::hex::encode as hex;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::database::Database;

const STEPS: &str = include_str!("made_up.sql");
/// Rows that are sent to the database at once.
const CHUNK: usize = 5_000;

/// Fills the tables and brings PostgreSQL's statistics up to date.
pub(super) fn make_up(database: &mut Database, refunds: u64) -> Result<()> {
    let contract = CORE.split_once('.').context("a contract's id")?.0;
    database.run(format!("set bench.refunds = {refunds}"))?;
    database.run("set synchronous_commit = off; set work_mem = '128MB'".to_owned())?;
    database.run(format!(
        "insert into indexed_chain (network, core_contract, root_stacks_height, subscriptions_contract, reserve_contract)
         values ('testnet', '{CORE}', 100, '{contract}.recoup-subscriptions', '{contract}.recoup-reserve')"
    ))?;
    for step in STEPS.split("-- step: ").skip(1) {
        let (name, statements) = step.split_once('\n').context("a step")?;
        let started = Instant::now();
        database.run(statements.to_owned())?;
        match name {
            "principals" => principals(database)?,
            "events" => events(database)?,
            _ => {}
        }
        eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    }
    let started = Instant::now();
    database.run("vacuum analyze".to_owned())?;
    let bytes = database.count("select pg_database_size(current_database())")?;
    eprintln!(
        "statistics: {:.1} s; {} MB in all",
        started.elapsed().as_secs_f64(),
        bytes / 1_000_000
    );
    Ok(())
}

/// Addresses for merchants and payers, made from nothing.
fn principals(database: &mut Database) -> Result<()> {
    for (table, count, seed) in [
        ("merchant", "select merchants from made.size", 1),
        ("payer", "select payers from made.size", 2),
    ] {
        let count = database.count(count)?;
        let mut random = Random::new(seed);
        let mut copy = Copying::into(format!("made.{table} (no, name)"));
        for number in 0..count {
            let mut hash = [0; 20];
            for part in hash.chunks_mut(8) {
                let bytes = random.next().to_be_bytes();
                part.iter_mut()
                    .zip(bytes)
                    .for_each(|(byte, random)| *byte = random);
            }
            let address = Address::single_sig(Network::Testnet, hash);
            copy.row(database, format_args!("{number}\t{address}"))?;
        }
        copy.finish(database)?;
    }
    database.run("analyze made.merchant; analyze made.payer".to_owned())
}

/// What the contract printed about each tenth invoice, in order.
const HAPPENED: &str = "
    select invoice_id, 0 as kind, stacks_height, 0 as tx_index, ordinal, index_block_hash, txid, merchant, issuer,
           null as payer, token, amount::text, reference, created_burn_height as burn_height, '0' as payer_paid,
           '0' as payer_refunded, 0::bigint as deadline, 0::bigint as refund_id, expires_at
      from invoice where invoice_id % 10 = 1
    union all
    select invoice_id, 1, stacks_height, tx_index, ordinal, index_block_hash, txid, merchant, merchant, payer, token,
           amount::text, null, burn_height, payer_paid::text, payer_refunded::text, deadline, 0, 0
      from payment where invoice_id % 10 = 1
    union all
    select invoice_id, 2, stacks_height, tx_index, ordinal, index_block_hash, txid, merchant, issuer, payer, token,
           amount::text, reference, burn_height, payer_paid::text, payer_refunded::text, deadline, refund_id, 0
      from refund where invoice_id % 10 = 1 and canonical
     order by invoice_id, stacks_height, tx_index, ordinal";

fn events(database: &mut Database) -> Result<()> {
    database.run(format!("begin; declare happened no scroll cursor for {HAPPENED}"))?;
    let mut copy = Copying::into(
        "contract_event (index_block_hash, txid, ordinal, stacks_height, tx_index, name, invoice_id, payer, raw_value,
             transfer_found, canonical)"
            .to_owned(),
    );
    let mut state = None;
    loop {
        let rows = database.rows(format!("fetch {CHUNK} from happened"))?;
        for row in &rows {
            let line = event_line(row, &mut state)?;
            copy.row(database, format_args!("{line}"))?;
        }
        if rows.is_empty() {
            break;
        }
    }
    copy.finish(database)?;
    database.run("commit".to_owned())
}

/// A row for COPY.
fn event_line(row: &PgRow, state: &mut Option<InvoiceState>) -> Result<String> {
    let event = event(row, state)?;
    let bytes = |column: &str| row.try_get::<Vec<u8>, _>(column).map(|bytes| hex(&bytes));
    let payer: Option<String> = row.try_get("payer")?;
    Ok(format!(
        "\\\\x{}\t\\\\x{}\t{}\t{}\t{}\t{}\t{}\t{}\t\\\\x{}\tt\tt",
        bytes("index_block_hash")?,
        bytes("txid")?,
        row.try_get::<i32, _>("ordinal")?,
        row.try_get::<i64, _>("stacks_height")?,
        row.try_get::<i32, _>("tx_index")?,
        event.name(),
        row.try_get::<i64, _>("invoice_id")?,
        payer.as_deref().unwrap_or("\\N"),
        hex(&event.to_value().encode()),
    ))
}

/// The event of a row, with the invoice's state after it.
fn event(row: &PgRow, state: &mut Option<InvoiceState>) -> Result<Event> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let number = |column: &str| -> Result<u64> { Ok(u64::try_from(row.try_get::<i64, _>(column)?)?) };
    let units = |column: &str| -> Result<BaseUnits> { Ok(BaseUnits(text(column)?.parse()?)) };
    let token: Option<String> = row.try_get("token")?;
    let token = Token::from_contract(token.map(|id| id.parse()).transpose()?);
    let invoice_id = InvoiceId(number("invoice_id")?);
    let burn_height = BurnHeight(number("burn_height")?);
    let reference: Option<String> = row.try_get("reference")?;
    let reference: Option<Reference> = reference.map(|text| text.parse()).transpose()?;
    let amount = units("amount")?;
    let kind: i32 = row.try_get("kind")?;
    if kind == 0 {
        let created = InvoiceState {
            amount_paid: BaseUnits::ZERO,
            amount_refunded: BaseUnits::ZERO,
            status: InvoiceStatus::Open,
            refund_window: 4320,
            first_payment_at: None,
            expires_at: BurnHeight(number("expires_at")?),
        };
        *state = Some(created.clone());
        return Ok(Event::InvoiceCreated(InvoiceCreated {
            invoice_id,
            merchant: text("merchant")?.parse()?,
            issuer: text("issuer")?.parse()?,
            token,
            amount,
            min_payment: Some(BaseUnits(1_000)),
            only_payer: None,
            reference,
            memo: None,
            subscription_id: None,
            burn_height,
            state: created,
        }));
    }
    let state = state.as_mut().context("an invoice before its payments")?;
    if kind == 1 {
        state.amount_paid = BaseUnits(state.amount_paid.0.saturating_add(amount.0));
        state.status = InvoiceStatus::Paid;
        state.first_payment_at.get_or_insert(burn_height);
        return Ok(Event::PaymentReceived(PaymentReceived {
            invoice_id,
            merchant: text("merchant")?.parse()?,
            payer: text("payer")?.parse()?,
            token,
            amount,
            payer_paid: units("payer_paid")?,
            payer_refunded: units("payer_refunded")?,
            deadline: BurnHeight(number("deadline")?),
            burn_height,
            state: state.clone(),
        }));
    }
    state.amount_refunded = BaseUnits(state.amount_refunded.0.saturating_add(amount.0));
    Ok(Event::RefundProcessed(RefundProcessed {
        refund_id: RefundId(number("refund_id")?),
        invoice_id,
        merchant: text("merchant")?.parse()?,
        issuer: text("issuer")?.parse()?,
        payer: text("payer")?.parse()?,
        token,
        amount,
        reason: None,
        reference,
        payer_paid: units("payer_paid")?,
        payer_refunded: units("payer_refunded")?,
        deadline: BurnHeight(number("deadline")?),
        burn_height,
        state: state.clone(),
    }))
}

/// Rows on their way into a table.
struct Copying {
    target: String,
    text: String,
    waiting: usize,
}

impl Copying {
    fn into(target: String) -> Self {
        Self {
            target,
            text: String::new(),
            waiting: 0,
        }
    }

    fn row(&mut self, database: &mut Database, row: std::fmt::Arguments<'_>) -> Result<()> {
        writeln!(self.text, "{row}")?;
        self.waiting += 1;
        if self.waiting == CHUNK {
            self.send(database)?;
        }
        Ok(())
    }

    fn send(&mut self, database: &mut Database) -> Result<()> {
        database.copy_in(&format!("copy {} from stdin", self.target), &self.text)?;
        self.text.clear();
        self.waiting = 0;
        Ok(())
    }

    fn finish(mut self, database: &mut Database) -> Result<()> {
        self.send(database)
    }
}
