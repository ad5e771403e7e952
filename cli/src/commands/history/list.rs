//! The list as a table or as one JSON object, page by page.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};

use recoup_protocol::api::{Page, Refund, Tier};
use recoup_protocol::sum::Sum;
use recoup_protocol::token::Token;
use serde::Serialize;
use serde_json::json;

use super::tokens::Tokens;
use crate::clock;
use crate::failure::{Failure, Kind};
use crate::indexer::{Indexer, Question, Standing};
use crate::output::{Output, Table, write_piece};
use crate::terminal::Progress;

/// Most rows of a page that the indexer gives.
const PAGE: u64 = 500;

/// How much of the list.
pub(super) struct Wanted {
    /// Most rows; none: all.
    pub(super) limit: Option<u64>,
    /// Where to begin.
    pub(super) cursor: Option<String>,
    /// Columns that the table does without.
    pub(super) without: Vec<&'static str>,
}

/// Lists refunds, page after page, at constant memory.
pub(super) async fn run(
    indexer: &Indexer,
    standing: &Standing,
    question: Question,
    wanted: Wanted,
    tokens: &mut Tokens<'_>,
    as_json: bool,
) -> Result<Output, Failure> {
    let mut writer = Writer::new(as_json, &wanted.without);
    let mut cursor = wanted.cursor;
    let mut left = wanted.limit;
    let mut progress = None;
    let mut is_read = writer.begin(standing)?;
    while is_read {
        let rows = left.map_or(PAGE, |left| left.min(PAGE));
        let page: Page<Refund> = indexer
            .refunds(&page_of(&question, rows, cursor.as_deref()))
            .await?;
        left = left.map(|left| left.saturating_sub(u64::try_from(page.items.len()).unwrap_or(u64::MAX)));
        is_read = writer.write(&page.items, tokens).await?;
        cursor = page.next_cursor;
        if cursor.is_none() || left == Some(0) {
            break;
        }
        // The rows themselves show how far it is where they appear on the terminal.
        if !io::stdout().is_terminal() && io::stderr().is_terminal() {
            let progress = progress.get_or_insert_with(|| Progress::start("reading refunds"));
            progress.say(&format!("reading refunds: {} so far", writer.rows));
        }
    }
    drop(progress);
    if is_read {
        writer.end(cursor.as_deref(), tokens).await?;
    }
    Ok(Output::written())
}

fn page_of(question: &Question, rows: u64, cursor: Option<&str>) -> Question {
    let mut question = question.clone();
    question.push(("limit", rows.to_string()));
    question.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
    question
}

/// A refund with what its token is called.
#[derive(Serialize)]
struct RefundRow<'a> {
    #[serde(flatten)]
    refund: &'a Refund,
    /// None when nobody could be asked.
    symbol: Option<&'a str>,
    decimals: Option<u8>,
}

/// Sums of the rows that were listed.
#[derive(Default)]
struct Total {
    refunds: u64,
    refunded: Sum,
}

/// Writes rows as they come, and adds them up.
struct Writer {
    table: Option<Table>,
    columns: Vec<&'static str>,
    rows: u64,
    orphaned: u64,
    totals: BTreeMap<Token, Total>,
}

const COLUMNS: [&str; 9] = [
    "refund",
    "time",
    "status",
    "amount",
    "invoice",
    "merchant",
    "payer",
    "reference",
    "reason",
];

impl Writer {
    fn new(as_json: bool, without: &[&str]) -> Self {
        let columns: Vec<&str> = COLUMNS
            .into_iter()
            .filter(|column| !without.contains(column))
            .collect();
        Self {
            table: (!as_json).then(|| Table::new(&columns)),
            columns,
            rows: 0,
            orphaned: 0,
            totals: BTreeMap::new(),
        }
    }

    fn begin(&self, standing: &Standing) -> Result<bool, Failure> {
        if self.table.is_some() {
            return Ok(true);
        }
        write_piece(
            &format!("{{\n\"indexer\": {},\n\"refunds\": [", compact(standing)?),
            false,
        )
    }

    async fn write(&mut self, refunds: &[Refund], tokens: &mut Tokens<'_>) -> Result<bool, Failure> {
        let mut text = String::new();
        for refund in refunds {
            match &mut self.table {
                Some(table) => {
                    let amount = tokens.show(&refund.token, refund.amount).await;
                    table.push(&cells(refund, amount, &self.columns));
                }
                None => {
                    let info = tokens.info(&refund.token).await;
                    let row = RefundRow {
                        refund,
                        symbol: info.map(|info| info.symbol()),
                        decimals: info.map(|info| info.decimals()),
                    };
                    text.push_str(if self.rows == 0 { "\n" } else { ",\n" });
                    text.push_str(&compact(&row)?);
                }
            }
            self.add(refund);
        }
        match &mut self.table {
            Some(table) => write_piece(&table.take_text(), true),
            None => write_piece(&text, false),
        }
    }

    fn add(&mut self, refund: &Refund) {
        self.rows = self.rows.saturating_add(1);
        if refund.status == Tier::Orphaned {
            self.orphaned = self.orphaned.saturating_add(1);
            return;
        }
        let total = self.totals.entry(refund.token.clone()).or_default();
        total.refunds = total.refunds.saturating_add(1);
        total.refunded = total.refunded.plus(refund.amount);
    }

    async fn end(&self, cursor: Option<&str>, tokens: &mut Tokens<'_>) -> Result<bool, Failure> {
        if self.table.is_some() {
            write_piece(&self.totals_text(cursor, tokens).await, true)
        } else {
            let totals = self.totals_json(tokens).await;
            let cursor = compact(&cursor)?;
            write_piece(
                &format!(
                    "\n],\n\"totals\": {},\n\"next_cursor\": {cursor}\n}}\n",
                    compact(&totals)?
                ),
                false,
            )
        }
    }

    async fn totals_text(&self, cursor: Option<&str>, tokens: &mut Tokens<'_>) -> String {
        let mut table = Table::new(&[]);
        for (token, total) in &self.totals {
            table.push(&[
                "total".to_owned(),
                tokens.show_sum(token, total.refunded).await,
                counted(total.refunds, "refund"),
                token.to_string(),
            ]);
        }
        let mut text = if self.rows == 0 {
            "no refunds\n".to_owned()
        } else {
            table.to_text()
        };
        if self.orphaned > 0 {
            let them = counted(self.orphaned, "refund");
            text.push_str(&format!("{them} in no total: the block left the chain\n"));
        }
        if let Some(cursor) = cursor {
            let cursor = recoup_protocol::text::display_safe(cursor);
            text.push_str(&format!("there are more: --all, or --cursor {cursor}\n"));
        }
        text
    }

    async fn totals_json(&self, tokens: &mut Tokens<'_>) -> Vec<serde_json::Value> {
        let mut totals = Vec::new();
        for (token, total) in &self.totals {
            let info = tokens.info(token).await;
            totals.push(json!({
                "token": token,
                "symbol": info.map(|info| info.symbol()),
                "decimals": info.map(|info| info.decimals()),
                "refunds": total.refunds,
                "refunded": total.refunded,
            }));
        }
        totals
    }
}

fn cells(refund: &Refund, amount: String, columns: &[&str]) -> Vec<String> {
    let status = match refund.status {
        Tier::Seen => "seen",
        Tier::Final => "final",
        Tier::Orphaned => "orphaned",
    };
    let cell = |column: &&str| match *column {
        "refund" => refund.refund_id.to_string(),
        "time" => refund.position.block_time.map_or_else(
            || format!("burn height {}", refund.position.burn_height),
            clock::shown,
        ),
        "status" if refund.proven => status.to_owned(),
        "status" => format!("{status}, unproven"),
        "amount" => amount.clone(),
        "invoice" => refund.invoice_id.to_string(),
        "merchant" => refund.merchant.to_string(),
        "payer" => refund.payer.to_string(),
        "reference" => refund.reference.clone().unwrap_or_default(),
        _ => refund.reason.clone().unwrap_or_default(),
    };
    columns.iter().map(cell).collect()
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn compact(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| {
        Failure::from_error(Kind::Internal, &error).context("cannot write the result as JSON")
    })
}
