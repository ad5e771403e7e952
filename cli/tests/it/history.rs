//! `recoup history` before an indexer that is not where the chain is. With a real one, tests/e2e looks at it.

use serde_json::json;

use crate::fake_server;
use crate::shop::{Shop, WALLETS};

#[test]
fn an_indexer_that_is_behind_is_said() {
    let shop = Shop::open();
    let core = format!("{}.recoup-core", WALLETS[0].1);
    shop.chain.mine(12).unwrap();
    let indexer = fake_server::always("now", &crate::doctor::health(&core, 1, "degraded"));
    let history = shop
        .of("shop")
        .with_env("RECOUP_INDEXER_URL", indexer)
        .command(["history"])
        .expect_code(5)
        .expect_stderr("blocks behind the node: the newest refunds are missing")
        .run()
        .unwrap();
    // This server has nothing else to say.
    assert!(
        history.stderr.contains("the indexer's answer is not understood"),
        "{}",
        history.stderr
    );

    let empty = json!({ "items": [], "next_cursor": null }).to_string();
    let recoup = shop
        .of("shop")
        .with_env("RECOUP_INDEXER_URL", fake_server::always("now", &empty));
    let finished = recoup.command(["history"]).expect_code(5).run().unwrap();
    assert!(finished.stdout.is_empty(), "{}", finished.stdout);
}
