//! What a refund asks of the node before it hands its transaction over.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use recoup_e2e::faults::{CoinKind, Shop, Stage};
use recoup_e2e::participant::Participant;
use recoup_protocol::calls::Call;
use recoup_protocol::ids::InvoiceId;
use recoup_test_support::{Recoup, Relay};

use crate::table::{Line, Table, above, float};

const GOAL: u64 = 6;
const PAID: u128 = 10_000_000;
/// Sent, not confirmed: nobody waits here.
const SENT: i32 = 6;

pub(super) fn measure(stage: &Stage, table: &mut Table) -> Result<()> {
    let mut shop = Shop::open(stage, 1)?;
    let relay = Relay::before(stage.chain().url())?;
    let mut sell = |coin| shop.sell(coin, &[(0, PAID)], None);
    let (stx, token, looked_at) = (
        sell(CoinKind::Stx)?,
        sell(CoinKind::Plain)?,
        sell(CoinKind::Plain)?,
    );
    let payer = shop.customer(0);
    let operator = appoint(stage, &mut shop)?;
    let by = |wallet: &str| {
        let recoup = shop.machine(0).recoup().clone();
        let recoup = recoup.with_env("RECOUP_NODE_URL", relay.url());
        recoup.with_env("RECOUP_WALLET", wallet)
    };
    let (merchant, operator) = (by("shop"), by(&operator));
    // What never changes is remembered from the first look on.
    for invoice in [stx, token] {
        let create = create(invoice, Some(&payer));
        merchant.command(create).arg("--dry-run").run()?;
    }
    merchant
        .command(["invoice", "show", &looked_at.to_string()])
        .run()?;
    let cases: [(&str, &Recoup, InvoiceId, Option<&str>); 6] = [
        ("the merchant's, in STX, --payer", &merchant, stx, Some(&payer)),
        ("the merchant's, in STX, payer unknown", &merchant, stx, None),
        (
            "the merchant's, in a token, --payer",
            &merchant,
            token,
            Some(&payer),
        ),
        (
            "an operator's, in a token, --payer",
            &operator,
            token,
            Some(&payer),
        ),
        (
            "an operator's, in a token, payer seen before",
            &operator,
            looked_at,
            None,
        ),
        ("an operator's, in a token, payer unknown", &operator, token, None),
    ];
    for (what, recoup, invoice, payer) in cases {
        drop(relay.take_requests());
        recoup
            .command(create(invoice, payer))
            .arg("--no-wait")
            .expect_code(SENT)
            .run()?;
        let asked = relay.take_requests();
        let before = asked
            .iter()
            .position(|one| one.starts_with("POST /v2/transactions"));
        let count = u64::try_from(before.context("nothing was sent")?)?;
        ensure!(count > 0, "{what}: {asked:?}");
        table.lines.push(Line {
            what: format!("requests before broadcast: {what}"),
            goal: format!("<= {GOAL}"),
            measured: count.to_string(),
            postgres: String::new(),
            ratio: None,
            missed_by: above(float(count), float(GOAL)),
            note: String::new(),
        });
        // The next one finds no open refund of this payer.
        stage.chain().mine(1)?;
        recoup.command(["refund", "resume"]).run()?;
    }
    Ok(())
}

fn create(invoice: InvoiceId, payer: Option<&str>) -> Vec<String> {
    let invoice = invoice.to_string();
    let words = [
        "refund",
        "create",
        "--invoice",
        &invoice,
        "--amount",
        "0.1",
        "--yes",
    ];
    let payer = payer.iter().flat_map(|payer| ["--payer", payer]);
    words.into_iter().chain(payer).map(str::to_owned).collect()
}

/// Somebody with funds who may refund for the merchant. The name of its wallet on the shop's machine.
fn appoint(stage: &Stage, shop: &mut Shop<'_>) -> Result<String> {
    let name = "operator".to_owned();
    let key = stage.new_key();
    let operator = Participant::with_key(stage.node(), &key)?;
    let address = operator.address().to_string();
    stage.chain().send_funds(&address, None, PAID)?;
    let token = stage.token(CoinKind::Plain);
    stage.chain().send_funds(&address, token.as_deref(), PAID)?;
    let appoint = Call::SetOperator {
        operator: operator.principal(),
        may_refund: true,
        may_invoice: false,
    };
    let merchant = shop.merchant();
    merchant.catch_up(stage.node())?;
    merchant.call(stage.node(), stage.core(), &appoint)?;
    stage.chain().mine(1)?;
    let file = shop.folder().join("operator.key");
    fs::write(&file, key)?;
    let recoup = shop.machine(0).recoup();
    let import = recoup.command(["wallet", "import", &name, "--from-file"]);
    import.arg(&file).run()?;
    Ok(name)
}
