//! docs/CHECKPOINTS.md is what the code does.

use std::fs;
use std::path::Path;

use recoup_protocol::amount::BaseUnits;
use recoup_protocol::checkpoint::{RefundLeaf, Summary};
use recoup_protocol::ids::{InvoiceId, RefundId};
use recoup_stacks::hash::{BurnHeight, IndexBlockHash, StacksHeight, Txid};
use recoup_stacks::hex;

const MERCHANT: &str = "ST1SJ3DTE5DN7X54YDH5D64R3BCB6A2AG2ZQ8YPD5";
const PAYER: &str = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG";
const TOKEN: &str = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.mock-sbtc";

fn first() -> RefundLeaf<'static> {
    RefundLeaf {
        refund_id: RefundId(1),
        invoice_id: InvoiceId(7),
        merchant: MERCHANT.into(),
        issuer: MERCHANT.into(),
        payer: PAYER.into(),
        token: "STX".into(),
        amount: BaseUnits(1_500_000),
        reason: Some("böse".into()),
        reference: Some("order-1".into()),
        payer_paid: BaseUnits(2_000_000),
        payer_refunded: BaseUnits(1_500_000),
        deadline: BurnHeight(4460),
        proven: true,
        txid: Txid::from_bytes([0x11; 32]),
        ordinal: 0,
        index_block_hash: IndexBlockHash::from_bytes([0x22; 32]),
        stacks_height: StacksHeight(1000),
        burn_height: BurnHeight(140),
    }
}

fn second() -> RefundLeaf<'static> {
    RefundLeaf {
        refund_id: RefundId(2),
        invoice_id: InvoiceId(8),
        token: TOKEN.into(),
        amount: BaseUnits(7),
        reason: None,
        reference: None,
        payer_refunded: BaseUnits(7),
        ordinal: 1,
        ..first()
    }
}

/// The example as the document has it, in lines of 64 digits.
fn example() -> String {
    let mut text = String::new();
    let mut summary = Summary::default();
    for (name, leaf) in [("first", first()), ("second", second())] {
        let digits = hex::encode(&leaf.bytes());
        let lines: Vec<&str> = digits
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        text.push_str(&format!("{name} leaf\n  {}\n", lines.join("\n  ")));
        text.push_str(&format!("its hash\n  {}\n", hex::encode(leaf.hash().as_bytes())));
        summary.push(&leaf);
    }
    text.push_str(&format!(
        "root of both\n  {}\n",
        hex::encode(summary.root().as_bytes())
    ));
    text
}

#[test]
fn the_documents_example_is_what_comes_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CHECKPOINTS.md");
    let document = fs::read_to_string(path).unwrap();
    let block = format!("```text\n{}```\n", example());
    assert!(document.contains(&block), "the document should hold\n{block}");
}

/// The leaf with one field changed, for each field.
fn edited() -> Vec<RefundLeaf<'static>> {
    let leaf = first;
    vec![
        RefundLeaf {
            refund_id: RefundId(2),
            ..leaf()
        },
        RefundLeaf {
            invoice_id: InvoiceId(8),
            ..leaf()
        },
        RefundLeaf {
            merchant: PAYER.into(),
            ..leaf()
        },
        RefundLeaf {
            issuer: PAYER.into(),
            ..leaf()
        },
        RefundLeaf {
            payer: MERCHANT.into(),
            ..leaf()
        },
        RefundLeaf {
            token: TOKEN.into(),
            ..leaf()
        },
        RefundLeaf {
            amount: BaseUnits(1_500_001),
            ..leaf()
        },
        RefundLeaf {
            reason: Some("bose".into()),
            ..leaf()
        },
        RefundLeaf {
            reason: None,
            ..leaf()
        },
        RefundLeaf {
            reference: Some("".into()),
            ..leaf()
        },
        RefundLeaf {
            reference: None,
            ..leaf()
        },
        RefundLeaf {
            payer_paid: BaseUnits(1),
            ..leaf()
        },
        RefundLeaf {
            payer_refunded: BaseUnits(1),
            ..leaf()
        },
        RefundLeaf {
            deadline: BurnHeight(1),
            ..leaf()
        },
        RefundLeaf {
            proven: false,
            ..leaf()
        },
        RefundLeaf {
            txid: Txid::from_bytes([0x12; 32]),
            ..leaf()
        },
        RefundLeaf { ordinal: 1, ..leaf() },
        RefundLeaf {
            index_block_hash: IndexBlockHash::from_bytes([0x12; 32]),
            ..leaf()
        },
        RefundLeaf {
            stacks_height: StacksHeight(1),
            ..leaf()
        },
        RefundLeaf {
            burn_height: BurnHeight(1),
            ..leaf()
        },
        // What moves from one text into the next is another leaf.
        RefundLeaf {
            reason: Some("böseo".into()),
            reference: Some("rder-1".into()),
            ..leaf()
        },
        RefundLeaf {
            reason: None,
            reference: Some("böse".into()),
            ..leaf()
        },
        RefundLeaf {
            reason: Some("order-1".into()),
            reference: None,
            ..leaf()
        },
    ]
}

#[test]
fn each_field_changes_the_hash() {
    let mut hashes = vec![first().hash()];
    hashes.extend(edited().iter().map(RefundLeaf::hash));
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn sums_are_by_token() {
    let mut summary = Summary::default();
    for leaf in [first(), second(), first()] {
        summary.push(&leaf);
    }
    let totals: Vec<String> = summary
        .totals()
        .iter()
        .map(|(token, sum)| format!("{token} {} {}", sum.refunds, sum.refunded))
        .collect();
    assert_eq!(totals, [format!("{TOKEN} 1 7"), "STX 2 3000000".to_owned()]);
    assert_eq!(summary.tree().leaves(), 3);
}
