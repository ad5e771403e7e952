//! What is asked of the list of refunds, of its pages and its exports alike.

use recoup_protocol::ids::InvoiceId;
use recoup_protocol::text::Reference;
use recoup_stacks::hash::BurnHeight;
use sqlx::PgConnection;

use super::combinations;
use super::cursor::ListTag;
use super::error::ApiFailure;
use super::parameters::Parameters;
use super::values::{BoundedId, Height, OrderWord, StatusWord, Time, Words};
use crate::db;
use crate::db::refund::{RefundFilter, RefundOrder, RefundStatus};

/// Refunds of a merchant that may hold the words of a search.
const MATCH_LIMIT: u32 = 5_000;

/// Filters and order.
#[derive(Debug)]
pub(super) struct RefundQuery {
    pub(super) filter: RefundFilter,
    pub(super) order: RefundOrder,
    as_of: Option<BurnHeight>,
}

impl RefundQuery {
    /// Takes the parameters that filter and order.
    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, ApiFailure> {
        let as_of = parameters
            .take::<Height>("as_of_burn_height")?
            .map(|height| height.0);
        let to_burn_height = parameters
            .take::<Height>("to_burn_height")?
            .map(|height| height.0);
        let filter = RefundFilter {
            merchant: parameters.take("merchant")?,
            payer: parameters.take("payer")?,
            invoice: parameters.take::<BoundedId>("invoice")?.map(|id| id.0),
            token: parameters.take("token")?,
            reference: parameters
                .take::<Reference>("reference")?
                .map(|reference| reference.as_str().to_owned()),
            txid: parameters.take("txid")?,
            status: parameters.take::<StatusWord>("status")?.map(|word| word.0),
            from_burn_height: parameters
                .take::<Height>("from_burn_height")?
                .map(|height| height.0),
            to_burn_height: as_of.into_iter().chain(to_burn_height).min(),
            from_time: parameters.take::<Time>("from_time")?.map(|time| time.0),
            before_time: parameters.take::<Time>("before_time")?.map(|time| time.0),
            min_amount: parameters.take("min_amount")?,
            max_amount: parameters.take("max_amount")?,
            words: parameters.take::<Words>("q")?.map(|words| words.0),
        };
        let order = parameters.take::<OrderWord>("order")?;
        let order = order.map_or(RefundOrder::Newest, |word| word.0);
        Ok(Self { filter, order, as_of })
    }

    /// The refunds of an invoice, in the chain's order.
    pub(super) fn of_invoice(invoice: InvoiceId) -> Self {
        let filter = RefundFilter {
            invoice: Some(invoice),
            ..RefundFilter::default()
        };
        Self {
            filter,
            order: RefundOrder::Oldest,
            as_of: None,
        }
    }

    /// That an index answers it.
    pub(super) fn check(&self) -> Result<(), ApiFailure> {
        combinations::check(&self.filter, self.order)
    }

    /// Which list it is.
    pub(super) fn tag(&self) -> ListTag {
        ListTag::of(&format!("{self:?}"))
    }

    /// Whether the list is of rows of the canonical chain alone, so that a fork may move what was read.
    pub(super) fn is_canonical(&self) -> bool {
        self.filter.txid.is_none() && self.filter.status != Some(RefundStatus::Orphaned)
    }

    /// That the chain reached what is asked for, and that the words are not those of half the table.
    pub(super) async fn check_against(&self, connection: &mut PgConnection) -> Result<(), ApiFailure> {
        if let Some(as_of) = self.as_of {
            check_reached(&mut *connection, as_of).await?;
        }
        let (Some(merchant), Some(words)) = (&self.filter.merchant, &self.filter.words) else {
            return Ok(());
        };
        let limit = MATCH_LIMIT.saturating_add(1);
        match db::refund::count_words(connection, merchant, words, limit).await? {
            None => Err(ApiFailure::InvalidParameter {
                name: "q",
                problem: "holds no word to look for".to_owned(),
            }),
            Some(matching) if matching > i64::from(MATCH_LIMIT) => {
                Err(ApiFailure::TooManyMatches { limit: MATCH_LIMIT })
            }
            Some(_) => Ok(()),
        }
    }
}

/// That a burn height is not beyond the tip: as of then, nobody knows yet.
pub(super) async fn check_reached(
    connection: &mut PgConnection,
    as_of: BurnHeight,
) -> Result<(), ApiFailure> {
    let tip = db::chain_tip::find(connection).await?.burn;
    match tip {
        Some(tip) if as_of <= tip.height => Ok(()),
        tip => Err(ApiFailure::InvalidParameter {
            name: "as_of_burn_height",
            problem: match tip {
                Some(tip) => format!("the chain has reached {}", tip.height),
                None => "no burn block is known yet".to_owned(),
            },
        }),
    }
}
