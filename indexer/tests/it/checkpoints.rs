//! Checkpoints are those that follow from the canonical chain, however it came; forks deeper than finality take them back.

use recoup_block_tree::{Fork, Scenario, Shape};
use recoup_indexer::db::refund::LeafPages;
use recoup_indexer::ingest::RootRule;
use recoup_protocol::checkpoint::Summary;
use recoup_stacks::hash::{BurnHeight, StacksHeight};
use serde_json::Value;
use sqlx::Row as _;

use crate::harness::{CHECKPOINT_INTERVAL, TestIndexer};

const ROOT: RootRule = RootRule::Height(StacksHeight(100));

/// What stands, as height, root and count, and totals.
fn standing(indexer: &TestIndexer) -> Vec<String> {
    indexer.lines(
        "select format('%s 0x%s %s %s', burn_height, encode(root, 'hex'), refunds,
                (select string_agg(format('%s:%s/%s', token, last.refunded, last.refunds), ' ' order by token)
                   from (select distinct token from checkpoint_total) as held
                  cross join lateral (
                        select total.refunds, total.refunded from checkpoint_total as total
                          join checkpoint as of_total using (burn_height, root)
                         where of_total.superseded_at is null and total.token = held.token
                           and total.burn_height <= checkpoint.burn_height
                         order by total.burn_height desc limit 1) as last))
           from checkpoint where superseded_at is null order by burn_height",
    )
}

/// The same from the rule: at each multiple of the interval from the first refund on, below the greatest burn view of a
/// final block; each computed from the first refund.
fn due(indexer: &TestIndexer) -> Vec<String> {
    indexer.with_connection(async |connection| {
        let bounds = "select (select min(burn_height) from refund where canonical),
                             (select max(burn_view_height) from block
                               where canonical and burn_view_height <= (select final_burn_height from chain_tip))";
        let bounds = sqlx::query(bounds).fetch_one(&mut *connection).await.unwrap();
        let (Some(first), Some(view)) = (bounds.get::<Option<i64>, _>(0), bounds.get::<Option<i64>, _>(1))
        else {
            return Vec::new();
        };
        let multiples = (u64::try_from(first).unwrap()..u64::try_from(view).unwrap())
            .filter(|height| height.is_multiple_of(CHECKPOINT_INTERVAL));
        let mut due = Vec::new();
        for height in multiples {
            let mut pages = LeafPages::between(&mut *connection, BurnHeight(0), BurnHeight(height)).await.unwrap();
            let mut summary = Summary::default();
            loop {
                let rows = pages.next(&mut *connection).await.unwrap();
                if rows.is_empty() {
                    break;
                }
                rows.iter().for_each(|row| summary.push(&row.leaf().unwrap()));
            }
            let totals: Vec<String> = summary
                .totals()
                .iter()
                .map(|(token, sum)| format!("{token}:{}/{}", sum.refunded, sum.refunds))
                .collect();
            let (root, refunds) = (summary.root(), summary.tree().leaves());
            due.push(format!("{height} {root} {refunds} {}", totals.join(" ")));
        }
        due
    })
}

/// That what stands is what is due. Every dump of every test comes by here.
pub(crate) fn assert_due(indexer: &TestIndexer) {
    assert_eq!(standing(indexer), due(indexer));
}

/// Burn blocks from the first final refund to the last one.
pub(crate) fn final_span(scenario: &Scenario) -> u64 {
    let dump = scenario.dump();
    let heights = dump.iter().filter_map(|row| {
        let content = row.strip_prefix("refund ")?.split_once(' ')?.1;
        let refund: Value = serde_json::from_str(content).unwrap();
        (refund["status"] == "final").then(|| refund["burn_height"].as_u64().unwrap())
    });
    let heights: Vec<u64> = heights.collect();
    heights
        .iter()
        .max()
        .map_or(0, |last| last - heights.iter().min().unwrap())
}

/// A history whose checkpoints hold several refunds.
fn followed() -> TestIndexer {
    let scenario = (3..)
        .map(|seed| Scenario::draw(seed, &Shape::of(40)))
        .find(|scenario| final_span(scenario) >= 8)
        .unwrap();
    let indexer = TestIndexer::start(ROOT);
    indexer.post_all(&scenario.payloads);
    indexer
}

#[test]
fn auditors_read_them_page_by_page_and_by_height() {
    let indexer = followed();
    assert_due(&indexer);
    let expected = standing(&indexer);
    assert!(expected.len() >= 2, "{expected:#?}");
    let line = |checkpoint: &Value| {
        let totals: Vec<String> = checkpoint["totals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|total| {
                let text = |name: &str| total[name].as_str().unwrap().to_owned();
                format!("{}:{}/{}", text("token"), text("refunded"), total["refunds"])
            })
            .collect();
        let root = checkpoint["root"].as_str().unwrap();
        format!(
            "{} {root} {} {}",
            checkpoint["burn_height"],
            checkpoint["refunds"],
            totals.join(" ")
        )
    };
    let mut listed = Vec::new();
    let mut path = "/checkpoints?limit=1".to_owned();
    loop {
        let page = indexer.get_ok(&path);
        listed.extend(page["items"].as_array().unwrap().iter().map(line));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("/checkpoints?limit=1&cursor={cursor}"),
            None => break,
        }
    }
    listed.reverse();
    assert_eq!(listed, expected);
    for checkpoint in &expected {
        let height = checkpoint.split(' ').next().unwrap();
        assert_eq!(
            &line(&indexer.get_ok(&format!("/checkpoints/{height}"))),
            checkpoint
        );
    }
    assert_eq!(
        line(&indexer.get_ok("/checkpoints/latest")),
        *expected.last().unwrap()
    );
    for nothing in ["0", "101", "-1", "newest", "99999999999999999999"] {
        assert_eq!(
            indexer.get(&format!("/checkpoints/{nothing}")).0,
            404,
            "{nothing}"
        );
    }
    let cursor = format!("5.0x{}", "ab".repeat(32));
    assert_eq!(indexer.get(&format!("/checkpoints?cursor={cursor}")).0, 409);
    assert_eq!(indexer.get("/checkpoints?cursor=5").0, 400);
}

#[test]
fn a_fork_below_finality_takes_them_back_and_a_turn_back_puts_them_there_again() {
    let (scenario, turns) = Fork {
        depth: 20,
        branches: 2,
        refunds: 40,
    }
    .draw(3);
    let indexer = TestIndexer::start(ROOT);
    let mut start = 0;
    let mut before = Vec::new();
    let mut changed = false;
    for end in turns {
        indexer.post_all(&scenario.payloads[start..end]);
        start = end;
        assert_due(&indexer);
        let now = standing(&indexer);
        let gone: Vec<&String> = before.iter().filter(|line| !now.contains(line)).collect();
        for line in gone {
            changed = true;
            let (height, root) = (line.split(' ').next().unwrap(), line.split(' ').nth(1).unwrap());
            let (status, there) = indexer.get(&format!("/checkpoints/{height}"));
            if status == 200 {
                let superseded = there["superseded"].as_array().unwrap();
                assert!(
                    superseded
                        .iter()
                        .any(|old| old["root"] == root && old["superseded_at"].is_string()),
                    "{line}: {there:#}"
                );
            }
        }
        before = now;
    }
    assert!(changed, "no checkpoint was taken back");
    assert!(indexer.count("select count(*) from checkpoint where superseded_at is not null") > 0);
}

#[test]
fn another_interval_goes_on_from_what_stands() {
    let scenario = Scenario::draw(4, &Shape::of(60));
    let half = scenario.payloads.len() / 2;
    let mut indexer = TestIndexer::start_with(ROOT, |config| {
        config.ingest.checkpoint_interval = 3.try_into().unwrap();
    });
    indexer.post_all(&scenario.payloads[..half]);
    indexer.stop_server();
    let before = standing(&indexer);
    indexer.change(|config| config.ingest.checkpoint_interval = 2.try_into().unwrap());
    indexer.start_server();
    indexer.post_all(&scenario.payloads[half..]);
    let heights: Vec<u64> = standing(&indexer)
        .iter()
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    let kept = heights
        .iter()
        .take_while(|height| height.is_multiple_of(3))
        .count();
    assert!(heights.len() > before.len(), "{heights:?}");
    assert!(
        heights[kept..].iter().all(|height| height.is_multiple_of(2)),
        "{heights:?}"
    );
    // Whatever they were made of, they are right: `verify` computes them from the first refund on.
    indexer.stop_server();
    let report = crate::verify::differences(&indexer);
    assert_eq!(report, Vec::<String>::new());
}
