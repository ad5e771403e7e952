//! What `recoup refund verify` and `recoup refund receipt` have in common: which refund, and whom to ask.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use recoup_protocol::ids::RefundId;
use recoup_stacks::hash::Txid;

use super::receipt::lacks;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::indexer::Indexer;
use crate::node::Node;
use crate::token::TokenInfo;
use crate::verification::{Collector, Field, Report, Target};

/// Which refund, and whom to ask.
#[derive(Debug, Clone, Args)]
pub(super) struct EvidenceArguments {
    /// The refund's id, or its transaction's
    #[arg(value_name = "ID|TXID")]
    refund: Named,
    /// Its transaction; needed with an id where there is no indexer to ask
    #[arg(long, value_name = "TXID")]
    txid: Option<Txid>,
    /// URL of the node to ask [default: the profile's]
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// File with the node's auth token, without which most nodes tell no events
    #[arg(long, value_name = "FILE", env = "RECOUP_NODE_AUTH_TOKEN_FILE")]
    node_auth_token_file: Option<PathBuf>,
}

/// How a user names a refund.
#[derive(Debug, Clone)]
enum Named {
    Id(RefundId),
    Txid(Txid),
}

impl FromStr for Named {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Txid))
            .map_err(|_| "neither a refund's id (a number) nor a transaction's (64 hexadecimal digits)")
    }
}

/// What was found, and of whom.
pub(super) struct Evidence {
    pub(super) report: Report,
    /// URL of the node.
    pub(super) node: String,
    /// URL of the indexer, if one was asked.
    pub(super) indexer: Option<String>,
    /// The refund's token, as far as its contract says what it is called.
    pub(super) token: Option<TokenInfo>,
}

impl Evidence {
    /// A fact that every refund has.
    pub(super) fn fact<T: FromStr>(&self, field: Field) -> Result<T, Failure> {
        let said = self.report.facts.get(field).and_then(|text| text.parse().ok());
        said.ok_or_else(|| lacks(field))
    }

    /// The amount as people read it.
    pub(super) fn amount(&self) -> String {
        let amount = self.report.facts.get(Field::Amount).unwrap_or("?");
        match (&self.token, amount.parse()) {
            (Some(token), Ok(amount)) => token.show(amount),
            _ => format!("{amount} base units"),
        }
    }
}

/// A URL without the name and password that may stand in it.
fn public(url: &str) -> String {
    let Ok(mut parsed) = reqwest::Url::parse(url) else {
        return url.to_owned();
    };
    // Fails only for URLs that cannot have any.
    let _ = parsed.set_username("").and_then(|()| parsed.set_password(None));
    parsed.as_str().trim_end_matches('/').to_owned()
}

impl EvidenceArguments {
    fn target(&self) -> Result<Target, Failure> {
        let (refund_id, txid) = match &self.refund {
            Named::Id(id) => (Some(*id), self.txid),
            Named::Txid(txid) if self.txid.is_none() => (None, Some(*txid)),
            Named::Txid(_) => {
                return Err(Failure::new(Kind::Usage, "two transactions are named")
                    .hint("give the refund's id with --txid, or the transaction alone"));
            }
        };
        Ok(Target { refund_id, txid })
    }

    /// The node that was chosen, with its token.
    fn node(&self, context: &Context) -> Result<Node, Failure> {
        let mut profile = context.profile.clone();
        if let Some(url) = &self.node {
            url.trim_end_matches('/').clone_into(&mut profile.node);
        }
        let node = Node::of(&profile)?;
        let Some(file) = &self.node_auth_token_file else {
            return Ok(node);
        };
        let token = fs::read_to_string(file).map_err(|error| {
            Failure::from_error(Kind::Usage, &error)
                .context(format!("cannot read the token's file {}", file.display()))
        })?;
        node.with_auth_token(token.trim())
    }

    /// Asks everybody.
    pub(super) async fn collect(&self, context: &Context) -> Result<Evidence, Failure> {
        let target = self.target()?;
        let core = context.core()?;
        let node = self.node(context)?;
        let view = node.view().await?;
        context.cache().ensure_released(&view, core).await?;
        let indexer = match &context.profile.indexer {
            Some(_) => Some(Indexer::of(&context.profile)?),
            None => None,
        };
        let collector = Collector {
            node: node.client(),
            view,
            chain: context.profile.network,
            core,
            indexer: indexer.as_ref(),
        };
        let report = collector.verify(target).await?;
        let token = match report.facts.get(Field::Token).map(str::parse) {
            Some(Ok(token)) => context.cache().token(&view, &token).await.ok(),
            _ => None,
        };
        Ok(Evidence {
            report,
            token,
            node: public(node.client().base_url()),
            indexer: context.profile.indexer.as_deref().map(public),
        })
    }
}
