//! What an import into empty tables leaves out is there when it is done, or when somebody else writes.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use recoup_block_tree::{Arrival, Posted, Scenario, Shape, write_archive};
use recoup_test_support::{TestDatabase, wait_until};

use crate::archive::Archive;
use crate::harness::assert_same;
use crate::program::{LIMIT, Program, dump, lines, settle};

/// All indexes and constraints, with what is said of them.
fn schema(url: &str) -> Vec<String> {
    lines(
        url,
        "select concat_ws(' | ', pg_get_indexdef(indexrelid), obj_description(indexrelid, 'pg_class'))
           from pg_index join pg_class on pg_class.oid = indexrelid
          where relnamespace = 'public'::regnamespace and relname !~ '^inbox_from'
         union all
         select concat_ws(' | ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
           from pg_constraint where connamespace = 'public'::regnamespace and conrelid::regclass::text !~ '^inbox_from'",
    )
}

fn left_out(url: &str) -> Vec<String> {
    lines(url, "select name from deferred_index order by place")
}

fn migrated() -> (TestDatabase, Program) {
    let database = TestDatabase::create().unwrap();
    let program = Program::new(database.url());
    assert!(program.command("migrate").status().unwrap().success());
    (database, program)
}

/// Begins to import these messages and kills it on the way.
fn import_and_kill(program: &Program, messages: &[Posted]) {
    let mut text = Vec::new();
    write_archive(&mut text, messages).unwrap();
    let mut command = program.command("import");
    let mut child = command
        .args(["-", "--from-start", "--batch-rows", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // It waits for more.
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&text).unwrap();
    pipe.flush().unwrap();
    let enough = messages.len() / 2;
    wait_until("some rows", LIMIT, || {
        let rows = lines(
            program.database_url(),
            "select row_count::text from archive_import",
        );
        let rows = rows.first().map_or(0, |rows| rows.parse().unwrap());
        Ok((rows >= enough).then_some(()))
    })
    .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
}

fn import(program: &Program, archive: &Path) {
    let output = program.command("import").arg(archive).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn scenario() -> Scenario {
    Scenario::draw(37, &Shape::of(20).arriving(Arrival::rough()))
}

#[test]
fn an_import_builds_at_its_end_what_it_left_out_also_after_it_was_killed() {
    let scenario = scenario();
    let (database, program) = migrated();
    let expected = schema(database.url());
    import_and_kill(&program, &scenario.payloads[..scenario.payloads.len() / 2]);
    let missing = left_out(database.url());
    assert!(missing.contains(&"refund_merchant_idx".to_owned()), "{missing:?}");
    assert!(missing.contains(&"refund_event_fkey".to_owned()), "{missing:?}");
    assert_ne!(schema(database.url()), expected);

    let mut text = Vec::new();
    write_archive(&mut text, &scenario.payloads).unwrap();
    import(&program, &Archive::new(&text).path);
    assert_eq!(left_out(database.url()), Vec::<String>::new());
    assert_same(&schema(database.url()), &expected, "schema");
    assert_same(&dump(database.url()), &scenario.dump(), "dump");

    // Tables that hold something keep their indexes, whatever is imported.
    import_and_kill(&program, &scenario.payloads[..6]);
    assert_same(&schema(database.url()), &expected, "schema of filled tables");
}

#[test]
fn whoever_writes_after_a_killed_import_builds_what_it_left_out() {
    let scenario = scenario();
    let (database, program) = migrated();
    let expected = schema(database.url());
    import_and_kill(&program, &scenario.payloads[..scenario.payloads.len() / 2]);
    assert_ne!(left_out(database.url()), Vec::<String>::new());

    let running = program.start();
    program.deliver(&scenario.payloads);
    settle(database.url());
    assert_eq!(left_out(database.url()), Vec::<String>::new());
    assert_same(&schema(database.url()), &expected, "schema");
    assert_same(&dump(database.url()), &scenario.dump(), "dump");

    // Beside one that writes, an import leaves nothing out, however empty the tables are.
    drop(running);
    let (database, program) = migrated();
    let running = program.start();
    running.wait_for("/health", |status, body| {
        status == 200 && body["process"]["is_writer"] == true
    });
    import_and_kill(&program, &scenario.payloads[..6]);
    assert_same(&schema(database.url()), &expected, "schema beside a writer");
}
