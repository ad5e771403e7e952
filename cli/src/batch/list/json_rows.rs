//! Rows of JSON Lines: one object a line.

use serde::Deserialize;
use serde_json::Value;

use super::line::Row;
use super::problem::{Column, Problem};

const HINT: &str = r#"one object a line: {"invoice": 7, "payer": "SP..", "amount": "1.5", "reference": "r-1", "reason": "late"}"#;

/// Numbers or texts: a number keeps its digits as they were written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Object {
    invoice: Value,
    payer: String,
    amount: Value,
    reference: Value,
    #[serde(default)]
    reason: Option<String>,
}

pub(super) fn read(text: &[u8]) -> Vec<Result<Row, Problem>> {
    let numbered = (1..).zip(text.split(|byte| *byte == b'\n'));
    numbered
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(number, line)| row(number, line))
        .collect()
}

fn row(number: u64, line: &[u8]) -> Result<Row, Problem> {
    let object: Object = serde_json::from_slice(line).map_err(|error| {
        // The line that serde_json counts is always the first of one.
        let what = error.to_string();
        let what = what
            .rsplit_once(" at line ")
            .map_or(what.as_str(), |(what, _)| what);
        Problem::of_line(number, what, HINT)
    })?;
    Ok(Row {
        number,
        invoice: scalar(number, Column::Invoice, object.invoice)?,
        payer: object.payer.trim().to_owned(),
        amount: scalar(number, Column::Amount, object.amount)?,
        reference: scalar(number, Column::Reference, object.reference)?,
        reason: object.reason.unwrap_or_default().trim().to_owned(),
    })
}

fn scalar(line: u64, column: Column, value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text.trim().to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(Problem::of_column(
            line,
            column,
            format!("neither text nor number: {other}"),
            HINT,
        )),
    }
}
