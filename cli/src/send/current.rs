//! Whether the node knows the present: what is checked against the past may be wrong by now.

use recoup_stacks::hash::{BurnHeight, StacksHeight};

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::journal::{Book, State};
use crate::node::View;
use crate::terminal;

/// Forks make a chain shorter by a few Bitcoin blocks; a node that is further behind what was seen before is not up to date.
const USUAL_FORK: u64 = 6;

/// Refuses, unless forced, a node that says of itself that it has not caught up, or that is far behind what this machine has
/// seen. Contracts compare what was refunded before, so that an old view costs a fee at worst, and no payer is paid twice.
///
/// # Errors
/// When the node is behind.
pub fn ensure_current(context: &Context, view: &View<'_>, force: bool) -> Result<(), Failure> {
    let seen = newest(&*context.journal.read()?);
    let Some(what) = behind(view, seen) else {
        return Ok(());
    };
    if force {
        terminal::warn(&what);
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, what).hint(
        "wait until the node has caught up, or use another one with --node-url; --force goes on with what it knows",
    ))
}

fn behind(view: &View<'_>, seen: Option<(BurnHeight, StacksHeight)>) -> Option<String> {
    let tip = view.tip;
    if !view.is_synced {
        return Some(format!(
            "the node says that it has not caught up with its peers (Stacks height {})",
            tip.height
        ));
    }
    let (burn, stacks) = seen?;
    if tip.burn_height.get().saturating_add(USUAL_FORK) < burn.get() {
        return Some(format!(
            "the node is at burn height {}, and this machine has seen {burn}",
            tip.burn_height
        ));
    }
    if tip.height < stacks {
        terminal::note(&format!(
            "the node is at Stacks height {}, and this machine has seen {stacks}: it is behind, or a fork made the chain \
             shorter",
            tip.height
        ));
    }
    None
}

/// The newest heights at which something of the journal was seen.
fn newest(book: &Book) -> Option<(BurnHeight, StacksHeight)> {
    let inclusions = book.entries().filter_map(|entry| match &entry.state {
        State::Included(inclusion) | State::Final(inclusion) => {
            Some((inclusion.burn_height, inclusion.seen_at))
        }
        _ => None,
    });
    inclusions.reduce(|newest, one| (newest.0.max(one.0), newest.1.max(one.1)))
}
