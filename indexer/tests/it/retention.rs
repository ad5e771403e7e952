//! Old messages leave the inbox in whole partitions, and nothing that is still wanted goes with them.

use std::fs;
use std::path::Path;

use recoup_block_tree::{Arrival, Posted, Scenario, Shape, Subject};
use recoup_test_support::{TestDatabase, scratch_folder, wait_until};
use serde_json::json;
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, PgConnection};
use tokio::runtime::Runtime;

use crate::harness::assert_same;
use crate::program::{Blocker, LIMIT, Program, dump, execute, lines, settle};

const FLAGS: [&str; 6] = [
    "--inbox-partition-messages",
    "10",
    "--inbox-retention-days",
    "0",
    "--inbox-retention-interval-ms",
    "20",
];
const FULL: &str =
    "select from_id::text from inbox_partition where to_id <= (select last_value from inbox_id_seq)";
/// Whether the next messages need no partition in a hurry, which would be a large one.
const ROOM: &str =
    "select ((select max(to_id) from inbox_partition) - last_value > 10)::text from inbox_id_seq";

/// A program that keeps ten messages a partition, and none of them longer than it must.
fn forgetful(database: &TestDatabase) -> Program {
    let program = Program::new(database.url()).with(&FLAGS);
    assert!(program.command("migrate").status().unwrap().success());
    execute(
        database.url(),
        "select setval('inbox_id_seq', (select max(to_id) - 5 from inbox_partition))",
    );
    program
}

fn wait_until_forgotten(database: &TestDatabase) {
    wait_until("old messages to go", LIMIT, || {
        Ok(lines(database.url(), FULL).is_empty().then_some(()))
    })
    .unwrap();
}

#[test]
fn what_was_followed_goes_and_what_waits_or_was_put_aside_stays() {
    let scenario = Scenario::draw(71, &Shape::of(40).arriving(Arrival::rough()));
    let (before, after) = scenario.payloads.split_at(scenario.payloads.len() / 2);
    let database = TestDatabase::create().unwrap();
    let program = forgetful(&database);
    let running = program.start();
    let unreadable = Posted {
        path: "/new_block",
        body: json!({"not": "a block"}),
        subject: Subject::Other,
    };
    program.deliver([&unreadable]);
    for few in before.chunks(5) {
        program.deliver(few);
        wait_until("room for the next", LIMIT, || {
            Ok((lines(database.url(), ROOM) == ["true"]).then_some(()))
        })
        .unwrap();
    }
    settle(database.url());
    wait_until_forgotten(&database);
    let kept = lines(database.url(), "select count(*)::text from inbox")[0].parse::<usize>();
    assert!(
        kept.unwrap() < 20 && before.len() > 40,
        "{} were sent",
        before.len()
    );
    let aside = "select encode(body, 'escape') from quarantine";
    assert_eq!(lines(database.url(), aside), [unreadable.body.to_string()]);

    // Nothing of what waits goes, however full its partition is.
    let blocker = Blocker::lock(
        database.url(),
        "begin; lock table block, burn_block in access exclusive mode",
    );
    program.deliver(after);
    let waiting = lines(
        database.url(),
        "select body_sha256::text from inbox where processed_at is null order by inbox_id",
    );
    assert!(waiting.len() > 20, "{} wait", waiting.len());
    drop(blocker);
    settle(database.url());
    wait_until_forgotten(&database);
    assert_same(&dump(database.url()), &scenario.dump(), "after what was old went");

    // Digests went with their messages: what comes again is followed again, and changes nothing.
    let digests =
        "select count(*)::text from inbox_digest where inbox_id not in (select inbox_id from inbox)";
    assert_eq!(lines(database.url(), digests), ["0"]);
    program.deliver(&scenario.payloads);
    settle(database.url());
    assert_same(
        &dump(database.url()),
        &scenario.dump(),
        "after all of it once more",
    );
    assert_eq!(lines(database.url(), aside), [unreadable.body.to_string()]);
    running.wait_until_ready();
}

#[test]
fn bodies_are_compressed_by_lz4_in_every_partition() {
    let scenario = Scenario::draw(72, &Shape::of(6));
    let database = TestDatabase::create().unwrap();
    let program = forgetful(&database);
    let _running = program.start();
    program.deliver(&scenario.payloads);
    let large = Posted {
        path: "/noise",
        body: json!("a".repeat(100_000)),
        subject: Subject::Other,
    };
    program.deliver([&large]);
    let stored = "select distinct pg_column_compression(body) from inbox where path = '/noise'";
    assert_eq!(lines(database.url(), stored), ["lz4"]);
    let columns = "select distinct attcompression::text from pg_attribute join pg_class on oid = attrelid
        where relname like 'inbox%' and attname = 'body' and relkind in ('r', 'p')";
    assert_eq!(lines(database.url(), columns), ["l"]);
}

#[test]
fn messages_of_the_version_before_are_kept() {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let old = scratch_folder("migrations").unwrap();
    for entry in fs::read_dir(migrations).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if *name < *"0004" {
            fs::copy(&path, old.path().join(name)).unwrap();
        }
    }
    let database = TestDatabase::create().unwrap();
    Runtime::new().unwrap().block_on(async {
        let mut connection = PgConnection::connect(database.url()).await.unwrap();
        let migrator = Migrator::new(old.path()).await.unwrap();
        migrator.run(&mut connection).await.unwrap();
    });
    execute(
        database.url(),
        "insert into inbox (source, path, body, processed_at) select 'observer', '/new_mempool_tx', n::text::bytea, now()
             from generate_series(1, 50) as n;
         insert into inbox (source, path, body, processed_at) values ('observer', '/new_block', 'strange', now());
         insert into inbox (source, path, body) values ('observer', '/new_mempool_tx', 'waits');
         insert into quarantine (inbox_id, path, reason) select inbox_id, path, 'strange' from inbox where path = '/new_block';",
    );
    let program = Program::new(database.url());
    let _running = program.start();
    settle(database.url());
    let again = |body: &str| {
        ureq::post(program.observer_url("/new_mempool_tx"))
            .send(body)
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(again("7"), 200);
    assert_eq!(again("new"), 200);
    let kept = "select count(*) || ' ' || count(distinct inbox_id) || ' ' || max(inbox_id) from inbox";
    // The repeated one took a number and no row.
    assert_eq!(lines(database.url(), kept), ["53 53 54"]);
    let aside = "select source || ' ' || encode(body, 'escape') from quarantine";
    assert_eq!(lines(database.url(), aside), ["observer strange"]);
}
