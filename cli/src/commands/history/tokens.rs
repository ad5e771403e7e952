//! What tokens are called, as far as the node or an earlier command told.

use std::collections::BTreeMap;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::sum::Sum;
use recoup_protocol::token::Token;

use crate::cache::Cache;
use crate::node::View;
use crate::token::TokenInfo;

/// Tokens of a list. Anybody can make tokens and refund in them, so not every one can be asked.
#[derive(Debug)]
pub(super) struct Tokens<'node> {
    cache: Cache,
    view: Option<View<'node>>,
    known: BTreeMap<Token, Option<TokenInfo>>,
}

impl<'node> Tokens<'node> {
    /// With a node to ask, or with what is remembered alone.
    pub(super) const fn new(cache: Cache, view: Option<View<'node>>) -> Self {
        Self {
            cache,
            view,
            known: BTreeMap::new(),
        }
    }

    /// What is known of a token; none when nobody says.
    pub(super) async fn info(&mut self, token: &Token) -> Option<&TokenInfo> {
        if !self.known.contains_key(token) {
            let info = match (self.cache.remembered(token), &self.view) {
                (None, Some(view)) => self.cache.token(view, token).await.ok(),
                (remembered, _) => remembered,
            };
            self.known.insert(token.clone(), info);
        }
        self.known.get(token)?.as_ref()
    }

    /// With the token's digits and symbol, or in base units.
    pub(super) async fn show(&mut self, token: &Token, amount: BaseUnits) -> String {
        self.show_sum(token, Sum::default().plus(amount)).await
    }

    /// The same for a sum.
    pub(super) async fn show_sum(&mut self, token: &Token, sum: Sum) -> String {
        match self.info(token).await {
            Some(info) => info.show_sum(sum),
            None => format!("{sum} base units of {token}"),
        }
    }
}
