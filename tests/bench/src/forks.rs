//! A deep fork.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use recoup_block_tree::Fork;
use recoup_test_support::{Cluster, scratch_folder};

use crate::copied::{copy_all, copy_some};
use crate::database::Database;
use crate::live::Observer;
use crate::phases;
use crate::program::Running;
use crate::scale::Scale;
use crate::table::{Line, Table, above, float};

const GOAL_SECONDS: f64 = 1.0;

/// How long the tables take to follow from one branch to another, both with as many blocks and refunds.
pub(crate) fn followed(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let folder = scratch_folder("bench-fork")?;
    let url = cluster.create_database("fork")?;
    let indexer = Running::start(&url)?;
    let observer = Observer::of(&indexer);
    let mut database = Database::connect(&url)?;
    let fork = Fork {
        depth: scale.fork,
        branches: 2,
        refunds: scale.fork,
    };
    let (scenario, turns) = fork.draw(1);
    let end = turns.get(1).copied().context("two branches")?;
    let messages = scenario.chain.messages.get(..end).context("two branches")?;
    // The second branch wins with its last Bitcoin block, to which the last Stacks block belongs.
    let (before, turn) = messages.split_at(end.saturating_sub(2));
    observer.push_all(before)?;
    database.settle()?;
    let spent_before = phases::of_running(&observer.agent, &indexer.api)?;
    let started = Instant::now();
    observer.push_all(turn)?;
    database.settle()?;
    let time = started.elapsed();
    let orphaned = database.count("select coalesce(max(orphaned_blocks), 0)::bigint from reorg")?;
    ensure!(
        usize::try_from(orphaned)? >= scale.fork,
        "only {orphaned} blocks left the chain"
    );
    let refunds = database.count("select count(*) from refund where canonical")?;
    ensure!(
        usize::try_from(refunds)? == scale.fork,
        "{refunds} refunds are canonical"
    );
    let mut spent = phases::of_running(&observer.agent, &indexer.api)?;
    for (phase, time) in &mut spent {
        let before = spent_before.iter().find(|(name, _)| name == phase);
        *time = before.map_or(*time, |(_, before)| time.saturating_sub(*before));
    }
    let memory = float(indexer.peak_memory()) / 1e6;
    drop(indexer);
    copy_all(cluster, "fork", "fork_copied", folder.path())?;
    let canonical = "select index_block_hash from block where canonical";
    let copied = copy_some(cluster, "fork", "fork_copied", canonical, folder.path())?;
    table.lines.push(Line {
        what: format!("fork of {} blocks with {refunds} refunds", scale.fork),
        goal: format!("{GOAL_SECONDS} s"),
        measured: format!("{:.2} s", time.as_secs_f64()),
        postgres: format!("{:.2} s for COPY of the new branch's rows", copied.as_secs_f64()),
        ratio: Some(copied.as_secs_f64() / time.as_secs_f64()),
        missed_by: above(time.as_secs_f64(), GOAL_SECONDS),
        note: format!(
            "time of following: {}; peak memory {memory:.0} MB",
            phases::list(&spent)
        ),
    });
    Ok(())
}
