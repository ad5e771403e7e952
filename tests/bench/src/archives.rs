//! Importing archives.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::{Result, ensure};
use recoup_block_tree::{Dense, Sparse};
use recoup_test_support::{Cluster, scratch_folder};

use crate::copied::{Cost, copy_all, cost_of};
use crate::database::Database;
use crate::phases;
use crate::program::{self, Finished};
use crate::scale::Scale;
use crate::table::{Line, Table, above, below, float, per_second};

const REFUNDS_A_BLOCK: u64 = 100;
const DENSE_RATIO: f64 = 0.5;
const DENSE_FLOOR: f64 = 8_000.0;
const SPARSE_MEGABYTES: f64 = 400.0;
const MEMORY_MEGABYTES: f64 = 300.0;
const MEGABYTE: f64 = 1e6;
/// Phases of an import that happen while it does others.
const BESIDE_THE_REST: [&str; 2] = ["read", "decode"];

/// Every block holds a hundred refunds.
pub(crate) fn dense(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let folder = scratch_folder("bench-dense")?;
    let path = folder.path().join("archive.tsv");
    let mut output = BufWriter::new(File::create(&path)?);
    let written = Dense::of(scale.dense_refunds / REFUNDS_A_BLOCK, REFUNDS_A_BLOCK).write(&mut output)?;
    output.flush()?;
    let url = cluster.create_database("dense")?;
    let (import, cost) = cost_of(cluster, || program::import(&url, &path))?;
    let mut database = Database::connect(&url)?;
    let refunds = database.count("select count(*) from refund where canonical and disagreement is null")?;
    ensure!(
        u64::try_from(refunds)? == written.refunds,
        "{refunds} of {} refunds",
        written.refunds
    );
    let copied = copy_all(cluster, "dense", "dense_copied", folder.path())?;

    let rate = per_second(written.refunds, import.time);
    let ratio = copied.time.as_secs_f64() / import.time.as_secs_f64();
    table.lines.push(Line {
        what: "import, dense archive".to_owned(),
        goal: format!("{DENSE_RATIO} of COPY"),
        measured: format!(
            "{:.1} s for {} refunds",
            import.time.as_secs_f64(),
            written.refunds
        ),
        postgres: format!("{:.1} s for COPY of the same rows", copied.time.as_secs_f64()),
        ratio: Some(ratio),
        missed_by: below(ratio, DENSE_RATIO),
        note: format!(
            "each refund with its own invoice and payment; {:.0} MB of archive; peak memory {:.0} MB; {}",
            float(written.bytes) / MEGABYTE,
            float(import.peak_memory) / MEGABYTE,
            spent(&import, cost, copied)
        ),
    });
    table.lines.push(Line {
        what: "import, dense archive, floor".to_owned(),
        goal: format!("{DENSE_FLOOR} refunds/s"),
        measured: format!("{rate:.0} refunds/s"),
        postgres: format!("{:.0} refunds/s", per_second(written.refunds, copied.time)),
        ratio: Some(ratio),
        missed_by: below(rate, DENSE_FLOOR),
        note: String::new(),
    });
    Ok(())
}

/// One block in a thousand is ours.
pub(crate) fn sparse(cluster: &Cluster, scale: &Scale, table: &mut Table) -> Result<()> {
    let folder = scratch_folder("bench-sparse")?;
    let path = folder.path().join("archive.tsv");
    let mut output = BufWriter::new(File::create(&path)?);
    let written = Sparse::of(scale.sparse_blocks).write(&mut output)?;
    output.flush()?;
    let url = cluster.create_database("sparse")?;
    let (import, cost) = cost_of(cluster, || program::import(&url, &path))?;
    let mut database = Database::connect(&url)?;
    let blocks = database.count("select count(*) from block where canonical")?;
    ensure!(
        u64::try_from(blocks)? == written.blocks,
        "{blocks} of {} blocks",
        written.blocks
    );
    let copied = copy_all(cluster, "sparse", "sparse_copied", folder.path())?;
    let rate = per_second(written.bytes, import.time) / MEGABYTE;
    let peak = float(import.peak_memory) / MEGABYTE;
    table.lines.push(Line {
        what: "import, sparse archive".to_owned(),
        goal: format!("{SPARSE_MEGABYTES} MB/s"),
        measured: format!("{rate:.0} MB/s"),
        postgres: format!(
            "{:.1} s for COPY of its {blocks} blocks",
            copied.time.as_secs_f64()
        ),
        ratio: Some(copied.time.as_secs_f64() / import.time.as_secs_f64()),
        missed_by: below(rate, SPARSE_MEGABYTES),
        note: format!(
            "{:.0} MB in {:.1} s; {}",
            float(written.bytes) / MEGABYTE,
            import.time.as_secs_f64(),
            spent(&import, cost, copied)
        ),
    });
    table.lines.push(Line {
        what: "import, sparse archive, memory".to_owned(),
        goal: format!("{MEMORY_MEGABYTES} MB"),
        measured: format!("{peak:.0} MB"),
        postgres: String::new(),
        ratio: None,
        missed_by: above(peak, MEMORY_MEGABYTES),
        note: String::new(),
    });
    Ok(())
}

/// Where the time went, as the import says itself, the most first; and the CPU's, which a busy machine falsifies less.
fn spent(import: &Finished, cost: Cost, copied: Cost) -> String {
    let phases = phases::of_summary(&import.said);
    let (beside, tables): (Vec<_>, Vec<_>) = phases
        .into_iter()
        .partition(|(phase, _)| BESIDE_THE_REST.contains(&phase.as_str()));
    format!(
        "time of tables: {}; of the threads beside: {}; CPU: indexer {:.1} s, PostgreSQL {:.1} s, for COPY {:.1} s",
        phases::list(&tables),
        phases::list(&beside),
        import.cpu.as_secs_f64(),
        cost.cpu.as_secs_f64(),
        copied.cpu.as_secs_f64(),
    )
}
