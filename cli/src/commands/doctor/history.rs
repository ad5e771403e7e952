//! What the indexer says. No refund needs it, so that it is away is a warning only; that it follows another contract is not.

use recoup_protocol::api::{Health, HealthStatus};

use crate::context::Context;
use crate::doctor::Finding;
use crate::indexer::{Indexer, blocks_behind, is_behind};
use crate::node::View;

const CHECK: &str = "indexer";

pub(super) async fn indexer(context: &Context, view: Option<&View<'_>>) -> Finding {
    if context.profile.indexer.is_none() {
        return Finding::skipped(CHECK, "none configured; refunds need none, `recoup history` does");
    }
    let health = match Indexer::of(&context.profile) {
        Ok(indexer) => indexer.health().await,
        Err(failure) => Err(failure),
    };
    match health {
        Ok(health) => judge(context, view, &health),
        Err(failure) => Finding::warning(
            CHECK,
            failure.message,
            failure
                .hint
                .unwrap_or_else(|| "look at the indexer's log".to_owned()),
        ),
    }
}

fn judge(context: &Context, view: Option<&View<'_>>, health: &Health) -> Finding {
    if let Some(core) = &context.profile.contract
        && *core != health.core_contract
    {
        return Finding::wrong(
            CHECK,
            format!("follows {}, not {core}", health.core_contract),
            "name the indexer of this contract with --indexer-url, or fix `recoup config set contract`",
        );
    }
    let Some(tip) = &health.tip else {
        return Finding::warning(
            CHECK,
            "has not seen a block yet",
            "check the node's events_observer setting and the indexer's log",
        );
    };
    let detail = format!("at Stacks height {}", tip.stacks_height);
    let behind = view.map_or(0, |view| blocks_behind(view, health));
    if is_behind(behind) {
        return Finding::warning(
            CHECK,
            format!("{detail}, {behind} blocks behind the node"),
            "what it says of the newest refunds is old; look at the indexer's log",
        );
    }
    if health.status == HealthStatus::Degraded {
        return Finding::warning(
            CHECK,
            format!("{detail}, and says that something needs a look"),
            "ask it: GET /api/v1/health names what",
        );
    }
    Finding::ok(CHECK, detail)
}
