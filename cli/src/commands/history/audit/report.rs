//! What came of it, for people and for programs.

use std::path::Path;

use recoup_protocol::checkpoint::Summary;
use recoup_protocol::token::Token;
use recoup_stacks::address::ContractId;
use serde_json::json;

use super::Range;
use super::difference::{Difference, Differences, Side};
use crate::commands::history::tokens::Tokens;
use crate::failure::{Failure, Kind};
use crate::output::{Fields, Output, Table};

/// All that is said.
pub(super) struct Report<'a> {
    pub(super) range: Range,
    pub(super) core: &'a ContractId,
    pub(super) summary: &'a Summary,
    pub(super) compared_with: Vec<Side>,
    pub(super) differences: &'a Differences,
    pub(super) not_final: u64,
    pub(super) saved_to: Option<&'a Path>,
}

impl Report<'_> {
    pub(super) async fn output(&self, tokens: &mut Tokens<'_>) -> Result<Output, Failure> {
        let mut totals = Vec::new();
        let mut sums = Vec::new();
        for (token, sum) in self.summary.totals() {
            let token: Token = token
                .parse()
                .map_err(|error| Failure::from_error(Kind::Internal, &error))?;
            sums.push((
                tokens.show_sum(&token, sum.refunded).await,
                sum.refunds,
                token.clone(),
            ));
            let info = tokens.info(&token).await;
            totals.push(json!({
                "token": token,
                "symbol": info.map(|info| info.symbol()),
                "decimals": info.map(|info| info.decimals()),
                "refunds": sum.refunds,
                "refunded": sum.refunded,
            }));
        }
        let document = json!({
            "from": self.range.from,
            "to": self.range.to,
            "core_contract": self.core,
            "refunds": self.summary.tree().leaves(),
            "root": self.summary.root(),
            "totals": totals,
            "compared_with": self.compared_with,
            "agrees": self.differences.count == 0,
            "differences": self.differences.count,
            "first_differences": self.differences.first,
            "not_final": self.not_final,
            "saved_to": self.saved_to.map(|path| path.display().to_string()),
        });
        Output::new(&document, self.text(&sums))
    }

    fn text(&self, sums: &[(String, u64, Token)]) -> String {
        let mut fields = Fields::new()
            .row("contract", self.core)
            .row(
                "burn heights",
                format!("{} to {}", self.range.from, self.range.to),
            )
            .row("refunds", self.summary.tree().leaves());
        for (sum, refunds, token) in sums {
            fields = fields.row("sum", format!("{sum} in {refunds} ({token})"));
        }
        fields = fields.row("root", self.summary.root());
        let with: Vec<&str> = self.compared_with.iter().map(|side| side.words()).collect();
        let with = if with.is_empty() {
            "nothing: keep the root, or name a checkpoint's height, --root, --saved, --against or --chain"
                .to_owned()
        } else {
            with.join(", ")
        };
        fields = fields.row("compared with", with);
        let saved_to = self.saved_to.map(|path| path.display().to_string());
        let mut text = fields.optional("saved to", saved_to).to_text();
        text.push_str(&self.verdict());
        text
    }

    fn verdict(&self) -> String {
        if self.differences.count == 0 {
            return match self.compared_with.is_empty() {
                true => "no hole in the refund ids\n".to_owned(),
                false => "all agree\n".to_owned(),
            };
        }
        let mut table = Table::new(&["refund", "against", "what", "here", "there"]);
        for difference in &self.differences.first {
            table.push(&cells(difference));
        }
        let count = self.differences.count;
        let noun = if count == 1 { "difference" } else { "differences" };
        let named = self.differences.first.len();
        let more = match usize::try_from(count) == Ok(named) {
            true => String::new(),
            false => format!(", of which these are the first {named}"),
        };
        format!("{count} {noun}{more}:\n{}", table.to_text())
    }
}

fn cells(difference: &Difference) -> Vec<String> {
    let nothing = || "nothing".to_owned();
    vec![
        difference.refund_id.map_or("all".to_owned(), |id| id.to_string()),
        difference.against.words().to_owned(),
        difference.what.clone(),
        difference.here.clone().unwrap_or_else(nothing),
        difference.there.clone().unwrap_or_else(nothing),
    ]
}
