//! Messages pushed to a running indexer.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use recoup_block_tree::{Block, CORE, Chain, PAYER, Posted, Shop, Sparse, Transaction};
use recoup_test_support::{Cluster, scratch_folder};
use ureq::Agent;

use crate::copied::{copy_all, copy_some};
use crate::database::Database;
use crate::http::{LIMIT, agent};
use crate::phases;
use crate::program::Running;
use crate::scale::Scale;
use crate::table::{Line, Table, above, float, milliseconds, p99};

const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Bytes of a message, and within which time it is to be acknowledged.
const SIZES: [(usize, f64); 2] = [(100_000, 10.0), (3_000_000, 120.0)];
const VISIBLE_MILLISECONDS: f64 = 250.0;
/// A contract of other people's blocks.
const SOMEBODY: &str = "SP102V8P0F7JX67ARQ77WEA3D3CFB5XW39REDT0AM.amm-pool-v2-01";

/// As the node does: one after the other.
pub(crate) struct Observer {
    pub(crate) agent: Agent,
    url: String,
}

impl Observer {
    pub(crate) fn of(indexer: &Running) -> Self {
        Self {
            agent: agent(),
            url: indexer.observer.clone(),
        }
    }

    /// Pushes a message; answers how long it took to be acknowledged.
    pub(crate) fn push(&self, path: &str, body: &str) -> Result<Duration> {
        let request = self
            .agent
            .post(format!("{}{path}", self.url))
            .content_type("application/json");
        let started = Instant::now();
        let status = request.send(body)?.status();
        let time = started.elapsed();
        ensure!(status == 200, "{path} was answered with {status}");
        Ok(time)
    }

    pub(crate) fn push_all<'a>(&self, messages: impl IntoIterator<Item = &'a Posted>) -> Result<()> {
        for message in messages {
            self.push(message.path, &message.body.to_string())?;
        }
        Ok(())
    }
}

/// How long a message waits for its acknowledgement.
pub(crate) fn acknowledged(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let url = cluster.create_database("acknowledged")?;
    let indexer = Running::start(&url)?;
    let observer = Observer::of(&indexer);
    let mut database = Database::connect(&url)?;
    let plain_url = cluster.create_database("plain")?;
    let mut plain = Database::connect(&plain_url)?;
    plain.execute("create table plain (body bytea compression lz4 not null)")?;
    let (mut chain, mut block) = Chain::new();
    for (bytes, goal) in SIZES {
        let (mut acknowledged, mut stored) = (Vec::new(), Vec::new());
        for _ in 0..scale.pushed {
            let tenure = block.tenure.clone();
            block = chain.block(&block, &tenure, Vec::new(), Shop::default());
            for message in chain.take_messages() {
                let body = padded(&message, bytes);
                let time = observer.push(message.path, &body)?;
                if message.path == "/new_block" {
                    acknowledged.push(time);
                    let started = Instant::now();
                    plain.store_plain(body.as_bytes())?;
                    stored.push(started.elapsed());
                }
            }
        }
        database.settle()?;
        let (acknowledged, stored) = (p99(&mut acknowledged), p99(&mut stored));
        table.lines.push(Line {
            what: format!("acknowledged, {} kB", bytes / 1_000),
            goal: format!("{goal} ms p99"),
            measured: format!("{:.1} ms p99", milliseconds(acknowledged)),
            postgres: format!("{:.1} ms p99 for a plain insert", milliseconds(stored)),
            ratio: Some(stored.as_secs_f64() / acknowledged.as_secs_f64()),
            missed_by: above(milliseconds(acknowledged), goal),
            note: format!(
                "{} messages, followed meanwhile; peak memory {:.0} MB",
                scale.pushed,
                float(indexer.peak_memory()) / 1e6
            ),
        });
    }
    Ok(())
}

/// How much memory a block takes that is as long as the longest of real nodes, and whose every event is looked at.
pub(crate) fn large(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let mut archive = Vec::new();
    let sparse = Sparse {
        blocks: 1,
        ours_every: u64::MAX,
        block_bytes: scale.large_message_bytes,
    };
    sparse.write(&mut archive)?;
    let archive = String::from_utf8(archive)?;
    let url = cluster.create_database("large")?;
    let indexer = Running::start(&url)?;
    let observer = Observer::of(&indexer);
    let mut database = Database::connect(&url)?;
    let mut longest = Duration::ZERO;
    let mut bytes = 0;
    for row in archive.lines() {
        let mut columns = row.split('\t').skip(2);
        let (Some(path), Some(body)) = (columns.next(), columns.next()) else {
            bail!("a row without a message");
        };
        // One of its contracts is ours now.
        let body = body.replacen(SOMEBODY, CORE, 1);
        longest = observer.push(path, &body)?.max(longest);
        bytes = body.len().max(bytes);
    }
    database.settle()?;
    let blocks = database.count("select count(*) from block where canonical")?;
    ensure!(blocks == 2, "{blocks} blocks");
    let megabytes = float(u64::try_from(bytes)?) / 1e6;
    let peak = float(indexer.peak_memory()) / 1e6;
    table.lines.push(Line {
        what: format!("a block of {megabytes:.1} MB, memory"),
        goal: String::new(),
        measured: format!("{peak:.0} MB"),
        postgres: String::new(),
        ratio: None,
        missed_by: None,
        note: format!(
            "{:.1} bytes for each of the message's; acknowledged after {:.0} ms",
            peak / megabytes,
            milliseconds(longest)
        ),
    });
    Ok(())
}

/// The message, as long as that by text that does not compress to nothing.
fn padded(message: &Posted, bytes: usize) -> String {
    let text = message.body.to_string();
    let lacking = bytes.saturating_sub(text.len());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::try_from(text.len()).unwrap_or(0);
    let mut padding = String::with_capacity(lacking);
    while padding.len() < lacking {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        // As half of a block is: digits, then zeroes.
        padding.push_str(&format!("{:016x}{:016}", state, 0));
    }
    format!("{{\"padding\":\"{padding}\",{}", text.trim_start_matches('{'))
}

/// How long after the push the API shows the last of a thousand refunds of a block.
pub(crate) fn visible(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let folder = scratch_folder("bench-visible")?;
    let url = cluster.create_database("visible")?;
    let indexer = Running::start(&url)?;
    let observer = Observer::of(&indexer);
    let mut database = Database::connect(&url)?;
    let (mut chain, mut block) = Chain::new();
    let mut times = Vec::new();
    for nth in 0..scale.large_blocks {
        let paid = pay(&mut chain, block, nth, scale.refunds_of_large_block);
        observer.push_all(&chain.take_messages())?;
        database.settle()?;
        block = refund(&mut chain, paid, nth, scale.refunds_of_large_block);
        let last = (nth + 1) * scale.refunds_of_large_block;
        let bodies: Vec<_> = chain
            .take_messages()
            .iter()
            .map(|message| (message.path, message.body.to_string()))
            .collect();
        let started = Instant::now();
        for (path, body) in &bodies {
            observer.push(path, body)?;
        }
        let refund = format!("{}/api/v1/refunds/{last}", indexer.api);
        while observer.agent.get(&refund).call()?.status() != 200 {
            ensure!(started.elapsed() < LIMIT, "refund {last} is not shown");
            thread::sleep(LOOK_EVERY);
        }
        times.push(started.elapsed());
    }
    let memory = float(indexer.peak_memory()) / 1e6;
    let spent = phases::of_running(&observer.agent, &indexer.api)?;
    drop(indexer);
    copy_all(cluster, "visible", "visible_copied", folder.path())?;
    let newest = "select index_block_hash from block order by stacks_height desc limit 1";
    let copied = copy_some(cluster, "visible", "visible_copied", newest, folder.path())?;
    let time = p99(&mut times);
    table.lines.push(Line {
        what: format!("a block of {} refunds in the API", scale.refunds_of_large_block),
        goal: format!("{VISIBLE_MILLISECONDS} ms p99"),
        measured: format!("{:.0} ms p99", milliseconds(time)),
        postgres: format!("{:.0} ms for COPY of its rows", milliseconds(copied)),
        ratio: Some(copied.as_secs_f64() / time.as_secs_f64()),
        missed_by: above(milliseconds(time), VISIBLE_MILLISECONDS),
        note: format!(
            "{} such blocks, each after one that pays for it; time of following both: {}; peak memory {memory:.0} MB",
            scale.large_blocks,
            phases::list(&spent)
        ),
    });
    Ok(())
}

/// A block in which so many invoices are created and paid.
fn pay(chain: &mut Chain, parent: Block, nth: u64, invoices: u64) -> Block {
    let mut shop = parent.shop.clone();
    let transactions = (0..invoices).map(|number| {
        let (invoice, created) = shop.create_invoice(100, None, parent.view.height);
        let paid = shop.pay(invoice, PAYER, 100, parent.view.height);
        Transaction::new((nth * invoices + number) * 2 + 1, vec![created, paid])
    });
    let transactions = transactions.collect();
    let tenure = parent.tenure.clone();
    chain.block(&parent, &tenure, transactions, shop)
}

/// A block in which each of them is refunded.
fn refund(chain: &mut Chain, parent: Block, nth: u64, refunds: u64) -> Block {
    let mut shop = parent.shop.clone();
    let transactions = (0..refunds).map(|number| {
        let id = nth * refunds + number;
        let refund = shop.refund(id + 1, PAYER, 40, parent.view.height);
        Transaction::new(id * 2 + 2, vec![refund])
    });
    let transactions = transactions.collect();
    let tenure = parent.tenure.clone();
    chain.block(&parent, &tenure, transactions, shop)
}
