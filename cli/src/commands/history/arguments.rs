//! Which refunds, and in which order.

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use clap::{Args, ValueEnum};
use recoup_protocol::amount::BaseUnits;
use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::Reference;
use recoup_protocol::token::Token;
use recoup_stacks::address::Principal;
use recoup_stacks::hash::{BurnHeight, Txid};

use super::tokens::Tokens;
use crate::failure::{Failure, Kind};
use crate::indexer::Question;

/// Which refunds, and in which order.
#[derive(Debug, Clone, Args)]
pub(super) struct Filter {
    /// Of this merchant's invoices
    #[arg(long, value_name = "PRINCIPAL")]
    merchant: Option<Principal>,
    /// To this payer
    #[arg(long, value_name = "PRINCIPAL")]
    payer: Option<Principal>,
    /// Of this invoice
    #[arg(long, value_name = "ID")]
    invoice: Option<InvoiceId>,
    /// In this token: STX, or the token contract's id
    #[arg(long, value_name = "TOKEN")]
    token: Option<Token>,
    /// With this reference of the merchant
    #[arg(long, value_name = "TEXT", requires = "merchant")]
    reference: Option<Reference>,
    /// Of this transaction, on any fork
    #[arg(long, value_name = "TXID")]
    txid: Option<Txid>,
    /// Whose reason holds all these words
    #[arg(long, value_name = "TEXT", requires = "merchant")]
    words: Option<String>,
    /// Of at least this amount, in the token's own unit
    #[arg(long, value_name = "AMOUNT", requires = "token")]
    min_amount: Option<String>,
    /// Of at most this amount
    #[arg(long, value_name = "AMOUNT", requires = "token")]
    max_amount: Option<String>,
    /// Where they stand; without it, all that are on the chain
    #[arg(long, value_name = "STATUS")]
    status: Option<StatusWord>,
    /// From this burn height on, this time (RFC 3339, with its zone), or this day (UTC)
    #[arg(long, value_name = "WHEN")]
    from: Option<When>,
    /// Up to this burn height or this day (UTC), both included, or before this time
    #[arg(long, value_name = "WHEN")]
    to: Option<When>,
    /// As the chain stood after this burn height
    #[arg(long, value_name = "HEIGHT")]
    as_of: Option<u64>,
    /// In which order
    #[arg(long, value_name = "ORDER", default_value = "newest")]
    order: Order,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StatusWord {
    /// In a block of the chain, not yet deep enough
    Seen,
    /// Deep enough
    Final,
    /// Its block left the chain
    Orphaned,
}

/// In which order refunds are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// By place on the chain, from its end
    Newest,
    /// By place on the chain
    Oldest,
    /// By amount in one token
    Largest,
    /// By amount in one token, the least first
    Smallest,
}

/// A height of the burn chain, a moment, or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Height(BurnHeight),
    Time(DateTime<Utc>),
    Day(NaiveDate),
}

impl FromStr for When {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let height = text.parse().map_err(|_| "no burn height is this high")?;
            return Ok(Self::Height(BurnHeight(height)));
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            && text.len() == 10
        {
            return Ok(Self::Day(day));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|time| Self::Time(time.to_utc()))
            .map_err(|_| {
                "must be a burn height, a day like 2026-11-21, or a time with its zone like \
                 2026-11-21T10:00:00Z or 2026-11-21T11:00:00+01:00"
            })
    }
}

impl When {
    /// As the beginning of a range.
    fn beginning(self) -> (&'static str, String) {
        match self {
            Self::Height(height) => ("from_burn_height", height.to_string()),
            Self::Time(time) => ("from_time", rfc3339(time)),
            Self::Day(day) => ("from_time", rfc3339(midnight(day))),
        }
    }

    /// As its end; of a day, all of it belongs to the range.
    fn end(self) -> (&'static str, String) {
        match self {
            Self::Height(height) => ("to_burn_height", height.to_string()),
            Self::Time(time) => ("before_time", rfc3339(time)),
            Self::Day(day) => {
                let next = day.checked_add_days(Days::new(1)).unwrap_or(day);
                ("before_time", rfc3339(midnight(next)))
            }
        }
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

impl Filter {
    /// The parameters of the indexer's API.
    pub(super) async fn question(&self, tokens: &mut Tokens<'_>) -> Result<Question, Failure> {
        let mut question = Question::new();
        let mut add = |name, value: Option<String>| question.extend(value.map(|value| (name, value)));
        add("merchant", self.merchant.as_ref().map(ToString::to_string));
        add("payer", self.payer.as_ref().map(ToString::to_string));
        add("invoice", self.invoice.as_ref().map(ToString::to_string));
        add("token", self.token.as_ref().map(ToString::to_string));
        // Not as it is shown: as it stands on chain.
        add(
            "reference",
            self.reference.as_ref().map(|text| text.as_str().to_owned()),
        );
        add("txid", self.txid.as_ref().map(ToString::to_string));
        add("q", self.words.clone());
        add("status", self.status.as_ref().map(word));
        add("as_of_burn_height", self.as_of.map(|height| height.to_string()));
        add("order", Some(word(&self.order)));
        question.extend(self.from.map(When::beginning));
        question.extend(self.to.map(When::end));
        if let Some(token) = &self.token {
            for (name, text) in [("min_amount", &self.min_amount), ("max_amount", &self.max_amount)] {
                if let Some(text) = text {
                    question.push((name, amount(tokens, token, text).await?.to_string()));
                }
            }
        }
        Ok(question)
    }

    /// Columns that say the same in every row.
    pub(super) fn fixed_columns(&self) -> Vec<&'static str> {
        [
            ("merchant", self.merchant.is_some()),
            ("payer", self.payer.is_some()),
            ("invoice", self.invoice.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_fixed)| is_fixed.then_some(name))
        .collect()
    }
}

async fn amount(tokens: &mut Tokens<'_>, token: &Token, text: &str) -> Result<BaseUnits, Failure> {
    let Some(info) = tokens.info(token).await else {
        return Err(
            Failure::new(Kind::Refused, format!("nothing is known of the token {token}"))
                .hint("name a node with --node-url: it says how many digits the token has"),
        );
    };
    info.read(text).map_err(|error| {
        Failure::from_error(Kind::Usage, &error)
            .context(format!("`{text}` is no amount in {}", info.symbol()))
            .hint("write it as people do, such as 1.5")
    })
}

fn word(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_takes_heights_times_with_a_zone_and_whole_days() {
        let range = |text: &str| {
            let when: When = text.parse().unwrap();
            [when.beginning(), when.end()].map(|(name, value)| format!("{name}={value}"))
        };
        assert_eq!(range("140"), ["from_burn_height=140", "to_burn_height=140"]);
        assert_eq!(
            range("2024-02-29"),
            [
                "from_time=2024-02-29T00:00:00Z",
                "before_time=2024-03-01T00:00:00Z"
            ]
        );
        assert_eq!(
            range("2026-11-21T11:00:00+01:00"),
            [
                "from_time=2026-11-21T10:00:00Z",
                "before_time=2026-11-21T10:00:00Z"
            ]
        );
        for wrong in [
            "",
            "2026-11-21T10:00:00",
            "2026-13-01",
            "yesterday",
            "-1",
            "99999999999999999999",
        ] {
            assert!(wrong.parse::<When>().is_err(), "{wrong}");
        }
    }
}
