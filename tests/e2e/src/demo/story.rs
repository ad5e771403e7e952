//! The story, chapter by chapter.

use anyhow::{Result, bail, ensure};
use recoup_protocol::api::{BASE_PATH, Position, Refund};
use recoup_protocol::error::ContractError;
use recoup_test_support::{Cluster, Durability, Fork, Orphans};

use super::narrator::Narrator;
use super::{history, satellites};
use crate::accounts::{ALICE, BOB, DEPLOYER, SHOP};
use crate::command_line::{CommandLine, PASSPHRASE_FILE};
use crate::scene::{Scene, SceneOptions};

/// One more than the refund window of the invoice that is refunded too late.
const BURN_BLOCKS_UNTIL_TOO_LATE: u32 = 145;
/// The refund that a fork takes away and that comes back.
const FORKED_REFUND: &str = "4";

/// Tells it from the beginning to the end.
///
/// # Errors
/// When a command does not do what it should, or the history and the contracts differ.
pub fn tell() -> Result<()> {
    println!("Starting a PostgreSQL cluster, a local chain and the indexer ...");
    let cluster = Cluster::start(Durability::None)?;
    let scene = Scene::start(&SceneOptions::new(cluster.create_database("recoup")?)?)?;
    let command_line = CommandLine::set_up(scene.chain().folder().join("home"), &scene)?;
    let narrator = Narrator::new(&command_line);
    let home = command_line.recoup().home().display();
    println!("\n$ export RECOUP_HOME={home} RECOUP_PASSPHRASE_FILE={home}/{PASSPHRASE_FILE}");
    deploy(&scene, &narrator)?;
    invoices(&scene, &narrator)?;
    payments(&narrator)?;
    refunds(&scene, &narrator)?;
    fork(&scene, &narrator)?;
    satellites::subscription(&narrator)?;
    satellites::reserve(&narrator)?;
    refusals(&scene, &narrator)?;
    audit(&scene, &narrator)
}

fn deploy(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("The contracts are deployed");
    narrator.run(DEPLOYER, &["contracts", "deploy", "--mocks", "--yes"])?;
    narrator.say("Shop, Alice and Bob get some of the mock sBTC.");
    scene.fund_tokens()
}

fn invoices(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter(
        "The shop writes invoices: in STX, in sBTC by instalments, and one with the shortest refund window",
    );
    let create =
        |arguments: &[&str]| narrator.run(SHOP, &[&["invoice", "create"], arguments, &["--yes"]].concat());
    create(&["--amount", "100", "--reference", "order-1", "--memo", "A bicycle"])?;
    let token = scene.token();
    create(&[
        "--amount",
        "0.003",
        "--token",
        &token,
        "--min-payment",
        "0.001",
        "--reference",
        "order-2",
    ])?;
    create(&[
        "--amount",
        "5",
        "--refund-window",
        "144",
        "--reference",
        "order-3",
    ])?;
    Ok(())
}

fn payments(narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("The customers pay; the second invoice is paid by both");
    narrator.run(ALICE, &["pay", "1", "--merchant", SHOP.address, "--yes"])?;
    narrator.run(
        ALICE,
        &[
            "pay",
            "2",
            "--merchant",
            SHOP.address,
            "--amount",
            "0.001",
            "--yes",
        ],
    )?;
    narrator.run(
        BOB,
        &[
            "pay",
            "2",
            "--merchant",
            SHOP.address,
            "--amount",
            "0.002",
            "--yes",
        ],
    )?;
    narrator.run(ALICE, &["pay", "3", "--merchant", SHOP.address, "--yes"])?;
    narrator.run(SHOP, &["invoice", "show", "2"])?;
    Ok(())
}

fn refunds(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("The shop refunds: first a part, then the rest");
    let refund =
        |arguments: &[&str]| narrator.run(SHOP, &[&["refund", "create"], arguments, &["--yes"]].concat());
    let part = [
        "--invoice",
        "1",
        "--amount",
        "30",
        "--reference",
        "refund-1",
        "--reason",
        "Scratched frame",
    ];
    narrator.run(
        SHOP,
        &[&["refund", "create"], part.as_slice(), &["--dry-run"]].concat(),
    )?;
    refund(&part)?;
    refund(&[
        "--invoice",
        "1",
        "--full",
        "--reference",
        "refund-2",
        "--reason",
        "Sent back",
    ])?;
    refund(&[
        "--invoice",
        "2",
        "--payer",
        BOB.address,
        "--amount",
        "50%",
        "--reference",
        "refund-3",
    ])?;
    narrator.say("A Bitcoin block passes.");
    scene.chain().burn(1)?;
    refund(&[
        "--invoice",
        "2",
        "--payer",
        BOB.address,
        "--full",
        "--reference",
        "refund-4",
    ])?;
    Ok(())
}

fn fork(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("Bitcoin forks: the last refund leaves the chain, and comes back in another block");
    let before = canonical_position(scene)?;
    show_position(narrator, "The indexer has it", &before);
    let fork = Fork {
        depth: 1,
        build: 1,
        orphans: Orphans::Drop,
        is_burn_fork: true,
    };
    scene.chain().fork(&fork)?;
    scene.wait_until_followed()?;
    ensure!(
        canonical_position(scene).is_err(),
        "refund {FORKED_REFUND} is still told though its block left the chain"
    );
    narrator.say("The block left the chain, and the refund with it: neither the contract nor the indexer counts it now.");
    narrator.run(SHOP, &["refund", "list", "--invoice", "2"])?;
    narrator
        .say("The signed transaction is in the journal. It is sent again as it is, and can never pay twice.");
    narrator.run(SHOP, &["refund", "resume"])?;
    let after = canonical_position(scene)?;
    show_position(narrator, "The indexer has it again", &after);
    ensure!(before.txid == after.txid, "the same transaction was to come back");
    ensure!(
        before.index_block_hash != after.index_block_hash,
        "another block was to hold it"
    );
    Ok(())
}

fn canonical_position(scene: &Scene) -> Result<Position> {
    scene.wait_until_followed()?;
    let refund: Refund = scene
        .indexer()?
        .get(&format!("{BASE_PATH}/refunds/{FORKED_REFUND}"))?;
    Ok(refund.position)
}

fn show_position(narrator: &Narrator<'_>, what: &str, position: &Position) {
    let Position {
        txid,
        index_block_hash,
        stacks_height,
        burn_height,
        ..
    } = position;
    narrator.say(&format!(
        "{what}: refund {FORKED_REFUND} in transaction {txid},\n#   block {index_block_hash}, Stacks height {stacks_height}, \
         burn height {burn_height}."
    ));
}

fn refusals(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("Three refunds that must not be");
    let refused = |arguments: &[&str], error: ContractError| {
        let arguments = [&["refund", "create"], arguments, &["--yes"]].concat();
        narrator.refused(SHOP, &arguments, error.name())
    };
    narrator.say("More than Alice paid:");
    let too_much = [
        "--invoice",
        "2",
        "--payer",
        ALICE.address,
        "--amount",
        "0.0011",
        "--reference",
        "refund-7",
    ];
    refused(&too_much, ContractError::MoreThanRefundable)?;
    narrator.say("A reference that named another refund:");
    let used = [
        "--invoice",
        "2",
        "--payer",
        ALICE.address,
        "--amount",
        "0.0005",
        "--reference",
        "refund-1",
    ];
    refused(&used, ContractError::ReferenceUsed)?;
    narrator.say(&format!(
        "{BURN_BLOCKS_UNTIL_TOO_LATE} Bitcoin blocks later, after the third invoice's refund window:"
    ));
    scene.chain().pass_burn_blocks(BURN_BLOCKS_UNTIL_TOO_LATE)?;
    refused(
        &["--invoice", "3", "--full", "--reference", "refund-8"],
        ContractError::WindowExpired,
    )
}

fn audit(scene: &Scene, narrator: &Narrator<'_>) -> Result<()> {
    narrator.chapter("The audit history, from the indexer");
    let audit = scene.audit()?;
    history::print(scene.indexer()?, &audit.contract)?;
    narrator.run(SHOP, &["refund", "list", "--merchant", SHOP.address])?;
    narrator.chapter("The history against the contracts' own maps, read from the node");
    let held = [
        (audit.contract.invoices.len(), "invoices"),
        (audit.contract.refunds.len(), "refunds"),
        (audit.contract.subscriptions.len(), "subscription"),
        (audit.contract.reserves.len(), "reserve"),
    ];
    let counts: Vec<String> = held
        .iter()
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    println!(
        "{}; {} fields compared",
        counts.join(", "),
        audit.comparison.fields
    );
    ensure!(
        held.map(|(count, _)| count) == [4, 6, 1, 1],
        "the contracts hold {}",
        counts.join(", ")
    );
    if audit.comparison.differences.is_empty() {
        println!("no difference");
        return Ok(());
    }
    audit
        .comparison
        .differences
        .iter()
        .for_each(|difference| println!("DIFFERENT  {difference}"));
    bail!(
        "the indexer and the contracts differ in {} fields",
        audit.comparison.differences.len()
    )
}
