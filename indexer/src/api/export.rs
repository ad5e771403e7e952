//! `GET /export/refunds.csv`, `GET /export/refunds.jsonl`: all refunds of a filter, however many, at constant memory.
//!
//! One page after the other is read in one snapshot and written as the client takes it. When something fails on the way,
//! the connection is broken off without the end mark of the body, so that no client takes a part for the whole.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use recoup_protocol::api::{Refund, Tier};
use recoup_protocol::text::display_safe;
use sqlx::{Postgres, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use super::error::ApiFailure;
use super::parameters::Parameters;
use super::refund_query::RefundQuery;
use super::router::Api;
use crate::db;
use crate::db::place::Place;
use crate::db::refund::After;

/// Rows that are in memory at a time.
const PAGE: u32 = 500;
/// Rows that are read before the answer begins: few, so that it begins at once.
const FIRST_PAGE: u32 = 50;
/// Seconds after which a client that found all exports taken should try again.
const TRY_AGAIN: u64 = 30;

/// The columns, in the order in which they stay: new ones come at the end.
const COLUMNS: [&str; 22] = [
    "refund_id",
    "invoice_id",
    "status",
    "proven",
    "merchant",
    "issuer",
    "payer",
    "token",
    "amount",
    "payer_paid",
    "payer_refunded",
    "deadline",
    "reference",
    "reason",
    "disagreement",
    "txid",
    "ordinal",
    "index_block_hash",
    "stacks_height",
    "burn_height",
    "block_time",
    "row",
];

/// Rows as CSV.
pub(super) async fn csv(State(api): State<Api>, parameters: Parameters) -> Result<Response, ApiFailure> {
    export(api, parameters, Format::Csv).await
}

/// Rows as JSON Lines.
pub(super) async fn jsonl(State(api): State<Api>, parameters: Parameters) -> Result<Response, ApiFailure> {
    export(api, parameters, Format::JsonLines).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

/// What is left to write.
struct Export {
    snapshot: Transaction<'static, Postgres>,
    query: RefundQuery,
    format: Format,
    after: Option<After>,
    rows_written: u64,
    /// One of the few that may run at once.
    _permit: OwnedSemaphorePermit,
}

async fn export(api: Api, mut parameters: Parameters, format: Format) -> Result<Response, ApiFailure> {
    let query = RefundQuery::take(&mut parameters)?;
    parameters.finish()?;
    query.check()?;
    let permit = Arc::clone(&api.exports)
        .try_acquire_owned()
        .map_err(|_| ApiFailure::TooManyRequests { seconds: TRY_AGAIN })?;
    let mut snapshot = api.snapshot().await?;
    query.check_against(&mut snapshot).await?;
    let mut export = Export {
        snapshot,
        query,
        format,
        after: None,
        rows_written: 0,
        _permit: permit,
    };
    // What fails at once is still answered as an error.
    let (first, is_last) = export.next_page(FIRST_PAGE).await?;
    let rest = (!is_last).then_some(export);
    let rest = stream::try_unfold(rest, |export| async move {
        let Some(mut export) = export else { return Ok(None) };
        match export.next_page(PAGE).await {
            Ok((page, is_last)) => Ok(Some((page, (!is_last).then_some(export)))),
            Err(error) => {
                tracing::error!(rows_written = export.rows_written, %error, "an export was broken off");
                Err(error)
            }
        }
    });
    let first = stream::iter([Ok::<Bytes, ApiFailure>(first)]);
    let body = Body::from_stream(stream::StreamExt::chain(first, rest));
    let (kind, name) = match format {
        Format::Csv => (
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"refunds.csv\"",
        ),
        Format::JsonLines => ("application/jsonl", "attachment; filename=\"refunds.jsonl\""),
    };
    let headers = [
        (CONTENT_TYPE, kind),
        (CONTENT_DISPOSITION, name),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, body).into_response())
}

impl Export {
    /// The next rows as text, and whether they are the last.
    async fn next_page(&mut self, limit: u32) -> Result<(Bytes, bool), ApiFailure> {
        let rows = db::refund::page(
            &mut self.snapshot,
            &self.query.filter,
            self.query.order,
            self.after,
            None,
            limit,
        )
        .await?;
        let is_last = u32::try_from(rows.len()).is_ok_and(|count| count < limit);
        self.after = rows.last().map(|(place, refund)| After {
            key: *place,
            amount: refund.amount,
        });
        let text = match self.format {
            Format::Csv => csv_text(&rows, self.rows_written),
            Format::JsonLines => json_lines(&rows),
        };
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.rows_written = self.rows_written.saturating_add(count);
        Ok((text.map_err(ApiFailure::Internal)?, is_last))
    }
}

fn json_lines(rows: &[(Place, Refund)]) -> Result<Bytes, String> {
    let mut text = Vec::new();
    for (_, refund) in rows {
        serde_json::to_writer(&mut text, refund).map_err(|error| error.to_string())?;
        text.push(b'\n');
    }
    Ok(text.into())
}

fn csv_text(rows: &[(Place, Refund)], rows_before: u64) -> Result<Bytes, String> {
    let mut writer = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |error: ::csv::Error| error.to_string();
    if rows_before == 0 {
        writer.write_record(COLUMNS).map_err(failed)?;
    }
    for (number, (_, refund)) in (rows_before.saturating_add(1)..).zip(rows) {
        writer.write_record(cells(refund, number)).map_err(failed)?;
    }
    writer
        .into_inner()
        .map(Bytes::from)
        .map_err(|error| error.to_string())
}

fn cells(refund: &Refund, number: u64) -> [String; 22] {
    let position = &refund.position;
    [
        refund.refund_id.to_string(),
        refund.invoice_id.to_string(),
        match refund.status {
            Tier::Seen => "seen",
            Tier::Final => "final",
            Tier::Orphaned => "orphaned",
        }
        .to_owned(),
        refund.proven.to_string(),
        refund.merchant.to_string(),
        refund.issuer.to_string(),
        refund.payer.to_string(),
        refund.token.to_string(),
        refund.amount.to_string(),
        refund.payer_paid.to_string(),
        refund.payer_refunded.to_string(),
        refund.deadline.to_string(),
        spreadsheet_safe(refund.reference.as_deref().unwrap_or_default()),
        spreadsheet_safe(refund.reason.as_deref().unwrap_or_default()),
        spreadsheet_safe(refund.disagreement.as_deref().unwrap_or_default()),
        position.txid.to_string(),
        position.ordinal.to_string(),
        position.index_block_hash.to_string(),
        position.stacks_height.to_string(),
        position.burn_height.to_string(),
        position
            .block_time
            .map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            .unwrap_or_default(),
        number.to_string(),
    ]
}

/// A stranger's text for a cell: no control or bidirectional characters, and nothing that a spreadsheet takes for a
/// formula. What would be one gets an apostrophe before it.
fn spreadsheet_safe(text: &str) -> String {
    let shown = display_safe(text);
    let first = shown.trim_start().chars().next();
    // The wide forms are taken for the plain ones by spreadsheets of East Asian languages.
    match first {
        Some('=' | '+' | '-' | '@' | '|' | '%' | '＝' | '＋' | '－' | '＠') => format!("'{shown}"),
        _ => shown.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "  =1",
            "\t=1",
            "\r=1",
            "＝1",
            "|x",
            "\u{202e}=1",
            "\u{0}=1",
        ] {
            let cell = spreadsheet_safe(text);
            let first = cell.trim_start().chars().next().unwrap();
            assert!(!"=+-@|＝＋－＠".contains(first), "{text:?} becomes {cell:?}");
            assert!(
                !cell.contains(['\t', '\r', '\n', '\0', '\u{202e}']),
                "{text:?} becomes {cell:?}"
            );
        }
        assert_eq!(spreadsheet_safe("damaged, \"as is\""), "damaged, \"as is\"");
    }
}
